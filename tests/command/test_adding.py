"""Copies stand where they were asked for, work there, and leave what is yours alone."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from pathlib import Path

import pytest

from database_patterns.adding import addition
from database_patterns.project import Project
from database_patterns.registry import Registry
from database_patterns.sources import Sources
from database_patterns.writing import write_all
from tests.command.conftest import Command, tree
from workbench.execution.lessons import ROOT

REGISTRY = Registry(Sources.installed())
PAGE = ("add", "queries/page", "--into", "app/db")


def python_files(project: Path) -> set[str]:
    return {path for path in tree(project) if path.endswith(".py")}


def test_a_snippet_comes_with_the_snippets_that_it_imports(command: Command, project: Path) -> None:
    before = python_files(project)
    said = command(*PAGE, cwd=project)
    assert said.code == 0
    assert python_files(project) - before == {
        "app/db/queries/__init__.py",
        "app/db/queries/cursor.py",
        "app/db/queries/keyset.py",
        "app/db/queries/page.py",
    }


def test_only_imports_change_and_a_header_is_added(command: Command, project: Path) -> None:
    command(*PAGE, cwd=project)
    copied = (project / "app/db/queries/page.py").read_text(encoding="utf-8")
    original = (ROOT / "snippets/queries/page.py").read_text(encoding="utf-8")
    header, _, rest = copied.partition('"""')
    assert header.splitlines() == [
        "# SPDX-FileCopyrightText: 2026 The Database Patterns authors",
        "# SPDX-License-Identifier: MIT",
        "# From https://github.com/database-patterns/database-patterns",
        "#   snippets/queries/page.py",
    ]
    assert '"""' + rest == original.replace("from snippets.", "from app.db.")
    assert "2026 The Database Patterns authors" in (ROOT / "LICENSE").read_text(encoding="utf-8")


def test_a_test_comes_with_the_evidence_that_it_imports(command: Command, project: Path) -> None:
    command("add", "migrations/round_trip", "--into", "app/db", "--tests", cwd=project)
    evidence = project / "tests/app_db/evidence"
    assert {path.name for path in evidence.glob("*.py")} == {
        "__init__.py",
        "database_error.py",
        "markdown.py",
        "migrations.py",
        "recording.py",
        "sql_text.py",
        "values.py",
    }
    recording = (evidence / "recording.py").read_text(encoding="utf-8")
    assert "\nfrom .database_error import database_message\nfrom .markdown import" in recording
    test = (project / "tests/app_db/migrations/test_round_trip.py").read_text(encoding="utf-8")
    assert "\n\nfrom ..evidence.migrations import Migrations\nfrom ..evidence.recording" in test
    # The text of a file that it writes imports a snippet too.
    written = (evidence / "migrations.py").read_text(encoding="utf-8")
    assert "from app.db.migrations.environment import run_migrations" in written
    assert (project / "app/db/migrations/environment.py").is_file()


@pytest.mark.parametrize("name", REGISTRY.snippets)
def test_every_import_of_a_snippet_copied_alone_leads_somewhere(name: str, project: Path) -> None:
    around = Project.around(project)
    layout = around.layout("app/db", "", start=project)
    write_all(project, addition(around, REGISTRY, [name], layout, tests=True).changes)
    folders = [project / "app/db", project / "tests/app_db"]
    for path in (path for folder in folders for path in folder.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        assert "import workbench" not in text
        assert "from workbench" not in text
        assert not re.search(r"\bsnippets\.\w+ import", text)
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.ImportFrom):
                continue
            module = str(node.module)
            place = (path.parents[node.level - 1] if node.level else project) / module.replace(
                ".", "/"
            )
            if node.level or module.startswith("app."):
                found = place.with_suffix(".py").is_file() or (place / "__init__.py").is_file()
                assert found, f"{path}: {module}"


def test_the_example_domain_stays_out_where_nothing_imports_it(
    command: Command, project: Path
) -> None:
    command("add", "connections/engine", "--into", "app/db", "--tests", cwd=project)
    assert not (project / "app/db/domain").exists()
    assert (project / "tests/app_db/connections/test_engine.py").is_file()


def test_a_dry_run_prints_a_diff_that_git_applies_to_the_same_result(
    command: Command, project: Path, tmp_path: Path
) -> None:
    options = (*PAGE, "--tests", "--edit-pyproject")
    before = tree(project)
    said = command(*options, "--dry-run", cwd=project)
    assert said.code == 0
    assert tree(project) == before
    subprocess.run(["git", "apply", "-"], cwd=project, input=said.out, text=True, check=True)
    applied = {name: text for name, text in tree(project).items() if text not in {b"", "folder"}}
    for name in set(applied) - set(before):
        (project / name).unlink()
    (project / "pyproject.toml").write_bytes(bytes(before["pyproject.toml"]))  # type: ignore[arg-type]
    command(*options, cwd=project)
    added = {name: text for name, text in tree(project).items() if text not in {b"", "folder"}}
    del added["database-patterns.lock"]
    assert applied == added


def test_adding_again_writes_nothing(command: Command, project: Path) -> None:
    command(*PAGE, "--tests", cwd=project)
    before = tree(project)
    said = command(*PAGE, "--tests", cwd=project)
    assert said.code == 0
    assert "everything is there already" in said.out
    assert tree(project) == before


def test_a_changed_copy_is_kept_unless_told(command: Command, project: Path) -> None:
    command(*PAGE, cwd=project)
    page = project / "app/db/queries/page.py"
    original = page.read_text(encoding="utf-8")
    page.write_text(original + "\nMINE = 1\n", encoding="utf-8")
    said = command(*PAGE, cwd=project)
    assert "kept     app/db/queries/page.py: you changed it" in said.out
    assert page.read_text(encoding="utf-8").endswith("MINE = 1\n")
    command(*PAGE, "--overwrite", cwd=project)
    assert page.read_text(encoding="utf-8") == original


def test_a_deleted_copy_comes_back(command: Command, project: Path) -> None:
    command(*PAGE, cwd=project)
    (project / "app/db/queries/keyset.py").unlink()
    said = command(*PAGE, cwd=project)
    assert "created  app/db/queries/keyset.py" in said.out
    assert command("diff", "--check", cwd=project).code == 0


def test_a_package_of_yours_keeps_its_init_file(command: Command, project: Path) -> None:
    command(*PAGE, cwd=project)
    assert (project / "app/db/__init__.py").read_text(encoding="utf-8") == '"""Our own."""\n'


def test_a_second_snippet_needs_no_target_and_its_tests_stay_with_the_first(
    command: Command, project: Path
) -> None:
    command(*PAGE, "--tests-into", "tests/elsewhere", cwd=project)
    command("add", "savepoint", "--tests", cwd=project)
    assert (project / "app/db/transactions/savepoint.py").is_file()
    assert (project / "tests/elsewhere/transactions/test_savepoint.py").is_file()


def test_two_targets_do_not_share_a_folder_for_tests(command: Command, project: Path) -> None:
    command(*PAGE, "--tests", cwd=project)
    taken = ("--into", "app/other", "--tests-into", "tests/app_db")
    said = command("add", "queries/page", *taken, cwd=project)
    assert "tests/app_db holds the tests of app/db" in said.err
    assert command("add", "queries/page", "--into", "app/other", "--tests", cwd=project).code == 0
    moved = ("--into", "app/db", "--tests-into", "tests/moved")
    assert "keep them together" in command("add", "queries/page", *moved, cwd=project).err


def test_a_folder_below_the_root_of_the_project_may_be_the_current_one(
    command: Command, project: Path
) -> None:
    command("add", "queries/page", "--into", "db", cwd=project / "app")
    assert (project / "app/db/queries/page.py").is_file()
    assert (project / "database-patterns.lock").is_file()


@pytest.mark.parametrize(
    ("into", "package"),
    [
        ("src/acme/db", "acme.db"),
        ("services/api/acme/db", "acme.db"),
        ("fresh", "fresh"),
        ("src/fresh", "fresh"),
    ],
)
def test_the_root_of_imports_is_found(
    into: str, package: str, command: Command, project: Path
) -> None:
    for folder in ("src/acme", "services/api/acme"):
        (project / folder).mkdir(parents=True)
        (project / folder / "__init__.py").touch()
    said = command("add", "queries/page", "--into", into, "--json", cwd=project)
    assert json.loads(said.out)["package"] == package
    copied = (project / into / "queries/page.py").read_text(encoding="utf-8")
    assert f"from {package}.queries.keyset import" in copied
    assert (project / into / "__init__.py").is_file()


def test_a_first_package_may_stand_in_an_empty_src(command: Command, project: Path) -> None:
    (project / "src").mkdir()
    command("add", "queries/page", "--into", "src/shop", cwd=project)
    copied = (project / "src/shop/queries/page.py").read_text(encoding="utf-8")
    assert "from shop.queries.keyset import" in copied


def test_windows_line_ends_are_kept_and_make_no_difference(command: Command, project: Path) -> None:
    command(*PAGE, cwd=project)
    page = project / "app/db/queries/page.py"
    page.write_bytes(page.read_bytes().replace(b"\n", b"\r\n"))
    assert "nothing changed" in command("diff", cwd=project).out
    page.write_bytes(page.read_bytes() + b"MINE = 1\r\n")
    command(*PAGE, "--overwrite", cwd=project)
    content = page.read_bytes()
    assert b"MINE" not in content
    assert content.count(b"\r\n") == content.count(b"\n") > 50


def test_a_long_import_is_wrapped_and_a_wrapped_one_stays(command: Command, project: Path) -> None:
    package = project / "app" / "persistence_of_everything" / "patterns_that_we_copied"
    package.parent.mkdir()
    (package.parent / "__init__.py").touch()
    options = ("--into", str(package), "--tests")
    command("add", "migrations/checksums", "indexes/unindexed_foreign_keys", *options, cwd=project)
    text = "\n".join(path.read_text(encoding="utf-8") for path in project.rglob("test_*.py"))
    imports = [line for line in text.splitlines() if line.startswith("from ")]
    assert max(map(len, imports)) <= 100
    assert "unindexed_foreign_keys import (\n    UnindexedForeignKey,\n" in text
    command("add", "queries/page", "--into", str(package), cwd=project)
    page = (package / "queries/page.py").read_text(encoding="utf-8")
    assert "copied.queries.cursor import (\n    CursorCodec,\n    Position,\n)\n" in page


def test_a_fixture_brings_what_it_looks_up_to_the_tests_that_ask_for_it() -> None:
    test = REGISTRY.snippets["indexes/redundant_indexes"].test
    assert test is not None
    assert "snippets.domain" not in REGISTRY.sources.text(test)
    assert "snippets/domain/__init__.py" in REGISTRY.imports.of(test)
    other = REGISTRY.snippets["connections/engine"].test
    assert other is not None
    assert "engine" in REGISTRY.sources.text(other)
    assert "snippets/domain/__init__.py" not in REGISTRY.imports.of(other)
