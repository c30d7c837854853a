"""The command that copies snippets."""

from __future__ import annotations

from pathlib import Path

import click

from database_patterns.adding import Addition, addition
from database_patterns.changes import as_diff
from database_patterns.cli.options import as_json, dry_run, in_project, names, registry
from database_patterns.cli.output import print_code, print_json, say
from database_patterns.layout import Layout
from database_patterns.names import known_name
from database_patterns.project import Project
from database_patterns.pyproject import Lacks, completed, lacks
from database_patterns.record import NAME, Record
from database_patterns.refusal import Refused
from database_patterns.registry import Registry
from database_patterns.writing import write_all


@click.command()
@names
@click.option("--into", metavar="PACKAGE", help="The folder of a package, such as app/db.")
@click.option("--tests", is_flag=True, help="Copy the tests too, into tests/<package>.")
@click.option("--tests-into", metavar="FOLDER", help="Copy the tests too, into FOLDER.")
@click.option(
    "--edit-pyproject",
    is_flag=True,
    help="Add what the copies require to pyproject.toml; otherwise it is named.",
)
@click.option("--overwrite", is_flag=True, help="Replace files that differ.")
@dry_run
@in_project
@as_json
def add(
    names: tuple[str, ...],
    into: str | None,
    tests: bool,
    tests_into: str | None,
    edit_pyproject: bool,
    overwrite: bool,
    dry_run: bool,
    project: str | None,
    as_json: bool,
) -> None:
    """Copy the snippets NAMES into a package of your project, with the snippets that they import.

    Imports are rewritten to the package; everything else in a file stays as it is. A file that
    you changed is never replaced unless you say --overwrite. Once a project has one target,
    --into may be left out.
    """
    snippets = registry()
    known = list(dict.fromkeys(known_name(name, snippets.snippets) for name in names))
    start = Path(project) if project else Path.cwd()
    around = Project.around(start)
    with_tests = tests or tests_into is not None
    layout = _layout(around, into, tests_into, start=start, tests=with_tests)
    found = addition(around, snippets, known, layout, tests=with_tests, overwrite=overwrite)
    missing = _missing(around, snippets, found, tests=with_tests)
    changes = [*(completed(around, missing) if edit_pyproject else ()), *found.changes]
    if not dry_run:
        write_all(around.root, changes)
    if as_json:
        print_json(_as_document(found, missing, edited=edit_pyproject, dry_run=dry_run))
    elif dry_run:
        # The record's own lines are long and no news.
        print_code(as_diff(each for each in changes if each.path.name != NAME), "diff")
    else:
        _report(found, missing, edited=edit_pyproject)


def _layout(
    project: Project, into: str | None, tests_into: str | None, *, start: Path, tests: bool
) -> Layout:
    targets = Record.of(project).targets
    if into is None:
        if len(targets) != 1:
            raise Refused("Name the package to copy into, such as --into app/db.")
        [target] = targets
        into = str(project.root / target)
    if tests and tests_into is None:
        # The tests of a target stay together, wherever the first of them went.
        folder = project.relative(into, start=start, what="target")
        if folder in targets and targets[folder].layout.tests:
            tests_into = str(project.root / targets[folder].layout.tests_folder)
    given = (tests_into if tests_into is not None else "") if tests else None
    if tests_into is not None and not tests_into.strip():
        raise Refused("--tests-into needs the name of a folder, such as tests/db.")
    return project.layout(into, given, start=start)


def _missing(project: Project, snippets: Registry, found: Addition, *, tests: bool) -> Lacks:
    copied = {path for path in found.sources if path.startswith("snippets/")}
    needed = snippets.requirements(copied)
    for_tests = snippets.requirements(found.sources - copied)
    only_tests = [each for each in for_tests if each not in needed]
    untyped = snippets.imports_untyped(found.sources)
    return lacks(project, needed, only_tests if tests else None, untyped=untyped)


def _report(found: Addition, missing: Lacks, *, edited: bool) -> None:
    for change in found.changes:
        say(f"{change.kind:8} {change.path}", style="green")
    for path in found.kept:
        say(f"kept     {path}: you changed it; --overwrite replaces it", style="yellow")
    for path in found.older:
        say(f"kept     {path}: from another release; `database-patterns update`", style="yellow")
    if not found.changes:
        say("Nothing to write: everything is there already.")
    if edited:
        say("changed  pyproject.toml", style="green")
    for sentence in (
        Lacks(older_python=missing.older_python).sentences if edited else missing.sentences
    ):
        say(sentence, style="yellow")
    if not edited and missing.can_be_added:
        say("--edit-pyproject adds that.")


def _as_document(
    found: Addition, missing: Lacks, *, edited: bool, dry_run: bool
) -> dict[str, object]:
    return {
        "written": not dry_run,
        "package": found.layout.package,
        "files": [{"path": str(each.path), "change": each.kind} for each in found.changes],
        "same": [str(path) for path in found.same],
        "kept": [str(path) for path in found.kept],
        "older": [str(path) for path in found.older],
        "requirements": missing.requirements,
        "test_requirements": missing.test_requirements,
        "pyproject_edited": edited and not dry_run,
    }
