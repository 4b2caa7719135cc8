"""A PostgreSQL server for the whole run of the tests, an empty database for each test, and both stores as a fixture."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from storage import notes
from storage.crypto import Keys
from storage.postgres import open_server
from storage.signing import make_pair, throwaway_signer
from storage.sqlite import open_file
from tests.house.leftovers import make_place

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from storage.database import Storage

ROOT = bytes(range(32))  # the root key of the tests' community
ENGINES = ("sqlite", "postgres")
# A community's online key that is good on the day when the tests' stage begins, and for a month.
COMMUNITY = make_pair()
SIGNER = throwaway_signer("Pamir Bridge", datetime(2026, 3, 21, tzinfo=UTC), COMMUNITY)
PETITIONS = notes.throwaway("Pamir Bridge", datetime(2026, 3, 21, tzinfo=UTC), COMMUNITY)
# For the few tests that take minutes and ask what the rules do, not what an engine does: the quicker engine is enough.
ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"])
USER = "payvand"
MODEL = "model"  # the database that others are copied from
PATIENCE = 60  # seconds for the server to come up
# What its processes share lies in its directory, and goes with that however it ends.
QUICK = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "autovacuum=off",
    "listen_addresses=",
    "dynamic_shared_memory_type=mmap",
)


@dataclass(slots=True)
class Server:
    """A running server that listens on a Unix socket in `directory`."""

    programs: Path
    directory: Path
    process: subprocess.Popen[bytes]
    has_model: bool = False
    numbers: Iterator[int] = field(default_factory=count)

    def url(self, database: str) -> str:
        """The address of a database, as the settings name it."""
        return f"postgresql://{USER}@/{database}?host={self.directory}"

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run one statement by hand and return what psql prints."""
        psql = [str(self.programs / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
        address = ["-h", str(self.directory), "-U", USER, "-d", database, "-c", statement]
        return subprocess.run([*psql, *address], check=True, capture_output=True, text=True).stdout.strip()

    def cut_off(self, database: str) -> None:
        """Break every connection to a database."""
        self.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'")  # noqa: S608

    def drop(self, database: str) -> None:
        """Take a database away: a thousand of them fill the memory that they lie in."""
        self.sql(f"DROP DATABASE {database} WITH (FORCE)")

    def empty_database(self) -> str:
        """Make a database without a table; its name."""
        name = f"test{next(self.numbers)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE template0")
        return name

    async def database(self, keys: Keys) -> str:
        """Make a database that is migrated already; its name."""
        if not self.has_model:
            self.sql(f"CREATE DATABASE {MODEL} TEMPLATE template0")
            await (await open_server(self.url(MODEL), keys)).close()
            self.has_model = True
        name = f"test{next(self.numbers)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {MODEL}")
        return name


def find_programs() -> Path | None:
    """The directory of the newest installed PostgreSQL server, Debian's or one in PATH."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if debian:
        return debian[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """One server for all tests. PostgreSQL refuses to run as root, so root runs it as nobody."""
    programs = find_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql): what runs on it was not tested")
    directory = make_place("pg")  # short: a socket's path has at most 107 bytes
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    if user:
        os.chown(directory, user.pw_uid, user.pw_gid)
    uid, gid = (user.pw_uid, user.pw_gid) if user else (None, None)
    groups: list[int] | None = [] if user else None
    data = directory / "data"
    subprocess.run(
        [str(programs / "initdb"), "-D", str(data), "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=directory,
        user=uid,
        group=gid,
        extra_groups=groups,
    )
    options = [part for option in QUICK for part in ("-c", option)]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(programs / "postgres"), "-D", str(data), "-k", str(directory), *options],
            stdout=log,
            stderr=log,
            cwd=directory,
            user=uid,
            group=gid,
            extra_groups=groups,
        )
    server = Server(programs, directory, process)
    try:
        _wait_until_ready(server)
        yield server
    finally:
        process.send_signal(signal.SIGINT)  # fast: does not wait for connections that a test left open
        process.wait(PATIENCE)
        shutil.rmtree(directory, ignore_errors=True)


def _wait_until_ready(server: Server) -> None:
    ready = [str(server.programs / "pg_isready"), "-q", "-h", str(server.directory), "-U", USER]
    deadline = time.monotonic() + PATIENCE
    while subprocess.run(ready, check=False).returncode != 0:
        if server.process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"PostgreSQL did not start:\n{(server.directory / 'log').read_text()}")
        time.sleep(0.05)


@pytest.fixture(scope="session")
def same_keys() -> Keys:
    """One object for the whole run: what is compiled for a test is compiled for the next ones too."""
    return Keys(ROOT)


@pytest.fixture
def keys(same_keys: Keys) -> Keys:
    """The keys of the tests' community, which can sign."""
    same_keys.signer = SIGNER
    same_keys.petitions = PETITIONS
    same_keys.public = ""
    return same_keys


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """Each test that asks for a store runs on each engine."""
    name: str = request.param
    return name


@pytest.fixture
def server(engine: str, request: pytest.FixtureRequest) -> Server | None:
    """The server, if this test runs on it."""
    if engine != "postgres":
        return None
    found: Server = request.getfixturevalue("postgres")
    return found


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file that is migrated already, to be copied: Alembic takes longer than most tests."""
    path = tmp_path_factory.mktemp("migrated") / "payvand.db"

    async def make() -> None:
        await (await open_file(path, Keys(ROOT))).close()

    asyncio.run(make())
    return path


@pytest.fixture
def store_path() -> Iterator[Path]:
    """Where a test's database file lies."""
    directory = make_place("file")
    yield directory / "payvand.db"
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
async def storage(server: Server | None, store_path: Path, keys: Keys, migrated_file: Path) -> AsyncIterator[Storage]:
    """An open store with no rows, on each engine in turn."""
    if server is None:
        shutil.copy(migrated_file, store_path)
        opened: Storage = await open_file(store_path, keys)
        yield opened
        await opened.close()
        return
    database = await server.database(keys)
    opened = await open_server(server.url(database), keys)
    yield opened
    await opened.close()
    server.drop(database)
