"""Names that nobody has: a town of people by rules, how others would write them, and who is merely a brother.

Knows nothing of the matcher: its own tables of how letters are romanised, so that nothing is found for being its twin.
With a folder of real names (`read`) the same questions are asked of those.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

MEN = """
Ҷамшед Фирӯз Далер Рустам Баҳром Фарҳод Фаридун Хуршед Умед Комрон Парвиз Сиёвуш Исфандиёр Бахтиёр Шаҳриёр Наврӯз
Раҷаб Сафар Шаъбон Рамазон Ҳасан Ҳусайн Карим Раҳим Салим Ҳалим Азиз Латиф Шариф Зариф Наим Насим Ҳаким Қосим Қодир
Нодир Собир Тоҳир Зоҳир Абдулло Абдураҳмон Абдуқодир Абдулазиз Абдусамад Файзулло Ҳабибулло Раҳматулло Неъматулло
Асадулло Нурулло Зайниддин Шамсиддин Сайфиддин Муҳиддин Тоҷиддин Имомалӣ Сафаралӣ Раҷабалӣ Муҳаммадалӣ Мирзошариф
Саидмурод Саидҷон Ғуломҳайдар Одилҷон Алишер Шерзод Искандар Сулаймон Довуд Юсуф Яъқуб Иброҳим Исмоил Исҳоқ Идрис Юнус
Мусо Исо Ёрмуҳаммад Худойназар Давлатшоҳ Қурбонҷон Ширинбек
""".split()  # noqa: SIM905 - words read best as words
WOMEN = """
Гулнора Гулчеҳра Гулбаҳор Мадина Зулайхо Зарина Зебо Парвина Манижа Наргис Нигина Ниссо Нилуфар Шаҳноза Шаҳло Шабнам
Саодат Сабоҳат Фарзона Фотима Фариза Дилором Дилбар Дилрабо Мавлуда Малика Маҳина Меҳрангез Мунира Муқаддас Озода Оиша
Одина Рухшона Раъно Рангина Тахмина Ҷамила Ҷонона Хуршеда Хадиҷа Ҳамида Ҳалима Қандил Лола Лайло Латофат Суман Ситора
Савринисо Бибидавлат Гулҷаҳон Назокат
""".split()  # noqa: SIM905
FAMILIES = """
Раҳим Карим Шариф Назар Сафар Раҷаб Ҳасан Ҳусайн Алӣ Шо Мирзо Саид Ғафур Ҷалил Ҷабор Ёр Дилдор Шодӣ Қурбон Худойдод
Давлат Муродалӣ Амонулло Файзулло Ҳайдар Асад Шер Паланг Лашкар Ҷӯра Тағой Бобо Ашур Холмурод Норқул Қаландар Дарвеш
Ғариб Шоҳназар Имомназар Зокир Собир Нодир Ҳаким Табиб Устобек Заргар Мавлон Юсуф Яъқуб Исо Довуд Сулаймон Искандар
Ватан Султон Амир Вазир Бек Хон Тоҷ Гулмат Ҷума
""".split()  # noqa: SIM905

_LETTERS = "абвгғдеёжзиӣйкқлмнопрстуӯфхҳчҷшъэюя"
_ROMAN = {  # how passports, newspapers and telephones write these letters
    "press": "a b v g gh d e yo zh z i i y k q l m n o p r s t u u f kh h ch j sh ' e yu ya",
    "passport": "a b v g g d e e zh z i i i k k l m n o p r s t u u f kh kh ch dzh sh ie e iu ia",
    "french": "a b v g g d e io j z i i i k k l m n o p r s t ou ou f kh kh tch dj ch - e iou ia",
    "german": "a b w g gh d e jo sch s i i j k q l m n o p r s t u u f ch h tsch dsch sch - e ju ja",
    "telephone": "a b v g g d e yo j z i i y k k l m n o p r s t u u f h h ch j sh - e yu ya",
    "scholar": "a b v g ġ d e jo ž z i ī j k q l m n o p r s t u ū f x h č ǰ š - e ju ja",
}
_RUSSIAN = {"ғ": "г", "ӣ": "и", "қ": "к", "ӯ": "у", "ҳ": "х", "ҷ": "дж", "ъ": ""}
_TELEPHONE = {"ғ": "г", "ӣ": "и", "қ": "к", "ӯ": "у", "ҳ": "х", "ҷ": "ч", "ъ": ""}
_PERSIAN = dict(
    zip("абвгғдежзиӣйкқлмнопрстуӯфхҳчҷшэ", "-بوگغد-ژزیییکقلمناپرستوو‌فخهچجشا".replace("\u200c", ""), strict=True)
)
TITLES = ("Ҳоҷӣ", "Устод", "Бибӣ", "Мулло", "доктор")
RESPECT = ("ҷон", "бек", "хон", "шо")


@dataclass(frozen=True, slots=True)
class Question:
    """A name as somebody types it, the number of the record that is meant, and what was done to it."""

    name: str
    meant: int
    done: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Town:
    """Records, one spelling each; questions; and pairs of names that are (not) the same."""

    records: list[str]
    questions: list[Question]
    pairs: list[tuple[str, str, str]]  # (one, two, "same" | "brother" | "other")


def _person(dice: random.Random) -> tuple[str, str, str]:
    """A given name, a family name, a father's name."""
    woman = dice.random() < 0.45  # noqa: PLR2004
    given = dice.choice(WOMEN if woman else MEN)
    family, father = dice.choice(FAMILIES), dice.choice(MEN)
    glide = "е" if family[-1] in "иӣоаъ" else "о"
    style = dice.random()
    if style < 0.6:  # noqa: PLR2004
        surname = family.rstrip("ӣ") + glide + ("ва" if woman else "в")
        patronymic = father.rstrip("ӣ") + ("евна" if father[-1] in "ӣо" else "овна")
        if not woman:
            patronymic = father.rstrip("ӣ") + ("евич" if father[-1] in "ӣо" else "ович")
        return given, surname, patronymic
    return given, family + ("зода" if style < 0.85 else "ӣ" if style < 0.92 else "пур"), father  # noqa: PLR2004


def _typed(word: str, table: dict[str, str]) -> str:
    return "".join(table.get(letter, letter) for letter in word.lower()).title()


def _romanised(name: str, scheme: str) -> str:
    table = dict(zip(_LETTERS, (one.strip("-") for one in _ROMAN[scheme].split()), strict=True))
    return " ".join(_typed(word, table) for word in name.split())


def _in_persian(name: str) -> str:
    words = []
    for word in name.lower().split():
        first = "ا" if word[0] in "аеэиуӯ" else "آ" if word[0] == "о" else ""
        rest = word[1:] if first and word[0] in "аеэиуо" else word
        written = "".join(
            _PERSIAN.get(letter, "") for letter in rest.replace("ё", "йо").replace("я", "йа").replace("ю", "йу")
        )
        words.append(first + written.replace("-", "") + ("ه" if word[-1] == "а" else ""))
    return " ".join(words)


def _slip(word: str, dice: random.Random) -> str:
    at = dice.randrange(1, max(2, len(word) - 1))
    letter = dice.choice("бвгдзклмнпрстфхшаоуи")
    return dice.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + letter + word[at:],
            word[:at] + letter + word[at + 1 :],
            word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :],
        )
    )


def _asked(person: tuple[str, str, str], dice: random.Random) -> tuple[str, tuple[str, ...]]:
    """How somebody else may write this name."""
    given, surname, father = person
    done = []
    if dice.random() < 0.12:  # noqa: PLR2004
        given += dice.choice(RESPECT)
        done.append("respect")
    if dice.random() < 0.15 and surname.endswith(("ов", "ова", "зода")):  # noqa: PLR2004
        root = surname.removesuffix("зода").removesuffix("ова").removesuffix("ов")
        surname = root + dice.choice(("зода", "", "ов"))
        done.append("style")
    if dice.random() < 0.2:  # noqa: PLR2004
        at = dice.randrange(3)
        given, surname, father = (_slip(w, dice) if n == at else w for n, w in enumerate((given, surname, father)))
        if at < 2:  # noqa: PLR2004
            done.append("slip")
    parts = [surname, given] if dice.random() < 0.6 else [surname, given, father]  # noqa: PLR2004
    if dice.random() < 0.06:  # noqa: PLR2004
        parts = [surname, given[0] + ".", father[0] + "."]
        done.append("initials")
    if dice.random() < 0.5:  # noqa: PLR2004
        parts = [*parts[1:], parts[0]]
    name = " ".join(parts)
    if dice.random() < 0.1:  # noqa: PLR2004
        name = f"{dice.choice(TITLES)} {name}"
        done.append("title")
    return _written(name, done, dice)


def _written(name: str, done: list[str], dice: random.Random) -> tuple[str, tuple[str, ...]]:
    """The same in some alphabet, with the vowels of some language."""
    if dice.random() < 0.2:  # noqa: PLR2004
        name = name.replace("о", "а", 1)
    writing = dice.choices(("tajik", "russian", "phone", "latin", "persian"), (15, 20, 15, 40, 10))[0]
    if writing == "persian" and "initials" in done:
        writing = "latin"
    done.append(writing)
    if writing == "latin":
        return _romanised(name, dice.choice(list(_ROMAN))), tuple(done)
    if writing == "persian":
        return _in_persian(name), tuple(done)
    table = {"russian": _RUSSIAN, "phone": _TELEPHONE}.get(writing, {})
    return " ".join(_typed(word, table) for word in name.split()), tuple(done)


def made(count: int, questions: int, seed: int = 4) -> Town:
    """A town of `count` people, some of whom are asked for."""
    dice = random.Random(seed)
    people = [_person(dice) for _ in range(count)]
    records = [f"{surname} {given} {father}" for given, surname, father in people]
    asked = []
    pairs = []
    for number in dice.sample(range(count), questions):
        name, done = _asked(people[number], dice)
        asked.append(Question(name, number, done))
        pairs.append((name, records[number], "same"))
        given, surname, father = people[number]
        brother = dice.choice([one for one in (WOMEN if given in WOMEN else MEN) if one != given])
        pairs.append((records[number], f"{surname} {brother} {father}", "brother"))
        other = people[dice.randrange(count)]
        pairs.append((name, f"{surname} {other[0]} {other[2]}", "other"))
        pairs.append((name, f"{other[1]} {given} {other[2]}", "other"))
    return Town(records, asked, dice.sample(pairs, len(pairs)))


def read(folder: Path, count: int, questions: int, seed: int = 4, *, dense: bool = False) -> Town:
    """The same of real names, with a gallery filled by names recombined from them. Formats as in docs/names.md.

    `dense`: with as many namesakes as come of recombining names within one people, the common ones more often.
    """
    dice = random.Random(seed)
    load: Callable[[str], list[dict[str, object]]] = lambda name: [  # noqa: E731
        json.loads(line) for line in (folder / name).read_text("utf-8").splitlines()
    ]
    pairs, made_up, persons = load("dev.pairs.jsonl"), load("dev.gen.jsonl"), load("dev.persons.jsonl")
    stored: dict[str, int] = {}
    records: list[str] = []
    found: list[Question] = []
    for pair in pairs:
        who = str(pair["pid"])
        if who not in stored:
            stored[who] = len(records)
            records.append(str(pair["a"]))
        if records[stored[who]] == pair["a"] and pair["rel"] == "variant":
            found.append(Question(str(pair["b"]), stored[who], ("real", str(pair["stratum"]))))
    both = [(str(pair["a"]), str(pair["b"]), "same") for pair in pairs if pair["rel"] == "variant"]
    for one in made_up:
        queries: Sequence[dict[str, object]] = one["queries"]  # type: ignore[assignment]
        asked = dice.choice(queries)
        slips = ("slip",) if "typo1" in asked["ops"] else ()  # type: ignore[operator]
        found.append(Question(str(asked["q"]), len(records), ("generated", *slips)))
        records.append(str(one["full"]))
        both += [(str(query["q"]), str(one["full"]), "same") for query in queries]
        both += [(str(brother), str(one["full"]), "brother") for brother in one["brothers"]]  # type: ignore[attr-defined]
    records += _recombined(persons, made_up, count - len(records), dice, dense=dense)
    both += [(one.name, dice.choice(records), "other") for one in found]
    return Town(records, dice.sample(found, min(questions, len(found))), dice.sample(both, min(6000, len(both))))


def _recombined(
    persons: list[dict[str, object]], made_up: list[dict[str, object]], count: int, dice: random.Random, *, dense: bool
) -> list[str]:
    pools: dict[tuple[str, str], list[list[str]]] = defaultdict(list)
    for person in persons:
        for variant in person["variants"]:  # type: ignore[attr-defined]
            group = str(person["stratum"]) if dense else ""
            pools[group, variant["script"]].append(variant["name"].replace(",", " ").split())
    pools["gen" if dense else "", "Cyrl"] += [str(one["full"]).split() for one in made_up]
    columns: dict[tuple[str, str], dict[int, list[str]]] = {}
    for key, names in pools.items():
        columns[key] = defaultdict(list)
        for name in names:
            for at, word in enumerate(name):
                columns[key][min(at, 3)].append(word)
        if not dense:  # a name that many have is no likelier than any other
            columns[key] = {at: sorted(set(words)) for at, words in columns[key].items()}
    keys = list(pools)
    weights = [min(len(pools[key]), 800) if dense else len(pools[key]) for key in keys]
    found = []
    for key in dice.choices(keys, weights, k=max(0, count)):
        shape = dice.choice(pools[key])
        found.append(" ".join(dice.choice(columns[key][min(at, 3)]) for at in range(len(shape))))
    return found
