"""A plugin: while tests run, this process may talk to itself and to nobody else."""

from __future__ import annotations

import ipaddress
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOOKED_AT = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind", "socket.getaddrinfo"})
_NAMES = frozenset({"localhost", "", None})

attempts: list[str] = []  # what was refused; the product may have swallowed the error, the test must not


class Outside(OSError):  # noqa: N818
    """A test tried to reach something beyond this machine."""


def is_near(host: object) -> bool:
    """Whether a host is this machine itself, by a name or an address of the loopback."""
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host in _NAMES:
        return True
    try:
        return isinstance(host, str) and ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _listen(event: str, arguments: tuple[object, ...]) -> None:
    """An audit hook: it sees the sockets of C code too. It can't be taken away again, and need not be."""
    if event not in _LOOKED_AT:
        return
    if event == "socket.getaddrinfo":
        host: object = arguments[0]
    else:
        address = arguments[1]
        if not isinstance(address, tuple):  # a path of this machine, or a socket that is connected already
            return
        host = address[0]
    if not is_near(host):
        attempts.append(f"{event} {host!r}")
        raise Outside(f"tests talk to this machine only, and this was for {host!r}")


sys.addaudithook(_listen)


@pytest.fixture(autouse=True)
def _only_this_machine() -> Iterator[None]:
    """Fail the test that tried to get out, even if the product made nothing of the refusal."""
    attempts.clear()
    yield
    tried, attempts[:] = attempts[:], []
    if tried:
        pytest.fail(f"reached for the world outside: {', '.join(sorted(set(tried)))}")
