"""A roll-call: one line for each person, by somebody who has news of many. What is not clear is never guessed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import Enum, auto
from functools import cache
from typing import Final, TypeAlias

from bot.domain import rollcall_words as table
from bot.domain.checkin import Hard, How, State, strength
from bot.domain.folding import words
from bot.domain.likeness import Fit, Names

MOST_LINES: Final = 100
LONGEST: Final = 4096  # characters of a roll-call
LONGEST_LINE: Final = 300
_YEAR = timedelta(days=366)
_HOURS_OF_TODAY = 6  # “so many hours ago” is today up to here

What: TypeAlias = "State | Hard"


class Why(Enum):
    """What about a line is unclear."""

    NO_NAME = auto()
    SEVERAL = auto()  # names in one line
    NO_STATE = auto()
    UNSURE = auto()  # a negation, a doubt, a question
    MIXED = auto()  # two different things
    WHEN = auto()
    LONG = auto()


@dataclass(frozen=True, slots=True)
class Entry:
    """One line as it was read: of whom, what, how it is known, of which day, and what is left as a note.

    `line` counts from 1 in the text, `text` is the line itself. `day` and `how` are None if the line does not tell
    them. `aside` is the part of the note that stands in no phrase about how it is known: where it names somebody, they
    may be a second person of this line. `nothing` says that nobody knows: that is no news. `speaks` says that there
    is any word of news, `urgent` that it may be a need for help, and `grave` a death or an arrest, though it is
    unclear. `whole` is the other way to read the line, where a word of news is a part of the name (“Omon”, “Salomat”).
    """

    line: int
    text: str
    name: str = ""
    state: What | None = None
    how: How | None = None
    day: date | None = None
    note: str = ""
    aside: str = ""
    why: frozenset[Why] = frozenset()
    nothing: bool = False
    speaks: bool = False
    urgent: bool = False
    grave: bool = False
    whole: Entry | None = None

    @property
    def clear(self) -> bool:
        """Whether it can be told as it stands, once it is clear who is meant."""
        return self.state is not None and not self.why


def read(text: str, today: date) -> list[Entry]:
    """The lines of a roll-call; empty ones and greetings are none. At most `MOST_LINES` of them are read.

    A line that holds only a day, or only how it is known, holds for the lines after it that tell none.
    """
    found: list[Entry] = []
    above = _Heading()
    for number, raw in enumerate(text[:LONGEST].splitlines(), 1):
        line, is_long = _plain(raw)
        said = _said(line)
        if all(one.kind in _SAYS_NOTHING for one in said):
            continue
        if all(one.kind in _HEADING | _SAYS_NOTHING for one in said):
            above = _heading(said, above, today)
            continue
        if len(found) == MOST_LINES:
            break
        entry = _under(_lines_entry(number, line, said, today), above)
        found.append(replace(entry, why=entry.why | {Why.LONG}, whole=None) if is_long else entry)
    return found


def day_of(text: str, today: date) -> date | None:
    """The one day that a text tells, in any of the languages; None if it tells none, or one that is not over yet."""
    said = _said(text)
    return _when(said, _fields(said), today)[0]


def looks_like(text: str, today: date) -> bool:
    """Whether a text nobody asked for may be a roll-call: two lines of news, or one whose name stands apart."""
    if len(text) > LONGEST:
        return False
    named = [one for one in read(text, today) if one.name and one.speaks]
    tells = [one for one in named if one.state is not None or one.urgent or one.nothing]
    return len(named) > 1 or any(_APART.search(one.text.partition(one.name)[2][:3]) for one in tells)


def of_whom(entry: Entry, names: Names) -> tuple[Entry, Fit]:
    """Whom a line is about, and the line as it must be read if that is so."""
    if entry.whole is not None and names.holds(entry.whole.name):
        entry = replace(entry.whole, urgent=entry.urgent, grave=entry.grave)
    fit = names.find(entry.name)
    if entry.aside and names.named_in(entry.aside, but=fit.one):
        entry = replace(entry, why=entry.why | {Why.SEVERAL})
    return entry, fit


@dataclass(frozen=True, slots=True)
class _Heading:
    """What a line says that stands over others: of which day they are, and how it is known."""

    day: date | None = None
    dated: bool = False
    how: How | None = None


def _heading(said: Sequence[_Said], above: _Heading, today: date) -> _Heading:
    fields = _fields(said)
    day, dated = _when(said, fields, today)
    return _Heading(day if dated else above.day, dated or above.dated, _how(fields) or above.how)


def _under(entry: Entry, above: _Heading) -> Entry:
    """A line with what the heading above it says."""
    how = entry.how or above.how
    whole = None if entry.whole is None else _under(entry.whole, above)
    if entry.day is not None or Why.WHEN in entry.why:
        return replace(entry, how=how, whole=whole)
    why = entry.why | {Why.WHEN} if above.dated and above.day is None else entry.why
    return replace(entry, day=above.day, how=how, why=why, whole=whole)


# -- words ---------------------------------------------------------------------------------------------------------


class _Kind(Enum):
    """What a word or a phrase of a line is."""

    STATE = auto()
    ALIVE = auto()
    HELP_ALONE = auto()
    UNKNOWN = auto()
    GRAVE = auto()
    WORSE = auto()
    NEGATION = auto()
    DOUBT = auto()
    PAST = auto()
    MINE = auto()
    ANYBODYS = auto()
    HEARSAY = auto()
    DAY = auto()
    VAGUE = auto()
    WEEKDAY = auto()
    PREPOSITION = auto()
    CONJUNCTION = auto()
    PRONOUN = auto()
    OTHER = auto()
    GREETING = auto()
    FILLER = auto()
    NUMBER = auto()
    WORD = auto()  # any other


_SAYS_NOTHING: Final = frozenset({_Kind.FILLER, _Kind.GREETING, _Kind.PREPOSITION})
_HEADING: Final = frozenset({_Kind.MINE, _Kind.ANYBODYS, _Kind.HEARSAY, _Kind.DAY, _Kind.VAGUE, _Kind.WEEKDAY})
_HOW: Final = frozenset({_Kind.MINE, _Kind.ANYBODYS, _Kind.HEARSAY})
_ASIDE: Final = _SAYS_NOTHING | _HEADING | {_Kind.PAST, _Kind.PRONOUN, _Kind.OTHER, _Kind.CONJUNCTION}
_SPEAKS: Final = frozenset({_Kind.STATE, _Kind.ALIVE, _Kind.HELP_ALONE, _Kind.UNKNOWN, _Kind.WORSE, _Kind.GRAVE})


@dataclass(frozen=True, slots=True)
class _Token:
    """A word of the line as it was typed; `field` counts the parts between separators."""

    folded: str
    begin: int
    end: int
    field: int
    latin: bool
    initial: bool = False


@dataclass(frozen=True, slots=True)
class _Said:
    """A word or a phrase with what it is; `value` is a state, a way, or a day (None: one that is not clear)."""

    kind: _Kind
    begin: int
    end: int
    field: int
    value: What | How | date | int | None = None


_DATE: Final = (
    r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./]\d{1,2}(?:[./]\d{2,4})?(?!\d)|\d{1,2}-\d{1,2}-\d{2,4}(?!\d)|\d{1,2}:\d{2}(?!\d)"
)
_WORD: Final = r"\d+|[^\W\d_]+(?:'[^\W\d_]+)*"
_MINUS: Final = "-\u2010\u2011\u2212"
_DASH: Final = "\u2012\u2013\u2014\u2015"
_APART: Final = re.compile(rf"[{_DASH},;:|/\t=!…()\[\]«»\"→]|\s[{_MINUS}]|[{_MINUS}]\s|\s\s")
_PIECE: Final = re.compile(rf"(?P<date>{_DATE})|(?P<word>{_WORD})")
_INITIAL_DOT: Final = re.compile(r"(?<![^\W\d_])[^\W\d_]$")
_BULLET: Final = re.compile(r"[\W_]*(?:No\s*(?=\d))?(?:\d{1,3}\s*[.)\]:]+(?!\d)[\W_]*|\d{1,3}[\s\-–—]+(?=[^\W\d]{3}))?")
_APOSTROPHE: Final = re.compile("[\u2018\u2019\u02bc\u02bb\u02b9\u2032`´ʾʿ]")
_QUESTION: Final = re.compile("[?\u061f]")
_SHORT_YEAR: Final = 100
_LATEST_DAY: Final = 31


def _plain(raw: str) -> tuple[str, bool]:
    """A line in one way of writing, without invisible characters, marks that found no letter, and numbering."""
    cut = raw[: LONGEST_LINE + 100]
    composed = unicodedata.normalize("NFKC", cut.replace("\t", "  "))
    kept = "".join(sign for sign in composed if unicodedata.category(sign) not in _INVISIBLE)
    line = _APOSTROPHE.sub("'", kept).strip()
    is_long = len(line) > LONGEST_LINE or len(raw) > len(cut)
    return line[:LONGEST_LINE], is_long


_INVISIBLE: Final = frozenset({"Cf", "Mn", "Me", "Cc", "Co", "Cs", "Cn"})


def _said(line: str) -> list[_Said]:
    return list(_phrases(_tokens(line)))


def _tokens(line: str) -> list[_Token]:
    found: list[_Token] = []
    field, last = 0, _begin(line)
    for piece in _PIECE.finditer(line, last):
        gap = line[last : piece.start()]
        if found and _is_apart(line[:last], gap):
            field += 1
        last = piece.end()
        typed = piece[0]
        folded = typed if piece["date"] or typed.isdecimal() else "".join(words(typed))
        if folded:
            initial = len(typed) == 1 and line[last : last + 1] == "." and typed.isalpha()
            found.append(_Token(folded, piece.start(), last, field, latin=typed.isascii(), initial=initial))
    return found


def _begin(line: str) -> int:
    """Where a line begins behind its bullet or its number; “14 May” and “3 days ago” are no numbering."""
    bullet = _BULLET.match(line)
    begin = bullet.end() if bullet else 0
    numbered = _PIECE.search(line[:begin])
    if numbered is None or re.search(r"[.)\]:]", line[numbered.end() : begin]):
        return begin
    after = _PIECE.match(line, begin)
    folded = "".join(words(after[0])) if after else ""
    counts = folded in _months() or folded in _folded(table.OF_DAYS + table.OF_WEEKS + table.OF_HOURS)
    return numbered.start() if counts or folded in _folded(table.AFTER_NUMBER) else begin


def _is_apart(before: str, gap: str) -> bool:
    if _APART.search(gap):
        return True
    return "." in gap and not (gap.strip() == "." and _INITIAL_DOT.search(before[-2:]))


@cache
def _folded(phrases: tuple[str, ...]) -> frozenset[str]:
    return frozenset(" ".join(words(one)) for one in phrases)


@cache
def _does_not() -> str:
    return "".join(words(table.DOES_NOT))


@cache
def _months() -> Mapping[str, int]:
    return {"".join(words(name)): number for number, names in enumerate(table.MONTHS, 1) for name in names}


@cache
def _numbers() -> Mapping[str, int]:
    return {"".join(words(name)): number for number, names in table.NUMBERS.items() for name in names}


_Meaning: TypeAlias = "tuple[_Kind, What | How | int | None]"


@cache
def _meanings() -> tuple[Mapping[tuple[str, ...], _Meaning], Mapping[tuple[str, ...], _Meaning], int]:
    """Every phrase of the tables, those that count only in Latin letters, and the most words of one."""
    every: dict[tuple[str, ...], _Meaning] = {}
    latin: dict[tuple[str, ...], _Meaning] = {}

    def put(
        kind: _Kind, phrases: Iterable[str], value: What | How | int | None = None, *, only_latin: bool = False
    ) -> None:
        for phrase in phrases:
            (latin if only_latin else every).setdefault(tuple(words(phrase)), (kind, value))

    put(_Kind.UNKNOWN, table.UNKNOWN)
    for state, phrases in table.STATES.items():
        put(_Kind.STATE, phrases, state)
    put(_Kind.ALIVE, table.ALIVE)
    put(_Kind.HELP_ALONE, table.HELP_ALONE)
    put(_Kind.GRAVE, table.HINTS_AT_HARD)
    put(_Kind.WORSE, table.WORSE)
    put(_Kind.NEGATION, table.NEGATIONS)
    put(_Kind.NEGATION, table.LATIN_NEGATIONS, only_latin=True)
    put(_Kind.NEGATION, table.UNTIL)
    put(_Kind.DOUBT, table.DOUBTS)
    put(_Kind.DOUBT, table.LATIN_DOUBTS, only_latin=True)
    put(_Kind.PAST, table.PAST)
    put(_Kind.PAST, table.LATIN_PAST, only_latin=True)
    for kind, ways in ((_Kind.HEARSAY, table.HEARSAY), (_Kind.MINE, table.MINE), (_Kind.ANYBODYS, table.ANYBODYS)):
        for how, phrases in ways.items():
            put(kind, phrases, how)
    for how, phrases in table.LATIN_ANYBODYS.items():
        put(_Kind.ANYBODYS, phrases, how, only_latin=True)
    for ago, phrases in table.DAYS.items():
        put(_Kind.DAY, phrases, ago)
    put(_Kind.VAGUE, table.AHEAD + table.VAGUE)
    for weekday, phrases in table.WEEKDAYS.items():
        put(_Kind.WEEKDAY, phrases, weekday)
    put(_Kind.CONJUNCTION, table.CONJUNCTIONS)
    put(_Kind.PREPOSITION, table.PREPOSITIONS)
    put(_Kind.PREPOSITION, table.LATIN_PREPOSITIONS, only_latin=True)
    put(_Kind.FILLER, table.FILLERS)
    put(_Kind.OTHER, table.OTHERS)
    put(_Kind.OTHER, table.LATIN_OTHERS, only_latin=True)
    put(_Kind.PRONOUN, table.PRONOUNS)
    put(_Kind.GREETING, table.GREETINGS)
    return every, latin, max(map(len, (*every, *latin)))


def _phrases(tokens: Sequence[_Token]) -> Iterator[_Said]:
    """Cut the words of a line into phrases, the longest first; none goes over a separator, but a date does."""
    every, latin, most = _meanings()
    at = 0
    while at < len(tokens):
        first = tokens[at]
        dated = _dated(tokens, at)
        if dated is not None:
            count, kind, value = dated
            yield _Said(kind, first.begin, tokens[at + count - 1].end, first.field, value)
            at += count
            continue
        for count in range(0 if first.initial else min(most, len(tokens) - at), 0, -1):
            run = tokens[at : at + count]
            if run[-1].field != first.field:
                continue
            key = tuple(one.folded for one in run)
            meaning = (latin.get(key) if all(one.latin for one in run) else None) or every.get(key)
            if meaning is not None:
                yield _Said(meaning[0], first.begin, run[-1].end, first.field, meaning[1])
                at += count
                break
        else:
            kind = _Kind.NUMBER if first.folded[0].isdecimal() else _Kind.WORD
            if first.folded.startswith(_does_not()):
                kind = _Kind.NEGATION
            yield _Said(kind, first.begin, first.end, first.field)
            at += 1


# -- days ----------------------------------------------------------------------------------------------------------


def _dated(tokens: Sequence[_Token], at: int) -> tuple[int, _Kind, date | int | None] | None:
    """A date that begins here: how many words it takes, and (day, month, year) as a number, or None if it is none.

    A day of no year is kept as a number for `_day`, because it depends on today.
    """
    first = tokens[at].folded
    if first[0].isdecimal() and not first.isdecimal():
        return (1, _Kind.NUMBER, None) if ":" in first else (1, _Kind.DAY, _packed(first))
    folded = [one.folded for one in tokens[at : at + 6]]
    return _counted(folded) or _of_month(folded)


def _counted(folded: Sequence[str]) -> tuple[int, _Kind, int | None] | None:
    """“3 days ago”, “a week ago”."""
    n = int(folded[0]) if folded[0].isdecimal() and len(folded[0]) < 4 else _numbers().get(folded[0])  # noqa: PLR2004
    rest = list(folded[1:]) if n is not None else list(folded)
    if len(rest) > 1 and rest[1] in _folded(table.AGO):
        count = len(folded) - len(rest) + 2
        n = 1 if n is None else n
        if rest[0] in _folded(table.OF_DAYS):
            return count, _Kind.DAY, n
        if rest[0] in _folded(table.OF_WEEKS):
            return count, _Kind.DAY, 7 * n
        if rest[0] in _folded(table.OF_HOURS):
            soon = n <= _HOURS_OF_TODAY or rest[0] in _folded(table.OF_HOURS[-5:])
            return count, _Kind.DAY if soon else _Kind.VAGUE, 0 if soon else None
    return None


def _of_month(folded: Sequence[str]) -> tuple[int, _Kind, int | None] | None:
    """“14 May”, “14th of May 2026”, “May 14”."""
    months = _months()
    if folded[0] in months and len(folded) > 1 and folded[1].isdecimal() and len(folded[1]) <= 2:  # noqa: PLR2004
        day, month, count = folded[1], months[folded[0]], 2
    elif folded[0].isdecimal() and len(folded[0]) <= 2:  # noqa: PLR2004
        count = 1
        while count < min(len(folded), 3) and folded[count] in _folded(table.AFTER_NUMBER):
            count += 1
        if count >= len(folded) or folded[count] not in months:
            return None
        day, month, count = folded[0], months[folded[count]], count + 1
    else:
        return None
    if count < len(folded) and folded[count] in _folded(table.AFTER_NUMBER):
        count += 1
    year = 0
    after = count + 1 if count < len(folded) and folded[count] in _folded(table.OF_YEAR) else count
    if after < len(folded) and folded[after].isdecimal() and len(folded[after]) == 4:  # noqa: PLR2004
        year, count = int(folded[after]), after + 1
        if count < len(folded) and folded[count] in _folded(table.OF_YEAR):
            count += 1
    return count, _Kind.DAY, _pack(int(day), month, year)


def _packed(typed: str) -> int | None:
    """A date in digits. With strokes the day and the month are told apart only if one of them can't be a month."""
    if "-" in typed and len(typed.partition("-")[0]) == 4:  # noqa: PLR2004
        year, month, day = map(int, typed.split("-"))
        return _pack(day, month, year)
    numbers = [int(one) for one in re.split(r"[./\-]", typed)]
    day, month, year = (*numbers, 0)[:3]
    if "/" in typed and day != month and day <= 12 and month <= 12:  # noqa: PLR2004
        return _pack(0, 0, 0)
    if "/" in typed and month > 12 >= day:  # noqa: PLR2004
        day, month = month, day
    return _pack(day, month, year + 2000 if 0 < year < _SHORT_YEAR else year)


_FROM: Final = 1 << 20  # numbers from here are dates, smaller ones count days back


def _pack(day: int, month: int, year: int) -> int:
    return _FROM + (year * 13 + min(month, 12)) * 32 + day if 0 < month <= 12 and 0 < day <= _LATEST_DAY else _FROM  # noqa: PLR2004


def _day(value: int, today: date) -> date | None:
    """The day that is meant; None if there is none such, it is not over yet, or it is more than a year ago."""
    if value < _FROM:
        return today - timedelta(days=value) if value <= _YEAR.days else None
    months, day = divmod(value - _FROM, 32)
    year, month = divmod(months, 13)
    for candidate in (year,) if year else (today.year, today.year - 1):
        try:
            found = date(candidate, month, day)
        except ValueError:
            continue
        if found <= today:
            return found if today - found <= _YEAR else None
    return None


def _weekday(weekday: int, today: date) -> date | None:
    """The last such day; None on that very day of the week, when it may be today or a week ago."""
    ago = (today.weekday() - weekday) % 7
    return today - timedelta(days=ago) if ago else None


# -- lines ---------------------------------------------------------------------------------------------------------


def _lines_entry(number: int, line: str, said: Sequence[_Said], today: date) -> Entry:
    """A line in the likelier way to read it, with the other beside it."""
    named = _named(said)
    if not named:
        return _entry(number, line, said, today)
    entry = _entry(number, line, said, today, named)
    whole = _whole(said, named)
    return entry if whole == named else replace(entry, whole=_entry(number, line, said, today, whole))


def _named(said: Sequence[_Said]) -> range:
    """Which words are the name: the first that mean nothing else, or the first word, whatever it means (“Omon”)."""
    is_word = [i for i, one in enumerate(said) if one.kind is _Kind.WORD]
    if not is_word and said[-1].field > said[0].field and said[0].kind not in _NO_NAMES:
        return range(1)
    first = next((one.field for one in said if one.kind not in _ASIDE), said[0].field)
    inside = [i for i, one in enumerate(said) if one.field == first]
    begin = next((i for i in is_word if i in inside), None)
    if said[inside[0]].kind in _MAY_BE_NAMES and (said[-1].field > first or len(inside) > 1):
        begin = inside[0]
    if begin is None:
        return range(0)
    end = begin + 1
    while end <= inside[-1] and (said[end].kind is _Kind.WORD or _joins(said, end, inside[-1])):
        end += 1
    return range(begin, end)


_MAY_BE_NAMES: Final = frozenset({_Kind.WORD, _Kind.STATE, _Kind.ALIVE, _Kind.DOUBT})
_NO_NAMES: Final = frozenset({_Kind.DAY, _Kind.VAGUE, _Kind.NUMBER, _Kind.PRONOUN, _Kind.OTHER})


def _whole(said: Sequence[_Said], named: range) -> range:
    """The words that would be the name if words of news, or of a greeting, were a part of it."""
    inside = [i for i, one in enumerate(said) if one.field == said[named[0]].field]
    if said[-1].field > said[inside[0]].field:
        return range(inside[0], inside[-1] + 1)
    if inside[0] < named[0]:
        return range(inside[0], named.stop)
    last = [i for i in inside if said[i].kind in _SPEAKS | {_Kind.WORD}][-1:] or [named[-1]]
    speaks = any(said[i].kind in _SPEAKS for i in inside[1:])
    return range(named[0], max(last[0] + 1, named.stop)) if speaks else named


def _joins(said: Sequence[_Said], at: int, last: int) -> bool:
    """Whether a name goes on behind this word: “Gulnora and Daler”."""
    return said[at].kind is _Kind.CONJUNCTION and at < last and said[at + 1].kind is _Kind.WORD


def _entry(number: int, line: str, said: Sequence[_Said], today: date, named: range = range(0)) -> Entry:
    """A line whose name stands at `named`."""
    rest = [one for i, one in enumerate(said) if i not in named]
    name = line[said[named[0]].begin : said[named[-1]].end] if named else ""
    why: set[Why] = set() if name else {Why.NO_NAME}
    if any(said[i].kind is _Kind.CONJUNCTION for i in named) or (named and re.search(r"[+&]", name)):
        why.add(Why.SEVERAL)
    fields = _fields(rest)
    state, states_why = _state(rest, fields)
    why |= states_why
    if _QUESTION.search(line) or any(_is_doubtful(field) for field in fields):
        why.add(Why.UNSURE)
    day, dated = _when(rest, fields, today)
    if dated and day is None:
        why.add(Why.WHEN)
    if not dated and any(one.kind is _Kind.PAST for one in rest):
        why.add(Why.WHEN)  # “was safe”: when?
    kinds = {one.kind for one in rest}
    nothing = _Kind.UNKNOWN in kinds and why <= {Why.NO_STATE}
    values = {one.value for one in rest if one.kind is _Kind.STATE}
    unclear = why & {Why.UNSURE, Why.MIXED}
    return Entry(
        number,
        line,
        name,
        None if unclear else state,
        _how(fields),
        day,
        _note(line, fields, state),
        _note(line, [field for field in fields if not _tells_source(field)], state),
        frozenset() if nothing else frozenset(why),
        nothing=nothing,
        speaks=not kinds.isdisjoint(_SPEAKS),
        urgent=State.HELP in values or _Kind.HELP_ALONE in kinds,
        grave=_Kind.GRAVE in kinds or not values.isdisjoint(Hard),
    )


def _fields(said: Iterable[_Said]) -> list[list[_Said]]:
    found: dict[int, list[_Said]] = {}
    for one in said:
        found.setdefault(one.field, []).append(one)
    return list(found.values())


def _tells_source(field: Sequence[_Said]) -> bool:
    """Whether a part of the line says who told it."""
    return any(one.kind is _Kind.HEARSAY or _is_anothers(field, at) for at, one in enumerate(field))


def _is_doubtful(field: Sequence[_Said]) -> bool:
    """A doubt, or a negation that may be meant for the news: “no telephone” is none."""
    kinds = {one.kind for one in field}
    if _Kind.DOUBT in kinds or (_Kind.OTHER in kinds and kinds & _SPEAKS) or _is_of_another(field):
        return True
    tells = kinds & (_SPEAKS | _HOW | {_Kind.PAST})
    return _Kind.NEGATION in kinds and (bool(tells) or _Kind.WORD not in kinds)


def _is_of_another(field: Sequence[_Said]) -> bool:
    """Whether a word stands so close to the news that it may be about somebody else: “her mother is safe”.

    A need for help is rather told of the wrong one than not told; “to Khorog” before “left” is no person.
    """
    for at, one in enumerate(field):
        if one.kind is not _Kind.ALIVE and (one.kind is not _Kind.STATE or one.value in {State.HELP, State.MOVED}):
            continue
        if any(
            before.kind in {_Kind.WORD, _Kind.NUMBER} and not (i and field[i - 1].kind in _LEADS)
            for i, before in enumerate(field[:at])
        ):
            return True
        if one.value is not State.HURT and at + 1 < len(field) and field[at + 1].kind is _Kind.WORD:
            return True
    return False


_LEADS: Final = frozenset({_Kind.PREPOSITION, _Kind.CONJUNCTION})


def _state(said: Sequence[_Said], fields: Sequence[Sequence[_Said]]) -> tuple[What | None, set[Why]]:
    values: set[What] = {one.value for one in said if isinstance(one.value, (State, Hard))}
    kinds = {one.kind for one in said}
    for field in fields:
        if any(one.kind is _Kind.HELP_ALONE for one in field):
            if any(one.kind is _Kind.WORD for one in field):
                return None, {Why.UNSURE}
            values.add(State.HELP)
    well = State.SAFE in values or _Kind.ALIVE in kinds
    if kinds & {_Kind.GRAVE, _Kind.UNKNOWN} or (_Kind.WORSE in kinds and (well or not values)):
        return None, {Why.MIXED} if values or _Kind.ALIVE in kinds else {Why.NO_STATE}
    if not values:
        return (State.SAFE, set()) if _Kind.ALIVE in kinds else (None, {Why.NO_STATE})
    alive = _Kind.ALIVE in kinds
    for state, beside in _GO_TOGETHER.items():
        if state in values and values <= beside | {state}:
            return (None, {Why.MIXED}) if alive and state is Hard.DEAD else (_with_alive(state, alive=alive), set())
    return None, {Why.MIXED}


# What may stand beside the weightiest of two words without saying another thing.
_GO_TOGETHER: Final[Mapping[What, frozenset[What]]] = {
    Hard.DEAD: frozenset(),
    Hard.DETAINED: frozenset(),
    State.HELP: frozenset({State.HURT, State.MOVED}),
    State.HURT: frozenset({State.MOVED}),
    State.SAFE: frozenset({State.MOVED}),
    State.MOVED: frozenset(),
}


def _with_alive(state: What, *, alive: bool) -> What:
    """“Alive and moved away” is safe."""
    return State.SAFE if alive and state is State.MOVED else state


def _when(said: Sequence[_Said], fields: Sequence[Sequence[_Said]], today: date) -> tuple[date | None, bool]:
    """The day, and whether the line tells any."""
    found: set[date | None] = set()
    for one in said:
        if one.kind is _Kind.DAY:
            found.add(_day(one.value, today) if isinstance(one.value, int) else None)
        elif one.kind is _Kind.WEEKDAY and isinstance(one.value, int):
            found.add(_weekday(one.value, today))
        elif one.kind is _Kind.VAGUE:
            found.add(None)
    if any(len(field) == 1 and field[0].kind is _Kind.NUMBER for field in fields):
        found.add(None)  # a number that stands alone may be a day
    if len(found) == 1:
        return found.pop(), True
    return None, bool(found)


def _how(fields: Sequence[Sequence[_Said]]) -> How | None:
    """How it is known; of several ways the weakest."""
    ways: set[How] = set()
    for field in fields:
        for at, one in enumerate(field):
            if one.kind in _HOW and isinstance(one.value, How):
                is_mine = one.kind is not _Kind.ANYBODYS or _is_mine(field, at)
                ways.add(one.value if is_mine else How.TOLD)
    if not ways:
        return None
    return min(ways, key=lambda way: (strength(way), _ORDER.index(way)))


_ORDER: Final = (How.TOLD, How.LIST, How.CODE, How.MESSAGE, How.SAW, How.HEARD, How.SELF)


def _is_mine(field: Sequence[_Said], at: int) -> bool:
    """Whether “saw” is said by the one who writes: nobody stands before it, nor right behind it."""
    before = any(one.kind is _Kind.WORD for one in field[:at])
    behind = at + 1 < len(field) and field[at + 1].kind is _Kind.WORD
    return not before and not behind


def _note(line: str, fields: Sequence[Sequence[_Said]], state: What | None) -> str:
    """What the other words of a line say, as they were typed."""
    parts = []
    for field in fields:
        own = [at for at, one in enumerate(field) if _is_own(one, state) or _is_anothers(field, at)]
        if own:
            parts.append(line[field[_led(field, own[0])].begin : field[own[-1]].end])
    return ", ".join(parts)


def _led(field: Sequence[_Said], at: int) -> int:
    """Where the words that lead to this one begin: “with the children”."""
    found = at
    while at and field[at - 1].kind in {_Kind.PREPOSITION, _Kind.CONJUNCTION, _Kind.FILLER}:
        at -= 1
        if field[at].kind is not _Kind.FILLER:
            found = at
    return found


_OWN: Final = frozenset({_Kind.WORD, _Kind.NUMBER, _Kind.NEGATION, _Kind.WORSE, _Kind.GRAVE})


def _is_own(one: _Said, state: What | None) -> bool:
    beside = one.kind is _Kind.STATE and one.value is not state and state is not None
    return one.kind in _OWN or beside


def _is_anothers(field: Sequence[_Said], at: int) -> bool:
    return field[at].kind is _Kind.ANYBODYS and not _is_mine(field, at)
