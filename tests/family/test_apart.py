"""Somebody may be in several circles: none of them learns of another, nor who is in it."""

from __future__ import annotations

from tests.stage import Actor, Stage


async def newest(stage: Stage, actor: Actor, circle: str) -> None:
    """Open the circle with this name."""
    await actor.says("/circles")
    message = actor.messages[-1]
    code = next(one.code for one in message.choices if circle in one.label)
    await stage.memory.press(actor.account, message.id, code)
    await stage.settle()


async def test_whoever_answers_a_call_for_help_is_named_only_where_they_are_known(stage: Stage) -> None:
    caller, mother, brother = await stage.family("Caller", "Mother", "Brother", circle="Family")
    await caller.says("/circles")
    await stage.in_code(caller, "circle.make")
    await caller.says("Work")
    colleague = stage.actor("colleague")
    await colleague.settles_in("Colleague")
    await newest(stage, caller, "Work")
    await stage.in_code(caller, "invite")
    await colleague.starts(stage.code_of(caller))
    await stage.in_code(colleague, "join")
    await stage.in_code(caller, "door.open")

    await caller.says("/sos")
    await colleague.presses("taking care")
    await brother.presses("taking care")

    assert caller.sees("Taking care: Brother and Colleague")
    assert mother.sees("Taking care: Brother")
    assert colleague.sees("Taking care: Colleague")
    assert not mother.sees("Colleague")
    assert not brother.sees("Colleague")
    assert not colleague.sees("Brother")
