"""Codes' webhooks: called with what was understood, answered by text, tried again, and hurting nothing else."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import pytest

from codes_kit import rule
from spine_kit import ask, inbound
from tidings.config import WebhookSettings
from tidings.core.codes import Call
from tidings.core.message import Message
from tidings.core.questions import Filter
from tidings.notifier import caller
from tidings.pipeline import coding, receive
from webhook_kit import Endpoint, Got, Office, answer, office

pytestmark = pytest.mark.slow

ME = "+15551230100"


async def has(here: Office, url: str, keyword: str = "vote", account: int = 1, **more: Any) -> None:
    action = {"type": "webhook", "url": url, **more}
    parameters = [{"name": "choice", "type": "word"}]
    made = await coding.save(
        here.house, account, [rule(keyword, parameters=parameters, actions=[action])], replace=True
    )  # fmt: skip
    assert isinstance(made, tuple), made


async def heard(here: Office, text: str, **fields: Any) -> Message:
    house = here.house
    ids = [house.new_id() for _ in range(3)]
    arrival = receive.Arrival(*ids, inbound(text, **fields), house.settings, codes=house.kit())
    (got,) = await here.store.write(receive.take_inbound, [arrival])
    assert got.message is not None
    return got.message


async def calls(here: Office, message: Message) -> list[Call]:
    return await here.store.read(lambda tx: tx.codes.calls_of(message.id))


async def until(here: Office, message: Message, status: str, attempts: int = 1) -> Call:
    async with asyncio.timeout(10):
        while True:
            (call,) = await calls(here, message)
            if call.status == status and call.attempts >= attempts:
                return call
            await asyncio.sleep(0.01)


async def texts(here: Office) -> list[str | None]:
    found = await here.store.read(lambda tx: tx.messages.page(1, Filter(direction="mt"), None, 100))
    return [one.text for one in reversed(found.messages)]


def later(here: Office, seconds: float) -> None:
    here.move(seconds)
    here.notifier._caller._wake.set()


JSON = "content-type: application/json"
ANSWERS: list[tuple[str, dict[str, Any], bytes, list[str], str]] = [
    ("a reply", {}, answer(200, b'{"reply": {"text": "Thanks!"}}', JSON), ["Thanks!"], "sent msg_"),
    ("two", {}, answer(200, b'{"replies": [{"text": "1"}, {"text": "2"}]}', JSON), ["1", "2"], "sent msg_"),
    ("plain text", {"replies": "text"}, answer(200, b"Thanks!", "content-type: text/plain"), ["Thanks!"], "sent msg_"),
    ("nothing to be sent", {"replies": "none"}, answer(200, b'{"reply": {"text": "Thanks!"}}', JSON), [], ""),
    ("nothing", {}, answer(204), [], ""),
    ("nonsense", {}, answer(200, b'{"reply": 7}', JSON), [], "its answer cannot be used: "),
    ("too many", {}, answer(200, b'{"replies": [' + b",".join([b'{"text": "x"}'] * 6) + b"]}", JSON), [],
     "its answer holds 6 texts; 5 at the most are sent"),
    ("too much", {}, answer(200, b'{"reply": {"text": "' + b"x" * 300_000 + b'"}}', JSON), [], "too long"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("more", "said", "sent", "note"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS]
)
async def test_what_an_answer_comes_to(
    tmp_path: Path, more: dict[str, Any], said: bytes, sent: list[str], note: str
) -> None:
    async with Endpoint(lambda got, earlier: said).up() as there, office(tmp_path) as here:
        await has(here, there.url, **more)
        message = await heard(here, "Vote A")
        call = await until(here, message, "answered")
        assert note in call.note
        assert call.said is None, "what was understood is kept no longer than it is needed"
        assert await texts(here) == sent
        (got,) = there.got
        told = got.json()
        assert (told["type"], told["id"], got.headers["webhook-id"]) == ("code.matched", told["id"], told["id"])
        assert told["data"]["parameters"] == {"choice": "A"}
        assert (told["data"]["from"], told["data"]["text"], told["data"]["code"]) == (ME, "Vote A", "vote")
        assert got.headers["webhook-signature"].startswith("v1,")


async def test_a_failure_comes_again_under_the_same_id_and_is_answered_once(tmp_path: Path) -> None:
    def script(got: Got, earlier: int) -> bytes:
        return answer(503) if not earlier else answer(200, b'{"reply": {"text": "Thanks!"}}', JSON)

    async with Endpoint(script).up() as there, office(tmp_path) as here:
        await has(here, there.url)
        message = await heard(here, "vote A")
        waiting = await until(here, message, "waiting")
        assert waiting.note == "the endpoint answered 503"
        later(here, 6)
        await until(here, message, "answered", 2)
        assert await texts(here) == ["Thanks!"]
        assert len({got.headers["webhook-id"] for got in there.got}) == 1


async def test_answers_are_counted_text_by_text(tmp_path: Path) -> None:
    """As many as the guard allows go out, whichever of the calls is answered first."""
    three = b'{"replies": [' + b",".join(b'{"text": "%d"}' % at for at in range(3)) + b"]}"
    async with Endpoint(lambda got, earlier: answer(200, three, JSON)).up() as there, office(tmp_path) as here:
        await has(here, there.url)
        told = [await heard(here, f"vote {'A' * at}") for at in range(1, 6)]
        notes = [(await until(here, message, "answered")).note for message in told]
        assert len(await texts(here)) == 10
        assert sum("not sent: 2 more than may be sent" in note for note in notes) == 1
        assert notes.count("not sent: 10 answers in this minute; there may be 10.") == 1
        later(here, 61)
        await until(here, await heard(here, "vote B"), "answered")
        assert len(await texts(here)) == 13


async def test_what_was_not_called_is_called_after_a_restart(tmp_path: Path) -> None:
    async with Endpoint(lambda got, earlier: None if not earlier else answer(204)).up() as there:
        async with office(tmp_path) as here:
            await has(here, there.url)
            message = await heard(here, "vote A")
            await here.until(lambda: len(there.got) == 1)
        async with here.up():
            await until(here, message, "answered")
        assert len({got.headers["webhook-id"] for got in there.got}) == 1


async def test_one_that_hangs_holds_up_nobody_else(tmp_path: Path) -> None:
    settings = WebhookSettings(timeout=5.0, concurrency=2)
    quick = answer(200, b'{"reply": {"text": "Thanks!"}}', JSON)
    async with (
        Endpoint(lambda got, earlier: None).up() as slow,
        Endpoint(lambda got, earlier: quick).up() as there,
        office(tmp_path, webhooks=settings) as here,
    ):
        await has(here, slow.url, "slow")
        await has(here, there.url)
        for at in range(5):
            await heard(here, f"slow {at}")
        message = await heard(here, "vote A")
        await until(here, message, "answered")
        assert len(slow.got) == 2, "no more than its share at a time"


async def test_an_account_with_many_that_hang_holds_up_no_other(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(caller, "FLYING_MOST", 6)
    settings = WebhookSettings(timeout=60.0, concurrency=1)
    async with contextlib.AsyncExitStack() as slow, office(tmp_path, webhooks=settings) as here:
        for at in range(8):
            hangs = await slow.enter_async_context(Endpoint(lambda got, earlier: None).up())
            await has(here, hangs.url, f"slow{at}x")
        for at in range(8):
            await heard(here, f"slow{at}x A")
        await here.until(lambda: len(here.notifier._caller._flying) >= 3)
        quick = await slow.enter_async_context(Endpoint(lambda got, earlier: answer(204)).up())
        await here.store.write(ask, [lambda tx: tx.accounts.claim_sender(2, "777")])
        await has(here, quick.url, account=2)
        for text in ("vote A", "vote B"):
            await until(here, await heard(here, text, to="777"), "answered")
        assert len(here.notifier._caller._flying) == 3


async def test_an_endpoint_that_is_gone_is_given_up(tmp_path: Path) -> None:
    async with Endpoint(lambda got, earlier: answer(410)).up() as there, office(tmp_path) as here:
        await has(here, there.url)
        call = await until(here, await heard(here, "vote A"), "dead")
        assert call.next_at is None
