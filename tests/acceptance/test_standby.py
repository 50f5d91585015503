"""A synchronous standby takes over from a primary that was killed under load: what was acknowledged is there."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from processes import Site, Tidings, until
from promises import REPEATS, Load, Posted, ask_again, examine, request

from postgres_kit import Pair

pytestmark = [pytest.mark.slow, pytest.mark.one_engine("a server of its own")]

PATIENCE_S = 20.0
"""From the promotion until messages are taken again."""


@pytest.fixture
def pair() -> Iterator[Pair]:
    one = Pair().new()
    yield one
    one.end()


@pytest.mark.parametrize("commit", ["on", "remote_apply"])
def test_the_primary_is_killed_and_the_standby_promoted(
    tmp_path: Path, pair: Pair, commit: str, record_property: Callable[[str, object], None]
) -> None:
    """Tidings is at the new primary by itself; every message that was acknowledged is there and has ended."""
    settings = {"database": pair.url, "synchronous_commit": commit}
    with Site(tmp_path, top=settings, carrier={"window": 20}) as site:
        site.start()
        load = Load(site.tidings, list(REPEATS), most=100_000, pause=0.03)
        time.sleep(random.uniform(0.7, 1.5))
        killed = time.monotonic()
        pair.a.kill()
        before = sum(one.acknowledged for one in load.posted)
        until(lambda: any(one.refused for one in load.posted), "requests are refused while there is no primary")
        assert site.tidings.call("GET", "/healthz").status == 200
        began = time.monotonic()
        pair.b.promote()
        promoted = time.monotonic()
        first = request("transactional")
        until(lambda: _taken(first, site.tidings), "messages are taken again", PATIENCE_S)
        back = time.monotonic()
        until(lambda: sum(one.acknowledged for one in load.posted) > before + 50, "the load goes on")
        posted = [*load.stop(), first]
        assert site.tidings.program is not None
        assert site.tidings.program.running
        for one in posted:
            if one.refused:  # a commit in doubt is a 503 too: whether it is stored, only asking again tells
                one.answer = None
        verdict = examine(site, posted)
        assert verdict.statuses.total() >= sum(one.acknowledged for one in posted) > before > 0
        ask_again(site.tidings, posted)
        assert examine(site, posted).absent == 0
    record_property(
        f"standby, synchronous_commit={commit}",
        f"messages taken again {back - killed:.2f} s after the kill, {back - promoted:.2f} s after the end of the "
        f"promotion, which took {promoted - began:.2f} s; {before} messages acknowledged before, none lost",
    )


def _taken(one: Posted, tidings: Tidings) -> bool:
    one.post(tidings.client)
    return one.acknowledged
