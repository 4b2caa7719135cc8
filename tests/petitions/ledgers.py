"""What the tests of exports and ledgers do: people sign by the dozen, and an organiser gets files and unpacks them."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

from bot import __main__ as command
from bot.domain.roles import Role
from bot.domain.signature import Declared, Mode
from handlers.ask import base36
from storage import envelope, ledger, petition_logs, petitions, signatures
from storage.database import Tx
from tests.family.looking import forge
from tests.family.test_desk import give
from tests.petitions.signing import begun
from tests.stage import Actor, Stage
from tests.storage.servers import COMMUNITY

KEY = envelope.make()
DAY = timedelta(days=1)
PARTS = envelope.parts(KEY, 2, 3)
PEOPLE = (
    Declared(Mode.PUBLIC, "Publicia Canary", "DE"),
    Declared(Mode.RECIPIENT, "Recipia Canary", "FR"),
    Declared(Mode.INITIALS, "I. C.", "RU"),
    Declared(Mode.COUNTED),
)


async def opened(stage: Stage, addressees: tuple[str, ...] = ("icrc",)) -> tuple[int, Actor]:
    """A petition that can be signed, and its organiser, who holds the right."""
    which, anna = await begun(stage, KEY, addressees=addressees)
    await give(stage, anna, Role.ORGANISER)
    return which, anna


def sign(tx: Tx, which: int, stage: Stage, numbers: Sequence[int], *, held: bool = False) -> list[int]:
    """These accounts sign, in every mode in turn; where that stands."""
    one = petitions.find(tx, which)
    assert one is not None
    found = []
    for number in numbers:
        who = PEOPLE[number % 4]
        given = signatures.sign(
            tx,
            one,
            [("memory", f"{number:x}")],
            who,
            stage.now(),
            verified=number % 3 == 0,
            country=who.country,
            held=held,
        )
        assert given is not None
        found.append(given.place)
    return found


async def signed(stage: Stage, which: int, numbers: Sequence[int], *, held: bool = False) -> list[int]:
    """The same, in a transaction of its own."""
    return await stage.storage.write(partial(sign, which=which, stage=stage, numbers=numbers, held=held))


async def listing(stage: Stage, which: int) -> str:
    """What `payvand packet` would write of the log as it is now, as much as is looked at."""

    def work(tx: Tx) -> str:
        one = petitions.find(tx, which)
        assert one is not None
        root = base64.b64encode(petition_logs.root(tx, which)).decode()
        number = len(ledger.of(tx, which)) + 1
        lines = (f"petition: {one.origin}", "version: 1", f"number: {number}", "addressee: icrc", f"covers: {one.size}")
        return "\n".join(("payvand packet 1", *lines, f"root: {root}", ""))

    return await stage.storage.read(work)


async def takes_back(stage: Stage, which: int, number: int) -> None:
    """An account withdraws."""

    def work(tx: Tx) -> int:
        one = petitions.find(tx, which)
        assert one is not None
        return signatures.withdraw(tx, one, [("memory", f"{number:x}")], stage.now())

    assert await stage.storage.write(work) == 1


async def handed(stage: Stage, actor: Actor, code: str, to: Path) -> Path:
    """What the bot hands over in a chat, unpacked on another machine."""
    await forge(stage, actor, code)
    found = [message.attachment for message in actor.messages if message.attachment is not None]
    last = found[-1]
    assert last is not None
    with zipfile.ZipFile(io.BytesIO(last.data)) as archive:
        archive.extractall(to)
    return to


async def exported(stage: Stage, anna: Actor, which: int, to: Path) -> Path:
    """The organisers' export."""
    return await handed(stage, anna, f"petition.export:{base36(which)}", to)


def packs(home: Path, export: Path, addressee: str = "icrc", out: str = "out") -> Path:
    """`payvand packet`, as two organisers run it with their parts of the key."""
    files = [home / f"part-{number}.txt" for number in (1, 2)]
    for file, words in zip(files, PARTS, strict=False):
        file.write_text(words, "utf-8")
    with_parts = [word for file in files for word in ("--part", str(file))]
    arguments = ["packet", str(export), addressee, *with_parts, "--public-key", COMMUNITY.public]
    assert command.main([*arguments, "--out", str(home / out)]) == 0
    return home / out


def verifies(home: Path, *more: Path) -> int:
    """`payvand verify`, as an outsider runs it."""
    return command.main(["verify", str(home), *map(str, more), "--public-key", COMMUNITY.public])


def total(packet: Path) -> int:
    """What a packet's list says."""
    found = re.search(r"^total: (\d+)$", (packet / "packet.txt").read_text("utf-8"), re.MULTILINE)
    assert found is not None
    return int(found[1])
