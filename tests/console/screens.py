"""Pictures of every screen, light and dark, wide and on a phone: `make screens` puts them into console/pictures."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "acceptance"), str(HERE)]

from playwright.sync_api import Browser, sync_playwright  # noqa: E402
from processes import Tidings  # noqa: E402
from stage import AFTER, OPENED, SETTINGS, Stage, set_up, table  # noqa: E402

from console_kit import CHROMIUM, FLAGS, ROOT, Seat, missing  # noqa: E402

LOOKS: dict[str, dict[str, object]] = {
    "light": {}, "dark": {"dark": True}, "phone": {"phone": True}, "phone-dark": {"phone": True, "dark": True},
    "arabic": {"language": "ar"},
}  # fmt: skip
FOLDER = ROOT / "console" / "pictures"


def picture(browser: Browser, stage: Stage, path: str, look: str) -> Path:
    seat = Seat(browser, stage.tidings, **LOOKS[look])  # type: ignore[arg-type]
    try:
        seat.open(OPENED[path](stage))
        seat.page.wait_for_load_state("load")
        if path in AFTER:
            AFTER[path](stage)
        seat.page.wait_for_timeout(700)
        file = FOLDER / f"{path.strip('/').replace('/', '-').replace('$', '')}-{look}.png"
        seat.page.screenshot(path=file)
        for complaint in seat.complaints:
            print(f"{path} {look}: {complaint}", file=sys.stderr)
        return file
    finally:
        seat.leave()


def main(wanted: list[str]) -> None:
    """All screens, or those whose path contains one of the words."""
    if reason := missing():
        sys.exit(reason)
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        tidings = Tidings(Path(folder) / "data", Path(folder) / "log", SETTINGS)
        tidings.start()
        try:
            stage = set_up(tidings)
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            for path in table():
                if not wanted or any(word in path for word in wanted):
                    print(
                        *(picture(browser, stage, path, look).relative_to(ROOT) for look in LOOKS), sep="\n", flush=True
                    )
        finally:
            tidings.kill()


if __name__ == "__main__":
    main(sys.argv[1:])
