"""Two accounts of one person: how long a code lives, and what a newly linked account must wait for."""

from __future__ import annotations

from datetime import timedelta

CODE_LIFE = timedelta(minutes=10)  # to type the code, and then to confirm it
UNSEEN = timedelta(hours=24)  # circle news is not shown at a new address for so long: its owner may be a thief
SHOWN = timedelta(days=7)  # both sides show the link for so long, and only the older one can undo it
