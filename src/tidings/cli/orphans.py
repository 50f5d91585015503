"""`tidings orphans`: receipts that match no message."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import click

from tidings.cli import tell
from tidings.cli.client import Client, data_option
from tidings.cli.keys import all_pages

F = TypeVar("F", bound=Callable[..., Any])


def chosen(command: F) -> F:
    """Options that say which receipts are meant."""
    for option in (
        click.option("--carrier", help="That this carrier sent."),
        click.option("--from", "from_", help="Of this handset, as the receipt names it."),
        click.option("--parked/--orphaned", default=None, help="Still tried by themselves; or not any more."),
        click.option("--since", help="That came at or after this time (RFC 3339)."),
        click.option("--until", help="That came at or before this time."),
    ):
        command = option(command)
    return command


_JSON = click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")


@click.group()
def orphans() -> None:
    """List receipts that match no message, match them again, drop them."""


@orphans.command("list")
@chosen
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="At most so many.")
@_JSON
@data_option
def list_(limit: int, as_json: bool, data: Path, **wanted: Any) -> None:
    """List receipts that match no message, newest first, and why."""
    asked = {name: str(value).lower() if isinstance(value, bool) else value for name, value in _named(wanted).items()}
    found = all_pages(Client(data), f"/v1/orphans?{urlencode(asked)}" if asked else "/v1/orphans", limit)
    if as_json:
        click.echo(tell.as_json({"data": found}))
        return
    head = ("ID", "CARRIER", "CAME", "ITS ID", "FROM", "STATE", "NEXT", "REASON")
    rows = [
        (
            one["id"], one["carrier"], one["received_at"][:19], tell.plain(one["carrier_id"]) or "–",
            tell.plain(one["from"]) or "–", tell.plain(one["state"]), (one["next_at"] or "–")[:19], one["reason"],
        )
        for one in found
    ]  # fmt: skip
    for line in tell.table([head, *rows]):
        click.echo(line)


@orphans.command()
@click.argument("id", required=False)
@chosen
@_JSON
@data_option
def match(id: str | None, as_json: bool, data: Path, **wanted: Any) -> None:
    """Match the receipt ID again, or all that the options leave."""
    told = _through(data, "match", id, wanted)
    click.echo(tell.as_json(told) if as_json else f"{told['matched']} matched, {told['unmatched']} did not")


@orphans.command()
@click.argument("id", required=False)
@chosen
@_JSON
@data_option
def drop(id: str | None, as_json: bool, data: Path, **wanted: Any) -> None:
    """Drop the receipt ID, or all that the options leave, of which at least one is given."""
    told = _through(data, "drop", id, wanted)
    click.echo(tell.as_json(told) if as_json else f"{told['dropped']} dropped")


def _through(data: Path, verb: str, id: str | None, wanted: dict[str, Any]) -> dict[str, int]:
    """All of them, however many calls it takes."""
    client, body = Client(data), _named(wanted) | ({} if id is None else {"orphan": id})
    sums: dict[str, int] = {}
    cursor: str | None = None
    while True:
        told = client.call("POST", f"/v1/orphans/{quote(verb)}", body | ({} if cursor is None else {"cursor": cursor}))
        cursor = told.pop("next_cursor")
        sums = {name: sums.get(name, 0) + count for name, count in told.items()}
        if cursor is None:
            return sums


def _named(wanted: dict[str, Any]) -> dict[str, Any]:
    return {name.rstrip("_"): value for name, value in wanted.items() if value is not None}
