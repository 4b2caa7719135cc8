"""A picture for a draft over Matrix: sent encrypted, fetched with what opens it, and shown as it goes out."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from nio.crypto.attachments import decrypt_attachment, encrypt_attachment

from bot.app import present
from bot.domain.bulletin import Claim, Draft, Status
from bot.domain.conversation import Sender
from bot.domain.picture import is_pdf
from bot.domain.roles import Role
from bot.platforms.matrix.translation import referred
from storage import bulletins, drafts, people, roles
from storage.crypto import Keys
from storage.database import Tx
from storage.signing import throwaway_signer
from storage.sqlite import SQLite, open_file
from tests.matrix.crowd import Crowd, Neighbour
from tests.matrix.test_family import Bot, Phone, bot
from tests.updates.printing import TEXTS, put
from tests.updates.test_papers import paper
from tests.updates.test_pictures import CANARY, opened, photo, place_in

__all__ = ["bot"]
SENT = 200_000


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SQLite]:
    keys = Keys(bytes(32))
    keys.signer = throwaway_signer("Payvand", present())
    storage = await open_file(tmp_path / "payvand.db", keys)
    yield storage
    await storage.close()


async def uploaded(person: Neighbour, url: str, data: bytes) -> str:
    """Put bytes on the server; their address."""
    headers = {"Authorization": f"Bearer {person.token}"}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{url}/_matrix/media/v3/upload", data=data, headers=headers) as answer,
    ):
        return str((await answer.json())["content_uri"])


async def downloaded(person: Neighbour, url: str, address: str) -> bytes:
    """What lies at an address."""
    headers = {"Authorization": f"Bearer {person.token}"}
    where = f"{url}/_matrix/client/v1/media/download/{address.removeprefix('mxc://')}"
    async with aiohttp.ClientSession() as http, http.get(where, headers=headers) as answer:
        return await answer.read()


def drafted(tx: Tx, account: str, me: str) -> None:
    """Make somebody a moderator who has written a draft."""
    met = people.meet(tx, Sender("matrix", me, account), present(), group=False)
    assert met.person is not None
    roles.give(tx, met.person.id, Role.MODERATOR, present())
    texts = {"en": {"title": "The road is open", "claim.0": "Cars pass."}}
    drafts.put(tx, met.person.id, Draft(language="en", claims=(Claim(Status.CONFIRMED),), texts=texts), present())


@pytest.mark.parametrize(("encrypted", "pdf"), [(True, False), (False, False), (True, True)])
async def test_a_picture_or_a_pdf_is_fetched_opened_made_anew_and_shown(
    bot: Bot,
    crowd: Crowd,
    encrypted: bool,  # noqa: FBT001
    pdf: bool,  # noqa: FBT001
) -> None:
    person = await crowd.neighbour("anna")
    anna, url = Phone(person), bot._server.url  # noqa: SLF001 - the test's own
    data, what = (paper(), "m.file") if pdf else (photo(), "m.image")
    assert CANARY in data, "the control: it stands in what she sends"
    shown: list[dict[str, Any]] = []

    async def story() -> None:
        await anna.settles_in(bot.account.user, "Anna", "English")
        await bot._storage.write(partial(drafted, account=person.user, me=bot.account.user))  # noqa: SLF001
        await anna.says("/desk")
        await anna.reads("Drafts")
        await anna.chooses("Drafts")
        await anna.reads("The road is open")
        await anna.chooses("The road is open")
        await anna.reads("This is a draft.")
        await anna.chooses("Picture")
        await anna.reads("Send me a picture or a PDF.")
        mime = "application/pdf" if pdf else "image/jpeg"
        content: dict[str, Any] = {"msgtype": what, "body": "IMG_1.jpg", "info": {"mimetype": mime}}
        if encrypted:
            sealed, keys = encrypt_attachment(data)
            content["file"] = {**keys, "url": await uploaded(person, url, sealed)}
        else:
            content["url"] = await uploaded(person, url, data)
        await person.sends("m.room.message", content)
        await anna.reads("I am fetching it.")
        await anna.reads("whose copy it was" if pdf else "a reflection")
        shown.extend(one.content for one in person.messages if one.content.get("msgtype") == what)

    await bot.while_running(story)
    image = next(one for one in shown if one["body"] == ("document.pdf" if pdf else "picture.jpg"))
    file = image["file"]
    made = decrypt_attachment(
        await downloaded(person, url, file["url"]), file["key"]["k"], file["hashes"]["sha256"], file["iv"]
    )
    assert CANARY not in made
    assert is_pdf(made) == pdf
    if pdf:
        assert image["info"] == {"mimetype": "application/pdf", "size": len(made)}
        return
    assert place_in(made) == {}
    assert opened(made).size == (image["info"]["w"], image["info"]["h"]) == (640, 480)
    assert image["info"]["mimetype"] == "image/jpeg"


@pytest.mark.parametrize("encrypted", [True, False])
async def test_a_file_is_fetched_opened_compared_and_answered(
    bot: Bot,
    crowd: Crowd,
    encrypted: bool,  # noqa: FBT001
) -> None:
    person = await crowd.neighbour("maria")
    maria, url = Phone(person), bot._server.url  # noqa: SLF001 - the test's own
    store = bot._storage  # noqa: SLF001

    async def sends(name: str, data: bytes, *, broken: bool = False) -> None:
        content: dict[str, Any] = {"msgtype": "m.file", "body": name, "info": {"mimetype": "text/plain"}}
        if encrypted:
            sealed, keys = encrypt_attachment(data)
            content["file"] = {**keys, "url": await uploaded(person, url, sealed[:-1] if broken else sealed)}
        else:
            content["url"] = "mxc://nowhere/nothing" if broken else await uploaded(person, url, data)
        await person.sends("m.room.message", content)

    async def story() -> None:
        await maria.settles_in(bot.account.user, "Maria", "English")
        await store.write(partial(put, texts=TEXTS, now=present()))
        one = (await store.read(lambda tx: bulletins.editions(tx, 1)))["tg"]
        await sends(one.name, one.file.encode())
        await maria.reads("This is our signed file of No. 1 (Тоҷикӣ), and nothing in it was changed.")
        await sends(one.name + ".minisig", one.signature.encode())
        await maria.reads("our good signature of No. 1")
        await sends(one.name, one.file.replace("18 сарбоз", "81 сарбоз").encode())
        await maria.reads("the copy says “81”")
        await sends(one.name, one.file.encode(), broken=True)
        await maria.reads("I could not get this file.")

    await bot.while_running(story)


def test_a_reference_that_somebody_made_up_opens_nothing() -> None:
    for reference in ("", "{", "[]", '{"url": 7}', "https://example.org/x", json.dumps({"url": "mxc://a/b"})):
        assert isinstance(referred(reference), dict)
