"""What a lesson's outputs depend on, as one hash: unchanged means it need not run again."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from functools import cached_property
from pathlib import Path

import grimp

from workbench.execution.lessons import ROOT, Lesson
from workbench.execution.listings import UnknownListing, listing_text
from workbench.execution.notebook import code_cells, read_notebook, source

PACKAGES = ("snippets", "workbench")
EVERY_LESSON = (Path("requirements.lock"), Path("pyproject.toml"))


class Fingerprints:
    """The fingerprints of lessons that passed, kept in ``file`` between runs.

    ``server`` names the server that they depend on: by default the one in ``DATABASE_URL``.
    """

    def __init__(
        self, file: Path = ROOT / ".cache" / "lessons.json", *, server: str | None = None
    ) -> None:
        self._file = file
        # Read now: while lessons run, the environment names the server started for them.
        self._server = os.environ.get("DATABASE_URL", "") if server is None else server

    def changed(self, lessons: list[Lesson]) -> list[Lesson]:
        """Return the lessons that did not pass with the inputs they have now."""
        passed = self._read()
        return [lesson for lesson in lessons if passed.get(lesson.name) != self.of(lesson)]

    def passed(self, lesson: Lesson) -> None:
        """Remember that ``lesson`` passes with the inputs it has now."""
        known = self._read()
        known[lesson.name] = self.of(lesson)
        self._write(known)

    def failed(self, lesson: Lesson) -> None:
        """Forget that ``lesson`` ever passed."""
        known = self._read()
        if known.pop(lesson.name, None) is not None:
            self._write(known)

    def of(self, lesson: Lesson, *, also: str = "") -> str:
        """Return the hash of the lesson's file and of all that its code imports from here.

        Also in it: the locked requirements, the version of Python, the server, and the code
        ``also`` with what it imports.
        """
        digest = hashlib.sha256()
        digest.update(repr((sys.version_info[:3], self._server)).encode())
        for path in EVERY_LESSON:
            digest.update((ROOT / path).read_bytes())
        digest.update(lesson.path.read_bytes())
        notebook = read_notebook(lesson.path)
        for cell in notebook["cells"]:
            if address := cell["metadata"].get("listing"):
                try:
                    digest.update(listing_text(address).encode())
                except UnknownListing as error:
                    digest.update(str(error).encode())
        digest.update(also.encode())
        text = "\n".join([also, *(source(cell) for cell in code_cells(notebook))])
        for module in sorted(self._imported(text)):
            digest.update(module.encode() + self._hashes[module])
        return digest.hexdigest()

    def _imported(self, text: str) -> set[str]:
        """Return the modules that ``text`` names, with all that they import, in turn."""
        named = {module for module in self._graph.modules if module in text}
        return named.union(*(self._graph.find_upstream_modules(module) for module in named))

    @cached_property
    def _graph(self) -> grimp.ImportGraph:
        return grimp.build_graph(*PACKAGES, cache_dir=str(ROOT / ".cache" / "grimp"))

    @cached_property
    def _hashes(self) -> dict[str, bytes]:
        return {module: _file_hash(module) for module in self._graph.modules}

    def _read(self) -> dict[str, str]:
        try:
            known = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}

    def _write(self, known: dict[str, str]) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        part = self._file.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps(known, indent=1, sort_keys=True), encoding="utf-8")
        part.replace(self._file)


def _file_hash(module: str) -> bytes:
    path = ROOT.joinpath(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    # A folder of a package may hold no Python, and then it is a module without a file.
    return hashlib.sha256(file.read_bytes() if file.exists() else b"").digest()
