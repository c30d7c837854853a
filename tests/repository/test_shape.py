"""The repository keeps its shape: every snippet tested and taught, every lesson reachable."""

from __future__ import annotations

import ast
import itertools
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import grimp
import pytest
import yaml

from workbench.execution.exercise import exercise_of
from workbench.execution.lessons import ROOT, all_lessons
from workbench.execution.listings import stale_listings
from workbench.execution.notebook import as_text, code_cells, joined, outputs, read_notebook, source

LESSONS = all_lessons()
SNIPPETS = sorted(
    path.relative_to(ROOT / "snippets").with_suffix("")
    for path in (ROOT / "snippets").rglob("*.py")
    if path.name != "__init__.py"
)
REMEDIES = [path for path in SNIPPETS if path.parts[0] != "domain"]
LIBRARIES = {"sqlalchemy", "asyncpg", "alembic", "fastapi"}
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc"}


def committed_files() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in listed.stdout.splitlines() if (ROOT / name).exists()]


@pytest.mark.parametrize("snippet", REMEDIES, ids=str)
def test_every_snippet_has_a_test_file_at_its_mirrored_path(snippet: Path) -> None:
    mirrored = ROOT / "tests" / "snippets" / snippet.parent / f"test_{snippet.name}.py"
    assert mirrored.is_file()
    assert "def test_" in mirrored.read_text(encoding="utf-8")


def test_every_snippet_is_listed_in_a_lesson() -> None:
    listed = {
        cell["metadata"]["listing"].partition("::")[0]
        for lesson in LESSONS
        for cell in read_notebook(lesson.path)["cells"]
        if "listing" in cell["metadata"]
    }
    missing = {f"snippets/{snippet.as_posix()}.py" for snippet in REMEDIES} - listed
    assert missing == set()


def test_every_lesson_is_in_the_navigation_once() -> None:
    navigation = re.search(
        r"(?ms)^nav:\n(.*?)(?=^\S)", (ROOT / "mkdocs.yml").read_text(encoding="utf-8") + "\nend:"
    )
    assert navigation is not None
    entries = re.findall(r"(\w+/\w+)\.ipynb", str(yaml.safe_load("nav:\n" + navigation[1])))
    assert sorted(entries) == sorted(lesson.name for lesson in LESSONS)


def test_snippets_import_only_snippets_and_what_their_readers_have() -> None:
    graph = grimp.build_graph("snippets", "workbench", include_external_packages=True)
    imported = {
        module.partition(".")[0]
        for snippet in graph.find_descendants("snippets") | {"snippets"}
        for module in graph.find_modules_directly_imported_by(snippet)
    }
    assert imported - LIBRARIES - {"snippets"} - sys.stdlib_module_names == set()


def test_the_tooling_never_imports_snippets() -> None:
    graph = grimp.build_graph("snippets", "workbench")
    assert not graph.direct_import_exists(
        importer="workbench", imported="snippets", as_packages=True
    )


def test_no_engine_and_no_environment_at_import_of_a_snippet() -> None:
    for snippet in SNIPPETS:
        tree = ast.parse((ROOT / "snippets" / snippet.with_suffix(".py")).read_text("utf-8"))
        calls = [
            ast.unparse(node.func)
            for statement in tree.body
            if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            for node in ast.walk(statement)
            if isinstance(node, ast.Call)
        ]
        assert not {"create_engine", "create_async_engine", "print", "os.getenv"} & set(calls)


@pytest.mark.parametrize("snippet", REMEDIES, ids=str)
def test_every_snippet_says_what_it_buys_needs_and_its_limits(snippet: Path) -> None:
    text = (ROOT / "snippets" / snippet.with_suffix(".py")).read_text(encoding="utf-8")
    doc = ast.get_docstring(ast.parse(text)) or ""
    for word in ("Buys:", "Needs:", "Limits:"):
        assert word in doc


def test_names_say_what_they_hold() -> None:
    for name in committed_files():
        path = Path(name)
        if path.parts[0] not in {"snippets", "notebooks", "workbench", "tests", "docs"}:
            continue
        words = set(re.split(r"[_\-.]", path.stem.removeprefix("test_")))
        assert not words & VAGUE, name
        if path.parts[0] in {"snippets", "notebooks"}:
            assert re.fullmatch(r"(__init__|[a-z]+(_[a-z]+)*)", path.stem), name


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_a_lesson_is_committed_in_its_one_form_with_outputs(lesson) -> None:  # type: ignore[no-untyped-def]
    notebook = read_notebook(lesson.path)
    assert lesson.path.read_text(encoding="utf-8") == as_text(notebook)
    assert all(cell["execution_count"] for cell in code_cells(notebook))
    assert any(outputs(cell) for cell in code_cells(notebook))
    assert stale_listings(lesson.name, notebook) == []


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_a_lesson_keeps_the_lesson_contract(lesson) -> None:  # type: ignore[no-untyped-def]
    notebook = read_notebook(lesson.path)
    cells = notebook["cells"]
    code = list(code_cells(notebook))
    headings = [
        line
        for cell in cells
        if cell["cell_type"] == "markdown"
        for line in source(cell).splitlines()
        if re.match(r"#+ ", line)
    ]
    assert 8 <= len(code) <= 15
    assert cells[0]["cell_type"] == "markdown"
    assert source(cells[0]).startswith("# ")
    assert [heading for heading in headings if heading.startswith("# ")] == headings[:1]
    assert "## When not to" in headings
    assert "## Exercise" in headings
    assert any("listing" in cell["metadata"] for cell in cells)
    assert any("solution" in cell["metadata"].get("tags", []) for cell in code)
    assert any(re.search(r"^assert ", source(cell), re.MULTILINE) for cell in code)
    for cell in cells:
        assert re.fullmatch(r"[a-z][a-z0-9-]{0,63}", cell["id"]), cell["id"]
    for cell in code:
        lines = sum(bool(line.strip()) for line in source(cell).splitlines())
        assert lines <= (40 if "listing" in cell["metadata"] else 12), cell["id"]
    for before, cell in itertools.pairwise(cells):
        both_setup = all("setup" in each["metadata"].get("tags", []) for each in (before, cell))
        if cell["cell_type"] == "code" and not both_setup:
            assert before["cell_type"] == "markdown", f"no sentence before {cell['id']}"


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_a_lesson_ends_with_an_exercise_and_its_solution(lesson) -> None:  # type: ignore[no-untyped-def]
    assert exercise_of(lesson) is not None, f"{lesson.problem}.toml has no [exercise]"
    code = code_cells(read_notebook(lesson.path))
    solutions = ["solution" in cell["metadata"].get("tags", []) for cell in code]
    assert solutions == sorted(solutions), "no cell of the lesson comes after a solution"


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_a_lesson_shows_nothing_that_differs_from_run_to_run(lesson) -> None:  # type: ignore[no-untyped-def]
    shown = "\n".join(
        str(output) for cell in code_cells(read_notebook(lesson.path)) for output in outputs(cell)
    )
    for pattern in (
        r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-",
        r" at 0x[0-9a-f]{6}",
        r"Traceback",
        r"actual time=",
        r"/(tmp|home|root)/",
    ):
        assert not re.search(pattern, shown), pattern


def pictures() -> list[tuple[str, str]]:
    """Return every picture in a lesson, with the name of lesson and cell."""
    return [
        (f"{lesson.name} {cell['id']}", joined(output["data"]["image/svg+xml"]))
        for lesson in LESSONS
        for cell in code_cells(read_notebook(lesson.path))
        for output in outputs(cell)
        if "image/svg+xml" in output.get("data", {})
    ]


def test_every_picture_has_a_title_and_says_its_figures_in_words() -> None:
    found = pictures()
    assert len(found) >= 7
    for name, svg in found:
        root = ElementTree.fromstring(svg)
        title, description = (
            root.findtext(f"{{http://www.w3.org/2000/svg}}{each}") for each in ("title", "desc")
        )
        assert root.get("role") == "img", name
        assert title, name
        assert description, name
        marks = root.iter("{http://www.w3.org/2000/svg}g")
        texts = [text.text or "" for mark in marks for text in mark if text.tag.endswith("text")]
        assert texts, name
        for text in texts:
            assert text.rpartition(": ")[2] in description, name


def test_prose_keeps_to_the_style() -> None:
    ruled_out = re.compile(r"(?i)\b(simply|obviously|powerful|seamless(ly)?)\b")
    for name in committed_files():
        path = ROOT / name
        if path.suffix == ".md":
            text = path.read_text(encoding="utf-8")
        elif path.suffix == ".ipynb":
            cells = read_notebook(path)["cells"]
            text = "\n".join(source(cell) for cell in cells if cell["cell_type"] == "markdown")
        else:
            continue
        assert not ruled_out.search(text), name


def test_locks_hold_hashes_and_no_addresses() -> None:
    for name in ("requirements.lock", "requirements-lab.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        pins = re.findall(r"(?m)^[a-z0-9][^ ]*==", text)
        assert len(pins) > 50
        assert text.count("--hash=sha256:") >= len(pins)
        assert not re.search(r"https?://|--index-url|--find-links", text)
