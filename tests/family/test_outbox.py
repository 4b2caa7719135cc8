"""What leaves: in which order, how often, and what becomes of it when the platform fails in each of its ways."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from bot.app import App
from bot.domain.conversation import Lane, Outgoing, Sender
from bot.i18n import _
from bot.outbox.courier import CourierError, Gone, NotSent, Parcel, Refused, Throttled, Unknown, Unreachable
from bot.outbox.pace import UNLIMITED
from storage import outbox, people, schema
from storage.database import Tx
from storage.outbox import State
from tests.family.looking import id_of
from tests.stage import Actor, Stage

MINUTE = timedelta(minutes=1)
REPEATED = "(This message may reach you twice.)"
SENT_AGAIN = [Lane.DANGER, Lane.REPLY, Lane.CORRECTION, Lane.CHECKIN]
LEFT_UNKNOWN = [Lane.BULLETIN, Lane.PETITION, Lane.DIGEST]


async def post(stage: Stage, to: Actor, *lanes: Lane, words: str = "{n}", **more: object) -> None:
    """Post one letter in each of these lanes, numbered, and let nothing leave yet."""
    who = await id_of(stage, to)
    letters = [
        Outgoing(who, _("{name} asks: how are you?", name=words.format(n=n)), lane=lane, **more)  # type: ignore[arg-type]
        for n, lane in enumerate(lanes)
    ]
    await stage.storage.write(lambda tx: outbox.post(tx, letters, stage.now()))


async def states(stage: Stage) -> dict[str, int]:
    """How many letters are in which state."""

    def look(tx: Tx) -> dict[str, int]:
        found: dict[str, int] = {}
        for (_route, _lane, state), n in outbox.counts(tx).items():
            found[state.name] = found.get(state.name, 0) + n
        return found

    return await stage.storage.read(look)


def heard(actor: Actor) -> list[str]:
    """Who asked, in the order of the screen."""
    return re.findall(r"(\w+) asks: how are you\?", actor.screen)


async def test_what_was_surely_not_sent_is_sent_later_without_a_mark(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    stage.memory.fail(NotSent(), "daler", times=3)
    await zarina.says("I am safe")
    assert not daler.sees("Zarina: I am safe.")
    await stage.pass_time(MINUTE)
    assert daler.screen.count("Zarina: I am safe.") == 1
    assert not daler.sees(REPEATED)


async def test_the_pause_a_platform_asks_for_is_kept(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    stage.memory.fail(Throttled(timedelta(milliseconds=30), everywhere=False), "daler")
    await zarina.says("I am safe")
    assert not daler.sees("Zarina: I am safe.")
    await asyncio.sleep(0.05)  # the pause is in real time, and a minute of the stage's may take less
    await stage.pass_time(MINUTE)
    assert daler.screen.count("Zarina: I am safe.") == 1


async def test_a_message_that_is_gone_is_sent_anew_instead_of_changed(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.says("I need help")
    stage.memory.remove("daler", daler.messages[-1].id)
    await zarina.presses("I am safe now")
    assert daler.sees("This call is over.")
    stage.memory.fail(Gone(), "zarina")
    await zarina.presses("More")
    assert "Your circles and settings" in zarina.last


async def test_what_is_refused_for_what_it_is_does_not_hold_up_the_rest(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    stage.memory.fail(Refused(), "daler")
    await zarina.says("I need help")
    await stage.pass_time(MINUTE)
    assert "Not reached: Daler" in zarina.screen
    await zarina.presses("It was a mistake")
    await zarina.says("I am safe")
    assert daler.sees("Zarina: I am safe.")
    assert not daler.sees("mistake")


@pytest.mark.parametrize("arrives", [True, False])
@pytest.mark.parametrize("lane", SENT_AGAIN)
async def test_what_has_an_unknown_end_is_sent_again_with_a_mark_where_it_matters(
    stage: Stage, lane: Lane, *, arrives: bool
) -> None:
    (daler,) = await stage.family("Daler")
    stage.memory.idempotent = False
    stage.memory.fail(Unknown(), "daler", arrives=arrives)
    await post(stage, daler, lane, words="Zarina")
    await stage.settle()
    await stage.pass_time(MINUTE)
    assert heard(daler) == ["Zarina"] * (2 if arrives else 1)
    assert REPEATED in daler.last
    assert await states(stage) == {}


@pytest.mark.parametrize("lane", LEFT_UNKNOWN)
async def test_what_has_an_unknown_end_stays_so_where_a_repeat_would_be_worse(stage: Stage, lane: Lane) -> None:
    (daler,) = await stage.family("Daler")
    stage.memory.idempotent = False
    stage.memory.fail(Unknown(), "daler")
    await post(stage, daler, lane, words="Zarina")
    await stage.settle()
    await stage.pass_time(10 * MINUTE)
    assert heard(daler) == []
    assert await states(stage) == {"UNKNOWN": 1}
    assert await stage.storage.write(lambda tx: outbox.resend_unknown(tx, stage.now())) == 1
    await stage.settle()
    assert heard(daler) == ["Zarina"], "but an operator may say: send it again"
    assert REPEATED in daler.last


@pytest.mark.parametrize("lane", [*SENT_AGAIN, *LEFT_UNKNOWN])
async def test_where_the_platform_knows_a_repeat_by_its_key_it_is_one_message_without_a_mark(
    stage: Stage, lane: Lane
) -> None:
    (daler,) = await stage.family("Daler")
    stage.memory.fail(Unknown(), "daler", arrives=True)
    await post(stage, daler, lane, words="Zarina")
    await stage.settle()
    await stage.pass_time(MINUTE)
    assert heard(daler) == ["Zarina"]
    assert not daler.sees(REPEATED)
    assert await states(stage) == {}


@pytest.mark.parametrize("lane", list(Lane))
async def test_letters_that_were_in_the_air_at_a_crash_follow_their_lanes_rule(stage: Stage, lane: Lane) -> None:
    (daler,) = await stage.family("Daler")
    stage.memory.idempotent = False
    await post(stage, daler, lane, words="Zarina")
    (flying,) = await stage.storage.write(lambda tx: outbox.claim(tx, "memory/1", stage.now(), 10))
    assert flying.lane is lane
    app = App(stage.storage, [(stage.memory, UNLIMITED)], {}, stage.now)
    for route in app.engine.routes:
        await route.recover()
    await app.engine.drain()
    assert heard(daler) == (["Zarina"] if lane in SENT_AGAIN else [])
    assert (REPEATED in daler.last) is (lane in SENT_AGAIN)


async def test_a_higher_lane_overtakes_and_each_lane_keeps_its_order(stage: Stage) -> None:
    (daler,) = await stage.family("Daler")
    lanes = [Lane.DIGEST, Lane.BULLETIN, Lane.REPLY, Lane.DANGER, Lane.REPLY, Lane.DIGEST, Lane.DANGER]
    await post(stage, daler, *lanes, words="N{n}")
    await stage.settle()
    told = heard(daler)
    assert sorted(told) == [f"N{n}" for n in range(len(lanes))]
    assert told[:4] == ["N3", "N2", "N1", "N0"], "of the first of each lane, the most urgent goes first"
    for lane in set(lanes):
        mine = [f"N{n}" for n, one in enumerate(lanes) if one is lane]
        assert [one for one in told if one in mine] == mine


async def test_a_letter_that_waits_holds_back_only_its_own_lane_at_its_own_address(stage: Stage) -> None:
    daler, maria = await stage.family("Daler", "Maria")
    stage.memory.fail(NotSent(), "daler")
    await post(stage, daler, Lane.DIGEST, words="First")
    await stage.settle()
    await post(stage, daler, Lane.DIGEST, words="Second")
    await post(stage, daler, Lane.DANGER, words="Danger")
    await post(stage, maria, Lane.DIGEST, words="Other")
    await stage.settle()
    assert heard(daler) == ["Danger"]
    assert heard(maria) == ["Other"]
    await stage.pass_time(MINUTE)
    assert heard(daler) == ["Danger", "First", "Second"]


async def test_news_that_waited_for_one_person_comes_in_one_message(stage: Stage) -> None:
    zarina, *others = await stage.family("Zarina", "A", "B", "C")
    stage.memory.fail(NotSent(), "zarina")
    for other in others:
        await other.says("I am safe")
    before = len(zarina.messages)
    await stage.pass_time(MINUTE)
    assert len(zarina.messages) == before + 1
    assert re.search("A: I am safe.*B: I am safe.*C: I am safe", zarina.last, re.DOTALL)


async def test_news_does_not_join_what_may_have_arrived_already(stage: Stage) -> None:
    """The platform knows that by its key: whatever were added under the key nobody would ever read."""
    (daler,) = await stage.family("Daler")
    stage.memory.fail(Unknown(), "daler", arrives=True)
    await post(stage, daler, Lane.CHECKIN, words="First")
    await stage.settle()
    await post(stage, daler, Lane.CHECKIN, words="Second")
    await stage.pass_time(MINUTE)
    assert heard(daler) == ["First", "Second"]
    assert await states(stage) == {}


@pytest.mark.parametrize("arrives", [True, False])
@pytest.mark.parametrize("crash", [True, False])
async def test_news_that_went_out_together_goes_again_together(stage: Stage, *, arrives: bool, crash: bool) -> None:
    (daler,) = await stage.family("Daler")
    await post(stage, daler, Lane.CHECKIN, Lane.CHECKIN, words="N{n}")
    app = stage.app
    if crash:
        (flying,) = await stage.storage.write(lambda tx: outbox.claim(tx, "memory/1", stage.now(), 10))
        if arrives:
            await stage.memory.deliver(app.engine.routes[0].parcel(flying))
        app = stage.app = stage.open()
    else:
        stage.memory.fail(Unknown(), "daler", arrives=arrives)
        await stage.settle()
    assert heard(daler) == (["N0", "N1"] if arrives else [])
    await post(stage, daler, Lane.CHECKIN, words="Later")
    for route in app.engine.routes:
        await route.recover()
    await stage.pass_time(MINUTE)
    assert heard(daler) == ["N0", "N1", "Later"]
    assert await states(stage) == {}


@pytest.mark.parametrize("error", [Unknown(), NotSent()])
async def test_when_a_part_of_what_goes_again_is_taken_back_the_rest_comes_once(
    stage: Stage, error: CourierError
) -> None:
    (daler,) = await stage.family("Daler")
    arrives = isinstance(error, Unknown)
    stage.memory.fail(error, "daler", arrives=arrives)
    await post(stage, daler, Lane.CHECKIN, Lane.CHECKIN, Lane.CHECKIN, words="N{n}")
    await stage.settle()
    await stage.storage.write(_take_back_the_first)
    await post(stage, daler, Lane.CHECKIN, words="Later")
    await stage.pass_time(MINUTE)
    assert heard(daler) == [*(["N0"] if arrives else []), "N1", "N2", "Later"]
    assert await states(stage) == {}


def _take_back_the_first(tx: Tx) -> None:
    first = tx.execute(sa.select(sa.func.min(schema.letter.c.id))).scalar_one()
    tx.execute(schema.letter.delete().where(schema.letter.c.id == first))


async def test_calls_for_help_are_never_put_together(stage: Stage) -> None:
    zarina, *others = await stage.family("Zarina", "A", "B", "C")
    stage.memory.fail(NotSent(), "zarina")
    for other in others:
        await other.says("I need help")
    before = len(zarina.messages)
    await stage.pass_time(MINUTE)
    assert len(zarina.messages) == before + 3
    assert all(len(message.choices) == 2 for message in zarina.messages[-3:])  # noqa: PLR2004


async def test_much_news_that_waited_is_cut_into_messages_that_a_platform_takes(stage: Stage) -> None:
    zarina, *others = await stage.family("Zarina", *(f"R{n}" for n in range(10)), languages={"Zarina": "ru"})
    stage.memory.fail(NotSent(), "zarina")
    for other in others:
        await other.says("/start")
        await other.presses("Other news")
        await other.presses("Something else")
        await other.says("ж" * 500)
    before = len(zarina.messages)
    await stage.pass_time(5 * MINUTE)
    assert sum(message.text.count("ж" * 500) for message in zarina.messages) == len(others)
    assert 1 < len(zarina.messages) - before < len(others)
    assert await states(stage) == {}
    told = re.findall(r"(R\d+): у меня", zarina.screen)
    assert told == [f"R{n}" for n in range(10)], "in the order in which they were told"


@pytest.mark.parametrize(
    ("lane", "life"),
    [
        (Lane.REPLY, timedelta(days=1)),
        (Lane.CHECKIN, timedelta(days=7)),
        (Lane.DANGER, timedelta(days=7)),
        (Lane.CORRECTION, timedelta(days=14)),
    ],
)
async def test_what_waits_too_long_is_given_up(stage: Stage, lane: Lane, life: timedelta) -> None:
    (daler,) = await stage.family("Daler")
    await post(stage, daler, lane, words="Zarina")
    stage.memory.fail(NotSent(), "daler", times=10_000)
    await stage.settle()
    await stage.pass_time(life - timedelta(hours=2), timedelta(hours=6))
    assert await states(stage) == {"WAITING": 1}
    await stage.pass_time(timedelta(hours=4), timedelta(hours=1))
    assert await states(stage) == {"EXPIRED": 1}
    await stage.pass_time(timedelta(days=16), timedelta(days=1))
    assert await states(stage) == {}


async def test_a_letter_nobody_can_get_ends_at_once_and_holds_nothing_of_what_it_said(stage: Stage) -> None:
    (daler,) = await stage.family("Daler")
    stage.memory.fail(Unreachable(), "daler")
    await post(stage, daler, Lane.CHECKIN, words="Zarina")
    await stage.settle()
    assert await states(stage) == {"UNREACHABLE": 1}

    def bodies(tx: Tx) -> list[str]:
        from storage.schema import letter  # noqa: PLC0415

        return [row.body for row in tx.execute(letter.select())]

    assert await stage.storage.read(bodies) == [""]


async def test_words_are_spoken_when_they_leave_so_that_their_age_is_true(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler", languages={"Daler": "ru"})
    stage.memory.fail(NotSent(), "daler", times=4)
    await zarina.says("I am safe")
    await daler.says("/zabon")
    await stage.pass_time(5 * MINUTE, 5 * MINUTE)
    await stage.pass_time(5 * MINUTE, 5 * MINUTE)
    await stage.pass_time(20 * MINUTE, 5 * MINUTE)
    assert daler.sees("Zarina: я в безопасности.")
    assert re.search(r"лично, \d+ минут\w* назад", daler.screen)


async def test_a_defect_of_the_platform_is_an_unknown_end_and_stops_nobody(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    broken = ["daler"]

    async def breaks(parcel: Parcel) -> None:
        if parcel.address.account in broken:
            broken.remove(parcel.address.account)
            raise ZeroDivisionError

    stage.memory.latency = breaks
    await zarina.says("I am safe")
    assert "Told to 1 person: Daler." in zarina.last
    await stage.pass_time(MINUTE)
    assert daler.sees("Zarina: I am safe.")


def test_every_lane_has_a_rule_for_an_unknown_end_and_a_life() -> None:
    assert {*SENT_AGAIN, *LEFT_UNKNOWN} == set(Lane)
    assert set(outbox.SENT_AGAIN) == set(SENT_AGAIN)
    assert set(outbox.LIFE) == set(Lane)
    assert State.FLYING < State.DELIVERED


async def test_what_waits_behind_a_letter_in_back_off_wakes_the_outbox_not_before_that_letter_is_due(
    stage: Stage,
) -> None:
    _zarina, daler = await stage.family("Zarina", "Daler")
    stage.memory.fail(NotSent(), "daler")
    await post(stage, daler, Lane.REPLY, Lane.REPLY)
    await stage.settle()
    assert heard(daler) == []
    now = stage.now()

    def due(tx: Tx) -> tuple[datetime | None, datetime | None]:
        first = sa.select(sa.func.min(schema.letter.c.due_at)).where(schema.letter.c.state == State.WAITING.value)
        return outbox.next_due(tx, "memory/1", now), tx.execute(first).scalar()

    woken, earliest = await stage.storage.read(due)
    assert woken is not None
    assert woken > now
    assert earliest is not None
    assert earliest <= now  # the control: looking at whatever is due would look again and again


async def waits(stage: Stage, to: list[int], answers: bool, left: float = 1.0) -> int:  # noqa: FBT001
    """Post news to each of these people, perhaps with answers between: how many are said to wait.

    Of the answers a share `left`, the oldest ones.
    """
    words = _("{name} asks: how are you?", name="Somebody")

    def post_and_ask(tx: Tx) -> int:
        for n, who in enumerate(to):
            outbox.post(tx, [Outgoing(who, words, lane=Lane.CHECKIN)], stage.now())
            if answers:
                outbox.post(tx, [Outgoing(to[(n + 7) % len(to)], words, lane=Lane.REPLY)], stage.now())
        if answers:
            answer = schema.letter.c.lane == Lane.REPLY.value
            them = list(tx.execute(sa.select(schema.letter.c.id).where(answer).order_by(schema.letter.c.id)).scalars())
            gone = them[: round(left * len(them))]
            tx.execute(schema.letter.delete().where(schema.letter.c.id.in_(gone)))
        return outbox.queue(tx, "memory/1", stage.now())

    return await stage.storage.write(post_and_ask)


async def crowd(stage: Stage, many: int) -> list[int]:
    """People who can be reached."""

    def come(tx: Tx) -> list[int]:
        met = [people.meet(tx, Sender("memory", "1", f"reader {n}"), stage.now()) for n in range(many)]
        return [one.person.id for one in met if one.person is not None]

    return await stage.storage.write(come)


async def test_of_a_long_queue_answers_that_have_left_are_not_counted(stage: Stage) -> None:
    readers = await crowd(stage, 200)
    assert await waits(stage, readers, answers=True) == pytest.approx(200, rel=0.05)


@pytest.mark.parametrize("left", [0.0, 0.5, 0.9])
async def test_of_a_long_queue_answers_that_wait_as_well_are_counted(stage: Stage, left: float) -> None:
    readers = await crowd(stage, 200)
    assert await waits(stage, readers, answers=True, left=left) == pytest.approx(200 + 200 * (1 - left), rel=0.05)


async def test_of_a_long_queue_very_many_answers_are_estimated(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "ANSWERS", 64)
    readers = await crowd(stage, 200)
    assert await waits(stage, readers, answers=True, left=0.5) == pytest.approx(300, rel=0.1)


async def test_of_a_long_queue_news_that_goes_in_one_message_is_counted_once(stage: Stage) -> None:
    readers = await crowd(stage, 100)
    assert await waits(stage, readers * 4, answers=False) == pytest.approx(100, rel=0.05)


async def test_a_short_queue_is_counted(stage: Stage) -> None:
    readers = await crowd(stage, 5)
    assert await waits(stage, readers, answers=False) == len(readers)


async def test_a_copy_that_a_crash_let_nobody_remember_goes_once_it_was_opened(stage: Stage) -> None:
    (zarina,) = await stage.family("Zarina")
    who = await id_of(stage, zarina)

    def standing(tx: Tx) -> dict[str, tuple[str, datetime | None]]:
        rows = tx.execute(sa.select(schema.message).order_by(schema.message.c.id))
        return {row.platform_id: (row.topic, row.due_at) for row in rows}

    def work(tx: Tx) -> None:
        where = tx.execute(sa.select(schema.address.c.id).where(schema.address.c.person_id == who)).scalar_one()
        of_topic = partial(outbox.Delivered, address=where, topic="matter")
        outbox.delivered(tx, [of_topic(letter=1, message="known")], stage.now())
        for changed in ("known", "second"):
            outbox.delivered(tx, [of_topic(letter=2, message=changed, edited=True)], stage.now())
        found = standing(tx)
        assert found["known"] == ("matter", None), "what is remembered is changed, and nothing more"
        assert found["second"] == ("", stage.now() + outbox.SECOND_COPY), "the other one would never be changed again"

    await stage.storage.write(work)
