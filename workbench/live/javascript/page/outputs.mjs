/** Outputs of a cell, in the form of the notebook format, set as the stored pages set them. */
import { block } from "./code.mjs";
import { element } from "./document.mjs";
import { markdown } from "./markdown.mjs";

/**
 * @typedef {{output_type: "stream", name: string, text: string}} Stream
 * @typedef {{output_type: "error", ename: string, evalue: string, message?: string,
 *   traceback: string[]}} Failure
 * @typedef {{output_type: "display_data" | "execute_result", data: Record<string, string>,
 *   metadata?: Record<string, any>}} Shown
 * @typedef {Stream | Failure | Shown} Output
 */

const KINDS = new Set(["sql", "plan", "error", "table"]);

/**
 * @param {Output} output
 * @returns {HTMLElement}
 */
export function rendered(output) {
  if (output.output_type === "stream") return plain(output.text);
  if (output.output_type === "error") return failure(output);
  const { data, metadata = {} } = output;
  if (data["text/markdown"] !== undefined) {
    return rich(data["text/markdown"], metadata["text/markdown"]?.kind);
  }
  if (data["image/svg+xml"] !== undefined) return figure(data["image/svg+xml"]);
  return plain(data["text/plain"] ?? "");
}

/**
 * Add printed text to what was printed just before it.
 * @param {Element} shown what `rendered` made of the first piece
 * @param {string} text all that was printed so far
 */
export function extend(shown, text) {
  const code = shown.querySelector("code");
  if (code) code.textContent = `${text.trimEnd()}\n`;
}

/** @param {string} text */
function plain(text) {
  return element("div", { class: "output" }, block(text.trimEnd(), "text"));
}

/**
 * @param {string} text
 * @param {string} [kind]
 */
function rich(text, kind = "") {
  const known = KINDS.has(kind);
  const folds = known && kind !== "table";
  return element(
    "div",
    { class: known ? `output output-${kind}` : "output" },
    ...markdown(text, { hanging: folds, copies: kind === "sql" || kind === "plan" }),
  );
}

/** @param {Failure} error */
function failure(error) {
  const message = error.message ?? `${error.ename}: ${error.evalue}`;
  const shown = element(
    "div",
    { class: "output output-error" },
    block(message, "text", { hanging: true }),
  );
  if (error.traceback.length) {
    const where = error.traceback.map((line) => element("li", null, line));
    shown.append(element("ol", { class: "live-traceback", "aria-label": "Where" }, ...where));
  }
  return shown;
}

/** @param {string} svg */
function figure(svg) {
  const parsed = new DOMParser().parseFromString(svg, "image/svg+xml");
  const texts = ["title", "desc"].map((name) => parsed.querySelector(name)?.textContent);
  const words = texts.filter(Boolean).map((text) => text?.split(/\s+/).join(" ").trim());
  const src = `data:image/svg+xml,${encodeURIComponent(svg.trim())}`;
  const attributes = { alt: words.join(". "), src };
  for (const name of ["width", "height"]) {
    // A picture that is no XML is shown as a fault, whose root is another element.
    const size = parsed.querySelector("svg")?.getAttribute(name);
    if (/^\d+$/.test(size ?? "")) Object.assign(attributes, { [name]: size });
  }
  const image = element("p", null, element("img", attributes));
  return element("div", { class: "output output-figure" }, image);
}
