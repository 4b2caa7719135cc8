"""Whatever anybody presses, forges or types: hard news is on no screen but of those who check it or were told."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from bot.domain.checkin import Hard, How
from bot.domain.conversation import Sender
from bot.domain.people import Person
from bot.domain.refusals import Outdated
from bot.domain.roles import Role
from bot.platforms.memory import Change
from handlers import router
from handlers.ask import Ask, base36
from handlers.family import hard, matters
from storage import circles, outbox, people, relatives, roles, schema
from storage.database import Tx
from tests.family.looking import forge, id_of
from tests.family.test_hard import confirms, names, opens, relative, tells
from tests.stage import Actor, Stage

CANARY = re.compile(r"\b(?:died|detained)\b")
STEPS = 50
APPROVING = frozenset({"hard.grade"})
VERBS = sorted(verb for verb in router.BUTTONS if verb.startswith("hard."))
SAID = (
    "/people",
    "/start",
    "/circles",
    "I am safe",
    "Rustam died",
    "detained",
    "Yes",
    "1",
    "Rustam",
    "/privacy",
    "/ask",
)


@dataclass
class Town:
    """A family, two whom the community trusts, and a stranger; with everything that ever stood on their screens."""

    stage: Stage
    dice: random.Random
    actors: dict[str, Actor] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    may_see: set[str] = field(default_factory=set)

    def watch(self, change: Change) -> None:
        """Remember who was shown what has happened, even if it stood there for a moment."""
        if change.message.from_bot and CANARY.search(str(change.message.text)):
            self.seen.add(change.message.account)

    async def found(self) -> None:
        """Let everybody come, and the circle name two."""
        self.stage.memory.watch(self.watch)
        family = await self.stage.family("Zarina", "Daler", "Maria", "Safar", "Bibi")
        self.actors = {actor.account: actor for actor in family}
        await relative(self.stage, family[0])
        await names(self.stage, family[0], "Daler", "Maria")
        for name in ("Bahrom", "Nigina", "Stranger"):
            actor = self.actors[name.lower()] = self.stage.actor(name.lower())
            await actor.settles_in(name)
        for name in ("bahrom", "nigina"):
            who = await id_of(self.stage, self.actors[name])
            await self.stage.storage.write(partial(roles.give, who=who, what=Role.MODERATOR, now=self.stage.now()))

    async def told_by_code(self, what: Hard, name: str) -> None:
        """Let somebody who is not of the circle tell it, as a list or a code of another feature does."""
        teller = await id_of(self.stage, self.actors["stranger"])

        def work(tx: Tx) -> None:
            which = circles.circles_of(tx, self.somebody(tx))[0].id
            everybody = [*circles.members(tx, [which])[which], *relatives.inside(tx, [which])[which]]
            person = next((one for one in everybody if one.name == name), None)
            if person is None:
                return
            now, sender = self.stage.now(), Sender("memory", "1", "stranger")
            where = people.addresses(tx, teller)[0].id
            ask = Ask(Person(teller, "en", "Stranger"), now, now, where, sender, str)
            outbox.post(tx, hard.told(ask, tx, person, which, what, How.LIST, now), now)

        await self.stage.storage.write(work)
        await self.stage.settle()

    def somebody(self, tx: Tx) -> int:
        """Any member of the circle that is left."""
        who: int = tx.execute(sa.select(schema.membership.c.person_id).limit(1)).scalar_one()
        return who

    async def note_who_may(self) -> None:
        """Whoever checks it now, or was told by voice, may have seen it from now on."""

        def look(tx: Tx) -> set[int]:
            checks = tx.execute(sa.select(schema.hard_reader.c.person_id)).scalars()
            told = tx.execute(sa.select(schema.hard_told.c.person_id)).scalars()
            return {*checks, *told}

        allowed = await self.stage.storage.read(look)
        for account, actor in self.actors.items():
            try:
                self.may_see |= {account} if await id_of(self.stage, actor) in allowed else set()
            except sa.exc.NoResultFound:  # forgotten
                continue

    async def step(self, without: frozenset[str]) -> None:
        """Somebody presses, forges or types something, or time passes."""
        actor = self.dice.choice(list(self.actors.values()))
        what = self.dice.random()
        if what < 0.55:  # noqa: PLR2004
            standing = [
                (message.id, choice.code)
                for message in actor.messages[-6:]
                for choice in message.choices
                if choice.code.split(":")[0] not in without and choice.code not in {"forget", "forgotten"}
            ]
            if standing:
                message, code = self.dice.choice(standing)
                await actor.memory.press(actor.account, message, code, stale=True)
                await self.stage.settle()
        elif what < 0.85:  # noqa: PLR2004
            await forge(self.stage, actor, await self.forged(without))
        elif what < 0.95:  # noqa: PLR2004
            await actor.says(self.dice.choice(SAID))
        else:
            await self.stage.pass_time(timedelta(hours=self.dice.choice([1, 30])), timedelta(hours=1))
        await self.note_who_may()

    async def forged(self, without: frozenset[str]) -> str:
        """The code of a button that never stood anywhere, with numbers that a thief of the database would know."""

        def look(tx: Tx) -> tuple[list[int], list[int]]:
            cases = [*tx.execute(sa.select(schema.hard.c.id)).scalars()]
            words = [*tx.execute(sa.select(schema.hard_word.c.id)).scalars()]
            every = [*tx.execute(sa.select(schema.circle.c.id)).scalars()]
            return [*cases, *cases, *cases, *words, *every], list(tx.execute(sa.select(schema.person.c.id)).scalars())

        numbers, who = await self.stage.storage.read(look)
        verb = self.dice.choice([verb for verb in VERBS if verb not in without])
        last = self.dice.choice(["", f":{base36(self.dice.choice(who))}", ":document", ":seen"])
        return f"{verb}:{base36(self.dice.choice(numbers or [1]))}{last}"


async def walk(stage: Stage, seed: int, without: frozenset[str]) -> Town:
    """One walk through the town, after hard news was told from every source."""
    town = Town(stage, random.Random(seed))
    await town.found()
    await tells(town.actors[town.dice.choice(["zarina", "safar", "bibi", "daler"])])
    await tells(town.actors["safar"], "Bibi", "Detained")
    await town.told_by_code(Hard.DEAD, "Rustam")
    await town.told_by_code(Hard.DETAINED, "Maria")
    await town.note_who_may()
    for _step in range(STEPS):
        await town.step(without)
    return town


@pytest.mark.parametrize("seed", range(4))
async def test_without_approvals_it_stands_on_no_screen_but_of_those_who_check_it(stage: Stage, seed: int) -> None:
    town = await walk(stage, seed, APPROVING)
    assert town.seen <= town.may_see
    assert town.seen, "control: those who check it have seen it"
    marked = await stage.storage.read(lambda tx: tx.execute(sa.select(schema.hard_told)).all())
    assert marked == [], "and nobody counts as told"


@pytest.mark.parametrize("seed", range(3))
async def test_with_approvals_it_is_seen_by_those_who_were_told_as_well(stage: Stage, seed: int) -> None:
    town = Town(stage, random.Random(seed))
    await town.found()
    daler, maria, zarina = (town.actors[name] for name in ("daler", "maria", "zarina"))
    await tells(town.actors["safar"])
    await confirms(daler)
    await daler.presses("I will call the family")
    await confirms(maria)
    await opens(daler)
    await daler.presses("Zarina")
    await daler.presses("Yes, by voice")
    await zarina.says("/people")
    assert town.seen == {"daler", "maria", "zarina"}
    await town.note_who_may()
    for _step in range(STEPS):
        await town.step(frozenset())
    assert town.seen <= town.may_see


async def test_control_a_door_that_asks_nobody_who_they_are_is_found(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def anybody(ask: Ask, tx: Tx) -> matters.Matter:
        matter = matters.by_number(tx, ask.number())
        if matter is None:
            raise Outdated
        return matter

    monkeypatch.setattr(matters, "part_of", anybody)
    monkeypatch.setattr(matters, "checks", lambda *_all: True)
    town = await walk(stage, 0, APPROVING)
    assert not town.seen <= town.may_see
