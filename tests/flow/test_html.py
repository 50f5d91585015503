"""HTML through the API on the real store: read once, sent as text, and refused rather than feared."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from test_api import GOOD, Place, opened

from tidings.pipeline import pages

TO = GOOD["to"]
BATCH = "/v1/messages/batch"


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with opened(tmp_path) as found:
        found.house.carriers = {"north": 0.0}
        yield found


async def test_it_is_stored_and_told_as_text(place: Place) -> None:
    told = await place.ask("POST", "/v1/messages", {"to": TO, "html": "<p>caf&eacute;<p>&euro; 5"})
    message = told.json()
    assert (told.status, message["text"], message["encoding"]) == (202, "café\n\n€ 5", "gsm7")
    assert "html" not in message
    story = (await place.ask("GET", f"/v1/messages/{message['id']}/explain")).json()
    assert story["message"]["text"] == "café\n\n€ 5"


async def test_a_preview_names_what_is_left_out(place: Place) -> None:
    html = '<b>Hi</b> <img src="https://x.org/a.png" alt="A"><script>x</script>'
    told = (await place.ask("POST", "/v1/messages/preview", {"to": TO, "html": html})).json()
    assert told["text"] == "Hi A"
    assert told["html"] == {
        "left_out": [{"what": what, "count": 1} for what in ("formatting", "image", "script")],
        "images": [{"source": "https://x.org/a.png", "alt": "A"}],
    }
    assert (await place.ask("POST", "/v1/messages/preview", GOOD)).json()["html"] is None


async def test_a_page_that_many_messages_bring_is_read_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    real = pages.readable

    def reading(html: str) -> Any:
        read.append(html)
        return real(html)

    monkeypatch.setattr(pages, "readable", reading)
    items = [{"to": TO, "html": "<p>one"}] * 40 + [{"to": TO, "html": "<p>two"}, GOOD]
    told = await place.ask("POST", BATCH, {"messages": items})
    assert (told.status, told.json()["accepted"], read) == (202, 42, ["<p>one", "<p>two"])


async def test_long_work_lets_others_have_their_turn(place: Place) -> None:
    turns = []

    async def turn() -> None:
        turns.append(1)

    place.house.breathe = turn
    items = [{"to": TO, "html": f"<p>{n}" + " " * pages.AT_ONCE} for n in range(4)]
    assert (await place.ask("POST", BATCH, {"messages": items})).status == 202
    assert len(turns) == 4


REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("a text beside it", {"html": "x", "text": "y"}, "/html", "one of the two"),
    ("nothing in it", {"html": ""}, "/html", "no text"),
    ("nothing to be seen in it", {"html": "<p hidden>x</p><img><!-- y -->"}, "/html", "no text"),
    ("too much of it", {"html": "x" * 100_001}, "/html", "at most 100000"),
    ("too much text in it", {"html": "ж" * 40_000}, "/html", "255 segments"),
    ("more than it may take", {"html": "<p>" + "x" * 161, "max_segments": 1}, "/html", "takes 2 segments"),
    ("what GSM-7 lacks", {"html": "&#1078;", "encoding": "gsm7"}, "/html", "U+0436 at 0"),
    ("no string", {"html": 5}, "/html", "str"),
]


@pytest.mark.parametrize(("fields", "pointer", "why"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
async def test_what_cannot_be_sent_is_refused(place: Place, fields: dict[str, Any], pointer: str, why: str) -> None:
    told = await place.ask("POST", "/v1/messages", {"to": TO, **fields})
    assert told.status == 422, told.body
    assert [(one["pointer"], why in one["detail"]) for one in told.json()["errors"]] == [(pointer, True)]
    assert await place.count() == 0


BOMBS: list[str] = [
    "<div>" * 20_000,
    "<b>" * 33_000,
    "&lt;" * 25_000,
    "<a " + " ".join(f"a{n}=1" for n in range(11_000)),
    "<!--" * 25_000,
    "\x00" * 16_000,
    "<table><tr><td>" * 6_000 + "x",
]


@pytest.mark.parametrize("html", BOMBS, ids=[html[:10] for html in BOMBS])
async def test_bombs_are_answered(place: Place, html: str) -> None:
    told = await place.ask("POST", "/v1/messages/preview", {"to": TO, "html": html})
    assert told.status in (200, 422), told.body


async def test_half_a_pair_is_refused_by_its_place(place: Place) -> None:
    body = json.dumps({"to": TO, "html": "a@"}).replace("@", "\\ud800").encode()
    told = await place.ask("POST", "/v1/messages", body)
    fault = {"pointer": "/html", "detail": "must not contain lone surrogates: U+D800 at position 1"}
    assert (told.status, told.json()["errors"]) == (422, [fault])
