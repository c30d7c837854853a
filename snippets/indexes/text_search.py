"""Full-text search: one place for the language, the weights, the query and its highlights.

Buys: a stored search column that PostgreSQL keeps current, queries in its language whatever
the session's setting, input as people type it, and highlights that are safe in HTML.
Needs: text columns, and a GIN index on the search column.
Limits: a row with more than 1 MB of search terms is refused at the write. Ranking reads every
match. With OFFSET, select the page's keys first: PostgreSQL makes the headlines of skipped rows
too. A headline leaves out what it takes for tags. Parts of words are not found.
"""

import html
import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Computed, Function, func, literal_column
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import InstrumentedAttribute

_START, _STOP = "\ue000", "\ue001"


class TextSearch:
    """``TextSearch("english", {"title": "A", "body": "B"})``: columns by weight, A the highest.

    Raises ValueError for no columns, for other weights than A to D, and for a configuration
    whose name is not plain. Methods add no statements. They raise ValueError for a query that is
    blank, longer than 1,000 characters, or not storable as text; every other input is a query,
    and one of stop words alone finds nothing.
    """

    def __init__(self, config: str, weights: Mapping[str, str]) -> None:
        if not re.fullmatch(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?", config):
            raise ValueError(f"a configuration is a plain name such as english, not {config!r}")
        if not weights or not set(weights.values()) <= set("ABCD"):
            raise ValueError("give each column a weight from A to D")
        language = f"'{config}'::regconfig"
        self.config: ColumnElement[Any] = literal_column(language)
        quote = postgresql.dialect().identifier_preparer.quote  # type: ignore[no-untyped-call]
        self.vector = " || ".join(
            f"setweight(to_tsvector({language}, coalesce({quote(name)}, '')), '{weight}')"
            for name, weight in weights.items()
        )

    def computed(self) -> Computed:
        """Return what ``mapped_column(TSVECTOR, …, deferred=True)`` takes to hold the terms."""
        return Computed(self.vector, persisted=True)

    def matches(self, column: InstrumentedAttribute[Any], query: str) -> ColumnElement[bool]:
        """Return the condition of the rows that match; a GIN index on ``column`` serves it."""
        return column.bool_op("@@")(self._parsed(query))

    def rank(self, column: InstrumentedAttribute[Any], query: str) -> ColumnElement[float]:
        """Return how well a row matches, for ``order_by(rank.desc(), key)``."""
        rank: Function[float] = func.ts_rank_cd(column, self._parsed(query))
        return rank

    def headline(self, column: InstrumentedAttribute[Any], query: str) -> ColumnElement[str]:
        """Return an excerpt of a text column, to be made HTML by ``marked``."""
        text = func.translate(column, _START + _STOP, "")
        options = f'StartSel="{_START}", StopSel="{_STOP}"'
        excerpt: Function[str] = func.ts_headline(self.config, text, self._parsed(query), options)
        return excerpt

    def _parsed(self, query: str) -> ColumnElement[Any]:
        if not query.strip() or len(query) > 1_000 or "\0" in query:
            raise ValueError("a query has 1 to 1,000 characters, not all of them space, and no NUL")
        query.encode()
        return func.websearch_to_tsquery(self.config, query)


def marked(headline: str) -> str:
    """Return ``headline`` escaped for HTML, with the words that matched in ``<mark>``."""
    escaped = html.escape(headline)
    return escaped.replace(_START, "<mark>").replace(_STOP, "</mark>")
