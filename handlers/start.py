"""The first contact: language, what the bot is, a name; and changing them later."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.circle import read_code
from bot.domain.conversation import Choice, Lane, Outgoing, Page, Place, Value
from bot.domain.folding import fold
from bot.domain.people import NAME_LENGTH, Person, read_name
from bot.domain.refusals import NameTaken, NotAName, Outdated
from bot.i18n import LANGUAGES, _, in_every_language, language_button, pgettext
from handlers.ask import Answer, Ask, back, button, expect
from handlers.home import menu, with_menu, with_reminders
from handlers.petitions import reading as petition_reading
from handlers.words import name_of, seen_by
from storage import circles, people
from storage.database import Tx

NIGHTS = ((21, 6), (22, 7), (23, 8), (0, 9))  # quiet hours to choose from
NOT_NOW = pgettext("button", "Not now")
ZONES: tuple[tuple[str, Value], ...] = (  # where most people of the community live; each place stands for its clock
    ("Asia/Dushanbe", Place("dushanbe")),
    ("Europe/Moscow", Place("ru.moscow")),
    ("Europe/Berlin", Place("de")),
    ("Europe/London", Place("gb")),
    ("America/New_York", pgettext("noun", "New York")),
)


def picker(ask: Ask, *, payload: str = "") -> Outgoing:
    """Ask for the language in all three at once: never guessed silently."""
    code = petition_reading.payload_in(payload) or read_code(payload) or ""
    return ask.reply(
        Page((in_every_language(_("Choose a language"), ask.now),)),
        *([button(language_button(one), "speak", one, *([code] if code else []))] for one in LANGUAGES),
    )


def language(ask: Ask, tx: Tx) -> Outgoing:
    """Let a person change the language."""
    del tx
    return picker(ask)


def speak(ask: Ask, tx: Tx) -> Answer:
    """A language was chosen: for a newcomer the beginning, for others a change."""
    chosen = ask.args[0] if ask.args else ""
    if chosen not in LANGUAGES:
        raise Outdated
    people.change(tx, ask.person.id, language=chosen)
    petition = petition_reading.payload_in(ask.args[1]) if len(ask.args) > 1 else ""
    if petition:
        known = replace(ask, person=replace(ask.person, language=chosen))
        begun = [] if ask.person.name else [ask.reply(introduction(ask.platform))]
        return [*begun, *petition_reading.linked(known, tx, petition)]
    invitation = (read_code(ask.args[1]) or "") if len(ask.args) > 1 else ""
    if not ask.person.name:
        return [ask.reply(introduction(ask.platform)), ask_name(ask, tx, invitation)]
    if invitation:
        return ask.reply(_("You have an invitation."), [use(invitation)], [back()])
    return with_menu(ask, _("From now on I write to you in this language."))


def started(ask: Ask, tx: Tx) -> Answer:
    """Somebody who is known opens the chat again, perhaps with an invitation (or in the middle of using one)."""
    petition = petition_reading.payload_in(ask.words)
    if petition:
        return petition_reading.linked(ask, tx, petition)
    invitation = read_code(ask.words) or str(ask.data.get("code", ""))
    if not ask.person.name:
        return ask_name(ask, tx, invitation)
    if invitation:
        return ask.reply(_("You have an invitation."), [use(invitation)], [back()])
    hello = _("Hello, {name}! What would you like to do?", name=ask.person.name)
    return with_reminders(ask, tx, hello)


def use(invitation: str) -> Choice:
    """The button that uses an invitation."""
    return button(pgettext("button-wide", "🔑 Use the invitation"), "join", invitation)


def introduction(platform: str) -> Page:
    """What the bot is, what it keeps, and what the platform itself can see."""
    return Page(
        (
            _("<b>Payvand</b> helps families know that their people are alive."),
            "",
            _(
                "I keep your name, your circles and your last news, locked with a key. I keep no phone number and "
                "no contacts. You can have everything erased at any time: /privacy"
            ),
            "",
            seen_by(platform),
        )
    )


def ask_name(ask: Ask, tx: Tx, invitation: str = "") -> Outgoing:
    """Ask what relatives call this person."""
    expect(ask, tx, "name", **({"code": invitation} if invitation else {}))
    return ask.anew(
        _("What do your relatives call you? Write the name they will recognise. It need not be your full name."),
        [button(pgettext("button-wide", "🔗 I have another account here"), "link.type")],
        [button(pgettext("button-wide", "🔑 I have lost my account"), "card.use")],
    )


def name(ask: Ask, tx: Tx) -> Outgoing:
    """Let a person change the name their circles see."""
    expect(ask, tx, "name")
    return ask.reply(
        _("Your circles know you as {name}. Write the new name.", name=name_of(ask.person)), [back("settings")]
    )


def _near(tx: Tx, who: int) -> list[Person]:
    """Everybody who is in a circle with this person, once each."""
    mine = [one.id for one in circles.circles_of(tx, who)]
    inside = {p.id: p for people_there in circles.members(tx, mine).values() for p in people_there}
    return [p for p in inside.values() if p.id != who]


def named(ask: Ask, tx: Tx) -> Answer:
    """A name was written."""
    told = read_name(ask.text(NAME_LENGTH))
    if told is None:
        raise NotAName
    near = _near(tx, ask.person.id)
    if any(fold(other.name) == fold(told) for other in near):
        raise NameTaken
    people.change(tx, ask.person.id, name=told)
    people.end_dialogue(tx, ask.person.id)
    invitation = str(ask.data.get("code", ""))
    if invitation:
        return ask.anew(
            _("Good, {name}. You have an invitation.", name=told), [use(invitation)], [button(NOT_NOW, "home")]
        )
    if ask.person.name:
        now = _("{old} is now called {name}.", old=ask.person.name, name=told)
        return [
            ask.anew(_("From now on your circles know you as {name}.", name=told), *menu()),
            *(Outgoing(other.id, now, lane=Lane.CHECKIN, silent=True, about=ask.person.id) for other in near),
        ]
    return ask.anew(
        _(
            "Good, {name}. Now make a circle for your family, or join one with an invitation. "
            "You can also look around first.",
            name=told,
        ),
        [button(pgettext("button", "⭕ Make a circle"), "circle.make")],
        [button(pgettext("button", "🔑 I have an invitation"), "join")],
        [button(pgettext("button", "👀 Look around"), "home")],
    )


# -- quiet hours ---------------------------------------------------------------------------------------------------


def quiet(ask: Ask, tx: Tx) -> Outgoing:
    """Show and choose the hours in which only calls for help make a sound."""
    del tx
    person = ask.person
    if person.quiet_from is None or person.quiet_until is None:
        now = _("You have no quiet hours.")
    else:
        now = _(
            "Your quiet hours: from {begin} to {end}.", begin=clock(person.quiet_from), end=clock(person.quiet_until)
        )
    return ask.reply(
        Page((now, _("In quiet hours news comes without a sound, and questions wait. Calls for help always come."))),
        *(
            [button(pgettext("button", "{begin} – {end}", begin=clock(b * 60), end=clock(e * 60)), "quiet.at", b, e)]
            for b, e in NIGHTS
        ),
        [button(pgettext("button", "No quiet hours"), "quiet.off")],
        [back("settings")],
    )


def clock(minutes: int) -> str:
    """Minutes after midnight as a 24-hour clock shows them."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def quiet_at(ask: Ask, tx: Tx) -> Outgoing:
    """Keep the chosen hours, and ask what the person's clock shows."""
    begin, end = ask.number(0), ask.number(1)
    if (begin, end) not in NIGHTS:
        raise Outdated
    people.change(tx, ask.person.id, quiet_from=begin * 60, quiet_until=end * 60)
    choices = [
        [
            button(
                pgettext("button-wide", "{time} – {zone}", time=_time(ask.now, zone), zone=where), "quiet.zone", str(i)
            )
        ]
        for i, (zone, where) in enumerate(ZONES)
    ]
    return ask.reply(_("What does your clock show now?"), *choices, [back("quiet")])


def quiet_zone(ask: Ask, tx: Tx) -> Outgoing:
    """The person's clock is known."""
    index = ask.number()
    if index >= len(ZONES):
        raise Outdated
    people.change(tx, ask.person.id, zone=ZONES[index][0])
    return with_menu(ask, _("Saved."))


def quiet_off(ask: Ask, tx: Tx) -> Outgoing:
    """No quiet hours any more."""
    people.change(tx, ask.person.id, quiet_from=None, quiet_until=None)
    return with_menu(ask, _("Saved."))


def _time(now: datetime, zone: str) -> str:
    return now.astimezone(ZoneInfo(zone)).strftime("%H:%M")
