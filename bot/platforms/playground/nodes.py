"""Safe markup as a small tree of plain data, so that the page builds its nodes itself and never parses HTML."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from markupsafe import Markup

TAGS = frozenset({"b", "i", "u", "s", "code", "pre", "a"})

Node: TypeAlias = "str | dict[str, str | list[Node]]"


class _Reader(HTMLParser):
    """Grows the tree. What is not on the list keeps its words and loses its tag."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tree: list[Node] = []
        self._open: list[tuple[str, list[Node]]] = [("", self.tree)]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            return
        inside: list[Node] = []
        node: dict[str, str | list[Node]] = {"tag": tag, "inside": inside}
        if tag == "a":
            node["link"] = dict(attrs).get("href") or ""
        self._open[-1][1].append(node)
        self._open.append((tag, inside))

    def handle_endtag(self, tag: str) -> None:
        if any(tag == name for name, _ in self._open[1:]):
            while self._open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        self._open[-1][1].append(data)


def nodes(text: Markup) -> list[Node]:
    """Make the tree of a text: strings, and ``{"tag": "b", "inside": [...]}`` with ``"link"`` when the tag is ``a``."""
    reader = _Reader()
    reader.feed(str(text))
    reader.close()
    return reader.tree


def words(tree: list[Node]) -> str:
    """Only the words of a tree."""
    parts: list[str] = []
    for node in tree:
        if isinstance(node, str):
            parts.append(node)
        elif isinstance(inside := node["inside"], list):
            parts.append(words(inside))
    return "".join(parts)
