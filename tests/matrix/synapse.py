"""A real Matrix server for the run of the tests: Synapse in an environment of its own, for this machine only.

    def test_...(synapse):
        zarina = synapse.register("zarina")       # a new account; nobody else has its name
        ... synapse.url, zarina.user, zarina.password

Nothing is ever cleaned up between tests: everybody takes new accounts and new rooms. A test that stops the server or
wants limits like those of a foreign one makes its own: ``with Synapse(extra=FOREIGN_LIMITS) as server:``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import pytest

from tests.house.leftovers import make_place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

PYTHON: Final = Path(__file__).resolve().parents[2] / ".venv-synapse" / "bin" / "python"
MISSING: Final = "Synapse is not installed (make .venv-synapse/locked): what talks to a Matrix server was not tested"
NAME: Final = "localhost"  # every account is @…:localhost
SECRET: Final = "test"  # noqa: S105 - guards nothing
PATIENCE: Final = 60  # seconds for the server to come up on a busy machine; it takes one or two
GOODBYE: Final = 15  # seconds for it to stop of itself
ONE_REQUEST: Final = 30  # seconds

UNLIMITED: Final = {"per_second": 100_000, "burst_count": 100_000}
# What Synapse allows an account when nobody has changed it: the lot of a bot on a foreign server.
FOREIGN_LIMITS: Final[Mapping[str, Any]] = {
    "rc_message": {"per_second": 0.2, "burst_count": 10},
    "rc_joins": {"local": {"per_second": 0.1, "burst_count": 10}, "remote": {"per_second": 0.01, "burst_count": 10}},
}


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody's account: `user` is the full id, like "@zarina1:localhost"."""

    user: str
    password: str

    @property
    def name(self) -> str:
        """The id without its server, like "zarina1"."""
        return self.user[1:].partition(":")[0]


class Refused(Exception):  # noqa: N818
    """The server answered a request of a test with an error."""


class Synapse:
    """A server in a directory of its own; `extra` replaces top-level settings. Enter it, or `start` and `destroy`."""

    def __init__(self, extra: Mapping[str, Any] | None = None) -> None:
        if not PYTHON.exists():
            pytest.skip(MISSING)
        self.directory = make_place("synapse")
        self.port = _free_port()
        self._numbers = count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._admin = ""
        settings = {**_settings(self.directory, self.port), **(extra or {})}
        (self.directory / "homeserver.yaml").write_text(json.dumps(settings))  # JSON is YAML too
        seed = base64.b64encode(os.urandom(32)).decode().rstrip("=")
        (self.directory / "signing.key").write_text(f"ed25519 a_test {seed}\n")
        (self.directory / "log.yaml").write_text(json.dumps(_logging(self.directory)))

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process, to measure it. Raises RuntimeError while it is stopped."""
        if self._process is None:
            raise RuntimeError("the server is stopped")
        return self._process.pid

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.destroy()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.destroy()

    # -- coming and going ----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start it, at the same address with the same rooms as before, and wait until it answers."""
        if self._process is not None:
            return
        command = [str(PYTHON), "-m", "synapse.app.homeserver", "-c", str(self.directory / "homeserver.yaml")]
        with (self.directory / "output.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.directory)
        deadline = time.monotonic() + PATIENCE
        while not self._is_well():
            try:
                self._process.wait(0.05)
            except subprocess.TimeoutExpired:
                if time.monotonic() < deadline:
                    continue
            told = self._last_words()
            self.stop()
            pytest.fail(f"Synapse did not start:\n{told}")

    def stop(self) -> None:
        """Stop it; whoever talked to it is cut off."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(GOODBYE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(GOODBYE)

    def restart(self) -> None:
        """Stop it and start it again."""
        self.stop()
        self.start()

    def destroy(self) -> None:
        """Stop it for good and remove its directory."""
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    # -- its people ----------------------------------------------------------------------------------------------------

    def register(self, prefix: str = "user") -> Account:
        """Make an account whose name begins with `prefix` (small letters); it is not logged in anywhere yet."""
        name = self.new_name(prefix)
        password = f"password-of-{name}"
        auth = {"type": "m.login.dummy"}
        body = {"username": name, "password": password, "auth": auth, "inhibit_login": True}
        answer = self.request("POST", "/_matrix/client/v3/register", body)
        return Account(answer["user_id"], password)

    def new_name(self, prefix: str) -> str:
        """A name for an account that nobody has yet."""
        return f"{prefix}{next(self._numbers)}"

    def lift_limits(self, user: str) -> None:
        """Let an account send as fast as it likes, as an operator does for the bot on the community's own server."""
        path = f"/_synapse/admin/v1/users/{user}/override_ratelimit"
        self.request("POST", path, {"messages_per_second": 0, "burst_count": 0}, self.admin())

    def admin(self) -> str:
        """The token of an administrator of this server."""
        if not self._admin:
            path = "/_synapse/admin/v1/register"
            nonce = self.request("GET", path)["nonce"]
            words = b"\0".join([nonce.encode(), b"admin", b"password", b"admin"])
            mac = hmac.new(SECRET.encode(), words, hashlib.sha1).hexdigest()
            body = {"nonce": nonce, "username": "admin", "password": "password", "admin": True, "mac": mac}
            self._admin = self.request("POST", path, body)["access_token"]
        return self._admin

    def request(self, method: str, path: str, body: object = None, token: str = "") -> Any:  # noqa: ANN401 - it is JSON
        """Ask it something over HTTP and wait for the answer. Raises Refused with the code of the error."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ONE_REQUEST)
        try:
            headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            content = json.loads(answer.read() or b"{}")
            if answer.status != http.HTTPStatus.OK:
                raise Refused(f"{answer.status} {content.get('errcode')} {content.get('error')}")
            return content
        finally:
            connection.close()

    def _is_well(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=1)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _last_words(self) -> str:
        logs = (self.directory / name for name in ("output.log", "homeserver.log"))
        return "\n".join(log.read_text(errors="replace")[-2000:] for log in logs if log.exists())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _settings(directory: Path, port: int) -> dict[str, Any]:
    """No federation, no limits, cheap passwords: a server that is quick and that nobody else can reach."""
    listener = {"port": port, "bind_addresses": ["127.0.0.1"], "type": "http", "tls": False}
    return {
        "server_name": NAME,
        "public_baseurl": f"http://127.0.0.1:{port}/",
        "pid_file": str(directory / "homeserver.pid"),
        "signing_key_path": str(directory / "signing.key"),
        "media_store_path": str(directory / "media"),
        "log_config": str(directory / "log.yaml"),
        "listeners": [{**listener, "resources": [{"names": ["client"], "compress": False}]}],
        "database": {"name": "sqlite3", "args": {"database": str(directory / "homeserver.db")}},
        "registration_shared_secret": SECRET,
        "macaroon_secret_key": SECRET,
        "form_secret": SECRET,
        "report_stats": False,
        "trusted_key_servers": [],
        "suppress_key_server_warning": True,
        "federation_domain_whitelist": [],
        "enable_registration": True,
        "enable_registration_without_verification": True,
        "bcrypt_rounds": 4,
        "presence": {"enabled": False},
        "rc_message": UNLIMITED,
        "rc_registration": UNLIMITED,
        "rc_login": {"address": UNLIMITED, "account": UNLIMITED, "failed_attempts": UNLIMITED},
        "rc_joins": {"local": UNLIMITED, "remote": UNLIMITED},
        "rc_joins_per_room": UNLIMITED,
        "rc_invites": {"per_room": UNLIMITED, "per_user": UNLIMITED, "per_issuer": UNLIMITED},
        "rc_room_creation": UNLIMITED,
        "rc_key_requests": UNLIMITED,
        "rc_media_create": UNLIMITED,
        "rc_profile": UNLIMITED,
        "rc_user_directory": UNLIMITED,
    }


def _logging(directory: Path) -> dict[str, Any]:
    file = {"class": "logging.FileHandler", "formatter": "plain", "filename": str(directory / "homeserver.log")}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
        "handlers": {"file": file},
        "root": {"level": "WARNING", "handlers": ["file"]},
    }


@pytest.fixture(scope="session")
def synapse() -> Iterator[Synapse]:
    """One server without limits for all tests of this process. Don't stop it: make one of your own for that."""
    with Synapse() as server:
        yield server
