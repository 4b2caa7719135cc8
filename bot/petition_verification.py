"""`payvand verify` for petitions: whether a count is true, and whether a receipt is. Offline, from published files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from bot import dossier
from bot.domain import checkpoint, petition_log, receipt, relay
from bot.domain.checkpoint import Proof
from bot.domain.petition_log import Strike, Tally, Withdraw
from bot.domain.receipt import Receipt
from bot.domain.relay import Trouble
from bot.dossier import Checked, NotGood, Progress
from storage import relays

RECEIPT: Final = ".tlog-proof"  # how a receipt's file ends
CHECKPOINT: Final = ".checkpoint"
RELAY: Final = ".relay"  # and how a file that goes between communities does


def is_petition(files: Sequence[Path]) -> bool:
    """Whether what somebody wants to have checked is of a petition: a directory, a receipt, a checkpoint, a count."""
    return all(one.is_dir() or one.suffix in {RECEIPT, CHECKPOINT, RELAY} for one in files)


def check(files: Sequence[Path], root: str, now: datetime, progress: Progress | None = None) -> list[str]:
    """Sentences about good files. Raises NotGood.

    One of `files` may be the directory of a petition; checkpoints and receipts that somebody kept are held against it.
    A receipt alone needs the certificates beside it. Files that went between communities are checked by themselves.
    """
    between = [one for one in files if one.suffix == RELAY and not one.is_dir()]
    rest = [one for one in files if one not in between]
    return [*(_between(one, root, now) for one in between), *(_check(rest, root, now, progress) if rest else ())]


def _check(files: Sequence[Path], root: str, now: datetime, progress: Progress | None) -> list[str]:
    homes = [one for one in files if one.is_dir()]
    kept = [one for one in files if one.suffix == CHECKPOINT and not one.is_dir()]
    receipts = [one for one in files if one.suffix == RECEIPT and not one.is_dir()]
    if len(homes) > 1 or (kept and not homes):
        raise NotGood("Name one petition's directory, and with it what you have kept: checkpoints and receipts.")
    proofs = {one: _read(one) for one in receipts}
    if not homes:
        return [_receipt(file, file.parent, held, None, root, now) for file, held in proofs.items()]
    (home,) = homes
    known = {str(one): dossier.read_checkpoint(one) for one in kept}
    known |= {str(one): proof.note for one, (proof, _held) in proofs.items()}
    checked = dossier.check(home, root, now, known=known, progress=progress)
    return [told(home, checked), *(_receipt(file, home, held, checked, root, now) for file, held in proofs.items())]


def told(home: Path, checked: Checked) -> str:
    """What the files of a petition say, in plain words."""
    tally, last = checked.tally, checked.last
    lines = [
        f"{home}: good. {last.said.origin}",
        f"  {tally.count} signatures count on {last.at:%Y-%m-%d %H:%M} UTC: {_how(tally)}.",
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


def _how(tally: Tally) -> str:
    why = ", ".join(f"{reason.value}: {count}" for reason, count in tally.struck.items())
    return f"{tally.signed} were given, {tally.withdrawn} taken back, {sum(tally.struck.values())} struck ({why})"


def _between(file: Path, root: str, now: datetime) -> str:
    """What a community says in a file that went to another one. `root` is the key of either."""
    parcel = relay.read(dossier.small(file, relay.LONGEST).decode("utf-8", "replace"))
    if parcel is None:
        raise NotGood(f"{file} is no file of a petition that travels, or a part of it is missing.")
    said, at = parcel.said, relays.proven(parcel, now)
    if isinstance(at, Trouble):
        raise NotGood(f"{file} is NOT signed by a key that {said.key} certified for that time. Don't trust it.")
    if root not in {said.key, said.home}:
        raise NotGood(f"{file} is signed, but neither it nor its petition is of the community with this public key.")
    if parcel.letter is not None and parcel.letter.digest() != said.digest:
        raise NotGood(f"{file} is NOT good: the letter in it is not the one that is signed.")
    if said.count >= said.log.size:
        raise NotGood(f"{file} is NOT good: it claims more signatures than its log has entries.")
    what = "The letter of" if said.is_home else "A count for"
    return (
        f"{file}: good. {what} {said.petition}, version {said.version}\n"
        f"  {said.name} ({said.key}) says on {at:%Y-%m-%d %H:%M} UTC: {said.count} signatures count, {said.verified} "
        f"of them of people somebody vouches for.\n"
        f"  Its log {said.log.origin} has {said.log.size} entries. Who signed there, only that community can know: ask "
        f"for its published files. Its key read aloud: {relay.fingerprint(said.key)}"
    )


def _read(file: Path) -> tuple[Proof, Receipt]:
    proof = checkpoint.read_proof(dossier.small(file).decode("utf-8", "replace"))
    held = None if proof is None or proof.extra is None else receipt.unpacked(proof.extra)
    if proof is None or held is None:
        raise NotGood(f"{file} is no receipt of a petition.")
    return proof, held


def _receipt(  # noqa: PLR0913, PLR0917 - a receipt and what it is held against
    file: Path, home: Path, what: tuple[Proof, Receipt], checked: Checked | None, root: str, now: datetime
) -> str:
    proof, held = what
    seen = dossier.seen_in(home, proof.note, root, now)
    if not proof.holds(petition_log.line_of(held.entry).encode()):
        raise NotGood(f"{file} is NOT good: its entry does not stand in the log that it names.")
    if not held.holds or (held.opening is not None and held.opening.petition != seen.said.origin):
        raise NotGood(f"{file} is NOT good: what it says of the signature is not what the log holds.")
    said = f"{file}: good. Entry {proof.place} of {seen.said.origin}, signed on {held.entry.day}"
    said += f", published by {seen.at:%Y-%m-%d %H:%M} UTC."
    if held.opening is not None:
        said += f" It was given as “{held.opening.declared.mode.value}”."
    return said if checked is None else f"{said} {_now(proof.place, home)}"


def _now(place: int, home: Path) -> str:
    """What became of a signature since."""
    for _line, entry in dossier.entries(home):
        if isinstance(entry, Withdraw | Strike) and entry.place == place:
            how = "taken back" if isinstance(entry, Withdraw) else f"struck ({entry.reason.value})"
            return f"It does not count any more: it was {how} on {entry.day}."
    return "It counts."
