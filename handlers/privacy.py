"""What the bot knows of a person: shown, copied, cleaned from the chat, and forgotten."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from bot import i18n
from bot.domain.checkin import News
from bot.domain.conversation import Lane, Outgoing, Page
from bot.domain.hotline import spelled
from bot.domain.knock import Known, goes_out
from bot.i18n import _, ngettext, pgettext
from handlers.ask import Ask, back, button, file
from handlers.family import alarm, bearer, matters, overdue, trustee
from handlers.search import finding
from handlers.updates import hotline
from handlers.words import name_of, seen_by
from storage import (
    checkins,
    circles,
    deadlines,
    inbox,
    knocks,
    lists,
    outbox,
    people,
    petitions,
    readers,
    rumours,
    search,
    sponsors,
    ties,
    trustees,
)
from storage import hotline as lines
from storage.database import Tx
from storage.knocks import Form
from storage.lists import Consent, Whose

COPY_STANDS = timedelta(minutes=10)


def privacy(ask: Ask, tx: Tx) -> Outgoing:
    """What is kept, and what can be done about it."""
    mine = circles.circles_of(tx, ask.person.id)
    districts = len(ties.of(tx, ask.person.id))
    named = (
        [ngettext("You have named {n} district.", "You have named {n} districts.", n=districts)] if districts else []
    )
    given = len(_passed_on(tx, ask.person.id, ask.now))
    yes = ngettext(
        "You let {n} record stand in a list for others.", "You let {n} records stand in a list for others.", n=given
    )
    passed = [yes] if given else []
    return ask.reply(
        Page(
            (
                _("<b>What I know of you</b>"),
                _("Your name here: {name}", name=name_of(ask.person)),
                ngettext("You are in {n} circle.", "You are in {n} circles.", n=len(mine)),
                *named,
                *passed,
                _(
                    "I keep your language, your circles, your quiet hours and your news: the last news until there is "
                    "newer, older news for 30 days. Whoever is in a circle with you sees your name there and the news "
                    "you tell it."
                ),
                seen_by(ask.platform),
                _("Anybody who holds your unlocked phone can read this chat. You can have it cleaned."),
            )
        ),
        [button(pgettext("button", "📄 A copy for me"), "copy")],
        [button(pgettext("button", "🧹 Clean this chat"), "clean")],
        [button(pgettext("button-wide", "🗝 A card, if I lose this account"), "card")],
        [button(pgettext("button", "✍️ My own words"), "own")],
        [button(pgettext("button", "🗑 Forget me"), "forget")],
        [back()],
    )


def copy(ask: Ask, tx: Tx) -> Outgoing:
    """Ask before sending a copy into the chat."""
    del tx
    return ask.reply(
        _(
            "I will send you a file with what you have told about yourself. It stands in this chat for ten minutes; "
            "then I delete it. Is nobody else looking at your phone?"
        ),
        [button(pgettext("button", "📄 Send the copy"), "copied")],
        [back("privacy")],
    )


def copied(ask: Ask, tx: Tx) -> Outgoing:
    """Send the copy: only what the person told about themselves, nothing about anybody else."""
    person = ask.person
    known = {
        "name": person.name,
        "language": person.language,
        "time zone": person.zone,
        "quiet hours": [person.quiet_from, person.quiet_until],
        "messengers": [one.sender.platform for one in people.addresses(tx, person.id)],
        "circles": [  # without their names, which somebody else may have chosen: a copy can fall into other hands
            {"I keep it": one.keeper == person.id, "my news goes there": one.tells}
            for one in circles.circles_of(tx, person.id)
        ],
        "people to tell if I am in trouble": len(trustees.of(tx, person.id)),
        "regular check-ins": [
            {"rhythm": str(one.rhythm), "next": one.due_at.isoformat(timespec="minutes"), "words": one.note}
            for one in deadlines.of(tx, person.id)
        ],
        "districts": [{"district": one.place, "I live there": one.lives} for one in ties.of(tx, person.id)],
        "news that I get": _reading(tx, person.id),  # of a right nothing is said: a copy can fall into other hands
        "questions whether something is true": [
            {"asked": one.asked_at.isoformat(timespec="minutes"), "words": words or ""}
            for one, words in rumours.asked_by(tx, person.id)
        ],
        "petitions that I follow": len(petitions.followed_by(tx, person.id)),  # whether I have signed nobody can say
        "what I wrote to the moderators": [
            {"case": spelled(one.number), "words": words} for one, words in lines.said_by(tx, person.id)
        ],
        "letters under which my name stands": [  # not for which organisation they speak: that is nobody's affair
            one.name for one in sponsors.said_by(tx, person.id) if not one.organisation
        ],
        "whom I look for": [_search_of(one.form) for one in knocks.of(tx, person.id)],
        "by what I may be found": None if (mine := search.held_of(tx, person.id)) is None else _known(mine.known),
        "what may stand in a list for others": [
            {**_known(goes_out(known)), "to": yes.recipient, "until": yes.expires_at.isoformat(timespec="minutes")}
            for known, yes in _passed_on(tx, person.id, ask.now)
        ],
        "news": [_copy_of(one) for one in checkins.told_by(tx, person.id) if one.person == person.id],
    }
    data = json.dumps(known, ensure_ascii=False, indent=2).encode()
    return ask.anew(
        _("This is what I know of you. I delete it here in ten minutes."),
        attachment=file("payvand.json", data),
        clean_after=COPY_STANDS,
    )


def _passed_on(tx: Tx, who: int, now: datetime) -> list[tuple[Known, Consent]]:
    """What somebody has let stand in a list for others: their own record, and their searches."""
    mine = search.held_of(tx, who)
    own = [] if mine is None else [(mine.known, Whose(record=mine.id))]
    own += [(one.form.known, Whose(search=one.id)) for one in knocks.of(tx, who)]
    return [(known, yes) for known, whose in own if (yes := lists.consent(tx, whose, now)) is not None]


def _reading(tx: Tx, who: int) -> dict[str, object] | None:
    one = readers.of(tx, who)
    if one is None:
        return None
    return {
        "districts": list(one.places),
        "topics": sorted(topic.value for topic in one.topics),
        "at once from": one.urgency.name.lower(),
        "urgent breaks quiet hours": one.breaks,
        "digest at": f"{one.digest_at // 60:02d}:00",
    }


def _known(known: Known) -> dict[str, object]:
    return {"names": list(known.names), "born": known.born, "places": list(known.places)}


def _search_of(form: Form) -> dict[str, object]:
    return {**_known(form.known), "relation": form.relation, "words": form.words}


def _copy_of(news: News) -> dict[str, str]:
    return {
        "state": news.state.value,
        "note": news.note,
        "place": news.place,
        "true at": news.true_at.isoformat(timespec="minutes"),
        "told at": news.told_at.isoformat(timespec="minutes"),
    }


def clean(ask: Ask, tx: Tx) -> Outgoing:
    """Ask before the chat is cleaned."""
    del tx
    return ask.reply(
        _(
            "I can delete the messages of the last 48 hours here, yours and mine. Older ones only you can delete, and "
            "the messenger's own servers may keep what they have."
        ),
        [button(pgettext("button", "🧹 Clean this chat"), "cleaned")],
        [back("privacy")],
    )


def cleaned(ask: Ask, tx: Tx) -> Outgoing:
    """Clean the chat."""
    count = outbox.clean_chat(tx, ask.address, ask.now)
    return ask.anew(
        ngettext("{n} message is being deleted.", "{n} messages are being deleted.", n=count),
        [back()],
    )


def forget(ask: Ask, tx: Tx) -> Outgoing:
    """Ask before everything is erased."""
    del tx
    return ask.reply(
        Page(
            (
                _(
                    "Erase everything I know of you? You leave all your circles, and they no longer see your news. It "
                    "is erased here now, and from the backups within 14 days. This can't be undone."
                ),
                _(
                    "If you looked for somebody here, a mark that names nobody stays for up to 30 days, so that "
                    "nobody tries again and again by beginning anew."
                ),
                _(
                    "A signature under a petition would stay: nobody can say here whose it is. If you don't want that, "
                    "withdraw first."
                ),
            )
        ),
        [button(pgettext("button", "🗑 Yes, forget me"), "forgotten")],
        [back("privacy")],
    )


def forgotten(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Erase a person. Circles they kept go to another member; the farewell is the last thing they read."""
    me = ask.person.id
    trusting = [pair for pair in trustee.around(tx, me) if pair.person.id != me]
    letters = [
        *alarm.end_call_of(tx, me, ask.now),
        *overdue.end_of(tx, ask.person, ask.now),
        *matters.forgets(tx, me, ask.now),
        *hotline.forgets(tx, me, ask.now),
        *finding.forgets(tx, me, ask.now),
    ]
    for mine in circles.circles_of(tx, me):
        heir = next((p for p in circles.members(tx, [mine.id])[mine.id] if p.id != me), None)
        if mine.keeper == me and heir is not None:
            circles.hand_over(tx, mine.id, heir.id)
            letters += [_to_heir(heir.id, mine.name), *finding.hands_over(tx, mine.id, heir.id, ask.now)]
        elif heir is None:
            letters += finding.ends_circle(tx, mine.id, ask.now)
        as_it_is = circles.one_of(tx, me, mine.id)
        if as_it_is is not None:
            letters += bearer.parts(tx, as_it_is, ask.person, ask.now)
        circles.leave(tx, mine.id, me)
    letters += trustee.parted(tx, trusting)
    everywhere = people.addresses(tx, me)
    for one in everywhere:
        outbox.clean_chat(tx, one.id, ask.now)
        inbox.forget_accidents(tx, one.sender)
    people.forget(tx, me)
    line = _("You are forgotten. To begin again, write anything. What stands in this chat, please delete yourself.")
    # Spoken now: nobody will know the language any more when it is delivered.
    farewell = i18n.plain(i18n.speak(line, ask.person.language or i18n.SOURCE_LANGUAGE, ask.now))
    return [*(Outgoing(one.id, Page((farewell,)), to_group=True) for one in everywhere), *letters]


def _to_heir(heir: int, circle: str) -> Outgoing:
    text = _("You now keep “{circle}”: you can rename it and remove people.", circle=circle)
    return Outgoing(heir, text, lane=Lane.CHECKIN)
