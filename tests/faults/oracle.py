"""What must hold in a community, in plain Python beside the real bot: it knows no SQL, no handler and no outbox.

The oracle hears what was committed, in its order (updates, the rounds that keep time, claims of letters), and what
appears on people's screens. From that alone it knows who is in which circle, what each circle was told, which calls
for help are open, who must have read what, and who must never have read it. `differences` compares it with the rows of
the database after every step, `lasting` with everything at the end.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from bot import i18n
from bot.domain.checkin import Hard, State
from bot.domain.conversation import Blocked, Incoming, Lane, Line, Pressed, Said, Sender, Unblocked
from bot.i18n import _, pgettext
from handlers import words
from tests.faults.asked import Asked
from tests.faults.detained import Detained, HardRows
from tests.faults.offline import Offline
from tests.faults.silence import Silence, SilenceRows

TOKEN = re.compile(r"[NCKW]x\d{4}x")  # a name of a person, a circle, a relative; words that somebody wrote
TEN = timedelta(minutes=10)
WEEK = timedelta(days=7)
DUSHANBE = timedelta(hours=5)  # ahead of UTC, summer and winter
STEP = timedelta(milliseconds=1)  # the finest time a row keeps
LAPSE = timedelta(hours=5)  # of a declared outage, in these days; in life it is 72 hours
SAID, TOLD, SAFE_NOW, MISTAKE, ERASED = "said", "told", "safe now", "a mistake", "erased"
HEARSAY = ("told", "list")


class Wrong(AssertionError):  # noqa: N818 - a state of affairs
    """Something that must hold does not."""


@dataclass(slots=True)
class Body:
    """A person or (without accounts) a relative of whom others tell."""

    id: int
    name: str
    accounts: tuple[Sender, ...] = ()
    waits: tuple[str, int] | None = None  # the dialogue that waits for words, and what it is about
    gone: bool = False


@dataclass(slots=True, eq=False)
class Told:
    """One piece of news: `due` are the people who must read of it, with the circle in which they are told it."""

    teller: int
    subject: int
    state: State
    true_at: datetime
    told_at: datetime
    circles: list[int]
    how: str = ""
    id: int = 0
    since: int = 0
    due: dict[int, int] = field(default_factory=dict)
    either: set[int] = field(default_factory=set)  # who reads of it in this way or in another
    taken_back: bool = False


@dataclass(slots=True, eq=False)
class Call:
    """A call for help; `sends` counts how often it went out to each of its readers."""

    caller: int
    about: int | None
    news: Told
    opened_at: datetime
    repeat_at: datetime | None
    readers: dict[int, int]
    first: dict[int, int]
    since: int
    id: int = 0
    closed: int | None = None
    end: str = ""
    pressed: set[int] = field(default_factory=set)
    caring: set[int] = field(default_factory=set)
    sends: Counter[int] = field(default_factory=Counter)
    left_at_end: set[int] = field(default_factory=set)

    @property
    def subject(self) -> int:
        """Who needs help."""
        return self.caller if self.about is None else self.about


@dataclass(frozen=True, slots=True)
class Act:
    """Something that somebody did: which button, with which arguments (also read as numbers), and when."""

    me: Body
    verb: str
    words: tuple[str, ...]
    at: datetime
    now: datetime

    def number(self, index: int = 0) -> int:
        """An argument as a number."""
        return _number(self.words[index])


@dataclass(frozen=True, slots=True)
class Seen:
    """One line that somebody read: when, in which letter, and whether it said that it may come twice."""

    at: int
    address: Sender
    marked: bool


@dataclass(frozen=True, slots=True)
class Claimed:
    """What is known of a letter that is on its way."""

    lane: Lane
    at: int
    topic: str


@dataclass(frozen=True, slots=True)
class Rows:
    """What the database holds, in plain numbers."""

    members: set[tuple[int, int, int]]
    news: list[tuple[int, int, int | None, int, int]]
    standing: dict[tuple[int, int], int]
    calls: dict[int, tuple[int, int | None, int | None]]
    readers: dict[int, set[int]]
    sent: dict[tuple[int, int], int]
    silence: SilenceRows
    proposals: list[tuple[int, int]]
    outages: list[tuple[int, datetime]]
    hard: HardRows


def milliseconds(at: datetime) -> int:
    """An instant as the database counts."""
    return int((at - datetime(1970, 1, 1, tzinfo=UTC)) / STEP)


def _sentences() -> dict[str, tuple[str, State | None]]:
    """Every sentence that is counted, as it is read in each language, with @ for the name."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    made: dict[str, tuple[str, State | None]] = {}

    def put(line: Line, kind: str, state: State | None = None) -> None:
        for language in i18n.LANGUAGES:
            made[i18n.plain(i18n.speak(line, language, at)).strip()] = kind, state

    for state in State:
        put(words.said("@", state), SAID, state)
        put(words.told("@", state), TOLD, state)
    put(_("<b>{name}</b>: I am safe now.", name="@"), SAFE_NOW)
    put(_("<b>{name}</b>: safe now, says {caller}.", name="@", caller="@"), SAFE_NOW)
    put(_("<b>{name}</b>: safe now, says {caller}.", name="@", caller=words.called("")), SAFE_NOW)
    put(_("<b>{name}</b>: my call for help was a mistake.", name="@"), MISTAKE)
    put(_("{caller}: the call for help for {name} was a mistake.", name="@", caller="@"), MISTAKE)
    put(
        _(
            "Whoever called for help here has erased their data from Payvand. I do not know how they are. Please reach "
            "them another way."
        ),
        ERASED,
    )
    put(
        _(
            "The person whom this call for help was about is erased in Payvand. I do not know how they are. Please "
            "reach them another way."
        ),
        ERASED,
    )
    return made


def _questions() -> set[str]:
    """How an alarm begins where the district is declared offline, in each language."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    line = _("❓ <b>{name}</b>: no word by the agreed time. Have you heard anything?", name="@")
    return {i18n.plain(i18n.speak(line, language, at)).strip() for language in i18n.LANGUAGES}


def _detained() -> set[str]:
    """How it is read that somebody is detained, in each language."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    word = pgettext("status", "detained")
    return {i18n.plain(i18n.speak(word, language, at)).strip() for language in i18n.LANGUAGES}


class Oracle:
    """See the module."""

    def __init__(self) -> None:
        self.bodies: dict[int, Body] = {}
        self.listed: set[str] = set()  # words that stand on cards of codes
        self.members: dict[int, dict[int, bool]] = {}  # circle: person: whether it hears their news
        self.keeper: dict[int, int] = {}
        self.kin: dict[int, int] = {}  # relative: circle
        self.news: list[Told] = []
        self.calls: list[Call] = []
        self.version = 0
        self._accounts: dict[Sender, int] = {}
        self._owners: dict[Sender, int] = {}  # also of those who were forgotten since
        self._homes: dict[int, int] = {}  # where each relative was at first
        self._names: dict[str, int] = {}
        self._circle_names: dict[str, int] = {}
        self._spans: dict[tuple[int, int], list[list[int | None]]] = defaultdict(list)
        self._words: dict[str, tuple[int, set[int]]] = {}  # written words: whose, and the circles that were told
        self._heard: set[tuple[str, str]] = set()
        self._invited: dict[str, tuple[int, int]] = {}  # code: circle, inviter
        self._knocks: list[tuple[int, int, int]] = []  # who waits at the door: circle, person, inviter
        self._doors: dict[int, tuple[int, int, int]] = {}
        self._known: set[tuple[int, int]] = set()  # (who, of whom): names that the way of an invitation shows
        self.unsure: dict[Sender, list[list[int | None]]] = defaultdict(list)  # when an address may have been shut
        self.shut: set[Sender] = set()
        self.claims: dict[str, Claimed] = {}
        self.posted: list[tuple[int, int]] = []  # (version, highest letter by then)
        self.lines: dict[tuple[int, str, State | None, int], list[Seen]] = defaultdict(list)
        self.rings: dict[tuple[int, int], list[Seen]] = defaultdict(list)  # (call, reader): the call on a screen
        self._sentences = _sentences()
        self._cards: dict[
            tuple[str, ...], tuple[int, int, State | Hard]
        ] = {}  # living codes: of whom, for which circle, what
        self._spilt: dict[str, set[int]] = defaultdict(set)  # names in somebody's own words: the circles that were told
        self._further: list[tuple[int, str, State, int]] = []  # lines that people may read besides news
        self.offline = Offline(LAPSE)
        self.silence = Silence(self, self.offline)
        self.asked = Asked(self)
        self.to_all = 0  # how often somebody told everybody after an outage
        self.detained = Detained(self)
        self._questions = _questions()
        self._is_detained = _detained()
        self._verbs: dict[str, Callable[[Act], object]] = {
            "safe": self._safe,
            "hurt": partial(self._tell, state=State.HURT),
            "moved": partial(self._tell, state=State.MOVED),
            "else": self._else,
            "note": self._note,
            "undo": self._undo,
            "help": self._call,
            "seen": partial(self._press, caring=False),
            "caring": partial(self._press, caring=True),
            "call.note": self._call_note,
            "call.safe": self._safe_now,
            "call.mistake": self._mistake,
            "tell.what": self._called_for,
            "tell.when": self._told_of,
            "circle.tells": self._tells,
            "circle.hear": self._tells,
            "circle.left": self._leaves,
            "circle.removed": self._removes,
            "circle.handed": self._hands,
            "join": self._joins,
            "door.open": self._opens,
            "forgotten": self._forgets,
            "late.begin": self.silence.begun,
            "late.put": self.silence.put_off,
            "late.stopped": self.silence.stopped,
            "late.seen": partial(self.silence.presses, caring=False),
            "late.caring": partial(self.silence.presses, caring=True),
            "outage.put": lambda act: self.offline.proposes(act.me.id, act.words[0], act.now),
            "outage.renew": lambda act: self.offline.renews(act.me.id, act.number(), act.now),
            "outage.yes": lambda act: self.silence.looks(
                self.offline.agrees(act.me.id, act.number(), act.now), act.now
            ),
            "outage.end": lambda act: self.silence.looks(self.offline.ends(act.me.id, act.number(), act.now), act.now),
            "outage.mine": lambda act: self.offline.overrules(act.me.id, act.number(), act.now),
            "outage.safe": self._safe_to_all,
            "ask.all": self.asked.asks,
            "ask.one": self.asked.asks,
            "quiet.at": self.silence.sleeps,
            "quiet.off": self.silence.sleeps,
        }

    # -- founding ----------------------------------------------------------------------------------------------------

    def settle(self, body: Body) -> None:
        """Somebody lives here."""
        self.bodies[body.id] = body
        self._names[body.name] = body.id
        self._accounts.update(dict.fromkeys(body.accounts, body.id))
        self._owners.update(dict.fromkeys(body.accounts, body.id))

    def circle(self, which: int, name: str, inside: Sequence[int]) -> None:
        """A circle of these people; the first keeps it."""
        self._circle_names[name] = which
        self.members[which], self.keeper[which] = {}, inside[0]
        for who in inside:
            self._join(which, who, tells=True)

    def relative(self, body: Body, which: int) -> None:
        """Somebody without the bot."""
        self.settle(body)
        self.kin[body.id] = self._homes[body.id] = which

    def writes(self, token: str, who: int) -> None:
        """Somebody is about to write words that nobody has written before."""
        self._words[token] = who, set()

    def of(self, sender: Sender) -> Body | None:
        """Who writes from there."""
        who = self._accounts.get(sender)
        return None if who is None else self.bodies[who]

    def codes(self) -> list[str]:
        """The codes of invitations that somebody has on a screen and that work."""
        return list(self._invited)

    # -- what was committed ------------------------------------------------------------------------------------------

    def hears(self, incoming: Incoming, now: datetime) -> None:
        """An update was handled at `now`."""
        self.version += 1
        key = incoming.sender.platform, incoming.id
        if key in self._heard:
            return
        self._heard.add(key)
        sender, heard = incoming.sender, incoming.heard
        if isinstance(heard, Blocked):
            self._doubt(sender)
            return
        if sender not in self.shut:
            self._trust(sender)
        me = self.of(sender)
        if me is None or me.gone:
            return
        awaited = self.silence.awaits(me.id) and not isinstance(heard, Unblocked)
        at = min(incoming.at, now) if incoming.at <= now + timedelta(minutes=5) else now
        match heard:
            case Pressed(code):
                me.waits = None
                verb, *arguments = code.split(":")
                with suppress(IndexError):  # a code without its arguments does nothing
                    self._does(Act(me, verb, tuple(arguments), at, now))
            case Said(text):
                self._says(Act(me, "", (text,), at, now))
            case _:
                pass
        if awaited:
            self.silence.looks({me.id}, now)

    def _does(self, act: Act) -> None:
        known = self._verbs.get(act.verb)
        if known is not None:
            known(act)

    def _says(self, act: Act) -> None:
        waits, act.me.waits = act.me.waits, None
        text = act.words[0]
        if text == "/safe":
            self._safe(act)
        elif text == "/sos":
            self._call(act)
        elif waits is not None and not text.startswith("/"):
            self._writes(act, *waits)
        elif (spoken := tuple(text.split())) and self._is_code(text):
            self._hears_code(act, spoken)
        else:
            self._calls_the_roll(act)

    def _writes(self, act: Act, what: str, which: int) -> None:
        """Words that a dialogue waits for: they go to everybody who got what they are about."""
        audience: Iterable[int] = ()
        if what == "code":
            act.me.waits = what, which
            if self._is_code(act.words[0]):
                self._hears_code(act, tuple(act.words[0].split()))
            return
        if what == "else":
            audience = self._tell(act, State.OTHER)
        elif what == "note":
            news = self._news_by(which, act.me.id)
            if news is None:
                act.me.waits = what, which  # refused: the question still waits
                return
            audience = self._here(news, act.me.id)
        else:
            call = self._call_by(which)
            if call is None or call.closed is not None:
                act.me.waits = what, which  # refused: the question still waits
                return
            audience = call.news.circles
        for token in TOKEN.findall(act.words[0]):
            (self._words[token][1] if token[0] == "W" else self._spilt[token]).update(audience)

    def passes(self, now: datetime) -> None:
        """The round that looks after open calls was kept at `now`."""
        self.version += 1
        for call in self.calls:
            silent = [who for who in call.readers if who not in call.pressed]
            due = call.closed is None and call.repeat_at is not None and call.repeat_at <= now
            if due and silent and not any(who in call.caring for who in call.readers):
                call.repeat_at = None
                call.sends.update(silent)

    def waits(self, now: datetime) -> None:
        """The round that looks after deadlines was kept at `now`."""
        self.version += 1
        self.silence.passes(now)

    def cleans(self, now: datetime) -> None:
        """The round that ends what is over was kept at `now`."""
        self.silence.astray(now)
        self.silence.looks(self.offline.passes(now), now)

    def claims_letter(self, key: str, lane: Lane, topic: str) -> None:
        """A letter is on its way from now on."""
        self.claims[key] = Claimed(lane, self.version, topic)

    def letters_until(self, highest: int) -> None:
        """So many letters were posted by now."""
        if not self.posted or self.posted[-1][1] != highest:
            self.posted.append((self.version, highest))

    # -- addresses ---------------------------------------------------------------------------------------------------

    def shuts(self, sender: Sender) -> None:
        """An account blocks the bot."""
        self.shut.add(sender)
        self._doubt(sender)

    def _doubt(self, sender: Sender) -> None:
        spans = self.unsure[sender]
        if not spans or spans[-1][1] is not None:
            spans.append([self.version, None])

    def _trust(self, sender: Sender) -> None:
        spans = self.unsure[sender]
        if spans and spans[-1][1] is None:
            spans[-1][1] = self.version

    def _was_unsure(self, who: int, since: int) -> bool:
        """Whether one of a person's addresses may have been out of reach at any time since then."""
        return any(
            end is None or end >= since for sender in self.bodies[who].accounts for _begin, end in self.unsure[sender]
        )

    def is_unsure(self, who: int) -> bool:
        """Whether one of a person's addresses may be out of reach now."""
        return any(spans and spans[-1][1] is None for spans in (self.unsure[one] for one in self.bodies[who].accounts))

    # -- circles -----------------------------------------------------------------------------------------------------

    def _join(self, which: int, who: int, *, tells: bool) -> None:
        if who not in self.members[which]:
            self.members[which][who] = tells
            self._spans[who, which].append([self.version, None])

    def inside(self, who: int, which: int, at: int) -> bool:
        """Whether somebody was in a circle then."""
        spans = self._spans.get((who, which), ())
        return any((begin or 0) <= at and (end is None or at < end) for begin, end in spans)

    def _left_since(self, who: int, which: int, since: int) -> bool:
        spans = self._spans.get((who, which), ())
        return any(end is not None and end >= since for _begin, end in spans)

    def moved_since(self, who: int, since: int) -> bool:
        """Whether somebody left or joined any circle since then."""
        spans = [span for (one, _which), mine in self._spans.items() if one == who for span in mine]
        return any((begin or 0) >= since or (end is not None and end >= since) for begin, end in spans)

    def shared(self, one: int, other: int) -> list[int]:
        """The circles in which both are now."""
        return sorted(which for which, inside in self.members.items() if one in inside and other in inside)

    def _met(self, who: int, other: int, by: int) -> bool:
        """Whether two people had been in a circle together by then."""
        for (one, which), mine in self._spans.items():
            if one != who:
                continue
            for begin, end in mine:
                for begun, ended in self._spans.get((other, which), ()):
                    first, last = max(begin or 0, begun or 0), min(_or(end, by + 1), _or(ended, by + 1))
                    if first <= by and first < last:
                        return True
        return False

    def _tells(self, act: Act) -> None:
        inside = self.members.get(act.number(), {})
        if act.me.id in inside:
            inside[act.me.id] = act.verb == "circle.hear" or not inside[act.me.id]

    def _leaves(self, act: Act) -> None:
        which, me = act.number(), act.me.id
        inside = self.members.get(which, {})
        if me in inside and not (self.keeper[which] == me and len(inside) > 1):
            self._leave(me, which)

    def _keeps(self, act: Act) -> bool:
        """Whether a keeper does something with another member."""
        which, who = act.number(0), act.number(1)
        return self.keeper.get(which) == act.me.id != who and who in self.members[which]

    def _removes(self, act: Act) -> None:
        if self._keeps(act):
            self._leave(act.number(1), act.number(0))
            self._invited = {code: one for code, one in self._invited.items() if one[0] != act.number(0)}

    def _hands(self, act: Act) -> None:
        if self._keeps(act):
            self.keeper[act.number(0)] = act.number(1)

    def _leave(self, who: int, which: int) -> None:
        del self.members[which][who]
        self._spans[who, which][-1][1] = self.version
        self.silence.left(who, which)
        self.asked.left(who, which)
        self.detained.left(who, which)
        self._end_cards(lambda whom, where: (whom, where) == (who, which))
        for call in self.calls:
            if call.readers.get(who) == which:
                others = [one for one in call.news.circles if who in self.members.get(one, ())]
                if others and call.closed is None:
                    call.readers[who] = others[0]
                else:
                    del call.readers[who]
        for news in self.news:
            if news.subject == who and which in news.circles:
                news.circles.remove(which)
        self._invited = {code: one for code, one in self._invited.items() if one != (which, who)}
        self._knocks = [one for one in self._knocks if (one[0], one[2]) != (which, who)]
        if not self.members[which]:
            del self.members[which], self.keeper[which]
            self.detained.left(who, which)
            for one in [kin for kin, where in self.kin.items() if where == which]:
                self._erase(one)
            for news in self.news:
                if which in news.circles:
                    news.circles.remove(which)

    def _joins(self, act: Act) -> None:
        which, inviter = self._invited.get(act.words[0], (0, 0))
        me = act.me.id
        waits = any(one[:2] == (which, me) for one in self._knocks)
        if not which or waits or me in self.members.get(which, ()):
            return
        del self._invited[act.words[0]]
        self._knocks.append((which, me, inviter))
        self._known.add((inviter, me))

    def _opens(self, act: Act) -> None:
        knock = self._doors.get(act.number())
        if knock is None or knock not in self._knocks or knock[2] != act.me.id:
            return
        self._knocks.remove(knock)
        which, who, _inviter = knock
        self._known |= {(who, one) for one in self.members[which]}
        self._join(which, who, tells=False)

    def _forgets(self, act: Act) -> None:
        me = act.me
        for call in self.calls:
            if call.caller == me.id and call.closed is None:
                self._close(call, ERASED)
        for which in sorted(one for one, inside in self.members.items() if me.id in inside):
            heirs = sorted(one for one in self.members[which] if one != me.id)
            if self.keeper[which] == me.id and heirs:
                self.keeper[which] = heirs[0]
            self._leave(me.id, which)
        for account in me.accounts:
            del self._accounts[account]
        self._erase(me.id)

    def _erase(self, who: int) -> None:
        self.bodies[who].gone = True
        self.silence.gone(who)
        self.offline.gone(who)
        self.asked.gone(who)
        self.detained.gone(who)
        self._end_cards(lambda whom, _where: whom == who)
        self.kin.pop(who, None)
        for call in self.calls:
            call.readers.pop(who, None)
            if call.closed is None and call.subject == who:
                self._close(call, ERASED)
        for news in self.news:
            if news.subject == who:
                news.taken_back = True

    # -- news --------------------------------------------------------------------------------------------------------

    def told_circles(self, who: int) -> list[int]:
        """The circles that hear somebody's news."""
        return sorted(which for which, inside in self.members.items() if inside.get(who))

    def hearers(self, circles: Iterable[int], but: int) -> dict[int, int]:
        """Everybody in these circles but one, with the circle (the first of them) in which they hear."""
        found: dict[int, int] = {}
        for which in sorted(circles):
            for who in self.members.get(which, ()):
                if who != but:
                    found.setdefault(who, which)
        return found

    def _add(self, news: Told) -> Told:
        news.since = self.version
        self.news.append(news)
        return news

    def _safe(self, act: Act) -> None:
        if self._open_of(act.me.id) is None:
            self._tell(act, State.SAFE)

    def _tell(self, act: Act, state: State, further: Iterable[int] = ()) -> list[int]:
        circles = sorted({*self.told_circles(act.me.id), *further})
        if circles:
            me = act.me.id
            self._add(Told(me, me, state, act.at, act.now, circles, due=self.hearers(circles, me)))
            self.asked.answers(me, circles)
        return circles

    def _safe_to_all(self, act: Act) -> None:
        """After an outage: also those learn it who have asked, in a circle that hears no other news of theirs."""
        if self._open_of(act.me.id) is None:
            self.to_all += bool(self._tell(act, State.SAFE, self.asked.waiting(act.me.id)))

    def _told_of(self, act: Act) -> None:
        which, who, how, state = act.number(0), act.number(1), act.words[2], act.words[3]
        if not self._may_tell(act.me, which, who) or state in {"help", "other"}:
            return
        at = act.now
        if act.number(4):  # “today”: midday in Dushanbe, but not in the future
            local = act.now + DUSHANBE
            at = min(at, local.replace(hour=12, minute=0, second=0, microsecond=0) - DUSHANBE)
        self._tell_of(act, who, State(state), at, [which], how)

    def _tell_of(self, act: Act, who: int, state: State, at: datetime, circles: list[int], how: str) -> None:  # noqa: PLR0913, PLR0917 - all that is told
        news = self._add(Told(act.me.id, who, state, at, act.now, circles, how))
        news.due = self.hearers(circles, act.me.id)
        if news.state is State.SAFE and how not in HEARSAY:
            for call in self.calls:
                mine = call.caller == act.me.id or not self._is_known(call)
                if call.closed is None and call.about == who and mine:
                    self._close(call, SAFE_NOW)
                    news.either |= set(news.due)

    def _is_known(self, call: Call) -> bool:
        return any(call.caller in self.members.get(which, ()) for which in call.news.circles)

    def _may_tell(self, me: Body, which: int, who: int) -> bool:
        inside = self.members.get(which, ())
        return me.id in inside and who != me.id and (who in inside or self.kin.get(who) == which)

    # -- a list of several people, and a spoken code -----------------------------------------------------------------

    def card(self, who: int, which: int, codes: Mapping[tuple[str, ...], State | Hard]) -> None:
        """There is a card of codes of somebody for a circle."""
        self._cards.update({code: (who, which, state) for code, state in codes.items()})
        self.listed.update(word for code in codes for word in code)

    def living_codes(self) -> list[tuple[str, ...]]:
        """The codes that nobody has used."""
        return sorted(self._cards)

    def code_of(self, code: tuple[str, ...]) -> tuple[int, int, State | Hard]:
        """Of whom a living code tells, to which circle, and what."""
        return self._cards[code]

    def _end_cards(self, over: Callable[[int, int], bool]) -> None:
        self._cards = {code: card for code, card in self._cards.items() if not over(*card[:2])}

    def _is_code(self, text: str) -> bool:
        said = text.split()
        return len(said) == 3 and all(word in self.listed for word in said)  # noqa: PLR2004 - a code has three words

    def _hears_code(self, act: Act, said: tuple[str, ...]) -> None:
        """Only the three words in their order mean something, and once; whatever else was said is asked for again."""
        card = self._cards.pop(said, None)
        act.me.waits = None if card is not None else ("code", 0)
        if card is not None:
            who, which, state = card
            if isinstance(state, Hard):
                self.detained.told(who, which, act.me.id)
            elif state is State.HELP:
                self._calls_for(act, who, self._add(Told(act.me.id, who, state, act.at, act.now, [which], "code")))
            else:
                self._tell_of(act, who, state, act.at, [which], "code")

    def _calls_the_roll(self, act: Act) -> None:
        """Each line that names somebody of the caller's circles goes to the circles that both share, and no other."""
        for line in act.words[0].splitlines():
            parts = line.split(" – ")
            who = self._names.get(parts[0])
            if who is None or len(parts) != 3 or who == act.me.id:  # noqa: PLR2004 - the name, the state, the source
                continue
            state, how = State(parts[1]), {"saw": "saw", "heard": "told"}[parts[2]]
            circles = sorted(one for one in self.members if self._may_tell(act.me, one, who))
            if circles and not self._said_before(act, who, state, how):
                self._tell_of(act, who, state, act.at, circles, how)

    def _said_before(self, act: Act, who: int, state: State, how: str) -> bool:
        """Whether the last that this caller told of somebody within a day is the same, of the same day in Dushanbe."""
        since = act.now - timedelta(days=1)
        mine = [one for one in self.news if one.teller == act.me.id and one.subject == who and not one.taken_back]
        last = max((one for one in mine if one.told_at >= since), key=lambda one: one.told_at, default=None)
        if last is None or (last.state, last.how) != (state, how):
            return False
        return (last.true_at + DUSHANBE).date() == (act.at + DUSHANBE).date()

    def last_word(self, who: int, now: datetime) -> Told | None:
        """The newest news that somebody told of themselves, but none that the clock now has in the future."""
        mine = [one for one in self.news if one.subject == who == one.teller and not one.taken_back]
        mine = [one for one in mine if one.true_at <= now + timedelta(minutes=5)]
        return max(mine, key=lambda one: (one.true_at, one.told_at), default=None)

    def may_hear(self, whom: Iterable[int], subject: int, state: State) -> None:
        """These people may read once more how somebody is: it ends an alarm that they got."""
        if state is not State.HELP:  # calls for help are counted by their buttons
            # the end of an alarm goes to each account of its readers, as the alarm did
            self._further += [(who, SAID, state, subject) for who in whom for _one in self.bodies[who].accounts]

    def _else(self, act: Act) -> None:
        if self.told_circles(act.me.id):
            act.me.waits = "else", 0

    def _note(self, act: Act) -> None:
        if self._news_by(act.number(), act.me.id) is not None:
            act.me.waits = "note", act.number()

    def _news_by(self, which: int, teller: int) -> Told | None:
        """News that they told and can add to or take back: they are still in a circle that was told it."""
        mine = (one for one in self.news if one.id == which and one.teller == teller and not one.taken_back)
        return next((one for one in mine if self._here(one, teller)), None)

    def _here(self, news: Told, who: int) -> list[int]:
        return [which for which in news.circles if who in self.members.get(which, ())]

    def _undo(self, act: Act) -> None:
        news = self._news_by(act.number(), act.me.id)
        if news is None or news.state is State.HELP:
            return
        if news.subject == act.me.id:
            last = max(one.told_at for one in self.news if one.teller == act.me.id and not one.taken_back)
            over = news.told_at != last
        else:
            over = act.now - news.told_at > WEEK
        news.taken_back = news.taken_back or not over

    def standing(self) -> dict[tuple[int, int], int]:
        """The newest truth that each circle was told of each person: of two of one instant, the later told."""
        found: dict[tuple[int, int], tuple[int, int]] = {}
        for number, news in enumerate(self.news):
            if news.taken_back:
                continue
            for which in news.circles:
                key = which, news.subject
                found[key] = max(found.get(key, (0, 0)), (milliseconds(news.true_at), number))
        return {key: at for key, (at, _number) in found.items()}

    # -- calls for help ----------------------------------------------------------------------------------------------

    def _open_of(self, who: int) -> Call | None:
        return next((one for one in self.calls if one.caller == who and one.about is None and one.closed is None), None)

    def _call_by(self, which: int) -> Call | None:
        return next((one for one in self.calls if one.id == which), None)

    def _call(self, act: Act) -> None:
        me = act.me.id
        before = self._open_of(me)
        if before is not None and act.now - before.opened_at < TEN:
            return
        circles = self.told_circles(me)
        if not circles:
            return
        if before is not None:
            self._close(before, "")
        self._open(act.me, None, self._add(Told(me, me, State.HELP, act.at, act.now, circles)), act.now)
        self.asked.answers(me, circles)

    def _called_for(self, act: Act) -> None:
        which, who, how, state = act.number(0), act.number(1), act.words[2], act.words[3]
        if state != "help" or not self._may_tell(act.me, which, who):
            return
        self._calls_for(act, who, self._add(Told(act.me.id, who, State.HELP, act.now, act.now, [which], how)))

    def _calls_for(self, act: Act, who: int, news: Told) -> None:
        for older in self.calls:
            if older.caller == act.me.id and older.about == who and older.closed is None:
                self._close(older, "")
        self._open(act.me, who, news, act.now)

    def _open(self, me: Body, about: int | None, news: Told, now: datetime) -> None:
        readers = self.hearers(news.circles, me.id)
        readers.pop(about or 0, None)
        call = Call(me.id, about, news, now, now + TEN, dict(readers), dict(readers), self.version)
        call.sends.update(list(readers))
        self.calls.append(call)

    def _close(self, call: Call, end: str) -> None:
        call.closed, call.end, call.repeat_at = self.version, end, None
        call.left_at_end = set(call.readers)

    def _press(self, act: Act, *, caring: bool) -> None:
        call = self._call_by(act.number())
        if call is None or call.closed is not None or act.me.id not in call.readers:
            return
        call.pressed.add(act.me.id)
        if caring:
            call.caring.add(act.me.id)
            call.repeat_at = None

    def _mine(self, act: Act) -> Call | None:
        """The open call of somebody's own that a button is about."""
        call = self._call_by(act.number())
        return call if call is not None and call.caller == act.me.id and call.closed is None else None

    def _call_note(self, act: Act) -> None:
        if self._mine(act) is not None:
            act.me.waits = "call.note", act.number()

    def _safe_now(self, act: Act) -> None:
        call = self._mine(act)
        if call is None or self.bodies[call.subject].gone:
            return
        self._close(call, SAFE_NOW)
        circles = list(call.news.circles)
        news = self._add(Told(act.me.id, call.subject, State.SAFE, act.at, act.now, circles, call.news.how))
        news.due = self.hearers(circles, act.me.id)
        news.either = set(news.due)
        if call.about is None:
            self.asked.answers(act.me.id, circles)

    def _mistake(self, act: Act) -> None:
        call = self._mine(act)
        if call is not None:
            self._close(call, MISTAKE)
            call.news.taken_back = True

    # -- what people read --------------------------------------------------------------------------------------------

    def reads(  # noqa: PLR0913 - all that a screen shows
        self, sender: Sender, key: str, text: str, codes: Sequence[str], *, fresh: bool, marked: bool
    ) -> None:
        """A message stands on a screen now; `fresh` if it is a new one. Raises Wrong if it must not be there."""
        me = self.of(sender)
        claimed = self.claims.get(key)
        if claimed is None:
            return
        shown_at = claimed.at
        if claimed.lane is Lane.REPLY:
            number = int(key.rpartition("/")[2])
            shown_at = next((at for at, highest in self.posted if highest >= number), self.version)
        self._learn(me, codes, text)
        for token in sorted(set(TOKEN.findall(text))):
            self._may_read(sender, token, claimed, shown_at)
        for name in self.said_detained(text):
            if not self.detained.may_read(self._owners[sender], self._names[name]):
                raise Wrong(f"{sender.account} reads that {name} is detained")
        if me is None or not fresh:
            return
        seen = Seen(self.version, sender, marked)
        for line in text.splitlines():
            names = TOKEN.findall(line)
            kind = self._sentences.get(TOKEN.sub("@", line).strip())
            if kind is not None and claimed.lane in {Lane.CHECKIN, Lane.DANGER}:
                subject = self._names.get(names[0], 0) if names else 0
                self.lines[me.id, *kind, subject].append(seen)
        self._rings(me, seen, claimed.lane, text, codes)

    def _rings(self, me: Body, seen: Seen, lane: Lane, text: str, codes: Sequence[str]) -> None:
        """A call, an alarm, or the word that something is to be read stands on a screen: known by its buttons."""
        late = _about("late.seen", codes)
        if late is not None and lane is Lane.DANGER:
            question = any(TOKEN.sub("@", line).strip() in self._questions for line in text.splitlines())
            if why := self.silence.reads(me.id, seen.address, late, question=question, marked=seen.marked):
                raise Wrong(why)
        hard = _about("hard.read", codes)
        if hard is not None and (why := self.detained.gets(me.id, hard)):
            raise Wrong(why)
        rung = _about("seen", codes)
        if rung is not None and lane is Lane.DANGER:
            self.rings[rung, me.id].append(seen)

    def _learn(self, me: Body | None, codes: Sequence[str], text: str) -> None:
        for code in codes:
            verb, *arguments = code.split(":")
            if me is not None and verb == "invite.picture" and self.inside(me.id, _number(arguments[0]), self.version):
                self._invited.setdefault(arguments[1], (_number(arguments[0]), me.id))
            if me is not None and verb == "door.open":
                who = next(self._names[one] for one in TOKEN.findall(text) if one in self._names)
                which = next(self._circle_names[one] for one in TOKEN.findall(text) if one in self._circle_names)
                self._doors[_number(arguments[0])] = which, who, me.id

    def _may_read(self, sender: Sender, token: str, claimed: Claimed, at: int) -> None:
        who = self._owners[sender]
        match token[0]:
            case "N":
                other = self._names[token]
                fine = other == who or self._met(who, other, at) or (who, other) in self._known
                fine = fine or self._was_spilt(token, who, at) or self.detained.may_read(who, other)
            case "K":
                fine = self._ever_inside(who, self._homes[self._names[token]], at) or self._was_spilt(token, who, at)
                fine = fine or self.detained.may_read(who, self._names[token])
            case "C":
                fine = self._ever_inside(who, self._circle_names[token], at)
            case _:
                author, audience = self._words[token]
                fine = author == who or any(self.inside(who, which, at) for which in audience)
        if not fine:
            raise Wrong(f"{sender.account} reads {token} in lane {claimed.lane.name}, which is not theirs to read")

    def said_detained(self, text: str) -> list[str]:
        """Of whom a screen says that they are detained."""
        lines = [line for line in text.splitlines() if any(word in line for word in self._is_detained)]
        return [name for line in lines for name in TOKEN.findall(line) if name in self._names]

    def _was_spilt(self, token: str, who: int, at: int) -> bool:
        """Whether somebody wrote this name into words of their own that went there."""
        return any(self.inside(who, which, at) for which in self._spilt[token])

    def _ever_inside(self, who: int, which: int, by: int) -> bool:
        return any((begin or 0) <= by for begin, _end in self._spans.get((who, which), ()))

    # -- comparing ---------------------------------------------------------------------------------------------------

    def learn_news(self, rows: Rows) -> list[Told]:
        """Take the numbers of what was told since the last look; gives what is new. Raises Wrong if one is missing."""
        known = {one.id for one in self.news if one.id}
        new = [row for row in rows.news if row[0] not in known]
        fresh = [one for one in self.news if not one.id]
        for one in fresh:
            alike = (one.subject, one.teller, milliseconds(one.true_at), milliseconds(one.told_at))
            found = next((row for row in new if row[1:] == alike), None)
            if found is None and not one.taken_back:
                raise Wrong(f"news {one.state.value} of {one.subject}, told at {one.told_at}, is not in the database")
            if found is not None:
                new.remove(found)
                one.id = found[0]
        if new:
            raise Wrong(f"{len(new)} pieces of news that nobody told are in the database")
        return fresh

    def learn_calls(self, rows: Rows) -> None:
        """Take the numbers of new calls for help. Raises Wrong if one is missing, or one is too many."""
        known = {one.id for one in self.calls if one.id}
        for call in self.calls:
            if call.id or call.closed is not None:
                continue
            found = [n for n, row in rows.calls.items() if row[:2] == (call.caller, call.about) and n not in known]
            if len(found) != 1:
                raise Wrong(f"the call for help of {call.caller} is not in the database")
            call.id = found[0]
            known.add(call.id)

    def differences(self, rows: Rows) -> Iterator[str]:
        """What the database holds otherwise than it must."""
        members = {(which, who, int(tells)) for which, inside in self.members.items() for who, tells in inside.items()}
        if members != rows.members:
            yield f"who is in which circle: {sorted(members ^ rows.members)}"
        yield from self.offline.differences(rows.proposals, rows.outages)
        yield from self.silence.differences(rows.silence)
        yield from self.detained.differences(rows.hard)
        there = {row[0] for row in rows.news}
        for news in self.news:
            if news.id and (news.id in there) == news.taken_back:
                yield f"news {news.id} is {'still there' if news.taken_back else 'lost'}"
        if self.standing() != rows.standing:
            yield f"what circles know: {sorted(self.standing().items() ^ rows.standing.items())}"
        still = {one.id: one for one in self.calls if one.closed is None}
        if still.keys() != rows.calls.keys():
            yield f"open calls for help: {sorted(still.keys() ^ rows.calls.keys())}"
            return
        for call in still.values():
            yield from self._differs(call, rows)

    def _differs(self, call: Call, rows: Rows) -> Iterator[str]:
        due, found = None if call.repeat_at is None else milliseconds(call.repeat_at), rows.calls[call.id][2]
        if due != found:
            yield f"call {call.id} is repeated at {found}, not at {due}"
        readers = rows.readers.get(call.id, set())
        if set(call.readers) != readers:
            yield f"call {call.id} has the readers {sorted(readers)}, not {sorted(call.readers)}"
        for who in call.readers:
            sent = rows.sent.get((call.id, who), 0)
            if sent > call.sends[who] or (sent < call.sends[who] and not self._left_since_call(call, who)):
                yield f"call {call.id} went out {sent} times to {who}, not {call.sends[who]} times"

    def _left_since_call(self, call: Call, who: int) -> bool:
        return self._left_since(who, call.first[who], call.since)

    # -- at the end --------------------------------------------------------------------------------------------------

    def lasting(self, views: Mapping[int, str]) -> Iterator[str]:
        """What people must have read by now, and have not; or have read too often. `views` are callers' own views."""
        yield from self._news_arrived()
        yield from self.silence.lasting()
        yield from self.detained.lasting()
        for call in self.calls:
            for who in sorted(call.first):
                yield from self._call_arrived(call, who, views.get(call.id, ""))
                yield from self._end_arrived(call, who)

    def _news_arrived(self) -> Iterator[str]:
        due: dict[tuple[int, str, State, int], list[bool]] = defaultdict(list)
        for news in self.news:
            for who, which in news.due.items():
                kind = SAID if not news.how else TOLD
                excused = (
                    who in news.either
                    or self.bodies[who].gone
                    or self.bodies[news.subject].gone
                    or self._was_unsure(who, news.since)
                    or any(self._left_since(one, which, news.since) for one in (who, news.subject))
                )
                due[who, kind, news.state, news.subject].append(excused)
        for who, kind, state, subject in self._further:
            due[who, kind, state, subject].append(True)
        for (who, kind, state, subject), excuses in due.items():
            seen = self.lines[who, kind, state, subject]
            plain = sum(not one.marked for one in seen)
            if plain > len(excuses):
                yield f"{who} read {plain} times that {subject} is {state.value}, which was told {len(excuses)} times"
            if len(seen) < excuses.count(False):
                yield f"{who} read {len(seen)} of {excuses.count(False)} times that {subject} is {state.value}"
        for key, seen in self.lines.items():
            if key[1] in {SAID, TOLD} and key[2] is not State.HELP and key not in due and seen:
                yield f"{key[0]} read of {key[3]} what nobody told: {key[1]} {key[2]}"

    def _call_arrived(self, call: Call, who: int, view: str) -> Iterator[str]:
        rings = self.rings[call.id, who]
        for address in self.bodies[who].accounts:
            plain = sum(not one.marked for one in rings if one.address == address)
            if plain > call.sends[who]:
                yield f"call {call.id} reached {who} {plain} times, and went out {call.sends[who]} times"
        if any(one.at < call.since for one in rings):
            yield f"call {call.id} reached {who} before it was made"
        excused = (
            call.closed is not None
            or who not in call.readers
            or self._left_since_call(call, who)
            or self.bodies[who].gone
        )
        if rings or excused:
            return
        if not self.is_unsure(who):
            yield f"call {call.id} of {call.caller} never reached {who}, who can be reached"
        elif self._is_known(call) and self.bodies[who].name not in view and not self.is_unsure(call.caller):
            yield f"call {call.id} never reached {who}, and its caller was not told so"

    def _end_arrived(self, call: Call, who: int) -> Iterator[str]:
        if call.closed is None or not call.end or who not in call.left_at_end or who not in call.readers:
            return
        got = [one for one in self.rings[call.id, who] if one.at < call.closed]
        excused = self.bodies[who].gone or self._was_unsure(who, call.closed) or who == call.caller
        if not got or excused:
            return
        subject = 0 if call.end == ERASED else call.subject
        told = [one for one in self.lines[who, call.end, None, subject] if one.at >= call.closed]
        alike = [
            one
            for (reader, kind, _s, _w), seen in self.lines.items()
            if (reader, kind) == (who, call.end)
            for one in seen
        ]
        if not told and not any(one.at >= call.closed for one in alike):
            yield f"{who} got the call {call.id} of {call.caller} and was never told its end ({call.end})"


def _about(verb: str, codes: Sequence[str]) -> int | None:
    """The number that the first button of this verb carries."""
    return next((_number(code.split(":")[1]) for code in codes if code.startswith(f"{verb}:")), None)


def _number(text: str) -> int:
    try:
        return int(text, 36)
    except ValueError:
        return 0


def _or(end: int | None, otherwise: int) -> int:
    return otherwise if end is None else end
