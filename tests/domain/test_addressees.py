"""The directory of institutions: whole in three languages, honest about what was looked up, asking for little."""

from __future__ import annotations

import re

from bot.domain import addressee_list, addressees
from bot.domain.addressees import ADDRESSEES, Contact, Element
from bot.domain.signature import Item


def test_every_line_is_whole() -> None:
    assert len(ADDRESSEES) == len(addressee_list.ADDRESSEES)  # no code stands there twice
    for code, one in ADDRESSEES.items():
        assert re.fullmatch(r"[a-z0-9-]{1,32}", code)
        assert set(one.names) == {"tg", "ru", "en"}
        assert all(one.names.values())
        assert len(set(one.names.values())) == 3  # noqa: PLR2004 - three languages
        assert one.kind in {"un", "osce", "eu", "icrc", "national"}
        assert not one.where or one.contact is not Contact.NONE


def test_all_kinds_of_institutions_are_there() -> None:
    assert {one.kind for one in ADDRESSEES.values()} == {"un", "osce", "eu", "icrc", "national"}


def test_nothing_is_called_checked_that_nobody_has_checked() -> None:
    assert {code for code, one in ADDRESSEES.items() if one.checked is not None} == set()


def test_an_addressee_of_the_feared_state_is_marked_so() -> None:
    assert {code for code, one in ADDRESSEES.items() if one.feared} == {
        code for code in ADDRESSEES if code.startswith("tj-")
    }


def test_signers_are_asked_for_nothing_that_no_addressee_requires() -> None:
    assert addressees.required([]) == frozenset()
    assert addressees.required(ADDRESSEES) == {Item.NAME}


def test_what_a_packet_lacks_is_named() -> None:
    six = {Element.VICTIM, Element.DATE, Element.PLACE, Element.ACTOR, Element.STEPS, Element.SOURCE}
    assert ADDRESSEES["un-wgeid"].rules.elements == six
    assert addressees.lacking("un-wgeid", six, ["tg", "en"]) == []
    for one in six:
        assert addressees.lacking("un-wgeid", six - {one}, ["fr"]) == [one.value]
    assert addressees.lacking("un-wgeid", six, ["tg", "ru"]) == ["language"]
    assert addressees.lacking("eu-parliament", (), ["en"]) == ["representative"]
    assert addressees.lacking("eu-citizens-initiative", (), ["en"]) == ["own pages"]
    assert addressees.lacking("icrc", (), ["tg"]) == []
    assert ADDRESSEES["un-wgad"].rules.answer_days == 60  # noqa: PLR2004 - its clock
