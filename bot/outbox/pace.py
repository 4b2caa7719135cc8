"""How fast one bot account may write, how long to wait after which failure: pure, with time as an argument."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(minutes=10)
SLOWEST = 5.0  # messages a second below which refusals never push us
MINUTE = 60.0
SECOND = 1.0
DOCUMENTED = 30  # messages in any one second that Telegram lets an account send
GRAIN = 0.001  # seconds by which sums of times may be wrong
KNOWN = 60  # answers before the quickest of them says something about the network
BESIDE = 0.15  # seconds of a letter's way that are our own: claimed, waiting for its turn, noted
TRUSTED = 0.75  # of the quickest answer's time: so much of a message's way is taken to be the same for all


@dataclass(frozen=True, slots=True)
class Limits:
    """What a platform allows one bot account. None means: no limit known.

    `per_second` is kept below the platform's own number, because one refusal costs more than the head-room: Telegram
    documents about 30 a second, and a pause of at least one second for whoever exceeds it. What the network does to an
    even pace is `Pace.full`'s to look after.
    """

    per_second: float | None = 29.0
    address_gap: float = 1.0  # seconds between two messages to one person
    group_per_minute: int | None = 20
    concurrency: int = 128
    cold_start: float = 1.0  # seconds: the previous process's last second counts too

    @property
    def claim(self) -> int:
        """How many letters to claim at once: a quarter of a second's worth, so that urgent ones overtake soon."""
        return self.concurrency if self.per_second is None else max(1, int(self.per_second / 4))

    @property
    def window(self) -> int | None:
        """How many messages the platform may see within any one second, however unevenly the network delivers them."""
        rate = self.per_second
        return rate if rate is None else DOCUMENTED if rate <= DOCUMENTED else math.ceil(rate * 1.05)


UNLIMITED = Limits(per_second=None, address_gap=0.0, group_per_minute=None, cold_start=0.0)


@dataclass(slots=True)
class Pace:
    """The present budget of one bot account. All times are monotonic seconds."""

    limits: Limits
    _next: float = 0.0
    _held_until: float = 0.0
    _rate: float = 0.0
    _calm_since: float = 0.0
    _addresses: dict[int, float] = field(default_factory=dict)
    _left: dict[int, float] = field(default_factory=dict)
    _groups: dict[int, deque[float]] = field(default_factory=dict)
    _unanswered: int = 0
    _counting: deque[float] = field(default_factory=deque)
    _answers: int = 0
    _quickest: float = math.inf

    def begin(self, now: float) -> None:
        """A process has started."""
        self._next = now + self.limits.cold_start
        self._rate = self.limits.per_second or 0.0
        self._calm_since = now

    def slot(self, now: float) -> float:
        """Reserve the next moment at which a message may be sent, and return it. Strictly spaced: never a burst."""
        at = max(now, self._next, self._held_until)
        if self.limits.per_second is not None:
            if now - self._calm_since > MINUTE and self._rate < self.limits.per_second:
                self._rate = min(self.limits.per_second, self._rate + 0.5)
                self._calm_since = now
            self._next = at + 1 / self._rate
        return at

    def held(self, now: float) -> bool:
        """Whether the platform's pause still lasts: whoever has a slot within it needs another one."""
        return now < self._held_until

    def full(self, now: float) -> float:
        """How many seconds until one more message surely fits into the platform's second; 0 if it fits now.

        Even spacing alone can't know that: what left evenly may arrive in a heap. A message counts from when it leaves
        until a second after it was answered, less the part of the way that no message has ever been quicker on; so
        whatever the network does between, no window of a second holds more than `Limits.window`.
        """
        window = self.limits.window
        if window is None:
            return 0.0
        while self._counting and self._counting[0] <= now:
            self._counting.popleft()
        if self._unanswered + len(self._counting) < window:
            return 0.0
        return self._counting[0] - now if self._counting else 1 / DOCUMENTED

    def departs(self) -> None:
        """A message leaves."""
        self._unanswered += 1

    def early(self, address: int, now: float) -> float:
        """How many seconds this address must wait yet, because its last message left later than it was planned."""
        return max(0.0, self._left.get(address, 0.0) - now)

    def left(self, address: int, now: float) -> None:
        """A message to this address leaves indeed: from now on counts the time until its next one."""
        if self.limits.address_gap:
            if len(self._left) > 1000:  # noqa: PLR2004 - forget who was served long ago
                self._left = {who: at for who, at in self._left.items() if at > now}
            self._left[address] = now + self.limits.address_gap + GRAIN

    def answered(self, took: float, now: float) -> None:
        """A message that left `took` seconds ago has its answer (or never will)."""
        self._unanswered -= 1
        if self.limits.window is not None:
            self._answers += 1
            self._quickest = min(self._quickest, took)
            surely = TRUSTED * self._quickest if self._answers > KNOWN else 0.0
            self._counting.append(now + SECOND - surely)

    def batch(self) -> int:
        """How many letters may be under way at once that no crash may repeat: as many as are claimed at once.

        More only where the network is so slow that a batch in the air could not keep the pace. What counts is its
        quickest answer, so that neither stragglers nor a busy machine make it more.
        """
        batch = self.limits.claim
        if self.limits.per_second is None or self._answers <= KNOWN:
            return batch
        return max(batch, math.ceil(self.limits.per_second * (self._quickest + BESIDE)))

    def ahead(self, now: float) -> float:
        """How many seconds of sending are reserved already."""
        return max(0.0, max(self._next, self._held_until) - now)

    def ready(self, address: int, now: float, *, group: bool) -> float:
        """When this one address may get its next message."""
        at = max(self._addresses.get(address, 0.0), self._left.get(address, 0.0))
        limit = self.limits.group_per_minute
        if group and limit is not None:
            window = self._groups.setdefault(address, deque(maxlen=limit))
            if len(window) == limit:
                at = max(at, window[0] + MINUTE)
        return max(now, at)

    def sent(self, address: int, now: float, *, group: bool) -> None:
        """A message to this address is planned for `now`."""
        if self.limits.address_gap:
            if len(self._addresses) > 1000:  # noqa: PLR2004 - forget who was served long ago
                self._addresses = {who: at for who, at in self._addresses.items() if at > now}
            self._addresses[address] = now + self.limits.address_gap
        if group and self.limits.group_per_minute is not None:
            self._groups.setdefault(address, deque(maxlen=self.limits.group_per_minute)).append(now)

    def throttled(self, now: float, wait: float, address: int, *, everywhere: bool) -> None:
        """The platform asked for a pause. A pause that binds the whole account also slows it by a fifth."""
        if not everywhere:
            self._addresses[address] = max(self._addresses.get(address, 0.0), now + wait)
            return
        if now >= self._held_until and self.limits.per_second is not None:
            self._rate = max(min(SLOWEST, self.limits.per_second), self._rate * 0.8)
        self._calm_since = now
        self._held_until = max(self._held_until, now + wait)
        self._next = max(self._next, self._held_until)


def back_off(attempts: int, dice: Callable[[], float]) -> timedelta:
    """How long to wait after the n-th failed attempt: doubling, capped, and spread by `dice` (0 to 1) over its half."""
    pause: timedelta = min(FIRST_PAUSE * 2 ** min(attempts - 1, 16), LONGEST_PAUSE)
    return pause * (0.5 + dice() / 2)
