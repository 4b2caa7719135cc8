"""Two persons become one: whatever both were, did and were told, nothing is lost and nothing is counted twice."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from bot.domain import knock as knock_rules
from bot.domain.alarm import Alarm
from bot.domain.checkin import Hard, How, News, State
from bot.domain.conversation import Lane, Outgoing, Sender
from bot.domain.hard import Case, Grade, Phase, Reader, Word
from bot.domain.knock import Case as Found
from bot.domain.knock import Kind, Known, May
from bot.domain.people import Person
from bot.domain.region import Cell
from bot.domain.roles import Role
from bot.i18n import _
from storage import (
    audit,
    cards,
    checkins,
    circles,
    codes,
    hard,
    inbox,
    jobs,
    knocks,
    links,
    merging,
    outbox,
    people,
    proposals,
    regions,
    relatives,
    roles,
    search,
)
from storage.database import Tx
from storage.schema import metadata, newcomer, person, sought_former
from tests.storage.servers import ONE_ENGINE

if TYPE_CHECKING:
    from storage.database import Storage

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SEEDS = range(25)
OFTEN = 0.6


@dataclass
class World:
    """A little community that a seed has made; `one` and `two` are to become one person."""

    dice: random.Random
    people: list[int] = field(default_factory=list)
    circles: list[int] = field(default_factory=list)
    told: list[News] = field(default_factory=list)

    @property
    def one(self) -> int:
        return self.people[0]

    @property
    def two(self) -> int:
        return self.people[1]


def live(tx: Tx, seed: int) -> World:
    """Six people in four circles tell, call, ask, press, invite and wait at doors."""
    world = World(random.Random(seed))
    dice = world.dice
    for number in range(6):
        met = people.meet(tx, Sender("memory", "1", f"a{number}"), NOW)
        assert met.person is not None
        world.people.append(met.person.id)
        people.change(tx, met.person.id, name=f"name {number}", language="en")
    for number in range(4):
        which = circles.make(tx, f"circle {number}", dice.choice(world.people))
        world.circles.append(which)
        for who in dice.sample(world.people, 4):
            circles.join(tx, which, who, tells=dice.random() < OFTEN)
    for step in range(30):
        _something(tx, world, NOW + step * MINUTE)
    return world


def _something(tx: Tx, world: World, now: datetime) -> None:
    dice = world.dice
    who = dice.choice(world.people)
    mine = [one.id for one in circles.circles_of(tx, who)]
    if not mine:
        return
    which = dice.choice(mine)
    inside = [p.id for p in circles.members(tx, [which])[which] if p.id != who]
    match dice.randrange(6):
        case 0 | 1:
            one = News(tx.new_id(), who, who, State.SAFE, now - dice.randrange(90) * MINUTE, now)
            checkins.add(tx, one, mine)
            world.told.append(one)
            outbox.post(tx, [Outgoing(p, _("This call is over."), lane=Lane.CHECKIN, about=who) for p in inside], now)
        case 2:
            open_already = checkins.open_alarm_of(tx, who) or (
                who in {world.one, world.two}
                and (checkins.open_alarm_of(tx, world.one) or checkins.open_alarm_of(tx, world.two))
            )
            if not open_already:
                one = News(tx.new_id(), who, who, State.HELP, now, now)
                checkins.add(tx, one, mine)
                world.told.append(one)
                call = Alarm(tx.new_id(), who, one.id, now, now)
                checkins.open_alarm(tx, call, [(p, which) for p in inside])
                topic = f"alarm:{call.id}"
                letters = [
                    Outgoing(p, _("This call is over."), lane=Lane.DANGER, topic=topic, about=who) for p in inside
                ]
                outbox.post(tx, letters, now)
        case 3:
            for call, _shown in checkins.open_alarms(tx):
                checkins.press(tx, call.id, who, now, caring=dice.random() < OFTEN)
        case 4:
            if inside:
                checkins.put_ask(tx, who, which, inside, now)
        case _:
            outsiders = [p for p in world.people if p not in inside and p != who]
            if outsiders:
                row = {"id": tx.new_id(), "circle_id": which, "person_id": dice.choice(outsiders), "inviter_id": who}
                tx.execute(tx.insert(newcomer).on_conflict_do_nothing(), {**row, "expires_at": now + MINUTE * 90})


def look(tx: Tx) -> dict[str, list[Any]]:
    return {table.name: list(tx.execute(sa.select(table))) for table in metadata.sorted_tables}


@pytest.mark.parametrize("seed", SEEDS)
async def test_nothing_is_lost_and_nothing_is_there_twice_whatever_two_people_did(storage: Storage, seed: int) -> None:
    await storage.write(lambda tx: _one_life(tx, seed))


def _one_life(tx: Tx, seed: int) -> None:
    world = live(tx, seed)
    one, two = world.one, world.two
    before = look(tx)
    came = merging.merge(tx, two, one, NOW)
    after = look(tx)
    both = {one, two}

    def joined(who: int) -> int:
        return one if who == two else who

    assert len(came) == 1
    assert {row.id for row in after["person"]} == {row.id for row in before["person"]} - {two}
    assert all(row.person_id == one for row in after["address"] if row.id in came)
    assert sorted(row.id for row in after["news"]) == sorted(one.id for one in world.told), "no news is lost"
    assert {(row.news_id, row.circle_id) for row in after["telling"]} == {
        (row.news_id, row.circle_id) for row in before["telling"]
    }
    members = [(row.circle_id, row.person_id) for row in after["membership"]]
    assert len(members) == len(set(members))
    assert set(members) == {(row.circle_id, joined(row.person_id)) for row in before["membership"]}
    for row in after["membership"]:
        were = [old.tells for old in before["membership"] if (old.circle_id, joined(old.person_id)) == tuple(row)[:2]]
        assert row.tells == max(were), "who was heard with one account is heard"
    assert {(row.id, joined(row.keeper_id)) for row in before["circle"]} == {
        (row.id, row.keeper_id) for row in after["circle"]
    }
    newest: dict[tuple[int, int], Any] = {}
    for row in before["standing"]:
        key = (row.circle_id, joined(row.person_id))
        newest[key] = max(newest.get(key, row.true_at), row.true_at)
    assert {(row.circle_id, row.person_id): row.true_at for row in after["standing"]} == newest
    callers = {row.id: row.person_id for row in after["alarm"]}
    assert len(callers) == len(before["alarm"])
    readers = [(row.alarm_id, row.person_id) for row in after["alarm_reader"]]
    assert set(readers) == {
        (row.alarm_id, joined(row.person_id))
        for row in before["alarm_reader"]
        if callers[row.alarm_id] != joined(row.person_id)
    }
    for row in after["alarm_reader"]:
        olds = [r for r in before["alarm_reader"] if (r.alarm_id, joined(r.person_id)) == (row.alarm_id, row.person_id)]
        assert row.caring_at == min((r.caring_at for r in olds if r.caring_at), default=None)
        assert row.seen_at == min((r.seen_at for r in olds if r.seen_at), default=None)
    askers = {row.id: row.asker_id for row in after["ask"]}
    assert {(row.ask_id, row.person_id) for row in after["ask_reader"]} == {
        (row.ask_id, joined(row.person_id))
        for row in before["ask_reader"]
        if askers[row.ask_id] != joined(row.person_id)
    }
    doors = {(row.circle_id, row.person_id) for row in after["newcomer"]}
    assert not doors & set(members), "nobody waits at a door behind which they are"
    kept = {row.id for row in after["letter"]}
    for row in before["letter"]:
        own = row.person_id in both and row.about_id in both
        assert (row.id in kept) is not own, "every letter but those about oneself"
    for rows in after.values():
        for row in rows:
            assert two not in {value for name, value in row._asdict().items() if name.endswith(("person_id", "er_id"))}


@pytest.mark.parametrize("part", ["_circles", "_news", "_calls", "_questions", "_letters"])
async def test_a_merge_that_forgets_to_unite_is_found(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    """The control: with one part left out, one of these lives is no longer whole."""
    monkeypatch.setattr(merging, part, lambda _tx, _gone, _kept: None)
    with pytest.raises((AssertionError, LookupError, sa.exc.IntegrityError)):
        await _every_life(storage)


async def _every_life(storage: Storage) -> None:
    for seed in SEEDS:
        await storage.write(partial(_one_life, seed=seed))
        await storage.write(_empty)


def _empty(tx: Tx) -> None:
    for table in reversed(metadata.sorted_tables):
        if table.name != "fact":
            tx.execute(table.delete())


async def test_rights_and_proposals_of_both_are_one_persons(storage: Storage) -> None:
    def work(tx: Tx) -> None:
        met = [people.meet(tx, Sender("memory", "1", name), NOW).person for name in "abc"]
        kept, gone, other = [one.id for one in met if one is not None]
        roles.give(tx, kept, Role.STEWARD, NOW - timedelta(days=30))
        roles.give(tx, other, Role.STEWARD, NOW)
        longer = roles.give(tx, gone, Role.STEWARD, NOW)
        roles.give(tx, gone, Role.MODERATOR, NOW)
        roles.stand(tx, gone, "123456789018", NOW)
        body: dict[str, Any] = {}
        mine = proposals.put(tx, "x", Role.STEWARD, gone, _("Saved."), NOW, body=body)
        about = proposals.put(tx, "x", Role.STEWARD, other, _("Saved."), NOW, body=body, barred=[gone, kept])
        audit.note(tx, gone, "a deed", NOW, about=gone)
        merging.merge(tx, gone, kept, NOW)
        assert {one.role for one in roles.of(tx, kept, NOW)} == {Role.STEWARD, Role.MODERATOR}
        held = roles.held(tx, kept, Role.STEWARD, NOW)
        assert held is not None
        assert held.expires_at == longer.expires_at, "of two the one that lasts longer"
        assert roles.candidate(tx, "123456789018", NOW) is None
        assert not proposals.second(tx, mine, kept, NOW), "it is their own now"
        assert not proposals.second(tx, about, kept, NOW)
        assert proposals.second(tx, mine, other, NOW), "the control"
        (deed,) = audit.latest(tx, 9)
        assert (deed.person, deed.about) == (kept, kept)

    await storage.write(work)


async def test_who_is_asked_at_both_accounts_counts_once_and_by_the_newest_answer(storage: Storage) -> None:
    def work(tx: Tx) -> None:
        met = [people.meet(tx, Sender("memory", "1", name), NOW).person for name in "abc"]
        kept, gone, other = [one.id for one in met if one is not None]
        which = regions.begin(tx, "khorugh", NOW, NOW + timedelta(hours=6))
        found = regions.find(tx, which)
        assert found is not None
        regions.enlist(tx, found, [(who, NOW) for who in (kept, gone, other)], reached=None)
        regions.note_asked(tx, which, [kept, gone, other], NOW)
        assert regions.answer(tx, which, kept, Cell.WELL, NOW + MINUTE)
        assert regions.answer(tx, which, gone, Cell.HELP, NOW + 2 * MINUTE)
        for who in (kept, gone):
            regions.watch(tx, which, who)
        assert sum(regions.counts(tx, which).values()) == 3, "the control: two people until then"  # noqa: PLR2004
        merging.merge(tx, gone, kept, NOW)
        assert regions.counts(tx, which) == {Cell.WELL: 0, Cell.HELP: 1, Cell.SILENT: 1}
        assert regions.watchers(tx, which) == [kept]
        assert regions.due(tx, which, NOW, 9) == [], "asked already"

    await storage.write(work)


async def test_what_only_one_of_them_had_is_had_by_both(storage: Storage) -> None:
    def work(tx: Tx) -> None:
        one = people.meet(tx, Sender("memory", "1", "a"), NOW)
        two = people.meet(tx, Sender("memory", "1", "b"), NOW - timedelta(days=3))
        assert one.person is not None
        assert two.person is not None
        kept, gone = one.person.id, two.person.id
        people.change(tx, kept, language="tg")
        people.change(tx, gone, language="ru", name="Zarina", zone="Europe/Moscow", quiet_from=60, quiet_until=90)
        people.keep_dialogue(tx, gone, "{}", NOW + MINUTE)
        people.keep_dialogue(tx, kept, '{"what": "name"}', NOW + MINUTE)
        cards.keep(tx, gone, "00", NOW)
        jobs.put(tx, gone, two.address, cards.LOOK, "words", NOW)
        links.make(tx, gone, two.address, "123456789012", NOW)
        inbox.use(tx, f"danger/{gone}", MINUTE, NOW)
        circle = circles.make(tx, "family", kept)
        for who, maker in ((gone, kept), (kept, gone)):
            card = codes.begin(tx, who, circle, maker, NOW)
            assert codes.put(tx, card, State.SAFE, (f"a{who}", f"b{who}", f"c{who}"))
            codes.drawn(tx, card, who, circle, NOW)
        merging.merge(tx, gone, kept, NOW)
        assert codes.of(tx, kept, circle) == codes.Cards(kept, NOW, 2), "both papers go on working"
        assert codes.end(tx, kept, circle)
        assert codes.of(tx, kept, circle) is None
        found = people.find(tx, kept)
        assert found == Person(kept, "tg", "Zarina", "Europe/Moscow", 60, 90)
        assert people.find(tx, gone) is None
        assert people.meet(tx, Sender("memory", "1", "b"), NOW).dialogue == '{"what": "name"}'
        assert cards.owner(tx, "00") == kept
        assert jobs.first(tx) is not None
        assert links.claim(tx, "123456789012", 99, two.address, NOW) is None
        assert tx.execute(sa.select(person.c.met_on).where(person.c.id == kept)).scalar_one() == (
            (NOW - timedelta(days=3)) - datetime(1970, 1, 1, tzinfo=UTC)
        ) // timedelta(days=1)

    await storage.write(work)


async def test_of_hard_news_nobody_checks_what_is_about_themselves_and_no_answer_is_lost(storage: Storage) -> None:
    def work(tx: Tx) -> None:
        both = [people.meet(tx, Sender("memory", "1", account), NOW).person for account in "ab"]
        other = people.meet(tx, Sender("memory", "1", "c"), NOW).person
        assert both[0] is not None
        assert both[1] is not None
        assert other is not None
        kept, gone = both[0].id, both[1].id
        circle = circles.make(tx, "Family", kept)
        circles.join(tx, circle, gone)
        circles.join(tx, circle, other.id)
        for who in (kept, gone):
            hard.name(tx, circle, who)
        of_gone = Case(1, gone, circle, Hard.DETAINED, Phase.CHECKING, NOW, NOW)
        of_other = Case(2, other.id, circle, Hard.DEAD, Phase.CHECKING, NOW, NOW)
        for case, reader in ((of_gone, kept), (of_other, kept), (of_other, gone)):
            if not hard.readers(tx, case):
                hard.begin(tx, case)
            hard.give(tx, case, reader)
        hard.say(tx, of_gone, Word(1, kept, How.SAW, NOW, NOW))
        hard.let_call(tx, of_gone, kept, agreed=True)
        hard.mark(tx, of_gone, [kept])
        hard.say(tx, of_other, Word(2, gone, How.SAW, NOW, NOW))
        hard.let_call(tx, of_other, gone, agreed=True)
        hard.note_read(tx, of_other, kept)
        hard.answer(tx, of_other, gone, Grade.SEEN)
        hard.mark(tx, of_other, [gone])
        letters = [Outgoing(kept, _("This call is over."), topic=f"hard:{which}") for which in (1, 2)]
        outbox.post(tx, letters, NOW)
        merging.merge(tx, gone, kept, NOW)
        assert hard.bearers(tx, circle) == [kept]
        found = hard.by_id(tx, of_gone.id)
        assert found is not None
        assert (found.person, found.caller, found.accepted) == (kept, None, None)
        assert hard.readers(tx, found) == []
        assert hard.told(tx, found) == set()
        assert [word.teller for word in hard.words_of(tx, found)] == [None]
        second = hard.by_id(tx, of_other.id)
        assert second is not None
        assert second.accepted == kept
        assert hard.readers(tx, second) == [Reader(kept, opened=True, grade=Grade.SEEN)]
        assert hard.tellers(tx, second) == hard.told(tx, second) == {kept}
        assert [row.topic for row in look(tx)["letter"] if row.topic] == ["hard:2"], "no letter about oneself"

    await storage.write(work)


DAYS_30 = timedelta(days=30)


def _seekers(tx: Tx) -> tuple[int, int, int, int]:
    """Who stays, who goes, a stranger who looks as well, and a record that may be found."""
    who = [people.meet(tx, Sender("memory", "1", account), NOW).person for account in "abc"]
    kept, gone, other = (one.id for one in who if one is not None)
    record = search.put(tx, Kind.MEMBER, Known(("Daler",)), NOW, may=May.KIN, person=other)
    return kept, gone, other, record


def _looks(tx: Tx, who: int, name: str = "Daler") -> knocks.Knock:
    form = knocks.Form(Known((name,)))
    later = NOW + DAYS_30
    found = knocks.find(tx, knocks.add(tx, who, form, NOW, search_at=NOW, remind_at=later, expires_at=later))
    assert found is not None
    return found


async def test_two_accounts_of_one_person_give_no_fresh_quota(storage: Storage) -> None:
    def work(tx: Tx) -> None:
        kept, gone, other, record = _seekers(tx)
        for who, times in ((kept, 2), (gone, 3), (other, 1)):
            for _once in range(times):
                knocks.use(tx, f"person/{who}", NOW, DAYS_30)
        knocks.use(tx, f"person/{gone}", NOW, DAYS_30 * 2, about=str(record))
        knocks.use(tx, f"branch/{gone}", NOW, DAYS_30)  # of whoever they let in
        knocks.use(tx, f"stem/{gone}", NOW, DAYS_30)
        merging.merge(tx, gone, kept, NOW)

        def used(scope: str, about: str = "") -> int:
            return knocks.used(tx, scope, NOW, about)

        assert used(f"person/{kept}") == 2 + 3
        assert used(f"person/{kept}", str(record)) == 1
        assert knocks.used(tx, f"person/{kept}", NOW + DAYS_30, str(record)) == 1, "as long as it was to be"
        assert used(f"branch/{kept}") == used(f"stem/{kept}") == 1
        assert used(f"person/{other}") == 1
        assert used(f"person/{gone}") == used(f"branch/{gone}") == used(f"stem/{gone}") == 0
        people.forget(tx, kept)
        assert used(f"person/{kept}") == used(f"person/{kept}", str(record)) == 0
        assert used(f"person/{other}") == 1

    await storage.write(work)


async def test_who_is_not_the_same_person_stays_so_for_both_accounts(storage: Storage) -> None:
    def work(tx: Tx) -> None:
        kept, gone, other, record = _seekers(tx)
        theirs, own, others = [_looks(tx, who) for who in (gone, kept, other)]
        knocks.are_two(tx, theirs, record, NOW + DAYS_30 * 2)
        knocks.are_two(tx, own, record, NOW + DAYS_30)
        merging.merge(tx, gone, kept, NOW)
        knocks.sweep(tx, NOW + DAYS_30)
        again = _looks(tx, kept, "DALER")
        assert all(knocks.is_other(tx, one, record) for one in (own, again)), "until the later of both ends"
        assert not knocks.is_other(tx, others, record)
        assert not knocks.is_other(tx, _looks(tx, kept, "Karim"), record)
        assert len(look(tx)["not_same"]) == 1
        people.forget(tx, kept)
        assert not knocks.is_other(tx, _looks(tx, people.new(tx, NOW), "Daler"), record)
        met = people.meet(tx, Sender("memory", "1", "b"), NOW).person
        assert met is not None
        knocks.comes_back(tx, met.id)
        assert knocks.is_other(tx, _looks(tx, met.id, "Daler"), record), "with any of both accounts"
        knocks.sweep(tx, NOW + DAYS_30 * 2)
        assert look(tx)["not_same"] == [], "and no longer than it was to be"

    await storage.write(work)


@ONE_ENGINE
async def test_who_is_not_the_one_is_remembered_when_the_search_is_long_gone(storage: Storage) -> None:
    def work(tx: Tx) -> None:
        kept, gone, other, _record = _seekers(tx)
        third = people.new(tx, NOW)

        def held(who: int) -> int:
            return search.put(tx, Kind.MEMBER, Known(("Zarina",)), NOW, may=May.KIN, person=who)

        old, new, newest = held(gone), held(kept), held(third)
        said = _looks(tx, other, "Zarina")
        knocks.are_two(tx, said, old, NOW + knock_rules.TWO_PEOPLE)
        knocks.erase(tx, said.id)  # it has ended: nothing but hashes says what it was for
        merging.merge(tx, gone, kept, NOW)
        again, stranger = _looks(tx, other, "Зарина"), _looks(tx, third, "Zarina")
        assert knocks.is_other(tx, again, new)
        assert not knocks.is_other(tx, stranger, new), "what somebody else said is theirs"
        merging.merge(tx, kept, third, NOW + DAYS_30)  # and once more
        assert knocks.is_other(tx, again, newest)
        assert not knocks.is_other(tx, _looks(tx, other, "Karim"), newest)
        assert str(old).encode() not in b"".join(bytes(row.former) for row in raw(tx)), "sealed"
        assert len(raw(tx)) == 2  # noqa: PLR2004
        knocks.sweep(tx, NOW + knock_rules.TWO_PEOPLE)
        assert len(raw(tx)) == 1, "with what it was kept for"
        assert not knocks.is_other(tx, again, newest)
        search.erase(tx, [newest])
        assert raw(tx) == []

    def raw(tx: Tx) -> list[Any]:
        formers = sa.select(sa.type_coerce(sought_former.c.former, sa.LargeBinary).label("former"))
        return list(tx.execute(formers).all())

    await storage.write(work)


@ONE_ENGINE
async def test_whoever_was_answered_by_one_account_is_not_left_alone_by_the_merge(storage: Storage) -> None:
    def work(tx: Tx) -> None:
        kept, gone, other, _record = _seekers(tx)
        old, new = [
            search.put(tx, Kind.MEMBER, Known(("Zarina",)), NOW, may=May.KIN, person=who) for who in (gone, kept)
        ]
        answered, asked, both = (_looks(tx, other, "Zarina") for _each in range(3))
        lesser = [(_looks(tx, other, "Zarina"), state) for state in Found if state is not Found.OPEN]
        for one, states in (
            (answered, [(old, Found.OPEN)]),
            (asked, [(old, Found.HOLDER)]),
            (both, [(old, Found.OPEN), (new, Found.OPEN)]),
            *((one, [(old, Found.OPEN), (new, state)]) for one, state in lesser),
        ):
            for sought, state in states:
                assert knocks.propose(tx, one, sought, 0.9, proved=True, state=state, now=NOW) is not None
        merging.merge(tx, gone, kept, NOW)
        assert [case.sought for case in knocks.cases_of(tx, answered.id)] == [new]
        assert knocks.cases_of(tx, asked.id) == [], "who was not answered is looked up anew, by what stays"
        for one in (both, *(one for one, _state in lesser)):
            assert [(case.sought, case.state) for case in knocks.cases_of(tx, one.id)] == [(new, Found.OPEN)]

    await storage.write(work)


@ONE_ENGINE
async def test_what_a_keeper_said_of_a_relative_hides_no_member_who_they_turn_out_to_be(storage: Storage) -> None:
    def work(tx: Tx) -> None:
        kept, keeper, other, _record = _seekers(tx)
        circle = circles.make(tx, "Family", keeper)
        relative = relatives.add(tx, circle, "Zarina", NOW)
        known = Known(("Zarina",))
        old = search.put(tx, Kind.RELATIVE, known, NOW, may=May.KIN, person=relative)
        new = search.put(tx, Kind.MEMBER, known, NOW, may=May.KIN, person=kept)
        knocks.are_two(tx, _looks(tx, other, "Zarina"), old, NOW + DAYS_30)
        merging.arrive(tx, relative, kept)
        assert search.held(tx, old) is None
        assert not knocks.is_other(tx, _looks(tx, other, "Zarina"), new)

    await storage.write(work)


async def test_who_is_not_the_one_of_two_records_is_not_the_other(storage: Storage) -> None:
    def work(tx: Tx) -> None:
        kept, gone, other, _record = _seekers(tx)
        old, new = [
            search.put(tx, Kind.MEMBER, Known(("Zarina",)), NOW, may=May.KIN, person=who) for who in (gone, kept)
        ]
        said, unsaid = _looks(tx, other, "Zarina"), _looks(tx, other, "Zarine")
        number = knocks.propose(tx, said, old, 0.9, proved=True, state=Found.HOLDER, now=NOW)
        assert number is not None
        knocks.change(tx, number, state=Found.NOT_SAME)
        knocks.are_two(tx, said, old, NOW + DAYS_30)
        merging.merge(tx, gone, kept, NOW)
        assert search.held(tx, old) is None
        assert knocks.propose(tx, said, new, 0.9, proved=True, state=Found.HOLDER, now=NOW) is None
        assert knocks.propose(tx, unsaid, new, 0.9, proved=True, state=Found.HOLDER, now=NOW) is not None

    await storage.write(work)
