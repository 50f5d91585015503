"""`tidings keys`: issue, list, change, rotate and revoke API keys."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from tidings.cli import tell
from tidings.cli.client import Client, data_option
from tidings.cli.limits import OR_NONE, changes, limit_options
from tidings.drivers.clock import SystemClock


@click.group()
def keys() -> None:
    """Issue, list, change, rotate and revoke API keys."""


@keys.command()
@click.option("--name", required=True, help="What the key is for.")
@click.option(
    "--scope",
    type=click.Choice(["admin", "send", "read", "send+read"]),
    required=True,
    help="admin: everything; read: read; send: send, and follow and cancel what it sent itself; send+read: both.",
)
@click.option("--account", help="Account the key is for (acc_…); for keys of the default account.")
@click.option("--sender", "senders", multiple=True, help="May send from this only; may be repeated.")
@click.option("--network", "networks", multiple=True, help="May be used from this range (CIDR) only; may be repeated.")
@click.option("--expires-at", help="Opens nothing from this time on, like 2036-01-01T00:00:00Z.")
@click.option("--rate", type=float, help="Messages per second; 0: no limit.")
@click.option("--daily-quota", type=int, help="Messages of one UTC day.")
@click.option("--monthly-quota", type=int, help="Messages of one UTC month.")
@click.option("--json", "as_json", is_flag=True, help="Print the key as JSON.")
@data_option
def create(account: str | None, as_json: bool, data: Path, **wanted: Any) -> None:
    """Issue a key. Its token is printed this once and is stored nowhere."""
    body = {name: value for name, value in wanted.items() if value not in (None, ())}
    _tell_token(Client(data).call("POST", _path(account), body), as_json)


@keys.command("list")
@click.option("--account", help="Account whose keys (acc_…); for keys of the default account.")
@click.option("--json", "as_json", is_flag=True, help="Print the keys as JSON.")
@data_option
def list_(account: str | None, as_json: bool, data: Path) -> None:
    """List the keys, newest first, without their secrets."""
    found = all_pages(Client(data), _path(account))
    if as_json:
        click.echo(tell.as_json({"data": found}))
        return
    head = ("ID", "SCOPE", "CREATED", "LAST USED", "STATE", "NAME")
    rows = [
        (
            one["id"],
            one["scope"],
            one["created_at"][:19],
            (one["last_used_at"] or "–")[:16],
            _state(one),
            tell.plain(one["name"]),
        )
        for one in found
    ]
    for line in tell.table([head, *rows]):
        click.echo(line)


@keys.command()
@click.argument("id")
@click.option("--name", help="What the key is for.")
@click.option("--sender", "senders", multiple=True, help="May send from this only, instead of those before; repeated.")
@click.option("--any-sender", is_flag=True, help="May send from all that its account may.")
@click.option("--network", "networks", multiple=True, help="Used from this only, instead of those before; repeated.")
@click.option("--any-network", is_flag=True, help="May be used from anywhere.")
@click.option("--expires-at", type=OR_NONE, help="Opens nothing from this time on; `none`: it stays.")
@limit_options
@click.option("--json", "as_json", is_flag=True, help="Print the key as JSON.")
@data_option
def change(id: str, any_sender: bool, any_network: bool, as_json: bool, data: Path, **wanted: Any) -> None:
    """Change the key ID; what is not named stays."""
    emptied = [name for name, empty in (("senders", any_sender), ("networks", any_network)) if empty]
    changed = Client(data).call("PATCH", f"/v1/keys/{quote(id, safe='')}", changes(wanted, emptied))
    click.echo(tell.as_json(changed) if as_json else f"{changed['id']} is changed")


@keys.command()
@click.argument("id")
@click.option(
    "--overlap",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Seconds the token in use now stays good beside the new one.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the key as JSON.")
@data_option
def rotate(id: str, overlap: int, as_json: bool, data: Path) -> None:
    """Give the key ID a new token, printed this once."""
    made = Client(data).call("POST", f"/v1/keys/{quote(id, safe='')}/rotate", {"overlap_s": overlap})
    _tell_token(made, as_json)


@keys.command()
@click.argument("id")
@click.option("--json", "as_json", is_flag=True, help="Print the key as JSON.")
@data_option
def revoke(id: str, as_json: bool, data: Path) -> None:
    """Take the key ID away: it opens nothing from now on."""
    gone = Client(data).call("DELETE", f"/v1/keys/{quote(id, safe='')}")
    click.echo(tell.as_json(gone) if as_json else f"{gone['id']} is revoked")


def _tell_token(made: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(tell.as_json(made))
        return
    click.echo(f"{made['id']} ({made['scope']}); keep this token, it is not shown again:", err=True)
    click.echo(made["token"])


def _path(account: str | None) -> str:
    return f"/v1/accounts/{quote(account, safe='')}/keys" if account else "/v1/keys"


def all_pages(client: Client, path: str, most: int | None = None) -> list[dict[str, Any]]:
    """All rows of a list, or its first ones."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        mark = "&" if "?" in path else "?"
        page = client.call("GET", f"{path}{mark}limit=100" + (f"&cursor={quote(cursor, safe='')}" if cursor else ""))
        found += page["data"]
        cursor = page["next_cursor"]
        if cursor is None or (most is not None and len(found) >= most):
            return found[:most]


def _state(key: dict[str, Any]) -> str:
    if key["revoked_at"]:
        return "revoked"
    if key["expires_at"]:
        ended = dt.datetime.fromisoformat(key["expires_at"]).timestamp() * 1000 <= SystemClock().now()
        return f"{'ended' if ended else 'until'} {key['expires_at'][:10]}"
    return "good"
