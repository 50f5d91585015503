"""`tidings codes`: say what incoming texts mean, by files; see what they do to each other; try texts on them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from tidings.cli import tell
from tidings.cli.client import Client, CommandError, data_option
from tidings.cli.keys import all_pages

ONLY_STORED = ("id", "created_at", "changed_at", "reports")
"""What an answer has and a file has not."""


@click.group()
def codes() -> None:
    """Say what incoming texts mean, and try texts on it."""


@codes.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the codes as JSON.")
@data_option
def list_(as_json: bool, data: Path) -> None:
    """List the codes, newest first."""
    found = all_pages(Client(data), "/v1/codes")
    if as_json:
        click.echo(tell.as_json({"data": found}))
        return
    head = ("ID", "NAME", "PRIORITY", "FOR", "DOES")
    rows = [
        (one["id"], tell.plain(one["name"]), str(one["priority"]), tell.plain(_pattern(one)), _actions(one))
        for one in found
    ]
    for line in tell.table([head, *rows]):
        click.echo(line)


@codes.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Store nothing; only say what would come of it.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@data_option
def import_(file: Path, dry_run: bool, as_json: bool, data: Path) -> None:
    """Take the codes of FILE, all or none; one that has the name of a stored code takes its place."""
    try:
        wanted = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError) as fault:
        raise CommandError(f"{file} cannot be read as JSON: {fault}") from None
    rules = wanted.get("codes") if isinstance(wanted, dict) else wanted
    answer = Client(data).call("POST", "/v1/codes/import", {"codes": rules, "dry_run": dry_run})
    if as_json:
        click.echo(tell.as_json(answer))
        return
    done = "would be stored" if dry_run else "stored"
    click.echo(f"{len(answer['data'])} {done}: {tell.plain(', '.join(one['name'] for one in answer['data']))}")
    _tell_reports(answer["reports"])


@codes.command("export")
@data_option
def export(data: Path) -> None:
    """Print all codes as a file that `import` takes, the oldest first."""
    found = all_pages(Client(data), "/v1/codes")
    rules = [{name: value for name, value in one.items() if name not in ONLY_STORED} for one in reversed(found)]
    click.echo(tell.as_json({"codes": rules}))


@codes.command()
@click.argument("text")
@click.option("--to", default="", help="The number it would be sent to.")
@click.option("--from", "sender", help="The number it would come from.")
@click.option("--at", help="When it would come, like 2026-12-24T18:00:00Z; without it now.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@data_option
def test(text: str, to: str, sender: str | None, at: str | None, as_json: bool, data: Path) -> None:
    """Say what TEXT would meet with. Nothing is sent, called or stored."""
    body = {"text": text, "to": to} | {name: value for name, value in (("from", sender), ("at", at)) if value}
    told = Client(data).call("POST", "/v1/codes/test", body)
    if as_json:
        click.echo(tell.as_json(told))
        return
    for line in _story(told):
        click.echo(tell.plain(line))


@codes.command()
@click.option("--json", "as_json", is_flag=True, help="Print the reports as JSON.")
@data_option
def check(as_json: bool, data: Path) -> None:
    """Say what the codes do to each other: conflicts, and what nothing reaches."""
    found = Client(data).call("GET", "/v1/codes/reports")
    if as_json:
        click.echo(tell.as_json(found))
    elif found["data"]:
        _tell_reports(found["data"])
    else:
        click.echo("no conflicts, and every code is reached")


@codes.command()
@click.argument("code_id", metavar="ID")
@data_option
def remove(code_id: str, data: Path) -> None:
    """End the code ID."""
    Client(data).call("DELETE", f"/v1/codes/{code_id}")
    click.echo(f"{code_id} is gone")


def _pattern(one: dict[str, Any]) -> str:
    """What a code is for, in one line: `PRICE|COST item [size]`."""
    words = [*one["keywords"], *(word for all_ in one["translations"].values() for word in all_)]
    head = "(default)" if one["default"] else f"/{one['regex']}/" if one["regex"] is not None else "|".join(words)
    names = [f"[{spec['name']}]" if spec.get("optional") else spec["name"] for spec in one["parameters"]]
    return " ".join([head, *names])


def _actions(one: dict[str, Any]) -> str:
    return ", ".join(action["type"] for action in one["actions"]) + ("" if one["enabled"] else " (off)")


def _tell_reports(found: list[dict[str, Any]]) -> None:
    for one in found:
        click.echo(tell.plain(f"{one['kind']}: {one['code']}: {one['detail']}"))


def _story(told: dict[str, Any]) -> list[str]:
    if told["system"] is not None:
        return [f"{told['system'].upper()}: answered before all codes"]
    lines = ["no code is for it"]
    if told["code"] is not None:
        by = f" {told['keyword']}" if told["keyword"] else ""
        lines = [f"{told['code']}, by {told['how']}{by}"]
        lines += [f"  {name} = {value}" for name, value in told["parameters"].items()]
        if told["trouble"] is not None:
            lines.append(f"  {told['trouble']['name']}: {told['trouble']['detail']}")
        lines += [f"  {one['action']}: {one['result']}".rstrip(": ") for one in told["actions"]]
    return [*lines, *(f"not {one['code']}: {one['why']}" for one in told["close"])]
