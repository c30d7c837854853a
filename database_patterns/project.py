"""The project that snippets are copied into, and the folders in it that may take them."""

from __future__ import annotations

import keyword
import os
import sys
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from database_patterns.layout import Layout
from database_patterns.refusal import Refused
from database_patterns.requirements import known

_MARKS = ("pyproject.toml", "setup.cfg", "setup.py", ".git")


@dataclass(frozen=True)
class Project:
    """A project by its root, a path without symbolic links."""

    root: Path

    @classmethod
    def around(cls, start: Path) -> Project:
        """Return the project that ``start`` lies in. Raises Refused where there is none."""
        start = start.resolve()
        if not start.is_dir():
            raise Refused(f"There is no folder {start}.")
        for folder in (start, *start.parents):
            if any((folder / mark).exists() for mark in _MARKS):
                return cls(folder)
        raise Refused(
            f"{start} is in no project: neither it nor a folder above has pyproject.toml."
        )

    def relative(self, given: str, *, start: Path, what: str) -> PurePosixPath:
        """Return ``given``, typed in the folder ``start``, as a path relative to the root.

        Raises Refused where it leads out of the project or through a symbolic link, or names a
        file. ``what`` says in the message what the folder is for.
        """
        if not given.strip() or "\0" in given:
            raise Refused(f"The {what} needs the name of a folder, such as app/db.")
        path = Path(os.path.normpath(start.resolve() / given))
        if path != self.root and self.root not in path.parents:
            raise Refused(f"The {what} {given} lies outside of the project {self.root}.")
        relative = path.relative_to(self.root)
        self.check_links(PurePosixPath(relative.as_posix()))
        if path.exists() and not path.is_dir():
            raise Refused(f"The {what} {given} is a file, not a folder.")
        return PurePosixPath(relative.as_posix())

    def check_links(self, path: PurePosixPath) -> None:
        """Raise Refused if ``path`` is or passes through a symbolic link."""
        for part in (path, *path.parents):
            if (self.root / part).is_symlink():
                raise Refused(
                    f"{part} is a symbolic link: name the folder or file that it points to."
                )

    def layout(self, into: str, tests: str | None, *, start: Path) -> Layout:
        """Return the target ``into`` as a package; ``tests`` is a folder, or "" for the usual one.

        Raises Refused where ``into`` cannot be imported as a package.
        """
        target = self.relative(into, start=start, what="target")
        package = self._package(target, given=into)
        if tests is None:
            return Layout(into=target, package=package)
        if tests:
            folder = self.relative(tests, start=start, what="folder for tests")
            if folder == PurePosixPath():
                raise Refused("The folder for tests is the project itself: name one inside of it.")
        else:
            folder = self._tests_root() / package.replace(".", "_")
        if folder == target or target in folder.parents or folder in target.parents:
            raise Refused(
                f"Tests go beside the target, not into it: {folder} and {target} overlap."
            )
        self.check_links(folder)
        return Layout(into=target, package=package, tests=folder)

    def _tests_root(self) -> PurePosixPath:
        single = not (self.root / "tests").exists() and (self.root / "test").is_dir()
        return PurePosixPath("test" if single else "tests")

    def _package(self, target: PurePosixPath, *, given: str) -> str:
        if target == PurePosixPath():
            raise Refused("The target is the project itself: name a package in it, such as app/db.")
        if not (self.root / target.parent).is_dir():
            raise Refused(f"The target {given} has no folder {target.parent} to stand in.")
        if (self.root / target).exists() and not self._is_package(target):
            raise Refused(f"The target {given} is not a package: it has no __init__.py.")
        top = target
        while top.parent != PurePosixPath() and self._is_package(top.parent):
            top = top.parent
        if top == target and not self._is_package(target) and not self._holds_packages(top.parent):
            raise Refused(
                f"The target {given} is not in a package: {top.parent} has no __init__.py, "
                "and holds no package either."
            )
        names = target.relative_to(top.parent).parts
        for name in names:
            if not name.isidentifier() or keyword.iskeyword(name):
                raise Refused(
                    f"The target {given} cannot be imported: {name!r} is no name in Python."
                )
        if names[0] in sys.stdlib_module_names or names[0].replace("_", "-") in known():
            raise Refused(f"A package named {names[0]} would hide the library of this name.")
        return ".".join(names)

    def _is_package(self, folder: PurePosixPath) -> bool:
        return (self.root / folder / "__init__.py").is_file()

    def _holds_packages(self, folder: PurePosixPath) -> bool:
        if folder == PurePosixPath() or folder.name == "src":
            return True
        return any((self.root / folder).glob("*/__init__.py"))
