"""What is wrong with the copies of a project, each fault as a sentence."""

from __future__ import annotations

from pathlib import PurePosixPath

from database_patterns.comparing import comparisons
from database_patterns.merging import has_markers
from database_patterns.project import Project
from database_patterns.pyproject import lacks
from database_patterns.record import Record, Target
from database_patterns.registry import Registry


def faults(project: Project, registry: Registry) -> list[str]:
    """Return what keeps the copies of ``project`` from working or from being updated."""
    record = Record.of(project)
    found: list[str] = []
    for each in comparisons(project, registry, record):
        if each.mine is None:
            found.append(f"{each.path} was deleted: `database-patterns add` brings it back.")
        elif has_markers(each.mine):
            found.append(f"{each.path} holds conflict markers.")
        if each.upstream is None:
            found.append(f"{each.path} is not in release {registry.sources.release} any more.")
    for target in record.targets.values():
        found += _faults_of(target, project, registry)
    return found


def _faults_of(target: Target, project: Project, registry: Registry) -> list[str]:
    found = [
        f"{folder}/__init__.py is missing: the copies cannot be imported."
        for folder in sorted({path.parent for path in target.files} | {target.layout.into})
        if folder != PurePosixPath() and not (project.root / folder / "__init__.py").is_file()
    ]
    have = {copy.source for copy in target.files.values()}
    current = have & registry.sources.paths
    found += [
        f"{target.layout.destination(source)} is needed and was not copied: run update."
        for source in sorted(registry.imports.closure(current) - have)
    ]
    tests = {path for path in current if not path.startswith("snippets/")}
    needed = registry.requirements(current - tests)
    wanted = registry.requirements(tests) if tests else []
    only_tests = [each for each in wanted if each not in needed]
    untyped = registry.imports_untyped(current)
    missing = lacks(project, needed, only_tests if tests else None, untyped=untyped)
    return found + missing.sentences
