"""Two communities, each with its own bot, store and keys, and a petition that travels between them as files."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bot.domain.conversation import Attached
from bot.domain.roles import Role
from bot.domain.signature import Declared, Mode
from storage import crypto, envelope, notes, petitions, signatures, signing, sqlite
from storage.petitions import Petition
from tests.family.looking import id_of
from tests.family.test_desk import give, people
from tests.petitions.signing import letter, opened
from tests.stage import BEGIN, Actor, Stage
from tests.storage.servers import ROOT

if TYPE_CHECKING:
    from datetime import datetime

    from storage.database import Tx
    from storage.envelope import OrganiserKey
    from storage.notes import Online
    from storage.signing import Pair

NAMED = Declared(Mode.RECIPIENT, "Recipia Canary", "DE")
MODES = (NAMED, Declared(Mode.PUBLIC, "Publicia Canary", "FR"), Declared(Mode.INITIALS, "С. К.", "RU"))


@dataclass
class Community:
    """A bot with two organisers, neither of whom has invited the other."""

    name: str
    stage: Stage
    root: Pair
    online: Online
    anna: Actor
    bahrom: Actor
    key: OrganiserKey = field(default_factory=envelope.make)
    signed: int = 0
    files: int = 0

    async def opens(self) -> int:
        """Its organisers open a petition of their own. Its number."""
        author, reviewer = await id_of(self.stage, self.anna), await id_of(self.stage, self.bahrom)
        now = self.stage.now()
        made = await self.stage.storage.write(
            partial(opened, author=author, reviewer=reviewer, what=letter(self.key, now), now=now)
        )
        return made.id

    async def signs(self, which: int, count: int) -> None:
        """So many people sign."""
        for _ in range(count):
            self.signed += 1
            what = MODES[self.signed % len(MODES)]
            who = [("memory", f"{self.name}-{self.signed}-Canary")]
            even = self.signed % 2 == 0
            given = await self.stage.storage.write(
                partial(_sign, which=which, who=who, what=what, now=self.stage.now(), verified=even)
            )
            assert given

    async def petition(self, which: int) -> Petition:
        """How it is now."""
        found = await self.stage.storage.read(partial(petitions.find, which=which))
        assert found is not None
        return found

    async def the_only(self) -> int:
        """The number of the only petition here."""
        (found,) = await self.stage.storage.read(partial(petitions.public, most=9))
        return found.id

    async def gives(self) -> bytes:
        """An organiser lets the file of the only petition be made."""
        await self.anna.says("/desk")
        await self.anna.presses("Other communities")
        await self.stage.in_code(self.anna, "relay.of")
        await self.stage.in_code(self.anna, "relay.give")
        attachment = self.anna.messages[-1].attachment
        assert attachment is not None
        assert attachment.name.endswith(".relay")
        return attachment.data

    async def gets(self, data: bytes, who: Actor | None = None) -> str:
        """An organiser hands a file to the bot. What is said of it."""
        actor = who or self.anna
        self.files += 1
        reference = f"file-{self.files}"
        actor.memory.files[reference] = data
        await actor.says("/desk")
        await actor.presses("Other communities")
        await actor.presses("Take in a file")
        await actor.memory.hear(actor.account, Attached("document", reference, name="petition.relay"))
        await self.stage.settle()
        return actor.last

    async def agrees(self) -> str:
        """The first organiser has compared the groups, and the second one agrees. What is said then."""
        await self.anna.presses("They are the same five groups")
        assert "Proposed." in self.anna.last
        await self.bahrom.says("/desk")
        await self.bahrom.presses("Another community")
        await self.bahrom.presses("I agree")
        return self.bahrom.last

    async def board(self, reader: Actor | None = None) -> str:
        """Who counts what, as an organiser reads it."""
        actor = reader or self.anna
        await actor.says("/desk")
        await actor.presses("Other communities")
        await self.stage.in_code(actor, "relay.of")
        return actor.last


def _sign(  # noqa: PLR0913 - a signature has so many parts
    tx: Tx, which: int, who: list[tuple[str, str]], what: Declared, now: datetime, *, verified: bool
) -> bool:
    one = petitions.find(tx, which)
    assert one is not None
    return signatures.sign(tx, one, who, what, now, verified=verified) is not None


@asynccontextmanager
async def community(name: str, path: Path, migrated: Path) -> AsyncIterator[Community]:
    """A community with its own store and keys."""
    shutil.copy(migrated, path)
    root = signing.make_pair()
    own = crypto.Keys(ROOT)
    own.signer = signing.throwaway_signer(name, BEGIN, root)
    own.petitions = notes.throwaway(name, BEGIN, root)
    own.public = root.public
    storage = await sqlite.open_file(path, own)
    stage = Stage(storage)
    anna, bahrom = await people(stage, f"{name} Anna", f"{name} Bahrom")
    for actor in (anna, bahrom):
        await give(stage, actor, Role.ORGANISER)
    yield Community(name, stage, root, own.petitions, anna, bahrom)
    assert stage.memory.refused == [], "a message was malformed"
    await storage.close()
