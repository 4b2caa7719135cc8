"""The line to the moderators: a member writes, a moderator answers, and neither learns who the other is.

A moderator reads a case only after taking it, and the member sees that one has. Nobody but a member begins one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

from bot.domain import hotline as rules
from bot.domain.conversation import Ago, Choice, Lane, Line, On, Outgoing, Page, Span, Text
from bot.domain.hard_words import is_hard
from bot.domain.hotline import LONGEST, MOST_OPEN, MOST_UNANSWERED, STANDS, TOLD, URGENT, spelled
from bot.domain.people import HOME, quiet_until
from bot.domain.refusals import Outdated, Own, TooManyCases, Unanswered
from bot.domain.region import rounded
from bot.domain.roles import Moderator, Role
from bot.i18n import _, pgettext
from handlers import desk
from handlers.ask import Ask, back, button, expect
from handlers.home import HELP
from handlers.words import NEVER_FIRST
from storage import audit, circles, hotline, inbox, outbox, people, roles
from storage.database import Tx
from storage.hotline import MEMBER, Case, Word

SHOWN = 8  # cases on one screen
WORDS_SHOWN = 12  # words of a case on one screen...
LETTERS_SHOWN = 2500  # ...and so many characters of them
WORDS_AN_HOUR = 3  # letters to the moderators about one case, and about all that are not urgent
AT_THE_DESK = timedelta(hours=1)  # the words of a member stand in a moderator's chat
FARTHEST = 1 << 30  # how far back or down a button may lead
MARK = 12  # characters of the mark by which an answer is sent exactly as it was shown
WRITE = pgettext("button", "✍️ Write")
HELPING = (button(HELP, "help"),)
NEW = _("There is something new for you. Open it when you are alone.")


def _called(voice: int, mine: int) -> Line:
    """Who speaks, to whoever has the voice `mine`."""
    if voice == mine:
        return pgettext("noun", "You")
    return pgettext("noun", "Member") if voice == MEMBER else pgettext("noun", "Moderator {number}", number=voice)


# -- the member: what it is, and which cases there are -------------------------------------------------------------


def overview(ask: Ask, tx: Tx) -> Outgoing:
    """What the line is, who reads it, how long an answer may take, and the person's own cases."""
    return _overview(ask, tx)


def _overview(ask: Ask, tx: Tx, first: Sequence[Line] = ()) -> Outgoing:
    reading, cases = _reading(tx, ask.person.id, ask.now), hotline.of(tx, ask.person.id)
    may_begin = reading and sum(one.open for one in cases) < MOST_OPEN
    lines: list[Line | str] = [
        *first,
        _("<b>☎️ The line to the moderators</b>"),
        *(_what_it_is() if not cases else ()),
        NEVER_FIRST,
        "",
        _who_reads(reading),
    ]
    if reading:
        lines += [_how_long(tx, ask.now), _("If nobody has answered after {span}, I tell you so.", span=Span(TOLD))]
    lines.append(_("In danger don't wait for an answer: call for help."))
    rows = [
        [button(pgettext("button-wide", "☎️ Case {case}, {ago}", case=spelled(one.number), ago=Ago(one.said_at)),
                "hotline.one", one.number)]
        for one in cases
    ]  # fmt: skip
    write = [button(WRITE, "hotline.new")] if may_begin else []
    return ask.reply(Page(tuple(lines)), HELPING, write, *rows, [back("news")])


def _what_it_is() -> Iterable[Line]:
    yield _("They read what you write, and never who you are. You read “moderator 1”, and never who that is.")
    yield _("Nobody here needs your name, your number, an address or a code. Leave them out.")
    yield _("Their answers come only here, from me.")


def _moderators(tx: Tx, but: int, now: datetime) -> list[int]:
    return [held.person for held in roles.holders(tx, Role.MODERATOR, now) if held.person != but]


def _reading(tx: Tx, who: int, now: datetime) -> int:
    """How many could answer this person."""
    return len(_moderators(tx, who, now))


def _who_reads(reading: int) -> Line:
    if reading == 0:
        return _("There is no moderator now. Nobody would read it, so please try again another day.")
    if reading == 1:
        return _("One moderator reads it. They also sleep and work.")
    many = rounded(reading)
    if many is None:
        return _("A few moderators read it. They also sleep and work.")
    return _("More than {number} moderators read it. They also sleep and work.", number=many - 1)


def _how_long(tx: Tx, now: datetime) -> Line:
    usual = rules.usual(hotline.first_answers(tx, now - rules.LATELY, 20))
    if usual is None:
        return _("Nobody can say yet how long an answer takes.")
    return _("Lately a first answer took about {span}.", span=Span(usual))


# -- the member: writing -------------------------------------------------------------------------------------------


def new(ask: Ask, tx: Tx) -> Outgoing:
    """Ask for the first words of a new case. Where an argument says so, the message that held the button stays."""
    if ask.args:
        ask = replace(ask, on="")
    if not _reading(tx, ask.person.id, ask.now):
        return overview(ask, tx)
    if sum(one.open for one in hotline.of(tx, ask.person.id)) >= MOST_OPEN:
        raise TooManyCases(MOST_OPEN)
    return _ask_for_words(ask, tx, 0)


def add(ask: Ask, tx: Tx) -> Outgoing:
    """Ask for more words in a case."""
    return _ask_for_words(ask, tx, _mine(ask, tx).number)


def _mine(ask: Ask, tx: Tx) -> Case:
    """The person's own case. Somebody else's is answered like one that never was."""
    one = hotline.mine(tx, ask.number(), ask.person.id)
    if one is None:
        raise Outdated
    return one


def _ask_for_words(ask: Ask, tx: Tx, which: int) -> Outgoing:
    expect(ask, tx, "hotline", case=which, after=outbox.newest_message(tx, ask.address))
    return ask.reply(
        _(
            "Write it in one message, in any language: words only, no pictures and no files. It goes to the moderators "
            "as soon as you send it."
        ),
        HELPING,
        [back("hotline")],
    )


def written(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Something was written, or forwarded, to the moderators."""
    text = ask.text(LONGEST)
    danger, which = rules.danger(text), int(ask.data["case"])
    one = hotline.mine(tx, which, ask.person.id) if which else None
    if one is not None and one.unanswered >= MOST_UNANSWERED and danger < URGENT:
        raise Unanswered(MOST_UNANSWERED)
    if one is None or not one.open:
        if danger < URGENT and sum(other.open for other in hotline.of(tx, ask.person.id)) >= MOST_OPEN:
            raise TooManyCases(MOST_OPEN)
        one = one or hotline.begin(tx, ask.person.id, ask.now)
    people.end_dialogue(tx, ask.person.id)
    hotline.say(tx, one.number, ask.address, text, danger, ask.now)
    outbox.clean_after(tx, ask.address, int(ask.data["after"]), ask.now + STANDS)
    said = hotline.find(tx, one.number)
    assert said is not None  # noqa: S101 - something was said in it a moment ago
    reading = _reading(tx, ask.person.id, ask.now)
    lines: list[Line | str] = []
    if danger >= URGENT:
        lines += [_in_danger(ask, tx), ""]
    lines += [
        _("I have passed it on, without your name: case {case}.", case=spelled(said.number)),
        *_states(said),
        _how_long(tx, ask.now) if reading else _who_reads(reading),
        _("What you wrote stands in this chat for a day. Then I delete it here."),
    ]
    shown = ask.anew(
        Page(tuple(lines)),
        HELPING,
        [button(pgettext("button", "✍️ Write more"), "hotline.add", said.number)],
        [button(pgettext("button", "👁 Look at the case"), "hotline.one", said.number)],
        [back("hotline")],
    )
    return [shown, *_to_moderators(tx, said, ask.person.id, ask.now)]


def _in_danger(ask: Ask, tx: Tx) -> Line:
    if circles.circles_of(tx, ask.person.id):
        return _(
            "⚠️ <b>Are you in danger?</b> A moderator may read this only in hours. Call for help: that goes out now."
        )
    return _(
        "⚠️ <b>Are you in danger?</b> A moderator may read this only in hours, and you are in no circle that I could "
        "call. If you can, call somebody by telephone."
    )


# -- the member: reading, ending -----------------------------------------------------------------------------------


def show(ask: Ask, tx: Tx) -> Outgoing:
    """A case, as its member sees it. It is a new message, so that it goes from the chat by itself."""
    one = _mine(ask, tx)
    said, earlier = _words(tx, one, "hotline.one", _before(ask))
    return ask.anew(
        Page(
            (
                _("<b>Case {case}</b>", case=spelled(one.number)),
                *_states(one),
                *_thread(said, MEMBER),
                "",
                _("Nobody here needs your name, your number, an address or a code. Leave them out."),
            )
        ),
        [button(pgettext("button", "✍️ Write more"), "hotline.add", one.number)],
        HELPING,
        earlier,
        [button(pgettext("button", "🗑 End and erase it"), "hotline.end", one.number)],
        [back("hotline")],
        clean_after=STANDS,
    )


def _states(one: Case) -> Iterable[Line]:
    """What became of a case, to its member."""
    if one.closed_at is not None:
        yield _(
            "A moderator has ended it, {ago}. It is erased by {when}, or now if you wish. Write more, and it is open "
            "again.",
            ago=Ago(one.closed_at),
            when=On(one.closed_at + rules.KEPT, HOME),
        )
        return
    if one.waits_at is None:
        yield _("The last answer came {ago}.", ago=Ago(one.acted_at or one.said_at))
    elif one.owner is None:
        yield _("No moderator has taken it yet. It came {ago}.", ago=Ago(one.waits_at))
    else:
        yield _("Moderator {number} has taken it. What waits came {ago}.", number=one.voice, ago=Ago(one.waits_at))
    if one.told:
        yield _("Nobody has answered in time. I have reminded the moderators. In danger don't wait: call for help.")
    if one.warned_at is not None:
        when = On(one.warned_at + rules.WARNED, HOME)
        yield _("Nobody has written here for long. It is erased by {when}, unless somebody writes.", when=when)


def _before(ask: Ask) -> int | None:
    return min(ask.number(1), FARTHEST) if len(ask.args) > 1 else None


def _words(tx: Tx, one: Case, verb: str, before: int | None) -> tuple[list[Word], list[Choice]]:
    """As many of the newest words (before a place) as one screen holds, and the button for what was said earlier."""
    fitting: list[Word] = []
    left = LETTERS_SHOWN
    for word in reversed(hotline.words_of(tx, one.number, WORDS_SHOWN, before)):
        left -= len(word.words)
        if fitting and left < 0:
            break
        fitting.insert(0, word)
    if not fitting or fitting[0].place == 1:
        return fitting, []
    return fitting, [button(pgettext("button", "⬆️ Earlier"), verb, one.number, fitting[0].place)]


def _thread(said: Iterable[Word], mine: int) -> Iterable[Line | str]:
    for word in said:
        yield ""
        yield _("<b>{who}</b>, {ago}:", who=_called(word.voice, mine), ago=Ago(word.at))
        yield word.words


def end(ask: Ask, tx: Tx) -> Outgoing:
    """Ask before a case is erased."""
    one = _mine(ask, tx)
    return ask.anew(
        _(
            "End case {case}? All its words are erased here at once, also for the moderators. What a moderator has "
            "open on their screen goes within an hour. This can't be undone.",
            case=spelled(one.number),
        ),
        [button(pgettext("button", "🗑 Yes, erase it"), "hotline.ended", one.number)],
        [back("hotline")],
    )


def ended(ask: Ask, tx: Tx) -> list[Outgoing]:
    """The member ends a case: nothing of it stays."""
    one = _mine(ask, tx)
    hotline.erase(tx, one.number)
    done = [_("It is ended, and erased."), _("You can have this chat cleaned, too: /privacy")]
    return [_overview(ask, tx, done), *_told_of_the_end(tx, [one], ask.now)]


def forgets(tx: Tx, who: int, now: datetime) -> list[Outgoing]:
    """Somebody has themselves forgotten: the moderators of their cases are told that these are ended."""
    return _told_of_the_end(tx, hotline.of(tx, who), now)


def _told_of_the_end(tx: Tx, cases: Iterable[Case], now: datetime) -> list[Outgoing]:
    look = button(desk.LOOK, "hotlines.over")
    return [desk.quietly(tx, one.owner, desk.WAITS, now, look) for one in cases if one.owner is not None]


def over(ask: Ask, tx: Tx) -> Outgoing:
    """That a case is gone which a moderator had taken."""
    desk.moderator(ask, tx)
    text = _("A case of the line that you had taken was ended by the member, and is erased.")
    return ask.reply(text, [back("hotlines")], clean_after=AT_THE_DESK)


def quiet(ask: Ask, tx: Tx) -> Outgoing:
    """That a case which a moderator has taken will be erased."""
    desk.moderator(ask, tx)
    text = _("A case that you have taken has been quiet for long, and is erased soon.")
    return ask.reply(text, [back("hotlines")], clean_after=AT_THE_DESK)


# -- letters -------------------------------------------------------------------------------------------------------


def _to_moderators(tx: Tx, one: Case, member: int, now: datetime) -> list[Outgoing]:
    """A word to whoever has taken it; if nobody has, or they are silent, to all but the member.

    A flood of words makes no flood of letters.
    """
    keys = [f"hotline.word/{one.number}"]
    if one.owner is None and not one.urgent:
        keys.append("hotline.word")
    if any(inbox.use(tx, key, timedelta(hours=1), now) > WORDS_AN_HOUR for key in keys):
        return []
    text = desk.PRESSES if one.urgent else desk.WAITS
    whom = _moderators(tx, member, now) if one.owner is None or one.may_be_taken(now) else [one.owner]
    return [desk.quietly(tx, who, text, now) for who in whom]


def _to_member(tx: Tx, one: Case, text: Text, now: datetime, *rows: tuple[Choice, ...]) -> Outgoing:
    """A letter to whoever has begun a case, where they wrote."""
    who, where = hotline.whose(tx, one.number)
    found = people.find(tx, who)
    silent = found is not None and quiet_until(found, now) is not None
    read = (button(pgettext("button", "👁 Look at the case"), "hotline.one", one.number),)
    return Outgoing(
        who, text, choices=(*rows, read), lane=Lane.CHECKIN, at=where, silent=silent, clean_after=desk.STANDS
    )


# -- moderators: the queue -----------------------------------------------------------------------------------------


def queue(ask: Ask, tx: Tx) -> Outgoing:
    """The open cases, danger first, without their words; whoever looks into one must take it."""
    by = desk.moderator(ask, tx)
    skip = min(ask.number(), FARTHEST) if ask.args else 0
    found = hotline.waiting(tx, by.person, SHOWN + 1, skip)
    lines: list[Line | str] = [
        _("The line: you see case numbers, and never who writes."),
        _("Whoever takes a case reads it, and the member sees that a moderator has taken it."),
    ]
    if not found:
        lines.append(_("No case is open."))
    rows = [[button(_label(one, by.person), "hotlines.one", one.number)] for one in found[:SHOWN]]
    further = [button(pgettext("button", "⬇️ More cases"), "hotlines", skip + SHOWN)] if len(found) > SHOWN else []
    return ask.reply(Page(tuple(lines)), *rows, further, [back("desk")], clean_after=desk.STANDS)


def _label(one: Case, who: int) -> Line:
    sign = "🔴" if one.urgent else "🟡" if one.waits_at is not None else "⚪"
    case = spelled(one.number)
    if one.waits_at is None:
        return pgettext("button-wide", "{sign} {case}: answered, {ago}", sign=sign, case=case, ago=Ago(one.said_at))
    ago = Ago(one.waits_at)
    if one.owner is None:
        return pgettext("button-wide", "{sign} {case}: free, {ago}", sign=sign, case=case, ago=ago)
    if one.owner == who:
        return pgettext("button-wide", "{sign} {case}: yours, {ago}", sign=sign, case=case, ago=ago)
    return pgettext("button-wide", "{sign} {case}: taken, {ago}", sign=sign, case=case, ago=ago)


def _case(ask: Ask, tx: Tx, which: int) -> tuple[Moderator, Case]:
    """A case that a moderator may see. Raises Outdated, or Own: nobody answers themselves."""
    by = desk.moderator(ask, tx)
    one = hotline.find(tx, which)
    if one is None or not one.open:
        raise Outdated
    if hotline.mine(tx, which, by.person) is not None:
        raise Own
    return by, one


def look(ask: Ask, tx: Tx) -> Outgoing:
    """One case: with its words for whoever has taken it, for others only what became of it."""
    by, one = _case(ask, tx, ask.number())
    return _taken(ask, tx, by, one, before=_before(ask)) if one.owner == by.person else _untaken(ask, one)


def _untaken(ask: Ask, one: Case) -> Outgoing:
    lines: list[Line | str] = [_("<b>Case {case}</b>", case=spelled(one.number))]
    if one.urgent:
        lines.append(_("🔴 Its words may speak of a danger."))
    if one.waits_at is not None:
        lines.append(_("Words of the member wait for an answer. They came {ago}.", ago=Ago(one.waits_at)))
    else:
        lines.append(_("The last answer came {ago}.", ago=Ago(one.acted_at or one.said_at)))
    rows: list[Choice] = []
    if one.owner is None:
        lines.append(_("Nobody has it. To read it, take it."))
        rows = [button(pgettext("button", "🙋 Take it"), "hotlines.take", one.number)]
    else:
        since = Ago(one.acted_at or one.said_at)
        lines.append(_("Taken by: moderator {number}. Last active in it: {ago}.", number=one.voice, ago=since))
        if one.may_be_taken(ask.now):
            rows = [button(pgettext("button", "🙋 Take it over"), "hotlines.take", one.number)]
        elif (free_at := one.free_at()) is not None:
            lines.append(_("If they stay silent, you can take it over in {span}.", span=Span(free_at - ask.now)))
    return ask.reply(Page(tuple(lines)), rows, [back("hotlines")], clean_after=desk.STANDS)


def take(ask: Ask, tx: Tx) -> Outgoing:
    """Take a case that is free, or over from somebody who is silent. Of two who take it at once, one does."""
    by, one = _case(ask, tx, ask.number())
    if one.owner != by.person and hotline.take(tx, one, by.person, ask.now):
        audit.note(tx, by.person, "taken: a case of the line", ask.now)
    found = hotline.find(tx, one.number)
    assert found is not None  # noqa: S101 - it was there a moment ago
    return _taken(ask, tx, by, found) if found.owner == by.person else _untaken(ask, found)


# -- moderators: the case that one has taken -----------------------------------------------------------------------


def _taken(  # noqa: PLR0913 - who looks, at what, and at which part of it
    ask: Ask, tx: Tx, by: Moderator, one: Case, first: Sequence[Line] = (), *, before: int | None = None
) -> Outgoing:
    said, earlier = _words(tx, one, "hotlines.one", before)
    begun = hotline.draft_of(tx, one.number, by.person)
    look_on = [button(pgettext("button-wide", "👁 What I have begun"), "hotlines.look", one.number)] if begun else []
    lines: list[Line | str] = [
        *first,
        _("<b>Case {case}</b>", case=spelled(one.number)),
        _("You have taken it. To the member you are: moderator {number}.", number=one.voice),
        *_thread(said, one.voice),
        "",
        _("Never ask who they are, and never write to them from your own account."),
    ]
    return ask.anew(
        Page(tuple(lines)),
        [button(pgettext("button", "✍️ Answer"), "hotlines.answer", one.number)],
        look_on,
        earlier,
        [button(pgettext("button", "🤲 Hand it over"), "hotlines.hand", one.number)],
        [button(pgettext("button", "🏁 End it"), "hotlines.close", one.number)],
        [back("hotlines")],
        clean_after=AT_THE_DESK,
    )


def _own(ask: Ask, tx: Tx, which: int) -> tuple[Moderator, Case]:
    """A case that this moderator has taken. Raises Outdated."""
    by, one = _case(ask, tx, which)
    if one.owner != by.person:
        raise Outdated
    return by, one


def answer(ask: Ask, tx: Tx) -> Outgoing:
    """Ask for the answer."""
    _by, one = _own(ask, tx, ask.number())
    expect(ask, tx, "hotlines.words", case=one.number, after=outbox.newest_message(tx, ask.address))
    return ask.anew(
        _(
            "Case {case}: write the answer in the language of the member. You see it once more before it is sent.",
            case=spelled(one.number),
        ),
        [back("hotlines.one", one.number)],
        clean_after=AT_THE_DESK,
    )


def answered(ask: Ask, tx: Tx) -> Outgoing:
    """An answer was written: it is kept, and shown as its reader will see it."""
    by, one = _own(ask, tx, int(ask.data["case"]))
    text = ask.text(LONGEST)
    people.end_dialogue(tx, ask.person.id)
    outbox.clean_after(tx, ask.address, int(ask.data["after"]), ask.now + AT_THE_DESK)
    hotline.draft(tx, one.number, by.person, text)
    return _preview(ask, one, text)


def look_again(ask: Ask, tx: Tx) -> Outgoing:
    """The answer that was begun, to be gone on with."""
    by, one = _own(ask, tx, ask.number())
    text = hotline.draft_of(tx, one.number, by.person)
    if text is None:
        raise Outdated
    return _preview(ask, one, text)


def _mark(one: Case, text: str) -> str:
    """What stands in the button that sends an answer: of these words, after all that the member has said."""
    return sha256(f"{one.number}/{one.words}/{text}".encode()).hexdigest()[:MARK]


def _preview(ask: Ask, one: Case, text: str) -> Outgoing:
    lines: list[Line | str] = [
        _("Case {case}. This is exactly what the member reads:", case=spelled(one.number)),
        "",
        _("<b>Moderator {number}</b>:", number=one.voice),
        text,
        "",
        _("The letter to them says only that there is an answer."),
    ]
    if rules.names_contact(text):
        lines.append(_("⚠️ This looks like an account or a number. Give nobody your own."))
    if is_hard(text):
        lines.append(
            _("⚠️ This sounds like a death or an arrest. If they don't know it yet, do not write it: a voice must tell.")
        )
    return ask.anew(
        Page(tuple(lines)),
        [button(pgettext("button", "📤 Send it"), "hotlines.send", one.number, _mark(one, text))],
        [button(pgettext("button", "✏️ Other words"), "hotlines.answer", one.number)],
        [back("hotlines.one", one.number)],
        clean_after=AT_THE_DESK,
    )


def send(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Send exactly what was shown. If the member has written since, it is read first."""
    by, one = _own(ask, tx, ask.number())
    text = hotline.draft_of(tx, one.number, by.person)
    if text is None:
        raise Outdated
    if (ask.args[1] if len(ask.args) > 1 else "") != _mark(one, text):
        changed = _("This was not sent: something was said in the case since you saw it. Please read that first.")
        return [_taken(ask, tx, by, one, [changed])]
    hotline.answer(tx, one, text, ask.now)
    hotline.draft(tx, one.number, by.person, None)
    letter = _to_member(tx, one, _("There is an answer for you. Open it when you are alone."), ask.now)
    sent = _("Sent. The member reads it when they open it.")
    return [ask.reply(sent, [back("hotlines.one", one.number)], clean_after=AT_THE_DESK), letter]


def hand(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Let other moderators take a case."""
    by, one = _own(ask, tx, ask.number())
    others = _moderators(tx, by.person, ask.now)  # without asking whose it is: else this would tell
    if not others:
        return [ask.reply(_("There is no other moderator who could take it."), [back("hotlines.one", one.number)])]
    hotline.release(tx, one.number)
    member, _where = hotline.whose(tx, one.number)
    look = button(desk.LOOK, "hotlines")
    told = [desk.quietly(tx, who, desk.WAITS, ask.now, look) for who in others if who != member]
    return [ask.reply(_("Handed over. Another moderator can take it now."), [back("hotlines")]), *told]


def close(ask: Ask, tx: Tx) -> Outgoing:
    """Ask before a case is ended."""
    _by, one = _own(ask, tx, ask.number())
    return ask.anew(
        _(
            "End case {case}? The member is told so, can read it for {span}, and can open it again by writing.",
            case=spelled(one.number),
            span=Span(rules.KEPT),
        ),
        [button(pgettext("button", "🏁 Yes, end it"), "hotlines.closed", one.number)],
        [back("hotlines.one", one.number)],
        clean_after=AT_THE_DESK,
    )


def closed(ask: Ask, tx: Tx) -> list[Outgoing]:
    """A moderator ends a case: the member is told, and can erase it or begin again."""
    _by, one = _own(ask, tx, ask.number())
    hotline.close(tx, one.number, ask.now)
    return [ask.reply(_("Ended. The member is told."), [back("hotlines")]), _to_member(tx, one, NEW, ask.now)]


# -- as time passes ------------------------------------------------------------------------------------------------


def watch(tx: Tx, now: datetime) -> list[Outgoing]:
    """Keep what was promised: nobody waits without a word, and no case is erased without one."""
    left = hotline.owners(tx) - {held.person for held in roles.holders(tx, Role.MODERATOR, now)}
    if left:
        hotline.release_of(tx, left)
    return [*_still_waiting(tx, now), *_soon_erased(tx, now)]


def _still_waiting(tx: Tx, now: datetime) -> list[Outgoing]:
    letters: list[Outgoing] = []
    whom: set[int] = set()
    for before in hotline.due(tx, now):
        member, _where = hotline.whose(tx, before.number)
        whom |= set(_moderators(tx, member, now))
        one = hotline.find(tx, before.number)
        if one is not None and one.told and not before.told and one.waits_at is not None:
            text = _("What you wait for has not come yet. Open it when you are alone.")
            letters.append(_to_member(tx, one, text, now, HELPING))
    look = button(desk.LOOK, "hotlines")
    return [*letters, *(desk.quietly(tx, who, desk.PRESSES, now, look) for who in sorted(whom))]


def _soon_erased(tx: Tx, now: datetime) -> list[Outgoing]:
    letters = []
    for one in hotline.idle(tx, now):
        letters.append(_to_member(tx, one, NEW, now))
        if one.owner is not None:
            letters.append(desk.quietly(tx, one.owner, desk.WAITS, now, button(desk.LOOK, "hotlines.quiet")))
    return letters
