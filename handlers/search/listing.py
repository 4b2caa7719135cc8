"""What a shelter's or a hospital's list says of somebody, to whoever looks for them. No death is told like this."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.conversation import Line, On, Outgoing, Page
from bot.domain.people import HOME
from bot.i18n import _, pgettext
from handlers.ask import Ask, back, button
from storage.knocks import Candidate, Knock
from storage.lists import Told

STANDS = timedelta(hours=24)


def shown(ask: Ask, case: Candidate, one: Knock, told: Told) -> Outgoing:
    """The line of a list, step by step: that there is one and what it says, and never who else looks or has looked."""
    lines: list[Line | str] = [
        _(
            "A list names somebody who may be {name}. Two moderators have compared what you know with what it says.",
            name=one.form.known.names[0],
        ),
        _("The list: {source}, as of {when}.", source=told.source, when=On(told.at, HOME)),
    ]
    if told.hard:
        lines += [
            _("What it says should be told by a voice. Have somebody with you, and write to the moderators."),
            _("They can tell you how to reach those who keep the list."),
        ]
    else:
        lines += _said(told)
        lines.append(_("Lists have mistakes. Ask those who keep it before you set out, and pay nobody for news."))
    return ask.anew(
        Page(tuple(lines)),
        [button(pgettext("button", "☎️ The moderators"), "hotline.new")],
        [button(pgettext("button", "✅ Found. Close it"), "knock.found", case.id)],
        [button(pgettext("button", "🚫 It is somebody else"), "knock.no", case.id)],
        [back("knock")],
        clean_after=STANDS,
    )


def _said(told: Told) -> list[Line | str]:
    lines: list[Line | str] = []
    if told.status in {"believed_alive", "is_note_author"}:
        lines.append(_("It says: alive."))
    elif told.status == "believed_missing":
        lines.append(_("It says: others look for them, too."))
    if told.place:
        lines.append(_("Place: {place}", place=told.place))
    return lines
