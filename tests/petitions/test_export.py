"""What the bot gives out opens with the real commands: an organiser's packet, an outsider's count, and no name else."""

from __future__ import annotations

import random
import re
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from bot import dossier, exporting, packet
from bot.domain import petition_log
from bot.domain.petition_log import Reason
from handlers.ask import base36
from storage import ledger, petition_logs, petitions, signatures
from storage.database import Tx
from tests.faults import count
from tests.petitions.ledgers import DAY, exported, handed, opened, packs, signed, takes_back, total, verifies
from tests.petitions.signing import petition_of
from tests.stage import Stage
from tests.storage.servers import COMMUNITY, ONE_ENGINE, PETITIONS

NAMES = ("Publicia", "Recipia", "I. C.")


def everything(home: Path) -> str:
    """All that stands in a directory's files."""
    return "".join(file.read_text("utf-8", "replace") for file in home.rglob("*") if file.is_file())


async def test_an_export_from_a_chat_becomes_a_packet_and_is_checked(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    which, anna = await opened(stage)
    await signed(stage, which, range(12))
    await takes_back(stage, which, 5)
    home = await exported(stage, anna, which, tmp_path / "export")
    packet = packs(tmp_path, home)
    assert total(packet) == (await petition_of(stage, which)).count == 11  # noqa: PLR2004
    said = everything(packet)
    assert all(name in said for name in NAMES)
    assert not any(name in everything(home) for name in NAMES), "the names are sealed"
    assert verifies(home) == 0
    assert "11" in capsys.readouterr().out


@ONE_ENGINE
async def test_everybody_gets_files_that_verify_and_hold_no_record(stage: Stage, tmp_path: Path) -> None:
    which, _anna = await opened(stage)
    await signed(stage, which, range(8))
    await stage.pass_time(timedelta(minutes=2))
    zarina = stage.actor("zarina")
    await zarina.settles_in("Zarina")
    home = await handed(stage, zarina, f"petition.files:{base36(which)}", tmp_path / "files")
    assert verifies(home) == 0
    assert not (home / dossier.RECORDS).exists()
    assert not any(name in everything(home) for name in NAMES)


@ONE_ENGINE
async def test_while_signatures_are_held_there_is_no_export(stage: Stage) -> None:
    which, anna = await opened(stage)
    await signed(stage, which, range(4))
    await signed(stage, which, [4], held=True)
    await stage.memory.press(anna.account, "none", f"petition.export:{base36(which)}", stale=True)
    await stage.settle()
    assert "is held" in anna.last
    assert not any(message.attachment for message in anna.messages)


@ONE_ENGINE
async def test_only_its_organiser_gets_the_export(stage: Stage) -> None:
    which, anna = await opened(stage)
    zarina = stage.actor("zarina")
    await zarina.settles_in("Zarina")
    for verb in ("petition.export", "petition.packets", "petition.made"):
        await stage.memory.press(zarina.account, "none", f"{verb}:{base36(which)}", stale=True)
        await stage.settle()
        one = zarina.last
        await stage.memory.press(zarina.account, "none", f"{verb}:zzzz", stale=True)
        await stage.settle()
        assert zarina.last == one
    assert not any(message.attachment for message in [*zarina.messages, *anna.messages])


@ONE_ENGINE
async def test_the_published_pages_hold_what_everybody_may_know(stage: Stage, tmp_path: Path) -> None:
    which, _anna = await opened(stage)
    await signed(stage, which, range(8))
    await takes_back(stage, which, 1)
    await stage.pass_time(timedelta(minutes=2))
    publish = partial(
        exporting.publish, directory=tmp_path / "petitions", community="<Нур>", root=COMMUNITY.public, now=stage.now()
    )
    assert await stage.storage.read(publish) == 1
    home = tmp_path / "petitions" / f"{which:x}"
    assert verifies(home) == 0
    page = (home / "index.html").read_text("utf-8")
    assert "<script" not in page
    assert "&lt;Нур&gt;" in page
    for language, title in (("tg", "The title in tg."), ("ru", "The title in ru."), ("en", "The title in en.")):
        assert f'lang="{language}"' in page
        assert title in page
    assert "7 signatures stand" in page
    assert not any(name in everything(tmp_path) for name in NAMES)
    before = sorted(file.name for file in home.iterdir())
    assert dossier.RECORDS not in before
    await signed(stage, which, range(8, 12))
    assert await stage.storage.read(publish) == 1, "without a newer checkpoint the log is what it was"
    assert sorted(file.name for file in home.iterdir()) == before
    assert verifies(home) == 0


@ONE_ENGINE
async def test_a_renewed_key_does_not_make_old_checkpoints_false(stage: Stage, tmp_path: Path) -> None:
    from storage import notes  # noqa: PLC0415

    which, _anna = await opened(stage)
    await signed(stage, which, range(3))
    await stage.pass_time(timedelta(minutes=2))
    await stage.pass_time(35 * DAY, DAY)
    keys = await stage.storage.read(lambda tx: tx.connection.dialect.payvand_keys)  # type: ignore[attr-defined]
    keys.petitions = notes.throwaway("Pamir Bridge", stage.now(), COMMUNITY)
    await stage.storage.write(partial(_strike_one, which=which, stage=stage))
    await stage.pass_time(timedelta(minutes=2))
    keys.petitions = PETITIONS
    publish = partial(
        exporting.publish, directory=tmp_path / "petitions", community="Нур", root=COMMUNITY.public, now=stage.now()
    )
    await stage.storage.read(publish)
    home = tmp_path / "petitions" / f"{which:x}"
    assert len(list(home.glob("*.certificate"))) == 2  # noqa: PLR2004
    assert len(list(home.glob("*.checkpoint"))) == 2  # noqa: PLR2004
    assert verifies(home) == 0


def _strike_one(tx: Tx, which: int, stage: Stage) -> None:
    place, _record = next(signatures.records(tx, which))
    assert signatures.strike(tx, which, place, Reason.FALSE, stage.now())


def a_step(  # noqa: PLR0913, PLR0917 - what happens to what
    tx: Tx,
    which: int,
    dice: random.Random,
    accounts: dict[int, int],
    ended: list[int],
    packets: list[int],
    stage: Stage,
) -> None:
    """Something that happens to a petition.

    What stays the truth: `accounts` whose signatures count, and where these stand; where those stand that `ended`; and
    where in the log each of the `packets` stands.
    """
    one = petitions.find(tx, which)
    assert one is not None
    match dice.randrange(8):
        case 0 if accounts:
            number = dice.choice(sorted(accounts))
            assert signatures.withdraw(tx, one, [("memory", f"{number:x}")], stage.now()) == 1
            ended.append(accounts.pop(number))
        case 1 if accounts:
            number = dice.choice(sorted(accounts))
            (place,) = signatures.places(tx, one, [("memory", f"{number:x}")])
            assert signatures.strike(tx, which, place, Reason.DOUBLE, stage.now())
            ended.append(accounts.pop(number))
        case 2:
            petition_logs.make_checkpoint(tx, which, PETITIONS, stage.now())
        case 3:
            corrects = dice.choice([None, *range(1, len(packets) + 1)])
            ledger.record(tx, one, "icrc", 1, dice.randbytes(32), one.size, stage.now(), corrects=corrects)
            packets.append(one.size)
        case _:
            from tests.petitions.ledgers import sign  # noqa: PLC0415

            number = dice.randrange(40)
            if number not in accounts:
                (accounts[number],) = sign(tx, which, stage, [number])


@ONE_ENGINE
@pytest.mark.parametrize("seed", range(count(30)))
async def test_exported_counts_are_the_counters_are_the_truth(stage: Stage, tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    which, _anna = await opened(stage)
    truth: dict[int, int] = {}
    ended: list[int] = []
    packets: list[int] = []

    def history(tx: Tx) -> None:
        for _ in range(60):
            a_step(tx, which, dice, truth, ended, packets, stage)

    await stage.storage.write(history)
    one = await petition_of(stage, which)
    home = tmp_path / "export"
    await stage.storage.read(lambda tx: exporting.export(tx, one, PETITIONS, home, stage.now()))
    checked = dossier.check(home, COMMUNITY.public, stage.now())
    records = list(dossier.records(home))
    assert checked.tally.count == one.count == len(truth) == len(records)
    assert petition_log.replay(entry for _line, entry in dossier.entries(home)).count == len(truth)
    assert [one.number for one in checked.tally.packets] == list(range(1, len(packets) + 1))
    for number, place in enumerate(packets, 1):
        said = packet.supplement(home, number, COMMUNITY.public, stage.now())
        gone = re.findall(r"^does not count any more: entry (\d+)$", said, re.MULTILINE)
        assert [int(one) for one in gone] == sorted(one for one in ended if one < place)
    if seed == 0:
        assert total(packs(tmp_path, home)) == len(truth)
