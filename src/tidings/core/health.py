"""How the house is: what the readiness probe says, and the figures a diagnosis is made from."""

from __future__ import annotations

from typing import Literal

import msgspec

from tidings.core.carrier import CarrierState


class Health(msgspec.Struct, frozen=True):
    """Whether messages are taken, and what works less well than it should."""

    accepting: bool
    reason: str = ""
    """Why not, in a plain sentence; empty while accepting."""
    degraded: tuple[str, ...] = ()
    """Plain sentences about what is down while acceptance still works."""


class DoorState(msgspec.Struct, frozen=True, kw_only=True):
    """The SMPP door as it stands at this moment."""

    addresses: tuple[str, ...]
    """Where it listens, as `host:port`."""
    connections: int
    connections_most: int
    turned_away: int
    """Connections that found no room since the start."""
    binds: int
    esmes: int
    """ESMEs that may bind."""
    refused: dict[str, int] = {}
    """Binds that were refused since the start, by the name of their command_status."""


class EsmeState(msgspec.Struct, frozen=True, kw_only=True):
    """What an ESME that is known to the door has not taken, as it stands at this moment."""

    id: str
    system_id: str
    receivers: int
    """Binds of it that take receipts and texts."""
    waiting: int
    most: int
    """What waits beyond this is given up."""
    oldest_s: float
    """Seconds since the oldest was made."""
    dead: int
    """Given up, and not yet forgotten."""
    failures: int
    """In a row: refusals for now, or no answer at all."""


class TableState(msgspec.Struct, frozen=True, kw_only=True):
    """A table of the database whose rows come and go."""

    name: str
    rows: int
    """Of those that live, as the server estimates."""
    dead: int
    mb: int
    """With its indexes."""
    vacuumed_at: str | None = None


class StandbyState(msgspec.Struct, frozen=True, kw_only=True):
    """A standby that gets what the database writes, as its primary sees it."""

    name: str
    mode: str
    """`sync`, `quorum`, `potential` or `async`."""
    lag_s: float
    """From a commit here to its being readable there."""
    behind_mb: int


class SlotState(msgspec.Struct, frozen=True, kw_only=True):
    """A replication slot: what it has not been read of is kept."""

    name: str
    active: bool
    held_mb: int


class DaysState(msgspec.Struct, frozen=True, kw_only=True):
    """What the database keeps in a partition for each day; dates by the clock of its server."""

    name: str
    first: str | None = None
    """The oldest day there is."""
    age: int = 0
    """Days since then."""
    ahead: int = 0
    """Days after today that have their partition; below 0 where today has none."""
    strays: int = 0
    """Rows that belong into the partition of a day and stand in the default one; 1000 at the most."""


class DatabaseState(msgspec.Struct, frozen=True, kw_only=True):
    """What the database tells of itself."""

    engine: Literal["sqlite", "postgresql"]
    version: str
    supported: bool = True
    supported_until: str | None = None
    """The last day of its corrections, where that is known."""
    size_mb: int = 0
    unused_mb: int = 0
    """Of its file; SQLite only."""
    wal_mb: int | None = None
    """Size of the write-ahead log; None where it is not told."""
    tables: tuple[TableState, ...] = ()
    oldest_transaction_s: float = 0.0
    oldest_transaction_by: str = ""
    oldest_ids: int = 0
    """Transactions since the oldest row that is not frozen."""
    connections: int = 0
    connections_most: int = 0
    servers: int = 1
    """Named in the address."""
    synchronous_commit: str = ""
    """What commits wait for."""
    waits_for: str = ""
    """Names of synchronous standbys, as the server has them."""
    standbys: tuple[StandbyState, ...] = ()
    slots: tuple[SlotState, ...] = ()
    days: tuple[DaysState, ...] = ()
    settings: dict[str, str] = {}
    """Of the server, those that decide over safety."""
    hidden: bool = False
    """Whether its user may not see what others do."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one moment."""

    carriers: tuple[CarrierState, ...] = ()
    queued: int = 0
    """Messages that wait for a carrier."""
    oldest_s: float = 0.0
    """Seconds since the oldest of them fell due."""
    in_flight: int = 0
    """Segments handed to a carrier and not yet answered."""
    orphans: int = 0
    """Receipts that match no message."""
    store: str = ""
    """Which engine keeps the data, and where if not in the data folder."""
    disk_free_mb: int | None = None
    """Free space where the data lies; None when it cannot be seen from here."""
    disk_needed_mb: int = 200
    """Below this nothing is accepted (`limits.free_disk_mb`)."""
    commit_lag_ms: float = 0.0
    """How long the last commit took from its first request on; or how long one waits by now, if longer."""
    kept_days: dict[str, int] = {}
    """For how many days what is dropped by the day is kept, by table; without those that are kept for ever."""
    messages_kept_days: int = 0
    """For how many days messages are kept after their end; 0 = for ever."""
    retention_behind_s: float = 0.0
    """How long the oldest of the messages is past that."""
    database: DatabaseState | None = None
    """None while it cannot be asked."""
    store_fault: str | None = None
    """Why the store cannot commit; None while it can."""
    door: DoorState | None = None
    """None where no SMPP door is open."""
    esmes: tuple[EsmeState, ...] = ()
