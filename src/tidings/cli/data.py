"""`tidings migrate`, `backup` and `restore`: the data as a whole, without the server."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tidings.cli.client import CommandError
from tidings.cli.serve import WRONG_CONFIGURATION, WithSettings, config_option, guarded, settings_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidings.config import Settings
    from tidings.store.copy.backup import Backup
    from tidings.store.copy.tally import Sum

OFTEN = 5.0
"""Seconds between two lines of progress where they are kept."""

_data_option = click.option("--data", metavar="DIR", help="Data folder.  [default: ./tidings-data]")


@click.command(cls=WithSettings)
@click.option("--to", metavar="PLACE", help="Move everything there: postgresql://… or a folder.")
@click.option("--post", is_flag=True, help="Apply what waits until no older program runs, too.")
@click.option("--reopen", is_flag=True, help="Take this installation back after a move.")
@_data_option
@config_option
def migrate(config: Path | None, to: str | None, post: bool, reopen: bool, **given: Any) -> None:
    """Bring the schema of the store up to date, or move everything to another place, without serving."""
    settings = settings_of(config, given)
    if (to is not None) + post + reopen > 1:
        raise CommandError("--to, --post and --reopen do not go together", WRONG_CONFIGURATION)
    if to is not None:
        _move(settings, to)
    elif reopen:
        _reopen(settings)
    else:
        _bring_up_to_date(settings, post)


@click.command(cls=WithSettings)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--verify", is_flag=True, help="Restore it into a folder beside it, compare, and remove that again.")
@_data_option
@config_option
def backup(config: Path | None, file: Path, verify: bool, **given: Any) -> None:
    """Write all data, as of one moment, into FILE while tidings runs."""
    settings = settings_of(config, given)
    from tidings.drivers.clock import SystemClock
    from tidings.store.copy.backup import back_up

    with _progress() as tell:
        done = guarded(lambda: back_up(place_of(settings), settings.folder, file, tell, SystemClock()))
    click.echo(f"{file}: {_amount(done)} of {shown_place(settings)} at {_moment(done)}, {_size(file)}")
    if verify:
        _verify(file)


@click.command(cls=WithSettings)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--only-verify", is_flag=True, help="See that FILE can be restored, and restore nothing.")
@click.option("--paused", is_flag=True, help="Begin with every carrier paused, so that nothing leaves by itself.")
@_data_option
@config_option
def restore(config: Path | None, file: Path, only_verify: bool, paused: bool, **given: Any) -> None:
    """Fill an empty data folder, or an empty database, from the backup FILE."""
    if only_verify:
        _verify(file)
        return
    settings = settings_of(config, given)
    from tidings.drivers.clock import SystemClock
    from tidings.store.copy.backup import restore as fill_from

    pause = [carrier.name for carrier in settings.carriers] if paused else None
    with _progress() as tell:
        done = guarded(
            lambda: fill_from(file, place_of(settings), settings.folder, tell, SystemClock(), pause)
        )  # fmt: skip
    _table(done.sums)
    click.echo(f"{shown_place(settings)} is as it was at {_moment(done)}: counts and checksums are the same")


def _verify(file: Path) -> None:
    from tidings.drivers.clock import SystemClock
    from tidings.store.copy.backup import verify

    with _progress() as tell:
        done = guarded(lambda: verify(file, tell, SystemClock()))
    click.echo(f"{file}: restored into a folder of its own, {_amount(done)}: counts and checksums are the same")


def _amount(done: Backup) -> str:
    return f"{sum(one.rows for one in done.sums.values()):,} rows in {len(done.sums)} tables"


def _moment(done: Backup) -> str:
    from tidings.core.moments import written

    return written(done.taken_at)


def _size(file: Path) -> str:
    return f"{file.stat().st_size / 1e6:,.1f} MB"


def place_of(settings: Settings) -> str:
    """Where an installation is: its database, or its folder."""
    return settings.database or str(settings.folder)


def shown_place(settings: Settings) -> str:
    """The same, fit to be shown."""
    from tidings.store.address import shown

    return shown(settings.database) if settings.database else str(settings.folder)


def _bring_up_to_date(settings: Settings, post: bool) -> None:
    from tidings.app import migrate as bring_up_to_date
    from tidings.store.migrate import left, strange

    applied = guarded(lambda: bring_up_to_date(settings, post=post))
    click.echo(f"{shown_place(settings)}: the schema is up to date ({', '.join(applied)})")
    if waiting := left(applied):
        click.echo(f"waiting until no older program runs, then `tidings migrate --post`: {', '.join(waiting)}")
    if newer := strange(applied):
        click.echo(f"applied by a newer program: {', '.join(newer)}")


def _move(settings: Settings, to: str) -> None:
    from tidings.drivers.clock import SystemClock
    from tidings.store.copy.move import is_database, move

    with _progress() as tell:
        moved = guarded(lambda: move(place_of(settings), to, settings.folder, tell, SystemClock()))
    if not moved.sums:
        click.echo(f"{shown_place(settings)} was moved to {moved.target} before, and is whole there")
        return
    _table(moved.sums)
    click.echo(f"{shown_place(settings)} lives on at {moved.target}: counts and checksums are the same")
    if is_database(to):
        click.echo("next: set `database` to that address, and start tidings as before, with the same data folder")
    else:
        click.echo(f"next: start tidings with --data {to}, and without `database`; tidings.toml does not go along")


def _reopen(settings: Settings) -> None:
    from tidings.store.copy.move import reopen

    target = guarded(lambda: reopen(place_of(settings), settings.folder))
    if target is None:
        click.echo(f"{shown_place(settings)} was not moved; nothing is changed")
    else:
        click.echo(
            f"{shown_place(settings)} can be started again; never start {target} too: both would send what is queued"
        )


def _table(sums: dict[str, Sum]) -> None:
    for name, one in sums.items():
        if one.rows:
            click.echo(f"  {name:<18} {one.rows:>12,} rows  {one.digest}")


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """One line that is written over in a terminal, and a line now and then elsewhere.

    A service manager ends what it began by SIGTERM: then what is half done goes, as on Ctrl-C.
    """
    from tidings.drivers.clock import SystemClock

    clock, last, shown = SystemClock(), [0.0], [False]
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)

    def tell(line: str) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r\x1b[K{line}", nl=False, err=True)
            shown[0] = True
        elif clock.monotonic() >= last[0]:
            last[0] = clock.monotonic() + OFTEN
            click.echo(line, err=True)

    try:
        yield tell
    finally:
        signal.signal(signal.SIGTERM, before)
        if shown[0]:
            click.echo(err=True)
