"""Which migrations are applied when, beside older and newer programs."""

from __future__ import annotations

import pytest

from tidings.store import migrate
from tidings.store.engine import CannotOpen

KNOWN = ["01_pre_a", "02_pre_b", "03_post_c", "04_pre_d", "05_post_e"]

CASES: list[tuple[str, list[str], list[str], list[str]]] = [
    ("a fresh store gets all at once", [], KNOWN, KNOWN),
    ("an old program may still run: what takes away waits", KNOWN[:1], ["02_pre_b", "04_pre_d"], KNOWN[1:]),
    ("a release later, what was left is applied first", KNOWN[:2], ["03_post_c", "04_pre_d"], KNOWN[2:]),
    ("nothing is added, so nothing says that the old one left", KNOWN[:4], [], KNOWN[4:]),
    ("up to date", KNOWN, [], []),
    ("a newer program has added something", [*KNOWN, "99_pre_z"], [], []),
]


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "available", lambda: [(name, "") for name in KNOWN])


@pytest.mark.parametrize(("done", "now", "after"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_is_due(done: list[str], now: list[str], after: list[str]) -> None:
    assert [name for name, _ in migrate.due(done)] == now
    assert [name for name, _ in migrate.due(done, post=True)] == after
    assert migrate.left(done) == [name for name in after if name not in now]


@pytest.mark.parametrize("name", ["99_post_z", "99_z", "precious"])
def test_what_a_newer_program_took_away_is_a_refusal(name: str) -> None:
    with pytest.raises(CannotOpen, match=rf"the schema is newer than this program \(it has {name}\)"):
        migrate.due([*KNOWN, name])


def test_what_a_newer_program_added_is_told() -> None:
    assert migrate.strange([*KNOWN, "99_pre_z"]) == ["99_pre_z"]


def test_every_migration_says_whether_it_adds_or_takes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    for name, _ in migrate.available():
        number, kind, *what = name.split("_")
        assert number.isdigit()
        assert kind in ("pre", "post")
        assert what
