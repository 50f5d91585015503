"""How a store commits: together, in order, each at its own risk; and what its callers and followers hear."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence, Set
from typing import Any

import pytest

from contract_kit import PATIENCE, Desk, held, message, settled, submitted
from spine_kit import HandClock
from tidings.core.ports import Stage, StoreUnavailable
from tidings.core.questions import Tx
from tidings.store import group_commit


class Notes:
    """Stages that store messages and note how they were run."""

    def __init__(self) -> None:
        self.runs: list[tuple[str, list[int]]] = []

    def stage(
        self,
        name: str,
        order: int = 50,
        refusable: bool = False,
        then: Callable[[Sequence[int]], None] | None = None,
        patient: bool = False,
    ) -> Stage[int, str]:
        async def run(tx: Tx, items: Sequence[int], now: int) -> list[str]:
            self.runs.append((name, list(items)))
            await tx.messages.insert([message(number) for number in items])
            if then:
                then(items)
            return [f"{name} {number}" for number in items]

        run.__name__ = name
        return Stage(run, order, refusable, patient=patient)


async def present(desk: Desk, *numbers: int) -> list[int]:
    return sorted(await desk.see(lambda tx: tx.messages.by_id(numbers)))


async def test_those_who_wait_together_commit_together(desk: Desk) -> None:
    notes = Notes()
    stage = notes.stage("a")
    async with held(desk.store):
        tasks = await submitted(*(desk.store.write(stage, [number, number + 50]) for number in range(1, 21)))
        assert notes.runs == []
    assert await asyncio.gather(*tasks) == [[f"a {number}", f"a {number + 50}"] for number in range(1, 21)]
    assert [len(items) for _, items in notes.runs] == [40]
    assert len(await present(desk, *range(100))) == 40


async def test_stages_of_one_commit_run_along_the_path(desk: Desk) -> None:
    """By their order, and within a stage as they came."""
    notes = Notes()
    late, early = notes.stage("late", 60), notes.stage("early", 10)
    async with held(desk.store):
        tasks = await submitted(
            *(desk.store.write(*one) for one in ((late, [1]), (early, [2]), (late, [3]), (early, [4])))
        )
    await asyncio.gather(*tasks)
    assert notes.runs == [("early", [2, 4]), ("late", [1, 3])]


async def test_the_patient_let_what_others_wait_for_commit_first_and_once(desk: Desk) -> None:
    """They keep their turns among themselves, and go at once when nobody else waits."""
    notes = Notes()
    commits: list[set[str]] = []
    desk.store.after_commit(lambda stages: commits.append({one.name for one in stages}))
    answer, receipt = notes.stage("answer", 50, patient=True), notes.stage("receipt", 60, patient=True)
    claim = notes.stage("claim", 40)
    for first in (1, 11):
        async with held(desk.store):
            writes = ((answer, [first]), (claim, [first + 1]), (receipt, [first + 2]), (claim, [first + 3]))
            tasks = await submitted(*(desk.store.write(*one) for one in writes))
        await asyncio.gather(*tasks)
        assert [one for one in commits if one != {"hold"}][-2:] == [{"claim"}, {"answer", "receipt"}]
        assert notes.runs[-3:] == [("claim", [first + 1, first + 3]), ("answer", [first]), ("receipt", [first + 2])]
    assert await desk.store.write(answer, [90]) == ["answer 90"]
    assert await present(desk, *range(100)) == [1, 2, 3, 4, 11, 12, 13, 14, 90]


async def test_only_the_guilty_one_fails(desk: Desk) -> None:
    """Its own writes are undone; those who happened to share its commit get theirs."""

    def break_down(items: Sequence[int]) -> None:
        if 13 in items:
            raise ValueError("thirteen")

    notes = Notes()
    stage, other = notes.stage("a", then=break_down), notes.stage("b", 60)
    async with held(desk.store):
        tasks = await submitted(
            *(desk.store.write(stage, [n, n + 20]) for n in (12, 13, 14)), desk.store.write(other, [99])
        )
    one, guilty, another, last = await asyncio.gather(*tasks, return_exceptions=True)
    assert (one, another, last) == (["a 12", "a 32"], ["a 14", "a 34"], ["b 99"])
    assert isinstance(guilty, ValueError)
    assert await present(desk, 12, 13, 14, 32, 33, 34, 99) == [12, 14, 32, 34, 99]
    assert await desk.store.write(stage, [15]) == ["a 15"], "and the store goes on"


async def test_a_fault_of_its_rows_is_its_own_too(desk: Desk) -> None:
    stage = Notes().stage("a")
    await desk.store.write(stage, [1])
    async with held(desk.store):
        tasks = await submitted(desk.store.write(stage, [2]), desk.store.write(stage, [1]))
    fine, twice = await asyncio.gather(*tasks, return_exceptions=True)
    assert fine == ["a 2"]
    assert isinstance(twice, Exception)
    assert not isinstance(twice, StoreUnavailable)


async def test_a_stage_that_loses_count_is_told(desk: Desk) -> None:
    async def short(tx: Tx, items: Sequence[int], now: int) -> list[int]:
        await tx.messages.insert([message(number) for number in items])
        return [1]

    with pytest.raises(RuntimeError, match="1 results for 2 items"):
        await desk.store.write(Stage(short, 1, False), [1, 2])
    assert await present(desk, 1, 2) == []


async def test_nothing_to_write_is_nothing_to_wait_for(desk: Desk) -> None:
    async with held(desk.store):
        assert await desk.store.write(Notes().stage("a"), []) == []


async def test_the_moment_of_a_commit_comes_from_the_clock(desk: Desk, clock: HandClock) -> None:
    async def when(tx: Tx, items: Sequence[int], now: int) -> list[int]:
        return [now for _ in items]

    clock.move(12.5)
    assert await desk.store.write(Stage(when, 1, False), [0]) == [clock.now()]


# callers and followers


async def test_a_caller_who_goes_away_does_not_take_his_commit_along(desk: Desk) -> None:
    stage, heard = Notes().stage("a"), []
    desk.store.follow(stage, lambda items, results: heard.append((list(items), results)))
    async with held(desk.store):
        gone, stays = await submitted(desk.store.write(stage, [1]), desk.store.write(stage, [2]))
        gone.cancel()
        await settled()
        assert gone.cancelled()
    assert await stays == ["a 2"]
    assert heard == [([1], ["a 1"]), ([2], ["a 2"])]
    assert await present(desk, 1, 2) == [1, 2]


async def test_a_follower_hears_before_the_caller_and_on_the_loop(desk: Desk) -> None:
    stage, heard, loop = Notes().stage("a"), [], threading.get_ident()
    desk.store.follow(stage, lambda items, results: heard.append(threading.get_ident()))
    await desk.store.write(stage, [1])
    assert heard == [loop]


async def test_a_follower_hears_only_of_its_stage_and_only_what_was_stored(desk: Desk) -> None:
    heard: list[int] = []

    def refuse(items: Sequence[int]) -> None:
        raise ValueError("no")

    good, bad, other = Notes().stage("a"), Notes().stage("b", then=refuse), Notes().stage("c")
    for stage in (good, bad):
        desk.store.follow(stage, lambda items, results: heard.extend(items))
    with pytest.raises(ValueError, match="no"):
        await desk.store.write(bad, [1])
    await desk.store.write(other, [2])
    await desk.store.write(good, [3])
    assert heard == [3]


async def test_several_follow_a_stage_until_they_leave_it(desk: Desk) -> None:
    stage = Notes().stage("a")
    heard: list[tuple[str, int]] = []

    def one(items: Sequence[int], results: list[str]) -> None:
        heard.extend(("one", item) for item in items)

    def other(items: Sequence[int], results: list[str]) -> None:
        heard.extend(("other", item) for item in items)

    for then in (one, other):
        desk.store.follow(stage, then)
    await desk.store.write(stage, [1])
    desk.store.not_follow(stage, one)
    await desk.store.write(stage, [2])
    assert heard == [("one", 1), ("other", 1), ("other", 2)]


async def test_a_follower_that_breaks_holds_nobody_up(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    stage = Notes().stage("a")

    def break_down(items: Sequence[int], results: list[str]) -> None:
        raise ValueError("follower")

    desk.store.follow(stage, break_down)
    async with asyncio.timeout(PATIENCE):
        assert await desk.store.write(stage, [1]) == ["a 1"]
    assert "follower" in caplog.text


# pushing back


async def test_refusable_work_is_pushed_back_when_too_much_waits(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a carrier has said is never refused; and one call larger than the bound goes when it is alone."""
    monkeypatch.setattr(desk.store, "_bound", 3)
    door, carrier = Notes().stage("door", refusable=True), Notes().stage("carrier")
    async with held(desk.store):
        alone = await submitted(desk.store.write(door, [1, 2, 3, 4]))
        with pytest.raises(StoreUnavailable):
            await desk.store.write(door, [5])
        heard = await submitted(desk.store.write(carrier, [6]))
    await asyncio.gather(*alone, *heard)
    assert await desk.store.write(door, [7]) == ["door 7"], "and taken again once it is done"
    assert await present(desk, *range(1, 8)) == [1, 2, 3, 4, 6, 7]


async def test_how_long_the_oldest_has_waited(desk: Desk, clock: HandClock) -> None:
    assert desk.store.lag() == 0
    async with held(desk.store):
        first = await submitted(desk.store.write(Notes().stage("a"), [1]))
        clock.move(0.25)
        second = await submitted(desk.store.write(Notes().stage("b"), [2]))
        clock.move(1)
        assert desk.store.lag() == 1_250
    await asyncio.gather(*first, *second)
    assert desk.store.lag() >= 1_000, "what the last commit took stays to be seen"
    for one in desk.store._writers:  # it tells nothing any more of how it goes
        one.answered -= group_commit.LATELY_S
    await desk.store.write(Notes().stage("c"), [3])
    assert desk.store.lag() == 0


# the last word


def moving(status: str) -> Stage[int, None]:
    """A stage in which messages take a status."""

    async def run(tx: Tx, items: Sequence[int], now: int) -> list[None]:
        for _ in items:
            tx.tally.moved(status, "otp", 1, None)
        return [None] * len(items)

    return Stage(run, 20, False)


async def test_who_has_the_last_word_runs_in_the_commit_it_is_asked_about(desk: Desk) -> None:
    notes, asked, told = Notes(), [], []

    def ask(statuses: Set[str]) -> int | None:
        asked.append(set(statuses))
        return None if statuses == {"queued"} else len(asked)

    desk.store.conclude(notes.stage("word"), ask, told.append)
    commits: list[set[Stage[Any, Any]]] = []
    desk.store.after_commit(commits.append)
    await desk.store.write(Notes().stage("without a move"), [9])
    await desk.store.write(moving("queued"), [1])
    async with held(desk.store):
        tasks = await submitted(*(desk.store.write(moving(status), [1]) for status in ("sent", "delivered")))
    await asyncio.gather(*tasks)
    assert asked == [{"queued"}, {"sent", "delivered"}]
    assert notes.runs == [("word", [2])]
    assert told == ["word 2"]
    assert len(commits[-1]) == 2, "it is no stage of its own to those who watch"
    assert await present(desk, 2, 9) == [2, 9]


async def test_the_last_word_is_left_out_where_it_or_another_is_at_fault(desk: Desk) -> None:
    """What others wrote is committed all the same, and it is told that it missed a commit."""
    told: list[str | None] = []

    def break_down(items: Sequence[int]) -> None:
        raise ValueError("no")

    desk.store.conclude(Notes().stage("word", then=break_down), lambda statuses: 1, told.append)
    await desk.store.write(moving("sent"), [1])
    assert told == [None]
    fine = Notes()
    desk.store.conclude(fine.stage("word"), lambda statuses: 1, told.append)
    async with held(desk.store):
        writes = (desk.store.write(moving("sent"), [1]), desk.store.write(Notes().stage("bad", then=break_down), [2]))
        tasks = await submitted(*writes)
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(one, Exception) for one in done] == [False, True]
    assert told == [None, None]
    assert fine.runs == []
    assert await present(desk, 1, 2) == []


# reading


async def test_who_watches_commits_tells_stages_of_one_name_apart(desk: Desk) -> None:
    commits: list[set[Stage[Any, Any]]] = []
    desk.store.after_commit(commits.append)
    one, other = Notes().stage("settle"), Notes().stage("settle")
    await desk.store.write(one, [1])
    await desk.store.write(other, [2])
    assert commits == [{one}, {other}]


async def test_a_read_sees_what_is_committed_and_nothing_else(desk: Desk) -> None:
    stage = Notes().stage("a")
    await desk.store.write(stage, [1])
    began, go_on = threading.Event(), threading.Event()

    async def slow(tx: Tx, items: Sequence[int], now: int) -> list[int]:
        await tx.messages.insert([message(number) for number in items])
        began.set()
        assert go_on.wait(PATIENCE)
        return list(items)

    writing = asyncio.ensure_future(desk.store.write(Stage(slow, 1, False), [2]))
    assert await asyncio.to_thread(began.wait, PATIENCE)
    assert await present(desk, 1, 2) == [1]
    go_on.set()
    await writing
    assert await present(desk, 1, 2) == [1, 2]


async def test_one_read_is_of_one_moment(desk: Desk) -> None:
    stage, loop = Notes().stage("a"), asyncio.get_running_loop()

    async def twice(tx: Tx) -> tuple[int, int]:
        before = len(await tx.messages.by_id([1, 2]))
        asyncio.run_coroutine_threadsafe(desk.store.write(stage, [2]), loop).result(PATIENCE)
        return before, len(await tx.messages.by_id([1, 2]))

    await desk.store.write(stage, [1])
    assert await desk.see(twice) == (1, 1)
    assert await present(desk, 1, 2) == [1, 2]


async def test_a_read_cannot_write(desk: Desk) -> None:
    with pytest.raises(StoreUnavailable):
        await desk.see(lambda tx: tx.messages.insert([message(1)]))
    assert await present(desk, 1) == []


async def test_a_question_that_breaks_tells_its_caller(desk: Desk) -> None:
    async def break_down(tx: Tx) -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        await desk.see(break_down)
    assert await present(desk, 1) == []


async def test_a_stage_may_wait_for_nothing_but_the_store(desk: Desk) -> None:
    async def sleepy(tx: Tx) -> None:
        await asyncio.sleep(0)

    for put in (desk.do, desk.see):
        with pytest.raises(RuntimeError, match="other than the store"):
            await put(sleepy)


# the end


async def test_what_waits_is_stored_before_the_end(desk: Desk) -> None:
    """And what comes later is refused."""
    stage = Notes().stage("a")
    async with held(desk.store):
        tasks = await submitted(*(desk.store.write(stage, [number]) for number in range(5)))
        stopping = asyncio.ensure_future(asyncio.to_thread(desk.store.stop))
        while not desk.store._stopping:  # noqa: ASYNC110 - another thread sets it
            await asyncio.sleep(0.001)
        with pytest.raises(StoreUnavailable):
            await desk.store.write(stage, [9])
    assert await asyncio.gather(*tasks) == [[f"a {number}"] for number in range(5)]
    await stopping
