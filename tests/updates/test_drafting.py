"""A bulletin is written by form, is never lost, and is translated by others."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from bot.domain.bulletin import Draft, Grade, Source
from bot.domain.drafting import missing, with_claim, with_source, with_text, without_claim, without_source
from bot.domain.rollcall import day_of
from storage import bulletins, drafts
from storage.schema import draft
from tests.family.looking import button, forge, id_of
from tests.family.test_desk import moderators
from tests.family.test_desk import people as settled
from tests.family.test_privacy import forget
from tests.stage import Actor, Stage
from tests.updates.desk import Sent, opens, proposes, publishes, sent, writes

__all__ = ["sent"]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OUTDATED = "This button is no longer in use. Please choose again:"
TODAY = date(2026, 5, 14)


async def translates(actor: Actor, *texts: str) -> None:
    """Answer each question for a text; an empty answer is “the same”."""
    for text in texts:
        if text:
            await actor.says(text)
        else:
            await actor.presses("The same")


async def test_a_draft_goes_with_an_author_who_is_forgotten_unless_translators_have_it(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    for title in ("A canary of the author", "For translators"):
        await writes(anna, title)
    await anna.presses("Ask for translations")
    await forget(anna)
    left = await stage.storage.read(lambda tx: tx.execute(sa.select(draft.c.author_id, draft.c.body)).all())
    assert [author for author, _body in left] == [None]
    assert "canary" not in str(left)
    await bahrom.says("/desk")
    await bahrom.presses("Drafts")
    assert not any("canary" in label for label in bahrom.buttons)
    await bahrom.presses("📝 For translators")
    assert "This is a draft." in bahrom.last


@pytest.mark.usefixtures("sent")
async def test_a_draft_is_picked_up_later_and_each_part_can_be_changed(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    await writes(anna)
    assert "English: 2" in anna.last
    assert "of 3500 characters" in anna.last
    assert "Русский: not yet translated" in anna.last
    stage.app = stage.open()  # the program starts anew
    await stage.pass_time(3 * DAY, 6 * HOUR)
    await anna.says("/desk")
    await anna.presses("Drafts")
    await anna.presses("The road is open")
    await anna.presses("Change it")
    await anna.presses("Cars pass")
    await anna.presses("How sure")
    await anna.presses("disputed")
    await anna.presses("A figure")
    await anna.says("12")
    await anna.says("The road office <b>")
    await anna.presses("Today")
    await anna.presses("Back")
    assert (
        "What is disputed:\n• Cars pass since noon. (disputed)\n– 12, says The road office <b>, 24 March 2026"
        in anna.last
    )
    await anna.presses("Change it")
    await anna.presses("Drill or not")
    await anna.presses("It is an exercise")
    assert anna.last.startswith("EXERCISE. This is not real.")


async def every_code(actor: Actor) -> list[str]:
    """What the buttons of a draft say to the bot, also those behind “Change it” and “More”. It stands there again."""
    found = [choice.code for choice in actor.messages[-1].choices]
    for label in ("Change it", "⋯ More"):
        await actor.presses(label)
        found += [choice.code for choice in actor.messages[-1].choices]
        await actor.presses("Back")
    return [code for code in dict.fromkeys(found) if ":" in code]


async def test_a_draft_shows_few_buttons_first_what_is_missing_and_each_leads_back(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    await anna.says("/desk")
    await anna.presses("Drafts")
    await anna.presses("A new one")
    await anna.presses("Back")
    labels = [choice.label for choice in anna.messages[-1].choices]
    assert labels[:2] == ["🔤 Title", "➕ A claim"], "without these nothing can be proposed"
    assert len(labels) <= 8  # noqa: PLR2004
    await writes(anna)
    labels = [choice.label for choice in anna.messages[-1].choices]
    assert labels == ["✏️ Change it", "🖼 Picture or PDF", "🌐 Ask for translations", "📣 Propose it", "⬅️ Back", "⋯ More"]
    for code in await every_code(anna):
        if code.split(":")[0] in {"draft.one", "draft.offer"}:
            continue
        await forge(stage, anna, code)
        assert any(choice.code.startswith("draft") and "Back" in choice.label for choice in anna.messages[-1].choices)


async def test_a_draft_is_its_authors_alone(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    (stranger,) = await settled(stage, "Stranger")
    await writes(anna)
    codes = await every_code(anna)
    assert len(codes) > 10  # noqa: PLR2004
    for code in codes:
        for other in (bahrom, stranger):
            await forge(stage, other, code)
            assert other.last == OUTDATED, code


@pytest.mark.usefixtures("sent")
async def test_others_translate_and_all_languages_go_out(stage: Stage) -> None:
    anna, bahrom, chaman = await moderators(stage, "Anna", "Bahrom", "Chaman")
    await writes(anna)
    await anna.presses("Ask for translations")
    assert bahrom.last == "Something new waits for you. Look at it when you are alone."
    await bahrom.presses("Look")
    await bahrom.presses("Русский: The road")
    assert bahrom.last.endswith("The road is open")
    await chaman.presses("Look")
    await chaman.presses("Русский: The road")
    assert "Somebody else is translating this just now." in chaman.last
    await translates(bahrom, "Дорога открыта", "Машины ездят с полудня.")
    await bahrom.presses("Go on later")
    await chaman.says("/desk")
    await chaman.presses("Drafts")
    await chaman.presses("Русский: ")
    assert "2 texts are left." in chaman.last, "what was written is kept"
    await translates(chaman, "Водитель", "Проедут ли грузовики.")
    assert "Done. Thank you." in chaman.last
    assert "Something new waits for you." in anna.last
    await anna.presses("Drafts")
    await anna.presses("📝 The road")
    await proposes(anna)
    await opens(chaman)
    await chaman.presses("Publish it")
    editions = await stage.storage.read(partial(bulletins.editions, number=1))
    assert list(editions) == ["en", "ru"]
    assert "Дорога открыта" in editions["ru"].text


@pytest.mark.usefixtures("sent")
async def test_what_was_begun_in_a_language_and_nobody_agreed_to_is_not_kept(stage: Stage) -> None:
    anna, bahrom, chaman = await moderators(stage, "Anna", "Bahrom", "Chaman")
    await writes(anna)
    await anna.presses("Ask for translations")
    await chaman.presses("Look")
    await chaman.presses("Русский: The road")
    await chaman.says("Чего никто не проверил")
    await anna.says("/desk")
    await anna.presses("Drafts")
    await anna.presses("📝 The road")
    await proposes(anna)
    await opens(bahrom)
    await bahrom.presses("Publish it")
    assert list((await stage.storage.read(partial(bulletins.draft_of, number=1))).texts) == ["en"]


@pytest.mark.usefixtures("sent")
async def test_a_language_lapses_when_a_translator_stays_away(stage: Stage) -> None:
    anna, bahrom, chaman = await moderators(stage, "Anna", "Bahrom", "Chaman")
    await writes(anna)
    await anna.presses("Ask for translations")
    await bahrom.presses("Look")
    await bahrom.presses("Русский: The road")
    await stage.pass_time(7 * HOUR, HOUR)
    await chaman.presses("Look")
    await chaman.presses("Русский: The road")
    assert chaman.last.endswith("The road is open")


async def test_a_translation_after_publication_needs_a_second_person(stage: Stage, sent: Sent) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    await publishes(anna, bahrom)
    await bahrom.says("/desk")
    await bahrom.presses("Published")
    await bahrom.presses("No. 1")
    await bahrom.presses("Русский")
    await translates(bahrom, "Дорога открыта", "Машины ездят с полудня.", "Водитель", "Проедут ли грузовики.")
    await bahrom.presses("Propose it")
    assert sent.translated == []
    await anna.says("/desk")
    await anna.presses("Translation of No. 1")
    await anna.presses("Publish it")
    assert sent.translated == [(1, "ru")]
    assert "Дорога открыта" in (await stage.storage.read(partial(bulletins.editions, number=1)))["ru"].text
    assert (await stage.storage.read(partial(bulletins.draft_of, number=1))).speaks("ru")


@pytest.mark.usefixtures("sent")
async def test_what_is_published_is_translated_by_one_at_a_time_and_gone_on_with(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    await publishes(anna, bahrom)
    for actor in (bahrom, anna):
        await actor.says("/desk")
        await actor.presses("Published")
        await actor.presses("No. 1")
        await actor.presses("Русский")
    assert "Somebody else is translating this just now." in anna.last
    await translates(bahrom, "Дорога открыта")
    await bahrom.presses("Go on later")
    await anna.says("/desk")
    await anna.presses("Drafts")
    await anna.presses("Русский: The road")
    assert "3 texts are left." in anna.last


async def test_an_untouched_draft_is_dropped_after_ninety_days_and_only_with_notice(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    who = await id_of(stage, anna)
    await stage.storage.write(lambda tx: drafts.put(tx, who, Draft(), stage.now()))
    await stage.storage.write(partial(drafts.expire, now=stage.now() + 200 * DAY))
    assert await stage.storage.read(partial(drafts.of, author=who, most=9)), "never without a word"
    assert await stage.storage.write(partial(drafts.ageing, now=stage.now() + 75 * DAY)) == []
    assert len(await stage.storage.write(partial(drafts.ageing, now=stage.now() + 77 * DAY))) == 1
    await stage.storage.write(partial(drafts.expire, now=stage.now() + 90 * DAY))
    assert await stage.storage.read(partial(drafts.of, author=who, most=9)), "fourteen days after the word"
    await stage.storage.write(partial(drafts.expire, now=stage.now() + 92 * DAY))
    assert await stage.storage.read(partial(drafts.of, author=who, most=9)) == []


@pytest.mark.parametrize("words", ["12.05.2026", "12 May", "12 мая", "12 май", "2 days ago", "2 дня назад"])
def test_a_day_is_read_in_any_language(words: str) -> None:
    assert day_of(words, TODAY) == date(2026, 5, 12)


@pytest.mark.parametrize("words", ["", "15.05.2026", "soon", "31.02.2026", "7"])
def test_what_is_no_day_or_not_over_yet_is_not_guessed(words: str) -> None:
    assert day_of(words, TODAY) is None


def test_what_is_said_in_other_words_must_be_translated_anew_and_parts_keep_their_texts() -> None:
    draft = with_claim(with_claim(with_text(Draft(), "en", "title", "T"), "one"), "two")
    draft = with_source(with_source(draft, 1, Source(Grade.MEDIA), "x"), 1, Source(Grade.OFFICIAL), "y")
    for key in draft.keys():  # noqa: SIM118 - no dictionary
        draft = with_text(draft, "ru", key, f"ru {key}")
    assert missing(draft, "ru") == ()
    smaller = without_claim(without_source(draft, 1, 0), 0)
    assert smaller.texts["en"] == {"title": "T", "claim.0": "two", "claim.0.source.0": "y"}
    assert smaller.texts["ru"]["claim.0.source.0"] == "ru claim.1.source.1"
    assert missing(with_text(draft, "en", "claim.0", "new"), "ru") == ("claim.0",)


async def test_a_translation_of_what_is_replaced_ends_as_a_task_and_as_a_proposal(stage: Stage, sent: Sent) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    await publishes(anna, bahrom)
    await bahrom.says("/desk")
    await bahrom.presses("Published")
    await bahrom.presses("No. 1")
    await bahrom.presses("Русский")
    await translates(bahrom, "Дорога открыта", "Машины ездят с полудня.", "Водитель", "Проедут ли грузовики.")
    await bahrom.presses("Propose it")
    await anna.says("/desk")
    await anna.presses("Published")
    await anna.presses("No. 1")
    await anna.presses("Тоҷикӣ")
    await translates(anna, "Роҳ кушода аст")
    await anna.says("/desk")
    await anna.presses("Published")
    await anna.presses("No. 1")
    await anna.presses("Correct")
    await anna.says("Lorries may pass as well.")
    await proposes(anna)
    await opens(bahrom)
    await bahrom.presses("Publish it")
    await stage.in_code(bahrom, "draft.over")
    assert "No. 1 is replaced by No. 2: its translation is no longer needed. Thank you." in bahrom.last
    assert button(anna, "draft.over"), "she was at it just now"
    assert await stage.storage.read(partial(drafts.translations, number=1)) == []
    await anna.says("/desk")
    assert not any("Translation of No. 1" in label for label in anna.buttons)
    await anna.presses("Drafts")
    assert not any("Тоҷикӣ" in label for label in anna.buttons)
    await bahrom.presses("📰 No. 2")
    assert "Русский" in " ".join(bahrom.buttons), "the new one is translated from there"
    assert sent.translated == []
