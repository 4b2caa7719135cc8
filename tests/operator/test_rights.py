"""`payvand role`: how a community begins with two stewards, and what an operator is shown of them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot import __main__ as command
from bot import founding
from bot.domain.circle import make_code, spaced
from bot.domain.conversation import Sender
from bot.domain.roles import Role
from storage import outbox, people, roles
from storage.database import Tx
from tests.operator.inside import looked

CHEAP = {"opslimit": 32768, "memlimit": 1 << 20}
CODES = {"Anna": make_code(lambda _n: 11111111111), "Bahrom": make_code(lambda _n: 22222222222)}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A community whose bot is stopped, with two people who have made a code."""
    monkeypatch.chdir(tmp_path)
    plan = founding.Plan(
        settings=tmp_path / "payvand.toml",
        community="Нур",
        data=tmp_path / "var",
        token=SecretStr("7000000001:AAH-canary-canary-canary-canary-0001"),
        recipients=(),
        root_key=tmp_path / "stick" / "root.key",
        passphrase=SecretStr("a phrase on paper"),
        made_up=False,
    )
    founding.found(plan, founding.Silence(), datetime.now(UTC), **CHEAP)

    def work(tx: Tx) -> None:
        for name, code in CODES.items():
            met = people.meet(tx, Sender("telegram", "7000000001", f"55500{len(name)}"), datetime.now(UTC))
            assert met.person is not None
            people.change(tx, met.person.id, name=name, language="en")
            roles.stand(tx, met.person.id, code, datetime.now(UTC))

    looked(tmp_path, work)
    return tmp_path


def test_a_community_begins_with_two_stewards_whom_nobody_names(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["role", "list"]) == 0
    assert capsys.readouterr().out == "Nobody holds a right.\n"
    assert command.main(["role", "give", "steward", *spaced(CODES["Anna"]).split()]) == 0
    assert command.main(["role", "give", "steward", CODES["Bahrom"]]) == 0
    assert "Given: steward 2, until" in capsys.readouterr().out
    assert command.main(["role", "list"]) == 0
    shown = capsys.readouterr().out
    assert [line.split()[:2] for line in shown.splitlines()[1:]] == [["1", "steward"], ["2", "steward"]]
    assert command.main(["role", "log"]) == 0
    shown += capsys.readouterr().out
    assert "machine  given: steward 1" in shown
    for secret in ("Anna", "Bahrom", "55500"):
        assert secret not in shown
    waiting = looked(home, lambda tx: sum(outbox.counts(tx).values()))
    assert waiting == 2, "both are told when the bot runs"  # noqa: PLR2004


def test_a_right_is_renewed_and_taken_by_its_number(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command.main(["role", "give", "moderator", CODES["Anna"]])
    assert command.main(["role", "renew", "1"]) == 0
    assert command.main(["role", "take", "1"]) == 0
    assert "Taken: moderator 1." in capsys.readouterr().out
    assert looked(home, lambda tx: roles.holders(tx, Role.MODERATOR, datetime.now(UTC))) == []
    assert command.main(["role", "take", "1"]) == 1
    assert "No right has the number 1." in capsys.readouterr().err


@pytest.mark.parametrize("code", ["123", make_code(lambda _n: 33333333333)])
def test_a_code_that_nobody_made_gives_nothing(home: Path, capsys: pytest.CaptureFixture[str], code: str) -> None:
    assert command.main(["role", "give", "steward", code]) == 1
    assert "There is no such code now." in capsys.readouterr().err
    assert looked(home, lambda tx: roles.holders(tx, Role.STEWARD, datetime.now(UTC))) == []


def test_a_code_is_used_once(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    del home
    assert command.main(["role", "give", "steward", CODES["Anna"]]) == 0
    assert command.main(["role", "give", "moderator", CODES["Anna"]]) == 1
    assert "There is no such code now." in capsys.readouterr().err
