"""STOP, START and HELP from a handset: one answer, and nothing more to who said STOP, not even what waits already."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from processes import Site, until

from tidings_client import Problem

US = "+15554000199"
STOPPED = "You are unsubscribed and will get no more messages. Reply START to receive them again."
STARTED = "You will receive messages again. Reply STOP to end, HELP for help."
HELPED = "Reply STOP to get no more messages."
STOP_WORDS = ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"]


@pytest.fixture(scope="module")
def site(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("stop"), top={"default_sender": US}) as running:
        yield running.start()


def shows(site: Site, handset: str, count: int) -> list[str]:
    """The texts on a phone, once there are so many."""
    return until(lambda: seen if len(seen := _texts(site, handset)) >= count else None, f"{count} texts arrive") or []


def _texts(site: Site, handset: str) -> list[str]:
    return [message["text"] for message in site.simulator.shows(handset)]


def _outcomes(site: Site, handset: str) -> list[str]:
    """What became of the attempts at the one message to a phone."""
    found = site.tidings.messages(to=handset)
    return [attempt["outcome"] for attempt in site.tidings.story(found[0]["id"])["attempts"]] if found else []


def refused(site: Site, handset: str, **more: Any) -> dict[str, Any]:
    """A message that is refused for the opt-out; its problem."""
    with pytest.raises(Problem) as told:
        site.tidings.send(handset, "after stop", **more)
    problem = told.value.told
    assert (told.value.status, told.value.code) == (422, "rejected")
    assert [(v["rule"], v["allowed"]) for v in problem["verdicts"]] == [("suppression", False)]
    stored = site.tidings.message(problem["message_id"])
    assert (stored["status"], stored["error"]["code"]) == ("rejected", "opted_out")
    return problem


def received(site: Site, handset: str, count: int) -> None:
    """So many texts of this phone have been taken in."""
    until(lambda: len(site.tidings.messages(from_=handset, direction="mo")) >= count, f"{count} texts are received")


@pytest.mark.parametrize("word", [*STOP_WORDS, "stop", " Stop. "])
def test_stop_is_confirmed_once_and_kept(site: Site, word: str) -> None:
    handset = f"+1555401{100 + ([*STOP_WORDS, 'stop', ' Stop. '].index(word)):04}"
    site.tidings.ended(site.tidings.send(handset, "before"))
    site.simulator.texts(handset, US, word)
    assert shows(site, handset, 2) == ["before", STOPPED]
    site.simulator.texts(handset, US, word)
    received(site, handset, 2)
    for category in ("transactional", "marketing", "otp", "conversation"):
        refused(site, handset, category=category)
    assert _texts(site, handset) == ["before", STOPPED], "exactly one confirmation, and nothing after it"
    confirmation = site.tidings.messages(to=handset, status="delivered")[0]
    assert (confirmation["category"], confirmation["from"]) == ("system", US)


def test_start_lifts_it_and_help_answers_all_along(site: Site) -> None:
    handset = "+15554020100"
    site.simulator.texts(handset, US, "HELP")
    assert shows(site, handset, 1) == [HELPED]
    site.simulator.texts(handset, US, "STOP")
    assert shows(site, handset, 2)[1:] == [STOPPED]
    refused(site, handset)
    site.simulator.texts(handset, US, "info")
    assert shows(site, handset, 3)[2:] == [HELPED]
    site.simulator.texts(handset, US, "START")
    assert shows(site, handset, 4)[3:] == [STARTED]
    assert site.tidings.ended(site.tidings.send(handset, "again"))["status"] == "delivered"
    site.simulator.texts(handset, US, "START")
    received(site, handset, 5)
    assert site.tidings.ended(site.tidings.send(handset, "and again"))["status"] == "delivered"
    assert _texts(site, handset)[4:] == ["again", "and again"], "a START that lifts nothing is not answered"


def test_a_sentence_with_the_word_is_no_stop(site: Site) -> None:
    handset = "+15554030100"
    site.simulator.texts(handset, US, "Please do not stop the delivery")
    received(site, handset, 1)
    assert site.tidings.ended(site.tidings.send(handset, "of course"))["status"] == "delivered"


def test_a_batch_is_gated_one_by_one(site: Site) -> None:
    handset = "+15554040100"
    site.simulator.texts(handset, US, "STOP")
    shows(site, handset, 1)
    told = site.tidings.client.post_batch(
        {"messages": [{"to": handset, "text": "no"}, {"to": "+15554040101", "text": "yes"}]}
    )
    assert (told["accepted"], told["rejected"]) == (1, 1), told
    no, yes = told["data"]
    assert no["error"] is not None
    assert no["error"]["code"] == "rejected"
    assert yes["id"] is not None
    assert site.tidings.ended(yes["id"])["status"] == "delivered"


def test_what_waits_already_is_rejected(tmp_path: Path) -> None:
    """Scheduled, in the queue of a throttling carrier, and in back-off: none of it goes out after the STOP."""
    handset, other = "+15554050100", "+15554050101"
    with Site(tmp_path, top={"default_sender": US}, delivery={"throttle_pause": 1.0}) as site:
        site.start()
        soon = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()
        scheduled = [site.tidings.send(to, "scheduled", send_at=soon) for to in (handset, other)]
        assert site.tidings.message(scheduled[0])["status"] == "scheduled"
        site.simulator.faults("throttle")
        queued = [site.tidings.send(handset, f"queued {number}") for number in range(5)]
        until(lambda: site.simulator.submissions(), "the carrier throttles")
        site.simulator.texts(handset, US, "STOP")
        received(site, handset, 1)
        site.simulator.faults("none")
        for message_id in [scheduled[0], *queued]:
            message = site.tidings.ended(message_id)
            assert (message["status"], message["error"]["code"]) == ("rejected", "opted_out"), message
        assert site.tidings.ended(scheduled[1])["status"] == "delivered"
        assert shows(site, handset, 1) == [STOPPED]


def test_a_stop_survives_kill_9(tmp_path: Path) -> None:
    handset = "+15554060100"
    with Site(tmp_path, top={"default_sender": US}, delivery={"throttle_pause": 60}) as site:
        site.start()
        site.simulator.faults("throttle")  # the confirmation cannot leave yet
        site.simulator.texts(handset, US, "STOP")
        until(lambda: _outcomes(site, handset) == ["throttled"], "the confirmation waits")  # and is not in doubt
        site.tidings.kill()
        site.simulator.faults("none")
        site.tidings.start()
        assert shows(site, handset, 1) == [STOPPED]
        refused(site, handset)
        time.sleep(0.5)
        assert _texts(site, handset) == [STOPPED], "confirmed once"
