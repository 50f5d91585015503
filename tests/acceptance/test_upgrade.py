"""The program of today runs on the schema of a newer one: added to while it runs, or found so at its start."""

from __future__ import annotations

import subprocess
from pathlib import Path

import apsw
import pytest
from processes import BIN, CLEAN, Site, until

import postgres_kit
from tidings.store import migrate

pytestmark = pytest.mark.slow

LATER = ("9000_pre_later", """\
alter table message add column colour text;
alter table message add column weight integer not null default 7;
alter table message_event add column colour text default 'red';
alter table attempt add column colour text;
alter table receipt add column colour text not null default '';
alter table queue add column colour text;
alter table esme add column colour text;
alter table api_key add column colour text;
alter table carrier_pause add column colour text;
alter table inbound add column colour text;
create table rainbow (
  id integer primary key,
  account_id integer not null,
  colour text
);
create index message_colour on message (colour) where colour is not null;
""")  # fmt: skip


def apply(engine: str, data: Path, name: str, changes: str) -> None:
    """As a newer program would."""
    done = f"insert into schema_migration values ('{name}', 1)"
    if engine == "postgres":
        postgres_kit.execute(f"begin; {migrate.for_postgres(changes)} {done}; commit", url=postgres_kit.url(data))
        return
    db = apsw.Connection(str(data / "tidings.db"))
    with db:
        db.execute(changes)
        db.execute(done)
    db.close()


def migrating(site: Site, engine: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / "tidings", "migrate", "--data", site.tidings.data, *words], env=CLEAN, capture_output=True, text=True,
        timeout=30, check=False,
    )  # fmt: skip


def served(site: Site) -> None:
    """Messages out with their receipts, one in, and what was before can be read."""
    ids = [site.tidings.send(f"+155512301{number}") for number in range(20, 30)]
    assert {site.tidings.ended(one)["status"] for one in ids} == {"delivered"}
    before = len(site.tidings.messages(status="received"))
    site.simulator.texts("+15551230177", "12345", f"Hello yourself, {before}")
    until(lambda: len(site.tidings.messages(status="received")) > before, "a text comes in")
    assert site.tidings.story(ids[0])["attempts"]
    assert site.tidings.ready()


def test_an_older_program_runs_on_a_schema_that_was_added_to(tmp_path: Path, engine: str) -> None:
    if engine == "postgres":  # its schema is of no use to other tests afterwards
        postgres_kit.url(tmp_path / "data", throw_away=True)
    with Site(tmp_path) as site:
        site.start()
        served(site)
        if engine == "sqlite":  # one process alone works on a folder
            assert site.tidings.stop() == 0
            apply(engine, site.tidings.data, *LATER)
            site.tidings.start()
            site.linked()
        else:
            apply(engine, site.tidings.data, *LATER)
            served(site)
            assert site.tidings.stop() == 0
            site.tidings.start()
            site.linked()
        served(site)
        assert site.tidings.stop() == 0
        told = migrating(site, engine)
        assert told.returncode == 0, told
        assert "applied by a newer program: 9000_pre_later" in told.stdout
        apply(engine, site.tidings.data, "9001_post_gone", "create table autumn (id integer primary key);")
        told = site.tidings.cli("up")
        assert told.returncode == 2
        assert "the schema is newer than this program (it has 9001_post_gone)" in told.stderr
