"""What is known of a person: shown, copied, cleaned away, and forgotten without a trace."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.outbox.courier import NotSent, Unknown
from storage.database import Tx
from storage.schema import metadata
from tests.family.looking import button, id_of, invite_to, make_circle, open_circle, press, rows
from tests.stage import Actor, Stage

MINUTES = timedelta(minutes=1)


async def forget(actor: Actor) -> None:
    """Press “forget me”, and mean it."""
    await actor.says("/privacy")
    await actor.presses("Forget me")
    await actor.presses("Yes, forget me")


async def copy_of(actor: Actor) -> tuple[str, dict[str, object]]:
    """The copy a person gets: as text and as data."""
    await actor.says("/privacy")
    await actor.presses("A copy for me")
    assert "Is nobody else looking at your phone?" in actor.last
    await actor.presses("Send the copy")
    attached = next(message.attachment for message in reversed(actor.messages) if message.attachment)
    text = attached.data.decode()
    return text, json.loads(text)


async def test_the_page_says_what_is_kept_and_offers_what_can_be_done(stage: Stage) -> None:
    zarina, _daler = await stage.family("Zarina", "Daler")
    await zarina.says("/privacy")
    assert "Your name here: Zarina" in zarina.last
    assert "You are in 1 circle." in zarina.last
    assert "Whoever runs this messenger can see" in zarina.last
    assert zarina.buttons == [
        "📄 A copy for me",
        "🧹 Clean this chat",
        "🗝 A card, if I lose this account",
        "✍️ My own words",
        "🗑 Forget me",
        "⬅️ Back",
    ]


@pytest.mark.parametrize("words", ["/mahfiyat", "Маро фаромӯш кунед", "забудь меня", "forget me"])
async def test_the_way_there_is_understood_in_each_language(stage: Stage, words: str) -> None:
    (zarina,) = await stage.family("Zarina")
    await zarina.says(words)
    labels = " ".join(zarina.buttons)
    assert "Forget me" in labels or "Yes, forget me" in labels


# -- the copy ------------------------------------------------------------------------------------------------------


async def test_the_copy_holds_what_the_person_told_and_nothing_of_anybody_else(stage: Stage) -> None:
    zarina, daler, maria = await stage.family("Zarina", "Daler", "Maria", circle="Daleronamarket")
    await make_circle(stage, daler, "Mariaville")
    await invite_to(stage, daler, "Mariaville", zarina)
    await zarina.says("I am safe")
    await zarina.presses("Add a note")
    await zarina.says("my own note")
    await zarina.presses("Add the place")
    await zarina.says("Khorog")
    await zarina.presses("Khorog")
    await daler.says("I need help")
    await daler.presses("Add details")
    await daler.says("daler's secret")
    await zarina.presses("taking care")
    await maria.says("/ask")
    await maria.presses("Zarina")
    await stage.pass_time(MINUTES)
    await zarina.says("/start")
    await zarina.presses("Other news")
    await zarina.presses("I am hurt")
    text, data = await copy_of(zarina)
    assert data["name"] == "Zarina"
    assert data["language"] == "en"
    assert data["messengers"] == ["memory"]
    told = data["news"]
    assert isinstance(told, list)
    assert [(one["state"], one["note"], one["place"]) for one in told] == [
        ("hurt", "", ""),
        ("safe", "my own note", "khorugh"),
    ]
    assert len(data["circles"]) == 2  # type: ignore[arg-type]  # noqa: PLR2004
    for foreign in ("Daler", "Maria", "secret", "market", "ville"):
        assert foreign not in text


async def test_the_copy_is_gone_after_ten_minutes(stage: Stage) -> None:
    zarina, _daler = await stage.family("Zarina", "Daler")
    await copy_of(zarina)
    await stage.pass_time(9 * MINUTES)
    assert any(message.attachment for message in zarina.messages)
    await stage.pass_time(2 * MINUTES)
    assert not any(message.attachment for message in zarina.messages)
    assert "payvand.json" not in str(await rows(stage))


async def test_a_copy_is_asked_for_only_a_few_times_an_hour(stage: Stage) -> None:
    (zarina,) = await stage.family("Zarina")
    for _time in range(5):
        await copy_of(zarina)
    await zarina.says("/privacy")
    await zarina.presses("A copy for me")
    await zarina.presses("Send the copy")
    assert "That was too often." in zarina.last


# -- the chat ------------------------------------------------------------------------------------------------------


async def test_the_chat_can_be_cleaned_of_everything_that_can_be_deleted(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.says("I am safe")
    await zarina.says("/privacy")
    await zarina.presses("Clean this chat")
    assert "I can delete the messages of the last 48 hours here, yours and mine." in zarina.last
    before = len(stage.memory.chat("zarina"))
    assert before > 10  # noqa: PLR2004
    await zarina.presses("Clean this chat")
    await stage.pass_time(MINUTES)
    left = stage.memory.chat("zarina")
    assert [message.text for message in left if message.from_bot] == [zarina.messages[-1].text]
    assert re.fullmatch(r"\d+ messages are being deleted\.", zarina.last)
    assert not [message for message in left if not message.from_bot], "their own messages too"
    assert daler.sees("Zarina: I am safe."), "nobody else's chat is touched"


async def test_what_the_messenger_does_not_delete_any_more_is_not_promised(stage: Stage) -> None:
    (zarina,) = await stage.family("Zarina")
    old = len(stage.memory.chat("zarina"))
    await stage.pass_time(timedelta(hours=49), timedelta(hours=7))
    await zarina.says("/privacy")
    await zarina.presses("Clean this chat")
    await zarina.presses("Clean this chat")
    await stage.pass_time(MINUTES)
    assert len(stage.memory.chat("zarina")) >= old


# -- forgetting ----------------------------------------------------------------------------------------------------


async def test_a_forgotten_person_is_gone_from_every_table(stage: Stage) -> None:
    zarina, daler, maria = await stage.family("Zarina", "Daler", "Maria")
    guest = stage.actor("guest")
    await guest.settles_in("Guest")
    await zarina.says("I am safe")
    await zarina.presses("Add a note")
    await zarina.says("canary note")
    await zarina.says("/ask")
    await zarina.presses("Everybody")
    await daler.says("/ask")
    await daler.presses("Zarina")
    await maria.says("I need help")
    await zarina.presses("taking care")
    await open_circle(stage, zarina, "Family")
    await stage.in_code(zarina, "invite")
    await guest.starts(stage.code_of(zarina))
    await stage.in_code(guest, "join")
    await zarina.says("I need help")
    await zarina.presses("Add details")
    who = await id_of(stage, zarina)
    assert await traces(stage, who), "control: before, there is something to find"
    await forget(zarina)
    await stage.pass_time(3 * MINUTES, MINUTES)
    assert await traces(stage, who) == []
    everything = str(await rows(stage))
    for canary in ("Zarina", "zarina", "canary note"):
        assert canary not in everything
    assert not stage.memory.refused


async def traces(stage: Stage, who: int) -> list[str]:
    """In which columns that refer to a person this person still stands."""

    def look(tx: Tx) -> list[str]:
        found = []
        for table in metadata.sorted_tables:
            for column in table.columns:
                refers = any(key.column.table.name == "person" for key in column.foreign_keys)
                if (refers or (table.name, column.name) == ("person", "id")) and tx.execute(
                    sa.select(sa.func.count()).where(column == who)
                ).scalar():
                    found.append(f"{table.name}.{column.name}")
        return found

    return await stage.storage.read(look)


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "You are forgotten."), ("ru", "Всё о вас стёрто."), ("tg", "Маълумоти шумо нест карда шуд.")],
)
async def test_the_farewell_is_said_in_the_persons_own_language(stage: Stage, language: str, words: str) -> None:
    (zarina,) = await stage.family("Zarina", languages={"Zarina": language})
    await zarina.says("/privacy")
    for verb in ("forget", "forgotten"):
        await stage.in_code(zarina, verb)
    assert words in zarina.last
    await stage.pass_time(2 * MINUTES, MINUTES)
    assert (await rows(stage))["address"] == []


async def test_a_farewell_that_can_not_be_sent_yet_is_sent_later_and_then_the_address_goes(stage: Stage) -> None:
    (zarina,) = await stage.family("Zarina")
    await zarina.says("/privacy")
    await zarina.presses("Forget me")
    stage.memory.fail(NotSent(), "zarina")
    await zarina.presses("Yes, forget me")
    assert not zarina.sees("You are forgotten.")
    await stage.pass_time(2 * MINUTES)
    assert zarina.sees("You are forgotten.")
    await stage.pass_time(2 * MINUTES)
    assert (await rows(stage))["address"] == []


async def test_who_is_forgotten_may_begin_again_as_somebody_new(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.says("I am safe")
    old = button(daler, "home") if any(b.code == "home" for m in daler.messages for b in m.choices) else None
    kept = button(zarina, "undo")
    first = await id_of(stage, zarina)
    await forget(zarina)
    await press(stage, zarina, kept)
    assert "Choose a language" in zarina.last
    await zarina.presses("English")
    await zarina.says("Zarina again")
    assert await id_of(stage, zarina) != first
    await zarina.says("/people")
    assert "Nobody would hear you yet." in zarina.last
    assert old is None or daler.screen


async def test_others_no_longer_see_a_forgotten_person(stage: Stage) -> None:
    zarina, daler, maria = await stage.family("Zarina", "Daler", "Maria")
    await daler.says("I am safe")
    await zarina.says("/ask")
    await zarina.presses("Everybody")
    await forget(daler)
    for one in (zarina, maria):
        await one.says("/people")
        assert "Daler" not in one.last
    await open_circle(stage, maria, "Family")
    assert "Daler" not in maria.last
    await maria.says("I am safe")
    assert "Told to 1 person: Zarina." in maria.last
    assert not daler.sees("Maria: I am safe.")


async def test_news_of_a_forgotten_person_that_still_waits_is_never_delivered(stage: Stage) -> None:
    zarina, daler, maria = await stage.family("Zarina", "Daler", "Maria")
    stage.memory.fail(NotSent(), "maria")
    await zarina.says("I am safe")
    await daler.says("I am safe")
    await forget(zarina)
    await stage.pass_time(5 * MINUTES)
    assert not maria.sees("Zarina: I am safe.")
    assert maria.sees("Daler: I am safe."), "and the news of others still is"
    assert daler.sees("Zarina: I am safe."), "what stands in a chat is not ours to take away"


@pytest.mark.parametrize("reached", ["yes", "perhaps", "no"])
async def test_who_is_forgotten_while_calling_for_help_leaves_nobody_to_wait_in_vain(
    stage: Stage, reached: str
) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    if reached == "perhaps":
        stage.memory.fail(Unknown(), "daler", arrives=True)
    if reached == "no":
        stage.memory.fail(NotSent(), "daler")
    await zarina.says("I need help")
    await forget(zarina)
    await stage.pass_time(timedelta(minutes=30), MINUTES)
    told = "Whoever called for help here has erased their data from Payvand. I do not know how they are."
    assert daler.sees(told) is (reached != "no")
    assert "Zarina: I need help." not in daler.screen or reached == "perhaps"
    assert not daler.sees("Nobody has answered yet.")


async def test_who_is_forgotten_before_deciding_on_a_newcomer_lets_nobody_in(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    guest = stage.actor("guest")
    await guest.settles_in("Guest")
    await open_circle(stage, daler, "Family")
    await stage.in_code(daler, "invite")
    await guest.starts(stage.code_of(daler))
    await stage.in_code(guest, "join")
    door = button(daler, "door.open")
    await forget(daler)
    await daler.settles_in("Daler")
    await press(stage, daler, door)
    assert not guest.sees("You are now in")
    assert (await rows(stage))["newcomer"] == []
    assert zarina.screen.count("Guest") == 0


async def test_nothing_is_forgotten_without_a_second_press(stage: Stage) -> None:
    zarina, _daler = await stage.family("Zarina", "Daler")
    await zarina.says("forget me")
    assert "This can't be undone." in zarina.last
    await zarina.presses("Back")
    await zarina.says("/people")
    assert "Family" in zarina.last
