"""The rules of webhooks: what is wanted, how it is signed and checked, when it comes again, how much at a time."""

from __future__ import annotations

import base64
import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook

from tidings.core import redelivery, signing
from tidings.core.breaker import Breaker
from tidings.core.events import EVENT_TYPES, event_id, matches, parsed_event_id, types_of
from tidings.core.message import HOUR, MINUTE, SECOND
from tidings.core.redelivery import asked_wait, retry_wait
from tidings.core.webhook import endpoint_of, url_fault

NOW = 1_790_000_000_000
SECRET = bytes(range(32))

# An example of the specification itself.
KNOWN = (
    base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330",
    b'{"test": 2432232314}', "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
)  # fmt: skip


def test_the_known_signature() -> None:
    *given, expected = KNOWN
    assert signing.signature(*given) == expected


@settings(max_examples=50)
@given(st.binary(min_size=24, max_size=64), st.dictionaries(st.text(), st.integers() | st.text(), max_size=5))
def test_the_official_library_verifies_what_is_signed(octets: bytes, content: dict[str, object]) -> None:
    import json

    body = json.dumps(content).encode()
    official = Webhook(signing.shown_secret(octets))
    now = int(dt.datetime.now(dt.UTC).timestamp()) * SECOND
    headers = signing.headers([b"another" * 4, octets], "evt_1", now, body)
    assert official.verify(body, headers) == content
    signed = official.sign("evt_1", dt.datetime.fromtimestamp(now / 1000, dt.UTC), body.decode())
    assert signing.verify({**headers, "webhook-signature": signed}, body, octets, now).valid


def test_a_secret_is_read_back_as_it_is_shown() -> None:
    assert signing.parsed_secret(signing.shown_secret(SECRET)) == SECRET
    assert signing.parsed_secret("whsec_***") is None
    assert signing.parsed_secret("") is None


GOOD = signing.headers([SECRET], "evt_1", NOW, b'{"a":1}')
WRONG = [
    ("no id", {"webhook-id": ""}, b'{"a":1}', "webhook-id is missing"),
    ("no signature", {"webhook-signature": ""}, b'{"a":1}', "webhook-signature is missing"),
    ("another version", {"webhook-signature": "v2,abc"}, b'{"a":1}', "no signature of version v1"),
    ("no number", {"webhook-timestamp": "soon"}, b'{"a":1}', "not a number"),
    ("an old one", {"webhook-timestamp": str(NOW // SECOND - 301)}, b'{"a":1}', "301 s behind"),
    ("one of the future", {"webhook-timestamp": str(NOW // SECOND + 400)}, b'{"a":1}', "400 s ahead"),
    ("another body", {}, b'{"a": 1}', "No signature matches"),
    ("another id", {"webhook-id": "evt_2"}, b'{"a":1}', "No signature matches"),
]


@pytest.mark.parametrize(("changes", "body", "told"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_what_is_wrong_is_told(changes: dict[str, str], body: bytes, told: str) -> None:
    checked = signing.verify({**GOOD, **changes}, body, SECRET, NOW)
    assert not checked.valid
    assert told in (checked.problem or "")


def test_the_string_that_is_signed_and_the_first_difference_are_shown() -> None:
    checked = signing.verify({"Webhook-Id": "evt_1", **GOOD}, b'{"a":1}', SECRET, NOW)
    assert (checked.valid, checked.difference) == (True, None)
    assert checked.signed == f'evt_1.{NOW // SECOND}.{{"a":1}}'
    near = GOOD["webhook-signature"][:-3] + "xx="
    checked = signing.verify({**GOOD, "webhook-signature": near}, b'{"a":1}', SECRET, NOW)
    assert (checked.difference or "").startswith(f"signature, character {len(near) - 2}: ")
    checked = signing.verify(GOOD, b'{"a": 1}', SECRET, NOW, sent=b'{"a":1}')
    assert (checked.difference or "").startswith("body, octet 6 of 7: ")
    assert (checked.problem or "").startswith("The body is not as it was sent")


def test_a_body_is_blamed_only_where_a_signature_proves_it() -> None:
    checked = signing.verify(GOOD, b'{"a": 1}', b"another secret of ours", NOW, sent=b'{"a":1}')
    assert (checked.difference or "").startswith("signature, character ")
    assert (checked.problem or "").startswith("No signature matches")
    checked = signing.verify(GOOD, b'{"a":1}', b"another secret of ours", NOW, sent=b'{"a":1}')
    assert (checked.problem or "").startswith("The body is as it was sent")


@pytest.mark.parametrize(
    ("text", "key"),
    [(event_id(5, 2), (5, 2)), ("evt_0000000000001_12", (1, 12)), ("evt_0000000000001_", None), ("evb_x", None),
     ("evt_0000000000001_x", None), ("msg_0000000000001_1", None), ("evt_0000000000001_9999999999", None), ("", None)],
)  # fmt: skip
def test_the_id_of_an_event_is_read_back(text: str, key: tuple[int, int] | None) -> None:
    assert parsed_event_id(text) == key


# what is wanted


@pytest.mark.parametrize(
    ("patterns", "count"),
    [((), 14), (("*",), 14), (("message.*",), 12), (("message.sent",), 1), (("message.un*", "message.sent"), 3),
     (("message",), 0), (("other.*",), 0)],
)  # fmt: skip
def test_patterns_stand_for_types(patterns: tuple[str, ...], count: int) -> None:
    assert len(types_of(patterns)) == count
    assert types_of(patterns) == {one for one in EVENT_TYPES if matches(patterns, one)}


def test_an_event_has_one_id_and_a_callback_the_breaker_of_its_origin() -> None:
    assert event_id(1, 2) == "evt_0000000000001_2"
    assert endpoint_of(1, 7, None) == "wh_0000000000001"
    assert endpoint_of(None, 7, "https://A.example:444/x?y") == "7 https://a.example:444"


@pytest.mark.parametrize(
    "url", ["https://example.com/a?b=c", "http://[::1]:8080/", "http://10.0.0.1", "https://example.com:65535/%20"]
)
def test_urls_that_can_be_called(url: str) -> None:
    assert url_fault(url) is None


@pytest.mark.parametrize(
    "url",
    ["", "example.com", "ftp://example.com", "https://", "https://u:p@example.com/", "https://u@example.com/",
     "https://example.com/a b", "https://example.com/\r\nx: y", "https://exämple.com/", "https://example.com:99999/",
     "https://example.com:0/", "https://[::1/", "https://example.com/" + "x" * 2_000, "javascript:alert(1)"],
)  # fmt: skip
def test_urls_that_cannot(url: str) -> None:
    assert url_fault(url) is not None


# the schedule


def test_waits_double_from_5_s_and_last_at_least_22_hours() -> None:
    at, waits = NOW, []
    while (wait := retry_wait(len(waits) + 1, NOW, at, 0.0)) is not None:
        waits.append(wait)
        at += wait
    assert waits[:4] == [5 * SECOND, 10 * SECOND, 20 * SECOND, 40 * SECOND]
    assert len(waits) == 14
    assert 22 * HOUR <= at - NOW < 24 * HOUR


@settings(max_examples=50)
@given(st.integers(1, 40), st.floats(0, 1, exclude_max=True))
def test_chance_stretches_a_wait_and_never_cuts_it(attempt: int, chance: float) -> None:
    plain, wait = retry_wait(attempt, NOW, NOW, 0.0), retry_wait(attempt, NOW, NOW, chance)
    assert plain is not None
    assert wait is not None
    assert plain <= wait <= plain * 1.1


ASKED = [
    ("longer than ours", 1, 120 * SECOND, 120 * SECOND),
    ("shorter than our first", 1, 0, 5 * SECOND),
    ("shorter than a late one", 10, SECOND, MINUTE),
    ("out of all bounds", 1, 1_000 * HOUR, 6 * HOUR),
]


@pytest.mark.parametrize(("attempt", "asked", "wait"), [a[1:] for a in ASKED], ids=[a[0] for a in ASKED])
def test_a_retry_after_counts_within_bounds(attempt: int, asked: int, wait: int) -> None:
    assert retry_wait(attempt, NOW, NOW, 0.5, asked) == wait


@pytest.mark.parametrize(
    ("header", "wait"),
    [("120", 120 * SECOND), (" 7 ", 7 * SECOND), (None, None), ("", None), ("soon", None), ("-1", None), ("1.5", None),
     ("Mon, 21 Sep 2026 14:14:20 GMT", 60 * SECOND), ("Mon, 21 Sep 2020 14:14:20 GMT", 0),
     ("9" * 400, redelivery.LONGEST_ASKED)],
)  # fmt: skip
def test_retry_after_is_read_as_seconds_or_a_date(header: str | None, wait: int | None) -> None:
    assert asked_wait(header, NOW) == wait


# the breaker


def drive(breaker: Breaker, now: float, outcomes: str) -> None:
    for outcome in outcomes:
        breaker.begin()
        breaker.succeeded() if outcome == "+" else breaker.failed(now)
        breaker.release()


def test_a_new_endpoint_gets_one_request_and_twice_as_many_with_each_success() -> None:
    breaker = Breaker(10)
    rooms = []
    for _ in range(6):
        rooms.append(breaker.room(0.0))
        drive(breaker, 0.0, "+")
    assert rooms == [1, 2, 4, 8, 10, 10]
    assert breaker.standing == "healthy"


def test_a_failure_leaves_one_at_a_time_and_five_a_rest_that_grows() -> None:
    breaker = Breaker(10)
    drive(breaker, 0.0, "+++-")
    assert (breaker.room(0.0), breaker.standing) == (1, "failing")
    drive(breaker, 0.0, "----")
    assert breaker.room(4.9) == 0
    assert breaker.room(5.0) == 1
    drive(breaker, 5.0, "-")
    assert breaker.room(14.9) == 0
    drive(breaker, 15.0, "-" * 50)
    assert breaker.until == 15.0 + Breaker.LONGEST_REST
    drive(breaker, 400.0, "+")
    assert breaker.room(400.0) == 2


def test_what_is_under_way_takes_room_and_a_probe_is_alone() -> None:
    breaker = Breaker(10)
    breaker.begin()
    assert breaker.room(0.0) == 0
    breaker.failed(0.0, asked=30.0)
    breaker.release()
    assert breaker.room(29.0) == 0
    assert breaker.room(30.0) == 1
