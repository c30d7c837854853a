"""Building beside a server of pages."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from workbench.live import background
from workbench.live.background import LiveBuild
from workbench.live.site_files import LiveFiles


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> dict[str, LiveFiles | None]:
    """What the cache holds, under ``now``."""
    cache: dict[str, LiveFiles | None] = {"now": None}
    monkeypatch.setattr(background, "built_live", lambda *, compressed: cache["now"])
    return cache


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_pages_do_not_wait_and_hear_when_the_files_are_there(
    built: dict[str, LiveFiles | None], tmp_path: Path
) -> None:
    done = threading.Event()
    problems: list[str] = []
    builds = tmp_path / "builds"
    code = f"import time; open({str(builds)!r}, 'a').write('one '); time.sleep(0.5)"
    with LiveBuild(problems.append, python(code)) as live:
        started = time.monotonic()
        assert live.files(done.set) is None
        assert live.files(done.set) is None
        assert time.monotonic() - started < 0.4
        assert done.wait(10)
        built["now"] = LiveFiles(tmp_path)
        assert live.files(done.set) == LiveFiles(tmp_path)
    assert problems == []
    assert builds.read_text() == "one "


def test_while_changed_files_are_built_those_of_before_serve(
    built: dict[str, LiveFiles | None], tmp_path: Path
) -> None:
    built["now"] = LiveFiles(tmp_path)
    done = threading.Event()
    with LiveBuild(print, python("pass")) as live:
        live.files(done.set)
        assert not done.is_set()
        built["now"] = None
        assert live.files(done.set) == LiveFiles(tmp_path)
        assert done.wait(10)


def test_a_failure_is_told_in_a_sentence(built: dict[str, LiveFiles | None]) -> None:
    told = threading.Event()
    problems: list[str] = []

    def hear(problem: str) -> None:
        problems.append(problem)
        told.set()

    done = threading.Event()
    with LiveBuild(hear, python("import sys; sys.exit('npm ci failed: no network')")) as live:
        live.files(done.set)
        assert told.wait(10)
    assert problems == ["npm ci failed: no network The pages have no Run."]
    assert not done.is_set()


def test_leaving_ends_the_build_with_all_that_it_started(
    built: dict[str, LiveFiles | None], tmp_path: Path
) -> None:
    child = tmp_path / "child"
    code = f"""
import subprocess, sys
started = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open({str(child)!r}, "w").write(f"{{started.pid}}.")
started.wait()
"""
    problems: list[str] = []
    with LiveBuild(problems.append, python(code)) as live:
        live.files(lambda: None)
        deadline = time.monotonic() + 10
        while not (child.exists() and child.read_text().endswith(".")):
            assert time.monotonic() < deadline
            time.sleep(0.02)
    process = int(child.read_text().rstrip("."))
    while psutil.pid_exists(process) and psutil.Process(process).status() != "zombie":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert problems == []
