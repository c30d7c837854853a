"""What pages carry so that their cells run in them, and what they say where they cannot."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from urllib.request import urlopen

import pytest
from bs4 import BeautifulSoup
from click.testing import CliRunner

from tests.site.conftest import REPOSITORY, served, write_config
from tests.site.sample_lessons import write_hostile_lesson, write_plain_lesson
from workbench.execution.notebook import code_cells, read_notebook, write_notebook
from workbench.live.site_files import LiveFiles
from workbench.site.build import build_site
from workbench.site.live_page import with_need

EXERCISE = """
[exercise]
start = "rows = []"
check = '''assert rows, "Read the rows."'''
hints = ["Which statement reads them?", "`select(Project)` does."]
"""
REASON = "It ends `its` own <backend>, and a page has no other."
SCRIPT = "live/main.ABCDEFGH.js"


@pytest.fixture
def live(tmp_path: Path) -> LiveFiles:
    """Files as a build leaves them."""
    folder = tmp_path / "built"
    for name in (SCRIPT, "live/manifest.0123456789.json", "live/core.a.zip", "service_worker.js"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return LiveFiles(folder)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A site of a lesson with an exercise, one that needs a server, a hostile one, and prose."""
    notebooks = tmp_path / "notebooks/queries"
    write_plain_lesson(notebooks / "plain.ipynb")
    (notebooks / "plain.toml").write_text(EXERCISE)
    write_plain_lesson(notebooks / "server.ipynb")
    write_hostile_lesson(tmp_path / "notebooks/models/hostile.ipynb")
    lesson = read_notebook(notebooks / "server.ipynb")
    lesson["metadata"]["needs_server"] = REASON
    write_notebook(lesson, notebooks / "server.ipynb")
    docs = tmp_path / "docs"
    shutil.copytree(REPOSITORY / "docs/assets", docs / "assets")
    shutil.copy(REPOSITORY / "docs/scratchpad.md", docs)
    (docs / "index.md").write_text("# Start\n\n<!-- lessons by topic -->\n")
    (docs / "getting_started.md").write_text("# Getting started\n\nTake it.\n")
    nav: list[object] = [
        "index.md",
        "getting_started.md",
        "scratchpad.md",
        {"Queries": ["lessons/queries/plain.ipynb", "lessons/queries/server.ipynb"]},
        {"Models": ["lessons/models/hostile.ipynb"]},
    ]
    return write_config(tmp_path, notebooks=tmp_path / "notebooks", docs=docs, nav=nav)


def page(site: Path, address: str) -> BeautifulSoup:
    return BeautifulSoup((site / address / "index.html").read_text(encoding="utf-8"), "html.parser")


def scripts(html: BeautifulSoup) -> list[str]:
    """The scripts that come with Run; those for other ends lie elsewhere."""
    found = [str(tag["src"]) for tag in html.find_all("script", type="module")]
    return [address for address in found if "/live/" in address or address.startswith("live/")]


def test_lessons_and_the_scratchpad_load_one_script_and_pages_of_prose_none(
    config: Path, live: LiveFiles, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    build_site(config, site, strict=False, live=live)
    assert scripts(page(site, "lessons/queries/plain")) == [f"../../../{SCRIPT}"]
    assert scripts(page(site, "scratchpad")) == [f"../{SCRIPT}"]
    for address in ("", "getting_started"):
        assert scripts(page(site, address)) == []
    for path in live.folder.rglob("*.*"):
        published = site / path.relative_to(live.folder)
        assert published.read_bytes() == path.read_bytes()
        assert not published.samefile(path)


def test_a_lesson_that_needs_a_server_loads_it_for_its_plans_alone(
    config: Path, live: LiveFiles, tmp_path: Path
) -> None:
    build_site(config, tmp_path / "first", strict=False, live=live)
    assert scripts(page(tmp_path / "first", "lessons/queries/server")) == [f"../../../{SCRIPT}"]
    path = config.parent / "notebooks/queries/server.ipynb"
    lesson = read_notebook(path)
    for cell in code_cells(lesson):
        cell["outputs"] = []
    write_notebook(lesson, path)
    build_site(config, tmp_path / "second", strict=False, live=live)
    assert scripts(page(tmp_path / "second", "lessons/queries/server")) == []


def test_cells_lie_beside_the_page_with_the_exercise(
    config: Path, live: LiveFiles, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    build_site(config, site, strict=False, live=live)
    folder = site / "lessons/queries/plain"
    content = json.loads((folder / "live.json").read_text(encoding="utf-8"))
    assert content["title"] == "Load a page in two statements"
    assert (folder / content["notebook"]).exists()
    assert content["needs_server"] is None
    assert content["exercise"] == {
        "start": "rows = []",
        "check": 'assert rows, "Read the rows."',
        "hints": ["Which statement reads them?", "`select(Project)` does."],
    }
    lesson = read_notebook(config.parent / "notebooks/queries/plain.ipynb")
    assert [(cell["id"], cell["kind"]) for cell in content["cells"]] == [
        (cell["id"], cell["cell_type"]) for cell in lesson["cells"]
    ]
    given = {cell["id"]: cell for cell in content["cells"] if cell["kind"] == "code"}
    html = page(site, "lessons/queries/plain")
    for cell in code_cells(lesson):
        assert given[cell["id"]]["source"] == cell["source"]
        assert given[cell["id"]]["tags"] == cell["metadata"].get("tags", [])
        (element,) = html.find_all(attrs={"data-cell": cell["id"]})
        first = cell["source"].splitlines()[0]
        assert first in [block.get_text().splitlines()[0] for block in element.find_all("pre")]
    assert len(html.find_all(attrs={"data-cell": True})) == len(given)
    scratchpad = json.loads((site / "scratchpad/live.json").read_text(encoding="utf-8"))
    elements = page(site, "scratchpad").find_all(attrs={"data-cell": True})
    assert [cell["id"] for cell in scratchpad["cells"]] == [
        element["data-cell"] for element in elements
    ]


def test_a_lesson_that_needs_a_server_says_why_under_its_title(
    config: Path, live: LiveFiles, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    build_site(config, site, strict=False, live=live)
    html = page(site, "lessons/queries/server")
    (note,) = html.find_all(class_="needs-server")
    assert note.get_text() == (
        "Needs a server. It ends its own <backend>, and a page has no other. "
        "Run it on your machine."
    )
    assert [code.get_text() for code in note.find_all("code")] == ["its"]
    (link,) = note.find_all("a")
    assert (site / "lessons/queries/server" / str(link["href"]) / "index.html").exists()
    before = [tag.name for tag in note.find_all_previous(["h1", "h2", "p"])]
    assert before[0] == "p"
    assert before[1:] == ["h1"]
    assert not (site / "lessons/queries/server/live.json").exists()
    assert page(site, "lessons/queries/plain").find_all(class_="needs-server") == []


def test_a_need_is_told_without_a_place_to_send_the_reader_to() -> None:
    told = with_need(
        "<h1>A</h1><p>B</p><h2>C</h2><h2>D</h2>", reason="It waits.", instructions=None
    )
    note = '<p class="needs-server"><strong>Needs a server.</strong> It waits.</p>\n'
    assert told == f"<h1>A</h1>\n{note}<p>B</p><h2>C</h2><h2>D</h2>"


def test_without_the_files_no_page_has_run(config: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    build_site(config, site, strict=False)
    assert scripts(page(site, "lessons/queries/plain")) == []
    assert list(site.rglob("live*")) == []
    assert page(site, "lessons/queries/server").find_all(class_="needs-server")


def test_a_build_removes_the_files_of_the_one_before(
    config: Path, live: LiveFiles, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    build_site(config, site, strict=False, live=live)
    (live.folder / "live/core.a.zip").rename(live.folder / "live/core.b.zip")
    build_site(config, site, strict=False, live=live)
    assert [path.name for path in (site / "live").glob("core.*")] == ["core.b.zip"]


def test_without_node_the_site_is_built_and_one_sentence_says_what_it_lacks(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = import_module("workbench.cli.site")
    monkeypatch.setattr(command, "CONFIG", config)
    monkeypatch.setenv("WORKBENCH_NODE", str(tmp_path / "gone"))
    # What is built already is used, Node or not.
    monkeypatch.setattr("workbench.live.build.built_live", lambda **_: None)
    result = CliRunner().invoke(command.site, ["--to", str(tmp_path / "site")])
    assert result.exit_code == 0, result.output
    assert result.stderr == (
        f"WORKBENCH_NODE names {tmp_path}/gone, and {tmp_path}/gone does not run. "
        "The site is built without Run.\n"
    )
    assert re.search(r"Built .* in \d", result.stdout)
    assert scripts(page(tmp_path / "site", "lessons/queries/plain")) == []


def test_the_page_of_a_subfolder_finds_its_script(
    config: Path, live: LiveFiles, tmp_path: Path
) -> None:
    build_site(config, tmp_path / "root/patterns", strict=False, live=live)
    with served(tmp_path / "root") as url:
        lesson = f"{url}patterns/lessons/queries/plain/"
        (script,) = scripts(page(tmp_path / "root/patterns", "lessons/queries/plain"))
        with urlopen(f"{lesson}{script}", timeout=10) as answer:
            assert answer.read() == SCRIPT.encode()


SERVING = """
import sys, threading
from functools import partial
from pathlib import Path
from workbench.live.site_files import LiveFiles
from workbench.site.serve import serve

class Late:
    sources = ()
    asked = 0
    def files(self, then):
        self.asked += 1
        if self.asked == 1:
            threading.Thread(target=lambda: sys.stdin.readline() and then(), daemon=True).start()
            return None
        return LiveFiles(Path(sys.argv[2]))

serve(Path(sys.argv[1]), port=int(sys.argv[3]), on_ready=partial(print, flush=True), live=Late())
"""


def test_pages_served_here_get_run_when_it_is_built_and_files_have_their_types(
    config: Path, live: LiveFiles
) -> None:
    for name in ("worker.a.mjs", "python.a.wasm"):
        (live.live / name).write_text(name)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = [sys.executable, "-c", SERVING, str(config), str(live.folder), str(port)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as process:
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stdout.readline() == f"Serving at http://127.0.0.1:{port}/\n"
            lesson = f"http://127.0.0.1:{port}/lessons/queries/plain/"
            first = urlopen(lesson, timeout=10).read().decode()
            process.stdin.write("built\n")
            process.stdin.flush()
            deadline = time.monotonic() + 60
            while SCRIPT not in urlopen(lesson, timeout=10).read().decode():
                assert time.monotonic() < deadline
                time.sleep(0.1)
            types = {
                name: urlopen(f"{lesson}../../../live/{name}", timeout=10).headers["Content-Type"]
                for name in ("worker.a.mjs", "python.a.wasm")
            }
        finally:
            process.kill()
    assert SCRIPT not in first
    assert types == {
        "worker.a.mjs": "application/javascript",
        "python.a.wasm": "application/wasm",
    }
