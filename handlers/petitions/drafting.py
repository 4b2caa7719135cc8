"""Writing a petition: one question at a time, in three languages, and an overview in which each part can be changed."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from bot import i18n
from bot.domain import addressees as directory
from bot.domain import petition as rules
from bot.domain import petition_writing as writing
from bot.domain.addressees import ADDRESSEES
from bot.domain.circle import make_code, spaced
from bot.domain.conversation import Choice, Line, Outgoing, Page, Span
from bot.domain.people import HOME
from bot.domain.petition import FOR, LANGUAGES, LONGEST_SOURCE, MOST_ADDRESSEES, MOST_SOURCES, Letter, Part, State
from bot.domain.petition_writing import TO
from bot.domain.refusals import Enough, NotADeadline, NotAKey, NotANumber, Outdated
from bot.domain.roles import Role
from bot.i18n import _, ngettext, pgettext
from handlers import desk
from handlers.ask import Ask, back, base36, button, expect
from handlers.petitions import wording
from storage import audit, envelope, people, petitions, proposals, relays, sponsors
from storage.database import Tx
from storage.petitions import Petition, Version

KIND = "letter"  # the kind of a proposal to open one
MOST = 30  # petitions of one organiser in a list
LONG = frozenset({Part.LETTER.key, Part.BACKGROUND.key})  # may come in several messages
GOALS = (100, 1_000, 10_000)
DAYS = (30, 90, 180, 365)
CHANGEABLE = frozenset({State.DRAFT, State.REFUSED})
ON = pgettext("button", "➡️ Go on")
A_DAY = timedelta(days=1)
ORGANISATION = rules.LONGEST_SIGNED


# -- which letter --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mine:
    """A petition of an organiser, and the newest version of its letter."""

    petition: Petition
    version: Version

    @property
    def id(self) -> int:
        """The petition's number."""
        return self.petition.id

    @property
    def letter(self) -> Letter:
        """What the newest version says."""
        return self.version.letter

    @property
    def changeable(self) -> bool:
        """Whether it can be changed now."""
        return self.version.state in CHANGEABLE


def mine(ask: Ask, tx: Tx) -> Mine:
    """The petition that the button means, if it is of whoever presses. Raises Outdated."""
    by = desk.organiser(ask, tx)
    found = petitions.find(tx, ask.number())
    newest = None if found is None else petitions.newest(tx, found.id)
    if found is None or newest is None or found.author != by.person:
        raise Outdated
    return Mine(found, newest)


def draft(ask: Ask, tx: Tx) -> Mine:
    """The same, if its newest version can be changed. Raises Outdated."""
    one = mine(ask, tx)
    if not one.changeable:
        raise Outdated
    return one


def keep(ask: Ask, tx: Tx, one: Mine, letter: Letter) -> Mine:
    """Keep a changed letter. Raises Outdated if it can't be changed any more."""
    if not petitions.change(tx, one.id, one.version.number, letter, ask.now):
        raise Outdated
    return replace(one, version=replace(one.version, letter=letter))


def today(ask: Ask) -> date:
    """The day at home."""
    return ask.now.astimezone(ZoneInfo(HOME)).date()


# -- the organiser's home ------------------------------------------------------------------------------------------


def overview(ask: Ask, tx: Tx) -> Outgoing:
    """One's own petitions, and those that nobody looks after any more, each with how far it is."""
    by = desk.organiser(ask, tx)
    found = [*petitions.of_author(tx, by.person), *petitions.orphaned(tx, ask.now, MOST)]
    lines: list[Line | str] = [_("<b>Petitions</b>")]
    rows = []
    for one in found[:MOST]:
        newest = petitions.newest(tx, one.id)
        if newest is None:
            continue
        title = wording.titled(newest.letter, ask.person.language)
        state = wording.state_name(newest.state if newest.state in CHANGEABLE | {State.REVIEW} else one.state)
        lines.append(_("• {title}: {state}", title=title, state=state))
        if one.author == by.person:
            rows.append([button(pgettext("button-wide", "📜 {title}", title=title), "petition.one", one.id)])
        else:
            lines.append(_("Nobody looks after it any more."))
            rows.append(
                [button(pgettext("button-wide", "🤝 Look after: {title}", title=title), "petition.adopt", one.id)]
            )
    if not rows:
        lines.append(_("You have none yet. One organiser writes, another one reads it before anybody can sign."))
    return ask.reply(
        Page(tuple(lines)),
        [button(pgettext("button", "➕ A new one"), "petition.new")],
        *rows,
        [back("desk")],
        clean_after=desk.STANDS,
    )


def new(ask: Ask, tx: Tx) -> Outgoing:
    """Begin a petition."""
    by = desk.organiser(ask, tx)
    made = petitions.create(tx, by.person, writing.blank(), ask.now)
    audit.note(tx, by.person, "begun: petition", ask.now)
    return following(ask, tx, mine(replace(ask, args=(base36(made.id),)), tx))


def look(ask: Ask, tx: Tx) -> Outgoing:
    """Show a petition to its organiser."""
    return show(ask, tx, mine(ask, tx))


def show(ask: Ask, tx: Tx, one: Mine) -> Outgoing:
    """A letter at one glance, or a petition that is open, with what can be done."""
    people.end_dialogue(tx, ask.person.id)
    if one.version.state in CHANGEABLE:
        return _show_draft(ask, tx, one)
    if one.version.state is State.REVIEW:
        waits = any(each.body["petition"] == one.id for each in proposals.of_kind(tx, KIND, Role.ORGANISER, ask.now))
        if waits:
            lines = [*_head(ask, one), "", _("Another organiser must read it. Until then it can't be changed.")]
        else:
            lines = [*_head(ask, one), "", _("Nobody has agreed in time. Take it back, and offer it again.")]
        rows = [
            [button(pgettext("button", "👁 See it"), "petition.preview", one.id)],
            [button(pgettext("button", "↩️ Take it back"), "petition.back", one.id)],
        ]
        return ask.reply(Page(tuple(lines)), *rows, *_running(one), [back("petition.mine")], clean_after=desk.STANDS)
    counted = wording.count_lines(one.letter.goal, one.petition.count, one.petition.vouched)
    lines = [*_head(ask, one), "", *counted, wording.closes_line(one.letter.closes)]
    rows = [[button(pgettext("button", "👁 See it"), "petition", one.id)]]
    if one.petition.state is State.OPEN:
        rows.append([button(pgettext("button", "✏️ A new version"), "petition.version", one.id)])
        rows.append([button(pgettext("button", "⏹ Close it"), "petition.close", one.id)])
    return ask.reply(Page(tuple(lines)), *_running(one), *rows, [back("petition.mine")], clean_after=desk.STANDS)


def _head(ask: Ask, one: Mine) -> list[Line | str]:
    title = wording.titled(one.letter, ask.person.language)
    state = wording.state_name(one.version.state if one.version.state is not State.OPEN else one.petition.state)
    return [
        _("<b>{title}</b>", title=title),
        _("Version {number}: {state}.", number=one.version.number, state=state),
    ]


def _running(one: Mine) -> list[list[Choice]]:
    """What belongs to a petition that was opened; also while a later version of its letter is written."""
    if one.petition.opened_at is None:
        return []
    return [
        [
            button(pgettext("button", "📈 Progress"), "petition.progress", one.id),
            button(pgettext("button", "🛡 Fraud"), "petition.fraud", one.id),
        ],
        [
            button(pgettext("button", "📦 Packets"), "petition.packets", one.id),
            button(pgettext("button", "🪧 Card"), "petition.card", one.id),
        ],
    ]


def _show_draft(ask: Ask, tx: Tx, one: Mine) -> Outgoing:
    letter, old = standing(tx, one.id, one.letter), stale(tx, one)
    lines = [*_head(ask, one), ""]
    if one.version.refusal is not None:
        lines += [_("Refused: {reason}.", reason=wording.refusal_name(one.version.refusal)), ""]
    if letter.addressees:
        lines.append(wording.addressees_line(letter, ask.person.language))
    lines += wording.names_lines(letter)
    found = rules.lacks(letter, today(ask))
    if found:
        lines += [*([""] if lines[-1] else ()), _("<b>What is lacking still:</b>")]
        lines += [wording.lack_line(lack, where, ask.person.language) for lack, where in found[:MOST_LACKS]]
        if len(found) > MOST_LACKS:
            rest = len(found) - MOST_LACKS
            lines.append(ngettext("… and {n} thing more", "… and {n} things more", n=rest))
    if old:
        lines.append(
            ngettext(
                "⚠️ {n} who stands under it has said yes to an earlier text: ask them again, or take them out.",
                "⚠️ {n} who stand under it have said yes to an earlier text: ask them again, or take them out.",
                n=len(old),
            )
        )
    lines += warnings(ask, letter)
    left = rules.DRAFT_KEPT - (ask.now - one.version.changed_at)
    if left <= rules.DRAFT_WARNED:
        lines += ["", _("Nobody has changed it for long: it is dropped in {span}.", span=Span(max(left, A_DAY)))]
    return ask.reply(Page(tuple(lines)), *_ways(ask, one), clean_after=desk.STANDS)


MOST_LACKS = 12


def warnings(ask: Ask, letter: Letter) -> list[Line | str]:
    """What keeps a packet from being made, although the letter can be signed."""
    lines: list[Line | str] = []
    for code in letter.addressees:
        lacking = directory.lacking(code, [one for one in directory.Element if one.value in letter.elements], LANGUAGES)
        if lacking:
            lines.append(_for_packet(ask, code, lacking))
    return ["", *lines] if lines else []


def _for_packet(ask: Ask, code: str, lacking: list[str]) -> Line:
    name = wording.addressee_name(code, ask.person.language)
    n = sum(one not in {"language", "own pages"} for one in lacking)
    if not n:
        return _("⚠️ No packet can be made for: {addressee}.", addressee=name)
    return ngettext(
        "⚠️ {addressee} wants to know {n} thing more. Without it no packet is made.",
        "⚠️ {addressee} wants to know {n} things more. Without them no packet is made.",
        n=n,
        addressee=name,
    )


def _measure(letter: Letter, language: str) -> Line:
    """How long the parts of a letter are in a language, against their limits."""
    sizes = {part: len(letter.texts.get((language, part.key), "")) for part in Part}
    return _(
        "{language_name}: title {title}/{title_most}, letter {letter}/{letter_most}, "
        "background {background}/{background_most}",
        language_name=i18n.LANGUAGE_NAMES[language],
        title=str(sizes[Part.TITLE]),
        title_most=str(Part.TITLE.longest),
        letter=str(sizes[Part.LETTER]),
        letter_most=str(Part.LETTER.longest),
        background=str(sizes[Part.BACKGROUND]),
        background_most=str(Part.BACKGROUND.longest),
    )


def _ways(ask: Ask, one: Mine) -> Iterable[list[Choice]]:
    go_on = writing.next_question(one.letter, ask.person.language) is not None
    return (
        [button(ON, "petition.go", one.id)] if go_on else [],
        [
            button(pgettext("button", "✏️ Change it"), "petition.parts", one.id),
            button(pgettext("button", "✍️ Sponsors"), "petition.sponsors", one.id),
        ],
        [button(pgettext("button-wide", "📣 Look at it and offer it"), "petition.preview", one.id)],
        *_running(one),
        [back("petition.mine")],
    )


def parts(ask: Ask, tx: Tx) -> Outgoing:
    """Everything in a letter that can be changed, how long its texts are, and the way to throw it away."""
    one = draft(ask, tx)
    lines: list[Line | str] = [
        _("What do you want to change?"),
        "",
        *(_measure(one.letter, language) for language in LANGUAGES),
    ]
    return ask.reply(
        Page((*lines, *wording.key_lines(one.letter))),
        [
            button(pgettext("button", "📝 Texts"), "petition.texts", one.id, ask.person.language),
            button(pgettext("button", "📚 Sources"), "petition.ask", one.id, "source"),
        ],
        [
            button(pgettext("button", "📮 Addressees"), "petition.ask", one.id, "addressees"),
            button(pgettext("button", "🎯 Goal"), "petition.ask", one.id, "goal"),
        ],
        [
            button(pgettext("button", "📅 Deadline"), "petition.ask", one.id, "closes"),
            button(pgettext("button", "🔑 Public key"), "petition.ask", one.id, "key"),
        ],
        [button(pgettext("button", "🗑 Throw it away"), "petition.drop", one.id)],
        [back("petition.one", one.id)],
        clean_after=desk.STANDS,
    )


def texts(ask: Ask, tx: Tx) -> Outgoing:
    """Every text of a letter in one language, to be changed."""
    one = draft(ask, tx)
    language = _language(ask, 1)
    rows = []
    for key in writing.keys(one.letter):
        there = bool(writing.text_of(one.letter, language, key).strip())
        name = wording.part_label(key, ask.person.language)
        label = (
            pgettext("button-wide", "✅ {part}", part=name) if there else pgettext("button-wide", "▫️ {part}", part=name)
        )
        rows.append([button(label, "petition.ask", one.id, key, language)])
    tongues = [
        button(i18n.language_button(other), "petition.texts", one.id, other) for other in LANGUAGES if other != language
    ]
    text = _("Texts in the language: {language_name}", language_name=i18n.LANGUAGE_NAMES[language])
    return ask.reply(text, *rows, tongues, [back("petition.parts", one.id)], clean_after=desk.STANDS)


def _language(ask: Ask, index: int) -> str:
    language = ask.args[index] if len(ask.args) > index else ""
    if language not in LANGUAGES:
        raise Outdated
    return language


def drop(ask: Ask, tx: Tx) -> Outgoing:
    """Ask before a letter is thrown away."""
    one = draft(ask, tx)
    return ask.reply(
        _("Throw this letter away? It can't be brought back."),
        [button(pgettext("button", "🗑 Yes, throw it away"), "petition.dropped", one.id)],
        [back("petition.one", one.id)],
    )


def dropped(ask: Ask, tx: Tx) -> Outgoing:
    """Throw a letter away that nobody has signed."""
    one = draft(ask, tx)
    if petitions.take_step(tx, one.version, rules.Deed.DROP, rules.Who.AUTHOR, ask.now) is None:
        raise Outdated
    audit.note(tx, ask.person.id, "thrown away: petition", ask.now)
    return overview(ask, tx)


# -- one question at a time ----------------------------------------------------------------------------------------


def go(ask: Ask, tx: Tx) -> Outgoing:
    """Go on where the letter lacks something."""
    return following(ask, tx, draft(ask, tx))


def following(ask: Ask, tx: Tx, one: Mine) -> Outgoing:
    """The next question, or everything at one glance."""
    found = writing.next_question(one.letter, ask.person.language)
    return show(ask, tx, one) if found is None else question(ask, tx, one, *found)


def asked(ask: Ask, tx: Tx) -> Outgoing:
    """Ask one question, because somebody wants to change the answer."""
    one = draft(ask, tx)
    what = ask.args[1] if len(ask.args) > 1 else ""
    if what in {"source", "addressees", "goal", "closes", "key"}:
        return question(ask, tx, one, what, "")
    if what not in writing.keys(one.letter):
        raise Outdated
    return question(ask, tx, one, what, _language(ask, 2))


def question(ask: Ask, tx: Tx, one: Mine, what: str, language: str) -> Outgoing:
    """Ask one question."""
    home = back("petition.one", one.id)
    match what:
        case "source":
            return _sources(ask, tx, one)
        case "addressees":
            return _addressees(ask, tx, one)
        case "goal":
            expect(ask, tx, "petition.goal", petition=base36(one.id))
            row = [button(pgettext("button", "{n}", n=n), "petition.goal", one.id, n) for n in GOALS]
            return ask.reply(_("How many signatures are the goal? Choose, or write a number."), row, [home])
        case "closes":
            expect(ask, tx, "petition.closes", petition=base36(one.id))
            rows = [
                [button(pgettext("button", "{span}", span=Span(writing.days(n))), "petition.closes", one.id, n)]
                for n in DAYS
            ]
            text = _("How long can it be signed? Choose, or write the day, for example 14.05.2027. A year at the most.")
            return ask.reply(text, *rows, [home])
        case "key":
            expect(ask, tx, "petition.key", petition=base36(one.id))
            lines = [
                _("Paste the organisers' public key: it begins with PVO1."),
                _(
                    "It is made on your own computer with the program payvand, never here. The names of those who sign "
                    "are locked with it. Whoever loses the other half of it loses the names."
                ),
            ]
            return ask.reply(Page(tuple(lines)), [home], clean_after=desk.STANDS)
    return _text_question(ask, tx, one, what, language)


def _text_question(ask: Ask, tx: Tx, one: Mine, key: str, language: str) -> Outgoing:
    expect(ask, tx, "petition.text", petition=base36(one.id), key=key, language=language)
    lines: list[Line | str] = [_asked_line(key, ask.person.language)]
    name = i18n.LANGUAGE_NAMES[language]
    most = writing.longest(key)
    lines.append(_("Write it in the language: {language_name}. At most {n} characters.", language_name=name, n=most))
    if key in LONG:
        lines.append(_("A long text can come in several messages, one after the other."))
    said, tongue = writing.original(one.letter, language, key)
    if said and language != ask.person.language:
        begun = next(wording.pieces(said, 2500))
        lines += ["", _("In the language {language_name} it says:", language_name=i18n.LANGUAGE_NAMES[tongue])]
        lines += begun.split("\n")
        if begun != said:
            lines.append("…")
    skip = button(pgettext("button", "⏸ Later"), "petition.one", one.id)
    return ask.anew(Page(tuple(lines)), [skip], clean_after=desk.STANDS)


def _asked_line(key: str, language: str) -> Line:
    if key.startswith(TO):
        return _(
            "What exactly do you ask of: {addressee}? Only what it can do.",
            addressee=wording.addressee_name(key.removeprefix(TO), language),
        )
    if key.startswith(FOR):
        return _("An addressee wants to know: {what}", what=wording.part_name(key, language))
    return {
        Part.TITLE.key: _("The title: one short sentence that says what you want."),
        Part.LETTER.key: _("The letter itself. <b>Never a name that could lead to a person in reach of the state.</b>"),
        Part.BACKGROUND.key: _("The background: what happened, for somebody who knows nothing of it."),
    }[key]


def typed_for(ask: Ask, tx: Tx) -> Mine:
    """The letter that typed words belong to. Raises Outdated."""
    return draft(replace(ask, args=(str(ask.data["petition"]),)), tx)


def written(ask: Ask, tx: Tx) -> Outgoing:
    """A text was written. A long one may go on in the next message."""
    one = typed_for(ask, tx)
    key, language = str(ask.data["key"]), str(ask.data["language"])
    if key not in writing.keys(one.letter):
        raise Outdated
    most = writing.longest(key)
    if key == Part.TITLE.key:
        text = ask.text(most)
    else:
        before = writing.text_of(one.letter, language, key) + "\n\n" if ask.data.get("begun") else ""
        text = before + ask.lines(max(most - len(before), 1))
    changed = keep(ask, tx, one, writing.with_text(one.letter, language, key, text))
    if key in LONG:
        expect(ask, tx, "petition.text", petition=base36(one.id), key=key, language=language, begun=1)
        so_far = _("Kept: {n} of {most} characters. Write on, or go on.", n=len(text), most=most)
        anew = button(pgettext("button", "✏️ Begin it anew"), "petition.ask", one.id, key, language)
        return ask.reply(so_far, [button(ON, "petition.go", one.id)], [anew], clean_after=desk.STANDS)
    people.end_dialogue(tx, ask.person.id)
    return following(ask, tx, changed)


# -- sources -------------------------------------------------------------------------------------------------------


def _sources(ask: Ask, tx: Tx, one: Mine) -> Outgoing:
    lines: list[Line | str] = []
    rows = []
    for n, source in enumerate(one.letter.sources):
        lines.append(_("{number}. {source}", number=n + 1, source=wording.short(source)))
        label = pgettext("button-wide", "✖️ {number}. {source}", number=n + 1, source=wording.short(source))
        rows.append([button(label, "petition.cut", one.id, n)])
    if len(one.letter.sources) < MOST_SOURCES:
        expect(ask, tx, "petition.source", petition=base36(one.id))
        lines.append(_("Write a source: what it is, of which day, and where it can be looked up. One in a message."))
    go_on = [button(ON, "petition.go", one.id)] if one.letter.sources else []
    return ask.reply(Page(tuple(lines)), go_on, *rows, [back("petition.one", one.id)], clean_after=desk.STANDS)


def sourced(ask: Ask, tx: Tx) -> Outgoing:
    """A source was written."""
    one = typed_for(ask, tx)
    if len(one.letter.sources) >= MOST_SOURCES:
        raise Enough(MOST_SOURCES)
    changed = replace(one.letter, sources=(*one.letter.sources, ask.text(LONGEST_SOURCE)))
    return _sources(ask, tx, keep(ask, tx, one, changed))


def cut(ask: Ask, tx: Tx) -> Outgoing:
    """Take a source out; those after it move up."""
    one, n = draft(ask, tx), ask.number(1)
    if n >= len(one.letter.sources):
        raise Outdated
    left = one.letter.sources[:n] + one.letter.sources[n + 1 :]
    return _sources(ask, tx, keep(ask, tx, one, replace(one.letter, sources=left)))


# -- addressees ----------------------------------------------------------------------------------------------------


def _addressees(ask: Ask, tx: Tx, one: Mine) -> Outgoing:
    people.end_dialogue(tx, ask.person.id)
    kinds = [
        [button(pgettext("button", "{label}", label=wording.kind_name(kind)), "petition.to", one.id, kind)]
        for kind in writing.kinds()
    ]
    chosen = [
        [_addressee(one, code, pgettext("button-wide", "✅ {addressee}", addressee=_named(ask, code)))]
        for code in one.letter.addressees
    ]
    go_on = [button(ON, "petition.go", one.id)] if chosen else []
    text = _("Whom shall the letter reach? Choose from the directory; eight at the most.")
    return ask.reply(text, go_on, *chosen, *kinds, [back("petition.one", one.id)], clean_after=desk.STANDS)


def _named(ask: Ask, code: str) -> str:
    return wording.short(wording.addressee_name(code, ask.person.language), 48)


def _addressee(one: Mine, code: str, label: Line) -> Choice:
    return button(label, "petition.to.see", one.id, code)


def of_kind(ask: Ask, tx: Tx) -> Outgoing:
    """The institutions of a kind."""
    one = draft(ask, tx)
    kind = ask.args[1] if len(ask.args) > 1 else ""
    if kind not in writing.kinds():
        raise Outdated
    rows = [
        [_addressee(one, code, pgettext("button-wide", "📮 {addressee}", addressee=_named(ask, code)))]
        for code, each in ADDRESSEES.items()
        if each.kind == kind
    ]
    return ask.reply(
        _("<b>{what}</b>", what=wording.kind_name(kind)),
        *rows,
        [back("petition.ask", one.id, "addressees")],
        clean_after=desk.STANDS,
    )


def _chosen(ask: Ask) -> str:
    code = ask.args[1] if len(ask.args) > 1 else ""
    if code not in ADDRESSEES:
        raise Outdated
    return code


def to_see(ask: Ask, tx: Tx) -> Outgoing:
    """What the directory knows of an institution, and what it wants."""
    one, code = draft(ask, tx), _chosen(ask)
    lines = wording.addressee_lines(ADDRESSEES[code], ask.person.language)
    if code in one.letter.addressees:
        way = button(pgettext("button", "✖️ Take it out"), "petition.to.drop", one.id, code)
    else:
        way = button(pgettext("button", "➕ Write to it"), "petition.to.add", one.id, code)
    return ask.reply(Page(tuple(lines)), [way], [back("petition.ask", one.id, "addressees")], clean_after=desk.STANDS)


def to_add(ask: Ask, tx: Tx) -> Outgoing:
    """The letter goes to one institution more."""
    one, code = draft(ask, tx), _chosen(ask)
    if len(one.letter.addressees) >= MOST_ADDRESSEES and code not in one.letter.addressees:
        raise Enough(MOST_ADDRESSEES)
    return _addressees(ask, tx, keep(ask, tx, one, writing.with_addressee(one.letter, code)))


def to_drop(ask: Ask, tx: Tx) -> Outgoing:
    """The letter goes to one institution less; what was asked of it is gone."""
    one, code = draft(ask, tx), _chosen(ask)
    return _addressees(ask, tx, keep(ask, tx, one, writing.without_addressee(one.letter, code)))


# -- goal, deadline, key -------------------------------------------------------------------------------------------


def goal(ask: Ask, tx: Tx) -> Outgoing:
    """A goal was chosen."""
    n = ask.number(1)
    if n not in GOALS:
        raise Outdated
    return _with_goal(ask, tx, draft(ask, tx), n)


def goal_written(ask: Ask, tx: Tx) -> Outgoing:
    """A goal was written."""
    one, n = typed_for(ask, tx), writing.read_goal(ask.text(40))
    if n is None:
        raise NotANumber
    return _with_goal(ask, tx, one, n)


def _with_goal(ask: Ask, tx: Tx, one: Mine, n: int) -> Outgoing:
    people.end_dialogue(tx, ask.person.id)
    return following(ask, tx, keep(ask, tx, one, replace(one.letter, goal=n)))


def closes(ask: Ask, tx: Tx) -> Outgoing:
    """How long it can be signed was chosen."""
    n = ask.number(1)
    if n not in DAYS:
        raise Outdated
    return _closing(ask, tx, draft(ask, tx), today(ask) + writing.days(n))


def closes_written(ask: Ask, tx: Tx) -> Outgoing:
    """The day was written."""
    one, day = typed_for(ask, tx), writing.read_day(ask.text(40))
    if day is None or not writing.may_close(day, today(ask)):
        raise NotADeadline
    return _closing(ask, tx, one, day)


def _closing(ask: Ask, tx: Tx, one: Mine, day: date) -> Outgoing:
    people.end_dialogue(tx, ask.person.id)
    return following(ask, tx, keep(ask, tx, one, replace(one.letter, closes=day)))


def key_pasted(ask: Ask, tx: Tx) -> Outgoing:
    """The organisers' public key was pasted: its five groups are shown, to be read to each other."""
    one = typed_for(ask, tx)
    public = envelope.read_public(ask.text(200))
    if public is None:
        raise NotAKey
    changed = keep(ask, tx, one, replace(one.letter, key=envelope.public_text(public)))
    people.end_dialogue(tx, ask.person.id)
    lines = [
        *wording.key_lines(changed.letter),
        _("Read these five groups to each other by telephone, and compare them with what your computer shows."),
    ]
    return ask.reply(Page(tuple(lines)), [button(ON, "petition.go", one.id)], [back("petition.one", one.id)])


# -- sponsors and organisations ------------------------------------------------------------------------------------


def standing(tx: Tx, which: int, letter: Letter) -> Letter:
    """The letter with those under it who have said yes to exactly this text."""
    text = letter.text_digest()
    found = [each for each in sponsors.of(tx, which) if each.stands(text)]
    return writing.standing(
        letter,
        (each.name for each in found if not each.organisation),
        (each.name for each in found if each.organisation),
    )


def stale(tx: Tx, one: Mine) -> list[sponsors.Sponsor]:
    """Those who have said yes to another text than the one that stands there now."""
    text = one.letter.text_digest()
    return [each for each in sponsors.of(tx, one.id) if each.confirmed and not each.stands(text)]


def under(ask: Ask, tx: Tx) -> Outgoing:
    """Who stands under a letter, and who is asked."""
    return _under(ask, tx, draft(ask, tx))


def _said(each: sponsors.Sponsor, name: str | Line, text: bytes) -> Line:
    if each.stands(text):
        return _("✅ {name}", name=name)
    if each.confirmed:
        return _("🔄 {name}: has said yes to an earlier text", name=name)
    return _("⏳ {name}: has not said anything yet", name=name)


def _under(ask: Ask, tx: Tx, one: Mine) -> Outgoing:
    found, text = sponsors.of(tx, one.id), one.letter.text_digest()
    lines: list[Line | str] = [
        _("Who stands under the letter says so here, with a code that you read to them. The name is for everybody.")
    ]
    rows = []
    for each in found:
        name = each.name or pgettext("noun", "somebody who is asked")
        lines.append(_said(each, name, text))
        rows.append(
            [button(pgettext("button-wide", "✖️ {name}", name=_cut(name)), "petition.sponsor.drop", one.id, each.id)]
        )
    more: list[Iterable[Choice]] = []
    if stale(tx, one):
        more.append([button(pgettext("button", "🔄 Ask them again"), "petition.again", one.id)])
    if len(found) < rules.MOST_SPONSORS:
        more += [
            [button(pgettext("button", "➕ A person"), "petition.sponsor", one.id)],
            [button(pgettext("button", "➕ An organisation"), "petition.organisation", one.id)],
        ]
    return ask.reply(Page(tuple(lines)), *more, *rows, [back("petition.one", one.id)], clean_after=desk.STANDS)


def _cut(name: str | Line) -> str | Line:
    return wording.short(name, 30) if isinstance(name, str) else name


def sponsor(ask: Ask, tx: Tx) -> Outgoing:
    """Ask a person to stand under the letter: a code for them."""
    return _ask_for(ask, tx, draft(ask, tx), "", organisation=False)


def organisation(ask: Ask, tx: Tx) -> Outgoing:
    """Ask for the name of an organisation."""
    one = draft(ask, tx)
    expect(ask, tx, "petition.organisation", petition=base36(one.id))
    return ask.reply(
        _("What is the organisation called? Its authorised person says yes with a code that you read to them."),
        [back("petition.sponsors", one.id)],
    )


def organisation_named(ask: Ask, tx: Tx) -> Outgoing:
    """The name of an organisation was written: a code for whoever may speak for it."""
    one = typed_for(ask, tx)
    name = ask.text(ORGANISATION)
    people.end_dialogue(tx, ask.person.id)
    return _ask_for(ask, tx, one, name, organisation=True)


def _ask_for(ask: Ask, tx: Tx, one: Mine, name: str, *, organisation: bool) -> Outgoing:
    if len(sponsors.of(tx, one.id)) >= rules.MOST_SPONSORS:
        raise Enough(rules.MOST_SPONSORS)
    code = make_code(secrets.randbelow)
    sponsors.ask(tx, one.id, name, code, ask.now, organisation=organisation)
    audit.note(tx, ask.person.id, "asked: sponsor", ask.now)
    lines = [
        _("The code: <code>{code}</code>", code=spaced(code)),
        _(
            "Read it to the person by telephone or face to face. They write to me: /petitions, then “I have a code”. "
            "It can be used once, within {span}.",
            span=Span(sponsors.CODE_LIFE),
        ),
    ]
    return ask.anew(Page(tuple(lines)), [back("petition.sponsors", one.id)], clean_after=desk.STANDS)


def again(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Ask those again who have said yes to an earlier text: each gets a word that does not say what it is about."""
    one = draft(ask, tx)
    asked_again = [each for each in stale(tx, one) if each.person is not None]
    letters = [
        desk.quietly(
            tx,
            each.person,
            desk.WAITS,
            ask.now,
            button(desk.LOOK, "petition.renew", each.id),
            topic=f"sponsor:{each.id}",
        )
        for each in asked_again
        if each.person is not None
    ]
    audit.note(tx, ask.person.id, "asked again: sponsors", ask.now)
    text = _("They are asked. Who does not say yes again can be taken out, or asked with a new code.")
    return [ask.reply(text, [back("petition.sponsors", one.id)], clean_after=desk.STANDS), *letters]


def sponsor_drop(ask: Ask, tx: Tx) -> Outgoing:
    """Take somebody off the list."""
    one = draft(ask, tx)
    if not sponsors.drop(tx, one.id, ask.number(1)):
        raise Outdated
    return _under(ask, tx, one)


# -- closing, and a later version ----------------------------------------------------------------------------------


def _open(ask: Ask, tx: Tx) -> Mine:
    one = mine(ask, tx)
    if one.petition.state is not State.OPEN:
        raise Outdated
    return one


def close(ask: Ask, tx: Tx) -> Outgoing:
    """Ask before a petition is closed."""
    one = _open(ask, tx)
    return ask.reply(
        _(
            "Close it now? Nobody can sign any more, and it can't be opened again. Signatures can still be withdrawn, "
            "and packets made. A version that was not opened yet is dropped."
        ),
        [button(pgettext("button", "⏹ Yes, close it"), "petition.closed", one.id)],
        [back("petition.one", one.id)],
    )


def closed(ask: Ask, tx: Tx) -> Outgoing:
    """Close a petition."""
    one = _open(ask, tx)
    if not petitions.close(tx, one.id, rules.Who.AUTHOR, ask.now):
        raise Outdated
    audit.note(tx, ask.person.id, "closed: petition", ask.now)
    return show(ask, tx, mine(ask, tx))


def version(ask: Ask, tx: Tx) -> Outgoing:
    """Begin a later version; those who have signed the one before are counted for that one alone."""
    one = _open(ask, tx)
    if relays.home_of(tx, one.id) is not None:
        text = _("This letter comes from another community. Only there a new version can be written.")
        return ask.reply(text, [back("petition.one", one.id)], clean_after=desk.STANDS)
    if petitions.begin_version(tx, one.id, one.letter, ask.now) is None:
        raise Outdated
    audit.note(tx, ask.person.id, "begun: version", ask.now)
    return show(ask, tx, mine(ask, tx))


def tell_author(ask: Ask, tx: Tx, which: int) -> list[Outgoing]:
    """A quiet word to the author that somebody has said yes."""
    found = petitions.find(tx, which)
    if found is None or found.author is None or found.author == ask.person.id:
        return []
    return [desk.quietly(tx, found.author, desk.WAITS, ask.now, button(desk.LOOK, "petition.sponsors", which))]
