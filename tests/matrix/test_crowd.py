"""The people of the tests speak real encryption, and would notice if the bot did not."""

from __future__ import annotations

import asyncio

import pytest

from tests.matrix.crowd import Crowd, Friend, Neighbour
from tests.matrix.synapse import Refused

CROWD = 6


async def test_a_neighbour_and_a_friend_read_each_other(crowd: Crowd) -> None:
    zarina, daler = await crowd.neighbour("zarina"), await crowd.friend("daler")
    room = await zarina.invites(daler.user)
    await daler.joins(room)
    first = await zarina.says("Are you safe?")
    await daler.until(lambda: "Are you safe?" in daler.screen)
    await daler.says("I am safe", room, on=first)
    await zarina.until(lambda: "I am safe" in zarina.screen)
    assert zarina.messages[0].content["m.relates_to"]["m.in_reply_to"]["event_id"] == first
    assert zarina.unreadable == daler.unreadable == []
    assert zarina.in_clear == daler.in_clear == []
    assert zarina.members[room, daler.user] == "join"


async def test_a_changed_message_is_read_as_it_is_now_and_a_deleted_one_not_at_all(crowd: Crowd) -> None:
    zarina, daler = await crowd.neighbour("zarina"), await crowd.friend("daler")
    room = await zarina.invites(daler.user)
    await daler.joins(room)
    for writer, reader in ((zarina, daler), (daler, zarina)):
        one, two = await writer.says("One", room), await writer.says("Two", room)
        await writer.changes(one, "Three", room)
        await writer.deletes(two, room)
        await writer.reacts(one, "👍", room)
        await until_it_reacted(reader)
        assert reader.screen == "Three"


async def until_it_reacted(reader: Neighbour | Friend) -> None:
    await reader.until(lambda: any(event.kind == "m.reaction" for event in reader.events))


async def test_neighbours_read_each_other_with_a_new_room_key_and_after_the_one_time_keys_are_gone(
    crowd: Crowd,
) -> None:
    zarina, daler = await crowd.neighbour("zarina"), await crowd.neighbour("daler")
    for _ in range(11):  # ten one-time keys, then the fallback key
        assert await zarina.takes_key(daler.user, daler.device)
    room = await zarina.invites(daler.user)
    await daler.joins(room)
    await zarina.says("With the fallback key")
    zarina.rotates()
    await zarina.says("With a new room key")
    await daler.until(lambda: len(daler.messages) > 1)
    assert daler.screen == "With the fallback key\n\nWith a new room key"
    assert daler.unreadable == []


async def test_a_message_whose_key_nobody_sent_is_unreadable(crowd: Crowd) -> None:
    zarina, daler = await crowd.neighbour("zarina"), await crowd.neighbour("daler")
    room = await zarina.invites(daler.user)
    await daler.joins(room)
    zarina.partners = []  # keeps the key to herself
    event = await zarina.says("For nobody")
    await daler.until(lambda: daler.unreadable)
    assert daler.unreadable == [event]
    assert daler.screen == ""


async def test_words_in_a_room_without_encryption_are_noticed(crowd: Crowd) -> None:
    zarina, daler = await crowd.neighbour("zarina"), await crowd.neighbour("daler")
    await daler.joins(await zarina.invites(daler.user, encrypted=False))
    await zarina.says("For everybody")
    await daler.until(lambda: daler.messages)
    assert [event.body for event in daler.in_clear] == ["For everybody"]


async def test_nobody_vouches_for_a_device_by_having_it(crowd: Crowd) -> None:
    zarina = await crowd.neighbour("zarina")
    assert set(await zarina.devices_of(zarina.user)) == {zarina.device}
    assert await zarina.vouched_for(zarina.user) == set()


async def test_a_wish_that_the_server_refuses_is_an_error(crowd: Crowd) -> None:
    zarina, daler = await crowd.neighbour("zarina"), await crowd.friend("daler")
    with pytest.raises(Refused, match="M_FORBIDDEN"):
        await daler.joins(await zarina.makes_room())
    with pytest.raises(Refused, match="Not a known room"):
        await zarina.leaves("!none:localhost")


async def test_a_crowd_moves_in_and_each_is_heard(crowd: Crowd) -> None:
    host = await crowd.friend("host")
    people = await crowd.neighbours(CROWD, host.user)
    await asyncio.gather(*(answer_in(host, person) for person in people))
    assert host.unreadable == []
    assert sorted(event.body for event in host.messages) == sorted(person.user for person in people)


async def answer_in(host: Friend, person: Neighbour) -> None:
    await host.joins(person.room)
    await person.says(person.user)
    await host.until(lambda: any(event.sender == person.user for event in host.messages))
    await host.says("heard", person.room)
    await person.until(lambda: person.screen == "heard")
    assert person.unreadable == []
