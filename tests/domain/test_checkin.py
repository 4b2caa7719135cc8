"""News: what was true earlier never covers what was true later, and nothing grows younger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.checkin import AHEAD, Freshness, News, State, freshness, supersedes, when_true

BEGIN = datetime(2026, 3, 21, tzinfo=UTC)
instants = st.integers(0, 10_000).map(lambda minutes: BEGIN + timedelta(minutes=minutes))


@st.composite
def told(draw: st.DrawFn) -> News:
    """News that was told no earlier than it was true."""
    true_at = draw(instants)
    told_at = true_at + timedelta(minutes=draw(st.integers(0, 10_000)))
    return News(draw(st.integers(1)), 1, 1, draw(st.sampled_from(State)), true_at, told_at)


@given(st.lists(told(), min_size=1, max_size=12), st.randoms())
def test_in_whatever_order_news_arrives_the_newest_truth_stands(news: list[News], dice: object) -> None:
    shuffled = list(news)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    latest: News | None = None
    for one in shuffled:
        if supersedes(one, latest):
            latest = one
    assert latest is not None
    assert latest.true_at == max(one.true_at for one in news)
    assert (latest.true_at, latest.told_at) == max((one.true_at, one.told_at) for one in news)


@given(told(), told())
def test_an_older_truth_never_covers_a_newer_one(one: News, other: News) -> None:
    if one.true_at < other.true_at:
        assert not supersedes(one, other)
        assert supersedes(other, one)


@given(told(), instants, st.integers(0, 100_000))
def test_certainty_never_rises_without_new_news(one: News, now: datetime, later: int) -> None:
    words = list(Freshness)
    assert words.index(freshness(one, now + timedelta(minutes=later))) >= words.index(freshness(one, now))


@given(instants, st.integers(-20_000, 20_000))
def test_news_is_never_from_the_future_and_the_past_is_believed(now: datetime, minutes: int) -> None:
    said_at = now + timedelta(minutes=minutes)
    assert when_true(said_at, now) <= now
    if said_at <= now:
        assert when_true(said_at, now) == said_at
    if said_at > now + AHEAD:
        assert when_true(said_at, now) == now
