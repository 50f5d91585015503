"""Rules of the whole suite: a skip is loud, in CI it is a failure; property tests have no deadline."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from coverage import Coverage
from hypothesis import is_hypothesis_test, settings
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

import postgres_kit

settings.register_profile("tidings", deadline=None, print_blob=True)
settings.load_profile("tidings")

BOTH = ("flow", "acceptance")
"""Rings whose tests run on SQLite and on PostgreSQL, but for those marked with a reason not to."""
ONE = "one_engine"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--engine", choices=("default", "sqlite", "postgres"), default="default",
        help="what stores of tests are on: SQLite, and in flow and acceptance on PostgreSQL too; or on one of them",
    )  # fmt: skip


def _on_both(item: Any) -> bool:
    """Whether a test, or the function it is made of, belongs on both engines."""
    mark = next(item.iter_markers(ONE), None)
    assert mark is None or mark.args, f"{item.nodeid}: {ONE} wants its reason"
    return mark is None and item.path.parent.name in BOTH


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Both engines, unless one is asked for or the test names its own; the second is left to `make test`."""
    named = any("engine" in mark.args[0] for mark in metafunc.definition.iter_markers("parametrize"))
    if metafunc.config.getoption("--engine") == "default" and _on_both(metafunc.definition) and not named:
        postgres = pytest.param("postgres", marks=pytest.mark.slow)
        metafunc.parametrize("engine", ["sqlite", postgres], indirect=True, scope="module")


TOGETHER = {
    "test_examples.py": "examples", "test_fates.py": "fates", "test_readme.py": "readme", "test_two_way.py": "readme",
    "test_frame.py": "frame", "test_message_log.py": "log", "test_compose.py": "compose",
    "test_every_screen.py": "screens", "test_way_in.py": "way in", "test_stop.py": "stop",
    "test_handset_shows.py": "handset", "test_languages.py": "languages", "test_developers.py": "developers",
    "test_operators.py": "operators", "test_people_screens.py": "people", "test_code_screens.py": "codes",
    "test_inbox.py": "inbox", "test_single_sign_on.py": "single sign-on", "test_quick_keys.py": "keys",
    "test_operate.py": "operate", "test_console_faults.py": "faults",
}  # fmt: skip
"""Files whose tests share one process of ours, or one port, and so belong to one worker."""


class OneWorker(LoadScopeScheduling):  # type: ignore[misc]
    """Whatever is free takes the next test, but for files that are to stay together.

    pytest-xdist marks groups in a test's id, which pytest 9.2 lets nobody change.
    """

    def _split_scope(self, nodeid: str) -> str:
        file, _, name = nodeid.partition("::")
        group = TOGETHER.get(file.rpartition("/")[2])
        return f"{group} {'[postgres' in name}" if group else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With `--dist loadgroup`."""
    return OneWorker(config, log) if config.getvalue("dist") == "loadgroup" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL alone, tests that would not touch it are not asked for."""
    if config.getoption("--engine") == "postgres":
        gone = [item for item in items if item.get_closest_marker(ONE)]
        items[:] = [item for item in items if item not in gone]
        config.hook.pytest_deselected(items=gone)


@pytest.fixture(autouse=True, scope="module")
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    """What stores of these tests are on. What a module shares asks for it, to be made once for each."""
    asked = request.config.getoption("--engine")
    name = getattr(request, "param", "postgres" if asked == "postgres" else "sqlite")
    with postgres_kit.chosen_for(name == "postgres"):
        yield name


@pytest.fixture(autouse=True)
def databases(engine: str) -> Iterator[None]:
    """What a test takes for itself is given back at its end."""
    with postgres_kit.given_back():
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """A test that would run on PostgreSQL and does not ask for it proves nothing there."""
    yield
    if postgres_kit.chosen and _on_both(item) and not postgres_kit.taken():
        pytest.fail(f"It runs on PostgreSQL and touches no database: mark it {ONE}, with its reason.")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Coverage looks away while lines are walked that were walked before: by the thousand examples of a property, or
    on the other engine. Looking doubles what pure code costs.
    """
    looks = Coverage.current()
    if looks is None or not _walked(item):
        return (yield)
    looks.stop()
    try:
        return (yield)
    finally:
        looks.start()


def _walked(item: pytest.Item) -> bool:
    """Whether other tests walk the lines that this one does."""
    if is_hypothesis_test(getattr(item, "obj", None)):
        return True
    spec = getattr(item, "callspec", None)
    return spec is not None and spec.params.get("engine") == "postgres" and _on_both(item)


IN_CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def _skips(session: pytest.Session) -> int:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    return len(reporter.stats.get("skipped", ())) if reporter is not None else 0


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """Turn skips into a failed run where CI=true; workers of a parallel run report to the controller, which decides."""
    controller = not hasattr(session.config, "workerinput")
    if controller and IN_CI and _skips(session) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    return (yield)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what tests have measured, and how many did not run, where the eye falls."""
    for report in terminalreporter.getreports("passed"):
        for what, value in report.user_properties:
            terminalreporter.write_line(f"{what}: {value}")
    skipped = len(terminalreporter.stats.get("skipped", ()))
    if skipped:
        verdict = "with CI=true that fails the run" if IN_CI else "what they prove is not proved on this machine"
        terminalreporter.write_line(f"{skipped} SKIPPED: {verdict}", red=IN_CI, yellow=not IN_CI)
