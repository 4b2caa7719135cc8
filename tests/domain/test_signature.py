"""A signature: four modes, what of each stands where, and a commitment that says nothing and can mean nothing else."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import signature
from bot.domain.signature import Declared, Document, Item, Mode, Opening, Shown, asked, declared, shown

WORDS = st.text(st.characters(categories=["L"]), min_size=1, max_size=30)
SALT, TAG = b"\1" * 32, b"\2" * 16
FULL = {"name": "Гулнора Мирзоева", "country": "de", "nationality": "tj", "address": "Musterweg 1, Berlin"}
ALL = frozenset(Item)


def test_only_what_the_addressees_require_and_the_mode_allows_is_asked_for() -> None:
    assert asked(Mode.PUBLIC, ()) == (Item.NAME,)
    assert asked(Mode.RECIPIENT, (Item.NATIONALITY,)) == (Item.NAME, Item.NATIONALITY)
    assert asked(Mode.INITIALS, ALL) == (Item.NAME, Item.COUNTRY)
    assert asked(Mode.COUNTED, ALL) == ()
    for mode, count in itertools.product(Mode, range(5)):
        for required in itertools.combinations(Item, count):
            assert set(asked(mode, required)) <= set(required) | {Item.NAME, Item.COUNTRY}


def test_what_is_kept_is_clean_and_no_more_than_the_mode_allows() -> None:
    full = declared(Mode.RECIPIENT, **FULL)
    assert full == Declared(Mode.RECIPIENT, "Гулнора Мирзоева", "DE", "TJ", "Musterweg 1, Berlin")
    assert declared(Mode.INITIALS, name="гулнора  мирзоева", country="de") == Declared(Mode.INITIALS, "Г. М.", "DE")
    assert declared(Mode.COUNTED) == Declared(Mode.COUNTED)
    assert declared(Mode.COUNTED, name="Гулнора") is None
    assert declared(Mode.INITIALS, **FULL) is None
    assert declared(Mode.PUBLIC) is None
    assert declared(Mode.INITIALS, name="Гулнора") is None


@pytest.mark.parametrize(
    "name",
    [
        "=HYPERLINK(1)",
        "+49 1",
        "@bot",
        "<b>Gulnora</b>",
        "123",
        "...",
        "Gulnora 🌹",
        "x" * 300,
        "x" * 100_000,
        "a\u0301\u0301\u0301",
        "t.me/x",
        "\u202e",
    ],
)
def test_what_is_no_name_is_refused(name: str) -> None:
    assert declared(Mode.PUBLIC, name=name) is None


def test_signs_that_can_not_be_seen_are_taken_away() -> None:
    for name in ("Gul\u202enora", "\u200fGulnora\u200f", "Gul\u200cnora", "Gul\x00nora"):
        kept = declared(Mode.PUBLIC, name=name)
        assert kept is not None
        assert kept.name == "Gulnora"
    assert declared(Mode.PUBLIC, name="Gulnora\nMirzo") == Declared(Mode.PUBLIC, "Gulnora Mirzo")


@pytest.mark.parametrize(
    ("name", "short"),
    [("Гулнора Мирзоева", "Г. М."), ("anna-maria de la Cruz", "A. D. L."), ("Ҷамшед", "Ҷ."), ("ҳаёт", "Ҳ.")],
)
def test_initials(name: str, short: str) -> None:
    assert signature.initials(name) == short


CANARIES = {"name": "Canaryname Hidden", "nationality": "KZ", "address": "Canaryroad 5"}


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("document", Document)
def test_each_modes_data_stands_only_where_it_may(mode: Mode, document: Document) -> None:
    allowed = {item.value for item in signature.ASKED[mode]}
    given = {key: value for key, value in {**CANARIES, "country": "DE"}.items() if key in allowed}
    one = declared(mode, **given)
    assert one is not None
    for required, is_feared in itertools.product((frozenset[Item](), ALL), (False, True)):
        line = shown(one, document, required, is_feared=is_feared)
        is_open = document is Document.RECORD or is_feared
        there = "" if line is None else f"{line.name}|{line.country}|{line.nationality}|{line.address}"
        is_named = mode is Mode.PUBLIC or (mode is Mode.RECIPIENT and not is_open)
        assert ("Canaryname" in there) == is_named
        assert ("Canaryroad" in there) == (is_named and not is_open and bool(required))
        assert ("KZ" in there) == (is_named and not is_open and bool(required))
        assert (line is None) == (mode is Mode.COUNTED or (mode is Mode.RECIPIENT and is_open))


def test_nothing_of_a_signature_stands_in_what_is_printed_for_programmers() -> None:
    one = Declared(Mode.PUBLIC, "Canary", "DE", "TJ", "Canary")
    for what in (one, Opening("p", 1, one, SALT, TAG), shown(one, Document.PACKET, ALL)):
        assert "anary" not in repr(what)
        assert "\\x01" not in repr(what)
    assert repr(Shown(Mode.PUBLIC, "Canary")) == "Shown(mode=<Mode.PUBLIC: 'public'>)"


NAMED = st.builds(
    Declared,
    st.sampled_from(Mode),
    st.text(max_size=120),
    st.sampled_from(["", "DE"]),
    st.sampled_from(["", "TJ"]),
    st.text(max_size=240),
)


@given(NAMED, st.text(max_size=64), st.integers(0, 10**6))
def test_what_is_packed_is_unpacked_and_does_not_show_how_long_it_is(
    one: Declared, petition: str, version: int
) -> None:
    opening = Opening(petition, version, one, SALT, TAG)
    packed = opening.packed()
    other = Declared(Mode.COUNTED, address="x" if one.address else "")
    assert len(packed) == len(Opening(petition, 1, other, SALT, TAG).packed())
    assert signature.unpacked(packed) == opening


@given(st.binary(max_size=400))
def test_what_was_not_packed_is_none(data: bytes) -> None:
    found = signature.unpacked(data)
    assert found is None or isinstance(found, Opening)
    assert signature.unpacked(b"\2" + data) is None


def test_an_ordinary_signature_has_one_length_whatever_its_mode() -> None:
    lengths = {
        len(Opening("nur.example/petition/7f3a", 1, one, SALT, TAG).packed())
        for one in (
            declared(Mode.PUBLIC, name="Гулнора Мирзоева"),
            declared(Mode.RECIPIENT, name="Ан Ли", country="de"),
            declared(Mode.INITIALS, name="Гулнора", country="ru"),
            declared(Mode.COUNTED),
        )
        if one is not None
    }
    assert len(lengths) == 1


def test_a_commitment_means_one_thing() -> None:
    one = Declared(Mode.RECIPIENT, "Ан", "DE", "TJ", "x")
    base = Opening("p", 1, one, SALT, TAG)
    others = [
        Opening("q", 1, one, SALT, TAG),
        Opening("p", 2, one, SALT, TAG),
        Opening("p", 1, Declared(Mode.PUBLIC, "Ан", "DE", "TJ", "x"), SALT, TAG),
        Opening("p", 1, Declared(Mode.RECIPIENT, "Анх", "DE", "TJ", ""), SALT, TAG),
        Opening("p", 1, Declared(Mode.RECIPIENT, "Ан", "D", "ETJ", "x"), SALT, TAG),
        Opening("p", 1, one, b"\3" * 32, TAG),
        Opening("p", 1, one, SALT, b"\3" * 16),
    ]
    assert len({base.commitment(), *(other.commitment() for other in others)}) == 1 + len(others)
    assert base.commitment() == Opening("p", 1, one, SALT, TAG).commitment()


def test_an_account_has_one_nullifier_in_each_petition_and_nothing_joins_two() -> None:
    dice = random.Random(4)
    one, two = dice.randbytes(32), dice.randbytes(32)
    assert signature.nullifier(one, "telegram", "5550001") == signature.nullifier(one, "telegram", "5550001")
    marks = {
        signature.nullifier(key, platform, account)
        for key in (one, two)
        for platform, account in (("telegram", "1"), ("telegram", "2"), ("matrix", "1"), ("telegra", "m1"))
    }
    assert len(marks) == 8  # noqa: PLR2004 - two keys, four accounts


def test_a_receipts_secret_is_its_own_and_the_log_knows_too_little_to_make_it() -> None:
    key = random.Random(5).randbytes(32)
    mark = signature.nullifier(key, "telegram", "1")
    secret = signature.secret_of(key, mark)
    assert secret == signature.secret_of(key, mark)
    assert secret != signature.secret_of(key, signature.nullifier(key, "telegram", "2"))
    assert signature.tag_of(secret) not in (secret[:16], mark)
    assert len(signature.tag_of(secret)) == signature.TAG


# -- how long what is sealed is ------------------------------------------------------------------------------------

LONG = {"": "", "short": "Ё", "usual": "Canary Verily", "long": "Ё" * 120, "signs of four bytes": "𝒜" * 120}


@pytest.mark.parametrize("origin", ["nur/petition/1", "ҷ" * 300 + "/petition/ffffffffffffffff"])
def test_everything_sealed_under_a_petition_has_one_length(origin: str) -> None:
    for addressed in (False, True):
        lengths = set()
        for mode in Mode:
            for name in LONG.values():
                for version in (1, 999_999):
                    address = "𝒜" * 240 if addressed and mode in {Mode.PUBLIC, Mode.RECIPIENT} else ""
                    for where in {"", address}:
                        what = Declared(mode, name, "TJ", "DE", where)
                        one = Opening(origin, version, what, bytes(32), bytes(16))
                        packed = one.packed(addressed=addressed)
                        assert signature.unpacked(packed) == one
                        lengths.add(len(packed))
        assert len(lengths) == 1
