"""Telegram's HTML, read as strictly as its server reads it: plain text and entities, or a refusal."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from tests.telegram.facts import length

_TOKEN = re.compile(
    r"<(?P<close>/?)(?P<tag>[a-zA-Z-]+)(?P<rest>[^<>]*)>|&(?P<entity>[#\w]+);|(?P<bad>[<])|.", re.DOTALL
)
_HREF = re.compile(r"""\s+href=(?:"([^"]*)"|'([^']*)')\s*""")
_KINDS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "blockquote": "blockquote",
}
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}


class Unparsable(Exception):  # noqa: N818 - it names what happened
    """The server would answer "can't parse entities"."""


@dataclass(slots=True)
class _Open:
    tag: str
    at: int
    url: str


def read_html(text: str) -> tuple[str, list[dict[str, Any]]]:
    """Plain text (trimmed, as the server does) and its entities. Raises `Unparsable`."""
    out: list[str] = []
    size = 0
    stack: list[_Open] = []
    entities: list[dict[str, Any]] = []
    for token in _TOKEN.finditer(text):
        if token["bad"]:
            msg = "Unsupported start tag"
            raise Unparsable(msg)
        if token["tag"] is None:
            said = _named(token["entity"]) if token["entity"] else token[0]
            out.append(said)
            size += length(said)
        elif token["close"]:
            if not stack or stack[-1].tag != token["tag"].lower():
                msg = f"Unmatched end tag </{token['tag']}>"
                raise Unparsable(msg)
            entities.extend(_entity(stack.pop(), size))
        else:
            stack.append(_opened(token, size))
    if stack:
        msg = f"Can't find end tag corresponding to start tag {stack[-1].tag}"
        raise Unparsable(msg)
    return _trimmed("".join(out), entities)


def _opened(token: re.Match[str], at: int) -> _Open:
    tag = token["tag"].lower()
    if tag not in _KINDS:
        msg = f'Unsupported start tag "{tag}"'
        raise Unparsable(msg)
    if tag != "a":
        return _Open(tag, at, "")
    href = _HREF.fullmatch(token["rest"])
    return _Open(tag, at, (href[1] or href[2] or "") if href else "")


def _entity(opened: _Open, end: int) -> list[dict[str, Any]]:
    if end == opened.at or (opened.tag == "a" and not opened.url):
        return []
    entity: dict[str, Any] = {"type": _KINDS[opened.tag], "offset": opened.at, "length": end - opened.at}
    if opened.tag == "a":
        entity["url"] = opened.url
    return [entity]


def _named(name: str) -> str:
    if name.startswith("#"):
        digits = name[1:]
        try:
            return chr(int(digits[1:], 16) if digits[:1] in {"x", "X"} else int(digits))
        except (ValueError, OverflowError):
            return f"&{name};"
    return _NAMED.get(name, f"&{name};")


def _trimmed(text: str, entities: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    left = length(text) - length(text.lstrip())
    trimmed = text.strip()
    whole = length(trimmed)
    kept = []
    for entity in sorted(entities, key=lambda one: (one["offset"], -one["length"])):
        start = max(0, entity["offset"] - left)
        end = min(whole, entity["offset"] - left + entity["length"])
        if end > start:
            kept.append({**entity, "offset": start, "length": end - start})
    return trimmed, kept
