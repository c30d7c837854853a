"""Create a project with its board and columns in one flush.

Buys: three INSERTs in the right order and no key passed by hand; a slug of its own although
others take the same name at the same moment, because the unique index decides.
Needs: relationships from project to board to column; a session whose transaction the caller
commits.
Limits: what is pending in the session is flushed first. A taken slug costs 4 statements; where
names are rarely free, put something unique into the slug.
"""

import uuid
from collections.abc import Sequence

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from snippets.domain import BoardColumn, Project, TaskBoard
from snippets.repository.slug import slugify
from snippets.repository.violated_constraint import violated_constraint
from snippets.transactions.savepoint import attempt


class SlugTaken(ValueError):
    """Living projects hold every slug that was tried: answer 409."""


async def create_project(
    session: AsyncSession,
    *,
    name: str,
    owner_id: uuid.UUID,
    columns: Sequence[str] = ("To do", "In progress", "Done"),
    tries: int = 5,
) -> Project:
    """Insert a project, its board and the board's ``columns``, from left to right.

    The slug is that of ``name``, or the first free one of ``name-2``, ``name-3`` up to
    ``tries``. Costs 5 statements, of which 2 are the savepoint's, and 4 for each taken slug;
    waits where another transaction has inserted the slug and not ended yet. Raises ValueError
    for a name without letters or digits and for no tries, TypeError for columns that are text,
    SlugTaken, and IntegrityError for an unknown owner; the transaction survives all of them.
    """
    if isinstance(columns, str):
        raise TypeError("columns are several names, not one text")
    if tries < 1:
        raise ValueError(f"there is 1 try or more, not {tries}")
    slug = slugify(name)
    for number in range(1, tries + 1):
        board = TaskBoard(
            name="Default",
            columns=[BoardColumn(name=column, position=n) for n, column in enumerate(columns)],
        )
        project = Project(
            name=name,
            slug=slug if number == 1 else f"{slug}-{number}",
            owner_id=owner_id,
            boards=[board],
        )
        async with attempt(session, IntegrityError) as inserted:
            session.add(project)
        if not isinstance(inserted.error, IntegrityError):
            return project
        if violated_constraint(inserted.error) != "uq_project_slug_living":
            raise inserted.error
    raise SlugTaken(f"{slug} is taken, and so are its {tries - 1} followers")
