"""Names across scripts and spellings: what is one name, what is another, and which keys they share."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.names import Asker, bands, keys, near, parse, score
from bot.domain.names.parts import Kind
from bot.domain.names.scoring import LOWEST

MOST_KEYS = 200  # of a name of any length

# Nobody in here lives: given names and family names are put together by hand.
SAME = [
    ("Ҷамшед Ёров", "Djamched Iorov"),
    ("Ҷамшед Ёров", "Джамшед Ёров"),
    ("Ҷамшед Ёров", "Чамшед Ёров"),  # a keyboard without ҷ
    ("Ҷамшед Ёров", "Yorov Jamshed"),
    ("Ҷамшед Ёров", "جمشید یاروف"),
    ("Ҷамшед Ёров", "Dzhamshed Yorov"),
    ("Гулнора Назарова", "Gulnara Nazarova"),
    ("Гулнора Назарова", "گلنارا نظروا"),
    ("Назарзода Гулнора", "Назарова Гулнора"),
    ("Саидҷон Қурбонов", "Saidjan Kurbanov"),
    ("Саидҷон Қурбонов", "Саид Курбонов"),
    ("Абдураҳмон Сафаров", "Abdul Rahman Safarov"),
    ("Абдураҳмон Сафаров", "عبدالرحمن صفروف"),
    ("Наҷибулло Раҷабзода", "Najib Ullah Rajab Zada"),
    ("Муҳаммадалӣ Шарифов", "Muhammad Ali Sharifov"),
    ("Фирӯз Ҳайдаров", "Firouz Khaidarov"),
    ("Зайниддин Ғафуров", "Zaynuddin Gafurov"),
    ("Ширинбек Худойдодов", "Shirin Khudoydodov"),
    ("Karim Hamidi", "کریم حمیدی"),
    ("Mehrangez Shoyeva", "Меҳрангез Шоева"),
    ("Turk Çelik", "Turk Chelik"),
    ("Мадинабону Ёрмамадова", "Madina Yormamadova"),
    ("Шамсулҳақ Ёров", "شمس الحق یاروف"),
    ("Abdul Haq Karimi", "عبد الحق کریمی"),
    ("Daler Hussainzai", "دلیر حسین زی"),
    ("Шоҳпур Ҳакимхел", "Shah Pour Hakim Khel"),
    ("Saidjafar Yorov", "Саидҷаъфар Ёров"),
    ("Mohammadhassan Yorov", "Mohammad Hassan Yorov"),
    ("Muhabbatshoh Yorov", "Муҳаббатшоҳ Ёров"),
    ("Farhod Yorov", "مشهور فرهاد یاروف"),
    ("Junus Jorow Rustamowitsch", "Юнус Ёров Рустамович"),
    ("Farhod Yorov Arman", "Farhod Yorov known to Arman"),
    ("Qamaruddin Yorov", "قمرالدین یاروف"),
    ("Almas Salangi", "الماس سالنگی"),
    ("Daler Alokozai", "دلیر الکوزی"),
    ("Matiur Rahman Yorov", "Mati ur-Rahman Yorov"),
    ("ZADEH, Daler Khalil", "Khalilzadeh Daler"),
    ("Abd Allah Karimi", "عبد الله کریمی"),
    ("Abdullah Karimi", "عبد الله کریمی"),
    ("Daler Arianfar", "دلیر آریان فر"),
    ("Daler Mowahed", "دلیر موحد"),
    ("Daler Munsef", "دلیر منصف"),
    ("Farhod Marufi", "فرهاد معروفی"),
    ("Daler Mazhari", "دلیر مظهری"),
    ("Yorov Karim, born in 1963", "Карим Ёров"),
    ("Ёров Карим Рустамович, 1963 г. р.", "Карим Рустамович Ёров"),
    ("Ёров Карим (соли таваллуд 1963)", "Карим Ёров"),
    ("Yorov Born", "Ёров Борн"),
    ("Qari Din Yorov", "Дин Ёров"),
    ("Haris Yorov", "Harith Yorov"),
    ("حارث یاروف", "Harith Yorov"),
    ("Karim ben al-Salih ben al-Rustam al-Yoruhi", "کریم صالح رستم الیوروحی"),
    ("KARIM ABD EL SAMIE ABOU EL YAZID EL AYASHI", "کریم عبد السميع أبواليزيد العياشي"),
    ("Muhammad Mahmudi", "محمد محمودی"),
    ("Yorov Daler Mamytbaj", "Ёров Далер Мамытбай"),
]
OTHER = [
    ("Ҷамшед Ёров", "Фаррух Ёров"),
    ("Назаров Фирӯз Алиевич", "Назаров Далер Алиевич"),  # brothers
    ("Назарова Зарина Алиевна", "Назарова Манижа Алиевна"),  # sisters
    ("Назаров Муҳаммад Алиевич", "Назаров Сайфулло Алиевич"),
    ("Карим Ҳамидов", "Салим Ҳамидов"),
    ("Karim Hamidi", "سلیم حمیدی"),
    ("Шоҳин Мирзоев", "Шоҳрух Мирзоев"),
    ("Муҳаммад Ҳакимӣ", "Hakim Sharif Muhammad"),
    ("Қурбонӣ Лутфулло Фаррух", "Қурбонӣ Сафаралӣ Фаррух"),  # brothers of whom both father's names are plain
]


@pytest.mark.parametrize(("one", "two"), SAME)
def test_one_name_in_two_writings_is_likely_the_same(one: str, two: str) -> None:
    assert score(one, two) > 0


@pytest.mark.parametrize(("one", "two"), SAME)
def test_two_writings_of_a_name_share_a_key(one: str, two: str) -> None:
    assert keys(one) & keys(two)


@pytest.mark.parametrize(("one", "two"), OTHER)
def test_another_name_is_likely_another(one: str, two: str) -> None:
    assert score(one, two) < 0


def test_a_name_beside_itself_scores_above_its_kin_and_strangers() -> None:
    assert (
        score("Ёров Ҷамшед", "Ёров Ҷамшед") > score("Ёров Ҷамшед", "Ёров Ҷамшид") > score("Ёров Ҷамшед", "Ёров Далер")
    )


@pytest.mark.parametrize(
    ("name", "roots"),
    [
        ("Ёров Ҷамшед Каримович", ["yor", "JamSed", "karim"]),
        ("Ёрова Ҷамила Каримовна", ["yor", "Jamila", "karim"]),
        ("Раҷабзода Фирӯз", ["raJab", "firuz"]),
        ("Мирзоён Далер", ["mirzo", "daler"]),
        ("Шамсипур Далер", ["Samsi", "daler"]),
        ("Фирӯз Раҷаб оғлы", ["firuz", "raJab"]),
    ],
)
def test_family_names_and_fathers_names_have_the_root_they_are_made_of(name: str, roots: list[str]) -> None:
    assert [part.root for part in parse(name).parts] == roots


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("Ёров Ҷамшед Каримович", [Kind.SURNAME, Kind.NAME, Kind.FATHER]),
        ("J. Karimov", [Kind.INITIAL, Kind.SURNAME]),
        ("Karim bin Salim", [Kind.NAME, Kind.FATHER]),
        ("Сайид Далер Ёров", [Kind.LIGHT, Kind.NAME, Kind.SURNAME]),
        ("Муҳаммад Ёров", [Kind.NAME, Kind.SURNAME]),  # nothing else can be the name
        ("Муҳаммад Далер Муҳаммадӣ", [Kind.LIGHT, Kind.NAME, Kind.NAME]),  # with -ӣ it is a family name
    ],
)
def test_each_part_is_known_for_what_it_is(name: str, kinds: list[Kind]) -> None:
    assert [part.kind for part in parse(name).parts] == kinds


@pytest.mark.parametrize(
    "title", ["доктор", "Dr.", "устод", "Ҳоҷӣ", "Хоҷи", "мулло", "апаи", "حاجی", "Sheikh", "охунд"]
)
def test_a_title_is_no_part_of_a_name_unless_it_is_all_there_is(title: str) -> None:
    assert len(parse(f"{title} Далер Ёров").parts) <= len(parse("Далер Ёров").parts) + 1
    assert score(f"{title} Далер Ёров", "Далер Ёров") > 0
    assert parse(title).parts


def test_a_woman_and_a_man_of_one_family_are_told_apart() -> None:
    assert score("Ёрова Шариф", "Ёров Шариф") < score("Ёров Шариф", "Ёров Шариф")


def test_short_forms_lead_to_the_names_they_may_stand_for() -> None:
    assert keys("Фарик Ёров") & keys("Фарҳод Ёров")
    assert keys("Фарик Ёров") & keys("Фаридун Ёров")
    assert score("Фарик Ёров", "Фарҳод Ёров") > 0 > score("Фарик Ёров", "Далер Ёров")


def test_an_initial_is_enough_beside_a_family_name() -> None:
    assert keys("Наврӯзов Ш.") & keys("Наврӯзов Шариф Саидович")
    assert keys("Ш. С. Наврӯзов") & keys("Наврӯзов Шариф Саидович")
    assert score("Наврӯзов Ш.", "Наврӯзов Шариф") > score("Наврӯзов Д.", "Наврӯзов Шариф")


@pytest.mark.parametrize("initials", ["А. Ҷ.", "С. Ҷ."])
def test_an_initial_may_be_of_the_whole_word_or_of_what_is_left_of_it(initials: str) -> None:
    assert keys(f"Наврӯзов {initials}") & keys("Наврӯзов Абдусаттор Ҷамшедович")
    assert score(f"Наврӯзов {initials}", "Наврӯзов Абдусаттор Ҷамшедович") > score(
        f"Наврӯзов {initials}", "Наврӯзов Фаррух Ҷамшедович"
    )


def test_a_word_that_is_an_article_elsewhere_ends_a_name_as_a_part() -> None:
    assert keys("Наврӯзов Ан") & keys("Наврӯзов Анвар")


def test_a_fathers_name_that_only_says_the_family_name_again_is_not_missed() -> None:
    said_again, another = "Салимов Карим Салимович", "Салимов Карим Ёрович"
    assert score("Салимов Карим", said_again) > score("Салимов Карим", another)
    assert score("Салимов Рустам", said_again) == score(said_again, "Салимов Рустам") < 0, "nobody is excused by it"


def test_two_parts_that_very_many_have_share_a_list_of_their_own() -> None:
    shared = keys("Муҳаммад Маҳмудов") & keys("Mahmoudi, Mohammad")
    assert any(key.startswith("T") for key in shared)
    assert not any(key.startswith("T") for key in keys("Муҳаммад Маҳмудов Ёрович") | keys("Ёров Маҳмуд"))


def test_a_family_name_that_many_have_needs_both_initials() -> None:
    assert not keys("Раҳимов Ш.") & keys("Раҳимов Шариф Саидович")
    assert keys("Раҳимов Ш. С.") & keys("Раҳимов Шариф Саидович")


@pytest.mark.parametrize("slip", ["Ёров Ҷашед", "Ёров Ҷамшдед", "Ёров Ҷамжед", "Ёров Ҷамшеб", "Ёров Жмашед"])
def test_one_slip_is_found_by_looking_near(slip: str) -> None:
    found = keys("Ёров Ҷамшед")
    assert (keys(slip) | near(slip)) & found


@pytest.mark.parametrize("slip", ["Ёров Ҷашед Каримович", "Ёров Ҷамжед Каримович", "Еов Ҷамшед Каримович"])
def test_a_longer_name_is_found_by_its_other_parts(slip: str) -> None:
    assert not near(slip)
    assert keys(slip) & keys("Ёров Ҷамшед Каримович")
    assert keys(slip) & keys("Ёров Ҷамшед")


def test_looking_near_adds_no_key_that_is_stored() -> None:
    assert near("Ёров Ҷамшед").isdisjoint(keys("Ёров Ҷамшед"))


def test_neighbours_written_as_one_word_share_a_key() -> None:
    assert keys("Шерафкан Далерзод") & keys("Шер Афкан Далерзод")
    assert score("Шерафкан Ёров", "Шер Афкан Ёров") > 0


def test_a_birth_year_and_a_district_make_a_key_of_one_part() -> None:
    stored = keys("Ёров Ҷамшед", years=[1984], district="rushon")
    assert keys("Jamshed", years=range(1982, 1987), district="rushon") & stored
    assert not keys("Jamshed", years=range(1982, 1987), district="vanj") & stored
    assert not keys("Jamshed", years=[1970], district="rushon") & stored
    assert not keys("Jamshed", years=[1984]) & keys("Ёров Ҷамшед", years=[1984])


def test_bands_of_years_overlap_what_is_remembered_within_two_years() -> None:
    for born in range(1930, 2026):
        assert bands([born]) <= bands(range(born - 2, born + 3))


def test_no_key_is_made_of_a_single_part_of_a_longer_name() -> None:
    lone = {key for key in keys("Ёров Ҷамшед Каримович") if key.startswith("J")}
    assert lone.isdisjoint(keys("Ёров") | keys("Ҷамшед") | keys("Каримович"))


def test_the_worst_of_names_are_taken_without_a_word() -> None:
    for name in ("", " ", "...", "123", "\u202e\u200f", "<b></b>", "🙂🙂", "ـــ", "ъ", "-'-", "." * 100_000):
        assert score(name, "Ёров Ҷамшед") <= 0
        assert not keys(name) & keys("Ёров Ҷамшед")
    assert score("", "") == LOWEST
    assert len(keys("аб вг де жз ик лм но пр " * 5_000)) < MOST_KEYS


# -- for all names ---------------------------------------------------------------------------------------------------

GIVEN = (
    "Ҷамшед",
    "Gulnora",
    "عبدالله",
    "Муҳаммад",
    "Shirinbek",
    "Фарик",
    "J.",
    "Зайниддин",
    "نور محمد",
    "Хуршед",
    "Oisha",
)
FAMILY = ("Ёров", "Rahimzoda", "کریمی", "Назарова", "Mirzoyon", "Шоҳпур", "al-Hakim", "Юсуфӣ", "Қурбоналиев")
FATHER = ("", "Каримович", "Salimovna", "оғлы", "ibn Nosir", "حسین")
NAMES = st.builds(
    lambda parts, order: " ".join(parts[at] for at in order),
    st.tuples(st.sampled_from(GIVEN), st.sampled_from(FAMILY), st.sampled_from(FATHER)),
    st.permutations(range(3)),
)
ANY = NAMES | st.text(max_size=40)


@given(ANY, ANY)
def test_it_does_not_matter_who_is_compared_with_whom(one: str, two: str) -> None:
    assert score(one, two) == pytest.approx(score(two, one), abs=1e-6)


@given(NAMES, NAMES)
def test_nothing_is_more_like_a_name_than_itself(one: str, two: str) -> None:
    if {part.kind for part in parse(one).parts} <= {Kind.NAME, Kind.SURNAME, Kind.FATHER}:
        richer = len(parse(two).parts) > len(parse(one).parts)
        assert richer or score(one, one) >= score(one, two) - 1e-6


@given(NAMES)
def test_order_titles_and_case_change_no_key(name: str) -> None:
    if "." not in name:
        assert keys(name.upper()) == keys(name) or "ı" in name.upper().lower()
        plain = {key for key in keys(name) if key[0] == "P"}
        words = name.split()
        turned = {key for key in keys(" ".join(reversed(words))) if key[0] == "P"}
        assert plain & turned or not plain or "ibn" in words or "al-Hakim" in words or "оғлы" in words


@given(ANY)
def test_an_asker_says_what_score_says(name: str) -> None:
    asker = Asker("Ёров Ҷамшед")
    assert asker.score(name) == asker.score(name) == score("Ёров Ҷамшед", name)


@given(st.text(max_size=200))
def test_any_text_is_a_name_to_be_looked_at(text: str) -> None:
    assert len(keys(text)) < MOST_KEYS
    near(text)
    score(text, text)
