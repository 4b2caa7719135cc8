"""A long text is cut where a reader would cut it, and no cut breaks its markup."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from bot.platforms.pages import pages, units
from tests.telegram.facts import length
from tests.telegram.markup import read_html

WORDS = st.text(st.sampled_from("ab \n&<>\"'\u04e3\U0001f54a"), max_size=40)
TAGS = st.sampled_from(["b", "i", "u", "s", "code", "pre"])


@st.composite
def safe(draw: st.DrawFn, depth: int = 3) -> Markup:
    """Safe text with nested tags."""
    text = Markup()
    for _ in range(draw(st.integers(0, 5))):
        inner = Markup.escape(draw(WORDS)) if depth == 0 or draw(st.booleans()) else draw(safe(depth - 1))
        tag = draw(st.none() | TAGS | st.just("a"))
        if tag == "a":
            inner = Markup('<a href="https://example.org/?a=1&amp;b=2">{}</a>').format(inner)
        elif tag:
            inner = Markup("<{0}>{1}</{0}>").format(Markup(tag), inner)  # noqa: S704
        text += inner
    return text


@settings(max_examples=80, deadline=None)
@given(safe(), st.integers(2, 60))
def test_every_part_is_whole_and_fits_and_nothing_but_space_is_lost(text: Markup, limit: int) -> None:
    parts = pages(text, limit)
    seen = []
    for part in parts:
        plain, _ = read_html(str(part))
        assert units(part) <= limit
        assert length(plain) <= limit
        seen.append(plain)
    before, _ = read_html(str(text))
    assert re.sub(r"\s+", "", "".join(seen)) == re.sub(r"\s+", "", before)


@settings(max_examples=80, deadline=None)
@given(safe())
def test_length_is_counted_as_telegram_counts(text: Markup) -> None:
    plain, _ = read_html(f"x{text}x")
    assert units(text) == length(plain) - 2


def test_a_short_text_is_left_alone() -> None:
    text = Markup("<b>Zarina</b> is safe. \n")
    assert pages(text, 4096) == [text]


def test_a_tag_over_a_cut_is_closed_and_opened_again() -> None:
    assert pages(Markup('<b>one <a href="https://x.org">two\nthree</a> four</b>'), 9) == [
        Markup('<b>one <a href="https://x.org">two</a></b>'),
        Markup('<b><a href="https://x.org">three</a></b>'),
        Markup("<b>four</b>"),
    ]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("one two\nthree", ["one two", "three"]),
        ("one two three", ["one two", "three"]),
        ("onetwothree", ["onetwoth", "ree"]),
        ("a&amp;b&lt;&gt;cdefgh", ["a&amp;b&lt;&gt;cde", "fgh"]),
        ("\U0001f54a" * 5, ["\U0001f54a" * 4, "\U0001f54a"]),
    ],
)
def test_cuts_are_at_lines_then_words_then_letters(text: str, parts: list[str]) -> None:
    assert pages(Markup(text), 8) == [Markup(part) for part in parts]  # noqa: S704 - the test's own words
