"""Binds that are refused, unanswered, or answered oddly."""

from __future__ import annotations

from collections.abc import Callable

from tidings.simulator.personality import Conduct, Personality, frame
from tidings.simulator.records import Address
from tidings.smpp import codec, pdus
from tidings.smpp.pdus import RESPONSE

SYSTEM_ID = "tidings-sim"
BIND_HELD = 0.1
"""Seconds a slow bind_resp takes."""
HANDSET = Address(1, 1, "15550009999")
"""Texts with the bind."""

_Bind = Callable[[Conduct, pdus.Bind], bool]


def _refuse(status: int, body: bytes = b"\0") -> _Bind:
    def bind(c: Conduct, pdu: pdus.Bind) -> bool:
        c.act()
        c.smsc.exchange.counters.binds_refused += 1
        c.link.put(frame(pdu.command_id | RESPONSE, status, pdu.sequence_number, body))
        return True

    return bind


def _nack(status: int, *, sequence: bool) -> _Bind:
    def bind(c: Conduct, pdu: pdus.Bind) -> bool:
        c.act()
        c.smsc.exchange.counters.binds_refused += 1
        c.link.put(frame(pdus.GenericNack.command_id, status, pdu.sequence_number if sequence else 0))
        return True

    return bind


def _silence(c: Conduct, pdu: pdus.Bind) -> bool:
    c.act()
    return True


def _wrong_kind(c: Conduct, pdu: pdus.Bind) -> bool:
    c.act()
    kind = pdus.BIND_RECEIVER if pdu.command_id != pdus.BIND_RECEIVER else pdus.BIND_TRANSMITTER
    c.link.put(frame(kind | RESPONSE, 0, pdu.sequence_number, b"smsc\0"))
    return True


def _accept(body: bytes) -> _Bind:
    """The session is bound by the good answer, which is then not written: this body goes in its place."""

    def bind(c: Conduct, pdu: pdus.Bind) -> bool:
        c.act()
        _bind(c, pdu)
        c.link.session.take_out()
        c.link.put(frame(pdu.command_id | RESPONSE, 0, pdu.sequence_number, body))
        return True

    return bind


def _bind(c: Conduct, pdu: pdus.Bind) -> None:
    c.smsc.exchange.counters.binds += 1
    c.link.answer_bind(pdu, 0, SYSTEM_ID)


def _twice(c: Conduct, pdu: pdus.Bind) -> bool:
    c.act()
    _bind(c, pdu)
    c.link.put(frame(pdu.command_id | RESPONSE, 0, pdu.sequence_number, SYSTEM_ID.encode() + b"\0"))
    return True


def _enquire_first(c: Conduct, pdu: pdus.Bind) -> bool:
    c.act()
    c.link.put(frame(pdus.EnquireLink.command_id, 0, 1))
    c.later(BIND_HELD / 2, _bind_late, c, pdu)
    return True


def _slow(c: Conduct, pdu: pdus.Bind) -> bool:
    c.act()
    c.later(BIND_HELD, _bind_late, c, pdu)
    return True


def _bind_late(c: Conduct, pdu: pdus.Bind) -> None:
    _bind(c, pdu)
    c.smsc.deliver()


def _with_delivery(c: Conduct, pdu: pdus.Bind) -> bool:
    c.act()
    _bind(c, pdu)
    _text(c, pdu)
    return True


def _text(c: Conduct, pdu: pdus.Bind) -> None:
    c.smsc.exchange.owe_text(HANDSET, Address(5, 0, pdu.system_id), 0, b"", b"With the bind %d" % c.spell.acts)


def _delivery_first(c: Conduct, pdu: pdus.Bind) -> bool:
    c.act()
    early = pdus.DeliverSm(source_addr="15550009998", destination_addr="1", short_message=b"Too early")
    early.sequence_number = 0x7000_0000
    c.link.put(codec.encode(early))
    c.later(BIND_HELD / 2, _bind_late, c, pdu)
    return True


def _outbind(c: Conduct) -> None:
    c.act()
    c.link.put(frame(pdus.Outbind.command_id, 0, 1, b"smsc\0secret\0"))


_SLOWLY = "Say that system_id or password is wrong, and ask again only slowly, so that the account is not locked."
_AGAIN = "Say so, and try again with growing pauses."
_TAKE = "Take it for a bind."

ROWS: tuple[Personality, ...] = (
    Personality(
        name="wrong_password", meaning="Refuses binds with 0x0E (invalid password).", esme=_SLOWLY, passes=False,
        bind=_refuse(0x0E),
    ),
    Personality(
        name="wrong_system_id", meaning="Refuses binds with 0x0F (invalid system_id).", esme=_SLOWLY, passes=False,
        bind=_refuse(0x0F),
    ),
    Personality(
        name="bind_failed", meaning="Refuses binds with 0x0D (bind failed).", esme=_SLOWLY, passes=False,
        bind=_refuse(0x0D),
    ),
    Personality(
        name="already_bound", meaning="Refuses binds with 0x05 (already bound): an old session still stands.",
        esme=_AGAIN, passes=False, bind=_refuse(0x05),
    ),
    Personality(
        name="bind_system_error", meaning="Refuses binds with 0x08 (system error).", esme=_AGAIN, passes=False,
        bind=_refuse(0x08),
    ),
    Personality(
        name="bind_vendor_error", meaning="Refuses binds with 0x400 (a vendor's own error), without a body.",
        esme=_AGAIN, passes=False, bind=_refuse(0x400, b""),
    ),
    Personality(
        name="bind_nacked", meaning="Answers binds with generic_nack 0x03.", esme=_AGAIN, passes=False,
        bind=_nack(0x03, sequence=True),
    ),
    Personality(
        name="bind_nacked_without_sequence", meaning="Answers binds with generic_nack and sequence_number 0.",
        esme="Give the bind up after its time, and try again.", passes=False, bind=_nack(0x08, sequence=False),
    ),
    Personality(
        name="bind_unanswered", meaning="Does not answer binds.", passes=False, bind=_silence,
        esme="Give the bind up after its time, and try again.",
    ),
    Personality(
        name="bind_answered_as_another", meaning="Answers binds as another kind of bind.", passes=False,
        bind=_wrong_kind, esme="Take it for no answer, give the bind up after its time, and try again.",
    ),
    Personality(
        name="bind_resp_without_body", meaning="Accepts binds by a header alone.", esme=_TAKE, bind=_accept(b""),
    ),
    Personality(
        name="bind_resp_of_another", meaning="Accepts binds in the name of another system_id, without its last NUL.",
        esme=_TAKE, bind=_accept(b"ACME-SMSC-07.example"),
    ),
    Personality(
        name="bind_resp_without_version", meaning="Accepts binds without sc_interface_version.", esme=_TAKE,
        bind=_accept(b"smsc\0"),
    ),
    Personality(
        name="bind_resp_of_an_odd_version", meaning="Accepts binds with sc_interface_version 0x99, and a torn TLV.",
        esme=_TAKE, bind=_accept(b"smsc\0\x02\x10\x00\x01\x99\x14\x00\x00\x09\x01"),
    ),
    Personality(
        name="bind_resp_twice", meaning="Accepts binds twice.", esme="Pass the second over.", bind=_twice,
    ),
    Personality(
        name="bind_resp_slow", meaning="Accepts binds after 100 ms.", esme="Wait for it.", bind=_slow,
    ),
    Personality(
        name="bind_resp_after_enquire_link", meaning="Sends enquire_link first, and accepts the bind later.",
        esme="Answer enquire_link before it is bound.", bind=_enquire_first,
    ),
    Personality(
        name="bind_resp_with_delivery", meaning="Sends bind_resp and a deliver_sm in one segment.",
        esme="Store the text and answer it.", bind=_with_delivery,
    ),
    Personality(
        name="delivery_before_bind_resp", meaning="Sends a deliver_sm before it accepts the bind.",
        esme="Refuse it with 0x04, so that it comes again, and bind.", bind=_delivery_first,
    ),
    Personality(
        name="outbind", meaning="Sends outbind on every connection that it takes.", esme="Pass it over and bind.",
        opened=_outbind,
    ),
)  # fmt: skip
