"""A bulletin on its way while the bot is killed again and again: nobody is left out unsaid, nobody gets it twice."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot import i18n
from bot.domain.bulletin import Draft, Kind, Topic
from handlers.updates import broadcast
from storage import bulletins, outbox, readers, schema, sqlite
from storage.broadcasts import GOT, Outcome
from storage.crypto import Keys
from storage.database import Tx
from storage.outbox import State as LetterState
from storage.readers import Reading
from storage.signing import throwaway_signer
from tests.faults import count
from tests.faults.community import BLOCK, KEY, Community, Place, World, founded
from tests.faults.killing import Delivered, Killed, Letter, Storm

PACE = 200  # messages a second
BATCH = PACE // 4  # claimed at once
EACH = 100  # readers for each kill: the bulletin is under way all the time
LATENCY = 0.03
CONTROL = 5
NUMBER = re.compile(r"No\. (\d+)")


class Town(World):
    """A Telegram whose people only read: each copy of a bulletin is written down."""

    def __init__(self, community: Community, **options: Any) -> None:  # noqa: ANN401 - the emulator's own
        super().__init__(community, **options)
        self.until_number = 0
        self.changed: set[Letter] = set()

    def _delivered(self, message: Mapping[str, Any], *, edited: bool) -> None:
        lines = message["text"].split("\n")
        found = [NUMBER.search(line) for line in lines]
        numbers = [int(one[1]) for one in found if one is not None]
        letter = Letter(numbers[-1], str(message["chat"]["id"]))
        if edited:
            self.changed.add(letter)
            return
        if letter in self._plainly and self._repeats.isdisjoint(lines):
            self.loud.append(letter)
        self._plainly.add(letter)
        self.history.add(Delivered(letter))


@dataclass(slots=True)
class After:
    """What is known when the storm is over."""

    town: Town
    outcomes: dict[int, dict[str, Outcome]]
    under_way: list[int] = field(default_factory=list)  # letters that were in the air at each kill

    def got(self, number: int) -> Counter[str]:
        """Who was shown a bulletin, and how often."""
        seen = [each.letter for each in self.town.history.happenings if isinstance(each, Delivered)]
        return Counter(letter.reader for letter in seen if letter.number == number)


def publish(tx: Tx, number: int, now: datetime) -> None:
    """Publish No. 1, or what corrects it."""
    kind, about = (Kind.NEWS, None) if number == 1 else (Kind.CORRECTION, 1)
    texts = dict.fromkeys(i18n.LANGUAGES, f"📰 No. {number}")
    signer = throwaway_signer("Canaries", now)
    one = Draft(kind=kind, about=about, topic=Topic.SAFETY)
    made = bulletins.publish(tx, signer, one, texts, now, author=None, reviewer=None)
    outbox.post(tx, broadcast.begin(tx, made, now, None), now)


def subscribe(tx: Tx) -> None:
    for who in tx.execute(sa.select(schema.person.c.id)).scalars().all():
        readers.keep(tx, who, Reading())


async def written(place: Place, *works: Callable[[Tx], None]) -> None:
    """Write into the database of a bot that does not run."""
    storage = await sqlite.open_file(place.database, Keys(KEY))
    for work in works:
        await storage.write(work)
    await storage.close()


def look(tx: Tx) -> dict[int, dict[str, Outcome]]:
    query = sa.select(schema.delivery, schema.address.c.reach).join(
        schema.address, schema.address.c.person_id == schema.delivery.c.person_id
    )
    found: dict[int, dict[str, Outcome]] = {}
    for row in tx.execute(query):
        found.setdefault(row.number, {})[row.reach] = Outcome(row.outcome)
    return found


def flying(tx: Tx) -> int:
    query = sa.select(sa.func.count()).where(schema.letter.c.state == LetterState.FLYING.value)
    n: int = tx.execute(query).scalar_one()
    return n


def ended(tx: Tx) -> bool:
    """Whether nothing is on its way any more, however slow the machine is."""
    runs = sa.select(schema.broadcast.c.id).where(schema.broadcast.c.ended_at.is_(None)).limit(1)
    letters = sa.select(schema.letter.c.id).where(schema.letter.c.state <= LetterState.FLYING.value).limit(1)
    return tx.execute(runs).first() is None and tx.execute(letters).first() is None


async def stormed(tmp_path: Path, kills: int, *ways: str, outage: bool = False) -> After:
    """Let No. 1 go out while the bot is killed, then what corrects it; look at everything at the end."""
    i18n.open_catalogues(strict=False)
    size = -(-(kills * EACH + EACH) // BLOCK) * BLOCK
    community = Community(size)
    under_way: list[int] = []
    async with Town(community, seed=kills, latency=LATENCY, jitter=LATENCY) as town:
        place = await founded(tmp_path, town.url, community, pace=PACE)
        await written(place, subscribe)
        for number in (1, 2):
            begin = datetime.now(UTC) - timedelta(seconds=1)
            await written(place, partial(publish, number=number, now=begin))
            await _rage(town, place, kills, under_way if number == 1 else [], number, *ways, outage=outage)
        assert town.problems == []
        return After(town, place.peek(look), under_way)


async def _rage(  # noqa: PLR0913 - a storm has this many parts
    town: Town, place: Place, kills: int, under_way: list[int], number: int, *ways: str, outage: bool
) -> None:
    over = asyncio.Event()
    waiting: list[asyncio.Task[None]] = []

    async def drained() -> None:
        await town.drained()
        under_way.append(place.peek(flying))

    async def weather() -> None:
        if outage:
            town.storm(error=1.0)
            await asyncio.sleep(5)
            town.storm()
        while not place.peek(ended):  # noqa: ASYNC110 - rows in another process have no event
            await asyncio.sleep(1)
        over.set()
        town.history.look_again()

    def calm() -> None:
        waiting.append(asyncio.create_task(weather()))

    await Storm(kills=kills, seed=number, busy=(1, EACH // 2)).rage(
        place.program(*ways), town.history, calm=calm, settled=over.is_set, drained=drained
    )


def assert_kept_its_word(after: After) -> None:
    everybody = {str(7_000_001 + n) for n in range(after.town.community.size)}
    first, second = after.outcomes[1], after.outcomes[2]
    shown = after.got(1)
    assert first.keys() == everybody, "nobody is left out"
    assert {who for who in everybody if not shown[who]} <= {who for who, how in first.items() if how is Outcome.UNKNOWN}
    assert {who for who, how in first.items() if how is Outcome.DELIVERED} <= shown.keys()
    assert max(shown.values()) == 1, "nobody got it twice"
    assert set(first.values()) <= GOT
    assert second.keys() == {who for who, how in first.items() if how in GOT}, "the correction is exact"
    assert set(second.values()) == {Outcome.DELIVERED}, "and goes out until it has arrived"
    assert after.got(2).keys() == second.keys()
    assert after.town.loud == [], "whoever got the correction twice was told that it may come twice"


def summary(after: After) -> str:
    unknown = sum(how is Outcome.UNKNOWN for how in after.outcomes[1].values())
    kills = sum(isinstance(each, Killed) for each in after.town.history.happenings)
    return (
        f"{kills} kills; {len(after.outcomes[1])} readers, of whom {unknown} are listed as unknown; at most "
        f"{max(after.under_way, default=0)} letters in the air at one kill; {len(after.outcomes[2])} corrected"
    )


@pytest.mark.slow
@pytest.mark.timeout(14400)
async def test_a_bot_that_is_killed_again_and_again_leaves_nobody_out_and_writes_to_nobody_twice(
    tmp_path: Path, counted: Callable[[str], None]
) -> None:
    after = await stormed(tmp_path, count(100))
    counted(summary(after))
    assert_kept_its_word(after)
    assert max(after.under_way) <= BATCH, "what is being sent, and what was claimed to follow it"
    unknown = sum(how is Outcome.UNKNOWN for how in after.outcomes[1].values())
    assert unknown <= sum(after.under_way)


@pytest.mark.slow
@pytest.mark.timeout(1200)
async def test_an_outage_of_the_platform_loses_nobody(tmp_path: Path, counted: Callable[[str], None]) -> None:
    after = await stormed(tmp_path, count(20, 10), outage=True)
    counted(summary(after))
    assert_kept_its_word(after)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_control_a_bot_that_notes_a_letter_before_it_is_sent_is_caught(tmp_path: Path) -> None:
    after = await stormed(tmp_path, CONTROL, "notes-first")
    with pytest.raises(AssertionError):
        assert_kept_its_word(after)
