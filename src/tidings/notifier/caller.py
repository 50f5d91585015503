"""The loop behind codes' webhooks and e-mails: what is due goes out, a few at a time to an endpoint, and is settled."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from tidings.core.codes import Call
from tidings.core.mail import SCHEME, address_of
from tidings.core.message import DAY, SECOND
from tidings.core.ports import Mailed, Mailer, News, NotMailed, NotPosted, Post, StoreUnavailable
from tidings.core.questions import Tx
from tidings.core.webhook import Secret, endpoint_of
from tidings.pipeline import coded_call, coded_mail, receive, rotate
from tidings.pipeline.coded_call import Told
from tidings.pipeline.house import House

log = logging.getLogger("tidings.codes")

FLYING_MOST = 256
"""Requests at a time, to all endpoints. One that hangs takes its own share of them and no more; an account with many
that hang takes as many as it leaves free."""
MAILS_MOST = 8
"""Of them, e-mails: there is one mail server for all, and it takes few connections from one place."""
ENDPOINTS_MOST = 2_000
LOOK_S = 30.0
"""Longest time between two looks at what is due."""
FAULT_S = 2.0


class Caller:
    """Start it when the store is open."""

    def __init__(
        self, house: House, post: Post, secrets_of: Callable[[int, int], Awaitable[list[Secret]]],
        mailer: Mailer | None = None,
    ) -> None:  # fmt: skip
        self._house = house
        self._post = post
        self._secrets_of = secrets_of
        self._mailer = mailer
        self._wake = asyncio.Event()
        self._flying: dict[int, str] = {}
        """Calls that are under way, each with its endpoint."""
        self._landed: set[int] = set()
        """Calls that were settled since the rows were last read: those rows may not know it."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False

    def start(self, group: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        """Begin; the tasks end after `stop`."""
        self._group = group
        self._house.store.follow(receive.take_inbound, self._received)
        self._house.store.follow(receive.complete_lone, self._received)
        self._house.store.hear(self._heard)
        self._wake.set()
        return [group.create_task(self._call_for_ever())]

    def stop(self) -> None:
        """Begin nothing more. What is cut off goes out again next time, under the same id."""
        self._stopping = True
        self._house.store.not_follow(receive.take_inbound, self._received)
        self._house.store.not_follow(receive.complete_lone, self._received)
        self._house.store.not_hear(self._heard)
        self._wake.set()

    def _heard(self, news: News) -> None:
        """Other processes take texts in too."""
        if news.missed or news.stages & {receive.take_inbound, receive.complete_lone}:
            self._wake.set()

    def _received(self, _: Sequence[Any], results: list[receive.Received]) -> None:
        if any(one.calls for one in results):
            self._wake.set()

    async def _call_for_ever(self) -> None:
        try:
            while not self._stopping:
                self._wake.clear()
                try:
                    wait = await self._look()
                except StoreUnavailable as fault:
                    log.error("calls of codes cannot be read now: %s", fault)
                    wait = FAULT_S
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._wake.wait()
            if self._tasks:
                await asyncio.wait(self._tasks)
        finally:
            for task in self._tasks:
                task.cancel()

    async def _look(self) -> float:
        """Let what is due go out, as far as there is room; seconds until more falls due."""
        house, share = self._house, self._house.settings.webhooks.concurrency
        now, wait = house.clock.now(), LOOK_S
        busy = Counter(self._flying.values())
        own = Counter(map(_account, self._flying.values()))
        for endpoint, next_at in await house.store.read(lambda tx: tx.codes.endpoints_due(ENDPOINTS_MOST)):
            if next_at > now:
                return min(wait, (next_at - now) / SECOND)
            account = _account(endpoint)
            room = min(share - busy[endpoint], _share(FLYING_MOST, len(self._flying), own[account]))
            if _is_mail(endpoint):
                room = min(room, _share(MAILS_MOST, sum(map(_is_mail, self._flying.values())), busy[endpoint]))
            if room <= 0:
                continue  # whoever lands looks again

            async def ask(tx: Tx, endpoint: str = endpoint) -> list[Told]:
                # Those under way still have their rows.
                return await coded_call.due(tx, endpoint, now, share + 1)

            self._landed.clear()
            found = await house.store.read(ask)
            for told in [one for one in found if one.call.id not in self._flying.keys() | self._landed][:room]:
                self._flying[told.call.id] = endpoint
                own[account] += 1
                task = self._group.create_task(self._fly(told))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        return wait

    async def _fly(self, told: Told) -> None:
        try:
            await self._carry(told)
        except StoreUnavailable as fault:
            log.error("what a code's call came to cannot be stored; it is made again: %s", fault)
            await asyncio.sleep(FAULT_S)
        except Exception:
            log.exception("a code's call cannot be made now")
            await asyncio.sleep(LOOK_S)
        finally:
            del self._flying[told.call.id]
            self._landed.add(told.call.id)
            self._wake.set()

    async def _carry(self, told: Told) -> None:
        house, call = self._house, told.call
        address = address_of(call.url)
        settled = await (self._post_it(told) if address is None else self._mail_it(told, address))
        await house.store.write(coded_call.settle_calls, [settled])
        if settled.status == "dead":
            # Addresses of people do not belong into logs.
            log.warning("%s was called in vain: %s", endpoint_of(None, call.account_id, call.url), settled.note)

    async def _mail_it(self, told: Told, address: str) -> Call:
        if self._mailer is None:
            came: Mailed | NotMailed = NotMailed("unset", "email.host is not set where e-mails are sent")
        else:
            came = await self._mailer.send(coded_mail.mail(self._house, told, address))
        self._house.metrics.mailed("sent" if isinstance(came, Mailed) else came.kind)
        return coded_mail.outcome(self._house, told, came)

    async def _post_it(self, told: Told) -> Call:
        house, call = self._house, told.call
        octets = coded_call.body(told)
        secrets = await self._secrets_of(call.account_id, 0)
        headers = rotate.request_headers(secrets, _id(octets), house.clock.now(), octets)
        came = await self._post.post(call.url, headers, octets)
        settled = await coded_call.outcome(house, told, came)
        house.metrics.called(came.kind if isinstance(came, NotPosted) else _kind(settled.status))
        return settled

    async def tidy(self) -> None:
        """Forget what ended long ago."""
        before = self._house.clock.now() - self._house.settings.webhooks.retention * DAY
        while not self._stopping and (await self._house.store.write(coded_call.forget, [before]))[0]:
            pass


def _share(most: int, flying: int, own: int) -> int:
    """How many more may go out for an account that has so many under way: no more in all than are free then."""
    return (most - flying - own + 1) // 2


def _is_mail(endpoint: str) -> bool:
    return endpoint.partition(" ")[2].startswith(SCHEME)


def _account(endpoint: str) -> str:
    return endpoint.partition(" ")[0]


def _id(octets: bytes) -> str:
    found: str = msgspec.json.decode(octets)["id"]
    return found


def _kind(status: str) -> str:
    return "delivered" if status == "answered" else "refused"
