"""A person of a circle who does not use the bot: added, looked at, renamed, removed, and one day found to have come."""

from __future__ import annotations

from bot.domain.circle import MOST_RELATIVES
from bot.domain.conversation import Lane, Line, Outgoing, Page, Value
from bot.domain.folding import fold
from bot.domain.people import NAME_LENGTH, Person, read_name
from bot.domain.refusals import CircleFull, NameTaken, NotAName, Outdated
from bot.i18n import _, pgettext
from handlers import words
from handlers.ask import Ask, back, button, expect
from handlers.family import alarm, matters, telling
from handlers.family.telling import Subject, circle_of, subject
from handlers.home import with_menu
from handlers.search import finding
from storage import checkins, circles, merging, people, relatives
from storage import hard as cases
from storage.circles import Circle
from storage.database import Tx


def add(ask: Ask, tx: Tx) -> Outgoing:
    """Ask what somebody is called who does not use the bot."""
    one = circle_of(ask, tx)
    _has_room(tx, one)
    expect(ask, tx, "kin.name", circle=one.id)
    return ask.reply(
        Page(
            (
                _("What do you call them? For example: Bibi Gulnora."),
                _("They need no telephone. Everybody in “{circle}” sees the name and can tell news.", circle=one.name),
            )
        ),
        [back("tell.in", one.id)],
    )


def _has_room(tx: Tx, one: Circle) -> None:
    if len(relatives.inside(tx, [one.id])[one.id]) >= MOST_RELATIVES:
        raise CircleFull(MOST_RELATIVES)


def added(ask: Ask, tx: Tx) -> list[Outgoing]:
    """The name was written: they are in the circle, and everybody there learns it."""
    one = circles.one_of(tx, ask.person.id, int(ask.data["circle"]))
    if one is None:
        raise Outdated
    name = _free_name(tx, one, ask.text(NAME_LENGTH))
    who, letters = join(ask, tx, one, name)
    people.end_dialogue(tx, ask.person.id)
    return [
        ask.anew(
            _("{name} is in “{circle}” now. Do you have news of them?", name=name, circle=one.name),
            [button(pgettext("button-wide", "🗣 Yes, I have news"), "tell.of", one.id, who)],
            [button(pgettext("button", "➕ Somebody else"), "kin.add", one.id)],
            [back("people")],
        ),
        *letters,
    ]


def join(ask: Ask, tx: Tx, one: Circle, written: str) -> tuple[int, list[Outgoing]]:
    """Put somebody who does not use the bot into a circle. Their id, and the letters by which it learns that.

    Raises CircleFull, NotAName or NameTaken.
    """
    _has_room(tx, one)
    name = _free_name(tx, one, written)
    who = relatives.add(tx, one.id, name, ask.now)
    line = _("{name} has added {person} to “{circle}”.", name=_me(ask), person=name, circle=one.name)
    return who, _others(tx, one, ask.person.id, line, who)


def _free_name(tx: Tx, one: Circle, written: str) -> str:
    """The name that was written. Raises NotAName, or NameTaken where two would look alike on the board."""
    name = read_name(written)
    if name is None:
        raise NotAName
    inside = [*circles.members(tx, [one.id])[one.id], *relatives.inside(tx, [one.id])[one.id]]
    if any(fold(p.name) == fold(name) for p in inside):
        raise NameTaken
    return name


def _me(ask: Ask) -> Value:
    return words.name_of(ask.person)


def _others(tx: Tx, one: Circle, but: int, line: Line, about: int | None) -> list[Outgoing]:
    inside = circles.members(tx, [one.id])[one.id]
    return [
        Outgoing(p.id, line, lane=Lane.CHECKIN, silent=True, about=about, circle=one.id) for p in inside if p.id != but
    ]


# -- looking -------------------------------------------------------------------------------------------------------


def show(ask: Ask, tx: Tx) -> Outgoing:
    """One person: what the circle knows of them and from whom; whoever has news begins with how they know it."""
    whom = subject(ask, tx)
    one = circle_of(ask, tx)
    members = circles.members(tx, [one.id])[one.id]
    name = words.name_of(whom.person)
    news = checkins.known_of(tx, one.id, whom.person.id)
    told = cases.known_to(tx, one.id, ask.person.id).get(whom.person.id)
    if told is not None:
        lines: list[Line | str] = [*matters.standing(name, told, news, ask.person.id)]
    else:
        lines = [words.standing(name, news, ask.now)]
        lines += telling.known(tx, one.id, members, ask.now).get(whom.person.id, [])
    if news is not None:
        lines += words.details(news)
    at = (one.id, whom.person.id)
    if told is None:
        lines += ["", _("Do you have news? Then say how you know it:")]
        rows = telling.ways(whom)
    else:
        rows = [[button(pgettext("button", "🗣 I have news"), "tell.of", *at)]]
    rows.append([button(pgettext("button", "🖨 A card of codes"), "code.of", *at)])
    if whom.member and told is None:
        rows.append([button(pgettext("button", "💬 How are you?"), "ask.one", *at)])
    elif not whom.member and one.keeper == ask.person.id:
        rows += [
            [button(pgettext("button-wide", "🙋 They use the bot now"), "kin.is", *at)],
            [
                button(pgettext("button", "✏️ Rename"), "kin.rename", *at),
                button(pgettext("button", "➖ Remove"), "kin.remove", *at),
            ],
        ]
    return ask.reply(Page(tuple(lines)), *rows, [back("tell.in", one.id)])


def _kept(ask: Ask, tx: Tx) -> tuple[Subject, Circle]:
    """A relative in a circle that the person keeps. Raises Outdated."""
    whom, one = subject(ask, tx), circle_of(ask, tx)
    if whom.member or one.keeper != ask.person.id:
        raise Outdated
    return whom, one


# -- changing ------------------------------------------------------------------------------------------------------


def rename(ask: Ask, tx: Tx) -> Outgoing:
    """Ask for another name."""
    whom, one = _kept(ask, tx)
    expect(ask, tx, "kin.renamed", circle=one.id, who=whom.person.id)
    name = words.name_of(whom.person)
    return ask.reply(_("Write the new name of {name}.", name=name), [back("who", one.id, whom.person.id)])


def renamed(ask: Ask, tx: Tx) -> list[Outgoing]:
    """The new name was written."""
    which, who = int(ask.data["circle"]), int(ask.data["who"])
    one = circles.one_of(tx, ask.person.id, which)
    whom = next((p for p in relatives.inside(tx, [which])[which] if p.id == who), None)
    if one is None or whom is None or one.keeper != ask.person.id:
        raise Outdated
    name = _free_name(tx, one, ask.text(NAME_LENGTH))
    people.end_dialogue(tx, ask.person.id)
    people.change(tx, who, name=name)
    line = _("{old} is now called {name}.", old=words.name_of(whom), name=name)
    return [with_menu(ask, line), *_others(tx, one, ask.person.id, line, who)]


def remove(ask: Ask, tx: Tx) -> Outgoing:
    """Ask before somebody is removed with all news of them."""
    whom, one = _kept(ask, tx)
    name = words.name_of(whom.person)
    return ask.reply(
        _("Remove {name} from “{circle}”? All news of them is erased there.", name=name, circle=one.name),
        [button(pgettext("button", "➖ Remove"), "kin.removed", one.id, whom.person.id)],
        [back("who", one.id, whom.person.id)],
    )


def removed(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Remove somebody."""
    whom, one = _kept(ask, tx)
    line = _("{name} is no longer in “{circle}”.", name=words.name_of(whom.person), circle=one.name)
    ended = [*alarm.end_calls_about(tx, whom.person.id, ask.now), *finding.removes(tx, whom.person.id, ask.now)]
    erased = matters.forgets(tx, whom.person.id, ask.now)
    relatives.remove(tx, whom.person.id)
    return [with_menu(ask, line), *ended, *erased, *_others(tx, one, ask.person.id, line, None)]


# -- they have come ------------------------------------------------------------------------------------------------


def is_member(ask: Ask, tx: Tx) -> Outgoing:
    """Ask which member this relative is."""
    whom, one = _kept(ask, tx)
    name = words.name_of(whom.person)
    at = (one.id, whom.person.id)
    rows = (
        [button(pgettext("button-wide", "{name}", name=words.name_of(p)), "kin.was", *at, p.id)]
        for p in circles.members(tx, [one.id])[one.id]
    )
    return ask.reply(
        _("Which member is {name}? The news of both become one. Be sure: it can't be undone.", name=name),
        *rows,
        [back("who", *at)],
    )


def was(ask: Ask, tx: Tx) -> list[Outgoing]:
    """A relative and a member are the same: what was told of the one is of the other."""
    whom, one = _kept(ask, tx)
    member: Person | None = next((p for p in circles.members(tx, [one.id])[one.id] if p.id == ask.number(2)), None)
    if member is None:
        raise Outdated
    letters = finding.removes(tx, whom.person.id, ask.now)
    merging.arrive(tx, whom.person.id, member.id)
    line = _("{old} is {name}: both stand as one now.", old=words.name_of(whom.person), name=words.name_of(member))
    return [with_menu(ask, line), *_others(tx, one, ask.person.id, line, member.id), *letters]
