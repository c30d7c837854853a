"""Record the statements that SQLAlchemy sends: one object counts them and shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Self, overload

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine

from workbench.lesson.database_error import database_message
from workbench.lesson.sql_text import comment, shortened
from workbench.lesson.values import ValueNames
from workbench.markdown import MimeBundle, bundle, fenced


@dataclass
class Statement:
    """One statement as the driver received it.

    ``parameter_sets`` holds one sequence of bind values for each execution that the
    statement was sent for: several for the driver's ``executemany``.
    """

    sql: str
    parameter_sets: Sequence[Sequence[Any]] = ()
    error: str | None = None

    @property
    def verb(self) -> str:
        """The first keyword in capitals, such as SELECT or SAVEPOINT."""
        return self.sql.split(None, 1)[0].upper().rstrip(";") if self.sql.strip() else ""


@dataclass(frozen=True)
class _Boundary:
    sql: str


@dataclass
class Recording(Sequence[Statement]):
    """The statements sent by one engine while the ``with`` block ran.

    ``len()`` counts what was sent for execution, SAVEPOINT and its release included.
    BEGIN, COMMIT and ROLLBACK are shown but not counted, and neither is what the driver
    and the dialect send of their own accord when a connection opens.
    """

    engine: Engine
    _entries: list[Statement | _Boundary] = field(default_factory=list)

    def __enter__(self) -> Self:
        for name, listener in self._listeners():
            event.listen(self.engine, name, listener)
        return self

    def __exit__(self, *exc_info: object) -> None:
        for name, listener in self._listeners():
            event.remove(self.engine, name, listener)

    def _listeners(self) -> list[tuple[str, Any]]:
        return [
            ("before_cursor_execute", self._execute),
            ("handle_error", self._failed),
            ("begin", self._begin),
            ("commit", self._commit),
            ("rollback", self._rollback),
        ]

    def _execute(
        self, conn: Connection, cursor: Any, sql: str, parameters: Any, context: Any, many: bool
    ) -> None:
        # The batches of "insertmanyvalues" are called many, but hold one flat tuple.
        several = many and not isinstance(parameters, tuple)
        sets = list(parameters) if several else [parameters] if parameters else []
        self._entries.append(Statement(sql, sets))

    def _failed(self, context: ExceptionContext) -> None:
        if context.statement is not None and self._entries:
            last = self._entries[-1]
            if isinstance(last, Statement) and last.sql == context.statement:
                last.error = database_message(context.original_exception)

    def _begin(self, conn: Connection) -> None:
        self._entries.append(_Boundary("BEGIN"))

    def _commit(self, conn: Connection) -> None:
        self._entries.append(_Boundary("COMMIT"))

    def _rollback(self, conn: Connection) -> None:
        self._entries.append(_Boundary("ROLLBACK"))

    @property
    def statements(self) -> list[Statement]:
        """The recorded statements in the order they were sent."""
        return [entry for entry in self._entries if isinstance(entry, Statement)]

    @overload
    def __getitem__(self, index: int) -> Statement: ...
    @overload
    def __getitem__(self, index: slice) -> list[Statement]: ...
    def __getitem__(self, index: int | slice) -> Statement | list[Statement]:
        return self.statements[index]

    def __len__(self) -> int:
        return len(self.statements)

    def __iter__(self) -> Iterator[Statement]:
        return iter(self.statements)

    def verbs(self) -> list[str]:
        """Return the first keyword of each statement, such as ``["SELECT", "UPDATE"]``."""
        return [statement.verb for statement in self]

    @property
    def boundaries(self) -> list[str]:
        """BEGIN, COMMIT and ROLLBACK in the order they happened."""
        return [entry.sql for entry in self._entries if isinstance(entry, _Boundary)]

    def __str__(self) -> str:
        names = ValueNames()
        return "\n".join(_shown(run, names) for run in _runs(self._entries))

    def __repr__(self) -> str:
        return f"{self._headline()}\n{self}"

    def _headline(self) -> str:
        count = len(self)
        return "No statements" if count == 0 else f"{count} statement{'s' if count > 1 else ''}"

    def _repr_mimebundle_(self, **_: object) -> MimeBundle:
        markdown = f"**{self._headline()}**"
        if self._entries:
            markdown += "\n\n" + fenced(str(self), language="sql")
        return bundle(markdown, repr(self), kind="sql")


def record(engine: AsyncEngine | Engine) -> Recording:
    """Record what ``engine`` sends inside ``with record(engine) as sent:``."""
    return Recording(engine.sync_engine if isinstance(engine, AsyncEngine) else engine)


def _runs(entries: list[Statement | _Boundary]) -> Iterator[list[Statement | _Boundary]]:
    """Group equal statements that follow one another; boundaries stay alone."""
    numbered = enumerate(entries)
    for _, run in groupby(
        numbered, key=lambda item: item[1].sql if isinstance(item[1], Statement) else item[0]
    ):
        yield [entry for _, entry in run]


def _shown(run: list[Statement | _Boundary], names: ValueNames) -> str:
    first = run[0]
    if isinstance(first, _Boundary):
        return f"{first.sql};"
    statements = [entry for entry in run if isinstance(entry, Statement)]
    sets = [values for statement in statements for values in statement.parameter_sets]
    lines = [shortened(names.text(first.sql).strip().rstrip(";") + ";")]
    notes = []
    if len(statements) > 1:
        notes.append(f"×{len(statements)}")
    elif len(sets) > 1:
        notes.append(f"executemany of {len(sets)}")
    values = _values(sets, names)
    if values:
        notes.append(values)
    if notes:
        lines.append(comment(": ".join(notes)))
    lines += [comment(f"ERROR: {names.text(entry.error)}") for entry in statements if entry.error]
    return "\n".join(lines)


def _values(sets: Sequence[Sequence[Any]], names: ValueNames) -> str:
    """Describe each placeholder; of many, the first three and the last."""
    if not sets:
        return ""
    placeholders = [
        f"${number} = {_series([names.literal(values[number - 1]) for values in sets])}"
        for number in _ends(range(1, len(sets[0]) + 1), most=8)
        if number
    ]
    if len(sets[0]) > 8:
        placeholders.insert(-1, "…")
    return ", ".join(placeholders)


def _series(literals: list[str]) -> str:
    if len(set(literals)) == 1:
        return literals[0]
    shown = literals if len(literals) <= 4 else [*literals[:3], "…", literals[-1]]
    return " | ".join(shown)


def _ends(numbers: range, *, most: int) -> list[int]:
    values = list(numbers)
    return values if len(values) <= most else [*values[:3], values[-1]]
