"""`payvand export-petition` and `payvand publish`, as an operator runs them beside the bot."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from bot import __main__ as command
from bot import dossier
from bot.settings import Settings, load
from storage import envelope, keys, notes, people, petition_logs, signatures, signing, sqlite
from storage.crypto import Keys
from storage.database import Tx
from tests.operator.test_publish import home as home  # noqa: PLC0414 - a community that has just been founded
from tests.petitions.ledgers import PEOPLE
from tests.petitions.signing import letter, opened

PHRASE = "a phrase on paper"
KEY = envelope.make()


def certified(home: Path, settings: Settings, now: datetime) -> None:
    """The online key for petitions, as `payvand certify` makes it."""
    kept = settings.data / "keys" / "petitions.key"
    signing.write(kept, signing.make_pair().secret)
    public = signing.public_of(kept.read_bytes())
    root = (home / "stick" / "root.key").read_bytes()
    text, vouching = signing.certify(root, PHRASE, public, notes.PURPOSE, now)
    kept.with_suffix(".certificate").write_bytes(text)
    kept.with_name("petitions.certificate.minisig").write_bytes(vouching)


def a_petition(tx: Tx, now: datetime, by: notes.Online) -> int:
    """A petition with eight signatures and a checkpoint."""
    author, reviewer = people.new(tx, now), people.new(tx, now)
    one = opened(tx, author, reviewer, letter(KEY, now), now)
    for number in range(8):
        who = PEOPLE[number % 4]
        assert signatures.sign(tx, one, [("memory", f"{number:x}")], who, now, verified=False, country=who.country)
    petition_logs.make_checkpoint(tx, one.id, by, now)
    return one.id


async def filled(settings: Settings, now: datetime) -> int:
    """The database of a bot that is stopped."""
    own = Keys(keys.read(settings.key_file))
    own.petitions = notes.open_online(settings.data / "keys", settings.community, settings.public_key or "", now)
    storage = await sqlite.open_file(settings.database_file, own)
    try:
        return await storage.write(partial(a_petition, now=now, by=own.petitions))
    finally:
        await storage.close()


def test_an_operator_exports_and_publishes(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    settings = load(home / "payvand.toml")
    certified(home, settings, now)
    which = asyncio.run(filled(settings, now))
    root = settings.public_key or ""
    assert command.main(["export-petition", f"{which:x}", "--out", str(home / "export")]) == 0
    assert len(list(dossier.records(home / "export"))) == 8  # noqa: PLR2004
    assert command.main(["verify", str(home / "export"), "--public-key", root]) == 0
    capsys.readouterr()
    assert command.main(["export-petition", f"{which:x}", "--out", str(home / "export")]) == 1
    assert "nothing is overwritten" in capsys.readouterr().err
    assert command.main(["export-petition", "12345", "--out", str(home / "other")]) == 1
    assert f"{which:x}" in capsys.readouterr().err
    assert not (home / "other").exists()
    for _ in range(2):
        assert command.main(["publish", str(home / "out")]) == 0
    assert "1 petitions are in" in capsys.readouterr().out
    assert command.main(["verify", str(home / "out" / "petitions" / f"{which:x}"), "--public-key", root]) == 0
    said = "".join(file.read_text("utf-8", "replace") for file in (home / "out").rglob("*") if file.is_file())
    assert not any(name in said for name in ("Publicia", "Recipia", "I. C."))
