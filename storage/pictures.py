"""What an account can show at one instant: taken as rows, kept, and put for a moment in place of what is so by then.

A picture holds every row that a person's own handlers could look at: their circles with the people in them, what is
known there, their questions, calls, invitations, and whatever later features hang on a circle or a person. Which rows
these are follows from the foreign keys, so that a new table is in the picture unless it stands in `LEFT_OUT`. Values
stay as the database keeps them: sealed ones are never opened.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any, TypeAlias

import sqlalchemy as sa

from bot.domain.knock import Case
from storage import schema
from storage.database import Tx
from storage.prepared import Prepared

Row: TypeAlias = tuple[Any, ...]
Picture: TypeAlias = dict[str, dict[Row, Row]]  # table, primary key, row

# What belongs to the chat itself, to the machinery, or to nobody: never shown to a person as what is so.
LEFT_OUT = frozenset(
    {
        *("accident", "address", "device", "dialogue", "duress", "fact", "inbox", "job", "letter", "menu", "message"),
        *("succession", "throttle"),
        *("sought_list", "sought_former", "not_same", "knock_quota"),  # nobody is shown these
        *("asked", "delivery", "posting"),  # what was published is no secret, and how it went is nobody's
        # a petition is everybody's, and whose a signature is no row says
        *("petition", "petition_version", "petition_entry", "petition_node", "petition_checkpoint", "petition_packet"),
        "petition_certificate",
        *("petition_signature", "petition_nullifier", "petition_relay", "petition_talk"),
        "petition_follower",  # everybody may follow one, and it goes on doing so
    }
)
# Where a circle has more rows than any screen shows: only the person's own with what hangs on those, and the newest.
# So whatever came later than the picture is known by not being in it. Older times are rounded, by a day at the most.
ONLY_OWN = frozenset({"ask", "telling"})
NEWEST = timedelta(days=1)
# What everybody, or every moderator, may look at, and when it last changed: what is newer than a picture is not shown
# beside it.
PUBLIC = (
    (schema.rumour, (schema.rumour.c.asked_at, schema.rumour.c.decided_at)),
    (schema.draft, (schema.draft.c.changed_at,)),
    (schema.candidate, (schema.candidate.c.since, schema.candidate.c.ended_at)),
    (schema.line_case, tuple(schema.line_case.c[name] for name in ("said_at", "acted_at", "closed_at"))),
)
# What only moderators look at, and nobody under duress is to see: cases at the matching desk. Neither side of one knows
# of it yet, so that nothing is missing from anybody's own screen.
UNSHOWN = ((schema.candidate, schema.candidate.c.state == int(Case.DESK)),)
KEPT = frozenset({"person", "circle"})  # never taken away for a picture, only put right: too much else hangs on them
OF_ONESELF = frozenset({"name"})  # of one's own row; language and quiet hours are one's own in any case


NOTED = "noted"  # not a table: what the account has done to petitions, in its order (`storage.deeds`)
NOTHING = -1  # an id that no row has
_NEWER = tuple(
    Prepared(table.delete().where(sa.or_(*(column > sa.bindparam("at") for column in changed))))
    for table, changed in PUBLIC
)
_HIDDEN = tuple(Prepared(table.delete().where(hidden)) for table, hidden in UNSHOWN)
_MINE = Prepared(sa.select(schema.membership.c.circle_id).where(schema.membership.c.person_id == sa.bindparam("who")))


@dataclass(frozen=True)
class _Part:
    """One table as pictures see it, without the types that seal and open."""

    name: str
    names: tuple[str, ...]
    key: tuple[int, ...]
    people: tuple[int, ...]  # the places of columns that mean a person
    empty: tuple[Any, ...]  # what stands in a column of which a row says nothing
    parents: tuple[tuple[int, str], ...]  # those that mean a row of another table of pictures
    outside: tuple[tuple[int, str], ...]  # and those that mean a row of a table that is left out
    direct: Prepared | None  # the rows that are somebody's own, or their circles', or hang on such...
    by_circle: bool
    hangs_on: tuple[str, ...]  # ...of these tables
    by_key: Prepared
    deletion: Prepared
    insertion: Prepared

    def keyed(self, rows: Iterable[Any]) -> dict[Row, Row]:
        return {tuple(row[place] for place in self.key): tuple(row) for row in rows}


@cache
def _parts() -> tuple[_Part, ...]:
    """Every table of pictures, parents before children."""
    parts = []
    for table in schema.metadata.sorted_tables:
        if table.name in LEFT_OUT:
            continue
        names = tuple(column.name for column in table.columns)
        columns = [sa.column(column.name, _raw(column.type)) for column in table.columns]
        raw = sa.table(table.name, *columns)
        means = {place: _meant(column) for place, column in enumerate(table.columns) if column.foreign_keys}
        people = tuple(place for place, parent in means.items() if parent == "person")
        circles = [columns[place] for place, parent in means.items() if parent == "circle"]
        key = tuple(names.index(column.name) for column in table.primary_key.columns)
        by_circle = table.name == "circle" or (bool(circles) and table.name not in ONLY_OWN)
        parents = tuple((place, parent) for place, parent in means.items() if parent not in LEFT_OUT)
        hang = {} if by_circle else {parent: columns[place] for place, parent in parents if parent not in KEPT}
        conditions: list[Any] = [columns[place] == sa.bindparam("who") for place in people]
        if table.name == "circle":
            circles, people, conditions = [columns[key[0]]], (), []
        conditions += [one.in_(sa.bindparam("mine", expanding=True)) for one in circles if by_circle]
        conditions += [one.in_(sa.bindparam(parent, expanding=True)) for parent, one in hang.items()]
        if table.name in ONLY_OWN:
            conditions += [one.in_(sa.bindparam("mine", expanding=True)) & _is_new(raw) for one in circles]
        parts.append(
            _Part(
                name=table.name,
                names=names,
                key=key,
                people=people,
                empty=tuple(_default(column) for column in table.columns),
                parents=parents,
                outside=tuple((place, parent) for place, parent in means.items() if parent in LEFT_OUT),
                direct=Prepared(sa.select(raw).where(sa.or_(*conditions))) if conditions else None,
                by_circle=by_circle or table.name in ONLY_OWN,
                hangs_on=tuple(hang),
                by_key=Prepared(sa.select(raw).where(columns[key[0]].in_(sa.bindparam("keys", expanding=True)))),
                deletion=Prepared(
                    sa.delete(raw).where(*(columns[place] == sa.bindparam(f"key_{place}") for place in key))
                ),
                insertion=Prepared(partial(_insertion, raw, names, key)),
            )
        )
    return tuple(parts)


def _insertion(raw: Any, names: tuple[str, ...], key: tuple[int, ...], insert: Any) -> sa.Executable:
    made, keys = insert(raw), [names[place] for place in key]
    rest = {name: made.excluded[name] for name in names if name not in keys}
    put: sa.Executable = (
        made.on_conflict_do_update(index_elements=keys, set_=rest) if rest else made.on_conflict_do_nothing()
    )
    return put


def _meant(column: sa.Column[Any]) -> str:
    (key,) = column.foreign_keys
    return str(key.column.table.name)


def _is_new(raw: Any) -> Any:
    if raw.name == "ask":
        return raw.c.asked_at > sa.bindparam("newer_than", type_=schema.Instant())
    newer = schema.news.c.told_at > sa.bindparam("newer_than", type_=schema.Instant())
    return raw.c.news_id.in_(sa.select(schema.news.c.id).where(newer))


def _default(column: sa.Column[Any]) -> Any:
    if not isinstance(column.server_default, sa.DefaultClause):
        return None
    told = str(column.server_default.arg)
    return told if isinstance(column.type, sa.Text) else int(told)


def _raw(kind: Any) -> Any:
    kind = kind.impl if isinstance(kind, sa.types.TypeDecorator) else kind
    return kind if isinstance(kind, (sa.LargeBinary, sa.Text)) else sa.BigInteger()


def take(tx: Tx, who: int, at: datetime, also: Collection[int] = ()) -> Picture:
    """Everything that this person's account can show now, and what is in the circles `also`.

    `at` is when the picture is (or was first) taken.
    """
    mine = {*tx.execute(_MINE, {"who": who}).scalars(), *also}
    picture: Picture = {}
    for part in _parts():
        picture[part.name] = _direct(tx, part, who, sorted(mine), picture, at) if part.name != "person" else {}
    wanted: defaultdict[str, set[Any]] = defaultdict(set, person={who})
    for part in reversed(_parts()):  # children first: whatever a row refers to is there as well
        rows = picture[part.name]
        missing = wanted[part.name] - {key[0] for key in rows}
        while missing:
            found = part.keyed(tx.execute(part.by_key, {"keys": _padded(missing)}))
            rows |= found  # which may refer to others of their own table
            same = {row[place] for row in found.values() for place, parent in part.parents if parent == part.name}
            missing = same - {None} - {key[0] for key in rows}
        for place, parent in part.parents:
            wanted[parent] |= {row[place] for row in rows.values() if row[place] is not None}
    return picture


def _direct(  # noqa: PLR0913, PLR0917 - everything by which rows are found
    tx: Tx, part: _Part, who: int, mine: list[int], picture: Picture, at: datetime
) -> dict[Row, Row]:
    """The rows that are the person's own or their circles', and those that hang on such."""
    if part.direct is None:
        return {}
    values: dict[str, Any] = {name: _padded(key[0] for key in picture[name]) for name in part.hangs_on}
    if part.by_circle:
        values["mine"] = _padded(mine)
    if part.people:
        values["who"] = who
    if part.name in ONLY_OWN:
        values["newer_than"] = at - NEWEST
    return part.keyed(tx.execute(part.direct, values))


def _padded(numbers: Iterable[int]) -> list[int]:
    """Numbers filled up to one of few lengths: a statement is prepared anew for each length of a list."""
    found = sorted(numbers)
    length = 1 << max(len(found) - 1, 0).bit_length()
    return found + [found[-1] if found else NOTHING] * (length - len(found))


def show(tx: Tx, who: int, picture: Picture, at: datetime) -> None:
    """Put a picture, first taken `at`, in the place of what is so now. Only inside a savepoint that is undone."""
    now = take(tx, who, at, [key[0] for key in picture["circle"]])
    for newer in _NEWER:
        tx.execute(newer, {"at": at})
    for part in reversed(_parts()):
        if part.name not in KEPT:
            over = [key for key in now[part.name] if key not in picture.get(part.name, {})]
            _delete(tx, part, over)
    for part in _parts():
        there = now[part.name]
        rows = {key: row for key, row in picture.get(part.name, {}).items() if there.get(key) != row}
        if part.name == "person":
            rows = {key: _own(part, row, there[key]) if key == (who,) else row for key, row in rows.items()}
        _put(tx, part, _standing(tx, part, list(rows.values())))
    for hidden in _HIDDEN:
        tx.execute(hidden)


def _own(part: _Part, then: Row, now: Row) -> Row:
    return tuple(then[place] if name in OF_ONESELF else now[place] for place, name in enumerate(part.names))


def _delete(tx: Tx, part: _Part, keys: list[Row]) -> None:
    if keys:
        rows = [{f"key_{place}": value for place, value in zip(part.key, key, strict=True)} for key in keys]
        tx.execute(part.deletion, rows)


def _standing(tx: Tx, part: _Part, rows: list[Row]) -> list[Row]:
    """Without the rows that hang on something which is gone, and is in no picture."""
    for place, name in part.outside:
        meant = sorted({row[place] for row in rows if row[place] is not None})
        if meant:
            table = schema.metadata.tables[name]
            there = set(tx.execute(sa.select(table.c.id).where(table.c.id.in_(meant))).scalars())
            rows = [row for row in rows if row[place] is None or row[place] in there]
    return rows


def _put(tx: Tx, part: _Part, rows: list[Row]) -> None:
    if rows:
        tx.execute(part.insertion, [dict(zip(part.names, row, strict=True)) for row in rows])


# -- kept ----------------------------------------------------------------------------------------------------------


def pack(picture: Picture) -> bytes:
    """A picture as bytes. Columns are named, so that one survives a change of the schema."""
    parts = {part.name: part.names for part in _parts()}
    parts[NOTED] = ("deed",)
    tables = {
        name: [parts[name], [[_packed(value) for value in row] for row in rows.values()]]
        for name, rows in picture.items()
        if rows
    }
    return json.dumps(tables, separators=(",", ":")).encode()


def _packed(value: Any) -> Any:
    return [b64encode(value).decode()] if isinstance(value, bytes) else value


def unpack(packed: bytes) -> Picture:
    """The picture in these bytes. A table or a column that is no longer there is left out, a new column is empty."""
    tables = json.loads(packed)
    picture: Picture = {part.name: {} for part in _parts()}
    for part in _parts():
        names, rows = tables.get(part.name, ((), ()))
        places = [names.index(name) if name in names else None for name in part.names]
        found = (
            tuple(
                empty if place is None else _unpacked(row[place])
                for place, empty in zip(places, part.empty, strict=True)
            )
            for row in rows
        )
        picture[part.name] = part.keyed(found)
    if NOTED in tables:
        picture[NOTED] = {(place,): tuple(row) for place, row in enumerate(tables[NOTED][1])}
    return picture


def _unpacked(value: Any) -> Any:
    return b64decode(value[0]) if isinstance(value, list) else value
