import datetime as dt

import pytest
from sqlalchemy import Index, Table, bindparam, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from snippets.domain import Document, Project, Task, User
from snippets.indexes.constant_condition import constant_condition
from workbench.lesson import explain, record

OPEN = constant_condition(Task.status == "open")


async def add_tasks(connection: AsyncConnection) -> None:
    user = insert(User).values(email="ada@example.org", name="Ada").returning(User.id)
    owner = (await connection.execute(user)).scalar_one()
    project = insert(Project).values(name="Garden", slug="garden", owner_id=owner)
    key = (await connection.execute(project.returning(Project.id))).scalar_one()
    await connection.execute(
        text(
            "INSERT INTO task (title, status, project_id) SELECT 'Task ' || n, "
            "CASE n % 100 WHEN 0 THEN 'open' ELSE 'done' END, :key FROM generate_series(1, 2000) n"
        ),
        {"key": key},
    )


async def test_one_definition_makes_the_index_and_a_generic_plan_uses_it(
    engine: AsyncEngine,
) -> None:
    table = Task.__table__
    assert isinstance(table, Table)
    index = Index("ix_open", Task.title, postgresql_where=OPEN)
    try:
        async with engine.begin() as connection:
            await add_tasks(connection)
            await connection.run_sync(index.create)
            await connection.execute(text("ANALYZE task"))
            await connection.execute(text("SET LOCAL plan_cache_mode = force_generic_plan"))
            statement = select(Task.title).where(OPEN)
            with record(engine) as sent:
                assert len((await connection.execute(statement)).all()) == 20
            cached = (
                await connection.execute(
                    text(
                        "SELECT name, generic_plans FROM pg_prepared_statements "
                        "WHERE statement LIKE 'SELECT task.title%'"
                    )
                )
            ).one()
            plan = await explain(connection, f'EXECUTE "{cached.name}"')
    finally:
        table.indexes.discard(index)
    assert len(sent) == 1
    assert "task.status = 'open'" in sent[0].sql
    assert list(sent[0].parameter_sets) == []
    assert cached.generic_plans == 1
    assert "ix_open" in plan


async def test_values_are_quoted_and_other_parameters_stay(engine: AsyncEngine) -> None:
    hostile = "o'pen\\'; DROP TABLE task; -- %s :x $1"
    statement = select(Task.title).where(
        constant_condition(Task.status == hostile), Task.title == "Task 1"
    )
    async with engine.connect() as connection:
        with record(engine) as sent:
            assert (await connection.execute(statement)).all() == []
        written = select(constant_condition(bindparam("x", hostile) == Task.status))
        assert (await connection.execute(written)).all() == []
    assert [list(values) for values in sent[0].parameter_sets] == [["Task 1"]]
    async with engine.connect() as connection:
        shown = select(text("1")).where(constant_condition(bindparam("x", hostile) == hostile))
        assert (await connection.execute(shown)).scalar_one() == 1


def test_lists_dates_and_several_conditions_are_written_out() -> None:
    condition = constant_condition(
        Task.status.in_(["open", "blocked"]) & (Task.due_date < dt.date(2025, 1, 1))
    )
    sql = str(condition.compile(compile_kwargs={"literal_binds": True}))
    assert "IN ('open', 'blocked')" in sql
    assert "< '2025-01-01'" in sql


def test_the_condition_given_is_left_as_it_was() -> None:
    condition = Task.status == "open"
    constant_condition(condition)
    assert ":status_1" in str(condition)


@pytest.mark.parametrize(
    "condition", [Task.status == bindparam("x"), Task.status == bindparam("x", None)]
)
def test_a_parameter_without_a_value_is_refused(condition) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="has no value"):
        constant_condition(condition)


def test_a_value_that_has_no_literal_form_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be written into SQL"):
        constant_condition(Document.attributes.contains({"a": 1}))


async def test_an_operator_that_only_postgresql_has_is_written_out(engine: AsyncEngine) -> None:
    condition = constant_condition(Document.attributes["author", "name"].astext == "Ada")
    async with engine.connect() as connection:
        with record(engine) as sent:
            assert (await connection.execute(select(Document.id).where(condition))).all() == []
    assert "#>> '{author, name}') = 'Ada'" in sent[0].sql
