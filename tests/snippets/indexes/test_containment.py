from typing import Any

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from snippets.indexes.containment import containing, containment_index
from workbench.lesson import explain, record


class Base(DeclarativeBase):
    pass


class Page(Base):
    __tablename__ = "page"
    id: Mapped[int] = mapped_column(primary_key=True)
    attributes: Mapped[dict[str, Any]] = mapped_column(JSONB)


containment_index(Page.attributes)


async def matches(connection: AsyncConnection, attributes: dict[str, Any]) -> list[int]:
    statement = select(Page.id).where(containing(Page.attributes, attributes)).order_by(Page.id)
    return list((await connection.execute(statement)).scalars())


async def add(connection: AsyncConnection, *documents: dict[str, Any]) -> None:
    await connection.run_sync(Base.metadata.create_all)
    rows = [{"id": n, "attributes": document} for n, document in enumerate(documents, start=1)]
    await connection.execute(insert(Page), rows)


async def test_one_index_serves_any_combination_of_keys(empty_engine: AsyncEngine) -> None:
    documents = [
        {"tag": f"t{n % 500}", "author": {"name": f"a{n % 300}"}, "labels": [f"l{n % 400}", "x"]}
        for n in range(2_000)
    ]
    async with empty_engine.begin() as connection:
        await add(connection, *documents)
        await connection.execute(text("SET LOCAL enable_seqscan = off"))
        for attributes in (
            {"tag": "t7"},
            {"author": {"name": "a7"}},
            {"labels": ["l7"]},
            {"tag": "t7", "labels": ["x", "l7"]},
        ):
            statement = select(Page.id).where(containing(Page.attributes, attributes))
            plan = await explain(connection, statement)
            assert "Bitmap Index Scan on ix_page_attributes" in plan
            assert plan.rows > 0


async def test_the_index_has_the_smaller_operator_class(empty_engine: AsyncEngine) -> None:
    async with empty_engine.begin() as connection:
        await add(connection, {"a": 1})
        query = "SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_page_attributes'"
        assert (
            "gin (attributes jsonb_path_ops)"
            in (await connection.execute(text(query))).scalar_one()
        )


async def test_values_keep_their_types(empty_engine: AsyncEngine) -> None:
    async with empty_engine.begin() as connection:
        await add(connection, {"n": 7}, {"n": 7.0}, {"n": "7"}, {"n": None}, {}, {"n": True})
        assert await matches(connection, {"n": 7}) == [1, 2]
        assert await matches(connection, {"n": "7"}) == [3]
        assert await matches(connection, {"n": None}) == [4]
        assert await matches(connection, {"n": True}) == [6]


async def test_a_list_matches_in_any_order_and_all_of_it(empty_engine: AsyncEngine) -> None:
    async with empty_engine.begin() as connection:
        await add(connection, {"l": ["a", "b", "c"]}, {"l": ["a"]}, {"l": "a"})
        assert await matches(connection, {"l": ["c", "a"]}) == [1]
        assert await matches(connection, {"l": ["a"]}) == [1, 2]


async def test_the_question_is_one_parameter_of_one_statement(empty_engine: AsyncEngine) -> None:
    async with empty_engine.begin() as connection:
        await add(connection, {"a": 1})
        with record(empty_engine) as sent:
            await matches(connection, {"it's": '"; DROP TABLE page; --'})
    assert sent.verbs() == ["SELECT"]
    assert len(sent[0].parameter_sets[0]) == 1
    assert "DROP" not in sent[0].sql


@pytest.mark.parametrize(
    "attributes",
    [{}, {"a": {}}, {"a": []}, {"a": ()}, {"a": {"b": []}}, {"a": [1, {}]}],
)
def test_a_question_that_nearly_all_documents_answer_is_refused(
    attributes: dict[str, Any],
) -> None:
    with pytest.raises(ValueError, match="matches nearly every document"):
        containing(Page.attributes, attributes)


@pytest.mark.parametrize("attributes", [{1: "a"}, {"a": {None: 1}}, {"a": [{True: 1}]}])
def test_keys_that_json_would_turn_into_text_are_refused(attributes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="keys of a JSON object are text"):
        containing(Page.attributes, attributes)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1}, object(), b"x"])
def test_values_that_json_does_not_have_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match="JSON"):
        containing(Page.attributes, {"a": value})
