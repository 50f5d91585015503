"""`/metrics`: the figures of this process for Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

import tidings
from tidings.api.auth import authorize
from tidings.api.call import Call, Reply
from tidings.api.loopback import local
from tidings.core.health import EsmeState, Snapshot
from tidings.metrics import KIND, Labels, Metrics, counter, family, gauge, histogram, process


async def get(call: Call) -> Reply:
    """All figures; a key is asked of callers from elsewhere unless `metrics.open` is set."""
    settings = call.house.settings
    if not settings.metrics.open and not local(call.scope, call.headers, settings.host):
        authorize(call.house, call.headers.get(b"authorization"), "read", call.scope, operator=True)
    streams = call.house.streams.open if call.house.streams is not None else 0
    now = await call.house.snapshot()
    # Each process tells of the carriers that it holds: what is summed over all of them counts each once.
    ours = tuple([one for one in now.carriers if one.engine == (call.house.place or None)])
    lines = _lines(call.house.metrics, msgspec.structs.replace(now, carriers=ours), streams)
    return Reply(200, ("\n".join(lines) + "\n").encode(), KIND)


def _binds(now: Snapshot) -> Iterator[str]:
    """Per bind, so that an alarm can tell which."""
    paused = [((one.name,), int(one.state == "paused")) for one in now.carriers]
    yield from family("tidings_carrier_paused", "gauge", "1 while an operator has it paused.", ("carrier",), paused)
    binds = [(one.name, bind) for one in now.carriers for bind in one.binds]
    labels = ("carrier", "bind")
    up = [((name, bind.name), int(bind.bound)) for name, bind in binds]
    yield from family("tidings_bind_up", "gauge", "1 while it stands.", labels, up)
    flying = [((name, bind.name), bind.in_flight) for name, bind in binds]
    yield from family("tidings_bind_in_flight", "gauge", "Segments that wait for their answer.", labels, flying)
    pdus: dict[Labels, int] = {
        (name, bind.name, what): count
        for name, bind in binds
        for what, count in msgspec.structs.asdict(bind.traffic).items()
        if what != "drops"
    }
    yield from counter("tidings_bind_pdus_total", "What went over a bind.", (*labels, "what"), pdus)
    drops: dict[Labels, int] = {(name, bind.name): bind.traffic.drops for name, bind in binds}
    yield from counter("tidings_bind_drops_total", "How often it stood and fell.", labels, drops)


def _lines(counted: Metrics, now: Snapshot, streams: int) -> Iterator[str]:
    yield from family("tidings_build_info", "gauge", "Version.", ("version",), [((tidings.__version__,), 1)])
    yield from counter(
        "tidings_messages_total", "Messages that took a status.", ("status", "category"), counted.tally.totals
    )
    yield from histogram("tidings_accept_seconds", "From a call of accept to its commit, in seconds.", counted.accept)
    yield from gauge("tidings_commit_lag_seconds", "How long the oldest unwritten row waits.", now.commit_lag_ms / 1000)
    yield from gauge("tidings_queue_messages", "Messages that wait for a carrier.", now.queued)
    yield from gauge("tidings_in_flight_messages", "Messages handed over and not yet answered.", now.in_flight)
    binds = sorted((one.name, one.binds_up, one.binds_total) for one in now.carriers)
    up, total = [((name,), ups) for name, ups, _ in binds], [((name,), most) for name, _, most in binds]
    yield from family("tidings_carrier_binds_up", "gauge", "Binds ready to carry.", ("carrier",), up)
    yield from family("tidings_carrier_binds", "gauge", "Binds configured.", ("carrier",), total)
    yield from _binds(now)
    answers: dict[Labels, int] = {
        (one.name, kind): count for one in now.carriers for kind, count in one.answers.items()
    }
    yield from counter("tidings_carrier_answers_total", "Answers to segments.", ("carrier", "kind"), answers)
    yield from counter(
        "tidings_receipts_total", "Receipts by what they met at first.", ("outcome",), counted.receipts
    )  # fmt: skip
    yield from counter("tidings_webhook_calls_total", "Calls of webhooks.", ("outcome",), counted.webhooks)
    yield from counter("tidings_emails_total", "Attempts at e-mails of codes.", ("outcome",), counted.mails)
    yield from gauge("tidings_receipts_orphaned", "Receipts that match no message.", now.orphans)
    yield from counter("tidings_dropped_total", "Rows past their retention that were dropped.", ("what",), counted.past)
    yield from gauge(
        "tidings_retention_behind_seconds", "How long the oldest message is past its retention.", now.retention_behind_s
    )  # fmt: skip
    yield from counter("tidings_loop_faults_total", "Rounds of loops that failed.", ("loop",), counted.faults)
    asked = list(counted.requests.items())
    requests: dict[Labels, int] = {(method, path, str(status)): n for (method, path, status), n in asked}
    yield from counter(
        "tidings_http_requests_total", "HTTP requests answered.", ("method", "route", "status"), requests
    )
    door = list(counted.door.items())
    answered: dict[Labels, int] = {(command, f"0x{status:08X}"): n for (command, status), n in door}
    yield from counter(
        "tidings_door_requests_total", "Requests answered at the SMPP door.", ("command", "status"), answered
    )
    yield from gauge("tidings_door_binds", "Binds that stand at the SMPP door.", now.door.binds if now.door else 0)
    yield from counter(
        "tidings_esme_deliveries_total", "Attempts to hand receipts and texts to ESMEs.", ("outcome",),
        counted.deliveries,
    )  # fmt: skip
    for name, about, value in _ESMES:
        esmes = [((one.system_id,), value(one)) for one in now.esmes]
        yield from family(name, "gauge", about, ("system_id",), esmes)
    yield from gauge("tidings_streams", "Streams of events that are open.", streams)
    yield from process()


_ESMES: tuple[tuple[str, str, Callable[[EsmeState], float]], ...] = (
    ("tidings_esme_waiting", "Receipts and texts that an ESME has not taken.", lambda one: one.waiting),
    ("tidings_esme_oldest_seconds", "How long the oldest of them waits.", lambda one: one.oldest_s),
    ("tidings_esme_dead", "Receipts and texts for an ESME that were given up.", lambda one: one.dead),
)
