"""A roll-call by one caller: every clear line is told, each circle by itself; only the others are asked about."""

# ruff: noqa: PLR2004 - how many lines, news and letters there are is what is tested here

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bot import i18n
from bot.domain.conversation import Incoming, Said, Sender
from storage import circles, relatives, reports
from storage.database import Tx
from storage.schema import news, report, report_line
from tests.family.looking import button, forge, id_of, invite_to, make_circle, press, rows
from tests.family.test_links import code_at, type_code_again
from tests.stage import Actor, Stage

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def adds(stage: Stage, actor: Actor, *names: str, circle: str = "Family") -> None:
    """Put people without the bot into a circle of this person."""
    who = await id_of(stage, actor)

    def add(tx: Tx) -> None:
        which = next(one.id for one in circles.circles_of(tx, who) if one.name == circle)
        for name in names:
            relatives.add(tx, which, name, stage.now())

    await stage.storage.write(add)


async def waiting(stage: Stage, actor: Actor) -> list[str]:
    """What was written of the lines that wait for this person's answer."""
    who = await id_of(stage, actor)

    def look(tx: Tx) -> list[str]:
        return [json.loads(one.body)["text"] for one in reports.waiting(tx, who, stage.now())]

    return await stage.storage.read(look)


async def count(stage: Stage, table: str) -> int:
    return len((await rows(stage))[table])


def since(actor: Actor, before: int) -> str:
    """What this person has read since then."""
    return "\n\n".join(i18n.plain(message.text) for message in actor.messages[before:])


# -- forty lines ---------------------------------------------------------------------------------------------------

GIVEN = (
    *("Гулнора", "Мадина", "Фарида", "Парвина", "Нигора", "Шаҳло", "Зуҳро", "Мавҷуда", "Саодат", "Ойша", "Малика"),
    *("Далер", "Карим", "Рустам", "Баҳром", "Ҷамшед", "Фирӯз", "Қосим", "Умед", "Омон", "Шодӣ", "Сафар", "Назар"),
    *("Анвар", "Бобо Мирзо", "Ҳаким", "Ибодат", "Лола", "Муҳаббат", "Насиба", "Олим", "Раҳмат", "Тоҷинисо", "Ёсуман"),
    *("Ғайрат", "Ҳусейн", "Дилбар", "Эҳсон", "Юсуф"),
)
FORTY = """Ассалому алайкум
1. Гулнора – саломат – дидам – 14 март
2. Мадина - хуб - дидам
3. Farida - salomat - ovozashro shunidam - diruz
4. Парвина саломат дидам
5. Нигора: жива, говорила с ней вчера
6. Шахло – сиҳату саломат – дидам
7. Зухро – захми – дидам – имруз
8. Мавчуда – кӯчид – гуфтанд
9. Саодат – в порядке – написала мне – 3 дня назад
10. Oysha is safe, I saw her yesterday
11. Малика – касал – гуфтанд
12. Далер – зинда – занг задам
13. Карим – саломат нест – дидам
14. Рустам – жив-здоров – сам видел
15. Бахром – хуб – дар рӯйхат – дирӯз
16. Љамшед – саломат – дидам
17. Firuz - soghu salomat - didam
18. Ќосим – саломат – дидам
19. Умед – хуб – дидам
20. Омон – саломат – дидам
21. Шоди – ок – позвонила мне
22. Сафар – уехал – сказали
23. Назар, саломат, дидам, дирӯз
24. Анвар; хуб; дидам; парерӯз
25. Мирзо | саломат | дидам
26. Хаким	хуб	дидам
27. Ибодат саломат, ба Хоруғ рафт, гуфтанд
28. Лола – саломат – дидам
29. Мухаббат – хуб – шунидам
30. Насиба – ранена – видел
31. Олим – дар амон – дидам
32. Рахмат – зинда – дидам
33. Точинисо – саломат – дидам
34. Ёсуман – хуб – дидам
35. Гайрат – саломат – дидам
36. Хусейн – хуб – дидам
37. Дилбар – саломат – дидам
38. Эхсон – саломат – дидам
39. Юсуф – саломат – дидам
40. Хуршед – саломат – дидам"""


async def test_forty_lines_with_three_ambiguous_ones_give_37_pieces_of_news_and_three_questions(stage: Stage) -> None:
    caller, maria = await stage.family("Zarina", "Maria")
    await make_circle(stage, caller, "Village")
    await adds(stage, caller, *GIVEN)
    await adds(stage, caller, "Лола", circle="Village")  # two of that name, in two circles
    await caller.says("/rollcall")
    before = len(caller.messages), len(maria.messages)
    await caller.says(FORTY)
    assert await count(stage, "news") == 37
    assert await waiting(stage, caller) == [
        "13. Карим – саломат нест – дидам",
        "28. Лола – саломат – дидам",
        "40. Хуршед – саломат – дидам",
    ]
    summary, question = (i18n.plain(message.text) for message in caller.messages[before[0] :])
    assert "News of 37 people is told." in summary
    assert "“Family” heard of 37 people." in summary
    assert "Village" not in summary
    assert "3 lines are not clear. I ask you about them one by one." in summary
    assert "• hurt: Зуҳро, Малика and Насиба" in summary
    assert "Line 14: “13. Карим – саломат нест – дидам”" in question
    read = since(maria, before[1])
    assert read.count("Source: Zarina, ") == 37
    assert "Бобо Мирзо: safe." in read
    assert not any(name in read for name in ("Карим", "Лола", "Хуршед"))

    await caller.presses("Hurt")
    assert "Карим: hurt." in maria.last
    assert "нест" not in maria.last, "words that were not understood go to nobody"
    assert "Several people have this name. Whom do you mean?" in caller.last
    await caller.presses("Лола (Family)")
    assert "Лола: safe." in maria.last
    assert "I know nobody of this name in your circles." in caller.last
    await caller.presses("New in “Family”")
    assert "Zarina has added Хуршед to “Family”." in since(maria, before[1])
    assert "Хуршед: safe." in since(maria, before[1])
    assert "Every line of your list is clear." in caller.last
    assert await count(stage, "news") == 40
    assert await waiting(stage, caller) == []


# -- three languages -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "tg",
            ("Хабари 2 нафар расонда шуд.", "1 сатр равшан нест.", "Мадина: дар амон.", "Ҳамаи сатрҳои рӯйхати шумо"),
        ),
        (
            "ru",
            ("Сообщено: вести о 2 людях.", "Не ясна 1 строка.", "Мадина: в безопасности.", "Все строки вашего списка"),
        ),
        ("en", ("News of 2 people is told.", "1 line is not clear.", "Мадина: safe.", "Every line of your list")),
    ],
)
async def test_it_is_told_and_read_in_each_language(stage: Stage, language: str, words: tuple[str, ...]) -> None:
    caller, maria = await stage.family("Зарина", "Maria", languages={"Зарина": language, "Maria": language})
    await adds(stage, caller, "Гулнора", "Мадина", "Далер")
    await caller.says("/ruyhat")
    example = caller.last.split("\n\n")[1]
    assert len(example.splitlines()) == 3
    await caller.says("Гулнора – саломат – дидам – 14 март\nМадина – жива? – видела\nDaler - safe - I saw him")
    told, unclear, letter, end = words
    assert caller.sees(told)
    assert caller.sees(unclear)
    await stage.in_code(caller, "roll.is")  # the first one says “safe”
    assert letter in maria.screen
    assert end in caller.last


@pytest.mark.parametrize("language", i18n.LANGUAGES)
async def test_the_example_is_itself_a_clear_roll_call(stage: Stage, language: str) -> None:
    names = ("Gulnora", "Karim", "Madina") if language == "en" else ("Гулнора", "Далер", "Мадина")
    caller, _maria = await stage.family("Zarina", "Maria", languages={"Zarina": language})
    await adds(stage, caller, *names)
    await caller.says("/rollcall")
    await caller.says(caller.last.split("\n\n")[1])
    assert await waiting(stage, caller) == []
    assert await count(stage, "news") == 3


# -- each circle by itself -----------------------------------------------------------------------------------------


async def two_circles(stage: Stage) -> tuple[Actor, Actor, Actor]:
    """A caller between two circles that know nothing of each other."""
    caller, maria = await stage.family("Zarina", "Maria")
    other = stage.actor("temur")
    await other.settles_in("Temur")
    await make_circle(stage, caller, "Village")
    await invite_to(stage, caller, "Village", other)
    await adds(stage, caller, "Canary Family", "Gulnora Family")
    await adds(stage, caller, "Canary Village", "Gulnora Village", circle="Village")
    return caller, maria, other


async def test_no_circle_sees_another(stage: Stage) -> None:
    caller, maria, other = await two_circles(stage)
    await caller.says(
        "Canary Family – safe – I saw her\nCanary Village – hurt – I saw her\nGulnora Family – needs help\n"
        "Gulnora Village – moved – I was told\nGulnora – safe – I saw her\nCanary – ok?"
    )
    for name in ("Family", "Village"):
        assert f"“{name}” heard of 2 people." in caller.screen
    await caller.presses("Gulnora Village (Village)")
    await caller.presses("A line is wrong")
    await caller.presses("Canary Family: safe")
    await caller.presses("Take this line back")
    await maria.says("/people")
    await other.says("/people")
    for reader, own, foreign in ((maria, "Family", "Village"), (other, "Village", "Family")):
        shown = reader.screen + " ".join(choice.label for message in reader.messages for choice in message.choices)
        assert f"Canary {own}" in shown, "the control"
        assert f"Gulnora {own}" in shown
        assert foreign not in shown
    assert "Maria" not in other.screen
    assert "Temur" not in maria.screen


async def test_somebody_who_is_in_two_of_the_callers_circles_is_one_person_and_both_are_told(stage: Stage) -> None:
    caller, maria, other = await two_circles(stage)
    daler = stage.actor("daler")
    await daler.settles_in("Daler")
    await invite_to(stage, caller, "Family", daler)
    await invite_to(stage, caller, "Village", daler)
    await caller.says("Daler – safe – I saw him\nGulnora Family – safe – I saw her")
    assert "News of 2 people is told." in caller.last
    assert "Daler: safe." in maria.screen
    assert "Daler: safe." in other.screen
    assert await count(stage, "news") == 2


async def test_one_person_who_is_kept_in_two_circles_is_told_in_both_if_the_caller_says_so(stage: Stage) -> None:
    caller, maria, other = await two_circles(stage)
    await adds(stage, caller, "Farida")
    await adds(stage, caller, "Farida", circle="Village")
    await caller.says("Farida – safe – I saw her")
    assert caller.buttons[:3] == ["Farida (Family)", "Farida (Village)", "👥 All of them are one person"]
    await caller.presses("All of them")
    assert "Farida: safe." in maria.last
    assert "Farida: safe." in other.last


async def test_two_who_share_a_name_in_one_circle_can_not_be_one_person(stage: Stage) -> None:
    caller, maria = await stage.family("Zarina", "Maria")
    await adds(stage, caller, "Farida Karimova", "Farida Rahimova")
    await caller.says("Farida – safe – I saw her")
    assert "Several people have this name." in caller.last
    assert not any("one person" in label for label in caller.buttons)
    await caller.presses("Farida Rahimova")
    assert "Farida Rahimova: safe." in maria.last


# -- what waits ----------------------------------------------------------------------------------------------------


async def village(stage: Stage) -> tuple[Actor, Actor]:
    caller, maria = await stage.family("Zarina", "Maria")
    await adds(stage, caller, "Gulnora", "Daler", "Madina")
    return caller, maria


UNCLEAR = "Gulnora – safe – I saw her\nDaler – not ok – I saw him\nMadina – ok? – I saw her"


async def test_a_question_survives_a_restart_other_buttons_and_a_change_of_device(both: Stage) -> None:
    caller, maria = await village(both)
    await caller.says(UNCLEAR)
    kept = button(caller, "roll.is")
    both.app = both.open()
    await caller.presses("I am safe" if "I am safe" in caller.buttons else "Back")
    await caller.says("/people")
    await caller.says("/start")
    assert "2 lines of your list of news wait for an answer." in caller.last
    await caller.presses("Answer what is not clear")
    assert "Line 2: “Daler – not ok – I saw him”" in caller.last
    await caller.presses("Hurt")
    assert "Daler: hurt." in maria.last
    await press(both, caller, kept)
    assert "This button is no longer in use." in caller.last
    assert await count(both, "news") == 2
    new = both.actor("zarina.m", "matrix")
    await new.starts()
    await new.presses("English")
    await type_code_again(new, await code_at(caller))
    await caller.presses("Yes, it is mine")
    await new.says("/start")
    assert "wait for an answer" not in new.screen, "a new account is shown nothing"
    await both.pass_time(25 * HOUR, HOUR)
    await new.says("/start")
    assert "1 line of your list of news waits for an answer." in new.last
    await new.presses("Answer what is not clear")
    await new.presses("Safe")
    assert "Madina: safe." in maria.last


async def test_what_is_never_answered_is_gone_after_three_days(stage: Stage) -> None:
    caller, _maria = await village(stage)
    await caller.says(UNCLEAR)
    kept = button(caller, "roll.is")
    await stage.pass_time(71 * HOUR, HOUR)
    assert len((await rows(stage))["report_line"]) == 3
    await stage.pass_time(2 * HOUR, HOUR)
    found = await rows(stage)
    assert found["report"] == found["report_line"] == []
    assert len(found["news"]) == 1, "what was told stays"
    await press(stage, caller, kept)
    assert "This button is no longer in use." in caller.last
    await caller.says("/start")
    assert "your list of news" not in caller.last


async def test_a_need_for_help_goes_out_at_once_and_what_may_be_one_is_asked_first(stage: Stage) -> None:
    caller, maria = await village(stage)
    await adds(stage, caller, "Karim")
    await caller.says("Gulnora – ok?\nMadina – safe\nDaler – safe, help\nKarim – needs help")
    assert "Karim: needs help." in maria.last
    assert "I have seen it" in " ".join(maria.buttons)
    assert "heard it from others" in maria.last, "how it is known was not said: it is called hearsay, and does not wait"
    assert "Line 3: “Daler – safe, help”" in caller.last
    await caller.presses("Needs help")
    assert "Daler: needs help." in maria.last
    assert "How do you know how they are? Your lines do not say it: Madina" in caller.last


async def test_how_it_is_known_is_asked_once_for_all_the_lines_that_do_not_say_it(stage: Stage) -> None:
    caller, maria = await village(stage)
    before = len(maria.messages)
    await caller.says("Gulnora – safe\nDaler – hurt\nMadina – safe – I saw her")
    assert "Your lines do not say it: Gulnora and Daler" in caller.last
    assert "Gulnora" not in since(maria, before)
    await caller.presses("Somebody told me")
    read = since(maria, before)
    assert read.count("heard it from others") == 2
    assert "Gulnora: safe." in read
    assert "Daler: hurt." in read
    assert "Every line of your list is clear." in caller.last


async def test_a_day_that_is_none_is_asked_and_counted_from_the_day_it_was_written(stage: Stage) -> None:
    caller, maria = await village(stage)
    await caller.says("Gulnora – safe – I saw her – 31.02\nDaler – safe – I saw him")
    assert "When was that? The day is enough." in caller.last
    await stage.pass_time(DAY, HOUR)
    await caller.presses("Yesterday")
    assert "Gulnora: safe." in maria.last
    assert "True 2 days ago." in maria.last


async def test_lines_that_say_two_things_of_one_person_are_asked_about(stage: Stage) -> None:
    caller, maria = await village(stage)
    before = len(maria.messages)
    await caller.says("Gulnora – safe – I saw her\nDaler – safe – I saw him\nGulnora – hurt – I saw her")
    assert "Gulnora" not in since(maria, before)
    assert "“Gulnora – safe – I saw her / Gulnora – hurt – I saw her”\nIt can be read in two ways." in caller.last
    await caller.presses("Hurt")
    await caller.presses("I saw them")
    assert "Gulnora: hurt." in maria.last


async def test_a_line_that_stands_there_twice_is_told_once(stage: Stage) -> None:
    caller, maria = await village(stage)
    await caller.says("Gulnora – safe – I saw her\nDaler – safe – I saw him\nGulnora – safe")
    assert "News of 2 people is told." in caller.last
    assert maria.screen.count("Gulnora: safe.") == 1


async def test_the_same_roll_call_sent_twice_tells_and_asks_nothing_twice(stage: Stage) -> None:
    caller, maria = await village(stage)
    await caller.says(UNCLEAR)
    before = len(maria.messages)
    await caller.says(UNCLEAR)
    assert await count(stage, "news") == 1
    assert len(await waiting(stage, caller)) == 2
    assert "Told before, and not told again: Gulnora" in caller.screen
    assert since(maria, before) == ""
    await stage.pass_time(HOUR)
    await caller.says("Gulnora – hurt – I saw her\nDaler – hurt – I saw him")
    await stage.pass_time(HOUR)
    await caller.says("Gulnora – safe – I saw her")  # she is well again: that is news
    assert await count(stage, "news") == 4
    await stage.pass_time(25 * HOUR, HOUR)
    await caller.says("Gulnora – safe – I saw her")  # a day later it is news again
    assert await count(stage, "news") == 5


async def test_a_line_can_be_written_again_and_waits_until_it_is(stage: Stage) -> None:
    caller, maria = await village(stage)
    await caller.says("Gulnora and Daler – safe – I saw them\nMadina – safe – I saw her")
    assert "it names more than one person. Please write a line for each." in caller.last
    await caller.presses("Write it again")
    assert "You wrote: “Gulnora and Daler – safe – I saw them”" in caller.last
    assert len(await waiting(stage, caller)) == 1
    await caller.says("hm hm")
    assert "I could not read a name with news there." in caller.last
    assert len(await waiting(stage, caller)) == 1
    await caller.says("Gulnora – safe – I saw her\nDaler – safe – I saw him")
    assert "News of 2 people is told." in caller.last
    assert "Daler: safe." in maria.last
    assert await waiting(stage, caller) == []


async def test_where_choices_are_numbered_lists_a_numbered_roll_call_picks_none_of_them(stage: Stage) -> None:
    caller, maria = await village(stage)
    stage.memory.lists = True
    await caller.says("/start")
    await caller.says("1. Gulnora – safe – I saw her\n2. Daler – not ok – I saw him")
    assert "Gulnora: safe." in maria.last
    await caller.says("3")  # hurt
    assert "Daler: hurt." in maria.last
    await caller.says("/rollcall")
    await caller.says("1. Madina – safe – I saw her")
    assert "Madina: safe." in maria.last


async def test_a_line_can_be_left_out(stage: Stage) -> None:
    caller, maria = await village(stage)
    before = len(maria.messages)
    await caller.says("Temur – safe – I saw him\nGulnora – safe – I saw her")
    await caller.presses("Leave this line out")
    assert "Every line of your list is clear." in caller.last
    assert "Temur" not in since(maria, before)


async def test_where_nobody_knows_anything_nothing_is_told(stage: Stage) -> None:
    caller, maria = await village(stage)
    await caller.says("Gulnora – missing\nDaler – safe – I saw him\nTemur – no news")
    assert "Where nobody knows anything, I tell nothing: Gulnora and Temur" in caller.last
    assert await count(stage, "news") == 1
    assert "Gulnora" not in maria.last


async def test_ones_own_name_is_not_told_as_news_of_another(stage: Stage) -> None:
    caller, _maria = await village(stage)
    await caller.says("Zarina – safe – I saw her\nDaler – safe – I saw him")
    assert "That is your own name." in caller.last
    assert await count(stage, "news") == 1


async def test_somebody_who_has_left_meanwhile_is_asked_for_again(stage: Stage) -> None:
    caller, maria = await stage.family("Zarina", "Maria")
    daler = stage.actor("daler")
    await daler.settles_in("Daler")
    await invite_to(stage, caller, "Family", daler)
    await caller.says("Daler – not ok – I saw him\nMaria – safe – I saw her")
    await daler.says("/circles")
    await stage.in_code(daler, "circle")
    await stage.in_code(daler, "circle.leave")
    await stage.in_code(daler, "circle.left")
    await caller.presses("Hurt")
    assert "Daler: hurt" not in maria.screen
    assert caller.sees("I know nobody of this name in your circles.")
    assert await count(stage, "news") == 1


async def test_the_words_of_a_dialogue_are_a_roll_call_only_where_one_is_expected(stage: Stage) -> None:
    caller, maria = await village(stage)
    await caller.says("/people")
    await caller.presses("News of somebody")
    await caller.presses("News of many")
    await caller.says("Gulnora – safe – I saw her")
    await caller.says("Daler – safe – I saw him")  # one line after the other, without pressing anything
    assert "Daler: safe." in maria.last
    await caller.says("need help")
    assert "Your call for help" in caller.last, "a call of one's own is heard at any time"


async def test_a_death_in_a_list_is_told_to_nobody_who_reads_the_list(stage: Stage) -> None:
    caller, maria = await village(stage)
    before = len(maria.messages)
    await caller.says("Gulnora – died – I saw it\nDaler – arrested – I was told\nMadina – safe – I saw her")
    assert "Taken up with care, and written to nobody: Gulnora and Daler" in caller.screen
    assert "News of 1 person is told." in caller.screen
    read = since(maria, before)
    assert "Madina: safe." in read
    assert not any(word in read for word in ("Gulnora", "died", "arrested", "detained"))
    found = await rows(stage)
    assert len(found["hard"]) == len(found["hard_word"]) == 2
    assert len(found["news"]) == 1
    await caller.presses("A line is wrong")
    await caller.presses("Gulnora: Very bad news")
    await caller.presses("Take this line back")
    assert len((await rows(stage))["hard_word"]) == 1


async def test_a_death_is_offered_as_an_answer_only_where_the_line_speaks_of_one(stage: Stage) -> None:
    caller, _maria = await village(stage)
    await caller.says("Gulnora – safe, died? – I saw it\nDaler – not ok – I saw him")
    assert {"⚫ Detained", "⚫ Died"} <= set(caller.buttons)
    await caller.presses("Died")
    assert len((await rows(stage))["hard"]) == 1
    assert "Line 2" in caller.last
    assert not {"⚫ Detained", "⚫ Died"} & set(caller.buttons)


async def test_taking_all_of_it_back_takes_a_death_back_too(stage: Stage) -> None:
    caller, _maria = await village(stage)
    await caller.says("Gulnora – died – I saw it\nMadina – safe – I saw her")
    await caller.presses("Take all of it back")
    await caller.presses("Yes, take all of it back")
    found = await rows(stage)
    assert found["hard_word"] == found["news"] == found["report"] == []


# -- what is no roll-call ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Temur – safe",  # nobody of the caller's circles
        "Thank you, see you tomorrow",
        "Daler, I am safe",  # to somebody, not about them
        "Gulnora, мы в порядке",
        "Gulnora",
        "Hello!\nGood morning to you",
        "I am fine\nWe are all fine",
    ],
)
async def test_other_words_are_answered_as_before(stage: Stage, text: str) -> None:
    caller, _maria = await village(stage)
    await caller.says(text)
    assert "I did not understand that." in caller.last
    assert await count(stage, "report") == 0


async def test_somebody_without_a_circle_is_told_what_to_do_first(stage: Stage) -> None:
    alone = stage.actor("alone")
    await alone.settles_in("Alone")
    await alone.says("/rollcall")
    assert "Nobody would hear you yet." in alone.last
    await alone.says("Gulnora – safe\nDaler – safe")
    assert "I did not understand that." in alone.last


async def test_a_forwarded_roll_call_is_somebody_elses(stage: Stage) -> None:
    caller, _maria = await village(stage)
    await caller.memory.hear(caller.account, Said(UNCLEAR, forwarded=True))
    await stage.settle()
    assert "You have forwarded somebody else's words." in caller.last
    assert await count(stage, "news") == 0


async def test_too_many_lines_and_too_long_texts_are_refused_with_what_to_do(stage: Stage) -> None:
    caller, _maria = await village(stage)
    await caller.says("/rollcall")
    await caller.says("Gulnora – safe\n" * 101)
    assert "Please send at most 100 lines in one message, and the others in the next." in caller.last
    await caller.says("Gulnora – safe – " + "very " * 1000)
    assert "That is too long." in caller.last
    assert await count(stage, "report") == 0


HOSTILE = [
    "<b>Gulnora</b> – safe – I saw her",
    "Gulnora</b><script>alert(1)</script> – safe",
    "Gulnora\u202e – safe – I saw her",
    "Gul\u200bnora – safe – I saw her",
    "{name} – safe – I saw her\nGulnora – {circle} – ok?",
    "Gulnora – safe – I saw her – &lt;b&gt; {ago} \u202e dna",
    "Gulnora – safe – " + "\u0301" * 400,
    "Gulnora – needs help – <a href='https://evil.example'>look</a>",
    "roll.is:1:safe – safe\nGulnora – roll.back:1 – ok?",
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_lines_stand_on_the_screens_as_plain_words(stage: Stage, text: str) -> None:
    caller, maria = await village(stage)
    await caller.says("/rollcall")
    await caller.says(text)
    for actor in (caller, maria):
        for message in actor.messages:
            shown = str(message.text)
            assert "<script" not in shown
            assert "<b>Gulnora</b></b>" not in shown
            assert "<a" not in shown
            assert not any(sign in shown for sign in "\u202e\u200b")
    assert "Something went wrong on our side" not in caller.screen


async def test_a_line_delivered_late_is_of_the_day_it_was_written(stage: Stage) -> None:
    caller, maria = await village(stage)
    written = stage.now() - 2 * DAY
    text = "Gulnora – safe – I saw her – yesterday\nDaler – safe – I saw him"
    late = Incoming("late", Sender("memory", caller.memory.bot, caller.account), written, Said(text))
    await stage.hear([late])
    await stage.settle()
    assert "Gulnora: safe." in maria.screen
    assert "True 3 days ago." in maria.screen
    assert "True 2 days ago." in maria.screen
    ahead = replace(late, id="ahead", at=stage.now() + 30 * DAY, heard=Said("Madina – safe – I saw her"))
    await stage.hear([ahead])
    await stage.settle()
    assert "Madina: safe.\nSource: Zarina, saw them. True just now." in maria.last


# -- taking back ---------------------------------------------------------------------------------------------------


async def test_all_of_it_can_be_taken_back_and_everybody_who_got_it_is_told(stage: Stage) -> None:
    caller, maria = await village(stage)
    await caller.says("Gulnora – hurt – I saw her")
    await caller.says("Gulnora – safe – I saw her\nDaler – needs help – I saw him\nMadina – ok?")
    before = len(maria.messages)
    await caller.presses("Take all of it back")  # of the second one
    assert caller.sees("Take back 2 lines? Everybody who got them is told.")
    kept = button(caller, "roll.back.yes")
    await caller.presses("Yes, take all of it back")
    assert caller.sees("All of it is taken back.")
    assert "Correction: the news of Gulnora was taken back by Zarina." in since(maria, before)
    assert "the call for help for Daler was a mistake" in maria.screen
    await maria.says("/people")
    assert "Gulnora: hurt" in maria.last, "what was known before stands again"
    assert "Daler: no news yet" in maria.last
    assert await waiting(stage, caller) == []
    await press(stage, caller, kept)
    assert "This button is no longer in use." in caller.last


async def test_one_line_can_be_taken_back_and_written_again(stage: Stage) -> None:
    caller, maria = await village(stage)
    await caller.says("Gulnora – safe – I saw her\nDaler – safe – I saw him")
    await caller.presses("A line is wrong")
    assert caller.buttons[:2] == ["Gulnora: safe", "Daler: safe"]
    await caller.presses("Daler: safe")
    assert "Daler: safe." in caller.last
    await caller.presses("Take it back and write it again")
    assert "Correction: the news of Daler was taken back by Zarina." in maria.last
    await caller.says("Daler – hurt – I saw him")
    assert "Daler: hurt." in maria.last
    await maria.says("/people")
    assert "Gulnora: safe" in maria.last


async def test_nobody_else_can_answer_for_a_roll_call_or_take_it_back(stage: Stage) -> None:
    caller, maria = await village(stage)
    await caller.says(UNCLEAR)
    codes = {choice.code for message in caller.messages for choice in message.choices if "roll." in choice.code}
    assert len(codes) > 5
    before = await rows(stage)
    for code in sorted(codes):
        await forge(stage, maria, code)
        assert await same(stage, before), code
    for code in ("roll.is", "roll.is:zz", "roll.who:0:0", "roll.how:0:saw", "roll.day:1:99", "roll.lines:0:99999999"):
        await forge(stage, caller, code)
        assert await same(stage, before), code
    assert "Something went wrong on our side" not in caller.screen + maria.screen


async def same(stage: Stage, before: dict[str, list[tuple[object, ...]]]) -> bool:
    """Whether nothing was told, asked or taken back since."""
    now = await rows(stage)
    return all(now[table.name] == before[table.name] for table in (news, report, report_line))


async def test_who_is_forgotten_leaves_no_line_behind(stage: Stage) -> None:
    caller, _maria = await village(stage)
    await caller.says(UNCLEAR)
    await caller.says("/forget")
    await caller.presses("Yes, forget me")
    found = await rows(stage)
    assert found["report"] == found["report_line"] == []
