"""A table of results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from workbench.markdown import MimeBundle, bundle, table_cell


class ResultTable:
    """Rows under headings, shown as a Markdown table; numbers are set to the right.

    Raises ValueError where a row has more or fewer cells than there are headings.
    """

    def __init__(self, *headings: str, rows: Iterable[Sequence[Any]]) -> None:
        self.headings = headings
        self.rows = [tuple(row) for row in rows]
        for row in self.rows:
            if len(row) != len(headings):
                raise ValueError(f"{len(headings)} headings but {len(row)} cells in {row!r}")

    def __str__(self) -> str:
        return "\n".join(
            "\t".join(str(cell) for cell in row) for row in [self.headings, *self.rows]
        )

    def _repr_mimebundle_(self, **_: object) -> MimeBundle:
        columns = range(len(self.headings))
        rules = [
            "--:" if self.rows and all(_is_number(row[column]) for row in self.rows) else ":--"
            for column in columns
        ]
        lines = [
            [table_cell(heading) for heading in self.headings],
            rules,
            *([_cell(cell) for cell in row] for row in self.rows),
        ]
        markdown = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return bundle(markdown, str(self), kind="table")


def tabulate(*headings: str, rows: Iterable[Sequence[Any]]) -> ResultTable:
    """Return ``rows`` under ``headings`` as a table to show at the end of a cell."""
    return ResultTable(*headings, rows=rows)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _cell(value: Any) -> str:
    if value is None:
        return "NULL"
    if _is_number(value):
        return f"{value:,}"
    return table_cell(value)
