"""E-mails as they are made: whole, in ASCII, and with no way for a text or an address to say more than it should."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.core.mail import Mail, address_fault, address_of, octets, url
from tidings.core.webhook import endpoint_of

MAIL = Mail(
    id="call_1", sender="sms@example.com", to="ops@example.org", subject="Text from +15551230100", text="Hello",
    at=1_790_000_000_123,
)  # fmt: skip


def test_a_plain_one_to_the_octet() -> None:
    assert octets(MAIL).decode("ascii").split("\r\n") == [
        "From: sms@example.com", "To: ops@example.org", "Subject: Text from +15551230100",
        "Date: Mon, 21 Sep 2026 14:13:20 +0000", "Message-ID: <call_1@example.com>", "Auto-Submitted: auto-generated",
        'Content-Type: text/plain; charset="utf-8"', "Content-Transfer-Encoding: quoted-printable",
        "MIME-Version: 1.0", "", "Hello", "",
    ]  # fmt: skip


SAID = [
    ("letters beyond ASCII", "Größe 👍", "Größe 👍"),
    ("a header in it", "x\r\nBcc: all@example.com", "x Bcc: all@example.com"),
    ("an end of the headers in it", "x\r\n\r\nbody", "x body"),
    ("line ends of Unicode", "x\u2028Bcc: y\u0085z\x0b", "x Bcc: y z"),
    ("half a character", "x\ud83d", "x?"),
    ("an encoded word", "=?utf-8?q?Bcc=3A?= x", "=?utf-8?q?Bcc=3A?= x"),
    ("more than fits", "x" * 500, "x" * 150),
    ("nothing", " \n ", ""),
]


@pytest.mark.parametrize(("subject", "read"), [row[1:] for row in SAID], ids=[row[0] for row in SAID])
def test_a_subject_is_one_line(subject: str, read: str) -> None:
    made = message_from_bytes(octets(msgspec.structs.replace(MAIL, subject=subject)), policy=default)
    assert (made["Bcc"], made["To"], made.keys().count("Subject")) == (None, "ops@example.org", 1)
    if not read.startswith("=?"):  # readers may decode what looks encoded
        assert made["Subject"] == read


@given(st.text(max_size=400), st.text(max_size=400))
def test_whatever_is_said_the_headers_are_the_same_and_the_text_is_whole(subject: str, text: str) -> None:
    whole = octets(msgspec.structs.replace(MAIL, subject=subject, text=text))
    assert whole.isascii()
    assert b"\n" not in whole.replace(b"\r\n", b"")
    assert b"\r" not in whole.replace(b"\r\n", b"")
    assert max(map(len, whole.split(b"\r\n"))) <= 998
    made = message_from_bytes(whole, policy=default)
    plain = message_from_bytes(octets(MAIL), policy=default)
    assert made.keys() == plain.keys()
    assert plain_lines(made.get_content()) == plain_lines(text)  # type: ignore[attr-defined]


def plain_lines(text: str) -> list[str]:
    """Lines whatever ends them: CR and LF mean the same, and the last one is always ended."""
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n")


ADDRESSES = [
    ("ops@example.com", True), ("o.p-s+x'y@mail", True), ("a/b?c#d%e@example.com", True),
    ("x" * 64 + "@example.com", True), ("x" * 65 + "@example.com", False), ("x@" + "y." * 126 + "com", False),
    ("@example.com", False), ("ops@", False), ("a@b@c", False), ("o ps@example.com", False),
    ("ops@example.com\n", False), ("ops@example.com\r\nRCPT TO:<x@y>", False), ("ops@example..com", False),
    (".ops@example.com", False), ("ops@-example.com", False), ('"o p s"@example.com', False),
    ("Ops <ops@example.com>", False), ("ops@[127.0.0.1]", False), ("öps@example.com", False),
    ("a@example.com,b@example.com", False), ("ops@example.com>", False),
]  # fmt: skip


@pytest.mark.parametrize(("address", "sound"), ADDRESSES)
def test_addresses(address: str, sound: bool) -> None:
    assert (address_fault(address) is None) is sound
    if sound:
        assert address_of(url(address)) == address
        assert endpoint_of(None, 1, url(address)) == "1 mailto://", "one endpoint for all e-mails of an account"
    else:
        with pytest.raises(ValueError, match="the address must be an e-mail address"):
            octets(msgspec.structs.replace(MAIL, to=address))
