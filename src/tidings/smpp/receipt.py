"""Delivery receipts: read whatever carriers make of SMPP 3.4 Appendix B, and write it by the book.

The text of a receipt is vendor specific. Everything is optional here; the TLVs are trusted first
(receipted_message_id, message_state, network_error_code), the text second.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from tidings import data
from tidings.errors import MESSAGE_ERRORS
from tidings.smpp import pdus, status
from tidings.smpp.pdus import Tlvs, tlv

_TABLE = data.load("error_taxonomy")
STATES: dict[int, str] = {row["message_state"]: row["word"] for row in _TABLE["states"]}
"""message_state (section 5.2.28; 0 and 9 of SMPP 5.0) as the word that receipts use."""

_NUMBERS = {word: (pdus.MESSAGE_STATE, bytes((number,))) for number, word in STATES.items()}

STATUSES = ("delivered", "undelivered", "expired", "unknown", "in_transit")
_BY_WORD: dict[str, tuple[str, str]] = {row["word"]: (row["status"], row["category"]) for row in _TABLE["states"]}
_BY_WORD |= {alias: _BY_WORD[word] for alias, word in _TABLE["aliases"].items()}
"""Our status and the taxonomy's code for each word, those that vendors write instead among them."""
TABLES: dict[str, dict[str, tuple[str, str]]] = {
    name: {code: (meaning, category) for code, (meaning, category) in rows.items()}
    for name, rows in _TABLE["tables"].items()
}
"""What `err:` may mean where a carrier says that its codes are of such a table: code to meaning and category."""
_TYPED = {row["type"]: row["table"] for row in _TABLE["network_error_types"]}
"""Which table holds for the codes of a network_error_code of this type (section 5.3.2.31)."""

_BY_THE_BOOK = re.compile(
    r"id:(\S+) sub:\S* dlvrd:\S* submit date:\S* done date:\S* stat:([A-Za-z]+) err:(\S*)(?: text:|\Z)", re.IGNORECASE
)
_KEYS = "id|sub|dlvrd|submit ?date|done ?date|stat|err|text"
_TEXT = re.compile(r"(?<!\w)text\s*:", re.IGNORECASE)
_LONE_STATE = re.compile(r"(?<![\w:])(DELIVRD|EXPIRED|DELETED|UNDELIV|ACCEPTD|UNKNOWN|REJECTD|ENROUTE)(?!\w)")
_SNIFFED = re.compile(rb"\s*id\s*:\s*\S+.{0,200}?\bstat\s*:\s*[A-Za-z]", re.IGNORECASE | re.DOTALL)


class Report(msgspec.Struct, frozen=True, gc=False):
    """What a receipt says; every field may be "" when it says nothing of it."""

    message_id: str
    """As it came: the response may have had another form of it."""
    state: str
    """The word in upper case, or an unknown message_state as digits."""
    status: str
    """`delivered`, `undelivered`, `expired`, `unknown`, or `in_transit` (not final)."""
    error_code: str
    """`err:` as it came, or the code of network_error_code in decimal."""
    other_id: str = ""
    """What else it calls the message: the text's id where the TLV gives another, or the other way about."""
    network_type: int = 0
    """Type of the network_error_code that gave `error_code`; 0 where the text gave it."""


class Reading(msgspec.Struct, frozen=True):
    """How one SMSC's receipts are read, other than by the book."""

    ids: str = "tlv_first"
    """`tlv_first` or `text_first` (both are tried), `tlv` or `text`."""
    keys: Mapping[str, str] = {}
    """Words that its texts use for `id`, `stat` and `err`."""
    states: Mapping[str, tuple[str, str]] = {}
    """Status and code of words, in upper case, that mean something else here; either may be ""."""
    errors: Mapping[str, str] = {}
    """Codes of the taxonomy by `err:`, in lower case without leading zeros."""
    table: str = ""
    """Name of the table that `err:` is of; "" where nobody knows."""
    intermediate_is_final: bool = False
    """Take what comes as an intermediate notification for the end."""


BY_THE_BOOK = Reading()


def reading(
    ids: str,
    keys: Mapping[str, str],
    states: Mapping[str, str],
    errors: Mapping[str, str],
    table: str,
    intermediate_is_final: bool,
) -> Reading:
    """How receipts are read, from what a profile says. Raises ValueError, saying what cannot be used."""
    for word, name in keys.items():
        if name not in ("id", "stat", "err"):
            raise ValueError(f"receipt_keys: {word} stands for {name!r}; use id, stat or err")
    for code, category in errors.items():
        if category not in MESSAGE_ERRORS:
            raise ValueError(f"receipt_errors: {code}: {category!r} is no category of the error reference")
    return Reading(
        ids, {word.lower(): name for word, name in keys.items()},
        {word.upper(): _meaning(word, words) for word, words in states.items()},
        {_bare(code): category for code, category in errors.items()}, table, intermediate_is_final,
    )  # fmt: skip


def _meaning(state: str, words: str) -> tuple[str, str]:
    status_word, code = "", ""
    for word in words.split():
        # `expired` and `unknown` are both: first of all they say how it ended.
        if word in STATUSES and not status_word:
            status_word = word
        elif word in MESSAGE_ERRORS:
            code = word
        else:
            raise ValueError(
                f"receipt_states: {state}: {word!r} is neither a status ({', '.join(STATUSES)}) nor a category of the "
                "error reference"
            )
    if not (status_word or code):
        raise ValueError(f"receipt_states: {state}: give a status ({', '.join(STATUSES)}), a category, or both")
    return status_word, code


def _bare(code: str) -> str:
    code = code.strip().lower()
    return code.lstrip("0") or code[:1]


def status_of(state: str) -> str:
    """Our status for a receipt's word; unknown words are `unknown`, never an error."""
    return _BY_WORD.get(state, _UNKNOWN)[0]


_UNKNOWN = ("unknown", "unknown")
_PLAIN = {"expired": "expired"}
"""The code of a status that a profile gives to a word, where it gives no category."""


def judge(report: Report, reading: Reading = BY_THE_BOOK, intermediate: bool = False) -> tuple[str, str]:
    """Our status for a receipt, and the taxonomy's code for what went wrong; "" where nothing did, or not yet.

    What the carrier's own profile says comes first, then the error code where its table is known, then the state.
    `intermediate`: it came as an intermediate notification, after which there is more to come.
    """
    status, code = _BY_WORD.get(report.state, _UNKNOWN)
    if own := reading.states.get(report.state):
        status, code = own[0] or status, own[1] or (code if own[0] in ("", status) else _PLAIN.get(own[0], "unknown"))
    if intermediate and not reading.intermediate_is_final:
        status = "in_transit"
    if status in ("delivered", "in_transit"):
        return status, ""
    return status, _of_error(report, reading) or ("unknown" if code == "none" else code)


def _of_error(report: Report, reading: Reading) -> str:
    """What the error code says; "" where it says nothing that is known."""
    bare = _bare(report.error_code)
    if not bare:
        return ""
    if own := reading.errors.get(bare):
        return own
    table = _TYPED.get(report.network_type) if report.network_type else reading.table
    if table == "command_status":
        code = status.classify(int(bare)).code if bare.isdigit() else ""
        return "" if code == "none" else code
    known = TABLES.get(table or "", {}).get(bare)
    return "" if known is None or known[1] == "none" else known[1]


def parse(octets: bytes, tlvs: Tlvs = (), reading: Reading = BY_THE_BOOK) -> Report:
    """Read a receipt from its text and its TLVs, never raising."""
    message_id, state, error_code = _parse_text(octets, reading)
    other_id, network_type = "", 0
    if tlvs:
        message_id, other_id = _ids(_text(tlv(tlvs, pdus.RECEIPTED_MESSAGE_ID)), message_id, reading.ids)
        number = tlv(tlvs, pdus.MESSAGE_STATE)
        if number:
            state = STATES.get(number[-1], str(number[-1]))
        network = tlv(tlvs, pdus.NETWORK_ERROR_CODE)
        if network is not None and len(network) >= 3:
            network_type, error_code = network[0], str(int.from_bytes(network[1:3], "big"))
    elif reading.ids == "tlv":
        message_id = ""
    return Report(message_id, state, status_of(state), error_code, other_id, network_type)


def _ids(of_tlv: str, of_text: str, which: str) -> tuple[str, str]:
    """The id to look for first, and the other where there is one."""
    if which == "tlv":
        return of_tlv, ""
    if which == "text":
        return of_text, ""
    first, second = (of_tlv, of_text) if which == "tlv_first" else (of_text, of_tlv)
    if not first or first == second:
        return second, ""
    return first, second


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
    seconds: bool = False,
) -> bytes:
    """The text of a receipt by Appendix B; times are milliseconds since 1970, UTC. `seconds`: dates have them."""
    delivered = "001" if state == "DELIVRD" else "000"
    submitted, done = (
        (_second(submitted_ms), _second(done_ms))
        if seconds
        else (_minute(submitted_ms // 60_000), _minute(done_ms // 60_000))
    )
    line = (
        f"id:{message_id} sub:001 dlvrd:{delivered} submit date:{submitted} done date:{done}"
        f" stat:{state} err:{error_code} text:{text[:20]}"
    )
    return line.encode("latin-1", "replace")


def tlvs_of(message_id: str, state: str) -> Tlvs:
    """The TLVs that say the same as the text; an unknown word gets no message_state."""
    receipted = (pdus.RECEIPTED_MESSAGE_ID, message_id.encode("latin-1") + b"\0")
    known = _NUMBERS.get(state)
    return (receipted,) if known is None else (receipted, known)


def _parse_text(octets: bytes, reading: Reading) -> tuple[str, str, str]:
    # A leading NUL is UCS-2, which some carriers use even for receipts.
    text = octets.decode("utf-16-be", "replace") if octets[:1] == b"\0" else str(octets, "latin-1")
    match = _BY_THE_BOOK.match(text)
    if match is not None:
        return match[1], match[2].upper(), match[3]
    return _scan(text, _key(tuple(reading.keys)), reading.keys)


@lru_cache(maxsize=64)
def _key(further: tuple[str, ...]) -> re.Pattern[str]:
    """Finds the keys of a receipt's text, some carrier's own among them."""
    names = "|".join((*sorted(map(re.escape, further), key=len, reverse=True), _KEYS))
    return re.compile(rf"(?<!\w)({names})\s*[:=]" if further else rf"(?<!\w)({names})\s*:", re.IGNORECASE)


def _scan(text: str, key_of: re.Pattern[str], further: Mapping[str, str]) -> tuple[str, str, str]:
    keys = list(key_of.finditer(text))
    values: dict[str, str] = {}
    head = text
    for position, key in enumerate(keys):
        name = key[1].lower()
        name = further.get(name, name)
        if name == "text":
            # What follows is the customer's own text, which may hold anything.
            head = text[: key.start()]
            break
        end = keys[position + 1].start() if position + 1 < len(keys) else len(text)
        words = text[key.end() : end].split(None, 1)
        values.setdefault(name, words[0].strip(",;") if words else "")
    state = values.get("stat", "").upper()
    if not state:
        lone = _LONE_STATE.search(head)
        state = lone[1] if lone else ""
    return values.get("id", ""), state, values.get("err", "")


def _text(value: bytes | None) -> str:
    return str(value, "latin-1").rstrip("\0").strip() if value else ""


def _date(moment_ms: int) -> str:
    return _minute(moment_ms // 60_000)


@lru_cache(maxsize=64)
def _minute(minutes: int) -> str:
    return datetime.fromtimestamp(minutes * 60, UTC).strftime("%y%m%d%H%M")


def _second(moment_ms: int) -> str:
    return datetime.fromtimestamp(moment_ms // 1000, UTC).strftime("%y%m%d%H%M%S")
