"""Circles: make one, invite by a code, let newcomers in, leave, remove, hand over."""

from __future__ import annotations

import secrets
from datetime import timedelta

from bot.domain.circle import (
    INVITE_LIFE,
    MOST_CIRCLES,
    MOST_MEMBERS,
    NAME_LENGTH,
    NEWCOMER_LIFE,
    SEVERAL,
    make_code,
    read_code,
    spaced,
)
from bot.domain.conversation import Choice, Lane, Line, Outgoing, Page, Span
from bot.domain.folding import fold
from bot.domain.people import Person
from bot.domain.refusals import (
    Alone,
    CircleFull,
    KeeperMustHandOver,
    Misread,
    NewcomerFull,
    Outdated,
    TooManyCircles,
)
from bot.i18n import _, ngettext, pgettext
from handlers.ask import Answer, Ask, back, button, expect, picture
from handlers.family import alarm, bearer, trustee
from handlers.home import menu, with_menu
from handlers.search import finding
from handlers.words import called, name_of, names
from storage import circles, codes, people, relatives, vouchers
from storage.circles import Circle
from storage.database import Tx

TRUST = pgettext("button-wide", "✅ Yes, they hear my news")
HEARD_WITHIN = timedelta(hours=1)
CLEANABLE = timedelta(hours=47)  # Telegram lets a bot delete what is younger than 48 hours


def overview(ask: Ask, tx: Tx) -> Outgoing:
    """The circles a person is in."""
    mine = circles.circles_of(tx, ask.person.id)
    text = (
        _("Your circles. Choose one:")
        if mine
        else _("You are in no circle yet. A circle is your family or a group that looks out for each other.")
    )
    return ask.reply(
        text,
        *([_open(one)] for one in mine),
        [button(pgettext("button", "⭕ Make a circle"), "circle.make")],
        [button(pgettext("button", "🔑 I have an invitation"), "join")],
        [back("more")],
    )


def _open(one: Circle) -> Choice:
    return button(pgettext("button-wide", "{circle} ({count})", circle=one.name, count=one.size), "circle", one.id)


def _mine(ask: Ask, tx: Tx, index: int = 0) -> Circle:
    one = circles.one_of(tx, ask.person.id, ask.number(index))
    if one is None:
        raise Outdated
    return one


def _kept(ask: Ask, tx: Tx) -> Circle:
    one = _mine(ask, tx)
    if one.keeper != ask.person.id:
        raise Outdated
    return one


def show(ask: Ask, tx: Tx) -> Outgoing:
    """One circle: who is in it, and what can be done."""
    one = _mine(ask, tx)
    inside = circles.members(tx, [one.id])[one.id]
    kin = relatives.inside(tx, [one.id])[one.id]
    keeper = next((name_of(p) for p in inside if p.id == one.keeper), "")
    rows = [
        [button(pgettext("button", "➕ Invite somebody"), "invite", one.id)],
        [button(pgettext("button-wide", "👵 Somebody without the bot"), "kin.add", one.id)],
        [button(_tells(one), "circle.tells", one.id)],
        [button(pgettext("button-wide", "🕯 Who learns hard news first"), "hard.bearers", one.id)],
    ]
    if one.keeper == ask.person.id:
        rows += [
            [
                button(pgettext("button", "✏️ Rename"), "circle.rename", one.id),
                button(pgettext("button", "➖ Remove"), "circle.remove", one.id),
            ],
            [button(pgettext("button", "🤝 Hand over"), "circle.hand", one.id)],
            [button(pgettext("button", "🗓 How long news stays"), "keeping", one.id)],
        ]
    rows += [[button(pgettext("button", "🚪 Leave"), "circle.leave", one.id)], [back("circles")]]
    return ask.reply(
        Page(
            (
                _("<b>{circle}</b>", circle=one.name),
                ngettext("{n} person: {people}", "{n} people: {people}", n=len(inside), people=names(inside)),
                *([_("Without the bot: {people}", people=names(kin))] if kin else ()),
                _("Kept by {name}.", name=keeper),
                bearer.named_line(tx, one, inside),
            )
        ),
        *rows,
    )


def _tells(one: Circle) -> Line:
    if one.tells:
        return pgettext("button-wide", "🔔 My news goes to this circle")
    return pgettext("button-wide", "🔕 My news does not go here")


def hear(ask: Ask, tx: Tx) -> Outgoing:
    """A newcomer trusts the circle: their news goes there from now on, and not before they have said so."""
    one = _mine(ask, tx)
    circles.set_telling(tx, one.id, ask.person.id, tells=True)
    return with_menu(ask, _("Your news goes to “{circle}” from now on. Tell them how you are:", circle=one.name))


def tells(ask: Ask, tx: Tx) -> Outgoing:
    """Change whether a circle hears a person's news, and show the circle again."""
    one = _mine(ask, tx)
    circles.set_telling(tx, one.id, ask.person.id, tells=not one.tells)
    return show(ask, tx)


# -- making --------------------------------------------------------------------------------------------------------


def make(ask: Ask, tx: Tx) -> Outgoing:
    """Ask for the name of a new circle; first for the person's own, which its members will see."""
    _has_room(ask, tx)
    if not ask.person.name:
        return _name_first(ask, tx)
    expect(ask, tx, "circle.name")
    return ask.reply(
        _("What shall the circle be called? For example: Family. Only its members will see the name."),
        [back("circles")],
    )


def _has_room(ask: Ask, tx: Tx) -> None:
    if len(circles.circles_of(tx, ask.person.id)) >= MOST_CIRCLES:
        raise TooManyCircles(MOST_CIRCLES)


def _name_first(ask: Ask, tx: Tx, code: str = "") -> Outgoing:
    expect(ask, tx, "name", **({"code": code} if code else {}))
    return ask.reply(_("First write the name by which your relatives know you."), [back()])


def made(ask: Ask, tx: Tx) -> Outgoing:
    """The name was written: the circle is there, and the next step is to invite."""
    _has_room(ask, tx)
    name = " ".join(ask.text(NAME_LENGTH).split())
    people.end_dialogue(tx, ask.person.id)
    new = circles.make(tx, name, ask.person.id)
    return ask.anew(
        _("The circle “{circle}” is there. Now invite the first person.", circle=name),
        [button(pgettext("button", "➕ Invite somebody"), "invite", new)],
        [button(pgettext("button", "Later"), "home")],
    )


def rename(ask: Ask, tx: Tx) -> Outgoing:
    """Ask for another name."""
    one = _kept(ask, tx)
    expect(ask, tx, "circle.renamed", circle=one.id)
    return ask.reply(_("Write the new name of “{circle}”.", circle=one.name), [back("circle", one.id)])


def renamed(ask: Ask, tx: Tx) -> Outgoing:
    """The new name was written."""
    one = circles.one_of(tx, ask.person.id, int(ask.data["circle"]))
    if one is None or one.keeper != ask.person.id:
        raise Outdated
    name = " ".join(ask.text(NAME_LENGTH).split())
    people.end_dialogue(tx, ask.person.id)
    circles.rename(tx, one.id, name)
    return ask.anew(_("The circle is now called “{circle}”.", circle=name), *menu())


# -- inviting ------------------------------------------------------------------------------------------------------


def invite(ask: Ask, tx: Tx) -> Outgoing:
    """Make an invitation for one person."""
    return _invite(ask, tx, 1)


def invite_several(ask: Ask, tx: Tx) -> Outgoing:
    """Make an invitation for several people in place of the one for one person, which was not given to anybody yet."""
    circles.take_back(tx, ask.number(1), ask.person.id)
    return _invite(ask, tx, SEVERAL)


def _invite(ask: Ask, tx: Tx, uses: int) -> Outgoing:
    one = _mine(ask, tx)
    if one.size >= MOST_MEMBERS:
        raise CircleFull(MOST_MEMBERS)
    code = make_code(secrets.randbelow)
    new = circles.invite_to(tx, one.id, ask.person.id, code=code, uses=uses, expires_at=ask.now + INVITE_LIFE)
    rows = [
        [button(pgettext("button", "📷 As a picture"), "invite.picture", one.id, code)],
        [button(pgettext("button", "✖️ Take it back"), "invite.back", new)],
        [back("circle", one.id)],
    ]
    if uses == 1:
        rows.insert(1, [button(pgettext("button", "👪 For several people"), "invite.several", one.id, new)])
    return ask.reply(
        Page(
            (
                _("Invitation to “{circle}”. Read this code out on the phone:", circle=one.name),
                _("<code>{code}</code>", code=spaced(code)),
                *_by_link(ask, code),
                *(
                    _(
                        "On {platform}: open a chat with {account}, and write the code there.",
                        platform=where,
                        account=name,
                    )
                    for where, name in ask.elsewhere
                ),
                "",
                ngettext(
                    "It works once, for {span}. You will be asked before anybody comes in.",
                    "It works {n} times, for {span}. You will be asked before anybody comes in.",
                    n=uses,
                    span=Span(INVITE_LIFE),
                ),
            )
        ),
        *rows,
    )


def _by_link(ask: Ask, code: str) -> tuple[Line, ...]:
    """A link that carries the code; where links can't (Matrix), the one that opens a chat with the bot."""
    link = ask.link(code)
    if code in link:
        return _("or send this link:"), _("{link}", link=link)
    return _("or send them the code and this link, which opens a chat with me:"), _("{link}", link=link)


def invite_picture(ask: Ask, tx: Tx) -> Outgoing:
    """The link of an invitation as a picture that another phone can photograph."""
    one = _mine(ask, tx)
    code = read_code(ask.args[1] if len(ask.args) > 1 else "")
    if code is None:
        raise Outdated
    link = ask.link(code)
    said = [_("Point the other phone's camera at this picture. Invitation to “{circle}”.", circle=one.name)]
    if code not in link:
        said += [_("Then write this code there:"), _("<code>{code}</code>", code=spaced(code))]
    return ask.anew(
        Page(tuple(said)),
        attachment=picture("invitation.png", link),
        clean_after=min(INVITE_LIFE, CLEANABLE),
    )


def invite_back(ask: Ask, tx: Tx) -> Outgoing:
    """Take an invitation back."""
    if circles.take_back(tx, ask.number(), ask.person.id):
        return with_menu(ask, _("The invitation no longer works."))
    return with_menu(ask, _("This invitation was used already, or its time is over."))


# -- joining -------------------------------------------------------------------------------------------------------


def join(ask: Ask, tx: Tx) -> Answer:
    """Use an invitation from a link, or ask for its code."""
    if not ask.person.name:
        return _name_first(ask, tx, (read_code(ask.args[0]) or "") if ask.args else "")
    if ask.args:
        return _use(ask, tx, ask.args[0])
    expect(ask, tx, "join")
    return ask.reply(_("Write the twelve digits of the code."), [back()])


def joined(ask: Ask, tx: Tx) -> Answer:
    """A code was written."""
    return _use(ask, tx, ask.words)


def _use(ask: Ask, tx: Tx, typed: str) -> list[Outgoing]:
    code = read_code(typed)
    if code is None:
        raise Misread
    _has_room(ask, tx)
    people.end_dialogue(tx, ask.person.id)
    # The same words whether or not the code opens anything: a stranger must not learn which codes exist.
    answer = ask.reply(
        _(
            "Thank you. If the code is right, the person who invited you is being asked now, and you will hear from "
            "me when they answer. If you hear nothing within {span}, ask them for a new code.",
            span=Span(HEARD_WITHIN),
        ),
        *menu(),
    )
    new = circles.use_invite(tx, code, ask.person.id, ask.now, ask.now + NEWCOMER_LIFE)
    if new is None:
        return [answer]
    question = Outgoing(
        new.inviter,
        Page(
            (
                _("{name} has used your invitation to “{circle}”.", name=called(new.name), circle=new.circle_name),
                *_same_name(tx, new),
                _("Anybody can write any name. Let in only a person whom you have spoken to."),
            )
        ),
        choices=(
            (button(pgettext("button", "✅ Let in"), "door.open", new.id),),
            (button(pgettext("button", "✖️ I don't know them"), "door.shut", new.id),),
        ),
        lane=Lane.REPLY,
    )
    return [answer, question]


def _same_name(tx: Tx, new: circles.Newcomer) -> list[Line]:
    inside = circles.members(tx, [new.circle])[new.circle]
    if all(fold(p.name) != fold(new.name) for p in inside):
        return []
    return [_("Careful: somebody with this name is in the circle already.")]


def door_open(ask: Ask, tx: Tx) -> list[Outgoing]:
    """The inviter lets a newcomer in; everybody in the circle learns it."""
    one = circles.newcomer_of(tx, ask.number(), ask.person.id, ask.now)
    if one is None:
        raise Outdated
    inside = circles.members(tx, [one.circle])[one.circle]
    if len(inside) >= MOST_MEMBERS:
        raise CircleFull(MOST_MEMBERS)
    if len(circles.circles_of(tx, one.person)) >= MOST_CIRCLES:
        raise NewcomerFull
    circles.decide(tx, one, let_in=True)
    vouchers.note(tx, one.person, [ask.person.id])
    name, circle = called(one.name), one.circle_name
    return [
        ask.reply(_("{name} is now in “{circle}”.", name=name, circle=circle), *menu()),
        Outgoing(
            one.person,
            Page(
                (
                    _("You are now in the circle “{circle}”. In it: {people}.", circle=circle, people=names(inside)),
                    _("Do you know these people? Shall they hear your news from now on?"),
                )
            ),
            choices=(
                (button(TRUST, "circle.hear", one.circle),),
                (button(pgettext("button", "🚪 Leave"), "circle.leave", one.circle),),
            ),
        ),
        *_tell(inside, ask.person.id, _("{name} is now in “{circle}”.", name=name, circle=circle)),
        *bearer.comes(tx, one.circle, Person(one.person, name=one.name), ask.now),
    ]


def _tell(inside: list[Person], but: int, text: Line) -> list[Outgoing]:
    return [Outgoing(p.id, text, lane=Lane.CHECKIN, silent=True) for p in inside if p.id != but]


def door_shut(ask: Ask, tx: Tx) -> Outgoing:
    """The inviter does not know the newcomer: who is told nothing."""
    one = circles.newcomer_of(tx, ask.number(), ask.person.id, ask.now)
    if one is None:
        raise Outdated
    circles.decide(tx, one, let_in=False)
    return with_menu(
        ask, _("Not let in. They are told nothing. If you gave the code to somebody else, make a new one.")
    )


# -- leaving -------------------------------------------------------------------------------------------------------


def leave(ask: Ask, tx: Tx) -> Outgoing:
    """Ask before leaving."""
    one = _mine(ask, tx)
    if one.keeper == ask.person.id and one.size > 1:
        raise KeeperMustHandOver
    text = (
        _("Leave “{circle}”? Your news is erased there, and you will hear nothing from it any more.", circle=one.name)
        if one.size > 1
        else _("Leave “{circle}”? You are the last one: the circle is erased.", circle=one.name)
    )
    return ask.reply(text, [button(pgettext("button", "🚪 Leave"), "circle.left", one.id)], [back("circle", one.id)])


def left(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Leave a circle."""
    one = _mine(ask, tx)
    if one.keeper == ask.person.id and one.size > 1:
        raise KeeperMustHandOver
    inside = circles.members(tx, [one.id])[one.id]
    trusting = trustee.around(tx, ask.person.id)
    others_go_on = bearer.parts(tx, one, ask.person, ask.now)
    searched = finding.ends_circle(tx, one.id, ask.now) if one.size == 1 else []
    circles.leave(tx, one.id, ask.person.id)
    gone = _("{name} has left “{circle}”.", name=name_of(ask.person), circle=one.name)
    return [
        with_menu(ask, _("You are no longer in “{circle}”.", circle=one.name)),
        *alarm.still_open(tx, ask.person.id, one.id, gone),
        *others_go_on,
        *searched,
        *_tell(inside, ask.person.id, gone),
        *trustee.parted(tx, trusting),
    ]


def _others(ask: Ask, tx: Tx, one: Circle) -> list[Person]:
    others = [p for p in circles.members(tx, [one.id])[one.id] if p.id != ask.person.id]
    if not others:
        raise Alone
    return others


def _other(ask: Ask, tx: Tx, one: Circle) -> Person:
    other = next((p for p in _others(ask, tx, one) if p.id == ask.number(1)), None)
    if other is None:
        raise Outdated
    return other


def remove(ask: Ask, tx: Tx) -> Outgoing:
    """Ask whom to remove."""
    one = _kept(ask, tx)
    rows = ([_person(p, "circle.remove1", one)] for p in _others(ask, tx, one))
    return ask.reply(_("Who shall leave “{circle}”?", circle=one.name), *rows, [back("circle", one.id)])


def _person(p: Person, verb: str, one: Circle) -> Choice:
    return button(pgettext("button-wide", "{name}", name=name_of(p)), verb, one.id, p.id)


def remove_one(ask: Ask, tx: Tx) -> Outgoing:
    """Ask before removing."""
    one = _kept(ask, tx)
    other = _other(ask, tx, one)
    return ask.reply(
        _("Remove {name} from “{circle}”?", name=name_of(other), circle=one.name),
        [button(pgettext("button", "➖ Remove"), "circle.removed", one.id, other.id)],
        [back("circle", one.id)],
    )


def removed(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Remove a member."""
    one = _kept(ask, tx)
    other = _other(ask, tx, one)
    inside = [p for p in circles.members(tx, [one.id])[one.id] if p.id != other.id]
    trusting = trustee.around(tx, other.id)
    others_go_on = bearer.parts(tx, one, other, ask.now)
    circles.leave(tx, one.id, other.id)
    circles.cancel_invites(tx, one.id)  # they may hold one
    gone = _("{name} is no longer in “{circle}”.", name=name_of(other), circle=one.name)
    return [
        with_menu(ask, gone),
        *alarm.still_open(tx, other.id, one.id, gone),
        *others_go_on,
        *_tell(inside, ask.person.id, gone),
        Outgoing(other.id, _("You are no longer in “{circle}”.", circle=one.name), lane=Lane.CHECKIN, silent=True),
        *trustee.parted(tx, trusting),
        *_papers(ask, tx, one, other),
    ]


def _papers(ask: Ask, tx: Tx, one: Circle, other: Person) -> list[Outgoing]:
    """Whoever was removed knows the words of the cards of codes that they made: the keeper may want to end those."""
    found = [person for who in codes.made_by(tx, other.id, one.id) if (person := people.find(tx, who)) is not None]
    if not found:
        return []
    text = _(
        "{name} made cards of codes here, and may know their words: {people}. If that worries you, end those cards.",
        name=name_of(other),
        people=names(found),
    )
    return [ask.anew(text, *([_person(person, "code.of", one)] for person in found), [back()])]


def hand(ask: Ask, tx: Tx) -> Outgoing:
    """Ask who shall keep the circle."""
    one = _kept(ask, tx)
    rows = ([_person(p, "circle.handed", one)] for p in _others(ask, tx, one))
    return ask.reply(_("Who shall keep “{circle}” from now on?", circle=one.name), *rows, [back("circle", one.id)])


def handed(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Hand a circle over."""
    one = _kept(ask, tx)
    other = _other(ask, tx, one)
    circles.hand_over(tx, one.id, other.id)
    searched = finding.hands_over(tx, one.id, other.id, ask.now)
    return [
        with_menu(ask, _("{name} now keeps “{circle}”.", name=name_of(other), circle=one.name)),
        Outgoing(
            other.id,
            _(
                "{name} has handed “{circle}” over to you: you can rename it and remove people.",
                name=name_of(ask.person),
                circle=one.name,
            ),
            lane=Lane.CHECKIN,
        ),
        *searched,
    ]
