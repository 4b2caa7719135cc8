"""One person, one signature: linked accounts, people under duress, and signatures that are made up."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from bot.domain import petition_log, stuffing
from bot.domain.petition_log import Reason, Sign, Strike
from bot.domain.roles import Role
from handlers.ask import base36
from storage import envelope, petition_logs, petitions, roles, signatures
from storage.schema import petition_signature as signed
from tests.family.looking import forge
from tests.family.test_desk import give
from tests.family.test_duress import FORCED, family
from tests.family.test_links import code_at, type_code
from tests.petitions.signing import begun, petition_of, signs
from tests.petitions.test_signing import WAYS, somebody, told
from tests.petitions.writing import organisers, writes
from tests.stage import Actor, Stage
from tests.storage.servers import ONE_ENGINE

KEY = envelope.make()
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


async def entries(stage: Stage, which: int) -> list[petition_log.Entry]:
    found = await stage.storage.read(lambda tx: list(petition_logs.entries(tx, which)))
    return [entry for _place, entry in found]


async def become_one(old: Actor, new: Actor) -> None:
    """Both accounts turn out to be one person's."""
    code = await code_at(old)
    await type_code(new, code)
    await old.presses("Yes, it is mine")


async def test_linking_two_accounts_that_both_signed_strikes_the_later_signature(both: Stage) -> None:
    which, _anna = await begun(both, KEY)
    old, new = both.actor("zarina"), both.actor("z2", "matrix")
    await old.settles_in("Zarina")
    await new.settles_in("Zarina M")
    await signs(both, old, which)
    await signs(both, new, which)
    assert (await petition_of(both, which)).count == 2  # noqa: PLR2004 - nobody can know yet
    await become_one(old, new)
    one = await petition_of(both, which)
    assert one.count == 1
    log = await entries(both, which)
    assert [entry for entry in log if isinstance(entry, Strike)] == [Strike(both.now().date(), 2, Reason.DOUBLE)]
    for actor in (old, new):
        await both.pass_time(3 * DAY)
        await signs(both, actor, which)
    assert (await petition_of(both, which)).count == 1
    await forge(both, new, f"petition.withdraw:{base36(which)}")
    await new.presses("↩️ Withdraw")
    assert (await petition_of(both, which)).count == 0, "either account takes it back"


async def unlinked(both: Stage, *, signed: bool) -> tuple[int, Actor, Actor]:
    """Two accounts that were one person's, who perhaps has signed with the older one, and are no longer."""
    which, _anna = await begun(both, KEY)
    old, new = both.actor("zarina"), both.actor("z2", "matrix")
    await old.settles_in("Zarina")
    await new.settles_in("Zarina M")
    await become_one(old, new)
    await both.pass_time(8 * DAY, DAY)
    if signed:
        await signs(both, old, which)
        await both.pass_time(DAY)
    await forge(both, old, "link")
    await old.presses("2. Unlink")
    await both.in_code(old, "link.cut.yes")
    await both.pass_time(DAY)
    await new.settles_in("Zarina M")
    return which, old, new


@pytest.mark.parametrize("signed", [True, False])
async def test_whoever_unlinks_an_account_signs_once_as_before(both: Stage, *, signed: bool) -> None:
    which, old, new = await unlinked(both, signed=signed)
    for one in (new, old, new):
        await signs(both, one, which)
        await both.pass_time(MINUTE)
    assert (await petition_of(both, which)).count == 1
    first, other = (old, new) if signed else (new, old)
    await forge(both, other, f"petition.give:{base36(which)}:plain")
    assert not any(message.attachment for message in other.messages), "no proof of what another account did"
    await forge(both, other, f"petition.withdraw:{base36(which)}")
    await other.presses("↩️ Withdraw")
    assert (await petition_of(both, which)).count == 1, "only whoever signed takes it back"
    await forge(both, first, f"petition.withdraw:{base36(which)}")
    await first.presses("↩️ Withdraw")
    assert (await petition_of(both, which)).count == 0
    for one in (other, first, other):
        await signs(both, one, which)
        await both.pass_time(MINUTE)
    assert (await petition_of(both, which)).count == 1, "and then either of them can sign again"


async def test_the_control_without_what_they_share_one_person_counts_twice(
    both: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signatures, "part", lambda _tx, _who, _where: None)
    which, _old, new = await unlinked(both, signed=True)
    await signs(both, new, which)
    assert (await petition_of(both, which)).count == 2  # noqa: PLR2004 - the same person


async def test_following_is_one_persons_after_linking(both: Stage) -> None:
    which, _anna = await begun(both, KEY)
    old, new = both.actor("zarina"), both.actor("z2", "matrix")
    await old.settles_in("Zarina")
    await new.settles_in("Zarina M")
    for actor in (old, new):
        await forge(both, actor, f"petition.follow:{base36(which)}")
    await become_one(old, new)
    assert len(await both.storage.read(partial(petitions.followers, which=which, after=0, most=9))) == 1


# -- under duress ------------------------------------------------------------------------------------------------------


async def forced(stage: Stage) -> Actor:
    """Somebody whose account is under duress."""
    zarina, *_others = await family(stage)
    await zarina.says(FORCED)
    return zarina


async def test_whoever_is_forced_signs_nothing_and_reads_what_everybody_reads(stage: Stage) -> None:
    which, _anna = await begun(stage, KEY)
    daler = await somebody(stage, "somebody")
    way = WAYS[2]
    free = await told(stage, daler, which, way)
    before = await petition_of(stage, which)
    zarina = await forced(stage)
    assert await told(stage, zarina, which, way) == free
    after = await petition_of(stage, which)
    assert (after.size, after.count) == (before.size, before.count) == (2, 1)
    assert not zarina.sees("Canary")


async def test_a_forced_account_neither_shows_nor_takes_back_what_it_signed_before(stage: Stage) -> None:
    which, _anna = await begun(stage, KEY)
    zarina, *_others = await family(stage)
    await signs(stage, zarina, which)
    await stage.pass_time(MINUTE)
    await zarina.says(FORCED)
    await forge(stage, zarina, f"petition.give:{base36(which)}:secret")
    assert not any(message.attachment for message in zarina.messages)
    await forge(stage, zarina, f"petition.withdraw:{base36(which)}")
    await zarina.presses("↩️ Withdraw")
    assert (await petition_of(stage, which)).count == 1
    await forge(stage, zarina, f"petition.follow:{base36(which)}")
    found = await stage.storage.read(partial(petitions.followers, which=which, after=0, most=9))
    assert len(found) == 1, "to follow is public, and done: whoever watches would see that no news comes"


@ONE_ENGINE
async def test_a_forced_organiser_writes_on_and_nobody_else_hears_of_it(stage: Stage) -> None:
    zarina, *_others = await family(stage)
    (bahrom,) = await organisers(stage, "Bahrom")
    await give(stage, zarina, Role.ORGANISER)
    await zarina.says(FORCED)
    await writes(zarina)
    assert "no longer in use" not in zarina.screen
    assert "Open the road to Rushon" in zarina.last
    await zarina.says("/desk")
    await zarina.presses("Petitions")
    await zarina.presses("Open the road")
    await zarina.presses("Change it")
    await zarina.presses("Throw it away")
    await zarina.presses("Yes, throw it away")
    assert "You have none yet." in zarina.last
    await bahrom.says("/desk")
    assert not bahrom.sees("road")


# -- made up -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little is much here."""
    monkeypatch.setattr(stuffing, "MOST_OF_BRANCH", 2)
    monkeypatch.setattr(stuffing, "MOST_YOUNG", 3)
    monkeypatch.setattr("handlers.petitions.fraud.SMALLEST", 2)


@ONE_ENGINE
async def test_who_was_let_in_is_counted_apart_and_too_many_of_one_branch_are_held(stage: Stage, small: None) -> None:
    del small
    which, anna = await begun(stage, KEY)
    await give(stage, anna, Role.ORGANISER)
    host, *guests = await stage.family("Host", "One", "Two", "Three", "Four")
    await signs(stage, host, which)
    one = await petition_of(stage, which)
    assert (one.verified, one.unverified) == (0, 1)
    for guest in guests:
        await signs(stage, guest, which)
    one = await petition_of(stage, which)
    assert (one.verified, one.unverified, one.held) == (2, 1, 2)
    await forge(stage, anna, f"petition.fraud:{base36(which)}")
    assert "3 signatures count now." in anna.last
    assert "2 count, 2 are held." in anna.last
    for name in ("Host", "One", "Two", "Three", "Four"):
        assert name not in anna.last
    await anna.presses("✋ Hold 1")
    assert (await petition_of(stage, which)).held == 4  # noqa: PLR2004 - the whole wave
    await anna.presses("✅ Let 1")
    one = await petition_of(stage, which)
    assert (one.verified, one.unverified, one.held) == (4, 1, 0)
    await anna.presses("✋ Hold 1")
    await anna.presses("🗑 Strike them")
    await anna.presses("Yes, strike them")
    one = await petition_of(stage, which)
    assert (one.count, one.held) == (1, 0)
    log = await entries(stage, which)
    assert [entry.reason for entry in log if isinstance(entry, Strike)] == [Reason.FALSE] * 4
    await signs(stage, guests[0], which)
    assert (await petition_of(stage, which)).count == 1, "who was struck can't sign again"
    assert petition_log.replay(log).count == 1


@ONE_ENGINE
async def test_whose_right_was_taken_strikes_nothing_with_an_old_button(stage: Stage, small: None) -> None:
    del small
    which, anna = await begun(stage, KEY)
    right = await give(stage, anna, Role.ORGANISER)
    for number in range(4):
        await signs(stage, await somebody(stage, f"new{number}"), which)
    assert (await petition_of(stage, which)).held == 1
    held_at = await stage.storage.read(lambda tx: tx.execute(sa.select(sa.func.max(signed.c.held_at))).scalar())
    assert held_at == datetime.combine(stage.now(), time(), UTC), "no row says at which hour somebody has signed"
    await stage.storage.write(partial(roles.take, one=right))
    await forge(stage, anna, f"petition.struck:{base36(which)}")
    assert "no longer in use" in anna.last
    assert (await petition_of(stage, which)).held == 1


@ONE_ENGINE
async def test_who_signs_again_and_again_lets_nobody_else_s_signature_be_held(stage: Stage, small: None) -> None:
    del small
    which, _anna = await begun(stage, KEY)
    hostile = await somebody(stage, "hostile")
    for _time in range(stuffing.MOST_YOUNG + 1):
        await signs(stage, hostile, which)
    await signs(stage, await somebody(stage, "honest"), which)
    one = await petition_of(stage, which)
    assert (one.count, one.held) == (2, 0)


@ONE_ENGINE
async def test_a_flood_of_new_accounts_is_held_and_nobody_is_told(stage: Stage, small: None) -> None:
    del small
    which, _anna = await begun(stage, KEY)
    screens = set()
    for number in range(5):
        actor = await somebody(stage, f"new{number}")
        await signs(stage, actor, which)
        screens.add(actor.last)
    one = await petition_of(stage, which)
    assert (one.unverified, one.held) == (3, 2)
    assert len(screens) == 1
    assert sum(isinstance(entry, Sign) for entry in await entries(stage, which)) == one.count + one.held


@ONE_ENGINE
async def test_small_waves_are_forgotten_after_some_days(stage: Stage) -> None:
    which, _anna = await begun(stage, KEY)
    for number in range(3):
        await signs(stage, await somebody(stage, f"new{number}"), which)
    assert len(await stage.storage.read(partial(signatures.waves, which=which, least=1))) == 1
    await stage.pass_time(5 * DAY, DAY / 2)
    assert await stage.storage.read(partial(signatures.waves, which=which, least=1)) == []
