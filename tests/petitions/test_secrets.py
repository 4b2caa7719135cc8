"""A thief of the running server, with its root key, each row and the petition's key, opens no name and finds none."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from bot.domain import signature
from bot.domain.signature import Declared, Mode, Opening
from storage import envelope, petition_logs, signatures
from storage.crypto import Keys
from tests.family.looking import rows
from tests.petitions.signing import begun, petition_of, signs
from tests.petitions.test_signing import somebody
from tests.stage import Stage
from tests.storage.servers import ONE_ENGINE, PETITIONS

KEY = envelope.make()
NAMES = ("Canary Aleph", "Canary Bet", "Canary Gimel")


def secrets_in(value: object) -> Iterator[bytes]:
    """Every 32 bytes in what is stored, and what is commonly made of it."""
    match value:
        case bytes():
            yield from (value[at : at + 32] for at in range(min(len(value) - 31, 80)))
            yield sha256(value).digest()
        case str():
            yield from secrets_in(value.encode())
        case tuple() | list():
            for one in value:
                yield from secrets_in(one)


async def signed_by_three(stage: Stage) -> int:
    """A petition that three people signed for the recipient only."""
    which, _anna = await begun(stage, KEY)
    for number, name in enumerate(NAMES):
        await signs(stage, await somebody(stage, f"signer{number}"), which, "addressee only", name)
    return which


@ONE_ENGINE
async def test_nothing_that_the_server_has_opens_a_record(stage: Stage, keys: Keys) -> None:
    which = await signed_by_three(stage)
    found = await rows(stage)
    assert "Canary" not in repr(found)
    one = await petition_of(stage, which)
    assert one.key is not None
    own = [keys.derive(purpose) for purpose in ("seal", "blind", "petition", "hpke", "salt")]
    candidates = {*secrets_in([list(table) for table in found.values()]), one.key, *own, PETITIONS.signer.public}
    for candidate in candidates:
        if len(candidate) == 32:  # noqa: PLR2004 - a key
            assert X25519PrivateKey.from_private_bytes(candidate).public_key().public_bytes_raw() != KEY.public
    records = await stage.storage.read(lambda tx: list(signatures.records(tx, which)))
    opened = [signature.unpacked(KEY.open(one.origin, sealed)) for _place, sealed in records]
    assert {each.declared.name for each in opened if each is not None} == set(NAMES), "the control: the organisers do"


@ONE_ENGINE
async def test_not_even_a_guessed_name_can_be_confirmed(stage: Stage) -> None:
    which = await signed_by_three(stage)
    one = await petition_of(stage, which)
    assert one.key is not None
    found = await stage.storage.read(lambda tx: list(petition_logs.entries(tx, which, 1)))
    commitments = {getattr(entry, "commitment", b"") for _place, entry in found}
    tables = await rows(stage)
    tags = {bytes(row[4]) for row in tables["petition_signature"]}
    marks = {bytes(row[1]) for row in tables["petition_nullifier"]}
    salts = {one.key, *(hmac.digest(one.key, each, "sha256") for each in (*tags, *marks))}
    salts |= {signature.secret_of(one.key, mark) for mark in marks}
    for salt in salts:
        for tag in tags:
            for name in NAMES:
                guess = Opening(one.origin, 1, Declared(Mode.RECIPIENT, name), salt, tag)
                assert guess.commitment() not in commitments
    records = await stage.storage.read(lambda tx: list(signatures.records(tx, which)))
    true = signature.unpacked(KEY.open(one.origin, records[0][1]))
    assert true is not None
    assert true.commitment() in commitments, "the control: with the salt it is"
