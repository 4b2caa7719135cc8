"""`payvand verify`: forged, replayed, re-ordered and edited bulletins are none, and the `minisign` program agrees."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import __main__ as command
from bot import verification
from bot.domain import bulletin
from bot.domain.bulletin import BEGINNING, Header, Kind, Topic, Urgency
from bot.verification import Certificates, NotOurs, Proof
from storage import signing
from storage.signing import Signer

BEGIN = datetime(2026, 3, 21, 9, tzinfo=UTC)
NOW = BEGIN + timedelta(days=2)
HOW_MANY = 2000
TENTH = 10
ALONE, DRILL = 3, 4  # the numbers of what nobody has reviewed yet, and of an exercise
TEXT = "The road to Ishkoshim is closed.\n12 soldiers and 23 civilians are dead.\nДар Хоруғ 18 нафар."


@dataclass(frozen=True)
class Attempt:
    """What somebody shows as ours. `plain` tells that one file and its signature are wrong by themselves."""

    how: str
    proofs: Sequence[Proof]
    certificate: Certificates
    plain: bool


def chained(by: Signer, count: int = 6, since: datetime = BEGIN) -> list[Proof]:
    """A chain as it is published."""
    made: list[Proof] = []
    previous = BEGINNING
    for n in range(1, count + 1):
        at = since + timedelta(hours=n)
        head = Header(
            by.community,
            n,
            "en",
            1,
            n,
            previous,
            Kind.NEWS,
            None,
            at,
            n != ALONE,
            n == DRILL,
            "",
            Topic.SAFETY,
            Urgency.NEWS,
        )
        made.append(signed(by, head, f"No. {n}\n{TEXT}"))
        previous = bulletin.digest(made[-1].file.decode())
    return made


def signed(by: Signer, head: Header, text: str) -> Proof:
    file = bulletin.make_file(head, text).encode()
    return Proof(f"bulletin-{head.number}-{head.language}.txt", file, by.sign(file, bulletin.comment(head)))


def certificate(by: Signer) -> Certificates:
    return Certificates(by.certificate, by.vouching)


OURS = signing.throwaway_signer("Pamir Bridge", BEGIN)
STRANGER = signing.throwaway_signer("Pamir Bridge", BEGIN)
CHAIN = chained(OURS)
THEIRS = chained(STRANGER)
LATER = chained(OURS, since=BEGIN + signing.LIFE)  # by a key whose certificate is over: a stolen one
OTHER_CHAIN = chained(OURS, since=BEGIN + timedelta(minutes=7))  # by our key, and not what we published


def edited(dice: random.Random) -> Attempt:
    """One character of a file is another, is gone, or was put in."""
    one = dice.choice(CHAIN)
    text = one.file.decode()
    at = dice.randrange(len(text))
    put = dice.choice("0123456789 \n\r\u200bаab")
    new = dice.choice((text[:at] + put + text[at + 1 :], text[:at] + text[at + 1 :], text[:at] + put + text[at:]))
    new = new if new != text else text + "!"
    return Attempt("edited", [replace(one, file=new.encode())], certificate(OURS), plain=True)


def headed(dice: random.Random) -> Attempt:
    """A line of the header says something else."""
    one = dice.choice(CHAIN)
    text = one.file.decode()
    lines = [
        (r"number: \d+", f"number: {dice.randrange(7, 999)}"),
        (r"reviewed: \w+", f"reviewed: {'no' if 'reviewed: yes' in text else 'yes'}"),
        (r"exercise: \w+", f"exercise: {'no' if 'exercise: yes' in text else 'yes'}"),
        (r"published: \S+", f"published: 2026-03-21T0{dice.randrange(10)}:59:59Z"),
        (r"language: \w+", "language: tg"),
        (r"kind: \w+", "kind: withdrawal"),
    ]
    where, put = dice.choice(lines)
    new = re.sub(where, put, text, count=1)
    return Attempt("headed", [replace(one, file=new.encode())], certificate(OURS), plain=True)


def forged(dice: random.Random) -> Attempt:
    """Signed by a stranger's key: with their certificate, or with ours."""
    shown = dice.choice((STRANGER, OURS))
    return Attempt("forged", [dice.choice(THEIRS)], certificate(shown), plain=shown is OURS)


def resigned(dice: random.Random) -> Attempt:
    """The signature of another of our bulletins, or a broken one."""
    one, two = dice.sample(CHAIN, 2)
    broken = bytearray(one.signature)
    broken[dice.randrange(60, 120)] ^= 1 << dice.randrange(5)
    return Attempt(
        "resigned",
        [replace(one, signature=dice.choice((two.signature, bytes(broken), b"", b"\x00" * 300)))],
        certificate(OURS),
        plain=True,
    )


def commented(dice: random.Random) -> Attempt:
    """The trusted comment says something else."""
    one = dice.choice(CHAIN)
    new = one.signature.replace(b"payvand bulletin", b"reviewed bulletin" if dice.randrange(2) else b"payvand Bulletin")
    return Attempt("commented", [replace(one, signature=new)], certificate(OURS), plain=True)


def replayed(dice: random.Random) -> Attempt:
    """Signed by our key when nobody vouched for it any more."""
    return Attempt("replayed", [dice.choice(LATER)], certificate(OURS), plain=False)


def reordered(dice: random.Random) -> Attempt:
    """Our key signed each file, and yet they are not one chain."""
    at = dice.randrange(len(CHAIN) - 1)
    one, two = (CHAIN, OTHER_CHAIN) if dice.randrange(2) else (OTHER_CHAIN, CHAIN)
    mixed = [*one[: at + 1], *two[at + 1 :]]
    dice.shuffle(mixed)
    return Attempt("reordered", mixed, certificate(OURS), plain=False)


def lengthened(dice: random.Random) -> Attempt:
    """The certificate was given a longer life, or another key."""
    text = OURS.certificate
    key = re.search(rb"key: (\S+)", STRANGER.certificate)
    assert key is not None
    put = dice.choice(
        (text.replace(b"2026-04", b"2027-04"), re.sub(rb"key: \S+", b"key: " + key[1].replace(b"\\", b""), text))
    )
    return Attempt("lengthened", [dice.choice(LATER + THEIRS)], Certificates(put, OURS.vouching), plain=False)


WAYS: Sequence[Callable[[random.Random], Attempt]] = (
    *(edited, headed, forged, resigned, commented, replayed, reordered, lengthened),
)


def attempts() -> list[Attempt]:
    dice = random.Random(5)
    return [WAYS[n % len(WAYS)](dice) for n in range(HOW_MANY)]


def accepts(one: Attempt) -> bool:
    try:
        verification.check(one.proofs, [one.certificate], OURS.root, NOW + 2 * signing.LIFE)
    except NotOurs:
        return False
    return True


def minisign(key: str, file: Path) -> bool:
    program = shutil.which("minisign")
    assert program is not None
    done = subprocess.run([program, "-Vq", "-P", key, "-m", str(file)], capture_output=True, check=False)
    return done.returncode == 0


def laid(proofs: Sequence[Proof], kept: Certificates, to: Path) -> list[Path]:
    """The files as somebody has them on a disk."""
    to.mkdir(exist_ok=True)
    contents = {verification.CERTIFICATE: kept.text, f"{verification.CERTIFICATE}.minisig": kept.signature}
    for one in proofs:
        contents |= {one.name: one.file, f"{one.name}.minisig": one.signature}
    for name, content in contents.items():
        (to / name).write_bytes(content)
    return [to / one.name for one in proofs]


def test_what_we_published_is_good_in_any_order_and_in_part() -> None:
    for proofs in (CHAIN, CHAIN[::-1], CHAIN[2:4], [CHAIN[0], CHAIN[4]], [CHAIN[5]], [CHAIN[1], CHAIN[1]]):
        heads = verification.check(proofs, [certificate(OURS)], OURS.root, NOW)
        assert [head.number for head in heads] == [int(proof.name.split("-")[1]) for proof in proofs]


def test_none_of_two_thousand_false_bulletins_is_accepted() -> None:
    tried = attempts()
    assert {one.how for one in tried} == {way.__name__ for way in WAYS}
    assert [one.how for one in tried if accepts(one)] == []


@pytest.mark.parametrize(
    ("what", "instead", "fooled"),
    [
        ("signing.is_signed", lambda *_: True, "edited"),
        ("verification._chained", lambda *_: None, "reordered"),
        ("verification.signing.read_certificate", None, "replayed"),
    ],
)
def test_control_a_verifier_that_forgets_one_check_accepts_some(
    what: str, instead: Callable[..., object] | None, fooled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = signing.read_certificate(OURS.certificate, OURS.vouching, OURS.root, BEGIN)
    room, name = (verification, "_chained") if "chained" in what else (signing, what.rsplit(".", 1)[1])
    monkeypatch.setattr(room, name, instead or (lambda *_: good))
    assert fooled in {one.how for one in attempts() if accepts(one)}


@pytest.mark.skipif(shutil.which("minisign") is None, reason="the program minisign is not here")
def test_the_stock_program_agrees(tmp_path: Path) -> None:
    good = signing.read_certificate(OURS.certificate, OURS.vouching, OURS.root, BEGIN)
    for file in laid(CHAIN, certificate(OURS), tmp_path / "good"):
        assert minisign(good.key, file)
    assert minisign(OURS.root, tmp_path / "good" / verification.CERTIFICATE)
    tried = attempts()[:: TENTH - 1][: HOW_MANY // TENTH]  # nine and eight have no common part: each way is tried
    assert {one.how for one in tried} == {way.__name__ for way in WAYS}
    for n, one in enumerate(tried):
        files = laid(one.proofs, one.certificate, tmp_path / str(n))
        vouched = minisign(OURS.root, tmp_path / str(n) / verification.CERTIFICATE)
        if one.plain:
            assert not minisign(good.key, files[0]), one.how
        elif one.how in {"lengthened", "forged"}:
            assert not vouched, one.how
        else:  # what the program can't know: when a certificate was over, and which files follow each other
            assert vouched
            assert all(minisign(good.key, file) for file in files)


def test_the_command_says_what_is_good_and_what_is_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(one) for one in laid(CHAIN, certificate(OURS), tmp_path / "files")]
    key = ["--public-key", OURS.root]
    assert command.main(["verify", *files, *key]) == 0
    said = capsys.readouterr().out
    assert "bulletin-1-en.txt: good. No. 1 (en) of Pamir Bridge, 2026-03-21 10:00 UTC." in said
    assert "NOT YET REVIEWED" in said
    assert "EXERCISE" in said
    assert command.main(["verify", *files, "--public-key", STRANGER.root]) == command.FAILED
    assert "not signed by the community's root key" in capsys.readouterr().err
    Path(files[1]).write_bytes(CHAIN[1].file.replace(b"12 soldiers", b"200 soldiers"))
    assert command.main(["verify", files[1], *key]) == command.FAILED
    assert "is NOT signed by the key that the community certified" in capsys.readouterr().err
    Path(files[2] + ".minisig").unlink()
    assert command.main(["verify", files[2], *key]) == command.FAILED
    assert "bulletin-3-en.txt.minisig can't be read" in capsys.readouterr().err
    assert command.main(["verify", files[0], "--public-key", "RWnonsense"]) == command.FAILED
    assert command.main(["verify", files[0], *key, "--certificate", str(tmp_path / "none")]) == command.FAILED
