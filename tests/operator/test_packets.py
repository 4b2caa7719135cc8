"""`payvand organiser-key` and `payvand packet`: who opens the names, what stands where, and what is refused."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from bot import __main__ as command
from bot import dossier, organiser, packet, packet_pages
from bot.domain import petition_log
from bot.domain.petition_log import Reason, Strike, Withdraw
from bot.domain.signature import Declared, Mode
from bot.packet import Incomplete, Wish
from storage import envelope
from storage.envelope import Unopened
from tests.family import paper
from tests.operator.petitions import ORIGIN, PEOPLE, Community, letter, signed


def wish(home: Path, to: Path, made: Community, addressee: str = "icrc", version: int | None = None) -> Wish:
    return Wish(home, addressee, to, made.root.public, made.now, version)


def everything(folder: Path) -> str:
    """All that somebody reads in a packet, also on paper."""
    said = "\n".join(file.read_text("utf-8") for file in folder.iterdir() if file.suffix != ".pdf")
    return said + "\n".join(paper.texts((folder / packet.PAGES).read_bytes()))


@pytest.fixture
def made() -> Community:
    return signed()


def test_each_mode_stands_where_its_signer_wanted_it(made: Community, tmp_path: Path) -> None:
    home = made.write(tmp_path / "export")
    one = packet.make(wish(home, tmp_path / "icrc", made), made.key)
    assert (one.number, one.counted.total, one.counted.only_counted) == (1, 12, 3)
    said = everything(tmp_path / "icrc")
    for there in ("Publicia Canary", "Recipia Canary", "И. К."):
        assert said.count(there) == 9  # noqa: PLR2004 - three people, in the table, the lines and on paper
    with (tmp_path / "icrc" / packet.TABLE).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["entry", "listed as", "name", "country"]
    assert rows[1:4] == [
        ["1", "public", "Publicia Canary", "DE"],
        ["2", "recipient", "Recipia Canary", "FR"],
        ["3", "initials", "И. К.", "RU"],
    ]
    lines = [json.loads(line) for line in (tmp_path / "icrc" / packet.LINES).read_text("utf-8").splitlines()]
    assert [[str(line["entry"]), line["listed_as"], line["name"], line["country"]] for line in lines] == rows[1:]


def test_a_recipient_of_the_feared_state_gets_no_name_that_is_not_public(made: Community, tmp_path: Path) -> None:
    home = made.write(tmp_path / "export")
    one = packet.make(wish(home, tmp_path / "out", made, "tj-ombudsman"), made.key)
    said = everything(tmp_path / "out")
    assert "Recipia" not in said
    assert "Publicia" in said
    assert (one.counted.total, one.counted.only_counted) == (12, 6)


def test_what_was_taken_back_stands_in_no_packet(made: Community, tmp_path: Path) -> None:
    kept = made.records[2]
    made.end(Withdraw(made.now.date(), 2))
    made.publish()
    one = packet.make(wish(made.write(tmp_path / "one"), tmp_path / "out", made), made.key)
    assert (one.counted.total, one.kept_in_vain) == (11, 0)
    made.records[2] = kept  # a server that did not erase it
    two = packet.make(wish(made.write(tmp_path / "two"), tmp_path / "out2", made), made.key)
    assert (two.counted.total, two.kept_in_vain) == (11, 1)
    assert everything(tmp_path / "out2").count("Recipia") == 6  # noqa: PLR2004 - two people, three files


def test_a_packet_holds_the_signatures_of_its_version_of_the_letter(made: Community, tmp_path: Path) -> None:
    made.open(letter(made.key, 2))
    made.sign(Declared(Mode.PUBLIC, "Secunda Canary"), "later")
    made.publish()
    home = made.write(tmp_path / "export")
    assert packet.make(wish(home, tmp_path / "new", made), made.key).counted.total == 1
    assert "Publicia" not in everything(tmp_path / "new")
    assert packet.make(wish(home, tmp_path / "old", made, version=1), made.key).counted.total == 12  # noqa: PLR2004
    assert "Secunda" not in everything(tmp_path / "old")
    with pytest.raises(Incomplete, match="has no version 3"):
        packet.make(wish(home, tmp_path / "none", made, version=3), made.key)


def test_two_organisers_make_the_same_packet_and_its_list_holds_every_digest(made: Community, tmp_path: Path) -> None:
    home = made.write(tmp_path / "export")
    one, two = (packet.make(wish(home, tmp_path / name, made), made.key) for name in ("one", "two"))
    assert one.digest == two.digest
    listing = (tmp_path / "one" / packet.LIST).read_text("utf-8")
    assert f"petition: {ORIGIN}\nversion: 1\nnumber: 1\naddressee: icrc\ncovers: 13\n" in listing
    for name in (packet.PAGES, packet.TABLE, packet.LINES):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
        assert re.search(rf"^file: {name} [0-9a-f]{{64}}$", listing, re.MULTILINE)


def missing(made: Community) -> None:
    del made.records[5]


def swapped(made: Community) -> None:
    made.records[1], made.records[2] = made.records[2], made.records[1]


def changed(made: Community) -> None:
    made.records[5] = made.records[5][:-1] + bytes((made.records[5][-1] ^ 1,))


def invented(made: Community) -> None:
    made.records[99] = made.records[5]


def sealed_anew(made: Community) -> None:
    """The server seals another name in the place of the true one."""
    opening = made.openings[5]
    false = type(opening)(ORIGIN, 1, Declared(Mode.PUBLIC, "Invented"), opening.salt, opening.tag)
    made.records[5] = envelope.seal(made.key.public, ORIGIN, false.packed())


@pytest.mark.parametrize("deed", [missing, swapped, changed, invented, sealed_anew])
def test_an_export_that_is_not_what_the_log_holds_makes_no_packet(
    made: Community, tmp_path: Path, deed: object
) -> None:
    assert callable(deed)
    deed(made)
    home = made.write(tmp_path / "export")
    with pytest.raises(Incomplete, match="The export is not complete") as found:
        packet.make(wish(home, tmp_path / "out", made), made.key)
    assert "Canary" not in str(found.value)
    assert [one.name for one in tmp_path.iterdir()] == ["export"]  # nothing was written


def test_what_the_addressee_wants_and_the_letter_lacks_is_listed(made: Community, tmp_path: Path) -> None:
    home = made.write(tmp_path / "export")
    with pytest.raises(Incomplete, match="victim, date, place, actor, steps, source"):
        packet.make(wish(home, tmp_path / "out", made, "un-wgeid"), made.key)
    with pytest.raises(Incomplete, match="not addressed to it"):
        packet.make(wish(home, tmp_path / "out", made, "osce-chair"), made.key)
    with pytest.raises(Incomplete, match="no addressee x"):
        packet.make(wish(home, tmp_path / "out", made, "x"), made.key)


def test_another_key_than_the_letters_opens_nothing(made: Community, tmp_path: Path) -> None:
    home = made.write(tmp_path / "export")
    with pytest.raises(Incomplete, match="not the organisers' key of this petition"):
        packet.make(wish(home, tmp_path / "out", made), envelope.make())


def test_nothing_is_overwritten(made: Community, tmp_path: Path) -> None:
    home = made.write(tmp_path / "export")
    (tmp_path / "out").mkdir()
    with pytest.raises(Incomplete, match="nothing is overwritten"):
        packet.make(wish(home, tmp_path / "out", made), made.key)


def test_the_pages_have_three_languages_tajik_letters_and_numbers(made: Community, tmp_path: Path) -> None:
    home = made.write(tmp_path / "export")
    packet.make(wish(home, tmp_path / "out", made), made.key)
    said = " ".join(paper.texts((tmp_path / "out" / packet.PAGES).read_bytes()))
    for words in (
        "Ғӣқӯҳҷ",
        "To: International Committee of the Red Cross",
        "Ба: Кумитаи байналмилалии Салиби Сурх",
        "Кому: Международный комитет Красного Креста",
        "Demand tg icrc",
        "12 people signed this letter.",
        "12 нафар ин номаро имзо кардаанд.",
        "Это письмо подписали 12 человек.",
        "https://example.org/report",
    ):
        assert words in said
    assert re.search(r"1 /\s+4", said)
    assert ORIGIN in said


# Names that a table or a page could take for something else; the bot's own rules refuse most of them.
NASTY = [
    "=HYPERLINK(1)",
    "+1",
    "-1",
    "@x",
    "＝1",
    "<b>x</b>",
    "x" * 300,
    "\u202eGulnora",
    "🌹🌹",
    "گلنورا",
    "Gül Şahin",
    'a"b,c;d',
    "a\nb\r\nc",
    "\\(x) Tj",
]


def test_no_name_is_a_formula_and_none_breaks_a_page_or_a_table(tmp_path: Path) -> None:
    made = Community()
    for number, name in enumerate(NASTY):
        made.sign(Declared(Mode.RECIPIENT, name, "DE"), str(number))
    made.publish()
    packet.make(wish(made.write(tmp_path / "export"), tmp_path / "out", made), made.key)
    with (tmp_path / "out" / packet.TABLE).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert len(rows) == 1 + len(NASTY)
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "＝"))]
    assert [row[2].removeprefix("'") for row in rows[1:]] == NASTY
    said = paper.texts((tmp_path / "out" / packet.PAGES).read_bytes())
    assert said.count("(CSV)") == 3  # noqa: PLR2004 - flowers, Persian letters, a wide sign: not guessed at
    assert "Gül Şahin, DE" in said
    assert not [piece for piece in said if "\u202e" in piece]


def test_more_lines_than_the_annex_has_are_in_the_table_alone(
    made: Community, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = made.write(tmp_path / "export")
    monkeypatch.setattr(packet_pages, "MOST_LINES", 8)
    packet.make(wish(home, tmp_path / "out", made), made.key)
    pages = paper.texts((tmp_path / "out" / packet.PAGES).read_bytes())
    assert not [piece for piece in pages if "Canary" in piece]
    listing = (tmp_path / "out" / packet.LIST).read_text("utf-8")
    found = re.search(r"file: signatures.csv ([0-9a-f]{64})", listing)
    assert found is not None
    assert found[1] in " ".join(pages).replace(" ", "") or found[1][:20] in "".join(pages)


def test_a_packet_and_its_supplement_are_the_truth_of_now(made: Community, tmp_path: Path) -> None:
    packet.make(wish(made.write(tmp_path / "before"), tmp_path / "first", made), made.key)
    made.log(petition_log.Packet(1, made.now.date(), "icrc", b"\1" * 32))
    made.end(Withdraw(made.now.date(), 6))
    made.end(Strike(made.now.date(), 7, Reason.FALSE))
    late = made.sign(PEOPLE[0], "later")
    made.end(Withdraw(made.now.date(), late))
    made.publish()
    home = made.write(tmp_path / "after", with_records=False)
    said = packet.supplement(home, 1, made.root.public, made.now)
    ended = set(re.findall(r"^does not count any more: entry (\d+)$", said, re.MULTILINE))
    assert ended == {"6", "7"}
    assert "total: 2\n" in said
    with (tmp_path / "first" / packet.TABLE).open(encoding="utf-8-sig", newline="") as file:
        listed = {row[0] for row in list(csv.reader(file))[1:]}
    packet.make(wish(made.write(tmp_path / "now"), tmp_path / "second", made), made.key)
    with (tmp_path / "second" / packet.TABLE).open(encoding="utf-8-sig", newline="") as file:
        assert listed - ended == {row[0] for row in list(csv.reader(file))[1:]}
    with pytest.raises(Incomplete, match="no packet 2"):
        packet.supplement(home, 2, made.root.public, made.now)


# -- the commands ------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_key_is_made_and_opened_by_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "words").write_text("a phrase on paper\n")
    assert command.main(["organiser-key", "--out", "organiser.key", "--passphrase-file", "words"]) == 0
    said = capsys.readouterr().out
    key = organiser.open_file(tmp_path / "organiser.key", "a phrase on paper")
    assert envelope.public_text(key.public) in said
    assert envelope.fingerprint(key.public) in said
    assert (tmp_path / "organiser.key").stat().st_mode & 0o777 == 0o600  # noqa: PLR2004 - its owner alone
    assert command.main(["organiser-key", "--out", "organiser.key", "--passphrase-file", "words"]) == 2  # noqa: PLR2004
    assert "never overwritten" in capsys.readouterr().err


def test_a_key_in_parts_opens_with_enough_of_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command.main(["organiser-key", "--out", "parts", "--parts", "2-of-3"]) == 0
    said = capsys.readouterr().out
    files = sorted((tmp_path / "parts").iterdir())
    assert [file.name for file in files] == [f"part-{n}-of-3.txt" for n in (1, 2, 3)]
    key = organiser.join_parts(files[1:])
    assert envelope.public_text(key.public) in said
    assert not [word for file in files for word in [file.read_text("utf-8").strip()] if word in said]
    with pytest.raises(Unopened):
        organiser.join_parts(files[:1])
    with pytest.raises(Unopened, match="can't be read"):
        organiser.join_parts([tmp_path / "nothing"])
    with pytest.raises(Unopened):
        organiser.ask_parts(lambda _question: "")
    for wrong in ("3-of-2", "1-of-3", "2of3", "2-of-17"):
        assert command.main(["organiser-key", "--out", "other", "--parts", wrong]) == 2  # noqa: PLR2004 - misused
    assert command.main(["organiser-key", "--out", "parts", "--parts", "2-of-3"]) == 2  # noqa: PLR2004


def test_words_are_made_for_whoever_gives_none() -> None:
    phrase, ours = organiser.choose_passphrase(lambda _question: "")
    assert ours
    assert len(phrase.split("-")) == 7  # noqa: PLR2004 - as many words
    answers = iter(["one", "two", "one", "one"])
    assert organiser.choose_passphrase(lambda _question: next(answers)) == ("one", False)


@pytest.mark.slow
def test_a_packet_is_made_by_command_with_the_key_or_its_parts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = signed()
    made.write(tmp_path / "export")
    (tmp_path / "words").write_text("x")
    organiser._write(tmp_path / "key", envelope.guarded(made.key, "x", work=10))  # noqa: SLF001 - a key that is known already
    for number, words in enumerate(envelope.parts(made.key, 2, 3)):
        (tmp_path / str(number)).write_text(words)
    monkeypatch.setattr("bot.packet.dossier.check", _on_that_day(made))
    always = ["packet", "export", "icrc", "--public-key", made.root.public]
    assert command.main([*always, "--key", "key", "--passphrase-file", "words"]) == 0
    said = capsys.readouterr().out
    assert "packet-icrc is packet 1: 12 signatures, of which 3 only count." in said
    assert "Canary" not in said
    assert command.main([*always, "--part", "0", "--part", "2", "--out", "again"]) == 0
    assert (tmp_path / "again" / packet.TABLE).read_bytes() == (tmp_path / "packet-icrc" / packet.TABLE).read_bytes()
    typed = iter([words.upper() for words in envelope.parts(made.key, 2, 3)[:2]] + [""])
    monkeypatch.setattr("getpass.getpass", lambda _question: next(typed))
    assert command.main([*always, "--parts", "--out", "typed"]) == 0
    assert (tmp_path / "typed" / packet.LIST).read_bytes() == (tmp_path / "packet-icrc" / packet.LIST).read_bytes()
    assert command.main([*always, "--out", "none"]) == 2  # noqa: PLR2004 - no key was named
    (tmp_path / "words").write_text("y")
    assert command.main([*always, "--key", "key", "--passphrase-file", "words", "--out", "none"]) == 1
    assert "not its passphrase" in capsys.readouterr().err


def _on_that_day(made: Community) -> object:
    """The check at a time when the test's checkpoints are of the past, whatever day it is."""
    check = dossier.check

    def checked(home: Path, root: str, _now: object, **more: object) -> dossier.Checked:
        return check(home, root, made.now, **more)  # type: ignore[arg-type]

    return checked


def test_something_long_shows_how_far_it_is_and_only_to_somebody_who_looks(
    made: Community, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command._bar() is None  # noqa: SLF001 - nobody looks
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    packet.make(wish(made.write(tmp_path / "export"), tmp_path / "out", made), made.key, progress=command._bar())  # noqa: SLF001
    shown = capsys.readouterr().err
    assert "13/13" in shown
    assert "left" in shown
    assert "Canary" not in shown
