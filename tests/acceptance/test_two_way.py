"""The tutorial on two-way is typed as it stands, and every command does what the page says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from processes import until
from test_readme import Running, needs_curl, running  # noqa: F401 - a fixture

pytestmark = pytest.mark.one_engine("as the page has it")

PAGE = (Path(__file__).parents[2] / "docs/tutorial/two-way.md").read_text(encoding="utf-8")


@needs_curl
def test_the_tutorial_on_two_way_can_be_followed(running: Running) -> None:  # noqa: F811
    """An id with `…` on the page is the one that was shown before."""
    commands = [block.strip() for block in re.findall(r"^```\n(.*?)^```", PAGE, flags=re.M | re.S)]
    assert len(commands) == 15
    known: dict[str, str] = {}

    def typed(at: int) -> list[Any]:
        command = commands[at]
        for kind, shown in known.items():
            command = command.replace(f"{kind}_…", shown)
        assert "…" not in command
        done = running.type(command)
        assert done.returncode == 0, done.stderr
        answers = [] if not done.stdout.startswith("{") else _objects(done.stdout)
        for kind in ("con", "conv"):
            if found := re.search(rf'"({kind}_[0-9a-z]{{13}})"', done.stdout):
                known[kind] = found[1]
        return answers or [done.stdout]

    assert "+15550009999 belongs to acc_0000000000001" in typed(0)[0]
    assert "delivered" in typed(1)[0]
    typed(2)
    (one,) = until(lambda: typed(3)[0]["data"], "the text is in the inbox")
    assert (one["number"], one["unread"], one["last_message"]["text"]) == ("+15551230100", 1, "Could we come at nine?")
    assert one["last_message"]["in_reply_to"].startswith("msg_")
    (person,) = typed(4)
    assert (person["name"], person["numbers"]) == ("Ada Wong", ["+15551230100"])
    changed, note = typed(5)
    assert (changed["assignee"], changed["labels"], changed["contact"]["name"]) == ("kim", ["booking"], "Ada Wong")
    assert note["author"] == "kim"
    (reply,) = typed(6)
    assert typed(6)[0]["id"] == reply["id"], "it goes once"
    (thread,) = typed(7)
    assert [m["text"] for m in thread["data"]] == [
        "Nine is fine. See you then!", "Could we come at nine?", "Your table for Friday is ready to confirm",
    ]  # fmt: skip
    assert typed(8)[0]["status"] == "closed"
    found, report = typed(9)
    assert [hit["message"]["id"] for hit in found["data"]] == [reply["id"]]
    ours = next(row for row in report["data"] if row["key"] == "+15550009999")
    assert (ours["answered"], ours["replies"]) == (1, 1)

    taken = typed(10)[0]
    assert "2 stored: vote, vote is over" in taken
    assert "Danke! Deine Stimme für B zählt." in taken
    typed(11)
    screen = until(lambda: len(shown := _texts(typed(12))) == 4 and shown, "both are answered")
    assert set(screen[2:]) == {"Thank you! Your vote for B counts.", "Send VOTE A, B or C."}
    assert [one["text"] for one in typed(12)[1]["data"]] == ["Vote Borealis"]
    assert typed(13)[0]["reports"] == []
    told = until(lambda: "noted." in (said := typed(14)[0]) and said, "it is noted and answered")
    assert "guests = 4" in told
    assert "Ada Wong" in told
    assert "A table for 4: noted." in told


def _texts(answers: list[Any]) -> list[str]:
    """What the handset shows."""
    return [text["text"] for text in answers[0]["messages"]]


def _objects(text: str) -> list[Any]:
    """JSON objects one behind the other."""
    found, at = [], 0
    while at < len(text):
        one, at = json.JSONDecoder().raw_decode(text, at)
        found.append(one)
        while at < len(text) and text[at].isspace():
            at += 1
    return found
