"""The real bot, killed again and again under load: nothing it promised is lost, and nobody is told twice unawares."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from bot import i18n
from bot.domain.checkin import State
from tests.faults import count, killing
from tests.faults.community import BLOCK, KINDS, Community, Kept, World, account, flying, founded, kept
from tests.faults.killing import Delivered, Happening, Killed, Letter, Storm

BUSY = 800  # happenings in one life at the most: some lives end before the first letter, most amid hundreds
PACE = 28  # messages a second: what a bot keeps to at the real Telegram
WINDOW = 40  # pieces of news (several stand in one message) that one kill may repeat there, on average
LATENCY = 0.03  # seconds, and as much again by chance: half of it before a letter is accepted
CONTROL = 5  # kills: enough for what is wrong to show
WEATHER = {"lost": 0.01, "half": 0.005, "drop": 0.01, "stall": 0.002, "error": 0.01, "flood": 0.001}


@dataclass(slots=True)
class After:
    """What is known when the storm is over."""

    world: World
    kept: Kept
    under_way: list[frozenset[Letter]] = field(default_factory=list)  # at each kill, in the dead bot's database

    @property
    def happenings(self) -> list[Happening]:
        """Everything that the outside saw."""
        return self.world.history.happenings

    def unexcused(self) -> list[Letter]:
        """Repeats of letters whose copy before got its answer and was not under way at a kill since then."""
        found: list[Letter] = []
        last: dict[Letter, tuple[int, bool]] = {}  # when the copy before came: after so many kills, and answered?
        kills = 0
        for each in self.happenings:
            if isinstance(each, Killed):
                kills += 1
            elif isinstance(each, Delivered):
                if each.letter in last:
                    since, answered = last[each.letter]
                    if answered and not any(each.letter in self.under_way[kill] for kill in range(since, kills)):
                        found.append(each.letter)
                last[each.letter] = kills, each.answered
        return found

    def most_at_one_kill(self) -> int:
        """How often one letter came at most between two kills that left it under way."""
        most: Counter[tuple[Letter, int]] = Counter()
        kills = 0
        for each in self.happenings:
            if isinstance(each, Killed):
                kills += 1
            elif isinstance(each, Delivered) and each.answered:
                most[each.letter, kills] += 1
        return max(most.values())


async def stormed(  # noqa: PLR0913 - a storm has this many parts
    tmp_path: Path,
    kills: int,
    *ways: str,
    weather: dict[str, float] | None = None,
    quiet: float = 3.0,
    pace: int = 1000,
    busy: int = BUSY,
) -> After:
    """Kill the bot again and again, let it finish, and look at everything."""
    i18n.open_catalogues(strict=False)
    community = Community((kills + 8) * BLOCK)
    async with World(community, seed=kills, latency=LATENCY, jitter=LATENCY) as world:
        place = await founded(tmp_path, world.url, community, pace=pace)
        under_way: list[frozenset[Letter]] = []
        over = asyncio.Event()

        async def drained() -> None:
            await world.drained()
            under_way.append(place.peek(partial(flying, community=community)))

        async def wait_for_quiet() -> None:
            await world.quiet(quiet)
            over.set()
            world.history.look_again()

        waiting: list[asyncio.Task[None]] = []

        def calm() -> None:
            world.calm()
            waiting.append(asyncio.create_task(wait_for_quiet()))

        if weather is not None:
            world.storm(**weather)
            world.mischief(duplicate=0.2, reorder=True)
        await Storm(kills=kills, seed=1, busy=(1, min(busy, 6 * pace))).rage(
            place.program(*ways),
            world.history,
            calm=calm,
            settled=over.is_set,
            drained=drained,
        )
        assert world.problems == []
        return After(world, place.peek(partial(kept, community=community)), under_way)


def assert_kept_its_word(after: After, kills: int) -> None:
    world, happenings = after.world, after.happenings
    due = world.community.due
    assert len(killing.acknowledged(happenings)) > 5 * kills
    assert killing.lost(happenings, after.kept.numbers) == set()
    assert killing.missing(happenings, due) == set()
    assert killing.invented(happenings, due) == set()
    assert after.unexcused() == []
    assert world.loud == []
    assert after.most_at_one_kill() == 1
    assert (after.kept.waiting, after.kept.flying, after.kept.failed) == (frozenset(), frozenset(), 0)
    assert killing.disordered(by_teller(after), lambda letter: letter.number) == set()


def summary(after: After) -> str:
    """Say what happened, in numbers."""
    happenings = after.happenings
    copies = killing.copies(happenings)
    return (
        f"{len(after.under_way)} kills; {len(killing.acknowledged(happenings))} check-ins acknowledged; "
        f"{sum(copies.values())} letters delivered, of which {sum(copies.values()) - len(copies)} were repeats; "
        f"{sum(map(len, after.under_way))} under way at the kills"
    )


def by_teller(after: After) -> list[Happening]:
    """Take the letters of one lane (news for the others) apart by teller: each one's news keeps its order."""
    found: list[Happening] = []
    community = after.world.community
    for each in after.happenings:
        if isinstance(each, Delivered) and KINDS[community.kind(each.letter.number)] is not State.HELP:
            teller = account(community.teller(each.letter.number))
            if each.letter.reader != teller:
                found.append(Delivered(Letter(each.letter.number, f"{teller} to {each.letter.reader}")))
    return found


@pytest.mark.slow
@pytest.mark.timeout(3600)
async def test_a_bot_that_is_killed_again_and_again_loses_nothing_and_repeats_nothing_unawares(
    tmp_path: Path, counted: Callable[[str], None]
) -> None:
    after = await stormed(tmp_path, count(200))
    counted(summary(after))
    assert_kept_its_word(after, count(200))


@pytest.mark.slow
@pytest.mark.timeout(7200)
async def test_bad_weather_on_top_changes_nothing_of_that(tmp_path: Path, counted: Callable[[str], None]) -> None:
    after = await stormed(tmp_path, count(100), weather=WEATHER, quiet=12.0)
    assert_kept_its_word(after, count(100))
    counted(summary(after))
    assert {fault for wire in after.world.wire if (fault := wire.outcome) in WEATHER} >= {"lost", "drop"}


@pytest.mark.slow
@pytest.mark.timeout(7200)
async def test_at_the_pace_of_the_real_telegram_a_kill_repeats_few_letters(
    tmp_path: Path, counted: Callable[[str], None]
) -> None:
    after = await stormed(tmp_path, count(30, 10), pace=PACE)
    counted(summary(after))
    assert_kept_its_word(after, 0)
    assert killing.repeats_per_kill(after.happenings) <= WINDOW


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_control_a_bot_that_promises_before_it_commits_is_caught(tmp_path: Path) -> None:
    # with more it could take all there is in its first lives, and then nothing would happen in the next ones
    after = await stormed(tmp_path, CONTROL, "acknowledges-first", busy=400)
    assert killing.lost(after.happenings, after.kept.numbers)
    assert killing.missing(after.happenings, after.world.community.due)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_control_a_bot_that_notes_a_letter_before_it_is_sent_is_caught(tmp_path: Path) -> None:
    after = await stormed(tmp_path, CONTROL, "notes-first")
    assert killing.lost(after.happenings, after.kept.numbers) == set()
    assert killing.missing(after.happenings, after.world.community.due)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_control_a_bot_that_repeats_as_if_it_were_the_first_time_is_caught(tmp_path: Path) -> None:
    after = await stormed(tmp_path, CONTROL, "repeats-silently")
    assert killing.missing(after.happenings, after.world.community.due) == set()
    assert after.world.loud
