"""The rules of the house that no linter knows."""

from __future__ import annotations

import ast
import re
import socket
import tokenize
from pathlib import Path

import pytest

from tests.house import loopback
from tests.house.sources import HOUSE, calls, imports, public_functions, python_files, text_files, tree_of

# What a pure room may use of the standard library: data, never the disk, the clock, the network or dice. (difflib is
# arithmetic on two lists: it finds the changed words of a copy; csv and xml read text that somebody else has fetched.)
PURE = frozenset(
    """
    __future__ array base64 collections csv dataclasses datetime difflib enum functools hashlib hmac itertools math re
    string typing unicodedata xml zoneinfo
    """.split()  # noqa: SIM905 - words read best as words
)
EMPTY_NAMES = frozenset({"util", "utils", "helper", "helpers", "common", "manager", "managers", "misc", "tools"})


def test_the_domain_uses_only_data_types_of_the_standard_library() -> None:
    strangers = {
        f"{path.name}: {name}"
        for path in python_files("bot/domain")
        for name in imports(path)
        if not name.startswith("bot.domain") and name.split(".")[0] not in PURE
    }
    assert strangers == set()


def test_the_domain_never_asks_what_time_it_is() -> None:
    clocks = {"now", "utcnow", "today", "time", "monotonic"}
    askers = {
        f"{path.name}:{call.line} {call.name}()"
        for path in python_files("bot/domain")
        for call in calls(path)
        if call.name in clocks and call.owner in {"datetime", "date", "time"}
    }
    assert askers == set()


def test_a_right_becomes_a_value_in_one_place_only() -> None:
    makers = {
        str(path.relative_to(HOUSE))
        for room in ("bot", "handlers", "storage")
        for path in python_files(room)
        for call in calls(path)
        if call.name in {"Authority", "Steward", "Moderator", "Organiser"}
    }
    assert makers == {"handlers/desk.py"}


def test_no_module_is_named_for_nothing() -> None:
    empty = {str(path) for path in python_files() if path.stem in EMPTY_NAMES or path.parent.name in EMPTY_NAMES}
    assert empty == set()


def test_every_module_opens_with_a_sentence_that_says_what_it_is_for() -> None:
    silent = set()
    for path in python_files():
        body = tree_of(path)
        told = _docstring(path)
        if body.body and (not told or not told.splitlines()[0].rstrip().endswith((".", ":", "?"))):
            silent.add(str(path.relative_to(HOUSE)))
    assert silent == set()


def _docstring(path: Path) -> str:
    return ast.get_docstring(tree_of(path)) or ""


@pytest.mark.parametrize("room", ["bot", "handlers", "storage", "locales"])
def test_public_functions_say_what_they_give(room: str) -> None:
    silent = {where for path in python_files(room) for where, told in public_functions(path) if not told}
    assert silent == set()


def test_nothing_is_left_to_be_done_later() -> None:
    later = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b|raise NotImplementedError")
    left = set()
    for path in python_files():
        with path.open("rb") as file:
            for token in tokenize.tokenize(file.readline):
                if token.type == tokenize.COMMENT and later.search(token.string):
                    left.add(f"{path.relative_to(HOUSE)}:{token.start[0]}")
        if any(call.name == "NotImplementedError" for call in calls(path)):
            left.add(str(path.relative_to(HOUSE)))
    assert left == set()


# Written in pieces, so that this file does not hold what it forbids.
FORBIDDEN = {
    "an address of a package index": re.compile(
        "(?:pypi" + r"\.org|files\.python" + r"hosted|--(?:extra-)?index" + "-url)"
    ),
    "a path of somebody's machine": re.compile("/(?:ho" + "me|ro" + "ot|Us" + "ers|wo" + r"rk)/[a-z]"),
    "a folder beside the project": re.compile(r"\.\./sha" + "red"),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str) -> None:
    found = {
        f"{path.relative_to(HOUSE)}:{number}"
        for path in text_files()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if FORBIDDEN[what].search(line)
    }
    assert found == set()


def test_what_is_forbidden_would_be_found() -> None:
    assert FORBIDDEN["an address of a package index"].search("https://pypi" + ".org/simple")
    assert FORBIDDEN["a path of somebody's machine"].search("/ho" + "me/somebody")
    assert FORBIDDEN["a folder beside the project"].search("see ../sha" + "red/x")


def test_tests_never_sleep_on_real_time() -> None:
    sleepers = {
        f"{path.relative_to(HOUSE)}:{call.line}"
        for path in python_files("tests")
        if path.name != "servers.py"  # waits until a real database server is up
        for call in calls(path)
        if call.name == "sleep" and call.owner == "time"
    }
    assert sleepers == set()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.8.8", b"127.0.0.1", None])
def test_this_machine_is_near(host: object) -> None:
    assert loopback.is_near(host)


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "example.org", "0.0.0.0", b"192.0.2.1"])  # noqa: S104
def test_everything_else_is_outside(host: object) -> None:
    assert not loopback.is_near(host)


def test_a_test_that_reaches_out_is_refused_and_told() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one, pytest.raises(loopback.Outside):
        one.connect(("192.0.2.1", 9))  # documentation's own network, and nothing is sent
    assert loopback.attempts == ["socket.connect '192.0.2.1'"]
    loopback.attempts.clear()
