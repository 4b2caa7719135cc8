"""The source inbox: what others publish, read for the moderators, and a draft made of it with its source filled in."""

from __future__ import annotations

from datetime import datetime

from bot import i18n
from bot.domain.bulletin import Claim, Draft, Grade, Source, Status
from bot.domain.conversation import Ago, Line, On, Outgoing, Page
from bot.domain.feed import KEPT, MOST, Feed, Item, Trouble, read_address
from bot.domain.people import HOME
from bot.domain.refusals import FeedKnown, NotAFeed, Outdated, TooManyFeeds
from bot.i18n import _, ngettext, pgettext
from handlers import desk
from handlers.ask import Ask, back, button, expect
from handlers.updates import drafting
from storage import audit, drafts, feeds, people
from storage.database import Tx

KIND = "feed"
PAGE = 6  # items on one screen
LABEL = 60  # characters of an item on its button


def overview(ask: Ask, tx: Tx) -> Outgoing:
    """What is new, and which feeds are read."""
    desk.moderator(ask, tx)
    known = feeds.every(tx)
    rows = [
        [
            button(
                pgettext("button-wide", "{mark} {title}", mark=_mark(one), title=one.title[:LABEL]), "feed.one", one.id
            )
        ]
        for one in known
    ]
    news = [button(pgettext("button", "📥 New items"), "feed.items", 0)] if known else []
    text: Line = ngettext("Sources: {n} feed is read.", "Sources: {n} feeds are read.", n=len(known))
    lines = [
        text,
        _(
            "I look at feeds of websites now and then. The server of each feed sees the address of the machine I run "
            "on, and never yours."
        ),
    ]
    return ask.reply(
        Page(tuple(lines)), news, *rows, [button(pgettext("button", "➕ Add a feed"), "feed.add")], [back("desk")]
    )


def _mark(one: Feed) -> str:
    return "⚠️" if one.trouble is not None else "📡"


def items(ask: Ask, tx: Tx) -> Outgoing:
    """What feeds have brought, with its age, some at a time."""
    desk.moderator(ask, tx)
    skip = ask.number()
    found = feeds.newest(tx, ask.now, PAGE + 1, min(skip, 10_000))
    if not found:
        nothing = _("Nothing new. What is read is kept for {n} days.", n=KEPT.days)
        return ask.reply(nothing, [back("feeds")])
    shown = found[:PAGE]
    lines: list[Line | str] = [_("New in the feeds:")]
    for n, one in enumerate(shown, skip + 1):
        lines.append(
            _("{n}. {title} ({feed}, {ago})", n=str(n), title=_called(one), feed=one.feed, ago=Ago(_when(one)))
        )
    numbers = [
        button(pgettext("button", "{n}", n=str(n)), "feed.item", one.id) for n, one in enumerate(shown, skip + 1)
    ]
    half = PAGE // 2
    newer = [button(pgettext("button", "⬆️ Newer"), "feed.items", max(0, skip - PAGE))] if skip else []
    older = [button(pgettext("button", "⬇️ Older"), "feed.items", skip + PAGE)] if len(found) > PAGE else []
    return ask.reply(Page(tuple(lines)), numbers[:half], numbers[half:], newer + older, [back("feeds")])


def _called(one: Item) -> str:
    return one.title or one.link


def _when(one: Item) -> datetime:
    return one.at or one.found_at


def item(ask: Ask, tx: Tx) -> Outgoing:
    """One item, with where it is from, and what can be made of it."""
    desk.moderator(ask, tx)
    one = _item(ask, tx)
    lines: list[Line | str] = [
        _called(one),
        _("From the feed: {feed}", feed=one.feed),
        _("Published: {when}", when=On(one.at, HOME)) if one.at else _("It does not say when it was published."),
        _("Found: {ago}", ago=Ago(one.found_at)),
    ]
    if one.link:
        lines += [one.link, _("Whoever opens a link shows their own address to that website.")]
    draft = button(pgettext("button-wide", "📝 Make a draft of it"), "feed.draft", one.id)
    return ask.reply(Page(tuple(lines)), [draft], [back("feed.items", 0)])


def _item(ask: Ask, tx: Tx) -> Item:
    one = feeds.item(tx, ask.number(), ask.now)
    if one is None:
        raise Outdated
    return one


def as_draft(one: Item, language: str) -> Draft:
    """A draft with what the item says as a claim that nobody has checked, and the item as its source."""
    source = ", ".join(part for part in (one.feed, one.link) if part)
    words = _called(one)
    return Draft(
        language=language,
        claims=(Claim(Status.UNCONFIRMED, (Source(Grade.MEDIA, one.at.date() if one.at else None),)),),
        texts={language: {"title": words, "claim.0": words, "claim.0.source.0": source}},
    )


def draft(ask: Ask, tx: Tx) -> Outgoing:
    """A moderator makes a draft of an item, which is theirs from now on."""
    by = desk.moderator(ask, tx)
    one = as_draft(_item(ask, tx), ask.person.language or i18n.SOURCE_LANGUAGE)
    return drafting.show(ask, tx, drafts.put(tx, by.person, one, ask.now))


# -- which feeds are read ------------------------------------------------------------------------------------------


def add(ask: Ask, tx: Tx) -> Outgoing:
    """Ask for a feed's address."""
    desk.moderator(ask, tx)
    _has_room(tx)
    expect(ask, tx, "feed.address")
    return ask.reply(
        _("Write the address of the feed (RSS or Atom): it begins with {start}.", start="https://"), [back("feeds")]
    )


def _has_room(tx: Tx, address: str = "") -> None:
    known = feeds.every(tx)
    if len(known) >= MOST:
        raise TooManyFeeds(MOST)
    if any(one.address == address for one in known):
        raise FeedKnown


def typed(ask: Ask, tx: Tx) -> list[Outgoing]:
    """An address was written: another moderator must agree, because reading it shows our machine to its server."""
    by = desk.moderator(ask, tx)
    address = read_address(ask.text(2000))
    if address is None:
        raise NotAFeed
    _has_room(tx, address)
    people.end_dialogue(tx, by.person)
    title = pgettext("button-wide", "📡 Read a feed")
    _one, letters = desk.propose(ask, tx, by, KIND, title, body={"address": address})
    if not letters:
        return [ask.reply(_("There is no other moderator yet who could agree."), [back("desk")])]
    return [ask.reply(_("Proposed. It is read when another moderator agrees."), [back("desk")]), *letters]


def see(ask: Ask, tx: Tx) -> Outgoing:
    """Show the second moderator exactly which address would be read."""
    by = desk.moderator(ask, tx)
    one = desk.proposed(ask, tx, by, KIND, ask.number())
    lines: list[Line | str] = [
        _("This feed would be read:"),
        str(one.body["address"]),
        _("Its server will see the address of the machine I run on, and that somebody reads it there."),
    ]
    return desk.show(ask, tx, by, one, lines, button(desk.YES, "feed.yes", one.id))


def agreed(ask: Ask, tx: Tx) -> Outgoing:
    """The second moderator agrees: it is read from now on."""
    by = desk.moderator(ask, tx)
    one = desk.second(ask, tx, by, KIND, ask.number())
    address = str(one.body["address"])
    _has_room(tx, address)
    feeds.add(tx, address, ask.now)
    return ask.reply(_("Done. I look at it in a minute, and then now and then."), [back("feeds")])


def one(ask: Ask, tx: Tx) -> Outgoing:
    """A feed: where it is, and how the last look went."""
    desk.moderator(ask, tx)
    found = _feed(ask, tx)
    lines: list[Line | str] = [found.title, found.address]
    if found.looked_at is None:
        lines.append(_("Not looked at yet."))
    else:
        lines.append(_("Last looked at: {ago}", ago=Ago(found.looked_at)))
    if found.trouble is not None:
        lines.append(_trouble(found.trouble))
    return ask.reply(
        Page(tuple(lines)), [button(pgettext("button", "🗑 Read it no more"), "feed.remove", found.id)], [back("feeds")]
    )


def _feed(ask: Ask, tx: Tx) -> Feed:
    found = feeds.find(tx, ask.number())
    if found is None:
        raise Outdated
    return found


def _trouble(what: Trouble) -> Line:
    match what:
        case Trouble.UNREACHABLE:
            return _("⚠️ Its server did not answer. I try again, more and more seldom.")
        case Trouble.REFUSED:
            return _("⚠️ Its server refused to show it. I try again, more and more seldom.")
        case Trouble.GONE:
            return _("⚠️ Its server says that this feed is gone for ever.")
        case Trouble.UNREADABLE:
            return _("⚠️ What stands at this address is no feed that I can read.")
        case Trouble.TOO_LARGE:
            return _("⚠️ It is larger than a megabyte, and I read no more than that.")
        case Trouble.FORBIDDEN:
            return _("⚠️ It leads into a private network, where I do not look.")


def remove(ask: Ask, tx: Tx) -> Outgoing:
    """Ask before a feed is taken away."""
    desk.moderator(ask, tx)
    found = _feed(ask, tx)
    return ask.anew(
        Page((_("Read this feed no more? What it has brought is forgotten."), found.address)),
        [button(pgettext("button", "🗑 Yes, read it no more"), "feed.removed", found.id)],
        [back("feeds")],
    )


def removed(ask: Ask, tx: Tx) -> Outgoing:
    """A feed is taken away: for that, one moderator is enough."""
    by = desk.moderator(ask, tx)
    if not feeds.remove(tx, _feed(ask, tx).id):
        raise Outdated
    audit.note(tx, by.person, "removed: feed", ask.now)
    return ask.reply(_("It is read no more."), [back("feeds")])
