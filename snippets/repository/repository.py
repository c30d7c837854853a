"""One place for the reads and writes of a model, each with a known cost in statements.

Buys: fresh and living rows only; an INSERT or UPDATE without a SELECT after it; fields that no
request can set by accident; deletion that can be undone.
Needs: ``UUIDKey``, and a session of ``LivingSession`` where the model is soft-deletable; the
model's ``eager_defaults`` (see ``Timestamps``) for values that PostgreSQL makes. The caller
commits.
Limits: writes flush the whole session, so what else is pending is sent as well. It guards what
goes through it: ``setattr`` on the object does not. After an error of a flush the transaction
is lost, unless a savepoint is around it.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnExpressionArgument, inspect, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.orm.interfaces import ORMOption

from snippets.models.living_session import LivingSession
from snippets.models.soft_delete import SoftDelete
from snippets.models.uuid_key import UUIDKey
from snippets.queries.cursor import CursorCodec
from snippets.queries.keyset import Keyset
from snippets.queries.page import CursorPages, Page, PageRequest


class NotFound(LookupError):
    """No living row is there, or it was deleted: answer 404."""


class FieldRefused(ValueError):
    """An update names fields that it may not set, and has set none: answer 422."""


class ReadRepository[M: UUIDKey]:
    """Reads living rows of ``model``; a subclass sets ``model``, and ``order`` for its pages.

    Raises TypeError for a session that would show the deleted rows of a soft-deletable model.
    """

    model: type[M]
    order: Keyset

    def __init__(self, session: AsyncSession) -> None:
        if issubclass(self.model, SoftDelete) and not isinstance(
            session.sync_session, LivingSession
        ):
            raise TypeError(f"{self.model.__name__} is soft-deleted: use a LivingSession")
        self.session = session

    async def get(self, key: uuid.UUID, *options: ORMOption, lock: bool = False) -> M | None:
        """Return the row as it is now, or None; one SELECT, and those of ``options``.

        Sends what is pending first. With ``lock`` other writers of the row wait until this
        transaction ends, and new children do not. Raises TypeError for a key that is no UUID.
        """
        if not isinstance(key, uuid.UUID):
            raise TypeError(f"a key is a UUID, not {type(key).__name__}")
        await self.session.flush()
        statement = select(self.model).where(self.model.id == key).options(*options)
        if lock:
            statement = statement.with_for_update(key_share=True, of=self.model)
        fresh = statement.execution_options(populate_existing=True)
        return (await self.session.scalars(fresh)).one_or_none()

    async def get_one(self, key: uuid.UUID, *options: ORMOption, lock: bool = False) -> M:
        """Return what ``get`` returns; raise NotFound instead of returning None."""
        found = await self.get(key, *options, lock=lock)
        if found is None:
            raise NotFound(f"no {self.model.__name__} has the key {key}")
        return found

    async def page(
        self,
        request: PageRequest,
        *conditions: ColumnExpressionArgument[bool],
        cursors: CursorCodec,
        options: Sequence[ORMOption] = (),
    ) -> Page[M]:
        """Return a page in ``order``: one SELECT, and those of ``options``; see ``CursorPages``.

        Name the ``conditions`` in ``request.scope``. Raises InvalidCursor.
        """
        statement = select(self.model).where(*conditions).options(*options)
        return await CursorPages(self.order, cursors).fetch(self.session, statement, request)


class Repository[M: UUIDKey](ReadRepository[M]):
    """Reads and writes; ``changeable`` are the names of the fields that ``update`` may set.

    A subclass whose ``changeable`` names something unmapped raises TypeError.
    """

    changeable: frozenset[str] = frozenset()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name in cls.changeable:
            if not isinstance(getattr(cls.model, name, None), InstrumentedAttribute):
                raise TypeError(f"{cls.model.__name__} maps no {name}")

    async def add(self, *entities: M) -> None:
        """Insert new objects: one INSERT … RETURNING for each 1,000, and for their children's.

        Raises TypeError for another model, ValueError for an object that is not new,
        IntegrityError where a constraint refuses.
        """
        for entity in entities:
            if not isinstance(entity, self.model):
                raise TypeError(f"a {self.model.__name__} is needed, not {type(entity).__name__}")
            if inspect(entity).has_identity:
                raise ValueError("the object is in the database already: use update()")
        self.session.add_all(entities)
        await self.session.flush()

    async def update(self, entity: M, values: Mapping[str, Any]) -> None:
        """Set ``values``: one UPDATE … RETURNING of what differs, no statement where nothing does.

        Raises FieldRefused for a name outside ``changeable``, ValueError for an object that this
        session does not hold, NotFound for a deleted one; StaleDataError for a row that is gone.
        """
        if refused := sorted(values.keys() - self.changeable):
            raise FieldRefused(f"{self.model.__name__} takes no {', '.join(refused)}")
        self._check(entity)
        for name, value in values.items():
            setattr(entity, name, value)
        await self.session.flush()

    async def delete(self, entity: M) -> None:
        """Hide a soft-deletable row by one UPDATE; delete another for real.

        A DELETE is preceded by a SELECT for each one-to-many relationship that is not loaded.
        Raises ValueError and NotFound like ``update``, IntegrityError for a row with children.
        """
        self._check(entity)
        if isinstance(entity, SoftDelete):
            entity.deleted_at = datetime.now(UTC)
        else:
            await self.session.delete(entity)
        await self.session.flush()

    def _check(self, entity: M) -> None:
        if entity not in self.session or not inspect(entity).persistent:
            raise ValueError("this session does not hold the object: get() it first")
        if isinstance(entity, SoftDelete) and entity.is_deleted:
            raise NotFound(f"the {self.model.__name__} is deleted")
