"""`payvand publish`, and the running bot that keeps a directory up to date."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot import __main__ as command
from bot import founding, i18n, publishing
from bot.jobs import formats
from bot.publishing import PublishFault
from bot.settings import Settings, load
from storage import bulletins, keys, signing, sqlite
from storage.crypto import Keys
from storage.database import Tx
from storage.sqlite import SQLite
from tests.updates.examples import corrected, news, put

CHEAP = {"opslimit": 32768, "memlimit": 1 << 20}
TEXTS = {"en": "The bridge is closed"}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A community that has just been founded, with a database."""
    monkeypatch.chdir(tmp_path)
    i18n.open_catalogues()
    plan = founding.Plan(
        settings=tmp_path / "payvand.toml",
        community="Нур",
        data=tmp_path / "var",
        token=SecretStr("7000000001:AAH-canary-canary-canary-canary-0001"),
        recipients=(),
        root_key=tmp_path / "stick" / "root.key",
        passphrase=SecretStr("a phrase on paper"),
        made_up=False,
    )
    founding.found(plan, founding.Silence(), datetime.now(UTC), **CHEAP)
    return tmp_path


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[SQLite]:
    """The database as the bot has it, which can sign."""
    root = Keys(keys.read(settings.key_file))
    now = datetime.now(UTC)
    root.signer = signing.open_signer(settings.data / "keys", settings.community, settings.public_key, now)
    storage = await sqlite.open_file(settings.database_file, root)
    try:
        yield storage
    finally:
        await storage.close()


async def say(storage: SQLite, number: int = 0) -> None:
    """Publish news, or what corrects the number."""
    draft = corrected(number) if number else news()
    await storage.write(lambda tx: put(tx, draft, TEXTS, datetime.now(UTC)))


async def show(storage: SQLite, picture: bytes) -> None:
    """Publish news with a picture or a PDF."""

    def write(tx: Tx) -> None:
        signer = bulletins.signer(tx, datetime.now(UTC))
        assert signer is not None
        bulletins.publish(tx, signer, news(), TEXTS, datetime.now(UTC), author=None, reviewer=None, picture=picture)

    await storage.write(write)


def test_pictures_and_pdfs_lie_beside_and_are_proved_by_what_is_signed(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = load(home / "payvand.toml")
    paper, photo = b"%PDF-1.4 as it went out", b"\xff\xd8 as it went out"

    async def live() -> None:
        async with opened(settings) as bot:
            await show(bot, paper)
            await show(bot, photo)
            assert await asyncio.to_thread(command.main, ["publish", "out"]) == 0

    asyncio.run(live())
    out = home / "out"
    files = found(out)
    assert files["files/bulletin-1.pdf"] == paper
    assert files["files/bulletin-2.jpg"] == photo
    for name, data in (("bulletin-1.pdf", paper), ("bulletin-2.jpg", photo)):
        assert f"{hashlib.sha256(data).hexdigest()}  files/{name}\n".encode() in files["SHA256SUMS"]
        assert f'href="files/{name}"'.encode() in files["index.html"]
    (out / "files" / "bulletin-1.pdf").write_bytes(paper[:-1])
    (out / "files" / "bulletin-2.jpg").unlink()
    assert command.main(["publish", "out"]) == 0
    assert found(out) == files, "what is damaged or gone is written anew, and nothing is taken away"
    key, signed = ["--public-key", settings.public_key or ""], str(out / "files" / "bulletin-1-en.txt")
    capsys.readouterr()
    assert command.main(["verify", signed, str(out / "files" / "bulletin-1.pdf"), *key]) == 0
    assert "bulletin-1.pdf: good. It belongs to No. 1 of Нур" in capsys.readouterr().out
    (out / "copy.pdf").write_bytes(paper + b" ")
    assert command.main(["verify", signed, str(out / "copy.pdf"), *key]) == command.FAILED
    assert "belongs to NONE of these bulletins" in capsys.readouterr().err
    assert command.main(["verify", str(out / "copy.pdf"), *key]) == command.FAILED
    assert "name the bulletin's signed file as well" in capsys.readouterr().err


def found(directory: Path) -> dict[str, bytes]:
    return {str(one.relative_to(directory)): one.read_bytes() for one in directory.rglob("*") if one.is_file()}


def test_it_is_written_beside_the_running_bot_and_proves_whose_it_is(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = load(home / "payvand.toml")

    async def live() -> int:
        async with opened(settings) as bot:
            await say(bot)
            return await asyncio.to_thread(command.main, ["publish", "out"])

    assert asyncio.run(live()) == 0
    assert "1 bulletins are in out" in capsys.readouterr().out
    files = found(home / "out")
    certificate = files["bulletins.certificate"], files["bulletins.certificate.minisig"]
    good = signing.read_certificate(*certificate, settings.public_key, datetime.now(UTC))
    signed = files["files/bulletin-1-en.txt"], files["files/bulletin-1-en.txt.minisig"]
    assert signing.is_signed(*signed, good.key)
    assert not signing.is_signed(signed[0].replace(b"closed", b"open"), signed[1], good.key)
    for line in files["SHA256SUMS"].decode().splitlines():
        total, name = line.split("  ")
        assert hashlib.sha256(files[name]).hexdigest() == total
    assert not any(b"canary" in one for one in files.values())
    assert settings.key_file.read_bytes().strip() not in b"".join(files.values())
    assert (home / "out/index.html").stat().st_mode & 0o777 == 0o644  # noqa: PLR2004 - for a web server to read


def test_a_second_time_only_what_changed_is_written_and_what_is_over_goes(home: Path) -> None:
    settings = load(home / "payvand.toml")

    async def live(number: int = 0) -> None:
        async with opened(settings) as bot:
            await say(bot, number)

    asyncio.run(live())
    assert command.main(["publish", "out"]) == 0
    out = home / "out"
    assert (out / "claims/bulletin-1.jsonld").exists()
    (out / "robots.txt").write_text("a file of somebody else")
    (out / "files" / "photo.jpg").write_text("another one")
    before = (out / "files/bulletin-1-en.txt").stat().st_mtime_ns
    asyncio.run(live(1))
    assert command.main(["publish", "out"]) == 0
    assert not (out / "claims/bulletin-1.jsonld").exists()
    assert (out / "claims/bulletin-2.jsonld").exists()
    assert (out / "files/bulletin-1-en.txt").stat().st_mtime_ns == before
    assert (out / "robots.txt").exists()
    assert (out / "files/photo.jpg").exists()
    assert list(out.rglob("*.part")) == []


def test_a_directory_that_holds_other_things_is_left_alone(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(_nothing(home))
    (home / "www").mkdir()
    (home / "www/index.html").write_text("my own page")
    assert command.main(["publish", "www"]) == 1
    assert "www holds other files" in capsys.readouterr().err
    assert found(home / "www") == {"index.html": b"my own page"}


async def _nothing(home: Path) -> None:
    async with opened(load(home / "payvand.toml")):
        pass


def test_a_list_of_sums_that_was_tampered_with_makes_nothing_else_go(home: Path) -> None:
    asyncio.run(_nothing(home))
    assert command.main(["publish", "out"]) == 0
    zeros = "0" * 64
    with (home / "out/SHA256SUMS").open("a") as file:
        file.write(f"{zeros}  ../payvand.toml\n{zeros}  /etc/passwd\n{zeros}  files/../../payvand.toml\n")
    assert command.main(["publish", "out"]) == 0
    assert (home / "payvand.toml").exists()


def test_a_database_of_another_version_is_told_in_a_sentence(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(_nothing(home))
    monkeypatch.setattr("storage.inspection.KNOWN", "9999")
    assert command.main(["publish", "out"]) == 1
    assert "belongs to another version" in capsys.readouterr().err
    assert not (home / "out").exists()


def test_without_a_directory_it_says_what_to_do(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["publish"]) == 2  # noqa: PLR2004 - misused
    assert "payvand publish DIRECTORY" in capsys.readouterr().err
    asyncio.run(_nothing(home))
    with (home / "payvand.toml").open("a") as file:
        file.write('\n[bulletins]\ndirectory = "served"\naddress = "https://news.example.org/b"\n')
    assert command.main(["publish"]) == 0
    assert b'href="https://news.example.org/b/bulletins.atom"' in (home / "served/bulletins.atom").read_bytes()


@pytest.mark.parametrize("address", ["http://news.example.org/", "ftp://x/", "javascript:alert(1)"])
def test_an_address_that_anybody_on_the_way_could_change_is_refused(
    home: Path, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with (home / "payvand.toml").open("a") as file:
        file.write(f'\n[bulletins]\naddress = "{address}"\n')
    assert command.main(["publish", "out"]) == 2  # noqa: PLR2004 - misused
    assert "`bulletins.address` must be the https:// address" in capsys.readouterr().err


def _volume(*, more: bool) -> dict[str, bytes]:
    """A small state of a directory, and a later one in which each file is another one."""
    end = b" later" if more else b""
    return {name: name.encode() + end for name in ("files/a.txt", "cap/a.xml", "bulletins.atom", "index.html")} | {
        "SHA256SUMS": b"".join(
            b"%b  %b\n" % (hashlib.sha256(name.encode()).hexdigest().encode(), name.encode())
            for name in ("files/a.txt", "cap/a.xml", "bulletins.atom", "index.html")
        )
    }


@pytest.mark.parametrize("after", range(5))
def test_when_it_is_interrupted_every_file_is_whole_and_it_goes_on_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    out = tmp_path / "out"
    old, new = _volume(more=False), _volume(more=True)
    publishing.write(out, old)
    real: Callable[[int], None] = os.fsync
    left = [after]

    def fails(handle: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device")
        real(handle)

    monkeypatch.setattr(os, "fsync", fails)
    if after < 4:  # noqa: PLR2004 - the list of sums is the same, and is not written
        with pytest.raises(PublishFault, match="No space left on device"):
            publishing.write(out, new)
    else:
        publishing.write(out, new)
    for name in old:
        assert (out / name).read_bytes() in {old[name], new[name]}, "never half of it"
    monkeypatch.setattr(os, "fsync", real)
    publishing.write(out, new)
    assert {name: one for name, one in found(out).items() if not name.endswith(".part")} == new


def test_what_is_interrupted_the_first_time_is_known_as_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fails)
        with pytest.raises(PublishFault):
            publishing.write(tmp_path / "out", _volume(more=False))
    publishing.write(tmp_path / "out", _volume(more=False))


async def test_the_running_bot_keeps_it_up_to_date_after_each_publication(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (home / "payvand.toml").open("a") as file:
        file.write('\n[bulletins]\ndirectory = "served"\n')
    settings = load(home / "payvand.toml")
    served = home / "served"
    looks = asyncio.Semaphore(0)
    go = asyncio.Semaphore(0)
    written: list[int] = []
    real = formats.documents

    async def pause(_seconds: float) -> None:
        looks.release()
        await go.acquire()

    def counted(volume: formats.Volume) -> dict[str, bytes]:
        written.append(len(volume.published))
        return real(volume)

    monkeypatch.setattr("bot.publishing.asyncio.sleep", pause)
    monkeypatch.setattr(formats, "documents", counted)
    async with opened(settings) as bot:
        task = asyncio.create_task(publishing.keep_published(settings, bot))

        async def look() -> None:
            go.release()
            await looks.acquire()

        await looks.acquire()
        assert written == [0]
        await say(bot)
        await look()
        assert (served / "files/bulletin-1-en.txt").exists()
        await look()
        assert written == [0, 1], "nothing is written while nothing changes"
        await say(bot, 1)
        await look()
        assert "Corrected by No. 2" in (served / "bulletins-en.atom").read_text()
        (home / "var/keys/bulletins.certificate").touch()
        os.utime(home / "var/keys/bulletins.certificate", ns=(1, 1))
        await look()
        assert written == [0, 1, 2, 2], "a renewed certificate is published too"
        served.rename(home / "elsewhere")
        served.write_text("in the way")
        await say(bot, 2)
        await look()  # it can't be written, and the bot goes on
        served.unlink()
        await look()
        assert (served / "files/bulletin-3-en.txt").exists()
        task.cancel()


async def test_a_large_archive_is_read_in_parts(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "PART", 2)
    settings = load(home / "payvand.toml")
    async with opened(settings) as bot:
        for _ in range(5):
            await say(bot)
        assert await asyncio.to_thread(publishing.publish, settings, home / "out") == (5, 0)
    assert {f"bulletin-{n}-en.txt" for n in range(1, 6)} <= {one.name for one in (home / "out/files").iterdir()}


def renew(home: Path, settings: Settings) -> bytes:
    """The root key certifies another online key, as every month. The certificate of before."""
    kept = settings.data / "keys"
    before = (kept / "bulletins.certificate").read_bytes()
    online = signing.make_pair()
    root = (home / "stick" / "root.key").read_bytes()
    text, signature = signing.certify(root, "a phrase on paper", online.public, signing.PURPOSE, datetime.now(UTC))
    signing.replace(kept / "bulletins.key", online.secret)
    signing.replace(kept / "bulletins.certificate", text)
    signing.replace(kept / "bulletins.certificate.minisig", signature)
    return before


def test_what_was_signed_under_an_older_certificate_stays_provable(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = load(home / "payvand.toml")

    async def live() -> None:
        async with opened(settings) as bot:
            await say(bot)

    asyncio.run(live())
    first = renew(home, settings)
    assert command.main(["publish", "out"]) == 0
    files = found(home / "out")
    assert files["certificates/1.certificate"] == first, "also before anything is signed under the new one"
    asyncio.run(live())
    second = renew(home, settings)
    asyncio.run(live())
    assert command.main(["publish", "out"]) == 0
    files = found(home / "out")
    assert files["certificates/1.certificate"] == first
    assert files["certificates/2.certificate"] == second
    assert "certificates/3.certificate" not in files, "the newest stands where it always did"
    assert "  certificates/1.certificate.minisig\n" in files["SHA256SUMS"].decode()
    capsys.readouterr()
    every = [f"out/files/bulletin-{n}-en.txt" for n in (1, 2, 3)]
    assert command.main(["verify", *every]) == 0
    assert capsys.readouterr().out.count("good") == 3  # noqa: PLR2004
    for name in ("certificates/1.certificate", "certificates/2.certificate"):
        (home / "out" / name).unlink()
    assert command.main(["verify", every[2]]) == 0, "the control: what is signed under the newest needs no other"
    assert command.main(["verify", every[0]]) == 1


def test_the_newest_certificate_comes_from_the_books_if_its_file_is_gone(home: Path) -> None:
    settings = load(home / "payvand.toml")

    async def live() -> None:
        async with opened(settings) as bot:
            await say(bot)

    asyncio.run(live())
    kept = settings.data / "keys" / "bulletins.certificate"
    text = kept.read_bytes()
    kept.unlink()
    assert command.main(["publish", "out"]) == 0
    assert found(home / "out")["bulletins.certificate"] == text


def test_the_sheet_with_the_key_lies_beside_and_is_the_same_each_time(home: Path) -> None:
    settings = load(home / "payvand.toml")

    async def live() -> None:
        async with opened(settings) as bot:
            await say(bot)

    asyncio.run(live())
    assert command.main(["publish", "out"]) == 0
    sheet = home / "out" / "key.pdf"
    assert sheet.read_bytes().startswith(b"%PDF")
    before = sheet.stat().st_mtime_ns
    assert command.main(["publish", "out"]) == 0
    assert sheet.stat().st_mtime_ns == before
