"""Whether people with Element can hear the bot and are heard, judged by Element's own encryption."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.faults.homeserver import founded, serving
from tests.matrix.crowd import Crowd
from tests.matrix.element.person import ElementPerson
from tests.matrix.synapse import Synapse

pytestmark = pytest.mark.slow


async def test_a_bot_whose_device_nobody_signed_is_neither_heard_nor_told_anything(
    synapse: Synapse, crowd: Crowd
) -> None:
    """The control: what happens to a bot that is plain matrix-nio."""
    bot = await crowd.friend("vanilla")
    async with ElementPerson(synapse) as zarina:
        room = await zarina.invites(bot.user)
        await bot.joins(room)
        await zarina.is_with(bot.user)
        question = await zarina.says("I am safe")
        await bot.until(lambda: bot.unreadable and bot.withheld)
        assert bot.unreadable == [question]
        assert bot.withheld[0]["code"] == "m.unverified"
        answer = await bot.says("Told to nobody", room)
        await zarina.until(lambda: zarina.unreadable)
        assert zarina.failures == {answer: "UNSIGNED_SENDER_DEVICE"}
        assert zarina.screen == ""


async def test_an_element_that_is_not_strict_warns_of_a_device_that_nobody_signed(
    synapse: Synapse, crowd: Crowd
) -> None:
    bot = await crowd.friend("vanilla")
    async with ElementPerson(synapse, signed=False) as zarina:
        room = await zarina.invites(bot.user)
        await bot.joins(room)
        await zarina.is_with(bot.user)
        await zarina.says("I am safe")
        await bot.until(lambda: bot.screen == "I am safe")
        answer = await bot.says("Told to nobody", room)
        await zarina.until(lambda: zarina.screen == "Told to nobody")
        assert zarina.warnings == {answer: ("RED", "UNSIGNED_DEVICE")}


async def test_two_people_with_element_read_each_other_without_a_warning(synapse: Synapse) -> None:
    async with ElementPerson(synapse) as zarina, ElementPerson(synapse) as daler:
        daler.room = await zarina.invites(daler.user)
        await daler.asks("join", room=daler.room)
        await zarina.is_with(daler.user)
        await zarina.says("Are you safe?")
        await daler.until(lambda: daler.screen == "Are you safe?")
        await daler.says("I am safe")
        await zarina.until(lambda: zarina.screen == "I am safe")
        assert zarina.warnings == daler.warnings == {}
        assert not await zarina.thinks_reset(daler.user)


async def settles_in(zarina: ElementPerson, bot: str) -> None:
    """Meet the bot as anybody with Element does: choose a language by its number, give a name, say “I am safe”."""
    await zarina.invites(bot)
    await zarina.until(lambda: "English" in zarina.screen)
    number = next(line.split(".")[0] for line in zarina.last.split("\n") if "English" in line)
    await zarina.says(number)
    await zarina.until(lambda: "What do your relatives call you?" in zarina.screen)
    await zarina.says("Zarina")
    await zarina.until(lambda: "Good, Zarina." in zarina.screen)


async def test_the_bot_is_heard_and_hears_without_any_warning(synapse: Synapse, tmp_path: Path) -> None:
    bot = synapse.register("payvand")
    place = await founded(tmp_path / "bot", synapse.url, bot)
    async with serving(place.program()), ElementPerson(synapse) as zarina:
        await settles_in(zarina, bot.user)
        assert (zarina.warnings, zarina.failures, zarina.in_clear) == ({}, {}, [])
        assert not await zarina.thinks_reset(bot.user)


async def test_a_bot_whose_keys_were_lost_is_another_device_of_the_same_identity(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot = synapse.register("payvand")
    place = await founded(tmp_path / "bot", synapse.url, bot)
    async with ElementPerson(synapse) as zarina:
        async with serving(place.program()):
            await settles_in(zarina, bot.user)
            known = await zarina.sees_signed(bot.user)
        shutil.rmtree(place.data / "matrix")  # as after a restored backup
        async with serving(place.program()):
            await zarina.sees_another(bot.user, known)
            await zarina.says("/start")
            await zarina.until(lambda: "Hello, Zarina!" in zarina.screen)
        assert (zarina.warnings, zarina.failures, zarina.in_clear) == ({}, {}, [])
        assert not await zarina.thinks_reset(bot.user)


async def test_control_a_bot_whose_identity_was_lost_too_is_seen_to_have_been_reset(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot = synapse.register("payvand")
    async with ElementPerson(synapse) as zarina:
        async with serving((await founded(tmp_path / "bot", synapse.url, bot)).program()):
            await settles_in(zarina, bot.user)
            known = await zarina.sees_signed(bot.user)
        async with serving((await founded(tmp_path / "other", synapse.url, bot)).program()):
            await zarina.sees_another(bot.user, known)
        assert await zarina.thinks_reset(bot.user)
