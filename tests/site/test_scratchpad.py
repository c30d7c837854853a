"""The cells of the scratchpad run on a real server, one after the other."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from tests.site.conftest import REPOSITORY
from workbench.postgres import Server
from workbench.site import scratchpad

PAGE = REPOSITORY / "docs" / scratchpad.PAGE
RUNNER = """
import ast, asyncio, inspect, json, sys
from IPython import display as showing
shown = []
showing.display = shown.append
async def main():
    names = {"__name__": "__main__"}
    for cell in json.load(sys.stdin):
        text = cell["source"]
        if cell["language"] == "sql":
            text = f"await run_script(engine, {text!r}); await show_plans(engine, {text!r})"
        code = compile(text, cell["id"], "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        made = eval(code, names)
        if inspect.iscoroutine(made):
            await made
    table, plan = shown
    print(json.dumps({
        "statements": len(names["sent"]),
        "projects": len(names["projects"]),
        "buffers": names["plan"].buffers,
        "rows": len(table.rows),
        "nodes": plan.nodes,
    }))
asyncio.run(main())
"""


def test_every_cell_runs_and_shows_what_the_page_says(server: Server) -> None:
    cells = scratchpad.cells(PAGE.read_text(encoding="utf-8"))
    assert [cell["id"] for cell in cells] == ["imports", "data", "in-python", "its-plan", "in-sql"]
    done = subprocess.run(
        [sys.executable, "-c", RUNNER],
        cwd=REPOSITORY,
        env={**os.environ, "DATABASE_URL": server.url.render_as_string(hide_password=False)},
        input=json.dumps(cells),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["statements"] == 2
    assert found["projects"] == 5
    assert found["buffers"] > 0
    assert found["rows"] == 5
    assert "Hash Join" in found["nodes"]


def test_cells_become_elements_that_the_script_finds_and_prose_stays() -> None:
    markdown = (
        "# Title\n\n```python\nno cell\n```\n\n<!-- cell: a-b setup -->\n```python\nx = 1\n```\n\n"
        "Prose.\n\n<!-- cell: c -->\n```sql\nSELECT 1;\n```\n"
    )
    assert scratchpad.cells(markdown) == [
        {"id": "a-b", "kind": "code", "language": "python", "source": "x = 1", "tags": ["setup"]},
        {"id": "c", "kind": "code", "language": "sql", "source": "SELECT 1;", "tags": []},
    ]
    page = scratchpad.with_cells(markdown)
    assert page.startswith("# Title\n\n```python\nno cell\n```\n")
    assert "///// details | Setup: a-b\n    type: setup" in page
    assert "//// html | div.cell.sql\n    attrs: {data-cell: c}" in page
    assert "<!--" not in page
    assert "\n\nProse.\n\n" in page
