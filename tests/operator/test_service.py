"""The service file: what it gives the program is what the program looks for, and little else."""

from __future__ import annotations

import re

from bot.__main__ import MISUSED
from storage import keys
from tests.house.sources import HOUSE

UNIT = (HOUSE / "deploy" / "payvand.service").read_text("utf-8")


def values(name: str) -> list[str]:
    return re.findall(rf"^{re.escape(name)}=(.*)$", UNIT, re.MULTILINE)


def test_its_credentials_are_the_ones_the_program_looks_for() -> None:
    given = {value.partition(":")[0] for value in values("LoadCredential")}
    assert (keys.read.__kwdefaults__ or {})["credential"] in given
    source = (HOUSE / "bot" / "settings.py").read_text("utf-8")
    wanted = set(re.findall(r'read_secret\([^"]*"([a-z.]+)"', source))
    assert given - {"payvand.key"} <= wanted
    assert wanted - given == {"database.password", "matrix.password"}  # only with a server, only with Matrix


def test_no_key_reaches_a_disk() -> None:
    assert (values("LimitCORE"), values("MemorySwapMax")) == (["0"], ["0"])


def test_it_is_locked_in() -> None:
    for name in (
        "NoNewPrivileges",
        "PrivateTmp",
        "PrivateDevices",
        "ProtectHome",
        "MemoryDenyWriteExecute",
        "DynamicUser",
    ):
        assert values(name) == ["yes"], name
    assert values("ProtectSystem") == ["strict"]
    assert values("CapabilityBoundingSet") == [""]


def test_wrong_settings_are_not_tried_again() -> None:

    assert values("RestartPreventExitStatus") == [str(MISUSED)]
