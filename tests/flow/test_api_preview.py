"""Preview on the real store: it tells what sending would do, and does nothing."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import apsw
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_api import GOOD, Place, opened, suppress

from kit import Heard, ask
from tidings.config import Limits

PATH = "/v1/messages/preview"


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with opened(tmp_path) as found:
        found.house.carriers = {"north": 0.0}
        yield found


async def look(place: Place, **fields: Any) -> Any:
    told = await place.ask("POST", PATH, {**GOOD, **fields})
    assert told.status == 200, told.body
    assert await place.count() == 0
    return told.json()


CUTS = [
    ("one segment", "Hello", "gsm7", [("Hello", 5, 160)], []),
    ("an escape pair is not cut", "a" * 152 + "€" + "b" * 10, "gsm7",
     [("a" * 152, 152, 153), ("€" + "b" * 10, 12, 153)], []),
    ("a character outside", "ok ☕", "ucs2", [("ok ☕", 4, 70)], [(3, "☕", "U+2615")]),
    ("an emoji takes two units", "👍" * 40, "ucs2", [("👍" * 33, 66, 67), ("👍" * 7, 14, 67)],
     [(at, "👍", "U+1F44D") for at in range(40)]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "encoding", "parts", "forcing"), [c[1:] for c in CUTS], ids=[c[0] for c in CUTS])
async def test_segments_and_what_forces_them(
    place: Place, text: str, encoding: str, parts: list[Any], forcing: list[Any]
) -> None:
    told = await look(place, text=text)
    assert told["encoding"] == encoding
    assert [tuple(one.values())[1:] for one in told["parts"]] == parts
    assert "".join(one["text"] for one in told["parts"]) == told["text"]
    assert [tuple(one.values()) for one in told["forces_ucs2"]] == forcing
    assert (told["segments"], told["forces_ucs2_count"]) == (len(told["parts"]), len(forcing))


async def test_what_smart_encoding_would_replace(place: Place) -> None:
    told = await look(place, text="“Hi” Łódź", smart_encoding="transliterate")
    assert (told["text"], told["encoding"], told["forces_ucs2_count"]) == ('"Hi" Lodz', "gsm7", 0)
    assert told["smart_encoding"]["transliterated"]
    assert told["smart_encoding"]["replaced"] == [
        {"at": 0, "from": "“", "to": '"'}, {"at": 3, "from": "”", "to": '"'}, {"at": 5, "from": "Ł", "to": "L"},
        {"at": 6, "from": "ó", "to": "o"}, {"at": 8, "from": "ź", "to": "z"},
    ]  # fmt: skip
    told = await look(place, text="“Hi” Łódź", smart_encoding=True)
    assert (told["text"], told["smart_encoding"]) == ("“Hi” Łódź", None)
    told = await look(place, text="’" * 300, smart_encoding=True)
    assert (told["smart_encoding"]["count"], len(told["smart_encoding"]["replaced"])) == (300, 100)


async def test_it_agrees_with_what_sending_then_does(place: Place) -> None:
    told = await look(place, text="x" * 300, category="otp")
    sent = (await place.post(text="x" * 300, category="otp")).json()
    same = ("status", "to", "from", "category", "text", "encoding", "segments")
    assert {name: told[name] for name in same} == {name: sent[name] for name in same}


def rows(folder: Path) -> list[Any]:
    """All that the store holds."""
    db = apsw.Connection(str(next(folder.glob("*.db"))), flags=apsw.SQLITE_OPEN_READONLY)
    tables = [name for (name,) in db.execute("select name from sqlite_master where type = 'table' order by name")]
    try:
        return [(table, list(db.execute(f"select * from {table}"))) for table in tables]
    finally:
        db.close()


_LETTERS = st.sampled_from("aZ 0\n@€[^~éñΩ\x1bж☕👍\u200d🏽\ud83d\u0301")
REQUESTS = st.fixed_dictionaries(
    {
        "to": st.sampled_from([GOOD["to"], GOOD["to"], "+15551239999", "12345", "5", "+0", ""]),
        "text": st.text(_LETTERS, max_size=8).flatmap(lambda piece: st.integers(0, 90).map(lambda n: piece * n)),
    },
    optional={
        "from": st.sampled_from(["ACME", "12345", "+15551230000", "ONE TOO MANY LETTERS", "Berlin"]),
        "category": st.sampled_from(["otp", "marketing", "conversation", "system"]),
        "encoding": st.sampled_from(["gsm7", "ucs2", "auto"]),
        "max_segments": st.integers(0, 5),
        "send_at": st.sampled_from(["2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z", "2098-01-01T00:00:00+02:00"]),
        "tags": st.lists(st.sampled_from(["a", "", "b\x00"]), max_size=3),
        "callback_url": st.sampled_from(["https://example.com/x", "ftp://x", "http://"]),
        "metadata": st.sampled_from([{}, {"a": 1}, {"a": "x" * 5000}]),
    },
)


@pytest.mark.one_engine("it looks into SQLite's file")
async def test_whatever_is_asked_it_tells_what_sending_then_does_and_leaves_no_trace(tmp_path: Path) -> None:
    async with opened(tmp_path) as place:
        place.house.carriers = {"north": 0.0}
        await place.store.write(suppress, ["+15551239999"])
        token = (await place.ask("POST", "/v1/keys", QUOTA, scope="admin")).json()["token"]
        examples: list[dict[str, Any]] = []

        @settings(max_examples=150, database=None, derandomize=True)
        @given(REQUESTS)
        def collect(body: dict[str, Any]) -> None:
            examples.append(body)

        collect()
        for body in examples:
            octets = json.dumps(body).encode()
            before = rows(tmp_path)
            told = await ask(place.app, "POST", PATH, octets, key=token)
            assert rows(tmp_path) == before
            sent = await ask(place.app, "POST", "/v1/messages", octets, key=token)
            agree(told, sent)
        assert {202, 422} <= SEEN


QUOTA = {"name": "q", "scope": "send", "daily_quota": 100_000}
SEEN: set[int] = set()


def agree(told: Heard, sent: Heard) -> None:
    """The preview said what sending then said."""
    SEEN.add(sent.status)
    if told.status != 200:
        assert (told.status, told.json()) == (sent.status, sent.json())
        return
    foretold = told.json()
    if foretold["status"] == "rejected":
        refused = sent.json()
        assert (sent.status, refused["verdicts"]) == (422, foretold["verdicts"])
        return
    message = sent.json()
    assert sent.status == 202, message
    same = ("status", "to", "from", "category", "text", "encoding", "segments")
    assert {name: foretold[name] for name in same} == {name: message[name] for name in same}
    assert foretold["goes_at"] == message["send_at"] if message["send_at"] else foretold["goes_at"] is not None
    assert abs(moment(foretold["expires_at"]) - moment(message["expires_at"])) < dt.timedelta(seconds=5)
    assert int(sent.headers["ratelimit-remaining"]) == int(told.headers["ratelimit-remaining"]) - 1


moment = dt.datetime.fromisoformat


async def test_forced_ucs2_is_nobodys_fault(place: Place) -> None:
    told = await look(place, text="Hello", encoding="ucs2")
    assert (told["encoding"], told["unit"], told["forces_ucs2"]) == ("ucs2", "utf16", [])


async def test_many_characters_are_told_up_to_a_bound(place: Place) -> None:
    told = await look(place, text="ж" * 500)
    assert (len(told["forces_ucs2"]), told["forces_ucs2_count"]) == (100, 500)


async def test_route_and_time(place: Place) -> None:
    told = await look(place)
    assert told["route"] == {"carrier": "north", "why": "north is the only carrier."}
    assert told["goes_at"] == told["eta"]
    assert told["expires_at"] > told["goes_at"]
    tomorrow = msgspec.json.decode(msgspec.json.encode(dt.datetime.now(dt.UTC) + dt.timedelta(days=1)))
    later = await look(place, send_at=tomorrow)
    assert (later["status"], later["goes_at"][:19]) == ("scheduled", tomorrow[:19])


async def test_the_estimate_follows_queue_and_rate(place: Place) -> None:
    place.house.backlog.add(1, 600)
    assert (await look(place))["eta"] is None
    place.house.carriers = {"north": 10.0, "south": 0.0}
    told = await look(place)
    assert told["route"]["why"] == "north is the first of 2 carriers in the configuration."
    begin, end = (told[name][14:19] for name in ("goes_at", "eta"))
    assert (int(end[:2]) - int(begin[:2])) % 60 == 1
    assert end[3:] == begin[3:]


async def test_no_carrier(place: Place) -> None:
    place.house.carriers = {}
    told = await look(place)
    assert told["route"]["carrier"] is None
    assert "no_route" in told["route"]["why"]
    assert (told["goes_at"], told["eta"]) == (None, None)


async def test_who_opted_out(place: Place) -> None:
    await place.store.write(suppress, [GOOD["to"]])
    told = await look(place)
    assert (told["status"], told["goes_at"]) == ("rejected", None)
    assert [(one["rule"], one["allowed"]) for one in told["verdicts"]] == [("suppression", False)]


BAD: list[dict[str, Any]] = [
    {"to": "1"},
    {"text": ""},
    {"max_segments": 1, "text": "x" * 161},
    {"txt": "x"},
    {"media": []},
]


@pytest.mark.parametrize("fields", BAD, ids=str)
async def test_what_is_not_valid_is_refused_as_in_sending(place: Place, fields: dict[str, Any]) -> None:
    told, sent = await place.ask("POST", PATH, {**GOOD, **fields}), await place.post(**fields)
    assert told.status == 422
    assert told.json() == sent.json()


async def test_a_full_queue_is_told_as_in_sending(tmp_path: Path) -> None:
    async with opened(tmp_path, Limits(queued_per_account=1)) as place:
        await place.post()
        told = await place.ask("POST", PATH, GOOD)
        assert (told.status, told.json()["code"]) == (429, "too_many_queued")


async def test_it_needs_a_key_that_may_send(place: Place) -> None:
    assert (await place.ask("POST", PATH, GOOD, scope="read")).status == 403
