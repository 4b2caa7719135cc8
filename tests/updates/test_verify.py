"""Whoever holds a text in their hands learns whether it is ours, still good, and which words of it were changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from bot.domain.bulletin import Bulletin, Draft, Kind
from bot.domain.conversation import Said
from storage import bulletins
from storage.database import Tx
from tests.stage import Actor, Stage

TEXT = """📰 No. 1 · Khorog · Safety
The road to Ishkoshim is closed
What is known
Confirmed: 12 soldiers and 23 civilians are dead. Source: a doctor of the hospital
To check a copy, forward it to me."""
NEWER = TEXT.replace("No. 1", "No. 2").replace("12 soldiers", "18 soldiers")
RUMOUR = "They say that two hundred people lie dead in the streets and that soldiers come at night for all men"
OURS = "We have never published this text."


async def published(
    stage: Stage,
    text: str = TEXT,
    draft: Draft | None = None,
    *,
    texts: Mapping[str, str] | None = None,
    alone: bool = False,
) -> Bulletin:
    def publish(tx: Tx) -> Bulletin:
        by = bulletins.signer(tx, stage.now())
        assert by is not None
        until = stage.now() + timedelta(hours=6) if alone else None
        what = texts or {"en": text}
        return bulletins.publish(
            tx, by, draft or Draft(), what, stage.now(), author=None, reviewer=None, unreviewed_until=until
        )

    return await stage.storage.write(publish)


async def forwards(who: Actor, text: str) -> str:
    await who.memory.hear(who.account, Said(text, forwarded=True))
    await who.stage.settle()
    return who.last


async def reader(stage: Stage) -> Actor:
    who = stage.actor("reader")
    await who.settles_in("Reader")
    return who


async def test_a_copy_is_ours_and_current(stage: Stage) -> None:
    await published(stage)
    who = await reader(stage)
    told = await forwards(who, " ".join(TEXT.replace("📰", "🔥🔥").split()))
    assert "This is our No. 1, word by word." in told
    assert "It is current, and a second person has reviewed it." in told
    await who.presses("Read No. 1")
    assert "12 soldiers" in who.last
    await who.says("/verify")
    await who.says(TEXT.splitlines()[3])
    assert "This is a part of our No. 1." in who.last


async def test_changed_words_are_shown(stage: Stage) -> None:
    await published(stage)
    who = await reader(stage)
    told = await forwards(who, TEXT.replace("12 soldiers", "200 soldiers") + "\nLeave your homes now!")
    assert "This is not what we published." in told
    assert "We wrote “12”. The copy says “200”." in told
    assert "Added, not by us: “Leave your homes now”" in told
    assert OURS not in told


async def test_markup_in_a_copy_stays_text(stage: Stage) -> None:
    await published(stage)
    who = await reader(stage)
    assert "This is not what" in await forwards(who, TEXT.replace("civilians", "<b>civilians {n} </i>&amp;"))


async def test_corrected_and_withdrawn_are_told_with_the_way_to_the_newer_one(stage: Stage) -> None:
    await published(stage)
    await published(stage, NEWER, Draft(kind=Kind.CORRECTION, about=1))
    who = await reader(stage)
    assert "It was corrected: No. 2 is newer." in await forwards(who, TEXT)
    assert "No. 2, word by word" in await forwards(who, NEWER)
    assert "part of our No. 2" in await forwards(who, TEXT.splitlines()[4]), (
        "what both say is of the one that is current"
    )
    await published(stage, "No. 3: No. 2 is withdrawn, nothing of it is known", Draft(kind=Kind.WITHDRAWAL, about=2))
    assert "It is withdrawn (see No. 3)" in await forwards(who, NEWER)
    await who.presses("Read No. 3")
    assert "nothing of it is known" in who.last


async def test_an_exercise_and_what_one_person_published_alone_say_so(stage: Stage) -> None:
    await published(stage, draft=Draft(exercise=True), alone=True)
    told = await forwards(await reader(stage), TEXT)
    assert "It is an exercise." in told
    assert "It is not yet reviewed" in told


async def test_what_we_never_sent_is_told_calmly(stage: Stage) -> None:
    await published(stage)
    who = await reader(stage)
    told = await forwards(who, RUMOUR)
    assert OURS in told
    assert "Our moderators never write to you first." in told
    await who.says("/verify")
    await who.says("Is it true?")
    assert "too few words" in who.last


async def test_a_forwarded_call_never_becomes_a_call(stage: Stage) -> None:
    await published(stage, "I need help: the road is closed, I need help, 12 people")
    zarina, daler = await stage.family("Zarina", "Daler")
    before = daler.screen
    for text in ("I need help", "SOS", "/sos", "I need help: the road is closed, I need help, 12 people", RUMOUR):
        await forwards(zarina, text)
        await zarina.says("/verify")
        await forwards(zarina, text)
    assert daler.screen == before
    await zarina.says("/verify")
    await zarina.says("I need help")  # the control: one's own words are heard even here
    assert daler.screen != before


async def test_a_language_that_is_missing_is_told_and_never_replaced_silently(stage: Stage) -> None:
    await published(stage, texts={"ru": "Дорога на Ишкашим закрыта, погибли 12 военных"})
    who = await reader(stage)
    await forwards(who, "Дорога на Ишкашим закрыта, погибли 12 военных")
    await who.presses("Read No. 1")
    assert "No. 1 is not yet translated" in who.last
    await who.presses("Русский")
    assert "погибли 12 военных" in who.last


@pytest.mark.parametrize("text", ["", "\u200b" * 4000, "🙏" * 3000, "a b " * 1000, "<b>" * 1200, TEXT * 12])
async def test_garbage_is_answered(stage: Stage, text: str) -> None:
    await published(stage)
    who = await reader(stage)
    before = len(who.memory.history(who.account))
    await forwards(who, text)
    assert len(who.memory.history(who.account)) > before
