"""`payvand succession`: an account of the bot is gone; another one takes its place, and people can check that it may.

The notice is a short text, signed by the community's online key, whose certificate by the root key stands beside it.
Whoever has the community's public key can check all of it with the `minisign` program, or with `--check`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from storage import signing, successions

if TYPE_CHECKING:
    from bot.settings import Settings
    from storage.database import Storage

PURPOSE: Final = "bulletins"  # of the online key that signs what the community says
NOTICE: Final = "notice.txt"
CERTIFICATE: Final = f"{PURPOSE}.certificate"

_STAMP: Final = "%Y-%m-%dT%H:%M:%SZ"
_PLAIN: Final = r"[^\x00-\x1f\x7f]{1,128}"
_TEXT: Final = re.compile(
    rf"payvand succession 1\ncommunity: (?P<community>{_PLAIN})\nplatform: (?P<platform>[a-z]{{1,12}})\n"
    rf"gone: (?P<gone>\S{{1,255}})\nsuccessor: (?P<successor>\S{{1,255}})\nknown as: (?P<name>{_PLAIN})\n"
    r"made: (?P<made>[0-9TZ:-]{20})\n"
)


class SuccessionFault(Exception):  # noqa: N818 - an operator reads the sentence, not the class
    """What was wanted can't be done. The message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Notice:
    """That one account of the bot takes the place of another one on its platform."""

    community: str
    platform: str
    gone: str
    successor: str
    name: str  # how people find the successor
    made: datetime

    def text(self) -> bytes:
        """The words that are signed."""
        return (
            f"payvand succession 1\ncommunity: {self.community}\nplatform: {self.platform}\ngone: {self.gone}\n"
            f"successor: {self.successor}\nknown as: {self.name}\nmade: {self.made.astimezone(UTC):{_STAMP}}\n"
        ).encode()


def successor_of(settings: Settings, platform: str) -> str:
    """The account that the settings hold now. Raises SuccessionFault."""
    if platform == "telegram" and settings.telegram is not None:
        return settings.telegram.read_token().get_secret_value().partition(":")[0]
    if platform == "matrix" and settings.matrix is not None:
        return settings.matrix.user
    message = f"The settings hold no account on {platform}. Put the new one in first, or name it with --to."
    raise SuccessionFault(message)


async def gone_of(storage: Storage, platform: str, successor: str) -> str:
    """The account at which people were reached until now, if there is just one. Raises SuccessionFault."""
    found = await storage.read(partial(successions.accounts, platform=platform))
    found.pop(successor, None)
    if len(found) == 1:
        return next(iter(found))
    if not found:
        message = f"Nobody in the database is reached by an older account on {platform}: there is nothing to succeed."
    else:
        known = ", ".join(f"{bot} ({count} people)" for bot, count in found.items())
        message = f"There are several older accounts on {platform}: {known}. Say which one is gone with --from."
    raise SuccessionFault(message)


def sign(settings: Settings, notice: Notice, to: Path) -> Path:
    """Write the notice, its signature and the certificate into the new directory `to`. The notice's path.

    Raises SuccessionFault, or NotCertified if the online key is none or its certificate is over.
    """
    kept = settings.data / "keys"
    try:
        secret = (kept / f"{PURPOSE}.key").read_bytes()
        certificate = (kept / CERTIFICATE).read_bytes(), (kept / f"{CERTIFICATE}.minisig").read_bytes()
    except OSError:
        message = f"The online key is missing in {kept}. Make it again with `payvand certify`, or add --no-notice."
        raise SuccessionFault(message) from None
    good = signing.read_certificate(*certificate, settings.public_key, notice.made)
    if signing.public_of(secret) != good.key:
        message = "The certificate is for another online key. Make it again with `payvand certify`."
        raise SuccessionFault(message)
    if _TEXT.fullmatch(notice.text().decode()) is None:
        message = "An account or its name can't stand in a notice: one line each, accounts without spaces."
        raise SuccessionFault(message)
    try:
        to.mkdir(parents=True)
    except FileExistsError:
        message = f"{to} is there already. Name another directory with --out."
        raise SuccessionFault(message) from None
    files = {
        NOTICE: notice.text(),
        f"{NOTICE}.minisig": signing.sign(secret, notice.text(), f"payvand succession, {notice.platform}"),
        CERTIFICATE: certificate[0],
        f"{CERTIFICATE}.minisig": certificate[1],
    }
    for name, content in files.items():
        (to / name).write_bytes(content)  # to be published: anybody may read them
    return to / NOTICE


def check(file: Path, public_key: str, now: datetime) -> Notice:
    """What a notice says, if the community's online key signed it while the root key vouched for it.

    Raises SuccessionFault or NotCertified.
    """
    beside = [file.with_name(name) for name in (f"{file.name}.minisig", CERTIFICATE, f"{CERTIFICATE}.minisig")]
    try:
        text, signature, certificate, its_signature = (one.read_bytes() for one in (file, *beside))
    except OSError:
        message = f"{file} and beside it {', '.join(one.name for one in beside)} must be there to check a notice."
        raise SuccessionFault(message) from None
    found = _TEXT.fullmatch(text.decode("utf-8", "replace"))
    try:
        made = datetime.strptime(found["made"], _STAMP).replace(tzinfo=UTC) if found else None
    except ValueError:
        made = None
    if found is None or made is None:
        message = f"{file} is no notice of a successor."
        raise SuccessionFault(message)
    if made > now:
        message = f"The notice says that it was made on {made:%Y-%m-%d}, which has not come yet. Don't trust it."
        raise SuccessionFault(message)
    key = signing.read_certificate(certificate, its_signature, public_key, made)
    if key.purpose != PURPOSE or not signing.is_signed(text, signature, key.key):
        message = "The notice is NOT signed by a key that the community's root key certified. Don't trust it."
        raise SuccessionFault(message)
    return Notice(found["community"], found["platform"], found["gone"], found["successor"], found["name"], made)


async def record(storage: Storage, notice: Notice) -> int:
    """From now on people of the old account are recognised at the new one. How many there are.

    Raises SuccessionFault.
    """
    if notice.gone == notice.successor:
        message = "An account can't succeed itself. Put the new account into the settings first, or name it with --to."
        raise SuccessionFault(message)
    return await storage.write(
        partial(
            successions.record,
            platform=notice.platform,
            old=notice.gone,
            new=notice.successor,
            now=notice.made,
        )
    )
