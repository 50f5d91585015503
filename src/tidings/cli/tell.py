"""Messages, stories and advice as lines for people."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from typing import Any

import click

_COLOURS = {
    "delivered": "green",
    "received": "green",
    "sent": "cyan",
    "undelivered": "red",
    "failed": "red",
    "rejected": "red",
    "expired": "yellow",
    "unknown": "yellow",
    "canceled": "yellow",
}

_SEVERITIES = {"error": "red", "warning": "yellow", "note": "blue"}


def status(word: str) -> str:
    """A status in its colour."""
    return click.style(word, fg=_COLOURS.get(word), bold=True)


def plain(text: str) -> str:
    """Text without anything a terminal would obey."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def as_json(value: Any) -> str:
    """JSON for people and programs."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def clock(moment: str) -> str:
    """The local time of day of a moment."""
    return dt.datetime.fromisoformat(moment).astimezone().strftime("%H:%M:%S.%f")[:-3]


def outcome(message: dict[str, Any]) -> str:
    """How a message ended, with its reason."""
    error = message.get("error")
    if not error:
        return status(message["status"])
    code = f", code {error['carrier_code']}" if error.get("carrier_code") else ""
    return f"{status(message['status'])}: {plain(error['detail'] or error['code'])} ({error['code']}{code})"


def story(told: dict[str, Any]) -> Iterator[str]:
    """The whole story of a message, line by line."""
    message = told["message"]
    yield f"{message['id']}  {outcome(message)}"
    yield f"  {_addresses(message)}"
    yield f"  {_traits(message)}"
    if message["text"] is None:
        yield "  text      (blanked)"
    else:
        yield f"  text      {plain(message['text'])}"
    yield from _origin(told)
    yield f"  from {_day(message['created_at'])} on:"
    if dropped := told["events_dropped"]:
        yield f"  events    {dropped} are kept no longer (retention.events); what only they told is missing"
    for moment, _, line in sorted(_steps(told), key=lambda step: step[:2]):
        yield f"  {clock(moment)}  {line}"
    for one in told["webhooks"]:
        yield f"  webhook   {_webhook(one)}"
    yield f"  {click.style('advice', bold=True)}    {told['advice']}"


def _origin(told: dict[str, Any]) -> Iterator[str]:
    """Who brought it, what the gates said, where it went and why."""
    origin, route = told["origin"], told["route"]
    if origin is not None:
        by = next((f", {kind} {origin[kind]}" for kind in ("key", "esme", "user") if origin.get(kind)), "")
        yield f"  door      {plain(origin['door']) or '(not recorded)'}{by}"
    for gate in told["gates"]:
        said = "passed" if gate["allowed"] else "refused"
        yield f"  gate      {gate['at']}: {gate['rule']} {said}; {plain(gate['detail'])}"
    if swaps := told["smart_encoding"]:
        kinds = ", ".join(f"{plain(one['from'])!r} by {plain(one['to'])!r}" for one in swaps["replaced"][:10])
        yield f"  text      smart encoding replaced {swaps['count']}{': ' if kinds else ''}{kinds}"
    if code := told["code"]:
        yield from _code(code)
    if route is not None:
        yield f"  route     {plain(route['carrier'] or 'none')}: {plain(route['why'])}"


def _code(code: dict[str, Any]) -> Iterator[str]:
    """What a text from a handset meant, and what came of it."""
    by = f" {code['keyword']}" if code["keyword"] else ""
    yield f"  code      {plain(code['name'] or 'none')}, by {code['how']}{plain(by)}"
    if trouble := code["trouble"]:
        yield f"  code      wrong: {plain(trouble['parameter'] or 'too much')} ({trouble['name']})"
    if guard := code["guard"]:
        said = "passed" if guard["allowed"] else "refused"
        yield f"  guard     {guard['rule']} {said}; {plain(guard['detail'])}"
    for one in code["done"]:
        yield f"  code      {one['action']} {plain(one['message'] or one['call'] or one['note'])}".rstrip()
    for call in code["calls"]:
        times = f"{call['attempts']} time{'' if call['attempts'] == 1 else 's'}"
        yield f"  call      {plain(call['url'])} {call['status']} after {times} {plain(call['note'])}".rstrip()


def _pdu(pdu: dict[str, Any] | None) -> str:
    if pdu is None:
        return ""
    length = "?" if pdu["sm_length"] is None else pdu["sm_length"]
    return (
        f"  (submit_sm: source {pdu['source_addr_ton']}/{pdu['source_addr_npi']}, dest {pdu['dest_addr_ton']}/"
        f"{pdu['dest_addr_npi']}, esm_class 0x{pdu['esm_class']:02x}, data_coding 0x{pdu['data_coding']:02x}, "
        f"sm_length {length}, registered_delivery {pdu['registered_delivery']}, "
        f"validity {pdu['validity_period'] or '-'})"
    )


def _addresses(message: dict[str, Any]) -> str:
    arrow = "from a handset" if message["direction"] == "mo" else "to a handset"
    return f"{plain(message['from'])} → {plain(message['to'])}  ({arrow})"


def _traits(message: dict[str, Any]) -> str:
    parts = f"{message['segments']} segment{'s' if message['segments'] != 1 else ''}"
    traits = [message["category"], message["encoding"], parts]
    if message["client_ref"] is not None:
        traits.append(f"client_ref {plain(message['client_ref'])}")
    if message["tags"]:
        traits.append("tags " + ", ".join(plain(tag) for tag in message["tags"]))
    return " · ".join(traits)


_BEFORE, _HANDED, _ANSWERED, _REPORTED, _AFTER = range(5)
"""What comes first within one millisecond."""


def _steps(told: dict[str, Any]) -> Iterator[tuple[str, int, str]]:
    """Moment, rank within it, and line of all that happened, in no order."""
    for event in told["events"]:
        word = event["type"].removeprefix("message.")
        rank = _BEFORE if word in ("accepted", "scheduled", "queued", "received") else _AFTER
        yield event["occurred_at"], rank, status(word) + _data(event["data"])
    for attempt in told["attempts"]:
        where = f"part {attempt['part']} → {attempt['bind']}"
        yield attempt["started_at"], _HANDED, f"{where}: handed over{_pdu(attempt['pdu'])}"
        if attempt["answered_at"]:
            yield attempt["answered_at"], _ANSWERED, f"{where}: {_answer(attempt)}, after {attempt['took_ms']} ms"
    for receipt in told["receipts"]:
        line = f"receipt {plain(receipt['state'])} ({receipt['status']}) from {receipt['bind']}"
        yield receipt["received_at"], _REPORTED, f"{line}\n                  {receipt['raw']}"
    for part in told["parts"]:
        yield part["received_at"], _BEFORE, _part(part)


def _part(part: dict[str, Any]) -> str:
    """What came from the carrier of a text from a handset."""
    which = f"part {part['part']} of {part['parts']} ← {part['bind']}"
    how = f"data_coding 0x{part['data_coding']:02x}, header {part['udh'] or '-'}"
    return f"{which}: {how}\n                  {part['octets']}"


def _webhook(one: dict[str, Any]) -> str:
    """One event on its way to one endpoint."""
    where = plain(one["url"] or one["webhook"] or "")
    said = f"{one['type']} → {where}: {one['status']}"
    if last := one["last"]:
        answered = f"{last['outcome']} {last['status_code'] or ''}".rstrip()
        said += f"; attempt {last['number']} at {clock(last['at'])}: {answered} after {last['took_ms']} ms"
        said += f" ({plain(last['detail'])})" if last["detail"] else ""
    if one["next_at"]:
        said += f"; next at {clock(one['next_at'])}"
    return said


def _data(data: dict[str, Any] | None) -> str:
    if not data:
        return ""
    shown = ", ".join(f"{name} {_value(value)}" for name, value in data.items() if value is not None)
    return f"  {shown}"


def _value(value: Any) -> str:
    if isinstance(value, dict) and "detail" in value:
        return plain(str(value["detail"]))
    return plain(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _answer(attempt: dict[str, Any]) -> str:
    said = (attempt["outcome"] or "open").replace("_", " ")
    if attempt["carrier_id"]:
        said += f", carrier's id {plain(attempt['carrier_id'])}"
    if attempt["carrier_code"]:
        said += f", code {plain(attempt['carrier_code'])}"
    if attempt["detail"]:
        said += f", {plain(attempt['detail'])}"
    return said


def _day(moment: str) -> str:
    return dt.datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")


def advice(found: Iterable[dict[str, str]]) -> Iterator[str]:
    """Findings, each with what to do."""
    for one in found:
        yield f"{click.style(one['severity'].ljust(8), fg=_SEVERITIES.get(one['severity']), bold=True)}{one['what']}"
        yield f"        {one['do']}"


def table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Rows with their columns under each other."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
