"""How SQLite finds what a check-in and its letters need: by an index, so that the cost does not grow with the members.

Every statement is asked for its plan. A plan that reads a whole table, or sorts a backlog, is found here long before
anybody can measure it.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Self

import pytest
import sqlalchemy as sa

from bot import i18n
from bot.domain.bulletin import Kind
from bot.domain.checkin import News, State
from bot.domain.conversation import Lane, Outgoing
from bot.domain.knock import Known
from bot.domain.petition_log import Reason
from bot.domain.roles import Role
from bot.domain.signature import Declared, Mode
from bot.outbox.courier import NotSent
from handlers import rounds, words
from handlers.ask import base36
from storage import (
    broadcasts,
    knocks,
    ledger,
    links,
    lists,
    matches,
    outbox,
    petition_logs,
    petitions,
    search,
    signatures,
)
from storage import people as people_kept
from storage.crypto import Keys
from storage.database import Tx
from storage.outbox import Delivered, Letter
from storage.readers import Reading
from storage.schema import address, letter, message, person
from storage.sqlite import SQLite, open_file
from tests.family.looking import forge, id_of
from tests.family.test_desk import give, moderators, people
from tests.family.test_privacy import forget
from tests.petitions import ledgers, signing
from tests.search.test_walk import Phone
from tests.search.walk import walk
from tests.stage import Stage
from tests.storage.servers import PETITIONS
from tests.updates.casting import crowd, draft, publishes, subscribes
from tests.updates.test_hotline import answers, reads, takes
from tests.updates.test_hotline import writes as begins_a_case

LONG = (
    "delivery",
    "reader",
    "reader_place",
    "asked",
    "letter",
    "message",
    "person",
    "address",
)  # a row for each reader


@pytest.fixture
async def stage(tmp_path: Path, keys: Keys, migrated_file: Path) -> AsyncIterator[Stage]:
    """A stage on SQLite."""
    i18n.open_catalogues(strict=False)
    shutil.copy(migrated_file, tmp_path / "payvand.db")
    storage = await open_file(tmp_path / "payvand.db", keys)
    yield Stage(storage)
    await storage.close()


class Statements:
    """What the writer's connection was asked meanwhile, each statement once, and how it is found."""

    def __init__(self, stage: Stage) -> None:
        assert isinstance(stage.storage, SQLite)
        self._storage = stage.storage
        self._connection = stage.storage._writer._conn  # noqa: SLF001 - nobody else has the connection
        self.asked: set[str] = set()

    def __enter__(self) -> Self:
        self._connection.set_trace_callback(self.asked.add)
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.set_trace_callback(None)

    async def plans(self) -> dict[str, list[str]]:
        """The plan of each."""
        words = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
        asked = sorted(one for one in self.asked if one.lstrip().upper().startswith(words))

        def explain() -> dict[str, list[str]]:
            return {
                one: [row[3] for row in self._connection.execute("EXPLAIN QUERY PLAN " + one).fetchall()]
                for one in asked
            }

        return await self._storage._writer.run(explain)  # noqa: SLF001


def whole(plan: list[str]) -> list[str]:
    """The steps of a plan that read a whole table or index."""
    return [step for step in plan if step.startswith("SCAN ") and not step.startswith(("SCAN CONSTANT", "SCAN ("))]


async def test_nothing_on_the_way_of_a_check_in_reads_a_whole_table(stage: Stage) -> None:
    zarina, _daler, _maria = await stage.family("Zarina", "Daler", "Maria")
    await zarina.says("/start")
    with Statements(stage) as statements:
        await zarina.presses("I am safe")
    plans = await statements.plans()
    assert len(plans) > 10, "the statements were seen"  # noqa: PLR2004
    assert {one: steps for one, plan in plans.items() if (steps := whole(plan))} == {}


async def test_a_backlog_is_neither_read_nor_sorted_to_find_what_goes_next(stage: Stage) -> None:
    zarina, _daler = await stage.family("Zarina", "Daler")
    stage.memory.fail(NotSent(), times=9)
    with Statements(stage) as statements:
        await zarina.says("/safe")
        await stage.pass_time(timedelta(minutes=1))
        await stage.storage.write(partial(outbox.next_due, route="memory/1", after=stage.now()))
    plans = {one: plan for one, plan in (await statements.plans()).items() if "letter" in one and "SELECT" in one}
    claims = [plan for one, plan in plans.items() if "LIMIT" in one and "body" in one]
    assert claims
    assert [step for plan in claims for step in plan if "TEMP B-TREE" in step] == []
    assert {one: steps for one, plan in plans.items() if (steps := whole(plan))} == {}


async def test_nothing_that_is_asked_of_the_line_reads_all_that_was_ever_written_there(stage: Stage) -> None:
    zarina, anna = [stage.actor(name) for name in ("zarina", "anna")]
    for actor in (zarina, anna):
        await actor.settles_in(actor.account.title())
    await give(stage, anna, Role.MODERATOR)
    with Statements(stage) as statements:
        await begins_a_case(zarina)
        await takes(anna)
        await answers(anna)
        await stage.pass_time(timedelta(minutes=2))
        await reads(zarina)
        await zarina.presses("End and erase it")
        await zarina.presses("Yes, erase it")
    plans = {one: plan for one, plan in (await statements.plans()).items() if "line_" in one}
    assert len(plans) > 15, "the statements were seen"  # noqa: PLR2004
    assert {one: steps for one, plan in plans.items() if (steps := whole(plan))} == {}


async def test_what_expires_every_minute_reads_neither_all_people_nor_all_their_addresses(stage: Stage) -> None:
    await stage.family("Zarina", "Daler")
    with Statements(stage) as statements:
        await stage.storage.write(partial(links.expire, now=stage.now()))
        await stage.storage.write(partial(people_kept.expire, now=stage.now()))
    plans = await statements.plans()
    assert len(plans) > 4, "the statements were seen"  # noqa: PLR2004
    assert {one: steps for one, plan in plans.items() if (steps := whole(plan))} == {}
    found = " ".join(step for plan in plans.values() for step in plan)
    for index in ("ix_person_met_on", "ix_address_linked_at", "ix_address_sees_at"):
        assert index in found


async def test_what_expires_every_minute_takes_no_more_steps_when_more_people_are_there(stage: Stage) -> None:
    waiting = Waiting(stage)

    def expire(tx: Tx) -> None:
        links.expire(tx, stage.now())
        people_kept.expire(tx, stage.now())

    def speak(tx: Tx) -> None:
        tx.execute(person.update().values(language="en"))

    steps = []
    for backlog in (FEW, MANY):
        await waiting.wait(backlog)
        await stage.storage.write(speak)
        steps.append(await waiting.steps(expire))
    few, many = steps
    assert 0 < many < 1.2 * few


async def test_a_bulletin_on_its_way_reads_no_whole_table_but_its_own_short_ones(stage: Stage) -> None:
    anna, _bahrom = await moderators(stage, "Anna", "Bahrom")
    (zarina,) = await people(stage, "Zarina")
    who = await subscribes(stage, zarina, Reading(places=("khorugh",)))
    everybody = await stage.storage.write(partial(crowd, stage=stage, n=40, languages=("en", "tg")))
    await publishes(stage, draft(place="khorugh"), ["en"], by=await id_of(stage, anna))
    step = partial(rounds.broadcasting, most={"memory/1": 100})
    with Statements(stage) as statements:
        await stage.storage.write(partial(step, now=stage.now()))
        await stage.app.engine.drain()
        await stage.storage.write(partial(broadcasts.note_asked, number=1, who=everybody[0], now=stage.now()))
        await publishes(stage, draft(Kind.CORRECTION, 1), ["en"])
        for _step in range(3):
            stage._now += timedelta(seconds=5)  # noqa: SLF001 - without what else happens as time passes
            await stage.storage.write(partial(step, now=stage.now()))
            await stage.app.engine.drain()
        await stage.storage.write(partial(broadcasts.unite, gone=everybody[-1], kept=who, now=stage.now()))
    plans = await statements.plans()
    ours = {one: plan for one, plan in plans.items() if any(table in one for table in LONG)}
    assert len(ours) > 30, "the statements were seen"  # noqa: PLR2004
    found = {one: [step for step in whole(plan) if step.split()[1] in LONG] for one, plan in ours.items()}
    assert {one: steps for one, steps in found.items() if steps} == {}


# Tables of petitions and of the search that get a row for each signer, entry, reader, record or search. The petitions
# themselves, their versions, packets and sponsors are few: a round may read those.
MANY_ROWS = (
    *("petition_signature", "petition_nullifier", "petition_entry", "petition_node", "petition_checkpoint"),
    *("petition_follower", "petition_talk", "petition_packet"),
    *("sought", "sought_list", "knock", "candidate", "candidate_note", "listed", "exported", "not_same", "knock_quota"),
    *("passing", "sought_former"),
    *("person", "address", "message", "letter"),
)


def reads_all(plans: dict[str, list[str]]) -> dict[str, list[str]]:
    """The statements that read one of those tables as a whole, and the steps that do."""
    found = {one: [step for step in whole(plan) if step.split()[1] in MANY_ROWS] for one, plan in plans.items()}
    return {one: steps for one, steps in found.items() if steps}


DRAFTS_GO = "DELETE FROM petition WHERE"  # what hangs on a petition is looked for, too: on a draft there is nothing


def all_of_one(plans: dict[str, list[str]]) -> dict[str, list[str]]:
    """The statements without an end that read all signatures or the whole log of one petition, and the steps."""
    tables = [f"SEARCH petition_{table} " for table in ("signature", "nullifier", "entry", "node")]
    found = {
        one: [step for step in plan if step.endswith("(petition_id=?)") and step.startswith(tuple(tables))]
        for one, plan in plans.items()
        if "LIMIT" not in one and not one.startswith(DRAFTS_GO)
    }
    return {one: steps for one, steps in found.items() if steps}


async def pass_rounds(stage: Stage) -> None:
    """Everything that is looked at as time passes."""
    for work in (rounds.often, rounds.waiting, rounds.tidying, rounds.seldom):
        await stage.storage.write(partial(work, now=stage.now()))
    await stage.app.search()
    await stage.storage.write(search.index)
    await stage.app.engine.drain()


async def test_no_petition_reads_all_signatures_all_followers_or_all_of_its_log(stage: Stage) -> None:
    zarina, daler = [stage.actor(name) for name in ("zarina", "daler")]
    with Statements(stage) as statements:
        which, anna = await ledgers.opened(stage)
        for actor in (zarina, daler):
            await actor.settles_in(actor.account.title(), "en")
            await forge(stage, actor, f"petition.follow:{base36(which)}")
            await signing.signs(stage, actor, which)
            await stage.pass_time(timedelta(minutes=10))
        await ledgers.signed(stage, which, range(8))
        held = await ledgers.signed(stage, which, range(8, 12), held=True)
        await ledgers.takes_back(stage, which, 5)
        await forge(stage, anna, f"petition.made:{base36(which)}")
        await anna.presses("Red Cross")
        await anna.says(await ledgers.listing(stage, which))
        await forge(stage, anna, f"petition.sent:{base36(which)}:1:post")

        def by_hand(tx: Tx) -> None:
            one = petitions.find(tx, which)
            assert one is not None
            given = signatures.sign(tx, one, [("memory", "99")], Declared(Mode.COUNTED), stage.now(), verified=False)
            assert given is not None
            assert signatures.secret_for(tx, one, [("memory", "99")], given.place) == given.secret
            assert signatures.withdraw_by_receipt(tx, one, given.secret, stage.now())
            assert signatures.strike(tx, which, held[0], Reason.FALSE, stage.now())
            signatures.hold(tx, which, [1], stage.now())
            signatures.release(tx, which, signatures.held(tx, which))
            petition_logs.make_checkpoint(tx, which, PETITIONS, stage.now())
            petition_logs.proof(tx, which, 1, 8)
            packet = ledger.find(tx, which, 1)
            assert packet is not None
            ledger.to_strike(tx, packet)
            ledger.owed(tx, packet, [packet])
            signatures.public_names(tx, which, stage.now().date(), 0, 5)
            signatures.of_older(tx, one, 2)
            signatures.forget_waves(tx, which, stage.now(), 5)

        await stage.storage.write(by_hand)
        for command in ("/petitions", "/privacy"):
            await zarina.says(command)
        await forge(stage, zarina, f"petition:{base36(which)}")
        await pass_rounds(stage)
        for days in (31, 31, 400):
            stage._now += timedelta(days=days)  # noqa: SLF001 - without what else happens as time passes
            await pass_rounds(stage)
        await forget(daler)
    plans = {one: plan for one, plan in (await statements.plans()).items() if "petition" in one}
    assert len(plans) > 60, "the statements were seen"  # noqa: PLR2004
    assert reads_all(plans) == {}
    assert all_of_one(plans) == {}


async def test_no_search_reads_all_records_all_searches_or_all_cases(stage: Stage) -> None:
    hands = [Phone(stage.actor(name)) for name in ("zebo", "karim", "olim", "stranger")]
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    with Statements(stage) as statements:
        await walk(
            hands[0], hands[1], hands[2], hands[3], stage.storage, partial(stage.pass_time, timedelta(minutes=2))
        )
        for actor in (anna, bahrom):
            await actor.says("/desk")
        told = lists.Told("icrc.org", "icrc.org/1", stage.now(), "alive", "Khorugh")
        looking = await id_of(stage, hands[3].actor)

        def by_hand(tx: Tx) -> None:
            later = stage.now() + timedelta(days=9)
            lists.put(tx, told, Known(("Daler",)), stage.now(), later, consent=True)
            lists.others(tx, "icrc.org", 0, 5)
            lists.name_recipient(tx, "Red Cross")
            for whose in (lists.Whose(record=1), lists.Whose(search=1)):
                lists.withdraw(tx, whose)
                assert lists.consent(tx, whose, stage.now()) is None
            (own,) = knocks.of(tx, looking)
            for _twice in range(2):
                lists.say_yes(tx, lists.Whose(search=own.id), "Red Cross", stage.now(), later)
            assert lists.passable(tx, stage.now()) == 1 + 1  # the file itself is everything, and is written by hand
            lists.expire(tx, later)
            assert lists.numbered(tx, "icrc.org", "icrc.org/1") is not None
            desk = matches.waiting(tx, 1, [2], stage.now(), 5)
            matches.workers(tx)
            matches.any_free(tx, 1, [2], stage.now())
            matches.count(tx, 1, [2], stage.now())
            matches.leave(tx, 1, 2)
            matches.disagree(tx, 1, [2, 3], later)
            matches.release_of(tx, [3])
            assert isinstance(desk, list)

        await stage.storage.write(by_hand)
        for days in (0, 20, 100, 500):
            stage._now += timedelta(days=days)  # noqa: SLF001 - without what else happens as time passes
            await pass_rounds(stage)
        await forget(hands[1].actor)
    words = ("sought", "knock", "candidate", "listed", "exported", "not_same", "passing")
    plans = {one: plan for one, plan in (await statements.plans()).items() if any(word in one for word in words)}
    del plans["UPDATE knock SET search_at=knock.made_at"]  # of the walk, which does not wait for it
    del plans["DELETE FROM passing"]  # every yes ends with the one who got the list
    assert len(plans) > 40, "the statements were seen"  # noqa: PLR2004
    assert reads_all(plans) == {}


async def test_control_without_its_index_a_strike_reads_all_marks_of_a_petition(stage: Stage) -> None:
    def strike(tx: Tx) -> None:
        tx.connection.exec_driver_sql("DROP INDEX ix_petition_nullifier_petition_id_place")
        tx.connection.exec_driver_sql("DELETE FROM petition_nullifier WHERE petition_id = 1 AND place = 2")

    with Statements(stage) as statements:
        await stage.storage.write(strike)
    assert len(all_of_one(await statements.plans())) == 1


FEW, MANY = 200, 2000
ROUTE = "memory/1"


class Waiting:
    """People who each wait for one piece of news, and how many steps SQLite needs for what is done with their letters.

    A plan may go by an index and still read the whole backlog, where the index holds one value for nearly all of it.
    Steps show that, and are the same on every machine.
    """

    def __init__(self, stage: Stage) -> None:
        assert isinstance(stage.storage, SQLite)
        self._stage = stage
        self._storage = stage.storage
        self._people = 0

    async def wait(self, backlog: int) -> None:
        """Let so many letters wait altogether."""
        now = self._stage.now()
        newly = range(self._people + 1, self._people + 1 + backlog - await self.waiting())
        self._people = newly.stop - 1

        def work(tx: Tx) -> None:
            tx.execute(person.insert(), [{"id": 1000 + n, "name": "Daler", "met_on": 20_000} for n in newly])
            there = {"platform": "memory", "bot": "1"}
            tx.execute(
                address.insert(),
                [{**there, "id": 1000 + n, "person_id": 1000 + n, "account": f"{n}", "reach": f"{n}"} for n in newly],
            )
            said = words.letter("Zarina", News(1, 1, 1, State.SAFE, now, now))
            outbox.post(tx, [Outgoing(1000 + n, said, lane=Lane.CHECKIN) for n in newly], now)
            tx.posted = False  # the outbox of the program sleeps on

        await self._storage.write(work)

    async def waiting(self) -> int:
        """How many letters wait."""
        return await self._storage.write(
            lambda tx: tx.connection.exec_driver_sql("SELECT count(*) FROM letter WHERE state = 0").scalar_one()
        )

    async def claim(self, most: int) -> list[Letter]:
        """Take letters."""
        return await self._storage.write(partial(outbox.claim, route=ROUTE, now=self._stage.now(), most=most))

    async def steps(self, work: Callable[[Tx], object]) -> int:
        """How many steps one transaction takes."""
        steps = 0

        def step() -> None:
            nonlocal steps
            steps += 1

        connection = self._storage._writer._conn  # noqa: SLF001 - nobody else has the connection
        connection.set_progress_handler(step, 1)
        try:
            await self._storage.write(work)
        finally:
            connection.set_progress_handler(None, 0)
        return steps

    async def with_few_and_many(self, work: Callable[[Tx], object]) -> tuple[int, int]:
        """The steps of the same work with a small and with a large backlog."""
        await self.wait(FEW)
        few = await self.steps(work)
        await self.wait(MANY)
        return few, await self.steps(work)


@pytest.mark.parametrize("most", [1, 2, 7, 32, 128])
async def test_a_claim_takes_no_more_steps_when_more_letters_wait(stage: Stage, most: int) -> None:
    waiting = Waiting(stage)
    claim = partial(outbox.claim, route=ROUTE, now=stage.now(), most=most)
    few, many = await waiting.with_few_and_many(claim)
    assert few > most, "it was counted"
    assert many < 1.2 * few


async def test_what_else_is_asked_of_waiting_letters_takes_no_more_steps_when_more_wait(stage: Stage) -> None:
    waiting = Waiting(stage)
    await waiting.wait(FEW)
    taken = await waiting.claim(40)
    now, steps = stage.now(), []

    def ended(tx: Tx) -> None:
        outbox.delivered(tx, [Delivered(one.id, one.address, "", f"{one.id}") for one in taken[:20]], now)

    works = (
        partial(outbox.queue, route=ROUTE, now=now),
        partial(outbox.next_due, route=ROUTE, after=now),
        partial(outbox.states_of, topic="alarm:1", lane=Lane.DANGER),
        ended,
    )
    for backlog in (FEW, MANY):
        await waiting.wait(backlog)
        steps.append([await waiting.steps(work) for work in works])
        del taken[:20]
    assert taken == []
    few, many = steps
    assert all(0 < m < 1.2 * f for f, m in zip(few, many, strict=True)), steps


async def test_control_a_search_for_a_value_that_nearly_all_letters_have_is_seen(stage: Stage) -> None:
    def among_all(tx: Tx) -> None:
        where = (letter.c.topic == "") & (letter.c.state == 1)
        tx.execute(letter.select().with_only_columns(letter.c.id).where(where).order_by(letter.c.id)).all()

    few, many = await Waiting(stage).with_few_and_many(among_all)
    assert many > 5 * few


async def test_control_a_search_without_an_index_is_seen(stage: Stage) -> None:
    with Statements(stage) as statements:
        await stage.storage.write(lambda tx: tx.connection.exec_driver_sql("SELECT id FROM person WHERE met_on = 7"))
    plans = await statements.plans()
    assert [step for plan in plans.values() for step in whole(plan)] == ["SCAN person"]


async def test_what_is_to_be_cleaned_takes_no_more_steps_when_more_chats_wait(stage: Stage) -> None:
    waiting, now, steps = Waiting(stage), stage.now(), []
    due = partial(outbox.messages_due, route=ROUTE, now=now)
    for chats in (60, 600):
        who = await stage.storage.write(partial(crowd, stage=stage, n=chats, subscribed=False))

        def stand(tx: Tx, some: list[int] = who) -> None:
            where = tx.execute(sa.select(address.c.id).where(address.c.person_id.in_(some))).scalars().all()
            rows = [
                {"address_id": one, "platform_id": f"{n}", "at": now, "due_at": now} for n in range(3) for one in where
            ]
            tx.execute(message.insert(), rows)

        await stage.storage.write(stand)
        steps.append(await waiting.steps(due))
    found = await stage.storage.write(due)
    assert len(found) == 3 * len({to for _row, to, _message in found}) > 0, "of some chats all of them"
    few, many = steps
    assert 0 < many < 1.2 * few
    with Statements(stage) as statements:
        await stage.storage.write(due)
        await stage.storage.write(partial(outbox.cleaned, gone=[row for row, *_ in found], left=[], now=now))
    assert [step for plan in (await statements.plans()).values() for step in whole(plan)] == []


async def test_a_step_of_a_signing_looks_once_for_what_is_signed(stage: Stage) -> None:
    which, _anna = await signing.begun(stage, ledgers.KEY)
    (zarina,) = await stage.family("Zarina")
    await forge(stage, zarina, f"petition.sign:{base36(which)}")
    asked: list[str] = []
    connection = stage.storage._writer._conn  # type: ignore[attr-defined]  # noqa: SLF001 - nobody else has it
    for label in ("No, nobody", "Only count me", "✅ Sign"):
        connection.set_trace_callback(asked.append)
        await zarina.presses(label)
        connection.set_trace_callback(None)
        looked = [one for one in asked if one.startswith("SELECT") and "FROM petition \nWHERE" in one]
        assert len(looked) == 1, label
        asked.clear()
