"""The bot's identity signs every device of the bot, and nobody sees a warning as long as its seeds are kept."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from bot.platforms.matrix.shapes import How
from bot.platforms.matrix.signing import Identity, Outcome, establish
from bot.platforms.matrix.store import remove
from bot.platforms.matrix.wire import LoginRefused, Unknown
from tests.matrix.crowd import Crowd
from tests.matrix.devices import Device


def never() -> str:
    raise AssertionError("the password was asked for")


async def test_the_first_device_is_signed_without_the_password_and_once_is_enough(device: Device, crowd: Crowd) -> None:
    person = await crowd.neighbour()
    async with device.client(synced=False) as bot:
        assert device.kept is not None
        assert await person.vouched_for(bot.user) == set()  # the control: a device that nobody has signed
        assert await bot.sign(device.kept.seeds, never) is Outcome.MADE
        assert await person.vouched_for(bot.user) == {device.kept.device}
        assert await bot.sign(device.kept.seeds, never) is Outcome.FINE


async def test_a_device_whose_store_was_lost_is_followed_by_one_that_the_same_seeds_sign(
    device: Device, crowd: Crowd
) -> None:
    person = await crowd.neighbour()
    async with device.client(synced=False) as bot:
        assert device.kept is not None
        await bot.sign(device.kept.seeds, never)
        before = device.kept
    remove(device.directory)
    async with device.client(synced=False) as bot:
        assert device.login is not None
        assert device.login.how is How.ANEW
        assert device.kept.seeds == before.seeds
        assert device.kept.device != before.device
        assert await bot.sign(device.kept.seeds, never) is Outcome.SIGNED
        assert await bot.retire(device.login.replaced)
        assert await person.vouched_for(bot.user) == {device.kept.device}  # and the lost device is gone


async def test_lost_seeds_make_a_new_identity_and_the_operator_is_told(device: Device, crowd: Crowd) -> None:
    person = await crowd.neighbour()
    async with device.client(synced=False) as bot:
        assert device.kept is not None
        await bot.sign(device.kept.seeds, never)
    device.kept = replace(device.kept, seeds=os.urandom(96))
    async with device.client(synced=False) as bot:
        with pytest.raises(AssertionError, match="password"):
            await bot.sign(device.kept.seeds, never)
        with pytest.raises(LoginRefused, match="password"):
            await bot.sign(device.kept.seeds, lambda: "wrong")
        assert await bot.sign(device.kept.seeds, lambda: device.account.password) is Outcome.RESET
        assert await person.vouched_for(bot.user) == {device.kept.device}
        assert await bot.sign(device.kept.seeds, never) is Outcome.FINE


async def test_every_key_and_signature_is_unpadded_and_holds_no_seed(device: Device) -> None:
    async with device.client(synced=False) as bot:
        assert device.kept is not None
        identity = Identity(bot.user, device.kept.seeds)
        body = identity.upload(bot.machine)
        assert "=" not in str(body)
        assert len(set(identity.public.values())) == len(identity.public)
        assert Identity(bot.user, device.kept.seeds).upload(bot.machine) == body  # the same seeds, the same identity
        assert str(identity) == "Identity()"
    with pytest.raises(ValueError, match="96 bytes"):
        Identity(device.user, b"short")


async def test_keys_of_somebody_else_under_our_name_are_never_signed(device: Device) -> None:
    """The control of it is every other test here: what the server shows is signed when it is ours."""
    async with device.client(synced=False) as bot:
        assert device.kept is not None
        real = bot.wire.ask

        async def lying(method: str, path: str, *more: object, **named: object) -> dict[str, object]:
            answer = await real(method, path, *more, **named)  # type: ignore[arg-type]
            if path.endswith("keys/query"):
                keys = answer["device_keys"][bot.user][bot.machine.device_id]["keys"]
                keys[f"ed25519:{bot.machine.device_id}"] = "A" * 43
            assert not path.endswith("signatures/upload")
            return answer

        bot.wire.ask = lying  # type: ignore[method-assign]
        with pytest.raises(Unknown):
            await establish(bot.wire, bot.machine, device.kept.seeds, never)
