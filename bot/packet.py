"""`payvand packet`: on an organiser's own machine, what an addressee is handed: PDF, CSV, JSON and their list.

It checks the export against the log first: every signature that counts must be there, open, and be the one that the log
holds. Otherwise nothing is written. A signature stands in a packet as its signer chose, and only with what the
addressee requires; the rest is counted.
"""

from __future__ import annotations

import base64
import csv
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, Final

from bot import dossier, packet_pages
from bot.domain import addressees, signature
from bot.domain.addressees import ADDRESSEES, Addressee
from bot.domain.petition import Letter
from bot.domain.petition_log import Packet, Sign
from bot.domain.signature import Document, Item, Mode, Shown
from bot.dossier import Checked, Progress
from storage.envelope import Opener, OrganiserKey, Unopened, public_text

LIST: Final = "packet.txt"
TABLE: Final = "signatures.csv"
LINES: Final = "signatures.jsonl"
PAGES: Final = "letter.pdf"
NAMED_FAULTS: Final = 10  # so many places are named when something is wrong with more

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")  # what a table begins to reckon with


class Incomplete(Exception):  # noqa: N818 - an organiser reads the sentence, not the class
    """A packet can't be made. The message says what is missing; it never holds a name."""


@dataclass(frozen=True, slots=True)
class Wish:
    """For whom a packet is made, from what, and where to."""

    home: Path  # the organisers' export
    addressee: str
    to: Path
    root: str  # the community's public key
    now: datetime
    version: int | None = None  # of the letter; the newest one if nothing is said


@dataclass(slots=True)
class Counted:
    """How the signatures of a packet stand in it."""

    listed: Counter[Mode] = field(default_factory=Counter)
    only_counted: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.only_counted + self.listed.total()


@dataclass(frozen=True, slots=True)
class Made:
    """A finished packet. `digest` is what the bot writes into the log."""

    where: Path
    number: int
    counted: Counted
    digest: bytes
    kept_in_vain: int  # records of signatures that don't count any more: the server should have erased them


def make(wish: Wish, key: OrganiserKey, *, progress: Progress | None = None) -> Made:
    """Make a packet in the new directory `wish.to`. Raises Incomplete, or NotGood, and then nothing was written."""
    to = ADDRESSEES.get(wish.addressee)
    if to is None:
        raise Incomplete(f"There is no addressee {wish.addressee}. Known are: {', '.join(sorted(ADDRESSEES))}.")
    if wish.to.exists():
        raise Incomplete(f"{wish.to} is there already, and nothing is overwritten. Name another one with --out.")
    checked = dossier.check(wish.home, wish.root, wish.now, progress=progress)
    letter = _letter(checked, wish.version)
    _refuse_what_is_missing(letter, to, key)
    draft = wish.to.with_name(wish.to.name + ".part")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True, mode=0o700)
    try:
        made = _filled(draft, wish, checked, letter, to, key, progress)
        draft.rename(wish.to)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return made


def _letter(checked: Checked, version: int | None) -> Letter:
    for letter in checked.letters:
        if letter.version == (version or len(checked.letters)):
            return letter
    raise Incomplete(f"The letter has no version {version}: it has {len(checked.letters)}.")


def _refuse_what_is_missing(letter: Letter, to: Addressee, key: OrganiserKey) -> None:
    if letter.key != public_text(key.public):
        raise Incomplete("This is not the organisers' key of this petition: another one stands in its letter.")
    elements = [one for one in addressees.Element if one.value in letter.elements]
    missing = addressees.lacking(to.code, elements, letter.languages)
    if to.code not in letter.addressees:
        missing.insert(0, "the letter is not addressed to it")
    if missing:
        raise Incomplete(f"A packet for {to.names['en']} can't be made. It lacks: {', '.join(missing)}.")


# -- the signatures ----------------------------------------------------------------------------------------------------


class Listing:
    """Writes the lines of a packet as they come, and keeps the first of them for the annex."""

    def __init__(self, table: IO[str], lines: IO[str], to: Addressee) -> None:
        self.counted = Counted()
        self.annex: list[tuple[int, Shown]] = []
        self._required = to.rules.signer
        self._is_feared = to.feared
        self._columns = ["name", "country", *(i.value for i in (Item.NATIONALITY, Item.ADDRESS) if i in self._required)]
        self._table = csv.writer(table, quoting=csv.QUOTE_ALL)
        self._table.writerow(["entry", "listed as", *self._columns])
        self._lines = lines

    def add(self, place: int, one: signature.Declared) -> None:
        """The next signature."""
        shown = signature.shown(one, Document.PACKET, self._required, is_feared=self._is_feared)
        if shown is not None and shown.mode is not Mode.INITIALS and not self._required <= one.given:
            shown = None  # the addressee would not take it for a signature: it is counted
        if shown is None:
            self.counted.only_counted += 1
            return
        self.counted.listed[shown.mode] += 1
        if len(self.annex) <= packet_pages.MOST_LINES:
            self.annex.append((place, shown))
        cells = [getattr(shown, column) for column in self._columns]
        self.row(place, shown.mode, cells)
        self.line(place, shown.mode, cells)

    def row(self, place: int, mode: Mode, cells: list[str]) -> None:
        """One of the table."""
        self._table.writerow([str(place), mode.value, *(safe(cell) for cell in cells)])

    def line(self, place: int, mode: Mode, cells: list[str]) -> None:
        """The same as JSON."""
        said = {"entry": place, "listed_as": mode.value, **dict(zip(self._columns, cells, strict=True))}
        self._lines.write(json.dumps(said, ensure_ascii=False) + "\n")


def safe(cell: str) -> str:
    """A cell that no table takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _filled(  # noqa: PLR0913, PLR0917 - everything that a packet is made of
    draft: Path,
    wish: Wish,
    checked: Checked,
    letter: Letter,
    to: Addressee,
    key: OrganiserKey,
    progress: Progress | None,
) -> Made:
    with ExitStack() as open_files:
        table = open_files.enter_context((draft / TABLE).open("w", encoding="utf-8-sig", newline=""))
        lines = open_files.enter_context((draft / LINES).open("w", encoding="utf-8", newline="\n"))
        written = Listing(table, lines, to)
        kept_in_vain = _opened(wish.home, checked, letter, Opener(key), written, progress)
    pages = packet_pages.Pages(
        letter=letter,
        to=to,
        listed=dict(written.counted.listed),
        only_counted=written.counted.only_counted,
        annex=written.annex if len(written.annex) <= packet_pages.MOST_LINES else None,
        table=(TABLE, _digest(draft / TABLE)),
        checkpoint=str(checked.last.note),
        at=checked.last.at,
    )
    (draft / PAGES).write_bytes(packet_pages.draw(pages))
    number = len(checked.tally.packets) + 1
    listing = _list(draft, checked, letter, to, number, written.counted)
    (draft / LIST).write_text(listing, "utf-8", newline="\n")
    return Made(wish.to, number, written.counted, sha256(listing.encode()).digest(), kept_in_vain)


def _opened(  # noqa: PLR0913, PLR0917 - what is compared, and where it goes
    home: Path, checked: Checked, letter: Letter, opener: Opener, written: Listing, progress: Progress | None
) -> int:
    """Write what counts for the letter; how many records are of signatures that don't count. Raises Incomplete."""
    faults: list[str] = []
    in_vain = 0
    sealed = dossier.records(home)
    at, record = next(sealed, (None, b""))
    for place, (_line, entry) in enumerate(dossier.entries(home)):
        if progress is not None:
            progress(place + 1, len(checked.tally.live))
        found = None
        if at == place:
            found = record
            at, record = next(sealed, (None, b""))
        if not checked.tally.live[place]:
            in_vain += found is not None
            continue
        if checked.tally.live[place] != letter.version:
            continue
        opening = None if found is None or not isinstance(entry, Sign) else _opening(opener, letter, found, entry)
        if opening is None:
            faults.append(str(place) if found is None else f"{place} (does not open, or is another one)")
            continue
        written.add(place, opening.declared)
    if at is not None:
        faults.append(f"{at} (out of order, twice, or not in the log)")
    if faults:
        named = ", ".join(faults[:NAMED_FAULTS])
        raise Incomplete(
            f"The export is not complete: {len(faults)} records are missing or false, at {named}"
            f"{' and more' if len(faults) > NAMED_FAULTS else ''}. Ask for the export once more."
        )
    return in_vain


def _opening(opener: Opener, letter: Letter, sealed: bytes, entry: Sign) -> signature.Opening | None:
    """What was sealed, if it is what this entry of the log was made of."""
    try:
        opening = signature.unpacked(opener.open(letter.petition, sealed))
    except Unopened:
        return None
    if opening is None or (opening.petition, opening.version) != (letter.petition, entry.version):
        return None
    return opening if opening.commitment() == entry.commitment else None


def _list(  # noqa: PLR0913, PLR0917 - what stands in it
    draft: Path, checked: Checked, letter: Letter, to: Addressee, number: int, counted: Counted
) -> str:
    last = checked.last.said
    return "\n".join(
        [
            "payvand packet 1",
            f"petition: {letter.petition}",
            f"version: {letter.version}",
            f"number: {number}",
            f"addressee: {to.code}",
            f"covers: {last.size}",
            f"root: {base64.b64encode(last.root).decode('ascii')}",
            *(f"listed as {mode.value}: {counted.listed[mode]}" for mode in Mode if mode is not Mode.COUNTED),
            f"only counted: {counted.only_counted}",
            f"total: {counted.total}",
            *(f"file: {name} {_digest(draft / name)}" for name in (PAGES, TABLE, LINES)),
            "",
        ]
    )


def _digest(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()


# -- afterwards --------------------------------------------------------------------------------------------------------


def supplement(home: Path, number: int, root: str, now: datetime) -> str:
    """What is sent after packet `number`: which entries don't count any more. It names nobody. Raises Incomplete.

    It needs no key: whoever has the published files can make it, and gets the same.
    """
    checked = dossier.check(home, root, now)
    packets = [one for one in checked.tally.packets if one.number == number]
    if not packets:
        raise Incomplete(f"The log holds no packet {number}: tell the bot its digest before you hand it over.")
    ended = list(_ended_before(home, checked, packets[0]))
    last = checked.last.said
    return "\n".join(
        [
            "payvand supplement 1",
            f"petition: {last.origin}",
            f"packet: {number}",
            f"addressee: {packets[0].addressee}",
            f"digest: {packets[0].digest.hex()}",
            f"covers: {last.size}",
            f"root: {base64.b64encode(last.root).decode('ascii')}",
            *(f"does not count any more: entry {place}" for place in ended),
            f"total: {len(ended)}",
            "",
        ]
    )


def _ended_before(home: Path, checked: Checked, packet: Packet) -> Iterator[int]:
    """The entries before a packet that its recipient has to strike."""
    for place, (_line, entry) in enumerate(dossier.entries(home)):
        if entry == packet:
            return
        if isinstance(entry, Sign) and not checked.tally.live[place]:
            yield place
