"""`payvand verify` for petitions: what a server could do to a count is noticed by whoever holds the published files."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot import __main__ as command
from bot import dossier, petition_verification
from bot.domain import petition_log
from bot.domain.petition_log import Reason, Sign, Strike, Withdraw
from bot.dossier import NotGood
from storage import notes, signing
from tests.operator import petitions
from tests.operator.petitions import DAY, PEOPLE, Community, signed


@pytest.fixture
def made() -> Community:
    return signed()


def later(made: Community) -> Community:
    made.now += DAY
    return made


def test_an_outsider_counts_with_nothing_but_the_published_files(
    made: Community, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made.end(Withdraw(made.now.date(), 2))
    made.end(Strike(made.now.date(), 3, Reason.DOUBLE))
    made.publish()
    home = made.write(tmp_path / "published", with_records=False)
    checked = dossier.check(home, made.root.public, later(made).now)
    assert (checked.tally.count, checked.tally.signed) == (10, 12)
    made_now = made.now
    said = petition_verification.check([home], made.root.public, made_now)
    assert "10 signatures count" in said[0]
    assert "12 were given, 1 taken back, 1 struck (double: 1, false: 0)" in said[0]
    assert "Canary" not in "".join(file.read_text("utf-8") for file in home.iterdir())
    # the command itself believes no date that has not come: these files are of a later day than any that a test knows
    assert command.main(["verify", str(home), "--public-key", signing.make_pair().public]) == 1
    assert "is not good" in capsys.readouterr().err


def dropped(lines: list[bytes]) -> None:
    del lines[4]


def added(lines: list[bytes]) -> None:
    entry = petition_log.read_line(lines[3].decode())
    assert isinstance(entry, Sign)
    lines.insert(4, petition_log.line_of(Sign(1, entry.day, b"\7" * 32)).encode())


def doubled(lines: list[bytes]) -> None:
    lines.insert(4, lines[3])


def reordered(lines: list[bytes]) -> None:
    lines[2], lines[3] = lines[3], lines[2]


def dated_back(lines: list[bytes]) -> None:
    entry = petition_log.read_line(lines[6].decode())
    assert isinstance(entry, Sign)
    lines[6] = petition_log.line_of(Sign(1, entry.day - DAY, entry.commitment)).encode()


def cut(lines: list[bytes]) -> None:
    del lines[-1]


def lengthened(lines: list[bytes]) -> None:
    lines.append(petition_log.line_of(Sign(1, petitions.BEGUN.date() + 9 * DAY, b"\7" * 32)).encode())


def spoiled(lines: list[bytes]) -> None:
    lines[5] += b" "


def changed(lines: list[bytes]) -> None:
    entry = petition_log.read_line(lines[5].decode())
    assert isinstance(entry, Sign)
    lines[5] = petition_log.line_of(Sign(1, entry.day, b"\7" * 32)).encode()


@pytest.mark.parametrize("deed", [dropped, added, doubled, reordered, dated_back, cut, lengthened, spoiled, changed])
def test_what_was_done_to_the_log_is_noticed(
    made: Community, tmp_path: Path, deed: Callable[[list[bytes]], None]
) -> None:
    home = made.write(tmp_path / "published")
    dossier.check(home, made.root.public, made.now)  # the control
    lines = (home / dossier.ENTRIES).read_bytes().splitlines()
    deed(lines)
    (home / dossier.ENTRIES).write_bytes(b"".join(line + b"\n" for line in lines))
    with pytest.raises(NotGood):
        dossier.check(home, made.root.public, made.now)


@pytest.mark.parametrize("deed", [dropped, added, doubled, reordered, dated_back, changed])
def test_a_server_that_writes_the_log_anew_is_betrayed_by_a_checkpoint_that_somebody_kept(
    made: Community, tmp_path: Path, deed: Callable[[list[bytes]], None]
) -> None:
    kept = tmp_path / "kept.checkpoint"
    kept.write_text(made.checkpoints[1], "utf-8")
    lines = [petition_log.line_of(entry).encode() for entry in made.entries]
    deed(lines)
    entries = [petition_log.read_line(line.decode()) for line in lines]
    made.entries, made.tree, made.checkpoints = [], type(made.tree)(), []
    for entry in entries:
        assert entry is not None
        made.log(entry)
    made.publish()  # signed with the community's own key: the server has it
    home = made.write(tmp_path / "published")
    with pytest.raises(NotGood):
        petition_verification.check([home, kept], made.root.public, made.now)


def test_an_honest_log_agrees_with_every_checkpoint_that_somebody_kept(made: Community, tmp_path: Path) -> None:
    for number, text in enumerate(made.checkpoints):
        (tmp_path / f"{number}.checkpoint").write_text(text, "utf-8")
    made.sign(PEOPLE[0], "another")
    made.publish()
    home = made.write(tmp_path / "published")
    kept = sorted(tmp_path.glob("*.checkpoint"))
    assert "8 checkpoints agree" in petition_verification.check([home, *kept], made.root.public, made.now)[0]
    cut_short = signed(4).write(tmp_path / "shorter")
    with pytest.raises(NotGood):
        petition_verification.check([cut_short, *kept], made.root.public, made.now)


def test_a_log_that_covers_less_than_somebody_saw_is_named(made: Community, tmp_path: Path) -> None:
    home = made.write(tmp_path / "published")
    made.sign(PEOPLE[0], "another")
    made.publish()
    newest = tmp_path / "newest.checkpoint"
    newest.write_text(made.checkpoints[-1], "utf-8")
    with pytest.raises(NotGood, match=r"saw 14 entries, and .* holds 13: its files are old, or were cut"):
        petition_verification.check([home, newest], made.root.public, made.now)


def test_only_a_key_that_the_community_certified_for_petitions_is_believed(made: Community, tmp_path: Path) -> None:
    home = made.write(tmp_path / "published")
    with pytest.raises(NotGood, match="not good"):
        dossier.check(home, signing.make_pair().public, made.now)
    text, vouching = signing.certify(made.root.secret, "", made.online.public, "bulletins", petitions.BEGUN)
    (home / "petitions.certificate").write_bytes(text)
    (home / "petitions.certificate.minisig").write_bytes(vouching)
    with pytest.raises(NotGood, match="no certificate for petitions"):
        dossier.check(home, made.root.public, made.now)
    late, its = signing.certify(
        made.root.secret, "", made.online.public, notes.PURPOSE, petitions.BEGUN + timedelta(days=90)
    )
    (home / "petitions.certificate").write_bytes(late)
    (home / "petitions.certificate.minisig").write_bytes(its)
    with pytest.raises(NotGood, match="certified for that time"):
        dossier.check(home, made.root.public, made.now)


def test_a_checkpoint_of_a_day_that_has_not_come_is_refused(made: Community, tmp_path: Path) -> None:
    home = made.write(tmp_path / "published")
    with pytest.raises(NotGood, match="has not come yet"):
        dossier.check(home, made.root.public, petitions.BEGUN - timedelta(days=2))


def test_another_letter_than_the_one_that_people_signed_is_refused(made: Community, tmp_path: Path) -> None:
    home = made.write(tmp_path / "published")
    file = home / "letter-1.txt"
    for before, after in (("goal: 100", "goal: 101"), ("Demand tg icrc", "Demand tg icrc."), ("PVO1", "PVO2")):
        text = file.read_text("utf-8")
        file.write_text(text.replace(before, after), "utf-8")
        with pytest.raises(NotGood, match="NOT the letter"):
            dossier.check(home, made.root.public, made.now)
        file.write_text(text, "utf-8")
    dossier.check(home, made.root.public, made.now)  # the control


def test_what_is_missing_or_huge_gets_a_sentence(made: Community, tmp_path: Path) -> None:
    for name in ("letter-1.txt", "petitions.certificate", "petitions.certificate.minisig", dossier.ENTRIES):
        home = made.write(tmp_path / f"without {name}")
        (home / name).unlink()
        with pytest.raises(NotGood, match=r"can't be read|no certificate"):
            dossier.check(home, made.root.public, made.now)
        shutil.rmtree(home)
    home = made.write(tmp_path / "huge")
    (home / "letter-1.txt").write_bytes(b"x" * (dossier.LONGEST_FILE + 1))
    with pytest.raises(NotGood, match="too long"):
        dossier.check(home, made.root.public, made.now)
    (home / "letter-1.txt").unlink()
    for name in (dossier.ENTRIES, dossier.RECORDS):
        (home / name).write_bytes(b"x" * 100_000)  # one line that does not end
    with pytest.raises(NotGood, match="Entry 0 of"):
        dossier.check(home, made.root.public, made.now)
    with pytest.raises(NotGood, match="Line 1 of"):
        list(dossier.records(home))
    for file in home.glob("*.checkpoint"):
        file.unlink()
    with pytest.raises(NotGood, match="no checkpoint"):
        dossier.check(home, made.root.public, made.now)


# -- receipts ----------------------------------------------------------------------------------------------------------


def test_a_receipt_is_good_alone_and_beside_the_files(made: Community, tmp_path: Path) -> None:
    files = []
    for place in (1, 2, 3, 4):
        files.append(tmp_path / f"{place}.tlog-proof")
        files[-1].write_text(made.receipt(place, opening=place % 2 == 0, secret=place > 2), "utf-8")  # noqa: PLR2004
    made.publish()
    made.end(Withdraw(made.now.date(), 3))
    made.end(Strike(made.now.date(), 4, Reason.FALSE))
    made.publish()
    home = made.write(tmp_path / "published")
    said = petition_verification.check([home, *files], made.root.public, made.now)
    assert len(said) == 5  # noqa: PLR2004 - the petition and four receipts
    assert said[1].endswith("It counts.")
    assert "It was given as “recipient”. It counts." in said[2]
    assert "It does not count any more: it was taken back on" in said[3]
    assert "struck (false)" in said[4]
    alone = tmp_path / "alone"
    alone.mkdir()
    for file in (files[1], home / "petitions.certificate", home / "petitions.certificate.minisig"):
        shutil.copy(file, alone)
    (told,) = petition_verification.check([alone / "2.tlog-proof"], made.root.public, made.now)
    assert "good. Entry 2 of nur.example/petition/7f3a" in told
    assert "Canary" not in told


def test_a_receipt_that_was_changed_is_refused(made: Community, tmp_path: Path) -> None:
    home = made.write(tmp_path / "published")
    file = home / "mine.tlog-proof"
    good = made.receipt(2)
    lines = good.split("\n")
    for at, line in enumerate(lines):
        if not line or "—" in line:
            continue
        changed_lines = [*lines]
        changed_lines[at] = line[:-2] + ("A" if line[-2] != "A" else "B") + line[-1]
        file.write_text("\n".join(changed_lines), "utf-8")
        with pytest.raises(NotGood):
            petition_verification.check([file], made.root.public, made.now)
    file.write_text(good, "utf-8")
    assert petition_verification.check([file], made.root.public, made.now)  # the control


def test_a_receipt_of_a_log_that_nobody_else_was_shown_is_refused(made: Community, tmp_path: Path) -> None:
    home = made.write(tmp_path / "published")
    made.sign(PEOPLE[0], "only shown to one")
    receipt = tmp_path / "mine.tlog-proof"
    receipt.write_text(made.receipt(13), "utf-8")
    with pytest.raises(NotGood, match="its files are old, or were cut"):
        petition_verification.check([home, receipt], made.root.public, made.now)


def test_an_opening_that_is_not_of_the_entry_is_refused(made: Community, tmp_path: Path) -> None:
    home = made.write(tmp_path / "published")
    receipt = tmp_path / "mine.tlog-proof"
    made.openings[1], made.openings[2] = made.openings[2], made.openings[1]
    receipt.write_text(made.receipt(1, opening=True), "utf-8")
    with pytest.raises(NotGood, match="not what the log holds"):
        petition_verification.check([home, receipt], made.root.public, made.now)
    made.openings[1], made.openings[2] = made.openings[2], made.openings[1]
    made.secrets[1] = made.secrets[2]
    receipt.write_text(made.receipt(1, opening=True, secret=True), "utf-8")
    with pytest.raises(NotGood, match="not what the log holds"):
        petition_verification.check([home, receipt], made.root.public, made.now)


def test_what_is_no_petition_is_told_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.txt").write_text("x")
    assert command.main(["verify", str(tmp_path / "x.txt"), "--public-key", "RW"]) == 1
    assert ".minisig" in capsys.readouterr().err, "what is no petition is taken for a bulletin"
    (tmp_path / "x.tlog-proof").write_text("x")
    assert command.main(["verify", str(tmp_path / "x.tlog-proof"), "--public-key", "RW"]) == 1
    assert "no receipt" in capsys.readouterr().err
