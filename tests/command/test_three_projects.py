"""The proof: every snippet with its tests, copied into three projects, works in each of them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from database_patterns.registry import Registry
from database_patterns.sources import Sources
from tests.command.conftest import Environment
from tests.command.fresh_projects import PROJECTS, FreshProject
from workbench.postgres import Server

SNIPPETS = Registry(Sources.installed()).snippets


@pytest.mark.timeout(1200)  # a minute each on two idle cores
@pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project.name)
def test_every_snippet_and_its_tests_pass_in(
    project: FreshProject, installed: Environment, server: Server, tmp_path: Path
) -> None:
    folder = project.make(tmp_path)
    listed = installed.run("database_patterns", "list", "--json", cwd=folder)
    names = [snippet["name"] for snippet in json.loads(listed.stdout)]
    assert names == sorted(SNIPPETS)

    options = ["--into", project.into, "--tests-into", project.tests, "--edit-pyproject"]
    installed.run("database_patterns", "add", *names, *options, cwd=folder)
    assert "nothing is wrong" in installed.run("database_patterns", "doctor", cwd=folder).stdout

    installed.run("ruff", "check", ".", cwd=folder)
    installed.run("ruff", "format", "--check", "--line-length=100", ".", cwd=folder)
    installed.run("mypy", "--strict", ".", cwd=folder)
    tested = installed.run(
        "pytest",
        "-q",
        "-rs",
        "-p",
        "no:cacheprovider",
        cwd=folder,
        DATABASE_URL=server.url.render_as_string(hide_password=False),
    )
    assert_every_test_file_passed(tested.stdout, folder / project.tests)


def assert_every_test_file_passed(said: str, tests: Path) -> None:
    assert "failed" not in said
    passed = re.search(r"(\d+) passed", said)
    assert passed is not None
    copied = {path.relative_to(tests).as_posix() for path in tests.rglob("test_*.py")}
    wanted = {
        snippet.test.removeprefix("tests/snippets/")
        for snippet in SNIPPETS.values()
        if snippet.test
    }
    assert copied == wanted
    assert int(passed[1]) > 15 * len(copied)
