"""Compiles archives of Python files; runs in the tab's own Python, whose format of code it is."""

from __future__ import annotations

import ast
import importlib._bootstrap_external as loader
import importlib.util
import io
import zipfile

DATE = (2020, 1, 1, 0, 0, 0)
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def compiled(archive: object, root: str, keep: list[str], unpacked: bool) -> bytes:
    """Return ``archive`` with its Python files compiled, uncompressed.

    ``root`` is where the archive will lie, or be ``unpacked``. Docstrings are blanked and
    assertions stay; what begins with one of ``keep`` keeps its docstrings and has its source
    beside it, for ``inspect``.
    """
    made = io.BytesIO()
    given = io.BytesIO(archive.to_bytes())  # type: ignore[attr-defined]
    with zipfile.ZipFile(given) as source, zipfile.ZipFile(made, "w") as target:
        for name in sorted(source.namelist()):
            text = source.read(name)
            kept = name.startswith(tuple(keep))
            if name.endswith(".py"):
                # In a folder a source would win over the code beside it.
                code = importlib.util.cache_from_source(name) if unpacked and kept else name + "c"
                target.writestr(zipfile.ZipInfo(code, DATE), _code(text, root + name, kept))
            if kept or not name.endswith(".py"):
                target.writestr(zipfile.ZipInfo(name, DATE), text)
    return made.getvalue()


def _code(text: bytes, file: str, documented: bool) -> bytes:
    tree = ast.parse(text, file)
    if not documented:
        for node in ast.walk(tree):
            if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
                # Neither left out nor empty: SQLAlchemy asserts that some are there.
                node.body[0].value.value = "-"  # type: ignore[attr-defined]
    code = compile(tree, file, "exec", dont_inherit=True, optimize=0)
    return bytes(loader._code_to_hash_pyc(code, b"\0" * 8, False))  # type: ignore[attr-defined]
