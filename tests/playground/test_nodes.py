"""Markup becomes plain data: only what is on the list stays a tag, and every word stays a word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from bot.platforms.playground.nodes import TAGS, Node, nodes, words


def tags_of(tree: list[Node]) -> set[str]:
    found: set[str] = set()
    for node in tree:
        if not isinstance(node, str):
            tag, inside = node["tag"], node["inside"]
            assert isinstance(tag, str)
            assert isinstance(inside, list)
            found |= {tag} | tags_of(inside)
    return found


def test_tags_nest_and_links_keep_their_address() -> None:
    text = Markup('Hi <b>you <i>two</i></b>, <a href="https://example.org/?a=1&amp;b=2">go</a> &lt;here&gt;')
    assert nodes(text) == [
        "Hi ",
        {"tag": "b", "inside": ["you ", {"tag": "i", "inside": ["two"]}]},
        ", ",
        {"tag": "a", "inside": ["go"], "link": "https://example.org/?a=1&b=2"},
        " <here>",
    ]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("<img src=x onerror=y>look", "look"),
        ("<b onclick=x>bold</b>", "bold"),
        ("<i>never closed", "never closed"),
        ("closed</b> twice</i>", "closed twice"),
        ("<b><i>crossed</b> over</i>", "crossed over"),
    ],
)
def test_what_is_not_on_the_list_loses_its_tag_and_keeps_its_words(text: str, read: str) -> None:
    tree = nodes(Markup(text))  # noqa: S704 - the point of the test
    assert words(tree) == read
    assert tags_of(tree) <= TAGS
    assert "onclick" not in str(tree)


@given(st.text())
def test_escaped_words_come_back_as_they_were(text: str) -> None:
    # Line ends are made one kind by every reader of HTML; a person's carriage return is none of our concern here.
    text = text.replace("\r", "").replace("\x00", "")
    assert words(nodes(Markup.escape(text))) == text


@given(st.text(alphabet="<>/abi =\"'&;#x1!-", max_size=60))
def test_no_text_whatever_makes_an_unknown_tag(text: str) -> None:
    assert tags_of(nodes(Markup(text))) <= TAGS  # noqa: S704 - the point of the test
