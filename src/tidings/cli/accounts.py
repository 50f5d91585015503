"""`tidings accounts`: open, list, change and close accounts."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from tidings.cli import tell
from tidings.cli.client import Client, CommandError, data_option
from tidings.cli.keys import all_pages
from tidings.cli.limits import OR_NONE, OrNone, changes, limit_options
from tidings.cli.smart import OF_SENDER, SMART


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
@click.option("--smart-encoding", type=SMART, help="Whether look-alikes may stand in its texts.")
@click.option("--sender-smart-encoding", type=OF_SENDER, multiple=True, help="The same of one sender; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Print the account as JSON.")
@data_option
def create(as_json: bool, data: Path, **wanted: Any) -> None:
    """Open an account. It needs a key next: `tidings keys create --account ID`."""
    wanted["sender_smart_encoding"] = dict(wanted["sender_smart_encoding"]) or None
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
@click.option("--smart-encoding", type=OrNone(SMART), help="Look-alikes in its texts; `none`: as the settings say.")
@click.option("--sender-smart-encoding", type=OF_SENDER, multiple=True, help="Of one sender, instead of all before.")
@click.option("--no-sender-smart-encoding", is_flag=True, help="No sender of its own word any more.")
@click.option("--json", "as_json", is_flag=True, help="Print the account as JSON.")
@data_option
def change(id: str, no_sender: bool, no_sender_smart_encoding: bool, as_json: bool, data: Path, **wanted: Any) -> None:
    """Change the account ID; what is not named stays."""
    if own := dict(wanted.pop("sender_smart_encoding")):
        wanted["sender_smart_encoding"] = own
    if own and no_sender_smart_encoding:
        raise CommandError("sender_smart_encoding cannot be both given and taken away", 2)
    if no_sender_smart_encoding:
        wanted["sender_smart_encoding"] = {}
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
