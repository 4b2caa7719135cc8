"""Matrix, encrypted from end to end: letters out through a `Courier`, news in by sync, and nothing decided here.

async with Matrix(homeserver, user, password=..., directory=..., key=..., kept=..., keep=...) as matrix:
    await matrix.listen(receive)        # receive(batch) returns once the batch is committed
"""

from __future__ import annotations

from bot.platforms.matrix.account import Matrix
from bot.platforms.matrix.errands import Receive
from bot.platforms.matrix.intake import IntakeStopped
from bot.platforms.matrix.shapes import Health, Kept

__all__ = ["Health", "IntakeStopped", "Kept", "Matrix", "Receive"]
