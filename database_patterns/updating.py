"""What bringing the copies up to this release would write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from database_patterns.adding import packages, recorded
from database_patterns.changes import Change
from database_patterns.comparing import Comparison, comparisons
from database_patterns.copying import copy_of
from database_patterns.merging import has_markers, merged
from database_patterns.project import Project
from database_patterns.record import Record, Target
from database_patterns.refusal import Refused
from database_patterns.registry import Registry
from database_patterns.text_files import content_at, decoded, encoded


@dataclass
class Update:
    """Files to write; ``states`` names every file that is not merely unchanged."""

    changes: list[Change] = field(default_factory=list)
    states: dict[PurePosixPath, str] = field(default_factory=dict)
    conflicts: list[PurePosixPath] = field(default_factory=list)
    sources: set[str] = field(default_factory=set)


def update(project: Project, registry: Registry, names: Sequence[str] = ()) -> Update:
    """Return what updating ``names``, or everything, writes.

    A copy that was not changed is replaced; one that was is merged, with markers where both
    changed the same lines. Files that the new texts import are added. Raises Refused where a
    file holds the markers of an earlier conflict, or a new file is in the way.
    """
    record = Record.of(project)
    found = Update()
    compared = list(comparisons(project, registry, record, names))
    for each in compared:
        _bring_up(each, found, registry.sources.release)
    for target in record.targets.values():
        current = {each.original.source for each in compared if each.target is target}
        _add_new(project, registry, target, current & registry.sources.paths, found)
        found.changes = [*packages(project, target, found.changes), *found.changes]
        found.sources |= {copy.source for copy in target.files.values()} & registry.sources.paths
    found.changes += recorded(project, record)
    return found


def _bring_up(each: Comparison, found: Update, release: str) -> None:
    if each.state != "unchanged":
        found.states[each.path] = each.state
    if each.content is None or each.upstream is None or each.mine is None:
        return
    if has_markers(each.mine):
        raise Refused(f"{each.path} still holds conflict markers: settle them first.")
    if each.changed_upstream and each.mine != each.upstream.text:
        result = merged(each.original.text, each.mine, each.upstream.text, release=release)
        after = encoded(result.text, like=each.content)
        if after != each.content:
            found.changes.append(Change(path=each.path, before=each.content, after=after))
        if result.conflicts:
            found.conflicts.append(each.path)
        found.states[each.path] = (
            "conflict" if result.conflicts else "merged" if each.changed_here else "updated"
        )
    if each.changed_upstream:
        each.target.files[each.path] = each.upstream


def _add_new(
    project: Project, registry: Registry, target: Target, current: set[str], found: Update
) -> None:
    have = {copy.source for copy in target.files.values()}
    for source in sorted(registry.imports.closure(current) - have):
        path = target.layout.destination(source)
        project.check_links(path)
        copy = copy_of(source, registry, target.layout)
        before = content_at(project.root / path)
        if before is None:
            found.changes.append(Change(path=path, before=None, after=copy.text.encode()))
        elif decoded(before, path) != copy.text:
            raise Refused(f"{path} is needed now, but is there already and differs: move it first.")
        target.files[path] = copy
        found.states[path] = "added"
