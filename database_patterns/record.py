"""The record of what was copied: one file at the root of the project, to be committed with it."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from database_patterns.layout import Layout
from database_patterns.project import Project
from database_patterns.refusal import Refused
from database_patterns.text_files import content_at, decoded, digest

NAME = "database-patterns.lock"
FORMAT = 1
_ABOUT = "Written by database-patterns: commit it. The copies' originals are in it, for `update`."


@dataclass(frozen=True, kw_only=True)
class Copy:
    """One file as it was written: from which ``source`` of which ``release``, and its text."""

    source: str
    release: str
    text: str


@dataclass(kw_only=True)
class Target:
    """What lies in one target: files by their path in the project.

    ``snippets`` are those that were asked for, each with whether its tests were.
    """

    layout: Layout
    snippets: dict[str, bool] = field(default_factory=dict)
    files: dict[PurePosixPath, Copy] = field(default_factory=dict)


@dataclass
class Record:
    """Every target of a project, by its folder."""

    targets: dict[PurePosixPath, Target] = field(default_factory=dict)

    @classmethod
    def of(cls, project: Project) -> Record:
        """Read the record of ``project``; without a file it is empty. Raises Refused if corrupt."""
        project.check_links(PurePosixPath(NAME))
        content = content_at(project.root / NAME)
        if content is None:
            return cls()
        try:
            return cls._read(json.loads(decoded(content, NAME)))
        except (ValueError, KeyError, TypeError, AttributeError, zlib.error) as error:
            raise Refused(
                f"The record {NAME} is corrupt ({_reason(error)}): take it from version control, "
                "or delete it and add the snippets anew."
            ) from error

    @property
    def text(self) -> str:
        """The whole file."""
        targets = {str(folder): _target(target) for folder, target in sorted(self.targets.items())}
        document = {"format": FORMAT, "about": _ABOUT, "targets": targets}
        return json.dumps(document, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def _read(cls, document: dict[str, Any]) -> Record:
        if document["format"] != FORMAT:
            raise ValueError(f"format {document['format']!r} is not {FORMAT}")
        record = cls()
        for folder, target in document["targets"].items():
            tests = target["tests"]
            layout = Layout(
                into=_inside(folder),
                package=_string(target["package"]),
                tests=None if tests is None else _inside(tests),
            )
            record.targets[layout.into] = Target(
                layout=layout,
                snippets={_string(name): bool(asked) for name, asked in target["snippets"].items()},
                files={
                    _inside(path): _copy(entry, path) for path, entry in target["files"].items()
                },
            )
        return record


def _target(target: Target) -> dict[str, Any]:
    return {
        "package": target.layout.package,
        "tests": None if target.layout.tests is None else str(target.layout.tests),
        "snippets": dict(sorted(target.snippets.items())),
        "files": {
            str(path): {
                "source": copy.source,
                "version": copy.release,
                "sha256": digest(copy.text),
                # Merging needs the original, which a later release no longer has.
                "original": base64.b85encode(zlib.compress(copy.text.encode(), 9)).decode(),
            }
            for path, copy in sorted(target.files.items())
        },
    }


def _copy(entry: dict[str, Any], path: str) -> Copy:
    text = zlib.decompress(base64.b85decode(entry["original"])).decode("utf-8")
    if digest(text) != entry["sha256"]:
        raise ValueError(f"the hash of {path} is another")
    return Copy(source=_string(entry["source"]), release=_string(entry["version"]), text=text)


def _inside(path: object) -> PurePosixPath:
    """Return ``path`` unless it leads out of the project: the file may come from anybody."""
    found = PurePosixPath(_string(path))
    if found.is_absolute() or ".." in found.parts or not found.parts or "\\" in str(found):
        raise ValueError(f"{path!r} leads out of the project")
    return found


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a string")
    return value


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno} is not JSON"
    if isinstance(error, KeyError):
        return f"{error} is missing"
    if isinstance(error, TypeError | AttributeError):
        return "its entries have another form"
    if isinstance(error, zlib.error):
        return "an original is damaged"
    return " ".join(str(error).split())
