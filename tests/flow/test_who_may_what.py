"""Every call of the API by everybody: who is let in is what the reviewed table in the documents says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from test_api import opened
from test_people import ADA, CODE, HERE, Ahead, Town

from kit import Heard, ask
from tidings.api.app import application
from tidings.api.table import ENDPOINTS
from tidings.app import every_endpoint
from tidings.pipeline import founding

PAGE = Path(__file__).parents[2] / "docs/reference/who-may-what.md"
PEOPLE = ("owner", "admin", "developer", "agent", "analyst")
KEYS = ("admin", "send", "read")
COLUMNS = ("owner", "developer", "agent", "analyst", "key admin", "key send", "key read", "where")
OPEN = {
    "GET /v1/setup", "POST /v1/setup", "POST /v1/session", "POST /v1/session/oidc", "POST /v1/session/oidc/callback",
    "POST /v1/password/link", "GET /healthz", "GET /readyz",
}  # fmt: skip
"""Calls that nobody needs to be anybody for. That each call has its row in the table: tests/unit/test_docs.py."""


def written() -> dict[str, dict[str, str]]:
    """The table of the page: by call, what it says of each."""
    lines = [line.strip("| ").split(" | ") for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]
    rows = {line[0].strip("`"): dict(zip(COLUMNS, line[1:], strict=True)) for line in lines}
    return {call: {**row, "admin": row["owner"]} for call, row in rows.items()}


@pytest.mark.one_engine("what the door says; that accounts stay apart in the store, test_accounts.py asks on both")
async def test_who_is_let_in_is_what_the_table_says(tmp_path: Path) -> None:
    table, wrong = written(), []
    assert {f"{one.method} {one.path}" for one in every_endpoint() if one.scope is None} == OPEN
    async with opened(tmp_path, clock=Ahead()) as place:
        place.app = application(place.house, every_endpoint()[len(ENDPOINTS) :])
        crowd = await gathered(Town(place, Ahead()))
        for endpoint in every_endpoint():
            name = f"{endpoint.method} {endpoint.path}"
            for (where, who), brought in crowd.items():
                heard = await call(place.app, endpoint, brought)
                if name not in OPEN and not agrees(heard, table[name], where, who, endpoint.raw):
                    wrong.append((name, where, who, heard.status, heard.body))
                if name in OPEN and (heard.status in (403, 500) or b"unauthorized" in heard.body):
                    wrong.append((name, where, who, heard.status, heard.body))
    assert not wrong, wrong


async def gathered(town: Town) -> dict[tuple[str, str], dict[str, Any]]:
    """People of each role and keys of each scope, of the default account and of another, and nobody."""
    await town.place.house.store.write(founding.add_setups, [founding.setup_digest(CODE)])
    first = town.browser()
    assert (await first.ask("POST", "/v1/setup", {"code": CODE, **ADA})).status == 201
    tenant = (await town.admin("POST", "/v1/accounts", {"name": "tenant"})).json()["id"]
    found: dict[tuple[str, str], dict[str, Any]] = {("", "nobody"): {"key": None}}
    for where, more in (("default", {}), ("own", {"account_id": tenant})):
        for role in PEOPLE:
            known = not more and role == "owner"
            one = first if known else await town.invited(role, f"{role}@{where}.example.com", **more)
            found[where, role] = {"key": None, "headers": [*HERE, ("cookie", one.cookie)]}
        for scope in KEYS:
            path = f"/v1/accounts/{tenant}/keys" if more else "/v1/keys"
            made = await town.admin("POST", path, {"name": "k", "scope": scope})
            found[where, f"key {scope}"] = {"key": made.json()["token"]}
    return found


async def call(app: Any, endpoint: Any, brought: dict[str, Any]) -> Heard:
    """What the door says. A parameter that no call has keeps whoever is let in from doing anything."""
    if endpoint.raw:  # looks at its parameters first: the key may be among them
        form = ("content-type", "application/x-www-form-urlencoded")
        away = "127.0.0.1" if endpoint.path == "/send" else "192.0.2.7"  # figures are open on the machine itself
        brought = {**brought, "headers": [*brought.get("headers", ()), form], "client": away}
        return await ask(app, endpoint.method, endpoint.path + ("?text=x" if endpoint.query else ""), None, **brought)
    path = endpoint.path.replace("{number}", "+15551230100")
    for name in ("{id}", "{name}", "{address}"):
        path = path.replace(name, "msg_0000000000009")
    return await ask(app, endpoint.method, f"{path}?no_such=1", b"{}" if endpoint.body else None, **brought)


def agrees(heard: Heard, row: dict[str, str], where: str, who: str, keys_alone: bool) -> bool:
    """Whoever is let in is told that there is no such parameter; others are told that they may not, or who they are."""
    if who == "nobody" or (keys_alone and who in PEOPLE):
        return heard.status == 401
    said = row[who] if where == "default" or row["where"] == "own" else "–"
    return heard.status in (((200, 422) if keys_alone else (422,)) if said in ("yes", "own") else (403,))
