"""Rules of the whole suite: a skip is loud, in CI it is a failure; property tests have no deadline."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

settings.register_profile("tidings", deadline=None, print_blob=True)
settings.load_profile("tidings")

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
    """Say how many tests did not run, where the eye falls."""
    skipped = len(terminalreporter.stats.get("skipped", ()))
    if skipped:
        verdict = "with CI=true that fails the run" if IN_CI else "what they prove is not proved on this machine"
        terminalreporter.write_line(f"{skipped} SKIPPED: {verdict}", red=IN_CI, yellow=not IN_CI)
