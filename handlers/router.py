"""Every button, phrase and question in one table, and the way of one message through it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from bot import i18n
from bot.domain import choosing
from bot.domain.choosing import picked, signed
from bot.domain.circle import read_code
from bot.domain.conversation import (
    Attached,
    Blocked,
    Heard,
    Incoming,
    Line,
    Moved,
    Outgoing,
    Page,
    Posted,
    Pressed,
    Reacted,
    Said,
    Started,
    Unblocked,
    Unreadable,
)
from bot.domain.knock import MOST_CHOICES
from bot.domain.link import SHOWN
from bot.domain.people import Person
from bot.domain.phrases import Intent, understand
from bot.domain.refusals import NotYet, Outdated, Refusal, TooNew, TooOften
from bot.domain.spoken import is_code
from bot.domain.verifying import FEWEST
from bot.i18n import _
from handlers import (
    alarm,
    archive,
    asking,
    bearer,
    board,
    broadcast,
    card,
    checkin,
    checking,
    circle,
    deadline,
    desk,
    document,
    drafting,
    duress,
    feeds,
    found_choice,
    hard,
    home,
    hotline,
    keeping,
    knock,
    link,
    match_desk,
    outage,
    outlet,
    passing,
    petition_adopting,
    petition_card,
    petition_drafting,
    petition_fraud,
    petition_packets,
    petition_progress,
    petition_reading,
    petition_relay,
    petition_reviewing,
    petition_signing,
    petition_sponsoring,
    petition_withdrawing,
    picturing,
    privacy,
    reading,
    region,
    relative,
    reviewing,
    rollcall,
    rumour,
    spoken,
    start,
    telling,
    ties,
    trustee,
    verify,
)
from handlers.ask import Answer, Ask, Handler
from handlers.refused import sentence
from storage import checkins, circles, deadlines, inbox, menus, outbox, people
from storage.database import Tx

BUTTONS: Mapping[str, Handler] = {
    "home": home.home,
    "more": home.more,
    "ready": home.ready,
    "settings": home.settings,
    "manual": home.manual,
    "manual.page": home.manual_page,
    "over": home.over,
    "unclear": home.unclear,
    "speak": start.speak,
    "language": start.language,
    "name": start.name,
    "quiet": start.quiet,
    "quiet.at": start.quiet_at,
    "quiet.zone": start.quiet_zone,
    "quiet.off": start.quiet_off,
    "safe": alarm.safe,
    "hurt": checkin.hurt,
    "moved": checkin.moved,
    "other": checkin.other,
    "else": checkin.something_else,
    "note": checkin.note,
    "place": checkin.place,
    "placed": checkin.placed,
    "undo": checkin.undo,
    "help": alarm.call,
    "help.in": alarm.call_in,
    "seen": alarm.seen,
    "caring": alarm.caring,
    "call.note": alarm.note,
    "call.safe": alarm.safe_now,
    "call.mistake": alarm.mistake,
    "ask": asking.ask,
    "ask.in": asking.ask_in,
    "ask.all": asking.ask_all,
    "ask.one": asking.ask_one,
    "people": board.people,
    "people.in": board.people_in,
    "tell": telling.tell,
    "tell.in": telling.tell_in,
    "tell.of": telling.how,
    "tell.how": telling.what,
    "tell.what": telling.when,
    "tell.when": telling.told,
    "roll": rollcall.begin,
    "roll.next": rollcall.following,
    "roll.who": rollcall.who,
    "roll.all": rollcall.everybody,
    "roll.add": rollcall.added,
    "roll.is": rollcall.state,
    "roll.day": rollcall.day,
    "roll.how": rollcall.how,
    "roll.again": rollcall.again,
    "roll.out": rollcall.left_out,
    "roll.lines": rollcall.lines,
    "roll.line": rollcall.line,
    "roll.line.back": rollcall.line_back,
    "roll.line.new": rollcall.line_new,
    "roll.back": rollcall.back_all,
    "roll.back.yes": rollcall.backed,
    "who": relative.show,
    "kin.add": relative.add,
    "kin.rename": relative.rename,
    "kin.remove": relative.remove,
    "kin.removed": relative.removed,
    "kin.is": relative.is_member,
    "kin.was": relative.was,
    "circles": circle.overview,
    "circle": circle.show,
    "circle.make": circle.make,
    "circle.hear": circle.hear,
    "circle.tells": circle.tells,
    "circle.rename": circle.rename,
    "circle.remove": circle.remove,
    "circle.remove1": circle.remove_one,
    "circle.removed": circle.removed,
    "circle.hand": circle.hand,
    "circle.handed": circle.handed,
    "circle.leave": circle.leave,
    "circle.left": circle.left,
    "keeping": keeping.keeping,
    "keeping.set": keeping.chosen,
    "keeping.stay": keeping.stay,
    "keeping.go": keeping.let_go,
    "invite": circle.invite,
    "invite.several": circle.invite_several,
    "invite.picture": circle.invite_picture,
    "invite.back": circle.invite_back,
    "join": circle.join,
    "door.open": circle.door_open,
    "door.shut": circle.door_shut,
    "hard.say": hard.say,
    "hard.what": hard.what,
    "hard.when": hard.when,
    "hard.note": hard.note,
    "hard.undo": hard.undo,
    "hard.read": checking.read,
    "hard.again": checking.again,
    "hard.cover": checking.cover,
    "hard.yes": checking.yes,
    "hard.grade": checking.grade,
    "hard.no": checking.no,
    "hard.call": checking.call,
    "hard.else": checking.somebody_else,
    "hard.ask": checking.asked,
    "hard.pass": checking.pass_on,
    "hard.tell": checking.tell,
    "hard.told": checking.marked,
    "hard.wrong": checking.wrong,
    "hard.wrong.yes": checking.wronged,
    "hard.free": checking.free,
    "hard.free.yes": checking.freed,
    "hard.bearers": bearer.bearers,
    "hard.name": bearer.name,
    "hard.named": bearer.named,
    "hard.release": bearer.release,
    "hard.decline": bearer.decline,
    "link": link.overview,
    "link.make": link.make,
    "link.type": link.type_it,
    "link.yes": link.yes,
    "link.no": link.no,
    "link.news": link.prefer,
    "link.cut": link.cut,
    "link.cut.yes": link.cut_off,
    "card": card.card,
    "card.make": card.make,
    "card.use": card.use,
    "card.yes": card.yes,
    "card.no": card.no,
    "card.stop": card.stop,
    "own": duress.overview,
    "own.set": duress.choose,
    "own.lift": duress.lift,
    "own.lifted": duress.lifted,
    "late": deadline.overview,
    "late.one": deadline.show,
    "late.new": deadline.new,
    "late.kind": deadline.kind,
    "late.zone": deadline.zone,
    "late.day": deadline.day,
    "late.time": deadline.time,
    "late.grace": deadline.grace,
    "late.tell": deadline.last,
    "late.tell.more": deadline.last_more,
    "late.told": deadline.told,
    "late.sure": deadline.sure,
    "late.begin": deadline.begin,
    "late.note": deadline.note,
    "late.stop": deadline.stop,
    "late.stopped": deadline.stopped,
    "late.later": deadline.later,
    "late.put": deadline.put_off,
    "late.seen": deadline.seen,
    "late.caring": deadline.caring,
    "outage": outage.overview,
    "outage.one": outage.show,
    "outage.new": outage.new,
    "outage.since": outage.since,
    "outage.put": outage.put,
    "outage.renew": outage.renew,
    "outage.see": outage.proposed,
    "outage.yes": outage.agreed,
    "outage.end": outage.end,
    "outage.mine": outage.mine,
    "outage.safe": outage.safe,
    "trust": trustee.overview,
    "trust.pick": trustee.pick,
    "trust.no": trustee.decline,
    "code": spoken.overview,
    "code.hear": spoken.hear,
    "code.back": spoken.take_back,
    "code.whom": spoken.whom,
    "code.in": spoken.whom_in,
    "code.of": spoken.of,
    "code.new": spoken.new,
    "code.make": spoken.make,
    "code.end": spoken.end,
    "code.ended": spoken.ended,
    "privacy": privacy.privacy,
    "copy": privacy.copy,
    "copied": privacy.copied,
    "clean": privacy.clean,
    "cleaned": privacy.cleaned,
    "forget": privacy.forget,
    "forgotten": privacy.forgotten,
    "ties": ties.overview,
    "ties.of": ties.overview_of,
    "tie.of": ties.whose,
    "tie.find": ties.find,
    "tie.say": ties.say,
    "tie.drop": ties.drop,
    "desk": desk.desk,
    "desk.code": desk.code,
    "desk.give": desk.give,
    "desk.give.to": desk.give_to,
    "desk.rights": desk.rights,
    "desk.right": desk.one_right,
    "desk.renew": desk.renew,
    "desk.take": desk.take,
    "desk.keep": desk.keep,
    "desk.more": desk.seldom,
    "desk.leave": desk.leave,
    "desk.left": desk.left,
    "desk.withdraw": desk.withdraw,
    "desk.own": desk.own,
    "desk.over": desk.over,
    "desk.asked": desk.asked,
    "right.see": desk.right,
    "right.yes": desk.agreed,
    "region": region.overview,
    "region.new": region.new,
    "region.hours": region.hours,
    "region.look": region.look,
    "region.put": region.put,
    "region.see": region.see,
    "region.yes": region.agreed,
    "region.board": region.show,
    "region.away": region.away,
    "region.picture": region.picture,
    "region.close": region.close,
    "region.closed": region.closed,
    "region.safe": region.safe,
    "region.help": region.help_needed,
    "region.later": region.later,
    "draft": drafting.overview,
    "draft.new": drafting.new,
    "draft.one": drafting.look,
    "draft.parts": drafting.parts,
    "draft.else": drafting.other,
    "draft.ask": drafting.asked,
    "draft.skip": drafting.skip,
    "draft.place": drafting.placed,
    "draft.topic": drafting.topic,
    "draft.urgency": drafting.urgency,
    "draft.drill": drafting.drill,
    "draft.claim": drafting.claim,
    "draft.sure": drafting.sure,
    "draft.status": drafting.status,
    "draft.more": drafting.more,
    "draft.grade": drafting.grade,
    "draft.day": drafting.day,
    "draft.cut": drafting.cut,
    "draft.picture": picturing.picture,
    "draft.bare": picturing.bare,
    "draft.offer": drafting.offer,
    "draft.drop": drafting.drop,
    "draft.dropped": drafting.dropped,
    "draft.over": drafting.over,
    "draft.old": drafting.ageing,
    "tongue": drafting.translate,
    "tongue.same": drafting.same,
    "tongue.later": drafting.later,
    "tongue.new": reviewing.tongue_new,
    "tongue.put": reviewing.tongue_put,
    "tongue.see": reviewing.tongue_see,
    "tongue.yes": reviewing.tongue_agreed,
    "review.check": reviewing.check,
    "review.look": reviewing.look,
    "review.put": reviewing.put,
    "bulletin.see": reviewing.see,
    "bulletin.yes": reviewing.agreed,
    "alone.check": reviewing.alone,
    "alone.look": reviewing.alone_look,
    "alone.yes": reviewing.alone_yes,
    "alone.see": reviewing.alone_see,
    "alone.confirm": reviewing.confirm,
    "alone.withdraw": reviewing.withdraw_now,
    "published": reviewing.published,
    "published.one": reviewing.published_one,
    "published.correct": reviewing.correct,
    "published.withdraw": reviewing.withdraw,
    "news": reading.news,
    "news.all": reading.everything,
    "news.choose": reading.choose,
    "news.stop": reading.stop,
    "news.places": reading.districts,
    "news.place.find": reading.find_place,
    "news.place": reading.add_place,
    "news.place.drop": reading.drop_place,
    "news.ties": reading.from_ties,
    "news.topics": reading.topics,
    "news.topic": reading.topic,
    "news.soon": reading.soon,
    "news.from": reading.from_urgency,
    "news.hours": reading.hours,
    "news.hour": reading.hour,
    "news.quiet": reading.quiet,
    "bulletin.read": reading.read,
    "bulletin.picture": reading.picture,
    "bulletin.file": reading.file,
    "cast": broadcast.overview,
    "cast.look": broadcast.look,
    "cast.pause": broadcast.pause,
    "cast.resume": broadcast.resume,
    "cast.cancel": broadcast.cancel,
    "cast.cancelled": broadcast.cancelled,
    "cast.again": broadcast.again,
    "outlet": outlet.overview,
    "outlet.new": outlet.new,
    "outlet.one": outlet.show,
    "outlet.speak": outlet.speak,
    "outlet.find": outlet.find_place,
    "outlet.place": outlet.place,
    "outlet.topics": outlet.topics,
    "outlet.topic": outlet.topic,
    "outlet.remove": outlet.remove,
    "outlet.removed": outlet.removed,
    "feeds": feeds.overview,
    "feed.items": feeds.items,
    "feed.item": feeds.item,
    "feed.draft": feeds.draft,
    "feed.add": feeds.add,
    "feed.see": feeds.see,
    "feed.yes": feeds.agreed,
    "feed.one": feeds.one,
    "feed.remove": feeds.remove,
    "feed.removed": feeds.removed,
    "rumour": rumour.begin,
    "rumour.this": rumour.this,
    "rumour.apart": rumour.apart,
    "rumour.board": rumour.board,
    "rumour.read": rumour.read_answer,
    "rumour.see": rumour.see,
    "rumour.yes": rumour.agreed,
    "rumours": rumour.queue,
    "rumours.one": rumour.show,
    "rumours.same": rumour.same,
    "rumours.say": rumour.say,
    "rumours.nosource": rumour.no_source,
    "rumours.look": rumour.look,
    "rumours.more": rumour.more,
    "rumours.in": rumour.in_language,
    "rumours.put": rumour.put,
    "verify": verify.verify,
    "bulletins": archive.newest,
    "key": archive.key,
    "key.sheet": archive.sheet,
    "archive.list": archive.listed,
    "archive.topics": archive.topics,
    "archive.months": archive.months,
    "archive.place": archive.place,
    "archive.words": archive.words,
    "knock": knock.overview,
    "knock.new": knock.new,
    "knock.skip": knock.skip,
    "knock.is": knock.relation,
    "knock.about": knock.about,
    "knock.put": knock.put,
    "knock.one": knock.show,
    "knock.renew": knock.renew,
    "knock.end": knock.end,
    "knock.ended": knock.ended,
    "knock.case": knock.answer,
    "knock.say": knock.say,
    "knock.no": knock.no,
    "knock.found": knock.found,
    "decoy": knock.decoys,
    "decoy.make": knock.make_decoys,
    "decoy.clear": knock.clear_decoys,
    "found": found_choice.overview,
    "found.of": found_choice.show,
    "found.may": found_choice.may,
    "found.skip": found_choice.skip,
    "found.about": found_choice.about,
    "found.case": found_choice.card,
    "found.yes": found_choice.yes,
    "found.no": found_choice.no,
    "pass": passing.show,
    "pass.yes": passing.yes,
    "pass.no": passing.no,
    "hotline": hotline.overview,
    "hotline.new": hotline.new,
    "hotline.add": hotline.add,
    "hotline.one": hotline.show,
    "hotline.end": hotline.end,
    "hotline.ended": hotline.ended,
    "hotlines": hotline.queue,
    "hotlines.one": hotline.look,
    "hotlines.take": hotline.take,
    "hotlines.answer": hotline.answer,
    "hotlines.look": hotline.look_again,
    "hotlines.send": hotline.send,
    "hotlines.hand": hotline.hand,
    "hotlines.close": hotline.close,
    "hotlines.closed": hotline.closed,
    "petition.card": petition_card.show,
    "petition.outlets": petition_card.choose,
    "petition.post": petition_card.post,
    "relay": petition_relay.overview,
    "relay.of": petition_relay.show,
    "relay.give": petition_relay.give,
    "relay.rooms": petition_relay.rooms,
    "relay.post": petition_relay.post,
    "relay.drop": petition_relay.drop,
    "relay.dropped": petition_relay.dropped,
    "relay.take": petition_relay.take,
    "relay.put": petition_relay.put,
    "relay.see": petition_relay.see,
    "relay.yes": petition_relay.agreed,
    "petitions": petition_reading.listed,
    "petition": petition_reading.read,
    "petition.asks": petition_reading.asks,
    "petition.background": petition_reading.background,
    "petition.code": petition_sponsoring.code,
    "petition.stand": petition_sponsoring.stand,
    "petition.renew": petition_sponsoring.renew,
    "petition.renewed": petition_sponsoring.renewed,
    "petition.adopt": petition_adopting.look,
    "petition.adopted": petition_adopting.adopt,
    "orphan.see": petition_adopting.see,
    "orphan.yes": petition_adopting.agreed,
    "petition.mine": petition_drafting.overview,
    "petition.new": petition_drafting.new,
    "petition.one": petition_drafting.look,
    "petition.go": petition_drafting.go,
    "petition.ask": petition_drafting.asked,
    "petition.parts": petition_drafting.parts,
    "petition.texts": petition_drafting.texts,
    "petition.cut": petition_drafting.cut,
    "petition.to": petition_drafting.of_kind,
    "petition.to.see": petition_drafting.to_see,
    "petition.to.add": petition_drafting.to_add,
    "petition.to.drop": petition_drafting.to_drop,
    "petition.goal": petition_drafting.goal,
    "petition.closes": petition_drafting.closes,
    "petition.sponsors": petition_drafting.under,
    "petition.sponsor": petition_drafting.sponsor,
    "petition.again": petition_drafting.again,
    "petition.sponsor.drop": petition_drafting.sponsor_drop,
    "petition.organisation": petition_drafting.organisation,
    "petition.drop": petition_drafting.drop,
    "petition.dropped": petition_drafting.dropped,
    "petition.close": petition_drafting.close,
    "petition.closed": petition_drafting.closed,
    "petition.version": petition_drafting.version,
    "petition.preview": petition_reviewing.preview,
    "petition.offer": petition_reviewing.offer,
    "petition.back": petition_reviewing.take_back,
    "letter.see": petition_reviewing.see,
    "letter.yes": petition_reviewing.agreed,
    "letter.no": petition_reviewing.refuse,
    "letter.why": petition_reviewing.refused,
    "petition.sign": petition_signing.begin,
    "petition.mode": petition_signing.modes,
    "petition.as": petition_signing.chosen,
    "petition.name": petition_signing.own_name,
    "petition.country": petition_signing.country,
    "petition.signed": petition_signing.signed,
    "petition.stop": petition_signing.stop,
    "petition.follow": petition_signing.follow,
    "petition.unfollow": petition_signing.unfollow,
    "petition.withdraw": petition_withdrawing.begin,
    "petition.withdrawn": petition_withdrawing.withdrawn,
    "petition.by": petition_withdrawing.by_receipt,
    "petition.receipt": petition_withdrawing.about_receipts,
    "petition.give": petition_withdrawing.give,
    "petition.progress": petition_progress.overview,
    "petition.chart": petition_progress.chart,
    "petition.files": petition_progress.files,
    "petition.packets": petition_packets.overview,
    "petition.export": petition_packets.export,
    "petition.made": petition_packets.made,
    "petition.packet": petition_packets.look,
    "petition.sent": petition_packets.sent,
    "petition.came": petition_packets.came,
    "petition.answer": petition_packets.answer,
    "petition.remind": petition_packets.remind,
    "petition.more": petition_packets.supplement,
    "petition.fraud": petition_fraud.overview,
    "petition.hold": petition_fraud.hold,
    "petition.let": petition_fraud.let,
    "petition.strike": petition_fraud.strike,
    "petition.struck": petition_fraud.struck,
    "matches": match_desk.queue,
    "matches.where": match_desk.districts,
    "matches.one": match_desk.look,
    "matches.take": match_desk.take,
    "matches.hand": match_desk.hand,
    "matches.note": match_desk.note,
    "matches.same": match_desk.same,
    "matches.other": match_desk.other,
    "export": match_desk.export,
    "export.put": match_desk.propose,
    "export.see": match_desk.see,
    "export.yes": match_desk.agreed,
    "recipient": match_desk.recipient,
    "recipient.see": match_desk.recipient_seen,
    "recipient.yes": match_desk.recipient_agreed,
    "hotlines.over": hotline.over,
    "hotlines.quiet": hotline.quiet,
}

PHRASES: Mapping[Intent, Handler] = {
    Intent.SAFE: alarm.safe,
    Intent.HELP: alarm.call,
    Intent.HELP_OR_MANUAL: home.help_or_manual,
    Intent.MANUAL: home.manual,
    Intent.START: start.started,
    Intent.LANGUAGE: start.language,
    Intent.PRIVACY: privacy.privacy,
    Intent.FORGET: privacy.forget,
    Intent.PEOPLE: board.people,
    Intent.CIRCLES: circle.overview,
    Intent.ASK: asking.ask,
    Intent.CODE: spoken.hear,
    Intent.ROLLCALL: rollcall.begin,
    Intent.LATER: deadline.later_said,
    Intent.CANCEL: home.cancel,
    Intent.BACK: home.home,
    Intent.DESK: desk.desk,
    Intent.RUMOUR: rumour.begin,
    Intent.SEARCH: knock.overview,
    Intent.VERIFY: verify.verify,
    Intent.BULLETINS: archive.newest,
    Intent.PETITIONS: petition_reading.begin,
}

WORDS: Mapping[str, Handler] = {  # what an open dialogue waits for
    "name": start.named,
    "else": checkin.something_told,
    "note": checkin.noted,
    "place": checkin.place_searched,
    "call.note": alarm.noted,
    "tell.else": telling.said,
    "rollcall": rollcall.heard,
    "kin.name": relative.added,
    "kin.renamed": relative.renamed,
    "circle.name": circle.made,
    "circle.renamed": circle.renamed,
    "join": circle.joined,
    "link": link.typed,
    "card": card.used,
    "own.first": duress.first,
    "own.second": duress.second,
    "code": spoken.heard,
    "outage.place": outage.searched,
    "late.time": deadline.time_typed,
    "late.note": deadline.noted,
    "hard.note": hard.noted,
    "tie": ties.searched,
    "desk.code": desk.give_typed,
    "region.place": region.searched,
    "draft.place": drafting.searched,
    "draft.text": drafting.written,
    "draft.picture": picturing.typed,
    "tongue": drafting.tongue_written,
    "news.place": reading.searched,
    "outlet.place": outlet.searched,
    "feed.address": feeds.typed,
    "rumour": rumour.asked,
    "rumours.words": rumour.written,
    "verify": verify.typed,
    "archive.place": archive.place_searched,
    "archive.words": archive.searched,
    "hotline": hotline.written,
    "hotlines.words": hotline.answered,
    "relay": petition_relay.typed,
    "petition.text": petition_drafting.written,
    "petition.source": petition_drafting.sourced,
    "petition.goal": petition_drafting.goal_written,
    "petition.closes": petition_drafting.closes_written,
    "petition.key": petition_drafting.key_pasted,
    "petition.organisation": petition_drafting.organisation_named,
    "petition.code": petition_sponsoring.typed,
    "petition.name": petition_sponsoring.named,
    "petition.stand": petition_sponsoring.typed,
    "petition.sign": petition_signing.written,
    "petition.receipt": petition_withdrawing.pasted,
    "petition.packet": petition_packets.pasted,
    "petition.came": petition_packets.came_as,
    "petition.answer": petition_packets.answered,
    "knock": knock.written,
    "knock.say": knock.said,
    "found": found_choice.written,
    "found.say": found_choice.said,
    "matches.note": match_desk.noted,
    "recipient": match_desk.recipient_written,
}


@dataclass(frozen=True, slots=True)
class Limit:
    """How often one account may do something; `counts` tells which tries count."""

    of: str
    most: int
    counts: Callable[[Ask], bool] = lambda _ask: True
    within: timedelta = timedelta(hours=1)


# Counted outside the handler's savepoint, and per account: neither a refusal nor being forgotten gives new tries.
# A misread digit is found by arithmetic, tells a stranger nothing, and costs nobody a try.
LIMITS: Mapping[Handler, Limit] = {
    circle.joined: Limit("guess", 5, lambda ask: read_code(ask.words) is not None),
    circle.join: Limit("guess", 5, lambda ask: bool(ask.args and ask.person.name)),
    circle.invite: Limit("invite", 30),
    circle.invite_several: Limit("invite", 30),
    privacy.copied: Limit("copy", 5),
    alarm.noted: Limit("detail", 12),  # a call itself is never refused
    checkin.noted: Limit("note", 20),
    hard.noted: Limit("note", 20),
    checkin.placed: Limit("note", 20),
    checkin.something_told: Limit("news", 30),
    checkin.hurt: Limit("news", 30),
    checkin.moved: Limit("news", 30),
    telling.told: Limit("told", 100),
    telling.said: Limit("told", 100),
    relative.added: Limit("kin", 60),
    rollcall.heard: Limit("rollcall", 30),
    rollcall.added: Limit("kin", 60),
    rollcall.backed: Limit("taken back", 10),
    start.named: Limit("name", 10),
    link.make: Limit("link", 10),
    link.typed: Limit("link.guess", 5, lambda ask: read_code(ask.words) is not None),
    trustee.pick: Limit("trust", 20),
    deadline.last: Limit("trust", 20),
    deadline.begin: Limit("late", 20),
    deadline.noted: Limit("late", 20),
    deadline.put_off: Limit("late.put", 20),
    card.make: Limit("card", 5, within=timedelta(days=1)),
    card.used: Limit("card.guess", 5, within=timedelta(days=1)),
    spoken.make: Limit("code.card", 10, within=timedelta(days=1)),
    desk.code: Limit("desk.code", 10),
    desk.give_typed: Limit("desk.guess", 5, lambda ask: read_code(ask.words) is not None),
    desk.keep: Limit("desk.keep", 3),
    region.put: Limit("region", 10),
    region.picture: Limit("region.picture", 20),
    drafting.new: Limit("draft", 30),
    drafting.offer: Limit("draft.offer", 20),
    picturing.sent: Limit("draft.picture", 30),
    reviewing.put: Limit("review", 30),
    outlet.new: Limit("outlet", 10),
    reading.picture: Limit("bulletin.picture", 30),
    feeds.typed: Limit("feed", 20),
    feeds.draft: Limit("feed.draft", 60),
    rumour.asked: Limit("rumour", 10, within=timedelta(days=1)),
    rumour.this: Limit("rumour", 10, within=timedelta(days=1)),
    rumour.put: Limit("rumour.put", 30),
    verify.typed: Limit("verify", 60),
    verify.forwarded: Limit("verify", 60),
    verify.verify: Limit("verify", 60),
    document.sent: Limit("verify.file", 20),
    reading.file: Limit("bulletin.file", 20),
    archive.searched: Limit("archive", 100),
    hotline.written: Limit("hotline", 30),
    hotline.send: Limit("hotline.send", 120),
    match_desk.propose: Limit("export", 5, within=timedelta(days=1)),
    match_desk.recipient_written: Limit("export", 5, within=timedelta(days=1)),
    archive.sheet: Limit("key.sheet", 10),
    petition_card.show: Limit("petition.card", 20),
    petition_card.post: Limit("petition.post", 60),
    petition_relay.give: Limit("relay.give", 60),
    petition_relay.post: Limit("relay.give", 60),
    petition_relay.sent: Limit("relay.sent", 60),
    petition_drafting.new: Limit("petition.new", 10),
    petition_drafting.sponsor: Limit("petition.sponsor", 60),
    petition_drafting.again: Limit("petition.again", 5),
    petition_drafting.organisation_named: Limit("petition.sponsor", 60),
    petition_reviewing.offer: Limit("petition.offer", 30),
    petition_adopting.adopt: Limit("petition.offer", 30),
    petition_sponsoring.typed: Limit("petition.guess", 5, lambda ask: read_code(ask.words) is not None),
    petition_signing.begin: Limit("petition", 30),
    petition_signing.signed: Limit("petition.sign", 20),
    petition_withdrawing.withdrawn: Limit("petition.sign", 20),
    petition_withdrawing.pasted: Limit("petition.receipt", 10),
    petition_withdrawing.give: Limit("petition.receipt", 10),
    petition_progress.chart: Limit("petition.chart", 10),
    petition_progress.files: Limit("petition.files", 5),
    petition_packets.export: Limit("petition.export", 10),
    knock.put: Limit("knock", 12, within=timedelta(days=1)),
    knock.said: Limit("knock.say", 30),
    found_choice.said: Limit("found.say", 60),
    found_choice.may: Limit("found.may", MOST_CHOICES, found_choice.lets, timedelta(days=30)),
    found_choice.about: Limit("found", 60),
    passing.yes: Limit("pass", 60),
}

# What can be done at once from an account that was linked a short while ago: nothing here shows a name or news of the
# circles. Everything else waits, because the account may be in a thief's hands.
UNSEEING: frozenset[Handler] = frozenset(
    {
        *(
            home.home,
            home.more,
            home.ready,
            home.settings,
            home.manual,
            home.manual_page,
            home.over,
            home.unclear,
            home.cancel,
            home.help_or_manual,
        ),
        *(home.not_understood, home.unreadable, home.only_words),
        *(start.speak, start.language, start.started, start.quiet, start.quiet_at, start.quiet_zone, start.quiet_off),
        *(alarm.safe, alarm.call, alarm.call_in, alarm.note, alarm.noted, alarm.safe_now, alarm.mistake),
        *(alarm.seen, alarm.caring),
        *(checkin.hurt, checkin.moved, checkin.other, checkin.something_else, checkin.something_told),
        *(checkin.note, checkin.noted, checkin.place, checkin.place_searched, checkin.placed, checkin.undo),
        *(privacy.privacy, privacy.clean, privacy.cleaned),
        *(deadline.later, deadline.later_said, deadline.put_off, deadline.seen, deadline.caring),
        outage.safe,
        *(link.overview, link.cut, link.cut_off),
        # these ask for a right first, and a right is not used from a new account: so a stranger learns nothing here
        *(desk.desk, desk.give, desk.give_to, desk.give_typed, desk.rights, desk.one_right, desk.renew, desk.take),
        *(desk.keep, desk.seldom, desk.leave, desk.left, desk.withdraw, desk.right, desk.agreed),
        *(desk.own, desk.over, desk.asked, drafting.over, drafting.ageing, hotline.over, hotline.quiet),
        *(region.overview, region.new, region.searched, region.hours, region.look, region.put, region.see),
        *(region.agreed, region.show, region.away, region.picture, region.close, region.closed),
        *(drafting.overview, drafting.new, drafting.look, drafting.parts, drafting.other, drafting.asked),
        *(drafting.skip, drafting.placed, drafting.topic, drafting.urgency),
        *(drafting.drill, drafting.claim, drafting.sure, drafting.status),
        *(drafting.more, drafting.grade, drafting.day, drafting.cut),
        *(drafting.offer, drafting.drop, drafting.dropped, drafting.translate),
        *(drafting.same, drafting.later, reviewing.tongue_new, reviewing.tongue_put),
        *(reviewing.tongue_see, reviewing.tongue_agreed, reviewing.check, reviewing.look),
        *(reviewing.put, reviewing.see, reviewing.agreed, reviewing.alone),
        *(reviewing.alone_look, reviewing.alone_yes, reviewing.alone_see, reviewing.confirm),
        *(reviewing.withdraw_now, reviewing.published, reviewing.published_one, reviewing.correct),
        *(reviewing.withdraw, drafting.searched, drafting.written, drafting.tongue_written),
        *(picturing.picture, picturing.sent, picturing.typed, picturing.bare),
        *(broadcast.overview, broadcast.look, broadcast.pause, broadcast.resume, broadcast.cancel),
        *(broadcast.cancelled, broadcast.again),
        *(outlet.overview, outlet.new, outlet.show, outlet.speak, outlet.find_place, outlet.searched, outlet.place),
        *(outlet.topics, outlet.topic, outlet.remove, outlet.removed),
        *(reading.read, reading.picture, reading.file),  # what was published everybody may read
        *(feeds.overview, feeds.items, feeds.item, feeds.draft, feeds.add, feeds.typed, feeds.see, feeds.agreed),
        *(feeds.one, feeds.remove, feeds.removed),
        # what was published is everybody's
        *(verify.verify, verify.typed, verify.forwarded, verify.picture, document.sent),
        *(archive.newest, archive.listed, archive.topics, archive.months, archive.place),
        *(archive.place_searched, archive.words, archive.searched, archive.key, archive.sheet),
        *(region.safe, region.help_needed, region.later),  # and these say only how one is oneself
        *(
            rumour.begin,
            rumour.this,
            rumour.asked,
            rumour.apart,
            rumour.board,
            rumour.read_answer,
        ),  # nothing of circles
        *(rumour.see, rumour.agreed, rumour.queue, rumour.show, rumour.same, rumour.say, rumour.written),
        *(rumour.no_source, rumour.look, rumour.more, rumour.in_language, rumour.put),
        *(hotline.queue, hotline.look, hotline.take, hotline.answer, hotline.answered, hotline.look_again),
        *(hotline.send, hotline.hand, hotline.close, hotline.closed),
        *(petition_card.show, petition_card.choose, petition_card.post),
        *(petition_relay.overview, petition_relay.show, petition_relay.give, petition_relay.rooms),
        *(petition_relay.drop, petition_relay.dropped),
        *(petition_relay.post, petition_relay.take, petition_relay.typed, petition_relay.sent),
        *(petition_relay.put, petition_relay.see, petition_relay.agreed),
        # everybody may read them, and who writes them needs a right
        *(petition_reading.begin, petition_reading.listed, petition_reading.read),
        *(petition_reading.asks, petition_reading.background, petition_sponsoring.code, petition_sponsoring.typed),
        *(petition_sponsoring.named, petition_sponsoring.stand, petition_sponsoring.renew, petition_sponsoring.renewed),
        *(petition_drafting.overview, petition_drafting.new, petition_drafting.look, petition_drafting.go),
        *(
            petition_drafting.asked,
            petition_drafting.parts,
            petition_drafting.texts,
            petition_drafting.cut,
            petition_drafting.of_kind,
        ),
        *(petition_drafting.to_see, petition_drafting.to_add, petition_drafting.to_drop, petition_drafting.goal),
        *(petition_drafting.closes, petition_drafting.under, petition_drafting.sponsor),
        *(
            petition_drafting.again,
            petition_drafting.sponsor_drop,
            petition_drafting.organisation,
            petition_drafting.drop,
        ),
        *(petition_drafting.dropped, petition_drafting.close, petition_drafting.closed, petition_drafting.version),
        *(petition_drafting.written, petition_drafting.sourced, petition_drafting.goal_written),
        *(petition_drafting.closes_written, petition_drafting.key_pasted, petition_drafting.organisation_named),
        *(petition_adopting.look, petition_adopting.adopt, petition_adopting.see, petition_adopting.agreed),
        *(petition_reviewing.preview, petition_reviewing.offer, petition_reviewing.take_back),
        *(petition_reviewing.see, petition_reviewing.agreed, petition_reviewing.refuse, petition_reviewing.refused),
        # its course is everybody's, and its ledger needs a right
        *(petition_progress.overview, petition_progress.chart, petition_progress.files),
        *(petition_packets.overview, petition_packets.export, petition_packets.made, petition_packets.look),
        *(petition_packets.sent, petition_packets.came, petition_packets.answer, petition_packets.remind),
        *(petition_packets.supplement, petition_packets.pasted, petition_packets.came_as, petition_packets.answered),
        # a petition is everybody's, and signing shows nothing of circles
        *(petition_signing.begin, petition_signing.modes, petition_signing.chosen, petition_signing.country),
        *(petition_signing.written, petition_signing.signed, petition_signing.stop),
        *(petition_signing.follow, petition_signing.unfollow),
        *(match_desk.queue, match_desk.districts, match_desk.look, match_desk.take, match_desk.hand, match_desk.note),
        *(match_desk.noted, match_desk.same, match_desk.other, match_desk.export, match_desk.propose),
        *(match_desk.see, match_desk.agreed),
        *(match_desk.recipient, match_desk.recipient_written, match_desk.recipient_seen, match_desk.recipient_agreed),
        *(knock.decoys, knock.make_decoys, knock.clear_decoys),
    }
)
# What only the older account may do in the first days: otherwise a thief with the new one could shut the owner out.
OLDER: frozenset[Handler] = frozenset(
    {
        *(link.make, link.typed, link.yes, link.prefer, card.make, card.stop, privacy.forget, privacy.forgotten),
        *(duress.choose, duress.first, duress.second, duress.lift, duress.lifted),
        *(trustee.pick, desk.code, spoken.make, spoken.ended, deadline.last, deadline.begin, deadline.stopped),
        hotline.ended,
        *(found_choice.may, found_choice.about, found_choice.yes, found_choice.said, passing.yes),
    }
)

# What is understood while a dialogue waits for words. A number or a place is no phrase, so there everything is; other
# answers are anybody's own words, and “Omon” is also a name: there only what must never be overlooked.
LEAVING = frozenset({Intent.CANCEL, Intent.BACK})
URGENT = LEAVING | {Intent.HELP, Intent.HELP_OR_MANUAL}
UNDERSTOOD: Mapping[str, frozenset[Intent]] = {
    "name": URGENT,
    "else": URGENT,
    "note": URGENT,
    "place": frozenset(Intent),
    "call.note": LEAVING | {Intent.SAFE},  # the call is out: “I was detained” is a detail of it
    "tell.else": URGENT,
    "rollcall": URGENT,
    "kin.name": URGENT,
    "kin.renamed": URGENT,
    "circle.name": URGENT,
    "circle.renamed": URGENT,
    "join": frozenset(Intent),
    "link": frozenset(Intent),
    "card": URGENT,
    "own.first": URGENT,
    "own.second": URGENT,
    "code": URGENT,  # an SMS from somebody else may say “all is well”
    "outage.place": frozenset(Intent),
    "late.time": frozenset(Intent),
    "late.note": URGENT,
    "hard.note": URGENT,
    "tie": frozenset(Intent),
    "desk.code": frozenset(Intent),
    "region.place": frozenset(Intent),
    "draft.place": frozenset(Intent),
    "draft.text": URGENT,
    "draft.picture": URGENT,
    "tongue": URGENT,
    "news.place": frozenset(Intent),
    "outlet.place": frozenset(Intent),
    "feed.address": frozenset(Intent),
    "rumour": LEAVING,  # “is it true that we need help” is a question
    "rumours.words": URGENT,
    "verify": URGENT,  # others' words
    "archive.place": frozenset(Intent),
    "archive.words": frozenset(Intent),
    "hotline": URGENT | {Intent.SAFE},  # nobody waits for that but the circle
    "hotlines.words": URGENT,
    "relay": frozenset(Intent),
    "petition.text": URGENT,
    "petition.source": URGENT,
    "petition.goal": frozenset(Intent),
    "petition.closes": frozenset(Intent),
    "petition.key": frozenset(Intent),
    "petition.organisation": URGENT,
    "petition.code": frozenset(Intent),
    "petition.name": URGENT,
    "petition.stand": frozenset(Intent),
    "petition.sign": URGENT,
    "petition.receipt": URGENT,
    "petition.packet": frozenset(Intent),
    "petition.came": frozenset(Intent),
    "petition.answer": URGENT,
    "knock": URGENT,
    "knock.say": URGENT,
    "found": URGENT,
    "found.say": URGENT,
    "matches.note": URGENT,
    "recipient": URGENT,
}
NAMES = frozenset(
    {"name", "circle.name", "circle.renamed", "kin.name", "kin.renamed", "petition.name"}
)  # “Madad” may be a name: there one word asks first
FORWARDED: Mapping[str, Handler] = {  # what waits for words that may be somebody else's
    "code": spoken.heard,  # it may have come as a message
    "rumour": rumour.asked,  # that is how rumours come
    "hotline": hotline.written,  # a threat that somebody got, say
}
BESIDE = frozenset({"verify", "name", "join"})  # what a file that is to be checked can't have been sent for
STAYING = frozenset(
    {
        *(home.help_or_manual, home.only_words, home.unreadable, home.unclear, verify.forwarded, verify.picture),
        *(picturing.sent, picturing.typed, document.sent),
        *(petition_relay.sent, petition_relay.typed),
        *(archive.listed, reading.read, reading.file),  # words that were searched stand for the next page
    }
)  # a dialogue goes on after these
ASKED_WITHIN = timedelta(days=2)
MINUTE = timedelta(minutes=1)

URGENT_BUTTONS = frozenset({"help", "help.in", "region.help", "call.safe", "call.mistake"})

Doors = Callable[[str, str], tuple[Callable[[str], str], tuple[tuple[str, str], ...]]]


def receive(tx: Tx, incoming: Incoming, now: datetime, doors: Doors) -> None:
    """Handle one update inside one transaction. A redelivery changes nothing.

    `doors(platform, bot)` gives the function that makes a link from a payload there, and the bot's names elsewhere.
    """
    if not inbox.is_new(tx, incoming.sender, incoming.id, now):
        return
    met = people.meet(tx, incoming.sender, now, group=incoming.group)
    if met.back and met.person is not None and not isinstance(incoming.heard, Blocked):
        outbox.revive(tx, met.person.id, now)
        if met.moved:
            outbox.post(tx, [home.moved(met.person, met.address)], now)
    match incoming.heard:
        case Blocked():
            people.unreachable(tx, met.address, now)
            outbox.reroute(tx, met.address, now)
        case Unblocked():
            return
        case Moved(to):
            people.move(tx, met.address, to, incoming.sender.platform)
        case _ if met.person is None:
            if incoming.group:
                _from_group(tx, met, incoming, now)
        case _:
            _from_person(tx, met.person, met, incoming, now, doors)


def _from_group(tx: Tx, met: people.Met, incoming: Incoming, now: datetime) -> None:
    """A group is answered once; and where a moderator posts a code, bulletins are posted from then on."""
    heard = incoming.heard
    if isinstance(heard, Attached) and heard.name:
        petition_relay.overheard(tx, met.address, incoming.sender, heard, now)
        return
    registered = outlet.heard(tx, met.address, heard.text, now) if isinstance(heard, Said | Posted) else []
    outbox.post(tx, registered, now)
    if not met.answered and not isinstance(heard, Posted):  # a channel is for those who read it
        people.answered(tx, met.address, now)
        if not registered:
            outbox.post(tx, [_to_group(met.address, now)], now)


def _from_person(  # noqa: PLR0913, PLR0917 - all that is known
    tx: Tx, who: Person, met: people.Met, incoming: Incoming, now: datetime, doors: Doors
) -> None:
    """What somebody said in private is understood and answered."""
    if incoming.message:
        outbox.note_message(tx, met.address, incoming.message, now)
    data = json.loads(met.dialogue) if met.dialogue else {}
    link_to, elsewhere = doors(incoming.sender.platform, incoming.sender.bot)
    ask = Ask(
        who,
        now,
        incoming.at,
        met.address,
        incoming.sender,
        link_to,
        data=data,
        linked_at=met.linked_at,
        sees_at=met.sees_at,
        elsewhere=elsewhere,
        spoke=bool(incoming.message),
    )
    heard = _chosen(tx, ask, incoming.heard)
    way = duress.Way(
        lambda wish: _understood(tx, wish, heard), partial(_refused, tx), lambda wish, handler: _run(tx, wish, handler)
    )
    said = None if met.own is None else _said(incoming.heard)
    if met.own is not None and (said is not None or not isinstance(heard, Reacted)):
        outbox.post(tx, duress.answers(tx, ask, met.own, said, way), now)
    elif not isinstance(heard, Reacted):  # a sign that picks nothing is no word to the bot
        outbox.post(tx, way.answers(ask), now)
    if met.awaited and not isinstance(heard, Reacted):
        deadlines.look_now(tx, who.id, now)


def _said(heard: Heard) -> str | None:
    """Somebody's own words, whatever else they may mean."""
    match heard:
        case Said(text, forwarded=False) | Attached(caption=text):
            return text
        case _:
            return None


def is_urgent(heard: Heard) -> bool:
    """Whether this may be a call for help (or its end): such words are heard even from whoever floods us."""
    match heard:
        case Pressed(code):
            return code.split(":")[0] in URGENT_BUTTONS
        case Said(text) | Attached(caption=text) | Reacted(sign=text):
            return understand(text, asked=False) in {Intent.HELP, Intent.HELP_OR_MANUAL}
        case _:
            return False


def _understood(tx: Tx, ask: Ask, heard: Heard) -> tuple[Ask, Handler]:
    """What is wanted, and who does it. A dialogue that is not gone on with is dropped."""
    match heard:
        case Pressed(code, on):
            verb, *args = code.split(":")
            ask, handler = replace(ask, args=tuple(args), on=on), BUTTONS.get(verb, _outdated)
        case Started(payload):
            ask, handler = replace(ask, words=payload), start.started
        case Said(text, forwarded=True):
            ask, handler = replace(ask, words=text), FORWARDED.get(ask.data.get("what", ""), verify.forwarded)
        case Unreadable():
            handler = home.unreadable
        case Said(text):
            ask = replace(ask, words=text)
            handler = _by_words(tx, ask)
        case Attached():
            ask, handler = _by_thing(tx, replace(ask, words=heard.caption, attached=heard))
        case _:
            handler = home.not_understood
    if not ask.person.language and handler is not start.speak:
        handler = _picker
    if ask.data and handler is not WORDS.get(ask.data["what"]) and handler not in STAYING:
        people.end_dialogue(tx, ask.person.id)
    return ask, handler


def _by_words(tx: Tx, ask: Ask) -> Handler:
    """What words mean: a command first, then an open dialogue, then a phrase."""
    what = ask.data.get("what", "")
    waiting = WORDS.get(what)
    intent = understand(ask.words, asked=False)
    if waiting is not None and not ask.words.lstrip().startswith("/"):
        nobody_else = intent is Intent.HELP and what == "hotline" and not circles.circles_of(tx, ask.person.id)
        if intent not in UNDERSTOOD[what] or nobody_else:
            return waiting
        if intent is Intent.HELP and what in NAMES and len(ask.words.split()) == 1:
            return home.help_or_manual
        return PHRASES[intent]
    if intent is None and checkins.is_asked(tx, ask.person.id, ask.now - ASKED_WITHIN):
        intent = understand(ask.words, asked=True)
    if intent is not None:
        return PHRASES[intent]
    if is_code(ask.words):
        return spoken.heard
    return _by_content(tx, ask)


def _by_content(tx: Tx, ask: Ask) -> Handler:
    """What a text that nobody asked for looks like."""
    if rollcall.recognised(ask, tx):
        return rollcall.heard
    return verify.typed if verify.is_ours(ask, tx) else home.not_understood


def _by_thing(tx: Tx, ask: Ask) -> tuple[Ask, Handler]:
    """What a picture, a file or anything else is sent for, if the words under it say nothing more urgent."""
    what, said = ask.data.get("what", ""), understand(ask.words, asked=False)
    thing = ask.attached
    if thing is not None and said not in URGENT:
        if petition_relay.is_meant(ask, tx, thing):
            return ask, petition_relay.sent
        if what == "draft.picture":
            return ask, picturing.sent
    is_file = thing is not None and thing.kind == "document"
    if is_file and said is None and (what not in WORDS or what in BESIDE):
        return ask, document.sent
    ask = replace(ask, attached=None)
    return ask, rumour.asked if what == "rumour" and ask.words.strip() else _by_caption(tx, ask)


def _by_caption(tx: Tx, ask: Ask) -> Handler:
    if ask.data.get("what") == "verify":
        return verify.typed if len(ask.words.split()) >= FEWEST else verify.picture
    handler = _by_words(tx, ask)
    if handler in WORDS.values() or handler is home.not_understood:  # only what is clear without the picture
        return home.only_words
    return handler


def _chosen(tx: Tx, ask: Ask, heard: Heard) -> Heard:
    """Where choices are numbered lists: words or a sign that pick one are the press of its button."""
    try:
        if isinstance(heard, Reacted):
            choice = signed(heard.sign, menus.standing(tx, ask.address), _labels(ask.now), heard.on)
            urgent = Said(heard.sign) if understand(heard.sign, asked=False) is Intent.HELP else heard
            return urgent if choice is None else Pressed(choice.code, heard.on)
        if isinstance(heard, Said) and heard.lists and not heard.forwarded:
            if understand(heard.text, asked=False) is Intent.HELP:
                return heard
            waiting = ask.data.get("what", "") in WORDS
            standing = menus.standing(tx, ask.address)
            choice = picked(heard.text, standing, _labels(ask.now), on=heard.on, words=waiting)
            return heard if choice is None else Pressed(choice.code)
    except choosing.Over:
        return Pressed("over")
    except choosing.Unclear:
        return Pressed("unclear")
    return heard


def _labels(now: datetime) -> Callable[[Line], Iterable[str]]:
    return lambda line: (i18n.label(line, language, now) for language in i18n.LANGUAGES)


def _outdated(ask: Ask, tx: Tx) -> Answer:
    del ask, tx
    raise Outdated


def _picker(ask: Ask, tx: Tx) -> Answer:
    del tx
    return start.picker(ask, payload=ask.words)


def _refused(tx: Tx, ask: Ask, handler: Handler) -> Outgoing | None:
    """The sentence for what may not be done here and now, if it may not. It counts as a try."""
    try:
        _allowed(ask, handler)
        _count(tx, ask, handler)
    except Refusal as refusal:
        return sentence(ask, refusal)
    return None


def _run(tx: Tx, ask: Ask, handler: Handler) -> list[Outgoing]:
    """Run a handler: return keeps what it wrote, a refusal undoes it and becomes one sentence."""
    try:
        with tx.savepoint():
            answer = handler(ask, tx)
            return [answer] if isinstance(answer, Outgoing) else list(answer or ())
    except Refusal as refusal:
        return [sentence(ask, refusal)]


def _allowed(ask: Ask, handler: Handler) -> None:
    """Raises NotYet or TooNew where a newly linked account must wait."""
    if ask.linked_at is not None and handler in OLDER:
        raise TooNew(max(ask.linked_at + SHOWN - ask.now, MINUTE))
    if ask.unseeing and ask.sees_at is not None and handler not in UNSEEING and handler not in {_outdated, _picker}:
        raise NotYet(max(ask.sees_at - ask.now, MINUTE))


def _count(tx: Tx, ask: Ask, handler: Handler) -> None:
    limit = LIMITS.get(handler)
    if limit is None or not limit.counts(ask):
        return
    key = f"{limit.of}/{ask.sender.platform}/{ask.sender.bot}/{ask.sender.account}"
    if inbox.use(tx, key, limit.within, ask.now) > limit.most:
        raise TooOften(inbox.remaining(tx, key, ask.now))


def _to_group(where: int, now: datetime) -> Outgoing:
    line = _("Please write to me privately. In a group I answer only once, and I say nothing personal.")
    lines = dict.fromkeys(i18n.plain(i18n.speak(line, language, now)) for language in i18n.LANGUAGES)
    return Outgoing(where, Page(tuple(lines)), to_group=True)


def accident(tx: Tx, incoming: Incoming, now: datetime, code: str) -> None:
    """After a defect undid everything: note the update, keep the message sealed, and tell the person a number."""
    if not inbox.is_new(tx, incoming.sender, incoming.id, now):
        return
    inbox.note_accident(tx, code, repr(incoming), now)
    met = people.meet(tx, incoming.sender, now, group=incoming.group)
    if met.person is not None:
        outbox.post(
            tx, [Outgoing(met.person.id, home.defect(code), choices=home.menu(), at=met.address, own=True)], now
        )
