"""Everything that was published: the newest, by district, topic, month and words, each with what became of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from bot.domain import places, verifying
from bot.domain.bulletin import Bulletin, State, Topic
from bot.domain.conversation import Attachment, Choice, Line, On, Outgoing, Page, Place, Value
from bot.domain.refusals import NotFound, Outdated
from bot.i18n import _, pgettext
from handlers import desk
from handlers.ask import Ask, back, button, expect
from handlers.home import which_place
from handlers.updates import reading
from handlers.updates.wording import topic_name
from storage import bulletins, copies, jobs
from storage.database import Tx
from storage.jobs import Done, Job

SHOWN: Final = 5  # bulletins on one page
MONTHS: Final = 12


# -- lists ---------------------------------------------------------------------------------------------------------


def newest(ask: Ask, tx: Tx) -> Outgoing:
    """The newest bulletins, and the ways to others."""
    return _list(ask, tx, "n", "-", None)


def listed(ask: Ask, tx: Tx) -> Outgoing:
    """A page of a list: which list, of what, and below which number."""
    if len(ask.args) < 2:  # noqa: PLR2004 - the list and its value
        raise Outdated
    before = ask.number(2) if len(ask.args) > 2 else None  # noqa: PLR2004 - and where the page begins
    return _list(ask, tx, ask.args[0], ask.args[1], before)


def _list(ask: Ask, tx: Tx, kind: str, value: str, before: int | None) -> Outgoing:
    head, how = _narrowed(ask, kind, value)
    numbers = copies.search(tx, SHOWN + 1, before=before, **how)
    found = [one for number in numbers[:SHOWN] if (one := bulletins.find(tx, number)) is not None]
    lines = [_one_line(tx, ask, one) for one in found]
    if not lines:
        lines = [_("There is nothing here yet.")]
    rows = [
        [button(pgettext("button", "No. {number}", number=one.number), "bulletin.read", one.number) for one in found],
        [_older(kind, value, numbers[SHOWN - 1])] if len(numbers) > SHOWN else [],
        [
            button(pgettext("button", "🔎 Words"), "archive.words"),
            button(pgettext("button", "📍 District"), "archive.place"),
        ],
        [
            button(pgettext("button", "🏷 Topic"), "archive.topics"),
            button(pgettext("button", "📅 Month"), "archive.months"),
        ],
        [reading.HOW],
        [back("bulletins") if kind != "n" or before is not None else back()],
    ]
    return ask.reply(Page((head, *lines)), *rows)


def _older(kind: str, value: str, before: int) -> Choice:
    return button(pgettext("button", "⏬ Older"), "archive.list", kind, value, before)


def _narrowed(ask: Ask, kind: str, value: str) -> tuple[Line, dict[str, Any]]:
    """The heading of a list, and what its bulletins have in common. Raises Outdated."""
    match kind:
        case "n":
            return _("<b>What was published, the newest first</b>"), {}
        case "p" if places.exists(value):
            return _("<b>Published about {what}</b>", what=Place(value)), {"place": value}
        case "t":
            try:
                topic = Topic(value)
            except ValueError:
                raise Outdated from None
            return _("<b>Published about {what}</b>", what=topic_name(topic)), {"topic": topic}
        case "m":
            since, until = _month(value)
            return _("<b>Published in {month}</b>", month=f"{since:%m.%Y}"), {"since": since, "until": until}
        case "w" if ask.data.get("what") == "archive.words" and ask.data.get("words"):
            words = str(ask.data["words"])
            return _("<b>Published with the words “{words}”</b>", words=words), {"words": verifying.wanted(words)}
    raise Outdated


def _month(value: str) -> tuple[datetime, datetime]:
    try:
        since = datetime.strptime(value, "%Y-%m").replace(tzinfo=UTC)
    except ValueError:
        raise Outdated from None
    if not 2000 < since.year < 3000 or value != f"{since:%Y-%m}":  # noqa: PLR2004 - what a changed app may send
        raise Outdated
    return since, since.replace(year=since.year + since.month // 12, month=since.month % 12 + 1)


def _one_line(tx: Tx, ask: Ask, one: Bulletin) -> Line:
    title: Value = _title(tx, ask, one)
    mark = {State.CURRENT: "📰", State.CORRECTED: "✏️", State.WITHDRAWN: "🚫"}[one.state]
    return _(
        "{mark} No. {number}, {day}, {topic}: {title}",
        mark=mark + "🎓" * one.exercise + "⚠️" * (one.unreviewed_until is not None),
        number=one.number,
        day=On(one.published_at),
        topic=topic_name(one.topic),
        title=title,
    )


def _title(tx: Tx, ask: Ask, one: Bulletin) -> Value:
    texts = bulletins.draft_of(tx, one.number).texts.get(ask.person.language, {})
    return texts.get("title") or pgettext("noun", "not yet translated")


def topics(ask: Ask, tx: Tx) -> Outgoing:
    """Ask which topic."""
    del tx
    rows = (
        [button(pgettext("button", "🏷 {topic}", topic=topic_name(one)), "archive.list", "t", one.value)]
        for one in Topic
    )
    return ask.reply(_("Which topic?"), *rows, [back("bulletins")])


def months(ask: Ask, tx: Tx) -> Outgoing:
    """Offer the last months in which something was published."""
    rows: list[list[Choice]] = []
    value = f"{ask.now.astimezone(UTC):%Y-%m}"
    for _n in range(MONTHS):
        since, until = _month(value)
        if copies.search(tx, 1, since=since, until=until):
            rows.append([button(pgettext("button", "📅 {month}", month=f"{since:%m.%Y}"), "archive.list", "m", value)])
        before = since.replace(year=since.year - (since.month == 1), month=(since.month - 2) % 12 + 1)
        value = f"{before:%Y-%m}"
    return ask.reply(_("Which month?"), *rows, [back("bulletins")])


def place(ask: Ask, tx: Tx) -> Outgoing:
    """Ask which district."""
    expect(ask, tx, "archive.place")
    return ask.reply(_("Which district? Write the beginning of its name."), [back("bulletins")])


def place_searched(ask: Ask, tx: Tx) -> Outgoing:
    """Words of a place were written: offer what is found."""
    del tx
    return which_place(ask, back("bulletins"), "archive.list", "p")


def words(ask: Ask, tx: Tx) -> Outgoing:
    """Ask for words."""
    expect(ask, tx, "archive.words")
    return ask.reply(_("Write one word or several, in any of the three languages."), [back("bulletins")])


def searched(ask: Ask, tx: Tx) -> Outgoing:
    """Words were written: show what holds all of them."""
    typed = ask.text(100)
    if not verifying.wanted(typed):
        raise NotFound
    expect(ask, tx, "archive.words", words=typed)
    ask.data.update(what="archive.words", words=typed)
    return _list(ask, tx, "w", "-", None)


# -- checking without us -------------------------------------------------------------------------------------------


def key(ask: Ask, tx: Tx) -> Outgoing:
    """The public key, how a file is checked with it, and where the key itself should be compared."""
    public = bulletins.public_key(tx)
    if not public:
        return ask.reply(_("This community has no public key yet. Ask its moderators."), [back("bulletins")])
    lines = (
        _("<b>🔑 How to check it yourself</b>"),
        _("Our public key:"),
        public,
        "",
        _("Open a bulletin, press “📎 The signed file”, save the files together, and run one of these:"),
        f"payvand verify bulletin-7-{ask.person.language}.txt --public-key {public}",
        "",
        f"minisign -V -P {public} -m bulletins.certificate",
        "",
        _("The second one checks the certificate. In it stands the key that has signed the bulletin itself."),
        "",
        _("Compare the key where nobody can change both: on a printed sheet, in a channel's description, with people "
          "you know. Whoever can change what I say can also change this page."),
    )  # fmt: skip
    sheet = button(pgettext("button-wide", "🖨 A sheet to print"), "key.sheet")
    return ask.reply(Page(lines), [sheet], [back("bulletins")])


def sheet(ask: Ask, tx: Tx) -> None:
    """Let the sheet with the key be drawn."""
    public = bulletins.public_key(tx)
    if not public:
        raise Outdated
    jobs.put(tx, ask.person.id, ask.address, bulletins.SHEET, public, ask.now)


def drawn(tx: Tx, job: Job, done: Done, now: datetime) -> list[Outgoing]:
    """The sheet is drawn. Nothing on it is secret; whoever has it at home shows that they read."""
    del now
    if not jobs.done(tx, job.id):
        return []
    text = _("For notice boards and channels. It says nothing about who hung it up; be careful where you print it.")
    attached = Attachment("file", "key.pdf", done.drawn)
    return [Outgoing(job.person, text, attachment=attached, at=job.address, clean_after=desk.STANDS)]
