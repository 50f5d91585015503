"""How one bind stands and what went over it: kept while its links come and go, for an operator to look at."""

from __future__ import annotations

from tidings.core.carrier import BindState, StateOfBind, Traffic
from tidings.core.damping import Damping
from tidings.core.moments import written
from tidings.core.ports import Clock
from tidings.smpp import pdus
from tidings.smpp.pdus import Bind, BindResp
from tidings.smpp.session import Session


class Counts:
    """What went over a bind, over all of its connections and changes of its settings."""

    __slots__ = (
        "answered", "drops", "inbound", "late", "malformed", "receipts", "sent", "strays", "throttled",
    )  # fmt: skip

    def __init__(self) -> None:
        self.sent = self.answered = self.throttled = self.late = self.receipts = self.inbound = 0
        self.strays = self.malformed = self.drops = 0


class Standing:
    """Its rise and fall, the last error, and counts."""

    def __init__(self, clock: Clock, damping: Damping, counts: Counts) -> None:
        self.counts = counts
        self._clock = clock
        self._damping = damping
        self._since = clock.now()
        self._up_at: float | None = None
        self._tried = False
        self._error: str | None = None
        self._permanent = False
        self._smsc: str | None = None
        self._smsc_version: int | None = None

    def rose(self) -> None:
        """The bind stands."""
        self._up_at = self._clock.monotonic()
        self._since = self._clock.now()
        self._permanent = False

    def fell(self, reason: str, permanent: bool) -> None:
        """It fell, or an attempt came to nothing."""
        if self._up_at is not None:
            self.counts.drops += 1
            self._damping.fell(self._clock.monotonic() - self._up_at)
        else:
            self._damping.failed()
        if self._up_at is not None or not self._tried:
            self._since = self._clock.now()
        self._up_at, self._tried = None, True
        self._error, self._permanent = reason, permanent

    def accepted(self, response: BindResp) -> None:
        """An SMSC accepted us."""
        self._smsc = response.system_id or None
        version = dict(response.tlvs).get(pdus.SC_INTERFACE_VERSION)
        self._smsc_version = version[0] if version else None

    def link_ended(self, session: Session) -> None:
        """Its counts go on in ours."""
        self.counts.strays += session.strays
        self.counts.malformed += session.malformed

    def told(
        self, name: str, kind: str, bind: Bind, window: int, sessions: list[Session], transmitter: Session | None
    ) -> BindState:
        """All of it at this moment; it has room as long as it stands."""
        up_at, counts = self._up_at, self.counts
        trips = [session.round_trip for session in sessions if session.round_trip is not None]
        return BindState(
            name=name, kind=kind, state=self._state(), bound=up_at is not None,
            since=written(self._since), paused=False, error=self._error, permanent=self._permanent,
            system_id=bind.system_id, smsc=self._smsc, interface_version=_version(bind.interface_version),
            smsc_interface_version=None if self._smsc_version is None else _version(self._smsc_version),
            window=window, in_flight=sum(session.pending for session in sessions),
            free=0 if up_at is None or transmitter is None else transmitter.room(),
            congestion=None if transmitter is None else transmitter.heard_congestion,
            round_trip_ms=round(max(trips) * 1000, 1) if trips else None,
            traffic=Traffic(
                sent=counts.sent, answered=counts.answered, throttled=counts.throttled, late=counts.late,
                receipts=counts.receipts, inbound=counts.inbound, drops=counts.drops,
                strays=counts.strays + sum(session.strays for session in sessions),
                malformed=counts.malformed + sum(session.malformed for session in sessions),
            ),
        )  # fmt: skip

    def _state(self) -> StateOfBind:
        if self._damping.flapping(0.0 if self._up_at is None else self._clock.monotonic() - self._up_at):
            return "flapping"
        if self._up_at is not None:
            return "up"
        return "down" if self._tried else "connecting"


def _version(octet: int) -> str:
    """0x34 → `3.4`."""
    return f"{octet >> 4}.{octet & 15}"
