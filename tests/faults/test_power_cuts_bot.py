"""After any power cut under the whole running bot, every update that Telegram forgot is there, with all its letters."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.faults import count, disks, outage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_no_power_cut_under_the_running_bot_loses_what_telegram_forgot(
    recorder: Path, tmp_path: Path, counted: Callable[[str], None]
) -> None:
    recording = await outage.recorded(tmp_path, recorder, outage.OFTEN)
    written = disks.read(recording.log)[: recording.until_halfway]
    assert disks.undisturbed(written, recording.data, before=recording.before) == recording.halfway
    verdict = await asyncio.to_thread(outage.cut, recording, count(2000), 5)
    counted(str(verdict))
    assert verdict.disks == count(2000)
    assert verdict.promised > len(outage.COMMUNITY.numbers) / 4 * count(2000)
    assert (verdict.lost, verdict.half, verdict.unsound) == (0, 0, 0)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_control_with_normal_syncing_the_running_bot_loses_what_telegram_forgot(
    recorder: Path, tmp_path: Path, counted: Callable[[str], None]
) -> None:
    recording = await outage.recorded(tmp_path, recorder, "synchronous=NORMAL")
    verdict = await asyncio.to_thread(outage.cut, recording, 60, 6)
    counted(str(verdict))
    assert verdict.lost > 0
    assert verdict.unsound == 0
