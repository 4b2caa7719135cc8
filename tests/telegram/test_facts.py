"""The judge of requests knows right from wrong, and its facts are those of the project's every call."""

from __future__ import annotations

from typing import Any

import pytest

from tests.telegram.facts import METHODS, Facts, Upload

FACTS = Facts()
BUTTON = {"text": "OK", "callback_data": "x"}


def keyboard(*buttons: dict[str, Any]) -> dict[str, Any]:
    return {"inline_keyboard": [list(buttons)]}


RIGHT: list[tuple[str, dict[str, object]]] = [
    ("sendMessage", {"chat_id": "7001", "text": "x"}),
    ("sendMessage", {"chat_id": 7001, "text": "x" * 4096}),
    ("sendMessage", {"chat_id": "@name", "text": "\U0001f54a" * 2048}),
    ("sendMessage", {"chat_id": 1, "text": "<b>" * 4000, "parse_mode": "HTML"}),
    ("sendMessage", {"chat_id": 1, "text": "12"}),
    ("sendMessage", {"chat_id": 1, "text": "x", "reply_markup": keyboard(BUTTON)}),
    ("sendMessage", {"chat_id": 1, "text": "x", "reply_markup": '{"inline_keyboard": []}'}),
    ("sendMessage", {"chat_id": 1, "text": "x", "disable_notification": "true"}),
    ("sendMessage", {"chat_id": 1, "text": "x", "link_preview_options": {"is_disabled": True}}),
    ("sendMessage", {"chat_id": 1, "text": "x", "reply_markup": keyboard({"text": "y", "callback_data": "x" * 64})}),
    ("sendDocument", {"chat_id": 1, "document": Upload("a.txt", b"x"), "caption": "x" * 1024}),
    ("sendPhoto", {"chat_id": 1, "photo": "file-id"}),
    ("deleteMessages", {"chat_id": 1, "message_ids": list(range(100))}),
    ("getUpdates", {"offset": "-1", "limit": "100", "allowed_updates": '["message"]'}),
    ("setMyCommands", {"commands": [{"command": "safe", "description": "I am safe"}], "language_code": "tg"}),
    ("setWebhook", {"url": "https://x.org", "secret_token": "s", "max_connections": 40}),
    ("getMe", {}),
]

WRONG: list[tuple[str, dict[str, object], str]] = [
    ("sendMessage", {"chat_id": 1}, "text: required"),
    ("sendMessage", {"chat_id": 1, "text": "x", "txt": "y"}, "txt: no such field"),
    ("sendMessage", {"chat_id": 1, "text": "x" * 4097}, "4097 characters"),
    ("sendMessage", {"chat_id": 1, "text": "\U0001f54a" * 2049}, "4098 characters"),
    ("sendMessage", {"chat_id": 1, "text": ""}, "0 characters"),
    ("sendMessage", {"chat_id": 1.5, "text": "x"}, "chat_id: not"),
    ("sendMessage", {"chat_id": True, "text": "x"}, "chat_id: not"),
    ("sendMessage", {"chat_id": 1, "text": 5}, "text: not String"),
    ("sendMessage", {"chat_id": 1, "text": "x", "disable_notification": "yes"}, "not Boolean"),
    ("sendMessage", {"chat_id": 1, "text": "x", "reply_markup": keyboard({"text": "y"})}, "exactly one action"),
    ("sendMessage", {"chat_id": 1, "text": "x", "reply_markup": keyboard(BUTTON | {"url": "u"})}, "exactly one action"),
    ("sendMessage", {"chat_id": 1, "text": "x", "reply_markup": keyboard({"callback_data": "y"})}, "text: required"),
    (
        "sendMessage",
        {"chat_id": 1, "text": "x", "reply_markup": keyboard({"text": "y", "callback_data": "\u0434" * 33})},
        "66 bytes",
    ),
    ("sendMessage", {"chat_id": 1, "text": "x", "reply_markup": "{broken"}, "reply_markup: not"),
    ("sendMessage", {"chat_id": 1, "text": "x", "reply_markup": {"inline_keyboard": [BUTTON]}}, "not a list"),
    ("sendMessage", {"chat_id": 1, "text": "x", "entities": [{"type": "bold"}]}, "offset: required"),
    ("sendDocument", {"chat_id": 1, "document": 5}, "document: not"),
    ("sendDocument", {"chat_id": 1, "document": "x", "caption": "x" * 1025}, "1025 characters"),
    ("deleteMessages", {"chat_id": 1, "message_ids": list(range(101))}, "101 items"),
    ("deleteMessages", {"chat_id": 1, "message_ids": ["x"]}, "not Integer"),
    ("getUpdates", {"limit": 101}, "101 value"),
    ("answerCallbackQuery", {"callback_query_id": "1", "text": "x" * 201}, "201 characters"),
    ("setMyCommands", {"commands": [{"command": "x" * 33, "description": "x"}]}, "33 characters"),
    ("setMyCommands", {"commands": [{"command": "x", "description": ""}]}, "0 characters"),
    ("setMyName", {"name": "x" * 65}, "65 characters"),
    ("setMyShortDescription", {"short_description": "x" * 121}, "121 characters"),
    ("getMe", {"x": 1}, "x: no such field"),
]


@pytest.mark.parametrize(("method", "parameters"), RIGHT)
def test_a_right_request_is_praised(method: str, parameters: dict[str, object]) -> None:
    assert FACTS.request(method, FACTS.read(method, parameters)) == []


@pytest.mark.parametrize(("method", "parameters", "complaint"), WRONG)
def test_a_wrong_request_is_complained_about(method: str, parameters: dict[str, object], complaint: str) -> None:
    assert complaint in "; ".join(FACTS.request(method, FACTS.read(method, parameters)))


def test_the_name_of_a_method_may_be_spelled_in_any_case_but_not_invented() -> None:
    assert FACTS.method("SENDmessage") == "sendMessage"
    assert FACTS.method("sendMassage") is None


def test_an_answer_of_another_type_is_complained_about() -> None:
    chat = {"id": 1, "type": "private"}
    message: dict[str, Any] = {"message_id": 1, "date": 1, "chat": chat, "text": "x"}
    assert FACTS.answer("sendMessage", message) == []
    assert FACTS.answer("editMessageText", True) == []  # noqa: FBT003 - the Bot API's own bare true
    assert FACTS.answer("getUpdates", [{"update_id": 1, "message": message}]) == []
    assert FACTS.answer("sendMessage", True) != []  # noqa: FBT003
    assert FACTS.answer("sendMessage", message | {"date": "now"}) != []
    assert FACTS.answer("sendMessage", message | {"mood": "good"}) != []
    assert FACTS.answer("getUpdates", [{"message": message}]) != []
    inaccessible = {"chat": chat, "message_id": 1, "date": 0}
    assert FACTS.match("MaybeInaccessibleMessage", inaccessible) == []


def test_the_facts_name_their_source_and_stand_alone() -> None:
    assert FACTS.version.startswith("Bot API ")
    assert all(FACTS.method(method) == method for method in METHODS)
