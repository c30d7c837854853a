/**
 * Code cut into pieces, each with the class that the site's style sheets colour.
 *
 * Names, operators and white space have no class: the stored pages leave theirs out as well.
 *
 * @typedef {{text: string, kind: string}} Token
 * @typedef {(code: string) => Token[]} Lexer
 */
import { python } from "./python_tokens.mjs";
import { sql } from "./sql_tokens.mjs";

/** @type {Record<string, Lexer>} */
const LEXERS = { python, sql };

/**
 * @param {string} code
 * @param {string} language
 * @returns {Token[]} neighbours of one kind are one token
 */
export function tokens(code, language) {
  const lexer = LEXERS[language];
  if (!lexer) return code ? [{ text: code, kind: "" }] : [];
  /** @type {Token[]} */
  const merged = [];
  for (const token of lexer(code)) {
    const last = merged.at(-1);
    if (last?.kind === token.kind) last.text += token.text;
    else if (token.text) merged.push({ ...token });
  }
  return merged;
}

/**
 * @param {string} code
 * @param {string} language
 * @returns {Token[][]} the tokens of each line, without the line's end
 */
export function lines(code, language) {
  /** @type {Token[][]} */
  const all = [[]];
  for (const { text, kind } of tokens(code, language)) {
    const [first, ...rest] = text.split("\n");
    if (first) all.at(-1)?.push({ text: first, kind });
    for (const line of rest) all.push(line ? [{ text: line, kind }] : []);
  }
  return all;
}
