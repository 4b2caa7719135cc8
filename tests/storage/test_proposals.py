"""Two must agree: whoever is quicker, and however often the engine tries again, of several seconds one is told yes."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from bot.domain.conversation import Sender
from bot.domain.roles import PROPOSAL_LIFE, Role
from bot.i18n import _
from storage import people, proposals, roles
from storage.database import Tx
from storage.proposals import Proposal
from storage.schema import proposal

if TYPE_CHECKING:
    from storage.database import Storage

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def moderators(tx: Tx, n: int) -> list[int]:
    found = []
    for number in range(n):
        met = people.meet(tx, Sender("memory", "1", f"m{number}"), NOW)
        assert met.person is not None
        roles.give(tx, met.person.id, Role.MODERATOR, NOW)
        found.append(met.person.id)
    return found


def put(tx: Tx, who: int, barred: tuple[int, ...] = ()) -> Proposal:
    return proposals.put(tx, "x", Role.MODERATOR, who, _("Saved."), NOW, body={"place": "khorugh"}, barred=barred)


@pytest.mark.parametrize("seed", range(8))
async def test_of_several_who_agree_at_the_same_moment_one_is_told_yes(storage: Storage, seed: int) -> None:
    dice = random.Random(seed)
    first, *others = await storage.write(partial(moderators, n=5))
    one = await storage.write(partial(put, who=first))
    racers = [first, *others, *dice.sample(others, 2)]
    dice.shuffle(racers)

    async def race(who: int) -> bool:
        for _pause in range(dice.randrange(4)):
            await asyncio.sleep(0)
        return await storage.write(partial(proposals.second, one=one, who=who, now=NOW))

    said = await asyncio.gather(*(race(who) for who in racers))
    assert sum(said) == 1
    assert not any(yes for who, yes in zip(racers, said, strict=True) if who == first)


async def test_a_control_that_only_looks_first_would_tell_several_yes(storage: Storage) -> None:
    """Looking in one transaction and writing in another is no quorum: that is why it is one statement."""
    first, *others = await storage.write(partial(moderators, n=4))
    one = await storage.write(partial(put, who=first))

    async def race(who: int) -> bool:
        found = await storage.read(
            partial(proposals.find, which=one.id, kind="x", what=Role.MODERATOR, who=who, now=NOW)
        )
        await asyncio.sleep(0.05)
        await storage.write(lambda tx: tx.execute(proposal.delete().where(proposal.c.id == one.id)).rowcount)
        return found is not None

    assert sum(await asyncio.gather(*(race(who) for who in others))) > 1


async def test_what_is_stored_comes_back_as_it_was(storage: Storage) -> None:
    first, second, barred = await storage.write(partial(moderators, n=3))
    one = await storage.write(partial(put, who=first, barred=(barred,)))

    def look(tx: Tx) -> None:
        assert proposals.waiting(tx, Role.MODERATOR, second, NOW) == [one]
        assert proposals.of_kind(tx, "x", Role.MODERATOR, NOW) == [one]
        assert proposals.waiting(tx, Role.MODERATOR, barred, NOW) == []
        assert proposals.waiting(tx, Role.STEWARD, second, NOW) == []
        assert proposals.find(tx, one.id, "y", Role.MODERATOR, second, NOW) is None
        assert proposals.find(tx, one.id, "x", Role.MODERATOR, second, NOW + PROPOSAL_LIFE) is None

    await storage.read(look)
    assert not await storage.write(partial(proposals.second, one=one, who=barred, now=NOW))


async def test_a_proposal_counts_only_as_long_as_its_proposer_may_make_it(storage: Storage) -> None:
    first, second = await storage.write(partial(moderators, n=2))
    one = await storage.write(partial(put, who=first))
    late = NOW + PROPOSAL_LIFE
    assert not await storage.write(partial(proposals.second, one=one, who=second, now=late))

    def take(tx: Tx) -> None:
        held = roles.held(tx, first, Role.MODERATOR, NOW)
        assert held is not None
        roles.take(tx, held)
        assert tx.execute(sa.select(proposal)).all() == []

    await storage.write(take)
    assert not await storage.write(partial(proposals.second, one=one, who=second, now=NOW))
