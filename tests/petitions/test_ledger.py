"""The ledger of packets: a digest goes into the log before anything is handed over, and each step is told."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest

from bot import __main__ as command
from bot import dossier
from bot.domain import addressees
from bot.domain.petition import Delivery
from handlers.ask import base36
from storage import ledger, petition_logs
from tests.family.looking import forge
from tests.petitions.ledgers import DAY, exported, listing, opened, packs, signed, takes_back
from tests.petitions.signing import petition_of
from tests.stage import Actor, Stage
from tests.storage.servers import COMMUNITY, ONE_ENGINE, PETITIONS

pytestmark = ONE_ENGINE
NEWS = "There is news of something that you follow"


async def packets_of(stage: Stage, which: int) -> list[ledger.Packet]:
    return await stage.storage.read(lambda tx: ledger.of(tx, which))


async def follower(stage: Stage, which: int, name: str = "zarina") -> Actor:
    actor = stage.actor(name)
    await actor.settles_in(name.title())
    await forge(stage, actor, f"petition.follow:{base36(which)}")
    await stage.pass_time(timedelta(minutes=2))
    return actor


async def tells(stage: Stage, anna: Actor, which: int, words: str) -> None:
    """The organiser tells the bot what was printed."""
    await forge(stage, anna, f"petition.made:{base36(which)}")
    await anna.presses("Red Cross")
    await anna.says(words)


async def a_packet(stage: Stage, home: Path) -> tuple[int, Actor, Path]:
    """A petition with twelve signatures, and a packet that stands in its log."""
    which, anna = await opened(stage)
    await signed(stage, which, range(12))
    out = packs(home, await exported(stage, anna, which, home / "export"))
    await tells(stage, anna, which, (out / "packet.txt").read_text("utf-8"))
    return which, anna, out


async def test_a_packet_goes_through_every_step(stage: Stage, tmp_path: Path) -> None:
    which, anna, out = await a_packet(stage, tmp_path)
    assert "as packet 1" in anna.last
    zarina = await follower(stage, which)
    heard = zarina.screen.count(NEWS)
    await anna.presses("No. 1")
    await anna.presses("handed over")
    await anna.presses("By e-mail")
    await stage.pass_time(timedelta(minutes=2))
    assert zarina.screen.count(NEWS) == heard + 1
    await anna.presses("They say it has come")
    await anna.says("ICRC-2026/17")
    await anna.presses("They have answered")
    await anna.says("They have sent a doctor.")
    (one,) = await packets_of(stage, which)
    assert (one.state, one.sent_by, one.reference, one.answer) == (
        Delivery.ANSWERED,
        "email",
        "ICRC-2026/17",
        "They have sent a doctor.",
    )
    await zarina.presses("Look")
    for said in ("Sent by e-mail by organiser 1", "ICRC-2026/17", "They have sent a doctor."):
        assert said in zarina.last
    home = await exported(stage, anna, which, tmp_path / "again")
    (entry,) = dossier.check(home, COMMUNITY.public, stage.now()).tally.packets
    assert entry.digest == one.digest
    assert (out / "packet.txt").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace("root: ", "root: AAAA"), "its root is another one"),
        (lambda text: text.replace("number: 1", "number: 2"), "Another packet was made meanwhile"),
        (lambda text: text.replace("addressee: icrc", "addressee: un-wgeid"), "of another petition, or for another"),
        (lambda text: text.replace("covers: ", "covers: 9"), "its root is another one"),
        (lambda text: text[:60], "not all of packet.txt"),
        (lambda _text: "no list", "This is not packet.txt"),
        (lambda _text: "ab" * 3000, "This is not packet.txt"),
        (lambda text: sha256(text.encode()).hexdigest(), "A digest alone is not enough"),
        (lambda _text: "\u202e<b>" + "f" * 63, "This is not packet.txt"),
    ],
)
async def test_what_is_no_packet_of_this_log_is_not_taken(stage: Stage, tmp_path: Path, change, said: str) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    which, anna = await opened(stage)
    await signed(stage, which, range(4))
    out = packs(tmp_path, await exported(stage, anna, which, tmp_path / "export"))
    await tells(stage, anna, which, change((out / "packet.txt").read_text("utf-8")))
    assert said in anna.last
    assert await packets_of(stage, which) == []
    await anna.says((out / "packet.txt").read_text("utf-8"))
    assert "as packet 1" in anna.last, "it can be tried again"


async def test_none_is_taken_twice_and_each_covers_what_its_list_says(stage: Stage) -> None:
    which, anna = await opened(stage)
    await signed(stage, which, range(3))
    said = await listing(stage, which)
    await signed(stage, which, range(3, 6))
    await stage.storage.write(partial(petition_logs.make_checkpoint, which=which, by=PETITIONS, now=stage.now()))
    await tells(stage, anna, which, f"  {said}\n\n")
    assert "as packet 1" in anna.last
    assert sha256(said.encode()).hexdigest() in anna.last
    assert [one.covers for one in await packets_of(stage, which)] == [4], "not the newest checkpoint"
    await tells(stage, anna, which, said)
    assert "Another packet was made meanwhile" in anna.last
    assert len(await packets_of(stage, which)) == 1


async def test_whoever_withdraws_later_is_told_to_the_recipient_by_place(stage: Stage, tmp_path: Path) -> None:
    which, anna, _out = await a_packet(stage, tmp_path)
    await anna.presses("No. 1")
    await anna.presses("handed over")
    await anna.presses("By hand")
    assert "must get a supplement" not in anna.last
    await takes_back(stage, which, 2)
    await forge(stage, anna, f"petition.packets:{base36(which)}")
    assert "1 signature in it has ended since" in anna.last
    await anna.presses("No. 1")
    await anna.presses("Make a supplement")
    attached = anna.messages[-1].attachment
    assert attached is not None
    assert b"entry 3\n" in attached.data
    home = await exported(stage, anna, which, tmp_path / "later")
    assert command.main(["packet", str(home), "icrc", "--supplement", "1", "--public-key", COMMUNITY.public]) == 0
    await forge(stage, anna, f"petition.packets:{base36(which)}")
    assert "must get a supplement" not in anna.last
    packets = await packets_of(stage, which)
    assert [one.corrects for one in packets] == [None, 1]


async def test_a_supplement_is_the_one_that_everybody_can_make(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    which, anna, _out = await a_packet(stage, tmp_path)
    await forge(stage, anna, f"petition.sent:{base36(which)}:1:post")
    await takes_back(stage, which, 7)
    home = await exported(stage, anna, which, tmp_path / "later")
    capsys.readouterr()
    assert command.main(["packet", str(home), "icrc", "--supplement", "1", "--public-key", COMMUNITY.public]) == 0
    made = capsys.readouterr().out
    await forge(stage, anna, f"petition.more:{base36(which)}:1")
    attached = anna.messages[-1].attachment
    assert attached is not None
    assert attached.data.decode() == made


async def test_no_answer_in_time_makes_a_draft_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace  # noqa: PLC0415

    icrc = addressees.ADDRESSEES["icrc"]
    changed = {**addressees.ADDRESSEES, "icrc": replace(icrc, rules=replace(icrc.rules, answer_days=10))}
    monkeypatch.setattr(ledger, "ADDRESSEES", changed)
    which, anna = await opened(stage)
    await tells(stage, anna, which, said := await listing(stage, which))
    await forge(stage, anna, f"petition.sent:{base36(which)}:1:form")
    zarina = await follower(stage, which)
    heard = zarina.screen.count(NEWS)
    await stage.pass_time(10 * DAY - timedelta(hours=1), DAY)
    assert [one.state for one in await packets_of(stage, which)] == [Delivery.SENT]
    await stage.pass_time(timedelta(hours=2), timedelta(hours=1))
    assert [one.state for one in await packets_of(stage, which)] == [Delivery.OVERDUE]
    assert "new waits for you" in anna.last
    assert zarina.sees(NEWS)
    await anna.presses("Look")
    assert "A letter that reminds them is drafted" in anna.last
    await anna.presses("No. 1")
    await anna.presses("Reminding letter")
    attached = anna.messages[-1].attachment
    assert attached is not None
    assert attached.data.decode().count(sha256(said.encode()).hexdigest()) == 3  # noqa: PLR2004
    letters = len(anna.messages)
    await stage.pass_time(timedelta(hours=3), timedelta(hours=1))
    assert len(anna.messages) <= letters, "once"
    del heard


async def test_a_step_that_was_taken_is_not_taken_again(stage: Stage) -> None:
    which, anna = await opened(stage)
    await tells(stage, anna, which, await listing(stage, which))
    for code in ("petition.came", "petition.answer", "petition.remind", "petition.more"):
        await forge(stage, anna, f"{code}:{base36(which)}:1")
    await forge(stage, anna, f"petition.sent:{base36(which)}:1:pigeon")
    assert [one.state for one in await packets_of(stage, which)] == [Delivery.SEALED]
    await forge(stage, anna, f"petition.sent:{base36(which)}:1:hand")
    await forge(stage, anna, f"petition.sent:{base36(which)}:1:form")
    assert [one.sent_by for one in await packets_of(stage, which)] == ["hand"]
    await forge(stage, anna, f"petition.sent:{base36(which)}:9:form")
    assert (await petition_of(stage, which)).packed_at is not None
