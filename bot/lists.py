"""`payvand import-list` and `export-list`: lists of shelters and hospitals come in, and records are passed on.

Lists come in by the operator's hand alone: whoever could put lines into one from a chat could lay out names as bait,
and read who is looked for. What goes out needs two moderators, and never passes through a chat.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from bot.domain import listing, pfif
from bot.domain.knock import MOST_NAMES, Known, goes_out
from bot.domain.pfif import LARGEST, Person, Reading, Trouble, Version, date, dated
from handlers.search import finding
from storage import audit, lists, outbox, search
from storage.database import Storage, Tx
from storage.disk import sync_directory
from storage.lists import Passed, Told

__all__ = ["LARGEST", "Done", "Export", "ListFault", "Wish", "read", "refuse", "take", "told", "write"]

BATCH: Final = 200  # records in one transaction
INDEXED: Final = 5000  # that become findable in one: the bot is stopped meanwhile
MOST_DAYS: Final = 400
SHOWN: Final = 20  # lines that were not taken
_LONGEST_SOURCE, _LONGEST_PLACE, _LONGEST_NAME = 80, 80, 60
_DOMAIN: Final = re.compile(r"(?=.{3,100}$)[a-z][-a-z0-9]*(?:\.[a-z][-a-z0-9]*)+")
_XML: Final = re.compile(rb"\s*<")


class ListFault(Exception):  # noqa: N818 - an operator reads the sentence, not the class
    """What was wanted can't be done. The message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A list that is to be taken in. `whole`: what the source does not say any more is erased."""

    data: bytes
    source: str
    now: datetime
    days: int = 90
    whole: bool = False
    consent: bool = False
    try_only: bool = False


@dataclass(slots=True)
class Done:
    """What became of a list: how many records are new, were replaced or are over, and which lines were not taken."""

    new: int = 0
    again: int = 0
    over: int = 0
    refused: Sequence[tuple[int, Trouble]] = ()


def read(wish: Wish) -> Reading:
    """The people of a list. Raises ListFault or Unreadable."""
    if not wish.source.strip() or len(wish.source) > _LONGEST_SOURCE or wish.source != pfif.clean(wish.source):
        raise ListFault(f"Say who keeps the list, in 1 to {_LONGEST_SOURCE} plain characters: --source NAME")
    if not 1 <= wish.days <= MOST_DAYS:
        raise ListFault(f"Records are kept for 1 to {MOST_DAYS} days: --expires DAYS")
    head = wish.data.removeprefix(b"\xef\xbb\xbf")[:200].replace(b"\x00", b"").lstrip(b"\xff\xfe")
    return pfif.read(wish.data) if _XML.match(head) else listing.read(wish.data, wish.now)


async def take(
    storage: Storage, wish: Wish, reading: Reading, progress: Callable[[int, int], None] | None = None
) -> Done:
    """Take in a list, some records at a time: if it is cut short, the same command goes on.

    `progress` counts each record twice: as kept, and as findable.
    """
    done = Done(refused=reading.refused)
    total = len(reading.people)
    for start in range(0, total, BATCH):
        some = reading.people[start : start + BATCH]
        await storage.write(partial(_take, wish=wish, people=some, done=done))
        _told(progress, start, start + len(some), 2 * total)
    if wish.whole:
        await _erase_others(storage, wish.source, {one.id for one in reading.people}, done, wish.now)
    at = total
    while count := await storage.write(partial(search.index, most=INDEXED)):
        before, at = at, max(at, min(at + count, 2 * total - 1))
        _told(progress, before, at, 2 * total)
    _told(progress, at, 2 * total, 2 * total)
    await storage.write(partial(_noted, wish=wish))
    return done


def _told(progress: Callable[[int, int], None] | None, before: int, after: int, total: int) -> None:
    if progress is not None:
        for at in range(before + 1, after + 1):
            progress(at, total)


def _take(tx: Tx, wish: Wish, people: Sequence[Person], done: Done) -> None:
    for one in people:
        ends = wish.now + timedelta(days=wish.days)
        if (said := date(one.fields.get("expiry_date", ""))) is not None:
            ends = min(ends, said)
        over, known = one.stub or ends <= wish.now, _known(one)
        which = lists.numbered(tx, wish.source, one.id)
        if which is not None and (over or lists.another(tx, which, known)):
            done.over += _erase(tx, [which], wish.now)
        if over:
            continue
        new = lists.put(tx, _line(one, wish), known, wish.now, ends, consent=wish.consent)
        done.new += new
        done.again += not new


def _line(one: Person, wish: Wish) -> Told:
    """What a list says of somebody, and of which day each of it is. The day on which it comes in is none of them."""

    def day(at: datetime | None) -> datetime | None:
        return at if at is not None and at <= wish.now + pfif.AHEAD else None

    (status, said_at), (place, seen_at) = one.newest("status"), one.newest("last_known_location")
    at = day(date(one.fields.get("source_date", "")))
    return Told(wish.source, one.id, at, status, _place(place), one.hard, day(said_at), day(seen_at))


def _place(said: str) -> str:
    """A place as it may be read; none if a number, an address or a link stands there."""
    return "" if pfif.reaches(said) else said[:_LONGEST_PLACE]


def _known(one: Person) -> Known:
    """Of a list only what a search compares is kept: no address, no number, no picture, no words about anybody."""
    place = _place(one.place())
    names = tuple(" ".join(name.split())[:_LONGEST_NAME] for name in one.names[:MOST_NAMES])
    return Known(names, one.born(), (place,) if place else ())


async def _erase_others(storage: Storage, source: str, said: set[str], done: Done, now: datetime) -> None:
    after = -1
    while some := await storage.read(partial(lists.others, source=source, after=after, most=BATCH)):
        after = some[-1][0]
        gone = [which for which, record in some if record not in said]
        if gone:
            done.over += await storage.write(partial(_erase, gone=gone, now=now))


def _erase(tx: Tx, gone: Sequence[int], now: datetime) -> int:
    """Records are over: whoever had learnt something from them is told so. How many there were."""
    outbox.post(tx, list(finding.leaves(tx, gone, now)), now)
    search.erase(tx, gone)
    return len(gone)


def _noted(tx: Tx, wish: Wish) -> None:
    audit.note(tx, None, "taken in: a list", wish.now)


def told(done: Done, *, try_only: bool = False) -> str:
    """What an operator reads about a list: counts, and line numbers of what was not taken; never a name."""
    if try_only:
        lines = [f"{_counted(done.new, 'record')} can be taken in. Nothing was changed."]
    else:
        new, again, over = done.new, done.again, done.over
        said = f"{_counted(new, 'record')} {_are(new)} new, {again} {_were(again)} replaced"
        lines = [f"{said}, {over} {_are(over)} over and erased."]
    if done.refused:
        counted = Counter(why for _line, why in done.refused)
        many = len(done.refused)
        lines.append(f"{_counted(many, 'line')} {_were(many)} not taken:")
        lines += [f"  {count} × {why.value}: {_numbers(done.refused, why)}" for why, count in counted.most_common()]
    return "\n".join(lines)


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _numbers(refused: Sequence[tuple[int, Trouble]], why: Trouble) -> str:
    numbers = [str(line) for line, other in refused if other is why]
    more = f" and {len(numbers) - SHOWN} more" if len(numbers) > SHOWN else ""
    return f"{'line' if len(numbers) == 1 else 'lines'} {', '.join(numbers[:SHOWN])}{more}"


# -- records are passed on -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Export:
    """A file to be written: where, under which domain records are called, by whom, in which version."""

    file: Path
    domain: str
    community: str
    now: datetime
    version: str = Version.V1_4.value


def refuse(asked: Export) -> None:
    """Raises ListFault if the file can't be written, before an agreement is used up."""
    if not _DOMAIN.fullmatch(asked.domain.lower()):
        raise ListFault("Name a domain of yours, such as nur.example.org: --domain NAME")
    if asked.file.exists():
        raise ListFault(f"{asked.file} is there already. Nothing is overwritten.")
    if not asked.file.parent.is_dir():
        raise ListFault(f"{asked.file.parent} is no directory.")


async def write(storage: Storage, asked: Export) -> str:
    """Write what may be passed on. Raises ListFault if two moderators have not agreed to it, or the file is there.

    Only once the whole file is on the disk is it noted that it went out, and the agreement used up.
    """
    refuse(asked)
    version = Version(asked.version)
    export = await storage.read(partial(_export, asked=asked))
    if export is None:
        raise ListFault(
            "Two moderators must agree first: at the desk, under “People looked for”, “Pass records on”. It counts "
            "once, for two days."
        )
    passed = export.passed
    # 1.2 can't say on which day a record ends, so that what is over is said there by its absence
    people = [one for one in _people(passed, asked) if version is Version.V1_4 or not one.stub]
    _put(asked.file, pfif.write(people, version))
    await storage.write(partial(_exported, asked=asked, export=export))
    over = sum(one.known is None for one in passed)
    to = await storage.read(lists.recipient)
    whose = f" It goes to: {to}." if to else ""
    return (
        f"{asked.file}: {_counted(len(passed) - over, 'record')}, and {over} that {_are(over)} over. "
        f"Only those who agreed are in it.{whose}"
    )


def _export(tx: Tx, asked: Export) -> lists.Export | None:
    return lists.to_pass_on(tx, asked.now, asked.domain.lower()) if lists.may_export(tx, asked.now) else None


def _put(file: Path, content: bytes) -> None:
    """Write a file that only we can read, whole or not at all."""
    draft = file.with_name(file.name + ".part")
    draft.unlink(missing_ok=True)  # of a command that was cut short
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    draft.rename(file)
    sync_directory(file.parent)


def _exported(tx: Tx, asked: Export, export: lists.Export) -> None:
    lists.agreed(tx, asked.now)
    audit.note(tx, None, "passed on: records", asked.now)
    lists.passed_on(tx, export, asked.now)


def _people(passed: Sequence[Passed], asked: Export) -> Iterator[Person]:
    for one in passed:
        fields = {"person_record_id": one.record, "source_date": dated(one.at), "entry_date": dated(asked.now)}
        fields["expiry_date"] = dated(one.ends)
        if one.known is None:
            yield Person(fields)
            continue
        known = goes_out(one.known)
        fields |= {
            "full_name": known.names[0],
            "source_name": one.source or asked.community,
            "author_name": asked.community,
        }
        if len(known.names) > 1:
            fields["alternate_names"] = "\n".join(known.names[1:])
        if known.born is not None:
            fields["date_of_birth"] = str(known.born)
        if known.places:
            fields["home_city"] = known.places[0]
        yield Person(fields, (_looked_for(one, asked),) if one.missing else ())


def _looked_for(one: Passed, asked: Export) -> dict[str, str]:
    return {
        "note_record_id": f"{one.record}.1",
        "person_record_id": one.record,
        "entry_date": dated(asked.now),
        "author_name": asked.community,
        "source_date": dated(one.at),
        "status": "information_sought",
        "text": "Somebody of this community looks for them.",
    }
