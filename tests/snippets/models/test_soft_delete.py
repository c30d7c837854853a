"""A row that is hidden, restored, and whose slug is free again meanwhile."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest
from sqlalchemy import ColumnElement, delete, exc, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from snippets.domain import Project, Task, User
from workbench.lesson import explain, record


@pytest.fixture
async def owner_id(engine: AsyncEngine) -> uuid.UUID:
    async with AsyncSession(engine, expire_on_commit=False) as session:
        owner = User(email="ada@example.org", name="Ada")
        session.add(owner)
        await session.commit()
    return owner.id


@pytest.fixture
def sessions(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    return async_sessionmaker(engine, expire_on_commit=False)


def project(owner_id: uuid.UUID, slug: str = "apollo") -> Project:
    return Project(name=slug.title(), slug=slug, owner_id=owner_id)


async def test_is_deleted_is_known_in_python_and_in_sql(
    sessions: async_sessionmaker[AsyncSession], owner_id: uuid.UUID
) -> None:
    async with sessions() as session:
        kept, hidden = project(owner_id), project(owner_id, "gemini")
        session.add_all([kept, hidden])
        await session.flush()
        hidden.deleted_at = datetime.now(UTC)
        await session.flush()
        assert (kept.is_deleted, hidden.is_deleted) == (False, True)
        assert (await session.scalars(select(Project.slug).where(Project.is_deleted))).all() == [
            "gemini"
        ]
        assert (await session.scalars(select(Project.slug).where(~Project.is_deleted))).all() == [
            "apollo"
        ]


async def test_a_slug_is_unique_among_the_living_only(
    sessions: async_sessionmaker[AsyncSession], owner_id: uuid.UUID
) -> None:
    async with sessions() as session:
        first = project(owner_id)
        session.add(first)
        await session.flush()
        first.deleted_at = datetime.now(UTC)
        await session.flush()
        second = project(owner_id)
        session.add(second)
        await session.commit()
        first.deleted_at = None
        with pytest.raises(exc.IntegrityError, match="uq_project_slug_living"):
            await session.commit()


async def test_two_living_rows_with_one_slug_are_refused(
    sessions: async_sessionmaker[AsyncSession], owner_id: uuid.UUID
) -> None:
    async with sessions() as session:
        session.add_all([project(owner_id), project(owner_id)])
        with pytest.raises(exc.IntegrityError, match="uq_project_slug_living"):
            await session.flush()


async def test_on_conflict_needs_the_predicate_of_the_index(
    sessions: async_sessionmaker[AsyncSession], owner_id: uuid.UUID
) -> None:
    upsert = insert(Project).values(name="Again", slug="apollo", owner_id=owner_id)
    async with sessions() as session:
        session.add(project(owner_id))
        await session.commit()
        named = upsert.on_conflict_do_update(
            index_elements=["slug"],
            index_where=Project.deleted_at.is_(None),
            set_={"name": upsert.excluded.name},
        )
        assert await session.scalar(named.returning(Project.name)) == "Again"
        await session.commit()
        with pytest.raises(exc.DBAPIError, match="no unique or exclusion constraint"):
            await session.execute(upsert.on_conflict_do_nothing(index_elements=["slug"]))


@pytest.mark.parametrize(
    ("condition", "indexed"),
    [
        (~Project.is_deleted, True),
        (Project.is_deleted == False, True),
        (Project.is_deleted.is_(False), False),
    ],
)
async def test_negation_finds_the_partial_index_and_is_false_does_not(
    sessions: async_sessionmaker[AsyncSession], condition: ColumnElement[bool], indexed: bool
) -> None:
    async with sessions() as session:
        await session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = await explain(session, select(Project.name).where(condition, Project.slug == "a"))
        assert ("uq_project_slug_living" in plan) == indexed


async def test_a_deletion_with_func_now_cannot_be_read_until_refreshed(
    sessions: async_sessionmaker[AsyncSession], owner_id: uuid.UUID
) -> None:
    async with sessions() as session:
        hidden = project(owner_id)
        session.add(hidden)
        await session.flush()
        hidden.deleted_at = func.now()
        await session.flush()
        with pytest.raises(exc.MissingGreenlet):
            _ = hidden.is_deleted
        await session.refresh(hidden, ["deleted_at"])
        assert hidden.is_deleted


async def test_the_complete_model_takes_one_statement_a_step(
    engine: AsyncEngine, sessions: async_sessionmaker[AsyncSession], owner_id: uuid.UUID
) -> None:
    async with sessions() as session:
        with record(engine) as sent:
            first = project(owner_id)
            session.add(first)
            await session.commit()
            first.name = "Apollo program"
            await session.commit()
            first.deleted_at = datetime.now(UTC)
            await session.commit()
            second = project(owner_id)
            session.add(second)
            await session.commit()
            second.deleted_at = datetime.now(UTC)
            await session.flush()
            first.deleted_at = None
            await session.commit()
        assert sent.verbs() == ["INSERT", "UPDATE", "UPDATE", "INSERT", "UPDATE", "UPDATE"]
        assert first.id.version == 7
        assert first.created_at < first.updated_at
        assert (first.is_deleted, second.is_deleted) == (False, True)


async def test_one_flush_updates_in_order_of_the_key_so_a_slug_changes_hands_in_two(
    sessions: async_sessionmaker[AsyncSession], owner_id: uuid.UUID
) -> None:
    async with sessions() as session:
        first = project(owner_id)
        first.deleted_at = datetime.now(UTC)
        session.add(first)
        await session.commit()
        second = project(owner_id)
        session.add(second)
        await session.commit()
        assert first.id < second.id
        second.deleted_at, first.deleted_at = datetime.now(UTC), None
        with pytest.raises(exc.IntegrityError, match="uq_project_slug_living"):
            await session.commit()


async def test_a_new_task_holds_off_a_delete_of_its_project_and_not_a_soft_deletion(
    sessions: async_sessionmaker[AsyncSession], owner_id: uuid.UUID
) -> None:
    async with sessions() as session, sessions() as other:
        apollo = project(owner_id)
        session.add(apollo)
        await session.commit()
        session.add(Task(title="new", project_id=apollo.id))
        await session.flush()
        await other.execute(text("SET LOCAL lock_timeout = '100ms'"))
        await other.execute(update(Project).values(deleted_at=func.now()))
        async with other.begin_nested() as savepoint:
            with pytest.raises(exc.DBAPIError, match="lock timeout"):
                await other.execute(select(Project).with_for_update())
            await savepoint.rollback()
        with pytest.raises(exc.DBAPIError, match="lock timeout"):
            await other.execute(delete(Project))


async def test_a_bulk_update_deletes_at_the_time_of_the_transaction(
    sessions: async_sessionmaker[AsyncSession], owner_id: uuid.UUID
) -> None:
    async with sessions() as session:
        session.add_all([project(owner_id), project(owner_id, "gemini")])
        await session.commit()
        await session.execute(update(Project).values(deleted_at=func.now()))
        same = select(func.count()).where(Project.deleted_at == func.now())
        assert await session.scalar(same) == 2
