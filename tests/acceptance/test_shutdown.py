"""SIGTERM: it closes its doors, waits for carriers' answers within its time, and ends; the next start goes on."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from processes import Site, until
from promises import REPEATS, Load, Posted, Verdict, examine

GRACE_S = 2
LITTLE_S = 12.0
"""Beyond the grace: requests under way are answered first, and links are unbound."""


def under_load(site: Site) -> Load:
    load = Load(site.tidings, list(REPEATS), most=2_000, threads=4, pause=0.005)
    until(lambda: len(load.posted) > 60, "it is under load")
    return load


def stop(site: Site, load: Load) -> tuple[list[Posted], float]:
    """SIGTERM; what had been posted, and how long it took."""
    began = time.monotonic()
    assert site.tidings.stop() == 0, site.tidings.program
    took = time.monotonic() - began
    posted = load.join()
    assert any(not one.acknowledged for one in posted), "it was under load"
    assert site.tidings.program is not None
    assert "Traceback" not in site.tidings.program.printed
    return posted, took


def resume(site: Site, posted: list[Posted]) -> Verdict:
    """What came of it all after the next start."""
    site.simulator.faults("none")
    site.tidings.start()
    return examine(site, posted)


def test_it_drains(tmp_path: Path) -> None:
    """A carrier that answers within the grace: no hand-over is cut short, so that nothing is in doubt."""
    with Site(tmp_path, top={"shutdown_grace": GRACE_S}, carrier={"window": 20}) as site:
        site.start().simulator.faults("slow", delay_ms=400)
        posted, took = stop(site, under_load(site))
        assert took < GRACE_S + LITTLE_S
        verdict = resume(site, posted)
        assert verdict.statuses == {"delivered": len(posted) - verdict.absent}
        assert (verdict.doubted, verdict.twice) == (0, 0), "exactly once"


TROUBLES: dict[str, dict[str, Any]] = {
    "hang": {},
    "slow": {"delay_ms": 20_000},
    "throttle": {},
    "down": {},
    "nonsense": {},
}


@pytest.mark.parametrize("mode", TROUBLES)
def test_it_ends_in_time_whatever_the_carrier_does(tmp_path: Path, mode: str) -> None:
    patience = {"window": 20, "response_timeout": 30.0, "enquire_link": 30.0}
    with Site(tmp_path, top={"shutdown_grace": GRACE_S}, carrier=patience) as site:
        site.start().simulator.faults(mode, **TROUBLES[mode])
        posted, took = stop(site, under_load(site))
        assert took < GRACE_S + LITTLE_S
        verdict = resume(site, posted)
        assert verdict.statuses.total() + verdict.absent == len(posted)


def test_it_ends_in_time_with_requests_that_never_end(tmp_path: Path) -> None:
    with Site(tmp_path, top={"shutdown_grace": GRACE_S}) as site:
        site.start()
        address = urlsplit(site.tidings.url)
        with socket.create_connection((address.hostname, address.port)) as idle:
            idle.sendall(b"POST /v1/messages HTTP/1.1\r\nHost: here\r\nContent-Length: 100\r\n\r\n{")
            time.sleep(0.2)
            began = time.monotonic()
            assert site.tidings.stop() == 0
            assert time.monotonic() - began < GRACE_S + LITTLE_S


def test_an_idle_one_ends_at_once(tmp_path: Path) -> None:
    with Site(tmp_path) as site:
        site.start()
        site.tidings.ended(site.tidings.send("+15555010100"))
        began = time.monotonic()
        assert site.tidings.stop() == 0
        assert time.monotonic() - began < 2
        assert until(lambda: site.simulator.stats()["bound"] == 0, "it has unbound")


def test_a_second_one_keeps_off_the_folder(tmp_path: Path) -> None:
    with Site(tmp_path) as site:
        site.start()
        first = site.tidings.program
        assert first is not None
        second = site.tidings.launch()
        try:
            assert second.wait(15) == 1
            told = second.printed.splitlines()[-1]  # the first one writes to the same log
        finally:
            second.kill()
            site.tidings.program = first
        assert told == (
            f"tidings: {site.tidings.data} is in use by process {first.pid}; stop it or choose another --data; "
            "several processes can share a PostgreSQL database (`database`), each with a data folder of its own"
        )
        assert site.tidings.ended(site.tidings.send("+15555020100"))["status"] == "delivered", "the first one goes on"
        site.tidings.kill()
        site.tidings.start()  # and the lock of one that was killed holds nobody up
        assert site.tidings.ended(site.tidings.send("+15555020101"))["status"] == "delivered"
