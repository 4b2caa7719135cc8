"""Published bulletins to be read again, old ones too, each with what became of it."""

from __future__ import annotations

from bot.domain.conversation import Outgoing, Page
from bot.domain.refusals import Outdated
from bot.i18n import LANGUAGE_NAMES, _, pgettext
from handlers import verify
from handlers.ask import Ask, back, button
from storage import bulletins
from storage.database import Tx


def read(ask: Ask, tx: Tx) -> Outgoing:
    """A bulletin in one of its languages; never in another one silently."""
    one = bulletins.find(tx, ask.number())
    language = ask.args[1] if len(ask.args) > 1 else ask.person.language
    if one is None or language not in LANGUAGE_NAMES:
        raise Outdated
    found = bulletins.editions(tx, one.number)
    rows = [
        [
            button(
                pgettext("button", "🌐 {language}", language=LANGUAGE_NAMES[other]), "bulletin.read", one.number, other
            )
        ]
        for other in found
        if other != language
    ]
    if language not in found:
        text = _(
            "No. {n} is not yet translated into this language: {language}.",
            n=one.number,
            language=LANGUAGE_NAMES[language],
        )
        return ask.anew(text, *rows, [back()])
    lines = (*verify.standing(one), "", *found[language].text.split("\n"))
    return ask.anew(Page(lines), *rows, [back()])
