"""Names in parts, as they are kept: they come back as they were, and whoever changes what is kept says so."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest

from benchmarks import made_names
from bot.domain import names
from bot.domain.names import kept

DIGESTS = {(4, 1): "700e9dbba45db9f3"}  # of the parts of `some()`, by names.VERSION and kept.FORM


def written(names_in: list[str]) -> list[str]:
    return [json.dumps(kept.packed(names.parse(one)), ensure_ascii=False) for one in names_in]


def some() -> list[str]:
    town = made_names.made(200, 200, 3)
    return [*town.records, *(one.name for one in town.questions)]


@pytest.mark.parametrize(
    "name", ["", "…", "J. K.", "Ҷамшед Ёров", "Фарик", "Саиджон", "Chokir Chafiev", "جمشید یاروف", *some()[::40]]
)
def test_a_name_comes_back_as_it_was(name: str) -> None:
    parsed = names.parse(name)
    again = kept.unpacked(json.loads(json.dumps(kept.packed(parsed))))
    assert again == names.Name(tuple(replace(part, written="") for part in parsed.parts))
    assert names.keys(again) == names.keys(parsed)
    assert names.score(again, "Djamched Iorov") == names.score(parsed, "Djamched Iorov")


def test_whoever_changes_how_names_are_taken_apart_raises_the_form() -> None:
    """If this fails: raise `kept.FORM` (or `names.VERSION`, if keys change too), and write the new digest here."""
    digest = hashlib.sha256("\n".join(written(some())).encode()).hexdigest()[:16]
    assert DIGESTS.get((names.VERSION, kept.FORM)) == digest
