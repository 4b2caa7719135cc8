"""The ways to looking for somebody."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.knock import MOST_CHOICES
from bot.domain.phrases import Intent
from handlers.routes import Limit, Routes, Waiting
from handlers.search import decoy, found_choice, knock, match_desk, passing

ROUTES = Routes(
    buttons={
        "knock": knock.overview,
        "knock.new": knock.new,
        "knock.skip": knock.skip,
        "knock.is": knock.relation,
        "knock.about": knock.about,
        "knock.born": knock.born,
        "knock.back": knock.step_back,
        "knock.fix": knock.fix,
        "knock.change": knock.change,
        "knock.put": knock.put,
        "knock.one": knock.show,
        "knock.renew": knock.renew,
        "knock.end": knock.end,
        "knock.ended": knock.ended,
        "knock.case": knock.answer,
        "knock.say": knock.say,
        "knock.no": knock.no,
        "knock.found": knock.found,
        "decoy": decoy.overview,
        "decoy.make": decoy.make,
        "decoy.clear": decoy.clear,
        "found": found_choice.overview,
        "found.of": found_choice.show,
        "found.may": found_choice.may,
        "found.skip": found_choice.skip,
        "found.about": found_choice.about,
        "found.born": found_choice.born,
        "found.back": found_choice.step_back,
        "found.change": found_choice.change,
        "found.fix": found_choice.fix,
        "found.case": found_choice.card,
        "found.yes": found_choice.yes,
        "found.no": found_choice.no,
        "pass": passing.show,
        "pass.yes": passing.yes,
        "pass.no": passing.no,
        "matches": match_desk.queue,
        "matches.where": match_desk.districts,
        "matches.one": match_desk.look,
        "matches.next": match_desk.next_one,
        "matches.take": match_desk.take,
        "matches.hand": match_desk.hand,
        "matches.note": match_desk.note,
        "matches.notes": match_desk.notes,
        "matches.same": match_desk.same,
        "matches.other": match_desk.other,
        "matches.unsure": match_desk.unsure,
        "export": match_desk.export,
        "export.put": match_desk.propose,
        "export.see": match_desk.see,
        "export.yes": match_desk.agreed,
        "recipient": match_desk.recipient,
        "recipient.see": match_desk.recipient_seen,
        "recipient.yes": match_desk.recipient_agreed,
    },
    phrases={
        Intent.SEARCH: knock.overview,
    },
    words={
        "knock": Waiting(knock.written, name=True),
        "knock.say": Waiting(knock.said),
        "found": Waiting(found_choice.written, name=True),
        "found.say": Waiting(found_choice.said),
        "matches.note": Waiting(match_desk.noted),
        "recipient": Waiting(match_desk.recipient_written),
    },
    limits={
        match_desk.propose: Limit("export", 5, within=timedelta(days=1)),
        match_desk.recipient_written: Limit("export", 5, within=timedelta(days=1)),
        knock.put: Limit("knock", 12, within=timedelta(days=1)),
        knock.said: Limit("knock.say", 30),
        found_choice.said: Limit("found.say", 60),
        found_choice.may: Limit("found.may", MOST_CHOICES, found_choice.lets, timedelta(days=30)),
        found_choice.fix: Limit("found.may", MOST_CHOICES, within=timedelta(days=30)),
        found_choice.about: Limit("found", 60),
        passing.yes: Limit("pass", 60),
    },
    # names, answers and words
    fleeting=frozenset(
        {
            *(knock.written, knock.said),
            *(found_choice.written, found_choice.said),
            match_desk.noted,
        }
    ),
    unseeing=frozenset(
        {
            # these ask for a right first
            *(match_desk.queue, match_desk.districts, match_desk.look, match_desk.take, match_desk.hand),
            *(match_desk.note, match_desk.noted, match_desk.same, match_desk.other, match_desk.export),
            *(match_desk.propose, match_desk.see, match_desk.agreed, match_desk.recipient),
            *(match_desk.recipient_written, match_desk.recipient_seen, match_desk.recipient_agreed),
            *(match_desk.next_one, match_desk.notes, match_desk.unsure),
            *(decoy.overview, decoy.make, decoy.clear),
        }
    ),
    older=frozenset(
        {
            *(knock.ended, knock.no, knock.found, knock.said),
            *(found_choice.may, found_choice.fix, found_choice.about),
            *(found_choice.yes, found_choice.no, found_choice.said),
            passing.yes,
        }
    ),
)
