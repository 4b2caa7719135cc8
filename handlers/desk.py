"""The desk: the one place where a right becomes a value, where rights are given and taken, and where two must agree."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.domain.circle import make_code, read_code, spaced
from bot.domain.conversation import Ago, Choice, Lane, Line, On, Outgoing, Page, Span
from bot.domain.link import SHOWN
from bot.domain.people import HOME, Person, quiet_until
from bot.domain.refusals import Misread, NoSuchCode, Outdated, Own, TooNew
from bot.domain.roles import CANDIDACY_LIFE, Authority, Held, Moderator, Organiser, Role, Steward
from bot.i18n import _, pgettext
from handlers.ask import Ask, back, button, expect
from handlers.home import with_menu
from storage import audit, outbox, people, proposals, roles, vouchers
from storage.database import Tx
from storage.proposals import Proposal

RIGHT = "right"  # the kind of a proposal to give, renew or take one
STANDS = timedelta(hours=47)  # in a chat: no platform deletes what is older than two days
MINUTE = timedelta(minutes=1)
LOOK = pgettext("button", "🗂 Look")
AT_THE_DESK = button(LOOK, "desk")
# All that a lock screen ever shows to somebody with a right: not what it is about, not that they have one, and not that
# somebody is in danger. The rest stands behind the button.
WAITS = _("Something new waits for you. Look at it when you are alone.")
PRESSES = _("Something pressing waits for you. Look at it as soon as you are alone.")
YES = pgettext("button", "✅ I agree")

# What each right opens at the desk: the button, and the feature's verb.
TOOLS: Mapping[Role, tuple[tuple[Line, str], ...]] = {
    Role.STEWARD: (
        (pgettext("button", "🔑 Give a right"), "desk.give"),
        (pgettext("button", "📋 Rights"), "desk.rights"),
        (pgettext("button", "🪤 Decoys"), "decoy"),
    ),
    Role.MODERATOR: (
        (pgettext("button", "☎️ Hotline"), "hotlines"),
        (pgettext("button", "❓ Questions"), "rumours"),
        (pgettext("button", "📝 Drafts"), "draft"),
        (pgettext("button", "📰 Published"), "published"),
        (pgettext("button", "📡 On their way"), "cast"),
        (pgettext("button", "📥 Sources"), "feeds"),
        (pgettext("button", "🔎 People looked for"), "matches"),
        (pgettext("button", "📢 Outlets"), "outlet"),
        (pgettext("button", "📣 Roll-calls"), "region"),
        (pgettext("button-wide", "📴 Districts without network"), "outage"),
    ),
    Role.ORGANISER: (
        (pgettext("button", "📜 Petitions"), "petition.mine"),
        (pgettext("button-wide", "📮 Other communities"), "relay"),
    ),
}


# -- authority -----------------------------------------------------------------------------------------------------


def steward(ask: Ask, tx: Tx) -> Steward:
    """The authority of whoever presses, if they are a steward now. Raises Outdated: exactly like an unknown button."""
    return Steward(_held(ask, tx, Role.STEWARD))


def moderator(ask: Ask, tx: Tx) -> Moderator:
    """The authority of whoever presses, if they are a moderator now. Raises Outdated: like an unknown button."""
    return Moderator(_held(ask, tx, Role.MODERATOR))


def organiser(ask: Ask, tx: Tx) -> Organiser:
    """The authority of whoever presses, if they are an organiser now. Raises Outdated: like an unknown button."""
    return Organiser(_held(ask, tx, Role.ORGANISER))


def _held(ask: Ask, tx: Tx, what: Role) -> Held:
    one = roles.held(tx, ask.person.id, what, ask.now)
    if one is None:
        raise Outdated
    if ask.linked_at is not None:  # the account may be in a thief's hands
        raise TooNew(max(ask.linked_at + SHOWN - ask.now, MINUTE))
    return one


def _authority(ask: Ask, tx: Tx, what: Role) -> Authority:
    makers = {Role.STEWARD: steward, Role.MODERATOR: moderator, Role.ORGANISER: organiser}
    return makers[what](ask, tx)


def role_name(what: Role) -> Line:
    """What a right is called."""
    match what:
        case Role.STEWARD:
            return pgettext("noun", "steward")
        case Role.MODERATOR:
            return pgettext("noun", "moderator")
        case Role.ORGANISER:
            return pgettext("noun", "organiser")


def called(one: Held) -> Line:
    """What the holder of a right is called among those who hold one: never a name."""
    return pgettext("noun", "{role} {number}", role=role_name(one.role), number=one.number)


# -- two must agree ------------------------------------------------------------------------------------------------


def propose(  # noqa: PLR0913 - a proposal has this many parts
    ask: Ask,
    tx: Tx,
    by: Authority,
    kind: str,
    title: Line,
    *,
    body: dict[str, Any],
    barred: Iterable[int] = (),
) -> tuple[Proposal, list[Outgoing]]:
    """Somebody with a right proposes what another one with it must agree to: the proposal, and the word to the others.

    `kind` is the feature's: the button ``kind.see:id`` must show what exactly is proposed, and lead to the feature's
    own handler, which calls `second`. `title` is the label of that button at the desk. `barred` are people who can't
    be the second one, nor see it: whom it concerns, or (where “two others” must agree) who had the word before.
    """
    without = {*barred, by.person}
    one = proposals.put(tx, kind, by.held.role, by.person, title, ask.now, body=body, barred=without - {by.person})
    audit.note(tx, by.person, f"proposed: {kind}", ask.now)
    others = (held.person for held in roles.holders(tx, by.held.role, ask.now) if held.person not in without)
    return one, [quietly(tx, who, WAITS, ask.now, topic=topic(one.id)) for who in others]


def topic(which: int) -> str:
    """What the word to the others about a proposal is about."""
    return f"proposal:{which}"


def quietly(  # noqa: PLR0913 - a letter has this many parts
    tx: Tx, who: int, text: Line, now: datetime, choice: Choice = AT_THE_DESK, *, topic: str = ""
) -> Outgoing:
    """A word to somebody with a right, which goes from the chat by itself: WAITS or PRESSES, and a way to the rest."""
    found = people.find(tx, who)
    return Outgoing(
        who,
        text,
        choices=((choice,),),
        lane=Lane.CHECKIN,
        topic=topic,
        silent=found is not None and quiet_until(found, now) is not None,
        clean_after=STANDS,
    )


def proposed(ask: Ask, tx: Tx, by: Authority, kind: str, which: int) -> Proposal:
    """A proposal of this kind that waits, to be looked at. Raises Outdated."""
    one = proposals.find(tx, which, kind, by.held.role, by.person, ask.now)
    if one is None:
        raise Outdated
    return one


def show(  # noqa: PLR0913, PLR0917 - what is shown, to whom
    ask: Ask, tx: Tx, by: Authority, one: Proposal, lines: Iterable[Line | str], yes: Choice
) -> Outgoing:
    """What exactly is proposed and by whom, with `yes` for the second person, and the way back for the first."""
    first = roles.held(tx, one.proposer, one.role, ask.now)
    mine = one.proposer == by.person
    said: list[Line | str] = [*lines, ""]
    if mine:
        said.append(_("You have proposed this, {ago}. Another person must agree.", ago=Ago(one.made_at)))
    elif first is not None:
        said.append(_("Proposed by: {who}, {ago}. It happens if you agree.", who=called(first), ago=Ago(one.made_at)))
    said.append(_("Without a second person it is dropped in {span}.", span=Span(one.expires_at - ask.now)))
    take_back = button(pgettext("button", "↩️ Take it back"), "desk.withdraw", one.role.value, one.kind, one.id)
    return ask.reply(Page(tuple(said)), [take_back if mine else yes], [back("desk")])


def second(ask: Ask, tx: Tx, by: Authority, kind: str, which: int) -> Proposal:
    """Another person agrees: from now on it may be done, and it is off the list. Raises Outdated or Own.

    Two accounts that are linked are one person; and of two who agree at the same moment one is told that it is over.
    """
    one = proposed(ask, tx, by, kind, which)
    if one.proposer == by.person:
        raise Own
    if not proposals.second(tx, one, by.person, ask.now):
        raise Outdated
    audit.note(tx, by.person, f"agreed: {kind}", ask.now, about=one.proposer)
    outbox.withdraw(tx, topic(one.id), Lane.CHECKIN, ask.now)
    return one


def withdraw(ask: Ask, tx: Tx) -> Outgoing:
    """Whoever proposed something takes it back."""
    by = _authority(ask, tx, _role(ask))
    one = proposed(ask, tx, by, ask.args[1] if len(ask.args) > 1 else "", ask.number(2))
    if not proposals.withdraw(tx, one, by.person):
        raise Outdated
    audit.note(tx, by.person, f"taken back: {one.kind}", ask.now)
    outbox.withdraw(tx, topic(one.id), Lane.CHECKIN, ask.now)
    return ask.reply(_("Taken back. Nothing happens."), [back("desk")])


# -- the desk ------------------------------------------------------------------------------------------------------


def desk(ask: Ask, tx: Tx) -> Outgoing:
    """What somebody with a right can do; and for whoever types the command without one, how to ask for it."""
    mine = roles.of(tx, ask.person.id, ask.now)
    if not mine:
        return _candidate(ask)
    lines: list[Line | str] = []
    rows: list[list[Choice]] = []  # first what waits for this person
    tools: list[list[Choice]] = []
    for held in mine:
        _held(ask, tx, held.role)
        lines.append(_("Your right here: {right}, until {when}.", right=called(held), when=On(held.expires_at, HOME)))
        waiting = proposals.waiting(tx, held.role, held.person, ask.now)
        rows += [_waits(one) for one in waiting if one.proposer != held.person]
        tools += _two_by_two(TOOLS[held.role])
        tools += [_waits(one) for one in waiting if one.proposer == held.person]
    lines.append(_("Whoever holds your unlocked phone can see this. You can have this chat cleaned: /privacy"))
    return ask.reply(
        Page(tuple(lines)),
        *rows,
        *tools,
        [back("more"), button(pgettext("button", "⋯ More"), "desk.more")],
        clean_after=STANDS,
    )


def seldom(ask: Ask, tx: Tx) -> Outgoing:
    """What is seldom done with one's rights: ask for another one, or give one back. Raises Outdated without one."""
    mine = roles.of(tx, ask.person.id, ask.now)
    if not mine:
        raise Outdated
    give_back = [
        [button(pgettext("button-wide", "↩️ Give back: {right}", right=called(held)), "desk.leave", held.number)]
        for held in mine
    ]
    lines = [
        _("Your right here: {right}, until {when}.", right=called(one), when=On(one.expires_at, HOME)) for one in mine
    ]
    ask_more = [button(pgettext("button", "🔢 Ask for a right"), "desk.code")]
    return ask.reply(Page(tuple(lines)), ask_more, *give_back, [back("desk")], clean_after=STANDS)


def _waits(one: Proposal) -> list[Choice]:
    return [button(one.title, f"{one.kind}.see", one.id)]


def _two_by_two(tools: Iterable[tuple[Line, str]]) -> list[list[Choice]]:
    """Short buttons stand beside each other, so that the desk fits on a small screen; a wide one stands alone."""
    rows: list[list[Choice]] = []
    room = False
    for label, verb in tools:
        short = label.context == "button"
        if room and short:
            rows[-1].append(button(label, verb))
            room = False
        else:
            rows.append([button(label, verb)])
            room = short
    return rows


def _candidate(ask: Ask) -> Outgoing:
    return ask.reply(
        _(
            "If those who run this bot have asked you to help them, make a code and read it to them. Nothing changes "
            "for you before they have agreed."
        ),
        [button(pgettext("button", "🔢 Make a code"), "desk.code")],
        [back()],
    )


def code(ask: Ask, tx: Tx) -> Outgoing:
    """Make the code by which a candidate is named."""
    made = make_code(secrets.randbelow)
    roles.stand(tx, ask.person.id, made, ask.now)
    return ask.anew(
        Page(
            (
                _("Your code: <code>{code}</code>", code=spaced(made)),
                _(
                    "Read it, by phone or face to face, to both who are to agree: to two stewards, or to whoever runs "
                    "the machine. It can be used once, within {span}.",
                    span=Span(CANDIDACY_LIFE),
                ),
                _("Read it to nobody else, and give it to nobody who asks you for it."),
            )
        ),
        [back()],
        clean_after=CANDIDACY_LIFE,
    )


# -- rights, given by two stewards ---------------------------------------------------------------------------------


def give(ask: Ask, tx: Tx) -> Outgoing:
    """Choose which right to give."""
    steward(ask, tx)
    rows = ([button(pgettext("button", "{role}", role=role_name(one)), "desk.give.to", one.value)] for one in Role)
    return ask.reply(
        _(
            "Which right? A steward gives and takes rights. A moderator asks a district and checks news. An organiser "
            "runs petitions."
        ),
        *rows,
        [back("desk")],
    )


def _role(ask: Ask) -> Role:
    try:
        return Role(ask.args[0] if ask.args else "")
    except ValueError:
        raise Outdated from None


def give_to(ask: Ask, tx: Tx) -> Outgoing:
    """Ask for the candidate's code."""
    steward(ask, tx)
    what = _role(ask)
    expect(ask, tx, "desk.code", role=what.value)
    return ask.reply(
        _("Right: {role}. Write the code that the person has read to you.", role=role_name(what)), [back("desk")]
    )


def give_typed(ask: Ask, tx: Tx) -> list[Outgoing]:
    """A candidate's code was written: another steward must agree."""
    by = steward(ask, tx)
    what = Role(str(ask.data["role"]))
    typed = read_code(ask.words)
    if typed is None:
        raise Misread
    who = roles.candidate(tx, typed, ask.now)
    if who is None:
        raise NoSuchCode
    if who == by.person:
        raise Own
    people.end_dialogue(tx, by.person)
    body = {"deed": "give", "role": what.value, "person": who, "ends": typed[-4:]}
    title = pgettext("button-wide", "🔑 Give a right: {role}", role=role_name(what))
    return _propose_right(ask, tx, by, title, body, who)


def _propose_right(  # noqa: PLR0913, PLR0917 - a proposal and whom it concerns
    ask: Ask, tx: Tx, by: Steward, title: Line, body: dict[str, Any], about: int
) -> list[Outgoing]:
    _one, letters = propose(ask, tx, by, RIGHT, title, body=body, barred=[about])
    if not letters:
        alone = _("There is no other steward who could agree. Whoever runs the machine can do it.")
        return [ask.reply(alone, [back("desk")])]
    return [ask.reply(_("Proposed. It happens when another steward agrees."), [back("desk")]), *letters]


def right(ask: Ask, tx: Tx) -> Outgoing:
    """Show a proposal about a right."""
    by = steward(ask, tx)
    one = proposed(ask, tx, by, RIGHT, ask.number())
    yes = button(YES, "right.yes", one.id)
    if one.body["deed"] == "give":
        lines = [
            _("Give a right: {role}.", role=role_name(Role(one.body["role"]))),
            _(
                "Ask the person themselves for their code. It must end with {digits}. Otherwise do not agree.",
                digits=one.body["ends"],
            ),
        ]
        return show(ask, tx, by, one, lines, yes)
    held = _concerned(tx, one, ask.now)
    if one.body["deed"] == "renew":
        return show(ask, tx, by, one, [_("Renew a right: {right}.", right=called(held))], yes)
    return show(ask, tx, by, one, [_("Take a right away at once: {right}.", right=called(held))], yes)


def _concerned(tx: Tx, one: Proposal, now: datetime) -> Held:
    held = roles.by_number(tx, int(one.body["number"]), now)
    if held is None:
        raise Outdated
    return held


def agreed(ask: Ask, tx: Tx) -> list[Outgoing]:
    """A second steward agrees about a right."""
    by = steward(ask, tx)
    one = second(ask, tx, by, RIGHT, ask.number())
    done = ask.reply(_("Done. The person is told."), [back("desk")])
    if one.body["deed"] == "give":
        who = int(one.body["person"])
        if people.find(tx, who) is None:
            raise Outdated
        vouchers.note(tx, who, [one.proposer, by.person])
        return [done, given(tx, who, Role(one.body["role"]), ask.now, by=by.person)]
    held = _concerned(tx, one, ask.now)
    if one.body["deed"] == "renew":
        vouchers.note(tx, held.person, [one.proposer, by.person])
        return [done, renewed(tx, held, ask.now, by=by.person)]
    return [done, taken(tx, held, ask.now, by=by.person)]


def given(tx: Tx, who: int, what: Role, now: datetime, *, by: int | None) -> Outgoing:
    """Give a right, by the second of two stewards or (None) by the operator's command: the word to whom it is given."""
    held = roles.give(tx, who, what, now)
    audit.note(tx, by, f"given: {what.value} {held.number}", now, about=who)
    return quietly(tx, who, WAITS, now, button(LOOK, "desk.own", held.number))


def renewed(tx: Tx, one: Held, now: datetime, *, by: int | None) -> Outgoing:
    """Let a right last longer: the word to its holder."""
    roles.renew(tx, one, now)
    audit.note(tx, by, f"renewed: {one.role.value} {one.number}", now, about=one.person)
    return quietly(tx, one.person, WAITS, now, button(LOOK, "desk.own", one.number))


def taken(tx: Tx, one: Held, now: datetime, *, by: int | None) -> Outgoing:
    """End a right at once: the word to whoever held it."""
    roles.take(tx, one)
    audit.note(tx, by, f"taken: {one.role.value} {one.number}", now, about=one.person)
    return _ended(tx, one, now)


def _ended(tx: Tx, one: Held, now: datetime) -> Outgoing:
    return quietly(tx, one.person, WAITS, now, button(LOOK, "desk.over", one.role.value))


def rights(ask: Ask, tx: Tx) -> Outgoing:
    """Every right by its number, until when it lasts; no name and no account."""
    steward(ask, tx)
    every = [one for what in Role for one in roles.holders(tx, what, ask.now)]
    lines = [_("{right}: until {when}", right=called(one), when=On(one.expires_at, HOME)) for one in every]
    rows = ([button(pgettext("button", "{right}", right=called(one)), "desk.right", one.number)] for one in every)
    return ask.reply(Page(tuple(lines)), *rows, [back("desk")], clean_after=STANDS)


def one_right(ask: Ask, tx: Tx) -> Outgoing:
    """One right: renew it, or take it away. About one's own others decide."""
    by = steward(ask, tx)
    held = _numbered(ask, tx)
    lines = [_("{right}: until {when}", right=called(held), when=On(held.expires_at, HOME))]
    if held.person == by.person:
        lines.append(_("This is your own right: others decide about it."))
        return ask.reply(Page(tuple(lines)), [back("desk.rights")], clean_after=STANDS)
    return ask.reply(
        Page(tuple(lines)),
        [button(pgettext("button", "⏳ Renew it"), "desk.renew", held.number)],
        [button(pgettext("button", "🚫 Take it away"), "desk.take", held.number)],
        [back("desk.rights")],
        clean_after=STANDS,
    )


def _numbered(ask: Ask, tx: Tx) -> Held:
    held = roles.by_number(tx, ask.number(), ask.now)
    if held is None:
        raise Outdated
    return held


def renew(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Propose that a right be renewed."""
    by, held = steward(ask, tx), _numbered(ask, tx)
    if held.person == by.person:
        raise Own
    title = pgettext("button-wide", "⏳ Renew: {right}", right=called(held))
    return _propose_right(ask, tx, by, title, {"deed": "renew", "number": held.number}, held.person)


def take(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Propose that a right be taken away."""
    by, held = steward(ask, tx), _numbered(ask, tx)
    if held.person == by.person:
        raise Own
    title = pgettext("button-wide", "🚫 Take away: {right}", right=called(held))
    return _propose_right(ask, tx, by, title, {"deed": "take", "number": held.number}, held.person)


# -- one's own right -----------------------------------------------------------------------------------------------


def own(ask: Ask, tx: Tx) -> Outgoing:
    """What somebody has a right to, and until when; if it ends soon, whether they want to keep it."""
    held = _own(ask, tx)
    if held.ends_soon(ask.now):
        text = _(
            "Your right ends in {span}: {role}. Do you want to keep it?",
            span=Span(held.expires_at - ask.now),
            role=role_name(held.role),
        )
        yes = button(pgettext("button", "✅ Yes, ask for it"), "desk.keep", held.number)
        no = button(pgettext("button", "↩️ Give it back"), "desk.leave", held.number)
        return ask.reply(text, [yes], [no], clean_after=STANDS)
    text = _(
        "You have a right here: {role}. It lasts {span}. You find it under ☰, at the desk. Only the stewards can see "
        "that somebody has it, and they see a number.",
        role=role_name(held.role),
        span=Span(held.expires_at - ask.now),
    )
    return ask.reply(text, [button(pgettext("button", "🗂 Desk"), "desk")], clean_after=STANDS)


def over(ask: Ask, tx: Tx) -> Outgoing:
    """That a right has ended. Only whoever had it is told: to others the button is unknown."""
    role = _role(ask)
    if not roles.had(tx, ask.person.id, role, ask.now - STANDS):
        raise Outdated
    return ask.reply(_("Your right has ended: {role}. Thank you for what you did.", role=role_name(role)), [back()])


def _own(ask: Ask, tx: Tx) -> Held:
    held = _numbered(ask, tx)
    if held.person != ask.person.id:
        raise Outdated
    return _held(ask, tx, held.role)


def leave(ask: Ask, tx: Tx) -> Outgoing:
    """Ask before a right is given back."""
    held = _own(ask, tx)
    return ask.reply(
        _("Give this right back: {right}? To have it again, two stewards must agree.", right=called(held)),
        [button(pgettext("button", "↩️ Yes, give it back"), "desk.left", held.number)],
        [back("desk")],
    )


def left(ask: Ask, tx: Tx) -> Outgoing:
    """Give a right back."""
    held = _own(ask, tx)
    roles.take(tx, held)
    audit.note(tx, held.person, f"given back: {held.role.value} {held.number}", ask.now)
    return with_menu(ask, _("Given back. Thank you for what you did."))


def keep(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Somebody wants to keep a right that ends soon: the stewards are asked."""
    held = _own(ask, tx)
    if not held.ends_soon(ask.now):
        return [ask.reply(_("Your right is renewed already."), [back("desk")])]
    others = [one.person for one in roles.holders(tx, Role.STEWARD, ask.now) if one.person != held.person]
    return [
        ask.reply(
            _("Two stewards, or whoever runs the machine, must agree. Otherwise your right ends by itself."),
            [back("desk")],
        ),
        *(quietly(tx, who, WAITS, ask.now, button(LOOK, "desk.asked", held.number)) for who in others),
    ]


def asked(ask: Ask, tx: Tx) -> Outgoing:
    """A steward looks at a right whose holder asks that it be renewed."""
    steward(ask, tx)
    held = _numbered(ask, tx)
    return replace(one_right(ask, tx), text=_("Somebody asks that a right be renewed: {right}.", right=called(held)))


def watch(tx: Tx, now: datetime) -> list[Outgoing]:
    """As time passes: whoever's right ends soon is asked, and rights that were not renewed lapse."""
    letters = [_ended(tx, one, now) for one in roles.lapsed(tx, now)]
    for one in roles.ending(tx, now):
        word = quietly(tx, one.person, WAITS, now, button(LOOK, "desk.own", one.number))
        letters.append(replace(word, due_at=_morning(tx, one.person, now), clean_after=None))
    return letters


def _morning(tx: Tx, who: int, now: datetime) -> datetime | None:
    person: Person | None = people.find(tx, who)
    return None if person is None else quiet_until(person, now)
