"""`payvand init`: one question at a time, a community gets its keys, its settings and its offline root key.

Nothing that exists is ever overwritten: if one of the files is there already, nothing at all is written.
"""

from __future__ import annotations

import getpass
import json
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from pydantic import SecretStr

from bot import settings as decided
from storage import keys, signing

TOKEN: Final = re.compile(r"[0-9]{5,20}:[A-Za-z0-9_-]{30,}")

ABOUT_AGE: Final = """\
A backup is sealed so that this server can make it and can not open it. Only the holders of an age key can. Two people
who don't share a house should each run `age-keygen -o payvand-age.key` on a computer of their own (the program `age`
is in every Linux distribution), keep that file and a copy on paper, and send you the line that begins with age1."""
ABOUT_ROOT: Final = """\
The root key is the community's own word: it certifies every key that this server will sign with, for a month at a
time. It must not stay on the server. Whoever holds it and its passphrase can speak for the community."""


class InitFault(Exception):  # noqa: N818 - an operator reads the sentence, not the class
    """`payvand init` can't go on. The message says what to do."""


class Talk(Protocol):
    """Whom init talks with."""

    def say(self, text: str = "") -> None:
        """Show a line."""

    def explain(self, text: str) -> None:
        """Show what helps to answer the next question."""

    def ask(self, question: str, default: str) -> str:
        """The answer, or `default` if there was none."""

    def ask_secretly(self, question: str) -> str:
        """An answer that is not shown while it is typed."""


class Terminal:
    """An operator at a terminal."""

    def say(self, text: str = "") -> None:
        print(text)

    def explain(self, text: str) -> None:
        print(f"\n{text}")

    def ask(self, question: str, default: str) -> str:
        return input(f"{question} [{default}] " if default else f"{question} ").strip() or default

    def ask_secretly(self, question: str) -> str:
        return getpass.getpass(f"{question} ").strip()


class Silence(Terminal):
    """Nobody is there: every question gets its default."""

    def explain(self, text: str) -> None:
        del text

    def ask(self, question: str, default: str) -> str:
        del question
        return default

    def ask_secretly(self, question: str) -> str:
        del question
        return ""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was said on the command line already; None is still to be asked."""

    settings: Path = Path(decided.FILE)
    community: str | None = None
    data: Path | None = None
    token_file: Path | None = None
    recipients: tuple[str, ...] | None = None
    root_key: Path | None = None
    passphrase_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Every answer, checked. Its repr shows no secret."""

    settings: Path
    community: str
    data: Path
    token: SecretStr
    recipients: tuple[str, ...]
    root_key: Path
    passphrase: SecretStr
    made_up: bool  # the passphrase is ours and must be shown once


def ask(wishes: Wishes, talk: Talk) -> Plan:
    """Ask what `wishes` leaves open. Raises InitFault on an answer from the command line that does not fit."""
    home = wishes.settings.resolve().parent
    community = _community(wishes, talk)
    data = wishes.data or Path(talk.ask("Where shall the data and the keys be kept?", "var"))
    token = _token(wishes, talk)
    recipients = _recipients(wishes, talk)
    talk.explain(ABOUT_ROOT)
    root = wishes.root_key or Path(
        talk.ask("Where shall the root key be written, for you to carry away?", "payvand-root")
    )
    if root.suffix != ".key":
        root /= "root.key"
    passphrase, made_up = _passphrase(wishes, talk)
    return Plan(
        settings=wishes.settings,
        community=community,
        data=home / data.expanduser(),
        token=SecretStr(token),
        recipients=recipients,
        root_key=home / root.expanduser(),
        passphrase=SecretStr(passphrase),
        made_up=made_up,
    )


def _community(wishes: Wishes, talk: Talk) -> str:
    name = wishes.community
    while name is None:
        name = talk.ask("What is the community called? People will read it.", "").strip() or None
        if name is None and isinstance(talk, Silence):
            message = "A community needs a name: add --community NAME."
            raise InitFault(message)
    if len(name) > 64 or not name.isprintable():  # noqa: PLR2004 - as the settings have it
        message = "The community's name must have 1 to 64 characters on one line."
        raise InitFault(message)
    return name


def _token(wishes: Wishes, talk: Talk) -> str:
    if wishes.token_file is not None:
        try:
            token = wishes.token_file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            token = ""
        if not TOKEN.fullmatch(token):
            message = f"{wishes.token_file} holds no Telegram token (digits, a colon, letters, on one line)."
            raise InitFault(message)
        return token
    talk.explain("A bot account on Telegram is made by writing /newbot to @BotFather, who answers with a token.")
    while token := talk.ask_secretly("The token (it is not shown; Enter leaves Telegram out for now):"):
        if TOKEN.fullmatch(token):
            return token
        talk.say("That is no token. It is digits, a colon, and about 35 letters. Copy it again from @BotFather.")
    return ""


def _recipients(wishes: Wishes, talk: Talk) -> tuple[str, ...]:
    if wishes.recipients is not None:
        for key in wishes.recipients:
            if not decided.is_recipient(key):
                message = "A --recipient is not an age public key. It begins with age1 and has 62 characters."
                raise InitFault(message)
        return tuple(dict.fromkeys(wishes.recipients))
    talk.explain("Backups are sealed to two people's age keys. (? explains; Enter goes on.)")
    found: list[str] = []
    while answer := talk.ask(f"Public key {len(found) + 1}, age1…:", ""):
        if answer == "?":
            talk.say(ABOUT_AGE)
        elif not decided.is_recipient(answer):
            talk.say("That is not an age public key. It begins with age1 and has 62 characters.")
        elif answer in found:
            talk.say("That key was there already. The second one belongs to another person.")
        else:
            found.append(answer)
    return tuple(found)


def _passphrase(wishes: Wishes, talk: Talk) -> tuple[str, bool]:
    if wishes.passphrase_file is not None:
        try:
            words = wishes.passphrase_file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            words = ""
        if not words:
            message = f"{wishes.passphrase_file} holds no passphrase."
            raise InitFault(message)
        return words, False
    while words := talk.ask_secretly("A passphrase for the root key (Enter: words are made for you):"):
        if talk.ask_secretly("The same again:") == words:
            return words, False
        talk.say("They differ. Once more, please.")
    return signing.passphrase(), True


# -- making it ---------------------------------------------------------------------------------------------------------


def found(plan: Plan, talk: Talk, now: datetime, *, opslimit: int | None = None, memlimit: int | None = None) -> None:
    """Write the keys and the settings, and say what comes next. Raises InitFault, and then nothing was written.

    The last two make the root key's passphrase cheaper to try: for tests.
    """
    kept = plan.data / "keys"
    public_file = plan.root_key.with_suffix(".pub")
    certificate = kept / f"{signing.PURPOSE}.certificate"
    files = {
        "settings": plan.settings,
        "key": kept / "payvand.key",
        "token": kept / "telegram.token",
        "webhook": kept / "webhook.secret",
        "online": kept / f"{signing.PURPOSE}.key",
        "certificate": certificate,
        "signature": certificate.with_name(certificate.name + ".minisig"),
        "root": plan.root_key,
        "public": public_file,
    }
    refuse_to_overwrite(files.values())
    for folder in (plan.data, kept, plan.data / "backups", plan.root_key.parent):
        _own_folder(folder)

    talk.say("\nMaking the keys…")
    phrase = plan.passphrase.get_secret_value()
    root = signing.make_pair(
        phrase,
        comment="payvand community root key, to be kept off the server",
        opslimit=opslimit or signing.OPSLIMIT,
        memlimit=memlimit or signing.MEMLIMIT,
    )
    online = signing.make_pair()
    text, signature = signing.certify(root.secret, phrase, online.public, signing.PURPOSE, now)
    keys.write(files["key"], keys.make())
    signing.write(files["webhook"], (secrets.token_urlsafe(32) + "\n").encode())
    if token := plan.token.get_secret_value():
        signing.write(files["token"], f"{token}\n".encode())
    signing.write(files["online"], online.secret)
    signing.write(files["certificate"], text)
    signing.write(files["signature"], signature)
    signing.write(files["root"], root.secret)
    signing.write(files["public"], f"untrusted comment: payvand community root key\n{root.public}\n".encode())
    signing.write(files["settings"], written(plan, root.public).encode())  # last: with it, the community is there
    _say_what_is_next(plan, talk, root.public)


def refuse_to_overwrite(files: Iterable[Path]) -> None:
    """Raises InitFault if one of `files` exists."""
    there = [str(file) for file in files if file.exists()]
    if there:
        message = f"These exist already, and nothing is overwritten: {', '.join(there)}. Move them away first."
        raise InitFault(message)


def _own_folder(folder: Path) -> None:
    """A directory that only its owner can enter. One that is there already stays as it is: `payvand check` looks."""
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # a JSON string of printable characters is a TOML string


def written(plan: Plan, public_key: str) -> str:
    """The settings file."""
    home = plan.settings.resolve().parent
    data = plan.data.relative_to(home) if plan.data.is_relative_to(home) else plan.data
    recipients = "".join(f"  {_quoted(key)},\n" for key in plan.recipients)
    off = "" if plan.token.get_secret_value() else "# "
    return f"""\
# The settings of this community. No secret stands here: secrets have files of their own, which only their owner can
# read (chmod 600). Paths are meant from where this file is. After a change: payvand check, then start again.

community = {_quoted(plan.community)}  # people read it
data = {_quoted(str(data))}  # the database, the keys and the backups
public_key = {_quoted(public_key)}  # of the community's root key: publish it

{off}[telegram]
{off}token_file = {_quoted(str(data / "keys" / "telegram.token"))}
{off}mode = "polling"  # or "webhook", which needs a public https address:
# [telegram.webhook]
# url = "https://bot.example.org/telegram"
# listen = "127.0.0.1"
# port = 8080

# [matrix]  # an account that you made for the bot on a homeserver, best one of your own
# homeserver = "https://matrix.example.org"
# user = "@payvand:example.org"
# password_file = {_quoted(str(data / "keys" / "matrix.password"))}

[backup]
directory = {_quoted(str(data / "backups"))}
keep_days = 14  # not more: what people had erased is gone from every copy after 14 days
recipients = [  # two people's age public keys: only they can open a backup
{recipients}]

[logs]
level = "info"
form = "line"  # or "json"

# Rows are kept in one encrypted file in `data`. For a PostgreSQL server instead:
# [database]
# url = "postgresql://payvand@localhost/payvand"
# password_file = {_quoted(str(data / "keys" / "database.password"))}
"""


def _say_what_is_next(plan: Plan, talk: Talk, public_key: str) -> None:
    steps = [
        f"Move {plan.root_key.parent} to a memory stick, make a second copy of it, and remove it from this server.",
    ]
    if plan.made_up:
        steps.insert(
            0,
            "Write these words on paper; they open the root key and are not shown again:\n\n"
            f"      {plan.passphrase.get_secret_value()}\n",
        )
    steps += [
        f"Keep a copy of {plan.data / 'keys' / 'payvand.key'} off this server as well: without it no database opens.",
        f"Publish the community's public key, so that people can check what is signed in its name:\n      {public_key}",
    ]
    if not plan.token.get_secret_value():
        token = plan.data / "keys" / "telegram.token"
        steps.append(f"When you have a Telegram token: put it into {token} (chmod 600) and take the # from [telegram].")
    if len(plan.recipients) < 2:  # noqa: PLR2004 - two people
        steps.append(
            "NO BACKUP CAN BE MADE YET: put two people's age public keys into [backup] recipients "
            "(`age-keygen` makes them)."
        )
    steps += ["Look everything over: payvand check", "Start: payvand run"]
    talk.say(f"\nDone: {plan.community} has its keys, and {plan.settings} its settings. What to do next:\n")
    for number, step in enumerate(steps, 1):
        talk.say(f"  {number}. {step}")
