"""Plain SQL: where statements end, what they show, and what they leave."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from workbench.lesson import script
from workbench.lesson.plan import Plan
from workbench.lesson.script import run_script, show_plans, statements
from workbench.lesson.table import ResultTable


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    objects: list[Any] = []
    monkeypatch.setattr(script, "display", objects.append)
    return objects


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("", []),
        (" ;; -- nothing; here\n;", []),
        ("select 1", ["select 1"]),
        ("select 1; select 2;", ["select 1", "select 2"]),
        ("select ';', 'it''s;'; select 2", ["select ';', 'it''s;'", "select 2"]),
        (r"select e'\';'; select 2", [r"select e'\';'", "select 2"]),
        (r"select '\'; select 2", [r"select '\'", "select 2"]),
        (r"select note'\'; select 2", [r"select note'\'", "select 2"]),
        ('select 1 as "a;""b"; select 2', ['select 1 as "a;""b"', "select 2"]),
        ("do $$ begin; end $$; select 2", ["do $$ begin; end $$", "select 2"]),
        ("do $a$ $$;$$ ; $a$; select 2", ["do $a$ $$;$$ ; $a$", "select 2"]),
        ("select a$b$; select c$b$", ["select a$b$", "select c$b$"]),
        ("select $1; select $2", ["select $1", "select $2"]),
        ("select 1 /* ; /* ; */ ; */; select 2", ["select 1 /* ; /* ; */ ; */", "select 2"]),
        ("select 1 -- ;\n+ 1; select 2", ["select 1 -- ;\n+ 1", "select 2"]),
        ("select 'open; select 2", ["select 'open", "select 2"]),
    ],
)
def test_semicolons_end_statements_except_inside_of_literals_and_comments(
    typed: str, expected: list[str]
) -> None:
    assert statements(typed) == expected


async def test_rows_are_shown_as_a_table_and_changes_are_counted(
    empty_engine: AsyncEngine, shown: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    await run_script(
        empty_engine,
        "create table t (n int, s text);"
        " insert into t select g, 'a:b' from generate_series(1, 3) g;"
        " /* one */ delete from t where n = 2; select n, s::text, '100%' as p from t order by n",
    )
    (table,) = shown
    assert isinstance(table, ResultTable)
    assert table.headings == ("n", "s", "p")
    assert table.rows == [(1, "a:b", "100%"), (3, "a:b", "100%")]
    printed = capsys.readouterr().out
    assert "INSERT: 3 rows" in printed
    assert "DELETE: 1 row\n" in printed


async def test_a_long_result_is_cut_and_says_so(
    empty_engine: AsyncEngine, shown: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    await run_script(empty_engine, "select g from generate_series(1, 100) g")
    assert len(shown[0].rows) == 100
    assert capsys.readouterr().out == ""
    await run_script(empty_engine, "select g from generate_series(1, 1000) g")
    assert len(shown[1].rows) == 100
    assert capsys.readouterr().out == "These are the first 100 rows.\n"


async def test_statements_commit_one_by_one_and_an_open_transaction_is_rolled_back(
    empty_engine: AsyncEngine, shown: list[Any]
) -> None:
    with pytest.raises(DBAPIError, match='at or near "nonsense"'):
        await run_script(empty_engine, "create table t (n int); insert into t values (1); nonsense")
    await run_script(empty_engine, "begin; insert into t values (2)")
    await run_script(empty_engine, "begin; insert into t values (3); commit")
    async with empty_engine.connect() as connection:
        rows = (await connection.execute(text("select n from t order by n"))).scalars().all()
    assert rows == [1, 3]


async def test_a_plan_executes_the_statement_and_changes_nothing(
    empty_engine: AsyncEngine, shown: list[Any]
) -> None:
    await run_script(empty_engine, "create table t (n int, s text); insert into t values (1, ':x')")
    await show_plans(
        empty_engine, r"delete from t where s = ':x' and n::int = 1 and s <> '\:y'; select n from t"
    )
    deletion, query = shown
    assert isinstance(deletion, Plan)
    assert deletion.nodes == ["Delete", "Seq Scan"]
    assert "Seq Scan on t (actual rows=1.00" in deletion
    assert deletion.buffers > 0
    assert query.rows == 0
    async with empty_engine.connect() as connection:
        assert await connection.scalar(text("select count(*) from t")) == 1
