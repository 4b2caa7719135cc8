"""What happens to people's words when machines fail: power cuts, kills, full disks, cancelled tasks, stolen copies."""

from __future__ import annotations

import os

FULL = os.environ.get("PAYVAND_PROOF") == "full"


def count(full: int) -> int:
    """How often a fault is tried: `full` times under ``PAYVAND_PROOF=full`` (`make proof`), a twentieth of it otherwise."""
    return full if FULL else max(1, full // 20)
