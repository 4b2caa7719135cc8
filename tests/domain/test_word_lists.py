"""The words of cards and codes: read out over a bad line and typed by anybody, each is found and is no other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import pytest

from bot.domain.folding import fold
from bot.domain.phrases import understand
from bot.domain.place_list import PLACES
from bot.domain.word_lists import WORDS

LETTERS = {
    "en": "abcdefghijklmnopqrstuvwxyz",
    "ru": "абвгдежзийклмнопрстуфхцчшщъыьэюя",  # no ё: it folds to е, and few people type it
    "tg": "абвгғдеёжзиӣйкқлмнопрстуӯфхҳчҷшъэюя",
}
# First names that many people have. A word that is one of them would be taken for somebody.
TAJIK_NAMES = """
Ёсамин Ёсуман Абдулло Азиз Азиза Акбар Алишер Амир Анвар Анора Асадулло Аскар Асмо Афсона Бахтиёр Баҳодур Баҳор Баҳром
Беҳруз Бунафша Гавҳар Гулнора Гулчеҳра Гулшан Далер Дилафрӯз Дилбар Дилноза Диловар Дилшод Довуд Зайнаб Зарина Заррина
Зафар Зебо Зевар Зина Зулфия Зумрад Икром Илҳом Искандар Исмоил Исфандиёр Карам Карим Кароматулло Комрон Лайло Латиф
Латифа Лола Мавҷуда Мадина Малика Манзура Манижа Марворид Маҳбуба Маҳина Маҳмуд Меҳриддин Меҳрона Мижгон Мирзо Муборак
Мунира Мурод Муҳаббат Муҳаммад Наврӯз Назар Назокат Наргис Насиба Насим Настаран Нигина Нилуфар Нозанин Нозим Нозия
Нур Нурия Озода Оиша Олим Парасту Парвиз Парвина Парвона Райҳон Раҳим Раҳмон Раҷаб Рустам Рухшона Савсан Садаф Саид
Сайёра Санавбар Саодат Сарвар Сафар Ситора Сумбул Сурайё Суҳроб Тарона Таҳмина Тилло Тимур Тоҳир Умар Умед Фарзона
Фарида Фаррух Фарҳод Фирдавс Фирӯз Фирӯза Фотима Хадиҷа Хуршед Хушбахт Чаман Шабнам Шариф Шаҳзод Шаҳло Шаҳноз Шер
Шерали Шодӣ Шоир Шоира Шоҳин Шуъла Шуҳрат Эраҷ Юнус Юсуф Ғунча Қурбон Ҳабиб Ҳалима Ҳасан Ҳофиз Ҳусейн Ҷамила Ҷамшед
Ҷовид Ҷумъа
"""
RUSSIAN_NAMES = """
Аида Александр Алексей Алина Алиса Алла Альбина Алёна Анастасия Анатолий Андрей Анна Антон Антонина Аня Артур Артём
Ася Борис Вадим Валентин Валентина Валера Валя Ваня Варвара Варя Василий Василиса Вася Вера Вероника Вика Виктор
Виктория Виталий Владимир Владислав Вова Вячеслав Галина Галя Геннадий Георгий Герман Григорий Гриша Даниил Данила
Дарья Даша Денис Диана Дима Дина Дмитрий Ева Евгений Евгения Егор Екатерина Елена Елизавета Жанна Женя Захар Зинаида
Зоя Иван Игорь Илья Инна Ира Ирина Карина Катя Кира Кирилл Клавдия Коля Константин Костя Кристина Ксения Ксюша Лада
Лара Лариса Лев Лена Леонид Лида Лидия Лиза Лилия Лия Люба Любовь Люда Людмила Люся Лёня Лёша Майя Макар Максим Марат
Маргарита Марина Мария Марк Марта Матвей Маша Мила Милана Михаил Миша Надежда Надя Настя Наталья Наташа Нелли Никита
Николай Нина Нона Оксана Олег Ольга Оля Павел Паша Петя Полина Поля Пётр Рада Раиса Рая Римма Рита Роза Роксана Рома
Роман Руслан Рустам Сабина Саша Света Светлана Сева Семён Сергей Слава Соня София Степан Стёпа Таисия Тамара Таня
Тарас Татьяна Тимофей Тихон Толя Тома Ульяна Уля Фаина Федя Фёдор Эдуард Эльвира Эмма Юлия Юля Юра Юрий Яков Яна
Ярослав Ярослава
"""
# What an answer says, and what a date or a sum is made of.
SAYS_SOMETHING = {
    "en": """
    yes no ok okay safe help alive dead danger sos zero one two three four five six seven eight nine ten eleven twelve
    hundred thousand monday tuesday wednesday thursday friday saturday sunday january february march april may june july
    august september october november december
    """,
    "ru": """
    да нет жив жива мертв мертва помощь помогите опасность беда цел цела ноль один два три четыре пять шесть семь восемь
    девять десять сорок сто тысяча понедельник вторник среда четверг пятница суббота воскресенье январь февраль март
    апрель май июнь июль август сентябрь октябрь ноябрь декабрь
    """,
    "tg": """
    ҳа бале не амон омон саломат зинда мурда кумак ёрӣ хатар сифр як ду се чор чаҳор панҷ шаш ҳафт ҳашт нӯҳ даҳ ёздаҳ
    бист сӣ чил панҷоҳ сад ҳазор душанбе сешанбе чоршанбе панҷшанбе ҷумъа шанбе якшанбе январ феврал март апрел май июн
    июл август сентябр октябр ноябр декабр ҳамал савр ҷавзо саратон асад сунбула мизон ақраб қавс ҷадӣ далв ҳут
    """,
}


def slips(word: str) -> Iterator[str]:
    """List what a word becomes when one of its letters, or one between them, is not heard: "*" stands for it."""
    for index in range(len(word) + 1):
        yield f"{word[:index]}*{word[index:]}"
        if index < len(word):
            yield f"{word[:index]}*{word[index + 1 :]}"


def too_near(words: Iterable[str]) -> set[frozenset[str]]:
    """Find the words that one letter more, less or other makes another word, as they are compared: folded."""
    heard: dict[str, str] = {}
    found: set[frozenset[str]] = set()
    for word in words:
        for slip in set(slips(fold(word))):
            other = heard.setdefault(slip, word)
            if other is not word:
                found.add(frozenset((other, word)))
    return found


def among(words: Iterable[str], others: Iterable[str]) -> set[str]:
    """Find the words that are, folded, one of the others."""
    folded = {fold(other) for other in others}
    return {word for word in words if fold(word) in folded}


def ill_spelt(language: str, words: Iterable[str]) -> set[str]:
    shape = re.compile(f"[{LETTERS[language]}]{{3,9}}")
    return {word for word in words if not shape.fullmatch(word)}


def misunderstood(words: Iterable[str]) -> set[str]:
    return {word for word in words if understand(word, asked=True) is not None}


def place_names() -> set[str]:
    return {name for row in PLACES for names in row[2:] for name in re.split("[,()]", names)}


each_language = pytest.mark.parametrize("language", ["en", "ru", "tg"])


@each_language
def test_each_language_has_512_words_and_none_of_them_twice(language: str) -> None:
    words = WORDS[language]
    assert len(words) == len({fold(word) for word in words}) == 512  # noqa: PLR2004
    assert len({fold(word) for word in ("ғӯза", "гуза", "Ghuza")}) == 1, "control"


@each_language
def test_a_word_is_short_and_written_in_the_letters_of_its_language(language: str) -> None:
    assert ill_spelt(language, WORDS[language]) == set()
    spoilt = ["on", "strawberry", "Apple", "tea pot", "вода"]
    assert ill_spelt("en", ["apple", *spoilt]) == set(spoilt), "control"
    assert ill_spelt("tg", ["ғоз", "цирк", "мышь"]) == {"цирк", "мышь"}, "control"
    assert ill_spelt("ru", ["вода", "ёлка"]) == {"ёлка"}, "control"


@each_language
def test_one_misheard_letter_never_makes_another_word(language: str) -> None:
    assert too_near(WORDS[language]) == set()
    for one, other in (
        ("нон", "нок"),
        ("моҳ", "моҳӣ"),
        ("boat", "oat"),
        ("гул", "кӯл"),
        ("ghost", "гост"),
        ("печь", "печ"),
    ):
        assert too_near([one, other]) == {frozenset((one, other))}, "control"
    assert too_near(["нон", "мӯй", "стол", "столик"]) == set(), "control: two letters are enough"


def test_a_word_of_one_language_is_none_of_another_in_any_spelling() -> None:
    for one, other in (("en", "ru"), ("en", "tg"), ("ru", "tg")):
        assert among(WORDS[one], WORDS[other]) == set()
    assert among(["bell", "apple"], ["бел"]) == {"bell"}, "control"


@each_language
def test_no_word_is_something_the_bot_understands(language: str) -> None:
    assert misunderstood(WORDS[language]) == set()
    assert misunderstood(["амон", "apple", "помощь", "OK"]) == {"амон", "помощь", "OK"}, "control"


@each_language
def test_no_word_says_how_somebody_is_nor_counts_nor_dates(language: str) -> None:
    said = SAYS_SOMETHING[language].split()
    assert among(WORDS[language], said) == set()
    assert all(among([*WORDS[language], word.upper()], said) == {word.upper()} for word in said), "control"


@each_language
def test_no_word_is_a_first_name(language: str) -> None:
    names = (TAJIK_NAMES + RUSSIAN_NAMES).split()
    assert among(WORDS[language], names) == set()
    assert among(["ситора", "Lola", "роза", "зина", "себ"], names) == {"ситора", "Lola", "роза", "зина"}, "control"


@each_language
def test_no_word_is_the_name_of_a_place(language: str) -> None:
    assert among(WORDS[language], place_names()) == set()
    assert among(["хоруғ", "Khorog", "памир", "себ"], place_names()) == {"хоруғ", "Khorog", "памир"}, "control"
