"""The page about what is stored says something of every column, and nothing of columns that are not there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from storage import crypto, schema

PAGE = (Path(__file__).parents[2] / "storage" / "README.md").read_text("utf-8")
LINE = re.compile(
    r"^\| `(?P<column>\w+\.\w+)` \|(?P<why>[^|]+)\|(?P<long>[^|]+)\|(?P<kept>[^|]+)\|(?P<given>[^|]+)\|$", re.MULTILINE
)
TOLD = {
    match["column"]: {name: cell.strip() for name, cell in match.groupdict().items()} for match in LINE.finditer(PAGE)
}
COLUMNS = {f"{table.name}.{column.name}": column for table in schema.metadata.sorted_tables for column in table.columns}


@pytest.mark.parametrize("column", COLUMNS)
def test_every_column_is_explained(column: str) -> None:
    assert column in TOLD, f"storage/README.md must say why {column} is there, for how long, and what it gives away"
    assert all(TOLD[column].values())


def test_nothing_is_explained_that_is_not_there() -> None:
    assert TOLD.keys() - COLUMNS.keys() == set()


@pytest.mark.parametrize("column", COLUMNS)
def test_the_page_says_rightly_how_a_column_is_kept(column: str) -> None:
    kind = COLUMNS[column].type
    kept = "sealed" if isinstance(kind, crypto.Sealed) else "blind" if isinstance(kind, crypto.Blind) else "plain"
    assert TOLD[column]["kept"] == kept


def test_control_a_column_that_nobody_explained_would_be_seen() -> None:
    assert "person.grandmother" not in TOLD
