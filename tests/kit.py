"""What several test rooms share: an ASGI caller, and a house of fakes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import msgspec

from tidings.api import batch, keys, messages
from tidings.api.app import application
from tidings.config import Settings
from tidings.core.account import DEFAULT_ACCOUNT, Key
from tidings.core.health import Health, Snapshot
from tidings.core.ids import Ids
from tidings.core.limits import Meter
from tidings.core.message import Message, Millis
from tidings.core.questions import Attempt, Event, Filter, Page, ReceiptRow
from tidings.core.request import Answer, Idempotency, Invalid, Refused, Request, Result, Stored
from tidings.metrics import Metrics

NOW: Millis = 1_790_000_000_000

TOKENS = {scope: f"tk_0000000000000_{scope}" for scope in ("admin", "send", "read")}


class Heard(msgspec.Struct):
    """An answer as it came off the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


async def ask(
    app: Any,
    method: str,
    path: str,
    body: Any = None,
    *,
    key: str | None = TOKENS["admin"],
    headers: Iterable[tuple[str, str]] = (),
    chunks: Sequence[bytes] | None = None,
    length: int | None = None,
    client: str = "127.0.0.1",
) -> Heard:
    """One HTTP request to an ASGI application. `body`: octets as they are, anything else as JSON."""
    path, _, query = path.partition("?")
    octets = body if isinstance(body, bytes) else b"" if body is None else msgspec.json.encode(body)
    parts = list(chunks) if chunks is not None else [octets]
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    names = {name for name, _ in raw}
    if key is not None and b"authorization" not in names:
        raw.append((b"authorization", f"Bearer {key}".encode()))
    if (body is not None or chunks is not None) and b"content-type" not in names:
        raw.append((b"content-type", b"application/json"))
    if length is not None or chunks is None:
        raw.append((b"content-length", str(len(octets) if length is None else length).encode()))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode("latin-1"),
        "headers": raw,
        "client": (client, 40_000),
        "server": ("127.0.0.1", 80),
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if parts:
            part = parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(parts)}
        await asyncio.sleep(0)
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    starts = [message for message in sent if message["type"] == "http.response.start"]
    assert len(starts) == 1, f"{len(starts)} answers"
    told = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in starts[0]["headers"]}
    return Heard(starts[0]["status"], told, b"".join(message.get("body", b"") for message in sent))


def door(monkeypatch: Any, house: FakeHouse, **more: Any) -> Any:
    """The REST door over a house of fakes, which stand in for the verbs of the pipeline too."""
    for module, verb in ((messages, "accept"), (batch, "accept"), (messages, "cancel"), (keys, "issue")):
        monkeypatch.setattr(module, verb, getattr(FakeHouse, verb))
    return application(house, **more)  # type: ignore[arg-type]


class FakeClock:
    """A clock that stands still until it is told."""

    def __init__(self, now: Millis = NOW) -> None:
        self.time = now

    def now(self) -> Millis:
        return self.time

    def monotonic(self) -> float:
        return self.time / 1000

    def random(self) -> float:
        return 0.5

    def token(self, octets: int) -> bytes:
        return bytes(range(octets))


class FakeKeyring:
    """One key of every scope."""

    metered = False

    def __init__(self) -> None:
        self.used: set[int] = set()
        self.keys = {
            token: Key(at, DEFAULT_ACCOUNT, scope, "send+read" if scope == "send" else scope, b"", NOW)
            for at, (scope, token) in enumerate(TOKENS.items(), 1)
        }

    def find(self, token: str, now: Callable[[], Millis]) -> Key | None:
        return self.keys.get(token)

    def account(self, account_id: int) -> None:
        return None


class FakeMessages:
    """Questions about messages, answered from a dict."""

    def __init__(self, house: FakeHouse) -> None:
        self._house = house

    async def one(self, account_id: int, message_id: int) -> Message | None:
        found = self._house.messages.get(message_id)
        return found if found and found.account_id == account_id else None

    async def page(self, account_id: int, filter: Filter, before: int | None, limit: int) -> Page:
        self._house.asked = filter
        own = [m for m in self._house.messages.values() if m.account_id == account_id]
        older = sorted((m for m in own if before is None or m.id < before), key=lambda m: -m.id)
        cursor = older[limit - 1].id if len(older) > limit else None
        return Page(tuple(older[:limit]), cursor, self._house.complete)


class FakeRows:
    """Rows that belong to messages: one list for one id, a dict of lists for several."""

    def __init__(self, rows: Sequence[Any]) -> None:
        self._rows = rows

    async def of(self, wanted: Any) -> Any:
        if isinstance(wanted, int):
            return [row for row in self._rows if row.message_id == wanted]
        return {one: [row for row in self._rows if row.message_id == one] for one in wanted}


class FakeWebhooks:
    """Nobody listens."""

    async def of_message(self, message_id: int, most: int) -> list[Any]:
        return []

    async def last_tries(self, delivery_ids: Iterable[int]) -> dict[int, Any]:
        return {}


class FakeOutbox:
    """Nothing is owed to an ESME."""

    async def of_message(self, message_id: int, most: int) -> list[Any]:
        return []


class FakeCodes:
    """No code called anybody."""

    async def calls_of(self, message_id: int) -> list[Any]:
        return []


class FakeAccounts:
    """The keys of a keyring."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self._keys = list(keys)

    async def page_of_keys(self, account_id: int, before: int | None, limit: int) -> list[Key]:
        own = [key for key in self._keys if key.account_id == account_id and (before is None or key.id < before)]
        return sorted(own, key=lambda key: -key.id)[:limit]


class FakeEsmes:
    """Nobody submitted anything by SMPP."""

    async def submissions(self, message_ids: Any) -> dict[int, Any]:
        return {}


class FakeTx:
    """The questions the REST door asks."""

    def __init__(self, house: FakeHouse) -> None:
        self.messages = FakeMessages(house)
        self.events = FakeRows(house.events)
        self.attempts = FakeRows(house.attempts)
        self.receipts = FakeRows(house.receipts)
        self.webhooks = FakeWebhooks()
        self.outbox = FakeOutbox()
        self.codes = FakeCodes()
        self.esmes = FakeEsmes()
        self.accounts = FakeAccounts(house.keyring.keys.values())


class FakeHouse:
    """What the REST door needs of a house, with fakes for all that lies behind it."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.clock = FakeClock()
        self.ids = Ids()
        self.keyring = FakeKeyring()
        self.meter = Meter(self.settings.limits)
        self.store = self
        self.messages: dict[int, Message] = {}
        self.events: list[Event] = []
        self.attempts: list[Attempt] = []
        self.receipts: list[ReceiptRow] = []
        self.carriers: dict[str, float] = {"north": 0.0}
        self.streams = None
        self.metrics = Metrics()
        self.asked: Filter | None = None
        self.complete = True
        self.state = Health(True)
        self.figures = Snapshot()
        self.fault: Exception | None = None
        self.refusal: Refused | None = None
        self.outcomes: dict[str, Result] = {}
        self.replayed = False
        self.taken: list[tuple[Sequence[Request | Invalid], Idempotency | None, bool]] = []

    async def accept(
        self,
        account_id: int,
        requests: Sequence[Request | Invalid],
        *,
        idempotency: Idempotency | None = None,
        atomic: bool = False,
        caller: Key | None = None,
        door: str = "",
    ) -> Answer | Refused:
        """Stands in for `tidings.pipeline.accept.accept`: stores what is valid unless told otherwise by `outcomes`."""
        self.taken.append((requests, idempotency, atomic))
        if self.fault:
            raise self.fault
        return self.refusal or Answer(tuple(self._taken(account_id, one) for one in requests), self.replayed)

    def _taken(self, account_id: int, request: Request | Invalid) -> Result:
        if isinstance(request, Invalid):
            return request
        told = self.outcomes.get(request.to)
        return told or Stored(self.put(to=request.to, text=request.text, account_id=account_id))

    def describe(self, carrier: str, part: Any, at: Millis) -> None:
        """Nothing is known of PDUs."""

    async def cancel(self, account_id: int, message_id: int) -> Message | Refused:
        """Stands in for `tidings.pipeline.cancel.cancel`."""
        message = self.messages.get(message_id)
        if message is None or message.account_id != account_id:
            return Refused("not_found", "There is no message with this id.")
        return self.refusal or msgspec.structs.replace(message, status="canceled")

    async def issue(self, account_id: int, name: str, scope: str, by: Any = None, **bounds: Any) -> tuple[Key, str]:
        """Stands in for `tidings.pipeline.admit.issue`."""
        return Key(77, account_id, name, scope, b"", NOW, **bounds), "tk_shown_once"

    async def read(self, question: Callable[[Any], Awaitable[Any]]) -> Any:
        if self.fault:
            raise self.fault
        return await question(FakeTx(self))

    def health(self) -> Health:
        return self.state

    async def snapshot(self) -> Snapshot:
        return self.figures

    def put(self, **changes: Any) -> Message:
        """Store a message made of a plain one with `changes`."""
        fields: dict[str, Any] = {
            "id": self.ids.next(self.clock.now()),
            "account_id": DEFAULT_ACCOUNT,
            "direction": "mt",
            "status": "accepted",
            "category": "transactional",
            "to": "+15551230100",
            "sender": "TIDINGS",
            "text": "Hello",
            "encoding": "gsm7",
            "segments": 1,
            "reference": 7,
            "created_at": self.clock.now(),
            "expires_at": self.clock.now() + 86_400_000,
        }
        message = Message(**{**fields, **changes})
        self.messages[message.id] = message
        return message
