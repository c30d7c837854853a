/** The exercise of a lesson: a cell for the reader's answer, and the code that checks it. */

import { CellView } from "./cell_view.mjs";
import { Cell } from "./cells.mjs";
import { block } from "./code.mjs";
import { button, element } from "./document.mjs";
import { mark } from "./saved.mjs";

/** @typedef {import("./lesson.mjs").Lesson} Lesson */
/** @typedef {import("./saved.mjs").Edits} Edits */
/** @typedef {import("./outputs.mjs").Output} Output */

export class Exercise {
  /**
   * @param {Lesson} lesson
   * @param {{start: string, check: string}} exercise
   */
  constructor(lesson, { start, check }) {
    this.lesson = lesson;
    this.program = check;
    this.cell = new Cell({ id: "exercise", source: start }, "your answer");
    this.isDone = false;
    const run = () => {
      if (this.cell.state === "running") return lesson.stop();
      return lesson.enqueue(() => this.run());
    };
    const frame = block(this.cell.source, "python");
    const tools = element("div", { class: "live-tools" });
    tools.append(
      button("Edit", () => this.view.edit(), { "aria-label": "Edit your answer" }),
      button("Run", run, { class: "live-button live-run", "aria-label": "Run your answer" }),
      button("Check", () => lesson.enqueue(() => this.check()), {
        "aria-label": "Check your answer",
        class: "live-button live-check",
      }),
    );
    frame.append(tools);
    const cell = element("div", { class: "cell" }, frame);
    cell.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !event.shiftKey || event.defaultPrevented) return;
      event.preventDefault();
      run();
    });
    this.verdict = element("p", { class: "live-verdict", role: "status", hidden: "" });
    this.root = element("div", { class: "live-exercise", hidden: "" }, cell, this.verdict);
    this.view = new CellView(cell, this.cell.name, "python", {
      changed: (source) => {
        this.cell.source = source;
        this.refresh();
        lesson.store();
      },
      run,
      reset: () => this.reset(),
    });
    this.view.source = this.cell.source;
    this.offer = document.querySelector(".live-exercise-offer");
    this.offer?.after(this.root);
  }

  /** Show the cell, ready to be written in. */
  begin() {
    this.reveal();
    if (!this.view.editor) return this.view.edit();
    return undefined;
  }

  reveal() {
    this.root.hidden = false;
    this.offer?.remove();
  }

  refresh() {
    this.view.show(this.cell.source, this.cell.isEdited || this.isDone);
    this.view.say(...this.cell.news);
  }

  /** @returns {Pick<Edits, "exercise" | "done">} */
  edits() {
    return {
      ...(this.cell.isEdited ? { exercise: this.cell.edit } : {}),
      ...(this.isDone ? { done: mark(this.program) } : {}),
    };
  }

  /** @param {Edits} edits */
  write({ exercise, done }) {
    if (exercise) this.cell.restore(exercise);
    else this.cell.reset();
    this.isDone = done === mark(this.program);
    this.refresh();
    if (exercise || this.isDone) this.reveal();
    if (this.isDone) this.say("Done. This browser remembers it.", "done");
    else this.say("");
  }

  reset() {
    this.cell.reset();
    this.isDone = false;
    this.refresh();
    this.view.forget();
    this.say("");
    this.lesson.store();
    this.view.runButton.focus();
  }

  forget() {
    this.cell.forget();
    this.view.say(...this.cell.news);
  }

  async run() {
    if (!(await this.lesson.runMissing(null, this.view))) return;
    await this.lesson.execute(this.cell, this.view);
  }

  /** Run the answer on a page where nothing but the cells before it has run, then check it. */
  async check() {
    const { lesson } = this;
    this.say("");
    const solved = lesson.cells.some((cell) => cell.isSolution && cell.ran !== null);
    if (this.cell.ran !== null || solved) await lesson.startAfresh();
    if (!(await lesson.runMissing(null, this.view))) return;
    if ((await lesson.execute(this.cell, this.view)) === "error") {
      this.say("Not yet: your answer ends with the error above.", "not-yet");
      return;
    }
    await this.judge();
  }

  async judge() {
    /** @type {Output[]} */
    const said = [];
    this.lesson.panel.busy("Your answer is checked");
    const status = await this.lesson.runtime.run(this.program, "check", (output) => {
      said.push(output);
    });
    if (status === "ok") {
      this.isDone = true;
      this.refresh();
      this.lesson.store();
      this.say("Done. This browser remembers it.", "done");
      return;
    }
    const failure = said.find((output) => output.output_type === "error");
    const text = failure?.message ?? failure?.evalue ?? "the check failed";
    this.say(`Not yet: ${text.replace(/^AssertionError:\s*/, "")}`, "not-yet");
  }

  /**
   * @param {string} text
   * @param {"" | "done" | "not-yet"} [kind]
   */
  say(text, kind = "") {
    this.verdict.textContent = text;
    this.verdict.hidden = !text;
    this.verdict.className = `live-verdict ${kind}`;
  }
}
