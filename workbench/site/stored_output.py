"""What the stored outputs of a cell show, and the figures that can be read in them.

Statements, plans, tables and errors are read back from the Markdown that a lesson stored.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.execution.notebook import joined
from workbench.lesson.plan import Plan
from workbench.markdown import fenced

LONGEST_FIGURE = 20
_HEADLINE = re.compile(r"\*\*(\d+) statements?\*\*")
_FENCE = re.compile(r"^(`{3,})(?P<language>\w*)\n(?P<text>.*?)^\1$", re.MULTILINE | re.DOTALL)
_STATEMENT = re.compile(r"(?P<sql>.+?);\n(?P<notes>(?:-- [^\n]*\n)*)", re.DOTALL)
_BOUNDARIES = {"BEGIN", "COMMIT", "ROLLBACK"}
_CLASS = re.compile(r"[A-Za-z][A-Za-z0-9]*(?=:)")
_NODE = re.compile(r"(?:->  |\A)(?P<name>[A-Z][A-Za-z ]*)")
_ROWS = re.compile(r"actual rows=(?P<rows>[\d.]+) loops=(?P<loops>\d+)")
_REMOVED = re.compile(r"Rows Removed by [^:]*: (\d+)")
_READS = {"Seq Scan", "Index Scan", "Index Scan Backward", "Index Only Scan", "Tid Scan"}
_READS |= {"Index Only Scan Backward", "Bitmap Heap Scan", "Tid Range Scan"}


class NotShown(ValueError):
    """A cell has no stored output of the kind that was asked for; the message says which cell."""


@dataclass(frozen=True)
class Figure:
    """A value as a reader sees it, and what it counts. ``number`` is None for a word.

    A figure of a table has its heading in front of it, and ``unit`` is empty.
    """

    value: str
    unit: str = ""
    heading: str = ""
    number: float | None = None
    several: str = ""

    @property
    def of(self) -> str:
        """What it counts, in the same words whatever the number is."""
        return self.heading or self.several


@dataclass(frozen=True)
class Sent:
    """A statement, its columns left out, and how often it was sent in a row."""

    sql: str
    times: int


@dataclass(frozen=True)
class Statements:
    """The statements that a cell recorded, without BEGIN and its like."""

    sent: tuple[Sent, ...]

    @property
    def figures(self) -> list[Figure]:
        count = sum(each.times for each in self.sent)
        return [_count(count, "statements", "statement")]


@dataclass(frozen=True)
class StoredPlan:
    """The text of a plan."""

    text: str

    @property
    def figures(self) -> list[Figure]:
        """Rows that the scans read, those of them that a condition removed, and buffers."""
        read = removed = 0.0
        scan = False
        loops = 1
        for line in self.text.splitlines():
            if node := _NODE.search(line if "->  " in line else line if _is_top(line) else ""):
                name = re.split(r" (?:using|on) | \(", node["name"])[0].strip()
                counted = _ROWS.search(line)
                scan = name in _READS and counted is not None
                loops = int(counted["loops"]) if counted else 1
                if scan and counted:
                    read += float(counted["rows"]) * loops
            elif found := _REMOVED.search(line):
                removed += int(found[1]) * loops
                read += int(found[1]) * loops if scan else 0
        figures = [_count(round(read), "rows read", "row read")]
        if removed:
            figures.append(_count(round(removed), "removed by a filter"))
        if "Buffers: shared" in self.text:
            pages = Plan(tuple(self.text.splitlines())).buffers
            figures.append(_count(pages, "buffers", "buffer"))
        return figures


@dataclass(frozen=True)
class StoredTable:
    """Headings, alignments and rows; cells are Markdown, as they were stored."""

    headings: tuple[str, ...]
    rules: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def figures(self) -> list[Figure]:
        """Return the values of a table of one row; of others, how many rows there are."""
        return self.values() if len(self.rows) == 1 else [_count(len(self.rows), "rows", "row")]

    def values(self, first: int = 0) -> list[Figure]:
        """Return the short values of the first row, from the column ``first`` on."""
        pairs = zip(self.headings[first:], self.rows[0][first:], strict=True)
        return [
            Figure(value, heading=heading, number=_number(value))
            for heading, value in pairs
            if value and len(plain(value)) <= LONGEST_FIGURE
        ]

    def row(self, cells: Sequence[str]) -> StoredTable:
        """Return this table with the one row that begins with ``cells``. Raises NotShown."""
        begins = list(cells)
        found = [row for row in self.rows if [*map(plain, row[: len(begins)])] == begins]
        if len(found) != 1:
            raise NotShown(f"{len(found)} rows begin with {', '.join(cells)}")
        return StoredTable(self.headings, self.rules, (found[0],))

    def without(self, columns: int) -> StoredTable:
        """Return this table without its first ``columns``."""
        rows = tuple(row[columns:] for row in self.rows)
        return StoredTable(self.headings[columns:], self.rules[columns:], rows)

    def column(self, heading: str) -> StoredTable:
        """Return the first column of this table beside the one under ``heading``.

        Raises NotShown where there is no such column.
        """
        headings = [plain(each) for each in self.headings]
        if heading not in headings[1:]:
            raise NotShown(f"no column {heading} among {', '.join(headings[1:])}")
        kept = (0, headings.index(heading))
        headed, ruled, *rows = (
            tuple(line[each] for each in kept) for line in (self.headings, self.rules, *self.rows)
        )
        return StoredTable(headed, ruled, tuple(rows))

    def __str__(self) -> str:
        lines = (self.headings, self.rules, *self.rows)
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


@dataclass(frozen=True)
class StoredError:
    """The class of an error and what the database said."""

    kind: str
    text: str

    @property
    def figures(self) -> list[Figure]:
        return [Figure(self.kind, several="error")]


@dataclass(frozen=True)
class StoredCode:
    """Code that a cell showed, or a value that it returned, which has no figures."""

    text: str
    language: str

    @property
    def figures(self) -> list[Figure]:
        return []


type Shown = Statements | StoredPlan | StoredTable | StoredError | StoredCode


def plain(cell: str) -> str:
    """Return the text of a table's ``cell`` without the marks of Markdown."""
    return html.unescape(re.sub(r"\\([\\`*_{}\[\]|~])", r"\1", cell.replace("`", "")))


def shown(notebook: Mapping[str, Any], cell: str) -> list[Shown]:
    """Return what the stored outputs of ``cell`` show, in their order.

    Outputs of other kinds are left out. Raises NotShown where none is left, where there is no
    such cell, and where the statements shown are others than their headline counts.
    """
    found = [each for kind, text in _outputs(notebook, cell) if (each := _read(kind, text, cell))]
    if not found:
        raise NotShown(f"no cell {cell} shows statements, a plan, a table, an error or code")
    return found


def _outputs(notebook: Mapping[str, Any], cell: str) -> Iterator[tuple[str, str]]:
    for each in notebook["cells"]:
        if each["id"] == cell:
            for output in each.get("outputs", ()):
                data = output.get("data", {})
                kind = output.get("metadata", {}).get("text/markdown", {}).get("kind", "")
                if "text/markdown" in data:
                    yield kind, joined(data["text/markdown"])
                elif output["output_type"] == "execute_result":
                    yield "code", fenced(joined(data.get("text/plain", "")), language="python")


def _read(kind: str, text: str, cell: str) -> Shown | None:
    if kind == "table":
        return _table(text)
    fence = _FENCE.search(text)
    if not fence:
        return None
    match kind:
        case "plan":
            return StoredPlan(fence["text"].rstrip("\n"))
        case "error":
            named = _CLASS.match(fence["text"])
            return StoredError(named[0] if named else "an error", fence["text"].rstrip("\n"))
        case "code":
            return StoredCode(fence["text"].rstrip("\n"), fence["language"])
        case "sql" if headline := _HEADLINE.search(text):
            found = map(_sent, _STATEMENT.finditer(fence["text"]))
            sent = tuple(each for each in found if each)
            if sum(each.times for each in sent) != int(headline[1]):
                raise NotShown(f"{cell} shows other statements than the {headline[1]}")
            return Statements(sent)
    return None


def _sent(found: re.Match[str]) -> Sent | None:
    sql = " ".join(found["sql"].split())
    if sql in _BOUNDARIES:
        return None
    times = re.search(r"^-- ×(\d+)", found["notes"], re.MULTILINE)
    sql = re.sub(r"^SELECT .*? FROM ", "SELECT … FROM ", sql)
    sql = re.sub(r"^(INSERT INTO .+? )\(.*?\) VALUES \(.*?\)(?=$| |,)", r"\1(…) VALUES (…)", sql)
    return Sent(sql, int(times[1]) if times else 1)


def _table(text: str) -> StoredTable | None:
    lines = [_cells(line) for line in text.splitlines() if line.startswith("|")]
    return StoredTable(lines[0], lines[1], tuple(lines[2:])) if len(lines) > 1 else None


def _cells(line: str) -> tuple[str, ...]:
    """Return the cells of ``line``, of which no bar that is escaped ends one."""
    return tuple(cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1])


def _is_top(line: str) -> bool:
    return line[:1].isalpha() and "(" in line


def _number(value: str) -> float | None:
    bare = value.replace(",", "")
    return float(bare) if re.fullmatch(r"-?\d+(\.\d+)?", bare) else None


def _count(count: int, several: str, one: str | None = None) -> Figure:
    unit = one if one and count == 1 else several
    return Figure(f"{count:,}", unit, number=count, several=several)
