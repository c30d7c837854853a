"""Change keys inside a JSONB document in the database, one UPDATE for the row.

Buys: two sessions that change different keys of one document keep both changes; missing parents
are made; what other keys hold is neither read nor sent.
Needs: a JSONB column, an object that the session holds, SQLAlchemy 2.0.42 or later.
Limits: the same key set twice keeps the last value; read it in the same statement, or lock the
row, where that matters. PostgreSQL still stores the whole document anew.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import inspect, update
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

Path = Sequence[str | int]


async def set_paths(
    session: AsyncSession,
    instance: object,
    column: InstrumentedAttribute[Any],
    values: Mapping[Path, Any],
) -> None:
    """Set each path of ``column`` in the row of ``instance``: ``{("author", "name"): "Ada"}``.

    Flushes, then sends one UPDATE … RETURNING that refreshes ``instance``, ``onupdate`` columns
    included. None is stored as a JSON null; an SQL expression must be of type jsonb. Raises
    ValueError for no values and for a path that is not a tuple of keys and list positions,
    InvalidRequestError for an object without a row in this session, NoResultFound where the row
    is gone, and DBAPIError where a parent is neither object, list nor null.
    """
    if not values:
        raise ValueError("give at least one path to set")
    target: dict[Any, Any] = {}
    for path, value in values.items():
        if not isinstance(path, tuple) or not path or not all(type(k) in (str, int) for k in path):
            raise ValueError(f"a path is a tuple of keys and list positions, not {path!r}")
        place: Any = column
        for key in path:
            place = place[key]
        target[place] = value
    state: Any = inspect(instance, raiseerr=False)
    if not getattr(state, "persistent", False) or instance not in session:
        raise InvalidRequestError("the object has no row in this session: add and flush it")
    await session.flush()
    keys = zip(state.mapper.primary_key, state.identity, strict=True)
    statement = update(state.mapper).where(*(key == value for key, value in keys))
    changed = statement.values(target).returning(state.mapper)
    (await session.scalars(changed, execution_options={"populate_existing": True})).one()
