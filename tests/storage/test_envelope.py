"""Names sealed to the organisers' key: nobody else opens them, nothing altered opens, and parts make the key."""

from __future__ import annotations

import hmac
import itertools
import random
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
import shamir_mnemonic
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from storage import envelope, guard
from storage.envelope import OrganiserKey, Unopened

if TYPE_CHECKING:
    from pathlib import Path

PETITION = "nur.example/petition/7f3a"
KEY = OrganiserKey(bytes(range(32)))


@pytest.fixture(scope="module")
def guarded() -> bytes:
    return envelope.guarded(KEY, "a phrase on paper", work=10)


def test_what_is_sealed_opens_with_the_key_and_with_nothing_else() -> None:
    sealed = envelope.seal(KEY.public, PETITION, b"Gulnora")
    assert KEY.open(PETITION, sealed) == b"Gulnora"
    with pytest.raises(Unopened, match="another key"):
        envelope.make().open(PETITION, sealed)
    with pytest.raises(Unopened, match="another petition"):
        KEY.open("nur.example/petition/7f3b", sealed)


def opened_by_the_book(secret: bytes, info: bytes, made: bytes) -> bytes:
    """RFC 9180, base mode, from its pages: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM."""
    kem, suite = b"KEM\x00\x20", b"HPKE\x00\x20\x00\x01\x00\x02"

    def extract(part: bytes, salt: bytes, label: bytes, key: bytes) -> bytes:
        return hmac.digest(salt or bytes(32), b"HPKE-v1" + part + label + key, "sha256")

    def expand(part: bytes, key: bytes, label: bytes, context: bytes, length: int) -> bytes:
        labelled = length.to_bytes(2, "big") + b"HPKE-v1" + part + label + context
        return HKDFExpand(SHA256(), length, labelled).derive(key)

    ours = X25519PrivateKey.from_private_bytes(secret)
    shared = ours.exchange(X25519PublicKey.from_public_bytes(made[:32]))
    context = made[:32] + ours.public_key().public_bytes_raw()
    secret = expand(kem, extract(kem, b"", b"eae_prk", shared), b"shared_secret", context, 32)
    context = b"\0" + extract(suite, b"", b"psk_id_hash", b"") + extract(suite, b"", b"info_hash", info)
    root = extract(suite, secret, b"secret", b"")
    key, nonce = expand(suite, root, b"key", context, 32), expand(suite, root, b"base_nonce", context, 12)
    return AESGCM(key).decrypt(nonce, made[32:], b"")


def test_a_record_is_what_the_standard_says_and_opens_without_our_program() -> None:
    sealed = envelope.seal(KEY.public, PETITION, b"Gulnora")
    info = b"payvand signature 1\n" + PETITION.encode()
    assert opened_by_the_book(KEY.secret, info, sealed[5:]) == b"Gulnora"


def test_nobody_sees_that_two_records_say_the_same() -> None:
    sealed = {envelope.seal(KEY.public, PETITION, b"x" * 288) for _ in range(20)}
    assert len(sealed) == 20  # noqa: PLR2004 - all differ
    assert {len(one) for one in sealed} == {288 + 5 + 32 + 16}


def test_no_altered_record_opens() -> None:
    dice = random.Random(1)
    sealed = envelope.seal(KEY.public, PETITION, b"Gulnora")
    for _ in range(500):
        false = bytearray(sealed)
        false[dice.randrange(len(false))] ^= 1 << dice.randrange(8)
        with pytest.raises(Unopened):
            KEY.open(PETITION, bytes(false))
    for length in range(len(sealed)):
        with pytest.raises(Unopened):
            KEY.open(PETITION, sealed[:length])


def test_a_public_key_survives_being_pasted_and_no_wrong_letter_does() -> None:
    text = envelope.public_text(KEY.public)
    assert envelope.read_public(f"  {text}\n") == KEY.public
    assert len(envelope.fingerprint(KEY.public)) == 24  # noqa: PLR2004 - to be read aloud
    dice = random.Random(2)
    for _ in range(500):
        false = list(text)
        false[dice.randrange(len(false))] = dice.choice("abcXYZ019_-")
        assert "".join(false) == text or envelope.read_public("".join(false)) is None
    for nonsense in ("", "PVO1", text[:-1], text + "A", "x" * 10_000, "PVO1" + "ё" * 48):
        assert envelope.read_public(nonsense) is None


def test_the_keys_file_opens_with_its_passphrase_alone(guarded: bytes) -> None:
    assert guarded.startswith(b"-----BEGIN AGE ENCRYPTED FILE-----")
    assert envelope.unguarded(guarded, "a phrase on paper") == KEY
    assert KEY.secret not in guarded
    with pytest.raises(Unopened, match="not its passphrase"):
        envelope.unguarded(guarded, "another phrase")
    with pytest.raises(Unopened, match="not an organisers' key"):
        envelope.unguarded(b"nothing", "a phrase on paper")


def test_a_file_of_something_else_is_told_from_a_key() -> None:
    for text in (b"something else", b"PVOSECRET1" + b"A" * 48 + b"\n"):
        with pytest.raises(Unopened, match="holds no organisers' key"):
            envelope.unguarded(guard.guarded(text, "x", work=10), "x")


@pytest.mark.skipif(shutil.which("age") is None, reason="the age program is not installed")
def test_the_age_program_knows_the_format_of_the_keys_file(guarded: bytes, tmp_path: Path) -> None:
    (tmp_path / "organiser.key").write_bytes(guarded)
    asked = subprocess.run(
        ["age", "-d", "organiser.key"],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        start_new_session=True,
    )
    assert asked.returncode
    assert b"passphrase" in asked.stderr  # it read the file, and would ask at a terminal


def test_any_parts_that_are_enough_make_the_key_and_fewer_do_not() -> None:
    words = envelope.parts(KEY, 2, 3)
    assert [len(one.split()) for one in words] == [33, 33, 33]
    for some in itertools.combinations(words, 2):
        assert envelope.joined(some) == KEY
    assert envelope.joined([f"  {words[2].upper()}\n", words[0]]) == KEY
    for one in words:
        with pytest.raises(Unopened, match="don't make a key"):
            envelope.joined([one])
    with pytest.raises(Unopened):
        envelope.joined([words[0], envelope.parts(envelope.make(), 2, 3)[1]])
    wrong = words[0].split()
    wrong[7], wrong[8] = wrong[8], wrong[7]
    with pytest.raises(Unopened):
        envelope.joined([" ".join(wrong), words[1]])
    with pytest.raises(Unopened, match="something else"):
        envelope.joined(shamir_mnemonic.generate_mnemonics(1, [(2, 3)], b"x" * 16)[0][:2])


@pytest.mark.parametrize(("enough", "among"), [(1, 1), (1, 3), (4, 3), (2, 17), (0, 3)])
def test_parts_of_which_one_is_enough_are_not_made(enough: int, among: int) -> None:
    with pytest.raises(ValueError, match="two parts"):
        envelope.parts(KEY, enough, among)


def test_a_key_shows_nothing_when_it_is_printed() -> None:
    assert repr(KEY) == "OrganiserKey()"
    assert repr(envelope.Opener(KEY)) == "Opener(…)"
