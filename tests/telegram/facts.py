"""What the Bot API's own description says of methods and types, and a judge of every request and answer by it.

``facts.json`` keeps the part of the description that this project touches: each method with its parameters and what it
returns, each type with its fields, each field as a short sentence:

    "chat_id": "Integer|String!"                  one of two types, required
    "text": "String! 1-4096 characters parsed"    UTF-16 units, counted after markup is parsed
    "callback_data": "String 1-64 bytes"
    "message_ids": "[Integer]! 1-100 items"       a list
    "limit": "Integer 1-100 value"

To renew it from a newer description (an ``api.json`` with ``methods`` and ``types``, their ``fields`` and
``subtypes``): ``python -m tests.telegram.facts path/to/api.json``.

The judge can't know cross-field rules, except one: an inline button has exactly one action.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FACTS: Final = Path(__file__).with_name("facts.json")

METHODS: Final = (
    *("getMe", "getUpdates", "setWebhook", "deleteWebhook", "getWebhookInfo"),
    *("sendMessage", "sendPhoto", "sendDocument", "sendChatAction", "answerCallbackQuery"),
    *("editMessageText", "editMessageCaption", "editMessageReplyMarkup", "deleteMessage", "deleteMessages"),
    *("setMyCommands", "setMyName", "setMyDescription", "setMyShortDescription"),
    *("getMyCommands", "getMyName", "getMyDescription", "getMyShortDescription"),
    *("getFile", "leaveChat"),
)

NOTICE: Final = (
    "Facts taken from the Bot API description (core.telegram.org/bots/api) in its machine-readable forms by two "
    "projects: aiogram (source distribution, .butcher/schema/schema.json), Copyright (c) 2017 - present Alex Root "
    "Junior, and telegram-bot-api-spec, whose shape it was brought into, Copyright (c) 2020 Paul Larsen. Both "
    "under the MIT License: Permission is hereby granted, free of charge, to any person obtaining a copy of this "
    'software and associated documentation files (the "Software"), to deal in the Software without restriction, '
    "including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or "
    "sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to "
    "the following conditions: The above copyright notice and this permission notice shall be included in all "
    'copies or substantial portions of the Software. THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY '
    "KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A "
    "PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY "
    "CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF "
    "OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE."
)

_FIELD = re.compile(
    r"(?P<types>[^! ]+)(?P<required>!)?(?: (?P<low>\d+)-(?P<high>\d+) (?P<unit>\w+)(?P<parsed> parsed)?)?"
)
_WHOLE = re.compile(r"-?\d{1,19}", re.ASCII)
_ACTIONLESS: Final = frozenset({"text", "icon_custom_emoji_id", "style"})
_LONG: Final = 2**63


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came in a multipart request."""

    name: str
    data: bytes
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter of a method or one field of a type."""

    types: tuple[str, ...]
    required: bool
    low: int
    high: int
    unit: str
    parsed: bool

    @staticmethod
    def read(sentence: str) -> Field:
        """Read a field's sentence. Raises ValueError if it is none."""
        found = _FIELD.fullmatch(sentence)
        if found is None:
            raise ValueError(sentence)
        low, high = int(found["low"] or 0), int(found["high"] or 0)
        return Field(
            tuple(found["types"].split("|")),
            found["required"] is not None,
            low,
            high,
            found["unit"] or "",
            found["parsed"] is not None,
        )


def length(text: str) -> int:
    """Length in UTF-16 code units, as Telegram counts."""
    return len(text) + sum(character > "\uffff" for character in text)


class Facts:
    """The judge. Its answers are lists of complaints; an empty list is praise."""

    def __init__(self, path: Path = FACTS) -> None:
        told = json.loads(path.read_text(encoding="utf-8"))
        self.version: str = told["version"]
        self._methods = {name.lower(): name for name in told["methods"]}
        self._parameters = {
            name: {field: Field.read(said) for field, said in method["parameters"].items()}
            for name, method in told["methods"].items()
        }
        self._returns = {name: method["returns"] for name, method in told["methods"].items()}
        self._fields = {
            name: {field: Field.read(said) for field, said in fields.items()}
            for name, fields in told["types"].items()
            if isinstance(fields, dict)
        }
        self._unions: dict[str, list[str]] = {
            name: kinds for name, kinds in told["types"].items() if isinstance(kinds, list)
        }

    def method(self, name: str) -> str | None:
        """The proper spelling of a method (the Bot API doesn't mind case), or None if there is no such method here."""
        return self._methods.get(name.lower())

    def fields(self, kind: str) -> Mapping[str, Field]:
        """The fields of a type, for tests that make up objects of it."""
        return self._fields[kind]

    def union(self, kind: str) -> list[str] | None:
        """The members of a type that is one of several, or None."""
        return self._unions.get(kind)

    def read(self, method: str, raw: Mapping[str, object]) -> dict[str, Any]:
        """Parameters with their values decoded: a form says everything in strings, whatever the type."""
        known = self._parameters[method]
        return {name: _decoded(known[name], value) if name in known else value for name, value in raw.items()}

    def request(self, method: str, parameters: Mapping[str, object]) -> list[str]:
        """Complaints about a request with decoded parameters."""
        problems: list[str] = []
        self._object(method, self._parameters[method], parameters, problems)
        return problems

    def answer(self, method: str, result: object) -> list[str]:
        """Complaints about what a method returned."""
        return self.match(self._returns[method], result, f"{method} answer")

    def match(self, kinds: str, value: object, where: str = "") -> list[str]:
        """Complaints about a value that should be of one of `kinds` (separated by ``|``)."""
        problems: list[str] = []
        self._value(Field.read(kinds), where or kinds, value, problems, markup=False)
        return problems

    def _object(self, where: str, known: Mapping[str, Field], held: Mapping[str, object], problems: list[str]) -> None:
        markup = bool(held.get("parse_mode"))
        for name, value in held.items():
            field = known.get(name)
            if field is None:
                problems.append(f"{where}.{name}: no such field")
            else:
                self._value(field, f"{where}.{name}", value, problems, markup=markup)
        problems.extend(
            f"{where}.{name}: required" for name, field in known.items() if field.required and name not in held
        )

    def _value(self, field: Field, where: str, value: object, problems: list[str], *, markup: bool) -> None:
        best: list[str] | None = None
        for kind in field.types:
            found = self._kind(kind, where, value)
            if not found:
                best = []
                break
            if best is None or len(found) < len(best):
                best = found
        problems.extend(best or [])
        if not best and field.unit and not (markup and field.parsed):
            size = _size(field.unit, value)
            if size is not None and not field.low <= size <= field.high:
                problems.append(f"{where}: {size} {field.unit}, not {field.low}-{field.high}")

    def _kind(self, kind: str, where: str, value: object) -> list[str]:
        if kind.startswith("["):
            if not isinstance(value, list):
                return [f"{where}: not a list"]
            found: list[str] = []
            for index, one in enumerate(value):
                found += self._kind(kind[1:-1], f"{where}[{index}]", one)
            return found
        plain = _PLAIN.get(kind)
        if plain is not None:
            return [] if plain(value) else [f"{where}: not {kind}"]
        members = self._unions.get(kind)
        if members is not None:
            tries = [self._kind(member, where, value) for member in members]
            return min(tries, key=len)
        if not isinstance(value, dict):
            return [f"{where}: not {kind}"]
        problems: list[str] = []
        self._object(where, self._fields[kind], value, problems)
        if kind == "InlineKeyboardButton" and len(value.keys() - _ACTIONLESS) != 1:
            problems.append(f"{where}: not exactly one action")
        return problems


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -_LONG <= value < _LONG


_PLAIN: Final[Mapping[str, Callable[[object], bool]]] = {
    "Integer": _is_whole,
    "Float": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "Boolean": lambda value: isinstance(value, bool),
    "True": lambda value: value is True,
    "String": lambda value: isinstance(value, str),
    "InputFile": lambda value: isinstance(value, Upload),
}


def _size(unit: str, value: object) -> int | None:
    if unit == "value":
        return value if isinstance(value, int) else None
    if unit == "items":
        return len(value) if isinstance(value, list) else None
    if not isinstance(value, str):
        return None
    return len(value.encode("utf-8", "surrogatepass")) if unit == "bytes" else length(value)


def _decoded(field: Field, value: object) -> object:
    """What a string of a form stands for. Telegram reads JSON bodies as generously."""
    if not isinstance(value, str):
        return value
    kinds = field.types
    if "Integer" in kinds and _WHOLE.fullmatch(value):
        return int(value)
    if "String" in kinds:
        return value
    if "Boolean" in kinds and value.lower() in {"true", "false", "1", "0"}:
        return value.lower() in {"true", "1"}
    try:
        return json.loads(value)
    except ValueError:
        return value


# -- taking the facts from a description ------------------------------------------------------------------------------

_LIMIT = re.compile(r"\b(\d+)-(\d+) (characters|bytes)(?: after entit(?:y|ies) parsing)?", re.IGNORECASE)
_ITEMS = re.compile(r"\blist of (\d+)-(\d+)\b", re.IGNORECASE)
_VALUES = re.compile(r"\bvalues between (\d+)-(\d+)\b", re.IGNORECASE)


def _short(kind: str) -> str:
    many, _, one = kind.partition("Array of ")
    return kind if many else f"[{_short(one)}]"


def _sentence(field: Mapping[str, Any]) -> str:
    text = str(field["description"])
    said = "|".join(map(_short, field["types"])) + ("!" if field["required"] else "")
    if (found := _LIMIT.search(text)) and "String" in field["types"]:
        said += f" {found[1]}-{found[2]} {found[3].lower()}" + " parsed" * found[0].lower().endswith("parsing")
    elif (found := _ITEMS.search(text)) and said.startswith("["):
        said += f" {found[1]}-{found[2]} items"
    elif (found := _VALUES.search(text)) and "Integer" in field["types"]:
        said += f" {found[1]}-{found[2]} value"
    return said


def extract(description: Mapping[str, Any]) -> dict[str, Any]:
    """Take from a whole description what this project touches: its methods, and every type they lead to."""
    types = description["types"]
    methods, waiting, kept = {}, ["Update"], {}
    for name in METHODS:
        method = description["methods"][name]
        said = method.get("returns") or [method["returns_text"]]
        words = re.findall(r"(Array of )?\b([A-Z]\w+)", " ".join(said))
        returned = [f"[{kind}]" if many else kind for many, kind in words if kind in types or kind == "True"]
        methods[name] = {
            "returns": "|".join(returned),
            "parameters": {field["name"]: _sentence(field) for field in method.get("fields", [])},
        }
        waiting += [kind for _, kind in words] + [t for field in method.get("fields", []) for t in field["types"]]
    while waiting:
        kind = waiting.pop().removeprefix("Array of ").removeprefix("Array of ")
        if kind not in types or kind in kept:
            continue
        fields, members = types[kind].get("fields", []), types[kind].get("subtypes")
        if kind == "RichText":  # the description says this in words only
            members = ["String", "[RichText]", *members]
        kept[kind] = members or {field["name"]: _sentence(field) for field in fields}
        waiting += (members or []) + [t for field in fields for t in field["types"]]
    return {
        "notice": NOTICE,
        "version": description["version"],
        "methods": methods,
        "types": dict(sorted(kept.items())),
    }


def main() -> None:
    """Write facts.json anew, one method or type a line so that a change can be read."""
    facts = extract(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    lines = [f'"{key}": {json.dumps(facts[key])}' for key in ("notice", "version")]
    for part in ("methods", "types"):
        entries = [f"  {json.dumps(name)}: {json.dumps(said)}" for name, said in facts[part].items()]
        lines.append(f'"{part}": {{\n' + ",\n".join(entries) + "\n}")
    FACTS.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
