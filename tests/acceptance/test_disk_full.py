"""A full disk: 503, what was acknowledged stays, nothing goes out that is not stored, and recovery comes by itself.

Two ways to have one. A limit on the size of files, lifted while the program runs, needs no privileges and is always
tried. Where a small file system of its own can be mounted, the disk is full in earnest too.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest
from processes import Site, spent, until
from promises import REPEATS, Load, Posted, examine

from tidings_client import Problem

pytestmark = pytest.mark.one_engine("a full disk under SQLite's file; a server's disk is its own")

MOST_CPU = 0.4
"""Of one processor, while it is asked whether it is ready 20 times a second."""
MOST_LINES = 40
"""In the log, in three seconds."""


def _may_mount() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tidings-test", folder]
        if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
            return False
        subprocess.run(["umount", folder], check=True)
        return True


class Disk(Protocol):
    """Something that can be full."""

    @property
    def data(self) -> Path | None:
        """Where the data folder has to be; None leaves it where it is."""
        ...

    def fill(self, site: Site) -> None: ...
    def free(self, site: Site) -> None: ...


class Limited:
    """No file of the program may grow any more."""

    data = None

    def fill(self, site: Site) -> None:
        assert site.tidings.program is not None
        largest = max(file.stat().st_size for file in site.tidings.data.rglob("*") if file.is_file())
        site.tidings.program.limit_files(largest)

    def free(self, site: Site) -> None:
        assert site.tidings.program is not None
        if site.tidings.program.running:
            site.tidings.program.limit_files(None)


class Mounted:
    """A file system of its own, of 30 MB."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self._filler = folder / "filler"

    def fill(self, site: Site) -> None:
        with self._filler.open("wb", buffering=0) as filler, contextlib.suppress(OSError):
            while True:
                filler.write(bytes(4096))

    def free(self, site: Site) -> None:
        self._filler.unlink()


@contextlib.contextmanager
def mounted(folder: Path) -> Iterator[Mounted]:
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=30m", "tidings-test", folder], check=True)
    try:
        yield Mounted(folder)
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


MAY_MOUNT = _may_mount()
KINDS = ["limited", *(["mounted"] if MAY_MOUNT else [])]


@pytest.fixture(params=KINDS)
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    if request.param == "limited":
        yield Limited()
    else:
        with mounted(tmp_path / "disk") as disk:
            yield disk


def fill_under_load(disk: Disk, site: Site) -> list[Posted]:
    """Load while the disk runs full, until it has refused a good many; all that was posted."""
    load = Load(site.tidings, list(REPEATS), most=5_000, threads=4, pause=0.01)
    until(lambda: len(load.posted) > 80, "it is under load")
    disk.fill(site)
    until(lambda: sum(one.refused for one in load.posted) > 100, "the disk is full")
    return load.stop()


def looked_at(site: Site, times: int) -> Iterator[bool]:
    """Whether it is ready, looked at 20 times a second."""
    for _ in range(times):
        yield site.tidings.ready()
        time.sleep(0.05)


def test_full_and_free_again(tmp_path: Path, disk: Disk) -> None:
    with Site(tmp_path, data=disk.data) as site:
        site.start()
        program = site.tidings.program
        assert program is not None
        posted = fill_under_load(disk, site)
        acknowledged = [one for one in posted if one.acknowledged]
        assert len(acknowledged) > 50
        for one in posted:
            if isinstance(one.answer, Problem):
                assert (one.answer.status, one.answer.code) == (503, "unavailable")
                assert one.answer.retry_after

        # As long as it lasts: not ready, alive, readable, not spinning, and the doctor knows.
        # A last small commit may find room in pages that a larger one left.
        until(lambda: not any(looked_at(site, 20)), "it says that it is not ready, and goes on to say so", 15)
        seen: list[bool] = []

        def look() -> None:
            seen.extend(looked_at(site, 50))

        lines = program.printed.count("\n")
        assert spent(program, 3, look) < MOST_CPU
        assert set(seen) == {False}, "it is full all the time"
        assert program.printed.count("\n") - lines < MOST_LINES, program.printed
        assert site.tidings.client.alive() == {"status": "ok"}
        for one in acknowledged[::10]:
            assert site.tidings.message(one.id)["client_ref"] == one.ref
        told = site.tidings.cli("doctor")
        assert told.returncode == 1
        assert "The store cannot commit" in told.stdout
        assert "Check free space" in told.stdout

        disk.free(site)
        until(lambda: site.tidings.ready(), "it is ready again by itself", 10)
        more = Load(site.tidings, list(REPEATS), most=50, threads=2).join()
        assert all(one.acknowledged for one in more)
        verdict = examine(site, [*posted, *more])
        assert verdict.statuses["delivered"] > 50
        assert program.running
        assert "Traceback" not in program.printed


def test_killed_while_it_is_full(tmp_path: Path, disk: Disk) -> None:
    with Site(tmp_path, data=disk.data) as site:
        site.start()
        posted = fill_under_load(disk, site)
        site.tidings.kill()
        disk.free(site)
        site.tidings.start()
        assert examine(site, posted).statuses.total() >= sum(one.acknowledged for one in posted) > 50


def test_stopped_while_it_is_full(tmp_path: Path, disk: Disk) -> None:
    """Answers and receipts that cannot be stored must not hold up the end: they come again or are in doubt."""
    with Site(tmp_path, data=disk.data, top={"shutdown_grace": 2}) as site:
        site.start()
        posted = fill_under_load(disk, site)
        began = time.monotonic()
        assert site.tidings.stop() == 0
        assert time.monotonic() - began < 6
        disk.free(site)
        site.tidings.start()
        assert examine(site, posted).statuses.total() >= sum(one.acknowledged for one in posted) > 50


if MAY_MOUNT:

    def test_started_on_a_full_disk(tmp_path: Path) -> None:
        with mounted(tmp_path / "disk") as disk, Site(tmp_path, data=disk.data) as site:
            site.start()
            message_id = site.tidings.send("+15556010100")
            site.tidings.ended(message_id)
            site.tidings.kill()
            disk.fill(site)
            program = site.tidings.launch()
            assert program.wait(15) == 1
            assert "Traceback" not in program.printed
            assert "tidings:" in program.printed
            disk.free(site)
            site.tidings.start()
            assert site.tidings.message(message_id)["status"] == "delivered"

    def test_too_little_free_space_is_refused_before_it_is_none(tmp_path: Path) -> None:
        with mounted(tmp_path / "disk") as disk, Site(tmp_path, data=disk.data, limits={"free_disk_mb": 8}) as site:
            site.start()
            disk.fill(site)
            until(lambda: not site.tidings.ready(), "it says that it is not ready", 5)
            with pytest.raises(Problem, match="MB free") as told:
                site.tidings.send("+15556020100")
            assert (told.value.status, told.value.code) == (503, "unavailable")
            assert told.value.retry_after
            assert "MB are free where the data lies" in site.tidings.cli("doctor").stdout
            disk.free(site)
            until(lambda: site.tidings.ready(), "it is ready again by itself", 5)
            assert site.tidings.ended(site.tidings.send("+15556020100"))["status"] == "delivered"
