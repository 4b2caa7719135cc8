"""Whether somebody may stand in a list that is passed on: asked in plain words, shown exactly, taken back at any time.

It is asked of whoever answers for a record that can be found, and of whoever looks for somebody. Nobody is asked before
two moderators have said to whom the list goes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from zlib import crc32

from bot.domain import knock as rules
from bot.domain.conversation import Choice, Line, On, Outgoing, Page, Span
from bot.domain.knock import Kind, Known, Looking
from bot.domain.people import HOME
from bot.domain.refusals import Outdated
from bot.i18n import _, pgettext
from handlers.ask import Ask, back, button
from handlers.search import finding
from handlers.search.finding import STANDS, described
from storage import knocks, lists, search
from storage.database import Tx
from storage.lists import Consent, Whose

RECORD, SEARCH = "r", "s"


@dataclass(frozen=True, slots=True)
class Matter:
    """What is asked about: whose it is in the store, what is known, whether it is about oneself, and the way back."""

    whose: Whose
    known: Known
    code: tuple[str, int]
    back: Choice
    own: bool = False

    @property
    def looks(self) -> bool:
        """Whether it is a search."""
        return self.whose.search is not None


def choice(tx: Tx, kind: str, which: int) -> list[Choice]:
    """The button that leads here, for a record of this person or for this search. None, as long as no list goes out."""
    if not lists.recipient(tx):
        return []
    return [button(pgettext("button", "📤 In a list for others"), "pass", kind, which)]


def _matter(ask: Ask, tx: Tx) -> Matter:
    """Raises Outdated for what is not one's own, is over, or never was."""
    kind, which = ask.args[0] if ask.args else "", ask.number(1)
    if kind == RECORD:
        record = search.held_of(tx, which)
        if record is None or finding.holder_of(tx, record) != ask.person.id:
            raise Outdated
        own = record.kind is Kind.MEMBER
        return Matter(Whose(record=record.id), record.known, (kind, which), back("found.of", which), own)
    one = knocks.find(tx, which) if kind == SEARCH else None
    if one is None or one.person != ask.person.id or one.state is not Looking.LOOKING:
        raise Outdated
    return Matter(Whose(search=which), one.form.known, (kind, which), back("knock.one", which))


def show(ask: Ask, tx: Tx) -> Outgoing:
    """The question, with everything that would stand there; or what was said, and the way to take it back."""
    return _show(ask, tx, _matter(ask, tx))


def _show(ask: Ask, tx: Tx, one: Matter, first: Iterable[Line] = ()) -> Outgoing:
    to, said = lists.recipient(tx), lists.consent(tx, one.whose, ask.now)
    if not to and said is None:
        raise Outdated
    lines: list[Line | str] = [*first, _("<b>📤 A list for others</b>")]
    if said is None:
        asked = [_("May this stand in a list that goes to {to}, until a day that you choose?", to=to)] if to else []
    else:
        asked = []
        lines += _given(said)
    lines += ["", _("In it stands exactly this:"), *described(rules.goes_out(one.known))]
    if one.looks:
        lines.append(_("And that somebody of this community looks for them."))
    lines += [
        _("And the name of this community, the days, and a number that means nothing else."),
        _("Not in it: who you are, your account, your circles, your words."),
        "",
    ]
    if one.looks:
        lines.append(_("They themselves were not asked. If they hide from somebody, don't say yes."))
    elif not one.own:
        lines.append(_("Say yes only if they would say so themselves."))
    lines += [
        _("Whoever has got the list has it: others may read it, copy it, lose it. I can erase nothing there."),
        _("You can take it back at any time. Then the next list says that it is over, and nothing else of it."),
        *(["", *asked] if asked else ()),
    ]
    return ask.reply(Page(tuple(lines)), *_answers(one, said, to), [one.back], clean_after=STANDS)


def _given(said: Consent) -> Iterable[Line]:
    yield _(
        "It may stand in a list that goes to {to}, until {when}.", to=said.recipient, when=On(said.expires_at, HOME)
    )
    if said.went_at is not None:
        yield _("It first went out {when}.", when=On(said.went_at, HOME))
    else:
        yield _("It has not gone out yet.")


def _answers(one: Matter, said: Consent | None, to: str) -> Iterable[list[Choice]]:
    if said is not None:
        yield [button(pgettext("button", "🚫 Take it back"), "pass.no", *one.code)]
    if to and said is None:
        for days in rules.PASSED_FOR:
            label = pgettext("button-wide", "✅ Yes, for {span}", span=Span(timedelta(days=days)))
            yield [button(label, "pass.yes", *one.code, days, _mark(one, to))]


def _mark(one: Matter, to: str) -> int:
    """What a button remembers of what it stood under: whoever presses an old one has read something else."""
    return crc32(repr((to, rules.goes_out(one.known))).encode())


def yes(ask: Ask, tx: Tx) -> Outgoing:
    """It may stand there. Raises Outdated if the list goes to somebody else by now."""
    one, days, to = _matter(ask, tx), ask.number(2), lists.recipient(tx)
    if days not in rules.PASSED_FOR or not to or ask.number(3) != _mark(one, to):
        raise Outdated
    lists.say_yes(tx, one.whose, to, ask.now, ask.now + timedelta(days=days))
    return _show(ask, tx, one, [_("Kept. On that day it ends by itself.")])


def no(ask: Ask, tx: Tx) -> Outgoing:
    """It is taken back."""
    one = _matter(ask, tx)
    said = lists.consent(tx, one.whose, ask.now)
    lists.withdraw(tx, one.whose)
    lines = [_("Taken back. It stands in no list from now on.")]
    if said is not None and said.went_at is not None:
        lines.append(
            _("It had gone out already. The next list says that it is over; what others have copied, I can't erase.")
        )
    return ask.reply(Page(tuple(lines)), [one.back], clean_after=STANDS)
