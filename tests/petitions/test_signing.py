"""Signing in a chat: what is asked, what is shown, what stays; and a second signature looks like the first."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from bot.domain import checkpoint, petition_log, receipt, signature
from bot.domain.petition import Who
from bot.domain.roles import Role
from bot.domain.signature import Mode
from handlers.ask import base36
from storage import envelope, notes, petitions, signatures
from storage.database import Tx
from tests.family.looking import forge, rows
from tests.family.test_desk import give
from tests.petitions.signing import begun, petition_of, signs
from tests.stage import Actor, Stage
from tests.storage.servers import ONE_ENGINE, PETITIONS

KEY = envelope.make()
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
NEUTRAL = "I have tidied up here."
WAYS = (
    ("Only count me", Mode.COUNTED, ()),
    ("Initials and country", Mode.INITIALS, ("Canary Verily", "Germany")),
    ("addressee only", Mode.RECIPIENT, ("Canary Verily",)),
    ("My name, for everybody", Mode.PUBLIC, ("Canary Verily",)),
)


async def somebody(stage: Stage, name: str = "zarina") -> Actor:
    actor = stage.actor(name)
    await actor.settles_in(name.title())
    await actor.says("/start")
    return actor


async def openings(stage: Stage, which: int) -> list[signature.Opening]:
    """What the organisers read."""
    one = await petition_of(stage, which)
    records = await stage.storage.read(lambda tx: list(signatures.records(tx, which)))
    found = [signature.unpacked(KEY.open(one.origin, sealed)) for _place, sealed in records]
    return [one for one in found if one is not None]


@pytest.mark.parametrize(("label", "mode", "said"), WAYS)
async def test_a_signature_in_each_mode_is_what_its_signer_saw(
    stage: Stage, label: str, mode: Mode, said: tuple[str, ...]
) -> None:
    which, _anna = await begun(stage, KEY)
    zarina = await somebody(stage)
    await forge(stage, zarina, f"petition.sign:{base36(which)}")
    assert "Is there somebody close to you whom the state can reach" in zarina.last
    assert "I can't delete" in zarina.last
    await zarina.presses("Yes, or I don't know")
    assert "I advise: only count me" in zarina.last
    await zarina.presses(label)
    for words in said:
        await zarina.says(words)
    shown = zarina.last
    line = {
        Mode.PUBLIC: "On the public list: Canary Verily",
        Mode.RECIPIENT: "On the public list: nothing, you are only counted",
        Mode.INITIALS: "On the public list: C. V., DE",
        Mode.COUNTED: "On the public list: nothing, you are only counted",
    }[mode]
    assert line in shown
    assert "In the letter to" in shown
    assert ("Canary Verily" in shown) == (mode in {Mode.PUBLIC, Mode.RECIPIENT})
    await zarina.presses("✅ Sign")
    (one,) = await openings(stage, which)
    assert one.declared.mode is mode
    assert one.declared.name == {Mode.COUNTED: "", Mode.INITIALS: "C. V."}.get(mode, "Canary Verily")
    everything = repr(await rows(stage))
    assert ("Canary Verily" in everything) == (mode is Mode.PUBLIC)


@ONE_ENGINE
async def test_all_sealed_records_of_a_petition_have_one_length(stage: Stage) -> None:
    which, _anna = await begun(stage, KEY)
    ways = [*WAYS, ("addressee only", Mode.RECIPIENT, ("Ё" * 60 + " " + "Ё" * 59,))]
    for number, (label, _mode, said) in enumerate(ways):
        await signs(stage, await somebody(stage, f"signer{number}"), which, label, *said)
    records = await stage.storage.read(lambda tx: list(signatures.records(tx, which)))
    assert len(records) == len(ways)
    assert len({len(record) for _place, record in records}) == 1


async def test_no_is_asked_for_as_much_as_yes_and_neither_is_kept(stage: Stage) -> None:
    which, _anna = await begun(stage, KEY)
    zarina = await somebody(stage)
    await forge(stage, zarina, f"petition.sign:{base36(which)}")
    await zarina.presses("No, nobody")
    assert "I advise" not in zarina.last
    assert zarina.buttons[0] == "🔢 Only count me"


async def test_the_chat_is_clean_afterwards_and_one_neutral_line_stays(stage: Stage) -> None:
    which, _anna = await begun(stage, KEY)
    zarina = await somebody(stage)
    before = len(zarina.memory.chat(zarina.account))
    await signs(stage, zarina, which, "addressee only", "Canary Verily")
    await stage.pass_time(MINUTE)
    left = [message.text for message in zarina.memory.chat(zarina.account)][before:]
    assert len(left) == 1
    assert NEUTRAL in zarina.last
    assert not zarina.sees("petition")
    assert not zarina.sees("sign")
    assert not zarina.sees("Canary")


async def test_what_is_begun_and_left_is_cleaned_as_well(stage: Stage) -> None:
    which, _anna = await begun(stage, KEY)
    zarina = await somebody(stage)
    before = len(zarina.memory.chat(zarina.account))
    await forge(stage, zarina, f"petition.sign:{base36(which)}")
    await zarina.presses("No, nobody")
    await zarina.presses("My name, for everybody")
    await zarina.says("@@@")
    assert "Please write only a name" in zarina.last
    await zarina.says("Canary Verily")
    await stage.pass_time(40 * MINUTE, MINUTE)
    assert len(zarina.memory.chat(zarina.account)) == before + 1
    assert NEUTRAL in zarina.last
    assert (await petition_of(stage, which)).count == 0
    assert "Canary" not in repr(await rows(stage))


async def test_news_of_the_circle_that_comes_meanwhile_stays(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    which, _anna = await begun(stage, KEY)
    await forge(stage, zarina, f"petition.sign:{base36(which)}")
    await daler.says("I need help")
    await zarina.presses("Yes, or I don't know")
    await zarina.presses("Only count me")
    await zarina.presses("✅ Sign")
    await stage.pass_time(MINUTE)
    assert zarina.sees("Daler: I need help")


async def test_if_it_can_not_be_deleted_the_bot_says_so(stage: Stage) -> None:
    which, _anna = await begun(stage, KEY)
    zarina = await somebody(stage)
    stage.memory.deletes = False
    await signs(stage, zarina, which)
    await stage.pass_time(5 * MINUTE, MINUTE)
    assert "I could not delete everything" in zarina.last
    assert zarina.screen.count("I could not delete everything") == 1


async def told(stage: Stage, actor: Actor, which: int, way: tuple[str, Mode, tuple[str, ...]]) -> list[str]:
    """Everything that somebody is told while they sign, and afterwards."""
    memory = actor.memory
    before = len(memory.log(actor.account)) if hasattr(memory, "log") else len(memory.chat(actor.account))
    seen = []
    await forge(stage, actor, f"petition.sign:{base36(which)}")
    seen.append(actor.last)
    await actor.presses("No, nobody")
    seen.append(actor.last)
    await actor.presses(way[0])
    for words in way[2]:
        seen.append(actor.last)
        await actor.says(words)
    seen.append(actor.last)
    await actor.presses("✅ Sign")
    seen.append(actor.last)
    await stage.pass_time(5 * MINUTE, MINUTE)
    seen += [str(len(memory.chat(actor.account)) - before), actor.last]
    return seen


@pytest.mark.parametrize("way", WAYS[::3])
async def test_a_second_signature_reads_what_the_first_one_read(
    stage: Stage, way: tuple[str, Mode, tuple[str, ...]]
) -> None:
    which, _anna = await begun(stage, KEY)
    zarina = await somebody(stage)
    first = await told(stage, zarina, which, way)
    second = await told(stage, zarina, which, way)
    assert second == first
    one = await petition_of(stage, which)
    assert (one.size, one.count) == (2, 1)


async def test_whoever_withdraws_what_they_never_signed_reads_the_same(stage: Stage) -> None:
    which, _anna = await begun(stage, KEY)
    zarina, daler = await somebody(stage), await somebody(stage, "daler")
    await signs(stage, zarina, which)
    await stage.pass_time(MINUTE)
    read = []
    for actor in (zarina, daler, zarina):
        await forge(stage, actor, f"petition.withdraw:{base36(which)}")
        screens = [actor.last]
        await actor.presses("↩️ Withdraw")
        screens.append(actor.last)
        await stage.pass_time(MINUTE)
        read.append([*screens, actor.last])
    assert read[0] == read[1] == read[2]
    one = await petition_of(stage, which)
    assert (one.size, one.count) == (3, 0)
    assert await openings(stage, which) == []


async def test_a_receipt_proves_the_entry_and_takes_it_back_when_nobody_else_can(stage: Stage) -> None:
    which, _anna = await begun(stage, KEY)
    zarina = await somebody(stage)
    await signs(stage, zarina, which, "addressee only", "Canary Verily")
    await forge(stage, zarina, f"petition.give:{base36(which)}:secret")
    files = [message.attachment for message in zarina.messages if message.attachment is not None]
    text = files[-1].data.decode()
    proof = checkpoint.read_proof(text)
    assert proof is not None
    assert proof.extra is not None
    held = receipt.unpacked(proof.extra)
    assert held is not None
    assert held.opening is None
    assert "Canary" not in text
    assert proof.holds(petition_log.line_of(held.entry).encode())
    assert notes.signed_at(proof.note, PETITIONS.signer.public) is not None
    await stage.pass_time(15 * MINUTE, MINUTE)
    assert not any(message.attachment for message in zarina.messages)
    now = stage.now()
    await stage.storage.write(partial(petitions.close, which=which, by=Who.TIME, now=now))
    await stage.storage.write(partial(petitions.forget_key, which=which, now=now + 30 * DAY))
    await forge(stage, zarina, f"petition.withdraw:{base36(which)}")
    assert "Only with the receipt" in zarina.last
    await zarina.presses("I have a receipt")
    await zarina.says("no receipt at all")
    assert "no receipt with a secret" in zarina.last
    await zarina.says(text)
    assert "If there was such a signature" in zarina.last
    assert (await petition_of(stage, which)).count == 0


async def test_two_days_later_nobody_gets_a_receipt_and_a_stranger_never(stage: Stage) -> None:
    which, _anna = await begun(stage, KEY)
    zarina, daler = await somebody(stage), await somebody(stage, "daler")
    await signs(stage, zarina, which)
    await forge(stage, daler, f"petition.give:{base36(which)}:plain")
    assert not any(message.attachment for message in daler.messages)
    stage._now += 2 * DAY  # noqa: SLF001 - nothing needs to happen meanwhile
    await forge(stage, zarina, f"petition.give:{base36(which)}:plain")
    assert not any(message.attachment for message in zarina.messages)


async def test_following_is_apart_from_signing(stage: Stage) -> None:
    which, _anna = await begun(stage, KEY)
    zarina, daler = await somebody(stage), await somebody(stage, "daler")
    await signs(stage, zarina, which)
    await forge(stage, daler, f"petition.follow:{base36(which)}")
    assert "says nothing about who has signed" in daler.last
    followers = await stage.storage.read(partial(petitions.followers, which=which, after=0, most=10))
    assert [one.name for one in followers] == ["Daler"]
    await daler.presses("Don't follow")
    assert await stage.storage.read(partial(petitions.followers, which=which, after=0, most=10)) == []


HOSTILE = (
    "<b>Bold</b> & <script>",
    "=HYPERLINK(1)",
    "\u202eevil\u202c Name",
    "😀😀",
    "N" * 300,
    "Ғӣқӯҳҷ Ӯ",
    "{name} %s",
)


@ONE_ENGINE
@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_names_are_harmless_or_refused(stage: Stage, name: str) -> None:
    which, _anna = await begun(stage, KEY)
    zarina = await somebody(stage)
    await forge(stage, zarina, f"petition.sign:{base36(which)}")
    await zarina.presses("No, nobody")
    await zarina.presses("My name, for everybody")
    await zarina.says(name)
    if any("✅ Sign" in label for label in zarina.buttons):
        assert "<script" not in zarina.messages[-1].text
        await zarina.presses("✅ Sign")
        (one,) = await openings(stage, which)
        assert not set(one.declared.name) & set("<>=@{}\u202e")
    else:
        assert (await petition_of(stage, which)).count == 0


@ONE_ENGINE
async def test_buttons_that_are_old_or_made_up_do_nothing(stage: Stage) -> None:
    which, anna = await begun(stage, KEY)
    await give(stage, anna, Role.ORGANISER)
    zarina = await somebody(stage)
    code = base36(which)
    for forged in (
        *("petition.sign", "petition.sign:0", "petition.sign:zzzzzzzzzzzzzzz", f"petition.signed:{code}"),
        *(f"petition.as:{code}:nothing", "petition.country:DE", "petition.name", f"petition.fraud:{code}"),
        *(f"petition.hold:{code}:00", f"petition.struck:{code}", f"petition.give:{code}", "petition.by:1"),
    ):
        await forge(stage, zarina, forged)
    assert (await petition_of(stage, which)).size == 1
    await forge(stage, anna, f"petition.hold:{code}:zz")
    assert "no longer in use" in anna.last


@ONE_ENGINE
async def test_a_letter_that_was_replaced_meanwhile_is_not_signed_unseen(stage: Stage) -> None:
    from tests.petitions.signing import letter, pass_on  # noqa: PLC0415

    which, _anna = await begun(stage, KEY)
    zarina = await somebody(stage)
    await forge(stage, zarina, f"petition.sign:{base36(which)}")
    await zarina.presses("No, nobody")
    await zarina.presses("Only count me")
    what = letter(KEY, stage.now())
    await stage.storage.write(lambda tx: petitions.begin_version(tx, which, what, stage.now()))
    await stage.storage.write(partial(pass_on, which=which, reviewer=2, now=stage.now()))
    await zarina.presses("✅ Sign")
    assert "no longer in use" in zarina.last
    assert (await petition_of(stage, which)).count == 0


async def test_who_wants_to_be_read_by_everybody_is_read_from_the_next_day_until_they_withdraw(stage: Stage) -> None:
    which, _anna = await begun(stage, KEY)
    zarina, daler, reader = [await somebody(stage, name) for name in ("zarina", "daler", "reader")]

    async def names() -> str:
        await forge(stage, reader, f"petition.progress:{base36(which)}")
        await reader.presses("Names in public")
        return reader.last

    await signs(stage, zarina, which, "My name, for everybody", "Canary Verily")
    for mode, said in (("addressee only", ["Hidden Name"]), ("Initials and country", ["Hidden Name", "Germany"])):
        await signs(stage, daler, which, mode, *said)
    assert "There is none now." in await names()
    await stage.pass_time(DAY, DAY)
    assert "• Canary Verily" in await names()
    assert "Hidden" not in reader.last
    await forge(stage, zarina, f"petition.withdraw:{base36(which)}")
    await zarina.presses("↩️ Withdraw")
    assert "Canary" not in await names()


async def test_many_names_are_read_page_by_page_each_once(stage: Stage) -> None:
    which, _anna = await begun(stage, KEY)
    reader = await somebody(stage, "reader")
    one = await petition_of(stage, which)
    given = [f"Name {number:03}" for number in range(90)]

    def sign(tx: Tx) -> None:
        for number, name in enumerate(given):
            said = signature.Declared(Mode.PUBLIC, name)
            assert signatures.sign(tx, one, [("memory", f"{number:x}")], said, stage.now(), verified=False)

    await stage.storage.write(sign)
    await stage.pass_time(DAY, DAY)
    await forge(stage, reader, f"petition.names:{base36(which)}")
    read = reader.last
    for _page in range(3):
        await reader.presses("More")
        read += "\n" + reader.last
    assert [line[2:] for line in read.splitlines() if line.startswith("• ")] == given
    assert not [label for label in reader.buttons if "More" in label]
