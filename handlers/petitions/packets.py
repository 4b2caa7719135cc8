"""An organiser's ledger: the export, the packets that were made of it, and what the addressees do with them."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Final

from bot import i18n
from bot.domain import checkpoint
from bot.domain.conversation import Attachment, Choice, Line, On, Outgoing, Page
from bot.domain.petition import Delivery, Event, State
from bot.domain.refusals import Outdated
from bot.i18n import _, ngettext, pgettext
from handlers import desk
from handlers.ask import Ask, back, base36, button, expect, file
from handlers.petitions import steps, wording
from storage import audit, jobs, ledger, people, petition_logs, petitions
from storage.database import Tx
from storage.jobs import Done, Job
from storage.ledger import Packet
from storage.petitions import Petition, Version

BIG: Final = 40_000  # entries: an export of more does not fit into a chat
LONGEST: Final = 4_000  # signs of a packet's list
LONGEST_REFERENCE: Final = 80
LONGEST_ANSWER: Final = 300
HEAD: Final = "payvand packet 1"
_LIVING: Final = frozenset({State.OPEN, State.CLOSING, State.CLOSED})


@dataclass(frozen=True, slots=True)
class _Mine:
    """The organiser's petition, its newest opened version, and the number of the right with which they look."""

    petition: Petition
    version: Version
    right: int

    @property
    def id(self) -> int:
        return self.petition.id


def _mine(ask: Ask, tx: Tx) -> _Mine:
    """The petition that the button means, if it is of whoever presses. Raises Outdated."""
    by = desk.organiser(ask, tx)
    found = petitions.find(tx, ask.number())
    newest = None if found is None else petitions.newest(tx, found.id, opened=True)
    if found is None or newest is None or found.author != by.person:
        raise Outdated
    return _Mine(found, newest, by.held.number)


def _packet(ask: Ask, tx: Tx) -> tuple[_Mine, Packet]:
    one = _mine(ask, tx)
    packet = ledger.find(tx, one.id, ask.number(1))
    if packet is None:
        raise Outdated
    return one, packet


# -- at one glance -------------------------------------------------------------------------------------------------


def overview(ask: Ask, tx: Tx) -> Outgoing:
    """Every packet with how far it is, and what can be done."""
    return _shown(ask, tx, _mine(ask, tx))


def _shown(ask: Ask, tx: Tx, one: _Mine) -> Outgoing:
    people.end_dialogue(tx, ask.person.id)
    packets = ledger.of(tx, one.id)
    lines: list[Line | str] = [_("<b>Packets</b>"), _course(one.petition)]
    if one.petition.held:
        lines.append(
            ngettext(
                "✋ {n} signature is held. Let it or strike it first: before that there is no export.",
                "✋ {n} signatures are held. Let them or strike them first: before that there is no export.",
                n=one.petition.held,
            )
        )
    rows: list[list[Choice]] = []
    for packet in packets[-8:]:
        lines.append(steps.title_of(packet, ask.person.language))
        lines.append(_state(packet))
        rows.append([_button(packet)])
        if packet.state is Delivery.OVERDUE:
            lines.append(_("⌛ No answer has come in time. A letter that reminds them is drafted: open the packet."))
        if owed := ledger.owed(tx, packet, packets):
            lines.append(
                ngettext(
                    "⚠️ {n} signature in it has ended since. Its recipient must get a supplement.",
                    "⚠️ {n} signatures in it have ended since. Its recipient must get a supplement.",
                    n=owed,
                )
            )
    first = []
    if one.petition.state in _LIVING:
        first.append(button(pgettext("button", "📤 Export"), "petition.export", one.id))
        first.append(button(pgettext("button", "➕ A packet is made"), "petition.made", one.id))
    return ask.reply(Page(tuple(lines)), first, *rows, [back("petition.one", one.id)], clean_after=desk.STANDS)


def _course(one: Petition) -> Line:
    """Until when a signature can be taken back, as far as anybody can say."""
    ends = one.course.key_ends_at
    if one.state is State.OPEN:
        return _("It is open. Packets can be made at any time; the last one after it is closed.")
    if one.state is State.CLOSING and ends is not None:
        return _("Until {when} whoever has signed can take it back here. Each new packet prolongs that.", when=On(ends))
    return _("The petition's key is destroyed: only who holds a receipt can take a signature back.")


def _button(one: Packet) -> Choice:
    return button(pgettext("button", "📦 No. {number}", number=one.number), "petition.packet", one.petition, one.number)


def _state(one: Packet) -> Line:
    match one.state:
        case Delivery.SEALED:
            return pgettext("status", "made, not handed over yet")
        case Delivery.SENT:
            return pgettext("status", "handed over")
        case Delivery.ACKNOWLEDGED:
            return pgettext("status", "it has come")
        case Delivery.OVERDUE:
            return pgettext("status", "no answer in time")
        case Delivery.ANSWERED:
            return pgettext("status", "answered")


# -- the export ----------------------------------------------------------------------------------------------------


def export(ask: Ask, tx: Tx) -> Outgoing | None:
    """Let the export be put together, or say where an operator makes it."""
    one = _mine(ask, tx)
    if one.petition.held:
        return _shown(ask, tx, one)
    if one.petition.state not in _LIVING:
        raise Outdated
    audit.note(tx, ask.person.id, "exported: petition", ask.now)
    if one.petition.size > BIG:
        return ask.reply(*_too_big(one.id), [back("petition.packets", one.id)], clean_after=desk.STANDS)
    jobs.put(tx, ask.person.id, ask.address, ledger.EXPORT, base36(one.id), ask.now)
    return None


def _too_big(which: int) -> tuple[Page]:
    return (
        Page(
            (
                _("This export is too big for a chat. Whoever runs the machine makes it there:"),
                _("<code>payvand export-petition {number} --out export</code>", number=f"{which:x}"),
            )
        ),
    )


def exported(tx: Tx, job: Job, done: Done, now: datetime) -> list[Outgoing]:
    """The export is put together. Its names are sealed: only the organisers' key opens them."""
    if not jobs.done(tx, job.id):
        return []
    which = int(job.body, 36)
    if not done.drawn:
        text = _too_big(which)[0] if done.hashed else Page((_("It can't be made just now. Whoever runs the machine "
                                                              "finds out why with: payvand check"),))  # fmt: skip
        return [Outgoing(job.person, text, at=job.address, clean_after=desk.STANDS, own=True)]
    by, note = petition_logs.signer(tx, now), checkpoint.read_note(done.hashed)
    if by is not None and note is not None:
        petition_logs.keep(tx, which, by, note)
    text = Page(
        (
            _("The export. Unpack it on your own machine, and make the packet there:"),
            _("<code>payvand packet export un-wgad --key organiser.key</code>"),
            _("The names in it are sealed. Still, give it to nobody, and erase it here and there afterwards."),
        )
    )
    rows = ((button(pgettext("button", "➕ A packet is made"), "petition.made", which),),)
    attached = Attachment("file", f"export-{which:x}.zip", done.drawn)
    return [
        Outgoing(job.person, text, choices=rows, attachment=attached, at=job.address, clean_after=desk.STANDS, own=True)
    ]


# -- a packet was made ---------------------------------------------------------------------------------------------


def made(ask: Ask, tx: Tx) -> Outgoing:
    """Ask for whom; or, once that is said, for its list."""
    one = _mine(ask, tx)
    if one.petition.state not in _LIVING:
        raise Outdated
    codes = one.version.letter.addressees
    if len(ask.args) > 1:
        if ask.args[1] not in codes:
            raise Outdated
        return _ask_for_list(ask, tx, one, ask.args[1])
    rows = [
        [
            button(
                pgettext(
                    "button-wide", "{name}", name=wording.short(wording.addressee_name(code, ask.person.language))
                ),
                "petition.made",
                one.id,
                code,
            )
        ]
        for code in codes
    ]
    return ask.reply(_("For whom is it?"), *rows, [back("petition.packets", one.id)], clean_after=desk.STANDS)


def _ask_for_list(ask: Ask, tx: Tx, one: _Mine, code: str, *before: Line) -> Outgoing:
    expect(ask, tx, "petition.packet", petition=base36(one.id), addressee=code)
    lines = (
        *before,
        _(
            "Paste what stands in packet.txt, all of it, from the first line to the last. I check that it is of this "
            "log, and how far it goes."
        ),
    )
    return ask.reply(Page(lines), [back("petition.packets", one.id)], clean_after=desk.STANDS)


def pasted(ask: Ask, tx: Tx) -> Outgoing:
    """The list of a packet was pasted: its digest goes into the log."""
    code = str(ask.data.get("addressee", ""))
    ask = replace(ask, args=(str(ask.data.get("petition", "")),))
    one = _mine(ask, tx)
    if one.petition.state not in _LIVING or code not in one.version.letter.addressees:
        raise Outdated
    found = _read(tx, one, code, ask.words[: LONGEST + 1])
    if isinstance(found, Line):
        return _ask_for_list(ask, tx, one, code, found)
    if any(each.digest == found.digest for each in ledger.of(tx, one.id)):
        return _ask_for_list(ask, tx, one, code, _("This packet stands in the log already."))
    number = ledger.record(tx, one.petition, code, found.version, found.digest, found.covers, ask.now)
    audit.note(tx, ask.person.id, "packet: petition", ask.now)
    people.end_dialogue(tx, ask.person.id)
    return ask.reply(
        Page(
            (
                _("It stands in the log as packet {number}. Now it can be handed over.", number=number),
                _(
                    "payvand packet has printed the same digest:\n<code>{digest}</code>\nIf it is another one, "
                    "something was changed on the way. Then don't hand it over.",
                    digest=found.digest.hex(),
                ),
            )
        ),
        [button(pgettext("button", "📦 No. {number}", number=number), "petition.packet", one.id, number)],
        [back("petition.packets", one.id)],
        clean_after=desk.STANDS,
    )


@dataclass(frozen=True, slots=True)
class _Made:
    digest: bytes
    version: int
    covers: int


def _read(tx: Tx, one: _Mine, code: str, words: str) -> _Made | Line:
    """What was pasted; or why it can't be taken."""
    text = words.replace("\r\n", "\n").strip() + "\n"
    if text.startswith(HEAD):
        return _listed(tx, one, code, text)
    return _(
        "This is not packet.txt. A digest alone is not enough: it does not say which signatures are in the packet."
    )


def _listed(tx: Tx, one: _Mine, code: str, text: str) -> _Made | Line:
    pairs = _pairs(text.splitlines()[1:])
    try:
        number, version, covers = (int(pairs[key]) for key in ("number", "version", "covers"))
        root = base64.b64decode(pairs["root"], validate=True)
    except (KeyError, ValueError):
        return _("This is not all of packet.txt, or it was changed on the way. Paste it once more.")
    if pairs.get("petition") != one.petition.origin or pairs.get("addressee") != code:
        return _("This packet is of another petition, or for another addressee.")
    if number != len(ledger.of(tx, one.id)) + 1:
        return _("Another packet was made meanwhile. Make an export anew, and of it this packet.")
    known = 0 < covers <= one.petition.size and 0 < version <= one.version.number
    if not known or petition_logs.root(tx, one.id, covers) != root:
        return _("This packet is not of this log: its root is another one. Don't hand it over.")
    return _Made(sha256(text.encode()).digest(), version, covers)


def _pairs(lines: Iterable[str]) -> Mapping[str, str]:
    return dict(line.split(": ", 1) for line in lines if ": " in line)


# -- one packet ----------------------------------------------------------------------------------------------------


def look(ask: Ask, tx: Tx) -> Outgoing:
    """A packet with its steps, and which can come next."""
    return _look(ask, tx, *_packet(ask, tx))


def _look(ask: Ask, tx: Tx, one: _Mine, packet: Packet) -> Outgoing:
    people.end_dialogue(tx, ask.person.id)
    number = packet.number
    lines: list[Line | str] = [*steps.steps(packet, ask.person.language), ""]
    lines.append(_("Digest: <code>{digest}</code>", digest=packet.digest.hex()))
    rows: list[list[Choice]] = []
    if packet.can(Event.SEND):
        rows.append([button(pgettext("button", "📨 It was handed over"), "petition.sent", one.id, number)])
    if packet.can(Event.ACKNOWLEDGE) and packet.acknowledged_at is None:
        rows.append([button(pgettext("button", "📥 They say it has come"), "petition.came", one.id, number)])
    if packet.can(Event.ANSWER):
        rows.append([button(pgettext("button", "💬 They have answered"), "petition.answer", one.id, number)])
    if packet.state is Delivery.OVERDUE:
        rows.append([button(pgettext("button", "✏️ Reminding letter"), "petition.remind", one.id, number)])
    if owed := ledger.owed(tx, packet, ledger.of(tx, one.id)):
        lines.append(
            ngettext(
                "⚠️ {n} signature in it has ended since. Its recipient must get a supplement.",
                "⚠️ {n} signatures in it have ended since. Its recipient must get a supplement.",
                n=owed,
            )
        )
        rows.append([button(pgettext("button", "➖ Make a supplement"), "petition.more", one.id, number)])
    return ask.reply(Page(tuple(lines)), *rows, [back("petition.packets", one.id)], clean_after=desk.STANDS)


def sent(ask: Ask, tx: Tx) -> Outgoing:
    """Ask how it was handed over; or note it."""
    one, packet = _packet(ask, tx)
    if not packet.can(Event.SEND):
        raise Outdated
    if len(ask.args) < 3:  # noqa: PLR2004 - the petition, the packet, and how
        rows = [[button(steps.way_name(way), "petition.sent", one.id, packet.number, way)] for way in ledger.WAYS]
        return ask.reply(
            _("How was it handed over? Everybody who follows the petition reads it."),
            *rows,
            [back("petition.packet", one.id, packet.number)],
            clean_after=desk.STANDS,
        )
    if ask.args[2] not in ledger.WAYS or not ledger.send(tx, packet, ask.args[2], one.right, ask.now):
        raise Outdated
    return _done(ask, tx, one, packet, "sent")


def came(ask: Ask, tx: Tx) -> Outgoing:
    """Ask under which number the addressee keeps it; or note that there is none."""
    one, packet = _packet(ask, tx)
    if not packet.can(Event.ACKNOWLEDGE):
        raise Outdated
    if ask.args[2:3] == ("none",):
        ledger.acknowledge(tx, packet, "", ask.now)
        return _done(ask, tx, one, packet, "acknowledged")
    expect(ask, tx, "petition.came", petition=base36(one.id), number=base36(packet.number))
    return ask.reply(
        _("Under which number do they keep it? Write it as they do. Everybody can read it later."),
        [button(pgettext("button", "There is none"), "petition.came", one.id, packet.number, "none")],
        [back("petition.packet", one.id, packet.number)],
        clean_after=desk.STANDS,
    )


def came_as(ask: Ask, tx: Tx) -> Outgoing:
    """The addressee's number was written."""
    ask = _again(ask)
    one, packet = _packet(ask, tx)
    if not ledger.acknowledge(tx, packet, ask.text(LONGEST_REFERENCE), ask.now):
        raise Outdated
    return _done(ask, tx, one, packet, "acknowledged")


def answer(ask: Ask, tx: Tx) -> Outgoing:
    """Ask what the addressee has answered."""
    one, packet = _packet(ask, tx)
    if not packet.can(Event.ANSWER):
        raise Outdated
    expect(ask, tx, "petition.answer", petition=base36(one.id), number=base36(packet.number))
    return ask.reply(
        _("What have they answered? Write it in one or two sentences. Everybody can read it; name nobody."),
        [back("petition.packet", one.id, packet.number)],
        clean_after=desk.STANDS,
    )


def answered(ask: Ask, tx: Tx) -> Outgoing:
    """What they have answered was written."""
    ask = _again(ask)
    one, packet = _packet(ask, tx)
    if not ledger.answer(tx, packet, ask.text(LONGEST_ANSWER), ask.now):
        raise Outdated
    return _done(ask, tx, one, packet, "answered")


def _again(ask: Ask) -> Ask:
    return replace(ask, args=(str(ask.data.get("petition", "")), str(ask.data.get("number", ""))))


def _done(ask: Ask, tx: Tx, one: _Mine, packet: Packet, deed: str) -> Outgoing:
    audit.note(tx, ask.person.id, f"packet {deed}: petition", ask.now)
    now = ledger.find(tx, one.id, packet.number)
    assert now is not None  # noqa: S101 - it was changed above
    return _look(ask, tx, one, now)


# -- what comes after ----------------------------------------------------------------------------------------------


def remind(ask: Ask, tx: Tx) -> Outgoing:
    """A letter that reminds an addressee, in each language of the petition, to be copied and changed."""
    one, packet = _packet(ask, tx)
    if packet.state is not Delivery.OVERDUE or packet.sent_at is None:
        raise Outdated
    text = "\n\n".join(_reminder(one, packet, ask.now, language) for language in ("en", "ru", "tg"))
    return replace(
        ask.anew(
            _("A draft of the letter, in three languages. Look it over, put your name under it, and send it."),
            [back("petition.packet", one.id, packet.number)],
            clean_after=desk.STANDS,
        ),
        attachment=file(f"reminder-{packet.number}.txt", text.encode()),
    )


def _reminder(one: _Mine, packet: Packet, now: datetime, language: str) -> str:
    assert packet.sent_at is not None  # noqa: S101 - whoever calls has looked
    lines: list[Line | str] = [
        _("To: {addressee}", addressee=wording.addressee_name(packet.addressee, language)),
        "",
        _(
            "On {sent} we sent you the petition “{title}”. The digest of what we sent: {digest}",
            sent=On(packet.sent_at),
            title=wording.title_of(one.version.letter, language),
            digest=packet.digest.hex(),
        ),
    ]
    if packet.reference:
        lines.append(_("You keep it under the number {reference}.", reference=packet.reference))
    if packet.due_at is not None:
        lines.append(
            _("By your rules an answer was to be expected by {due}. None has reached us.", due=On(packet.due_at))
        )
    lines.append(_("Please tell us how far it is, and until when we may expect an answer."))
    return i18n.plain(i18n.speak(Page(tuple(lines)), language, now))


def supplement(ask: Ask, tx: Tx) -> Outgoing:
    """Make a supplement: which entries of a packet don't count any more. It names nobody, and stands in the log."""
    one, packet = _packet(ask, tx)
    by = petition_logs.signer(tx, ask.now)
    if by is None or not ledger.owed(tx, packet, ledger.of(tx, one.id)):
        raise Outdated
    note = petition_logs.make_checkpoint(tx, one.id, by, ask.now)
    said = checkpoint.read_checkpoint(note.text)
    if said is None:
        raise Outdated
    ended = ledger.to_strike(tx, packet)
    text = "\n".join(
        [
            "payvand supplement 1",
            f"petition: {said.origin}",
            f"packet: {packet.number}",
            f"addressee: {packet.addressee}",
            f"digest: {packet.digest.hex()}",
            f"covers: {said.size}",
            f"root: {base64.b64encode(said.root).decode('ascii')}",
            *(f"does not count any more: entry {place}" for place in ended),
            f"total: {len(ended)}",
            "",
        ]
    )
    digest = sha256(text.encode()).digest()
    number = ledger.record(
        tx, one.petition, packet.addressee, packet.version, digest, said.size, ask.now, corrects=packet.number
    )
    audit.note(tx, ask.person.id, "supplement: petition", ask.now)
    return replace(
        ask.anew(
            _(
                "The supplement stands in the log as number {number}. Send this file to whoever has got packet "
                "{packet}: it says which entries they must strike, and names nobody.",
                number=number,
                packet=packet.number,
            ),
            [button(pgettext("button", "📦 No. {number}", number=number), "petition.packet", one.id, number)],
            [back("petition.packets", one.id)],
            clean_after=desk.STANDS,
        ),
        attachment=file(f"supplement-{number}.txt", text.encode()),
    )
