"""kill -9 at any moment under load, of tidings and of the network it is bound to, again and again."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import pytest
from processes import Site, until
from promises import REPEATS, Load, Posted, ask_again, examine, request

ROUNDS = 6


@pytest.mark.parametrize("delay_ms", [0, 150], ids=["quick network", "slow network"])
def test_tidings_is_killed_again_and_again(tmp_path: Path, delay_ms: int) -> None:
    posted: list[Posted] = []
    with Site(tmp_path, carrier={"window": 20}) as site:
        site.simulator.start()
        if delay_ms:
            site.simulator.faults("slow", delay_ms=delay_ms)
        for _ in range(ROUNDS):
            program = site.tidings.start()
            load = Load(site.tidings, list(REPEATS), most=150, pause=0.004)
            time.sleep(random.uniform(0.05, 0.8))
            program.kill()
            assert program.wait() == -signal.SIGKILL
            posted += load.join()
        site.simulator.faults("none")
        site.tidings.start()
        verdict = examine(site, posted)
        assert verdict.statuses["delivered"] > 0
        assert verdict.statuses.total() >= sum(one.acknowledged for one in posted) >= 3 * ROUNDS
        ask_again(site.tidings, posted)
        again = examine(site, posted)
        assert (again.statuses.total(), again.absent) == (len(posted), 0)


def test_it_is_killed_while_it_starts(tmp_path: Path) -> None:
    """Recovery may be cut short at any moment, and begins anew."""
    with Site(tmp_path, carrier={"window": 20}) as site:
        site.simulator.start()
        site.simulator.faults("slow", delay_ms=300)
        first = site.tidings.start()
        load = Load(site.tidings, list(REPEATS), most=120)
        time.sleep(0.4)
        first.kill()
        posted = load.join()
        for _ in range(6):
            program = site.tidings.launch()
            time.sleep(random.uniform(0.02, 0.6))
            program.kill()
        site.simulator.faults("none")
        site.tidings.start()
        assert examine(site, posted).statuses.total() >= sum(one.acknowledged for one in posted) > 0


def test_the_network_is_killed_under_load(tmp_path: Path) -> None:
    with Site(tmp_path, receipt_delay_ms=200) as site:
        site.start()
        load = Load(site.tidings, list(REPEATS), most=600, threads=4, pause=0.02)
        for _ in range(3):
            time.sleep(random.uniform(0.3, 0.9))
            site.simulator.kill()
            until(site.tidings.degraded, "it notices")
            while_down = request("otp")
            while_down.post(site.tidings.client)
            assert while_down.acknowledged
            load.posted.append(while_down)
            site.simulator.start()
        posted = load.stop()
        assert all(one.acknowledged for one in posted), "a carrier that is gone is no reason to refuse a message"
        verdict = examine(site, posted)
        assert verdict.statuses.total() == len(posted)
        stats = site.simulator.stats()
        assert (stats["receipts_owed"], stats["submit_sm"] > 0) == (0, True)
