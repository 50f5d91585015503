"""Customers' ESMEs at the SMPP door, over real sockets: who may bind, and what is answered after the commit."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from door_kit import PASSWORD, SYSTEM_ID, Rig, door, submit, until
from smpp_kit import PATIENCE
from tidings.config import Limits, Settings
from tidings.core import ids
from tidings.core.account import DEFAULT_ACCOUNT, Account
from tidings.core.esme import Esme
from tidings.core.message import Message, Prepared
from tidings.core.outcome import ERRORS
from tidings.core.ports import StoreUnavailable
from tidings.core.questions import Attempt
from tidings.core.request import Stored, Submitted
from tidings.door import reading
from tidings.door.guests import Admitted, Caller
from tidings.door.statuses import ADDITIONAL_STATUS_INFO_TEXT, Refusal
from tidings.pipeline import admit, dispatch, enrol, explain, recall
from tidings.smpp import pdus
from tidings.smpp.codec import decode, encode

pytestmark = pytest.mark.slow


def reason(answer: Any) -> str:
    octets = pdus.tlv(answer.tlvs, ADDITIONAL_STATUS_INFO_TEXT)
    return "" if octets is None else octets.rstrip(b"\0").decode()


async def change(rig: Rig, esme: Esme, **changes: Any) -> Esme:
    changed = await enrol.change(rig.house, esme.account_id, esme.id, changes)
    assert isinstance(changed, Esme), changed
    return changed


# submits


async def test_a_submit_is_answered_with_the_id_of_a_message_that_is_stored(tmp_path: Path) -> None:
    async with door(tmp_path) as rig:
        esme = await rig.enrol()
        client = await rig.bound()
        assert client.bound is not None
        assert client.bound.system_id == "tidings"
        assert pdus.tlv(client.bound.tlvs, pdus.SC_INTERFACE_VERSION) == b"\x34"
        (answer,) = await client.ask(submit())
        (message,) = await rig.messages()
        assert (answer.command_status, answer.message_id) == (0, f"{message.id:X}")
        shown = (message.to, message.sender, message.text, message.status, message.category)
        assert shown == ("+15551230100", "SHOP", "Hello", "accepted", "transactional")
        events = await rig.house.store.read(lambda tx: tx.events.of(message.id))
        assert events[0].data == {"door": "smpp", "esme": ids.show("esme", esme.id)}
        kept = (await rig.house.store.read(lambda tx: tx.esmes.submissions([message.id])))[message.id]
        assert (kept.esme_id, kept.response_id, kept.registered_delivery) == (esme.id, answer.message_id, 1)


async def test_a_validity_that_is_cut_is_told_in_the_message_s_story(tmp_path: Path) -> None:
    async with door(tmp_path) as rig:
        await rig.enrol()
        client = await rig.bound()
        await client.ask(submit(validity_period="000100000000000R"), submit(validity_period="000001000000000R"))
        notes = [
            (await rig.house.store.read(lambda tx, of=message.id: tx.events.of(of)))[0].data.get("expires_at")
            for message in await rig.messages()
        ]
        (told,) = [one for one in notes if one is not None]
        assert told["detail"] == "It was to expire later than the longest validity allows."
        assert told["asked"].endswith("Z")


async def test_many_submits_of_one_read_are_answered_each_with_its_own_id(tmp_path: Path) -> None:
    async with door(tmp_path) as rig:
        await rig.enrol()
        client = await rig.bound()
        answers = await client.ask(*(submit(b"%d" % at) for at in range(500)))
        stored = {f"{one.id:X}": one.text for one in await rig.messages()}
        assert [stored[one.message_id] for one in answers] == [str(at) for at in range(500)]


async def test_good_and_bad_ones_of_one_read_are_told_apart(tmp_path: Path) -> None:
    async with door(tmp_path) as rig:
        await rig.enrol()
        client = await rig.bound()
        answers = await client.ask(
            submit(b"1"), submit(b"2", destination_addr="0"), submit(b"3"), submit(b"\xff"),
            submit(b"5", source_addr="much too long a name"), submit(b"6", data_coding=4), submit(b""),
        )  # fmt: skip
        by_place = {one.sequence_number: one for one in answers}
        told = [by_place[at].command_status for at in sorted(by_place)]
        assert told == [0, 0x0B, 0, 0x45, 0x0A, 0, 0x01]
        assert [one.text for one in await rig.messages()] == ["1", "3", None]
        texts = [reason(by_place[at]) for at in sorted(by_place)]
        assert "octet 0xFF at 0" in texts[3]
        assert texts[1].startswith("to ")


async def test_data_sm_is_a_message_too(tmp_path: Path) -> None:
    async with door(tmp_path) as rig:
        await rig.enrol()
        client = await rig.bound()
        tlvs = ((pdus.MESSAGE_PAYLOAD, b"Hello"), (pdus.USER_MESSAGE_REFERENCE, b"\x00\x07"))
        (answer,) = await client.ask(pdus.DataSm(destination_addr="15551230100", dest_addr_ton=1, tlvs=tlvs))
        (message,) = await rig.messages()
        assert isinstance(answer, pdus.DataSmResp)
        assert (answer.message_id, message.text, message.sender) == (f"{message.id:X}", "Hello", "TIDINGS")


async def test_a_part_keeps_its_header_and_its_octets_up_to_the_carrier(tmp_path: Path) -> None:
    async with door(tmp_path) as rig:
        await rig.enrol()
        client = await rig.bound()
        udh = bytes((5, 0, 3, 7, 2, 1))
        await client.ask(submit(udh + b"Hello", esm_class=0x40))
        (message,) = await rig.messages()
        assert (message.prepared, message.segments, message.text) == (Prepared("gsm7", b"Hello", udh), 1, "Hello")
        (part,) = dispatch.parts(dispatch.Claim(message, (1,), (9,), "north", "north/1", 1), message.created_at)
        assert (part.payload, part.udh, part.encoding, part.parts) == (b"Hello", udh, "gsm7", 1)


async def test_once_its_octets_are_blanked_nothing_is_made_up_of_how_it_went(tmp_path: Path) -> None:
    async with door(tmp_path) as rig:
        await rig.enrol(category="otp")
        client = await rig.bound()
        (sent,) = await client.ask(submit(b"Code 123", data_coding=0x10))
        (message,) = await rig.messages()
        attempt = Attempt(
            id=9, message_id=message.id, account_id=1, part=1, carrier="north", bind="north/1", fence=1, started_at=0
        )  # fmt: skip
        handed = explain.handed(message, attempt)
        assert handed is not None
        assert (handed[0].payload, handed[0].data_coding, handed[1]) == (b"Code 123", 0x10, True)
        await client.ask(pdus.CancelSm(message_id=sent.message_id))
        (blanked,) = await rig.messages()
        assert (blanked.status, blanked.text, blanked.prepared) == ("canceled", None, None)
        assert explain.handed(blanked, attempt) is None


FORMS = [
    ("hexadecimal", "as_bound", lambda number: f"{number:X}"), ("decimal", "as_bound", str),
    ("ours", "as_bound", lambda number: ids.show("msg", number)), ("decimal", "3.3", None),
]  # fmt: skip


@pytest.mark.parametrize(("form", "version", "shown"), FORMS, ids=["hexadecimal", "decimal", "ours", "before 3.4"])
async def test_ids_are_written_as_the_esme_wants_them(tmp_path: Path, form: str, version: str, shown: Any) -> None:
    async with door(tmp_path) as rig:
        esme = await rig.enrol(message_id_form=form, interface_version=version)
        client = await rig.connect(window=2_000)
        assert await client.bind() == 0
        answers = await client.ask(*(submit(b"%d" % at) for at in range(1_200 if shown is None else 2)))
        told = [one.message_id for one in answers]
        messages = await rig.house.store.read(lambda tx: tx.esmes.answered(esme.id, told))
        assert len(messages) == len(told)
        if shown is None:
            assert told == [f"{at:08X}" for at in range(1, 1_201)]
            assert client.bound is not None
            assert client.bound.tlvs == ()
        else:
            assert told == [shown(one.message_id) for one in messages]


# limits


async def test_what_is_faster_than_it_may_is_throttled_alone(tmp_path: Path) -> None:
    async with door(tmp_path) as rig:
        await rig.enrol(rate=3)
        client = await rig.bound()
        answers = await client.ask(*(submit(b"%d" % at) for at in range(5)), submit(b"x" * 250))
        assert sorted(one.command_status for one in answers) == [0, 0, 0, 0x58, 0x58, 0x58]
        assert len(await rig.messages()) == 3
        assert "3 segments a second" in reason(next(one for one in answers if one.command_status))


async def test_a_quota_takes_what_it_has_room_for(tmp_path: Path) -> None:
    async with door(tmp_path) as rig:
        await rig.enrol(daily_quota=2)
        client = await rig.bound()
        answers = await client.ask(*(submit(b"%d" % at) for at in range(4)))
        assert sorted(one.command_status for one in answers) == [0, 0, 0x58, 0x58]
        assert len(await rig.messages()) == 2


async def test_a_full_queue_is_told_as_such(tmp_path: Path) -> None:
    async with door(tmp_path, Settings(limits=Limits(queued_per_account=3))) as rig:
        await rig.enrol()
        client = await rig.bound()
        answers = await client.ask(*(submit(b"%d" % at) for at in range(5)))
        assert sorted(one.command_status for one in answers) == [0, 0, 0, 0x14, 0x14]


@pytest.mark.parametrize(("version", "told"), [(0x34, None), (0x50, b"\x32")])
async def test_how_full_the_queue_is_is_told_to_those_who_speak_5_0(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int, told: bytes | None
) -> None:
    monkeypatch.setattr("tidings.door.door.LOOK_EVERY", 0.01)
    async with door(tmp_path, Settings(limits=Limits(queued_per_account=4))) as rig:
        await rig.enrol()
        client = await rig.bound(interface_version=version)
        rig.house.backlog.add(DEFAULT_ACCOUNT, 2)
        (guest,) = rig.door.guests
        await _until(lambda: guest.link.session.congestion_state == 50)
        (answer,) = await client.ask(submit())
        assert pdus.tlv(answer.tlvs, pdus.CONGESTION_STATE) == told


async def test_without_a_commit_nothing_is_acknowledged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with door(tmp_path) as rig:
        await rig.enrol()
        client = await rig.bound()
        write = rig.house.store.write

        async def fails(stage: Any, items: Any) -> Any:
            raise StoreUnavailable("the disk is full")

        monkeypatch.setattr(rig.house.store, "write", fails)
        answers = await client.ask(submit(), submit(b"\xff"))
        assert sorted(one.command_status for one in answers) == [0x14, 0x45]
        monkeypatch.setattr(rig.house.store, "write", write)
        (again,) = await client.ask(submit())
        assert again.command_status == 0
        assert len(await rig.messages()) == 1


async def test_a_connection_is_read_no_further_than_its_window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with door(tmp_path) as rig:
        await rig.enrol(window=5)
        client = await rig.connect(window=100_000)
        assert await client.bind() == 0
        write, held = rig.house.store.write, asyncio.Event()

        async def waits(stage: Any, items: Any) -> Any:
            await held.wait()
            return await write(stage, items)

        monkeypatch.setattr(rig.house.store, "write", waits)
        assert client.link is not None
        for at in range(20_000):  # several times what sockets and one read hold
            assert client.link.request(submit(b"%d" % at))
        (guest,) = rig.door.guests
        busiest = 0
        for _ in range(20):
            await asyncio.sleep(0.01)
            busiest = max(busiest, guest.busy)
        assert 5 <= busiest < 2_000
        held.set()
        await client.until(lambda: len(client.answers) == 20_000)
        assert {one.command_status for one in client.answers} == {0}


# who may bind

WRONG: list[tuple[str, dict[str, Any], dict[str, Any], int]] = [
    ("a wrong password", {}, {"password": "wrong!!!"}, 0x0E),
    ("an empty password", {}, {"password": ""}, 0x0E),
    ("an unknown system_id", {}, {"system_id": "nobody"}, 0x0F),
    ("a system_id in other letters", {}, {"system_id": "SHOP"}, 0x0F),
    ("another address", {"networks": ("192.0.2.0/24",)}, {}, 0x0D),
    ("a bind type it may not have", {"bind_types": ("receiver",)}, {}, 0x0D),
    ("no TLS where it has to be", {"tls": True}, {}, 0x0D),
    ("no certificate where there has to be one", {"certificate": "ab" * 32}, {}, 0x0D),
]


@pytest.mark.parametrize(("esme", "bind", "status"), [one[1:] for one in WRONG], ids=[one[0] for one in WRONG])
async def test_who_may_not_bind_is_told_why_and_disconnected(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, esme: dict[str, Any], bind: dict[str, Any], status: int
) -> None:
    caplog.set_level(logging.DEBUG)
    async with door(tmp_path) as rig:
        await rig.enrol(**esme)
        client = await rig.connect()
        assert await client.bind(**bind) == status
        await client.until(lambda: bool(client.gone))
        assert len(rig.door.guests) == 0
        assert rig.house.metrics.door == {("bind", status): 1}
    refusals = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(refusals) == 1
    assert PASSWORD not in caplog.text
    assert "wrong!!!" not in caplog.text


async def test_as_many_binds_as_it_may_have(tmp_path: Path) -> None:
    async with door(tmp_path) as rig:
        await rig.enrol(max_binds=2)
        first = await rig.bound()
        await rig.bound(command_id=pdus.BIND_TRANSMITTER)
        third = await rig.connect()
        assert await third.bind() == 0x05
        await first.close()
        await first.until(lambda: bool(first.gone))
        await until(lambda: len(rig.door.guests) < 2)
        await rig.bound(command_id=pdus.BIND_RECEIVER)


async def test_a_receiver_may_not_submit(tmp_path: Path) -> None:
    async with door(tmp_path) as rig:
        await rig.enrol()
        client = await rig.bound(command_id=pdus.BIND_RECEIVER)
        assert client.link is not None
        client.link._transport.write(encode(submit(sequence_number=9)))  # type: ignore[union-attr]
        await asyncio.sleep(0.05)
        assert await rig.messages() == []


async def test_guessing_is_slowed_and_who_knows_the_password_is_not(tmp_path: Path) -> None:
    async with door(tmp_path) as rig:
        await rig.enrol()
        await (await rig.bound()).close()
        loop = asyncio.get_running_loop()
        for _ in range(2):
            assert await (await rig.connect()).bind(password="guess-12") == 0x0E
        began = loop.time()
        assert await (await rig.connect()).bind(password="guess-13") == 0x0E
        assert loop.time() - began >= 0.5
        began = loop.time()
        await rig.bound()
        assert loop.time() - began < 0.4


async def test_who_does_not_bind_in_time_is_disconnected(tmp_path: Path) -> None:
    async with door(tmp_path, login_timeout=1.0) as rig:
        client = await rig.connect()
        async with asyncio.timeout(PATIENCE):
            await client.until(lambda: bool(client.gone))
        assert len(rig.door._links) == 0


async def test_connections_are_bounded_in_all_and_by_address(tmp_path: Path) -> None:
    async with door(tmp_path, connections_per_address=2) as rig:
        await rig.enrol()
        kept = [await rig.connect(), await rig.connect()]
        with contextlib.suppress(OSError):
            turned = await rig.connect()
            await turned.until(lambda: bool(turned.gone))
        assert rig.door.state().turned_away == 1
        assert [await one.bind() for one in kept] == [0, 0]
        await kept[0].close()
        await until(lambda: rig.door.state().connections == 1)
        await rig.bound()


async def test_who_hangs_up_before_it_is_looked_at_takes_no_room_for_ever(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "tidings.door")
    async with door(tmp_path, connections_per_address=3) as rig:
        await rig.enrol()
        for _ in range(3):
            with socket.create_connection(("127.0.0.1", rig.door.ports[0].number)) as one:
                # A reset, as health checks of load balancers send it: the connection has no peer any more.
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await _until(lambda: "gone without a bind" in caplog.text and not rig.door.state().connections)
        assert caplog.text.count("gone without a bind") == 1, "of one address one line"
        await rig.bound()


async def test_a_bind_takes_room_until_it_is_looked_at_though_its_connection_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with door(tmp_path, connections_per_address=2) as rig:
        await rig.enrol()
        hold, look = asyncio.Event(), rig.door._login.look

        async def late(bind: pdus.Bind, caller: Caller) -> Admitted | Refusal:
            await hold.wait()
            return await look(bind, caller)

        monkeypatch.setattr(rig.door._login, "look", late)
        for _ in range(2):
            guessing = await rig.connect()
            assert guessing.link is not None
            guessing.link.bind(pdus.Bind(system_id="shop", password="guess-12"))
            await _until(lambda: len(rig.door._looking) == len(rig.clients))
            await guessing.close()
        await _until(lambda: not rig.door._links)
        assert rig.door.state().connections == 2
        with contextlib.suppress(OSError):
            turned = await rig.connect()
            await turned.until(lambda: bool(turned.gone))
        assert rig.door.state().turned_away == 1
        hold.set()
        await _until(lambda: rig.door.state().connections == 0)
        await rig.bound()


async def _until(true: Callable[[], bool]) -> None:
    for _ in range(int(PATIENCE * 100)):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come to pass")


# changes act at once

CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("other networks", {"networks": ("192.0.2.0/24",)}),
    ("TLS only", {"tls": True}),
    ("other bind types", {"bind_types": ("receiver",)}),
    ("another system_id", {"system_id": "other"}),
]


@pytest.mark.parametrize("changes", [one[1] for one in CHANGES], ids=[one[0] for one in CHANGES])
async def test_a_bind_that_a_change_no_longer_allows_is_unbound(tmp_path: Path, changes: dict[str, Any]) -> None:
    async with door(tmp_path) as rig:
        esme = await rig.enrol()
        client = await rig.bound()
        await change(rig, esme, name="other")
        assert (await client.ask(submit()))[0].command_status == 0
        await change(rig, esme, **changes)
        await client.until(lambda: bool(client.gone))
        assert client.gone == "The other end unbound."


async def test_of_more_binds_than_it_may_have_the_newest_go(tmp_path: Path) -> None:
    async with door(tmp_path) as rig:
        esme = await rig.enrol()
        clients = [await rig.bound() for _ in range(3)]
        await change(rig, esme, max_binds=1)
        for one in clients[1:]:
            await one.until(lambda one=one: bool(one.gone))  # type: ignore[misc]
        assert (await clients[0].ask(submit()))[0].command_status == 0


async def test_a_closed_esme_is_unbound_after_its_answers(tmp_path: Path) -> None:
    async with door(tmp_path) as rig:
        esme = await rig.enrol()
        client = await rig.bound()
        assert client.link is not None
        for at in range(300):
            assert client.link.request(submit(b"%d" % at))
        await client.until(lambda: len(client.answers) > 0)
        await enrol.close(rig.house, esme.account_id, esme.id)
        await client.until(lambda: bool(client.gone))
        taken = [one for one in client.answers if one.command_status == 0]
        assert len(taken) == len(await rig.messages())
        assert await (await rig.connect()).bind() == 0x0F


async def test_an_old_password_ends_with_its_overlap_and_so_do_its_binds(tmp_path: Path) -> None:
    async with door(tmp_path) as rig:
        esme = await rig.enrol()
        old = await rig.bound()
        await enrol.rotate(rig.house, esme.account_id, esme.id, 1_500, "another!")
        new = await rig.bound(password="another!")
        assert (await old.ask(submit()))[0].command_status == 0
        await rig.bound()
        await old.until(lambda: bool(old.gone))
        assert (await new.ask(submit()))[0].command_status == 0
        assert await (await rig.connect()).bind() == 0x0E


async def test_a_closed_account_takes_its_esmes_with_it(tmp_path: Path) -> None:
    async with door(tmp_path) as rig:
        account = await admit.open_account(rig.house, "branch", senders=("SHOP",))
        assert isinstance(account, Account)
        await rig.enrol(account=account.id)
        client = await rig.bound()
        assert (await client.ask(submit()))[0].command_status == 0
        assert (await client.ask(submit(source_addr="OTHER")))[0].command_status == 0x0A
        await admit.close_account(rig.house, account.id)
        await client.until(lambda: bool(client.gone))
        assert await (await rig.connect()).bind() == 0x0D


async def test_a_stop_answers_what_was_taken_then_unbinds(tmp_path: Path) -> None:
    async with door(tmp_path) as rig:
        await rig.enrol()
        client = await rig.bound()
        assert client.link is not None
        for at in range(200):
            assert client.link.request(submit(b"%d" % at))
        await client.until(lambda: len(client.answers) > 0)
        await rig.door.stop(5.0)
        await client.until(lambda: bool(client.gone))
        assert client.gone == "The other end unbound."
        assert len([one for one in client.answers if one.command_status == 0]) == len(await rig.messages())
        with pytest.raises(ConnectionRefusedError):
            await rig.connect()


async def test_an_unbind_is_answered_after_what_was_asked_before_it(tmp_path: Path) -> None:
    async with door(tmp_path) as rig:
        await rig.enrol()
        client = await rig.bound()
        assert client.link is not None
        for at in range(300):
            assert client.link.request(submit(b"%d" % at))
        client.link.unbind()
        await client.until(lambda: bool(client.gone))
        assert client.gone == "Unbound."
        assert [one.command_status for one in client.answers] == [0] * 300
        assert client.lost == []


async def test_what_comes_together_with_the_answer_to_our_unbind_is_not_taken(tmp_path: Path) -> None:
    """Nobody would hear that it was: the ESME submits it again on its next session."""
    async with door(tmp_path) as rig:
        esme = await rig.enrol()
        reader, writer = await asyncio.open_connection("127.0.0.1", rig.door.ports[0].number)
        writer.write(encode(pdus.Bind(system_id=SYSTEM_ID, password=PASSWORD, sequence_number=1)))
        assert isinstance(await heard(reader), pdus.BindResp)
        (guest,) = rig.door.guests
        await change(rig, esme, networks=("192.0.2.0/24",))
        unbind = await heard(reader)
        assert isinstance(unbind, pdus.Unbind)
        answer = encode(pdus.UnbindResp(sequence_number=unbind.sequence_number))
        writer.write(encode(submit(sequence_number=2)) + answer)
        assert await reader.read() == b""
        writer.close()
        await until(lambda: not guest.working)
        assert await rig.messages() == []


async def heard(reader: asyncio.StreamReader) -> Any:
    """The next PDU."""
    head = await reader.readexactly(4)
    return decode(head + await reader.readexactly(int.from_bytes(head, "big") - 4))


# submit_multi, query_sm, cancel_sm, replace_sm


def to(*numbers: str) -> tuple[pdus.DestAddress, ...]:
    return tuple(pdus.SmeAddress(1, 1, number) for number in numbers)


async def test_submit_multi_names_those_that_were_not_taken(tmp_path: Path) -> None:
    async with door(tmp_path) as rig:
        await rig.enrol()
        client = await rig.bound()
        dests = (*to("15551230100", "0", "15551230101"), pdus.DistributionList("friends"))
        (answer,) = await client.ask(pdus.SubmitMulti(source_addr="SHOP", dest_address=dests, short_message=b"Hi"))
        messages = await rig.messages()
        assert [one.to for one in messages] == ["+15551230100", "+15551230101"]
        assert (answer.command_status, answer.message_id) == (0, f"{messages[0].id:X}")
        failed = [(one.destination_addr, one.error_status_code) for one in answer.unsuccess_sme]
        assert failed == [("0", 0x0B), ("friends", 0x34)]
        (refused,) = await client.ask(pdus.SubmitMulti(dest_address=to("0", "1"), short_message=b"Hi"))
        assert refused.command_status == 0x0B


async def test_query_sm_tells_how_a_message_stands(tmp_path: Path) -> None:
    async with door(tmp_path) as rig:
        await rig.enrol()
        client = await rig.bound()
        (sent,) = await client.ask(submit())
        (told,) = await client.ask(pdus.QuerySm(sent.message_id, source_addr="SHOP"))
        assert (told.command_status, told.message_id, told.message_state, told.final_date) == (
            0,
            sent.message_id,
            1,
            "",
        )
        assert told.error_code == 0
        await client.ask(pdus.CancelSm(message_id=sent.message_id, source_addr="SHOP"))
        (told,) = await client.ask(pdus.QuerySm(sent.message_id, source_addr="SHOP"))
        assert (told.message_state, len(told.final_date), told.error_code) == (4, 16, ERRORS["canceled"])
        (strange,) = await client.ask(pdus.QuerySm(sent.message_id, source_addr="OTHER"))
        (unknown,) = await client.ask(pdus.QuerySm("FFFF", source_addr="SHOP"))
        assert (strange.command_status, unknown.command_status) == (0x67, 0x67)


async def test_nobody_asks_about_messages_of_others(tmp_path: Path) -> None:
    async with door(tmp_path) as rig:
        await rig.enrol()
        await rig.enrol(system_id="other")
        client, other = await rig.bound(), await rig.bound(system_id="other")
        (sent,) = await client.ask(submit())
        (queried,) = await other.ask(pdus.QuerySm(sent.message_id, source_addr="SHOP"))
        (canceled,) = await other.ask(pdus.CancelSm(message_id=sent.message_id, source_addr="SHOP"))
        (replaced,) = await other.ask(pdus.ReplaceSm(message_id=sent.message_id, short_message=b"x"))
        told = (queried.command_status, canceled.command_status, replaced.command_status)
        assert told == (0x67, 0x0C, 0x0C)
        assert [one.status for one in await rig.messages()] == ["accepted"]


async def test_cancel_sm_by_id_and_by_addresses(tmp_path: Path) -> None:
    async with door(tmp_path) as rig:
        await rig.enrol()
        client = await rig.bound()
        sent = await client.ask(submit(b"1"), submit(b"2"), submit(b"3", service_type="WAP"), submit(b"4"))
        (one,) = await client.ask(pdus.CancelSm(message_id=sent[3].message_id))
        assert one.command_status == 0
        between = {"source_addr": "SHOP", "dest_addr_ton": 1, "destination_addr": "15551230100"}
        (rest,) = await client.ask(pdus.CancelSm(**between))
        assert rest.command_status == 0
        shown = [(one.text, one.status) for one in await rig.messages()]
        assert shown == [("1", "canceled"), ("2", "canceled"), ("3", "accepted"), ("4", "canceled")]
        (none,) = await client.ask(pdus.CancelSm(**between))
        assert none.command_status == 0x11
        (unknown,) = await client.ask(pdus.CancelSm(message_id="FFFF"))
        assert unknown.command_status == 0x0C


async def gone(rig: Rig, message: Message) -> None:
    """A carrier has it."""
    from spine_kit import HOLD
    from tidings.pipeline import lease, route

    await rig.house.store.write(route.store_routes, [route.Routed(message.id, "north")])
    fence = (await rig.house.store.write(lease.take, [HOLD]))[0] or 0
    claim = dispatch.Claim(message, (1,), (rig.house.new_id(),), "north", "north/1", fence)
    assert await rig.house.store.write(dispatch.claim, [claim]) == [True]


async def test_what_a_carrier_has_can_be_neither_canceled_nor_replaced(tmp_path: Path) -> None:
    async with door(tmp_path) as rig:
        await rig.enrol()
        client = await rig.bound()
        (sent,) = await client.ask(submit())
        (message,) = await rig.messages()
        await gone(rig, message)
        (canceled,) = await client.ask(pdus.CancelSm(message_id=sent.message_id))
        (replaced,) = await client.ask(pdus.ReplaceSm(message_id=sent.message_id, short_message=b"other"))
        assert (canceled.command_status, replaced.command_status) == (0x11, 0x13)
        assert [one.text for one in await rig.messages()] == ["Hello"]


async def test_replace_sm_puts_another_text_under_the_same_id(tmp_path: Path) -> None:
    async with door(tmp_path) as rig:
        esme = await rig.enrol()
        client = await rig.bound()
        tlvs = ((pdus.USER_MESSAGE_REFERENCE, b"\x00\x09"),)
        (sent,) = await client.ask(submit(schedule_delivery_time="000001000000000R", tlvs=tlvs))
        (answer,) = await client.ask(pdus.ReplaceSm(message_id=sent.message_id, short_message=b"Other"))
        assert answer.command_status == 0
        before, after = await rig.messages()
        assert (before.status, after.status, after.text, after.to) == ("canceled", "scheduled", "Other", "+15551230100")
        assert (after.send_at, after.expires_at) == (before.send_at, before.expires_at)
        (kept,) = await rig.house.store.read(lambda tx: tx.esmes.answered(esme.id, [sent.message_id]))
        assert (kept.message_id, kept.user_message_reference) == (after.id, 9)
        (odd,) = await client.ask(pdus.ReplaceSm(message_id=sent.message_id, short_message=b"\xff"))
        assert odd.command_status == 0x45
        assert (await rig.messages())[1].status == "scheduled"


@pytest.mark.parametrize(
    ("senders", "sender"),
    [
        pytest.param(("SHOP", "OTHER"), "SHOP", id="the first of its senders stands for none"),
        pytest.param(("OTHER",), "OTHER", id="its senders are those of now"),
    ],
)
async def test_a_replacement_comes_from_a_sender_that_the_esme_may_use(
    tmp_path: Path, senders: tuple[str, ...], sender: str
) -> None:
    async with door(tmp_path) as rig:
        esme = await rig.enrol(senders=("SHOP",))
        client = await rig.bound()
        (sent,) = await client.ask(submit(source_addr_ton=0, source_addr="", schedule_delivery_time="000001000000000R"))
        await change(rig, esme, senders=senders)
        (answer,) = await client.ask(pdus.ReplaceSm(message_id=sent.message_id, short_message=b"Other"))
        assert answer.command_status == 0
        assert [(one.text, one.sender) for one in await rig.messages()] == [("Hello", "SHOP"), ("Other", sender)]


async def test_what_an_esme_may_no_longer_send_from_is_not_replaced(tmp_path: Path) -> None:
    async with door(tmp_path) as rig:
        esme = await rig.enrol(senders=("SHOP",))
        client = await rig.bound()
        (sent,) = await client.ask(submit(schedule_delivery_time="000001000000000R"))
        await change(rig, esme, senders=("OTHER",))
        (answer,) = await client.ask(pdus.ReplaceSm(message_id=sent.message_id, short_message=b"Other"))
        assert answer.command_status == 0x0A
        assert [one.status for one in await rig.messages()] == ["scheduled"]


async def test_a_canceled_message_does_not_come_back_by_replace_sm(tmp_path: Path) -> None:
    async with door(tmp_path) as rig:
        await rig.enrol()
        client = await rig.bound()
        (sent,) = await client.ask(submit(schedule_delivery_time="000001000000000R"))
        await client.ask(pdus.CancelSm(message_id=sent.message_id))
        (answer,) = await client.ask(pdus.ReplaceSm(message_id=sent.message_id, short_message=b"Other"))
        assert answer.command_status == 0x13
        assert [one.status for one in await rig.messages()] == ["canceled"]


async def test_of_two_replacements_at_once_over_two_binds_one_goes(tmp_path: Path) -> None:
    async with door(tmp_path) as rig:
        esme = await rig.enrol()
        client = await rig.bound()
        (sent,) = await client.ask(submit(schedule_delivery_time="000001000000000R"))
        now = rig.house.clock.now()
        (found,) = await recall.find(rig.house, esme, sent.message_id)
        requests = [reading.read(submit(text), esme, now) for text in (b"One", b"Two")]
        both = [recall.substitute(rig.house, esme, found[0], one) for one in requests if isinstance(one, Submitted)]
        first, second = await asyncio.gather(*both)
        assert (isinstance(first, Stored), isinstance(second, Stored)) in ((True, False), (False, True))
        assert sorted(one.status for one in await rig.messages()) == ["accepted", "canceled"]


async def test_replace_if_present_lets_the_newer_take_the_place_of_what_waits(tmp_path: Path) -> None:
    async with door(tmp_path) as rig:
        await rig.enrol()
        client = await rig.bound()
        await client.ask(submit(b"1"), submit(b"2", service_type="X"), submit(b"3", source_addr="OTHER"))
        await client.ask(submit(b"4", replace_if_present_flag=1))
        await client.ask(submit(b"5", replace_if_present_flag=1))
        shown = {one.text: one.status for one in await rig.messages()}
        assert shown == {"1": "canceled", "2": "accepted", "3": "accepted", "4": "canceled", "5": "accepted"}


async def test_what_is_not_offered_is_refused_and_the_session_lives(tmp_path: Path) -> None:
    async with door(tmp_path) as rig:
        await rig.enrol()
        client = await rig.bound(interface_version=0x50)
        assert client.bound is not None
        assert pdus.tlv(client.bound.tlvs, pdus.SC_INTERFACE_VERSION) == b"\x50"
        (answer,) = await client.ask(submit(b"\xff"))
        assert answer.command_status == 0x104
        assert (await client.ask(submit()))[0].command_status == 0


async def test_opted_out_is_refused_and_kept_as_rejected(tmp_path: Path) -> None:
    async with door(tmp_path) as rig:
        esme = await rig.enrol()
        client = await rig.bound()

        from spine_kit import ask

        await rig.house.store.write(
            ask, [lambda tx: tx.suppressions.add(DEFAULT_ACCOUNT, "+15551230100", "keyword STOP", 0)]
        )
        (answer,) = await client.ask(submit())
        assert (answer.command_status, "opted out" in reason(answer)) == (0x45, True)
        (message,) = await rig.messages()
        assert message.status == "rejected"
        assert await rig.house.store.read(lambda tx: tx.esmes.submissions([message.id])) == {}
        assert esme.id


async def test_who_guesses_holds_up_no_stop(tmp_path: Path) -> None:
    async with door(tmp_path) as rig:
        await rig.enrol()
        for _ in range(4):
            assert await (await rig.connect()).bind(password="guess-12") == 0x0E
        guesser = await rig.connect()
        guessing = asyncio.ensure_future(guesser.bind(password="guess-13"))
        await until(lambda: rig.door._binding)
        began = asyncio.get_running_loop().time()
        await rig.door.stop(5.0)
        assert await guessing == -1
    assert asyncio.get_running_loop().time() - began < 1.0
