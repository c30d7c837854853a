"""The registry says what the files say, and its JSON keeps to its schema."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import grimp
import jsonschema
import pytest

from database_patterns.published import SCHEMA, files
from database_patterns.registry import Registry
from database_patterns.sources import Sources
from tests.command.conftest import Command
from workbench.execution.lessons import ROOT

REGISTRY = Registry(Sources.installed())
PUBLISHED = dict(files(REGISTRY))
VALIDATOR = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_every_file_of_snippets_is_one() -> None:
    paths = (ROOT / "snippets").glob("*/*.py")
    names = {f"{path.parent.name}/{path.stem}" for path in paths if path.stem != "__init__"}
    assert set(REGISTRY.snippets) == names
    assert len(names) > 50


def test_what_needs_what_is_what_the_import_graph_says() -> None:
    graph = grimp.build_graph("snippets")
    for name in REGISTRY.snippets:
        module = f"snippets.{name.replace('/', '.')}"
        upstream = graph.find_upstream_modules(module)
        wanted = {each.removeprefix("snippets.").replace(".", "/") for each in upstream}
        assert set(REGISTRY.needs(name)) == (wanted & set(REGISTRY.snippets)) - {name}


def test_requirements_are_those_of_the_imports() -> None:
    def required(name: str) -> list[str]:
        lines = REGISTRY.requirements(REGISTRY.files([name], tests=False))
        return [line.partition(">")[0] for line in lines]

    assert required("repository/slug") == []
    assert required("connections/session_dependency") == [
        "asyncpg",
        "fastapi",
        "sqlalchemy[asyncio]",
    ]
    assert required("migrations/environment") == ["alembic", "asyncpg", "sqlalchemy[asyncio]"]
    for name in REGISTRY.snippets:
        allowed = {"alembic", "asyncpg", "fastapi", "sqlalchemy[asyncio]"}
        assert set(required(name)) <= allowed


@pytest.mark.parametrize("path", [path for path in PUBLISHED if path != "schema.json"])
def test_a_published_file_keeps_to_the_schema(path: str) -> None:
    VALIDATOR.validate(json.loads(PUBLISHED[path]))


def test_the_schema_is_valid_and_refuses_what_is_wrong() -> None:
    jsonschema.Draft202012Validator.check_schema(VALIDATOR.schema)
    for path, key in (("index.json", "snippets"), ("queries/page.json", "files")):
        document = json.loads(PUBLISHED[path])
        assert VALIDATOR.is_valid(document)
        for wrong in ({**document, "format": 2}, {**document, key: None}):
            assert not VALIDATOR.is_valid(wrong)
        del document[key]
        assert not VALIDATOR.is_valid(document)


def test_the_index_leads_to_every_file_and_hashes_are_those_of_the_text() -> None:
    index = json.loads(PUBLISHED["index.json"])
    listed = {each["path"] for each in index["snippets"]}
    assert listed | {"index.json", "schema.json", index["test_support"]} == set(PUBLISHED)
    support = json.loads(PUBLISHED[index["test_support"]])["files"]
    shared = {each["path"] for each in support}
    for each in index["snippets"]:
        document = json.loads(PUBLISHED[each["path"]])
        assert set(document["test_support"]) <= shared
        assert (document["name"], document["summary"]) == (each["name"], each["summary"])
        for file in document["files"]:
            text = (ROOT / file["path"]).read_text(encoding="utf-8")
            assert file["text"] == text
            assert file["sha256"] == hashlib.sha256(text.encode()).hexdigest()
        assert each["sha256"] == document["files"][0]["sha256"]
    assert {file["path"] for file in support} >= {
        "database_patterns/fixtures.py",
        "workbench/lesson/recording.py",
    }


def test_the_command_knows_nothing_of_the_workbench() -> None:
    graph = grimp.build_graph("database_patterns", "snippets", "workbench")
    for other in ("snippets", "workbench"):
        assert not graph.direct_import_exists(
            importer="database_patterns", imported=other, as_packages=True
        )


def test_lists_are_tabs_for_a_pipe_and_json_for_a_program(command: Command, tmp_path: Path) -> None:
    lines = command("list", cwd=tmp_path).out.splitlines()
    assert [line.split("\t")[0] for line in lines] == list(REGISTRY.snippets)
    assert all(line.count("\t") == 1 and "\x1b" not in line for line in lines)
    listed = json.loads(command("list", "queries", "--json", cwd=tmp_path).out)
    assert {each["name"].partition("/")[0] for each in listed} == {"queries"}


def test_a_search_wants_every_word_and_puts_names_first(command: Command, tmp_path: Path) -> None:
    names = [
        line.split("\t")[0] for line in command("search", "keyset", cwd=tmp_path).out.splitlines()
    ]
    named = ["keyset" in name for name in names]
    assert named == sorted(named, reverse=True)
    assert named.count(True) == 2
    assert named.count(False) > 0
    both = command("search", "keyset", "Cursor", cwd=tmp_path).out.splitlines()
    assert 0 < len(both) < len(names)
    assert json.loads(command("search", "mongodb", "--json", cwd=tmp_path).out) == []


def test_a_snippet_is_shown_with_the_exact_command(command: Command, tmp_path: Path) -> None:
    said = command("show", "eager", cwd=tmp_path).out
    assert "To copy it: database-patterns add queries/eager --into app/db\n" in said
    text = (ROOT / "snippets/queries/eager.py").read_text(encoding="utf-8")
    assert said.endswith(text)
    assert command("show", "eager", "--code", cwd=tmp_path).out == text
    shown = json.loads(command("show", "eager", "--json", cwd=tmp_path).out)
    assert shown["text"] == text


def test_a_name_comes_before_a_mention(command: Command, tmp_path: Path) -> None:
    found = command("search", "savepoint", cwd=tmp_path).out.splitlines()
    assert found[0].startswith("transactions/savepoint\t")
    assert len(found) > 3


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_given_a_script(shell: str, command: Command, tmp_path: Path) -> None:
    said = command("completion", shell, cwd=tmp_path).out
    assert "_DATABASE_PATTERNS_COMPLETE" in said
