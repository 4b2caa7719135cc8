"""A lock screen shows one of two sentences to somebody with a right, and neither says that they have one."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.conversation import Outgoing
from bot.domain.roles import Role
from handlers import desk
from storage import broadcasts, outbox
from storage.database import Tx
from tests.family.looking import id_of
from tests.family.test_desk import give, moderators, stewards
from tests.family.test_desk import people as settled
from tests.family.test_desk import proposes as proposes_right
from tests.family.test_outages import declare
from tests.house.sources import HOUSE, python_files, tree_of
from tests.stage import Actor, Stage
from tests.updates.desk import opens, proposes, writes
from tests.updates.test_hotline import answers, takes
from tests.updates.test_hotline import writes as writes_to_the_line
from tests.updates.test_reviewing import alone
from tests.updates.test_rumours import asks

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NEUTRAL = (desk.WAITS, desk.PRESSES)
BETRAYING = ("desk", "moderator", "steward", "organiser", "right", "bulletin", "draft", "case", "line", "publish")


class Mail:
    """Every letter that was posted, of those that are no answer where somebody wrote and change no older message."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.letters: list[Outgoing] = []
        post = outbox.post

        def note(tx: Tx, letters: Sequence[Outgoing], now: datetime) -> None:
            own = {one.to for one in letters if one.at is not None}  # who has pressed just now looks at the screen
            self.letters += [one for one in letters if one.at is None and not one.edit and one.to not in own]
            post(tx, letters, now)

        patch.setattr(outbox, "post", note)

    async def to(self, *actors: Actor) -> list[Outgoing]:
        """Those to these people, and none of them any more."""
        ids = {await id_of(actor.stage, actor) for actor in actors}
        found = [one for one in self.letters if one.to in ids]
        self.letters.clear()
        return found


@pytest.fixture
def mail(monkeypatch: pytest.MonkeyPatch) -> Mail:
    return Mail(monkeypatch)


def neutral(letters: Sequence[Outgoing], least: int = 1) -> None:
    assert len(letters) >= least
    assert [one.text for one in letters if one.text not in NEUTRAL] == []
    assert all(one.choices and one.choices[0][0].code for one in letters), "the rest stands behind a button"


def test_the_two_sentences_name_nothing() -> None:
    for line in NEUTRAL:
        words = line.msgid.lower().rstrip(".").replace(".", "").split()
        assert not set(words) & set(BETRAYING)


async def test_rights_are_given_renewed_and_ended_without_a_word_on_a_lock_screen(stage: Stage, mail: Mail) -> None:
    anna, bahrom, chaman = everybody = await stewards(stage)
    mail.letters.clear()
    await proposes_right(anna, chaman)
    neutral(await mail.to(*everybody))
    await bahrom.says("/desk")
    await bahrom.presses("Give a right: moderator")
    await bahrom.presses("I agree")
    neutral(await mail.to(*everybody))
    await stage.pass_time(78 * DAY, 2 * DAY)
    neutral(await mail.to(*everybody), 3)  # asked whether they want to keep them
    await stage.in_code(chaman, "desk.own")
    await chaman.presses("Yes, ask for it")
    neutral(await mail.to(*everybody), 2)
    await stage.pass_time(14 * DAY, 2 * DAY)
    neutral(await mail.to(*everybody), 3)  # ended


async def test_a_bulletin_from_its_draft_to_its_correction_says_nothing(stage: Stage, mail: Mail) -> None:
    anna, bahrom, chaman = everybody = await moderators(stage, "Anna", "Bahrom", "Chaman")
    mail.letters.clear()
    await writes(anna)
    await anna.presses("Ask for translations")
    neutral(await mail.to(*everybody), 2)
    await stage.in_code(bahrom, "draft")
    await bahrom.presses("Русский")
    for words in ("Дорога открыта", "Машины ездят с полудня.", "Водитель", "Проедут ли грузовики."):
        await bahrom.says(words)
    neutral(await mail.to(*everybody))
    await anna.says("/desk")
    await anna.presses("Drafts")
    await anna.presses("The road is open")
    await proposes(anna)
    neutral(await mail.to(*everybody), 2)
    await opens(bahrom)
    await bahrom.presses("Publish it")
    assert "Published: No. 1" in bahrom.screen
    assert [one.text for one in await mail.to(*everybody) if one.text not in NEUTRAL] == []
    await alone(anna, "Danger")
    neutral(await mail.to(bahrom, chaman), 2)
    await stage.in_code(bahrom, "alone.see")
    assert "One person has published this alone." in bahrom.last
    await writes(anna)
    mail.letters.clear()
    await stage.pass_time(80 * DAY, DAY)
    assert [one.text for one in await mail.to(*everybody) if one.text not in NEUTRAL] == []
    assert anna.screen.count(desk.WAITS.msgid) > 0
    assert await stage.storage.read(lambda tx: broadcasts.find(tx, 1)) is not None


async def test_the_line_rumours_and_outages_say_nothing(stage: Stage, mail: Mail) -> None:
    anna, bahrom = everybody = await moderators(stage, "Anna", "Bahrom")
    zarina, daler = await settled(stage, "Zarina", "Daler")
    mail.letters.clear()
    await writes_to_the_line(zarina)
    neutral(await mail.to(*everybody), 2)
    await stage.pass_time(25 * HOUR, HOUR)
    neutral(await mail.to(*everybody), 2)  # still waiting
    await takes(anna)
    await answers(anna)
    await stage.in_code(anna, "hotlines.one")
    await anna.presses("Hand it over")
    neutral(await mail.to(*everybody))
    await takes(bahrom)
    await stage.pass_time(24 * DAY, DAY)
    neutral(await mail.to(*everybody))  # soon erased
    await zarina.says("/privacy")
    await zarina.presses("Forget me")
    await zarina.presses("Yes, forget me")
    neutral(await mail.to(*everybody))
    await asks(daler)
    neutral(await mail.to(*everybody), 2)
    await declare(stage, anna, bahrom)
    await stage.pass_time(70 * HOUR, HOUR)
    neutral(await mail.to(*everybody), 3)


async def test_a_roll_call_says_nothing_until_it_is_looked_at(stage: Stage, mail: Mail) -> None:
    anna, bahrom = everybody = await moderators(stage, "Anna", "Bahrom")
    await give(stage, anna, Role.STEWARD)
    mail.letters.clear()
    await anna.says("/desk")
    await anna.presses("Roll-calls")
    await anna.presses("Ask a district")
    await anna.says("Khorog")
    for code in ("region.hours", "region.look", "region.put"):
        await stage.in_code(anna, code)
    await bahrom.says("/desk")
    await stage.in_code(bahrom, "region.see")
    await stage.in_code(bahrom, "region.yes")
    neutral(await mail.to(*everybody), 2)
    await stage.in_code(anna, "region.board")
    assert "Roll-call: Khorog" in anna.last


# -- no other sentence can be said -----------------------------------------------------------------------------------


def calls(name: str) -> Iterator[tuple[Path, ast.FunctionDef, ast.expr]]:
    """Where such a word is said: the file, the function, and the sentence."""
    for path in python_files("handlers"):
        for function in ast.walk(tree_of(path)):
            if not isinstance(function, ast.FunctionDef):
                continue
            for one in ast.walk(function):
                if isinstance(one, ast.Call) and name == getattr(one.func, "attr", getattr(one.func, "id", "")):
                    yield path, function, one.args[2]


def is_neutral(said: ast.expr, function: ast.FunctionDef) -> bool:
    match said:
        case ast.Attribute(attr="WAITS" | "PRESSES") | ast.Name(id="WAITS" | "PRESSES"):
            return True
        case ast.IfExp(body=one, orelse=other):
            return is_neutral(one, function) and is_neutral(other, function)
        case ast.Name(id=name):
            given = [one.value for one in ast.walk(function) if isinstance(one, ast.Assign) and name in names(one)]
            passed = function.name == "tell_others" and name == "text"  # its callers are looked at
            return passed or (bool(given) and all(is_neutral(one, function) for one in given))
    return False


def names(one: ast.Assign) -> set[str]:
    return {target.id for target in one.targets if isinstance(target, ast.Name)}


def test_every_quiet_word_is_one_of_the_two_sentences() -> None:
    found = [*calls("quietly"), *calls("tell_others")]
    assert len(found) > 12  # noqa: PLR2004 - it looks at something
    assert [
        f"{path.relative_to(HOUSE)}:{said.lineno}" for path, function, said in found if not is_neutral(said, function)
    ] == []


def test_control_another_sentence_is_found() -> None:
    function = ast.parse('def f():\n    text = _("A draft waits.")\n    return quietly(tx, who, text, now)').body[0]
    assert isinstance(function, ast.FunctionDef)
    assert not is_neutral(ast.Name("text"), function)
