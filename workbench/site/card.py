"""The picture that others show beside a link to the site.

Run as ``python -m workbench.site.card`` after a change of its text; it needs Chromium.
"""

from __future__ import annotations

import html

import click
from mkdocs.config import load_config
from playwright.sync_api import sync_playwright

from workbench.chromium import browser_program, sandbox_arguments
from workbench.execution.lessons import ROOT
from workbench.site.metadata import CARD, CARD_TEXT

WIDTH, HEIGHT = 1200, 630
_PAGE = """<!doctype html><style>
body {{ background: #1d3557; color: #fff; font-family: "DejaVu Sans", sans-serif; margin: 0;
  padding: 140px 90px; width: 1020px; }}
h1 {{ font-size: 84px; line-height: 1.15; margin: 0 0 40px; }}
p {{ border-left: 10px solid #8ab8ec; font-size: 40px; line-height: 1.4; margin: 0;
  padding-left: 36px; }}
</style><h1>{name}</h1><p>{description}</p>"""


@click.command()
def main() -> None:
    """Draw the picture anew."""
    config = load_config(str(ROOT / "mkdocs.yml"))
    target = ROOT / "docs" / CARD
    target.parent.mkdir(parents=True, exist_ok=True)
    page = _PAGE.format(name=html.escape(config.site_name), description=html.escape(CARD_TEXT))
    target.write_bytes(picture(page))
    click.echo(f"{target.relative_to(ROOT)}: {target.stat().st_size} bytes")


def picture(page: str) -> bytes:
    """Return what ``page`` looks like, as PNG. Raises NoBrowser."""
    program = browser_program()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=sandbox_arguments())
        tab = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        tab.set_content(page)
        drawn = tab.screenshot(type="png")
        browser.close()
    return drawn


if __name__ == "__main__":
    main()
