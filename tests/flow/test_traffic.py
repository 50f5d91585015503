"""Traffic by the API: what is counted, for whom, over which time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

import spine_kit
from kit import ask
from spine_kit import NOW, TO, Rig, inbound, receipt, rigged
from tidings.api.app import application
from tidings.api.moments import show
from tidings.config import Retention
from tidings.core.account import DEFAULT_ACCOUNT, Account
from tidings.core.ids import show as shown
from tidings.core.message import DAY, HOUR, MINUTE
from tidings.core.traffic import COUNTED, Bucket
from tidings.pipeline import admit

TENANT = 77
NOTHING = dict.fromkeys(COUNTED, 0)


class Desk:
    """The API over a rig, as an operator or a tenant asks it."""

    def __init__(self, rig: Rig, tokens: dict[str, str]) -> None:
        self.rig = rig
        self._app = application(rig.house)
        self._tokens = tokens

    async def report(self, query: str = "", status: int = 200, who: str = "operator") -> Any:
        told = await ask(self._app, "GET", f"/v1/reports/traffic{query}", key=self._tokens[who])
        assert told.status == status, told.body
        return told.json()

    async def kept(self, *rows: Bucket) -> None:
        await self.rig.store.write(spine_kit.ask, [lambda tx: tx.traffic.add(rows)])


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with rigged(tmp_path, retention=Retention(traffic=30)) as rig:
        rig.house.keyring.know(Account(id=TENANT, name="tenant", created_at=0))
        tokens = {
            name: (await admit.issue(rig.house, account_id, name, scope))[1]
            for name, account_id, scope in (("operator", DEFAULT_ACCOUNT, "read"), ("tenant", TENANT, "admin"))
        }
        yield Desk(rig, tokens)


async def test_a_message_counts_when_it_takes_a_status(desk: Desk) -> None:
    message = await desk.rig.taken("a")
    desk.rig.clock.move(3_600)
    await desk.rig.hear(receipt("a"))
    await desk.rig.receive(inbound("Thanks"))
    assert (await desk.rig.story(message)).message.status == "delivered"
    told = await desk.report()
    assert (told["step"], told["account"], told["carrier"], len(told["data"])) == (
        "hour",
        "acc_0000000000001",
        None,
        24,
    )
    assert told["data"][-2:] == [
        {"at": show(NOW - NOW % HOUR), **NOTHING, "accepted": 1, "sent": 1},
        {"at": show(NOW - NOW % HOUR + HOUR), **NOTHING, "delivered": 1, "received": 1},
    ]
    assert told["total"] == {**NOTHING, "accepted": 1, "sent": 1, "delivered": 1, "received": 1}
    assert all({**one, "at": ""} == {"at": "", **NOTHING} for one in told["data"][:-2])
    north = await desk.report("?carrier=north&step=day")
    assert north["total"] == {**told["total"], "accepted": 0}, "it had no route when it was accepted"
    assert (await desk.report(who="tenant"))["total"] == NOTHING


async def test_a_refused_message_is_rejected_and_no_more(desk: Desk) -> None:
    await desk.rig.store.write(spine_kit.ask, [lambda tx: tx.suppressions.add(DEFAULT_ACCOUNT, TO, "STOP", NOW)])
    await desk.rig.send()
    assert (await desk.report())["total"] == {**NOTHING, "rejected": 1}


async def test_whose_it_is(desk: Desk) -> None:
    start = NOW - NOW % HOUR
    ones = (1,) * len(COUNTED)
    await desk.kept(Bucket(DEFAULT_ACCOUNT, HOUR, start, "", ones), Bucket(TENANT, HOUR, start, "south", ones))
    tenant = shown("acc", TENANT)
    for query, who, account, count in (
        ("", "operator", "acc_0000000000001", 1), ("?account=all", "operator", "all", 2),
        (f"?account={tenant}", "operator", tenant, 1), ("?account=all&carrier=south", "operator", "all", 1),
        ("", "tenant", tenant, 1), (f"?account={tenant}", "tenant", tenant, 1),
    ):  # fmt: skip
        told = await desk.report(query, who=who)
        assert (told["account"], told["total"]["sent"]) == (account, count), query
    for query, who in (
        ("?account=all", "tenant"), ("?account=acc_0000000000001", "tenant"),
        ("?account=acc_0000000000009", "operator"),
    ):  # fmt: skip
        told = await desk.report(query, 422, who)
        assert [one["pointer"] for one in told["errors"]] == ["?account"], query


async def test_steps_and_their_edges(desk: Desk) -> None:
    """The step that holds `since` is the first; the last begins before `until`."""
    noon = NOW - NOW % HOUR - HOUR
    await desk.kept(*(Bucket(DEFAULT_ACCOUNT, MINUTE, noon + at * MINUTE, "", (at,) * 10) for at in (0, 1, 2)))

    async def sent(since: int, until: int) -> list[int]:
        told = await desk.report(f"?step=minute&since={show(noon + since)}&until={show(noon + until)}")
        return [one["sent"] for one in told["data"]]

    assert await sent(0, 3 * MINUTE) == [0, 1, 2]
    assert await sent(MINUTE, 2 * MINUTE) == [1]
    assert await sent(MINUTE + 1, 2 * MINUTE + 1) == [1, 2]
    assert await sent(MINUTE, MINUTE) == []
    assert await sent(-MINUTE, 1) == [0, 0]
    assert len((await desk.report("?step=minute"))["data"]) == 60
    assert len((await desk.report("?step=day"))["data"]) == 30


async def test_what_is_kept_no_longer_is_said(desk: Desk) -> None:
    since = show(NOW - 2 * DAY - 2 * MINUTE)
    told = await desk.report(f"?step=minute&since={since}&until={show(NOW - 2 * DAY + 5 * MINUTE)}")
    assert told["incomplete"]
    assert told["since"] == show(NOW - NOW % MINUTE - 2 * DAY + MINUTE)
    assert 5 <= len(told["data"]) <= 6
    assert not (await desk.report("?step=hour"))["incomplete"]
    old = await desk.report(f"?step=day&since={show(NOW - 40 * DAY)}")
    assert (old["incomplete"], len(old["data"])) == (True, 30)
    gone = await desk.report("?step=minute&since=2026-01-01T00:00:00Z&until=2026-01-01T01:00:00Z")
    assert (gone["incomplete"], gone["data"], gone["total"]) == (True, [], NOTHING)


BAD = [
    ("?step=minute&since=2026-09-01T00:00:00Z&until=2026-09-03T00:00:00Z", "?since", "2,880 minutes"),
    ("?step=hour&since=2020-01-01T00:00:00Z", "?since", "step=day"),
    ("?step=day&since=1970-01-01T00:00:00Z", "?since", "at most 1,500"),
    ("?since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", "?since", "must not lie behind"),
    ("?until=0001-01-01T00:00:00Z", "?until", "1970"),
    ("?until=9999-12-31T23:59:59Z&since=2026-01-01T00:00:00Z", "?since", "at most 1,500"),
    ("?step=week", "?step", ""),
    ("?account=x", "?account", ""),
]


async def test_what_is_unfit_is_named(desk: Desk) -> None:
    for query, pointer, words in BAD:
        told = await desk.report(query, 422)
        assert [one["pointer"] for one in told["errors"]] == [pointer], query
        assert words in told["errors"][0]["detail"]
    assert (await desk.report("?until=9999-12-31T23:59:59Z"))["total"] == NOTHING
    assert (await desk.report("?step=day&until=9999-12-31T23:59:59Z"))["total"] == NOTHING
