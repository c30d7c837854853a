from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Index, insert, select, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from snippets.indexes.text_search import TextSearch, marked
from workbench.lesson import explain, record

SEARCH = TextSearch("english", {"title": "A", "body": "B"})


class Base(DeclarativeBase):
    pass


class Page(Base):
    __tablename__ = "page"
    __table_args__ = (Index("ix_page_search", "search", postgresql_using="gin"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    body: Mapped[str | None]
    search: Mapped[Any] = mapped_column(TSVECTOR, SEARCH.computed(), deferred=True)


@pytest.fixture
async def connection(empty_engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    async with empty_engine.connect() as connection:
        await connection.run_sync(Base.metadata.create_all)
        yield connection


async def add(connection: AsyncConnection, *pages: tuple[str, str | None]) -> None:
    rows = [{"id": n, "title": title, "body": body} for n, (title, body) in enumerate(pages, 1)]
    await connection.execute(insert(Page), rows)


async def found(connection: AsyncConnection, query: str) -> list[int]:
    rank = SEARCH.rank(Page.search, query)
    statement = select(Page.id).where(SEARCH.matches(Page.search, query))
    return list((await connection.execute(statement.order_by(rank.desc(), Page.id))).scalars())


async def test_word_forms_are_found_through_the_index(connection: AsyncConnection) -> None:
    await add(connection, ("Plan", "We watered the gardens"), ("Other", None))
    assert await found(connection, "watering garden") == [1]
    await connection.execute(text("SET LOCAL enable_seqscan = off"))
    statement = select(Page.id).where(SEARCH.matches(Page.search, "garden"))
    assert "Bitmap Index Scan on ix_page_search" in await explain(connection, statement)


async def test_the_column_is_stored_and_follows_its_sources(connection: AsyncConnection) -> None:
    kind = text(
        "SELECT attgenerated = 's' FROM pg_attribute "
        "WHERE attname = 'search' AND attrelid = 'page'::regclass"
    )
    assert (await connection.execute(kind)).scalar_one() is True
    await add(connection, ("Plan", "tulips"))
    await connection.execute(text("UPDATE page SET body = 'orchids'"))
    assert (await found(connection, "tulip"), await found(connection, "orchid")) == ([], [1])


async def test_a_match_in_the_title_ranks_first(connection: AsyncConnection) -> None:
    await add(connection, ("Plan", "the garden"), ("Garden", "the plan"))
    assert await found(connection, "garden") == [2, 1]


async def test_the_sessions_configuration_does_not_matter(connection: AsyncConnection) -> None:
    await connection.execute(text("SET default_text_search_config = 'simple'"))
    await add(connection, ("Plan", "We watered the gardens"))
    assert await found(connection, "watering") == [1]


async def test_quotes_minus_and_or_work_as_in_a_search_engine(connection: AsyncConnection) -> None:
    await add(connection, ("a", "red tulip"), ("b", "tulip red"), ("c", "red rose"))
    assert await found(connection, '"red tulip"') == [1]
    assert await found(connection, "red -tulip") == [3]
    assert await found(connection, "tulip or rose") == [1, 2, 3]
    assert await found(connection, "the") == []


async def test_a_search_is_one_statement_with_the_query_as_a_value(
    empty_engine: AsyncEngine, connection: AsyncConnection
) -> None:
    with record(empty_engine) as sent:
        await found(connection, "'; DROP TABLE page; --")
    assert sent.verbs() == ["SELECT"]
    assert "DROP" not in sent[0].sql


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(query=st.text(max_size=1_000).filter(lambda q: q.strip() and "\0" not in q))
async def test_whatever_is_typed_is_a_query(connection: AsyncConnection, query: str) -> None:
    try:
        query.encode()
    except UnicodeEncodeError:
        with pytest.raises(ValueError, match="surrogates"):
            SEARCH.matches(Page.search, query)
    else:
        await found(connection, query)


@pytest.mark.parametrize("query", ["", "  \n", "a\0b", "x" * 1_001, "\ud800"])
def test_what_cannot_be_a_query_is_refused(query: str) -> None:
    for method in (SEARCH.matches, SEARCH.rank, SEARCH.headline):
        with pytest.raises(ValueError, match=r"1 to 1,000|surrogates"):
            method(Page.search, query)


@pytest.mark.parametrize(
    ("config", "weights"),
    [
        ("english'; --", {"title": "A"}),
        ("", {"title": "A"}),
        ("english", {}),
        ("english", {"title": "E"}),
        ("english", {"title": "AB"}),
    ],
)
def test_a_wrong_declaration_is_refused(config: str, weights: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"plain name|weight from A to D"):
        TextSearch(config, weights)


def test_column_names_are_quoted() -> None:
    assert 'coalesce("Body""\'", \'\')' in TextSearch("english", {"Body\"'": "A"}).vector


@pytest.mark.parametrize(
    "body",
    [
        "<img src=x onerror=alert(1)> gardens",
        "<script>alert(1)</script> gardens",
        "gardens <svg/onload=alert(1)",
        'gardens " onmouseover="alert(1)',
        "\ue000\ue000<b> gardens\ue001",
        "<mark> gardens",
    ],
)
async def test_a_headline_brings_no_markup_but_its_own(
    connection: AsyncConnection, body: str
) -> None:
    await add(connection, ("Plan", body))
    headline = (await connection.execute(select(SEARCH.headline(Page.body, "garden")))).scalar_one()
    shown = marked(headline)
    assert shown.count("<mark>gardens</mark>") == 1
    rest = shown.replace("<mark>gardens</mark>", "")
    assert not set(rest) & set("<>\"'\ue000\ue001")


async def test_a_row_with_too_many_terms_is_refused_at_the_write(
    connection: AsyncConnection,
) -> None:
    long = text(
        "INSERT INTO page (id, title, body) "
        "SELECT 1, 'Long', string_agg(md5(n::text), ' ') FROM generate_series(1, 40000) AS n"
    )
    with pytest.raises(DBAPIError, match="too long for tsvector"):
        await connection.execute(long)
