"""`payvand organiser-key`: the key that alone opens signatures, made on an organiser's machine and never on the server.

It is one file under a passphrase, or parts on paper of which some are enough. What is printed is the public half: it
goes into the petition's letter, where everybody sees it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from storage import envelope, signing
from storage.envelope import OrganiserKey, Unopened

_PARTS: Final = re.compile(r"(\d{1,2})-of-(\d{1,2})", re.ASCII)

Ask = Callable[[str], str]  # asks for something that is not shown


class OrganiserFault(Exception):  # noqa: N818 - an organiser reads the sentence, not the class
    """What was wanted can't be done. The message says why and what to do; it never holds a secret."""


def read_parts(text: str) -> tuple[int, int]:
    """How many parts are enough, and how many there are, in what was typed: “2-of-3”. Raises OrganiserFault."""
    found = _PARTS.fullmatch(text)
    if found is None or not 1 < int(found[1]) <= int(found[2]) <= envelope.MOST_PARTS:
        raise OrganiserFault("Say it like 2-of-3: at least two parts are needed, and there are sixteen at the most.")
    return int(found[1]), int(found[2])


def make_file(file: Path, passphrase: str) -> OrganiserKey:
    """Make a key in a new file that its passphrase opens. Raises OrganiserFault."""
    if not passphrase:
        raise OrganiserFault("The passphrase is empty. Write one into the file, or let words be made for you.")
    key = envelope.make()
    _write(file, envelope.guarded(key, passphrase))
    return key


def make_parts(folder: Path, enough: int, among: int) -> OrganiserKey:
    """Make a key in `among` new files in `folder`, any `enough` of which make it. Raises OrganiserFault."""
    key = envelope.make()
    files = [folder / f"part-{number}-of-{among}.txt" for number in range(1, among + 1)]
    for file in files:
        if file.exists():
            raise OrganiserFault(f"{file} is there already, and nothing is overwritten. Name another directory.")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for file, words in zip(files, envelope.parts(key, enough, among), strict=True):
        _write(file, f"{words}\n".encode())
    return key


def open_file(file: Path, passphrase: str) -> OrganiserKey:
    """The key in a file. Raises Unopened."""
    try:
        content = file.read_bytes()
    except OSError:
        raise Unopened(f"{file} can't be read. It is what `payvand organiser-key` has made.") from None
    return envelope.unguarded(content, passphrase)


def join_parts(files: Sequence[Path]) -> OrganiserKey:
    """The key that some of its parts make. Raises Unopened."""
    try:
        words = [file.read_text("utf-8") for file in files]
    except (OSError, UnicodeDecodeError):
        raise Unopened("A part can't be read. Each is a file with 33 words.") from None
    return envelope.joined(words)


def ask_parts(ask: Ask) -> OrganiserKey:
    """The key that parts make as they are typed from paper, one after the other. Raises Unopened."""
    words: list[str] = []
    while typed := ask(f"The 33 words of part {len(words) + 1} (Enter when there are enough): "):
        words.append(typed)
    return envelope.joined(words)


def choose_passphrase(ask: Ask) -> tuple[str, bool]:
    """A passphrase as somebody chose it, or one of ours; and whether it is ours and must be shown."""
    while words := ask("A passphrase for the key (Enter: words are made for you): "):
        if ask("The same again: ") == words:
            return words, False
    return signing.passphrase(), True


def told(key: OrganiserKey) -> str:
    """What everybody may know of a key, and how to compare it by voice."""
    return (
        f"The public half, for the petition's letter:\n\n      {envelope.public_text(key.public)}\n\n"
        "Read this to each other by telephone before the letter is opened for signing; all must hear the same:\n\n"
        f"      {envelope.fingerprint(key.public)}\n"
    )


def _write(file: Path, content: bytes) -> None:
    try:
        signing.write(file, content)
    except FileExistsError:
        raise OrganiserFault(f"{file} is there already, and a key is never overwritten. Name another file.") from None
