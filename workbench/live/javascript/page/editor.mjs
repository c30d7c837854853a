/** An editor in place of a block of code, coloured as the page is. */
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { bracketMatching, indentOnInput, indentUnit } from "@codemirror/language";
import { Prec } from "@codemirror/state";
import { Decoration, EditorView, keymap, ViewPlugin } from "@codemirror/view";
import { StyleModule } from "style-mod";
import { tokens } from "./tokens.mjs";

/** @typedef {import("@codemirror/view").ViewUpdate} ViewUpdate */

// The editor's style sheets are adopted, as within a shadow root: as an element the page's policy
// would refuse them.
const adopting = {
  ownerDocument: document,
  get adoptedStyleSheets() {
    return document.adoptedStyleSheets;
  },
  set adoptedStyleSheets(sheets) {
    document.adoptedStyleSheets = sheets;
  },
};
const mount = StyleModule.mount;
StyleModule.mount = (_root, modules) =>
  mount.call(StyleModule, /** @type {any} */ (adopting), modules);

/**
 * @typedef {object} Wish
 * @property {Element} parent
 * @property {string} text
 * @property {string} language
 * @property {string} label what a screen reader calls the editor
 * @property {string} description the id of the element that says which keys do what
 * @property {(text: string) => void} changed
 * @property {() => void} run Shift+Enter
 * @property {() => void} leave Escape
 */

/**
 * @param {Wish} wish
 * @returns {EditorView}
 */
export function open({ parent, text, language, label, description, changed, run, leave }) {
  const done = (/** @type {() => void} */ act) => () => {
    act();
    return true;
  };
  return new EditorView({
    parent,
    doc: text,
    extensions: [
      Prec.highest(
        keymap.of([
          { key: "Shift-Enter", run: done(run) },
          { key: "Escape", run: done(leave) },
        ]),
      ),
      history(),
      indentUnit.of("    "),
      indentOnInput(),
      bracketMatching(),
      keymap.of([...defaultKeymap, ...historyKeymap, indentWithTab]),
      language === "python" ? python() : [],
      colours(language),
      EditorView.contentAttributes.of({
        "aria-label": label,
        "aria-describedby": description,
        tabindex: "0",
      }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) changed(update.state.doc.toString());
      }),
    ],
  });
}

/** @param {string} language */
function colours(language) {
  const marked = (/** @type {EditorView} */ view) => {
    let at = 0;
    const marks = [];
    for (const { text, kind } of tokens(view.state.doc.toString(), language)) {
      if (kind) marks.push(Decoration.mark({ class: kind }).range(at, at + text.length));
      at += text.length;
    }
    return Decoration.set(marks);
  };
  return ViewPlugin.define(
    (view) => ({
      decorations: marked(view),
      /** @param {ViewUpdate} update */
      update(update) {
        if (update.docChanged) this.decorations = marked(update.view);
      },
    }),
    { decorations: (plugin) => plugin.decorations },
  );
}
