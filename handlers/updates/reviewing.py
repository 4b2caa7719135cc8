"""Publishing: two people with distance, bound to the very words; or one alone, for six hours, in an emergency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot import i18n
from bot.domain.bulletin import LONGEST, UNREVIEWED_LIFE, Bulletin, Draft, Kind, State
from bot.domain.conversation import Choice, Line, On, Outgoing, Page, Place, Span
from bot.domain.people import HOME
from bot.domain.picture import is_pdf
from bot.domain.refusals import (
    BulletinTooLong,
    Changed,
    Near,
    NothingSigned,
    Outdated,
    Own,
    PictureComing,
    TooOften,
    Unfinished,
)
from bot.domain.region import rounded
from bot.domain.roles import Moderator
from bot.domain.source_safety import Hint, hints, region_of
from bot.i18n import _, pgettext
from handlers import desk
from handlers.ask import Ask, back, base36, button
from handlers.updates import broadcast, drafting, translating, wording
from handlers.updates.drafting import KIND, TONGUE
from storage import audit, bulletins, drafts, vouchers
from storage.database import Tx
from storage.drafts import Kept
from storage.proposals import Proposal
from storage.signing import Signer

ALONE_MOST, DAY = 3, timedelta(days=1)  # so many a person may publish alone
A_SECOND = 29  # letters, on Telegram
SHOWN = 15  # published bulletins in a list
MOST = 200  # drafts that are looked at for one that was begun already


# -- what exactly --------------------------------------------------------------------------------------------------


def _signer(tx: Tx, now: datetime) -> Signer:
    found = bulletins.signer(tx, now)
    if found is None:
        raise NothingSigned
    return found


def texts_of(tx: Tx, draft: Draft, now: datetime, *, reviewed: bool) -> dict[str, str]:
    """Exactly what would go out now. Raises Unfinished, BulletinTooLong or (of what is replaced already) Outdated."""
    if not draft.speaks(draft.language) or (draft.kind is not Kind.WITHDRAWAL and not draft.claims):
        raise Unfinished
    if draft.about is not None:
        old = bulletins.find(tx, draft.about)
        if old is None or old.state is not State.CURRENT:
            raise Outdated
    found = wording.texts(draft, drafting.next_number(tx), now, reviewed=reviewed)
    if any(len(text) > LONGEST for text in found.values()):
        raise BulletinTooLong(LONGEST)
    return found


def _planned(tx: Tx, draft: Draft, now: datetime) -> list[Line | str]:
    """How many would get it, in which languages, and how long that takes: full tens, so that nobody is picked out."""
    one = Bulletin(
        drafting.next_number(tx), draft.kind, draft.about, draft.place, draft.topic, draft.urgency, draft.exercise,
        State.CURRENT, None, now,
    )  # fmt: skip
    readers = broadcast.planned(tx, one, now)
    lines: list[Line | str] = []
    for language in i18n.LANGUAGES:
        name, n = i18n.LANGUAGE_NAMES[language], rounded(readers.get(language, 0))
        count = pgettext("noun", "few") if n is None else f"{n}+"
        if draft.speaks(language):
            lines.append(_("{language_name}: {count} readers", language_name=name, count=count))
        else:
            lines.append(
                _(
                    "{language_name}: {count} readers, who are told that it is not yet translated",
                    language_name=name,
                    count=count,
                )
            )
    full = sum(rounded(n) or 0 for n in readers.values())
    took = timedelta(minutes=max(1, -(-full // (A_SECOND * 60))))
    lines.append(_("To reach all of them takes about {span}.", span=Span(took)))
    return lines


def _preview(ask: Ask, texts: Mapping[str, str], picture: bytes) -> list[Outgoing]:
    """Each text in a message of its own, exactly as readers get it, and the picture that they can ask for."""
    shown = [ask.anew(wording.page(text), clean_after=desk.STANDS) for text in texts.values()]
    if picture:
        said = (
            _("This PDF belongs to it. Readers get it when they press “📄 Show the PDF”.")
            if is_pdf(picture)
            else _("This picture belongs to it. Readers see it when they press “🖼 Show the picture”.")
        )
        shown.append(ask.anew(said, attachment=wording.attached(picture), clean_after=desk.STANDS))
    return shown


def _hinted(draft: Draft, now: datetime) -> list[Line | str]:
    found = hints(draft, now.date())
    lines: list[Line | str] = []
    if Hint.AGREED in found:
        lines.append(_("⚠️ Somebody saw this themselves. Have they agreed that it is told?"))
    if Hint.COARSER in found:
        region = Place(region_of(draft.place))
        lines.append(_("⚠️ So few can have known this that the place should be coarser: {place}.", place=region))
    if Hint.LATER in found:
        lines.append(_("⚠️ It was told so lately that the source could be found. Can it wait until tomorrow?"))
    return lines


def _checklist(picture: bytes) -> list[Line | str]:
    seen: list[Line | str] = []
    if is_pdf(picture):
        seen = [_("• Could the PDF tell whose copy it was: by a name, a number, a mark, its wording?")]
    elif picture:
        seen = [_("• Does the picture show who took it, or where they stood?")]
    return [
        _("<b>Before this goes out, ask yourself:</b>"),
        _("• Could anybody be found by this?"),
        _("• Could fewer than about ten people have known it?"),
        _("• Is the place coarser than a village?"),
        _("• Is a time more exact than it need be?"),
        _("• Did the source agree?"),
        *seen,
    ]


def _picture(tx: Tx, one: Kept) -> bytes:
    """What goes out with a draft, a picture or a PDF; b"" if nothing. Raises PictureComing while it is fetched."""
    if drafts.fetching(tx, one.id) is not None:
        raise PictureComing
    return drafts.picture_of(tx, one.id)


# -- proposing -----------------------------------------------------------------------------------------------------


def check(ask: Ask, tx: Tx) -> Outgoing:
    """The checklist, before a draft is proposed."""
    one = drafting.mine(ask, tx)
    texts_of(tx, one.draft, ask.now, reviewed=True)
    yes = button(pgettext("button-wide", "✅ I have thought of all this"), "review.look", one.id)
    return _checked(ask, tx, one, yes)


def _checked(ask: Ask, tx: Tx, one: Kept, yes: Choice) -> Outgoing:
    hinted = _hinted(one.draft, ask.now)
    rows = []
    if Hint.COARSER in hints(one.draft, ask.now.date()):
        region = region_of(one.draft.place)
        label = pgettext("button-wide", "📍 Say only: {place}", place=Place(region))
        rows.append([button(label, "draft.place", one.id, region)])
    lines = [*_checklist(_picture(tx, one)), *([""] if hinted else []), *hinted]
    return ask.reply(Page(tuple(lines)), *rows, [yes], [back("draft.one", one.id)], clean_after=desk.STANDS)


def look(ask: Ask, tx: Tx) -> list[Outgoing]:
    """The author sees exactly what would go out."""
    one = drafting.mine(ask, tx)
    texts, picture = texts_of(tx, one.draft, ask.now, reviewed=True), _picture(tx, one)
    lines = [*_planned(tx, one.draft, ask.now), "", _("Another moderator must agree before anybody reads it.")]
    yes = button(pgettext("button", "📣 Propose it"), "review.put", one.id, wording.seal(texts, picture))
    control = ask.anew(Page(tuple(lines)), [yes], [back("draft.one", one.id)], clean_after=desk.STANDS)
    return [*_preview(ask, texts, picture), control]


def _sealed(ask: Ask, texts: Mapping[str, str], picture: bytes = b"") -> None:
    """The button was under exactly these words and this picture. Raises Changed."""
    if ask.args[1:2] != (wording.seal(texts, picture),):
        raise Changed


def put(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Propose that a draft be published."""
    by = desk.moderator(ask, tx)
    one = drafting.mine(ask, tx)
    _sealed(ask, texts_of(tx, one.draft, ask.now, reviewed=True), _picture(tx, one))
    _signer(tx, ask.now)
    drafting.keep(ask, tx, one)
    title = pgettext("button-wide", "📰 Publish: {title}", title=drafting.title_of(one.draft, one.draft.language))
    return _propose(ask, tx, by, KIND, title, {"draft": one.id}, one.id)


def _propose(  # noqa: PLR0913, PLR0917 - a proposal has this many parts
    ask: Ask, tx: Tx, by: Moderator, kind: str, title: Line, body: dict[str, object], which: int
) -> list[Outgoing]:
    barred = vouchers.near(tx, by.person)
    _one, letters = desk.propose(ask, tx, by, kind, title, body=body, barred=barred)
    if not letters:
        alone = _("There is no other moderator who could agree: whom you have invited, or who invited you, can't.")
        drafting.take_back(ask, tx, which)
        return [ask.reply(alone, [back("desk")])]
    return [ask.reply(_("Proposed. It goes out when another moderator agrees."), [back("desk")]), *letters]


# -- agreeing ------------------------------------------------------------------------------------------------------


def _draft_of(tx: Tx, one: Proposal) -> Kept:
    """The draft that was proposed, still its proposer's. Raises Outdated."""
    found = drafts.find(tx, int(one.body["draft"]))
    if found is None or found.author != one.proposer:
        raise Outdated
    return found


def _apart(tx: Tx, one: int, other: int | None) -> None:
    """Two people with distance between them. Raises Own or Near."""
    if one == other:
        raise Own
    if other is None or other in vouchers.near(tx, one):
        raise Near


def see(ask: Ask, tx: Tx) -> list[Outgoing]:
    """The second moderator sees exactly what goes out, to how many, and agrees to that and nothing else."""
    by = desk.moderator(ask, tx)
    one = desk.proposed(ask, tx, by, KIND, ask.number())
    kept = _draft_of(tx, one)
    draft, picture = kept.draft, _picture(tx, kept)
    texts = texts_of(tx, draft, ask.now, reviewed=True)
    lines = [*_checklist(picture), *_hinted(draft, ask.now), "", *_planned(tx, draft, ask.now)]
    yes = button(pgettext("button", "✅ Publish it"), "bulletin.yes", one.id, wording.seal(texts, picture))
    control = desk.show(ask, tx, by, one, lines, yes)
    return [*_preview(ask, texts, picture), replace(control, edits="", clean_after=desk.STANDS)]


def agreed(ask: Ask, tx: Tx) -> list[Outgoing]:
    """The second moderator agrees: it is signed, numbered and goes out."""
    by = desk.moderator(ask, tx)
    one = desk.proposed(ask, tx, by, KIND, ask.number())
    kept = _draft_of(tx, one)
    _apart(tx, by.person, kept.author)
    texts, picture = texts_of(tx, kept.draft, ask.now, reviewed=True), _picture(tx, kept)
    _sealed(ask, texts, picture)
    signer = _signer(tx, ask.now)
    desk.second(ask, tx, by, KIND, one.id)
    published = bulletins.publish(
        tx, signer, kept.draft, texts, ask.now, author=one.proposer, reviewer=by.person, picture=picture or None
    )
    drafts.drop(tx, kept.id)
    audit.note(tx, by.person, f"published: {published.number}", ask.now, about=one.proposer)
    done = ask.reply(_("Published: No. {number}.", number=published.number), [back("desk")])
    return [done, *_begin(tx, published, ask.now, one.proposer)]


def _begin(tx: Tx, published: Bulletin, now: datetime, by: int | None) -> list[Outgoing]:
    """It goes out; and what it replaces is translated no further."""
    letters = broadcast.begin(tx, published, now, by)
    if published.about is not None:
        letters += translating.replaced(tx, published.about, published.number, now)
    return letters


# -- a translation that came later ---------------------------------------------------------------------------------


def _later(tx: Tx, kept: Kept) -> tuple[Bulletin, dict[str, str]]:
    """A published bulletin, and its text in the language that was translated. Raises Outdated."""
    one = None if kept.of is None else bulletins.find(tx, kept.of)
    if one is None or one.state is not State.CURRENT or kept.tongue in bulletins.editions(tx, one.number):
        raise Outdated
    if not kept.draft.speaks(kept.tongue):
        raise Unfinished
    text = wording.render(kept.draft, one.number, kept.tongue, one.published_at, reviewed=one.unreviewed_until is None)
    if len(text) > LONGEST:
        raise BulletinTooLong(LONGEST)
    return one, {kept.tongue: text}


def tongue_put(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Propose a translation of what is published."""
    by = desk.moderator(ask, tx)
    kept = drafts.find(tx, ask.number())
    if kept is None or kept.author not in {None, by.person}:
        raise Outdated
    _later(tx, kept)
    drafting.keep(ask, tx, replace(kept, author=by.person))
    title = pgettext("button-wide", "🌐 Translation of No. {number}", number=kept.of or 0)
    return _propose(ask, tx, by, TONGUE, title, {"draft": kept.id}, kept.id)


def tongue_see(ask: Ask, tx: Tx) -> list[Outgoing]:
    """The second moderator sees the original and the translation."""
    by = desk.moderator(ask, tx)
    one = desk.proposed(ask, tx, by, TONGUE, ask.number())
    kept = _draft_of(tx, one)
    published, texts = _later(tx, kept)
    original = [text.text for language, text in bulletins.editions(tx, published.number).items()]
    yes = button(pgettext("button", "✅ Publish it"), "tongue.yes", one.id, wording.seal(texts))
    lines = [_("Does the last text say the same as the first? You must be able to read both.")]
    control = desk.show(ask, tx, by, one, lines, yes)
    shown = [ask.anew(wording.page(text), clean_after=desk.STANDS) for text in [*original[:1], *texts.values()]]
    return [*shown, replace(control, edits="", clean_after=desk.STANDS)]


def tongue_agreed(ask: Ask, tx: Tx) -> list[Outgoing]:
    """A translation is agreed to: it is signed, and goes to those who waited for it."""
    by = desk.moderator(ask, tx)
    one = desk.proposed(ask, tx, by, TONGUE, ask.number())
    kept = _draft_of(tx, one)
    _apart(tx, by.person, kept.author)
    published, texts = _later(tx, kept)
    _sealed(ask, texts)
    signer = _signer(tx, ask.now)
    desk.second(ask, tx, by, TONGUE, one.id)
    whole = bulletins.draft_of(tx, published.number)
    spoken = {**whole.texts, kept.tongue: kept.draft.texts[kept.tongue]}
    bulletins.keep_draft(tx, published.number, replace(whole, texts=spoken))
    bulletins.add_edition(tx, signer, published, kept.tongue, texts[kept.tongue], ask.now)
    drafts.drop(tx, kept.id)
    audit.note(tx, by.person, f"translated: {published.number} {kept.tongue}", ask.now, about=one.proposer)
    done = ask.reply(_("Published: No. {number}.", number=published.number), [back("desk")])
    return [done, *broadcast.translated(tx, published, kept.tongue, ask.now)]


# -- one alone -----------------------------------------------------------------------------------------------------


def _news_of_mine(ask: Ask, tx: Tx) -> Kept:
    """A draft of news. What two have seen one alone neither corrects nor withdraws: it could not be put right again."""
    one = drafting.mine(ask, tx)
    if one.draft.kind is not Kind.NEWS:
        raise Outdated
    return one


def alone(ask: Ask, tx: Tx) -> Outgoing:
    """The checklist, before something is published by one person alone."""
    one = _news_of_mine(ask, tx)
    texts_of(tx, one.draft, ask.now, reviewed=False)
    yes = button(pgettext("button-wide", "🚨 I have thought of all this"), "alone.look", one.id)
    return _checked(ask, tx, one, yes)


def alone_look(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Exactly what would go out, and the second question."""
    one = _news_of_mine(ask, tx)
    texts, picture = texts_of(tx, one.draft, ask.now, reviewed=False), _picture(tx, one)
    lines = [
        _("Publish this now, alone? Readers see that it is not yet reviewed. The other moderators are told at once."),
        _("If nobody confirms it within {span}, it withdraws itself.", span=Span(UNREVIEWED_LIFE)),
        "",
        *_planned(tx, one.draft, ask.now),
    ]
    seal = wording.seal(texts, picture)
    yes = button(pgettext("button-wide", "🚨 Yes, publish it now"), "alone.yes", one.id, seal)
    control = ask.anew(Page(tuple(lines)), [yes], [back("draft.one", one.id)], clean_after=desk.STANDS)
    return [*_preview(ask, texts, picture), control]


def alone_yes(ask: Ask, tx: Tx) -> list[Outgoing]:
    """One person publishes something that is not yet reviewed. Raises TooOften."""
    by = desk.moderator(ask, tx)
    one = _news_of_mine(ask, tx)
    texts, picture = texts_of(tx, one.draft, ask.now, reviewed=False), _picture(tx, one)
    _sealed(ask, texts, picture)
    signer = _signer(tx, ask.now)
    if bulletins.alone_since(tx, by.person, ask.now - DAY) >= ALONE_MOST:
        raise TooOften(DAY)
    drafting.take_back(ask, tx, one.id)
    until = ask.now + UNREVIEWED_LIFE
    published = bulletins.publish(
        tx, signer, one.draft, texts, ask.now,
        author=by.person, reviewer=None, unreviewed_until=until, picture=picture or None,
    )  # fmt: skip
    drafts.drop(tx, one.id)
    audit.note(tx, by.person, f"published alone: {published.number}", ask.now)
    return [
        ask.reply(_("Published: No. {number}, not yet reviewed.", number=published.number), [back("desk")]),
        *drafting.tell_others(ask, tx, desk.PRESSES, desk.LOOK, "alone.see", published.number),
        *_begin(tx, published, ask.now, by.person),
    ]


def _unreviewed(ask: Ask, tx: Tx) -> Bulletin:
    one = bulletins.find(tx, ask.number())
    if one is None or one.state is not State.CURRENT or one.unreviewed_until is None:
        raise Outdated
    return one


def reviewed_texts(tx: Tx, one: Bulletin) -> dict[str, str]:
    """The texts of a bulletin without the mark that it is not yet reviewed, in the languages in which it is out."""
    draft = bulletins.draft_of(tx, one.number)
    out = bulletins.editions(tx, one.number)
    made = wording.texts(draft, one.number, one.published_at, reviewed=True)
    return {language: text for language, text in made.items() if language in out}


def alone_see(ask: Ask, tx: Tx) -> list[Outgoing]:
    """What one person published alone: confirm it, or withdraw it."""
    by = desk.moderator(ask, tx)
    one = _unreviewed(ask, tx)
    texts = reviewed_texts(tx, one)
    author, _reviewer = bulletins.people_of(tx, one.number)
    picture = bulletins.picture_of(tx, one.number) or b""
    lines: list[Line | str] = [*_checklist(picture), *_hinted(bulletins.draft_of(tx, one.number), ask.now), ""]
    assert one.unreviewed_until is not None  # noqa: S101 - _unreviewed looked
    lines.append(
        _("One person has published this alone. It withdraws itself: {when}.", when=On(one.unreviewed_until, HOME))
    )
    yes = [button(pgettext("button", "✅ Confirm it"), "alone.confirm", one.number, wording.seal(texts, picture))]
    withdraw = [button(pgettext("button", "🗑 Withdraw it now"), "alone.withdraw", one.number)]
    control = ask.anew(
        Page(tuple(lines)), yes if author != by.person else [], withdraw, [back("published")], clean_after=desk.STANDS
    )
    return [*_preview(ask, texts, picture), control]


def confirm(ask: Ask, tx: Tx) -> list[Outgoing]:
    """A second moderator confirms what one published alone: it is signed anew without the mark."""
    by = desk.moderator(ask, tx)
    one = _unreviewed(ask, tx)
    author, _none = bulletins.people_of(tx, one.number)
    _apart(tx, by.person, author)
    texts = reviewed_texts(tx, one)
    _sealed(ask, texts, bulletins.picture_of(tx, one.number) or b"")
    signer = _signer(tx, ask.now)
    if one.unreviewed_until is None or one.unreviewed_until <= ask.now:
        raise Outdated
    if not bulletins.confirm(tx, one.number, by.person):
        raise Outdated
    sure = replace(one, unreviewed_until=None)
    for language, text in texts.items():
        bulletins.add_edition(tx, signer, sure, language, text, ask.now)
    audit.note(tx, by.person, f"confirmed: {one.number}", ask.now, about=author)
    done = ask.reply(_("Confirmed: No. {number}.", number=one.number), [back("desk")])
    return [done, *broadcast.confirmed(tx, sure, ask.now)]


def withdraw_now(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Any moderator withdraws what nobody has confirmed."""
    by = desk.moderator(ask, tx)
    one = _unreviewed(ask, tx)
    letters = _withdrawn(tx, _signer(tx, ask.now), one, ask.now, by.person)
    audit.note(tx, by.person, f"withdrawn: {one.number}", ask.now)
    return [ask.reply(_("Withdrawn: No. {number}.", number=one.number), [back("desk")]), *letters]


def _withdrawn(tx: Tx, signer: Signer, one: Bulletin, now: datetime, by: int | None) -> list[Outgoing]:
    """A withdrawal in fixed words, in every language."""
    title = _("No. {number} is withdrawn.", number=one.number)
    why = _("It was published by one person alone, and nobody has confirmed it. It may be true or not true.")
    said = {
        language: {
            "title": i18n.plain(i18n.speak(title, language, now)),
            "changed": i18n.plain(i18n.speak(why, language, now)),
        }
        for language in i18n.LANGUAGES
    }
    draft = Draft(
        Kind.WITHDRAWAL, one.number, i18n.SOURCE_LANGUAGE, one.place, one.topic, one.urgency, one.exercise, texts=said
    )
    texts = wording.texts(draft, drafting.next_number(tx), now, reviewed=True)
    published = bulletins.publish(tx, signer, draft, texts, now, author=by, reviewer=None)
    return _begin(tx, published, now, by)


def watch(tx: Tx, now: datetime) -> list[Outgoing]:
    """What one published alone and nobody confirmed withdraws itself; as soon as there is a key to sign that with."""
    late = bulletins.overdue(tx, now)
    signer = bulletins.signer(tx, now) if late else None
    if signer is None:
        return []
    letters: list[Outgoing] = []
    for one in late:
        letters += _withdrawn(tx, signer, one, now, None)
        audit.note(tx, None, f"withdrew itself: {one.number}", now)
    return letters


# -- what is published ---------------------------------------------------------------------------------------------


def published(ask: Ask, tx: Tx) -> Outgoing:
    """The newest bulletins, to be corrected, withdrawn or translated."""
    desk.moderator(ask, tx)
    rows = []
    for one in bulletins.newest(tx, SHOWN):
        title = drafting.title_of(bulletins.draft_of(tx, one.number), ask.person.language)
        label = pgettext("button-wide", "No. {number}: {title}", number=one.number, title=title)
        rows.append([button(label, "published.one", one.number)])
    return ask.reply(_("What was published, the newest first."), *rows, [back("desk")], clean_after=desk.STANDS)


def _current(ask: Ask, tx: Tx) -> Bulletin:
    one = bulletins.find(tx, ask.number())
    if one is None or one.state is not State.CURRENT:
        raise Outdated
    return one


def published_one(ask: Ask, tx: Tx) -> Outgoing:
    """One bulletin, and what can be done about it."""
    desk.moderator(ask, tx)
    one = bulletins.find(tx, ask.number())
    editions = {} if one is None else bulletins.editions(tx, one.number)
    if one is None or not editions:
        raise Outdated
    text = editions.get(ask.person.language) or next(iter(editions.values()))
    if one.state is not State.CURRENT:
        return ask.reply(wording.page(text.text), [back("published")], clean_after=desk.STANDS)
    lacks = [language for language in i18n.LANGUAGES if language not in editions]
    tongues = [
        [
            button(
                pgettext("button", "🌐 {language_name}", language_name=i18n.LANGUAGE_NAMES[language]),
                "tongue.new",
                one.number,
                language,
            )
        ]
        for language in lacks
    ]
    unsure = [button(pgettext("button-wide", "⚠️ Not yet reviewed"), "alone.see", one.number)]
    again = [
        [button(pgettext("button", "✏️ Correct"), "published.correct", one.number)],
        [button(pgettext("button", "🗑 Withdraw"), "published.withdraw", one.number)],
    ]
    return ask.reply(
        wording.page(text.text),
        unsure if one.unreviewed_until is not None else [],
        *(again if one.kind is not Kind.WITHDRAWAL else []),
        *tongues,
        [back("published")],
        clean_after=desk.STANDS,
    )


def correct(ask: Ask, tx: Tx) -> Outgoing:
    """Begin a correction: everything is as it was published, and what changed must be said."""
    by = desk.moderator(ask, tx)
    one = _current(ask, tx)
    if one.kind is Kind.WITHDRAWAL:
        raise Outdated
    old = bulletins.draft_of(tx, one.number)
    said = {language: {k: v for k, v in texts.items() if k != "changed"} for language, texts in old.texts.items()}
    draft = replace(old, kind=Kind.CORRECTION, about=one.number, texts=said)
    kept = drafts.put(tx, by.person, draft, ask.now, left=["changed"])
    drafts.put_picture(tx, kept.id, bulletins.picture_of(tx, one.number) or b"")
    audit.note(tx, by.person, f"begun: correction of {one.number}", ask.now)
    return drafting.following(replace(ask, on=""), tx, kept)


def withdraw(ask: Ask, tx: Tx) -> Outgoing:
    """Begin a withdrawal: only why is asked."""
    by = desk.moderator(ask, tx)
    one = _current(ask, tx)
    if one.kind is Kind.WITHDRAWAL:
        raise Outdated
    old = bulletins.draft_of(tx, one.number)
    said = {language: {"title": texts["title"]} for language, texts in old.texts.items() if texts.get("title")}
    draft = replace(old, kind=Kind.WITHDRAWAL, about=one.number, claims=(), texts=said)
    kept = drafts.put(tx, by.person, draft, ask.now, left=["changed"])
    audit.note(tx, by.person, f"begun: withdrawal of {one.number}", ask.now)
    return drafting.following(replace(ask, on=""), tx, kept)


def tongue_new(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Begin to translate what is published into a language that it lacks."""
    by = desk.moderator(ask, tx)
    one = _current(ask, tx)
    language = ask.args[1] if len(ask.args) > 1 else ""
    if language not in i18n.LANGUAGES or language in bulletins.editions(tx, one.number):
        raise Outdated
    begun = [kept for kept in drafts.offered(tx, MOST) if (kept.of, kept.tongue) == (one.number, language)]
    kept = (
        begun[0]
        if begun
        else drafts.put(tx, by.person, bulletins.draft_of(tx, one.number), ask.now, of=one.number, tongue=language)
    )
    return translating.translate(replace(ask, args=(base36(kept.id), language)), tx)
