"""Kannel as a peer: Debian's bearerbox and smsbox, spool store, started by hand on loopback."""

from __future__ import annotations

from pathlib import Path

from debian import environment, program
from dialects import PASSWORD, USER
from procs import Group, free_ports, listens, wait_for

CONF = """group = core
admin-interface = 127.0.0.1
admin-port = {admin}
admin-password = bench
admin-allow-ip = 127.0.0.1
smsbox-interface = 127.0.0.1
smsbox-port = {box}
box-allow-ip = 127.0.0.1
log-file = "{folder}/bearerbox.log"
log-level = 1
access-log = "{folder}/bearerbox.access"
store-type = spool
store-location = "{folder}/spool"
dlr-storage = {storage}

group = smsc
smsc = smpp
smsc-id = carrier
host = 127.0.0.1
port = {carrier}
transceiver-mode = true
smsc-username = bench
smsc-password = bench
system-type = ""
interface-version = 34
{window}

group = smsbox
smsbox-id = smsbox
bearerbox-host = 127.0.0.1
sendsms-interface = 127.0.0.1
sendsms-port = {http}
log-file = "{folder}/smsbox.log"
log-level = 1
access-log = "{folder}/smsbox.access"

group = sendsms-user
username = {user}
password = {password}
user-allow-ip = 127.0.0.1
max-messages = 10

group = sms-service
keyword = default
max-messages = 0
text = ""
"""
REDIS = """
group = redis-connection
id = dlr
host = 127.0.0.1
port = {redis}
max-connections = 4

group = dlr-db
id = dlr
table = dlr
field-smsc = smsc
field-timestamp = ts
field-source = source
field-destination = destination
field-service = service
field-url = url
field-mask = mask
field-status = status
field-boxc-id = boxc
"""


class Kannel:
    """See `peers.Peer`. Its receipts' memory is `dlr-storage = internal`, as shipped."""

    name = "kannel"
    what = (
        "as shipped, so 10 requests under way at the carrier; spool store, never synced to disk; receipts awaited in "
        "memory (`dlr-storage = internal`, the default)"
    )
    storage = "internal"
    window: int | None = None
    """Requests that may await the carrier's answer; None leaves that as shipped."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.dialect = "kannel"
        self.key = ""
        self.url = ""

    @classmethod
    def missing(cls, root: Path) -> str | None:
        """What is not there, in words."""
        return None if program(root, "usr/sbin/bearerbox") else "Debian's package kannel"

    def start(self, folder: Path, carrier: int, callback: str, batch: int) -> None:
        """See `peers.Peer`."""
        self._folder = folder
        self.group = Group(folder)
        admin, self._box, self._http, self._redis = free_ports(4)
        (folder / "spool").mkdir()
        durable = self.storage == "redis"
        (folder / "kannel.conf").write_text(
            (CONF + (REDIS if durable else "")).format(
                admin=admin,
                box=self._box,
                http=self._http,
                redis=self._redis,
                folder=folder,
                carrier=carrier,
                window="" if self.window is None else f"max-pending-submits = {self.window}",
                user=USER,
                password=PASSWORD,
                storage=self.storage,
            )
        )
        self.url = f"http://127.0.0.1:{self._http}"
        self.again()

    def again(self) -> None:
        """See `peers.Peer`."""
        env = environment(self._root)
        conf = self._folder / "kannel.conf"
        if self.storage == "redis":
            redis = program(self._root, "usr/bin/redis-server") or ""
            head = self.group.start(
                "redis", redis, "--port", str(self._redis), "--bind", "127.0.0.1", "--dir", self._folder,
                "--appendonly", "yes", "--save", "", env=env,
            )  # fmt: skip
            wait_for("Redis", lambda: listens(self._redis), 10, [head])
        bearer = self.group.start("bearerbox.out", program(self._root, "usr/sbin/bearerbox") or "", conf, env=env)
        wait_for("Kannel's bearerbox", lambda: listens(self._box), 15, [bearer])
        box = self.group.start("smsbox.out", program(self._root, "usr/sbin/smsbox") or "", conf, env=env)
        wait_for("Kannel's smsbox", lambda: listens(self._http), 15, [bearer, box])


class KannelTuned(Kannel):
    """The same with a window as wide as ours."""

    name = "kannel-100"
    what = "the same, but for `max-pending-submits = 100`: a window as wide as that of the row tidings"
    window = 100


class KannelRedis(KannelTuned):
    """The same, awaiting receipts in a Redis that logs every change."""

    name = "kannel-redis"
    what = "as kannel-100; receipts awaited in Redis with an append-only file (synced every second)"
    storage = "redis"
