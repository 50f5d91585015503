"""Which addresses an outgoing request must not reach: those of this machine and of networks behind it."""

from __future__ import annotations

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


MACHINE, PRIVATE = "this machine", "a private address"


def forbidden(text: str, allow_private: bool = False) -> str | None:
    """What kind of inner address this is, in words; None for one that may be called.

    `allow_private`: this machine and private networks may be. Link-local addresses never may: that is where clouds tell
    a machine its own secrets.
    """
    kind = _kind(text)
    return None if allow_private and kind in (MACHINE, PRIVATE) else kind


def _kind(text: str) -> str | None:
    """What kind of inner address this is; None for one of the open Internet.

    An IPv4 address written inside an IPv6 one (mapped, 6to4 or NAT64) is judged as itself.
    """
    address: Address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = _inner(address)
        if inner is not None:
            return _kind(str(inner))
        if address.is_site_local:
            return PRIVATE
    if address.is_loopback:
        return MACHINE
    if address.is_link_local:
        return "a link-local address"
    if address.is_multicast or address.is_unspecified or address.is_reserved:
        return "an address that no host has"
    return None if address.is_global else PRIVATE


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    found = address.ipv4_mapped or address.sixtofour
    if found is None and address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return found
