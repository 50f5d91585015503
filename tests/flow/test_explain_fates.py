"""Explain for every fate of the simulator, and for every final status: a whole tidings in this process."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

import postgres_kit
from kit import ask
from tidings import app as tidings_app
from tidings.config import Delivery, Settings
from tidings.core.status import ENDED
from tidings.simulator import fates

pytestmark = pytest.mark.slow

DELIVERED = ("delivered", "carrier", ["reports that the handset has it."])
STORIES: dict[str, tuple[str, str, list[str]]] = {
    "0100": DELIVERED,
    "0001": ("undelivered", "carrier", ["reason that is not known", "code UNDELIV 001", "`receipt_errors`"]),
    "0002": ("expired", "carrier", ["could not deliver it in time", "may be sent again later"]),
    "0003": ("failed", "carrier", ["does not exist", "0x0000000B", "Correct the number"]),
    "0004": ("unknown", "tidings", ["never reported its outcome", "Ask the carrier about its id", "may arrive twice"]),
    "0005": DELIVERED,
    "0006": DELIVERED,
    "0007": DELIVERED,
    "0008": DELIVERED,
    "0009": DELIVERED,
    "0010": ("unknown", "tidings", ["broke before it answered", "Ask the recipient", "may arrive twice"]),
    "0011": DELIVERED,
    "0012": DELIVERED,
    "0013": ("undelivered", "carrier", ["DELETED", "ask the carrier who deleted it"]),
    "0014": ("unknown", "carrier", ["code UNKNOWN", "Ask the carrier about its id", "may arrive twice"]),
    "0015": DELIVERED,
    "0016": DELIVERED,
}
TRIES = {"0008": ["throttled"] * 3 + ["sent"], "0009": ["throttled"] * 3 + ["sent"], "0015": ["temporary", "sent"],
         "0010": ["in_doubt"] * 2, "0011": ["in_doubt", "sent"], "0003": ["permanent"]}  # fmt: skip

ALONE = ("0011", "0010")
"""Fates that would take others in flight on the same bind along."""


class Told:
    """The stories of all messages by the last digits of their numbers, and of some by a name."""

    def __init__(self) -> None:
        self.by_name: dict[str, dict[str, Any]] = {}
        self.foretold: dict[str, dict[str, Any]] = {}
        self.key = ""


async def _run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Told:
    told = Told()
    opened: list[Any] = []
    real = tidings_app.application

    def caught(*arguments: Any, **more: Any) -> Any:
        opened.append(real(*arguments, **more))
        return opened[0]

    def quick(**fields: Any) -> Any:
        return msgspec.structs.replace(settings_of(**fields), response_timeout=1.5)

    settings_of = tidings_app.CarrierSettings
    monkeypatch.setattr(tidings_app, "application", caught)
    monkeypatch.setattr(tidings_app, "CarrierSettings", quick)
    late = msgspec.structs.replace(fates.FATES["0005"], late=400)
    monkeypatch.setitem(fates.FATES, "0005", late)
    delivery = Delivery(receipt_wait=0.3, throttle_pause=0.02, backoff_first=0.05, sweep=0.2)
    where = {"data": str(folder), **postgres_kit.database(folder)}
    program = tidings_app.Tidings(Settings(**where, port=0, delivery=delivery, shutdown_grace=1))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(program.run())
        try:
            async with asyncio.timeout(40):
                await _until(lambda: (folder / "server.json").exists())
                await _tell(opened[0], (folder / "admin.key").read_text().strip(), told)
        finally:
            program.stop.set()
    return told


async def _until(done: Any) -> None:
    while not done():  # noqa: ASYNC110 - somebody else does it
        await asyncio.sleep(0.02)


async def _tell(app: Any, key: str, told: Told) -> None:
    told.key = f"key_{key[3:16]}"

    async def call(method: str, path: str, body: Any = None) -> Any:
        return (await ask(app, method, path, body, key=key)).json()

    async def post(name: str, to: str, **fields: Any) -> None:
        body = {"to": to, "text": "Hello", **fields}
        told.foretold[name] = await call("POST", "/v1/messages/preview", body)
        answer = await call("POST", "/v1/messages", body)
        ids[name] = answer.get("id") or answer["message_id"]

    def after(seconds: float) -> str:
        return (dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)).isoformat()

    async def ended() -> None:
        for name, message_id in ids.items():
            path = f"/v1/messages/{message_id}/explain"
            while (story := await call("GET", path))["message"]["status"] not in ENDED:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            told.by_name[name] = story

    ids: dict[str, str] = {}
    for digits in [*(one for one in STORIES if one not in ALONE), *ALONE]:
        if digits in ALONE:
            await ended()
        await post(digits, f"+1555123{digits}", **({"expires_at": after(1.5)} if digits == "0004" else {}))
    await post("long otp", "+15551230200", text="ж" * 100, category="otp")
    await post("canceled", "+15551230201", send_at=after(600))
    await call("POST", f"/v1/messages/{ids['canceled']}/cancel")
    batch = await call("POST", "/v1/messages/batch", {"messages": [{"to": "+15551230202", "text": "x"}]})
    ids["batch"] = batch["data"][0]["id"]
    await post("stopped later", "+15551230203", send_at=after(3))
    await call("POST", "/v1/simulator/handsets/+15551230203/messages", {"to": "12345", "text": "STOP"})
    while not (mo := (await call("GET", "/v1/messages?direction=mo&from=%2B15551230203"))["data"]):  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    ids["mo"] = mo[0]["id"]
    ids["reply"] = (await call("GET", "/v1/messages?to=%2B15551230203&from=12345"))["data"][0]["id"]
    await post("stopped", "+15551230203")
    await ended()


@pytest.fixture(scope="module")
def told(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield asyncio.run(_run(tmp_path_factory.mktemp("fates"), monkeypatch))


@pytest.mark.one_engine("no store is asked")
def test_every_fate_has_its_row() -> None:
    assert set(STORIES) == {*fates.FATES, "0100"}


@pytest.mark.parametrize("digits", STORIES)
def test_a_fate_is_explained(told: Told, digits: str) -> None:
    status, decider, said = STORIES[digits]
    story = told.by_name[digits]
    assert (story["message"]["status"], story["decided_by"]) == (status, decider), story["advice"]
    assert [words for words in said if words not in story["advice"]] == [], story["advice"]
    who = "tidings" if decider == "tidings" else "the carrier simulator"
    assert story["advice"].endswith(f"Decided by {who}.")
    assert story["origin"] == {"door": "rest", "key": told.key, "esme": None, "user": None}
    assert [(gate["at"], gate["allowed"]) for gate in story["gates"]] == [("accept", True), ("claim", True)]
    assert story["route"] == {"carrier": "simulator", "why": "simulator is the only carrier."}
    assert [one["outcome"] for one in story["attempts"]] == TRIES.get(digits, ["sent"])
    assert all(one["bind"] and 0 <= one["took_ms"] < 10_000 for one in story["attempts"])
    assert bool(story["receipts"]) == (digits not in ("0003", "0004", "0010"))


@pytest.mark.parametrize("name", [*STORIES, "long otp", "canceled", "stopped", "stopped later"])
def test_the_preview_foretold_it(told: Told, name: str) -> None:
    """All but the fate, which only the handset knows."""
    foretold, story = told.foretold[name], told.by_name[name]
    message, events = story["message"], story["events"]
    first = events[1] if events[1:] and events[1]["type"] == "message.scheduled" else events[0]
    assert foretold["status"] == first["type"].removeprefix("message.")
    same = ("to", "from", "category", "encoding", "segments")
    assert {one: foretold[one] for one in same} == {one: message[one] for one in same}
    assert [one["allowed"] for one in foretold["verdicts"]] == [story["gates"][0]["allowed"]]
    if story["attempts"]:
        assert foretold["route"] == story["route"]
        tried = {one["part"]: one["pdu"]["sm_length"] for one in story["attempts"]}
        assert list(tried) == [one["part"] for one in foretold["parts"]]
        assert foretold["goes_at"][:-5] <= story["attempts"][0]["started_at"]
        lengths = [one["units"] for one in foretold["parts"]]
        assert list(tried.values()) in (lengths, [None] * len(lengths))


def test_the_pdu_is_told_without_addresses_and_text(told: Told) -> None:
    pdu = told.by_name["0100"]["attempts"][0]["pdu"]
    validity = pdu.pop("validity_period")
    assert pdu == {
        "source_addr_ton": 5, "source_addr_npi": 0, "dest_addr_ton": 1, "dest_addr_npi": 1, "esm_class": 0,
        "protocol_id": 0, "data_coding": 0, "registered_delivery": 1, "sm_length": 5, "tlvs": [],
    }  # fmt: skip
    assert validity.startswith(("0000002359", "000001000000"))


def test_of_a_blanked_text_the_length_is_not_known(told: Told) -> None:
    story = told.by_name["long otp"]
    assert story["message"]["text"] is None
    pdus = [one["pdu"] for one in story["attempts"]]
    assert [(pdu["esm_class"], pdu["data_coding"], pdu["sm_length"]) for pdu in pdus] == [(0x40, 8, None)] * 2


OTHERS = [
    ("canceled", "canceled", "caller", "rest", [("accept", True)]),
    ("batch", "delivered", "carrier", "batch", [("accept", True), ("claim", True)]),
    ("stopped", "rejected", "tidings", "rest", [("accept", False)]),
    ("stopped later", "rejected", "tidings", "rest", [("accept", True), ("claim", False)]),
    ("reply", "delivered", "carrier", "reply", [("accept", True), ("claim", True)]),
]


@pytest.mark.parametrize(("name", "status", "decider", "door", "gates"), OTHERS, ids=[o[0] for o in OTHERS])
def test_other_ends_are_explained(
    told: Told, name: str, status: str, decider: str, door: str, gates: list[tuple[str, bool]]
) -> None:
    story = told.by_name[name]
    assert (story["message"]["status"], story["decided_by"]) == (status, decider)
    assert story["origin"] == {"door": door, "key": None if door == "reply" else told.key, "esme": None, "user": None}
    assert [(gate["at"], gate["allowed"]) for gate in story["gates"]] == gates
    assert "Decided by" in story["advice"]


def test_a_text_from_a_handset_has_no_door(told: Told) -> None:
    story = told.by_name["mo"]
    assert (story["origin"], story["gates"], story["route"], story["decided_by"]) == (None, [], None, None)
