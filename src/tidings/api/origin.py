"""Where a call of a browser comes from: the address people open, the cookie of a session, and pages of other sites."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.types import Scope

from tidings.api.problems import Abort
from tidings.core.network import within

if TYPE_CHECKING:
    from tidings.api.call import Headers
    from tidings.pipeline.house import House

PLAIN, SAFE = b"tidings_session", b"__Host-tidings_session"
"""Names of the cookie: over HTTPS one that no other host and no unencrypted page can set (RFC 6265bis §4.1.3.2)."""


def cookie(house: House, wire: Scope, headers: dict[bytes, bytes]) -> str | None:
    """What the cookie of a session holds; None where none came."""
    return named(headers, _name(house, wire, headers))


def named(headers: dict[bytes, bytes], name: bytes) -> str | None:
    """What a cookie holds."""
    for pair in headers.get(b"cookie", b"").split(b";"):
        found, _, value = pair.strip().partition(b"=")
        if found == name:
            return value.decode("latin-1")
    return None


TRIP = b"tidings_oidc"
"""Name of the cookie that a browser keeps on its way to an issuer and back."""


def trip(house: House, wire: Scope, headers: dict[bytes, bytes], secret: str, seconds: int) -> Headers:
    """Hand a browser that cookie for some seconds; 0 takes it away."""
    return [(b"set-cookie", _cookie(_trip(house, wire, headers), secret, seconds))]


def trip_of(house: House, wire: Scope, headers: dict[bytes, bytes]) -> str | None:
    """What it holds."""
    return named(headers, _trip(house, wire, headers))


def _trip(house: House, wire: Scope, headers: dict[bytes, bytes]) -> bytes:
    return _called(b"__Host-" + TRIP if encrypted(house, wire, headers) else TRIP, house, wire, headers)


def kept(house: House, wire: Scope, headers: dict[bytes, bytes], secret: str) -> Headers:
    """Hand a browser the cookie of a session, for as long as that may last."""
    return [(b"set-cookie", _cookie(_name(house, wire, headers), secret, int(house.settings.sign_in.longest)))]


def dropped(house: House, wire: Scope, headers: dict[bytes, bytes]) -> Headers:
    """Take the cookie away."""
    return [(b"set-cookie", _cookie(_name(house, wire, headers), "", 0))]


def _cookie(name: bytes, value: str, seconds: int) -> bytes:
    secure = b"; Secure" if name.startswith(b"__Host-") else b""
    return b"%b=%b; Path=/; Max-Age=%d; HttpOnly; SameSite=Strict%b" % (name, value.encode(), seconds, secure)


def _name(house: House, wire: Scope, headers: dict[bytes, bytes]) -> bytes:
    return _called(SAFE if encrypted(house, wire, headers) else PLAIN, house, wire, headers)


def _called(name: bytes, house: House, wire: Scope, headers: dict[bytes, bytes]) -> bytes:
    """The name with the port of the address people open, which cookies do not ask for: two of us under one host name
    would sign each other's people out.
    """
    port = address(house, wire, headers).rpartition(":")[2]
    return b"%b_%b" % (name, port.encode()) if port.isdecimal() and port.isascii() else name


def encrypted(house: House, wire: Scope, headers: dict[bytes, bytes]) -> bool:
    """Whether the browser speaks HTTPS, as far as is known: by `public_url`, or by a trusted proxy."""
    if house.settings.public_url:
        return house.settings.public_url.startswith("https:")
    return _by_proxy(house, wire) and headers.get(b"x-forwarded-proto", b"").split(b",")[0].strip() == b"https"


def address(house: House, wire: Scope, headers: dict[bytes, bytes]) -> str:
    """The address people open, without a path: the setting `public_url`, or what this call was sent to."""
    if house.settings.public_url:
        return house.settings.public_url
    scheme = "https" if encrypted(house, wire, headers) else "http"
    return f"{scheme}://{_hosts(house, wire, headers)[-1]}"


def refuse_others(house: House, wire: Scope, headers: dict[bytes, bytes], *, strangers: bool = False) -> None:
    """Abort with 403 unless a page of this server asks.

    Browsers say which page asks and no page can change that: by `Sec-Fetch-Site`, and where an address is not to be
    trusted by them (plain HTTP), by `Origin`. `strangers`: who says neither is no browser, and is let pass.
    """
    site, source = headers.get(b"sec-fetch-site"), headers.get(b"origin")
    if site is not None:
        good = site in (b"same-origin", b"none")
    elif source is not None:
        good = _same(house, wire, headers, source.decode("latin-1"))
    else:
        good = strangers
    if not good:
        raise Abort("cross_site")


def _same(house: House, wire: Scope, headers: dict[bytes, bytes], source: str) -> bool:
    if house.settings.public_url and source == house.settings.public_url:
        return True
    return source.startswith(("http://", "https://")) and urlsplit(source).netloc in _hosts(house, wire, headers)


def _hosts(house: House, wire: Scope, headers: dict[bytes, bytes]) -> list[str]:
    """Names this call was sent to; the one that people opened comes last."""
    hosts = [headers.get(b"host", b"").decode("latin-1")]
    if _by_proxy(house, wire) and b"x-forwarded-host" in headers:
        hosts.append(headers[b"x-forwarded-host"].decode("latin-1").split(",")[0].strip())
    return hosts


def _by_proxy(house: House, wire: Scope) -> bool:
    client = wire.get("client")
    return client is not None and within(client[0], house.settings.proxies)
