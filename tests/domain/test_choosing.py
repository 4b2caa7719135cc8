"""Choices without buttons: what people type when they mean one of them, and what they type when they don't."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.choosing import HIGHEST, IN_VIEW, Menu, Over, Unclear, first_number, number_in, numbered, picked, signed
from bot.domain.conversation import Choice, Line

NOW = datetime(2026, 3, 21, 9, 0, tzinfo=UTC)


def menu(*labels: str, first: int = 1, reply: bool = True, ago: int = 0, message: str = "") -> Menu:
    choices = tuple(Choice(Line(label), label.lower().replace(" ", "-")) for label in labels)
    return Menu(first, choices, reply, NOW - timedelta(minutes=ago), message)


def said(line: Line) -> tuple[str, ...]:
    return (line.msgid,)


def pick(text: str, *menus: Menu, on: str = "", words: bool = False) -> str | None:
    choice = picked(text, menus, said, on=on, words=words)
    return None if choice is None else choice.code


HOME = menu("✅ I am safe", "🆘 I need help", "My people", "More")


@pytest.mark.parametrize("text", ["2", " 2 ", "2.", "(2)", "№ 2", "#2", "2)", "2️⃣", "٢", "۲", "２", "“2”"])
def test_a_number_is_understood_in_any_digits(text: str) -> None:
    assert str(number_in(text)) == "2"
    assert pick(text, HOME) == HOME.choices[1].code


@pytest.mark.parametrize(
    "text", ["", "2 2", "twelve", "-2", "2+", "123", "1234567890123", "2 people", "½", "²", "+992"]
)
def test_what_only_contains_a_number_is_no_number(text: str) -> None:
    assert number_in(text) is None


def test_a_label_is_understood_without_its_picture_and_in_other_spellings() -> None:
    assert pick("i am SAFE", HOME) == HOME.choices[0].code
    assert pick("my people", HOME) == "my-people"


def test_the_beginning_of_one_label_is_enough_and_of_two_is_unclear() -> None:
    assert pick("mor", HOME) == "more"
    assert pick("mo", HOME) is None
    with pytest.raises(Unclear):
        pick("more", menu("More people", "More places"))


def test_words_that_were_asked_for_are_no_beginning_of_a_label() -> None:
    assert pick("Mor", HOME, words=True) is None
    assert pick("More", HOME, words=True) == "more"
    assert pick("77", HOME, words=True) is None


def test_a_number_of_no_list_is_over_and_without_lists_it_is_a_word() -> None:
    with pytest.raises(Over):
        pick("9", HOME)
    assert pick("9") is None


def test_an_answer_to_a_message_picks_from_that_message() -> None:
    older = menu("Seen", "I take care", reply=False, message="$old")
    newer = menu("Seen", "I take care of it", reply=False, message="$new")
    assert pick("2", newer, older, on="$old") == "i-take-care"
    assert pick("2", newer, older) == "i-take-care-of-it"


def test_one_label_in_two_calls_is_unclear() -> None:
    one = Menu(1, (Choice(Line("Seen"), "seen:1"),), reply=False, at=NOW)
    two = Menu(2, (Choice(Line("Seen"), "seen:2"),), reply=False, at=NOW)
    with pytest.raises(Unclear):
        pick("seen", two, one)


def test_a_label_of_the_answer_before_does_not_make_this_one_unclear() -> None:
    before = Menu(1, (Choice(Line("Back"), "home"),), reply=True, at=NOW)
    now = Menu(1, (Choice(Line("Back"), "more"),), reply=True, at=NOW)
    assert pick("back", now, before) == "more"


def test_what_comes_by_itself_never_takes_the_numbers_that_somebody_may_be_about_to_type() -> None:
    after = first_number([HOME], 2, NOW, reply=False)
    assert after == HOME.numbers.stop
    one = menu("Seen", "Caring", first=after, reply=False)
    assert first_number([one, HOME], 2, NOW, reply=False) == one.numbers.stop


def test_control_numbers_that_always_begin_at_one_pick_the_wrong_list() -> None:
    alarm = menu("Seen", "I take care", first=1, reply=False)
    assert pick("2", alarm, HOME) == "i-take-care"  # meant was: I need help
    alarm = menu("Seen", "I take care", first=first_number([HOME], 2, NOW, reply=False), reply=False)
    assert pick("2", alarm, HOME) == HOME.choices[1].code


def test_an_answer_takes_the_place_of_the_answer_before_and_leaves_what_came_by_itself() -> None:
    alarm = menu("Seen", "Caring", first=5, reply=False)
    assert first_number([alarm, HOME], 4, NOW, reply=True) == 1
    seen = menu("Seen", reply=False)
    assert first_number([seen], 2, NOW, reply=True) == seen.numbers.stop


def test_after_half_an_hour_numbers_begin_at_one_again() -> None:
    old = menu("A", "B", ago=int(IN_VIEW.total_seconds() // 60) + 1)
    assert first_number([old], 2, NOW, reply=False) == 1


def test_links_have_no_number() -> None:
    rows = ((Choice(Line("Open"), link="https://example.org"), Choice(Line("Back"), "home")),)
    assert [choice.code for choice in numbered(rows)] == ["home"]


@given(st.lists(st.tuples(st.integers(1, 6), st.booleans(), st.integers(0, 40)), max_size=12))
def test_no_two_lists_in_view_share_a_number_unless_one_ended_the_other(shown: list[tuple[int, bool, int]]) -> None:
    menus: list[Menu] = []
    minute = 0
    for count, reply, later in shown:
        minute += later
        now = NOW + timedelta(minutes=minute)
        first = first_number(menus, count, now, reply=reply)
        assert 1 <= first <= HIGHEST
        choices = tuple(Choice(Line(str(one)), f"c:{one}") for one in range(count))
        menus.insert(0, Menu(first, choices, reply, now))
        newest_reply = next((one for one in menus if one.reply), None)
        open_ones = [one for one in menus if now - one.at <= IN_VIEW and (not one.reply or one is newest_reply)]
        numbers = [number for one in open_ones for number in one.numbers]
        assert len(numbers) == len(set(numbers))


@given(st.text(max_size=500), st.booleans())
def test_no_words_at_all_break_it(text: str, words: bool) -> None:  # noqa: FBT001 - hypothesis gives it
    try:
        pick(text, HOME, words=words)
        signed(text, [HOME], said, "$x")
    except (Over, Unclear):
        pass


def test_a_sign_under_a_list_picks_by_number_or_by_its_picture() -> None:
    standing = menu("✅ I am safe", "🆘 I need help", message="$m")
    assert signed("2️⃣", [standing], said, "$m") == standing.choices[1]
    assert signed("✅️", [standing], said, "$m") == standing.choices[0]
    assert signed("❤️", [standing], said, "$m") is None
    assert signed("I", [standing], said, "$m") is None
    assert signed("5️⃣", [standing], said, "$m") is None


def test_a_sign_under_another_message_is_no_pick_and_a_keycap_there_is_over() -> None:
    assert signed("✅", [HOME], said, "$gone") is None
    with pytest.raises(Over):
        signed("1️⃣", [HOME], said, "$gone")
