"""A petition between communities: its letter goes out as a signed file, and what each of them counts comes back."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain import relay
from bot.domain.conversation import OURS, Attached, Attachment, Lane, Line, Outgoing, Page, Sender
from bot.domain.petition import Letter, State
from bot.domain.refusals import Near, Outdated
from bot.domain.relay import Parcel, Trouble
from bot.domain.roles import Organiser, Role
from bot.i18n import _, ngettext, pgettext
from handlers import desk
from handlers.ask import DIALOGUE_LIFE, Ask, back, base36, button, expect, file
from handlers.petitions import card
from handlers.petitions.card import opened
from handlers.petitions.counting import counted, whose
from handlers.petitions.wording import as_read, facts, title_of
from storage import (
    audit,
    bulletins,
    inbox,
    jobs,
    outlets,
    people,
    petition_logs,
    petitions,
    proposals,
    relays,
    roles,
    vouchers,
)
from storage.database import Tx
from storage.jobs import Done, Job
from storage.petitions import Petition
from storage.relays import Relayed

KIND: Final = "relay"  # of proposals
LONGEST: Final = 4000  # characters of what a platform calls a file
HOUR: Final = timedelta(hours=1)
IN_A_ROOM: Final = 20  # files of a room that are looked at within an hour
MOST: Final = 20  # petitions on one screen


# -- looking -------------------------------------------------------------------------------------------------------


def overview(ask: Ask, tx: Tx) -> Outgoing:
    """Our fingerprint, the petitions, and the way for a file to come in."""
    desk.organiser(ask, tx)
    public = bulletins.public_key(tx)
    if not public or petition_logs.signer(tx, ask.now) is None:
        return ask.reply(
            _("This community has no key for petitions yet. Whoever runs the machine can make one."), [back("desk")]
        )
    rows = []
    for one in petitions.public(tx, MOST, states=(State.OPEN, State.CLOSING)):
        newest = petitions.newest(tx, one.id, opened=True)
        if newest is not None:
            title = title_of(newest.letter, ask.person.language)
            rows.append([button(pgettext("button-wide", "📜 {title}", title=_short(title)), "relay.of", one.id)])
    lines = (
        _("<b>Petitions and other communities</b>"),
        _("A petition can be signed in other communities, too. Each counts its own people, and tells us how many."),
        "",
        _("Our five groups of signs, by which others know us. Read them aloud when they call you:"),
        _("<code>{fingerprint}</code>", fingerprint=relay.fingerprint(public)),
    )
    take = [button(pgettext("button", "📥 Take in a file"), "relay.take")]
    return ask.reply(Page(lines), *rows, take, [back("desk")], clean_after=desk.STANDS)


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39].rstrip() + "…"  # noqa: PLR2004 - a button's width


def show(ask: Ask, tx: Tx) -> Outgoing:
    """A petition: who counts what, and which files can be made."""
    desk.organiser(ask, tx)
    found, newest = opened(ask, tx)
    home = relays.home_of(tx, found.id)
    lines: list[Line | str] = [_("<b>{title}</b>", title=title_of(newest.letter, ask.person.language))]
    lines += counted(tx, found)
    if home is None:
        give = button(pgettext("button-wide", "📤 File for another community"), "relay.give", found.id)
    else:
        lines += whose(tx, found)
        give = button(pgettext("button-wide", "📤 Our count, as a file"), "relay.give", found.id)
    signs = [
        button(pgettext("button", "🪧 Card"), "petition.card", found.id),
        button(pgettext("button", "📢 Post the card"), "petition.outlets", found.id),
    ]
    room = [button(pgettext("button-wide", "📮 Put the file into a room"), "relay.rooms", found.id)]
    others = relays.of(tx, found.id)
    out = [
        [
            button(
                pgettext("button-wide", "✖️ Leave out: {community}", community=_named(one, others)),
                "relay.drop",
                found.id,
                _code(one),
            )
        ]
        for one in others
    ]
    return ask.reply(Page(tuple(lines)), [give], room, signs, *out, [back("relay")], clean_after=desk.STANDS)


def _named(one: Relayed, others: Collection[Relayed]) -> str:
    """A community; with the version of the letter where it counts for several."""
    several = sum(other.said.key == one.said.key for other in others) > 1
    return f"{_short(one.said.name)} ({one.said.version})" if several else _short(one.said.name)


def _code(one: Relayed) -> str:
    """By what a button means a community's count: short, and never another one's."""
    return f"{relay.fingerprint(one.said.key).replace(' ', '')}{one.said.version}"


# -- leaving out -----------------------------------------------------------------------------------------------------


def _meant(ask: Ask, tx: Tx, found: Petition) -> Relayed:
    one = next((one for one in relays.of(tx, found.id) if ask.args[1:2] == (_code(one),)), None)
    if one is None:
        raise Outdated
    return one


def drop(ask: Ask, tx: Tx) -> Outgoing:
    """Ask before a community's count is left out."""
    desk.organiser(ask, tx)
    found, _newest = opened(ask, tx)
    one = _meant(ask, tx, found)
    text = _(
        "Leave out what {community} counts? Nothing of it is shown any more. To show it again, two organisers must "
        "compare the five groups anew.",
        community=one.said.name,
    )
    yes = button(pgettext("button", "✖️ Yes, leave it out"), "relay.dropped", found.id, _code(one))
    return ask.reply(text, [yes], [back("relay.of", found.id)], clean_after=desk.STANDS)


def dropped(ask: Ask, tx: Tx) -> Outgoing:
    """A community's count is not shown any more."""
    by = desk.organiser(ask, tx)
    found, _newest = opened(ask, tx)
    said = _meant(ask, tx, found).said
    relays.drop(tx, found.id, said.key, said.version)
    audit.note(tx, by.person, "left out: relay", ask.now)
    return ask.reply(_("It is left out."), [back("relay.of", found.id)], clean_after=desk.STANDS)


# -- giving --------------------------------------------------------------------------------------------------------


def _made(tx: Tx, found: Petition, now: datetime) -> Parcel:
    """The file of a petition: with its letter, or with our count if it is another community's. Raises Outdated."""
    by = petition_logs.signer(tx, now)
    if by is None:
        raise Outdated
    make = relays.letter_file if relays.home_of(tx, found.id) is None else relays.count_file
    made = make(tx, found, by, now)
    if made is None:
        raise Outdated
    return made


def _attached(found: Petition, made: Parcel) -> Attachment:
    return file(f"petition-{base36(found.id)}{OURS}", str(made).encode())


def give(ask: Ask, tx: Tx) -> Outgoing:
    """Give the organiser the file."""
    by = desk.organiser(ask, tx)
    found, _newest = opened(ask, tx)
    made = _made(tx, found, ask.now)
    audit.note(tx, by.person, "given: relay", ask.now)
    if made.said.is_home:
        text = _(
            "Forward this file to an organiser of the other community. It holds the letter and our key, and no names. "
            "They will call you, and you read our five groups to each other."
        )
    else:
        text = ngettext(
            "Forward this file to an organiser of the community from which the letter comes. It says that {n} person "
            "has signed here, and holds no names.",
            "Forward this file to an organiser of the community from which the letter comes. It says that {n} people "
            "have signed here, and holds no names.",
            n=made.said.count,
        )
    return ask.anew(text, [back("relay.of", found.id)], attachment=_attached(found, made), clean_after=desk.STANDS)


def rooms(ask: Ask, tx: Tx) -> Outgoing:
    """Choose an outlet in which both communities' bots are."""
    desk.organiser(ask, tx)
    found, _newest = opened(ask, tx)
    every = enumerate(outlets.every(tx), 1)
    rows = [[button(card.outlet_label(n, one), "relay.post", found.id, one.id)] for n, one in every]
    text = _("Choose a room on Matrix where the other community's bot is, too. It takes the file from there by itself.")
    return ask.reply(text, *rows, [back("relay.of", found.id)], clean_after=desk.STANDS)


def post(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Put the file into an outlet."""
    by = desk.organiser(ask, tx)
    found, newest = opened(ask, tx)
    outlet = outlets.find(tx, ask.number(1))
    if outlet is None:
        raise Outdated
    made = _made(tx, found, ask.now)
    audit.note(tx, by.person, "posted: relay", ask.now)
    title = title_of(newest.letter, outlet.language or ask.person.language)
    text = (
        _("A petition that other communities can take over: “{title}”", title=title)
        if made.said.is_home
        else _("What {community} counts for “{title}”: {count}", community=made.said.name, title=title,
               count=made.said.count)
    )  # fmt: skip
    attached = _attached(found, made)
    return [
        ask.reply(_("The file is on its way there."), [back("relay.of", found.id)], clean_after=desk.STANDS),
        Outgoing(outlet.address, text, lane=Lane.PETITION, attachment=attached, to_group=True),
    ]


# -- a file comes in -------------------------------------------------------------------------------------------------


def take(ask: Ask, tx: Tx) -> Outgoing:
    """Ask for the file."""
    desk.organiser(ask, tx)
    expect(ask, tx, "relay")
    return ask.reply(_please(), [back("relay")], clean_after=desk.STANDS)


def _please() -> Line:
    return _("Send or forward me the file that you got from the other community. Its name ends with “.relay”.")


def typed(ask: Ask, tx: Tx) -> Outgoing:
    """Words came where a file is waited for. It is still waited for."""
    desk.organiser(ask, tx)
    return ask.reply(_please(), [back("relay")], clean_after=desk.STANDS)


def sent(ask: Ask, tx: Tx) -> Outgoing:
    """A file was sent: it is fetched beside everything else."""
    by = desk.organiser(ask, tx)
    thing = ask.attached
    if thing is None or thing.kind != "document" or not 0 < len(thing.reference) <= LONGEST:
        return ask.reply(_sentence(Trouble.BROKEN), [back("relay")], clean_after=desk.STANDS)
    _fetch(tx, by.person, ask.address, ask.sender, thing, ask.now)
    return ask.reply(_("I am looking at the file."), [back("relay")], clean_after=desk.STANDS)


def _fetch(  # noqa: PLR0913, PLR0917 - what to fetch, from where, for whom
    tx: Tx, who: int, where: int, sender: Sender, thing: Attached, now: datetime, *, room: bool = False
) -> None:
    body = {"platform": sender.platform, "bot": sender.bot, "reference": thing.reference, "room": room}
    jobs.put(tx, who, where, relays.FETCH, json.dumps(body), now)


def is_meant(ask: Ask, tx: Tx, thing: Attached) -> bool:
    """Whether somebody who may do so has sent one of these files, asked for or not."""
    if ask.data.get("what") == "relay":
        return True
    named = thing.name.endswith(OURS) and not ask.data
    return named and roles.held(tx, ask.person.id, Role.ORGANISER, ask.now) is not None


def overheard(tx: Tx, where: int, sender: Sender, thing: Attached, now: datetime) -> None:
    """One of these files stands in a room that is an outlet: it is fetched, and nothing is said there."""
    if not thing.name.endswith(OURS) or not 0 < len(thing.reference) <= LONGEST:
        return
    holders = [one.person for one in roles.holders(tx, Role.ORGANISER, now)]
    found = next(((who, at.id) for who in holders for at in people.addresses(tx, who)), None)
    if found is None or all(one.address != where for one in outlets.every(tx)):
        return
    if inbox.use(tx, f"relay/{where}", HOUR, now) <= IN_A_ROOM:
        _fetch(tx, *found, sender, thing, now, room=True)  # an accident is told to an organiser, never to the room


def came(tx: Tx, job: Job, done: Done, now: datetime) -> list[Outgoing]:
    """The file is here, or could not be fetched: whoever sent it sees what it is."""
    if not jobs.done(tx, job.id) or roles.held(tx, job.person, Role.ORGANISER, now) is None:
        return []
    parcel = relay.read(done.drawn.decode("utf-8", "replace"))
    if json.loads(job.body)["room"]:
        return [] if parcel is None or parcel.said.is_home else _by_itself(tx, parcel, now)
    people.end_dialogue(tx, job.person)
    if done.hashed:
        why = (
            _("This file is too large to be one of ours.")
            if done.hashed == relays.TOO_LARGE
            else _("I could not get the file. Please send it once more.")
        )
        return [_to(job, Page((why,)))]
    trouble = Trouble.BROKEN if parcel is None else _trouble(tx, parcel, now)
    if parcel is None or trouble is not None:
        return [_to(job, Page((_sentence(trouble or Trouble.BROKEN),)))]
    return _read_it(tx, job, parcel, now)


def _read_it(tx: Tx, job: Job, parcel: Parcel, now: datetime) -> list[Outgoing]:
    """A good file: counted at once if its community is known, else shown, with whose it is."""
    found = None if parcel.said.is_home else relays.count_of(tx, parcel, bulletins.public_key(tx), now)
    if not isinstance(found, tuple) or found[1] is None:
        _keep(tx, job, parcel, now)
        return [*_letter(job, parcel, now), _to(job, _whose(parcel, letter=parcel.said.is_home), keep=True)]
    relays.put(tx, found[0].id, parcel, found[2])
    audit.note(tx, job.person, "taken in: relay", now)
    return [_to(job, Page((_taken(parcel),)), which=found[0].id)]


def _by_itself(tx: Tx, parcel: Parcel, now: datetime) -> list[Outgoing]:
    """From a room only what a community says whose key two people have agreed to."""
    found = relays.count_of(tx, parcel, bulletins.public_key(tx), now)
    if not isinstance(found, Trouble) and found[1] is not None:
        relays.put(tx, found[0].id, parcel, found[2])
        audit.note(tx, None, "taken in: relay", now)
    return []


def _keep(tx: Tx, job: Job, parcel: Parcel, now: datetime) -> None:
    form = json.dumps({"what": "relay", "file": str(parcel)}, ensure_ascii=False)
    people.keep_dialogue(tx, job.person, form, now + DIALOGUE_LIFE)


def _to(job: Job, text: Page, *, keep: bool = False, which: int | None = None) -> Outgoing:
    rows = [[button(pgettext("button-wide", "🤝 They are the same five groups"), "relay.put")]] if keep else []
    rows.append([back("relay") if which is None else back("relay.of", which)])
    return Outgoing(job.person, text, choices=tuple(map(tuple, rows)), at=job.address, clean_after=desk.STANDS)


def _letter(job: Job, parcel: Parcel, now: datetime) -> list[Outgoing]:
    """The letter as its community wrote it: what people would sign here."""
    if parcel.letter is None:
        return []
    pages = _read(parcel.letter, job.language, now)
    return [Outgoing(job.person, page, at=job.address, clean_after=desk.STANDS) for page in pages]


def _read(letter: Letter, language: str, now: datetime) -> list[Page]:
    """A letter to be read before somebody agrees to it: in each of its languages, since any of them may lie."""
    return [*as_read(letter, now), Page(tuple(facts(letter, language)))]


def _whose(parcel: Parcel, *, letter: bool) -> Page:
    """Whose file it is, and how that is found out by telephone."""
    said = parcel.said
    name, count = said.name, said.count
    if letter:
        first = _(
            "This is a petition of {community}. Signatures there, as they say: {count}.", community=name, count=count
        )
    else:
        first = _(
            "{community} wants to count for a petition of ours. Signatures there, as they say: {count}.",
            community=name,
            count=count,
        )
    return Page(
        (
            first,
            "",
            _("Anybody can call themselves so. By these five groups of signs you know whether it is them:"),
            _("<code>{fingerprint}</code>", fingerprint=relay.fingerprint(said.key)),
            _(
                "Call somebody there whose voice you know, on a number that you had before, and let them read their "
                "five groups to you. If one sign differs, stop, and tell nobody but them."
            ),
        )
    )


def _taken(parcel: Parcel) -> Line:
    return _("Taken in. {community} counts {count}.", community=parcel.said.name, count=parcel.said.count)


# -- two agree -----------------------------------------------------------------------------------------------------


def put(ask: Ask, tx: Tx) -> list[Outgoing]:
    """One organiser has compared the groups: a second one must agree."""
    by = desk.organiser(ask, tx)
    parcel = relay.read(str(ask.data.get("file", ""))) if ask.data.get("what") == "relay" else None
    if parcel is None:
        raise Outdated
    trouble = _trouble(tx, parcel, ask.now)
    if trouble is not None:
        return [ask.reply(_sentence(trouble), [back("relay")], clean_after=desk.STANDS)]
    title = pgettext("button-wide", "📮 Another community: {community}", community=_short(parcel.said.name))
    barred = vouchers.near(tx, by.person)
    one, letters = desk.propose(ask, tx, by, KIND, title, body={"file": str(parcel)}, barred=barred)
    if not letters:
        proposals.withdraw(tx, one, by.person)
        alone = _("There is no other organiser who could agree: whom you have invited, or who invited you, can't.")
        return [ask.reply(alone, [back("relay")], clean_after=desk.STANDS)]
    return [ask.reply(_("Proposed. It happens when another organiser agrees."), [back("desk")]), *letters]


def _trouble(tx: Tx, parcel: Parcel, now: datetime) -> Trouble | None:
    public = bulletins.public_key(tx)
    if parcel.said.is_home:
        return relays.welcome(tx, parcel, public, now)
    found = relays.count_of(tx, parcel, public, now)
    return found if isinstance(found, Trouble) else None


def see(ask: Ask, tx: Tx) -> list[Outgoing]:
    """The second organiser sees the same: the letter, whose it is, and the five groups."""
    by = desk.organiser(ask, tx)
    one = desk.proposed(ask, tx, by, KIND, ask.number())
    parcel = _proposed(str(one.body["file"]))
    whose = _whose(parcel, letter=parcel.said.is_home)
    yes = button(pgettext("button", "✅ I agree"), "relay.yes", one.id)
    control = replace(desk.show(ask, tx, by, one, whose.lines, yes), edits="", clean_after=desk.STANDS)
    if parcel.letter is None:
        return [control]
    pages = _read(parcel.letter, ask.person.language, ask.now)
    return [*(ask.anew(page, clean_after=desk.STANDS) for page in pages), control]


def _proposed(text: str) -> Parcel:
    parcel = relay.read(text)
    if parcel is None:
        raise Outdated
    return parcel


def agreed(ask: Ask, tx: Tx) -> list[Outgoing]:
    """A second organiser agrees: the letter is opened here, or the community's count is shown from now on."""
    by = desk.organiser(ask, tx)
    one = desk.proposed(ask, tx, by, KIND, ask.number())
    if one.proposer in vouchers.near(tx, by.person):
        raise Near
    parcel = _proposed(str(one.body["file"]))
    trouble = _trouble(tx, parcel, ask.now)
    desk.second(ask, tx, by, KIND, one.id)
    if trouble is not None:
        return [ask.reply(_sentence(trouble), [back("relay")], clean_after=desk.STANDS)]
    which = _do(tx, by, parcel, one.proposer, ask.now)
    text = (
        _("The letter is open here. It has a count of its own, and only our people are in it.")
        if parcel.said.is_home
        else _taken(parcel)
    )
    return [ask.reply(text, [back("relay.of", which)], clean_after=desk.STANDS)]


def _do(tx: Tx, by: Organiser, parcel: Parcel, proposer: int, now: datetime) -> int:
    if parcel.said.is_home:
        made = relays.take_over(tx, parcel, proposer, by.person, now)
        if made is None:
            raise Outdated
        return made.id
    found = relays.count_of(tx, parcel, bulletins.public_key(tx), now)
    if isinstance(found, Trouble):
        raise Outdated
    relays.put(tx, found[0].id, parcel, found[2])
    return found[0].id


# -- what is said ------------------------------------------------------------------------------------------------------


def _sentence(why: Trouble) -> Line:  # noqa: PLR0911, PLR0912, C901 - one reason, one sentence
    match why:
        case Trouble.BROKEN:
            return _("This is not such a file, or a part of it is missing. Ask for it once more, as a file.")
        case Trouble.FORGED:
            return _(
                "⚠️ This file was not signed by the community that it names, or somebody has changed it. Call somebody "
                "there before you trust whoever gave it to you."
            )
        case Trouble.AHEAD:
            return _("This file was signed at a time that has not come yet: one of the two clocks is wrong.")
        case Trouble.FOREIGN:
            return _("This file is about a petition of another community. Nothing is counted.")
        case Trouble.LETTER:
            return _("This file is for another letter, or another version of it. Nothing is counted.")
        case Trouble.OWN:
            return _("This file comes from ourselves. Nothing is counted twice.")
        case Trouble.COPIED:
            return _("⚠️ Another community has shown this same list before. It is not counted a second time.")
        case Trouble.COUNT:
            return _("⚠️ More signatures are claimed than the list has lines. Nothing is counted.")
        case Trouble.OLD:
            return _("I know this already, or something newer. Nothing has changed.")
        case Trouble.ANOTHER_LOG | Trouble.CHANGED:
            return _(
                "⚠️ That community's list is not what it was: something was taken out, put in or changed. Nothing is "
                "counted. Call them: perhaps somebody else has their machine."
            )
        case Trouble.GAP:
            return _(
                "Too many files got lost since the last one that I know, so I can't see that their list only grew. Ask "
                "for an older file first."
            )
        case Trouble.OVER:
            return _("The last day for signing this letter has passed.")
        case Trouble.INCOMPLETE:
            return _("This letter lacks something that every letter must have here. It can't be opened.")
