"""“I am safe”: told with one tap, read by the right people, with its source and its age."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.conversation import Attached, Lane, Line, Outgoing, Said
from handlers.family import checkin
from storage import outbox
from storage.database import Tx
from tests.family.looking import id_of
from tests.stage import Stage


async def test_one_tap_reaches_everybody_in_the_circle(stage: Stage) -> None:
    zarina, daler, maria = await stage.family("Zarina", "Daler", "Maria")
    await zarina.presses("I am safe")
    assert "Told to 2 people: Daler and Maria." in zarina.last
    for relative in (daler, maria):
        assert "Zarina: I am safe." in relative.last
        assert "From Zarina in person, just now." in relative.last


async def test_each_relative_reads_it_in_their_own_language(stage: Stage) -> None:
    zarina, daler, gulnora = await stage.family(
        "Zarina", "Daler", "Gulnora", languages={"Daler": "ru", "Gulnora": "tg"}
    )
    await zarina.presses("I am safe")
    assert "Zarina: я в безопасности." in daler.last
    assert "Zarina: ман дар амонам." in gulnora.last


async def test_a_redelivered_press_changes_nothing(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.presses("I am safe")
    before = daler.screen
    await stage.memory.redeliver()
    await stage.settle()
    assert daler.screen == before


async def test_news_grows_old_on_the_board(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.presses("I am safe")
    await daler.says("/people")
    assert "🟢 Zarina: safe, just now" in daler.last
    await stage.pass_time(timedelta(days=3), timedelta(hours=12))
    await daler.says("/people")
    assert "🟡 Zarina: safe, 3 days ago (no longer fresh)" in daler.last
    await stage.pass_time(timedelta(days=18), timedelta(days=1))
    await daler.says("/people")
    assert "⚪ Zarina: last known 3 weeks ago: safe" in daler.last


async def test_who_is_in_no_circle_is_told_so_kindly(stage: Stage) -> None:
    stranger = stage.actor("s")
    await stranger.settles_in("Safar")
    await stranger.says("I am safe")
    assert "Nobody would hear you yet." in stranger.last
    assert "⭕ Make a circle" in stranger.buttons


async def test_news_can_be_taken_back_and_the_older_truth_stands_again(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.presses("I am safe")
    await stage.pass_time(timedelta(hours=2), timedelta(hours=1))
    await zarina.says("/start")
    await zarina.presses("Other news")
    await zarina.presses("I am hurt")
    await zarina.presses("Take it back")
    assert "Zarina has taken the last news back." in daler.last
    await daler.says("/people")
    assert "Zarina: safe, 2 hours ago" in daler.last


async def test_a_note_and_a_place_follow_the_news(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.presses("I am safe")
    await zarina.presses("Add a note")
    await zarina.says("At my aunt's, the phone is nearly empty")
    assert "Zarina adds: At my aunt's, the phone is nearly empty" in daler.last
    await zarina.says("/start")
    await zarina.presses("I am safe")
    await zarina.presses("Add the place")
    await zarina.says("Хорог")
    await zarina.presses("Khor")
    assert "Zarina is in this place: Khor" in daler.last


async def test_news_goes_only_to_the_chosen_circles(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler", circle="Family")
    await zarina.says("/circles")
    await zarina.presses("Family")
    await zarina.presses("My news goes to this circle")
    assert any("My news does not go here" in label for label in zarina.buttons)
    await zarina.says("I am safe")
    assert "Your news goes to none of your circles now." in zarina.last
    assert not daler.sees("I am safe.")


async def test_forwarded_words_are_never_taken_for_ones_own(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    before = daler.screen
    await stage.memory.hear(zarina.account, Said("I am safe", forwarded=True))
    await stage.settle()
    assert "I take only your own." in zarina.last
    assert daler.screen == before
    await zarina.says("I am safe")  # the control: the same words of one's own
    assert "Zarina: I am safe." in daler.last


async def test_words_under_a_forwarded_picture_are_never_taken_for_ones_own(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    before = daler.screen
    for caption in ("I am safe", "I need help", "🆘"):
        await stage.memory.hear(zarina.account, Attached("photo", "p1", caption, forwarded=True))
        await stage.settle()
        assert "I take only your own." in zarina.last
        assert daler.screen == before
    await stage.memory.hear(zarina.account, Attached("photo", "p1", "I need help"))  # the control: one's own
    await stage.settle()
    assert "Zarina: I need help." in daler.last


async def test_in_a_storm_whoever_writes_is_told_how_long_their_people_wait(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        checkin, "A_MINUTE", 20
    )  # as if so few letters left in a minute: a storm of thousands takes long
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.presses("I am safe")
    assert "Many people write now" not in zarina.last, "the control: on a calm day nobody waits"
    reader, word = await id_of(stage, daler), Line("Somebody is well.")

    def storm(tx: Tx) -> None:
        letters = [Outgoing(reader, word, lane=Lane.CORRECTION) for _ in range(60)]  # they are never merged
        outbox.post(tx, letters, stage.now())

    await stage.storage.write(storm)
    await stage.memory.say(zarina.account, "I am safe")
    await stage.app.engine.drain()
    assert "Many people write now. Everybody can read it in about 3 minutes." in zarina.screen
