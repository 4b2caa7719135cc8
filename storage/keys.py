"""The community's key (payvand.key): made by `payvand init`, read from a file or a systemd credential, nowhere else."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from storage.disk import sync_directory

SIZE = 32  # bytes


class KeyFault(Exception):  # noqa: N818 - an operator reads the sentence, not the class
    """The community's key can't be read. The message says what to do; it never holds a key."""


def make() -> bytes:
    """32 fresh random bytes."""
    return secrets.token_bytes(SIZE)


def write(path: Path, root: bytes) -> None:
    """Write the community's key to a new file that only its owner can read (0600). Raises KeyFault if it exists."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        msg = f"{path} exists already. A key is never overwritten: move the old one away first."
        raise KeyFault(msg) from None
    with os.fdopen(handle, "w") as file:
        file.write(root.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    sync_directory(path.parent)


def find(path: Path, *, credential: str = "payvand.key") -> Path:
    """Where the community's key is read from: systemd's credentials directory if it is there, else `path`."""
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    given = Path(directory) / credential if directory else path
    return given if given.is_file() else path


def read(path: Path, *, credential: str = "payvand.key") -> bytes:
    """The community's key from systemd's credentials directory if it is there, else from `path`.

    Raises KeyFault if there is none, if others can read the file, or if it is not 64 hexadecimal digits.
    """
    found = find(path, credential=credential)
    return read_file(path) if found == path else _parse(found)


def read_file(path: Path) -> bytes:
    """The community's key from exactly this file. Raises KeyFault like `read`."""
    if not path.is_file():
        msg = f"There is no key at {path}. Run `payvand init`, or put the community's key there."
        raise KeyFault(msg)
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        msg = f"Others on this machine can read {path}. Run: chmod 600 {path}"
        raise KeyFault(msg)
    return _parse(path)


def _parse(path: Path) -> bytes:
    try:
        root = bytes.fromhex(path.read_text("ascii").strip())
    except (OSError, ValueError):
        root = b""
    if len(root) != SIZE:
        msg = f"{path} is not a key of this program (64 hexadecimal digits). Restore it from your backup."
        raise KeyFault(msg)
    return root
