"""Removing each part of the snippets to see whether their tests notice."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import click

from workbench.cli.failure import Failure, failures_of
from workbench.execution.lessons import ROOT
from workbench.mutation.mutants import Mutant, mutants
from workbench.mutation.trial import Subject, is_noticed
from workbench.postgres import ServerUnavailable, open_server

EXPECTED = ROOT / "tests" / "snippets" / "survivors.toml"


@click.command("mutants")
@click.argument("snippets", nargs=-1)
def remove_parts(snippets: tuple[str, ...]) -> None:
    """Remove each part of SNIPPETS in turn; fail where no test notices.

    SNIPPETS are named topic/remedy, by the remedy alone or by a topic. Parts that no test can
    miss are listed with their reasons in tests/snippets/survivors.toml.
    """
    chosen = _chosen(snippets)
    expected = tomllib.loads(EXPECTED.read_text(encoding="utf-8"))
    unnoticed = total = 0
    with (
        failures_of(ServerUnavailable),
        open_server() as server,
        ThreadPoolExecutor(os.cpu_count()) as pool,
    ):
        os.environ["DATABASE_URL"] = server.url.render_as_string(hide_password=False)
        for name, subject in chosen.items():
            whole = subject.path.read_text(encoding="utf-8")
            if is_noticed(subject, whole):
                raise Failure(f"The tests of {name} fail as it is; mend them first.")
            reasons = expected.get(name, {})
            found = [each for each in mutants(whole) if each.removed not in reasons]
            survived = _survivors(subject, found, pool)
            click.echo(f"  {name}: {len(found) - len(survived)} of {len(found)} noticed")
            for mutant in survived:
                click.echo(f"      line {mutant.line}: {mutant.removed[:160]}")
            unnoticed, total = unnoticed + len(survived), total + len(found)
    click.echo(f"{total - unnoticed} of {total} parts are missed by a test when they are removed")
    if unnoticed:
        raise Failure(f"{unnoticed} parts can be removed and no test fails.")


def _survivors(subject: Subject, found: Sequence[Mutant], pool: ThreadPoolExecutor) -> list[Mutant]:
    noticed = pool.map(lambda mutant: is_noticed(subject, mutant.source), found)
    return [mutant for mutant, each in zip(found, noticed, strict=True) if not each]


def _chosen(names: Sequence[str]) -> dict[str, Subject]:
    known = dict(_subjects())
    chosen = {
        name: subject
        for name, subject in known.items()
        if not names or {name, *name.split("/")} & set(names)
    }
    unknown = [name for name in names if not any(name in {k, *k.split("/")} for k in known)]
    if unknown:
        raise Failure(f"There is no snippet called {unknown[0]!r}: name it topic/remedy.")
    return chosen


def _subjects() -> Iterator[tuple[str, Subject]]:
    for path in sorted((ROOT / "snippets").glob("*/*.py")):
        topic, remedy = path.parent.name, path.stem
        tests = ROOT / "tests" / "snippets" / topic / f"test_{remedy}.py"
        if tests.exists():
            yield f"{topic}/{remedy}", Subject(f"snippets.{topic}.{remedy}", path, tests)
