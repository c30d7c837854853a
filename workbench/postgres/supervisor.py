"""The process that owns one server: prepares its data, runs it, and removes it all at the end.

Run as a file, by ``python -I -S supervisor.py``, with its orders as the first line on standard
input. It imports only the standard library, to be there within milliseconds, and lives in a
session of its own, where Ctrl-C in a terminal does not reach it. The server ends with the process
that asked for it (its parent): when that closes the pipe, sends a byte through it, or is gone by
whatever means. The pipe alone would not do, since a forked child of the parent may hold its other
end open.
"""

import contextlib
import ctypes
import errno
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TypedDict

READY_SECONDS = 60
_STOP_SECONDS = 5
_POLL_SECONDS = 0.25
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FULL_MESSAGES = ("No space left on device", "Disk quota exceeded", "File too large")
_TEMPLATE_DAYS = 30


class Orders(TypedDict):
    """What the parent wants: one line of JSON."""

    parent: int
    directory: str
    lock_path: str
    socket: str
    initdb: str
    postgres: str
    configuration: str
    template: str
    uid: int | None
    gid: int | None


class ParentLeft(Exception):
    """The parent is gone, or wants the server to stop."""


class StartError(Exception):
    """The server could not be started; says why, in the words of the program that failed."""

    def __init__(self, reason: str, *, full: bool = False) -> None:
        super().__init__(reason)
        self.full = full


class Supervisor:
    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.directory = Path(orders["directory"])
        self.data = self.directory / "data"
        self.log = os.open(
            self.directory / "log", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600
        )
        self.server: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Start the server, say so on standard output, and return when it is to stop."""
        try:
            try:
                self._bring_up()
            except OSError as error:
                reason = error.strerror or str(error)
                raise StartError(reason, full=error.errno in FULL) from None
        except StartError as failure:
            _say({"failed": str(failure), "full": failure.full})
            return
        except ParentLeft:
            return
        assert self.server is not None
        _say({"ready": self.server.pid})
        try:
            while True:
                self._watch(_POLL_SECONDS)
                self.server.poll()
        except ParentLeft:
            return

    def clear(self) -> None:
        """Stop the server and everything it started, and remove its files."""
        if self.server is not None and self.server.poll() is None:
            _stop(self.server)
        _end_orphans()
        if self.server is not None and self.server.returncode < 0:
            _release_shared_memory(self.data)
        os.close(self.log)
        for directory in (self.orders["socket"], self.directory):
            _remove(Path(directory))
        Path(self.orders["lock_path"]).unlink(missing_ok=True)

    def _bring_up(self) -> None:
        self._give(Path(self.orders["socket"]))
        template = Path(self.orders["template"])
        if _is_ours(template):
            try:
                self._copy(template)
                self._start()
                return
            except (shutil.Error, StartError) as error:
                if isinstance(error, StartError) and error.full:
                    raise
            # What is in the cache is of no use: make it anew, once.
            _remove(self.data)
            _remove(template)
        self._initialise()
        _keep(self.data, template)
        self._start()

    def _copy(self, template: Path) -> None:
        shutil.copytree(template, self.data, copy_function=shutil.copyfile)
        self.data.chmod(0o700)
        if self.orders["uid"] is not None:
            # Its own directory last: until then only we can put anything there.
            for path in (*self.data.rglob("*"), self.data):
                self._give(path)
        with contextlib.suppress(OSError):
            os.utime(template)

    def _initialise(self) -> None:
        self._watch(0)
        self.data.mkdir(mode=0o700)
        self._give(self.data)
        command = [self.orders["initdb"], "-D", str(self.data), "-E", "UTF8", "--locale=C"]
        command += ["-U", "postgres", "--auth-local=trust", "--auth-host=reject", "--no-sync"]
        # The first segment of the log is part of every copy: keep it small.
        initdb = self._spawn([*command, "--no-instructions", "--wal-segsize=1"])
        try:
            while initdb.poll() is None:
                self._watch(0.01)
        except ParentLeft:
            initdb.terminate()
            initdb.wait()
            raise
        if initdb.returncode != 0:
            raise self._failure("initdb", initdb.returncode)
        configuration = os.open(self.data / "postgresql.conf", os.O_WRONLY | os.O_APPEND)
        with open(configuration, "w") as file:
            file.write(self.orders["configuration"])

    def _start(self) -> None:
        sockets = '"' + self.orders["socket"].replace('"', '""') + '"'
        self.server = self._spawn(
            [
                *(self.orders["postgres"], "-D", str(self.data), "-p", "5432"),
                *("-c", f"unix_socket_directories={sockets}"),
            ]
        )
        limit = time.monotonic() + READY_SECONDS
        while not self._is_ready():
            if self.server.poll() is not None:
                raise self._failure("postgres", self.server.returncode)
            if time.monotonic() > limit:
                raise StartError(f"it was not ready after {READY_SECONDS} seconds")
            self._watch(0.005)

    def _is_ready(self) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text(errors="replace").split("\n")
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready"

    def _watch(self, seconds: float) -> None:
        """Wait for ``seconds``; raise ParentLeft as soon as the parent left."""
        readable, _, _ = select.select([0], [], [], seconds)
        if readable or os.getppid() != self.orders["parent"]:
            raise ParentLeft

    def _spawn(self, command: list[str]) -> subprocess.Popen[bytes]:
        # The owner's environment stays with the owner: it may hold passwords, and PGDATA,
        # PGPORT and the like would steer the server.
        kept = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH")
        environment = {name: os.environ[name] for name in kept if name in os.environ}
        environment |= {"LC_ALL": "C", "TZ": "UTC"}
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            cwd=self.directory,
            env=environment,
            user=self.orders["uid"],
            group=self.orders["gid"],
            extra_groups=None if self.orders["uid"] is None else [],
            umask=0o077,
            preexec_fn=_end_with_supervisor,  # noqa: PLW1509
        )

    def _give(self, path: Path) -> None:
        if self.orders["uid"] is not None and self.orders["gid"] is not None:
            os.chown(path, self.orders["uid"], self.orders["gid"], follow_symlinks=False)

    def _failure(self, program: str, code: int) -> StartError:
        lines = (self.directory / "log").read_text(errors="replace").strip().splitlines()
        full = code == -signal.SIGXFSZ or any(
            message in line for line in lines for message in _FULL_MESSAGES
        )
        telling = [line for line in lines if "FATAL" in line or "PANIC" in line or "error" in line]
        last = (telling or lines or [f"it ended with code {code}"])[-1]
        return StartError(f"{program}: {last.strip()}", full=full)


def _read_line(descriptor: int) -> bytes | None:
    """The bytes up to the next newline and no more, or None at the end of the stream."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(descriptor, 1)
        if not byte:
            return None
        line += byte
    return line


def _say(answer: dict[str, object]) -> None:
    with contextlib.suppress(BrokenPipeError):
        os.write(1, json.dumps(answer).encode() + b"\n")


def _is_ours(directory: Path) -> bool:
    try:
        status = directory.lstat()
    except OSError:
        return False
    return status.st_uid == os.geteuid() and not directory.is_symlink()


def _keep(data: Path, template: Path) -> None:
    """Keep a copy of ``data`` for later runs; without one they take longer, nothing else."""
    fresh = template.with_name(f"{template.name}.{os.getpid()}.making")
    try:
        template.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(data, fresh, copy_function=shutil.copyfile)
        fresh.rename(template)
        limit = time.time() - _TEMPLATE_DAYS * 24 * 60 * 60
        for other in template.parent.iterdir():
            if other.stat().st_mtime < limit:
                shutil.rmtree(other, ignore_errors=True)
    except OSError:
        pass
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _end_with_supervisor() -> None:
    """On Linux, let the kernel stop a program of ours when the supervisor is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGQUIT)  # PR_SET_PDEATHSIG


def _adopt_orphans() -> None:
    """On Linux, become the parent of the server's processes if the server itself is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER


def _stop(server: subprocess.Popen[bytes]) -> None:
    # SIGQUIT first: a checkpoint would be written for data that is removed at once.
    for number in (signal.SIGQUIT, signal.SIGKILL):
        server.send_signal(number)
        try:
            server.wait(_STOP_SECONDS)
            return
        except subprocess.TimeoutExpired:
            continue


def _end_orphans() -> None:
    """End the processes that a killed server left to us. Elsewhere than on Linux, they end."""
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    limit = time.monotonic() + _STOP_SECONDS
    while time.monotonic() < limit:
        try:
            pids = [int(pid) for pid in children.read_text().split()]
        except OSError:
            return
        if not pids:
            return
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _release_shared_memory(data: Path) -> None:
    """On Linux, release the shared memory segment that a killed server could not release."""
    try:
        named = (data / "postmaster.pid").read_text(errors="replace").split("\n")[6].split()
        table = Path("/proc/sysvipc/shm").read_text().splitlines()
    except (OSError, IndexError):
        return
    columns = table[0].split()
    for line in table[1:]:
        row = dict(zip(columns, line.split(), strict=False))
        if [row["key"], row["shmid"]] == named and row["nattch"] == "0":
            ctypes.CDLL(None).shmctl(int(row["shmid"]), 0, None)  # IPC_RMID


def _remove(directory: Path) -> None:
    # A process of a killed server may still be writing a file while its directory goes.
    for _ in range(20):
        shutil.rmtree(directory, ignore_errors=True)
        if not directory.exists():
            return
        time.sleep(0.1)


def main() -> None:
    def leave(number: int, frame: object) -> None:
        raise ParentLeft

    for ignored in (signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(ignored, signal.SIG_IGN)
    _adopt_orphans()
    os.umask(0o077)
    orders = _read_line(0)
    if orders is None:
        return  # the parent left first; its directory is cleared by the next run
    supervisor = Supervisor(json.loads(orders))
    try:
        signal.signal(signal.SIGTERM, leave)
        supervisor.run()
    except ParentLeft:
        pass
    except Exception as error:  # the parent waits for an answer, whatever happened
        _say({"failed": f"{type(error).__name__}: {error}", "full": False})
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        supervisor.clear()


if __name__ == "__main__":
    main()
