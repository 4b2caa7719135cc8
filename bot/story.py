"""The stories that the playground plays: weeks of silence, a bulletin on its way, a letter, and a search."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from bot import i18n
from bot.acting import (
    LANGUAGE,
    Deed,
    Scene,
    answers,
    at_once,
    forwards_changed,
    hears,
    is_answered,
    is_shown,
    is_told,
    passes,
    pastes_key,
    picks,
    picks_named,
    presses,
    prints_card,
    reads,
    tells_code,
    writes,
)
from bot.domain.checkin import State
from bot.domain.conversation import Line
from bot.i18n import _, pgettext
from bot.village import DESK
from handlers.petitions import wording as petition_wording

GRANDMOTHER: Final = pgettext("noun", "Bibi Sabo")
HOUR: Final = timedelta(hours=1)

# -- the story -----------------------------------------------------------------------------------------------------

SCENES: Final = (
    Scene(
        _("Gulnora lives in Rushon. She agrees with her family when she writes, and what happens if she does not."),
        (
            presses("gulnora", "more"),
            presses("gulnora", "ready"),
            presses("gulnora", "late"),
            presses("gulnora", "late.new"),
            presses("gulnora", "late.kind", ":d"),
            presses("gulnora", "late.zone"),
            presses("gulnora", "late.time"),
            presses("gulnora", "late.grace"),
            presses("gulnora", "late.told"),
            presses("gulnora", "late.sure", ":1"),
            presses("gulnora", "late.begin"),
        ),
    ),
    Scene(
        _("Daler's grandmother in Rushon has no telephone. He adds her, so that everybody can tell news of her."),
        (
            presses("daler", "people"),
            presses("daler", "tell"),
            presses("daler", "kin.add"),
            writes("daler", GRANDMOTHER),
        ),
    ),
    Scene(
        _("He prints a card for her. It holds only ordinary words; each line of three tells one thing, once."),
        (
            presses("daler", "home"),
            presses("daler", "more"),
            presses("daler", "ready"),
            presses("daler", "code"),
            presses("daler", "code.whom"),
            presses("daler", "code.of"),
            presses("daler", "code.new"),
            prints_card("daler", "ru"),
        ),
    ),
    Scene(
        _("The network in Rushon goes down. Two moderators declare it, and everybody reads that silence is expected."),
        (
            writes(DESK[0], "/desk"),
            presses(DESK[0], "outage"),
            presses(DESK[0], "outage.new"),
            writes(DESK[0], "Rushon"),
            presses(DESK[0], "outage.since"),
            presses(DESK[0], "outage.put"),
            writes(DESK[1], "/desk"),
            presses(DESK[1], "outage.see"),
            presses(DESK[1], "outage.yes"),
            passes(timedelta(minutes=2)),
            reads("gulnora", "outage.mine"),
        ),
    ),
    Scene(
        _("Two days pass without a word. Gulnora's deadline waits for the network, and nobody is alarmed."),
        (passes(24 * HOUR), passes(23 * HOUR)),
    ),
    Scene(
        _("Somebody in the village has found a line and tells Maria of everybody in one call. She writes it down."),
        (
            writes("maria", "Bibi Sabo - safe - I saw her - today\nGulnora - safe - I heard her voice - yesterday"),
            presses("maria", "people"),
        ),
    ),
    Scene(
        _("Bibi Sabo reads three words from her card on a bad line. Daler types what he hears: she needs help."),
        (hears("daler", State.HELP), presses("maria", "caring"), presses("daler", "call.safe")),
    ),
    Scene(
        _("The network is back. Gulnora reads who waits for her, and answers everybody with one tap."),
        (
            writes(DESK[0], "/desk"),
            presses(DESK[0], "outage"),
            presses(DESK[0], "outage.one"),
            presses(DESK[0], "outage.end"),
            passes(timedelta(minutes=3)),
            presses("gulnora", "outage.safe"),
            presses("maria", "people"),
        ),
    ),
)

# -- the story of the desk -----------------------------------------------------------------------------------------

NIGORA, RUSTAM = DESK
TITLE: Final = _("The road between Khorog and Rushon.")
OURS: Final = _("The road is open for cars, not for lorries.")
THEIRS: Final = _("The road is open for cars, also for lorries.")
DRIVERS: Final = pgettext("noun", "Two drivers")
UNKNOWN: Final = _("Whether buses run.")
WHY: Final = _("The bridge has fallen this evening.")
BLOCKED: Final = _("The road is closed: nobody can pass the bridge.")


def _translated(*texts: Line) -> tuple[Deed, ...]:
    """Rustam takes each other language of the draft, and writes one text after the other."""
    deeds: list[Deed] = []
    for language in i18n.LANGUAGES:
        if language != LANGUAGE[NIGORA]:
            deeds += [picks(RUSTAM, "draft"), picks(RUSTAM, "tongue", f":{language}")]
            deeds += [answers(RUSTAM, text, text, language, in_=LANGUAGE[NIGORA]) for text in texts]
    return tuple(deeds)


WAITS: Final = _("Something new waits for you. Look at it when you are alone.")
_WAITS: Final = is_told(RUSTAM, WAITS)
_OFFERED: Final = (presses(NIGORA, "draft.offer"), _WAITS)
_DONE: Final = is_told(RUSTAM, _("Done. Thank you. Its author is told."))
# Nigora proposes what stands before her; Rustam reads exactly that, and agrees.
_PUBLISHED: Final = (
    _DONE,
    picks(NIGORA, "draft"),
    picks(NIGORA, "draft.one"),
    picks(NIGORA, "review.check"),
    picks(NIGORA, "review.look"),
    picks(NIGORA, "review.put"),
    _WAITS,
    picks(RUSTAM, "desk"),
    picks(RUSTAM, "bulletin.see"),
    picks(RUSTAM, "bulletin.yes"),
)

SCENES_OF_THE_DESK: Final = (
    Scene(
        _("Nigora writes down what two drivers saw: what is known, how surely, from whom, and what is not known."),
        (
            presses(NIGORA, "draft"),
            presses(NIGORA, "draft.new"),
            answers(NIGORA, _("Which district is it about? Write the beginning of its name."), "Rushon"),
            presses(NIGORA, "draft.place", ":rushon"),
            presses(NIGORA, "draft.topic", ":roads"),
            presses(NIGORA, "draft.urgency", ":1"),
            answers(NIGORA, _("The title: one short sentence."), TITLE),
            answers(
                NIGORA,
                _("One thing that is said, in one or two sentences. Never a name that could lead to a person."),
                OURS,
            ),
            presses(NIGORA, "draft.status", ":confirmed"),
            presses(NIGORA, "draft.more", ":source"),
            answers(
                NIGORA,
                _(
                    "What is the source called in public? “A resident of the district”, a newspaper, an office. "
                    "<b>Never a name that could lead to a person.</b>"
                ),
                DRIVERS,
            ),
            presses(NIGORA, "draft.grade", ":first-hand"),
            presses(NIGORA, "draft.day", ":today"),
            presses(NIGORA, "draft.skip", ":claims"),
            answers(NIGORA, _("What is not known yet? Readers trust who says it."), UNKNOWN),
            presses(NIGORA, "draft.drill", ":0"),
        ),
    ),
    Scene(
        _("Rustam is asked to translate it: into Russian and into English, one sentence after the other."),
        (
            *_OFFERED,
            *_translated(TITLE, OURS, DRIVERS, UNKNOWN),
        ),
    ),
    Scene(
        _("Nigora proposes it. Rustam reads exactly what would go out, and agrees to that and nothing else."),
        (*_PUBLISHED, passes(timedelta(minutes=1)), is_shown("maria", OURS)),
    ),
    Scene(
        _("Somebody changes a word and passes it on. Gulnora forwards her copy to the bot, and sees which word."),
        (forwards_changed("gulnora", OURS, THEIRS), is_answered("gulnora")),
    ),
    Scene(
        _("In the evening the bridge falls. Nigora corrects what was published: what changed is read first."),
        (
            passes(3 * HOUR),
            writes(NIGORA, "/desk"),
            presses(NIGORA, "published"),
            presses(NIGORA, "published.one", ":3"),
            presses(NIGORA, "published.correct"),
            answers(NIGORA, _("What changed? Readers of the earlier version read this first."), WHY),
            presses(NIGORA, "draft.parts"),
            presses(NIGORA, "draft.claim", ":0"),
            presses(NIGORA, "draft.more", ":claim"),
            answers(
                NIGORA,
                _(
                    "Write this claim in other words. How sure it is and its sources stay as they are: look at them "
                    "again."
                ),
                BLOCKED,
            ),
            presses(NIGORA, "draft.one"),
            *_OFFERED,
            *_translated(BLOCKED, WHY),
            *_PUBLISHED,
        ),
    ),
    Scene(
        _("It reaches exactly those who got the wrong one, or asked about it. What they had is marked."),
        (
            passes(timedelta(minutes=1)),
            is_shown("maria", WHY),
            is_shown("gulnora", WHY),
            passes(timedelta(minutes=1)),
            presses(NIGORA, "cast.look"),
            is_shown(NIGORA, _("{reached} of {total} reached.", reached=2, total=2)),
        ),
    ),
)

# -- the story of a petition ---------------------------------------------------------------------------------------

LETTER_TITLE: Final = _("Open the road between Khorog and Rushon.")
LETTER: Final = _("The road has been closed since May. Open it, so that the ill reach a doctor.")
BACKGROUND: Final = _("The bridge has fallen in May. Since then nobody passes, and there is no doctor in Rushon.")
REPORT: Final = _("Bulletin No. 2 of this community.")
DEMAND: Final = _("Bring a doctor and medicine to Rushon.")
TIDIED: Final = _("I have tidied up here. What would you like to do?")
GOAL_OF_STORY: Final = _("{n} people", n=4)


def _letter_in(language: str) -> tuple[Deed, ...]:
    """Nigora writes the texts of the letter in a language."""
    title = _("The title: one short sentence that says what you want.")
    letter = _("The letter itself. <b>Never a name that could lead to a person in reach of the state.</b>")
    background = _("The background: what happened, for somebody who knows nothing of it.")
    return (
        answers(NIGORA, title, LETTER_TITLE, language),
        answers(NIGORA, letter, LETTER, language),
        picks(NIGORA, "petition.go"),
        answers(NIGORA, background, BACKGROUND, language),
        picks(NIGORA, "petition.go"),
    )


def _demand_in(language: str) -> Deed:
    most = _(
        "Write it in the language: {language_name}. At most {n} characters.",
        language_name=i18n.LANGUAGE_NAMES[language],
        n=1000,
    )
    return answers(NIGORA, most, DEMAND, language)


def _opens(who: str) -> tuple[Deed, ...]:
    return writes(who, "/petitions"), picks(who, "petition"), picks(who, "petition.sign")


SCENES_OF_A_PETITION: Final = (
    Scene(
        _("Nigora writes a letter: what happened, who says so, what is asked of whom, and until when."),
        (
            presses(NIGORA, "petition.mine"),
            picks(NIGORA, "petition.new"),
            *_letter_in("tg"),
            answers(
                NIGORA,
                _("Write a source: what it is, of which day, and where it can be looked up. One in a message."),
                REPORT,
            ),
            picks(NIGORA, "petition.go"),
            picks(NIGORA, "petition.to", ":icrc"),
            picks(NIGORA, "petition.to.see", ":icrc"),
            picks(NIGORA, "petition.to.add"),
            picks(NIGORA, "petition.go"),
            _demand_in("tg"),
            answers(NIGORA, _("How many signatures are the goal? Choose, or write a number."), GOAL_OF_STORY),
            picks(NIGORA, "petition.closes"),
        ),
    ),
    Scene(
        _("Names will be locked with a key that she has made on her own computer. Then the other two languages."),
        (
            pastes_key(NIGORA),
            picks(NIGORA, "petition.go"),
            *_letter_in("ru"),
            _demand_in("ru"),
            *_letter_in("en"),
            _demand_in("en"),
        ),
    ),
    Scene(
        _("Maria stands under the letter with her name: she says so herself, with a code that Nigora reads to her."),
        (
            picks(NIGORA, "petition.sponsors"),
            picks(NIGORA, "petition.sponsor"),
            writes("maria", "/petitions"),
            picks("maria", "petition.code"),
            tells_code(
                NIGORA,
                "maria",
                _(
                    "Write the twelve digits that an organiser has read to you. They have asked you to stand under a "
                    "letter."
                ),
            ),
            is_answered("maria"),
            writes("maria", pgettext("noun", "Maria")),
            picks("maria", "petition.stand"),
            is_told(NIGORA, WAITS),
        ),
    ),
    Scene(
        _("Rustam reads exactly what everybody will read, in every language, and agrees to that and nothing else."),
        (
            picks(NIGORA, "petition.sponsors"),
            picks(NIGORA, "petition.one"),
            picks(NIGORA, "petition.preview"),
            picks(NIGORA, "petition.offer"),
            _WAITS,
            picks(RUSTAM, "desk"),
            picks(RUSTAM, "letter.see"),
            picks(RUSTAM, "letter.yes"),
            is_told(RUSTAM, _("It is open: everybody can read and sign it.")),
        ),
    ),
    Scene(
        _("Gulnora has relatives whom the state can reach. She lets herself only be counted; nobody learns more."),
        (
            *_opens("gulnora"),
            picks("gulnora", "petition.mode", ":yes"),
            picks("gulnora", "petition.as", ":counted"),
            picks("gulnora", "petition.signed"),
            passes(timedelta(minutes=1)),
            is_told("gulnora", TIDIED),
        ),
    ),
    Scene(
        _("Daler's name goes to the addressee alone, Rustam gives his initials, and Maria's name is for everybody."),
        (
            *_opens("daler"),
            picks("daler", "petition.mode", ":no"),
            picks("daler", "petition.as", ":recipient"),
            picks("daler", "petition.name"),
            picks("daler", "petition.signed"),
            *_opens(RUSTAM),
            picks(RUSTAM, "petition.mode", ":no"),
            picks(RUSTAM, "petition.as", ":initials"),
            picks(RUSTAM, "petition.name"),
            picks(RUSTAM, "petition.country", ":PL"),
            picks(RUSTAM, "petition.signed"),
            *_opens("maria"),
            picks("maria", "petition.mode", ":no"),
            picks("maria", "petition.as", ":public"),
            picks("maria", "petition.name"),
            picks("maria", "petition.signed"),
            passes(timedelta(minutes=1)),
            *(is_told(who, TIDIED) for who in ("daler", RUSTAM, "maria")),
        ),
    ),
    Scene(
        _("The goal is reached. Then Daler takes his signature back: the count everybody sees is exact."),
        (
            writes("daler", "/petitions"),
            picks("daler", "petition"),
            picks("daler", "petition.withdraw"),
            picks("daler", "petition.withdrawn"),
            passes(timedelta(minutes=1)),
            is_told("daler", TIDIED),
            writes("gulnora", "/petitions"),
            picks("gulnora", "petition"),
            is_told("gulnora", petition_wording.count_lines(4, 3, None)[0]),
        ),
    ),
)

# -- the story of a search -----------------------------------------------------------------------------------------

JAMSHED: Final = pgettext("noun", "Jamshed")
HIS_NAME: Final = pgettext("noun", "Jamshed Yorov")
THEIR_SPELLING: Final = "Djamched Iorov"
BORN: Final = "1984"
HOME_TOWN: Final = "Khorog"
HIS_GRANDMOTHER: Final = "Oysha"
ANOTHER_GRANDMOTHER: Final = "Zulaykho"
FRIENDS: Final = pgettext("noun", "Friends")
NAMESAKE: Final = pgettext("noun", "Jamshed the driver")
WHICH_CIRCLE: Final = _("What shall the circle be called? For example: Family. Only its members will see the name.")
WHICH_RELATIVE: Final = _("What do you call them? For example: Bibi Gulnora.")
SOMEBODY_ELSE: Final = "Fotima"
WHO_HE_IS: Final = _("We grew up in one house on the river.")
NEWS_OF_HIM: Final = _("He is well. He has asked for you.")
SOMETHING_NEW: Final = _("There is something new for you. Open it where no stranger sees the screen.")
WHICH_NAME: Final = _("By which name do their kin look? Write first name and surname, in any letters.")
WHAT_NAME: Final = _("What is the name of the one you look for?")
WHICH_YEAR: Final = _("In which year were they born? If you don't know, about how old are they?")
WHICH_PLACE: Final = _("Which village or district are they from?")
MARK_OF_IT: Final = _("One name or word, in any letters. I keep only a mark of it, and show it to nobody.")
ONE_WORD: Final = _("One name or word is enough, in any letters.")
WRITE_TO_THEM: Final = _("Write to them. They read it as soon as they have written, too.")
FEW_WORDS: Final = _(
    "A few words for whoever may know them: who you are to them, and what they would recognise you by."
)


def _looks(who: str, answer: str) -> tuple[Deed, ...]:
    """Somebody looks for Jamshed, with an answer to what only his kin know."""
    return (
        writes(who, "/search"),
        picks(who, "knock.new"),
        answers(who, WHAT_NAME, THEIR_SPELLING),
        answers(who, WHICH_YEAR, BORN),
        answers(who, WHICH_PLACE, HOME_TOWN),
        picks(who, "knock.is", ":friend"),
        picks(who, "knock.about", ":grandmother"),
        answers(who, ONE_WORD, answer),
        is_answered(who),
        picks(who, "knock.skip"),
        answers(who, FEW_WORDS, WHO_HE_IS),
        picks(who, "knock.put"),
        is_answered(who),
    )


def _lets_look(who: str, name: Line, town: str, answer: str) -> tuple[Deed, ...]:
    """Whoever keeps a circle lets kin look for somebody of it who is not online."""
    return (
        writes(who, "/search"),
        picks(who, "found"),
        picks_named(who, "found.of", name),
        picks(who, "found.may", ":1"),
        answers(who, WHICH_NAME, HIS_NAME),
        answers(who, WHICH_YEAR, BORN),
        answers(who, WHICH_PLACE, town),
        picks(who, "found.about", ":grandmother"),
        answers(who, MARK_OF_IT, answer),
        is_answered(who),
    )


SCENES_OF_A_SEARCH: Final = (
    Scene(
        _("Gulnora's circle holds Jamshed, who has no telephone. She lets those look who know what only kin know."),
        (
            presses("gulnora", "people"),
            presses("gulnora", "tell"),
            presses("gulnora", "kin.add"),
            writes("gulnora", JAMSHED),
            is_answered("gulnora"),
            *_lets_look("gulnora", JAMSHED, HOME_TOWN, HIS_GRANDMOTHER),
        ),
    ),
    Scene(
        _("Daler's friends hold a namesake of the same age. Only the answer that kin know tells the two apart."),
        (
            at_once(
                writes("daler", "/circles"),
                picks("daler", "circle.make"),
                answers("daler", WHICH_CIRCLE, FRIENDS),
                is_answered("daler"),
                writes("daler", "/circles"),
                picks_named("daler", "circle", FRIENDS),
                picks("daler", "kin.add"),
                answers("daler", WHICH_RELATIVE, NAMESAKE),
                is_answered("daler"),
            ),
            at_once(*_lets_look("daler", NAMESAKE, HOME_TOWN, ANOTHER_GRANDMOTHER)),
        ),
    ),
    Scene(
        _("Rustam in Warsaw looks for him. He writes the name as it stands in an old passport, and answers blind."),
        _looks(RUSTAM, HIS_GRANDMOTHER),
    ),
    Scene(
        _("Somebody else tries the same and guesses. The answer is the same sentence, and nobody is disturbed."),
        _looks(NIGORA, SOMEBODY_ELSE),
    ),
    Scene(
        _("Hours later only Gulnora is asked, not Daler. She reads his words, not his name, and writes a line."),
        (
            passes(12 * HOUR),
            is_told("gulnora", SOMETHING_NEW),
            picks("gulnora", "found.case"),
            picks("gulnora", "found.yes", ":2"),
            answers("gulnora", WRITE_TO_THEM, NEWS_OF_HIM),
            is_answered("gulnora"),
        ),
    ),
    Scene(
        _("Rustam learns that Jamshed is alive. Her line comes as soon as he writes one himself: step by step."),
        (
            passes(timedelta(minutes=1)),
            # as a moderator he may meanwhile be told that the case of whoever guessed waits at the desk
            is_shown(RUSTAM, SOMETHING_NEW),
            presses(RUSTAM, "knock.case"),
            presses(RUSTAM, "knock.say", ":2"),
            is_shown(RUSTAM, WRITE_TO_THEM),
            writes(RUSTAM, WHO_HE_IS),
            is_shown(RUSTAM, NEWS_OF_HIM, in_="tg"),
            passes(timedelta(minutes=1)),
            is_told("gulnora", SOMETHING_NEW),
        ),
    ),
)
STORIES: Final = {
    "family": SCENES,
    "desk": SCENES_OF_THE_DESK,
    "petitions": SCENES_OF_A_PETITION,
    "search": SCENES_OF_A_SEARCH,
}
