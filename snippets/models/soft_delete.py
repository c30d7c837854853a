"""Rows that are hidden instead of deleted.

Buys: a deletion that can be undone and a history that stays joined to its rows.
Needs: a filter wherever rows are read (see ``LivingSession``), partial unique indexes, and
something that refuses DELETE (see ``refuse_delete``).
Limits: hidden rows still fill the table, still hold their foreign keys, and still take new
children: PostgreSQL does not know that they are deleted.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, DateTime
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column


class SoftDelete:
    """Adds ``deleted_at``, NULL while the row lives, and ``is_deleted`` for Python and SQL.

    Delete with ``row.deleted_at = datetime.now(UTC)``, restore with ``row.deleted_at = None``;
    ``func.now()`` is good in a bulk UPDATE, but on an object it is unreadable until refreshed.
    Filter with ``~Model.is_deleted``, which becomes ``deleted_at IS NULL``. Adds no statements.
    """

    deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @hybrid_property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None

    @is_deleted.inplace.expression
    @classmethod
    def _is_deleted(cls) -> ColumnElement[bool]:
        return cls.deleted_at.is_not(None)
