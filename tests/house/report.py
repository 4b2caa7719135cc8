"""A plugin: at the end, a table of what did not run and why; with PAYVAND_REQUIRE_ALL=1 such a thing is a failure."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

REQUIRED = pytest.StashKey[bool]()


def pytest_configure(config: pytest.Config) -> None:
    """Read once whether everything must run, so that a test may change the environment."""
    config.stash[REQUIRED] = os.environ.get("PAYVAND_REQUIRE_ALL") == "1"


def reason_of(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Why something was skipped, in the words of whoever skipped it."""
    told = report.longrepr
    words = str(told[2]) if isinstance(told, tuple) else str(told)
    return words.removeprefix("Skipped: ").strip() or "no reason was given"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skipped test into a failed one where everything must run."""
    report = yield
    if report.skipped and item.config.stash[REQUIRED]:
        report.longrepr = f"did not run: {reason_of(report)}"
        report.outcome = "failed"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Turn a skipped file into a failed one where everything must run."""
    report = yield
    if report.skipped and collector.config.stash[REQUIRED]:
        report.longrepr = f"did not run: {reason_of(report)}"
        report.outcome = "failed"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Write the table, before pytest's own last line."""
    reasons: Counter[tuple[str, str]] = Counter()
    for report in terminalreporter.getreports("skipped"):
        reasons[report.nodeid.partition("::")[0], reason_of(report)] += 1
    if not reasons:
        return
    terminalreporter.section("what did not run, and why")
    for (place, why), count in sorted(reasons.items()):
        terminalreporter.write_line(f"{count:>5}  {place}: {why}")
