"""A second build in one process renders only what changed, and shows the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from markdown import Markdown

from workbench.site.build import SiteNotBuilt, build_site


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was rendered, in order: the first line of each."""
    seen: list[str] = []
    convert = Markdown.convert

    def noted(self: Markdown, source: str) -> str:
        seen.append(source.strip().partition("\n")[0])
        return convert(self, source)

    monkeypatch.setattr(Markdown, "convert", noted)
    return seen


def pages(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*.html")
    }


def test_only_a_page_that_changed_is_rendered_again(
    difficult_config: Path, tmp_path: Path, rendered: list[str]
) -> None:
    page = difficult_config.parent / "docs/index.md"
    before = page.read_text(encoding="utf-8")
    build_site(difficult_config, tmp_path / "first", strict=False)
    rendered.clear()
    build_site(difficult_config, tmp_path / "second", strict=False)
    assert rendered == []
    assert pages(tmp_path / "second") == pages(tmp_path / "first")
    try:
        page.write_text(before + "\nA sentence more.\n", encoding="utf-8")
        build_site(difficult_config, tmp_path / "third", strict=False)
    finally:
        page.write_text(before, encoding="utf-8")
    assert len(rendered) == 1
    differing = {
        name
        for name, html in pages(tmp_path / "third").items()
        if html != pages(tmp_path / "first")[name]
    }
    assert differing == {"index.html"}


def test_an_anchor_that_goes_is_missed_by_a_page_that_did_not_change(
    difficult_config: Path, tmp_path: Path
) -> None:
    page = difficult_config.parent / "docs/index.md"
    other = difficult_config.parent / "docs/other.md"
    before, after = page.read_text(encoding="utf-8"), "\n## A heading that goes\n"
    try:
        other.write_text("# Other\n\n[There](index.md#a-heading-that-goes)\n", encoding="utf-8")
        page.write_text(before + after, encoding="utf-8")
        build_site(difficult_config, tmp_path / "first", strict=False)
        page.write_text(before, encoding="utf-8")
        with pytest.raises(SiteNotBuilt, match="a-heading-that-goes"):
            build_site(difficult_config, tmp_path / "second", strict=True)
    finally:
        page.write_text(before, encoding="utf-8")
        other.unlink()


def test_a_page_is_warned_of_again_while_it_does_not_change(
    difficult_config: Path, tmp_path: Path
) -> None:
    page = difficult_config.parent / "docs/other.md"
    try:
        page.write_text("# Other\n\n[There](no_such_page.md)\n", encoding="utf-8")
        for name in ("first", "second"):
            with pytest.raises(SiteNotBuilt, match=r"no_such_page\.md"):
                build_site(difficult_config, tmp_path / name, strict=True)
    finally:
        page.unlink()
