"""What becomes of a message, decided by the last four digits of its destination."""

from __future__ import annotations

from collections import OrderedDict

import msgspec

from tidings.core.message import SECOND, Millis

ROK = 0x00
RINVMSGLEN = 0x01
RSYSERR = 0x08
RINVDSTADR = 0x0B
RMSGQFUL = 0x14
RTHROTTLED = 0x58
UNANSWERED = -1
"""No response at all."""
LINK_DROPS = -2
"""The link goes down in place of a response."""


class Fate(msgspec.Struct, frozen=True, kw_only=True):
    """The plan for a message: the network's answers to submit_sm, then its receipt."""

    meaning: str
    passing: tuple[int, ...] = ()
    """Answers to the first submits of a message, before the lasting one."""
    lasting: int = ROK
    """Answer to every further submit; a message is taken only where this is ROK."""
    state: str | None = "DELIVRD"
    """Receipt word (SMPP 3.4 Appendix B), or None for no receipt ever."""
    copies: int = 1
    """How often the receipt comes."""
    late: Millis = 0
    """Wait of the receipt beyond the network's usual one."""
    receipt_first: bool = False
    """The receipt precedes the response."""
    decimal_in_receipt: bool = False
    """The receipt names in decimal the id that the response gave in hexadecimal."""
    echo: bool = False
    """The handset answers with the text it got."""

    @property
    def reaches_handset(self) -> bool:
        """Whether the phone shows the text; a lost receipt says nothing against it."""
        return self.lasting == ROK and self.state in ("DELIVRD", None)


DELIVERED = Fate(meaning="delivered")

FATES: dict[str, Fate] = {
    "0001": Fate(meaning="undeliverable", state="UNDELIV"),
    "0002": Fate(meaning="expired at the carrier", state="EXPIRED"),
    "0003": Fate(meaning="rejected in the response, permanently", lasting=RINVDSTADR),
    "0004": Fate(meaning="no receipt ever", state=None),
    "0005": Fate(meaning="receipt 30 s late", late=30 * SECOND),
    "0006": Fate(meaning="receipt twice", copies=2),
    "0007": Fate(meaning="receipt before the response", receipt_first=True),
    "0008": Fate(meaning="throttled three times, then delivered", passing=(RTHROTTLED,) * 3),
    "0009": Fate(meaning="queue full three times, then delivered", passing=(RMSGQFUL,) * 3),
    "0010": Fate(meaning="no submit_sm_resp at all", lasting=UNANSWERED),
    "0011": Fate(meaning="the link drops before the response, once", passing=(LINK_DROPS,)),
    "0012": Fate(meaning="id hexadecimal in the response, decimal in the receipt", decimal_in_receipt=True),
    "0013": Fate(meaning="deleted", state="DELETED"),
    "0014": Fate(meaning="receipt with an unknown state", state="UNKNOWN"),
    "0015": Fate(meaning="temporary error once, then delivered", passing=(RSYSERR,)),
    "0016": Fate(meaning="delivered, and the handset answers with the text it got", echo=True),
}


def fate_of(destination: str) -> Fate:
    """The fate of messages to `destination`."""
    return FATES.get(destination[-4:], DELIVERED)


class Tries:
    """How far each message with passing answers has come, kept for the newest `keep` messages.

    A message is known by what a retry repeats: addresses and, where it has several parts, its reference, else its
    octets. The passing answers are given to the message as a whole, not to each of its parts, and begin anew once all
    parts are taken.
    """

    def __init__(self, keep: int = 10_000) -> None:
        """`keep`: messages remembered; the oldest are forgotten first."""
        self._keep = keep
        self._answered: OrderedDict[object, int] = OrderedDict()
        self._taken: dict[object, set[int]] = {}

    def answer(self, fate: Fate, key: object, parts: int = 1, part: int = 1) -> int:
        """The command_status of the next response, or UNANSWERED or LINK_DROPS."""
        if not fate.passing:
            return fate.lasting
        so_far = self._answered.get(key, 0)
        if so_far < len(fate.passing):
            self._remember(key, so_far + 1)
            return fate.passing[so_far]
        self._take(key, parts, part)
        return fate.lasting

    def _remember(self, key: object, answered: int) -> None:
        self._answered[key] = answered
        self._answered.move_to_end(key)
        if len(self._answered) > self._keep:
            oldest, _ = self._answered.popitem(last=False)
            self._taken.pop(oldest, None)

    def _take(self, key: object, parts: int, part: int) -> None:
        taken = self._taken.setdefault(key, set())
        taken.add(part)
        if len(taken) >= parts:
            del self._taken[key]
            del self._answered[key]
