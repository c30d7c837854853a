/** A plan as a tree, in a dialog over the page. The viewer is a page of its own, in a frame. */
import { adopt, button, element } from "./document.mjs";
import style from "./plan_tree.css";

let hasStyle = false;

/**
 * @param {string} plan EXPLAIN's text
 * @param {string} viewer the address of its page
 * @param {HTMLElement} opener has the focus when the dialog is closed
 */
export function open(plan, viewer, opener) {
  if (!hasStyle) adopt(style);
  hasStyle = true;
  const title = element("h2", { id: "plan-tree-title" }, "The plan as a tree");
  const news = element("p", { class: "plan-tree-news", role: "status" }, "Loading the viewer.");
  const frame = /** @type {HTMLIFrameElement} */ (
    element("iframe", { src: viewer, title: "Viewer of the plan" })
  );
  const close = button("Close", () => dialog.close());
  const dialog = /** @type {HTMLDialogElement} */ (
    element(
      "dialog",
      { class: "plan-tree-dialog md-typeset", "aria-labelledby": title.id },
      element("div", { class: "plan-tree-header" }, title, close),
      news,
      frame,
    )
  );
  const ready = (/** @type {MessageEvent} */ { data, origin, source }) => {
    if (data !== "ready" || origin !== location.origin || source !== frame.contentWindow) return;
    const isDark = document.body.getAttribute("data-md-color-scheme") === "slate";
    frame.contentWindow?.postMessage({ plan, theme: isDark ? "dark" : "light" }, location.origin);
    // A key that is pressed in a frame is not heard outside of it.
    frame.contentWindow?.addEventListener("keydown", ({ key }) => {
      if (key === "Escape") dialog.close();
    });
    news.remove();
  };
  addEventListener("message", ready);
  frame.addEventListener("load", () => {
    if (news.isConnected) news.textContent = "The viewer did not arrive.";
  });
  dialog.addEventListener("close", () => {
    removeEventListener("message", ready);
    dialog.remove();
    opener.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
}
