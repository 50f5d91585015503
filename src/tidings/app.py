"""Composition root: picks the engines, puts the house together, opens the doors, and closes them in order."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import logging
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import uvicorn
import uvloop
from starlette.types import ASGIApp

from tidings.api.app import alone, application, observed
from tidings.api.call import Call, Endpoint, Reply
from tidings.api.problems import problem, refusal
from tidings.api.query import NoQuery
from tidings.api.table import ENDPOINTS
from tidings.api.wire import KEEP_ALIVE_S, Wire
from tidings.carriers.smpp import SmppCarrier
from tidings.config import CarrierSettings, ConfigError, Settings, check_carrier
from tidings.core.account import DEFAULT_ACCOUNT, Account, Key
from tidings.core.backlog import Backlog
from tidings.core.carrier import CarrierState
from tidings.core.esme import Esme
from tidings.core.health import Health, Snapshot
from tidings.core.ids import Ids, moment
from tidings.core.message import DAY, Millis, Part
from tidings.core.ports import Clock, StoreUnavailable
from tidings.core.questions import Tx
from tidings.core.request import Invalid, Refused
from tidings.core.story import PduSummary
from tidings.door.deliverer import Deliverer
from tidings.door.door import SmppDoor
from tidings.drivers.clock import SystemClock
from tidings.drivers.http_client import HttpPost
from tidings.drivers.log_lines import JsonLines, Plain
from tidings.drivers.smpp_link import Guard
from tidings.drivers.smpp_tap import Taps
from tidings.drivers.smtp import Smtp
from tidings.fleet import Fleet, Member
from tidings.membership import Membership
from tidings.metrics import Metrics
from tidings.mirror import Mirror
from tidings.notifier import Notifier
from tidings.pipeline import admit, enrol, founding, handover, lease, people, signed_in, steer
from tidings.pipeline.house import House
from tidings.pipeline.keyring import Keyring
from tidings.pipeline.roster import Roster
from tidings.relay import Relay
from tidings.runner import Runner
from tidings.simulator import routes as simulator
from tidings.simulator.app import serve
from tidings.simulator.network import Network, NetworkSettings
from tidings.store.engine import CannotOpen
from tidings.store.group_commit import Driver, GroupStore
from tidings.store.nodes import DISPLACED
from tidings.store.postgres import Postgres, upgraded
from tidings.store.sqlite import Sqlite
from tidings.streamer import Streamer
from tidings.sweeper import Sweeper
from tidings.text.number import is_region, is_sender
from tidings.text.segments import DoesNotFitError, TooManyPartsError, count

T = TypeVar("T")

log = logging.getLogger("tidings")

SIMULATOR = "simulator"
NOTIFIER, SWEEPER = "notifier", "sweeper"
"""Leases of what one process at a time does."""
NOTE_S = 60.0
"""Seconds until the use of keys is written down again."""
_UNSEEN_MB = 1 << 30
"""For a disk that is not ours to look at."""
PEER_GONE_MS = 60_000
"""A connection whose peer confirms nothing for so long is over: streams of machines that vanished free their places."""


class Tidings:
    """One process with everything in it."""

    def __init__(self, settings: Settings, reread: Callable[[], Settings] | None = None) -> None:
        if not is_sender(settings.default_sender):
            raise ConfigError("default_sender must be E.164, a short code, or up to 11 letters and digits")
        if settings.default_region and not is_region(settings.default_region):
            raise ConfigError("default_region must be a country by its two letters of ISO 3166, like US")
        for name in ("stop_reply", "start_reply", "help_reply"):
            _check_reply(name, getattr(settings, name))
        self.settings = settings
        self._reread = reread
        self._clock = SystemClock()
        self._store = chosen_store(settings, self._clock)
        self._network: Network | None = None
        self._members: list[Member] = []
        self._membership: Membership | None = None
        self._runner: Runner | None = None
        self._fleet: Fleet | None = None
        self._notifier: Notifier | None = None
        self._sweeper: Sweeper | None = None
        self._displaced = False
        self._streamer: Streamer | None = None
        self._smpp_door: SmppDoor | None = None
        self._taps: Taps | None = None
        self._deliverer: Deliverer | None = None
        self._post: HttpPost | None = None
        self._abroad: HttpPost | None = None
        self._free_disk_mb: int | None = None
        self._setup_code: str | None = None
        """By which the first owner may be made; None where there is one."""
        self._serving = False
        self._end = 0.0
        self.stop = asyncio.Event()

    async def run(self) -> None:
        """Serve until `stop` is set or a signal comes; returns when all that was acknowledged is safe."""
        door = _open_door(self.settings.host, self.settings.port, self.settings.reuse_port)
        self._store.open()
        self._store.start(asyncio.get_running_loop())
        try:
            async with asyncio.TaskGroup() as tasks:
                await self._join(tasks)
                self._taps = Taps(self._clock, tasks)
                await self._enlist(tasks, self._taps)
                self._post = HttpPost(
                    self._clock, timeout_s=self.settings.webhooks.timeout,
                    allow_private=self.settings.webhooks_reach_inside,
                )  # fmt: skip
                if self.settings.oidc.issuer:
                    inside = self.settings.oidc.allow_private
                    self._abroad = HttpPost(self._clock, allow_private=inside, setting="oidc.allow_private")
                house = await self._house()
                house.abroad = self._abroad
                relay = Relay(house, self._taps)
                relay.start(tasks)
                house.captures = relay
                extra = await self._simulate(tasks, self._taps) if self._simulates else ()
                house.describe = self._describe
                self._runner = Runner(house, [one.carrier for one in self._members])
                self._fleet = house.fleet = Fleet(house, self._runner, self._members, self._maker(tasks, self._taps))
                await self._fleet.start()
                self._fleet.follow(tasks)
                mirror = Mirror(house)
                mirror.keep({steer.hold, steer.keep, steer.drop}, steer.decided, self._fleet.decided)
                mirror.start(tasks)
                if self.settings.does("worker"):
                    await self._work(house, tasks, self._post, self._runner)
                if self.settings.does("engine"):
                    await self._runner.start(tasks)
                if self.settings.does("api"):
                    self._streamer = Streamer(house)
                    house.streams = self._streamer
                    await self._streamer.start(tasks)
                    await self._open_smpp_door(house, tasks)
                watches = [
                    tasks.create_task(self._watch_disk(), name="disk"),
                    tasks.create_task(_note_for_ever(house), name="uses"),
                ]
                with _hangup(lambda: tasks.create_task(self._read_again(), name="read the file again")):
                    await self._serve(house, extra, door)
                log.info("stopping: no more requests, waiting for carriers to answer")
                if self._smpp_door is not None:
                    await self._smpp_door.stop(self._left / 2)
                if self._deliverer is not None:
                    await self._deliverer.stop(self._left / 2)
                await house.leases.leave(SWEEPER)
                await self._runner.stop(self._left)
                await house.leases.leave(NOTIFIER)
                for watch in watches:
                    watch.cancel()
                relay.stop()
                mirror.stop()
                self._fleet.stop()
                await _note_uses(house)
                if self._membership is not None:
                    await self._membership.stop()
            if self._network is not None:
                await self._network.stop()
        finally:
            self._store.stop()
            for client in (self._post, self._abroad):
                if client is not None:
                    client.close()
        log.info("stopped")
        if self._displaced:
            raise CannotOpen(DISPLACED)

    @property
    def _left(self) -> float:
        """Seconds of grace that are left of a stop."""
        return max(0.0, self._end - self._clock.monotonic())

    @property
    def _simulates(self) -> bool:
        return self.settings.simulated and self.settings.does("engine")

    async def _join(self, tasks: asyncio.TaskGroup) -> None:
        """Be one of the processes that share the database, where it can be shared."""
        driver = self._store.driver
        if isinstance(driver, Postgres):
            self._membership = Membership(driver, self._store, self._clock, self._give_up)
            await self._membership.start(tasks)

    def _give_up(self) -> None:
        """Another process goes under our number: nothing more can be done here."""
        self._displaced = True
        self.stop.set()

    async def _work(self, house: House, tasks: asyncio.TaskGroup, post: HttpPost, runner: Runner) -> None:
        """Call webhooks, and see to what time alone does, whenever no other process does."""

        async def tell(fence: int) -> None:
            mailer = Smtp(self._clock, self.settings.email) if self.settings.email.host else None
            self._notifier = Notifier(house, post, mailer)
            await self._notifier.start(tasks)

        async def tell_no_more(to_another: bool) -> None:
            if self._notifier is not None:
                await self._notifier.stop(self._left)
            self._notifier = None

        async def sweep(fence: int) -> None:
            self._sweeper = Sweeper(house, runner)
            self._sweeper.start(tasks)

        async def sweep_no_more(to_another: bool) -> None:
            if self._sweeper is not None:
                await self._sweeper.stop(self._left)
            self._sweeper = None

        await house.leases.want(NOTIFIER, tell, tell_no_more)
        await house.leases.want(SWEEPER, sweep, sweep_no_more)

    @property
    def _node(self) -> int:
        """The number of this process in ids."""
        return 0 if self._membership is None else self._membership.node

    def _guard(self, carrier: str) -> Guard | None:
        """What is asked before anything is written to a carrier."""
        if self._membership is None:
            return None
        return functools.partial(self._membership.may_write, lease.of_carrier(carrier))

    # carriers

    async def _enlist(self, tasks: asyncio.TaskGroup, taps: Taps) -> None:
        """The carriers of the file, then those that are stored; from here on they are settings like others."""
        make = self._maker(tasks, taps)
        self._members = [Member(one, "file", make(one)) for one in self.settings.carriers]
        names = {one.settings.name for one in self._members}
        for one in await self._store.read(steer.stored):
            if one.name in names:
                log.error("carrier %s is stored and stands in the configuration file, which goes before", one.name)
                continue
            try:
                self._members.append(Member(one, "api", make(one)))
            except ConfigError as fault:  # what it refers to is gone, such as its tls_ca; the others shall work
                log.error("the stored carrier %s cannot be used: %s", one.name, fault)
        carriers = tuple([one.settings for one in self._members])
        self.settings = msgspec.structs.replace(self.settings, carriers=carriers)

    def _maker(self, tasks: asyncio.TaskGroup, taps: Taps) -> Callable[[CarrierSettings], SmppCarrier]:
        def make(settings: CarrierSettings) -> SmppCarrier:
            check_carrier(settings)
            tap = taps.of(f"carriers/{settings.name}", "esme")
            return SmppCarrier(settings, self._clock, tasks, tap, self._guard(settings.name))

        return make

    async def _read_again(self) -> None:
        """SIGHUP: the carriers of the file as they stand in it now."""
        if self._reread is None or self._fleet is None:
            return
        try:
            settings = self._reread()
        except ConfigError as fault:
            log.error("the configuration is not taken: %s", fault)
            return
        try:
            await self._fleet.reread(settings.carriers)
        except StoreUnavailable as fault:
            log.error("what the file says of carriers' ids could not be stored: %s; send SIGHUP again", fault)

    # the house

    async def _house(self) -> House:
        store = self._store
        last, keys, accounts, esmes = await store.read(_first_look)
        await store.write(admit.know_sender, [(DEFAULT_ACCOUNT, self.settings.default_sender)])
        house = House(
            store=store, clock=self._clock, ids=Ids(self._node, last), settings=self.settings,
            backlog=Backlog(self.settings.limits), keyring=Keyring(keys, accounts),
            free_disk_mb=lambda: _UNSEEN_MB if self._free_disk_mb is None else self._free_disk_mb,
            health=self._health, snapshot=self._snapshot, post=self._post,
            metrics=Metrics(store.tally), breathe=_turn, aside=Aside(), roster=Roster(esmes),
            place=f"{socket.gethostname()} {os.getpid()}",
        )  # fmt: skip
        if self._membership is not None:
            house.leases = self._membership
        handover.announce(store, lambda carrier: self._runner is not None and self._runner.mine(carrier))
        if last and self._clock.now() < moment(last) - 1000:
            log.warning("the clock is behind the newest stored message; ids go on from there")
        await self._admin_key(house, bool(keys))
        if self.settings.does("api"):
            self._setup_code = await self._open_setup(house)
        return house

    async def _open_setup(self, house: House) -> str | None:
        """The code by which the first owner is made, in a file of this folder until there is one (ADR 0038)."""
        file = self.settings.folder / "setup.code"
        code, key = founding.setup_code(house.clock.token(32))
        if file.exists():
            code = file.read_text(encoding="utf-8").strip()
            key = founding.setup_digest(code)
        if (await house.store.write(founding.add_setups, [key])) == [False]:
            file.unlink(missing_ok=True)
            return None
        _write_secret(file, code + "\n")
        return code

    async def _admin_key(self, house: House, has_keys: bool) -> None:
        file = self.settings.folder / "admin.key"
        if has_keys and (file.exists() or self.settings.role != "all"):
            return
        if has_keys and self._membership is not None and len(self._membership.nodes) > 1:
            log.info("the admin key is where it was made, in the data folder of another process")
            return
        if has_keys:
            log.warning("%s is gone; a new admin key is made", file)
        _, token = await admit.issue(house, DEFAULT_ACCOUNT, "admin", "admin")
        _write_secret(file, token + "\n")

    async def _simulate(self, tasks: asyncio.TaskGroup, taps: Taps) -> Sequence[Endpoint]:
        chosen = self.settings.simulator
        network = Network(
            NetworkSettings(
                smpp_port=chosen.smpp_port, folder=self.settings.folder / "simulator",
                receipt_delay_ms=chosen.receipt_delay_ms,
            ),
            self._clock,
        )  # fmt: skip
        port = await network.start()
        self._network = network
        settings = CarrierSettings(
            name=SIMULATOR, host="127.0.0.1", port=port, system_id="tidings", password="tidings",  # noqa: S106 - it lets anyone in
            window=chosen.window, binds=chosen.binds, sender_rules="off",
        )  # fmt: skip
        self._members.append(Member(settings, "simulator", self._maker(tasks, taps)(settings)))
        return simulated(network)

    # the doors

    async def _serve(self, house: House, extra: Sequence[Endpoint], door: socket.socket) -> None:
        site = application(house, extra) if self.settings.does("api") else observed(house)
        config = uvicorn.Config(
            site, host=self.settings.host, port=self.settings.port, log_config=None,
            access_log=False, server_header=False, proxy_headers=False, lifespan="off", http=self._wire(), ws="none",
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=max(1, int(self.settings.shutdown_grace / 2)),
        )  # fmt: skip
        server = _Server(config, self._announce)
        loop = asyncio.get_running_loop()
        with _signals(loop, self.stop):
            async with asyncio.TaskGroup() as tasks:
                serving = tasks.create_task(server.serve([door]), name="http")
                waiting = tasks.create_task(self.stop.wait(), name="stop")
                await asyncio.wait((serving, waiting), return_when=asyncio.FIRST_COMPLETED)
                self._end = self._clock.monotonic() + self.settings.shutdown_grace
                await self._end_streams(server)
                server.should_exit = True
                waiting.cancel()

    async def _open_smpp_door(self, house: House, tasks: asyncio.TaskGroup) -> None:
        """Let customers' ESMEs in, where that is configured. Raises OSError and ConfigError."""
        if not self.settings.smpp.is_open:
            return
        self._deliverer = Deliverer(house)
        self._smpp_door = SmppDoor(house, self.settings.smpp, self._deliverer, self._taps)
        self._smpp_door.listen()
        await self._smpp_door.begin()
        await self._deliverer.start(tasks)
        self._smpp_door.start(tasks)
        log.info("ESMEs may bind at %s", ", ".join(self._smpp_door.state().addresses))

    def _wire(self) -> type[Wire]:
        """Connections as many as the settings say, and as there are file descriptors for."""
        wanted, room = self.settings.limits.connections, _descriptors() - _OTHER_FILES
        if room < wanted:
            log.warning("only %d connections can be taken: raise the limit of open files (LimitNOFILE)", room)
        return type("Wire", (Wire,), {"most": max(1, min(wanted, room))})

    async def _end_streams(self, server: uvicorn.Server) -> None:
        """Streams never end by themselves: the server would wait for them until its time is over."""
        if self._streamer is not None:
            await self._streamer.stop()
        if self._taps is not None:
            self._taps.stop()
        for wire in list(server.server_state.connections):
            if isinstance(wire, Wire):
                wire.cut_stream()

    def _announce(self, port: int) -> None:
        """Say where the API is, with lines ready to be pasted."""
        url = f"http://{_shown(self.settings.host)}:{port}"
        _write_whole(self.settings.folder / "server.json", msgspec.json.encode({"url": url}))
        self._serving = True
        if not self.settings.does("api"):
            print(f"\ntidings is up as {self.settings.role}: {url}/readyz tells how it is", flush=True)
            return
        folder = self.settings.data
        key = self.settings.folder / "admin.key"
        flag = "" if folder == "./tidings-data" else f" --data {folder}"
        carriers = ", ".join(f"{one.name} ({one.address})" for one in self._carrier_states()) or "none"
        print(
            f"\ntidings is up: {url}  (docs: {url}/docs, carriers: {carriers})\n"
            "Send a text and watch it arrive:\n"
            f'  .venv/bin/tidings send +15551230100 "Hello from tidings" --wait{flag}\n'
            f'  curl -sS {url}/v1/messages -H "Authorization: Bearer $(cat {key})" '
            '-H "Content-Type: application/json" -d \'{"to": "+15551230100", "text": "Hello from tidings"}\'\n'
            + self._how_to_set_up(url),
            flush=True,
        )

    def _how_to_set_up(self, url: str) -> str:
        """Where the first owner is made. A terminal is shown the code; what is not one may be a log."""
        if self._setup_code is None:
            return ""
        place = self.settings.public_url or url
        if sys.stdout.isatty():
            return f"Make the first owner: {place}/console/setup#{self._setup_code}\n"
        return f"Make the first owner at {place}/console/setup with the code in {self.settings.folder / 'setup.code'}\n"

    # health

    def _health(self) -> Health:
        reason = self._store.fault or self._disk_fault()
        if not self._serving:
            reason = reason or "starting"
        return Health(not reason, reason, tuple(self._degraded()))

    def _disk_fault(self) -> str:
        least = self.settings.limits.free_disk_mb
        if self._free_disk_mb is None or self._free_disk_mb >= least:
            return ""
        return f"the disk has {self._free_disk_mb} MB free; at least {least} MB are kept (limits.free_disk_mb)"

    def _degraded(self) -> Iterator[str]:
        for one in self._carrier_states():
            if not self.settings.does("api") and (self._runner is None or not self._runner.mine(one.name)):
                continue  # who holds it says how it is, and whoever takes messages
            if one.state == "paused":
                yield f"carrier {one.name}: paused by an operator"
            if one.state == "unattended":
                yield f"carrier {one.name}: {one.down_reason}"
                continue
            if one.binds_up < one.binds_total:
                why = one.down_reason or "connecting"
                yield f"carrier {one.name}: {one.binds_up} of {one.binds_total} binds up; {why}"
        if self._notifier is not None:
            yield from self._notifier.failing()

    def _carrier_states(self) -> tuple[CarrierState, ...]:
        return self._fleet.states() if self._fleet is not None else ()

    def _describe(self, carrier: str, part: Part, at: Millis) -> PduSummary | None:
        return None if self._fleet is None else self._fleet.describe(carrier, part, at)

    async def _snapshot(self) -> Snapshot:
        now = self._clock.now()
        queue: tuple[tuple[int | None, int], int, float] = (None, 0), 0, 0.0
        days = self.settings.retention.messages
        database, fault = None, self._store.fault
        try:
            queue = await self._store.read(lambda tx: _figures(tx, now, days))
            database = await self._store.look()
        except StoreUnavailable as away:  # which the doctor has to tell, not to suffer
            fault = fault or str(away)
        (oldest, count), orphans, behind_s = queue
        age = 0 if oldest is None else now - oldest
        return Snapshot(
            carriers=self._carrier_states(), queued=count, oldest_s=max(0, age) / 1000,
            in_flight=self._runner.flying() if self._runner else 0, orphans=orphans,
            store=self._store.driver.name, disk_free_mb=self._free_disk_mb,
            disk_needed_mb=self.settings.limits.free_disk_mb,
            commit_lag_ms=self._store.lag(), store_fault=fault or None, database=database,
            kept_days=self.settings.by_day(), messages_kept_days=days, retention_behind_s=behind_s,
            door=self._smpp_door.state() if self._smpp_door is not None else None,
            esmes=await self._deliverer.states() if self._deliverer is not None else (),
        )  # fmt: skip

    async def _watch_disk(self) -> None:
        """Look at free space, and while commits fail try whether they work again."""
        while True:
            self._free_disk_mb = self._store.free_disk_mb()
            if self._store.fault:
                with contextlib.suppress(StoreUnavailable):
                    await self._store.write(admit.probe, [None])
            await asyncio.sleep(1.0)


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling, telling when it listens."""

    def __init__(self, config: uvicorn.Config, announce: Any) -> None:
        super().__init__(config)
        self._announce = announce

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the application's: it drains after the doors are closed."""
        yield

    async def startup(self, sockets: Any = None) -> None:
        """Announce the port once it is open."""
        await super().startup(sockets)
        if self.started and sockets:
            self._announce(sockets[0].getsockname()[1])


@contextlib.contextmanager
def _signals(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> Iterator[None]:
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        yield
    finally:
        # From here on a second Ctrl-C ends the process at once.
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


@contextlib.contextmanager
def _hangup(then: Callable[[], Any]) -> Iterator[None]:
    """SIGHUP is how daemons are told to read their configuration again."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, then)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


async def _first_look(tx: Tx) -> tuple[int, list[Key], list[Account], list[Esme]]:
    accounts = tx.accounts
    return await accounts.last_id(), await accounts.keys(), await accounts.accounts(), await tx.esmes.open()


async def _figures(tx: Tx, now: int, days: int) -> tuple[tuple[int | None, int], int, float]:
    before = now - days * DAY
    overdue = await tx.retention.overdue(before) if days else None
    return (
        await tx.queue.oldest(now),
        await tx.receipts.orphans(),
        0.0 if overdue is None else (before - overdue) / 1000,
    )


_OTHER_FILES = 300
"""Descriptors kept for the store, links to carriers, webhooks, and connections that are turned away."""


def _descriptors() -> int:
    """How many files this process may have open, after taking all that it is granted."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if most == resource.RLIM_INFINITY else min(most, _MOST_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    return wanted


_MOST_FILES = 1 << 20


def rescue(settings: Settings, email: str, without_factor: bool) -> str | None:
    """A link by which somebody chooses a password, made in the store itself; None where nobody has this address.

    Raises what opening the store raises: on SQLite nobody else may have it open.
    """
    return asyncio.run(_rescue(settings, email, without_factor))


async def _rescue(settings: Settings, email: str, without_factor: bool) -> str | None:
    clock = SystemClock()
    store = chosen_store(settings, clock)
    store.open()
    store.start(asyncio.get_running_loop())

    async def nothing() -> Snapshot:
        return Snapshot()

    try:
        last, keys, accounts, _ = await store.read(_first_look)
        house = House(
            store=store, clock=clock, ids=Ids(_LAST_NODE, last), settings=settings, backlog=Backlog(settings.limits),
            keyring=Keyring(keys, accounts), free_disk_mb=lambda: _UNSEEN_MB, health=lambda: Health(True),
            snapshot=nothing,
        )  # fmt: skip
        secret = await people.rescue(house, email.strip().lower(), without_factor)
    finally:
        store.stop()
    place = settings.public_url or f"http://{_shown(settings.host)}:{settings.port}"
    return None if secret is None else f"{place}/console/join#{secret}"


_LAST_NODE = 511
"""In ids of what is made beside running processes, which number themselves from 0."""


async def _note_for_ever(house: House) -> None:
    while True:
        await asyncio.sleep(NOTE_S)
        await _note_uses(house)


async def _note_uses(house: House) -> None:
    try:
        await admit.write_uses(house)
        await enrol.write_binds(house)
        await signed_in.write_seen(house)
    except StoreUnavailable as fault:
        log.warning("which keys and sessions were used of late could not be written: %s", fault)


def _check_reply(name: str, text: str) -> None:
    """A reply that cannot be sent would stop the texts it answers."""
    try:
        count(text)
    except (DoesNotFitError, TooManyPartsError) as fault:
        raise ConfigError(f"{name}: {fault}") from None


def simulated(network: Network) -> tuple[Endpoint, ...]:
    """The HTTP side of a simulated network beside the API's own endpoints, for keys of the default account: handsets
    show other people's texts.
    """
    return tuple(_endpoint(row, network, scope=row.scope, operator=True) for row in simulator.ROWS)


def every_endpoint() -> tuple[Endpoint, ...]:
    """All that a tidings may serve: our own endpoints and the simulator's. What clients are written from."""
    return (*ENDPOINTS, *simulated(Network(NetworkSettings(), SystemClock())))


def network_endpoints(network: Network) -> tuple[Endpoint, ...]:
    """The HTTP side of a simulated network that runs alone: nobody needs a key."""
    return tuple(_endpoint(row, network, query=row.query or NoQuery) for row in simulator.ROWS)


def network_site(network: Network) -> ASGIApp:
    """The same, ready to be served."""
    return alone(network_endpoints(network))


def _endpoint(row: simulator.Row, network: Network, **more: Any) -> Endpoint:
    async def handle(call: Call) -> Reply:
        told = await row.handle(network, simulator.Asked(call.params, call.query, call.body))
        if isinstance(told, Refused):
            return refusal(told)
        if isinstance(told, Invalid):
            return problem("validation_failed", errors=told.errors)
        return Reply(row.status, msgspec.json.encode(told))

    same = {name: getattr(row, name) for name in row.__struct_fields__ if name not in ("handle", "scope")}
    return Endpoint(handle=handle, **same | more)


async def simulate(
    settings: NetworkSettings, http_port: int, http_host: str, ready: Callable[[int, int], None] = lambda *ports: None
) -> None:
    """The simulated network as a program of its own, until a signal ends it; `ready` is told the two ports.

    Raises OSError (port or folder) and JournalBusyError.
    """
    await serve(settings, network_site, http_port, http_host=http_host, http=Wire, ready=ready)


def _write_whole(file: Path, content: bytes) -> None:
    """Nobody who looks finds half of it."""
    fresh = file.with_suffix(".new")
    fresh.write_bytes(content)
    fresh.replace(file)


def _write_secret(file: Path, text: str) -> None:
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(text, encoding="utf-8")


def _open_door(host: str, port: int, shared: bool) -> socket.socket:
    """`shared`: other processes may listen there too, and the kernel gives each its part of the connections."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        door = socket.create_server((host, port), family=family, reuse_port=shared)
    except (OSError, OverflowError) as fault:
        why = getattr(fault, "strerror", None) or str(fault)
        raise OSError(f"cannot listen on {host}:{port}: {why}; --port 0 takes a free one") from None
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; connections inherit it
        door.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, PEER_GONE_MS)
    return door


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def run(settings: Settings, reread: Callable[[], Settings] | None = None) -> None:
    """Run until told to stop; `reread` reads the configuration again, which SIGHUP asks for.

    Raises ConfigError, DataFolderInUse, UnsafeSqlite or OSError before serving.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if settings.log_format == "json" else Plain())
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler])
    # Writers and the loop share one interpreter: short turns keep commits from waiting for the loop.
    sys.setswitchinterval(0.001)
    # Messages in memory are plain values without cycles: look for garbage rarely, and never among what stays.
    gc.set_threshold(50_000, 20, 100)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(settings, reread))


async def _run(settings: Settings, reread: Callable[[], Settings] | None) -> None:
    await Tidings(settings, reread).run()


def chosen_store(settings: Settings, clock: Clock) -> GroupStore:
    """The store the settings ask for, not open yet."""
    driver: Driver = Sqlite(settings.folder, clock)
    if settings.database:
        driver = Postgres(settings.database, settings.folder, clock, settings.synchronous_commit, settings.role)
    return GroupStore(driver, clock, settings.limits.commit_queue)


def migrate(settings: Settings, *, post: bool = False) -> list[str]:
    """Bring the schema up to date without serving; returns the names of all migrations applied so far.

    `post`: also apply what waits until no older program runs.
    """
    if settings.database:
        return upgraded(settings.database, settings.folder, SystemClock(), post=post)
    driver = Sqlite(settings.folder, SystemClock(), post=post)
    driver.open()
    try:
        return driver.applied()
    finally:
        driver.close()


class Aside:
    """Slow work in a thread of its own, little of it at a time: each hash of a password takes a processor and 20 MB."""

    def __init__(self, most: int = 2) -> None:
        self._room = asyncio.Semaphore(most)

    async def __call__(self, work: Callable[[], T]) -> T:
        async with self._room:
            return await asyncio.to_thread(work)


async def _turn() -> None:
    """A turn of the loop for all else."""
    await asyncio.sleep(0)
