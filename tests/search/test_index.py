"""The blind index: finds by equality alone, keeps nothing of what is erased, and gives a thief nothing to join."""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from benchmarks import made_names, names_stolen
from bot.domain import names
from bot.domain.knock import Kind, Known, May
from bot.domain.names import kept
from bot.domain.names.verdict import Verdict
from storage import circles, people, relatives, schema, search
from storage.database import Tx
from storage.sqlite import open_file
from tests.storage.test_migrations import make_file, opened

if TYPE_CHECKING:
    from pathlib import Path

    from storage.crypto import Keys
    from storage.database import Storage

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
JAMSHED = Known(("Ҷамшед Ёров",), 1984, ("Хоруғ",))


def fill(tx: Tx, records: list[Known]) -> list[int]:
    which = [search.put(tx, Kind.LIST, one, NOW) for one in records]
    while search.index(tx, 100):
        pass
    return which


def made(count: int, seed: int = 1) -> list[Known]:
    return [Known((one,)) for one in made_names.made(count, 1, seed).records]


def find(tx: Tx, name: str, most: int = 10, **more: Any) -> list[search.Hit]:  # noqa: ANN401 - what else is known
    return search.candidates(tx, Known((name,), **more), most)


def lists(tx: Tx) -> list[tuple[int, bytes]]:
    return [(mac, one) for mac, one in tx.execute(sa.select(schema.sought_list.c.mac, schema.sought_list.c.records))]


def rows(tx: Tx) -> list[tuple[int, int]]:
    """Each place of each list, and whose it is."""
    stored = lists(tx)
    opened = search._Hashes(tx).opened(stored)  # noqa: SLF001
    return [(mac, owner) for (mac, _), owners in zip(stored, opened, strict=True) for owner in owners]


def owners(tx: Tx) -> set[int]:
    return {owner for _, owner in rows(tx)} - {search.NOBODY}


@pytest.mark.parametrize(
    "asked", ["Djamched Iorov", "Чамшед Еров", "جمشید یاروف", "Iorov Djamched", "Ҷамжед Ёров", "Ҷамшедҷон Ёров"]
)
async def test_a_name_is_found_in_another_script_order_and_spelling(storage: Storage, asked: str) -> None:
    which = (await storage.write(partial(fill, records=[*made(30), JAMSHED])))[-1]
    best = (await storage.write(partial(find, name=asked)))[0]
    assert best.record == which
    assert best.known == JAMSHED


async def test_year_and_place_put_the_right_one_of_two_namesakes_first(storage: Storage) -> None:
    other = Known(("Ҷамшед Ёров",), 1961, ("Кӯлоб",))
    first, _second = await storage.write(partial(fill, records=[JAMSHED, other]))
    for born, place, right in ((1985, "Khorog", 0), (1961, "Куляб", 1)):
        hits = await storage.write(partial(find, name="Djamched Iorov", born=born, places=(place,)))
        assert hits[0].record == (first, _second)[right]
        assert {hits[0].born, hits[0].place} <= {Verdict.MATCH, Verdict.NEAR}
        assert Verdict.MISMATCH in {hits[1].born, hits[1].place}


async def test_what_is_erased_leaves_neither_a_record_nor_a_row(storage: Storage) -> None:
    def work(tx: Tx) -> None:
        which = fill(tx, made(60))
        before = Counter(mac for mac, _ in rows(tx))
        search.erase(tx, which[:30])
        assert Counter(mac for mac, _ in rows(tx)) == before, "lists stay as long: nobody sees what went"
        assert owners(tx) == set(which[30:])
        search.replace(tx, which[40], JAMSHED)
        search.index(tx)
        assert find(tx, "Djamched Iorov")[0].record == which[40]
        search.erase(tx, which[30:])
        assert not owners(tx)
        assert not find(tx, "Djamched Iorov")

    await storage.write(work)


async def test_lists_are_as_long_as_powers_of_two_and_no_row_is_like_another(storage: Storage) -> None:
    def work(tx: Tx) -> None:
        fill(tx, made(200))
        lengths = Counter(mac for mac, _ in rows(tx))
        assert {length for length in lengths.values() if names.padded(length) != length} == set()
        assert max(lengths.values()) >= 8  # noqa: PLR2004
        places = Counter(
            one[at : at + 4]
            for _, one in lists(tx)
            for at in range(search._NONCE, len(one), search._NUMBER)  # noqa: SLF001
        )
        assert places.total() == lengths.total()
        assert places.most_common(1)[0][1] <= 2, "two places of one record have nothing in common"  # noqa: PLR2004

    await storage.write(work)


async def test_an_index_that_outgrows_its_bits_finds_meanwhile_and_afterwards(storage: Storage) -> None:
    def work(tx: Tx) -> None:
        which = fill(tx, [JAMSHED, *made(100)])
        which += [search.put(tx, Kind.LIST, one, NOW) for one in made(200, 2)]
        bits = set()
        while search.index(tx, 60):
            bits.add(len({mac.bit_length() for mac, _ in rows(tx)}))
            assert find(tx, "Djamched Iorov")[0].record == which[0]
        assert 2 in bits, "it was seen on its way"  # noqa: PLR2004
        assert len({mac.bit_length() for mac, _ in rows(tx)}) == 1
        state = search._state(tx)  # noqa: SLF001
        assert (state.records, state.oldest) == (301, state.bits)
        assert find(tx, "Djamched Iorov")[0].record == which[0]

    await storage.write(work)


async def test_an_index_of_other_keys_is_built_anew(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    which = (await storage.write(partial(fill, records=[*made(20), JAMSHED])))[-1]
    honest = names.keys
    monkeypatch.setattr(names, "keys", lambda *name, **more: frozenset(f"{key}!" for key in honest(*name, **more)))
    monkeypatch.setattr(names, "near", lambda _name: frozenset())
    hits = await storage.write(partial(find, name="Djamched Iorov"))
    assert which not in {hit.record for hit in hits}
    monkeypatch.setattr(names, "VERSION", names.VERSION + 1)

    def work(tx: Tx) -> None:
        while search.index(tx, 8):
            pass
        assert find(tx, "Djamched Iorov")[0].record == which
        assert search._state(tx).records == 21  # noqa: SLF001, PLR2004
        search.erase(tx, [which])
        assert which not in owners(tx)

    await storage.write(work)


async def test_a_list_that_grows_too_long_holds_nobody_and_comes_back_when_few_are_left(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "TOO_LONG", 8)

    def work(tx: Tx) -> None:
        which = fill(tx, [*[JAMSHED] * 9, *made(20)])
        assert not owners(tx) & set(which[:9]), "it is too long"
        assert not {hit.record for hit in find(tx, "Djamched Iorov")} & set(which[:9]), "and says nothing"
        assert {len(one) for _, one in lists(tx)} >= {search._NONCE + 2 * search._NUMBER}, "and looks like one of two"  # noqa: SLF001
        more = fill(tx, [JAMSHED] * 2)
        search.erase(tx, which[:6])
        fill(tx, [])
        assert not owners(tx) & {*which[6:9], *more}, "five would be too many just after it was"
        search.erase(tx, more)
        while search.index(tx, 10):
            pass
        assert {hit.record for hit in find(tx, "Djamched Iorov")} >= set(which[6:9])
        search.erase(tx, which[6:])
        assert not owners(tx)

    await storage.write(work)


async def test_nobody_fills_a_list_alone(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "TOO_LONG", 8)

    def work(tx: Tx) -> None:
        (brother,) = fill(tx, [JAMSHED])
        bad, keeper = [people.new(tx, NOW) for _ in range(2)]
        circle = circles.make(tx, "Family", keeper)
        for who in [*[bad] * 12, *(relatives.add(tx, circle, f"Ghost {at}", NOW) for at in range(12))]:
            search.put(tx, Kind.MEMBER if who == bad else Kind.RELATIVE, JAMSHED, NOW, person=who, may=May.KIN)
        while search.index(tx, 5):
            pass
        assert brother in {hit.record for hit in find(tx, "Djamched Iorov")}

    await storage.write(work)


async def test_of_more_of_one_name_than_are_opened_each_is_opened_some_day(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "SHORT", 256)  # as it is in proportion where there are many records

    def work(tx: Tx) -> None:
        which = fill(tx, [JAMSHED] * 200)
        asked, dice = Known(("Djamched Iorov",)), Random(1)
        likeliest = {hit.record for _day in range(60) for hit in search.candidates(tx, asked, 200)}
        assert len(likeliest) == search.RANKED, "the control: without the lot it is always the same"
        days = [search.candidates(tx, asked, 200, dice=dice) for _day in range(60)]
        assert {hit.record for hits in days for hit in hits} == {*which}

    await storage.write(work)


def without_parts(tx: Tx) -> None:
    """As records were kept before the parts of their names were: sealed JSON."""
    for row in tx.execute(sa.select(schema.sought.c.id, schema.sought.c.record)).all():
        known = search._unpacked(row.record).known  # noqa: SLF001
        said = json.dumps({"n": known.names, "b": known.born, "p": known.places}).encode().ljust(488)
        tx.execute(schema.sought.update().where(schema.sought.c.id == row.id).values(record=said))


def stale(tx: Tx) -> int:
    return sum(search._unpacked(one).stale for one in tx.execute(sa.select(schema.sought.c.record)).scalars())  # noqa: SLF001


@pytest.mark.parametrize("form", ["none", "other"])
async def test_names_in_parts_of_other_rules_are_found_and_written_anew(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    which = (await storage.write(partial(fill, records=[*made(20), JAMSHED])))[-1]

    def work(tx: Tx) -> None:
        if form == "none":
            without_parts(tx)
        else:
            while search.renew(tx, 8):
                pass
            monkeypatch.setattr(kept, "FORM", kept.FORM + 1)
        assert stale(tx) == 21  # noqa: PLR2004
        assert find(tx, "Djamched Iorov")[0].known == JAMSHED
        search.replace(tx, which, JAMSHED)
        assert stale(tx) == 20, "whatever is changed is written by the rules of now"  # noqa: PLR2004
        search.renew(tx, 8)
        assert 0 < stale(tx) < 20  # noqa: PLR2004
        while search.renew(tx, 8):
            pass
        assert stale(tx) == 0
        while search.index(tx):
            pass
        assert find(tx, "Djamched Iorov")[0].record == which

    await storage.write(work)


@pytest.mark.parametrize(
    "names", [("Ҷамшед Ёров",), ("Ё",), ("",), ("Абдураҳмонҷон Муҳаммадраҳимзода Ғиёсиддинович" * 2,) * 3]
)
async def test_a_sealed_record_has_one_length_whoever_it_is(storage: Storage, names: tuple[str, ...]) -> None:
    def work(tx: Tx) -> None:
        which = search.put(tx, Kind.LIST, Known(names, 1984, ("Хоруғ", "Душанбе")), NOW)
        raw = tx.execute(sa.text("SELECT length(record) FROM sought")).scalar_one()
        assert raw == 1 + 12 + 496 + 16
        one = search.held(tx, which)
        assert one is not None
        assert one.known == Known(names, 1984, ("Хоруғ", "Душанбе"))

    await storage.write(work)


async def test_an_answer_is_compared_and_nowhere_kept(storage: Storage) -> None:
    def work(tx: Tx) -> None:
        one = search.put(tx, Kind.MEMBER, JAMSHED, NOW, may=May.KIN, question="nickname", answer="pista")
        two = search.put(tx, Kind.MEMBER, JAMSHED, NOW, may=May.KIN, question="nickname", answer="pista")
        assert search.proves(tx, one, {"nickname": "pista"})
        for wrong in ({"nickname": "pista2"}, {"teacher": "pista"}, {"nickname": ""}, {}):
            assert not search.proves(tx, one, wrong)
        kept = tx.execute(sa.select(schema.sought.c.answer)).scalars().all()
        assert len(set(kept)) == len({one, two}), "equal answers are not equal in the store"

    await storage.write(work)


async def test_a_question_asks_as_many_lists_whoever_is_there(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 0
    execute = Tx.execute

    def counted(*arguments: Any) -> object:  # noqa: ANN401 - as `Tx.execute`
        nonlocal count
        count += 1
        return execute(*arguments)

    def asked(tx: Tx, name: str) -> int:
        nonlocal count
        count = 0
        search.candidates(tx, Known((name,)))
        return count

    await storage.write(partial(fill, records=[JAMSHED, *made(50)]))
    monkeypatch.setattr(Tx, "execute", counted)
    there = await storage.write(partial(asked, name="Ҷамшед Ёров"))
    absent = await storage.write(partial(asked, name="Қамбар Зуров"))
    assert there == absent


async def test_any_name_may_be_asked_for(storage: Storage) -> None:
    await storage.write(partial(fill, records=[JAMSHED]))
    dice = random.Random(7)
    strange = ["", "…", "A", "\u202eҶамшед", "😀" * 50, "".join(chr(dice.randrange(32, 0x2FFF)) for _ in range(60))]
    for name in strange:
        assert isinstance(await storage.write(partial(find, name=name)), list)


async def test_lengths_of_lists_name_hardly_anybody(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thief of `benchmarks.names_stolen`; the control is an index of lists as long as they are."""
    monkeypatch.setattr(search, "SHORT", 8)  # as it is in proportion where there are many records
    told = await names_stolen.measured(storage, 2_000)
    assert told["as stored"].records <= 0.5  # noqa: PLR2004 - per cent
    assert told["without all this"].records > 0.5  # noqa: PLR2004


async def test_records_of_an_older_index_are_found_after_the_migration(keys: Keys, tmp_path: Path) -> None:
    path, said = tmp_path / "payvand.db", {"n": ["Зарина Каримова"], "b": 1990, "p": []}
    older = json.dumps(said, ensure_ascii=False).encode().ljust(search._RECORD)  # noqa: SLF001
    make_file(path, keys, "0004", full=False)
    with opened(path, keys) as (_raw, connection):
        row = {"id": search.NOBODY - 1, "kind": int(Kind.LIST), "record": older, "knock": 0, "since": NOW}
        connection.execute(schema.sought.insert(), {**row, "bits": 16})
        connection.execute(schema.fact.insert(), {"name": "search", "value": f"1 16 16 {names.VERSION}"})
        connection.execute(sa.text("INSERT INTO sought_key (mac, record) VALUES (65537, 1)"))
        connection.commit()
    store = await open_file(path, keys)
    try:
        asked = Known(("Karimova Zarina",), 1990, ())
        assert await store.write(search.index) == 1
        assert await store.write(search.renew) == 1
        (hit,) = await store.read(partial(search.candidates, asked=asked))
        assert (hit.record, hit.known.names) == (search.NOBODY - 1, ("Зарина Каримова",))
        await store.write(partial(search.erase, which=[hit.record]))
        assert not await store.read(partial(search.candidates, asked=asked))
    finally:
        await store.close()
