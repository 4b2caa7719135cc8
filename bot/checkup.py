"""`payvand check`: whether settings, keys, database, catalogues, token and backups are sound, and the cure if not."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import shlex
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum
from pathlib import Path
from typing import Final

import aiohttp
from pydantic import SecretStr

from bot import i18n
from bot.domain.conversation import Lane
from bot.settings import OFFICIAL, MatrixSettings, Settings, SettingsFault, TelegramSettings, file_of, load
from storage import inbox, inspection, keys, notes, outbox, petitions, signing, sqlite
from storage.crypto import Keys
from storage.database import Tx, Unusable

ROOM: Final = 500 * 2**20  # bytes: below this a busy week fills the disk
NEAR_END: Final = timedelta(days=5)  # of a certificate: time enough to go where the root key is
BACKUP_AGE: Final = timedelta(hours=50)  # a night may fail, two may not
CLOCK_ERROR: Final = timedelta(minutes=2)
MADE_ON: Final = datetime(2026, 11, 1, tzinfo=UTC)  # no true clock is before this program
OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
ROOT_KEY: Final = Path("payvand-root", "root.key")  # where `payvand init` puts it unless told otherwise
PEOPLE: Final = 2  # whoever can open a backup: one is lost with one phone
WAIT: Final = 15  # seconds for Telegram's answer


class Outcome(Enum):
    """What a check found."""

    OK = "ok"
    NOTE = "note"  # worth knowing, no failure
    LEFT_OUT = "left out"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the table. `words` say what was found and, after a failure, the cure."""

    check: str
    outcome: Outcome
    words: str


def examine(path: Path | None, now: datetime, *, offline: bool = False) -> list[Finding]:
    """Every check, in order. What can't be checked because something before it failed is left out."""
    found: list[Finding] = []
    settings: Settings | None = None
    try:
        settings = load(path)
    except SettingsFault as fault:
        found += [Finding("settings", Outcome.FAILED, line) for line in str(fault).splitlines()]
    else:
        found.append(Finding("settings", Outcome.OK, settings.community))
    found += [_one("SQLite", _library), _one("catalogues", _catalogues)]
    if settings is not None:
        found += _of_a_community(settings, file_of(path).resolve().parent, now, offline=offline)
    else:
        found.append(Finding("everything else", Outcome.LEFT_OUT, "needs the settings"))
    found += [_one("core dumps", _core_dumps), _one("swap", _swap)]
    return found


def table(found: list[Finding]) -> str:
    """The findings as text, one line each, and a last line that says it all."""
    width = max(len(one.check) for one in found)
    lines = [f"{one.outcome.value:<9} {one.check:<{width}}  {one.words}" for one in found]
    failed = sum(one.outcome is Outcome.FAILED for one in found)
    left_out = sum(one.outcome is Outcome.LEFT_OUT for one in found)
    last = f"{failed} failed" if failed else "Everything that was checked is sound"
    return "\n".join([*lines, "", f"{last}{f', {left_out} left out' if left_out else ''}."])


def unknown_letters(settings: Settings) -> list[tuple[str, int]]:
    """How many letters of which lane have an unknown outcome, the most urgent lane first. Raises Unusable."""
    counted = inspection.read(database_of(settings), Keys(keys.read(settings.key_file)), outbox.counts)
    lanes: dict[Lane, int] = {}
    for (_route, lane, state), count in counted.items():
        if state is outbox.State.UNKNOWN:
            lanes[lane] = lanes.get(lane, 0) + count
    return [(lane.name.lower(), lanes[lane]) for lane in sorted(lanes)]


def accidents(settings: Settings) -> list[inbox.Accident]:
    """What is kept of messages that met a defect. Raises Unusable."""
    return inspection.read(database_of(settings), Keys(keys.read(settings.key_file)), inbox.accidents)


class _Failed(Exception):  # noqa: N818
    """A check found something; the message says what, and the cure."""


class _Note(Exception):  # noqa: N818
    """A check found something worth knowing."""


class _LeftOut(Exception):  # noqa: N818
    """A check can't be made."""


def _one(name: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(name, Outcome.OK, check())
    except _Note as note:
        return Finding(name, Outcome.NOTE, str(note))
    except _LeftOut as why:
        return Finding(name, Outcome.LEFT_OUT, str(why))
    except (_Failed, SettingsFault, Unusable, keys.KeyFault, i18n.CatalogueError, signing.NotCertified) as fault:
        return Finding(name, Outcome.FAILED, str(fault))
    except Exception as error:  # noqa: BLE001 - one check that breaks must not hide the others; its words may be anything
        return Finding(name, Outcome.FAILED, f"This check broke ({type(error).__name__}). Please report it.")


def _of_a_community(settings: Settings, home: Path, now: datetime, *, offline: bool) -> Iterator[Finding]:
    yield _one("key", lambda: _key(settings))
    yield _one("permissions", lambda: _permissions(settings))
    yield _one("disk", lambda: _disk(settings))
    yield _one("database", lambda: _database(settings))
    yield _one("schema", lambda: _schema(settings))
    yield _one("recipients", lambda: _recipients(settings))
    yield _one("last backup", lambda: _last_backup(settings, now))
    yield _one("root key", lambda: _root_key(settings, home))
    yield _one("online key", lambda: _online_key(settings, now))
    if (petitions := _petitions_key(settings, now)) is not None:
        yield petitions
    telegram, said_at = None, None
    if settings.telegram is None:
        nobody = "" if settings.matrix else ": nobody can write to the bot"
        yield Finding("Telegram", Outcome.NOTE, f"There is no part [telegram] in the settings{nobody}.")
    else:
        telegram, said_at = _telegram(settings.telegram, offline=offline)
        yield telegram
        if settings.telegram.webhook is not None and settings.telegram.mode == "webhook":
            yield _one("webhook", lambda: _webhook(settings))
    if settings.matrix is not None:
        matrix = settings.matrix
        yield _one("Matrix", lambda: _matrix(matrix, offline=offline))
    yield _one("clock", lambda: _clock(settings, now, said_at))


# -- one check each ----------------------------------------------------------------------------------------------------


def _library() -> str:
    sqlite.refuse_unsafe_library()
    return inspection.LIBRARY


def _catalogues() -> str:
    i18n.open_catalogues()
    return ", ".join(i18n.LANGUAGES)


def _key(settings: Settings) -> str:
    keys.read(settings.key_file)
    return str(settings.key_file)


def _permissions(settings: Settings) -> str:
    data = settings.data
    if not data.is_dir():
        message = f"There is no directory {data}. Run `payvand init`, or name it in `data`."
        raise _Failed(message)
    if not os.access(data, os.W_OK | os.X_OK):
        message = f"This user may not write in {data}. Run payvand as its owner, or: chown -R USER {data}"
        raise _Failed(message)
    open_ones = [one for one in (data, *sorted(data.rglob("*"))) if _others_may(one)]
    if open_ones:
        more = f" and {len(open_ones) - 1} more" if len(open_ones) > 1 else ""
        message = f"Others on this machine can read {open_ones[0]}{more}. Run: chmod -R go= {data}"
        raise _Failed(message)
    held = sorted(one for one in (*(data / "keys").glob("*"), settings.database_file) if one.is_file())
    if strangers := [str(one) for one in held if _owner(one) != _owner(data)]:  # put there by root, for instance
        cure = shlex.join(["chown", f"--reference={data}", *strangers])
        message = f"{strangers[0]} belongs to another user than {data}: the bot may not be able to read it. Run: {cure}"
        raise _Failed(message)
    return f"only its owner reads {data}"


def _owner(path: Path) -> int:
    return path.stat().st_uid


def _others_may(path: Path) -> bool:
    try:
        return not path.is_symlink() and bool(path.stat().st_mode & OTHERS)
    except FileNotFoundError:  # a file of the running bot that went meanwhile
        return False


def _disk(settings: Settings) -> str:
    where = settings.data if settings.data.is_dir() else Path.cwd()
    free = shutil.disk_usage(where).free
    size = settings.database_file.stat().st_size if settings.database_file.is_file() else 0
    need = max(ROOM, 3 * size)  # the file, its copy before a migration, and a backup
    if free < need:
        message = f"{_size(free)} are free for {where}, and {_size(need)} are needed. Make room."
        raise _Failed(message)
    return f"{_size(free)} free"


def _size(count: int) -> str:
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count // 2**20} MiB"


def _database(settings: Settings) -> str:
    place = database_of(settings)
    if isinstance(place, Path) and not place.exists():
        message = f"There is none at {place} yet. `payvand run` makes it."
        raise _Note(message)
    inspection.read(place, _keys_for(settings), inspection.schema_of)
    running = isinstance(place, Path) and inspection.is_held(place)
    return f"{settings.database.url or place} opens with the key{', and the bot is running' if running else ''}"


def database_of(settings: Settings) -> Path | str:
    """The file, or the server's address with its password: never to be shown. Raises SettingsFault."""
    return settings.database.read_url().get_secret_value() if settings.database.server else settings.database_file


def _schema(settings: Settings) -> str:
    place = database_of(settings)
    if isinstance(place, Path) and not place.exists():
        message = "there is no database to look at"
        raise _LeftOut(message)
    try:
        found = inspection.read(place, _keys_for(settings), inspection.schema_of)
    except Unusable:
        message = "needs the database"
        raise _LeftOut(message) from None
    if found == inspection.KNOWN:
        return found
    if found is None:
        message = "This is no database of this program. Name another one in `database.url`."
        raise _Failed(message)
    if found > inspection.KNOWN:
        message = (
            f"The database belongs to a newer program (schema {found}; this one knows {inspection.KNOWN}). "
            "Install that version again, or restore a backup made before it."
        )
        raise _Failed(message)
    message = f"{found}; the next `payvand run` brings it to {inspection.KNOWN}, after a copy."
    raise _Note(message)


def _keys_for(settings: Settings) -> Keys:
    try:
        return Keys(keys.read(settings.key_file))
    except keys.KeyFault:
        message = "needs the key"
        raise _LeftOut(message) from None


def _recipients(settings: Settings) -> str:
    named = settings.backup.recipients
    if len(set(named)) < PEOPLE:
        message = (
            f"A backup is sealed to at least {PEOPLE} people's age keys, and {len(set(named))} stand in "
            "`backup.recipients`. Each runs age-keygen on a computer of their own and sends you the age1… line."
        )
        raise _Failed(message)
    return f"{len(set(named))} people can open a backup, and this server can't"


def _last_backup(settings: Settings, now: datetime) -> str:
    made = [one.stat().st_mtime for one in settings.backup.directory.glob("*.age") if one.is_file()]
    if not made:
        if not settings.database.server and not settings.database_file.exists():
            message = "none yet, and nothing to keep yet"
            raise _Note(message)
        message = f"There is none in {settings.backup.directory}. Run `payvand backup`, and let a timer run it nightly."
        raise _Failed(message)
    age = now - datetime.fromtimestamp(max(made), UTC)
    hours = max(0, int(age.total_seconds() // 3600))
    if age > BACKUP_AGE:
        message = f"The last one is {hours} hours old. Run `payvand backup`, and see why the timer doesn't."
        raise _Failed(message)
    return f"{hours} hours old"


def _root_key(settings: Settings, home: Path) -> str:
    """`home` is where the settings file lies: `payvand init` writes the root key there, unless told otherwise."""
    if not settings.public_key:
        message = "`public_key` is not set: nothing can be signed in the community's name. `payvand init` makes one."
        raise _Note(message)
    for where in (home, settings.data.parent, Path.cwd()):
        here = where / ROOT_KEY
        if here.exists():
            message = f"It is still on this machine ({here}). Move {here.parent} to a memory stick and remove it here."
            raise _Failed(message)
    return settings.public_key


def _online_key(settings: Settings, now: datetime) -> str:
    kept = settings.data / "keys"
    if not settings.public_key or not (kept / f"{signing.PURPOSE}.certificate").exists():
        message = "none"
        raise _Note(message)
    good = signing.open_signer(kept, settings.community, settings.public_key, now)
    return _certified(good.until, now, f"{signing.PURPOSE}.key")


def _certified(until: datetime, now: datetime, key: str, more: str = "") -> str:
    if until - now < NEAR_END:
        message = (
            f"Its certificate ends on {until:%Y-%m-%d}. Where the root key is kept, run: "
            f"payvand certify root.key {key}{more}"
        )
        raise _Note(message)
    return f"certified until {until:%Y-%m-%d}"


def _petitions_key(settings: Settings, now: datetime) -> Finding | None:
    """What signs the logs of petitions; None in a community that has none and never made such a key."""
    kept = settings.data / "keys"
    there = any((kept / f"{notes.PURPOSE}.{end}").exists() for end in ("key", "certificate"))
    if not there and not _has_petitions(settings):
        return None
    more = f" --purpose {notes.PURPOSE}"
    cure = f"payvand certify root.key {notes.PURPOSE}.key{more}"

    def check() -> str:
        if not settings.public_key:
            message = "`public_key` is not set: nobody can check what it signs."
            raise _Failed(message)
        if not there:
            message = f"None, so no checkpoint and no receipt of a petition is made. Where the root key is kept: {cure}"
            raise _Failed(message)
        try:
            good = notes.open_online(kept, settings.community, settings.public_key, now)
        except signing.NotCertified as fault:
            message = str(fault) if cure in str(fault) else f"{fault} For this key: {cure}"
            raise _Failed(message) from None
        return _certified(good.until, now, f"{notes.PURPOSE}.key", more)

    return _one("petitions key", check)


def _has_petitions(settings: Settings) -> bool:
    """Whether the log of a petition still grows; a database that can't be read is told about elsewhere."""
    place = database_of(settings)
    if isinstance(place, Path) and not place.exists():
        return False
    try:
        return inspection.read(place, _keys_for(settings), _runs)
    except (Unusable, SettingsFault, _LeftOut):
        return False


def _runs(tx: Tx) -> bool:
    return inspection.schema_of(tx) == inspection.KNOWN and bool(petitions.public(tx, 1, states=petitions.GROWING))


def _webhook(settings: Settings) -> str:
    if settings.telegram is None or settings.telegram.webhook is None:
        message = "not used"
        raise _LeftOut(message)
    settings.telegram.webhook.read_secret()
    return settings.telegram.webhook.url


def _telegram(telegram: TelegramSettings, *, offline: bool) -> tuple[Finding, datetime | None]:
    said_at: datetime | None = None

    def check() -> str:
        nonlocal said_at
        token = telegram.read_token().get_secret_value()
        if offline:
            message = "there is a token; Telegram was not asked"
            raise _LeftOut(message)
        name, said_at = asyncio.run(who_is(telegram.api, token))
        return f"@{name}"

    return _one("Telegram", check), said_at


def telegram_knows(token: SecretStr, api: str = OFFICIAL) -> str:
    """A sentence on what Telegram says of a token."""
    try:
        name, _said_at = asyncio.run(who_is(api, token.get_secret_value()))
    except _Failed as fault:
        return str(fault)
    return f"Telegram knows the token: it is @{name}'s."


async def who_is(api: str, token: str) -> tuple[str, datetime | None]:
    """The account's public name, and what time it is at Telegram. Raises an exception that says what to do."""
    timeout = aiohttp.ClientTimeout(total=WAIT)
    answer: object = None
    said_at = None
    status = 0
    # Whatever goes wrong here may repeat the address, and the address holds the token: its words are dropped.
    with contextlib.suppress(aiohttp.ClientError, TimeoutError, ValueError, OSError):
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"{api}/bot{token}/getMe", allow_redirects=False) as response,
        ):
            status = response.status
            with contextlib.suppress(KeyError, ValueError):
                said_at = parsedate_to_datetime(response.headers["Date"])
            answer = await response.json(content_type=None)
    if status in {401, 404}:
        message = "Telegram does not know this token. Copy it again from @BotFather into `telegram.token_file`."
        raise _Failed(message)
    result = answer.get("result") if isinstance(answer, dict) else None
    if not isinstance(result, dict) or not isinstance(result.get("username"), str):
        message = f"{api} does not answer as a Bot API server should. Check the network and `telegram.api`."
        raise _Failed(message)
    return result["username"], said_at


def _matrix(matrix: MatrixSettings, *, offline: bool) -> str:
    matrix.read_password()
    if offline:
        message = "there is a password; the homeserver was not asked"
        raise _LeftOut(message)
    asyncio.run(speaks_matrix(matrix.homeserver))
    return f"{matrix.homeserver} is a Matrix homeserver"


async def speaks_matrix(homeserver: str) -> None:
    """Raises an exception that says what to do if no Matrix homeserver answers there."""
    timeout = aiohttp.ClientTimeout(total=WAIT)
    answer: object = None
    with contextlib.suppress(aiohttp.ClientError, TimeoutError, ValueError, OSError):
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"{homeserver}/_matrix/client/versions", allow_redirects=False) as response,
        ):
            answer = await response.json(content_type=None)
    if not isinstance(answer, dict) or not isinstance(answer.get("versions"), list):
        message = (
            f"{homeserver} does not answer as a Matrix homeserver should. Check the network and `matrix.homeserver`: "
            "the name after the colon of an account is often not the server's address."
        )
        raise _Failed(message)


def _clock(settings: Settings, now: datetime, said_at: datetime | None) -> str:
    if now < MADE_ON:
        message = f"This machine believes it is {now:%Y-%m-%d}. Set its clock (timedatectl set-ntp true)."
        raise _Failed(message)
    newest = max((one.stat().st_mtime for one in settings.data.glob("*") if one.is_file()), default=0.0)
    if datetime.fromtimestamp(newest, UTC) > now + CLOCK_ERROR:
        message = "The clock runs behind files that were written earlier. Set it (timedatectl set-ntp true)."
        raise _Failed(message)
    if said_at is not None and said_at.tzinfo is not None and abs(datetime.now(UTC) - said_at) > CLOCK_ERROR:
        message = "This machine's clock and Telegram's differ by minutes. Set it (timedatectl set-ntp true)."
        raise _Failed(message)
    return f"{now:%Y-%m-%d %H:%M} UTC"


def _core_dumps() -> str:
    soft, _hard = resource.getrlimit(resource.RLIMIT_CORE)
    if soft != 0:
        message = "are on in this shell: a crash could write keys to the disk. deploy/payvand.service turns them off."
        raise _Note(message)
    return "off"


def _swap() -> str:
    try:
        swaps = Path("/proc/swaps").read_text("ascii").splitlines()[1:]
    except OSError:
        message = "this system does not say"
        raise _LeftOut(message) from None
    if swaps:
        message = (
            "is on: memory with keys may reach the disk. Encrypt it, or `swapoff -a`; the service file forbids it."
        )
        raise _Note(message)
    return "off"
