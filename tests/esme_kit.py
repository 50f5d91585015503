"""A customer's ESME that answers as told, and a house that owes it receipts and texts, on a clock that jumps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from spine_kit import TO, HandClock, JumpingLoop, Watched, ask, build, opened
from tidings.config import Settings
from tidings.core.esme import Esme, Submission
from tidings.core.message import HOUR, Message
from tidings.core.owed import Owed
from tidings.core.ports import Inbound
from tidings.core.questions import Tx
from tidings.core.status import ACCEPTED, QUEUED, SENT
from tidings.door.deliverer import Deliverer
from tidings.door.guests import Guest
from tidings.pipeline import receive, track
from tidings.smpp import receipt, user_data
from tidings.smpp.codec import encode
from tidings.smpp.pdus import DataSm, DataSmResp, DeliverSm, DeliverSmResp
from tidings.smpp.session import Answered, Unanswered

SHOP = 70
NUMBER = "12345"
"""Ours, that handsets write to."""

Script = Callable[[DeliverSm | DataSm, int], "int | None"]
"""command_status of the answer to a PDU, given how many like it came before; None: no answer."""


def esme(number: int = SHOP, **changes: Any) -> Esme:
    fields: dict[str, Any] = {
        "id": number, "account_id": 1, "name": "shop", "system_id": f"shop{number}", "password": b"x",
        "created_at": 5, "inbound": (NUMBER,), "window": 10,
    }  # fmt: skip
    return Esme(**{**fields, **changes})


def submission(message: Message, **changes: Any) -> Submission:
    fields: dict[str, Any] = {
        "message_id": message.id, "account_id": message.account_id, "esme_id": SHOP, "response_id": f"{message.id:x}",
        "service_type": "", "source_addr_ton": 5, "source_addr_npi": 0, "source_addr": message.sender,
        "dest_addr_ton": 1, "dest_addr_npi": 1, "destination_addr": message.to.removeprefix("+"),
        "registered_delivery": 1, "data_coding": 0,
    }  # fmt: skip
    return Submission(**{**fields, **changes})


class Bound:
    """One session of an ESME that receives, as the door's guest and its link in one."""

    receives = True
    interface_version = 0x34

    def __init__(
        self,
        shop: Shop,
        name: str,
        script: Script,
        esme_id: int,
        window: int = 10,
        delay: float = 0.01,
        patience: float = 10.0,
    ) -> None:
        self.link = self.session = self
        self.over = False
        self.esme_id = esme_id
        self.name = name
        self.script = script
        self.window = window
        self.delay = delay
        self.patience = patience
        self.got: list[DeliverSm | DataSm] = []
        self.at: list[float] = []
        self.pending: dict[int, Any] = {}
        self._shop = shop
        self._numbers = 0
        self._loop = asyncio.get_running_loop()
        self.most_pending = 0

    def __str__(self) -> str:
        return self.name

    def _tell(self, *events: Answered | Unanswered) -> None:
        self._shop.deliverer.answered(cast(Guest, self), events)

    def room(self) -> int:
        return self.window - len(self.pending)

    def request(self, request: DeliverSm | DataSm, token: Any = None) -> bool:
        octets = encode(request)
        if self.room() < 1:
            return False
        self._numbers += 1
        number = self._numbers
        self.pending[number] = token
        self.most_pending = max(self.most_pending, len(self.pending))
        earlier = sum(key_of(one) == key_of(request) for one in self.got) if len(self.got) < 1_000 else 0
        self.got.append(request)
        self.at.append(self._loop.time())
        assert octets
        status = self.script(request, earlier)
        if status is None:
            self._loop.call_later(self.patience, self._expire, number)
        else:
            self._loop.call_later(self.delay, self._answer, number, request, status)
        return True

    def _answer(self, number: int, request: DeliverSm | DataSm, status: int) -> None:
        token = self.pending.pop(number, None)
        if token is not None:
            kind = DataSmResp if isinstance(request, DataSm) else DeliverSmResp
            self._tell(Answered(token, kind(command_status=status)))

    def _expire(self, number: int) -> None:
        token = self.pending.pop(number, None)
        if token is not None:
            self.late = token
            self._tell(Unanswered(token))

    def say_late(self) -> None:
        """The answer to what expired last comes after all."""
        self._tell(Answered(self.late, DeliverSmResp(), True))

    def drop(self) -> None:
        """The connection breaks."""
        lost, self.pending = list(self.pending.values()), {}
        self.over = True
        self._tell(*[Unanswered(one) for one in lost])
        self._shop.deliverer.left(cast(Guest, self))

    @property
    def ids(self) -> list[str]:
        """message_id of every receipt, in the order they came."""
        return [key_of(one)[0] for one in self.got]


def key_of(pdu: DeliverSm | DataSm) -> tuple[str, str, bytes]:
    """What tells one receipt or text from another."""
    octets = user_data.split(pdu)[1]
    report = receipt.parse(octets, pdu.tlvs)
    return report.message_id, report.state, octets if not report.message_id else b""


def takes(pdu: DeliverSm | DataSm, earlier: int) -> int:
    """Takes everything."""
    return 0


class Shop:
    """A house with ESMEs."""

    def __init__(self, folder: Path, esmes: Sequence[Esme]) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, JumpingLoop)
        self.loop = loop
        self.clock = loop.clock
        self.folder = folder
        self.esmes = esmes
        self.store: Watched
        self.deliverer: Deliverer
        self._kept = False

    @asynccontextmanager
    async def up(self) -> AsyncIterator[Shop]:
        """From start to stop; may be entered again, as after a restart."""
        with opened(self.folder, self.clock, self.loop) as store:
            self.store = Watched(store, self.loop)
            last = await self.store.read(lambda tx: tx.accounts.last_id())
            self.house = build(self.store, self.clock, Settings(data=str(self.folder)), last)
            if not self._kept:
                self._kept = True
                for one in self.esmes:
                    await self.do(lambda tx, one=one: tx.esmes.insert(one))  # type: ignore[misc]
            for one in self.esmes:
                self.house.roster.know(one)
            self.deliverer = Deliverer(self.house)
            async with asyncio.TaskGroup() as tasks:
                await self.deliverer.start(tasks)
                try:
                    yield self
                finally:
                    await self.deliverer.stop(1.0)

    async def do(self, question: Callable[[Tx], Awaitable[Any]]) -> Any:
        return (await self.store.write(ask, [question]))[0]

    def bind(self, name: str = "one", script: Script = takes, esme_id: int = SHOP, **fields: Any) -> Bound:
        """The ESME binds once more."""
        one = Bound(self, name, script, esme_id, **fields)
        self.deliverer.joined(cast(Guest, one))
        return one

    async def submitted(self, count: int = 1, to: str = TO, sender: str = "SHOP", **asked: Any) -> list[Message]:
        """Messages that came by the ESME and were taken by a carrier; not yet ended."""
        now = self.clock.now()
        messages = [
            Message(
                id=self.house.new_id(), account_id=1, direction="mt", status=SENT, category="transactional", to=to,
                sender=sender, text="Hello", encoding="gsm7", segments=1, reference=0, created_at=now,
                expires_at=now + HOUR, event_count=3,
            )
            for _ in range(count)
        ]  # fmt: skip

        async def keep(tx: Tx) -> None:
            await track.begin(tx, messages, [(ACCEPTED, QUEUED, SENT)] * count)
            await tx.esmes.submit([submission(one, **asked) for one in messages])

        await self.do(keep)
        return messages

    async def end(self, *messages: Message, status: str = "delivered", **more: Any) -> None:
        moves = [track.Move(message_id=one.id, status=status, **more) for one in messages]
        await self.do(lambda tx: track.advance(tx, moves, self.clock.now()))

    async def delivered(self, count: int = 1, **asked: Any) -> list[Message]:
        """Messages that came by the ESME and were delivered, each with its receipt due."""
        messages = await self.submitted(count, **asked)
        await self.end(*messages)
        return messages

    async def text(self, words: str, octets: bytes | None = None, **fields: Any) -> Message:
        """A handset writes."""
        values: dict[str, Any] = {
            "carrier": "north", "bind": "b", "session": "s", "sender": TO.removeprefix("+"), "to": NUMBER,
            "data_coding": 0, "octets": words.encode("latin-1", "replace") if octets is None else octets, "udh": b"",
            "text": words, "encoding": "gsm7", "token": None,
        }  # fmt: skip
        new_id = self.house.new_id
        arrival = receive.Arrival(new_id(), new_id(), new_id(), Inbound(**{**values, **fields}), self.house.settings)
        received = (await self.store.write(receive.take_inbound, [arrival]))[0]
        assert received.message is not None
        return received.message

    async def until(self, done: Callable[[], bool], seconds: float = 7_200.0) -> None:
        """Let time pass until something holds."""
        async with asyncio.timeout(seconds):
            while not done():  # noqa: ASYNC110 - time jumps, so that asking again costs nothing
                await asyncio.sleep(0.01)

    async def rest(self, seconds: float = 0.2) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds)

    async def rows(self, message: Message) -> list[Owed]:
        found: list[Owed] = await self.store.read(lambda tx: tx.outbox.of_message(message.id, 100))
        return found

    async def waiting(self, status: str = "waiting", esme_id: int = SHOP) -> list[Owed]:
        found: list[Owed] = await self.store.read(lambda tx: tx.outbox.page(esme_id, status, None, 100_000))
        return found[::-1]


def shopping(*esmes: Esme, **settings: Any) -> Callable[[Callable[[Shop], Awaitable[None]]], Callable[[Path], None]]:
    """Run a scenario as a test, in a running house of its own."""

    def wrap(scenario: Callable[[Shop], Awaitable[None]]) -> Callable[[Path], None]:
        def test(tmp_path: Path) -> None:
            clock = HandClock()

            async def main() -> None:
                shop = Shop(tmp_path, esmes or (esme(),))
                async with shop.up():
                    await scenario(shop)

            with asyncio.Runner(loop_factory=lambda: JumpingLoop(clock)) as runner:
                runner.run(main())

        test.__name__, test.__doc__ = scenario.__name__, scenario.__doc__
        return test

    return wrap
