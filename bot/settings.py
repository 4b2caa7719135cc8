"""What an operator has decided: read once, from one TOML file and the environment; secrets come from files only.

`load` gives a frozen `Settings` or raises `SettingsFault`, whose message names the setting and says what to do; it
never repeats a value. Relative paths in the file are meant from where the file is. The environment (``PAYVAND_…``, two
underscores between the parts: ``PAYVAND_TELEGRAM__MODE``) overrides the file.
"""

from __future__ import annotations

import difflib
import os
import re
import stat
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self
from urllib.parse import quote, urlsplit, urlunsplit

import pyrage
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FILE: Final = "payvand.toml"
OFFICIAL: Final = "https://api.telegram.org"
PREFIX: Final = "PAYVAND_"
# Words of the environment that belong to the tests and the build, or that choose the file itself.
NOT_SETTINGS: Final = frozenset({"PAYVAND_SETTINGS", "PAYVAND_REQUIRE_ALL", "PAYVAND_PROOF"})
# What people try to write into the settings, and which setting takes it instead.
SECRETS: Final[Mapping[str, str]] = {
    "telegram.token": "telegram.token_file",
    "telegram.webhook.secret": "telegram.webhook.secret_file",
    "matrix.password": "matrix.password_file",
    "database.password": "database.password_file",
    "key": "key_file",
}


class SettingsFault(Exception):  # noqa: N818 - an operator reads the sentence, not the class
    """A setting is wrong. The message names it and says what to do; it never holds a value."""


class SettingsProblem(ValueError):  # noqa: N818 - named like the other
    """Inside a validator: a whole sentence for the operator, instead of “must be …”."""


# -- the shapes ------------------------------------------------------------------------------------------------------
# Each description completes the sentence "`name` must be …": it is what an operator reads when the value does not fit.

_MINISIGN: Final = re.compile(r"RW[A-Za-z0-9+/]{54}")


# As Telegram's room has it, which has never heard of settings.
_TOKEN: Final = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{3,128}")
_MATRIX_USER: Final = r"^@[a-z0-9._=/+-]{1,200}:[A-Za-z0-9.\-:\[\]]{1,200}$"


def _https(url: str) -> str:
    if urlsplit(url).scheme != "https" or not urlsplit(url).hostname:
        raise ValueError
    return url


def _web(url: str) -> str:
    parts = urlsplit(url)
    near = parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if not parts.hostname or not (near or parts.scheme == "https"):  # the token goes there
        raise ValueError
    return url.rstrip("/")


def _folder(url: str) -> str:
    """An address to which the name of a file can be put."""
    return f"{_web(url)}/" if url else ""


def _recipient(key: str) -> str:
    if not is_recipient(key):
        raise ValueError
    return key


def is_recipient(key: str) -> bool:
    """Whether `key` is an age public key, its check digits included."""
    try:
        pyrage.x25519.Recipient.from_str(key)
    except pyrage.RecipientError:
        return False
    return True


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Pace(_Part):
    """How fast one bot account writes. Telegram allows about 30 a second, 1 per chat and 20 a minute per group."""

    per_second: float = Field(29.0, gt=0, le=1000, description="a number of messages above 0, such as 29")
    per_chat: float = Field(1.0, ge=0, le=60, description="seconds between two messages to one person, 0 to 60")
    per_group: int = Field(20, gt=0, le=1000, description="a whole number of messages a minute, such as 20")


class WebhookSettings(_Part):
    """Where Telegram posts updates, when `telegram.mode` is "webhook"."""

    url: Annotated[str, AfterValidator(_https)] = Field(
        description="the public https:// address that Telegram posts to, which your web server passes on to `listen`"
    )
    listen: str = Field("127.0.0.1", description="the address of this machine to listen on, such as 127.0.0.1")
    port: int = Field(8080, ge=1, le=65535, description="a port number from 1 to 65535")
    path: str = Field("/telegram", pattern="^/[!-~]*$", description="a path that begins with a slash")
    secret_file: Path = Field(Path(), description="the path of a file that `payvand init` makes")

    def read_secret(self) -> SecretStr:
        """The word that comes back with each update. Raises SettingsFault."""
        return read_secret(self.secret_file, "webhook.secret", "telegram.webhook.secret_file")


class TelegramSettings(_Part):
    """One bot account on Telegram."""

    token_file: Path = Field(Path(), description="the path of a file that holds the token from @BotFather")
    api: Annotated[str, AfterValidator(_web)] = Field(
        OFFICIAL, description="the https:// address of a Bot API server (http:// only on this machine)"
    )
    mode: Literal["polling", "webhook"] = Field("polling", description='"polling" or "webhook"')
    webhook: WebhookSettings | None = Field(None, description="a part of its own: [telegram.webhook]")
    pace: Pace = Field(default_factory=Pace, description="a part of its own: [telegram.pace]")

    @model_validator(mode="after")
    def _has_a_door(self) -> Self:
        if self.mode == "webhook" and self.webhook is None:
            # the only rule over two settings: its sentence stands whole
            msg = '`telegram.mode` is "webhook", but there is no part [telegram.webhook]: add it with its `url`.'
            raise SettingsProblem(msg)
        return self

    def read_token(self) -> SecretStr:
        """The bot's token. Raises SettingsFault."""
        secret = read_secret(self.token_file, "telegram.token", "telegram.token_file")
        if not _TOKEN.fullmatch(secret.get_secret_value()):
            message = (
                "What `telegram.token_file` names holds no Telegram token: copy it again from @BotFather "
                "(digits, a colon, letters)."
            )
            raise SettingsFault(message)
        return secret


class MatrixSettings(_Part):
    """One bot account on a Matrix homeserver."""

    homeserver: Annotated[str, AfterValidator(_web)] = Field(
        description="the https:// address of the homeserver (http:// only on this machine)"
    )
    user: str = Field(pattern=_MATRIX_USER, description='the bot account\'s whole name, such as "@payvand:example.org"')
    password_file: Path = Field(Path(), description="the path of a file that holds the bot account's password")
    moderators: tuple[Annotated[str, Field(pattern=_MATRIX_USER)], ...] = Field(
        (), description='a list of the people who may invite the bot into rooms, each "@name:example.org"'
    )
    reactions: bool = Field(
        False,  # noqa: FBT003 - a setting
        description="true or false: true only where the server's limits are lifted for the bot",
    )
    per_second: float = Field(10.0, gt=0, le=1000, description="a number of messages above 0, such as 10")

    def read_password(self) -> SecretStr:
        """The bot account's password. Raises SettingsFault."""
        return read_secret(self.password_file, "matrix.password", "matrix.password_file", spaced=True)


class DatabaseSettings(_Part):
    """Where the rows are: one encrypted file (the default), or a PostgreSQL server."""

    url: str = Field(
        "",
        description="a file's path, or postgresql://user@host/name without the password (that has a file of its own)",
    )
    password_file: Path | None = Field(None, description="the path of a file that holds the database's password")

    @field_validator("url")
    @classmethod
    def _without_password(cls, url: str) -> str:
        if "://" in url:
            parts = urlsplit(url)
            if parts.scheme not in {"postgresql", "postgres"} or not parts.path.strip("/"):
                raise ValueError
            if parts.password is not None or "password" in parts.query:
                msg = (
                    "`database.url` holds a password. Move the password to a file of its own (chmod 600) and name "
                    "that file in `database.password_file`."
                )
                raise SettingsProblem(msg)
        return url

    @property
    def server(self) -> bool:
        """Whether this is PostgreSQL."""
        return "://" in self.url

    def read_url(self) -> SecretStr:
        """The server's address with its password, if it has one. Raises SettingsFault."""
        named = os.environ.get("CREDENTIALS_DIRECTORY")
        if self.password_file is None and not (named and (Path(named) / "database.password").is_file()):
            return SecretStr(self.url)
        secret = read_secret(self.password_file or Path(), "database.password", "database.password_file")
        parts = urlsplit(self.url)
        user, at, host = parts.netloc.rpartition("@")
        password = quote(secret.get_secret_value(), safe="")
        return SecretStr(urlunsplit(parts._replace(netloc=f"{user}:{password}{at or '@'}{host}")))


class BackupSettings(_Part):
    """Sealed copies, which this machine can make and not open."""

    directory: Path = Field(Path(), description="the path of a directory")
    recipients: tuple[Annotated[str, AfterValidator(_recipient)], ...] = Field(
        (), description='a list of age public keys, each "age1…" with 62 characters, typed without a mistake'
    )
    keep_days: int = Field(
        14, ge=1, le=14, description="1 to 14: what people had erased must be gone from the copies after 14 days"
    )


class BulletinSettings(_Part):
    """Where what was published is put as files, for a web server or a friendly organisation to serve."""

    directory: Path | None = Field(None, description="the path of a directory that holds nothing else")
    address: Annotated[str, AfterValidator(_folder)] = Field(
        "", description="the https:// address at which that directory is served"
    )


class FeedSettings(_Part):
    """How the feeds that moderators have chosen are fetched."""

    proxy: str = Field(
        "",
        pattern=r"^((socks5|socks4|http)://[A-Za-z0-9.\[\]:-]{1,255})?$",
        description='the address of a proxy without a password, such as "socks5://127.0.0.1:9050"',
    )


class LogSettings(_Part):
    """What the program says about itself: ids and outcomes, whatever is set here."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description='"debug", "info", "warning" or "error"'
    )
    form: Literal["line", "json"] = Field("line", description='"line" or "json"')


class Settings(BaseSettings):
    """Everything an operator decides. Frozen; made by `load`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        validate_default=False,
    )

    community: str = Field(min_length=1, max_length=64, description="a name of 1 to 64 characters, in quotes")
    data: Path = Field(Path("var"), description="the path of a directory")
    key_file: Path = Field(Path(), description="the path of the file that holds the community's key")
    public_key: str = Field(
        "", pattern=f"^({_MINISIGN.pattern})?$", description="the community's minisign public key, which begins with RW"
    )
    database: DatabaseSettings = Field(default_factory=DatabaseSettings, description="a part: [database]")
    telegram: TelegramSettings | None = Field(None, description="a part of its own: [telegram]")
    matrix: MatrixSettings | None = Field(None, description="a part of its own: [matrix]")
    backup: BackupSettings = Field(default_factory=BackupSettings, description="a part: [backup]")
    bulletins: BulletinSettings = Field(default_factory=BulletinSettings, description="a part: [bulletins]")
    feeds: FeedSettings = Field(default_factory=FeedSettings, description="a part: [feeds]")
    logs: LogSettings = Field(default_factory=LogSettings, description="a part of its own: [logs]")

    @property
    def database_file(self) -> Path:
        """The file of the default store, unless `database.server`."""
        return Path(self.database.url) if self.database.url else self.data / "payvand.db"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment first, then the file (whose words come as arguments): nothing else is looked at."""
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings


# -- reading ---------------------------------------------------------------------------------------------------------


def load(path: Path | None = None) -> Settings:
    """Read the settings from `path`, else from $PAYVAND_SETTINGS, else from ./payvand.toml.

    Without a file the environment alone may hold them. Raises SettingsFault.
    """
    file = file_of(path)
    words: dict[str, Any] = {}
    if file.is_file():
        words = _words(file)
    elif file != Path(FILE) or "PAYVAND_COMMUNITY" not in os.environ:
        message = f"There is no settings file at {file}. Run `payvand init`, or name the file with --settings."
        raise SettingsFault(message)
    _refuse_strange_variables()
    try:
        settings = Settings(**words)
    except ValidationError as error:
        raise SettingsFault("\n".join(_sentences(error))) from None
    except SettingsError:
        message = (
            f"A {PREFIX} variable of the environment can't be read. A list is written as JSON: "
            f"""{PREFIX}BACKUP__RECIPIENTS='["age1…", "age1…"]'."""
        )
        raise SettingsFault(message) from None
    return _placed(settings, file.resolve().parent)


def file_of(path: Path | None = None) -> Path:
    """Where the settings are read from, if a file holds them."""
    return path or Path(os.environ.get("PAYVAND_SETTINGS") or FILE)


def read_secret(path: Path, credential: str, setting: str, *, spaced: bool = False) -> SecretStr:
    """A secret from systemd's credentials directory if it is there as `credential`, else from `path`.

    `setting` is the name of the setting that holds `path`; with `spaced` there may be spaces inside, as in a phrase.
    Raises SettingsFault, which never holds the secret.
    """
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    kept = Path(directory) / credential if directory else None
    if kept is None or not kept.is_file():
        kept = path
        if not kept.is_file():
            message = f"There is no file at {path}, which `{setting}` names. Put the secret there (chmod 600)."
            raise SettingsFault(message)
        if kept.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            message = f"Others on this machine can read {path}, which `{setting}` names. Run: chmod 600 {path}"
            raise SettingsFault(message)
    try:
        secret = kept.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        secret = ""
    strange = (lambda one: not one.isprintable()) if spaced else str.isspace
    if not secret or any(map(strange, secret)):
        message = f"{kept}, which `{setting}` names, can't be read or doesn't hold one secret on one line."
        raise SettingsFault(message)
    return SecretStr(secret)


def _words(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))  # the rest of its message may repeat what stands there
        where = f"line {line[1]}" if line else "its end"
        message = (
            f"{file} can't be understood at {where}. A setting is written as: name = value, with text in quotes, "
            'such as community = "Our people"; or the same part or the same name stands twice.'
        )
    except UnicodeDecodeError:
        message = f"{file} is not UTF-8 text. Save it again as UTF-8."
    except OSError:
        message = f"{file} can't be read by this user. Give it to the user who runs payvand, or run as that user."
    raise SettingsFault(message)


def _placed(settings: Settings, home: Path) -> Settings:
    """The same settings with every path whole, and with the paths nobody named."""

    def at(path: Path, otherwise: Path) -> Path:
        return otherwise if path == Path() else home / path.expanduser()

    data = at(settings.data, home)
    keys = data / "keys"
    database = settings.database
    if database.url and not database.server:
        database = database.model_copy(update={"url": str(at(Path(database.url), home))})
    if database.password_file is not None:
        database = database.model_copy(update={"password_file": at(database.password_file, home)})
    telegram = settings.telegram
    if telegram is not None:
        webhook = telegram.webhook
        if webhook is not None:
            secret = at(webhook.secret_file, keys / "webhook.secret")
            webhook = webhook.model_copy(update={"secret_file": secret})
        token = at(telegram.token_file, keys / "telegram.token")
        telegram = telegram.model_copy(update={"token_file": token, "webhook": webhook})
    matrix = settings.matrix
    if matrix is not None:
        password = at(matrix.password_file, keys / "matrix.password")
        matrix = matrix.model_copy(update={"password_file": password})
    bulletins = settings.bulletins
    if bulletins.directory is not None:
        bulletins = bulletins.model_copy(update={"directory": at(bulletins.directory, home)})
    backup = settings.backup.model_copy(update={"directory": at(settings.backup.directory, data / "backups")})
    return settings.model_copy(
        update={
            "data": data,
            "key_file": at(settings.key_file, keys / "payvand.key"),
            "database": database,
            "telegram": telegram,
            "matrix": matrix,
            "backup": backup,
            "bulletins": bulletins,
        }
    )


# -- saying what is wrong ----------------------------------------------------------------------------------------------


def _sentences(error: ValidationError) -> Iterator[str]:
    for one in error.errors(include_url=False, include_input=False):
        name = ".".join(str(part) for part in one["loc"] if isinstance(part, str))
        problem = one.get("ctx", {}).get("error")
        if isinstance(problem, SettingsProblem):
            yield str(problem)
        elif name in SECRETS:
            yield _kept_elsewhere(name)
        elif one["type"] == "extra_forbidden":
            yield f"`{name}` is not a setting.{_perhaps(name)}"
        elif one["type"] == "missing":
            yield f"`{name}` is missing. It must be {_description(name)}."
        else:
            yield f"`{name}` must be {_description(name)}."


def _kept_elsewhere(name: str) -> str:
    return (
        f"`{name}` is a secret, and a secret stands neither in the settings nor in the environment. Put it into a file "
        f"of its own (chmod 600) and name that file in `{SECRETS[name]}`. If others have seen it, make a new one."
    )


def _refuse_strange_variables() -> None:
    """Pydantic passes over variables it doesn't know; somebody who set one believes that it works."""
    for variable in os.environ:
        if not variable.startswith(PREFIX) or variable in NOT_SETTINGS:
            continue
        name = variable.removeprefix(PREFIX).lower().replace("__", ".")
        if name in SECRETS:
            raise SettingsFault(_kept_elsewhere(name))
        if name.split(".")[0] not in Settings.model_fields:
            message = f"{variable} of the environment is not a setting.{_perhaps(name)}"
            raise SettingsFault(message)


def _perhaps(name: str) -> str:
    near = difflib.get_close_matches(name, names(), n=1, cutoff=0.5)
    return f" Did you mean `{near[0]}`?" if near else " Remove it."


def names() -> tuple[str, ...]:
    """Every setting, as ``part.name``."""
    return tuple(_names(Settings, ""))


def _names(shape: type[BaseModel], before: str) -> Iterator[str]:
    for name, field in shape.model_fields.items():
        yield before + name
        part = _part(field.annotation)
        if part is not None:
            yield from _names(part, f"{before}{name}.")


def _part(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 - whatever stands beside a field
    for one in (annotation, *getattr(annotation, "__args__", ())):
        if isinstance(one, type) and issubclass(one, BaseModel):
            return one
    return None


def _description(name: str) -> str:
    shape: type[BaseModel] = Settings
    *parts, last = name.split(".")
    for part in parts:
        shape = _part(shape.model_fields[part].annotation) or shape
    field = shape.model_fields.get(last)
    return (field.description if field is not None else None) or "something else"
