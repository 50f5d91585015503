"""`tidings up` and `tidings simulate`: the commands that run something themselves."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tidings.cli.client import CommandError

if TYPE_CHECKING:
    from tidings.config import Settings

T = TypeVar("T")

WRONG_CONFIGURATION = 2
SECRETS = ("email.password", "oidc.client_secret")
"""Settings that are no flags."""


class WithSettings(click.Command):
    """A command with a flag for every setting; only the usual ones stand in its help."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """The declared parameters and those of the settings."""
        return [*super().get_params(ctx), *_flags({param.name for param in self.params})]


def _flags(declared: set[str | None]) -> Iterator[click.Parameter]:
    from tidings.config import names

    for name in names():
        if name.startswith("carriers.") or name in declared:
            continue
        flag = "--" + name.replace(".", "-").replace("_", "-")
        yield click.Option([flag, name.replace(".", "__")], hidden=True, metavar="VALUE")


def settings_of(config: Path | None, given: dict[str, Any]) -> Settings:
    """What a command was given. Raises CommandError."""
    from tidings.config import ConfigError

    try:
        return _read(config, given)
    except ConfigError as fault:
        raise CommandError(str(fault), WRONG_CONFIGURATION) from None


def _read(config: Path | None, given: dict[str, Any]) -> Settings:
    """Flags, variables and the file. Raises ConfigError."""
    from tidings.config import ConfigError, load

    for name in SECRETS:
        if given.get(name.replace(".", "__")):
            variable = "TIDINGS_" + name.replace(".", "_").upper()
            raise ConfigError(
                f"{name} is not taken as a flag, which everybody on this machine sees in the list of processes: "
                f"set {variable}, or write it into a file and set {name}_file"
            )
    flags = {name.replace("__", "."): value for name, value in given.items()}
    if config is None and os.environ.get("TIDINGS_CONFIG"):
        config = Path(os.environ["TIDINGS_CONFIG"])
    return load(flags, os.environ, config)


config_option = click.option(
    "--config", type=click.Path(path_type=Path, dir_okay=False), help="Configuration file; else DIR/tidings.toml."
)


@click.command(cls=WithSettings, epilog="Every other setting has a flag too: limits.body_bytes is --limits-body-bytes.")
@click.option("--data", metavar="DIR", help="Data folder.  [default: ./tidings-data]")
@click.option("--role", metavar="ROLE", help="api, engine, worker or all of them.  [default: all]")
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", metavar="N", help="Port of the API; 0 takes a free one.  [default: 8775]")
@config_option
@click.option("--log-level", metavar="LEVEL", help="debug, info, warning or error.  [default: info]")
def up(config: Path | None, **given: Any) -> None:
    """Run everything in one process: API, dispatcher, carriers, and the simulator while no carrier is configured.

    With --role, this process does a part of it, beside others on the same PostgreSQL database.
    """
    settings = settings_of(config, given)
    from tidings.app import run

    guarded(lambda: run(settings, lambda: _read(config, given)))


@click.command()
@click.option("--smpp-port", type=click.IntRange(0, 65_535), default=2776, show_default=True, help="Port for ESMEs.")
@click.option("--http-port", type=click.IntRange(0, 65_535), default=8776, show_default=True, help="Port for handsets.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--folder", type=click.Path(path_type=Path, file_okay=False), help="Where its journal stands; else nothing is kept."
)
@click.option(
    "--receipt-delay-ms", type=click.IntRange(0), default=0, show_default=True, help="From response to receipt."
)
@click.option("--personality", metavar="NAME", default="none", show_default=True, help="How it behaves badly.")
def simulate(
    smpp_port: int, http_port: int, host: str, folder: Path | None, receipt_delay_ms: int, personality: str
) -> None:
    """Run the simulated carrier network alone: an SMSC with handsets, faults chosen by number."""
    import asyncio

    import uvloop

    from tidings.app import simulate as run_network
    from tidings.simulator.network import NetworkSettings

    _check_personality(personality)
    network = NetworkSettings(
        host=host, smpp_port=smpp_port, folder=folder, receipt_delay_ms=receipt_delay_ms, personality=personality
    )

    def ready(smpp: int, http: int) -> None:
        click.echo(
            f"the simulated network is up: SMPP {host}:{smpp}, handsets http://{host}:{http}/v1/simulator/handsets"
        )

    def run() -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run_network(network, http_port, host, ready))

    guarded(run)


def _check_personality(name: str) -> None:
    import difflib

    from tidings.simulator.chosen import GOOD
    from tidings.simulator.personalities import PERSONALITIES

    if name in (GOOD, *PERSONALITIES):
        return
    near = difflib.get_close_matches(name, PERSONALITIES, 1)
    hint = f"did you mean {near[0]}?" if near else f"there are {GOOD}, {', '.join(PERSONALITIES)}"
    raise CommandError(f"--personality: there is none called {name}; {hint}", WRONG_CONFIGURATION)


def guarded(work: Callable[[], T]) -> T:
    """Run `work`; what keeps it from starting becomes one line."""
    import apsw

    from tidings.config import ConfigError
    from tidings.core.ports import StoreUnavailable
    from tidings.simulator.journal import JournalBusyError
    from tidings.store.engine import CannotOpen
    from tidings.store.folder import DataFolderInUse
    from tidings.store.sqlite import UnsafeSqlite

    try:
        return work()
    except KeyboardInterrupt:
        raise click.Abort from None
    except SystemExit:  # how the simulator's HTTP server ends when its port is taken; it has logged which
        raise CommandError(
            "the HTTP side could not be opened; is the port taken? --http-port 0 takes a free one"
        ) from None
    except (Exception, BaseExceptionGroup) as fault:
        cause = _first(fault)
        if isinstance(cause, ConfigError | CannotOpen):
            raise CommandError(str(cause), WRONG_CONFIGURATION) from None
        if isinstance(cause, StoreUnavailable | apsw.Error):
            raise CommandError(f"the data folder cannot be used: {cause}") from None
        if isinstance(cause, DataFolderInUse | UnsafeSqlite | JournalBusyError | OSError):
            raise CommandError(_in_one_line(cause)) from None
        raise


def _first(fault: BaseException) -> BaseException:
    """The first fault of a group, however deep."""
    while isinstance(fault, BaseExceptionGroup):
        fault = fault.exceptions[0]
    return fault


def _in_one_line(fault: BaseException) -> str:
    if isinstance(fault, OSError) and fault.strerror:
        return f"{fault.strerror}: {fault.filename}" if fault.filename else fault.strerror
    return str(fault)
