"""One message and its way: heard once, answered once, never half-done, whatever it is and whatever happens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import pytest
import structlog

from bot import logs
from bot.app import App
from bot.domain.conversation import Attached, Changed, Incoming, Moved, Said, Sender, Started, Unreadable
from bot.domain.phrases import Intent
from bot.outbox.pace import UNLIMITED
from bot.platforms.memory import deep_link
from handlers import dispatch, home, router
from handlers.ask import Answer, Ask
from handlers.family import alarm
from handlers.petitions import relay as petition_relay
from handlers.updates import document, picturing, verify
from storage import checkins, inbox, people
from storage.database import Tx
from tests.family.looking import button, forge, id_of, press, rows, said_by_people
from tests.stage import Actor, Stage

# -- the same update twice -----------------------------------------------------------------------------------------

KINDS: dict[str, Callable[[Stage, Actor], Awaitable[object]]] = {
    "words": lambda stage, who: stage.memory.say(who.account, "I am safe"),
    "a start": lambda stage, who: stage.memory.start(who.account),
    "a press": lambda stage, who: stage.memory.press(who.account, *button(who, "help")),
    "a photo": lambda stage, who: stage.memory.attach(who.account, "photo"),
    "a block": lambda stage, who: stage.memory.block(who.account),
    "an unblock": lambda stage, who: stage.memory.unblock(who.account),
    "a group": lambda stage, _who: stage.memory.say("group", "hello", group=True),
    "a name": lambda stage, who: stage.memory.say(who.account, "Zarina K."),
}


@pytest.mark.parametrize("kind", KINDS)
async def test_an_update_that_comes_twice_changes_nothing(stage: Stage, kind: str) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.says("/start")
    if kind == "a name":
        await zarina.presses("More")
        await zarina.presses("Settings")
        await zarina.presses("My name")
    await KINDS[kind](stage, zarina)
    await stage.settle()
    before = (said_by_people(await rows(stage)), zarina.screen, daler.screen, stage.memory.chat("group"))
    for _again in range(3):
        await stage.memory.redeliver()
        await stage.settle()
    assert (said_by_people(await rows(stage)), zarina.screen, daler.screen, stage.memory.chat("group")) == before


async def test_the_same_words_said_twice_are_two_wishes(stage: Stage) -> None:
    """The control: it is the update's id that counts, not what it says."""
    zarina, daler = await stage.family("Zarina", "Daler")
    for _twice in range(2):
        await zarina.says("I am safe")
    assert daler.screen.count("Zarina: I am safe.") == 2  # noqa: PLR2004


async def test_ids_are_forgotten_after_two_days_and_throttles_when_they_are_over(stage: Stage) -> None:
    (zarina,) = await stage.family("Zarina")
    await forge(stage, zarina, "join:000000000000")
    await stage.pass_time(timedelta(hours=49), timedelta(hours=7))
    found = await rows(stage)
    assert found["inbox"] == found["throttle"] == []


# -- accidents -----------------------------------------------------------------------------------------------------


def breaks(after: Callable[[Ask, Tx], object] | None = None) -> Callable[[Ask, Tx], Answer]:
    """A handler with a defect, that perhaps writes something first."""

    def broken(ask: Ask, tx: Tx) -> Answer:
        if after is not None:
            after(ask, tx)
        secret = f"canary {ask.words} {ask.person.name}"
        raise ZeroDivisionError(secret)

    return broken


async def test_a_defect_is_told_with_a_number_and_leaves_nothing_half_done(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    before = said_by_people(await rows(stage))
    monkeypatch.setitem(router.PHRASES, Intent.SAFE, breaks(lambda ask, tx: list(alarm.call(ask, tx))))
    with structlog.testing.capture_logs() as lines:
        await zarina.says("I am safe")
    assert "Something went wrong on our side. If you write to us, mention " in zarina.last
    code = zarina.last.removesuffix(".").split()[-1]
    assert "✅ I am safe" in zarina.buttons
    assert not daler.sees("I need help")
    after = said_by_people(await rows(stage))
    kept = after.pop("accident")
    assert before.pop("accident") == []
    assert after == before
    assert [row[0] for row in kept] == [code]
    assert "I am safe" in kept[0][2], "the sealed message can be replayed"
    (line,) = [line for line in lines if line["event"] == "update.accident"]
    assert line["code"] == code
    written = str(logs.gate(None, "error", dict(line)))
    assert code in written
    assert "ZeroDivisionError" in written
    for canary in ("canary", "Zarina", "zarina", "safe"):
        assert canary not in written


async def test_a_message_that_met_a_defect_is_kept_for_a_day_and_not_tried_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    (zarina,) = await stage.family("Zarina")
    with monkeypatch.context() as broken:
        broken.setitem(router.BUTTONS, "home", breaks())
        await forge(stage, zarina, "home")
    told = zarina.screen
    await stage.memory.redeliver()
    await stage.settle()
    assert zarina.screen == told
    await stage.pass_time(timedelta(hours=23), timedelta(hours=1))
    assert len(await stage.storage.read(inbox.accidents)) == 1
    await stage.pass_time(timedelta(hours=2), timedelta(hours=1))
    assert await stage.storage.read(inbox.accidents) == []


async def test_one_persons_defect_harms_nobody_who_writes_at_the_same_moment(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    monkeypatch.setitem(router.PHRASES, Intent.PRIVACY, breaks())
    stage.memory.connect(_deaf)
    batch = [await stage.memory.say("zarina", "/privacy"), await stage.memory.say("daler", "I am safe")]
    stage.memory.connect(stage.hear)
    await stage.hear(batch)
    await stage.settle()
    assert "Something went wrong" in zarina.screen
    assert "Daler: I am safe." in zarina.screen
    assert "Told to 1 person: Zarina." in daler.screen


async def _deaf(_batch: Sequence[Incoming]) -> None:
    """Hear nothing: the updates are brought by hand."""


# -- anything at all -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("words", "manual"), [("help", "How it works"), ("помощь", "Справка"), ("кумак", "Роҳнамо")])
async def test_the_bare_word_help_is_asked_about_with_two_buttons(stage: Stage, words: str, manual: str) -> None:
    languages = {"help": "en", "помощь": "ru", "кумак": "tg"}
    zarina, daler = await stage.family("Zarina", "Daler", languages={"Zarina": languages[words]})
    await zarina.says(words)
    assert [one.code for one in zarina.messages[-1].choices][:2] == ["help", "manual"]
    assert manual in zarina.buttons[1]
    assert not daler.sees("I need help")
    await stage.in_code(zarina, "help")
    assert "Zarina: I need help." in daler.last


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ("ман саломатам", "I am safe."),
        ("man dar amonam", "I am safe."),
        ("я жива", "I am safe."),
        ("/omon", "I am safe."),
        ("ба ман кумак лозим", "I need help."),
        ("ba man kumak lozim", "I need help."),
        ("помогите!", "I need help."),
        ("🆘", "I need help."),
        ("/kumak", "I need help."),
        ("I am alive. Need help", "I need help."),
    ],
)
async def test_words_in_three_languages_and_any_letters_do_what_a_button_does(
    stage: Stage, words: str, state: str
) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.says(words)
    assert f"Zarina: {state}" in daler.last


@pytest.mark.parametrize(
    "words", ["живот болит", "не в порядке", "ман саломат нестам", "not safe", "safe?", "кумак не лозим", "бекорам"]
)
async def test_words_that_only_sound_like_it_are_answered_with_the_buttons(stage: Stage, words: str) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    before = daler.screen
    await zarina.says(words)
    assert "I did not understand that. Please choose:" in zarina.last
    assert "✅ I am safe" in zarina.buttons
    assert daler.screen == before


async def test_what_was_told_by_words_can_be_taken_back(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.says("жива")
    await zarina.presses("Take it back")
    assert "Zarina has taken the last news back." in daler.last


async def test_a_picture_is_refused_kindly_but_its_words_are_read_where_they_are_clear(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await stage.memory.hear("zarina", Attached("voice", "ref"))
    await stage.settle()
    assert "I can read only words and buttons. I have not kept what you sent." in zarina.last
    await stage.memory.attach("zarina", "photo", "ref", "Смотрите, что с домом")
    await stage.settle()
    assert "I can read only words and buttons." in zarina.last
    await stage.memory.attach("zarina", "photo", "ref", "Помогите!")
    await stage.settle()
    assert "Zarina: I need help." in daler.last


async def test_a_voice_message_in_the_middle_of_a_question_may_have_been_a_call(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.says("I am safe")
    await zarina.presses("Add a note")
    for heard in (Attached("voice", "ref"), Unreadable()):
        await stage.memory.hear("zarina", heard)
        await stage.settle()
        assert zarina.buttons[0] == "🆘 I need help"
    await zarina.presses("I need help")
    assert "Zarina: I need help." in daler.last


async def test_a_picture_in_the_middle_of_a_note_waits_for_the_words(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.says("I am safe")
    await zarina.presses("Add a note")
    await stage.memory.attach("zarina", "photo", "ref", "with a caption")
    await stage.settle()
    assert "I can read only words." in zarina.last
    assert not daler.sees("caption")
    await zarina.says("the house stands")
    assert "Zarina adds: the house stands" in daler.last


@pytest.mark.parametrize("form", ["join", "place", "note", "else", "circle.name"])
async def test_a_cry_for_help_is_heard_in_the_middle_of_any_question(stage: Stage, form: str) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.says("I am safe")
    code = {
        "join": "join",
        "place": button(zarina, "place")[1],
        "note": button(zarina, "note")[1],
        "else": "else",
        "circle.name": "circle.make",
    }[form]
    await forge(stage, zarina, code)
    await zarina.says("Мне нужна помощь")
    assert "Zarina: I need help." in daler.last


async def test_a_cry_for_help_is_heard_where_a_question_about_a_rumour_stands_open(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.says("/rumour")
    await stage.memory.hear(zarina.account, Said("Помогите!", forwarded=True))  # the control: what goes round
    await stage.settle()
    assert "I have passed it on, without your name." in zarina.last
    assert not daler.sees("I need help.")
    for how in ("words", "caption"):
        await zarina.says("/rumour")
        if how == "words":
            await zarina.says("Помогите!")
        else:
            await stage.memory.attach(zarina.account, "photo", "p", "Помогите!")
            await stage.settle()
        assert "Zarina: I need help." in daler.last
        await zarina.presses("It was a mistake")


async def test_a_cry_for_help_among_the_details_of_a_call_that_is_over_is_a_new_call(stage: Stage) -> None:
    zarina, daler, maria = await stage.family("Zarina", "Daler", "Maria")
    await zarina.says("I need help")
    await zarina.presses("Add details")
    await zarina.says("I was detained")  # the control: as long as the call is open
    assert "Zarina adds: I was detained" in daler.last
    details = button(zarina, "call.note")[1]
    await stage.pass_time(timedelta(days=7) - timedelta(hours=1), timedelta(hours=12))
    await forge(stage, zarina, details)
    await stage.pass_time(timedelta(hours=2), timedelta(hours=1))  # nobody has closed it, and now it is over
    before = daler.screen.count("Zarina: I need help.")
    await zarina.says("Помогите!")
    assert daler.screen.count("Zarina: I need help.") == before + 1
    assert "Zarina: I need help." in maria.last


async def test_words_that_are_changed_into_a_cry_for_help_are_asked_about_and_no_other_change(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await forge(stage, zarina, "circle.make")
    before = zarina.screen
    for text in ("I am safe", "Помогите другим", "/forget"):  # the control: what was said stands
        await stage.memory.hear(zarina.account, Changed(text))
    await stage.settle()
    assert zarina.screen == before
    for text in ("Помогите!", "help"):
        await stage.memory.hear(zarina.account, Changed(text))
        await stage.settle()
        assert "Are you in danger" in zarina.last
    assert not daler.sees("I need help."), "it may be an old call that was changed, and is over"
    await zarina.says("Work")
    assert zarina.sees("Work"), "what was asked before still waits"
    await stage.memory.hear(zarina.account, Changed("Помогите!"))
    await stage.settle()
    await zarina.presses("I need help")
    assert "Zarina: I need help." in daler.last


async def test_details_that_cry_for_help_are_never_too_often(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.says("I need help")
    for words in (*["the bridge"] * 13, "Помогите!"):
        await forge(stage, zarina, button(zarina, "call.note")[1])
        await zarina.says(words)
    assert "Zarina adds: Помогите!" in daler.last
    assert daler.screen.count("Zarina adds: the bridge") == 12  # noqa: PLR2004 - the control: others are counted


@pytest.mark.parametrize("form", ["join", "place"])
async def test_i_am_safe_is_no_code_and_no_place(stage: Stage, form: str) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.says("/start")
    if form == "place":
        await zarina.says("I am safe")
        await zarina.presses("Add the place")
    else:
        await forge(stage, zarina, "join")
    before = daler.screen.count("Zarina: I am safe.")
    await zarina.says("жива")
    assert daler.screen.count("Zarina: I am safe.") == before + 1


# -- where it came from --------------------------------------------------------------------------------------------


async def test_a_group_is_answered_once_and_learns_nothing(stage: Stage) -> None:
    await stage.family("Zarina", "Daler")
    for heard in (Said("I need help"), Started("123456789012"), Attached("photo"), Said("/people")):
        await stage.memory.hear("group", heard, group=True)
        await stage.settle()
    (only,) = stage.memory.chat("group")
    for words in ("Please write to me privately.", "Напишите мне, пожалуйста, лично.", "Лутфан, ба ман шахсан"):
        assert words in only.text
    assert "Zarina" not in only.text
    assert not only.choices
    assert len((await rows(stage))["person"]) == 2  # noqa: PLR2004 - a group is nobody


async def test_whoever_cries_for_help_in_a_group_is_shown_the_way_again_once_an_hour(stage: Stage) -> None:
    await stage.memory.say("group", "hello", group=True)
    answers = []
    for words, hours in (("hello", 3), ("Помогите!", 0), ("Помогите!", 2), ("Помогите!", 0), ("hello", 0)):
        await stage.memory.say("group", words, group=True)
        await stage.settle()
        answers.append(len([one for one in stage.memory.chat("group") if one.from_bot]))
        await stage.pass_time(timedelta(hours=hours))
    assert answers == [1, 2, 2, 3, 3]


async def test_a_group_that_changes_its_id_is_still_the_same_group(stage: Stage) -> None:
    await stage.memory.say("group", "hello", group=True)
    await stage.settle()
    await stage.memory.hear("group", Moved("supergroup"), group=True)
    await stage.memory.say("supergroup", "hello", group=True)
    await stage.settle()
    assert len([message for message in stage.memory.chat("group") if message.from_bot]) == 1
    assert not [message for message in stage.memory.chat("supergroup") if message.from_bot]


async def test_who_blocks_the_bot_is_left_alone_and_welcome_back(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await stage.memory.block("daler")
    await zarina.says("I am safe")
    assert not daler.sees("Zarina: I am safe.")
    await stage.memory.unblock("daler")
    await zarina.says("/safe")
    assert daler.sees("Zarina: I am safe.")


async def test_any_word_from_an_address_makes_it_reachable_again(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await stage.memory.block("daler", announce=False)
    await zarina.says("I am safe")
    await stage.memory.unblock("daler", announce=False)
    await zarina.says("/safe")
    assert not daler.sees("Zarina: I am safe."), "the bot has no way to know yet"
    await daler.says("/people")
    await zarina.says("/safe")
    assert daler.sees("Zarina: I am safe.")


async def test_a_person_with_two_addresses_is_written_to_at_the_next_one(stage: Stage) -> None:
    zarina, _daler = await stage.family("Zarina", "Daler")
    who = await id_of(stage, zarina)
    await stage.storage.write(lambda tx: _second_address(tx, stage, who))
    await stage.memory.block("zarina", announce=False)
    await stage.actor("daler").says("I am safe")
    await stage.pass_time(timedelta(minutes=1))
    assert stage.actor("zarina2").sees("Daler: I am safe.")


def _second_address(tx: Tx, stage: Stage, who: int) -> None:
    from storage.schema import address  # noqa: PLC0415

    met = people.meet(tx, Sender("memory", "1", "zarina2"), stage.now())
    tx.execute(address.update().where(address.c.id == met.address).values(person_id=who))


# -- restarts ------------------------------------------------------------------------------------------------------


async def test_a_half_finished_dialogue_survives_a_restart(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.says("I need help")
    await zarina.presses("Add details")
    links = {("memory", "1"): deep_link}
    stage.app = App(stage.storage, [(stage.memory, UNLIMITED)], links, stage.now)
    await zarina.says("the bridge is closed")
    assert "Zarina adds: the bridge is closed" in daler.last


async def test_what_is_understood_of_a_question_is_settled_by_the_circle_and_the_time(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.says("/ask")
    await zarina.presses("Everybody")
    who = await id_of(stage, daler)
    since = stage.now() - dispatch.ASKED_WITHIN
    assert await stage.storage.read(lambda tx: checkins.is_asked(tx, who, since))
    await daler.presses("I am safe")
    assert not await stage.storage.read(lambda tx: checkins.is_asked(tx, who, since))


# -- the tables ----------------------------------------------------------------------------------------------------


def test_every_intent_and_every_question_has_somebody_who_answers() -> None:
    assert set(router.PHRASES) == set(Intent)
    assert set(router.UNDERSTOOD) == set(router.WORDS)
    others = {verify.forwarded, picturing.sent, petition_relay.sent, document.sent}
    assert set(router.LIMITS) <= {*router.BUTTONS.values(), *router.WORDS.values(), *others}


async def test_every_button_that_stands_on_a_screen_has_somebody_who_answers(stage: Stage) -> None:
    zarina, _daler = await stage.family("Zarina", "Daler")
    await zarina.says("I need help")
    await press(stage, zarina, button(zarina, "call.safe"))
    verbs = {one.code.split(":")[0] for message in zarina.messages for one in message.choices}
    verbs |= {one.code.split(":")[0] for row in home.menu() for one in row}
    assert verbs <= set(router.BUTTONS)
