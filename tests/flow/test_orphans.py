"""Receipts that match nothing, in an operator's hands: why, matched again, dropped."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from kit import ask
from spine_kit import NOW, Rig, receipt, rigged
from tidings.api.app import application
from tidings.api.moments import show
from tidings.core.account import DEFAULT_ACCOUNT
from tidings.core.questions import Habit
from tidings.core.retry import RECEIPT_TRIES
from tidings.pipeline import admit, orphans
from tidings.pipeline import receipt as receipts

OTHER = "+15551230777"


class Desk:
    """The API over a rig, as an operator asks it."""

    def __init__(self, rig: Rig, token: str) -> None:
        self.rig = rig
        self._app = application(rig.house)
        self._token = token

    async def ask(self, method: str, path: str = "", body: Any = None, status: int = 200) -> Any:
        told = await ask(self._app, method, f"/v1/orphans{path}", body, key=self._token)
        assert told.status == status, told.body
        return told.json()

    async def listed(self, query: str = "") -> list[str]:
        """The carrier's ids of those that are listed."""
        return [one["carrier_id"] for one in (await self.ask("GET", query))["data"]]

    async def id_of(self, carrier_id: str) -> str:
        rows = (await self.ask("GET", "?limit=100"))["data"]
        return next(str(one["id"]) for one in rows if one["carrier_id"] == carrier_id)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with rigged(tmp_path) as rig:
        yield Desk(rig, (await admit.issue(rig.house, DEFAULT_ACCOUNT, "desk", "admin"))[1])


async def orphaned(desk: Desk, *carrier_ids: str, **fields: Any) -> None:
    """Receipts that are tried no more."""
    await desk.rig.hear(*(receipt(one, **fields) for one in carrier_ids))
    for _ in range(RECEIPT_TRIES):
        desk.rig.clock.move(3_600)
        now = desk.rig.clock.now()
        rows = await desk.rig.store.read(lambda tx, now=now: tx.receipts.parked(now, 100))
        await desk.rig.store.write(receipts.rematch, rows)


async def habit(desk: Desk, form: str) -> None:
    """What an operator says of the carrier's ids."""
    await desk.rig.store.write(receipts.keep_told, [receipts.Told("north", form, True)])


async def test_a_receipt_tells_why_it_matches_nothing(desk: Desk) -> None:
    await desk.rig.taken("4660", "11", text="x" * 300)
    await habit(desk, "same")
    cases = {
        "nobody": ("unknown_id", receipt("nobody")),
        "": ("no_id", receipt("")),
        "11": ("other_number", receipt("11", to=OTHER)),
        "1234": ("unknown_id", receipt("1234")),
    }
    await desk.rig.hear(*(told for _, told in cases.values()))
    rows = (await desk.ask("GET"))["data"]
    assert {one["carrier_id"]: one["reason"] for one in rows} == {told: reason for told, (reason, _) in cases.items()}
    assert all(one["parked"] and one["tries"] == 1 and one["detail"] for one in rows)
    first = rows[-1]
    assert (first["from"], first["raw"], first["received_at"]) == ("15551230100", "id:x stat:y", show(NOW))
    assert await desk.ask("GET", f"/{first['id']}") == first


async def test_one_of_several_that_may_be_meant(desk: Desk) -> None:
    """The id is that of one segment as it stands, and of another in hexadecimal."""
    await desk.rig.taken("1234")
    await desk.rig.taken("4d2")
    await desk.rig.hear(receipt("1234"))
    assert [one["reason"] for one in (await desk.ask("GET"))["data"]] == ["unsure"]


async def test_a_changed_profile_and_another_try(desk: Desk) -> None:
    """Orphans match once the form of ids is known; what does not is left as it was, and an account's stream hears."""
    message = await desk.rig.taken("4660")
    await habit(desk, "same")
    await orphaned(desk, "1234", "nobody", to="")
    assert (await desk.rig.story(message)).message.status == "sent"
    before = (await desk.ask("GET"))["data"]
    assert [(one["parked"], one["next_at"], one["reason"]) for one in before] == [(False, None, "unknown_id")] * 2
    assert await desk.ask("POST", "/match") == {"matched": 0, "unmatched": 2, "next_cursor": None}
    assert (await desk.ask("GET"))["data"] == before
    await habit(desk, "dec_to_hex")
    assert sorted(one["reason"] for one in (await desk.ask("GET"))["data"]) == ["matches", "unknown_id"]
    assert await desk.ask("POST", "/match", {"carrier": "south"}) == {"matched": 0, "unmatched": 0, "next_cursor": None}
    assert await desk.ask("POST", "/match", {"parked": False}) == {"matched": 1, "unmatched": 1, "next_cursor": None}
    story = await desk.rig.story(message)
    assert (story.statuses[-1], [row.carrier_id for row in story.receipts]) == ("delivered", ["1234"])
    assert await desk.listed() == ["nobody"]
    assert await desk.ask("POST", "/match") == {"matched": 0, "unmatched": 1, "next_cursor": None}


async def test_one_is_matched_again(desk: Desk) -> None:
    await habit(desk, "same")
    await desk.rig.hear(receipt("a"), receipt("b"))
    early = await desk.id_of("a")
    assert await desk.ask("POST", "/match", {"orphan": early}) == {"matched": 0, "unmatched": 1, "next_cursor": None}
    await desk.rig.taken("a")
    assert await desk.ask("POST", "/match", {"orphan": early}) == {"matched": 1, "unmatched": 0, "next_cursor": None}
    assert (await desk.ask("POST", "/match", {"orphan": early}, 404))["code"] == "not_found"
    assert (await desk.ask("GET", f"/{early}", status=404))["code"] == "not_found"


async def test_some_are_dropped(desk: Desk) -> None:
    await orphaned(desk, "a", "b")
    await orphaned(desk, "c", to=OTHER)
    await desk.rig.hear(receipt("d"))
    one = await desk.id_of("a")
    assert await desk.ask("DELETE", f"/{one}") == {}
    assert (await desk.ask("DELETE", f"/{one}", status=404))["code"] == "not_found"
    assert await desk.ask("POST", "/drop", {"from": OTHER}) == {"dropped": 1, "next_cursor": None}
    assert await desk.listed() == ["d", "b"]
    assert await desk.ask("POST", "/drop", {"orphan": await desk.id_of("b")}) == {"dropped": 1, "next_cursor": None}
    assert await desk.ask("POST", "/drop", {"parked": False}) == {"dropped": 0, "next_cursor": None}
    assert await desk.ask("POST", "/drop", {"parked": True}) == {"dropped": 1, "next_cursor": None}
    assert await desk.listed() == []


async def test_what_matched_is_not_dropped(desk: Desk) -> None:
    message = await desk.rig.taken("a")
    await desk.rig.hear(receipt("a"))
    number = (await desk.rig.story(message)).receipts[0].id
    assert await desk.rig.store.write(receipts.drop, [number]) == [False]
    assert await desk.rig.store.write(receipts.match_again, [number]) == [False]
    assert len((await desk.rig.story(message)).receipts) == 1


NARROWED = [
    ("?carrier=north", ["c", "b", "a"]),
    ("?carrier=south", []),
    ("?from=%2B15551230777", ["b"]),
    ("?from=15551230777", ["b"]),
    ("?parked=true", ["c"]),
    ("?parked=false&carrier=north", ["b", "a"]),
    (f"?until={show(NOW)}", ["b", "a"]),
    (f"?since={show(NOW + 1)}", ["c"]),
    ("?limit=2", ["c", "b"]),
]


async def test_lists_are_narrowed(desk: Desk) -> None:
    await desk.rig.hear(receipt("a"), receipt("b", to=OTHER))
    for _ in range(RECEIPT_TRIES):
        desk.rig.clock.move(3_600)
        rows = await desk.rig.store.read(lambda tx: tx.receipts.parked(1 << 60, 100))
        await desk.rig.store.write(receipts.rematch, rows)
    await desk.rig.hear(receipt("c"))
    for query, found in NARROWED:
        assert await desk.listed(query) == found, query
    page = await desk.ask("GET", "?limit=2")
    assert await desk.listed(f"?cursor={page['next_cursor']}") == ["a"]


async def test_many_take_several_calls(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orphans, "PAGE", 2)
    monkeypatch.setattr(orphans, "MOST", 4)
    await desk.rig.hear(*(receipt(f"n{at}") for at in range(5)))
    first = await desk.ask("POST", "/match", {"carrier": "north"})
    assert (first["unmatched"], first["next_cursor"] is None) == (4, False)
    last = await desk.ask("POST", "/match", {"carrier": "north", "cursor": first["next_cursor"]})
    assert last == {"matched": 0, "unmatched": 1, "next_cursor": None}
    dropped = [await desk.ask("POST", "/drop", {"carrier": "north"}) for _ in range(2)]
    assert [one["dropped"] for one in dropped] == [4, 1]


BAD = [
    ("POST", "/drop", {}, ""),
    ("POST", "/drop", {"cursor": "cur_0000000000001"}, ""),
    ("POST", "/match", {"orphan": "rcp_0000000000001", "from": "1"}, "/from"),
    ("POST", "/match", {"orphan": "msg_0000000000001"}, "/orphan"),
    ("POST", "/match", {"from": "ACME"}, "/from"),
    ("POST", "/match", {"carrier": ""}, "/carrier"),
    ("POST", "/match", {"cursor": "cur_zzzzzzzzzzzzz"}, "/cursor"),
    ("GET", "?parked=perhaps", None, "?parked"),
]


async def test_what_is_unfit_is_named(desk: Desk) -> None:
    for method, path, body, pointer in BAD:
        told = await desk.ask(method, path, body, 422)
        assert [one["pointer"] for one in told["errors"]] == [pointer], (path, body)


async def test_looking_teaches_nothing(desk: Desk) -> None:
    """Reasons are found as a match would be; but only a match is evidence of a carrier's ways."""
    before = await desk.rig.store.read(lambda tx: tx.receipts.habits())
    await desk.rig.hear(receipt("4d2"))
    await desk.rig.taken("1234")
    for _ in range(3):
        await desk.ask("GET")
    after: dict[str, Habit] = await desk.rig.store.read(lambda tx: tx.receipts.habits())
    assert after == before
