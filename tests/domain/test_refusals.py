"""Every refusal has one kind sentence in each language, and a way to go on."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from bot import i18n
from bot.domain import refusals
from bot.domain.conversation import Sender
from bot.domain.people import Person
from bot.domain.refusals import Refusal
from handlers.ask import Ask
from handlers.refused import line_of, sentence
from handlers.router import BUTTONS

NOW = datetime(2026, 3, 21, tzinfo=UTC)
VALUES = {"int": 5, "timedelta": timedelta(minutes=40)}
ALL = [kind for kind in vars(refusals).values() if isinstance(kind, type) and issubclass(kind, Refusal)]
KINDS = [kind for kind in ALL if kind is not Refusal]


def example(kind: type[Refusal]) -> Refusal:
    """One refusal of this kind."""
    return kind(*(VALUES[str(field.type)] for field in dataclasses.fields(kind)))  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def catalogues() -> None:
    i18n.open_catalogues()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_refusal_has_a_sentence_in_each_language(kind: type[Refusal]) -> None:
    said = {language: i18n.plain(i18n.speak(line_of(example(kind)), language, NOW)) for language in i18n.LANGUAGES}
    assert len(set(said.values())) == len(i18n.LANGUAGES)
    for words in said.values():
        assert words[-1] in ".:"
        assert "{" not in words


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_refusal_leaves_a_way_to_go_on(kind: type[Refusal]) -> None:
    ask = Ask(Person(1, "en", "Zarina"), NOW, NOW, 1, Sender("memory", "1", "zarina"), str)
    answer = sentence(ask, example(kind))
    assert answer.to == 1
    codes = [choice.code.split(":")[0] for row in answer.choices for choice in row]
    assert codes
    assert set(codes) <= set(BUTTONS)


def test_a_refusal_without_a_sentence_would_be_found() -> None:
    """The control."""

    class Unheard(Refusal):
        """A refusal nobody has written a sentence for."""

    with pytest.raises(TypeError):
        line_of(Unheard())
