"""Sentences that several features share: news, ages, and the names people go by."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bot.domain.bulletin import Topic
from bot.domain.checkin import Freshness, How, News, State, freshness
from bot.domain.conversation import Ago, Line, Listed, Page, Place, Value
from bot.domain.people import Person
from bot.i18n import _, ngettext, pgettext

NEVER_FIRST = _("Our moderators never write to you first. Whoever does so in our name is not one of us.")


def name_of(person: Person) -> Value:
    """What a person is called; a person who has told no name yet is “somebody”."""
    return called(person.name)


def called(name: str) -> Value:
    """A name, or “somebody” where none was told."""
    return name or pgettext("noun", "somebody")


def names(people: Iterable[Person]) -> Listed:
    """Several people: “Anna, Daler and Maria”."""
    return Listed(tuple(name_of(person) for person in people))


def some(listed: list[Value], most: int) -> Listed:
    """Names, or the first of them and the number of the others."""
    rest = len(listed) - most
    if rest <= 0:
        return Listed(tuple(listed))
    return Listed((*listed[:most], ngettext("{n} other", "{n} others", n=rest)))


def said(name: Value, state: State) -> Line:
    """What a person says of themselves, in their own first person: it needs no grammatical gender."""
    match state:
        case State.SAFE:
            return _("<b>{name}</b>: I am safe.", name=name)
        case State.HELP:
            return _("<b>{name}</b>: I need help.", name=name)
        case State.HURT:
            return _("<b>{name}</b>: I am hurt.", name=name)
        case State.MOVED:
            return _("<b>{name}</b>: I had to leave my home.", name=name)
        case State.OTHER:
            return _("<b>{name}</b>: I have news.", name=name)


def told(name: Value, state: State) -> Line:
    """What others say of a person."""
    return _("<b>{name}</b>: {state}.", name=name, state=state_name(state))


def way(how: How) -> Line:  # noqa: PLR0911 - one way, one word
    """How somebody knows what they tell, in a word or two."""
    match how:
        case How.SELF:
            return pgettext("status", "in person")
        case How.SAW:
            return pgettext("status", "saw them")
        case How.HEARD:
            return pgettext("status", "heard their voice")
        case How.MESSAGE:
            return pgettext("status", "got a message from them")
        case How.CODE:
            return pgettext("status", "heard a code of their card")
        case How.TOLD:
            return pgettext("status", "heard it from others")
        case How.LIST:
            return pgettext("status", "read it in a list")


def details(news: News) -> list[Line]:
    """The place and the note of news, each on a line of its own."""
    lines = []
    if news.place:
        lines.append(_("Place: {place}", place=Place(news.place)))
    if news.note:
        lines.append(_("Note: {note}", note=news.note))
    return lines


def source(name: Value, news: News) -> Line:
    """Who says it, how they know it, and how old it is; both instants where they differ."""
    if news.how is not How.SELF:
        return _("Source: {name}, {how}. True {ago}.", name=name, how=way(news.how), ago=Ago(news.true_at))
    if (news.told_at - news.true_at).total_seconds() > 600:  # noqa: PLR2004 - ten minutes
        return _(
            "From {name} in person. True {ago}, told {told}.", name=name, ago=Ago(news.true_at), told=Ago(news.told_at)
        )
    return _("From {name} in person, {ago}.", name=name, ago=Ago(news.true_at))


def letter(name: Value, news: News, teller: Value | None = None) -> Page:
    """News as relatives read it; `teller` is whoever tells it of somebody else."""
    if teller is None:
        return Page((said(name, news.state), *details(news), source(name, news)))
    return Page((told(name, news.state), *details(news), source(teller, news)))


def provenance(teller: Value, news: News) -> Line:
    """Under a person on the board: who tells it, and how they know it."""
    return _("↳ {name}: {how}", name=teller, how=way(news.how))


def otherwise(teller: Value, news: News) -> Line:
    """Under a person on the board: what somebody else says of the same days."""
    return _(
        "⚠️ But also: {state}, {ago}. {name}: {how}",
        state=state_name(news.state),
        ago=Ago(news.true_at),
        name=teller,
        how=way(news.how),
    )


def standing(name: Value, news: News | None, now: datetime) -> Line:
    """One person on the board “my people”: state and age, and how far the news may still be leaned on."""
    if news is None:
        return _("⚪ {name}: no news yet", name=name)
    state = state_name(news.state)
    ago = Ago(news.true_at)
    if news.state is State.HELP and freshness(news, now) is not Freshness.LAST_KNOWN:
        return _("🆘 {name}: {state}, {ago}", name=name, state=state, ago=ago)
    match freshness(news, now):
        case Freshness.FRESH:
            return _("🟢 {name}: {state}, {ago}", name=name, state=state, ago=ago)
        case Freshness.AGEING:
            return _("🟡 {name}: {state}, {ago} (no longer fresh)", name=name, state=state, ago=ago)
        case Freshness.LAST_KNOWN:
            return _("⚪ {name}: last known {ago}: {state}", name=name, state=state, ago=ago)


def state_name(state: State) -> Line:
    """A state in two words."""
    match state:
        case State.SAFE:
            return pgettext("status", "safe")
        case State.HELP:
            return pgettext("status", "needs help")
        case State.HURT:
            return pgettext("status", "hurt")
        case State.MOVED:
            return pgettext("status", "had to leave home")
        case State.OTHER:
            return pgettext("status", "other news")


_PLATFORMS = {"telegram": "Telegram", "matrix": "Matrix"}


def messenger(platform: str) -> Value:
    """A platform's name."""
    return _PLATFORMS.get(platform) or pgettext("noun", "another messenger")


def seen_by(platform: str) -> Line:
    """What the messenger itself can read of a chat with the bot."""
    if platform == "matrix":
        return _(
            "Your Matrix server can see that you write to me, and when. It can't read what we write, as long as this "
            "chat is encrypted: your app shows that with a lock or a shield."
        )
    name = _PLATFORMS.get(platform)
    if name is None:
        return _("Whoever runs this messenger can see that you write to me, and what we write.")
    return _("{messenger} itself can see that you write to me, and what we write.", messenger=name)


def topic_name(topic: Topic) -> Line:  # noqa: PLR0911 - each has its name
    """What a topic is called."""
    match topic:
        case Topic.SAFETY:
            return pgettext("noun", "safety")
        case Topic.NETWORK:
            return pgettext("noun", "network")
        case Topic.ROADS:
            return pgettext("noun", "roads")
        case Topic.DETENTIONS:
            return pgettext("noun", "detentions")
        case Topic.HEALTH:
            return pgettext("noun", "health")
        case Topic.PAPERS:
            return pgettext("noun", "papers")
        case Topic.OTHER:
            return pgettext("noun", "other")
