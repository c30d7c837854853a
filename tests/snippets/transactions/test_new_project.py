"""A project, its board and its columns come in one flush, with a slug of their own."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime

import pytest
from sqlalchemy import exc, select, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from snippets.domain import BoardColumn, Project, TaskBoard, User
from snippets.transactions.new_project import SlugTaken, create_project
from workbench.lesson import record

ONE_FLUSH = ["SAVEPOINT", "INSERT", "INSERT", "INSERT", "RELEASE"]
TAKEN = ["SAVEPOINT", "INSERT", "ROLLBACK", "RELEASE"]


@pytest.fixture
async def owner_id(engine: AsyncEngine) -> uuid.UUID:
    async with AsyncSession(engine, expire_on_commit=False) as session:
        session.add(owner := User(email="ada@example.org", name="Ada"))
        await session.commit()
    return owner.id


async def slugs(engine: AsyncEngine) -> list[str]:
    async with AsyncSession(engine) as session:
        return sorted((await session.scalars(select(Project.slug))).all())


async def test_a_project_costs_three_inserts_and_a_savepoint(
    engine: AsyncEngine, owner_id: uuid.UUID
) -> None:
    async with AsyncSession(engine) as session:
        with record(engine) as sent:
            await create_project(session, name="Apollo", owner_id=owner_id)
            await session.commit()
        columns = select(BoardColumn.name).join(BoardColumn.board).join(TaskBoard.project)
        found = await session.scalars(
            columns.where(Project.slug == "apollo").order_by(BoardColumn.position)
        )
        assert found.all() == ["To do", "In progress", "Done"]
    assert sent.verbs() == ONE_FLUSH
    assert sent.boundaries == ["BEGIN", "COMMIT"]


async def test_a_taken_slug_gives_way_to_the_next_and_a_deleted_one_is_free(
    engine: AsyncEngine, owner_id: uuid.UUID
) -> None:
    async with AsyncSession(engine) as session:
        for _ in range(2):
            project = await create_project(session, name="Apollo", owner_id=owner_id)
        assert project.slug == "apollo-2"
        with record(engine) as sent:
            assert (
                await create_project(session, name="Apollo!", owner_id=owner_id)
            ).slug == "apollo-3"
        assert sent.verbs() == [*TAKEN, *TAKEN, *ONE_FLUSH]
        project.deleted_at = datetime.now(UTC)
        again = await create_project(session, name="apollo", owner_id=owner_id)
        assert again.slug == "apollo-2"
        boards = (await session.scalars(select(TaskBoard.id))).all()
        assert len(boards) == 4


async def test_when_every_try_is_taken_the_transaction_survives(
    engine: AsyncEngine, owner_id: uuid.UUID
) -> None:
    async with AsyncSession(engine) as session:
        await create_project(session, name="Apollo", owner_id=owner_id)
        with pytest.raises(SlugTaken, match="apollo is taken"):
            await create_project(session, name="Apollo", owner_id=owner_id, tries=1)
        await create_project(session, name="Gemini", owner_id=owner_id)
        await session.commit()
    assert await slugs(engine) == ["apollo", "gemini"]


async def test_an_unknown_owner_is_refused_and_not_tried_again(
    engine: AsyncEngine, owner_id: uuid.UUID
) -> None:
    async with AsyncSession(engine) as session:
        refused = pytest.raises(exc.IntegrityError, match="fk_project_owner_id_app_user")
        with record(engine) as sent, refused:
            await create_project(session, name="Apollo", owner_id=uuid.uuid4())
        assert sent.verbs() == TAKEN
        await create_project(session, name="Gemini", owner_id=owner_id)
        await session.commit()
    assert await slugs(engine) == ["gemini"]


async def test_two_at_the_same_moment_get_two_slugs(
    engine: AsyncEngine, owner_id: uuid.UUID
) -> None:
    async def create(session: AsyncSession) -> None:
        await create_project(session, name="Apollo", owner_id=owner_id)
        await session.commit()

    async with AsyncSession(engine) as one, AsyncSession(engine) as other:
        await create_project(one, name="Apollo", owner_id=owner_id)
        waiting = asyncio.create_task(create(other))
        async with engine.connect() as connection:
            for _ in range(500):
                waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
                if await connection.scalar(waits):
                    break
                await asyncio.sleep(0.01)
        assert not waiting.done()
        await one.commit()
        await waiting
    assert await slugs(engine) == ["apollo", "apollo-2"]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"name": "!!!"}, ValueError, "no letter or digit"),
        ({"name": "Apollo", "tries": 0}, ValueError, "1 try or more"),
        ({"name": "Apollo", "columns": "abc"}, TypeError, "several names"),
    ],
)
async def test_bad_input_is_refused_before_any_statement(
    engine: AsyncEngine,
    owner_id: uuid.UUID,
    options: dict[str, object],
    error: type[Exception],
    message: str,
) -> None:
    async with AsyncSession(engine) as session:
        with record(engine) as sent, pytest.raises(error, match=message):
            await create_project(session, owner_id=owner_id, **options)  # type: ignore[arg-type]
    assert len(sent) == 0


async def test_the_caller_owns_the_transaction(engine: AsyncEngine, owner_id: uuid.UUID) -> None:
    async with AsyncSession(engine) as session:
        await create_project(session, name="Apollo", owner_id=owner_id, columns=())
        await session.rollback()
    assert await slugs(engine) == []
