"""`payvand check`: every fault is found, named, and told with its cure."""

from __future__ import annotations

import asyncio
import errno
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pyrage
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from bot import __main__ as command
from bot import checkup, founding
from bot.checkup import Finding, Outcome
from bot.domain.conversation import Lane
from bot.domain.petition import State
from bot.settings import load
from storage import keys, outbox, sqlite
from storage.crypto import Keys
from storage.schema import petition
from tests.operator.test_founding import CHEAP, TOKEN, Scripted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


def present() -> datetime:
    """Read the clock anew each time: its own check compares with files that are written in the same moment."""
    return datetime.now(UTC)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A community as `payvand init` leaves it, its root key carried away."""
    monkeypatch.chdir(tmp_path)
    recipients = tuple(str(pyrage.x25519.Identity.generate().to_public()) for _ in range(2))
    plan = founding.Plan(
        settings=tmp_path / "payvand.toml",
        community="Nur",
        data=tmp_path / "var",
        token=SecretStr(TOKEN),
        recipients=recipients,
        root_key=tmp_path / "away" / "root.key",
        passphrase=SecretStr("x"),
        made_up=False,
    )
    founding.found(plan, Scripted(), present(), **CHEAP)
    return tmp_path


def found(home: Path, *, now: datetime | None = None) -> dict[str, Finding]:
    return {one.check: one for one in checkup.examine(home / "payvand.toml", now or present(), offline=True)}


def failed(home: Path, check: str, *, now: datetime | None = None) -> str:
    """The words of a check that must fail, and nothing else may."""
    everything = found(home, now=now)
    assert {name for name, one in everything.items() if one.outcome is Outcome.FAILED} == {check}
    return everything[check].words


def make_database(home: Path) -> Path:
    settings = load(home / "payvand.toml")

    async def make() -> None:
        store = await sqlite.open_file(settings.database_file, Keys(keys.read(settings.key_file)))
        await store.close()

    asyncio.run(make())
    return settings.database_file


def change(home: Path, old: str, new: str) -> None:
    file = home / "payvand.toml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def test_a_new_community_has_no_fault(home: Path) -> None:
    everything = found(home)
    assert {one.check for one in everything.values() if one.outcome is Outcome.FAILED} == set()
    assert everything["Telegram"].outcome is Outcome.LEFT_OUT
    assert TOKEN not in checkup.table(list(everything.values()))


def test_a_community_with_a_database_and_a_backup_has_no_fault(home: Path) -> None:
    file = make_database(home)
    put_backup(home, present())
    everything = found(home)
    assert {one.check for one in everything.values() if one.outcome is Outcome.FAILED} == set()
    assert everything["database"].words == f"{file} opens with the key"
    assert everything["schema"].outcome is Outcome.OK
    assert everything["last backup"].words == "0 hours old"


def put_backup(home: Path, made: datetime) -> None:
    backup = home / "var/backups/one.age"
    backup.write_bytes(b"x")
    backup.chmod(0o600)
    os.utime(backup, (made.timestamp(), made.timestamp()))


def test_wrong_settings_are_told_and_the_rest_is_left_out(home: Path) -> None:
    change(home, 'mode = "polling"', 'mode = "pigeon"')
    assert "`telegram.mode` must be" in failed(home, "settings")
    assert found(home)["everything else"].outcome is Outcome.LEFT_OUT


def test_a_missing_key_is_told_and_what_needs_it_is_left_out(home: Path) -> None:
    make_database(home)
    put_backup(home, present())
    (home / "var/keys/payvand.key").unlink()
    assert "There is no key at" in failed(home, "key")
    assert found(home)["database"].outcome is Outcome.LEFT_OUT


def test_another_key_is_told(home: Path) -> None:
    make_database(home)
    put_backup(home, present())
    (home / "var/keys/payvand.key").unlink()
    keys.write(home / "var/keys/payvand.key", keys.make())
    assert "The key does not open" in failed(home, "database")


def test_a_running_bot_is_no_hindrance(home: Path) -> None:
    file = make_database(home)
    put_backup(home, present())
    with sqlite.lock(file):
        assert found(home)["database"].words.endswith("and the bot is running")
    assert not found(home)["database"].words.endswith("and the bot is running")


@pytest.mark.parametrize(("revision", "said"), [("9999", "belongs to a newer program"), (None, "no database of this")])
def test_a_schema_that_is_not_ours_is_told(home: Path, revision: str | None, said: str) -> None:
    file = make_database(home)
    put_backup(home, present())
    connection = sqlite.connect(file, Keys(keys.read(home / "var/keys/payvand.key")))
    if revision is None:
        connection.execute("DROP TABLE alembic_version")
    else:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    connection.close()
    assert said in failed(home, "schema")


@pytest.mark.parametrize("where", ["var", "var/keys", "var/keys/telegram.token"])
def test_what_others_can_read_is_told(home: Path, where: str) -> None:
    (home / where).chmod((home / where).stat().st_mode | 0o044)
    everything = found(home)
    assert everything["permissions"].outcome is Outcome.FAILED
    assert f"chmod -R go= {home / 'var'}" in everything["permissions"].words


def test_a_token_that_others_can_read_is_told(home: Path) -> None:
    (home / "var/keys/telegram.token").chmod(0o640)
    assert "chmod 600" in found(home)["Telegram"].words


def test_one_recipient_is_not_enough(home: Path) -> None:
    one = load(home / "payvand.toml").backup.recipients[1]
    change(home, f'  "{one}",\n', "")
    assert "at least 2 people" in failed(home, "recipients")


def test_the_same_recipient_twice_is_one(home: Path) -> None:
    one, two = load(home / "payvand.toml").backup.recipients
    change(home, two, one)
    assert "at least 2 people" in failed(home, "recipients")


def test_an_old_backup_is_told(home: Path) -> None:
    make_database(home)
    assert "There is none" in failed(home, "last backup")
    put_backup(home, present() - timedelta(hours=51))
    assert "51 hours old" in failed(home, "last backup")


def test_a_root_key_that_stayed_on_the_server_is_told(home: Path) -> None:
    (home / "payvand-root").mkdir()
    (home / "payvand-root/root.key").touch()
    assert "memory stick" in failed(home, "root key")


def test_a_root_key_beside_the_settings_is_told_wherever_the_data_are(
    home: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path_factory.mktemp("lib")
    (home / "var").rename(elsewhere / "payvand")
    (home / "payvand.toml").write_text(
        (home / "payvand.toml").read_text().replace('"var', f'"{elsewhere}/payvand'), "utf-8"
    )
    monkeypatch.chdir(elsewhere)
    assert found(home)["root key"].outcome is Outcome.OK
    (home / "payvand-root").mkdir()
    (home / "payvand-root/root.key").touch()
    assert str(home / "payvand-root/root.key") in failed(home, "root key")


def test_a_key_that_root_has_put_there_for_the_service_is_told_with_its_cure(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strange = home / "var/keys/petitions.key"
    strange.touch(0o600)
    monkeypatch.setattr(checkup, "_owner", lambda path: 0 if path == strange else 61234)
    assert f"chown --reference={home / 'var'} {strange}" in found(home)["permissions"].words
    assert found(home)["permissions"].outcome is Outcome.FAILED
    monkeypatch.setattr(checkup, "_owner", lambda _path: 61234)
    assert found(home)["permissions"].outcome is Outcome.OK


def test_words_that_are_no_token_are_told(home: Path) -> None:
    (home / "var/keys/telegram.token").write_text("later\n")
    told = failed(home, "Telegram")
    assert "`telegram.token_file`" in told
    assert "later" not in told


@pytest.mark.parametrize("gone", ["bulletins.key", "bulletins.certificate.minisig"])
def test_a_missing_file_of_the_online_key_is_named_with_the_command(home: Path, gone: str) -> None:
    (home / "var/keys" / gone).unlink()
    told = failed(home, "online key")
    assert f"There is no {home / 'var/keys' / gone}." in told
    assert "payvand certify root.key bulletins.key --purpose bulletins" in told


def test_a_file_of_the_online_key_that_cannot_be_read_is_told_apart_from_one_that_is_missing(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, read = home / "var/keys/bulletins.key", Path.read_bytes

    def refused(path: Path) -> bytes:
        if path == key:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", refused)
    told = failed(home, "online key")
    assert f"{key} can't be read (Permission denied)." in told
    assert f"chown --reference={key.parent} {key}" in told


def test_a_certificate_that_ran_out_is_told(home: Path) -> None:
    assert "payvand certify" in failed(home, "online key", now=present() + timedelta(days=31))


def test_an_online_key_that_nobody_certified_is_told(home: Path) -> None:
    for name in ("bulletins.key", "bulletins.certificate"):
        (home / "var/keys" / name).write_text("untrusted comment: x\nAAAA\n")
    assert found(home)["online key"].outcome is Outcome.FAILED


def test_a_certificate_near_its_end_is_told_before(home: Path) -> None:
    before = found(home, now=present() + timedelta(days=20))["online key"]
    near = found(home, now=present() + timedelta(days=27))["online key"]
    assert (before.outcome, near.outcome) == (Outcome.OK, Outcome.NOTE)
    assert "payvand certify root.key bulletins.key" in near.words


CURE = "payvand certify root.key petitions.key --purpose petitions"


def certify_for_petitions(home: Path) -> None:
    """As the operator does it."""
    root, kept = home / "away/root.key", home / "var/keys"
    phrase = home / "away/phrase"
    phrase.write_text("x", "utf-8")
    arguments = ["certify", str(root), str(kept / "petitions.key"), "--purpose", "petitions"]
    assert command.main([*arguments, "--passphrase-file", str(phrase)]) == 0


def open_a_petition(home: Path, *, state: State = State.OPEN) -> None:
    """There is one, opened or not."""
    settings = load(home / "payvand.toml")

    async def make() -> None:
        store = await sqlite.open_file(settings.database_file, Keys(keys.read(settings.key_file)))
        opened_at = None if state is State.DRAFT else present()
        row = {"id": 1, "origin": "Nur/petition/1", "state": state.value, "period": 30, "opened_at": opened_at}
        await store.write(lambda tx: tx.execute(petition.insert(), row))
        await store.close()

    asyncio.run(make())


def test_a_community_without_petitions_reads_nothing_of_their_key(home: Path) -> None:
    assert "petitions key" not in found(home)
    make_database(home)
    assert "petitions key" not in found(home)
    open_a_petition(home, state=State.DRAFT)
    assert "petitions key" not in found(home)


@pytest.mark.parametrize("state", [State.OPEN, State.CLOSING, State.CLOSED])
def test_a_petition_without_a_key_for_its_checkpoints_is_told(home: Path, state: State) -> None:
    make_database(home)
    put_backup(home, present())
    open_a_petition(home, state=state)
    assert CURE in failed(home, "petitions key")


def test_a_key_for_petitions_is_sound_then_near_its_end_then_over(home: Path) -> None:
    certify_for_petitions(home)
    assert found(home)["petitions key"].outcome is Outcome.OK
    near = found(home, now=present() + timedelta(days=27))["petitions key"]
    assert near.outcome is Outcome.NOTE
    assert CURE in near.words
    over = found(home, now=present() + timedelta(days=31))["petitions key"]
    assert over.outcome is Outcome.FAILED
    assert CURE in over.words


@pytest.mark.parametrize("gone", ["petitions.key", "petitions.certificate", "petitions.certificate.minisig"])
def test_a_missing_file_of_the_key_for_petitions_is_told(home: Path, gone: str) -> None:
    certify_for_petitions(home)
    (home / "var/keys" / gone).unlink()
    told = found(home)["petitions key"]
    assert told.outcome is Outcome.FAILED
    assert told.words.count(CURE) == 1
    assert f"There is no {home / 'var/keys' / gone}." in told.words


def test_a_bulletins_key_in_the_place_of_the_one_for_petitions_is_told(home: Path) -> None:
    certify_for_petitions(home)
    for end in ("key", "certificate", "certificate.minisig"):
        (home / f"var/keys/petitions.{end}").write_bytes((home / f"var/keys/bulletins.{end}").read_bytes())
    assert CURE in found(home)["petitions key"].words


def test_a_clock_that_cannot_be_true_is_told(home: Path) -> None:
    make_database(home)
    put_backup(home, present())
    assert "believes it is 2020" in found(home, now=datetime(2020, 1, 1, tzinfo=UTC))["clock"].words
    assert "runs behind files" in found(home, now=present() - timedelta(days=1))["clock"].words


def test_a_full_disk_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "ROOM", 1 << 60)
    assert "Make room" in failed(home, "disk")


def test_a_check_that_breaks_hides_neither_the_others_nor_says_what_it_saw(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        message = "canary"
        raise ZeroDivisionError(message)

    monkeypatch.setattr(keys, "read", broken)
    everything = found(home)
    assert everything["key"].words == "This check broke (ZeroDivisionError). Please report it."
    assert everything["disk"].outcome is Outcome.OK


def test_the_table_ends_with_the_whole() -> None:
    fine = Finding("a", Outcome.OK, "x")
    bad = Finding("b", Outcome.FAILED, "y")
    assert checkup.table([fine]).endswith("\n\nEverything that was checked is sound.")
    assert checkup.table([fine, bad]).endswith("\n\n1 failed.")


# -- asking Telegram -------------------------------------------------------------------------------------------------


@pytest.fixture
async def api() -> AsyncIterator[tuple[str, list[web.Response]]]:
    """A server that gives prepared answers, and its address."""
    answers: list[web.Response] = []

    async def answer(_request: web.Request) -> web.Response:
        return answers.pop()

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    server = TestServer(app)
    await server.start_server()
    yield str(server.make_url("")).rstrip("/"), answers
    await server.close()


async def test_a_good_token_is_known_by_its_account(api: tuple[str, list[web.Response]]) -> None:
    url, answers = api
    answers.append(web.json_response({"ok": True, "result": {"id": 7, "is_bot": True, "username": "nur_bot"}}))
    name, said_at = await checkup.who_is(url, TOKEN)
    assert name == "nur_bot"
    assert said_at is not None


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda: web.json_response({"ok": False}, status=401), "does not know this token"),
        (lambda: web.json_response({"ok": False}, status=404), "does not know this token"),
        (lambda: web.Response(status=502, text="canary"), "does not answer as a Bot API server"),
        (lambda: web.Response(text="[]"), "does not answer as a Bot API server"),
        (lambda: web.json_response({"result": {"username": 5}}), "does not answer as a Bot API server"),
    ],
)
async def test_any_other_answer_is_told_without_the_token(
    api: tuple[str, list[web.Response]], answer: Callable[[], web.Response], said: str
) -> None:
    url, answers = api
    answers.append(answer())
    with pytest.raises(checkup._Failed, match=said) as caught:  # noqa: SLF001
        await checkup.who_is(url, TOKEN)
    assert "canary" not in str(caught.value)


async def test_no_answer_is_told_without_the_token(unused_tcp_port: int) -> None:
    with pytest.raises(checkup._Failed, match="does not answer") as caught:  # noqa: SLF001
        await checkup.who_is(f"http://127.0.0.1:{unused_tcp_port}", TOKEN)
    assert "canary" not in str(caught.value)


# -- asking a homeserver -----------------------------------------------------------------------------------------------

MATRIX = """
[matrix]
homeserver = "{url}"
user = "@payvand:example.org"
"""


def with_matrix(home: Path, url: str) -> None:
    (home / "payvand.toml").write_text((home / "payvand.toml").read_text() + MATRIX.format(url=url))
    password = home / "var/keys/matrix.password"
    password.write_text("canary-password")
    password.chmod(0o600)


def test_a_matrix_account_without_its_password_is_told(home: Path) -> None:
    with_matrix(home, "https://matrix.example.org")
    assert found(home)["Matrix"].outcome is Outcome.LEFT_OUT
    (home / "var/keys/matrix.password").unlink()
    assert "`matrix.password_file`" in failed(home, "Matrix")


async def test_a_homeserver_is_known_by_its_answer(api: tuple[str, list[web.Response]]) -> None:
    url, answers = api
    answers.append(web.json_response({"versions": ["v1.11"]}))
    await checkup.speaks_matrix(url)


@pytest.mark.parametrize("answer", [lambda: web.Response(status=404, text="canary"), lambda: web.json_response([])])
async def test_another_answer_is_no_homeserver(
    api: tuple[str, list[web.Response]], answer: Callable[[], web.Response]
) -> None:
    url, answers = api
    answers.append(answer())
    with pytest.raises(checkup._Failed, match="a Matrix homeserver should") as caught:  # noqa: SLF001
        await checkup.speaks_matrix(url)
    assert "canary" not in str(caught.value)


# -- letters whose outcome nobody knows --------------------------------------------------------------------------------


def test_unknown_letters_are_counted_by_lane(home: Path) -> None:
    file = make_database(home)
    connection = sqlite.connect(file, Keys(keys.read(home / "var/keys/payvand.key")))
    connection.execute("INSERT INTO address (id, platform, bot, account, reach) VALUES (1, 'a', 'b', x'00', x'00')")
    unknown, waiting = outbox.State.UNKNOWN, outbox.State.WAITING
    for lane, state in (
        (Lane.BULLETIN, unknown),
        (Lane.DANGER, unknown),
        (Lane.BULLETIN, unknown),
        (Lane.REPLY, waiting),
    ):
        connection.execute(
            "INSERT INTO letter (address_id, lane, state, route, body, due_at, expires_at) "
            "VALUES (1, ?, ?, 'a/b', x'00', 0, 0)",
            (lane.value, state.value),
        )
    connection.close()
    assert checkup.unknown_letters(load(home / "payvand.toml")) == [("danger", 1), ("bulletin", 2)]
