"""All sequences of what a few accounts can do: none lets one person alone publish beyond the emergency."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from bot import i18n
from bot.domain.bulletin import Claim, Draft, Status
from bot.domain.conversation import Outgoing
from bot.domain.refusals import Refusal
from bot.domain.roles import Role
from handlers import desk
from handlers.updates import broadcast, drafting, reviewing, wording
from storage import bulletins, drafts, proposals, roles, vouchers
from storage.database import Storage, Tx
from storage.schema import bulletin as published
from storage.schema import draft, role
from tests import sequences
from tests.sequences import LINKS, Caught, any_second, link, meet, undone, walk
from tests.stage import BEGIN
from tests.storage.servers import ONE_ENGINE

ACCOUNTS = ("a", "a2", "b", "c")  # a2 is a's other account, and may be linked; c was given their right by a steward
LENGTH = 5


@dataclass
class World(sequences.World):
    """What else this walk remembers."""

    published: int = 0
    alone: int = 0


Deed = Callable[[World], object]


def _draft(world: World, account: str) -> object:
    who = world.person(account)
    if drafts.of(world.tx, who, 9):
        raise Refusal
    one = Draft(claims=(Claim(Status.CONFIRMED),), texts={"en": {"title": "T", "claim.0": "C"}})
    return drafts.put(world.tx, who, one, BEGIN)


def _only(world: World, account: str) -> drafts.Kept:
    found = drafts.of(world.tx, world.person(account), 9)
    if not found:
        raise Refusal
    return found[0]


def _propose(world: World, account: str) -> object:
    one = _only(world, account)
    if drafting.waiting(world.ask(account), world.tx, one.id):
        raise Refusal  # nothing new
    texts = reviewing.texts_of(world.tx, one.draft, BEGIN, reviewed=True)
    return reviewing.put(world.ask(account, one.id, wording.seal(texts)), world.tx)


def _agree(world: World, account: str) -> object:
    waiting = proposals.of_kind(world.tx, drafting.KIND, Role.MODERATOR, BEGIN)
    if not waiting:
        raise Refusal
    kept = drafts.find(world.tx, int(waiting[0].body["draft"]))
    assert kept is not None
    texts = reviewing.texts_of(world.tx, kept.draft, BEGIN, reviewed=True)
    return reviewing.agreed(world.ask(account, waiting[0].id, wording.seal(texts)), world.tx)


def _alone(world: World, account: str) -> object:
    one = _only(world, account)
    texts = reviewing.texts_of(world.tx, one.draft, BEGIN, reviewed=False)
    return reviewing.alone_yes(world.ask(account, one.id, wording.seal(texts)), world.tx)


def _confirm(world: World, account: str) -> object:
    waiting = [one for one in bulletins.newest(world.tx, 9) if one.unreviewed_until is not None]
    if not waiting:
        raise Refusal
    texts = reviewing.reviewed_texts(world.tx, waiting[0])
    return reviewing.confirm(world.ask(account, waiting[0].number, wording.seal(texts)), world.tx)


def _give(world: World, account: str, by: str) -> object:
    who = world.person(account)
    if roles.held(world.tx, who, Role.MODERATOR, BEGIN):
        raise Refusal
    vouchers.note(world.tx, who, [world.person(by)])
    return desk.given(world.tx, who, Role.MODERATOR, BEGIN, by=world.person(by))


def _take(world: World, account: str) -> object:
    held = roles.held(world.tx, world.person(account), Role.MODERATOR, BEGIN)
    if held is None:
        raise Refusal
    roles.take(world.tx, held)
    return None


def _lapse(world: World, account: str) -> object:
    held = roles.held(world.tx, world.person(account), Role.MODERATOR, BEGIN)
    if held is None:
        raise Refusal
    over = BEGIN - timedelta(days=1)
    world.tx.execute(role.update().where(role.c.id == held.number).values(expires_at=over))
    return None


DEEDS: dict[str, Deed] = {
    **{f"{one} writes": partial(_draft, account=one) for one in ("a", "b")},
    **{f"{one} proposes": partial(_propose, account=one) for one in ("a", "a2", "b")},
    **{f"{one} agrees": partial(_agree, account=one) for one in ACCOUNTS},
    "a publishes alone": partial(_alone, account="a"),
    **{f"{one} confirms": partial(_confirm, account=one) for one in ACCOUNTS},
    LINKS: link,
    "a gives c a right": partial(_give, account="c", by="a"),
    "b's right is taken": partial(_take, account="b"),
    "b gives b a right": partial(_give, account="b", by="c"),
    "a's right lapses": partial(_lapse, account="a"),
}


def look(world: World, before: dict[int, Any], actor: str) -> None:
    """Whatever is published beyond the emergency has two people with distance behind it."""
    for row in world.tx.execute(sa.select(published)).all():
        if row.unreviewed_until is not None:
            assert row.alone == 1
            world.alone += row.number not in before
            continue
        if before.get(row.number) == "sure":
            continue  # looked at when it happened; who is linked later had been two
        world.published += 1
        second = world.person(actor)
        if world.linked() >= {row.author_id, row.reviewer_id}:
            raise Caught(world.trail, "linked accounts")
        if row.author_id is None or row.reviewer_id is None or row.author_id == row.reviewer_id:
            raise Caught(world.trail, "one person")
        if row.reviewer_id != second or row.author_id in vouchers.near(world.tx, second):
            raise Caught(world.trail, "no distance")
        if roles.held(world.tx, second, Role.MODERATOR, BEGIN) is None:
            raise Caught(world.trail, "no right")


def state(tx: Tx) -> dict[int, Any]:
    """What is published."""
    rows = tx.execute(sa.select(published.c.number, published.c.unreviewed_until)).all()
    return {row.number: "sure" if row.unreviewed_until is None else "alone" for row in rows}


def look_alike(world: World) -> object:
    """Everything that decides what can happen next, without random numbers: from equal ones nothing else follows."""
    tx = world.tx
    who = {world.person(account): account for account in reversed(ACCOUNTS)}
    of = {row.id: who.get(row.author_id) for row in tx.execute(sa.select(draft.c.id, draft.c.author_id))}
    waiting = [
        (who[one.proposer], of.get(int(one.body["draft"])))
        for one in proposals.of_kind(tx, drafting.KIND, Role.MODERATOR, BEGIN)
    ]
    held = tuple(sorted(who[one.person] for one in roles.holders(tx, Role.MODERATOR, BEGIN)))
    near = tuple(sorted((who[one], tuple(sorted(who[other] for other in vouchers.near(tx, one)))) for one in who))
    out = [(row.number, who[row.author_id], row.unreviewed_until) for row in tx.execute(sa.select(published)).all()]
    drafted = tuple(sorted(map(repr, of.values())))
    return tuple(sorted(who.values())), drafted, tuple(waiting), held, near, tuple(out), LINKS in world.trail


def everybody(tx: Tx) -> World:
    """Four accounts of four people; a, a2 and b are moderators."""
    world = World(tx)
    for account in ACCOUNTS:
        who = meet(world, account)
        if account != "c":
            roles.give(tx, who, Role.MODERATOR, BEGIN)
    return world


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """No delivery."""

    def nothing(*_args: object) -> list[Outgoing]:
        return []

    i18n.open_catalogues()
    for name in ("begin", "confirmed", "translated"):
        monkeypatch.setattr(broadcast, name, nothing)


def run(tx: Tx, length: int) -> World:
    """Walk from the beginning, and leave nothing."""
    found: list[World] = []
    with undone(tx):
        world = everybody(tx)
        found.append(world)
        walk(world, length, DEEDS, state, look, look_alike)
    return found[0]


@ONE_ENGINE
@pytest.mark.slow
async def test_no_sequence_lets_one_person_alone_publish(storage: Storage) -> None:
    world = await storage.write(partial(run, length=LENGTH))
    assert world.steps > 500  # noqa: PLR2004
    assert world.published
    assert world.alone, "and the walk reaches what it is about"


def _no_self(tx: Tx, one: int, other: int | None) -> None:
    """The check without its heart."""
    del tx, one, other


@ONE_ENGINE
async def test_control_without_author_and_reviewer_kept_apart_it_is_found(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reviewing, "_apart", _no_self)
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
