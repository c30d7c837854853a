"""Requirements are named, and written where the project keeps its own."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.command.conftest import Command

ADD = ("add", "connections/session_dependency", "--into", "app/db")


def written(project: Path) -> dict[str, Any]:
    return tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))


def rewrite(project: Path, text: str) -> None:
    (project / "pyproject.toml").write_text(text, encoding="utf-8")


def test_requirements_are_named_and_not_written_unasked(command: Command, project: Path) -> None:
    before = (project / "pyproject.toml").read_bytes()
    said = command(*ADD, cwd=project)
    assert "pyproject.toml lacks asyncpg>=0.32, sqlalchemy[asyncio]>=2.0.42.\n" in said.out
    assert "fastapi" not in said.out
    assert "asyncio_mode" not in command(*ADD, "--tests", cwd=project).out
    assert (project / "pyproject.toml").read_bytes() == before


def test_asked_for_they_are_added_and_the_rest_of_the_file_stays(
    command: Command, project: Path
) -> None:
    before = (project / "pyproject.toml").read_text(encoding="utf-8")
    command(*ADD, "--tests", "--edit-pyproject", cwd=project)
    after = (project / "pyproject.toml").read_text(encoding="utf-8")
    document = written(project)
    assert document["project"]["dependencies"] == [
        "fastapi",
        "asyncpg>=0.32",
        "sqlalchemy[asyncio]>=2.0.42",
    ]
    names = [line.partition(">")[0] for line in document["dependency-groups"]["dev"]]
    assert names == ["httpx", "pytest-asyncio", "pytest<10,", "uvicorn"]
    lost = set(before.splitlines()) - set(after.splitlines())
    assert lost == {'dependencies = ["fastapi"]  # the web'}
    assert "]  # the web\n" in after
    assert "pyproject.toml lacks" not in command("doctor", cwd=project).out


@pytest.mark.parametrize(
    ("table", "key"),
    [("dependency-groups", "test"), ("project.optional-dependencies", "dev")],
)
def test_requirements_of_tests_go_where_those_are(
    table: str, key: str, command: Command, project: Path
) -> None:
    rewrite(project, f'[project]\nname = "x"\nversion = "0"\n\n[{table}]\n{key} = ["pytest"]\n')
    command(*ADD, "--tests", "--edit-pyproject", cwd=project)
    found = written(project)
    for name in table.split("."):
        found = found[name]
    assert found[key][0] == "pytest"
    assert [line.partition(">")[0] for line in found[key][1:]] == [
        "httpx",
        "pytest-asyncio",
        "uvicorn",
    ]


def test_the_mode_of_async_tests_is_set_where_nothing_sets_it(
    command: Command, project: Path
) -> None:
    rewrite(project, '[project]\nname = "x"\n\n[tool.pytest.ini_options]\naddopts = "-q"\n')
    said = command(*ADD, "--tests", cwd=project)
    assert 'The tests need asyncio_mode = "auto"' in said.out
    command(*ADD, "--tests", "--edit-pyproject", cwd=project)
    options = written(project)["tool"]["pytest"]["ini_options"]
    assert options == {"addopts": "-q", "asyncio_mode": "auto"}


def test_a_mode_in_pytest_ini_counts(command: Command, project: Path) -> None:
    rewrite(project, '[project]\nname = "x"\n')
    (project / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n", encoding="utf-8")
    assert "asyncio_mode" not in command(*ADD, "--tests", cwd=project).out


def test_mypy_is_told_of_a_library_without_types_where_a_copy_imports_it(
    command: Command, project: Path
) -> None:
    command(*ADD, "--edit-pyproject", cwd=project)
    assert "mypy" not in written(project).get("tool", {})
    command("add", "connections/stale_statement", "--edit-pyproject", cwd=project)
    [override] = written(project)["tool"]["mypy"]["overrides"]
    assert override == {"module": ["asyncpg.*"], "ignore_missing_imports": True}
    assert "mypy" not in command("doctor", cwd=project).out
    assert "mypy" not in command("add", "connections/stale_statement", cwd=project).out


def test_requirements_in_the_tables_of_poetry_are_seen(command: Command, project: Path) -> None:
    rewrite(
        project,
        '[tool.poetry.dependencies]\nfastapi = "*"\nSQLAlchemy = "^2"\n'
        '[tool.poetry.group.dev.dependencies]\nasyncpg = "*"\n',
    )
    assert "lacks" not in command(*ADD, cwd=project).out


def test_an_older_python_is_named(command: Command, project: Path) -> None:
    rewrite(project, '[project]\nname = "x"\nrequires-python = ">=3.11"\n')
    assert "need Python 3.12, and requires-python is >=3.11" in command(*ADD, cwd=project).out
    rewrite(project, '[project]\nname = "x"\nrequires-python = "~=3.13"\n')
    assert "requires-python" not in command(*ADD, cwd=project).out
