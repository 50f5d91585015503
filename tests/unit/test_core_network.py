"""Ranges that callers must be in, and who called through proxies."""

from __future__ import annotations

import pytest

from tidings.core.network import caller, is_range, within

WITHIN = [
    ("192.0.2.7", ("192.0.2.0/24",), True),
    ("192.0.3.7", ("192.0.2.0/24",), False),
    ("192.0.3.7", ("192.0.2.0/24", "192.0.3.7"), True),
    ("2001:db8::1", ("2001:db8::/32",), True),
    ("2001:db9::1", ("2001:db8::/32",), False),
    ("::ffff:192.0.2.7", ("192.0.2.0/24",), True),
    ("192.0.2.7", ("::/0",), False),
    ("192.0.2.7", (), False),
    ("", ("0.0.0.0/0",), False),
    ("unix:", ("0.0.0.0/0",), False),
    ("192.0.2.7:443", ("0.0.0.0/0",), False),
]


@pytest.mark.parametrize(("address", "ranges", "expected"), WITHIN)
def test_within(address: str, ranges: tuple[str, ...], expected: bool) -> None:
    assert within(address, ranges) is expected


@pytest.mark.parametrize("text", ["192.0.2.0/24", "192.0.2.1", "::/0", "2001:db8::/32"])
def test_a_range(text: str) -> None:
    assert is_range(text)


NONE = ["", "192.0.2.1/24", "192.0.2", "host", "192.0.2.0/33", "0.0.0.0/0 ", "::ffff:192.0.2.0/120"]


@pytest.mark.parametrize("text", NONE)
def test_no_range(text: str) -> None:
    assert not is_range(text)


TRUSTED = ("10.0.0.0/8",)
CALLERS = [
    ("nobody is trusted", "192.0.2.1", ["198.51.100.9"], (), "192.0.2.1"),
    ("the peer is not trusted", "192.0.2.1", ["198.51.100.9"], TRUSTED, "192.0.2.1"),
    ("through one proxy", "10.0.0.1", ["198.51.100.9"], TRUSTED, "198.51.100.9"),
    ("through two", "10.0.0.1", ["198.51.100.9, 10.0.0.2"], TRUSTED, "198.51.100.9"),
    ("in two headers", "10.0.0.1", ["198.51.100.9", "10.0.0.2"], TRUSTED, "198.51.100.9"),
    ("what was made up does not count", "10.0.0.1", ["10.9.9.9, 192.0.2.1, 198.51.100.9"], TRUSTED, "198.51.100.9"),
    ("no header", "10.0.0.1", [], TRUSTED, "10.0.0.1"),
    ("all are proxies", "10.0.0.1", ["10.0.0.3, 10.0.0.2"], TRUSTED, "10.0.0.3"),
    ("with a port", "10.0.0.1", ["198.51.100.9:5000, 10.0.0.2:80"], TRUSTED, "198.51.100.9"),
    ("IPv6", "10.0.0.1", ["2001:db8::9"], TRUSTED, "2001:db8::9"),
    ("IPv6 with a port", "10.0.0.1", ["[2001:db8::9]:5000"], TRUSTED, "2001:db8::9"),
    ("nonsense ends in nonsense", "10.0.0.1", ["198.51.100.9, x"], TRUSTED, "x"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "expected"), [case[1:] for case in CALLERS], ids=[case[0] for case in CALLERS]
)
def test_who_called(peer: str, forwarded: list[str], trusted: tuple[str, ...], expected: str) -> None:
    assert caller(peer, forwarded, trusted) == expected
