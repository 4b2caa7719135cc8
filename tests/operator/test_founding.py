"""`payvand init`: a community gets its keys and its settings, and nothing that exists is lost."""

from __future__ import annotations

import os
import pty
import select
import shutil
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pyrage
import pytest
from pydantic import SecretStr

from bot import founding
from bot.founding import InitFault, Plan, Wishes
from bot.settings import load
from storage import keys, signing

if TYPE_CHECKING:
    from collections.abc import Sequence

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TOKEN = "7000000001:AAH-canary-canary-canary-canary-0001"  # noqa: S105 - a canary
PHRASE = "a phrase on paper"
CHEAP = {"opslimit": 32768, "memlimit": 1 << 20}


def recipient() -> str:
    return str(pyrage.x25519.Identity.generate().to_public())


class Scripted:
    """An operator whose answers are known beforehand, in order; it remembers what was shown."""

    def __init__(self, answers: Sequence[str] = (), secrets: Sequence[str] = ()) -> None:
        self.answers = list(answers)
        self.secrets = list(secrets)
        self.shown: list[str] = []

    def say(self, text: str = "") -> None:
        self.shown.append(text)

    def explain(self, text: str) -> None:
        self.shown.append(text)

    def ask(self, question: str, default: str) -> str:
        self.shown.append(question)
        return self.answers.pop(0) or default

    def ask_secretly(self, question: str) -> str:
        self.shown.append(question)
        return self.secrets.pop(0)


def a_plan(home: Path, *, token: str = TOKEN, recipients: tuple[str, ...] = (), made_up: bool = False) -> Plan:
    return Plan(
        settings=home / "payvand.toml",
        community='The "Nur" \\ family',
        data=home / "var",
        token=SecretStr(token),
        recipients=recipients,
        root_key=home / "away" / "root.key",
        passphrase=SecretStr(PHRASE),
        made_up=made_up,
    )


def files_of(home: Path) -> dict[str, bytes]:
    return {str(one.relative_to(home)): one.read_bytes() for one in sorted(home.rglob("*")) if one.is_file()}


# -- asking ----------------------------------------------------------------------------------------------------------


def test_one_question_at_a_time_with_defaults(tmp_path: Path) -> None:
    first, second = recipient(), recipient()
    talk = Scripted(["", "Nur", "", first, second, "", ""], [TOKEN, PHRASE, PHRASE])
    plan = founding.ask(Wishes(settings=tmp_path / "payvand.toml"), talk)
    assert (plan.community, plan.data, plan.recipients) == ("Nur", tmp_path / "var", (first, second))
    assert plan.root_key == tmp_path / "payvand-root" / "root.key"
    assert (plan.token.get_secret_value(), plan.passphrase.get_secret_value()) == (TOKEN, PHRASE)
    assert not plan.made_up
    assert talk.answers == talk.secrets == []


def test_an_answer_that_does_not_fit_is_asked_again(tmp_path: Path) -> None:
    one = recipient()
    talk = Scripted(["Nur", "", "?", "age1mistyped", one, one, "", ""], ["no token", TOKEN, "first", "other", "x", "x"])
    plan = founding.ask(Wishes(settings=tmp_path / "payvand.toml"), talk)
    shown = "\n".join(talk.shown)
    assert plan.recipients == (one,)
    for told in (
        "That is no token",
        "age-keygen",
        "not an age public key",
        "That key was there already",
        "They differ",
    ):
        assert told in shown
    assert "canary" not in shown
    assert "canary" not in repr(plan)


def test_without_a_passphrase_words_are_made(tmp_path: Path) -> None:
    plan = founding.ask(Wishes(settings=tmp_path / "p.toml"), Scripted(["Nur", "", "", ""], ["", ""]))
    assert plan.made_up
    assert len(plan.passphrase.get_secret_value().split("-")) == 7  # noqa: PLR2004 - words


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        (Wishes(), "--community"),
        (Wishes(community="x" * 65), "1 to 64 characters"),
        (Wishes(community="a\nb"), "on one line"),
        (Wishes(community="x", token_file=Path("absent")), "holds no Telegram token"),
        (Wishes(community="x", recipients=("age1x",)), "not an age public key"),
        (Wishes(community="x", passphrase_file=Path("absent")), "holds no passphrase"),
    ],
)
def test_a_wrong_word_of_the_command_line_is_told(wishes: Wishes, said: str) -> None:
    with pytest.raises(InitFault, match=said):
        founding.ask(wishes, founding.Silence())


# -- making ----------------------------------------------------------------------------------------------------------


def test_a_founded_community_has_settings_that_load_and_files_that_only_its_owner_reads(tmp_path: Path) -> None:
    plan = a_plan(tmp_path, recipients=(recipient(), recipient()))
    founding.found(plan, Scripted(), NOW, **CHEAP)
    settings = load(plan.settings)
    assert settings.community == plan.community
    assert settings.data == plan.data
    assert settings.backup.recipients == plan.recipients
    assert settings.telegram is not None
    assert settings.telegram.read_token().get_secret_value() == TOKEN
    assert len(keys.read(settings.key_file)) == keys.SIZE
    for one in tmp_path.rglob("*"):
        assert stat.S_IMODE(one.stat().st_mode) == (0o700 if one.is_dir() else 0o600), one


def test_the_webhook_needs_only_its_address_afterwards(tmp_path: Path) -> None:
    founding.found(a_plan(tmp_path), Scripted(), NOW, **CHEAP)
    file = tmp_path / "payvand.toml"
    file.write_text(
        file.read_text()
        .replace('mode = "polling"', 'mode = "webhook"')
        .replace("# [telegram.webhook]", "[telegram.webhook]")
        .replace('# url = "https', 'url = "https')
    )
    found = load(file)
    assert found.telegram is not None
    assert found.telegram.webhook is not None
    assert len(found.telegram.webhook.read_secret().get_secret_value()) >= 32  # noqa: PLR2004 - letters


def test_the_settings_hold_no_secret(tmp_path: Path) -> None:
    founding.found(a_plan(tmp_path), Scripted(), NOW, **CHEAP)
    words = (tmp_path / "payvand.toml").read_text()
    kept = tmp_path / "var" / "keys"
    for secret in (
        TOKEN,
        PHRASE,
        *(one.read_text().strip() for one in (kept / "payvand.key", kept / "webhook.secret")),
    ):
        assert secret not in words


def test_without_a_token_telegram_is_left_out_and_said(tmp_path: Path) -> None:
    talk = Scripted()
    founding.found(a_plan(tmp_path, token=""), talk, NOW, **CHEAP)
    assert load(tmp_path / "payvand.toml").telegram is None
    assert "When you have a Telegram token" in "\n".join(talk.shown)
    assert "NO BACKUP CAN BE MADE YET" in "\n".join(talk.shown)


def test_words_that_were_made_are_shown_and_typed_ones_are_not(tmp_path: Path) -> None:
    made, typed = Scripted(), Scripted()
    founding.found(a_plan(tmp_path / "a", made_up=True), made, NOW, **CHEAP)
    founding.found(a_plan(tmp_path / "b"), typed, NOW, **CHEAP)
    assert PHRASE in "\n".join(made.shown)
    assert PHRASE not in "\n".join(typed.shown)
    assert TOKEN not in "\n".join(made.shown + typed.shown)


@pytest.mark.parametrize("there", ["payvand.toml", "var/keys/payvand.key", "var/keys/telegram.token", "away/root.key"])
def test_nothing_is_ever_overwritten(tmp_path: Path, there: str) -> None:
    (tmp_path / there).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / there).write_text("precious")
    with pytest.raises(InitFault, match="nothing is overwritten"):
        founding.found(a_plan(tmp_path), Scripted(), NOW, **CHEAP)
    assert files_of(tmp_path) == {there: b"precious"}


# -- the community's word --------------------------------------------------------------------------------------------


def test_the_online_key_is_certified_for_a_month_by_the_root_key(tmp_path: Path) -> None:
    founding.found(a_plan(tmp_path), Scripted(), NOW, **CHEAP)
    kept = tmp_path / "var" / "keys"
    text, signature = ((kept / f"bulletins.certificate{end}").read_bytes() for end in ("", ".minisig"))
    public = load(tmp_path / "payvand.toml").public_key
    good = signing.read_certificate(text, signature, public, NOW)
    assert (good.purpose, good.since, good.until) == ("bulletins", NOW, NOW + timedelta(days=30))
    assert signing.public_of((kept / "bulletins.key").read_bytes()) == good.key
    for when in (NOW - timedelta(seconds=1), NOW + timedelta(days=30)):
        with pytest.raises(signing.NotCertified, match="is valid from"):
            signing.read_certificate(text, signature, public, when)
    for forged in (text.replace(b"bulletins", b"petitions"), text.replace(b"2026-12", b"2036-12"), text + b"\n"):
        with pytest.raises(signing.NotCertified, match="not signed"):
            signing.read_certificate(forged, signature, public, NOW)
    with pytest.raises(signing.NotCertified, match="not signed"):
        signing.read_certificate(text, signature, signing.make_pair().public, NOW)


def test_only_the_passphrase_opens_the_root_key() -> None:
    root = signing.make_pair(PHRASE, opslimit=32768, memlimit=1 << 20)
    online = signing.make_pair()
    with pytest.raises(signing.NotCertified, match="not its passphrase"):
        signing.certify(root.secret, "another", online.public, "bulletins", NOW)
    with pytest.raises(signing.NotCertified, match="not the root key"):
        signing.certify(b"untrusted comment: x\nAAAA\n", PHRASE, online.public, "bulletins", NOW)
    assert root.public in repr(root)
    assert root.secret.decode().splitlines()[1] not in repr(root)


@pytest.fixture
def minisign() -> str:
    found = shutil.which("minisign")
    if found is None:
        pytest.skip("minisign is not installed: that it accepts our signatures was not tested")
    return found


def test_minisign_itself_accepts_what_we_sign_and_refuses_what_was_changed(tmp_path: Path, minisign: str) -> None:
    founding.found(a_plan(tmp_path), Scripted(), NOW, **CHEAP)
    certificate = tmp_path / "var/keys/bulletins.certificate"
    check = [minisign, "-V", "-m", str(certificate)]
    by_words = [*check, "-P", load(tmp_path / "payvand.toml").public_key]
    by_file = [*check, "-p", str(tmp_path / "away" / "root.pub")]
    for command in (by_words, by_file):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert "Signature and comment signature verified" in done.stdout, done.stderr
        assert "bulletins, until 2026-12-21" in done.stdout
    certificate.write_bytes(certificate.read_bytes().replace(b"2026-12", b"2036-12"))
    assert subprocess.run(by_words, capture_output=True, check=False).returncode != 0


def test_minisign_itself_signs_with_our_root_key(tmp_path: Path, minisign: str) -> None:
    founding.found(a_plan(tmp_path), Scripted(), NOW, **CHEAP)
    (tmp_path / "news").write_text("the bridge is open")
    sign = [minisign, "-S", "-s", str(tmp_path / "away" / "root.key"), "-m", str(tmp_path / "news")]
    subprocess.run(sign, input=f"{PHRASE}\n", capture_output=True, text=True, check=True)
    check = [minisign, "-V", "-p", str(tmp_path / "away" / "root.pub"), "-m", str(tmp_path / "news")]
    assert subprocess.run(check, capture_output=True, check=False).returncode == 0


# -- at a real terminal ----------------------------------------------------------------------------------------------


def test_what_is_secret_is_not_shown_while_it_is_typed(tmp_path: Path) -> None:
    answers = {  # the end of each question, and what is typed then
        "will read it. ": "Nur",
        "[var] ": "",
        "for now): ": TOKEN,
        "age1…: ": "",
        "[payvand-root] ": "",
        "made for you): ": "pass-canary",
        "again: ": "pass-canary",
    }
    child, terminal = pty.fork()
    if child == 0:  # pragma: no cover - another process
        os.chdir(tmp_path)
        os.execv(sys.executable, [sys.executable, "-m", "bot", "init"])  # noqa: S606 - ourselves
    heard, shown = b"", ""
    waiting = list(answers.items())
    while select.select([terminal], [], [], 60)[0]:
        try:
            heard += os.read(terminal, 4096)
        except OSError:  # the terminal's other end is closed
            break
        shown = heard.decode("utf-8", "replace")
        if waiting and shown.endswith(waiting[0][0]):  # not before: getpass throws away what was typed too early
            os.write(terminal, f"{waiting.pop(0)[1]}\n".encode())
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, shown
    assert waiting == []
    assert "canary" not in shown
    assert "payvand check" in shown
    assert (tmp_path / "var/keys/telegram.token").read_text().strip() == TOKEN
