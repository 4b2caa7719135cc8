"""Whoever tries names learns nothing: not by the answer, its calls, its letters, the log, or what comes later.

Many accounts try many names. Of some somebody would be found; of some nobody may look; some have been erased; others
are nobody's. The control is a bot that answers hits in other words, and is found out.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
import structlog

from benchmarks import made_names
from bot import i18n
from bot.domain import knock as rules
from bot.domain.conversation import Incoming, Outgoing, Pressed, Sender
from bot.domain.knock import Kind, Known, May
from bot.domain.roles import Role
from bot.i18n import _
from handlers import router
from handlers.ask import Ask
from handlers.routes import Limit
from handlers.search import knock, looking_up
from storage import knocks, people, roles, schema, search
from storage.database import Tx
from tests.family.looking import id_of
from tests.faults import FULL
from tests.stage import Stage
from tests.storage.servers import ONE_ENGINE

ACCOUNTS = 50
GUESSES = 10_000 if FULL else 100
FATES = ("found", "closed", "erased", "nobody")
ANSWER = {"grandmother": rules.folded("Ойша")}


@dataclass
class Siege:
    """Accounts that try names, and everything that can be seen of what they get."""

    stage: Stage
    names: dict[str, str]  # by a name: what would become of it
    statements: int = 0
    updates: int = 0
    seen: dict[str, Counter[Any]] = field(default_factory=dict)

    async def guess(self, account: str, name: str) -> None:
        """One account tries one name; what it gets is noted under what became of the name."""
        stage = self.stage
        now = stage.now()
        form = {"names": json.dumps([name]), "born": 1984, "places": json.dumps(["Хоруғ"]), "relation": "kin"}
        form |= {"answers": json.dumps(ANSWER), "what": "knock", "step": "look"}

        def begin(tx: Tx) -> int:
            met = people.meet(tx, Sender("memory", "1", account), now).person
            assert met is not None
            people.change(tx, met.id, language="en", name="Somebody")
            people.keep_dialogue(tx, met.id, json.dumps(form), now + timedelta(hours=1))
            return met.id

        who = await stage.storage.write(begin)
        before = len(stage.memory.chat(account))
        self.statements = 0
        with structlog.testing.capture_logs() as entries:
            self.updates += 1
            at, who_wrote = stage.now(), Sender("memory", "1", account)
            await stage.hear([Incoming(f"guess {self.updates}", who_wrote, at, Pressed("knock.put", ""))])
            statements = self.statements
            await stage.settle()
        messages = stage.memory.chat(account)[before:]
        shown = tuple((i18n.plain(one.text), tuple(each.label for each in one.choices)) for one in messages)
        rows = await stage.storage.read(partial(_letters, who=who))
        logged = tuple(sorted(entry["event"] for entry in entries))
        self.seen.setdefault(self.names[name], Counter())[shown, len(messages), statements, logged, rows] += 1


def _letters(tx: Tx, who: int) -> tuple[tuple[Any, ...], ...]:
    """Every letter of a person as a thief of the file sees it: lane, state, and how long it is."""
    c = schema.letter.c
    query = sa.select(c.lane, c.state, sa.func.length(sa.type_coerce(c.body, sa.LargeBinary))).where(c.person_id == who)
    newest = query.order_by(c.id.desc()).limit(1)
    return tuple(tuple(row) for row in tx.execute(newest))


async def besieged(stage: Stage, monkeypatch: pytest.MonkeyPatch, guesses: int) -> Siege:
    """Records of every fate, and accounts that try them all."""
    made = list(dict.fromkeys(made_names.made(max(40, guesses // 10), 1, 3).records))
    fates = {name: FATES[at % len(FATES)] for at, name in enumerate(made)}
    holder = stage.actor("holder")
    await holder.settles_in("Holder")
    who = await id_of(stage, holder)
    siege = Siege(stage, fates)

    def hold(tx: Tx) -> None:
        for name, fate in fates.items():
            if fate in {"found", "closed"}:
                kin = people.new(tx, stage.now())
                search.put(
                    tx,
                    Kind.MEMBER,
                    Known((name,), 1984, ("Хоруғ",)),
                    stage.now(),
                    person=kin if fate == "closed" else who,
                    may=May.NOBODY if fate == "closed" else May.KIN,
                    question="grandmother",
                    answer=ANSWER["grandmother"],
                )
            elif fate == "erased":
                search.index(tx)
                gone = search.put(tx, Kind.LIST, Known((name,)), stage.now())
                search.index(tx)
                search.erase(tx, [gone])
        while search.index(tx):
            pass

    await stage.storage.write(hold)
    execute = Tx.execute

    def counted(*arguments: Any) -> object:  # noqa: ANN401 - as `Tx.execute`
        siege.statements += 1
        return execute(*arguments)

    monkeypatch.setattr(Tx, "execute", counted)
    for at in range(guesses):
        await siege.guess(f"stranger{at % ACCOUNTS}", made[at % len(made)])
        if at % 500 == 499:  # noqa: PLR2004 - the quota of a day is counted for the platform's account
            await stage.storage.write(lambda tx: tx.execute(schema.throttle.delete()))
    return siege


def shapes(siege: Siege) -> set[tuple[Any, ...]]:
    """Everything that was seen, whatever the name."""
    return {shape for seen in siege.seen.values() for shape in seen}


@ONE_ENGINE
async def test_names_that_are_tried_teach_nothing(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(router.LIMITS, knock.put, Limit("knock", 10**9))
    siege = await besieged(stage, monkeypatch, GUESSES)
    assert set(siege.seen) == set(FATES)
    first = {fate: set(seen) for fate, seen in siege.seen.items()}
    assert len(set(map(frozenset, first.values()))) == 1, first
    assert len(set.union(*first.values())) == 1, "whatever the name, whoever asks, and however often"
    before = {one: len(stage.memory.chat(one)) for one in (f"stranger{at}" for at in range(ACCOUNTS))}
    await stage.storage.write(lambda tx: tx.execute(schema.knock.update().values(search_at=schema.knock.c.made_at)))
    for _round in range(GUESSES // looking_up.AT_ONCE + 2):
        await stage.app.search()
    assert await stage.storage.read(partial(knocks.due, now=stage.now(), most=1)) == [], "all were looked up"
    await stage.app.round()
    await stage.settle()
    after = {one: len(stage.memory.chat(one)) for one in before}
    assert after == before, "and what is found later is told to nobody who only looks"
    assert await stage.storage.read(lambda tx: tx.execute(sa.select(schema.candidate.c.id)).first()) is not None


@ONE_ENGINE
async def test_control_a_bot_that_answers_hits_in_other_words_is_found_out(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest: Callable[[Ask, Tx], list[Outgoing]] = knock.put

    def leaky(ask: Ask, tx: Tx) -> Outgoing:
        (answer,) = honest(ask, tx)
        mine = knocks.of(tx, ask.person.id)[-1]
        hits = [search.held(tx, hit.record) for hit in search.candidates(tx, mine.form.known) if hit.score > 1]
        return ask.reply(_("Saved."), silent=True) if hits else answer

    monkeypatch.setitem(router.BUTTONS, "knock.put", leaky)
    siege = await besieged(stage, monkeypatch, 24)
    assert len({shape[0] for shape in shapes(siege)}) > 1
    assert len({shape[2] for shape in shapes(siege)}) > 1, "and it took more to answer"


@ONE_ENGINE
async def test_whoever_touches_a_decoy_reads_nothing_and_the_stewards_are_told_once(stage: Stage) -> None:
    steward, zarina = stage.actor("steward"), stage.actor("zarina")
    for actor in (steward, zarina):
        await actor.settles_in(actor.account.title())
    who = await id_of(stage, steward)
    await stage.storage.write(lambda tx: roles.give(tx, who, Role.STEWARD, stage.now()))
    await zarina.says("/desk")
    assert "Decoys" not in zarina.buttons
    await steward.says("/desk")
    await steward.presses("Decoys")
    await steward.presses("Make some")
    assert "There are 5 decoys." in steward.last
    await stage.pass_time(timedelta(minutes=1))
    decoy = (await stage.storage.read(partial(search.of_kind, kind=Kind.DECOY)))[0]
    siege = Siege(stage, {decoy.known.names[0]: "decoy"})
    for _twice in range(2):
        await siege.guess("zarina", decoy.known.names[0])
        await stage.storage.write(lambda tx: tx.execute(schema.knock.update().values(search_at=schema.knock.c.made_at)))
        await stage.pass_time(timedelta(minutes=1))
    assert "Whether or not somebody is found" in zarina.last
    assert steward.screen.count("Something pressing waits for you.") == 1
    await steward.says("/desk")
    await steward.presses("Decoys")
    assert "Touched: 1" in steward.last
    await steward.presses("Remove the touched")
    assert "There are 4 decoys." in steward.last
