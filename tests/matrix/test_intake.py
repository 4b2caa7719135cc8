"""What people do on a real homeserver is heard once, in order, and nothing that takes long keeps it waiting."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import structlog
from structlog.testing import capture_logs

from bot.domain.conversation import (
    Attached,
    Blocked,
    Changed,
    Heard,
    Incoming,
    Reacted,
    Said,
    Sender,
    Started,
    Unblocked,
    Unreadable,
)
from bot.platforms.matrix import wire
from bot.platforms.matrix.client import HardenedClient
from bot.platforms.matrix.errands import GRACE, TOLD_AGAIN, Errands
from bot.platforms.matrix.intake import Intake
from bot.platforms.matrix.news import News, Rooms
from bot.platforms.matrix.shapes import Batch, Departure, Errand, Event, Facts, Health, Invite, Task, Undecryptable
from tests.matrix.crowd import PATIENCE, Crowd, Neighbour
from tests.matrix.devices import Device
from tests.matrix.synapse import Synapse

MODERATOR = "@moderator"


@dataclass
class Ear:
    """Hears a device for a while, and keeps what was heard; `broken` receipts fail first."""

    device: Device
    broken: int = 0
    ahead: timedelta = timedelta()
    client: HardenedClient = field(init=False)
    heard: list[Incoming] = field(default_factory=list)
    offered: list[list[str]] = field(default_factory=list)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    async def receive(self, batch: Sequence[Incoming]) -> None:
        self.offered.append([one.id for one in batch])
        if self.broken:
            self.broken -= 1
            raise OSError("no space left on device")
        self.heard += batch

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        async with self.device.client(synced=False) as client:
            self.client = client
            intake = Intake(
                client,
                client.user,
                Rooms(client, client.user),
                self.never,
                asked=lambda _room, inviter: inviter.startswith(MODERATOR),
                hold=1,
                now=self.now,
                dice=random.Random(7),
            )
            task = asyncio.create_task(intake.listen(self.receive))
            waiting = asyncio.create_task(intake.ready.wait())
            await asyncio.wait([task, waiting], timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
            try:
                yield
                assert not task.done(), task.exception()
            finally:
                task.cancel()
                waiting.cancel()
                await asyncio.gather(task, waiting, return_exceptions=True)

    async def never(self) -> None:
        raise AssertionError("the token was fine")

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():  # noqa: ASYNC110 - many things may have happened
                await asyncio.sleep(0.02)

    def of(self, account: str) -> list[Heard]:
        return [one.heard for one in self.heard if one.sender.account == account]


@pytest.fixture
def ear(device: Device) -> Ear:
    return Ear(device)


# -- heard -------------------------------------------------------------------------------------------------------------


async def test_whoever_invites_the_bot_is_greeted_and_heard(ear: Ear, crowd: Crowd) -> None:
    async with ear.open():
        zarina = await crowd.neighbour("zarina")
        room = await zarina.invites(ear.device.user)
        await ear.until(lambda: ear.of(zarina.user))
        said = await zarina.says("I am safe")
        await zarina.reacts(said, "👍")
        await zarina.sends("m.room.message", {"msgtype": "m.image", "body": "cat.png", "file": {"url": "mxc://a/b"}})
        await zarina.changes(said, "I am not safe")
        answer = await zarina.says("2", on=said)
        await ear.until(lambda: len(ear.of(zarina.user)) >= 6)  # noqa: PLR2004
        await ear.until(lambda: not ear.client.errands())
    assert ear.of(zarina.user) == [
        Started(),
        Said("I am safe", lists=True),
        Reacted("👍", said),
        Attached("photo", '{"url":"mxc://a/b","key":{"k":""},"iv":"","hashes":{"sha256":""}}'),
        Changed("I am not safe"),
        Said("2", lists=True, on=said),
    ]
    last = ear.heard[-1]
    assert (last.id, last.message, last.group, last.hint) == (answer, answer, False, "")
    assert last.sender == Sender("matrix", ear.device.user, zarina.user)
    async with ear.device.client() as client:
        assert client.direct_rooms()[zarina.user] == [room]


async def test_a_batch_that_could_not_be_saved_is_offered_again_and_nothing_is_skipped(ear: Ear, crowd: Crowd) -> None:
    zarina = await crowd.neighbour("zarina")
    async with ear.open():
        await zarina.invites(ear.device.user)
        await ear.until(lambda: ear.heard)
        ear.broken = 2
        with capture_logs() as logs:
            await zarina.says("first")
            await zarina.says("second")
            await ear.until(lambda: len(ear.heard) == 3)  # noqa: PLR2004
    assert ear.offered[1] == ear.offered[2] == ear.offered[3]
    assert ear.of(zarina.user)[1:] == [Said("first", lists=True), Said("second", lists=True)]
    assert [one["event"] for one in logs].count("updates.unsaved") == 2  # noqa: PLR2004
    assert "space" not in str(logs)


async def test_what_was_not_saved_before_a_crash_is_offered_to_the_next_process(ear: Ear, crowd: Crowd) -> None:
    zarina = await crowd.neighbour("zarina")
    async with ear.open():
        await zarina.invites(ear.device.user)
        await ear.until(lambda: ear.heard)
        ear.broken = 1_000
        said = await zarina.says("I am safe")
        await ear.until(lambda: ear.offered[-1] == [said])
    ear.broken = 0
    async with ear.open():
        await ear.until(lambda: ear.of(zarina.user)[1:] == [Said("I am safe", lists=True)])
    ear.heard.clear()
    async with ear.open():  # the control: what was saved does not come again
        await zarina.says("next")
        await ear.until(lambda: ear.heard)
    assert ear.of(zarina.user) == [Said("next", lists=True)]


async def test_leaving_is_heard_only_when_the_last_chat_is_left(ear: Ear, crowd: Crowd) -> None:
    zarina = await crowd.neighbour("zarina")
    async with ear.open():
        first = await zarina.invites(ear.device.user)
        await ear.until(lambda: ear.of(zarina.user) == [Started()])
        second = await zarina.invites(ear.device.user)
        await ear.until(lambda: ear.of(zarina.user) == [Started(), Started()])
        await zarina.leaves(first)
        await zarina.says("still here", second)
        await ear.until(lambda: Said("still here", lists=True) in ear.of(zarina.user))
        assert Blocked() not in ear.of(zarina.user)
        await zarina.leaves(second)
        await ear.until(lambda: ear.of(zarina.user)[-1] == Blocked())
        third = await zarina.invites(ear.device.user)
        await ear.until(lambda: ear.of(zarina.user)[-1] == Started())
    async with ear.device.client() as client:
        await ear.until(lambda: third in client.rooms())


async def test_whoever_bans_the_bot_has_blocked_it(ear: Ear, crowd: Crowd) -> None:
    zarina = await crowd.neighbour("zarina")
    async with ear.open():
        made = await zarina.api("POST", "/createRoom", {"invite": [ear.device.user], "is_direct": True})
        await ear.until(lambda: ear.of(zarina.user) == [Started()])
        await zarina.api("POST", f"/rooms/{made['room_id']}/ban", {"user_id": ear.device.user})
        await ear.until(lambda: ear.of(zarina.user)[-1] == Blocked())


# -- invitations -------------------------------------------------------------------------------------------------------


async def test_rooms_are_joined_only_where_a_moderator_asked_for_it(ear: Ear, crowd: Crowd) -> None:
    zarina, moderator = await crowd.neighbour("zarina"), await crowd.neighbour(MODERATOR[1:])
    async with ear.open():
        declined = await zarina.makes_room(ear.device.user, direct=False)
        wanted = await moderator.makes_room(ear.device.user, zarina.user, direct=False, encrypted=False)
        await zarina.until(lambda: zarina.members.get((declined, ear.device.user)) == "leave")
        await ear.until(lambda: ear.of(wanted))
        assert ear.heard == [one for one in ear.heard if one.group]
        await zarina.joins(wanted)
        text = {"msgtype": "m.text", "body": "I am safe"}
        await zarina.sends("m.room.message", text, wanted, encrypted=False)
        called = {**text, "m.mentions": {"user_ids": [ear.device.user]}}
        await zarina.sends("m.room.message", called, wanted, encrypted=False)
        await ear.until(lambda: len(ear.of(wanted)) == 2)  # noqa: PLR2004
    assert ear.of(wanted) == [Said("", lists=True), Said("I am safe", lists=True)]


async def test_a_crowd_that_calls_itself_a_direct_chat_is_left_again(ear: Ear, crowd: Crowd) -> None:
    zarina, other = await crowd.neighbour("zarina"), await crowd.neighbour("other")
    async with ear.open():
        room = await zarina.makes_room(ear.device.user, other.user)
        await zarina.until(lambda: zarina.members.get((room, ear.device.user)) == "join")
        await zarina.until(lambda: zarina.members.get((room, ear.device.user)) == "leave")
    assert ear.heard == []


async def test_many_invitations_are_accepted_at_the_servers_pace_and_keep_nobody_waiting(tmp_path: Path) -> None:
    seldom = {"per_second": 0.2, "burst_count": 1}  # so seldom that a busy machine hears of the first in between
    joins = {"local": seldom, "remote": seldom}
    with Synapse(extra={"rc_joins": joins}) as server:
        async with Crowd(server) as crowd:
            ear = Ear(Device(server, tmp_path / "matrix"))
            zarina, daler, farid = [await crowd.neighbour(name) for name in ("zarina", "daler", "farid")]
            with capture_logs() as logs:
                async with ear.open():
                    await zarina.invites(ear.device.user)
                    await ear.until(lambda: ear.of(zarina.user))
                    await daler.invites(ear.device.user)
                    await farid.invites(ear.device.user)
                    await zarina.says("meanwhile")
                    await ear.until(lambda: len(ear.of(zarina.user)) == 2)  # noqa: PLR2004
                    assert not (ear.of(daler.user) and ear.of(farid.user)), "the server allowed it at once: no control"
                    await ear.until(lambda: ear.of(daler.user) and ear.of(farid.user))
            assert "errand.throttled" in [one["event"] for one in logs]


async def test_an_invitation_of_before_a_crash_is_still_accepted(ear: Ear, crowd: Crowd) -> None:
    zarina = await crowd.neighbour("zarina")
    async with ear.device.client() as client:
        await zarina.invites(ear.device.user)
        batch = await client.sync(2)
        while not batch.invites:
            batch = await client.sync(2)
        _heard, errands = News(client, client.user, Rooms(client, client.user), lambda *_: False, ear.now).read(batch)
        await client.keep(batch, errands)  # and then the process died
    async with ear.open():
        await ear.until(lambda: ear.of(zarina.user) == [Started()])


# -- unreadable --------------------------------------------------------------------------------------------------------


async def withheld(person: Neighbour, words: str) -> Callable[[], Any]:
    """Let somebody's app keep the room key for itself. Gives a call that hands it over after all."""
    person.rotates()
    outbound = person._out[person.room]  # noqa: SLF001 - what an app does that is out of order
    assert outbound.session is not None
    key = outbound.session.session_key.to_base64()
    partners, person.partners = person.partners, []
    await person.says(words)
    session = outbound.session.session_id

    async def hand_over() -> None:
        person.partners = partners
        room_key = {
            "algorithm": "m.megolm.v1.aes-sha2",
            "room_id": person.room,
            "session_id": session,
            "session_key": key,
        }
        post: dict[str, dict[str, Any]] = {}
        for user in partners:
            for name, keys in (await person.devices_of(user)).items():
                curve, ed = keys["keys"][f"curve25519:{name}"], keys["keys"][f"ed25519:{name}"]
                await person._reach(user, name, curve)  # noqa: SLF001 - as above
                post.setdefault(user, {})[name] = person._sealed(user, ed, curve, room_key)  # noqa: SLF001 - as above
        await person.api("PUT", f"/sendToDevice/m.room.encrypted/{quote(session, safe='')}", {"messages": post})

    return hand_over


async def test_what_can_not_be_read_is_told_once_an_hour_and_heard_when_its_key_comes(ear: Ear, crowd: Crowd) -> None:
    zarina = await crowd.neighbour("zarina")
    async with ear.open():
        await zarina.invites(ear.device.user)
        await ear.until(lambda: ear.heard)
        await zarina.says("hello")
        await ear.until(lambda: len(ear.heard) == 2)  # noqa: PLR2004
        hand_over = await withheld(zarina, "I am safe")
        await zarina.says("unreadable too")
        await ear.until(lambda: ear.client.health().undecryptable == 2)  # noqa: PLR2004
        await ear.until(lambda: Task.UNREAD in [one.task for one in ear.client.errands()])
        await asyncio.sleep(2)
        assert Unreadable() not in ear.of(zarina.user), "its key may come in a moment"
        ear.ahead = GRACE
        await ear.until(lambda: Unreadable() in ear.of(zarina.user))
        ear.ahead = TOLD_AGAIN
        await hand_over()
        await ear.until(lambda: len(ear.heard) >= 5)  # noqa: PLR2004
        await zarina.says("and now again")
        await ear.until(lambda: ear.of(zarina.user)[-1] == Said("and now again", lists=True))
    assert ear.of(zarina.user)[2:] == [
        Unreadable(),
        Said("I am safe", lists=True),
        Said("unreadable too", lists=True),
        Said("and now again", lists=True),
    ]
    assert len({one.id for one in ear.heard}) == len(ear.heard), "the words are no repetition of the notice"


async def test_a_key_that_comes_a_moment_later_is_soon_enough(ear: Ear, crowd: Crowd) -> None:
    zarina = await crowd.neighbour("zarina")
    async with ear.open():
        await zarina.invites(ear.device.user)
        await ear.until(lambda: ear.heard)
        hand_over = await withheld(zarina, "I am safe")
        await asyncio.sleep(1)
        await hand_over()
        await ear.until(lambda: Said("I am safe", lists=True) in ear.of(zarina.user))
        ear.ahead = GRACE * 2
        await asyncio.sleep(2)
    assert Unreadable() not in ear.of(zarina.user)


# -- in detail, without a server ---------------------------------------------------------------------------------------

ME, ZARINA, DALER = "@bot:x", "@zarina:x", "@daler:x"
NOW = datetime(2027, 1, 15, 8, 0, tzinfo=UTC)


@dataclass
class Desk:
    """A client of paper: what it shows is what the test writes on it; what is asked of it fails as the test says."""

    facts: dict[str, Facts] = field(default_factory=dict)
    marked: dict[str, list[str]] = field(default_factory=dict)
    todo: list[Errand] = field(default_factory=list)
    held: set[str] = field(default_factory=set)
    errors: list[Exception] = field(default_factory=list)
    done: list[tuple[str, ...]] = field(default_factory=list)

    def rooms(self) -> dict[str, Facts]:
        return self.facts

    def direct_rooms(self) -> dict[str, list[str]]:
        return self.marked

    def errands(self) -> tuple[Errand, ...]:
        return tuple(self.todo)

    def add_errand(self, errand: Errand) -> None:
        self.todo.append(errand)

    def drop_errand(self, errand: Errand) -> None:
        self.todo.remove(errand)

    def is_held(self, event: str) -> bool:
        return event in self.held

    async def join(self, room: str) -> None:
        self._do("join", room)

    async def leave(self, room: str) -> None:
        self._do("leave", room)

    async def mark_direct(self, user: str, room: str) -> None:
        self._do("mark", user, room)

    def _do(self, *what: str) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.done.append(what)


def facts(*members: str, invited: tuple[str, ...] = (), by: str = ZARINA) -> Facts:
    return Facts(frozenset({ME, *members}), frozenset(invited), encrypted=True, joined_at=NOW, created_by=by)


def member(room: str, who: str, state: str, by: str = "") -> Event:
    name = f"${room}{who}{state}"
    return Event(room, by or who, name, NOW, "m.room.member", {"membership": state}, state=who)


def text(room: str, who: str, body: str, *, late: bool = False) -> Event:
    content = {"msgtype": "m.text", "body": body}
    return Event(room, who, f"${hash(body)}", NOW, "m.room.message", content, encrypted=True, late=late)


def read(desk: Desk, batch: Batch) -> tuple[list[Heard], list[Errand]]:
    news = News(desk, ME, Rooms(desk, ME), lambda _room, who: who.startswith(MODERATOR), lambda: NOW)
    heard, errands = news.read(batch)
    return [one.heard for one in heard], errands


def test_words_said_just_before_leaving_are_heard_before_the_leaving() -> None:
    desk = Desk({"!a": facts()})
    heard, _ = read(desk, Batch("1", (text("!a", ZARINA, "bye"), member("!a", ZARINA, "leave"))))
    assert heard == [Said("bye", lists=True), Blocked()]


def test_whoever_comes_back_is_reachable_again() -> None:
    desk = Desk({"!a": facts(ZARINA)})
    assert read(desk, Batch("1", (member("!a", ZARINA, "join"),)))[0] == [Unblocked()]


def test_nobody_is_greeted_in_a_room_that_the_bot_made() -> None:
    desk = Desk({"!a": facts(invited=(ZARINA,), by=ME)})
    assert read(desk, Batch("1", (member("!a", ME, "join"),), entered=("!a",))) == ([], [])


def test_a_new_device_finds_rooms_of_before_and_greets_nobody_anew() -> None:
    desk = Desk({"!a": facts(ZARINA)})
    heard, _ = read(desk, Batch("1", (text("!a", ZARINA, "are you there?"),), entered=("!a",)))
    assert heard == [Said("are you there?", lists=True)]


def test_a_person_who_is_alone_with_the_bot_in_two_rooms_is_one_person() -> None:
    desk = Desk({"!a": facts(ZARINA), "!b": facts(ZARINA), "!c": facts(DALER)}, {ZARINA: ["!b", "!a"]})
    rooms = Rooms(desk, ME)
    assert rooms.of(ZARINA) == ["!a", "!b"]
    assert not rooms.used(ZARINA, "!a")
    assert rooms.used(ZARINA, "!b")
    assert rooms.of(ZARINA) == ["!b", "!a"]
    assert rooms.of(DALER) == ["!c"], "nobody has marked it yet"
    assert rooms.of("@stranger:x") == []


def test_where_somebody_is_only_invited_is_the_worse_place_to_write_to() -> None:
    desk = Desk({"!a": facts(ZARINA), "!b": facts(invited=(ZARINA,))}, {ZARINA: ["!a", "!b"]})
    assert Rooms(desk, ME).of(ZARINA) == ["!a", "!b"]


@pytest.mark.parametrize(
    ("by", "expected"),
    [(ZARINA, [Blocked()]), (ME, []), ("", []), ("@admin:x", [])],
)
def test_only_the_person_themselves_can_block_the_bot(by: str, expected: list[Heard]) -> None:
    desk = Desk({}, {ZARINA: ["!a"]})
    assert read(desk, Batch("1", departures=(Departure("!a", by),)))[0] == expected


def test_a_group_that_removes_the_bot_is_no_longer_written_to() -> None:
    assert read(Desk(), Batch("1", departures=(Departure("!group", DALER),)))[0] == [Blocked()]


def test_of_many_unreadable_words_in_one_chat_the_newest_is_noted_and_of_strangers_none() -> None:
    desk = Desk({"!a": facts(ZARINA), "!b": facts(ZARINA, DALER)})
    unreadable = [Undecryptable(room, ZARINA, f"${n}", NOW, "s") for n, room in enumerate(("!a", "!a", "!b"))]
    _, errands = read(desk, Batch("1", undecryptable=tuple(unreadable)))
    assert errands == [Errand(Task.UNREAD, "!a", ZARINA, NOW, "$1")]


def test_an_invitation_is_an_errand() -> None:
    _, errands = read(Desk(), Batch("1", invites=(Invite("!a", ZARINA, direct=True, encrypted=True),)))
    assert errands == [Errand(Task.INVITE, "!a", ZARINA, NOW, direct=True)]


async def nobody(_batch: Sequence[Incoming]) -> None:
    raise AssertionError("nothing is to be heard")


def worker(desk: Desk, now: Callable[[], datetime] = lambda: NOW) -> Errands:
    asked = lambda _room, who: who.startswith(MODERATOR)  # noqa: E731 - short
    return Errands(desk, ME, Rooms(desk, ME), asked, now=now, dice=random.Random(7))


async def test_an_errand_that_fails_is_tried_again_later_and_keeps_no_other_waiting() -> None:
    desk = Desk(errors=[wire.Unknown()])
    desk.todo = [Errand(Task.INVITE, room, ZARINA, NOW, direct=True) for room in ("!a", "!b")]
    clock = [NOW]
    errands = worker(desk, lambda: clock[0])
    await errands.round(nobody)
    assert desk.done == [("join", "!b")]
    await errands.round(nobody)
    assert desk.done == [("join", "!b")], "not at once"
    clock[0] += timedelta(seconds=2)
    await errands.round(nobody)
    assert desk.done == [("join", "!b"), ("join", "!a")]
    assert desk.todo == []


async def test_a_limit_of_the_server_holds_back_what_it_limits_and_nothing_else() -> None:
    desk = Desk({"!c": facts(DALER)}, held={"$x"}, errors=[wire.Throttled(timedelta(seconds=10))])
    desk.todo = [Errand(Task.INVITE, room, ZARINA, NOW, direct=True) for room in ("!a", "!b")]
    desk.todo.append(Errand(Task.UNREAD, "!c", DALER, NOW - GRACE, "$x"))
    clock, heard = [NOW], list[Incoming]()

    async def receive(batch: Sequence[Incoming]) -> None:
        heard.extend(batch)

    errands = worker(desk, lambda: clock[0])
    await errands.round(receive)
    assert [one.heard for one in heard] == [Unreadable()]
    clock[0] += timedelta(seconds=9)
    await errands.round(receive)
    assert desk.done == []
    clock[0] += timedelta(seconds=4)
    await errands.round(receive)
    assert desk.done == [("join", "!a"), ("join", "!b")]


async def test_an_invitation_that_was_taken_back_is_forgotten() -> None:
    desk = Desk(errors=[wire.Forbidden(403, "M_FORBIDDEN")])
    desk.todo = [Errand(Task.INVITE, "!a", ZARINA, NOW, direct=True)]
    await worker(desk).round(nobody)
    assert desk.todo == []


async def test_nobody_fills_the_bot_with_rooms() -> None:
    desk = Desk({f"!{n}": facts(ZARINA) for n in range(10)}, {ZARINA: [f"!{n}" for n in range(10)]})
    desk.todo = [
        Errand(Task.INVITE, "!a", ZARINA, NOW, direct=True),
        Errand(Task.INVITE, "!b", DALER, NOW, direct=True),
    ]
    await worker(desk).round(nobody)
    assert desk.done == [("leave", "!a"), ("join", "!b")]


async def test_old_chats_in_which_only_the_bot_is_left_are_left_too() -> None:
    desk = Desk({"!old": facts(), "!new": facts(ZARINA)}, {ZARINA: ["!old", "!new"]})
    desk.todo = [Errand(Task.DIRECT, "!new", ZARINA, NOW)]
    errands = worker(desk)
    await errands.round(nobody)
    await errands.round(nobody)
    assert desk.done == [("mark", ZARINA, "!new"), ("leave", "!old")]


# -- the watchdog ------------------------------------------------------------------------------------------------------


class Dull:
    """A client that only shows its health, and then fails as the test says."""

    def __init__(self, *healths: Health) -> None:
        self.healths = list(healths)

    async def sync(self, timeout: float = 0.0) -> Batch:  # noqa: ASYNC109 - the homeserver's own wait
        del timeout
        if len(self.healths) == 1:
            raise wire.TokenRevoked
        self.healths.pop(0)
        return Batch("1")

    async def keep(self, batch: Batch, errands: object = ()) -> None: ...

    def health(self) -> Health:
        return self.healths[0]

    def errands(self) -> tuple[Errand, ...]:
        return ()

    def rooms(self) -> dict[str, Facts]:
        return {}

    def direct_rooms(self) -> dict[str, list[str]]:
        return {}


async def test_the_log_says_what_makes_the_bot_hard_of_hearing_and_names_nobody() -> None:
    def health(keys: int, withheld: int, held: int) -> Health:
        return Health(NOW, keys, {"m.unverified": withheld} if withheld else {}, held, 0, 0)

    class Over(Exception):  # noqa: N818 - the end of the test
        pass

    async def renew() -> None:
        raise Over

    client: Any = Dull(health(50, 0, 0), health(50, 0, 0), health(50, 1, 2), health(50, 1, 2), health(3, 1, 2))
    structlog.reset_defaults()
    with capture_logs() as logs, pytest.raises(Over):
        await Intake(client, ME, Rooms(client, ME), renew, now=lambda: NOW).listen(nobody)
    assert [(one["event"], one["count"]) for one in logs] == [
        ("keys.withheld", 1),
        ("messages.undecryptable", 2),
        ("keys.few", 3),
    ]
