"""A place is found however it is written, is named in every language, and is never finer than a district."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import places
from bot.domain.place_list import PLACES

WRITTEN = {
    "khorugh": "Хоруғ|Хоруг|Хорог|хорог|Khorog|Khorugh|xorog|ман дар Хоруғ|я в Хороге|Khorgo|خاروغ|shahri Khorugh",
    "shughnon": "Шуғнон|Шугнон|Шугнан|shugnan|Shughnan|ноҳияи Шуғнон|Шугнанский район|Поршинев|Porshinev",
    "roshtqala": "Роштқалъа|Рошткала|Роштқала|Roshtqal'a|roshtkala|Рошт-Кала",
    "rushon": "Рӯшон|Рушон|Рушан|Rushan|Вомар|Бартанг",
    "vanj": "Ванҷ|Ванч|Вандж|Vanj|Vanch|Язгулом",
    "darvoz": "Дарвоз|Дарваз|Darvaz|Қалъаихумб|Калаи-Хумб|Qalaikhumb",
    "ishkoshim": "Ишкошим|Ишкашим|Ishkashim|Вахан|Wakhan",
    "murghob": "Мурғоб|Мургаб|Murgab|Мургоб|Alichur",
    "dushanbe": "Душанбе|душанбэ|Dushanbe|Duşanbe|دوشنبه|dushambe",
    "khujand": "Хуҷанд|Хучанд|Худжанд|Khujand|Ленинабад",
    "bokhtar": "Бохтар|Курган-Тюбе|Қӯрғонтеппа|Курган тюбе",
    "ru.moscow": "Москва|Маскав|Moscow|moskva|в Москве",
    "ru.petersburg": "Санкт-Петербург|Питер|СПб|Petersburg",
    "de": "Олмон|Германия|Germany|Берлин",
    "ru": "Русия|Россия|РФ",
    "cn": "Чин|Хитой|Китай",
    "pl": "Лаҳистон|Полша|Польша",
    "us": "ИМА|США|Амрико|America",
}


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, all_ in WRITTEN.items() for text in all_.split("|")])
def test_a_place_is_found_however_it_is_written(code: str, text: str) -> None:
    assert places.search(text)[0] == code


def test_the_first_letters_offer_the_nearest_places_first() -> None:
    assert places.search("м", 1) == ["murghob"]
    assert places.search("шу", 1) == ["shughnon"]
    assert [len(places.search("а", limit)) for limit in (0, 1, 5)] == [0, 1, 5]


@pytest.mark.parametrize("text", ["", " ", "!!!", "ҷойи ношинос нест", "qwrtpsdf", "город", "\u202e"])
def test_what_is_no_place_finds_nothing(text: str) -> None:
    assert places.search(text) == []


@settings(deadline=None)
@given(st.text(), st.integers(0, 20))
def test_any_text_can_be_searched(text: str, limit: int) -> None:
    found = places.search(text, limit)
    assert len(found) == len(set(found)) <= limit
    assert all(places.exists(code) for code in found)


def test_every_place_finds_itself_by_each_of_its_names() -> None:
    for code, _region, tajik, russian, english, _others in PLACES:
        for name in (tajik, russian, english):
            assert code in places.search(name, 3), name


def test_places_have_short_ascii_codes_and_a_shelf() -> None:
    codes = [row[0] for row in PLACES]
    assert len(codes) == len(set(codes))
    assert all(re.fullmatch(r"[a-z][a-z.\-]{0,23}", code) for code in codes)
    assert {row[1] for row in PLACES} - {"tj"} <= set(places.REGIONS)
    assert all(places.exists(region) for region in places.REGIONS if region != "world")


def test_all_of_badakhshan_stands_first() -> None:
    assert places.in_region("gbao") == (
        "khorugh",
        "shughnon",
        "roshtqala",
        "rushon",
        "vanj",
        "darvoz",
        "ishkoshim",
        "murghob",
    )
    # Tajikistan's cities and districts outside Badakhshan and the capital, as the state counts them.
    counts = [len(places.in_region(region)) for region in ("sughd", "khatlon", "drs")]
    assert counts == [18, 24, 13]


def test_places_are_named_in_every_language_and_an_unknown_one_by_its_code() -> None:
    assert [places.named("khorugh", language) for language in ("tg", "ru", "en")] == ["Хоруғ", "Хорог", "Khorog"]
    assert places.named("atlantis", "tg") == "atlantis"
    assert places.named("khorugh", "xx") == "Khorog"


def test_tajik_names_are_written_with_tajik_letters() -> None:
    for code, _region, tajik, russian, english, _others in PLACES:
        assert not re.search("[цщыьЦЩЫЬ]", tajik), code
        assert not re.search("[ғӣқӯҳҷҒӢҚӮҲҶ]", russian), code
        assert not re.search("[\u0400-\u04ff]", english), code
