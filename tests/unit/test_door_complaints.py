"""Connections that come to nothing are told of each address once, and then counted by the minute."""

from __future__ import annotations

import logging

import pytest

from tidings.door import complaints
from tidings.door.complaints import EVERY, Complaints

A, B = "192.0.2.1", "192.0.2.2"

# what, (seconds, address; None: a look) in order, lines
CASES: list[tuple[str, list[tuple[float, str | None]], list[str]]] = [
    ("the first is told at once", [(0, A)], [f"{A}: gone"]),
    ("each address has its own", [(0, A), (0, B)], [f"{A}: gone", f"{B}: gone"]),
    ("more within the minute wait", [(0, A), (1, A), (2, A), (3, None)], [f"{A}: gone"]),
    (
        "and are counted at its end",
        [(0, A), (1, A), (59, A), (EVERY, None)],
        [f"{A}: gone", f"{A}: 2 more connections came to nothing, the last: gone"],
    ),
    (
        "once a minute",
        [(0, A), (1, A), (EVERY, None), (61, A), (62, A), (EVERY + 1, None), (2 * EVERY, None)],
        [f"{A}: gone", f"{A}: 1 more connections came to nothing, the last: gone",
         f"{A}: 2 more connections came to nothing, the last: gone"],
    ),
    ("who is quiet for a minute is forgotten", [(0, A), (EVERY, None), (61, A)], [f"{A}: gone"] * 2),
    (
        "those who are too many share their lines",
        [(0, A), (0, B), (0, "192.0.2.3"), (0, "192.0.2.4"), (EVERY, None)],
        [f"{A}: gone", f"{B}: gone", "192.0.2.3: gone",
         "other addresses: 1 more connections came to nothing, the last: gone"],
    ),
]  # fmt: skip


class At:
    """A clock that stands where it is put."""

    now_s = 0.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.mark.parametrize(("steps", "lines"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_complaints(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, steps: list[tuple[float, str | None]],
    lines: list[str],
) -> None:  # fmt: skip
    caplog.set_level(logging.INFO, "tidings.door")
    monkeypatch.setattr(complaints, "ADDRESSES_MOST", 2)
    clock = At()
    told = Complaints(clock)  # type: ignore[arg-type]
    for at, address in steps:
        clock.now_s = at
        if address is None:
            told.review()
        else:
            told.tell(address, "gone")
    assert [record.getMessage() for record in caplog.records] == lines
