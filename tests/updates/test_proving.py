"""`payvand verify` and the minisign program: forged, replayed, re-ordered and edited files are good for neither."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import proving
from bot.__main__ import main
from bot.domain.bulletin import BEGINNING, Header, Kind, Topic, Urgency, comment, digest, make_file
from bot.proving import NotOurs, Proof, prove
from storage import signing
from storage.signing import Signer, throwaway_signer
from tests.updates.printing import ENGLISH, RUSSIAN

NOW = datetime(2026, 3, 21, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
MINISIGN = shutil.which("minisign")
FORGERIES = 2000


def chain(by: Signer, count: int = 6) -> list[Proof]:
    """Files that follow each other."""
    previous, made = BEGINNING, []
    for n in range(1, count + 1):
        at = NOW + timedelta(minutes=n)
        head = Header(
            "Community",
            n,
            "en",
            1,
            n,
            previous,
            Kind.NEWS,
            None,
            at,
            reviewed=True,
            exercise=False,
            place="",
            topic=Topic.ROADS,
            urgency=Urgency.NEWS,
        )
        file = make_file(head, f"{ENGLISH}\nFile {n}")
        previous = digest(file)
        made.append(
            Proof(
                f"bulletin-{n}-en.txt",
                file.encode(),
                by.sign(file.encode(), comment(head)),
                by.certificate,
                by.vouching,
            )
        )
    return made


@pytest.fixture(scope="module")
def ours() -> Signer:
    return throwaway_signer("Community", NOW)


@pytest.fixture(scope="module")
def files(ours: Signer) -> list[Proof]:
    return chain(ours)


def forgeries(files: list[Proof], count: int) -> Iterator[tuple[str, Proof]]:  # noqa: C901 - ten ways
    """Files that must not be believed, each in one of many ways."""
    dice = random.Random(2026)
    liar = throwaway_signer("Community", NOW)
    theirs = chain(liar)
    for n in range(count):
        one, other = dice.sample(files, 2)
        lie = dice.choice(theirs)
        text = one.file.decode()
        match n % 10:
            case 0:  # edited: a byte
                at = dice.randrange(len(one.file))
                yield (
                    "edited",
                    replace(
                        one, file=one.file[:at] + bytes([one.file[at] ^ 1 << dice.randrange(8)]) + one.file[at + 1 :]
                    ),
                )
            case 1:  # edited: a mark nobody sees
                at = dice.randrange(len(text))
                yield (
                    "edited",
                    replace(one, file=(text[:at] + dice.choice("\u200b\u202e\u00ad \n") + text[at:]).encode()),
                )
            case 2:  # edited: the header
                old, new = dice.choice(
                    [
                        ("version: 1", "version: 2"),
                        ("reviewed: yes", "reviewed: no"),
                        ("exercise: no", "exercise: yes"),
                        ("kind: news", "kind: withdrawal"),
                    ]
                )
                yield "edited", replace(one, file=text.replace(old, new).encode())
            case 3:  # edited: a sentence more
                yield "edited", replace(one, file=(text + dice.choice(RUSSIAN.split("\n")) + "\n").encode())
            case 4:  # replayed: another file's signature
                yield "replayed", replace(one, signature=other.signature)
            case 5:  # replayed: an old text under a new number
                yield "replayed", replace(one, file=other.file.replace(b"entry: ", b"entry: 9"))
            case 6:  # re-ordered: two lines
                lines = text.split("\n")
                a, b = dice.sample(range(len(lines) - 1), 2)
                lines[a], lines[b] = lines[b], lines[a]
                if "\n".join(lines) == text:
                    lines.reverse()
                yield "re-ordered", replace(one, file="\n".join(lines).encode())
            case 7:  # forged: another key, with our certificate
                yield "forged", replace(lie, certificate=one.certificate, vouching=one.vouching)
            case 8:  # forged: another key and another root, or our root's signature under another certificate
                yield "forged", dice.choice([lie, replace(lie, vouching=one.vouching)])
            case _:  # forged: what the signature says of itself
                words = one.signature.replace(b"entry", dice.choice([b"Entry", b"entri", b"no entry"]))
                yield "forged", replace(one, signature=words)


def believed(one: Proof, root: str) -> bool:
    try:
        prove(one, root, LATER)
    except (NotOurs, signing.NotCertified):
        return False
    return True


def careless(one: Proof, root: str) -> bool:
    """The control: it forgets to ask the root key about the certificate."""
    del root
    key = one.certificate.decode("ascii", "replace").partition("key: ")[2].partition("\n")[0]
    return signing.is_signed(one.file, one.signature, key)


def test_two_thousand_forgeries_and_none_is_believed(ours: Signer, files: list[Proof]) -> None:
    assert all(believed(one, ours.root) for one in files)
    made = list(forgeries(files, FORGERIES))
    assert len(made) == FORGERIES
    assert [what for what, one in made if believed(one, ours.root)] == []
    assert any(careless(one, ours.root) for _what, one in made)


def stock(one: Proof, root: str, there: Path) -> bool:
    """What somebody does who has only the minisign program: the certificate by the root key, the file by its key."""
    assert MINISIGN is not None
    for name, content in (
        ("f", one.file),
        ("f.minisig", one.signature),
        ("c", one.certificate),
        ("c.minisig", one.vouching),
    ):
        (there / name).write_bytes(content)
    key = one.certificate.decode("ascii", "replace").partition("key: ")[2].partition("\n")[0]
    return all(
        subprocess.run([MINISIGN, "-Vqm", there / name, "-P", by], capture_output=True, check=False).returncode == 0
        for name, by in (("c", root), ("f", key))
    )


@pytest.mark.skipif(MINISIGN is None, reason="minisign is not installed")
def test_the_stock_program_agrees(ours: Signer, files: list[Proof], tmp_path: Path) -> None:
    count = FORGERIES if os.environ.get("PAYVAND_PROOF") else FORGERIES // 10
    assert all(stock(one, ours.root, tmp_path) for one in files)
    assert [what for what, one in forgeries(files, count) if stock(one, ours.root, tmp_path)] == []


def test_a_certificate_counts_only_while_it_was_valid(ours: Signer) -> None:
    old = throwaway_signer("Community", NOW - timedelta(days=40))
    late = chain(old)[0]
    assert not believed(late, old.root)
    assert careless(late, old.root)
    assert not believed(chain(ours)[0], old.root)


def test_nothing_is_believed_before_its_day(ours: Signer, files: list[Proof]) -> None:
    with pytest.raises(NotOurs, match="has not come yet"):
        prove(files[0], ours.root, NOW)


def test_an_online_key_for_another_purpose_signs_no_bulletin() -> None:
    root, online = signing.make_pair(), signing.make_pair()
    text, vouching = signing.certify(root.secret, "", online.public, "petitions", NOW)
    other = Signer("Community", root.public, text, vouching, LATER, online.secret)
    assert not believed(chain(other)[0], root.public)


def laid(files: list[Proof], there: Path) -> list[str]:
    for one in files:
        (there / one.name).write_bytes(one.file)
        (there / f"{one.name}.minisig").write_bytes(one.signature)
        (there / proving.CERTIFICATE).write_bytes(one.certificate)
        (there / f"{proving.CERTIFICATE}.minisig").write_bytes(one.vouching)
    return [str(there / one.name) for one in files]


def test_the_command_says_what_is_good_and_in_order(
    ours: Signer, files: list[Proof], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = laid(files, tmp_path)
    assert main(["verify", *names, "--public-key", ours.root]) == 0
    said = capsys.readouterr().out
    assert said.count("GOOD: ") == len(names)
    assert "The chain is whole." in said
    assert main(["verify", names[0], names[3], "--public-key", ours.root]) == 0
    assert "1 gaps in the chain" in capsys.readouterr().out
    signature, certificate = f"{names[0]}.minisig", str(tmp_path / proving.CERTIFICATE)
    by_name = ["--signature", signature, "--certificate", certificate, "--public-key", ours.root]
    assert main(["verify", names[0], *by_name]) == 0
    assert main(["verify", names[1], *by_name]) == 1


@pytest.mark.parametrize("order", [(1, 0), (0, 0), (0, 2, 1), (5, 4, 3)])
def test_an_order_that_is_not_theirs_is_refused(
    ours: Signer, files: list[Proof], tmp_path: Path, order: tuple[int, ...]
) -> None:
    names = laid(files, tmp_path)
    assert main(["verify", *(names[n] for n in order), "--public-key", ours.root]) == 1


def test_a_second_history_is_refused(ours: Signer, files: list[Proof], tmp_path: Path) -> None:
    head = Header(
        "Community",
        2,
        "en",
        1,
        2,
        "f" * 64,
        Kind.NEWS,
        None,
        LATER,
        reviewed=True,
        exercise=False,
        place="",
        topic=Topic.ROADS,
        urgency=Urgency.NEWS,
    )
    file = make_file(head, "Another past").encode()
    forked = Proof("fork.txt", file, ours.sign(file, comment(head)), ours.certificate, ours.vouching)
    names = laid([files[0], forked], tmp_path)
    assert main(["verify", *names, "--public-key", ours.root]) == 1
    with pytest.raises(NotOurs, match="the chain is broken"):
        proving.in_order(
            [(one.name, prove(one, ours.root, LATER), digest(one.file.decode())) for one in (files[0], forked)]
        )


def test_missing_or_odd_files_are_a_sentence(tmp_path: Path, ours: Signer, capsys: pytest.CaptureFixture[str]) -> None:
    for content in (b"", b"\xff\xfe", b"payvand bulletin 1\n"):
        (tmp_path / "x.txt").write_bytes(content)
        assert main(["verify", str(tmp_path / "x.txt"), "--public-key", ours.root]) == 1
        for name in ("x.txt.minisig", proving.CERTIFICATE, f"{proving.CERTIFICATE}.minisig"):
            (tmp_path / name).write_bytes(content)
        assert main(["verify", str(tmp_path / "x.txt"), "--public-key", ours.root]) == 1
    assert "Something went wrong" not in capsys.readouterr().err
