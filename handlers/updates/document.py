"""A file that somebody sends: is it ours? A signed text, a copy in any encoding, a signature alone, or none of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from bot.domain import verifying
from bot.domain.bulletin import Edition, read_file
from bot.domain.conversation import Choice, Line, Outgoing, Page
from bot.domain.picture import pause
from bot.domain.textfile import Got, Paper, TextFile, Unread
from bot.domain.verifying import FEWEST, Change, Likeness
from bot.i18n import LANGUAGE_NAMES, _
from handlers.ask import Ask, back
from handlers.home import menu
from handlers.updates import reading, verify
from handlers.words import NEVER_FIRST
from storage import broadcasts, bulletins, copies, jobs, people, signing
from storage.database import Tx
from storage.jobs import File

LONGEST: Final = 4000  # characters of what a platform calls a file
GIVEN_UP: Final = timedelta(minutes=30)  # whoever still waits by then can send it again
_SIGNATURE: Final = "untrusted comment:"
_ENTRY = re.compile(r"payvand bulletin [1-9]\d{0,8} [a-z]{2}, entry ([1-9]\d{0,8}),", re.ASCII)
_OF_CERTIFICATE: Final = "payvand certificate, "
_IN_HEADER = re.compile(r"^entry: ([1-9]\d{0,8})$", re.ASCII | re.MULTILINE)


def sent(ask: Ask, tx: Tx) -> Outgoing | None:
    """A file was sent: it will be fetched, looked at and dropped, and the answer comes then."""
    thing = ask.attached
    if thing is None or not thing.reference or len(thing.reference) > LONGEST:
        return ask.reply(_said(Unread.OTHER), [back()])
    if ask.data.get("what") == "verify":
        people.end_dialogue(tx, ask.person.id)
    jobs.put_file(
        tx, File(0, ask.person.id, ask.address, ask.sender.platform, ask.sender.bot, thing.reference, ask.now), ask.now
    )
    return None


def looked_at(tx: Tx, one: File, got: Got, now: datetime) -> list[Outgoing]:
    """A file was fetched, or could not be. Nothing if nobody waits for it any more."""
    if got is Unread.LATER and now - one.since < GIVEN_UP:
        jobs.later(tx, one, now + pause(one.tries))
        return []
    if not jobs.done(tx, one.job):
        return []
    return [_answer(tx, one, got, now)]


def _answer(tx: Tx, one: File, got: Got, now: datetime) -> Outgoing:
    if isinstance(got, Paper):
        edition = _belongs(tx, one, got.digest)
        if edition is not None:
            said = _("✅ This PDF belongs to our No. {number}, exactly as it went out.", number=edition.number)
            return _found(tx, one, edition, [said], now)
        got = Unread.PDF
    if isinstance(got, Unread):
        why: list[Line | str] = [_said(got)]
        key = bulletins.public_key(tx)
        if got in {Unread.PDF, Unread.SHEET} and key:
            why += [_("Our public key:"), key]
        return _letter(one, why, _below(tx, one))
    text = got.text.strip("\n") + "\n"
    if text.startswith(_SIGNATURE):
        return _signature(tx, one, text, now)
    if any(text.encode() == certificate for _entry, certificate, _by in copies.certificates(tx)):
        said = _("✅ This is our certificate. It says which key signs our bulletins, and our public key proves it.")
        return _letter(one, [said], _how())
    return _words(tx, one, got, text, now)


def _belongs(tx: Tx, one: File, digest: str) -> Edition | None:
    """The newest bulletin with which this PDF went out, in its reader's language if there is one."""
    found = bulletins.by_entries(tx, copies.with_attached(tx, digest))
    mine = [each for each in found if (read := read_file(each.file)) is not None and read[0].document == digest]
    if not mine:
        return None
    editions = bulletins.editions(tx, mine[-1].number)
    reader = people.find(tx, one.person)
    return editions.get(reader.language if reader is not None else "", mine[-1])


def _said(why: Unread) -> Line:
    match why:
        case Unread.TOO_LARGE:
            return _(
                "This file is too large to be one of ours. Copy the words that matter out of it and send me those."
            )
        case Unread.EMPTY:
            return _("There is nothing in this file.")
        case Unread.PICTURE | Unread.OTHER:
            return _(
                "I can read plain text files (.txt) and signatures (.minisig), and this is another kind of file. If it "
                "shows words, type them here: I say whether they are ours."
            )
        case Unread.SHEET:
            return _("✅ This is the sheet with our public key, exactly as I make it.")
        case Unread.PDF:
            return _(
                "I can't tell whether this PDF is ours: I know the sheet with our public key, and what went out with "
                "bulletins, and this is neither. If it shows a key, compare it with this one, sign by sign. If it "
                "shows words, type them."
            )
        case Unread.GONE | Unread.LATER:
            return _("I could not get this file. Please send it once more.")


# -- words ---------------------------------------------------------------------------------------------------------


def _words(tx: Tx, one: File, got: TextFile, text: str, now: datetime) -> Outgoing:
    """What a file of words is."""
    head, body = _parted(text)
    if len(verifying.read(body)) < FEWEST:
        return _letter(one, [verify.too_short()], _below(tx, one))
    found = _claimed(tx, head, body) or verify.find(tx, body)
    if found is None:
        return _letter(one, [verify.NEVER, NEVER_FIRST], _below(tx, one))
    edition, how = found
    lines: list[Line | str] = []
    changed = _changed(edition, head) if head else []
    if head and text == edition.file and not verifying.is_disguised(body):
        lines.append(
            _(
                "✅ This is our signed file of No. {number} ({language_name}), and nothing in it was changed.",
                number=edition.number,
                language_name=LANGUAGE_NAMES.get(edition.language, edition.language),
            )
        )
        if _is_signed(tx, edition, edition.signature.encode()):
            lines.append(_("Our signature under it is good."))
        if not got.exact:
            lines.append(
                _(
                    "A program has stored it in another way, so that others may call the signature bad. Take it from "
                    "me anew."
                )
            )
        return _found(tx, one, edition, lines, now)
    if changed and how.likeness in {Likeness.SAME, Likeness.PART}:
        lines.append(
            _("⚠️ This is not our file of No. {number}: above the words, this was changed:", number=edition.number)
        )
    elif changed:
        lines.append(_("⚠️ Above the words, this was changed:"))
    lines += map(verify.change, changed[: verify.SHOWN])
    of = bulletins.find(tx, edition.number)
    assert of is not None  # noqa: S101 - an edition refers to its bulletin
    if not (changed and how.likeness in {Likeness.SAME, Likeness.PART} and not how.spelled):
        lines += verify.said(of, how, disguised=verifying.is_disguised(body))
    return _found(tx, one, edition, lines, now)


def _parted(text: str) -> tuple[str, str]:
    """What stands above the words of a file that seems to be signed ("" if it does not seem so), and the words."""
    if not text.startswith("payvand bulletin "):
        return "", text
    head, _between, body = text.partition("\n\n")
    return head, body


def _claimed(tx: Tx, head: str, body: str) -> tuple[Edition, verifying.Found] | None:
    """The file of ours that a header says it is, if the words are like those."""
    entry = _IN_HEADER.search(head)
    if entry is None:
        return None
    for edition in bulletins.by_entries(tx, [int(entry[1])]):
        how = verifying.compare(verifying.read(edition.text), verifying.read(body))
        if how.likeness is not Likeness.OTHER:
            return edition, how
    return None


def _changed(edition: Edition, head: str) -> list[Change]:
    """The lines of a header that are not ours."""
    ours, _between, _body = edition.file.partition("\n\n")
    mine, theirs = _fields(ours), _fields(head)
    names = dict.fromkeys((*mine, *theirs))
    return [
        Change(mine.get(name, "")[: verifying.LONGEST_SHOWN], theirs.get(name, "")[: verifying.LONGEST_SHOWN])
        for name in names
        if mine.get(name) != theirs.get(name)
    ]


def _fields(head: str) -> dict[str, str]:
    return {line.partition(":")[0]: line for line in head.split("\n")}


# -- signatures ----------------------------------------------------------------------------------------------------


def _signature(tx: Tx, one: File, text: str, now: datetime) -> Outgoing:
    """Whose a signature is that came without what it signs."""
    signature = text.encode()
    comment = signing.comment_of(signature)
    named = _ENTRY.match(comment)
    for edition in bulletins.by_entries(tx, [int(named[1])]) if named else ():
        if _is_signed(tx, edition, signature):
            said = _(
                "✅ This is our good signature of No. {number} ({language_name}). Send me the text file as well: then "
                "I say whether anything in it was changed.",
                number=edition.number,
                language_name=LANGUAGE_NAMES.get(edition.language, edition.language),
            )
            return _found(tx, one, edition, [said], now)
    if comment.startswith(_OF_CERTIFICATE):
        root = bulletins.public_key(tx)
        if root and any(signing.is_signed(words, signature, root) for _entry, words, _by in copies.certificates(tx)):
            return _letter(one, [_("✅ This is the good signature of our certificate, made with our key.")], _how())
    bad = _("❌ This signature belongs to nothing that we have published. Don't trust the file that it came with.")
    return _letter(one, [bad, NEVER_FIRST], _below(tx, one))


def _is_signed(tx: Tx, edition: Edition, signature: bytes) -> bool:
    """Whether it is a good signature under a file of ours, by a key that our root key vouched for at that time."""
    kept = copies.certificate_of(tx, edition.entry)
    if kept is None:
        return False
    try:
        certificate = signing.read_certificate(*kept, bulletins.public_key(tx), edition.at)
    except signing.NotCertified:
        return False
    return signing.is_signed(edition.file.encode(), signature, certificate.key)


# -- letters -------------------------------------------------------------------------------------------------------


def _found(tx: Tx, one: File, edition: Edition, lines: Sequence[Line | str], now: datetime) -> Outgoing:
    """An answer about a bulletin of ours: with what became of it, and the ways to it."""
    of = bulletins.find(tx, edition.number)
    assert of is not None  # noqa: S101 - an edition refers to its bulletin
    broadcasts.note_asked(tx, of.number, one.person, now)  # a correction must reach them, too
    later = verify.following(tx, of)
    numbers = dict.fromkeys((later[-1].number if later else of.number, of.number))
    rows = [[verify.read_button(number, edition.language)] for number in numbers]
    return _letter(one, [*lines, *verify.standing(of, later)], [*rows, [back()]])


def _below(tx: Tx, one: File) -> Iterable[Iterable[Choice]]:
    """The main menu, unless other words are waited for."""
    return menu() if people.dialogue_of(tx, one.person) is None else [[back()]]


def _how() -> list[list[Choice]]:
    return [[reading.HOW], [back()]]


def _letter(one: File, lines: Sequence[Line | str], rows: Iterable[Iterable[Choice]]) -> Outgoing:
    return Outgoing(one.person, Page(tuple(lines)), choices=tuple(map(tuple, rows)), at=one.address)
