"""Who hears of commits: those who wait for what they submitted, those who follow a stage, and other processes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence, Set
from typing import Any, NamedTuple, cast

from tidings.core.message import Millis
from tidings.core.ports import STAGES, News, Stage
from tidings.store import news

log = logging.getLogger("tidings.store")


class Submission:
    """Items for a stage, and who waits for what comes of them."""

    __slots__ = ("at", "future", "items", "outcome", "refused", "rows", "stage")

    def __init__(
        self, stage: Stage[Any, Any], items: Sequence[Any], future: asyncio.Future[Any], at: Millis, rows: int
    ) -> None:
        self.rows = rows
        self.stage = stage
        self.items = items
        self.future = future
        self.at = at
        self.outcome: list[Any] | BaseException | None = None
        self.refused = False
        """Whether those who wait were told that it cannot be said what becomes of it."""


class _Last(NamedTuple):
    """Who has the last word in a commit: see `core.ports.Store.conclude`."""

    stage: Stage[Any, Any]
    ask: Callable[[Set[str]], Any]
    then: Callable[[Any], None]


class Audience:
    """Everybody of this process who wants to hear, by what they want to hear of: see `core.ports.Store`."""

    def __init__(self) -> None:
        self._followers: dict[Stage[Any, Any], list[Callable[[Sequence[Any], list[Any]], None]]] = {}
        self._watchers: list[Callable[[set[Stage[Any, Any]]], None]] = []
        self._words: dict[Stage[Any, Any], Callable[[Sequence[Any], list[Any]], Sequence[Any]]] = {}
        self._hearers: list[Callable[[News], None]] = []
        self.last: _Last | None = None

    def follow(self, stage: Stage[Any, Any], then: Callable[[Sequence[Any], list[Any]], None]) -> None:
        """Tell `then` what becomes of items of a stage."""
        self._followers.setdefault(stage, []).append(then)

    def not_follow(self, stage: Stage[Any, Any], then: Callable[[Sequence[Any], list[Any]], None]) -> None:
        """Tell it no longer."""
        self._followers[stage] = [one for one in self._followers.get(stage, ()) if one != then]

    def after_commit(self, then: Callable[[set[Stage[Any, Any]]], None]) -> None:
        """Tell `then` which stages were in each commit, here or elsewhere."""
        self._watchers.append(then)

    def not_after_commit(self, then: Callable[[set[Stage[Any, Any]]], None]) -> None:
        """Tell it no longer."""
        self._watchers = [one for one in self._watchers if one != then]

    def announce(self, stage: Stage[Any, Any], words: Callable[[Sequence[Any], list[Any]], Sequence[Any]]) -> None:
        """What other processes are told of a stage."""
        self._words[stage] = words

    def hear(self, then: Callable[[News], None]) -> None:
        """Tell `then` what other processes tell."""
        self._hearers.append(then)

    def not_hear(self, then: Callable[[News], None]) -> None:
        """Tell it no longer."""
        self._hearers = [one for one in self._hearers if one != then]

    def conclude(self, stage: Stage[Any, Any], ask: Callable[[Set[str]], Any], then: Callable[[Any], None]) -> None:
        """Let a stage have the last word in commits that take their turn."""
        self.last = _Last(stage, ask, then)

    # what is told

    def news(self, batch: Iterable[Submission]) -> list[str]:
        """What other processes are to hear of a commit."""
        told: dict[str, list[Any]] = {}
        for one in batch:
            if not isinstance(one.outcome, list):
                continue
            announce = self._words.get(one.stage)
            words = announce(one.items, one.outcome) if announce is not None else ()
            if words or not one.stage.private:
                told.setdefault(one.stage.key, []).extend(words)
        return news.written(told) if told else []

    def heard(self, told: News) -> None:
        """On the loop: another process has committed something."""
        self._tell(set(STAGES.values()) if told.missed else set(told.stages))
        for then in self._hearers:
            try:
                then(told)
            except Exception:
                log.exception("one who hears of commits elsewhere broke")

    def hand_back(self, batch: Sequence[Submission], said: Sequence[Any], late: bool = False) -> None:
        """On the loop: first to those who follow a stage, then to those who wait for their own outcome.

        `said`: what the last word came to, None for one left out; empty where there was none. `late`: it was on disk
        for a while before that was known, and what came of it may be past already: who follows reads all again.
        """
        done = [one for one in batch if isinstance(one.outcome, list)]
        if late and done:
            self.heard(News(frozenset(), missed=True))
        else:
            self._tell_followers(done)
        for submission in batch:
            if submission.future.done():
                continue
            if isinstance(submission.outcome, BaseException):
                submission.future.set_exception(submission.outcome)
            else:
                submission.future.set_result(submission.outcome)
        if self.last is not None and said:
            try:
                self.last.then(said[0])
            except Exception:
                log.exception("what %s came to could not be taken over", self.last.stage.name)

    def _tell_followers(self, done: Sequence[Submission]) -> None:
        for submission in done:
            for then in self._followers.get(submission.stage, ()):
                try:
                    then(submission.items, cast("list[Any]", submission.outcome))
                except Exception:
                    # What is on disk is on disk: those who wait must hear of it all the same.
                    log.exception("a follower of %s broke", submission.stage.name)
        self._tell({one.stage for one in done})

    def _tell(self, committed: set[Stage[Any, Any]]) -> None:
        for then in self._watchers if committed else ():
            try:
                then(committed)
            except Exception:
                log.exception("one who watches commits broke")
