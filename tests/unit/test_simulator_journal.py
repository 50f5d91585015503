"""The journal: what was flushed comes back, a torn end does not, and the file stays bounded."""

import os
from pathlib import Path

import pytest

from tidings.simulator.journal import FILE, Journal, JournalBusyError


def write(folder: Path, *records: bytes) -> None:
    journal = Journal(folder)
    for record in records:
        journal.append(record)
    journal.close()


def read(folder: Path) -> list[bytes]:
    journal = Journal(folder)
    records = list(journal.read())
    journal.close()
    return records


def test_what_was_written_comes_back(tmp_path: Path) -> None:
    write(tmp_path / "new", b"one", b"", b'["two 2"]')
    assert read(tmp_path / "new") == [b"one", b"", b'["two 2"]']


def test_without_a_folder_nothing_is_kept() -> None:
    journal = Journal(None)
    journal.append(b"x")
    journal.flush()
    assert (journal.kept, journal.size, list(journal.read())) == (False, 0, [])
    journal.close()


@pytest.mark.parametrize(
    "torn",
    [b"5", b"5 ", b"5 hel", b"5 hello", b"5 hello!\n", b"6 hello\n", b"x hello\n", b"\n", b"\0" * 9, b"-1 \n"],
)
def test_a_torn_end_is_cut_off(tmp_path: Path, torn: bytes) -> None:
    write(tmp_path, b"one", b"two")
    with (tmp_path / FILE).open("ab") as file:
        file.write(torn)
    assert read(tmp_path) == [b"one", b"two"]
    write(tmp_path, b"three")
    assert read(tmp_path) == [b"one", b"two", b"three"]


@pytest.mark.parametrize("cut", range(1, 12))
def test_any_cut_leaves_whole_records(tmp_path: Path, cut: int) -> None:
    write(tmp_path, b"one", b"twotwo")
    os.truncate(tmp_path / FILE, (tmp_path / FILE).stat().st_size - cut)
    assert read(tmp_path) == ([b"one"] if cut <= 9 else [])


def test_nothing_is_written_before_flush(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(b"one")
    assert (tmp_path / FILE).stat().st_size == 0
    journal.flush()
    assert (tmp_path / FILE).stat().st_size == journal.size == len(b"3 one\n")
    journal.close()


def test_two_processes_cannot_share_it(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    with pytest.raises(JournalBusyError, match="a folder of its own"):
        Journal(tmp_path)
    journal.close()
    Journal(tmp_path).close()


def test_tidying_keeps_what_comes_meanwhile(tmp_path: Path) -> None:
    journal = Journal(tmp_path, most=100)
    for _ in range(50):
        journal.append(b"old")
    assert not journal.wants_tidying
    journal.flush()
    assert journal.wants_tidying
    journal.tidy(iter([b"kept 1", b"kept 2"]))
    assert not journal.wants_tidying, "it is under way"
    for late in (b"late 1", b"late 2", b"late 3"):
        journal.append(late)
        journal.flush()
    journal.close()
    assert read(tmp_path) == [b"kept 1", b"kept 2", b"late 1", b"late 2", b"late 3"]
    assert sorted(p.name for p in tmp_path.iterdir()) == [FILE]


def test_a_kill_while_tidying_loses_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path, most=1)
    journal.append(b"old")
    journal.tidy(iter([b"old"]))
    journal.append(b"late")
    journal.flush()  # the first step is done, the change-over is not
    after_a_kill = (tmp_path / FILE).read_bytes()
    journal.close()
    other = tmp_path / "copy"
    other.mkdir()
    (other / FILE).write_bytes(after_a_kill)
    assert read(other) == [b"old", b"late"]


def test_tidying_at_once(tmp_path: Path) -> None:
    write(tmp_path, *[b"old"] * 100)
    journal = Journal(tmp_path)
    journal.tidy(iter([b"%d" % n for n in range(10_000)]), at_once=True)
    journal.close()
    assert read(tmp_path) == [b"%d" % n for n in range(10_000)]


def test_a_full_disk_takes_a_write_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, b"one")
    journal = Journal(tmp_path)
    write_for_real = os.write

    def full(file: int, octets: bytes) -> int:
        if len(octets) < 4:
            raise OSError(28, "No space left on device")
        return write_for_real(file, octets[:4])

    journal.append(b"two two")
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        journal.flush()
    monkeypatch.undo()
    journal.append(b"three")
    journal.close()
    assert read(tmp_path) == [b"one", b"three"]
