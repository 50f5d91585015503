"""What is posted is what a handset shows, and what is typed there is what we show: a whole tidings in this process."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from kit import ask
from languages import LONG, ODDITIES, SENTENCES
from tidings import app as tidings_app
from tidings.config import Settings
from tidings.text import gsm7
from tidings.text.segments import join, split
from tidings.text.smart import smart

pytestmark = pytest.mark.one_engine("texts and alphabets: the store keeps them as it keeps others")

TEXTS = {**SENTENCES, **ODDITIES, **{f"{name}, long": text for name, text in LONG.items()}}
NAMES = list(TEXTS)


def test_the_table_is_worth_its_name() -> None:
    assert len(SENTENCES) >= 75
    assert len(set(TEXTS.values())) == len(TEXTS)


@pytest.mark.parametrize("name", NAMES)
def test_cut_and_joined(name: str) -> None:
    text = TEXTS[name]
    assert join(split(text).segments) == text


@pytest.mark.parametrize("name", NAMES)
def test_smart_encoding_leaves_what_it_cannot_carry(name: str) -> None:
    text = TEXTS[name]
    found = smart(text).text
    if not gsm7.fits(found):
        assert unicodedata.normalize("NFC", _seen(found)) == unicodedata.normalize("NFC", _seen(text))
        assert len(found.encode("utf-16-be")) <= len(text.encode("utf-16-be"))


def _seen(text: str) -> str:
    """Without characters that show nothing by themselves."""
    return "".join(one for one in text if unicodedata.category(one) != "Cf")


@pytest.mark.parametrize("name", SENTENCES)
def test_transliteration_is_latin_or_leaves_the_text_alone(name: str) -> None:
    found = smart(SENTENCES[name], transliterate=True)
    assert gsm7.fits(found.text) or found.text == smart(SENTENCES[name]).text


# end to end


class Seen:
    """What was answered, shown on handsets and listed as received, by the name of the text."""

    def __init__(self) -> None:
        self.answered: dict[str, dict[str, Any]] = {}
        self.shown: dict[str, list[str]] = {}
        self.received: dict[str, list[str]] = {}


async def _run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Seen:
    opened: list[Any] = []
    real = tidings_app.application

    def caught(*arguments: Any, **more: Any) -> Any:
        opened.append(real(*arguments, **more))
        return opened[0]

    monkeypatch.setattr(tidings_app, "application", caught)
    program = tidings_app.Tidings(Settings(data=str(folder), port=0, shutdown_grace=1))
    seen = Seen()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(program.run())
        try:
            async with asyncio.timeout(60):
                while not (folder / "server.json").exists():  # noqa: ASYNC110 - somebody else makes it
                    await asyncio.sleep(0.02)
                await _exchange(opened[0], (folder / "admin.key").read_text().strip(), seen)
        finally:
            program.stop.set()
    return seen


async def _exchange(app: Any, key: str, seen: Seen) -> None:
    async def call(method: str, path: str, body: Any = None) -> Any:
        told = await ask(app, method, path, body, key=key)
        assert told.status < 300, told.body
        return told.json()

    numbers = {name: f"+1555{2_000_100 + at}" for at, name in enumerate(NAMES)}
    batch = {"messages": [{"to": numbers[name], "text": TEXTS[name]} for name in NAMES]}
    answered = (await call("POST", "/v1/messages/batch", batch))["data"]
    for name, one in zip(NAMES, answered, strict=True):
        while (message := await call("GET", f"/v1/messages/{one['id']}"))["status"] != "delivered":  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        seen.answered[name] = message
        handset = f"/v1/simulator/handsets/{numbers[name][1:]}"
        seen.shown[name] = [shown["text"] for shown in (await call("GET", handset))["messages"]]
        await call("POST", f"{handset}/messages", {"to": "TIDINGS", "text": TEXTS[name]})
    for name in NAMES:
        listed = f"/v1/messages?direction=mo&from={quote(numbers[name])}"
        while not (found := (await call("GET", listed))["data"]):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        seen.received[name] = [one["text"] for one in found]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield asyncio.run(_run(tmp_path_factory.mktemp("languages"), monkeypatch))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_handset_shows_what_was_posted(seen: Seen, name: str) -> None:
    assert seen.answered[name]["text"] == TEXTS[name]
    assert seen.shown[name] == [TEXTS[name]]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_we_show_what_was_typed_at_a_handset(seen: Seen, name: str) -> None:
    assert seen.received[name] == [TEXTS[name]]
