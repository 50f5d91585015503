"""Texts from simulated handsets, over SMPP, to codes, webhooks and people, and back: killed, lied to, and flooded."""

from __future__ import annotations

import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hooks import listening
from processes import Site, until
from promises import LONG, all_ended

pytestmark = pytest.mark.slow

OURS = "+15556000001"
REACHING = {"webhooks.allow_private": True, "webhooks.timeout": 1.0}


def say(name: str, text: str, **more: Any) -> dict[str, Any]:
    """A code that answers with a text made of what stands behind its keyword."""
    what = {"name": "what", "type": "rest"}
    actions = [{"type": "reply", "text": text}]
    return {"name": name, "keywords": [name], "parameters": [what], "help": "What?", "actions": actions, **more}


def call(name: str, url: str, **more: Any) -> dict[str, Any]:
    """A code that calls a webhook."""
    return say(name, "", actions=[{"type": "webhook", "url": url, **more}])


def take(site: Site, *codes: Any) -> None:
    assert site.tidings.client.import_codes({"codes": list(codes)})["reports"] == []


def shows(site: Site, number: str) -> list[str]:
    return [text["text"] for text in site.simulator.shows(number)]


def shown(site: Site, number: str, count: int = 1) -> list[str]:
    """The texts on a phone, once there are so many."""
    seen = until(lambda: len(got := shows(site, number)) >= count and got, f"{count} texts on {number}",
                 told=lambda: shows(site, number))  # fmt: skip
    return seen or []


def heard(site: Site, number: str, count: int = 1) -> list[dict[str, Any]]:
    """What came from a phone, newest first, once there is so much."""
    found = until(
        lambda: len(got := site.tidings.messages(from_=number, direction="mo")) >= count and got,
        f"{count} texts of {number}",
    )
    return found or []


def called(site: Site, number: str) -> dict[str, Any]:
    """The story of the one text of a phone, once the call that its code made has come to something."""
    (message,) = heard(site, number)
    found: dict[str, Any] = until(
        lambda: (story := site.tidings.story(message["id"]))["code"]["calls"][0]["attempts"] and story,
        f"the webhook for {number} is called",
    )
    return found


def test_from_a_handset_and_back(tmp_path: Path) -> None:
    """Put together, understood, answered by code and webhook, and by a person in the conversation."""
    with listening() as hooks, Site(tmp_path, top=REACHING) as site:
        site.start()
        owner = {"address": OURS, "inbox_url": f"{hooks.url}/xml", "inbox_replies": "twiml"}
        site.tidings.client.create_sender(owner)  # type: ignore[arg-type]
        take(site, say("long", "{{ what | size }} characters"), call("ask", f"{hooks.url}/asked"))

        one, two, three = "+15556010100", "+15556010101", "+15556010102"
        site.simulator.texts(one, OURS, f"Long {LONG}")
        (text,) = heard(site, one)
        assert (text["text"], text["segments"]) == (f"Long {LONG}", 3)
        assert set(shown(site, one, 2)) == {f"{len(LONG.strip())} characters", "Read twice, & liked"}

        site.simulator.texts(two, OURS, "ASK me: what's on?")
        assert set(shown(site, two, 2)) == {"Read twice, & liked", "You asked: ASK me: what's on?"}
        assert called(site, two)["code"]["calls"][0]["status"] == "answered"
        (told,) = hooks.told("/asked")
        assert told["data"]["parameters"] == {"what": "me: what's on?"}

        site.simulator.texts(three, OURS, "Is anybody there?")
        shown(site, three)
        (thread,) = site.tidings.client.list_conversations(unread="true", limit=1)["data"]
        assert (thread["number"], thread["unread"]) == (three, 1)
        said = site.tidings.client.reply_in_conversation(thread["id"], {"text": "Yes, I am."})
        assert site.tidings.ended(said["id"])["status"] == "delivered"
        assert shown(site, three, 2)[1:] == ["Yes, I am."]
        site.simulator.texts(three, OURS, "Good to know")
        assert heard(site, three, 2)[0]["in_reply_to"] in {said["id"]}
        assert {message["status"] for message in all_ended(site.tidings)} == {"delivered"}


@pytest.mark.parametrize(
    ("engine", "point"),
    [("sqlite", "after text"), ("sqlite", "after text is stored"), ("sqlite", "after write"),
     ("sqlite", "after commit"), ("sqlite", "before a call is settled"), ("postgres", "after text is stored"),
     ("postgres", "before a call is settled")],
    indirect=["engine"],
)  # fmt: skip
def test_kill_at_a_text_that_is_answered(tmp_path: Path, point: str) -> None:
    """Nothing is lost, each text is answered once, and the answer is on the screen."""
    texts = {
        f"+1555602{100 + at:04}": [f"SAY {at}", f"Say {at} {LONG}", f"ASK {at}", f"Nobody knows {at}"][at % 4]
        for at in range(20)
    }
    with listening() as hooks, Site(tmp_path, top=REACHING) as site:
        site.start()
        take(site, say("say", "{{ what | size }} characters"), call("ask", f"{hooks.url}/asked"))
        for number, text in list(texts.items())[:4]:
            site.simulator.texts(number, OURS, text)
        heard(site, "+15556020103")
        all_ended(site.tidings)
        site.tidings.stop()
        doomed = site.tidings.start_to_crash(point, 1)
        site.linked()
        for number, text in list(texts.items())[4:]:
            site.simulator.texts(number, OURS, text)
        assert doomed.wait() == -signal.SIGKILL, doomed.printed
        assert doomed.printed.endswith(f"killed at {point}\n"), doomed.printed

        site.tidings.start()
        until(lambda: site.simulator.stats()["texts_owed"] == 0, "all texts are acknowledged")
        received = site.tidings.messages(direction="mo")
        assert {one["from"]: one["text"] for one in received} == texts
        assert len(received) == len(texts), "each of them once"
        answered = {number: text for number, text in texts.items() if not text.startswith("Nobody")}
        for number in answered:
            shown(site, number)
        messages = all_ended(site.tidings)
        assert Counter(one["to"] for one in messages) == Counter(answered.keys()), "each is answered once"
        assert {one["status"] for one in messages} == {"delivered"}
        doubted = {one["to"] for one in messages if _in_doubt(site, one["id"])}
        for number, text in answered.items():
            said = shows(site, number)
            wanted = f"You asked: {text}" if text.startswith("ASK") else f"{len(text.strip()) - 4} characters"
            assert set(said) == {wanted}
            assert len(said) == 1 or (number in doubted and len(said) == 2), "twice at the most, and only after a doubt"
        asked = hooks.told("/asked")
        assert len({one["id"] for one in asked}) == sum(text.startswith("ASK") for text in texts.values())


def _in_doubt(site: Site, message_id: str) -> bool:
    attempts = site.tidings.story(message_id)["attempts"]
    return any(one["outcome"] == "in_doubt" or str(one["detail"]).startswith("outcome_lost") for one in attempts)


BAD = {
    "hang": "timeout: ", "drip": "timeout: ", "loop": "the endpoint answered 307", "nonsense": "broken: ",
    "garbage": "its answer cannot be used: ", "endless": "its answer is too long to be read",
}  # fmt: skip
"""Ways of a webhook to answer badly, and how what is told of the call begins."""


def test_webhooks_that_answer_badly_hurt_nothing_else(tmp_path: Path) -> None:
    with listening() as hooks, Site(tmp_path, top=REACHING | {"webhooks.concurrency": 2}) as site:
        site.start()
        take(site, say("say", "{{ what }}!"), call("ask", f"{hooks.url}/asked"),
             *[call(name, f"{hooks.url}/{name}") for name in BAD])  # fmt: skip
        numbers = {name: f"+1555603{at:02}01" for at, name in enumerate(BAD, 10)}
        for name, number in numbers.items():
            for copy in range(5):
                site.simulator.texts(number if not copy else f"{number[:-1]}{copy + 1}", OURS, f"{name} {copy}")
        began = time.monotonic()
        site.simulator.texts("+15556040100", OURS, "SAY hello")
        assert shown(site, "+15556040100") == ["hello!"]
        assert site.tidings.ended(site.tidings.send("+15556040101"))["status"] == "delivered"
        assert site.tidings.ready()
        assert time.monotonic() - began < 10, "nobody waits for them"
        for name, number in numbers.items():
            story = called(site, number)
            assert story["code"]["calls"][0]["note"].startswith(BAD[name]), story
        site.simulator.texts("+15556040102", OURS, "ASK you")
        assert shown(site, "+15556040102") == ["You asked: ASK you"]
        assert site.tidings.program is not None
        assert site.tidings.program.running
        assert "Traceback" not in site.tidings.program.printed


def test_machines_that_answer_each_other_are_stopped(tmp_path: Path) -> None:
    """Phones that send back what they get, to a code and to a webhook that answer everything."""
    with listening() as hooks, Site(tmp_path, top=REACHING) as site:
        site.start()
        echo, mirror, other = "+15556050016", "+15556060016", "+15556000002"
        take(site, say("else", "We are closed.", keywords=[], parameters=[], default=True, senders=[OURS]),
             call("other", f"{hooks.url}/asked", ) | {"keywords": [], "parameters": [], "default": True,
                                                     "senders": [other]})  # fmt: skip
        for number, ours, said in ((echo, OURS, "We are closed."), (mirror, other, "You asked: Hello")):
            site.simulator.texts(number, ours, "Hello")
            (last, _) = heard(site, number, 2)
            assert site.tidings.story(last["id"])["code"]["guard"]["rule"] == "echo"
            until(lambda: site.simulator.stats()["texts_owed"] == 0, "all is taken")
            assert shows(site, number) == [said]


def test_a_thousand_texts_of_one_number_get_what_the_guard_allows(tmp_path: Path) -> None:
    number, count = "+15556070100", 1_000
    with Site(tmp_path, top={"codes.replies_per_minute": 7}) as site:
        site.start()
        take(site, say("say", "{{ what }}!"))
        began = time.monotonic()
        for at in range(count):
            site.simulator.texts(number, OURS, f"SAY {at}")
        until(lambda: site.simulator.stats()["texts_owed"] == 0, "all texts are acknowledged")
        minutes = int((time.monotonic() - began) // 60) + 1
        all_ended(site.tidings)
        received = site.tidings.messages(from_=number, direction="mo")
        assert len(received) == count, "none is lost for that"
        said = shows(site, number)
        assert 7 <= len(said) <= 7 * minutes, said
        told = [site.tidings.story(received[at]["id"])["code"] for at in (count - 1, 0)]
        assert told[0]["guard"] == {
            "rule": "reply_pace", "allowed": True, "detail": "1 of 7 answers a minute and 200 a day.",
        }  # fmt: skip
        if minutes == 1:
            assert told[1]["guard"] == {
                "rule": "reply_pace", "allowed": False, "detail": "7 answers in this minute; there may be 7.",
            }  # fmt: skip
            assert told[1]["done"][0]["note"].startswith("not sent: 7 answers in this minute")
