"""A message that met a defect of ours is not lost: after the repair it is handled once more, told with its age."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest
import structlog

from bot import app
from bot.domain.conversation import Blocked, Incoming, Pressed
from bot.domain.phrases import Intent
from bot.platforms.memory import MemoryPlatform
from handlers import dispatch, router
from handlers.ask import Answer, Ask
from storage import inbox, people
from storage.schema import accident
from tests.family import test_duress as forced
from tests.family.looking import id_of
from tests.stage import Stage

if TYPE_CHECKING:
    from storage.database import Storage, Tx

HOURS = timedelta(hours=5)
HANDLED = "It is repaired, and the message is handled now."


def broken(ask: Ask, tx: Tx) -> Answer:
    """A handler with a defect."""
    del ask, tx
    raise ZeroDivisionError


async def repaired(stage: Stage) -> None:
    """Let an operator say that what is kept shall be handled once more, and the bot start."""
    await stage.storage.write(inbox.handle_again)
    stage.app = stage.open()
    await stage.app.round()
    await stage.settle()


async def kept(stage: Stage) -> list[inbox.Accident]:
    return await stage.storage.read(inbox.accidents)


@pytest.mark.parametrize("way", ["the words", "the button"])
async def test_a_call_that_met_a_defect_reaches_the_circle_once_after_the_repair_with_its_age(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.says("/start")
    with monkeypatch.context() as defect:
        defect.setitem(router.PHRASES, Intent.HELP, broken)
        defect.setitem(router.BUTTONS, "help", broken)
        await (zarina.says("I need help") if way == "the words" else zarina.presses("I need help"))
        await stage.memory.redeliver()
    assert not daler.sees("I need help")
    await stage.pass_time(HOURS, timedelta(hours=1))
    assert not daler.sees("I need help")
    await repaired(stage)
    assert daler.screen.count("Zarina: I need help.") == 1
    assert "From Zarina in person. True 5 hours ago, told" in daler.last
    assert "taking care of it" in " ".join(daler.buttons)
    assert zarina.sees("A message of yours met a fault of ours 5 hours ago. " + HANDLED)
    assert zarina.sees("Your call for help")
    assert await kept(stage) == []
    await repaired(stage)
    await stage.memory.redeliver()
    await stage.settle()
    assert daler.screen.count("Zarina: I need help.") == 1


async def test_the_running_bot_looks_by_itself_for_what_was_released(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    with monkeypatch.context() as defect:
        defect.setitem(router.PHRASES, Intent.HELP, broken)
        await zarina.says("I need help")
    await stage.storage.write(inbox.handle_again)
    monkeypatch.setattr(app, "OFTEN", 0.01)
    monkeypatch.setattr(app, "SELDOM", 0.0)
    running = asyncio.create_task(stage.open().run(asyncio.sleep(60)))
    for _look in range(2000):
        if daler.sees("Zarina: I need help."):
            break
        await asyncio.sleep(0.01)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert daler.sees("Zarina: I need help.")


async def test_what_nobody_has_released_is_not_handled_and_is_erased_after_a_day(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    with monkeypatch.context() as defect:
        defect.setitem(router.PHRASES, Intent.HELP, broken)
        await zarina.says("I need help")
    await stage.pass_time(timedelta(hours=25), timedelta(hours=1))
    await repaired(stage)
    assert not daler.sees("I need help")
    assert await kept(stage) == []


async def test_a_defect_that_is_not_repaired_keeps_the_message_and_tells_the_person_nothing_more(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    with monkeypatch.context() as defect:
        defect.setitem(router.PHRASES, Intent.HELP, broken)
        await zarina.says("I need help")
        (before,), told = await kept(stage), zarina.screen
        await daler.says("/nonsense")
        with structlog.testing.capture_logs() as lines:
            await repaired(stage)
        assert [(line["event"], line["code"]) for line in lines] == [("update.accident", before.code)]
        assert await kept(stage) == [before]
        assert zarina.screen == told
        await stage.app.round()
        assert await kept(stage) == [before], "tried once, not at each round"
    await repaired(stage)
    assert daler.sees("Zarina: I need help.")


async def test_somebody_who_has_told_since_how_they_are_alarms_nobody_and_is_asked(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    with monkeypatch.context() as defect:
        defect.setitem(router.PHRASES, Intent.HELP, broken)
        await zarina.says("I need help")
    await stage.pass_time(HOURS, timedelta(hours=1))
    await zarina.says("I am safe")
    await repaired(stage)
    assert not daler.sees("I need help")
    assert "You have told since how you are, so I called nobody." in zarina.last
    assert any("I need help" in label for label in zarina.buttons)
    assert await kept(stage) == []


async def test_old_words_answer_the_question_of_then_and_the_question_of_now_stays(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    (zarina,) = await stage.family("Zarina")
    await zarina.says("/circles")
    await stage.in_code(zarina, "circle.make")
    with monkeypatch.context() as defect:
        defect.setitem(router.WORDS, "circle.name", broken)
        await zarina.says("Neighbours")
    (one,) = await kept(stage)
    assert one.kept is not None
    await zarina.says("/verify")
    me = await id_of(stage, zarina)
    asked = await stage.storage.read(partial(people.dialogue_of, who=me))
    assert asked is not None
    assert asked[0] != one.kept.dialogue
    await repaired(stage)
    assert zarina.sees("Neighbours")
    assert not zarina.sees("Zarina: Neighbours")
    assert await stage.storage.read(partial(people.dialogue_of, who=me)) == asked


async def test_a_number_of_a_list_means_what_it_meant_when_it_was_written(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(storage)
    stage.memory = MemoryPlatform(stage.now, "matrix", "@bot", lists=True)
    stage.platforms = [stage.memory]
    stage.app = stage.open()
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.says("/start")
    with monkeypatch.context() as defect:
        defect.setitem(router.BUTTONS, "help", broken)
        await zarina.says("2")
    (one,) = await kept(stage)
    assert one.kept is not None
    assert one.kept.incoming.heard == Pressed("help")
    await zarina.says("/privacy")
    await repaired(stage)
    assert daler.sees("Zarina: I need help.")


async def test_nothing_comes_by_itself_into_the_chat_of_somebody_who_is_forced(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    zarina, daler, maria, _farida = await forced.family(stage)
    with monkeypatch.context() as defect:
        defect.setitem(router.PHRASES, Intent.HELP, broken)
        await zarina.says("I need help")
    await zarina.says(forced.FORCED)
    await stage.pass_time(timedelta(minutes=1))
    assert all("forced" in one.screen for one in (daler, maria)), "two people know"
    told = zarina.screen
    await repaired(stage)
    assert zarina.screen == told
    assert await kept(stage) == []


async def test_what_was_true_of_an_account_only_then_is_not_said_again(stage: Stage) -> None:
    (zarina,) = await stage.family("Zarina")
    last = stage.memory.heard[-1]
    gone = Incoming("gone", last.sender, stage.now(), Blocked())
    await stage.storage.write(partial(dispatch.accident, incoming=gone, now=stage.now(), code="ABCD"))
    await repaired(stage)
    await zarina.says("/start")
    assert zarina.sees("Zarina")
    assert await kept(stage) == []


async def test_what_an_older_program_has_kept_is_shown_as_unreadable_and_forgotten_with_its_sender(
    stage: Stage,
) -> None:
    (zarina,) = await stage.family("Zarina")
    last = stage.memory.heard[-1]

    def put(tx: Tx) -> None:
        for code, message in (("0001", repr(last)), ("0002", repr(last).replace("zarina", "another"))):
            tx.execute(accident.insert(), {"code": code, "at": stage.now(), "message": message})

    await stage.storage.write(put)
    await repaired(stage)
    assert [(one.code, one.kept) for one in await kept(stage)] == [("0001", None), ("0002", None)]
    await zarina.says("/forget")
    await stage.in_code(zarina, "forgotten")
    assert [one.code for one in await kept(stage)] == ["0002"]


async def test_whoever_is_forgotten_is_forgotten_in_accidents(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    with monkeypatch.context() as defect:
        defect.setitem(router.PHRASES, Intent.HELP, broken)
        await zarina.says("I need help")
        await daler.says("I need help")
    await zarina.says("/forget")
    await stage.in_code(zarina, "forgotten")
    (left,) = await kept(stage)
    assert left.kept is not None
    assert left.kept.incoming.sender.account == daler.account
