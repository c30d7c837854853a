"""Listing cells hold a snippet's text and nothing else."""

from pathlib import Path

import pytest

from workbench.execution.listings import UnknownListing, expected_source, listing_text

SNIPPET = '''"""Doc."""

import functools

LIMIT: int = 3
type Key = int | str


@functools.cache
def first() -> int:
    return 1


class Second:
    value = 2
'''


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "snippets").mkdir()
    (tmp_path / "snippets" / "remedy.py").write_text(SNIPPET)
    (tmp_path / "secret.py").write_text("x = 1")
    return tmp_path


def test_a_file_is_listed_whole(root: Path) -> None:
    assert listing_text("snippets/remedy.py", root=root) == SNIPPET.rstrip("\n")


def test_definitions_come_with_their_decorators_in_the_order_named(root: Path) -> None:
    assert listing_text("snippets/remedy.py::Second,first", root=root) == (
        "class Second:\n    value = 2\n\n\n@functools.cache\ndef first() -> int:\n    return 1"
    )


def test_constants_and_type_aliases_can_be_listed(root: Path) -> None:
    assert listing_text("snippets/remedy.py::LIMIT", root=root) == "LIMIT: int = 3"
    assert listing_text("snippets/remedy.py::Key", root=root) == "type Key = int | str"
    assert listing_text("snippets/remedy.py::LIMIT,Key,first", root=root).startswith(
        "LIMIT: int = 3\ntype Key = int | str\n\n\n@functools.cache\n"
    )


@pytest.mark.parametrize(
    "address",
    ["snippets/absent.py", "secret.py", "snippets/../secret.py", "snippets/remedy.py::value", ""],
)
def test_an_address_that_names_nothing_is_refused(root: Path, address: str) -> None:
    with pytest.raises(UnknownListing):
        listing_text(address, root=root)


def test_a_markdown_listing_keeps_the_text_around_its_fence(root: Path) -> None:
    cell = {
        "cell_type": "markdown",
        "metadata": {"listing": "snippets/remedy.py::LIMIT"},
        "source": "Before.\n\n```python\nold\n```\n\nAfter.",
    }
    assert expected_source(cell, root=root) == (
        "Before.\n\n```python\nLIMIT: int = 3\n```\n\nAfter."
    )


def test_a_cell_without_an_address_is_no_listing(root: Path) -> None:
    assert expected_source({"cell_type": "code", "metadata": {}, "source": ""}, root=root) is None
