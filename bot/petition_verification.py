"""`payvand verify` for petitions: whether a count is true, and whether a receipt is. Offline, from published files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from bot import dossier
from bot.domain import checkpoint, petition_log, receipt
from bot.domain.petition_log import Strike, Withdraw
from bot.dossier import Checked, NotGood, Progress

RECEIPT: Final = ".tlog-proof"  # how a receipt's file ends
CHECKPOINT: Final = ".checkpoint"


def is_petition(files: Sequence[Path]) -> bool:
    """Whether what somebody wants to have checked is of a petition: a directory, a receipt, a checkpoint."""
    return all(one.is_dir() or one.suffix in {RECEIPT, CHECKPOINT} for one in files)


def check(files: Sequence[Path], root: str, now: datetime, progress: Progress | None = None) -> list[str]:
    """Sentences about good files. Raises NotGood.

    One of `files` may be the directory of a petition; checkpoints and receipts that somebody kept are held against it. A
    receipt alone needs the certificates beside it.
    """
    homes = [one for one in files if one.is_dir()]
    kept = [one for one in files if one.suffix == CHECKPOINT and not one.is_dir()]
    receipts = [one for one in files if one.suffix == RECEIPT and not one.is_dir()]
    if len(homes) > 1 or (kept and not homes):
        raise NotGood("Name one petition's directory, and with it what you have kept: checkpoints and receipts.")
    home = homes[0] if homes else None
    checked = None if home is None else dossier.check(home, root, now, known=kept, progress=progress)
    said = [] if checked is None else [told(home or Path(), checked)]
    return said + [_receipt(one, home or one.parent, checked, root, now) for one in receipts]


def told(home: Path, checked: Checked) -> str:
    """What the files of a petition say, in plain words."""
    tally, last = checked.tally, checked.last
    lines = [
        f"{home}: good. {last.said.origin}",
        f"  {tally.count} signatures count on {last.at:%Y-%m-%d %H:%M} UTC: {tally.signed} were given, "
        f"{tally.withdrawn} taken back, {sum(tally.struck.values())} struck "
        f"({', '.join(f'{reason.value}: {count}' for reason, count in tally.struck.items())}).",
    ]
    lines += [
        f"  Version {letter.version} of the letter, from {tally.letters[letter.version].day}: "
        f"{tally.of(letter.version)} signatures. Organisers' key: {letter.key}"
        for letter in checked.letters
    ]
    lines += [f"  Packet {one.number} for {one.addressee}, {one.day}: {one.digest.hex()}" for one in tally.packets]
    lines.append(
        f"  {len(checked.seen)} checkpoints agree with the {last.said.size} entries of the log, which says nothing of "
        "whether each signature is another person's."
    )
    return "\n".join(lines)


def _receipt(file: Path, home: Path, checked: Checked | None, root: str, now: datetime) -> str:
    try:
        proof = checkpoint.read_proof(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        proof = None
    held = None if proof is None or proof.extra is None else receipt.unpacked(proof.extra)
    if proof is None or held is None:
        raise NotGood(f"{file} is no receipt of a petition.")
    seen = dossier.seen_in(home, proof.note, root, now)
    if not proof.holds(petition_log.line_of(held.entry).encode()):
        raise NotGood(f"{file} is NOT good: its entry does not stand in the log that it names.")
    if not held.holds or (held.opening is not None and held.opening.petition != seen.said.origin):
        raise NotGood(f"{file} is NOT good: what it says of the signature is not what the log holds.")
    said = f"{file}: good. Entry {proof.place} of {seen.said.origin}, signed on {held.entry.day}"
    said += f", published by {seen.at:%Y-%m-%d %H:%M} UTC."
    if held.opening is not None:
        said += f" It was given as “{held.opening.declared.mode.value}”."
    return said if checked is None else f"{said} {_now(file, proof.place, held, home, checked, seen)}"


def _now(  # noqa: PLR0913, PLR0917 - a receipt and what it is held against
    file: Path, place: int, held: receipt.Receipt, home: Path, checked: Checked, seen: dossier.Seen
) -> str:
    """What became of the signature since."""
    if seen.said.origin != checked.last.said.origin:
        raise NotGood(f"{file} is a receipt of another petition than {home}.")
    for at, (_line, entry) in enumerate(dossier.entries(home)):
        if at == place and entry != held.entry:
            raise NotGood(f"{file} and {home} DISAGREE about entry {place}: the log was not shown to all alike.")
        if isinstance(entry, Withdraw | Strike) and entry.place == place:
            how = "taken back" if isinstance(entry, Withdraw) else f"struck ({entry.reason.value})"
            return f"It does not count any more: it was {how} on {entry.day}."
    return "It counts."
