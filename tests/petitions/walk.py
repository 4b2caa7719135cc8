"""The whole way of a petition through four people's messengers, whichever they are, and then through two computers.

An organiser writes it in three languages, another one opens it, four people sign in four modes, one takes it back, and
the goal is reached. On the organiser's own machine the packet is made with a key that no server has; an outsider checks
the count with nothing but the published files and the community's public key.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from bot import dossier, exporting, i18n, organiser, packet, petition_verification
from bot.domain.conversation import Line
from bot.domain.roles import Role
from bot.i18n import LANGUAGE_NAMES, _, pgettext
from bot.packet import Wish
from handlers.ask import base36
from storage import envelope, notes, petition_logs, petitions, roles, signing
from storage.crypto import Keys
from storage.database import Storage, Tx
from storage.schema import person
from tests.family import paper

if TYPE_CHECKING:
    from storage.envelope import OrganiserKey
    from storage.petitions import Petition
    from tests.updates.walk import Hand

TITLE = "Open the road to Rushon"
SAID = {  # title, letter, background, demand
    "en": (TITLE, "The road is closed. Open it.", "Since May nobody passes.", "Send a doctor."),
    "tg": ("Роҳи Рӯшонро кушоед", "Роҳ баста аст. Онро кушоед.", "Аз моҳи май касе намегузарад.", "Духтур фиристед."),
    "ru": ("Откройте дорогу в Рушан", "Дорога закрыта. Откройте её.", "С мая никто не проедет.", "Пришлите врача."),
}
SOURCE = "Report of 14 May, https://example.org/report"
SPONSOR = "Мария Канарейкина"
PUBLIC, SEALED, INITIALS = "Publicia Canary", "Recipia Canary", "Инициала Канарейкина"
PASSPHRASE = "canary passphrase of the organisers"  # noqa: S105 - of a test
GOAL = 3


def community(now: datetime | None = None) -> Keys:
    """Keys of a community that can sign checkpoints, certified now or then."""
    keys = Keys(bytes(32))
    root = signing.make_pair()
    now = now or datetime.now(UTC)
    keys.signer = signing.throwaway_signer("Payvand", now, root)
    keys.petitions = notes.throwaway("Payvand", now, root)
    return keys


async def walk(people: tuple[Hand, Hand, Hand, Hand], storage: Storage, home: Path) -> None:
    """Walk the whole way; what two computers would hold lies below `home`."""
    nigora, rustam, maria, daler = people
    file = home / "organiser" / "organiser.key"
    file.parent.mkdir(parents=True)
    public = envelope.public_text(organiser.make_file(file, PASSPHRASE).public)
    await nigora.settles_in("Nigora", "en")
    await rustam.settles_in("Rustam", "en")
    await storage.write(_give_rights)
    await maria.settles_in("Мария", "ru")
    await daler.settles_in("Daler", "en")
    await _writes(nigora, public)
    await _sponsors(nigora, maria)
    await _opens(nigora, rustam)
    one = await storage.read(_only)
    await _signs(daler, one, "Only count me")
    await _signs(rustam, one, "addressee only", SEALED)
    await _signs(nigora, one, "for everybody", PUBLIC)
    await _signs_in_russian(maria, one)
    for hand in (daler, rustam, nigora):
        await hand.reads("I have tidied up here.")
    await maria.reads(_russian(_("I have tidied up here. What would you like to do?")))
    assert (await storage.read(_only)).count == GOAL + 1
    await _withdraws(daler, one)
    await nigora.says("/desk")
    for label in ("Petitions", TITLE):
        await nigora.chooses(label)
    await nigora.reads(f"{GOAL} people have signed.", f"The goal is {GOAL}.")
    root = await storage.read(lambda tx: exported(tx, one.id, home))
    listing = packed(home, organiser.open_file(file, PASSPHRASE), root)
    for label in ("Packets", "A packet is made", "International Committee"):
        await nigora.chooses(label)
    await nigora.reads("Paste what stands in packet.txt")
    await nigora.says(listing)
    await nigora.reads("It stands in the log as packet 1.")
    await storage.write(lambda tx: published(tx, one.id, home))
    verified(home / "published" / f"{one.id:x}", root)


def _russian(line: Line) -> str:
    return i18n.label(line, "ru", datetime.now(UTC))


def _give_rights(tx: Tx) -> None:
    """As the operator's command does."""
    for who in tx.execute(sa.select(person.c.id)).scalars().all():
        roles.give(tx, who, Role.ORGANISER, datetime.now(UTC))


def _only(tx: Tx) -> Petition:
    (one,) = petitions.public(tx, 9)
    return one


# -- in the chat -----------------------------------------------------------------------------------------------------


async def _writes(author: Hand, public: str) -> None:
    title, letter, background, demand = SAID["en"]
    await author.says("/desk")
    for label in ("Petitions", "A new one"):
        await author.chooses(label)
    await author.reads("The title")
    await author.says(title)
    await author.reads("The letter itself")
    await author.says(letter)
    await author.chooses("Go on")
    await author.reads("The background")
    await author.says(background)
    await author.chooses("Go on")
    await author.reads("Write a source")
    await author.says(SOURCE)
    await author.reads(SOURCE)
    for label in ("Go on", "Red Cross", "International Committee", "Write to it", "Go on"):
        await author.chooses(label)
    await author.reads("What exactly do you ask of")
    await author.says(demand)
    await author.reads("How many signatures")
    await author.says(f"{GOAL} people")  # where choices are numbered, a bare number is one of them
    await author.chooses("90 days")
    await author.reads("Paste the organisers' public key")
    await author.says(public)
    await author.reads("Read these five groups")
    await author.chooses("Go on")
    for language in ("tg", "ru"):
        name = LANGUAGE_NAMES[language]
        title, letter, background, demand = SAID[language]
        await author.reads("The title", name)
        await author.says(title)
        await author.reads("The letter itself", name)
        await author.says(letter)
        await author.chooses("Go on")
        await author.reads("The background", name)
        await author.says(background)
        await author.chooses("Go on")
        await author.reads("What exactly do you ask of", name)
        await author.says(demand)
    await author.reads("Somebody must stand under it")


async def _sponsors(author: Hand, sponsor: Hand) -> None:
    for label in ("Sponsors", "A person"):
        await author.chooses(label)
    code = re.findall(r"\d{3} \d{3} \d{3} \d{3}", await author.reads("The code:"))[-1]
    await sponsor.says("/petitions")
    await sponsor.chooses(_russian(pgettext("button", "🔢 I have a code")))
    await sponsor.reads("двенадцать цифр")
    await sponsor.says(code)
    await sponsor.reads("поставить под этим письмом своё имя")
    await sponsor.says(SPONSOR)
    await sponsor.reads(SPONSOR)
    await sponsor.chooses(_russian(pgettext("button", "✅ Yes, put it there")))
    await sponsor.reads("Готово.")


async def _opens(author: Hand, reviewer: Hand) -> None:
    await author.reads("Something new waits for you")
    for label in ("Look", "Back", "Look at it and offer it", "Offer it"):
        await author.chooses(label)
    await author.reads("Offered.")
    await reviewer.reads("Something new waits for you")
    for label in ("Look", f"Read: {TITLE}", "Open it"):
        await reviewer.chooses(label)
    await reviewer.reads("It is open")
    await author.reads("Something new waits for you")


async def _signs(signer: Hand, one: Petition, mode: str, *words: str) -> None:
    await signer.says(f"/petitions p{base36(one.id)}")
    await signer.reads("The goal is", SPONSOR)
    for label in ("✍️ Sign", "Yes, or I don't know", mode):
        await signer.chooses(label)
    for word in words:
        await signer.reads("Write your first and last name")
        await signer.says(word)
    await signer.reads("On the public list")
    await signer.chooses("✅ Sign")
    await signer.reads("each person counts once")


async def _signs_in_russian(signer: Hand, one: Petition) -> None:
    await signer.says(f"/petitions p{base36(one.id)}")
    for label in (
        pgettext("button", "✍️ Sign"),
        pgettext("button", "No, nobody"),
        pgettext("button-wide", "🔤 Initials and country"),
    ):
        await signer.chooses(_russian(label))
    await signer.reads(_russian(_("Write your first and last name. I keep only the first letters.")))
    await signer.says(INITIALS)
    await signer.reads(_russian(_("In which country do you live? Choose one, or write its name.")))
    await signer.says("Германия")
    await signer.chooses(_russian(pgettext("button", "✅ Sign")))
    await signer.reads(
        _russian(
            _(
                "Thank you. Under this letter each person counts once, however often they sign. Now I delete this "
                "conversation here, and leave one line."
            )
        )
    )


async def _withdraws(signer: Hand, one: Petition) -> None:
    await signer.says(f"/petitions p{base36(one.id)}")
    for label in ("I want to withdraw", "↩️ Withdraw"):
        await signer.chooses(label)
    await signer.reads("it no longer counts")


# -- on two computers ------------------------------------------------------------------------------------------------


def exported(tx: Tx, which: int, home: Path) -> str:
    """As `payvand export-petition` does: what organisers get. The community's public key."""
    one, by = petitions.find(tx, which), petition_logs.signer(tx, datetime.now(UTC))
    assert one is not None
    assert by is not None
    exporting.export(tx, one, by, home / "organiser" / "export", datetime.now(UTC))
    return by.root


def published(tx: Tx, which: int, home: Path) -> None:
    """As the running bot does: what everybody gets, up to a checkpoint."""
    now = datetime.now(UTC)
    by = petition_logs.signer(tx, now)
    assert by is not None
    petition_logs.make_checkpoint(tx, which, by, now)
    assert exporting.publish(tx, home / "published", "Payvand", by.root, now) == 1


def packed(home: Path, key: OrganiserKey, root: str) -> str:
    """The packet, made on the organiser's machine: each signature stands there as its signer chose. Its list."""
    to = home / "organiser" / "icrc"
    made = packet.make(Wish(home / "organiser" / "export", "icrc", to, root, datetime.now(UTC)), key)
    assert (made.counted.total, made.counted.only_counted) == (GOAL, 0), "who only was counted has taken it back"
    said = "\n".join(file.read_text("utf-8") for file in to.iterdir() if file.suffix != ".pdf")
    pages = "\n".join(paper.texts((to / packet.PAGES).read_bytes()))
    for there in (PUBLIC, SEALED, "И. К."):
        assert there in said
    assert INITIALS not in said + pages
    assert SAID["en"][3] in pages
    return (to / packet.LIST).read_text("utf-8")


def verified(files: Path, root: str) -> None:
    """An outsider counts with nothing but the published files and the public key."""
    assert not (files / dossier.RECORDS).exists()
    everything = "".join(file.read_text("utf-8", errors="replace") for file in files.iterdir())
    for name in (PUBLIC, SEALED, INITIALS, "И. К."):
        assert name not in everything
    assert petition_verification.check([files], root, datetime.now(UTC))
    tally = dossier.check(files, root, datetime.now(UTC)).tally
    assert (tally.count, tally.signed, tally.withdrawn, len(tally.packets)) == (GOAL, GOAL + 1, 1, 1)
