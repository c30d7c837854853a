"""The operating system account that the server runs as, since PostgreSQL refuses root."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from workbench.postgres.unavailable import ServerUnavailable


@dataclass(frozen=True)
class Account:
    """An unprivileged account by its numbers."""

    uid: int
    gid: int


def server_account() -> Account | None:
    """The account for the server when we are root; None where the server runs as ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("nobody", "postgres"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(entry.pw_uid, entry.pw_gid)
    raise ServerUnavailable(
        "PostgreSQL refuses to run as root, and there is no account nobody or postgres to run it "
        "as: work as another user, or set DATABASE_URL."
    )


def can_traverse(path: Path, account: Account) -> bool:
    """Whether ``account`` may enter ``path``, judged by the modes of it and of its parents."""
    for directory in (path, *path.parents):
        try:
            status = directory.stat()
        except OSError:
            return False
        if status.st_uid == account.uid:
            wanted = 0o100
        elif status.st_gid == account.gid:
            wanted = 0o010
        else:
            wanted = 0o001
        if not status.st_mode & wanted:
            return False
    return True
