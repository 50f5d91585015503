"""Rules of the whole suite: a skip is loud, in CI it is a failure; property tests have no deadline."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

import postgres_kit

settings.register_profile("tidings", deadline=None, print_blob=True)
settings.load_profile("tidings")

BOTH = "both_engines"
SQLITE = "sqlite_alone"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--engine", choices=("default", "sqlite", "postgres"), default="default",
        help="what stores of tests are on: SQLite, and in a chosen few on PostgreSQL too; or all on one of them",
    )  # fmt: skip


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests marked `both_engines` run on both, unless one is asked for; the second time is left to `make test`."""
    chosen = metafunc.config.getoption("--engine")
    marked = next(metafunc.definition.iter_markers(BOTH), None) is not None
    if "engine" in metafunc.fixturenames and marked and chosen == "default":
        metafunc.parametrize("engine", ["sqlite", pytest.param("postgres", marks=pytest.mark.slow)], indirect=True)


TOGETHER = {
    "test_examples.py": "examples", "test_fates.py": "fates", "test_readme.py": "readme", "test_two_way.py": "readme",
    "test_frame.py": "frame", "test_message_log.py": "log", "test_compose.py": "compose",
    "test_every_screen.py": "screens", "test_stop.py": "stop", "test_handset_shows.py": "handset",
    "test_languages.py": "languages",
}  # fmt: skip
"""Files whose tests share one process of ours, or one port, and so belong to one worker."""


class OneWorker(LoadScopeScheduling):  # type: ignore[misc]
    """Whatever is free takes the next test, but for files that are to stay together.

    pytest-xdist marks groups in a test's id, which pytest 9.2 lets nobody change.
    """

    def _split_scope(self, nodeid: str) -> str:
        return TOGETHER.get(nodeid.partition("::")[0].rpartition("/")[2], nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With `--dist loadgroup`."""
    return OneWorker(config, log) if config.getvalue("dist") == "loadgroup" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL alone, tests that look into SQLite's file are not asked for."""
    if config.getoption("--engine") == "postgres":
        gone = [item for item in items if item.get_closest_marker(SQLITE)]
        items[:] = [item for item in items if item not in gone]
        config.hook.pytest_deselected(items=gone)


@pytest.fixture(autouse=True)
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    """What stores of this test are on."""
    asked = request.config.getoption("--engine")
    name = getattr(request, "param", "postgres" if asked == "postgres" else "sqlite")
    with postgres_kit.chosen_for(name == "postgres"):
        yield name


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
