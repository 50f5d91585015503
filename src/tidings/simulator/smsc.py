"""The SMSC's end of every link: binds, submits and queries in, responses, receipts and handset texts out."""

from __future__ import annotations

import asyncio
import logging

import msgspec

from tidings.drivers.smpp_link import SmppLink
from tidings.simulator import fates
from tidings.simulator.deliveries import MESSAGE_STATES, deliver_sm
from tidings.simulator.exchange import Exchange, Outcome
from tidings.simulator.ledger import Owed
from tidings.smpp import pdus
from tidings.smpp.codec import EncodeError
from tidings.smpp.session import Answered, Event, Role, State, Timing, Unanswered

SYSTEM_ID = "tidings-sim"
WINDOW = 1_000
"""deliver_sm that may wait for an answer on one link."""
RECEIPT_LEADS_BY = 0.05
"""Seconds between a receipt and the response it comes before."""

MOST_WAITING = 10_000
"""Responses held back on a link before it is read no further."""

RINVCMDID = 0x03
RINVPASWD = 0x0E
RQUERYFAIL = 0x67
RCANCELFAIL = 0x11
RREPLACEFAIL = 0x13
NONSENSE = b"HTTP/1.1 400 Bad Request\r\nServer: not an SMSC\r\n\r\n"
_RECEIVING = frozenset((State.BOUND_RX, State.BOUND_TRX))

_log = logging.getLogger(__name__)


class Login(msgspec.Struct, frozen=True):
    """Who may bind; None lets anyone."""

    system_id: str | None = None
    password: str | None = None

    def admits(self, bind: pdus.Bind) -> bool:
        """Whether the bind carries what is asked for."""
        return self.system_id in (None, bind.system_id) and self.password in (None, bind.password)


class NetworkLink(SmppLink):
    """A link that can also talk nonsense, and knows how many submits it carried."""

    submits = 0
    waiting = 0
    """Responses that are held back."""
    leaving = False
    """It will be closed once what was taken before is answered."""

    @property
    def esme(self) -> str:
        """system_id of the other end, "" before its bind."""
        bind = self.session.bind_request
        return bind.system_id if bind else ""

    def write_nonsense(self) -> None:
        """Octets that are no PDU, past the session."""
        if self._transport is not None:
            self._transport.write(NONSENSE)


class Smsc:
    """The handler of all links of the network."""

    def __init__(self, exchange: Exchange, login: Login) -> None:
        """`exchange` decides; this end only speaks SMPP."""
        self._exchange = exchange
        self._login = login
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at: int | None = None
        self.links: set[NetworkLink] = set()

    def link(self) -> NetworkLink:
        """A link for a connection that comes in."""
        return NetworkLink(Role.SMSC, Timing(window=WINDOW), self)

    # Of the link.

    def opened(self, link: SmppLink) -> None:
        """A connection stands; while the network hangs it is not read."""
        if isinstance(link, NetworkLink):
            self.links.add(link)
            if self._exchange.faults.mode == "hang":
                # Not at once: some event loops begin to read only after this call, whatever was asked for before.
                self._loop.call_soon(self._hang, link)

    def _hang(self, link: NetworkLink) -> None:
        if self._exchange.faults.mode == "hang":
            link.pause_reading()

    def closed(self, link: SmppLink, reason: str) -> None:
        """A connection is gone; what it had in flight came back as Unanswered before."""
        if isinstance(link, NetworkLink):
            self.links.discard(link)
            self.deliver()

    def received(self, link: SmppLink, events: list[Event]) -> None:
        """Take in what one read brought, put it on disk, and only then let answers out."""
        if not isinstance(link, NetworkLink):
            return
        settled: list[int] = []
        lost: list[Owed] = []
        for event in events:
            kind = type(event)
            if kind is Answered:
                self._answered(event, settled)  # type: ignore[arg-type]
            elif kind is Unanswered:
                lost.append(event.token)  # type: ignore[union-attr]
            elif not link.leaving:
                self._asked(link, event)
        if settled:
            self._exchange.settled(settled)
        if lost:
            self._exchange.outbox.back(lost)
        self._commit(link)

    # Requests of the ESME.

    def _asked(self, link: NetworkLink, event: Event) -> None:
        mode = self._exchange.faults.mode
        if mode == "hang":
            return
        if mode == "nonsense":
            link.write_nonsense()
        elif isinstance(event, pdus.SubmitSm | pdus.DataSm):
            self._submitted(link, event)
        else:
            self._other(link, event)

    def _submitted(self, link: NetworkLink, pdu: pdus.SubmitSm | pdus.DataSm) -> None:
        faults = self._exchange.faults
        link.submits += 1
        if faults.mode == "drop" and link.submits >= faults.after:
            link.leaving = True
            return
        outcome = self._exchange.submit(link.esme, pdu)
        if outcome.status == fates.LINK_DROPS:
            link.leaving = True
        elif outcome.status != fates.UNANSWERED:
            self._respond(link, pdu, outcome)

    def _respond(self, link: NetworkLink, pdu: pdus.SubmitSm | pdus.DataSm, outcome: Outcome) -> None:
        faults = self._exchange.faults
        wait = faults.delay_ms / 1000 if faults.mode == "slow" else 0.0
        if outcome.first:
            wait += RECEIPT_LEADS_BY
            self._exchange.outbox.back(outcome.first)
        if not wait:
            link.answer_to(pdu.command_id, pdu.sequence_number, outcome.status, outcome.message_id)
            return
        link.waiting += 1
        if link.waiting == MOST_WAITING:
            link.pause_reading()
        self._loop.call_later(wait, self._respond_late, link, pdu, outcome)

    def _respond_late(self, link: NetworkLink, pdu: pdus.SubmitSm | pdus.DataSm, outcome: Outcome) -> None:
        link.waiting -= 1
        if link.waiting == MOST_WAITING // 2 and self._exchange.faults.mode != "hang":
            link.resume_reading()
        link.answer(pdu, outcome.status, outcome.message_id)

    def _answered(self, event: Answered, settled: list[int]) -> None:
        owed: Owed = event.token
        if getattr(event.response, "command_status", 0) == 0 and isinstance(event.response, pdus.DeliverSmResp):
            settled.append(owed.key)
        elif not event.late:
            self._exchange.refused(owed)

    def _other(self, link: NetworkLink, event: Event) -> None:
        match event:
            case pdus.Bind():
                self._bound(link, event)
            case pdus.QuerySm():
                link.respond(self._state(event))
            case pdus.CancelSm():
                link.answer(event, RCANCELFAIL)
            case pdus.ReplaceSm():
                link.answer(event, RREPLACEFAIL)
            case (
                pdus.SubmitMulti() | pdus.BroadcastSm() | pdus.QueryBroadcastSm() | pdus.CancelBroadcastSm()
            ) as asked:
                link.answer(asked, RINVCMDID)

    def _bound(self, link: NetworkLink, bind: pdus.Bind) -> None:
        counters = self._exchange.counters
        if self._exchange.faults.mode != "refuse_bind" and self._login.admits(bind):
            counters.binds += 1
            link.answer_bind(bind, 0, SYSTEM_ID)
        else:
            counters.binds_refused += 1
            link.answer_bind(bind, RINVPASWD)
            link.close("The bind was refused.")

    def _state(self, query: pdus.QuerySm) -> pdus.QuerySmResp:
        found = self._exchange.state(query.message_id)
        if found is None:
            return pdus.QuerySmResp(query.message_id, sequence_number=query.sequence_number, command_status=RQUERYFAIL)
        return pdus.QuerySmResp(
            query.message_id, message_state=MESSAGE_STATES[found[1]], sequence_number=query.sequence_number
        )

    def _commit(self, link: NetworkLink) -> None:
        try:
            self._exchange.commit()
        except OSError as error:
            _log.error("The simulator's journal cannot be written: %s. The link is dropped unanswered.", error)
            link.leaving = True
            link.abort("The network cannot remember.")
            return
        if link.leaving:
            link.close("The network drops the link.")
        self.deliver()

    # Deliveries.

    def deliver(self) -> None:
        """Hand out what is due to every link that may receive and has room, and come back when more falls due."""
        if self._exchange.faults.mode in ("hang", "nonsense", "down"):
            return
        clock = self._exchange.clock
        now = clock.now()
        self._exchange.outbox.ripen(now)
        for link in self.links:
            if link.session.state in _RECEIVING and not link.leaving:
                self._deliver_to(link, now)
        self._wake_at(self._exchange.outbox.next_due, now)

    def _deliver_to(self, link: NetworkLink, now: int) -> None:
        exchange, esme = self._exchange, link.esme
        for _ in range(link.room()):
            owed = exchange.next_for(esme)
            if owed is None:
                return
            try:
                taken = link.request(deliver_sm(owed, now), owed)
            except EncodeError as error:
                _log.error("A delivery cannot be expressed and is given up: %s", error)
                exchange.settled([owed.key])
                continue
            if not taken:
                exchange.outbox.back([owed])
                return

    def _wake_at(self, due: int | None, now: int) -> None:
        if self._timer is not None and due == self._timer_at:
            return
        self.rest()
        if due is not None:
            self._timer_at = due
            self._timer = self._loop.call_later(max(0.0, (due - now) / 1000), self._wake)

    def _wake(self) -> None:
        self._timer = None
        self.deliver()

    def rest(self) -> None:
        """No more wake-ups until the next `deliver`."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
