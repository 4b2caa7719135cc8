"""The parts of a name as they are kept beside it, so that whoever compares many names does not take each apart anew.

What is kept is a list of plain values in the order of the dataclasses' own fields, whichever these are: JSON can write
it. `FORM` says by which rules a name was taken apart; parts of another form are not read, and the name is parsed again.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, Final, get_args, get_origin, get_type_hints

from bot.domain.names import parts as _parts
from bot.domain.names.parts import Name

if TYPE_CHECKING:
    from collections.abc import Callable

FORM: Final = 1  # raise it whenever `parse` says something else of any name: what was kept is then parsed again
_LEFT_OUT: Final = frozenset({"written"})  # for a human eye: the name itself stands beside


def packed(name: Name) -> list[Any]:
    """Plain values: texts, numbers, None, and lists of these. What stands at the end and is usual is left out."""
    found = _packed(name)
    assert isinstance(found, list)  # noqa: S101 - a dataclass is packed as a list
    return found


def unpacked(values: list[Any]) -> Name:
    """The name again, without `written`. Only for what `packed` made under this `FORM`."""
    name: Name = _of_dataclass(Name)(values)
    return name


def _packed(value: Any) -> Any:  # noqa: ANN401 - any field's
    if is_dataclass(value) and not isinstance(value, type):
        kept = _kept(type(value))
        said = [_packed(getattr(value, name)) for name, _usual in kept]
        while said and said[-1] == kept[len(said) - 1][1]:
            said.pop()
        return said
    if isinstance(value, Enum):
        return list(type(value)).index(value)
    if isinstance(value, tuple):
        return [_packed(one) for one in value]
    return int(value) if isinstance(value, bool) else value


@cache
def _kept(of: type) -> tuple[tuple[str, Any], ...]:
    """The fields that are kept, and how their usual value is packed."""
    return tuple((one.name, _packed(one.default)) for one in fields(of) if one.name not in _LEFT_OUT)


@cache
def _maker(hint: Any) -> Callable[[Any], Any] | None:  # noqa: ANN401 - any annotation
    """What makes a field's value of what was packed; None where that is the same."""
    if isinstance(hint, type) and is_dataclass(hint):
        return _of_dataclass(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return list(hint).__getitem__
    if hint is bool:
        return bool
    if get_origin(hint) is tuple:
        inner = _maker(get_args(hint)[0])
        return tuple if inner is None else lambda values: tuple(map(inner, values))
    if type(None) in get_args(hint):
        (some,) = (one for one in get_args(hint) if one is not type(None))
        make = _maker(some)
        return None if make is None else lambda value: None if value is None else make(value)
    return None


@cache
def _of_dataclass(of: Any) -> Callable[[list[Any]], Any]:  # noqa: ANN401 - a dataclass
    hints = get_type_hints(of, vars(_parts))
    kept = [one for one in fields(of) if one.name not in _LEFT_OUT]
    makes = [(at, make) for at, one in enumerate(kept) if (make := _maker(hints[one.name])) is not None]
    names = [one.name for one in kept]
    in_order = names == [one.name for one in fields(of)][: len(names)]

    def made(values: list[Any]) -> Any:  # noqa: ANN401
        count = len(values)
        for at, make in makes:
            if at < count:
                values[at] = make(values[at])
        return of(*values) if in_order else of(**dict(zip(names, values, strict=False)))

    return made
