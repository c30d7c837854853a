"""A ``timestamp with time zone`` that refuses datetimes without an offset.

Buys: an error where a naive value would be stored as some moment that nobody meant; asyncpg
reads it in the time zone of the Python process.
Needs: ``type_annotation_map = {datetime: AwareDateTime()}`` on the base, or the type by column.
Limits: checks what SQLAlchemy binds to the column, in INSERT, UPDATE and WHERE; SQL text passes
by. Alembic's autogenerate writes the type by its path, so migrations import it.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine


class AwareDateTime(TypeDecorator[datetime]):
    """Stores aware datetimes; PostgreSQL keeps the moment and returns it in UTC with asyncpg.

    Cost: none in statements. Raises StatementError, caused by a ValueError, for a naive value
    and for anything else that is not a datetime.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if not isinstance(value, datetime) or value.utcoffset() is None:
            raise ValueError(f"a datetime with an offset is needed, such as UTC, not {value!r}")
        return value

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:
        """Keep ``column + timedelta`` an interval; check every datetime."""
        if isinstance(value, datetime):
            return self
        return self.impl_instance.coerce_compared_value(op, value)
