"""What a session that hides deleted rows hides, what it refuses, and what it lets through."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import (
    delete,
    exc,
    func,
    insert,
    literal,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import (
    Session,
    aliased,
    joinedload,
    lazyload,
    selectinload,
    subqueryload,
    with_parent,
)

from snippets.domain import Document, Project, Task, User
from snippets.models.living_session import LivingSession
from workbench.lesson import record

DELETED = datetime(2026, 1, 1, tzinfo=UTC)
TABLE = Project.__table__
SEE_DELETED = {"include_deleted": True}
BEFORE_SQLALCHEMY_2_1 = sqlalchemy.__version__.startswith("2.0")


@dataclass
class Scene:
    """Three projects of one owner, one of them deleted; three tasks each, one deleted."""

    sessions: async_sessionmaker[AsyncSession]
    owner: uuid.UUID
    living: uuid.UUID
    deleted: uuid.UUID


@pytest.fixture
async def scene(engine: AsyncEngine) -> Scene:
    owner, living, deleted = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    async with AsyncSession(engine) as session:
        session.add(User(id=owner, email="ada@example.org", name="Ada"))
        await session.flush()
        for slug, key in (("apollo", living), ("gemini", uuid.uuid4()), ("vostok", deleted)):
            project = Project(id=key, name=slug, slug=slug, owner_id=owner)
            project.deleted_at = DELETED if slug == "vostok" else None
            session.add(project)
            await session.flush()
            for title in ("plan", "build", "scrapped"):
                task = Task(title=title, project_id=key)
                task.deleted_at = DELETED if title == "scrapped" else None
                session.add(task)
        await session.commit()
    sessions = async_sessionmaker(engine, sync_session_class=LivingSession, expire_on_commit=False)
    return Scene(sessions, owner, living, deleted)


@pytest.fixture
async def session(scene: Scene) -> AsyncIterator[AsyncSession]:
    async with scene.sessions() as session:
        yield session


_alias = aliased(Project)
_subquery = select(Project).subquery()
_cte = select(Project.id).cte()
_from_core = aliased(Project, select(TABLE).subquery())

FILTERED: dict[str, Any] = {
    "entity": select(Project),
    "column": select(Project.name),
    "count_of_key": select(Project).with_only_columns(Project.id).order_by(Project.id),
    "alias": select(_alias),
    "subquery": select(_subquery.c.id),
    "cte": select(_cte.c.id),
    "union": union_all(select(Project.id).limit(2), select(Project.id).limit(0)),
    "entity_over_a_core_subquery": select(_from_core),
    "in_subquery": select(Project).where(Project.id.in_(select(Project.id))),
}


@pytest.mark.parametrize("name", FILTERED)
async def test_a_select_of_the_orm_returns_the_living(session: AsyncSession, name: str) -> None:
    assert len((await session.execute(FILTERED[name])).all()) == 2


@pytest.mark.parametrize("name", FILTERED)
async def test_the_option_includes_the_deleted(session: AsyncSession, name: str) -> None:
    statement = FILTERED[name]
    expected = 2 if name == "union" else 3
    rows = await session.execute(statement, execution_options=SEE_DELETED)
    assert len(rows.all()) == expected


async def test_counts_are_of_the_living(session: AsyncSession) -> None:
    assert await session.scalar(select(func.count(Project.id))) == 2
    assert await session.scalar(select(func.count()).select_from(Project)) == 2
    per_owner = select(func.count(Project.id)).where(Project.owner_id == User.id)
    assert await session.scalar(select(per_owner.scalar_subquery()).select_from(User)) == 2


async def test_joins_are_filtered_in_their_on_clause(session: AsyncSession) -> None:
    inner = select(Task.title, Project.name).join(Task.project)
    outer = select(Task.title, Project.name).outerjoin(Task.project)
    assert len((await session.execute(inner)).all()) == 4
    rows = (await session.execute(outer)).all()
    assert len(rows) == 6
    assert sum(name is None for _, name in rows) == 2


@pytest.mark.skipif(BEFORE_SQLALCHEMY_2_1, reason="a documented limit on SQLAlchemy 2.0")
async def test_exists_and_any_see_the_living(session: AsyncSession) -> None:
    exists = select(Project).where(Project.owner_id == User.id, Project.slug == "vostok").exists()
    assert (await session.scalars(select(User).where(exists))).all() == []
    any_deleted = User.projects.any(Project.slug == "vostok")
    assert (await session.scalars(select(User).where(any_deleted))).all() == []


@pytest.mark.parametrize("load", [selectinload, joinedload, subqueryload])
async def test_collections_are_filtered_once(
    session: AsyncSession, engine: AsyncEngine, load: Any
) -> None:
    with record(engine) as sent:
        projects = (await session.scalars(select(Project).options(load(Project.tasks)))).unique()
    assert [len(project.tasks) for project in projects] == [2, 2]
    assert "task.deleted_at IS NULL" in str(sent) or "task_1.deleted_at IS NULL" in str(sent)
    for statement in sent:
        condition = statement.sql.partition("FROM")[2]
        assert condition.count("task.deleted_at IS NULL") <= 1
        assert condition.count("project.deleted_at IS NULL") <= 1


@pytest.mark.parametrize("load", [selectinload, joinedload, subqueryload])
async def test_the_option_reaches_collections_loaded_with_the_query(
    session: AsyncSession, load: Any
) -> None:
    statement = select(Project).options(load(Project.tasks))
    rows = await session.scalars(statement, execution_options=SEE_DELETED)
    assert [len(project.tasks) for project in rows.unique()] == [3, 3, 3]


async def test_lazy_loads_and_refreshes_of_collections_are_filtered_once(
    scene: Scene, engine: AsyncEngine
) -> None:
    async with scene.sessions() as session:
        statement = select(Project).options(lazyload(Project.tasks))
        project = (await session.scalars(statement.where(Project.slug == "apollo"))).one()
        with record(engine) as sent:
            tasks = await session.run_sync(lambda _: project.tasks)
            await session.refresh(project, ["tasks"])
        assert len(tasks) == len(project.tasks) == 2
        assert [statement.sql.count("deleted_at IS NULL") for statement in sent] == [1, 0, 1]


async def test_a_collection_of_an_object_made_in_the_session_is_filtered(
    session: AsyncSession,
) -> None:
    owner = User(email="new@example.org", name="New")
    session.add(owner)
    await session.flush()
    for slug, deleted_at in (("a", None), ("b", DELETED)):
        session.add(Project(name=slug, slug=slug, owner_id=owner.id, deleted_at=deleted_at))
    await session.flush()
    await session.refresh(owner, ["projects"])
    assert len(owner.projects) == 1
    rows = await session.scalars(select(Project).where(with_parent(owner, User.projects)))
    assert len(rows.all()) == 1


@pytest.mark.parametrize("load", [selectinload, joinedload])
async def test_a_reference_to_a_deleted_row_is_none(
    session: AsyncSession, scene: Scene, load: Any
) -> None:
    statement = select(Task).where(Task.project_id == scene.deleted).options(load(Task.project))
    tasks = (await session.scalars(statement)).all()
    assert [task.project for task in tasks] == [None, None]


async def test_get_hides_a_deleted_row_whether_it_is_loaded_or_not(
    session: AsyncSession, scene: Scene, engine: AsyncEngine
) -> None:
    assert await session.get(Project, scene.deleted) is None
    seen = await session.get(Project, scene.deleted, execution_options=SEE_DELETED)
    assert seen is not None
    with record(engine) as sent:
        assert await session.get(Project, scene.deleted) is None
    assert len(sent) == 0
    with pytest.raises(exc.NoResultFound):
        await session.get_one(Project, scene.deleted)


async def test_get_hides_a_row_that_this_session_deleted(
    session: AsyncSession, scene: Scene, engine: AsyncEngine
) -> None:
    project = await session.get_one(Project, scene.living)
    project.deleted_at = DELETED
    with record(engine) as sent:
        assert await session.get(Project, scene.living) is None
    assert len(sent) == 0
    assert await session.get(User, scene.owner) is not None


async def test_a_deleted_object_can_still_be_refreshed(session: AsyncSession, scene: Scene) -> None:
    project = await session.get_one(Project, scene.living)
    project.deleted_at = DELETED
    await session.flush()
    await session.refresh(project)
    assert project.is_deleted
    await session.run_sync(lambda sync: sync.expire(project))
    assert await session.run_sync(lambda _: project.name) == "apollo"


async def test_a_deleted_project_is_restored_through_the_option(scene: Scene) -> None:
    async with scene.sessions() as session:
        project = await session.get_one(Project, scene.deleted, execution_options=SEE_DELETED)
        project.deleted_at = None
        await session.commit()
    async with scene.sessions() as session:
        assert await session.get(Project, scene.deleted) is not None


async def test_a_bulk_update_leaves_the_deleted_alone(session: AsyncSession) -> None:
    statement = update(Project).values(name="changed").returning(Project.slug)
    assert sorted((await session.scalars(statement)).all()) == ["apollo", "gemini"]
    rows = await session.scalars(statement, execution_options=SEE_DELETED)
    assert len(rows.all()) == 3


async def test_deletion_is_refused_before_any_statement(
    session: AsyncSession, scene: Scene, engine: AsyncEngine
) -> None:
    project = await session.get_one(Project, scene.living)
    with record(engine) as sent:
        with pytest.raises(exc.InvalidRequestError, match="Project is soft-deleted"):
            await session.delete(project)
        with pytest.raises(exc.InvalidRequestError, match="Task is soft-deleted"):
            await session.execute(delete(Task))
        await session.flush()
    assert len(sent) == 0


async def test_rows_that_are_not_soft_deleted_and_purges_go_through(
    session: AsyncSession, scene: Scene
) -> None:
    document = Document(title="t", project_id=scene.living)
    session.add(document)
    await session.flush()
    await session.delete(document)
    await session.flush()
    assert await session.scalar(select(func.count(Document.id))) == 0
    await session.execute(delete(Document))
    await session.execute(delete(Document.__table__))  # type: ignore[arg-type]
    purge = delete(Task).where(Task.is_deleted).returning(Task.id)
    rows = await session.scalars(purge, execution_options=SEE_DELETED)
    assert len(rows.all()) == 3


UNFILTERED: dict[str, Any] = {
    "sql_text": text("SELECT * FROM project"),
    "from_statement": select(Project).from_statement(text("SELECT * FROM project")),
    "core_select": select(TABLE.c.name),
    "core_update": update(TABLE).values(name="x").returning(TABLE.c.id),  # type: ignore[arg-type]
    "insert_from_select": insert(Document)
    .from_select(
        ["id", "title", "project_id"],
        select(func.gen_random_uuid(), literal("copy"), Project.id),
    )
    .returning(Document.id),
}


@pytest.mark.parametrize("name", UNFILTERED)
async def test_the_documented_limits_are_still_the_limits(session: AsyncSession, name: str) -> None:
    assert len((await session.execute(UNFILTERED[name])).all()) == 3


async def test_an_update_by_primary_key_reaches_a_deleted_row(
    session: AsyncSession, scene: Scene
) -> None:
    await session.execute(update(Project), [{"id": scene.deleted, "name": "changed"}])
    name = select(Project.name).where(Project.id == scene.deleted)
    assert await session.scalar(name, execution_options=SEE_DELETED) == "changed"


async def test_a_loaded_collection_keeps_what_is_deleted_later(session: AsyncSession) -> None:
    statement = select(Project).options(selectinload(Project.tasks)).limit(1)
    project = (await session.scalars(statement)).one()
    project.tasks[0].deleted_at = DELETED
    await session.flush()
    assert len(project.tasks) == 2
    await session.refresh(project, ["tasks"])
    assert len(project.tasks) == 1


async def test_merge_of_a_hidden_row_fails_loudly(session: AsyncSession, scene: Scene) -> None:
    await session.merge(Project(id=scene.deleted, name="m", slug="m", owner_id=scene.owner))
    with pytest.raises(exc.IntegrityError, match="pk_project"):
        await session.flush()


async def test_other_sessions_are_not_filtered(scene: Scene, engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as session:
        assert len((await session.scalars(select(Project))).all()) == 3


async def test_it_is_an_ordinary_session_class() -> None:
    assert issubclass(LivingSession, Session)
