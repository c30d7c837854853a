"""The constraint that refused a row has a name."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import exc
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from snippets.domain import BoardColumn, Project, TaskBoard, User
from snippets.repository.violated_constraint import violated_constraint


async def refusal(session: AsyncSession, row: object) -> exc.IntegrityError:
    with pytest.raises(exc.IntegrityError) as refused:
        async with session.begin_nested():
            session.add(row)
    return refused.value


async def test_each_kind_of_constraint_is_named(engine: AsyncEngine) -> None:
    async with AsyncSession(engine, expire_on_commit=False) as session:
        user = User(email="a@example.org", name="a")
        board = TaskBoard(name="b", columns=[BoardColumn(name="c", position=0)])
        project = Project(name="p", slug="p", owner=user, boards=[board])
        session.add(project)
        await session.commit()
        rows = {
            "uq_app_user_email": User(email="a@example.org", name="b"),
            "pk_app_user": User(id=user.id, email="b@example.org", name="b"),
            "uq_project_slug_living": Project(name="q", slug="p", owner_id=user.id),
            "fk_project_owner_id_app_user": Project(name="q", slug="q", owner_id=uuid.uuid4()),
            "uq_board_column_board_id_position": BoardColumn(
                name="d", position=0, board_id=board.id
            ),
        }
        session.expunge_all()
        for name, row in rows.items():
            assert violated_constraint(await refusal(session, row)) == name


async def test_not_null_has_no_name(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as session:
        error = await refusal(session, User(email="a@example.org"))
        assert violated_constraint(error) is None


def test_errors_that_are_none_of_the_database() -> None:
    assert violated_constraint(exc.IntegrityError("", None, ValueError())) is None
    with pytest.raises(TypeError, match="an IntegrityError is needed"):
        violated_constraint(ValueError())  # type: ignore[arg-type]
