"""Numbered lists of choices: one list for each letter, wherever the letter is tried."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.domain.conversation import Choice, Sender
from bot.i18n import pgettext
from storage import menus, people
from storage.database import Storage, Tx

NOW = datetime(2026, 3, 21, 9, tzinfo=UTC)
CHOICES = (Choice(pgettext("button", "✅ I am safe"), "safe"), Choice(pgettext("button", "🆘 I need help"), "help"))
LETTER = 7


async def test_a_letter_that_moves_to_another_chat_takes_its_list_along(storage: Storage) -> None:
    def work(tx: Tx) -> None:
        one, two = (people.meet(tx, Sender("memory", "1", name), NOW).address for name in "ab")
        first = menus.begin(tx, one, LETTER, CHOICES, NOW, reply=True)
        assert menus.begin(tx, one, LETTER, CHOICES, NOW, reply=True) == first, "each attempt has the same numbers"
        menus.begin(tx, two, LETTER, CHOICES, NOW, reply=True)
        assert [len(menus.standing(tx, where)) for where in (one, two)] == [0, 1]

    await storage.write(work)


async def test_a_letter_after_which_much_was_said_is_tried_again(storage: Storage) -> None:
    def work(tx: Tx) -> None:
        where = people.meet(tx, Sender("memory", "1", "a"), NOW).address
        for letter in (LETTER, *range(100, 100 + menus.MOST)):
            menus.begin(tx, where, letter, CHOICES, NOW, reply=False)
        menus.begin(tx, where, LETTER, CHOICES, NOW, reply=False)
        assert len(menus.standing(tx, where)) == menus.MOST

    await storage.write(work)
