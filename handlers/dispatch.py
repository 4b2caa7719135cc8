"""The way of one message: who wrote, what they meant, who answers it. The tables are in `handlers/router.py`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from bot import i18n
from bot.domain import choosing
from bot.domain.choosing import picked, signed
from bot.domain.conversation import (
    Ago,
    Attached,
    Blocked,
    Changed,
    Heard,
    Incoming,
    Line,
    Moved,
    Outgoing,
    Page,
    Posted,
    Pressed,
    Reacted,
    Said,
    Started,
    Unblocked,
    Unreadable,
)
from bot.domain.link import SHOWN
from bot.domain.people import Person
from bot.domain.phrases import Intent, understand
from bot.domain.refusals import NotYet, Outdated, Refusal, TooNew, TooOften
from bot.domain.spoken import is_code
from bot.domain.verifying import FEWEST
from bot.i18n import _
from handlers import duress, home, router, start
from handlers.ask import Answer, Ask, Handler
from handlers.family import alarm, rollcall, spoken
from handlers.petitions import relay as petition_relay
from handlers.refused import sentence
from handlers.routes import URGENT
from handlers.search import form
from handlers.updates import document, outlet, picturing, rumour, verify
from storage import checkins, circles, deadlines, inbox, menus, outbox, people
from storage.database import StorageFault, Tx

ASKED_WITHIN = timedelta(days=2)
ENDING = frozenset({"call.mistake", "call.safe"})  # urgent buttons that end a call
NEVER_AGAIN = (Blocked, Unblocked, Unreadable)  # what tells only how an account was at that moment
MINUTE = timedelta(minutes=1)

Doors = Callable[[str, str], tuple[Callable[[str], str], tuple[tuple[str, str], ...]]]


def receive(tx: Tx, incoming: Incoming, now: datetime, doors: Doors) -> None:
    """Handle one update inside one transaction. A redelivery changes nothing.

    `doors(platform, bot)` gives the function that makes a link from a payload there, and the bot's names elsewhere.
    """
    if isinstance(incoming.heard, Changed) and not is_urgent(incoming.heard):
        return
    if not inbox.is_new(tx, incoming.sender, incoming.id, now):
        return
    _heard(tx, people.meet(tx, incoming.sender, now, group=incoming.group), incoming, now, doors)


def _heard(tx: Tx, met: people.Met, incoming: Incoming, now: datetime, doors: Doors) -> None:
    if met.back and met.person is not None and not isinstance(incoming.heard, Blocked):
        outbox.revive(tx, met.person.id, now)
        if met.moved:
            outbox.post(tx, [home.moved(met.person, met.address)], now)
    match incoming.heard:
        case Blocked():
            people.unreachable(tx, met.address, now)
            outbox.reroute(tx, met.address, now)
        case Unblocked():
            return
        case Moved(to):
            people.move(tx, met.address, to, incoming.sender.platform)
        case _ if met.person is None:
            if incoming.group:
                _from_group(tx, met, incoming, now)
        case _:
            _from_person(tx, met.person, met, incoming, now, doors)


def _from_group(tx: Tx, met: people.Met, incoming: Incoming, now: datetime) -> None:
    """A group is answered once, and again if somebody cries for help there: at most once an hour.

    Where a moderator posts a code, bulletins are posted from then on.
    """
    heard = incoming.heard
    if isinstance(heard, Attached) and heard.name:
        petition_relay.overheard(tx, met.address, incoming.sender, heard, now)
        return
    registered = outlet.heard(tx, met.address, heard.text, now) if isinstance(heard, Said | Posted) else []
    outbox.post(tx, registered, now)
    again = is_urgent(heard) and inbox.use(tx, f"group.help/{met.address}", timedelta(hours=1), now) <= 1
    if (again or not met.answered) and not isinstance(heard, Posted):  # a channel is for those who read it
        people.answered(tx, met.address, now)
        if not registered:
            outbox.post(tx, [_to_group(met.address, now)], now)


def _from_person(  # noqa: PLR0913, PLR0917 - all that is known
    tx: Tx, who: Person, met: people.Met, incoming: Incoming, now: datetime, doors: Doors
) -> None:
    """What somebody said in private is understood and answered."""
    if incoming.message:
        outbox.note_message(tx, met.address, incoming.message, now)
    data = json.loads(met.dialogue) if met.dialogue else {}
    link_to, elsewhere = doors(incoming.sender.platform, incoming.sender.bot)
    ask = Ask(
        who,
        now,
        incoming.at,
        met.address,
        incoming.sender,
        link_to,
        data=data,
        linked_at=met.linked_at,
        sees_at=met.sees_at,
        elsewhere=elsewhere,
        spoke=bool(incoming.message),
    )
    heard = _chosen(tx, ask, incoming.heard)
    way = duress.Way(
        lambda wish: _understood(tx, wish, heard), partial(_refused, tx), lambda wish, handler: _run(tx, wish, handler)
    )
    said = None if met.own is None else _said(incoming.heard)
    if met.own is not None and (said is not None or not isinstance(heard, Reacted)):
        outbox.post(tx, duress.answers(tx, ask, met.own, said, way), now)
    elif not isinstance(heard, Reacted):  # a sign that picks nothing is no word to the bot
        outbox.post(tx, way.answers(ask), now)
    if met.awaited and not isinstance(heard, Reacted):
        deadlines.look_now(tx, who.id, now)


def _said(heard: Heard) -> str | None:
    """Somebody's own words, whatever else they may mean."""
    match heard:
        case Said(text, forwarded=False) | Attached(caption=text, forwarded=False):
            return text
        case _:
            return None


def is_urgent(heard: Heard) -> bool:
    """Whether this may be a call for help (or its end): such words are heard even from whoever floods us."""
    match heard:
        case Pressed(code):
            return code.split(":")[0] in router.URGENT_BUTTONS
        case Said(text, forwarded=False) | Attached(caption=text, forwarded=False) | Reacted(sign=text) | Changed(text):
            return understand(text, asked=False) in {Intent.HELP, Intent.HELP_OR_MANUAL}
        case _:
            return False


def _understood(tx: Tx, ask: Ask, heard: Heard) -> tuple[Ask, Handler]:
    """What is wanted, and who does it. A dialogue that is not gone on with is dropped."""
    match heard:
        case Pressed(code, on):
            verb, *args = code.split(":")
            ask, handler = replace(ask, args=tuple(args), on=on), router.BUTTONS.get(verb, _outdated)
        case Started(payload):
            ask, handler = replace(ask, words=payload), start.started
        case Said(text, forwarded=True):
            ask, handler = replace(ask, words=text), router.FORWARDED.get(ask.data.get("what", ""), verify.forwarded)
        case Unreadable():
            handler = home.unreadable
        case Changed():  # perhaps it was a call before, and is over: so it is asked, with the button
            handler = home.help_or_manual
        case Said(text):
            ask = replace(ask, words=text)
            handler = _by_words(tx, ask)
        case Attached():
            ask, handler = _by_thing(tx, replace(ask, words=heard.caption, attached=heard))
        case _:
            handler = home.not_understood
    if not ask.person.language and handler is not start.speak:
        handler = _picker
    if ask.data and handler is not router.WORDS.get(ask.data["what"]) and handler not in router.STAYING:
        people.end_dialogue(tx, ask.person.id)
    return ask, handler


def _by_words(tx: Tx, ask: Ask) -> Handler:
    """What words mean: a command first, then an open dialogue, then a phrase."""
    what = ask.data.get("what", "")
    waiting = router.WORDS.get(what)
    intent = understand(ask.words, asked=False)
    if waiting is not None and not ask.words.lstrip().startswith("/"):
        nobody_else = intent is Intent.HELP and what == "hotline" and not circles.circles_of(tx, ask.person.id)
        # details can be asked for longer than their call lasts: what cries for help then is a call, and no refusal
        over = what == "call.note" and intent in URGENT and not alarm.is_open(ask, tx)
        if intent is None or (intent not in router.UNDERSTOOD[what] and not over) or nobody_else:
            return waiting
        if intent is Intent.HELP and what in router.NAMES and len(ask.words.split()) == 1:
            return home.help_or_manual
        return router.PHRASES[intent]
    if intent is None and checkins.is_asked(tx, ask.person.id, ask.now - ASKED_WITHIN):
        intent = understand(ask.words, asked=True)
    if intent is not None:
        return router.PHRASES[intent]
    if is_code(ask.words):
        return spoken.heard
    return _by_content(tx, ask)


def _by_content(tx: Tx, ask: Ask) -> Handler:
    """What a text that nobody asked for looks like."""
    if rollcall.recognised(ask, tx):
        return rollcall.heard
    return verify.typed if verify.is_ours(ask, tx) else home.not_understood


def _by_thing(tx: Tx, ask: Ask) -> tuple[Ask, Handler]:
    """What a picture, a file or anything else is sent for, if the words under it say nothing more urgent."""
    what, thing = ask.data.get("what", ""), ask.attached
    others = thing is not None and thing.forwarded  # the words under it are somebody else's
    said = None if others else understand(ask.words, asked=False)
    if thing is not None and said not in URGENT:
        if petition_relay.is_meant(ask, tx, thing):
            return ask, petition_relay.sent
        if what == "draft.picture":
            return ask, picturing.sent
    is_file = thing is not None and thing.kind == "document"
    if is_file and said is None and (what not in router.WORDS or what in router.BESIDE):
        return ask, document.sent
    ask = replace(ask, attached=None)
    if others and ask.words.strip() and what != "verify":
        return ask, router.FORWARDED.get(what, verify.forwarded)
    asking = what == "rumour" and said not in URGENT and ask.words.strip()
    return ask, rumour.asked if asking else _by_caption(tx, ask)


def _by_caption(tx: Tx, ask: Ask) -> Handler:
    if ask.data.get("what") == "verify":
        return verify.typed if len(ask.words.split()) >= FEWEST else verify.picture
    handler = _by_words(tx, ask)
    if handler in router.WORDS.values() or handler is home.not_understood:  # only what is clear without the picture
        return home.only_words
    return handler


def _chosen(tx: Tx, ask: Ask, heard: Heard) -> Heard:
    """Where choices are numbered lists: words or a sign that pick one are the press of its button."""
    try:
        if isinstance(heard, Reacted):
            choice = signed(heard.sign, menus.standing(tx, ask.address), _labels(ask.now), heard.on)
            urgent = Said(heard.sign) if understand(heard.sign, asked=False) is Intent.HELP else heard
            return urgent if choice is None else Pressed(choice.code, heard.on)
        if isinstance(heard, Said) and heard.lists and not heard.forwarded:
            if understand(heard.text, asked=False) is Intent.HELP:
                return heard
            waiting = ask.data.get("what", "") in router.WORDS
            standing = menus.standing(tx, ask.address)
            choice = picked(heard.text, standing, _labels(ask.now), on=heard.on, words=waiting)
            return heard if choice is None else Pressed(choice.code)
    except choosing.Over:
        return Pressed("over")
    except choosing.Unclear:
        return Pressed("unclear")
    return heard


def _labels(now: datetime) -> Callable[[Line], Iterable[str]]:
    return lambda line: (i18n.label(line, language, now) for language in i18n.LANGUAGES)


def _outdated(ask: Ask, tx: Tx) -> Answer:
    del ask, tx
    raise Outdated


def _picker(ask: Ask, tx: Tx) -> Answer:
    del tx
    return start.picker(ask, payload=ask.words)


def _refused(tx: Tx, ask: Ask, handler: Handler) -> Outgoing | None:
    """The sentence for what may not be done here and now, if it may not. It counts as a try."""
    try:
        _allowed(ask, handler)
        _count(tx, ask, handler)
    except Refusal as refusal:
        _let_pass(tx, ask, handler)
        return sentence(ask, refusal)
    return None


def _run(tx: Tx, ask: Ask, handler: Handler) -> list[Outgoing]:
    """Run a handler: return keeps what it wrote, a refusal undoes it and becomes one sentence."""
    _let_pass(tx, ask, handler)
    try:
        with tx.savepoint():
            answer = handler(ask, tx)
            return [answer] if isinstance(answer, Outgoing) else list(answer or ())
    except Refusal as refusal:
        return [sentence(ask, refusal)]


def _let_pass(tx: Tx, ask: Ask, handler: Handler) -> None:
    """What was typed just now may have to go from the chat by itself, also if it is refused."""
    if handler in router.FLEETING:
        form.cleans(ask, tx)


def _allowed(ask: Ask, handler: Handler) -> None:
    """Raises NotYet or TooNew where a newly linked account must wait."""
    if ask.linked_at is not None and handler in router.OLDER:
        raise TooNew(max(ask.linked_at + SHOWN - ask.now, MINUTE))
    waits = handler not in router.UNSEEING and handler not in {_outdated, _picker}
    if ask.unseeing and ask.sees_at is not None and waits:
        raise NotYet(max(ask.sees_at - ask.now, MINUTE))


def _count(tx: Tx, ask: Ask, handler: Handler) -> None:
    limit = router.LIMITS.get(handler)
    if limit is None or not limit.counts(ask):
        return
    key = f"{limit.of}/{ask.sender.platform}/{ask.sender.bot}/{ask.sender.account}"
    if inbox.use(tx, key, limit.within, ask.now) > limit.most:
        raise TooOften(inbox.remaining(tx, key, ask.now))


def _to_group(where: int, now: datetime) -> Outgoing:
    line = _("Please write to me privately. In a group I say nothing personal.")
    lines = dict.fromkeys(i18n.plain(i18n.speak(line, language, now)) for language in i18n.LANGUAGES)
    return Outgoing(where, Page(tuple(lines)), to_group=True)


def accident(tx: Tx, incoming: Incoming, now: datetime, code: str) -> None:
    """After a defect undid everything: note the update, keep the message sealed, and tell the person a number."""
    if not inbox.is_new(tx, incoming.sender, incoming.id, now):
        return
    met = people.meet(tx, incoming.sender, now, group=incoming.group)
    meant = replace(incoming, heard=_as_meant(tx, met, incoming, now))
    inbox.note_accident(tx, code, inbox.Kept(meant, met.dialogue), now)
    if met.person is not None:
        outbox.post(tx, [_to(met, met.person, home.defect(code))], now)


def _to(met: people.Met, who: Person, line: Line) -> Outgoing:
    return Outgoing(who.id, line, choices=home.menu(), at=met.address, own=True)


def _as_meant(tx: Tx, met: people.Met, incoming: Incoming, now: datetime) -> Heard:
    """What a message that met a defect picked from a numbered list: later the same number may mean something else."""
    heard = incoming.heard
    if met.person is None or not isinstance(heard, Said | Reacted):
        return heard
    data = json.loads(met.dialogue) if met.dialogue else {}
    try:
        with tx.savepoint():
            heard = _chosen(tx, Ask(met.person, now, incoming.at, met.address, incoming.sender, str, data=data), heard)
    except StorageFault:
        raise
    except Exception:  # noqa: BLE001 - the defect may be in here: then the words are kept as they came
        heard = incoming.heard
    return replace(heard, lists=False) if isinstance(heard, Said) else heard


def again(tx: Tx, code: str, now: datetime, doors: Doors) -> None:
    """Handle a message that met a defect once more, as if no time had passed, and erase it.

    It answers the question that was open then, and a question that is open now stays. A call for help is told with the
    age of its words; somebody who has told since how they are is asked instead, because what is over must alarm nobody.
    Of an account under duress nothing is handled: whoever holds the phone would see an answer come by itself, and two
    trustees know already.
    """
    kept = inbox.take_accident(tx, code)
    if kept is None or isinstance(kept.incoming.heard, NEVER_AGAIN):
        return
    incoming = kept.incoming
    if isinstance(incoming.heard, Pressed):  # the answer comes as a new message: nobody looks at the old one any more
        incoming = replace(incoming, heard=Pressed(incoming.heard.code))
    met = people.meet(tx, incoming.sender, now, group=incoming.group)
    if met.person is None:
        _heard(tx, met, incoming, now, doors)
        return
    if met.own is not None and met.own.duress is not None:
        return
    if _calls(incoming.heard) and _has_told_since(tx, met.person, incoming.at):
        line = _(
            "A message of yours met a fault of ours {ago}. You have told since how you are, so I called nobody. "
            "If you need help, please press the button.",
            ago=Ago(incoming.at),
        )
        outbox.post(tx, [_to(met, met.person, line)], now)
        return
    asked = people.dialogue_of(tx, met.person.id)
    _heard(tx, replace(met, dialogue=kept.dialogue), incoming, now, doors)
    if asked is not None and asked[0] != kept.dialogue and people.dialogue_of(tx, met.person.id) is None:
        people.keep_dialogue(tx, met.person.id, *asked)
    line = _(
        "A message of yours met a fault of ours {ago}. It is repaired, and the message is handled now.",
        ago=Ago(incoming.at),
    )
    outbox.post(tx, [Outgoing(met.person.id, line, at=met.address)], now)


def _calls(heard: Heard) -> bool:
    return is_urgent(heard) and not (isinstance(heard, Pressed) and heard.code.split(":")[0] in ENDING)


def _has_told_since(tx: Tx, who: Person, at: datetime) -> bool:
    newest = checkins.newest_by(tx, who.id, who.id)
    return newest is not None and newest.true_at > at
