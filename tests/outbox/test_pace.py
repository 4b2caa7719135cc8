"""The pace of one account, in virtual time, against a server that counts every second exactly."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable

import pytest

from bot.outbox.pace import Limits, Pace
from tests.telegram import limits as server

LONG = 60.0

Ways = Callable[[random.Random], tuple[float, float]]  # seconds there, seconds back

NETWORKS: dict[str, Ways] = {
    "even": lambda dice: (dice.uniform(0.02, 0.04), dice.uniform(0.02, 0.04)),
    "mobile": lambda dice: (dice.lognormvariate(-3.1, 0.5), dice.lognormvariate(-3.1, 0.5)),
    "stalling": lambda dice: (0.045 + (0.4 if dice.random() < 0.05 else 0.0), 0.045),  # noqa: PLR2004
    "heaping": lambda dice: (dice.choice((0.03, 0.6)), 0.03),
}


class Blind(Pace):
    """The same pace without its window: even spacing alone."""

    def full(self, now: float) -> float:
        del now
        return 0.0


def refusals(pace: Pace, ways: Ways, seed: int) -> tuple[int, int]:
    """Send for a minute of virtual time: how many arrived, and how many the server refused."""
    dice = random.Random(seed)
    gate = server.Gate(server.Limits(per_second=30))
    arrivals: list[tuple[float, int]] = []
    answers: list[tuple[float, float]] = []
    chat, now = 0, 0.0
    pace.begin(now)
    while now < LONG:
        at = max(now, pace.slot(now))
        while True:
            while answers and answers[0][0] <= at:
                answered, began = heapq.heappop(answers)
                pace.answered(answered - began, answered)
            wait = pace.full(at)
            if not wait:
                break
            at += wait
        pace.departs()
        there, back = ways(dice)
        chat += 1
        heapq.heappush(arrivals, (at + there, chat))
        heapq.heappush(answers, (at + there + back, at))
        now = at
    refused = sum(gate.refuse(chat, when) is not None for when, chat in sorted(arrivals))
    return chat - refused, refused


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("seed", range(5))
def test_no_network_makes_an_even_pace_too_fast_for_the_platform(network: str, seed: int) -> None:
    _arrived, refused = refusals(Pace(Limits()), NETWORKS[network], seed)
    assert refused == 0


def test_control_even_spacing_alone_is_refused_where_messages_arrive_in_heaps() -> None:
    _arrived, refused = refusals(Blind(Limits()), NETWORKS["heaping"], 1)
    assert refused > 0


@pytest.mark.parametrize(("network", "share"), [("even", 0.95), ("stalling", 0.92)])
def test_hardly_anything_of_what_is_allowed_is_given_away(network: str, share: float) -> None:
    arrived, _refused = refusals(Pace(Limits()), NETWORKS[network], 2)
    assert arrived >= share * 30 * (LONG - Limits().cold_start)


def test_a_pause_holds_whoever_had_a_slot_already() -> None:
    pace = Pace(Limits())
    pace.begin(0.0)
    pause_ends = 4.0
    pace.throttled(1.0, 3.0, 7, everywhere=True)
    assert pace.held(2.0)
    assert not pace.held(pause_ends)
    assert pace.slot(2.0) >= pause_ends
