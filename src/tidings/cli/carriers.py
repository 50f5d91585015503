"""`tidings carriers`: how carriers and their binds stand; test, pause, resume, make, change and remove them."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import click

from tidings.cli import tell
from tidings.cli.client import Client, CommandError, data_option
from tidings.cli.messages import UNDECIDED

LOOK_EVERY_S = 0.2


@click.group()
def carriers() -> None:
    """See how carriers and their binds stand, test, pause and resume them, with a key of the default account."""


@carriers.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the carriers as JSON.")
@data_option
def list_(as_json: bool, data: Path) -> None:
    """List the carriers, in the order of the configuration."""
    told = Client(data).call("GET", "/v1/carriers")
    if as_json:
        click.echo(tell.as_json(told))
        return
    head = ("NAME", "STATE", "BINDS", "WAITING", "ADDRESS")
    rows = [
        (
            one["name"],
            one["state"],
            f"{one['binds_up']} of {one['binds_total']}",
            str(one["waiting"]),
            tell.plain(one["address"]),
        )
        for one in told["data"]
    ]
    for line in tell.table([head, *rows]):
        click.echo(line)


@carriers.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print the carrier as JSON.")
@data_option
def show(name: str, as_json: bool, data: Path) -> None:
    """Show how the carrier NAME and each of its binds stand."""
    told = Client(data).call("GET", f"/v1/carriers/{quote(name, safe='')}")
    for line in [tell.as_json(told)] if as_json else _lines(told):
        click.echo(line)


@carriers.command()
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option("--json", "as_json", is_flag=True, help="Print the carrier as JSON.")
@data_option
def add(file: IO[str], as_json: bool, data: Path) -> None:
    """Make a carrier of the settings in FILE, as JSON; `-`: standard input."""
    try:
        body = json.load(file)
    except ValueError as fault:
        raise CommandError(f"{file.name} holds no JSON: {fault}") from None
    told = Client(data).call("POST", "/v1/carriers", body)
    click.echo(tell.as_json(told) if as_json else f"{told['name']} is added; it is {told['state']}")
    for line in () if as_json else _pending(told):
        click.echo(line)


@carriers.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print the carrier as JSON.")
@data_option
def password(name: str, as_json: bool, data: Path) -> None:
    """Give the carrier NAME a new password, asked for here or read from standard input."""
    if sys.stdin.isatty():
        new = click.prompt("New password", hide_input=True, confirmation_prompt=True)
    else:
        new = sys.stdin.readline().rstrip("\r\n")
    told = Client(data).call("PATCH", f"/v1/carriers/{quote(name, safe='')}", {"password": new})
    click.echo(tell.as_json(told) if as_json else f"{name} has a new password; it is {told['state']}")


@carriers.command()
@click.argument("name")
@data_option
def remove(name: str, data: Path) -> None:
    """Take away the carrier NAME, once what is under way is answered."""
    told = Client(data).call("DELETE", f"/v1/carriers/{quote(name, safe='')}")
    click.echo(f"{name} is taken away")
    for line in _pending(told):
        click.echo(line)


@carriers.command()
@click.argument("name")
@click.option("--to", required=True, help="A number whose phone you can look at.")
@click.option("--from", "sender", help="Number, short code or name the text comes from.")
@click.option("--text", help="What to send, in place of a text that tells alphabets.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    default=120.0,
    show_default=True,
    help="Longest wait for bind and receipt, in s.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was learned as JSON.")
@data_option
def test(name: str, to: str, sender: str | None, text: str | None, timeout: float, as_json: bool, data: Path) -> None:
    """Send one text through the carrier NAME, wait for its receipt, and propose the carrier's profile."""
    client, until = Client(data), time.monotonic() + timeout
    path = f"/v1/carriers/{quote(name, safe='')}"
    say = (lambda line: None) if as_json else click.echo
    _await_bind(client, path, until, say)
    wanted = {"to": to, "from": sender, "text": text}
    told = client.call("POST", f"{path}/test", {key: value for key, value in wanted.items() if value is not None})
    say(f"sent as {told['message']}: {tell.plain(told['text'])}")
    seen = ""
    while True:
        told = client.call("GET", f"{path}/test/{told['message']}")
        if told["status"] != seen:
            seen = told["status"]
            say(seen)
        if told["done"] or time.monotonic() >= until:
            break
        time.sleep(LOOK_EVERY_S)
    for line in [tell.as_json(told)] if as_json else _learned(told):
        click.echo(line)
    if not told["done"]:
        sys.exit(UNDECIDED)


def _await_bind(client: Client, path: str, until: float, say: Callable[[str], Any]) -> None:
    """Wait for one bind at least; what keeps it down is told, once a reason."""
    told = ""
    while True:
        state = client.call("GET", path)
        if state["binds_up"]:
            say(f"bound: {state['binds_up']} of {state['binds_total']} binds are up")
            return
        why = next((bind["error"] for bind in state["binds"] if bind["error"]), None) or "connecting"
        if why != told:
            told = why
            say(f"not bound: {tell.plain(why)}")
        if time.monotonic() >= until:
            raise CommandError(f"no bind came up: {tell.plain(why)}")
        time.sleep(LOOK_EVERY_S)


def _learned(told: dict[str, Any]) -> Iterator[str]:
    yield ""
    for note in told["notes"]:
        yield f"- {tell.plain(note)}"
    if not told["done"]:
        yield f"- The receipt has not come in time; `tidings trace {told['message']}` tells the rest."
    yield ""
    yield from told["profile"].splitlines()


@carriers.command()
@click.argument("name")
@click.option("--bind", help="Only this bind, such as north/1.")
@click.option("--json", "as_json", is_flag=True, help="Print the carrier as JSON.")
@data_option
def pause(name: str, bind: str | None, as_json: bool, data: Path) -> None:
    """Hand nothing new to the carrier NAME, until it is resumed; its binds stay up."""
    _steer(name, "pause", bind, as_json, data)


@carriers.command()
@click.argument("name")
@click.option("--bind", help="Only this bind; without it, the carrier and all of its binds.")
@click.option("--json", "as_json", is_flag=True, help="Print the carrier as JSON.")
@data_option
def resume(name: str, bind: str | None, as_json: bool, data: Path) -> None:
    """Go on with the carrier NAME."""
    _steer(name, "resume", bind, as_json, data)


def _steer(name: str, verb: str, bind: str | None, as_json: bool, data: Path) -> None:
    told = Client(data).call("POST", f"/v1/carriers/{quote(name, safe='')}/{verb}", {"bind": bind} if bind else {})
    click.echo(tell.as_json(told) if as_json else f"{bind or name} is {verb}d; {name} is {told['state']}")
    for line in () if as_json else _pending(told):
        click.echo(line)


def _pending(told: dict[str, Any]) -> Iterator[str]:
    if told["pending"]:
        yield f"  {tell.plain(told['pending'])}"


def _lines(told: dict[str, Any]) -> Iterator[str]:
    since = f" since {told['paused_at'][:19]}Z" if told["paused_at"] else ""
    rate = f"{told['rate']:g} segments/s" if told["rate"] else "no limit"
    yield f"{told['name']} ({told['type']}, {tell.plain(told['address'])}): {told['state']}{since}"
    yield f"  waiting {told['waiting']}, rate {rate}"
    if told["engine"]:
        yield f"  at engine {tell.plain(told['engine'])} since {told['engine_since'][:19]}Z"
    if told["state"] == "unattended":
        yield f"  {tell.plain(told['down_reason'])}"
    yield from _pending(told)
    for bind in told["binds"]:
        yield from _bind(bind)


def _bind(bind: dict[str, Any]) -> Iterator[str]:
    paused = ", paused" if bind["paused"] else ""
    trip = "" if bind["round_trip_ms"] is None else f", round trip {bind['round_trip_ms']:g} ms"
    yield f"  {bind['name']} ({bind['kind']}): {bind['state']}{paused} since {bind['since'][:19]}Z"
    smsc = f"{bind['system_id']} at {tell.plain(bind['smsc'] or '?')}"
    yield f"    {smsc}; window {bind['window']}, {bind['in_flight']} in flight, {bind['free']} free{trip}"
    if bind["pace"] is not None:
        yield f"    throttled of late: given {bind['pace']:g} segments/s at most"
    counts = ", ".join(f"{count} {name}" for name, count in bind["traffic"].items() if count)
    yield f"    {counts or 'no traffic yet'}"
    if bind["error"]:
        yield f"    {'last error' if bind['bound'] else 'error'}: {tell.plain(bind['error'])}"
    if bind["change"]:
        yield f"    goes on with its settings before; the changed ones wait: {tell.plain(bind['change'])}"
