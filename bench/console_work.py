"""The works of the bench of the console: each does what a person does, and tells rows of the table."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

from playwright.sync_api import Browser, Locator, Page
from processes import Tidings, until

import console_store
from console_desk import Desk, first_loads
from console_load import Cable, Load

FIRST_KB, READY_MS, OPEN_MS = 250, 1_500, 300
EMPTY_MS, FRAME_MS, TASK_MS, SLOW_SHARE = 100, 100, 200, 2
ROWS = 20_000
LINK = "main [role=rowgroup] [role=row] a"
ROWS_THERE = "document.querySelector('main [role=rowgroup] [role=row]')"
LONGEST_S = 120


class Work:
    """A browser, a tidings, and how often each thing is done."""

    def __init__(self, browser: Browser, tidings: Tidings, rounds: int, seconds: float) -> None:
        self.browser, self.tidings, self.rounds, self.seconds = browser, tidings, rounds, seconds
        self.missed: list[str] = []

    def desk(self) -> Desk:
        return Desk(self.browser, self.tidings)

    def row(self, what: str, values: list[float], unit: str, most: float | None = None) -> None:
        """One figure of several rounds; a goal is held against the median."""
        middle = median(values)
        missed = most is not None and middle > most
        if missed:
            self.missed.append(what)
        bold = "**" * missed
        goal = "–" if most is None else f"≤ {most:,.0f} {unit}".strip()
        told = [f"{one:,.0f} {unit}".strip() for one in (middle, min(values), max(values))]
        print(f"| {what} | {bold}{told[0]}{bold} | {told[1]} | {told[2]} | {goal} |", flush=True)


def load(work: Work) -> None:
    """What comes over the wire, and when it answers a key."""
    for path, name in (("/", "inbox"), ("/messages", "log")):
        visits = [first_loads(work.browser, work.tidings, path) for _ in range(work.rounds)]
        for kind in ("page", "styles", "scripts"):
            work.row(f"first load of the {name}: {kind}", [cold.by_then[kind] / 1e3 for cold, _ in visits], "kB")
        work.row("… all of these", [_files(cold.by_then) for cold, _ in visits], "kB", FIRST_KB)
        work.row("… with a warm cache", [_files(warm.by_then) for _, warm in visits], "kB")
        work.row("… answers of the API, not compressed", [cold.by_then["answers"] / 1e3 for cold, _ in visits], "kB")
        work.row(f"{name} answers a key, cold cache", [cold.ready_ms for cold, _ in visits], "ms", READY_MS)
        work.row(f"{name} answers a key, warm cache", [warm.ready_ms for _, warm in visits], "ms", READY_MS)


def _files(octets: Any) -> float:
    return float(sum(octets[kind] for kind in ("page", "styles", "scripts", "other"))) / 1e3


def open_(work: Work) -> None:
    """The log, from the click until its rows are painted: the first time since the page was loaded, and again."""
    first, again = [], []
    for _ in range(work.rounds):
        with work.desk() as desk:
            page = desk.open("/compose")
            page.wait_for_timeout(5_000)
            link = page.get_by_role("link", name="Messages", exact=True).first
            first.append(desk.took(link.click, ROWS_THERE))
            page.get_by_role("link", name="Compose").first.click()
            page.wait_for_url("**/compose")
            page.get_by_label("Text", exact=True).wait_for()
            again.append(desk.took(link.click, ROWS_THERE))
    work.row("log opens, first time", first, "ms", OPEN_MS)
    work.row("log opens, again", again, "ms", OPEN_MS)


def filters(work: Work) -> None:
    """Each filter of the log by itself, from the key or click that sets it until its first rows are painted."""
    took: dict[str, list[float]] = {}
    for _ in range(work.rounds):  # each at a desk of its own, where no answer is known yet
        with work.desk() as desk:
            page = desk.open("/messages")
            page.locator(LINK).first.wait_for()
            page.get_by_role("button", name="More filters").click()
            for what, ready, act in _narrowings(work.tidings, page):
                ready()
                took.setdefault(what, []).append(desk.took(act))
                page.get_by_role("button", name="Clear", exact=True).click()
                page.locator(LINK).first.wait_for()
                page.wait_for_timeout(200)
    for what, values in took.items():
        work.row(f"log by {what}", values, "ms", OPEN_MS)


def _narrowings(tidings: Tidings, page: Page) -> Iterator[tuple[str, Callable[[], object], Callable[[], object]]]:
    """What narrows, what is done before, and the act that counts."""
    heard = tidings.client.list_messages(direction="mo", limit=3)["data"][2]["from"]
    some = tidings.client.list_messages(limit=100, direction="mt")["data"][50]["to"]
    for what, label, value in (
        ("a number", "To number", some), ("a number that nobody has", "To number", "+15550000000"),
        ("a reference", "Your reference", "order-500000"),
        ("a handset that wrote", "From", heard), ("a sender of one text in a thousand", "From", "SHOP"),
        ("a sender that nobody has", "From", "NOBODY"),
        ("a tag of every text", "Tag", "bench"), ("a tag of one text in a thousand", "Tag", "vip"),
        ("a tag of the oldest 50 alone", "Tag", "first"), ("a tag that nobody has", "Tag", "none"),
    ):  # fmt: skip
        field = page.get_by_role("textbox", name=label, exact=True)
        yield what, lambda: None, lambda field=field, value=value: (field.fill(value), field.press("Enter"))  # type: ignore[misc]
    for what, label, value in (
        ("status delivered", "Status", "Delivered"), ("status failed, one in a thousand", "Status", "Failed"),
        ("status rejected, the oldest 50 alone", "Status", "Rejected"), ("status expired, none", "Status", "Expired"),
        ("status queued, none", "Status", "Queued"), ("direction to a handset", "Direction", "To a handset"),
        ("direction from a handset, one in a hundred", "Direction", "From a handset"),
    ):  # fmt: skip
        box = page.get_by_role("combobox", name=label, exact=True)
        option = page.get_by_role("option", name=value, exact=True)
        yield what, lambda box=box, option=option: (box.click(), option.wait_for()), option.click  # type: ignore[misc]
    middle = tidings.client.list_messages(limit=1, client_ref="order-500000")["data"][0]["created_at"][:16]
    for what, label in (("time, until the middle of all", "Until"), ("time, since the middle of all", "Since")):
        moment = page.get_by_label(label, exact=True)
        yield what, lambda: None, lambda moment=moment: (page.evaluate("bench.mark()"), moment.fill(middle))  # type: ignore[misc]


def scroll(work: Work) -> None:
    """Through rows by the wheel, PageDown and End; how long a part of the list stayed empty."""
    with work.desk() as desk:
        page = desk.open("/messages")
        page.locator(LINK).first.wait_for()
        page.locator("[role=rowgroup]").last.hover()
        before = desk.memory_mb()
        _scrolled(work, desk, "wheel", lambda: page.mouse.wheel(0, 1_130), 60, ROWS)
        page.locator(LINK).last.focus()
        _scrolled(work, desk, "PageDown held", lambda: page.keyboard.press("PageDown"), 30, ROWS + 4_000)
        _scrolled(work, desk, "End again and again", lambda: page.keyboard.press("End"), 10, ROWS + 10_000)
        work.row("… memory of the page before and after", [before, desk.memory_mb()], "MB")


def _scrolled(work: Work, desk: Desk, what: str, act: Callable[[], object], pace: int, most: int) -> None:
    """So many acts a second until that row was seen."""
    began, done = time.monotonic(), 0
    with desk.watched() as seen:
        first = 0
        while (row := desk.page.evaluate("bench.rows")) < most and time.monotonic() - began < LONGEST_S:
            first = first or row
            for _ in range(pace // 3):
                act()
                done += 1
                desk.page.wait_for_timeout(max(0.0, (began + done / pace - time.monotonic()) * 1_000))
    rate = (seen["rows"] - first) / (time.monotonic() - began)
    work.row(f"{what}, to row {seen['rows']:,} at {rate:,.0f} rows a second: a part of the list empty",
             [seen["empty"]], "ms", EMPTY_MS)  # fmt: skip
    work.row("… longest frame", [seen["longest"]], "ms", FRAME_MS)


def inbox(work: Work) -> None:
    """Ten thousand conversations: open the inbox, go from one to the next, scroll to the last."""
    opened, switched = [], []
    for _ in range(work.rounds):
        with work.desk() as desk:
            page = desk.open("/compose")
            page.wait_for_timeout(5_000)
            opened.append(desk.took(page.get_by_role("link", name="Inbox").first.click, ROWS_THERE))
    work.row("inbox opens", opened, "ms", OPEN_MS)
    with work.desk() as desk:
        page = desk.open("/inbox")
        rows = page.locator("main [role=rowgroup] [role=row] button")
        rows.first.wait_for()
        for n in range(1, 12):
            switched.append(_switched(desk, rows.nth(n)))
        work.row("… goes from one conversation to another", switched[1:], "ms", OPEN_MS)
        page.locator("[role=rowgroup]").last.hover()
        _scrolled(work, desk, "… wheel", lambda: page.mouse.wheel(0, 1_130), 60, console_store.CONVERSATIONS - 100)


def _switched(desk: Desk, row: Locator) -> float:
    name = row.inner_text().split("\n")[0]
    thread = "document.querySelector('[role=log] li p')"
    return desk.took(row.click, f"{thread} && document.querySelector('main h2')?.innerText.startsWith({name!r})")


def live(work: Work) -> None:
    """A hundred events a second, on three screens."""
    for path, name, sent, heard in (("/messages", "log", 25, 0), ("/inbox", "inbox", 10, 30),
                                    ("/overview", "overview", 25, 0)):  # fmt: skip
        with work.desk() as desk:
            page = desk.open(path)
            _live(page)
            page.wait_for_timeout(4_000)
            before = desk.memory_mb()
            with desk.watched() as seen, Load(work.tidings, sent=sent, heard=heard, ours=console_store.OURS) as load:
                page.wait_for_timeout(work.seconds * 1_000)
            after = desk.memory_mb()
        rate = load.events / load.seconds
        work.row(
            f"{name}, {rate:.0f} events a second for {load.seconds:.0f} s: longest task", [seen["task"]], "ms", TASK_MS
        )
        work.row("… frames below 30 a second", [100 * seen["slow"] / max(1, seen["frames"])], "%", SLOW_SHARE)
        work.row("… longest frame", [seen["longest"]], "ms")
        work.row("… memory before and after", [before, after], "MB")


def _live(page: Page) -> None:
    page.get_by_role("status").filter(has_text="Live").first.wait_for()


def cable(work: Work) -> None:
    """The network is gone for five seconds under that load: the list has all afterwards, and nothing twice."""
    line = Cable(work.tidings)
    with Desk(work.browser, work.tidings, line.url) as desk:
        page = desk.open("/messages")
        _live(page)
        page.wait_for_timeout(1_000)
        with Load(work.tidings, sent=25, heard=0, ours=console_store.OURS) as load:
            page.wait_for_timeout(5_000)
            line.pull(5, lambda seconds: page.wait_for_timeout(seconds * 1_000))
            page.wait_for_timeout(5_000)
        _live(page)
        newest = page.locator(f"a[href$='{load.ids[-1]}']")
        until(newest.count, "the newest message shows", told=page.title)
        page.wait_for_timeout(1_000)
        shown = _shown(page, len(load.ids))
    wanted = sorted(load.ids, reverse=True)
    missing = set(wanted) - set(shown)
    work.row(f"cable out for 5 s, {len(wanted)} messages sent: missing in the list", [len(missing)], "", 0)
    work.row("… twice in it", [len(shown) - len(set(shown))], "", 0)
    work.row("… not in their place", [sum(a != b for a, b in zip(shown, wanted, strict=False))], "", 0)


def _shown(page: Page, most: int) -> list[str]:
    """The ids of the first so many rows, as one scrolls through them."""
    found: dict[int, str] = {}
    rows = f"[...document.querySelectorAll('{LINK}')].map((one) => [Number(one.dataset.at), one.href.split('/').pop()])"
    scroller = page.locator("main [role=rowgroup]").last
    for step in range(most // 10 + 10):
        scroller.evaluate(f"(one) => one.scrollTo(0, {step * 340})")
        page.wait_for_timeout(50)
        found.update({at: id for at, id in page.evaluate(rows)})  # noqa: C416
        if len(found) >= most:
            break
    return [found[at] for at in sorted(found)][:most]


WORKS: dict[str, Callable[[Work], None]] = {
    "load": load, "open": open_, "filters": filters, "scroll": scroll, "inbox": inbox, "live": live, "cable": cable,
}  # fmt: skip
