"""The versions that CI runs everything on, read from its own file."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from mkdocs.utils.yaml import yaml_load

from workbench.execution.lessons import ROOT

WORKFLOW = ROOT / ".github" / "workflows" / "test.yml"


class Versions(NamedTuple):
    """Versions from the oldest to the newest."""

    postgresql: Sequence[str]
    sqlalchemy: Sequence[str]
    python: Sequence[str]

    def sentence(self) -> str:
        """Return them as one line of text."""
        return (
            f"PostgreSQL {_listed(self.postgresql)}; SQLAlchemy {_listed(self.sqlalchemy)};"
            f" Python {_listed(self.python)}."
        )


@cache
def versions_in_ci(workflow: Path = WORKFLOW) -> Versions:
    """Return what the matrices of ``workflow`` name. Raises KeyError where one is gone."""
    with workflow.open(encoding="utf-8") as file:
        jobs: dict[str, Any] = yaml_load(file)["jobs"]
    matrices = [job["strategy"]["matrix"] for job in jobs.values() if "strategy" in job]
    found = {axis: values for matrix in matrices for axis, values in matrix.items()}
    return Versions(
        *(sorted(found[axis], key=_number) for axis in ("postgres", "sqlalchemy", "python"))
    )


def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _listed(versions: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(versions[:-1]), versions[-1]]))
