"""All sequences of what a few accounts can do: none lets one person, or two who are near, open a petition alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest
import sqlalchemy as sa

from bot import i18n
from bot.domain.petition import State
from bot.domain.refusals import Refusal
from bot.domain.roles import Role
from handlers import desk
from handlers.petitions import drafting, reviewing
from handlers.petitions.drafting import KIND
from storage import envelope, petitions, proposals, roles, sponsors, vouchers
from storage.database import Storage, Tx
from storage.schema import petition, petition_version
from tests import sequences
from tests.petitions.signing import letter
from tests.sequences import LINKS, Caught, any_second, link, meet, undone, walk
from tests.stage import BEGIN
from tests.storage.servers import ONE_ENGINE

# a2 is a's other account and may be linked; c was given their right by a; d stands under the letter
ACCOUNTS = ("a", "a2", "b", "c", "d")
LENGTH = 6
KEY = envelope.make()
CODE = "123456789012"


@dataclass
class World(sequences.World):
    """What else this walk remembers."""

    opened: int = 0

    def newest(self) -> petitions.Version:
        """The newest version of the only petition. Raises Refusal if there is none."""
        which = self.tx.execute(sa.select(petition.c.id)).scalar()
        found = None if which is None else petitions.newest(self.tx, which)
        if found is None:
            raise Refusal
        return found


Deed = Callable[[World], object]


def _writes(world: World, account: str) -> object:
    if world.tx.execute(sa.select(petition.c.id)).scalar() is not None:
        raise Refusal
    desk.organiser(world.ask(account), world.tx)
    made = petitions.create(world.tx, world.person(account), letter(KEY, BEGIN), BEGIN)
    sponsors.ask(world.tx, made.id, "", CODE, BEGIN, organisation=False)
    found = sponsors.asked_by(world.tx, CODE, BEGIN)
    assert found is not None
    made_text = world.newest().letter.text_digest()
    return sponsors.confirm(world.tx, found, CODE, world.person("d"), "D", made_text, BEGIN)


def _offers(world: World, account: str) -> object:
    one = world.newest()
    found = petitions.find(world.tx, one.petition)
    assert found is not None
    for each in sponsors.of(world.tx, one.petition):
        sponsors.renew(world.tx, each, one.letter.text_digest(), BEGIN)  # who stands under it says so again
    ready = drafting.standing(world.tx, one.petition, one.letter)
    return reviewing.offer(world.ask(account, one.petition, reviewing.seal(ready)), world.tx)


def _waiting(world: World) -> proposals.Proposal:
    waiting = proposals.of_kind(world.tx, KIND, Role.ORGANISER, BEGIN)
    if not waiting:
        raise Refusal
    return waiting[0]


def _opens(world: World, account: str) -> object:
    seal = reviewing.seal(world.newest().letter)
    return reviewing.agreed(world.ask(account, _waiting(world).id, seal), world.tx)


def _refuses(world: World, account: str) -> object:
    return reviewing.refused(world.ask(account, _waiting(world).id, "unclear"), world.tx)


def _takes_back(world: World, account: str) -> object:
    return reviewing.take_back(world.ask(account, world.newest().petition), world.tx)


def _new_version(world: World, account: str) -> object:
    return drafting.version(world.ask(account, world.newest().petition), world.tx)


def _changes(world: World, account: str) -> object:
    one = world.newest()
    ask = world.ask(account, one.petition, 1000)
    return drafting.goal(ask, world.tx)


def _takes(world: World, account: str) -> object:
    held = roles.held(world.tx, world.person(account), Role.ORGANISER, BEGIN)
    if held is None:
        raise Refusal
    roles.take(world.tx, held)
    return None


DEEDS: dict[str, Deed] = {
    **{f"{one} writes": partial(_writes, account=one) for one in ("a", "b")},
    **{f"{one} offers": partial(_offers, account=one) for one in ("a", "a2", "b")},
    **{f"{one} opens": partial(_opens, account=one) for one in ACCOUNTS},
    "b refuses": partial(_refuses, account="b"),
    "a refuses": partial(_refuses, account="a"),
    "a takes back": partial(_takes_back, account="a"),
    "a begins a version": partial(_new_version, account="a"),
    "a changes it": partial(_changes, account="a"),
    LINKS: link,
    "b's right is taken": partial(_takes, account="b"),
}


def opened(tx: Tx) -> dict[int, bytes]:
    """The versions that were opened, each with the digest of what it says now."""
    found = tx.execute(sa.select(petition_version.c.petition_id, petition_version.c.version)).all()
    versions = (petitions.version(tx, row.petition_id, row.version) for row in found)
    return {one.number: one.letter.digest() for one in versions if one is not None and one.opened_at is not None}


def look(world: World, before: dict[int, bytes], actor: str) -> None:
    """Whatever was opened has two people with distance behind it, and says what it said."""
    now = opened(world.tx)
    if any(now.get(number) != digest for number, digest in before.items()):
        raise Caught(world.trail, "changed")
    for number in now.keys() - before.keys():
        world.opened += 1
        one = world.newest()
        found = petitions.find(world.tx, one.petition)
        assert found is not None
        who = world.person(actor)
        if world.linked() >= {found.author, who}:
            raise Caught(world.trail, "linked accounts")
        if one.number != number or found.author in {None, who} or one.reviewer != who:
            raise Caught(world.trail, "one person")
        assert found.author is not None
        if who in sponsors.people_of(world.tx, one.petition) or who in vouchers.near(world.tx, found.author):
            raise Caught(world.trail, "no distance")
        if roles.held(world.tx, who, Role.ORGANISER, BEGIN) is None:
            raise Caught(world.trail, "no right")


def look_alike(world: World) -> object:
    """Everything that decides what can happen next, without random numbers: from equal ones nothing else follows."""
    tx = world.tx
    who = {world.person(account): account for account in reversed(ACCOUNTS)}
    waiting = [who[one.proposer] for one in proposals.of_kind(tx, KIND, Role.ORGANISER, BEGIN)]
    held = tuple(sorted(who[one.person] for one in roles.holders(tx, Role.ORGANISER, BEGIN)))
    rows = tx.execute(sa.select(petition_version.c.version, petition_version.c.state)).all()
    authors = tuple(who.get(one) for one in tx.execute(sa.select(petition.c.author_id)).scalars())
    return tuple(waiting), held, tuple(sorted(map(tuple, rows))), authors, LINKS in world.trail


def run(tx: Tx, length: int) -> World:
    """Walk from the beginning, and leave nothing."""
    i18n.open_catalogues()
    world = World(tx)
    with undone(tx):
        for account in ACCOUNTS:
            roles.give(tx, meet(world, account), Role.ORGANISER, BEGIN)
        vouchers.note(tx, world.person("c"), [world.person("a")])
        walk(world, length, DEEDS, opened, look, look_alike)
    return world


@ONE_ENGINE
async def test_no_sequence_lets_one_person_alone_open_a_petition(storage: Storage) -> None:
    world = await storage.write(partial(run, length=LENGTH))
    assert world.steps > 100  # noqa: PLR2004
    assert world.opened, "the walk reaches what it is about"


@ONE_ENGINE
async def test_control_without_the_two_kept_apart_it_is_found(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reviewing, "_apart", lambda *_args: None)
    monkeypatch.setattr(desk, "second", any_second)
    with pytest.raises(Caught):
        await storage.write(partial(run, length=3))


@ONE_ENGINE
async def test_control_if_linked_accounts_were_two_it_is_found(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DEEDS, LINKS, lambda _world: None)  # known to be linked, and still two
    with pytest.raises(Caught, match="linked accounts"):
        await storage.write(partial(run, length=4))


@ONE_ENGINE
async def test_control_if_what_was_opened_could_be_changed_it_is_found(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(tx: Tx, which: int, number: int, what: object, now: object) -> bool:
        del now
        values = {"body": petitions.packed(what)}  # type: ignore[arg-type]
        mine = (petition_version.c.petition_id == which) & (petition_version.c.version == number)
        return tx.execute(petition_version.update().where(mine).values(**values)).rowcount == 1

    monkeypatch.setattr(petitions, "change", change)
    monkeypatch.setattr(drafting, "CHANGEABLE", frozenset(State))
    with pytest.raises(Caught, match="changed"):
        await storage.write(partial(run, length=4))
