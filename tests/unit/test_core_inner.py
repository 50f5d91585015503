"""Addresses that outgoing requests must not reach, however they are written."""

from __future__ import annotations

import pytest

from tidings.core.inner import forbidden

INNER = {
    "127.0.0.1": "this machine", "127.255.255.254": "this machine", "::1": "this machine",
    "0.0.0.0": "an address that no host has", "::": "an address that no host has", "0.1.2.3": "a private address",
    "10.1.2.3": "a private address", "172.16.0.1": "a private address", "172.31.255.255": "a private address",
    "192.168.0.1": "a private address", "100.64.0.1": "a private address", "198.18.0.1": "a private address",
    "fd00::1": "a private address", "fec0::1": "a private address", "2001:db8::1": "a private address",
    "169.254.169.254": "a link-local address", "fe80::1": "a link-local address",
    "fe80::1%eth0": "a link-local address",
    "224.0.0.1": "an address that no host has", "ff02::1": "an address that no host has",
    "255.255.255.255": "an address that no host has", "240.0.0.1": "an address that no host has",
    "::ffff:127.0.0.1": "this machine", "::ffff:169.254.169.254": "a link-local address",
    "::ffff:10.0.0.1": "a private address", "::ffff:0.0.0.0": "an address that no host has",
    "::127.0.0.1": "an address that no host has", "64:ff9b::7f00:1": "this machine",
    "64:ff9b::a9fe:a9fe": "a link-local address", "64:ff9b:1::a00:1": "an address that no host has",
    "2002:7f00:1::": "this machine", "2002:a00:1::1": "a private address", "2001::1": "a private address",
}  # fmt: skip


@pytest.mark.parametrize("address", INNER)
def test_inner_addresses(address: str) -> None:
    assert forbidden(address) == INNER[address]


@pytest.mark.parametrize("address", INNER)
def test_where_private_ones_are_allowed_link_local_ones_are_not(address: str) -> None:
    allowed = INNER[address] in ("this machine", "a private address")
    assert forbidden(address, allow_private=True) == (None if allowed else INNER[address])


@pytest.mark.parametrize(
    "address",
    ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:93.184.215.14", "64:ff9b::5db8:d70e",
     "2002:5db8:d70e::1", "172.32.0.1", "100.128.0.1"],
)  # fmt: skip
def test_addresses_of_the_open_internet(address: str) -> None:
    assert forbidden(address) is None
