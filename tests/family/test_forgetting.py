"""Who wrote, sponsored or signed a petition, looked for somebody, could be found, or moderated, is forgotten."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import sqlalchemy as sa

from handlers.ask import base36
from storage import matches
from storage.database import Tx
from storage.schema import metadata
from tests.family.looking import forge, id_of, rows
from tests.family.test_desk import people as settled
from tests.family.test_privacy import forget, traces
from tests.petitions import signing, writing
from tests.search import test_desk as cases
from tests.search import walk as searching
from tests.search.test_walk import Phone
from tests.stage import Stage

MINUTES = timedelta(minutes=1)


async def dangling(stage: Stage) -> list[str]:
    """The columns that refer to rows which are not there."""

    def look(tx: Tx) -> list[str]:
        found = []
        for table in metadata.sorted_tables:
            for key in table.foreign_keys:
                there = sa.select(key.column)
                lost = sa.select(sa.func.count()).where(key.parent.is_not(None), key.parent.not_in(there))
                if tx.execute(lost).scalar():
                    found.append(f"{table.name}.{key.parent.name}")
        return found

    return await stage.storage.read(look)


async def test_who_wrote_sponsored_reviewed_followed_and_signed_is_forgotten_and_the_petition_stays(
    stage: Stage,
) -> None:
    nigora, rustam = await writing.organisers(stage, "Nigora", "Rustam")
    maria, zarina, daler = await settled(stage, "Maria", "Zarina", "Daler")
    one = await writing.opened(stage, nigora, rustam, maria)
    for actor in (maria, zarina, daler):
        await forge(stage, actor, f"petition.follow:{base36(one.id)}")
    for actor in (nigora, maria, zarina, daler):
        await signing.signs(stage, actor, one.id)
    # one more letter, which nobody has opened: it is its author's alone
    await writing.writes(nigora, "A draft that is a canary")
    forgotten = {name: await id_of(stage, actor) for name, actor in (("N", nigora), ("R", rustam), ("M", maria))}
    forgotten["Z"] = await id_of(stage, zarina)
    before = daler.screen
    assert all([await traces(stage, who) for who in forgotten.values()])
    for actor in (zarina, maria, nigora, rustam):
        await forget(actor)
        await stage.pass_time(3 * MINUTES, MINUTES)
    assert {name: found for name, who in forgotten.items() if (found := await traces(stage, who))} == {}
    assert await dangling(stage) == []
    after = await signing.petition_of(stage, one.id)
    assert (after.count, after.author) == (4, None), "nobody can say here whose signature it is"
    everything = await rows(stage)
    for name in ("Nigora", "Rustam", "Maria", "Zarina"):
        assert name not in str(everything)
    assert everything["petition_sponsor"] == []
    assert [row[0] for row in everything["petition"]] == [one.id], "a draft is its author's, and goes with them"
    assert "a canary" not in str(everything["petition_version"])
    assert "Sponsora Canary" in str(everything["petition_version"]), "it stands under a letter that people signed"
    told = daler.screen.removeprefix(before)
    assert not [name for name in ("Nigora", "Rustam", "Maria", "Zarina", "organiser", "forg") if name in told]
    await daler.says(f"/petitions p{base36(one.id)}")
    assert "4 people have signed" in daler.last
    heir, second = await writing.organisers(stage, "Heir", "Second")
    await heir.says("/desk")
    for label in ("Petitions", "Look after: ", "Look after it"):
        await heir.presses(label)
    await second.says("/desk")
    for label in ("Hand over: ", "I agree"):
        await second.presses(label)
    assert (await signing.petition_of(stage, one.id)).author == await id_of(stage, heir)
    assert not stage.memory.refused


async def test_who_looked_is_forgotten_and_whoever_was_asked_is_told_gently(stage: Stage) -> None:
    zebo, karim = [Phone(stage.actor(name)) for name in ("zebo", "karim")]
    for phone, name in ((zebo, "Zebo"), (karim, "Karim")):
        await phone.settles_in(name, "en")
    await searching.holds(karim, "Moscow", "Ҷамшед", "Ҷамшед Ёров", "1984", "Хоруғ", "Ойша")
    await searching.looks(zebo, "Djamched Iorov", "1984", "Khorog", "Oysha")
    await stage.storage.write(searching.hasten)
    await stage.pass_time(2 * MINUTES)
    await karim.chooses("Open it")
    await karim.chooses("Yes, and I write to them")
    await karim.says("canary of the holder")
    await zebo.chooses("Open it")
    await zebo.chooses("Write to them")
    await zebo.says("canary of the seeker")
    who = await id_of(stage, zebo.actor)
    assert len((await rows(stage))["knock_quota"]) > 2  # noqa: PLR2004 - of a person, and of branches
    seen = karim.actor.screen
    await forget(zebo.actor)
    await stage.pass_time(3 * MINUTES, MINUTES)
    found = await rows(stage)
    assert await traces(stage, who) == await dangling(stage) == []
    assert found["knock"] == found["candidate"] == []
    assert len(found["knock_quota"]) == 3, "of the branches, which are nobody, and a mark of the account"  # noqa: PLR2004
    for canary in ("canary of", "Zebo", "Iorov", searching.WORDS):
        assert canary not in str(found)
    told = karim.actor.screen.removeprefix(seen)
    assert told, "whoever waits is told"
    assert "Zebo" not in told


async def test_who_is_found_is_forgotten_and_whoever_looks_is_told_gently(stage: Stage) -> None:
    zebo, karim = [Phone(stage.actor(name)) for name in ("zebo", "karim")]
    for phone, name in ((zebo, "Zebo"), (karim, "Karim")):
        await phone.settles_in(name, "en")
    await searching.holds(karim, "Moscow", "Ҷамшед", "Ҷамшед Ёров", "1984", "Хоруғ", "Ойша")
    await searching.looks(zebo, "Djamched Iorov", "1984", "Khorog", "Oysha")
    await stage.storage.write(searching.hasten)
    await stage.pass_time(2 * MINUTES)
    await karim.chooses("Open it")
    await karim.chooses("Yes, and I write to them")
    await karim.says("canary of the holder")
    before = await rows(stage)
    keys = set(before["sought_list"])
    assert before["sought"]
    assert keys
    await forget(karim.actor)
    await stage.pass_time(3 * MINUTES, MINUTES)
    found = await rows(stage)
    assert await dangling(stage) == []
    assert found["sought"] == found["candidate"] == []
    assert not keys & set(found["sought_list"]), "no key of a name stays: the lists are as full, of nobody"
    for canary in ("canary of", "Karim", "Ёров"):
        assert canary not in str(found)
    await zebo.says("/search")
    assert "Karim" not in zebo.actor.screen


async def test_a_moderator_who_is_forgotten_has_said_nothing_and_holds_up_nobody(stage: Stage) -> None:
    anna, bahrom, _chaman, seeker, holder = await cases.people(stage)
    number = await cases.case(stage, seeker, cases.HELD, holder)
    who = await id_of(stage, anna)
    await stage.storage.write(partial(matches.opine, which=number, who=who, opinion=matches.Opinion.OTHER))
    await stage.storage.write(partial(matches.leave, which=number, who=who))
    until = stage.now() + timedelta(hours=6)
    assert await stage.storage.write(partial(matches.take, which=number, who=who, now=stage.now(), until=until))
    await forget(anna)
    await stage.pass_time(3 * MINUTES, MINUTES)
    other = await id_of(stage, bahrom)
    free = partial(matches.find, which=number, who=other, far_from=[], now=stage.now())
    one = await stage.storage.read(free)
    assert one is not None
    assert one.is_free(stage.now())
    assert (one.first, one.opinion) == (None, matches.Opinion.NONE), "else one of them could decide alone"
    assert await traces(stage, who) == await dangling(stage) == []
