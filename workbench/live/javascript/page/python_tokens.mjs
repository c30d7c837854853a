/** Python as Pygments colours it. */
import { BUILTINS, ERRORS, KEYWORDS, SPECIAL_METHODS, SPECIAL_NAMES } from "./python_words.mjs";

/** @typedef {import("./tokens.mjs").Token} Token */

const NAME = "[A-Za-z_\\u0080-\\uffff][\\w\\u0080-\\uffff]*";
const PLAIN = new RegExp(
  [
    "(?<c1>#[^\\n]*)",
    `(?<string>(?<prefix>[rRuUbBfFtT]{0,2})(?<quotes>"""|'''|"|'))`,
    "(?<mf>(?:\\d[\\d_]*\\.(?:\\d[\\d_]*)?|\\.\\d[\\d_]*)(?:[eE][+-]?\\d+)?|\\d[\\d_]*[eE][+-]?\\d+)",
    "(?<mh>0[xX][\\da-fA-F_]+)|(?<mb>0[bB][01_]+)|(?<mo>0[oO][0-7_]+)",
    "(?<mi>\\d[\\d_]*)",
    `(?<nd>@${NAME})`,
    `(?<word>${NAME})`,
    "(?<idle>[\\s\\S])",
  ].join("|"),
  "y",
);
const PREFIX = /^(?:[rub]|[ft]|r[bft]|[bft]r)?$/i;
const ESCAPE =
  /\\(?:[\\abfnrtv"'\n]|N\{.*?\}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|x[\da-fA-F]{2}|[0-7]{1,3})/y;
const CONSTANTS = new Set(["True", "False", "None"]);
const OPERATORS = new Set(["in", "is", "and", "or", "not"]);
const SELF = new Set(["self", "cls", "Ellipsis", "NotImplemented"]);
const SOFT = /^[ \t]*(?:match|case)[ \t]+[^\s:,;=^&|@~)\]}.(]/;

/**
 * @param {string} code
 * @returns {Token[]}
 */
export function python(code) {
  return new Reader(code).read();
}

class Reader {
  /** @param {string} code */
  constructor(code) {
    this.code = code;
    this.at = 0;
    /** @type {Token[]} */
    this.found = [];
    /** What the next name is: the name of a function, of a class, or part of an import. */
    this.next = "";
  }

  read() {
    while (this.at < this.code.length) this.step();
    return this.found;
  }

  /**
   * @param {number} end
   * @param {string} kind
   */
  take(end, kind) {
    this.found.push({ text: this.code.slice(this.at, end), kind });
    this.at = end;
  }

  step() {
    PLAIN.lastIndex = this.at;
    const match = PLAIN.exec(this.code);
    if (!match) return;
    const { groups = {} } = match;
    const end = this.at + match[0].length;
    if (groups.string !== undefined && PREFIX.test(groups.prefix)) {
      this.string(groups.prefix, groups.quotes);
    } else if (groups.string !== undefined) {
      this.take(this.at + 1, ""); // letters that are no prefix belong to a name
    } else if (groups.word !== undefined) {
      this.word(match[0], end);
    } else {
      const [kind] = Object.entries(groups).find(([, part]) => part !== undefined) ?? [""];
      const isOperator = kind === "nd" && !this.startsLine();
      if (isOperator) this.take(this.at + 1, "");
      else this.take(end, kind === "idle" ? "" : kind);
      if (match[0] === "\n" || match[0] === ";" || match[0] === "(") this.next = "";
    }
  }

  startsLine() {
    return /(?:^|\n)[ \t]*$/.test(this.code.slice(0, this.at));
  }

  /**
   * @param {string} word
   * @param {number} end
   */
  word(word, end) {
    const afterDot = this.code[this.at - 1] === ".";
    if (this.next === "nn" && word === "None") {
      this.take(end, "kc"); // raise … from None
      this.next = "";
    } else if (this.next === "nn" && word === "import") {
      this.take(end, "kn");
      this.next = "";
    } else if (this.next === "nn as" && word === "as") {
      this.take(end, "k");
      this.next = "nn";
    } else if (this.next && word !== "as") {
      this.name(word, end);
    } else if (word === "from" || word === "import") {
      const isYield = /\byield[ \t]+$/.test(this.code.slice(0, this.at));
      this.take(end, isYield ? "k" : "kn");
      this.next = isYield ? "" : word === "from" ? "nn" : "nn as";
    } else {
      this.take(end, this.kind(word, end, afterDot));
      if (word === "def") this.next = "nf";
      if (word === "class") this.next = "nc";
    }
  }

  /**
   * Take the name that a definition or an import gives, dots included.
   * @param {string} word
   * @param {number} end
   */
  name(word, end) {
    if (this.next.startsWith("nn")) {
      const path = /(?:\.?[\w\u0080-\uffff]+)+/y;
      path.lastIndex = this.at;
      path.exec(this.code);
      this.take(path.lastIndex || end, "nn");
    } else {
      this.take(end, this.next === "nf" && SPECIAL_METHODS.has(word) ? "fm" : this.next);
      this.next = "";
    }
  }

  /**
   * @param {string} word
   * @param {number} end
   * @param {boolean} afterDot
   */
  kind(word, end, afterDot) {
    if (KEYWORDS.has(word)) return "k";
    if (CONSTANTS.has(word)) return "kc";
    if (OPERATORS.has(word)) return "ow";
    if (SPECIAL_METHODS.has(word)) return "fm";
    if (SPECIAL_NAMES.has(word)) return "vm";
    if (afterDot) return "";
    if (SELF.has(word)) return "bp";
    if (BUILTINS.has(word)) return "nb";
    if (ERRORS.has(word)) return "ne";
    if (word === "_" && /(?:^|\n)[ \t]*case[ \t][^\n_]*$/.test(this.code.slice(0, this.at)))
      return "k";
    const line = this.code.slice(this.at, end + 40).split("\n", 1)[0];
    return (word === "match" || word === "case") && this.startsLine() && SOFT.test(line) ? "k" : "";
  }

  /**
   * @param {string} prefix
   * @param {string} quotes
   */
  string(prefix, quotes) {
    const kind = this.isDocumentation(prefix, quotes) ? "sd" : quotes[0] === '"' ? "s2" : "s1";
    if (prefix) this.take(this.at + prefix.length, kind === "sd" ? "sd" : "sa");
    this.take(this.at + quotes.length, kind);
    const raw = /r/i.test(prefix) || kind === "sd";
    const filled = /[ft]/i.test(prefix);
    while (this.at < this.code.length) {
      if (this.code.startsWith(quotes, this.at)) {
        this.take(this.at + quotes.length, kind);
        return;
      }
      const character = this.code[this.at];
      if (character === "\n" && quotes.length === 1) return;
      if (character === "\\") this.escape(raw, kind);
      else if (filled && /^(?:\{\{|\}\})/.test(this.code.slice(this.at, this.at + 2))) {
        this.take(this.at + 2, "se");
      } else if (filled && character === "{") this.expression();
      else this.take(this.at + 1, kind);
    }
  }

  /**
   * @param {boolean} raw
   * @param {string} kind
   */
  escape(raw, kind) {
    ESCAPE.lastIndex = this.at;
    if (!raw && ESCAPE.test(this.code)) this.take(ESCAPE.lastIndex, "se");
    else this.take(Math.min(this.at + 2, this.code.length), kind);
  }

  /** Take what stands between the braces of an f-string; what follows a colon is text again. */
  expression() {
    this.take(this.at + 1, "si");
    let depth = 0;
    while (this.at < this.code.length) {
      const character = this.code[this.at];
      const ends = /(?:=\s*)?(?:![sraf])?[}:]/y;
      ends.lastIndex = this.at;
      if (depth === 0 && ends.test(this.code) && !this.code.startsWith(":=", this.at)) {
        this.take(ends.lastIndex, "si");
        return;
      }
      if ("([{".includes(character)) depth += 1;
      if (")]}".includes(character)) depth -= 1;
      if (character === "\n" && depth === 0) return;
      this.step();
    }
  }

  /**
   * A string in three quotes that begins a line is taken for documentation.
   * @param {string} prefix
   * @param {string} quotes
   */
  isDocumentation(prefix, quotes) {
    return quotes.length === 3 && /^[rub]*$/i.test(prefix) && this.startsLine();
  }
}
