"""Our ESME against an SMSC end of ours, over real sockets: what the carrier tells when things go well and ill."""

from __future__ import annotations

import asyncio
import itertools
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from smpp_kit import PATIENCE, Clock, house, part, settings
from tidings.carriers import smpp as carrier_room
from tidings.carriers.smpp import SmppCarrier
from tidings.config import ConfigError
from tidings.core.ports import Down, Inbound, Receipt, SendError, Sent, Up
from tidings.drivers import smpp_link
from tidings.drivers.smpp_link import Listener, SmppLink, connect, listen
from tidings.smpp import codec, pdus, receipt
from tidings.smpp.codec import encode
from tidings.smpp.session import Answered, Bound, Ended, Event, Role, State, Timing, Unanswered

pytestmark = [pytest.mark.slow, pytest.mark.one_engine("links alone: no store is asked")]


class Smsc:
    """An SMSC whose manners are set by the test."""

    def __init__(self) -> None:
        self.links: list[SmppLink] = []
        self.heard: list[Event] = []
        self.binds = 0
        self.bind_status = 0
        self.on_submit: Callable[[SmppLink, pdus.SubmitSm], None] = self.take
        self.news = asyncio.Event()

    def take(self, link: SmppLink, pdu: pdus.SubmitSm) -> None:
        link.answer(pdu, 0, f"id-{pdu.destination_addr}")

    def opened(self, link: SmppLink) -> None:
        self.links.append(link)

    def closed(self, link: SmppLink, reason: str) -> None:
        self.links.remove(link)
        self.news.set()

    def received(self, link: SmppLink, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, pdus.Bind):
                self.binds += 1
                link.answer_bind(event, self.bind_status, "SMSC")
            elif isinstance(event, pdus.SubmitSm):
                self.heard.append(event)
                self.on_submit(link, event)
            else:
                self.heard.append(event)
        self.news.set()

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not true():
                self.news.clear()
                await self.news.wait()


@asynccontextmanager
async def smsc_end(smsc: Smsc, timing: Timing | None = None, **options: Any) -> AsyncIterator[Listener]:
    listener = await listen("127.0.0.1", 0, lambda: SmppLink(Role.SMSC, timing or Timing(window=1000), smsc), **options)
    try:
        yield listener
    finally:
        await listener.close(0.5)


@pytest.fixture
def smsc() -> Smsc:
    return Smsc()


# When all goes well.


async def test_parts_are_answered_in_batches_and_the_stop_is_an_unbind(smsc: Smsc) -> None:
    async with smsc_end(smsc) as listener:
        async with house(listener.port, window=200) as one:
            assert one.carrier.room() == {}
            assert await one.until(Up) == [Up("north/1")]
            assert one.carrier.room() == {"north/1": 200}
            one.carrier.send([part(number) for number in range(150)])
            assert one.carrier.room() == {"north/1": 50}
            sents = await one.until(Sent, 150)
            assert sents[3] == Sent(3, "id-4915112000003", "north/1")
            assert one.carrier.room() == {"north/1": 200}
            assert max(one.batches) > 10, "events come in the batches of the reads"
        assert [event for event in smsc.heard if isinstance(event, Ended)] == [Ended("The other end unbound.", False)]
        assert one.told[-1] == Down("north/1", "Unbound.", False)
        assert smsc.heard[0].short_message == b"Hello"


async def test_receipts_and_texts_wait_for_acknowledge(smsc: Smsc) -> None:
    text = receipt.write("a1", "DELIVRD", submitted_ms=0, done_ms=0)
    async with smsc_end(smsc) as listener, house(listener.port) as one:
        await one.until(Up)
        (link,) = smsc.links
        sender = {"source_addr_ton": 1, "source_addr": "4915112345678"}
        assert link.request(pdus.DeliverSm(**sender, esm_class=4, short_message=text), "receipt")
        assert link.request(pdus.DeliverSm(**sender, data_coding=8, short_message=b"\0J\0a"), "text")
        assert link.request(pdus.DataSm(**sender, esm_class=4, tlvs=((0x0424, text),)), "data")
        (first, second), (inbound,) = await one.until(Receipt, 2), await one.until(Inbound)
        assert (first.carrier_id, first.status, first.sender) == ("a1", "delivered", "+4915112345678")
        assert (inbound.text, inbound.sender, inbound.bind) == ("Ja", "+4915112345678", "north/1")
        assert inbound.session.startswith("north/1#")
        assert not [event for event in smsc.heard if isinstance(event, Answered)], "nothing is stored yet"
        one.carrier.acknowledge([first.token, second.token], True)
        one.carrier.acknowledge([inbound.token], False)
        await smsc.until(lambda: len(smsc.heard) == 3)
        answers = {event.token: event.response for event in smsc.heard if isinstance(event, Answered)}
        assert {token: response.command_status for token, response in answers.items()} == {
            "receipt": 0,
            "text": 0x64,
            "data": 0,
        }
        assert isinstance(answers["data"], pdus.DataSmResp)


async def test_sessions_of_a_bind_have_different_names(smsc: Smsc) -> None:
    async with smsc_end(smsc) as listener, house(listener.port) as one:
        for count in (1, 2):
            await one.until(Up, count)
            smsc.links[0].request(pdus.DeliverSm(short_message=b"YES"), count)
            await one.until(Inbound, count)
            smsc.links[0].abort("test")
        first, second = one.of(Inbound)
        assert first.session != second.session
        one.carrier.acknowledge([first.token], True)  # its link is gone: nothing happens


async def test_several_binds(smsc: Smsc) -> None:
    async with smsc_end(smsc) as listener, house(listener.port, binds=3) as one:
        await one.until(Up, 3)
        assert one.carrier.room() == {"north/1": 50, "north/2": 50, "north/3": 50}
        one.carrier.send([part(number, f"north/{number}") for number in (1, 2, 3)])
        assert {event.bind for event in await one.until(Sent, 3)} == {"north/1", "north/2", "north/3"}
        assert len(smsc.links) == 3


async def test_transmitter_and_receiver_are_one_bind(smsc: Smsc) -> None:
    async with smsc_end(smsc) as listener, house(listener.port, bind="transmitter+receiver") as one:
        await one.until(Up)
        transmitter, receiver = smsc.links
        assert (transmitter.session.state, receiver.session.state) == (State.BOUND_TX, State.BOUND_RX)
        one.carrier.send([part(1)])
        await one.until(Sent)
        assert not transmitter.request(pdus.DeliverSm(), "no")
        assert receiver.request(pdus.DeliverSm(short_message=b"YES"), "yes")
        (inbound,) = await one.until(Inbound)
        one.carrier.acknowledge([inbound.token], True)
        await smsc.until(lambda: any(isinstance(event, Answered) for event in smsc.heard))
        assert one.of(Up) == [Up("north/1")]


async def test_when_the_receiver_drops_the_transmitter_first_gets_its_answers(smsc: Smsc) -> None:
    waiting: list[tuple[SmppLink, pdus.SubmitSm]] = []
    smsc.on_submit = lambda link, pdu: waiting.append((link, pdu))
    changes = {"bind": "transmitter+receiver", "response_timeout": 5.0}
    async with smsc_end(smsc) as listener, house(listener.port, **changes) as one:
        await one.until(Up)
        one.carrier.send([part(1)])
        await smsc.until(lambda: bool(waiting))
        smsc.links[1].abort("test")
        await smsc.until(lambda: len(smsc.links) == 1)
        await asyncio.sleep(0.05)
        assert one.carrier.room() == {}
        (link, pdu), *_ = waiting
        link.answer(pdu, 0, "a1")
        await one.until(Down)
        assert [type(event) for event in one.told] == [Up, Sent, Down]
        await one.until(Up, 2)


# When it does not.


async def test_a_drop_tells_what_is_in_doubt_before_the_bind_is_down(smsc: Smsc) -> None:
    def drop_at_third(link: SmppLink, pdu: pdus.SubmitSm) -> None:
        if pdu.destination_addr.endswith("3"):
            link.abort("test")
        elif pdu.destination_addr.endswith("1"):
            smsc.take(link, pdu)

    smsc.on_submit = drop_at_third
    async with smsc_end(smsc) as listener, house(listener.port, response_timeout=5.0) as one:
        await one.until(Up)
        one.carrier.send([part(number) for number in (2, 3, 4)])
        (down,) = await one.until(Down)
        errors = one.of(SendError)
        assert [(error.attempt_id, error.kind, error.code) for error in errors] == [
            (number, "in_doubt", "outcome_lost") for number in (2, 3, 4)
        ]
        assert one.told.index(down) > one.told.index(errors[-1])
        assert not down.permanent
        one.carrier.send([part(5)])
        assert (await one.until(SendError, 4))[3].kind == "not_written"
        await one.until(Up, 2)
        one.carrier.send([part(1)])
        await one.until(Sent)


async def test_a_timeout_is_in_doubt_and_a_late_response_is_told(smsc: Smsc) -> None:
    kept: list[tuple[SmppLink, pdus.SubmitSm]] = []
    smsc.on_submit = lambda link, pdu: kept.append((link, pdu))
    async with smsc_end(smsc) as listener, house(listener.port, window=2) as one:
        await one.until(Up)
        one.carrier.send([part(1), part(2), part(3)])
        full, first, second = await one.until(SendError, 3)
        assert (full.attempt_id, full.kind) == (3, "not_written")
        assert [(error.attempt_id, error.kind) for error in (first, second)] == [(1, "in_doubt"), (2, "in_doubt")]
        async with asyncio.timeout(PATIENCE):  # until it has answered the enquire_link that the silence brought on
            while one.carrier.room() != {"north/1": 2}:  # noqa: ASYNC110 - what is awaited has no event
                await asyncio.sleep(0.01)
        kept[0][0].answer(kept[0][1], 0, "late-1")
        kept[1][0].answer(kept[1][1], 0x0B)  # a late refusal changes nothing
        smsc.on_submit = smsc.take
        one.carrier.send([part(4)])
        assert await one.until(Sent, 2) == [Sent(1, "late-1", "north/1"), Sent(4, "id-4915112000004", "north/1")]
        assert len(one.of(SendError)) == 3
        assert not one.of(Down)


async def test_a_link_that_dies_in_the_moment_of_a_timeout_is_given_up(smsc: Smsc) -> None:
    """The end of the session is told first, and after it the requests that timed out with it."""
    async with smsc_end(smsc) as listener, house(listener.port, response_timeout=60.0) as one:
        await one.until(Up)
        link = one.carrier._binds._in_place["north/1"]._transmitter
        assert link is not None
        now = asyncio.get_running_loop().time()
        assert link.session.tick(now + 31) == []  # asks for a sign of life
        one.carrier.send([part(1)])
        events = link.session.tick(now + 200)
        assert [type(event) for event in events] == [Ended, Unanswered]
        link._deliver(events)
        assert [(e.attempt_id, e.kind) for e in await one.until(SendError)] == [(1, "in_doubt")]
        assert "enquire_link" in (await one.until(Down))[0].reason
        await one.until(Up, 2)


async def test_statuses_by_class_and_profile(smsc: Smsc) -> None:
    smsc.on_submit = lambda link, pdu: link.answer(pdu, int(pdu.destination_addr[-3:]))
    wanted = [(0x58, "throttled"), (0x45, "permanent"), (0x0B, "permanent"), (0x08, "temporary"), (0x14, "throttled")]
    profile = {"status_errors": {"0x45": "permanent"}}
    async with smsc_end(smsc) as listener, house(listener.port, profile=profile) as one:
        await one.until(Up)
        one.carrier.send([part(status) for status, _ in wanted])
        errors = await one.until(SendError, len(wanted))
        assert [(error.attempt_id, error.kind) for error in errors] == wanted
        assert errors[0].carrier_code == "0x00000058"


async def test_a_part_that_cannot_be_expressed_fails_alone(smsc: Smsc) -> None:
    async with smsc_end(smsc) as listener, house(listener.port) as one:
        await one.until(Up)
        one.carrier.send([part(1, sender="Привет"), part(2), part(3, bind="north/9")])
        await one.until(Sent)
        assert [(error.attempt_id, error.kind) for error in one.of(SendError)] == [(1, "permanent"), (3, "not_written")]


@pytest.mark.parametrize("status", [0x0D, 0x0E, 0x0F])
async def test_refused_credentials_are_permanent_and_asked_again_slowly(smsc: Smsc, status: int) -> None:
    smsc.bind_status = status
    async with smsc_end(smsc) as listener, house(listener.port) as one:
        (down,) = await one.until(Down)
        assert down.permanent
        assert f"0x000000{status:02X}" in down.reason
        assert "secret" not in down.reason
        await asyncio.sleep(0.8)
        assert smsc.binds == 1
    assert one.of(Up) == []


async def test_another_refusal_is_tried_again(smsc: Smsc) -> None:
    smsc.bind_status = 0x05
    async with smsc_end(smsc) as listener, house(listener.port) as one:
        (down,) = await one.until(Down)
        assert not down.permanent
        smsc.bind_status = 0
        await one.until(Up)


async def test_nobody_listens_then_somebody_does(smsc: Smsc) -> None:
    async with smsc_end(smsc) as listener:
        port = listener.port
    async with house(port) as one:
        (down,) = await one.until(Down)
        assert "Cannot connect" in down.reason
        assert f"127.0.0.1:{port}" in down.reason
        late = await listen("127.0.0.1", port, lambda: SmppLink(Role.SMSC, Timing(), smsc))
        await one.until(Up)
        assert len(one.of(Down)) == 1, "the same reason is told once"
        await late.close(0.5)


async def test_a_dead_link_is_found_and_replaced(smsc: Smsc) -> None:
    """The SMSC stands and says nothing: enquire_link finds out."""
    silent: set[asyncio.StreamWriter] = set()

    async def bind_and_be_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        silent.add(writer)
        head = await reader.readexactly(16)
        await reader.readexactly(int.from_bytes(head[:4], "big") - 16)
        writer.write(encode(pdus.BindResp(sequence_number=int.from_bytes(head[12:], "big"))))
        await reader.read()
        writer.close()

    server = await asyncio.start_server(bind_and_be_silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with house(port, enquire_link=0.1, response_timeout=0.2) as one:
        (down,) = await one.until(Down)
        assert "enquire_link" in down.reason
        await one.until(Up, 2)
    server.close()


GARBAGE = [
    ("a web server", b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    ("command_length 8", b"\0\0\0\x08" * 4),
    ("zeros", bytes(1000)),
    ("a bind_resp to nothing", encode(pdus.BindResp(sequence_number=99)) + b"\xff" * 64),
    ("nothing, closed at once", b""),
]


@pytest.mark.parametrize(("sentence", "garbage"), GARBAGE, ids=[case[0] for case in GARBAGE])
async def test_garbage_closes_the_session_and_is_not_spun_on(sentence: str, garbage: bytes) -> None:
    connections = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        writer.write(garbage)
        await writer.drain()
        if not garbage:
            writer.close()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with house(server.sockets[0].getsockname()[1], response_timeout=0.2) as one:
        await one.until(Down)
        await asyncio.sleep(1.0)
        assert 1 <= connections <= 4
        assert one.of(Up) == []
    server.close()


async def test_a_bind_that_never_stands_is_asked_ever_slower(smsc: Smsc) -> None:
    """The SMSC takes the bind and drops the link at once, every time."""
    times: list[float] = []

    class Dropping(Smsc):
        def received(self, link: SmppLink, events: list[Event]) -> None:
            super().received(link, events)
            times.append(time.monotonic())
            asyncio.get_running_loop().call_later(0.01, link.abort, "test")

    async with smsc_end(Dropping()) as listener, house(listener.port) as one:
        await one.until(Down, 3)
        one_pause, next_pause = times[1] - times[0], times[2] - times[1]
        assert 0.2 < one_pause < 1
        assert next_pause > 1.5 * one_pause


async def test_octets_one_by_one_in_both_directions(smsc: Smsc) -> None:
    async def dribble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(4096):
                for octet in data:
                    writer.write(bytes((octet,)))
                    await asyncio.sleep(0)
        finally:
            writer.close()

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", listener.port)
        await asyncio.gather(dribble(reader, far_writer), dribble(far_reader, writer))

    async with smsc_end(smsc) as listener:
        between = await asyncio.start_server(proxy, "127.0.0.1", 0)
        async with house(between.sockets[0].getsockname()[1], response_timeout=5.0) as one:
            await one.until(Up)
            one.carrier.send([part(number) for number in range(5)])
            await one.until(Sent, 5)
            smsc.links[0].request(pdus.DeliverSm(short_message=b"YES"), "yes")
            await one.until(Inbound)
        between.close()


async def test_the_first_deliver_sm_may_come_with_the_bind_resp(smsc: Smsc) -> None:
    class Eager(Smsc):
        def received(self, link: SmppLink, events: list[Event]) -> None:
            super().received(link, events)
            if isinstance(events[0], pdus.Bind):
                assert link.request(pdus.DeliverSm(short_message=b"YES"), "first")

    async with smsc_end(Eager()) as listener, house(listener.port) as one:
        await one.until(Inbound)
        assert [type(event) for event in one.told] == [Up, Inbound]


async def test_many_events_unread_stop_the_reading(smsc: Smsc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carrier_room, "EVENTS_MOST", 100)
    wanted = 20_000
    told = itertools.count()

    def deliver(link: SmppLink) -> None:
        while link.request(pdus.DeliverSm(short_message=b"x" * 140), next(told)):
            pass

    patient = Timing(window=wanted, response_timeout=60)
    impatient = {"response_timeout": 0.1, "enquire_link": 0.1}
    async with smsc_end(smsc, patient) as listener, house(listener.port, **impatient) as one:
        await one.until(Up)
        one.acknowledging = True
        one.taking.clear()
        deliver(smsc.links[0])
        await one.until(Inbound)
        await asyncio.sleep(0.6)
        assert len(one.carrier._events) < 2_000, "no more than one read beyond the limit"
        assert not one.of(Down), "a paused link is not a dead one"
        one.taking.set()
        await one.until(Inbound, wanted)
        assert not one.of(Down)


async def test_stop_waits_for_answers(smsc: Smsc) -> None:
    loop = asyncio.get_running_loop()
    smsc.on_submit = lambda link, pdu: void(loop.call_later(0.1, link.answer, pdu, 0, "slow"))
    async with smsc_end(smsc) as listener:
        async with house(listener.port, response_timeout=5.0) as one:
            await one.until(Up)
            one.carrier.send([part(1)])
            await smsc.until(lambda: bool(smsc.heard))
        assert [type(event) for event in one.told] == [Up, Sent, Down]


async def test_stop_does_not_wait_for_ever(smsc: Smsc) -> None:
    smsc.on_submit = lambda link, pdu: None
    async with smsc_end(smsc) as listener:
        async with house(listener.port, response_timeout=60.0) as one:
            await one.until(Up)
            one.carrier.send([part(1)])
            await smsc.until(lambda: bool(smsc.heard))
            began = time.monotonic()
        assert time.monotonic() - began < 3
        assert [type(event) for event in one.told] == [Up, SendError, Down]


# TLS.


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    paths = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run([*command.split(), *names, *paths], check=True, capture_output=True)
    return folder


def server_context(folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


async def test_tls(smsc: Smsc, certificate: Path) -> None:
    async with smsc_end(smsc, tls=server_context(certificate)) as listener:
        async with house(listener.port, tls=True, tls_ca=str(certificate / "cert.pem")) as one:
            await one.until(Up)
            one.carrier.send([part(number) for number in range(50)])
            await one.until(Sent, 50)
        async with house(listener.port, tls=True) as stranger:
            (down,) = await stranger.until(Down)
            assert "certificate" in down.reason.lower()
        async with house(listener.port, tls=True, tls_verify=False) as careless:
            await careless.until(Up)
        async with house(listener.port, response_timeout=5.0) as plain:
            await plain.until(Down)
        assert not listener.links


def test_a_ca_file_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match=r"tls_ca '/nowhere\.pem'"):
        SmppCarrier(settings(1, tls=True, tls_ca="/nowhere.pem"), Clock(), asyncio.TaskGroup())


@pytest.mark.parametrize("changes", [{"bind": "both"}, {"password": "a\0b"}, {"profile": {"x": 1}}])
def test_settings_that_cannot_be_used_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="Carrier 'north'"):
        SmppCarrier(settings(1, **changes), Clock(), asyncio.TaskGroup())


# The link alone.


class Esme:
    """Collects what comes."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.reason = ""
        self.bound = asyncio.Event()

    def opened(self, link: SmppLink) -> None:
        link.bind(pdus.Bind())

    def received(self, link: SmppLink, events: list[Event]) -> None:
        self.events += events
        if link.session.bound:
            self.bound.set()

    def closed(self, link: SmppLink, reason: str) -> None:
        self.reason = reason


async def test_one_write_a_turn(smsc: Smsc, monkeypatch: pytest.MonkeyPatch) -> None:
    esme = Esme()
    async with smsc_end(smsc) as listener:
        link = await connect("127.0.0.1", listener.port, lambda: SmppLink(Role.ESME, Timing(), esme))
        await smsc.until(lambda: smsc.binds == 1)
        await esme.bound.wait()
        transport = link._transport
        assert transport is not None
        written: list[bytes] = []
        link._transport = msgspec.defstruct("Wire", ["write"])(written.append)
        for number in range(40):
            assert link.request(pdus.SubmitSm(), number)
        await asyncio.sleep(0)
        assert len(written) == 1
        link._transport = transport
        link.abort("test")
        await link.wait_closed()
    assert [type(event) for event in esme.events] == [Bound] + [Unanswered] * 40


async def test_who_does_not_bind_is_dropped(smsc: Smsc) -> None:
    async with smsc_end(smsc, Timing(login_timeout=0.1)) as listener:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        async with asyncio.timeout(PATIENCE):
            assert await reader.read() == b""
        writer.close()
        assert not listener.links


async def test_command_length_8_gets_a_nack_and_the_door(smsc: Smsc) -> None:
    async with smsc_end(smsc) as listener:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        writer.write(b"\0\0\0\x08\0\0\0\x04")
        async with asyncio.timeout(PATIENCE):
            assert codec.decode(await reader.read()) == pdus.GenericNack((), 0, 0x02)
        writer.close()


async def test_too_many_connections_are_turned_away(smsc: Smsc) -> None:
    async with smsc_end(smsc, max_links=1) as listener:
        _, first = await asyncio.open_connection("127.0.0.1", listener.port)
        await asyncio.sleep(0.05)
        reader, second = await asyncio.open_connection("127.0.0.1", listener.port)
        async with asyncio.timeout(PATIENCE):
            assert await reader.read() == b""
        assert len(listener.links) == 1
        first.close()
        second.close()


async def test_who_does_not_read_is_not_fed_and_then_dropped(smsc: Smsc) -> None:
    """The other end asks and never reads the answers: they do not pile up here."""
    timing = Timing(enquire_link=0.2, response_timeout=0.2, login_pdus=1_000_000)
    async with smsc_end(smsc, timing) as listener:
        _, writer = await asyncio.open_connection("127.0.0.1", listener.port, limit=1024)
        transport: Any = writer.transport
        transport.pause_reading()
        writer.write(encode(pdus.Bind(sequence_number=1)))
        question = encode(pdus.EnquireLink(sequence_number=2)) * 4096

        async def watch(link: SmppLink) -> int:
            """The most octets that waited in this process to be written."""
            most = 0
            while (wire := link._transport) is not None:
                most = max(most, wire.get_write_buffer_size() + sum(map(len, link.session._out)))
                await asyncio.sleep(0.005)
            return most

        async def ask() -> None:
            with suppress(ConnectionError):  # as it ends: we are dropped
                while True:
                    writer.write(question)
                    await writer.drain()

        async with asyncio.TaskGroup() as tasks:
            asker = tasks.create_task(ask())
            await smsc.until(lambda: bool(smsc.links))
            (link,) = smsc.links
            watcher = tasks.create_task(watch(link))
            await smsc.until(lambda: not smsc.links)
            assert link._reason == "The other end stopped reading: the link is dead."
            assert 0 < await watcher < 16 * smpp_link.READ_BUFFER
            asker.cancel()
        transport.abort()


async def test_a_handler_that_breaks_loses_its_link_and_nothing_else(
    smsc: Smsc, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Esme):
        def received(self, link: SmppLink, events: list[Event]) -> None:
            super().received(link, events)
            if any(isinstance(event, pdus.DeliverSm) for event in events):
                raise RuntimeError("a fault of ours")

    esme = Broken()
    async with smsc_end(smsc) as listener:
        link = await connect("127.0.0.1", listener.port, lambda: SmppLink(Role.ESME, Timing(), esme))
        await esme.bound.wait()
        smsc.on_submit = lambda link, pdu: None
        assert link.request(pdus.SubmitSm(), "in flight")
        await smsc.until(lambda: bool(smsc.heard))
        assert smsc.links[0].request(pdus.DeliverSm(), "poison")
        await link.wait_closed()
        assert esme.events[-1] == Unanswered("in flight", True)
        assert "a fault of ours" in caplog.text


async def test_odd_pdus_are_told_in_the_log_but_do_not_fill_it(smsc: Smsc, caplog: pytest.LogCaptureFixture) -> None:
    esme = Esme()
    async with smsc_end(smsc) as listener:
        link = await connect("127.0.0.1", listener.port, lambda: SmppLink(Role.ESME, Timing(), esme))
        await esme.bound.wait()
        for sequence in range(1000, 1064):
            smsc.links[0].respond(pdus.SubmitSmResp(sequence_number=sequence))
            await asyncio.sleep(0.001)
        while link.session.strays < 64:  # noqa: ASYNC110 - nobody is told of strays
            await asyncio.sleep(0.001)
        told = [record for record in caplog.records if "answers to nothing asked" in record.getMessage()]
        assert 1 <= len(told) <= 7
        link.unbind()
        await link.wait_closed()


async def test_closing_the_listener_unbinds(smsc: Smsc) -> None:
    esme = Esme()
    async with smsc_end(smsc) as listener:
        link = await connect("127.0.0.1", listener.port, lambda: SmppLink(Role.ESME, Timing(), esme))
        await esme.bound.wait()
        await listener.close(1.0)
        await link.wait_closed()
        assert esme.reason == "The other end unbound."
        assert not listener.links


def void(_: Any) -> None:
    """Forget a result."""
