"""Settings: what fits is read once and frozen, what does not fit is explained without repeating it."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import pyrage
import pytest
from pydantic import ValidationError

from bot.platforms.telegram.wire import AiohttpRequest
from bot.settings import NOT_SETTINGS, SECRETS, Settings, SettingsFault, load, names, read_secret

if TYPE_CHECKING:
    from pathlib import Path

RECIPIENT = str(pyrage.x25519.Identity.generate().to_public())
SECRET = "7000000001:AAH-canary-canary-canary-canary-0001"  # noqa: S105 - a canary


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (*NOT_SETTINGS, "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def settings(home: Path, words: str) -> Settings:
    (home / "payvand.toml").write_text(words, "utf-8")
    return load()


def complaint(home: Path, words: str) -> str:
    with pytest.raises(SettingsFault) as caught:
        settings(home, words)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None  # a traceback holds no value either
    return str(caught.value)


def test_a_name_is_enough_and_every_path_is_whole(tmp_path: Path) -> None:
    found = settings(tmp_path, 'community = "Нур"')
    assert found.community == "Нур"
    assert found.data == tmp_path / "var"
    assert found.key_file == tmp_path / "var/keys/payvand.key"
    assert found.database_file == tmp_path / "var/payvand.db"
    assert found.backup.directory == tmp_path / "var/backups"
    assert found.telegram is None
    assert not found.database.server


def test_paths_are_meant_from_where_the_file_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "payvand.toml").write_text('community = "x"\ndata = "store"\n[telegram]\ntoken_file = "t"')
    monkeypatch.chdir(tmp_path / "elsewhere")
    found = load(tmp_path / "payvand.toml")
    assert found.telegram is not None
    assert (found.data, found.telegram.token_file) == (tmp_path / "store", tmp_path / "t")


def test_settings_are_frozen(tmp_path: Path) -> None:
    with pytest.raises(ValidationError):
        settings(tmp_path, 'community = "x"').community = "y"  # type: ignore[misc]


def test_the_environment_overrides_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAYVAND_LOGS__LEVEL", "error")
    monkeypatch.setenv("PAYVAND_TELEGRAM__PACE__PER_SECOND", "5")
    found = settings(tmp_path, 'community = "x"\n[logs]\nlevel = "debug"\nform = "json"\n[telegram]')
    assert (found.logs.level, found.logs.form) == ("error", "json")
    assert found.telegram is not None
    assert found.telegram.pace.per_second == pytest.approx(5)


def test_the_environment_alone_may_hold_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAYVAND_COMMUNITY", "x")
    monkeypatch.setenv("PAYVAND_BACKUP__RECIPIENTS", f'["{RECIPIENT}"]')
    assert load().backup.recipients == (RECIPIENT,)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "`community` is missing. It must be a name of 1 to 64 characters"),
        ('community = ""', "`community` must be a name"),
        ('community = "x"\ncomunity = "y"', "`comunity` is not a setting. Did you mean `community`?"),
        (
            'community = "x"\n[telegram]\nmod = "polling"',
            "`telegram.mod` is not a setting. Did you mean `telegram.mode`?",
        ),
        ('community = "x"\nzzzzqqq = 1', "`zzzzqqq` is not a setting. Remove it."),
        ('community = "x"\n[telegram]\nmode = "pigeon"', '`telegram.mode` must be "polling" or "webhook".'),
        ('community = "x"\n[telegram]\nmode = "webhook"', "there is no part [telegram.webhook]"),
        (
            'community = "x"\n[telegram.webhook]\nurl = "http://x.example/"',
            "`telegram.webhook.url` must be the public https://",
        ),
        (
            'community = "x"\n[telegram.pace]\nper_second = 0',
            "`telegram.pace.per_second` must be a number of messages above 0",
        ),
        (
            'community = "x"\n[telegram]\napi = "ftp://x"',
            "`telegram.api` must be the https:// address of a Bot API server",
        ),
        ('community = "x"\ntelegram = 3', "`telegram` must be a part of its own: [telegram]."),
        (
            'community = "x"\n[backup]\nrecipients = ["age1abc"]',
            "`backup.recipients` must be a list of age public keys",
        ),
        ('community = "x"\n[backup]\nkeep_days = 30', "must be gone from the copies after 14 days"),
        ('community = "x"\n[database]\nurl = "mysql://x/y"', "`database.url` must be a file's path, or postgresql://"),
        ('community = "x"\npublic_key = "abc"', "`public_key` must be the community's minisign public key"),
        ("community = x", "can't be understood at line 1"),
        ('[logs]\nlevel = "loud"', "`logs.level` must be"),
    ],
)
def test_a_wrong_setting_is_named_with_its_cure(tmp_path: Path, words: str, said: str) -> None:
    assert said in complaint(tmp_path, words)


def test_every_wrong_setting_is_told_at_once(tmp_path: Path) -> None:
    assert len(complaint(tmp_path, '[logs]\nlevel = "loud"\nform = "x"').splitlines()) == 3  # noqa: PLR2004


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_in_the_file_is_refused_and_not_repeated(tmp_path: Path, name: str) -> None:
    *part, last = name.split(".")
    table = f"[{'.'.join(part)}]\n" if part else ""
    said = complaint(tmp_path, f'{last} = "{SECRET}"\n' if not part else f'{table}{last} = "{SECRET}"\n')
    assert "canary" not in said
    assert f"name that file in `{SECRETS[name]}`" in said


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_in_the_environment_is_refused_and_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("PAYVAND_" + name.upper().replace(".", "__"), SECRET)
    said = complaint(tmp_path, 'community = "x"')
    assert "canary" not in said
    assert SECRETS[name] in said


def test_a_password_in_the_databases_address_is_refused_and_not_repeated(tmp_path: Path) -> None:
    said = complaint(tmp_path, 'community = "x"\n[database]\nurl = "postgresql://me:canary@host/db"')
    assert "canary" not in said
    assert "`database.password_file`" in said


@pytest.mark.parametrize("name", [name for name in names() if name not in {"community", "data", "key_file"}])
def test_no_complaint_repeats_a_value(tmp_path: Path, name: str) -> None:
    *part, last = name.split(".")
    table = f"[{'.'.join(part)}]\n" if part else ""
    (tmp_path / "payvand.toml").write_text(f'{table}{last} = {{ canary = "canary" }}', "utf-8")
    with pytest.raises(SettingsFault) as caught:
        load()
    assert "canary =" not in str(caught.value)
    assert '"canary"' not in str(caught.value)


def test_a_strange_variable_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAYVAND_COMMUNITY", "x")
    monkeypatch.setenv("PAYVAND_LOG__LEVEL", "debug")
    with pytest.raises(SettingsFault, match=r"PAYVAND_LOG__LEVEL .* Did you mean `logs\.level`\?"):
        load()


def test_an_absent_file_is_told_with_its_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsFault, match="Run `payvand init`"):
        load()
    monkeypatch.setenv("PAYVAND_SETTINGS", str(tmp_path / "other.toml"))
    with pytest.raises(SettingsFault, match=r"other\.toml"):
        load()


# -- secrets -------------------------------------------------------------------------------------------------------


def with_token(home: Path, mode: int) -> Settings:
    (home / "token").write_text(SECRET + "\n")
    (home / "token").chmod(mode)
    return settings(home, 'community = "x"\n[telegram]\ntoken_file = "token"')


def test_a_token_comes_from_a_file_that_only_its_owner_can_read(tmp_path: Path) -> None:
    found = with_token(tmp_path, 0o600)
    assert found.telegram is not None
    token = found.telegram.read_token()
    assert token.get_secret_value() == SECRET
    assert "canary" not in f"{token!r} {token} {found!r} {found.telegram}"


@pytest.mark.parametrize("token", ["later", "1:x", "12345:abc", f"{10**20}:abc", "1:abc!", "٣:abcd", SECRET])
def test_what_is_a_token_for_telegrams_room_is_one_in_the_settings(tmp_path: Path, token: str) -> None:
    (tmp_path / "token").touch(0o600)
    (tmp_path / "token").write_text(token, "utf-8")
    found = settings(tmp_path, 'community = "x"\n[telegram]\ntoken_file = "token"').telegram
    assert found is not None
    fits = True
    try:
        AiohttpRequest(token)
    except ValueError:
        fits = False
    with nullcontext() if fits else pytest.raises(SettingsFault, match="holds no Telegram token"):
        found.read_token()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_token_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    found = with_token(tmp_path, mode)
    assert found.telegram is not None
    with pytest.raises(SettingsFault, match="chmod 600"):
        found.telegram.read_token()


def test_systemds_credential_comes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "telegram.token").write_text("from-systemd")
    found = read_secret(tmp_path / "absent", "telegram.token", "telegram.token_file")
    assert found.get_secret_value() == "from-systemd"


@pytest.mark.parametrize("content", [b"", b"two words", b"\xff\xfe"])
def test_a_file_that_holds_no_secret_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "s").write_bytes(content)
    (tmp_path / "s").chmod(0o600)
    with pytest.raises(SettingsFault, match=r"`telegram\.token_file`"):
        read_secret(tmp_path / "s", "telegram.token", "telegram.token_file")


def test_the_databases_password_joins_its_address(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("a/b@c:d")
    (tmp_path / "p").chmod(0o600)
    words = '[database]\nurl = "postgresql://me@host:5433/db"\npassword_file = "p"'
    found = settings(tmp_path, f'community = "x"\n{words}')
    assert found.database.server
    assert found.database.read_url().get_secret_value() == "postgresql://me:a%2Fb%40c%3Ad@host:5433/db"
    assert "a/b" not in repr(found)


def test_a_password_may_be_a_phrase_of_several_words(tmp_path: Path) -> None:
    (tmp_path / "s").write_bytes(b"correct horse\n")
    (tmp_path / "s").chmod(0o600)
    found = read_secret(tmp_path / "s", "matrix.password", "matrix.password_file", spaced=True)
    assert found.get_secret_value() == "correct horse"
    (tmp_path / "s").write_bytes(b"two\nlines")
    with pytest.raises(SettingsFault, match=r"`matrix\.password_file`"):
        read_secret(tmp_path / "s", "matrix.password", "matrix.password_file", spaced=True)
