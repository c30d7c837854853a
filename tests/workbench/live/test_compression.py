"""Compressed files belong to the file beside them, and are made once."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.missing import skip_unless_on_ci
from workbench.live.build import CACHE
from workbench.live.compression import Compressed, StaleCompression
from workbench.live.node import Node, NodeFailed, NoNode, find_node


@pytest.fixture
def node() -> Node:
    try:
        return find_node(print, CACHE)
    except NoNode as error:
        skip_unless_on_ci(str(error))


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def test_a_file_is_compressed_once_whatever_it_is_called(node: Node, tmp_path: Path) -> None:
    store = Compressed(tmp_path / "store", node)
    store.add_beside([written(tmp_path / "one/a.js", "text " * 999)])
    assert gzip.decompress((tmp_path / "one/a.js.gz").read_bytes()) == b"text " * 999
    assert (tmp_path / "one/a.js.br").stat().st_size < (tmp_path / "one/a.js.gz").stat().st_size
    nothing = Compressed(tmp_path / "store", Node(Path("/bin/false"), Path("/bin/false")))
    nothing.add_beside([written(tmp_path / "two/b.js", "text " * 999)])
    assert (tmp_path / "two/b.js.br").samefile(tmp_path / "one/a.js.br")
    with pytest.raises(NodeFailed):
        nothing.add_beside([written(tmp_path / "two/c.js", "another")])


@pytest.mark.parametrize("suffix", [".br", ".gz"])
def test_one_that_was_there_before_is_refused(node: Node, tmp_path: Path, suffix: str) -> None:
    file = written(tmp_path / "site/a.js", "new")
    written(tmp_path / f"site/a.js{suffix}", "of an older one")
    with pytest.raises(StaleCompression, match=rf"a\.js\{suffix} is there before a\.js is"):
        Compressed(tmp_path / "store", node).add_beside([file])


def test_what_no_build_holds_is_dropped(node: Node, tmp_path: Path) -> None:
    store = Compressed(tmp_path / "store", node)
    store.add_beside([written(tmp_path / "site/a", "a"), written(tmp_path / "site/b", "b")])
    for suffix in (".br", ".gz"):
        (tmp_path / f"site/a{suffix}").unlink()
    store.forget_unused()
    assert len(list((tmp_path / "store").iterdir())) == 2


def test_a_failure_leaves_nothing_half_made(tmp_path: Path) -> None:
    store = Compressed(tmp_path / "store", Node(Path("/bin/false"), Path("/bin/false")))
    with pytest.raises(NodeFailed):
        store.add_beside([written(tmp_path / "site/a", "a")])
    assert list((tmp_path / "store").iterdir()) == []
