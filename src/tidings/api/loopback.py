"""Whether a caller sits on this machine, as far as that can be known."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address

from starlette.types import Scope

_FORWARDED = (b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip", b"via")


def local(scope: Scope, headers: dict[bytes, bytes], bound: str) -> bool:
    """True when the door listens on loopback only (`bound`), so do peer and `Host`, and no proxy stands between."""
    client = scope.get("client")
    return (
        client is not None
        and _is_loopback(bound)
        and _is_loopback(client[0])
        and not any(name in headers for name in _FORWARDED)
        and _asked_for_loopback(headers.get(b"host"))
    )


def _asked_for_loopback(host: bytes | None) -> bool:
    """Whether the address that was opened names this machine: a page of others may have its own name lead here."""
    name = b"localhost" if host is None else host
    bare = name[1:].partition(b"]")[0] if name.startswith(b"[") else name.partition(b":")[0]
    return _is_loopback(bare.decode("latin-1"))


@lru_cache(maxsize=1024)
def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
