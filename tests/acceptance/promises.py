"""A load on a tidings that may die under it, and what has to be true of every message afterwards."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from processes import Site, Tidings, until

from tidings_client import Client, NoAnswer, Problem, types

REPEATS = {"otp": 1, "transactional": 1, "conversation": 1, "marketing": 0}
"""How often each category is sent again when nobody knows whether it arrived (docs/concepts/message-path.md)."""
LONG = "A text of three segments, each of which is a message of its own on the way to the handset. " * 4
TAKEN, UNANSWERED = "0x00000000", None
"""command_status of a submit_sm at the simulated network."""
OUTCOMES = {"sent", "in_doubt", "not_written", "throttled", "temporary"}
"""Ends of an attempt at a number whose fate is to be delivered."""
_numbers = itertools.count(1)


@dataclass
class Posted:
    """A request: what it asked for, and the answer if a whole one came."""

    to: str
    category: str
    text: str
    ref: str
    answer: types.Message | Problem | None = None

    @property
    def acknowledged(self) -> bool:
        return isinstance(self.answer, dict)

    @property
    def refused(self) -> bool:
        """Told to come again: nothing of it is stored."""
        return isinstance(self.answer, Problem) and self.answer.status in (429, 503)

    @property
    def id(self) -> str:
        assert isinstance(self.answer, dict), self.answer
        return self.answer["id"]

    def post(self, client: Client) -> None:
        """The same each time: the key and the body decide whether it is the same request. Raises NoAnswer."""
        body = {"to": self.to, "text": self.text, "category": self.category, "client_ref": self.ref}
        try:
            self.answer = client.post_message(body, idempotency_key=self.ref)  # type: ignore[arg-type]
        except Problem as refused:
            self.answer = refused


def request(category: str) -> Posted:
    """One of its kind: its own number and reference; every fifth is a long text."""
    number = next(_numbers)
    text = LONG if number % 5 == 0 else f"Text {number}"
    # A four-digit end of 0100 and above: no fate but to be delivered.
    return Posted(f"+1555{number // 9000:03}{100 + number % 9000:04}", category, text, f"ref-{number}")


@dataclass
class Load:
    """Threads that post one message after the other until there are enough, or the server is gone."""

    tidings: Tidings
    categories: Sequence[str]
    most: int = 1_000
    threads: int = 8
    pause: float = 0.0
    posted: list[Posted] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._running = [threading.Thread(target=self._post_for_ever, daemon=True) for _ in range(self.threads)]
        for thread in self._running:
            thread.start()

    def _post_for_ever(self) -> None:
        client = self.tidings.client
        kinds = itertools.cycle(self.categories)
        while not self._stop.is_set() and len(self.posted) < self.most:
            one = request(next(kinds))
            self.posted.append(one)
            try:
                one.post(client)
            except NoAnswer:
                return  # no whole answer: whether it was taken is not known
            if self.pause:
                time.sleep(self.pause)

    def join(self, seconds: float = 60.0) -> list[Posted]:
        """Wait until it has ended by itself; everything that was posted."""
        for thread in self._running:
            thread.join(seconds)
            assert not thread.is_alive(), "a request hangs"
        return self.posted

    def stop(self) -> list[Posted]:
        self._stop.set()
        return self.join()


def all_ended(tidings: Tidings, seconds: float = 90.0) -> list[dict[str, Any]]:
    """All messages, once every one of them has ended."""

    def look() -> list[dict[str, Any]] | None:
        for status in ("accepted", "queued", "sent"):
            if tidings.client.list_messages(status=status, limit=1)["data"]:
                return None
        return tidings.messages(direction="mt")

    return until(look, "all messages end", seconds, every=0.1)


@dataclass
class Verdict:
    """What came of the messages of a load."""

    statuses: Counter[str] = field(default_factory=Counter)
    doubted: int = 0
    """Messages that were in doubt at least once."""
    twice: int = 0
    """Messages of which the carrier got a segment twice."""
    absent: int = 0
    """Requests without an answer that were not stored."""
    receipts_repeated: int = 0
    """Messages of which a receipt came more than once; it changed nothing."""


def examine(site: Site, posted: Iterable[Posted], before: Iterable[Posted] = ()) -> Verdict:
    """Hold every request to what model and contract promise, once all has ended. `before`: examined already."""
    posted, verdict = list(posted), Verdict()
    stored: dict[str, list[dict[str, Any]]] = defaultdict(list)
    known = {one.ref for one in before}
    for message in all_ended(site.tidings):
        if message["client_ref"] and message["client_ref"] not in known:
            stored[message["client_ref"]].append(message)
    submitted: dict[str, Counter[int]] = defaultdict(Counter)
    for row in site.simulator.submissions():
        if row["status"] in (TAKEN, UNANSWERED):  # what was refused has not been sent
            submitted[row["to"]][row["part"]] += 1
    for one in posted:
        found = stored.pop(one.ref, [])
        assert len(found) <= 1, f"stored twice: {found}"
        if one.acknowledged:
            assert [m["id"] for m in found] == [one.id], f"acknowledged and gone: {one}"
        elif one.answer is not None:
            assert one.refused, one
            assert not found, f"refused and yet stored: {one}"
        if not found:
            assert not submitted[one.to], f"not stored and yet sent: {one}"
            verdict.absent += 1
            continue
        _examine_one(site.tidings.story(found[0]["id"]), one, submitted[one.to], verdict)
    assert not stored, f"messages nobody posted: {stored}"
    return verdict


def _examine_one(story: dict[str, Any], one: Posted, submitted: Counter[int], verdict: Verdict) -> None:
    message, attempts = story["message"], story["attempts"]
    text = None if one.category == "otp" else one.text  # one-time codes are blanked once they have ended
    assert (message["to"], message["category"], message["text"]) == (one.to, one.category, text), story
    _whole_history(story)
    handed: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for attempt in attempts:
        assert attempt["outcome"] in OUTCOMES, story
        if attempt["outcome"] in ("sent", "in_doubt"):
            handed[attempt["part"]].append(attempt)
    repeats = REPEATS[one.category]
    for part, seen in handed.items():
        # A second hand-over only after a doubt, and only where the category allows one.
        assert all(map(_doubted, seen[:-1])), story
        assert len(seen) <= 1 + repeats, story
        # The carrier got it as often as the trace says, or less.
        assert _sent(seen) <= submitted[part] <= len(seen), (submitted, story)
    assert set(submitted) <= set(handed), (submitted, story)
    if message["status"] == "delivered":
        assert all(_sent(handed[part]) for part in range(1, message["segments"] + 1)), story
    else:
        assert message["status"] == "unknown", story
        assert message["error"]["code"] == "outcome_lost", story
        assert any(not _sent(seen) and len(seen) == repeats + 1 for seen in handed.values()), story
    verdict.statuses[message["status"]] += 1
    verdict.doubted += any(map(_doubted, attempts))
    verdict.twice += any(count > 1 for count in submitted.values())
    verdict.receipts_repeated += any(n > 1 for n in Counter(r["carrier_id"] for r in story["receipts"]).values())


def _doubted(attempt: dict[str, Any]) -> bool:
    """Whether nobody knew for a while what became of it; a late answer may have told since."""
    return attempt["outcome"] == "in_doubt" or str(attempt["detail"]).startswith("outcome_lost")


def _sent(attempts: Iterable[dict[str, Any]]) -> int:
    return sum(attempt["outcome"] == "sent" for attempt in attempts)


def _whole_history(story: dict[str, Any]) -> None:
    """Events without a gap, from `accepted` to the status it has."""
    events = story["events"]
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1)), story
    assert events[0]["type"] == "message.accepted", story
    assert events[-1]["type"] == f"message.{story['message']['status']}", story
    assert all(attempt["outcome"] for attempt in story["attempts"]), story


def ask_again(tidings: Tidings, posted: Iterable[Posted]) -> None:
    """Repeat, with its Idempotency-Key, every request that got no answer, and some that did: each is one message."""
    client = tidings.client
    for at, one in enumerate(posted):
        if one.answer is None:
            one.post(client)
            assert one.acknowledged, one
        elif one.acknowledged and at % 10 == 0:
            first = one.id
            one.post(client)
            assert one.acknowledged, one
            assert one.id == first
