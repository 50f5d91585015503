"""Requests that an SMSC has no business to make, and noise."""

from __future__ import annotations

from collections.abc import Callable

from tidings.simulator.exchange import Outcome
from tidings.simulator.personality import Asked, Conduct, Personality, frame
from tidings.smpp import codec, pdus

FLOOD = 200
"""enquire_link before each response."""
_FIRST = 0x6000_0000
"""Sequence numbers far from those of the session."""


def _before_each(*octets: bytes) -> Callable[[Conduct, Asked, Outcome], bool]:
    """These go out before each response, which is as usual."""
    together = b"".join(octets)

    def answer(c: Conduct, pdu: Asked, outcome: Outcome) -> bool:
        c.act()
        c.link.put(together)
        return False

    return answer


def _request(pdu: pdus.Request, number: int) -> bytes:
    pdu.sequence_number = _FIRST + number
    return codec.encode(pdu)


_LIKE_AN_ESME = (
    _request(pdus.SubmitSm(source_addr="1", destination_addr="2", short_message=b"Send me"), 1),
    _request(pdus.QuerySm("1"), 2),
    _request(pdus.CancelSm(message_id="1"), 3),
    _request(pdus.ReplaceSm("1"), 4),
    _request(pdus.Bind(pdus.BIND_TRANSCEIVER, "smsc", "secret"), 5),
)
_UNKNOWN = tuple(
    frame(command, 0, _FIRST + command % 0x1000, b"\x01\x02\x03")
    for command in (0x0000_0010, 0x0000_0999, 0x0001_0200, 0x7FFF_FFFF, 0x0000_0000)
)
_BROADCASTS = tuple(frame(command, 0, _FIRST + command, b"\0" * 12) for command in (0x111, 0x112, 0x113))
_BROKEN = (
    frame(pdus.DeliverSm.command_id, 0, _FIRST + 1, b"\0" * 16 + b"\xff" + b"short"),
    frame(pdus.DeliverSm.command_id, 0, _FIRST + 2),
    frame(pdus.DeliverSm.command_id, 0, _FIRST + 3, b"x" * 300),
    frame(pdus.DataSm.command_id, 0, _FIRST + 4, b"\0\1\1"),
    frame(pdus.EnquireLink.command_id, 0, _FIRST + 5, b"a body"),
)
_ALERT = _request(pdus.AlertNotification(1, 1, "15550001111", 0, 0, "1"), 9)

_REFUSE = "Refuse each with a status, and keep the session."

ROWS: tuple[Personality, ...] = (
    Personality(
        name="enquires_without_end", meaning=f"Sends {FLOOD} enquire_link before every response.",
        esme="Answer them all, and go on.",
        answer=_before_each(*(frame(pdus.EnquireLink.command_id, 0, _FIRST + number) for number in range(FLOOD))),
    ),
    Personality(
        name="enquires_with_odd_sequences", meaning="Sends enquire_link with sequence_number 0 and 0xFFFFFFFF.",
        esme="Answer under the same number.",
        answer=_before_each(*(frame(pdus.EnquireLink.command_id, 0, number) for number in (0, 0xFFFF_FFFF))),
    ),
    Personality(
        name="asks_like_an_esme", meaning="Sends submit_sm, query_sm, cancel_sm, replace_sm and bind_transceiver.",
        esme=_REFUSE, answer=_before_each(*_LIKE_AN_ESME),
    ),
    Personality(
        name="commands_unknown", meaning="Sends requests of commands that nobody has defined.",
        esme="Answer generic_nack 0x03, and keep the session.", answer=_before_each(*_UNKNOWN),
    ),
    Personality(
        name="broadcasts", meaning="Sends broadcast_sm, query_broadcast_sm and cancel_broadcast_sm of SMPP 5.0.",
        esme=_REFUSE, answer=_before_each(*_BROADCASTS),
    ),
    Personality(
        name="broken_requests", meaning="Sends deliver_sm and data_sm with unsound bodies, and enquire_link with one.",
        esme=_REFUSE, answer=_before_each(*_BROKEN),
    ),
    Personality(
        name="alerts", meaning="Sends alert_notification before every response.",
        esme="Pass it over without an answer.", answer=_before_each(_ALERT),
    ),
)  # fmt: skip
