"""Asking “how are you?”: one person or a circle, without flooding anybody, and seeing who has answered."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.checkin import State
from bot.domain.conversation import Lane, Line, Outgoing, Page
from bot.domain.people import Person, quiet_until
from bot.domain.refusals import Alone, AskedAlready, NoCircle, Outdated
from bot.i18n import _, pgettext
from handlers import words
from handlers.ask import Ask, back, button
from handlers.home import HELP, SAFE
from storage import checkins, circles, hard, outbox
from storage.circles import Circle
from storage.database import Tx

AGAIN_AFTER = timedelta(hours=3)  # the same asker, the same person
MOST_A_DAY = 6  # questions one person gets, whoever asks
DAY = timedelta(days=1)


def ask(wish: Ask, tx: Tx) -> Outgoing:
    """Choose whom to ask: a circle first, if there are several."""
    every = circles.circles_of(tx, wish.person.id)
    mine = [one for one in every if one.size > 1]
    if not mine:
        raise Alone if every else NoCircle
    if len(mine) == 1:
        return _whom(wish, tx, mine[0])
    rows = ([button(pgettext("button-wide", "{circle}", circle=one.name), "ask.in", one.id)] for one in mine)
    return wish.reply(_("Whom do you want to ask? Choose a circle:"), *rows, [back()])


def ask_in(wish: Ask, tx: Tx) -> Outgoing:
    """Choose in a circle: all of it, or one person."""
    return _whom(wish, tx, _mine(wish, tx))


def _mine(wish: Ask, tx: Tx) -> Circle:
    one = circles.one_of(tx, wish.person.id, wish.number())
    if one is None:
        raise Outdated
    return one


def _others(wish: Ask, tx: Tx, one: Circle) -> list[Person]:
    """Whom this person may ask: nobody of whom they were told that they died, or are held."""
    never = {wish.person.id, *hard.known_to(tx, one.id, wish.person.id)}
    return [p for p in circles.members(tx, [one.id])[one.id] if p.id not in never]


def _whom(wish: Ask, tx: Tx, one: Circle) -> Outgoing:
    others = _others(wish, tx, one)
    rows = ([button(pgettext("button-wide", "{name}", name=words.name_of(p)), "ask.one", one.id, p.id)] for p in others)
    return wish.reply(
        _("Whom in “{circle}” do you want to ask how they are?", circle=one.name),
        [button(pgettext("button", "👪 Everybody"), "ask.all", one.id)],
        *rows,
        [back()],
    )


def ask_all(wish: Ask, tx: Tx) -> list[Outgoing]:
    """Ask everybody in a circle."""
    one = _mine(wish, tx)
    return _put(wish, tx, one, _others(wish, tx, one))


def ask_one(wish: Ask, tx: Tx) -> list[Outgoing]:
    """Ask one person."""
    one = _mine(wish, tx)
    which = wish.number(1)
    whom = [p for p in _others(wish, tx, one) if p.id == which]
    if not whom:
        raise Outdated
    return _put(wish, tx, one, whom)


def _put(wish: Ask, tx: Tx, one: Circle, whom: list[Person]) -> list[Outgoing]:
    if not whom:
        raise Alone
    ids = [p.id for p in whom]
    by_me = checkins.last_asked(tx, ids, wish.now - AGAIN_AFTER, by=wish.person.id)
    by_all = checkins.last_asked(tx, ids, wish.now - DAY)
    free = [p for p in whom if p.id not in by_me and len(by_all.get(p.id, [])) < MOST_A_DAY]
    if not free:
        waits = [AGAIN_AFTER - (wish.now - max(by_me[who])) for who in ids if who in by_me]
        waits += [DAY - (wish.now - by_all[who][-MOST_A_DAY]) for who in ids if who not in by_me]
        raise AskedAlready(max(min(waits), timedelta(minutes=1)))
    which = checkins.put_ask(tx, wish.person.id, one.id, [p.id for p in free], wish.now)
    question = _("{name} asks: how are you?", name=words.name_of(wish.person))
    letters = [
        Outgoing(
            p.id,
            question,
            choices=(
                (button(SAFE, "safe"),),
                (button(HELP, "help"),),
                (button(pgettext("button", "📝 Other news"), "other"),),
            ),
            lane=Lane.CHECKIN,
            topic=_topic(which),
            due_at=quiet_until(p, wish.now),
        )
        for p in free
    ]
    board = status(tx, which)
    assert board is not None  # noqa: S101 - it was stored a moment ago
    return [wish.reply(board, [back()], topic=f"ask:{which}"), *letters]


def _topic(which: int) -> str:
    return f"asked:{which}"


def status(tx: Tx, which: int) -> Page | None:
    """Who has answered a question and who has not yet: for the person who asked."""
    found = checkins.ask_by_id(tx, which)
    if found is None:
        return None
    _asker, circle, readers = found
    people = {p.id: p for p in circles.members(tx, [circle])[circle]}
    known = checkins.known_in(tx, circle)
    lines: list[Line | str] = [_("You asked: how are you?")]
    for who, answered_at in readers.items():
        if who not in people:
            continue
        name = words.name_of(people[who])
        if answered_at is not None and who in known and known[who].state is State.HELP:
            lines.append(_("🆘 {name}: {state}", name=name, state=words.state_name(State.HELP)))
        elif answered_at is not None and who in known:
            lines.append(_("✅ {name}: {state}", name=name, state=words.state_name(known[who].state)))
        else:
            lines.append(_("⏳ {name}: no answer yet", name=name))
    lines += ["", _("Silence often means only that there is no network.")]
    return Page(tuple(lines))


def answered(tx: Tx, wish: Ask, told: list[int]) -> list[Outgoing]:
    """News was told: it answers the questions that waited, and whoever asked sees it in place."""
    letters = []
    for which in checkins.answer(tx, wish.person.id, told, wish.now):
        outbox.withdraw(tx, _topic(which), Lane.CHECKIN, wish.now, person=wish.person.id)  # a question that waited
        found = checkins.ask_by_id(tx, which)
        board = status(tx, which)
        if found is not None and board is not None:
            topic = f"ask:{which}"
            letters.append(
                Outgoing(found[0], board, choices=((back(),),), lane=Lane.CHECKIN, topic=topic, edit=True, silent=True)
            )
    return letters
