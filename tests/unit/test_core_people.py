"""Codes of second factors, passwords that are taken, and how long those who guess have to wait."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.config import PERSONAL_ROLES
from tidings.core import password, patience, totp
from tidings.core.message import DAY, HOUR, MINUTE
from tidings.core.patience import Wait
from tidings.core.people import ROLES, email_of
from tidings.text.token import as_typed, typed

SECRET = b"12345678901234567890"

# RFC 6238, appendix B (SHA-1, eight digits), and RFC 4226, appendix D (six digits, by counter).
TIMES = [
    (59, "94287082"), (1_111_111_109, "07081804"), (1_111_111_111, "14050471"), (1_234_567_890, "89005924"),
    (2_000_000_000, "69279037"), (20_000_000_000, "65353130"),
]  # fmt: skip
COUNTERS = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]


@pytest.mark.parametrize(("second", "code"), TIMES)
def test_codes_are_those_of_the_rfc(second: int, code: str) -> None:
    assert totp.code(SECRET, totp.step_of(second * 1000), 8) == code


def test_codes_by_counter_are_those_of_the_rfc() -> None:
    assert [totp.code(SECRET, step) for step in range(10)] == COUNTERS


TAKEN = [
    ("of this moment", 5, 0, 5),
    ("of the step before", 4, 0, 4),
    ("of the next step", 6, 0, 6),
    ("two steps ago", 3, 0, None),
    ("used already", 5, 5, None),
    ("older than one that was used", 4, 5, None),
    ("newer than one that was used", 6, 5, 6),
]


@pytest.mark.parametrize(("why", "step", "after", "found"), TAKEN, ids=[one[0] for one in TAKEN])
def test_which_codes_are_taken(why: str, step: int, after: int, found: int | None) -> None:
    assert totp.taken(SECRET, totp.code(SECRET, step), 5 * totp.STEP + 7, after) == found


@pytest.mark.parametrize("given", ["", "75522", "7552244", "abcdef", "７５５２２４", "755 224"])
def test_what_is_no_code_is_not_taken(given: str) -> None:
    assert totp.taken(SECRET, given, totp.STEP, -1) is None


def test_an_app_is_told_the_secret() -> None:
    assert totp.written(SECRET) == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert totp.uri(SECRET, "tidings", "a+b@example.com") == (
        "otpauth://totp/tidings:a%2Bb@example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=tidings"
    )


PASSWORDS = [
    ("seven herons over the weir", True),
    ("Tr0ub4dor&3-xkcd", True),
    ("пароль на двенадцать", True),
    ("k" * 11, False),
    ("x9" * 129, False),
    ("aaaaaaaaaaaa", False),
    ("abababababab", False),
    ("qwertyuiopas", False),
    ("poiuytrewq098", True),
    ("1234567890123", False),
    ("password1234", False),
    ("P4ssw0rd!2024", False),
    ("!!Welcome2026!!", False),
    ("correcthorsebatterystaple", False),
    ("ada.lovelace@example.com", False),
    ("ada.lovelace2026", False),
    ("Ada Lovelace!!", False),
]


@pytest.mark.parametrize(("text", "good"), PASSWORDS)
def test_which_passwords_are_taken(text: str, good: bool) -> None:
    assert (password.fault(text, "ada.lovelace@example.com", "Ada Lovelace") is None) == good


def test_a_password_is_the_same_from_any_keyboard() -> None:
    assert password.prepared("cafe\u0301 au lait") == password.prepared("caf\u00e9 au lait")


EMAILS = [
    (" Ada@Example.COM ", "ada@example.com"), ("a+b@x", "a+b@x"), ("ä@exämple.de", "ä@exämple.de"),
    ("ada", None), ("@example.com", None), ("ada@", None), ("a b@example.com", None), ("a@b@c", None), ("a\n@b", None),
    ("x" * 65 + "@b", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "found"), EMAILS)
def test_which_addresses_are_taken(text: str, found: str | None) -> None:
    assert email_of(text) == found


def test_roles_of_settings_are_those_there_are() -> None:
    assert set(PERSONAL_ROLES) == set(ROLES)


ADDRESSES = [
    ("192.0.2.7", "address 192.0.2.7"), ("::ffff:192.0.2.7", "address 192.0.2.7"),
    ("2001:db8:1:2:3:4:5:6", "address 2001:db8:1:2::/64"), ("2001:db8:1:2::9", "address 2001:db8:1:2::/64"),
    ("", "address ?"), ("nonsense", "address ?"),
]  # fmt: skip


@pytest.mark.parametrize(("address", "name"), ADDRESSES)
def test_whose_tries_are_counted_together(address: str, name: str) -> None:
    assert patience.of_address(address) == name


@pytest.mark.parametrize(
    ("name", "free", "most", "counts"),
    [
        ("user x", 5, 5 * MINUTE, HOUR), ("browser 1", 5, 5 * MINUTE, HOUR), ("address x", 20, 15 * MINUTE, HOUR),
        ("factor 1", 5, HOUR, DAY),
    ],
)  # fmt: skip
def test_waits_double_up_to_a_bound_and_are_forgotten(name: str, free: int, most: int, counts: int) -> None:
    waits, one = [], None
    for _ in range(free + 30):
        one = patience.failed(name, one, 1_000)
        waits.append(one.free_at - 1_000)
    assert waits[: free + 3] == [0] * free + [2_000, 4_000, 8_000]
    assert waits[-1] == most == max(waits)
    assert one is not None
    later = patience.failed(name, one, 1_000 + counts - 1)
    assert later.failures == one.failures + 1
    assert patience.failed(name, later, 1_000 + counts).failures == 1, "an hour after the first, not after the last"


@given(st.integers(1, 100))
def test_what_was_right_is_given_back(failures: int) -> None:
    before = Wait(failures, 5, 9)
    found = patience.given_back(before)
    assert (found.failures if found else 0) == failures - 1
    assert found is None or found.free_at == 0


@given(st.binary(min_size=1, max_size=40))
def test_a_code_is_known_however_it_is_typed(octets: bytes) -> None:
    shown = typed(octets)
    assert as_typed(shown) == shown
    assert as_typed(shown.lower().replace("-", "  ")) == shown
