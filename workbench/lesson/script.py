"""Plain SQL as a person types it: statements one after the other, with their rows or plans."""

from __future__ import annotations

import re
from collections.abc import Iterator

from IPython.display import display
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from workbench.lesson.plan import Plan, explain
from workbench.lesson.table import ResultTable, tabulate

MOST_ROWS = 100
_PIECE = re.compile(
    r"""(?P<space>\s+|--[^\n]*)
    | (?P<comment>/\*)
    | (?<!\w)[eE]'(?:[^'\\]|\\.|'')*'
    | '(?:[^']|'')*'
    | "(?:[^"]|"")*"
    | (?<![\w$])\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$
    | (?P<end>;)
    | [\w$]+
    | .""",
    re.DOTALL | re.VERBOSE,
)


async def run_script(engine: AsyncEngine, script: str) -> None:
    """Run each statement of ``script`` and show its rows, at most 100, or how many it changed.

    Each statement commits by itself, outside of a ``BEGIN`` of the script's own; a transaction
    that the script leaves open is rolled back. Raises what the database raises, at the first
    statement that fails.
    """
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        try:
            for statement in statements(script):
                result = await connection.exec_driver_sql(statement)
                if result.returns_rows:
                    rows = result.fetchmany(MOST_ROWS + 1)
                    _show(tabulate(*result.keys(), rows=rows[:MOST_ROWS]))
                    if len(rows) > MOST_ROWS:
                        print(f"These are the first {MOST_ROWS} rows.")  # noqa: T201
                elif result.rowcount >= 0:
                    rows_changed = "1 row" if result.rowcount == 1 else f"{result.rowcount} rows"
                    print(f"{_verb(statement)}: {rows_changed}")  # noqa: T201
                else:
                    print(f"{_verb(statement)}: done")  # noqa: T201
        finally:
            if driver.is_in_transaction():
                await driver.execute("ROLLBACK")


async def show_plans(engine: AsyncEngine, script: str) -> None:
    """Run each statement of ``script`` under EXPLAIN ANALYZE and show its plan with its buffers.

    All of it is rolled back afterwards.
    """
    async with engine.connect() as connection:
        for statement in statements(script):
            # text() would take a colon for the start of a bind parameter's name.
            literal = text(statement.replace("\\", "\\\\").replace(":", "\\:"))
            _show(await explain(connection, literal, buffers=True))


def statements(script: str) -> list[str]:
    """Return the statements of ``script``, which semicolons end.

    A semicolon inside a literal, a quoted name or a comment ends nothing. The body of a function
    has to be a literal, not ``BEGIN ATOMIC``.
    """
    found: list[str] = []
    current, is_empty = "", True
    for piece, kind in _pieces(script):
        if kind == "end":
            if not is_empty:
                found.append(current.strip())
            current, is_empty = "", True
        else:
            current += piece
            is_empty = is_empty and kind in {"space", "comment"}
    return found if is_empty else [*found, current.strip()]


def _pieces(script: str) -> Iterator[tuple[str, str | None]]:
    at = 0
    while found := _PIECE.match(script, at):
        kind = next((name for name in ("space", "comment", "end") if found[name]), None)
        end = _comment_end(script, at) if kind == "comment" else found.end()
        yield script[at:end], kind
        at = end


def _comment_end(script: str, start: int) -> int:
    """Return where the comment that begins at ``start`` ends; comments may hold comments."""
    depth = 0
    for mark in re.finditer(r"/\*|\*/", script[start:]):
        depth += 1 if mark[0] == "/*" else -1
        if depth == 0:
            return start + mark.end()
    return len(script)


def _show(evidence: Plan | ResultTable) -> None:
    display(evidence)  # type: ignore[no-untyped-call]


def _verb(statement: str) -> str:
    for piece, kind in _pieces(statement):
        if kind is None:
            return piece.upper()
    return statement
