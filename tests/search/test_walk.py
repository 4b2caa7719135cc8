"""The way of a search on the stage; tests/telegram and tests/matrix walk it over their platforms' protocols."""

from __future__ import annotations

from datetime import timedelta

from tests.search.desk_walk import desk_walk
from tests.search.walk import walk
from tests.stage import Actor, Stage
from tests.storage.servers import ONE_ENGINE


class Phone:
    """An actor who looks only at the newest message."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor

    async def settles_in(self, name: str, language: str) -> None:
        await self.actor.settles_in(name, language)

    async def says(self, words: str) -> None:
        await self.actor.says(words)

    async def chooses(self, label: str) -> None:
        assert any(label in one for one in self.actor.buttons), (label, self.actor.last, self.actor.buttons)
        await self.actor.presses(label)

    async def reads(self, *words: str) -> str:
        last = self.actor.last
        assert all(word in last for word in words), (words, last)
        return last


async def test_a_sister_finds_her_brother_and_a_stranger_learns_nothing(stage: Stage) -> None:
    zebo, karim, olim, stranger = (stage.actor(name) for name in ("zebo", "karim", "olim", "stranger"))
    hands = (Phone(zebo), Phone(karim), Phone(olim), Phone(stranger))
    last = await walk(*hands, stage.storage, lambda: stage.pass_time(timedelta(minutes=2)))
    assert "answer" not in last.replace("What only kin know: answered.", "").lower()
    for nobody in (olim, stranger):
        assert not nobody.sees("something new for you")
        assert not nobody.sees("has answered")
    assert not zebo.sees("1961")


@ONE_ENGINE
async def test_two_moderators_part_a_namesake_from_a_brother_and_see_nobody(stage: Stage) -> None:
    zebo, karim, olim, anna, bahrom = (Phone(stage.actor(name)) for name in ("zebo", "karim", "olim", "anna", "bahrom"))
    hands = (zebo, karim, olim, anna, bahrom)
    await desk_walk(*hands, stage.storage, stage.now(), lambda: stage.pass_time(timedelta(minutes=2)))
    assert not olim.actor.sees("something new for you"), "the namesake's keeper is asked nothing"
