"""What becomes of every odd PDU at the three levels: the table of docs/reference/smpp.md, held to the sessions."""

from __future__ import annotations

import pytest

from golden import smpp_page
from smpp_odd import CASES, Odd, outcome
from tidings.smpp.codec import Strictness


@pytest.mark.parametrize("level", list(Strictness), ids=lambda level: level.name.lower())
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.sentence)
def test_what_becomes_of_an_odd_pdu(case: Odd, level: Strictness) -> None:
    assert outcome(case, level) == case.expected(level)


def test_the_page_of_the_protocol_is_the_one_in_force() -> None:
    assert smpp_page.FILE.read_text(encoding="utf-8") == smpp_page.fresh(), "run `make golden`"
