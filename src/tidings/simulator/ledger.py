"""What the network knows: recent submissions, receipts and handset texts it owes; pure, rebuilt from its journal."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

from tidings.simulator import records
from tidings.simulator.fates import Fate, fate_of
from tidings.simulator.records import Address, Answered, HandsetText, History, OwedReceipt, Submission

KEPT_SUBMISSIONS = 200_000
KEPT_OCTETS = 128 * 1024 * 1024
"""Of their journal records together."""
MOST_OWED = 200_000
MOST_OWED_OCTETS = 128 * 1024 * 1024
"""Of the user data they hold."""
KEPT_SENDERS = 20_000
_FAILURES = frozenset(("UNDELIV", "EXPIRED", "DELETED", "REJECTD", "UNKNOWN"))

Owed = OwedReceipt | HandsetText
_Entry = tuple[bytes, str, int, int]
"""Journal record, destination, id of the previous submission to it, and how many there were with this one."""


class Ledger:
    """Submissions by id, the newest `keep` of them; what is owed by key."""

    def __init__(
        self,
        keep: int = KEPT_SUBMISSIONS,
        most_owed: int = MOST_OWED,
        keep_octets: int = KEPT_OCTETS,
        most_owed_octets: int = MOST_OWED_OCTETS,
    ) -> None:
        """`keep` submissions are remembered; at `most_owed` nothing further is taken; both also by their octets."""
        self._keep, self._keep_octets = keep, keep_octets
        self._most_owed, self._most_owed_octets = most_owed, most_owed_octets
        self._octets = self._owed_octets = 0
        self._entries: dict[int, _Entry] = {}
        self._newest: dict[str, int] = {}
        self._esmes: OrderedDict[str, str] = OrderedDict()
        self._history_to_come = 0
        self._texts = 0
        self._oldest = 0
        self.last_id = 0
        self.owed: dict[int, Owed] = {}
        """In the order they arose."""

    @property
    def full(self) -> bool:
        """As much is owed as may be."""
        return len(self.owed) >= self._most_owed or self._owed_octets >= self._most_owed_octets

    def take(self, submission: Submission) -> tuple[bytes, list[Owed]]:
        """Remember it; returns its journal record and the receipts it makes owed."""
        record = records.encode(submission)
        self._remember(submission, record)
        return record, self._owe_receipts(submission)

    def text(self, text: HandsetText) -> bytes:
        """Owe a part of a handset's text; returns its journal record."""
        self._owe(text)
        self._texts = max(self._texts, -text.key)
        return records.encode(text)

    def next_text_key(self) -> int:
        """The key of the next HandsetText."""
        return -self._texts - 1

    def answered(self, keys: list[int]) -> bytes:
        """These are owed no more; returns the journal record."""
        for key in keys:
            owed = self.owed.pop(key, None)
            if owed is not None:
                self._owed_octets -= _octets(owed)
        return records.encode(Answered(keys))

    # Questions.

    def submission(self, number: int) -> Submission | None:
        """By id, while it is remembered."""
        entry = self._entries.get(number)
        return _submission(entry) if entry else None

    def newest_to(self, digits: str, before: int | None = None) -> Iterator[Submission]:
        """Submissions to a number, newest first, beginning before an id."""
        number = self._newest.get(digits, 0)
        while (entry := self._entries.get(number)) is not None:
            if before is None or number < before:
                yield _submission(entry)
            number = entry[2]

    def count_to(self, digits: str) -> int:
        """How many submissions to a number there were, as far as memory goes."""
        entry = self._entries.get(self._newest.get(digits, 0))
        return entry[3] if entry else 0

    def newest(self, before: int | None = None) -> Iterator[Submission]:
        """All submissions, newest first, beginning before an id."""
        number = self.last_id if before is None else min(before - 1, self.last_id)
        while (entry := self._entries.get(number)) is not None:
            yield _submission(entry)
            number -= 1

    def numbers(self, before: int | None = None) -> Iterator[tuple[str, int]]:
        """Destinations with their newest submission's id, latest first, beginning before an id."""
        for digits, number in reversed(self._newest.items()):
            if before is None or number < before:
                yield digits, number

    def esme_of(self, digits: str) -> str:
        """The system_id that sent last from an address; "" where none is known to."""
        return self._esmes.get(digits, "")

    # The journal.

    def replay(self, record: bytes) -> None:
        """Take back a record of an earlier life. Raises msgspec.MsgspecError when it is none."""
        match records.decode(record):
            case Submission() as submission:
                self._remember(submission, record)
                if self._history_to_come:
                    self._history_to_come -= 1
                else:
                    self._owe_receipts(submission)
            case HandsetText() as text:
                self.text(text)
            case OwedReceipt() as receipt:
                self._owe(receipt)
            case Answered(keys):
                self.answered(keys)
            case History(lines, last_id, last_text):
                self._history_to_come = lines
                self.last_id = max(self.last_id, last_id - lines)
                self._texts = max(self._texts, last_text)

    def snapshot(self) -> Iterator[bytes]:
        """Records that replay to this ledger as it is now, whatever happens while they are being drawn."""
        history = History(len(self._entries), self.last_id, self._texts)
        return _snapshot(history, list(self._entries.values()), list(self.owed.values()))

    # Inside.

    def _remember(self, submission: Submission, record: bytes) -> None:
        number, digits = submission.id, submission.to.digits
        previous = self._newest.pop(digits, 0)
        before = self._entries.get(previous)
        self._newest[digits] = number
        self._entries[number] = (record, digits, previous, before[3] + 1 if before else 1)
        self.last_id = number
        self._octets += len(record)
        self._remember_esme(submission)
        self._oldest = self._oldest or number
        while len(self._entries) > self._keep or (self._octets > self._keep_octets and self._oldest < number):
            self._forget(self._oldest)
            self._oldest += 1

    def _remember_esme(self, submission: Submission) -> None:
        esmes, digits = self._esmes, submission.source.digits
        if esmes.get(digits) == submission.system_id:
            return
        esmes[digits] = submission.system_id
        if len(esmes) > KEPT_SENDERS:
            esmes.popitem(last=False)

    def _forget(self, number: int) -> None:
        entry = self._entries.pop(number, None)
        if entry is None:
            return
        self._octets -= len(entry[0])
        if self._newest.get(entry[1]) == number:
            del self._newest[entry[1]]

    def _owe_receipts(self, submission: Submission) -> list[Owed]:
        fate = fate_of(submission.to.digits)
        if submission.status or not wants_receipt(fate, submission.registered_delivery):
            return []
        receipts: list[Owed] = [OwedReceipt(2 * submission.id + copy, submission) for copy in range(fate.copies)]
        for receipt in receipts:
            self._owe(receipt)
        return receipts

    def _owe(self, owed: Owed) -> None:
        self.owed[owed.key] = owed
        self._owed_octets += _octets(owed)


def wants_receipt(fate: Fate, registered_delivery: int) -> bool:
    """Whether a message of this fate leads to a receipt (SMPP 3.4 §5.2.17; 3, successes only, is of 5.0)."""
    if fate.state is None:
        return False
    match registered_delivery & 0x03:
        case 0:
            return False
        case 2:
            return fate.state in _FAILURES
        case 3:
            return fate.state not in _FAILURES
    return True


def _octets(owed: Owed) -> int:
    return len(owed.payload if isinstance(owed, HandsetText) else owed.submission.payload)


def _submission(entry: _Entry) -> Submission:
    submission = records.decode(entry[0])
    if not isinstance(submission, Submission):
        raise TypeError(f"not a submission: {type(submission).__name__}")
    return submission


def _snapshot(history: History, entries: list[_Entry], owed: list[Owed]) -> Iterator[bytes]:
    yield records.encode(history)
    for entry in entries:
        yield entry[0]
    for item in owed:
        yield records.encode(item)


def address(text: str) -> Address:
    """The address a person writes: digits (more than six of them are international), or a name."""
    digits = text.removeprefix("+")
    if not digits.isdigit():
        return Address(5, 0, text)
    return Address(1, 1, digits) if text != digits or len(digits) > 6 else Address(0, 1, digits)
