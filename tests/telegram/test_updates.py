"""What the desk gets from Telegram: a picture for a draft, and channels as outlets; over real HTTP to the emulator."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
import structlog

from bot.app import present
from bot.domain.conversation import Sender
from bot.domain.picture import is_pdf
from bot.domain.roles import Role
from bot.outbox.courier import CourierError, NoFile, NotSent, Throttled, TooBig
from bot.platforms.telegram import Patience, Telegram
from handlers.ask import base36
from storage import bulletins, outlets, people, roles
from storage.crypto import Keys
from storage.signing import throwaway_signer
from storage.sqlite import SQLite, open_file
from tests.stage import Stage
from tests.telegram.emulator import TOKEN, Emulator
from tests.telegram.facts import Upload
from tests.telegram.test_family import Phone, account, while_running
from tests.telegram.test_secrecy import whole
from tests.updates.casting import draft
from tests.updates.casting import publish as put_out
from tests.updates.printing import TEXTS, put
from tests.updates.test_papers import paper
from tests.updates.test_pictures import CANARY, opened, photo, place_in

__all__ = ["account"]
ANNA, CHANNEL = 7001, -1_001_234_567_890


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SQLite]:
    keys = Keys(bytes(32))
    keys.signer = throwaway_signer("Payvand", present())
    storage = await open_file(tmp_path / "payvand.db", keys)
    yield storage
    await storage.close()


class _Now:
    """What publishing by hand needs of a stage."""

    now = staticmethod(present)


async def moderator(store: SQLite, phone: Phone) -> None:
    """Make whoever has settled in a moderator."""

    def give(tx: Any) -> None:  # noqa: ANN401
        met = people.meet(tx, Sender("telegram", "5550001", str(phone.user)), present(), group=False)
        assert met.person is not None
        roles.give(tx, met.person.id, Role.MODERATOR, present())

    await store.write(give)


# -- pictures ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "mime"), [("photo", ""), ("document", "image/jpeg"), ("document", "application/pdf")])
async def test_a_picture_or_a_pdf_is_fetched_made_anew_and_shown(
    emulator: Emulator, store: SQLite, account: Telegram, kind: str, mime: str
) -> None:
    anna = Phone(emulator, ANNA)
    pdf = mime == "application/pdf"
    data = paper() if pdf else photo()
    assert CANARY in data, "the control: it stands in what she sends"

    async def story() -> None:
        await anna.settles_in("Anna", "en")
        await moderator(store, anna)
        await anna.says("/desk")
        await anna.presses("draft")
        await anna.presses("draft.new")
        await anna.presses("draft.place")
        for verb in ("draft.topic", "draft.urgency"):
            await anna.presses(verb)
        await anna.reads("The title")
        await anna.says("The road is open")
        await anna.reads("One thing that is said")
        await anna.says("Cars pass.")
        await anna.presses("draft.status")
        await anna.presses("draft.skip")
        await anna.reads("What is not known yet")
        await anna.says("Whether lorries may pass.")
        await anna.presses("draft.drill")
        await anna.reads("This is a draft.")
        await anna.presses("draft.picture")
        await anna.reads("Send me a picture or a PDF.")
        emulator.fault("json", "getFile", code=500, description="later")
        await emulator.attach(ANNA, kind, data=data, mime=mime or "image/jpeg")
        await anna.reads("whose copy it was" if pdf else "a reflection")

    await while_running(store, account, story)
    (shown,) = [one for one in emulator.sent if one.method == ("sendDocument" if pdf else "sendPhoto")]
    made = next(one.data for one in emulator.files.values() if one.name == shown.file)
    assert CANARY not in made
    assert is_pdf(made) == pdf
    if pdf:
        assert shown.file == "document.pdf"
        return
    assert place_in(made) == {}
    assert opened(made).size == (640, 480)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"kind": "reset"}, NotSent),
        ({"kind": "stall", "seconds": 1.0}, NotSent),
        ({"kind": "html"}, NotSent),
        ({"kind": "junk", "body": '{"ok": true, "result": 7}'}, NoFile),
        ({"kind": "junk", "body": '{"ok": true, "result": {"file_path": "../../bot' + TOKEN + '/getMe"}}'}, NoFile),
        ({"kind": "junk", "body": '{"ok": true, "result": {"file_path": "/var/lib/secret"}}'}, NoFile),
        ({"kind": "junk", "body": '{"ok": true, "result": {"file_path": "http://elsewhere/x"}}'}, NoFile),
        ({"kind": "json", "code": 429, "parameters": {"retry_after": 3}}, Throttled),
        ({"kind": "json", "code": 400, "description": "Bad Request: file is too big"}, TooBig),
        ({"kind": "json", "code": 400, "description": "Bad Request: wrong file_id"}, NoFile),
    ],
)
async def test_what_can_go_wrong_with_a_file_is_told_apart_and_shows_no_token(
    emulator: Emulator, fault: dict[str, Any], expected: type[CourierError]
) -> None:
    emulator.files["f"] = Upload("", b"data")
    with structlog.testing.capture_logs() as entries:
        async with Telegram(TOKEN, base_url=emulator.url, patience=Patience(connect=5.0, answer=0.2)) as telegram:
            emulator.fault(method="getFile", **fault)
            with pytest.raises(expected) as caught:
                await telegram.fetch("f", 100)
            assert TOKEN.partition(":")[2] not in whole(caught.value) + str(entries)
            assert await telegram.fetch("f", 100) == b"data"


async def test_no_more_is_read_than_was_asked_for(emulator: Emulator, telegram: Telegram) -> None:
    emulator.files["f"] = Upload("", b"x" * 200_000)
    with pytest.raises(TooBig):
        await telegram.fetch("f", 100)
    # a server that lies about the size, or does not say it
    emulator.fault("junk", "getFile", body='{"ok": true, "result": {"file_path": "photos/f.jpg"}}')
    with pytest.raises(TooBig):
        await telegram.fetch("f", 199_999)
    assert len(await telegram.fetch("f", 200_000)) == 200_000  # noqa: PLR2004
    emulator.fault("junk", "getFile", body='{"ok": true, "result": {"file_path": "photos/gone.jpg"}}')
    with pytest.raises(NoFile):
        await telegram.fetch("f", 100)


# -- files to be checked ---------------------------------------------------------------------------------------------


async def test_a_file_is_fetched_compared_and_answered(emulator: Emulator, store: SQLite, account: Telegram) -> None:
    maria = Phone(emulator, ANNA)

    async def story() -> None:
        await maria.settles_in("Maria", "en")
        await store.write(partial(put, texts=TEXTS, now=present()))
        one = (await store.read(lambda tx: bulletins.editions(tx, 1)))["tg"]
        emulator.fault("json", "getFile", code=500, description="later")
        await emulator.attach(ANNA, "document", data=one.file.encode(), mime="text/plain")
        await maria.reads("This is our signed file of No. 1 (Тоҷикӣ), and nothing in it was changed.")
        await emulator.attach(ANNA, "document", data=one.signature.encode())
        await maria.reads("our good signature of No. 1")
        altered = one.file.replace("18 сарбоз", "81 сарбоз").encode("utf-16")
        await emulator.attach(ANNA, "document", data=altered, mime="application/octet-stream")
        await maria.reads("the copy says “81”")
        await emulator.attach(ANNA, "document", data=b"x" * 1_500_000)
        await maria.reads("too large to be one of ours")

    await while_running(store, account, story)


# -- channels ------------------------------------------------------------------------------------------------------


async def test_a_channel_where_a_moderator_posts_a_code_is_an_outlet_and_nothing_else_there_is_answered(
    emulator: Emulator, store: SQLite, account: Telegram
) -> None:
    anna = Phone(emulator, ANNA)
    emulator.channel(CHANNEL)

    def posted() -> list[str]:
        return [one.text for one in emulator.sent if one.chat == CHANNEL]

    async def story() -> None:
        await anna.settles_in("Anna", "en")
        await moderator(store, anna)
        for words in ("Good morning!", "/start", "/outlet 123 456 789 012", "/outlet", "@PayvandBot hello", "/sos"):
            await emulator.post(CHANNEL, words)
        await anna.says("/desk")
        await anna.presses("outlet")
        await anna.presses("outlet.new")
        await anna.reads("/outlet ")
        code = next(re.findall(r"/outlet [\d ]+\d", text)[0] for text in emulator.shown(ANNA) if "/outlet " in text)
        assert posted() == [], "nothing was answered"
        await emulator.post(CHANNEL, code, forward_origin={"type": "hidden_user", "sender_user_name": "x", "date": 1})
        await emulator.post(CHANNEL, code)
        await anna.reads("Something new waits for you.")
        await anna.presses("outlet")
        await anna.presses("outlet.one")
        await anna.presses("outlet.speak:" + await which() + ":en")
        await anna.reads("Language: English")
        await store.write(partial(put_out, stage=cast("Stage", _Now()), one=draft()))
        await emulator.until(lambda: any("The bridge stands." in text for text in posted()))

    async def which() -> str:
        (one,) = await store.read(outlets.every)
        return base36(one.id)

    await while_running(store, account, story)
    key = await store.read(bulletins.public_key)
    introduced, bulletin = posted()
    assert key in introduced, "once, the key to be put into the description"
    assert bulletin == "📰 No. 1\nThe bridge stands."


async def test_a_channel_that_threw_the_bot_out_is_written_to_no_more(
    emulator: Emulator, store: SQLite, account: Telegram
) -> None:
    emulator.channel(CHANNEL)
    emulator.user(ANNA)

    async def story() -> None:
        await emulator.post(CHANNEL, "/outlet 123 456 789 012")
        await emulator.remove_bot(CHANNEL, ANNA)
        await emulator.start(ANNA)
        await emulator.until(lambda: len(emulator.shown(ANNA)) > 0)

    await while_running(store, account, story)
    assert [one for one in emulator.sent if one.chat == CHANNEL] == []
