"""The first contact: a language, what the bot is, a name; whatever a person does first, nothing is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot import i18n
from bot.domain.conversation import Attached, Heard, Pressed, Said, Started
from tests.family.looking import button, forge, press
from tests.stage import Actor, Stage

PICKER = ("Забонро интихоб кунед", "Выберите язык", "Choose a language")
FIRST: dict[str, Heard] = {
    "a link": Started("123"),
    "a start": Started(),
    "a greeting": Said("Салом!"),
    "a cry for help": Said("Помогите"),
    "a command": Said("/privacy"),
    "nonsense": Said("\u202e\x00%{name}<b>"),
    "a long text": Said("а" * 10_000),
    "nothing visible": Said("\u200b\u200d"),
    "a button": Pressed("safe"),
    "a forged button": Pressed("door.open:zzzz", "77"),
    "a photo": Attached("photo", "ref", ""),
}


@pytest.mark.parametrize("first", FIRST)
async def test_whatever_comes_first_is_answered_by_the_three_languages(stage: Stage, first: str) -> None:
    newcomer = stage.actor("n")
    await stage.memory.hear("n", FIRST[first])
    await stage.settle()
    assert all(line in newcomer.last for line in PICKER)
    assert newcomer.buttons == ["Тоҷикӣ", "Русский", "English"]


async def test_the_language_is_never_guessed_from_what_the_app_claims(stage: Stage) -> None:
    stage.memory.hints["n"] = "ru"
    newcomer = stage.actor("n")
    await newcomer.starts()
    assert all(line in newcomer.last for line in PICKER)


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Whoever runs this messenger can see"), ("ru", "Те, кто управляет"), ("tg", "Касоне, ки ин мессенҷерро")],
)
async def test_after_the_language_stands_what_it_is_and_what_others_can_see(
    stage: Stage, language: str, words: str
) -> None:
    newcomer = stage.actor("n")
    await newcomer.starts()
    await newcomer.presses(i18n.LANGUAGE_NAMES[language])
    assert newcomer.sees(words)
    assert newcomer.sees("/privacy")
    assert not any(line in newcomer.screen for line in PICKER), "the picker became the introduction"


async def host_with_code(stage: Stage) -> tuple[Actor, str]:
    (host,) = await stage.family("Host")
    await host.says("/circles")
    await stage.in_code(host, "circle")
    await stage.in_code(host, "invite")
    return host, stage.code_of(host)


@pytest.mark.parametrize("way", ["link", "typed code", "link again at the name", "start again at the name"])
async def test_an_invitation_survives_the_language_and_the_name(stage: Stage, way: str) -> None:
    host, code = await host_with_code(stage)
    guest = stage.actor("guest")
    if way == "typed code":
        await guest.says(" ".join(code))
    else:
        await guest.starts(code)
    await guest.presses("Русский")
    if "again" in way:
        await guest.starts(code if way == "link again at the name" else "")
    await guest.says("Гулнора")
    assert "приглашение" in guest.last
    await stage.in_code(guest, "join")
    assert "Гулнора has used your invitation" in host.last


async def test_an_invitation_that_is_none_is_dropped_without_a_word(stage: Stage) -> None:
    guest = stage.actor("guest")
    await guest.settles_in("Safar", payload="nonsense")
    assert "join one with an invitation" in guest.last


async def named(stage: Stage, words: str) -> Actor:
    """Somebody who was asked for a name and wrote this."""
    newcomer = stage.actor("n")
    await newcomer.starts()
    await newcomer.presses("English")
    await newcomer.says(words)
    return newcomer


@pytest.mark.parametrize(
    "words", ["Омон", "Саломат", "Зинда", "Safe", "Nourmamad", "Забон", "Ок", "М. Саидова", "Anna 2"]
)
async def test_a_name_may_be_a_word_that_means_something_elsewhere(stage: Stage, words: str) -> None:
    newcomer = await named(stage, words)
    assert f"Good, {words}." in newcomer.last


@pytest.mark.parametrize(
    ("words", "becomes"),
    [
        ("  Gulnora  \n Khudoyorova ", "Gulnora Khudoyorova"),
        ("\u202eanraM", "anraM"),
        ("Da\u200bler\u2066", "Daler"),
        ("Гул\u0301нора", "Гу\u043b\u0301нора"),
        ("A\r\nB\u2028C", "A B C"),
    ],
)
async def test_a_name_becomes_one_honest_line(stage: Stage, words: str, becomes: str) -> None:
    newcomer = await named(stage, words)
    assert f"Good, {becomes}." in newcomer.last


@pytest.mark.parametrize(
    "words",
    [
        "<b>Ali</b>",
        "{name}",
        "@Payvand_help_bot",
        "t.me/payvandhelp",
        "Anna: safe, 1 minute ago",
        "123",
        "😀",
        "a" + "\u0301" * 3,
    ],
)
async def test_what_could_be_taken_for_something_else_is_no_name(stage: Stage, words: str) -> None:
    newcomer = await named(stage, words)
    assert "Please write only a name:" in newcomer.last
    await newcomer.says("Ali")
    assert "Good, Ali." in newcomer.last


@pytest.mark.parametrize("words", ["\u200b", "\u202e \u2066", "   "])
async def test_a_name_of_nothing_is_asked_again(stage: Stage, words: str) -> None:
    newcomer = await named(stage, words)
    assert "I could not read any words" in newcomer.last
    await newcomer.says("Ali")
    assert "Good, Ali." in newcomer.last


async def test_a_name_that_is_too_long_is_asked_again(stage: Stage) -> None:
    newcomer = await named(stage, "a" * 41)
    assert "at most 40 characters" in newcomer.last
    await newcomer.says("a" * 40)
    assert "Good, " in newcomer.last


@pytest.mark.parametrize("words", ["I need help", "Ба ман кумак лозим", "мне нужна помощь", "/sos"])
async def test_a_cry_for_help_is_never_taken_for_a_name(stage: Stage, words: str) -> None:
    (zarina, daler) = await stage.family("Zarina", "Daler")
    await zarina.says("/start")
    await zarina.presses("More")
    await zarina.presses("Settings")
    await zarina.presses("My name")
    await zarina.says(words)
    assert "Your call for help" in zarina.last
    assert "Zarina: I need help." in daler.last


@pytest.mark.parametrize("words", ["помогите", "Help", "кумак", "SOS", "Мадад"])
async def test_one_word_that_may_be_a_name_or_a_cry_is_asked_about(stage: Stage, words: str) -> None:
    newcomer = await named(stage, words)
    assert "Are you in danger" in newcomer.last
    await newcomer.says("Madad Nazarov")
    assert "Good, Madad Nazarov." in newcomer.last


@pytest.mark.parametrize("words", ["отмена", "бекор", "/cancel", "назад"])
async def test_the_question_for_a_name_can_be_left(stage: Stage, words: str) -> None:
    newcomer = await named(stage, words)
    assert "Good, " not in newcomer.last
    assert "✅ I am safe" in newcomer.buttons


async def test_a_command_nobody_knows_is_no_name(stage: Stage) -> None:
    newcomer = await named(stage, "/nonsense")
    assert "I did not understand" in newcomer.last


async def test_a_photo_instead_of_a_name_is_refused_kindly_and_the_name_is_still_awaited(stage: Stage) -> None:
    newcomer = stage.actor("n")
    await newcomer.starts()
    await newcomer.presses("English")
    await stage.memory.attach("n", "photo", "ref", "My photo")
    await stage.settle()
    assert "I can read only words." in newcomer.last
    await newcomer.says("Ali")
    assert "Good, Ali." in newcomer.last


async def test_nobody_makes_a_circle_without_a_name_that_its_members_could_know(stage: Stage) -> None:
    newcomer = await named(stage, "/cancel")
    await newcomer.says("/circles")
    await newcomer.presses("Make a circle")
    assert "First write the name" in newcomer.last
    await newcomer.says("Ali")
    await newcomer.presses("Make a circle")
    assert "What shall the circle be called?" in newcomer.last


async def test_the_language_can_be_changed_at_any_time_and_the_name_stays(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.says("/zabon")
    await zarina.presses("Русский")
    assert "Теперь я пишу вам на этом языке." in zarina.last
    await daler.presses("I am safe")
    assert "Daler: я в безопасности." in zarina.last


async def test_a_language_that_does_not_exist_can_not_be_chosen(stage: Stage) -> None:
    newcomer = stage.actor("n")
    await newcomer.starts()
    await forge(stage, newcomer, "speak:xx")
    assert "This button is no longer in use." in newcomer.last
    await newcomer.says("hello")
    assert all(line in newcomer.last for line in PICKER)


async def test_everything_stands_within_two_taps_of_a_short_list(stage: Stage) -> None:
    zarina, _daler = await stage.family("Zarina", "Daler")
    await zarina.presses("More")
    here = zarina.messages[-1]
    assert len(here.choices) <= 9  # noqa: PLR2004 - so many are read at one glance
    found = {one.code for one in here.choices}
    for label in ("My circles", "Just in case", "Settings"):
        await zarina.presses(label)
        found |= {one.code for one in zarina.messages[-1].choices}
        await zarina.says("/start")
        await zarina.presses("More")
    await zarina.presses("Settings")
    assert found >= {"circles", "join", "code", "late", "trust", "ties", "link", "privacy", "manual"}
    assert found >= {"language", "name", "quiet"}
    await zarina.presses("My name")
    await zarina.presses("Back")
    assert "Settings" in zarina.last, "and one comes back to where one was"


async def test_the_manual_has_a_page_for_each_thing_and_leads_to_it(stage: Stage) -> None:
    zarina, _daler = await stage.family("Zarina", "Daler")
    for label, says, leads in (
        ("Spoken codes", "Each line works once.", "code"),
        ("Regular check-in", "If the time passes, I ask you first.", "late"),
        ("News of many", "Write one line for each of them:", "roll"),
        ("No network", "silence from there is expected", "ties"),
    ):
        await zarina.says("/help")
        await zarina.presses(label)
        assert says in zarina.last
        assert [one.code for one in zarina.messages[-1].choices] == [leads, "manual"]
    await forge(stage, zarina, "manual.page:xx")
    assert "This button is no longer in use." in zarina.last


async def test_the_name_can_be_changed_and_relatives_read_the_new_one(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.presses("More")
    await zarina.presses("Settings")
    await zarina.presses("My name")
    assert "Your circles know you as Zarina." in zarina.last
    await zarina.says("Zarina K.")
    assert "From now on your circles know you as Zarina K.." in zarina.last
    await zarina.presses("I am safe")
    assert "Zarina K.: I am safe." in daler.last


async def test_an_answer_that_comes_a_day_too_late_is_no_answer(stage: Stage) -> None:
    newcomer = stage.actor("n")
    await newcomer.starts()
    await newcomer.presses("English")
    await stage.pass_time(timedelta(hours=25), timedelta(hours=5))
    await newcomer.says("Ali")
    assert "I did not understand that." in newcomer.last


async def test_quiet_hours_can_be_set_and_taken_away_and_every_step_has_a_way_back(stage: Stage) -> None:
    (zarina,) = await stage.family("Zarina")
    await zarina.says("/start")
    await zarina.presses("More")
    await zarina.presses("Settings")
    await zarina.presses("Quiet hours")
    assert "You have no quiet hours." in zarina.last
    kept = button(zarina, "quiet.off")
    await zarina.presses("22:00")
    assert any("Back" in label for label in zarina.buttons)
    await zarina.presses("Dushanbe")
    assert "Saved." in zarina.last
    await zarina.presses("More")
    await zarina.presses("Settings")
    await zarina.presses("Quiet hours")
    assert "from 22:00 to 07:00" in zarina.last
    await press(stage, zarina, kept)
    await zarina.presses("More")
    await zarina.presses("Settings")
    await zarina.presses("Quiet hours")
    assert "You have no quiet hours." in zarina.last


async def test_no_question_and_no_answer_of_the_menus_is_a_dead_end(stage: Stage) -> None:
    """Every message that a walk through all menus meets has a button, or waits for words that it asks for."""
    zarina, _daler = await stage.family("Zarina", "Daler")
    await zarina.says("/start")
    seen: set[str] = set()
    waiting = [choice.code for choice in zarina.messages[-1].choices]
    harmful = {"forgotten", "circle.left", "circle.removed", "cleaned"}
    while waiting:
        code = waiting.pop()
        verb = code.split(":")[0]
        if verb in seen or verb in harmful:
            continue
        seen.add(verb)
        await forge(stage, zarina, code)
        newest = zarina.messages[-1]
        if newest.attachment is None:
            assert newest.choices, code
        waiting += [choice.code for choice in newest.choices]
    assert len(seen) > 30, "the walk went through the house"  # noqa: PLR2004
