"""What the tests of bulletins on their way share: publishing by hand, subscribing, and looking at what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import sqlalchemy as sa

from bot.domain.bulletin import Bulletin, Draft, Kind, Topic, Urgency
from handlers.updates import broadcast
from storage import broadcasts, bulletins, outbox, readers
from storage.broadcasts import Outcome
from storage.database import Tx
from storage.readers import Reading
from storage.schema import address, delivery, person, reader_place
from storage.schema import reader as reader_table
from tests.family.looking import id_of
from tests.stage import Actor, Stage

WORDS = {"en": "The bridge stands.", "ru": "Мост стоит.", "tg": "Пул истодааст."}


def draft(
    kind: Kind = Kind.NEWS,
    about: int | None = None,
    *,
    place: str = "",
    topic: Topic = Topic.SAFETY,
    urgency: Urgency = Urgency.NEWS,
) -> Draft:
    return Draft(kind=kind, about=about, place=place, topic=topic, urgency=urgency)


def publish(
    tx: Tx, stage: Stage, one: Draft, languages: Sequence[str] = ("en", "ru", "tg"), by: int | None = None
) -> Bulletin:
    """Publish and let it go out. The text names the number, so that versions differ."""
    signer = bulletins.signer(tx, stage.now())
    assert signer is not None
    number = max((one.number for one in bulletins.newest(tx, 1)), default=0) + 1
    texts = {language: f"📰 No. {number}\n{WORDS[language]}" for language in languages}
    made = bulletins.publish(tx, signer, one, texts, stage.now(), author=None, reviewer=None)
    outbox.post(tx, broadcast.begin(tx, made, stage.now(), by), stage.now())
    return made


async def publishes(
    stage: Stage, one: Draft | None = None, languages: Sequence[str] = ("en", "ru", "tg"), by: int | None = None
) -> Bulletin:
    return await stage.storage.write(partial(publish, stage=stage, one=one or draft(), languages=languages, by=by))


async def subscribes(stage: Stage, actor: Actor, reading: Reading | None = None) -> int:
    who = await id_of(stage, actor)
    await stage.storage.write(partial(readers.keep, who=who, one=reading or Reading()))
    return who


async def outcomes(stage: Stage, number: int) -> dict[int, Outcome]:
    """What became of a bulletin for each person."""

    def look(tx: Tx) -> dict[int, Outcome]:
        rows = tx.execute(sa.select(delivery.c.person_id, delivery.c.outcome).where(delivery.c.number == number))
        return {row.person_id: Outcome(row.outcome) for row in rows}

    return await stage.storage.read(look)


async def run_of(stage: Stage, number: int) -> broadcasts.Broadcast:
    found = await stage.storage.read(partial(broadcasts.telling, number=number))
    assert found is not None
    return found


def crowd(tx: Tx, stage: Stage, n: int, *, languages: Sequence[str] = ("en",), subscribed: bool = True) -> list[int]:
    """So many readers of everything, whose phones nobody looks at."""
    before = tx.execute(sa.select(sa.func.max(person.c.id))).scalar() or 0
    values = [{"language": languages[i % len(languages)], "name": "Crowd", "met_on": 20000} for i in range(n)]
    tx.execute(person.insert(), values)
    found = list(tx.execute(sa.select(person.c.id).where(person.c.id > before).order_by(person.c.id)).scalars())
    where = {"platform": "memory", "bot": stage.memory.bot}
    rows = [{"person_id": who, **where, "account": f"memory/c{who}", "reach": f"c{who}"} for who in found]
    tx.execute(address.insert(), rows)
    if subscribed:
        tx.execute(
            reader_table.insert(),
            [{"person_id": who, "urgency": Urgency.NEWS.value, "digest_at": 18 * 60} for who in found],
        )
        tx.execute(reader_place.insert(), [{"person_id": who, "place": "", "name": ""} for who in found])
    return found
