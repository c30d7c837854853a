"""What a snippet costs is read from its docstrings, and every snippet says it."""

from __future__ import annotations

import pytest

from database_patterns.costs import Cost, costs
from database_patterns.registry import Registry
from database_patterns.sources import Sources

REGISTRY = Registry(Sources.installed())


def function(docstring: str, *, name: str = "load") -> str:
    return f'def {name}():\n    """{docstring}"""\n'


@pytest.mark.parametrize(
    "sentence",
    [
        "Costs 2 statements, and one for each batch.",
        "Cost: none in statements.",
        "Sends nothing.",
        "Methods add no statements.",
        "One statement, over the catalog alone.",
        "Return the row, or None; one SELECT, and those of ``options``.",
        "``fetch`` sends one SELECT, and a second where a cursor meets no row.",
        "A flush sends ``UPDATE … WHERE version = …``.",
    ],
)
def test_a_sentence_about_costs_is_found(sentence: str) -> None:
    docstring = f"Load a page.\n\n    It has limits. {sentence} Raises ValueError for none."
    assert costs(function(docstring)) == [Cost("load", sentence)]


@pytest.mark.parametrize(
    "sentence",
    [
        "Return the statements that make the table.",
        "Raises ValueError for a statement with a LIMIT of its own.",
        "The server cancels a statement and keeps the connection.",
        "An UPDATE that leaves every column as it was does not stamp.",
    ],
)
def test_another_sentence_about_statements_is_not(sentence: str) -> None:
    assert costs(function(f"Load a page.\n\n    {sentence}")) == []


def test_a_sentence_over_two_lines_is_one_line() -> None:
    assert costs(function("Load.\n\n    Costs\n    2 statements.")) == [
        Cost("load", "Costs 2 statements.")
    ]


def test_methods_are_named_with_their_class_and_what_is_private_is_left_out() -> None:
    text = "class Rows:\n" + "".join(
        f"    def {name}(self):\n        '''Sends nothing.'''\n" for name in ("get", "_read")
    )
    assert costs(text + function("Sends nothing.", name="_hidden")) == [
        Cost("Rows.get", "Sends nothing.")
    ]


def test_every_snippet_that_is_no_model_of_the_domain_says_its_cost() -> None:
    silent = [each.name for each in REGISTRY.snippets.values() if not each.costs]
    assert [name for name in silent if not name.startswith("domain/")] == []
