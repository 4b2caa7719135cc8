"""The hint that so few can have known something that the place should be coarser, or the time later: examples."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.domain.bulletin import Claim, Draft, Grade, Kind, Source, Status, Topic
from bot.domain.source_safety import Hint, hints, region_of

TODAY = date(2026, 5, 14)
NEAR = Claim(Status.PROBABLE, (Source(Grade.FIRST_HAND, TODAY),))
RISKY = Draft(place="khorugh", topic=Topic.DETENTIONS, claims=(NEAR,))


def test_a_witness_of_today_in_one_district_makes_all_hints() -> None:
    assert hints(RISKY, TODAY) == {Hint.AGREED, Hint.COARSER, Hint.LATER}


EXAMPLES = {
    "the whole region": (replace(RISKY, place="gbao"), {Hint.AGREED, Hint.LATER}),
    "everywhere": (replace(RISKY, place=""), {Hint.AGREED, Hint.LATER}),
    "about roads": (replace(RISKY, topic=Topic.ROADS), {Hint.AGREED}),
    "many claims": (replace(RISKY, claims=(NEAR,) * 3), {Hint.AGREED}),
    "a week ago": (
        replace(RISKY, claims=(Claim(Status.PROBABLE, (Source(Grade.FIRST_HAND, TODAY - timedelta(days=7)),)),)),
        {Hint.AGREED, Hint.COARSER},
    ),
    "no day": (
        replace(RISKY, claims=(Claim(Status.PROBABLE, (Source(Grade.FIRST_HAND),)),)),
        {Hint.AGREED, Hint.COARSER, Hint.LATER},
    ),
    "a newspaper": (replace(RISKY, claims=(Claim(Status.PROBABLE, (Source(Grade.MEDIA, TODAY),)),)), set()),
    "a drill": (replace(RISKY, exercise=True), set()),
    "a withdrawal": (replace(RISKY, kind=Kind.WITHDRAWAL), set()),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_other_examples(name: str) -> None:
    draft, expected = EXAMPLES[name]
    assert hints(draft, TODAY) == expected


def test_the_region_of_a_district_is_known() -> None:
    assert region_of("khorugh") == "gbao"
    assert region_of("gbao") == region_of("") == region_of("nowhere") == ""
