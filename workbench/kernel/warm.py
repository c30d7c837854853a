"""A kernel process forked from a server that has already imported what lessons import.

The fork server is the standard library's: it starts on first use, forks one child for each
kernel, and ends with the process that uses it.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext, ForkServerProcess
from typing import IO

PRELOADED = (
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "IPython.core.completer",
    "alembic.command",
    "asyncpg",
    "fastapi",
    "sqlalchemy.dialects.postgresql.asyncpg",
    "sqlalchemy.ext.asyncio",
    "sqlalchemy.orm",
    "uvicorn",
    "workbench.lesson",
)
KERNEL_OPTIONS = (
    "--log-level=ERROR",
    "--InteractiveShell.xmode=Minimal",
    "--InteractiveShell.colors=nocolor",
    "--HistoryManager.enabled=False",
)


def can_fork() -> bool:
    """Whether warm kernels work here; macOS may abort a forked child, Windows cannot fork."""
    return sys.platform == "linux"


def start_warming() -> None:
    """Start the fork server now, so that its imports run beside other work.

    Call in the main thread. The server ignores the terminal's Ctrl-C and ends with this process.
    """
    if not can_fork():
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        _context()
        forkserver.ensure_running()
    finally:
        signal.signal(signal.SIGINT, before)


def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    return context


class WarmKernel:
    """A forked kernel with the part of ``subprocess.Popen`` that Jupyter relies on."""

    stdin: IO[bytes] | None = None
    stdout: IO[bytes] | None = None
    stderr: IO[bytes] | None = None

    def __init__(self, argv: Sequence[str], *, env: Mapping[str, str], cwd: str | None) -> None:
        self._process: ForkServerProcess = _context().Process(
            target=_become_kernel, args=(list(argv), dict(env), cwd), daemon=True
        )
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int | None:
        self._process.join(timeout)
        return self._process.exitcode

    def send_signal(self, signum: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, signum)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


def _become_kernel(argv: list[str], env: dict[str, str], cwd: str | None) -> None:
    os.setsid()
    os.environ.clear()
    os.environ.update(env)
    if cwd is not None:
        os.chdir(cwd)
    sys.path.insert(0, "")
    sys.argv = ["kernel", *argv]

    threading.Thread(target=_end_with_parent, daemon=True).start()
    from ipykernel.kernelapp import IPKernelApp  # noqa: PLC0415 - preloaded; bound after the fork

    # Any parent, so that ipykernel keeps its hints for a terminal to itself.
    quiet = f"--IPKernelApp.parent_handle={os.getppid()}"
    IPKernelApp.launch_instance(argv=[*argv, *KERNEL_OPTIONS, quiet])


def _end_with_parent() -> None:
    """End this process when the one that asked for it is gone, killed or not.

    The fork server cannot tell: it lives for as long as one of its children does.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
