"""A petition's card, to be forwarded: its title, how many signed until now, and the way to it; also into outlets."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from bot import i18n
from bot.domain.conversation import Attachment, Line, Outgoing, Page, Place
from bot.domain.conversation import Lane as Way
from bot.domain.refusals import Outdated
from bot.domain.roles import Role
from bot.i18n import _, pgettext
from handlers import desk
from handlers.ask import Ask, back, base36, button
from handlers.petitions.counting import counted
from handlers.petitions.wording import title_of
from handlers.words import messenger
from storage import audit, jobs, outbox, outlets, petitions, relays, roles
from storage.database import Tx
from storage.jobs import Done, Job
from storage.outlets import Outlet
from storage.petitions import Petition, Version


def opened(ask: Ask, tx: Tx) -> tuple[Petition, Version]:
    """The petition that a button means, if everybody may read it, and its newest letter. Raises Outdated."""
    found = petitions.find(tx, ask.number())
    newest = None if found is None else petitions.newest(tx, found.id, opened=True)
    if found is None or newest is None:
        raise Outdated
    return found, newest


# -- the card ------------------------------------------------------------------------------------------------------


def show(ask: Ask, tx: Tx) -> None:
    """Let the card be drawn in the reader's language."""
    found, newest = opened(ask, tx)
    _draw(ask, tx, found, newest, ask.person.language, _way(ask, found, ask.platform))


def _way(ask: Ask, found: Petition, platform: str) -> str:
    """The address that opens the petition on a platform, as far as there is one."""
    payload = f"p{base36(found.id)}"
    name = next((name for title, name in ask.elsewhere if title.lower() == platform), "")
    if platform == ask.platform or not name:
        return ask.link(payload)
    return f"https://matrix.to/#/{name}" if ":" in name else f"https://t.me/{name.lstrip('@')}?start={payload}"


def _draw(  # noqa: PLR0913, PLR0917 - a card and where it goes
    ask: Ask, tx: Tx, found: Petition, newest: Version, language: str, link: str, outlet: int | None = None
) -> None:
    words = _("Signatures on {day}:", day=f"{ask.now:%d.%m.%Y}")
    body: dict[str, Any] = {
        "petition": found.id,
        "title": title_of(newest.letter, language),
        "count": found.count,
        "words": i18n.plain(i18n.speak(words, language, ask.now)),
        "link": link,
        "outlet": outlet,
    }
    jobs.put(tx, ask.person.id, ask.address, relays.CARD, json.dumps(body, ensure_ascii=False), ask.now)


def drawn(tx: Tx, job: Job, done: Done, now: datetime) -> list[Outgoing]:
    """The card is drawn: to whoever asked for it, or into the outlet that was chosen."""
    body = json.loads(job.body)
    found = petitions.find(tx, int(body["petition"]))
    if not jobs.done(tx, job.id) or found is None:
        return []
    text = Page((_("<b>{title}</b>", title=body["title"]), *counted(tx, found, body["count"]), "", *_open(found, body)))
    picture = Attachment("picture", "petition.png", done.drawn)
    if body["outlet"] is not None:
        outlet = outlets.find(tx, int(body["outlet"]))
        if outlet is None:
            return []
        return [
            Outgoing(outlet.address, text, lane=Way.PETITION, topic=_topic(found), attachment=picture, to_group=True)
        ]
    may = roles.held(tx, job.person, Role.ORGANISER, now) is not None
    rows = [[button(pgettext("button", "📢 Post it"), "petition.outlets", found.id)]] if may else []
    rows.append([back("petition", found.id)])
    return [Outgoing(job.person, text, attachment=picture, choices=tuple(map(tuple, rows)), at=job.address)]


def _open(found: Petition, body: dict[str, Any]) -> list[Line | str]:
    payload = f"p{base36(found.id)}"
    link = str(body["link"])
    if payload in link:
        return [_("Read it and sign, if you want:"), link]
    return [_("Read it and sign, if you want:"), link, _("There write: {command}", command=f"/petitions {payload}")]


# -- into outlets ----------------------------------------------------------------------------------------------------


def _topic(found: Petition) -> str:
    return f"petition:{found.id}"


def choose(ask: Ask, tx: Tx) -> Outgoing:
    """The organiser chooses where the card is posted."""
    desk.organiser(ask, tx)
    found, _newest = opened(ask, tx)
    rows = [
        [button(outlet_label(number, one), "petition.post", found.id, one.id)]
        for number, one in enumerate(outlets.every(tx), 1)
        if one.language and not outbox.stands(tx, one.address, _topic(found))
    ]
    text = (
        _("Where shall the card be posted? It is posted in each place once.")
        if rows
        else _("There is no outlet where it does not stand already. Moderators make outlets at the desk.")
    )
    return ask.anew(text, *rows, [back("relay.of", found.id)], clean_after=desk.STANDS)


def outlet_label(number: int, one: Outlet) -> Line:
    """What an outlet is called in a list."""
    where, language = messenger(one.platform), i18n.LANGUAGE_NAMES.get(one.language, "…")
    if one.place:
        return pgettext(
            "button-wide",
            "📢 {number}: {messenger}, {language}, {place}",
            number=number,
            messenger=where,
            language=language,
            place=Place(one.place),
        )
    return pgettext(
        "button-wide", "📢 {number}: {messenger}, {language}", number=number, messenger=where, language=language
    )


def post(ask: Ask, tx: Tx) -> Outgoing:
    """Post the card in an outlet, once."""
    by = desk.organiser(ask, tx)
    found, newest = opened(ask, tx)
    outlet = outlets.find(tx, ask.number(1))
    if outlet is None or not outlet.language or outbox.stands(tx, outlet.address, _topic(found)):
        raise Outdated
    _draw(ask, tx, found, newest, outlet.language, _way(ask, found, outlet.platform), outlet.id)
    audit.note(tx, by.person, "posted: petition", ask.now)
    return ask.reply(_("It is being posted."), [back("petition.outlets", found.id)], clean_after=desk.STANDS)
