"""Each refusal as one kind sentence that says what to do next."""

from __future__ import annotations

from bot.domain import refusals as r
from bot.domain.conversation import Choice, Line, Outgoing, Span
from bot.i18n import _, ngettext, pgettext
from handlers.ask import Ask, back, button
from handlers.home import HELP, menu


def line_of(refusal: r.Refusal) -> Line:  # noqa: C901, PLR0911, PLR0912, PLR0915 - one refusal, one sentence
    """The sentence of a refusal."""
    match refusal:
        case r.Outdated():
            return _("This button is no longer in use. Please choose again:")
        case r.Over():
            return _("This call is over.")
        case r.Muted():
            return _("Your news goes to none of your circles now. Choose a circle, and let it hear you:")
        case r.NoCircle():
            return _("Nobody would hear you yet. Make a circle for your family, or join one with an invitation:")
        case r.CircleFull(most):
            return ngettext("A circle can have {n} person.", "A circle can have at most {n} people.", n=most)
        case r.TooManyCircles(most):
            return ngettext("You can be in {n} circle.", "You can be in at most {n} circles.", n=most)
        case r.NewcomerFull():
            return _("They are in too many circles already. Ask them to leave one, and let them in then.")
        case r.TooLong(most):
            return ngettext(
                "That is too long. Please write at most {n} character.",
                "That is too long. Please write at most {n} characters.",
                n=most,
            )
        case r.TooManyLines(most):
            return ngettext(
                "Please send at most {n} line in one message, and the others in the next.",
                "Please send at most {n} lines in one message, and the others in the next.",
                n=most,
            )
        case r.Empty():
            return _("I could not read any words in that. Please write it once more.")
        case r.NotAName():
            return _("Please write only a name: letters, without signs such as @ and /.")
        case r.NoCountry():
            return _(
                "I don't know such a country. Please write its name in Tajik, Russian or English, or its two letters."
            )
        case r.NoReceipt():
            return _(
                "This is no receipt with a secret. Please copy the whole file once more, from the first line to the "
                "last."
            )
        case r.NameTaken():
            return _("Somebody in your circle has this name already. Please add something, so that you are told apart.")
        case r.Misread():
            return _("A digit is missing or wrong. Please read the twelve digits once more and write them.")
        case r.TooOften(wait):
            return _("That was too often. Please try again after {span}.", span=Span(wait))
        case r.NotYet(wait):
            return _(
                "This account was linked a short while ago. What your circles say is shown here in {span}, so that "
                "nobody who has taken it from you can read it. Your older account shows it now. You can say here how "
                "you are, and call for help.",
                span=Span(wait),
            )
        case r.TooNew(wait):
            return _(
                "This account was linked only a few days ago. Please do this with your older account, or here in "
                "{span}.",
                span=Span(wait),
            )
        case r.TwoCalls():
            return _("A call for help is open at both accounts. Please close one of them first.")
        case r.LastAccount():
            return _("This is the account by which I know you. You can unlink it a week after you linked another one.")
        case r.AskedAlready(wait):
            return _("They were asked a short while ago. You can ask again after {span}.", span=Span(wait))
        case r.KeeperMustHandOver():
            return _("You keep this circle. First hand it over to somebody else; then you can leave.")
        case r.Alone():
            return _("Nobody else is in this circle yet. Invite somebody first.")
        case r.NotAPhrase():
            return _("That can't be such a phrase. Please write one to eight words that are no command.")
        case r.SamePhrase():
            return _("The second phrase must be another one than the first. Please write other words.")
        case r.NoWordsLeft():
            return _("There are too many cards in this language now. Please choose another language for the words.")
        case r.NotFound():
            return _("I do not know this place. Try the name of the district or of the nearest city.")
        case r.TrusteesChosen():
            return _("Two people are chosen already. First press one of them once more to take them off.")
        case r.NotATime():
            return _("I could not read a time in that. Please write it like this: 18:30.")
        case r.TimeOver():
            return _("This time is over already. Please choose a later one.")
        case r.TooManyDeadlines(most):
            return ngettext("You can have {n} regular check-in.", "You can have at most {n} regular check-ins.", n=most)
        case r.PostponedEnough():
            return _("I can't put it off so far. Say that you are safe, or stop it.")
        case r.Own():
            return _("Another person must do this: it is your own.")
        case r.NoSuchCode():
            return _("There is no such code now. Ask the person for a new one.")
        case r.TooManyDistricts(most):
            return ngettext(
                "You can name {n} district. Take one away first.",
                "You can name at most {n} districts. Take one away first.",
                n=most,
            )
        case r.AskedNow():
            return _("This district is being asked already.")
        case r.NotAFeed():
            return _(
                "I can't read that. It must be an address of a website: https://, its name, and where the feed is."
            )
        case r.FeedKnown():
            return _("This feed is read already.")
        case r.TooManyFeeds(most):
            return ngettext(
                "At most {n} feed can be read. Take one away first.",
                "At most {n} feeds can be read. Take one away first.",
                n=most,
            )
        case r.ByVoice():
            return _(
                "This sounds like a death or an arrest. I do not write that to a circle: somebody could read it all "
                "alone. Press “News of somebody”, then “Very bad news”: two people check it, and somebody calls the "
                "family. If it is about you, call for help. If it is something else, write it in other words."
            )
        case r.Changed():
            return _("This has changed since you looked at it. Nothing was published. Please look at it again.")
        case r.NothingSigned():
            return _(
                "Nothing can be published now: the key that signs bulletins is not valid any more. Whoever runs the "
                "machine must renew its certificate. Your draft is kept."
            )
        case r.Near():
            return _(
                "One of you two has invited the other, or given them their right. Somebody farther away must be the "
                "second person."
            )
        case r.Unfinished():
            return _("Something is missing still. The draft itself says what.")
        case r.PictureComing():
            return _("What goes with it is still being fetched. You see it before anything goes out; then propose it.")
        case r.BulletinTooLong(most):
            return ngettext(
                "This is too long: at most {n} character fits into one message.",
                "This is too long: at most {n} characters fit into one message.",
                n=most,
            )
        case r.Translated():
            return _("Somebody else is translating this just now.")
        case r.NotADay():
            return _("I did not understand the day. Write it like this: 14.05.2026. It can't be in the future.")
        case r.NotAYear():
            return _("Write the year in four digits, for example 1984, or the age, for example 40.")
        case r.NotPassedOn():
            return _(
                "I pass on no words about a death or an arrest: somebody could read them all alone. Please write it "
                "without them. The rest can be said by voice, once you reach each other."
            )
        case r.SearchOver():
            return _("This search has ended. Nothing is asked of you any more.")
        case r.NotADeadline():
            return _("Please write a day to come, like this: 14.05.2027. It can be a year away at the most.")
        case r.NotANumber():
            return _("I could not read a number in that. Please write it in digits.")
        case r.NotAKey():
            return _(
                "This is no public key, or a letter of it is missing. Copy it once more: it begins with PVO1. Never "
                "paste the secret half anywhere."
            )
        case r.Enough(most):
            return ngettext("There can be {n} of these.", "There can be at most {n} of these.", n=most)
        case r.Unanswered(most):
            return ngettext(
                "{n} message of yours waits for an answer, and is kept. Please wait for it. In danger call for help:",
                "{n} messages of yours wait for an answer, and are kept. Please wait for it. In danger call for help:",
                n=most,
            )
        case r.TooManyCases(most):
            return ngettext(
                "You can have {n} open case. Write more in it, or end it first.",
                "You can have at most {n} open cases. Write more in one of them, or end one first.",
                n=most,
            )
    raise TypeError(type(refusal).__name__)  # a test asks every refusal for its sentence


def sentence(ask: Ask, refusal: r.Refusal) -> Outgoing:
    """Answer a refusal, with the buttons that help from here. The pressed message stays as it is."""
    rows: tuple[tuple[Choice, ...], ...]
    match refusal:
        case r.NoCircle():
            rows = (
                (button(pgettext("button", "⭕ Make a circle"), "circle.make"),),
                (button(pgettext("button", "🔑 I have an invitation"), "join"),),
                (back(),),
            )
        case r.ByVoice():
            rows = (
                (button(pgettext("button", "🗣 News of somebody"), "tell"),),
                (button(HELP, "help"),),
                (back(),),
            )
        case r.Muted() | r.KeeperMustHandOver() | r.Alone():
            rows = ((button(pgettext("button", "⭕ My circles"), "circles"),), (back(),))
        case (
            r.Empty()
            | r.TooLong()
            | r.TooManyLines()
            | r.NotAName()
            | r.NameTaken()
            | r.Misread()
            | r.NotFound()
            | r.NotAPhrase()
            | r.SamePhrase()
            | r.NoCountry()
            | r.NoReceipt()
            | r.NotATime()
            | r.NotADay()
            | r.NotAYear()
            | r.NotPassedOn()
            | r.NotADeadline()
            | r.NotANumber()
            | r.NotAKey()
        ):
            rows = ((back(),),)
        case _:
            rows = menu()
    return ask.anew(line_of(refusal), *rows)
