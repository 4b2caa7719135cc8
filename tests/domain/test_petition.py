"""A petition: what its letter lacks, what can follow what, when keys end, and who gets a supplement."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import petition
from bot.domain.petition import (
    Course,
    Deed,
    Delivery,
    Event,
    Lack,
    Letter,
    Organisation,
    Sent,
    Signed,
    State,
    Way,
    Who,
    after,
    lacks,
)

TODAY = date(2026, 11, 28)
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def letter() -> Letter:
    """A letter that lacks nothing."""
    return Letter(
        petition="nur.example/petition/7f3a",
        version=1,
        key="PVO1abc",
        addressees=("un-wgad", "icrc"),
        goal=1000,
        closes=TODAY + 60 * DAY,
        texts={
            (language, part.key): f"{language} {part.key}\n\n[en] title\nkey: x\n  indented"
            for language in petition.LANGUAGES
            for part in petition.Part
        },
        demands={(one, code): f"{one} {code}" for one in petition.LANGUAGES for code in ("un-wgad", "icrc")},
        sources=("https://example.org/report, page 3",),
        sponsors=("Гулнора Мирзоева",),
        organisations=(Organisation("A", confirmed=True), Organisation("Not asked yet")),
    )


def test_a_letter_that_lacks_nothing() -> None:
    assert lacks(letter(), TODAY) == []
    assert letter().languages == ("tg", "ru", "en")


def test_what_a_letter_lacks_is_said_with_where() -> None:
    whole = letter()
    texts = dict(whole.texts)
    without_tajik = {key: text for key, text in texts.items() if key[0] != "tg"}
    assert lacks(replace(whole, texts=without_tajik), TODAY) == [(Lack.LANGUAGE, "tg")]
    assert lacks(replace(whole, texts={**texts, ("ru", "letter"): " \n"}), TODAY) == [(Lack.TEXT, "ru letter")]
    assert lacks(replace(whole, texts={**texts, ("ru", "title"): "x" * 121}), TODAY) == [(Lack.LENGTH, "ru title")]
    some = {key: text for key, text in whole.demands.items() if key != ("en", "icrc")}
    assert lacks(replace(whole, demands=some), TODAY) == [(Lack.DEMAND, "en icrc")]
    for changed, what in (
        (replace(whole, addressees=()), Lack.ADDRESSEE),
        (replace(whole, addressees=("icrc", "icrc")), Lack.ADDRESSEE),
        (replace(whole, sources=()), Lack.SOURCE),
        (replace(whole, sources=("x" * 301,)), Lack.LENGTH),
        (replace(whole, goal=0), Lack.GOAL),
        (replace(whole, closes=TODAY), Lack.DEADLINE),
        (replace(whole, closes=TODAY + 400 * DAY), Lack.DEADLINE),
        (replace(whole, sponsors=()), Lack.SPONSOR),
        (replace(whole, key=""), Lack.KEY),
    ):
        assert [found for found, _where in lacks(changed, TODAY)] == [what]


def test_a_letters_file_is_read_back_and_no_second_file_is_the_same_letter() -> None:
    whole = replace(letter(), organisations=(Organisation("A", confirmed=True),))
    text = petition.file_of(whole)
    assert petition.read_file(text) == whole
    for changed in (
        text.replace("version: 1", "version: 01"),
        text.replace("key: PVO1abc\n", "key: PVO1abc\nkey: PVO1abc\n"),
        text + "\n",
        text.replace("\n", "\r\n"),
        text.replace("sponsor: ", "sponsor:  "),
        text.replace("[en] letter\n", "[en] letter\n\n"),
        text.replace("payvand letter 1", "payvand letter 2"),
        "",
        "payvand letter 1\n",
    ):
        assert petition.read_file(changed) is None


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(TEXTS, TEXTS, TEXTS)
def test_no_text_can_pass_for_another_part_of_the_letter(title: str, source: str, demand: str) -> None:
    whole = letter()
    one = replace(
        whole,
        texts={**whole.texts, ("en", "title"): title},
        sources=(f"x{source}",),
        demands={**whole.demands, ("en", "icrc"): demand},
    )
    read = petition.read_file(petition.file_of(one))
    assert read is not None
    assert read.digest() == one.digest()
    assert (read.key, read.goal, read.addressees, len(read.sources)) == ("PVO1abc", 1000, one.addressees, 1)
    assert set(read.texts) == set(one.texts)
    assert set(read.demands) == set(one.demands)


def test_everything_that_a_reader_signs_is_in_the_digest() -> None:
    whole = letter()
    others = [
        replace(whole, version=2),
        replace(whole, key="PVO1abd"),
        replace(whole, goal=1001),
        replace(whole, addressees=("icrc", "un-wgad")),
        replace(whole, sources=("https://example.org/another",)),
        replace(whole, sponsors=("Another",)),
        replace(whole, texts={**whole.texts, ("tg", "letter"): "Another"}),
        replace(whole, demands={**whole.demands, ("tg", "icrc"): "Another"}),
    ]
    assert len({one.digest() for one in [whole, *others]}) == 1 + len(others)


def test_the_table_is_all_that_can_happen() -> None:
    for state, deed, who in itertools.product(State, Deed, Who):
        step = petition.STEPS.get((state, deed))
        assert (after(state, deed, who) is not None) == (step is not None and who in step.by)
    assert after(State.REVIEW, Deed.OPEN, Who.REVIEWER) is State.OPEN
    assert after(State.REVIEW, Deed.OPEN, Who.AUTHOR) is None


def reachable(without: tuple[State, Deed] | None = None, by: frozenset[Who] = frozenset(Who)) -> set[State]:
    found = {State.DRAFT}
    while True:
        more = {
            step.then
            for (state, deed), step in petition.STEPS.items()
            if state in found and (state, deed) != without and step.by & by
        }
        if more <= found:
            return found
        found |= more


def test_every_state_can_be_reached_and_nothing_opens_without_a_second_person() -> None:
    assert reachable() == set(State)
    alone = reachable(by=frozenset({Who.AUTHOR, Who.TIME}))
    assert State.OPEN not in alone
    assert not {one for one in alone if Course(one).can_be_signed}
    assert State.OPEN not in reachable(without=(State.REVIEW, Deed.OPEN))  # the control: there is one door


def test_what_people_signed_never_becomes_a_draft_again() -> None:
    published = {State.OPEN, State.SUPERSEDED, State.CLOSING, State.CLOSED, State.ANONYMOUS}
    for (state, _deed), step in petition.STEPS.items():
        assert state not in published or step.then in published


def test_who_may_review() -> None:
    assert petition.may_review(2, 1, (3,), (4,))
    for reviewer in (1, 3, 4):
        assert not petition.may_review(reviewer, 1, (3,), (4,))


def test_the_key_lives_until_the_withdrawal_period_after_the_last_packet_is_over() -> None:
    assert Course(State.OPEN).key_ends_at is None
    closing = Course(State.CLOSING, closed_at=NOW)
    assert closing.key_ends_at == NOW + petition.WITHDRAWAL
    packed = replace(closing, packed_at=NOW + 20 * DAY)
    assert packed.key_ends_at == NOW + 50 * DAY
    assert not packed.key_is_due(NOW + 50 * DAY - timedelta(seconds=1))
    assert packed.key_is_due(NOW + 50 * DAY)
    assert not replace(packed, state=State.CLOSED).key_is_due(NOW + 500 * DAY)  # once
    assert not replace(packed, state=State.OPEN).key_is_due(NOW + 500 * DAY)


@pytest.mark.parametrize(
    ("state", "way"),
    [
        (State.OPEN, Way.ACCOUNT),
        (State.CLOSING, Way.ACCOUNT),
        (State.CLOSED, Way.RECEIPT),
        (State.ANONYMOUS, Way.NONE),
        (State.DRAFT, Way.NONE),
    ],
)
def test_how_a_signature_is_taken_back(state: State, way: Way) -> None:
    assert petition.withdrawal(Course(state)) is way


def test_of_two_accounts_that_turn_out_to_be_one_persons_the_later_signature_ends() -> None:
    assert petition.to_strike(Signed(4), Signed(9)) == 9  # noqa: PLR2004 - the later one
    assert petition.to_strike(Signed(9), Signed(4)) == 9  # noqa: PLR2004
    assert petition.to_strike(Signed(4), None) is None
    assert petition.to_strike(None, None) is None
    assert petition.to_strike(Signed(4), Signed(4)) is None


def test_a_follow_up_is_drafted_once_however_late_and_however_often_one_looks() -> None:
    sent = Sent(1, "un-wgad", 10, Delivery.SENT, sent_at=NOW, answer_days=60)
    assert not sent.is_late(NOW + 60 * DAY - timedelta(seconds=1))
    drafted = 0
    for days in (60, 61, 61, 400, 60):  # the clock may also go back
        if sent.is_late(NOW + days * DAY):
            drafted += 1
            sent = replace(sent, state=petition.DELIVERY[sent.state, Event.LATE])
    assert drafted == 1
    late_word = replace(sent, state=petition.DELIVERY[sent.state, Event.ACKNOWLEDGE])
    assert not late_word.is_late(NOW + 900 * DAY)
    for quiet in (replace(sent, state=Delivery.ANSWERED), replace(sent, answer_days=None), replace(sent, sent_at=None)):
        assert not quiet.is_late(NOW + 900 * DAY)
