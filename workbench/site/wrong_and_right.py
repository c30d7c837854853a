"""The wrong way beside the right one: two cells of a lesson, compared by what they showed.

A lesson names the two in ``[comparison]`` of the TOML file beside it. Every figure is read in
their stored outputs.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, assert_never

from workbench.markdown import fenced
from workbench.site.lesson_markdown import for_python_markdown
from workbench.site.stored_output import (
    Figure,
    NotShown,
    Sent,
    Shown,
    Statements,
    StoredCode,
    StoredError,
    StoredPlan,
    StoredTable,
    shown,
)

MOST_TICKS = 60
MOST_GROUPS = 8
MOST_FIGURES = 3
LABEL = "Wrong and right compared"
_WAYS = ("wrong", "right")


class BrokenComparison(Exception):
    """Says in one sentence which lesson's comparison cannot be shown, and why."""


@dataclass(frozen=True, kw_only=True)
class Side:
    """A cell and what its way is called, in a line of Markdown.

    Of a table ``row`` chooses the row that begins with these cells, ``column`` one column beside
    the first; with both, the figure is where they meet and the column is shown.
    """

    cell: str
    says: str
    row: tuple[str, ...] = ()
    column: str | None = None


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The two ways of a lesson."""

    wrong: Side
    right: Side


def comparison_beside(notebook: Path) -> Comparison | None:
    """Return the comparison in the TOML file beside ``notebook``, or None where there is none.

    Raises BrokenComparison for an unknown, missing or empty key, and where both sides are one.
    """
    path = notebook.with_suffix(".toml")
    if not path.exists():
        return None
    table = tomllib.loads(path.read_text(encoding="utf-8")).get("comparison")
    if table is None:
        return None
    if not isinstance(table, dict) or set(table) != set(_WAYS):
        raise BrokenComparison(f"{path.name}: [comparison] has two entries: wrong and right.")
    sides = {name: _side(table[name], f"{path.name}: {name}") for name in _WAYS}
    wrong, right = (sides[name] for name in _WAYS)
    if (wrong.cell, wrong.row, wrong.column) == (right.cell, right.row, right.column):
        raise BrokenComparison(f"{path.name}: wrong and right are the same evidence.")
    return Comparison(**sides)


def _side(entry: Any, where: str) -> Side:
    known = [field.name for field in fields(Side)]
    if not isinstance(entry, dict) or not {"cell", "says"} <= set(entry) <= set(known):
        raise BrokenComparison(f"{where} has a cell and what it says, and may have row and column.")
    row = entry.get("row", ())
    row = (row,) if isinstance(row, str) else tuple(row)
    texts = [entry["cell"], entry["says"], *row, *filter(None, [entry.get("column")])]
    for text in texts:
        if not isinstance(text, str) or not text.strip() or "\n" in text:
            raise BrokenComparison(f"{where}: {text!r} is no line of text.")
    return Side(**{**entry, "row": row})


@dataclass(frozen=True)
class _Evidence:
    figures: tuple[Figure, ...]
    parts: tuple[Shown, ...]


def comparison_markdown(
    notebook: Mapping[str, Any], comparison: Comparison, *, lesson: str = ""
) -> str:
    """Return ``comparison`` as Markdown, with PyMdown's blocks, linked to the cells of ``lesson``.

    ``lesson`` is an address, by default the page itself. Raises BrokenComparison where a cell
    shows nothing of that kind, and where both sides show the same.
    """
    wrong, right = _evidence(notebook, comparison)
    bodies = ["\n\n".join(_body(each)) for each in (wrong, right)]
    brief = not any(bodies)
    parts = []
    for name, side, evidence, other, body in zip(
        _WAYS,
        (comparison.wrong, comparison.right),
        (wrong, right),
        (right, wrong),
        bodies,
        strict=True,
    ):
        if not brief:
            checked = ", checked: checked" if name == "wrong" else ""
            parts.append(
                _block(4, f"html | input#way-{name}[type=radio]", "", f"name: way{checked}")
            )
        parts.append(_heading(name, side, evidence, other, label=not brief))
        link = f"[See it run]({lesson}#cell-{side.cell}){{ .way-run }}"
        parts.append(_block(4, f"html | div.way.{name}", "\n\n".join(filter(None, [body, link]))))
    kind = ".brief" if brief else ""
    # The search ends what it leaves out at the first end of an element of the same name.
    attributes = f"aria-label: {LABEL}, data-search-exclude: ''"
    inside = _block(5, f"html | div.ways{kind}", "\n\n".join(parts))
    return _block(6, "html | section.comparison", inside, attributes)


def _evidence(notebook: Mapping[str, Any], comparison: Comparison) -> tuple[_Evidence, _Evidence]:
    try:
        wrong, right = (_chosen(notebook, each) for each in (comparison.wrong, comparison.right))
    except NotShown as error:
        raise BrokenComparison(f"the comparison: {error}") from None
    if wrong.figures == right.figures and (wrong.figures or wrong.parts == right.parts):
        raise BrokenComparison("the comparison: both sides have the same figures")
    return _comparable(wrong, right), _comparable(right, wrong)


def _chosen(notebook: Mapping[str, Any], side: Side) -> _Evidence:
    parts = shown(notebook, side.cell)
    if not side.row and not side.column:
        unique = dict.fromkeys(each for part in parts for each in part.figures)
        return _Evidence(tuple(unique), tuple(parts))
    tables = [part for part in parts if isinstance(part, StoredTable)]
    if len(tables) != 1:
        raise NotShown(f"the cell {side.cell} has {len(tables)} tables, not one")
    table = tables[0].column(side.column) if side.column else tables[0]
    if not side.row:
        return _Evidence((), (table,))
    row = table.row(side.row)
    if not side.column:
        return _Evidence(tuple(row.values(len(side.row))), (row.without(len(side.row) - 1),))
    name = row.rows[0][0]
    heading = f"{row.headings[0]} {name}" if name.isdigit() else name
    figures = tuple(replace(each, heading=heading) for each in row.values(1))
    return _Evidence(figures, (table,))


def _comparable(evidence: _Evidence, other: _Evidence) -> _Evidence:
    """Return ``evidence`` without the words that nothing on the other side stands against."""
    kept = [
        each
        for each in evidence.figures
        if each.number is not None or not each.heading or _like(each, other)
    ]
    return replace(evidence, figures=tuple(kept[:MOST_FIGURES]))


def _heading(name: str, side: Side, evidence: _Evidence, other: _Evidence, *, label: bool) -> str:
    leading = _leading(evidence, other)
    figures = [
        f'<span class="{_classes(each, leading)}">{_figure(each)}</span>'
        for each in evidence.figures
    ]
    lines = [f"**{name.capitalize()}:**{{ .way-name }} {side.says}", " ".join(figures)]
    if leading:
        lines.append(_bar(leading, _like(leading, other)))
    selector = f"html | {'label' if label else 'div'}.way-head.{name}"
    attributes = f"for: way-{name}" if label else ""
    return _block(4, selector, "\n".join(filter(None, lines)), attributes, inline=True)


def _classes(figure: Figure, leading: Figure | None) -> str:
    word = " word" if figure.number is None and not figure.heading else ""
    return f"figure leading{word}" if figure is leading else "figure"


def _figure(figure: Figure) -> str:
    value = figure.value if figure.value.startswith("`") else f"**{figure.value}**"
    text = f"{figure.heading}: {value}" if figure.heading else f"{value} {figure.unit}"
    return for_python_markdown(text.rstrip())


def _leading(evidence: _Evidence, other: _Evidence) -> Figure | None:
    """Return the figure that differs most from the other side's, or the first one."""
    pairs = [(each, _like(each, other)) for each in evidence.figures]
    apart = [(each, them) for each, them in pairs if them and them.value != each.value]
    if not apart:
        return evidence.figures[0] if evidence.figures else None
    return max(apart, key=lambda pair: _contrast(*pair))[0]


def _like(figure: Figure, other: _Evidence) -> Figure | None:
    """Return what the other side says of the same thing, or None where it says nothing of it."""
    return next((each for each in other.figures if each.of == figure.of), None)


def _contrast(one: Figure, other: Figure) -> float:
    if one.number is None or other.number is None:
        return 1
    return (max(one.number, other.number) + 1) / (min(one.number, other.number) + 1)


def _bar(figure: Figure, other: Figure | None) -> str:
    """Return a picture of ``figure`` beside the same of the other side, or nothing without one."""
    if not (other and figure.number) or other.number is None or figure.value == other.value:
        return ""
    most = max(figure.number, other.number)
    if figure.of == "statements" and most <= MOST_TICKS:
        return f'<span class="ticks" aria-hidden="true">{"<i></i>" * round(figure.number)}</span>'
    width = max(round(figure.number / most * 100, 1), 0.5)
    return (
        '<svg class="share" aria-hidden="true" viewBox="0 0 100 1" preserveAspectRatio="none">'
        f'<path d="M0 0h{width:g}v1H0z"/></svg>'
    )


def _body(evidence: _Evidence) -> Iterator[str]:
    for part in evidence.parts:
        match part:
            case Statements():
                yield "\n".join(_groups(part.sent))
            case StoredPlan():
                yield _shown("plan", fenced(part.text, language="text"))
            case StoredError():
                yield _shown("error", fenced(part.text, language="text"))
            case StoredCode():
                yield _shown("code", fenced(part.text, language=part.language))
            case StoredTable():
                yield from _rows(part, evidence.figures)
            case _:
                assert_never(part)


def _rows(table: StoredTable, figures: Sequence[Figure]) -> Iterator[str]:
    """Give the table, or of its only row what no figure above says."""
    if len(table.rows) > 1:
        yield _shown("table", for_python_markdown(str(table)))
        return
    said = {(each.heading, each.value) for each in figures}
    pairs = list(zip(table.headings, table.rows[0], strict=True))
    left = [pair for pair in pairs[1:] if pair[1] and pair not in said]
    if left:
        yield "\n".join(for_python_markdown(f"- {heading}: {value}") for heading, value in left)


def _groups(sent: Sequence[Sent]) -> Iterator[str]:
    counts: dict[str, int] = {}
    for each in sent:
        counts[each.sql] = counts.get(each.sql, 0) + each.times
    for sql, times in list(counts.items())[:MOST_GROUPS]:
        yield f"- **{times:,} ×** {_code(sql)}"
    if len(counts) > MOST_GROUPS:
        yield f"- and {len(counts) - MOST_GROUPS} more"


def _code(text: str) -> str:
    fence = "`" * (max(map(len, re.findall(r"`+", text)), default=0) + 1)
    return f"{fence} {text} {fence}" if "`" in text else f"`{text}`"


def _shown(kind: str, content: str) -> str:
    return _block(3, f"html | div.evidence.evidence-{kind}", content)


def _block(
    depth: int, header: str, content: str, attributes: str = "", *, inline: bool = False
) -> str:
    slashes = "/" * depth
    options = "    markdown: inline\n" if inline else ""
    options += f"    attrs: {{{attributes}}}\n" if attributes else ""
    return f"{slashes} {header}\n{options}\n{content}\n\n{slashes}"
