"""Delivery receipts: read whatever carriers make of SMPP 3.4 Appendix B, and write it by the book.

The text of a receipt is vendor specific. Everything is optional here; the TLVs are trusted first
(receipted_message_id, message_state, network_error_code), the text second.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from tidings.smpp import pdus
from tidings.smpp.pdus import Tlvs, tlv

STATES = {
    0: "SCHEDUL",
    1: "ENROUTE",
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    6: "ACCEPTD",
    7: "UNKNOWN",
    8: "REJECTD",
    9: "SKIPPED",
}
"""message_state (section 5.2.28; 0 and 9 of SMPP 5.0) as the word that receipts use."""

_NUMBERS = {word: (pdus.MESSAGE_STATE, bytes((number,))) for number, word in STATES.items()}

_STATUSES = {
    "DELIVRD": "delivered",
    "EXPIRED": "expired",
    "UNDELIV": "undelivered",
    "REJECTD": "undelivered",
    "DELETED": "undelivered",
    "SKIPPED": "undelivered",
    "UNKNOWN": "unknown",
    "ENROUTE": "in_transit",
    "ACCEPTD": "in_transit",
    "SCHEDUL": "in_transit",
    # Words that vendors write instead.
    "DELIVERED": "delivered",
    "DELIVER": "delivered",
    "UNDELIVERABLE": "undelivered",
    "UNDELIVERED": "undelivered",
    "FAILED": "undelivered",
    "REJECTED": "undelivered",
    "NACK": "undelivered",
    "NOROUTE": "undelivered",
    "ACCEPTED": "in_transit",
    "BUFFERED": "in_transit",
    "BUFFRED": "in_transit",
    "SCHEDULED": "in_transit",
}

_BY_THE_BOOK = re.compile(
    r"id:(\S+) sub:\S* dlvrd:\S* submit date:\S* done date:\S* stat:([A-Za-z]+) err:(\S*)(?: text:|\Z)", re.IGNORECASE
)
_KEY = re.compile(r"(?<!\w)(id|sub|dlvrd|submit ?date|done ?date|stat|err|text)\s*:", re.IGNORECASE)
_TEXT = re.compile(r"(?<!\w)text\s*:", re.IGNORECASE)
_LONE_STATE = re.compile(r"(?<![\w:])(DELIVRD|EXPIRED|DELETED|UNDELIV|ACCEPTD|UNKNOWN|REJECTD|ENROUTE)(?!\w)")
_SNIFFED = re.compile(rb"\s*id\s*:\s*\S+.{0,200}?\bstat\s*:\s*[A-Za-z]", re.IGNORECASE | re.DOTALL)
_DIGITS = re.compile(r"[0-9]{1,20}")
_HEX = re.compile(r"[0-9a-f]{1,16}")


class Report(msgspec.Struct, frozen=True, gc=False):
    """What a receipt says; every field may be "" when it says nothing of it."""

    message_id: str
    """As it came: see `id_forms` for what it may have been in the response."""
    state: str
    """The word in upper case, or an unknown message_state as digits."""
    status: str
    """`delivered`, `undelivered`, `expired`, `unknown`, or `in_transit` (not final)."""
    error_code: str
    """`err:` as it came, or the code of network_error_code in decimal."""


def status_of(state: str) -> str:
    """Our status for a receipt's word; unknown words are `unknown`, never an error."""
    return _STATUSES.get(state, "unknown")


def parse(octets: bytes, tlvs: Tlvs = ()) -> Report:
    """Read a receipt from its text and its TLVs, never raising."""
    message_id, state, error_code = _parse_text(octets)
    if tlvs:
        message_id = _text(tlv(tlvs, pdus.RECEIPTED_MESSAGE_ID)) or message_id
        number = tlv(tlvs, pdus.MESSAGE_STATE)
        if number:
            state = STATES.get(number[-1], str(number[-1]))
        error_code = _network_error(tlv(tlvs, pdus.NETWORK_ERROR_CODE)) or error_code
    return Report(message_id, state, status_of(state), error_code)


def looks_like_receipt(octets: bytes) -> bool:
    """Whether a text that is not marked as a receipt reads like one."""
    return _SNIFFED.match(octets) is not None


def without_text(octets: bytes) -> bytes:
    """The receipt up to the words of the message it repeats: those are the customer's, not the carrier's."""
    if octets.endswith(b"text:") and octets.lower().count(b"text") == 1:
        return octets
    if octets[:1] == b"\0":
        text = octets.decode("utf-16-be", "replace")
        mark = _TEXT.search(text)
        return octets if mark is None else text[: mark.end()].encode("utf-16-be")
    mark = _TEXT.search(str(octets, "latin-1"))
    return octets if mark is None else octets[: mark.end()]


def write(
    message_id: str,
    state: str,
    *,
    submitted_ms: int,
    done_ms: int,
    error_code: str = "000",
    text: str = "",
) -> bytes:
    """The text of a receipt by Appendix B; times are milliseconds since 1970, UTC."""
    delivered = 1 if state == "DELIVRD" else 0
    line = (
        f"id:{message_id} sub:001 dlvrd:{delivered:03d} submit date:{_date(submitted_ms)} done date:{_date(done_ms)}"
        f" stat:{state} err:{error_code} text:{text[:20]}"
    )
    return line.encode("latin-1", "replace")


def tlvs_of(message_id: str, state: str) -> Tlvs:
    """The TLVs that say the same as the text; an unknown word gets no message_state."""
    receipted = (pdus.RECEIPTED_MESSAGE_ID, message_id.encode("latin-1") + b"\0")
    known = _NUMBERS.get(state)
    return (receipted,) if known is None else (receipted, known)


def id_forms(message_id: str) -> tuple[str, ...]:
    """What a carrier may have called `message_id` in its response, the likeliest first, the id itself at the head.

    Carriers change letter case, drop or pad zeros, and tell in decimal what they told in hexadecimal or the
    other way about. The forms are candidates: compare the destination too before believing one.
    """
    bare = message_id.strip().lower()
    short = bare.lstrip("0") or bare
    roots = [bare, short]
    if _DIGITS.fullmatch(short):
        roots.append(f"{int(short):x}")
    if _HEX.fullmatch(short):
        roots.append(str(int(short, 16)))
    forms = [message_id]
    for root in roots:
        forms += [root, root.upper(), root.zfill(8), root.zfill(8).upper(), root.zfill(10), root.zfill(10).upper()]
    return tuple(dict.fromkeys(form for form in forms if form))


def _parse_text(octets: bytes) -> tuple[str, str, str]:
    # A leading NUL is UCS-2, which some carriers use even for receipts.
    text = octets.decode("utf-16-be", "replace") if octets[:1] == b"\0" else str(octets, "latin-1")
    match = _BY_THE_BOOK.match(text)
    if match is not None:
        return match[1], match[2].upper(), match[3]
    return _scan(text)


def _scan(text: str) -> tuple[str, str, str]:
    keys = list(_KEY.finditer(text))
    values: dict[str, str] = {}
    head = text
    for position, key in enumerate(keys):
        name = key[1].lower()
        if name == "text":
            # What follows is the customer's own text, which may hold anything.
            head = text[: key.start()]
            break
        end = keys[position + 1].start() if position + 1 < len(keys) else len(text)
        words = text[key.end() : end].split(None, 1)
        values.setdefault(name, words[0] if words else "")
    state = values.get("stat", "").upper()
    if not state:
        lone = _LONE_STATE.search(head)
        state = lone[1] if lone else ""
    return values.get("id", ""), state, values.get("err", "")


def _text(value: bytes | None) -> str:
    return str(value, "latin-1").rstrip("\0").strip() if value else ""


def _network_error(value: bytes | None) -> str:
    if value is None or len(value) < 3:
        return ""
    return str(int.from_bytes(value[1:3], "big"))


def _date(moment_ms: int) -> str:
    return _minute(moment_ms // 60_000)


@lru_cache(maxsize=64)
def _minute(minutes: int) -> str:
    return datetime.fromtimestamp(minutes * 60, UTC).strftime("%y%m%d%H%M")
