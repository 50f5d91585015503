"""`tidings senders`: whose addresses are, and what is done with texts to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from tidings.cli import tell
from tidings.cli.client import Client, data_option
from tidings.cli.keys import all_pages
from tidings.cli.limits import OR_NONE, changes

FORMS = click.Choice(["json", "text", "twiml", "none"])


@click.group()
def senders() -> None:
    """Say whose numbers, short codes and names are, and what is done with texts to them."""


@senders.command()
@click.argument("address")
@click.option("--account", help="Whose it is; without it the key's own account.")
@click.option("--label", help="What it is for.")
@click.option("--inbox-url", help="Called with every text that comes to it.")
@click.option("--inbox-replies", type=FORMS, help="How the answer of the inbox may hold replies.")
@click.option("--unknown-reply", help="What a text gets that no code knows.")
@click.option("--json", "as_json", is_flag=True, help="Print the sender as JSON.")
@data_option
def add(address: str, as_json: bool, data: Path, **wanted: Any) -> None:
    """Give ADDRESS to an account; `*` stands for all that nobody owns."""
    body = {name: value for name, value in wanted.items() if value is not None}
    made = Client(data).call("POST", "/v1/senders", {"address": address, **body})
    click.echo(tell.as_json(made) if as_json else f"{made['address']} belongs to {made['account_id']}")


@senders.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the senders as JSON.")
@data_option
def list_(as_json: bool, data: Path) -> None:
    """List the addresses, with their owners."""
    found = all_pages(Client(data), "/v1/senders")
    if as_json:
        click.echo(tell.as_json({"data": found}))
        return
    head = ("ADDRESS", "ACCOUNT", "INBOX", "LABEL")
    rows = [
        (one["address"], one["account_id"], tell.plain(one["inbox_url"] or "–"), tell.plain(one["label"]))
        for one in found
    ]
    for line in tell.table([head, *rows]):
        click.echo(line)


@senders.command()
@click.argument("address")
@click.option("--account", help="Whose it is from now on.")
@click.option("--label", help="What it is for.")
@click.option("--inbox-url", type=OR_NONE, help="Called with every text that comes to it; `none`: nobody is.")
@click.option("--inbox-replies", type=FORMS, help="How the answer of the inbox may hold replies.")
@click.option("--unknown-reply", type=OR_NONE, help="What a text gets that no code knows; `none`: nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the sender as JSON.")
@data_option
def change(address: str, as_json: bool, data: Path, **wanted: Any) -> None:
    """Change ADDRESS; what is not named stays."""
    changed = Client(data).call("PATCH", f"/v1/senders/{quote(address, safe='')}", changes(wanted))
    click.echo(tell.as_json(changed) if as_json else f"{changed['address']} is changed")


@senders.command()
@click.argument("address")
@data_option
def remove(address: str, data: Path) -> None:
    """Make ADDRESS nobody's."""
    Client(data).call("DELETE", f"/v1/senders/{quote(address, safe='')}")
    click.echo(f"{address} is nobody's")
