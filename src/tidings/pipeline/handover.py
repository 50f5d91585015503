"""What other processes are told of messages that became due, so that the engine with their carrier loads them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from tidings.core.message import Message
from tidings.core.ports import News, Stage, Store
from tidings.core.status import ACCEPTED
from tidings.pipeline import accept, dispatch, lease, recall, receive, route

UNKNOWN = "?"
"""In place of a carrier: whoever hears of the message looks for itself."""
IDS_MOST = 200
"""Ids in one word: it has to fit into a notification."""

Word = list[Any]
"""A carrier ("" where there is no route yet), then ids of messages."""
STAGES: tuple[Stage[Any, Any], ...] = (
    accept.store_entries, receive.take_inbound, receive.complete_lone, recall.replace, route.store_routes,
    dispatch.settle,
)  # fmt: skip
"""What makes messages due."""


def announce(store: Store, mine: Callable[[str], bool]) -> None:
    """Tell others of messages that fall to them, and of leases that are free.

    `mine`: whether this process itself sees to a carrier.
    """

    def telling(words: Callable[[Any, Any], Iterable[Word]]) -> Callable[[Any, Any], list[Word]]:
        return lambda items, results: [word for word in words(items, results) if not mine(word[0])]

    store.announce(accept.store_entries, telling(_entered))
    store.announce(receive.take_inbound, telling(_received))
    store.announce(receive.complete_lone, telling(_received))
    store.announce(recall.replace, telling(_replaced))
    store.announce(route.store_routes, telling(_routed))
    store.announce(dispatch.settle, telling(_settled))
    store.announce(lease.give_back, lambda kept, _: [name for _, name in kept])


def told(news: News) -> Iterator[tuple[str, list[int]]]:
    """Messages that became due elsewhere, by carrier."""
    for stage in STAGES:
        for carrier, *ids in news.told.get(stage, ()):
            yield carrier, ids


def _words(carrier: str, ids: Sequence[int]) -> Iterator[Word]:
    for at in range(0, len(ids), IDS_MOST):
        yield [carrier, *ids[at : at + IDS_MOST]]


def _due(messages: Iterable[Message]) -> list[int]:
    return [one.id for one in messages if one.status == ACCEPTED and one.finished_at is None]


def _entered(_: Sequence[Any], results: Sequence[accept.Entered]) -> Iterator[Word]:
    by_carrier: dict[str, list[int]] = {}
    for entered in results:
        by_carrier.setdefault(entered.carrier or "", []).extend(_due(one.message for one in entered.stored))
    for carrier, ids in by_carrier.items():
        yield from _words(carrier, ids)


def _received(_: Sequence[Any], results: Sequence[receive.Received]) -> Iterator[Word]:
    yield from _words("", _due(reply for received in results for reply in received.replies))


def _replaced(_: Sequence[Any], results: Sequence[recall.Replaced]) -> Iterator[Word]:
    yield from _entered((), [one.entered for one in results if one.entered is not None])


def _routed(items: Sequence[route.Routed], results: Sequence[bool]) -> Iterator[Word]:
    by_carrier: dict[str, list[int]] = {}
    for one, ready in zip(items, results, strict=True):
        if ready and one.carrier is not None:
            by_carrier.setdefault(one.carrier, []).append(one.message_id)
    for carrier, ids in by_carrier.items():
        yield from _words(carrier, ids)


def _settled(items: Sequence[dispatch.Settle], results: Sequence[dispatch.Settled]) -> Iterator[Word]:
    """Those that go again at once; a bind bears the name of its carrier."""
    by_carrier: dict[str, list[int]] = {}
    for item, result in zip(items, results, strict=True):
        if result.again is not None and result.again.wait == 0:
            carrier = item.answer.bind.partition("/")[0] or UNKNOWN
            by_carrier.setdefault(carrier, []).append(result.message_id)
    for carrier, ids in by_carrier.items():
        yield from _words(carrier, ids)
