"""The way to the server: its address, and the proxy the environment names for it."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3


def checked(url: str) -> str:
    """The address without a slash at its end. Raises ValueError for what is none; the text is not quoted, it may hold a
    password.
    """
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        good = False
    if not good or parts.username is not None or parts.query or parts.fragment or not url.isprintable() or " " in url:
        raise ValueError("the url must be http:// or https:// with a host, perhaps a port and a path, and nothing else")
    return url.rstrip("/")


def pool(url: str, **options: Any) -> urllib3.PoolManager:
    """Connections to the server, through the proxy of `http_proxy`, `https_proxy` or `all_proxy` where one is named and
    `no_proxy` does not exempt the host. This machine itself is never asked for by way of another.
    """
    proxy = _proxy(urlsplit(url))
    if proxy is None:
        return urllib3.PoolManager(**options)
    parts = urlsplit(proxy)
    if parts.username is None:
        return urllib3.ProxyManager(proxy, **options)
    basic = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return urllib3.ProxyManager(bare, proxy_headers=urllib3.make_headers(proxy_basic_auth=basic), **options)


def _proxy(server: SplitResult) -> str | None:
    host = server.hostname or ""
    if _here(host) or proxy_bypass(host):
        return None
    named = getproxies()
    found = named.get(server.scheme) or named.get("all")
    return found if found is None or "://" in found else f"http://{found}"


def _here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost" or host.lower().endswith(".localhost")
