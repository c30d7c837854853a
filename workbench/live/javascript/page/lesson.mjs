/** A page that runs: its cells, what the reader writes in them, and the worker behind it. */

import { CellView, KEYS } from "./cell_view.mjs";
import { Cell, missing } from "./cells.mjs";
import { adopt, button, element } from "./document.mjs";
import { Exercise } from "./exercise.mjs";
import { link, linked } from "./link.mjs";
import style from "./live.css";
import { edited, notebookOf } from "./notebook_file.mjs";
import { keepForOffline } from "./offline.mjs";
import { Panel } from "./panel.mjs";
import { Ended, fetched, Runtime } from "./runtime.mjs";
import { isEmpty, LINK, save, saved } from "./saved.mjs";

/** @typedef {import("./saved.mjs").Edits} Edits */

/**
 * @typedef {object} Page what lies beside the page as live.json
 * @property {string} title
 * @property {string | null} notebook the name of the file, where there is one
 * @property {(import("./cells.mjs").StoredCell & {kind: "code" | "markdown"})[]} cells
 * @property {{start: string, check: string, hints: string[]} | null} [exercise]
 */

const MEMORY = /memory(?! access)|allocat|Aborted|unreachable/i;

/** @param {{base: string, manifest: string}} place */
export async function open({ base, manifest }) {
  /** @type {Page} */
  const page = await fetched(new URL("live.json", location.href).href);
  const lesson = new Lesson(page, { base, manifest });
  adopt(style);
  document.body.append(
    element(
      "p",
      { id: KEYS, hidden: "" },
      "Shift and Enter runs the cell. Escape leaves the editor.",
    ),
  );
  await lesson.restore();
  return lesson;
}

export class Lesson {
  /**
   * @param {Page} page
   * @param {{base: string, manifest: string}} place
   */
  constructor(page, place) {
    this.page = page;
    this.base = place.base;
    this.cells = page.cells
      .filter(({ kind }) => kind === "code")
      .map((stored, at) => new Cell(stored, `cell ${at + 1}`));
    /** @type {Map<Cell, CellView>} */
    this.views = new Map(this.cells.map((cell) => [cell, this.view(cell)]));
    this.panel = new Panel({
      stop: () => this.stop(),
      restart: () => this.restart(),
      reset: () => this.reset(),
      share: () => this.share(),
      download: () => this.download(),
    });
    const jspi = new URLSearchParams(location.search).get("jspi") !== "off";
    this.runtime = new Runtime({ ...place, jspi }, (progress) => this.panel.progress(progress));
    this.answer = page.exercise ? new Exercise(this, page.exercise) : null;
    /** @type {(() => Promise<void>)[]} */
    this.queue = [];
    this.isWorking = false;
    this.work = Promise.resolve();
    /** Whether the worker is there; `wasStarted` whether it ever was. */
    this.isReady = false;
    this.wasStarted = false;
  }

  /** @param {Cell} cell */
  view(cell) {
    const root = document.querySelector(`[data-cell="${CSS.escape(cell.id)}"]`);
    const text = root?.querySelector(":scope > .highlight code")?.textContent ?? "";
    if (!root || text.trimEnd() !== cell.stored) {
      throw new Error("the page is older than its lesson, so reload it");
    }
    const view = new CellView(root, cell.name, cell.language, {
      changed: (source) => this.change(cell, source),
      run: () => this.run(cell.id),
      reset: () => this.resetCell(cell),
    });
    view.source = cell.source;
    return view;
  }

  /** @param {Cell} cell */
  viewOf(cell) {
    return /** @type {CellView} */ (this.views.get(cell));
  }

  /** @param {string} id */
  find(id) {
    const cell = this.cells.find((one) => one.id === id);
    if (!cell) throw new Error(`no cell ${id}`);
    return cell;
  }

  // What the reader writes.

  /** Show what the reader, or whoever sent the link, has written. */
  async restore() {
    const isLink = location.hash.startsWith(LINK);
    const edits = saved() ?? (await linked(location.hash));
    if (edits) this.write(edits);
    if (isLink && edits) {
      this.panel.idle(
        "This page shows edits from a link. Read them before you run them.",
        button("Keep as mine", () => this.leaveLink(true)),
        button("Leave", () => this.leaveLink(false)),
      );
    } else if (isLink) {
      this.panel.idle("The edits in this link cannot be read. The page is as it is stored.");
    }
  }

  /** @param {boolean} keeps whether the edits of the link become the reader's own */
  leaveLink(keeps) {
    const edits = this.edits();
    history.replaceState(null, "", location.pathname + location.search);
    if (keeps) this.store(edits);
    else this.write(saved() ?? { cells: {} });
    this.panel.idle(keeps ? "The edits are kept in this browser." : "The page is yours again.");
  }

  /** @returns {Edits} */
  edits() {
    const changed = this.cells.filter((cell) => cell.isEdited);
    return {
      cells: Object.fromEntries(changed.map((cell) => [cell.id, cell.edit])),
      ...this.answer?.edits(),
    };
  }

  /** @param {Edits} edits */
  write(edits) {
    for (const cell of this.cells) {
      const edit = edits.cells[cell.id];
      if (edit) cell.restore(edit);
      else cell.reset();
      this.refresh(cell);
      if (edit) this.viewOf(cell).reveal();
    }
    this.answer?.write(edits);
  }

  /** @param {Edits} [edits] */
  store(edits = this.edits()) {
    if (!save(edits)) this.panel.announce("This browser keeps no edits: they go when you leave.");
  }

  /**
   * @param {Cell} cell
   * @param {string} source
   */
  change(cell, source) {
    cell.source = source;
    this.refresh(cell);
    this.store();
  }

  /** @param {Cell} cell */
  refresh(cell) {
    const view = this.viewOf(cell);
    view.show(cell.source, cell.isEdited);
    view.say(...cell.news);
  }

  /** @param {Cell} cell */
  resetCell(cell) {
    const before = cell.edit;
    cell.reset();
    this.refresh(cell);
    this.viewOf(cell).forget();
    this.viewOf(cell).runButton.focus();
    this.store();
    this.panel.idle(
      `${capital(cell.name)} is as it was stored.`,
      button("Undo", () => {
        cell.restore(before);
        this.refresh(cell);
        this.store();
        this.panel.idle(`${capital(cell.name)} has your edit again.`);
      }),
    );
  }

  /** Put the page back as it is stored, with nothing run. */
  async reset() {
    const before = this.edits();
    this.write({ cells: {} });
    this.store();
    await this.afresh();
    for (const view of this.allViews()) view.forget();
    const undo = button("Undo", () => {
      this.write(before);
      this.store();
      this.panel.idle("Your edits are back.");
    });
    this.panel.idle("The page is as it was stored.", ...(isEmpty(before) ? [] : [undo]));
  }

  allViews() {
    return [...this.views.values(), ...(this.answer ? [this.answer.view] : [])];
  }

  async share() {
    const address = await link(this.edits());
    try {
      await navigator.clipboard.writeText(address);
      this.panel.idle(
        "The link is copied. Whoever opens it sees your edits, and runs them or not.",
      );
    } catch {
      const field = element("input", { readonly: "", value: address, "aria-label": "Link" });
      this.panel.idle("Copy this link:", field);
      /** @type {HTMLInputElement} */ (field).select();
    }
  }

  async download() {
    const outputs = (/** @type {Cell} */ cell, /** @type {CellView} */ view) =>
      cell.isDone || (cell.state === "failed" && !cell.isStale) ? view.outputs : null;
    const changed = this.cells
      .filter((cell) => cell.isEdited)
      .map((cell) => ({
        id: cell.id,
        source: cell.program,
        outputs: outputs(cell, this.viewOf(cell)),
      }));
    try {
      const { notebook } = this.page;
      const stored = notebook
        ? await fetched(new URL(notebook, location.href).href)
        : notebookOf(this.cells);
      const answer = this.answer?.cell.isEdited
        ? {
            id: "exercise",
            source: this.answer.cell.source,
            outputs: outputs(this.answer.cell, this.answer.view),
          }
        : null;
      const file = new Blob([edited(stored, changed, answer)], {
        type: "application/x-ipynb+json",
      });
      const address = URL.createObjectURL(file);
      element("a", { href: address, download: notebook ?? "scratchpad.ipynb" }).click();
      setTimeout(() => URL.revokeObjectURL(address), 10_000);
    } catch (error) {
      this.panel.idle(`The notebook did not arrive: ${message(error)}`);
    }
  }

  // What runs.

  /** @param {string} id */
  run(id) {
    const cell = this.find(id);
    if (cell.state === "running") return this.stop();
    return this.enqueue(() => this.runWith(cell));
  }

  /**
   * Show the plans of a cell of SQL.
   * @param {string} id
   */
  plan(id) {
    const cell = this.find(id);
    const view = this.viewOf(cell);
    return this.enqueue(async () => {
      if (!(await this.runMissing(cell, view))) return;
      const { ran, state } = cell;
      await this.execute(cell, view, cell.planning);
      Object.assign(cell, { ran, state });
      view.say(...cell.news);
    });
  }

  /** @param {string} id */
  edit(id) {
    return this.viewOf(this.find(id)).edit();
  }

  exercise() {
    return this.answer?.begin();
  }

  /**
   * @param {() => Promise<void>} work
   * @returns {Promise<void>} when all that was asked for is done
   */
  enqueue(work) {
    this.queue.push(work);
    if (this.isWorking) this.panel.announce("It runs after what runs now.");
    else this.work = this.drain();
    return this.work;
  }

  async drain() {
    this.isWorking = true;
    try {
      for (let next = this.queue.shift(); next; next = this.queue.shift()) await next();
      this.panel.idle(this.ready());
    } catch (error) {
      this.queue.length = 0;
      this.explain(error);
    } finally {
      this.isWorking = false;
    }
  }

  ready() {
    const { python, postgresql } = this.versions ?? {};
    return `Ready: Python ${python}, PostgreSQL ${postgresql}`;
  }

  /**
   * Run `cell` after the ones that it needs.
   * @param {Cell} cell
   */
  async runWith(cell) {
    const ranBefore = cell.ran !== null;
    if (!(await this.runMissing(cell, this.viewOf(cell)))) return;
    if ((await this.execute(cell, this.viewOf(cell))) === "error" && ranBefore) {
      this.viewOf(cell).hint(
        "It ran before, and what it made then is still there. ",
        button("Run from the top", () => this.enqueue(() => this.fromTheTop(cell))),
      );
    }
  }

  /**
   * @param {Cell | null} cell null for the exercise
   * @param {CellView} view where it is said which cell failed
   * @returns {Promise<boolean>} whether all that must run before has run
   */
  async runMissing(cell, view) {
    await this.start();
    for (const before of missing(this.cells, cell)) {
      const ranBefore = before.ran !== null;
      if ((await this.execute(before, this.viewOf(before))) === "ok") continue;
      this.viewOf(before).reveal();
      const where = element("a", { href: `#cell-${before.id}` }, capital(before.name));
      const again = button("Run from the top", () =>
        this.enqueue(cell ? () => this.fromTheTop(cell) : () => this.answer?.check() ?? nothing()),
      );
      view.hint(where, " failed, so this one did not run. ", ...(ranBefore ? [again] : []));
      this.panel.announce(`${before.name} failed.`);
      return false;
    }
    return true;
  }

  /** @param {Cell} cell */
  async fromTheTop(cell) {
    await this.startAfresh();
    await this.runWith(cell);
  }

  /**
   * @param {Cell} cell
   * @param {CellView} view
   * @param {string} [program] what runs, where it is not the cell's own text
   */
  async execute(cell, view, program = cell.program) {
    this.panel.busy(`${capital(cell.name)} runs`);
    cell.state = "running";
    const source = cell.source;
    view.say(...cell.news);
    view.begin();
    try {
      const status = await this.runtime.run(program, cell.name, (output) => view.add(output));
      cell.state = status === "ok" ? "ok" : "failed";
      cell.ran = source;
      view.end();
      return status;
    } catch (error) {
      cell.forget();
      view.hint(endOf(error));
      throw error;
    } finally {
      view.say(...cell.news);
      if (cell.state) this.panel.announce(`${capital(cell.name)} ${cell.news[0]}.`);
    }
  }

  /** Download and start what is needed, with the way to cancel. */
  async start() {
    if (this.isReady) return;
    this.panel.busy("Starting", "Cancel");
    await this.started();
  }

  /**
   * Start with nothing that ran before.
   *
   * In a new worker: the worker's own reset keeps modules as a cell has changed them, and a table
   * that a cell defined could not be defined again.
   */
  async startAfresh() {
    this.panel.busy("Starting afresh", "Cancel");
    this.halt();
    this.forget();
    await this.started();
  }

  async started() {
    this.versions = await this.runtime.start();
    this.isReady = true;
    if (!this.wasStarted) keepForOffline(this.base, this.runtime);
    this.wasStarted = true;
  }

  /** End what goes on, at once; where a cell was running, be ready for the next one. */
  async stop() {
    const { isReady } = this;
    this.halt();
    if (isReady) await this.warm("Stopped. What a cell needs runs again with it.");
  }

  async restart() {
    this.halt();
    this.forget();
    this.panel.busy("Restarting", "Cancel");
    await this.warm("Restarted. Nothing has run.");
  }

  halt() {
    this.queue.length = 0;
    this.isReady = false;
    this.runtime.stop();
  }

  /** @param {string} text what is said when it is ready to run again */
  async warm(text) {
    try {
      await this.started();
      if (!this.isWorking) this.panel.idle(text);
    } catch (error) {
      this.explain(error);
    }
  }

  /** Leave nothing of what ran. */
  async afresh() {
    if (this.isWorking) {
      this.halt();
      await this.work; // what it says of its end comes before what is said next
    } else if (this.isReady) await this.startAfresh().catch(() => this.halt());
    this.forget();
  }

  forget() {
    for (const cell of this.cells) {
      cell.forget();
      this.viewOf(cell).say(...cell.news);
    }
    this.answer?.forget();
  }

  /** @param {unknown} error what ended the run or the start */
  explain(error) {
    this.forget();
    this.isReady = this.isReady && !(error instanceof Ended);
    if (error instanceof Ended && error.stopped) {
      this.panel.idle(
        this.wasStarted ? "Stopped. What a cell needs runs again with it." : "Cancelled.",
      );
    } else if (this.wasStarted) {
      this.panel.idle(`${endOf(error)} What a cell needs runs again with it.`);
    } else {
      const reason = navigator.onLine
        ? `Run did not start: ${message(error)}.`
        : "Run did not start: there is no network, and its files are not here yet.";
      this.panel.idle(`${reason} The stored outputs stay.`);
    }
  }
}

/**
 * @param {unknown} error
 * @returns {string} why a cell did not come to its end
 */
function endOf(error) {
  if (error instanceof Ended && error.stopped) return "Stopped before its end.";
  const text = message(error);
  return MEMORY.test(text)
    ? "The memory of the page was used up, and Python ended with it."
    : `Python ended${text && `: ${text}`}.`;
}

/** @param {unknown} error */
function message(error) {
  const lines = String(/** @type {any} */ (error)?.message ?? error)
    .trim()
    .split("\n");
  // Of a traceback, the last line says what is wrong.
  return (lines.at(-1) ?? "").trim().replace(/\.$/, "");
}

/** @param {string} text */
export function capital(text) {
  return text[0].toUpperCase() + text.slice(1);
}

async function nothing() {}
