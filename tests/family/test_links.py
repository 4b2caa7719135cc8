"""Two accounts of one person: linked by a code, confirmed, shown, unlinked; and what a thief of one of them gets."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, cast

import pytest
import sqlalchemy as sa

from bot.domain.circle import make_code
from bot.domain.conversation import Lane, Outgoing
from bot.i18n import _
from bot.outbox.courier import NotSent
from storage import outbox
from storage.database import Tx
from storage.schema import address, letter, link, metadata
from tests.family.looking import button, forge, id_of, invite_to, make_circle, open_circle, press, rows
from tests.stage import Actor, Stage

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ANSWER = "Thank you. If the code is right and not too old, I ask you at your other account now."
WRONG = make_code(lambda _n: 12345678901)
NOT_YET = "What your circles say is shown here in"
TOO_NEW = "This account was linked only a few days ago."


async def code_at(actor: Actor) -> str:
    """Make a code at this account."""
    await actor.says("/start")
    await actor.presses("More")
    await actor.presses("Settings")
    await actor.presses("My other account")
    await actor.presses("Make a code")
    found = re.findall(r"\b\d{3} \d{3} \d{3} \d{3}\b", actor.last)
    return str(found[-1])


async def type_code(actor: Actor, code: str) -> None:
    """Type a code at an account that knows the bot already."""
    await actor.says("/start")
    await actor.presses("More")
    await actor.presses("Settings")
    await actor.presses("My other account")
    await actor.presses("I have a code")
    if "as you are, with its name" in actor.last:
        await actor.presses("The other account is my own")
    await actor.says(code)


async def newcomer(stage: Stage, account: str = "zarina.m") -> Actor:
    """An account on the other platform that has chosen a language and nothing else."""
    actor = stage.actor(account, "matrix")
    await actor.starts()
    await actor.presses("English")
    return actor


async def linked(stage: Stage, old: Actor, account: str = "zarina.m") -> Actor:
    """A fresh account on the other platform, linked with this one."""
    new = await newcomer(stage, account)
    code = await code_at(old)
    await new.presses("I have another account here")
    await new.says(code)
    await old.presses("Yes, it is mine")
    return new


# -- linking -------------------------------------------------------------------------------------------------------


async def test_a_code_made_on_one_side_and_confirmed_there_makes_two_accounts_one_person(both: Stage) -> None:
    zarina, daler = await both.family("Zarina", "Daler")
    new = await newcomer(both)
    code = await code_at(zarina)
    await new.presses("I have another account here")
    assert "Only if the other account is your own!" in new.last
    await new.says(code)
    assert ANSWER in new.last
    assert await id_of(both, new) != await id_of(both, zarina), "not before it is confirmed"
    assert "Your code was used by an account: Matrix, just now. Is that account yours?" in zarina.last
    await zarina.presses("Yes, it is mine")
    assert "Linked: Matrix." in zarina.last
    assert "This account is linked with the other one now" in new.last
    assert await id_of(both, new) == await id_of(both, zarina)
    await both.pass_time(25 * HOUR, HOUR)
    await new.says("I am safe")
    assert daler.sees("Zarina: I am safe.")
    assert "Told to 1 person: Daler." in new.last
    await new.says("/people")
    assert "Daler" in new.last


async def test_where_there_are_no_buttons_it_is_done_by_typing(both: Stage) -> None:
    (zarina,) = await both.family("Zarina")
    both.platforms[1].lists = True
    new = both.actor("zarina.m", "matrix")
    await new.starts()
    await new.says("English")
    await new.says("I have another account here")
    await new.says(await code_at(zarina))
    assert ANSWER in new.last
    await zarina.presses("Yes, it is mine")
    await new.says("More")
    await new.says("Settings")
    await new.says("My other account")
    assert "2. Matrix: this one and linked just now" in new.last


async def test_a_no_links_nothing_and_uses_the_code_up(both: Stage) -> None:
    (zarina,) = await both.family("Zarina")
    new = await newcomer(both)
    code = await code_at(zarina)
    await new.presses("I have another account here")
    await new.says(code)
    kept = button(zarina, "link.yes")
    await zarina.presses("No")
    await press(both, zarina, kept)
    assert "This button is no longer in use." in zarina.last
    await type_code_again(new, code)
    assert not zarina.sees("Linked: Matrix.")
    assert await id_of(both, new) != await id_of(both, zarina)


async def type_code_again(actor: Actor, code: str) -> None:
    """At an account that has no name yet."""
    await actor.starts()
    await actor.presses("I have another account here")
    await actor.says(code)


async def wrong(stage: Stage, zarina: Actor, code: str) -> str:
    del stage, zarina, code
    return WRONG


async def expired(stage: Stage, zarina: Actor, code: str) -> str:
    del zarina
    await stage.pass_time(11 * MINUTE, MINUTE)
    return code


async def used(stage: Stage, zarina: Actor, code: str) -> str:
    del zarina
    third = await newcomer(stage, "third")
    await third.presses("I have another account here")
    await third.says(code)
    return code


async def replaced(stage: Stage, zarina: Actor, code: str) -> str:
    del stage
    await code_at(zarina)
    return code


async def right(stage: Stage, zarina: Actor, code: str) -> str:
    del stage, zarina
    return code


@pytest.mark.parametrize("how", [right, wrong, expired, used, replaced])
async def test_the_answer_to_a_code_tells_nothing_of_whether_it_is_right(
    both: Stage, how: Callable[[Stage, Actor, str], Awaitable[str]]
) -> None:
    (zarina,) = await both.family("Zarina")
    code = await how(both, zarina, await code_at(zarina))
    new = await newcomer(both)
    await new.presses("I have another account here")
    asked = zarina.screen.count("Is that account yours?")
    await new.says(code)
    assert new.last == (
        "Thank you. If the code is right and not too old, I ask you at your other account now. If nothing comes there, "
        "make a new code."
    )
    assert zarina.screen.count("Is that account yours?") - asked == (1 if how is right else 0)


async def test_codes_are_guessed_only_a_few_times_an_hour(both: Stage) -> None:
    new = await newcomer(both)
    for _try in range(5):
        await type_code_again(new, WRONG)
        assert ANSWER in new.last
    await type_code_again(new, WRONG)
    assert "That was too often." in new.last


async def test_who_writes_their_own_code_links_nothing(both: Stage) -> None:
    (zarina,) = await both.family("Zarina")
    code = await code_at(zarina)
    await type_code(zarina, code)
    assert ANSWER in zarina.last
    assert not zarina.sees("Is that account yours?")


async def test_a_code_is_confirmed_only_by_who_made_it_and_where(both: Stage) -> None:
    zarina, daler = await both.family("Zarina", "Daler")
    new = await newcomer(both)
    code = await code_at(zarina)
    await new.presses("I have another account here")
    await new.says(code)
    _message, yes = button(zarina, "link.yes")
    for stranger in (daler, new):
        await forge(both, stranger, yes)
        assert await id_of(both, new) != await id_of(both, zarina)
    await forge(both, zarina, yes)
    assert await id_of(both, new) == await id_of(both, zarina), "control: the right one can"


async def test_the_code_itself_is_stored_nowhere_and_gone_after_ten_minutes(both: Stage) -> None:
    (zarina,) = await both.family("Zarina")
    code = await code_at(zarina)
    await both.pass_time(11 * MINUTE, MINUTE)
    everything = await rows(both)
    assert everything["link"] == []
    assert code not in str(everything)
    assert not zarina.sees(code), "nor does it stand in the chat"


# -- what becomes one ----------------------------------------------------------------------------------------------


async def test_who_had_circles_on_both_sides_has_all_of_them_once(both: Stage) -> None:
    zarina, daler, maria = await both.family("Zarina", "Daler", "Maria")
    other = both.actor("z2", "matrix")
    await other.settles_in("Zarina M")
    await make_circle(both, other, "Work")
    await invite_to(both, other, "Work", maria)
    await invite_to(both, daler, "Family", other)  # in one circle twice, as two people
    await other.says("I am safe")
    assert daler.sees("Zarina M: I am safe.")
    code = await code_at(zarina)
    await type_code(other, code)
    await zarina.presses("Yes, it is mine")
    assert maria.sees("Zarina M is now called Zarina.")
    await zarina.says("/circles")
    assert [one for one in zarina.buttons if "(" in one] == ["Family (3)", "Work (2)"] or [
        one for one in zarina.buttons if "(" in one
    ] == ["Work (2)", "Family (3)"]
    await zarina.says("/people")
    assert zarina.last.count("Daler") == 1
    await daler.says("/people")
    assert daler.last.count("Zarina") == 1
    assert "🟢 Zarina: safe" in daler.last, "the news that the other account told"
    await open_circle(both, zarina, "Work")
    assert "Kept by Zarina." in zarina.last
    await both.pass_time(MINUTE)
    await zarina.says("I need help")
    await maria.presses("taking care")
    assert zarina.sees("Maria is taking care of it.")


async def test_every_column_that_means_a_person_is_thought_of_when_two_become_one() -> None:
    """If this fails, a new table refers to people: say in `storage/merging.py` what becomes of its rows."""
    found = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if any(key.column.table.name == "person" for key in column.foreign_keys)
    }
    assert found == {
        *("bearer.person_id", "hard.caller_id", "hard.person_id", "hard_reader.person_id", "hard_told.person_id"),
        "hard_word.teller_id",
        *(
            "address.person_id",
            "alarm.about_id",
            "alarm.person_id",
            "relative.person_id",
            "alarm_reader.person_id",
            "ask.asker_id",
            "ask_reader.person_id",
        ),
        *("card.person_id", "circle.keeper_id", "comeback.person_id", "dialogue.person_id", "invite.inviter_id"),
        "duress.person_id",
        *("job.person_id", "letter.about_id", "letter.person_id", "link.person_id", "membership.person_id"),
        *("role.person_id", "candidacy.person_id", "proposal.proposer_id", "proposal_barred.person_id"),
        *("audit.person_id", "audit.about_id", "tie.person_id"),
        *("asked.person_id", "broadcast.by_id", "bulletin.author_id", "bulletin.reviewer_id", "delivery.person_id"),
        *("draft.author_id", "outlet.by_id", "reader.person_id", "reader_place.person_id", "rumour_asker.person_id"),
        *("translating.person_id", "vouched.person_id", "vouched.voucher_id"),
        *("line_case.person_id", "line_case.owner_id", "line_voice.person_id"),
        *("petition.author_id", "petition_follower.person_id", "petition_version.reviewer_id"),
        *("knock.person_id", "sought.person_id", "candidate.taken_id", "candidate.first_id"),
        "petition_sponsor.person_id",
        *("rollcall_reader.person_id", "rollcall_watcher.person_id"),
        *("deadline.person_id", "outage_by.person_id", "outage_overruled.person_id"),
        *("trustee.person_id", "trustee.trustee_id"),
        *("spoken_card.person_id", "spoken_card.maker_id"),
        *(
            "newcomer.inviter_id",
            "newcomer.person_id",
            "news.person_id",
            "news.teller_id",
            "report.person_id",
            "standing.person_id",
        ),
    }


async def test_who_has_circles_is_warned_before_they_are_asked_for_a_code(both: Stage) -> None:
    zarina, daler = await both.family("Zarina", "Daler")
    code = await code_at(daler)
    await forge(both, zarina, "link.type")
    assert "You are in 1 circle here." in zarina.last
    assert "If somebody asked you to do it, stop here" in zarina.last
    await zarina.says(code)
    assert "I did not understand that." in zarina.last, "a code is not taken before that"
    assert not daler.sees("Is that account yours?")


async def test_two_open_calls_are_not_made_one(both: Stage) -> None:
    zarina, daler = await both.family("Zarina", "Daler")
    other = both.actor("z2", "matrix")
    await other.settles_in("Zarina M")
    await make_circle(both, other, "Work")
    await invite_to(both, other, "Work", daler)
    code = await code_at(zarina)
    await type_code(other, code)
    await zarina.says("I need help")
    await other.says("I need help")
    await zarina.presses("Yes, it is mine")
    assert "A call for help is open at both accounts. Please close one of them first." in zarina.last
    await other.presses("I am safe now")
    await zarina.presses("Yes, it is mine")
    assert zarina.sees("Linked: Matrix.")


async def test_a_name_that_somebody_has_in_the_other_circles_is_not_taken_there(both: Stage) -> None:
    (zarina,) = await both.family("Zarina")
    other = both.actor("z2", "matrix")
    await other.settles_in("Zarina M")
    await make_circle(both, other, "Work")
    namesake = both.actor("n", "matrix")
    await namesake.settles_in("Zarina")
    await invite_to(both, other, "Work", namesake)
    code = await code_at(zarina)
    await type_code(other, code)
    await zarina.presses("Yes, it is mine")
    assert "Somebody in your circle has this name already." in zarina.last
    assert await id_of(both, other) != await id_of(both, zarina)


# -- what is said where --------------------------------------------------------------------------------------------


async def test_replies_go_where_the_question_came_from_and_news_to_the_preferred_side(both: Stage) -> None:
    zarina, daler = await both.family("Zarina", "Daler")
    new = await linked(both, zarina)
    await both.pass_time(8 * DAY, HOUR)
    await new.says("/people")
    assert "Daler" in new.last
    before = len(zarina.messages)
    await new.says("/circles")
    assert len(zarina.messages) == before, "the other side stays quiet"
    await daler.says("I am safe")
    assert zarina.sees("Daler: I am safe.")
    assert not new.sees("Daler: I am safe.")
    await new.says("/start")
    await new.presses("More")
    await new.presses("Settings")
    await new.presses("My other account")
    await new.presses("🔔 Matrix")
    assert "2. Matrix: this one and news comes here" in new.last
    await daler.says("/start")
    await daler.presses("Other news")
    await daler.presses("I am hurt")
    assert new.sees("Daler: I am hurt.")
    assert not zarina.sees("Daler: I am hurt.")


async def test_a_call_for_help_goes_to_both_sides_and_is_answered_and_closed_at_both(both: Stage) -> None:
    zarina, daler = await both.family("Zarina", "Daler")
    new = await linked(both, zarina)
    await both.pass_time(8 * DAY, HOUR)
    await daler.says("I need help")
    assert zarina.sees("Daler: I need help.")
    assert new.sees("Daler: I need help.")
    await both.pass_time(MINUTE)
    assert "Reached so far: 1 of 1." in daler.last, "one person, not two"
    await new.presses("taking care")
    for side in (zarina, new):
        assert side.sees("Taking care: Zarina")
    await daler.presses("I am safe now")
    for side in (zarina, new):
        assert side.sees("Daler: I am safe now.")
        assert side.sees("This call is over.")


async def test_a_call_that_reached_one_side_has_reached_the_person(both: Stage) -> None:
    zarina, daler = await both.family("Zarina", "Daler")
    new = await linked(both, zarina)
    await both.pass_time(8 * DAY, HOUR)
    await both.platforms[1].block(new.account, announce=False)
    await daler.says("I need help")
    await both.pass_time(MINUTE)
    assert "Reached so far: 1 of 1." in daler.last
    assert zarina.screen.count("Daler: I need help.") == 1, "and it does not come twice there"
    await both.platforms[1].unblock(new.account)
    await new.says("/start")
    assert not new.sees("Daler: I need help."), "nor again at the side that came back"
    await both.memory.block(zarina.account, announce=False)
    await both.platforms[1].block(new.account, announce=False)
    await daler.presses("I am safe now")
    await daler.says("I need help")
    await both.pass_time(MINUTE)
    assert "Not reached: Zarina" in daler.last, "control: where neither side could be reached, that is said"
    await both.platforms[1].unblock(new.account)
    await new.says("/start")
    assert new.screen.count("Daler: I need help.") == 1, "and comes once where they are back first"


async def test_what_can_not_be_delivered_at_the_preferred_side_goes_to_the_other(both: Stage) -> None:
    zarina, daler = await both.family("Zarina", "Daler")
    new = await linked(both, zarina)
    await both.pass_time(8 * DAY, HOUR)
    await both.memory.block(zarina.account, announce=False)
    await daler.says("I am safe")
    assert new.sees("Daler: I am safe.")


class Counting:
    """A transaction that counts its statements."""

    def __init__(self, tx: Tx) -> None:
        self.tx = tx
        self.count = 0
        self.posted = False

    def execute(self, *args: Any) -> Any:  # noqa: ANN401 - whatever it is asked
        self.count += 1
        return self.tx.execute(*args)

    def new_id(self) -> int:
        return self.tx.new_id()


async def test_posting_to_somebody_with_one_address_costs_no_further_statement(both: Stage) -> None:
    zarina, daler, maria = await both.family("Zarina", "Daler", "Maria")
    await linked(both, zarina)
    one, two = await id_of(both, daler), await id_of(both, zarina)
    del maria

    async def statements(who: int, *, edit: bool) -> int:
        line = _("Stopped. Nothing was sent.")
        news = Outgoing(who, line, lane=Lane.CHECKIN, topic="t:1", edit=edit)

        def work(tx: Tx) -> int:
            counting = Counting(tx)
            outbox.post(cast("Tx", counting), [news], both.now())
            return counting.count

        return await both.storage.write(work)

    assert await statements(one, edit=False) == await statements(one, edit=True) == 2  # noqa: PLR2004
    assert await statements(two, edit=True) == 3, "control: only with several addresses"  # noqa: PLR2004


# -- the first day -------------------------------------------------------------------------------------------------


async def test_a_newly_linked_account_is_shown_nothing_of_the_circles_for_a_day(both: Stage) -> None:
    zarina, daler = await both.family("Zarina", "Daler")
    await daler.says("I am safe")
    new = await linked(both, zarina)
    for words in ("/people", "/circles", "/ask"):
        await new.says(words)
        assert "so that nobody who has taken it from you can read it" in new.last
    for code in ("people", "circles", "ask", "join", "copied", "name", "circle.make"):
        await forge(both, new, code)
        assert "so that nobody who has taken it from you can read it" in new.last, code
    await daler.says("I need help")
    await daler.presses("I am safe now")
    await daler.says("I am safe")
    await new.says("I am safe")
    assert "Told to 1 person." in new.last
    await new.says("/start")
    assert NOT_YET in new.last
    assert "Daler" not in new.screen
    assert "Family" not in new.screen
    assert zarina.sees("Daler: I am safe now."), "control: the older side reads it all"
    await both.pass_time(25 * HOUR, HOUR)
    await new.says("/people")
    assert "Daler" in new.last


async def test_from_a_newly_linked_account_one_can_call_for_help(both: Stage) -> None:
    zarina, daler = await both.family("Zarina", "Daler")
    new = await linked(both, zarina)
    await new.says("I need help")
    assert daler.sees("Zarina: I need help.")
    await daler.presses("taking care")
    assert zarina.sees("Daler is taking care of it.")
    await new.says("I need help")
    assert "Daler" not in new.screen, "and who answers stands only at the older side"


async def test_not_even_the_names_of_circles_are_shown_when_a_new_account_calls_one(both: Stage) -> None:
    zarina, daler = await both.family("Zarina", "Daler")
    await open_circle(both, zarina, "Family")
    await both.in_code(zarina, "circle.tells")
    new = await linked(both, zarina)
    await new.says("I need help")
    assert "🆘 Call circle 1" in new.buttons
    await new.presses("Call circle 1")
    assert daler.sees("Zarina: I need help.")
    assert "Family" not in new.screen


async def test_a_call_that_found_no_other_way_goes_to_the_new_side_when_its_day_is_over(both: Stage) -> None:
    zarina, daler = await both.family("Zarina", "Daler")
    new = await linked(both, zarina)
    await both.memory.block(zarina.account)
    await daler.says("I need help")
    await both.pass_time(HOUR, MINUTE)
    assert not new.sees("Daler: I need help.")
    assert daler.sees("Not reached: Zarina")
    await both.pass_time(24 * HOUR, HOUR)
    assert new.sees("Daler: I need help.")


# -- the first week ------------------------------------------------------------------------------------------------


async def test_both_sides_show_the_link_for_a_week(both: Stage) -> None:
    (zarina,) = await both.family("Zarina")
    new = await linked(both, zarina)
    for side, line in ((zarina, "A new account is linked with yours"), (new, "Linked with your account")):
        await side.says("/start")
        assert line in side.last
    await both.pass_time(6 * DAY, HOUR)
    await zarina.says("/start")
    assert "A new account is linked with yours: Matrix, 6 days ago." in zarina.last
    await both.pass_time(2 * DAY, HOUR)
    for side in (zarina, new):
        await side.says("/start")
        assert "🔗" not in side.last


async def test_a_new_side_can_not_shut_the_owner_out_in_the_first_week(both: Stage) -> None:
    zarina, _daler = await both.family("Zarina", "Daler")
    new = await linked(both, zarina)
    await both.pass_time(2 * DAY, HOUR)
    places = await addresses(both)
    old = min(places)
    for code in (
        "forget",
        "forgotten",
        "link.make",
        f"link.cut:{old}",
        f"link.cut.yes:{old}",
        f"link.news:{max(places)}",
        "card.make",
    ):
        await forge(both, new, code)
        assert TOO_NEW in new.last, code
    assert len(await addresses(both)) == len(places)
    await both.pass_time(6 * DAY, HOUR)
    await forge(both, new, f"link.cut.yes:{old}")
    assert "Unlinked: another messenger." in new.last, "control: after a week both are the same"


async def addresses(stage: Stage) -> list[int]:
    """The addresses of whoever has several."""

    def look(tx: Tx) -> list[int]:
        several = sa.select(address.c.person_id).group_by(address.c.person_id).having(sa.func.count() > 1)
        return list(tx.execute(sa.select(address.c.id).where(address.c.person_id.in_(several))).scalars())

    return await stage.storage.read(look)


async def test_the_older_side_throws_a_thief_out_at_once(both: Stage) -> None:
    zarina, daler = await both.family("Zarina", "Daler")
    thief = await linked(both, zarina)
    await both.pass_time(2 * DAY, HOUR)
    await daler.says("I am safe")
    await zarina.says("/start")
    await zarina.presses("More")
    await zarina.presses("Settings")
    await zarina.presses("My other account")
    await zarina.presses("2. Unlink")
    await zarina.presses("Unlink")
    assert "Unlinked: Matrix." in zarina.last
    await both.pass_time(2 * MINUTE, MINUTE)
    assert "Daler" not in thief.screen, "what stood there is deleted"
    assert "This account is no longer linked." in thief.last
    await thief.says("/people")
    assert "Choose a language" in thief.last, "somebody new"
    await zarina.says("/people")
    assert "Daler" in zarina.last


async def test_the_older_side_can_not_unlink_itself_in_the_first_week(both: Stage) -> None:
    """A thief of the older account could otherwise move everything to an account of their own in a minute."""
    (zarina,) = await both.family("Zarina")
    await linked(both, zarina)
    old = min(await addresses(both))
    await forge(both, zarina, f"link.cut.yes:{old}")
    assert "This is the account by which I know you." in zarina.last
    await both.pass_time(8 * DAY, HOUR)
    await forge(both, zarina, f"link.cut.yes:{old}")
    assert "This account is no longer linked." in zarina.last


async def test_the_new_side_can_leave_at_any_time(both: Stage) -> None:
    zarina, daler = await both.family("Zarina", "Daler")
    new = await linked(both, zarina)
    await forge(both, new, f"link.cut.yes:{max(await addresses(both))}")
    assert "This account is no longer linked." in new.last
    await daler.says("I am safe")
    assert zarina.sees("Daler: I am safe.")


async def test_what_waits_at_a_side_that_is_unlinked_goes_to_the_other(both: Stage) -> None:
    zarina, daler = await both.family("Zarina", "Daler")
    new = await linked(both, zarina)
    await both.pass_time(8 * DAY, HOUR)
    await forge(both, new, f"link.news:{max(await addresses(both))}")
    both.platforms[1].fail(NotSent(), new.account, times=3)
    await daler.says("I am safe")
    assert not new.sees("Daler: I am safe.")
    await forge(both, zarina, f"link.cut.yes:{max(await addresses(both))}")
    assert zarina.sees("Daler: I am safe.")


async def test_to_be_forgotten_erases_every_address(both: Stage) -> None:
    zarina, _daler = await both.family("Zarina", "Daler")
    new = await linked(both, zarina)
    await zarina.says("/privacy")
    await zarina.presses("Forget me")
    await zarina.presses("Yes, forget me")
    assert "You are forgotten." in zarina.last
    assert "You are forgotten." in new.last
    await both.pass_time(3 * MINUTE, MINUTE)

    def left(tx: Tx) -> tuple[int, int, int]:
        count = sa.select(sa.func.count())
        return (
            tx.execute(count.select_from(address)).scalar_one(),
            tx.execute(count.select_from(link)).scalar_one(),
            tx.execute(count.select_from(letter).where(letter.c.ended_at.is_(None))).scalar_one(),
        )

    assert (await both.storage.read(left))[:2] == (1, 0), "only Daler's"
