"""The real bot on a real Matrix server, killed again and again: each message is answered once, and all can be read."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from bot import i18n
from bot.i18n import _
from tests.faults import count, killing
from tests.faults.community import CIRCLE, ROOT, Place, spoken
from tests.faults.hasty import LONG
from tests.faults.homeserver import Circles, Echo, World, founded, language_of, rows, sentence, serving
from tests.faults.killing import Misbehaved, Program, Storm
from tests.matrix.crowd import PATIENCE, Crowd, Neighbour
from tests.matrix.synapse import Account, Synapse
from tests.matrix.vanilla import HEARD

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]

PEOPLE = 24
ECHOES = 12  # people who speak with the control
BUSY = 60  # happenings in one life at the most: some lives end before the first letter, most amid dozens
MOMENT = 0.005  # seconds after a happening, at most, when it is killed
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


def hasty(place: Place, way: str) -> Program:
    """Give the bot with something done too early (see `tests.faults.hasty`)."""
    command = (sys.executable, "-m", "tests.faults.hasty", way, "--", "--settings", str(place.settings), "run")
    return replace(place.program(), command=command)


async def enraged(
    program: Program, world: World, kills: int, settled: Callable[[], bool], wobble: float = MOMENT
) -> None:
    storm = Storm(kills=kills, seed=kills, busy=(1, BUSY), starting=3.0, early=5, wobble=wobble)
    try:
        await storm.rage(program, world.history, calm=world.calm, settled=settled, drained=world.drained)
    except Misbehaved as misbehaved:
        misbehaved.add_note(world.plight())
        raise


async def born(program: Program, bot: Account, neighbour: Neighbour) -> None:
    """Let it live until it has come in: what is written before its device has keys can be read by nobody, ever."""
    async with serving(program):
        await has_keys(neighbour, bot.user)
        await neighbour.until(lambda: neighbour.members.get((neighbour.room, bot.user)) == "join")


async def has_keys(neighbour: Neighbour, user: str) -> None:
    """Wait until a bot has a device that can be written to."""
    async with asyncio.timeout(PATIENCE):
        while not await neighbour.devices_of(user):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.002)


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
        try:
            await enraged(place.program(), world, kills, partial(world.settled, QUIET))
        except Misbehaved as misbehaved:
            misbehaved.add_note(f"{place.peek(rows)}")
            raise
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


async def test_control_a_bot_that_keeps_its_place_before_it_commits_loses_messages(
    synapse: Synapse, crowd: Crowd, tmp_path: Path
) -> None:
    i18n.open_catalogues(strict=False)
    bot = synapse.register("bot")
    neighbours = await crowd.neighbours(ECHOES, bot.user)
    place = await founded(tmp_path, synapse.url, bot, neighbours)
    await born(place.program(), bot, neighbours[0])
    async with World(neighbours, Circles(ECHOES)) as world:
        loop = asyncio.get_running_loop()
        await enraged(
            hasty(place, "keeps-place-first"),
            world,
            CONTROL,
            lambda: world.settled(QUIET) or loop.time() - world.quiet_since > GONE,
            wobble=LONG,  # nothing happens while it has kept its place and not yet committed: kill it then as well
        )
    assert happened(world)[0]


# -- moments that a storm seldom hits ---------------------------------------------------------------------------------


async def test_a_bot_that_is_killed_as_its_keys_appear_can_read_what_was_locked_with_them(
    synapse: Synapse, crowd: Crowd, tmp_path: Path
) -> None:
    for time in range(count(50)):
        read, told = await killed_as_its_keys_appear(synapse, crowd, tmp_path / str(time), None)
        assert read
        assert not told


async def test_control_a_bot_that_shows_its_keys_before_it_remembers_them_can_not_read_it(
    synapse: Synapse, crowd: Crowd, tmp_path: Path
) -> None:
    read, told = await killed_as_its_keys_appear(synapse, crowd, tmp_path, "shows-keys-first")
    assert not read
    assert told


async def killed_as_its_keys_appear(
    synapse: Synapse, crowd: Crowd, directory: Path, way: str | None
) -> tuple[bool, bool]:
    """Write to a bot that was killed in its first moment; whether it reads that later, and whether it asks again."""
    i18n.open_catalogues(strict=False)
    bot = synapse.register("bot")
    neighbour = await crowd.neighbour()
    await neighbour.invites(bot.user)
    place = await founded(directory, synapse.url, bot, [neighbour])
    async with serving(hasty(place, way) if way else place.program()):
        await has_keys(neighbour, bot.user)
    await neighbour.says("/safe")
    line = _("You wrote something, but I could not decrypt it. Please write it once more.")
    news, again = sentence(0, language_of(0)), spoken(line, language_of(0))
    async with serving(place.program()):
        await neighbour.until(lambda: news in neighbour.screen or again in neighbour.screen, 2 * PATIENCE)
    return news in neighbour.screen, again in neighbour.screen


async def test_what_is_said_while_the_bot_is_away_is_answered_when_it_is_back(
    synapse: Synapse, crowd: Crowd, tmp_path: Path
) -> None:
    _bot, neighbours, place = await at_home(synapse, crowd, tmp_path)
    for _time in range(MISSED):
        await neighbours[0].says("/safe")
        neighbours[0].rotates()
    async with serving(place.program()):
        for reader in range(len(neighbours)):
            await reads(neighbours[reader], sentence(0, language_of(reader)), MISSED)
        await reads(neighbours[0], sentence(1, language_of(0)), 0)
    assert [one.in_clear for one in neighbours if one.in_clear] == []


async def test_control_plain_matrix_nio_answers_only_the_last_of_what_was_said_while_it_was_away(
    synapse: Synapse, crowd: Crowd, tmp_path: Path
) -> None:
    bot = synapse.register("bot")
    (neighbour,) = await crowd.neighbours(1, bot.user)
    program = vanilla(tmp_path, synapse, bot)
    await born(program, bot, neighbour)
    for number in range(MISSED):
        await neighbour.says(str(number))
    async with serving(program):
        await neighbour.until(lambda: f"{HEARD}{MISSED - 1}" in neighbour.screen)
        await reads(neighbour, HEARD, 10)


async def test_a_server_that_goes_and_comes_back_loses_nothing(tmp_path: Path) -> None:
    with Synapse() as server:
        async with Crowd(server) as people:
            _bot, neighbours, place = await at_home(server, people, tmp_path)
            async with World(neighbours, Circles(CIRCLE)) as world, serving(place.program()):
                for _time in range(2):
                    before = len(killing.copies(world.history.happenings))
                    async with asyncio.timeout(4 * PATIENCE):
                        await world.history.until(
                            lambda before=before: len(killing.copies(world.history.happenings)) > before + CIRCLE  # type: ignore[misc]
                        )
                    await asyncio.to_thread(server.restart)
                world.calm()
                try:
                    async with asyncio.timeout(6 * PATIENCE):
                        await world.history.until(partial(world.settled, QUIET))
                except TimeoutError as late:
                    late.add_note(world.plight())
                    raise
            assert happened(world) == (set(), [])
            assert sum(len(one.unreadable) + len(one.in_clear) for one in neighbours) == 0


async def test_new_people_reach_a_bot_whose_one_time_keys_are_all_taken(
    synapse: Synapse, crowd: Crowd, tmp_path: Path
) -> None:
    bot, neighbours, place = await at_home(synapse, crowd, tmp_path)
    assert await all_taken(neighbours[0], bot.user) == "the fallback key"
    late = await crowd.neighbour()
    await late.invites(bot.user)
    await late.says("/start")
    async with serving(place.program()):
        await late.until(lambda: "English" in late.screen)
    assert late.unreadable == []


async def test_control_nobody_new_reaches_plain_matrix_nio_then(synapse: Synapse, crowd: Crowd, tmp_path: Path) -> None:
    bot = synapse.register("bot")
    (neighbour,) = await crowd.neighbours(1, bot.user)
    await born(vanilla(tmp_path, synapse, bot), bot, neighbour)
    assert await all_taken(neighbour, bot.user) == "no key"


async def at_home(server: Synapse, crowd: Crowd, directory: Path) -> tuple[Account, list[Neighbour], Place]:
    """Let one circle live with a bot that knows them, has come to each of them, and is away now."""
    i18n.open_catalogues(strict=False)
    bot = server.register("bot")
    neighbours = await crowd.neighbours(CIRCLE, bot.user)
    place = await founded(directory, server.url, bot, neighbours)
    async with serving(place.program()):
        await has_keys(neighbours[0], bot.user)
        for one in neighbours:
            await one.says("/start")
            await one.until(lambda one=one: one.screen)  # type: ignore[misc]
    return bot, neighbours, place


async def reads(neighbour: Neighbour, words: str, times: int) -> None:
    """Wait until somebody has read words so many times, and see that it stays so."""
    await neighbour.until(lambda: neighbour.screen.count(words) >= times)
    await neighbour.hears(1)
    assert neighbour.screen.count(words) == times
    assert neighbour.unreadable == []


async def all_taken(neighbour: Neighbour, user: str) -> str:
    """Take a device's one-time keys until there are no more, and say what comes then."""
    (device,) = await neighbour.devices_of(user)
    for _time in range(KEYS):
        taken = await neighbour.takes_key(user, device)
        if not taken:
            return "no key"
        if any(one.get("fallback") for one in taken.values()):
            return "the fallback key"
    return "keys without end"
