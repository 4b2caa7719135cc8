"""Two people open a petition: the second one, with distance, agrees to exactly what everybody will read.

A letter that was opened is never changed. A later version takes its place by the same way.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain import petition as rules
from bot.domain.conversation import Lane, Outgoing, Page
from bot.domain.petition import Deed, Letter, Refusal, State, Who
from bot.domain.refusals import Changed, Near, Outdated, Own, Unfinished
from bot.domain.roles import PROPOSAL_LIFE, Role
from bot.i18n import _, pgettext
from handlers import desk
from handlers.ask import Ask, back, button
from handlers.petitions import drafting, wording
from handlers.petitions.drafting import KIND
from storage import audit, outbox, petitions, proposals, sponsors, vouchers
from storage.database import Tx
from storage.petitions import Version
from storage.proposals import Proposal

# -- what exactly --------------------------------------------------------------------------------------------------


def seal(letter: Letter) -> str:
    """The digest of exactly this letter, short enough for a button."""
    return letter.digest().hex()[:32]


def _preview(ask: Ask, letter: Letter) -> list[Outgoing]:
    return [ask.anew(page, clean_after=desk.STANDS) for page in wording.as_read(letter, ask.now)]


# -- offering ------------------------------------------------------------------------------------------------------


def preview(ask: Ask, tx: Tx) -> list[Outgoing]:
    """The author sees exactly what would be read, and what is lacking."""
    one = drafting.mine(ask, tx)
    if one.version.state is State.REVIEW:
        control = ask.anew(Page(tuple(wording.facts(one.letter, ask.person.language))), [back("petition.one", one.id)])
        return [*_preview(ask, one.letter), replace(control, clean_after=desk.STANDS)]
    if not one.changeable:
        raise Outdated
    letter = drafting.standing(tx, one.id, one.letter)
    if rules.lacks(letter, drafting.today(ask)) or drafting.stale(tx, one):
        return [replace(drafting.show(ask, tx, one), edits="")]
    lines = [
        *wording.facts(letter, ask.person.language),
        *drafting.warnings(ask, letter),
        "",
        _("Another organiser must agree before anybody can sign. After that it can't be changed any more."),
    ]
    yes = button(pgettext("button", "📣 Offer it"), "petition.offer", one.id, seal(letter))
    control = ask.anew(Page(tuple(lines)), [yes], [back("petition.one", one.id)], clean_after=desk.STANDS)
    return [*_preview(ask, letter), control]


def offer(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Offer a letter for review. Raises Unfinished or Changed."""
    by = desk.organiser(ask, tx)
    one = drafting.draft(ask, tx)
    letter = drafting.standing(tx, one.id, one.letter)
    if rules.lacks(letter, drafting.today(ask)) or drafting.stale(tx, one):
        raise Unfinished
    if ask.args[1:2] != (seal(letter),):
        raise Changed
    one = drafting.keep(ask, tx, one, letter)
    _step(ask, tx, one.version, Deed.OFFER, Who.AUTHOR)
    title = pgettext("button-wide", "📜 Read: {title}", title=wording.titled(letter, ask.person.language))
    body = {"petition": one.id, "version": one.version.number}
    barred = vouchers.near(tx, by.person) | (sponsors.people_of(tx, one.id) - {by.person})
    _proposal, letters = desk.propose(ask, tx, by, KIND, title, body=body, barred=barred)
    if not letters:
        _withdraw(ask, tx, one.id)
        taken = petitions.newest(tx, one.id)
        if taken is not None:
            _step(ask, tx, taken, Deed.TAKE_BACK, Who.AUTHOR)
        alone = _(
            "There is no other organiser who could agree: whom you have invited, who invited you, and who stands under "
            "the letter, can't."
        )
        return [ask.reply(alone, [back("petition.one", one.id)])]
    done = _("Offered. It can be signed as soon as another organiser agrees.")
    return [ask.reply(done, [back("petition.mine")]), *letters]


def _step(  # noqa: PLR0913, PLR0917 - who does what to which
    ask: Ask, tx: Tx, one: Version, deed: Deed, by: Who, reviewer: int | None = None, refusal: Refusal | None = None
) -> None:
    """Do something to a version. Raises Outdated."""
    then = petitions.take_step(tx, one, deed, by, ask.now, reviewer=reviewer, refusal=refusal)
    if then is None:
        raise Outdated


def waiting(tx: Tx, which: int, now: datetime) -> list[Proposal]:
    """What waits for a second person about a petition."""
    found = proposals.of_kind(tx, KIND, Role.ORGANISER, now)
    return [one for one in found if one.body["petition"] == which]


def _withdraw(ask: Ask, tx: Tx, which: int) -> None:
    for one in waiting(tx, which, ask.now):
        proposals.withdraw(tx, one, one.proposer)
        outbox.withdraw(tx, desk.topic(one.id), Lane.CHECKIN, ask.now)


def take_back(ask: Ask, tx: Tx) -> Outgoing:
    """The author takes a letter back, to change it."""
    one = drafting.mine(ask, tx)
    _step(ask, tx, one.version, Deed.TAKE_BACK, Who.AUTHOR)
    _withdraw(ask, tx, one.id)
    audit.note(tx, ask.person.id, f"taken back: {KIND}", ask.now)
    return drafting.show(ask, tx, drafting.mine(ask, tx))


def watch(tx: Tx, now: datetime) -> list[Outgoing]:
    """What nobody has agreed to in time is a draft again; and old drafts are dropped, after a word to their authors."""
    letters: list[Outgoing] = []
    offered = petitions.in_state(tx, State.REVIEW)
    wait = {one.body["petition"] for one in proposals.of_kind(tx, KIND, Role.ORGANISER, now)} if offered else set()
    for one in offered:
        lapsed = one.changed_at <= now - PROPOSAL_LIFE and one.petition not in wait
        if lapsed and petitions.take_step(tx, one, Deed.TAKE_BACK, Who.TIME, now) is not None:
            found = petitions.find(tx, one.petition)
            letters += _to_author(tx, None if found is None else found.author, one.petition, now)
    for one, author in petitions.ageing(tx, now):
        letters += _to_author(tx, author, one.petition, now)
    petitions.drop_old(tx, now)
    return letters


def _to_author(tx: Tx, author: int | None, which: int, now: datetime) -> list[Outgoing]:
    """A word that does not say what it is about; also under duress, as it is their own letter."""
    if author is None:
        return []
    return [replace(desk.quietly(tx, author, desk.WAITS, now, button(desk.LOOK, "petition.one", which)), own=True)]


# -- agreeing ------------------------------------------------------------------------------------------------------


def _offered(tx: Tx, one: Proposal) -> Version:
    """The version that was proposed, still exactly that. Raises Outdated."""
    found = petitions.version(tx, int(one.body["petition"]), int(one.body["version"]))
    if found is None or found.state is not State.REVIEW or found.digest != found.letter.digest():
        raise Outdated
    return found


def _stood_under(tx: Tx, version: Version) -> bool:
    """Whether everybody who is named under it has said yes to exactly this text, and still stands there."""
    letter, now = version.letter, drafting.standing(tx, version.petition, version.letter)
    here = {one.name for one in now.organisations}
    return set(letter.sponsors) <= set(now.sponsors) and {one.name for one in letter.organisations} <= here


def _apart(tx: Tx, who: int, one: Proposal, version: Version) -> None:
    """Two people with distance between them. Raises Own or Near."""
    found = petitions.find(tx, version.petition)
    authors = {one.proposer} | ({found.author} if found is not None and found.author is not None else set())
    if who in authors:
        raise Own
    under = sponsors.people_of(tx, version.petition)
    if not all(rules.may_review(who, author, under, vouchers.near(tx, author)) for author in authors):
        raise Near


def see(ask: Ask, tx: Tx) -> list[Outgoing]:
    """The second organiser reads exactly what everybody will read, in every language."""
    by = desk.organiser(ask, tx)
    one = desk.proposed(ask, tx, by, KIND, ask.number())
    version = _offered(tx, one)
    letter = version.letter
    lines = [
        *wording.facts(letter, ask.person.language),
        "",
        _("<b>Before anybody signs this, ask yourself:</b>"),
        _("• Could anybody in reach of the state be found by this?"),
        _("• Does each statement have a source that can be looked up?"),
        _("• Can each addressee do what is asked of it?"),
        _("• Do the languages say the same? You must be able to read them, or ask somebody."),
        _("• Have you compared the five groups of the key by telephone?"),
    ]
    yes = button(pgettext("button", "✅ Open it"), "letter.yes", one.id, seal(letter))
    control = desk.show(ask, tx, by, one, lines, yes)
    if one.proposer != by.person:
        no = (button(pgettext("button", "❌ Refuse it"), "letter.no", one.id),)
        control = replace(control, choices=(control.choices[0], no, *control.choices[1:]))
    return [*_preview(ask, letter), replace(control, edits="", clean_after=desk.STANDS)]


def agreed(ask: Ask, tx: Tx) -> list[Outgoing]:
    """The second organiser agrees: from now on it can be signed, and not be changed. Raises Changed or Unfinished."""
    by = desk.organiser(ask, tx)
    one = desk.proposed(ask, tx, by, KIND, ask.number())
    version = _offered(tx, one)
    _apart(tx, by.person, one, version)
    if ask.args[1:2] != (seal(version.letter),):
        raise Changed
    if rules.lacks(version.letter, drafting.today(ask)) or not _stood_under(tx, version):
        raise Unfinished  # its deadline, say, has come meanwhile, or a sponsor has gone
    desk.second(ask, tx, by, KIND, one.id)
    _step(ask, tx, version, Deed.OPEN, Who.REVIEWER, by.person)
    audit.note(tx, by.person, "opened: petition", ask.now, about=one.proposer)
    done = ask.reply(
        _("It is open: everybody can read and sign it."),
        [button(pgettext("button", "👁 See it"), "petition", version.petition)],
        [back("desk")],
    )
    look = button(desk.LOOK, "petition.one", version.petition)
    told = desk.quietly(tx, one.proposer, desk.WAITS, ask.now, look)
    return [done, told]


def refuse(ask: Ask, tx: Tx) -> Outgoing:
    """Ask why a letter is refused: there are fixed reasons, and no others."""
    by = desk.organiser(ask, tx)
    one = desk.proposed(ask, tx, by, KIND, ask.number())
    _apart(tx, by.person, one, _offered(tx, one))
    rows = ([button(wording.refusal_name(why), "letter.why", one.id, why.value)] for why in Refusal)
    return ask.reply(_("Why? Its author reads this reason, and not who you are."), *rows, [back("letter.see", one.id)])


def refused(ask: Ask, tx: Tx) -> list[Outgoing]:
    """The second organiser refuses a letter: its author can change it and offer it again."""
    by = desk.organiser(ask, tx)
    one = desk.proposed(ask, tx, by, KIND, ask.number())
    version = _offered(tx, one)
    _apart(tx, by.person, one, version)
    try:
        why = Refusal(ask.args[1] if len(ask.args) > 1 else "")
    except ValueError:
        raise Outdated from None
    desk.second(ask, tx, by, KIND, one.id)
    _step(ask, tx, version, Deed.REFUSE, Who.REVIEWER, by.person, why)
    audit.note(tx, by.person, f"refused: {why.value}", ask.now, about=one.proposer)
    look = button(desk.LOOK, "petition.one", version.petition)
    told = desk.quietly(tx, one.proposer, desk.WAITS, ask.now, look)
    return [ask.reply(_("Refused. Its author is told why."), [back("desk")]), told]
