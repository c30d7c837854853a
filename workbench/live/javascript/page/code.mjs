/** Blocks of code as the stored pages have them, coloured, with the theme's copy button. */
import { element } from "./document.mjs";
import { lines } from "./tokens.mjs";

/** @typedef {import("./tokens.mjs").Token} Token */

const DEEPEST_HANG = 20;

/**
 * @param {string} code
 * @param {string} language
 * @param {{hanging?: boolean, copies?: boolean}} [options] `hanging` lines fold under their start
 */
export function block(code, language, { hanging = false, copies = false } = {}) {
  const shown = element("code");
  fill(shown, code, language, hanging);
  const pre = element("pre");
  if (copies) pre.append(element("div", { class: "md-code__nav" }, copyButton()));
  pre.append(shown);
  return element("div", { class: "highlight" }, pre);
}

/**
 * Show `code` in place of what `target` holds.
 * @param {Element} target
 * @param {string} code
 * @param {string} language
 * @param {boolean} [hanging]
 */
export function fill(target, code, language, hanging = false) {
  const text = code.replace(/\n+$/, "");
  const shown = lines(text, language).map((line) => {
    const pieces = [...line.map(piece), "\n"];
    return hanging ? [element("span", { class: `line${indent(line)}` }, ...pieces)] : pieces;
  });
  target.replaceChildren(...shown.flat());
}

/** @param {Token} token */
function piece({ text, kind }) {
  return kind ? element("span", { class: kind }, text) : text;
}

/** @param {Token[]} line */
function indent(line) {
  const text = line.map((token) => token.text).join("");
  const spaces = text.length - text.replace(/^ +/, "").length;
  const depth = spaces + (text.trimStart().startsWith("->") ? 4 : 0);
  const hang = Math.min(depth - (depth % 2), DEEPEST_HANG);
  return hang ? ` in${hang}` : "";
}

/** The script of the page that copies code hears its clicks. */
function copyButton() {
  return element("button", {
    type: "button",
    class: "md-code__button",
    title: "Copy to clipboard",
    "data-md-type": "copy",
  });
}
