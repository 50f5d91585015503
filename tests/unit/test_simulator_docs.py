"""The page on the simulated network tells what it does: fates, faults, endpoints and counters, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from golden import personalities
from tidings.simulator import chosen, exchange, fates, faults, handsets, ledger, routes, smsc, views
from tidings.simulator.chosen import GOOD
from tidings.simulator.exchange import Counters
from tidings.simulator.personalities import GROUPS, PERSONALITIES

PAGE = (Path(__file__).parents[2] / "docs/reference/simulator.md").read_text(encoding="utf-8")


def section(heading: str) -> str:
    return re.split(r"^## ", PAGE.split(f"\n## {heading}\n")[1], flags=re.M)[0]


def rows(heading: str) -> dict[str, list[str]]:
    lines = [line for line in section(heading).splitlines() if line.startswith("| `")]
    return {cells[0].strip("`"): cells[1:] for line in lines if (cells := [c.strip() for c in line.split("|")[1:-1]])}


def test_every_fate_has_its_row() -> None:
    assert list(rows("Fates")) == sorted(fates.FATES)


@pytest.mark.parametrize(("digits", "fate"), fates.FATES.items())
def test_a_fate_is_told_as_it_is(digits: str, fate: fates.Fate) -> None:
    told = rows("Fates")[digits][0]
    statuses = {s for s in (*fate.passing, fate.lasting) if s > 0}
    assert {int(s, 16) for s in re.findall(r"0x([0-9A-F]+)", told)} == statuses
    if fate.state not in (None, "DELIVRD"):
        assert f"`{fate.state}`" in told


def test_every_fault_has_its_row() -> None:
    assert set(rows("Faults")) == set(faults.MEANINGS)


def test_every_endpoint_has_its_row() -> None:
    assert set(rows("Endpoints")) == {f"{row.method} {row.path}" for row in routes.ROWS}


def test_every_counter_is_named() -> None:
    assert {field.name for field in msgspec.structs.fields(Counters)} <= set(
        re.findall(r"`(\w+)`", section("Counting"))
    )


def test_the_table_of_personalities_is_the_one_that_is_run() -> None:
    assert personalities.fresh() == PAGE, "run `make golden`"


def test_personalities_are_told_apart_and_told_in_full() -> None:
    assert len(PERSONALITIES) == sum(len(rows) for rows in GROUPS.values()), "a name stands twice"
    assert GOOD not in PERSONALITIES
    for row in PERSONALITIES.values():
        assert re.fullmatch(r"[a-z][a-z0-9_]{2,39}", row.name)
        assert row.meaning.endswith(".")
        assert row.esme.endswith(".")
        hooks = (row.opened, row.bind, row.submit, row.answer, row.ids, row.shape, row.deliver, row.write)
        assert any(hook is not None for hook in hooks), row.name


@pytest.mark.parametrize(
    ("value", "heading"),
    [
        (ledger.KEPT_SUBMISSIONS, "Counting"),
        (views.MOST_ROWS, "Counting"),
        (handsets.SHOWN_SUBMISSIONS, "Handsets"),
        (smsc.WINDOW, "Receipts"),
        (ledger.MOST_OWED, "What it remembers"),
        (exchange.MOST_PAYLOAD, "What it remembers"),
        (faults.Faults().delay_ms, "Faults"),
        (chosen.MOST_CHOSEN, "Personalities"),
    ],
)
def test_limits_are_told_as_they_are(value: int, heading: str) -> None:
    assert f"{value:,}" in section(heading) or str(value) in section(heading)
