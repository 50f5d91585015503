"""Somebody at a browser: a page of the console that tells of everything that went wrong on it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Response
from processes import Tidings

ROOT = Path(__file__).parents[1]
BUILT = ROOT / "src" / "tidings" / "console"
AXE = ROOT / "console" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome") or ""
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip
WIDE = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
GRAVE = ("serious", "critical")


def missing() -> str:
    """Why these tests cannot run here; empty where they can."""
    if not CHROMIUM:
        return "no Chromium: make peers, or apt-get install chromium"
    if not (BUILT / "index.html").is_file():
        return "the console is not built: make console"
    return ""


OWNER = {"email": "ada@example.com", "name": "Ada Obi", "password": "seven herons over the weir"}
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
_sessions: dict[str, str] = {}


def ensure_owner(tidings: Tidings) -> None:
    """Whichever test made them."""
    if not tidings.call("GET", "/v1/setup").json()["owner"]:
        owner_session(tidings)


def owner_session(tidings: Tidings) -> str:
    """The cookie of its owner, who is made when first asked for; all seats of a test file share one session."""
    if tidings.url not in _sessions:
        code = (tidings.data / "setup.code").read_text().strip()
        answer = tidings.call("POST", "/v1/setup", OWNER | {"code": code}, Origin=tidings.url, User_Agent=AGENT)
        assert answer.status == 201, answer
        _sessions[tidings.url] = answer.headers["Set-Cookie"].partition("=")[2].partition(";")[0]
    return _sessions[tidings.url]


def _cookie(tidings: Tidings) -> str:
    """What the cookie is called: installations beside each other under one name do not take each other's."""
    return f"tidings_session_{urlsplit(tidings.url).port}"


class Seat:
    """One browser profile with one page. `complaints`: what broke on it, errors of the page's policy among them."""

    def __init__(
        self, browser: Browser, tidings: Tidings, *, signed_in: bool = True, phone: bool = False, dark: bool = False,
        language: str = "en", zone: str = "UTC",
    ) -> None:  # fmt: skip
        self.tidings = tidings
        self.complaints: list[str] = []
        self.expected: set[int] = set()
        """Statuses of answers that a test provokes."""
        self.context = browser.new_context(
            base_url=tidings.url, viewport=PHONE if phone else WIDE,  # type: ignore[arg-type]
            color_scheme="dark" if dark else "light", locale=language, timezone_id=zone, reduced_motion="reduce",
        )  # fmt: skip
        self.context.set_default_timeout(20_000)
        if signed_in:
            self.context.add_cookies([{"name": _cookie(tidings), "value": owner_session(tidings), "url": tidings.url}])
        else:
            self.expected.add(401)
        self.page = self.context.new_page()
        self.page.on("console", self._told)
        self.page.on("pageerror", lambda fault: self.complaints.append(f"broke: {fault}"))
        self.page.on("response", self._answered)

    def open(self, path: str, heading: str | None = None) -> Page:
        """A screen, once its title stands."""
        self.page.goto(f"/console{path}")
        title = self.page.get_by_role("heading", level=1)
        (title.filter(has_text=heading) if heading else title).first.wait_for()
        return self.page

    def leave(self) -> None:
        self.context.close()

    def grave(self) -> list[str]:
        """What axe finds serious or critical on the page as it stands."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found: dict[str, Any] = self.page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{one['id']} ({one['impact']}): {one['help']}: "
            + "; ".join(node["html"][:160] for node in one["nodes"][:3])
            for one in found["violations"]
            if one["impact"] in GRAVE
        ]

    def _told(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.complaints.append(f"console: {message.text}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.complaints.append(f"{response.status} {response.request.method} {response.url}")
