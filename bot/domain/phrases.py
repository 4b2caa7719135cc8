"""What a person means by words they typed instead of pressing a button: whole messages only, never a part of one."""

from __future__ import annotations

import re
from enum import Enum, auto
from functools import cache
from typing import TYPE_CHECKING, Final

from bot.domain import phrase_lists
from bot.domain.folding import LONGEST, fold, words

if TYPE_CHECKING:
    from collections.abc import Mapping


class Intent(Enum):
    """What a message asks for."""

    SAFE = auto()
    HELP = auto()
    HELP_OR_MANUAL = auto()
    """The bare word “help”: danger or a question, so the answer is two buttons."""
    MANUAL = auto()
    START = auto()
    LANGUAGE = auto()
    PRIVACY = auto()
    FORGET = auto()
    PEOPLE = auto()
    CIRCLES = auto()
    ASK = auto()
    CODE = auto()
    ROLLCALL = auto()
    LATER = auto()
    """A deadline is to be put off, perhaps by a number of hours: `number_in`."""
    CANCEL = auto()
    BACK = auto()
    DESK = auto()
    """Where rights are used, and asked for: it stands in no menu of somebody who has none."""
    RUMOUR = auto()
    """“Is this true?”"""
    SEARCH = auto()
    """Somebody is looked for whom nobody reaches."""
    VERIFY = auto()
    """Is a text ours? It may stand behind the command, however long it is."""
    BULLETINS = auto()
    """Everything that was published."""
    PETITIONS = auto()
    """Letters that can be signed. The code of one may stand behind the command."""


COMMANDS: Final[Mapping[str, Intent]] = {name: Intent[intent] for name, intent in phrase_lists.COMMANDS.items()}
"""Every slash command, its Tajik twin included, without the slash."""

MOST_WORDS: Final = 8
MOST_DIGITS: Final = 3
_COMMAND = re.compile(r"\s*[/!]([A-Za-z0-9_]{1,32})(?:@[A-Za-z0-9_:.\-]{1,255})?(?:\s+(\S.*))?\s*", re.DOTALL)
_SENTENCE_END = re.compile(r"[.,;:!\n\u2026]+")
_QUESTION = re.compile("[?\u061f]")
# Signs that people send instead of words. Skin tones and variation selectors are taken off first.
_SIGNS: Final[Mapping[str, Intent]] = {"\U0001f198": Intent.HELP}
_SIGNS_IF_ASKED: Final[Mapping[str, Intent]] = dict.fromkeys(
    ("\U0001f44d", "\u2705", "\U0001f44c", "\U0001f197", "\u2714"),
    Intent.SAFE,
)
_SIGN_DECORATION = re.compile("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff\\s]")


def understand(text: str, *, asked: bool) -> Intent | None:
    """Tell what a whole message means, or None.

    With `asked` (a question “how are you?” is open for this person) everyday answers such as “all good” count as
    well. Of a text that is too long only the command before it is read, if it calls for help or has a text checked. A
    question never counts as “safe”, and where one message says two things, the call for help goes first.
    """
    if len(text) > LONGEST:
        long = _COMMAND.fullmatch(text[:LONGEST])
        intent = None if long is None else COMMANDS.get(long[1].lower())
        return intent if intent in {Intent.VERIFY, Intent.HELP} else None
    command = _COMMAND.fullmatch(text)
    if command is not None:
        return _commanded(command[1], command[2] or "", asked=asked)
    intent = _sign(text, asked=asked) or _phrase(text, asked=asked) or _later(text) or _sentences(text, asked=asked)
    if _QUESTION.search(text):
        # “safe?” asks, and “need help?” may: neither is news about the one who writes.
        return {Intent.SAFE: None, Intent.HELP: Intent.HELP_OR_MANUAL}.get(intent, intent) if intent else None
    return intent


def _commanded(name: str, rest: str, *, asked: bool) -> Intent | None:
    intent = COMMANDS.get(name.lower())
    if intent is Intent.SAFE and rest and understand(rest, asked=asked) is not Intent.SAFE:
        return None  # “/safe not yet”
    return intent


def number_in(text: str) -> int | None:
    """The one whole number in a message (“later 3”); None if there is none, or several."""
    numbers = [word for word in words(text) if word.isdecimal()]
    return int(numbers[0]) if len(numbers) == 1 and len(numbers[0]) <= MOST_DIGITS else None


def _later(text: str) -> Intent | None:
    """“Later 3 hours”: the phrase with a number and the word for hours taken out."""
    if number_in(text) is None:
        return None
    rest = [word for word in words(text) if not word.isdecimal() and word not in _hour_words()]
    return Intent.LATER if _phrases().get(" ".join(_without_politeness(rest))) is Intent.LATER else None


def _sign(text: str, *, asked: bool) -> Intent | None:
    sign = _SIGN_DECORATION.sub("", text)
    if not sign or len(set(sign)) > 1:
        return None
    return _SIGNS.get(sign[0]) or (_SIGNS_IF_ASKED.get(sign[0]) if asked else None)


def _sentences(text: str, *, asked: bool) -> Intent | None:
    """Understand several short sentences, each of which is a listed phrase: “I am alive. Need help.”."""
    meant: set[Intent] = set()
    parts = [part for part in _SENTENCE_END.split(text) if words(part)]
    for part in parts:
        # Beside a clear sentence an everyday one says the same: “alive, all good”.
        intent = _phrase(part, asked=True)
        if intent is None:
            return None
        if _phrase(part, asked=asked) is not None:
            meant.add(intent)
        elif intent is not Intent.SAFE:
            return None
    if Intent.HELP in meant:
        return Intent.HELP
    return meant.pop() if len(meant) == 1 else None


def _phrase(text: str, *, asked: bool) -> Intent | None:
    said = _without_echo(words(text))
    candidates = [said]
    if len(core := _without_politeness(said)) < len(said):
        candidates.append(core)
    if len(core) > 1 and core[0] in _yes_words():
        candidates.append(core[1:])
    for candidate in candidates:
        if 0 < len(candidate) <= MOST_WORDS:
            phrase = " ".join(candidate)
            intent = _phrases().get(phrase) or (Intent.SAFE if asked and phrase in _if_asked() else None)
            if intent is not None:
                return intent
    return _pressing(core)


def _pressing(said: list[str]) -> Intent | None:
    """“Help, quickly!”: beside a word of haste the bare cry is no question any more."""
    calm = [word for word in said if word not in _hasty_words()]
    meant = _phrases().get(" ".join(calm)) if len(calm) < len(said) else None
    return Intent.HELP if meant in {Intent.HELP, Intent.HELP_OR_MANUAL} else None


def _without_echo(said: list[str]) -> list[str]:
    """Take out a word said twice in a row: “help help help”."""
    return [word for index, word in enumerate(said) if index == 0 or word != said[index - 1]]


def _without_politeness(said: list[str]) -> list[str]:
    return [word for word in said if word not in _polite_words()]


@cache
def _phrases() -> dict[str, Intent]:
    lists = {
        # Where two lists fold to the same, the earlier one has the word: help goes before everything.
        Intent.HELP: phrase_lists.HELP,
        Intent.HELP_OR_MANUAL: phrase_lists.HELP_OR_MANUAL,
        Intent.SAFE: phrase_lists.SAFE,
        Intent.MANUAL: phrase_lists.MANUAL,
        Intent.LATER: phrase_lists.LATER,
        Intent.CANCEL: phrase_lists.CANCEL,
        Intent.BACK: phrase_lists.BACK,
        Intent.LANGUAGE: phrase_lists.LANGUAGE,
        Intent.PRIVACY: phrase_lists.PRIVACY,
        Intent.FORGET: phrase_lists.FORGET,
        Intent.PEOPLE: phrase_lists.PEOPLE,
        Intent.CIRCLES: phrase_lists.CIRCLES,
        Intent.ASK: phrase_lists.ASK,
        Intent.RUMOUR: phrase_lists.RUMOUR,
        Intent.SEARCH: phrase_lists.SEARCH,
    }
    folded: dict[str, Intent] = {}
    for intent, phrases in lists.items():
        for phrase in phrases:
            folded.setdefault(" ".join(_without_echo(words(phrase))), intent)
    return folded


@cache
def _if_asked() -> frozenset[str]:
    return frozenset(map(fold, phrase_lists.SAFE_IF_ASKED))


@cache
def _polite_words() -> frozenset[str]:
    return frozenset(map(fold, phrase_lists.POLITE_WORDS))


@cache
def _hasty_words() -> frozenset[str]:
    return frozenset(map(fold, phrase_lists.HASTY_WORDS))


@cache
def _hour_words() -> frozenset[str]:
    return frozenset(map(fold, phrase_lists.HOURS))


@cache
def _yes_words() -> frozenset[str]:
    return frozenset(map(fold, phrase_lists.YES_WORDS))
