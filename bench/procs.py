"""Processes of a bench: started on loopback, ended for certain, and what each tree of them costs."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")


class DidNotStart(Exception):
    """A program ended or stayed silent where it should have come up; says which, with the end of its log."""


@dataclass(frozen=True, slots=True)
class Stat:
    """What /proc/PID/stat says of one process."""

    pid: int
    parent: int
    session: int
    ticks: int
    """Of itself and of its children that ended and were waited for."""


def stat(text: str) -> Stat:
    """Read one line of /proc/PID/stat; the name in it may hold spaces and brackets."""
    pid, _, rest = text.partition(" ")
    fields = rest.rpartition(")")[2].split()
    return Stat(int(pid), int(fields[1]), int(fields[3]), sum(int(field) for field in fields[11:15]))


def stats(proc: Path = PROC) -> list[Stat]:
    """Every process there is."""
    found = []
    for folder in proc.iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it ended meanwhile
                found.append(stat((folder / "stat").read_text()))
    return found


def trees(roots: Iterable[int], found: Iterable[Stat]) -> list[Stat]:
    """These processes, all that descend from them, and all that share a session with one of them."""
    wanted = set(roots)
    found = list(found)
    while True:
        more = {
            one.pid for one in found if one.pid not in wanted and (one.parent in wanted or one.session in wanted)
        }  # fmt: skip
        if not more:
            return [one for one in found if one.pid in wanted]
        wanted |= more


def pss_kb(rollup: str) -> int:
    """Proportional set size from /proc/PID/smaps_rollup: pages that are shared count once among those who share."""
    for line in rollup.splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


class Group:
    """The processes of one program, each the head of a session of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._heads: list[subprocess.Popen[bytes]] = []
        self.peak_mb = 0.0

    def start(self, name: str, *command: str | Path, env: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start one; its output goes to `name`.log."""
        with (self._folder / f"{name}.log").open("ab") as log:
            head = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                cwd=self._folder, env={**os.environ, **(env or {})}, start_new_session=True,
            )  # fmt: skip
        self._heads.append(head)
        return head

    def log(self, name: str) -> str:
        """What one has printed."""
        return (self._folder / f"{name}.log").read_text(errors="replace")

    def living(self) -> list[Stat]:
        """Every process of the group now."""
        return trees([head.pid for head in self._heads], stats())

    def cpu(self) -> float:
        """CPU-seconds so far of all that live, and of their children that ended and were waited for."""
        return sum(one.ticks for one in self.living()) / TICKS

    def memory_mb(self) -> float:
        """Their proportional set size now; remembers the peak."""
        total = 0
        for one in self.living():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
                total += pss_kb((PROC / str(one.pid) / "smaps_rollup").read_text())
        self.peak_mb = max(self.peak_mb, total / 1024)
        return total / 1024

    def kill(self) -> None:
        """kill -9, all at once; nobody gets to tidy up."""
        self._signal(signal.SIGKILL)
        self._wait(10)

    def stop(self, grace: float = 15.0) -> None:
        """Ask them to end, the last started first, and end those that stay."""
        for head in reversed(self._heads):
            if head.poll() is None:
                head.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    head.wait(grace)
        self.kill()
        self._heads.clear()

    def _signal(self, number: int) -> None:
        for one in self.living():
            with contextlib.suppress(ProcessLookupError):
                os.kill(one.pid, number)

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        for head in self._heads:
            with contextlib.suppress(subprocess.TimeoutExpired):
                head.wait(max(0.1, until - time.monotonic()))


class Watch:
    """Looks at the memory of a group twice a second while a work runs."""

    def __init__(self, group: Group) -> None:
        self._group = group
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.5):
            self._group.memory_mb()


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody uses at this moment."""
    doors = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [door.getsockname()[1] for door in doors]
    for door in doors:
        door.close()
    return ports


def wait_for(
    what: str, ready: Callable[[], bool], seconds: float, alive: Iterable[subprocess.Popen[bytes]] = ()
) -> None:
    """Until `ready`. Raises DidNotStart when the time is over or one of `alive` ended."""
    until = time.monotonic() + seconds
    while not ready():
        if any(head.poll() is not None for head in alive):
            raise DidNotStart(f"{what} ended")
        if time.monotonic() > until:
            raise DidNotStart(f"{what} was not ready after {seconds:g} s")
        time.sleep(0.1)


def listens(port: int) -> bool:
    """Whether something takes connections there."""
    try:
        socket.create_connection(("127.0.0.1", port), 0.5).close()
    except OSError:
        return False
    return True
