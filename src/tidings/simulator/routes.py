"""The simulator's HTTP side: handsets, submissions, counters and the switch of faults."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from itertools import islice
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tidings.core.request import Fault
from tidings.simulator import handsets
from tidings.simulator.faults import MEANINGS, Faults
from tidings.simulator.ledger import address
from tidings.simulator.network import Network
from tidings.simulator.records import Submission
from tidings.simulator.replies import ProblemError, body, moment, number_of, problem, reply
from tidings.text.segments import DoesNotFitError, TooManyPartsError

PREFIX = "/v1/simulator"
MOST_ROWS = 10_000
_ANY_ID = 10**18 - 1
_NUMBER = re.compile(r"\+?([0-9]{1,20})")

Endpoint = Callable[[Network, Request], Awaitable[Response]]


class NewText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a handset sends."""

    to: Annotated[str, Meta(pattern=r"^(\+?[0-9]{1,20}|[A-Za-z0-9 ]{1,11})$(?!\n)")]
    text: Annotated[str, Meta(min_length=1, max_length=40_000)]


def routes(network: Network) -> list[Route]:
    """The routes of a network, with absolute paths."""
    table: list[tuple[str, str, Endpoint]] = [
        ("GET", "/handsets", list_handsets),
        ("GET", "/handsets/{number}", show_handset),
        ("POST", "/handsets/{number}/messages", send_text),
        ("GET", "/submissions", list_submissions),
        ("GET", "/stats", show_stats),
        ("GET", "/faults", show_faults),
        ("PUT", "/faults", switch_faults),
    ]
    return [
        Route(PREFIX + path, _bound(endpoint, network), methods=[method], name=endpoint.__name__)
        for method, path, endpoint in table
    ]


def _bound(endpoint: Endpoint, network: Network) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return await endpoint(network, request)
        except ProblemError as fault:
            return problem(fault)

    return answer


async def list_handsets(network: Network, request: Request) -> Response:
    """Numbers that were sent something, the latest first."""
    limit = number_of(request, "limit", 100, MOST_ROWS) or 100
    rows = list(islice(network.exchange.ledger.numbers(number_of(request, "cursor", None, _ANY_ID)), limit + 1))
    data = [
        {"number": _shown(digits), "submissions": network.exchange.ledger.count_to(digits)}
        for digits, _ in rows[:limit]
    ]
    return reply({"data": data, "next_cursor": str(rows[limit - 1][1]) if len(rows) > limit else None})


async def show_handset(network: Network, request: Request) -> Response:
    """What one phone shows, in the order it came."""
    digits = _digits(request.path_params["number"])
    ledger = network.exchange.ledger
    seen = list(islice(ledger.newest_to(digits), handsets.SHOWN_SUBMISSIONS))
    screen = handsets.screen(reversed(seen))
    return reply(
        {
            "number": _shown(digits),
            "messages": [_message(received) for received in screen.messages],
            "incomplete": screen.incomplete,
            "submissions": ledger.count_to(digits),
        }
    )


async def send_text(network: Network, request: Request) -> Response:
    """The phone texts an ESME."""
    digits = _digits(request.path_params["number"])
    new = await body(request, NewText)
    exchange = network.exchange
    if exchange.ledger.full:
        raise ProblemError("unavailable", "The network owes as much as it can remember; let an ESME bind and take it.")
    try:
        parts = exchange.text(address(_shown(digits)), address(new.to), new.text)
        exchange.commit()
    except (DoesNotFitError, TooManyPartsError) as fault:
        raise ProblemError("validation_failed", errors=[Fault("/text", str(fault))]) from None
    except OSError as fault:
        raise ProblemError("unavailable", f"The journal cannot be written: {fault}.") from None
    network.smsc.deliver()
    return reply({"from": _shown(digits), "to": new.to, "text": new.text, "parts": parts}, 202)


async def list_submissions(network: Network, request: Request) -> Response:
    """submit_sm as they came, the latest first."""
    limit = number_of(request, "limit", 100, MOST_ROWS) or 100
    before = number_of(request, "cursor", None, _ANY_ID)
    to = request.query_params.get("to")
    ledger = network.exchange.ledger
    found = ledger.newest_to(_digits(to), before) if to else ledger.newest(before)
    rows = list(islice(found, limit + 1))
    return reply(
        {
            "data": [_submission(row) for row in rows[:limit]],
            "next_cursor": str(rows[limit - 1].id) if len(rows) > limit else None,
        }
    )


async def show_stats(network: Network, request: Request) -> Response:
    """Counters since the start, and how things stand."""
    return reply(network.stats())


async def show_faults(network: Network, request: Request) -> Response:
    """The trouble there is."""
    return reply(_faults(network.exchange.faults))


async def switch_faults(network: Network, request: Request) -> Response:
    """Begin or end a trouble."""
    faults = await body(request, Faults)
    try:
        await network.switch(faults)
    except OSError as fault:
        raise ProblemError("unavailable", f"The port {network.port} cannot be opened again: {fault}.") from None
    return reply(_faults(faults))


def _digits(number: str) -> str:
    match = _NUMBER.fullmatch(number.strip())
    if match is None:
        raise ProblemError("not_found", "A handset has a number: digits, with or without a plus sign.")
    return match[1]


def _shown(digits: str) -> str:
    return address(digits).shown


def _faults(faults: Faults) -> dict[str, Any]:
    return {**msgspec.structs.asdict(faults), "meaning": MEANINGS[faults.mode]}


def _message(received: handsets.Received) -> dict[str, Any]:
    return {
        "from": received.sender,
        "text": received.text,
        "parts": received.parts,
        "encoding": received.encoding,
        "received_at": moment(received.received_at),
        "message_ids": received.message_ids,
    }


def _submission(row: Submission) -> dict[str, Any]:
    concat = row.concat
    return {
        "message_id": row.message_id if row.status == 0 else None,
        "status": f"0x{row.status:08X}" if row.status >= 0 else None,
        "to": _shown(row.to.digits),
        "from": row.source.shown,
        "text": row.text,
        "part": concat.part if concat else 1,
        "parts": concat.parts if concat else 1,
        "received_at": moment(row.at),
    }
