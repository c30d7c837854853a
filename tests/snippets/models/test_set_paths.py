import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import Integer, cast, func, select, text
from sqlalchemy.exc import (
    DBAPIError,
    InvalidRequestError,
    NoResultFound,
    StatementError,
)
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from snippets.domain import Document, Project, User
from snippets.models.set_paths import set_paths
from workbench.lesson import record


@pytest.fixture
async def session(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    async with AsyncSession(engine, expire_on_commit=False) as session:
        user = User(email="ada@example.org", name="Ada")
        session.add(user)
        await session.flush()
        session.add(Project(name="Garden", slug="garden", owner_id=user.id))
        await session.commit()
        yield session


async def add_document(session: AsyncSession, attributes: dict[str, Any]) -> Document:
    project = (await session.scalars(select(Project))).one()
    document = Document(title="Plan", attributes=attributes, project_id=project.id)
    session.add(document)
    await session.commit()
    return document


async def stored(session: AsyncSession) -> Any:
    return await session.scalar(select(Document.attributes))


async def test_one_update_sets_paths_and_refreshes_the_object(
    session: AsyncSession, engine: AsyncEngine
) -> None:
    document = await add_document(session, {"author": {"name": "Ada", "age": 36}, "tags": ["a"]})
    before = document.updated_at
    with record(engine) as sent:
        await set_paths(
            session,
            document,
            Document.attributes,
            {("author", "name"): "Bob", ("new", "deep"): 1, ("tags", 0): "b", ("none",): None},
        )
    assert sent.verbs() == ["UPDATE"]
    expected = {
        "author": {"name": "Bob", "age": 36},
        "tags": ["b"],
        "new": {"deep": 1},
        "none": None,
    }
    assert document.attributes == expected
    await session.commit()
    assert await stored(session) == expected
    assert document.updated_at > before


async def test_two_sessions_keep_each_others_keys(
    session: AsyncSession, engine: AsyncEngine
) -> None:
    document = await add_document(session, {"kept": True})
    async with AsyncSession(engine) as other:
        same = await other.get_one(Document, document.id)
        await set_paths(session, document, Document.attributes, {("mine",): 1})
        await session.commit()
        await set_paths(other, same, Document.attributes, {("theirs",): 2})
        await other.commit()
    assert await stored(session) == {"kept": True, "mine": 1, "theirs": 2}


async def test_pending_changes_of_the_object_are_sent_first(session: AsyncSession) -> None:
    document = await add_document(session, {})
    session.sync_session.autoflush = False
    document.title = "Renamed"
    await set_paths(session, document, Document.attributes, {("a",): 1})
    assert (document.title, document.attributes) == ("Renamed", {"a": 1})
    await session.commit()
    assert await session.scalar(select(Document.title)) == "Renamed"


async def test_an_expression_can_count(session: AsyncSession) -> None:
    document = await add_document(session, {"views": 7})
    views = func.to_jsonb(cast(Document.attributes["views"].astext, Integer) + 1)
    await set_paths(session, document, Document.attributes, {("views",): views})
    assert document.attributes == {"views": 8}


async def test_keys_are_values_and_never_sql(session: AsyncSession) -> None:
    document = await add_document(session, {})
    hostile = "a'] = '1'; DROP TABLE document; --"
    await set_paths(session, document, Document.attributes, {(hostile,): hostile})
    assert document.attributes == {hostile: hostile}


@pytest.mark.parametrize("path", ["author", (), ("a", None), ("a", True), ("a", 1.0)])
async def test_what_is_no_path_is_refused(session: AsyncSession, path: Any) -> None:
    document = await add_document(session, {})
    with pytest.raises(ValueError, match="a path is a tuple"):
        await set_paths(session, document, Document.attributes, {path: 1})


async def test_no_paths_are_refused(session: AsyncSession) -> None:
    document = await add_document(session, {})
    with pytest.raises(ValueError, match="at least one path"):
        await set_paths(session, document, Document.attributes, {})


async def test_an_object_without_a_row_here_is_refused(
    session: AsyncSession, engine: AsyncEngine
) -> None:
    document = await add_document(session, {})
    async with AsyncSession(engine) as other:
        for instance in (document, Document(title="New"), object()):
            with pytest.raises(InvalidRequestError, match="no row in this session"):
                await set_paths(other, instance, Document.attributes, {("a",): 1})
    session.add(pending := Document(title="New", project_id=document.project_id))
    with pytest.raises(InvalidRequestError, match="add and flush it"):
        await set_paths(session, pending, Document.attributes, {("a",): 1})


async def test_a_row_that_is_gone_is_reported(session: AsyncSession) -> None:
    document = await add_document(session, {})
    await session.execute(text("DELETE FROM document"))
    with pytest.raises(NoResultFound):
        await set_paths(session, document, Document.attributes, {("a",): 1})


async def test_a_scalar_parent_is_an_error(session: AsyncSession) -> None:
    document = await add_document(session, {"author": "Ada"})
    with pytest.raises(DBAPIError):
        await set_paths(session, document, Document.attributes, {("author", "name"): "Ada"})


async def test_a_value_that_json_lacks_is_an_error(session: AsyncSession) -> None:
    document = await add_document(session, {})
    with pytest.raises(StatementError, match="not JSON serializable"):
        await set_paths(
            session,
            document,
            Document.attributes,
            {("at",): dt.datetime(2025, 1, 1, tzinfo=dt.UTC)},
        )
