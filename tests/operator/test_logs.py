"""Logs say which row and how it went, and never a name, a text, an address or a token, whoever speaks."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from functools import cache
from typing import TYPE_CHECKING

import pytest

from bot import logs
from bot.domain.conversation import Lane
from tests.house.sources import HOUSE, calls, python_files

if TYPE_CHECKING:
    from tests.house.sources import Call

# The sentences' room may name a sentence of the program that has no translation: it is withheld, and harmless.
WITHHELD_ON_PURPOSE = {"context", "msgid"}


@cache
def said(*how: str) -> tuple[int, str]:
    """The exit code of a program that leaks wherever it can, and all it wrote."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.operator.leaking", *how], cwd=HOUSE, capture_output=True, text=True, check=False
    )
    assert "said everything" in done.stdout
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("form", ["line", "json"])
def test_no_canary_leaves_through_any_way_out(form: str) -> None:
    code, everything = said("gated", form)
    assert code == 1  # the exception that nobody catches still ends the program
    assert "canary" not in everything.lower()
    assert "7000000001" not in everything
    assert "Madina" not in everything
    for event in ("person.failed", "group.failed", "thread.failed", "object.failed", "program.failed", "library.said"):
        assert event in everything


def test_the_same_program_without_the_gate_shows_them() -> None:
    """The control: with the standard library's way of speaking, every one of these ways leaks."""
    _, everything = said()
    for way in (
        "person.met",
        "a request to",
        "KeyError",
        "RuntimeWarning",
        "Exception in thread",
        "Exception ignored in",
    ):
        assert way in everything
    assert everything.count("Madina-Canary") > 100  # noqa: PLR2004 - it leaks everywhere


def test_what_an_operator_needs_is_still_said() -> None:
    _, everything = said("gated")
    failed = next(line for line in everything.splitlines() if "person.failed" in line)
    assert "error=ValueError<KeyError" in failed
    assert "person=5" in failed
    assert any("library=asyncio" in line for line in everything.splitlines() if "never retrieved" in line)


def gated(event: str, **values: object) -> dict[str, object]:
    return dict(logs.gate(None, "info", {"event": event, **values}))


def test_numbers_words_and_exceptions_pass() -> None:
    passed = gated(
        "letter.delivered", letter=12, lane=Lane.DANGER, outcome="delivered", error=KeyError("x"), why="TimeoutError"
    )
    del passed["at"]
    assert passed == {
        "level": "info",
        "event": "letter.delivered",
        "letter": 12,
        "lane": "danger",
        "outcome": "delivered",
        "error": "KeyError",
        "why": "TimeoutError",
    }


def test_what_does_not_fit_its_key_is_withheld_and_the_line_says_so() -> None:
    passed = gated("letter.delivered", letter="Madina", outcome="madina", name="Madina", text="x")
    assert (passed["letter"], passed["outcome"], passed["withheld"]) == ("withheld", "withheld", 2)


def test_where_our_own_code_failed_is_told_as_file_and_line() -> None:
    try:
        logs.start(level="nonsense")  # type: ignore[arg-type]
    except KeyError as error:
        told = logs.trace(error)
    assert told.startswith("error=KeyError where=bot/logs.py:")
    assert "nonsense" not in told


def test_a_line_in_json_is_json() -> None:
    _, everything = said("gated", "json")
    lines = [json.loads(line) for line in everything.splitlines() if line.startswith("{")]
    assert all({"at", "level", "event"} <= line.keys() for line in lines)


# -- what the program itself logs, read in its source --------------------------------------------------------------


def logged() -> list[tuple[str, Call]]:
    """Every call that logs, with where it stands."""
    return [
        (f"{path.relative_to(HOUSE)}:{call.line}", call)
        for path in python_files("bot", "handlers", "storage")
        for call in calls(path)
        if call.owner in {"log", "_log"} and call.name in {"debug", "info", "warning", "error", "exception"}
    ]


def test_every_event_is_a_noun_and_a_verb() -> None:
    others = set()
    for where, call in logged():
        event = call.node.args[0] if call.node.args else None
        if not (isinstance(event, ast.Constant) and logs._EVENT.fullmatch(str(event.value))):  # noqa: SLF001
            others.add(where)
    assert others == set()


def test_every_key_the_program_logs_is_one_that_passes() -> None:
    strange = {
        f"{where} {word.arg}"
        for where, call in logged()
        for word in call.node.keywords
        if word.arg not in logs.KEYS.keys() | WITHHELD_ON_PURPOSE | {"exc_info"}
    }
    assert strange == set()


def test_every_word_the_program_logs_is_one_that_passes() -> None:
    strange = {
        f"{where} {word.arg}={word.value.value!r}"
        for where, call in logged()
        for word in call.node.keywords
        if isinstance(word.value, ast.Constant)
        and isinstance(word.value.value, str)
        and gated("x.y", **{str(word.arg): word.value.value}).get(str(word.arg)) in {None, logs.WITHHELD}
    }
    assert strange == set()
