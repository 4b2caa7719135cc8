"""Whoever got what was wrong gets what is right, and nobody else: whatever happens in between."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from bot.domain.bulletin import Kind, Urgency
from bot.domain.bulletin import State as Become
from bot.outbox.courier import NotSent, Unknown, Unreachable
from handlers import rounds
from handlers.updates import broadcast
from storage import broadcasts, bulletins, merging, outbox, people, readers
from storage.broadcasts import GOT, Delivery, Outcome, State
from storage.database import Tx
from storage.readers import Reading
from storage.schema import asked, delivery
from tests.family.looking import forge, id_of
from tests.family.test_desk import moderators
from tests.family.test_desk import people as settled
from tests.stage import Actor, Stage
from tests.storage.servers import ONE_ENGINE
from tests.updates.casting import crowd, draft, outcomes, publishes, run_of, subscribes

if TYPE_CHECKING:
    from storage.outbox import Letter

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
CORRECTION = partial(draft, Kind.CORRECTION)


async def test_who_got_it_gets_the_correction_and_the_old_one_is_changed_in_place(stage: Stage) -> None:
    zarina, daler, maria = await settled(stage, "Zarina", "Daler", "Maria")
    await subscribes(stage, zarina)
    await publishes(stage)
    await stage.pass_time(MINUTE)
    await subscribes(stage, daler)
    await stage.storage.write(lambda tx: readers.stop(tx, 1))
    await stage.storage.write(partial(broadcasts.note_asked, number=1, who=await id_of(stage, maria), now=stage.now()))
    await publishes(stage, CORRECTION(1))
    await stage.pass_time(MINUTE)
    assert zarina.screen.endswith(
        "✏️ Corrected by No. 2.\n\n📰 No. 1\nThe bridge stands.\n\n📰 No. 2\nThe bridge stands."
    )
    assert maria.sees("No. 2"), "she has asked about it"
    assert not daler.sees("No. 2"), "who never got the wrong one needs no correction"
    assert (await run_of(stage, 2)).state is State.DONE


async def test_a_withdrawal_says_so_on_top_of_what_stands(stage: Stage) -> None:
    (zarina,) = await settled(stage, "Zarina")
    await subscribes(stage, zarina)
    await publishes(stage)
    await stage.pass_time(MINUTE)
    await publishes(stage, draft(Kind.WITHDRAWAL, 1))
    await stage.pass_time(MINUTE)
    assert zarina.sees("🚫 Withdrawn by No. 2.")


async def test_a_correction_of_a_correction_reaches_who_got_any_of_them(stage: Stage) -> None:
    zarina, daler = await settled(stage, "Zarina", "Daler")
    await subscribes(stage, zarina)
    await publishes(stage)
    await stage.pass_time(MINUTE)
    await publishes(stage, CORRECTION(1))
    await stage.storage.write(partial(broadcasts.note_asked, number=2, who=await id_of(stage, daler), now=stage.now()))
    await stage.pass_time(MINUTE)
    await publishes(stage, CORRECTION(2))
    await stage.pass_time(MINUTE)
    assert zarina.sees("No. 3")
    assert daler.sees("No. 3")
    assert "✏️ Corrected by No. 3.\n\n📰 No. 2" in zarina.screen


async def test_what_waits_still_is_taken_back_and_needs_no_correction(stage: Stage) -> None:
    everybody = await stage.storage.write(partial(crowd, stage=stage, n=100))
    await publishes(stage)
    step = partial(rounds.broadcasting, most={"memory/1": 40})
    await stage.storage.write(partial(step, now=stage.now()))
    await stage.app.engine.drain()
    await stage.storage.write(partial(step, now=stage.now()))
    await publishes(stage, CORRECTION(1))
    await stage.pass_time(MINUTE)
    shown = [len(stage.memory.chat(f"c{who}")) for who in everybody]
    assert shown == [2] * 40 + [0] * 60
    assert set((await outcomes(stage, 2)).values()) == {Outcome.DELIVERED}
    assert len(await outcomes(stage, 2)) == 40  # noqa: PLR2004


async def test_the_moderator_sees_whom_the_correction_did_not_reach_and_why(stage: Stage) -> None:
    anna, _bahrom = await moderators(stage, "Anna", "Bahrom")
    zarina, daler, maria = await settled(stage, "Zarina", "Daler", "Maria")
    for actor in (zarina, daler, maria):
        await subscribes(stage, actor)
    await publishes(stage)
    await stage.pass_time(MINUTE)
    await stage.storage.write(partial(people.forget, who=await id_of(stage, maria)))
    stage.memory.fail(Unreachable(), account="daler")
    await publishes(stage, CORRECTION(1), by=await id_of(stage, anna))
    await stage.pass_time(MINUTE)
    await anna.presses("Look")
    assert "1 of 3 reached.\nThey have blocked me: 1\nThey are no longer here: 1" in anna.last


async def test_a_digest_is_changed_in_place_too(stage: Stage) -> None:
    (zarina,) = await settled(stage, "Zarina")
    await subscribes(stage, zarina, Reading(urgency=Urgency.URGENT))
    await publishes(stage)
    await publishes(stage)
    await stage.pass_time(5 * HOUR, 5 * MINUTE)
    assert zarina.sees("News of the day\n\n📰 No. 1\nThe bridge stands.\n\n📰 No. 2")
    await publishes(stage, CORRECTION(1))
    await stage.pass_time(MINUTE)
    assert zarina.sees("News of the day\n\n✏️ Corrected by No. 3.\n\n📰 No. 1\nThe bridge stands.\n\n📰 No. 2")
    assert zarina.sees("📰 No. 3")


async def test_whoever_has_cleaned_the_chat_is_not_shown_the_old_one_again(stage: Stage) -> None:
    (zarina,) = await settled(stage, "Zarina")
    await subscribes(stage, zarina)
    await publishes(stage)
    await stage.pass_time(MINUTE)
    await forge(stage, zarina, "cleaned")
    await stage.pass_time(MINUTE)
    await publishes(stage, CORRECTION(1))
    await stage.pass_time(MINUTE)
    assert zarina.sees("📰 No. 2")
    assert not zarina.sees("📰 No. 1")


async def test_what_is_wrong_is_not_sent_again_on_anybodys_word(stage: Stage) -> None:
    anna, _bahrom = await moderators(stage, "Anna", "Bahrom")
    (zarina,) = await settled(stage, "Zarina")
    await subscribes(stage, zarina)
    stage.memory.idempotent = False
    stage.memory.fail(Unknown(), account="zarina")
    await publishes(stage)
    await stage.pass_time(MINUTE)
    await publishes(stage, CORRECTION(1))
    await stage.pass_time(MINUTE)
    assert zarina.sees("No. 2"), "perhaps they have got the wrong one"
    await forge(stage, anna, "cast.again:1")
    await stage.storage.write(partial(outbox.resend_unknown, now=stage.now()))
    await stage.pass_time(MINUTE)
    assert not zarina.sees("No. 1")


async def test_two_accounts_that_become_one_are_told_once_and_corrected(stage: Stage) -> None:
    zarina, daler = await settled(stage, "Zarina", "Daler")
    kept = await subscribes(stage, zarina)
    gone = await subscribes(stage, daler)
    stage.memory.fail(Unreachable(), account="zarina")
    await publishes(stage)
    await stage.pass_time(MINUTE)
    assert await outcomes(stage, 1) == {kept: Outcome.UNREACHABLE, gone: Outcome.DELIVERED}
    await stage.storage.write(partial(merging.merge, gone=gone, kept=kept, now=stage.now()))
    assert await outcomes(stage, 1) == {kept: Outcome.DELIVERED}
    await publishes(stage, CORRECTION(1))
    await stage.pass_time(MINUTE)
    assert (await outcomes(stage, 2)).keys() == {kept}


# -- two persons turn out to be one, while something is on its way ---------------------------------------------------


async def _apart(stage: Stage) -> tuple[Actor, int, Actor, int]:
    """Two people with many readers between them, so that a run has come to one and not yet to the other."""
    (zarina,) = await settled(stage, "Zarina")
    await stage.storage.write(partial(crowd, stage=stage, n=60))
    (daler,) = await settled(stage, "Daler")
    return zarina, await id_of(stage, zarina), daler, await id_of(stage, daler)


async def _a_part(stage: Stage) -> None:
    """Take one step of everything that is on its way, with room for one letter."""
    await stage.storage.write(partial(rounds.broadcasting, now=stage.now(), most={"memory/1": 1}))


async def test_whoever_becomes_a_reader_behind_the_cursor_is_not_left_out(stage: Stage) -> None:
    _zarina, kept, daler, gone = await _apart(stage)
    await subscribes(stage, daler)
    await publishes(stage)
    await _a_part(stage)
    assert kept <= (await run_of(stage, 1)).reached < gone
    await stage.storage.write(partial(merging.merge, gone=gone, kept=kept, now=stage.now()))
    await stage.pass_time(MINUTE)
    assert (await outcomes(stage, 1))[kept] is Outcome.DELIVERED
    run = await run_of(stage, 1)
    assert (run.state, run.told, run.counts[Outcome.DELIVERED]) == (State.DONE, 61, 61)


async def test_whoever_becomes_a_reader_behind_the_cursor_gets_what_is_not_urgent_in_the_digest(stage: Stage) -> None:
    zarina, kept, daler, gone = await _apart(stage)
    await subscribes(stage, daler, Reading(urgency=Urgency.URGENT))
    await publishes(stage)
    await _a_part(stage)
    await stage.storage.write(partial(merging.merge, gone=gone, kept=kept, now=stage.now()))
    await stage.pass_time(MINUTE)
    assert (await outcomes(stage, 1))[kept] is Outcome.LATER
    await stage.pass_time(5 * HOUR, 5 * MINUTE)
    assert zarina.sees("News of the day") or daler.sees("News of the day")


async def test_who_reads_of_another_place_is_taken_off_the_list_again(stage: Stage) -> None:
    _zarina, kept, daler, gone = await _apart(stage)
    await subscribes(stage, daler, Reading(places=("dushanbe",)))
    await publishes(stage, draft(place="khorugh"))
    await _a_part(stage)
    await stage.storage.write(partial(merging.merge, gone=gone, kept=kept, now=stage.now()))
    await stage.pass_time(MINUTE)
    assert kept not in await outcomes(stage, 1)
    assert (await run_of(stage, 1)).told == 60  # noqa: PLR2004 - the others


async def test_whoever_had_the_wrong_one_with_their_other_account_is_corrected_behind_the_cursor(stage: Stage) -> None:
    zarina, kept, daler, gone = await _apart(stage)
    await subscribes(stage, daler)
    await publishes(stage)
    await stage.pass_time(MINUTE)
    await publishes(stage, CORRECTION(1))
    await _a_part(stage)
    assert kept <= (await run_of(stage, 2)).reached < gone
    await stage.storage.write(partial(merging.merge, gone=gone, kept=kept, now=stage.now()))
    await stage.pass_time(5 * MINUTE)
    assert (await outcomes(stage, 2))[kept] is Outcome.DELIVERED
    assert any("Corrected by No. 2.\n\n📰 No. 1" in actor.screen for actor in (zarina, daler)), "changed in place"


async def test_two_accounts_with_a_letter_each_are_told_once(stage: Stage) -> None:
    zarina, daler = await settled(stage, "Zarina", "Daler")
    kept = await subscribes(stage, zarina)
    gone = await subscribes(stage, daler)
    await publishes(stage)
    await stage.storage.write(partial(rounds.broadcasting, now=stage.now()))
    await stage.storage.write(partial(merging.merge, gone=gone, kept=kept, now=stage.now()))
    await stage.pass_time(MINUTE)
    assert zarina.screen.count("📰 No. 1") + daler.screen.count("📰 No. 1") == 1
    assert await outcomes(stage, 1) == {kept: Outcome.DELIVERED}


# -- whatever happens in between -----------------------------------------------------------------------------------


@dataclass
class Storm:
    """A few readers of every kind, and a seed that decides what happens to them and to the program."""

    stage: Stage
    dice: random.Random
    people: list[int] = field(default_factory=list)
    air: list[Letter] = field(default_factory=list)  # claimed by the program, and not ended yet
    newest: int = 0

    async def begin(self) -> None:
        stage, dice = self.stage, self.dice
        stage.memory.idempotent = False
        self.people = await stage.storage.write(partial(crowd, stage=stage, n=24, languages=("en", "ru", "tg")))

        def choose(tx: Tx) -> None:
            for who in self.people:
                urgency = dice.choice([Urgency.NEWS, Urgency.NEWS, Urgency.URGENT])
                readers.keep(tx, who, Reading(urgency=urgency, breaks=dice.random() < 0.5))  # noqa: PLR2004
                if dice.random() < 0.2:  # noqa: PLR2004
                    people.change(tx, who, quiet_from=13 * 60, quiet_until=15 * 60)

        await stage.storage.write(choose)
        self.newest = (await publishes(stage, languages=self.languages())).number

    def languages(self) -> list[str]:
        return self.dice.choice([["en", "ru", "tg"], ["en", "ru"]])

    async def something(self) -> None:  # noqa: C901 - a die with many sides
        stage, dice = self.stage, self.dice
        match dice.randrange(16):
            case 0 | 1 | 2 | 3:
                step = partial(rounds.broadcasting, now=stage.now(), most={"memory/1": dice.choice([2, 5, 9])})
                await stage.storage.write(step)
            case 4 | 5 | 6:
                await self.takes_off(dice.randrange(1, 6))
            case 7 | 8 | 9:
                await self.lands()
            case 10:
                await self.dies()
            case 11:
                stage._now += timedelta(seconds=dice.choice([3, 30, 3600, 20000]))  # noqa: SLF001
            case 12:
                kind = dice.choice([Kind.CORRECTION, Kind.CORRECTION, Kind.WITHDRAWAL])
                found = await stage.storage.read(partial(bulletins.find, number=self.newest))
                if found is not None and found.kind is not Kind.WITHDRAWAL and dice.random() < 0.6:  # noqa: PLR2004
                    self.newest = (await publishes(stage, draft(kind, self.newest), self.languages())).number
            case 13:
                who = dice.choice(self.people)
                note = partial(broadcasts.note_asked, number=dice.randint(1, self.newest), who=who, now=stage.now())
                if await self.is_current(note.keywords["number"]):
                    await stage.storage.write(note)
            case 14:
                error = dice.choice([NotSent(), NotSent(), Unknown(), Unreachable()])
                account = f"c{dice.choice(self.people)}"
                stage.memory.fail(error, account, arrives=isinstance(error, Unknown) and dice.random() < 0.5)  # noqa: PLR2004
            case _:
                await stage.storage.write(self.moderate)

    async def is_current(self, number: int) -> bool:
        found = await self.stage.storage.read(partial(bulletins.find, number=number))
        return found is not None and found.state is Become.CURRENT

    def moderate(self, tx: Tx) -> None:
        """A moderator pauses it, lets it go on, sends again, translates or confirms."""
        stage, now = self.stage, self.stage.now()
        run = broadcasts.telling(tx, self.newest)
        one = bulletins.find(tx, self.newest)
        signer = bulletins.signer(tx, now)
        assert run is not None
        assert one is not None
        assert signer is not None
        match self.dice.randrange(4):
            case 0 if run.ended_at is None and run.state is State.RUNNING:
                broadcasts.note(tx, run.id, state=State.PAUSED.value)
                back = broadcasts.take_back(tx, run.number, now)
                broadcasts.put(tx, [(each, Outcome.LATER, now) for each in back])
            case 1 if run.state is State.PAUSED:
                broadcasts.note(tx, run.id, state=State.RUNNING.value)
            case 2 if "tg" not in bulletins.editions(tx, self.newest):
                text = f"📰 No. {self.newest}\nПул истодааст."
                bulletins.add_edition(tx, signer, one, "tg", text, now)
                outbox.post(tx, broadcast.translated(tx, one, "tg", now), now)
            case 3:
                text = f"📰 No. {self.newest}\nReviewed."
                bulletins.add_edition(tx, signer, one, "en", text, now)
                outbox.post(tx, broadcast.confirmed(tx, one, now), now)
        del stage

    async def takes_off(self, most: int) -> None:
        claim = partial(outbox.claim, route="memory/1", now=self.stage.now(), most=most)
        self.air += await self.stage.storage.write(claim)

    async def lands(self) -> None:
        route = self.stage.app.engine.routes[0]
        for letter in self.air:
            await route._deliver(letter, 0.0)  # noqa: SLF001 - one by one, as the seed wants it
        self.air = []
        await route._write_down()  # noqa: SLF001

    async def dies(self) -> None:
        """The program is killed: of what was in the air some arrives, and nobody notes it; then it starts again."""
        route = self.stage.app.engine.routes[0]
        for letter in self.air:
            if self.dice.random() < 0.5 and not letter.hollow:  # noqa: PLR2004
                try:
                    await self.stage.memory.deliver(route.parcel(letter))
                except (NotSent, Unknown, Unreachable):
                    continue
        self.air = []
        self.stage.app = self.stage.open()
        await self.stage.app.engine.routes[0].recover()

    async def ends(self) -> None:
        """Everything comes to its end, paused or not."""
        await self.lands()

        def go_on(tx: Tx) -> None:
            for run in broadcasts.under_way(tx):
                if run.state is State.PAUSED:
                    broadcasts.note(tx, run.id, state=State.RUNNING.value)

        await self.stage.storage.write(go_on)
        await self.stage.pass_time(40 * HOUR, 30 * MINUTE)
        assert await self.stage.storage.read(broadcasts.under_way) == []

    def read(self, who: int) -> set[int]:
        """The numbers that this person has ever read: what was shown and changed later counts as well."""
        return {
            int(n)
            for message in self.stage.memory.chat(f"c{who}")
            for n in re.findall(r"(?:No\.|№) (\d+)", message.text)
        }


async def exact(storm: Storm) -> int:
    """The corrected are exactly the recipients, in the books and on the screens. How many they were."""
    stage = storm.stage

    def books(tx: Tx) -> tuple[list[int], set[int], set[int], dict[int, Outcome]]:
        old = list(bulletins.versions(tx, storm.newest))[1:]
        rows = tx.execute(sa.select(delivery)).all()
        got = {row.person_id for row in rows if row.number in old and (row.had or Outcome(row.outcome) in GOT)}
        got |= set(tx.execute(sa.select(asked.c.person_id).where(asked.c.number.in_(old))).scalars())
        new = {row.person_id: Outcome(row.outcome) for row in rows if row.number == storm.newest}
        return old, got, set(new), new

    old, got, corrected, outcome = await stage.storage.read(books)
    if not old:
        return 0
    assert corrected == got
    for who in storm.people:
        seen = storm.read(who)
        if seen & set(old):
            assert who in corrected, "nobody who has read what was wrong is left out"
        if outcome.get(who) is Outcome.DELIVERED:
            assert storm.newest in seen
        if storm.newest in seen:
            assert who in corrected
    return len(corrected)


async def weathered(stage: Stage, seed: int) -> int:
    storm = Storm(stage, random.Random(seed))
    await storm.begin()
    for _step in range(90):
        await storm.something()
    if await storm.is_current(1):  # at the latest now it turns out to be wrong, whatever is in the air
        storm.newest = (await publishes(stage, draft(Kind.CORRECTION, 1), storm.languages())).number
        for _step in range(20):
            await storm.something()
    await storm.ends()
    return await exact(storm)


@ONE_ENGINE
@pytest.mark.parametrize("seed", range(16))
async def test_the_corrected_are_exactly_the_recipients_whatever_happens(stage: Stage, seed: int) -> None:
    await weathered(stage, seed)


@ONE_ENGINE
async def test_control_who_forgets_what_is_in_the_air_is_found(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Delivery, "got", property(lambda one: one.had or one.outcome in GOT))
    await _is_found(stage)


@ONE_ENGINE
async def test_control_who_corrects_everybody_is_found(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Delivery, "got", property(lambda _one: True))
    await _is_found(stage)


async def _is_found(stage: Stage) -> None:
    found = 0
    for seed in range(8):
        try:
            await weathered(stage, seed)
        except AssertionError:
            found += 1
        await stage.storage.write(_empty)
        stage.app = stage.open()
    assert found


def _empty(tx: Tx) -> None:
    from storage.schema import metadata  # noqa: PLC0415

    for table in reversed(metadata.sorted_tables):
        if table.name != "fact":
            tx.execute(table.delete())
