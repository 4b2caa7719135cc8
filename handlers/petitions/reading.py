"""Reading petitions: what is open, and a letter with its facts. A member and a stranger get the same."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from bot.domain.conversation import Choice, Line, Outgoing, Page
from bot.domain.petition import LANGUAGES, Letter, State
from bot.domain.refusals import Outdated
from bot.i18n import _, language_button, ngettext, pgettext
from handlers.ask import Ask, back, button
from handlers.petitions import counting, wording
from handlers.petitions.wording import STANDS
from storage import petitions
from storage.database import Tx
from storage.petitions import Petition, Version

SHOWN: Final = 5  # on one page
_PAYLOAD: Final = re.compile(r"p[0-9a-z]{1,13}", re.ASCII)
ENDED: Final = (State.CLOSING, State.CLOSED, State.ANONYMOUS)


def payload_in(text: str) -> str:
    """What a link to a petition carries, if that stands at the end of what was typed or opened; else ""."""
    last = text.split()[-1:] if len(text) < 200 else []  # noqa: PLR2004 - a link is short
    return last[0] if last and _PAYLOAD.fullmatch(last[0]) else ""


# -- the list ------------------------------------------------------------------------------------------------------


def begin(ask: Ask, tx: Tx) -> Outgoing | list[Outgoing]:
    """`/petitions`, perhaps with the code of one behind it."""
    found = payload_in(ask.words) if ask.words.lstrip().startswith(("/", "!")) else ""
    return linked(ask, tx, found) if found else listed(replace(ask, args=()), tx)


def listed(ask: Ask, tx: Tx) -> Outgoing:
    """The petitions that can be signed, the newest first; or those that are over."""
    is_over = ask.args[:1] == ("over",)
    skip = ask.number(1) if len(ask.args) > 1 else 0
    states = ENDED if is_over else (State.OPEN,)
    found = petitions.public(tx, SHOWN + 1, min(skip, 10_000), states=states)
    lines: list[Line | str] = [_("<b>Petitions that are over</b>") if is_over else _("<b>Petitions you can sign</b>")]
    rows: list[list[Choice]] = []
    for one in found[:SHOWN]:
        newest = petitions.newest(tx, one.id, opened=True)
        if newest is None:
            continue
        title = wording.titled(newest.letter, ask.person.language)
        lines.append(
            ngettext(
                "• {title}\n{n} person has signed; the goal is {goal}.",
                "• {title}\n{n} people have signed; the goal is {goal}.",
                n=one.count,
                title=title,
                goal=newest.letter.goal,
            )
        )
        rows.append([button(pgettext("button-wide", "📜 {title}", title=title), "petition", one.id)])
    if not rows:
        lines.append(_("There is none now."))
    if len(found) > SHOWN:
        rows.append([button(pgettext("button", "⏬ Older"), "petitions", "over" if is_over else "open", skip + SHOWN)])
    others = (
        button(pgettext("button", "✍️ Open ones"), "petitions", "open", 0)
        if is_over
        else button(pgettext("button", "🗂 Those that are over"), "petitions", "over", 0)
    )
    code = [button(pgettext("button", "🔢 I have a code"), "petition.code")]
    return ask.reply(Page(tuple(lines)), *rows, [others], code, [back("more")], clean_after=STANDS)


# -- one letter ----------------------------------------------------------------------------------------------------


def find(ask: Ask, tx: Tx) -> tuple[Petition, Version]:
    """The petition that a button means, and its newest opened version. Raises Outdated, whatever is wrong."""
    found = petitions.find(tx, ask.number())
    newest = None if found is None else petitions.newest(tx, found.id, opened=True)
    if found is None or newest is None:
        raise Outdated
    return found, newest


def _language(ask: Ask, letter: Letter) -> str:
    language = ask.args[1] if len(ask.args) > 1 else ask.person.language
    return wording.spoken_in(letter, language)


def linked(ask: Ask, tx: Tx, payload: str) -> list[Outgoing]:
    """Open the petition that a link carries. Raises Outdated."""
    return read(replace(ask, args=(payload[1:],), on=""), tx)


def read(ask: Ask, tx: Tx) -> list[Outgoing]:
    """The letter, and below it the facts and what can be done."""
    found, newest = find(ask, tx)
    letter = newest.letter
    language = _language(ask, letter)
    pages = [ask.anew(page, clean_after=STANDS) for page in wording.letter_pages(letter, language)]
    facts = Page((*facts_lines(found, newest, ask.person.language), *_communities(tx, found)))
    return [*pages, ask.anew(facts, *_ways(found, newest, language), clean_after=STANDS)]


def _communities(tx: Tx, found: Petition) -> list[Line | str]:
    """Whose letter it is, and what other communities count for it, if there is anything to say."""
    said = [*counting.whose(tx, found), *counting.elsewhere(tx, found, found.count)]
    return ["", *said] if said else []


def facts_lines(found: Petition, newest: Version, language: str) -> Iterable[Line | str]:
    """What everybody may know of a petition."""
    letter = newest.letter
    yield from wording.count_lines(letter.goal, found.count, found.vouched)
    if found.state is State.OPEN:
        yield wording.closes_line(letter.closes)
    else:
        yield _("It is over: nobody can sign any more.")
    yield wording.addressees_line(letter, language)
    yield from wording.names_lines(letter)
    if newest.number > 1:
        yield _(
            "This is version {number} of the letter. Who signed an older one is counted for that one.",
            number=newest.number,
        )
    yield ""
    yield from wording.key_lines(letter)


def _ways(found: Petition, newest: Version, language: str) -> Iterable[list[Choice]]:
    which = newest.petition
    others = [language_button(one) for one in LANGUAGES if one != language]
    tongues = [one for one in LANGUAGES if one != language]
    can_sign = found.state is State.OPEN and newest.state is State.OPEN
    can_withdraw = found.state in {State.OPEN, State.CLOSING, State.CLOSED}
    return (
        [button(pgettext("button", "✍️ Sign"), "petition.sign", which)] if can_sign else [],
        [
            button(pgettext("button", "📨 What we ask"), "petition.asks", which, language),
            button(pgettext("button", "📚 Background"), "petition.background", which, language),
        ],
        [
            button(pgettext("button", "📈 How it goes"), "petition.progress", which),
            button(pgettext("button", "🔔 Follow"), "petition.follow", which),
        ],
        [button(pgettext("button", "🪧 Card"), "petition.card", which)],
        [button(label, "petition", which, one) for label, one in zip(others, tongues, strict=True)],
        [button(pgettext("button", "↩️ I want to withdraw"), "petition.withdraw", which)] if can_withdraw else [],
        [back("petitions")],
    )


def asks(ask: Ask, tx: Tx) -> list[Outgoing]:
    """What is asked of whom."""
    found, newest = find(ask, tx)
    return _pages(ask, found, wording.asked_pages(newest.letter, _language(ask, newest.letter)))


def background(ask: Ask, tx: Tx) -> list[Outgoing]:
    """The background, and where it can be looked up."""
    found, newest = find(ask, tx)
    return _pages(ask, found, wording.background_pages(newest.letter, _language(ask, newest.letter)))


def _pages(ask: Ask, found: Petition, pages: list[Page]) -> list[Outgoing]:
    rows: list[list[Choice]] = [[back("petition", found.id)]]
    return [ask.anew(page, *(rows if page is pages[-1] else []), clean_after=STANDS) for page in pages]
