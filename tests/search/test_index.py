"""The blind index: finds by equality alone, keeps nothing of what is erased, and gives a thief nothing to join."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from benchmarks import made_names
from bot.domain import names
from bot.domain.knock import Kind, Known, May
from bot.domain.names.verdict import Verdict
from storage import schema, search
from storage.database import Tx

if TYPE_CHECKING:
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


def find(tx: Tx, name: str, **more: Any) -> list[search.Hit]:  # noqa: ANN401 - what else is known
    return search.candidates(tx, Known((name,), **more))


def rows(tx: Tx) -> list[tuple[int, int]]:
    return [(mac, row) for mac, row in tx.execute(sa.select(schema.sought_key.c.mac, schema.sought_key.c.record))]


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
        owners = set(search._Hashes(tx).opened(rows(tx))) - {-1}  # noqa: SLF001
        assert owners == set(which[30:])
        search.replace(tx, which[40], JAMSHED)
        search.index(tx)
        assert find(tx, "Djamched Iorov")[0].record == which[40]
        search.erase(tx, which[30:])
        assert set(search._Hashes(tx).opened(rows(tx))) == {-1}  # noqa: SLF001
        assert not find(tx, "Djamched Iorov")

    await storage.write(work)


async def test_lists_are_as_long_as_powers_of_two_and_no_row_is_like_another(storage: Storage) -> None:
    def work(tx: Tx) -> None:
        fill(tx, made(200))
        lengths = Counter(mac for mac, _ in rows(tx))
        assert {length for length in lengths.values() if names.padded(length) != length} == set()
        assert max(lengths.values()) >= 8  # noqa: PLR2004
        hidden = Counter(row & (1 << search._HIDDEN) - 1 for _, row in rows(tx))  # noqa: SLF001
        assert hidden.most_common(1)[0][1] == 1, "two rows of one record have nothing in common"

    await storage.write(work)


async def test_an_index_that_outgrows_its_bits_finds_meanwhile_and_afterwards(storage: Storage) -> None:
    def work(tx: Tx) -> None:
        which = [search.put(tx, Kind.LIST, one, NOW) for one in [JAMSHED, *made(300)]]
        for _ in range(2):
            search.index(tx, 60)
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
