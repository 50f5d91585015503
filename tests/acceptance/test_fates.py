"""One message to every fate of the simulated network: it ends as the contract's table says, and its trace says why."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from processes import CARRIER, Site, until

LONG = "Three segments, and each of them has a fate of its own; the handset shows them as one text. " * 4
LATE_NUMBER = "+15553120005"


@dataclass(frozen=True)
class Fate:
    """How a message to a number ends."""

    digits: str
    status: str
    code: str | None = None
    """Of its error."""
    carrier_code: str | None = None
    decided_by: str = "carrier"
    refused: tuple[str, ...] = ()
    """Answers to its submit_sm, in order, before the last one."""
    receipts: int = 1
    shown: bool = True
    """Whether the handset has it."""


FATES = [
    Fate("0100", "delivered"),
    Fate("0001", "undelivered", "unknown", "UNDELIV 001", shown=False),
    Fate("0002", "expired", "expired", "EXPIRED 002", shown=False),
    Fate("0003", "failed", "invalid_destination", "0x0000000B", receipts=0, shown=False),
    Fate("0006", "delivered", receipts=2),
    Fate("0007", "delivered"),
    Fate("0008", "delivered", refused=("0x00000058",) * 3),
    Fate("0009", "delivered", refused=("0x00000014",) * 3),
    Fate("0012", "delivered"),
    Fate("0013", "undelivered", "canceled", "DELETED 013", shown=False),
    Fate("0014", "unknown", "unknown", "UNKNOWN 014", shown=False),
    Fate("0015", "delivered", refused=("0x00000008",)),
    Fate("0016", "delivered"),
]


@pytest.fixture(scope="module")
def site(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    delivery = {"receipt_wait": 0.5}
    with Site(tmp_path_factory.mktemp("fates"), delivery=delivery) as running:
        running.start()
        running.tidings.send(LATE_NUMBER, "late", client_ref="late")  # the last test looks after it
        yield running


def story_of(site: Site, message_id: str) -> dict[str, Any]:
    site.tidings.ended(message_id)
    return site.tidings.story(message_id)


@pytest.mark.parametrize("category", ["transactional", "marketing"])
@pytest.mark.parametrize("fate", FATES, ids=lambda fate: fate.digits)
def test_fate(site: Site, fate: Fate, category: str) -> None:
    to = f"+1555{'301' if category == 'marketing' else '302'}{fate.digits}"
    message_id = site.tidings.send(to, f"to {to}", category=category)
    story = story_of(site, message_id)
    message = story["message"]
    assert (message["status"], message["carrier"]) == (fate.status, CARRIER), story
    error = message["error"] or {}
    assert (error.get("code"), error.get("carrier_code")) == (fate.code, fate.carrier_code), story
    assert error.get("decided_by", "carrier") == fate.decided_by, story
    rows = site.simulator.submissions(to)
    last = "0x0000000B" if fate.digits == "0003" else "0x00000000"
    assert [row["status"] for row in rows] == [*fate.refused, last], rows
    assert [bool(a["carrier_code"]) for a in story["attempts"]] == [row["status"] != "0x00000000" for row in rows]
    assert [m["text"] for m in site.simulator.shows(to)] == ([f"to {to}"] if fate.shown else [])
    until(lambda: len(site.tidings.story(message_id)["receipts"]) == fate.receipts, "its receipts are in the trace")
    assert site.tidings.message(message_id) == message, "nothing changes any more"


@pytest.mark.parametrize(
    ("digits", "status", "delivered"),
    [("0100", "delivered", 3), ("0001", "undelivered", 0), ("0003", "failed", 0), ("0012", "delivered", 3),
     ("0008", "delivered", 3), ("0015", "delivered", 3), ("0006", "delivered", 3), ("0007", "delivered", 3),
     ("0016", "delivered", 3)],
)  # fmt: skip
def test_fate_of_a_long_text(site: Site, digits: str, status: str, delivered: int) -> None:
    to = f"+1555303{digits}"
    story = story_of(site, site.tidings.send(to, LONG))
    assert (story["message"]["status"], story["message"]["segments"]) == (status, 3), story
    taken = Counter(row["part"] for row in site.simulator.submissions(to) if row["status"] == "0x00000000")
    assert taken == ({} if status == "failed" else {1: 1, 2: 1, 3: 1}), "each segment is taken once"
    assert [m["text"] for m in site.simulator.shows(to)] == ([LONG] if delivered else [])
    assert len([r for r in story["receipts"] if r["status"] == "delivered"]) >= delivered


def test_no_receipt_ever(site: Site) -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=1.5)).isoformat()
    message_id = site.tidings.send("+15553040004", expires_at=soon)
    until(lambda: site.tidings.message(message_id)["status"] == "sent", "it is sent")
    message = site.tidings.ended(message_id)
    assert (message["status"], message["error"]["code"]) == ("unknown", "no_receipt")
    assert len(site.simulator.submissions("+15553040004")) == 1


@pytest.mark.parametrize(
    ("handset", "text", "segments"),
    [("+15553050016", "Is it open on Sunday?", 1), ("+15553060016", LONG, 3), ("+15553070016", "Ναι, στις 8 🙂", 1)],
    ids=["short", "long", "ucs2"],
)
def test_the_handset_answers_with_the_text_it_got(site: Site, handset: str, text: str, segments: int) -> None:
    site.tidings.send(handset, text, **{"from": "+15553050199"})
    received = until(lambda: site.tidings.messages(from_=handset), "the answer comes")
    assert len(received) == 1
    answer = received[0]
    assert (answer["direction"], answer["status"]) == ("mo", "received")
    assert (answer["from"], answer["to"], answer["text"]) == (handset, "+15553050199", text)
    assert answer["segments"] == segments
    events = site.tidings.client.list_message_events(answer["id"])["data"]
    assert [event["type"] for event in events] == ["message.received"]


@pytest.mark.parametrize(
    ("category", "submits"), [("transactional", 2), ("otp", 2), ("conversation", 2), ("marketing", 1)]
)
def test_no_response_at_all(tmp_path: Path, category: str, submits: int) -> None:
    with Site(tmp_path, carrier={"response_timeout": 0.5}) as own:
        own.start()
        story = story_of(own, own.tidings.send("+15553060010", category=category))
        assert (story["message"]["status"], story["message"]["error"]["code"]) == ("unknown", "outcome_lost"), story
        assert [attempt["outcome"] for attempt in story["attempts"]] == ["in_doubt"] * submits, story
        assert len(own.simulator.submissions()) == submits
        assert not own.tidings.degraded(), "one message without an answer is no reason to give up a link"


@pytest.mark.parametrize(
    ("category", "submits", "status"),
    [
        ("transactional", 2, "delivered"),
        ("otp", 2, "delivered"),
        ("conversation", 2, "delivered"),
        ("marketing", 1, "unknown"),
    ],
)
def test_the_link_drops_before_the_response(tmp_path: Path, category: str, submits: int, status: str) -> None:
    with Site(tmp_path) as own:
        own.start()
        story = story_of(own, own.tidings.send("+15553070011", category=category))
        assert story["message"]["status"] == status, story
        outcomes = [attempt["outcome"] for attempt in story["attempts"]]
        assert outcomes == ["in_doubt", "sent"][:submits], story
        assert [row["status"] for row in own.simulator.submissions()] == [None, "0x00000000"][:submits]
        if status == "unknown":
            assert story["message"]["error"]["code"] == "outcome_lost"
        own.linked()


def test_a_receipt_half_a_minute_late(site: Site) -> None:
    late = site.tidings.messages(client_ref="late")[0]
    if late["status"] != "delivered":
        assert late["status"] == "sent", late
        assert late["error"] is None
    message = site.tidings.ended(late["id"], 40)
    assert message["status"] == "delivered"
    moments = [datetime.fromisoformat(message[name]) for name in ("sent_at", "finished_at")]
    assert 29 <= (moments[1] - moments[0]).total_seconds() <= 36
    assert time.time() > moments[1].timestamp() - 1
