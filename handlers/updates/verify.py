"""Whether a text that goes round is ours: what was forwarded, copied or typed is held against what was published."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from bot.domain import verifying
from bot.domain.bulletin import Bulletin, Edition, State
from bot.domain.conversation import Choice, Line, On, Outgoing, Page
from bot.domain.verifying import FEWEST, Change, Found, Likeness
from bot.i18n import _, ngettext, pgettext
from handlers.ask import Ask, back, button, expect
from handlers.home import menu
from handlers.updates import rumour
from handlers.words import NEVER_FIRST
from storage import broadcasts, bulletins, copies, people
from storage.database import Tx

SHOWN: Final = 8  # changes that are shown one by one
STEPS: Final = 5  # corrections of corrections that are followed
NEVER: Final = _("❌ We have never sent this text. Whether it is true, that alone does not say.")
_COMMAND = re.compile(r"\s*[/!]\w{1,32}(?:@\S+)?\s*")


# -- asking --------------------------------------------------------------------------------------------------------


def verify(ask: Ask, tx: Tx) -> Outgoing:
    """`/verify`, perhaps with the text behind it; otherwise ask for the text."""
    text = _COMMAND.sub("", ask.words, count=1)
    if text.strip():
        return _answer(ask, tx, text)
    expect(ask, tx, "verify")
    return ask.reply(
        Page(
            (
                _(
                    "Forward me a text that is said to be ours, or copy or type its words here. I say whether it is "
                    "ours, and whether somebody changed it."
                ),
                NEVER_FIRST,
            )
        ),
        [back()],
    )


def typed(ask: Ask, tx: Tx) -> Outgoing:
    """Words were copied or typed to be checked."""
    return _answer(ask, tx, ask.words)


def forwarded(ask: Ask, tx: Tx) -> Outgoing:
    """Somebody else's words: checked, and never taken for the person's own."""
    if ask.data.get("what") not in {None, "verify"}:  # a dialogue still waits for their own words
        return _answer(ask, tx, ask.words, forwarded=True, rows=[[back()]])
    return _answer(ask, tx, ask.words, forwarded=True)


def picture(ask: Ask, tx: Tx) -> Outgoing:
    """A picture or a voice message was sent to be checked: its words must be typed. The question still stands."""
    del tx
    return ask.reply(_("I can't read this. Type the words that stand there: small slips do no harm."), [back()])


def is_ours(ask: Ask, tx: Tx) -> bool:
    """Whether words that nobody asked for are, perhaps altered, words of ours."""
    return find(tx, ask.words) is not None


# -- finding -------------------------------------------------------------------------------------------------------


def find(tx: Tx, text: str) -> tuple[Edition, Found] | None:
    """The published text that is most like this one."""
    words = verifying.read(text)
    if len(words) < FEWEST:
        return None
    near = bulletins.by_entries(tx, copies.candidates(tx, words))
    held = [(one, verifying.compare(verifying.read(one.text), words)) for one in near]
    fitting = [(one, found) for one, found in held if found.likeness is not Likeness.OTHER]
    return min(fitting, key=lambda pair: (pair[1].rank, -pair[0].entry), default=None)


# -- answering -----------------------------------------------------------------------------------------------------


def _answer(
    ask: Ask, tx: Tx, text: str, *, forwarded: bool = False, rows: Sequence[Sequence[Choice]] | None = None
) -> Outgoing:
    if ask.data.get("what") == "verify":
        people.end_dialogue(tx, ask.person.id)
    rest = [
        _("You have forwarded somebody else's words. I take only your own. If you have news, please choose:")
    ] * forwarded
    below = menu() if rows is None else rows
    if len(verifying.read(text)) < FEWEST:
        return ask.anew(Page((too_short(), *rest)), *below)
    found = find(tx, text)
    if found is None:
        lines = (NEVER, NEVER_FIRST, *rest)
        waiting = ask.data.get("what") not in {None, "verify"}
        return ask.anew(Page(lines), *([] if waiting else [rumour.offer(ask, tx, text)]), *below)
    edition, how = found
    one = bulletins.find(tx, edition.number)
    assert one is not None  # noqa: S101 - an edition refers to its bulletin
    broadcasts.note_asked(tx, one.number, ask.person.id, ask.now)  # a correction must reach them, too
    later = following(tx, one)
    reads = [later[-1].number if later else one.number]
    if one.number not in reads:
        reads.append(one.number)
    return ask.anew(
        Page((*said(one, how, disguised=verifying.is_disguised(text)), *standing(one, later))),
        *([read_button(number, edition.language)] for number in reads),
        [back()],
    )


def too_short() -> Line:
    """So few words stand in many texts."""
    return ngettext(
        "That is too short to tell whether it is ours: send at least {n} word.",
        "That is too short to tell whether it is ours: send at least {n} words.",
        n=FEWEST,
    )


def said(one: Bulletin, how: Found, *, disguised: bool) -> list[Line | str]:
    """How a text is like a bulletin of ours, with each changed place."""
    day = On(one.published_at)
    match how.likeness:
        case Likeness.SAME | Likeness.PART if disguised:
            lines: list[Line | str] = [
                _(
                    "⚠️ The words are those of our No. {number} of {day}, but hidden signs stand among them that can "
                    "make them look otherwise. Read ours:",
                    number=one.number,
                    day=day,
                )
            ]
        case Likeness.SAME:
            lines = [_("✅ These are our words: No. {number} of {day}.", number=one.number, day=day)]
        case Likeness.PART:
            lines = [
                _(
                    "✅ This is a part of our No. {number} of {day}. What was left out may change what it means.",
                    number=one.number,
                    day=day,
                )
            ]
        case _:
            lines = [
                _(
                    "⚠️ This was altered. It resembles our No. {number} of {day}, but somebody changed it:",
                    number=one.number,
                    day=day,
                ),
                *map(change, how.changes[:SHOWN]),
            ]
            if len(how.changes) > SHOWN:
                n = len(how.changes) - SHOWN
                lines.append(ngettext("… and {n} more place", "… and {n} more places", n=n))
    if how.spelled:
        lines.append(_("Some words are spelled otherwise. Look whether they mean the same:"))
        lines += [change(each) for each in how.spelled[:SHOWN]]
        if len(how.spelled) > SHOWN:
            lines.append(ngettext("… and {n} more place", "… and {n} more places", n=len(how.spelled) - SHOWN))
    return lines


def change(one: Change) -> Line:
    """One changed place."""
    if not one.ours:
        return _("• Added: “{theirs}”", theirs=one.theirs)
    if not one.theirs:
        return _("• Left out: “{ours}”", ours=one.ours)
    return _("• We said “{ours}” → the copy says “{theirs}”", ours=one.ours, theirs=one.theirs)


def following(tx: Tx, one: Bulletin) -> list[Bulletin]:
    """What corrected or withdrew a bulletin, and what did so to that: the last one last."""
    later: list[Bulletin] = []
    while one.replaced_by is not None and len(later) < STEPS:
        found = bulletins.find(tx, one.replaced_by)
        if found is None:
            break
        later.append(found)
        one = found
    return later


def standing(one: Bulletin, later: Sequence[Bulletin]) -> list[Line | str]:
    """What became of a bulletin, and what readers must know of how it stands."""
    lines: list[Line | str] = []
    if one.state is State.CURRENT:
        lines.append(_("No. {number} is current.", number=one.number))
    for old, new in zip((one, *later), later, strict=False):
        lines.append(_replaced(old, new.number, new.published_at))
    last = later[-1] if later else one
    if last.unreviewed_until is not None and last.state is State.CURRENT:
        lines.append(_("⚠️ No. {number} is not yet reviewed: only one person has seen it.", number=last.number))
    if one.exercise:
        lines.append(_("🎓 It is part of an exercise: nothing of it has happened."))
    return lines


def _replaced(old: Bulletin, number: int, at: datetime) -> Line:
    if old.state is State.WITHDRAWN:
        return _("🚫 No. {old} was withdrawn by No. {number}, {day}.", old=old.number, number=number, day=On(at))
    return _("✏️ No. {old} was corrected by No. {number}, {day}.", old=old.number, number=number, day=On(at))


def read_button(number: int, language: str) -> Choice:
    """The way to a whole bulletin."""
    return button(pgettext("button", "📖 Read No. {number}", number=number), "bulletin.read", number, language)
