"""What a stranger could tell by the clock from the answer to a search: whether somebody of that name is known here.

Names of four fates are tried in turn: somebody would be found, nobody may look, erased, nobody's. Beside it what most
people would write: a bot that looks before it answers. A guess by the clock alone is right in 50 % of pairs.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median

from benchmarks import community, machine, made_names
from benchmarks.contest import Contest, Contestant, Figure, Measured, module
from bot.app import App
from bot.domain.conversation import Incoming, Outgoing, Pressed
from bot.domain.knock import Kind, Known, May
from handlers import router
from handlers.ask import Ask
from handlers.search import knock, looking_up
from storage import knocks, people, schema, search
from storage.database import Tx

BOT = "5550001"
FATES = ("found", "closed", "erased", "nobody")
TRIED = 1000  # names of each fate
EACH = 10  # that one account tries
AT_ONCE = 500  # rows of one transaction
WARM_UP = 200
NOW = datetime.now(UTC)


def _held(tx: Tx, names: list[tuple[str, str]]) -> None:
    """A record for each name that has one: of a person who may be found, or of one whom nobody may look for."""
    for name, fate in names:
        if fate != "nobody":
            may = May.NOBODY if fate == "closed" else May.KIN
            search.put(tx, Kind.MEMBER, Known((name,), 1984, ("Хоруғ",)), NOW, person=people.new(tx, NOW), may=may)


def _erased(tx: Tx, names: set[str]) -> None:
    gone = [one.id for one in search.of_kind(tx, Kind.MEMBER) if one.known.names[0] in names]
    search.erase(tx, gone)


def _asks(tx: Tx, account: int, name: str) -> None:
    """The account has answered every question of the form, and looks at everything once more."""
    met = people.meet(tx, community.sender(BOT, account), NOW).person
    if met is None:
        raise LookupError(account)
    people.change(tx, met.id, language="en", name="Somebody")
    form = {"names": json.dumps([name]), "born": 1984, "places": json.dumps(["Хоруғ"]), "relation": "kin"}
    people.keep_dialogue(tx, met.id, json.dumps(form | {"what": "knock", "step": "look"}), NOW + timedelta(hours=1))


def _look_first(ask: Ask, tx: Tx) -> list[Outgoing]:
    """As most people would write it: look whether somebody is there, do what follows from it, and then answer."""
    letters = knock.put(ask, tx)
    knocks.search_again(tx, knocks.of(tx, ask.person.id)[-1].id, ask.now)
    return [*letters, *looking_up.watch(tx, looking_up.look(tx, ask.now), ask.now)]


async def measure(home: Path, tried: int) -> dict[str, list[float]]:
    """Milliseconds from a press to its durable answer, by what would become of the name."""
    made = list(dict.fromkeys(made_names.made(len(FATES) * tried * 2, 1, 3).records))[: len(FATES) * tried]
    fates = {name: FATES[at % len(FATES)] for at, name in enumerate(made)}
    waits: dict[str, list[float]] = {fate: [] for fate in FATES}
    async with community.opened(home) as storage:
        for at in range(0, len(made), AT_ONCE):
            await storage.write(partial(_held, names=list(fates.items())[at : at + AT_ONCE]))
        while await storage.write(search.index):
            pass
        await storage.write(partial(_erased, names={name for name, fate in fates.items() if fate == "erased"}))
        app, numbers, dice = App(storage, [], {}), count(), random.Random(7)
        order = [*dice.choices(made, k=WARM_UP), *dice.sample(made, len(made))]
        shown = machine.progress("names tried", len(order))
        for number, name in zip(numbers, order, strict=False):
            if number % EACH == 0:  # the quota of a day, and how many searches one has, are not what is measured
                await storage.write(lambda tx: [tx.execute(schema.throttle.delete())])
            account = number // EACH
            await storage.write(partial(_asks, account=account, name=name))
            press = Incoming(str(number), community.sender(BOT, account), datetime.now(UTC), Pressed("knock.put", ""))
            began = time.perf_counter()
            await app.receive([press])
            if number >= WARM_UP:
                waits[fates[name]].append((time.perf_counter() - began) * 1000)
            shown(number + 1)
        kept = await storage.read(lambda tx: len(tx.execute(schema.knock.select()).all()))
        if kept != len(order):
            raise RuntimeError(kept)
    return waits


def right(one: list[float], other: list[float]) -> float:
    """In how many of 100 pairs a stranger tells the two apart by which took longer (the area under the curve)."""
    ranks = sorted([(each, 0) for each in one] + [(each, 1) for each in other])
    above = sum(rank for rank, (_wait, which) in enumerate(ranks, 1) if which == 0) - len(one) * (len(one) + 1) / 2
    share = above / (len(one) * len(other))
    return 100 * max(share, 1 - share)


def _measured(waits: dict[str, list[float]]) -> Measured:
    told = {f"{fate}_right": right(waits[fate], waits["nobody"]) for fate in FATES[:-1]}
    return {**{fate: median(waits[fate]) for fate in FATES}, **told}


def contest(*, quick: bool) -> Contest:
    """What `python -m benchmarks looking` measures."""
    tried = "200" if quick else str(TRIED)
    return Contest(
        title=f"What the answer to a search tells by the clock ({tried} names of each fate)",
        aim="50 % of pairs told apart, as by a coin",
        contestants=(
            Contestant("Payvand", module("benchmarks.looking", "ours", tried)),
            Contestant("a bot that looks before it answers", module("benchmarks.looking", "looks", tried)),
        ),
        figures=(
            *(Figure(fate, f"ms, {fate}", 2) for fate in FATES),
            *(Figure(f"{fate}_right", f"% told apart, {fate} from nobody", 1) for fate in FATES[:-1]),
        ),
        patience=1200,
    )


def main() -> None:
    """One measurement, as JSON."""
    who, tried = sys.argv[1], int(sys.argv[2])
    if who == "looks":
        router.BUTTONS = {**router.BUTTONS, "knock.put": _look_first}
    machine.pin(machine.bot_core())
    with tempfile.TemporaryDirectory() as home:
        print(json.dumps(_measured(asyncio.run(measure(Path(home), tried)))))


if __name__ == "__main__":
    main()
