"""Two sets of changes to one text, brought together as git does it."""

from __future__ import annotations

from dataclasses import dataclass

from merge3 import Merge3

START, MIDDLE, END = "<<<<<<< ", "=======", ">>>>>>> "


@dataclass(frozen=True)
class Merged:
    """The text, with markers around each of its ``conflicts``."""

    text: str
    conflicts: int


def merged(original: str, mine: str, theirs: str, *, release: str) -> Merged:
    """Merge ``mine`` and ``theirs``, both made from ``original``."""
    merge = Merge3(_lines(original), _lines(mine), _lines(theirs))
    conflicts = sum(region[0] == "conflict" for region in merge.merge_regions())
    lines = merge.merge_lines(
        name_a="yours",
        name_b=f"database-patterns {release}",
        start_marker=START.strip(),
        mid_marker=MIDDLE,
        end_marker=END.strip(),
    )
    return Merged("".join(lines), conflicts)


def has_markers(text: str) -> bool:
    """Tell whether ``text`` still holds the markers of an earlier conflict."""
    return any(line.startswith((START, END)) for line in text.splitlines())


def _lines(text: str) -> list[str]:
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"  # or a marker would stand behind the last line
    return lines
