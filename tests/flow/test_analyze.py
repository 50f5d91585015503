"""`POST /v1/text/analyze` through the door: who may ask, what is answered, and that nothing comes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from test_api import GOOD, Place, opened

from tidings.api.examples import ANALYSIS, TEXT_QUESTION
from tidings.text.terms import Terms

PATH = "/v1/text/analyze"


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with opened(tmp_path) as found:
        found.house.carriers = {"north": 0.0}
        yield found


@pytest.mark.parametrize("scope", ["read", "only", "send", "admin"])
async def test_every_key_may_ask(place: Place, scope: str) -> None:
    told = await place.ask("POST", PATH, TEXT_QUESTION, scope=scope)
    assert (told.status, told.json()) == (200, ANALYSIS)
    assert await place.count() == 0


async def test_it_agrees_with_the_preview(place: Place) -> None:
    for text in ("Hello", "€" * 81, "Déjà vu ☕" * 20, "x" * 153 + "\r\n" + "y" * 20):
        told = (await place.ask("POST", PATH, {"text": text})).json()
        seen = (await place.ask("POST", "/v1/messages/preview", {**GOOD, "text": text})).json()
        for field in ("encoding", "unit", "segments", "parts", "text"):
            assert told[field] == seen[field]


async def test_html_is_looked_at_as_its_text(place: Place) -> None:
    told = (await place.ask("POST", PATH, {"html": "<p>5&nbsp;&euro;<img alt=''>"})).json()
    assert (told["text"], told["encoding"]) == ("5 €", "gsm7")
    assert told["html"] == {"left_out": [{"what": "image", "count": 1}], "images": [{"source": "", "alt": ""}]}
    assert [one["character"] for one in told["takes_two"]["characters"]] == ["€"]


async def test_the_terms_of_the_carrier_hold_where_the_text_would_go(place: Place) -> None:
    place.house.terms = {"north": Terms(languages=("tr",))}
    to = {"tr": "+905321234567", "us": "+15551230100"}
    told = {
        name: (await place.ask("POST", PATH, {"text": "ş" * 80, "to": number})).json()["encoding"]
        for name, number in to.items()
    }
    assert told["tr"].startswith("gsm7")
    assert told["us"] == "ucs2"


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("neither", {}, "/text"),
    ("both", {"text": "a", "html": "b"}, "/text"),
    ("nothing", {"text": ""}, "/text"),
    ("nothing to be seen", {"html": "<script>x</script>"}, "/html"),
    ("too much HTML", {"html": "x" * 100_001}, "/html"),
    ("too much text", {"text": "x" * 1_000_001}, "/text"),
    ("no encoding", {"text": "a", "encoding": "latin1"}, "/encoding"),
    ("an unknown field", {"text": "a", "smart": True}, "/smart"),
]


@pytest.mark.parametrize(("fields", "pointer"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
async def test_what_cannot_be_looked_at_is_refused(place: Place, fields: dict[str, Any], pointer: str) -> None:
    told = await place.ask("POST", PATH, fields)
    assert (told.status, [one["pointer"] for one in told.json()["errors"]]) == (422, [pointer])


async def test_a_number_that_is_none_is_named(place: Place) -> None:
    told = await place.ask("POST", PATH, {"text": "a", "to": "nobody"})
    assert (told.status, told.json()["errors"][0]["pointer"]) == (422, "/to")


@pytest.mark.parametrize("text", ["x" * 1_000_000, "ж" * 1_000_000, "\0" * 1_000_000])
async def test_a_million_characters_are_answered(place: Place, text: str) -> None:
    told = await place.ask("POST", PATH, {"text": text})
    assert (told.status, told.json()["sendable"], told.json()["parts"]) == (200, False, [])
    assert told.json()["characters"] == 1_000_000
