"""What an account under duress does to petitions that others see: kept in its picture, and done anew at each look.

A petition goes on while somebody is forced: others sign it, and its log grows. So there is no picture of it. What the
account did is noted with plain values where it is done (`Tx.note`), undone with everything else, and done once more
inside the next savepoint, on the petition as it is by then. What can't be done any more is left out.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final, TypeAlias

from bot.domain import checkpoint, relay
from bot.domain.petition import Deed, Event, Refusal, Who
from bot.domain.petition_log import Reason
from bot.domain.signature import Declared, Mode
from storage import ledger, petition_logs, petitions, proposals, relays, signatures
from storage.database import Tx

Noted: TypeAlias = tuple[Any, ...]  # what it is called, and its values

MOST: Final = 500  # of one account: then nothing more stays on its screen, as each costs every look


def redo(tx: Tx, some: Iterable[Noted]) -> None:
    """Do all of it once more. Only inside a savepoint that is undone.

    Whatever stands in the way of a deed by now (whom it names is forgotten, a letter came in another way) keeps no
    later word of theirs back: it may be a call for help.
    """
    for name, which, *given in some:
        if name in _OTHERS or petitions.find(tx, which) is not None:
            try:
                with tx.savepoint():
                    _REDO[name](tx, which, *given)
            except Exception:
                if tx.fault is not None:
                    raise


def joined(known: Iterable[Noted], new: Iterable[Noted]) -> list[Noted]:
    """What is to be done anew from now on.

    To let signatures go makes nothing of having held the same just before: whoever does it again and again would make
    each look cost more, and everybody waits for one writer.
    """
    done = list(known)
    for one in new:
        if one[0] == "release":
            while done and done[-1][0] in {"hold", "release"} and _same(done[-1], one):
                done.pop()
        done.append(one)
    return done[:MOST]


def _same(one: Noted, other: Noted) -> bool:
    return one[1] == other[1] and sorted(one[2]) == sorted(other[2])


def stay(tx: Tx, some: Iterable[Noted]) -> list[Noted]:
    """Do for real what harms nobody: keep a signed state of the true log. What is left is only shown."""
    shown = []
    for one in some:
        if one[0] != petition_logs.KEPT:
            shown.append(one)
            continue
        _name, which, text, at = one
        by, note = petition_logs.signer(tx, at), checkpoint.read_note(text)
        if by is not None and note is not None:
            petition_logs.keep(tx, which, by, note)
    return shown


def _step(  # noqa: PLR0913, PLR0917 - as it was noted
    tx: Tx, which: int, number: int, deed: str, by: str, now: datetime, reviewer: int | None, refusal: str | None
) -> None:
    one, why = petitions.version(tx, which, number), None if refusal is None else Refusal(refusal)
    if one is not None:
        petitions.take_step(tx, one, Deed(deed), Who(by), now, reviewer=reviewer, refusal=why)


def _sign(  # noqa: PLR0913, PLR0917 - as it was noted
    tx: Tx,
    which: int,
    of: list[list[str]],
    now: datetime,
    verified: bool,  # noqa: FBT001
    country: str,
    wave: str,
    held: bool,  # noqa: FBT001
) -> None:
    """A signature once more. What was declared with it is not kept: nobody is shown that again."""
    one = petitions.find(tx, which)
    if one is not None:
        accounts = [(platform, account) for platform, account in of]
        what = Declared(Mode.COUNTED)
        signatures.sign(tx, one, accounts, what, now, verified=verified, country=country, wave=wave, held=held)


def _withdraw(tx: Tx, which: int, of: list[list[str]], now: datetime) -> None:
    one = petitions.find(tx, which)
    if one is not None:
        signatures.withdraw(tx, one, [(platform, account) for platform, account in of], now)


def _withdraw_at(tx: Tx, which: int, place: int, now: datetime) -> None:
    one = petitions.find(tx, which)
    if one is not None:
        signatures.withdraw_at(tx, one, place, now)


def _strike(  # noqa: PLR0913, PLR0917 - as it was noted
    tx: Tx,
    which: int,
    some: list[int],
    reason: str,
    now: datetime,
    keep_mark: bool,  # noqa: FBT001
) -> None:
    for place in some:
        signatures.strike(tx, which, place, Reason(reason), now, keep_mark=keep_mark)


def _record(  # noqa: PLR0913, PLR0917 - as it was noted
    tx: Tx, which: int, to: str, version: int, digest: bytes, covers: int, now: datetime, corrects: int | None
) -> None:
    one = petitions.find(tx, which)
    if one is not None:
        ledger.record(tx, one, to, version, digest, covers, now, corrects=corrects)


def _packet(tx: Tx, which: int, number: int, event: str, values: dict[str, Any]) -> None:
    one = ledger.find(tx, which, number)
    if one is not None:
        ledger.redo(tx, one, Event(event), values)


def _checkpoint(tx: Tx, which: int, now: datetime) -> None:
    by = petition_logs.signer(tx, now)
    if by is not None:
        petition_logs.make_checkpoint(tx, which, by, now)


def _relay(tx: Tx, which: int, file: str, at: datetime) -> None:
    parcel = relay.read(file)
    if parcel is not None:
        relays.put(tx, which, parcel, at)


def _taken_over(tx: Tx, which: int, file: str, author: int, reviewer: int, now: datetime) -> None:  # noqa: PLR0913, PLR0917
    parcel, make = relay.read(file), tx.new_id
    if parcel is not None:
        tx.new_id = lambda: which
        try:
            relays.take_over(tx, parcel, author, reviewer, now)
        finally:
            tx.new_id = make


_REDO: Final[Mapping[str, Callable[..., Any]]] = {
    "step": _step,
    "sign": _sign,
    "withdraw": _withdraw,
    "withdraw at": _withdraw_at,
    "strike": _strike,
    "hold": signatures.hold,
    "release": signatures.release,
    "record": _record,
    "packet": _packet,
    "checkpoint": _checkpoint,
    "relay": _relay,
    "relay dropped": relays.drop,
    "taken over": _taken_over,
    "handed over": petitions.hand_over,
    proposals.AGREED: proposals.drop,
}
_OTHERS: Final = frozenset({"taken over", proposals.AGREED})  # whose first value is no petition that is there


# -- kept ----------------------------------------------------------------------------------------------------------


def packed(one: Noted) -> str:
    """As a text."""
    return json.dumps(one, default=_plain, ensure_ascii=False, separators=(",", ":"))


def unpacked(text: str) -> Noted:
    """What `packed` has made."""
    return tuple(json.loads(text, object_hook=_meant))


def _plain(value: Any) -> dict[str, str]:
    if isinstance(value, datetime):
        return {"at": value.isoformat()}
    return {"bytes": b64encode(value).decode()}


def _meant(value: dict[str, Any]) -> Any:
    if value.keys() == {"at"}:
        return datetime.fromisoformat(value["at"])
    return b64decode(value["bytes"]) if value.keys() == {"bytes"} else value
