"""Foreign ESMEs at our SMPP door, each a process of its own, as is the tidings behind it."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from witness import PEERS, Witness

from debian import environment, program
from smpp_kit import PATIENCE
from tidings_client import Client

pytestmark = pytest.mark.interop

Start = Callable[..., Any]
SLOW_START = 3 * PATIENCE


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class House:
    """A tidings whose door is open."""

    def __init__(self, data: Path, port: int) -> None:
        self.port = port
        url = json.loads((data / "server.json").read_text())["url"]
        self.client = Client(url, (data / "admin.key").read_text().strip())

    def enrol(self, system_id: str, **more: Any) -> None:
        self.client.enrol_esme({"name": system_id, "system_id": system_id, "password": "secret", **more})  # type: ignore[typeddict-item]

    def messages(self) -> dict[str, dict[str, Any]]:
        """What was submitted, by destination."""
        return {row["to"]: {**row} for row in self.client.list_messages(direction="mt", limit=100)["data"]}

    def shows(self, number: str) -> list[str]:
        return [text["text"] for text in self.client.get_handset(number)["messages"]]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    port, data = free_port(), tmp_path / "data"
    tidings = Path(sys.executable).with_name("tidings")
    with (tmp_path / "log").open("wb") as log:
        running = await asyncio.create_subprocess_exec(
            tidings, "up", "--data", data, "--port", "0", "--smpp-port", str(port), stdout=log, stderr=log
        )
    try:
        async with asyncio.timeout(SLOW_START):
            while not (data / "server.json").exists():
                assert running.returncode is None, (tmp_path / "log").read_text()
                await asyncio.sleep(0.05)
        yield House(data, port)
    finally:
        running.terminate()
        async with asyncio.timeout(PATIENCE):
            await running.communicate()
    assert running.returncode == 0, (tmp_path / "log").read_text()


async def until(look: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """The first true thing that `look` brings."""
    async with asyncio.timeout(patience):
        while True:
            if found := await asyncio.to_thread(look):
                return found
            await asyncio.sleep(0.05)


async def test_npm_smpp_at_our_door(start: Start, house: House, witness: Witness) -> None:
    house.enrol("node")
    esme = await start("esme.js", await witness.between(house.port))
    assert await esme.fact("bind", patience=SLOW_START) == 0
    assert await esme.fact("system_id") == "tidings"
    assert await esme.fact("enquire_link") == 0
    await esme.until(lambda facts: sum("submit" in fact for fact in facts) == 5)
    answers = {fact["submit"]: fact for fact in esme.facts if "submit" in fact}
    assert {number: fact["status"] for number, fact in answers.items()} == dict.fromkeys(answers, 0)
    # 0003 is refused by the simulated carrier, which a receipt tells; 0102 is half of a text.
    await esme.until(lambda facts: sum("deliver" in fact for fact in facts) == 5)
    receipts = {fact["id"]: fact["deliver"] for fact in esme.facts if "deliver" in fact}
    states = {number: re.findall(r"stat:(\w+)", receipts[fact["id"]]) for number, fact in answers.items()}
    assert states == {number: ["UNDELIV" if number == "15550003" else "DELIVRD"] for number in answers}
    assert await esme.fact("unknown") in ("generic_nack", "broadcast_sm_resp")
    esme.nudge()
    await esme.fact("unbind")
    rows = house.messages()
    assert rows["+15550100"]["text"] == "Plain @ € text"
    assert rows["+15550101"]["text"] == "Текст"
    assert rows["+15550104"]["text"] == "x" * 300
    assert rows["+15550104"]["segments"] == 2
    assert not [fact for fact in esme.facts if "error" in fact]


async def test_a_wrong_password_of_npm_smpp(start: Start, house: House, witness: Witness) -> None:
    house.enrol("node2")
    esme = await start("esme.js", await witness.between(house.port))
    assert await esme.fact("bind", patience=SLOW_START) == 0x0F


async def test_smpplib_at_our_door(start: Start, house: House, witness: Witness) -> None:
    house.enrol("smpplib")
    esme = await start("smpplib_esme.py", await witness.between(house.port))
    assert await esme.fact("bind", patience=SLOW_START) == 0
    await esme.until(lambda facts: sum("status" in fact for fact in facts) == 5)
    numbers = {fact["number"]: fact["submit"] for fact in esme.facts if "submit" in fact}
    answers = [(numbers[fact["number"]], fact["status"], fact["id"]) for fact in esme.facts if "status" in fact]
    assert {status for _, status, _ in answers} == {0}
    await esme.until(lambda facts: sum("deliver" in fact for fact in facts) == 5)
    receipts = [fact for fact in esme.facts if "deliver" in fact]
    assert {fact["id"] for fact in receipts} == {message_id for _, _, message_id in answers}
    assert sorted(re.findall(r"stat:(\w+)", fact["deliver"])[0] for fact in receipts) == ["DELIVRD"] * 4 + ["UNDELIV"]
    # Two parts that smpplib cut are one text on the handset.
    assert await until(lambda: house.shows("+15550202")) == ["x" * 200]
    esme.nudge()
    assert await esme.fact("unbind") == "unbind_resp"


async def test_smpp34_at_our_door(start: Start, house: House, witness: Witness) -> None:
    house.enrol("smpp34")
    esme = await start("smpp34_esme.py", await witness.between(house.port))
    assert await esme.fact("bind", patience=SLOW_START) == 0
    await esme.until(lambda facts: sum("submit" in fact for fact in facts) == 4)
    answers = {fact["submit"]: fact for fact in esme.facts if "submit" in fact}
    expected = {"15550300": 0, "15550301": 0, "15550302": 0, "0": 0x0B}
    assert {number: fact["status"] for number, fact in answers.items()} == expected
    await esme.until(lambda facts: sum("deliver" in fact for fact in facts) == 3)
    receipts = {fact["id"] for fact in esme.facts if "deliver" in fact and "stat:DELIVRD" in fact["deliver"]}
    assert receipts == {fact["id"] for fact in answers.values() if fact["status"] == 0}
    rows = house.messages()
    assert (rows["+15550301"]["text"], rows["+15550302"]["text"]) == ("Да", None)
    assert rows["+15550302"]["encoding"] == "binary"
    esme.nudge()
    await esme.fact("unbind")


KANNEL = """group = core
admin-interface = 127.0.0.1
admin-port = {admin}
admin-password = peer
smsbox-interface = 127.0.0.1
smsbox-port = {box}
log-file = "{folder}/bearerbox.log"
log-level = 0
dlr-storage = internal

group = smsc
smsc = smpp
smsc-id = tidings
host = 127.0.0.1
port = {port}
transceiver-mode = true
smsc-username = kannel
smsc-password = secret
system-type = ""
interface-version = 34
reconnect-delay = 1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-interface = 127.0.0.1
sendsms-port = {http}
log-file = "{folder}/smsbox.log"
log-level = 0

group = sendsms-user
username = peer
password = peer
max-messages = 10
concatenation = true

group = sms-service
keyword = default
get-url = "http://127.0.0.1:{ear}/mo?from=%p&to=%P&text=%a"
max-messages = 0
"""


class Ear:
    """Hears what Kannel's callbacks tell."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, str]]] = []
        self.port = 0

    async def open(self) -> asyncio.Server:
        server = await asyncio.start_server(self._hear, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            while (await reader.readline()).strip():
                pass
            url = urlsplit(line.split()[1].decode())
            self.told.append((url.path, {name: value[0] for name, value in parse_qs(url.query).items()}))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        writer.close()


async def opened(port: int, patience: float = SLOW_START) -> None:
    """Somebody listens."""
    async with asyncio.timeout(patience):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return


async def get(port: int, path: str) -> bytes:
    """The body of Kannel's answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.0\r\nHost: kannel\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    return answer.partition(b"\r\n\r\n")[2]


class Kannel:
    """bearerbox and smsbox, bound to our door."""

    def __init__(self, folder: Path, port: int, ear: int) -> None:
        self._folder = folder
        admin, self.box, self.http = free_port(), free_port(), free_port()
        text = KANNEL.format(admin=admin, box=self.box, http=self.http, port=port, folder=folder, ear=ear)
        (folder / "kannel.conf").write_text(text)
        self._running: list[asyncio.subprocess.Process] = []

    async def start(self) -> None:
        for name, port in (("bearerbox", self.box), ("smsbox", self.http)):
            path = program(PEERS, f"usr/sbin/{name}")
            if path is None:
                pytest.skip("no Kannel here: make peers")
            with (self._folder / f"{name}.out").open("wb") as out:
                self._running.append(
                    await asyncio.create_subprocess_exec(
                        path, self._folder / "kannel.conf", stdout=out, stderr=out, env=environment(PEERS)
                    )
                )
            await opened(port)

    async def stop(self) -> None:
        for one in reversed(self._running):
            if one.returncode is None:
                one.terminate()
        for one in self._running:
            try:
                async with asyncio.timeout(PATIENCE):
                    await one.wait()
            except TimeoutError:
                one.kill()

    async def send(self, to: str, text: str, ear: int, **more: str) -> None:
        """From its HTTP side, as its customers do; receipts are told to `ear`."""
        told = {"dlr-mask": "31", "dlr-url": f"http://127.0.0.1:{ear}/dlr?to={to}&type=%d", "from": "12345"}
        query = {"username": "peer", "password": "peer", "to": to, "text": text, "charset": "UTF-8", **told, **more}
        body = await get(self.http, "/cgi-bin/sendsms?" + urlencode(query))
        assert body.startswith(b"0: Accepted"), body


@pytest.fixture
async def ear() -> AsyncIterator[Ear]:
    one = Ear()
    server = await one.open()
    yield one
    server.close()


async def test_kannel_at_our_door(tmp_path: Path, house: House, witness: Witness, ear: Ear) -> None:
    """It binds, sends from its HTTP side, hears of receipts, and of a handset's text."""
    house.enrol("kannel", inbound=["*"])
    kannel = Kannel(tmp_path, await witness.between(house.port), ear.port)
    try:
        await kannel.start()
        await until(lambda: house.client.list_esmes()["data"][0]["binds"], SLOW_START)
        await kannel.send("+15550400", "Plain @ and euro", ear.port)
        await kannel.send("+15550401", "Текст", ear.port, coding="2")
        await kannel.send("+15550402", "x" * 200, ear.port)
        await kannel.send("+15550001", "undeliverable", ear.port)

        def receipts() -> set[tuple[str, str]]:
            return {(told["to"].strip(), told["type"]) for path, told in ear.told if path == "/dlr"}

        wanted = {("15550400", "1"), ("15550401", "1"), ("15550402", "1"), ("15550001", "2")}
        await until(lambda: {(to.lstrip("+ "), kind) for to, kind in receipts()} >= wanted, SLOW_START)
        assert house.shows("+15550400") == ["Plain @ and euro"]
        assert house.shows("+15550401") == ["Текст"]
        assert house.shows("+15550402") == ["x" * 200]
        house.client.text_from_handset("+15550400", {"to": "12345", "text": "Да?"})
        await until(lambda: any(path == "/mo" for path, _ in ear.told), SLOW_START)
        (text,) = [told for path, told in ear.told if path == "/mo"]
        assert (text["from"].lstrip("+ "), text["to"]) == ("15550400", "12345")
        assert text["text"].encode("latin-1").decode("utf-16-be") == "Да?"  # Kannel hands octets on
    finally:
        await kannel.stop()
