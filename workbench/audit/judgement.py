"""What an audit found: a figure for each bar, and a sentence for each fault."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Bar:
    """What was measured, the ``figure`` that it came to and the ``limit`` that it has to keep."""

    name: str
    figure: str
    limit: str


@dataclass
class Judgement:
    """The bars that were measured and the faults that were found, each one sentence."""

    bars: list[Bar] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def add(self, name: str, figure: str, *, limit: str, faults: Iterable[str] = ()) -> None:
        """Note a bar, and the ``faults`` that keep the site from it."""
        self.bars.append(Bar(name, figure, limit))
        self.faults += faults

    def table(self) -> str:
        """Return the bars as lines of text, one each, in columns."""
        rows = [("bar", "found", "limit"), *((b.name, b.figure, b.limit) for b in self.bars)]
        widths = [max(len(row[column]) for row in rows) for column in range(2)]
        return "\n".join(
            f"  {name:<{widths[0]}}  {figure:>{widths[1]}}  {limit}" for name, figure, limit in rows
        )


def counted(faults: Sequence[str]) -> str:
    """Return how many ``faults`` there are, as the figure of a bar."""
    return str(len(faults))
