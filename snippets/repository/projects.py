"""The queries of projects, by name, each one statement.

Buys: a caller says what it wants and cannot forget the filter, the order or the limit.
Needs: a session of ``LivingSession``, and the unique index on the slugs of living projects.
Limits: only living slugs are unique: a query that includes the deleted may find several.
"""

import uuid
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm.interfaces import ORMOption

from snippets.domain import Project
from snippets.queries.cursor import CursorCodec
from snippets.queries.keyset import Keyset
from snippets.queries.page import Page, PageRequest
from snippets.repository.repository import NotFound, Repository


class ProjectRepository(Repository[Project]):
    """Projects; name, slug and owner can change."""

    model = Project
    order = Keyset(Project.created_at.desc(), Project.id.desc())
    changeable = frozenset({"name", "slug", "owner_id"})

    async def get_by_slug(self, slug: str, *options: ORMOption) -> Project:
        """Return the living project of ``slug``; one SELECT, and those of ``options``.

        Raises NotFound; MultipleResultsFound where the unique index is missing.
        """
        statement = select(Project).where(Project.slug == slug).options(*options)
        found = (await self.session.scalars(statement)).one_or_none()
        if found is None:
            raise NotFound(f"no Project has the slug {slug!r}")
        return found

    async def get_by_owner(
        self, owner_id: uuid.UUID, request: PageRequest, *, cursors: CursorCodec
    ) -> Page[Project]:
        """Return a page of the owner's living projects, the newest first; one SELECT.

        An unknown owner has none. A cursor of another owner raises InvalidCursor.
        """
        scoped = replace(request, scope=f"{request.scope} owner {owner_id}")
        return await self.page(scoped, Project.owner_id == owner_id, cursors=cursors)
