"""What axe finds in a page as it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from playwright.async_api import Frame, Page

# In other colours only these can come to another result.
OF_COLOURS = ("color-contrast", "link-in-text-block")
_RUN = """async rules => {
    const options = {resultTypes: ["violations"], preload: false, iframes: false}
    if (rules.length) options.runOnly = {type: "rule", values: rules}
    const {violations} = await axe.run(document, options)
    return violations.map(({id, help, nodes}) => ({
        rule: id, help, places: nodes.map(node => node.target.join(" ")), count: nodes.length,
    }))
}"""
_COLOURS = {"light": "default", "dark": "slate"}


@dataclass(frozen=True)
class Accessibility:
    """The rules of ``axe``, the text of its script."""

    axe: str

    async def faults(
        self, page: Page | Frame, state: str, *, rules: Sequence[str] = ()
    ) -> list[str]:
        """Return a sentence for each of ``rules``, or of all, that ``page`` breaks in ``state``.

        Frames in it are pages of their own.
        """
        if not await page.evaluate("'axe' in window"):
            await page.evaluate(self.axe)
        return [
            f"{state}: {found['help']} ({found['rule']}), {found['count']} times, first at"
            f" {found['places'][0]}."
            for found in await page.evaluate(_RUN, list(rules))
        ]

    async def in_both_colours(self, page: Page, state: str) -> list[str]:
        """Return what ``page`` breaks in light and in dark colours."""
        faults: list[str] = []
        for colours in _COLOURS:
            await choose_colours(page, colours)
            rules = OF_COLOURS if colours == "dark" else ()
            faults += await self.faults(page, f"{state}, {colours}", rules=rules)
        return faults


async def choose_colours(page: Page, colours: str) -> None:
    """Let ``page`` follow a system in "light" or "dark" ``colours``, and wait until it does."""
    await page.emulate_media(color_scheme=colours)  # type: ignore[arg-type]
    await page.wait_for_function(
        "scheme => document.body.dataset.mdColorScheme === scheme",
        arg=_COLOURS[colours],
        timeout=10_000,
    )
