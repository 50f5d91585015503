"""Write the schema of a fresh store, on either engine, for a reader to compare and a test to hold."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import apsw
import asyncpg

sys.path.insert(0, str(Path(__file__).parents[1]))

import postgres_kit
from tidings.app import migrate
from tidings.config import load

FILE = Path(__file__).with_name("schema_sqlite.sql")
POSTGRES = Path(__file__).with_name("schema_postgres.sql")

_COLUMNS = """
select c.oid::regclass::text as table, coalesce(array_to_string(c.reloptions, ', '), '') as options,
  coalesce('partition by ' || pg_get_partkeydef(c.oid), pg_get_expr(c.relpartbound, c.oid), '') as days,
  string_agg(format('  %I %s%s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
    case when a.attcollation = 'pg_catalog."C"'::regcollation then ' collate "C"' else '' end,
    case when a.attidentity <> '' then ' generated always as identity'
      when d.adbin is not null then ' default ' || pg_get_expr(d.adbin, d.adrelid) else '' end,
    case when a.attnotnull then ' not null' else '' end), E',\n' order by a.attnum) as columns
from pg_class as c join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_attrdef as d on d.adrelid = c.oid and d.adnum = a.attnum
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
  and c.relname !~ '_[0-9]{8}$' group by c.oid order by c.relname
"""
_INDEXES = """
select pg_get_indexdef(indexrelid) as index from pg_index
where indrelid = $1::text::regclass order by indexrelid::regclass::text
"""


def schema(folder: Path) -> str:
    """The statements that make up the schema of the store in `folder`, by name."""
    db = apsw.Connection(str(folder / "tidings.db"), flags=apsw.SQLITE_OPEN_READONLY)
    rows = db.execute("select sql from sqlite_schema where sql is not null order by tbl_name, type desc, name")
    text = "".join(f"{row[0]};\n" for row in rows.fetchall())
    db.close()
    return text


async def _told(url: str) -> str:
    db = await asyncpg.connect(url)
    lines = []
    for table, options, days, columns in await db.fetch(_COLUMNS):
        lines.append(f"create table {table} (\n{columns}\n)")
        lines[-1] += f"{f' {days.lower()}' if days else ''}{f' with ({options})' if options else ''};"
        lines += [f"{row['index']};" for row in await db.fetch(_INDEXES, table)]
    await db.close()
    return "\n".join(lines) + "\n"


def schema_postgres(url: str) -> str:
    """The same of a database on PostgreSQL, as its catalogue has it."""
    return postgres_kit.apart(lambda: _told(url))


def fresh() -> str:
    """The schema all migrations make together."""
    with tempfile.TemporaryDirectory() as folder:
        migrate(load({"data": folder}, {}))
        return schema(Path(folder))


def fresh_postgres() -> str:
    """The same on PostgreSQL."""
    with tempfile.TemporaryDirectory() as folder, postgres_kit.given_back():
        url = postgres_kit.url(Path(folder), empty=True)
        migrate(load({"data": folder, "database": url}, {}))
        return schema_postgres(url)


if __name__ == "__main__":
    FILE.write_text(fresh(), encoding="utf-8")
    POSTGRES.write_text(fresh_postgres(), encoding="utf-8")
