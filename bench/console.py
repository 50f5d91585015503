"""The console over a million messages, in headless Chromium, on both engines: a table of each.

Wants the console built (`make console`) and Chromium (`make peers`). Exits with 1 where a goal is missed.
`--stores DIR` keeps the filled store of SQLite, so that a second run begins at once; else nothing is kept. A million
messages take some 1.5 GB of disk on each engine.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "tests"), str(HERE.parent / "tests" / "acceptance")]

from playwright.sync_api import sync_playwright  # noqa: E402
from processes import BIN, Tidings  # noqa: E402

import console_store  # noqa: E402
import postgres_kit  # noqa: E402
from console_kit import CHROMIUM, FLAGS, missing  # noqa: E402
from console_work import WORKS, Work  # noqa: E402
from machine import machine  # noqa: E402

SETTINGS = "[limits]\nfree_disk_mb = 0\n"


@contextlib.contextmanager
def filled(engine: str, messages: int, stores: Path) -> Iterator[Tidings]:
    """A running tidings with so many messages."""
    folder = stores / engine
    server = postgres_kit.Server("shared_buffers=256MB", "max_wal_size=4GB") if engine == "postgres" else None
    try:
        config = f'database = "{server.url}"\n{SETTINGS}' if server else SETTINGS
        if server or not folder.exists():
            began = time.monotonic()
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "tidings.toml").write_text(config)
            subprocess.run([BIN / "tidings", "migrate", "--data", folder], check=True, stdout=subprocess.DEVNULL)
            with ThreadPoolExecutor(1) as apart:  # the browser's driver has a loop in this one
                if server:
                    apart.submit(console_store.fill_postgres, server.url, folder, messages).result()
                else:
                    apart.submit(console_store.fill_sqlite, folder, messages).result()
            print(f"{engine}: {messages:,} messages filled in {time.monotonic() - began:.0f} s", file=sys.stderr)
        tidings = Tidings(folder, folder / "tidings.log", config)
        tidings.start()
        try:
            yield tidings
        finally:
            tidings.stop()
    finally:
        if server:
            server.end()


def main() -> None:
    """Measure, and print the tables."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--messages", type=int, default=1_000_000)
    words.add_argument("--engine", choices=["sqlite", "postgres", "both"], default="both")
    words.add_argument("--rounds", type=int, default=5)
    words.add_argument("--seconds", type=float, default=20, help="of load on each screen")
    words.add_argument("--only", default=",".join(WORKS), help=f"some of {', '.join(WORKS)}")
    words.add_argument("--stores", type=Path, help="keep the filled store of SQLite here")
    given = words.parse_args()
    if reason := missing():
        sys.exit(reason)
    missed = []
    with tempfile.TemporaryDirectory(prefix="console-") as passing, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for engine in ("sqlite", "postgres") if given.engine == "both" else (given.engine,):
            stores = given.stores if given.stores and engine == "sqlite" else Path(passing)
            with filled(engine, given.messages, stores) as tidings:
                print(f"\n{engine}, {given.messages:,} messages. {machine()}; {time.strftime('%Y-%m-%d')}.\n")
                print("| what | median | best | worst | goal |\n| --- | --- | --- | --- | --- |", flush=True)
                work = Work(browser, tidings, given.rounds, given.seconds)
                for name in given.only.split(","):
                    WORKS[name](work)
                missed += [f"{engine}: {one}" for one in work.missed]
        browser.close()
    if missed:
        sys.exit("Goals missed:\n  " + "\n  ".join(missed))


if __name__ == "__main__":
    main()
