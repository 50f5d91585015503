"""The heart of the simulated network, without sockets: a submit_sm gets its answer, its receipt and its reader."""

from __future__ import annotations

import logging
from itertools import islice

import msgspec

from tidings.core.message import SECOND, Millis
from tidings.core.ports import Clock
from tidings.simulator import fates, handsets
from tidings.simulator.fates import Fate, fate_of
from tidings.simulator.faults import Faults
from tidings.simulator.journal import Journal
from tidings.simulator.ledger import Ledger, Owed
from tidings.simulator.outbox import Outbox
from tidings.simulator.records import Address, HandsetText, Submission
from tidings.smpp import pdus, user_data

_log = logging.getLogger(__name__)

REPEAT_AFTER: Millis = 2 * SECOND
"""Wait before a delivery that the ESME refused comes again."""
MOST_PAYLOAD = 40_000
"""Octets of user data; 255 segments hold less."""
_ECHO_LOOKS_BACK = 600
"""Submissions in which the parts of a text to be echoed are looked for."""


_SHARED = tuple(
    name
    for name in pdus.SubmitMulti.__struct_fields__
    if name in pdus.SubmitSm.__struct_fields__ and name != "sequence_number"
)
"""Fields of submit_multi that are those of each submit_sm."""


class Counters(msgspec.Struct):
    """What happened since the start."""

    submit_sm: int = 0
    accepted: int = 0
    refused: int = 0
    unanswered: int = 0
    receipts_sent: int = 0
    texts_sent: int = 0
    deliveries_refused: int = 0
    binds: int = 0
    binds_refused: int = 0


class Outcome(msgspec.Struct, gc=False):
    """What to do about a submit_sm."""

    status: int
    """command_status, or `fates.UNANSWERED` or `fates.LINK_DROPS`."""
    message_id: str = ""
    first: tuple[Owed, ...] = ()
    """Receipts that go out before the response."""


class Exchange:
    """Everything the network knows and owes, and the rules it works by."""

    def __init__(self, clock: Clock, journal: Journal, receipt_delay: Millis = 0, ledger: Ledger | None = None) -> None:
        """Takes back what the journal tells of an earlier life."""
        self.clock = clock
        self.counters = Counters()
        self.faults = Faults()
        self.ledger = ledger or Ledger()
        self.outbox = Outbox()
        self._journal = journal
        self._receipt_delay = receipt_delay
        self._tries = fates.Tries()
        self._reference = 0
        self._take_back()

    def _take_back(self) -> None:
        for record in self._journal.read():
            try:
                self.ledger.replay(record)
            except msgspec.MsgspecError as error:
                _log.warning("A record of the simulator's journal is not understood and left out: %s", error)
        if not self.ledger.last_id:
            self.ledger.last_id = self.clock.now() * 1_000  # no id comes twice, even if nothing is kept
        self._journal.tidy(self.ledger.snapshot(), at_once=True)
        for owed in self.ledger.owed.values():
            self._post(owed)

    # From the ESME.

    def submit(
        self, system_id: str, pdu: pdus.SubmitSm | pdus.DataSm, verdict: int | None = None, group: int = 0
    ) -> Outcome:
        """Decide about a submit_sm or data_sm. It is on disk after `commit`, which goes before the answer.

        `verdict`: what was decided already, by a personality. `group`: as `Submission` has it.
        """
        submission = self._submission(system_id, pdu, group)
        fate = fate_of(submission.to.digits)
        status = self._status(fate, submission) if verdict is None else verdict
        if status:
            payload = submission.payload[:MOST_PAYLOAD]
            submission = msgspec.structs.replace(submission, status=status, payload=payload)
        record, receipts = self.ledger.take(submission)
        self._journal.append(record)
        self._count(status)
        if status:
            return Outcome(status)
        if fate.echo:
            self._echo(submission)
        if fate.receipt_first:
            return Outcome(status, submission.message_id, tuple(receipts))
        for receipt in receipts:
            self._post(receipt)
        return Outcome(status, submission.message_id)

    def submit_multi(self, system_id: str, pdu: pdus.SubmitMulti) -> list[Outcome]:
        """As `submit`, for each handset that a submit_multi names: each gets its own text, and its own receipt under
        the one message_id."""
        group, outcomes = 0, []
        shared = {name: getattr(pdu, name) for name in _SHARED}
        for dest in pdu.dest_address:
            if isinstance(dest, pdus.SmeAddress):
                one = pdus.SubmitSm(**shared, **msgspec.structs.asdict(dest))
                outcomes.append(self.submit(system_id, one, group=group))
                group = group or self.ledger.last_id
        return outcomes

    def settled(self, keys: list[int]) -> None:
        """The ESME took these."""
        for key in keys:
            if key < 0:
                self.counters.texts_sent += 1
            else:
                self.counters.receipts_sent += 1
        self._journal.append(self.ledger.answered(keys))

    def refused(self, owed: Owed) -> None:
        """The ESME did not want it now."""
        self.counters.deliveries_refused += 1
        now = self.clock.now()
        self.outbox.put(owed, now + REPEAT_AFTER, now)

    def next_for(self, system_id: str) -> Owed | None:
        """What to deliver next to an ESME."""
        while (owed := self.outbox.take(system_id)) is not None:
            if owed.key in self.ledger.owed:  # else answered after all
                return owed
        return None

    def state(self, message_id: str) -> tuple[Submission, str] | None:
        """A message the network took, and its receipt word as of now, for query_sm."""
        try:
            submission = self.ledger.submission(int(message_id, 16))
        except ValueError:
            return None
        if submission is None or submission.status:
            return None
        fate = fate_of(submission.to.digits)
        decided = self.clock.now() >= submission.at + self._receipt_delay + fate.late
        return submission, (fate.state or "ENROUTE") if decided else "ENROUTE"

    # From handsets.

    def text(self, handset: Address, to: Address, text: str) -> int:
        """A handset texts an ESME; returns the number of parts, which are on disk after `commit`.

        Raises what `segments.split` raises.
        """
        self._reference = (self._reference + 1) % 256
        parts = handsets.outgoing(text, self._reference)
        for coding, header, payload in parts:
            self.owe_text(handset, to, coding, header, payload)
        return len(parts)

    def owe_text(self, handset: Address, to: Address, coding: int, header: bytes, payload: bytes) -> None:
        """A part of a text from a handset, whatever its octets; it is on disk after `commit`."""
        now = self.clock.now()
        esme = self.ledger.esme_of(to.digits)
        part = HandsetText(self.ledger.next_text_key(), now, esme, handset, to, coding, header, payload)
        self._journal.append(self.ledger.text(part))
        self.outbox.put(part, now, now)

    def commit(self) -> None:
        """Write the journal. Raises OSError; then nothing of this may be answered."""
        self._journal.flush()
        if self._journal.wants_tidying:
            self._journal.tidy(self.ledger.snapshot())

    # Inside.

    def _submission(self, system_id: str, pdu: pdus.SubmitSm | pdus.DataSm, group: int) -> Submission:
        header, payload = user_data.split(pdu)
        return Submission(
            self.ledger.last_id + 1,
            self.clock.now(),
            system_id,
            Address(pdu.source_addr_ton, pdu.source_addr_npi, pdu.source_addr),
            Address(pdu.dest_addr_ton, pdu.dest_addr_npi, pdu.destination_addr.removeprefix("+")),
            pdu.data_coding,
            pdu.registered_delivery,
            header,
            payload,
            0,
            group,
        )

    def _status(self, fate: Fate, submission: Submission) -> int:
        if self.faults.mode == "throttle":
            return fates.RTHROTTLED
        if not submission.to.digits:
            return fates.RINVDSTADR
        if len(submission.payload) > MOST_PAYLOAD:
            return fates.RINVMSGLEN
        if self.ledger.full:
            return fates.RMSGQFUL
        if not fate.passing:
            return fate.lasting
        concat = submission.concat
        addresses = (submission.source, submission.to)
        if concat is None:
            return self._tries.answer(fate, (addresses, submission.payload))
        key = (addresses, concat.reference, concat.wide)
        return self._tries.answer(fate, key, concat.parts, concat.part)

    def _count(self, status: int) -> None:
        counters = self.counters
        counters.submit_sm += 1
        if status == 0:
            counters.accepted += 1
        elif status > 0:
            counters.refused += 1
        else:
            counters.unanswered += 1

    def _post(self, owed: Owed) -> None:
        now = self.clock.now()
        if isinstance(owed, HandsetText):
            due = now
        else:
            submission = owed.submission
            due = submission.at + self._receipt_delay + fate_of(submission.to.digits).late
        self.outbox.put(owed, due, now)

    def _echo(self, submission: Submission) -> None:
        seen = list(islice(self.ledger.newest_to(submission.to.digits), _ECHO_LOOKS_BACK))
        message = handsets.completed(reversed(seen))
        if message is not None and message.text:
            self.text(submission.to, submission.source, message.text)
