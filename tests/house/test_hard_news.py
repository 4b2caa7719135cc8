"""No code path but one says that somebody died or is held: read from the code itself."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.checkin import State
from tests.house.sources import HOUSE, python_files, tree_of

ROOMS = ("bot", "handlers")
WORDS = ("died", "detained")
OTHER_WORDS = ("dead", "killed")
PLACES = {
    "handlers/family/matters.py",
    "handlers/family/hard.py",
}  # the words in one, and the buttons by which it is told in the other
LETTERS = {"Outgoing", "anew"}
SAYING = {"_what", "about", "standing"}
# Where a person's own words go to others, and what happens to words that speak of a death.
TYPED = {
    "handlers/family/checkin.py:_text": "refused",
    "handlers/family/telling.py:said": "refused",
    "handlers/family/alarm.py:noted": "a call for help is never held up",
    "handlers/family/deadline.py:noted": "their own words for their own alarm: “if I am arrested, call Anna”",
    "handlers/family/hard.py:noted": "only those who check it read it",
}


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    """The functions of a file."""
    yield from (node for node in ast.walk(tree_of(path)) if isinstance(node, ast.FunctionDef))


def called(node: ast.AST) -> set[str]:
    """The names of everything that is called in it, without their owners."""
    return {
        one.func.attr if isinstance(one.func, ast.Attribute) else one.func.id
        for one in ast.walk(node)
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute | ast.Name)
    }


def callers(owner: str, name: str) -> set[str]:
    """The functions that call ``owner.name(…)``, or (in the module of that name itself) ``name(…)``."""
    found = set()
    for path in python_files(*ROOMS):
        for function in functions(path):
            for one in ast.walk(function):
                match one:
                    case ast.Call(func=ast.Attribute(value=ast.Name(id=named), attr=attr)):
                        if (named, attr) == (owner, name):
                            found.add(_where(path, function))
                    case ast.Call(func=ast.Name(id=attr)):
                        if attr == name and path.stem == owner:
                            found.add(_where(path, function))
    return found


def _where(path: Path, function: ast.FunctionDef) -> str:
    return f"{path.relative_to(HOUSE)}:{function.name}"


def test_no_state_of_ordinary_news_says_it() -> None:
    assert {state.value for state in State} == {"safe", "help", "hurt", "moved", "other"}


def said_in(path: Path) -> set[str]:
    """The sentences of a file (not its docstrings) that hold a word of it."""
    first = {ast.get_docstring(node, clean=False) for node in ast.walk(tree_of(path)) if isinstance(node, DOCUMENTED)}
    words = (*WORDS, *OTHER_WORDS)
    return {
        node.value
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value not in first
        if any(word in node.value.lower().replace(".", " ").split() for word in words)
    }


DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def test_its_words_stand_in_one_place() -> None:
    found = {str(path.relative_to(HOUSE)): said_in(path) for path in python_files("handlers")}
    speaking = {where: words for where, words in found.items() if words}
    spoken = {"handlers/family/spoken.py": {"detained"}}  # what a sign on a card means, told to whoever prints it
    buttons = {"handlers/family/hard.py": {"⚫ Died", "⚫ Detained"}}
    assert speaking == {"handlers/family/matters.py": set(WORDS), **buttons, **spoken}


def test_nobody_but_the_board_and_the_answer_to_a_press_says_them() -> None:
    assert callers("matters", "_what") == {"handlers/family/matters.py:about", "handlers/family/matters.py:standing"}
    assert callers("matters", "about") == {
        "handlers/family/checking.py:_to_be_checked",
        "handlers/family/checking.py:_to_be_told",
    }
    assert callers("matters", "standing") == {"handlers/family/board.py:_board", "handlers/family/relative.py:show"}
    pages = callers("checking", "_to_be_checked") | callers("checking", "_to_be_told")
    assert pages == {"handlers/family/checking.py:_show"}


@pytest.mark.parametrize("name", ["hard", "matters", "checking", "bearer"])
def test_whatever_makes_a_letter_says_nothing_of_it(name: str) -> None:
    """Only `ask.reply`, in the place of the message whose button was pressed, carries the words."""
    path = HOUSE / "handlers" / "family" / f"{name}.py"
    speaking = SAYING | {"_to_be_checked", "_to_be_told"}
    both = {one.name for one in functions(path) if called(one) & LETTERS and called(one) & speaking}
    assert both == set()


def test_a_case_goes_on_only_where_the_rule_was_asked() -> None:
    assert callers("cases", "confirm") == {"handlers/family/checking.py:_advance"}
    assert callers("cases", "answer") == {"handlers/family/checking.py:grade", "handlers/family/checking.py:no"}
    assert callers("cases", "give") == {"handlers/family/matters.py:give", "handlers/family/checking.py:_replaced"}
    assert callers("cases", "mark") == {
        f"handlers/family/checking.py:{name}" for name in ("_advance", "call", "marked")
    }
    (advance,) = (one for one in functions(HOUSE / "handlers" / "family" / "checking.py") if one.name == "_advance")
    asked = [one for one in ast.walk(advance) if isinstance(one, ast.If) and "may_be_told" in called(one.test)]
    assert len(asked) == 1
    assert {"confirm", "mark"} <= called(asked[0])
    outside: defaultdict[str, int] = defaultdict(int)
    for one in ast.walk(advance):
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute):
            outside[one.func.attr] += 1
    assert outside["confirm"] == outside["mark"] == 1, "nowhere beside that condition"


def test_typed_words_that_go_to_others_are_looked_at_first() -> None:
    typed = {
        _where(path, function)
        for path in python_files("handlers")
        for function in functions(path)
        for one in ast.walk(function)
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute) and one.func.attr == "text"
        if any(isinstance(arg, ast.Name) and arg.id == "NOTE_LENGTH" for arg in one.args)
    }
    assert typed == TYPED.keys(), "say here what becomes of words that speak of a death"
    for path in python_files("handlers"):
        for function in functions(path):
            if TYPED.get(_where(path, function)) == "refused":
                assert "is_hard" in called(function)


def test_control_a_letter_that_says_it_would_be_found() -> None:
    tree = ast.parse("def tell(tx):\n    return Outgoing(1, about(tx, case))")
    assert called(tree) & LETTERS
    assert called(tree) & SAYING
