"""The Matrix server of the tests is a real one, and behaves as the tests count on."""

from __future__ import annotations

import pytest

from tests.matrix.synapse import FOREIGN_LIMITS, NAME, Refused, Synapse

LOGIN = "/_matrix/client/v3/login"
MANY = 20  # messages, twice what a foreign server takes at once


def log_in(server: Synapse, user: str, password: str) -> str:
    identifier = {"type": "m.id.user", "user": user}
    body = {"type": "m.login.password", "identifier": identifier, "password": password}
    token: str = server.request("POST", LOGIN, body)["access_token"]
    return token


def send_until_refused(server: Synapse, token: str, most: int) -> int:
    room = server.request("POST", "/_matrix/client/v3/createRoom", {"preset": "private_chat"}, token)["room_id"]
    for number in range(most):
        path = f"/_matrix/client/v3/rooms/{room}/send/m.room.message/{number}"
        try:
            server.request("PUT", path, {"msgtype": "m.text", "body": "Hello"}, token)
        except Refused as refusal:
            assert "M_LIMIT_EXCEEDED" in str(refusal)  # noqa: PT017 - how many came through is the answer
            return number
    return most


def test_an_account_is_new_and_can_log_in(synapse: Synapse) -> None:
    one, two = synapse.register("zarina"), synapse.register("zarina")
    assert one.user != two.user
    assert one.user == f"@{one.name}:{NAME}"
    assert log_in(synapse, one.name, one.password)
    with pytest.raises(Refused, match="M_FORBIDDEN"):
        log_in(synapse, one.name, two.password)


@pytest.mark.slow
def test_it_keeps_its_accounts_over_a_restart() -> None:
    with Synapse() as server:
        account, address = server.register(), server.url
        server.stop()
        with pytest.raises(OSError, match="refused"):
            server.request("GET", "/health")
        server.start()
        assert server.url == address
        assert log_in(server, account.name, account.password)


@pytest.mark.slow
def test_a_foreign_server_limits_whoever_is_not_excepted() -> None:
    with Synapse(extra=FOREIGN_LIMITS) as server:
        limited, lifted = server.register(), server.register()
        assert send_until_refused(server, log_in(server, limited.name, limited.password), MANY) < MANY
        server.lift_limits(lifted.user)
        assert send_until_refused(server, log_in(server, lifted.name, lifted.password), MANY) == MANY
