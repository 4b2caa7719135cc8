"""Letters: posted by handlers, claimed by the outbox before any byte is sent, and ended with what became of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any, NamedTuple

import sqlalchemy as sa

from bot import i18n
from bot.domain.choosing import numbered
from bot.domain.conversation import Attachment, Choice, Lane, Line, Outgoing, Page, Sender, Text
from storage import inbox, menus
from storage.crypto import Tampered
from storage.database import Tx
from storage.duress import read_mark
from storage.prepared import MOST, ONE, Prepared, at_most
from storage.schema import Instant, address, alarm, duress, letter, message, person

LIFE = {  # how long a letter may wait for its platform before it is given up
    Lane.DANGER: timedelta(days=7),
    Lane.REPLY: timedelta(days=1),
    Lane.CORRECTION: timedelta(days=14),
    Lane.CHECKIN: timedelta(days=7),
    Lane.BULLETIN: timedelta(days=3),
    Lane.PETITION: timedelta(days=7),
    Lane.DIGEST: timedelta(days=1),
}
SENT_AGAIN = frozenset({Lane.DANGER, Lane.REPLY, Lane.CORRECTION, Lane.CHECKIN})  # after an unknown outcome
LAST = max(Lane)
LAST_SENT_AGAIN = max(SENT_AGAIN)  # the lanes behind it have none that is sent again
ENDED_KEPT = timedelta(days=14)
SECOND_COPY = timedelta(minutes=30)  # so long one that nobody remembers may show what was asked for in it
LOOKED_AT = 200  # messages of a chat
ONLY = 2  # in a letter's body: it changes what stands, or says nothing
TURNS = timedelta(hours=1)
SAMPLE = 32  # waiting letters: fewer are not worth a word about waiting
ANSWERS = 512  # that wait: so many are counted
MESSAGES_KEPT = timedelta(hours=48)  # no platform lets a bot delete older ones
TOPICS_KEPT = timedelta(days=30)
CLEANED_AGAIN = timedelta(minutes=10)
CLEANED_AT_ONCE = 100
CHATS_AT_ONCE = 8


class State(IntEnum):
    """Where a letter is. Below DELIVERED it is under way, from there on it has ended."""

    WAITING = 0
    FLYING = 1
    DELIVERED = 2
    UNREACHABLE = 3
    REFUSED = 4
    UNKNOWN = 5
    EXPIRED = 6


@dataclass(frozen=True, slots=True)
class Letter:
    """A claimed letter: everything the outbox needs to deliver it, except the language's words."""

    id: int
    person: int | None
    address: int
    to: Sender
    language: str
    lane: Lane
    text: Text
    choices: tuple[tuple[Choice, ...], ...]
    topic: str
    edits: str
    silent: bool
    clean_after: timedelta | None
    attachment: Attachment | None
    attempts: int
    again: bool
    first: int = 1  # the number of its first choice, where choices are a numbered list
    copied: bool = False  # other addresses of the person get the same
    merged: tuple[int, ...] = ()  # further letters whose words stand in this one's text
    hollow: bool = False  # it goes the way of any other, and no platform is told
    withheld: bool = False  # the same, because its reader is under duress
    sent_as: int = 0  # the number by which a platform may know it: the same on each attempt that may have arrived


def route_of(platform: str, bot: str) -> str:
    """The name of a courier in the letters' `route` column."""
    return f"{platform}/{bot}"


# -- posting -------------------------------------------------------------------------------------------------------

_ADDRESSES = Prepared(
    sa.select(
        address.c.person_id,
        address.c.id,
        address.c.platform,
        address.c.bot,
        address.c.unreachable_at,
        address.c.sees_at,
    )
    .where(address.c.person_id.in_(sa.bindparam("people", expanding=True)))
    .order_by(address.c.unreachable_at.is_not(None), address.c.preferred.desc(), address.c.id)
)
_GROUP = Prepared(
    sa.select(address.c.id, address.c.platform, address.c.bot).where(address.c.id == sa.bindparam("where"))
)
_POST = Prepared(letter.insert())


def post(tx: Tx, letters: Sequence[Outgoing], now: datetime) -> None:
    """Store letters, each addressed to where its person can be reached now. They leave after the commit."""
    if not letters:
        return
    where = _addresses(tx, sorted({one.to for one in letters if not one.to_group}), now)
    stands = _where_topics_stand(tx, letters, where)
    bodies: dict[object, str] = {}  # the same words to many people are packed once
    turns: dict[int, int] = {}
    rows = []
    for one in letters:
        if one.to_group:
            group = tx.execute(_GROUP, {"where": one.to}).one()
            places: Sequence[_Place] = [_Place(group.id, route_of(group.platform, group.bot), True, True)]  # noqa: FBT003
        elif one.to in where:
            places = _places(one, where[one.to], stands)
        else:  # erased meanwhile
            continue
        how = (one.edit, one.only, one.silent, one.hollow, one.own)
        same = (id(one.text), id(one.choices), one.edits, one.clean_after, how)
        body = bodies.get(same)
        if body is None or one.attachment is not None:
            body = bodies[same] = _pack(one)
        copies = tx.new_id() if len(places) > 1 else None
        rows += [
            {
                "person_id": None if one.to_group else one.to,
                "address_id": place.address,
                "route": place.route,
                "lane": one.lane.value,
                "state": State.WAITING if place.reachable else State.UNREACHABLE,
                "body": body,
                "attachment": one.attachment.data if one.attachment else None,
                "topic": one.topic,
                "about_id": one.about,
                "circle_id": one.circle,
                "turn": _turn(tx, one, turns, now),
                "copies": copies,
                "due_at": one.due_at or now,
                "expires_at": one.expires_at or (one.due_at or now) + LIFE[one.lane],
                "ended_at": None if place.reachable else now,
            }
            for place in places
        ]
    if rows:
        tx.execute(_POST, rows)
        tx.posted = True


def _turn(tx: Tx, one: Outgoing, turns: dict[int, int], now: datetime) -> int:
    """How often this person has called already in the last hour: whoever calls first goes first.

    Otherwise one account that calls all the time would keep everybody else's calls waiting.
    """
    if one.lane is not Lane.DANGER or one.about is None:
        return 0
    if one.about not in turns:
        turns[one.about] = inbox.use(tx, f"danger/{one.about}", TURNS, now) - 1
    return turns[one.about]


class _Place(NamedTuple):
    """One address of a person; `sees` is false while it was linked so lately that no circle news goes there."""

    address: int
    route: str
    reachable: bool
    sees: bool


def _addresses(tx: Tx, people: list[int], now: datetime) -> dict[int, list[_Place]]:
    """The addresses of each of these people, the one where they are best reached first."""
    found: dict[int, list[_Place]] = {}
    if people:
        for who, where, platform, bot, unreachable_at, sees_at in tx.execute(_ADDRESSES, {"people": people}):
            place = _Place(where, route_of(platform, bot), unreachable_at is None, sees_at is None or sees_at <= now)
            found.setdefault(who, []).append(place)
    return found


def _places(one: Outgoing, places: list[_Place], stands: dict[tuple[int, str], list[int]]) -> Sequence[_Place]:
    """To which of a person's addresses a letter goes: mostly one."""
    if len(places) == 1:
        return places
    if one.at is not None:
        for place in places:
            if place.address == one.at and place.reachable:
                return (place,)
    seeing = [place for place in places if place.sees] or places[:1]
    reachable = [place for place in seeing if place.reachable]
    if one.edit and one.topic:
        shown = stands.get((one.to, one.topic), ())
        changed = [place for place in reachable if place.address in shown]
        if changed:
            return changed
    return reachable if reachable and one.lane is Lane.DANGER and one.at is None else seeing[:1]


_POSTED_TO = Prepared(
    sa.select(letter.c.person_id, letter.c.topic, letter.c.address_id, letter.c.state)
    .where(
        letter.c.topic.in_(sa.bindparam("topics", expanding=True)),
        letter.c.person_id.in_(sa.bindparam("people", expanding=True)),
        letter.c.state.in_([State.WAITING.value, State.FLYING.value, State.DELIVERED.value, State.UNKNOWN.value]),
    )
    .order_by(letter.c.id)
)


def _where_topics_stand(
    tx: Tx, letters: Sequence[Outgoing], where: dict[int, list[_Place]]
) -> dict[tuple[int, str], list[int]]:
    """At which addresses of a person with several the message stands that a letter changes: it is changed at each.

    Where it was delivered; if it was delivered nowhere yet, where it is on its way.
    """
    wanted = [one for one in letters if one.edit and one.topic and len(where.get(one.to, ())) > 1]
    if not wanted:
        return {}
    values = {"topics": sorted({one.topic for one in wanted}), "people": sorted({one.to for one in wanted})}
    stands: dict[tuple[int, str], list[int]] = {}
    on_the_way: dict[tuple[int, str], list[int]] = {}
    for row in tx.execute(_POSTED_TO, values):
        found = stands if row.state == State.DELIVERED.value else on_the_way
        found.setdefault((row.person_id, row.topic), []).append(row.address_id)
    return on_the_way | stands


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _pack(one: Outgoing) -> str:
    packed: dict[str, object] = {"t": i18n.to_json(one.text)}
    if one.choices:
        packed["c"] = i18n.rows_to_json(one.choices)
    if one.edits:
        packed["e"] = one.edits
    if one.edit:
        packed["u"] = ONLY if one.only else 1
    if one.silent:
        packed["s"] = 1
    if one.clean_after is not None:
        packed["x"] = int(one.clean_after.total_seconds())
    if one.attachment is not None:
        packed["a"] = [one.attachment.kind, one.attachment.name]
    if one.hollow:
        packed["h"] = 1
    if one.own:
        packed["o"] = 1
    return _encode(packed)


# -- claiming ------------------------------------------------------------------------------------------------------

_earlier = letter.alias()
_DUE = Prepared(
    sa.select(
        letter.c.id,
        letter.c.person_id,
        letter.c.address_id,
        letter.c.lane,
        letter.c.body,
        letter.c.attachment,
        letter.c.topic,
        letter.c.attempts,
        letter.c.again,
        letter.c.sent_as,
        letter.c.copies,
        address.c.platform,
        address.c.bot,
        address.c.reach,
        person.c.language,
        duress.c.mark,
        # whoever has called for help may be hiding: no news and no question makes their phone ring
        sa.exists()
        .where(alarm.c.person_id == letter.c.person_id, alarm.c.closed_at.is_(None), alarm.c.about_id.is_(None))
        .where(alarm.c.news_id.is_not(None))
        .label("calling"),
    )
    .select_from(
        letter.join(address, letter.c.address_id == address.c.id)
        .outerjoin(person, letter.c.person_id == person.c.id)
        .outerjoin(duress, letter.c.person_id == duress.c.person_id)
    )
    .where(
        letter.c.route == sa.bindparam("route"),
        letter.c.state == State.WAITING.value,
        letter.c.lane <= sa.bindparam("last"),
        # not a range of an index: the rows come in their order by another one, so that no backlog is sorted
        letter.c.due_at + sa.literal_column("0", sa.Integer) <= sa.bindparam("now", type_=Instant),
        # order holds per address within a lane; what was posted for later (quiet hours) holds back nothing
        ~sa.exists().where(
            _earlier.c.address_id == letter.c.address_id,
            _earlier.c.lane == letter.c.lane,
            _earlier.c.state <= State.FLYING.value,
            _earlier.c.id < letter.c.id,
            (_earlier.c.due_at <= sa.bindparam("now")) | (_earlier.c.attempts > 0),
        ),
    )
    .order_by(letter.c.lane, letter.c.turn, letter.c.id)
    .limit(MOST)
    .with_for_update(skip_locked=True, of=letter)
)
_FLY = Prepared(
    letter.update()
    .where(letter.c.id == sa.bindparam("which"))
    .values(state=State.FLYING.value, attempts=letter.c.attempts + 1, sent_as=sa.bindparam("number"))
)
_NEWEST = Prepared(
    sa.select(message.c.platform_id)
    .where(
        message.c.address_id == sa.bindparam("where"),
        message.c.topic == sa.bindparam("about"),
    )
    .order_by(message.c.id.desc())
    .limit(ONE)
)
_SIBLINGS = Prepared(
    sa.select(letter.c.id, letter.c.address_id, letter.c.body, letter.c.again, letter.c.sent_as)
    .where(
        letter.c.address_id.in_(sa.bindparam("addresses", expanding=True)),
        letter.c.lane == Lane.CHECKIN.value,
        letter.c.state == State.WAITING.value,
        (letter.c.due_at <= sa.bindparam("now")) | (letter.c.again == 1),
        # not a key of an index: nearly every waiting letter has no topic, and SQLite would go through all of them
        letter.c.topic + sa.literal_column("''", sa.Text) == "",
    )
    .order_by(letter.c.id)
)
MERGED = 8  # news in one message at the most, so that it stays readable
MERGED_LENGTH = 2000  # packed characters at the most: spoken in any language they stay below a platform's 4096


def claim(  # noqa: PLR0913 - which letters, and how they will be shown
    tx: Tx, route: str, now: datetime, most: int, *, last: Lane = LAST, lists: bool = False
) -> list[Letter]:
    """Take what is due on one route, the most urgent lane first, and note the intent before any byte is sent.

    Nothing of the lanes behind `last` is taken.

    News waiting for one address goes in one message; calls for help never do. What may have arrived already goes again
    as it went: a platform that knows a message by its number would take nothing more under it, and whatever had joined
    it since would be lost. With `lists` the platform has no buttons: each list of choices gets its numbers now.
    """
    try:
        rows = tx.execute(_DUE, {"route": route, "now": now, "last": last.value, "most": most}).all()
    except Tampered:
        _end_unreadable(tx, route, now)
        return []
    if not rows:
        return []
    unpacked: dict[str, _Body] = {}  # the same words to many people are unpacked once
    letters = [_letter(tx, row, unpacked) for row in rows]
    tx.execute(_FLY, [{"which": one.id, "number": one.sent_as} for one in letters])
    if lists:
        letters = [one if one.hollow or one.withheld else _listed(tx, one, now) for one in letters]
    mergeable = {one.address: one for one in letters if one.lane is Lane.CHECKIN and not one.topic and not one.choices}
    if not mergeable:
        return letters
    taken = {row.address_id: len(row.body) for row in rows if row.lane == Lane.CHECKIN.value}
    further = _siblings(tx, mergeable, taken, now)
    return [_merged(one, further.get(one.address, [])) if one is mergeable.get(one.address) else one for one in letters]


def _listed(tx: Tx, one: Letter, now: datetime) -> Letter:
    choices = numbered(one.choices)
    if not choices:
        return one
    reply = one.lane is Lane.REPLY
    return replace(one, first=menus.begin(tx, one.address, one.id, choices, now, reply=reply, edits=one.edits))


def _end_unreadable(tx: Tx, route: str, now: datetime) -> None:
    """End letters whose seal does not open, so that one spoilt row keeps nobody else waiting."""
    waiting = sa.select(letter.c.id, letter.c.address_id).where(
        letter.c.route == route, letter.c.state == State.WAITING.value, letter.c.due_at <= now
    )
    for which, where in tx.execute(waiting).all():
        try:
            tx.execute(sa.select(letter.c.body, letter.c.attachment).where(letter.c.id == which)).one()
            tx.execute(sa.select(address.c.reach).where(address.c.id == where)).one()
        except Tampered:
            end(tx, which, State.REFUSED, now)


@dataclass(frozen=True, slots=True)
class _Sibling:
    """News that waits for the same address as other news."""

    id: int
    text: Text
    silent: bool
    hollow: bool


def _siblings(tx: Tx, firsts: dict[int, Letter], taken: dict[int, int], now: datetime) -> dict[int, list[_Sibling]]:
    """What goes in one message with the first letter of each address, whose length is in `taken`."""
    found: dict[int, list[_Sibling]] = {}
    flying: list[dict[str, int]] = []
    full: set[int] = set()
    for row in tx.execute(_SIBLINGS, {"addresses": sorted(firsts), "now": now}):
        packed = json.loads(row.body)
        first, siblings = firsts[row.address_id], found.setdefault(row.address_id, [])
        if first.again:
            fits = row.sent_as == first.sent_as
        else:
            taken[row.address_id] += len(row.body)
            fits = not row.again and len(siblings) < MERGED - 1 and taken[row.address_id] <= MERGED_LENGTH
            fits = fits and row.address_id not in full and "c" not in packed
            if not fits:
                full.add(row.address_id)  # nothing later may overtake what did not fit, or has choices of its own
        if fits:
            siblings.append(_Sibling(row.id, i18n.from_json(packed["t"]), "s" in packed, "h" in packed))
            flying.append({"which": row.id, "number": first.sent_as})
    if flying:
        tx.execute(_FLY, flying)
    return found


def _merged(one: Letter, further: list[_Sibling]) -> Letter:
    if not further:
        return one
    merged = tuple(other.id for other in further)
    every = [(one.text, one.silent, one.hollow), *((other.text, other.silent, other.hollow) for other in further)]
    said = [(text, silent) for text, silent, hollow in every if not hollow]  # a hollow one goes along, and says nothing
    if not said:
        return replace(one, merged=merged)
    lines: list[Line | str] = []
    for text, _silent in said:
        lines += [*(text.lines if isinstance(text, Page) else (text,)), ""]
    silent = all(silent for _text, silent in said)
    return replace(one, text=Page(tuple(lines[:-1])), silent=silent, merged=merged, hollow=False)


class _Body(NamedTuple):
    """What was packed: as it was written, its words, its choices."""

    packed: dict[str, Any]
    text: Text
    choices: tuple[tuple[Choice, ...], ...]


def _unpack(body: str) -> _Body:
    packed = json.loads(body)
    return _Body(packed, i18n.from_json(packed["t"]), i18n.rows_from_json(packed["c"]) if "c" in packed else ())


def _letter(tx: Tx, row: sa.Row[tuple[object, ...]], unpacked: dict[str, _Body]) -> Letter:
    body = unpacked.get(row.body)
    if body is None:
        body = unpacked[row.body] = _unpack(row.body)
    packed = body.packed
    edits = packed.get("e", "")
    if packed.get("u") and row.topic:
        edits = tx.execute(_NEWEST, {"where": row.address_id, "about": row.topic}).scalar() or ""
    attached = packed.get("a")
    return Letter(
        id=row.id,
        person=row.person_id,
        address=row.address_id,
        to=Sender(row.platform, row.bot, row.reach),
        language=row.language or "",
        lane=Lane(row.lane),
        text=body.text,
        choices=body.choices,
        topic=row.topic,
        edits=edits,
        silent="s" in packed or (bool(row.calling) and row.lane != Lane.DANGER.value),
        clean_after=timedelta(seconds=packed["x"]) if "x" in packed else None,
        attachment=Attachment(attached[0], attached[1], row.attachment or b"") if attached else None,
        attempts=row.attempts + 1,
        again=bool(row.again),
        copied=row.copies is not None,
        hollow="h" in packed or (packed.get("u") == ONLY and not edits),
        withheld=row.mark is not None and "o" not in packed and _withheld(row),
        sent_as=row.sent_as if row.again and row.sent_as else row.id,
    )


def _withheld(row: sa.Row[tuple[object, ...]]) -> bool:
    """Whether a letter's reader is under duress: their account is told nothing but what answers it."""
    told = read_mark(row.mark)
    return told is not None and (row.lane != Lane.REPLY.value or row.id > told.after)


_NEXT = Prepared(
    sa.select(sa.func.min(letter.c.due_at)).where(
        letter.c.route == sa.bindparam("route"),
        letter.c.state == State.WAITING.value,
        letter.c.due_at > sa.bindparam("after"),
    )
)


def next_due(tx: Tx, route: str, after: datetime) -> datetime | None:
    """When the next waiting letter of a route is due, of those that were not due yet at the last claim.

    What was due then and was not claimed is held back by another letter: by one in the air, whose end wakes the outbox,
    or by one that is itself due later.
    """
    due: datetime | None = tx.execute(_NEXT, {"route": route, "after": after}).scalar()
    return due


_NEWEST_OF_ALL = Prepared(sa.select(sa.func.max(letter.c.id)))
_LEAVING = sa.select(letter.c.id, letter.c.lane).where(
    letter.c.route == sa.bindparam("route"),
    letter.c.state == State.WAITING.value,
    letter.c.due_at <= sa.bindparam("now"),
)
_SOME = sa.literal_column(str(SAMPLE), sa.Integer)
_OLDEST = Prepared(_LEAVING.order_by(letter.c.due_at, letter.c.id).limit(_SOME))
_LATEST = Prepared(_LEAVING.order_by(letter.c.due_at.desc(), letter.c.id.desc()).limit(_SOME))
_some_answers = (
    sa.select(sa.literal_column("1"))
    .where(
        letter.c.route == sa.bindparam("route"),
        letter.c.state == State.WAITING.value,
        letter.c.lane == Lane.REPLY.value,
    )
    .limit(sa.literal_column(str(ANSWERS), sa.Integer))
    .subquery()
)
_ANSWERS = Prepared(sa.select(sa.func.count()).select_from(_some_answers))


_with_it = (
    sa.select(sa.literal_column("1"))
    .where(
        _earlier.c.address_id == letter.c.address_id,
        _earlier.c.lane == Lane.CHECKIN.value,
        _earlier.c.state == State.WAITING.value,
        letter.c.lane == Lane.CHECKIN.value,
    )
    .correlate(letter)
    .limit(sa.literal_column(str(MERGED), sa.Integer))
    .subquery()
)
_TOGETHER = Prepared(
    sa.select(sa.select(sa.func.count()).select_from(_with_it).correlate(letter).scalar_subquery().label("together"))
    .select_from(letter)
    .where(letter.c.id.in_(sa.bindparam("some", expanding=True)))
)


def queue(tx: Tx, route: str, now: datetime) -> int:
    """How many messages leave about before one that is posted now.

    Counted up to `SAMPLE`. Beyond, as many steps into indexes tell how many wait. News: how close together the numbers
    of the oldest are. Answers overtake news, so that of all numbers up to the newest many have left: they are counted,
    or if there are very many, those among the newest say how many stay. And how much news goes in one message with each
    of the oldest, because it waits for the same address.
    """
    waiting = sorted(tx.execute(_OLDEST, {"route": route, "now": now}).all())
    if len(waiting) < SAMPLE:
        return len(waiting)
    newest: int = tx.execute(_NEWEST_OF_ALL).scalar_one()
    some = waiting[SAMPLE // 4 : 3 * SAMPLE // 4]  # one that was put back long ago has an old number
    first, last = some[0].id, some[-1].id
    answers: int = tx.execute(_ANSWERS, {"route": route}).scalar_one()
    if answers < ANSWERS:
        close = sum(one.lane != Lane.REPLY for one in some[1:]) / (last - first)
    else:
        latest = [one.id for one in tx.execute(_LATEST, {"route": route, "now": now}).all()]
        close = (len(some) - 1) / (last - first) / 2 + (SAMPLE - 1) / (max(latest) - min(latest)) / 2
        answers = 0
    letters = SAMPLE // 4 + (newest - first) * close + answers
    shares: list[float] = [1 / max(1, n) for n in tx.execute(_TOGETHER, {"some": [one.id for one in some]}).scalars()]
    messages: float = letters * sum(shares) / max(1, len(shares))
    return round(messages)


# -- ending --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Delivered:
    """A letter that a platform took. `message` is its id there ("" if nothing is to be remembered)."""

    letter: int
    address: int
    topic: str
    message: str
    clean_after: timedelta | None = None
    edited: bool = False
    listed: bool = False  # it showed a numbered list of choices
    copied: bool = False  # whether it arrived is asked for later: other addresses of the person get the same


_DONE = Prepared(
    letter.update()
    .where(letter.c.id == sa.bindparam("which"))
    .values(state=sa.bindparam("how"), body="", attachment=None, ended_at=sa.bindparam("at"))
)
_GONE = Prepared(letter.delete().where(letter.c.id == sa.bindparam("which")))
_REMEMBER = Prepared(message.insert())
_LATER = Prepared(
    letter.update()
    .where(letter.c.id == sa.bindparam("which"))
    .values(
        state=State.WAITING.value,
        due_at=sa.bindparam("at"),
        again=sa.bindparam("perhaps"),
    )
)
_BEHIND = Prepared(
    sa.select(letter.c.id)
    .where(
        letter.c.address_id.in_(sa.bindparam("addresses", expanding=True)),
        letter.c.lane.in_([lane.value for lane in Lane]),
        letter.c.state == State.WAITING.value,
    )
    .limit(ONE)
)


def delivered(tx: Tx, letters: Sequence[Delivered], now: datetime) -> bool:
    """Note deliveries. Of a letter that nothing later refers to, nothing stays but the message id, for cleaning.

    Returns whether further letters wait at those addresses: they may have been held back until now.
    """
    done, gone, messages = [], [], []
    for one in letters:
        if one.topic or one.copied:
            done.append({"which": one.letter, "how": State.DELIVERED.value, "at": now})
        else:
            gone.append({"which": one.letter})
        if one.edited and (not one.topic or _stands(tx, one.address, one.topic)):
            if one.topic and one.message and not _remembers(tx, one):
                messages.append(_second_copy(one, now))
            elif one.message and one.clean_after is not None:
                _clean_no_later(tx, one, now + one.clean_after)
            continue  # an older message was changed in place, and is remembered already
        if one.message:
            messages.append(
                {
                    "address_id": one.address,
                    "topic": one.topic,
                    "platform_id": one.message,
                    "at": now,
                    "due_at": None if one.clean_after is None else now + one.clean_after,
                }
            )
    if done:
        tx.execute(_DONE, done)
    if gone:
        tx.execute(_GONE, gone)
    if messages:
        tx.execute(_REMEMBER, messages)
    menus.shown(tx, [(one.letter, one.message) for one in letters if one.listed and one.message])
    return tx.execute(_BEHIND, {"addresses": _padded(sorted({one.address for one in letters}))}).first() is not None


def _padded(some: list[int]) -> list[int]:
    """The same with its last number repeated, to a power of two: each length of a list is a statement of its own."""
    return some + some[-1:] * ((1 << (len(some) - 1).bit_length()) - len(some))


def _clean_no_later(tx: Tx, one: Delivered, at: datetime) -> None:
    """What was put in the place of an older message goes in time, also if what stood there before might have stayed."""
    later = (message.c.address_id == one.address) & (message.c.due_at.is_(None) | (message.c.due_at > at))
    query = sa.select(message.c.id, message.c.platform_id).where(later).order_by(message.c.id.desc()).limit(LOOKED_AT)
    which = next((row.id for row in tx.execute(query) if row.platform_id == one.message), None)
    if which is not None:
        tx.execute(message.update().where(message.c.id == which).values(due_at=at))


def stands(tx: Tx, where: int, topic: str) -> bool:
    """Whether something about a topic stands at an address already, or is on its way there."""
    coming = (letter.c.topic == topic) & (letter.c.address_id == where) & (letter.c.state == State.WAITING.value)
    return _stands(tx, where, topic) or tx.execute(sa.select(letter.c.id).where(coming)).first() is not None


def _second_copy(one: Delivered, now: datetime) -> dict[str, object]:
    """A copy that a crash let nobody remember was pressed, and shows something now: it goes from the chat soon.

    What is said about its topic later changes the copy that is remembered, and would leave this one as it is.
    """
    due = now + min(SECOND_COPY, one.clean_after or SECOND_COPY)
    return {"address_id": one.address, "topic": "", "platform_id": one.message, "at": now, "due_at": due}


_HERE = sa.select(message.c.platform_id).where(message.c.address_id == sa.bindparam("where"))
_ABOUT_IT = Prepared(_HERE.where(message.c.topic == sa.bindparam("about")))
_NEWEST_HERE = Prepared(_HERE.order_by(message.c.id.desc()).limit(at_most(LOOKED_AT)))


def _remembers(tx: Tx, one: Delivered) -> bool:
    """Whether we know of the message that was changed: first those of its topic are looked at, which are few."""
    if one.message in tx.execute(_ABOUT_IT, {"where": one.address, "about": one.topic}).scalars():
        return True
    return one.message in tx.execute(_NEWEST_HERE, {"where": one.address}).scalars()


def _stands(tx: Tx, where: int, topic: str) -> bool:
    return tx.execute(_NEWEST, {"where": where, "about": topic}).first() is not None


HARD = "hard"  # what letters are about that say that there is hard news
_says_there_is = (letter.c.lane == Lane.CORRECTION.value) & letter.c.topic.startswith(f"{HARD}:")  # never what it is
_goes_later = (letter.c.lane == Lane.DANGER.value) | _says_there_is


def end(tx: Tx, which: int, how: State, now: datetime) -> None:
    """End a letter that was not delivered; its words are dropped, except where it may still be sent.

    That is on an operator's word (unknown), or when somebody can be reached again (see `revive`).
    """
    may_go_later = _goes_later if how is State.UNREACHABLE else sa.true()
    if how in {State.UNKNOWN, State.UNREACHABLE}:
        kept = letter.update().where((letter.c.id == which) & may_go_later)
        if tx.execute(kept.values(state=how.value, ended_at=now)).rowcount == 0:
            tx.execute(_DONE, {"which": which, "how": how.value, "at": now})
    else:
        tx.execute(_DONE, {"which": which, "how": how.value, "at": now})


def later(tx: Tx, which: int, due_at: datetime, *, perhaps: bool) -> None:
    """Put a claimed letter back, to be tried again at `due_at`. `perhaps`: it may have arrived already."""
    tx.execute(_LATER, {"which": which, "at": due_at, "perhaps": int(perhaps)})
    tx.posted = True


def without_edit(tx: Tx, which: int, now: datetime) -> None:
    """The message that a letter was to change is gone: let it be a new message, or say nothing."""
    body = tx.execute(sa.select(letter.c.body).where(letter.c.id == which)).scalar()
    packed = json.loads(body) if body else {}
    packed.pop("e", None)
    if packed.pop("u", None) == ONLY:  # nothing else is to be said
        end(tx, which, State.EXPIRED, now)
        return
    values = {
        "body": json.dumps(packed, ensure_ascii=False, separators=(",", ":")),
        "state": State.WAITING.value,
    }
    tx.execute(letter.update().where(letter.c.id == which).values(**values))
    tx.posted = True


def reroute(tx: Tx, where: int, now: datetime) -> None:
    """After an address turned out unreachable: its letters go to the person's next address, or end unreachable."""
    _move(tx, where, letter.c.state <= State.FLYING.value, now)


def leave(tx: Tx, where: int, now: datetime, *, replies: bool = True, keep: bool = False) -> None:
    """What waits at an address (without `replies`: what answers nothing there) goes to the person's other ones.

    If there is none it ends unreachable, or with `keep` waits on.
    """
    which = letter.c.state == State.WAITING.value
    _move(tx, where, which if replies else which & (letter.c.lane != Lane.REPLY.value), now, keep=keep)


def _move(tx: Tx, where: int, which: sa.ColumnElement[bool], now: datetime, *, keep: bool = False) -> None:
    rows = tx.execute(
        sa.select(letter.c.id, letter.c.person_id, letter.c.copies, letter.c.body)
        .where(letter.c.address_id == where, which)
        .order_by(letter.c.id)
    ).all()
    found = _addresses(tx, sorted({row.person_id for row in rows if row.person_id is not None}), now)
    for row in rows:
        place = _next_place(found.get(row.person_id, ()), where)
        elsewhere = row.copies is not None and _gets_another_copy(tx, row.copies, row.id)
        if keep and place is None and not elsewhere:
            continue
        if place is None or elsewhere:
            end(tx, row.id, State.UNREACHABLE, now)
            continue
        values = {
            "address_id": place.address,
            "route": place.route,
            "state": State.WAITING.value,
            "body": without_edits(row.body),
            "due_at": now,
        }
        tx.execute(letter.update().where(letter.c.id == row.id).values(**values))
        tx.posted = True


def _next_place(places: Sequence[_Place], but: int | None = None) -> _Place | None:
    return next((one for one in places if one.reachable and one.sees and one.address != but), None)


def _gets_another_copy(tx: Tx, copies: int, but: int) -> bool:
    """Whether another address of the person has got, or may still get, the same letter."""
    good = letter.c.state.in_([state.value for state in _REACH])
    query = sa.select(letter.c.id).where(letter.c.copies == copies, letter.c.id != but, good).limit(1)
    return tx.execute(query).first() is not None


def without_edits(body: str) -> str:
    """A body whose message does not stand where the letter goes now: it becomes a new one."""
    if '"e":' not in body:
        return body
    packed = json.loads(body)
    packed.pop("e", None)
    return _encode(packed)


def move(tx: Tx, old: int, new: int, route: str) -> None:
    """Let letters to one address go to another one, by another courier: as new messages, for nothing stands there."""
    tx.execute(letter.update().where(letter.c.address_id == old).values(address_id=new, route=route))
    waiting = (letter.c.address_id == new) & (letter.c.state == State.WAITING.value)
    for row in tx.execute(sa.select(letter.c.id, letter.c.body).where(waiting)).all():
        values = {"body": without_edits(row.body)}
        tx.execute(letter.update().where(letter.c.id == row.id).values(**values))
        tx.posted = True


def recover(tx: Tx, route: str, now: datetime, *, idempotent: bool) -> int:
    """After a crash: what was under way has an unknown outcome, and each lane has its rule. How many there were."""
    mine = (letter.c.route == route) & (letter.c.state == State.FLYING.value)
    again = letter.c.lane.in_([lane.value for lane in SENT_AGAIN])
    repeat = {
        "state": State.WAITING.value,
        "again": 1,
        "due_at": now,
    }
    if idempotent:
        return tx.execute(letter.update().where(mine).values(**repeat)).rowcount
    sent_again = tx.execute(letter.update().where(mine & again).values(**repeat)).rowcount
    unknown = tx.execute(letter.update().where(mine).values(state=State.UNKNOWN.value, ended_at=now)).rowcount
    return sent_again + unknown


_OVER = Prepared(
    sa.select(letter.c.id).where(letter.c.state == State.WAITING.value, letter.c.expires_at <= sa.bindparam("now"))
)
_EXPIRE = Prepared(letter.delete().where(letter.c.ended_at < sa.bindparam("before")))
_EXPIRE_MESSAGES = Prepared(
    message.delete().where(
        ((message.c.topic == "") & (message.c.at < sa.bindparam("before")))
        | (message.c.at < sa.bindparam("topics_before"))
    )
)


def expire(tx: Tx, now: datetime) -> None:
    """Give up what waited too long; drop what ended long ago, and messages nobody can change or clean any more."""
    for which in list(tx.execute(_OVER, {"now": now}).scalars()):
        end(tx, which, State.EXPIRED, now)
    tx.execute(_EXPIRE, {"before": now - ENDED_KEPT})
    tx.execute(_EXPIRE_MESSAGES, {"before": now - MESSAGES_KEPT, "topics_before": now - TOPICS_KEPT})
    menus.expire(tx, now)


# -- what became of them -------------------------------------------------------------------------------------------


_REACH = (State.DELIVERED, State.UNKNOWN, State.FLYING, State.WAITING)  # how near to the person, the nearest first


_STATES = Prepared(
    sa.select(letter.c.person_id, letter.c.state)
    .where(letter.c.topic == sa.bindparam("about"), letter.c.lane == sa.bindparam("going"))
    .order_by(letter.c.id)
)


def states_of(tx: Tx, topic: str, lane: Lane) -> dict[int, State]:
    """For each person to whom letters of this topic and lane were posted: what became of the one that got furthest."""
    found: dict[int, State] = {}
    for row in tx.execute(_STATES, {"about": topic, "going": lane.value}):
        state = State(row.state)
        before = found.get(row.person_id)
        if before is None or before not in _REACH or (state in _REACH and _REACH.index(state) < _REACH.index(before)):
            found[row.person_id] = state
    return found


def perhaps_got(tx: Tx, topic: str, lane: Lane) -> list[int]:
    """The people whom a letter of this topic and lane has reached, or may have reached."""
    arrived = letter.c.state.in_([State.DELIVERED.value, State.FLYING.value, State.UNKNOWN.value])
    query = (
        sa.select(letter.c.person_id)
        .where(letter.c.topic == topic, letter.c.lane == lane.value, arrived | (letter.c.again == 1))
        .order_by(letter.c.person_id)
        .distinct()
    )
    return list(tx.execute(query).scalars())


def withdraw(tx: Tx, topic: str, lane: Lane, now: datetime, *, person: int | None = None) -> None:
    """Let letters of a topic that still wait (for one person, or for all) end unsent: what they say is no longer so."""
    query = sa.select(letter.c.id).where(
        letter.c.topic == topic,
        letter.c.lane == lane.value,
        letter.c.state.in_([State.WAITING.value, State.UNREACHABLE.value]),
    )
    if person is not None:
        query = query.where(letter.c.person_id == person)
    for which in tx.execute(query).scalars().all():
        end(tx, which, State.EXPIRED, now)


def overtake(tx: Tx, topic: str, now: datetime, *, person: int, edits: str) -> None:
    """A reply about a topic comes into the message `edits`, or, if that is empty, into a message of its own.

    Replies that were to change that message later end unsent. Those that were to change other messages do so now:
    one that changes the newest of its topic would mean this one later.
    """
    waiting = sa.select(letter.c.id, letter.c.body).where(
        letter.c.topic == topic,
        letter.c.lane == Lane.REPLY.value,
        letter.c.person_id == person,
        letter.c.state.in_([State.WAITING.value, State.UNREACHABLE.value]),
    )
    for which, body in tx.execute(waiting).all():
        if edits and _unpack(body).packed.get("e") == edits:
            end(tx, which, State.EXPIRED, now)
        else:
            tx.execute(letter.update().where(letter.c.id == which, letter.c.due_at > now).values(due_at=now))
            tx.posted = True


def revive(tx: Tx, who: int, now: datetime) -> None:
    """Somebody can be reached again: what ended unreachable, and must not be missed, goes out now if it is still so.

    That is calls for help, and the word that there is hard news to read, which says nothing of it.
    """
    place = _next_place(_addresses(tx, [who], now).get(who, ()))
    if place is None:
        return
    missed = (letter.c.person_id == who) & (letter.c.state == State.UNREACHABLE.value)
    still_so = _goes_later & (letter.c.expires_at > now)
    rows = tx.execute(
        sa.select(letter.c.id, letter.c.copies, letter.c.body).where(missed & still_so).order_by(letter.c.id)
    ).all()
    for row in rows:
        if row.copies is not None and _gets_another_copy(tx, row.copies, row.id):
            continue
        values = {
            "state": State.WAITING.value,
            "address_id": place.address,
            "route": place.route,
            "body": without_edits(row.body),
            "due_at": now,
            "ended_at": None,
        }
        tx.execute(letter.update().where(letter.c.id == row.id).values(**values))
        tx.posted = True


def withdraw_from(tx: Tx, which: int, who: int) -> None:
    """Erase what still waits between a circle and somebody who leaves it; their own call for help goes on."""
    waiting = (letter.c.circle_id == which) & (letter.c.state == State.WAITING.value)
    theirs = (letter.c.about_id == who) & (letter.c.lane != Lane.DANGER.value)
    tx.execute(letter.delete().where(waiting & ((letter.c.person_id == who) | theirs)))


def counts(tx: Tx) -> dict[tuple[str, Lane, State], int]:
    """How many letters there are per route, lane and state: what an operator may see."""
    query = sa.select(letter.c.route, letter.c.lane, letter.c.state, sa.func.count()).group_by(
        letter.c.route, letter.c.lane, letter.c.state
    )
    return {(route, Lane(lane), State(state)): n for route, lane, state, n in tx.execute(query)}


def resend_unknown(tx: Tx, now: datetime) -> int:
    """On an operator's word: send again what has an unknown outcome, marked as a repeat. How many letters."""
    unknown = letter.c.state == State.UNKNOWN.value
    values = {"state": State.WAITING.value, "again": 1, "due_at": now, "ended_at": None}
    tx.posted = True
    return tx.execute(letter.update().where(unknown & (letter.c.expires_at > now)).values(**values)).rowcount


# -- what stands in the chats --------------------------------------------------------------------------------------


def note_message(tx: Tx, where: int, platform_id: str, now: datetime) -> None:
    """Remember a person's own message, so that it can be cleaned from the chat when they ask."""
    tx.execute(
        _REMEMBER,
        {"address_id": where, "platform_id": platform_id, "at": now, "topic": ""},
    )


_CHATS_DUE = Prepared(
    sa.select(message.c.address_id)
    .join(address)
    .where(message.c.due_at <= sa.bindparam("now"), address.c.platform + "/" + address.c.bot == sa.bindparam("route"))
    .order_by(message.c.due_at)
    .limit(at_most(CLEANED_AT_ONCE))
)
_MESSAGES_DUE = Prepared(
    sa.select(
        message.c.id,
        message.c.address_id,
        address.c.platform,
        address.c.bot,
        address.c.reach,
        message.c.platform_id,
    )
    .join(address)
    .where(
        message.c.address_id.in_(sa.bindparam("chats", expanding=True)),
        # not a range of an index: a backlog is not read for the sake of some chats
        message.c.due_at + sa.literal_column("0", sa.Integer) <= sa.bindparam("now", type_=Instant),
    )
    .order_by(message.c.id)
    .limit(at_most(CLEANED_AT_ONCE * CHATS_AT_ONCE))
)


def messages_due(tx: Tx, route: str, now: datetime) -> list[tuple[int, Sender, str]]:
    """Messages that are to be cleaned away now, of some chats all of them: row id, chat, the platform's id.

    The chat that has waited longest is among them. Whole chats, because a platform deletes many of one at once.
    """
    chats = list(dict.fromkeys(tx.execute(_CHATS_DUE, {"route": route, "now": now}).scalars()))[:CHATS_AT_ONCE]
    if not chats:
        return []
    rows = tx.execute(_MESSAGES_DUE, {"chats": chats, "now": now})
    return [(row.id, Sender(row.platform, row.bot, row.reach), row.platform_id) for row in rows]


def clean_chat(tx: Tx, where: int, now: datetime) -> int:
    """Let everything that stands in the chat of an address be cleaned away; how many messages can be."""
    young = message.c.at >= now - MESSAGES_KEPT
    return tx.execute(message.update().where((message.c.address_id == where) & young).values(due_at=now)).rowcount


_newest_in_chat = sa.select(sa.func.max(message.c.id)).where(message.c.address_id == sa.bindparam("where"))
_NEWEST_MESSAGE = Prepared(_newest_in_chat)


def newest_message(tx: Tx, where: int) -> int:
    """The number of the newest message that is remembered of an address's chat."""
    return tx.execute(_NEWEST_MESSAGE, {"where": where}).scalar() or 0


def clean_after(tx: Tx, where: int, which: int, now: datetime) -> None:
    """Let what was said in the chat of an address after the message with this number be cleaned away."""
    tx.execute(message.update().where((message.c.address_id == where) & (message.c.id > which)).values(due_at=now))


_CLEAN_LAST = Prepared(
    message.update().where(message.c.id == _newest_in_chat.scalar_subquery()).values(due_at=sa.bindparam("on"))
)


def clean_last(tx: Tx, where: int, at: datetime) -> None:
    """Let the newest message of a chat be cleaned away at `at`: what the person has written just now."""
    tx.execute(_CLEAN_LAST, {"where": where, "on": at})


_CLEAN_SOONER = Prepared(
    message.update()
    .where(
        message.c.address_id == sa.bindparam("where"),
        message.c.id > sa.bindparam("which"),
        message.c.due_at <= sa.bindparam("before"),
    )
    .values(due_at=sa.bindparam("now"))
)


def clean_sooner(tx: Tx, where: int, which: int, before: datetime, now: datetime) -> None:
    """Let those messages after the one with this number go now that were to go before an instant in any case."""
    tx.execute(_CLEAN_SOONER, {"where": where, "which": which, "before": before, "now": now})


_TO_BE_CLEANED = Prepared(
    sa.select(message.c.id, message.c.due_at)
    .join(address)
    .where(address.c.person_id == sa.bindparam("who"), message.c.due_at.is_not(None))
)


def to_be_cleaned(tx: Tx, who: int) -> dict[int, datetime]:
    """The messages of a person's chats that are to go, and when."""
    return {row.id: row.due_at for row in tx.execute(_TO_BE_CLEANED, {"who": who})}


def clean_at(tx: Tx, when: Mapping[int, datetime]) -> None:
    """Let these messages go, each at its time."""
    for which, at in when.items():
        tx.execute(message.update().where(message.c.id == which).values(due_at=at))


_DROP_MESSAGE = Prepared(message.delete().where(message.c.id == sa.bindparam("which")))


def cleaned(tx: Tx, gone: list[int], left: list[int], now: datetime) -> None:
    """Forget the messages that are `gone` from their chats.

    What the platform did not clean away (`left`) is asked for again in a while, as long as it is young enough.
    """
    if gone:
        tx.execute(_DROP_MESSAGE, [{"which": row} for row in gone])
    if left:
        mine = message.c.id.in_(left)
        tx.execute(message.delete().where(mine & (message.c.at < now - MESSAGES_KEPT)))
        tx.execute(message.update().where(mine).values(due_at=now + CLEANED_AGAIN))
