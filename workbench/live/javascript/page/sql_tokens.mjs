/** SQL as Pygments colours it. */
import { KEYWORDS, TYPES } from "./sql_words.mjs";

/** @typedef {import("./tokens.mjs").Token} Token */

const TOKEN =
  /(?<c1>--[^\n]*\n?)|(?<cm>\/\*)|(?<word>[a-z_]\w*)|(?<mi>[0-9]+)|(?<s1>'(?:''|[^'])*')|(?<ss>"(?:""|[^"])*")|(?<idle>\s+|[+*/<>=~!@#%^&|`?\-;:()[\],.])|(?<err>[\s\S])/giy;
const REST_OF_NAME = /[\w$]*/y;

/**
 * @param {string} code
 * @returns {Token[]}
 */
export function sql(code) {
  /** @type {Token[]} */
  const found = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(code); match; match = TOKEN.exec(code)) {
    let [text] = match;
    const [kind] = Object.entries(match.groups ?? {}).find(([, part]) => part !== undefined) ?? [
      "",
    ];
    if (kind === "word") {
      const word = text.toUpperCase();
      if (KEYWORDS.has(word)) found.push({ text, kind: "k" });
      else if (TYPES.has(word)) found.push({ text, kind: "nb" });
      else {
        REST_OF_NAME.lastIndex = TOKEN.lastIndex;
        text += REST_OF_NAME.exec(code)?.[0] ?? "";
        found.push({ text, kind: "" });
      }
    } else if (kind === "cm") {
      text = comment(code, match.index);
      found.push({ text, kind });
    } else {
      found.push({ text, kind: kind === "idle" ? "" : kind });
    }
    TOKEN.lastIndex = match.index + text.length;
  }
  return found;
}

/**
 * @param {string} code
 * @param {number} start where a comment begins that may hold others
 */
function comment(code, start) {
  const mark = /\/\*|\*\//g;
  mark.lastIndex = start;
  let depth = 0;
  for (let found = mark.exec(code); found; found = mark.exec(code)) {
    depth += found[0] === "/*" ? 1 : -1;
    if (depth === 0) return code.slice(start, mark.lastIndex);
  }
  return code.slice(start);
}
