"""Addresses of callers: ranges they must be in, and who called when a trusted proxy stands between."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Ranges = tuple[str, ...]


def is_range(text: str) -> bool:
    """Whether `text` is an address or a range in CIDR notation without host bits.

    IPv4 written as IPv6 is none: callers are told apart by their IPv4 address, which would never lie in it.
    """
    try:
        found = ip_network(text)
    except ValueError:
        return False
    return getattr(found.network_address, "ipv4_mapped", None) is None


def within(address: str, ranges: Ranges) -> bool:
    """Whether an address lies in one of the ranges; what is no address lies in none."""
    found = _address(address)
    return found is not None and any(found in one for one in _parsed(ranges))


def inside(ranges: Ranges, others: Ranges) -> bool:
    """Whether every one of the ranges lies whole in one of the others."""
    return all(any(_covers(other, one) for other in _parsed(others)) for one in _parsed(ranges))


def caller(peer: str, forwarded: Sequence[str], trusted: Ranges) -> str:
    """Who called: the peer of the connection, or, through trusted proxies, the last address that no trusted one has.

    `forwarded`: the values of X-Forwarded-For, in order. They are looked at only while the next hop is trusted.
    """
    address = peer
    hops = [hop.strip() for value in forwarded for hop in value.split(",")]
    while hops and within(address, trusted):
        address = _host(hops.pop())
    return address


def _host(hop: str) -> str:
    """A hop without its port, which some proxies add."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    mapped = getattr(found, "ipv4_mapped", None)
    return found if mapped is None else mapped


def _covers(other: IPv4Network | IPv6Network, one: IPv4Network | IPv6Network) -> bool:
    if isinstance(other, IPv4Network) and isinstance(one, IPv4Network):
        return one.subnet_of(other)
    return isinstance(other, IPv6Network) and isinstance(one, IPv6Network) and one.subnet_of(other)


@lru_cache(maxsize=4096)
def _parsed(ranges: Ranges) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(one) for one in ranges)
