"""Updates to be sure about: as Telegram sends them, as a changed app may forge them, and any JSON at all.

What is pressed is often a button that really stands on somebody's screen, so that dialogues are gone into deeply:
``LIVE`` and a number stand for it until the update is sent.
"""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from bot.domain.circle import make_code
from handlers.router import BUTTONS
from tests.telegram.facts import Facts

PEOPLE: Final = (7001, 7002, 7003, 7004)  # few, so that what one begins goes on
GROUPS: Final = (-100, -1001234567890)
STRANGE: Final = (0, -1, 2**31, 2**52, 2**63 - 1, 2**63, -(2**63), 10**30)
CODE: Final = make_code(lambda most: most // 2)  # reads well, opens nothing
LIVE: Final = "live button"
FACTS: Final = Facts()

_COMMANDS: Final = ("safe", "sos", "start", "people", "ask", "circles", "language", "privacy", "help", "cancel", "x")
_HARD: Final = (
    "",
    " ",
    "\u200b",
    "\u202e\u2066",
    "\x00",
    "\ud83d",
    "<b>&amp;</i>{name}%s%(n)d{0}",
    "a" * 4096,
    "🆘" * 1500,
    "\u0301" * 300,
    "Зарина",
    "Ғафур",
    "ダレル",
    "علی",
    "12\n34",
    "١٢٣ ٤٥٦ ٧٨٩ ٠١٢",
    "².₃.④",
    "-1",
    "NaN",
    "None",
    "\\",
    "'; DROP TABLE person; --",
)

json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
account = st.sampled_from(PEOPLE * 4 + GROUPS + STRANGE)
number = st.sampled_from(range(1, 300)) | st.sampled_from(STRANGE)
date = st.just(1_774_080_000) | st.sampled_from((0, -1, 1, 2**31, 2**40, 2**62, 10**30))
words = (
    st.sampled_from([f"/{one}" for one in _COMMANDS])
    | st.sampled_from([f"/start {CODE}", CODE, f"/{CODE}", f"/safe@PayvandBot {CODE}", "/start@PayvandBot x"])
    | st.sampled_from(["I am safe", "Я в безопасности", "Ман дар амонам", "help", "SOS", "yes", "да", "ҳа", "Family"])
    | st.sampled_from(_HARD)
    | st.text(max_size=12)
)
argument = st.sampled_from(
    ("0", "1", "7", "zz", "-1", "", "9" * 30, "z" * 13, "tg", "ru", "xx", "several", CODE, "dushanbe", "٣", "1_0", "é")
)
forged = st.builds(
    lambda verb, arguments: ":".join((verb, *arguments)),
    st.sampled_from([*sorted(BUTTONS), "", "no.such", "speak:en"]),
    st.lists(argument, max_size=3),
)
code = st.integers(0, 30).map(lambda which: f"{LIVE} {which}") | forged | st.text(max_size=8)
chat = st.builds(
    lambda who, kind: {"id": who, "type": kind if who > 0 else "supergroup"},
    account,
    st.sampled_from(["private"] * 8 + ["channel", "group", ""]),
)
person = st.builds(
    lambda who, hint, bot: {"id": who, "is_bot": bot, "first_name": "x"} | ({"language_code": hint} if hint else {}),
    account,
    st.sampled_from(["", "tg", "ru", "en-GB", "zz", "\x00"]),
    st.sampled_from([False] * 9 + [True]),
)
said = st.builds(
    lambda where, who, at, text, which: {"message_id": which, "date": at, "chat": where, "from": who, "text": text},
    chat,
    person,
    date,
    words,
    number,
)
# anything that the description knows a message may hold besides words
_MORE: Final = sorted(set(FACTS.fields("Message")) - {"message_id", "date", "chat", "from", "text"})
shown = st.builds(
    lambda message, name, value, text: {**message, "text": None, "caption": text, name: value},
    said,
    st.sampled_from(["photo", "document", "voice", "sticker", "contact", "location"]) | st.sampled_from(_MORE),
    json | st.just(value=True) | st.lists(st.builds(dict, file_id=words), max_size=2) | st.builds(dict, file_id=words),
    words,
)
pressed = st.builds(
    lambda where, who, data, which: {
        "id": "1",
        "from": who,
        "chat_instance": "1",
        "data": data,
        "message": {"message_id": which, "date": 0, "chat": where},
    },
    chat,
    person,
    code,
    number,
)
changed = st.builds(
    lambda where, who, status: {
        "chat": where,
        "from": who,
        "date": 1,
        "old_chat_member": {"status": "member"},
        "new_chat_member": {"status": status},
    },
    chat,
    person,
    st.sampled_from(["member", "kicked", "left", "restricted", "creator", "", "x"]),
)
moved = st.builds(lambda message, to: {**message, "migrate_to_chat_id": to}, said, st.sampled_from(GROUPS + STRANGE))


def _as(kind: str, content: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return content.map(lambda value: {kind: value})


shaped: Final = st.one_of(
    _as("message", said),
    _as("message", said),
    _as("callback_query", pressed),
    _as("callback_query", pressed),
    _as("callback_query", pressed),
    _as("message", shown | moved),
    _as("my_chat_member", changed),
)
shapeless: Final = st.one_of(
    _as("message", json),
    _as("callback_query", json),
    _as("my_chat_member", json),
    st.builds(
        lambda kind, name, good, bad: {kind: {**good, name: bad}},
        st.sampled_from(["message", "callback_query", "my_chat_member"]),
        st.sampled_from(["chat", "from", "text", "data", "date", "message_id", "message", "new_chat_member", "id"]),
        said | pressed | changed,
        json,
    ),
)
update: Final = st.one_of(shaped, shaped, shaped, shapeless)


def presser(content: dict[str, Any]) -> int:
    """Give the chat in which a button is pressed; 0 if there is none."""
    found: object = content.get("callback_query")
    for step in ("message", "chat", "id"):
        found = found.get(step) if isinstance(found, dict) else None
    return found if isinstance(found, int) else 0


def with_live_button(content: dict[str, Any], codes: list[str]) -> dict[str, Any]:
    """Put a code that stands on a screen where one is meant."""
    query = content.get("callback_query")
    if not isinstance(query, dict) or not str(query.get("data", "")).startswith(LIVE) or not codes:
        return content
    which = int(str(query["data"]).removeprefix(LIVE))
    return {**content, "callback_query": {**query, "data": codes[-1 - which % len(codes)]}}
