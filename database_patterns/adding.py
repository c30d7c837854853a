"""What adding snippets to a target would write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from database_patterns.changes import Change
from database_patterns.copying import copy_of
from database_patterns.layout import Layout
from database_patterns.project import Project
from database_patterns.record import NAME, Record, Target
from database_patterns.refusal import Refused
from database_patterns.registry import Registry
from database_patterns.text_files import content_at, decoded, encoded


@dataclass(kw_only=True)
class Addition:
    """Files to write; ``kept`` were changed in the project, ``older`` came with another release.

    ``sources`` are the paths of all files that the asked snippets consist of.
    """

    layout: Layout
    sources: set[str]
    changes: list[Change] = field(default_factory=list)
    same: list[PurePosixPath] = field(default_factory=list)
    kept: list[PurePosixPath] = field(default_factory=list)
    older: list[PurePosixPath] = field(default_factory=list)


def addition(
    project: Project,
    registry: Registry,
    names: Sequence[str],
    layout: Layout,
    *,
    tests: bool,
    overwrite: bool = False,
) -> Addition:
    """Return what adding ``names`` to ``layout`` writes, the record of it last.

    A file that is there already and differs is left alone if it was copied before; if it was
    not, Refused is raised with the names of all such files. With ``overwrite`` both are replaced.
    """
    record = Record.of(project)
    target = _target(record, layout)
    found = Addition(layout=target.layout, sources=registry.files(names, tests=tests))
    in_the_way: list[PurePosixPath] = []
    for source in sorted(found.sources):
        path = target.layout.destination(source)
        project.check_links(path)
        copy = copy_of(source, registry, target.layout)
        before = content_at(project.root / path)
        if before is None:
            found.changes.append(Change(path=path, before=None, after=copy.text.encode()))
        elif decoded(before, path) == copy.text:
            found.same.append(path)
        elif overwrite:
            after = encoded(copy.text, like=before)
            found.changes.append(Change(path=path, before=before, after=after))
        elif path not in target.files:
            in_the_way.append(path)
            continue
        else:
            mine = decoded(before, path) != target.files[path].text
            (found.kept if mine else found.older).append(path)
            continue
        target.files[path] = copy
    if in_the_way:
        are, differ = ("is", "differs") if len(in_the_way) == 1 else ("are", "differ")
        raise Refused(
            f"{', '.join(map(str, in_the_way))} {are} there already and {differ}: nothing was "
            "written, and --overwrite replaces."
        )
    for name in names:
        target.snippets[name] = tests or target.snippets.get(name, False)
    found.changes = [*packages(project, target, found.changes), *found.changes]
    found.changes += recorded(project, record)
    return found


def packages(project: Project, target: Target, changes: Sequence[Change]) -> list[Change]:
    """Return the empty ``__init__.py`` that the folders of ``changes`` still need."""
    tops = [folder for folder in (target.layout.into, target.layout.tests) if folder]
    made = {change.path for change in changes}
    wanted = {
        folder / "__init__.py"
        for change in changes
        for top in tops
        for folder in change.path.parents
        if folder == top or top in folder.parents
    }
    missing = []
    for path in sorted(wanted - made):
        project.check_links(path)
        if content_at(project.root / path) is None:
            missing.append(Change(path=path, before=None, after=b""))
    return missing


def recorded(project: Project, record: Record) -> list[Change]:
    """Return the change of the record file, or none where it is the same."""
    path = PurePosixPath(NAME)
    before = content_at(project.root / path)
    after = encoded(record.text, like=before)
    return [] if after == before else [Change(path=path, before=before, after=after)]


def _target(record: Record, layout: Layout) -> Target:
    """Return the target at the folder of ``layout``: its folder for tests stays what it was."""
    target = record.targets.setdefault(layout.into, Target(layout=layout))
    if layout.tests is not None and target.layout.tests is None:
        target.layout = layout
    elif layout.tests is not None and layout.tests != target.layout.tests:
        raise Refused(
            f"The tests of {layout.into} are in {target.layout.tests}: keep them together."
        )
    taken = {
        other.layout.tests: folder
        for folder, other in record.targets.items()
        if other is not target
    }
    if target.layout.tests is not None and target.layout.tests in taken:
        raise Refused(
            f"{target.layout.tests} holds the tests of {taken[target.layout.tests]}: "
            "name another folder with --tests-into."
        )
    return target
