"""`payvand succession`: what an operator does when the bot's account is gone, and what people can check."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot import __main__ as command
from bot import founding, succession
from bot.domain.conversation import Sender
from bot.settings import load
from bot.succession import Notice, SuccessionFault
from storage import keys, people, signing, sqlite
from storage.crypto import Keys
from storage.signing import NotCertified

CHEAP = {"opslimit": 32768, "memlimit": 1 << 20}
OLD, NEW = "7000000001", "7000000002"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A community whose settings hold the new account, and whose people were met by the old one."""
    monkeypatch.chdir(tmp_path)
    plan = founding.Plan(
        settings=tmp_path / "payvand.toml",
        community="Нур",
        data=tmp_path / "var",
        token=SecretStr(f"{NEW}:AAH-canary-canary-canary-canary-0001"),
        recipients=(),
        root_key=tmp_path / "stick" / "root.key",
        passphrase=SecretStr("a phrase on paper"),
        made_up=False,
    )
    founding.found(plan, founding.Silence(), datetime.now(UTC), **CHEAP)
    settings = load(tmp_path / "payvand.toml")

    async def live() -> None:
        storage = await sqlite.open_file(settings.database_file, Keys(keys.read(settings.key_file)))
        for account in ("1", "2"):
            sender = Sender("telegram", OLD, account)
            await storage.write(lambda tx, sender=sender: people.meet(tx, sender, datetime.now(UTC)))  # type: ignore[misc]
        await storage.close()

    asyncio.run(live())
    return tmp_path


def test_one_command_records_the_successor_and_signs_a_notice(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["succession", "telegram", "--name", "@new_name"]) == 0
    said = capsys.readouterr().out
    assert f"Recorded: 2 people of {OLD} are recognised when they press Start at {NEW}." in said
    assert command.main(["succession", "--check", "succession/notice.txt"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("GOOD. Signed for Нур")
    assert f"the account {NEW} (@new_name) takes the place of {OLD}." in said
    settings = load(home / "payvand.toml")

    async def recognised() -> bool:
        storage = await sqlite.open_file(settings.database_file, Keys(keys.read(settings.key_file)))
        met = await storage.write(lambda tx: people.meet(tx, Sender("telegram", NEW, "2"), datetime.now(UTC)))
        await storage.close()
        return met.moved

    assert asyncio.run(recognised())


def test_anybody_can_check_a_notice_with_the_public_key_alone(
    home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    command.main(["succession", "telegram", "--name", "@new_name"])
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    for file in (home / "succession").iterdir():
        (elsewhere / file.name).write_bytes(file.read_bytes())
    key = load(home / "payvand.toml").public_key
    assert command.main(["succession", "--check", str(elsewhere / "notice.txt"), "--public-key", key]) == 0


def test_minisign_itself_accepts_a_notice_and_refuses_one_that_was_changed(home: Path) -> None:
    program = shutil.which("minisign")
    if program is None:
        pytest.skip("minisign is not installed: that it accepts our signatures was not tested")
    file = made(home)
    certificate = file.with_name("bulletins.certificate")
    online = re.findall(r"^key: (RW\S+)$", certificate.read_text(), re.MULTILINE)[0]

    def accepts(what: Path, key: str) -> bool:
        return subprocess.run([program, "-V", "-P", key, "-m", what], check=False, capture_output=True).returncode == 0

    assert accepts(certificate, load(home / "payvand.toml").public_key)
    assert accepts(file, online)
    file.write_bytes(file.read_bytes() + b"x")
    assert not accepts(file, online)


def made(home: Path, out: str = "out") -> Path:
    """A good notice."""
    notice = Notice("Нур", "telegram", OLD, NEW, "@new_name", datetime.now(UTC).replace(microsecond=0))
    return succession.sign(load(home / "payvand.toml"), notice, home / out)


def test_a_notice_that_was_changed_is_not_believed(home: Path) -> None:
    file = made(home)
    key = load(home / "payvand.toml").public_key
    now = datetime.now(UTC) + timedelta(minutes=1)
    assert succession.check(file, key, now).successor == NEW, "control"
    file.write_bytes(file.read_bytes().replace(NEW.encode(), b"6660000002"))
    with pytest.raises(SuccessionFault, match="NOT signed"):
        succession.check(file, key, now)


def test_a_notice_of_another_community_or_of_an_expired_key_is_not_believed(home: Path) -> None:
    file = made(home)
    now = datetime.now(UTC) + timedelta(minutes=1)
    stranger = signing.make_pair().public
    with pytest.raises(NotCertified):
        succession.check(file, stranger, now)
    settings = load(home / "payvand.toml")
    late = Notice("Нур", "telegram", OLD, NEW, "@new_name", datetime.now(UTC) + timedelta(days=31))
    with pytest.raises(NotCertified):
        succession.sign(settings, late, home / "late")
    with pytest.raises(SuccessionFault, match="has not come yet"):
        succession.check(file, settings.public_key, now - timedelta(days=1))


@pytest.mark.parametrize("missing", ["notice.txt.minisig", "bulletins.certificate", "bulletins.certificate.minisig"])
def test_a_notice_without_its_files_says_which(home: Path, missing: str) -> None:
    file = made(home)
    file.with_name(missing).unlink()
    with pytest.raises(SuccessionFault, match="must be there"):
        succession.check(file, load(home / "payvand.toml").public_key, datetime.now(UTC) + timedelta(minutes=1))


def test_what_does_not_fit_is_said_in_a_sentence_and_changes_nothing(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words, said in (
        (["telegram"], "Say the platform and the name"),
        (["matrix", "--name", "@x"], "The settings hold no account on matrix."),
        (["telegram", "--name", "@x", "--to", OLD], "there is nothing to succeed"),
        (["telegram", "--name", "@x", "--to", OLD, "--from", OLD, "--no-notice"], "can't succeed itself"),
        (["--check", "nowhere.txt"], "must be there"),
    ):
        assert command.main(["succession", *words]) == 1
        assert said in capsys.readouterr().err, words
    assert not (home / "succession").exists()


def test_without_an_online_key_it_can_still_be_recorded(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "var" / "keys" / "bulletins.key").unlink()
    assert command.main(["succession", "telegram", "--name", "@new_name"]) == 1
    assert "--no-notice" in capsys.readouterr().err
    assert command.main(["succession", "telegram", "--name", "@new_name", "--no-notice"]) == 0
    assert "Recorded: 2 people" in capsys.readouterr().out


def test_while_the_bot_runs_nothing_is_recorded(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = load(home / "payvand.toml")

    async def meanwhile() -> int:
        storage = await sqlite.open_file(settings.database_file, Keys(keys.read(settings.key_file)))
        try:
            return await asyncio.to_thread(command.main, ["succession", "telegram", "--name", "@new_name"])
        finally:
            await storage.close()

    assert asyncio.run(meanwhile()) == 1
    assert capsys.readouterr().err
