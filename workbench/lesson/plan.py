"""The plan that PostgreSQL chose and what running it touched."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ClauseElement, Executable, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.ext.compiler import compiles

from workbench.lesson.values import ValueNames
from workbench.markdown import MimeBundle, bundle, fenced

_BUFFERS = re.compile(r"Buffers: shared (.+)")
_NODE = re.compile(r"^ *(?:->  )?(?P<name>[A-Z][A-Za-z ]*?)(?: using | on |  ?\(|$)")


@dataclass(frozen=True)
class Plan:
    """The lines of one EXPLAIN ANALYZE."""

    lines: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.lines)

    def __contains__(self, text: str) -> bool:
        return text in str(self)

    @property
    def nodes(self) -> list[str]:
        """The node types from the top down, such as ``["Limit", "Index Scan Backward"]``."""
        starts = [line for line in self.lines if line is self.lines[0] or "->  " in line]
        return [found["name"].strip() for line in starts if (found := _NODE.match(line))]

    @property
    def rows(self) -> float:
        """Rows that the top node returned."""
        found = re.search(r"actual rows=([\d.]+)", self.lines[0])
        if found is None:
            raise ValueError("the plan was not executed: no actual rows in it")
        return float(found[1])

    @property
    def rows_removed(self) -> int:
        """Rows read and thrown away by filters, over all nodes (per loop, as PostgreSQL says)."""
        return sum(int(count) for count in re.findall(r"Rows Removed by .*?: (\d+)", str(self)))

    @property
    def buffers(self) -> int:
        """Pages of 8 KiB that the whole statement touched, found in cache or read.

        Raises ValueError when the plan was made without ``buffers=True``.
        """
        for line in self.lines:
            if found := _BUFFERS.search(line):
                return sum(int(n) for n in re.findall(r"(?:hit|read)=(\d+)", found[1]))
        raise ValueError("the plan holds no buffers: ask for them with explain(…, buffers=True)")

    def _repr_mimebundle_(self, **_: object) -> MimeBundle:
        shown = ValueNames().text(str(self))
        return bundle(fenced(shown, language="text"), shown, kind="plan")


async def explain(
    connection: AsyncConnection | AsyncSession,
    statement: Executable | str,
    parameters: dict[str, Any] | None = None,
    *,
    buffers: bool = False,
    costs: bool = False,
) -> Plan:
    """Run ``statement`` under EXPLAIN ANALYZE and return its plan, without times.

    The statement is executed: an UPDATE updates. With ``buffers`` a query runs twice and the
    second plan is returned, so that its pages come from cache and the figures repeat; the
    pages that planning itself read are left out.
    """
    if isinstance(statement, str):
        statement = text(statement)
    explained = _Explain(statement, buffers=buffers, costs=costs)
    if buffers and getattr(statement, "is_select", False):
        await connection.execute(explained, parameters)
    lines = (await connection.execute(explained, parameters)).scalars().all()
    return Plan(tuple(_without_planning(lines)))


def _without_planning(lines: Any) -> list[str]:
    kept = []
    planning = False
    for line in lines:
        # Its figures are indented; the triggers stand after it, at the margin again.
        planning = line.startswith("Planning:") or (planning and line.startswith(" "))
        if not planning:
            kept.append(line)
    return kept


class _Explain(Executable, ClauseElement):
    inherit_cache = False

    def __init__(self, statement: Executable, *, buffers: bool, costs: bool) -> None:
        self.statement = statement
        self.explain_options = ", ".join(
            [
                "ANALYZE",
                "TIMING OFF",
                "SUMMARY OFF",
                f"COSTS {'ON' if costs else 'OFF'}",
                f"BUFFERS {'ON' if buffers else 'OFF'}",
            ]
        )


@compiles(_Explain)
def _compile_explain(element: _Explain, compiler: Any, **kw: Any) -> str:
    return f"EXPLAIN ({element.explain_options}) {compiler.process(element.statement, **kw)}"
