"""Advice about the database: what is open too long, grows, lags, or is set so that it loses data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tidings.core.health import DatabaseState, DaysState, StandbyState, TableState
from tidings.doctor.advice import Advice

LONG_TRANSACTION_S = 300.0
VERY_LONG_TRANSACTION_S = 3_600.0
DEAD_ROWS, DEAD_SHARE = 100_000, 0.5
"""Dead rows of a table that are too many: at least so many, and such a share of all."""
LAG_S = 30.0
BEHIND_MB = 256
WAL_MB = {"sqlite": 1_024, "postgresql": 20_480}
HELD_WAL_MB = 2_048
UNUSED_SHARE = 0.5
UNUSED_MB = 512
LATE_DAYS = 5
"""So much longer than it must the partition of a day may stand; the log of attempts is kept three days longer."""
CONNECTIONS_SHARE = 0.85
OLD_IDS = 1_200_000_000
"""Transactions since the oldest row that is not frozen; PostgreSQL stops at 2,000 million."""

_UNSAFE = {
    "fsync": (
        "error", "off", "after a power cut the database may be damaged beyond repair, with all that was acknowledged",
    ),
    "full_page_writes": ("error", "off", "a power cut in the middle of a write may damage the database"),
    "autovacuum": ("error", "off", "dead rows of the queue stay, and every look at it takes longer and longer"),
    "zero_damaged_pages": ("error", "on", "damaged pages are emptied instead of reported"),
}  # fmt: skip


def advise(database: DatabaseState, kept_days: Mapping[str, int]) -> Iterator[Advice]:
    """What its figures say; `kept_days`: for how many days a table with a partition for each is to be kept."""
    yield from _version(database)
    yield from _settings(database)
    yield from _transactions(database)
    yield from _tables(database)
    for one in database.days:
        yield from _days(one, kept_days.get(one.name))
    yield from _standbys(database)
    yield from _space(database)
    yield from _connections(database)


def _version(database: DatabaseState) -> Iterator[Advice]:
    if database.supported_until and not database.supported:
        yield Advice(
            "warning",
            f"{database.version} gets no more corrections: its support ended on {database.supported_until}.",
            "Move to a newer major version of PostgreSQL (pg_upgrade).",
        )


def _settings(database: DatabaseState) -> Iterator[Advice]:
    for name, (severity, bad, why) in _UNSAFE.items():
        if database.settings.get(name) == bad:
            yield Advice(
                "error" if severity == "error" else "warning",
                f"The database server has {name} = {bad}: {why}.",
                f"alter system reset {name}; then select pg_reload_conf(). Look in postgresql.conf if it stays.",
            )


def _transactions(database: DatabaseState) -> Iterator[Advice]:
    if database.oldest_transaction_s > LONG_TRANSACTION_S:
        yield Advice(
            "error" if database.oldest_transaction_s > VERY_LONG_TRANSACTION_S else "warning",
            f"A transaction has been open for {database.oldest_transaction_s / 60:.0f} min in the database "
            f"({database.oldest_transaction_by}). Dead rows of the queue cannot be cleaned up meanwhile.",
            "End it; select pg_terminate_backend(PID) does where its program does not, rollback prepared where it was "
            "prepared.",
        )
    if database.oldest_ids > OLD_IDS:
        yield Advice(
            "error",
            f"The oldest rows are {database.oldest_ids // 1_000_000} million transactions old; at 2,000 million "
            "PostgreSQL takes no more changes.",
            "End old transactions and drop replication slots that nobody reads, then `vacuum freeze`.",
        )
    if database.hidden:
        yield Advice(
            "note",
            "The database does not tell its user who has transactions open, nor how standbys keep up.",
            "As administrator: grant pg_monitor to the user of tidings.",
        )


def _tables(database: DatabaseState) -> Iterator[Advice]:
    for table in database.tables:
        if table.dead > DEAD_ROWS and table.dead > DEAD_SHARE * (table.rows + table.dead):
            yield _bloated(table)


def _bloated(table: TableState) -> Advice:
    last = f"last cleaned up at {table.vacuumed_at}" if table.vacuumed_at else "not cleaned up yet"
    return Advice(
        "warning",
        f"Table {table.name} holds {table.dead} dead rows beside {table.rows} that live, in {table.mb} MB; {last}.",
        "See that autovacuum runs and no transaction stays open; `vacuum` cleans up now. If it stays large, "
        f"`vacuum full {table.name}` in a quiet hour.",
    )


def _days(one: DaysState, kept: int | None) -> Iterator[Advice]:
    if one.ahead < 1:
        missing = "tomorrow" if one.ahead == 0 else "today"
        yield Advice(
            "warning",
            f"Table {one.name} has no partition for {missing}: it could not be made.",
            "End transactions that stay open on it; the user of tidings must own it. Partitions are made when a day "
            "begins and when tidings starts, and what stands elsewhere by then is moved there.",
        )
    if one.strays:
        many = "1,000 or more" if one.strays == 1_000 else str(one.strays)
        yield Advice(
            "warning",
            f"Rows of {one.name} stand outside the partitions of their days ({many}), and are not dropped with them.",
            f"select place_strays('{one.name}') gives them their days, with tidings stopped where there are many.",
        )
    if kept is not None and one.age > kept + LATE_DAYS:
        yield Advice(
            "warning",
            f"Table {one.name} still has the partition of {one.first}, though it is kept for {kept} days.",
            "Something keeps it: a transaction that stays open on the table, or whoever has still to be told of events "
            "as old as that.",
        )


def _standbys(database: DatabaseState) -> Iterator[Advice]:
    if database.hidden:
        return
    synchronous = [one for one in database.standbys if one.mode in ("sync", "quorum")]
    if database.waits_for and not synchronous:
        yield Advice(
            "error",
            f"Commits wait for a synchronous standby (synchronous_standby_names = {database.waits_for}), "
            "and none is there.",
            "Start the standby, or, to go on without one: alter system set synchronous_standby_names = ''; then "
            "select pg_reload_conf().",
        )
    if not database.waits_for and (database.synchronous_commit == "remote_apply" or database.servers > 1):
        asked = (
            "synchronous_commit = remote_apply asks for a standby to wait for"
            if database.synchronous_commit == "remote_apply"
            else f"`database` names {database.servers} servers"
        )
        there = "is there, and none is synchronous" if database.standbys else "is attached"
        which = "a standby" if database.standbys else "no standby"
        yield Advice(
            "warning",
            f"{asked}, but {which} {there}: what was acknowledged is on one server only.",
            "Attach a standby, and name it in synchronous_standby_names of the primary.",
        )
    for one in database.standbys:
        yield from _behind(one)


def _behind(one: StandbyState) -> Iterator[Advice]:
    if one.lag_s > LAG_S or one.behind_mb > BEHIND_MB:
        yield Advice(
            "warning",
            f"Standby {one.name} ({one.mode}) is {one.lag_s:.0f} s and {one.behind_mb} MB behind.",
            "Look at the line between the two, and at the disk of the standby.",
        )


def _space(database: DatabaseState) -> Iterator[Advice]:
    if database.wal_mb is not None and database.wal_mb > WAL_MB[database.engine]:
        yield Advice(
            "warning",
            f"The write-ahead log takes {database.wal_mb} MB.",
            "Something keeps it: a reader that stays open for long (a backup?). It shrinks once that ends."
            if database.engine == "sqlite"
            else "See whether archive_command fails, a replication slot is not read, or max_wal_size is meant so.",
        )
    for slot in database.slots:
        if not slot.active and slot.held_mb > HELD_WAL_MB:
            yield Advice(
                "error",
                f"Replication slot {slot.name} is not read, and keeps {slot.held_mb} MB of the write-ahead log; "
                "the disk fills.",
                f"Start its standby, or: select pg_drop_replication_slot('{slot.name}').",
            )
    if database.unused_mb > UNUSED_MB and database.unused_mb > UNUSED_SHARE * database.size_mb:
        yield Advice(
            "note",
            f"{database.unused_mb} of the {database.size_mb} MB of the database are empty pages, which are used again.",
            "Nothing has to be done; `vacuum` with tidings stopped gives them back to the disk.",
        )


def _connections(database: DatabaseState) -> Iterator[Advice]:
    if database.connections_most and database.connections > CONNECTIONS_SHARE * database.connections_most:
        yield Advice(
            "warning",
            f"{database.connections} of {database.connections_most} connections of the database server are taken; "
            "without a free one tidings cannot connect again.",
            "Close what is not needed, or raise max_connections.",
        )
