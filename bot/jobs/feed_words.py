"""What a feed says of itself, as plain values: in a process of its own (``walls``), with nothing of the house in it."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

MOST = 50  # entries
LONGEST = 6000  # characters of one value


def found(data: bytes, kind: str) -> dict[str, Any] | None:
    """Its title and entries; None if it is no feed. `kind` is the Content-Type that it came with."""
    import feedparser  # noqa: PLC0415 - only the process of its own waits for it

    told = feedparser.parse(io.BytesIO(data), response_headers={"content-type": kind} if kind else {})
    if not told.get("version") and not told.entries:
        return None
    return {"title": _short(told.feed, "title"), "entries": [_entry(one) for one in told.entries[:MOST]]}


def _entry(one: Any) -> dict[str, Any]:  # noqa: ANN401 - feedparser has no types
    at = next((one[name] for name in ("published_parsed", "updated_parsed") if name in one), None)
    return {name: _short(one, name) for name in ("id", "title", "summary", "link")} | {"at": list(at) if at else None}


def _short(one: Any, name: str) -> str:  # noqa: ANN401 - as above
    return str(one.get(name, "") or "")[:LONGEST]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(found(sys.stdin.buffer.read(), sys.argv[1])))
