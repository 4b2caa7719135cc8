"""The bot's cross-signing identity: three keys from three seeds, by which people's apps accept its device.

Apps refuse to share keys with a device that its owner has not signed, and hide what it says. matrix-nio has none of
this. The seeds outlive every device: whoever has them can sign the next one, and nobody sees a warning.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final

from Crypto.PublicKey import ECC
from Crypto.Signature import eddsa

from bot.platforms.matrix.machine import Machine
from bot.platforms.matrix.wire import Challenged, Denied, LoginRefused, Unknown, Wire

SEEDS: Final = 96
_SEED: Final = 32
_USAGES: Final = ("master", "self_signing", "user_signing")
_PASSWORD: Final = "m.login.password"  # noqa: S105 - the name of a way to log in
_REFUSED: Final = (
    "The homeserver does not take the bot's cross-signing keys: it wants to see the password again and refuses it, or "
    "wants another proof. Check the password in the settings; on a server with a login page of its own, allow the "
    "reset of the account's identity there, then start again."
)


class Outcome(Enum):
    """What had to be done so that our device is signed by our identity."""

    FINE = "fine"  # nothing: it was
    SIGNED = "signed"  # the identity was there; this device is new to it, and people see no warning
    MADE = "made"  # the account had no identity: this is its first
    RESET = "reset"  # the account had another identity, now replaced: people will see that it was reset


class Identity:
    """The identity that comes from 96 bytes of `seeds`: 32 each for the master, self-signing and user-signing key."""

    def __init__(self, user: str, seeds: bytes) -> None:
        if len(seeds) != SEEDS:
            msg = f"the seeds of an identity are {SEEDS} bytes"
            raise ValueError(msg)
        self.user: Final = user
        self._keys: Final = {
            usage: ECC.construct(curve="Ed25519", seed=seeds[place * _SEED : (place + 1) * _SEED])
            for place, usage in enumerate(_USAGES)
        }
        self.public: Final = {
            usage: unpadded(key.public_key().export_key(format="raw")) for usage, key in self._keys.items()
        }

    def __repr__(self) -> str:
        """Nothing that is secret."""
        return "Identity()"

    def sign(self, usage: str, thing: Mapping[str, Any]) -> dict[str, Any]:
        """A JSON object with a signature of one of the three keys added to those that it has."""
        signature = eddsa.new(self._keys[usage], "rfc8032").sign(canonical(thing))
        signatures = {user: dict(theirs) for user, theirs in thing.get("signatures", {}).items()}
        signatures.setdefault(self.user, {})[f"ed25519:{self.public[usage]}"] = unpadded(signature)
        return {**thing, "signatures": signatures}

    def upload(self, machine: Machine) -> dict[str, Any]:
        """The body of a device_signing/upload. Our device signs the master key, and that the two others."""
        keys: dict[str, Any] = {}
        for usage in _USAGES:
            public = self.public[usage]
            keys[usage] = {"user_id": self.user, "usage": [usage], "keys": {f"ed25519:{public}": public}}
        signature = machine.sign_json(keys["master"])
        keys["master"]["signatures"] = {self.user: {f"ed25519:{machine.device_id}": signature}}
        return {
            "master_key": keys["master"],
            "self_signing_key": self.sign("master", keys["self_signing"]),
            "user_signing_key": self.sign("master", keys["user_signing"]),
        }

    def is_on(self, answer: Mapping[str, Any]) -> bool:
        """Whether a keys/query shows this identity, whole."""
        return all(self.public[usage] in _published(answer, f"{usage}_keys", self.user) for usage in _USAGES)


async def establish(wire: Wire, machine: Machine, seeds: bytes, password: Callable[[], str]) -> Outcome:
    """See to it that our device is signed by the identity of `seeds`; to be called at every start.

    The device's own keys must be on the homeserver. The password is asked for only when the homeserver wants it (to
    replace another identity). Raises a MatrixError; `LoginRefused` when the password does not do.
    """
    identity = Identity(machine.user_id, seeds)
    answer = await _ask(wire, identity.user)
    outcome = Outcome.FINE
    if not identity.is_on(answer):
        outcome = Outcome.RESET if _published(answer, "master_keys", identity.user) else Outcome.MADE
        await _publish(wire, identity.upload(machine), identity.user, password)
        answer = await _ask(wire, identity.user)
    device = _object(_object(_object(answer.get("device_keys")).get(identity.user)).get(machine.device_id))
    mine = machine.device_keys()
    if device.get("keys") != mine["keys"]:
        raise Unknown  # what the homeserver shows under our name are not our keys: never sign them
    signing = f"ed25519:{identity.public['self_signing']}"
    if signing in _object(_object(device.get("signatures")).get(identity.user)):
        return outcome
    signed = identity.sign("self_signing", mine)
    answer = await wire.ask("POST", "client/v3/keys/signatures/upload", {identity.user: {machine.device_id: signed}})
    if answer.get("failures"):
        raise Unknown
    return Outcome.SIGNED if outcome is Outcome.FINE else outcome


def canonical(thing: Mapping[str, Any]) -> bytes:
    """The one way to write a JSON object down for a signature."""
    bare = {name: value for name, value in thing.items() if name not in {"signatures", "unsigned"}}
    return json.dumps(bare, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def unpadded(data: bytes) -> str:
    """Base64 without padding: apps drop padded keys without a word."""
    return base64.b64encode(data).decode().rstrip("=")


async def _ask(wire: Wire, user: str) -> dict[str, Any]:
    return await wire.ask("POST", "client/v3/keys/query", {"device_keys": {user: []}})


async def _publish(wire: Wire, body: dict[str, Any], user: str, password: Callable[[], str]) -> None:
    path = "client/v3/keys/device_signing/upload"
    try:
        await wire.ask("POST", path, body)
    except Challenged as challenge:
        if (_PASSWORD,) not in challenge.ways:
            raise LoginRefused(_REFUSED) from None
        identifier = {"type": "m.id.user", "user": user}
        auth = {"type": _PASSWORD, "identifier": identifier, "password": password(), "session": challenge.session}
    else:
        return
    try:
        await wire.ask("POST", path, {**body, "auth": auth})
    except Denied:
        raise LoginRefused(_REFUSED) from None


def _published(answer: Mapping[str, Any], where: str, user: str) -> set[object]:
    keys = _object(_object(_object(answer.get(where)).get(user)).get("keys"))
    return set(keys.values())


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
