"""Outlets: groups, channels and rooms where bulletins are posted; a moderator posts a code there once."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot import i18n
from bot.domain import places
from bot.domain.bulletin import Topic
from bot.domain.circle import make_code, read_code, spaced
from bot.domain.conversation import Choice, Line, Listed, Outgoing, Page, Place, Span
from bot.domain.refusals import Outdated
from bot.domain.roles import Role
from bot.i18n import _, pgettext
from handlers import desk
from handlers.ask import Ask, back, button, expect
from handlers.home import which_place
from handlers.words import messenger, topic_name
from storage import audit, bulletins, outlets, people, roles
from storage.database import Tx
from storage.outlets import Outlet

NOT_OURS: Final = re.compile(r"^\s*/\w+|@[\w:.\-]+")  # a command and names, which must stand there for us to hear it


# -- in the group --------------------------------------------------------------------------------------------------


def heard(tx: Tx, where: int, words: str, now: datetime) -> list[Outgoing]:
    """Something was said in a group or channel: if it is a moderator's code, it is an outlet from now on."""
    code = read_code(NOT_OURS.sub(" ", words).strip(" :,"))
    by = None if code is None else outlets.maker(tx, code, now)
    if code is None or by is None or roles.held(tx, by, Role.MODERATOR, now) is None:
        return []
    new = outlets.posted(tx, code, where)
    audit.note(tx, by, "registered: outlet", now)
    return [
        *(_introduced(tx, where, now) if new else ()),
        desk.quietly(tx, by, desk.WAITS, now, button(pgettext("button", "📢 Outlets"), "outlet")),
    ]


def _introduced(tx: Tx, where: int, now: datetime) -> list[Outgoing]:
    """What is said there, once: the key with which everybody can check what will be posted."""
    key = bulletins.public_key(tx)
    if not key:
        return []
    line = _(
        "I shall post bulletins here. Administrators, please put our public key into the description of this chat:"
    )
    lines = dict.fromkeys(i18n.plain(i18n.speak(line, language, now)) for language in i18n.LANGUAGES)
    return [Outgoing(where, Page((*lines, "", key)), to_group=True)]


# -- at the desk ---------------------------------------------------------------------------------------------------


def overview(ask: Ask, tx: Tx) -> Outgoing:
    """The outlets, and the way to a new one."""
    desk.moderator(ask, tx)
    every = outlets.every(tx)
    rows = [[button(_label(n, one), "outlet.one", one.id)] for n, one in enumerate(every, 1)]
    return ask.reply(
        _("Outlets are groups, channels and rooms where bulletins are posted, for people who do not write to me."),
        *rows,
        [button(pgettext("button", "➕ A new one"), "outlet.new")],
        [back("desk")],
        clean_after=desk.STANDS,
    )


def _label(number: int, one: Outlet) -> Line:
    language = i18n.LANGUAGE_NAMES.get(one.language, "…")
    where = messenger(one.platform)
    if one.place:
        return pgettext(
            "button-wide",
            "📢 {number}: {messenger}, {language}, {place}",
            number=number,
            messenger=where,
            language=language,
            place=Place(one.place),
        )
    return pgettext(
        "button-wide", "📢 {number}: {messenger}, {language}", number=number, messenger=where, language=language
    )


def new(ask: Ask, tx: Tx) -> Outgoing:
    """Make the code that is to be posted in the group."""
    by = desk.moderator(ask, tx)
    code = make_code(secrets.randbelow)
    outlets.make(tx, code, by.person, ask.now)
    return ask.anew(
        Page(
            (
                _("Add me to the group or room, and write this there within {span}:", span=Span(outlets.CODE_LIFE)),
                _("In a channel I must be an administrator who may post."),
                f"/outlet {spaced(code)}",
                _("Where I hear only what names me, put my name before it. Then delete your message there."),
            )
        ),
        [back("outlet")],
        clean_after=outlets.CODE_LIFE,
    )


def _one(ask: Ask, tx: Tx) -> Outlet:
    one = outlets.find(tx, ask.number())
    if one is None:
        raise Outdated
    return one


def show(ask: Ask, tx: Tx) -> Outgoing:
    """One outlet, with what can be changed."""
    desk.moderator(ask, tx)
    return _shown(ask, _one(ask, tx))


def _shown(ask: Ask, one: Outlet) -> Outgoing:
    lines: list[Line | str] = [_("<b>📢 An outlet on {messenger}</b>", messenger=messenger(one.platform))]
    if one.language:
        lines.append(_("Language: {language}", language=i18n.LANGUAGE_NAMES[one.language]))
    else:
        lines.append(_("Nothing is posted there before its language is chosen."))
    lines.append(_("District: {place}", place=Place(one.place)) if one.place else _("District: everywhere"))
    if one.topics:
        lines.append(
            _("🏷 Topics: {topics}", topics=Listed(tuple(topic_name(topic) for topic in Topic if topic in one.topics)))
        )
    else:
        lines.append(_("🏷 Topics: all"))
    languages = [
        button(i18n.language_button(language), "outlet.speak", one.id, language) for language in i18n.LANGUAGES
    ]
    rows: list[list[Choice]] = [
        languages,
        [button(pgettext("button", "📍 District"), "outlet.find", one.id)],
        [button(pgettext("button", "🏷 Topics"), "outlet.topics", one.id)],
        [button(pgettext("button", "✖️ Remove it"), "outlet.remove", one.id)],
    ]
    if one.place:
        rows[1].append(button(pgettext("button", "🌍 Everywhere"), "outlet.place", one.id, ""))
    return ask.reply(Page(tuple(lines)), *rows, [back("outlet")], clean_after=desk.STANDS)


def speak(ask: Ask, tx: Tx) -> Outgoing:
    """Its language was chosen."""
    desk.moderator(ask, tx)
    one = _one(ask, tx)
    language = ask.args[1] if len(ask.args) > 1 else ""
    if language not in i18n.LANGUAGES:
        raise Outdated
    outlets.change(tx, one.id, language=language)
    return _shown(ask, replace(one, language=language))


def find_place(ask: Ask, tx: Tx) -> Outgoing:
    """Ask for its district by search."""
    desk.moderator(ask, tx)
    one = _one(ask, tx)
    expect(ask, tx, "outlet.place", which=one.id)
    return ask.reply(_("Write the beginning of the district or city."), [back("outlet.one", one.id)])


def searched(ask: Ask, tx: Tx) -> Outgoing:
    """Words of a place were written: offer what is found."""
    desk.moderator(ask, tx)
    which = int(ask.data["which"])
    return which_place(ask, back("outlet.one", which), "outlet.place", which)


def place(ask: Ask, tx: Tx) -> Outgoing:
    """Its district was chosen."""
    desk.moderator(ask, tx)
    one = _one(ask, tx)
    chosen = ask.args[1] if len(ask.args) > 1 else ""
    if chosen and not places.exists(chosen):
        raise Outdated
    people.end_dialogue(tx, ask.person.id)
    outlets.change(tx, one.id, place=chosen)
    return _shown(ask, replace(one, place=chosen))


def topics(ask: Ask, tx: Tx) -> Outgoing:
    """Its topics."""
    desk.moderator(ask, tx)
    return _topics(ask, _one(ask, tx))


def _topics(ask: Ask, one: Outlet) -> Outgoing:
    rows = []
    for topic in Topic:
        name = topic_name(topic)
        chosen = pgettext("button", "✅ {topic}", topic=name)
        label = chosen if topic in one.topics else pgettext("button", "▫️ {topic}", topic=name)
        rows.append([button(label, "outlet.topic", one.id, topic.value)])
    return ask.reply(_("Which topics? Without one: all."), *rows, [back("outlet.one", one.id)])


def topic(ask: Ask, tx: Tx) -> Outgoing:
    """A topic more or less."""
    desk.moderator(ask, tx)
    one = _one(ask, tx)
    try:
        which = Topic(ask.args[1] if len(ask.args) > 1 else "")
    except ValueError:
        raise Outdated from None
    changed = replace(one, topics=one.topics ^ {which})
    outlets.change(tx, one.id, topics=changed.topics)
    return _topics(ask, changed)


def remove(ask: Ask, tx: Tx) -> Outgoing:
    """Ask before it is removed."""
    desk.moderator(ask, tx)
    one = _one(ask, tx)
    return ask.anew(
        _("Post nothing more there? What was posted stays, and can no longer be corrected from here."),
        [button(pgettext("button", "✖️ Yes, remove it"), "outlet.removed", one.id)],
        [back("outlet.one", one.id)],
    )


def removed(ask: Ask, tx: Tx) -> Outgoing:
    """Nothing more is posted there."""
    by = desk.moderator(ask, tx)
    one = _one(ask, tx)
    outlets.remove(tx, one.id)
    audit.note(tx, by.person, "removed: outlet", ask.now)
    return ask.reply(_("Removed."), [back("outlet")])
