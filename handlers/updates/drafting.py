"""Writing a bulletin: one question at a time, and an overview in which each part can be changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot import i18n
from bot.domain import drafting as change
from bot.domain import places
from bot.domain.bulletin import LONGEST, Draft, Figure, Grade, Kind, Source, Status, Topic, Urgency
from bot.domain.conversation import Choice, Lane, Line, Outgoing, Page, Span, Value
from bot.domain.people import HOME
from bot.domain.picture import is_pdf
from bot.domain.refusals import Enough, NotADay, Outdated
from bot.domain.roles import Role
from bot.domain.rollcall import day_of
from bot.i18n import _, pgettext
from handlers import desk
from handlers.ask import Ask, back, base36, button, expect
from handlers.home import which_place
from handlers.updates import wording
from storage import audit, bulletins, drafts, outbox, people, proposals, roles
from storage.database import Tx
from storage.drafts import Kept

KIND, TONGUE = "bulletin", "tongue"  # the kinds of a proposal: to publish, and to add a translation
_TITLE = pgettext("button", "🔤 Title")
_CLAIM = pgettext("button", "➕ A claim")
_CHANGED = pgettext("button", "✏️ What changed")
QUESTIONS = ("place", "topic", "urgency", "title", "claims", "unknown", "drill")
LENGTHS = {"title": 120, "claim": 600, "source": 80, "figure": 80, "unknown": 600, "changed": 600}
NUMBER = 20
SHOWN = 20  # drafts in a list


# -- which draft ---------------------------------------------------------------------------------------------------


def mine(ask: Ask, tx: Tx, index: int = 0) -> Kept:
    """The draft that the button means, if it is of whoever presses, or nobody's any more. Raises Outdated."""
    by = desk.moderator(ask, tx)
    one = drafts.find(tx, ask.number(index))
    if one is None or one.of is not None or not one.is_for(by.person):
        raise Outdated
    return replace(one, author=by.person)


def keep(ask: Ask, tx: Tx, one: Kept) -> None:
    """Keep a changed draft. If it waited for a second person, it waits no more: they would agree to something else."""
    take_back(ask, tx, one.id)
    drafts.save(tx, one, ask.now)


def take_back(ask: Ask, tx: Tx, which: int) -> None:
    """What was proposed of a draft is off the list."""
    for one in waiting(ask, tx, which):
        proposals.withdraw(tx, one, one.proposer)
        outbox.withdraw(tx, desk.topic(one.id), Lane.CHECKIN, ask.now)
        audit.note(tx, ask.person.id, f"taken back: {one.kind}", ask.now)


def waiting(ask: Ask, tx: Tx, which: int) -> list[proposals.Proposal]:
    """What waits for a second person about a draft."""
    found = (one for kind in (KIND, TONGUE) for one in proposals.of_kind(tx, kind, Role.MODERATOR, ask.now))
    return [one for one in found if one.body["draft"] == which]


def next_number(tx: Tx) -> int:
    """The number that a bulletin would get now."""
    newest = bulletins.newest(tx, 1)
    return newest[0].number + 1 if newest else 1


def title_of(draft: Draft, language: str) -> Value:
    """What a draft is called in a list."""
    title = draft.texts.get(language, {}).get("title") or draft.texts.get(draft.language, {}).get("title", "")
    return wording.short(title) or pgettext("noun", "without a title")


def tell_others(ask: Ask, tx: Tx, text: Line, label: Line, verb: str, *args: int | str) -> list[Outgoing]:
    """A quiet word to every other moderator."""
    return [
        desk.quietly(tx, held.person, text, ask.now, button(label, verb, *args))
        for held in roles.holders(tx, Role.MODERATOR, ask.now)
        if held.person != ask.person.id
    ]


# -- the list ------------------------------------------------------------------------------------------------------


def overview(ask: Ask, tx: Tx) -> Outgoing:
    """One's own drafts, and those that wait for a translation."""
    by = desk.moderator(ask, tx)
    own = drafts.of(tx, by.person, SHOWN)
    rows = [
        [
            button(
                pgettext("button-wide", "📝 {title}", title=title_of(one.draft, ask.person.language)),
                "draft.one",
                one.id,
            )
        ]
        for one in own
        if one.of is None
    ]
    tongues = [tongue_button(ask, one, one.tongue) for one in own if one.of is not None]
    tongues += [
        tongue_button(ask, one, language)
        for one in drafts.offered(tx, SHOWN)
        if one.author != by.person
        for language in ((one.tongue,) if one.of is not None else i18n.LANGUAGES)
        if not one.draft.speaks(language)
    ]
    lines = [
        _("Drafts. Only you see yours, on each of your devices, until you propose one or offer it for translation.")
    ]
    if tongues:
        lines.append(_("🌐 Waits for a translation into this language."))
    return ask.reply(
        Page(tuple(lines)),
        [button(pgettext("button", "➕ A new one"), "draft.new")],
        *rows,
        *tongues,
        [back("desk")],
        clean_after=desk.STANDS,
    )


def tongue_button(ask: Ask, one: Kept, language: str) -> list[Choice]:
    """The way to translate a draft into one language."""
    title = title_of(one.draft, ask.person.language)
    label = pgettext(
        "button-wide", "🌐 {language_name}: {title}", language_name=i18n.LANGUAGE_NAMES[language], title=title
    )
    return [button(label, "tongue", one.id, language)]


def new(ask: Ask, tx: Tx) -> Outgoing:
    """Begin a draft, in the language that its author reads."""
    by = desk.moderator(ask, tx)
    one = drafts.put(tx, by.person, Draft(language=ask.person.language), ask.now, left=QUESTIONS)
    audit.note(tx, by.person, "begun: draft", ask.now)
    return following(ask, tx, one)


def following(ask: Ask, tx: Tx, one: Kept) -> Outgoing:
    """The next question that was not asked yet, or everything at one glance."""
    return question(ask, tx, one, one.left[0]) if one.left else show(ask, tx, one)


def _answered(ask: Ask, tx: Tx, one: Kept, draft: Draft, what: str) -> Outgoing:
    changed = replace(one, draft=draft, left=tuple(left for left in one.left if left != what))
    keep(ask, tx, changed)
    return following(ask, tx, changed)


def skip(ask: Ask, tx: Tx) -> Outgoing:
    """Leave a question out."""
    one = mine(ask, tx)
    what = ask.args[1] if len(ask.args) > 1 else ""
    if what not in {"unknown", "claims"}:
        raise Outdated
    people.end_dialogue(tx, ask.person.id)
    draft = change.without_text(one.draft, "unknown") if what == "unknown" else one.draft
    return _answered(ask, tx, one, draft, what)


# -- everything at one glance --------------------------------------------------------------------------------------


def look(ask: Ask, tx: Tx) -> Outgoing:
    """Show a draft."""
    return show(ask, tx, mine(ask, tx))


def show(ask: Ask, tx: Tx, one: Kept) -> Outgoing:
    """A draft as it would read, its length in each language, and what comes next."""
    people.end_dialogue(tx, ask.person.id)
    draft, number = one.draft, next_number(tx)
    said: list[Line | str] = [*wording.lines(draft, number, draft.language, ask.now, reviewed=True)]
    said += ["", _("<b>This is a draft.</b> The number is given when it is published.")]
    for language in i18n.LANGUAGES:
        name = i18n.LANGUAGE_NAMES[language]
        if draft.speaks(language):
            length = len(wording.render(draft, number, language, ask.now, reviewed=True))
            said.append(_("{language_name}: {n} of {most} characters", language_name=name, n=length, most=LONGEST))
        else:
            said.append(_("{language_name}: not yet translated", language_name=name))
    if drafts.fetching(tx, one.id) is not None:
        said.append(_("🖼 What goes with it is being fetched."))
    elif data := drafts.picture_of(tx, one.id):
        said.append(_("📄 A PDF belongs to it.") if is_pdf(data) else _("🖼 A picture belongs to it."))
    if waiting(ask, tx, one.id):
        said.append(_("It waits for a second person. If you change it, it must be proposed anew."))
    untranslated = not all(draft.speaks(language) for language in i18n.LANGUAGES)
    return ask.reply(
        Page(tuple(said)),
        *_missing(one),
        [button(pgettext("button", "✏️ Change it"), "draft.parts", one.id), *_picture(one)],
        [button(pgettext("button-wide", "🌐 Ask for translations"), "draft.offer", one.id)] if untranslated else [],
        [button(pgettext("button-wide", "📣 Propose it"), "review.check", one.id)],
        [back("draft"), button(pgettext("button", "⋯ More"), "draft.else", one.id)],
        clean_after=desk.STANDS,
    )


def _missing(one: Kept) -> list[list[Choice]]:
    """What must be there before it can be proposed, and is not."""
    texts = one.draft.texts.get(one.draft.language, {})
    rows: list[list[Choice]] = []
    if not texts.get("title"):
        rows.append([_part(one, "title", _TITLE)])
    if one.draft.kind is not Kind.NEWS and not texts.get("changed"):
        rows.append([_part(one, "changed", _CHANGED)])
    if one.draft.kind is not Kind.WITHDRAWAL and not one.draft.claims:
        rows.append([_part(one, "claim", _CLAIM)])
    return rows


def _picture(one: Kept) -> list[Choice]:
    if one.draft.kind is Kind.WITHDRAWAL:
        return []
    return [button(pgettext("button", "🖼 Picture or PDF"), "draft.picture", one.id)]


def parts(ask: Ask, tx: Tx) -> Outgoing:
    """Everything in a draft that can be changed, in the order in which it is read."""
    one = mine(ask, tx)
    draft = one.draft
    claims = [
        [
            button(
                pgettext("button-wide", "💬 {claim}", claim=wording.short(_claim_text(draft, n))),
                "draft.claim",
                one.id,
                n,
            )
        ]
        for n in range(len(draft.claims))
    ]
    return ask.reply(
        _("What do you want to change?"),
        [_part(one, "place", pgettext("button", "📍 District")), _part(one, "topic", pgettext("button", "🏷 Topic"))],
        [
            _part(one, "urgency", pgettext("button", "⏱ Urgency")),
            _part(one, "drill", pgettext("button", "🎓 Drill or not")),
        ],
        [_part(one, "title", _TITLE), *([_part(one, "changed", _CHANGED)] if draft.kind is not Kind.NEWS else [])],
        *claims,
        [_part(one, "claim", _CLAIM), _part(one, "unknown", pgettext("button", "❔ Not known"))],
        [back("draft.one", one.id)],
        clean_after=desk.STANDS,
    )


def other(ask: Ask, tx: Tx) -> Outgoing:
    """What is seldom done with a draft: publish it alone, in an emergency, or throw it away."""
    one = mine(ask, tx)
    alone = [button(pgettext("button-wide", "🚨 Publish now, alone"), "alone.check", one.id)]
    return ask.reply(
        _("What do you want to do with this draft?"),
        alone if one.draft.kind is Kind.NEWS else [],
        [button(pgettext("button", "🗑 Throw it away"), "draft.drop", one.id)],
        [back("draft.one", one.id)],
        clean_after=desk.STANDS,
    )


def _part(one: Kept, what: str, label: Line) -> Choice:
    return button(label, "draft.ask", one.id, what)


def _claim_text(draft: Draft, n: int) -> str:
    return draft.texts.get(draft.language, {}).get(f"claim.{n}", "…")


def drop(ask: Ask, tx: Tx) -> Outgoing:
    """Ask before a draft is thrown away."""
    one = mine(ask, tx)
    return ask.reply(
        _("Throw this draft away? It can't be brought back."),
        [button(pgettext("button", "🗑 Yes, throw it away"), "draft.dropped", one.id)],
        [back("draft.one", one.id)],
    )


def dropped(ask: Ask, tx: Tx) -> Outgoing:
    """Throw a draft away."""
    one = mine(ask, tx)
    take_back(ask, tx, one.id)
    drafts.drop(tx, one.id)
    audit.note(tx, ask.person.id, "thrown away: draft", ask.now)
    return overview(ask, tx)


# -- one question at a time ----------------------------------------------------------------------------------------


def asked(ask: Ask, tx: Tx) -> Outgoing:
    """Ask one question, because somebody wants to change the answer."""
    one = mine(ask, tx)
    what = ask.args[1] if len(ask.args) > 1 else ""
    if what not in {*QUESTIONS, "claim", "changed"}:
        raise Outdated
    if what == "claim" and len(one.draft.claims) >= change.MOST_CLAIMS:
        raise Enough(change.MOST_CLAIMS)
    return question(ask, tx, one, what)


def question(ask: Ask, tx: Tx, one: Kept, what: str) -> Outgoing:  # noqa: PLR0911 - one question, one screen
    """Ask one question."""
    home = back("draft.one", one.id)
    match what:
        case "place":
            expect(ask, tx, "draft.place", draft=base36(one.id))
            everywhere = button(pgettext("button", "🌍 Everywhere"), "draft.place", one.id, "")
            return ask.reply(_("Which district is it about? Write the beginning of its name."), [everywhere], [home])
        case "topic":
            rows = [[_topic(one, topic)] for topic in Topic]
            return ask.reply(_("What is it about?"), *rows, [home])
        case "urgency":
            rows = [[_urgency(one, level)] for level in Urgency]
            return ask.reply(_("How soon must readers know?"), *rows, [home])
        case "drill":
            return ask.reply(
                _("Is it real, or an exercise? An exercise says so in its first and its last line."),
                [button(pgettext("button", "It is real"), "draft.drill", one.id, 0)],
                [button(pgettext("button", "🎓 It is an exercise"), "draft.drill", one.id, 1)],
                [home],
            )
        case "unknown":
            skipped = button(pgettext("button", "➡️ Leave it out"), "draft.skip", one.id, "unknown")
            return _words(ask, tx, one, "unknown", _("What is not known yet? Readers trust who says it."), [skipped])
        case "title":
            return _words(ask, tx, one, "title", _("The title: one short sentence."))
        case "changed":
            text = _("What changed? Readers of the earlier version read this first.")
            return _words(
                ask, tx, one, "changed", text if one.draft.kind is Kind.CORRECTION else _("Why is it withdrawn?")
            )
    return _words(
        ask,
        tx,
        one,
        "claim",
        _("One thing that is said, in one or two sentences. Never a name that could lead to a person."),
    )


def _topic(one: Kept, topic: Topic) -> Choice:
    return button(pgettext("button", "{label}", label=wording.topic_name(topic)), "draft.topic", one.id, topic.value)


def _urgency(one: Kept, level: Urgency) -> Choice:
    return button(
        pgettext("button", "{label}", label=wording.urgency_name(level)), "draft.urgency", one.id, level.value
    )


def _words(ask: Ask, tx: Tx, one: Kept, key: str, text: Line, *rows: Iterable[Choice], **more: int | str) -> Outgoing:
    expect(ask, tx, "draft.text", draft=base36(one.id), key=key, **more)
    return ask.reply(text, *rows, [back("draft.one", one.id)])


def _typed_for(ask: Ask, tx: Tx) -> Kept:
    return mine(replace(ask, args=(str(ask.data["draft"]),)), tx)


def searched(ask: Ask, tx: Tx) -> Outgoing:
    """Words of a place were written: offer what is found."""
    one = _typed_for(ask, tx)
    return which_place(ask, back("draft.one", one.id), "draft.place", one.id)


def placed(ask: Ask, tx: Tx) -> Outgoing:
    """A district was chosen, or everywhere."""
    one = mine(ask, tx)
    place = ask.args[1] if len(ask.args) > 1 else ""
    if place and not places.exists(place):
        raise Outdated
    people.end_dialogue(tx, ask.person.id)
    return _answered(ask, tx, one, replace(one.draft, place=place), "place")


def topic(ask: Ask, tx: Tx) -> Outgoing:
    """A topic was chosen."""
    one = mine(ask, tx)
    try:
        chosen = Topic(ask.args[1])
    except (IndexError, ValueError):
        raise Outdated from None
    return _answered(ask, tx, one, replace(one.draft, topic=chosen), "topic")


def urgency(ask: Ask, tx: Tx) -> Outgoing:
    """An urgency was chosen."""
    one = mine(ask, tx)
    try:
        chosen = Urgency(ask.number(1))
    except ValueError:
        raise Outdated from None
    return _answered(ask, tx, one, replace(one.draft, urgency=chosen), "urgency")


def drill(ask: Ask, tx: Tx) -> Outgoing:
    """It is real, or an exercise."""
    one = mine(ask, tx)
    return _answered(ask, tx, one, replace(one.draft, exercise=ask.number(1) == 1), "drill")


def written(ask: Ask, tx: Tx) -> Outgoing:
    """Words were written: what they are for stands in the dialogue."""
    one = _typed_for(ask, tx)
    draft, key = one.draft, str(ask.data["key"])
    if key in {"title", "unknown", "changed"}:
        text = ask.text(LENGTHS[key])
        people.end_dialogue(tx, ask.person.id)
        return _answered(ask, tx, one, change.with_text(draft, draft.language, key, text), key)
    if key == "claim":
        return _claim_written(ask, tx, one)
    n = _existing(one, int(ask.data["n"]))
    if key == "source":
        text = ask.text(LENGTHS["source"])
        return _grade(ask, tx, one, n, text)
    if key == "number":
        text = ask.text(NUMBER)
        asks = _("Who says this figure?")
        return _words(ask, tx, one, "figure", asks, n=n, number=text)
    if key == "figure":
        text = ask.text(LENGTHS["figure"])
        return _day(ask, tx, one, n, "figure", text, number=str(ask.data["number"]))
    return _day_written(ask, tx, one, n)


def _claim_written(ask: Ask, tx: Tx, one: Kept) -> Outgoing:
    text = ask.text(LENGTHS["claim"])
    again = ask.data.get("n")
    people.end_dialogue(tx, ask.person.id)
    if again is not None:
        n = _existing(one, int(again))
        keep(ask, tx, replace(one, draft=change.with_text(one.draft, one.draft.language, f"claim.{n}", text)))
        return _claim_screen(ask, tx, _again(tx, one), n)
    if len(one.draft.claims) >= change.MOST_CLAIMS:
        raise Enough(change.MOST_CLAIMS)
    keep(ask, tx, replace(one, draft=change.with_claim(one.draft, text)))
    return _status(ask, one.id, len(one.draft.claims))


def _again(tx: Tx, one: Kept) -> Kept:
    found = drafts.find(tx, one.id)
    assert found is not None  # noqa: S101 - it was saved a moment ago
    return found


# -- claims --------------------------------------------------------------------------------------------------------


def _existing(one: Kept, n: int) -> int:
    if not 0 <= n < len(one.draft.claims):
        raise Outdated
    return n


def claim(ask: Ask, tx: Tx) -> Outgoing:
    """Show a claim, with everything that can be changed in it."""
    one = mine(ask, tx)
    people.end_dialogue(tx, ask.person.id)
    return _claim_screen(ask, tx, one, _existing(one, ask.number(1)))


def _claim_screen(ask: Ask, tx: Tx, one: Kept, n: int) -> Outgoing:
    del tx
    said = one.draft.texts.get(one.draft.language, {})
    of = one.draft.claims[n]
    lines: list[Line | str] = [
        _("• {claim} ({status})", claim=_claim_text(one.draft, n), status=wording.status_name(of.status))
    ]
    cut: list[list[Choice]] = []
    for m, figure in enumerate(of.figures):
        who = said.get(f"claim.{n}.figure.{m}", "…")
        lines.append(_("– {number}, says {source}", number=figure.number, source=who))
        cut.append(
            [
                button(
                    pgettext("button-wide", "✖️ {text}", text=wording.short(f"{figure.number} {who}")),
                    "draft.cut",
                    one.id,
                    n,
                    "figure",
                    m,
                )
            ]
        )
    for m, source in enumerate(of.sources):
        who = said.get(f"claim.{n}.source.{m}", "…")
        lines.append(_("– Source: {source} ({grade})", source=who, grade=wording.grade_name(source.grade)))
        cut.append(
            [button(pgettext("button-wide", "✖️ {text}", text=wording.short(who)), "draft.cut", one.id, n, "source", m)]
        )
    if not of.sources:
        lines.append(_("It names no source yet."))
    on = (
        [button(pgettext("button", "➡️ No more claims"), "draft.skip", one.id, "claims")]
        if "claims" in one.left
        else [back("draft.one", one.id)]
    )
    return ask.reply(
        Page(tuple(lines)),
        [button(pgettext("button", "➕ A source"), "draft.more", one.id, n, "source")],
        [button(pgettext("button", "➕ A figure"), "draft.more", one.id, n, "number")],
        [button(pgettext("button", "🔤 Other words"), "draft.more", one.id, n, "claim")],
        [button(pgettext("button", "⚖️ How sure"), "draft.sure", one.id, n)],
        *cut,
        [button(pgettext("button", "✖️ Remove this claim"), "draft.cut", one.id, n, "claim", 0)],
        [button(pgettext("button", "➕ Another claim"), "draft.ask", one.id, "claim")],
        on,
        clean_after=desk.STANDS,
    )


def sure(ask: Ask, tx: Tx) -> Outgoing:
    """Ask how sure a claim is."""
    one = mine(ask, tx)
    return _status(ask, one.id, _existing(one, ask.number(1)))


def _status(ask: Ask, which: int, n: int) -> Outgoing:
    rows = (
        [button(pgettext("button", "{label}", label=wording.status_name(one)), "draft.status", which, n, one.value)]
        for one in Status
    )
    return ask.reply(_("How sure is this?"), *rows, [back("draft.claim", which, n)])


def status(ask: Ask, tx: Tx) -> Outgoing:
    """How sure a claim is was chosen."""
    one = mine(ask, tx)
    n = _existing(one, ask.number(1))
    try:
        chosen = Status(ask.args[2])
    except (IndexError, ValueError):
        raise Outdated from None
    changed = replace(one, draft=change.with_status(one.draft, n, chosen))
    keep(ask, tx, changed)
    return _claim_screen(ask, tx, changed, n)


def more(ask: Ask, tx: Tx) -> Outgoing:
    """Ask for a source, for a figure, or for other words of a claim."""
    one = mine(ask, tx)
    n = _existing(one, ask.number(1))
    of = one.draft.claims[n]
    match ask.args[2:3]:
        case ("source",):
            if len(of.sources) >= change.MOST_SOURCES:
                raise Enough(change.MOST_SOURCES)
            text = _(
                "What is the source called in public? “A resident of the district”, a newspaper, an office. <b>Never a "
                "name that could lead to a person.</b>"
            )
            return _words(ask, tx, one, "source", text, n=n)
        case ("number",):
            if len(of.figures) >= change.MOST_SOURCES:
                raise Enough(change.MOST_SOURCES)
            return _words(ask, tx, one, "number", _("Which figure? For example: 12, or: about 200."), n=n)
        case ("claim",):
            return _words(
                ask,
                tx,
                one,
                "claim",
                _(
                    "Write this claim in other words. How sure it is and its sources stay as they are: look at them "
                    "again."
                ),
                n=n,
            )
    raise Outdated


def _grade(ask: Ask, tx: Tx, one: Kept, n: int, called: str) -> Outgoing:
    expect(ask, tx, "draft.text", draft=base36(one.id), key="source", n=n, called=called)
    rows = (
        [button(pgettext("button", "{label}", label=wording.grade_name(grade)), "draft.grade", one.id, n, grade.value)]
        for grade in Grade
    )
    return ask.reply(_("How near is this source to what it tells?"), *rows, [back("draft.claim", one.id, n)])


def grade(ask: Ask, tx: Tx) -> Outgoing:
    """How near a source is was chosen: ask when it said so."""
    one = mine(ask, tx)
    n = _existing(one, ask.number(1))
    try:
        chosen = Grade(ask.args[2])
    except (IndexError, ValueError):
        raise Outdated from None
    if ask.data.get("what") != "draft.text" or not ask.data.get("called") or ask.data.get("n") != n:
        raise Outdated
    return _day(ask, tx, one, n, "source", str(ask.data["called"]), grade=chosen.value)


def _day(  # noqa: PLR0913, PLR0917 - of what it is the day
    ask: Ask, tx: Tx, one: Kept, n: int, part: str, called: str, **more: str
) -> Outgoing:
    expect(ask, tx, "draft.text", draft=base36(one.id), key="day", n=n, part=part, called=called, **more)
    return ask.reply(
        _("On which day did it say so? For example: yesterday, 3 days ago, 14 May, 14.05.2026."),
        [button(pgettext("button", "Today"), "draft.day", one.id, n, "today")],
        [button(pgettext("button", "➡️ Leave it out"), "draft.day", one.id, n, "none")],
        [back("draft.claim", one.id, n)],
    )


def _today(ask: Ask) -> date:
    return ask.now.astimezone(ZoneInfo(HOME)).date()


def day(ask: Ask, tx: Tx) -> Outgoing:
    """The day was chosen: today, or none."""
    one = mine(ask, tx)
    n = _existing(one, ask.number(1))
    if ask.data.get("key") != "day" or ask.data.get("n") != n or ask.args[2:3] not in {("today",), ("none",)}:
        raise Outdated
    return _dated(ask, tx, one, n, _today(ask) if ask.args[2] == "today" else None)


def _day_written(ask: Ask, tx: Tx, one: Kept, n: int) -> Outgoing:
    if ask.data.get("key") != "day":
        raise Outdated
    found = day_of(ask.text(60), _today(ask))
    if found is None:
        raise NotADay
    return _dated(ask, tx, one, n, found)


def _dated(ask: Ask, tx: Tx, one: Kept, n: int, on: date | None) -> Outgoing:
    called, of = str(ask.data["called"]), one.draft.claims[n]
    people.end_dialogue(tx, ask.person.id)
    if len(of.sources if ask.data["part"] == "source" else of.figures) >= change.MOST_SOURCES:
        raise Enough(change.MOST_SOURCES)
    if ask.data["part"] == "source":
        draft = change.with_source(one.draft, n, Source(Grade(ask.data["grade"]), on), called)
    else:
        draft = change.with_figure(one.draft, n, Figure(str(ask.data["number"]), on), called)
    changed = replace(one, draft=draft)
    keep(ask, tx, changed)
    return _claim_screen(ask, tx, changed, n)


def cut(ask: Ask, tx: Tx) -> Outgoing:
    """Take a claim, a source or a figure out."""
    one = mine(ask, tx)
    n, m = _existing(one, ask.number(1)), ask.number(3)
    of = one.draft.claims[n]
    match ask.args[2]:
        case "claim":
            changed = replace(one, draft=change.without_claim(one.draft, n))
            keep(ask, tx, changed)
            return show(ask, tx, changed)
        case "source" if m < len(of.sources):
            draft = change.without_source(one.draft, n, m)
        case "figure" if m < len(of.figures):
            draft = change.without_figure(one.draft, n, m)
        case _:
            raise Outdated
    changed = replace(one, draft=draft)
    keep(ask, tx, changed)
    return _claim_screen(ask, tx, changed, n)


# -- as time passes ------------------------------------------------------------------------------------------------


def ageing(ask: Ask, tx: Tx) -> Outgoing:
    """That a draft is dropped unless its author touches it."""
    desk.moderator(ask, tx)
    text = _(
        "A draft of yours has not been touched for a long time. It is dropped in {span} unless you change it.",
        span=Span(drafts.WARNED),
    )
    return ask.reply(text, [button(pgettext("button", "📝 Drafts"), "draft")])


def watch(tx: Tx, now: datetime) -> list[Outgoing]:
    """Whoever has not touched a draft for a long time is told before it is dropped."""
    look = button(desk.LOOK, "draft.old")
    return [
        desk.quietly(tx, one.author, desk.WAITS, now, look) for one in drafts.ageing(tx, now) if one.author is not None
    ]
