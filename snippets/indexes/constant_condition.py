"""A condition whose values are part of the SQL, so that every plan can use a partial index.

Buys: one definition for a partial index and for its queries; PostgreSQL can prove the index's
predicate in a generic plan too, where a bind parameter proves nothing.
Needs: a condition on values that the code knows, such as ``Task.status == "open"``.
Limits: each condition is a statement of its own in the caches of SQLAlchemy and asyncpg, so
it is not for values that a user sends. The other conditions of a query stay bind parameters.
"""

from typing import Any

from sqlalchemy import BindParameter, ColumnElement
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import CompileError
from sqlalchemy.sql import visitors


def constant_condition(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return ``condition`` with every value written into the SQL, quoted by SQLAlchemy.

    Give the result to ``Index(…, postgresql_where=…)`` and to ``where()``. Adds no statements.
    Raises ValueError for a parameter without a value or with None, and for a value that
    SQLAlchemy cannot write as a literal.
    """

    def written(element: Any, **_: Any) -> BindParameter[Any] | None:
        if not isinstance(element, BindParameter):
            return None
        if element.effective_value is None:
            raise ValueError(f"the parameter {element.key!r} has no value: a constant is needed")
        return element.render_literal_execute()

    constant: ColumnElement[bool] = visitors.replacement_traverse(condition, {}, written)
    try:
        constant.compile(
            dialect=postgresql.dialect(),  # type: ignore[no-untyped-call]
            compile_kwargs={"literal_binds": True},
        )
    except CompileError as error:
        raise ValueError(f"a value of {condition} cannot be written into SQL") from error
    return constant
