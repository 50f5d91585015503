"""Lines of JSON as they come, on a connection of their own, until the server ends it: captures of traffic."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

from tidings_client.errors import NotTidings
from tidings_client.stream import PATIENCE_S
from tidings_client.wire import Call, Line, Wire

KIND = "application/x-ndjson"
MOST_OCTETS = 8 * 1024 * 1024
"""Longest line that is read."""


class Lines:
    """Iterates over what the lines hold. A connection that breaks raises NoAnswer: what was missed does not come again.

    For one thread; but `close` may be called from any, and ends the iteration.
    """

    def __init__(self, wire: Wire, call: Call) -> None:
        self._wire = wire
        self._call = call
        self._line: Line | None = None
        self._rest = b""
        self._ready: list[bytes] = []
        self._over = False

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        while not self._ready and not self._over:
            self._more()
        if not self._ready:
            raise StopIteration
        try:
            return json.loads(self._ready.pop(0))
        except ValueError:
            raise NotTidings("a line of the answer is no JSON", 200) from None

    def close(self) -> None:
        """End it."""
        self._over = True
        if self._line is not None:
            self._line.shut()

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *fault: object) -> None:
        self.close()
        if self._line is not None:
            self._line.close()

    def _more(self) -> None:
        if self._line is None:
            patience = float(self._call.query.get("seconds") or 0) + PATIENCE_S
            self._line = self._wire.open(self._call, "", patience, KIND)
        octets = self._line.read()
        if not octets:
            self._over = True
            self._line.close()
        *lines, self._rest = (self._rest + octets).split(b"\n")
        if len(self._rest) > MOST_OCTETS:
            raise NotTidings(f"a line of the answer is longer than {MOST_OCTETS} octets", 200)
        self._ready += lines


class AsyncLines:
    """The same for asyncio; each wait is one of a thread."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._iterator = iter(lines)

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        one = await asyncio.to_thread(next, self._iterator, self)
        if one is self:
            raise StopAsyncIteration
        return one

    def close(self) -> None:
        """End it; an `async for` that waits ends too."""
        self._lines.close()
