"""A petition that travels between two bots: signed files, two agreements, and everything else refused, kindly."""

from __future__ import annotations

import io
import random
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from bot import __main__ as command
from bot import exporting, i18n, petition_verification
from bot.domain import relay
from bot.domain.checkpoint import Checkpoint
from bot.domain.conversation import Attached
from bot.domain.petition_log import Reason
from bot.domain.relay import Parcel
from bot.domain.roles import Role
from bot.dossier import NotGood
from bot.jobs import petition_cards
from handlers.ask import base36
from storage import envelope, notes, outlets, petitions, relays, signatures, signing
from storage.database import Tx
from storage.petitions import Petition
from tests.family.looking import button, forge, id_of, press
from tests.family.test_desk import give
from tests.petitions.communities import Community, community
from tests.petitions.signing import letter, pass_on
from tests.stage import BEGIN
from tests.updates.test_outlets import registered

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
GROUPS = re.compile(r"(?:[0-9a-f]{4} ){4}[0-9a-f]{4}")
CANARY = b"Canary"
OUTDATED = "This button is no longer in use. Please choose again:"


@pytest.fixture
async def nur(tmp_path: Path, migrated_file: Path) -> AsyncIterator[Community]:
    """The home of the petition."""
    i18n.open_catalogues(strict=False)
    async with community("Nur", tmp_path / "nur.db", migrated_file) as one:
        yield one


@pytest.fixture
async def mehr(tmp_path: Path, migrated_file: Path) -> AsyncIterator[Community]:
    """Another community."""
    async with community("Mehr", tmp_path / "mehr.db", migrated_file) as one:
        yield one


async def taken_over(nur: Community, mehr: Community) -> tuple[int, int]:
    """A petition of one community is open in the other one, too: its number in each."""
    ours = await nur.opens()
    await nur.signs(ours, 2)
    assert "This is a petition of Nur." in await mehr.gets(await nur.gives())
    assert "The letter is open here." in await mehr.agrees()
    return ours, await mehr.the_only()


async def first_count(nur: Community, mehr: Community) -> tuple[int, int]:
    """… and its first count has come back."""
    ours, theirs = await taken_over(nur, mehr)
    await mehr.signs(theirs, 3)
    assert "Mehr wants to count for a petition of ours" in await nur.gets(await mehr.gives())
    assert "Taken in. Mehr counts 3." in await nur.agrees()
    return ours, theirs


def held(data: bytes) -> Parcel:
    found = relay.read(data.decode())
    assert found is not None
    return found


# -- versions ------------------------------------------------------------------------------------------------------


async def travels(nur: Community, mehr: Community, ours: int, count: int) -> None:
    """The newest version is open in the other community, so many sign it there, and that has come back."""
    author, reviewer = await id_of(mehr.stage, mehr.anna), await id_of(mehr.stage, mehr.bahrom)
    now = nur.stage.now()

    def give(tx: Tx) -> Parcel | None:
        one = petitions.find(tx, ours)
        return None if one is None else relays.letter_file(tx, one, nur.online, now)

    def take(tx: Tx, sent: Parcel) -> Petition | None:
        return relays.take_over(tx, sent, author, reviewer, now)

    def answer(tx: Tx, which: int) -> Parcel | None:
        one = petitions.find(tx, which)
        return None if one is None else relays.count_file(tx, one, mehr.online, now)

    sent = await nur.stage.storage.write(give)
    assert sent is not None
    there = await mehr.stage.storage.write(partial(take, sent=sent))
    assert there is not None
    await mehr.signs(there.id, count)
    back = await mehr.stage.storage.write(partial(answer, which=there.id))
    assert back is not None
    await nur.stage.storage.write(lambda tx: relays.put(tx, ours, back, now))


async def in_two_versions(nur: Community, mehr: Community) -> int:
    """A petition whose two versions were signed in both communities: two and three, one and four."""
    ours = await nur.opens()
    await nur.signs(ours, 2)
    await travels(nur, mehr, ours, 3)
    reviewer, now = await id_of(nur.stage, nur.bahrom), nur.stage.now()

    def opens_another(tx: Tx) -> None:
        text = letter(nur.key, now)
        assert petitions.begin_version(tx, ours, replace(text, goal=text.goal + 1), now) == 2  # noqa: PLR2004
        pass_on(tx, ours, reviewer, now)

    await nur.stage.storage.write(opens_another)
    await nur.signs(ours, 1)
    await travels(nur, mehr, ours, 4)
    return ours


async def test_two_versions_of_a_letter_stand_apart_and_are_never_added_up(nur: Community, mehr: Community) -> None:
    ours = await in_two_versions(nur, mehr)
    board = await nur.board()
    first, second = "Version 1 of the letter: 2 here.", "Version 2 of the letter: 1 here."
    assert board.index("3 people have signed here.") < board.index(first) < board.index("• Mehr: 3.")
    assert board.index("Together for version 1: 5,") < board.index(second) < board.index("• Mehr: 4.")
    assert "Together for version 2: 5," in board
    assert "Versions are not added up" in board
    assert "Together: " not in board
    assert not {"7", "10"} & set(re.findall(r"\d+", board)), "what people signed twice there is in no sum"
    labels = [one.label for one in nur.anna.messages[-1].choices]
    assert sum("Leave out: Mehr (" in label for label in labels) == 2  # noqa: PLR2004
    found = await nur.stage.storage.read(lambda tx: signatures.counts(tx, ours))
    assert [found[one].counting for one in (1, 2)] == [2, 1]


async def test_older_versions_are_counted_as_the_whole_list_says(nur: Community) -> None:
    ours = await nur.opens()
    reviewer, now = await id_of(nur.stage, nur.bahrom), nur.stage.now()

    def opens_another(tx: Tx) -> None:
        assert petitions.begin_version(tx, ours, letter(nur.key, now), now)
        pass_on(tx, ours, reviewer, now)

    def ends_some(tx: Tx, dice: random.Random) -> tuple[dict[int, int], dict[int, int]]:
        one = petitions.find(tx, ours)
        assert one is not None
        for place in dice.sample(range(one.size), 3):
            signatures.strike(tx, ours, place, Reason.FALSE, now)
        signatures.hold(tx, ours, dice.sample(range(one.size), 3), now)
        signatures.release(tx, ours, dice.sample(range(one.size), 3))
        whole = signatures.counts(tx, ours)
        older = {number: whole[number].counting if number in whole else 0 for number in (1, 2, 3)}
        return signatures.of_older(tx, one, 4), older

    for count in (7, 0, 12, 3):
        await nur.signs(ours, count)
        if count != 3:  # noqa: PLR2004 - the last version
            await nur.stage.storage.write(opens_another)
    dice = random.Random(4)
    for _ in range(6):
        found, truth = await nur.stage.storage.write(partial(ends_some, dice=dice))
        assert found == truth


async def test_the_published_page_says_one_by_one_what_other_communities_count(
    nur: Community, mehr: Community, tmp_path: Path
) -> None:
    ours = await in_two_versions(nur, mehr)
    before = await nur.stage.storage.read(exporting.marks)
    now = nur.stage.now()
    publish = partial(exporting.publish, directory=tmp_path / "web", community="Nur", root=nur.root.public, now=now)
    assert await nur.stage.storage.read_long(publish) == 1
    page = (tmp_path / "web" / f"{ours:x}" / exporting.PAGE).read_text("utf-8")
    for said in ("• Mehr: 3.", "• Mehr: 4.", "Version 2 of the letter: 1 here.", "Together for version 1: 5,"):
        assert said in page
    assert "Canary" not in page
    await leaves_out(nur, ours)
    assert await nur.stage.storage.read(exporting.marks) != before, "then the page is written anew"


async def leaves_out(nur: Community, ours: int) -> None:
    """A community is left out."""

    def leave_out(tx: Tx) -> None:
        said = relays.of(tx, ours)[0].said
        relays.drop(tx, ours, said.key, said.version)

    await nur.stage.storage.write(leave_out)


# -- the way of a petition -----------------------------------------------------------------------------------------


async def test_a_petition_travels_and_each_community_counts_its_own(nur: Community, mehr: Community) -> None:
    ours, theirs = await first_count(nur, mehr)
    board = await nur.board()
    assert "2 people have signed here." in board
    assert "• Mehr: 3. That is what they say themselves" in board
    assert "Together: 5, if every community counts honestly." in board
    assert "The letter comes from Nur. We count for them." in await mehr.board()
    assert "3 people have signed." in mehr.anna.last, "nobody else counts for a petition that is not ours"
    await mehr.signs(theirs, 2)
    await mehr.stage.pass_time(MINUTE)
    await nur.stage.pass_time(MINUTE)
    assert "Taken in. Mehr counts 5." in await nur.gets(await mehr.gives()), "at once: two have agreed to the key"
    assert "• Mehr: 5." in await nur.board()
    assert (await nur.petition(ours)).count == nur.signed, "no signature moves from one community to another"


async def test_what_people_sign_in_the_other_community_is_the_same_letter(nur: Community, mehr: Community) -> None:
    ours, theirs = await taken_over(nur, mehr)
    there = await mehr.stage.storage.read(lambda tx: petitions.newest(tx, theirs))
    here = await nur.stage.storage.read(lambda tx: petitions.newest(tx, ours))
    assert here is not None
    assert there is not None
    assert there.organisers == nur.key.public, "what is sealed there only the petition's organisers open"
    assert there.letter.petition != here.letter.petition
    home = await nur.petition(ours)
    assert relay.as_home_has_it(there.letter, home.origin, 1).digest() == here.digest


async def test_readers_are_told_whose_letter_it_is_and_who_counts_what(nur: Community, mehr: Community) -> None:
    ours, theirs = await first_count(nur, mehr)
    for home, which, said in ((nur, ours, "• Mehr: 3. That is"), (mehr, theirs, "The letter comes from Nur.")):
        reader = home.stage.actor("reader")
        await reader.settles_in("Reader")
        await forge(home.stage, reader, f"petition:{base36(which)}")
        assert said in reader.last
    await forge(mehr.stage, mehr.anna, f"petition.version:{base36(theirs)}")
    assert "Only there a new version can be written." in mehr.anna.last


async def test_what_is_sealed_in_the_other_community_its_home_s_organisers_open(
    nur: Community, mehr: Community
) -> None:
    _ours, theirs = await taken_over(nur, mehr)
    await mehr.signs(theirs, 3)
    there = await mehr.petition(theirs)
    records = await mehr.stage.storage.read(lambda tx: list(signatures.records(tx, theirs)))
    opened = [nur.key.open(there.origin, sealed) for _place, sealed in records]
    assert any(CANARY in one for one in opened)
    with pytest.raises(envelope.Unopened):
        mehr.key.open(there.origin, records[0][1])


async def test_both_read_the_same_five_groups(nur: Community, mehr: Community) -> None:
    await nur.opens()
    await nur.anna.says("/desk")
    await nur.anna.presses("Other communities")
    aloud = GROUPS.findall(nur.anna.last)
    said = await mehr.gets(await nur.gives())
    assert GROUPS.findall(said) == aloud
    assert len(aloud) == 1
    await mehr.anna.presses("They are the same five groups")
    await mehr.bahrom.says("/desk")
    await mehr.bahrom.presses("Another community: Nur")
    assert GROUPS.findall(mehr.bahrom.last) == aloud
    for actor in (mehr.anna, mehr.bahrom):
        for said in (
            "The letter in tg.",
            "The letter in ru.",
            "The background in en.",
            "Do it, icrc (tg).",
            "Sponsora",
        ):
            assert actor.sees(said), f"whoever agrees reads all that people would sign: {said}"


async def test_one_organiser_alone_opens_nothing(nur: Community, mehr: Community) -> None:
    await nur.opens()
    await mehr.gets(await nur.gives())
    await mehr.anna.presses("They are the same five groups")
    await mehr.anna.says("/desk")
    await mehr.anna.presses("Another community: Nur")
    assert "Another person must agree." in mehr.anna.last
    await mehr.bahrom.says("/desk")
    await mehr.bahrom.presses("Another community: Nur")
    kept = button(mehr.bahrom, "relay.yes")
    await forge(mehr.stage, mehr.anna, kept[1])
    assert await mehr.stage.storage.read(_all) == []
    await press(mehr.stage, mehr.bahrom, kept)
    assert len(await mehr.stage.storage.read(_all)) == 1, "the control"


def _all(tx: Tx) -> list[Petition]:
    return petitions.public(tx, 9)


async def test_no_name_and_no_account_is_in_a_file(nur: Community, mehr: Community) -> None:
    ours, theirs = await taken_over(nur, mehr)
    await nur.signs(ours, 6)
    await mehr.signs(theirs, 6)
    for data in (await nur.gives(), await mehr.gives()):
        assert CANARY not in data
        assert b"Anna" not in data
        assert b"Sponsora" in data or held(data).letter is None, "the control: who chose to stand in the letter does"


# -- what is not taken -----------------------------------------------------------------------------------------------


async def test_a_count_that_comes_again_is_not_counted_again(nur: Community, mehr: Community) -> None:
    _ours, theirs = await first_count(nur, mehr)
    first = await mehr.gives()
    assert "I know this already, or something newer." in await nur.gets(first)
    await mehr.signs(theirs, 2)
    second = await mehr.gives()
    assert "Taken in. Mehr counts 5." in await nur.gets(second)
    for old in (first, second):
        assert "I know this already, or something newer." in await nur.gets(old)
    assert "• Mehr: 5." in await nur.board()


async def test_files_that_got_lost_do_no_harm(nur: Community, mehr: Community) -> None:
    _ours, theirs = await first_count(nur, mehr)
    for _ in range(4):
        await mehr.signs(theirs, 1)
        last = await mehr.gives()
    assert "Taken in. Mehr counts 7." in await nur.gets(last)


def cropped(data: bytes) -> bytes:
    return data[: len(data) // 2]


def without_the_end(data: bytes) -> bytes:
    return data[:-8]


def edited(data: bytes) -> bytes:
    return re.sub(rb"\ncount (\d+) \d+ ", rb"\ncount \1 9 ", data)


def renamed(data: bytes) -> bytes:
    return data.replace(b" Mehr\n", b" Nur\n")


def empty(data: bytes) -> bytes:
    del data
    return b""


def noise(data: bytes) -> bytes:
    return bytes(range(256)) * (1 + len(data) // 256)


def huge(data: bytes) -> bytes:
    return data + b"\n" * relay.LONGEST


BROKEN = "This is not such a file, or a part of it is missing."
FORGED = "This file was not signed by the community that it names"
CHANGED: tuple[tuple[Callable[[bytes], bytes], str], ...] = (
    (cropped, BROKEN),
    (without_the_end, BROKEN),
    (empty, BROKEN),
    (noise, BROKEN),
    (huge, "This file is too large to be one of ours."),
    (edited, FORGED),
    (renamed, FORGED),
)


async def test_a_file_that_somebody_changed_is_refused_with_a_kind_sentence(nur: Community, mehr: Community) -> None:
    _ours, theirs = await first_count(nur, mehr)
    await mehr.signs(theirs, 1)
    genuine = await mehr.gives()
    for deed, said in CHANGED:
        assert deed(genuine) != genuine
        assert said in await nur.gets(deed(genuine)), deed.__name__
    assert "• Mehr: 3." in await nur.board()
    assert "Taken in. Mehr counts 4." in await nur.gets(genuine), "the control"


def signed(parcel: Parcel, by: notes.Online, **more: object) -> bytes:
    """A file with another statement, as whoever has this key would sign it."""
    said = replace(parcel.said, **more)  # type: ignore[arg-type]
    note = by.signer.sign(said.log, BEGIN, said.more)
    made = Parcel(by.certificate.decode(), by.vouching.decode(), note, said, parcel.letter, parcel.grown)
    return str(made).encode()


async def test_what_another_key_has_signed_in_a_community_s_name_is_refused(nur: Community, mehr: Community) -> None:
    _ours, theirs = await first_count(nur, mehr)
    await mehr.signs(theirs, 1)
    genuine = await mehr.gives()
    thief = notes.throwaway("Mehr", BEGIN)
    assert "This file was not signed by the community" in await nur.gets(signed(held(genuine), thief))
    said = await nur.gets(signed(held(genuine), thief, key=thief.root, log=replace(held(genuine).said.log, origin="x")))
    assert "has shown this same list before" in said or "wants to count" in said
    assert "• Mehr: 3." in await nur.board()


async def test_a_key_for_another_purpose_or_of_another_time_signs_nothing(nur: Community, mehr: Community) -> None:
    await taken_over(nur, mehr)
    genuine = held(await mehr.gives())
    online = signing.make_pair()
    for purpose, since in (("bulletins", BEGIN), (notes.PURPOSE, BEGIN + 9 * DAY), (notes.PURPOSE, BEGIN - 99 * DAY)):
        text, vouching = signing.certify(mehr.root.secret, "", online.public, purpose, since)
        until = since + signing.LIFE
        other = notes.Online("Mehr", mehr.root.public, text, vouching, until, notes.Signer(online.secret))
        assert "This file was not signed by the community" in await nur.gets(signed(genuine, other))
    text, vouching = signing.certify(mehr.root.secret, "", online.public, notes.PURPOSE, BEGIN)
    other = notes.Online("Mehr", mehr.root.public, text, vouching, BEGIN + DAY, notes.Signer(online.secret))
    assert "wants to count for a petition of ours" in await nur.gets(signed(genuine, other)), "the control"


LIES: tuple[tuple[dict[str, object], str], ...] = (
    ({"verified": 900}, "More signatures are claimed than the list has lines."),
    ({"version": 2}, "This file is for another letter, or another version of it."),
    ({"digest": b"7" * 32}, "This file is for another letter, or another version of it."),
    ({"petition": "nur/petition/0"}, "This file is about a petition of another community."),
    ({"log": Checkpoint("mehr/petition/0", 99, b"7" * 32)}, "That community's list is not what it was"),
)


async def test_what_a_hostile_community_signs_itself(nur: Community, mehr: Community) -> None:
    _ours, theirs = await first_count(nur, mehr)
    await mehr.signs(theirs, 1)
    genuine = held(await mehr.gives())
    forked: dict[str, object] = {"log": replace(genuine.said.log, root=b"7" * 32)}
    for more, said in (*LIES, (forked, "That community's list is not what it was")):
        assert said in await nur.gets(signed(genuine, mehr.online, **more)), more
    alone = replace(genuine, grown=None)
    assert "Too many files got lost" in await nur.gets(signed(alone, mehr.online))
    assert "• Mehr: 3." in await nur.board()
    assert "Taken in. Mehr counts 4." in await nur.gets(signed(genuine, mehr.online)), "the control"


async def test_a_community_does_not_take_over_its_own_letter_nor_one_twice(nur: Community, mehr: Community) -> None:
    await taken_over(nur, mehr)
    letter = await nur.gives()
    assert "This file comes from ourselves." in await nur.gets(letter)
    assert "I know this already" in await mehr.gets(letter)


async def test_nothing_travels_on_from_a_community_that_took_it_over(nur: Community, mehr: Community) -> None:
    await taken_over(nur, mehr)
    count = await mehr.gives()
    assert not held(count).said.is_home, "what another community hands out is its count, never the letter"
    assert "This file comes from ourselves." in await mehr.gets(count) or "another community" in mehr.anna.last


async def test_whoever_is_no_organiser_learns_nothing(nur: Community) -> None:
    await nur.opens()
    data = await nur.gives()
    verbs = [button(nur.anna, "relay.of")[1], "relay", "relay.take", "relay.put"]
    stranger = nur.stage.actor("stranger")
    await stranger.settles_in("Stranger")
    for code in (*verbs, verbs[0].replace("relay.of", "relay.give"), verbs[0].replace("relay.of", "petition.outlets")):
        await forge(nur.stage, stranger, code)
        assert OUTDATED in stranger.last
    stranger.memory.files["f"] = data
    await stranger.memory.hear("stranger", Attached("document", "f", name="petition.relay"))
    await nur.stage.settle()
    assert "petition of" not in stranger.screen


async def test_a_file_that_can_not_be_fetched_is_asked_for_again(nur: Community) -> None:
    await nur.anna.says("/desk")
    await nur.anna.presses("Other communities")
    await nur.anna.presses("Take in a file")
    await nur.anna.says("here you are")
    assert "Send or forward me the file" in nur.anna.last
    await nur.anna.memory.hear(nur.anna.account, Attached("document", "gone", name="petition.relay"))
    await nur.stage.settle()
    assert "I could not get the file. Please send it once more." in nur.anna.last


async def test_a_picture_is_no_file(nur: Community) -> None:
    await nur.anna.says("/desk")
    await nur.anna.presses("Other communities")
    await nur.anna.presses("Take in a file")
    await nur.anna.memory.hear(nur.anna.account, Attached("photo", "p"))
    await nur.stage.settle()
    assert BROKEN in nur.anna.last


async def test_a_community_that_nobody_trusts_any_more_is_left_out(nur: Community, mehr: Community) -> None:
    await first_count(nur, mehr)
    data = await mehr.gives()
    await nur.board()
    await nur.anna.presses("Leave out: Mehr")
    await nur.anna.presses("Yes, leave it out")
    assert "Mehr" not in await nur.board()
    assert "Mehr wants to count for a petition of ours" in await nur.gets(data), "two must agree anew"
    await nur.agrees()
    assert "• Mehr: 3." in await nur.board()


# -- offline -------------------------------------------------------------------------------------------------------


async def test_an_outsider_checks_a_count_offline(
    nur: Community, mehr: Community, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await first_count(nur, mehr)
    letter, count = tmp_path / "letter.relay", tmp_path / "count.relay"
    letter.write_bytes(await nur.gives())
    genuine = await mehr.gives()
    count.write_bytes(genuine)
    now = mehr.stage.now()
    said = petition_verification.check([letter, count], nur.root.public, now)
    assert "good. The letter of nur/petition/" in said[0]
    assert "Mehr" in said[1]
    assert "3 signatures count, 1 of them" in said[1]
    assert petition_verification.is_petition([count])
    lies = [deed(genuine) for deed in (cropped, without_the_end, empty, noise, huge, edited, renamed)]
    lies.append(signed(held(genuine), notes.throwaway("Mehr", BEGIN)))
    lies.append(signed(held(genuine), mehr.online, verified=99))
    for lie in lies:
        count.write_bytes(lie)
        with pytest.raises(NotGood):
            petition_verification.check([count], nur.root.public, now)
    count.write_bytes(genuine)
    with pytest.raises(NotGood):
        petition_verification.check([count], signing.make_pair().public, now)
    assert command.main(["verify", str(count), "--public-key", signing.make_pair().public]) == 1
    assert "neither it nor its petition" in capsys.readouterr().err or nur.stage.now() > datetime.now(UTC)


# -- rooms -----------------------------------------------------------------------------------------------------------


async def in_a_room(one: Community, data: bytes, room: str = "room", name: str = "petition.relay") -> None:
    one.files += 1
    reference = f"room-{one.files}"
    one.stage.memory.files[reference] = data
    await one.stage.memory.hear(room, Attached("document", reference, name=name), group=True)
    await one.stage.settle()


async def an_outlet(one: Community, room: str = "room") -> None:
    await give(one.stage, one.bahrom, Role.MODERATOR)
    await registered(one.stage, one.bahrom, group=room)


async def test_a_count_that_stands_in_a_room_of_both_is_taken_by_itself(nur: Community, mehr: Community) -> None:
    _ours, theirs = await first_count(nur, mehr)
    await an_outlet(nur)
    await an_outlet(mehr)
    await mehr.signs(theirs, 2)
    await mehr.board()
    await mehr.anna.presses("Put the file into a room")
    await mehr.stage.in_code(mehr.anna, "relay.post")
    (posted,) = [one for one in mehr.stage.memory.chat("room") if one.attachment is not None]
    assert "What Mehr counts for “The title in en.”: 5" in posted.text
    assert posted.attachment is not None
    before = len(nur.stage.memory.chat("room"))
    await in_a_room(nur, posted.attachment.data, name="holiday.pdf")
    await in_a_room(nur, posted.attachment.data, room="another")
    assert "• Mehr: 3." in await nur.board(), "not any file, and not from any room"
    await in_a_room(nur, edited(posted.attachment.data))
    await in_a_room(nur, b"nothing")
    assert "• Mehr: 3." in await nur.board()
    await in_a_room(nur, posted.attachment.data)
    assert "• Mehr: 5." in await nur.board()
    assert len(nur.stage.memory.chat("room")) == before, "nothing is said there"


async def test_from_a_room_nothing_is_taken_of_a_community_that_nobody_has_agreed_to(
    nur: Community, mehr: Community
) -> None:
    _ours, theirs = await taken_over(nur, mehr)
    await an_outlet(nur)
    await mehr.signs(theirs, 2)
    data = await mehr.gives()
    await in_a_room(nur, data)
    await in_a_room(mehr, await nur.gives())
    assert "Mehr" not in await nur.board()
    await nur.gets(data)
    await nur.agrees()
    assert "• Mehr: 2." in await nur.board(), "the control"


# -- the card ------------------------------------------------------------------------------------------------------


async def test_a_card_says_the_exact_count_and_leads_to_the_petition(nur: Community, mehr: Community) -> None:
    ours, _theirs = await first_count(nur, mehr)
    await nur.signs(ours, 1)
    reader = nur.stage.actor("reader")
    await reader.settles_in("Reader", "ru")
    code = f"petition.card:{base36(ours)}"
    await forge(nur.stage, reader, code)
    card = reader.messages[-1]
    assert card.attachment is not None
    assert card.attachment.kind == "picture"
    assert "The title in ru." in card.text
    assert f"start=p{base36(ours)}" in card.text
    assert "Mehr" in card.text, "one by one"
    assert not any("petition.outlets" in choice.code for choice in card.choices), "posting is for organisers"
    picture = Image.open(io.BytesIO(card.attachment.data))
    assert picture.size == (petition_cards.WIDTH, petition_cards.HEIGHT)
    assert petition_cards.draw(petition_cards.Card("t", 3, "w", "l")) != petition_cards.draw(
        petition_cards.Card("t", 4, "w", "l")
    )


async def test_a_card_is_posted_where_an_organiser_wants_it_and_once(nur: Community) -> None:
    await nur.signs(await nur.opens(), 2)
    await an_outlet(nur)
    await nur.board()
    await nur.anna.presses("Post the card")
    await nur.stage.in_code(nur.anna, "petition.post")
    kept = [one for one in nur.stage.memory.chat("room") if one.attachment is not None]
    assert len(kept) == 1
    assert "2 people have signed." in kept[0].text
    await nur.board()
    await nur.anna.presses("Post the card")
    assert "There is no outlet where it does not stand already." in nur.anna.last
    number = button(nur.anna, "relay.of")[1].split(":")[1]
    outlet = await nur.stage.storage.read(outlets.every)
    await forge(nur.stage, nur.anna, f"petition.post:{number}:{base36(outlet[0].id)}")
    assert len([one for one in nur.stage.memory.chat("room") if one.attachment is not None]) == 1


@pytest.mark.parametrize("title", ["", "x" * 500, "ш " * 200, "\u202eabc", "🕊" * 40, "<b>&amp;", "\n\n", "a\x00b"])
def test_any_title_makes_a_card(title: str) -> None:
    drawn = petition_cards.draw(
        petition_cards.Card(title, 10**9, "Имзоҳо то 28.11.2026:", "https://example.org/" + "x" * 99)
    )
    assert Image.open(io.BytesIO(drawn)).size == (petition_cards.WIDTH, petition_cards.HEIGHT)
