"""The name of the constraint that refused a row, to tell one IntegrityError from another.

Buys: an answer to the client that depends on which rule was broken, without parsing messages,
which PostgreSQL translates.
Needs: asyncpg, and constraints whose names are known (see ``Base``).
Limits: NOT NULL has no name before PostgreSQL 18 and reports none in 18. The names of one
table's constraints are unique, those of a schema's are not.
"""

from sqlalchemy.exc import IntegrityError


def violated_constraint(error: IntegrityError) -> str | None:
    """Return the name of the constraint or unique index; None where PostgreSQL gives none.

    Sends nothing. Raises TypeError for an error of another kind.
    """
    if not isinstance(error, IntegrityError):
        raise TypeError(f"an IntegrityError is needed, not {type(error).__name__}")
    name = getattr(error.orig.__cause__, "constraint_name", None) if error.orig else None
    return name if isinstance(name, str) else None
