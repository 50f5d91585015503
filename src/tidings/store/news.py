"""What processes tell one another of their commits: short texts, as PostgreSQL's NOTIFY carries them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from tidings.core.message import Millis
from tidings.core.ports import STAGES, News, Stage
from tidings.core.questions import Tx

OCTETS_MOST = 7_900
"""A notification is shorter than 8,000 octets."""

_encode = msgspec.json.Encoder().encode


class _Note(msgspec.Struct, omit_defaults=True):
    """One notification: keys of stages, each with what is announced of it."""

    s: dict[str, list[Any]]
    m: bool = False
    """Something could not be told: all is to be read again."""


_decode = msgspec.json.Decoder(_Note).decode


async def _foreign(tx: Tx, items: Sequence[Any], now: Millis) -> list[Any]:
    raise AssertionError("this stage is another program's")


FOREIGN: Stage[Any, Any] = Stage(_foreign, 0, False)
"""Stands for every stage that this program does not know: a newer one runs beside it during an upgrade."""


def written(told: Mapping[str, Sequence[Any]]) -> list[str]:
    """One note, or as many as it takes."""
    whole = _encode(_Note({key: list(words) for key, words in told.items()}))
    if len(whole) <= OCTETS_MOST:
        return [whole.decode()]
    return [_encode(note).decode() for note in _cut(told)]


def _cut(told: Mapping[str, Sequence[Any]]) -> Iterator[_Note]:
    note = _Note({key: [] for key in told})
    room = left = OCTETS_MOST - len(_encode(note))
    for key, words in told.items():
        for word in words:
            length = len(_encode(word)) + 1
            if length > room:
                note.m = True
                continue
            if length > left:
                yield note
                note, left = _Note({key: [] for key in told}), room
            note.s[key].append(word)
            left -= length
    yield note


def read(text: str) -> News:
    """What a note tells. Raises msgspec.DecodeError."""
    note = _decode(text)
    told = {STAGES.get(key, FOREIGN): words for key, words in note.s.items()}
    return News(frozenset(told), told, note.m)
