"""
Pictures of every screen, light and dark, wide and on a phone, and of the way in: `make screens` puts them into
console/pictures; and those of the tour, small, into docs/tutorial/console.
"""

from __future__ import annotations

import base64
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "acceptance"), str(HERE)]

from playwright.sync_api import Browser, sync_playwright  # noqa: E402
from processes import Tidings  # noqa: E402
from stage import AFTER, OPENED, SETTINGS, Stage, set_up, table  # noqa: E402
from tour import FOLDER as TOUR_FOLDER  # noqa: E402
from tour import ON_THE_WAY, TOUR, settled  # noqa: E402
from ways import OIDC, WAYS, first_owner  # noqa: E402

from console_kit import CHROMIUM, FLAGS, ROOT, Seat, ensure_owner, missing  # noqa: E402

LOOKS: dict[str, dict[str, object]] = {
    "light": {}, "dark": {"dark": True}, "phone": {"phone": True}, "phone-dark": {"phone": True, "dark": True},
    "arabic": {"language": "ar"},
}  # fmt: skip
FOLDER = ROOT / "console" / "pictures"
QUALITY = 62
"""Of pictures of the tour: letters are sharp, and a picture has about 30 kB."""


class Painter:
    """Makes the pictures whose names contain one of the wanted words; all, where none is wanted."""

    def __init__(self, browser: Browser, tidings: Tidings, wanted: Sequence[str]) -> None:
        self._browser = browser
        self._tidings = tidings
        self._wanted = wanted

    def wants(self, name: str) -> bool:
        return not self._wanted or any(word in name for word in self._wanted)

    def screen(self, path: str, stage: Stage) -> None:
        """One of the table, in all looks."""
        name = path.strip("/").replace("/", "-").replace("$", "")
        if self.wants(path):
            for look in LOOKS:
                self._paint(look, FOLDER / f"{name}-{look}.png", lambda seat: _opened(seat, path, stage))

    def way(self, name: str, come: Callable[[Seat], None]) -> None:
        """A page of the way in, in all looks; and for the tour."""
        if self.wants(f"way/{name}"):
            for look in LOOKS:
                self._paint(look, FOLDER / f"way-{name}-{look}.png", come, signed_in=False)
        if name in ON_THE_WAY and self.wants(f"tour/{name}"):
            self._paint("light", TOUR_FOLDER / f"{name}.webp", come, signed_in=False)

    def sight(self, name: str, stage: Stage) -> None:
        """One of the tour."""
        if self.wants(f"tour/{name}"):
            one = TOUR[name]
            self._paint(one.look, TOUR_FOLDER / f"{name}.webp", lambda seat: one.come(seat, stage))

    def _paint(self, look: str, file: Path, come: Callable[[Seat], object], signed_in: bool = True) -> None:
        seat = Seat(self._browser, self._tidings, signed_in=signed_in, **LOOKS[look])  # type: ignore[arg-type]
        try:
            come(seat)
            settled(seat.page)
            file.parent.mkdir(exist_ok=True)
            if file.suffix == ".webp":
                file.write_bytes(_small(seat))
            else:
                seat.page.screenshot(path=file)
            print(file.relative_to(ROOT), *seat.complaints, flush=True)
        finally:
            seat.leave()


def _opened(seat: Seat, path: str, stage: Stage) -> None:
    seat.open(OPENED[path](stage))
    if path in AFTER:
        AFTER[path](stage)


def _small(seat: Seat) -> bytes:
    """What is seen, as WebP, which Playwright itself does not write."""
    asked = {"format": "webp", "quality": QUALITY}
    return base64.b64decode(seat.context.new_cdp_session(seat.page).send("Page.captureScreenshot", asked)["data"])


def main(wanted: list[str]) -> None:
    """All, or those whose names contain one of the words: `compose`, `way/`, `tour/`."""
    if reason := missing():
        sys.exit(reason)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        tidings = Tidings(Path(folder) / "data", Path(folder) / "log", SETTINGS + OIDC)
        tidings.start()
        try:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            painter = Painter(browser, tidings, wanted)
            painter.way("first-owner", first_owner)
            stage = set_up(tidings)
            ensure_owner(tidings)
            for path in table():
                painter.screen(path, stage)
            for name in TOUR:
                painter.sight(name, stage)
            for name, come in WAYS.items():
                painter.way(name, come)
        finally:
            tidings.kill()


if __name__ == "__main__":
    main(sys.argv[1:])
