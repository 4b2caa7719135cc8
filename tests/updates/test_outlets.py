"""Groups and rooms where bulletins are posted: registered by a moderator's code, in one language, and corrected."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from bot.domain.bulletin import Kind, Topic
from bot.domain.conversation import Blocked, Posted
from bot.domain.roles import Role
from storage import bulletins, outlets, roles
from tests.family.looking import forge, id_of
from tests.family.test_desk import moderators
from tests.family.test_desk import people as settled
from tests.stage import Actor, Stage
from tests.updates.casting import draft, publishes

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
OUTDATED = "This button is no longer in use. Please choose again:"


async def coded(anna: Actor) -> str:
    """A moderator makes a code at the desk."""
    await anna.says("/desk")
    await anna.presses("Outlets")
    await anna.presses("A new one")
    return str(re.findall(r"/outlet [\d ]+", anna.last)[-1]).strip()


async def posts(stage: Stage, words: str, group: str = "group") -> None:
    await stage.memory.say(group, words, group=True)
    await stage.settle()


def said(stage: Stage, group: str = "group") -> list[str]:
    """What stands there, without the key that is said once."""
    found = [message.text for message in stage.memory.chat(group) if message.from_bot]
    return [text for text in found if "our public key" not in text]


async def registered(stage: Stage, anna: Actor, language: str = "English", group: str = "group") -> None:
    await posts(stage, await coded(anna), group)
    await anna.presses("Outlets")
    await stage.in_code(anna, "outlet.one")
    await anna.presses(language)


async def test_a_group_where_a_moderator_posts_a_code_gets_bulletins_in_its_language(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    await posts(stage, await coded(anna))
    assert "Something new waits for you." in anna.last
    assert said(stage) == [], "nothing is said there about it but the key"
    await publishes(stage)
    await stage.pass_time(MINUTE)
    assert said(stage) == [], "not before its language is chosen"
    await anna.presses("Outlets")
    await stage.in_code(anna, "outlet.one")
    await anna.presses("Русский")
    await publishes(stage)
    await stage.pass_time(MINUTE)
    assert said(stage) == ["📰 No. 2\nМост стоит."]


async def test_a_correction_goes_where_it_was_posted_and_what_stands_is_changed(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    await registered(stage, anna)
    await publishes(stage)
    await stage.pass_time(MINUTE)
    await registered(stage, anna, group="later")
    await publishes(stage, draft(Kind.CORRECTION, 1))
    await stage.pass_time(MINUTE)
    assert said(stage) == ["✏️ Corrected by No. 2.\n\n📰 No. 1\nThe bridge stands.", "📰 No. 2\nThe bridge stands."]
    assert said(stage, "later") == []


async def test_a_district_and_topics_are_kept(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    await registered(stage, anna)
    await anna.presses("District")
    await anna.says("Хорог")
    await anna.presses("Khorog")
    await anna.presses("Topics")
    await anna.presses("roads")
    await publishes(stage, draft(place="dushanbe", topic=Topic.ROADS))
    await publishes(stage, draft(place="khorugh", topic=Topic.HEALTH))
    await publishes(stage, draft(place="gbao", topic=Topic.ROADS))
    await stage.pass_time(MINUTE)
    assert said(stage) == ["📰 No. 3\nThe bridge stands."]


async def test_the_key_is_said_there_once_in_all_languages_to_be_put_into_the_description(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    await registered(stage, anna)
    await posts(stage, await coded(anna))
    (told,) = [message.text for message in stage.memory.chat("group") if message.from_bot]
    key = await stage.storage.read(bulletins.public_key)
    assert len(key) == 56  # noqa: PLR2004
    assert told.splitlines()[-1] == key, "on a line of its own, to be copied"
    assert all(word in told for word in ("description", "описание", "тавсифи"))


async def test_a_community_without_a_key_says_nothing_there(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulletins, "public_key", lambda _tx: "")
    (anna,) = await moderators(stage, "Anna")
    await posts(stage, await coded(anna))
    assert [message for message in stage.memory.chat("group") if message.from_bot] == []


async def test_a_channel_is_never_answered(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    for words in ("/start", "/outlet", "/outlet 123 456 789 012", "/sos"):
        await stage.memory.hear("channel", Posted(words), group=True)
    await stage.memory.hear("channel", Posted(await coded(anna)), group=True)
    await stage.settle()
    assert said(stage, "channel") == []
    assert len(await stage.storage.read(outlets.every)) == 1


@pytest.mark.parametrize(
    "words", ["/outlet 123 456 789 012", "/outlet", "hello", "/outlet 000 000 000 000", "@bot 111111111111", ""]
)
async def test_other_words_in_a_group_register_nothing(stage: Stage, words: str) -> None:
    (anna,) = await moderators(stage, "Anna")
    await coded(anna)
    await posts(stage, words)
    assert await stage.storage.read(outlets.every) == []
    assert len(said(stage)) == 1, "and it is answered once, as ever"


async def test_a_code_works_once_for_an_hour_and_only_a_moderators(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    code = await coded(anna)
    await posts(stage, code, "one")
    await posts(stage, code, "two")
    assert len(await stage.storage.read(outlets.every)) == 1
    late = await coded(anna)
    await stage.pass_time(2 * HOUR, MINUTE * 30)
    await posts(stage, late, "three")
    assert len(await stage.storage.read(outlets.every)) == 1


async def test_whoever_is_no_moderator_any_more_registers_nothing(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    code = await coded(anna)
    held = await stage.storage.read(lambda tx: roles.holders(tx, Role.MODERATOR, stage.now()))
    await stage.storage.write(lambda tx: roles.take(tx, held[0]))
    await posts(stage, code)
    assert await stage.storage.read(outlets.every) == []


async def test_what_is_removed_gets_nothing_more(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    await registered(stage, anna)
    await anna.presses("Remove it")
    await anna.presses("Yes, remove it")
    await publishes(stage)
    await stage.pass_time(MINUTE)
    assert said(stage) == []


async def test_a_group_that_threw_the_bot_out_stops_nobody(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    await registered(stage, anna)
    await stage.memory.hear("group", Blocked(), group=True)
    await publishes(stage, by=await id_of(stage, anna))
    await stage.pass_time(MINUTE)
    await anna.presses("Look")
    assert "0 of 0 reached." in anna.last


@pytest.mark.parametrize("verb", ["outlet", "outlet.new", "outlet.one", "outlet.speak", "outlet.removed"])
async def test_who_is_no_moderator_learns_nothing_of_outlets(stage: Stage, verb: str) -> None:
    (zarina,) = await settled(stage, "Zarina")
    await forge(stage, zarina, f"{verb}:1:en")
    assert OUTDATED in zarina.last
