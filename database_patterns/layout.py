"""Where a file of ours goes in a project, and how it is imported there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from database_patterns.sources import FIXTURES

_EVIDENCE = "evidence"


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A target: the folder ``into``, which is imported as ``package``, and one for tests.

    Both folders are relative to the project. Snippets import one another by ``package``, which
    holds whatever the settings are; tests import what lies beside them relatively, since how a
    folder of tests is imported depends on the project's pytest.
    """

    into: PurePosixPath
    package: str
    tests: PurePosixPath | None = None

    def destination(self, source: str) -> PurePosixPath:
        """Return where the file ``source`` goes, relative to the project."""
        path = PurePosixPath(source)
        if path.parts[0] == "snippets":
            return self.into.joinpath(*path.parts[1:])
        return self.tests_folder.joinpath(*_in_tests(path).parts)

    @property
    def tests_folder(self) -> PurePosixPath:
        """The folder for tests, where the target has one."""
        if self.tests is None:
            raise ValueError("this target has no tests")
        return self.tests

    def module(self, module: str, *, importer: str) -> str:
        """Return how the file ``importer`` writes the name of ``module`` in its import."""
        first, _, rest = module.partition(".")
        if first == "snippets":
            return f"{self.package}.{rest}" if rest else self.package
        place = _in_tests(PurePosixPath(module.replace(".", "/"))).parts
        here = _in_tests(PurePosixPath(importer)).parent.parts
        shared = 0
        while shared < min(len(here), len(place) - 1) and here[shared] == place[shared]:
            shared += 1
        return "." * (len(here) - shared + 1) + ".".join(place[shared:])


def _in_tests(path: PurePosixPath) -> PurePosixPath:
    if str(path) == FIXTURES:
        return PurePosixPath("conftest.py")
    if path.parts[0] == "tests":
        return PurePosixPath(*path.parts[2:])
    return PurePosixPath(_EVIDENCE, path.name)
