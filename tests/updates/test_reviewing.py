"""Two people with distance publish exactly what both have seen; one alone only in an emergency, and for six hours."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial

import pytest

from bot.domain.bulletin import Kind, State
from bot.domain.roles import Role
from handlers.updates import broadcast, reviewing
from storage import bulletins, drafts, roles, vouchers
from storage.database import Tx
from tests.family.looking import button, forge, id_of, press
from tests.family.test_desk import give, moderators
from tests.stage import Actor, Stage
from tests.updates.desk import Sent, opens, proposes, publishes, sent, writes

__all__ = ["sent"]
HOUR = timedelta(hours=1)
OUTDATED = "This button is no longer in use. Please choose again:"


async def test_two_publish_exactly_what_both_have_seen(stage: Stage, sent: Sent) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    await writes(anna)
    await proposes(anna)
    assert "Proposed. It goes out when another moderator agrees." in anna.last
    assert await stage.storage.read(partial(bulletins.newest, most=1)) == []
    await opens(bahrom)
    text = bahrom.messages[-2].text
    assert "English: 100+ readers" in bahrom.last
    assert "700+ readers, who are told that it is not yet translated" in bahrom.last
    assert "To reach all of them takes about 1 minute" in bahrom.last
    await bahrom.presses("Publish it")
    assert "Published: No. 1." in bahrom.last
    editions = await stage.storage.read(partial(bulletins.editions, number=1))
    assert list(editions) == ["en"]
    assert str(text) == editions["en"].text, "the preview is exactly what goes out"
    assert editions["en"].text == (
        "📰 No. 1 · Khorog · Roads\n21 March 2026\n\nThe road is open\n\nWhat is known:\n"
        "• Cars pass since noon. (confirmed)\n– Source: A driver (saw it themselves), 18 March 2026\n\n"
        "What is not known:\nWhether lorries may pass.\n\nTo check a copy, forward it to me."
    )
    (one,) = sent.begun
    assert (one[0].number, one[1]) == (1, await id_of(stage, anna))
    both = await stage.storage.read(partial(bulletins.people_of, number=1))
    assert both == (await id_of(stage, anna), await id_of(stage, bahrom))


async def test_a_preview_never_tells_of_one_reader_more(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    await writes(anna)
    await proposes(anna)
    shown = []
    for counts in ({"en": 14, "tg": 9}, {"en": 15, "tg": 8, "ru": 1}, {"en": 19}, {"en": 20}):
        monkeypatch.setattr(broadcast, "planned", lambda *_args, counts=counts: counts)
        await opens(bahrom)
        shown.append(re.sub(r"Proposed by.*|Without a second.*", "", bahrom.last))
    assert "English: 10+ readers" in shown[0]
    assert "Тоҷикӣ: few readers, who are told that it is not yet translated" in shown[0]
    assert shown[0] == shown[1] == shown[2]
    assert shown[3] != shown[2], "the control: it is counted"


async def test_the_author_alone_can_not_agree(stage: Stage, sent: Sent) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    await writes(anna)
    await proposes(anna)
    await opens(bahrom)
    _message, code = button(bahrom, "bulletin.yes")
    await forge(stage, anna, code)
    assert "Another person must do this: it is your own." in anna.last
    assert sent.begun == []


async def test_a_draft_that_changed_by_a_letter_is_not_published_by_the_old_agreement(stage: Stage, sent: Sent) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    await writes(anna)
    await proposes(anna)
    await opens(bahrom)
    kept = button(bahrom, "bulletin.yes")

    def slip(tx: Tx) -> None:
        (one,) = drafts.of(tx, who, 9)
        one.draft.texts["en"]["title"] = "The road is Open"  # type: ignore[index]
        drafts.save(tx, one, stage.now())

    who = await id_of(stage, anna)
    await stage.storage.write(slip)  # as if the word to take the proposal back had been forgotten
    await press(stage, bahrom, kept)
    assert "This has changed since you looked at it." in bahrom.last
    assert sent.begun == []
    await opens(bahrom)
    await bahrom.presses("Publish it")
    assert len(sent.begun) == 1, "the control: what is looked at anew can be agreed to"


async def test_changing_a_draft_that_waits_takes_it_back(stage: Stage, sent: Sent) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    await writes(anna)
    await proposes(anna)
    await opens(bahrom)
    kept = button(bahrom, "bulletin.yes")
    await anna.says("/desk")
    await anna.presses("Drafts")
    await anna.presses("The road is open")
    assert "It waits for a second person." in anna.last
    await anna.presses("Change it")
    await anna.presses("Title")
    await anna.says("The road is closed")
    await press(stage, bahrom, kept)
    assert OUTDATED in bahrom.last
    assert sent.begun == []


async def test_whoever_was_invited_or_given_a_right_by_the_author_is_not_the_second(stage: Stage, sent: Sent) -> None:
    anna, bahrom, chaman = await moderators(stage, "Anna", "Bahrom", "Chaman")
    a, b = await id_of(stage, anna), await id_of(stage, bahrom)
    await writes(anna)
    await proposes(anna)
    await opens(bahrom)
    kept = button(bahrom, "bulletin.yes")
    await stage.storage.write(partial(vouchers.note, who=b, by=[a]))
    await press(stage, bahrom, kept)
    assert "Somebody farther away must be the second person." in bahrom.last
    await anna.says("/desk")
    await anna.presses("Publish: The road")
    await anna.presses("Take it back")
    await anna.says("/desk")
    await anna.presses("Drafts")
    await anna.presses("The road")
    await proposes(anna)
    await bahrom.says("/desk")
    assert not any("Publish:" in label for label in bahrom.buttons), "and does not even see it"
    await opens(chaman)
    await chaman.presses("Publish it")
    assert len(sent.begun) == 1, "the control"


async def test_whom_a_steward_gave_a_right_and_whom_a_member_let_in_is_near(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    near = await stage.storage.read(partial(vouchers.near, who=await id_of(stage, daler)))
    assert near == {await id_of(stage, zarina)}


async def test_without_a_valid_certificate_nothing_is_published_and_nothing_is_lost(
    stage: Stage, sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    await writes(anna)
    await proposes(anna)
    await opens(bahrom)
    with monkeypatch.context() as patch:
        patch.setattr(bulletins, "signer", lambda _tx, _now: None)
        await bahrom.presses("Publish it")
    assert "must renew its certificate" in bahrom.last
    assert sent.begun == []
    await bahrom.presses("Publish it")
    assert len(sent.begun) == 1


async def test_a_correction_and_a_withdrawal_begin_from_what_is_published(stage: Stage, sent: Sent) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    await publishes(anna, bahrom)
    await bahrom.says("/desk")
    await bahrom.presses("Published")
    await bahrom.presses("No. 1")
    await bahrom.presses("Correct")
    await bahrom.says("Lorries may pass as well.")
    await proposes(bahrom)
    await opens(anna)
    assert "✏️ Correction of No. 1" in str(anna.messages[-2].text)
    assert "What changed:\nLorries may pass as well." in str(anna.messages[-2].text)
    await anna.presses("Publish it")
    old = await stage.storage.read(partial(bulletins.find, number=1))
    assert old is not None
    assert (old.state, old.replaced_by) == (State.CORRECTED, 2)
    await anna.says("/desk")
    await anna.presses("Published")
    await anna.presses("No. 2")
    await anna.presses("Withdraw")
    await anna.says("It was another road.")
    await proposes(anna)
    await opens(bahrom)
    assert "🗑 No. 2 is withdrawn: do not rely on it." in str(bahrom.messages[-2].text)
    await bahrom.presses("Publish it")
    assert [one.kind for one, _by in sent.begun] == [Kind.NEWS, Kind.CORRECTION, Kind.WITHDRAWAL]


# -- alone ---------------------------------------------------------------------------------------------------------


async def alone(actor: Actor, title: str) -> None:
    """One person publishes alone."""
    await writes(actor, title)
    await actor.presses("⋯ More")
    await actor.presses("Publish now, alone")
    await actor.presses("I have thought of all this")
    await actor.presses("Yes, publish it now")


async def test_what_one_publishes_alone_says_so_and_withdraws_itself_after_six_hours(stage: Stage, sent: Sent) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    await alone(anna, "Danger")
    assert "Published: No. 1, not yet reviewed." in anna.last
    editions = await stage.storage.read(partial(bulletins.editions, number=1))
    assert "⚠️ Not yet reviewed" in editions["en"].text
    assert bahrom.last == "Something pressing waits for you. Look at it as soon as you are alone."
    await bahrom.presses("Look")
    assert "One person has published this alone." in bahrom.last
    await stage.pass_time(5 * HOUR, HOUR)
    assert len(sent.begun) == 1
    await stage.pass_time(2 * HOUR, HOUR)
    assert [(one.kind, by) for one, by in sent.begun[1:]] == [(Kind.WITHDRAWAL, None)]
    assert set(await stage.storage.read(partial(bulletins.editions, number=2))) == {"tg", "ru", "en"}


async def test_another_one_confirms_it_and_the_mark_is_gone(stage: Stage, sent: Sent) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    await alone(anna, "Danger")
    await bahrom.presses("Look")
    _message, code = button(bahrom, "alone.confirm")
    await forge(stage, anna, code)
    assert "it is your own" in anna.last
    await bahrom.presses("Confirm it")
    assert sent.confirmed == [1]
    edition = (await stage.storage.read(partial(bulletins.editions, number=1)))["en"]
    assert edition.version == 2  # noqa: PLR2004
    assert "Not yet reviewed" not in edition.text
    await stage.pass_time(8 * HOUR, HOUR)
    assert len(sent.begun) == 1


async def test_nobody_alone_corrects_or_withdraws_what_two_have_seen(stage: Stage, sent: Sent) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    await publishes(anna, bahrom)
    await forge(stage, anna, "published.withdraw:1")
    await anna.says("I say so.")
    assert not any("alone" in one for one in anna.buttons)
    _message, code = button(anna, "review.check")
    for verb in ("alone.check", "alone.look", "alone.yes"):
        await forge(stage, anna, code.replace("review.check", verb))
        assert OUTDATED in anna.last
    (one,) = await stage.storage.read(partial(bulletins.newest, most=2))
    assert one.state is State.CURRENT
    assert len(sent.begun) == 1


async def test_at_most_three_a_day_alone(stage: Stage, sent: Sent) -> None:
    (anna,) = await moderators(stage, "Anna")
    for n in range(4):
        await alone(anna, f"Danger {n}")
    assert len(sent.begun) == reviewing.ALONE_MOST
    who = await id_of(stage, anna)
    assert len(await stage.storage.read(partial(drafts.of, author=who, most=9))) == 1, "and the fourth is kept"


async def test_a_right_that_was_taken_ends_every_button(stage: Stage, sent: Sent) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    await give(stage, anna, Role.STEWARD)
    await writes(anna)
    await proposes(anna)
    await opens(bahrom)
    kept = button(bahrom, "bulletin.yes")

    def take(tx: Tx) -> None:
        held = roles.held(tx, b, Role.MODERATOR, stage.now())
        assert held is not None
        roles.take(tx, held)

    b = await id_of(stage, bahrom)
    await stage.storage.write(take)
    await press(stage, bahrom, kept)
    assert OUTDATED in bahrom.last
    assert sent.begun == []
