"""A file under a passphrase: another implementation of age opens ours, we open its, and nothing altered opens."""

from __future__ import annotations

import base64
import random

import pyrage
import pytest

from storage import guard
from storage.guard import WrongPassphrase

CHEAP = 8  # of scrypt, so that a thousand guesses take no time


def test_another_implementation_opens_what_we_guard() -> None:
    for content in (b"", b"a key\n", b"x" * 60_000):
        assert pyrage.passphrase.decrypt(guard.guarded(content, "слова", work=CHEAP), "слова") == content


def test_we_open_what_another_implementation_guards() -> None:
    made = pyrage.passphrase.encrypt(b"a key\n", "слова", armored=True)
    assert guard.unguarded(made, "слова") == b"a key\n"


def test_only_the_passphrase_opens_it() -> None:
    made = guard.guarded(b"a key\n", "a phrase", work=CHEAP)
    assert guard.unguarded(made, "a phrase") == b"a key\n"
    for wrong in ("", "A phrase", "a phrase "):
        with pytest.raises(WrongPassphrase):
            guard.unguarded(made, wrong)
    assert made != guard.guarded(b"a key\n", "a phrase", work=CHEAP)


def test_nothing_altered_opens() -> None:
    made = guard.guarded(b"a key\n", "a phrase", work=CHEAP)
    dice = random.Random(3)
    for _ in range(300):
        false = bytearray(made)
        false[dice.randrange(36, len(made) - 36)] = dice.choice(b"ABCabc019+/=")
        if bytes(false) != made:
            with pytest.raises(WrongPassphrase):
                guard.unguarded(bytes(false), "a phrase")
    for length in range(0, len(made) - 36, 7):
        with pytest.raises(WrongPassphrase):
            guard.unguarded(made[:length], "a phrase")


def test_a_file_that_would_take_all_memory_is_refused() -> None:
    head = b"age-encryption.org/v1\n-> scrypt " + b"A" * 22 + b" 40\n" + b"A" * 43 + b"\n--- " + b"A" * 43 + b"\n"
    with pytest.raises(WrongPassphrase):  # at once: two to the forty would take a thousand gigabytes
        guard.unguarded(base64.b64encode(head + bytes(60)), "a phrase")
    with pytest.raises(ValueError, match="small"):
        guard.guarded(b"x" * (guard.LONGEST + 1), "x", work=CHEAP)
