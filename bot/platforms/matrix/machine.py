"""The encryption machine of one device: matrix-nio's, where nothing that a stranger sends can stop it.

Whatever comes from outside (keys of devices, messages to the device, encrypted events) is unchecked JSON here, looked
at one piece at a time: a piece that is broken is counted and dropped, and the others go on. Nothing here speaks with
the homeserver: it makes the bodies of requests and takes their answers.
"""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeGuard

import vodozemac
from nio.api import Api
from nio.crypto import Olm, OlmDevice, OutboundGroupSession
from peewee import PeeweeException  # type: ignore[import-untyped]
from unpaddedbase64 import decode_base64

from bot.platforms.matrix.store import OLM_SESSIONS_A_DEVICE, EncryptedStore, StoreError

# They write who sent what, and every statement with its values.
for _talker in ("nio", "peewee"):
    logging.getLogger(_talker).setLevel(logging.CRITICAL + 1)

MEGOLM: Final = "m.megolm.v1.aes-sha2"
OLM: Final = "m.olm.v1.curve25519-aes-sha2"
WITHHELD: Final = frozenset({"m.room_key.withheld", "org.matrix.room_key.withheld"})

_SIGNED: Final = "signed_curve25519"
_DEVICES_A_USER: Final = 200  # somebody with more than that harms only themselves
_DEVICES_A_REQUEST: Final = 20
_PAUSE_SECONDS: Final = 600.0  # before a device that had no key to give is asked again
_UNWEDGED_AT_ONCE: Final = 50
_REASONS: Final = frozenset({"m.blacklisted", "m.unverified", "m.unauthorised", "m.unavailable", "m.no_olm"})

_KEY: Final = re.compile(r"[A-Za-z0-9+/]{43}=?", re.ASCII)
_OF_THE_STORE: Final = (PeeweeException, StoreError, MemoryError)

Json: TypeAlias = Mapping[str, Any]
Address: TypeAlias = tuple[str, str]
"""A user id and a device id."""


class NoKey(Exception):  # noqa: N818 - it names what happened
    """The room key of this event is not here (yet), or not from its beginning."""


class Forged(Exception):  # noqa: N818 - it names what happened
    """The event is not what its key allows it to be: somebody else's, for another room, or said before."""


def _is_key(value: object) -> TypeGuard[str]:
    """Whether it has the shape of 32 bytes in base64."""
    return isinstance(value, str) and _KEY.fullmatch(value) is not None


@contextmanager
def calm() -> Iterator[None]:
    """Turn a panic of the library's Rust part into a ValueError.

    It is no Exception and would end every task on its way: a device whose signing key is one byte too long is enough.
    """
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise ValueError("the library panicked") from None


@dataclass(frozen=True, slots=True)
class Read:
    """A decrypted event. `verified`: its key belongs to a device of its sender."""

    type: str
    content: dict[str, Any]
    verified: bool


class Machine(Olm):  # type: ignore[misc] # nio carries no types
    """The keys and sessions of one device. `now` gives seconds since 1970."""

    def __init__(self, user: str, device: str, store: EncryptedStore, now: Callable[[], float]) -> None:
        super().__init__(user, device, store)
        self._now: Final = now
        self.uploaded_key_count: int | None = None
        self._pause: Final[dict[Address, float]] = {}
        self._owners: Final[dict[str, str]] = {one.curve25519: one.user_id for one in self.device_store}
        self._fallback_wanted = not self.account.shared
        self.malformed = 0
        self.withheld: Final[Counter[str]] = Counter()
        self.came: Final[set[tuple[str, str]]] = set()
        """Room keys (room, session) that came since somebody looked and emptied this."""

    # -- our own keys on the homeserver --------------------------------------------------------------------------------

    def count(self, sync: Json) -> None:
        """Take from a sync how many one-time keys the server still has, and whether our fallback key is unused."""
        counts = sync.get("device_one_time_keys_count")
        if isinstance(counts, dict):
            left = counts.get(_SIGNED, 0)  # a kind that is not mentioned has none: nio takes 0 for “nothing said”
            self.uploaded_key_count = left if isinstance(left, int) else 0
        unused = sync.get("device_unused_fallback_key_types")
        if isinstance(unused, list):
            self._fallback_wanted = _SIGNED not in unused

    def upload(self) -> dict[str, Any] | None:
        """The body of a keys/upload that is due, or None. The account is durable before this returns.

        Otherwise a crash after the upload would make other keys under the same names, which the server never takes.
        """
        account = self.account
        body: dict[str, Any] = {}
        left = self.uploaded_key_count if account.shared else 0
        if not account.shared:
            body["device_keys"] = self.device_keys()
        if left is not None and left * 2 < account.max_one_time_keys:
            waiting = account.one_time_keys["curve25519"]
            if len(waiting) < account.max_one_time_keys - left:
                account.generate_one_time_keys(account.max_one_time_keys - left - len(waiting))
            body["one_time_keys"] = self._signed_keys(account.one_time_keys["curve25519"])
        if self._fallback_wanted:
            raw = account._account  # noqa: SLF001 - nio has no fallback keys at all
            if not raw.fallback_key:
                raw.generate_fallback_key()
            keys = {name: key.to_base64() for name, key in raw.fallback_key.items()}
            body["fallback_keys"] = self._signed_keys(keys, fallback=True)
        if not body:
            return None
        self.save_account()
        return body

    def uploaded(self, answer: Json) -> None:
        """The upload went well."""
        counts = answer.get("one_time_key_counts")
        left = counts.get(_SIGNED) if isinstance(counts, dict) else None
        self.uploaded_key_count = left if isinstance(left, int) else None
        self._fallback_wanted = False
        self.account.shared = True
        self.account.mark_keys_as_published()
        self.save_account()

    def upload_refused(self) -> None:
        """The server has other keys under the names of ours: give these up; the next upload has new ones."""
        self.account.mark_keys_as_published()
        self.save_account()

    def device_keys(self) -> dict[str, Any]:
        """Our device's public keys, signed by itself."""
        keys = {f"{kind}:{self.device_id}": key for kind, key in self.account.identity_keys.items()}
        device = {
            "algorithms": [OLM, MEGOLM],
            "device_id": self.device_id,
            "user_id": self.user_id,
            "keys": keys,
        }
        return {**device, "signatures": self._signatures(device)}

    def _signed_keys(self, keys: Mapping[str, str], *, fallback: bool = False) -> dict[str, Any]:
        signed = {}
        for name, key in keys.items():
            one: dict[str, Any] = {"key": key, "fallback": True} if fallback else {"key": key}
            signed[f"{_SIGNED}:{name}"] = {**one, "signatures": self._signatures(one)}
        return signed

    def _signatures(self, thing: dict[str, Any]) -> dict[str, dict[str, str]]:
        return {self.user_id: {f"ed25519:{self.device_id}": self.sign_json(thing)}}

    # -- the devices of people -----------------------------------------------------------------------------------------

    def suspect(self, users: Iterable[str]) -> None:
        """The devices of these people have changed, or may have."""
        self.users_for_key_query.update(users)

    def unknown(self, users: Iterable[str]) -> set[str]:
        """Those of them whose devices must be asked for before anything is encrypted for them."""
        return {user for user in users if user not in self.tracked_users or user in self.users_for_key_query}

    def asking(self, users: Iterable[str]) -> dict[str, Any]:
        """The body of a keys/query. What changes while it is under way is asked for once more."""
        asked = set(users)
        self.users_for_key_query.difference_update(asked)
        return {"device_keys": {user: [] for user in asked}}

    def unanswered(self, users: Iterable[str]) -> None:
        """The keys/query failed."""
        self.users_for_key_query.update(users)

    def know(self, users: Iterable[str], answer: Json) -> None:
        """Take the answer of a keys/query: each device by itself, since anybody may have published anything."""
        everybody = answer.get("device_keys")
        everybody = everybody if isinstance(everybody, dict) else {}
        failed = answer.get("failures")
        failed = failed if isinstance(failed, dict) else {}
        changed: dict[str, dict[str, OlmDevice]] = {}
        for user in users:
            devices = everybody.get(user)
            if devices is None and user.partition(":")[2] in failed:
                self.users_for_key_query.add(user)  # their server could not be reached
                continue
            listed = devices if isinstance(devices, dict) else {}
            changed[user] = self._known(user, dict(list(listed.items())[:_DEVICES_A_USER]))
            self.tracked_users.add(user)
        self.store.save_device_keys({user: devices for user, devices in changed.items() if devices})

    def _known(self, user: str, listed: Mapping[str, object]) -> dict[str, OlmDevice]:
        changed: dict[str, OlmDevice] = {}
        here = self.device_store[user]
        for name, keys in listed.items():
            if (user, name) == (self.user_id, self.device_id):
                continue
            fresh = self._device(user, name, keys)
            if fresh is None:
                self.malformed += 1
                continue
            before = here.get(name)
            if before is not None and before.ed25519 != fresh.ed25519:
                self.malformed += 1  # a device never changes its fingerprint: this is another one under its name
                continue
            if before is None:
                self.device_store.add(fresh)
                changed[name] = fresh
            elif before.curve25519 != fresh.curve25519 or before.deleted:
                before.curve25519, before.deleted = fresh.curve25519, False
                changed[name] = before
            self._owners[fresh.curve25519] = user
        for name, device in here.items():
            if name not in listed and not device.deleted:
                device.deleted = True
                changed[name] = device
        return changed

    def _device(self, user: str, name: str, keys: object) -> OlmDevice | None:
        if not isinstance(keys, dict) or (keys.get("user_id"), keys.get("device_id")) != (user, name):
            return None
        public = keys.get("keys")
        if not isinstance(public, dict):
            return None
        signing, curve = public.get(f"ed25519:{name}"), public.get(f"curve25519:{name}")
        if not _is_key(signing) or not _is_key(curve):
            return None
        try:
            with calm():
                vodozemac.Curve25519PublicKey.from_base64(curve)
        except ValueError:
            return None
        if not self.verify_json(dict(keys), signing, user, name):
            return None
        return OlmDevice(user, name, {"ed25519": signing, "curve25519": curve})  # its display name is nobody's business

    def verify_json(self, json: dict[str, Any], user_key: str, user_id: str, device_id: str) -> bool:
        """Whether `json` is signed by the device. False also for what is no key and no signature: nio raises there."""
        try:
            with calm():
                return bool(super().verify_json(json, user_key, user_id, device_id))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return False

    # -- room keys for people ------------------------------------------------------------------------------------------

    def readers(self, users: Iterable[str]) -> dict[Address, OlmDevice]:
        """The devices of these people, without ours."""
        return {
            (user, device.id): device
            for user in users
            for device in self.device_store.active_user_devices(user)
            if (user, device.id) != (self.user_id, self.device_id)
        }

    def outbound(self, room: str, readers: Mapping[Address, OlmDevice]) -> OutboundGroupSession:
        """The key for what we write in a room: a new one if it is worn out, or somebody who has it is gone."""
        session = self.outbound_group_sessions.get(room)
        if session is None or session.expired or not session.users_shared_with <= readers.keys():
            session = OutboundGroupSession()  # not kept for ourselves, unlike nio's: we never read what we wrote
            session.shared = True  # who has it is looked up before every message
            self.outbound_group_sessions[room] = session
        return session

    def claims(self, devices: Mapping[Address, OlmDevice]) -> dict[str, dict[str, str]]:
        """For which of these devices a one-time key must be claimed first; {} if none (or all were asked lately)."""
        now = self._now()
        wanted: dict[str, dict[str, str]] = {}
        for (user, name), device in devices.items():
            if not self.session_store.get(device.curve25519) and self._pause.get((user, name), now) <= now:
                wanted.setdefault(user, {})[name] = _SIGNED
        return wanted

    def claimed(self, wanted: Mapping[str, Mapping[str, str]], answer: Json) -> None:
        """Take the answer of a keys/claim. A device that gave no usable key is not asked again for a while."""
        everybody = answer.get("one_time_keys")
        for user, names in wanted.items():
            theirs = everybody.get(user) if isinstance(everybody, dict) else None
            for name in names:
                device = self.device_store[user].get(name)
                keys = theirs.get(name) if isinstance(theirs, dict) else None
                if device is None or not self._begin(device, keys):
                    self._pause[user, name] = self._now() + _PAUSE_SECONDS

    def _begin(self, device: OlmDevice, keys: object) -> bool:
        """Begin an Olm session with a device."""
        key = next(iter(keys.values()), None) if isinstance(keys, dict) else None
        if not isinstance(key, dict) or not isinstance(key.get("key"), str):
            return False
        if not self.verify_json(dict(key), device.ed25519, device.user_id, device.id):
            self.malformed += 1
            return False
        try:
            with calm():
                self.create_session(key["key"], device.curve25519)
        except ValueError:  # no key at all, although it is signed
            self.malformed += 1
            return False
        return True

    def shares(
        self, room: str, session: OutboundGroupSession, devices: Sequence[OlmDevice]
    ) -> Iterator[tuple[set[Address], dict[str, Any]]]:
        """The to-device messages that give these devices the room key, some at a time, with whom each is for.

        Devices without an Olm session are left out.
        """
        content = {
            "algorithm": MEGOLM,
            "room_id": room,
            "session_id": session.id,
            "session_key": session.session_key,
        }
        able = [one for one in devices if self.session_store.get(one.curve25519)]
        for start in range(0, len(able), _DEVICES_A_REQUEST):
            some = able[start : start + _DEVICES_A_REQUEST]
            with self.store.together():
                body = self._for_devices("m.room_key", content, some)
            yield {(one.user_id, one.id) for one in some}, body

    def _for_devices(self, kind: str, content: dict[str, Any], devices: Iterable[OlmDevice]) -> dict[str, Any]:
        messages: dict[str, dict[str, Any]] = {}
        for one in devices:
            sealed = self._olm_encrypt(self.session_store.get(one.curve25519), one, kind, content)
            messages.setdefault(one.user_id, {})[one.id] = sealed
        return {"messages": messages}

    def encrypt(
        self, room: str, session: OutboundGroupSession, kind: str, content: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The content of an ``m.room.encrypted`` event. What it relates to stays in the clear, as the rules want it."""
        payload = {"type": kind, "content": content, "room_id": room}
        sealed: dict[str, Any] = {
            "algorithm": MEGOLM,
            "sender_key": self.account.identity_keys["curve25519"],
            "device_id": self.device_id,
            "session_id": session.id,
            "ciphertext": session.encrypt(Api.to_json(payload)),
        }
        if "m.relates_to" in content:
            sealed["m.relates_to"] = content["m.relates_to"]
        return sealed

    # -- broken Olm sessions -------------------------------------------------------------------------------------------

    def wedged(self) -> dict[str, dict[str, str]]:
        """Devices whose messages could not be read: a one-time key of each is to be claimed for a fresh start."""
        wanted: dict[str, dict[str, str]] = {}
        broken: list[OlmDevice] = self.wedged_devices
        for device in broken[:_UNWEDGED_AT_ONCE]:
            wanted.setdefault(device.user_id, {})[device.id] = _SIGNED
        broken.clear()  # whoever is still broken comes here again
        return wanted

    def greetings(self, wanted: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
        """The (empty) to-device messages that make these devices use the fresh session."""
        devices = [self.device_store[user].get(name) for user, names in wanted.items() for name in names]
        able = [one for one in devices if one is not None and self.session_store.get(one.curve25519)]
        with self.store.together():
            return self._for_devices("m.dummy", {}, able)

    # -- messages to the device ----------------------------------------------------------------------------------------

    def hear(self, message: object) -> None:
        """Take one to-device message. Never raises: whoever knows our name can send us anything.

        Requests for keys and for emoji verification are left alone: this account has one device, and nobody to compare
        emoji.
        """
        kind = message.get("type") if isinstance(message, dict) else None
        if not isinstance(message, dict) or not isinstance(kind, str):
            self.malformed += 1
            return
        content, sender = message.get("content"), message.get("sender")
        if kind in WITHHELD:
            reason = content.get("code") if isinstance(content, dict) else None
            self.withheld[reason if isinstance(reason, str) and reason in _REASONS else "unknown"] += 1
        elif kind == "m.room.encrypted" and isinstance(content, dict) and isinstance(sender, str):
            try:
                with calm():
                    self._open(sender, content)
            except _OF_THE_STORE:
                raise
            except Exception:  # noqa: BLE001 - whatever it holds, it harms no other message
                self.malformed += 1

    def _open(self, sender: str, content: Json) -> None:
        key, sealed = content.get("sender_key"), content.get("ciphertext")
        mine = sealed.get(self.account.identity_keys["curve25519"]) if isinstance(sealed, dict) else None
        if content.get("algorithm") != OLM or not isinstance(key, str) or not isinstance(mine, dict):
            return
        body = mine.get("body")
        first = mine.get("type") == 0
        if not isinstance(body, str) or mine.get("type") not in {0, 1}:
            self.malformed += 1
            return
        message = (
            vodozemac.PreKeyMessage.from_base64(body) if first else vodozemac.AnyOlmMessage.normal(decode_base64(body))
        )
        try:
            self.decrypt(sender, key, message)
        except vodozemac.SessionCreationException:
            # A one-time key that is not ours (any more): also when our store came back from a copy. Begin anew.
            self.malformed += 1
            self._mark_device_for_unwedging(sender, key)
        finally:
            if first:
                self.save_account()  # the one-time key is used up only now: nio saves too early
            del self.session_store[key][OLM_SESSIONS_A_DEVICE:]

    def create_group_session(
        self, sender_key: str, sender_fp_key: str, room_id: str, session_id: str, session_key: str
    ) -> None:
        """Take a room key, unless we have a better one: nobody may replace another's, nor shorten what can be read."""
        known = self.inbound_group_store.find(session_id)
        if known is not None:
            fresh = vodozemac.InboundGroupSession(vodozemac.SessionKey(session_key))
            same = (known.sender_key, known.room_id) == (sender_key, room_id)
            if not same or fresh.first_known_index >= known.first_known_index:
                return
        super().create_group_session(sender_key, sender_fp_key, room_id, session_id, session_key)
        self.store.used(session_id, self._now())
        self.came.add((room_id, session_id))

    # -- encrypted events ----------------------------------------------------------------------------------------------

    def has_key(self, room: str, session: str) -> bool:
        """Whether the room key is here."""
        known = self.inbound_group_store.find(session)
        return known is not None and known.room_id == room

    def read(self, room: str, event: Json) -> Read:
        """Decrypt one event of a room. Raises `NoKey`, `Forged`, or a ValueError for what is malformed.

        The room key is found by its id alone: what the event says of its sender's device is unchecked, and apps stop
        saying it.
        """
        content, sender, name = event["content"], event["sender"], event["event_id"]
        session_id, sealed = content.get("session_id"), content.get("ciphertext")
        if content.get("algorithm") != MEGOLM or not isinstance(session_id, str) or not isinstance(sealed, str):
            raise ValueError("not encrypted in a way that we know")
        session = self.inbound_group_store.find(session_id)
        if session is None or session.room_id != room:
            raise NoKey
        verified = self._belongs(session.sender_key, session.ed25519, sender)
        try:
            with calm():
                plain, index = session.decrypt(sealed)
        except vodozemac.MegolmDecryptionException:
            raise NoKey from None  # said before we were given the key, or broken
        once = (session.sender_key, session_id, index)
        said = self.message_index_store.get(once)
        if said is not None and said != name:
            raise Forged
        self.message_index_store[once] = name
        payload = json.loads(plain)
        if not isinstance(payload, dict):
            raise ValueError("not an event")  # noqa: TRY004 - all that is malformed is of one kind
        kind, inner = payload.get("type"), payload.get("content")
        if not isinstance(kind, str) or not isinstance(inner, dict):
            raise ValueError("not an event")  # noqa: TRY004
        if payload.get("room_id") != room:
            raise Forged
        if "m.relates_to" not in inner and isinstance(content.get("m.relates_to"), dict):
            inner["m.relates_to"] = content["m.relates_to"]
        self.store.used(session_id, self._now())
        return Read(kind, inner, verified)

    def _belongs(self, curve: str, signing: str, sender: str) -> bool:
        """Whether a key is of one of the sender's devices. Raises `Forged` when it is somebody else's."""
        device = self.device_store.device_from_sender_key(sender, curve)
        if device is not None:
            if device.ed25519 != signing:
                raise Forged
            return True
        if sender == self.user_id and curve == self.account.identity_keys["curve25519"]:
            return True
        if self._owners.get(curve, sender) != sender and not self.unknown([sender]):
            raise Forged
        return False  # a device that is gone, or whose keys could not be asked for yet
