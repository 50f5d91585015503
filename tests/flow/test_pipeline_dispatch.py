"""Route, claim, settle and cancel over a real store: the point of no return, and what each answer leads to."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from spine_kit import ALL, BIND, HOLD, NORTH, NOW, TO, Rig, refused, rigged, taken
from tidings.core.message import Message, Part
from tidings.core.ports import SendError, Sent
from tidings.core.request import Refused
from tidings.core.retry import Again
from tidings.pipeline import cancel, dispatch, expire, lease, route

LONG = "x" * 400
"""Three segments."""


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rigged(tmp_path) as one:
        yield one


# route


async def test_a_due_message_is_queued_for_its_carrier(rig: Rig) -> None:
    message = await rig.send()
    assert await rig.route(message) == [True]
    story = await rig.story(message)
    assert story.statuses == ["accepted", "queued"]
    assert (story.message.carrier, story.queued) == (NORTH, True)
    assert story.events[1].data == {"carrier": NORTH}


async def test_routing_twice_changes_nothing(rig: Rig) -> None:
    """As after a restart."""
    message = await rig.send()
    assert [await rig.route(message) for _ in range(2)] == [[True], [True]]
    assert (await rig.story(message)).statuses == ["accepted", "queued"]


async def test_without_a_carrier_a_message_is_rejected(rig: Rig) -> None:
    message = await rig.send()
    assert await rig.route(message, carrier=None) == [False]
    story = await rig.story(message)
    assert (story.statuses, story.error) == (["accepted", "rejected"], ("no_route", "tidings"))
    assert (story.queued, story.message.finished_at) == (False, NOW)


async def test_a_message_that_is_gone_is_not_routed(rig: Rig) -> None:
    message = await rig.send()
    await cancel.cancel(rig.house, 1, message.id)
    assert await rig.route(message) == [False]


@pytest.mark.one_engine("no store is asked")
def test_the_first_carrier_is_chosen() -> None:
    assert (route.choose(["north", "south"]), route.choose([])) == ("north", None)


# claim


async def test_a_claim_opens_attempts_and_leaves_the_queue_in_one_commit(rig: Rig) -> None:
    message = await rig.send(text=LONG)
    await rig.route(message)
    parts = await rig.claim(message)
    story = await rig.story(message)
    assert (story.queued, story.statuses) == (False, ["accepted", "queued"])
    assert [(a.part, a.carrier, a.bind, a.fence, a.outcome) for a in story.attempts] == [
        (number, NORTH, BIND, rig.fence, None) for number in (1, 2, 3)
    ]
    assert [(part.part, part.parts, part.to, part.sender) for part in parts] == [
        (number, 3, TO, "TIDINGS") for number in (1, 2, 3)
    ]
    assert [part.attempt_id for part in parts] == [attempt.id for attempt in story.attempts]
    assert b"".join(part.payload for part in parts) == LONG.encode()
    assert {part.udh[3] for part in parts} == {message.reference}


async def test_a_carrier_gets_what_remains_of_the_validity(rig: Rig) -> None:
    message = await rig.send(category="otp")
    await rig.route(message)
    rig.clock.move(590.5)
    assert [part.validity_s for part in await rig.claim(message)] == [9]


async def test_parts_have_the_same_octets_at_every_attempt(rig: Rig) -> None:
    message, parts = await rig.flying(text="ж" * 150)
    await rig.settle(*(refused(part, "throttled") for part in parts))
    again = await rig.claim(message)
    assert [(part.payload, part.udh) for part in again] == [(part.payload, part.udh) for part in parts]
    assert {part.attempt_id for part in again} & {part.attempt_id for part in parts} == set()


async def stopped(rig: Rig, why: str) -> tuple[Message, int | None]:
    """A routed message, and something that stands in its way; the fence it is claimed under."""
    message = await rig.send(category="otp")
    await rig.route(message)
    match why:
        case "canceled":
            await cancel.cancel(rig.house, 1, message.id)
        case "expired":
            rig.clock.move(600)
        case "suppressed":
            await rig.suppress()
        case "stale fence":
            old = rig.fence
            rig.fence = (await rig.store.write(lease.take, [HOLD]))[0] or 0
            return message, old
        case "claimed before":
            assert await rig.claim(message)
        case "expired by the clock":
            rig.clock.move(600)
            assert await rig.store.write(expire.end_validity, [message.id]) == [True]
    return message, None


STOPS: list[tuple[str, list[str], tuple[str, str] | None, bool]] = [
    ("canceled", ["canceled"], None, False),
    ("expired", ["expired"], ("expired", "tidings"), False),
    ("suppressed", ["rejected"], ("opted_out", "tidings"), False),
    ("stale fence", [], None, True),
    ("claimed before", [], None, False),
    ("expired by the clock", ["expired"], ("expired", "tidings"), False),
]


@pytest.mark.parametrize(("why", "statuses", "error", "queued"), STOPS, ids=[case[0] for case in STOPS])
async def test_what_must_not_go_does_not_go(
    rig: Rig, why: str, statuses: list[str], error: tuple[str, str] | None, queued: bool
) -> None:
    message, fence = await stopped(rig, why)
    before = len((await rig.story(message)).attempts)
    assert await rig.claim(message, fence=fence) == []
    story = await rig.story(message)
    assert story.statuses == ["accepted", "queued", *statuses]
    assert (story.error, story.queued, len(story.attempts)) == (error, queued, before)
    assert (story.message.text is None) is bool(statuses), "a code is blanked at its final status"


async def test_a_claim_stops_some_and_lets_others_go(rig: Rig) -> None:
    await rig.suppress("+15550000001")
    free, out, gone = await rig.send(), await rig.send(to="+15550000002"), await rig.send()
    await rig.route(free, out, gone)
    await rig.suppress("+15550000002")
    await cancel.cancel(rig.house, 1, gone.id)
    claims = [dispatch.Claim(m, (1,), (rig.house.new_id(),), NORTH, BIND, rig.fence) for m in (out, free, gone)]
    assert await rig.store.write(dispatch.claim, claims) == [False, True, False]
    assert [len((await rig.story(one)).attempts) for one in (out, free, gone)] == [0, 1, 0]


async def test_a_stop_between_accept_and_claim_counts(rig: Rig) -> None:
    message = await rig.send(category="marketing")
    await rig.route(message)
    await rig.suppress()
    assert await rig.claim(message) == []
    assert (await rig.story(message)).message.text == "Hello"


@pytest.mark.parametrize("why", ["expired", "suppressed", "expired by the clock"])
async def test_a_repeat_that_may_not_go_stays_in_doubt(rig: Rig, why: str) -> None:
    """Perhaps the first one arrived: nobody may say that it did not."""
    message, parts = await rig.flying(category="otp")
    assert [one.again for one in await rig.settle(refused(parts[0], "in_doubt", "outcome_lost", ""))] == [Again(0)]
    if why == "suppressed":
        await rig.suppress()
    else:
        rig.clock.move(600)
    if why == "expired by the clock":
        assert await rig.store.write(expire.end_validity, [message.id]) == [True]
    assert await rig.claim(message) == []
    story = await rig.story(message)
    assert (story.statuses[-1], story.error) == ("unknown", ("outcome_lost", "tidings"))


async def test_a_doubt_that_was_lifted_is_none(rig: Rig) -> None:
    """The first part was taken at its repeat, the second never: it expires."""
    message, parts = await rig.flying(text="x" * 300, category="otp")
    await rig.settle(refused(parts[0], "in_doubt", "outcome_lost"), refused(parts[1], "throttled"))
    first, second = await rig.claim(message)
    await rig.settle(taken(first), refused(second, "temporary"))
    rig.clock.move(600)
    assert await rig.store.write(expire.end_validity, [message.id]) == [True]
    assert (await rig.story(message)).statuses[-1] == "expired"


# settle: one segment


async def test_taken(rig: Rig) -> None:
    message, parts = await rig.flying()
    rig.clock.move(2)
    assert await rig.settle(Sent(parts[0].attempt_id, "abc", "north/2")) == [dispatch.Settled(message.id, True)]
    story = await rig.story(message)
    assert (story.statuses, story.message.sent_at) == (["accepted", "queued", "sent"], NOW + 2_000)
    assert (story.message.carrier, story.message.finished_at, story.queued) == (NORTH, None, False)
    attempt = story.attempts[0]
    assert (attempt.outcome, attempt.carrier_id, attempt.bind, attempt.answered_at) == (
        "sent", "abc", "north/2", NOW + 2_000,
    )  # fmt: skip


async def test_taken_without_an_id(rig: Rig) -> None:
    message, parts = await rig.flying()
    await rig.settle(Sent(parts[0].attempt_id, "", BIND))
    story = await rig.story(message)
    assert (story.statuses[-1], story.attempts[0].carrier_id) == ("sent", None)


ANSWERS: list[tuple[str, str, str, Again | None, str, tuple[str, str] | None, int | None]] = [
    # what, category, kind, again, status, error, due after
    ("throttled: to the head", "otp", "throttled", Again(0, pause_carrier=True), "queued", None, 0),
    ("never written: to the head", "marketing", "not_written", Again(0), "queued", None, 0),
    ("the bind: to the head", "otp", "bind", Again(0, pause_carrier=True), "queued", None, 0),
    ("temporary: later", "transactional", "temporary", Again(2_000), "queued", None, 2_000),
    ("permanent", "otp", "permanent", None, "failed", ("blocked", "carrier"), None),
    ("configuration", "otp", "config", None, "failed", ("blocked", "carrier"), None),
    ("in doubt: repeated", "transactional", "in_doubt", Again(0), "queued", None, 0),
    ("in doubt: repeated, a code", "otp", "in_doubt", Again(0), "queued", None, 0),
    ("in doubt: not repeated", "marketing", "in_doubt", None, "unknown", ("outcome_lost", "tidings"), None),
]


@pytest.mark.parametrize(
    ("category", "kind", "again", "status", "error", "due"), [case[1:] for case in ANSWERS], ids=[c[0] for c in ANSWERS]
)
async def test_an_answer_leads_to(
    rig: Rig, category: str, kind: str, again: Again | None, status: str, error: tuple[str, str] | None, due: int | None
) -> None:
    message, parts = await rig.flying(category=category)
    rig.clock.move(1)
    settled = await rig.settle(refused(parts[0], kind, "blocked"))
    assert settled == [dispatch.Settled(message.id, True, again, (1,) if again else ())]
    story = await rig.story(message)
    assert (story.statuses[-1], story.error) == (status, error)
    attempt = story.attempts[0]
    assert (attempt.outcome, attempt.carrier_code) == (kind, "0x00000058")
    assert attempt.detail == "blocked: as told by the test"
    assert story.queued is (due is not None)
    if due is not None:
        heads = await rig.store.read(lambda tx: tx.queue.head(ALL, _rank(message), 0, 10))
        later = await rig.store.read(lambda tx: tx.queue.due_in(ALL, _rank(message), NOW + 1_000 + due, 10))
        assert (heads, later) == (([message.id], []) if due == 0 else ([], [message.id]))
        assert (
            not due or await rig.store.read(lambda tx: tx.queue.due_in(ALL, _rank(message), NOW + 999 + due, 10)) == []
        )
    else:
        assert story.message.finished_at == NOW + 1_000


def _rank(message: Message) -> int:
    return {"otp": 1, "transactional": 2, "marketing": 4}[message.category]


async def test_the_carriers_words_are_kept_with_its_refusal(rig: Rig) -> None:
    message, parts = await rig.flying()
    await rig.settle(SendError(parts[0].attempt_id, "permanent", "invalid_destination", "0x0000000b", "Bad: no.", BIND))
    error = (await rig.story(message)).message.error
    assert error is not None
    assert (error.code, error.category, error.permanent) == ("invalid_destination", "recipient", True)
    assert (error.detail, error.carrier_code, error.decided_by) == ("Bad: no.", "0x0000000b", "carrier")


async def again(rig: Rig, message: Message) -> Part:
    parts = await rig.claim(message)
    assert len(parts) == 1
    return parts[0]


async def test_attempts_are_used_up_with_growing_pauses(rig: Rig) -> None:
    message, parts = await rig.flying()
    waits = []
    for _ in range(7):
        settled = await rig.settle(refused(parts[0], "temporary"))
        assert settled[0].again is not None
        waits.append(settled[0].again.wait)
        parts = [await again(rig, message)]
    assert (await rig.settle(refused(parts[0], "temporary")))[0].again is None
    assert waits == [2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000]
    story = await rig.story(message)
    assert (story.statuses, story.error) == (["accepted", "queued", "failed"], ("carrier_error", "tidings"))
    assert len(story.attempts) == 8


async def test_throttling_uses_up_nothing(rig: Rig) -> None:
    message, parts = await rig.flying()
    for _ in range(12):
        await rig.settle(refused(parts[0], "throttled"))
        parts = [await again(rig, message)]
    await rig.settle(taken(parts[0]))
    assert (await rig.story(message)).statuses == ["accepted", "queued", "sent"]


@pytest.mark.parametrize("category", ["otp", "transactional", "conversation"])
async def test_in_doubt_twice_is_unknown(rig: Rig, category: str) -> None:
    message, parts = await rig.flying(category=category)
    await rig.settle(refused(parts[0], "in_doubt", "outcome_lost"))
    repeat = await again(rig, message)
    assert (await rig.settle(refused(repeat, "in_doubt", "outcome_lost")))[0].again is None
    story = await rig.story(message)
    assert (story.statuses[-1], story.error) == ("unknown", ("outcome_lost", "tidings"))
    assert (story.message.text is None) == (category == "otp")


async def test_in_doubt_after_its_validity_is_not_repeated(rig: Rig) -> None:
    message, parts = await rig.flying(category="otp")
    rig.clock.move(600)
    assert (await rig.settle(refused(parts[0], "in_doubt", "outcome_lost")))[0].again is None
    assert (await rig.story(message)).statuses[-1] == "unknown"


# settle: answers that come late, twice, or for nobody


async def test_a_late_yes_takes_the_repeat_out_of_the_queue(rig: Rig) -> None:
    message, parts = await rig.flying()
    await rig.settle(refused(parts[0], "in_doubt", "outcome_lost"))
    assert (await rig.story(message)).queued
    assert await rig.settle(taken(parts[0])) == [dispatch.Settled(message.id, True)]
    story = await rig.story(message)
    assert (story.statuses[-1], story.queued, story.attempts[0].outcome) == ("sent", False, "sent")
    assert await rig.claim(message) == []


async def test_a_late_yes_while_the_repeat_flies(rig: Rig) -> None:
    """It is sent; the answer to the repeat changes nothing, whatever it is."""
    message, parts = await rig.flying()
    await rig.settle(refused(parts[0], "in_doubt", "outcome_lost"))
    repeat = await again(rig, message)
    await rig.settle(taken(parts[0]))
    assert (await rig.settle(refused(repeat, "permanent", "blocked")))[0].done
    story = await rig.story(message)
    assert story.statuses == ["accepted", "queued", "sent"]
    assert [attempt.outcome for attempt in story.attempts] == ["sent", "permanent"]


async def test_doubt_and_yes_in_one_breath(rig: Rig) -> None:
    message, parts = await rig.flying()
    await rig.settle(refused(parts[0], "in_doubt", "outcome_lost"), taken(parts[0]))
    story = await rig.story(message)
    assert (story.statuses[-1], story.queued) == ("sent", False)


async def test_an_answer_counts_once(rig: Rig) -> None:
    """A better one stands: neither a second yes nor a later no changes it."""
    message, parts = await rig.flying()
    await rig.settle(taken(parts[0], "first"))
    await rig.settle(taken(parts[0], "second"), refused(parts[0], "permanent"))
    story = await rig.story(message)
    assert (story.statuses, story.attempts[0].carrier_id) == (["accepted", "queued", "sent"], "first")


async def test_a_refusal_is_not_lifted_by_a_late_yes(rig: Rig) -> None:
    message, parts = await rig.flying()
    await rig.settle(refused(parts[0], "permanent", "blocked"))
    await rig.settle(taken(parts[0]))
    story = await rig.story(message)
    assert (story.statuses[-1], story.attempts[0].outcome) == ("failed", "permanent")


async def test_an_answer_to_nothing_of_ours_is_let_be(rig: Rig) -> None:
    message, parts = await rig.flying()
    stranger = Sent(12_345, "x", BIND)
    settled = await rig.settle(stranger, taken(parts[0]))
    assert [(one.message_id, one.done) for one in settled] == [(0, True), (message.id, True)]
    assert (await rig.story(message)).statuses[-1] == "sent"


# settle: several segments


async def test_sent_when_all_are_taken(rig: Rig) -> None:
    message, parts = await rig.flying(text=LONG)
    for part in parts[:2]:
        assert await rig.settle(taken(part)) == [dispatch.Settled(message.id, False)]
    assert (await rig.story(message)).statuses[-1] == "queued"
    assert await rig.settle(taken(parts[2])) == [dispatch.Settled(message.id, True)]
    assert (await rig.story(message)).statuses[-1] == "sent"


async def test_only_what_was_not_taken_goes_again(rig: Rig) -> None:
    message, parts = await rig.flying(text=LONG)
    settled = await rig.settle(taken(parts[0]), refused(parts[1], "throttled"), taken(parts[2]))
    assert settled[-1] == dispatch.Settled(message.id, True, Again(0, pause_carrier=True), (2,))
    repeat = await rig.claim(message, (2,))
    assert [(part.part, part.parts, part.payload) for part in repeat] == [(2, 3, parts[1].payload)]
    await rig.settle(taken(repeat[0]))
    story = await rig.story(message)
    assert story.statuses == ["accepted", "queued", "sent"]
    assert [attempt.part for attempt in story.attempts] == [1, 2, 3, 2]


async def test_the_longest_wait_of_its_parts_is_kept(rig: Rig) -> None:
    message, parts = await rig.flying(text=LONG)
    settled = await rig.settle(
        refused(parts[0], "temporary"), refused(parts[1], "throttled"), refused(parts[2], "temporary")
    )
    assert settled[0] == dispatch.Settled(message.id, True, Again(2_000, pause_carrier=True), (1, 2, 3))


async def test_parts_for_which_the_window_had_no_room_go_next(rig: Rig) -> None:
    message = await rig.send(text=LONG)
    await rig.route(message)
    parts = await rig.claim(message, (1,))
    assert await rig.settle(taken(parts[0])) == [dispatch.Settled(message.id, True, Again(0), (2, 3))]
    assert (await rig.story(message)).queued


async def test_one_permanent_refusal_stops_the_rest(rig: Rig) -> None:
    """At once, though others are still unanswered; their answers are kept and change nothing."""
    message, parts = await rig.flying(text=LONG)
    await rig.settle(taken(parts[0]))
    assert await rig.settle(refused(parts[1], "permanent", "blocked")) == [dispatch.Settled(message.id, True)]
    story = await rig.story(message)
    assert (story.statuses[-1], story.error, story.queued) == ("failed", ("blocked", "carrier"), False)
    assert await rig.settle(taken(parts[2])) == [dispatch.Settled(message.id, True)]
    story = await rig.story(message)
    assert story.statuses == ["accepted", "queued", "failed"]
    assert [attempt.outcome for attempt in story.attempts] == ["sent", "permanent", "sent"]


async def test_a_late_yes_to_one_part_leaves_the_other_in_the_queue(rig: Rig) -> None:
    message, parts = await rig.flying(text="x" * 300)
    await rig.settle(*(refused(part, "in_doubt", "outcome_lost") for part in parts))
    settled = await rig.settle(taken(parts[0]))
    assert settled == [dispatch.Settled(message.id, True, Again(0), (2,))]
    assert (await rig.story(message)).queued


# cancel


async def test_a_message_can_be_canceled_until_it_is_handed_over(rig: Rig) -> None:
    for steps in ("accepted", "queued"):
        message = await rig.send()
        if steps == "queued":
            await rig.route(message)
        canceled = await cancel.cancel(rig.house, 1, message.id)
        assert isinstance(canceled, Message)
        story = await rig.story(message)
        assert story.message == canceled
        assert (story.statuses[-1], story.queued, story.message.finished_at) == ("canceled", False, NOW)


async def refusal(rig: Rig, message: Message, account: int = 1) -> str:
    answer = await cancel.cancel(rig.house, account, message.id)
    assert isinstance(answer, Refused)
    return answer.code


async def test_too_late_to_cancel(rig: Rig) -> None:
    flying, parts = await rig.flying()
    assert await refusal(rig, flying) == "not_cancelable"
    await rig.settle(refused(parts[0], "temporary"))
    assert (await rig.story(flying)).queued
    assert await refusal(rig, flying) == "not_cancelable", "it waits again, but it was handed over once"
    done = await rig.taken()
    assert await refusal(rig, done) == "not_cancelable"


async def test_canceling_twice_changes_nothing(rig: Rig) -> None:
    gone = await rig.send()
    once = await cancel.cancel(rig.house, 1, gone.id)
    assert await cancel.cancel(rig.house, 1, gone.id) == once
    assert (await rig.story(gone)).statuses.count("canceled") == 1


async def test_what_is_not_yours_is_not_there(rig: Rig) -> None:
    message = await rig.send()
    assert await refusal(rig, message, account=2) == "not_found"
    assert isinstance(await cancel.cancel(rig.house, 1, 42), Refused)
    assert (await rig.story(message)).queued


async def test_a_scheduled_message_can_be_canceled(rig: Rig) -> None:
    message = await rig.send(send_at=dt.datetime.fromtimestamp(NOW / 1000 + 60, dt.UTC), category="otp")
    assert isinstance(await cancel.cancel(rig.house, 1, message.id), Message)
    story = await rig.story(message)
    assert (story.statuses, story.message.text) == (["accepted", "scheduled", "canceled"], None)


async def test_many_are_settled_in_one_commit(rig: Rig) -> None:
    flying: list[tuple[Message, list[Part]]] = [await rig.flying() for _ in range(5)]
    answers: list[Any] = [taken(parts[0]) for _, parts in flying[:3]]
    answers += [refused(flying[3][1][0], "permanent"), refused(flying[4][1][0], "temporary")]
    settled = await rig.settle(*answers)
    assert [one.message_id for one in settled] == [message.id for message, _ in flying]
    ends = [(await rig.story(message)).statuses[-1] for message, _ in flying]
    assert ends == ["sent", "sent", "sent", "failed", "queued"]
