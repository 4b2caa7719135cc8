"""A copy of a bulletin is recognised however it was carried, and a changed digit never is overlooked."""

from __future__ import annotations

import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.domain.verifying import Alike, Change, compare, runs, too_short, words

OURS = """📰 No. 7 · Khorog · Safety
The road to Ishkoshim is closed

What is known
• Confirmed: 12 soldiers and 23 civilians are dead. Source: a doctor of the hospital, 24 July 2012
• Дар Хоруғ 18 нафар ҳалок шуданд, гуфт табиби беморхона.
What is not known
How long the road stays closed.
To check a copy, forward it to me."""

SECONDS = 5


def alike(copy: str, ours: str = OURS) -> Alike:
    return compare(words(ours), words(copy)).alike


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
    assert alike(copy) is Alike.EQUAL


def test_a_cropped_copy_is_a_part() -> None:
    assert alike(OURS[30:260]) is not Alike.OTHER
    assert alike("The road to Ishkoshim is closed\nWhat is known") is Alike.PART


@pytest.mark.parametrize(
    ("copy", "change"),
    [
        (OURS.replace("12 s", "200 s"), Change("12", "200")),
        (OURS.replace("12 s", "1Ⅱ s"), Change("12", "1II")),
        (OURS.replace("is closed", "is not closed"), Change("", "not")),
        (OURS.replace("Confirmed: ", ""), Change("Confirmed", "")),
        (OURS.replace("18", "1٩"), Change("18", "1٩")),
        (OURS + "\nEverybody must leave at once!", Change("", "Everybody must leave at once")),
        ("URGENT\n" + OURS, Change("", "URGENT")),
        ("6 soldiers and 23 civilians are dead. Source: a doctor of the hospital", Change("12", "6")),
        ("12 soldiers and 23 civilians are dead. Source: a doctor of the market", Change("hospital", "market")),
        (OURS.replace("23 civilians", "-23 civilians"), Change("23", "-23")),
    ],
)
def test_what_is_another_is_shown(copy: str, change: Change) -> None:
    found = compare(words(OURS), words(copy))
    assert found.alike is Alike.ALTERED
    assert found.changes == (change,)


def test_another_text_is_another_text() -> None:
    rumour = "They say that two hundred people lie dead in the streets and that soldiers come at night for all men"
    assert alike(rumour) is Alike.OTHER
    assert alike(rumour + "\nTo check a copy, forward it to me.") is Alike.OTHER


def test_few_words_tell_nothing() -> None:
    assert too_short(words("The road is closed 🙏"))
    assert too_short(words("🙏 " * 500))
    assert not too_short(words("The road to Ishkoshim is closed"))


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
    whole = words(" ".join(ours))
    assert compare(whole, words(" \n".join(crop))).alike >= Alike.PART
    at = data.draw(st.integers(0, len(crop) - 1))
    crop[at] = data.draw(st.sampled_from(("7", "not", "нест", crop[at] + "0")))
    changed = words(" ".join(crop))
    folded, all_of_it = [one.folded for one in changed], [one.folded for one in whole]
    assume(all(all_of_it[n : n + len(folded)] != folded for n in range(len(ours))))
    found = compare(whole, changed)
    assert found.alike is Alike.ALTERED
    assert found.changes
    assert set(runs(whole)) & set(runs(changed))  # so it is looked at at all


def test_hostile_copies_cost_little() -> None:
    ours = words("a b " * 875)
    began = time.perf_counter()
    for copy in ("a b " * 2000, "a " * 4000, "b a a " * 1300, "\u200b" * 8000, "a\u0301" * 4000):
        compare(ours, words(copy))
    assert time.perf_counter() - began < SECONDS
