"""A limit on the statements that a block of code may send.

Buys: a test that fails when a loop begins to query, whatever the cause: lazy loading, refresh,
cascades, ``get()`` one by one.
Needs: the engine that the code under test uses, and more than one row to loop over.
Limits: everything the engine sends is counted, also by other tasks and threads. BEGIN, COMMIT
and ROLLBACK are not counted; ``executemany`` is one statement.
"""

import re
import textwrap
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.ext.asyncio import AsyncEngine

_IN_LIST = re.compile(r"IN \((\$\d+[^,()]*), [^()]*\)")


class StatementBudgetError(AssertionError):
    """More statements were sent than allowed; the message lists them."""


@contextmanager
def statement_budget(engine: AsyncEngine | Engine, *, at_most: int) -> Iterator[list[str]]:
    """Fail when the block sends more than ``at_most`` statements; yield them as they are sent.

    An error of the block itself passes through. Sends nothing. Raises ValueError where
    ``at_most`` is negative, StatementBudgetError when the block ends over its budget.
    """
    if at_most < 0:
        raise ValueError(f"at_most must not be negative, got {at_most}")
    sent: list[str] = []

    def count(connection: Any, cursor: Any, sql: str, *rest: Any) -> None:
        sent.append(sql)

    sync_engine = engine.sync_engine if isinstance(engine, AsyncEngine) else engine
    event.listen(sync_engine, "before_cursor_execute", count)
    try:
        yield sent
    finally:
        event.remove(sync_engine, "before_cursor_execute", count)
    if len(sent) > at_most:
        raise StatementBudgetError(
            f"{len(sent)} statements sent, at most {at_most} allowed:\n{_summary(sent)}"
        )


def _summary(sent: list[str]) -> str:
    folded = Counter(_IN_LIST.sub(r"IN (\1, …)", " ".join(sql.split())) for sql in sent)
    return "\n".join(
        textwrap.fill(sql, 88, initial_indent=f"{times:>4} × ", subsequent_indent=" " * 7)
        for sql, times in folded.items()
    )
