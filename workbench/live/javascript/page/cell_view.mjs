/** One cell on the page: its code or its editor, its buttons, its stored and its live output. */
import { fill } from "./code.mjs";
import { button, element } from "./document.mjs";
import { extend, rendered } from "./outputs.mjs";

/** @typedef {import("./outputs.mjs").Output} Output */
/** @typedef {import("@codemirror/view").EditorView} EditorView */

/**
 * @typedef {object} Actions
 * @property {(source: string) => void} changed
 * @property {() => void} run
 * @property {() => void} reset
 */

export const KEYS = "live-keys";
// More than the worker sends: the page stays usable whatever a cell makes it send.
const MOST_OUTPUTS = 1_100;

export class CellView {
  /**
   * @param {Element} root holds the code, the tools and the outputs
   * @param {string} name such as "cell 3"
   * @param {string} language
   * @param {Actions} actions
   */
  constructor(root, name, language, actions) {
    this.root = root;
    this.name = name;
    this.language = language;
    this.actions = actions;
    this.frame = /** @type {HTMLElement} */ (root.querySelector(":scope > .highlight"));
    this.pre = /** @type {HTMLElement} */ (this.frame.querySelector("pre"));
    this.code = /** @type {HTMLElement} */ (this.pre.querySelector("code"));
    this.tools = /** @type {HTMLElement} */ (this.frame.querySelector(".live-tools"));
    this.runButton = /** @type {HTMLElement} */ (this.tools.querySelector(".live-run"));
    this.editButton = /** @type {HTMLElement} */ (this.tools.querySelector(".live-button"));
    this.state = element("span", { class: "live-state" });
    this.resetButton = button("Reset", actions.reset, {
      "aria-label": `Reset ${name} to the stored code`,
      hidden: "",
    });
    this.tools.prepend(this.state, this.resetButton);
    this.stored = [...root.querySelectorAll(":scope > .output")];
    /** @type {HTMLElement[]} */
    this.live = [];
    /** @type {Output[]} */
    this.outputs = [];
    this.toggle = button("", () => this.showStored(!this.showsStored), { class: "live-toggle" });
    this.mark = element("span", { class: "live-mark" });
    this.bar = element("div", { class: "live-bar", hidden: "" }, this.mark, this.toggle);
    this.frame.after(this.bar);
    this.note = element("div", { class: "live-cell-note", hidden: "" });
    root.append(this.note);
    this.showsStored = false;
    this.fresh = false;
    /** @type {EditorView | null} */
    this.editor = null;
    this.opening = false;
    this.source = "";
  }

  /**
   * @param {string} source
   * @param {boolean} isEdited
   */
  show(source, isEdited) {
    const isNew = source !== this.source;
    this.source = source;
    this.resetButton.hidden = !isEdited;
    if (this.editor) {
      const document = this.editor.state.doc;
      if (document.toString() !== source) {
        this.editor.dispatch({ changes: { from: 0, to: document.length, insert: source } });
      }
    } else if (isNew) fill(this.code, source, this.language);
  }

  /** Put an editor in place of the code, or the code in place of the editor. */
  async edit() {
    if (this.editor) {
      this.editor.destroy();
      this.editor = null;
      fill(this.code, this.source, this.language);
      this.pre.hidden = false;
      this.nameEdit("Edit", `Edit ${this.name}`);
      return;
    }
    if (this.opening) return;
    this.opening = true;
    try {
      const { open } = await import("./editor.mjs");
      this.pre.hidden = true;
      this.editor = open({
        parent: this.frame,
        text: this.source,
        language: this.language,
        label: `Code of ${this.name}`,
        description: KEYS,
        changed: (source) => {
          if (source !== this.source) this.actions.changed(source);
        },
        run: this.actions.run,
        leave: () => this.runButton.focus(),
      });
      this.frame.append(this.tools);
      this.nameEdit("Done", `Done: close the editor of ${this.name}`);
      this.editor.focus();
    } finally {
      this.opening = false;
    }
  }

  /**
   * @param {string} label
   * @param {string} name
   */
  nameEdit(label, name) {
    this.editButton.textContent = label;
    this.editButton.setAttribute("aria-label", name);
  }

  /**
   * @param {string} text what is shown beside the buttons
   * @param {string} state for the style sheet
   */
  say(text, state) {
    this.state.textContent = text;
    this.root.setAttribute("data-live", state);
    const runs = state === "running";
    this.runButton.textContent = runs ? "Stop" : "Run";
    this.runButton.setAttribute("aria-label", `${runs ? "Stop" : "Run"} ${this.name}`);
  }

  /** A run begins: what it shows takes the place of what the last one showed. */
  begin() {
    this.fresh = true;
    this.hint();
  }

  /** @param {Output} output */
  add(output) {
    if (this.fresh) this.clear();
    if (this.outputs.length > MOST_OUTPUTS) return;
    const last = this.outputs.at(-1);
    const shown = this.live.at(-1);
    if (output.output_type === "stream" && last?.output_type === "stream" && shown) {
      last.text += output.text;
      extend(shown, this.printed());
      return;
    }
    this.outputs.push({ ...output });
    const made = rendered(output);
    this.live.push(made);
    if (this.showsStored) made.hidden = true;
    this.note.before(made);
    this.showStored(false);
  }

  /** @returns {string} what was printed last, in several pieces perhaps */
  printed() {
    const last = this.outputs.at(-1);
    return last?.output_type === "stream" ? last.text : "";
  }

  /** The run has ended: what the last one showed is gone even where this one showed nothing. */
  end() {
    if (this.fresh) this.clear();
    this.showStored(false);
  }

  clear() {
    this.fresh = false;
    for (const shown of this.live) shown.remove();
    this.live = [];
    this.outputs = [];
  }

  /** Show the stored output alone, as before the first run. */
  forget() {
    this.clear();
    this.hint();
    this.bar.hidden = true;
    this.showsStored = false;
    for (const shown of this.stored) shown.removeAttribute("hidden");
  }

  /** @param {boolean} wanted whether the stored output is to be seen, instead of the live one */
  showStored(wanted) {
    this.showsStored = wanted;
    for (const shown of this.stored) shown.toggleAttribute("hidden", !wanted);
    for (const shown of this.live) shown.hidden = wanted;
    this.bar.hidden = !this.stored.length && !this.live.length;
    const empty = this.live.length ? "Live output" : "Live: nothing is shown";
    this.mark.textContent = wanted ? "Stored output" : empty;
    this.toggle.hidden = !this.stored.length;
    this.toggle.textContent = wanted ? "Show the live one" : "Show the stored one";
    this.bar.classList.toggle("live-bar-stored", wanted);
  }

  /**
   * Say something under the outputs, with what can be done about it.
   * @param {...(Node | string)} content nothing to say no more
   */
  hint(...content) {
    this.note.hidden = !content.length;
    this.note.replaceChildren(...content);
  }

  /** Unfold what hides the cell. */
  reveal() {
    for (
      let at = this.root.closest("details");
      at;
      at = at.parentElement?.closest("details") ?? null
    ) {
      at.open = true;
    }
  }
}
