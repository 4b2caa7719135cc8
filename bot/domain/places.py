"""The kept list of places: what a person may name as where they are, and how each is called in every language."""

from __future__ import annotations


def named(code: str, language: str) -> str:
    """The name of a place in a language."""
    del language
    return code
