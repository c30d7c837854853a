"""Each part of a module is removed once, and nothing else changes."""

from __future__ import annotations

import ast

from workbench.mutation.mutants import mutants

MODULE = '''\
"""A module."""

import os

LIMIT = dict(size=3)


class Page:
    """A page."""

    size: int
    number: int = 1

    @property
    def last(self) -> bool:
        """Whether it is the last."""
        if self.size and self.number:
            raise ValueError("no")
        return check(self, strict=True, **OPTIONS)


def names():
    for name in {"ix": 1, **OTHERS}:
        yield name
    else:
        pass
'''


def test_each_part_is_removed_once() -> None:
    assert sorted(mutant.removed for mutant in mutants(MODULE)) == sorted(
        [
            "size=3",
            "number: int = 1",
            "for name in {'ix': 1, **OTHERS}: yield name else: pass",
            "property",
            "if self.size and self.number: raise ValueError('no')",
            "return check(self, strict=True, **OPTIONS)",
            "yield name",
            "self.size",
            "self.number",
            "strict=True",
            "'ix'",
        ]
    )


def test_a_mutant_differs_in_its_part_alone() -> None:
    for mutant in mutants(MODULE):
        whole, changed = (ast.unparse(ast.parse(text)) for text in (MODULE, mutant.source))
        kept, gone = set(changed.splitlines()), set(whole.splitlines())
        assert gone - kept, mutant.removed
        assert len(gone - kept) <= 4, mutant.removed
        assert MODULE.splitlines()[mutant.line - 1].strip()


def test_a_removed_statement_leaves_a_valid_module() -> None:
    (mutant,) = mutants("def f():\n    return 1\n")
    assert mutant.source == "def f():\n    pass"
    assert list(mutants("def f():\n    ...\n")) == []
