"""Projects are found by slug and by owner, the living ones only, in one statement."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import exc, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from snippets.domain import Project, User
from snippets.models.living_session import LivingSession
from snippets.queries.cursor import CursorCodec, InvalidCursor
from snippets.queries.eager import eager
from snippets.queries.page import PageRequest
from snippets.repository.projects import ProjectRepository
from snippets.repository.repository import FieldRefused, NotFound
from workbench.lesson import record

CURSORS = CursorCodec(keys=[b"a secret of 16 bytes or more"])


@pytest.fixture
async def session(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    sessions = async_sessionmaker(engine, sync_session_class=LivingSession, expire_on_commit=False)
    async with sessions() as opened:
        yield opened


@pytest.fixture
async def ada(session: AsyncSession) -> User:
    ada, ben = (User(email=f"{name}@example.org", name=name) for name in ("ada", "ben"))
    deleted = Project(name="old", slug="apollo", owner=ada, deleted_at=datetime.now(UTC))
    living = [Project(name=slug, slug=slug, owner=ada) for slug in ("apollo", "gemini", "vega")]
    other = Project(name="other", slug="other", owner=ben)
    session.add_all([deleted, *living, other])
    await session.commit()
    session.expunge_all()
    return ada


async def test_the_living_project_of_a_slug_costs_one_statement(
    session: AsyncSession, ada: User, engine: AsyncEngine
) -> None:
    with record(engine) as sent:
        project = await ProjectRepository(session).get_by_slug("apollo", *eager(Project.owner))
    assert (project.name, project.owner.name) == ("apollo", "ada")
    assert len(sent) == 1


async def test_an_unknown_or_deleted_slug_is_not_found(session: AsyncSession, ada: User) -> None:
    projects = ProjectRepository(session)
    await projects.delete(await projects.get_by_slug("vega"))
    for slug in ("vega", "unknown"):
        with pytest.raises(NotFound, match=slug):
            await projects.get_by_slug(slug)


async def test_without_the_unique_index_two_rows_are_an_error(
    session: AsyncSession, ada: User
) -> None:
    await session.execute(text("DROP INDEX uq_project_slug_living"))
    projects = ProjectRepository(session)
    await projects.add(Project(name="twin", slug="apollo", owner_id=ada.id))
    with pytest.raises(exc.MultipleResultsFound):
        await projects.get_by_slug("apollo")


async def test_an_owner_s_projects_come_in_pages_of_one_statement(
    session: AsyncSession, ada: User, engine: AsyncEngine
) -> None:
    projects = ProjectRepository(session)
    with record(engine) as sent:
        first = await projects.get_by_owner(ada.id, PageRequest(size=2), cursors=CURSORS)
        rest = PageRequest(size=2, cursor=first.next)
        second = await projects.get_by_owner(ada.id, rest, cursors=CURSORS)
    names = [project.name for project in (*first.items, *second.items)]
    assert names == ["vega", "gemini", "apollo"]
    assert second.next is None
    assert len(sent) == 2
    nobody = await projects.get_by_owner(uuid.uuid4(), PageRequest(size=2), cursors=CURSORS)
    assert nobody.items == []


async def test_a_cursor_of_another_owner_is_refused(session: AsyncSession, ada: User) -> None:
    projects = ProjectRepository(session)
    first = await projects.get_by_owner(ada.id, PageRequest(size=2), cursors=CURSORS)
    with pytest.raises(InvalidCursor):
        await projects.get_by_owner(
            uuid.uuid4(), PageRequest(size=2, cursor=first.next), cursors=CURSORS
        )


async def test_name_slug_and_owner_can_change_and_nothing_else(
    session: AsyncSession, ada: User
) -> None:
    projects = ProjectRepository(session)
    project = await projects.get_by_slug("vega")
    ben = (await projects.get_by_slug("other")).owner_id
    await projects.update(project, {"name": "Vega", "slug": "vega-b", "owner_id": ben})
    await session.refresh(project)
    assert (project.name, project.slug, project.owner_id) == ("Vega", "vega-b", ben)
    for name in ("id", "created_at", "deleted_at", "tasks"):
        with pytest.raises(FieldRefused, match=f"Project takes no {name}"):
            await projects.update(project, {name: None})
