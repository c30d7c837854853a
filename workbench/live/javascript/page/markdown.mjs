/**
 * The Markdown that lessons show: paragraphs, fenced code and tables, as the site renders them.
 *
 * Anything else stays the text that it is.
 */
import { block } from "./code.mjs";
import { element } from "./document.mjs";

const FENCE = /^(`{3,})(\w*)$/;
const ALIGNMENT = /^:?-+:?$/;

/**
 * @param {string} text
 * @param {{hanging?: boolean, copies?: boolean}} [code] how fenced code is set
 * @returns {Node[]}
 */
export function markdown(text, code) {
  const lines = text.split("\n");
  /** @type {Node[]} */
  const blocks = [];
  while (lines.length) {
    const fence = FENCE.exec(lines[0]);
    if (fence) blocks.push(fenced(lines, fence, code));
    else if (isTable(lines)) blocks.push(table(lines));
    else if (lines[0].trim() === "") lines.shift();
    else blocks.push(paragraph(lines));
  }
  return blocks;
}

/**
 * @param {string[]} lines the first opens the block; what belongs to it is taken off
 * @param {RegExpExecArray} fence
 * @param {{hanging?: boolean, copies?: boolean}} [code]
 */
function fenced(lines, [, marks, language], code) {
  const end = lines.indexOf(marks, 1);
  const inside = lines
    .splice(0, end < 0 ? lines.length : end + 1)
    .slice(1, end < 0 ? undefined : -1);
  return block(inside.join("\n"), language, code);
}

/** @param {string[]} lines */
function paragraph(lines) {
  let end = lines.findIndex((line) => line.trim() === "" || FENCE.test(line));
  if (end < 0) end = lines.length;
  return element("p", null, ...inline(lines.splice(0, Math.max(end, 1)).join("\n")));
}

/** @param {string[]} lines */
function isTable([head, rule]) {
  return head.startsWith("|") && rule !== undefined && cells(rule).every((c) => ALIGNMENT.test(c));
}

/** @param {string[]} lines */
function table(lines) {
  const end = lines.findIndex((line) => !line.startsWith("|"));
  const [head, rule, ...rows] = lines.splice(0, end < 0 ? lines.length : end).map(cells);
  const sides = rule.map((mark) => {
    /** @type {Record<string, string>} the left is where cells are set anyway */
    const side = mark.endsWith(":") ? { class: "right" } : {};
    return side;
  });
  const row = (/** @type {string[]} */ texts, /** @type {string} */ tag) =>
    element("tr", null, ...sides.map((side, at) => element(tag, side, ...inline(texts[at] ?? ""))));
  const made = element(
    "table",
    null,
    element("thead", null, row(head, "th")),
    element("tbody", null, ...rows.map((texts) => row(texts, "td"))),
  );
  // The theme puts its own two elements around each table when a page loads.
  const inner = element("div", { class: "md-typeset__table" }, made);
  return element("div", { class: "md-typeset__scrollwrap" }, inner);
}

/**
 * @param {string} line
 * @returns {string[]} the text of each cell, its bars unescaped
 */
function cells(line) {
  return line
    .replace(/^\|/, "")
    .replace(/(?<!\\)\|\s*$/, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));
}

/**
 * @param {string} text with code between backticks, bold between two stars, escapes and entities
 * @returns {(Node | string)[]}
 */
export function inline(text) {
  // An escape is a part of its own: a backtick after it may open code.
  return text
    .split(/(\\[\\`*_{}[\]|~]|(?<!(?<!\\)`)`[^`]+`|\*\*(?:[^*\\]|\\.)+\*\*)/)
    .filter((part) => part !== "")
    .map((part) => {
      if (/^`[^`]+`$/.test(part)) return element("code", null, part.slice(1, -1));
      if (/^\*\*.+\*\*$/s.test(part)) return element("strong", null, plain(part.slice(2, -2)));
      return plain(part);
    });
}

/** @param {string} text */
function plain(text) {
  return text
    .replace(/\\([\\`*_{}[\]|~])/g, "$1")
    .replace(/&(lt|gt|amp);/g, (_, name) => ({ lt: "<", gt: ">", amp: "&" })[String(name)] ?? "");
}
