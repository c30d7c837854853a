"""Serving the site on this machine, in a process of its own, ended by Ctrl-C."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

PROGRAM = """
import signal, sys
from functools import partial
from pathlib import Path
from workbench.site.serve import serve
signal.signal(signal.SIGINT, signal.default_int_handler)
print("started", flush=True)
serve(Path(sys.argv[1]), port=int(sys.argv[2]), on_ready=partial(print, flush=True))
"""


@contextmanager
def serving(config: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", PROGRAM, str(config), str(port)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "started\n"
            yield process
        finally:
            process.kill()


def ended(process: subprocess.Popen[str]) -> str:
    """Press Ctrl-C; return what the process said on standard error."""
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode in (0, 130)
    return errors


def text_at(address: str) -> str:
    with urlopen(address, timeout=20) as answer:
        return str(answer.read().decode())


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_taken_port_is_named_and_a_change_is_served_and_ctrl_c_ends_it(
    difficult_config: Path, taken_port: int
) -> None:
    page = difficult_config.parent / "docs/index.md"
    before = page.read_text(encoding="utf-8")
    with serving(difficult_config, taken_port) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        said = re.fullmatch(
            r"Serving at (http://127\.0\.0\.1:(\d+)/) \(port (\d+) is taken\)\n", line
        )
        assert said is not None, line
        assert int(said[3]) == taken_port != int(said[2])
        assert "Load a page in two statements" in text_at(said[1] + "lessons/queries/plain/")
        with pytest.raises(HTTPError, match="404"):
            text_at(said[1] + "gone/")
        try:
            page.write_text(before + "\nA sentence more.\n", encoding="utf-8")
            deadline = time.monotonic() + 20
            while "A sentence more." not in text_at(said[1]):
                assert time.monotonic() < deadline
                time.sleep(0.2)
        finally:
            page.write_text(before, encoding="utf-8")
        assert ended(process) == ""


def test_a_free_port_is_used_and_ctrl_c_during_the_build_leaves_no_traceback(
    difficult_config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with serving(difficult_config, port) as process:
        deadline = time.monotonic() + 20
        while not list(tmp_path.iterdir()):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        time.sleep(0.1)  # past the instant in which the folder exists and nobody owns it
        assert "Traceback" not in ended(process)
    assert list(tmp_path.iterdir()) == []


LOSING = """
import signal, sys
from pathlib import Path
from workbench.site.serve import serve

class Finalized:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)
serve(Path(sys.argv[1]), port=int(sys.argv[2]), on_ready=lambda line: Finalized() and None)
"""


def test_ctrl_c_is_not_lost_inside_a_finalizer(difficult_config: Path, taken_port: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOSING, str(difficult_config), str(taken_port)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
