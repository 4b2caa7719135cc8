"""What an operator does to a database between two runs: letters sent once more, and the way from a file to a server."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from bot import __main__ as command
from bot.domain.conversation import Sender
from bot.settings import load
from storage import keys, outbox, people, sqlite
from storage.crypto import Keys
from tests.operator.test_checkup import home, make_database  # noqa: F401 - a fixture

if TYPE_CHECKING:
    from pathlib import Path

    from storage.database import Tx
    from tests.storage.servers import Server

NOW = datetime(2026, 3, 21, tzinfo=UTC)


def filled(home: Path) -> Path:  # noqa: F811
    """A database with one person in it."""
    file = make_database(home)
    settings = load(home / "payvand.toml")

    async def fill() -> None:
        store = await sqlite.open_file(file, Keys(keys.read(settings.key_file)))
        await store.write(lambda tx: people.meet(tx, Sender("memory", "1", "zarina"), NOW))
        await store.close()

    asyncio.run(fill())
    return file


def test_a_community_moves_from_a_file_to_a_server(
    home: Path,  # noqa: F811
    postgres: Server,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = filled(home)
    where = postgres.url(postgres.empty_database())
    toml = home / "payvand.toml"
    toml.write_text(f'{toml.read_text()}\n[database]\nurl = "{where}"\n')
    assert command.main(["move", str(file)]) == 0
    assert "is in postgresql://" in capsys.readouterr().out
    assert command.main(["move", str(file)]) == 1  # there is a community in it already
    assert command.main(["check", "--offline"]) == 1  # no backup yet
    assert "opens with the key" in capsys.readouterr().out


def test_without_a_server_in_the_settings_nothing_moves(
    home: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = filled(home)
    assert command.main(["move", str(file)]) == command.MISUSED
    assert "`database.url` must name" in capsys.readouterr().err


def test_while_the_bot_runs_nothing_is_sent_once_more(
    home: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = filled(home)
    with sqlite.lock(file):
        assert command.main(["unknown", "--resend"]) == 1
    assert "0 letters" not in capsys.readouterr().out


def test_letters_of_unknown_outcome_go_out_once_more_on_the_operators_word(
    home: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = filled(home)
    key = Keys(keys.read(home / "var/keys/payvand.key"))

    async def change(work: object) -> object:
        store = await sqlite.open_file(file, key)
        try:
            return await store.write(work)  # type: ignore[arg-type]
        finally:
            await store.close()

    def lose(tx: Tx) -> None:
        later = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp() * 1000)
        tx.connection.exec_driver_sql(
            "INSERT INTO letter (person_id, address_id, lane, state, route, body, due_at, expires_at) "
            "SELECT person_id, id, 4, ?, 'memory/1', x'00', 0, ? FROM address",
            (outbox.State.UNKNOWN.value, later),
        )

    asyncio.run(change(lose))
    assert command.main(["unknown", "--resend"]) == 0
    assert "1 letters will go out" in capsys.readouterr().out
    states = asyncio.run(change(lambda tx: dict(outbox.counts(tx))))
    assert isinstance(states, dict)
    assert [state for _route, _lane, state in states] == [outbox.State.WAITING]
