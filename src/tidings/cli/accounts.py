"""`tidings accounts`: open, list, change and close accounts."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from tidings.cli import tell
from tidings.cli.client import Client, data_option
from tidings.cli.keys import all_pages
from tidings.cli.limits import OR_NONE, changes, limit_options


@click.group()
def accounts() -> None:
    """Open, list, change and close accounts, with a key of the default account."""


@accounts.command()
@click.option("--name", required=True, help="Whose it is.")
@click.option("--sender", "senders", multiple=True, help="Address of its own; may be repeated.")
@click.option("--rate", type=float, help="Messages per second over all its keys; 0: no limit.")
@click.option("--daily-quota", type=int, help="Messages of one UTC day.")
@click.option("--monthly-quota", type=int, help="Messages of one UTC month.")
@click.option("--default-region", help="Where its national numbers are at home, such as US.")
@click.option("--json", "as_json", is_flag=True, help="Print the account as JSON.")
@data_option
def create(as_json: bool, data: Path, **wanted: Any) -> None:
    """Open an account. It needs a key next: `tidings keys create --account ID`."""
    body = {name: value for name, value in wanted.items() if value not in (None, ())}
    made = Client(data).call("POST", "/v1/accounts", body)
    click.echo(tell.as_json(made) if as_json else made["id"])


@accounts.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the accounts as JSON.")
@data_option
def list_(as_json: bool, data: Path) -> None:
    """List the accounts, newest first."""
    found = all_pages(Client(data), "/v1/accounts")
    if as_json:
        click.echo(tell.as_json({"data": found}))
        return
    head = ("ID", "CREATED", "STATE", "SENDERS", "NAME")
    rows = [
        (
            one["id"],
            one["created_at"][:19],
            "closed" if one["closed_at"] else "open",
            ",".join(one["senders"]) or "–",
            tell.plain(one["name"]),
        )
        for one in found
    ]
    for line in tell.table([head, *rows]):
        click.echo(line)


@accounts.command()
@click.argument("id")
@click.option("--name", help="Whose it is.")
@click.option("--sender", "senders", multiple=True, help="Address of its own, instead of those before; repeated.")
@click.option("--no-sender", is_flag=True, help="It has no address of its own any more.")
@limit_options
@click.option("--default-region", type=OR_NONE, help="Where national numbers are at home; `none`: as the settings say.")
@click.option("--json", "as_json", is_flag=True, help="Print the account as JSON.")
@data_option
def change(id: str, no_sender: bool, as_json: bool, data: Path, **wanted: Any) -> None:
    """Change the account ID; what is not named stays."""
    body = changes(wanted, ["senders"] if no_sender else [])
    changed = Client(data).call("PATCH", f"/v1/accounts/{quote(id, safe='')}", body)
    click.echo(tell.as_json(changed) if as_json else f"{changed['id']} is changed")


@accounts.command()
@click.argument("id")
@click.option("--json", "as_json", is_flag=True, help="Print the account as JSON.")
@data_option
def close(id: str, as_json: bool, data: Path) -> None:
    """Close the account ID for good: its keys open nothing from now on."""
    gone = Client(data).call("DELETE", f"/v1/accounts/{quote(id, safe='')}")
    click.echo(tell.as_json(gone) if as_json else f"{gone['id']} is closed")
