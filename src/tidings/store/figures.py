"""What a database tells of itself, for the doctor."""

from __future__ import annotations

from pathlib import Path

from tidings.core.health import DatabaseState, DaysState, SlotState, StandbyState, TableState
from tidings.store.engine import Engine

SUPPORTED_UNTIL = {15: "2027-11-11", 16: "2028-11-09", 17: "2029-11-08", 18: "2030-11-14"}
"""Of each major version (PostgreSQL's versioning policy); newer ones are taken for supported."""
_SAFETY = ("fsync", "full_page_writes", "autovacuum", "zero_damaged_pages")
MB = 2**20

# All in one: a look is one moment, and one round trip.
_SERVER = """
select
  current_setting('server_version'), current_setting('server_version_num')::int / 10000,
  pg_database_size(current_database()),
  current_setting('synchronous_commit'), current_setting('synchronous_standby_names'),
  (select count(*) from pg_stat_activity where backend_type = 'client backend'),
  current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
  (select age(datfrozenxid) from pg_database where datname = current_database()),
  (select json_object_agg(name, setting) from pg_settings where name = any(?1::text[])),
  not pg_has_role(current_user, 'pg_read_all_stats', 'usage'),
  to_char(now() at time zone 'utc', 'YYYY-MM-DD')
"""
_OLDEST = """
select extract(epoch from now() - since)::float8, who from (
  select xact_start as since, format('%s of user %s, PID %s', coalesce(nullif(application_name, ''), 'a program'),
    usename, pid) as who from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
  union all
  select prepared, format('prepared as %s by user %s', gid, owner) from pg_prepared_xacts
    where database = current_database()
) as found where since is not null order by since limit 1
"""
_TABLES = """
select relname::text, n_live_tup, n_dead_tup, pg_total_relation_size(relid),
  to_char(greatest(last_vacuum, last_autovacuum) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
from pg_stat_user_tables where n_dead_tup > 1000 or relname in ('queue', 'message') order by n_dead_tup desc, relname
limit 20
"""
_STANDBYS = """
select coalesce(nullif(application_name, ''), host(client_addr), 'a standby'), sync_state,
  coalesce(extract(epoch from replay_lag), 0)::float8,
  coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn), 0)::bigint
from pg_stat_replication where state = 'streaming' order by 1
"""
_SLOTS = """
select slot_name::text, active, coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn), 0)::bigint
from pg_replication_slots order by 1
"""
_DAYS = """
with day as (
  select i.inhparent::regclass::text as kept, to_date(right(c.relname, 8), 'YYYYMMDD') as day
  from pg_inherits as i join pg_class as c on c.oid = i.inhrelid where c.relname ~ '_[0-9]{8}$'
), stray as (
  select 'message_event' as kept, count(*) as many from (select 1 from message_event_default limit 1000) as e
  union all select 'webhook_delivery', count(*) from
    (select 1 from webhook_delivery_default limit 1000) as d
  union all select 'webhook_attempt', count(*) from (select 1 from webhook_attempt_default limit 1000) as a
), today as (select (now() at time zone 'utc')::date as day)
select s.kept, to_char(min(d.day), 'YYYY-MM-DD'), greatest(0, max(t.day) - min(d.day)),
  coalesce(max(d.day) - max(t.day), -1), max(s.many)
from stray as s cross join today as t left join day as d on d.kept = s.kept group by s.kept order by s.kept
"""
_WAL = "select sum(size)::bigint from pg_ls_waldir()"


async def of_postgres(engine: Engine, servers: int) -> DatabaseState:
    """`servers`: how many the address names."""
    (row,) = await engine.fetch(_SERVER, list(_SAFETY))
    told, major, size, commit, waits_for, connections, most, age, settings, hidden, today = row
    oldest = await engine.fetch(_OLDEST)
    until = SUPPORTED_UNTIL.get(major, "" if major > max(SUPPORTED_UNTIL) else min(SUPPORTED_UNTIL.values()))
    return DatabaseState(
        engine="postgresql", version=f"PostgreSQL {told.split()[0]}", supported=not until or today <= until,
        supported_until=until or None, size_mb=size // MB,
        wal_mb=None if hidden else (await engine.fetch(_WAL))[0][0] // MB,
        tables=tuple([
            TableState(name=name, rows=rows, dead=dead, mb=octets // MB, vacuumed_at=vacuumed)
            for name, rows, dead, octets, vacuumed in await engine.fetch(_TABLES)
        ]),
        oldest_transaction_s=oldest[0][0] if oldest else 0.0, oldest_transaction_by=oldest[0][1] if oldest else "",
        oldest_ids=age, connections=connections, connections_most=most, servers=servers, synchronous_commit=commit,
        waits_for=waits_for,
        standbys=tuple([
            StandbyState(name=name, mode=mode, lag_s=lag, behind_mb=behind // MB)
            for name, mode, lag, behind in await engine.fetch(_STANDBYS)
        ]),
        slots=tuple([
            SlotState(name=name, active=active, held_mb=held // MB)
            for name, active, held in await engine.fetch(_SLOTS)
        ]),
        days=tuple([
            DaysState(name=name, first=first, age=age or 0, ahead=ahead, strays=strays)
            for name, first, age, ahead, strays in await engine.fetch(_DAYS)
        ]),
        settings=settings, hidden=hidden,
    )  # fmt: skip


_PAGES = """
select page_count * page_size, freelist_count * page_size from pragma_page_count(), pragma_page_size(),
  pragma_freelist_count()
"""


async def of_sqlite(engine: Engine, version: str, file: Path) -> DatabaseState:
    """Of the file, and the write-ahead log beside it."""
    ((size, unused),) = await engine.fetch(_PAGES)
    log = file.with_name(file.name + "-wal")
    return DatabaseState(
        engine="sqlite", version=version, size_mb=size // MB, unused_mb=unused // MB,
        wal_mb=log.stat().st_size // MB if log.exists() else 0,
    )  # fmt: skip
