"""The words on the playground's own frame, around the phones: from the same catalogue as everything else."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bot.domain.conversation import Line, Span
from bot.i18n import LANGUAGE_NAMES, LANGUAGES, _, label, pgettext

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

# How far the clock can be moved with one press, and what stands on the button.
JUMPS: Final[tuple[tuple[timedelta, Line], ...]] = (
    (timedelta(minutes=1), pgettext("playground", "+{n} min", n=1)),
    (timedelta(minutes=10), pgettext("playground", "+{n} min", n=10)),
    (timedelta(hours=1), pgettext("playground", "+{n} h", n=1)),
    (timedelta(days=1), pgettext("playground", "+{n} d", n=1)),
    (timedelta(days=7), pgettext("playground", "+{n} d", n=7)),
)

_SAFE: Final = pgettext("button", "✅ I am safe")
_HELP: Final = pgettext("button", "🆘 I need help")
_DRAFTS: Final = pgettext("button", "📝 Drafts")
_PETITIONS: Final = pgettext("button", "📜 Petitions")
_SEARCH: Final = pgettext("button", "🔎 Look for somebody")

# A hole that the page itself fills: it is spoken as it is written.
_NAME: Final = "{name}"

LINES: Final[Mapping[str, Line]] = {
    "title": pgettext("playground", "Playground"),
    "lead": _("One family, four phones, three languages."),
    "intro": _(
        "Press “{button}” on the phone of {name} and see the news arrive at the others.", button=_SAFE, name=_NAME
    ),
    # What stands there instead while the phones of the desk are shown.
    "lead.desk": _("Two moderators, two readers, three languages."),
    "intro.desk": _(
        "Two moderators check news together before anybody reads it. Play the story, or press “{button}” on the phone "
        "of {name}.",
        button=_DRAFTS,
        name=_NAME,
    ),
    "lead.petitions": _("Two organisers, three signers, three languages."),
    "intro.petitions": _(
        "One organiser writes a letter, another one opens it, and people sign it as they choose. Play the story, or "
        "press “{button}” on the phone of {name}.",
        button=_PETITIONS,
        name=_NAME,
    ),
    "lead.search": _("Somebody who holds a name, somebody who looks, and somebody who guesses."),
    "intro.search": _(
        "A name alone tells nobody anything here. Play the story, or write /search on the phone of {name} and press "
        "“{button}”.",
        button=_SEARCH,
        name=_NAME,
    ),
    "views": pgettext("playground", "Which phones"),
    # TRANSLATORS: on a small switch: the phones of a family, or the phones of two moderators and their readers.
    "view.family": pgettext("playground", "Family"),
    "view.desk": pgettext("playground", "Desk"),
    "view.petitions": pgettext("playground", "Petitions"),
    "view.search": pgettext("playground", "Search"),
    "more": pgettext("playground", "What else to try"),
    "try_help": _("“{button}” arrives loudly, and somebody can answer: I am taking care of it.", button=_HELP),
    "try_clock": _("Move the clock forward: news grows old, deadlines come, questions are repeated."),
    "try_link": _("Invite somebody: a link of an invitation opens on the phone you choose."),
    "try_language": _("Change the language of a phone and read the same conversation in another one."),
    "try_write": _("Write what a person would write, or a command such as /help."),
    "try_draft": _("Write a bulletin on one phone, ask for translations, and let the other moderator agree."),
    "try_alone": _("Publish alone in an emergency, and move the clock by six hours: it withdraws itself."),
    "try_copy": _("Forward a bulletin (↪), change a word of it, and see the changed word found."),
    "try_correct": _("Correct what was published: whoever got it, or asked about it, gets the correction."),
    "try_petition": _("Write a letter on one phone, offer it, and let the other organiser open it."),
    "try_sign": _("Sign it on a phone: the conversation goes from the chat, and nothing there says that you signed."),
    "try_twice": _("Sign it twice, or withdraw without having signed: the answer is the same."),
    "try_look": _("Look for somebody who can be found, in other letters; then for somebody who can't. Compare."),
    "try_nobody": _("Choose “nobody” for somebody who was found: from then on it is as if they had never been there."),
    "try_wrong": _("Answer wrongly what only kin know: whoever holds the name is not disturbed."),
    "play": pgettext("playground", "▶ Play the story"),
    "stop": pgettext("playground", "■ Stop the story"),
    # TRANSLATORS: how far the story has come. The page itself fills the two holes.
    "scene": pgettext("playground", "{scene} of {all}", scene="{scene}", all="{all}"),
    "invented": _("Everybody here is invented, and nothing leaves this computer."),
    "skip": pgettext("playground", "Go to the phones"),
    "phones": pgettext("playground", "Phones"),
    "clock": pgettext("playground", "Clock"),
    "page_language": pgettext("playground", "Language of this page"),
    "dark": pgettext("playground", "Dark colours"),
    # TRANSLATORS: this language in two or three letters, on a small switch: EN, РУ, ТҶ.
    "short": pgettext("playground", "EN"),
    "phone_language": pgettext("playground", "Language of this phone"),
    "chat": pgettext("playground", "Conversation with the bot"),
    "nothing": _("Nothing has been said here yet."),
    "start": pgettext("playground", "Start"),
    "write": pgettext("playground", "Write a message"),
    "send": pgettext("playground", "Send"),
    "commands": pgettext("playground", "Commands"),
    "edited": pgettext("playground", "edited"),
    "quiet": pgettext("playground", "without sound"),
    "deleted": _("This message was deleted."),
    "qr": pgettext("playground", "QR code"),
    "lock": pgettext("playground", "On the lock screen"),
    "lock_empty": pgettext("playground", "No messages"),
    "forward": pgettext("playground", "Forward to the bot"),
    "forwarded": pgettext("playground", "forwarded"),
    "pass_how": _("Change a word, if you like. Then choose who forwards it to the bot."),
    "newest": pgettext("playground", "Newest message"),
    "unread": pgettext("playground", "new messages"),
    "whose": _("On whose phone should the invitation open?"),
    "cancel": pgettext("playground", "Cancel"),
    "lost": _("The connection is lost. Trying again…"),
    "trouble": _("That did not work. Please try again."),
}


def frame(language: str, now: datetime) -> dict[str, str]:
    """Say everything on the frame in one language. ``jump.10`` and ``jump.10.long`` are the button of ten minutes."""
    said = {name: label(line, language, now) for name, line in LINES.items()}
    for by, short in JUMPS:
        minutes = by // timedelta(minutes=1)
        said[f"jump.{minutes}"] = label(short, language, now)
        said[f"jump.{minutes}.long"] = label(
            pgettext("playground", "Move the clock forward: {span}", span=Span(by)), language, now
        )
    said["language"] = LANGUAGE_NAMES[language]
    return said


def in_each_language(value: Line | str, now: datetime) -> dict[str, str]:
    """Say one thing in every language; a plain name stays as it is."""
    if isinstance(value, str):
        return dict.fromkeys(LANGUAGES, value)
    return {language: label(value, language, now) for language in LANGUAGES}
