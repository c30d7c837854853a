"""Loading what a query names: its cost, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import ForeignKey, Select, delete, event, select, update
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    ORMExecuteState,
    WriteOnlyMapped,
    aliased,
    mapped_column,
    relationship,
    selectinload,
)
from sqlalchemy.util import await_only

from snippets.domain import Project, Task, TaskBoard, User
from snippets.queries.eager import eager
from workbench.lesson import record

PROJECTS = 6
OWNERS = 2
TASKS = 4
BOARDS = 3


async def fill(engine: AsyncEngine, *, projects: int = PROJECTS) -> None:
    owners = [User(email=f"owner{n}@example.org", name=f"Owner {n}") for n in range(OWNERS)]
    async with AsyncSession(engine) as session:
        for n in range(projects):
            session.add(
                Project(
                    name=f"Project {n:03}",
                    slug=f"project-{n}",
                    owner=owners[n % OWNERS],
                    tasks=[
                        Task(title=f"Task {t}", assignee=owners[0] if t else None)
                        for t in range(TASKS)
                    ],
                    boards=[TaskBoard(name=f"Board {b}") for b in range(BOARDS)],
                )
            )
        await session.commit()


async def cost(engine: AsyncEngine, statement: Select[Any]) -> int:
    """Run ``statement`` in a session of its own and return how many statements it sent."""
    async with AsyncSession(engine) as session:
        with record(engine) as sent:
            (await session.scalars(statement)).all()
        return len(sent)


async def test_a_page_with_owner_and_tasks_costs_two_statements(engine: AsyncEngine) -> None:
    await fill(engine)
    async with AsyncSession(engine) as session:
        with record(engine) as sent:
            page = (
                await session.scalars(select(Project).options(*eager(Project.owner, Project.tasks)))
            ).all()
            named = {(project.owner.name, len(project.tasks)) for project in page}
    assert sent.verbs() == ["SELECT", "SELECT"]
    assert "JOIN app_user" in sent[0].sql
    assert "JOIN" not in sent[1].sql
    assert named == {("Owner 0", TASKS), ("Owner 1", TASKS)}


@pytest.mark.parametrize("size", [1, 3, PROJECTS])
async def test_the_page_size_does_not_change_the_cost(engine: AsyncEngine, size: int) -> None:
    await fill(engine)
    page = select(Project).limit(size).options(*eager(Project.owner, Project.tasks))
    assert await cost(engine, page) == 2


async def test_each_collection_costs_one_statement_and_each_single_object_none(
    engine: AsyncEngine,
) -> None:
    await fill(engine)
    paths: list[tuple[Any, int]] = [
        ((), 1),
        ((Project.owner,), 1),
        ((Project.tasks,), 2),
        ((Project.tasks, Project.boards), 3),
        ((Project.owner, Project.tasks, (Project.tasks, Task.assignee)), 2),
        (((Project.tasks, Task.comments), (Project.tasks, Task.assignee)), 3),
    ]
    for given, expected in paths:
        assert await cost(engine, select(Project).options(*eager(*given))) == expected


async def test_a_path_leads_through_a_single_object_to_its_collection(engine: AsyncEngine) -> None:
    await fill(engine)
    async with AsyncSession(engine) as session:
        with record(engine) as sent:
            tasks = (
                await session.scalars(select(Task).options(*eager((Task.project, Project.boards))))
            ).all()
            boards = {len(task.project.boards) for task in tasks}
    assert (len(sent), boards) == (2, {BOARDS})


async def test_two_collections_send_the_sum_of_their_rows(engine: AsyncEngine) -> None:
    await fill(engine)
    rows = 0
    async with AsyncSession(engine) as session:
        with record(engine) as sent:
            await session.scalars(select(Project).options(*eager(Project.tasks, Project.boards)))
        connection = await session.connection()
        for statement in sent:
            parameters = tuple(statement.parameter_sets[0]) if statement.parameter_sets else ()
            rows += len((await connection.exec_driver_sql(statement.sql, parameters)).all())
    assert rows == PROJECTS + PROJECTS * TASKS + PROJECTS * BOARDS


async def test_the_five_hundred_and_first_parent_costs_a_further_statement(
    engine: AsyncEngine,
) -> None:
    await fill(engine, projects=501)
    collection = select(Project).options(*eager(Project.tasks))
    assert await cost(engine, collection.limit(500)) == 2
    assert await cost(engine, collection) == 3


async def test_a_relationship_that_was_not_named_raises_and_sends_nothing(
    engine: AsyncEngine,
) -> None:
    await fill(engine)
    async with AsyncSession(engine) as session:
        project = (
            await session.scalars(select(Project).limit(1).options(*eager(Project.tasks)))
        ).one()
        with record(engine) as sent:
            with pytest.raises(InvalidRequestError, match=r"'Project\.owner' is not available"):
                _ = project.owner
            with pytest.raises(InvalidRequestError, match=r"'Task\.comments' is not available"):
                _ = project.tasks[0].comments
    assert len(sent) == 0


class Shop(DeclarativeBase):
    """Models that load by themselves, as those of an older application."""


class Customer(Shop):
    __tablename__ = "customer"
    id: Mapped[int] = mapped_column(primary_key=True)
    orders: Mapped[list[Order]] = relationship(lazy="selectin", back_populates="customer")
    visits: WriteOnlyMapped[Visit] = relationship()


class Order(Shop):
    __tablename__ = "customer_order"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    customer: Mapped[Customer] = relationship(lazy="joined", back_populates="orders")


class Visit(Shop):
    __tablename__ = "visit"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))


@pytest.fixture
async def shop(empty_engine: AsyncEngine) -> AsyncEngine:
    async with empty_engine.begin() as connection:
        await connection.run_sync(Shop.metadata.create_all)
    async with AsyncSession(empty_engine) as session:
        session.add(Customer(orders=[Order(), Order()]))
        await session.commit()
    return empty_engine


async def test_the_eager_defaults_of_a_model_are_overruled(shop: AsyncEngine) -> None:
    assert await cost(shop, select(Customer)) == 2
    assert await cost(shop, select(Customer).options(*eager())) == 1
    async with AsyncSession(shop) as session:
        customer = (await session.scalars(select(Customer).options(*eager()))).one()
        with pytest.raises(InvalidRequestError, match=r"'Customer\.orders' is not available"):
            _ = customer.orders


async def test_a_write_only_relationship_is_refused(shop: AsyncEngine) -> None:
    with pytest.raises(InvalidRequestError, match="does not support object population"):
        await cost(shop, select(Customer).options(*eager(Customer.visits)))


async def test_limit_counts_parents_and_no_unique_is_needed(engine: AsyncEngine) -> None:
    await fill(engine)
    statement = (
        select(Project)
        .order_by(Project.name)
        .limit(2)
        .options(*eager(Project.owner, Project.tasks, Project.boards))
    )
    async with AsyncSession(engine) as session:
        page = (await session.scalars(statement)).all()
    assert [(project.name, len(project.tasks)) for project in page] == [
        ("Project 000", TASKS),
        ("Project 001", TASKS),
    ]


async def test_a_missing_single_object_keeps_its_parent(engine: AsyncEngine) -> None:
    await fill(engine)
    async with AsyncSession(engine) as session:
        tasks = (await session.scalars(select(Task).options(*eager(Task.assignee)))).all()
    assert sum(task.assignee is None for task in tasks) == PROJECTS
    assert len(tasks) == PROJECTS * TASKS


async def test_it_serves_get_aliases_and_streams(engine: AsyncEngine) -> None:
    await fill(engine)
    alias = aliased(Project)
    async with AsyncSession(engine) as session:
        chosen = (
            await session.scalars(
                select(alias).limit(1).options(*eager(alias.owner, (alias.tasks, Task.comments)))
            )
        ).one()
        assert chosen.tasks[0].comments == []
    async with AsyncSession(engine) as session:
        found = await session.get(Project, chosen.id, options=eager(Project.tasks))
        assert found is not None
        assert len(found.tasks) == TASKS
    async with AsyncSession(engine) as session:
        stream = await session.stream_scalars(
            select(Project).options(*eager(Project.tasks)).execution_options(yield_per=4)
        )
        assert [len(project.tasks) async for project in stream] == [TASKS] * PROJECTS


async def test_it_loads_what_an_object_of_the_session_lacks(engine: AsyncEngine) -> None:
    await fill(engine)
    async with AsyncSession(engine) as session:
        project = (await session.scalars(select(Project).limit(1).options(*eager()))).one()
        await session.scalars(select(Project).options(*eager(Project.tasks)))
        assert len(project.tasks) == TASKS


async def test_a_filtered_collection_stays_filtered_until_populate_existing(
    engine: AsyncEngine,
) -> None:
    await fill(engine)
    some = selectinload(Project.tasks.and_(Task.title == "Task 1"))
    every = select(Project).options(*eager(Project.tasks))
    async with AsyncSession(engine) as session:
        project = (await session.scalars(select(Project).limit(1).options(some))).one()
        await session.scalars(every)
        assert len(project.tasks) == 1
        await session.scalars(every.execution_options(populate_existing=True))
        assert len(project.tasks) == TASKS


async def test_the_outer_join_is_locked_by_naming_the_parent(engine: AsyncEngine) -> None:
    await fill(engine)
    statement = select(Project).options(*eager(Project.owner))
    with pytest.raises(DBAPIError, match="cannot be applied to the nullable side"):
        await cost(engine, statement.with_for_update())
    assert await cost(engine, statement.with_for_update(of=Project)) == 1


@pytest.mark.parametrize(
    ("level", "tasks"), [("READ COMMITTED", 0), ("REPEATABLE READ", TASKS)], ids=str
)
async def test_each_statement_has_a_snapshot_of_its_own_unless_the_read_is_repeatable(
    engine: AsyncEngine, level: Any, tasks: int
) -> None:
    async def close_the_project() -> None:
        async with engine.begin() as connection:
            await connection.execute(update(Project).values(name="closed"))
            await connection.execute(delete(Task))

    def between_the_statements(state: ORMExecuteState) -> None:
        if state.is_relationship_load:
            await_only(close_the_project())

    await fill(engine, projects=1)
    async with AsyncSession(engine) as session:
        await session.connection(execution_options={"isolation_level": level})
        event.listen(session.sync_session, "do_orm_execute", between_the_statements)
        project = (await session.scalars(select(Project).options(*eager(Project.tasks)))).one()
    assert (project.name, len(project.tasks)) == ("Project 000", tasks)


@pytest.mark.parametrize(
    "path",
    [(), Project.name, Project.is_deleted, Project, "tasks", None, (Project.tasks, Task.title)],
    ids=["empty", "column", "hybrid", "class", "string", "none", "column at the end"],
)
def test_anything_but_relationships_is_refused_at_once(path: Any) -> None:
    with pytest.raises(ArgumentError, match=r"not a relationship|at least one relationship"):
        eager(path)


def test_a_path_that_does_not_follow_relationships_is_refused_at_once() -> None:
    with pytest.raises(ArgumentError, match="does not link from"):
        eager((Project.tasks, Project.boards))


async def test_a_path_from_another_class_is_refused_by_the_query(engine: AsyncEngine) -> None:
    with pytest.raises(ArgumentError, match="does not apply to any of the root entities"):
        await cost(engine, select(Project).options(*eager(Task.comments)))
