"""`tidings esmes`: enrol, list, show, change, rotate and close customers' ESMEs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import click

from tidings.cli import tell
from tidings.cli.client import Client, data_option
from tidings.cli.keys import all_pages
from tidings.cli.limits import NONE, OR_NONE, OrNone, changes, limit_options

F = TypeVar("F", bound=Callable[..., Any])

_JSON = click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")


def traits(command: F) -> F:
    """Options of what an ESME is like, for a new one and for a change."""
    for option in (
        click.option("--inbound", multiple=True, help="Number whose texts from handsets go to it, or `*`; repeated."),
        click.option("--queue-hours", type=int, help="Hours for which receipts and texts wait for it."),
        click.option("--queue-most", type=int, help="Receipts and texts that may wait for it."),
        click.option("--concatenation", type=click.Choice(["udh", "sar", "payload"]), help="How long texts come."),
        click.option(
            "--receipt-id-form", type=OrNone(click.Choice(["hexadecimal", "decimal", "ours"])),
            help="The id in receipts; `none`: as the answer gave it.",
        ),
        click.option("--receipt-text/--no-receipt-text", default=None, help="Whether receipts repeat the text."),
        click.option("--receipt-seconds/--no-receipt-seconds", default=None, help="Seconds in dates of receipts."),
        click.option("--receipt-pdu", type=click.Choice(["deliver_sm", "data_sm"]), help="What receipts come in."),
        click.option(
            "--receipt-format", type=click.Choice(["text_and_tlvs", "text", "tlvs"]), help="How receipts are written."
        ),
        click.option("--message-id-form", type=click.Choice(["hexadecimal", "decimal", "ours"]), help="Its ids."),
        click.option(
            "--interface-version", type=click.Choice(["as_bound", "3.3", "3.4", "5.0"]), help="What it is spoken to in."
        ),
        click.option("--sender", "senders", multiple=True, help="May send from this only; may be repeated."),
        click.option(
            "--category",
            type=click.Choice(["otp", "transactional", "conversation", "marketing"]),
            help="Of its messages.",
        ),
        click.option(
            "--alphabet", type=click.Choice(["gsm7", "gsm7_packed", "latin1", "ascii"]), help="Its data_coding 0."
        ),
        click.option("--tls/--no-tls", default=None, help="Whether it binds over TLS only."),
        click.option("--window", type=int, help="Requests that may wait on one bind."),
        click.option("--max-binds", type=int, help="Sessions at a time, of all types together."),
        click.option(
            "--bind-type", "bind_types", multiple=True, type=click.Choice(["transmitter", "receiver", "transceiver"]),
            help="May bind as this only; may be repeated.",
        ),
        click.option("--network", "networks", multiple=True, help="May bind from this range (CIDR) only; repeated."),
    ):  # fmt: skip
        command = option(command)
    return command


@click.group()
def esmes() -> None:
    """Enrol, list, show, change, rotate and close customers' ESMEs."""


@esmes.command()
@click.option("--name", required=True, help="Whose it is, or what for.")
@click.option("--system-id", required=True, help="What it binds with: up to 15 characters.")
@click.option(
    "--password",
    envvar="TIDINGS_ESME_PASSWORD",
    show_envvar=True,
    help="6 to 64 characters; one is made if none is given.",
)
@click.option("--account", "account_id", help="Account it belongs to (acc_…); else the default one.")
@traits
@click.option("--certificate", help="SHA-256 of the client certificate it has to show.")
@click.option("--rate", type=float, help="Segments per second; 0: no limit.")
@click.option("--daily-quota", type=int, help="Messages of one UTC day.")
@click.option("--monthly-quota", type=int, help="Messages of one UTC month.")
@_JSON
@data_option
def create(as_json: bool, data: Path, **wanted: Any) -> None:
    """Enrol an ESME. Its password is printed this once and is stored nowhere."""
    body = {name: value for name, value in wanted.items() if value not in (None, (), NONE)}
    _tell_password(Client(data).call("POST", "/v1/esmes", body), as_json)


@esmes.command("list")
@click.option("--account", help="Account whose ESMEs (acc_…); for keys of the default account.")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
@data_option
def list_(account: str | None, as_json: bool, data: Path) -> None:
    """List the ESMEs, newest first, with how many binds stand."""
    path = f"/v1/esmes?account={quote(account, safe='')}" if account else "/v1/esmes"
    found = all_pages(Client(data), path)
    if as_json:
        click.echo(tell.as_json({"data": found}))
        return
    head = ("ID", "SYSTEM_ID", "BINDS", "LAST BOUND", "STATE", "NAME")
    rows = [
        (
            one["id"], tell.plain(one["system_id"]), f"{len(one['binds'])}/{one['max_binds']}",
            (one["last_bound_at"] or "–")[:16], "closed" if one["closed_at"] else "open", tell.plain(one["name"]),
        )
        for one in found
    ]  # fmt: skip
    for line in tell.table([head, *rows]):
        click.echo(line)


@esmes.command()
@click.argument("id")
@_JSON
@data_option
def show(id: str, as_json: bool, data: Path) -> None:
    """Show the ESME ID and its binds."""
    one = Client(data).call("GET", _path(id))
    if as_json:
        click.echo(tell.as_json(one))
        return
    plain: list[tuple[str, ...]] = [(name, _word(value)) for name, value in one.items() if name != "binds"]
    for line in tell.table(plain):
        click.echo(line)
    for bind in one["binds"]:
        over = " over TLS" if bind["secure"] else ""
        click.echo(
            f"bound as {bind['bind_type']} from {bind['address']}{over}, SMPP {bind['interface_version']}, "
            f"since {bind['bound_at'][:19]}, {_at(bind)}"
        )


@esmes.command()
@click.argument("id")
@click.option("--name", help="Whose it is, or what for.")
@click.option("--system-id", help="What it binds with.")
@traits
@click.option("--any-network", is_flag=True, help="May bind from anywhere.")
@click.option("--any-sender", is_flag=True, help="May send from all that its account may.")
@click.option("--no-inbound", is_flag=True, help="No texts from handsets go to it.")
@click.option("--certificate", type=OR_NONE, help="SHA-256 of the client certificate it has to show; `none`: none.")
@limit_options
@_JSON
@data_option
def change(
    id: str, any_network: bool, any_sender: bool, no_inbound: bool, as_json: bool, data: Path, **wanted: Any
) -> None:
    """Change the ESME ID; what is not named stays. Binds that it no longer allows are unbound."""
    empty = (("networks", any_network), ("senders", any_sender), ("inbound", no_inbound))
    body = changes(wanted, [name for name, emptied in empty if emptied])
    changed = Client(data).call("PATCH", _path(id), body)
    click.echo(tell.as_json(changed) if as_json else f"{changed['id']} is changed")


@esmes.command()
@click.argument("id")
@click.option(
    "--overlap",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Seconds the password in use now stays good beside the new one.",
)
@click.option(
    "--password",
    envvar="TIDINGS_ESME_PASSWORD",
    show_envvar=True,
    help="6 to 64 characters; one is made if none is given.",
)
@_JSON
@data_option
def rotate(id: str, overlap: int, password: str | None, as_json: bool, data: Path) -> None:
    """Give the ESME ID a new password, printed this once."""
    body = {"overlap_s": overlap, **({} if password is None else {"password": password})}
    _tell_password(Client(data).call("POST", f"{_path(id)}/rotate", body), as_json)


@esmes.command()
@click.argument("id")
@_JSON
@data_option
def delete(id: str, as_json: bool, data: Path) -> None:
    """Close the ESME ID: nothing binds with it from now on."""
    gone = Client(data).call("DELETE", _path(id))
    click.echo(tell.as_json(gone) if as_json else f"{gone['id']} is closed")


@esmes.command()
@click.argument("id")
@click.option(
    "--status",
    type=click.Choice(["waiting", "dead"]),
    default="waiting",
    show_default=True,
    help="Not acknowledged yet, or given up.",
)
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
@data_option
def deliveries(id: str, status: str, as_json: bool, data: Path) -> None:  # fmt: skip
    """List what the ESME ID is owed: receipts and texts that wait for it or were given up, newest first."""
    found = all_pages(Client(data), f"{_path(id)}/deliveries?status={status}")
    if as_json:
        click.echo(tell.as_json({"data": found}))
        return
    head = ("ID", "KIND", "MESSAGE", "CREATED", "ATTEMPTS", "NEXT", "REASON")
    rows = [
        (
            one["id"], one["kind"], one["message_id"], one["created_at"][:19], str(one["attempts"]),
            (one["next_at"] or "–")[:19], " ".join(filter(None, (one["reason"], one["command_status"]))) or "–",
        )
        for one in found
    ]  # fmt: skip
    for line in tell.table([head, *rows]):
        click.echo(line)


@esmes.command()
@click.argument("id")
@click.option("--delivery", help="This one only (dlv_…); else all that were given up.")
@_JSON
@data_option
def replay(id: str, delivery: str | None, as_json: bool, data: Path) -> None:
    """Send the ESME ID again what was given up."""
    body = {} if delivery is None else {"delivery": delivery}
    told = Client(data).call("POST", f"{_path(id)}/replay", body)
    click.echo(tell.as_json(told) if as_json else f"{told['count']} go out again")


def _path(id: str) -> str:
    return f"/v1/esmes/{quote(id, safe='')}"


def _at(bind: dict[str, Any]) -> str:
    return f"at {bind['process']}" if bind["waiting"] is None else f"{bind['waiting']} waiting"


def _word(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(tell.plain(str(one)) for one in value) or "–"
    return "–" if value is None else str(value).lower() if isinstance(value, bool) else tell.plain(str(value))


def _tell_password(made: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(tell.as_json(made))
        return
    click.echo(f"{made['id']} ({made['system_id']}); keep this password, it is not shown again:", err=True)
    click.echo(made["password"])
