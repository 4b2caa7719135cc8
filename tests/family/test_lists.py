"""A chat without buttons: numbered lists, picked by typing, and never from the wrong list."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from bot.domain.conversation import Reacted
from bot.outbox.courier import Parcel, Receipt, Unknown
from bot.platforms.memory import MemoryPlatform
from tests.stage import Stage


@pytest.fixture
def listed(stage: Stage) -> Stage:
    stage.memory.lists = True
    return stage


async def test_a_newcomer_begins_and_says_i_am_safe_with_numbers_and_words_alone(listed: Stage) -> None:
    zarina = listed.actor("zarina")
    await zarina.says("hello")
    number = [choice.code for choice in listed.memory.last("zarina").choices].index("speak:en") + 1
    await zarina.says(str(number))
    await zarina.says("Zarina")
    await zarina.says("/circles")
    await zarina.says("make a circle")
    await zarina.says("Family")
    assert "Family" in zarina.screen


async def test_a_number_picks_from_the_list_that_was_read_and_not_from_a_call_that_came_between(listed: Stage) -> None:
    zarina, daler = await listed.family("Zarina", "Daler")
    await daler.says("/start")
    home = listed.memory.last("daler")
    help_number = [choice.code for choice in home.choices].index("help") + home.first
    await zarina.says("I need help")
    call = listed.memory.last("daler")
    assert "Zarina" in daler.last
    assert call.first > help_number
    await daler.says(str(help_number))  # typed with the older list in view
    assert any("Daler" in message and "help" in message for message in [zarina.last, zarina.screen])


async def test_the_call_that_came_between_is_answered_by_its_own_number(listed: Stage) -> None:
    zarina, daler = await listed.family("Zarina", "Daler")
    await daler.says("/start")
    await zarina.says("I need help")
    call = listed.memory.last("daler")
    caring = [choice.code.split(":")[0] for choice in call.choices].index("caring") + call.first
    await daler.says(str(caring))
    assert "Taking care: Daler" in daler.screen


async def test_a_second_attempt_shows_the_same_numbers(listed: Stage) -> None:
    zarina = listed.actor("zarina")
    await zarina.settles_in("Zarina")
    listed.memory.fail(Unknown())
    await zarina.says("/start")
    first = listed.memory.last("zarina").first
    await listed.pass_time(timedelta(minutes=1))
    assert listed.memory.last("zarina").first == first


async def test_a_number_that_stands_nowhere_is_answered_kindly(listed: Stage) -> None:
    zarina = listed.actor("zarina")
    await zarina.settles_in("Zarina")
    await zarina.says("98")
    assert "older list" in zarina.last


async def test_after_two_days_a_list_is_over(listed: Stage) -> None:
    zarina = listed.actor("zarina")
    await zarina.settles_in("Zarina")
    last = listed.memory.last("zarina").id
    await listed.pass_time(timedelta(days=3), timedelta(hours=6))
    await listed.memory.react("zarina", last, "1️⃣")
    await listed.settle()
    assert "older list" in zarina.last


async def test_a_sign_that_picks_nothing_is_no_word_to_the_bot(listed: Stage) -> None:
    zarina = listed.actor("zarina")
    await zarina.settles_in("Zarina")
    before = zarina.screen
    await listed.memory.react("zarina", listed.memory.last("zarina").id, "❤️")
    await listed.settle()
    assert zarina.screen == before


async def test_a_sign_picks_from_the_list_in_the_last_part_of_a_long_letter(
    listed: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    zarina, daler = await listed.family("Zarina", "Daler")
    whole = MemoryPlatform.deliver

    async def in_parts(platform: MemoryPlatform, parcel: Parcel) -> Receipt:
        return Receipt(f"the-part-before+{(await whole(platform, parcel)).message}")

    monkeypatch.setattr(MemoryPlatform, "deliver", in_parts)
    await zarina.says("I need help")
    call = listed.memory.last("daler")
    caring = [choice.code.split(":")[0] for choice in call.choices].index("caring") + call.first
    await listed.memory.hear("daler", Reacted(f"{caring}\ufe0f\u20e3", call.id))
    await listed.settle()
    assert "Taking care: Daler" in daler.screen + zarina.screen


async def test_a_cry_for_help_as_a_sign_is_never_overlooked(listed: Stage) -> None:
    zarina, daler = await listed.family("Zarina", "Daler")
    await zarina.says("/circles")
    await listed.memory.react("zarina", listed.memory.last("zarina").id, "🆘")
    await listed.settle()
    assert "Zarina" in daler.last


async def test_where_there_are_buttons_a_number_is_no_pick(stage: Stage) -> None:
    zarina = stage.actor("zarina")
    await zarina.settles_in("Zarina")
    await zarina.says("1")
    assert "did not understand" in zarina.last


async def test_where_a_link_can_not_carry_the_code_the_picture_says_it(listed: Stage) -> None:
    listed.app._links = {("memory", "1"): lambda _payload: "https://matrix.to/#/@bot:example.org"}  # noqa: SLF001
    zarina = listed.actor("zarina")
    await zarina.settles_in("Zarina")
    await listed.in_code(zarina, "circle.make")
    await zarina.says("Family")
    await listed.in_code(zarina, "invite")
    code = re.search(r"\d{3} \d{3} \d{3} \d{3}", zarina.last)
    assert code is not None
    assert "the code and this link" in zarina.last
    await listed.in_code(zarina, "invite.picture")
    assert code[0] in zarina.last
