"""Texts forwarded by e-mail: left to be sent in the commit that takes the text, sent by SMTP, and their fate told."""

from __future__ import annotations

import asyncio
import logging
import ssl
from pathlib import Path
from typing import Any

import pytest

from codes_kit import rule
from mail_kit import DROP, HANG, MailServer, Script
from spine_kit import inbound
from tidings.config import CodesSettings
from tidings.core.codes import Call
from tidings.core.mail import Mail
from tidings.core.message import DAY, Message
from tidings.core.ports import Mailed, NotMailed
from tidings.core.request import Invalid
from tidings.drivers.clock import SystemClock
from tidings.drivers.names import Names
from tidings.drivers.smtp import LINES_MOST, Smtp
from tidings.pipeline import coding, receive
from webhook_kit import Office, office

ALONE = pytest.mark.one_engine("one conversation alone: no store is asked")
ME, OPS = "+15551230100", "ops@example.org"
TLS = Path(__file__).parents[1] / "tls"
MAIL = Mail(id="call_1", sender="sms@example.com", to=OPS, subject="Hello", text=".\n..\nyes", at=1_790_000_000_000)


# one conversation


def refuse(verb: str, said: str) -> Script:
    return lambda asked, number: said if asked == verb else None


CONVERSATIONS: list[tuple[str, Script, str, str, bool]] = [
    ("the address is refused", refuse("RCPT", "550 5.1.1 no such person"), "refused",
     "127.0.0.1 answered RCPT TO with 550 5.1.1 no such person", True),
    ("our address is refused", refuse("MAIL", "553 not you"), "refused", "MAIL FROM with 553 not you", True),
    ("the e-mail is refused", refuse(".", "554 spam"), "refused", "the e-mail with 554 spam", True),
    ("the address is refused for now", refuse("RCPT", "450 greylisted"), "refused", "450 greylisted", False),
    ("the e-mail is refused for now", refuse(".", "452 disk full"), "refused", "452 disk full", False),
    ("the whole server says no", refuse("hello", "554 not today"), "refused", "at first with 554 not today", False),
    ("it knows no EHLO", refuse("EHLO", "502 what"), "refused", "EHLO example.com with 502 what", False),
    ("it hangs up", refuse("DATA", DROP), "broken", "127.0.0.1 hung up", False),
    ("it hangs up after the e-mail", refuse(".", DROP), "broken", "127.0.0.1 hung up", False),
    ("it says nothing", refuse("hello", HANG), "timeout", "did not take it within 0.3 s", False),
    ("it says nothing to the e-mail", refuse(".", HANG), "timeout", "did not take it within 0.3 s", False),
    ("it speaks no SMTP", refuse("hello", "HTTP/1.1 400 Bad Request"), "broken", "does not speak SMTP", False),
    ("it says a line without end", refuse("EHLO", "250-" + "x" * 100_000), "broken", "does not speak SMTP", False),
    ("it says lines without end", refuse("EHLO", "\r\n".join(["250-x"] * (LINES_MOST + 9))), "broken",
     "does not speak SMTP", False),
    ("it says half a reply", refuse("EHLO", "250-x\r\n25"), "broken", "does not speak SMTP", False),
    ("it says more than is told", refuse("RCPT", "550 " + "no " * 500), "refused", "550 no no", True),
]  # fmt: skip


@ALONE
@pytest.mark.parametrize(
    ("script", "kind", "detail", "permanent"), [row[1:] for row in CONVERSATIONS],
    ids=[row[0] for row in CONVERSATIONS],
)  # fmt: skip
async def test_what_a_server_says_that_takes_nothing(script: Script, kind: str, detail: str, permanent: bool) -> None:
    async with MailServer(script).up() as there:
        wait = 0.3 if kind == "timeout" else 10.0
        came = await Smtp(SystemClock(), there.settings(timeout=wait)).send(MAIL)
    assert isinstance(came, NotMailed)
    assert (came.kind, came.permanent) == (kind, permanent), came
    assert detail in came.detail
    assert len(came.detail) < 300
    assert there.got == []


@ALONE
async def test_an_email_goes_through_whole_whatever_its_lines_are() -> None:
    async with MailServer().up() as there:
        came = await Smtp(SystemClock(), there.settings()).send(MAIL)
        assert came == Mailed("fine")
        (got,) = there.mails()
        assert got.get_content().splitlines() == [".", "..", "yes"]
        assert (got["To"], got["Message-ID"]) == (OPS, "<call_1@example.com>")
        assert there.commands[:4] == ["EHLO example.com", "MAIL FROM:<sms@example.com>", f"RCPT TO:<{OPS}>", "DATA"]


@ALONE
async def test_a_server_that_is_not_there() -> None:
    async with MailServer().up() as there:
        settings = there.settings()
    came = await Smtp(SystemClock(), settings).send(MAIL)
    assert isinstance(came, NotMailed)
    assert (came.kind, came.permanent) == ("unreachable", False)


def papers() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(TLS / "hook.pem")
    return context


SIGN_INS = [
    ("AUTH PLAIN", ["AUTH PLAIN AG1lAHPDtmNyZXQ="]), ("AUTH LOGIN", ["AUTH LOGIN", "bWU=", "c8O2Y3JldA=="]),
]  # fmt: skip


@ALONE
@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize(("offered", "said"), SIGN_INS)
async def test_signing_in_under_tls(security: str, offered: str, said: list[str]) -> None:
    def script(verb: str, number: int) -> str | None:
        return {"AUTH": None, "BWU=": "334 UGFzc3dvcmQ6", "C8O2Y3JLDA==": "235 in"}.get(verb)

    server = MailServer(script, ("STARTTLS", offered), papers())
    async with server.up(papers() if security == "tls" else None) as there:
        settings = there.settings(
            host="hook.example", security=security, tls_ca=str(TLS / "ca.pem"), username="me", password="söcret",
        )  # fmt: skip
        clock = SystemClock()
        came = await Smtp(clock, settings, Names(clock, lambda host, port: ["127.0.0.1"])).send(MAIL)
        assert isinstance(came, Mailed), came
        assert [one for one in there.commands if one in said] == said
        assert there.commands.count("EHLO example.com") == 1 + (security == "starttls")


async def one(server: MailServer, security: str, **more: Any) -> NotMailed:
    clock = SystemClock()
    settings = server.settings(host="hook.example", security=security, **more)
    came = await Smtp(clock, settings, Names(clock, lambda host, port: ["127.0.0.1"])).send(MAIL)
    assert isinstance(came, NotMailed)
    return came


@ALONE
async def test_nothing_is_said_in_clear_that_was_to_be_said_under_tls() -> None:
    ours, who = {"tls_ca": str(TLS / "ca.pem")}, {"username": "me", "password": "s3cret-7"}
    async with MailServer().up() as there:
        assert (
            await one(there, "starttls", **ours, **who)
        ).detail == "hook.example offers no STARTTLS; see email.security"
        assert there.commands == ["EHLO example.com"]
    async with MailServer(features=("STARTTLS", "AUTH PLAIN"), tls=papers()).up() as there:
        came = await one(there, "starttls", **who)
        assert (came.kind, "CERTIFICATE" in came.detail.upper()) == ("tls", True), "nobody vouches for it"
        assert there.commands[-1] == "STARTTLS"
    injected = refuse("STARTTLS", "220 go on\r\n250-AUTH PLAIN\r\n250 AUTH PLAIN")
    async with MailServer(injected, ("STARTTLS",), papers()).up() as there:
        came = await one(there, "starttls", **ours, **who)
        assert "neither AUTH PLAIN nor AUTH LOGIN" in came.detail, "what was said before TLS counts no more"
        assert not any("AUTH" in one for one in there.commands)
    refused = MailServer(refuse("AUTH", "535 no"), ("AUTH PLAIN",))
    async with refused.up(papers()) as there:
        came = await one(there, "tls", **ours, **who)
        assert (came.detail, came.permanent) == ("hook.example answered AUTH PLAIN with 535 no", False)


# from a text to an e-mail


async def has(here: Office, to: tuple[str, ...] = (OPS,), **more: Any) -> None:
    action = {"type": "forward", "to": list(to), **more}
    more_words = {"name": "said", "type": "rest", "optional": True}
    made = await coding.save(here.house, 1, [rule("alarm", parameters=[more_words], actions=[action])], replace=True)
    assert isinstance(made, tuple), made


async def heard(here: Office, text: str, **fields: Any) -> Message:
    house = here.house
    ids = [house.new_id() for _ in range(3)]
    arrival = receive.Arrival(*ids, inbound(text, **fields), house.settings, codes=house.kit())
    (got,) = await here.store.write(receive.take_inbound, [arrival])
    assert got.message is not None
    return got.message


async def calls(here: Office, message: Message) -> list[Call]:
    return await here.store.read(lambda tx: tx.codes.calls_of(message.id))


async def notes(here: Office, message: Message) -> list[str | None]:
    events = await here.store.read(lambda tx: tx.events.of(message.id))
    done = (events[0].data or {})["code"]["done"]
    return [one.get("note") for one in done]


async def until(here: Office, message: Message, status: str, attempts: int = 1) -> Call:
    try:
        async with asyncio.timeout(20):
            while True:
                (call,) = await calls(here, message)
                if call.status == status and call.attempts >= attempts:
                    return call
                await asyncio.sleep(0.01)
    except TimeoutError:
        pytest.fail(f"it stands at {await calls(here, message)}")


def later(here: Office, seconds: float) -> None:
    here.move(seconds)
    here.notifier._caller._wake.set()


async def test_a_text_is_forwarded_once_and_its_fate_told(tmp_path: Path) -> None:
    async with MailServer().up() as there, office(tmp_path, email=there.settings()) as here:
        subject, text = "{{ from }}: {{ keyword }}", "{{ text | upcase }}\nBcc: x"
        await has(here, (OPS, "+15551230177"), subject=subject, text=text)
        message = await heard(here, "alarm größer")
        call = await until(here, message, "answered")
        assert (call.url, call.attempts, call.said, call.note) == (
            f"mailto:{OPS}", 1, None, "the mail server took it: fine",
        )  # fmt: skip
        (got,) = there.mails()
        assert (got["Subject"], got["From"], got["To"]) == (f"{ME}: alarm", "sms@example.com", OPS)
        assert (got["Auto-Submitted"], got["Bcc"]) == ("auto-generated", None)
        assert got.get_content().splitlines() == ["ALARM GRÖSSER", "Bcc: x"]
        assert await notes(here, message) == [None, None]
        assert here.house.metrics.mails == {("sent",): 1}
        assert here.house.metrics.webhooks == {}


FATES = [
    ("refused for now, then taken", ["450 later", None], "answered", 2),
    ("hung up on, then taken", [DROP, None], "answered", 2),
    ("refused for good", ["550 nobody"], "dead", 1),
]


@pytest.mark.parametrize(("said", "status", "attempts"), [row[1:] for row in FATES], ids=[row[0] for row in FATES])
async def test_what_becomes_of_an_email(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, said: list[str | None], status: str, attempts: int
) -> None:
    def script(verb: str, number: int) -> str | None:
        return said[number] if verb == "RCPT" else None

    async with MailServer(script).up() as there, office(tmp_path, email=there.settings()) as here:
        await has(here)
        message = await heard(here, "alarm")
        if status == "answered":
            waiting = await until(here, message, "waiting")
            assert waiting.next_at is not None
            assert waiting.said is not None
            later(here, 10)
        call = await until(here, message, status, attempts)
        assert (call.attempts, call.said, len(there.got)) == (attempts, None, int(status == "answered"))
        assert OPS not in "".join(record.getMessage() for record in caplog.records if record.levelno >= logging.INFO)


async def test_one_that_waits_goes_out_after_a_restart_under_the_same_id(tmp_path: Path) -> None:
    server = MailServer(lambda verb, number: DROP if verb == "." and number == 0 else None)
    async with server.up() as there:
        async with office(tmp_path, email=there.settings()) as here:
            await has(here)
            message = await heard(here, "alarm")
            await until(here, message, "waiting")
            sent = await calls(here, message)
        async with here.up():
            later(here, 10)
            call = await until(here, message, "answered", 2)
            assert call.id == sent[0].id
            assert len(there.got) == 1


async def test_a_mail_server_that_hangs_holds_up_no_webhooks_room_and_no_other_account_for_ever(tmp_path: Path) -> None:
    server = MailServer(lambda verb, number: HANG if number < 40 else None)
    async with server.up() as there, office(tmp_path, email=there.settings()) as here:
        await has(here)
        for at in range(12):
            await heard(here, f"alarm {at}", sender=f"1555123{at:04}")
        await here.until(lambda: there.busy == 4)
        await asyncio.sleep(0.1)
        assert there.most_busy == 4, "half of what there may be, and what another account may still take is left"
        assert len(here.notifier._caller._flying) == 4


async def test_a_flood_is_no_mail_bomb(tmp_path: Path) -> None:
    async with MailServer().up() as there, office(tmp_path, email=there.settings(per_day=3)) as here:
        await has(here)
        house = here.house
        arrivals = [
            receive.Arrival(*[house.new_id() for _ in range(3)], inbound("alarm", sender=f"1555123{at:04}"),
                            house.settings, codes=house.kit())
            for at in range(5)
        ]  # fmt: skip
        (first, *_) = await here.store.write(receive.take_inbound, arrivals[:1])
        got = [first, *await here.store.write(receive.take_inbound, arrivals[1:])]
        why = "not sent: the account has sent all e-mails that it may in a day (email.per_day)"
        told = [(await notes(here, one.message))[0] for one in got if one.message is not None]
        assert told == [None, None, None, why, why]
        await here.until(lambda: len(there.got) == 3)
        later(here, DAY / 1000)
        assert await notes(here, await heard(here, "alarm", sender="15551239999")) == [None], (
            "a day later there is room"
        )


async def test_machines_and_quick_fingers_lead_to_no_more_emails_than_texts(tmp_path: Path) -> None:
    bounds = CodesSettings(replies_per_minute=2)
    async with MailServer().up() as there, office(tmp_path, email=there.settings(), codes=bounds) as here:
        await has(here, to=(OPS, "ops2@example.org", "ops3@example.org"))
        message = await heard(here, "alarm")
        assert await notes(here, message) == [
            None, None, "not sent: one more than codes may send between these two numbers now",
        ]  # fmt: skip
        (again, *_) = await notes(here, await heard(here, "alarm"))
        assert again == "not sent: 2 answers in this minute; there may be 2."
        later(here, 120)
        (auto, *_) = await notes(here, await heard(here, "alarm: automatic reply"))
        assert auto is not None
        assert "A machine wrote it" in auto
        await here.until(lambda: len(there.got) == 2)


async def test_without_a_mail_server_it_is_refused_or_told(tmp_path: Path) -> None:
    async with MailServer().up() as there, office(tmp_path, email=there.settings()) as here:
        await has(here)
    async with office(tmp_path) as here:
        made = await coding.save(here.house, 1, [rule(actions=[{"type": "forward", "to": [OPS]}])])
        assert isinstance(made, Invalid)
        assert made.errors[0].detail == "is an e-mail address, and this server sends none: set email.host first"
        message = await heard(here, "alarm")
        assert await notes(here, message) == ["not sent: no e-mail can be sent: email.host is not set"]
        assert await calls(here, message) == []
