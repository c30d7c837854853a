"""Warm kernels behave as ordinary ones, and end with whoever started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from workbench.kernel.environment import PROVISIONER, VARIABLE
from workbench.kernel.warm import can_fork

pytestmark = pytest.mark.skipif(not can_fork(), reason="kernels are not forked on this system")

START = f"""
import asyncio, os, sys
os.environ[{VARIABLE!r}] = {PROVISIONER!r}
from jupyter_client import AsyncKernelManager

async def main():
    manager = AsyncKernelManager(kernel_name="python3")
    await manager.start_kernel()
    client = manager.client()
    client.start_channels()
    await client.wait_for_ready(timeout=60)
    print(manager.provisioner.pid, flush=True)
    await asyncio.sleep(60)

if __name__ == "__main__":
    asyncio.run(main())
"""


def executed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *sources: str) -> list[str]:
    monkeypatch.setenv(VARIABLE, PROVISIONER)
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    client = NotebookClient(
        nbformat.v4.new_notebook(cells=cells),
        kernel_name="python3",
        resources={"metadata": {"path": str(tmp_path)}},
    )
    notebook = client.execute()
    return [cell.outputs[0]["data"]["text/plain"] for cell in notebook.cells]


def test_a_kernel_listens_on_no_port_that_another_process_could_take(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import_it = "from ipykernel.connect import get_connection_info as info; "
    ask = import_it + "sorted(set(info(unpack=True)['ip'][:1] + info(unpack=True)['transport']))"
    assert executed(monkeypatch, tmp_path, ask) == [str(sorted("@ipc"))]


def test_a_kernel_has_its_own_directory_and_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("A_TEST", "seen")
    sources = ["import os; os.getcwd()", "os.environ['A_TEST']", "'asyncpg' in sys.modules"]
    sources[2] = "import sys; " + sources[2]
    assert executed(monkeypatch, tmp_path, *sources) == [f"'{tmp_path}'", "'seen'", "True"]


def test_an_error_has_no_traceback_of_frames(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(CellExecutionError) as failure:
        executed(monkeypatch, tmp_path, "def f():\n    return 1 / 0", "f()")
    assert "ZeroDivisionError: division by zero" in failure.value.traceback
    assert "return 1 / 0" not in failure.value.traceback


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_a_kernel_ends_with_the_process_that_started_it(
    tmp_path: Path, ending: signal.Signals
) -> None:
    script = tmp_path / "start.py"
    script.write_text(START)
    owner = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    kernel = psutil.Process(int(owner.stdout.readline()))
    os.kill(owner.pid, ending)
    owner.wait(timeout=10)
    deadline = time.monotonic() + 10
    while kernel.is_running() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not kernel.is_running()
