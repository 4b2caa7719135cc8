"""The main menu, the manual, and the kind answers to what was not understood."""

from __future__ import annotations

from bot.domain import places
from bot.domain.conversation import Ago, Choice, Line, Outgoing, Page, Place, Span, Text
from bot.domain.people import Person
from bot.domain.refusals import NotFound, Outdated
from bot.i18n import _, ngettext, pgettext
from handlers.ask import Ask, back, button
from handlers.words import messenger, name_of
from storage import people, reports, roles
from storage.database import Tx

SAFE = pgettext("button", "✅ I am safe")
HELP = pgettext("button", "🆘 I need help")
TELL = pgettext("button-wide", "🤝 If I am in trouble, tell…")
ANSWER = pgettext("button-wide", "❓ Answer what is not clear")
PLACES_SHOWN = 8


def menu() -> tuple[tuple[Choice, ...], ...]:
    """The buttons of the main menu."""
    return (
        (button(SAFE, "safe"),),
        (button(HELP, "help"),),
        (button(pgettext("button", "👥 My people"), "people"), button(pgettext("button", "💬 How are you?"), "ask")),
        (button(pgettext("button", "📝 Other news"), "other"), button(pgettext("button", "☰ More"), "more")),
    )


def with_menu(ask: Ask, text: Text) -> Outgoing:
    """A sentence with the main menu under it."""
    return ask.reply(text, *menu())


def home(ask: Ask, tx: Tx) -> Outgoing:
    """Show the main menu."""
    return with_reminders(ask, tx, _("What would you like to do?"))


def with_reminders(ask: Ask, tx: Tx, hello: Line) -> Outgoing:
    """A sentence with the main menu, and what this person should not forget."""
    lines = [hello, *links(ask, tx)]
    waiting = 0 if ask.unseeing else reports.how_many_wait(tx, ask.person.id, ask.now)
    if not waiting:
        return with_menu(ask, Page(tuple(lines)))
    lines.append(
        ngettext(
            "{n} line of your list of news waits for an answer.",
            "{n} lines of your list of news wait for an answer.",
            n=waiting,
        )
    )
    return ask.reply(Page(tuple(lines)), [button(ANSWER, "roll.next")], *menu())


def moved(person: Person, where: int) -> Outgoing:
    """Somebody who is known writes for the first time to the account that took the place of the bot's older one."""
    return Outgoing(
        person.id,
        _(
            "{name}, I have recognised you. My old account is gone, and I write from this one now. Your circles and "
            "your news are as they were.",
            name=name_of(person),
        ),
        at=where,
        own=True,
    )


def links(ask: Ask, tx: Tx) -> list[Line]:
    """For the first days after accounts were linked: a line that says so at each of them."""
    others = [one for one in people.addresses(tx, ask.person.id) if one.id != ask.address]
    if ask.linked_at is not None:
        old = [one for one in others if one.linked_at is None]
        lines = [
            _("🔗 Linked with your account: {messenger}, {ago}.", messenger=messenger(one.sender.platform), ago=Ago(at))
            for one in old[:1]
            for at in (ask.linked_at,)
        ]
        if ask.sees_at is not None and ask.unseeing:
            lines.append(_("What your circles say is shown here in {span}.", span=Span(ask.sees_at - ask.now)))
        return lines
    return [
        _(
            "🔗 A new account is linked with yours: {messenger}, {ago}. If that was not you: ☰, ⚙️, then 🔗.",
            messenger=messenger(one.sender.platform),
            ago=Ago(one.linked_at),
        )
        for one in others
        if one.linked_at is not None
    ]


def cancel(ask: Ask, tx: Tx) -> Outgoing:
    """Leave whatever was begun. The dialogue is dropped already."""
    del tx
    return with_menu(ask, _("Stopped. Nothing was sent."))


def which_place(ask: Ask, after: Choice, verb: str, *args: int | str) -> Outgoing:
    """Offer the places that typed words may mean; each button is `verb` with `args` and the place. Raises NotFound."""
    found = places.search(ask.text(100), PLACES_SHOWN)
    if not found:
        raise NotFound
    rows = ([button(pgettext("button-wide", "{place}", place=Place(code)), verb, *args, code)] for code in found)
    return ask.anew(_("Which one?"), *rows, [after])


def defect(code: str) -> Line:
    """A fault of ours, and the number by which an operator finds it."""
    return _("Something went wrong on our side. If you write to us, mention {code}.", code=code)


def more(ask: Ask, tx: Tx) -> Outgoing:
    """Everything that is not needed every day."""
    at_the_desk = [button(pgettext("button", "🗂 Desk"), "desk")] if roles.holds_any(tx, ask.person.id, ask.now) else []
    return ask.reply(
        _("Your circles and settings"),
        [button(pgettext("button", "⭕ My circles"), "circles")],
        [button(pgettext("button", "🛟 Just in case"), "ready")],
        [button(pgettext("button", "🔎 Look for somebody"), "knock")],
        [button(pgettext("button", "📰 News"), "news"), button(pgettext("button", "📜 Petitions"), "petitions")],
        at_the_desk,
        [button(pgettext("button", "🔒 Privacy"), "privacy"), button(pgettext("button", "⚙️ Settings"), "settings")],
        [button(pgettext("button", "ℹ️ How it works"), "manual"), back()],
    )


def ready(ask: Ask, tx: Tx) -> Outgoing:
    """What is prepared on a quiet day."""
    del tx
    return ask.reply(
        _("For the day when there is no network, or when you can't write:"),
        [button(pgettext("button", "⏰ Regular check-in"), "late")],
        [button(TELL, "trust")],
        [button(pgettext("button", "☎️ Spoken codes"), "code")],
        [button(pgettext("button", "📍 My districts"), "ties")],
        [back("more")],
    )


def settings(ask: Ask, tx: Tx) -> Outgoing:
    """How the bot speaks to this person."""
    del tx
    return ask.reply(
        _("<b>Settings</b>"),
        [button(pgettext("button", "🌐 Language"), "language")],
        [button(pgettext("button", "✏️ My name"), "name")],
        [button(pgettext("button", "🌙 Quiet hours"), "quiet")],
        [button(pgettext("button", "🔗 My other account"), "link")],
        [back("more")],
    )


def _pages() -> dict[str, tuple[Line, ...]]:
    """The pages of the manual: one idea each, and one sentence after the other."""
    return {
        "code": (
            _("<b>Spoken codes</b>"),
            _("• A card of codes is for somebody at home who has no internet."),
            _("• Each line of it is three ordinary words, and tells one thing: safe, help, detained, or left home."),
            _("• They read one line to you by telephone, or write it in an SMS. You write the words to me."),
            _("• Then the right people learn it. Each line works once."),
        ),
        "late": (
            _("<b>Regular check-in</b>"),
            _("• You say until when you will tell that you are well: once, every day, or every week."),
            _("• If the time passes, I ask you first."),
            _("• If you stay silent, I tell your circles, and later the people whom you chose for that."),
            _("• “I am safe” ends it, from any of your accounts. “Later 3” gives you three more hours."),
        ),
        "roll": (
            _("<b>News of many</b>"),
            _("• You have reached home, and know how several people are? Write one line for each of them:"),
            _("Gulnora – safe – I saw her – 14 May\nKarim – hurt – I was told – yesterday\nMadina – needs help"),
            _("• Each circle learns only of its own people. I ask you about what is not clear."),
        ),
        "outage": (
            _("<b>No network</b>"),
            _("• When a district has no network, two people whom the community trusts declare it."),
            _("• Then silence from there is expected, and does not mean harm."),
            _("• If you live there, say it under “My districts”. You choose whether your own alarms wait."),
            _("• When the network is back, one tap tells all your people that you are safe."),
        ),
    }


def manual_page(ask: Ask, tx: Tx) -> Outgoing:
    """One page of the manual, with the way to what it is about."""
    del tx
    which = ask.args[0] if ask.args else ""
    page = _pages().get(which)
    if page is None:
        raise Outdated
    label, verb = {
        "code": (pgettext("button", "☎️ Spoken codes"), "code"),
        "late": (pgettext("button", "⏰ Regular check-in"), "late"),
        "roll": (pgettext("button", "📋 News of many"), "roll"),
        "outage": (pgettext("button", "📍 My districts"), "ties"),
    }[which]
    return ask.reply(Page(page), [button(label, verb)], [back("manual")])


def manual(ask: Ask, tx: Tx) -> Outgoing:
    """Say how the bot works, in words for somebody who has never used one."""
    del tx
    return ask.reply(
        _(
            "<b>How it works</b>\n"
            "• A circle is your family or a group that looks out for each other. Make one, or join one with an "
            "invitation.\n"
            "• Press “I am safe”, and your circle reads it, each person in their own language.\n"
            "• Press “I need help”, and it goes out at once. You see who has read it and who takes care of it.\n"
            "• “My people” shows the last news of everybody, and how old it is. There you can also tell news of people "
            "who are not online.\n"
            "• “How are you?” asks the others.\n"
            "I am a program. No stranger can find you here or see your circles."
        ),
        [
            button(pgettext("button", "☎️ Spoken codes"), "manual.page", "code"),
            button(pgettext("button", "⏰ Regular check-in"), "manual.page", "late"),
        ],
        [
            button(pgettext("button", "📋 News of many"), "manual.page", "roll"),
            button(pgettext("button", "📴 No network"), "manual.page", "outage"),
        ],
        *menu(),
    )


def help_or_manual(ask: Ask, tx: Tx) -> Outgoing:
    """The bare word “help” may be a question or a danger: ask which."""
    del tx
    return ask.reply(
        _("Are you in danger, or do you want to know how this works?"),
        [button(HELP, "help")],
        [button(pgettext("button", "ℹ️ How it works"), "manual")],
        [back()],
    )


def not_understood(ask: Ask, tx: Tx) -> Outgoing:
    """Words that are no phrase we know: offer the buttons."""
    del tx
    return with_menu(ask, _("I did not understand that. Please choose:"))


def unreadable(ask: Ask, tx: Tx) -> Outgoing:
    """Words that could not be decrypted: nothing is lost silently. An open dialogue still waits."""
    del tx
    text = _("You wrote something, but I could not decrypt it. Please write it once more.")
    return _still_waits(ask, text) if ask.data else with_menu(ask, text)


def _still_waits(ask: Ask, text: Line) -> Outgoing:
    """What could not be read may have been a call for help, also while a question was open."""
    return ask.reply(text, [button(HELP, "help")], [back()])


def over(ask: Ask, tx: Tx) -> Outgoing:
    """A number of a list that stands no more."""
    del tx
    return with_menu(ask, _("That number belongs to an older list. Please choose again:"))


def unclear(ask: Ask, tx: Tx) -> Outgoing:
    """Words that fit more than one choice."""
    del tx
    return ask.reply(_("More than one choice fits. Please answer with its number."))


def only_words(ask: Ask, tx: Tx) -> Outgoing:
    """A picture, a voice message or a file: say kindly that it was not kept. An open dialogue still waits for words."""
    del tx
    if ask.data:
        return _still_waits(ask, _("I can read only words. I have not kept what you sent. Please write it."))
    return with_menu(ask, _("I can read only words and buttons. I have not kept what you sent. Please choose:"))
