"""Changing a draft: each change is a new draft, and what was said in other words must be translated anew."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from bot.domain.bulletin import Claim, Draft, Figure, Source, Status

MOST_CLAIMS: Final = 8
MOST_SOURCES: Final = 5  # and figures, of one claim
_CLAIM: Final = re.compile(r"claim\.(\d+)(?:\.(source|figure)\.(\d+))?")

Texts = Mapping[str, Mapping[str, str]]


def with_text(draft: Draft, language: str, key: str, text: str) -> Draft:
    """With a text. In the language it was written in, a changed text must be translated anew."""
    texts = {one: dict(said) for one, said in draft.texts.items()}
    if language == draft.language and texts.get(language, {}).get(key) != text:
        for said in texts.values():
            said.pop(key, None)
    texts.setdefault(language, {})[key] = text
    return replace(draft, texts=texts)


def without_text(draft: Draft, key: str) -> Draft:
    """Without a text, in every language."""
    kept = {one: {name: text for name, text in said.items() if name != key} for one, said in draft.texts.items()}
    return replace(draft, texts=kept)


def with_claim(draft: Draft, text: str) -> Draft:
    """With one more claim, as unsure as nobody has said otherwise."""
    key = f"claim.{len(draft.claims)}"
    grown = replace(draft, claims=(*draft.claims, Claim(Status.UNCONFIRMED)))
    return with_text(grown, draft.language, key, text)


def with_status(draft: Draft, n: int, status: Status) -> Draft:
    """With another status of a claim."""
    return _put(draft, n, replace(draft.claims[n], status=status))


def with_source(draft: Draft, n: int, source: Source, called: str) -> Draft:
    """With one more source of a claim."""
    claim = draft.claims[n]
    grown = _put(draft, n, replace(claim, sources=(*claim.sources, source)))
    return with_text(grown, draft.language, f"claim.{n}.source.{len(claim.sources)}", called)


def with_figure(draft: Draft, n: int, figure: Figure, called: str) -> Draft:
    """With one more figure that somebody gives."""
    claim = draft.claims[n]
    grown = _put(draft, n, replace(claim, figures=(*claim.figures, figure)))
    return with_text(grown, draft.language, f"claim.{n}.figure.{len(claim.figures)}", called)


def without_claim(draft: Draft, n: int) -> Draft:
    """Without a claim: those behind it move up, with their texts."""
    claims = draft.claims[:n] + draft.claims[n + 1 :]
    return replace(draft, claims=claims, texts=_moved(draft.texts, n, "", 0))


def without_source(draft: Draft, n: int, m: int) -> Draft:
    """Without a source of a claim."""
    claim = draft.claims[n]
    smaller = replace(claim, sources=claim.sources[:m] + claim.sources[m + 1 :])
    return replace(_put(draft, n, smaller), texts=_moved(draft.texts, n, "source", m))


def without_figure(draft: Draft, n: int, m: int) -> Draft:
    """Without a figure of a claim."""
    claim = draft.claims[n]
    smaller = replace(claim, figures=claim.figures[:m] + claim.figures[m + 1 :])
    return replace(_put(draft, n, smaller), texts=_moved(draft.texts, n, "figure", m))


def _put(draft: Draft, n: int, claim: Claim) -> Draft:
    return replace(draft, claims=(*draft.claims[:n], claim, *draft.claims[n + 1 :]))


def _moved(texts: Texts, n: int, part: str, m: int) -> dict[str, dict[str, str]]:
    """The texts without those of a claim, or of a part of one, and the later ones in their places."""

    def place(key: str) -> str | None:
        found = _CLAIM.fullmatch(key)
        if found is None:
            return key
        at, kind, index = int(found[1]), found[2], int(found[3] or 0)
        if not part:
            tail = key.removeprefix(f"claim.{at}")
            return None if at == n else key if at < n else f"claim.{at - 1}{tail}"
        if at != n or kind != part or index < m:
            return key
        return None if index == m else f"claim.{n}.{part}.{index - 1}"

    return {
        one: {new: text for key, text in said.items() if (new := place(key)) is not None} for one, said in texts.items()
    }


def missing(draft: Draft, language: str) -> tuple[str, ...]:
    """The texts that a language still lacks."""
    said = draft.texts.get(language, {})
    needed = draft.keys()
    return tuple(key for key in needed if not said.get(key))
