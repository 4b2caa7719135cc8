"""Lists of choices in chats without buttons: noted before they are shown, so that “2” picks what was read."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from bot import i18n
from bot.domain.choosing import Menu, first_number
from bot.domain.conversation import Choice
from storage.database import Tx
from storage.prepared import Prepared, at_most
from storage.schema import menu

KEPT = timedelta(days=2)
MOST = 12  # lists of one chat that are looked at

_STANDING = Prepared(
    sa.select(menu.c.letter, menu.c.first, menu.c.choices, menu.c.reply, menu.c.message, menu.c.at)
    .where(menu.c.address_id == sa.bindparam("where"))
    .order_by(menu.c.id.desc())
    .limit(at_most(MOST))
)
_ADD = Prepared(menu.insert())
_DROP = Prepared(menu.delete().where(menu.c.letter == sa.bindparam("which")))
_CHANGE = Prepared(
    menu.update()
    .where(menu.c.letter == sa.bindparam("was"))
    .values(
        letter=sa.bindparam("which"),
        choices=sa.bindparam("new"),
        first=sa.bindparam("begin"),
        reply=sa.bindparam("answers"),
        at=sa.bindparam("when"),
    )
)
_SHOWN = Prepared(menu.update().where(menu.c.letter == sa.bindparam("which")).values(message=sa.bindparam("shown_as")))


def _menu(row: sa.Row[tuple[object, ...]]) -> Menu:
    choices = tuple(choice for line in i18n.rows_from_json(row.choices) for choice in line)
    return Menu(row.first, choices, bool(row.reply), row.at, row.message or "")


def standing(tx: Tx, where: int) -> list[Menu]:
    """The lists that stand in a chat, the newest first."""
    return [_menu(row) for row in tx.execute(_STANDING, {"where": where})]


def begin(  # noqa: PLR0913 - a list has this many sides
    tx: Tx, where: int, letter: int, choices: tuple[Choice, ...], now: datetime, *, reply: bool, edits: str = ""
) -> int:
    """Note a list before it is shown; the number of its first choice.

    Each attempt at one letter gets the same numbers: the first attempt may be what the person reads. A list that is
    changed in place keeps its numbers where they suffice.
    """
    rows = list(tx.execute(_STANDING, {"where": where}))
    for row in rows:
        if row.letter == letter:
            return int(row.first)
    packed = i18n.rows_to_json((choices,))
    values = {"which": letter, "new": packed, "answers": int(reply), "when": now}
    for row in rows:
        if edits and row.message == edits:
            others = [_menu(one) for one in rows if one is not row]
            taken = {number for other in others for number in other.numbers}
            wanted = range(row.first, row.first + len(choices))
            fits = len(choices) <= len(_menu(row).choices) or taken.isdisjoint(wanted)
            first = row.first if fits else first_number(others, len(choices), now, reply=reply)
            tx.execute(_CHANGE, {"was": row.letter, "begin": first, **values})
            return int(first)
    first = first_number([_menu(row) for row in rows], len(choices), now, reply=reply)
    tx.execute(_DROP, {"which": letter})  # the letter has moved to another chat, or much was said here since
    tx.execute(
        _ADD,
        {
            "address_id": where,
            "letter": letter,
            "first": first,
            "choices": packed,
            "reply": int(reply),
            "message": edits or None,
            "at": now,
        },
    )
    return first


def shown(tx: Tx, letters: list[tuple[int, str]]) -> None:
    """Note under which message ids lists now stand: of each letter, the platform's id.

    A letter that went out as several messages has their ids joined by ``+``, and its list in the last.
    """
    if letters:
        tx.execute(_SHOWN, [{"which": letter, "shown_as": ids.rsplit("+", 1)[-1]} for letter, ids in letters])


_EXPIRE = Prepared(menu.delete().where(menu.c.at < sa.bindparam("before")))


def expire(tx: Tx, now: datetime) -> None:
    """Drop lists that are too old to be answered."""
    tx.execute(_EXPIRE, {"before": now - KEPT})
