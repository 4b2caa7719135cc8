"""The source inbox: feeds that two moderators chose, fetched politely and never from a private place."""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.resolver import ThreadedResolver

from bot import i18n, serving
from bot.domain.bulletin import Grade, Status
from bot.domain.feed import EVERY, KEPT, SELDOM, Entry, Feed, Item, Look, Trouble, next_look, read_address
from bot.jobs import feed_words
from bot.jobs import feeds as reading
from bot.jobs.feeds import LARGEST, MOST_TAGS, NAME, Guard, is_public, look, read
from bot.settings import FeedSettings, Settings
from handlers import rounds
from handlers.ask import base36
from handlers.updates import feeds as inbox
from storage import feeds
from storage.database import Storage, Tx
from storage.schema import feed_item
from storage.sqlite import SQLite
from tests.family.looking import forge, rows
from tests.family.test_desk import moderators
from tests.stage import BEGIN, Actor, Stage
from tests.storage.servers import ONE_ENGINE

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OUTDATED = "This button is no longer in use. Please choose again:"
ADDRESS = "https://news.example.org/feed.xml"
RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0"><channel><title>Pamir &lt;b&gt;Daily&lt;/b&gt;</title><link>https://news.example.org/</link>
<item><guid>one</guid><title>Road &amp;amp; bridge closed</title><link>https://news.example.org/1</link>
<pubDate>Fri, 20 Mar 2026 12:00:00 GMT</pubDate></item>
<item><guid>two</guid><title>Мост &lt;script&gt;x&lt;/script&gt; открыт</title><link>javascript:alert(1)</link></item>
</channel></rss>""".encode()
ATOM = b"""<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Agency</title><id>urn:x</id>
<updated>2026-03-20T12:00:00Z</updated><entry><id>urn:x:1</id><title>Network is back</title>
<link href="https://agency.example/1"/><updated>2026-03-20T12:00:00Z</updated></entry></feed>"""


# -- a website on this machine -------------------------------------------------------------------------------------


class Site:
    """A real web server on the loopback address; it notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[web.Request] = []
        self.answer: Callable[[web.Request], web.StreamResponse] = lambda _: web.Response(body=RSS)
        self.port = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/feed"

    async def hear(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        return self.answer(request)


@asynccontextmanager
async def opened(site: Site) -> AsyncIterator[Site]:
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", site.hear)
    runner = web.AppRunner(app)
    await runner.setup()
    door = web.TCPSite(runner, "127.0.0.1", 0)
    await door.start()
    assert runner.addresses
    site.port = runner.addresses[0][1]
    try:
        yield site
    finally:
        await runner.cleanup()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with opened(Site()) as one:
        yield one


NEAR = Guard(reads=lambda address: address, allows=lambda _: True)  # tests have only this machine


def feed(address: str, **more: str) -> Feed:
    return Feed(1, address, address, BEGIN, **more)  # type: ignore[arg-type]


# -- fetching ------------------------------------------------------------------------------------------------------


async def test_a_feed_is_fetched_and_read(site: Site) -> None:
    found = await look(feed(site.address), NEAR)
    assert found.trouble is None
    assert found.title == "Pamir Daily"
    assert found.entries == (
        Entry("one", "Road & bridge closed", "https://news.example.org/1", datetime(2026, 3, 20, 12, tzinfo=UTC)),
        Entry("two", "Мост x открыт", "", None),
    )


async def test_what_the_server_learns_says_nothing_of_the_community(site: Site) -> None:
    await look(feed(site.address), NEAR)
    (asked,) = site.asked
    assert asked.headers["User-Agent"] == NAME
    assert {name.lower() for name in asked.headers} == {
        *("host", "user-agent", "accept", "accept-encoding", "connection"),
    }
    assert "payvand" not in str(asked.headers).lower()


async def test_what_has_not_changed_is_not_sent_again(site: Site) -> None:
    marks = {"ETag": '"x1"', "Last-Modified": "Fri, 20 Mar 2026 12:00:00 GMT"}
    site.answer = lambda _: web.Response(body=RSS, headers=marks)
    first = await look(feed(site.address), NEAR)
    assert (first.etag, first.modified) == (marks["ETag"], marks["Last-Modified"])
    site.answer = lambda _: web.Response(status=304)
    again = await look(feed(site.address, etag=first.etag, modified=first.modified), NEAR)
    assert again == Look()
    assert site.asked[1].headers["If-None-Match"] == marks["ETag"]
    assert site.asked[1].headers["If-Modified-Since"] == marks["Last-Modified"]


@pytest.mark.parametrize(
    ("status", "headers", "trouble", "wait"),
    [
        (404, {}, Trouble.REFUSED, None),
        (410, {}, Trouble.GONE, None),
        (429, {"Retry-After": "7200"}, Trouble.REFUSED, 2 * HOUR),
        (503, {"Retry-After": "Fri, 20 Mar 2026 12:00:00 GMT"}, Trouble.REFUSED, None),
        (200, {"Content-Encoding": "gzip"}, Trouble.UNREADABLE, None),
    ],
)
async def test_what_a_server_refuses_is_told(
    site: Site, status: int, headers: dict[str, str], trouble: Trouble, wait: timedelta | None
) -> None:
    site.answer = lambda _: web.Response(status=status, headers=headers, body=gzip.compress(b"0" * 5_000_000))
    assert await look(feed(site.address), NEAR) == Look(trouble, wait=wait)


async def test_more_than_a_megabyte_is_not_read(site: Site) -> None:
    site.answer = lambda _: web.Response(body=RSS + b" " * LARGEST)
    assert (await look(feed(site.address), NEAR)).trouble is Trouble.TOO_LARGE
    site.answer = lambda _: web.Response(body=RSS + b" " * (LARGEST - len(RSS)))
    assert (await look(feed(site.address), NEAR)).trouble is None, "control: just as much is"


async def test_a_server_that_never_ends_is_left(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "TIMEOUT", aiohttp.ClientTimeout(total=0.05))
    forever = asyncio.Event()

    async def hear(_request: web.Request) -> web.StreamResponse:
        await forever.wait()
        return web.Response()

    site.hear = hear  # type: ignore[method-assign,assignment]
    async with opened(site):
        assert (await look(feed(site.address), NEAR)).trouble is Trouble.UNREACHABLE
        forever.set()


async def test_nobody_at_home_is_told() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert (await look(feed(f"http://127.0.0.1:{port}/"), NEAR)).trouble is Trouble.UNREACHABLE


# -- where the bot must not look -------------------------------------------------------------------------------------


async def test_a_name_that_leads_to_this_machine_is_refused_before_a_byte_is_sent(site: Site) -> None:
    strict = Guard(reads=lambda address: address)  # the words pass here, so that the machine behind them is judged
    named = f"http://localhost:{site.port}/feed"
    assert (await look(feed(named), strict)).trouble is Trouble.FORBIDDEN
    assert site.asked == []
    assert (await look(feed(named), NEAR)).trouble is None, "control: without the guard it is read"


async def test_a_name_is_judged_by_every_machine_behind_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ThreadedResolver.resolve

    async def both(*arguments: object) -> list[object]:
        (near,) = await names(*arguments)  # type: ignore[arg-type]
        return [{**near, "host": "93.184.216.34"}, near]

    monkeypatch.setattr(ThreadedResolver, "resolve", both)
    strict = Guard(reads=lambda address: address)
    assert (await look(feed(f"http://localhost:{site.port}/"), strict)).trouble is Trouble.FORBIDDEN
    assert site.asked == []


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1/", "https://127.0.0.1/", "https://[::1]/", "https://localhost/", "file:///etc/passwd"]
)
async def test_a_redirect_to_a_private_place_is_not_followed(site: Site, target: str) -> None:
    site.answer = lambda _: web.Response(status=302, headers={"Location": target})
    guard = Guard(reads=lambda one: one if one == site.address else read_address(one), allows=lambda _: True)
    assert (await look(feed(site.address), guard)).trouble is Trouble.FORBIDDEN
    assert len(site.asked) == 1


async def test_a_redirect_is_followed_a_few_times_and_not_for_ever(site: Site) -> None:
    def once(request: web.Request) -> web.Response:
        if request.path == "/feed":
            return web.Response(status=301, headers={"Location": "/other"})
        return web.Response(body=ATOM)

    site.answer = once
    assert (await look(feed(site.address), NEAR)).title == "Agency"
    site.asked.clear()
    site.answer = lambda _: web.Response(status=302, headers={"Location": "/feed"})
    assert (await look(feed(site.address), NEAR)).trouble is Trouble.REFUSED
    assert len(site.asked) == 4  # noqa: PLR2004 - the first, and three more


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254"),  # noqa: S104
        *("100.64.0.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1"),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b::a00:1"),
        *("localhost", "", "x"),
    ],
)
def test_a_private_address_is_no_public_one(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "64:ff9b::808:808"])
def test_a_public_address_is_one(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("https://news.example.org/feed.xml", ADDRESS),
        ("  News.Example.org/feed.xml ", ADDRESS),
        ("https://пример.рф/лента?x=1", "https://пример.рф/лента?x=1"),
        ("https://example.org", "https://example.org/"),
        ("http://example.org/", None),
        ("https://127.0.0.1/", None),
        ("https://2130706433/", None),
        ("https://0x7f.1/", None),
        ("https://127.1/", None),
        ("https://[::1]/", None),
        ("https://localhost/", None),
        ("https://user:pass@example.org/", None),
        ("https://example.org:8080/", None),
        ("https://example.org@127.0.0.1/", None),
        ("https://example.org\\@evil.example/", None),
        ("file:///etc/passwd", None),
        ("https://example.org/a b", None),
        ("https://" + "a" * 600 + ".org/", None),
        ("", None),
    ],
)
def test_only_names_of_websites_are_taken(typed: str, address: str | None) -> None:
    assert read_address(typed) == address


async def test_a_proxy_is_asked_instead_and_no_name_is_looked_up_here() -> None:
    heard: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n"))
        writer.write(b"HTTP/1.1 403 Forbidden\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(proxy, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        found = await look(feed(ADDRESS), proxy=f"http://127.0.0.1:{port}")
    assert found.trouble is Trouble.UNREACHABLE
    assert heard == [b"CONNECT news.example.org:443 HTTP/1.1\r\n"]


# -- reading -------------------------------------------------------------------------------------------------------


def test_a_document_that_grows_without_end_is_refused() -> None:
    laughs = b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><rss>&b;</rss>'
    assert read(laughs).trouble is Trouble.UNREADABLE
    assert read(laughs.decode().encode("utf-16")).trouble is Trouble.UNREADABLE
    deep = b"<rss><channel><item><title>" + b"<b>" * (MOST_TAGS + 1) + b"</title></item></channel></rss>"
    assert read(deep).trouble is Trouble.TOO_LARGE
    outside = b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss>&x;</rss>'
    assert read(outside).trouble is Trouble.UNREADABLE


@pytest.mark.parametrize("data", [b"", b"<html><body>Hello</body></html>", b"\x00\xff" * 50, b"/etc/passwd", b"{}"])
def test_what_is_no_feed_is_told(data: bytes) -> None:
    assert read(data) == Look(Trouble.UNREADABLE)


@pytest.mark.parametrize(
    ("what", "trouble"),
    [
        ("while True: pass", Trouble.TOO_LARGE),
        ("import time; time.sleep(60)", Trouble.TOO_LARGE),
        ("x = [bytes(1 << 20) for _ in range(1000)]", Trouble.UNREADABLE),
        ("open('here', 'w').write('x' * 9)", Trouble.UNREADABLE),
        ("print('[' * 100_000)", Trouble.UNREADABLE),
        ("import os; os.abort()", Trouble.UNREADABLE),
        ("import sys; print(len(sys.stdin.buffer.read()) and 'null')", Trouble.UNREADABLE),
    ],
)
def test_a_feed_that_holds_up_or_breaks_what_reads_it_holds_up_and_breaks_nothing_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, what: str, trouble: Trouble
) -> None:
    assert read(RSS).trouble is None, "the control"
    script = tmp_path / "hostile.py"
    script.write_text(what)
    monkeypatch.setattr(feed_words, "__file__", str(script))
    monkeypatch.setattr(reading, "SECONDS", 1)
    monkeypatch.setattr(reading, "PATIENCE", 5)
    monkeypatch.chdir(tmp_path)
    assert read(RSS).trouble is trouble
    assert not (tmp_path / "here").exists() or not (tmp_path / "here").read_bytes()


async def test_the_bot_goes_on_while_a_feed_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = tmp_path / "slow.py"
    script.write_text("while True: pass")
    monkeypatch.setattr(feed_words, "__file__", str(script))
    monkeypatch.setattr(reading, "SECONDS", 1)
    reader = asyncio.create_task(asyncio.to_thread(read, RSS))
    steps = 0
    while not reader.done():
        await asyncio.sleep(0.01)
        steps += 1
    assert (await reader).trouble is Trouble.TOO_LARGE
    assert steps > 20, "its thread only waits: it never holds the interpreter"  # noqa: PLR2004


def test_a_strange_feed_brings_no_more_than_may_be_kept() -> None:
    item = "<item><guid>{0}</guid><title>{1}</title><pubDate>Mon, 99 Foo 9999 99:99:99</pubDate></item>"
    long = "".join(item.format(n, "\u202e" + "x" * 5000) for n in range(200))
    found = read(f'<rss version="2.0"><channel><title>{"t" * 5000}</title>{long}</channel></rss>'.encode())
    assert len(found.entries) == 50  # noqa: PLR2004
    assert all(one.title == "x" * 300 for one in found.entries)
    assert len(found.title) == 300  # noqa: PLR2004


# -- again and again -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failures", "wait", "pause"),
    [
        (0, None, EVERY),
        (1, None, HOUR),
        (3, None, 4 * HOUR),
        (50, None, SELDOM),
        (0, 2 * HOUR, 2 * HOUR),
        (3, MINUTE, 4 * HOUR),
        (0, 900 * DAY, SELDOM),
    ],
)
def test_who_fails_is_asked_more_and_more_seldom(failures: int, wait: timedelta | None, pause: timedelta) -> None:
    assert next_look(failures, wait) == pause


async def test_without_a_feed_nothing_is_asked_and_nothing_is_written(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def write(*_: object) -> None:
        pytest.fail("something was written")

    monkeypatch.setattr(type(storage), "write", write)
    assert await reading.work(storage, lambda: BEGIN) == 0


async def test_the_running_bot_reads_on_after_a_defect(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    async def pause(_seconds: float) -> None:
        if len(done) == 2:  # noqa: PLR2004 - enough seen
            raise asyncio.CancelledError

    async def work(*_: object, **more: object) -> int:
        done.append(str(more["proxy"]))
        raise ValueError

    monkeypatch.setattr("bot.serving.asyncio.sleep", pause)
    monkeypatch.setattr(reading, "work", work)
    await storage.write(partial(feeds.add, address=ADDRESS, now=BEGIN))
    settings = Settings(community="x", feeds=FeedSettings(proxy="socks5://127.0.0.1:9050"))
    with pytest.raises(asyncio.CancelledError):
        await serving._read_feeds(settings, storage)  # noqa: SLF001 - what `run` starts
    assert done == ["socks5://127.0.0.1:9050"] * 2


@ONE_ENGINE
async def test_nothing_of_feeds_reads_a_whole_table(storage: Storage) -> None:
    assert isinstance(storage, SQLite), "plans are its own"
    connection = storage._writer._conn  # noqa: SLF001 - nobody else has the connection
    asked: set[str] = set()
    connection.set_trace_callback(asked.add)
    await storage.write(partial(feeds.add, address=ADDRESS, now=BEGIN))
    one = await storage.write(partial(feeds.take, now=BEGIN))
    assert one is not None
    await storage.write(partial(feeds.note, of=one, look=read(RSS), now=BEGIN))
    await storage.write(partial(feeds.waits, now=BEGIN))
    await storage.write(partial(feeds.newest, now=BEGIN, most=5))
    await storage.write(partial(feeds.expire, now=BEGIN))
    connection.set_trace_callback(None)
    looked = sorted(one for one in asked if one.startswith(("SELECT", "UPDATE", "DELETE")))
    assert len(looked) > 5, "the statements were seen"  # noqa: PLR2004

    def explain() -> list[str]:
        return [row[3] for one in looked for row in connection.execute("EXPLAIN QUERY PLAN " + one).fetchall()]

    assert [step for step in await storage._writer.run(explain) if step.startswith("SCAN ")] == []  # noqa: SLF001


async def test_a_feed_is_asked_when_its_time_has_come_and_each_item_is_kept_once(storage: Storage, site: Site) -> None:
    now = [BEGIN]
    await storage.write(partial(feeds.add, address=site.address, now=BEGIN))
    work = partial(reading.work, storage, lambda: now[0], NEAR)
    assert await work() == 1
    assert await work() == 0, "not again at once"
    now[0] += EVERY
    assert await work() == 1
    found = await storage.read(partial(feeds.newest, now=now[0], most=10))
    assert sorted(one.title for one in found) == ["Road & bridge closed", "Мост x открыт"]
    (one,) = await storage.read(feeds.every)
    assert (one.title, one.looked_at, one.trouble) == ("Pamir Daily", now[0], None)
    site.answer = lambda _: web.Response(status=500)
    now[0] += EVERY
    await work()
    (one,) = await storage.read(feeds.every)
    assert (one.trouble, one.failures, one.due_at) == (Trouble.REFUSED, 1, now[0] + HOUR)
    assert len(await storage.read(partial(feeds.newest, now=now[0], most=10))) == len(found), "what is there stays"


async def test_a_feed_that_is_taken_away_while_it_is_asked_brings_nothing(storage: Storage, site: Site) -> None:
    which = await storage.write(partial(feeds.add, address=site.address, now=BEGIN))
    taken = await storage.write(partial(feeds.take, now=BEGIN))
    assert taken is not None
    await storage.write(partial(feeds.remove, which=which))
    await storage.write(partial(feeds.note, of=taken, look=read(RSS), now=BEGIN))
    assert await storage.read(partial(feeds.newest, now=BEGIN, most=10)) == []


async def test_words_are_erased_after_two_weeks_and_do_not_come_again_as_new(storage: Storage) -> None:
    await storage.write(partial(feeds.add, address=ADDRESS, now=BEGIN))

    def poll(tx: Tx, now: datetime) -> None:
        one = feeds.take(tx, now)
        assert one is not None
        undated = Look(title="x", entries=(Entry("a", "Bridge", "https://x.example/", None),))
        feeds.note(tx, one, undated, now)

    now = BEGIN
    while now <= BEGIN + KEPT + DAY:
        await storage.write(partial(poll, now=now))
        await storage.write(partial(feeds.expire, now=now))
        now += HOUR
    assert await storage.read(partial(feeds.newest, now=now, most=10)) == []
    (row,) = await storage.read(lambda tx: tx.execute(feed_item.select()).all())
    assert (row.title, row.link) == (None, None)
    now += 3 * DAY  # the feed shows it no more
    await storage.write(partial(rounds.seldom, now=now))
    assert await storage.read(lambda tx: tx.execute(feed_item.select()).all()) == []


async def test_old_news_of_a_new_feed_is_not_taken_for_new(storage: Storage) -> None:
    await storage.write(partial(feeds.add, address=ADDRESS, now=BEGIN))
    one = await storage.write(partial(feeds.take, now=BEGIN))
    assert one is not None
    old, future = BEGIN - KEPT, BEGIN + DAY
    entries = (Entry("a", "Old", "", old), Entry("b", "From tomorrow", "", future))
    await storage.write(partial(feeds.note, of=one, look=Look(entries=entries), now=BEGIN))
    (found,) = await storage.read(partial(feeds.newest, now=BEGIN, most=10))
    assert (found.title, found.at) == ("From tomorrow", None)


# -- in the chat -----------------------------------------------------------------------------------------------------


async def propose(actor: Actor, address: str = ADDRESS) -> None:
    await actor.says("/desk")
    await actor.presses("Sources")
    await actor.presses("Add a feed")
    await actor.says(address)


async def agree(actor: Actor) -> None:
    await actor.says("/desk")
    await actor.presses("Read a feed")
    await actor.presses("I agree")


async def brings(stage: Stage, data: bytes = RSS) -> None:
    """A look at the one feed brings this."""
    one = await stage.storage.write(partial(feeds.take, now=stage.now()))
    assert one is not None
    await stage.storage.write(partial(feeds.note, of=one, look=read(data), now=stage.now()))


async def test_a_feed_is_read_when_a_second_moderator_agrees_who_sees_its_address(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    await propose(anna)
    assert "Proposed. It is read when another moderator agrees." in anna.last
    assert not await stage.storage.read(partial(feeds.waits, now=stage.now()))
    await bahrom.says("/desk")
    await bahrom.presses("Read a feed")
    assert ADDRESS in bahrom.last
    assert "Its server will see the address of the machine I run on" in bahrom.last
    await bahrom.presses("I agree")
    assert [one.address for one in await stage.storage.read(feeds.every)] == [ADDRESS]


async def test_nobody_adds_a_feed_alone(stage: Stage) -> None:
    anna, _bahrom = await moderators(stage, "Anna", "Bahrom")
    await propose(anna)
    which = (await rows(stage))["proposal"][0][0]
    await forge(stage, anna, f"feed.yes:{base36(which)}")
    assert await stage.storage.read(feeds.every) == []


@pytest.mark.parametrize("typed", ["http://example.org/", "https://127.0.0.1/feed", "hello", "https://localhost/x"])
async def test_what_is_no_address_is_refused_kindly(stage: Stage, typed: str) -> None:
    anna, _bahrom = await moderators(stage, "Anna", "Bahrom")
    await propose(anna, typed)
    assert "I can't read that. It must be an address of a website" in anna.last


async def test_a_feed_that_is_read_already_is_not_added_twice(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    await propose(anna)
    await agree(bahrom)
    await propose(anna)
    assert "This feed is read already." in anna.last


async def test_new_items_are_shown_with_their_age_and_nothing_of_them_is_markup(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    await propose(anna)
    await agree(bahrom)
    await brings(stage)
    await stage.pass_time(2 * HOUR)
    await bahrom.presses("Back")
    await bahrom.presses("New items")
    assert "Road & bridge closed (Pamir Daily, 23 hours ago)" in bahrom.last
    assert "Мост x открыт (Pamir Daily, 2 hours ago)" in bahrom.last
    await bahrom.presses(next(one for one in bahrom.buttons if f"{one}. Road" in bahrom.last))
    assert "https://news.example.org/1" in bahrom.last
    assert "Whoever opens a link shows their own address to that website." in bahrom.last
    assert "Found: 2 hours ago" in bahrom.last


async def test_many_items_are_shown_in_pages(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    await propose(anna)
    await agree(bahrom)
    many = "".join(f"<item><guid>{n}</guid><title>Item {n}</title></item>" for n in range(14))
    await brings(stage, f'<rss version="2.0"><channel><title>x</title>{many}</channel></rss>'.encode())
    await bahrom.presses("Back")
    await bahrom.presses("New items")
    seen = bahrom.last
    assert "Newer" not in "".join(bahrom.buttons)
    for _ in range(2):
        await bahrom.presses("Older")
        seen += bahrom.last
    assert all(f"Item {n} (x," in seen for n in range(14))
    assert "Older" not in "".join(bahrom.buttons)


async def test_a_feed_in_trouble_says_so_and_is_taken_away_by_one(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    await propose(anna)
    await agree(bahrom)
    await brings(stage)
    one = (await stage.storage.read(feeds.every))[0]
    await stage.storage.write(partial(feeds.note, of=one, look=Look(Trouble.TOO_LARGE), now=stage.now()))
    await bahrom.presses("Back")
    await bahrom.presses("⚠️ Pamir Daily")
    assert "It is larger than a megabyte" in bahrom.last
    await bahrom.presses("Read it no more")
    await bahrom.presses("Yes, read it no more")
    assert await stage.storage.read(feeds.every) == []
    assert await stage.storage.read(partial(feeds.newest, now=stage.now(), most=9)) == []


@pytest.mark.parametrize("trouble", Trouble)
@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_every_trouble_has_a_sentence(trouble: Trouble, language: str) -> None:
    i18n.open_catalogues()
    assert i18n.speak(inbox._trouble(trouble), language, BEGIN).startswith("⚠️")  # noqa: SLF001 - each of them


VERBS = ("feeds", "feed.items:0", "feed.item", "feed.draft", "feed.add", "feed.see", "feed.yes", "feed.one")


@pytest.mark.parametrize("verb", [*VERBS, "feed.remove", "feed.removed"])
async def test_who_is_no_moderator_finds_no_such_button(stage: Stage, verb: str) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    await propose(anna)
    await agree(bahrom)
    await brings(stage)
    found = await rows(stage)
    stranger = stage.actor("stranger")
    await stranger.settles_in("Stranger")
    for which in (found["feed"][0][0], found["feed_item"][0][0]):
        await forge(stage, stranger, verb if ":" in verb else f"{verb}:{base36(which)}")
        assert stranger.last.startswith(OUTDATED)
    assert len(await stage.storage.read(feeds.every)) == 1


# -- a draft of it -------------------------------------------------------------------------------------------------


def test_an_item_becomes_a_draft_with_a_claim_that_nobody_has_checked_and_its_source_filled_in() -> None:
    at = datetime(2026, 3, 20, 12, tzinfo=UTC)
    one = inbox.as_draft(Item(1, "Pamir Daily", "Road closed", "https://news.example.org/1", at, BEGIN), "ru")
    assert one.speaks("ru")
    assert one.languages() == ("ru",)
    (claim,) = one.claims
    assert claim.status is Status.UNCONFIRMED
    assert (claim.sources[0].grade, claim.sources[0].on) == (Grade.MEDIA, at.date())
    assert one.texts["ru"] == {
        "title": "Road closed",
        "claim.0": "Road closed",
        "claim.0.source.0": "Pamir Daily, https://news.example.org/1",
    }


async def test_an_item_becomes_a_draft_of_whoever_made_it(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    await propose(anna)
    await agree(bahrom)
    await brings(stage, ATOM)
    await bahrom.says("/desk")
    await bahrom.presses("Sources")
    await bahrom.presses("New items")
    await bahrom.presses("1")
    await bahrom.presses("Make a draft of it")
    assert "Network is back" in bahrom.last
    assert "This is a draft." in bahrom.last
    await bahrom.says("/desk")
    await bahrom.presses("Drafts")
    assert any("Network is back" in label for label in bahrom.buttons), "it is kept"
