"""A desk for the bench of the console: a browser at a tidings, and what the page tells of itself."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page
from processes import Caller, Tidings

from console_kit import OWNER, WIDE

HERE = Path(__file__).parent
KINDS = {"Document": "page", "Stylesheet": "styles", "Script": "scripts", "Fetch": "answers", "XHR": "answers"}


def session(tidings: Tidings, url: str) -> tuple[str, str]:
    """Name and value of the cookie of the owner, who is made on a new store and signs in there after."""
    if url not in _sessions:
        call = Caller(url)
        if not call("GET", "/v1/setup").json()["owner"]:
            code = (tidings.data / "setup.code").read_text().strip()
            made = call("POST", "/v1/setup", OWNER | {"code": code}, Origin=url)
            assert made.status == 201, made
        known = {"email": OWNER["email"], "password": OWNER["password"]}
        answer = call("POST", "/v1/session", known, Origin=url)
        assert answer.status < 300, answer
        name, _, value = answer.headers["Set-Cookie"].partition(";")[0].partition("=")
        _sessions[url] = name, value
    return _sessions[url]


_sessions: dict[str, tuple[str, str]] = {}


class Desk:
    """One browser profile with one page, signed in as the owner."""

    def __init__(self, browser: Browser, tidings: Tidings, url: str = "") -> None:
        url = url or tidings.url
        self.context = browser.new_context(base_url=url, viewport=WIDE, locale="en")  # type: ignore[arg-type]
        self.context.set_default_timeout(60_000)
        name, value = session(tidings, url)
        self.context.add_cookies([{"name": name, "value": value, "url": url}])
        self.context.add_init_script(path=HERE / "console_page.js")
        self.page: Page = self.context.new_page()
        self.wire: CDPSession = self.context.new_cdp_session(self.page)

    def __enter__(self) -> Desk:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()

    def open(self, path: str) -> Page:
        """A screen, once its title stands and nothing more is read."""
        self.page.goto(f"/console{path}")
        self.page.get_by_role("heading", level=1).first.wait_for()
        return self.page

    def took(self, act: Callable[[], object], seen: str = "") -> float:
        """Milliseconds from what a person does until rows of another list, or `seen` (JavaScript), are painted."""
        self.page.evaluate(f"bench.until(() => {seen})" if seen else "bench.untilRows()")
        act()
        return float(self.told("bench.took"))

    def told(self, what: str, seconds: float = 60) -> Any:
        """The value of an expression once it is not null; looked for by hand, as the page may not `eval`."""
        end = time.monotonic() + seconds
        while (value := self.page.evaluate(what)) is None:
            assert time.monotonic() < end, f"{what}: not within {seconds:g} s"
            self.page.wait_for_timeout(20)
        return value

    def memory_mb(self) -> float:
        """The heap of the page, after its garbage was taken away."""
        self.wire.send("HeapProfiler.collectGarbage")
        return float(self.wire.send("Runtime.getHeapUsage")["usedSize"]) / 1e6

    @contextlib.contextmanager
    def watched(self) -> Iterator[dict[str, Any]]:
        """Frames, tasks and rows while the block runs; known after it."""
        self.page.evaluate("bench.reset(); bench.watch = true")
        found: dict[str, Any] = {}
        yield found
        found |= self.page.evaluate("bench.watch = false; Object.fromEntries(Object.entries(bench))")


class Visit:
    """One load of a screen: milliseconds until it answers a key, and what came over the wire until then and later."""

    def __init__(self, desk: Desk, path: str) -> None:
        self.by_then: Counter[str] = Counter()
        self.later: Counter[str] = Counter()
        self._began = 0.0
        self._kinds: dict[str, str] = {}
        self._came: list[tuple[float, str, int]] = []
        heard = {
            "Network.requestWillBeSent": self._asked, "Network.responseReceived": self._answered,
            "Network.loadingFinished": self._finished,
        }  # fmt: skip
        desk.wire.send("Network.enable")
        for name, hear in heard.items():
            desk.wire.on(name, hear)
        desk.page.goto(f"/console{path}")
        self.ready_ms = float(desk.told("window.ready"))
        desk.page.wait_for_timeout(1_500)
        for name, hear in heard.items():
            desk.wire.remove_listener(name, hear)
        for at, request, octets in self._came:
            kind = KINDS.get(self._kinds.get(request, ""), "other")
            (self.by_then if (at - self._began) * 1_000 <= self.ready_ms else self.later)[kind] += octets

    def _asked(self, told: dict[str, Any]) -> None:
        self._began = self._began or told["timestamp"]

    def _answered(self, told: dict[str, Any]) -> None:
        self._kinds[told["requestId"]] = told["type"]

    def _finished(self, told: dict[str, Any]) -> None:
        self._came.append((told["timestamp"], told["requestId"], int(told["encodedDataLength"])))


def first_loads(browser: Browser, tidings: Tidings, path: str) -> tuple[Visit, Visit]:
    """With a cold cache and then with a warm one, in a new profile."""
    with Desk(browser, tidings) as desk:
        desk.context.add_init_script(path=HERE / "console_ready.js")
        return Visit(desk, path), Visit(desk, path)
