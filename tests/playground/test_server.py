"""The page answers this computer and its own address only, and holds nothing that comes from elsewhere."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from datetime import timedelta
from http import HTTPStatus
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from aiohttp import ClientSession, WSServerHandshakeError
from yarl import URL

from bot.domain.conversation import Attachment, Pressed, Said, Started
from bot.platforms.playground.server import Playground
from tests.playground.village import CAST, Village

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import ClientWebSocketResponse


class Wire:
    """One open socket of a page."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket

    async def hears(self, kind: str = "") -> dict[str, Any]:
        """Wait for the next thing of this kind that the server tells."""
        while True:
            news: dict[str, Any] = await self.socket.receive_json(timeout=10)
            if kind in ("", news["type"]):
                return news

    async def wishes(self, do: str, **wish: object) -> None:
        await self.socket.send_json({"do": do, **wish})


@pytest.fixture
def village() -> Village:
    return Village()


@pytest.fixture
async def url(village: Village) -> AsyncIterator[URL]:
    playground = Playground(village.memory, village, CAST)
    yield URL(await playground.serve())
    await playground.close()


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with aiohttp.ClientSession() as client:
        yield client


@pytest.fixture
async def wire(url: URL, session: ClientSession) -> AsyncIterator[Wire]:
    async with session.ws_connect(url / "live", headers={"Origin": str(url.origin())}) as socket:
        yield Wire(socket)


# -- who may come in ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "page.css", "page.js", "mark.svg"])
async def test_every_part_of_the_page_comes_with_a_strict_policy(url: URL, session: ClientSession, name: str) -> None:
    async with session.get(url.joinpath(name)) as answer:
        assert answer.status == HTTPStatus.OK
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "require-trusted-types-for 'script'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"


async def test_the_page_is_bound_to_this_computer(url: URL) -> None:
    assert url.host == "127.0.0.1"


async def test_a_foreign_name_that_points_here_is_refused(url: URL, session: ClientSession) -> None:
    for host in ("evil.example", f"evil.example:{url.port}", "127.0.0.1", f"127.0.0.1.evil.example:{url.port}", ""):
        async with session.get(url, headers={"Host": host}) as answer:
            assert answer.status == HTTPStatus.MISDIRECTED_REQUEST
    async with session.get(url, headers={"Host": f"localhost:{url.port}"}) as answer:
        assert answer.status == HTTPStatus.OK


async def test_without_the_key_in_its_address_nothing_is_shown(url: URL, session: ClientSession) -> None:
    origin = url.origin()
    for path in ("/", "/page.js", "/live", "/guess/", "/guess/live", f"{url.path[:-2]}/", "/é/"):
        async with session.get(origin.with_path(path), headers={"Origin": str(origin)}) as answer:
            assert answer.status == HTTPStatus.FORBIDDEN
            assert "Gulnora" not in await answer.text()


async def test_each_start_has_a_key_of_its_own(village: Village) -> None:
    addresses = []
    for _ in range(2):
        playground = Playground(village.memory, village, CAST)
        addresses.append(URL(await playground.serve()).path)
        await playground.close()
    first, second = addresses
    assert first != second
    assert re.fullmatch(r"/[\w-]{32}/", first)


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "https://127.0.0.1", "http://127.0.0.1:1"])
async def test_a_socket_opened_by_another_page_is_refused(url: URL, session: ClientSession, origin: str | None) -> None:
    headers = {"Origin": origin} if origin else {}
    with pytest.raises(WSServerHandshakeError) as refused:
        await session.ws_connect(url / "live", headers=headers)
    assert refused.value.status == HTTPStatus.FORBIDDEN


async def test_only_the_parts_of_the_page_are_served(url: URL, session: ClientSession) -> None:
    for path in ("server.py", "nodes.py", "..", "../memory.py", "%2e%2e/memory.py", "file/gulnora/1"):
        async with session.get(URL(f"{url}{path}", encoded=True)) as answer:
            assert answer.status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)


@pytest.mark.parametrize("name", ["page.html", "page.css", "page.js", "mark.svg"])
def test_no_part_of_the_page_names_another_place(name: str) -> None:
    text = files("bot.platforms.playground").joinpath(name).read_text("utf-8")
    # The name of the SVG language looks like an address; nobody opens it.
    text = text.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"(?:https?:)?//[a-z0-9]", re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE), re.IGNORECASE)
    assert not re.search(r"@import|@font-face|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b", text)


def test_a_foreign_address_would_be_noticed() -> None:
    assert re.search(r"(?:https?:)?//[a-z0-9]", '<script src="//cdn.example/x.js">')


# -- what is carried ---------------------------------------------------------------------------------------------


async def test_whoever_opens_the_page_gets_the_whole_community(village: Village, wire: Wire) -> None:
    hello = await wire.hears("hello")
    assert [person["name"]["ru"] for person in hello["cast"]] == ["Gulnora", "Daler", "Maria", "Anna"]
    assert set(hello["frame"]) == {"tg", "ru", "en"}
    assert hello["frame"]["en"]["jump.10.long"] == "Move the clock forward: 10 minutes"
    assert hello["now"] == village.now().isoformat()


async def test_a_page_opened_later_shows_what_was_said_before(
    village: Village, url: URL, session: ClientSession
) -> None:
    await village.memory.say("gulnora", "hello")
    secret = await village.tell("gulnora", "a secret")
    await village.memory.delete(village.memory.address("gulnora"), (secret,))
    async with session.ws_connect(url / "live", headers={"Origin": str(url.origin())}) as socket:
        hello = await Wire(socket).hears("hello")
    chat = hello["cast"][0]["chat"]
    assert [(message.get("bot"), message.get("deleted", False)) for message in chat] == [
        (False, False),
        (True, False),
        (None, True),
    ]
    assert chat[1]["text"] == ["You said ", {"tag": "b", "inside": ["hello"]}]
    assert "a secret" not in json.dumps(hello)


async def test_what_people_do_on_the_page_reaches_the_bot(village: Village, wire: Wire) -> None:
    await wire.wishes("start", who="anna", payload="c-7f3a")
    welcome = (await wire.hears("new"), await wire.hears("new"))[1]["message"]
    assert welcome["first"] == "Welcome, c-7f3a"
    await wire.wishes("press", who="anna", message=welcome["id"], code="safe")
    assert (await wire.hears("edited"))["message"]["edits"] == 1
    await wire.wishes("say", who="daler", text="<b>hi</b>")
    news = await wire.hears("new")
    while news["message"]["bot"]:
        news = await wire.hears("new")
    assert news["message"]["text"] == ["<b>hi</b>"]
    assert [one.heard for one in village.heard] == [
        Started("c-7f3a"),
        Pressed("safe", welcome["id"]),
        Said("<b>hi</b>"),
    ]


async def test_two_open_pages_see_the_same(village: Village, url: URL, session: ClientSession, wire: Wire) -> None:
    async with session.ws_connect(url / "live", headers={"Origin": str(url.origin())}) as socket:
        other = Wire(socket)
        await other.hears("hello")
        await wire.wishes("forward", minutes=10)
        assert (await other.hears("clock"))["now"] == (await wire.hears("clock"))["now"] == village.now().isoformat()


async def test_the_clock_moves_forward_only_and_a_week_at_most(village: Village, wire: Wire) -> None:
    dawn = village.now()
    for minutes in (0, -1, 7 * 24 * 60 + 1, "soon", None):
        await wire.wishes("forward", minutes=minutes)
        await wire.hears("trouble")
    assert village.now() == dawn
    await wire.wishes("forward", minutes=7 * 24 * 60)
    await wire.hears("clock")
    assert village.now() - dawn == timedelta(days=7)


async def test_choosing_a_language_does_what_a_person_would_do(village: Village, wire: Wire) -> None:
    await wire.wishes("language", who="daler", language="tg")
    assert (await wire.hears("edited"))["message"]["language"] == "tg"
    assert [one.heard for one in village.heard] == [Said("/language"), Pressed("language:tg", "2")]


async def test_a_choice_of_languages_that_stands_there_already_is_used(village: Village, wire: Wire) -> None:
    # A newcomer came by an invitation, and the button remembers it.
    name = await village.tell("anna", "Which one?", ("ru", "language:ru:c-7f3a"))
    await wire.wishes("language", who="anna", language="ru")
    await wire.hears("edited")
    assert [one.heard for one in village.heard] == [Pressed("language:ru:c-7f3a", name)]


async def test_nonsense_is_answered_and_the_socket_stays_open(village: Village, wire: Wire) -> None:
    for nonsense in ("", "[]", "{}", '"x"', '{"do": "dance"}', '{"do": "say", "who": "nobody", "text": "x"}'):
        await wire.socket.send_str(nonsense)
        await wire.hears("trouble")
    await wire.wishes("press", who="anna", message="1", code="safe")
    await wire.hears("trouble")
    await wire.wishes("say", who="anna", text="   ")
    await wire.hears("trouble")
    await wire.wishes("pass", who="anna", text="   ")
    await wire.hears("trouble")
    await wire.wishes("play", view="nowhere")
    await wire.hears("trouble")
    await wire.wishes("language", who="anna", language="xx")
    await wire.hears("trouble")
    assert village.heard == []
    await wire.wishes("say", who="anna", text="hello")
    await wire.hears("new")


async def test_an_accident_of_the_bot_does_not_close_the_page(village: Village, wire: Wire) -> None:
    village.broken = True
    await wire.wishes("say", who="anna", text="hello")
    await wire.hears("trouble")
    village.broken = False
    await wire.wishes("say", who="anna", text="hello again")
    assert (await wire.hears("new"))["message"]["first"] in ("hello", "hello again")


async def test_an_invitation_arrives_as_a_picture_drawn_here(wire: Wire) -> None:
    await wire.wishes("say", who="maria", text="/invite")
    await wire.hears("new")
    picture = (await wire.hears("new"))["message"]["attachment"]
    assert picture["kind"] == "qr"
    assert picture["picture"].startswith("data:image/svg+xml")


async def test_a_picture_of_our_own_stands_in_the_message(wire: Wire, village: Village) -> None:
    board = b"\x89PNG picture"
    await village.tell("maria", "Counts", attachment=Attachment("picture", "board.png", board))
    picture = (await wire.hears("new"))["message"]["attachment"]
    assert picture == {
        "kind": "picture",
        "name": "board.png",
        "picture": f"data:image/png;base64,{base64.b64encode(board).decode()}",
    }


async def test_a_file_is_saved_and_never_shown_by_the_browser(
    village: Village, url: URL, session: ClientSession
) -> None:
    name = await village.tell("maria", "All of it", attachment=Attachment("file", "copy.json", b'{"a": 1}'))
    async with session.get(url / "file" / "maria" / name) as answer:
        assert await answer.read() == b'{"a": 1}'
        assert answer.headers["Content-Disposition"] == "attachment"
        assert answer.content_type == "application/octet-stream"
    await village.memory.delete(village.memory.address("maria"), (name,))
    async with session.get(url / "file" / "maria" / name) as answer:
        assert answer.status == HTTPStatus.NOT_FOUND


async def test_commands_are_offered_in_every_language(village: Village, url: URL, session: ClientSession) -> None:
    await village.memory.describe({"en": {"name": "Payvand", "/help": "How it works"}})
    async with session.ws_connect(url / "live", headers={"Origin": str(url.origin())}) as socket:
        hello = await Wire(socket).hears("hello")
    assert hello["commands"] == {"en": {"/help": "How it works"}}


async def test_closing_lets_every_open_page_go(village: Village, session: ClientSession) -> None:
    playground = Playground(village.memory, village, CAST)
    url = URL(await playground.serve())
    async with session.ws_connect(url / "live", headers={"Origin": str(url.origin())}) as socket:
        await socket.receive_json()
        closing = asyncio.create_task(playground.close())
        assert (await socket.receive()).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING)
        await closing
    await village.memory.say("anna", "nobody looks any more")


async def test_a_taken_port_is_an_error_that_says_so(village: Village, url: URL) -> None:
    with pytest.raises(OSError, match="address already in use"):
        await Playground(village.memory, village, CAST).serve(url.port or 0)
