"""What is owed to ESMEs over the API: seen, sent again, told in a message's story."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from test_accounts import Town, admin, settle, tenant
from test_api import opened

from spine_kit import ask, request, send
from tidings.core.ids import parse, show
from tidings.core.owed import Owed


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with opened(tmp_path) as place:
        yield await settle(place)


async def enrolled(town: Town, **more: Any) -> str:
    made = await admin(town, "POST", "/v1/esmes", {"name": "shop", "system_id": "shop", **more})
    assert made.status == 201, made.body
    number: str = made.json()["id"]
    return number


async def owe(town: Town, esme: str, *numbers: int, message_id: int = 9, **changes: Any) -> None:
    rows = [
        Owed(**{
            "id": number, "account_id": 1, "esme_id": parse("esme", esme), "kind": "receipt", "message_id": message_id,
            "sequence": 4, "part": 1, "parts": 1, "form": "", "lane": 0, "status": "waiting", "attempts": 0,
            "created_at": 5, "began_at": 5, "next_at": 5, **changes,
        })
        for number in numbers
    ]  # fmt: skip
    await town.house.store.write(ask, [lambda tx: tx.outbox.insert(rows)])


DEAD: dict[str, Any] = {
    "status": "dead", "next_at": None, "finished_at": 6, "attempts": 3, "bind": "shop (192.0.2.1:4)", "answer": 0x66,
    "reason": "refused",
}  # fmt: skip


def numbers(page: Any) -> list[int | None]:
    return [parse("dlv", one["id"]) for one in page["data"]]


async def test_what_waits_and_what_was_given_up_in_pages(town: Town) -> None:
    esme = await enrolled(town)
    await owe(town, esme, 1, 2, 3)
    await owe(town, esme, 4, **DEAD)
    path = f"/v1/esmes/{esme}/deliveries"
    first = (await admin(town, "GET", f"{path}?limit=2")).json()
    assert numbers(first) == [3, 2]
    rest = (await admin(town, "GET", f"{path}?limit=2&cursor={first['next_cursor']}")).json()
    assert (numbers(rest), rest["next_cursor"]) == ([1], None)
    (dead,) = (await admin(town, "GET", f"{path}?status=dead")).json()["data"]
    assert (dead["command_status"], dead["reason"], dead["attempts"]) == ("0x00000066", "refused", 3)
    assert (dead["bind"], dead["message_id"], dead["next_at"]) == (DEAD["bind"], show("msg", 9), None)


async def test_what_was_given_up_goes_out_again_one_or_all(town: Town) -> None:
    esme = await enrolled(town)
    await owe(town, esme, 1, 2, 3, **DEAD)
    path = f"/v1/esmes/{esme}/replay"
    one = await admin(town, "POST", path, {"delivery": show("dlv", 2)})
    assert (one.status, one.json()) == (202, {"count": 1})
    assert (await admin(town, "POST", path, {"delivery": show("dlv", 2)})).status == 404
    assert (await admin(town, "POST", path)).json() == {"count": 2}
    waiting = (await admin(town, "GET", f"/v1/esmes/{esme}/deliveries")).json()
    assert numbers(waiting) == [3, 2, 1]


async def test_no_more_goes_out_again_than_the_queue_has_room_for(town: Town) -> None:
    esme = await enrolled(town, queue_most=3)
    await owe(town, esme, 1, 2)
    await owe(town, esme, 3, 4, 5, **DEAD)
    path = f"/v1/esmes/{esme}"
    assert (await admin(town, "POST", f"{path}/replay", {})).json() == {"count": 1}
    assert numbers((await admin(town, "GET", f"{path}/deliveries?status=dead")).json()) == [5, 4]
    assert (await admin(town, "POST", f"{path}/replay", {})).json() == {"count": 0}


async def test_those_of_others_are_not_there(town: Town) -> None:
    esme = await enrolled(town)
    for number in (esme, show("esme", 1), "esme_x"):
        for method, path in (("GET", "deliveries"), ("POST", "replay")):
            assert (await tenant(town, method, f"/v1/esmes/{number}/{path}")).status == 404
    assert (await admin(town, "DELETE", f"/v1/esmes/{esme}")).status == 200
    closed = await admin(town, "POST", f"/v1/esmes/{esme}/replay")
    assert (closed.status, closed.json()["code"]) == (409, "esme_closed")


async def test_a_story_tells_what_went_back_to_the_esme(town: Town) -> None:
    esme = await enrolled(town)
    (message,) = await send(town.house, request())
    await owe(town, esme, 7, message_id=message.id, **{**DEAD, "status": "delivered", "answer": 0, "reason": None})
    story = (await admin(town, "GET", f"/v1/messages/{show('msg', message.id)}/explain")).json()
    (told,) = story["esme_deliveries"]
    assert (told["esme"], told["status"], told["attempts"]) == (esme, "delivered", 3)
    assert (told["command_status"], told["kind"]) == ("0x00000000", "receipt")
