"""Load the relationships that a query names, and no other.

Buys: a page of objects in a number of statements that depends on the query, not on the page;
rows of collections add up instead of multiplying; a relationship that nobody named raises.
Needs: nothing from the models; their own ``lazy=`` settings are overruled for the query.
Limits: in READ COMMITTED each statement sees a snapshot of its own. The joins are outer joins:
lock with ``with_for_update(of=Parent)``. A wide object that many rows share is sent with each
of them: load that one with ``selectinload``. What a session holds already is not refilled.
"""

from typing import Any

from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Load, QueryableAttribute, RelationshipProperty, raiseload
from sqlalchemy.orm.interfaces import LoaderOption

type Path = QueryableAttribute[Any] | tuple[QueryableAttribute[Any], ...]


def eager(*paths: Path) -> tuple[LoaderOption, ...]:
    """Return options that load ``paths`` and make every other relationship raise.

    A path is a relationship, or a tuple of them from the queried class outwards:
    ``select(Project).options(*eager(Project.owner, (Project.tasks, Task.assignee)))``.
    A single object comes with a join in its parent's statement. A collection costs one
    statement of its own for each 500 parents, at any depth.

    Raises ArgumentError for a path that is empty, holds anything but relationships, or does
    not follow them; at execution, where the query does not select the path's first class.
    """
    return (
        *(_loader(path if isinstance(path, tuple) else (path,)) for path in paths),
        raiseload("*"),
    )


def _loader(path: tuple[QueryableAttribute[Any], ...]) -> Load:
    if not path:
        raise ArgumentError("a path needs at least one relationship")
    for step in path:
        if not isinstance(getattr(step, "property", None), RelationshipProperty):
            raise ArgumentError(f"{step!s} is not a relationship")
    loader = Load(path[0].parent)
    for step in path:
        loader = loader.selectinload(step) if step.property.uselist else loader.joinedload(step)
    return loader
