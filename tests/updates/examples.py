"""Bulletins to be published in tests: news, its correction, a withdrawal, a drill, and what an enemy would write."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from bot.domain.bulletin import Claim, Draft, Figure, Grade, Kind, Source, Status, Topic, Urgency
from storage import bulletins

if TYPE_CHECKING:
    from bot.domain.bulletin import Bulletin
    from storage.database import Tx

NOW = datetime(2026, 3, 21, 9, 0, tzinfo=UTC)
HOSTILE = 'x]]>"\'</pre><script src="//evil.example/x.js"></script>&lt;\x0b\x1f\ufffe <!-- \u202egnp.exe'


def news(**changes: object) -> Draft:
    """The bridge is closed: two claims, in English and Russian."""
    claims = (
        Claim(Status.CONFIRMED, (Source(Grade.FIRST_HAND, date(2026, 3, 20)),)),
        Claim(Status.REFUTED, (Source(Grade.OFFICIAL),), (Figure("200", date(2026, 3, 19)),)),
    )
    texts = {
        "en": {
            "title": "The bridge at Khorog is closed",
            "claim.0": "The bridge is closed to cars.",
            "claim.0.source.0": "two drivers",
            "claim.1": "200 people were hurt.",
            "claim.1.source.0": "the hospital",
            "claim.1.figure.0": "a channel",
        },
        "ru": {
            "title": "Мост в Хороге закрыт",
            "claim.0": "Мост закрыт для машин.",
            "claim.0.source.0": "два водителя",
            "claim.1": "Пострадали 200 человек.",
            "claim.1.source.0": "больница",
            "claim.1.figure.0": "канал",
        },
    }
    values: dict[str, object] = {
        "place": "khorugh",
        "topic": Topic.ROADS,
        "urgency": Urgency.URGENT,
        "claims": claims,
        "texts": texts,
    }
    return Draft(**{**values, **changes})  # type: ignore[arg-type]


def hostile() -> Draft:
    """Everything that a person can write is hostile."""
    keys = ("title", "claim.0", "claim.0.source.0", "claim.1", "claim.1.source.0", "claim.1.figure.0")
    return news(texts={language: dict.fromkeys(keys, HOSTILE) for language in ("tg", "ru", "en")})


def put(
    tx: Tx, draft: Draft, texts: dict[str, str], now: datetime = NOW, *, unreviewed_until: datetime | None = None
) -> Bulletin:
    """Publish it."""
    signer = bulletins.signer(tx, now)
    assert signer is not None
    return bulletins.publish(
        tx, signer, draft, texts, now, author=None, reviewer=None, unreviewed_until=unreviewed_until
    )


def corrected(number: int) -> Draft:
    """What corrects it."""
    return news(kind=Kind.CORRECTION, about=number)


def withdrawn(number: int) -> Draft:
    """What withdraws it."""
    texts = {language: {"title": "Withdrawn", "changed": "It was wrong."} for language in ("tg", "ru", "en")}
    return Draft(kind=Kind.WITHDRAWAL, about=number, place="khorugh", topic=Topic.ROADS, texts=texts)
