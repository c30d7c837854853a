"""Runs cells one after the other in one namespace, with top-level ``await``, as IPython does."""

from __future__ import annotations

import ast
import asyncio
import builtins
import inspect
import linecache
import sys
import traceback
import types
from collections.abc import Callable
from typing import Any

from tab.loop import LocalLoop
from tab.outputs import Output, Outputs, Stream, formats, install

LONGEST_TRACEBACK = 8


class Cells:
    """One notebook's namespace and event loop; ``emit`` gets each output as it is made."""

    def __init__(self, loop: LocalLoop, emit: Callable[[Output], None]) -> None:
        self._loop = loop
        self._outputs = Outputs(emit)
        self._sources: dict[str, str] = {}
        self._number = 0
        install(self._outputs)
        sys.stdout, sys.stderr = Stream("stdout"), Stream("stderr")
        self._module = types.ModuleType("__main__")
        self._module.__dict__["__builtins__"] = builtins
        sys.modules["__main__"] = self._module

    def run(self, source: str, name: str = "") -> str:
        """Run ``source`` and return "ok" or "error".

        ``name`` is what a traceback calls the cell. Whatever the cell raises is shown, also
        SystemExit and KeyboardInterrupt.
        """
        self._number += 1
        file = f"<{name or f'cell {self._number}'}>"
        self._sources[file] = source
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        self._outputs.begin()
        try:
            self._loop.run_until_complete(self._execute(source, file))
        except BaseException as error:  # a cell must not end the worker
            self._outputs.fail(self._failure(error, file))
            return "error"
        self._outputs.flush()
        return "ok"

    async def _execute(self, source: str, file: str) -> None:
        tree = ast.parse(source, file)
        shown: ast.Expression | None = None
        if tree.body and isinstance(tree.body[-1], ast.Expr) and not _silenced(source):
            last = tree.body.pop()
            assert isinstance(last, ast.Expr)
            shown = ast.Expression(last.value)
        await self._evaluate(tree, file, "exec")
        if shown is not None:
            value = await self._evaluate(shown, file, "eval")
            if value is not None:
                self._module.__dict__["_"] = value
                data, metadata = formats(value)
                self._outputs.send(
                    {"output_type": "execute_result", "data": data, "metadata": metadata}
                )

    async def _evaluate(self, tree: ast.Module | ast.Expression, file: str, mode: str) -> Any:
        code = compile(tree, file, mode, ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        value = eval(code, self._module.__dict__)  # noqa: S307 - what a cell is for
        return await value if code.co_flags & inspect.CO_COROUTINE else value

    def _failure(self, error: BaseException, file: str) -> Output:
        from workbench.lesson.database_error import described  # noqa: PLC0415 - SQLAlchemy

        return {
            "output_type": "error",
            "ename": type(error).__name__,
            "evalue": str(error),
            "message": described(error),
            "traceback": self._lines(error, file),
        }

    def _lines(self, error: BaseException, file: str) -> list[str]:
        """Return where in the reader's own code the error came up, outermost first."""
        if isinstance(error, SyntaxError) and error.filename in self._sources:
            text = (error.text or "").strip()
            return [f"{error.filename[1:-1]}, line {error.lineno}: {text}"]
        frames = [
            f"{frame.filename[1:-1]}, line {frame.lineno}: {frame.line}"
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.filename in self._sources
        ]
        if len(frames) > LONGEST_TRACEBACK:
            left_out = len(frames) - LONGEST_TRACEBACK
            half = LONGEST_TRACEBACK // 2
            frames = [*frames[:half], f"… {left_out} more", *frames[-half:]]
        return frames

    def close(self) -> None:
        """End the tasks that cells have left behind."""
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        if tasks:
            self._loop.run_until_complete(asyncio.wait(tasks, timeout=1))


def _silenced(source: str) -> bool:
    return source.rstrip().endswith(";")
