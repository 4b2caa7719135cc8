"""What a shelter's or a hospital's list says of somebody, to whoever looks for them. No death is told like this."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot import i18n
from bot.domain.conversation import Line, Outgoing, Page
from bot.domain.knock import Case
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
            "A list names somebody who may be {name}. Two moderators have compared.",
            name=one.form.known.names[0],
        ),
        _("The list: {source}. Day: {day}.", source=told.source, day=day(told.at)),
    ]
    if told.hard:
        lines += [
            _("What it says should be told by a voice. Have somebody with you, and write to the moderators."),
            _("They can tell you how to reach those who keep the list."),
        ]
    else:
        lines += _said(told)
        lines.append(_("Lists have mistakes. Ask those who keep it before you set out, and pay nobody for news."))
    going_on = case.state is Case.OPEN  # of a search that is found, it is only read again
    found = button(pgettext("button", "✅ Found. Close it"), "knock.found", case.id)
    other = button(pgettext("button", "🚫 It is somebody else"), "knock.no", case.id)
    return ask.anew(
        Page(tuple(lines)),
        # the page stays: whoever writes to the moderators says which list it was
        [button(pgettext("button", "☎️ The moderators"), "hotline.new", "stays")],
        [found] if going_on and not told.hard else [],
        [other] if going_on else [],
        [back("knock")],
        clean_after=STANDS,
    )


def day(at: datetime | None) -> Line:
    """Of which day it is what a list says. Where it does not tell, nobody reads another day in its place."""
    return pgettext("noun", "not known") if at is None else i18n.day(at.astimezone(ZoneInfo(HOME)).date())


def _said(told: Told) -> list[Line | str]:
    lines: list[Line | str] = []
    if told.status in {"believed_alive", "is_note_author"}:
        lines.append(_("It says: alive. Day: {day}.", day=day(told.said_at)))
    elif told.status == "believed_missing":
        lines.append(_("It says: others look for them, too. Day: {day}.", day=day(told.said_at)))
    if told.place:
        lines.append(_("Place: {place}. Day: {day}.", place=told.place, day=day(told.seen_at)))
    return lines
