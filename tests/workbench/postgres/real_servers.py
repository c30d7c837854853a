"""Starting real servers and real processes for tests, and seeing what is left of them."""

import atexit
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import URL

import workbench
from workbench.postgres.account import server_account
from workbench.postgres.administration import Connection, administer
from workbench.postgres.binaries import Binaries
from workbench.postgres.runs import memory

REPOSITORY = Path(workbench.__file__).parent.parent
PASSWORD = "correct-horse"
LOCAL_SERVERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
# Modules are compiled once for all children, also where the environment says never to.
_COMPILED_DIRECTORY = tempfile.mkdtemp(prefix="dbp-test-compiled-")
_COMPILED = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": _COMPILED_DIRECTORY}
atexit.register(shutil.rmtree, _COMPILED_DIRECTORY, ignore_errors=True)
HOLD = """
import sys
from workbench.postgres import open_server
with open_server() as server:
    print(server.url.render_as_string(hide_password=False), flush=True)
    sys.stdin.readline()
print("left", flush=True)
"""


def query(url: URL, statement: str) -> object:
    async def fetch(connection: Connection) -> object:
        return await connection.fetchval(statement)

    return administer(url, fetch)


def execute(url: URL, *statements: str) -> None:
    async def run(connection: Connection) -> None:
        for statement in statements:
            await connection.execute(statement)

    administer(url, run)


def wait_until(condition: Callable[[], object], seconds: float = 15) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not happen in time"
        time.sleep(0.02)


@contextlib.contextmanager
def directory_for_all(prefix: str = "dbp-test-") -> Iterator[Path]:
    """A temporary directory that the account of the server can enter, unlike pytest's."""
    directory = Path(tempfile.mkdtemp(prefix=prefix, dir=memory() or "/tmp"))
    directory.chmod(0o777)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def runs(temporary: Path) -> list[Path]:
    return [
        path
        for home in temporary.glob("database-patterns-*")
        for path in home.iterdir()
        if not path.name.startswith("binaries-")
    ]


def processes(temporary: Path, argument: str = "") -> list[psutil.Process]:
    """Processes that name ``temporary`` in their command line, and ``argument`` if given."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            command = process.cmdline()
            if any(str(temporary) in part for part in command) and (
                not argument or any(part.endswith(argument) for part in command)
            ):
                found.append(process)
    return found


def assert_nothing_left(temporary: Path) -> None:
    wait_until(lambda: not runs(temporary) and not processes(temporary))


@dataclass
class Holder:
    """A Python process that holds a server open until it is told to leave."""

    process: subprocess.Popen[str]
    url: str

    @property
    def supervisor(self) -> psutil.Process:
        (supervisor,) = [
            child
            for child in psutil.Process(self.process.pid).children()
            if any("supervisor.py" in argument for argument in child.cmdline())
        ]
        return supervisor

    @property
    def server(self) -> psutil.Process:
        (server,) = self.supervisor.children()
        return server

    def leave(self) -> tuple[str, str]:
        return self.process.communicate("\n", timeout=30)


_HEED = """\
from signal import SIG_DFL, SIGHUP, SIGINT, default_int_handler, signal
signal(SIGHUP, SIG_DFL), signal(SIGINT, default_int_handler)
"""


@contextlib.contextmanager
def python(
    code: str, *, prefix: tuple[str, ...] = (), **environment: str
) -> Iterator[subprocess.Popen[str]]:
    """A child Python that runs ``code`` in a session of its own.

    It heeds signals as in a terminal: in the background of a script Ctrl-C is ignored, and under
    nohup the end of the terminal, and children would inherit that.
    """
    child = subprocess.Popen(
        [*prefix, sys.executable, "-c", _HEED + code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), **_COMPILED, **environment},
        start_new_session=True,
    )
    try:
        yield child
    finally:
        if child.poll() is None:
            child.kill()
        child.communicate()


@contextlib.contextmanager
def holding(
    code: str = HOLD, *, prefix: tuple[str, ...] = (), **environment: str
) -> Iterator[Holder]:
    with python(code, prefix=prefix, **environment) as child:
        assert child.stdout is not None
        url = child.stdout.readline().strip()
        if not url:
            pytest.fail(child.communicate()[1])
        yield Holder(child, url)


def identity() -> dict[str, Any]:
    """How ``subprocess`` starts a program as the account of the server."""
    account = server_account()
    return {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}


def initialised(binaries: Binaries, directory: Path) -> Path:
    """A new data directory in ``directory``; its superuser has the password PASSWORD."""
    data = directory / "data"
    passwords = directory / "passwords"
    passwords.write_text(PASSWORD)
    passwords.chmod(0o644)
    data.mkdir(mode=0o700)
    if "user" in identity():
        os.chown(data, identity()["user"], identity()["group"])
    subprocess.run(
        [
            *(binaries.initdb, "-D", data, "-U", "postgres", "-A", "scram-sha-256", "-N"),
            *("--locale=C", "-E", "UTF8", f"--pwfile={passwords}"),
        ],
        check=True,
        capture_output=True,
        cwd="/",
        **identity(),
    )
    return data


@contextlib.contextmanager
def launched_over_tcp(binaries: Binaries, directory: Path) -> Iterator[URL]:
    """A server on a port of 127.0.0.1 that asks for passwords; its superuser's URL."""
    rules = initialised(binaries, directory) / "pg_hba.conf"
    rules.write_text(
        "hostssl all only_with_tls 127.0.0.1/32 trust\n"
        "host all only_with_tls 127.0.0.1/32 reject\n"
        "host all stranger 127.0.0.1/32 trust\n" + rules.read_text()
    )
    with launched(binaries, directory / "data") as (_, port):
        yield URL.create("postgresql+asyncpg", "postgres", PASSWORD, "127.0.0.1", port, "postgres")


@contextlib.contextmanager
def launched(binaries: Binaries, data: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A server on ``data`` and on a port that was free: its process and the port."""
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port = chosen.getsockname()[1]
    server = subprocess.Popen(
        [
            *(binaries.postgres, "-D", str(data), "-p", str(port)),
            *("-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="),
            *("-c", "fsync=off", "-c", "shared_buffers=16MB"),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,
        **identity(),
    )
    try:

        def ready() -> bool:
            assert server.poll() is None, "the server of the test did not start"
            pid_file = data / "postmaster.pid"
            return pid_file.exists() and "ready" in pid_file.read_text()

        wait_until(ready)
        yield server, port
    finally:
        if server.poll() is None:
            server.send_signal(signal.SIGQUIT)
        server.wait(15)


@contextlib.contextmanager
def small_file_system(directory: Path, options: str) -> Iterator[None]:
    """Mount an empty file system in memory on ``directory``; only root can."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", directory], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", directory], check=True)
