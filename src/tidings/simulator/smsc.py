"""The SMSC's end of every link: binds, submits and queries in, responses, receipts and handset texts out."""

from __future__ import annotations

import asyncio
import logging

import msgspec

from tidings.drivers.smpp_link import SmppLink
from tidings.simulator import chosen, fates
from tidings.simulator.broadcasts import Broadcasts
from tidings.simulator.chosen import Chosen
from tidings.simulator.deliveries import MESSAGE_STATES, deliver_sm
from tidings.simulator.exchange import Exchange, Outcome
from tidings.simulator.ledger import Owed
from tidings.simulator.link import NetworkLink
from tidings.simulator.personality import Conduct, Spell
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

RINVDLNAME = 0x34
RSUBMITFAIL = 0x45
RINVPASWD = 0x0E
RQUERYFAIL = 0x67
RCANCELFAIL = 0x11
RREPLACEFAIL = 0x13
_RECEIVING = frozenset((State.BOUND_RX, State.BOUND_TRX))

_log = logging.getLogger(__name__)


class Login(msgspec.Struct, frozen=True):
    """Who may bind; None lets anyone."""

    system_id: str | None = None
    password: str | None = None

    def admits(self, bind: pdus.Bind) -> bool:
        """Whether the bind carries what is asked for."""
        return self.system_id in (None, bind.system_id, chosen.admitted(bind.system_id)) and self.password in (
            None,
            bind.password,
        )


class Smsc:
    """The handler of all links of the network."""

    def __init__(self, exchange: Exchange, login: Login) -> None:
        """`exchange` decides; this end only speaks SMPP."""
        self.exchange = exchange
        self._login = login
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at: int | None = None
        self.links: set[NetworkLink] = set()
        self._broadcasts = Broadcasts()
        self.chosen = Chosen()
        """Who is shown which personality."""

    def link(self) -> NetworkLink:
        """A link for a connection that comes in."""
        return NetworkLink(Role.SMSC, Timing(window=WINDOW), self)

    # Of the link.

    def opened(self, link: SmppLink) -> None:
        """A connection stands; while the network hangs it is not read."""
        if isinstance(link, NetworkLink):
            self.links.add(link)
            self._behave(link, self.chosen.for_all)
            if self.exchange.faults.mode == "hang":
                # Not at once: some event loops begin to read only after this call, whatever was asked for before.
                self._loop.call_soon(self._hang, link)

    def _hang(self, link: NetworkLink) -> None:
        if self.exchange.faults.mode == "hang":
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
        lost = [owed for owed in lost if owed is not None]
        if settled:
            self.exchange.settled(settled)
        if lost:
            self.exchange.outbox.back(lost)
        self._commit(link)

    # Requests of the ESME.

    def _asked(self, link: NetworkLink, event: Event) -> None:
        mode = self.exchange.faults.mode
        if mode == "hang" or (link.conduct is not None and link.conduct.deaf):
            return
        if mode == "nonsense":
            link.write_nonsense()
        elif isinstance(event, pdus.SubmitSm | pdus.DataSm):
            self._submitted(link, event)
        else:
            self._other(link, event)

    def _submitted(self, link: NetworkLink, pdu: pdus.SubmitSm | pdus.DataSm) -> None:
        faults = self.exchange.faults
        link.submits += 1
        if faults.mode == "drop" and link.submits >= faults.after:
            link.leaving = True
            return
        status = None if link.conduct is None else chosen.verdict(link.conduct, pdu)
        outcome = self.exchange.submit(link.esme, pdu, status)
        if outcome.status == fates.LINK_DROPS:
            link.leaving = True
        elif outcome.status == fates.UNANSWERED:
            link.session.forget(pdu)
        else:
            self._respond(link, pdu, outcome)

    def _respond(self, link: NetworkLink, pdu: pdus.SubmitSm | pdus.DataSm, outcome: Outcome) -> None:
        if link.conduct is not None:
            left = chosen.answered(link.conduct, pdu, outcome)
            if left is None:
                return
            outcome = left
        faults = self.exchange.faults
        wait = faults.delay_ms / 1000 if faults.mode == "slow" else 0.0
        if outcome.first:
            wait += RECEIPT_LEADS_BY
            self.exchange.outbox.back(outcome.first)
        if not wait:
            link.answer_to(pdu.command_id, pdu.sequence_number, outcome.status, outcome.message_id)
            return
        link.waiting += 1
        if link.waiting == MOST_WAITING:
            link.pause_reading()
        self._loop.call_later(wait, self._respond_late, link, pdu, outcome)

    def _respond_late(self, link: NetworkLink, pdu: pdus.SubmitSm | pdus.DataSm, outcome: Outcome) -> None:
        link.waiting -= 1
        if link.waiting == MOST_WAITING // 2 and self.exchange.faults.mode != "hang":
            link.resume_reading()
        link.answer(pdu, outcome.status, outcome.message_id)

    def _answered(self, event: Answered, settled: list[int]) -> None:
        owed: Owed | None = event.token
        if owed is None:  # one more than what is owed
            return
        if getattr(event.response, "command_status", 0) == 0 and isinstance(
            event.response, pdus.DeliverSmResp | pdus.DataSmResp
        ):
            settled.append(owed.key)
        elif not event.late:
            self.exchange.refused(owed)

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
            case pdus.SubmitMulti():
                self._submitted_to_many(link, event)
            case pdus.BroadcastSm():
                link.respond(self._broadcasts.take(event))
            case pdus.QueryBroadcastSm():
                link.respond(self._broadcasts.state(event))
            case pdus.CancelBroadcastSm():
                link.respond(self._broadcasts.cancel(event))

    def _submitted_to_many(self, link: NetworkLink, pdu: pdus.SubmitMulti) -> None:
        """One response for all; a number that is never answered, or drops the link, does so for all of them."""
        if not all(isinstance(dest, pdus.SmeAddress) for dest in pdu.dest_address):
            link.answer(pdu, RINVDLNAME)
            return
        outcomes = self.exchange.submit_multi(link.esme, pdu)
        statuses = {outcome.status for outcome in outcomes}
        for outcome in outcomes:
            self.exchange.outbox.back(outcome.first)
        if fates.LINK_DROPS in statuses:
            link.leaving = True
        elif fates.UNANSWERED in statuses:
            link.session.forget(pdu)
        else:
            link.respond(_multi_resp(pdu, outcomes))

    def _bound(self, link: NetworkLink, bind: pdus.Bind) -> None:
        counters = self.exchange.counters
        if self.exchange.faults.mode != "refuse_bind" and self._login.admits(bind):
            self._behave(link, self.chosen.of(bind.system_id))
            if (conduct := link.conduct) is not None:
                hook = conduct.spell.personality.bind
                if conduct.deaf or (hook is not None and hook(conduct, bind)):
                    return
            counters.binds += 1
            link.answer_bind(bind, 0, SYSTEM_ID)
        else:
            counters.binds_refused += 1
            link.answer_bind(bind, RINVPASWD)
            link.close("The bind was refused.")

    def _state(self, query: pdus.QuerySm) -> pdus.QuerySmResp:
        found = self.exchange.state(query.message_id)
        if found is None:
            return pdus.QuerySmResp(query.message_id, sequence_number=query.sequence_number, command_status=RQUERYFAIL)
        return pdus.QuerySmResp(
            query.message_id, message_state=MESSAGE_STATES[found[1]], sequence_number=query.sequence_number
        )

    def _commit(self, link: NetworkLink) -> None:
        try:
            self.exchange.commit()
        except OSError as error:
            _log.error("The simulator's journal cannot be written: %s. The link is dropped unanswered.", error)
            link.leaving = True
            link.abort("The network cannot remember.")
            return
        if link.leaving:
            link.close("The network drops the link.")
        self.deliver()

    # Personalities.

    def behave(self, name: str, system_id: str | None = None) -> None:
        """From now on be so to an ESME, or to all that nothing else was chosen for; "none" is good behaviour.

        Raises KeyError for a name that is none.
        """
        self.chosen.choose(name, system_id)
        for link in self.links:
            bound = link.session.bind_request
            spell = self.chosen.of(bound.system_id) if bound else self.chosen.for_all
            if (link.conduct.spell if link.conduct else None) is not spell:
                self._behave(link, spell, anew=True)
        self.deliver()

    def _behave(self, link: NetworkLink, spell: Spell | None, *, anew: bool = False) -> None:
        """`anew`: the connection stands already, and it is too late for what is shown when it is made."""
        before = link.conduct
        if before is not None and before.spell is spell:
            return
        link.conduct = None if spell is None else Conduct(spell, self, link)
        if before is not None and self.exchange.faults.mode != "hang":
            link.resume_reading()
        if link.conduct is not None and not anew and (hook := link.conduct.spell.personality.opened) is not None:
            hook(link.conduct)

    # Deliveries.

    def deliver(self) -> None:
        """Hand out what is due to every link that may receive and has room, and come back when more falls due."""
        if self.exchange.faults.mode in ("hang", "nonsense", "down"):
            return
        clock = self.exchange.clock
        now = clock.now()
        self.exchange.outbox.ripen(now)
        for link in self.links:
            silent = link.leaving or (link.conduct is not None and link.conduct.mute)
            if link.session.state in _RECEIVING and not silent:
                self._deliver_to(link, now)
        self._wake_at(self.exchange.outbox.next_due, now)

    def _deliver_to(self, link: NetworkLink, now: int) -> None:
        exchange, esme = self.exchange, link.esme
        for _ in range(link.room()):
            owed = exchange.next_for(esme)
            if owed is None:
                return
            try:
                if not self._hand_out(link, owed, now):
                    exchange.outbox.back([owed])
                    return
            except EncodeError as error:
                _log.error("A delivery cannot be expressed and is given up: %s", error)
                exchange.settled([owed.key])

    def _hand_out(self, link: NetworkLink, owed: Owed, now: int) -> bool:
        if link.conduct is None:
            return link.request(deliver_sm(owed, now), owed)
        deliveries = chosen.delivered(link.conduct, owed, now)
        if deliveries and not link.request(deliveries[0], owed):
            return False
        for one in deliveries[1:]:
            link.request(one, None)
        return True

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


def _multi_resp(pdu: pdus.SubmitMulti, outcomes: list[Outcome]) -> pdus.SubmitMultiResp:
    """Names those that were not taken; where none was, all of it failed."""
    refused = tuple(
        pdus.UnsuccessSme(dest.dest_addr_ton, dest.dest_addr_npi, dest.destination_addr, outcome.status)
        for dest, outcome in zip(pdu.dest_address, outcomes, strict=True)
        if outcome.status and isinstance(dest, pdus.SmeAddress)
    )
    taken = next((outcome.message_id for outcome in outcomes if not outcome.status), "")
    return pdus.SubmitMultiResp(
        taken, refused, sequence_number=pdu.sequence_number, command_status=0 if taken else RSUBMITFAIL
    )
