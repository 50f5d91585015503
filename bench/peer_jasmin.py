"""Jasmin 0.11.0 as a peer: jasmind, dlrd, dlrlookupd, RabbitMQ and Redis, started by hand on loopback."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path

from debian import environment, program
from dialects import PASSWORD, USER
from procs import DidNotStart, Group, free_ports, listens, wait_for

RABBIT = "usr/lib/rabbitmq/bin/rabbitmq-server"
LOCKS = [Path(f"/tmp/{name}.lock") for name in ("jasmind", "dlrd-bench", "dlrlookupd-bench")]
"""How Jasmin's daemons lock each other out, wherever their folders; killed ones leave them, and then none starts."""
CONF = """[amqp-broker]
port = {amqp}
spec = {spec}
[redis-client]
port = {redis}
[router]
bind = 127.0.0.1
port = {router}
store_path = {folder}
[client-management]
bind = 127.0.0.1
port = {manager}
store_path = {folder}
[smpp-server]
bind = 127.0.0.1
port = {smpps}
[smpp-server-pb]
bind = 127.0.0.1
port = {smpps_pb}
[smpp-server-pb-client]
port = {smpps_pb}
[http-api]
bind = 127.0.0.1
port = {http}
[jcli]
port = {jcli}
"""
READY = (("dlr-thrower.log", "Consuming from"), ("dlrlookupd-messages.log", "is ready"))
"""What is said when receipts are listened to; before, those that come are dropped."""
# submit_throughput 0 is as fast as it goes; shipped is 1 a second.
READY = (("dlr-thrower.log", "Consuming from"), ("dlrlookupd-messages.log", "is ready"))
"""What is said when receipts are listened to; before, those that come are dropped."""
SETUP = """smppccm -a|cid carrier|host 127.0.0.1|port {carrier}|username bench|password bench|bind transceiver|\
submit_throughput 0|ok|mtrouter -a|type defaultroute|connector smppc(carrier)|rate 0.00|ok|group -a|gid bench|ok|\
user -a|username {user}|password {password}|gid bench|uid bench|ok|smppccm -1 carrier|persist"""

MARKS = re.compile(rb"\xff[\xfb-\xfe].|\x1b(?:\[[0-9;?]*[A-Za-z]|[=>c])|\r", re.S)


class Jasmin:
    """See `peers.Peer`. Every setting as shipped but ports, folders and the connector's throughput."""

    name = "jasmin"
    what = "0.11.0 with RabbitMQ and Redis as shipped: queues and receipts awaited in memory"
    only_daemons = False
    """Whether RabbitMQ and Redis survive a crash."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._bin = root / "jasmin" / "bin"
        self.dialect = "jasmin"
        self.key = ""
        self.url = ""

    @staticmethod
    def missing(root: Path) -> str | None:
        """What is not there, in words."""
        if not (root / "jasmin" / "bin" / "jasmind.py").exists():
            return "Jasmin's environment in .peers/jasmin"
        lacking = [name for name, path in (("rabbitmq-server", RABBIT), ("redis-server", "usr/bin/redis-server"))
                   if program(root, path) is None]  # fmt: skip
        return f"Debian's packages {' and '.join(lacking)}" if lacking else None

    def start(self, folder: Path, carrier: int, callback: str, batch: int) -> None:
        """See `peers.Peer`. Its connectors have one request under way each."""
        if any(lock.exists() for lock in LOCKS):
            raise DidNotStart(f"another Jasmin runs, or one was killed: {', '.join(map(str, LOCKS))}")
        self._folder = folder
        self.group = self.broker = Group(folder)
        names = ("amqp", "epmd", "erlang", "redis", "router", "manager", "smpps", "smpps_pb", "http", "jcli")
        self._ports = dict(zip(names, free_ports(len(names)), strict=True))
        spec = next((self._root / "jasmin").glob("lib/*/site-packages/txamqp/specs/standard/amqp0-9-1.stripped.xml"))
        (folder / "jasmin.cfg").write_text(CONF.format(folder=folder, spec=spec, **self._ports))
        self.url = f"http://127.0.0.1:{self._ports['http']}"
        self.again()
        self._configure(carrier)

    def again(self) -> None:
        """See `peers.Peer`."""
        for lock in LOCKS:
            lock.unlink(missing_ok=True)
        self._broker()
        folder = self._folder
        daemons = (
            ["jasmind", "-u", "jcliadmin", "-p", "jclipwd"],
            ["dlrlookupd", "-i", "bench"],
            ["dlrd", "-i", "bench"],
        )
        env = {"LOG_PATH": str(self._folder), "CONFIG_PATH": str(self._folder), "RESOURCE_PATH": str(self._folder)}
        ready = [(folder / file, word, _times(folder / file, word)) for file, word in READY]
        heads = []
        for name, *rest in daemons:
            heads.append(
                self.group.start(
                    name,
                    self._bin / "python",
                    self._bin / f"{name}.py",
                    "-c",
                    self._folder / "jasmin.cfg",
                    *rest,
                    env=env,
                )
            )
            if name == "jasmind":
                wait_for("jasmind", lambda: listens(self._ports["jcli"]), 60, heads)
        for log, word, before in ready:
            wait_for(
                f"Jasmin ({log.name})", lambda log=log, word=word, most=before: _times(log, word) > most, 60, heads
            )

    def stop(self) -> None:
        """Beyond its processes, the locks it may leave."""
        self.group.stop()
        for lock in LOCKS:
            lock.unlink(missing_ok=True)

    def _broker(self) -> None:
        env, folder, ports = environment(self._root), self._folder, self._ports
        redis = self.group.start(
            "redis", program(self._root, "usr/bin/redis-server") or "", "--port", str(ports["redis"]), "--bind",
            "127.0.0.1", "--dir", folder, env=env,
        )  # fmt: skip
        erlang = program(self._root, "usr/lib/erlang") or Path("/usr/lib/erlang")
        binaries = next(erlang.glob("erts-*")) / "bin"
        env |= {
            "HOME": str(folder), "PATH": f"{self._erl(erlang, binaries)}:{os.environ['PATH']}",
            "ERL_EPMD_PORT": str(ports["epmd"]), "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": "bench@localhost", "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(ports["amqp"]), "RABBITMQ_DIST_PORT": str(ports["erlang"]),
            "RABBITMQ_MNESIA_BASE": str(folder / "rabbit"), "RABBITMQ_LOG_BASE": str(folder),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"), "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }  # fmt: skip
        epmd = self.group.start(
            "epmd", binaries / "epmd", "-port", str(ports["epmd"]), "-address", "127.0.0.1", env=env
        )
        wait_for("Erlang's port mapper", lambda: listens(ports["epmd"]), 10, [epmd])
        rabbit = self.group.start("rabbitmq", program(self._root, RABBIT) or "", env=env)
        wait_for("RabbitMQ", lambda: listens(ports["amqp"]), 60, [rabbit])
        wait_for("Redis", lambda: listens(ports["redis"]), 10, [redis])

    def _erl(self, erlang: Path, binaries: Path) -> Path:
        """A folder with an `erl` for Erlang where it stands: Debian's own knows one place only."""
        folder = self._folder / "erl"
        folder.mkdir(exist_ok=True)
        script = folder / "erl"
        script.write_text(
            f'#!/bin/sh\nexport ROOTDIR="{erlang}" BINDIR="{binaries}" EMU=beam PROGNAME=erl\n'
            'exec "$BINDIR/erlexec" "$@"\n'
        )
        script.chmod(0o755)
        return folder

    def _configure(self, carrier: int) -> None:
        with socket.create_connection(("127.0.0.1", self._ports["jcli"]), 10) as console:
            heard = ""
            for line in [
                "",
                "jcliadmin",
                "jclipwd",
                *SETUP.format(carrier=carrier, user=USER, password=PASSWORD).split("|"),
            ]:
                if line:
                    console.sendall(line.encode() + b"\r\n")
                said = _until_prompt(console)
                heard += said
        (self._folder / "jcli.log").write_text(heard)
        for word in ("Successfully added connector", "Successfully added MTRoute", "Successfully added User",
                     "Successfully started connector", "configuration persisted"):  # fmt: skip
            if word not in heard:
                raise DidNotStart(f"Jasmin's console did not say: {word}\n{heard}")


def _times(log: Path, word: str) -> int:
    return log.read_text(errors="replace").count(word) if log.exists() else 0


def _until_prompt(console: socket.socket) -> str:
    """What the console says, without the marks of telnet and terminals."""
    octets = b""
    while True:
        data = console.recv(4096)
        octets += data
        said = MARKS.sub(b"", octets).decode(errors="replace")
        if not data or said.rstrip().endswith((">", "jcli :", "required.", "Password:")):
            return said
