"""One request to an endpoint: signed, sent, and its answer read; a reply that it asks for goes the way of all texts."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from tidings.core import replies, telling
from tidings.core.breaker import Breaker
from tidings.core.lane import Lane
from tidings.core.message import DAY, Message
from tidings.core.ports import NotPosted, Post, Posted, StoreUnavailable
from tidings.core.request import Answer, Idempotency, Refused, Request, Result, Stored
from tidings.core.sender import CATCH_ALL
from tidings.core.telling import Load
from tidings.core.webhook import SECRET_OCTETS, Secret
from tidings.pipeline import accept, grant, rotate, settle
from tidings.pipeline.house import House

log = logging.getLogger("tidings.webhooks")

REPLY_DAYS = 1
"""An answer may send a reply while the event is younger than this: so long its idempotency is kept."""

_TOO_LONG = settle.Reply(note="no reply is sent: the answer is too long to be read", asked=True)


class Courier:
    """Carries requests, and knows the secrets that sign them."""

    def __init__(self, house: House, post: Post) -> None:
        self._house = house
        self._post = post
        self._secrets: dict[tuple[int, int], list[Secret]] = {}

    def forget_secrets(self, account_id: int, webhook_id: int) -> None:
        """They have changed, or are gone."""
        self._secrets.pop((account_id, webhook_id), None)

    def forget_all_secrets(self) -> None:
        """Any of them may have changed."""
        self._secrets.clear()

    async def carry(self, lane: Lane[Load], loads: Sequence[Load]) -> settle.Outcome:
        """Send one request and judge what came of it. Raises StoreUnavailable where not even the secret can be had."""
        house = self._house
        url = lane.url if lane.webhook_id is not None else loads[0].delivery.url
        webhook_id, body = telling.body(loads, lane.batch > 1)
        secrets = await self.secrets_of(lane.account_id, lane.webhook_id or 0)
        at = house.clock.now()
        came = await self._post.post(url or "", rotate.request_headers(secrets, webhook_id, at, body), body)
        reply = await self._reply(lane, loads, came)
        if reply.again:
            came = NotPosted("reply_not_stored", reply.note, came.took_ms)
        outcome = settle.outcome(loads, body, at, came, house.clock.random(), reply)
        self._judge(lane, outcome)
        house.metrics.called(outcome.kind)
        return outcome

    def _judge(self, lane: Lane[Load], outcome: settle.Outcome) -> None:
        if outcome.kind == "delivered":
            lane.breaker.succeeded()
            return
        asked = outcome.asked / 1000 if outcome.asked is not None and outcome.status_code in (429, 503) else None
        lane.breaker.failed(self._house.clock.monotonic(), asked)
        if lane.breaker.failures == Breaker.TRIP:
            log.warning("%s fails: %s %s", lane.name, outcome.kind, outcome.status_code or "")

    async def secrets_of(self, account_id: int, webhook_id: int) -> list[Secret]:
        """What signs; an account that never asked for its default secret gets one when it is first needed."""
        found = self._secrets.get((account_id, webhook_id))
        if found is None:
            house = self._house
            found = await house.store.read(lambda tx: tx.webhooks.secrets(account_id, webhook_id))
            if not found:
                new = rotate.NewSecret(account_id, webhook_id, house.clock.token(SECRET_OCTETS), only_first=True)
                found = (await house.store.write(rotate.keep_secrets, [new]))[0]
            self._secrets[account_id, webhook_id] = found
        return found

    async def _reply(self, lane: Lane[Load], loads: Sequence[Load], came: Posted | NotPosted) -> settle.Reply:
        """Send the texts that the answer to a text from a handset asks for, once a text."""
        load = loads[0]
        message = load.message
        if len(loads) > 1 or message is None or not settle.may_reply(load, came) or isinstance(came, NotPosted):
            return settle.NO_REPLY
        form = lane.replies if lane.webhook_id is not None else await self._form_of_inbox(message)
        if came.truncated:
            return _TOO_LONG if replies.may_ask(form, came.body) else settle.NO_REPLY
        asked = replies.asked(form, came.headers.get("content-type", ""), came.body)
        if isinstance(asked, replies.Unreadable):
            return settle.Reply(note=f"no reply is sent: {asked.why}", asked=True)
        if not asked or self._house.clock.now() - load.event.occurred_at >= REPLY_DAYS * DAY:
            return settle.NO_REPLY
        return await self._send(load, message, asked)

    async def _form_of_inbox(self, message: Message) -> str:
        """How the inbox of the address that a text came to may ask for replies."""
        owners = await self._house.store.read(lambda tx: tx.senders.of([message.to, CATCH_ALL]))
        owner = owners.get(message.to) or owners.get(CATCH_ALL)
        return "none" if owner is None else owner.inbox_replies

    async def _send(self, load: Load, message: Message, asked: Sequence[replies.Reply]) -> settle.Reply:
        to, sender = message.sender, message.to
        requests = [Request(to=to, sender=sender, text=one.text, category=one.category) for one in asked]
        once = Idempotency(f"\x01reply {load.event.message_id}", b"")
        account = load.delivery.account_id
        try:
            granted = await grant.grant(self._house, message, [one.text for one in asked], once.key)
            if not granted.texts:
                return settle.Reply(note=f"no reply is sent: {granted.verdict.detail}", asked=True)
            requests, left = requests[: granted.texts], len(requests) - granted.texts
            answer = await accept.accept(self._house, account, requests, idempotency=once, door="webhook")
        except StoreUnavailable:
            return settle.Reply(note="the reply could not be stored", again=True, asked=True)
        if not isinstance(answer, Answer):
            return settle.Reply(note=f"the reply was not taken: {answer.detail}", again=True, asked=True)
        sent = next((one.message.id for one in answer.results if isinstance(one, Stored)), None)
        whys = [why for one in answer.results if (why := _against(one))]
        if left:
            whys.append(f"{left} more than may be sent between these two numbers now")
        return settle.Reply(sent, f"not every reply is sent: {whys[0]}" if whys else "", asked=True)


def _against(result: Result) -> str:
    """Why a reply is not sent; "" where it is."""
    if isinstance(result, Stored):
        return " ".join(verdict.detail for verdict in result.verdicts if not verdict.allowed)
    return result.detail if isinstance(result, Refused) else "; ".join(fault.detail for fault in result.errors)
