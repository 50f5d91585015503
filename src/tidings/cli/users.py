"""`tidings users`: invite, list and change the people who sign in, and let back in who is locked out."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from tidings.cli import tell
from tidings.cli.client import Client, CommandError, data_option
from tidings.cli.keys import all_pages
from tidings.cli.serve import WithSettings, config_option, guarded, settings_of

_ROLES = click.Choice(["owner", "admin", "agent", "analyst", "developer"])
_json = click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
_account = click.option("--account", help="Account whose people (acc_…); with a key of the default account.")


@click.group()
def users() -> None:
    """Invite, list and change people who sign in; let back in who is locked out."""


@users.command()
@click.argument("email")
@click.option("--name", required=True, help="What they are called.")
@click.option("--role", type=_ROLES, required=True, help="What they may do.")
@click.option("--second-factor", is_flag=True, help="They must have a second factor before anything else.")
@_account
@_json
@data_option
def invite(email: str, second_factor: bool, account: str | None, as_json: bool, data: Path, **wanted: str) -> None:
    """Invite EMAIL. The link is printed this once: hand it over safely, it is good for three days."""
    body: dict[str, Any] = {"email": email, **wanted, "second_factor_required": second_factor}
    if account is not None:
        body["account_id"] = account
    made = Client(data).call("POST", "/v1/users", body)
    _tell_link(made, made["link"]["url"], as_json)


@users.command("list")
@_account
@_json
@data_option
def list_(account: str | None, as_json: bool, data: Path) -> None:
    """List the people, newest first."""
    found = _all(Client(data), account)
    if as_json:
        click.echo(tell.as_json({"data": found}))
        return
    head = ("ID", "ROLE", "STATE", "2ND FACTOR", "LAST SIGN-IN", "E-MAIL", "NAME")
    rows = [
        (
            one["id"],
            one["role"],
            one["status"],
            "yes" if one["second_factor"] else "required" if one["second_factor_required"] else "no",
            (one["seen_at"] or "–")[:16],
            tell.plain(one["email"]),
            tell.plain(one["name"]),
        )
        for one in found
    ]
    for line in tell.table([head, *rows]):
        click.echo(line)


@users.command()
@click.argument("user")
@click.option("--name", help="What they are called.")
@click.option("--role", type=_ROLES, help="What they may do; they are signed out.")
@click.option("--disable/--enable", "disabled", default=None, help="Whether they are kept out, and signed out.")
@click.option("--second-factor/--no-second-factor", default=None, help="Whether they must have a second factor.")
@_account
@_json
@data_option
def change(user: str, account: str | None, as_json: bool, data: Path, **wanted: Any) -> None:
    """Change USER, an e-mail address or an id; what is not named stays."""
    client = Client(data)
    wanted["second_factor_required"] = wanted.pop("second_factor")
    body = {name: value for name, value in wanted.items() if value is not None}
    changed = client.call("PATCH", _path(client, user, account), body)
    click.echo(tell.as_json(changed) if as_json else f"{changed['id']} is changed")


@users.command()
@click.argument("user")
@_account
@_json
@data_option
def link(user: str, account: str | None, as_json: bool, data: Path) -> None:
    """Print a link by which USER, an e-mail address or an id, chooses a password. The one before is over."""
    client = Client(data)
    made = client.call("POST", f"{_path(client, user, account)}/link")
    _tell_link(made, made["url"], as_json)


@users.command()
@click.argument("user")
@_account
@data_option
def delete(user: str, account: str | None, data: Path) -> None:
    """Delete USER, an e-mail address or an id; what they did stays in the log."""
    client = Client(data)
    client.call("DELETE", _path(client, user, account))
    click.echo(f"{user} is deleted")


@users.command("reset-password", cls=WithSettings)
@click.argument("email")
@click.option("--without-second-factor", is_flag=True, help="Take the second factor away too, and enable them.")
@click.option("--data", metavar="DIR", help="Data folder.  [default: ./tidings-data]")
@config_option
def reset_password(email: str, without_second_factor: bool, config: Path | None, **given: Any) -> None:
    """Print a link by which EMAIL chooses a password, without the server: for owners who are locked out.

    On SQLite stop tidings first.
    """
    settings = settings_of(config, given)
    from tidings.app import rescue

    told = guarded(lambda: rescue(settings, email, without_second_factor))
    if told is None:
        raise CommandError(f"there is nobody with the e-mail address {email}")
    click.echo("good for three days, once; start tidings and open it:", err=True)
    click.echo(told)


def _tell_link(made: dict[str, Any], url: str, as_json: bool) -> None:
    if as_json:
        click.echo(tell.as_json(made))
        return
    click.echo("hand over this link, it is not shown again:", err=True)
    click.echo(url)


def _all(client: Client, account: str | None) -> list[dict[str, Any]]:
    return all_pages(client, "/v1/users" + (f"?account={quote(account, safe='')}" if account else ""))


def _path(client: Client, user: str, account: str | None) -> str:
    """Where a user is, by id or by e-mail address. Raises CommandError where nobody has it."""
    if user.startswith("user_"):
        return f"/v1/users/{quote(user, safe='')}"
    found = [one["id"] for one in _all(client, account) if one["email"] == user.strip().lower()]
    if not found:
        raise CommandError(f"there is nobody with the e-mail address {user}; see `tidings users list`")
    return f"/v1/users/{found[0]}"
