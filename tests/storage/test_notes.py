"""Checkpoints and proofs: the published formats, believed by a program that is not ours; nothing altered is."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from tlog_scales import signing as other
from tlog_scales import tlog

from bot.domain import checkpoint, merkle
from bot.domain.checkpoint import Checkpoint, Proof
from bot.domain.merkle import Tree
from storage import notes, signing
from storage.notes import Signer
from storage.signing import NotCertified

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
ORIGIN = "nur.example/petition/7f3a"
ENTRIES = [f"entry {n}".encode() for n in range(21)]


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer(signing.make_pair().secret)


@pytest.fixture(scope="module")
def note(signer: Signer) -> checkpoint.Note:
    tree = Tree(ENTRIES)
    return signer.sign(Checkpoint(ORIGIN, len(tree), tree.root()), NOW)


def test_the_example_of_the_format_is_read_and_its_signature_holds() -> None:
    # from the C2SP pages on notes and checkpoints
    said = (
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+"
        "zyWE+xeMcTOAYQ8=\n"
    )
    found = checkpoint.read_note(said)
    assert found is not None
    assert str(found) == said
    head = checkpoint.read_checkpoint(found.text)
    assert head is not None
    assert (head.origin, head.size, head.text) == ("example.com/behind-the-sofa", 20852163, found.text)


def test_a_note_is_believed_by_another_implementation(note: checkpoint.Note, signer: Signer) -> None:
    read = tlog.Checkpoint.from_text(str(note))
    for key in notes.keys(ORIGIN, signer.public):
        vkey = other.Vkey.from_string(str(key))
        assert vkey.key_id == int.from_bytes(key.number, "big")
        read.verify(vkey)
    assert notes.signed_at(note, signer.public) == NOW


def test_a_note_of_another_implementation_is_believed(signer: Signer) -> None:
    pair = signing.make_pair()
    mine = Signer(pair.secret)
    made = tlog.Checkpoint.make_signed(
        ORIGIN,
        0,
        merkle.EMPTY,
        [other.PlainEd25519Signer(ORIGIN, mine._private)],  # noqa: SLF001 - the same key
    )
    read = checkpoint.read_note(made.serialize())
    assert read is not None
    plain, _timed = notes.keys(ORIGIN, mine.public)
    assert notes.is_signed(read, plain)
    assert notes.signed_at(read, mine.public) is None  # it says no time
    assert not notes.is_signed(read, notes.keys(ORIGIN, signer.public)[0])


def test_a_receipt_is_read_and_believed_by_another_implementation(note: checkpoint.Note) -> None:
    tree = Tree(ENTRIES)
    for place, entry in enumerate(ENTRIES):
        proof = Proof(place, tuple(tree.inclusion(place)), note, b"whatever")
        assert checkpoint.read_proof(str(proof)) == proof
        assert proof.holds(entry)
        assert not proof.holds(b"another")
        head, _, signed = str(proof).partition("\n\n")
        version, extra, index, *path = head.split("\n")
        assert (version, extra, index) == ("c2sp.org/tlog-proof@v1", "extra d2hhdGV2ZXI=", f"index {place}")
        read = tlog.Checkpoint.from_text(signed)
        hashes = [checkpoint.decoded(one) or b"" for one in path]
        tlog.InclusionProof(place, read.size, hashes).check(merkle.leaf(entry), read.root_hash)


def test_no_bit_of_a_note_can_be_another_one(note: checkpoint.Note, signer: Signer) -> None:
    said = str(note).encode()
    dice = random.Random(1)
    for _ in range(2000):
        place = dice.randrange(len(said))
        false = bytearray(said)
        false[place] ^= 1 << dice.randrange(8)
        read = checkpoint.read_note(false.decode("utf-8", "replace"))
        # a changed name or number of a key makes its signature one of a stranger, which is not ours and not enough
        assert read is None or str(read) == str(note) or notes.signed_at(read, signer.public) is None


@pytest.mark.parametrize(
    "nonsense",
    [
        "",
        "\n",
        "a\n1\nb\n",
        "a\n1\nb\n\n",
        "a\n1\nb\n\n— a\n",
        "a\n1\nb\n\n— a AAAA\n",
        "a\n1\nb\n\n— a b AAAAAAAA\n",
        "a\n1\nb\n\n- a AAAAAAAA\n",
        "a\r\n1\nb\n\n— a AAAAAAAA\n",
        "a\n\n— a AAAAAAAA",
        "a\n\n" + "— a AAAAAAAA\n" * 100,
        "a" * 70_000 + "\n\n— a AAAAAAAA\n",
    ],
)
def test_what_is_no_note_is_refused(nonsense: str) -> None:
    assert checkpoint.read_note(nonsense) is None
    assert checkpoint.read_proof(f"c2sp.org/tlog-proof@v1\nindex 0\n\n{nonsense}") is None


@pytest.mark.parametrize("size", ["-1", "01", "1.0", "", "9" * 19, "٣"])
def test_what_is_no_checkpoint_is_refused(size: str) -> None:
    root = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    assert checkpoint.read_checkpoint(f"a\n{size}\n{root}\n") is None
    assert checkpoint.read_checkpoint(f"a\n1\n{root}\n") is not None
    assert checkpoint.read_checkpoint(f"a\n1\n{root}") is None
    assert checkpoint.read_checkpoint("a\n1\nAAAA\n") is None


def test_what_is_no_proof_is_refused(note: checkpoint.Note) -> None:
    good = str(Proof(0, tuple(Tree(ENTRIES).inclusion(0)), note))
    assert checkpoint.read_proof(good) is not None
    for before, after in (
        ("proof@v1", "proof@v2"),
        ("index 0", "index 00"),
        ("index 0", "index"),
        ("index 0\n", "index 0\nAAAA\n"),
        ("index 0", "extra !\nindex 0"),
        ("index 0\n", ""),
    ):
        assert checkpoint.read_proof(good.replace(before, after)) is None


def test_two_times_or_a_time_of_somebody_else_are_none(note: checkpoint.Note, signer: Signer) -> None:
    again = signer.sign(Checkpoint(ORIGIN, 21, Tree(ENTRIES).root()), NOW + timedelta(days=1))
    both = checkpoint.Note(note.text, (*note.signatures, again.signatures[1]))
    assert notes.signed_at(both, signer.public) is None
    stranger = Signer(signing.make_pair().secret).sign(Checkpoint(ORIGIN, 21, Tree(ENTRIES).root()), NOW)
    with_a_stranger = checkpoint.Note(note.text, (*note.signatures, *stranger.signatures))
    assert notes.signed_at(with_a_stranger, signer.public) == NOW  # a witness may sign beside us
    assert notes.signed_at(stranger, signer.public) is None


def test_a_key_is_read_from_its_certificate_and_shows_nothing() -> None:
    pair = signing.make_pair()
    made = Signer(pair.secret)
    assert notes.public_key(pair.public) == made.public
    assert notes.public_key("RWQ") is None
    assert repr(made) == "Signer(…)"
    with pytest.raises(NotCertified, match="holds no key"):
        Signer(b"nothing")
    with pytest.raises(NotCertified, match="holds no key"):
        Signer(signing.make_pair("a phrase", opslimit=32768, memlimit=1 << 20).secret)
