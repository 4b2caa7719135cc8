"""Spoken codes: a card of them for somebody at home, and what becomes of three words that were heard."""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain import spoken as rules
from bot.domain.checkin import Hard, How, State, when_true
from bot.domain.conversation import Ago, Attachment, Choice, Lane, Line, Outgoing, Page, Span
from bot.domain.people import Person
from bot.domain.refusals import NoCircle, NoWordsLeft, Outdated, TooOften
from bot.domain.spoken import ALL_TRIES, KINDS, LENGTH, ROWS, SIGNS, TRIES, WITHIN, Kind
from bot.i18n import LANGUAGES, _, language_button, ngettext, pgettext
from handlers import words
from handlers.ask import Answer, Ask, back, button, expect
from handlers.family import alarm, checkin, hard, telling
from handlers.home import menu, with_menu
from handlers.refused import line_of
from storage import checkins, circles, codes, inbox, jobs, people
from storage.circles import Circle
from storage.codes import Code
from storage.database import Tx
from storage.jobs import Done, Job

URGENT = frozenset({State.HELP, Hard.DETAINED})
DRAWS = 200  # for one line, before it is given up: nineteen of twenty codes are taken or too much alike by then
STANDS = timedelta(minutes=30)  # the card and the meaning of its signs, in the chat
EVERYBODY = "code.wrong"  # the wrong tries of all accounts together


def overview(ask: Ask, tx: Tx) -> Outgoing:
    """Say what spoken codes are for."""
    del tx
    return ask.reply(
        _(
            "A card of codes is for somebody without internet. They read three words from it by telephone, or write "
            "them in an SMS. Whoever gets the words writes them to me, and the circle learns how they are. Whoever "
            "listens hears only ordinary words."
        ),
        [button(pgettext("button", "☎️ I heard a code"), "code.hear")],
        [button(pgettext("button", "🖨 A card of codes"), "code.whom")],
        [back("ready")],
    )


# -- a card --------------------------------------------------------------------------------------------------------


def whom(ask: Ask, tx: Tx) -> Outgoing:
    """Ask for whom the card is: the circle first, if there are several."""
    mine = circles.circles_of(tx, ask.person.id)
    if not mine:
        raise NoCircle
    if len(mine) == 1:
        return _whom(ask, tx, mine[0], "code")
    rows = ([button(pgettext("button-wide", "{circle}", circle=one.name), "code.in", one.id)] for one in mine)
    return ask.reply(_("Which circle shall learn what the codes tell?"), *rows, [back("code")])


def whom_in(ask: Ask, tx: Tx) -> Outgoing:
    """Ask for whom, in one circle."""
    return _whom(ask, tx, telling.circle_of(ask, tx), "code.whom")


def _people(ask: Ask, tx: Tx, one: Circle) -> list[Person]:
    return [*(each.person for each in telling.subjects(ask, tx) if each.circle == one.id), ask.person]


def _whom(ask: Ask, tx: Tx, one: Circle, before: str) -> Outgoing:
    rows = (
        [button(pgettext("button-wide", "{name}", name=words.name_of(who)), "code.of", one.id, who.id)]
        for who in _people(ask, tx, one)
    )
    return ask.reply(_("Of whom shall the codes tell?"), *rows, [back(before)])


def _subject(ask: Ask, tx: Tx) -> tuple[Circle, Person]:
    """The circle and the person in a button. Raises Outdated if they are not in one circle with the asker any more."""
    one, who = telling.circle_of(ask, tx), ask.number(1)
    person = next((each for each in _people(ask, tx, one) if each.id == who), None)
    if person is None:
        raise Outdated
    return one, person


def of(ask: Ask, tx: Tx) -> Outgoing:
    """Whether there is a card of a person in a circle, and what can be done."""
    one, person = _subject(ask, tx)
    there = codes.of(tx, person.id, one.id)
    lines: list[Line | str] = [_("<b>{name}</b>, “{circle}”", name=words.name_of(person), circle=one.name)]
    make_one = button(pgettext("button", "🖨 Make a card"), "code.new", one.id, person.id)
    if there is None:
        return ask.reply(Page((*lines, _("There is no card of codes yet."))), [make_one], [back("code.in", one.id)])
    maker = next((p for p in circles.members(tx, [one.id])[one.id] if p.id == there.maker), None)
    lines += [
        _(
            "A card of codes was made {ago} by {name}.",
            ago=Ago(there.made_at),
            name=words.called(maker.name if maker else ""),
        ),
        ngettext("{n} code still works.", "{n} codes still work.", n=there.left),
    ]
    return ask.reply(
        Page(tuple(lines)),
        [button(pgettext("button", "🖨 Make a new card"), "code.new", one.id, person.id)],
        [button(pgettext("button", "🛑 End this card"), "code.end", one.id, person.id)],
        [back("code.in", one.id)],
    )


def new(ask: Ask, tx: Tx) -> Outgoing:
    """Ask for the language of the words, and say what a new card does to an old one."""
    one, person = _subject(ask, tx)
    there = codes.of(tx, person.id, one.id) is not None
    question = _(
        "In which language shall the words be? Choose the one that {name} speaks best.", name=words.name_of(person)
    )
    rows = ([button(language_button(each), "code.make", one.id, person.id, each)] for each in LANGUAGES)
    warning = [_("As soon as there is a new card, the codes of the old one no longer work.")] if there else []
    return ask.reply(Page((*warning, question)), *rows, [back("code.of", one.id, person.id)])


def make(ask: Ask, tx: Tx) -> Outgoing:
    """Draw lots for the codes, have the card drawn, and show what each sign means: that stands nowhere else."""
    one, person = _subject(ask, tx)
    language = ask.args[2] if len(ask.args) == 3 else ""  # noqa: PLR2004 - the circle, the person, the language
    if language not in LANGUAGES:
        raise Outdated
    signs = dict(zip(KINDS, rules.shuffled(SIGNS, secrets.randbelow), strict=True))
    card = codes.begin(tx, person.id, one.id, ask.person.id, ask.now)
    # in the order of the paper also in the database: there, too, the place of a line tells nothing
    lines = rules.shuffled([kind for kind in KINDS for _line in range(ROWS)], secrets.randbelow)
    rows = [(signs[kind], *_code(tx, card, kind, language)) for kind in lines]
    body = json.dumps({"card": card, "rows": rows}, ensure_ascii=False)
    jobs.put(tx, ask.person.id, ask.address, codes.DRAW, body, ask.now)
    return ask.anew(
        Page(
            (
                _("The card comes in a moment. Its signs mean:"),
                *(_("{sign} {meaning}", sign=signs[kind], meaning=kind_name(kind)) for kind in KINDS),
                _(
                    "Agree on the signs by voice. They are explained nowhere on the card. In {span} I delete this "
                    "message, and then I can't tell you any more what they mean.",
                    span=Span(STANDS),
                ),
            )
        ),
        clean_after=STANDS,
    )


def _code(tx: Tx, card: int, kind: Kind, language: str) -> tuple[str, ...]:
    """A code that no living one is too much like. Raises NoWordsLeft where chance does not find one soon."""
    for _draw in range(DRAWS):
        code = rules.make_code(language, secrets.randbelow)
        if codes.put(tx, card, kind, rules.folded(code)):
            return code
    raise NoWordsLeft


def kind_name(kind: Kind) -> Line:
    """What a code says, in a word or two."""
    return words.state_name(kind) if isinstance(kind, State) else pgettext("status", "detained")


def made(tx: Tx, job: Job, done: Done, now: datetime) -> list[Outgoing]:
    """The card was drawn: from now on its codes work and older ones do not, and the circle learns that there is one."""
    if not jobs.done(tx, job.id):
        return []
    card = json.loads(job.body)["card"]
    maker, begun = people.find(tx, job.person), codes.begun(tx, card)
    if maker is None or begun is None:
        return []
    who, which = begun
    person = people.find(tx, who)
    inside = circles.members(tx, [which])[which]
    if person is None or maker.id not in {one.id for one in inside}:
        return [Outgoing(maker.id, line_of(Outdated()), choices=menu(), at=job.address)]
    codes.drawn(tx, card, who, which, now)
    told = _(
        "{maker} has made a card of codes of {name}. If you hear three words of it, write them to me.",
        maker=words.name_of(maker),
        name=words.name_of(person),
    )
    return [
        Outgoing(
            maker.id,
            Page(
                (
                    _(
                        "The card. Print it and cut it out, or copy it by hand. I delete it here in {span}.",
                        span=Span(STANDS),
                    ),
                    _("Each line works once: whoever has read it out crosses it out."),
                )
            ),
            choices=((back("code.of", which, who),),),
            attachment=Attachment("file", "card.pdf", done.drawn),
            clean_after=STANDS,
            at=job.address,
        ),
        *_tell(inside, maker.id, who, which, told),
    ]


def _tell(inside: list[Person], but: int, about: int, circle: int, text: Line) -> list[Outgoing]:
    return [
        Outgoing(one.id, text, lane=Lane.CHECKIN, silent=True, about=about, circle=circle)
        for one in inside
        if one.id != but
    ]


def end(ask: Ask, tx: Tx) -> Outgoing:
    """Ask before a card is ended."""
    one, person = _subject(ask, tx)
    return ask.reply(
        _(
            "End the card of {name}? Do it if somebody else has found it. Whoever still reads from it is no longer "
            "understood.",
            name=words.name_of(person),
        ),
        [button(pgettext("button", "🛑 End this card"), "code.ended", one.id, person.id)],
        [back("code.of", one.id, person.id)],
    )


def ended(ask: Ask, tx: Tx) -> list[Outgoing]:
    """A card is ended, and the circle learns it."""
    one, person = _subject(ask, tx)
    if not codes.end(tx, person.id, one.id):
        raise Outdated
    told = _(
        "{maker} has ended the card of codes of {name}: its words no longer work.",
        maker=words.name_of(ask.person),
        name=words.name_of(person),
    )
    inside = circles.members(tx, [one.id])[one.id]
    return [
        with_menu(ask, _("Ended. The codes of this card no longer work.")),
        *_tell(inside, ask.person.id, person.id, one.id, told),
    ]


# -- a code that was heard -----------------------------------------------------------------------------------------


def hear(ask: Ask, tx: Tx) -> Answer:
    """Ask for the words; or take them, if they stand behind the command."""
    if rules.windows(ask.words):
        return heard(ask, tx)
    return _once_more(
        ask, tx, _("Write the three words, in their order. You can also write the whole SMS: I look for them in it.")
    )


def _once_more(ask: Ask, tx: Tx, text: Line | Page) -> Outgoing:
    expect(ask, tx, "code")
    return ask.reply(text, [back("code")])


def heard(ask: Ask, tx: Tx) -> Answer:
    """Words were written. A living code dies, and whoever it is for learns what it says.

    Only what was wrong counts as a try, and the answer to it is the same whatever was wrong. Raises TooOften.
    """
    key = f"code/{ask.sender.platform}/{ask.sender.bot}/{ask.sender.account}"
    if inbox.uses(tx, key, ask.now) >= TRIES:
        raise TooOften(inbox.remaining(tx, key, ask.now))
    candidates = rules.windows(ask.words)
    stray = rules.unlisted(ask.words)
    if stray:
        return _once_more(
            ask,
            tx,
            _(
                "The word “{word}” stands on no card. Perhaps it was misheard, or a letter is wrong. Please write the "
                "three words once more.",
                word=stray,
            ),
        )
    if not candidates:
        return _once_more(
            ask, tx, _("I could not find three words of a card in that. Please write the three words, in their order.")
        )
    careful = inbox.uses(tx, EVERYBODY, ask.now) >= ALL_TRIES
    mine = {one.id for one in circles.circles_of(tx, ask.person.id)}
    found: list[Code] = []
    wrong, free = 0, 0
    for place, candidate in enumerate(candidates):
        if place < free:
            continue  # a word belongs to one code only
        code = codes.find(tx, candidate, ask.now)
        if code is None or (careful and code.circle not in mine) or not codes.use(tx, code.id):
            wrong += 1
        else:
            found.append(code)
            free = place + LENGTH
    if found:
        people.end_dialogue(tx, ask.person.id)
        return [letter for code in found for letter in _told(ask, tx, code, known=code.circle in mine)]
    inbox.use(tx, key, WITHIN, ask.now)
    for _try in range(wrong):
        inbox.use(tx, EVERYBODY, WITHIN, ask.now)
    return _once_more(ask, tx, _wrong(careful=careful))


def _wrong(*, careful: bool) -> Page:
    """One answer for words that never were a code, for a used one, and for one in another order."""
    lines = [
        _(
            "These three words do not belong together. Perhaps one was misheard, or the code was used before. Have it "
            "read once more."
        )
    ]
    if careful:
        lines.append(
            _(
                "Many wrong words were written today. So for now I take codes only from the circle that they are for: "
                "if you are not in it, give the words to somebody who is."
            )
        )
    return Page(tuple(lines))


def _told(ask: Ask, tx: Tx, code: Code, *, known: bool) -> list[Outgoing]:
    """What a code says goes to its circle. Whoever is not in that circle learns only that it does."""
    person = people.find(tx, code.person)
    if person is None:
        raise Outdated
    at = when_true(ask.said_at, ask.now)
    thanks: list[Line | str] = [_("Thank you. The right people learn it now.")]
    if person.id == ask.person.id and code.kind in URGENT:  # whoever holds their phone: it is theirs to call
        return alarm.call(ask, tx)
    if isinstance(code.kind, Hard):
        answer, *letters = hard.told(ask, tx, person, code.circle, code.kind, How.CODE, at)
        return [answer if known else replace(answer, text=Page(tuple(thanks))), *letters]
    letters = telling.about(ask, tx, person, [code.circle], code.kind, How.CODE, at)
    if known:
        thanks.insert(0, _("<b>{name}</b>: {state}.", name=words.name_of(person), state=kind_name(code.kind)))
    rows: list[list[Choice]] = []
    news = checkins.newest_by(tx, ask.person.id, person.id)
    if news is not None:
        rows.append([button(pgettext("button", "↩️ Take it back"), "code.back", news.id)])
    return [ask.anew(Page(tuple(thanks)), *rows, [back()]), *letters]


def take_back(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Whoever wrote a code takes it back: the circle knows again what it knew before. The code stays used."""
    news = checkins.news_by(tx, ask.number(), ask.person.id)
    if news is None or news.how is not How.CODE or ask.now - news.told_at > checkin.TAKEN_BACK:
        raise Outdated
    person = people.find(tx, news.person)
    told = checkins.circles_told(tx, news.id)
    line = _(
        "Correction: the news of {person} by a code was taken back. What you knew before stands again.",
        person=words.called(person.name if person else ""),
    )
    ended = alarm.taken_back(tx, news, line, ask.now)
    knows = {letter.to for letter in ended}
    checkins.retract(tx, news)
    hearers = checkin.hearers(tx, told, ask.person.id)
    return [
        with_menu(ask, _("Taken back. Everybody who got it is told.")),
        *ended,
        *(
            Outgoing(who, line, lane=Lane.CHECKIN, about=news.person, circle=which)
            for who, (_one, which) in hearers.items()
            if who not in knows
        ),
    ]
