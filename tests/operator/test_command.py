"""The command line: plain words, exit codes, and never a traceback or a value."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import pyrage
import pytest

from bot import __main__ as command
from bot.domain.conversation import Incoming, Said, Sender
from bot.outbox.courier import Throttled
from bot.settings import SettingsFault, load
from storage import inbox, keys, signing, sqlite
from storage.crypto import Keys
from storage.database import Busy, Full, Unusable
from tests.house.sources import HOUSE

if TYPE_CHECKING:
    from pathlib import Path


def payvand(home: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", *words],
        cwd=home,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_community_is_founded_checked_and_counted_without_a_question(tmp_path: Path) -> None:
    (tmp_path / "words").write_text("on paper")
    made = payvand(tmp_path, "init", "--no-questions", "--community", "Нур", "--passphrase-file", "words")
    assert (made.returncode, made.stderr) == (0, "")
    assert "payvand run" in made.stdout
    checked = payvand(tmp_path, "check", "--offline")
    assert checked.returncode == 1  # no recipients yet, and the root key is still here
    assert "2 failed" in checked.stdout
    again = payvand(tmp_path, "init", "--no-questions", "--community", "Нур")
    assert again.returncode == 2  # noqa: PLR2004 - misused
    assert "nothing is overwritten" in again.stderr
    assert "Traceback" not in made.stderr + checked.stderr + again.stderr


def test_a_certificate_is_renewed_where_the_root_key_is_kept(tmp_path: Path) -> None:
    (tmp_path / "words").write_text("on paper")
    payvand(tmp_path, "init", "--no-questions", "--community", "x", "--passphrase-file", "words")
    certificate = tmp_path / "var/keys/bulletins.certificate"
    certificate.write_text("an old one")
    keys = ("payvand-root/root.key", "var/keys/bulletins.key")
    assert payvand(tmp_path, "certify", *keys, "--passphrase-file", "words").returncode == 0
    assert "online key   certified until" in payvand(tmp_path, "check", "--offline").stdout
    (tmp_path / "words").write_text("something else")
    refused = payvand(tmp_path, "certify", *keys, "--passphrase-file", "words")
    assert (refused.returncode, "passphrase" in refused.stderr) == (1, True)


def test_a_backup_of_a_running_bot_is_drilled_and_restored(tmp_path: Path) -> None:
    holders = [pyrage.x25519.Identity.generate() for _ in range(2)]
    (tmp_path / "holder").write_text(f"# of one of them\n{holders[1]}\n")
    (tmp_path / "holder").chmod(0o600)
    (tmp_path / "words").write_text("on paper")
    named = [word for one in holders for word in ("--recipient", str(one.to_public()))]
    payvand(tmp_path, "init", "--no-questions", "--community", "x", "--passphrase-file", "words", *named)
    settings = load(tmp_path / "payvand.toml")

    async def back_up_beside_the_bot() -> subprocess.CompletedProcess[str]:
        bot = await sqlite.open_file(settings.database_file, Keys(keys.read(settings.key_file)))
        try:
            return await asyncio.to_thread(payvand, tmp_path, "backup")
        finally:
            await bot.close()

    made = asyncio.run(back_up_beside_the_bot())
    assert (made.returncode, made.stderr) == (0, "")
    (copy,) = (tmp_path / "var/backups").glob("*.age")
    assert settings.key_file.read_bytes().strip() not in copy.read_bytes()
    drilled = payvand(tmp_path, "drill", str(copy), "--identity", "holder")
    assert (drilled.returncode, "The file is whole" in drilled.stdout) == (0, True)
    opened = payvand(tmp_path, "restore", str(copy), "--identity", "holder")
    assert opened.returncode == 0
    for name in ("bulletins.*", "petitions.*", "telegram.token", "webhook.secret", "matrix.password"):
        assert name in opened.stdout, name
    restored = {one.name for one in (tmp_path / "restored").iterdir()}
    assert {"payvand.db", "payvand.key", "payvand.toml", "bulletins.key"} <= restored
    again = payvand(tmp_path, "restore", str(copy), "--identity", "holder")
    assert (again.returncode, "Nothing is overwritten" in again.stderr) == (1, True)


def test_without_recipients_no_backup_is_made(tmp_path: Path) -> None:
    (tmp_path / "words").write_text("on paper")
    payvand(tmp_path, "init", "--no-questions", "--community", "x", "--passphrase-file", "words")
    refused = payvand(tmp_path, "backup")
    assert (refused.returncode, "age" in refused.stderr, refused.stdout) == (1, True, "")


def test_running_without_settings_is_told_in_a_sentence(tmp_path: Path) -> None:
    done = payvand(tmp_path, "run")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.strip().endswith("Run `payvand init`, or name the file with --settings.")


def test_a_command_that_does_not_exist_is_misuse(tmp_path: Path) -> None:
    assert payvand(tmp_path, "fly").returncode == 2  # noqa: PLR2004 - misused
    assert payvand(tmp_path).returncode == 2  # noqa: PLR2004 - misused


def test_the_version_is_the_projects(tmp_path: Path) -> None:
    assert payvand(tmp_path, "version").stdout.startswith("payvand ")


def test_the_help_enters_no_heavy_room(tmp_path: Path) -> None:
    heavy = ("sqlalchemy", "telegram", "aiohttp", "pydantic", "structlog", "babel", "asyncpg", "storage", "handlers")
    program = (
        "import sys, json\nfrom bot.__main__ import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print(json.dumps(sorted(set(sys.modules) & set({heavy!r}))))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=HOUSE, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == []
    assert tmp_path.exists()


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (SettingsFault("`x` must be y."), 2, "`x` must be y."),
        (Unusable("Stop it first."), 1, "Stop it first."),
        (Full(), 1, "There is no room on the disk."),
        (Busy(), 1, "The database is busy"),
    ],
)
def test_an_expected_fault_is_a_sentence(
    capsys: pytest.CaptureFixture[str], error: Exception, code: int, said: str
) -> None:
    assert command._explain(error, debug=False) == code  # noqa: SLF001
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("debug", [False, True])
def test_an_accident_is_told_without_its_words(capsys: pytest.CaptureFixture[str], *, debug: bool) -> None:
    with pytest.raises(ValueError, match="canary") as caught:
        int("canary")
    assert command._explain(caught.value, debug=debug) == 1  # noqa: SLF001
    told = capsys.readouterr().err
    assert "ValueError" in told
    assert "canary" not in told
    assert ("--debug" in told) is not debug


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("certify", "root.key", "no/bulletins.key", "--passphrase-file", "words"), "There is no directory no."),
        (("certify", "root.key", "bulletins.key", "--passphrase-file", "words"), "There is no file bulletins.key."),
        (("certify", "root.key", "bulletins.key", "--passphrase-file", "none"), "There is no file none."),
        (("import-list", "none.csv", "--source", "x"), "There is no file none.csv."),
        (("certify", "root.key", "folder", "--passphrase-file", "words"), "folder can't be used: Is a directory."),
        (("init",), "Nobody answers here."),
    ],
)
def test_a_path_that_is_not_there_and_a_question_that_nobody_answers_are_told(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    (tmp_path / "words").write_text("on paper")
    (tmp_path / "folder").mkdir()
    told = payvand(tmp_path, *words)
    assert (told.returncode, told.stderr.splitlines()[-1].startswith(said)) == (1, True), told.stderr


def test_a_token_that_is_none_stops_the_service_for_good(tmp_path: Path) -> None:
    (tmp_path / "words").write_text("on paper")
    payvand(tmp_path, "init", "--no-questions", "--community", "x", "--passphrase-file", "words")
    settings = tmp_path / "payvand.toml"
    settings.write_text(settings.read_text().replace("# [telegram]", "[telegram]").replace("# token_f", "token_f"))
    (tmp_path / "var/keys/telegram.token").touch(0o600)
    (tmp_path / "var/keys/telegram.token").write_text("later\n")
    told = payvand(tmp_path, "run")
    assert told.returncode == 2  # noqa: PLR2004 - systemd does not try again
    assert "`telegram.token_file`" in told.stderr
    assert "later" not in told.stderr


def test_messages_that_met_a_fault_are_listed_without_a_word_and_released(tmp_path: Path) -> None:
    (tmp_path / "words").write_text("on paper")
    payvand(tmp_path, "init", "--no-questions", "--community", "x", "--passphrase-file", "words")
    settings = load(tmp_path / "payvand.toml")
    now = datetime.now(UTC)
    incoming = Incoming("1", Sender("telegram", "1", "canary"), now, Said("canary"))

    async def keep() -> None:
        bot = await sqlite.open_file(settings.database_file, Keys(keys.read(settings.key_file)))
        await bot.write(partial(inbox.note_accident, code="7F3A", kept=inbox.Kept(incoming), now=now))
        await bot.close()

    asyncio.run(keep())
    listed = payvand(tmp_path, "accidents")
    assert (listed.returncode, f"7F3A  {now:%Y-%m-%d %H:%M} UTC  waits for a repair" in listed.stdout) == (0, True)
    released = payvand(tmp_path, "accidents", "--again")
    assert (released.returncode, released.stdout.startswith("1 messages will be handled once more")) == (0, True)
    afterwards = payvand(tmp_path, "accidents")
    assert "7F3A" in afterwards.stdout
    assert "will be handled when the bot runs" in afterwards.stdout
    assert "canary" not in listed.stdout + listed.stderr + released.stdout + released.stderr + afterwards.stdout


def test_every_sentence_belongs_to_an_exception_that_exists() -> None:
    for name in command.SENTENCES:
        module, _, kind = name.rpartition(".")
        assert issubclass(getattr(importlib.import_module(module), kind), Exception)
    assert not {kind.__name__ for kind in Throttled.__mro__} & command.STORAGE.keys()


def test_a_key_for_petitions_is_made_and_certified_for_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "words").write_text("on paper")
    payvand(tmp_path, "init", "--no-questions", "--community", "x", "--passphrase-file", "words")
    keys = ("payvand-root/root.key", "var/keys/petitions.key")
    for _ in range(2):  # the second time the key is there, and stays
        made = payvand(tmp_path, "certify", *keys, "--purpose", "petitions", "--passphrase-file", "words")
        assert (made.returncode, made.stderr) == (0, "")
    certificate = (tmp_path / "var/keys/petitions.certificate").read_text("ascii")
    assert "\npurpose: petitions\n" in certificate
    assert f"\nkey: {signing.public_of((tmp_path / 'var/keys/petitions.key').read_bytes())}\n" in certificate
    assert (tmp_path / "var/keys/petitions.key").stat().st_mode & 0o777 == 0o600  # noqa: PLR2004 - its owner alone
