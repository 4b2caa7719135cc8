"""A thief takes database, log, locks, backups, records and whatever was ever written: no name, id or word is in it."""

from __future__ import annotations

import asyncio
import random
import re
import shutil
import signal
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pyrage
import pytest
import sqlalchemy as sa

from bot import i18n
from bot.domain.conversation import Sender
from bot.domain.knock import Case, Kind, Known, May
from bot.domain.petition import LANGUAGES, Deed, Part, Who
from bot.domain.signature import Declared, Mode
from storage import (
    knocks,
    ledger,
    lists,
    matches,
    notes,
    petitions,
    schema,
    search,
    signatures,
    sponsors,
    sqlite,
)
from storage import people as people_kept
from storage.crypto import Keys, Sealed
from tests.family.looking import id_of
from tests.family.test_desk import people as settled
from tests.faults import canary, count, disks, running
from tests.faults.canary import Search
from tests.faults.community import KEY, founded
from tests.petitions import writing
from tests.petitions.signing import letter
from tests.stage import BEGIN, Stage
from tests.telegram.emulator import Emulator, codes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from storage.database import Tx
    from tests.faults.canary import Hit

CIRCLE = 4
# Canaries that each person writes, besides their circle's name: name, note, free words, a cry for help, a rumour.
WORDS_EACH = 5


# -- what people confide to the bot ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Confidence:
    """One person: their account, and the words that nobody else may ever read."""

    account: int
    name: str
    note: str
    words: str
    cry: str
    rumour: str
    circle: str

    @property
    def canaries(self) -> tuple[str, ...]:
        """All that must not be found."""
        return (self.name, self.note, self.words, self.cry, self.rumour, self.circle)


def people(size: int) -> list[Confidence]:
    """Make them up."""
    dice = random.Random(size)
    # phone numbers stand among the words too; a name is words without digits
    words = iter(canary.words(3 * size * (WORDS_EACH + 1), dice))
    names = [word for word in words if not word.startswith("+")][: 2 * size]
    others = iter(canary.words(size * (WORDS_EACH - 1), dice))
    accounts = canary.numbers(size, dice)
    return [
        Confidence(
            account,
            names[2 * n],
            next(others),
            next(others),
            next(others),
            next(others),
            names[2 * (n - n % CIRCLE) + 1],
        )
        for n, account in enumerate(accounts)
    ]


class Phone:
    """One person with their phone, at the emulator."""

    def __init__(self, emulator: Emulator, who: int) -> None:
        self.emulator = emulator
        self.who = who
        emulator.user(who)

    def _seen(self) -> int:
        return sum(one.chat == self.who for one in (*self.emulator.sent, *self.emulator.edits))

    async def says(self, words: str, answers: int = 1) -> None:
        """Write, and wait for so many answers."""
        before = self._seen()
        await self.emulator.say(self.who, words)
        await self.emulator.until(lambda: self._seen() >= before + answers)

    async def presses(self, verb: str) -> None:
        """Press the newest button with this verb once it is there, and wait for the answer."""
        await self.emulator.until(lambda: self._button(verb) is not None)
        found = self._button(verb)
        assert found is not None
        before = self._seen()
        await self.emulator.tap(self.who, *found)
        await self.emulator.until(lambda: self._seen() > before)

    def _button(self, verb: str) -> tuple[int, str] | None:
        for message in reversed(self.emulator.chat(self.who)):
            for code in codes(message):
                if code == verb or code.startswith(f"{verb}:"):
                    return message["message_id"], code
        return None

    def code(self) -> str:
        """Read the newest invitation."""
        found: str = re.findall(r"start=(\d+)", "\n".join(self.emulator.shown(self.who)))[-1]
        return found


async def live(emulator: Emulator, family: list[Confidence]) -> None:
    """Live through everything that one can confide: meeting, circles, news, notes, cries, an accident, a farewell."""
    phones = [Phone(emulator, one.account) for one in family]
    for one, phone in zip(family, phones, strict=True):
        await phone.says("/start")
        await phone.presses("speak:en")
        await phone.says(one.name)
    keeper = phones[0]
    await keeper.presses("circle.make")
    await keeper.says(family[0].circle)
    for guest in phones[1:]:
        await keeper.says("/circles")
        await keeper.presses("circle")
        await keeper.presses("invite")
        await guest.says(f"/start {keeper.code()}")
        await guest.presses("join")
        await keeper.presses("door.open")
        await guest.presses("circle.hear")
    for one, phone in zip(family, phones, strict=True):
        await phone.says(one.words)
        await phone.says("/safe")
        await phone.presses("note")
        await phone.says(one.note)
        await phone.says("/rumour")
        await phone.says(f"They say that {one.rumour} has been taken away from the market")
        await phone.says(f"/verify Payvand says that {one.rumour} is at home and well")
    await phones[1].says("/sos")
    await phones[1].presses("call.note")
    await phones[1].says(family[1].cry)
    await phones[2].says(f"/help {family[2].cry}")  # meets the accident
    await phones[3].says("/privacy")
    await phones[3].presses("copy")
    await phones[3].presses("copied")
    await phones[3].says("/privacy")
    await phones[3].presses("forget")
    await phones[3].presses("forgotten")


@dataclass(frozen=True, slots=True)
class Loot:
    """What the thief has, and what they must not find in it."""

    hits: list[Hit]
    output: str
    canaries: set[str]
    searched: int

    def found_in(self, part: str) -> set[str]:
        """Give the canaries that were found where `part` stands in the place's name."""
        return canary.found([hit for hit in self.hits if part in hit.where])


async def robbed(directory: Path, size: int, *ways: str, recorder: Path | None = None) -> Loot:
    """Let a community live through it, take copies while it runs and after it stopped, and search all of it."""
    i18n.open_catalogues(strict=False)
    everybody = people(size)
    log = directory / "record"
    recipients = ", ".join(f'"{pyrage.x25519.Identity.generate().to_public()}"' for _ in range(2))
    more = f'\n[backup]\nrecipients = [{recipients}]\n\n[logs]\nlevel = "debug"\n'
    async with Emulator(strict=False) as emulator:
        place = await founded(directory, emulator.url, more=more)
        temporary = place.data / "temporary"
        temporary.mkdir()
        environment = {"TMPDIR": str(temporary)}
        if recorder is not None:
            environment |= disks.environment(recorder, place.data, log)
        process = await place.program(*ways, environment=environment).start()
        families = [everybody[start : start + CIRCLE] for start in range(0, size, CIRCLE)]
        for start in range(0, len(families), 10):
            await asyncio.gather(*(live(emulator, family) for family in families[start : start + 10]))
        if "tells-everything" not in ways:
            backing_up = await place.command("backup", environment=environment).start()
            assert await backing_up.wait() == 0, place.output.read_text()
        stolen = directory / "stolen"
        shutil.copytree(place.data, stolen)  # while it runs: the log still holds the newest
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0, place.output.read_text()
        assert emulator.problems == []
    canaries = {word for one in everybody for word in one.canaries}
    search = Search(canaries, [one.account for one in everybody])
    places = [place.data, stolen, place.output]
    hits = search.in_files(places)
    searched = sum(file.stat().st_size for one in places for file in (one, *one.rglob("*")) if file.is_file())
    if recorder is not None:
        ever = b"".join(disks.bytes_written(disks.read(log)))
        hits += search.in_bytes(ever, "what was ever written")
        searched += len(ever)
    everything = canaries | {str(one.account) for one in everybody}
    return Loot(hits, place.output.read_text(), everything, searched)


@pytest.mark.slow
@pytest.mark.timeout(3600)
async def test_a_thief_finds_no_canary_in_anything_the_bot_has_written(
    recorder: Path, tmp_path: Path, counted: Callable[[str], None]
) -> None:
    loot = await robbed(tmp_path, count(240), "meets-accidents", recorder=recorder)
    assert "update.accident" in loot.output
    assert list((tmp_path / "data" / "backups").glob("*.age"))
    assert len(loot.canaries) >= count(1000)
    counted(f"{len(loot.canaries)} canaries, {loot.searched} bytes searched, {len(loot.hits)} hits")
    assert loot.hits == []


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_control_in_a_plain_store_with_talkative_records_the_thief_finds_them(tmp_path: Path) -> None:
    loot = await robbed(tmp_path, 8, "tells-everything", "meets-accidents")
    everybody = people(8)
    kept = {one.name for one in everybody if one is not everybody[3] and one is not everybody[7]}
    assert kept <= loot.found_in("payvand.db")
    assert {str(one.account) for one in everybody} <= loot.found_in("payvand.db")
    assert loot.found_in("output")


# -- forgotten ------------------------------------------------------------------------------------------------------


def sealed_of(tx: Tx) -> dict[str, bytes]:
    """Read every sealed value there is, as it lies in the file."""
    found: dict[str, bytes] = {}
    for table in schema.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, Sealed):
                rows = tx.connection.execute(sa.select(sa.type_coerce(column, sa.LargeBinary)))
                for number, value in enumerate(rows.scalars()):
                    if value is not None:
                        found[f"{table.name}.{column.name} {number}"] = bytes(value)
    return found


async def left_over(directory: Path) -> tuple[set[bytes], set[bytes]]:
    """Let somebody live, tell, and be forgotten: the sealed values that are gone then, and those of them still found.

    The file itself is left plain, as for a thief who has its key: what is looked for are the sealed values inside.
    """
    storage = await sqlite.open_file(directory / "payvand.db", Keys(KEY))
    stage = Stage(storage)
    zarina, _daler, _safar = await stage.family("Zarina", "Daler", "Safar")
    for verb, words in (("note", "in the cellar"), ("call.note", "the bridge is gone")):
        await zarina.says("/safe" if verb == "note" else "/sos")
        await stage.in_code(zarina, verb)
        await zarina.says(words)
    before = set((await storage.read(sealed_of)).values())
    await zarina.says("/privacy")
    await stage.in_code(zarina, "forget")
    await stage.in_code(zarina, "forgotten")
    await stage.pass_time(timedelta(minutes=2))
    gone = before - set((await storage.read(sealed_of)).values())
    await storage.checkpoint()
    files = [path.read_bytes() for path in directory.iterdir() if path.is_file()]
    await storage.close()
    return gone, {value for value in gone if any(value in content for content in files)}


async def test_of_a_forgotten_person_no_sealed_byte_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    i18n.open_catalogues(strict=False)
    monkeypatch.setattr(sqlite, "connect", running.plainly)
    gone, found = await left_over(tmp_path)
    assert len(gone) > 5  # noqa: PLR2004 - name, address, news, notes, messages
    assert found == set()


# -- petitions and the search -----------------------------------------------------------------------------------------

NEW = (  # columns that petitions and the search have sealed
    *("petition.key", "petition_version.body", "petition_sponsor.name", "petition_signature.country"),
    *("petition_signature.public_name", "petition_packet.reference", "petition_packet.answer"),
    *("sought.record", "sought.question", "sought.source", "knock.form", "candidate.message"),
    *("candidate_note.words", "listed.body", "exported.record"),
    *("passing.recipient", "sought_former.former"),
)
SAID = tuple(
    f"{name} Canary"
    for name in (
        *("Titleia", "Letteria", "Backgroundia", "Demandia", "Draftia", "Sponsoria", "Publicia"),
        *("Referencia", "Answeria", "Soughtia", "Knockia", "Wordia", "Messagia", "Contactia", "Notia"),
        *("Sourcia", "Shelteria", "Recipientia"),
    )
)


async def confides(stage: Stage) -> dict[str, int]:
    """Let people write into every one of those columns; the numbers of what they made."""
    nigora, rustam = await writing.organisers(stage, "Nigora", "Rustam")
    (maria,) = await settled(stage, "Maria")
    one = await writing.opened(stage, nigora, rustam, maria)
    await writing.writes(nigora, "Draftia Canary")
    author = await id_of(stage, nigora)
    now = stage.now()

    def work(tx: Tx) -> dict[str, int]:
        texts = {(lang, part.key): f"{part.key.title()}ia Canary" for lang in LANGUAGES for part in Part}
        demands = {(lang, "icrc"): "Demandia Canary" for lang in LANGUAGES}
        draft = replace(letter(writing.KEY, now), texts=texts, demands=demands, sponsors=("Sponsoria Canary",))
        drafted = petitions.create(tx, author, draft, now).id
        sponsors.ask(tx, drafted, "Sponsoria Canary", "000000000001", now, organisation=True)
        found = petitions.find(tx, one.id)
        assert found is not None
        what = Declared(Mode.PUBLIC, "Publicia Canary", "TJ")
        assert signatures.sign(tx, found, [("memory", "7")], what, now, verified=True, country="TJ", wave="Wavia")
        number = ledger.record(tx, found, "icrc", 1, bytes(32), 2, now)
        for step, words in ((ledger.acknowledge, "Referencia Canary"), (ledger.answer, "Answeria Canary")):
            packet = ledger.find(tx, one.id, number)
            assert packet is not None
            if packet.sent_at is None:
                assert ledger.send(tx, packet, "post", 1, now)
                packet = ledger.find(tx, one.id, number)
                assert packet is not None
            assert step(tx, packet, words, now)
        later = now + timedelta(days=20)
        record = search.put(
            tx, Kind.MEMBER, Known(("Soughtia Canary",), 1984), now, person=author, may=May.KIN,
            question="teacher", answer="answeria", expires_at=later,
        )  # fmt: skip
        told = lists.Told("Sourcia Canary", "sourcia.canary/1", now, "alive", "Shelteria Canary")
        lists.put(tx, told, Known(("Soughtia Canary",)), now, later, consent=True)
        form = knocks.Form(Known(("Knockia Canary",)), "sibling", "Wordia Canary", {"teacher": "answeria"})
        seeker = search_seeker(tx)
        knocking = knocks.find(
            tx, knocks.add(tx, seeker, form, now, search_at=later, remind_at=later, expires_at=later)
        )
        assert knocking is not None
        case = knocks.propose(tx, knocking, record, 0.9, proved=True, state=Case.OPEN, now=now)
        assert case is not None
        knocks.change(tx, case, messages={"seeker.words": "Messagia Canary", "seeker.contact": "Contactia Canary"})
        matches.note(tx, case, "Notia Canary", 1, now, later)
        knocks.are_two(tx, knocking, record, later)
        knocks.use(tx, f"person/{seeker}", now, timedelta(days=30))
        # to whom the list goes every member reads: it is no secret, but that somebody agreed to it is
        for whose in (lists.Whose(record=record), lists.Whose(search=knocking.id)):
            lists.say_yes(tx, whose, "Recipientia Canary", now, later)
        knocks.replaced(tx, 1, record, now)
        lists.passed_on(tx, lists.to_pass_on(tx, now, "canary.example"), now)
        while search.index(tx):
            pass
        return {"petition": one.id, "draft": drafted, "record": record, "knock": knocking.id, "seeker": seeker}

    return await stage.storage.write(work)


def search_seeker(tx: Tx) -> int:
    """Somebody who only looks."""
    met = people_kept.meet(tx, Sender("memory", "1", "seekeria-canary"), BEGIN)
    assert met.person is not None
    people_kept.change(tx, met.person.id, name="Seekeria Canary", language="en")
    return met.person.id


def everywhere(directory: Path) -> bytes:
    """All that a thief gets."""
    return b"".join(path.read_bytes() for path in sorted(directory.iterdir()) if path.is_file())


async def test_no_word_of_a_petition_or_a_search_stands_in_the_file_and_none_stays_after_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file itself is plain here, as for a thief who has its key: what is looked for lies sealed within."""
    i18n.open_catalogues(strict=False)
    monkeypatch.setattr(sqlite, "connect", running.plainly)
    keys = Keys(KEY)
    keys.petitions = notes.throwaway("Nur", BEGIN)
    storage = await sqlite.open_file(tmp_path / "payvand.db", keys)
    stage = Stage(storage)
    made = await confides(stage)
    before = await storage.read(sealed_of)
    assert {one for one in NEW if not any(name.startswith(f"{one} ") for name in before)} == set(), "all are in use"
    await storage.checkpoint()
    content = everywhere(tmp_path)
    assert [word for word in SAID if word.encode() in content] == []
    assert b"/petition/" in content, "control: the file can be read"

    def end(tx: Tx) -> None:
        later = stage.now() + timedelta(days=200)
        knocks.erase(tx, made["knock"])
        people_kept.forget(tx, made["seeker"])
        search.expire(tx, later)
        lists.passed_on(tx, lists.to_pass_on(tx, stage.now(), "canary.example"), stage.now())
        lists.passed_on(tx, lists.to_pass_on(tx, later, "canary.example"), later)
        knocks.sweep(tx, later)
        sponsors.expire(tx, later)
        one = petitions.newest(tx, made["draft"])
        assert one is not None
        assert petitions.take_step(tx, one, Deed.DROP, Who.AUTHOR, stage.now()) is not None
        found = petitions.find(tx, made["petition"])
        assert found is not None
        assert signatures.withdraw(tx, found, [("memory", "7")], stage.now()) == 1

    await storage.write(end)
    after = await storage.read(sealed_of)
    stays = ("petition.key", "petition_version.body", "petition_packet", "petition_sponsor.name")
    left = {name for name in after if name.startswith(NEW) and not name.startswith(stays)}
    assert left == set(), "what was not published is gone"
    gone = set(before.values()) - set(after.values())
    assert len([name for name, value in before.items() if value in gone and name.startswith(NEW)]) >= 10  # noqa: PLR2004
    await storage.checkpoint()
    content = everywhere(tmp_path)
    await storage.close()
    assert {value for value in gone if value in content} == set()


async def test_control_without_secure_deletion_they_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    i18n.open_catalogues(strict=False)
    monkeypatch.setattr(sqlite, "connect", running.plainly)
    monkeypatch.setattr(sqlite, "PRAGMAS", tuple(one.replace("delete = ON", "delete = OFF") for one in sqlite.PRAGMAS))
    _gone, found = await left_over(tmp_path)
    assert found
