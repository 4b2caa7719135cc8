"""What says the opposite is never the same question, in any language or two; moderators decide what is near."""

# ruff: noqa: E501 - one pair, one line

from __future__ import annotations

from itertools import combinations, product

import pytest

from bot.domain.rumour import SAME, Kind, Tokens, is_alike, is_same, likeness, read
from bot.domain.rumour_words import CONCEPTS, NEGATIONS, OPPOSITES

# Tajik, Russian, English of what is said; and of its opposite
PAIRS = (
    (
        ("Дар Хоруғ 20 нафарро озод карданд?", "В Хороге освободили 20 человек?", "Were 20 people released in Khorog?"),
        ("Дар Хоруғ 20 нафарро дастгир карданд?", "В Хороге арестовали 20 человек?", "Were 20 people arrested in Khorog?"),
    ),
    (
        ("Роҳи Хоруғ кушода аст?", "Дорога в Хороге открыта?", "Is the road in Khorog open?"),
        ("Роҳи Хоруғ баста аст?", "Дорога в Хороге закрыта?", "Is the road in Khorog closed?"),
    ),
    (
        ("Дар Рӯшон полис одамонро кушт?", "В Рушане полиция убила людей?", "Did the police kill people in Rushon?"),
        ("Дар Рӯшон полис одамонро накушт?", "В Рушане полиция не убила людей?", "Did the police not kill people in Rushon?"),
    ),
    (
        ("Интернет дар Хоруғ қатъ шуд?", "Интернет в Хороге отключили?", "Is the internet cut in Khorog?"),
        ("Интернет дар Хоруғ барқарор шуд?", "Интернет в Хороге включили?", "Is the internet restored in Khorog?"),
    ),
    (
        ("Сарбозон ба Хоруғ даромаданд?", "Солдаты вошли в Хорог?", "Did soldiers enter Khorog?"),
        ("Сарбозон аз Хоруғ баромаданд?", "Солдаты вышли из Хорога?", "Did soldiers leave Khorog?"),
    ),
    (
        ("Тирпарронӣ дар Хоруғ оғоз ёфт?", "Стрельба в Хороге началась?", "Did the shooting in Khorog begin?"),
        ("Тирпарронӣ дар Хоруғ тамом шуд?", "Стрельба в Хороге прекратилась?", "Did the shooting in Khorog stop?"),
    ),
    (
        ("Обро дар Хоруғ заҳролуд карданд?", "Вода в Хороге отравлена?", "Is the water in Khorog poisoned?"),
        ("Оби Хоруғ тоза аст?", "Вода в Хороге чистая?", "Is the water in Khorog clean?"),
    ),
    (
        ("Духтур зинда аст?", "Врач жив?", "Is the doctor alive?"),
        ("Духтур ҳалок шуд?", "Врач погиб?", "Is the doctor dead?"),
    ),
    (
        ("Комендант ҷорӣ шуд?", "Комендантский час объявили?", "Was the curfew declared?"),
        ("Комендант бекор шуд?", "Комендантский час отменили?", "Was the curfew lifted?"),
    ),
    (
        ("Нархи нон баланд шуд?", "Цены на хлеб выросли?", "Did the price of bread rise?"),
        ("Нархи нон паст шуд?", "Цены на хлеб упали?", "Did the price of bread fall?"),
    ),
    (
        ("Намоиш дар Душанбе иҷозат дода шуд?", "Митинг в Душанбе разрешили?", "Is the rally in Dushanbe allowed?"),
        ("Намоиш дар Душанбе манъ шуд?", "Митинг в Душанбе запретили?", "Is the rally in Dushanbe forbidden?"),
    ),
    (
        ("Президент инро тасдиқ кард?", "Президент это подтвердил?", "Did the president confirm it?"),
        ("Президент инро такзиб кард?", "Президент это опроверг?", "Did the president deny it?"),
    ),
    (
        ("Роҳ ба Мурғоб бехатар аст?", "Дорога в Мургаб безопасна?", "Is the road to Murghob safe?"),
        ("Роҳ ба Мурғоб хатарнок аст?", "Дорога в Мургаб опасна?", "Is the road to Murghob dangerous?"),
    ),
    (
        ("Кӯпрук дар Рӯшон вайрон шуд?", "Мост в Рушане разрушили?", "Was the bridge in Rushon destroyed?"),
        ("Кӯпрук дар Рӯшон таъмир шуд?", "Мост в Рушане отремонтировали?", "Was the bridge in Rushon repaired?"),
    ),
    (
        ("Роҳбар таъин шуд?", "Лидера назначили?", "Was the leader appointed?"),
        ("Роҳбар барканор шуд?", "Лидера уволили?", "Was the leader dismissed?"),
    ),
    (
        ("Кӯдакон ёфт шуданд?", "Детей нашли?", "Were the children found?"),
        ("Кӯдаконро рабуданд?", "Детей похитили?", "Were the children kidnapped?"),
    ),
    (
        ("Полис кӯдаконро зад, дар Хоруғ ҳеҷ кас кушта нашуд?", "В Хороге никто не убит?", "Was nobody killed in Khorog?"),
        ("Дар Хоруғ кушта шуд?", "В Хороге убит?", "Was somebody killed in Khorog?"),
    ),
    (
        ("Гуфтушунид қабул шуд?", "Переговоры: они согласились?", "Did they agree to talks?"),
        ("Гуфтушунид рад шуд?", "Переговоры: они отказались?", "Did they refuse talks?"),
    ),
    (
        ("Артиш пас аз ҳамла рафт?", "Армия ушла после нападения?", "Did the army leave after the attack?"),
        ("Артиш пеш аз ҳамла рафт?", "Армия ушла перед нападением?", "Did the army leave before the attack?"),
    ),
    (
        ("Дар шимоли Хоруғ сарбозон ҳастанд?", "На севере Хорога солдаты?", "Are there soldiers in the north of Khorog?"),
        ("Дар ҷануби Хоруғ сарбозон ҳастанд?", "На юге Хорога солдаты?", "Are there soldiers in the south of Khorog?"),
    ),
    (
        ("Нонро тақсим мекунанд?", "Хлеб раздают?", "Are they giving out bread?"),
        ("Нонро мусодира мекунанд?", "Хлеб отбирают?", "Are they taking the bread?"),
    ),
    (
        ("Аз Хоруғ ба Душанбе эвакуатсия шуд?", "Эвакуация из Хорога в Душанбе?", "Evacuation from Khorog to Dushanbe?"),
        ("Аз Душанбе ба Хоруғ эвакуатсия шуд?", "Эвакуация из Душанбе в Хорог?", "Evacuation from Dushanbe to Khorog?"),
    ),
)  # fmt: skip

# One word decides in a long text, and no list knows it; or the same words say the reverse in another order.
LONG = (
    (
        "the police of Khorog praised the teacher Karimov yesterday at the school near the market and the hospital",
        "the police of Khorog insulted the teacher Karimov yesterday at the school near the market and the hospital",
    ),
    (
        "полиция Хорога похвалила учителя Каримова вчера у школы рядом с рынком и больницей, все видели",
        "полиция Хорога оскорбила учителя Каримова вчера у школы рядом с рынком и больницей, все видели",
    ),
    (
        "полиси Хоруғ муаллим Каримовро дар назди мактаб ва бозор ва беморхона таъриф кард",
        "полиси Хоруғ муаллим Каримовро дар назди мактаб ва бозор ва беморхона таҳқир кард",
    ),
    (
        "the police did not kill the man, they freed him, in Khorog at the market",
        "the police killed the man, they did not free him, in Khorog at the market",
    ),
    ("they opened the road and closed the bridge in Rushon", "they closed the road and opened the bridge in Rushon"),
    ("в Рушане открыли дорогу и закрыли мост", "в Рушане закрыли дорогу и открыли мост"),
    ("дар Рӯшон роҳро кушоданд ва пулро бастанд", "дар Рӯшон роҳро бастанд ва пулро кушоданд"),
    (
        "the police refused to release the 20 people who were arrested in Khorog",
        "the police agreed to release the 20 people who were arrested in Khorog",
    ),
    ("в Хороге 20 человек чуть не убили", "в Хороге 20 человек убили"),
    ("it is a lie that 20 people were killed in Khorog", "it is true that 20 people were killed in Khorog"),
    ("ложь, что в Хороге убили 20 человек", "правда, что в Хороге убили 20 человек"),
    ("дурӯғ аст, ки дар Хоруғ 20 нафар кушта шуд", "рост аст, ки дар Хоруғ 20 нафар кушта шуд"),
    ("20 people couldn't leave Khorog", "20 people could leave Khorog"),
)


def tokens(text: str) -> Tokens:
    return read(text).tokens


def apart(one: str, other: str) -> bool:
    return not is_same(tokens(one), tokens(other)) and not is_same(tokens(other), tokens(one))


@pytest.mark.parametrize("pair", PAIRS)
def test_opposites_are_two_questions_in_each_language_and_between_them(
    pair: tuple[tuple[str, ...], tuple[str, ...]],
) -> None:
    for one, other in product(*pair):
        assert apart(one, other), (one, other)


@pytest.mark.parametrize(("one", "other"), LONG)
def test_one_word_or_another_order_makes_two_questions_of_a_long_text(one: str, other: str) -> None:
    assert apart(one, other)
    assert is_alike(tokens(one), tokens(other)), "moderators are asked"


@pytest.mark.parametrize("pair", PAIRS)
def test_opposites_in_one_language_are_shown_to_moderators_as_near(
    pair: tuple[tuple[str, ...], tuple[str, ...]],
) -> None:
    assert sum(is_alike(tokens(one), tokens(other)) for one, other in zip(*pair, strict=True)) >= 2  # noqa: PLR2004


def test_control_a_bag_of_words_would_unite_many_of_them() -> None:
    def naive(one: Tokens, other: Tokens) -> bool:
        weighed = {Kind.PLACE, Kind.NUMBER, Kind.CONCEPT, Kind.PEOPLE, Kind.WORD}
        return (
            likeness(
                frozenset(token for token in one if token[0] in weighed),
                frozenset(token for token in other if token[0] in weighed),
            )
            >= SAME
        )

    united = [(one, other) for one, other in LONG if naive(tokens(one), tokens(other))]
    assert len(united) >= 8  # noqa: PLR2004


def test_control_the_same_question_is_still_one_across_languages() -> None:
    """Not never: most of the simple ones are recognised in all three languages."""
    sides = [side for pair in PAIRS for side in pair]
    one = [side for side in sides if all(is_same(tokens(a), tokens(b)) for a, b in combinations(side, 2))]
    assert len(one) >= len(sides) // 2, [side for side in sides if side not in one]


def test_the_table_of_opposites_names_each_side_once_and_no_word_twice() -> None:
    concepts = {name: lists for name, _topic, _danger, *lists in CONCEPTS}
    sides = [side for pair in OPPOSITES for side in pair]
    names = [name for name, *lists in sides if lists]
    assert all(name in concepts for name, *lists in sides if not lists)
    assert len(names) == len(set(names))
    assert not set(names) & set(concepts)
    words = [entry for _name, *lists in sides for entry in {one for each in lists for one in each.split()}]
    assert len(words) == len(set(words)), sorted(one for one in words if words.count(one) > 1)
    known = {entry for lists in concepts.values() for each in lists for entry in each.split()}
    assert sorted(known & set(words)) == []
    assert sorted((known | set(words)) & {entry for each in NEGATIONS for entry in each.split()}) == []
