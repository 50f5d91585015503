"""`tidings keys`: issue and list API keys."""

from __future__ import annotations

from pathlib import Path

import click

from tidings.cli import tell
from tidings.cli.client import Client, data_option


@click.group()
def keys() -> None:
    """Issue and list API keys."""


@keys.command()
@click.option("--name", required=True, help="What the key is for.")
@click.option(
    "--scope",
    type=click.Choice(["admin", "send", "read"]),
    required=True,
    help="admin: everything; send: send, read and cancel; read: read.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the key as JSON.")
@data_option
def create(name: str, scope: str, as_json: bool, data: Path) -> None:
    """Issue a key. Its token is printed this once and is stored nowhere."""
    made = Client(data).call("POST", "/v1/keys", {"name": name, "scope": scope})
    if as_json:
        click.echo(tell.as_json(made))
        return
    click.echo(f"{made['id']} ({scope}); keep this token, it is not shown again:", err=True)
    click.echo(made["token"])


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the keys as JSON.")
@data_option
def list_(as_json: bool, data: Path) -> None:
    """List the keys, without their secrets."""
    found = Client(data).call("GET", "/v1/keys")
    if as_json:
        click.echo(tell.as_json(found))
        return
    head = ("ID", "SCOPE", "CREATED", "NAME")
    rows = [(key["id"], key["scope"], key["created_at"][:19], tell.plain(key["name"])) for key in found["data"]]
    for line in tell.table([head, *rows]):
        click.echo(line)
