"""What webhooks may reach, by which certificate, and what endpoints may do to us: refused, bounded, tried again."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from spine_kit import request, send
from tidings.config import WebhookSettings
from tidings.core.breaker import Strain
from tidings.core.ports import NotPosted
from tidings.drivers import http_wire
from tidings.drivers import names as drivers_names
from tidings.drivers.http_client import HttpPost
from tidings.drivers.names import Names
from tidings.pipeline import settle
from webhook_kit import OK, Endpoint, Got, MovingClock, answer, office

pytestmark = pytest.mark.slow

NO_STORE = pytest.mark.one_engine("no store is asked")

FIRST = ("message.accepted",)
TLS = Path(__file__).parents[1] / "tls"


# what endpoints do


async def drops_of_a_header() -> AsyncIterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\n"
    while True:
        yield b"x-a: b\r\n"
        await asyncio.sleep(0.02)


async def drops_of_a_body() -> AsyncIterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\n\r\n"
    while True:
        yield b"x"
        await asyncio.sleep(0.02)


FAILURES: list[tuple[str, object, str, int | None, str]] = [
    ("an error of its own", answer(500), "refused", 500, ""),
    ("a redirect, which is not followed", answer(302, b"", "location: http://127.0.0.1:1/"), "refused", 302,
     "redirects are not followed"),
    ("a refusal", answer(404), "refused", 404, ""),
    ("no HTTP", b"SSH-2.0-OpenSSH_9\r\n", "broken", None, "not HTTP"),
    ("another protocol", answer(101, b"", "upgrade: websocket", "connection: upgrade"), "broken", None, "protocol"),
    ("silence", None, "timeout", None, "no whole answer within 0.3 s"),
    ("an answer cut off", b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nx", "timeout", None, ""),
    ("headers without end", b"HTTP/1.1 200 OK\r\n" + b"x-a: b\r\n" * 9_000, "broken", None, "headers of the answer"),
    ("headers in drops", drops_of_a_header, "timeout", None, ""),
    ("a body in drops", drops_of_a_body, "timeout", None, ""),
    ("two lengths", b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxy", "broken", None, "not HTTP"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "outcome", "status", "why"), [f[1:] for f in FAILURES], ids=[f[0] for f in FAILURES])
async def test_what_fails_comes_again_under_the_same_id(
    tmp_path: Path, said: object, outcome: str, status: int | None, why: str
) -> None:
    def script(got: Got, earlier: int) -> object:
        return OK if earlier else said() if callable(said) else said

    settings = WebhookSettings(timeout=0.3)
    async with Endpoint(script).up() as there, office(tmp_path, webhooks=settings) as here:  # type: ignore[arg-type]
        await here.subscribe(there.url, events=FIRST)
        await send(here.house, request())
        (waiting,) = await here.tried()
        assert 4_000 < (waiting.next_at or 0) - here.clock.now() <= 5_600
        assert here.house.strain(waiting.endpoint) == Strain(failures=1, rest=0.0)
        here.move(5.6)
        (done,) = await here.settled("delivered")
        assert here.house.strain(waiting.endpoint) == Strain(failures=0, rest=0.0)
        first, second = await here.tries(done)
        assert (first.outcome, first.status_code, second.outcome) == (outcome, status, "delivered")
        assert why in first.detail
        assert there.got[0].id == there.got[1].id
        assert there.got[0].body == there.got[1].body


LONG = b"x" * 10_000_000


@pytest.mark.parametrize(
    "said",
    [
        answer(200, LONG),
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + b"ffffff\r\n" + LONG,
        b"HTTP/1.1 200 OK\r\n\r\n" + LONG,
    ],
    ids=["ten megabytes", "chunks without end", "a stream without end"],
)  # fmt: skip
async def test_a_long_answer_is_cut_and_its_status_counts(tmp_path: Path, said: bytes) -> None:
    async with Endpoint(lambda got, earlier: said).up() as there, office(tmp_path) as here:
        await here.subscribe(there.url, events=FIRST)
        await send(here.house, request())
        (done,) = await here.settled("delivered")
        (tried,) = await here.tries(done)
        assert len(tried.answer) == settle.ANSWER_KEPT
        came = await here.post.post(there.url, {}, b"")
        assert not isinstance(came, NotPosted)
        assert (len(came.body), came.truncated) == (http_wire.READ_MOST, True)


async def test_a_packed_answer_is_never_unpacked(tmp_path: Path) -> None:
    bomb = gzip.compress(b"0" * 20_000_000)
    said = answer(200, bomb, "content-encoding: gzip")
    async with Endpoint(lambda got, earlier: said).up() as there, office(tmp_path) as here:
        await here.subscribe(there.url, events=FIRST)
        await send(here.house, request())
        (done,) = await here.settled("delivered")
        assert "accept-encoding" not in there.got[0].headers
        came = await here.post.post(there.url, {}, b"")
        assert not isinstance(came, NotPosted)
        assert came.body == bomb
        (tried,) = await here.tries(done)
        assert len(tried.answer) <= settle.ANSWER_KEPT


# addresses


def refused_at(address: str) -> HttpPost:
    clock = MovingClock()
    return HttpPost(clock, names=Names(clock, lambda host, port: ["93.184.215.14", address]))


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "0.0.0.0", "fe80::1", "fd00::1"]
)
@NO_STORE
async def test_inner_addresses_are_refused_whatever_the_name(address: str) -> None:
    came = await refused_at(address).post("http://harmless.example/", {}, b"")
    assert isinstance(came, NotPosted)
    assert came.kind == "blocked"
    assert address in came.detail


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "127.1", "0x7f000001", "2130706433", "0", "localhost",
             "169.254.169.254", "[fe80::1%25lo]"],
)  # fmt: skip
@NO_STORE
async def test_inner_addresses_are_refused_however_they_are_written(host: str) -> None:
    async with Endpoint().up() as there:
        came = await HttpPost(MovingClock()).post(f"http://{host}:{there.port}/", {}, b"")
        assert isinstance(came, NotPosted)
        assert came.kind in ("blocked", "unresolved")
        assert there.connections == 0


@NO_STORE
async def test_the_address_that_was_checked_is_the_one_called() -> None:
    asked: list[str] = []

    def look_up(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.9"]

    async with Endpoint().up() as there:
        clock = MovingClock()
        post = HttpPost(clock, names=Names(clock, look_up), allow_private=True)
        came = await post.post(f"http://rebound.example:{there.port}/a?b=c", {}, b"x")
        post.close()
    assert not isinstance(came, NotPosted)
    assert asked == ["rebound.example"]
    assert there.got[0].headers["host"] == f"rebound.example:{there.port}"
    assert there.got[0].path == "/a?b=c"


@NO_STORE
async def test_a_name_that_leads_elsewhere_by_now_is_checked_again() -> None:
    answers = [["93.184.215.14"], ["127.0.0.1"]]
    clock = MovingClock()
    names = Names(clock, lambda host, port: answers.pop(0))
    post = HttpPost(clock, names=names)
    assert await names.addresses("rebound.example", 80) == ["93.184.215.14"]
    clock.ahead += 31
    came = await post.post("http://rebound.example/", {}, b"")
    assert isinstance(came, NotPosted)
    assert came.kind == "blocked"


@NO_STORE
async def test_the_next_address_is_tried_where_one_does_not_answer() -> None:
    async with Endpoint().up() as there:
        clock = MovingClock()
        post = HttpPost(clock, names=Names(clock, lambda host, port: ["::1", "127.0.0.1"]), allow_private=True)
        assert not isinstance(await post.post(f"http://two.example:{there.port}/", {}, b""), NotPosted)
        post.close()


@NO_STORE
async def test_names_are_remembered_and_outlive_their_name_server() -> None:
    clock = MovingClock()
    asked: list[str] = []

    def look_up(host: str, port: int) -> list[str]:
        asked.append(host)
        if len(asked) > 1:
            raise OSError(-3, "Temporary failure in name resolution")
        return ["192.0.2.1"]

    names = Names(clock, look_up)
    assert await names.addresses("a.example", 80) == await names.addresses("a.example", 80) == ["192.0.2.1"]
    assert len(asked) == 1
    clock.ahead += 60
    assert await names.addresses("a.example", 80) == ["192.0.2.1"]
    assert len(asked) == 2
    clock.ahead += 3_600
    with pytest.raises(OSError, match="Temporary failure"):
        await names.addresses("a.example", 80)


@pytest.mark.one_engine("names, not the store")
async def test_names_that_hang_hold_up_no_others(tmp_path: Path) -> None:
    go_on = threading.Event()

    def look_up(host: str, port: int) -> list[str]:
        if host.startswith("dead"):
            go_on.wait(30)
            raise OSError("nobody")
        return ["127.0.0.1"]

    try:
        async with Endpoint().up() as there, office(tmp_path, look_up=look_up) as here:
            for number in range(50):
                await here.subscribe(f"http://dead{number}.example/", events=FIRST)
                await here.subscribe(f"http://alive{number}.example:{there.port}/{number}", events=FIRST)
            await send(here.house, request())
            await here.until(lambda: len(there.got) == 50)
            done = await here.settled("delivered", 50)
            assert {one.attempts for one in done} == {1}
    finally:
        go_on.set()


# certificates


def ours() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=TLS / "ca.pem")


def served() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(TLS / "hook.pem")
    return context


def here_only(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


async def test_https_with_a_certificate_of_that_name_is_called(tmp_path: Path) -> None:
    async with Endpoint().up(served()) as there, office(tmp_path, look_up=here_only, tls=ours()) as here:
        await here.subscribe(f"https://hook.example:{there.port}/hook", events=FIRST)
        await send(here.house, request(), request())
        await here.settled("delivered", 2)
        assert {got.headers["host"] for got in there.got} == {f"hook.example:{there.port}"}
        assert there.connections == 1


CERTIFICATES = [
    ("a certificate for another name", "other.example", True, "Hostname mismatch"),
    ("a certificate nobody vouches for", "hook.example", False, "self-signed certificate in certificate chain|unable"),
]


@pytest.mark.parametrize(("name", "trusted", "why"), [c[1:] for c in CERTIFICATES], ids=[c[0] for c in CERTIFICATES])
async def test_https_with_a_wrong_certificate_is_not_and_the_log_says_why(
    tmp_path: Path, name: str, trusted: bool, why: str
) -> None:
    tls = ours() if trusted else ssl.create_default_context()
    async with Endpoint().up(served()) as there, office(tmp_path, look_up=here_only, tls=tls) as here:
        await here.subscribe(f"https://{name}:{there.port}/hook", events=FIRST)
        await send(here.house, request())
        (one,) = await here.tried()
        (tried,) = await here.tries(one)
        assert (one.status, tried.outcome, tried.status_code) == ("waiting", "tls", None)
        assert f"the certificate of {name} is not to be trusted" in tried.detail
        assert any(word in tried.detail for word in why.split("|")), tried.detail
        assert there.got == []


async def test_https_to_one_that_speaks_http_is_told(tmp_path: Path) -> None:
    quick = WebhookSettings(timeout=0.5)
    async with Endpoint().up() as there, office(tmp_path, look_up=here_only, webhooks=quick) as here:
        await here.subscribe(f"https://hook.example:{there.port}/", events=FIRST)
        await send(here.house, request())
        (one,) = await here.tried()
        (tried,) = await here.tries(one)
        assert tried.outcome in ("tls", "unreachable", "timeout")
        assert tried.detail


# connections


@NO_STORE
async def test_a_connection_is_used_again_and_replaced_when_it_was_closed() -> None:
    async with Endpoint().up() as there:
        post = HttpPost(MovingClock(), allow_private=True)
        for _ in range(5):
            assert not isinstance(await post.post(there.url, {}, b"x"), NotPosted)
        assert there.connections == 1
        for writer in list(there._writers):
            writer.close()
        await asyncio.sleep(0.02)
        assert not isinstance(await post.post(there.url, {}, b"x"), NotPosted)
        assert there.connections == 2
        post.close()


@NO_STORE
async def test_a_kept_connection_that_falls_silent_has_no_more_time_than_a_new_one() -> None:
    async with Endpoint(lambda got, earlier: OK if earlier < 2 or got.body == b"quick" else None).up() as there:
        post = HttpPost(MovingClock(), timeout_s=0.3, allow_private=True)
        first = await asyncio.gather(post.post(there.url, {}, b"x"), post.post(there.url, {}, b"x"))
        assert not any(isinstance(one, NotPosted) for one in first)
        silent = asyncio.create_task(post.post(there.url, {}, b"x"))
        await asyncio.sleep(0.1)
        assert not isinstance(await post.post(there.url, {}, b"quick"), NotPosted)
        later = await post.post(there.url, {}, b"x")
        for came in (await silent, later):
            assert isinstance(came, NotPosted)
            assert (came.kind, came.detail) == ("timeout", "no whole answer within 0.3 s")
            assert 290 <= came.took_ms < 5_000
        assert there.connections == 2, "the message did not go out a second time"
        post.close()


@pytest.mark.parametrize(
    "more", [b"HTTP/1.1 500 x\r\ncontent-length: 0\r\n\r\n", b"HTTP/1.1 500 x\r\nconte", b"SSH-2.0"]
)
@NO_STORE
async def test_what_comes_beyond_an_answer_changes_nothing_and_ends_the_connection(more: bytes) -> None:
    async with Endpoint(lambda got, earlier: OK + more if earlier == 0 else OK).up() as there:
        post = HttpPost(MovingClock(), allow_private=True)
        for _ in range(3):
            came = await post.post(there.url, {}, b"x")
            assert not isinstance(came, NotPosted), came
            assert (came.status, came.body) == (200, b"ok")
        assert there.connections == 2
        post.close()


@NO_STORE
async def test_names_wait_their_turn_where_very_many_are_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drivers_names, "THREADS_MOST", 2)
    go_on, busy = threading.Event(), []

    def look_up(host: str, port: int) -> list[str]:
        busy.append(host)
        go_on.wait(30)
        return ["192.0.2.1"]

    names = Names(MovingClock(), look_up)
    asked = [asyncio.ensure_future(names.addresses(f"{number}.example", 80)) for number in range(6)]
    again = asyncio.ensure_future(names.addresses("0.example", 80))
    await asyncio.sleep(0.05)
    assert len(busy) == 2
    go_on.set()
    assert await asyncio.gather(*asked, again) == [["192.0.2.1"]] * 7
    assert len(busy) == 6
