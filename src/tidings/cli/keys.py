"""`tidings keys`: issue, list, rotate and revoke API keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from tidings.cli import tell
from tidings.cli.client import Client, data_option


@click.group()
def keys() -> None:
    """Issue, list, rotate and revoke API keys."""


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
@click.option("--expires-at", help="Opens nothing from this time on, like 2027-01-01T00:00:00Z.")
@click.option("--rate", type=float, help="Messages per second; 0: no limit.")
@click.option("--daily-quota", type=int, help="Messages of one UTC day.")
@click.option("--monthly-quota", type=int, help="Messages of one UTC month.")
@click.option("--json", "as_json", is_flag=True, help="Print the key as JSON.")
@data_option
def create(account: str | None, as_json: bool, data: Path, **wanted: Any) -> None:
    """Issue a key. Its token is printed this once and is stored nowhere."""
    path = f"/v1/accounts/{quote(account, safe='')}/keys" if account else "/v1/keys"
    body = {name: value for name, value in wanted.items() if value not in (None, ())}
    _tell_token(Client(data).call("POST", path, body), as_json)


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the keys as JSON.")
@data_option
def list_(as_json: bool, data: Path) -> None:
    """List the keys, newest first, without their secrets."""
    found = _all(Client(data))
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


def _all(client: Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = client.call("GET", "/v1/keys?limit=100" + (f"&cursor={cursor}" if cursor else ""))
        found += page["data"]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


def _state(key: dict[str, Any]) -> str:
    if key["revoked_at"]:
        return "revoked"
    if key["expires_at"]:
        return f"until {key['expires_at'][:10]}"
    return "good"
