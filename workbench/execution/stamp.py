"""On what, and when, CI last executed a lesson whose outputs came out as they are committed."""

from __future__ import annotations

import json
import os
import platform
import re
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

from workbench.execution.fingerprint import Fingerprints
from workbench.execution.lessons import ROOT, Lesson

FOLDER = ROOT / ".cache" / "stamps"
_VERSION = r"\d[\w.+-]*"
_FORMS = {
    "inputs": r"[0-9a-f]{64}",
    "postgresql": _VERSION,
    "sqlalchemy": _VERSION,
    "python": _VERSION,
    "at": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    "commit": r"[0-9a-f]{7,64}|",
}


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """The versions and the time, in UTC, of one execution.

    ``inputs`` is the fingerprint of what it depended on. ``commit`` is empty where it is unknown.
    """

    inputs: str
    postgresql: str
    sqlalchemy: str
    python: str
    at: str
    commit: str


class Stamps:
    """The stamps in ``folder``, one file for each lesson: several processes write at a time."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or FOLDER

    def write(self, lesson: Lesson, *, postgresql: str) -> None:
        """Stamp ``lesson`` as executed now, on the versions in use here; outside of CI, do nothing.

        Call it when the outputs have been compared with the committed ones.
        """
        if os.environ.get("CI") != "true":
            return
        stamp = Stamp(
            inputs=self._fingerprints.of(lesson),
            postgresql=postgresql,
            sqlalchemy=version("sqlalchemy"),
            python=platform.python_version(),
            at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            commit=os.environ.get("GITHUB_SHA", ""),
        )
        self._folder.mkdir(parents=True, exist_ok=True)
        part = self._file(lesson).with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps(asdict(stamp), indent=1), encoding="utf-8")
        part.replace(self._file(lesson))

    def remove(self, lesson: Lesson) -> None:
        """Leave ``lesson`` without a stamp."""
        self._file(lesson).unlink(missing_ok=True)

    def of(self, lesson: Lesson) -> Stamp | None:
        """Return the stamp of ``lesson``, or None without one for the inputs it has now."""
        try:
            stored = json.loads(self._file(lesson).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if not isinstance(stored, dict) or set(stored) != {field.name for field in fields(Stamp)}:
            return None
        if not all(re.fullmatch(form, str(stored[name])) for name, form in _FORMS.items()):
            return None
        stamp = Stamp(**stored)
        return stamp if stamp.inputs == self._fingerprints.of(lesson) else None

    def _file(self, lesson: Lesson) -> Path:
        return self._folder / f"{lesson.topic}.{lesson.problem}.json"

    @cached_property
    def _fingerprints(self) -> Fingerprints:
        # The address of the server differs from run to run; its version is in the stamp.
        return Fingerprints(server="")
