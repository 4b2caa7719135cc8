"""How long news stays: as the circle wants it, the last news until it is let go, and exact times only for a while."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from storage import retention
from storage.schema import news, standing, telling
from tests.family.test_telling import adds, tells
from tests.stage import Actor, Stage

if TYPE_CHECKING:
    from storage.database import Tx

HOUR = timedelta(hours=1)
BOTH = 2  # the newer news and the one that it has replaced
DAY = timedelta(days=1)


async def rows(stage: Stage) -> int:
    """How many pieces of news the database holds, in any of its tables."""

    def count(tx: Tx) -> int:
        kept = tx.execute(sa.select(sa.func.count()).select_from(news)).scalar_one()
        known = set(tx.execute(sa.select(news.c.id)).scalars())
        named = {
            *tx.execute(sa.select(telling.c.news_id)).scalars(),
            *tx.execute(sa.select(standing.c.news_id)).scalars(),
        }
        assert named <= known
        return int(kept)

    return await stage.storage.read(count)


async def told_again(stage: Stage, who: Actor, days: int) -> None:
    await who.says("I am safe")
    await stage.pass_time(timedelta(days=days), DAY)
    await who.says("I am safe")


async def test_replaced_news_is_erased_after_thirty_days_and_the_last_stays(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await told_again(stage, zarina, 29)
    assert await rows(stage) == BOTH
    await stage.pass_time(2 * DAY, DAY)
    assert await rows(stage) == 1
    await stage.pass_time(80 * DAY, 20 * DAY)
    assert await rows(stage) == 1
    await daler.says("/people")
    assert "⚪ Zarina: last known" in daler.last


async def test_a_circle_can_keep_old_news_shorter(stage: Stage) -> None:
    zarina, _daler = await stage.family("Zarina", "Daler")
    await zarina.says("/circles")
    await zarina.presses("Family")
    await zarina.presses("How long news stays")
    assert "In “Family” old news is erased after 30 days." in zarina.last
    await zarina.presses("7 days")
    assert "In “Family” old news is erased after 7 days." in zarina.last
    await told_again(stage, zarina, 6)
    assert await rows(stage) == BOTH
    await stage.pass_time(2 * DAY, DAY)
    assert await rows(stage) == 1


async def test_the_keeper_is_asked_about_the_last_news_of_long_ago_and_it_stays_unless_let_go(stage: Stage) -> None:
    daler, maria = await stage.family("Daler", "Maria")
    await adds(daler, "Bibi Gulnora")
    await tells(maria, "Bibi Gulnora", "I saw them", "Safe")
    await stage.pass_time(89 * DAY, 20 * DAY)
    assert not daler.sees("still keeps the last news")
    await stage.pass_time(3 * DAY, DAY)
    assert "“Family” still keeps the last news of long ago:\nBibi Gulnora: 3 months ago" in daler.last
    assert not maria.sees("still keeps the last news")
    await stage.pass_time(10 * DAY, 5 * DAY)
    await maria.says("/people")
    assert "Bibi Gulnora: last known 3 months ago" in maria.last
    await daler.presses("Erase it")
    assert "The last news of long ago was erased in “Family”." in maria.last
    await maria.says("/people")
    assert "⚪ Bibi Gulnora: no news yet" in maria.last
    assert await rows(stage) == 0


async def test_the_keeper_is_asked_again_only_three_months_later(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await daler.says("I am safe")
    await stage.pass_time(91 * DAY, 20 * DAY)
    await zarina.presses("It stays")
    await stage.pass_time(80 * DAY, 20 * DAY)
    assert zarina.screen.count("still keeps the last news") == 0  # the question was answered in place
    await stage.pass_time(20 * DAY, 10 * DAY)
    assert zarina.screen.count("still keeps the last news") == 1


async def test_a_note_of_replaced_news_goes_after_a_week(stage: Stage) -> None:
    zarina, _daler = await stage.family("Zarina", "Daler")
    await zarina.says("I am safe")
    await zarina.presses("Add a note")
    await zarina.says("at my aunt's")
    await told_again(stage, zarina, 1)
    await stage.pass_time(5 * DAY, DAY)
    assert await notes(stage) == ["at my aunt's"]
    await stage.pass_time(2 * DAY, DAY)
    assert await notes(stage) == []


async def notes(stage: Stage) -> list[str]:
    return await stage.storage.read(
        lambda tx: [note for note in tx.execute(sa.select(news.c.note)).scalars() if note is not None]
    )


async def test_the_minute_of_news_is_kept_for_two_days_only(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await stage.pass_time(timedelta(minutes=17))
    await zarina.says("I am safe")
    assert [at.minute for at in await times(stage)] == [17, 17, 17]
    await stage.pass_time(2 * DAY + HOUR, DAY)
    assert {(at.minute, at.second) for at in await times(stage)} == {(0, 0)}
    await stage.pass_time(13 * DAY, 5 * DAY)
    assert {at.hour for at in await times(stage)} == {0}
    await daler.says("/people")
    assert "Zarina: last known 2 weeks ago" in daler.last


async def times(stage: Stage) -> list[datetime]:
    def read(tx: Tx) -> list[datetime]:
        (true, told) = tx.execute(sa.select(news.c.true_at, news.c.told_at)).one()
        return [true, told, *tx.execute(sa.select(standing.c.true_at)).scalars()]

    return await stage.storage.read(read)


async def test_after_a_long_absence_all_old_news_is_looked_at(stage: Stage) -> None:
    """The bot was switched off for months: nothing is skipped."""
    zarina, _daler = await stage.family("Zarina", "Daler")
    await told_again(stage, zarina, 1)
    later = stage.now() + 60 * DAY
    await stage.storage.write(lambda tx: retention.sweep(tx, later))
    assert await rows(stage) == 1
