"""Between JSON and frozen dataclasses: what a block's data looks like in a row and in the hand.

A ``Data`` class uses only these annotations: str, bool, int | None, Decimal | None, date | None, time | None,
tuple[str, ...] and tuple[AnotherDataclass, ...]. Every field has a default, so a row written by an older version of a
kind still loads, and an empty dict is an empty block.
"""

import dataclasses
import datetime
import re
import types
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from newsroom.lib.errors import Refused

D = TypeVar("D")


class Malformed(Refused):
    """Block data that does not have its kind's shape."""


def load(cls: type[D], raw: Mapping[str, Any]) -> D:
    """Build ``cls`` from JSON values; unknown keys are ignored. Raises ``Malformed`` naming the field."""
    if not isinstance(raw, Mapping):
        raise Malformed(f"{cls.__name__} needs an object, not {type(raw).__name__}.")
    hints: dict[str, Any] = _hints(cls)  # type: ignore[arg-type]
    values = {
        name: _value(hint, raw[name], f"{cls.__name__}.{name}") for name, hint in hints.items() if name in raw
    }
    return cls(**values)


def dump(data: Any) -> dict[str, Any]:
    """Turn a data class into JSON values: decimals and dates become strings, tuples become lists."""
    return {field.name: _json(getattr(data, field.name)) for field in dataclasses.fields(data)}


@cache
def _hints(cls: Any) -> dict[str, Any]:
    return get_type_hints(cls)


def _json(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_json(item) for item in value]
    if dataclasses.is_dataclass(value):
        return dump(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime.time):
        return value.strftime("%H:%M")
    if isinstance(value, datetime.date):
        return value.isoformat()
    return value


_NOT_STORABLE = re.compile("[\0\ud800-\udfff]")


def storable(text: str) -> str:
    """``text`` without what no database takes: NUL and halves of surrogate pairs."""
    return _NOT_STORABLE.sub("", text)


def _value(hint: Any, raw: Any, where: str) -> Any:
    if get_origin(hint) in (types.UnionType, Union):
        (hint,) = (option for option in get_args(hint) if option is not type(None))
        return None if raw in (None, "") else _scalar(hint, raw, where)
    if get_origin(hint) is tuple:
        if not isinstance(raw, list | tuple):
            raise Malformed(f"{where} needs a list.")
        return tuple(_scalar(get_args(hint)[0], item, where) for item in raw)
    return _scalar(hint, raw, where)


def _scalar(hint: Any, raw: Any, where: str) -> Any:
    if dataclasses.is_dataclass(hint):
        return raw if isinstance(raw, hint) else load(hint, raw)  # type: ignore[arg-type]
    try:
        if hint is Decimal and isinstance(raw, str | int | Decimal) and not isinstance(raw, bool):
            return _finite(Decimal(raw))
        if hint in (datetime.date, datetime.time) and isinstance(raw, str):
            return hint.fromisoformat(raw)
    except (InvalidOperation, ValueError) as error:
        raise Malformed(f"{where} cannot be {raw!r}.") from error
    if type(raw) is not hint:
        raise Malformed(f"{where} cannot be {raw!r}.")
    return raw


def _finite(amount: Decimal) -> Decimal:
    if not amount.is_finite():
        raise ValueError(amount)
    return amount
