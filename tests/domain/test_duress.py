"""Which phrases can be one's own, and when duress is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.duress import ALONE_AFTER, MOST_WORDS, Duress, read_phrase
from bot.domain.folding import fold
from bot.domain.phrases import Intent, understand

SINCE = datetime(2026, 11, 1, tzinfo=UTC)
few = st.sets(st.integers(1, 3))


@given(st.text(max_size=80))
def test_a_phrase_is_folded_short_and_means_nothing_else(text: str) -> None:
    phrase = read_phrase(text)
    if phrase is not None:
        assert phrase == fold(text)
        assert 0 < len(phrase.split()) <= MOST_WORDS
        assert understand(text, asked=False) in {None, Intent.SAFE}


@pytest.mark.parametrize("text", ["зардолу пухт", "I am safe", "ман дар амонам", "plums", "The apricots are ripe!"])
def test_ordinary_words_and_the_listed_ones_for_safe_can_be_a_phrase(text: str) -> None:
    assert read_phrase(text) == fold(text)


@pytest.mark.parametrize(
    "text", ["", "🙂", "12", "1 2 3", "а", "/safe", " !sos", "кумак", "help", "бекор кардан", "a " * 9]
)
def test_what_calls_cancels_or_picks_can_be_none(text: str) -> None:
    assert read_phrase(text) is None


@given(few, few, few, st.integers(0, 60))
def test_it_is_over_only_by_words_of_trustees_or_when_nobody_is_left_to_say_one(
    trustees: set[int], lifted: set[int], reachable: set[int], days: int
) -> None:
    told = Duress(SINCE, 0, tuple(sorted(trustees)), tuple(sorted(lifted & trustees)))
    over = told.is_over(reachable, SINCE + timedelta(days=days))
    if timedelta(days=days) < ALONE_AFTER:
        assert over == (bool(told.lifted) and not (trustees & reachable) - lifted)
    else:
        assert over == (bool(told.lifted) or not trustees & reachable)


@given(few, st.integers(1, 3))
def test_the_same_word_twice_is_one(trustees: set[int], trustee: int) -> None:
    once = Duress(SINCE, 0, tuple(sorted(trustees))).lift(trustee)
    assert once.lift(trustee) == once
    assert trustee not in once.missing(trustees)
