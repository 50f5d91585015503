"""A carrier in trouble: nothing is lost, nothing spins, `/readyz` and `tidings doctor` say what is the matter."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from processes import CARRIER, Site, spent, until
from promises import Load, Posted, Verdict, examine

MIXED = ("transactional", "marketing", "otp", "conversation")
MOST_CPU = 0.3
"""Of one processor: who spins takes a whole one."""
MOST_LINES = 60
"""In the log, during a trouble of seconds."""
MOST_SUBMITS = 1_500
"""Of 60 messages, during a trouble of seconds."""
PATIENT: dict[str, Any] = {"response_timeout": 5.0, "enquire_link": 1.0}
QUICK: dict[str, Any] = {"response_timeout": 1.0, "enquire_link": 1.0, "window": 20}


def post(site: Site, categories: Sequence[str] = MIXED, count: int = 60) -> list[Posted]:
    """Messages for a carrier in trouble: that is no reason to refuse them."""
    posted = Load(site.tidings, categories, most=count, threads=3).join()
    assert all(one.acknowledged for one in posted)
    return posted


def watch(site: Site, seconds: float = 3.0) -> None:
    """It accepts and does not spin: not in its loops, not against the carrier, not into its log."""
    program = site.tidings.program
    assert program is not None
    lines = program.printed.count("\n")
    share = spent(program, seconds)
    assert share < MOST_CPU, f"{share:.0%} of a processor"
    assert program.printed.count("\n") - lines < MOST_LINES, program.printed
    assert len(site.simulator.submissions()) < MOST_SUBMITS
    assert site.tidings.ready()


def told(site: Site, *words: str) -> None:
    """`tidings doctor` names the carrier, what is the matter, and what to do; its status says that something is."""

    def look() -> str:
        done = site.tidings.cli("doctor")
        wanted = all(word in done.stdout for word in (f"Carrier {CARRIER}", *words))
        return "" if wanted and done.returncode == 1 else f"status {done.returncode}: {done.stdout}{done.stderr}"

    until(lambda: look() == "", f"doctor says {words}", 10, every=0.3)


def lift(site: Site, posted: list[Posted], settled: str = "") -> Verdict:
    """The trouble ends; what came of it all. `settled`: the status that all messages will take."""
    site.simulator.faults("none")
    site.linked()
    if settled:
        until(lambda: all(m["status"] == settled for m in site.tidings.messages()), f"all are {settled}", every=0.2)
    verdict = examine(site, posted)
    assert (verdict.statuses.total(), verdict.absent) == (len(posted), 0)
    return verdict


def degraded(site: Site) -> None:
    """`/readyz` says that the carrier is missed, and that messages are taken all the same."""
    assert CARRIER in until(site.tidings.degraded, "the link is missed", 15)


def test_down(tmp_path: Path) -> None:
    with Site(tmp_path, carrier=PATIENT) as site:
        site.start().simulator.faults("down")
        degraded(site)
        posted = post(site)
        watch(site)
        degraded(site)
        told(site, f"127.0.0.1:{site.simulator.smpp_port}", "is down", "refused", "tried again by itself", "Check that")
        assert not site.simulator.submissions()
        verdict = lift(site, posted)
        assert verdict.statuses == {"delivered": len(posted)}
        assert (verdict.doubted, verdict.twice) == (0, 0), "exactly once"


def test_down_while_messages_are_under_way(tmp_path: Path) -> None:
    with Site(tmp_path, carrier=PATIENT, receipt_delay_ms=100) as site:
        site.start().simulator.faults("slow", delay_ms=400)
        load = Load(site.tidings, MIXED, most=200, threads=3, pause=0.005)
        until(lambda: len(site.simulator.submissions()) > 20, "it is under way")
        site.simulator.faults("down")
        posted = load.join()
        assert all(one.acknowledged for one in posted)
        degraded(site)
        verdict = lift(site, posted)
        assert verdict.doubted > 0, "what was unanswered is in doubt"
        assert verdict.statuses["unknown"] > 0, "marketing is not repeated"


def test_slow(tmp_path: Path) -> None:
    with Site(tmp_path, carrier=PATIENT | {"window": 20}) as site:
        site.start().simulator.faults("slow", delay_ms=700)
        posted = post(site)
        watch(site)
        assert not site.tidings.degraded(), "slow is not down"
        verdict = lift(site, posted)
        assert verdict.statuses == {"delivered": len(posted)}
        assert (verdict.doubted, verdict.twice) == (0, 0), "exactly once"


def test_slower_than_we_wait(tmp_path: Path) -> None:
    """Late answers lift the doubt, so that every message still ends as it did at the carrier."""
    with Site(tmp_path, carrier=QUICK | {"window": 100}) as site:
        site.start().simulator.faults("slow", delay_ms=2_500)
        posted = post(site)
        watch(site)
        told(site, "without an answer", "`response_timeout`")
        verdict = lift(site, posted, settled="delivered")
        assert verdict.doubted > 0
        assert verdict.twice > 0, "who asks for repeats gets them"


def test_throttling(tmp_path: Path) -> None:
    with Site(tmp_path, carrier=PATIENT) as site:
        site.start().simulator.faults("throttle")
        posted = post(site)
        watch(site)
        assert not site.tidings.degraded(), "throttling is not down"
        told(site, "throttled", "`rate`")
        assert all(row["status"] == "0x00000058" for row in site.simulator.submissions())
        verdict = lift(site, posted)
        assert verdict.statuses == {"delivered": len(posted)}, "being throttled costs no attempt"
        assert (verdict.doubted, verdict.twice) == (0, 0), "exactly once"


def test_hanging(tmp_path: Path) -> None:
    with Site(tmp_path, carrier=QUICK) as site:
        site.start().simulator.faults("hang")
        posted = post(site)
        degraded(site)
        watch(site)
        degraded(site)
        told(site, "is down", "did not answer", "tried again by itself")
        verdict = lift(site, posted)
        assert verdict.doubted > 0
        assert verdict.statuses["delivered"] > len(posted) // 2, "what never fit the window has waited"


def test_dropping_the_link(tmp_path: Path) -> None:
    with Site(tmp_path, carrier=QUICK) as site:
        site.start().simulator.faults("drop", after=3)
        posted = post(site)
        degraded(site)
        watch(site)
        told(site, "without an answer", "The link breaks", "ask the carrier")
        verdict = lift(site, posted)
        assert verdict.doubted > 0
        assert verdict.twice == 0, "the network took none of those it dropped the link for"
        assert verdict.statuses["unknown"] > 0, "marketing is not repeated"


def test_answering_nonsense(tmp_path: Path) -> None:
    with Site(tmp_path, carrier=QUICK) as site:
        site.start().simulator.faults("nonsense")
        posted = post(site)
        degraded(site)
        watch(site)
        degraded(site)
        told(site, "is down", "its stream is lost", "tried again by itself")
        verdict = lift(site, posted)
        assert verdict.doubted > 0
        assert verdict.twice == 0
        assert verdict.statuses["delivered"] > len(posted) // 2, "what never fit the window has waited"


def test_refusing_the_bind(tmp_path: Path) -> None:
    with Site(tmp_path, carrier=PATIENT) as site:
        site.simulator.start()
        site.simulator.faults("refuse_bind")
        site.tidings.start()
        degraded(site)
        posted = post(site)
        watch(site)
        told(site, "is down", "0x0000000E", "Check system_id and password", "correct its table", "restart")
        assert site.simulator.stats()["binds_refused"] == 1, "asking again and again gets an account locked"
        site.simulator.faults("none")
        assert site.tidings.stop() == 0
        site.tidings.start()
        verdict = lift(site, posted)
        assert verdict.statuses == {"delivered": len(posted)}
        assert (verdict.doubted, verdict.twice) == (0, 0), "exactly once"


@pytest.mark.parametrize("mode", ["throttle", "slow", "hang", "drop", "nonsense"])
def test_killed_while_the_carrier_is_in_trouble(tmp_path: Path, mode: str) -> None:
    with Site(tmp_path, carrier=QUICK) as site:
        site.start().simulator.faults(mode, **{"slow": {"delay_ms": 800}, "drop": {"after": 5}}.get(mode, {}))
        load = Load(site.tidings, MIXED, most=120, threads=3, pause=0.01)
        until(lambda: len(load.posted) > 60, "it is under load")
        site.tidings.kill()
        posted = load.join()
        site.tidings.start()
        site.simulator.faults("none")
        site.linked()
        assert examine(site, posted).statuses.total() >= sum(one.acknowledged for one in posted) > 40
