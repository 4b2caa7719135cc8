"""The Bot API's documented limits as exact windows over an injected clock, and a penalty for ignoring them."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is allowed; None switches a limit off.

    `per_second` binds the bot, `chat_every` is the gap in seconds that one chat needs after `chat_burst` messages at
    once, `group_per_minute` binds a group on top. `penalty` is the least time in seconds that a refused sender must
    wait; every refused request during that time starts it anew.
    """

    per_second: int | None = None
    chat_every: float | None = None
    chat_burst: int = 1
    group_per_minute: int | None = None
    penalty: float = 0.0

    @staticmethod
    def documented(penalty: float = 0.0) -> Limits:
        """Take the limits of Telegram's own pages."""
        return Limits(per_second=30, chat_every=1.0, group_per_minute=20, penalty=penalty)


class Gate:
    """Counts what was let through, and says how long a sender who comes too early must wait."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._all: deque[float] = deque()
        self._chats: dict[int, float] = {}
        self._groups: dict[int, deque[float]] = {}
        self._closed: dict[int, float] = {}

    def refuse(self, chat: int, now: float) -> int | None:
        """Let one message through (None), or give the whole seconds to wait."""
        limits = self.limits
        waits = [self._whole_bot(now), self._one_chat(chat, now), self._one_group(chat, now)]
        # 0 stands for the whole bot: a penalty binds whatever was exceeded.
        wait = max(*waits, self._closed.get(0, 0.0) - now, self._closed.get(chat, 0.0) - now)
        if wait > 0:
            if limits.penalty:
                key = 0 if waits[0] > 0 or self._closed.get(0, 0.0) > now else chat
                self._closed[key] = max(self._closed.get(key, 0.0), now + limits.penalty)
                wait = max(wait, limits.penalty)
            return max(1, math.ceil(wait))
        self._count(chat, now)
        return None

    def _count(self, chat: int, now: float) -> None:
        limits = self.limits
        if limits.per_second is not None:
            self._all.append(now)
        if limits.chat_every is not None:
            self._chats[chat] = max(self._chats.get(chat, 0.0), now) + limits.chat_every
        if limits.group_per_minute is not None and chat < 0:
            self._groups.setdefault(chat, deque()).append(now)

    def _whole_bot(self, now: float) -> float:
        if self.limits.per_second is None:
            return 0.0
        while self._all and self._all[0] <= now - 1.0:
            self._all.popleft()
        return self._all[0] + 1.0 - now if len(self._all) >= self.limits.per_second else 0.0

    def _one_chat(self, chat: int, now: float) -> float:
        gap = self.limits.chat_every
        if gap is None:
            return 0.0
        return self._chats.get(chat, 0.0) - gap * (self.limits.chat_burst - 1) - now

    def _one_group(self, chat: int, now: float) -> float:
        if self.limits.group_per_minute is None or chat >= 0:
            return 0.0
        window = self._groups.setdefault(chat, deque())
        while window and window[0] <= now - 60.0:
            window.popleft()
        return window[0] + 60.0 - now if len(window) >= self.limits.group_per_minute else 0.0
