"""The one-URL door on the real store: forms and addresses of every kind, and who may use them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import msgspec
import pytest
from test_api import Place, opened, suppress

from kit import Heard, ask
from tidings.config import Limits, OneUrlSettings
from tidings.drivers.clock import SystemClock

TO = "+15551230100"
FORM = ("content-type", "application/x-www-form-urlencoded")


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with opened(tmp_path) as found:
        yield found


class Moved(SystemClock):
    """The clock at a moment."""

    def __init__(self, at: int) -> None:
        self._at = at

    def now(self) -> int:
        return self._at


async def form(place: Place, body: str | bytes, query: str = "", key: str = "send", *headers: tuple[str, str]) -> Heard:
    octets = body.encode() if isinstance(body, str) else body
    named = [] if any(name == "content-type" for name, _ in headers) else [FORM]
    return await ask(place.app, "POST", f"/send{query}", octets, key=place.tokens.get(key), headers=[*named, *headers])


async def get(place: Place, query: str, *headers: tuple[str, str]) -> Heard:
    return await ask(place.app, "GET", f"/send?{query}", key=None, headers=headers)


async def text_of(place: Place, told: Heard) -> str:
    assert (told.status, told.headers["content-type"]) == (202, "text/plain; charset=utf-8"), told.body
    message = await place.ask("GET", f"/v1/messages/{told.body.decode().strip()}")
    assert message.json()["to"] == TO
    text: str = message.json()["text"]
    return text


TEXTS = ["Hello", "Déjà vu & more: 100 % + 1 = ?", "a+b", "line\r\nbreak", "👍🏽 ж", "%zz", "%41", " blanks ", "a=b&c"]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("encode", [quote, quote_plus])
async def test_a_text_arrives_as_it_was_written(place: Place, text: str, encode: Any) -> None:
    fields = f"to={quote(TO)}&text={encode(text)}"
    assert await text_of(place, await form(place, fields)) == text
    assert await text_of(place, await form(place, "", f"?{fields}")) == text
    assert await text_of(place, await get(place, f"{fields}&key={place.tokens['send']}")) == text


async def test_raw_utf8_is_read_as_utf8(place: Place) -> None:
    assert await text_of(place, await form(place, f"to={TO}&text=Déjà vu")) == "Déjà vu"


async def test_form_and_query_add_up(place: Place) -> None:
    assert await text_of(place, await form(place, "text=hi", f"?to={TO}")) == "hi"


@pytest.mark.parametrize("to", ["+15551230100", "%2B15551230100", " 15551230100", "%2b15551230100"])
async def test_a_plus_may_be_written_plainly(place: Place, to: str) -> None:
    await text_of(place, await form(place, f"to={to}&text=x"))


async def test_all_fields(place: Place) -> None:
    told = await form(place, f"to={TO}&text=x&from=ACME&client_ref=a%2Fb", "", "send", ("accept", "application/json"))
    assert (told.status, told.headers["content-type"]) == (202, "application/json")
    assert (told.json()["from"], told.json()["client_ref"]) == ("ACME", "a/b")
    assert told.headers["location"] == f"/v1/messages/{told.json()['id']}"


ACCEPT = [
    ("*/*", False), ("text/plain", False), ("application/json", True),
    ("text/html,application/xml;q=0.9,*/*;q=0.8", False),
    ("application/json;q=0.2, text/plain", False), ("text/plain;q=0.1, application/json", True),
    ("application/problem+json", True), ("application/json;q=x", False), ("APPLICATION/JSON", True),
]  # fmt: skip


@pytest.mark.parametrize(("accept", "as_json"), ACCEPT)
async def test_json_by_accept(place: Place, accept: str, as_json: bool) -> None:
    good = await form(place, f"to={TO}&text=x", "", "send", ("accept", accept))
    bad = await form(place, "to=1&text=x", "", "send", ("accept", accept))
    assert (good.status, bad.status) == (202, 422)
    assert good.headers["content-type"] == ("application/json" if as_json else "text/plain; charset=utf-8")
    assert bad.headers["content-type"] == ("application/problem+json" if as_json else "text/plain; charset=utf-8")


ALPHABET = "x" * 40_001
BAD: list[tuple[str, str | bytes, int, list[str]]] = [
    ("a bad number", "to=1&text=x", 422, ["validation_failed: Validation failed", "to: must be E.164"]),
    ("two faults", "to=1", 422, ["validation_failed: Validation failed", "text: is required"]),
    ("no text", f"to={TO}&text=", 422, ["validation_failed: Validation failed", "text: "]),
    ("too long", f"to={TO}&text={ALPHABET}", 422, ["validation_failed: Validation failed", "text: "]),
    ("unknown", f"to={TO}&text=x&txt=y", 422, ["validation_failed: Validation failed", "txt: unknown parameter; did"]),
    ("twice", f"to={TO}&text=x&text=x", 422, ["validation_failed: Validation failed", "text: given more than once"]),
    ("NUL", f"to={TO}&text=a%00b", 422, ["validation_failed: Validation failed", "text: must not contain NUL"]),
    ("latin-1", b"to=%2B15551230100&text=\xe9", 400, ["bad_request: The form is not UTF-8"]),
    ("latin-1, escaped", f"to={TO}&text=%E9", 400, ["bad_request: The form is not UTF-8"]),
    ("half a surrogate", f"to={TO}&text=%ED%A0%80", 400, ["bad_request: The form is not UTF-8"]),
    ("too many", "&".join(f"a{n}=1" for n in range(30)), 400, ["bad_request: The form has more than 20 param"]),
]  # fmt: skip


@pytest.mark.parametrize(("body", "status", "lines"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
async def test_what_cannot_be_taken_is_told_in_lines(
    place: Place, body: str | bytes, status: int, lines: list[str]
) -> None:
    told = await form(place, body)
    assert told.status == status, told.body
    written = told.body.decode().splitlines()
    assert [line[: len(begin)] for line, begin in zip(written, lines, strict=True)] == lines
    assert await place.count() == 0


async def test_given_in_form_and_query_is_twice(place: Place) -> None:
    told = await form(place, f"to={TO}&text=x", "?text=y")
    assert (told.status, told.body.decode().splitlines()[1]) == (422, "text: given more than once")


KINDS = [
    ("application/json", 415), ("text/plain", 415), ("multipart/form-data; boundary=x", 415),
    ("application/x-www-form-urlencoded; charset=iso-8859-1", 415),
    ("application/x-www-form-urlencoded;charset=UTF-8", 202),
    ('Application/X-WWW-Form-Urlencoded; charset="utf-8"', 202),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "status"), KINDS)
async def test_forms_are_utf8_forms(place: Place, kind: str, status: int) -> None:
    assert (await form(place, f"to={TO}&text=x", "", "send", ("content-type", kind))).status == status


# keys


async def test_the_key_may_come_four_ways(place: Place) -> None:
    fields, key = f"to={TO}&text=x", place.tokens["send"]
    ways = [
        await form(place, f"{fields}&key={key}", "", ""),
        await form(place, fields, f"?key={key}", ""),
        await form(place, fields, "", "", ("x-api-key", key)),
        await form(place, fields, "", "send"),
    ]
    assert [told.status for told in ways] == [202] * 4


async def test_two_keys_at_once_are_refused(place: Place) -> None:
    told = await form(place, f"to={TO}&text=x&key={place.tokens['send']}")
    assert (told.status, told.body[:12]) == (400, b"bad_request:")


NO_KEY = [
    ("none", "", 401),
    ("wrong", "&key=tk_0", 401),
    ("of odd letters", "&key=%F0%9F%91%8D", 401),
    ("empty", "&key=", 401),
]


@pytest.mark.parametrize(("given", "status"), [n[1:] for n in NO_KEY], ids=[n[0] for n in NO_KEY])
async def test_without_a_key_nothing_goes(place: Place, given: str, status: int) -> None:
    told = await form(place, f"to={TO}&text=x{given}", "", "")
    assert (told.status, told.body[:13]) == (status, b"unauthorized:")
    assert "www-authenticate" in told.headers
    assert await place.count() == 0


async def test_a_key_that_reads_may_not_send(place: Place) -> None:
    assert (await form(place, f"to={TO}&text=x", "", "read")).status == 403


# GET


async def far(place: Place, key: str, client: str = "203.0.113.9", host: str = "0.0.0.0", **more: Any) -> int:
    place.house.settings = msgspec.structs.replace(place.house.settings, host=host, **more)
    status = 0

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)

    query = f"to={quote(TO)}&text=x&key={place.tokens[key]}".encode()
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/send",
        "query_string": query,
        "headers": [],
        "client": (client, 9),
    }
    await place.app(scope, receive, send)
    return status


AFAR: list[tuple[str, dict[str, Any], int]] = [
    ("from afar", {"key": "send"}, 403),
    ("from here, but open to all", {"key": "send", "client": "127.0.0.1"}, 403),
    ("from here", {"key": "admin", "client": "127.0.0.1", "host": "127.0.0.1"}, 202),
    ("from here by IPv6", {"key": "admin", "client": "::1", "host": "::1"}, 202),
    ("from here by a name", {"key": "admin", "client": "::ffff:127.0.0.1", "host": "localhost"}, 202),
    ("allowed, with a key to send", {"key": "only", "one_url": OneUrlSettings(get=True)}, 202),
    ("allowed, with a key that reads too", {"key": "send", "one_url": OneUrlSettings(get=True)}, 403),
    ("allowed, with a key that can do more", {"key": "admin", "one_url": OneUrlSettings(get=True)}, 403),
    ("allowed, with a key that reads", {"key": "read", "one_url": OneUrlSettings(get=True)}, 403),
]


@pytest.mark.parametrize(("how", "status"), [a[1:] for a in AFAR], ids=[a[0] for a in AFAR])
async def test_who_may_send_by_an_address(place: Place, how: dict[str, Any], status: int) -> None:
    assert await far(place, **how) == status
    assert await place.count() == (status == 202)


@pytest.mark.parametrize("header", ["forwarded", "x-forwarded-for", "x-real-ip", "via"])
async def test_behind_a_proxy_nobody_is_local(place: Place, header: str) -> None:
    told = await get(place, f"to={TO}&text=x&key={place.tokens['send']}", (header, "127.0.0.1"))
    assert told.status == 403


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8775", 202),
        ("127.0.0.1", 202),
        ("[::1]:8775", 202),
        ("evil.example", 403),
        ("127.0.0.1.example", 403),
    ],
)
async def test_a_foreign_name_that_leads_here_is_not_here(place: Place, host: str, status: int) -> None:
    told = await get(place, f"to={TO}&text=x&key={place.tokens['send']}", ("host", host))
    assert told.status == status


AHEAD = [("sec-purpose", "prefetch;prerender"), ("purpose", "prefetch"), ("x-moz", "prefetch")]


@pytest.mark.parametrize("header", AHEAD)
async def test_what_a_browser_fetches_ahead_is_not_sent(place: Place, header: tuple[str, str]) -> None:
    told = await get(place, f"to={TO}&text=x&key={place.tokens['send']}", header)
    assert told.status == 403
    assert await place.count() == 0


LOOKERS = [
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "WhatsApp/2.23.20.0",
    "facebookexternalhit/1.1 Facebot Twitterbot/1.0",
    "TelegramBot (like TwitterBot)",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
]


@pytest.mark.parametrize("agent", LOOKERS)
async def test_what_looks_at_links_sends_nothing(place: Place, agent: str) -> None:
    query = f"to={TO}&text=x&key={place.tokens['send']}"
    assert (await get(place, query, ("user-agent", agent))).status == 403
    assert await place.count() == 0


PEOPLE = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (compatible; Google-Apps-Script; beanserver; +https://script.google.com; id: x)",
    "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Excel)",
    "curl/8.5.0",
    "Wget/1.21",
    "",
]


@pytest.mark.parametrize("agent", PEOPLE)
async def test_what_people_and_their_programs_open_is_sent(place: Place, agent: str) -> None:
    query = f"to={TO}&text=x&key={place.tokens['send']}"
    assert (await get(place, query, ("user-agent", agent))).status == 202


async def test_an_address_opened_again_within_a_minute_is_one_message(place: Place) -> None:
    now = place.house.clock.now() // 60_000 * 60_000 + 59_000
    place.house.clock = Moved(now)
    query = f"to={TO}&text=x&key={place.tokens['send']}"
    first = await get(place, query)
    place.house.clock = Moved(now + 2_000)
    again = await get(place, query.replace(TO, quote(TO)))
    assert (again.status, again.body, again.headers["idempotent-replayed"]) == (202, first.body, "true")
    other = await get(place, query + "&client_ref=2")
    mine = await get(place, f"to={TO}&text=x&key={place.tokens['admin']}")
    place.house.clock = Moved(now + 121_000)
    later = await get(place, query)
    assert len({told.body for told in (first, other, mine, later)}) == 4
    form_twice = [await form(place, f"to={TO}&text=x") for _ in range(2)]
    assert form_twice[0].body != form_twice[1].body


async def test_what_is_sent_by_forms_is_bounded_before_the_key_is_known(place: Place) -> None:
    assert (await form(place, b"a" * (512 * 1024 + 1), key="none")).status == 413
    longest = "to=" + quote(TO) + "&text=" + quote("😀" * 40_000)
    assert (await form(place, longest)).status in (202, 422)  # too many segments, but not too long


ODD: list[tuple[str, str, int, str]] = [
    ("Latin-1", "text=d%E9j%E0", 400, "not UTF-8"),
    ("addresses copied out of HTML", "amp;text=x", 422, "write & for &amp;"),
    ("encoded twice", "to=%252B15551230100&text=x", 422, "to: has U+0025 at position 0"),
]


@pytest.mark.parametrize(("query", "status", "said"), [o[1:] for o in ODD], ids=[o[0] for o in ODD])
async def test_odd_ways_of_writing_are_told(place: Place, query: str, status: int, said: str) -> None:
    to = "" if query.startswith("to=") else f"to={quote(TO)}&"
    told = await get(place, f"{to}{query}&key={place.tokens['send']}")
    assert (told.status, said in told.body.decode()) == (status, True), told.body
    assert await place.count() == 0


async def test_head_sends_nothing(place: Place) -> None:
    told = await ask(place.app, "HEAD", f"/send?to={TO}&text=x&key={place.tokens['send']}", key=None)
    assert told.status == 405
    assert await place.count() == 0


# as every door


async def test_the_same_key_is_one_message_however_it_is_written(place: Place) -> None:
    first = await form(place, f"to={quote(TO)}&text=a%20b&idempotency_key=june-2")
    again = await form(place, f"text=a+b&to={TO}", "", "admin", ("idempotency-key", "june-2"))
    other = await form(place, f"to={TO}&text=c&idempotency_key=june-2")
    assert (first.body, again.headers["idempotent-replayed"]) == (again.body, "true")
    assert (other.status, other.body[:21]) == (422, b"idempotency_mismatch:")
    assert await place.count() == 1


IDEMPOTENCY = [("&idempotency_key=", 422), ("&idempotency_key=%C3%A9", 422), (f"&idempotency_key={'x' * 256}", 422)]


@pytest.mark.parametrize(("given", "status"), IDEMPOTENCY, ids=["empty", "odd", "long"])
async def test_an_idempotency_key_has_its_form(place: Place, given: str, status: int) -> None:
    assert (await form(place, f"to={TO}&text=x{given}")).status == status


async def test_an_opt_out_holds_here_too(place: Place) -> None:
    await place.store.write(suppress, [TO])
    lines = (await form(place, f"to={TO}&text=x")).body.decode().splitlines()
    assert lines[0].startswith("rejected: The person opted out")
    assert lines[1].startswith("id: msg_")


async def test_a_full_queue_is_429(tmp_path: Path) -> None:
    async with opened(tmp_path, Limits(queued_per_account=1)) as place:
        assert [(await form(place, f"to={TO}&text=x")).status for _ in range(2)] == [202, 429]


async def test_too_much_is_413(tmp_path: Path) -> None:
    async with opened(tmp_path, Limits(body_bytes=1000)) as place:
        assert (await form(place, f"to={TO}&text={'x' * 1000}")).status == 413
