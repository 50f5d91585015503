"""`tidings migrate`, `backup` and `restore`: the data as a whole, without the server."""

from __future__ import annotations

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
    from tidings.store.copy.tally import Sum

OFTEN = 5.0
"""Seconds between two lines of progress where they are kept."""

_data_option = click.option("--data", metavar="DIR", help="Data folder.  [default: ./tidings-data]")


@click.command(cls=WithSettings)
@click.option("--to", metavar="PLACE", help="Move everything there: postgresql://… or a folder.")
@click.option("--reopen", is_flag=True, help="Take this installation back after a move.")
@_data_option
@config_option
def migrate(config: Path | None, to: str | None, reopen: bool, **given: Any) -> None:
    """Bring the schema of the store up to date, or move everything to another place, without serving."""
    settings = settings_of(config, given)
    if to and reopen:
        raise CommandError("--to and --reopen do not go together", WRONG_CONFIGURATION)
    if to is not None:
        _move(settings, to)
    elif reopen:
        _reopen(settings)
    else:
        _bring_up_to_date(settings)


def place_of(settings: Settings) -> str:
    """Where an installation is: its database, or its folder."""
    return settings.database or str(settings.folder)


def shown_place(settings: Settings) -> str:
    """The same, fit to be shown."""
    from tidings.store.address import shown

    return shown(settings.database) if settings.database else str(settings.folder)


def _bring_up_to_date(settings: Settings) -> None:
    from tidings.app import migrate as bring_up_to_date

    applied = guarded(lambda: bring_up_to_date(settings))
    click.echo(f"{shown_place(settings)}: the schema is up to date ({', '.join(applied)})")


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
    """One line that is written over in a terminal, and a line now and then elsewhere."""
    from tidings.drivers.clock import SystemClock

    clock, last, shown = SystemClock(), [0.0], [False]

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
        if shown[0]:
            click.echo(err=True)
