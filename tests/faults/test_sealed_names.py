"""With every secret of the server, no sealed name can be read, and none that somebody guesses can be confirmed.

The thief has the running server: each key that it holds, each row and file, and the public half of the organisers' key.
They also have a list of names to try, in which every true one stands. Two controls must fail: the organisers' own key
opens every record, and a server that draws its salts from a key that it keeps is betrayed by the list.
"""

from __future__ import annotations

import hmac
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from bot.domain import petition_log, signature
from bot.domain.petition_log import Sign
from bot.domain.signature import Declared, Mode, Opening
from storage import envelope
from storage.crypto import Keys
from storage.envelope import OrganiserKey, Unopened
from tests.operator.petitions import ORIGIN, Community

NAMES = [f"Canaryname{n}" for n in range(24)]
GUESSES = [*NAMES, *(f"Somebody{n}" for n in range(24))]
ROOT = sha256(b"the community's root key of this test").digest()
PURPOSES = ("seal", "blind", "blind/account", "petition", "nullifier", "receipt", "salt", "hpke")


@dataclass(frozen=True)
class Loot:
    """Everything that a thief of the running server holds: its secrets, and what it stores of one petition."""

    secrets: list[bytes]
    stored: list[bytes]
    entries: list[Sign]
    records: list[bytes]


def served(*, salted_by: bytes | None = None) -> tuple[Community, Loot]:
    """A petition that people signed in the mode that names them to the recipient only, and what is stolen then."""
    made = Community()
    keys = Keys(ROOT)
    nullifiers, tags = [], []
    for number, name in enumerate(NAMES):
        account = f"555{number:04}"
        mark = signature.nullifier(made.nullifier_key, "telegram", account)
        tag = signature.tag_of(signature.secret_of(made.nullifier_key, mark))
        salt = made.dice.randbytes(32) if salted_by is None else hmac.digest(salted_by, mark, "sha256")
        opening = Opening(ORIGIN, 1, Declared(Mode.RECIPIENT, name, "DE"), salt, tag)
        place = made.log(Sign(1, made.now.date(), opening.commitment()))
        made.records[place] = envelope.seal(made.key.public, ORIGIN, opening.packed())
        nullifiers.append(mark)
        tags.append(tag)
    secrets = [
        ROOT,
        made.nullifier_key,
        made.online.secret,
        *(keys.derive(purpose) for purpose in PURPOSES),
        *(signature.secret_of(made.nullifier_key, mark) for mark in nullifiers),
    ]
    stored = [
        *nullifiers,
        *tags,
        *made.records.values(),
        *(petition_log.line_of(entry).encode() for entry in made.entries),
        made.key.public,
        envelope.public_text(made.key.public).encode(),
        *(note.encode() for note in made.checkpoints),
    ]
    entries = [entry for entry in made.entries if isinstance(entry, Sign)]
    return made, Loot(secrets, stored, entries, list(made.records.values()))


def keys_in(loot: Loot) -> Iterator[bytes]:
    """Every 32 bytes that could be a key: what is stolen, any part of it, and what is commonly made of it."""
    for one in (*loot.secrets, *loot.stored):
        for at in range(max(1, min(len(one) - 31, 80))):
            part = one[at : at + 32]
            if len(part) == 32:  # noqa: PLR2004 - a key
                yield part
        yield sha256(one).digest()
    for one, two in itertools.product(loot.secrets[:12], repeat=2):
        yield hmac.digest(one, two, "sha256")


def opened(loot: Loot, candidates: Iterable[bytes]) -> set[bytes]:
    """The records that one of the candidates opens, as the organisers' private half."""
    found = set()
    for candidate in candidates:
        key = OrganiserKey(candidate)
        if key.public not in loot.stored:
            continue  # it can't open anything: another half belongs to it
        for record in loot.records:
            try:
                found.add(key.open(ORIGIN, record))
            except Unopened:
                continue
    return found


def confirmed(loot: Loot, salts: Iterable[bytes]) -> set[str]:
    """The guessed names that a commitment in the log is shown to be made of."""
    commitments = {entry.commitment for entry in loot.entries}
    tags = [one for one in loot.stored if len(one) == signature.TAG]
    return {
        name
        for salt in salts
        for tag in tags
        for name in GUESSES
        if Opening(ORIGIN, 1, Declared(Mode.RECIPIENT, name, "DE"), salt, tag).commitment() in commitments
    }


def test_no_name_stands_in_anything_that_the_server_has() -> None:
    _made, loot = served()
    everything = b"\n".join([*loot.secrets, *loot.stored])
    for name in NAMES:
        for written in (name.encode(), name.encode("utf-16-le"), name.encode().hex().encode(), name.lower().encode()):
            assert written not in everything


def test_no_secret_of_the_server_opens_a_record() -> None:
    made, loot = served()
    assert opened(loot, keys_in(loot)) == set()
    assert len(opened(loot, [made.key.secret])) == len(NAMES)  # the control


def test_a_record_opens_under_no_candidate_even_if_every_one_is_tried() -> None:
    _made, loot = served()
    for candidate in {*keys_in(Loot(loot.secrets[:12], [], [], []))}:
        X25519PrivateKey.from_private_bytes(candidate)
        with pytest.raises(Unopened):
            OrganiserKey(candidate).open(ORIGIN, loot.records[0])


def test_no_guessed_name_can_be_confirmed() -> None:
    _made, loot = served()
    assert confirmed(loot, loot.secrets) == set()
    derived = [hmac.digest(key, one, "sha256") for key in loot.secrets[:4] for one in loot.stored if len(one) == 16]  # noqa: PLR2004
    assert confirmed(loot, derived[:48]) == set()


def test_a_server_that_draws_its_salts_from_a_key_is_betrayed() -> None:
    made = Community()
    _made, loot = served(salted_by=made.nullifier_key)
    marks = [one for one in loot.stored if len(one) == 16][: len(NAMES)]  # noqa: PLR2004 - the nullifiers come first
    salts = [hmac.digest(made.nullifier_key, mark, "sha256") for mark in marks]
    assert confirmed(loot, salts) == set(NAMES)  # the control: this is what must not be


def test_after_the_key_is_destroyed_nobody_can_ask_whether_an_account_has_signed() -> None:
    made, loot = served()
    account = signature.nullifier(made.nullifier_key, "telegram", "5550003")
    assert account in loot.stored  # the control: as long as the key lives the server can
    left = [one for one in loot.secrets if one != made.nullifier_key and len(one) == 32]  # noqa: PLR2004 - a key
    left = [one for one in left if one not in {signature.secret_of(made.nullifier_key, m) for m in loot.stored}]
    for key in left:
        assert signature.nullifier(key, "telegram", "5550003") not in loot.stored


def test_what_is_sealed_does_not_show_its_mode() -> None:
    made = Community()
    lengths = set()
    for number, (mode, name) in enumerate(((Mode.PUBLIC, "A"), (Mode.RECIPIENT, "Б" * 60), (Mode.COUNTED, ""))):
        place = made.sign(Declared(mode, name), str(number))
        lengths.add(len(made.records[place]))
    assert len(lengths) == 1
