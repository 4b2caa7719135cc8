"""The tables of routes: every button, phrase and open question with its handler, joined from those of each room."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.phrases import Intent
from handlers import desk, duress, home, keeping, link, privacy, start
from handlers.ask import Handler
from handlers.family import routes as family
from handlers.petitions import routes as petitions
from handlers.routes import EVERYTHING, Limit, Routes, Waiting, guesses, joined
from handlers.search import routes as search
from handlers.updates import routes as updates

OWN = Routes(
    buttons={
        "home": home.home,
        "more": home.more,
        "ready": home.ready,
        "settings": home.settings,
        "manual": home.manual,
        "manual.page": home.manual_page,
        "over": home.over,
        "unclear": home.unclear,
        "speak": start.speak,
        "language": start.language,
        "name": start.name,
        "quiet": start.quiet,
        "quiet.at": start.quiet_at,
        "quiet.zone": start.quiet_zone,
        "quiet.off": start.quiet_off,
        "keeping": keeping.keeping,
        "keeping.set": keeping.chosen,
        "keeping.stay": keeping.stay,
        "keeping.go": keeping.let_go,
        "link": link.overview,
        "link.make": link.make,
        "link.type": link.type_it,
        "link.yes": link.yes,
        "link.no": link.no,
        "link.news": link.prefer,
        "link.cut": link.cut,
        "link.cut.yes": link.cut_off,
        "own": duress.overview,
        "own.set": duress.choose,
        "own.lift": duress.lift,
        "own.lifted": duress.lifted,
        "privacy": privacy.privacy,
        "copy": privacy.copy,
        "copied": privacy.copied,
        "clean": privacy.clean,
        "cleaned": privacy.cleaned,
        "forget": privacy.forget,
        "forgotten": privacy.forgotten,
        "desk": desk.desk,
        "desk.code": desk.code,
        "desk.give": desk.give,
        "desk.give.to": desk.give_to,
        "desk.rights": desk.rights,
        "desk.right": desk.one_right,
        "desk.renew": desk.renew,
        "desk.take": desk.take,
        "desk.keep": desk.keep,
        "desk.more": desk.seldom,
        "desk.leave": desk.leave,
        "desk.left": desk.left,
        "desk.withdraw": desk.withdraw,
        "desk.own": desk.own,
        "desk.over": desk.over,
        "desk.asked": desk.asked,
        "right.see": desk.right,
        "right.yes": desk.agreed,
    },
    phrases={
        Intent.HELP_OR_MANUAL: home.help_or_manual,
        Intent.MANUAL: home.manual,
        Intent.START: start.started,
        Intent.LANGUAGE: start.language,
        Intent.PRIVACY: privacy.privacy,
        Intent.FORGET: privacy.forget,
        Intent.CANCEL: home.cancel,
        Intent.BACK: home.home,
        Intent.DESK: desk.desk,
    },
    words={
        "name": Waiting(start.named, name=True, beside=True),
        "link": Waiting(link.typed, EVERYTHING),
        "own.first": Waiting(duress.first),
        "own.second": Waiting(duress.second),
        "desk.code": Waiting(desk.give_typed, EVERYTHING),
    },
    limits={
        privacy.copied: Limit("copy", 5),
        start.named: Limit("name", 10),
        link.make: Limit("link", 10),
        link.typed: Limit("link.guess", 5, guesses),
        desk.code: Limit("desk.code", 10),
        desk.give_typed: Limit("desk.guess", 5, guesses),
        desk.keep: Limit("desk.keep", 3),
    },
    unseeing=frozenset(
        {
            *(home.home, home.more, home.ready, home.settings, home.manual, home.manual_page, home.over),
            *(home.unclear, home.cancel, home.help_or_manual, home.not_understood, home.unreadable),
            home.only_words,
            *(start.speak, start.language, start.started, start.quiet, start.quiet_at, start.quiet_zone),
            start.quiet_off,
            *(privacy.privacy, privacy.clean, privacy.cleaned),
            *(link.overview, link.cut, link.cut_off),
            # these ask for a right first, and a right is not used from a new account: so a stranger learns nothing here
            *(desk.desk, desk.give, desk.give_to, desk.give_typed, desk.rights, desk.one_right, desk.renew),
            *(desk.take, desk.keep, desk.seldom, desk.leave, desk.left, desk.withdraw, desk.right, desk.agreed),
            *(desk.own, desk.over, desk.asked),
        }
    ),
    older=frozenset(
        {
            *(link.make, link.typed, link.yes, link.prefer),
            *(privacy.forget, privacy.forgotten),
            *(duress.choose, duress.first, duress.second, duress.lift, duress.lifted),
            desk.code,
        }
    ),
    staying=frozenset(
        {
            *(home.help_or_manual, home.only_words, home.unreadable, home.unclear),
        }
    ),
)

_ROOMS = (OWN, family.ROUTES, updates.ROUTES, petitions.ROUTES, search.ROUTES)
_WAITING = joined(*(room.words for room in _ROOMS))

BUTTONS: Mapping[str, Handler] = joined(*(room.buttons for room in _ROOMS))
URGENT_BUTTONS: frozenset[str] = frozenset().union(*(room.urgent for room in _ROOMS))
PHRASES: Mapping[Intent, Handler] = joined(*(room.phrases for room in _ROOMS))

# By what an open dialogue waits for.
WORDS: Mapping[str, Handler] = {what: one.handler for what, one in _WAITING.items()}
UNDERSTOOD: Mapping[str, frozenset[Intent]] = {what: one.understood for what, one in _WAITING.items()}
NAMES = frozenset(what for what, one in _WAITING.items() if one.name)
FORWARDED: Mapping[str, Handler] = {what: one.handler for what, one in _WAITING.items() if one.others}
BESIDE = frozenset(what for what, one in _WAITING.items() if one.beside)

# By handler.
LIMITS: Mapping[Handler, Limit] = joined(*(room.limits for room in _ROOMS))
FLEETING: frozenset[Handler] = frozenset().union(*(room.fleeting for room in _ROOMS))
UNSEEING: frozenset[Handler] = frozenset().union(*(room.unseeing for room in _ROOMS))
OLDER: frozenset[Handler] = frozenset().union(*(room.older for room in _ROOMS))
STAYING: frozenset[Handler] = frozenset().union(*(room.staying for room in _ROOMS))
