"""Words by which a text is known to speak of a death or a detention: such a text is not sent to a circle."""

from __future__ import annotations

from typing import Final

from bot.domain.folding import fold, words

# Whole words, where the beginning alone would also be another word (“задержка”, “куштӣ”, “умеренно”, “моргнуть”).
_WHOLE: Final = """
умер умерла умерли умирает убит убита убиты убили убил задержан задержана задержаны задержали задержание посадили сизо
морг морга морге морги моргах труп трупы трупов
кушта куштанд куштаанд куштааст кушташуда шаҳид
dead died dies death deaths killed murdered executed funeral detained detention arrested arrest prison jail jailed
imprisoned custody morgue mortuary corpse corpses buried cemetery
"""

_BEGINNINGS: Final = """
погиб скончал покойн смерт мертв расстрел застрел казнен казнил похорон кладбищ арест тюрьм
вафот мурд даргузашт ҳалок фавтид марг ҷаноз ҷасад дафн қабристон гӯристон боздошт дастгир ҳабс зиндон маҳбус қатл
"""

_PHRASES: Final = ("passed away", "аз дунё", "ушел из жизни", "ушла из жизни", "нет в живых")

_FOLDED: Final = frozenset(fold(word) for word in _WHOLE.split())
_FOLDED_BEGINNINGS: Final = tuple(fold(word) for word in _BEGINNINGS.split())
_FOLDED_PHRASES: Final = tuple(fold(phrase) for phrase in _PHRASES)


def is_hard(text: str) -> bool:
    """Whether a text seems to speak of a death or a detention. It errs on the side of yes."""
    said = words(text)
    whole = f" {' '.join(said)} "
    return (
        not _FOLDED.isdisjoint(said)
        or any(word.startswith(_FOLDED_BEGINNINGS) for word in said)
        or any(f" {phrase} " in whole for phrase in _FOLDED_PHRASES)
    )
