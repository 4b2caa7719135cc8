"""The expected ways in which a wish can't be granted: states of affairs with fields, never prose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


class Refusal(Exception):  # noqa: N818 - a refusal is a state of affairs, not an error
    """Something a person wanted is not possible. Raised to undo what was written; answered with one sentence."""


@dataclass
class Outdated(Refusal):
    """The button (or the dialogue) belongs to something that is over, or never was this person's."""


@dataclass
class Over(Refusal):
    """The call for help is over."""


@dataclass
class Muted(Refusal):
    """The person has turned their news off for every circle they are in."""


@dataclass
class NoCircle(Refusal):
    """Nobody would hear it: the person is in no circle."""


@dataclass
class CircleFull(Refusal):
    """The circle has as many people as it may have."""

    most: int


@dataclass
class TooManyCircles(Refusal):
    """The person is in as many circles as one may be."""

    most: int


@dataclass
class NewcomerFull(Refusal):
    """The newcomer is in as many circles as one may be."""


@dataclass
class TooLong(Refusal):
    """What was typed is too long for its field."""

    most: int


@dataclass
class TooManyLines(Refusal):
    """A roll-call has more lines than are read at once."""

    most: int


@dataclass
class Empty(Refusal):
    """Nothing readable was typed."""


@dataclass
class NotAName(Refusal):
    """What was typed could be taken for something else than a name."""


@dataclass
class NoCountry(Refusal):
    """What was typed is no country that is known."""


@dataclass
class NoReceipt(Refusal):
    """What was sent is no receipt that holds a secret."""


@dataclass
class NameTaken(Refusal):
    """Somebody in one of the person's circles has this name (or one that looks like it) already."""


@dataclass
class Misread(Refusal):
    """What was typed is no code: a digit is missing or wrong. Found by arithmetic, before anything is looked up."""


@dataclass
class TooOften(Refusal):
    """Too many tries in a short time."""

    wait: timedelta


@dataclass
class NotYet(Refusal):
    """The account was linked so lately that nothing of the circles is shown at it yet."""

    wait: timedelta


@dataclass
class TooNew(Refusal):
    """Only the older of a person's accounts may do this for the first days."""

    wait: timedelta


@dataclass
class TwoCalls(Refusal):
    """Each of the two accounts that are to be one has an open call for help."""


@dataclass
class LastAccount(Refusal):
    """A person's only account, or the only one that is not new, can't be unlinked."""


@dataclass
class AskedAlready(Refusal):
    """Everybody who would be asked was asked a short while ago."""

    wait: timedelta


@dataclass
class KeeperMustHandOver(Refusal):
    """The keeper of a circle can't leave it before somebody else keeps it."""


@dataclass
class Alone(Refusal):
    """There is nobody else in the circle."""


@dataclass
class NotAPhrase(Refusal):
    """What was typed can't be a phrase of one's own: it is too long, or means something to the bot already."""


@dataclass
class SamePhrase(Refusal):
    """The two phrases of one's own are the same, as the bot reads them."""


@dataclass
class NoWordsLeft(Refusal):
    """So many codes of a language are alive that chance finds no further one."""


@dataclass
class NotFound(Refusal):
    """Nothing in a kept list (of places) matches."""


@dataclass
class TrusteesChosen(Refusal):
    """As many trustees as one may have are chosen already."""


@dataclass
class NotATime(Refusal):
    """What was typed is no time of day."""


@dataclass
class TimeOver(Refusal):
    """The chosen time is over already, or so near that nobody could act on it."""


@dataclass
class TooManyDeadlines(Refusal):
    """The person has as many deadlines as one may have."""

    most: int


@dataclass
class PostponedEnough(Refusal):
    """A deadline can't be put off so far."""


@dataclass
class Own(Refusal):
    """Another person must do it: it is one's own proposal, or about one's own right."""


@dataclass
class NoSuchCode(Refusal):
    """Nobody has made this code for a right, or it is used or too old."""


@dataclass
class TooManyDistricts(Refusal):
    """The person has told as many districts as one may."""

    most: int


@dataclass
class AskedNow(Refusal):
    """A roll-call of this district is open already."""


@dataclass
class ByVoice(Refusal):
    """What was typed speaks of a death or a detention: that goes to no circle as words."""


@dataclass
class NotAFeed(Refusal):
    """What was typed is no address where a feed may be read."""


@dataclass
class FeedKnown(Refusal):
    """The feed is read already."""


@dataclass
class TooManyFeeds(Refusal):
    """As many feeds are read as may be."""

    most: int


@dataclass
class Changed(Refusal):
    """What was looked at has changed since: it must be looked at again before anybody agrees."""


@dataclass
class NothingSigned(Refusal):
    """There is no online key, or its certificate is over: nothing can be published."""


@dataclass
class Near(Refusal):
    """One of the two has invited the other, or given them a right: somebody else must be the second."""


@dataclass
class Unfinished(Refusal):
    """Something that a bulletin must have is not there yet."""


@dataclass
class PictureComing(Refusal):
    """The picture of a draft is still being fetched."""


@dataclass
class BulletinTooLong(Refusal):
    """A bulletin has more characters than fit into one message."""

    most: int


@dataclass
class Translated(Refusal):
    """Somebody else is translating this into the language just now."""


@dataclass
class NotAYear(Refusal):
    """What was typed is neither a birth year nor an age."""


@dataclass
class NotPassedOn(Refusal):
    """Words for somebody nobody reaches speak of a death or a detention."""


@dataclass
class SearchOver(Refusal):
    """The button belongs to a search that has ended, or never was this person's."""


@dataclass
class NotADay(Refusal):
    """What was typed is no day, or one that is not over yet."""


@dataclass
class NotADeadline(Refusal):
    """What was typed is no day to come, or one that is too far away."""


@dataclass
class NotANumber(Refusal):
    """What was typed is no number of people."""


@dataclass
class NotAKey(Refusal):
    """What was pasted is no organisers' public key, or a letter of it is wrong."""


@dataclass
class Enough(Refusal):
    """A draft has as many parts of this kind as it may have."""

    most: int


@dataclass
class Unanswered(Refusal):
    """The person has written as many messages to the moderators as may wait for one answer."""

    most: int


@dataclass
class TooManyCases(Refusal):
    """The person has as many open cases as one may have."""

    most: int
