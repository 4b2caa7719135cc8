"""The files of a petition, streamed out of the store: what is published, and what organisers get besides.

However many have signed, only some lines are held at once. Everything is read in one transaction that can't write, so
that the log, its newest checkpoint and the sealed records are of the same moment.
"""

from __future__ import annotations

import io
import json
import os
import secrets
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from bot import dossier
from bot.domain import checkpoint, petition, petition_log
from bot.domain.checkpoint import Note
from bot.domain.petition_log import Entry, Letter, Packet, Sign, Strike, Withdraw
from bot.petition_page import Counted, Shown
from storage import duress, ledger, petition_logs, petitions, relays, signatures
from storage.jobs import Done
from storage.notes import Online
from storage.petitions import Petition, Version

if TYPE_CHECKING:
    from storage.database import Tx
    from storage.jobs import Job

MOST: Final = 20 << 20  # bytes that are sent into a chat: every platform takes so much
AT_ONCE: Final = 1_000  # lines that are written together
PAGE: Final = "index.html"
CERTIFICATE: Final = "petitions-{number}.certificate"
KINDS: Final = frozenset({ledger.EXPORT, ledger.FILES, ledger.CHART})

T = TypeVar("T")
Parts = Iterator[tuple[str, Iterable[bytes]]]  # files by their name, each in pieces


class ExportFault(Exception):  # noqa: N818 - an operator reads the sentence, not the class
    """The files can't be made. The message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is to be written of a petition: the log up to the last of its checkpoints."""

    petition: Petition
    versions: tuple[Version, ...]
    notes: tuple[Note, ...]
    size: int
    certificates: tuple[tuple[bytes, bytes], ...]

    @property
    def name(self) -> str:
        """Its directory: its number, as at the end of what its log is called."""
        return f"{self.petition.id:x}"


def published(tx: Tx, one: Petition) -> Snapshot | None:
    """What everybody may have: up to the newest checkpoint that was published. None if there is none yet."""
    return _snapshot(tx, one, [note for _size, _at, note in petition_logs.checkpoints(tx, one.id)], [])


def whole(tx: Tx, one: Petition, by: Online, now: datetime) -> Snapshot:
    """Everything until now, under a checkpoint that is signed now. Raises ExportFault."""
    if one.held:
        message = f"{one.held} signatures are held. An organiser must let or strike them first, in the bot."
        raise ExportFault(message)
    kept = [note for size, _at, note in petition_logs.checkpoints(tx, one.id) if size < one.size]
    found = _snapshot(tx, one, [*kept, petition_logs.sign(tx, one.id, by, now)], [(by.certificate, by.vouching)])
    assert found is not None  # noqa: S101 - one was signed above
    return found


def _snapshot(tx: Tx, one: Petition, found: list[Note], more: list[tuple[bytes, bytes]]) -> Snapshot | None:
    if not found:
        return None
    said = checkpoint.read_checkpoint(found[-1].text)
    opened = tuple(each for each in petitions.versions(tx, one.id) if each.opened_at is not None)
    certificates = dict.fromkeys([*petition_logs.certificates(tx), *more])
    return Snapshot(one, opened, tuple(found), 0 if said is None else said.size, tuple(certificates))


# -- the files ---------------------------------------------------------------------------------------------------------


def parts(  # noqa: PLR0913 - what is in them, and who is told meanwhile
    tx: Tx,
    what: Snapshot,
    *,
    records: bool,
    hollow: bool = False,
    counted: Counted | None = None,
    progress: dossier.Progress | None = None,
) -> Parts:
    """The files, those that others refer to first. `counted` is filled while the log goes by.

    In `hollow` records nothing is sealed.
    """
    for each in what.versions:
        name = f"letter-{each.number}.txt"
        yield name, (petition.file_of(each.letter).encode(),)
    for number, (text, vouching) in enumerate(what.certificates, 1):
        name = CERTIFICATE.format(number=number)
        yield name, (text,)
        yield f"{name}.minisig", (vouching,)
    total = what.size + (what.petition.count if records else 0)
    yield dossier.ENTRIES, _entries(tx, what, counted, progress, total)
    if records:
        yield dossier.RECORDS, _records(tx, what, progress, total, hollow=hollow)
    for note in what.notes:
        said = checkpoint.read_checkpoint(note.text)
        if said is not None:
            yield f"{said.size}.checkpoint", (str(note).encode(),)


def _entries(
    tx: Tx, what: Snapshot, counted: Counted | None, progress: dossier.Progress | None, total: int
) -> Iterator[bytes]:
    done = 0
    for some in _some(petition_logs.entries(tx, what.petition.id, 0, what.size)):
        lines = []
        for _place, entry in some:
            lines.append(f"{petition_log.line_of(entry)}\n")
            if counted is not None:
                _count(counted, entry)
        done += len(some)
        if progress is not None:
            progress(done, total)
        yield "".join(lines).encode("ascii")


def _records(tx: Tx, what: Snapshot, progress: dossier.Progress | None, total: int, *, hollow: bool) -> Iterator[bytes]:
    done = what.size
    sealed = ((place, record) for place, record in signatures.records(tx, what.petition.id) if place < what.size)
    if hollow:
        sealed = ((place, secrets.token_bytes(len(record))) for place, record in sealed)
    for some in _some(sealed):
        done += len(some)
        if progress is not None:
            progress(min(done, total), total)
        yield "".join(dossier.record_line(place, record) for place, record in some).encode("ascii")


def _some(items: Iterable[T]) -> Iterator[list[T]]:
    """Some at a time."""
    left = iter(items)
    return iter(lambda: list(islice(left, AT_ONCE)), [])


def _count(counted: Counted, entry: Entry) -> None:
    match entry:
        case Sign():
            counted.signed += 1
        case Withdraw():
            counted.withdrawn += 1
        case Strike():
            counted.struck += 1
        case Letter() | Packet():
            pass


def export(tx: Tx, one: Petition, by: Online, to: Path, now: datetime, progress: dossier.Progress | None = None) -> int:  # noqa: PLR0913, PLR0917
    """Write an organisers' export into the new directory `to`; how long the log is. Raises ExportFault."""
    if to.exists():
        message = f"{to} is there already, and nothing is overwritten. Name another one with --out."
        raise ExportFault(message)
    what = whole(tx, one, by, now)
    draft = to.with_name(to.name + ".part")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        draft.mkdir(parents=True, mode=0o700)
        for name, pieces in parts(tx, what, records=True, progress=progress):
            with (draft / name).open("wb") as file:
                file.writelines(pieces)
        draft.rename(to)
    except OSError as error:
        message = f"{to} can't be written: {error.strerror}. Make room, or name another place with --out."
        raise ExportFault(message) from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return what.size


class TooBig(Exception):  # noqa: N818
    """No chat takes so much."""


def packed(files: Parts, most: int = MOST) -> bytes:
    """The files in one archive, the same for the same files. Raises TooBig as soon as it is."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, pieces in files:
            with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as file:
                for piece in pieces:
                    file.write(piece)
                    if held.tell() > most:
                        raise TooBig
    return held.getvalue()


# -- slow work for a chat ----------------------------------------------------------------------------------------------


def do(tx: Tx, job: Job, now: datetime) -> Done:
    """What a job about a petition finds. Of one that is too big, or can't be made now, nothing is drawn.

    Whoever forces an organiser may have their key, too: then the records are noise, of the same length.
    """
    ledger.stand_still(tx)
    own = duress.of(tx, job.person)
    forced = own is not None and own.duress is not None
    one = petitions.find(tx, int(job.body, 36))
    if one is None or one.opened_at is None:
        return Done("")
    if job.kind == ledger.CHART:
        return Done(json.dumps(_growth(tx, one)))
    if job.kind == ledger.FILES:
        what = published(tx, one)
    else:
        by = petition_logs.signer(tx, now)
        one = replace(one, held=0) if forced else one  # on a forced organiser's screen they may have been let
        what = None if by is None or one.held else whole(tx, one, by, now)
    if what is None:
        return Done("")
    try:
        drawn = packed(parts(tx, what, records=job.kind == ledger.EXPORT, hollow=forced))
    except (TooBig, ValueError):
        return Done("too big")
    return Done(str(what.notes[-1]), drawn)


def _growth(tx: Tx, one: Petition) -> dict[str, object]:
    newest = petitions.newest(tx, one.id, opened=True)
    return {
        "days": [[day.isoformat(), many] for day, many in signatures.by_day(tx, one.id)],
        "countries": signatures.countries(tx, one.id),
        "goal": 0 if newest is None else newest.letter.goal,
        "count": one.count,
    }


# -- for a web server --------------------------------------------------------------------------------------------------


def publish(tx: Tx, directory: Path, community: str, root: str, now: datetime) -> int:
    """Bring the published petitions in `directory` up to date; how many there are. Names of signers are in none."""
    ledger.stand_still(tx)
    shown: list[Shown] = []
    for one in petitions.public(tx, 1_000):
        what = published(tx, one)
        if what is not None:
            shown.append(_publish(tx, what, directory / what.name, community, root, now))
    if shown:
        from bot import petition_page  # noqa: PLC0415 - only who publishes needs it

        put(directory / PAGE, [petition_page.overview(shown, community).encode()])
    return len(shown)


def _publish(tx: Tx, what: Snapshot, to: Path, community: str, root: str, now: datetime) -> Shown:  # noqa: PLR0913, PLR0917
    from bot import petition_page  # noqa: PLC0415
    from handlers.petitions import counting as petition_counting  # noqa: PLC0415

    counted = Counted()
    names = []
    for name, pieces in parts(tx, what, records=False, counted=counted):
        names.append(name)
        put(to / name, pieces)
    shown = Shown(
        what.name,
        what.versions[-1].letter,
        what.petition,
        counted,
        tuple(ledger.of(tx, what.petition.id)),
        what.notes[-1],
        tuple(names),
        tuple(petition_counting.elsewhere(tx, what.petition, what.petition.count)),
    )
    put(to / PAGE, [petition_page.page(shown, community, root, now).encode()])
    return shown


def marks(tx: Tx) -> list[tuple[str, ...]]:
    """By what it is known that something is to be published anew."""
    found = []
    for one in petitions.public(tx, 1_000):
        steps = (f"{each.state.value} {each.acknowledged_at}" for each in ledger.of(tx, one.id))
        others = (f"{each.said.key} {each.said.version} {each.at}" for each in relays.of(tx, one.id))
        found.append((str(one.id), one.state.value, str(petition_logs.last_checkpoint(tx, one.id)), *steps, *others))
    return found


def put(path: Path, pieces: Iterable[bytes]) -> None:
    """Write one file whole; readers find the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".part")
    with draft.open("wb") as file:
        file.writelines(pieces)
        file.flush()
        os.fsync(file.fileno())
    draft.chmod(0o644)  # to be published: anybody may read them
    draft.replace(path)


def find(tx: Tx, number: str) -> Petition:
    """A petition by its number, as it stands in its log's name or in a link. Raises ExportFault."""
    for base in (16, 36):
        try:
            which = int(number.rpartition("/")[2], base)
        except ValueError:
            continue
        one = petitions.find(tx, which) if which < 1 << 63 else None
        if one is not None and one.opened_at is not None:
            return one
    known = ", ".join(f"{one.id:x}" for one in petitions.public(tx, 20))
    message = f"There is no petition {number} that was opened. There are: {known or 'none'}."
    raise ExportFault(message)
