"""A session that sees only living rows, unless a statement asks for the deleted ones too.

Buys: the filter on ``deleted_at`` in every ORM SELECT, UPDATE and relationship load.
Needs: models with ``SoftDelete``; ``async_sessionmaker(engine, sync_session_class=LivingSession)``
or ``sessionmaker(engine, class_=LivingSession)``.
Limits: unfiltered are SQL text, ``from_statement()``, Core statements on a table, INSERT FROM
SELECT, UPDATE by primary key, refresh, and collections that are loaded already; with SQLAlchemy
2.0 also ``exists()``, ``any()`` and ``has()``. A reference to a deleted row loads as None.
"""

from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import (
    Mapper,
    ORMExecuteState,
    Session,
    UserDefinedOption,
    with_loader_criteria,
)

from snippets.models.soft_delete import SoftDelete


class _Filtered(UserDefinedOption):
    """Marks a statement that has the criteria; the loads that follow from it inherit both."""

    propagate_to_loaders = True


_FILTER = (
    with_loader_criteria(
        SoftDelete, lambda model: model.deleted_at.is_(None), include_aliases=True
    ),
    _Filtered(),
)


class LivingSession(Session):
    """Hides deleted rows; the execution option ``include_deleted=True`` shows them.

    Adds no statements. ``delete()`` of a soft-deletable object raises InvalidRequestError, and
    so does an ORM ``delete()`` statement on such a model without ``include_deleted``.
    """

    def get[T](self, entity: type[T] | Mapper[T], ident: Any, **options: Any) -> T | None:
        found = super().get(entity, ident, **options)
        included = (options.get("execution_options") or {}).get("include_deleted")
        hidden = isinstance(found, SoftDelete) and found.is_deleted and not included
        return None if hidden else found

    def delete(self, instance: object) -> None:
        _refuse(type(instance))
        super().delete(instance)


@event.listens_for(LivingSession, "do_orm_execute")
def _hide_deleted(state: ORMExecuteState) -> None:
    if state.execution_options.get("include_deleted"):
        return
    if state.is_delete and state.bind_mapper is not None:
        _refuse(state.bind_mapper.class_)
    filtered = any(isinstance(option, _Filtered) for option in state.user_defined_options)
    if (state.is_select or state.is_update) and not filtered:
        state.statement = state.statement.options(*_FILTER)


def _refuse(model: type) -> None:
    if issubclass(model, SoftDelete):
        raise InvalidRequestError(f"{model.__name__} is soft-deleted: set deleted_at")
