"""Deadlines, whatever the clock does: no alarm is lost, none comes twice, none before its time, and none is stuck."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.deadline import (
    DAY,
    GRACES,
    HOUR,
    LONGEST_LOOK,
    MINUTE,
    PAUSE,
    POSTPONED_MOST,
    SHORT_PAUSE,
    Deadline,
    Do,
    Kind,
    Rhythm,
    Stage,
    counted_before,
    first_look,
    longest,
    next_due,
    postponed,
    read_rhythm,
    read_time,
    second_grace,
    step,
)
from bot.domain.people import Person, quiet_until

BEGIN = datetime(2026, 3, 21, 9, tzinfo=UTC)
ZONES = ("Asia/Dushanbe", "Europe/Berlin", "America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Tehran")
RHYTHMS = st.one_of(
    st.just(Rhythm(Kind.ONCE)),
    st.builds(Rhythm, st.just(Kind.EVERY), hours=st.sampled_from((3, 6, 12, 24, 48))),
    st.builds(Rhythm, st.just(Kind.DAILY), minute=st.integers(0, 1439)),
    st.builds(Rhythm, st.just(Kind.WEEKLY), minute=st.integers(0, 1439), weekday=st.integers(0, 6)),
)
INSTANTS = st.integers(0, 60 * 24 * 400).map(lambda minutes: BEGIN + minutes * MINUTE)
GAPS = st.one_of(
    st.integers(1, 90).map(lambda n: n * MINUTE),
    st.integers(1, 48).map(lambda n: n * HOUR),
    st.integers(1, 40).map(lambda n: n * DAY),
)


def made(
    rhythm: Rhythm, zone: str = "Asia/Dushanbe", grace: timedelta = GRACES[0], *, pauses: bool = False
) -> Deadline:
    due_at = BEGIN + 5 * HOUR if rhythm.kind is Kind.ONCE else next_due(rhythm, zone, BEGIN)
    return Deadline(1, 7, rhythm, zone, BEGIN, due_at, grace, pauses=pauses)


DEADLINES = st.builds(made, RHYTHMS, st.sampled_from(ZONES), st.sampled_from(GRACES), pauses=st.booleans())
ALARMS = (Do.ASK, Do.TELL_CIRCLE, Do.TELL_TRUSTEES)


# -- when ----------------------------------------------------------------------------------------------------------


@given(RHYTHMS.filter(lambda one: one.kind is not Kind.ONCE), st.sampled_from(ZONES), INSTANTS)
def test_the_next_deadline_is_ahead_at_the_chosen_time_and_not_too_far(
    rhythm: Rhythm, zone: str, after: datetime
) -> None:
    due_at = next_due(rhythm, zone, after)
    assert after < due_at <= after + longest(rhythm)
    local = due_at.astimezone(ZoneInfo(zone))
    if rhythm.kind is not Kind.EVERY:
        late = (local.hour * 60 + local.minute - rhythm.minute) % 1440
        assert late <= 60, "only a clock that leaves an hour out makes it so much later"  # noqa: PLR2004 - minutes
    if rhythm.kind is Kind.WEEKLY:
        assert (local - timedelta(minutes=late)).weekday() == rhythm.weekday


def test_a_time_that_the_clock_leaves_out_is_so_much_later_and_one_that_comes_twice_counts_first() -> None:
    half_past_two = Rhythm(Kind.DAILY, minute=150)
    spring = next_due(half_past_two, "Europe/Berlin", datetime(2026, 3, 28, 12, tzinfo=UTC))
    assert spring.astimezone(ZoneInfo("Europe/Berlin")).strftime("%d %H:%M") == "29 03:30"
    autumn = next_due(half_past_two, "Europe/Berlin", datetime(2026, 10, 24, 12, tzinfo=UTC))
    assert autumn == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert next_due(half_past_two, "Europe/Berlin", autumn) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


@given(st.sampled_from((3, 6, 12, 24, 48)), INSTANTS, st.integers(0, 1439), st.integers(0, 1439))
def test_what_is_so_many_hours_after_a_word_never_wakes_anybody(
    hours: int, after: datetime, begin: int, end: int
) -> None:
    person = Person(7, zone="Asia/Dushanbe", quiet_from=begin, quiet_until=end)
    due_at = next_due(Rhythm(Kind.EVERY, hours=hours), "Asia/Dushanbe", after, person)
    assert due_at >= after + hours * HOUR
    assert quiet_until(person, due_at) is None


@given(RHYTHMS)
def test_a_rhythm_is_read_as_it_was_written(rhythm: Rhythm) -> None:
    assert read_rhythm(str(rhythm)) == rhythm


@pytest.mark.parametrize("text", ["", "x", "d", "d1440", "w7.10", "w3", "e0", "e1000", "o1", "d-1", "d١٢", "w3.", "e"])
def test_what_is_no_rhythm_is_none(text: str) -> None:
    assert read_rhythm(text) is None


@pytest.mark.parametrize(
    ("text", "minute"),
    [("18:30", 1110), ("18.30", 1110), ("1830", 1110), (" 7 ", 420), ("7 05", 425), ("00:00", 0), ("24:00", None),
     ("18:60", None), ("half past", None), ("1", 60), ("", None), ("18:3", None)],
)  # fmt: skip
def test_a_time_of_day_is_read_as_people_write_it(text: str, minute: int | None) -> None:
    assert read_time(text) == minute


# -- what is to be done --------------------------------------------------------------------------------------------


def run(one: Deadline, looks: list[datetime], *, offline: bool = False) -> list[tuple[Do, datetime]]:
    """What is done when it is looked at at these moments."""
    done: list[tuple[Do, datetime]] = []
    for now in looks:
        found = step(one, now, offline=offline)
        one = found.deadline
        if found.do is not Do.NOTHING:
            done.append((found.do, now))
        assert found.look_at <= now + LONGEST_LOOK
    return done


def forward(begin: datetime, gaps: list[timedelta]) -> list[datetime]:
    looks = [begin]
    for gap in gaps:
        looks.append(looks[-1] + gap)
    return looks


@given(DEADLINES, st.lists(GAPS, min_size=40, max_size=60))
def test_in_silence_each_stage_comes_once_in_order_and_never_before_its_time(
    one: Deadline, gaps: list[timedelta]
) -> None:
    end = one.due_at + 60 * DAY
    done = run(one, [*forward(BEGIN, gaps), *forward(max(end, BEGIN + sum(gaps, timedelta(0))), [DAY] * 5)])
    kinds = [do for do, _at in done]
    assert [do for do in kinds if do in ALARMS] == list(ALARMS), "none is lost, none comes twice"
    at = dict(done)
    assert at[Do.ASK] >= one.due_at
    assert at[Do.TELL_CIRCLE] >= max(one.due_at + one.grace, at[Do.ASK] + min(PAUSE, one.grace))
    assert at[Do.TELL_TRUSTEES] >= max(
        one.due_at + one.grace + second_grace(one.grace), at[Do.TELL_CIRCLE] + SHORT_PAUSE
    )
    if Do.REMIND in kinds:
        assert at[Do.REMIND] < one.due_at, "a reminder of what is over is left out"


@given(DEADLINES)
def test_whoever_looks_exactly_when_told_to_misses_nothing_and_does_it_in_the_first_moment(one: Deadline) -> None:
    found = first_look(one, BEGIN)
    done = {}
    now = BEGIN
    for _look in range(500):
        now = max(now + timedelta(seconds=2), found.look_at)  # rounds come every two seconds
        found = step(found.deadline, now)
        done[found.do] = now
        if found.do is Do.TELL_TRUSTEES:
            break
    late = timedelta(seconds=6)
    assert done[Do.ASK] - one.due_at <= late
    assert done[Do.TELL_CIRCLE] - (one.due_at + one.grace) <= late
    assert done[Do.TELL_TRUSTEES] - (one.due_at + one.grace + second_grace(one.grace)) <= late


@given(DEADLINES, st.lists(st.integers(-400, 400).map(lambda n: n * DAY), max_size=6), st.lists(GAPS, max_size=20))
def test_whatever_the_clock_did_once_it_goes_right_again_the_alarm_comes(
    one: Deadline, jumps: list[timedelta], gaps: list[timedelta]
) -> None:
    looks = [BEGIN + jump for jump in jumps] + forward(BEGIN, gaps)
    for now in looks:
        one = step(one, now).deadline
    right = max(BEGIN, *looks[-1:])
    reached = one.stage
    done = [do for do, _at in run(one, forward(right, [6 * HOUR] * 4 * 60))]
    alarms = [do for do in done if do in ALARMS]
    assert alarms == list(ALARMS)[len(ALARMS) - len(alarms) :], "in order, and the last one at the end"
    assert alarms or reached is Stage.TRUSTEES, "unless everything was told before"


@given(DEADLINES, st.lists(GAPS, min_size=1, max_size=60), st.data())
def test_who_always_says_something_in_time_never_raises_an_alarm(
    one: Deadline, gaps: list[timedelta], data: st.DataObject
) -> None:
    now, sign = BEGIN, None
    for gap in gaps:
        latest = one.due_at - MINUTE
        earliest = max(now, one.due_at - counted_before(one.rhythm) if one.rhythm.kind is not Kind.EVERY else now)
        if now + gap >= one.due_at:
            minutes = data.draw(st.integers(0, max(0, (latest - earliest) // MINUTE)))
            sign = max(BEGIN + MINUTE, earliest + minutes * MINUTE)
            now = sign
        else:
            now += gap
        found = step(one, now, sign=sign)
        assert found.do not in ALARMS
        if found.do is Do.END:
            return
        one = found.deadline


@given(DEADLINES, st.lists(GAPS, min_size=1, max_size=12), st.integers(0, 10))
def test_a_word_always_ends_it_and_the_next_one_is_ahead(one: Deadline, gaps: list[timedelta], at: int) -> None:
    looks = forward(BEGIN, gaps)
    for now in looks[: at + 1]:
        one = step(one, now).deadline
    now = max(looks[min(at, len(looks) - 1)], one.due_at) + MINUTE
    found = step(one, now, sign=now)
    assert found.do is (Do.END if one.rhythm.kind is Kind.ONCE else Do.GO_ON)
    if found.do is Do.GO_ON:
        assert found.deadline.stage is Stage.WAITING
        assert now < found.deadline.due_at <= now + longest(one.rhythm)
        again = step(found.deadline, now + MINUTE, sign=now)
        assert again.do in {Do.NOTHING, Do.REMIND}, "one word counts once"
        assert again.deadline.due_at == found.deadline.due_at


def test_a_word_from_before_it_was_made_or_long_before_the_time_does_not_count() -> None:
    evening = made(Rhythm(Kind.DAILY, minute=20 * 60))
    for sign in (BEGIN - HOUR, evening.due_at - 13 * HOUR):
        assert step(evening, evening.due_at, sign=sign).do is Do.ASK
    assert step(evening, evening.due_at, sign=evening.due_at - 5 * HOUR).do is Do.GO_ON


# -- outages -------------------------------------------------------------------------------------------------------


@given(DEADLINES, st.lists(GAPS, min_size=10, max_size=30))
def test_an_outage_keeps_the_circle_from_being_told_only_where_that_was_agreed(
    one: Deadline, gaps: list[timedelta]
) -> None:
    looks = [*forward(BEGIN, gaps), *forward(BEGIN + 500 * DAY, [DAY] * 4)]
    if one.rhythm.kind is Kind.ONCE or not one.pauses:
        looks = [*forward(BEGIN, gaps), *forward(max(looks), [DAY] * 4)]
    done = [do for do, _at in run(one, sorted(looks), offline=True)]
    assert (Do.TELL_CIRCLE in done) is not one.pauses
    assert done.count(Do.HOLD) == int(one.pauses), "their trustees are told once that it waits"
    assert Do.ASK in done


@given(DEADLINES.map(lambda one: replace(one, pauses=True)), st.integers(1, 90))
def test_after_an_outage_the_grace_is_whole_again_and_then_the_silence_is_told(one: Deadline, days: int) -> None:
    held = one
    for now in forward(one.due_at, [one.grace, HOUR, days * DAY]):
        held = step(held, now, offline=True).deadline
    assert held.held
    back = one.due_at + one.grace + HOUR + days * DAY
    found = step(held, back)
    assert found.do is Do.ASK_AGAIN
    assert found.deadline.circle_at == back + one.grace
    assert step(found.deadline, back + one.grace - MINUTE).do is Do.NOTHING
    assert step(found.deadline, back + one.grace).do is Do.TELL_CIRCLE


# -- putting off ---------------------------------------------------------------------------------------------------


@given(DEADLINES, INSTANTS, st.sampled_from((1, 3, 12, 24)))
def test_what_is_put_off_is_later_and_not_endlessly_so(one: Deadline, now: datetime, hours: int) -> None:
    after = postponed(one, hours, now)
    if after is None:
        assert max(one.due_at, now) + hours * HOUR > now + longest(one.rhythm) + POSTPONED_MOST
        return
    assert after.due_at == max(one.due_at, now) + hours * HOUR
    assert step(after, after.due_at - MINUTE).do in {Do.NOTHING, Do.REMIND}
    assert step(after, after.due_at).do is Do.ASK


@settings(max_examples=20)
@given(DEADLINES)
def test_control_a_step_that_forgets_its_stage_would_be_found(one: Deadline) -> None:
    """The same looks, but what was reached is thrown away: the person is asked again and again."""
    done = [step(one, now).do for now in forward(one.due_at, [DAY] * 3)]
    assert done.count(Do.ASK) > 1
