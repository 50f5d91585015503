"""The console in a real browser: a tidings of its own on a free port, with its simulator, and Debian's Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from processes import Caller, Tidings
from stage import SETTINGS

from console_kit import CHROMIUM, FLAGS, Seat, missing

expect.set_options(timeout=20_000)


@pytest.fixture(scope="module", autouse=True)
def _browser_is_there() -> None:
    if reason := missing():
        pytest.skip(reason)


@pytest.fixture(scope="module")
def tidings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tidings]:
    """One for the tests of a file: each keeps to numbers of its own."""
    folder = tmp_path_factory.mktemp("console")
    one = Tidings(folder / "data", folder / "tidings.log", SETTINGS)
    one.start()
    yield one
    one.kill()


@pytest.fixture
def caller(tidings: Tidings) -> Caller:
    """Calls of the API, with the first key, which may do everything."""
    return Caller(tidings.url, tidings.key)


# Of a module, not of the session: while its loop stands, no test of another file could run one.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        one = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield one
        one.close()


@pytest.fixture
def sit(browser: Browser, tidings: Tidings) -> Iterator[Callable[..., Seat]]:
    """`sit()`: somebody at a browser of their own, signed in. At the end nothing may have broken unseen."""
    seats: list[Seat] = []

    def one(**how: object) -> Seat:
        seats.append(Seat(browser, tidings, **how))  # type: ignore[arg-type]
        return seats[-1]

    yield one
    for seat in seats:
        seat.leave()
    complaints = [complaint for seat in seats for complaint in seat.complaints]
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def seat(sit: Callable[..., Seat]) -> Seat:
    return sit()
