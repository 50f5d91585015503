"""tidings as a peer among others: one process, SQLite, a subscription for what was delivered."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

from around import BIN
from procs import Group, free_ports, listens, wait_for


class Tidings:
    """See `peers.Peer`."""

    name = "tidings"
    what = "window 100 (shipped: 50); SQLite, every commit synced to disk; subscription to `message.delivered`"
    window = 100
    """Requests that may await the carrier's answer."""

    def __init__(self, root: Path) -> None:
        self.dialect = "tidings"
        self.key = ""
        self.url = ""

    @staticmethod
    def missing(root: Path) -> str | None:
        """Nothing: it stands in .venv."""
        return None

    def start(self, folder: Path, carrier: int, callback: str, batch: int) -> None:
        """See `peers.Peer`."""
        self._folder = folder
        self.group = Group(folder)
        (self._port,) = free_ports(1)
        receipts = 1 if callback else 0
        (folder / "tidings.toml").write_text(
            f'[[carriers]]\nname = "carrier"\nhost = "127.0.0.1"\nport = {carrier}\nsystem_id = "bench"\n'
            f'sender_rules = "off"\npassword = "bench"\nwindow = {self.window}\n'
            f"[carriers.profile]\nregistered_delivery = {receipts}\n"
            "[limits]\nfree_disk_mb = 0\n[webhooks]\nallow_private = true\n"
        )
        self.again()
        self.key = (folder / "admin.key").read_text().strip()
        if callback:
            self._subscribe(callback, batch)

    def again(self) -> None:
        """See `peers.Peer`."""
        told = self._folder / "server.json"
        told.unlink(missing_ok=True)
        head = self.group.start(
            "tidings", BIN / "tidings", "up", "--data", self._folder, "--port", str(self._port),
            "--log-level", "warning",
        )  # fmt: skip
        wait_for("tidings", lambda: told.exists() and "}" in told.read_text() and listens(self._port), 30, [head])
        self.url = json.loads(told.read_text())["url"]

    def _subscribe(self, callback: str, batch: int) -> None:
        body = {"url": callback.removesuffix("/cb") + "/hook", "events": ["message.delivered"], "batch": batch}
        request = urllib.request.Request(
            f"{self.url}/v1/webhooks", json.dumps(body).encode(),
            {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}, method="POST",
        )  # fmt: skip
        urllib.request.urlopen(request, timeout=10).close()


class TidingsNarrow(Tidings):
    """The same with the window that Kannel is shipped with."""

    name = "tidings-10"
    what = "the same with window 10, as Kannel is shipped with"
    window = 10
