"""All sequences of what a few accounts can do, tried one after the other on one database: what two walks share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import sqlalchemy as sa

from bot.domain.conversation import Sender
from bot.domain.refusals import Refusal
from bot.domain.roles import Authority
from handlers import desk
from handlers.ask import Ask, base36
from storage import merging, people, proposals
from storage.database import Tx
from storage.schema import address
from tests.stage import BEGIN

LINKS = "a links a2"  # the deed by which two accounts become one person's


class Caught(AssertionError):  # noqa: N818 - what the walk says
    """One person alone has done what needs two, or changed what two have agreed to."""


@dataclass
class World:
    """What the walk remembers of itself; everything else is in the database."""

    tx: Tx
    trail: list[str] = field(default_factory=list)
    steps: int = 0
    seen: dict[object, int] = field(default_factory=dict)

    def person(self, account: str) -> int:
        """Who stands behind an account now."""
        query = sa.select(address.c.person_id).where(address.c.account == f"memory/{account}")
        who: int = self.tx.execute(query).scalar_one()
        return who

    def ask(self, account: str, *args: int | str) -> Ask:
        """What the account presses."""
        who = people.find(self.tx, self.person(account))
        assert who is not None
        codes = tuple(base36(one) if isinstance(one, int) else one for one in args)
        return Ask(who, BEGIN, BEGIN, 1, Sender("memory", "1", account), lambda _payload: "", args=codes)

    def linked(self) -> set[int]:
        """Who stands behind the two accounts that were linked, if they were."""
        return {self.person("a"), self.person("a2")} if LINKS in self.trail else set()


W = TypeVar("W", bound=World)
S = TypeVar("S")


def meet(world: World, account: str) -> int:
    """Let the person of an account write for the first time; their number."""
    met = people.meet(world.tx, Sender("memory", "1", account), BEGIN)
    assert met.person is not None
    people.change(world.tx, met.person.id, language="en", name=account)
    return met.person.id


def link(world: World) -> object:
    """A deed: a2 becomes a second account of a. Raises Refusal if it is one already."""
    one, other = world.person("a"), world.person("a2")
    if one == other:
        raise Refusal
    return merging.merge(world.tx, other, one, BEGIN)


def any_second(ask: Ask, tx: Tx, by: Authority, kind: str, which: int) -> proposals.Proposal:
    """A control: `desk.second` that takes whoever comes."""
    one = desk.proposed(ask, tx, by, kind, which)
    proposals.withdraw(tx, one, one.proposer)
    return one


@contextmanager
def undone(tx: Tx) -> Iterator[None]:
    """What happens in it has not happened afterwards."""
    with tx.savepoint():
        yield
        tx.undo()


def walk(  # noqa: PLR0913, PLR0917 - a walk has this many parts
    world: W,
    left: int,
    deeds: Mapping[str, Callable[[W], object]],
    state: Callable[[Tx], S],
    look: Callable[[W, S, str], None],
    look_alike: Callable[[W], object],
) -> None:
    """Do each deed, and after it each again, `left` of them. What is refused changes nothing: nothing new follows it.

    `look` is given the `state` from before a deed and the account that did it, and raises Caught. From worlds with
    equal `look_alike` nothing else can follow.
    """
    before = state(world.tx)
    for name, deed in deeds.items():
        with undone(world.tx):
            try:
                with world.tx.savepoint():
                    deed(world)
            except Refusal:
                continue
            world.steps += 1
            world.trail.append(name)
            look(world, before, name.split()[0].removesuffix("'s"))
            here = look_alike(world)
            if left > 1 and world.seen.get(here, 0) < left - 1:
                world.seen[here] = left - 1
                walk(world, left - 1, deeds, state, look, look_alike)
            world.trail.pop()
