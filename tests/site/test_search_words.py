"""The search finds a lesson by the words that people use, not by those of its title alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.site.conftest import BuiltSite
from tests.site.searching import found, open_search
from tests.site.test_built_pages import soup
from workbench.claims import claims_of
from workbench.execution.lessons import all_lessons, lesson_at
from workbench.site.search_words import BrokenSearchWords, search_words

FIRST = 3
# What people type, and the lesson that must be among the first results.
QUERIES = {
    "cursor pagination": "queries/cursor_pages",
    "keyset pagination": "queries/deep_offset",
    "offset slow": "queries/deep_offset",
    "n+1 queries": "queries/n_plus_one",
    "lazy loading async": "queries/n_plus_one",
    "selectinload joinedload": "queries/join_fan_out",
    "cartesian product": "queries/join_fan_out",
    "lazy selectin default": "queries/eager_by_default",
    "soft delete": "models/soft_delete",
    "updated_at": "models/timestamps",
    "timezone aware datetime": "models/naive_datetimes",
    "uuid primary key": "models/uuid_keys",
    "uuidv7": "models/server_keys",
    "unique slug": "models/slug_taken",
    "jsonb default": "models/leaking_default",
    "naming convention": "models/bare_base",
    "rename column": "migrations/renamed_column",
    "zero downtime migration": "migrations/table_rewrites",
    "lock_timeout": "migrations/lock_queue",
    "create index concurrently": "migrations/invalid_index",
    "alter type add value": "migrations/new_enum_label",
    "backfill in batches": "migrations/long_backfill",
    "autogenerate misses changes": "migrations/blind_spots",
    "advisory lock alembic": "migrations/two_deployers",
    "partial index not used": "indexes/unimplied_predicate",
    "composite index column order": "indexes/column_order",
    "foreign key index": "indexes/slow_parent_delete",
    "gin index jsonb": "indexes/jsonb_operators",
    "full text search": "indexes/text_search",
    "pgbouncer": "connections/too_many_connections",
    "pool_pre_ping": "connections/dead_connections",
    "fastapi session dependency": "connections/late_commit",
    "optimistic locking": "transactions/lost_update",
    "begin_nested savepoint": "transactions/partial_rollback",
    "unit of work": "transactions/committing_service",
    "MissingGreenlet": "queries/n_plus_one",
    "greenlet_spawn has not been called": "queries/n_plus_one",
    "QueuePool limit": "connections/exhausted_pool",
    "Can't emit DROP CONSTRAINT": "models/bare_base",
    "duplicate prepared statement": "connections/stale_statements",
    "cached statement plan is invalid": "connections/stale_statements",
    "too many clients already": "connections/too_many_connections",
    "idle in transaction": "connections/abandoned_transactions",
    "could not serialize access": "transactions/accidental_commit",
    "StaleDataError": "transactions/lost_update",
    "canceling statement due to lock timeout": "migrations/lock_queue",
    "connection was closed in the middle of operation": "connections/dead_connections",
    "can't subtract offset-naive and offset-aware datetimes": "models/naive_datetimes",
    "duplicate key value violates unique constraint": "models/slug_taken",
    "current transaction is aborted": "transactions/partial_rollback",
    "pagination": "queries/deep_offset",
    "connection pool exhausted": "connections/exhausted_pool",
    "eager loading": "queries/n_plus_one",
    "alembic downgrade": "migrations/lossy_downgrade",
    "enum migration": "migrations/new_enum_label",
    "deadlock alter table": "migrations/lock_queue",
    "server restart connection lost": "connections/dead_connections",
    "commit in service": "transactions/committing_service",
    "jsonb containment": "indexes/jsonb_operators",
    "reserved word table name": "naming/reserved_names",
    "uuid v4 index size": "models/uuid_keys",
    "lost update": "transactions/lost_update",
    "repository pattern": "repository/chatty_repository",
    "nulls last pagination": "queries/mixed_order",
    "cursor signed": "queries/cursor_pages",
    "restore deleted row": "models/soft_delete",
    "failed migration": "migrations/half_applied",
    "test migrations": "migrations/untested_migration",
    "statement_timeout": "connections/abandoned_transactions",
    "default uuid server": "models/server_keys",
    "ilike prefix search": "indexes/text_search",
    "index not used": "indexes/unimplied_predicate",
    "delete cascade slow": "indexes/slow_parent_delete",
    "unused indexes": "indexes/unread_index",
}


@pytest.mark.asyncio(loop_scope="session")
async def test_what_people_type_leads_to_the_lesson(site: BuiltSite, desktop: Page) -> None:
    await open_search(desktop, site.url)
    missed = {}
    for query, lesson in QUERIES.items():
        results = await found(desktop, query, url=site.url, first=FIRST)
        if f"lessons/{lesson}/" not in results:
            missed[query] = (lesson, results)
    assert missed == {}


@pytest.mark.asyncio(loop_scope="session")
async def test_the_name_of_a_snippet_leads_to_its_page(site: BuiltSite, desktop: Page) -> None:
    await open_search(desktop, site.url)
    for name in ("CursorPages", "unindexed_foreign_keys", "with_lock_retries"):
        results = await found(desktop, name, url=site.url, first=FIRST)
        assert any(result.startswith("snippets/") for result in results), (name, results)


def test_queries_are_many_and_lead_to_lessons() -> None:
    assert len(QUERIES) >= 40
    assert set(QUERIES.values()) <= {lesson.name for lesson in all_lessons()}
    assert len(set(QUERIES.values())) > 35


def test_words_for_the_search_are_not_shown(site: BuiltSite) -> None:
    for page in site.lessons():
        assert not soup(site, page).select(".md-tags, .md-tag"), page


def test_every_lesson_has_few_words() -> None:
    words = {lesson.name: search_words(lesson.path) for lesson in all_lessons()}
    assert {name: each for name, each in words.items() if len(each) > 5} == {}
    assert sum(map(bool, words.values())) > 30


def test_words_stand_beside_the_claims_of_a_lesson(tmp_path: Path) -> None:
    path = tmp_path / "queries/slow.ipynb"
    assert search_words(path) == []
    path.parent.mkdir()
    path.with_suffix(".toml").write_text('[search]\nwords = ["a b", "c"]\n', encoding="utf-8")
    assert search_words(path) == ["a b", "c"]
    path.with_suffix(".toml").write_text("", encoding="utf-8")
    assert search_words(path) == []
    lesson = lesson_at(all_lessons()[0].path)
    assert claims_of(lesson)


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("search = 1", "has one entry"),
        ("[search]", "has one entry"),
        ('[search]\nwords = "a"', "has one entry"),
        ("[search]\nwords = [1]", "has one entry"),
        ('[search]\nwords = [""]', "has one entry"),
        ('[search]\nwords = ["a"]\nboost = 2', "has one entry"),
        ('[search]\nwords = ["UUID", "uuid"]', "names a text twice"),
    ],
)
def test_anything_but_a_list_of_texts_is_a_fault(tmp_path: Path, table: str, problem: str) -> None:
    path = tmp_path / "slow.toml"
    path.write_text(table, encoding="utf-8")
    with pytest.raises(BrokenSearchWords, match=rf"slow\.toml: \[search\] {problem}"):
        search_words(path.with_suffix(".ipynb"))
