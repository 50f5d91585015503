"""E-mail by SMTP (RFC 5321): one conversation an e-mail, bounded in time and size, cut off when its time is over."""

from __future__ import annotations

import asyncio
import re
import ssl
from base64 import b64encode

from tidings.config import EmailSettings
from tidings.core.mail import Mail, octets
from tidings.core.ports import Clock, Mailed, NotMailed
from tidings.drivers.names import Names

LINE_MOST = 2_048
"""Octets of a line of a reply; RFC 5321 allows 512."""
LINES_MOST = 100
SAID_MOST = 200
"""Characters of a reply that are told."""
ADDRESSES_MOST = 4
CONNECT_S = 5.0
"""Seconds for a connection to one address."""
_REPLY = re.compile(rb"([2-5][0-9]{2})([ -]|\Z)(.*)", re.DOTALL)
_DOTS = re.compile(rb"^\.", re.MULTILINE)


class _Refused(Exception):
    """The server said no, or nothing that can be used."""

    def __init__(self, kind: str, detail: str, permanent: bool = False) -> None:
        super().__init__(detail)
        self.kind, self.detail, self.permanent = kind, detail, permanent


class Smtp:
    """See `core.ports.Mailer`."""

    def __init__(self, clock: Clock, settings: EmailSettings, names: Names | None = None) -> None:
        self._settings = settings
        self._names = names or Names(clock)

    async def send(self, mail: Mail) -> Mailed | NotMailed:
        """Hand one e-mail to the server. All of it, from the name to the last reply, must fit into the time-out."""
        of = self._settings
        try:
            async with asyncio.timeout(of.timeout):
                return Mailed(await self._send(mail))
        except _Refused as refused:
            return NotMailed(refused.kind, refused.detail, refused.permanent)
        except TimeoutError:
            return NotMailed("timeout", f"{of.host} did not take it within {of.timeout:g} s")
        except ssl.SSLError as fault:  # an OSError too
            return NotMailed("tls", f"{of.host}: {fault.reason or fault}")
        except asyncio.IncompleteReadError:
            return NotMailed("broken", f"{of.host} hung up")
        except (OSError, UnicodeError) as fault:
            return NotMailed("unreachable", f"{of.host}: {getattr(fault, 'strerror', None) or fault}")

    async def _send(self, mail: Mail) -> str:
        of, whole = self._settings, octets(mail)
        talk = await self._connect()
        try:
            await talk.reply("at first")
            hello = f"EHLO {mail.sender.rpartition('@')[2]}"
            features = await talk.ask(hello)
            if of.security == "starttls":
                if "STARTTLS" not in features.upper().split():
                    raise _Refused("tls", f"{of.host} offers no STARTTLS; see email.security")
                await talk.ask("STARTTLS")
                await talk.secure(self._context())
                features = await talk.ask(hello)
            if of.username:
                await self._sign_in(talk, features)
            await talk.ask(f"MAIL FROM:<{mail.sender}>", final=True)
            await talk.ask(f"RCPT TO:<{mail.to}>", final=True)
            await talk.ask("DATA", wanted=3, final=True)
            talk.tell(_DOTS.sub(b"..", whole) + b".\r\n")
            said = await talk.reply("the e-mail", final=True)
            talk.tell(b"QUIT\r\n")  # the e-mail is the server's by now, whatever it says to that
            return said
        finally:
            talk.close()

    async def _sign_in(self, talk: _Talk, features: str) -> None:
        of = self._settings
        offered = next((line.upper().split()[1:] for line in features.splitlines() if line[:5].upper() == "AUTH "), [])
        if "PLAIN" in offered:  # RFC 4616
            await talk.ask("AUTH PLAIN " + _base64(f"\0{of.username}\0{of.password}"), shown="AUTH PLAIN")
        elif "LOGIN" in offered:
            await talk.ask("AUTH LOGIN", wanted=3)
            await talk.ask(_base64(of.username), wanted=3, shown="AUTH LOGIN")
            await talk.ask(_base64(of.password), shown="AUTH LOGIN")
        else:
            raise _Refused("refused", f"{of.host} offers neither AUTH PLAIN nor AUTH LOGIN for email.username")

    async def _connect(self) -> _Talk:
        of, loop = self._settings, asyncio.get_running_loop()
        context = self._context() if of.security == "tls" else None
        failed: OSError = OSError("has no address")
        for address in (await self._names.addresses(of.host, of.port))[:ADDRESSES_MOST]:
            reader = asyncio.StreamReader(LINE_MOST)
            try:
                async with asyncio.timeout(CONNECT_S):
                    transport, _ = await loop.create_connection(
                        lambda reader=reader: asyncio.StreamReaderProtocol(reader), address, of.port,
                        ssl=context, server_hostname=of.host if context else None,
                    )  # fmt: skip
            except OSError as fault:  # a TimeoutError is one too
                failed = fault
            else:
                return _Talk(of.host, reader, transport)
        raise failed

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._settings.tls_ca or None)


class _Talk:
    """One conversation with the server."""

    def __init__(self, host: str, reader: asyncio.StreamReader, transport: asyncio.Transport) -> None:
        self._host, self._reader, self._transport = host, reader, transport

    async def ask(self, command: str, wanted: int = 2, shown: str = "", final: bool = False) -> str:
        """Give a command, and get what is said to it. `shown`: what is told of it, where that is not all."""
        self.tell(command.encode("ascii") + b"\r\n")
        return await self.reply(shown or command.partition(":")[0], wanted, final)

    def tell(self, octets: bytes) -> None:
        """Write; an e-mail is small, so nothing waits for room."""
        self._transport.write(octets)

    async def reply(self, to: str, wanted: int = 2, final: bool = False) -> str:
        """The lines of a reply without their codes. Raises _Refused, for good where it is a 5xx that is `final`: of
        this e-mail, not of the server's whole.
        """
        lines: list[str] = []
        while True:
            try:
                line = await self._reader.readuntil(b"\n")
            except asyncio.LimitOverrunError:
                line = b""
            found = _REPLY.match(line.rstrip(b"\r\n"))
            if found is None or len(lines) >= LINES_MOST:
                raise _Refused("broken", f"{self._host} does not speak SMTP")
            code, goes_on, said = found.groups()
            lines.append("".join(sign if sign.isprintable() else "?" for sign in said.decode("utf-8", "replace")))
            if goes_on != b"-":
                break
        if int(code[:1]) == wanted:
            return "\n".join(lines)
        detail = f"{self._host} answered {to} with {code.decode()} {' '.join(lines)[:SAID_MOST]}".rstrip()
        raise _Refused("refused", detail, final and code[:1] == b"5")

    async def secure(self, context: ssl.SSLContext) -> None:
        """Go on under TLS. What was said before it in clear counts no more: its reader is left behind."""
        self._reader = asyncio.StreamReader(LINE_MOST)
        protocol = asyncio.StreamReaderProtocol(self._reader)
        loop = asyncio.get_running_loop()
        transport = await loop.start_tls(self._transport, protocol, context, server_hostname=self._host)
        if transport is None:
            raise _Refused("broken", f"{self._host} hung up")
        protocol.connection_made(transport)
        self._transport = transport

    def close(self) -> None:
        """Hang up."""
        self._transport.close()


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()
