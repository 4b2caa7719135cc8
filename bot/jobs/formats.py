"""Bulletins in the formats that others read: CAP 1.2, ClaimReview, Atom, signed files, and a page.

Pure: rows in, files out. Nothing here asks for the time or draws by lot: the same bulletins are the same bytes. What
people wrote is put in as text and never as markup; what XML can't carry is left out.
"""

from __future__ import annotations

import hashlib
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from markupsafe import Markup

from bot import i18n
from bot.domain import bulletin as shapes
from bot.domain import places
from bot.domain.bulletin import UNREVIEWED_LIFE, Bulletin, Draft, Edition, Header, Kind, State, Status, Topic, Urgency
from bot.domain.conversation import Line
from bot.i18n import LANGUAGE_NAMES, LANGUAGES, _, pgettext

CAP: Final = "urn:oasis:names:tc:emergency:cap:1.2"
ATOM: Final = "http://www.w3.org/2005/Atom"
CERTIFICATE: Final = "bulletins.certificate"
KEY: Final = "community.pub"
POSTER: Final = "key.pdf"
SUMS: Final = "SHA256SUMS"
FED: Final = 100  # entries of a feed
SHOWN: Final = 3  # bulletins whose words stand on the page
LISTED: Final = 40  # those of which it says that they are there
HEADLINE: Final = 160  # characters: what a receiver of alerts shows
BEGAN: Final = 2026  # the year in every tag URI: it never changes, or every reader would see every entry anew
T = TypeVar("T")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

EXERCISE: Final = pgettext("noun", "EXERCISE")
UNREVIEWED: Final = pgettext("noun", "Not yet reviewed")
EVERYWHERE: Final = pgettext("noun", "Everywhere")
TOPICS: Final[Mapping[Topic, Line]] = {
    Topic.SAFETY: pgettext("noun", "Safety"),
    Topic.NETWORK: pgettext("noun", "Network"),
    Topic.ROADS: pgettext("noun", "Roads"),
    Topic.DETENTIONS: pgettext("noun", "Detentions"),
    Topic.HEALTH: pgettext("noun", "Health"),
    Topic.PAPERS: pgettext("noun", "Papers"),
    Topic.OTHER: pgettext("noun", "Other"),
}
STATUSES: Final[Mapping[Status, Line]] = {
    Status.CONFIRMED: pgettext("noun", "Confirmed"),
    Status.PROBABLE: pgettext("noun", "Probable"),
    Status.DISPUTED: pgettext("noun", "Disputed"),
    Status.UNCONFIRMED: pgettext("noun", "Not confirmed"),
    Status.REFUTED: pgettext("noun", "Refuted"),
    Status.UNVERIFIABLE: pgettext("noun", "Can't be verified"),
}
MEANINGS: Final[Mapping[Status, Line]] = {
    Status.CONFIRMED: _("We have checked it, and it is so."),
    Status.PROBABLE: _("Much speaks for it, and nothing we know speaks against it."),
    Status.DISPUTED: _("Sources that we take seriously contradict each other."),
    Status.UNCONFIRMED: _("It is said, and we have found nothing yet that bears it out."),
    Status.REFUTED: _("We have checked it, and it is not so."),
    Status.UNVERIFIABLE: _("We have tried, and nobody can check it now."),
}
# On a scale from 1, it is not so, to 5, it is so. Two say nothing about that, and so have no number.
RATINGS: Final[Mapping[Status, int]] = {
    Status.CONFIRMED: 5,
    Status.PROBABLE: 4,
    Status.DISPUTED: 3,
    Status.REFUTED: 1,
}
_CATEGORIES: Final[Mapping[Topic, str]] = {
    Topic.SAFETY: "Safety",
    Topic.NETWORK: "Infra",
    Topic.ROADS: "Transport",
    Topic.DETENTIONS: "Security",
    Topic.HEALTH: "Health",
    Topic.PAPERS: "Other",
    Topic.OTHER: "Other",
}
_URGENCIES: Final[Mapping[Urgency, str]] = {
    Urgency.URGENT: "Immediate",
    Urgency.NEWS: "Expected",
    Urgency.CALM: "Future",
}
# The surest first. What is refuted is known not to be so: it makes nothing else less sure.
_CERTAINTIES: Final[Mapping[Status, str]] = {
    Status.CONFIRMED: "Observed",
    Status.PROBABLE: "Likely",
    Status.DISPUTED: "Possible",
    Status.UNCONFIRMED: "Possible",
    Status.UNVERIFIABLE: "Unknown",
}
_MESSAGES: Final[Mapping[Kind, str]] = {Kind.NEWS: "Alert", Kind.CORRECTION: "Update", Kind.WITHDRAWAL: "Cancel"}
_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_NOT_XML: Final = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Published:
    """A bulletin with what it was made of, and every version of it in the order of the chain."""

    bulletin: Bulletin
    draft: Draft
    editions: tuple[Edition, ...]

    def newest(self) -> dict[str, Edition]:
        """The newest version in each language, in the order in which languages are offered."""
        found = {one.language: one for one in self.editions}
        return {language: found[language] for language in sorted(found, key=_place)}


@dataclass(frozen=True, slots=True)
class Volume:
    """Everything that a community has published, the oldest first, and what proves that it did.

    `root` is the community's public key. `address` is where the files will stand (https://…/), if that is known.
    `older` are certificates of before with their signatures, by the entry of the chain from which on they were used.
    """

    community: str
    root: str
    published: tuple[Published, ...]
    certificate: bytes = b""
    vouching: bytes = b""
    address: str = ""
    older: tuple[tuple[int, bytes, bytes], ...] = ()

    @property
    def authority(self) -> str:
        """A name for this community that nobody else has and that needs no domain: made of its public key.

        Domains are lost or taken away; then every reader would take all that is old for new.
        """
        return f"{hashlib.sha256(self.root.encode()).hexdigest()[:16]}.payvand.invalid"

    def tag(self, what: str) -> str:
        """A tag URI (RFC 4151), the same for ever."""
        return f"tag:{self.authority},{BEGAN}:{what}"


def _place(language: str) -> tuple[int, str]:
    return LANGUAGES.index(language) if language in LANGUAGES else len(LANGUAGES), language


@dataclass(frozen=True, slots=True)
class Beside:
    """A picture or PDF that belongs to a bulletin, by the bulletin's number and its own SHA-256."""

    number: int
    digest: str


def beside(volume: Volume) -> dict[str, Beside]:
    """Every picture and PDF by its path. Their bytes are not held here: together they may be large."""
    found: dict[str, Beside] = {}
    for one in volume.published:
        for edition in one.editions:
            head = _head(edition)
            if head is not None and (head.picture or head.document):
                found[_attached(head)] = Beside(head.number, head.picture or head.document)
    return found


def _attached(head: Header) -> str:
    return f"files/bulletin-{head.number}.{'pdf' if head.document else 'jpg'}"


def documents(volume: Volume) -> dict[str, bytes]:
    """Every file by its path, but for those of `beside`. What refers to another file comes after it."""
    files: dict[str, bytes] = {}
    for one in volume.published:
        for edition in one.editions:
            files[f"files/{edition.name}"] = edition.file.encode()
            files[f"files/{edition.name}.minisig"] = edition.signature.encode()
    files[KEY] = f"untrusted comment: the community's public key\n{volume.root}\n".encode()
    if volume.certificate:
        files[CERTIFICATE] = volume.certificate
        files[f"{CERTIFICATE}.minisig"] = volume.vouching
    for entry, text, signature in volume.older:
        name = f"certificates/{entry}.certificate"
        files[name], files[f"{name}.minisig"] = text, signature
    if volume.root:
        from bot.jobs import posters  # noqa: PLC0415 - only who publishes waits for the library that draws it

        files[POSTER] = posters.draw(volume.root)
    files |= alerts(volume)
    files |= reviews(volume)
    for language in LANGUAGES:
        files[f"bulletins-{language}.atom"] = feed(volume, language)
    files["bulletins.atom"] = feed(volume)
    files["index.html"] = page(volume)
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    sums |= {name: one.digest for name, one in beside(volume).items()}
    files[SUMS] = "".join(f"{sums[name]}  {name}\n" for name in sorted(sums)).encode()
    return files


# -- words ---------------------------------------------------------------------------------------------------------


def _text(text: str) -> str:
    """What XML and HTML can carry of it, with line ends as they understand them."""
    return _NOT_XML.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _line(text: str) -> str:
    """A text on one line, without anything invisible."""
    return " ".join(_text(i18n.clean(text)).split())


def _said(line: Line, language: str) -> str:
    return i18n.label(line, language if language in LANGUAGES else i18n.SOURCE_LANGUAGE, _EPOCH)


def _title(one: Published, language: str) -> str:
    """What a bulletin is called in a language, without its marks."""
    title = _line(one.draft.texts.get(language, {}).get("title", ""))[:HEADLINE]
    if title:
        return title
    edition = one.newest().get(language)
    return next((_line(line)[:HEADLINE] for line in (edition.text if edition else "").split("\n") if _line(line)), "")


def _reviewed(edition: Edition) -> bool:
    """Whether two people had seen it when this version was signed: its own header says so."""
    head = _head(edition)
    return head is None or head.reviewed


def _head(edition: Edition) -> Header | None:
    read = shapes.read_file(edition.file)
    return None if read is None else read[0]


def _marks(one: Published, edition: Edition, *, later: bool, language: str = "") -> list[str]:
    """What must be read before the title, in this or the edition's language; with `later` also what became of it."""
    said: list[Line] = []
    if one.bulletin.exercise:
        said.append(EXERCISE)
    if not _reviewed(edition):
        said.append(UNREVIEWED)
    became = _became(one.bulletin)
    if later and became is not None:
        said.append(became)
    return [_said(line, language or edition.language) for line in said]


def _became(one: Bulletin) -> Line | None:
    number = str(one.replaced_by)
    match one.state:
        case State.CORRECTED:
            return _("Corrected by No. {number}", number=number)
        case State.WITHDRAWN:
            return _("Withdrawn by No. {number}", number=number)
        case _:
            return None


def _headline(one: Published, edition: Edition, *, later: bool) -> str:
    return ". ".join([*_marks(one, edition, later=later), _title(one, edition.language)])


def _area(one: Bulletin, language: str) -> str:
    return _line(places.named(one.place, language)) if one.place else _said(EVERYWHERE, language)


# -- XML -----------------------------------------------------------------------------------------------------------


def _add(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
    made = ET.SubElement(parent, name, {key: _text(one) for key, one in attributes.items()})
    if text:
        made.text = _text(text)
    return made


def _xml(root: ET.Element) -> bytes:
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


# -- CAP 1.2 -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Message:
    """What is said of a bulletin at one instant, in every language that it has by then. It never changes again."""

    of: Published
    revision: int
    at: datetime
    editions: Mapping[str, Edition]

    @property
    def name(self) -> str:
        return f"bulletin-{self.of.bulletin.number}-{self.revision}"

    def identifier(self, volume: Volume) -> str:
        return f"{volume.authority}-{self.of.bulletin.number}-{self.revision}"

    def reference(self, volume: Volume) -> str:
        return f"{volume.authority},{self.identifier(volume)},{_stamp(self.at)}"


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}-00:00"  # so the standard wants UTC to be written


def _messages(one: Published) -> list[_Message]:
    """The bulletin as it was published, and again each time that a translation or a second person's word came."""
    made: list[_Message] = []
    known: dict[str, Edition] = {}
    for edition in one.editions:
        if made and made[-1].at == edition.at:
            known = {**made.pop().editions, edition.language: edition}
        else:
            known = {**known, edition.language: edition}
        in_order = {language: known[language] for language in sorted(known, key=_place)}
        made.append(_Message(one, len(made) + 1, edition.at, in_order))
    return made


def alerts(volume: Volume) -> dict[str, bytes]:
    """Each bulletin as messages of the Common Alerting Protocol 1.2 (OASIS)."""
    by_number = {one.bulletin.number: one for one in volume.published}
    messages = {number: _messages(one) for number, one in by_number.items()}
    files = {}
    for number, one in by_number.items():
        before = [each for other in _earlier(by_number, one) for each in messages[other]]
        for each in messages[number]:
            earlier = before if one.bulletin.kind is Kind.WITHDRAWAL else [*before, *messages[number]]
            named = [other for other in earlier if other.of is not one or other.revision < each.revision]
            first = _earlier(by_number, one) or [number]
            files[f"cap/{each.name}.xml"] = _alert(volume, each, named, first[0])
    return files


def _earlier(by_number: Mapping[int, Published], one: Published) -> list[int]:
    """What a bulletin corrects or withdraws in the end, the oldest first."""
    found: list[int] = []
    about = one.bulletin.about
    while about is not None and about in by_number and about not in found:
        found.append(about)
        about = by_number[about].bulletin.about
    return found[::-1]


def _alert(volume: Volume, message: _Message, earlier: list[_Message], first: int) -> bytes:
    one = message.of.bulletin
    root = ET.Element("alert", {"xmlns": CAP})
    _add(root, "identifier", message.identifier(volume))
    _add(root, "sender", volume.authority)
    _add(root, "sent", _stamp(message.at))
    _add(root, "status", "Exercise" if one.exercise else "Actual")
    _add(root, "msgType", "Update" if earlier and one.kind is Kind.NEWS else _MESSAGES[one.kind])
    _add(root, "scope", "Public")
    if one.exercise:
        _add(root, "note", " / ".join(_said(EXERCISE, language) for language in LANGUAGES))
    if earlier:
        _add(root, "references", " ".join(each.reference(volume) for each in earlier))
    _add(root, "incidents", f"bulletin-{first}")
    for edition in message.editions.values():
        _info(volume, root, message.of, edition)
    return _xml(root)


def _info(volume: Volume, root: ET.Element, of: Published, edition: Edition) -> None:
    one, language = of.bulletin, edition.language
    info = _add(root, "info")
    _add(info, "language", language)
    _add(info, "category", _CATEGORIES[one.topic])
    _add(info, "event", _said(TOPICS[one.topic], language))
    _add(info, "urgency", _URGENCIES[one.urgency])
    _add(info, "severity", _severity(of))
    _add(info, "certainty", _certainty(of.draft))
    _add(info, "effective", _stamp(edition.at))
    if not _reviewed(edition):
        _add(info, "expires", _stamp(edition.at + UNREVIEWED_LIFE))
    _add(info, "senderName", _line(volume.community))
    _add(info, "headline", _headline(of, edition, later=False)[:HEADLINE])
    _add(info, "description", edition.text)
    if volume.address:
        _add(info, "web", f"{volume.address}files/{edition.name}")
    facts = {
        "payvand:bulletin": str(one.number),
        "payvand:entry": str(edition.entry),
        "payvand:version": str(edition.version),
        "payvand:reviewed": "yes" if _reviewed(edition) else "no",
        "payvand:sha256": edition.digest,
        **{f"payvand:claim:{n}": claim.status.value for n, claim in enumerate(of.draft.claims, 1)},
    }
    for name, value in facts.items():
        parameter = _add(info, "parameter")
        _add(parameter, "valueName", name)
        _add(parameter, "value", value)
    area = _add(info, "area")
    _add(area, "areaDesc", _area(one, language))
    if one.place:
        code = _add(area, "geocode")
        _add(code, "valueName", "payvand:place")
        _add(code, "value", one.place)


def _severity(of: Published) -> str:
    """Moderators say how soon readers should know, and not how bad it is: only what is urgent and so says both."""
    bears = any(claim.status in {Status.CONFIRMED, Status.PROBABLE} for claim in of.draft.claims)
    return "Severe" if of.bulletin.urgency is Urgency.URGENT and bears else "Unknown"


def _certainty(draft: Draft) -> str:
    """That of the least sure of its claims; a refuted one counts only if there is no other."""
    found = {_CERTAINTIES[claim.status] for claim in draft.claims if claim.status is not Status.REFUTED}
    if not found:
        return "Unlikely" if draft.claims else "Unknown"
    return next(one for one in ("Unknown", "Possible", "Likely", "Observed") if one in found)


# -- ClaimReview ---------------------------------------------------------------------------------------------------


def reviews(volume: Volume) -> dict[str, bytes]:
    """The claims of what is current as ClaimReviews (schema.org, JSON-LD): a file for each bulletin, and one of all.

    What was corrected or withdrawn has none any more: who reads only the number must not find a wrong one. A drill
    stands in its own file, marked and without a number, and is left out of the file of all.
    """
    files: dict[str, bytes] = {}
    everything: list[dict[str, Any]] = []
    for one in volume.published:
        if one.bulletin.state is not State.CURRENT or one.bulletin.kind is Kind.WITHDRAWAL:
            continue
        graph = list(_reviews(volume, one))
        if not graph:
            continue
        files[f"claims/bulletin-{one.bulletin.number}.jsonld"] = _jsonld(graph)
        if not one.bulletin.exercise:
            everything += graph
    files["claims.jsonld"] = _jsonld(everything)
    return files


def _jsonld(graph: list[dict[str, Any]]) -> bytes:
    text = json.dumps({"@context": "https://schema.org", "@graph": graph}, ensure_ascii=False, indent=1)
    return (text + "\n").encode()


def _reviews(volume: Volume, one: Published) -> Iterator[dict[str, Any]]:
    for language, edition in one.newest().items():
        texts = one.draft.texts.get(language, {})
        for n, claim in enumerate(one.draft.claims):
            words = _line(texts.get(f"claim.{n}", ""))
            if words:
                yield _review(volume, one, edition, n, claim, words)


def _review(  # noqa: PLR0913, PLR0917 - a review has this many parts
    volume: Volume, one: Published, edition: Edition, n: int, claim: shapes.Claim, words: str
) -> dict[str, Any]:
    language = edition.language
    texts = one.draft.texts.get(language, {})
    marks = _marks(one, edition, later=False)
    drill = one.bulletin.exercise
    rating: dict[str, Any] = {"@type": "Rating"}
    if not drill and claim.status in RATINGS:
        rating |= {"ratingValue": RATINGS[claim.status], "bestRating": 5, "worstRating": 1}
    rating["alternateName"] = ". ".join([*marks, _said(STATUSES[claim.status], language)])
    rating["ratingExplanation"] = _said(MEANINGS[claim.status], language)
    said = ". ".join([*([_said(EXERCISE, language)] if drill else []), words])
    review: dict[str, Any] = {
        "@type": "ClaimReview",
        "@id": volume.tag(f"bulletin:{one.bulletin.number}:claim:{n + 1}:{language}"),
        "inLanguage": language,
        "datePublished": f"{one.bulletin.published_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "dateModified": f"{edition.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "claimReviewed": said,
        "itemReviewed": {"@type": "Claim", "text": said},
        "author": {"@type": "Organization", "name": _line(volume.community), "identifier": volume.root},
        "reviewRating": rating,
        "isPartOf": {"@type": "CreativeWork", "@id": volume.tag(f"bulletin:{one.bulletin.number}:{language}")},
        "spatialCoverage": {"@type": "Place", "name": _area(one.bulletin, language)},
    }
    if marks:
        review["creativeWorkStatus"] = ". ".join(marks)
    sources = [
        f"{_line(texts.get(f'claim.{n}.source.{m}', ''))} ({', '.join(_about(source))})"
        for m, source in enumerate(claim.sources)
    ]
    if sources:
        review["citation"] = sources
    if volume.address:
        review["url"] = f"{volume.address}files/{edition.name}"
    return review


def _about(source: shapes.Source) -> list[str]:
    return [source.grade.value, *([source.on.isoformat()] if source.on else [])]


# -- Atom ----------------------------------------------------------------------------------------------------------


def feed(volume: Volume, language: str = "") -> bytes:
    """The newest bulletins as a feed (RFC 4287), in one language or in all. What was corrected comes as an update."""
    by_number = {one.bulletin.number: one for one in volume.published}
    entries = [
        (_changed(by_number, one, edition), one, edition)
        for one in volume.published
        for edition in one.newest().values()
        if language in {"", edition.language}
    ]
    entries.sort(key=lambda entry: (entry[0], entry[2].entry), reverse=True)
    root = ET.Element("feed", {"xmlns": ATOM, **({_LANG: language} if language else {})})
    name = f"bulletins{language and '-' + language}.atom"
    _add(root, "id", volume.tag(f"feed:{language or 'all'}"))
    _add(root, "title", _said(_("Bulletins of {community}", community=_line(volume.community)), language))
    _add(root, "updated", _rfc3339(entries[0][0] if entries else _EPOCH))
    _add(_add(root, "author"), "name", _line(volume.community) or "-")
    _add(root, "generator", "Payvand")
    _add(root, "link", rel="self", type="application/atom+xml", href=volume.address + name)
    _add(root, "link", rel="alternate", type="text/html", href=f"{volume.address}index.html")
    for updated, one, edition in entries[:FED]:
        _entry(volume, root, one, edition, updated)
    return _xml(root)


def _changed(by_number: Mapping[int, Published], one: Published, edition: Edition) -> datetime:
    """When a reader would last have seen something change: also when it was corrected."""
    following = by_number.get(one.bulletin.replaced_by or 0)
    return max(edition.at, following.bulletin.published_at) if following is not None else edition.at


def _rfc3339(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _entry(volume: Volume, root: ET.Element, one: Published, edition: Edition, updated: datetime) -> None:
    language = edition.language
    entry = ET.SubElement(root, "entry", {_LANG: language})
    first = next(each for each in one.editions if each.language == language)
    _add(entry, "id", volume.tag(f"bulletin:{one.bulletin.number}:{language}"))
    _add(entry, "title", f"{_number(one)}. {_headline(one, edition, later=True)}", type="text")
    _add(entry, "updated", _rfc3339(updated))
    _add(entry, "published", _rfc3339(first.at))
    _add(entry, "category", term=one.bulletin.topic.value, label=_said(TOPICS[one.bulletin.topic], language))
    if one.bulletin.place:
        _add(entry, "category", term=f"place:{one.bulletin.place}", label=_area(one.bulletin, language))
    if one.bulletin.exercise:
        _add(entry, "category", term="exercise", label=_said(EXERCISE, language))
    _add(entry, "link", rel="alternate", type="text/plain", href=f"{volume.address}files/{edition.name}")
    last = _messages(one)[-1]
    _add(entry, "link", rel="related", type="application/cap+xml", href=f"{volume.address}cap/{last.name}.xml")
    _add(entry, "content", edition.text, type="text")


def _number(one: Published) -> str:
    return f"№ {one.bulletin.number}"


# -- the page ------------------------------------------------------------------------------------------------------

_STYLE: Final = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:42rem;margin:0 auto;padding:1rem}"
    "article{border-top:1px solid #999;padding:.5rem 0}pre{white-space:pre-wrap;font:inherit;overflow-wrap:anywhere}"
    "code{overflow-wrap:anywhere}.mark{font-weight:bold}nav a{margin-right:1rem}"
    "@media(prefers-color-scheme:dark){body{background:#111;color:#eee}a{color:#9cf}}"
)
_PAGE: Final = Markup(
    '<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    '<meta name="referrer" content="no-referrer">\n'
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
    "<title>{title}</title>\n{feeds}<style>{style}</style>\n</head>\n<body>\n<nav>{ways}</nav>\n{sections}</body>\n</html>\n"
)
_SECTION: Final = Markup(
    '<section lang="{language}" id="{language}">\n<h1>{title}</h1>\n{articles}{listed}'
    "<h2>{check}</h2>\n<p>{how}</p>\n<p>{key} <code>{root}</code></p>\n<pre><code>{commands}</code></pre>\n"
    '<p><a href="bulletins-{language}.atom">Atom</a> · <a href="claims.jsonld">ClaimReview</a> · '
    '<a href="{sums}">{sums}</a></p>\n<h2>{scale}</h2>\n<ul>\n{meanings}</ul>\n</section>\n'
)
_ARTICLE: Final = Markup(
    "<article>\n<h2>{number}. {title}</h2>\n{marks}<pre>{text}</pre>\n<p>{links}</p>\n</article>\n"
)
_UNTRANSLATED: Final = Markup("<article>\n<h2>{number}</h2>\n{marks}<p>{said} {links}</p>\n</article>\n")
_MARK: Final = Markup('<p class="mark">{0}</p>\n')
_FEED: Final = Markup(
    '<link rel="alternate" type="application/atom+xml" hreflang="{language}" href="bulletins-{language}.atom">\n'
)
_WAY: Final = Markup('<a href="#{language}" lang="{language}">{name}</a>')
_LINK: Final = Markup('<a href="{href}">{label}</a>')


def page(volume: Volume) -> bytes:
    """A small page in three languages: the newest bulletins, how to check them, and where the files are."""
    feeds = _joined(LANGUAGES, lambda one: _FEED.format(language=one))
    ways = _joined(LANGUAGES, lambda one: _WAY.format(language=one, name=LANGUAGE_NAMES[one]))
    made = _PAGE.format(
        language=LANGUAGES[0],
        title=_line(volume.community),
        feeds=feeds,
        style=Markup(_STYLE),  # noqa: S704 - our own words
        ways=ways,
        sections=_joined(LANGUAGES, lambda one: _section(volume, one)),
    )
    return made.encode()


def _joined(items: Iterable[T], make: Callable[[T], Markup]) -> Markup:
    return Markup("").join(make(one) for one in items)


def _section(volume: Volume, language: str) -> Markup:
    newest = volume.published[::-1]
    shown, listed = newest[:SHOWN], newest[SHOWN:LISTED]
    rows = _joined(listed, lambda one: _row(one, language))
    commands = f"minisign -V -P {volume.root} -m {CERTIFICATE}\nminisign -V -P KEY -m files/bulletin-1-en.txt\n"
    return _SECTION.format(
        language=language,
        title=_said(_("Bulletins of {community}", community=_line(volume.community)), language),
        articles=_joined(shown, lambda one: _article(one, language)),
        listed=Markup("<ul>\n{0}</ul>\n").format(rows) if listed else "",
        check=_said(_("How to check a copy"), language),
        how=_said(
            _(
                "Forward it to the bot, or use the program minisign. First check the certificate with the community's "
                "public key; compare it with the one on a printed sheet or in a channel's description. Then check the "
                "file with the key that stands in the certificate, in place of KEY."
            ),
            language,
        ),
        key=_said(_("The community's public key:"), language),
        root=volume.root,
        commands=commands,
        sums=SUMS,
        scale=_said(_("What the words mean"), language),
        meanings=_joined(Status, lambda one: _meaning(one, language)),
    )


def _meaning(status: Status, language: str) -> Markup:
    number = f" ({RATINGS[status]}/5)" if status in RATINGS else ""
    said = _said(MEANINGS[status], language)
    return Markup("<li><b>{0}</b>{1}: {2}</li>\n").format(_said(STATUSES[status], language), number, said)


def _article(one: Published, language: str) -> Markup:
    edition = one.newest().get(language)
    if edition is None:
        return _untranslated(one, language)
    last = _messages(one)[-1]
    links = [
        (f"files/{edition.name}", _said(_("The signed file"), language)),
        (f"files/{edition.name}.minisig", _said(_("Its signature"), language)),
        (f"cap/{last.name}.xml", "CAP"),
    ]
    head = _head(edition)
    if head is not None and (head.picture or head.document):
        links.append((_attached(head), "PDF" if head.document else _said(pgettext("noun", "Its picture"), language)))
    return _ARTICLE.format(
        number=_number(one),
        title=_title(one, language),
        marks=_joined(_marks(one, edition, later=True), _MARK.format),
        text=_text(edition.text),
        links=Markup(" · ").join(_LINK.format(href=href, label=label) for href, label in links),
    )


def _untranslated(one: Published, language: str) -> Markup:
    """That there is a bulletin, and where it can be read: never its words in another language."""
    said = _said(_("Not yet translated into this language. It can be read in:"), language)
    marks = _joined(_marks(one, one.editions[-1], later=True, language=language), _MARK.format)
    return _UNTRANSLATED.format(number=_number(one), marks=marks, said=said, links=_elsewhere(one))


def _elsewhere(one: Published) -> Markup:
    return _joined(one.newest().values(), lambda each: _LINK.format(href=f"files/{each.name}", label=_name(each)) + " ")


def _row(one: Published, language: str) -> Markup:
    edition = one.newest().get(language)
    if edition is None:
        known = ". ".join([_number(one), *_marks(one, one.editions[-1], later=True, language=language)])
        return Markup("<li>{0}: {1}</li>\n").format(known, _elsewhere(one))
    label = f"{_number(one)}. {_headline(one, edition, later=True)}"
    return Markup("<li>{0}</li>\n").format(_LINK.format(href=f"files/{edition.name}", label=label))


def _name(edition: Edition) -> str:
    return LANGUAGE_NAMES.get(edition.language, edition.language)
