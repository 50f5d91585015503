"""kill -9 at each named point of a message's path: what was acknowledged is there, and ends as its category says."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from processes import Site, until
from promises import LONG, Load, ask_again, examine

IN_DOUBT = {"after claim", "after write", "after response"}
"""Where a hand-over has begun whose outcome nobody has stored."""
OURS = "+15556000001"
POINTS = [
    "before commit",
    "after commit",
    "after claim",
    "after write",
    "after response",
    "after response is stored",
    "after receipt",
    "after receipt is stored",
]


@pytest.mark.parametrize("category", ["transactional", "marketing"])
@pytest.mark.parametrize("point", POINTS)
def test_kill(tmp_path: Path, point: str, category: str) -> None:
    with Site(tmp_path, carrier={"window": 500}) as site:
        site.simulator.start()
        if point == "after write":  # no answer may come before it is dead
            site.simulator.faults("slow", delay_ms=200)
        doomed = site.tidings.start_to_crash(point, 20)
        site.linked()
        posted = Load(site.tidings, [category]).join()
        assert doomed.wait() == -signal.SIGKILL, doomed.printed
        assert doomed.printed.endswith(f"killed at {point}\n"), doomed.printed
        acknowledged = [one for one in posted if one.acknowledged]
        unclear = [one for one in posted if one.answer is None]
        assert unclear, "it was not under load when it died"
        assert len(acknowledged) >= 20

        site.simulator.faults("none")
        site.tidings.start()
        verdict = examine(site, posted)
        assert verdict.statuses.total() + verdict.absent == len(posted)
        assert verdict.statuses.total() >= len(acknowledged)
        if point in IN_DOUBT:
            assert verdict.doubted, "the point was missed: no hand-over was under way"
        if point == "after receipt is stored":
            assert verdict.receipts_repeated, "the carrier was not told that we have them, and sends them again"
        if category == "marketing":
            assert verdict.twice == 0
            assert (verdict.statuses["unknown"] > 0) == (verdict.doubted > 0)
        else:
            assert set(verdict.statuses) <= {"delivered"}
        if point == "before commit":
            assert verdict.absent, "what was not committed is not there"
        if point == "after commit":
            assert verdict.statuses.total() > len(acknowledged), "what was committed is there, told or not"

        ask_again(site.tidings, posted)
        again = examine(site, posted)
        assert (again.statuses.total(), again.absent) == (len(posted), 0)


@pytest.mark.parametrize("point", ["after text", "after text is stored"])
def test_kill_at_a_text_from_a_handset(tmp_path: Path, point: str) -> None:
    """Texts are acknowledged once they are stored: none is lost, and one that comes again is known."""
    texts: list[str] = []
    with Site(tmp_path) as site:
        site.simulator.start()
        doomed = site.tidings.start_to_crash(point, 3)
        site.linked()
        while doomed.running or len(texts) < 30:  # how many share a commit is the engine's to say
            number = len(texts)
            assert number < 2_000, doomed.printed
            texts.append(LONG if number % 5 == 0 else f"Text {number} from a handset")
            site.simulator.texts(f"+1555600{100 + number:04}", OURS, texts[-1])
        assert doomed.wait() == -signal.SIGKILL, doomed.printed
        assert doomed.printed.endswith(f"killed at {point}\n"), doomed.printed
        site.tidings.start()
        until(lambda: site.simulator.stats()["texts_owed"] == 0, "all texts are acknowledged")
        received = site.tidings.messages(direction="mo")
        told = {(message["from"], message["text"]) for message in received}
        assert told == {(f"+1555600{100 + number:04}", text) for number, text in enumerate(texts)}
        assert len(received) == len(texts), "each of them once"
