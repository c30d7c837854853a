"""Lessons made in code: one as authors write them, one that tries to break out of its page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from workbench.lesson.plan import Plan
from workbench.lesson.table import tabulate
from workbench.markdown import MimeBundle, bundle, fenced

MARKER = "hostile"
HOSTILE = """\
<script>window.hostile = 1</script>
SELECT data->>'a' FROM "t" -- `code` ```` fence
</pre></code></div></details>
<img src=x onerror="window.hostile = 1">
{{ config.site_name }} {% raw %} {# note #}
&lt;b&gt; &amp; <!-- comment -->
```python
~~~
/// html | script
////
"><svg onload="window.hostile = 1"><iframe srcdoc="<script>parent.hostile = 1</script>">
![x](javascript:window.hostile=1) [x](javascript:window.hostile=1) <javascript:window.hostile=1>
right \u202eto left\u202c, zero\u200bwidth, \ufeffmark
|a|b|"""
VALUES = (
    *HOSTILE.splitlines(),
    "``<img src=x onerror='window.hostile = 1'>``",
    "`<img src=x onerror='window.hostile = 1'>",
    "\\`<img src=x onerror='window.hostile = 1'>\\`",
    "`a`<img src=x onerror='window.hostile = 1'>`b`",
    "&#60;img src=x onerror='window.hostile = 1'&#62;",
    "*[x]: <b> **bold** __init__ ~~gone~~ $1 #heading",
)
"""Values that rows, columns and messages may hold: each is shown as it is."""

STATEMENTS = """\
SELECT project.id, project.name, project.owner_id, project.created_at FROM project
    ORDER BY project.created_at DESC, project.id DESC LIMIT $1::INTEGER;
-- ×1: $1 = 50
SELECT task.project_id AS task_project_id, task.id AS task_id, task.title AS task_title
    FROM task WHERE task.project_id IN ($1::UUID, …, $50::UUID);
-- $1 = <uuid 1>, $2 = <uuid 2>, $3 = <uuid 3>, …, $50 = <uuid 50>"""

PLAN = (
    "Limit (actual rows=20.00 loops=1)",
    "  ->  Nested Loop Left Join (actual rows=20.00 loops=1)",
    "        Join Filter: (task.project_id = project.id)",
    "        ->  Index Scan Backward using project_created_at_id_idx on project "
    "(actual rows=20.00 loops=1)",
    "              Index Cond: (ROW(created_at, id) < ROW('2026-01-01 00:00:00+00'::timestamp "
    "with time zone, 'ffffffff-0000-0000-0000-000000000000'::uuid))",
    "              Index Searches: 1",
    "        ->  Seq Scan on task (actual rows=400.00 loops=20)",
)


def prose(name: str, source: str) -> dict[str, Any]:
    """Return a Markdown cell."""
    return {"id": name, "cell_type": "markdown", "metadata": {}, "source": source}


def code(name: str, source: str, *outputs: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    """Return a code cell with its stored outputs."""
    return {
        "id": name,
        "cell_type": "code",
        "metadata": metadata,
        "source": source,
        "execution_count": 1,
        "outputs": list(outputs),
    }


def shown(mime: MimeBundle) -> dict[str, Any]:
    """Return the output that a displayed object leaves in a notebook."""
    data, metadata = mime
    return {"output_type": "display_data", "data": data, "metadata": metadata}


def sql(text: str, headline: str) -> dict[str, Any]:
    """Return the output of recorded statements."""
    return shown(bundle(f"**{headline}**\n\n{fenced(text, language='sql')}", text, kind="sql"))


def error(text: str) -> dict[str, Any]:
    """Return the output of an expected error."""
    return shown(bundle(fenced(text, language="text"), text, kind="error"))


def printed(text: str) -> dict[str, Any]:
    """Return a piece of what a cell printed."""
    return {"output_type": "stream", "name": "stdout", "text": text}


def picture(svg: str) -> dict[str, Any]:
    """Return an SVG output."""
    return {
        "output_type": "display_data",
        "data": {"image/svg+xml": svg, "text/plain": "<picture>"},
        "metadata": {},
    }


def write(path: Path, *cells: dict[str, Any]) -> None:
    """Write a notebook of ``cells`` at ``path``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    notebook = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(notebook, indent=1), encoding="utf-8")


LOADER = '''\
def with_tasks(statement: Select[tuple[Project]]) -> Select[tuple[Project]]:
    """Load the tasks of all projects in one further statement."""
    return statement.options(selectinload(Project.tasks), raiseload("*"))'''


def write_plain_lesson(path: Path) -> None:
    """Write a lesson with one of everything that authors use."""
    write(
        path,
        prose(
            "claim",
            "# Load a page in two statements\n\n"
            "A page of 50 projects with their tasks costs 51 statements with lazy loading and "
            "2 with [`selectinload`](https://docs.sqlalchemy.org/en/21/), whatever the page's "
            "size.\n\n"
            "| Loading | Statements | Rows |\n| :-- | --: | --: |\n"
            "| lazy | 51 | 250 |\n| selectin | 2 | 250 |\n| joined | 1 | 250 |",
        ),
        prose("setup", "The lesson runs in a database of its own."),
        code("engine", "engine = create_async_engine(database_url())", tags=["setup"]),
        code(
            "tables",
            "async with engine.begin() as connection:\n"
            "    await connection.run_sync(Base.metadata.create_all)",
            tags=["setup"],
        ),
        prose("wrong", "## The loop sends a statement per project\n\nWatch the count."),
        code(
            "lazy-loop",
            "with record(engine) as sent:\n"
            "    async with AsyncSession(engine) as session:\n"
            "        projects = await session.scalars(select(Project)"
            ".order_by(Project.created_at).limit(50))\n"
            "        for project in projects:\n"
            "            await project.awaitable_attrs.tasks\n\nsent",
            sql(STATEMENTS, "51 statements"),
        ),
        prose("plan", "## PostgreSQL walks the index backwards\n\nNo sort node appears."),
        code("page-plan", "await explain(session, page)", shown(Plan(PLAN)._repr_mimebundle_())),
        prose("right", "## Two statements load the page\n\nThe listing is what you copy."),
        code("listing", LOADER, listing="snippets/queries/eager.py::with_tasks"),
        code(
            "error",
            "with expect(IntegrityError):\n    await session.flush()",
            error(
                "IntegrityError: duplicate key value violates unique constraint "
                '"user_email_key" (SQLSTATE 23505)\nDETAIL: Key (email)=(ada@example.org) '
                "already exists."
            ),
        ),
        code(
            "counts",
            'tabulate("Loading", "Statements", rows=[("lazy", 51)])',
            shown(
                tabulate(
                    "Loading strategy",
                    "Statements sent to the server",
                    "Rows received",
                    "Zymurgy",
                    rows=[("lazy", 51, 250, "a|b"), ("selectin", 2, 250, "`x|y`")],
                )._repr_mimebundle_()
            ),
        ),
        code("printed", "print('a')\nprint('b')", printed("a\n"), printed("b\n")),
        prose(
            "when-not",
            "## When not to\n\nThe [hostile page](../models/hostile.ipynb#the-first-heading) "
            "differs; the file is [eager.py](../../snippets/queries/eager.py).\n\n"
            '!!! note "A limit"\n    It stands beside the claim.',
        ),
        prose("exercise", "## Exercise\n\nLoad the comments too, in one further statement."),
        code("answer", "assert len(sent) == 3", sql("SELECT 1;", "1 statement"), tags=["solution"]),
    )


def write_hostile_lesson(path: Path) -> None:
    """Write a lesson of which every output tries to leave its place."""
    write(
        path,
        prose(
            "claim",
            '# Text with "quotes" & `<b>tags</b>` stays text\n\n'
            'The first paragraph says "quoted" and `</title><script>window.hostile = 1</script>`.'
            f"\n\n## The first heading\n\n{fenced(HOSTILE, language='sql')}\n\n"
            "Inline `</div>` and `</details>` and `data->>'a'`.",
        ),
        code("source", f"text = r'''\n{HOSTILE}\n'''", printed(HOSTILE), tags=["setup"]),
        code("sql", "sent", sql(HOSTILE, "1 statement")),
        code("plan", "plan", shown(Plan(tuple(HOSTILE.split("\n")))._repr_mimebundle_())),
        code("error", "refused", error(HOSTILE), tags=["solution"]),
        code(
            "table",
            "rows",
            shown(
                tabulate(
                    "<script>window.hostile = 1</script>",
                    "Value",
                    rows=[
                        (HOSTILE, "`</div>|</details>`"),
                        ("a|b", "<!-- -->"),
                        *((value, value) for value in VALUES),
                    ],
                )._repr_mimebundle_()
            ),
        ),
        code(
            "picture",
            "figure",
            picture(
                '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="10">'
                '<title>Rows "by" depth &lt;b&gt; '
                '"&gt;&lt;img src=x onerror="hostile = 1"&gt;</title><desc>"1" &lt; 2</desc>'
                "<script>window.hostile = 1</script>"
                '<rect width="40" height="10" onload="window.hostile = 1"/></svg>'
            ),
        ),
        code(
            "plain",
            "value",
            {
                "output_type": "execute_result",
                "execution_count": 1,
                "data": {"text/html": "<script>window.hostile = 1</script>", "text/plain": HOSTILE},
                "metadata": {},
            },
        ),
        prose("end", "## The end is outside of everything\n\nLast words."),
    )
