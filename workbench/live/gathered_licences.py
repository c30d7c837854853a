"""The licences of everything that the site hands on so that lessons run in the page."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, Final

from workbench.live.python_files import COMPILED, FIRST, LAZY
from workbench.live.server_files import file_within
from workbench.live.wheels import crates

TEXTS: Final = Path(__file__).parent / "licences"
LINKED: Final = TEXTS / "linked.toml"
# They build and describe, and nothing of them is handed on; those that carry no text of their
# licence stand among the linked.
_NOT_HANDED_ON = re.compile(
    r"^(@esbuild/|@types/|esbuild$|ws$|pyodide$"
    # Of Vue's compiler, and of the commands of d3.
    r"|@babel/|@jridgewell/|csstype$|entities$|estree-walker$|magic-string$|nanoid$|picocolors$"
    r"|postcss$|source-map-js$|commander$|iconv-lite$|rw$|safer-buffer$"
    r"|delegate$|good-listener$|select$)"
)
_RULE = "\n" + "=" * 79 + "\n\n"
_PREFACE = """What this site hands on so that its lessons run in the page, and under which terms.
The site's own part, all else, is under the MIT license of its repository.
"""


class NoLicence(Exception):
    """Names a package that is handed on and comes without the text of its licence."""


@dataclass(frozen=True)
class Notice:
    """One project: ``terms`` is a line, ``text`` all that its licence wants repeated."""

    name: str
    terms: str
    text: str

    def __str__(self) -> str:
        return f"{self.name}\n{self.terms}\n\n{self.text.strip()}\n"


def licences(modules: Path, wheels: Iterable[Path]) -> str:
    """Return the notices of all projects, those of npm from ``modules``. Raises NoLicence."""
    rust = map(_of_rust, wheels)
    notices = [*_linked(), *_of_npm(modules), *_of_python(), *rust, _of_icu(modules)]
    return _RULE.join([_PREFACE, *map(str, notices)])


def _linked() -> Iterator[Notice]:
    for project in tomllib.loads(LINKED.read_text(encoding="utf-8"))["project"]:
        licence = project["licence"]
        text = TEXTS / f"{licence}.txt"
        parts = [project["copyright"]]
        if "source" in project:
            parts.append(f"Source: {project['source']}")
        if text.exists():
            parts.append(text.read_text(encoding="utf-8"))
        terms = f"In {project['within']}. Licence: {licence}."
        yield Notice(project["name"], terms, "\n\n".join(parts))


def _of_npm(modules: Path) -> Iterator[Notice]:
    for folder in sorted([*modules.glob("[!.@]*"), *modules.glob("@*/*")]):
        name = folder.relative_to(modules).as_posix()
        if not _NOT_HANDED_ON.match(name):
            described = json.loads((folder / "package.json").read_text(encoding="utf-8"))
            terms = f"Licence: {described['license']}."
            texts = sorted(folder.glob("LICEN[CS]E*"))
            yield Notice(f"{name} {described['version']}", terms, _text(name, texts))


def _of_python() -> Iterator[Notice]:
    lazy = (name for names in LAZY.values() for name in names)
    for name in (*FIRST, *lazy, *COMPILED.values(), "ipython"):
        found = distribution(name)
        texts = [
            Path(str(found.locate_file(file)))
            for file in found.files or ()
            if re.search(r"\.dist-info/.*(LICEN[CS]E|COPYING|AUTHORS|NOTICE)", str(file))
        ]
        known = found.metadata
        terms = f"Licence: {known.get('License-Expression') or known.get('License')}."
        yield Notice(f"{found.metadata['Name']} {found.version}", terms, _text(name, texts))


def _of_rust(wheel: Path) -> Notice:
    lines = [
        f"{crate['name']} {crate['version']}. Licence: {_expressions(crate)}. Copyright (c) {who}."
        for crate in crates(wheel)
        for who in [crate.get("author") or "its contributors"]
    ]
    # Where a crate leaves a choice, this text is one of those that it names.
    texts = [(TEXTS / f"{name}.txt").read_text(encoding="utf-8") for name in ("MIT", "Zlib")]
    terms = "Linked into it, with the standard library of Rust (Copyright (c) its contributors)."
    text = "\n\n".join(["\n".join(lines), *texts, "Unicode-3.0: the text of ICU, below."])
    return Notice(f"Crates of {wheel.name}", terms, text)


def _expressions(crate: dict[str, Any]) -> str:
    return ", ".join(each["expression"] for each in crate["licenses"])


def _of_icu(modules: Path) -> Notice:
    text = file_within(modules / "@electric-sql" / "pglite", "/pglite/icu/LICENSE")
    return Notice("ICU", "In pglite.wasm and pglite.data. Licence: Unicode-3.0.", text.decode())


def _text(name: str, files: list[Path]) -> str:
    if not files:
        raise NoLicence(f"{name} comes without the text of its licence.")
    return "\n\n".join(path.read_text(encoding="utf-8") for path in files)
