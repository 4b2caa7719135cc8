"""“Is this true?”: anybody asks, moderators see what is asked and never by whom, two of them publish an answer."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from hashlib import sha256

from bot import i18n
from bot.domain.conversation import Ago, Choice, Lane, Line, On, Outgoing, Page, Span
from bot.domain.people import HOME, quiet_until
from bot.domain.refusals import Near, Outdated
from bot.domain.region import rounded
from bot.domain.roles import Role
from bot.domain.rumour import FRESH, LONGEST, PROMISED, Verdict, read
from bot.i18n import _, pgettext
from handlers import desk
from handlers.ask import Ask, Rows, back, button, expect
from storage import audit, inbox, people, proposals, roles, rumours, vouchers
from storage.database import Tx
from storage.proposals import Proposal
from storage.rumours import Answer, Rumour

KIND = "rumour"
MOST = 300  # characters of a wording, of a sentence, of the sources
AT_ONCE = 200  # askers told in one round
SHOWN = 10
ALIKE_SHOWN = 3
WORDS_AN_HOUR = 3  # letters to the moderators about new questions
URGENT = 2  # from this danger on a new question is pressing
FIELDS = ("wording", "said")


# -- words ---------------------------------------------------------------------------------------------------------


def _topic(one: Rumour) -> Line:  # noqa: PLR0911 - one topic, one name
    match one.topic:
        case "violence":
            return pgettext("noun", "violence")
        case "arrest":
            return pgettext("noun", "arrests")
        case "evacuation":
            return pgettext("noun", "evacuation")
        case "roads":
            return pgettext("noun", "roads and borders")
        case "network":
            return pgettext("noun", "network")
        case "forces":
            return pgettext("noun", "police and army")
        case "protest":
            return pgettext("noun", "protests")
        case "supplies":
            return pgettext("noun", "food, water, medicine, money")
        case "nature":
            return pgettext("noun", "nature and health")
        case _:
            return pgettext("noun", "something else")


def _sign(one: Rumour) -> str:
    return ("⚪", "🟡", "🟠", "🔴")[max(0, min(one.danger, 3))]


def _found(verdict: Verdict) -> Line:
    match verdict:
        case Verdict.CONFIRMED:
            return pgettext("button", "✅ confirmed")
        case Verdict.PROBABLY_TRUE:
            return pgettext("button", "🟢 probably true")
        case Verdict.DISPUTED:
            return pgettext("button", "⚖️ disputed")
        case Verdict.PROBABLY_FALSE:
            return pgettext("button", "🟠 probably false")
        case Verdict.FALSE:
            return pgettext("button", "❌ false")
        case Verdict.UNVERIFIABLE:
            return pgettext("button", "❔ can't be verified")


# -- asking --------------------------------------------------------------------------------------------------------


def begin(ask: Ask, tx: Tx) -> Outgoing:
    """Ask what is to be checked."""
    expect(ask, tx, "rumour")
    return ask.reply(
        Page(
            (
                _("<b>Is this true?</b>"),
                _("Write or forward what you have heard. Leave out names, phone numbers and addresses."),
                _(
                    "Moderators read the words, and never who asks. They look into it, and I tell you what they found, "
                    "or that it can't be verified: within {span}.",
                    span=Span(PROMISED),
                ),
            )
        ),
        [button(pgettext("button", "📋 What others ask"), "rumour.board")],
        [back("news")],
    )


def offer(ask: Ask, tx: Tx, text: str) -> list[Choice]:
    """A row with the button that asks whether `text`, which the person has just sent, is true."""
    expect(ask, tx, "rumour.offered", text=" ".join(i18n.clean(text).split())[:LONGEST])
    return [button(pgettext("button", "❓ Is this true?"), "rumour.this")]


def this(ask: Ask, tx: Tx) -> list[Outgoing]:
    """The offer was taken: the text that was sent is the question."""
    text = str(ask.data.get("text", ""))
    if ask.data.get("what") != "rumour.offered" or not text:
        return [begin(ask, tx)]
    return _asked(ask, tx, text)


def asked(ask: Ask, tx: Tx) -> list[Outgoing]:
    """What is to be checked was written, forwarded, or stands under a picture."""
    text = ask.text(LONGEST)
    people.end_dialogue(tx, ask.person.id)
    apart = int(ask.data.get("apart", 0))
    return _asked(ask, tx, text, apart)


def _asked(ask: Ask, tx: Tx, text: str, apart: int = 0) -> list[Outgoing]:
    claim = read(text)
    one = rumours.same_as(tx, claim, after=ask.now - FRESH, but={apart})
    letters: list[Outgoing] = []
    if one is None:
        one = rumours.begin(tx, claim, ask.now)
        letters = _to_moderators(tx, one, ask)
    rumours.join(tx, one, ask.person.id, text, ask.now)
    if one.answer is not None:
        missing = ask.person.language not in one.answer.said and bool(one.answer.said)
        rumours.answered(tx, one, ask.person.id, missing=missing)
        shown, rows = _answer(one, ask.person.language)
        apart_row = [button(pgettext("button-wide", "✏️ I ask something else"), "rumour.apart", one.id)]
        return [ask.anew(shown, *rows, apart_row, [back()])]
    due = one.due_at or ask.now
    return [
        ask.anew(
            Page(
                (
                    _("I have passed it on, without your name. Topic: {topic}.", topic=_topic(one)),
                    _("It has been asked for: {ago}.", ago=Ago(one.asked_at)),
                    _("You get an answer, or an honest “can't be verified”, in {span}.", span=Span(due - ask.now)),
                    _("Until then nobody here knows whether it is true. Please don't pass it on as certain."),
                )
            ),
            [button(pgettext("button", "📋 What others ask"), "rumour.board")],
            [back()],
        ),
        *letters,
    ]


def apart(ask: Ask, tx: Tx) -> Outgoing:
    """The answer was to another question: it is to be written once more, and is not taken for that one."""
    expect(ask, tx, "rumour", apart=ask.number())
    return ask.anew(_("Please write it once more, as exactly as you can: what, where, when."), [back()])


def _to_moderators(tx: Tx, one: Rumour, ask: Ask) -> list[Outgoing]:
    """A word that something new is asked; a flood of questions makes no flood of letters."""
    if inbox.use(tx, f"rumour.word/{int(one.danger >= URGENT)}", timedelta(hours=1), ask.now) > WORDS_AN_HOUR:
        return []
    text = desk.PRESSES if one.danger >= URGENT else desk.WAITS
    return [desk.quietly(tx, held.person, text, ask.now) for held in roles.holders(tx, Role.MODERATOR, ask.now)]


# -- what everybody may read ---------------------------------------------------------------------------------------


def board(ask: Ask, tx: Tx) -> Outgoing:
    """What is asked and for how long, danger first, and what was found out lately: never who asks, nor how many."""
    waiting, known = rumours.waiting(tx, SHOWN), rumours.decided(tx, ask.now, SHOWN)
    lines: list[Line | str] = [_("<b>What is being checked</b>")]
    lines += [
        _("{sign} {topic}: asked {ago}", sign=_sign(one), topic=_topic(one), ago=Ago(one.asked_at)) for one in waiting
    ]
    if not waiting:
        lines.append(_("Nothing at the moment."))
    lines.append(_("The words stay with the moderators until there is an answer."))
    rows = [
        [button(pgettext("button-wide", "{verdict} · {topic}", verdict=_found(one.answer.verdict), topic=_topic(one)),
                "rumour.read", one.id)]
        for one in known
        if one.answer is not None and one.answer.said
    ]  # fmt: skip
    if rows:
        lines += ["", _("<b>What was found out</b>")]
    ask_row = [button(pgettext("button", "❓ Is this true?"), "rumour")]
    return ask.reply(Page(tuple(lines)), *rows, ask_row, [back("news")])


def read_answer(ask: Ask, tx: Tx) -> Outgoing:
    """A verdict, in the reader's language or in one that they choose."""
    one = rumours.find(tx, ask.number())
    language = ask.args[1] if len(ask.args) > 1 else ask.person.language
    if one is None or one.answer is None or language not in i18n.LANGUAGES:
        raise Outdated
    shown, rows = _answer(one, language)
    return ask.reply(shown, *rows, [back("rumour.board")])


def _answer(one: Rumour, language: str) -> tuple[Page, Rows]:
    """A verdict as it goes out."""
    assert one.answer is not None  # noqa: S101 - every caller has looked
    assert one.decided_at is not None  # noqa: S101 - the same
    return _page(one, one.answer, language, one.decided_at), _others(one, one.answer, language)


def _others(one: Rumour, answer: Answer, language: str) -> Rows:
    if language in answer.said:
        return ()
    return tuple(
        (button(i18n.language_button(other), "rumour.read", one.id, other),)
        for other in i18n.LANGUAGES
        if other in answer.said
    )


def _page(one: Rumour, answer: Answer, language: str, decided_at: datetime) -> Page:
    """Exactly what a reader of a language reads: the moderators' words as they were seen by two, and nobody else's."""
    if not answer.said:
        return Page(
            (
                _("You asked whether something is true. Topic: {topic}.", topic=_topic(one)),
                _("<b>Answer: {verdict}</b>", verdict=_found(answer.verdict)),
                _("Nobody could verify it in time. That does not mean that it is false, and not that it is true."),
                _("Please don't pass it on as certain. If we learn more, I tell you."),
            )
        )
    if language not in answer.said:
        return Page(
            (
                _("There is an answer. Topic: {topic}.", topic=_topic(one)),
                _("It is not yet translated into your language. You get it when it is. Until then read it in:"),
            )
        )
    lines: list[Line | str] = [
        _("It was asked whether this is true:"),
        answer.wording[language],
        _("<b>Answer: {verdict}</b>", verdict=_found(answer.verdict)),
        answer.said[language],
    ]
    if answer.sources:
        lines.append(_("Sources: {sources}", sources=answer.sources))
    lines.append(_("As of {when}. Later it may be different.", when=On(decided_at, HOME)))
    return Page(tuple(lines))


# -- moderators: the queue -----------------------------------------------------------------------------------------


def queue(ask: Ask, tx: Tx) -> Outgoing:
    """What waits for a verdict, danger first; and what was decided, to be corrected or translated."""
    desk.moderator(ask, tx)
    waiting, known = rumours.waiting(tx), rumours.decided(tx, ask.now, SHOWN)
    start = ask.number() if ask.args else 0
    lines: list[Line | str] = [_("Questions: you see what is asked, and never by whom.")]
    rows: list[list[Choice]] = []
    for one in waiting[start : start + SHOWN]:
        label = pgettext(
            "button-wide", "{sign} {topic}, {ago}", sign=_sign(one), topic=_topic(one), ago=Ago(one.asked_at)
        )
        rows.append([button(label, "rumours.one", one.id)])
    if not waiting:
        lines.append(_("No question waits."))
    if len(waiting) > start + SHOWN:
        rows.append([button(pgettext("button", "⏬ More"), "rumours", start + SHOWN)])
    for one in known:
        if one.answer is not None:
            verdict = _found(one.answer.verdict)
            label = pgettext("button-wide", "{verdict} · {topic}", verdict=verdict, topic=_topic(one))
            rows.append([button(label, "rumours.one", one.id)])
    return ask.reply(Page(tuple(lines)), *rows, [back("desk")], clean_after=desk.STANDS)


def _one(ask: Ask, tx: Tx) -> Rumour:
    desk.moderator(ask, tx)
    one = rumours.find(tx, ask.number())
    if one is None:
        raise Outdated
    return one


def show(ask: Ask, tx: Tx) -> Outgoing:
    """One question, with what it may be the same as."""
    one = _one(ask, tx)
    return _shown(ask, tx, one)


def _shown(ask: Ask, tx: Tx, one: Rumour) -> Outgoing:
    n = rounded(rumours.how_many(tx, one.id))
    lines: list[Line | str] = [
        _("{sign} {topic}: asked {ago}", sign=_sign(one), topic=_topic(one), ago=Ago(one.asked_at)),
        *(_("“{words}”", words=said) for said in rumours.words_of(tx, one.id)),
        _("How many ask: {count}", count=pgettext("noun", "few") if n is None else f"{n}+"),
    ]
    rows: list[list[Choice]] = []
    if one.due_at is not None:
        lines.append(_("The askers were promised a word by {when}.", when=On(one.due_at, HOME)))
        for other in rumours.alike(tx, one.id, ALIKE_SHOWN):
            lines += ["", _("Perhaps the same: {what}", what=_called(tx, other, ask.person.language))]
            label = pgettext("button-wide", "🔗 The same: {topic}, {ago}", topic=_topic(other), ago=Ago(other.asked_at))
            rows.append([button(label, "rumours.same", one.id, other.id)])
    elif one.answer is not None:
        shown, _rows = _answer(one, ask.person.language)
        lines += ["", *shown.lines]
    rows += [[button(_found(verdict), "rumours.say", one.id, verdict.value)] for verdict in Verdict]
    if one.answer is not None and one.answer.said:
        rows.append([button(pgettext("button", "🌐 Translate it"), "rumours.more", one.id)])
    if one.form:
        rows.append([button(pgettext("button-wide", "👁 What was begun"), "rumours.look", one.id)])
    return ask.reply(Page(tuple(lines)), *rows, [back("rumours")], clean_after=desk.STANDS)


def _called(tx: Tx, one: Rumour, language: str) -> str:
    if one.answer is not None and one.answer.wording:
        return one.answer.wording.get(language) or next(iter(one.answer.wording.values()))
    return next(iter(rumours.words_of(tx, one.id)), "…")


def same(ask: Ask, tx: Tx) -> Outgoing:
    """A moderator says that two ask the same."""
    one = _one(ask, tx)
    other = rumours.find(tx, ask.number(1))
    offered = {alike.id for alike in rumours.alike(tx, one.id, ALIKE_SHOWN)}
    if other is None or other.id not in offered or not rumours.unite_tickets(tx, one.id, other.id):
        raise Outdated
    audit.note(tx, ask.person.id, "said to be the same: questions", ask.now)
    found = rumours.find(tx, other.id)
    assert found is not None  # noqa: S101 - the other one went into it
    return _shown(ask, tx, found)


# -- moderators: a verdict -----------------------------------------------------------------------------------------


def say(ask: Ask, tx: Tx) -> Outgoing:
    """A verdict was chosen: ask for the claim in the moderator's own words."""
    one = _one(ask, tx)
    try:
        verdict = Verdict(ask.args[1] if len(ask.args) > 1 else "")
    except ValueError:
        raise Outdated from None
    form = Answer(verdict).to_json()
    rumours.write(tx, one.id, form)
    return _ask_for(ask, tx, one, "wording", ask.person.language)


def _ask_for(ask: Ask, tx: Tx, one: Rumour, field: str, language: str) -> Outgoing:
    expect(ask, tx, "rumours.words", rumour=one.id, field=field, language=language)
    name = i18n.language_button(language)
    match field:
        case "wording":
            text = _(
                "{language}: write the claim in your own words, as everybody may read it. Nothing in it may lead to "
                "whoever asked.",
                language=name,
            )
        case "said":
            text = _("{language}: write in one or two sentences what was found out.", language=name)
        case _:
            text = _("Write the sources as everybody may read them. Name nobody who could be in danger for it.")
    rows = [[button(pgettext("button", "No source"), "rumours.nosource", one.id)]] if field == "sources" else []
    return ask.anew(text, *rows, [back("rumours.one", one.id)], clean_after=desk.STANDS)


def written(ask: Ask, tx: Tx) -> Outgoing:
    """The next part of a verdict was written."""
    desk.moderator(ask, tx)
    one = rumours.find(tx, int(ask.data["rumour"]))
    field, language = str(ask.data["field"]), str(ask.data["language"])
    if one is None or not one.form:
        raise Outdated
    words, form = ask.text(MOST), dict(one.form)
    people.end_dialogue(tx, ask.person.id)
    if field in FIELDS:
        form[field] = {**form[field], language: words}
    else:
        form["sources"] = words
    rumours.write(tx, one.id, form)
    if field == "wording":
        return _ask_for(ask, tx, one, "said", language)
    if field == "said" and not form["sources"]:
        return _ask_for(ask, tx, one, "sources", language)
    return _preview(ask, one, form)


def no_source(ask: Ask, tx: Tx) -> Outgoing:
    """No source can be named: go on with what is there."""
    return look(ask, tx)


def look(ask: Ask, tx: Tx) -> Outgoing:
    """What a moderator has begun, to be gone on with."""
    one = _one(ask, tx)
    if not one.form:
        raise Outdated
    return _preview(ask, one, one.form)


def more(ask: Ask, tx: Tx) -> Outgoing:
    """Translate a published verdict."""
    one = _one(ask, tx)
    if one.answer is None or not one.answer.said:
        raise Outdated
    form = one.form or one.answer.to_json()
    rumours.write(tx, one.id, form)
    return _preview(ask, one, form)


def in_language(ask: Ask, tx: Tx) -> Outgoing:
    """Write it in another language."""
    one = _one(ask, tx)
    language = ask.args[1] if len(ask.args) > 1 else ""
    if not one.form or language not in i18n.LANGUAGES:
        raise Outdated
    return _ask_for(ask, tx, one, "wording", language)


def _languages(answer: Answer) -> list[str]:
    return [one for one in i18n.LANGUAGES if one in answer.wording and one in answer.said]


def _complete(form: dict[str, object]) -> Answer:
    """The languages in which both the claim and the sentence stand."""
    answer = rumours.from_json(form)
    both = _languages(answer)
    if not both:
        raise Outdated
    return Answer(
        answer.verdict,
        {one: answer.wording[one] for one in both},
        {one: answer.said[one] for one in both},
        answer.sources,
    )


def _what(one: Rumour, answer: Answer, now: datetime) -> list[Line | str]:
    """Exactly what goes out, in each language."""
    lines: list[Line | str] = [_("This goes out to whoever asked, and everybody can read it:")]
    for language in i18n.LANGUAGES:
        lines += ["", _("In {language}:", language=i18n.language_button(language))]
        lines += _page(one, answer, language, now).lines if language in answer.said else [_("not yet translated")]
    return lines


def _digest(one: Rumour, form: dict[str, object]) -> str:
    packed = json.dumps([one.id, one.version, form], ensure_ascii=False, sort_keys=True)
    return sha256(packed.encode()).hexdigest()[:16]


def _preview(ask: Ask, one: Rumour, form: dict[str, object]) -> Outgoing:
    answer = _complete(form)
    rows = [
        [button(i18n.language_button(language), "rumours.in", one.id, language)]
        for language in i18n.LANGUAGES
        if language not in answer.said
    ]
    lines = [*_what(one, answer, ask.now), "", _("Another moderator must agree before anybody reads it.")]
    put_row = [button(pgettext("button", "📣 Propose it"), "rumours.put", one.id, _digest(one, answer.to_json()))]
    return ask.anew(Page(tuple(lines)), put_row, *rows, [back("rumours.one", one.id)], clean_after=desk.STANDS)


def put(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Propose what was previewed, and nothing else."""
    one, by = _one(ask, tx), desk.moderator(ask, tx)
    if not one.form:
        raise Outdated
    answer = _complete(one.form)
    if (ask.args[1] if len(ask.args) > 1 else "") != _digest(one, answer.to_json()):
        raise Outdated
    waiting = proposals.waiting(tx, Role.MODERATOR, by.person, ask.now)
    if any(other.kind == KIND and other.body.get("rumour") == one.id for other in waiting):
        raise Outdated
    title = pgettext("button-wide", "❓ Answer: {topic}", topic=_topic(one))
    body = {"rumour": one.id, "version": one.version, "answer": answer.to_json()}
    barred = vouchers.near(tx, by.person)
    _proposal, letters = desk.propose(ask, tx, by, KIND, title, body=body, barred=barred)
    if not letters:
        return [ask.reply(_("There is no other moderator yet who could agree."), [back("desk")])]
    return [ask.reply(_("Proposed. It goes out when another moderator agrees."), [back("desk")]), *letters]


def _proposed(tx: Tx, one: Proposal) -> tuple[Rumour, Answer]:
    found = rumours.find(tx, int(one.body["rumour"]))
    if found is None or found.version != one.body["version"]:  # something else went out meanwhile
        raise Outdated
    return found, rumours.from_json(one.body["answer"])


def see(ask: Ask, tx: Tx) -> Outgoing:
    """Show the second moderator exactly what will go out."""
    by = desk.moderator(ask, tx)
    one = desk.proposed(ask, tx, by, KIND, ask.number())
    found, answer = _proposed(tx, one)
    asked_for = [_("“{words}”", words=said) for said in rumours.words_of(tx, found.id)]
    lines: list[Line | str] = [*asked_for, "", *_what(found, answer, ask.now)]
    return desk.show(ask, tx, by, one, lines, button(desk.YES, "rumour.yes", one.id))


def agreed(ask: Ask, tx: Tx) -> Outgoing:
    """The second moderator agrees: it is published, and the askers are told as time passes."""
    by = desk.moderator(ask, tx)
    one = desk.second(ask, tx, by, KIND, ask.number())
    if one.proposer in vouchers.near(tx, by.person):
        raise Near
    found, answer = _proposed(tx, one)
    rumours.decide(tx, found, answer, ask.now)
    return ask.reply(_("Published. Whoever asked is told now."), [back("rumours")])


# -- as time passes ------------------------------------------------------------------------------------------------


def watch(tx: Tx, now: datetime) -> list[Outgoing]:
    """Keep what was promised: tell verdicts, ask for patience once, and then say that nobody could verify it."""
    for one in rumours.overdue(tx, now):
        if one.extended:
            rumours.decide(tx, one, Answer(Verdict.UNVERIFIABLE), now)
        else:
            rumours.extend(tx, one, now)
    return [letter for one in rumours.telling(tx) for letter in _tell(tx, one, now)]


def _tell(tx: Tx, one: Rumour, now: datetime) -> list[Outgoing]:
    askers = rumours.to_tell(tx, one, AT_ONCE)
    if one.answer is None:
        rumours.note_told(tx, one, [asker.person.id for asker in askers])
    letters = []
    for asker in askers:
        language = asker.person.language
        if one.answer is None:
            text: Page = Page(
                (
                    _("You asked whether something is true. Topic: {topic}.", topic=_topic(one)),
                    _("It is not clear yet. I need more time, until {when}.", when=On(one.due_at or now, HOME)),
                )
            )
            rows: Rows = ()
        else:
            text, rows = _answer(one, language)
            missing = bool(one.answer.said) and language not in one.answer.said
            rumours.answered(tx, one, asker.person.id, missing=missing)
            if asker.answered:
                text = Page((_("✏️ <b>A correction:</b> what I told you before has changed."), *text.lines))
        lane = Lane.CORRECTION if asker.answered else Lane.CHECKIN
        due_at = quiet_until(asker.person, now)
        letters.append(Outgoing(asker.person.id, text, choices=rows, lane=lane, due_at=due_at))
    if len(askers) < AT_ONCE:
        rumours.all_told(tx, one.id)
    return letters
