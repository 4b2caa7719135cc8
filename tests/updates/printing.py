"""Bulletins for the tests, published without a desk."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from bot.domain.bulletin import Bulletin, Claim, Draft, Kind, Status, Topic
from storage import bulletins
from storage.database import Tx
from tests.stage import Stage

RUSSIAN = (
    "📰 № 1 · Хорог · дороги\nДорога Хорог – Рушан открыта\nЧто известно: 18 солдат и 12 500 жителей были на дороге. "
    "Подтверждено 21 марта, источник: больница.\nЧто неизвестно: сколько человек ранено в кишлаке Поршинев.\n"
    "Чтобы проверить копию, перешлите её мне."
)
TAJIK = (
    "📰 № 1 · Хоруғ · роҳҳо\nРоҳи Хоруғ – Рӯшон кушода аст\nМаълум аст: 18 сарбоз ва 12 500 сокин дар роҳ буданд. "
    "Тасдиқ шудааст 21 март, манбаъ: беморхона.\nМаълум нест: чанд нафар дар деҳаи Поршинев захмӣ шудаанд.\n"
    "Барои санҷидани нусха онро ба ман фиристед."
)
ENGLISH = (
    "📰 No. 1 · Khorog · roads\nThe road Khorog – Rushan is open\nWhat is known: 18 soldiers and 12 500 residents were "
    "on the road. Confirmed on 21 March, source: the hospital.\nWhat is not known: how many people are wounded in the "
    "village of Porshinev.\nTo check a copy, forward it to me."
)
TEXTS = {"tg": TAJIK, "ru": RUSSIAN, "en": ENGLISH}


def put(tx: Tx, texts: dict[str, str], now: datetime, *, until: datetime | None = None, **parts: Any) -> Bulletin:  # noqa: ANN401 - parts of a draft
    """Publish texts."""
    by = bulletins.signer(tx, now)
    assert by is not None
    titles = {
        language: {"title": text.split("\n")[min(1, text.count("\n"))], "claim.0": "…"}
        for language, text in texts.items()
    }
    parts = {"place": "khorugh", "topic": Topic.ROADS, **parts}
    draft = Draft(claims=(Claim(Status.CONFIRMED),), texts=titles, **parts)
    return bulletins.publish(tx, by, draft, texts, now, author=None, reviewer=None, unreviewed_until=until)


async def publish(stage: Stage, texts: dict[str, str] | None = None, **parts: Any) -> Bulletin:  # noqa: ANN401 - parts of a draft
    """Publish texts, now."""
    return await stage.storage.write(partial(put, texts=texts or TEXTS, now=stage.now(), **parts))


async def correct(stage: Stage, about: int, *, kind: Kind = Kind.CORRECTION) -> Bulletin:
    """Correct or withdraw a bulletin, in other words."""
    texts = {
        "en": f"✏️ Correction of No. {about}\nThe bridge was closed\nWhat changed: the bridge near the market is closed "
        "since the morning, and nobody knows for how long.",
        "ru": f"✏️ Исправление № {about}\nМост закрыт\nЧто изменилось: мост у рынка с утра закрыт, надолго ли, не знает "
        "никто.",
    }
    return await publish(stage, texts, kind=kind, about=about)
