"""`deploy/two-sites.md`, followed as written: its blocks are run at two folders of one machine."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from processes import BIN, CLEAN, Site

import postgres_kit

pytestmark = [pytest.mark.slow, pytest.mark.one_engine("a server of its own")]

GUIDE = Path(__file__).parents[2] / "deploy/two-sites.md"
PATIENCE_S = 30.0


def blocks(text: str) -> list[tuple[str, str]]:
    """Commands in their order, each with who runs them."""
    return [(where, body) for where, body in re.findall(r"^```sh\n# (\w+)\n(.*?)^```$", text, flags=re.M | re.S)]


class Sites:
    """Two folders that stand for two machines."""

    def __init__(self, folder: Path) -> None:
        programs = postgres_kit.programs()
        if programs is None or shutil.which("openssl") is None:
            pytest.skip("there is no PostgreSQL 15 or newer here (apt-get install postgresql), nor openssl")
        self.folder = folder
        self.ports = {"one": postgres_kit.free_port(), "two": postgres_kit.free_port()}
        self.names = {
            "ONE": "localhost", "TWO": "localhost", "ONE_PORT": str(self.ports["one"]),
            "TWO_PORT": str(self.ports["two"]), "PGBIN": str(programs), "CERTIFICATE": str(folder / "database.pem"),
            "DATABASE_PASSWORD": "one-of-many", "STANDBY_PASSWORD": "another",
        }  # fmt: skip
        for where in self.ports:
            (folder / where).mkdir()
            if os.getuid() == 0:
                shutil.chown(folder / where, "nobody", "nogroup")

    def run(self, where: str, body: str) -> None:
        """As PostgreSQL's user of that site."""
        at = {
            "PGDATA": str(self.folder / where / "data"), "PGHOST": str(self.folder / where),
            "PGPORT": str(self.ports[where]), "HOME": str(self.folder / where),
        }  # fmt: skip
        self._bash(body, CLEAN | self.names | at, **postgres_kit.as_nobody())

    def tidings(self, body: str, data: Path) -> None:
        """Where tidings runs."""
        path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
        self._bash(body, CLEAN | {"PATH": path, "TIDINGS_DATA": str(data)}, cwd=data)

    def _bash(self, body: str, env: dict[str, str], **how: Any) -> None:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", body], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=PATIENCE_S, **{"cwd": "/", **how},
        )  # fmt: skip
        assert done.returncode == 0, f"{body}\n{done.stdout}"

    def kill(self, where: str) -> None:
        """The machine of this site loses its power; when it is up again, nothing has the numbers of its processes."""
        postgres_kit.kill_all(self.pid(where))
        for lock in (self.folder / where / "data/postmaster.pid", *(self.folder / where).glob(".s.PGSQL.*.lock")):
            lock.unlink()

    def pid(self, where: str) -> int:
        return int((self.folder / where / "data/postmaster.pid").read_text().split()[0])

    @property
    def url(self) -> str:
        return (
            f"postgresql://tidings:{self.names['DATABASE_PASSWORD']}@localhost:{self.ports['one']},"
            f"localhost:{self.ports['two']}/tidings?sslmode=verify-full&sslrootcert={self.names['CERTIFICATE']}"
        )


@pytest.fixture
def sites() -> Iterator[Sites]:
    folder = Path(tempfile.mkdtemp(prefix="tidings-sites-"))
    folder.chmod(0o777)
    one = Sites(folder)
    yield one
    for where in one.ports:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            os.kill(one.pid(where), signal.SIGQUIT)
    for w in ("one", "two"):
        print(w, (folder / w / "data/server.log").read_text()[-1800:])
        print((folder / w / "data/postgresql.auto.conf").read_text())
    shutil.rmtree(folder, ignore_errors=True)


def test_the_guide_is_followed_as_written(tmp_path: Path, sites: Sites) -> None:
    steps = blocks(GUIDE.read_text(encoding="utf-8"))
    assert [where for where, _ in steps] == [
        "names", "one", "two", "one", "tidings", "two", "tidings", "one", "two", "two", "one", "two", "one", "tidings",
    ]  # fmt: skip
    assert set(re.findall(r"(\w+)=", steps[0][1])) == set(sites.names) | {"PGDATA", "PGHOST", "PGPORT"}
    with Site(tmp_path, top={"database": sites.url, "synchronous_commit": "on"}) as site:
        for at, (where, body) in enumerate(steps[1:], 1):
            if where == "tidings":
                if site.tidings.program is None:
                    site.start()
                site.linked()
                sites.tidings(body, site.tidings.data)
            else:
                sites.run(where, body)
            if at == 4:
                sites.kill("one")
        delivered = [one["text"] for one in site.tidings.messages() if one["status"] == "delivered"]
        assert sorted(delivered) == ["Hello from site two", "Hello from two sites"]
        assert site.tidings.program is not None
        assert site.tidings.program.running
