/** PEV2 leaves out some of what keys and screen readers need; this adds it to what it draws. */

const TOGGLE = ".node-detail-toggle > span:first-child";

/** @param {HTMLElement} root */
export function mend(root) {
  new MutationObserver(() => attend(root)).observe(root, { childList: true, subtree: true });
  root.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (!(target instanceof HTMLElement && target.matches(TOGGLE))) return;
    if (key !== "Enter" && key !== " ") return;
    event.preventDefault();
    target.click();
  });
  attend(root);
}

/** @param {HTMLElement} root */
function attend(root) {
  // Its bars repeat a figure beside them.
  for (const bar of root.querySelectorAll(".progress")) bar.setAttribute("aria-hidden", "true");
  for (const header of root.querySelectorAll("th:empty")) header.setAttribute("role", "cell");
  for (const part of root.querySelectorAll(".overflow-auto")) part.setAttribute("tabindex", "0");
  for (const toggle of root.querySelectorAll(TOGGLE)) {
    const heading = /** @type {HTMLElement} */ (toggle.parentElement);
    heading.setAttribute("aria-level", "2");
    const isOpen = heading.closest(".plan-node")?.classList.contains("detailed");
    toggle.setAttribute("aria-expanded", String(Boolean(isOpen)));
    toggle.setAttribute("aria-label", `Details of ${heading.textContent?.trim()}`);
    toggle.setAttribute("role", "button");
    toggle.setAttribute("tabindex", "0");
  }
}
