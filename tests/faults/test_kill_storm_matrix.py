"""The real bot on a real Matrix server, killed again and again: each message is answered once, and all can be read."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest

from bot import i18n
from tests.faults import count, killing
from tests.faults.community import ROOT
from tests.faults.homeserver import Circles, Echo, World, founded, rows, serving
from tests.faults.killing import Program, Storm
from tests.matrix.crowd import Crowd, Neighbour
from tests.matrix.synapse import Account, Synapse

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]

PEOPLE = 24
ECHOES = 12  # people who speak with the control
BUSY = 120  # happenings in one life at the most
CONTROL = 12  # kills: enough for what is wrong to show
QUIET = 4.0  # seconds without anything new, at the end
GONE = 20.0  # seconds that a letter may take before it counts as lost: for the control, which loses some
MISSED = 25  # messages: more than the ten that a server tells of a room unasked
KEYS = 60  # one-time keys taken: more than any client leaves with the server


@pytest.fixture
async def crowd(synapse: Synapse) -> AsyncIterator[Crowd]:
    """Let people live on the server."""
    async with Crowd(synapse) as people:
        yield people


def vanilla(directory: Path, server: Synapse, bot: Account) -> Program:
    """Give the control: matrix-nio as its examples use it."""
    command = (sys.executable, "-m", "tests.matrix.vanilla", server.url, bot.user, bot.password, str(directory))
    return Program(command, directory / "output", {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"})


async def enraged(program: Program, world: World, kills: int, settled: Callable[[], bool]) -> None:
    storm = Storm(kills=kills, seed=kills, busy=(1, BUSY), starting=3.0, early=5)
    await storm.rage(program, world.history, calm=world.calm, settled=settled, drained=world.drained)


async def born(program: Program, bot: Account, neighbour: Neighbour) -> None:
    """Let it live until it has come in: what is written before its device has keys can be read by nobody, ever."""
    async with serving(program):
        await neighbour.until(lambda: neighbour.members.get((neighbour.room, bot.user)) == "join")


def happened(world: World) -> tuple[set[killing.Letter], list[killing.Letter]]:
    """Give the letters that never came, and those that came once more or of which nobody knows why they came."""
    happenings = world.history.happenings
    again = [letter for letter, times in killing.copies(happenings).items() if times > 1]
    again += killing.invented(happenings, world.plan.due)
    return killing.missing(happenings, world.plan.due), again


async def test_each_message_is_answered_once_however_often_the_bot_is_killed(
    synapse: Synapse, crowd: Crowd, tmp_path: Path, counted: Callable[[str], None]
) -> None:
    i18n.open_catalogues(strict=False)
    kills = count(200)
    bot = synapse.register("bot")
    neighbours = await crowd.neighbours(PEOPLE, bot.user)
    place = await founded(tmp_path, synapse.url, bot, neighbours)
    await born(place.program(), bot, neighbours[0])
    async with World(neighbours, Circles(PEOPLE)) as world:
        await enraged(place.program(), world, kills, partial(world.settled, QUIET))
    told = killing.acknowledged(world.history.happenings)
    copies = killing.copies(world.history.happenings)
    unreadable = sum(len(one.unreadable) for one in neighbours)
    missing, again = happened(world)
    counted(
        f"{kills} kills; {len(told)} messages to the bot; {sum(copies.values())} sentences of it due and read; "
        f"{len(missing)} lost, {len(again)} twice, {unreadable} unreadable"
    )
    assert len(told) > 2 * kills
    assert missing == set()
    assert again == []
    assert len(world.strange) == PEOPLE  # one greeting in each room
    assert unreadable == 0
    assert [one.in_clear for one in neighbours if one.in_clear] == []
    kept = place.peek(rows)
    assert kept.news == len(told)
    assert kept.undelivered == 0


async def test_control_a_bot_that_is_plain_matrix_nio_loses_messages(
    synapse: Synapse, crowd: Crowd, tmp_path: Path, counted: Callable[[str], None]
) -> None:
    bot = synapse.register("bot")
    neighbours = await crowd.neighbours(ECHOES, bot.user)
    program = vanilla(tmp_path, synapse, bot)
    await born(program, bot, neighbours[0])
    async with World(neighbours, Echo(ECHOES)) as world:
        loop = asyncio.get_running_loop()
        await enraged(
            program,
            world,
            CONTROL,
            lambda: world.settled(QUIET) or loop.time() - world.quiet_since > GONE,
        )
    told = killing.acknowledged(world.history.happenings)
    missing, again = happened(world)
    counted(f"{CONTROL} kills; {len(told)} messages; {len(missing)} lost, {len(again)} twice")
    assert missing
