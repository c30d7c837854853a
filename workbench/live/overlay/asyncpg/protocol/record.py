"""The rows that asyncpg returns."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping
from reprlib import recursive_repr
from typing import Any, NoReturn, Self, SupportsIndex


class Record:
    """A row: its values by position, like a tuple, and by the name of their column."""

    __slots__ = ("__columns", "__values")

    __columns: RecordDescriptor
    __values: tuple[Any, ...]

    def __new__(cls, *_: Any, **__: Any) -> Self:
        """Raise TypeError: rows come from the database."""
        raise TypeError(f"cannot create '{_full_name(cls)}' instances")

    def __getitem__(self, key: Any) -> Any:
        if type(key) is str:
            try:
                return self.__values[self.__columns.positions[key]]
            except KeyError:
                raise _missing(key) from None
        if isinstance(key, slice):
            return self.__values[key]
        if hasattr(type(key), "__index__"):
            return self.__at(key)
        try:
            return self.__values[self.__columns.positions[key]]
        except (KeyError, TypeError):
            raise _missing(key) from None

    def __at(self, key: SupportsIndex) -> Any:
        index = operator.index(key)
        try:
            return self.__values[index]
        except IndexError as raised:
            if abs(index) >> 63:
                raise IndexError(
                    f"cannot fit '{type(key).__name__}' into an index-sized integer"
                ) from raised
            raise IndexError("record index out of range") from None

    def __len__(self) -> int:
        return len(self.__values)

    def __iter__(self) -> RecordIterator:
        return RecordIterator(self.__values)

    def __contains__(self, key: object) -> bool:
        try:
            return key in self.__columns.positions
        except TypeError:
            return False

    def __hash__(self) -> int:
        return hash(self.__values)

    def __eq__(self, other: object) -> Any:
        return self.__compare(other, operator.eq)

    def __ne__(self, other: object) -> Any:
        return self.__compare(other, operator.ne)

    def __lt__(self, other: object) -> Any:
        return self.__compare(other, operator.lt)

    def __le__(self, other: object) -> Any:
        return self.__compare(other, operator.le)

    def __gt__(self, other: object) -> Any:
        return self.__compare(other, operator.gt)

    def __ge__(self, other: object) -> Any:
        return self.__compare(other, operator.ge)

    def __compare(self, other: object, holds: Any) -> Any:
        if isinstance(other, Record):
            return holds(self.__values, other.__values)
        if isinstance(other, tuple):
            return holds(self.__values, other)
        return NotImplemented

    @recursive_repr("<Record ...>")
    def __repr__(self) -> str:
        words = (f" {name}={value!r}" for name, value in self.items())
        return f"<{type(self).__name__}{''.join(words)}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"cannot pickle {_full_name(type(self))} objects")

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        self.__reduce__()

    def get(self, *arguments: Any) -> Any:
        """Return the value of a column, or the default, None, where there is no such column."""
        if not 1 <= len(arguments) <= 2:
            raise TypeError(f"Record.get() expected 1 or 2 arguments, got {len(arguments)}")
        position = self.__columns.positions.get(arguments[0])
        if position is None:
            return arguments[1] if len(arguments) == 2 else None
        return self.__values[position]

    def keys(self) -> Iterator[str]:
        """Iterate over the names of the columns."""
        return iter(self.__columns.names)

    def values(self) -> RecordIterator:
        """Iterate over the values."""
        return RecordIterator(self.__values)

    def items(self) -> RecordItemsIterator:
        """Iterate over names and values together."""
        return RecordItemsIterator(self.__columns.names, self.__values)


# Names and values of a row go through these, so that a subclass may define any attribute.
_set_columns = Record.__dict__["_Record__columns"].__set__
_set_values = Record.__dict__["_Record__values"].__set__


class RecordIterator:
    """Iterates over the values of one row."""

    __slots__ = ("_steps",)

    def __init__(self, values: tuple[Any, ...]) -> None:
        self._steps = iter(values)

    def __iter__(self) -> RecordIterator:
        return self

    def __next__(self) -> Any:
        return next(self._steps)

    def __length_hint__(self) -> int:
        return operator.length_hint(self._steps)


class RecordItemsIterator:
    """Iterates over the names and values of one row."""

    __slots__ = ("_names", "_values")

    def __init__(self, names: tuple[str, ...], values: tuple[Any, ...]) -> None:
        self._names, self._values = iter(names), iter(values)

    def __iter__(self) -> RecordItemsIterator:
        return self

    def __next__(self) -> tuple[str, Any]:
        return next(self._names), next(self._values)

    def __length_hint__(self) -> int:
        return operator.length_hint(self._values)


class RecordDescriptor:
    """The columns that the rows of one result share."""

    __slots__ = ("names", "positions")

    def __init__(self, positions: Mapping[str, int], names: tuple[str, ...]) -> None:
        self.positions, self.names = positions, names

    def make_record(self, record_class: type[Record], values: tuple[Any, ...]) -> Record:
        """Return a row of these columns."""
        row = object.__new__(record_class)
        _set_columns(row, self)
        _set_values(row, values)
        return row


def _missing(key: Any) -> KeyError:
    if key is None:
        return KeyError()
    return KeyError(*key) if isinstance(key, tuple) else KeyError(key)


def _full_name(kind: type) -> str:
    # C has the class's module in its name, as Python has not.
    return f"{kind.__module__}.{kind.__name__}" if kind is Record else kind.__name__
