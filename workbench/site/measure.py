"""What the site costs: seconds to build it, and bytes to read a lesson.

Run as ``python -m workbench.site.measure``: prints one Markdown table for each.
"""

from __future__ import annotations

import gzip
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import click
from bs4 import BeautifulSoup
from mkdocs.utils.yaml import yaml_load

from workbench.site import page_texts

REPOSITORY = Path(__file__).resolve().parents[2]


@click.command()
@click.option("--runs", default=3, show_default=True, help="Builds of each kind; medians count.")
def main(runs: int) -> None:
    """Measure the build of the site and the weight of its lessons."""
    with tempfile.TemporaryDirectory(prefix="measure-") as folder:
        configs = _configs(Path(folder))
        seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in configs}
        for _ in range(runs):
            for name, config in configs.items():
                seconds[name].append(_built(config))
        click.echo(f"| Build (median of {runs}) | wall s | CPU s |\n| :-- | --: | --: |")
        for name, pairs in seconds.items():
            wall, cpu = (median(column) for column in zip(*pairs, strict=True))
            click.echo(f"| {name} | {wall:.2f} | {cpu:.2f} |")
        click.echo(
            "\n| Lesson | HTML KB | gzipped | first visit, gzipped |\n| :-- | --: | --: | --: |"
        )
        for name, *sizes in _weights(Path(folder) / "ours" / "site"):
            click.echo(f"| {name} | {' | '.join(f'{size / 1000:.1f}' for size in sizes)} |")


def _configs(folder: Path) -> dict[str, Path]:
    """Write three configurations, and return their files.

    The text of all pages of ours is that of the plain ones; the default way has the lessons, and
    of the pages that are made in a build only those that are there without our hook.
    """
    with (REPOSITORY / "mkdocs.yml").open(encoding="utf-8") as file:
        ours: dict[str, Any] = yaml_load(file)
    ours["docs_dir"] = str(REPOSITORY / "docs")
    ours["hooks"] = [str(REPOSITORY / hook) for hook in ours["hooks"]]
    jupyter = ours["plugins"]["mkdocs-jupyter"]
    mounts = {mount: str(REPOSITORY / source) for mount, source in jupyter["notebook_dirs"].items()}
    jupyter["notebook_dirs"] = mounts
    default = ours | {
        "hooks": [],
        "plugins": {"search": {}, "mkdocs-jupyter": {"include": ["*.ipynb"], "cache": False}},
    }
    default["plugins"]["mkdocs-jupyter"]["notebook_dirs"] = mounts
    plain = ours | {"hooks": [], "plugins": {"search": {}}, "docs_dir": str(folder / "docs")}
    plain["nav"] = json.loads(json.dumps(ours["nav"]).replace(".ipynb", ".md"))
    written = {
        name: _written(folder / name, config)
        for name, config in {"ours": ours, "default": default, "plain": plain}.items()
    }
    _write_plain_pages(folder / "docs", ours, folder / "texts")
    return written


def _write_plain_pages(docs: Path, ours: dict[str, Any], folder: Path) -> None:
    """Put into ``docs`` the Markdown of every page that a build of ``ours`` makes, and its assets.

    Raises CalledProcessError where the build fails.
    """
    shutil.copytree(Path(ours["docs_dir"]) / "assets", docs / "assets")
    hooks = [*ours["hooks"], str(Path(__file__).with_name("page_texts.py"))]
    extra = ours["extra"] | {page_texts.KEY: str(docs)}
    _built(_written(folder, ours | {"hooks": hooks, "extra": extra}))


def _written(folder: Path, config: dict[str, Any]) -> Path:
    folder.mkdir()
    path = folder / "mkdocs.yml"
    # JSON is YAML as well.
    path.write_text(json.dumps(config | {"site_dir": str(folder / "site")}), encoding="utf-8")
    return path


def _built(config: Path) -> tuple[float, float]:
    """Build in a process of its own; return its wall and CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--config-file", str(config)],
        check=True,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        stderr=subprocess.DEVNULL,
    )
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


def _weights(site: Path) -> Iterator[tuple[str, int, int, int]]:
    """Give every lesson's bytes of HTML, the same gzipped, and gzipped with all that it loads."""
    for page in sorted((site / "lessons").rglob("index.html")):
        html = page.read_bytes()
        loaded = {
            path
            for tag in BeautifulSoup(html, "html.parser").find_all(["script", "link", "img"])
            if tag.get("rel") in (None, ["stylesheet"], ["icon"])
            and (link := str(tag.get("src") or tag.get("href") or ""))
            and not urlsplit(link).scheme
            and (path := (page.parent / urlsplit(link).path).resolve()).is_file()
        }
        yield (
            page.parent.relative_to(site / "lessons").as_posix(),
            len(html),
            gzipped(html),
            gzipped(html) + sum(gzipped(path.read_bytes()) for path in loaded),
        )


def gzipped(content: bytes) -> int:
    """Return the bytes that ``content`` takes when a server compresses it."""
    return len(gzip.compress(content, compresslevel=6))


if __name__ == "__main__":
    main()
