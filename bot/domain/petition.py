"""A petition: its letter in several languages, who may do what with it and when, and what came of it.

A petition has versions of its letter. People sign a version; it can't be changed any more, only superseded, and each
signature stays with the version that it was given to. `STEPS` and `DELIVERY` say everything about what follows what.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import Enum
from hashlib import sha256
from typing import Final

LANGUAGES: Final = ("tg", "ru", "en")  # in which every letter is written
WITHDRAWAL: Final = timedelta(days=30)  # after the last packet, by default: so long the petition's key lives
ANONYMOUS_AFTER: Final = timedelta(days=180)  # after the petition's key was destroyed
DRAFT_KEPT: Final = timedelta(days=90)  # since somebody has changed it last
DRAFT_WARNED: Final = timedelta(days=14)  # so long before the end its author is told
LONGEST_OPEN: Final = timedelta(days=366)
MOST_ADDRESSEES: Final = 8
MOST_SOURCES: Final = 20
MOST_SPONSORS: Final = 20
LONGEST_SIGNED: Final = 120  # characters of the name of a person or an organisation under a letter
HEAD: Final = "payvand letter 1"
FOR: Final = "for-"


# -- the letter --------------------------------------------------------------------------------------------------------


class Part(Enum):
    """A text that a letter has in each of its languages, and how many characters it may have."""

    TITLE = "title", 120
    LETTER = "letter", 6000
    BACKGROUND = "background", 4000

    def __init__(self, key: str, longest: int) -> None:
        self.key = key
        self.longest = longest


LONGEST_SOURCE: Final = 300
LONGEST_DEMAND: Final = 1000


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation that signs too. It counts once the person who may speak for it has said so."""

    name: str
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """A version of a petition's letter.

    `texts` maps a language and the key of a part to a text: ``("en", "title")``; what an addressee wants besides
    (`addressees.Element`) has the key ``for-victim``. `demands` maps a language and the code of an addressee to what is
    asked of it. `sources` are numbered from one, the same in each language. `key` is the organisers' public key: it
    stands in the letter so that nobody can put another one in its place.
    """

    petition: str  # whose log it is: the origin of its checkpoints
    version: int
    key: str
    addressees: tuple[str, ...]
    goal: int
    closes: date
    texts: Mapping[tuple[str, str], str] = field(default_factory=dict)
    demands: Mapping[tuple[str, str], str] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    sponsors: tuple[str, ...] = ()  # their names: they chose to stand there
    organisations: tuple[Organisation, ...] = ()

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages in which it has a title, ours first."""
        found = {language for language, part in self.texts if part == Part.TITLE.key}
        return (*(one for one in LANGUAGES if one in found), *sorted(found - set(LANGUAGES)))

    @property
    def elements(self) -> frozenset[str]:
        """What addressees want besides the text, and what is there, by its code."""
        return frozenset(part.removeprefix(FOR) for _, part in self.texts if part.startswith(FOR))

    def digest(self) -> bytes:
        """What the log holds of it."""
        return sha256(file_of(self).encode()).digest()

    def text_digest(self) -> bytes:
        """What a sponsor says yes to: all of it, whoever else stands under it, in whichever version it stands."""
        return replace(self, version=0, sponsors=(), organisations=()).digest()


class Lack(Enum):
    """What keeps a letter from being offered for review."""

    LANGUAGE = "language"
    TEXT = "text"
    LENGTH = "length"
    DEMAND = "demand"
    ADDRESSEE = "addressee"
    SOURCE = "source"
    GOAL = "goal"
    DEADLINE = "deadline"
    SPONSOR = "sponsor"
    KEY = "key"


def lacks(letter: Letter, today: date) -> list[tuple[Lack, str]]:
    """What is missing or too long, each with where; empty if the letter can be reviewed."""
    return [*_lacking_texts(letter), *_lacking_rest(letter, today)]


def _lacking_texts(letter: Letter) -> Iterator[tuple[Lack, str]]:
    for language in LANGUAGES:
        if language not in letter.languages:
            yield Lack.LANGUAGE, language
    for language in letter.languages:
        for part in Part:
            text = letter.texts.get((language, part.key), "")
            if not text.strip():
                yield Lack.TEXT, f"{language} {part.key}"
            elif len(text) > part.longest:
                yield Lack.LENGTH, f"{language} {part.key}"
        for addressee in letter.addressees:
            demand = letter.demands.get((language, addressee), "")
            if not demand.strip():
                yield Lack.DEMAND, f"{language} {addressee}"
            elif len(demand) > LONGEST_DEMAND:
                yield Lack.LENGTH, f"{language} {addressee}"


def _lacking_rest(letter: Letter, today: date) -> Iterator[tuple[Lack, str]]:
    if not 0 < len(letter.addressees) <= MOST_ADDRESSEES or len(set(letter.addressees)) != len(letter.addressees):
        yield Lack.ADDRESSEE, str(len(letter.addressees))
    if not 0 < len(letter.sources) <= MOST_SOURCES or any(not one.strip() for one in letter.sources):
        yield Lack.SOURCE, str(len(letter.sources))
    for number, source in enumerate(letter.sources, 1):
        if len(source) > LONGEST_SOURCE:
            yield Lack.LENGTH, f"source {number}"
    if letter.goal <= 0:
        yield Lack.GOAL, str(letter.goal)
    if not today < letter.closes <= today + LONGEST_OPEN:
        yield Lack.DEADLINE, str(letter.closes)
    if not 0 < len(letter.sponsors) <= MOST_SPONSORS:
        yield Lack.SPONSOR, str(len(letter.sponsors))
    if not letter.key:
        yield Lack.KEY, ""


# -- its file ----------------------------------------------------------------------------------------------------------

_PAIR: Final = re.compile(r"(?P<key>[a-z]+): (?P<value>.+)")
_SECTION: Final = re.compile(r"\[(?P<language>[a-z]{2,3})\] (?P<part>[a-z0-9-]+)")


def file_of(letter: Letter) -> str:
    """The letter as a text that is the same whoever writes it: its digest stands in the log."""
    lines = [
        HEAD,
        f"petition: {letter.petition}",
        f"version: {letter.version}",
        f"key: {letter.key}",
        f"goal: {letter.goal}",
        f"closes: {letter.closes}",
        *(f"addressee: {one}" for one in letter.addressees),
        *(f"sponsor: {_flat(one)}" for one in letter.sponsors),
        *(f"organisation: {_flat(one.name)}" for one in letter.organisations if one.confirmed),
        *(f"source: {_flat(one)}" for one in letter.sources),
    ]
    sections = {f"[{language}] {part}": text for (language, part), text in letter.texts.items()}
    sections |= {f"[{language}] to-{code}": text for (language, code), text in letter.demands.items()}
    for head in sorted(sections):
        lines += ["", head, *(f"  {line}" for line in _lines(sections[head]))]
    return "\n".join(lines) + "\n"


def read_file(text: str) -> Letter | None:
    """The letter in its file; None if it is none, or was not written as `file_of` does."""
    head, _, rest = text.partition("\n\n")
    pairs: dict[str, list[str]] = {}
    first, *others = head.split("\n")
    for line in others:
        found = _PAIR.fullmatch(line)
        if found is None:
            return None
        pairs.setdefault(found["key"], []).append(found["value"])
    try:
        letter = Letter(
            petition=pairs["petition"][0],
            version=int(pairs["version"][0]),
            key=pairs["key"][0],
            addressees=tuple(pairs.get("addressee", ())),
            goal=int(pairs["goal"][0]),
            closes=date.fromisoformat(pairs["closes"][0]),
            texts={key: told for key, told in _sections(rest) if not key[1].startswith("to-")},
            demands={
                (language, part.removeprefix("to-")): told
                for (language, part), told in _sections(rest)
                if part.startswith("to-")
            },
            sources=tuple(pairs.get("source", ())),
            sponsors=tuple(pairs.get("sponsor", ())),
            organisations=tuple(Organisation(one, confirmed=True) for one in pairs.get("organisation", ())),
        )
    except (KeyError, ValueError):
        return None
    return letter if first == HEAD and file_of(letter) == text else None


def _sections(text: str) -> Iterator[tuple[tuple[str, str], str]]:
    for block in text.rstrip("\n").split("\n\n["):
        head, *lines = ("[" + block.removeprefix("[")).split("\n")
        found = _SECTION.fullmatch(head)
        if found is None:
            raise ValueError("no section")
        yield (found["language"], found["part"]), "\n".join(line.removeprefix("  ") for line in lines)


def _lines(text: str) -> list[str]:
    """The lines of a text; empty ones at its end say nothing."""
    lines = text.splitlines()
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _flat(text: str) -> str:
    return " ".join(text.split())


# -- what follows what -------------------------------------------------------------------------------------------------


class State(Enum):
    """What a version of a letter is."""

    DRAFT = "draft"
    REVIEW = "review"  # offered; a second person reads it
    REFUSED = "refused"  # with one of the fixed reasons; it can be changed and offered again
    OPEN = "open"  # can be signed, and not be changed
    SUPERSEDED = "superseded"  # a later version took its place; its signatures stay with it
    CLOSING = "closing"  # can't be signed any more; packets are made, and signatures withdrawn
    CLOSED = "closed"  # the petition's key is destroyed: only who holds a receipt can withdraw
    ANONYMOUS = "anonymous"  # personal parts are gone; letter, counts, checkpoints and ledger stay
    DROPPED = "dropped"  # never opened


class Deed(Enum):
    """What is done to a version."""

    OFFER = "offer"
    TAKE_BACK = "take back"
    REFUSE = "refuse"
    OPEN = "open"
    SUPERSEDE = "supersede"
    CLOSE = "close"
    FORGET_KEY = "forget key"
    ANONYMISE = "anonymise"
    DROP = "drop"


class Who(Enum):
    """Who does it."""

    AUTHOR = "author"  # the organiser who writes it
    REVIEWER = "reviewer"  # another one than the author and the sponsors, and not of their making
    TIME = "time"  # nobody: it is due


class Refusal(Enum):
    """Why a letter is refused. There are no other reasons."""

    ENDANGERS = "endangers"  # it names or shows somebody in reach of the state
    VIOLENCE = "violence"  # it calls for violence, or against a group of people
    UNSOURCED = "unsourced"  # what it states has no source that can be looked up
    ADDRESSEE = "addressee"  # the addressee can't do what is asked
    UNCLEAR = "unclear"  # nobody can say what is asked
    TRANSLATION = "translation"  # the languages don't say the same
    SAME = "same"  # there is another petition for it
    UNLAWFUL = "unlawful"  # publishing it would be a crime where the community is


@dataclass(frozen=True, slots=True)
class Step:
    """What a deed makes of a version, and who may do it."""

    then: State
    by: frozenset[Who]


def _step(then: State, *by: Who) -> Step:
    return Step(then, frozenset(by))


STEPS: Final[Mapping[tuple[State, Deed], Step]] = {
    (State.DRAFT, Deed.OFFER): _step(State.REVIEW, Who.AUTHOR),
    (State.DRAFT, Deed.DROP): _step(State.DROPPED, Who.AUTHOR, Who.TIME),
    (State.REVIEW, Deed.TAKE_BACK): _step(State.DRAFT, Who.AUTHOR, Who.TIME),  # nobody has agreed in time
    (State.REVIEW, Deed.REFUSE): _step(State.REFUSED, Who.REVIEWER),
    (State.REVIEW, Deed.OPEN): _step(State.OPEN, Who.REVIEWER),
    (State.REFUSED, Deed.OFFER): _step(State.REVIEW, Who.AUTHOR),
    (State.REFUSED, Deed.DROP): _step(State.DROPPED, Who.AUTHOR, Who.TIME),
    (State.OPEN, Deed.SUPERSEDE): _step(State.SUPERSEDED, Who.REVIEWER),  # by opening the later version
    (State.OPEN, Deed.CLOSE): _step(State.CLOSING, Who.AUTHOR, Who.TIME),
    (State.CLOSING, Deed.FORGET_KEY): _step(State.CLOSED, Who.TIME),
    (State.CLOSED, Deed.ANONYMISE): _step(State.ANONYMOUS, Who.TIME),
}


def after(state: State, deed: Deed, by: Who) -> State | None:
    """What a deed of somebody makes of a version; None if it can't be done."""
    step = STEPS.get((state, deed))
    return step.then if step is not None and by in step.by else None


def may_review(reviewer: int, author: int, sponsors: Collection[int], linked: Collection[int]) -> bool:
    """Whether a person may review: neither the author nor a sponsor, nor one of those that are `linked` to the author.

    `linked` are the author's other accounts, and who gave the author a right or got one from them.
    """
    return reviewer != author and reviewer not in sponsors and reviewer not in linked


# -- signing and withdrawing -------------------------------------------------------------------------------------------


class Way(Enum):
    """How a signature can be taken back."""

    ACCOUNT = "account"  # the account that signed says so
    RECEIPT = "receipt"  # only who holds the receipt can
    NONE = "none"  # nothing personal is kept any more


@dataclass(frozen=True, slots=True)
class Course:
    """How far a petition is: the newest version that was opened, and when its last packet was made."""

    state: State
    closed_at: datetime | None = None
    packed_at: datetime | None = None
    period: timedelta = WITHDRAWAL

    @property
    def can_be_signed(self) -> bool:
        """Whether a signature is taken."""
        return self.state is State.OPEN

    @property
    def key_ends_at(self) -> datetime | None:
        """When the petition's key is destroyed; None as long as nobody can say."""
        if self.state is State.OPEN or self.closed_at is None:
            return None
        return max(self.closed_at, self.packed_at or self.closed_at) + self.period

    def key_is_due(self, now: datetime) -> bool:
        """Whether the petition's key must be destroyed now."""
        ends = self.key_ends_at
        return self.state is State.CLOSING and ends is not None and ends <= now


def withdrawal(course: Course) -> Way:
    """How a signature can be taken back now. Once a packet holds it, a supplement tells its recipients."""
    match course.state:
        case State.OPEN | State.CLOSING:
            return Way.ACCOUNT
        case State.CLOSED:
            return Way.RECEIPT
        case _:
            return Way.NONE


@dataclass(frozen=True, slots=True)
class Signed:
    """Where in the log an account's signature stands, if it has one that counts."""

    place: int


def to_strike(one: Signed | None, other: Signed | None) -> int | None:
    """Which signature ends when two accounts turn out to be one person's: the later one; None if there are not two."""
    if one is None or other is None or one.place == other.place:
        return None
    return max(one.place, other.place)


# -- packets and their delivery ----------------------------------------------------------------------------------------


class Delivery(Enum):
    """How far a packet is."""

    SEALED = "sealed"  # made, numbered, and written into the log
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    OVERDUE = "overdue"  # no answer in time: a follow-up is drafted, once
    ANSWERED = "answered"


class Event(Enum):
    """What happens to a packet."""

    SEND = "send"
    ACKNOWLEDGE = "acknowledge"
    LATE = "late"
    ANSWER = "answer"


DELIVERY: Final[Mapping[tuple[Delivery, Event], Delivery]] = {
    (Delivery.SEALED, Event.SEND): Delivery.SENT,
    (Delivery.SENT, Event.ACKNOWLEDGE): Delivery.ACKNOWLEDGED,
    (Delivery.SENT, Event.LATE): Delivery.OVERDUE,
    (Delivery.SENT, Event.ANSWER): Delivery.ANSWERED,
    (Delivery.ACKNOWLEDGED, Event.LATE): Delivery.OVERDUE,
    (Delivery.ACKNOWLEDGED, Event.ANSWER): Delivery.ANSWERED,
    (Delivery.OVERDUE, Event.ACKNOWLEDGE): Delivery.OVERDUE,  # noted; a second follow-up is not drafted
    (Delivery.OVERDUE, Event.ANSWER): Delivery.ANSWERED,
}


@dataclass(frozen=True, slots=True)
class Sent:
    """A packet on its way. `covers` is how long the log was when it was made, `corrects` the one it supplements."""

    number: int
    addressee: str
    covers: int
    state: Delivery
    corrects: int | None = None
    sent_at: datetime | None = None
    answer_days: int | None = None

    @property
    def answer_due_at(self) -> datetime | None:
        """Until when an answer is to be expected; None where no rule says it."""
        return None if self.sent_at is None or self.answer_days is None else self.sent_at + self.answer_days * DAY

    def is_late(self, now: datetime) -> bool:
        """Whether a follow-up is to be drafted now: true until it is, and never again."""
        due = self.answer_due_at
        return due is not None and due <= now and (self.state, Event.LATE) in DELIVERY


DAY: Final = timedelta(days=1)
TENS: Final = 10  # of so many at least anything is said besides how many they are
