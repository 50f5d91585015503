"""Live streams of the running program: kill -9 and restarts in between, many readers, readers that take nothing."""

from __future__ import annotations

import asyncio
import json
import re
import selectors
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from processes import CLEAN, Site, free_port, until

from tidings_client import AsyncClient, Client, Problem, Retries, Stream

PAGE = (Path(__file__).parents[2] / "docs/howto/live-events.md").read_text(encoding="utf-8")
LITTLE_S = 12.0


READERS = pytest.mark.one_engine("readers of one ring in memory, whatever fills it")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """On a port of its own, so that clients find it again after a restart."""
    with Site(tmp_path, top={"shutdown_grace": 30}, carrier={"window": 200}) as one:
        one.tidings.port = free_port()
        file = one.tidings.data / "tidings.toml"
        file.write_text(file.read_text() + "[stream]\nper_account = 450\n")
        yield one.start()


def commits(site: Site) -> dict[str, str]:
    """The ids of all events with their types, in the order of their commits, as a stream from the beginning has them.

    Held against what each message tells of its own events.
    """
    marker = site.tidings.send("+15559990100", "marker")
    site.tidings.ended(marker)
    end = f"evt{marker[3:]}_4"
    with Client(site.tidings.url, site.tidings.key) as client:
        found = {}
        with client.stream_events(last_event_id="pos_0000000000000") as stream:
            while end not in found:
                event = next(stream)
                assert event["id"] not in found
                found[event["id"]] = event["type"]
        every = [f"evt{one['id'][3:]}_" for one in site.tidings.messages()]
        assert len(every) > 100
        for one in every:
            events = client.list_message_events("msg" + one[3:-1])["data"]
            assert [found.get(f"{one}{told['sequence']}") for told in events] == [told["type"] for told in events]
        return found


class Following:
    """A reader that goes on whatever happens, in a thread."""

    def __init__(self, site: Site, **narrowed: str) -> None:
        self.client = Client(site.tidings.url, site.tidings.key, retries=Retries(attempts=2))
        self.stream: Stream = self.client.stream_events(**narrowed)
        self.ids: list[str] = []
        self.fault: Exception | None = None
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            for event in self.stream:
                self.ids.append(event["id"])
        except Exception as fault:
            self.fault = fault

    def close(self) -> None:
        self.stream.close()
        self._thread.join(20)
        assert not self._thread.is_alive(), "closing ends it from another thread"


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_nothing_is_missed_or_repeated_whatever_becomes_of_the_server(site: Site, how: str) -> None:
    readers = [Following(site), Following(site, types="message.delivered"), Following(site, to="+15555550103")]
    until(lambda: streams(site) == 3, "all have begun")
    for turn in range(3):
        for at in range(60):
            site.tidings.send(f"+1555555010{at % 5}", f"{turn} {at}")
            if at == 40 and turn < 2:
                getattr(site.tidings, how)()
                site.tidings.start()
    for message in site.tidings.messages():
        site.tidings.ended(message["id"])
    types = commits(site)
    every = list(types)
    third = {f"evt{one['id'][3:]}" for one in site.tidings.messages(to="+15555550103")}
    ended = {f"evt{one['id'][3:]}" for one in site.tidings.messages(status="delivered")}
    assert sum(one == "message.delivered" for one in types.values()) == len(ended)
    expected = [
        every,
        [one for one in every if types[one] == "message.delivered"],
        [one for one in every if one.rpartition("_")[0] in third],
    ]
    for reader, ids in zip(readers, expected, strict=True):
        until(lambda reader=reader, ids=ids: len(reader.ids) >= len(ids) or reader.fault, "it has all", 60)  # type: ignore[misc]
        reader.close()
        assert reader.fault is None, reader.fault
        assert reader.ids == ids


def streams(site: Site) -> int:
    """How many are open."""
    told = site.tidings.call("GET", "/metrics").body.decode()
    return int(re.findall(r"^tidings_streams (\d+)$", told, re.M)[0])


class Raw:
    """A reader down to its socket."""

    def __init__(self, site: Site, query: str = "", small: bool = False) -> None:
        address = urlsplit(site.tidings.url)
        self.socket = socket.socket()
        if small:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.settimeout(30)
        self.socket.connect((address.hostname, address.port))
        head = f"GET /v1/stream{query} HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {site.tidings.key}\r\n\r\n"
        self.socket.sendall(head.encode())
        self.octets = b""

    def to(self, words: bytes) -> bytes:
        """Read until these words came."""
        while words not in self.octets:
            piece = self.socket.recv(65_536)
            if not piece:
                raise EOFError
            self.octets += piece
        return self.octets


@contextmanager
def raws(site: Site, count: int) -> Iterator[list[Raw]]:
    readers = [Raw(site) for _ in range(count)]
    try:
        for reader in readers:
            reader.to(b"stream.open")
        yield readers
    finally:
        for reader in readers:
            reader.socket.close()


@READERS
def test_many_readers_get_a_thousand_events(site: Site) -> None:
    with raws(site, 300) as readers:
        assert streams(site) == 300
        for _ in range(5):
            site.tidings.call("POST", "/v1/messages/batch", {"messages": [{"to": "+15555550100", "text": "x"}] * 50})
        counts = dict.fromkeys(readers, 0)
        chooser = selectors.DefaultSelector()
        for reader in readers:
            chooser.register(reader.socket, selectors.EVENT_READ, reader)
        end = time.monotonic() + 180
        while any(count < 1_000 for count in counts.values()):
            assert time.monotonic() < end, sorted(set(counts.values()))
            for key, _ in chooser.select(1):
                reader = key.data
                piece = reader.socket.recv(1 << 20)
                counts[reader] += (reader.octets[-15:] + piece).count(b"\nevent: message.")
                reader.octets += piece
        told = {tuple(re.findall(rb"^id: (pos_\w+)\r?\nevent: message", one.octets, re.M)) for one in readers}
        assert len(told) == 1, "all the same, in the same order"
        assert set(counts.values()) == {1_000}
    until(lambda: streams(site) == 0, "who left is forgotten")
    assert site.tidings.program is not None
    assert "Traceback" not in site.tidings.program.printed


@READERS
def test_who_takes_nothing_costs_nothing_and_gets_all_in_the_end(site: Site) -> None:
    slow, quick = Raw(site, small=True), Raw(site)
    for one in (slow, quick):
        one.to(b"stream.open")
    text = "x" * 1_500
    ids = []
    for _ in range(6):
        told = site.tidings.call(
            "POST", "/v1/messages/batch", {"messages": [{"to": "+15555550100", "text": text}] * 100}
        )
        ids += [one["id"] for one in told.json()["data"]]
    site.tidings.ended(ids[-1])
    last = f"evt{ids[-1][3:]}_4".encode()
    quick.to(last)
    assert len(quick.octets) > 4 * 1024 * 1024, "more than the ring holds"
    places = [re.findall(rb"\nid: (pos_\w+)", one.to(last)) for one in (slow, quick)]
    assert places[0] == places[1]


@READERS
def test_it_stops_at_once_with_streams_open(site: Site) -> None:
    stuck = Raw(site, small=True)
    stuck.to(b"stream.open")
    bulk = {"messages": [{"to": "+15555550100", "text": "x" * 1_500}] * 800}
    told = site.tidings.call("POST", "/v1/messages/batch", bulk)
    site.tidings.ended(told.json()["data"][-1]["id"])
    with raws(site, 50) as readers:
        began = time.monotonic()
        assert site.tidings.stop() == 0
        took = time.monotonic() - began
        assert took < LITTLE_S, "it waits for no stream"
        for reader in readers:
            reader.to(b"event: stream.end")
            assert b'"reason":"shutdown"' in reader.octets
            with pytest.raises(EOFError):
                reader.to(b"no more")
    assert site.tidings.program is not None
    assert "Traceback" not in site.tidings.program.printed
    assert "without completing" not in site.tidings.program.printed
    assert "graceful shutdown exceeded" not in site.tidings.program.printed


@READERS
def test_a_revoked_key_ends_its_streams_and_the_client_says_so(site: Site) -> None:
    made = site.tidings.call("POST", "/v1/keys", {"name": "wall", "scope": "read"}).json()
    with Client(site.tidings.url, made["token"]) as client:
        site.tidings.send("+15555550100")
        stream = client.stream_events(last_event_id="pos_0000000000000")
        with stream:
            assert next(stream)["type"] == "message.accepted"
            assert site.tidings.call("DELETE", f"/v1/keys/{made['id']}").status == 200
            with pytest.raises(Problem) as refused:
                list(stream)
            assert refused.value.status == 401


@READERS
def test_the_asynchronous_client(site: Site) -> None:
    async def follow() -> tuple[list[str], str]:
        async with AsyncClient(site.tidings.url, site.tidings.key) as client:
            first = await client.post_message({"to": "+15555550100", "text": "one"})
            seen = []
            async with client.stream_events(last_event_id="pos_0000000000000", message_id=first["id"]) as events:
                async for event in events:
                    seen.append(event["type"])
                    if event["type"] == "message.delivered":
                        break
                waits = asyncio.ensure_future(anext(events, None))
                await asyncio.sleep(0.1)
                waits.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await waits
                later = asyncio.ensure_future(anext(events, "ended"))
                await asyncio.sleep(0.05)
                events.close()
                assert await asyncio.wait_for(later, 20) == "ended"
            return seen, events.last_event_id

    seen, last = asyncio.run(follow())
    assert seen == ["message.accepted", "message.queued", "message.sent", "message.delivered"]
    assert re.fullmatch(r"pos_[0-9a-z]{13}", last)
    until(lambda: streams(site) == 0, "who left is forgotten")


# the page


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.S | re.M)


def read_to(command: list[str], words: str, environment: dict[str, str], site: Site) -> str:
    """What a command prints until these words, while a message is sent."""
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
    assert running.stdout is not None
    printed = ""
    try:
        until(lambda: streams(site) == 1, "it follows")
        site.tidings.send("+15555550100")
        for line in running.stdout:
            printed += line
            if words in line:
                return printed
    finally:
        running.kill()
        running.wait()
    raise AssertionError(printed)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed: make peers")
@READERS
def test_the_curl_of_the_page(site: Site) -> None:
    (command,) = blocks("bash")
    command = command.replace("http://127.0.0.1:8775", site.tidings.url)
    printed = read_to(["sh", "-c", f"exec {command}"], "event: message.", {**CLEAN, "KEY": site.tidings.key}, site)
    assert "event: message.delivered" in printed
    assert "event: stream.open" in printed


@READERS
def test_the_python_of_the_page(site: Site) -> None:
    (code,) = blocks("python")
    environment = {**CLEAN, "TIDINGS_URL": site.tidings.url, "TIDINGS_KEY": site.tidings.key}
    printed = read_to([sys.executable, "-c", code], "message.delivered", environment, site)
    kind, message_id, last = printed.splitlines()[0].split()
    assert (kind, message_id[:4], last[:4]) == ("message.accepted", "msg_", "pos_")
    again = read_to([sys.executable, "-c", code], "message.accepted", {**environment, "LAST": last}, site)
    assert again.splitlines()[0].split()[:2] == ["message.queued", message_id]


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed: make peers")
@READERS
def test_the_javascript_of_the_page(site: Site, tmp_path: Path) -> None:
    (code,) = blocks("js")
    call = "follow(process.env.URL_, process.env.KEY, (event) => console.log(JSON.stringify(event)));\n"
    (tmp_path / "follow.mjs").write_text(code + call)
    environment = {**CLEAN, "URL_": f"{site.tidings.url}/v1/stream", "KEY": site.tidings.key}
    printed = read_to(["node", str(tmp_path / "follow.mjs")], "message.delivered", environment, site)
    types = [json.loads(line)["type"] for line in printed.splitlines()]
    assert types == ["message.accepted", "message.queued", "message.sent", "message.delivered"]
