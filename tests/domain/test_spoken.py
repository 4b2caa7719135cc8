"""Spoken codes: which words make one, how they are found in what somebody wrote, and what a card shows."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Callable
from itertools import permutations, product
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import spoken
from bot.domain.folding import fold, in_latin
from bot.domain.spoken import KINDS, LENGTH, ROWS, SIGNS, is_code, make_code, shuffled, unlisted, windows
from bot.domain.word_lists import WORDS
from bot.jobs.cards import FONT
from bot.jobs.codes import draw
from tests.family.paper import streams, texts

LANGUAGES = sorted(WORDS)
DICE = st.randoms(use_true_random=False)

KEYBOARD = str.maketrans("ғӣқӯҳҷ", "гикухч")


def roll(dice: random.Random) -> spoken.Roll:
    return dice.randrange


@given(DICE, st.sampled_from(LANGUAGES))
def test_a_code_is_three_different_words_of_its_language(dice: random.Random, language: str) -> None:
    code = make_code(language, roll(dice))
    assert len(set(code)) == LENGTH
    assert set(code) <= set(WORDS[language])
    assert len(set(spoken.folded(code))) == LENGTH


def test_every_word_can_stand_in_every_place() -> None:
    """The control of chance: the first and the last word of a list can be drawn, each in each place."""

    def first_is(at: int) -> spoken.Roll:
        return lambda n: at if n == len(WORDS["en"]) else 0

    assert make_code("en", lambda _n: 0) == WORDS["en"][:LENGTH]
    assert make_code("en", lambda n: n - 1) == WORDS["en"][:-4:-1]
    assert {make_code("en", first_is(at))[0] for at in range(len(WORDS["en"]))} == set(WORDS["en"])


@given(DICE, st.lists(st.integers(), max_size=30))
def test_what_is_shuffled_is_all_there(dice: random.Random, things: list[int]) -> None:
    assert sorted(shuffled(things, roll(dice))) == sorted(things)


@given(DICE, st.sampled_from(LANGUAGES))
@pytest.mark.parametrize("written", ["{} {} {}", "{}, {}, {}.", "1. {} 2. {} 3. {}", "{}\n{}\n{}", "«{}» – {} – {}!"])
def test_a_code_is_known_however_it_is_written(written: str, dice: random.Random, language: str) -> None:
    code = make_code(language, roll(dice))
    for text in (written.format(*code), written.format(*code).upper()):
        assert is_code(text)
        assert windows(text) == [spoken.folded(code)]
        assert unlisted(text) == ""


@pytest.mark.parametrize(
    "text", ["", "apple", "apple arrow", "apple arrow autumn basket", "apple arrow zebrafish", "1 2 3"]
)
def test_what_is_not_three_listed_words_is_no_code(text: str) -> None:
    assert not is_code(text)


@given(st.text(max_size=1000))
def test_any_text_can_be_looked_at(text: str) -> None:
    assert all(len(one) == LENGTH for one in windows(text))
    assert len(windows(text)) <= spoken.MOST_WINDOWS
    assert len(unlisted(text)) <= spoken.LONGEST_WORD
    is_code(text)


def test_a_code_is_found_in_an_innocent_message() -> None:
    sms = (
        "Dear all, we painted the door and the apple tree. Aunt says hello to Carpet the cat; bring a candle on Monday"
    )
    assert windows(sms) == [
        tuple(map(fold, three)) for three in (("door", "apple", "carpet"), ("apple", "carpet", "candle"))
    ]


def test_a_long_message_is_not_a_cheap_way_to_guess() -> None:
    assert len(windows(" ".join(WORDS["en"]))) == spoken.MOST_WINDOWS


@pytest.mark.parametrize("typed", [in_latin, lambda word: word.translate(KEYBOARD)], ids=["Latin letters", "keyboard"])
@pytest.mark.parametrize("language", ["tg", "ru"])
def test_every_word_can_be_typed_in_latin_letters_and_on_a_russian_keyboard(
    language: str, typed: Callable[[str], str]
) -> None:
    for word in WORDS[language]:
        assert windows(f"apple {typed(word)} apple") == [(fold("apple"), fold(word), fold("apple"))]


def test_a_word_that_stands_on_no_list_is_said_back() -> None:
    assert unlisted("apple, arrox! autumn") == "arrox"
    assert unlisted(f"apple {'x' * 300} autumn") == ""
    assert unlisted("a whole sentence about an apple") == ""


# -- the card ------------------------------------------------------------------------------------------------------


def rows_of(language: str, dice: random.Random) -> list[tuple[str, ...]]:
    signs = shuffled([sign for sign in SIGNS for _row in range(ROWS)], roll(dice))
    return [(sign, *make_code(language, roll(dice))) for sign in signs]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_card_holds_its_words_and_nothing_else(language: str) -> None:
    rows = rows_of(language, random.Random(5))
    pdf = draw(rows)
    assert texts(pdf) == [word for _sign, *code in rows for word in code]
    assert not re.search(rb"/(Title|Author|Subject|Keywords|Producer|Creator) ", pdf)
    assert pdf.count(b"/Type /Page\n") == 1


def test_the_control_a_title_on_a_card_would_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = rows_of("tg", random.Random(5))
    monkeypatch.setattr("bot.jobs.codes._sign", lambda page, sign, _x, _y: page.cell(9, 9, f"({sign[:0]}Пайванд)"))
    assert "(Пайванд)" in texts(draw(rows))


def test_a_card_does_not_tell_when_it_was_made() -> None:
    """Nor does the font in it: its own day is that of the file it was taken from."""
    pdf = draw(rows_of("ru", random.Random(5)))
    assert b"(D:20000101000000Z)" in pdf
    inside = next(part for part in streams(pdf) if part.startswith(b"\x00\x01\x00\x00") and b"glyf" in part)
    days = [TTFont(io.BytesIO(font))["head"].modified for font in (inside, FONT.read_bytes())]
    assert days[0] == days[1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_longest_words_have_room(language: str) -> None:
    longest = sorted(WORDS[language], key=len)[-LENGTH:]
    pdf = draw([(SIGNS[i % 4], *longest) for i in range(24)])
    size = float(re.findall(rb"/F1 (\d+\.\d+) Tf", b"".join(streams(pdf)))[-1])
    assert size >= 9, "still large enough to read"  # noqa: PLR2004


def test_there_is_a_sign_for_each_kind() -> None:
    assert len(KINDS) == len(SIGNS) == len(set(SIGNS))
    with pytest.raises(ValueError, match="unknown sign"):
        draw([("?", "apple", "arrow", "autumn")])


# -- the strength of a set of codes --------------------------------------------------------------------------------


def allowed(code: tuple[str, ...], living: list[tuple[str, ...]]) -> bool:
    """The rule that the database keeps, said once more in another way."""
    return all(
        sum(a == b for a, b in zip(code, other, strict=True)) < 2 and set(code) != set(other)  # noqa: PLR2004
        for other in living
    )


@given(DICE)
def test_the_rule_makes_every_misheard_word_and_every_swap_a_dead_code(dice: random.Random) -> None:
    """On the smallest world that has room: eight words only, where by chance alone most errors would hit something."""
    few = list(WORDS["en"][:8])
    living: list[tuple[str, ...]] = []
    for code in shuffled([tuple(one) for one in permutations(few, LENGTH)], roll(dice)):
        if allowed(code, living):
            living.append(code)
    assert len(living) > 5  # noqa: PLR2004
    for code in living:
        for place, word in product(range(LENGTH), few):
            wrong = (*code[:place], word, *code[place + 1 :])
            assert wrong == code or wrong not in living
        for swapped in permutations(code):
            assert swapped == code or swapped not in living


def test_a_drawing_that_fails_leaves_no_file_open() -> None:
    def fonts_open() -> int:
        return sum(1 for one in Path("/proc/self/fd").iterdir() if one.exists() and one.resolve() == FONT.resolve())

    before = fonts_open()
    with pytest.raises(ValueError, match="unknown sign"):
        draw([("?", "a", "b", "c")])
    assert fonts_open() == before
    with FONT.open("rb"):
        assert fonts_open() == before + 1, "the control: an open one is seen"
