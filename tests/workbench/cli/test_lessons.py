"""Writing, verifying and creating lessons from the command line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.workbench.conftest import Program
from workbench.execution.notebook import Notebook, read_notebook, write_notebook
from workbench.postgres import Server

SLOW = "import asyncio, pathlib\npathlib.Path('started').touch()\nawait asyncio.sleep(60)"

DUE = """
from workbench.execution.fingerprint import Fingerprints
from workbench.execution.lessons import all_lessons
print(Fingerprints().changed(all_lessons()))
"""


def edit(path: Path, cell_id: str, source: str) -> None:
    notebook = read_notebook(path)
    cell_in(notebook, cell_id)["source"] = source
    write_notebook(notebook, path)


def cell_in(notebook: Notebook, cell_id: str) -> dict[str, object]:
    return next(cell for cell in notebook["cells"] if cell["id"] == cell_id)


@pytest.fixture
def lesson(clone: Path, program: Program) -> Path:
    created = program("new", "queries/slow_count")
    assert created.returncode == 0, created.stderr
    return clone / "notebooks" / "queries" / "slow_count.ipynb"


def test_a_new_lesson_passes_and_has_its_place(clone: Path, lesson: Path, program: Program) -> None:
    assert "queries/slow_count.ipynb" in (clone / "mkdocs.yml").read_text()
    written = program("notebooks")
    assert (written.returncode, written.stderr) == (0, "")
    assert "Written: queries/slow_count" in written.stdout
    verified = program("verify")
    assert verified.returncode == 0, verified.stdout
    assert "all passed" in verified.stdout


def test_a_second_writing_changes_nothing(lesson: Path, program: Program) -> None:
    program("notebooks")
    before = lesson.read_bytes()
    assert "nothing changed" in program("notebooks").stdout
    assert lesson.read_bytes() == before


def test_a_difference_names_lesson_and_cell_and_shows_a_diff(
    lesson: Path, program: Program
) -> None:
    program("notebooks")
    lesson.write_text(lesson.read_text().replace("×3: ", "×4: "))
    verified = program("verify")
    assert verified.returncode == 1
    assert "queries/slow_count, cell three-statements (code cell 2)" in verified.stdout
    assert "--- ×4: $1 = 0 | 1 | 2" in verified.stdout
    assert "+-- ×3: $1 = 0 | 1 | 2" in verified.stdout
    assert "make notebooks" in verified.stderr


def test_a_lesson_without_outputs_differs(lesson: Path, program: Program) -> None:
    verified = program("verify")
    assert verified.returncode == 1
    assert "has no committed output" in verified.stdout


def test_a_failing_cell_is_named_and_the_file_kept(lesson: Path, program: Program) -> None:
    edit(lesson, "one-statement", "assert len(sent) == 99")
    before = lesson.read_bytes()
    written = program("notebooks")
    assert written.returncode == 1
    assert "queries/slow_count, cell one-statement (code cell 3) failed" in written.stdout
    assert "Traceback" not in written.stdout + written.stderr
    assert lesson.read_bytes() == before


def test_a_stale_listing_is_reported_and_can_be_written(lesson: Path, program: Program) -> None:
    notebook = read_notebook(lesson)
    cell_in(notebook, "solution")["metadata"] = {"listing": "snippets/models/uuid_key.py::uuid7"}
    cell_in(notebook, "setup")["source"] = (
        str(cell_in(notebook, "setup")["source"]) + "\nimport secrets, time, uuid"
    )
    write_notebook(notebook, lesson)
    stale = program("verify")
    assert stale.returncode == 1
    assert "the listing is not what snippets/models/uuid_key.py::uuid7 says" in stale.stdout
    assert "queries/slow_count: solution" in program("listings").stdout
    assert "def uuid7()" in str(cell_in(read_notebook(lesson), "solution")["source"])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("verify", "slow_cuont"), "did you mean slow_count"),
        (("new", "queries/slow_count"), "exists already"),
        (("new", "Queries/Count"), "not of the form topic/problem"),
        (("new", "../outside"), "not of the form topic/problem"),
        (("new", "queries/part_2"), "not of the form topic/problem"),
        (("verify", "--nonsense"), "No such option"),
    ],
)
def test_bad_input_is_one_sentence(
    lesson: Path, program: Program, arguments: tuple[str, ...], sentence: str
) -> None:
    refused = program(*arguments)
    assert refused.returncode != 0
    assert sentence in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_file_that_is_no_notebook_is_named(lesson: Path, program: Program) -> None:
    lesson.write_text("{")
    refused = program("verify")
    assert refused.returncode == 1
    assert "slow_count.ipynb cannot be read as a notebook" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_no_server_is_one_sentence(lesson: Path, program: Program) -> None:
    url = "postgresql://reader:very-secret@127.0.0.1:1/nowhere"
    refused = program("verify", DATABASE_URL=url)
    assert refused.returncode == 1
    assert len(refused.stderr.strip().splitlines()) == 1
    assert "127.0.0.1" in refused.stderr
    assert "very-secret" not in refused.stdout + refused.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent as POSIX defines them")
def test_ctrl_c_ends_kernels_and_server_and_drops_nothing_else(
    clone: Path, lesson: Path, environment: dict[str, str]
) -> None:
    edit(lesson, "one-statement", SLOW)
    process = subprocess.Popen(
        [sys.executable, "-m", "workbench", "verify"],
        cwd=clone,
        env={name: value for name, value in environment.items() if name != "DATABASE_URL"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    started = until_running(process.pid, lesson.parent / "started")
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors.strip() == "Stopped."
    assert len(started) >= 4, "the program, its fork server, a kernel, PostgreSQL"
    _gone, alive = psutil.wait_procs(started, timeout=10)
    assert alive == []


def until_running(pid: int, marker: Path) -> list[psutil.Process]:
    """Wait until the slow cell has left its marker; return every process of the run."""
    deadline = time.monotonic() + 60
    while not marker.exists():
        assert time.monotonic() < deadline, "the slow cell did not start"
        time.sleep(0.1)
    return [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]


async def test_nothing_is_left_on_the_readers_server(
    lesson: Path, program: Program, server: Server
) -> None:
    query = text("SELECT datname FROM pg_database WHERE datname LIKE '%slow_count%'")
    program("notebooks")
    assert program("verify").returncode == 0
    engine = create_async_engine(server.url)
    async with engine.connect() as connection:
        assert (await connection.execute(query)).all() == []
    await engine.dispose()


def test_two_runs_at_once_both_pass(
    clone: Path, lesson: Path, program: Program, environment: dict[str, str]
) -> None:
    program("notebooks")
    both = [
        subprocess.Popen(
            [sys.executable, "-m", "workbench", "verify"],
            cwd=clone,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs


def test_a_lesson_that_passed_is_not_due_again(
    clone: Path, lesson: Path, program: Program, environment: dict[str, str]
) -> None:
    program("notebooks")
    (clone / ".cache" / "lessons.json").unlink()
    without_server = {name: text for name, text in environment.items() if name != "DATABASE_URL"}
    for command in (["-m", "workbench", "verify"], ["-c", DUE]):
        done = subprocess.run(
            [sys.executable, *command],
            cwd=clone,
            env=without_server,
            capture_output=True,
            text=True,
            check=True,
        )
    assert done.stdout.strip() == "[]"
