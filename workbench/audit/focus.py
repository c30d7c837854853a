"""Where the Tab key leads on a page, and whether a reader sees where it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from playwright.async_api import Page

MOST_STEPS: Final = 600
_CONTROLS: Final = """() => {
    const wanted = "a[href], button, input, select, textarea, summary, [tabindex='0']"
    window.controls = [...document.querySelectorAll(wanted)].filter(control => {
        const style = getComputedStyle(control)
        return control.checkVisibility({visibilityProperty: true}) && !control.disabled
            && control.tabIndex >= 0 && !control.closest("[inert]")
            // Of a group of radio buttons the keyboard reaches the one that is chosen.
            && !(control.type === "radio" && !control.checked)
    })
    window.reached = new Set()
    return window.controls.length
}"""
# What may show the focus: the control, what holds it, or the label after it.
_STEP: Final = """() => {
    const control = document.activeElement
    if (!control || control === document.body) return null
    const seen = window.reached.has(control)
    window.reached.add(control)
    const shows = [control, control.parentElement, control.nextElementSibling]
        .filter(element => element)
    const properties = ["outlineStyle", "outlineWidth", "outlineColor", "boxShadow", "color",
        "backgroundColor", "borderColor", "textDecorationLine", "textDecorationColor", "opacity",
        "transform", "clipPath"]
    const looks = () => JSON.stringify(shows.map(element => {
        const style = getComputedStyle(element)
        return properties.map(name => name.startsWith("outline") && style.outlineStyle === "none"
            ? "" : style[name])
    }))
    // The policy of a page allows no style element, and this.
    const still = new CSSStyleSheet()
    still.replaceSync("* { transition: none !important }")
    document.adoptedStyleSheets.push(still)
    const focused = looks()
    const box = control.getBoundingClientRect()
    const shown = shows.some(element => element.getBoundingClientRect().width > 1)
    control.blur()
    const idle = looks()
    control.focus({focusVisible: true, preventScroll: true})
    document.adoptedStyleSheets.pop()
    const name = control.tagName.toLowerCase() + [...control.classList]
        .filter(part => part !== "focus-visible").map(part => "." + part).join("")
    return {name, seen, visible: focused !== idle, shown,
        text: (control.getAttribute("aria-label") ?? control.textContent ?? "").trim().slice(0, 40),
        within: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth}
}"""
_MISSED: Final = """() => window.controls.filter(control => !window.reached.has(control)
    && control.tabIndex >= 0 && control.checkVisibility({visibilityProperty: true}))
    .map(control => control.outerHTML.slice(0, 120))"""


@dataclass(frozen=True)
class Walk:
    """Where Tab led, in order, and a sentence for each fault on the way."""

    names: list[str]
    faults: list[str]


async def walk(page: Page, state: str) -> Walk:
    """Press Tab from the start of ``page`` until it comes round."""
    await page.evaluate(_CONTROLS)
    names: list[str] = []
    unseen: dict[str, str] = {}
    for _ in range(MOST_STEPS):
        await page.keyboard.press("Tab")
        step: dict[str, Any] | None = await page.evaluate(_STEP)
        if step is None or step["seen"]:
            break
        names.append(step["name"])
        if not step["visible"] or not step["shown"] or not step["within"]:
            unseen.setdefault(step["name"], step["text"])
    faults = [
        f"{state}: the focus cannot be seen on {name} ({text!r})." for name, text in unseen.items()
    ]
    missed: list[str] = await page.evaluate(_MISSED)
    faults += [f"{state}: Tab does not reach {control}." for control in missed]
    return Walk(names, faults)
