"""The example files of codes: taken as they are, without conflicts, and each doing what its page says."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from test_accounts import Town, admin, settle
from test_api import opened

from tidings.config import load

FOLDER = Path(__file__).parents[2] / "docs" / "howto" / "codes"
PAGE = FOLDER.with_suffix(".md")
NAMES = sorted(file.name for file in FOLDER.glob("*.json"))
TUESDAY, NIGHT, SUNDAY = "2026-11-24T12:00:00Z", "2026-11-24T20:00:00Z", "2026-11-22T12:00:00Z"
EARLY, LATER = "2026-11-23T05:00:00Z", "2037-01-01T00:00:00Z"

TRIED = [
    ("votes.json", "VOTE a", TUESDAY, "vote",
     "Thank you! Your vote for A counts."),
    ("votes.json", "Stimme Borealis", TUESDAY, "vote",
     "Danke! Deine Stimme für B zählt."),
    ("votes.json", "vtoe 3", TUESDAY, "vote",
     "Thank you! Your vote for C counts."),
    ("votes.json", "voter D", TUESDAY, "vote",
     "Envoyez VOTER A, B ou C."),
    ("votes.json", "vote a", LATER, "vote is over",
     "The vote is over. Thank you!"),
    ("quiz.json", "quiz 1969!", TUESDAY, "quiz",
     "1969 is right! You are in the draw."),
    ("quiz.json", "Quiz 1958", TUESDAY, "quiz",
     "Not yet in 1958. Try again: a little later."),
    ("quiz.json", "quiz long ago", TUESDAY, "quiz",
     "In which year did people first walk on the moon?"),
    ("look-up.json", "Prix 4711 large", TUESDAY, "price",
     "https://example.com/prices"),
    ("look-up.json", "price 47", TUESDAY, "price",
     "item must be at least 1000. Send PRICE and the number on the shelf,"),
    ("registration.json", "join anna anna@example.com", TUESDAY, "join",
     "Welcome, Anna! We will write to anna@example.com."),
    ("registration.json", "LEAVE", TUESDAY, "leave",
     ""),
    ("appointments.json", "Book 24.12. 2:30 pm", TUESDAY, "book",
     "We got your wish for 24.12.2026 at 14:30 and will"),
    ("appointments.json", "Termin morgen", TUESDAY, "book",
     "day must be a date, not “morgen”. Send TERMIN, a day and"),
    ("appointments.json", "Book 24.12. 14:30", SUNDAY, "closed at weekends",
     "We are closed now and will answer on the next"),
    ("appointments.json", "Book 24.12. 14:30", NIGHT, "closed at night",
     "We are closed now and will answer on the next"),
    ("appointments.json", "Book 24.12. 14:30", EARLY, "closed on Sunday nights",
     "We are closed now and will answer on the next"),
]  # fmt: skip
"""A text and when it comes, the code it is for, and how what its last action comes to begins."""


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with opened(tmp_path) as place:
        yield await settle(place)


@pytest.mark.one_engine("no store is asked")
def test_the_page_names_every_file_and_every_file_is_tried() -> None:
    assert re.findall(r"\(codes/([a-z-]+\.json)\)", PAGE.read_text(encoding="utf-8")) == [
        "votes.json", "quiz.json", "look-up.json", "registration.json", "appointments.json",
    ]  # fmt: skip
    assert {name for name, *_ in TRIED} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
async def test_a_file_does_what_the_page_says(town: Town, name: str) -> None:
    taken = await admin(town, "POST", "/v1/codes/import", msgspec.json.decode((FOLDER / name).read_bytes()))
    assert taken.status == 200, taken.body
    assert taken.json()["reports"] == [], "no conflicts"
    for _, text, at, code, last in [row for row in TRIED if row[0] == name]:
        told: dict[str, Any] = (await admin(town, "POST", "/v1/codes/test", {"text": text, "at": at})).json()
        assert told["code"] == code, text
        assert told["actions"][-1]["result"].startswith(last), text


async def test_what_the_page_shows_is_sound(town: Town, tmp_path: Path) -> None:
    blocks = re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    rule, forward, call = (msgspec.json.decode(block) for block in blocks)
    assert (await admin(town, "POST", "/v1/codes", rule)).status == 201
    assert set(call) == {"id", "type", "occurred_at", "data"}
    mails = {"name": "alarm", "keywords": ["alarm"], "actions": [forward]}
    refused = await admin(town, "POST", "/v1/codes", mails)
    assert [one["detail"] for one in refused.json()["errors"]] == [
        "is an e-mail address, and this server sends none: set email.host first"
    ]
    (settings,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "tidings.toml").write_text(settings)
    (tmp_path / "smtp-password").write_text("secret")
    email = load({"data": str(tmp_path)}, {}).email
    town.house.settings = msgspec.structs.replace(town.house.settings, email=email)
    assert (await admin(town, "POST", "/v1/codes", mails)).json()["actions"][0]["subject"] == forward["subject"]
