"""The words of a bulletin, as readers read them: rendered once for each language, and the same wherever they go."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from bot import i18n
from bot.domain.bulletin import Claim, Draft, Grade, Kind, Status, Topic, Urgency
from bot.domain.conversation import Attachment, Line, Page, Place, Value
from bot.domain.people import HOME
from bot.domain.picture import is_pdf
from bot.i18n import _, pgettext


def topic_name(one: Topic) -> Line:  # noqa: PLR0911 - one topic, one word
    """What a topic is called."""
    match one:
        case Topic.SAFETY:
            return pgettext("noun", "Safety")
        case Topic.NETWORK:
            return pgettext("noun", "Network")
        case Topic.ROADS:
            return pgettext("noun", "Roads")
        case Topic.DETENTIONS:
            return pgettext("noun", "Detentions")
        case Topic.HEALTH:
            return pgettext("noun", "Health")
        case Topic.PAPERS:
            return pgettext("noun", "Papers")
        case Topic.OTHER:
            return pgettext("noun", "Other")


def urgency_name(one: Urgency) -> Line:
    """What an urgency is called."""
    match one:
        case Urgency.CALM:
            return pgettext("noun", "It can wait")
        case Urgency.NEWS:
            return pgettext("noun", "News")
        case Urgency.URGENT:
            return pgettext("noun", "🚨 Urgent")


def status_name(one: Status) -> Line:
    """How sure a claim is, in a word or two."""
    match one:
        case Status.CONFIRMED:
            return pgettext("noun", "confirmed")
        case Status.PROBABLE:
            return pgettext("noun", "probable")
        case Status.DISPUTED:
            return pgettext("noun", "disputed")
        case Status.UNCONFIRMED:
            return pgettext("noun", "not confirmed")
        case Status.REFUTED:
            return pgettext("noun", "not true")
        case Status.UNVERIFIABLE:
            return pgettext("noun", "can't be checked")


def grade_name(one: Grade) -> Line:
    """How near a source is, in a word or two."""
    match one:
        case Grade.FIRST_HAND:
            return pgettext("noun", "saw it themselves")
        case Grade.DOCUMENT:
            return pgettext("noun", "document")
        case Grade.OFFICIAL:
            return pgettext("noun", "officials")
        case Grade.MEDIA:
            return pgettext("noun", "media")
        case Grade.SECOND_HAND:
            return pgettext("noun", "heard from others")
        case Grade.UNKNOWN:
            return pgettext("noun", "how near it is, is not known")


def place_name(code: str) -> Value:
    """What a district is called; without one it is everywhere."""
    return Place(code) if code else pgettext("noun", "everywhere")


def lines(draft: Draft, number: int, language: str, now: datetime, *, reviewed: bool) -> Iterator[Line | str]:
    """What a bulletin says, line by line. Texts that are not there yet are left out."""
    texts = draft.texts.get(language, {})
    drill = _("EXERCISE. This is not real.")
    if draft.exercise:
        yield drill
    place, subject = place_name(draft.place), topic_name(draft.topic)
    if draft.urgency is Urgency.URGENT:
        yield _("🚨 No. {number} · {place} · {topic}", number=number, place=place, topic=subject)
    else:
        yield _("📰 No. {number} · {place} · {topic}", number=number, place=place, topic=subject)
    yield i18n.day(now.astimezone(ZoneInfo(HOME)).date())
    yield from _marks(draft, reviewed=reviewed)
    yield from ("", texts.get("title", ""))
    if texts.get("changed"):
        yield from ("", _("What changed:") if draft.kind is Kind.CORRECTION else _("Why:"), texts["changed"])
    yield from _part(_("What is known:"), draft, texts, disputed=False)
    yield from _part(_("What is disputed:"), draft, texts, disputed=True)
    if texts.get("unknown"):
        yield from ("", _("What is not known:"), texts["unknown"])
    yield from ("", _("To check a copy, forward it to me."))
    if draft.exercise:
        yield drill


def _part(title: Line, draft: Draft, texts: Mapping[str, str], *, disputed: bool) -> Iterator[Line | str]:
    claims = [(n, one) for n, one in enumerate(draft.claims) if (one.status is Status.DISPUTED) is disputed]
    if claims:
        yield from ("", title)
    for n, claim in claims:
        yield from _claim(n, claim, texts)


def _marks(draft: Draft, *, reviewed: bool) -> Iterator[Line]:
    if not reviewed:
        yield _("⚠️ Not yet reviewed: only one person has seen this.")
    if draft.about is not None and draft.kind is Kind.CORRECTION:
        yield _("✏️ Correction of No. {number}", number=draft.about)
    if draft.about is not None and draft.kind is Kind.WITHDRAWAL:
        yield _("🗑 No. {number} is withdrawn: do not rely on it.", number=draft.about)


def _claim(n: int, claim: Claim, texts: Mapping[str, str]) -> Iterator[Line]:
    yield _("• {claim} ({status})", claim=texts.get(f"claim.{n}", "…"), status=status_name(claim.status))
    for m, figure in enumerate(claim.figures):
        who = texts.get(f"claim.{n}.figure.{m}", "…")
        if figure.on is None:
            yield _("– {number}, says {source}", number=figure.number, source=who)
        else:
            yield _("– {number}, says {source}, {day}", number=figure.number, source=who, day=i18n.day(figure.on))
    for m, source in enumerate(claim.sources):
        who, grade = texts.get(f"claim.{n}.source.{m}", "…"), grade_name(source.grade)
        if source.on is None:
            yield _("– Source: {source} ({grade})", source=who, grade=grade)
        else:
            yield _("– Source: {source} ({grade}), {day}", source=who, grade=grade, day=i18n.day(source.on))


def render(draft: Draft, number: int, language: str, now: datetime, *, reviewed: bool) -> str:
    """The plain text of a bulletin in one language: exactly what goes out, is signed, and is stored."""
    page = Page(tuple(lines(draft, number, language, now, reviewed=reviewed)))
    return i18n.plain(i18n.speak(page, language, now))


def texts(draft: Draft, number: int, now: datetime, *, reviewed: bool) -> dict[str, str]:
    """The text in every language that it is complete in: the one it was written in first."""
    spoken = sorted(draft.languages(), key=lambda one: (one != draft.language, i18n.LANGUAGES.index(one)))
    return {one: render(draft, number, one, now, reviewed=reviewed) for one in spoken}


def seal(rendered: Mapping[str, str], picture: bytes = b"") -> str:
    """The digest of exactly these texts and this picture or PDF, short for a button: who agrees has seen no others."""
    packed = "\0".join(f"{language}\0{rendered[language]}" for language in sorted(rendered))
    seen = hashlib.sha256(packed.encode()).hexdigest()
    return hashlib.sha256(seen.encode() + hashlib.sha256(picture).digest()).hexdigest()[:32]


def attached(data: bytes, name: str = "") -> Attachment:
    """A picture or a PDF as it is sent along: shown, or offered."""
    if is_pdf(data):
        return Attachment("file", f"{name or 'document'}.pdf", data)
    return Attachment("picture", f"{name or 'picture'}.jpg", data)


def short(text: str, most: int = 40) -> str:
    """The beginning of a text, for a button: what is cut off is cut between two words, and said to be."""
    return text if len(text) <= most else text[: most - 1].rsplit(" ", 1)[0].rstrip(" .,:;–-") + "…"


def page(text: str) -> Page:
    """A text as it is sent."""
    return Page(tuple(text.split("\n")))
