"""Directories of running servers, and clearing those whose supervisor was killed.

A run is a directory and a lock file beside it, ``<name>`` and ``<name>.lock``. The supervisor
holds the lock as long as it lives; a lock that can be taken marks a leftover.
"""

import fcntl
import os
import secrets
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from workbench.postgres.account import Account, can_traverse
from workbench.postgres.unavailable import ServerUnavailable

# The shortest limit on the path of a Unix socket is 104 bytes with the final zero, on macOS.
_LONGEST_SOCKET = 103
_SOCKET = ".s.PGSQL.5432"
_STOP_SECONDS = 5
_MEMORY = "/dev/shm"  # noqa: S108
_ROOM = 1 << 30


@dataclass(frozen=True)
class Run:
    """The directory of one server. ``lock`` is an open file that holds the lock."""

    directory: Path
    lock_path: Path
    lock: int

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def log(self) -> Path:
        return self.directory / "log"


def memory() -> str | None:
    """The directory of Linux for files in memory, if there is one with room for servers."""
    try:
        status = os.statvfs(_MEMORY)
    except OSError:
        return None
    return _MEMORY if status.f_bavail * status.f_frsize >= _ROOM else None


def runs_home(account: Account | None) -> Path:
    """The directory that holds the runs of this user: in memory, or where TMPDIR says.

    It belongs to us and nobody else can write there; ``account``, where given, can enter it.
    Raises `ServerUnavailable` when there is no such place.
    """
    in_memory = None if os.environ.get("TMPDIR") else memory()
    return _home(account, [in_memory] if in_memory else [])


def copies_home(account: Account | None) -> Path:
    """As `runs_home`, on a disk: programs may not be executed from memory everywhere."""
    return _home(account, [])


def _home(account: Account | None, preferred: list[str]) -> Path:
    name = f"database-patterns-{os.geteuid()}"
    mode = 0o700 if account is None else 0o711
    problem = "none can be written"
    for parent in (*preferred, tempfile.gettempdir(), "/tmp", "/var/tmp"):  # noqa: S108
        home = Path(parent).resolve() / name
        try:
            home.mkdir(mode=mode, exist_ok=True)
            status = home.lstat()
            if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
                problem = f"{home} belongs to somebody else"
                continue
            home.chmod(mode)
        except OSError as error:
            problem = f"{home}: {error.strerror}"
            continue
        if account is None or can_traverse(home, account):
            return home
        problem = f"{home} cannot be entered by the account that the server runs as"
    raise ServerUnavailable(
        f"There is no temporary directory for the server ({problem}): set TMPDIR to a directory "
        "that you can write, or set DATABASE_URL."
    )


def new_run(home: Path, account: Account | None) -> Run:
    """Make a directory for a server and take its lock. Raises OSError."""
    while True:
        name = secrets.token_hex(4)
        lock_path = home / f"{name}.lock"
        lock = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        if _take(lock, lock_path):
            break
        os.close(lock)  # swept between its creation and its lock
    directory = home / name
    try:
        directory.mkdir(mode=0o700)
        directory.chmod(0o700 if account is None else 0o711)
    except OSError:
        lock_path.unlink()
        os.close(lock)
        raise
    return Run(directory, lock_path, lock)


def socket_directory(run: Run) -> Path:
    """Where the server of ``run`` puts its socket: in the run, or elsewhere if that is too long.

    A comma or a colon would not survive in the URL of a connection.
    """
    inside = run.directory / "s"
    long = len(os.fsencode(inside / _SOCKET)) > _LONGEST_SOCKET
    if not long and not set(",:@") & set(str(inside)):
        inside.mkdir(mode=0o700)
        return inside
    return Path(tempfile.mkdtemp(prefix="dbp-", dir="/tmp")).resolve()


def clear_leftovers(home: Path, account: Account | None) -> None:
    """Stop the servers of runs whose supervisor is gone, and remove their directories."""
    owner = os.geteuid() if account is None else account.uid
    for lock_path in home.glob("*.lock"):
        try:
            lock = os.open(lock_path, os.O_RDWR | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            if _take(lock, lock_path):
                directory = lock_path.with_suffix("")
                stop_leftover(directory / "data", owner)
                _remove(directory)
                if not directory.exists():
                    lock_path.unlink(missing_ok=True)
        finally:
            os.close(lock)


def stop_leftover(data: Path, owner: int) -> None:
    """Stop the server that runs on the data directory ``data``, if there is one.

    The process named in ``postmaster.pid`` is ended only when it belongs to ``owner`` and its
    command line says that it is a server on this very directory: the number may have passed to
    another process since the file was written.
    """
    try:
        pid = int((data / "postmaster.pid").read_text(errors="replace").split("\n")[0])
        server = psutil.Process(pid)
        command = server.cmdline()
        ours = (
            Path(command[0]).name == "postgres"
            and command[command.index("-D") + 1] == str(data)
            and server.uids().real == owner
        )
    except (OSError, ValueError, IndexError, psutil.Error):
        return
    if not ours:
        return
    try:
        everyone = [server, *server.children(recursive=True)]
        server.send_signal(3)  # SIGQUIT: stop at once, the data is disposable
        _, remaining = psutil.wait_procs(everyone, timeout=_STOP_SECONDS)
        for process in remaining:
            process.kill()
        psutil.wait_procs(remaining, timeout=_STOP_SECONDS)
    except psutil.NoSuchProcess:
        pass


def _take(lock: int, path: Path) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(lock), path.lstat())
    except OSError:
        return False


def _remove(directory: Path) -> None:
    try:
        elsewhere = (directory / "socket").read_text()
    except OSError:
        elsewhere = ""
    if elsewhere.startswith(("/tmp/dbp-", "/private/tmp/dbp-")):  # noqa: S108
        shutil.rmtree(elsewhere, ignore_errors=True)
    shutil.rmtree(directory, ignore_errors=True)
