"""What the program may say about itself: ids, numbers and outcomes; never a name, a text, an address or a token.

`start` is called once, before anything else. What passes is decided by an allow-list: an event is ``noun.verb``, a
key must stand in `KEYS`, and its value must be of that key's kind. Everything else is withheld, and the line says so.
What libraries, warnings, forgotten tasks, threads and uncaught exceptions say goes through the same gate: of their
words only sentences of `HARMLESS` pass, of an exception its type and the lines of our own code it came through.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
import traceback
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TextIO, TypeAlias

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, MutableMapping
    from types import TracebackType

    Kind: TypeAlias = Callable[[Any], "str | int | float | bool | None"]
    ExcInfo: TypeAlias = "tuple[type[BaseException] | None, BaseException | None, TracebackType | None]"

Level: TypeAlias = Literal["debug", "info", "warning", "error"]

HOUSE: Final = Path(__file__).resolve().parent.parent
ROOMS: Final = ("bot", "handlers", "storage", "locales")
WITHHELD: Final = "withheld"

# -- kinds of values ---------------------------------------------------------------------------------------------------

_EVENT: Final = re.compile(r"[a-z][a-z_]*(?:\.[a-z][a-z_]*)+")
_BOT: Final = re.compile(r"[0-9]{1,20}|[a-z]{1,12}")
_CODE: Final = re.compile(r"[0-9A-F]{4,8}")
_ROUTE: Final = re.compile(r"([a-z]{1,12})/.+")  # what stands behind the dash may be an account with its server
_VERSION: Final = re.compile(r"[0-9][0-9a-z.+-]{0,23}")

# The words an outcome may be told in, besides numbers and the names of exceptions. Closed, because a free word could
# be somebody's name.
WORDS: Final = frozenset(
    """
    yes no done kept failed refused skipped late again unknown unreachable delivered expired erased merged
    started stopped stopping opened closed ready busy full broken locked unlocked
    telegram matrix memory console playground sqlite postgresql polling webhook
    danger reply correction checkin bulletin petition digest
    tg ru en name short description commands
    backup restore drill migration checkpoint cleaning
    resumed renewed anew fine signed made reset invite leave direct unread told
    """.split()  # noqa: SIM905 - words read best as words
)


def _number(value: object) -> int | float | bool | None:
    return value if isinstance(value, int | float) and abs(value) < 1 << 63 else None


def _word(value: object) -> str | None:
    """A word of the list, the name of an exception, or a member of one of our enumerations."""
    if isinstance(value, Enum) and type(value).__module__.split(".")[0] in ROOMS:
        return value.name.lower()
    if isinstance(value, BaseException):
        return type(value).__name__
    if isinstance(value, str) and value.lower() in WORDS:
        return value.lower()
    if isinstance(value, str) and _is_exception(value):
        return value
    return None


def _like(pattern: re.Pattern[str]) -> Kind:
    return lambda value: str(value) if isinstance(value, str | int) and pattern.fullmatch(str(value)) else None


def _route(value: object) -> str | None:
    found = _ROUTE.fullmatch(value) if isinstance(value, str) else None
    return None if found is None else found[1]


_exceptions: set[str] = set()


def _is_exception(name: str) -> bool:
    """Whether `name` is the name of an exception class that exists. Looks again only when it doesn't know one."""
    if name not in _exceptions and name.isidentifier() and name[:1].isupper():
        waiting: list[type] = [BaseException]
        while waiting:
            one = waiting.pop()
            if one.__name__ not in _exceptions or one is BaseException:
                _exceptions.add(one.__name__)
            waiting += type.__subclasses__(one)
    return name in _exceptions


# Every key that may be logged, and what its value must be. Row ids are ours and mean nothing outside the database; an
# account, a chat or a phone number has no key here.
KEYS: Final[Mapping[str, Kind]] = {
    # which row of ours
    **dict.fromkeys(("person", "address", "circle", "letter", "invite", "news", "alarm", "ask", "job"), _number),
    "code": _like(_CODE),  # of an accident, as the person was told it
    "bot": _like(_BOT),  # a bot's own account, which is public
    "route": _route,  # its platform
    # how it went
    **dict.fromkeys(
        ("outcome", "error", "cause", "why", "kind", "state", "lane", "platform", "language", "part", "mode", "store"),
        _word,
    ),
    **dict.fromkeys(("how", "identity", "task"), _word),
    # how many, how long, how big
    **dict.fromkeys(
        ("count", "failures", "attempts", "batch", "letters", "people", "unknown", "waiting", "size", "port", "rooms"),
        _number,
    ),
    **dict.fromkeys(("wait", "seconds", "after", "age", "days"), _number),
    "version": _like(_VERSION),
    "schema": _like(_VERSION),
}

# Sentences of libraries that hold nothing of anybody's: word for word, without arguments.
HARMLESS: Final = frozenset(
    {
        "Task exception was never retrieved",
        "Task was destroyed but it is pending!",
        "Future exception was never retrieved",
        "Unclosed client session",
        "Unclosed connector",
        "Unclosed connection",
        "SSL connection is closed",
        "Error handling request",
        "Unhandled exception",
    }
)


# -- the gate ----------------------------------------------------------------------------------------------------------


def gate(
    _logger: object, level: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:  # structlog's processor
    """Let through what `KEYS` allows, and count what it does not."""
    said = event.pop("event", "")
    passed: dict[str, Any] = {
        "at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "level": level if level in _LEVELS else "info",
        "event": said if isinstance(said, str) and _EVENT.fullmatch(said) else WITHHELD,
    }
    error = _exception(event)
    event.pop("stack_info", None)
    for key, value in event.items():
        kind = KEYS.get(key)
        if kind is None:
            passed[WITHHELD] = passed.get(WITHHELD, 0) + 1
        elif value is not None:
            fit = kind(value)
            passed[key] = WITHHELD if fit is None else fit
    if error is not None:
        passed.update(_told(error))
    return passed


def _exception(event: MutableMapping[str, Any]) -> BaseException | None:
    found = event.pop("exc_info", None)
    if isinstance(found, BaseException):
        return found
    if isinstance(found, tuple):
        return found[1] if len(found) > 1 and isinstance(found[1], BaseException) else None
    return sys.exc_info()[1] if found else None


def trace(error: BaseException) -> str:
    """What may be said of an exception, on one line."""
    return " ".join(f"{key}={value}" for key, value in _told(error).items())


def _told(error: BaseException) -> dict[str, str]:
    """An exception as its types, from the outermost cause to the last, and our own lines that it came through."""
    kinds: list[str] = []
    lines: list[str] = []
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting and len(kinds) < 8:  # noqa: PLR2004 - a line stays a line
        one = waiting.pop(0)
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        kinds.append(type(one).__name__)
        lines += [line for line in _frames(one.__traceback__) if line not in lines]
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions
        waiting.append(one.__cause__ or (None if one.__suppress_context__ else one.__context__))
    told = {"error": "<".join(kinds)}
    if lines:
        told["where"] = ",".join(lines[-8:])
    return told


def _frames(trace: TracebackType | None) -> Iterator[str]:
    for frame, number in traceback.walk_tb(trace):
        place = _place(frame.f_code.co_filename)
        if place is not None:
            yield f"{place}:{number}"


def _place(file: str) -> str | None:
    path = Path(file)
    if not path.is_relative_to(HOUSE):
        return None
    inside = path.relative_to(HOUSE)
    return inside.as_posix() if inside.parts[0] in ROOMS else None


# -- the pen -----------------------------------------------------------------------------------------------------------

_LEVELS: Final[Mapping[str, int]] = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}


def _line(event: Mapping[str, Any]) -> str:
    """``2026-11-21T23:36:01Z info  letter.delivered lane=danger person=12``."""
    rest = (
        f"{key}={json.dumps(value) if ' ' in str(value) else value}"
        for key, value in event.items()
        if key not in {"at", "level", "event"}
    )
    return " ".join((event["at"], f"{event['level']:<7}", event["event"], *rest))


def _json(event: Mapping[str, Any]) -> str:
    return json.dumps(event, ensure_ascii=True)


class _Pen:
    """Writes finished lines; a log that can't be written must not stop the program that writes it."""

    def __init__(self, stream: TextIO | None, form: Callable[[Mapping[str, Any]], str]) -> None:
        self._stream = stream
        self._form = form
        self._lock = threading.Lock()

    def write(self, event: Mapping[str, Any]) -> None:
        stream = self._stream or sys.stderr
        line = self._form(event) + "\n"
        try:
            with self._lock:
                stream.write(line)
                stream.flush()
        except (OSError, ValueError):
            return

    def log(self, **event: object) -> None:
        self.write(event)

    debug = info = warning = error = critical = fatal = exception = msg = log


class _Gate(logging.Handler):
    """Takes what libraries say to the standard library's loggers through the same gate."""

    def __init__(self, pen: _Pen) -> None:
        super().__init__()
        self._pen = pen

    def emit(self, record: logging.LogRecord) -> None:
        event: dict[str, Any] = {"event": "library.said"}
        if record.exc_info:
            event["exc_info"] = record.exc_info
        written = dict(gate(None, record.levelname.lower(), event))
        library = record.name.partition(".")[0]
        written["library"] = library if library in sys.modules or library == "py" else WITHHELD
        written["line"] = f"{Path(record.filename).stem}:{record.lineno}"
        said = record.msg.partition("\n")[0] if isinstance(record.msg, str) else ""
        if said in HARMLESS:
            written["said"] = said
        self._pen.write(written)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name; its own prints the record
        del record


def start(*, level: Level = "info", form: Literal["line", "json"] = "line", stream: TextIO | None = None) -> None:
    """Send everything that is said in this process through the gate, to `stream` (standard error by default)."""
    pen = _Pen(stream, _json if form == "json" else _line)
    structlog.configure(
        processors=[gate],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=lambda *_: pen,
        cache_logger_on_first_use=False,
    )
    logging.raiseExceptions = False  # else a broken record is printed whole
    logging.lastResort = None
    root = logging.getLogger()
    for handler in list(root.handlers):
        root.removeHandler(handler)
    root.addHandler(_Gate(pen))
    root.setLevel(logging.DEBUG if level == "debug" else logging.WARNING)
    for name in list(logging.Logger.manager.loggerDict):
        other = logging.getLogger(name)
        for handler in list(other.handlers):  # a library that brings its own pen writes past the gate
            other.removeHandler(handler)
        other.propagate = True
    logging.captureWarnings(capture=True)
    _watch(pen)


def _watch(pen: _Pen) -> None:
    """The last words of the interpreter: uncaught exceptions here, in threads, and where nobody can catch them."""

    def say(event: str, error: BaseException | None) -> None:
        pen.write(gate(None, "error", {"event": event, "exc_info": error}))

    def uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        del trace
        if not issubclass(kind, KeyboardInterrupt):
            say("program.failed", error)

    sys.excepthook = uncaught
    sys.unraisablehook = lambda unraisable: say("object.failed", unraisable.exc_value)
    threading.excepthook = lambda args: say("thread.failed", args.exc_value)
