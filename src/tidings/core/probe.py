"""What one text through a carrier tells about the carrier's ways, and what its profile should say of them; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from tidings.core import id_form
from tidings.core.message import Message, Millis
from tidings.core.questions import Attempt, ReceiptRow
from tidings.errors import MESSAGE_ERRORS
from tidings.smpp import receipt

SAFE_WINDOW = 10


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of a test: what was sent, and what may have been meant for it."""

    message: Message
    attempts: Sequence[Attempt]
    receipts: Sequence[ReceiptRow]
    """Those that were matched to it, and those of its carrier since that match nothing."""
    texts: Sequence[Message] = ()
    """Texts from handsets since: an unmarked receipt looks like one."""
    smsc_version: str | None = None
    """sc_interface_version, as `3.4`."""
    profile: Mapping[str, Any] = {}
    """The profile as it is configured."""


class Learned(msgspec.Struct, frozen=True, kw_only=True):
    """What a test found out."""

    done: bool
    """Whether there is nothing more to wait for."""
    notes: tuple[str, ...]
    """Plain sentences."""
    keys: dict[str, Any]
    """Keys of the profile that should be set, without those that are set so already."""
    id_in_response: str | None = None
    id_in_receipt: str | None = None
    id_form: str | None = None
    """One of `id_form.FORMS`, where this one text tells."""
    receipt_form: str | None = None
    receipt_state: str | None = None
    receipt_error: str | None = None
    response_ms: int | None = None
    receipt_ms: int | None = None


def learn(heard: Heard) -> Learned:
    """Draw the conclusions."""
    attempt = max(heard.attempts, key=lambda one: one.id, default=None)
    told = _receipt(heard, attempt)
    keys: dict[str, Any] = {}
    notes = [
        *_bind(heard, keys), *_answer(attempt, keys), *_about_receipt(heard, attempt, told, keys),
    ]  # fmt: skip
    ids = _pair(attempt, told)
    form = _form(ids) if ids else ""
    if form:
        keys["receipt_id"] = form
    return Learned(
        done=_done(heard.message, told), notes=tuple(notes),
        keys={key: value for key, value in keys.items() if heard.profile.get(key) != value},
        id_in_response=attempt.carrier_id if attempt else None,
        id_in_receipt=told.carrier_id or None if told else None,
        id_form=form or None, receipt_form=told.form or None if told else None,
        receipt_state=told.state or None if told else None, receipt_error=told.error_code or None if told else None,
        response_ms=_span(attempt.started_at, attempt.answered_at) if attempt else None,
        receipt_ms=_span(attempt.started_at, told.received_at) if attempt and told else None,
    )  # fmt: skip


def _span(start: Millis, end: Millis | None) -> int | None:
    return None if end is None else end - start


def _done(message: Message, told: ReceiptRow | None) -> bool:
    ended = message.finished_at is not None and message.status not in ("unknown",)
    return ended or (told is not None and told.status != "in_transit")


def _bind(heard: Heard, keys: dict[str, Any]) -> Iterator[str]:
    if heard.smsc_version is None:
        yield "The SMSC does not say which version of SMPP it speaks; that is fine."
        return
    yield f"The SMSC says that it speaks version {heard.smsc_version}."
    if heard.smsc_version == "3.3":
        keys["interface_version"] = 0x33


HINTS = {
    "0x00000006": "`priority_flag`",
    "0x00000007": "`registered_delivery`",
    "0x0000000A": "the sender: `international`, `short` and `alphanumeric` are its types",
    "0x0000000B": "`destination` and `keep_plus`",
    "0x00000015": "`service_type`",
    "0x00000043": "`message_mode`, and `concatenation` where it was a long text",
    "0x00000048": "`international`, `short` or `alphanumeric`, whichever the sender is",
    "0x00000049": "`international`, `short` or `alphanumeric`, whichever the sender is",
    "0x00000050": "`destination`",
    "0x00000051": "`destination`",
    "0x00000062": "`validity`: try `none`, then `absolute`",
    "0x000000C0": "`tlvs`, `user_message_reference` and `concatenation`",
    "0x000000C1": "`tlvs`, `user_message_reference` and `concatenation`",
    "0x00000104": "`gsm7_data_coding` and `ucs2_data_coding`",
}
"""Which keys of a profile a refusal points at."""


def _answer(attempt: Attempt | None, keys: dict[str, Any]) -> Iterator[str]:
    if attempt is None:
        yield "It was not handed over yet."
    elif attempt.outcome is None:
        yield "It was handed over; the response has not come."
    elif attempt.outcome == "in_doubt":
        yield "No response came; nobody knows whether the text went out. See `in_doubt`."
    elif attempt.outcome != "sent":
        code = (attempt.detail or "unknown").partition(":")[0]
        known = MESSAGE_ERRORS.get(code, MESSAGE_ERRORS["unknown"])
        yield f"It was refused with {attempt.carrier_code or 'no code'}: {known.sentence} {known.advice}"
        if attempt.carrier_code in HINTS:
            yield f"Look at {HINTS[attempt.carrier_code]} in the profile."
        if attempt.carrier_code == "0x00000062":
            keys["validity"] = "none"
    else:
        took = _span(attempt.started_at, attempt.answered_at) or 0
        most = 1000 * SAFE_WINDOW / max(1, took)
        yield f"The response took {took} ms: a window of {SAFE_WINDOW} carries at most {most:.0f} segments/s a bind."
        if not attempt.carrier_id:
            yield "The response gave no id, so that no receipt can be matched: ask the carrier."


def _receipt(heard: Heard, attempt: Attempt | None) -> ReceiptRow | None:
    """The receipt that was meant: matched, else one that agrees in id or handset, else an unmarked one."""
    own = [row for row in heard.receipts if row.message_id == heard.message.id]
    final = [row for row in own if row.status != "in_transit"]
    if own:
        return (final or own)[-1]
    number = heard.message.to.lstrip("+")
    for row in heard.receipts:
        same_id = attempt is not None and _form(_pair(attempt, row)) is not None and _agrees(attempt, row)
        if same_id or row.sender.lstrip("+").endswith(number[-8:]) or row.sender == heard.message.sender:
            return row
    return _unmarked(heard)


def _unmarked(heard: Heard) -> ReceiptRow | None:
    for text in heard.texts:
        octets = (text.text or "").encode("latin-1", "replace")
        if receipt.looks_like_receipt(octets):
            report = receipt.parse(octets)
            return ReceiptRow(
                id=0, carrier="", bind="", carrier_id=report.message_id, sender=text.sender, state=report.state,
                status=report.status, error_code=report.error_code, raw=octets, received_at=text.created_at,
                attempt_id=None, message_id=None, tries=0, retry_at=None, form=UNMARKED,
            )  # fmt: skip
    return None


UNMARKED = "a text without any mark of a receipt"


def _pair(attempt: Attempt | None, told: ReceiptRow | None) -> tuple[str, tuple[str, ...]] | None:
    if attempt is None or told is None or not attempt.carrier_id:
        return None
    return attempt.carrier_id, (told.carrier_id, told.other_id)


def _agrees(attempt: Attempt, told: ReceiptRow) -> bool:
    wanted = id_form.key(attempt.carrier_id or "")
    return any(one and wanted in id_form.keys(one).values() for one in (told.carrier_id, told.other_id))


def _form(ids: tuple[str, tuple[str, ...]] | None) -> str:
    """The one form that makes the response's id of the receipt's; "" where none does, or more than one."""
    if ids is None:
        return ""
    response, told = ids
    wanted = id_form.key(response)
    forms = {form for one in told if one for form, key in id_form.keys(one).items() if key == wanted}
    return forms.pop() if len(forms) == 1 else ""


def _about_receipt(
    heard: Heard, attempt: Attempt | None, told: ReceiptRow | None, keys: dict[str, Any]
) -> Iterator[str]:
    if attempt is None or attempt.outcome != "sent":
        return
    if told is None:
        yield "No receipt came yet. Some carriers send none unless asked (`registered_delivery`), or to another bind."
        return
    yield f"The receipt came as {told.form or 'told by an earlier version'}."
    if told.form == UNMARKED:
        keys["receipt_sniff"] = True
    yield from _about_ids(attempt, told, keys)
    if told.sender == heard.message.sender and told.sender != heard.message.to:
        keys["receipt_handset"] = "destination"
        yield "Its source is our sender and its destination the handset: the other way about."
    elif told.sender and not told.sender.lstrip("+").endswith(heard.message.to[-8:]):
        keys["receipt_handset"] = "unchecked"
        yield f"Neither address is the handset's in a form that can be compared: it came from {told.sender[:4]}…"
    yield from _about_alphabet(told, keys)
    yield from _about_state(told)


def _about_ids(attempt: Attempt, told: ReceiptRow, keys: dict[str, Any]) -> Iterator[str]:
    if not attempt.carrier_id:
        return
    if not _agrees(attempt, told):
        yield (
            f"Its id {told.carrier_id or '(none)'} is not the response's {attempt.carrier_id} in any form that is "
            "known: ask the carrier, and see `receipt_keys`."
        )
        return
    wanted = id_form.key(attempt.carrier_id)
    first = wanted in id_form.keys(told.carrier_id).values() if told.carrier_id else False
    if not first and told.other_id:
        keys["receipt_id_from"] = "text_first"
        yield "The id in its text is the response's; the one in receipted_message_id is another."
    form = _form(_pair(attempt, told))
    words = {
        id_form.SAME: "as the response gave it",
        id_form.HEX_TO_DEC: "in decimal, which the response gave in hexadecimal",
        id_form.DEC_TO_HEX: "in hexadecimal, which the response gave in decimal",
    }  # fmt: skip
    exact = attempt.carrier_id in (told.carrier_id, told.other_id)
    loosely = "" if exact or form not in ("", id_form.SAME) else ", but for zeros in front or the case of letters"
    yield f"It tells the id {words.get(form, 'in a form that this text alone does not tell')}{loosely}."


def _about_alphabet(told: ReceiptRow, keys: dict[str, Any]) -> Iterator[str]:
    if "\x11" in told.carrier_id:
        keys["receipt_alphabet"] = "gsm7"
        yield "Its id has signs that are underscores in the GSM alphabet."
    if told.carrier_id or told.state:
        return
    unpacked = bytes(_septets(told.raw))
    if receipt.looks_like_receipt(unpacked):
        keys["receipt_alphabet"] = "gsm7_packed"
        yield "Its text is in packed septets."
    else:
        yield f"Its text cannot be read; it begins {told.raw[:24].hex(' ')}."


def _septets(octets: bytes) -> Iterator[int]:
    """Packed septets one by one (3GPP TS 23.038 section 6.1.2.1)."""
    whole = int.from_bytes(octets, "little")
    for at in range(len(octets) * 8 // 7):
        yield whole >> 7 * at & 0x7F


def _about_state(told: ReceiptRow) -> Iterator[str]:
    known = receipt.status_of(told.state) != "unknown" or told.state == "UNKNOWN"
    if not known:
        yield f"Its state {told.state or '(none)'} is not known: say what it means in `receipt_states`."
    elif told.status == "in_transit":
        yield (
            f"{told.state} is not the end. Where the carrier sends no more than that, "
            f'`receipt_states = {{ {told.state} = "delivered" }}` takes it for the end.'
        )
    elif told.status != "delivered" and told.error in ("", "unknown"):
        yield (
            f"It was not delivered, for a reason that is not known (err {told.error_code or 'not given'}): "
            "see `receipt_errors` and `receipt_error_table`."
        )


def toml(profile: Mapping[str, Any], keys: Mapping[str, Any]) -> str:
    """The profile with these keys in it, as it goes into tidings.toml."""
    lines = ["[carriers.profile]"]
    lines += [f"{key} = {_value(value)}" for key, value in {**profile, **keys}.items()]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        inner = ", ".join(f"{_value(key)} = {_value(one)}" for key, one in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, str):
        return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")
    return str(value)
