"""A short run of the fuzzer, and proof that it finds what it is there for; `make fuzz` runs a million cases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import smpp_fuzz
from tidings.smpp import bodies, codec
from tidings.smpp.owed import Owed
from tidings.smpp.session import Session


@pytest.mark.slow
def test_nothing_breaks_in_a_few_seconds() -> None:
    tally = smpp_fuzz.run(cases=20_000, seconds=2, seed=7)
    assert tally["cases"] > 250
    for kind in ("taken, strict", "refused, lenient", "streams of an esme", "streams of an smsc"):
        assert tally[kind], kind


def _without_bounds(self: Any, sequence: int, size: int) -> bool:
    self.count += 1
    return True


def _short_strings(field: Any, frame: bytes, p: int, strictness: Any) -> tuple[str, int]:
    text, end = _read_string(field, frame, p, strictness)
    return text[:5], end


def _deaf(self: Any, events: list[Any], pdu: Any) -> None:
    if pdu.command_id != 0x15:
        _take_other(self, events, pdu)


_read_string = bodies._read_string
_take_other = Session._take_other

# What is broken on purpose: where, what stands there then, and the sentence that must find it.
SABOTAGE: list[tuple[str, Any, Any, Any, str]] = [
    ("requests are owed without bound", Owed, "take", _without_bounds, "what we owe is bounded"),
    ("strings are cut", bodies._READERS, bodies.Kind.STRING, _short_strings, r"decode\(encode|no octet is lost"),
    ("enquire_link is not answered", Session, "_take_other", _deaf, "exactly once"),
    ("TLVs are lost by the hot path", codec, "decode_tlvs", lambda *given: (), "no octet is lost|as by the table"),
]


@pytest.mark.parametrize(("fault", "owner", "name", "instead", "sentence"), SABOTAGE, ids=[one[0] for one in SABOTAGE])
def test_it_finds_what_is_broken_on_purpose(
    monkeypatch: pytest.MonkeyPatch, fault: str, owner: Any, name: Any, instead: Callable[..., Any], sentence: str
) -> None:
    if isinstance(owner, dict):
        monkeypatch.setitem(owner, name, instead)
    else:
        monkeypatch.setattr(owner, name, instead)
    with pytest.raises(smpp_fuzz.Broken, match=sentence):
        smpp_fuzz.run(cases=20_000, seconds=20, seed=7)
