"""The bot dies while somebody signs: a signature stands in the log once or not at all, and counts as often."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType

import pytest

from bot.domain import petition_log
from bot.domain.conversation import Incoming
from bot.domain.petition_log import Sign
from storage import envelope, petition_logs, signatures
from storage.database import Full
from storage.schema import petition_nullifier
from tests.family.looking import forge
from tests.petitions.signing import begun, petition_of, signs
from tests.petitions.test_signing import somebody
from tests.stage import Stage
from tests.storage.servers import ONE_ENGINE

KEY = envelope.make()


async def is_whole(stage: Stage, which: int, count: int) -> None:
    """Log, counts, records and nullifiers say the same."""
    one = await petition_of(stage, which)
    found = await stage.storage.read(lambda tx: list(petition_logs.entries(tx, which)))
    signed = [place for place, entry in found if isinstance(entry, Sign)]
    records = await stage.storage.read(lambda tx: [place for place, _ in signatures.records(tx, which)])
    marks = await stage.storage.read(lambda tx: [row.place for row in tx.execute(petition_nullifier.select())])
    assert signed == records == marks
    assert one.count == len(signed) == count
    assert petition_log.replay([entry for _place, entry in found]).count == count


@ONE_ENGINE
async def test_a_yes_that_is_heard_again_after_a_crash_signs_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    which, _anna = await begun(stage, KEY)
    zarina = await somebody(stage)
    heard: list[Sequence[Incoming]] = []
    hear = Stage.hear

    async def noted(self: Stage, batch: Sequence[Incoming]) -> None:
        heard.append(batch)
        await hear(self, batch)

    monkeypatch.setattr(Stage, "hear", noted)
    for one in stage.platforms:
        one.connect(stage.hear)
    await signs(stage, zarina, which)
    await is_whole(stage, which, 1)
    stage.app = stage.open()  # it died before the platform heard that the update was taken
    await stage.hear(heard[-1])
    await stage.settle()
    await is_whole(stage, which, 1)


@ONE_ENGINE
@pytest.mark.parametrize(("module", "name"), [(petition_logs, "append"), (signatures, "sign")])
async def test_what_dies_before_it_is_durable_was_never_there_and_can_be_said_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str
) -> None:
    which, _anna = await begun(stage, KEY)
    zarina = await somebody(stage)
    after = getattr(module, name)

    def dies(*args: object, **more: object) -> None:
        after(*args, **more)
        raise Full

    with monkeypatch.context() as patched:
        patched.setattr(module, name, dies)
        with pytest.raises(Full):
            await signs(stage, zarina, which)
    await is_whole(stage, which, 0)
    await signs(stage, zarina, which)
    await is_whole(stage, which, 1)


@ONE_ENGINE
async def test_a_program_that_forgets_what_it_heard_still_counts_once(stage: Stage) -> None:
    which, _anna = await begun(stage, KEY)
    zarina = await somebody(stage)
    for _time in range(3):
        await signs(stage, zarina, which)
    await forge(stage, zarina, "petition.stop")
    await is_whole(stage, which, 1)


@ONE_ENGINE
async def test_control_a_program_without_the_nullifier_would_be_found(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    which, _anna = await begun(stage, KEY)
    zarina = await somebody(stage)
    monkeypatch.setattr(signatures, "places", lambda *_args: [])
    monkeypatch.setattr(signatures, "accounts", lambda *_args: [("memory", str(len(calls)))])
    calls: list[int] = []
    for _time in range(2):
        calls.append(1)
        await signs(stage, zarina, which)
    with pytest.raises(AssertionError):
        await is_whole(stage, which, 1)
