"""The text that can be copied: in the wheel beside this package, in a checkout at its root."""

from __future__ import annotations

from functools import cached_property
from importlib.metadata import version
from pathlib import Path

PACKAGE = Path(__file__).parent
SHIPPED = PACKAGE / "shipped"
FIXTURES = "database_patterns/fixtures.py"
FACADE = "workbench.lesson"
_FOLDERS = ("snippets", "tests/snippets", "workbench/lesson")
_FILES = ("workbench/markdown.py",)


class Sources:
    """Files by their path in the repository, such as ``snippets/queries/page.py``.

    ``release`` is the version of the distribution that they came with.
    """

    def __init__(self, root: Path, *, release: str) -> None:
        self.root = root
        self.release = release

    @classmethod
    def installed(cls) -> Sources:
        """Return the files that came with this package."""
        root = SHIPPED if SHIPPED.is_dir() else PACKAGE.parent
        return cls(root, release=version("database-patterns"))

    @cached_property
    def paths(self) -> frozenset[str]:
        """Every Python file that may be copied."""
        found = {
            path.relative_to(self.root).as_posix()
            for folder in _FOLDERS
            for path in (self.root / folder).rglob("*.py")
        }
        return frozenset(found | set(_FILES) | {FIXTURES})

    def text(self, path: str) -> str:
        """Return the text of the file at ``path``."""
        place = PACKAGE / "fixtures.py" if path == FIXTURES else self.root / path
        return place.read_text(encoding="utf-8")

    def path_of(self, module: str) -> str | None:
        """Return the path of the file that ``module`` is, or None where it is not ours."""
        stem = module.replace(".", "/")
        found = (path for path in (f"{stem}.py", f"{stem}/__init__.py") if path in self.paths)
        return next(found, None)
