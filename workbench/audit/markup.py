"""Whether the HTML of every page is valid."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any, Final

from workbench.audit.tools import Tools
from workbench.live.node import NodeFailed

RULES: Final[dict[str, Any]] = {
    "root": True,
    # The rules of the standard, and none of taste.
    "extends": ["html-validate:standard"],
}


def invalid_html(tools: Tools, site: Path) -> list[str]:
    """Return a sentence for each place where a page of ``site`` breaks the standard.

    Raises NodeFailed where the validator does not run.
    """
    with tempfile.TemporaryDirectory(prefix="markup-") as folder:
        config, result = Path(folder, "rules.json"), Path(folder, "result.json")
        config.write_text(json.dumps(RULES), encoding="utf-8")
        program = tools.modules / "html-validate" / "bin" / "html-validate.mjs"
        pages = sorted(map(str, site.rglob("*.html")))
        tools.node.run(
            program,
            *("--config", str(config), "--formatter", f"json={result}"),
            *pages,
            accepted=(0, 1),
        )
        if not result.exists():
            raise NodeFailed("html-validate failed: it left no result.")
        found: list[dict[str, Any]] = json.loads(result.read_text(encoding="utf-8"))
    return [
        f"{Path(page['filePath']).relative_to(site.resolve()).as_posix()}:{message['line']}:"
        f"{message['column']}: {message['message']} ({message['ruleId']})."
        for page in found
        for message in page["messages"]
    ]
