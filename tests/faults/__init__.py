"""What happens to people's words when machines fail: power cuts, kills, full disks, cancelled tasks, stolen copies."""

from __future__ import annotations

import os
from zlib import crc32

FULL = os.environ.get("PAYVAND_PROOF") == "full"


def count(full: int, share: int = 20) -> int:
    """How often a fault is tried: `full` times with ``PAYVAND_PROOF=full`` (`make proof`), otherwise one of `share`."""
    return full if FULL else max(1, full // share)


def is_tried(name: str, of: int = 4) -> bool:
    """Whether one of many alike is tried: every one in full, otherwise one `of` so many, always the same ones."""
    return FULL or crc32(name.encode()) % of == 0
