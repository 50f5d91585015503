"""The simulator's HTTP side as rows for whoever serves it: handsets, submissions, counters, the switch of faults."""

from __future__ import annotations

import difflib
import re
from collections.abc import Awaitable, Callable, Mapping
from itertools import islice
from typing import Any

import msgspec

from tidings.core.request import Fault, Invalid, Refused
from tidings.simulator import examples, handsets, views
from tidings.simulator.chosen import GOOD
from tidings.simulator.faults import MEANINGS, Faults
from tidings.simulator.ledger import address
from tidings.simulator.network import Network
from tidings.simulator.personalities import PERSONALITIES
from tidings.simulator.personality import ENDS, REPEATS, Personality, Spell
from tidings.simulator.records import Submission
from tidings.text.segments import DoesNotFitError, TooManyPartsError

_NUMBER = re.compile(r"\+?([0-9]{1,20})")
_NO_NUMBER = Refused("not_found", "A handset has a number: digits, with or without a plus sign.")

Told = msgspec.Struct | Refused | Invalid


class Asked(msgspec.Struct, frozen=True):
    """One request, read and checked by whoever serves it."""

    params: Mapping[str, str]
    query: Any
    body: Any


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint."""

    method: str
    path: str
    handle: Callable[[Network, Asked], Awaitable[Told]]
    name: str
    summary: str
    detail: str = ""
    scope: str
    """What a key must be good for, where keys are asked for."""
    query: Any = None
    body: Any = None
    answer: Any
    status: int = 200
    problems: tuple[str, ...] = ()
    example: Any = None
    answer_example: Any


async def list_handsets(network: Network, asked: Asked) -> Told:
    """Numbers that were sent something, the latest first."""
    limit, ledger = asked.query.limit, network.exchange.ledger
    rows = list(islice(ledger.numbers(_before(asked.query)), limit + 1))
    data = [views.HandsetRow(_shown(digits), ledger.count_to(digits)) for digits, _ in rows[:limit]]
    return views.HandsetPage(data, str(rows[limit - 1][1]) if len(rows) > limit else None)


async def show_handset(network: Network, asked: Asked) -> Told:
    """What one phone shows, in the order it came."""
    digits = _digits(asked)
    if digits is None:
        return _NO_NUMBER
    ledger = network.exchange.ledger
    seen = list(islice(ledger.newest_to(digits), handsets.SHOWN_SUBMISSIONS))
    screen = handsets.screen(reversed(seen))
    texts = [_text(received) for received in screen.messages]
    return views.Handset(_shown(digits), texts, screen.incomplete, ledger.count_to(digits))


async def send_text(network: Network, asked: Asked) -> Told:
    """The phone texts an ESME."""
    digits, new, exchange = _digits(asked), asked.body, network.exchange
    if digits is None:
        return _NO_NUMBER
    if exchange.ledger.full:
        return Refused("unavailable", "The network owes as much as it can remember; let an ESME bind and take it.")
    try:
        parts = exchange.text(address(_shown(digits)), address(new.to), new.text)
        exchange.commit()
    except (DoesNotFitError, TooManyPartsError) as fault:
        return Invalid((Fault("/text", str(fault)),))
    except OSError as fault:
        return Refused("unavailable", f"The journal cannot be written: {fault}.")
    network.smsc.deliver()
    return views.TextTaken(sender=_shown(digits), to=new.to, text=new.text, parts=parts)


async def list_submissions(network: Network, asked: Asked) -> Told:
    """submit_sm as they came, the latest first."""
    query, ledger = asked.query, network.exchange.ledger
    before = _before(query)
    found = ledger.newest_to(query.to.lstrip("+"), before) if query.to else ledger.newest(before)
    rows = list(islice(found, query.limit + 1))
    more = str(rows[query.limit - 1].id) if len(rows) > query.limit else None
    return views.SubmissionPage([_submission(row) for row in rows[: query.limit]], more)


async def show_stats(network: Network, asked: Asked) -> Told:
    """Counters since the start, and how things stand."""
    return msgspec.convert(network.stats(), views.NetworkStats)


async def show_faults(network: Network, asked: Asked) -> Told:
    """The trouble there is."""
    return _in_force(network.exchange.faults)


async def list_personalities(network: Network, asked: Asked) -> Told:
    """Which are in force, and which there are."""
    in_force = [_choice(system_id, spell) for system_id, spell in network.smsc.chosen.in_force()]
    return views.Personalities(in_force, [_personality(row) for row in PERSONALITIES.values()])


async def choose_personality(network: Network, asked: Asked) -> Told:
    """Show an ESME, or all, a personality from now on."""
    choice: views.ChosenPersonality = asked.body
    if choice.personality != GOOD and choice.personality not in PERSONALITIES:
        near = difflib.get_close_matches(choice.personality, (GOOD, *PERSONALITIES), 1)
        hint = f"did you mean {near[0]!r}?" if near else "see GET /v1/simulator/personalities"
        return Invalid((Fault("/personality", f"There is no personality {choice.personality!r}; {hint}"),))
    network.smsc.behave(choice.personality, choice.system_id)
    return _choice(choice.system_id, dict(network.smsc.chosen.in_force())[choice.system_id])


async def switch_faults(network: Network, asked: Asked) -> Told:
    """Begin or end a trouble."""
    try:
        await network.switch(asked.body)
    except OSError as fault:
        return Refused("unavailable", f"The port {network.port} cannot be opened again: {fault}.")
    return _in_force(asked.body)


ROWS: tuple[Row, ...] = (
    Row(
        method="GET",
        path="/v1/simulator/handsets",
        handle=list_handsets,
        name="listHandsets",
        summary="The simulated phones that were sent something, the latest first",
        scope="read",
        query=views.PageQuery,
        answer=views.HandsetPage,
        problems=("validation_failed",),
        answer_example=examples.HANDSETS,
    ),
    Row(
        method="GET",
        path="/v1/simulator/handsets/{number}",
        handle=show_handset,
        name="getHandset",
        summary="What one simulated phone shows",
        scope="read",
        answer=views.Handset,
        problems=("validation_failed",),
        answer_example=examples.HANDSET,
    ),
    Row(
        method="POST",
        path="/v1/simulator/handsets/{number}/messages",
        handle=send_text,
        name="textFromHandset",
        summary="A simulated phone texts us",
        detail="202 leaves once the text is in the journal of the network.",
        scope="send",
        body=views.NewText,
        answer=views.TextTaken,
        status=202,
        problems=("validation_failed", "unavailable"),
        example=examples.NEW_TEXT,
        answer_example=examples.TEXT_TAKEN,
    ),
    Row(
        method="GET",
        path="/v1/simulator/submissions",
        handle=list_submissions,
        name="listSubmissions",
        summary="Every submit_sm the network was sent, the latest first",
        scope="read",
        query=views.SubmissionQuery,
        answer=views.SubmissionPage,
        problems=("validation_failed",),
        answer_example=examples.SUBMISSIONS,
    ),
    Row(
        method="GET",
        path="/v1/simulator/stats",
        handle=show_stats,
        name="getNetworkStats",
        summary="Counters of the simulated network since its start, and how it stands",
        scope="read",
        answer=views.NetworkStats,
        problems=("validation_failed",),
        answer_example=examples.STATS,
    ),
    Row(
        method="GET",
        path="/v1/simulator/faults",
        handle=show_faults,
        name="getFaults",
        summary="The trouble of the simulated network",
        scope="read",
        answer=views.FaultInForce,
        problems=("validation_failed",),
        answer_example=examples.NO_FAULT,
    ),
    Row(
        method="GET",
        path="/v1/simulator/personalities",
        handle=list_personalities,
        name="listPersonalities",
        summary="Ways in which the simulated network can behave badly, and those in force",
        scope="read",
        answer=views.Personalities,
        problems=("validation_failed",),
        answer_example=examples.PERSONALITIES,
    ),
    Row(
        method="PUT",
        path="/v1/simulator/personalities",
        handle=choose_personality,
        name="choosePersonality",
        summary="Let the simulated network behave badly to an ESME, or to all, or well again",
        scope="admin",
        body=views.ChosenPersonality,
        answer=views.PersonalityInForce,
        problems=("validation_failed",),
        example=examples.CHOICE,
        answer_example=examples.CHOICE_IN_FORCE,
    ),
    Row(
        method="PUT",
        path="/v1/simulator/faults",
        handle=switch_faults,
        name="setFaults",
        summary="Begin or end a trouble of the simulated network",
        scope="admin",
        body=Faults,
        answer=views.FaultInForce,
        problems=("validation_failed", "unavailable"),
        example=examples.FAULTS,
        answer_example=examples.FAULT_IN_FORCE,
    ),
)


def _before(query: views.PageQuery) -> int | None:
    return None if query.cursor is None else int(query.cursor)


def _digits(asked: Asked) -> str | None:
    match = _NUMBER.fullmatch(asked.params["number"].strip())
    return match and match[1]


def _shown(digits: str) -> str:
    return address(digits).shown


def _in_force(faults: Faults) -> views.FaultInForce:
    return views.FaultInForce(faults.mode, faults.delay_ms, faults.after, MEANINGS[faults.mode])


def _personality(row: Personality) -> views.PersonalityRow:
    return views.PersonalityRow(
        name=row.name, meaning=row.meaning, esme=row.esme, ends=ENDS[row.ends], repeats=REPEATS[row.repeats],
        passes=row.passes,
    )  # fmt: skip


def _choice(system_id: str | None, spell: Spell | None) -> views.PersonalityInForce:
    if spell is None:
        return views.PersonalityInForce(
            personality=GOOD, system_id=system_id, meaning=MEANINGS[GOOD], acts=0, most_in_flight=0
        )
    return views.PersonalityInForce(
        personality=spell.personality.name, system_id=system_id, meaning=spell.personality.meaning, acts=spell.acts,
        most_in_flight=spell.most_in_flight,
    )  # fmt: skip


def _text(received: handsets.Received) -> views.HandsetText:
    return views.HandsetText(
        sender=received.sender, text=received.text, parts=received.parts, encoding=received.encoding,
        received_at=views.moment(received.received_at), message_ids=received.message_ids,
    )  # fmt: skip


def _submission(row: Submission) -> views.SubmissionView:
    concat = row.concat
    return views.SubmissionView(
        message_id=row.message_id if row.status == 0 else None,
        status=f"0x{row.status:08X}" if row.status >= 0 else None,
        to=_shown(row.to.digits), sender=row.source.shown, text=row.text,
        part=concat.part if concat else 1, parts=concat.parts if concat else 1, received_at=views.moment(row.at),
    )  # fmt: skip
