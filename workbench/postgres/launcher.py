"""Starting a server of our own on binaries that are here, for as long as one process needs it."""

import contextlib
import hashlib
import json
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import platformdirs
from sqlalchemy import URL

from workbench.postgres import supervisor
from workbench.postgres.account import Account, server_account
from workbench.postgres.address import ADMINISTRATIVE_DATABASE, DRIVER
from workbench.postgres.administration import Connection, administer
from workbench.postgres.binaries import Binaries, find_binaries
from workbench.postgres.runs import (
    Run,
    clear_leftovers,
    copies_home,
    new_run,
    runs_home,
    socket_directory,
)
from workbench.postgres.unavailable import ServerUnavailable

CACHE = "WORKBENCH_CACHE"
"""Environment variable with the directory to cache in, instead of the user's cache directory."""

_START_SECONDS = 180
_STOP_SECONDS = 30

_CONFIGURATION = """
# Database Patterns: a server for one run, whose data is thrown away.
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 100
shared_buffers = 128MB
huge_pages = off
# In the data directory, so that nothing of a killed server stays in memory.
dynamic_shared_memory_type = mmap
fsync = off
synchronous_commit = on
full_page_writes = off
wal_level = replica
min_wal_size = 32MB
max_wal_size = 512MB
# Neither starts in the middle of a lesson and changes what it counts.
autovacuum = off
checkpoint_timeout = 1d
track_io_timing = off
compute_query_id = regress
timezone = 'UTC'
log_timezone = 'UTC'
"""


@contextlib.contextmanager
def launch() -> Iterator[tuple[URL, Binaries] | None]:
    """Run a server until the end of the block; gives its URL, or None without any binaries.

    Raises `ServerUnavailable` when the server cannot be started.
    """
    account = server_account()
    try:
        home, copies = runs_home(account), copies_home(account)
        for place in {home, copies}:
            clear_leftovers(place, account)
        binaries = find_binaries(account, copies)
        run = new_run(home, account) if binaries else None
    except OSError as error:
        raise _unavailable(error) from None
    if binaries is None or run is None:
        yield None
        return
    with _supervised(run, binaries, account) as socket:
        url = URL.create(
            DRIVER,
            username="postgres",
            database=ADMINISTRATIVE_DATABASE,
            # ssl keeps asyncpg from reading PGSSLMODE, which is not about this server.
            query={"host": str(socket), "port": "5432", "ssl": "disable"},
        )
        _require_ours(url, run)
        yield url, binaries


@contextlib.contextmanager
def _supervised(run: Run, binaries: Binaries, account: Account | None) -> Iterator[Path]:
    owner = os.getpid()
    process: subprocess.Popen[bytes] | None = None
    try:
        try:
            socket = socket_directory(run)
            if socket.parent != run.directory:
                (run.directory / "socket").write_text(str(socket))
            process = _spawn(run, binaries, account, socket)
        finally:
            os.close(run.lock)
        _await_ready(process, run)
        yield socket
    except OSError as error:
        if process is not None:
            raise
        raise _unavailable(error) from None
    finally:
        # A forked child leaves the block too when it ends; the server is not its to stop.
        if os.getpid() == owner:
            if process is None:
                shutil.rmtree(run.directory, ignore_errors=True)
                run.lock_path.unlink(missing_ok=True)
            else:
                _dismiss(process)


def _spawn(
    run: Run, binaries: Binaries, account: Account | None, socket: Path
) -> subprocess.Popen[bytes]:
    configuration = _CONFIGURATION
    if binaries.has_library("pg_stat_statements"):
        configuration += "shared_preload_libraries = 'pg_stat_statements'\n"
    if binaries.version[0] >= 18:
        # Without worker processes for reading; what a lesson counts is the same.
        configuration += "io_method = sync\n"
    orders = supervisor.Orders(
        parent=os.getpid(),
        directory=str(run.directory),
        lock_path=str(run.lock_path),
        socket=str(socket),
        initdb=str(binaries.initdb),
        postgres=str(binaries.postgres),
        configuration=configuration,
        template=str(_template(binaries, configuration)),
        uid=account.uid if account else None,
        gid=account.gid if account else None,
    )
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", supervisor.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        cwd="/",
        pass_fds=[run.lock],
        start_new_session=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(orders).encode() + b"\n")
    return process


def _template(binaries: Binaries, configuration: str) -> Path:
    cache = os.environ.get(CACHE) or platformdirs.user_cache_dir("database-patterns")
    source = Path(supervisor.__file__).read_bytes()
    state = f"{binaries.identity}\n{configuration}\n".encode() + source
    key = hashlib.sha256(state).hexdigest()[:16]
    return Path(cache).absolute() / "templates" / f"{binaries.version[0]}-{key}"


def _await_ready(process: subprocess.Popen[bytes], run: Run) -> None:
    assert process.stdout is not None
    readable, _, _ = select.select([process.stdout], [], [], _START_SECONDS)
    line = process.stdout.readline() if readable else b""
    answer = json.loads(line or '{"failed": "its supervisor ended", "full": false}')
    if "failed" in answer:
        reason, full = answer["failed"], answer["full"]
        raise ServerUnavailable(_not_started(reason, full=full, directory=run.directory))


def _dismiss(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    with contextlib.suppress(BrokenPipeError):
        # A forked child may hold the pipe open, so closing it is not enough.
        process.stdin.write(b"\n")
    process.stdin.close()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()


def _require_ours(url: URL, run: Run) -> None:
    async def data_directory(connection: Connection) -> str:
        answer: str = await connection.fetchval("SHOW data_directory")
        return answer

    if os.path.realpath(administer(url, data_directory)) != os.path.realpath(run.data):
        raise ServerUnavailable(
            "Another server answers on the socket of the one that was started: set TMPDIR to a "
            "directory of your own."
        )


def _unavailable(error: OSError) -> ServerUnavailable:
    full = error.errno in supervisor.FULL
    return ServerUnavailable(_not_started(error.strerror or str(error), full=full))


def _not_started(reason: str, *, full: bool, directory: Path | None = None) -> str:
    if full:
        where = f" in {directory.parent.parent}" if directory else ""
        return (
            f"There is no room for the data of the server{where}: free about 200 MB there, or set "
            "TMPDIR to a directory with room."
        )
    return (
        f"The PostgreSQL server of this run did not start ({reason}): set DATABASE_URL to a "
        "server of yours (docker compose up -d --wait starts one)."
    )
