"""Feeds, fetched politely and read: never from this machine or its neighbours, never more than a megabyte.

A feed's server learns the address of this machine (or of the proxy), and that somebody reads the feed: nothing else.
The name we give is the same for everybody who runs this program.
"""

from __future__ import annotations

import asyncio
import calendar
import ipaddress
import json
import re
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from html import unescape
from typing import Any, Final
from urllib.parse import urljoin

import aiohttp
import structlog
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from bot.domain.feed import AT_ONCE, LONGEST_ADDRESS, LONGEST_TITLE, Entry, Feed, Look, Trouble, read_address
from bot.i18n import clean
from bot.jobs import feed_words, walls
from storage import feeds
from storage.database import Storage

log = structlog.get_logger(__name__)

LARGEST: Final = 1 << 20  # bytes
MOST_TAGS: Final = 30_000  # of a document: to read more takes a time that grows with their square
MEMORY: Final = 1 << 28  # bytes, to read a document in
SECONDS: Final = 10  # of a core
PATIENCE: Final = 20  # seconds in all
TIMEOUT: Final = aiohttp.ClientTimeout(total=30, sock_connect=10)
HOPS: Final = 3  # redirects
NAME: Final = "Mozilla/5.0 (compatible; feed reader)"
ACCEPT: Final = "application/atom+xml, application/rss+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"
_TAG: Final = re.compile(r"<[^<>]*>")
_MARK: Final = re.compile(r"[\x21-\x7e][\x20-\x7e]{0,199}")  # an ETag or a date that can be sent back
_LINK: Final = re.compile(r"https?://[^\s<>\"\\]+", re.IGNORECASE)
_ENDED: Final = frozenset({-signal.SIGXCPU, -signal.SIGKILL})  # it wanted more than it may have
_OK, _NOT_MODIFIED, _GONE = 200, 304, 410
_MOVED: Final = frozenset({301, 302, 303, 307, 308})


class _Forbidden(OSError):  # noqa: N818
    """A name leads to this machine, to its neighbours, or nowhere that is public."""


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the open internet, also where IPv6 carries an older address inside."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inner: list[Any] = [found]
    if isinstance(found, ipaddress.IPv6Address):
        inner += [one for one in (found.ipv4_mapped, found.sixtofour, *(found.teredo or ())) if one is not None]
        if found in _NAT64:
            inner.append(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF))
    return all(one.is_global and not one.is_multicast for one in inner)


_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Guard:
    """Where the bot may look: `reads` makes an address of words, or None; `allows` judges the machine behind a name."""

    reads: Callable[[str], str | None] = read_address
    allows: Callable[[str], bool] = is_public


class _Resolver(AbstractResolver):
    """Names become addresses here, and the connection goes to just the address that was judged."""

    def __init__(self, allows: Callable[[str], bool]) -> None:
        self._names = ThreadedResolver()
        self._allows = allows

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._names.resolve(host, port, family)
        if not found or not all(self._allows(one["host"]) for one in found):
            raise _Forbidden("not a public address")
        return found

    async def close(self) -> None:
        await self._names.close()


# -- fetching ------------------------------------------------------------------------------------------------------


async def look(feed: Feed, guard: Guard | None = None, proxy: str = "") -> Look:
    """Look at a feed once. What goes wrong is an answer and never raised."""
    guard = guard or Guard()
    try:
        async with aiohttp.ClientSession(
            connector=_connector(guard, proxy),
            timeout=TIMEOUT,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        ) as session:
            return await _fetch(session, feed, guard)
    except _Forbidden:
        return Look(Trouble.FORBIDDEN)
    except aiohttp.ClientConnectorError as error:
        return Look(Trouble.FORBIDDEN if isinstance(error.os_error, _Forbidden) else Trouble.UNREACHABLE)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
        return Look(Trouble.UNREACHABLE)
    except Exception as error:  # noqa: BLE001 - a proxy's own errors, and whatever a strange server brings about
        log.info("feed.failed", error=error)
        return Look(Trouble.UNREACHABLE)


def _connector(guard: Guard, proxy: str) -> aiohttp.BaseConnector:
    if proxy:
        from aiohttp_socks import ProxyConnector  # noqa: PLC0415 - only who has a proxy waits for it

        made: aiohttp.BaseConnector = ProxyConnector.from_url(proxy, rdns=True)  # the proxy resolves, in its own net
        return made
    return aiohttp.TCPConnector(resolver=_Resolver(guard.allows), use_dns_cache=False, limit=1, force_close=True)


async def _fetch(session: aiohttp.ClientSession, feed: Feed, guard: Guard) -> Look:
    headers = {"User-Agent": NAME, "Accept": ACCEPT, "Accept-Encoding": "identity"}
    if feed.etag:
        headers["If-None-Match"] = feed.etag
    if feed.modified:
        headers["If-Modified-Since"] = feed.modified
    address = guard.reads(feed.address)
    for _hop in range(HOPS + 1):
        if address is None:
            return Look(Trouble.FORBIDDEN)
        async with session.get(address, headers=headers, allow_redirects=False) as answer:
            target = answer.headers.get("Location", "")
            if answer.status in _MOVED and target:
                address = guard.reads(urljoin(address, target).partition("#")[0])
                continue
            return await _answered(answer)
    return Look(Trouble.REFUSED)


async def _answered(answer: aiohttp.ClientResponse) -> Look:
    if answer.status == _NOT_MODIFIED:
        return Look()
    if answer.status != _OK:
        wait = answer.headers.get("Retry-After", "")
        asked = timedelta(seconds=int(wait)) if re.fullmatch(r"\d{1,7}", wait, re.ASCII) else None
        return Look(Trouble.GONE if answer.status == _GONE else Trouble.REFUSED, wait=asked)
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        return Look(Trouble.UNREADABLE)  # we asked for none: what is packed may be a thousand times as large inside
    data = bytearray()
    async for part in answer.content.iter_chunked(1 << 16):
        data += part
        if len(data) > LARGEST:
            return Look(Trouble.TOO_LARGE)
    etag, modified = (_sendable(answer.headers.get(name, "")) for name in ("ETag", "Last-Modified"))
    kind = answer.headers.get("Content-Type", "")
    return await asyncio.to_thread(read, bytes(data), kind, etag=etag, modified=modified)


def _sendable(mark: str) -> str:
    return mark if _MARK.fullmatch(mark) else ""


# -- reading -------------------------------------------------------------------------------------------------------


def read(data: bytes, kind: str = "", *, etag: str = "", modified: str = "") -> Look:
    """What stands in a feed, read by a process of its own: it can hold up nothing here, nor for longer than PATIENCE.

    Entities that a document makes up itself are refused: they can grow without end.
    """
    if b"<!ENTITY" in data.replace(b"\0", b"").upper():
        return Look(Trouble.UNREADABLE)
    if data.count(b"<") + data.count(b"&lt;") > MOST_TAGS:
        return Look(Trouble.TOO_LARGE)
    try:
        script = feed_words.__file__
        ended, said = walls.run(script, data, kind, memory=MEMORY, seconds=SECONDS, patience=PATIENCE)
        found = json.loads(said) if not ended else None
    except subprocess.TimeoutExpired:
        return Look(Trouble.TOO_LARGE)
    except (ValueError, RecursionError):
        found = None
    if found is None:
        return Look(Trouble.TOO_LARGE if ended in _ENDED else Trouble.UNREADABLE)
    entries: dict[str, Entry] = {}
    for one in found["entries"][:AT_ONCE]:
        entry = _entry(one)
        if entry is not None:
            entries.setdefault(entry.key, entry)
    title = _line(found["title"])
    return Look(title=title, entries=tuple(entries.values()), etag=etag, modified=modified)


def _entry(one: Mapping[str, Any]) -> Entry | None:
    title, link = _line(one["title"] or one["summary"]), one["link"]
    if len(link) > LONGEST_ADDRESS or not _LINK.fullmatch(link):
        link = ""
    key = one["id"] or link or title
    if not key or not (title or link):
        return None
    at: datetime | None = None
    if one["at"]:
        with suppress(ValueError, OverflowError, OSError, TypeError):
            at = datetime.fromtimestamp(calendar.timegm(tuple(one["at"])), UTC)
    return Entry(key[:LONGEST_ADDRESS], title, link, at)


def _line(text: object) -> str:
    """Words on one line, without markup."""
    plain = unescape(_TAG.sub(" ", str(text)[: 20 * LONGEST_TITLE]))
    return " ".join(clean(plain).split())[:LONGEST_TITLE]


# -- again and again -----------------------------------------------------------------------------------------------


async def work(storage: Storage, now: Callable[[], datetime], guard: Guard | None = None, proxy: str = "") -> int:
    """Look at every feed whose time has come, one after the other; how many. Without a feed this is one reading.

    That a feed is looked at is written before anything is sent: after a crash it is not asked again at once.
    """
    count = 0
    while await storage.read(partial(feeds.waits, now=now())):
        feed = await storage.write(partial(feeds.take, now=now()))
        if feed is None:
            break
        brought = await look(feed, guard, proxy)
        await storage.write(partial(feeds.note, of=feed, look=brought, now=now()))
        log.info("feed.looked", outcome="failed" if brought.trouble else "done", count=len(brought.entries))
        count += 1
    return count
