"""A recording counts and shows what an engine sends."""

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from snippets.domain import User
from workbench.lesson import record


async def test_every_statement_is_counted_savepoints_too(engine: AsyncEngine) -> None:
    with record(engine) as sent:
        async with engine.connect() as connection:
            for number in range(3):
                await connection.execute(text(f"SELECT {number}"))
            async with connection.begin_nested():
                await connection.execute(text("SELECT 7"))
            await connection.commit()
    assert [statement.sql for statement in sent] == [
        "SELECT 0",
        "SELECT 1",
        "SELECT 2",
        "SAVEPOINT sa_savepoint_1",
        "SELECT 7",
        "RELEASE SAVEPOINT sa_savepoint_1",
    ]
    assert sent.verbs()[-1] == "RELEASE"


async def test_boundaries_are_shown_but_not_counted(engine: AsyncEngine) -> None:
    with record(engine) as sent:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT 1"))
    assert len(sent) == 1
    assert sent.boundaries == ["BEGIN", "COMMIT"]
    assert str(sent) == "BEGIN;\nSELECT 1;\nCOMMIT;"


async def test_equal_statements_fold_with_their_count_and_values(engine: AsyncEngine) -> None:
    with record(engine) as sent:
        async with AsyncSession(engine) as session:
            for number in range(5):
                await session.execute(select(User.name).where(User.email == f"{number}"))
    assert len(sent) == 5
    assert str(sent).count("SELECT") == 1
    assert "-- ×5: $1 = '0' | '1' | '2' | … | '4'" in str(sent)


async def test_equal_uuids_keep_equal_names(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as session:
        first, second = User(email="a", name="a"), User(email="b", name="b")
        session.add_all([first, second])
        await session.flush()
        with record(engine) as sent:
            for user in (first, second, first):
                await session.execute(update(User).where(User.id == user.id).values(name="c"))
    assert "$2 = <uuid 1> | <uuid 2> | <uuid 1>" in str(sent)
    assert str(first.id) not in str(sent)


async def test_a_refused_statement_shows_the_servers_message(engine: AsyncEngine) -> None:
    twice = insert(User).values(email="a@example.org", name="A")
    with record(engine) as sent:
        async with AsyncSession(engine) as session:
            await session.execute(twice)
            with pytest.raises(IntegrityError):
                await session.execute(twice)
    assert len(sent) == 2
    assert '-- ERROR: duplicate key value violates unique constraint "uq_app_user_email"' in str(
        sent
    )


async def test_executemany_says_how_many_sets_it_was_sent_for(engine: AsyncEngine) -> None:
    rows = [{"email": f"{number}", "name": "x"} for number in range(3)]
    with record(engine) as sent:
        async with engine.begin() as connection:
            await connection.execute(insert(User.__table__), rows)  # type: ignore[arg-type]
    assert len(sent) == 1
    assert len(sent[0].parameter_sets) == 3
    assert "executemany of 3" in str(sent)


async def test_nothing_is_recorded_after_the_block(engine: AsyncEngine) -> None:
    with record(engine) as sent:
        pass
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
    assert len(sent) == 0
    assert sent._repr_mimebundle_()[0]["text/markdown"] == "**No statements**"


async def test_a_batch_of_rows_in_one_insert_is_one_set_of_values(engine: AsyncEngine) -> None:
    returned = insert(User).returning(User.created_at)
    with record(engine) as sent:
        async with AsyncSession(engine) as session:
            rows = [{"email": f"{number}", "name": "x"} for number in range(10)]
            await session.execute(returned, rows)
    assert len(sent) == 1
    assert "… 9 more rows" in str(sent)
