"""A copy of a bulletin is recognised however it was carried, and a changed digit never is overlooked."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.domain.verifying import Change, Likeness, compare, is_disguised, read, shingles

OURS = """📰 No. 7 · Khorog · Safety
The road to Ishkoshim is closed

What is known
• Confirmed: 12 soldiers and 23 civilians are dead. Source: a doctor of the hospital, 24 July 2012
• Дар Хоруғ 18 нафар ҳалок шуданд, гуфт табиби беморхона.
What is not known
How long the road stays closed.
To check a copy, forward it to me."""


def likeness(copy: str, ours: str = OURS) -> Likeness:
    return compare(read(ours), read(copy)).likeness


@pytest.mark.parametrize(
    "copy",
    [
        OURS,
        " ".join(OURS.split()),
        OURS.upper(),
        OURS.replace("o", "о").replace("a", "а").replace("e", "е"),  # Cyrillic letters
        OURS.replace("H", "Н").replace("K", "К"),
        "\u200e".join(OURS),
        OURS.replace("road", "ro\u200bad").replace("12", "1\u20602"),
        "🔥🔥 «" + OURS.replace(".", " ❗ ") + "»",
        OURS.replace("Хоруғ", "Хоруг").replace("ҳ", "х"),
        OURS.replace("12", "１２"),
    ],
)
def test_what_a_copy_loses_on_its_way_is_no_change(copy: str) -> None:
    assert likeness(copy) is Likeness.SAME


def test_a_cropped_copy_is_a_part() -> None:
    assert likeness(OURS[30:260]) is not Likeness.OTHER
    assert likeness("The road to Ishkoshim is closed\nWhat is known") is Likeness.PART


@pytest.mark.parametrize(
    ("copy", "change"),
    [
        (OURS.replace("12 s", "200 s"), Change("12", "200")),
        (OURS.replace("12 s", "1Ⅱ s"), Change("12", "1II")),
        (OURS.replace("is closed", "is not closed"), Change("", "not")),
        (OURS.replace("Confirmed: ", ""), Change("Confirmed", "")),
        (OURS.replace("18", "1٩"), Change("18", "19")),
        (OURS + "\nEverybody must leave at once!", Change("", "Everybody must leave at once")),
        ("URGENT\n" + OURS, Change("", "URGENT")),
        ("6 soldiers and 23 civilians are dead. Source: a doctor of the hospital", Change("12", "6")),
        ("12 soldiers and 23 civilians are dead. Source: a doctor of the market", Change("hospital", "market")),
        (OURS.replace("23 civilians", "-23 civilians"), Change("23", "-23")),
    ],
)
def test_what_is_another_is_shown(copy: str, change: Change) -> None:
    found = compare(read(OURS), read(copy))
    assert found.likeness is Likeness.ALTERED
    assert found.changes == (change,)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("он цел", "он ceл"),  # “unhurt”, and by letters of another alphabet nearly “was in prison”
        ("they are now here", "they are nowhere"),
        ("not able to pay", "notable to pay"),
    ],
)
def test_what_is_folded_away_is_shown(ours: str, theirs: str) -> None:
    text = f"The road to Ishkoshim is closed and {ours}, says a doctor of the hospital"
    found = compare(read(text), read(text.replace(ours, theirs)))
    assert found.spelled or found.changes


@pytest.mark.parametrize(("ours", "theirs"), [("100 $", "100 €"), ("(5)", "(-5)")])
def test_a_sign_is_a_word(ours: str, theirs: str) -> None:
    text = f"The road to Ishkoshim is closed since noon: {ours}, says a doctor of the hospital"
    assert compare(read(text), read(text.replace(ours, theirs))).likeness is Likeness.ALTERED


@pytest.mark.parametrize(
    "copy",
    [
        "\u2067the police saved \u200fthe man\u2069",
        "\u202e\u202921\u202c dead",
        "৪ dead",  # a four that looks like an eight
        "is 🅽🅾🆃 safe",
        "is n\u0336o\u0336t\u0336 safe",
        "is 🇳🇴🇹 safe",
    ],
)
def test_a_text_that_can_look_otherwise_is_disguised(copy: str) -> None:
    assert is_disguised(copy)


@pytest.mark.parametrize("copy", [OURS, "за́мок ❤️ 1️⃣ 🇹🇯", "ӣ ӯ й ё", "１２ нафар", "a\u200bb"])
def test_what_every_keyboard_writes_is_no_disguise(copy: str) -> None:
    assert not is_disguised(copy)


def test_another_text_is_another_text() -> None:
    rumour = "They say that two hundred people lie dead in the streets and that soldiers come at night for all men"
    assert likeness(rumour) is Likeness.OTHER
    assert likeness(rumour + "\nTo check a copy, forward it to me.") is Likeness.OTHER


WORDS = st.lists(
    st.one_of(
        st.sampled_from(("the", "road", "to", "is", "closed", "12", "23", "дар", "роҳ", "нафар", "ва")),
        st.text("abcdeабвгғқ0123456789", min_size=1, max_size=9),
    ),
    min_size=14,
    max_size=80,
)


@settings(max_examples=100, deadline=None)
@given(WORDS, st.data())
def test_any_crop_is_a_part_and_any_changed_word_or_digit_in_it_an_alteration(
    ours: list[str], data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, len(ours) - 12))
    last = data.draw(st.integers(first + 12, len(ours)))
    crop = ours[first:last]
    whole = read(" ".join(ours))
    assume(len(whole) == len(ours))  # “12 000” is one number
    assert compare(whole, read(" \n".join(crop))).likeness <= Likeness.PART
    at = data.draw(st.integers(0, len(crop) - 1))
    crop[at] = data.draw(st.sampled_from(("7", "not", "нест", crop[at] + "0")))
    changed = read(" ".join(crop))
    folded, all_of_it = [one.key for one in changed], [one.key for one in whole]
    assume(all(all_of_it[n : n + len(folded)] != folded for n in range(len(ours))))
    found = compare(whole, changed)
    assert found.changes or found.spelled
    assert set(shingles(whole)) & set(shingles(changed))  # so it is looked at at all


def test_copies_that_are_made_to_cost_time_are_not_compared() -> None:
    ours = read("a b " * 700)
    for copy in ("a b " * 2000, "a " * 4000, "b a a " * 1300):
        assert compare(ours, read(copy)).likeness is Likeness.OTHER
    for copy in ("\u200b" * 8000, "\u0301" * 8000):
        assert not read(copy)
    assert compare(ours, ours).likeness is Likeness.SAME
