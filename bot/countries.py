"""Countries by their two letters: what each is called, and which one somebody means. The names are Unicode's (CLDR)."""

from __future__ import annotations

from functools import cache
from typing import Final

from babel import Locale

from bot.domain.folding import fold

LANGUAGES: Final = ("tg", "ru", "en")
FIRST: Final = ("TJ", "RU", "DE", "KZ", "UZ", "KG", "PL", "US")  # that are offered before anybody types
_NONE: Final = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"})  # codes of the list that are no country


@cache
def _names(language: str) -> dict[str, str]:
    known = {str(code): str(name) for code, name in Locale(language).territories.items()}
    return {code: name for code, name in known.items() if len(code) == 2 and code.isalpha() and code not in _NONE}  # noqa: PLR2004


def named(code: str, language: str) -> str:
    """What a country is called; a code that is unknown is its own name."""
    return _names(language if language in LANGUAGES else "en").get(code, code)


@cache
def _known() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for language in LANGUAGES:
        for code, name in _names(language).items():
            found.setdefault(fold(name), []).append(code)
    return {name: tuple(dict.fromkeys(codes)) for name, codes in found.items()}


def meant(text: str, most: int) -> list[str]:
    """The countries that typed words may mean: by their two letters, their name, or how it begins."""
    said = text.strip().upper()
    if said in _names("en"):
        return [said]
    said = fold(text)
    if not said:
        return []
    if said in _known():
        return list(_known()[said])[:most]
    begun = (code for name, codes in sorted(_known().items()) if name.startswith(said) for code in codes)
    return list(dict.fromkeys(begun))[:most]
