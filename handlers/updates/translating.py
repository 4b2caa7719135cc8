"""Translating a draft, or a bulletin that is out: text by text, by whichever moderator takes the language."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot import i18n
from bot.domain import drafting as change
from bot.domain.conversation import Lane, Outgoing, Page
from bot.domain.refusals import Outdated, Translated
from bot.domain.roles import Role
from bot.i18n import _, ngettext, pgettext
from handlers import desk
from handlers.ask import Ask, back, base36, button, expect
from handlers.updates import drafting
from storage import audit, drafts, outbox, people, proposals
from storage.database import Tx
from storage.drafts import Kept


def offer(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Let the other moderators translate a draft into the languages that it lacks."""
    one = drafting.mine(ask, tx)
    lacks = [language for language in i18n.LANGUAGES if not one.draft.speaks(language)]
    if one.left or not lacks:
        return [ask.reply(_("There is nothing to translate yet, or any more."), [back("draft.one", one.id)])]
    drafts.save(tx, replace(one, offered=True), ask.now)
    audit.note(tx, ask.person.id, "offered for translation: draft", ask.now)
    label = pgettext("button", "🌐 Look")
    return [
        ask.reply(
            _("The other moderators are asked to translate it. You can do it yourself, too."),
            *(drafting.tongue_button(ask, one, language) for language in lacks),
            [back("draft.one", one.id)],
        ),
        *drafting.tell_others(ask, tx, desk.WAITS, label, "draft"),
    ]


def _to_translate(ask: Ask, tx: Tx, language: str) -> Kept:
    """A draft that waits for this language, for whoever may translate it. Raises Outdated or Translated."""
    by = desk.moderator(ask, tx)
    one = drafts.find(tx, ask.number())
    if one is None or language not in i18n.LANGUAGES or language == one.draft.language:
        raise Outdated
    if (one.of is None and not one.offered) or (one.of is not None and one.tongue != language):
        raise Outdated
    if not drafts.take(tx, one.id, language, by.person, ask.now):
        raise Translated
    return one


def _language(ask: Ask) -> str:
    return ask.args[1] if len(ask.args) > 1 else ""


def translate(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Take a language, and be asked for the next text that it lacks."""
    return next_text(ask, tx, _to_translate(ask, tx, _language(ask)), _language(ask))


def next_text(ask: Ask, tx: Tx, one: Kept, language: str) -> list[Outgoing]:
    """Ask for the next text in another language; after the last one it is done."""
    lacks = change.missing(one.draft, language)
    if not lacks:
        return _translated(ask, tx, one, language)
    key = lacks[0]
    expect(ask, tx, "tongue", draft=base36(one.id), language=language, key=key)
    index = one.draft.keys().index(key)
    original = one.draft.texts.get(one.draft.language, {}).get(key, "…")
    said = (
        _("Write this in the language: {language_name}.", language_name=i18n.LANGUAGE_NAMES[language]),
        ngettext("{n} text is left.", "{n} texts are left.", n=len(lacks)),
        "",
        original,
    )
    return [
        ask.anew(
            Page(said),
            [button(pgettext("button", "✔️ The same"), "tongue.same", one.id, language, index)],
            [button(pgettext("button", "⏸ Go on later"), "tongue.later", one.id, language)],
            clean_after=desk.STANDS,
        )
    ]


def same(ask: Ask, tx: Tx) -> list[Outgoing]:
    """A text is the same in both languages: a name, a number."""
    one = _to_translate(ask, tx, _language(ask))
    keys, index = one.draft.keys(), ask.number(2)
    if index >= len(keys) or keys[index] not in change.missing(one.draft, _language(ask)):
        raise Outdated
    original = one.draft.texts.get(one.draft.language, {}).get(keys[index], "")
    return _with(ask, tx, one, _language(ask), keys[index], original)


def tongue_written(ask: Ask, tx: Tx) -> list[Outgoing]:
    """A translator wrote a text."""
    language, key = str(ask.data["language"]), str(ask.data["key"])
    one = _to_translate(replace(ask, args=(str(ask.data["draft"]),)), tx, language)
    needed = one.draft.keys()
    if key not in needed:
        raise Outdated
    longest = drafting.LENGTHS[next(part for part in ("source", "figure", "claim", key) if part in key)]
    return _with(ask, tx, one, language, key, ask.text(longest + longest // 2))


def _with(ask: Ask, tx: Tx, one: Kept, language: str, key: str, text: str) -> list[Outgoing]:  # noqa: PLR0913, PLR0917
    author = one.author if one.of is None else ask.person.id  # whoever translated last answers for it
    changed = replace(one, author=author, draft=change.with_text(one.draft, language, key, text))
    drafting.keep(ask, tx, changed)
    return next_text(ask, tx, changed, language)


def _translated(ask: Ask, tx: Tx, one: Kept, language: str) -> list[Outgoing]:
    people.end_dialogue(tx, ask.person.id)
    drafts.leave(tx, one.id, language)
    audit.note(tx, ask.person.id, f"translated: {language}", ask.now)
    if one.of is not None:
        text = _("Done. Look at it once more: another moderator must agree before readers get it.")
        return [
            ask.anew(
                text, [button(pgettext("button", "📣 Propose it"), "tongue.put", one.id, language)], [back("draft")]
            )
        ]
    if all(one.draft.speaks(each) for each in i18n.LANGUAGES):
        drafts.save(tx, replace(one, offered=False), ask.now)
    there = button(pgettext("button", "📝 Drafts"), "draft")
    told = [] if one.author is None else [desk.quietly(tx, one.author, desk.WAITS, ask.now, there)]
    return [ask.anew(_("Done. Thank you. Its author is told."), [back("draft")]), *told]


def later(ask: Ask, tx: Tx) -> Outgoing:
    """Stop translating, and go on later: what was written is kept, and the language is free for others."""
    one = _to_translate(ask, tx, _language(ask))
    people.end_dialogue(tx, ask.person.id)
    drafts.leave(tx, one.id, _language(ask))
    return drafting.overview(ask, tx)


def replaced(tx: Tx, number: int, by: int, now: datetime) -> list[Outgoing]:
    """A bulletin is corrected or withdrawn: translating it ends, and what was proposed of that is off the list."""
    letters: list[Outgoing] = []
    look = button(desk.LOOK, "draft.over", number, by)
    for one in drafts.translations(tx, number):
        for proposed in proposals.of_kind(tx, drafting.TONGUE, Role.MODERATOR, now):
            if proposed.body["draft"] == one.id:
                proposals.withdraw(tx, proposed, proposed.proposer)
                outbox.withdraw(tx, desk.topic(proposed.id), Lane.CHECKIN, now)
        told = drafts.takers(tx, one.id) | ({one.author} if one.author is not None else set())
        letters += [desk.quietly(tx, who, desk.WAITS, now, look) for who in sorted(told)]
        drafts.drop(tx, one.id)
        audit.note(tx, None, f"no longer needed: translation of {number}", now)
    return letters


def over(ask: Ask, tx: Tx) -> Outgoing:
    """That a translation is no longer needed, and where the newer bulletin stands."""
    desk.moderator(ask, tx)
    text = _(
        "No. {number} is replaced by No. {newer}: its translation is no longer needed. Thank you.",
        number=ask.number(),
        newer=ask.number(1),
    )
    newer = button(pgettext("button", "📰 No. {number}", number=ask.number(1)), "published.one", ask.number(1))
    return ask.reply(text, [newer], [back("draft")])
