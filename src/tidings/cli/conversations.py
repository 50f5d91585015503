"""`tidings conversations`: the inbox, and what is done with it, for those who sit at a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import click

from tidings.cli import tell
from tidings.cli.client import Client, data_option
from tidings.cli.contacts import AS_JSON, LISTED_MOST
from tidings.cli.keys import all_pages
from tidings.cli.limits import OR_NONE, changes

STATUSES = click.Choice(["open", "snoozed", "closed"])
LIMIT = click.option(
    "--limit", default=LISTED_MOST, show_default=True, type=click.IntRange(1), help="So many at the most."
)


@click.group()
def conversations() -> None:
    """Read and answer what handsets say."""


@conversations.command("list")
@click.option("--status", type=STATUSES, help="Those that stand so.")
@click.option("--assignee", help="Those that somebody looks after.")
@click.option("--label", help="Those with this label.")
@click.option("--from", help="Those of this number of ours.")
@click.option("--unread", is_flag=True, help="Those in which something is unread.")
@LIMIT
@AS_JSON
@data_option
def list_(unread: bool, limit: int, as_json: bool, data: Path, **narrowed: str | None) -> None:
    """List conversations, those with the newest message first."""
    query = {name: value for name, value in narrowed.items() if value is not None} | (
        {"unread": "true"} if unread else {}
    )
    path = "/v1/conversations" + (f"?{urlencode(query)}" if query else "")
    found = all_pages(Client(data), path, most=limit)
    if as_json:
        click.echo(tell.as_json({"data": found}))
        return
    head = ("ID", "WHO", "TO", "STATUS", "UNREAD", "ASSIGNEE", "LAST")
    rows = [
        (one["id"], tell.plain(_who(one)), one["from"], one["status"], str(one["unread"] or ""),
         tell.plain(one["assignee"] or ""), tell.plain(_short(one["last_message"])))
        for one in found
    ]  # fmt: skip
    for line in tell.table([head, *rows]):
        click.echo(line)


@conversations.command()
@click.argument("conversation", metavar="ID")
@LIMIT
@AS_JSON
@data_option
def show(conversation: str, limit: int, as_json: bool, data: Path) -> None:
    """Show what was said in the conversation ID, oldest first, with the notes beside it."""
    client, path = Client(data), _path(conversation)
    one = client.call("GET", path)
    said = all_pages(client, f"{path}/messages", most=limit)
    noted = all_pages(client, f"{path}/notes", most=limit)
    if as_json:
        click.echo(tell.as_json({**one, "messages": said, "notes": noted}))
        return
    labels = f" [{', '.join(one['labels'])}]" if one["labels"] else ""
    click.echo(tell.plain(f"{one['id']}  {_who(one)}  {one['status']}{labels}"))
    lines = [(row["created_at"], _said(row)) for row in said]
    lines += [(row["created_at"], f"note {row['author']}: {row['text']}".replace(" : ", ": ")) for row in noted]
    for moment, line in sorted(lines):
        click.echo(f"  {moment[:10]} {tell.clock(moment)[:8]}  {tell.plain(line)}")


@conversations.command("open")
@click.argument("number")
@click.option("--from", help="Our number; without it the account's default sender.")
@AS_JSON
@data_option
def open_(number: str, as_json: bool, data: Path, **wanted: str | None) -> None:
    """Open the conversation with NUMBER, or find it."""
    body = {"to": number} | {name: value for name, value in wanted.items() if value is not None}
    one = Client(data).call("POST", "/v1/conversations", body)
    click.echo(tell.as_json(one) if as_json else one["id"])


@conversations.command()
@click.argument("conversation", metavar="ID")
@click.argument("text", required=False)
@click.option("--canned", help="Id of a reply that is kept ready, in place of a text.")
@AS_JSON
@data_option
def reply(conversation: str, text: str | None, canned: str | None, as_json: bool, data: Path) -> None:
    """Say TEXT in the conversation ID."""
    if (text is None) == (canned is None):
        raise click.UsageError("give either a text or --canned")
    body = {"text": text} if canned is None else {"canned": canned}
    sent = Client(data).call("POST", f"{_path(conversation)}/messages", body)
    click.echo(tell.as_json(sent) if as_json else f"{sent['id']}  {tell.outcome(sent)}")


@conversations.command()
@click.argument("conversation", metavar="ID")
@click.argument("text")
@click.option("--author", default="", help="Who writes it.")
@data_option
def note(conversation: str, text: str, author: str, data: Path) -> None:
    """Write TEXT beside the conversation ID; the handset never sees it."""
    made = Client(data).call("POST", f"{_path(conversation)}/notes", {"text": text, "author": author})
    click.echo(made["id"])


@conversations.command()
@click.argument("conversation", metavar="ID")
@click.option("--status", type=STATUSES, help="How it shall stand.")
@click.option("--until", "snoozed_until", help="When what is snoozed opens by itself, like 2026-12-24T09:00:00Z.")
@click.option("--assignee", type=OR_NONE, help="Who looks after it; `none`: nobody.")
@click.option("--label", "labels", multiple=True, help="All labels it has from now on; may be repeated.")
@click.option("--no-labels", is_flag=True, help="Take all labels away.")
@click.option("--read/--unread", default=None, help="Whether somebody has read it.")
@AS_JSON
@data_option
def change(conversation: str, no_labels: bool, as_json: bool, data: Path, **wanted: Any) -> None:
    """Change how the conversation ID stands; what is not named stays."""
    body = changes(wanted, ("labels",) if no_labels else ())
    changed = Client(data).call("PATCH", _path(conversation), body)
    click.echo(tell.as_json(changed) if as_json else f"{changed['id']} is {changed['status']}")


@conversations.command()
@click.argument("words", nargs=-1, required=True)
@LIMIT
@AS_JSON
@data_option
def search(words: tuple[str, ...], limit: int, as_json: bool, data: Path) -> None:
    """Find what was said that holds all of WORDS, newest first; `res*` finds beginnings."""
    path = f"/v1/conversations/search?{urlencode({'q': ' '.join(words)})}"
    found = all_pages(Client(data), path, most=limit)
    if as_json:
        click.echo(tell.as_json({"data": found}))
        return
    rows = [
        (one["conversation"] or "–", one["message"]["created_at"][:10], tell.plain(_said(one["message"])))
        for one in found
    ]
    for line in tell.table([("CONVERSATION", "DAY", "SAID"), *rows]):
        click.echo(line)


def _path(conversation: str) -> str:
    return f"/v1/conversations/{quote(conversation, safe='')}"


def _who(one: dict[str, Any]) -> str:
    """The person, by name where there is one."""
    name = one["contact"]["name"]
    return f"{name} {one['number']}" if name else str(one["number"])


def _said(message: dict[str, Any]) -> str:
    """Who said what: the handset's number, or ours with what became of it."""
    ours = "" if message["direction"] == "mo" else f" ({message['status']})"
    return f"{message['from']}{ours}: {message['text'] if message['text'] is not None else '(blanked)'}"


def _short(message: dict[str, Any] | None, most: int = 40) -> str:
    text = (message or {}).get("text") or ""
    return text if len(text) <= most else text[: most - 1] + "…"
