"""E-mails that codes send: plain text to one address, made so that nothing in them can become a header or a command."""

from __future__ import annotations

import datetime as dt
import re
from email.message import EmailMessage
from email.policy import SMTP
from urllib.parse import quote, unquote

import msgspec

from tidings.config import MAIL_ADDRESS
from tidings.core.message import Millis

SUBJECT_MOST = 150
SCHEME = "mailto:"
_NO_LETTERS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """One e-mail. Its id makes the Message-ID, the same however often it goes out."""

    id: str
    sender: str
    to: str
    subject: str
    text: str
    at: Millis


def is_address(written: str) -> bool:
    """Whether somebody means an e-mail address, sound or not: numbers and names have no @."""
    return "@" in written


def address_fault(written: str) -> str | None:
    """Why an e-mail address cannot be used; None when it can."""
    if not written.isascii():
        return "must be an e-mail address of ASCII; write such a domain in its form that begins with xn--"
    return None if MAIL_ADDRESS.match(written) else "must be an e-mail address, like ops@example.com"


def url(address: str) -> str:
    """An address as a URL (RFC 6068), by which calls of codes know where they go."""
    return SCHEME + quote(address, safe="@")


def address_of(called: str) -> str | None:
    """The address of such a URL; None of other URLs."""
    return unquote(called.removeprefix(SCHEME)) if called.startswith(SCHEME) else None


def octets(mail: Mail) -> bytes:
    """The e-mail as it goes out, in ASCII, its lines ended by CRLF.

    Raises ValueError for addresses that `address_fault` would refuse.
    """
    for address in (mail.sender, mail.to):
        if why := address_fault(address):
            raise ValueError(f"the address {why}")
    made = EmailMessage(policy=SMTP)
    made["From"] = mail.sender
    made["To"] = mail.to
    made["Subject"] = _NO_LETTERS.sub(" ", _sound(mail.subject)).strip()[:SUBJECT_MOST]
    made["Date"] = dt.datetime.fromtimestamp(mail.at // 1000, dt.UTC)
    made["Message-ID"] = f"<{mail.id}@{mail.sender.rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: so that no machine answers it
    made.set_content(_sound(mail.text), charset="utf-8", cte="quoted-printable")
    return made.as_bytes()


def _sound(text: str) -> str:
    """The same without halves of characters, which UTF-8 cannot hold."""
    return text.encode("utf-8", "replace").decode("utf-8")
