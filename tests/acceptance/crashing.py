"""Runs the command line so that it kills itself at a named point of a message's path: crashing.py POINT TIMES ARGS…

The program itself knows nothing of this: functions at the named points are wrapped from outside.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from tidings.cli import main
from tidings.core.ports import Sent, Stage
from tidings.door.deliverer import Deliverer
from tidings.drivers.smpp_link import SmppLink
from tidings.mover import Mover
from tidings.pipeline import accept, coded_call, deliver, dispatch, receipt, receive
from tidings.smpp.codec import unpack_header
from tidings.smpp.pdus import DeliverSm, SubmitSm
from tidings.smpp.session import Role
from tidings.store.writer import Writer, WriterBeside, WriterInTurn

Strike = Callable[[], None]
CARRYING = {SubmitSm.command_id, DeliverSm.command_id}


class Countdown:
    """Kills the process the n-th time it is called, as kill -9 does."""

    def __init__(self, point: str, times: int) -> None:
        self._point, self._left = point, times
        self._one = threading.Lock()

    def __call__(self) -> None:
        with self._one:
            self._left -= 1
            if self._left == 0:
                os.write(2, f"killed at {self._point}\n".encode())
                os.kill(os.getpid(), signal.SIGKILL)


def _holds(batch: Any, stage: Stage[Any, Any], fits: Callable[[Any], bool] = lambda item: True) -> bool:
    return any(one.stage is stage and any(map(fits, one.items)) for one in batch)


def _before_commit(strike: Strike, stage: Stage[Any, Any], fits: Callable[[Any], bool] = lambda item: True) -> None:
    """All statements of a transaction are done, or known, and its commit is not."""
    original = Writer._in_order

    async def in_order(self: Any, tx: Any, batch: Any, now: int) -> None:
        await original(self, tx, batch, now)
        if _holds(batch, stage, fits):
            strike()

    Writer._in_order = in_order  # type: ignore[method-assign]


def _after_commit(strike: Strike, stage: Stage[Any, Any], fits: Callable[[Any], bool] = lambda item: True) -> None:
    """The transaction is on disk, and nobody has been told."""
    for kind in (WriterInTurn, WriterBeside):

        async def commit(self: Any, tx: Any, batch: Any, original: Any = kind._commit) -> None:
            await original(self, tx, batch)
            if _holds(batch, stage, fits):
                strike()

        kind._commit = commit  # type: ignore[assignment]


def _taken(item: dispatch.Settle) -> bool:
    return isinstance(item.answer, Sent)


def _after_claim(strike: Strike) -> None:
    """The attempts are on disk, and nothing is written to the carrier."""
    original = Mover._write

    def write(self: Any, carrier: Any, going: Any) -> None:
        if going:
            strike()
        original(self, carrier, going)

    Mover._write = write  # type: ignore[method-assign]


def _after_write(strike: Strike, role: Role = Role.ESME) -> None:
    """The octets of segments, or of what the door hands over, have left this process; their answers have not come."""
    original = SmppLink._flush

    def flush(self: Any) -> None:
        segments = self.session.role is role and any(unpack_header(one)[1] in CARRYING for one in self.session._out)
        original(self)
        if segments:
            asyncio.get_running_loop().call_soon(left, self)

    def left(link: Any) -> None:
        if link._transport is None:
            return
        if link._transport.get_write_buffer_size():
            asyncio.get_running_loop().call_soon(left, link)
        else:
            strike()

    SmppLink._flush = flush  # type: ignore[method-assign]


def _after_fill(strike: Strike) -> None:
    """What is owed to an ESME is on disk, and nothing of it handed over."""
    original = Deliverer._owes

    def owes(self: Any, esme_id: int, count: int) -> None:
        strike()
        original(self, esme_id, count)

    Deliverer._owes = owes  # type: ignore[method-assign]


POINTS: dict[str, Callable[[Strike], None]] = {
    "before commit": lambda strike: _before_commit(strike, accept.store_entries),
    "after commit": lambda strike: _after_commit(strike, accept.store_entries),
    "after claim": _after_claim,
    "after write": _after_write,
    "after response": lambda strike: _before_commit(strike, dispatch.settle, _taken),
    "after response is stored": lambda strike: _after_commit(strike, dispatch.settle, _taken),
    "after receipt": lambda strike: _before_commit(strike, receipt.take_receipts),
    "after receipt is stored": lambda strike: _after_commit(strike, receipt.take_receipts),
    "after receipts are owed": _after_fill,
    "after deliver_sm": lambda strike: _after_write(strike, Role.SMSC),
    "before its answer is stored": lambda strike: _before_commit(strike, deliver.settle),
    "after its answer is stored": lambda strike: _after_commit(strike, deliver.settle),
    "after text": lambda strike: _before_commit(strike, receive.take_inbound),
    "after text is stored": lambda strike: _after_commit(strike, receive.take_inbound),
    "before a call is settled": lambda strike: _before_commit(strike, coded_call.settle_calls),
    "after a call is settled": lambda strike: _after_commit(strike, coded_call.settle_calls),
}

if __name__ == "__main__":
    point, times = sys.argv[1], int(sys.argv[2])
    POINTS[point](Countdown(point, times))
    del sys.argv[1:3]
    main()
