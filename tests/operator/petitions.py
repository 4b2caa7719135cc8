"""A petition's files for tests: a community with its keys, a letter, and people who signed in every mode."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from bot import dossier
from bot.domain import checkpoint, petition, petition_log, signature
from bot.domain.checkpoint import Checkpoint, Proof
from bot.domain.merkle import Tree
from bot.domain.petition import Letter
from bot.domain.petition_log import Entry, Sign
from bot.domain.receipt import Receipt
from bot.domain.signature import Declared, Mode, Opening
from storage import envelope, notes, signing
from storage.envelope import OrganiserKey
from storage.notes import Signer

ORIGIN = "nur.example/petition/7f3a"
DAY = timedelta(days=1)
BEGUN = datetime(2026, 11, 1, 12, tzinfo=UTC)

PEOPLE = (
    Declared(Mode.PUBLIC, "Publicia Canary", "DE"),
    Declared(Mode.RECIPIENT, "Recipia Canary", "FR"),
    Declared(Mode.INITIALS, "И. К.", "RU"),
    Declared(Mode.COUNTED),
)


def letter(key: OrganiserKey, version: int = 1) -> Letter:
    """A letter that lacks nothing for any of its addressees."""
    return Letter(
        petition=ORIGIN,
        version=version,
        key=envelope.public_text(key.public),
        addressees=("icrc", "un-wgeid", "tj-ombudsman"),
        goal=100,
        closes=date(2027, 1, 1),
        texts={
            (language, part.key): f"{part.key} {language}: Ғӣқӯҳҷ, words.\nMore."
            for language in petition.LANGUAGES
            for part in petition.Part
        },
        demands={
            (language, code): f"Demand {language} {code}"
            for language in petition.LANGUAGES
            for code in ("icrc", "un-wgeid", "tj-ombudsman")
        },
        sources=("https://example.org/report",),
        sponsors=("Sponsora",),
    )


@dataclass
class Community:
    """The keys of a community, and one petition as its server would hold it."""

    key: OrganiserKey = field(default_factory=envelope.make)
    dice: random.Random = field(default_factory=lambda: random.Random(6))
    now: datetime = BEGUN

    def __post_init__(self) -> None:
        self.root = signing.make_pair()
        self.online = signing.make_pair()
        self.signer = Signer(self.online.secret)
        self.nullifier_key = self.dice.randbytes(32)
        self.letters: list[Letter] = []
        self.entries: list[Entry] = []
        self.records: dict[int, bytes] = {}
        self.openings: dict[int, Opening] = {}  # the server forgets them at once; the tests don't
        self.secrets: dict[int, bytes] = {}
        self.tree = Tree()
        self.checkpoints: list[str] = []
        self.open(letter(self.key))

    def log(self, entry: Entry) -> int:
        """Add an entry."""
        self.entries.append(entry)
        return self.tree.add(petition_log.line_of(entry).encode())

    def open(self, one: Letter) -> None:
        """A version of the letter can be signed."""
        self.letters.append(one)
        self.log(petition_log.Letter(one.version, self.now.date(), one.digest()))

    def sign(self, who: Declared, account: str) -> int:
        """Somebody signs; where in the log that stands."""
        mark = signature.nullifier(self.nullifier_key, "telegram", account)
        secret = signature.secret_of(self.nullifier_key, mark)
        version = len(self.letters)
        opening = Opening(ORIGIN, version, who, self.dice.randbytes(32), signature.tag_of(secret))
        place = self.log(Sign(version, self.now.date(), opening.commitment()))
        self.records[place] = envelope.seal(self.key.public, ORIGIN, opening.packed())
        self.openings[place], self.secrets[place] = opening, secret
        return place

    def end(self, entry: petition_log.Withdraw | petition_log.Strike) -> None:
        """A signature does not count any more, and its record is erased."""
        self.log(entry)
        self.records.pop(entry.place, None)

    def publish(self) -> None:
        """A checkpoint of what there is now."""
        note = self.signer.sign(Checkpoint(ORIGIN, len(self.tree), self.tree.root()), self.now)
        self.checkpoints.append(str(note))
        self.now += DAY

    def receipt(self, place: int, *, secret: bool = False, opening: bool = False) -> str:
        """A receipt's file."""
        entry = self.entries[place]
        assert isinstance(entry, Sign)
        held = Receipt(entry, self.secrets[place] if secret else None, self.openings[place] if opening else None)
        note = self.signer.sign(Checkpoint(ORIGIN, len(self.tree), self.tree.root()), self.now)
        return str(Proof(place, tuple(self.tree.inclusion(place)), note, held.packed()))

    def write(self, to: Path, *, with_records: bool = True) -> Path:
        """The files, in a new directory."""
        to.mkdir()
        text, vouching = signing.certify(self.root.secret, "", self.online.public, notes.PURPOSE, BEGUN)
        (to / "petitions.certificate").write_bytes(text)
        (to / "petitions.certificate.minisig").write_bytes(vouching)
        for one in self.letters:
            dossier.write_letter(to, one)
        for text_of_note in self.checkpoints:
            note = checkpoint.read_note(text_of_note)
            assert note is not None
            dossier.write_checkpoint(to, note)
        dossier.write_entries(to, self.entries)
        if with_records:
            dossier.write_records(to, sorted(self.records.items()))
        return to


def signed(count: int = 12) -> Community:
    """A petition that people signed in every mode, with a checkpoint after every fourth of them."""
    made = Community()
    for number in range(count):
        made.sign(PEOPLE[number % 4], f"555000{number}")
        if number % 4 == 3:  # noqa: PLR2004 - the fourth
            made.publish()
    made.publish()
    return made
