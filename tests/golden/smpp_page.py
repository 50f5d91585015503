"""Write docs/reference/smpp.md from the tables of PDUs and TLVs, the odd PDUs of the tests, and the sessions."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).parents[1]))

from smpp_odd import CASES, TAKEN
from tidings.smpp import congestion, tlvs
from tidings.smpp.bodies import SLACK, TLVS_MOST
from tidings.smpp.faults import Strictness
from tidings.smpp.fields import COMMANDS, Command, Field, Kind
from tidings.smpp.pdus import RESPONSE
from tidings.smpp.session import LATE_LEAST, Role, State, Timing
from tidings.smpp.states import V50, takes
from tidings.smpp.status import classify

FILE = Path(__file__).parents[2] / "docs" / "reference" / "smpp.md"
ENDS = {Role.ESME: "ESME", Role.SMSC: "SMSC"}
STATES = {"open": "open", "bound_tx": "TX", "bound_rx": "RX", "bound_trx": "TRX"}

HEAD = """# SMPP

What tidings speaks with carriers, as an ESME, and with customers' ESMEs, as an SMSC: SMPP 3.3, 3.4 and 5.0. This page
is written by `make golden` from the tables and sessions of the program, and a test holds it to them.

## Versions
Each end tells its version in the bind, and the lower one is spoken: `interface_version` up to 0x33 is 3.3, up to 0x4F
3.4, from 0x50 on 5.0. An SMSC that answers without `sc_interface_version` is taken to speak 3.4.

- A command that came with 5.0 is unknown in a session before it: `generic_nack` with ESME_RINVCMDID.
- An ESME that binds to us gets the TLVs of its version only: none with 3.3, none of 5.0 with 3.4. A text that 3.3 could
  only take as `message_payload` is refused, not cut.
- A carrier gets the TLVs that its profile names whatever the versions say: what an operator agreed on counts.

## Commands
Who may send a command, and in which states of its session: open, bound as transmitter (TX), receiver (RX) or
transceiver (TRX). Responses come in any state. "To us" tells what becomes of it where it may come; everywhere else it
is answered with ESME_RINVBNDSTS (by `generic_nack` where it has no response), and the session lives. What comes to our
SMSC goes to the [door](smpp-door.md) or the [simulated network](simulator.md), which answer what they do not offer with
ESME_RINVCMDID.
"""

STORED = "a receipt or a text: stored, then answered; ESME_RX_T_APPN, to come again, where it cannot be"
AT_ESME = {"deliver_sm": STORED, "data_sm": STORED}
"""What a carrier's bind does with what is told to it."""
BY_SESSION = {
    **dict.fromkeys(
        ("bind_receiver", "bind_transmitter", "bind_transceiver"),
        "SMSC (open): let in or refused. ESME: `generic_nack`, ESME_RINVCMDID",
    ),
    "unbind": "unbind_resp, then the connection closes",
    "enquire_link": "enquire_link_resp at once",
    "generic_nack": "ends the request it names; another number is counted as a stray",
    "outbind": "ESME (open): passed over, as a carrier's binds connect of themselves. "
    "SMSC (open): `generic_nack`, ESME_RINVBNDSTS, and the connection closes",
    "alert_notification": "ESME (TX, RX, TRX): noted in the log; it has no answer",
}

STRICTNESS = """
## Odd PDUs, at three levels
Each bind has a level: a carrier's in its profile (`strictness`), that of the SMPP door in its settings. `strict` is for
certifying: every length, format and place as written. `normal`, the default, takes strings up to {slack} octets longer
than written and TLVs anywhere. `lenient` also takes strings of any length, any time string, and cuts a `short_message`
or drops a last TLV that is longer than its PDU. Numbers are never refused, and what no table knows is kept as it came.
A response cannot be answered, so as much of it is taken as can be read.

"Taken" goes on to the carrier or the door, which may still refuse it. A status is that of the response; the session
lives on. Only a command_length below 16 or above the bound closes it, after a `generic_nack`.

| what comes | strict | normal | lenient |
| --- | --- | --- | --- |
"""

BOUNDS = {
    "window": "requests of ours that may wait for an answer at once",
    "response_timeout": "seconds a request waits for its answer; a later one is still recorded",
    "enquire_link": "seconds of silence after which the other end is asked for a sign of life; any whole PDU is one",
    "enquire_misses": "enquire_link in a row that may stay unanswered; 0: all, while no message waits in vain",
    "login_timeout": "seconds a connection may stay without a bind, whatever else it sends (SMSC)",
    "max_command_length": "octets of the longest PDU taken",
    "max_login_length": "the same before a bind (SMSC)",
    "login_pdus": "PDUs that may come before a bind is accepted; more end the connection (SMSC)",
    "owed_most": "requests of the other end that may wait for our answer; further ones get ESME_RTHROTTLED from our "
    "SMSC, ESME_RX_T_APPN from our ESME",
    "owed_octets": "octets of those among them that are longer than 2,048; the same answers",
}

CONGESTION = """
## Congestion
A `congestion_state` in any response of the other end sets how many requests may wait for an answer at once, between 1
and the window: from {near} on the allowance halves each {step:g} s, at {full} it is 1, up to {easy} it grows by a
quarter of the window each {step:g} s, and between it stays. After {forget:g} s without news the whole window is back.
Values above {full} are reserved and change nothing. As an SMSC, tidings tells `congestion_state` only to those who
speak 5.0.
"""


def hexadecimal(value: int, digits: int = 4) -> str:
    return f"`0x{value:0{digits}X}`"


def status(value: int) -> str:
    return f"{classify(value).name} ({hexadecimal(value, 2)})"


def states(command: Command) -> str:
    """Ends, and the states in which each may send it."""
    if command.id & RESPONSE:
        return " and ".join(end.upper() for end in command.sent_by)
    told = []
    for end in command.sent_by:
        names = [STATES[state] for state in STATES if (end, state) in command.states]
        told.append(f"{end.upper()}: {', '.join(names)}")
    return "; ".join(told)


def to_us(command: Command) -> str:
    """What becomes of a request that comes to us."""
    if command.name in BY_SESSION:
        return BY_SESSION[command.name]
    told = []
    for role in Role:
        taking = [
            STATES[state.value]
            for state in State
            if state is not State.UNBOUND and command.id in takes(role, state, V50, Strictness.NORMAL)
        ]
        if taking:
            what = AT_ESME[command.name] if role is Role.ESME else f"answered with `{command.answer}`"
            told.append(f"{ENDS[role]} ({', '.join(taking)}): {what}")
    return ". ".join(told)


def commands() -> Iterable[str]:
    yield "\n| command | id | since | section | sent by | to us |\n| --- | --- | --- | --- | --- | --- |\n"
    for command in sorted(COMMANDS.values(), key=lambda one: (one.id & ~RESPONSE, one.id)):
        if command.id & RESPONSE and command.name != "generic_nack":
            continue
        yield (
            f"| `{command.name}` | {hexadecimal(command.id, 8)} | {command.since} | {command.section} | "
            f"{states(command)} | {to_us(command)} |\n"
        )


def size(field: Field) -> str:
    match field.kind:
        case Kind.OCTET:
            return "1"
        case Kind.STRING:
            return f"string, up to {field.size}"
        case Kind.TIME:
            return f"time: 1 or {field.size}"
        case Kind.MESSAGE:
            return f"length octet, then 0 to {field.size}"
        case Kind.DESTS:
            return "count octet, then 1 to 255 of: dest_flag 1, type, plan, address; or dest_flag 2, name of a list"
        case Kind.UNSUCCESS:
            return "count octet, then 0 to 255 of: type, plan, address, status (4)"


def bodies() -> Iterable[str]:
    yield (
        "\n## Bodies\nThe fields of each PDU in their order; sizes in octets, the NUL of a string counted. The last "
        "column is what answers a value\nthat cannot be read. TLVs may follow any body.\n"
    )
    seen: dict[tuple[Field, ...], list[Command]] = {}
    for command in sorted(COMMANDS.values(), key=lambda one: (one.id & ~RESPONSE, one.id)):
        seen.setdefault(command.fields, []).append(command)
    for fields, group in seen.items():
        names = ", ".join(f"`{command.name}`" for command in group)
        if not fields:
            yield f"\n{names}: no body.\n"
            continue
        yield f"\n{names}:\n\n| field | octets | refused with |\n| --- | --- | --- |\n"
        for field in fields:
            refusal = "–" if group[0].id & RESPONSE else status(field.fault)
            left = "; may be left away but at the strict level" if field.optional else ""
            yield f"| `{field.name}` | {size(field)} | {refusal}{left} |\n"


def parameters() -> Iterable[str]:
    yield (
        "\n## TLVs\nKnown by name; any other is kept as it came. At the strict level size and place are held to this "
        f"table:\n{status(0xC2)} for another size, {status(0xC1)} for another place,\n{status(0xC3)} where one lacks. "
        "A place in bold letters: it has to stand there.\n\n"
        "| TLV | tag | since | type | octets | may stand in |\n| --- | --- | --- | --- | --- | --- |\n"
    )
    for one in tlvs.PARAMETERS.values():
        octets = str(one.most) if one.least == one.most else f"{one.least} to {one.most}"
        places = [
            f"**{command.name}**" if command.id in one.required else command.name
            for command in COMMANDS.values()
            if command.id in one.pdus
        ]
        every = {command.id for command in COMMANDS.values() if command.name.endswith("_resp")}
        where = "every response" if one.pdus == every else ", ".join(places)
        several = ", more than once" if one.multiple else ""
        yield f"| `{one.name}` | {hexadecimal(one.tag)} | {one.since} | {one.type} | {octets} | {where}{several} |\n"


def odd() -> Iterable[str]:
    yield STRICTNESS.format(slack=SLACK)
    for case in CASES:
        cells = [_outcome(case.expected(level)) for level in Strictness]
        yield f"| {case.sentence} | {' | '.join(cells)} |\n"


def _outcome(text: str) -> str:
    if text == TAKEN:
        return text
    for word in text.replace(",", "").split():
        if word.startswith("0x"):
            text = text.replace(word, classify(int(word, 16)).name)
    return text


def congested() -> str:
    rule = congestion
    return CONGESTION.format(near=rule.NEAR, step=rule.STEP, full=rule.FULL, easy=rule.EASY, forget=rule.FORGET)


def bounds() -> Iterable[str]:
    yield (
        "\n## Bounds of a connection\nWhat one connection can make us keep is bounded before the bind and after it. "
        "Carriers, door and simulator set some of\nthese by their own settings; these are the values where they do "
        "not.\n\n"
        "| bound | value | what |\n| --- | --- | --- |\n"
    )
    for field in msgspec.structs.fields(Timing):
        if field.name != "strictness":
            yield f"| `{field.name}` | {field.default:,.10g} | {BOUNDS[field.name]} |\n"
    yield f"| TLVs | {TLVS_MOST} | in one PDU |\n"
    yield f"| late answers | {LATE_LEAST:,} or four windows | requests without answer that a late one still finds |\n"
    yield (
        "\nA peer that does not read what we write is not read either, and is dropped after `enquire_link` and "
        "`response_timeout`.\nOne octet at a time without ever a whole PDU is silence: `login_timeout` or "
        "`enquire_link` ends it.\n"
    )


def fresh() -> str:
    """The page as it should be."""
    text = "".join([HEAD, *commands(), *bodies(), *parameters(), *odd(), congested(), *bounds()])
    return text.rstrip() + "\n"


if __name__ == "__main__":
    FILE.write_text(fresh(), encoding="utf-8")
