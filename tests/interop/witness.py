"""Stands between an ESME and an SMSC, hands on what both say, and has Wireshark's dissector read it afterwards."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from debian import environment, program
from tidings.smpp import capture
from tidings.smpp.capture import Head, Record, Way
from tidings.smpp.framing import split_frames
from tidings.smpp.pcap import packets

PEERS = Path(__file__).parents[2] / ".peers"
FAULTY = ("_ws.malformed", "_ws.expert.message")
"""Fields that tshark fills where it finds something amiss."""
_NUL = "Trailing stray characters"
"""What it says of a text with the octet 0 inside, which is the @ of GSM 03.38."""


class Witness:
    """Every connection through it is written down, PDU by PDU."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self._servers: list[asyncio.Server] = []
        self._links = 0

    async def between(self, port: int) -> int:
        """A port to connect to instead of `port`."""

        async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._links += 1
            link = str(self._links)
            self._note(link, what="open", detail=f"127.0.0.1:{40_000 + self._links} 127.0.0.1:2775")
            far, away = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(self._carry(link, "out", reader, away), self._carry(link, "in", far, writer))
            self._note(link, what="closed")

        server = await asyncio.start_server(meet, "127.0.0.1", 0)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """No further connections."""
        for server in self._servers:
            server.close()

    def read_by_wireshark(self, folder: Path) -> None:
        """Fails where the dissector finds anything amiss, or reads other commands than we do."""
        tshark = program(PEERS, "usr/bin/tshark") or shutil.which("tshark")
        if tshark is None:
            pytest.skip("no tshark here: make peers")
        records = list(self.records)  # ends that are still up may say more meanwhile
        head = Head(side="esme", name="interop", started_at_ms=0, redacted=False)
        file = folder / "interop.pcap"
        file.write_bytes(b"".join(packets(head, records)))
        fields = [part for field in ("smpp.command_id", *FAULTY) for part in ("-e", field)]
        read = subprocess.run(
            [tshark, "-r", file, "-T", "fields", "-E", "separator=;", *fields, "smpp"],
            capture_output=True, text=True, check=True, env={**os.environ, **environment(PEERS), "HOME": str(folder)},
        )  # fmt: skip
        lines = [line.split(";") for line in read.stdout.splitlines()]
        amiss = [line for line in lines if any(set(line[1:]) - {"", _NUL})]
        assert not amiss, amiss
        seen = Counter(int(one, 16) for line in lines for one in line[0].split(",") if one)
        ours = Counter(int(record.hex[8:16], 16) for record in records if record.what == "pdu")
        assert seen == ours, (seen - ours, ours - seen)
        assert ours, "nothing went through"

    async def _carry(self, link: str, way: Way, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tail = b""
        try:
            while octets := await reader.read(65_536):
                writer.write(octets)
                frames, taken, _ = split_frames(tail + octets, 1 << 20)
                tail = (tail + octets)[taken:]
                for frame in frames:
                    self.records.append(capture.of_frame(time.time_ns() // 1_000_000, link, way, frame, frame))
                await writer.drain()
        except ConnectionError:
            pass  # an end that breaks off is none of the witness's business
        finally:
            writer.close()

    def _note(self, link: str, what: capture.Happened, detail: str = "") -> None:
        self.records.append(Record(at_ms=time.time_ns() // 1_000_000, link=link, what=what, detail=detail))
