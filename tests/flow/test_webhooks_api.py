"""Webhooks over the API: made, shown, changed, tested, rotated, looked at, sent again, checked and dropped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from kit import Heard, ask
from spine_kit import request, send
from tidings.api.app import application
from tidings.cli import tell
from tidings.core import ids
from tidings.core.account import DEFAULT_ACCOUNT
from tidings.pipeline import admit
from webhook_kit import OK, Endpoint, Office, answer, office

pytestmark = pytest.mark.slow


class Desk:
    """The API of an office."""

    def __init__(self, here: Office, token: str) -> None:
        self.here = here
        self._app = application(here.house)
        self._token = token

    async def ask(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        heard: Heard = await ask(self._app, method, path, body, key=self._token)
        assert heard.status == status, heard.body
        return heard.json()

    async def hook(self, url: str, **fields: Any) -> Any:
        return await self.ask("POST", "/v1/webhooks", {"url": url, **fields}, 201)


@asynccontextmanager
async def desk(folder: Path) -> AsyncIterator[Desk]:
    async with office(folder) as here:
        yield Desk(here, (await admit.issue(here.house, DEFAULT_ACCOUNT, "admin", "admin"))[1])


async def test_a_webhook_from_beginning_to_end(tmp_path: Path) -> None:
    async with Endpoint().up() as there, desk(tmp_path) as api:
        made = await api.hook(there.url, events=["message.accepted"], description="mine")
        path = f"/v1/webhooks/{made['id']}"
        shown = {name: value for name, value in made.items() if name != "secret"}
        assert await api.ask("GET", path) == shown
        assert (await api.ask("GET", "/v1/webhooks"))["data"] == [shown]
        tested = await api.ask("POST", f"{path}/test")
        assert (tested["delivered"], tested["status_code"], tested["answer"]) == (True, 200, "ok")
        assert Webhook(made["secret"]).verify(there.got[0].body, there.got[0].headers)["type"] == "webhook.test"

        rotated = await api.ask("POST", f"{path}/rotate", {"overlap_s": 600})
        assert rotated["previous_until"] is not None
        await send(api.here.house, request())
        await api.here.settled("delivered")
        for secret in (made["secret"], rotated["secret"]):
            assert Webhook(secret).verify(there.got[1].body, there.got[1].headers)["type"] == "message.accepted"

        off = await api.ask("PATCH", path, {"enabled": False})
        assert off["enabled"] is False
        await send(api.here.house, request())
        await asyncio.sleep(0.1)
        assert len(there.got) == 2
        await api.ask("PATCH", path, {"enabled": True, "url": there.url + "/two"})
        await send(api.here.house, request())
        await api.here.until(lambda: len(there.got) == 3)
        assert there.got[2].path == "/hook/two"

        assert await api.ask("DELETE", path) == {}
        await api.ask("GET", path, status=404)
        await api.ask("DELETE", path, status=404)


async def test_the_log_of_deliveries_and_sending_again(tmp_path: Path) -> None:
    async with Endpoint(lambda got, earlier: answer(410) if earlier == 0 else OK).up() as there, desk(tmp_path) as api:
        made = await api.hook(there.url, events=["message.accepted"])
        message = (await send(api.here.house, request()))[0]
        await api.here.settled("dead")
        listed = await api.ask("GET", f"/v1/webhooks/deliveries?status=dead&webhook={made['id']}")
        (one,) = listed["data"]
        assert (one["event"], one["attempts"]) == (there.got[0].id, 1)
        assert (await api.ask("GET", f"/v1/webhooks/deliveries?message={one['message_id']}"))["data"] == [one]
        assert (await api.ask("GET", "/v1/webhooks/deliveries?type=message.sent"))["data"] == []
        story = await api.ask("GET", f"/v1/webhooks/deliveries/{one['id']}")
        assert [(tried["outcome"], tried["status_code"]) for tried in story["attempts"]] == [("refused", 410)]
        assert story["request"] == there.got[0].json()
        assert story["request"]["data"]["id"] == ids.show("msg", message.id)

        path = f"/v1/webhooks/{made['id']}"
        assert (await api.ask("GET", path))["disabled_reason"] == "the endpoint answered 410 Gone"
        await api.ask("PATCH", path, {"enabled": True})
        assert await api.ask("POST", "/v1/webhooks/replay", {"delivery": one["id"]}, 202) == {
            "count": 1, "paced_over_s": 0.0,
        }  # fmt: skip
        await api.here.settled("delivered")
        again = await api.ask("POST", "/v1/webhooks/replay", {"webhook": made["id"], "type": "message.accepted"}, 202)
        assert again["count"] == 1
        await api.here.until(lambda: len(there.got) == 3)
        assert len({got.id for got in there.got}) == 1
        none = await api.ask("POST", "/v1/webhooks/replay", {"since": "2099-01-01T00:00:00Z"}, 202)
        assert none["count"] == 0
        await api.ask("POST", "/v1/webhooks/replay", {"delivery": one["id"], "type": "message.sent"}, 422)


async def test_the_checker_shows_what_is_signed_and_the_first_difference(tmp_path: Path) -> None:
    async with Endpoint().up() as there, desk(tmp_path) as api:
        made = await api.hook(there.url, events=["message.accepted"])
        await send(api.here.house, request(text="Grüße"))
        await api.here.settled("delivered")
        got = there.got[0]
        body = got.body.decode()

        async def check(body: str, by: dict[str, str], **headers: str) -> Any:
            given = {"headers": {**got.headers, **headers}, "body": body, **by}
            return await api.ask("POST", "/v1/webhooks/verify", given)

        for by in ({"webhook": made["id"]}, {"secret": made["secret"]}):
            told = await check(body, by)
            assert (told["valid"], told["problem"], told["difference"]) == (True, None, None)
            assert told["signed"] == f"{got.id}.{got.headers['webhook-timestamp']}.{body}"
            assert told["expected"] == got.headers["webhook-signature"] == told["got"][0]

            spaced = body.replace('"type":', '"type": ')
            told = await check(spaced, by)
            assert not told["valid"]
            assert told["problem"].startswith("The body is not as it was sent")
            at = body.index('"type":') + 8
            assert told["difference"].startswith(f"body, octet {at} of {len(got.body)}: ")
            assert told["signed"].endswith(spaced)

        other = Webhook(made["secret"]).sign("evt_x", _moment(got.headers["webhook-timestamp"]), body)
        told = await check(body, {"webhook": made["id"]}, **{"webhook-signature": other})
        assert told["problem"].startswith("The body is as it was sent: the secret, the id or the timestamp is another")
        assert told["difference"].startswith("signature, character ")
        old = str(int(got.headers["webhook-timestamp"]) - 400)
        assert (
            "behind the clock" in (await check(body, {"webhook": made["id"]}, **{"webhook-timestamp": old}))["problem"]
        )
        await api.ask("POST", "/v1/webhooks/verify", {"headers": {}, "body": "", "secret": "no"}, 422)


async def test_a_story_tells_of_its_webhooks(tmp_path: Path) -> None:
    endpoint = Endpoint(lambda got, earlier: OK if got.path != "/bad" else answer(500))
    async with endpoint.up() as there, desk(tmp_path) as api:
        good = await api.hook(there.url, events=["message.accepted"])
        bad = there.url.replace("/hook", "/bad")
        message = (
            await send(api.here.house, request(callback_url=bad, callback_events=["message.accepted"]))
        )[0]  # fmt: skip
        await api.here.tried(2)
        story = await api.ask("GET", f"/v1/messages/{ids.show('msg', message.id)}/explain")
        one, other = sorted(story["webhooks"], key=lambda it: it["status"])
        assert (one["status"], one["url"], one["webhook"]) == ("delivered", there.url, good["id"])
        assert (one["last"]["outcome"], one["last"]["status_code"], one["next_at"]) == ("delivered", 200, None)
        assert (other["status"], other["url"], other["webhook"]) == ("waiting", bad, None)
        assert (other["attempts"], other["last"]["status_code"]) == (1, 500)
        assert other["next_at"] is not None
        lines = [line for line in tell.story(story) if line.startswith("  webhook ")]
        assert len(lines) == 2
        assert any(f"message.accepted → {there.url}: delivered; attempt 1 at " in line for line in lines)
        assert any("waiting; attempt 1" in line and "refused 500" in line and "next at" in line for line in lines)


def _moment(timestamp: str) -> Any:
    import datetime as dt

    return dt.datetime.fromtimestamp(int(timestamp), dt.UTC)
