"""Questions about attempts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter

from tidings.core.id_form import key
from tidings.core.questions import Attempt
from tidings.store.engine import Engine, as_list, statements

SQL = statements("attempts")


def _by_message(attempts: list[Attempt]) -> dict[int, list[Attempt]]:
    found: dict[int, list[Attempt]] = {}
    for attempt in sorted(attempts, key=_id):
        found.setdefault(attempt.message_id, []).append(attempt)
    return found


_id = attrgetter("id")


class Attempts:
    """See `core.questions.Attempts`."""

    __slots__ = ("_engine",)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def open(self, attempts: Sequence[Attempt]) -> None:
        await self._engine.many(
            SQL["open"],
            [
                (a.id, a.message_id, a.account_id, a.part, a.carrier, a.bind, a.fence, a.started_at)
                for a in attempts
            ],
        )  # fmt: skip

    async def answer(self, attempts: Sequence[Attempt]) -> None:
        await self._engine.many(
            SQL["answer"],
            [(a.id, a.outcome, a.carrier_id, a.carrier_code, a.detail, a.answered_at, a.bind) for a in attempts],
        )

    async def receive(self, attempts: Sequence[Attempt]) -> None:
        await self._engine.many(SQL["receive"], [(a.id, a.receipt, a.receipt_code, a.receipt_error) for a in attempts])

    async def with_siblings(self, ids: Iterable[int]) -> dict[int, list[Attempt]]:
        """All attempts, oldest first, at the messages that these attempts belong to."""
        return _by_message(await self._engine.fetch_as(Attempt, SQL["with_siblings"], as_list(ids)))

    async def of(self, message_ids: Iterable[int]) -> dict[int, list[Attempt]]:
        """All attempts, oldest first, at these messages."""
        return _by_message(await self._engine.fetch_as(Attempt, SQL["of"], as_list(message_ids)))

    async def by_carrier_key(self, carrier: str, keys: Iterable[str]) -> dict[str, list[Attempt]]:
        """Newest first under each key of an id (`core.id_form.key`): carriers reuse ids."""
        found: dict[str, list[Attempt]] = {}
        attempts = await self._engine.fetch_as(Attempt, SQL["by_carrier_key"], carrier, as_list(keys))
        for attempt in sorted(attempts, key=_id, reverse=True):
            found.setdefault(key(attempt.carrier_id or ""), []).append(attempt)
        return found

    async def unanswered(self, carrier: str, limit: int) -> list[Attempt]:
        """Attempts whose answer has not come, or never came."""
        return await self._engine.fetch_as(Attempt, SQL["unanswered"], carrier, limit)

    async def left_open(self, carrier: str, fence: int, limit: int) -> list[Attempt]:
        """Attempts of earlier holders of a carrier, whose answer has not come."""
        return await self._engine.fetch_as(Attempt, SQL["left_open"], carrier, fence, limit)

    async def open_at(self) -> list[str]:
        """Carriers with attempts whose answer has not come."""
        return [row[0] for row in await self._engine.fetch(SQL["open_at"])]
