"""`tidings send` and `tidings trace`."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import click

from tidings.cli import tell
from tidings.cli.client import Client, CommandError, ProblemError, data_option
from tidings.cli.smart import SMART

FINAL = frozenset({"delivered", "undelivered", "failed", "rejected", "expired", "canceled", "unknown", "received"})
UNDECIDED = 3
"""Exit status when the end was not reached in time."""
_PAUSE_FIRST_S = 0.03
_PAUSE_MOST_S = 0.5


@click.command()
@click.argument("to")
@click.argument("text")
@click.option("--from", "sender", help="Number, short code or name the text comes from.")
@click.option(
    "--category",
    type=click.Choice(["otp", "transactional", "conversation", "marketing"]),
    help="Kind of traffic; transactional if not given.",
)
@click.option("--smart-encoding", type=SMART, help="Whether look-alikes may stand; as the account says if not given.")
@click.option("--wait", is_flag=True, help="Follow it to its final status; exit status 0 only if it is delivered.")
@click.option("--timeout", type=click.FloatRange(min=0), default=300.0, show_default=True, help="Longest --wait, in s.")
@click.option("--json", "as_json", is_flag=True, help="Print the message as JSON, once.")
@data_option
def send(
    to: str, text: str, sender: str | None, category: str | None, smart_encoding: bool | str | None, wait: bool,
    timeout: float, as_json: bool, data: Path,
) -> None:  # fmt: skip
    """Send TEXT to the number TO."""
    client = Client(data)
    wanted = {"to": to, "text": text, "from": sender, "category": category, "smart_encoding": smart_encoding}
    body = {name: value for name, value in wanted.items() if value is not None}
    try:
        message = client.call("POST", "/v1/messages", body)
    except ProblemError as problem:
        raise _refused(client, problem) from None
    if wait:
        try:
            message = _follow(client, message, timeout, quiet=as_json)
        except (KeyboardInterrupt, CommandError):
            _tell_known(message, as_json)
            raise
    if as_json:
        click.echo(tell.as_json(message))
    elif not wait:
        click.echo(f"{message['id']}  {tell.status(message['status'])}")
    if wait:
        sys.exit(_exit_status(message["status"]))


@click.command()
@click.argument("id")
@click.option("--json", "as_json", is_flag=True, help="Print the story as JSON.")
@data_option
def trace(id: str, as_json: bool, data: Path) -> None:
    """Tell the whole story of the message ID: events, attempts, receipts, and what they mean."""
    from urllib.parse import quote

    client = Client(data)
    try:
        told = client.call("GET", f"/v1/messages/{quote(id, safe='')}/explain")
    except ProblemError as problem:
        if problem.http_status == 404:
            raise CommandError(f"there is no message {tell.plain(id)} at {client.url}") from None
        raise
    if as_json:
        click.echo(tell.as_json(told))
        return
    for line in tell.story(told):
        click.echo(line)


def _tell_known(message: dict[str, Any], as_json: bool) -> None:
    """What is known of a message that is followed no more: it is on its way all the same."""
    if as_json:
        click.echo(tell.as_json(message))
        return
    click.echo(
        f"{message['id']}  {message['status']} when last heard of; `tidings trace {message['id']}` tells the rest"
    )


def _refused(client: Client, problem: ProblemError) -> CommandError:
    """A refusal in one line; one that was stored names its id, so that it can be traced."""
    stored = problem.problem.get("message_id")
    return CommandError(f"{problem.format_message()}; stored as {stored}") if stored else problem


def _exit_status(status: str) -> int:
    if status == "delivered":
        return 0
    return 1 if status in FINAL else UNDECIDED


def _follow(client: Client, message: dict[str, Any], timeout: float, quiet: bool) -> dict[str, Any]:
    """Follow a message until it ended or the time is over; tells each status unless quiet.

    The message given always has the last status that was heard of.
    """
    teller = _teller(message, quiet)
    until = time.monotonic() + timeout
    pause = _PAUSE_FIRST_S
    with teller:
        while True:
            events = client.call("GET", f"/v1/messages/{message['id']}/events")["data"]
            teller.show(events)
            last = events[-1]["type"].removeprefix("message.") if events else message["status"]
            message["status"] = last
            if last in FINAL or time.monotonic() >= until:
                break
            time.sleep(pause)
            pause = min(pause * 1.3, _PAUSE_MOST_S)
        message = client.call("GET", f"/v1/messages/{message['id']}")
        teller.end(message)
    return message


def _teller(message: dict[str, Any], quiet: bool) -> Any:
    if quiet:
        return Quiet()
    return Live(message["id"]) if sys.stdout.isatty() else Lines(message["id"])


class Quiet:
    """Tells nothing."""

    def __enter__(self) -> Quiet:
        return self

    def __exit__(self, *fault: object) -> None:
        """Nothing to put away."""

    def show(self, events: list[dict[str, Any]]) -> None:
        """The events so far."""

    def end(self, message: dict[str, Any]) -> None:
        """The message as it stands at the end."""


class Lines(Quiet):
    """A line for each status: for files and pipes."""

    def __init__(self, id: str) -> None:
        self._id = id
        self._told = 0

    def show(self, events: list[dict[str, Any]]) -> None:
        """The events that are new."""
        for event in events[self._told :]:
            click.echo(f"{self._id}  {tell.clock(event['occurred_at'])}  {event['type'].removeprefix('message.')}")
        self._told = len(events)

    def end(self, message: dict[str, Any]) -> None:
        """Why, where it did not go well, or that it is not over."""
        for line in _last_words(message):
            click.echo(f"{self._id}  {line}")


class Live(Quiet):
    """One line that grows: for a terminal."""

    def __init__(self, id: str) -> None:
        from rich.console import Console
        from rich.live import Live as RichLive
        from rich.spinner import Spinner

        self._id = id
        self._began = time.monotonic()
        self._spinner = Spinner("dots", text=id)
        self._live = RichLive(self._spinner, console=Console(highlight=False), refresh_per_second=20, transient=True)
        self._line = id

    def __enter__(self) -> Live:
        self._live.start()
        return self

    def __exit__(self, *fault: object) -> None:
        self._live.stop()
        if fault[0] is None:
            click.echo(self._line)
            for line in self._more:
                click.echo(line)

    _more: tuple[str, ...] = ()

    def show(self, events: list[dict[str, Any]]) -> None:
        """All statuses so far, in one line."""
        from rich.text import Text

        words = [tell.status(event["type"].removeprefix("message.")) for event in events]
        self._line = f"{self._id}  {' → '.join(words)}"
        self._spinner.update(text=Text.from_ansi(self._line))

    def end(self, message: dict[str, Any]) -> None:
        """How long it took, and why where it did not go well."""
        self._line += f"  ({time.monotonic() - self._began:.2f} s)"
        self._more = tuple(_last_words(message))


def _last_words(message: dict[str, Any]) -> list[str]:
    if message["status"] not in FINAL:
        return [f"still {message['status']}; `tidings trace {message['id']}` tells how it goes on"]
    if message["error"]:
        return [tell.outcome(message), f"`tidings trace {message['id']}` tells the whole story"]
    return []
