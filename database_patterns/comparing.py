"""Each copied file in three states: as it was copied, as it is here, as it is in this release."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from database_patterns.copying import copy_of
from database_patterns.project import Project
from database_patterns.record import Copy, Record, Target
from database_patterns.refusal import Refused
from database_patterns.registry import Registry, name_of
from database_patterns.text_files import content_at, decoded


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One file of ``target``; ``content`` is None where it was deleted, ``upstream`` where gone."""

    path: PurePosixPath
    target: Target
    original: Copy
    content: bytes | None
    upstream: Copy | None

    @property
    def mine(self) -> str | None:
        """The text in the project."""
        return None if self.content is None else decoded(self.content, self.path)

    @property
    def changed_here(self) -> bool:
        """Whether the project changed or deleted the copy."""
        return self.mine != self.original.text

    @property
    def changed_upstream(self) -> bool:
        """Whether this release has another text."""
        return self.upstream is not None and self.upstream.text != self.original.text

    @property
    def state(self) -> str:
        """What there is to say, in a few words."""
        if self.content is None:
            return "deleted here"
        if self.upstream is None:
            return "gone upstream"
        both = self.changed_here and self.changed_upstream
        if both and self.mine == self.upstream.text:
            return "as upstream"
        if both:
            return "changed here and upstream"
        if self.changed_here:
            return "changed here"
        return "changed upstream" if self.changed_upstream else "unchanged"


def comparisons(
    project: Project, registry: Registry, record: Record, names: Sequence[str] = ()
) -> Iterator[Comparison]:
    """Yield every recorded file, or those that the snippets ``names`` consist of.

    Raises Refused where one of ``names`` was not copied.
    """
    copied = copied_snippets(record)
    for name in names:
        if name not in copied:
            raise Refused(f"{name} was not copied into this project.")
    known = [name for name in names if name in registry.snippets]
    wanted = registry.files(known, tests=True) | {f"snippets/{name}.py" for name in names}
    for target in record.targets.values():
        for path, original in target.files.items():
            if names and original.source not in wanted:
                continue
            project.check_links(path)
            there = original.source in registry.sources.paths
            yield Comparison(
                path=path,
                target=target,
                original=original,
                content=content_at(project.root / path),
                upstream=copy_of(original.source, registry, target.layout) if there else None,
            )


def copied_snippets(record: Record) -> list[str]:
    """Return the names of all snippets that ``record`` holds, asked for or needed."""
    return sorted(
        {
            name_of(copy.source)
            for target in record.targets.values()
            for copy in target.files.values()
            if copy.source.startswith("snippets/") and not copy.source.endswith("__init__.py")
        }
    )
