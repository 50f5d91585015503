"""Write the schema of a fresh store to `schema_sqlite.sql`, for a reader to compare and a test to hold."""

from __future__ import annotations

import tempfile
from pathlib import Path

import apsw

from tidings.app import migrate
from tidings.config import load

FILE = Path(__file__).with_name("schema_sqlite.sql")


def schema(folder: Path) -> str:
    """The statements that make up the schema of the store in `folder`, by name."""
    db = apsw.Connection(str(folder / "tidings.db"), flags=apsw.SQLITE_OPEN_READONLY)
    rows = db.execute("select sql from sqlite_schema where sql is not null order by tbl_name, type desc, name")
    text = "".join(f"{row[0]};\n" for row in rows.fetchall())
    db.close()
    return text


def fresh() -> str:
    """The schema all migrations make together."""
    with tempfile.TemporaryDirectory() as folder:
        migrate(load({"data": folder}, {}))
        return schema(Path(folder))


if __name__ == "__main__":
    FILE.write_text(fresh(), encoding="utf-8")
