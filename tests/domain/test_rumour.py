"""The same question in three languages is one; what differs in a number, a place or a “not” is another one."""

from __future__ import annotations

from itertools import combinations

import pytest

from bot.domain.rumour import Kind, is_alike, is_same, read

KILLED = (
    "Правда ли, что в Хороге убили 200 человек?",
    "Is it true that 200 people were killed in Khorog?",
    "Оё рост аст, ки дар Хоруғ 200 нафар кушта шуд?",
    "Dar Khorug 200 nafar kushta shud?",
    "В Хороге убито двести человек",
    "ПРАВДА ЛИ ЧТО В ХОРОГЕ УБИЛИ 200 ЧЕЛОВЕК!!!",
)
OTHERS = (
    "Is it true that 150 people were killed in Khorog?",
    "Is it true that people were killed in Khorog?",
    "Is it true that 200 people were killed in Rushon?",
    "Is it true that 200 people were killed?",
    "Is it true that 200 people were not killed in Khorog?",
    "Is it true that 200 people were wounded in Khorog?",
    "Is it true that 200 people were evacuated from Khorog?",
)


@pytest.mark.parametrize(("one", "other"), list(combinations(KILLED, 2)))
def test_the_same_question_is_recognised_across_languages_and_spellings(one: str, other: str) -> None:
    assert is_same(read(one).tokens, read(other).tokens)


@pytest.mark.parametrize("one", KILLED)
@pytest.mark.parametrize("other", OTHERS)
def test_control_another_number_place_negation_or_deed_is_another_question(one: str, other: str) -> None:
    assert not is_same(read(one).tokens, read(other).tokens)
    assert not is_same(read(other).tokens, read(one).tokens)


def test_another_number_is_shown_to_a_moderator_and_another_place_is_not() -> None:
    mine = read(KILLED[0]).tokens
    assert is_alike(mine, read(OTHERS[0]).tokens)
    assert not is_alike(mine, read(OTHERS[2]).tokens)


def test_who_did_it_to_whom_makes_two_questions() -> None:
    one, other = read("police killed protesters").tokens, read("protesters killed police").tokens
    assert not is_same(one, other)
    assert is_same(one, read("Police killed the protesters!").tokens), "the control"


def test_words_that_no_list_knows_keep_questions_of_one_language_apart() -> None:
    assert not is_same(read("the stadium in Khorog is closed").tokens, read("the library in Khorog is closed").tokens)
    assert is_same(read("the library in Khorog is closed").tokens, read("is the library of Khorog closed?").tokens)


def test_unknown_words_of_two_languages_are_never_taken_for_the_same() -> None:
    assert not is_same(read("Is the stadium in Khorog closed?").tokens, read("Закрыта ли библиотека в Хороге?").tokens)


@pytest.mark.parametrize(
    ("text", "topic", "danger"),
    [
        ("Шаб дар Рӯшон тирпарронӣ шуд?", "violence", 3),
        ("Границу закрыли?", "roads", 1),
        ("Is the internet cut?", "network", 1),
        ("Солдаты раздают хлеб", "forces", 2),
        ("Is the price of bread higher?", "supplies", 1),
        ("Did uncle buy a goat", "other", 0),
    ],
)
def test_danger_and_topic_come_from_what_is_said(text: str, topic: str, danger: int) -> None:
    found = read(text)
    assert (found.topic, found.danger) == (topic, danger)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "\u202e\u0000\u200b",
        "😀" * 900,
        "а" * 100_000,
        "1 " * 2_000,
        "9" * 1_400,
        "٣٣٣ ٤٤",
        "²",
        "Хорог " * 400,
        "%s {x} <b> '; DROP TABLE rumour; --",
        "\n".join("в" for _ in range(1_000)),
    ],
)
def test_hostile_words_are_read_like_any_others(text: str) -> None:
    found = read(text)
    assert 0 <= found.danger <= 3  # noqa: PLR2004
    assert all(isinstance(kind, Kind) for kind, _value in found.tokens)
    assert is_same(found.tokens, found.tokens) in {True, False}


def test_texts_without_a_token_are_never_the_same() -> None:
    assert not is_same(read("???").tokens, read("!!!").tokens)
