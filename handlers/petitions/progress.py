"""How a petition goes on: counts, growth, what became of its packets, and its files. Everybody reads the same."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Final

from bot.countries import named
from bot.domain import checkpoint, milestones
from bot.domain.conversation import Attachment, Choice, Line, Outgoing, Page
from bot.domain.petition import State
from bot.domain.refusals import Outdated
from bot.i18n import _, ngettext, pgettext
from handlers.ask import Ask, back, base36, button
from handlers.petitions import steps, wording
from handlers.petitions.wording import STANDS
from storage import jobs, ledger, petition_logs, petitions, signatures
from storage.database import Tx
from storage.jobs import Done, Job
from storage.petitions import Petition, Version

SHOWN: Final = 6  # packets on one page, the newest
NAMES: Final = 25  # in public, on one page: so many of the longest fit into one message


def find(ask: Ask, tx: Tx) -> tuple[Petition, Version]:
    """The petition that a button means, and its newest opened version. Raises Outdated, whatever is wrong."""
    found = petitions.find(tx, ask.number())
    newest = None if found is None else petitions.newest(tx, found.id, opened=True)
    if found is None or newest is None:
        raise Outdated
    return found, newest


def overview(ask: Ask, tx: Tx) -> Outgoing:
    """How it goes: the count as it is now, and each step since."""
    one, newest = find(ask, tx)
    letter, language = newest.letter, ask.person.language
    lines: list[Line | str] = [
        _("<b>{title}</b>", title=wording.titled(letter, language)),
        *wording.count_lines(letter.goal, one.count, one.vouched),
        _("That is {share} % of the goal.", share=milestones.share(one.count, letter.goal)),
    ]
    lines.append(wording.closes_line(letter.closes) if one.state is State.OPEN else _("It is closed for signing."))
    packets = ledger.of(tx, one.id)
    for packet in packets[-SHOWN:]:
        lines += ["", *steps.steps(packet, language)]
    note = petition_logs.last_checkpoint(tx, one.id)
    said = None if note is None else checkpoint.read_checkpoint(note.text)
    if said is not None:
        lines += ["", steps.state_line(said)]
    rows: list[list[Choice]] = [
        [
            button(pgettext("button", "📊 Growth"), "petition.chart", one.id),
            button(pgettext("button", "📎 Files to check"), "petition.files", one.id),
        ],
        [button(pgettext("button", "📣 Names in public"), "petition.names", one.id)],
        [button(pgettext("button", "🔔 Follow"), "petition.follow", one.id)],
        [back("petition", one.id)],
    ]
    return ask.reply(Page(tuple(lines)), *rows, clean_after=STANDS)


def names(ask: Ask, tx: Tx) -> Outgoing:
    """Who wanted everybody to read their name, in the order of the log, as of yesterday."""
    one, newest = find(ask, tx)
    after = ask.number(1) if len(ask.args) > 1 else -1
    found = signatures.public_names(tx, one.id, ask.now.date(), after, NAMES + 1)
    lines: list[Line | str] = [
        _("<b>{title}</b>", title=wording.titled(newest.letter, ask.person.language)),
        _("They want everybody to read their names. All others are counted, and not named here."),
        _("New names stand here from the next day. Nobody has checked whether they are true."),
        "",
        *(_("• {name}", name=name) for _place, name in found[:NAMES]),
    ]
    if not found:
        lines.append(_("There is none now."))
    rows: list[list[Choice]] = []
    if len(found) > NAMES:
        rows.append([button(pgettext("button", "⏬ More"), "petition.names", one.id, found[NAMES - 1][0])])
    return ask.reply(Page(tuple(lines)), *rows, [back("petition.progress", one.id)], clean_after=STANDS)


# -- pictures ------------------------------------------------------------------------------------------------------


def chart(ask: Ask, tx: Tx) -> None:
    """Let the growth be drawn."""
    one, _newest = find(ask, tx)
    jobs.put(tx, ask.person.id, ask.address, ledger.CHART, base36(one.id), ask.now)


def drawn(tx: Tx, job: Job, done: Done, now: datetime) -> list[Outgoing]:
    """The growth is drawn."""
    if not jobs.done(tx, job.id):
        return []
    which = int(job.body, 36)
    one = petitions.find(tx, which)
    if one is None or not one.count or not done.drawn:
        return [_nothing(job)]
    found = json.loads(done.hashed)
    days = [(date.fromisoformat(day), many) for day, many in found["days"]]
    if days and (since := one.count - sum(many for _day, many in days)):  # what has changed while it was drawn
        days[-1] = (days[-1][0], days[-1][1] + since)
    lines: list[Line | str] = [
        ngettext("{n} signature counts now.", "{n} signatures count now.", n=one.count),
    ]
    left = milestones.days_left(days, one.count, found["goal"], now.date())
    if one.author == job.person and one.state is State.OPEN:
        if left is not None:
            lines.append(
                ngettext(
                    "At the pace of the last week the goal is reached in {n} day.",
                    "At the pace of the last week the goal is reached in {n} days.",
                    n=left,
                )
            )
        elif one.count < found["goal"]:
            lines.append(_("At the pace of the last week nobody can say when the goal is reached."))
    classes = milestones.classes(found["countries"])
    if classes:
        lines += ["", _("Countries from which at least ten people have signed, in full tens:")]
        lines += [_("• {country}: {count}+", country=named(code, job.language), count=many) for code, many in classes]
    attached = Attachment("picture", "growth.png", done.drawn)
    rows = ((back("petition.progress", which),),)
    return [
        Outgoing(
            job.person,
            Page(tuple(lines)),
            choices=rows,
            attachment=attached,
            at=job.address,
            clean_after=STANDS,
            own=True,
        )
    ]


# -- files ---------------------------------------------------------------------------------------------------------


def files(ask: Ask, tx: Tx) -> None:
    """Let the published files be put together."""
    one, _newest = find(ask, tx)
    jobs.put(tx, ask.person.id, ask.address, ledger.FILES, base36(one.id), ask.now)


def filed(tx: Tx, job: Job, done: Done, now: datetime) -> list[Outgoing]:
    """They are put together: nothing in them says who has signed."""
    del now
    if not jobs.done(tx, job.id):
        return []
    if not done.drawn:
        return [_too_big(job) if done.hashed else _nothing(job)]
    text = _(
        "With these files everybody can count: unpack them, and run <code>payvand verify</code> on the directory. "
        "They hold the letter, the log and its signed states, and no name of anybody who has signed."
    )
    attached = Attachment("file", f"petition-{int(job.body, 36):x}.zip", done.drawn)
    return [Outgoing(job.person, text, attachment=attached, at=job.address, clean_after=STANDS, own=True)]


def _nothing(job: Job) -> Outgoing:
    text = _("There is nothing to show yet. Try again tomorrow.")
    return Outgoing(job.person, text, at=job.address, clean_after=STANDS, own=True)


def _too_big(job: Job) -> Outgoing:
    text = _("The files are too big for a chat. They are where the community publishes its bulletins.")
    return Outgoing(job.person, text, at=job.address, clean_after=STANDS, own=True)
