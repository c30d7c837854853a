"""Cells in the tab run and show as they do in a notebook."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tab import outputs as tab_outputs
from tab.cells import Cells
from tab.loop import LocalLoop
from tab.outputs import MOST_CHARACTERS, MOST_OUTPUTS, formats

type Shown = list[dict[str, Any]]
type Run = Callable[[str], Shown]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Run one cell after the other and return what each has shown."""
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, getattr(sys, name))
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    monkeypatch.setattr(tab_outputs, "_current", None)
    # What `from IPython.display import display` finds in the tab.
    monkeypatch.setattr("IPython.display.display", tab_outputs.show)
    loop = LocalLoop(host="here")
    shown: Shown = []
    made: list[Cells] = []

    def one(source: str) -> Shown:
        if not made:  # not before: pytest changes the standard streams when the test begins
            made.append(Cells(loop, shown.append))
        shown.clear()
        made[0].run(source)
        return list(shown)

    yield one
    for cells in made:
        cells.close()
    loop.close()


def test_the_last_expression_is_the_result(run: Run) -> None:
    assert run("x = 20\nx + 1") == [
        {"output_type": "execute_result", "data": {"text/plain": "21"}, "metadata": {}}
    ]
    assert run("_ * 2")[0]["data"]["text/plain"] == "42"
    for nothing in ("x;", "None", "", "# a comment", "def f(): return 1"):
        assert run(nothing) == []


def test_names_last_from_cell_to_cell_and_await_stands_alone(run: Run) -> None:
    run("import asyncio\nasync def later(x):\n    await asyncio.sleep(0)\n    return x")
    assert run("await later(1) + await later(2)")[0]["data"]["text/plain"] == "3"
    assert run("[x async for x in aiter_(3)]")[0]["ename"] == "NameError"
    run("async def aiter_(n):\n    for x in range(n):\n        yield x")
    assert run("[x async for x in aiter_(3)]")[0]["data"]["text/plain"] == "[0, 1, 2]"


def test_a_task_goes_on_in_the_next_cell(run: Run) -> None:
    run("import asyncio\ntask = asyncio.create_task(asyncio.sleep(0, 'done'))")
    assert run("await task")[0]["data"]["text/plain"] == "'done'"


def test_prints_and_outputs_keep_their_order(run: Run) -> None:
    shown = run(
        "import sys\nfrom IPython.display import display\n"
        "print('a'); print('b')\ndisplay(1)\nprint('c', file=sys.stderr)\n2"
    )
    kinds = [(each["output_type"], each.get("name"), each.get("text")) for each in shown]
    assert kinds == [
        ("stream", "stdout", "a\nb\n"),
        ("display_data", None, None),
        ("stream", "stderr", "c\n"),
        ("execute_result", None, None),
    ]


def test_an_error_comes_with_the_readers_own_lines_only(run: Run) -> None:
    run("import json\ndef parse(text):\n    return json.loads(text)")
    (error,) = run("text = 'no json'\n\nparse(text)")
    assert error["ename"] == "JSONDecodeError"
    assert error["message"].startswith("JSONDecodeError: Expecting value")
    assert error["traceback"] == [
        "cell 2, line 3: parse(text)",
        "cell 1, line 3: return json.loads(text)",
    ]


def test_a_deep_traceback_is_cut_in_its_middle(run: Run) -> None:
    (error,) = run("def deep(n):\n    return 1 / n + deep(n - 1)\ndeep(50)")
    assert error["ename"] == "ZeroDivisionError"
    assert len(error["traceback"]) == 9
    assert error["traceback"][4] == "… 44 more"


@pytest.mark.parametrize(
    ("source", "line"),
    [("a = 1\nb = = 2", "cell 1, line 2: b = = 2"), ("if x:\npass", "cell 1, line 2: pass")],
)
def test_a_syntax_error_names_the_line(run: Run, source: str, line: str) -> None:
    (error,) = run(source)
    assert error["ename"] in {"SyntaxError", "IndentationError"}
    assert error["traceback"] == [line]


@pytest.mark.parametrize("end", ["raise SystemExit(3)", "exit(1)", "raise KeyboardInterrupt"])
def test_nothing_that_a_cell_raises_ends_the_worker(run: Run, end: str) -> None:
    assert run("import sys\nexit = sys.exit\n" + end)[-1]["output_type"] == "error"
    assert run("1")[0]["data"]["text/plain"] == "1"


def test_a_cell_that_prints_without_end_is_cut(run: Run) -> None:
    shown = run("for n in range(1_000_000):\n    print('row', n)")
    text = "".join(each["text"] for each in shown)
    assert MOST_CHARACTERS < len(text) < MOST_CHARACTERS + 200
    assert text.endswith("… cut: a cell shows at most 100,000 characters in 1,000 pieces.\n")
    assert run("print('again')") == [{"output_type": "stream", "name": "stdout", "text": "again\n"}]


def test_prints_of_a_slow_loop_are_shown_as_they_come(run: Run) -> None:
    shown = run("import time\nfor n in range(3):\n    print(n)\n    time.sleep(0.11)")
    assert [each["text"] for each in shown] == ["0\n1\n", "2\n"]


def test_a_cell_that_displays_without_end_is_cut(run: Run) -> None:
    shown = run("from IPython.display import display\nfor n in range(5_000):\n    display(n)")
    assert len(shown) == MOST_OUTPUTS + 1
    assert "cut" in shown[-1]["text"]


def test_an_error_is_shown_after_a_cut(run: Run) -> None:
    shown = run("print('x' * 200_000)\n1 / 0")
    assert shown[-1]["ename"] == "ZeroDivisionError"


class Rich:
    def _repr_markdown_(self) -> str:
        return "**rich**"

    def _repr_svg_(self) -> str:
        return "<svg/>"

    def __repr__(self) -> str:
        return "plain"


class Bundle:
    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, str], dict[str, Any]]:
        return {"text/markdown": "`x`"}, {"text/markdown": {"kind": "sql"}}


def test_every_form_of_an_object_is_shown() -> None:
    assert formats(Rich())[0] == {
        "text/plain": "plain",
        "text/markdown": "**rich**",
        "image/svg+xml": "<svg/>",
    }
    data, metadata = formats(Bundle())
    assert data["text/markdown"] == "`x`"
    assert metadata == {"text/markdown": {"kind": "sql"}}
    assert formats(Rich)[0].keys() == {"text/plain"}


def test_closing_cancels_what_still_runs() -> None:
    loop = LocalLoop(host="here")
    seen: list[str] = []

    async def forever() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            seen.append("cancelled")

    cells = Cells.__new__(Cells)
    cells._loop = loop
    loop.create_task(forever())
    loop.run_until_complete(asyncio.sleep(0))
    cells.close()
    assert seen == ["cancelled"]
    loop.close()
