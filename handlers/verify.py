"""`/verify`, or a forwarded text: is this one of our bulletins, is it still good, and which words of it were changed.

Everybody is answered the same, member or stranger. What they ask about is not stored. Nothing here becomes news or a
call: forwarded words are somebody else's.
"""

from __future__ import annotations

from bot.domain import verifying
from bot.domain.bulletin import Bulletin, State
from bot.domain.conversation import Choice, Line, On, Outgoing, Page
from bot.domain.verifying import Alike, Change, Found, Word
from bot.i18n import _, ngettext, pgettext
from handlers import home
from handlers.ask import Ask, back, button, expect
from handlers.home import with_menu
from handlers.words import NEVER_FIRST
from storage import broadcasts, bulletins, copies, people
from storage.database import Tx

CHANGES_SHOWN = 5
LONGEST_SHOWN = 300  # characters of one change


def verify(ask: Ask, tx: Tx) -> Outgoing:
    """Ask for the text."""
    expect(ask, tx, "verify")
    return ask.reply(
        _("Send me the text, or forward it. I tell you whether it is ours, and whether it was changed."), [back()]
    )


def verified(ask: Ask, tx: Tx) -> Outgoing:
    """Say what a text is that was sent after `/verify`."""
    people.end_dialogue(tx, ask.person.id)
    copy = verifying.words(ask.words)
    if verifying.too_short(copy):
        return ask.anew(
            _("These are too few words to tell whether they are ours. Send me a longer part of the text, please."),
            [button(pgettext("button", "🔎 Check a text"), "verify")],
            [back()],
        )
    return _told(ask, tx, copy) or ask.anew(Page(tuple(_never())), *_about_rumours(), [back()])


def forwarded(ask: Ask, tx: Tx) -> Outgoing:
    """Say what a forwarded text is. An open dialogue still waits, unless it waited for this."""
    if ask.data.get("what") == "verify":
        return verified(ask, tx)
    copy = verifying.words(ask.words)
    if verifying.too_short(copy):
        return with_menu(ask, home.forwarded())
    never = Page((*_never(), "", home.forwarded()))
    return _told(ask, tx, copy) or ask.reply(never, *_about_rumours(), *home.menu())


def _told(ask: Ask, tx: Tx, copy: list[Word]) -> Outgoing | None:
    """What a text is if it is one of ours."""
    one, found = _best(tx, copy)
    if one is None:
        return None
    asked_about(ask, tx, one.number)
    return ask.anew(Page(tuple(_lines(one, found))), *_buttons(ask, one), [back()])


def asked_about(ask: Ask, tx: Tx, number: int) -> None:
    """Somebody has this bulletin in their hands, perhaps from others: a correction of it must reach them, too."""
    broadcasts.note_asked(tx, number, ask.person.id, ask.now)


def _about_rumours() -> list[list[Choice]]:
    """What else can be done about a text that is not ours."""
    return []


def _best(tx: Tx, copy: list[Word]) -> tuple[Bulletin | None, Found]:
    """What a text is most like: nearest first, then what is current, then what is newer."""
    best: tuple[tuple[int, int, int, int], Bulletin, Found] | None = None
    for number, text in copies.candidates(tx, copy):
        found = verifying.compare(verifying.words(text), copy)
        one = bulletins.find(tx, number)
        if found.alike is Alike.OTHER or one is None:
            continue
        same = found.same if found.alike is Alike.ALTERED else 0
        rank = (found.alike, same, int(one.state is State.CURRENT), number)
        if best is None or rank > best[0]:
            best = rank, one, found
    return (None, Found(Alike.OTHER)) if best is None else best[1:]


def _never() -> list[Line | str]:
    return [
        _("We have never published this text."),
        _("That does not tell whether it is true. It tells only that it is not from us."),
        "",
        NEVER_FIRST,
    ]


def _lines(one: Bulletin, found: Found) -> list[Line | str]:
    lines: list[Line | str] = []
    match found.alike:
        case Alike.ALTERED:
            lines += [
                _("⚠️ This is <b>not</b> what we published. It resembles our No. {n}, and was changed:", n=one.number)
            ]
            lines += [_changed(change) for change in found.changes[:CHANGES_SHOWN]]
            rest = len(found.changes) - CHANGES_SHOWN
            if rest > 0:
                lines.append(ngettext("…and {n} more change.", "…and {n} more changes.", n=rest))
            lines += ["", _("About our No. {n} itself:", n=one.number)]
        case Alike.PART:
            lines += [
                _("This is a part of our No. {n}. Nothing in it was changed, but it is not the whole.", n=one.number)
            ]
        case _:
            lines += [_("This is our No. {n}, word by word.", n=one.number)]
    return [*lines, *standing(one)]


def _changed(change: Change) -> Line:
    ours, theirs = _cut(change.ours), _cut(change.theirs)
    if not ours:
        return _("• Added, not by us: “{theirs}”", theirs=theirs)
    if not theirs:
        return _("• Left out: “{ours}”", ours=ours)
    return _("• We wrote “{ours}”. The copy says “{theirs}”.", ours=ours, theirs=theirs)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "…"


def standing(one: Bulletin) -> list[Line | str]:
    """What a bulletin is worth now."""
    lines: list[Line | str] = []
    if one.exercise:
        lines.append(_("❗ It is an <b>exercise</b>. Nothing of it has happened."))
    match one.state:
        case State.WITHDRAWN if one.replaced_by is not None:
            lines.append(_("⛔ It is withdrawn (see No. {n}). Please don't pass it on.", n=one.replaced_by))
        case State.CORRECTED if one.replaced_by is not None:
            lines.append(_("✏️ It was corrected: No. {n} is newer. Please pass on only that one.", n=one.replaced_by))
        case _ if one.unreviewed_until is not None:
            lines.append(_("⚠️ It is not yet reviewed: only one of us has seen it."))
        case _:
            lines.append(_("✅ It is current, and a second person has reviewed it."))
    lines.append(_("Published: {date}", date=On(one.published_at)))
    return lines


def _buttons(ask: Ask, one: Bulletin) -> list[list[Choice]]:
    numbers = [one.number] if one.replaced_by is None else [one.replaced_by, one.number]
    return [
        [button(pgettext("button", "📰 Read No. {n}", n=number), "bulletin.read", number, ask.person.language)]
        for number in numbers
    ]
