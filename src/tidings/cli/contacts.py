"""`tidings contacts`: the people an account knows, by their ids or numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import click

from tidings.cli import tell
from tidings.cli.client import Client, CommandError, data_option
from tidings.cli.keys import all_pages
from tidings.cli.limits import changes

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
LISTED_MOST = 50


@click.group()
def contacts() -> None:
    """Keep, find, change, merge and drop the people you text with."""


@contacts.command("list")
@click.option("--tag", help="Those with this tag.")
@click.option("--name", help="Those whose names begin like this.")
@click.option("--number", help="The one whose number this is.")
@click.option("--limit", default=LISTED_MOST, show_default=True, type=click.IntRange(1), help="So many at the most.")
@AS_JSON
@data_option
def list_(limit: int, as_json: bool, data: Path, **narrowed: str | None) -> None:
    """List contacts, newest first."""
    query = urlencode({name: value for name, value in narrowed.items() if value is not None})
    found = all_pages(Client(data), f"/v1/contacts?{query}" if query else "/v1/contacts", most=limit)
    if as_json:
        click.echo(tell.as_json({"data": found}))
        return
    rows = [
        (one["id"], ", ".join(one["numbers"]), *map(tell.plain, (one["name"], ", ".join(one["tags"])))) for one in found
    ]
    for line in tell.table([("ID", "NUMBERS", "NAME", "TAGS"), *rows]):
        click.echo(line)


def _fields(ctx: click.Context, option: click.Parameter, given: tuple[str, ...]) -> dict[str, Any]:
    """`guests=4` is a number, `dog=true` true or false, anything else a text."""
    found: dict[str, Any] = {}
    for one in given:
        name, sign, value = one.partition("=")
        if not sign or not name:
            raise click.BadParameter(f"{one}: write NAME=VALUE")
        try:
            read = json.loads(value)
        except ValueError:
            read = value
        found[name] = read if isinstance(read, bool | int | float) else value
    return found


FIELDS = click.option(
    "--field",
    "fields",
    multiple=True,
    callback=_fields,
    metavar="NAME=VALUE",
    help="Something known of the person; may be repeated.",
)
TAGS = click.option("--tag", "tags", multiple=True, help="A tag; may be repeated.")


@contacts.command()
@click.argument("numbers", nargs=-1, required=True)
@click.option("--name", help="Who it is.")
@click.option("--notes", help="Anything else.")
@FIELDS
@TAGS
@AS_JSON
@data_option
def add(numbers: tuple[str, ...], as_json: bool, data: Path, **wanted: Any) -> None:
    """Keep a person who has NUMBERS."""
    body = {name: value for name, value in wanted.items() if value}
    made = Client(data).call("POST", "/v1/contacts", {"numbers": numbers, **body})
    click.echo(tell.as_json(made) if as_json else made["id"])


@contacts.command()
@click.argument("who")
@AS_JSON
@data_option
def show(who: str, as_json: bool, data: Path) -> None:
    """Show the contact WHO, an id or a number."""
    client = Client(data)
    one = client.call("GET", _path(client, who))
    if as_json:
        click.echo(tell.as_json(one))
        return
    click.echo(f"{one['id']}  {', '.join(one['numbers'])}  {tell.plain(one['name'])}".rstrip())
    for name, value in one["fields"].items():
        click.echo(tell.plain(f"  {name} = {value}"))
    for title in ("tags", "notes"):
        if one[title]:
            told = one[title] if title == "notes" else ", ".join(one[title])
            click.echo(f"  {title}: {tell.plain(told)}")


@contacts.command()
@click.argument("who")
@click.option("--number", "numbers", multiple=True, help="All numbers the person has from now on; may be repeated.")
@click.option("--name", help="Who it is.")
@click.option("--notes", help="Anything else.")
@FIELDS
@click.option("--no-field", "gone", multiple=True, metavar="NAME", help="A field to be taken away; may be repeated.")
@click.option("--tag", "tags", multiple=True, help="All tags the person has from now on; may be repeated.")
@click.option("--no-tags", is_flag=True, help="Take all tags away.")
@AS_JSON
@data_option
def change(who: str, gone: tuple[str, ...], no_tags: bool, as_json: bool, data: Path, **wanted: Any) -> None:
    """Change the contact WHO, an id or a number; what is not named stays."""
    wanted["fields"] = wanted["fields"] | dict.fromkeys(gone) or None
    body = changes(wanted, ("tags",) if no_tags else ())
    client = Client(data)
    changed = client.call("PATCH", _path(client, who), body)
    click.echo(tell.as_json(changed) if as_json else f"{changed['id']} is changed")


@contacts.command()
@click.argument("who")
@click.argument("other")
@data_option
def merge(who: str, other: str, data: Path) -> None:
    """Make one person of WHO and OTHER, ids or numbers: what OTHER has comes to WHO."""
    client = Client(data)
    merged = client.call("POST", f"{_path(client, who)}/merge", {"contact": _path(client, other).rpartition("/")[2]})
    click.echo(f"{merged['id']} has {', '.join(merged['numbers'])}")


@contacts.command()
@click.argument("who")
@data_option
def remove(who: str, data: Path) -> None:
    """Drop the contact WHO, an id or a number, with its conversations; messages stay."""
    client = Client(data)
    path = _path(client, who)
    client.call("DELETE", path)
    click.echo(f"{path.rpartition('/')[2]} is gone")


def _path(client: Client, who: str) -> str:
    """Where a contact is, known by its id or a number."""
    if who.startswith("con_"):
        return f"/v1/contacts/{quote(who, safe='')}"
    found = client.call("GET", f"/v1/contacts?{urlencode({'number': who})}")["data"]
    if not found:
        raise CommandError(f"no contact has the number {tell.plain(who)}")
    return f"/v1/contacts/{found[0]['id']}"
