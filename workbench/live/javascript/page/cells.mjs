/** The cells of a page and what has become of them since the last start. */
import { mark } from "./saved.mjs";

/** @typedef {import("./cell_view.mjs").CellView} CellView */

/**
 * @typedef {object} StoredCell
 * @property {string} id
 * @property {string} source
 * @property {string[]} [tags]
 * @property {string} [language]
 */

export class Cell {
  /**
   * @param {StoredCell} stored
   * @param {string} name
   */
  constructor({ id, source, tags = [], language = "python" }, name) {
    this.id = id;
    this.name = name;
    this.stored = source.trimEnd();
    this.source = this.stored;
    this.isSolution = tags.includes("solution");
    this.language = language;
    /** Whether the edit began from another text than the one that is stored now. */
    this.isOutdated = false;
    /** @type {string | undefined} the mark of that other text */
    this.from = undefined;
    /** @type {string | null} what ran last since the start */
    this.ran = null;
    /** @type {"" | "running" | "ok" | "failed"} */
    this.state = "";
  }

  /** @returns {string} the Python that runs: SQL is handed to a function of the page's setup */
  get program() {
    return this.language === "sql"
      ? `await run_script(engine, ${literal(this.source)})`
      : this.source;
  }

  /** @returns {string} the Python that shows the plans of SQL */
  get planning() {
    return `await show_plans(engine, ${literal(this.source)})`;
  }

  get isEdited() {
    return this.source !== this.stored;
  }

  get isStale() {
    return this.ran !== null && this.ran !== this.source;
  }

  get isDone() {
    return this.state === "ok" && !this.isStale;
  }

  /** @returns {import("./saved.mjs").Edit} */
  get edit() {
    return { source: this.source, from: this.from ?? mark(this.stored) };
  }

  /** @param {import("./saved.mjs").Edit} edit */
  restore({ source, from }) {
    this.source = source;
    this.isOutdated = from !== mark(this.stored);
    this.from = this.isOutdated ? from : undefined;
  }

  reset() {
    this.source = this.stored;
    this.isOutdated = false;
    this.from = undefined;
  }

  /** Everything starts afresh: nothing has run. */
  forget() {
    this.ran = null;
    this.state = "";
  }

  /** @returns {[text: string, state: string]} what the page says about the cell */
  get news() {
    if (this.state === "running") return ["running", "running"];
    if (this.isOutdated) return ["edited, for an earlier version", "stale"];
    if (this.state === "failed" && !this.isStale) return ["failed", "failed"];
    if (this.isStale) return ["edited since it ran", "stale"];
    if (this.state === "ok") return ["ran", "ok"];
    return this.isEdited ? ["edited", "stale"] : ["", ""];
  }
}

/** @param {string} text what JSON takes for a string, Python does too */
function literal(text) {
  return JSON.stringify(text);
}

/**
 * @param {Cell[]} cells in their order
 * @param {Cell | null} wanted null for the exercise
 * @returns {Cell[]} the cells that must have run before `wanted`, which have not
 */
export function missing(cells, wanted) {
  const end = wanted ? cells.indexOf(wanted) : cells.findIndex((cell) => cell.isSolution);
  return cells
    .slice(0, end < 0 ? cells.length : end)
    .filter((cell) => !cell.isDone && (!cell.isSolution || wanted?.isSolution));
}
