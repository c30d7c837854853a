"""What a command is about to write, and as a diff."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from database_patterns.text_files import decoded


@dataclass(frozen=True, kw_only=True)
class Change:
    """The content of one file before (None: there is no file) and after."""

    path: PurePosixPath
    before: bytes | None
    after: bytes

    @property
    def kind(self) -> str:
        """ "created" or "changed"."""
        return "created" if self.before is None else "changed"


def as_diff(changes: Iterable[Change]) -> str:
    """Return ``changes`` as a unified diff that ``git apply`` and ``patch -p1`` take."""
    return "".join(
        line
        for change in changes
        for line in unified(
            decoded(change.before or b"", change.path),
            decoded(change.after, change.path),
            before="/dev/null" if change.before is None else f"a/{change.path}",
            after=f"b/{change.path}",
        )
    )


def unified(old: str, new: str, *, before: str, after: str) -> Iterator[str]:
    """Yield the lines of a unified diff from ``old`` to ``new``; none where they are equal."""
    for line in difflib.unified_diff(
        old.splitlines(keepends=True), new.splitlines(keepends=True), before, after
    ):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
