"""A file of ours as it stands in a project."""

from __future__ import annotations

import re

from database_patterns.layout import Layout
from database_patterns.record import Copy
from database_patterns.registry import Registry
from database_patterns.rewriting import rewritten

HOME = "https://github.com/database-patterns/database-patterns"
HOLDER = "2026 The Database Patterns authors"


def copy_of(source: str, registry: Registry, layout: Layout) -> Copy:
    """Return the file ``source`` with its imports rewritten, below its licence and its origin.

    The release is not in the text: a release that leaves a file alone leaves its copies alone.
    """
    text = rewritten(source, registry.imports, layout)
    header = (
        f"# SPDX-FileCopyrightText: {HOLDER}\n"
        "# SPDX-License-Identifier: MIT\n"
        f"# From {HOME}\n"
        f"#   {source}\n"
    )
    separator = "" if re.match(r"\"\"\"|'''", text) else "\n"
    return Copy(
        source=source,
        release=registry.sources.release,
        text=header + separator + text if text.strip() else "",
    )
