"""A mail server for tests: it takes e-mails by SMTP on loopback, or does what it is told instead."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from tidings.config import EmailSettings

HANG, DROP = "hang", "drop"
Script = Callable[[str, int], str | None]
"""What is said to a command (its first word; `hello` at first, `.` after the e-mail) in a conversation, by its number
from 0: a reply, HANG, DROP, or None for what a server says that is content.
"""
CONTENT = {"hello": "220 mail.example ESMTP", "DATA": "354 go on", "STARTTLS": "220 go on", "QUIT": "221 bye"}


class MailServer:
    """Up for one test; `got` holds what it took, `commands` all that was said to it."""

    def __init__(
        self,
        script: Script = lambda verb, number: None,
        features: tuple[str, ...] = (),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.script, self.features, self.tls = script, features, tls
        self.got: list[bytes] = []
        self.commands: list[str] = []
        self.conversations = 0
        self.busy = 0
        self.most_busy = 0
        self.port = 0
        self._writers: set[asyncio.StreamWriter] = set()

    @asynccontextmanager
    async def up(self, tls: ssl.SSLContext | None = None) -> AsyncIterator[MailServer]:
        """`tls`: from the first octet on; STARTTLS goes by `self.tls`."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for writer in self._writers:
                writer.transport.abort()

    def settings(self, **more: Any) -> EmailSettings:
        """`[email]` of one who sends through it."""
        plain = {"host": "127.0.0.1", "port": self.port, "security": "none", "sender": "sms@example.com"}
        return EmailSettings(**(plain | more))

    def mails(self) -> list[EmailMessage]:
        """What it took, as a mail program reads it."""
        return [message_from_bytes(octets, policy=default) for octets in self.got]  # type: ignore[misc]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number, self.conversations = self.conversations, self.conversations + 1
        self._writers.add(writer)
        self.busy += 1
        self.most_busy = max(self.most_busy, self.busy)
        try:
            await self._talk(reader, writer, number)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, OSError):
            return
        finally:
            self.busy -= 1
            self._writers.discard(writer)
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        verb, content, data = "hello", "", b""
        while True:
            content = CONTENT.get(verb, "250 fine")
            if verb == "EHLO":
                content = "\r\n".join(["250-mail.example", *(f"250-{one}" for one in self.features), "250 8BITMIME"])
            if verb == "AUTH" and self.commands[-1].upper() == "AUTH LOGIN":
                content = "334 VXNlcm5hbWU6"
            said = self.script(verb, number) or content
            if said == HANG:
                await asyncio.sleep(3600)
            if said == DROP:
                return
            if verb == "." and said.startswith("2"):
                self.got.append(data)
            writer.write(f"{said}\r\n".encode())
            await writer.drain()
            if verb == "STARTTLS" and said.startswith("2") and self.tls is not None:
                reader, writer = await self._secured(writer)
            if verb == "QUIT":
                return
            if verb == "DATA" and said.startswith("3"):
                data = (await reader.readuntil(b"\r\n.\r\n"))[:-3].replace(b"\r\n..", b"\r\n.")
                verb = "."
                continue
            line = (await reader.readuntil(b"\r\n")).decode().rstrip("\r\n")
            self.commands.append(line)
            verb = line.partition(" ")[0].upper()

    async def _secured(self, writer: asyncio.StreamWriter) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        loop, reader = asyncio.get_running_loop(), asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        assert self.tls is not None
        transport = await loop.start_tls(writer.transport, protocol, self.tls, server_side=True)
        assert transport is not None
        protocol.connection_made(transport)
        return reader, asyncio.StreamWriter(transport, protocol, reader, loop)
