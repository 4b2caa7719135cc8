"""Who can be written to: what each asks of a letter and of its signers, and how much of it somebody has looked up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Final

from bot.domain import addressee_list
from bot.domain.signature import Item


class Contact(Enum):
    """How a letter gets there."""

    FORM = "form"  # a form on the addressee's own pages, filled in by hand
    EMAIL = "email"
    POST = "post"
    NONE = "none"  # not known to us: whoever delivers it looks it up


class Element(Enum):
    """What a letter must hold for an addressee besides its text."""

    VICTIM = "victim"  # the full name of whom it is about, with their or the family's consent
    DATE = "date"  # when it happened
    PLACE = "place"  # where it happened, or where the person was last seen
    ACTOR = "actor"  # who is believed to have done it
    STEPS = "steps"  # what has been tried to find the person or to undo it
    SOURCE = "source"  # who writes: name and address, kept confidential if asked
    CIRCUMSTANCES = "circumstances"  # what happened, in detail
    REPRESENTATIVE = "representative"  # who speaks for the signers: name, nationality and permanent address


@dataclass(frozen=True, slots=True)
class Rules:
    """What an addressee asks for.

    `signer` is what a signer must give to be named as one; who gives less is counted. `languages` are those that are
    read there; empty if nothing is known. `answer_days` is the time the rules give for an answer. Where they count
    only if they were given on the addressee's own pages, `takes_signatures` is false, and no packet is made.
    """

    signer: frozenset[Item] = frozenset({Item.NAME})
    elements: frozenset[Element] = frozenset()
    languages: tuple[str, ...] = ()
    answer_days: int | None = None
    takes_signatures: bool = True


# Read in: the form and the page on reporting of the Working Group on Enforced or Involuntary Disappearances; the page
# on complaints of that on Arbitrary Detention; that on communications of Special Procedures; the European Parliament's
# Rules of Procedure (Rule 201 of 2009, Rule 226 of 2019) and its answers on petitions. All of it in copies of unknown
# age: nobody has held them against today's pages.
RULES: Final[Mapping[str, Rules]] = {
    "letter": Rules(),
    "un-special-procedures": Rules(
        elements=frozenset(
            {Element.VICTIM, Element.ACTOR, Element.DATE, Element.PLACE, Element.CIRCUMSTANCES, Element.SOURCE}
        ),
        languages=("en", "fr", "es"),
    ),
    "wgad": Rules(
        elements=frozenset({Element.VICTIM, Element.DATE, Element.PLACE, Element.CIRCUMSTANCES, Element.SOURCE}),
        languages=("en", "fr", "es"),
        answer_days=60,  # within which the government is invited to reply
    ),
    "wgeid": Rules(
        elements=frozenset({Element.VICTIM, Element.DATE, Element.PLACE, Element.ACTOR, Element.STEPS, Element.SOURCE}),
        languages=("en", "fr", "es"),
    ),
    # Who signs with others is represented: nationality and address are asked of the representative alone.
    "european-parliament": Rules(elements=frozenset({Element.REPRESENTATIVE}), languages=("en", "de", "fr")),
    "citizens-initiative": Rules(takes_signatures=False),
}


@dataclass(frozen=True, slots=True)
class Addressee:
    """An institution, by its code. `checked` is when somebody looked its page up; None if nobody has yet.

    One that is `feared` belongs to the state whose reach people fear: it gets no name that is not public.
    """

    code: str
    kind: str
    names: Mapping[str, str]
    rules: Rules
    contact: Contact
    where: str
    feared: bool
    checked: date | None


ADDRESSEES: Final[Mapping[str, Addressee]] = {
    code: Addressee(
        code,
        kind,
        {"tg": tg, "ru": ru, "en": en},
        RULES[rules],
        Contact(contact),
        where,
        feared == "feared",
        date.fromisoformat(checked) if checked else None,
    )
    for code, kind, tg, ru, en, rules, contact, where, feared, checked in addressee_list.ADDRESSEES
}


def required(codes: Iterable[str]) -> frozenset[Item]:
    """What signers are asked for if a letter goes to these addressees: no more than those that are known require."""
    return frozenset(item for code in codes if code in ADDRESSEES for item in ADDRESSEES[code].rules.signer)


def lacking(code: str, elements: Iterable[Element], languages: Iterable[str]) -> list[str]:
    """What a packet for an addressee still needs, as codes: elements of the letter, a language that is read there."""
    rules = ADDRESSEES[code].rules
    missing = [one.value for one in Element if one in rules.elements and one not in set(elements)]
    if rules.languages and not set(rules.languages) & set(languages):
        missing.append("language")
    if not rules.takes_signatures:
        missing.append("own pages")
    return missing
