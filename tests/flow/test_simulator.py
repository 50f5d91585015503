"""The simulated network as an ESME and an HTTP caller meet it: real sockets, real PDUs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from starlette.types import Message

from kit import ask
from tidings.app import network_site
from tidings.drivers.smpp_link import SmppLink, connect
from tidings.simulator import chosen
from tidings.simulator.network import Network, NetworkSettings
from tidings.simulator.personalities import PERSONALITIES
from tidings.simulator.routes import ROWS
from tidings.smpp import pdus, receipt
from tidings.smpp.session import Answered, Bound, Ended, Event, Refused, Role, Timing, Unanswered
from tidings.smpp.tlvs import read, write
from tidings.text import segments

pytestmark = [pytest.mark.slow, pytest.mark.one_engine("the network's own journal: no store is asked")]


class Watch:
    """A clock that can be put forward."""

    ahead = 0

    def now(self) -> int:
        return int(time.time() * 1000) + self.ahead

    def monotonic(self) -> float:
        return time.monotonic()

    def random(self) -> float:
        return 0.5

    def token(self, octets: int) -> bytes:
        return b"x" * octets


class Esme:
    """Binds, submits, notes everything in order, and answers deliveries with `answer_with`."""

    def __init__(self, bind: pdus.Bind) -> None:
        self.bind = bind
        self.answer_with: int | None = 0
        self.log: list[str] = []
        self.responses: dict[Any, pdus.SubmitSmResp] = {}
        self.answers: list[Any] = []
        self.lost: list[Any] = []
        self.delivered: list[pdus.DeliverSm] = []
        self.other: list[Event] = []
        self.gone = False

    def opened(self, link: SmppLink) -> None:
        link.bind(self.bind)

    def received(self, link: SmppLink, events: list[Event]) -> None:
        for event in events:
            match event:
                case Answered(token, response):
                    self.answers.append(response)
                    self.responses[token] = response  # type: ignore[assignment]
                    self.log.append("response")
                case Unanswered(token):
                    self.lost.append(token)
                case pdus.DeliverSm():
                    self.delivered.append(event)
                    self.log.append("delivery")
                    if self.answer_with is not None:
                        link.answer(event, self.answer_with)
                case _:
                    self.other.append(event)

    def closed(self, link: SmppLink, reason: str) -> None:
        self.gone = True

    @property
    def receipts(self) -> list[receipt.Report]:
        return [receipt.parse(d.short_message, d.tlvs) for d in self.delivered if d.esm_class & pdus.ESM_RECEIPT]

    @property
    def texts(self) -> list[pdus.DeliverSm]:
        return [d for d in self.delivered if not d.esm_class & pdus.ESM_RECEIPT]

    @property
    def statuses(self) -> list[int]:
        return [r.command_status for r in self.responses.values()]


async def until(met: Callable[[], object], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not met():  # noqa: ASYNC110 - what is awaited has no event
            await asyncio.sleep(0.005)


@asynccontextmanager
async def esme(
    network: Network,
    kind: int = pdus.BIND_TRANSCEIVER,
    *,
    system_id: str = "esme",
    password: str = "",
    timing: Timing | None = None,
    bound: bool = True,
) -> AsyncIterator[tuple[Esme, SmppLink]]:
    handler = Esme(pdus.Bind(kind, system_id, password))
    link = await connect("127.0.0.1", network.port, lambda: SmppLink(Role.ESME, timing or Timing(window=1000), handler))
    if bound:
        await until(lambda: any(isinstance(e, Bound) for e in handler.other))
    try:
        yield handler, link
    finally:
        link.abort("The test is over.")
        await link.wait_closed()


@asynccontextmanager
async def running(clock: Watch | None = None, **settings: Any) -> AsyncIterator[Network]:
    network = Network(NetworkSettings(**settings), clock or Watch())
    await network.start()
    try:
        yield network
    finally:
        await network.stop(0.2)


def submit(to: str, text: str | bytes = "Hello", *, sender: str = "Shop", **more: Any) -> pdus.SubmitSm:
    return pdus.SubmitSm(
        source_addr_ton=5,
        source_addr=sender,
        dest_addr_ton=1,
        dest_addr_npi=1,
        destination_addr=to,
        registered_delivery=1,
        short_message=text.encode() if isinstance(text, str) else text,
        **more,
    )


def parts_of(to: str, text: str, reference: int = 9) -> list[pdus.SubmitSm]:
    cut = segments.split(text, reference=reference)
    coding = 8 if cut.encoding == "ucs2" else 0
    return [submit(to, s.udh + s.payload, esm_class=0x40 if s.udh else 0, data_coding=coding) for s in cut.segments]


async def call(
    network: Network, method: str, path: str, body: Any = None, *, raw: bytes | None = None
) -> tuple[int, dict[str, Any]]:
    """One request to the HTTP side, without a server between."""
    path, _, query = path.partition("?")
    sent: list[Message] = []
    octets = raw if raw is not None else (msgspec.json.encode(body) if body is not None else b"")
    scope = {
        "type": "http",
        "method": method,
        "path": f"/v1/simulator{path}",
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [],
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": octets, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await network_site(network)(scope, receive, send)
    if sent[0]["status"] >= 400:
        assert (b"content-type", b"application/problem+json") in sent[0]["headers"]
    return sent[0]["status"], msgspec.json.decode(sent[1]["body"])


async def shown(network: Network, number: str) -> list[str]:
    return [m["text"] for m in (await call(network, "GET", f"/handsets/{number}"))[1]["messages"]]


# Fates, as far as they show on the wire: statuses of the responses to as many submits, words of the receipts.
FATES = [
    ("12025550100", [0], ["DELIVRD"]),
    ("12025550001", [0], ["UNDELIV"]),
    ("12025550002", [0], ["EXPIRED"]),
    ("12025550003", [0x0B], []),
    ("12025550004", [0], []),
    ("12025550006", [0], ["DELIVRD", "DELIVRD"]),
    ("12025550007", [0], ["DELIVRD"]),
    ("12025550008", [0x58, 0x58, 0x58, 0], ["DELIVRD"]),
    ("12025550009", [0x14, 0x14, 0x14, 0], ["DELIVRD"]),
    ("12025550012", [0], ["DELIVRD"]),
    ("12025550013", [0], ["DELETED"]),
    ("12025550014", [0], ["UNKNOWN"]),
    ("12025550015", [0x08, 0], ["DELIVRD"]),
]


@pytest.mark.parametrize(("number", "statuses", "words"), FATES)
async def test_fates_on_the_wire(number: str, statuses: list[int], words: list[str]) -> None:
    async with running() as network, esme(network) as (end, link):
        for n in range(len(statuses)):
            link.request(submit(number), n)
            await until(lambda n=n: n in end.responses)
        await until(lambda: len(end.receipts) == len(words))
        assert end.statuses == statuses
        assert [r.state for r in end.receipts] == words
        ids = {end.responses[len(statuses) - 1].message_id}
        if number.endswith("0012"):
            ids = {str(int(ids.pop(), 16))}
        assert {r.message_id for r in end.receipts} <= ids
        reached = statuses[-1] == 0 and set(words) <= {"DELIVRD"}
        assert await shown(network, number) == (["Hello"] if reached else [])
        _, handset = await call(network, "GET", f"/handsets/{number}")
        assert handset["submissions"] == len(statuses)


async def test_0005_the_receipt_is_30_s_late() -> None:
    clock = Watch()
    async with running(clock) as network, esme(network) as (end, link):
        link.request(submit("12025550005"), 1)
        await until(lambda: end.responses)
        assert await shown(network, "12025550005") == ["Hello"]
        clock.ahead = 29_000
        network.smsc.deliver()
        await asyncio.sleep(0.05)
        assert end.receipts == []
        clock.ahead = 30_000
        network.smsc.deliver()
        await until(lambda: end.receipts)


async def test_0007_the_receipt_comes_before_the_response() -> None:
    async with running() as network, esme(network) as (end, link):
        link.request(submit("12025550007"), 1)
        await until(lambda: len(end.log) == 2)
        assert end.log == ["delivery", "response"]


async def test_0010_no_response_at_all() -> None:
    async with running() as network, esme(network, timing=Timing(response_timeout=0.2)) as (end, link):
        link.request(submit("12025550010"), "never")
        link.request(submit("12025550100"), "fine")
        await until(lambda: end.lost == ["never"])
        assert list(end.responses) == ["fine"]
        assert await shown(network, "12025550010") == []


async def test_0011_the_link_drops_once_and_only_this_message_is_unanswered() -> None:
    async with running() as network:
        async with esme(network) as (end, link):
            link.request(submit("12025550100", "before"), "before")
            link.request(submit("12025550011"), "dropped")
            await until(lambda: end.gone)
            assert list(end.responses) == ["before"]
            assert end.lost == ["dropped"]
        async with esme(network) as (end, link):
            link.request(submit("12025550011"), "again")
            await until(lambda: end.responses)
            assert end.statuses == [0]
            assert await shown(network, "12025550011") == ["Hello"]
            await until(lambda: len(end.receipts) == 2)  # that of "before" was still owed


async def test_0016_the_handset_answers_with_the_text_it_got() -> None:
    text = "я" * 100
    async with running() as network, esme(network) as (end, link):
        for n, part in enumerate(parts_of("12025550016", text)):
            link.request(part, n)
        await until(lambda: len(end.texts) == 2)
        assert [t.source_addr for t in end.texts] == ["12025550016"] * 2
        assert [t.destination_addr for t in end.texts] == ["Shop"] * 2
        assert b"".join(t.short_message[6:] for t in end.texts).decode("utf-16-be") == text
        assert [t.data_coding for t in end.texts] == [8, 8]


@pytest.mark.parametrize("text", ["Hello", "a" * 400, "{€}" * 100, "Привет 😀 " * 40])
async def test_a_long_text_is_one_message_on_the_phone(text: str) -> None:
    async with running() as network, esme(network) as (end, link):
        parts = parts_of("12025550100", text)
        for n, part in enumerate(parts):
            link.request(part, n)
        await until(lambda: len(end.receipts) == len(parts))
        status, handset = await call(network, "GET", "/handsets/+12025550100")
        assert (status, handset["number"]) == (200, "+12025550100")
        assert [(m["from"], m["text"], m["parts"]) for m in handset["messages"]] == [("Shop", text, len(parts))]
        assert handset["submissions"] == len(parts)


async def test_sar_and_message_payload_are_understood() -> None:
    async with running() as network, esme(network) as (end, link):
        for number, words in enumerate((b"Hel", b"lo"), 1):
            sar = ((pdus.SAR_MSG_REF_NUM, b"\1\2"), (pdus.SAR_TOTAL_SEGMENTS, b"\2"))
            tlvs = (*sar, (pdus.SAR_SEGMENT_SEQNUM, bytes((number,))))
            link.request(submit("12025550100", words, tlvs=tlvs), number)
        link.request(submit("12025550101", b"", tlvs=((pdus.MESSAGE_PAYLOAD, b"x" * 300),)), 3)
        await until(lambda: len(end.receipts) == 3)
        assert await shown(network, "12025550100") == ["Hello"]
        assert await shown(network, "12025550101") == ["x" * 300]


async def test_too_much_user_data_is_refused() -> None:
    async with running() as network, esme(network) as (end, link):
        link.request(submit("12025550100", b"", tlvs=((pdus.MESSAGE_PAYLOAD, b"x" * 40_001),)), 1)
        link.request(submit(""), 2)
        await until(lambda: len(end.responses) == 2)
        assert end.statuses == [0x01, 0x0B]


async def test_an_esme_that_takes_no_receipts_is_slowed_down(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running() as network, esme(network, pdus.BIND_TRANSMITTER) as (end, link):
        monkeypatch.setattr(network.exchange.ledger, "_most_owed", 2)
        for n in range(3):
            link.request(submit("12025550100"), n)
        await until(lambda: len(end.responses) == 3)
        assert end.statuses == [0, 0, 0x14]
        status, _ = await call(network, "POST", "/handsets/1202/messages", {"to": "12345", "text": "x"})
        assert status == 503


async def test_receipts_go_to_the_receiver_of_the_same_system_id() -> None:
    async with (
        running() as network,
        esme(network, pdus.BIND_RECEIVER, system_id="other") as (other, _),
        esme(network, pdus.BIND_TRANSMITTER) as (sender, link),
    ):
        link.request(submit("12025550100"), 1)
        await until(lambda: sender.responses)
        assert network.stats()["receipts_owed"] == 1
        async with esme(network, pdus.BIND_RECEIVER) as (receiver, _):
            await until(lambda: receiver.receipts)
        assert sender.delivered == other.delivered == []
        await until(lambda: network.stats()["receipts_owed"] == 0)


async def test_a_delivery_comes_again_until_it_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tidings.simulator.exchange.REPEAT_AFTER", 50)
    async with running() as network:
        async with esme(network) as (end, link):
            end.answer_with = 0x64
            link.request(submit("12025550100"), 1)
            await until(lambda: len(end.receipts) == 3)  # refused, so it comes again
            end.answer_with = None
            await until(lambda: len(end.receipts) >= 4)  # not answered: the link is lost with it in flight
        async with esme(network) as (end, link):
            await until(lambda: end.receipts)
            await until(lambda: network.stats()["receipts_owed"] == 0)
            assert len(end.receipts) == 1


@pytest.mark.parametrize(
    ("asked", "given", "admitted"),
    [
        ((None, None), ("any", "any"), True),
        (("me", "secret"), ("me", "secret"), True),
        (("me", "secret"), ("me", "wrong"), False),
        (("me", "secret"), ("you", "secret"), False),
    ],
)
@pytest.mark.parametrize("kind", [pdus.BIND_TRANSCEIVER, pdus.BIND_TRANSMITTER, pdus.BIND_RECEIVER])
async def test_who_may_bind(asked: tuple[Any, Any], given: tuple[str, str], admitted: bool, kind: int) -> None:
    async with (
        running(system_id=asked[0], password=asked[1]) as network,
        esme(network, kind, system_id=given[0], password=given[1], bound=False) as (end, _),
    ):
        await until(lambda: end.other)
        if admitted:
            assert isinstance(end.other[0], Bound)
        else:
            assert end.other[0] == Refused(0x0E)
            await until(lambda: end.gone)


@pytest.mark.parametrize(
    ("number", "state"), [("12025550100", 2), ("12025550001", 5), ("12025550004", 1), ("12025550005", 1)]
)
async def test_query_sm(number: str, state: int) -> None:
    async with running() as network, esme(network) as (end, link):
        link.request(submit(number), 1)
        await until(lambda: end.responses)
        link.request(pdus.QuerySm(end.responses[1].message_id), 2)
        link.request(pdus.QuerySm("abcdef"), 3)
        link.request(pdus.QuerySm("not hexadecimal"), 4)
        link.request(pdus.CancelSm(message_id=end.responses[1].message_id), 5)
        await until(lambda: len(end.responses) == 5)
        assert end.responses[2].message_state == state  # type: ignore[attr-defined]
        assert end.statuses[2:] == [0x67, 0x67, 0x11]


async def test_a_handset_texts_us() -> None:
    text = "Да! " * 50
    async with running() as network, esme(network) as (end, _):
        status, answer = await call(
            network, "POST", "/handsets/12025550123/messages", {"to": "+12025550199", "text": text}
        )
        parts = segments.count(text)[1]
        assert (status, answer["parts"], answer["from"]) == (202, parts, "+12025550123")
        await until(lambda: len(end.texts) == parts)
        first = end.texts[0]
        assert (first.source_addr, first.source_addr_ton, first.destination_addr) == ("12025550123", 1, "12025550199")
        assert b"".join(t.short_message[6:] for t in end.texts).decode("utf-16-be") == text
        await until(lambda: network.stats()["texts_owed"] == 0)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "what"),
    [
        ("POST", "/handsets/1202/messages", b"{", 400, "malformed_json"),
        ("POST", "/handsets/1202/messages", b"[" * 5000, 400, "malformed_json"),
        ("POST", "/handsets/1202/messages", b"{}", 422, "to"),
        ("POST", "/handsets/1202/messages", b'{"to":"12345","text":""}', 422, "/text"),
        ("POST", "/handsets/1202/messages", b'{"to":"a-b","text":"x"}', 422, "/to"),
        ("POST", "/handsets/1202/messages", b'{"to":"12345","text":"x","more":1}', 422, "more"),
        (
            "POST",
            "/handsets/1202/messages",
            b'{"to":"12345","text":"' + b"x" * 11_000_000 + b'"}',
            413,
            "body_too_large",
        ),
        ("POST", "/handsets/1202/messages", b'{"to":"12345","text":"' + b"x" * 39_999 + b'"}', 422, "255"),
        ("POST", "/handsets/shop/messages", b'{"to":"12345","text":"x"}', 404, "not_found"),
        ("GET", "/handsets/shop", b"", 404, "not_found"),
        ("GET", "/nothing", b"", 404, "not_found"),
        ("DELETE", "/handsets", b"", 405, "method_not_allowed"),
        ("GET", "/submissions?limit=0", b"", 422, "?limit"),
        ("GET", "/submissions?limit=10001", b"", 422, "?limit"),
        ("GET", "/submissions?cursor=x", b"", 422, "?cursor"),
        ("GET", "/submissions?limit=1&limit=2", b"", 422, "more than once"),
        ("GET", "/submissions?to=shop", b"", 422, "?to"),
        ("GET", "/submissions?form=1202", b"", 422, "known: limit, cursor, to"),
        ("GET", "/handsets/1202?limit=1", b"", 422, "?limit"),
        ("GET", "/stats?x=1", b"", 422, "?x"),
        ("PUT", "/faults?x=1", b"{}", 422, "?x"),
        ("GET", "/handsets?limit=-1", b"", 422, "?limit"),
        ("PUT", "/faults", b'{"mode":"odd"}', 422, "/mode"),
        ("PUT", "/faults", b'{"mode":"slow","delay_ms":-1}', 422, "/delay_ms"),
        ("PUT", "/faults", b'{"mode":"none","x":1}', 422, "x"),
    ],
)
async def test_requests_that_cannot_be_used(method: str, path: str, body: bytes, status: int, what: str) -> None:
    async with running() as network:
        got, problem = await call(network, method, path, raw=body)
        assert got == problem["status"] == status
        assert what in str(problem)


async def test_every_fault_is_named() -> None:
    async with running() as network:
        _, problem = await call(network, "POST", "/handsets/1202/messages", {"to": "a-b", "text": "", "more": 1})
        assert {fault["pointer"] for fault in problem["errors"]} == {"/to", "/text", "/more"}
        _, problem = await call(network, "GET", "/submissions?limit=0&cursor=0&x=1")
        assert {fault["pointer"] for fault in problem["errors"]} == {"?limit", "?cursor", "?x"}


async def test_it_describes_itself() -> None:
    async with running() as network:
        app, told = network_site(network), []
        for path in ("/openapi.json", "/docs"):
            told.append(await ask(app, "GET", path, key=None))
        assert set(told[0].json()["paths"]) == {row.path for row in ROWS}
        assert "security" not in told[0].body.decode()
        assert "admin.key" not in told[1].body.decode()


async def test_lists_page_newest_first() -> None:
    async with running() as network, esme(network) as (end, link):
        for n in range(5):
            link.request(submit(f"1202555010{n % 3}", f"text {n}"), n)
        await until(lambda: len(end.responses) == 5)
        rows, cursor = [], ""
        while True:
            _, page = await call(network, "GET", f"/submissions?limit=2{cursor}")
            rows += page["data"]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        assert [r["text"] for r in rows] == [f"text {n}" for n in (4, 3, 2, 1, 0)]
        assert rows[0]["message_id"] == end.responses[4].message_id
        assert (rows[0]["from"], rows[0]["to"], rows[0]["status"]) == ("Shop", "+12025550101", "0x00000000")
        _, page = await call(network, "GET", "/submissions?to=12025550100&limit=1")
        assert [r["text"] for r in page["data"]] == ["text 3"]
        _, page = await call(network, "GET", f"/submissions?to=12025550100&cursor={page['next_cursor']}")
        assert ([r["text"] for r in page["data"]], page["next_cursor"]) == (["text 0"], None)
        _, page = await call(network, "GET", "/handsets?limit=2")
        assert [(r["number"], r["submissions"]) for r in page["data"]] == [("+12025550101", 2), ("+12025550100", 2)]
        _, page = await call(network, "GET", f"/handsets?cursor={page['next_cursor']}")
        assert [r["number"] for r in page["data"]] == ["+12025550102"]


async def test_stats() -> None:
    async with running() as network, esme(network) as (end, link):
        for n, number in enumerate(("12025550100", "12025550003", "12025550010")):
            link.request(submit(number), n)
        await until(lambda: len(end.receipts) == 1 and len(end.responses) == 2)
        await until(lambda: network.stats()["receipts_sent"] == 1)
        _, stats = await call(network, "GET", "/stats")
        assert {k: stats[k] for k in ("submit_sm", "accepted", "refused", "unanswered")} == {
            "submit_sm": 3,
            "accepted": 1,
            "refused": 1,
            "unanswered": 1,
        }
        assert (stats["links"], stats["bound"], stats["receipts_owed"]) == (1, 1, 0)


# Faults


async def switch(network: Network, **faults: Any) -> None:
    status, answer = await call(network, "PUT", "/faults", faults)
    assert (status, answer["mode"]) == (200, faults["mode"])
    assert (await call(network, "GET", "/faults"))[1] == answer


async def works(network: Network) -> bool:
    async with esme(network) as (end, link):
        link.request(submit("12025550100"), 1)
        await until(lambda: end.responses and end.receipts)
        return end.statuses == [0]


async def test_down_cuts_links_and_refuses_connections() -> None:
    async with running() as network:
        async with esme(network) as (end, _):
            await switch(network, mode="down")
            await until(lambda: end.gone)
        with pytest.raises(OSError, match=r"[Cc]onnect"):
            async with esme(network):
                pass
        await switch(network, mode="none")
        assert await works(network)


async def test_slow_delays_each_response() -> None:
    async with running() as network, esme(network) as (end, link):
        await switch(network, mode="slow", delay_ms=150)
        began = time.monotonic()
        for n in range(20):
            link.request(submit("12025550100"), n)
        await until(lambda: len(end.responses) == 20)
        assert 0.15 <= time.monotonic() - began < 2.5


async def test_throttle_refuses_every_submit() -> None:
    async with running() as network, esme(network) as (end, link):
        await switch(network, mode="throttle")
        for n in range(3):
            link.request(submit("12025550100"), n)
        await until(lambda: len(end.responses) == 3)
        assert end.statuses == [0x58] * 3
        await switch(network, mode="none")
        link.request(submit("12025550100"), 4)
        await until(lambda: end.statuses[-1] == 0)


async def test_hang_answers_nothing_until_it_ends() -> None:
    async with running() as network, esme(network) as (end, link):
        await switch(network, mode="hang")
        link.request(submit("12025550100"), 1)
        async with esme(network, bound=False) as (late, _):
            await asyncio.sleep(0.15)
            assert (end.responses, late.other, end.gone) == ({}, [], False)
            await switch(network, mode="none")
            await until(lambda: end.responses and late.other)
            assert isinstance(late.other[0], Bound)


async def test_drop_cuts_a_link_after_n_submits() -> None:
    async with running() as network:
        await switch(network, mode="drop", after=3)
        for _ in range(2):
            async with esme(network) as (end, link):
                for n in range(5):
                    link.request(submit("12025550100", f"text {n}"), n)
                await until(lambda end=end: end.gone)
                assert (list(end.responses), end.lost) == ([0, 1], [2, 3, 4])


async def test_nonsense_is_no_pdu() -> None:
    async with running() as network, esme(network) as (end, link):
        await switch(network, mode="nonsense")
        link.request(submit("12025550100"), 1)
        await until(lambda: end.gone)
        assert any(isinstance(e, Ended) and e.fault for e in end.other)
        assert end.lost == [1]
        async with esme(network, bound=False) as (late, _):
            await until(lambda: late.gone)
        await switch(network, mode="none")
        assert await works(network)


async def test_refuse_bind() -> None:
    async with running() as network, esme(network) as (end, link):
        await switch(network, mode="refuse_bind")
        async with esme(network, bound=False) as (late, _):
            await until(lambda: late.other)
            assert late.other[0] == Refused(0x0E)
        link.request(submit("12025550100"), 1)
        await until(lambda: end.statuses == [0])


# Restarts

# Choosing


async def choose(network: Network, personality: str, system_id: str | None = None) -> dict[str, Any]:
    status, answer = await call(network, "PUT", "/personalities", {"personality": personality, "system_id": system_id})
    assert (status, answer["personality"], answer["system_id"]) == (200, personality, system_id)
    return answer


async def first_status(network: Network, system_id: str) -> int:
    """What the first text of an ESME is answered."""
    async with esme(network, system_id=system_id) as (end, link):
        link.request(submit("12025550100"), 1)
        await until(lambda: end.responses)
        return end.statuses[0]


async def test_a_personality_is_shown_to_whom_it_was_chosen_for() -> None:
    async with running() as network:
        await choose(network, "vendor_error", "north")
        assert [await first_status(network, name) for name in ("north", "south")] == [0x400, 0]
        await choose(network, "unheard_of_status")
        assert await first_status(network, "south") == 0xFFFFFFFF
        await choose(network, "none", "south")
        assert await first_status(network, "south") == 0, "chosen for it, whatever is for all"
        _, told = await call(network, "GET", "/personalities")
        assert [(one["system_id"], one["personality"], one["acts"]) for one in told["in_force"]] == [
            (None, "unheard_of_status", 1),
            ("north", "vendor_error", 1),
            ("south", "none", 0),
        ]
        assert {row["name"] for row in told["data"]} == set(PERSONALITIES)


async def test_a_system_id_asks_for_its_personality_by_name() -> None:
    async with running(system_id="north", password="s") as network:
        async with esme(network, system_id="north+vendor_error", password="s") as (end, link):
            link.request(submit("12025550100"), 1)
            await until(lambda: end.responses)
            assert end.statuses == [0x400]
            await choose(network, "none", "north+vendor_error")
            link.request(submit("12025550101"), 2)
            await until(lambda: len(end.responses) == 2 and end.receipts)
            assert end.statuses == [0x400, 0], "the link stands, and the network is good again"
        async with esme(network, system_id="north+nothing_of_the_kind", password="s", bound=False) as (end, _):
            await until(lambda: end.gone)
            assert any(isinstance(event, Refused) for event in end.other)


async def test_what_is_for_one_shows_at_its_bind_even_about_the_connection() -> None:
    async with running() as network:
        await choose(network, "closes_at_accept", "north")
        async with esme(network, system_id="north", bound=False) as (end, _):
            await until(lambda: end.gone)
        assert await first_status(network, "south") == 0


@pytest.mark.parametrize(
    ("body", "pointer", "what"),
    [
        ({"personality": "half_pdus"}, "/personality", "did you mean 'half_pdu'?"),
        ({"personality": "?"}, "/personality", "GET /v1/simulator/personalities"),
        ({"personality": "none", "system_id": ""}, "/system_id", "length"),
        ({"personality": "none", "for": "x"}, "/for", "unknown"),
        ({}, "/personality", "required"),
    ],
)
async def test_choices_that_cannot_be_used(body: dict[str, Any], pointer: str, what: str) -> None:
    async with running() as network:
        status, problem = await call(network, "PUT", "/personalities", body)
        assert (status, problem["errors"][0]["pointer"]) == (422, pointer)
        assert what in problem["errors"][0]["detail"].lower() or what in problem["errors"][0]["detail"]


async def test_choices_for_single_esmes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chosen, "MOST_CHOSEN", 2)
    async with running() as network:
        for name in ("a", "b", "c"):
            await choose(network, "vendor_error", name)
        assert [system_id for system_id, _ in network.smsc.chosen.in_force()] == [None, "b", "c"]


async def test_a_restart_goes_on_where_it_was(tmp_path: Path) -> None:
    async with running(folder=tmp_path) as network:
        async with esme(network, pdus.BIND_TRANSMITTER) as (end, link):
            for n, number in enumerate(("12025550100", "12025550006", "12025550100")):
                link.request(submit(number, f"text {n}"), n)
            await until(lambda: len(end.responses) == 3)
            ids = [r.message_id for r in end.responses.values()]
        await call(network, "POST", "/handsets/12025550123/messages", {"to": "12345", "text": "я" * 100})
    async with running(folder=tmp_path) as network:
        assert network.stats()["receipts_owed"] == 4
        assert network.stats()["texts_owed"] == 2
        assert await shown(network, "12025550100") == ["text 0", "text 2"]
        async with esme(network) as (end, link):
            await until(lambda: len(end.delivered) == 6)
            assert [r.message_id for r in end.receipts] == [ids[0], ids[1], ids[1], ids[2]]
            link.request(submit("12025550100"), "new")
            await until(lambda: "new" in end.responses)
            assert end.responses["new"].message_id not in ids
            await until(lambda: network.stats()["receipts_owed"] == network.stats()["texts_owed"] == 0)
    async with running(folder=tmp_path) as network, esme(network) as (end, link):
        await asyncio.sleep(0.05)
        assert end.delivered == [], "what was answered is not owed"


async def test_ids_never_come_twice_even_if_nothing_is_kept() -> None:
    ids = []
    for _ in range(2):
        async with running() as network, esme(network) as (end, link):
            link.request(submit("12025550100"), 1)
            await until(lambda end=end: end.responses)
            ids.append(end.responses[1].message_id)
            await asyncio.sleep(0.005)
    assert len(set(ids)) == 2


async def test_a_journal_that_cannot_be_written_leaves_the_submit_unanswered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(folder=tmp_path) as network:
        async with esme(network) as (end, link):

            def full() -> None:
                raise OSError(28, "No space left on device")

            monkeypatch.setattr(network.exchange, "commit", full)
            link.request(submit("12025550100"), 1)
            await until(lambda: end.gone)
            assert (end.responses, end.lost) == ({}, [1])
        monkeypatch.undo()
        assert await works(network)


async def test_a_record_that_is_not_understood_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with running(folder=tmp_path) as network, esme(network, pdus.BIND_TRANSMITTER) as (end, link):
        link.request(submit("12025550100"), 1)
        await until(lambda: end.responses)
    with (tmp_path / "simulator.journal").open("ab") as journal:
        journal.write(b'5 ["z"]\n2 {}\n')
    async with running(folder=tmp_path) as network:
        assert network.stats()["receipts_owed"] == 1
        assert await works(network)
    assert len([r for r in caplog.records if "not understood" in r.message]) == 2


async def test_the_file_is_tidied_while_it_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(folder=tmp_path) as network:
        monkeypatch.setattr(network.exchange._journal, "_tidy_at", 2_000)
        monkeypatch.setattr(network.exchange._journal, "_most", 2_000)
        network.exchange.ledger._keep = 5
        for n in range(60):
            async with asyncio.timeout(5):
                await call(network, "POST", f"/handsets/1202{n:04}/messages", {"to": "12345", "text": f"text {n}"})
        async with esme(network) as (end, link):
            await until(lambda: network.stats()["texts_owed"] == 0)
            for n in range(60):
                link.request(submit("12025550100", f"text {n}"), n)
                await until(lambda n=n: n in end.responses)
            await until(lambda: network.stats()["receipts_owed"] == 0)
        assert (tmp_path / "simulator.journal").stat().st_size < 4_500
    async with running(folder=tmp_path) as network:
        texts = await shown(network, "12025550100")
        assert len(texts) >= 5, "what is remembered, and what came since the file was last tidied"
        assert texts == [f"text {n}" for n in range(60)][-len(texts) :]
        assert network.stats()["receipts_owed"] == network.stats()["texts_owed"] == 0


def multi(*numbers: str) -> pdus.SubmitMulti:
    return pdus.SubmitMulti(
        source_addr_ton=5,
        source_addr="Shop",
        dest_address=tuple(pdus.SmeAddress(1, 1, number) for number in numbers),
        registered_delivery=1,
        short_message=b"Hello",
    )


async def test_submit_multi_is_a_text_and_a_receipt_for_each_and_one_id_for_all() -> None:
    async with running() as network, esme(network) as (end, link):
        link.request(multi("15551230100", "15551230003", "15551230001"), "all")
        await until(lambda: len(end.receipts) == 2)
        response: Any = end.responses["all"]
        assert (response.command_status, [one.destination_addr for one in response.unsuccess_sme]) == (
            0, ["15551230003"],
        )  # fmt: skip
        told = sorted((d.source_addr, r.message_id, r.state) for d, r in zip(end.delivered, end.receipts, strict=True))
        assert told == [
            ("15551230001", response.message_id, "UNDELIV"), ("15551230100", response.message_id, "DELIVRD"),
        ]  # fmt: skip
        assert [one.text for one in network.exchange.ledger.newest_to("15551230100")] == ["Hello"]
        link.request(pdus.QuerySm(response.message_id), "state")
        await until(lambda: "state" in end.responses)
        assert end.responses["state"].message_state == 2  # type: ignore[attr-defined]


MANY: list[tuple[str, pdus.SubmitMulti, int]] = [
    ("all of them refused", multi("15551230003", "15551240003"), 0x45),
    ("a distribution list", pdus.SubmitMulti(dest_address=(pdus.DistributionList("all"),), short_message=b"x"), 0x34),
]


@pytest.mark.parametrize(("asked", "status"), [one[1:] for one in MANY], ids=[one[0] for one in MANY])
async def test_a_submit_multi_of_which_nothing_is_taken(asked: pdus.SubmitMulti, status: int) -> None:
    async with running() as network, esme(network) as (end, link):
        link.request(asked, 1)
        await until(lambda: 1 in end.responses)
        assert end.responses[1].command_status == status


async def test_a_submit_multi_to_a_number_that_is_never_answered_is_not() -> None:
    async with running() as network, esme(network, timing=Timing(window=9, response_timeout=0.3)) as (end, link):
        link.request(multi("15551230100", "15551230010"), 1)
        await until(lambda: end.lost == [1])
        await until(lambda: len(end.receipts) == 1)


async def test_a_broadcast_is_taken_told_of_and_canceled() -> None:
    areas = (write("broadcast_area_identifier", b"\0here"), write("broadcast_area_identifier", b"\0there"))
    needed = (
        write("broadcast_content_type", b"\0\0\1"), write("broadcast_rep_num", 1),
        write("broadcast_frequency_interval", b"\x08\0\1"),
    )  # fmt: skip
    async with running() as network:
        handler = Esme(pdus.Bind(pdus.BIND_TRANSCEIVER, "esme", interface_version=0x50))
        link = await connect("127.0.0.1", network.port, lambda: SmppLink(Role.ESME, Timing(window=9), handler))
        await until(lambda: any(isinstance(event, Bound) for event in handler.other))

        async def ask(pdu: Any) -> Any:
            link.request(pdu, len(handler.answers))
            before = len(handler.answers)
            await until(lambda: len(handler.answers) > before)
            return handler.answers[-1]

        assert (await ask(pdus.BroadcastSm(tlvs=areas))).command_status == 0xC3
        taken = await ask(pdus.BroadcastSm(tlvs=(*areas, *needed)))
        assert (taken.command_status, bool(taken.message_id)) == (0, True)
        for state, reached in ((2, 100), (4, 0)):
            told = await ask(pdus.QueryBroadcastSm(taken.message_id))
            assert read(told.tlvs, "message_state") == state
            assert [one for one in told.tlvs if one[0] == areas[0][0]] == list(areas)
            assert read(told.tlvs, "broadcast_area_success") == reached
            assert (await ask(pdus.CancelBroadcastSm(message_id=taken.message_id))).command_status == 0
        assert (await ask(pdus.QueryBroadcastSm("other"))).command_status == 0x10E
        assert (await ask(pdus.CancelBroadcastSm(message_id="other"))).command_status == 0x10F
        link.abort("The test is over.")
        await link.wait_closed()
