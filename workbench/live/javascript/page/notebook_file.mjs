/** The lesson's notebook with the reader's edits, as a file. */

/**
 * @typedef {import("./outputs.mjs").Output} Output
 * @typedef {{id: string, source: string, outputs: Output[] | null}} Changed `outputs` is null where
 *   the cell has not run since it was changed
 */

/**
 * @param {any} notebook in the notebook format
 * @param {Changed[]} changed
 * @param {Changed | null} exercise the reader's own answer, put before the solution
 * @returns {string}
 */
export function edited(notebook, changed, exercise) {
  const made = structuredClone(notebook);
  for (const { id, source, outputs } of changed) {
    const cell = made.cells.find((/** @type {any} */ one) => one.id === id);
    if (cell) write(cell, source, outputs);
  }
  if (exercise) {
    const answer = { cell_type: "code", id: exercise.id, metadata: {} };
    write(answer, exercise.source, exercise.outputs);
    const at = made.cells.findIndex((/** @type {any} */ cell) =>
      cell.metadata?.tags?.includes("solution"),
    );
    made.cells.splice(at < 0 ? made.cells.length : at, 0, answer);
  }
  return `${JSON.stringify(made, null, 1)}\n`;
}

/**
 * @param {any} cell
 * @param {string} source
 * @param {Output[] | null} outputs
 */
function write(cell, source, outputs) {
  cell.source = lines(source);
  cell.execution_count = null;
  cell.outputs = (outputs ?? []).map(stored);
}

/** @param {string} text */
function lines(text) {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** @param {Output} output */
function stored(output) {
  if (output.output_type === "stream") {
    return { output_type: "stream", name: output.name, text: lines(output.text) };
  }
  if (output.output_type === "error") {
    const { ename, evalue, message, traceback } = output;
    return { output_type: "error", ename, evalue, traceback: [message ?? evalue, ...traceback] };
  }
  const { output_type, data, metadata = {} } = output;
  const shown = { output_type, data, metadata };
  return output_type === "execute_result" ? { ...shown, execution_count: null } : shown;
}

/**
 * @param {{id: string, stored: string, program: string, isEdited: boolean}[]} cells
 * @returns {any} a notebook of a page that has no file of its own
 */
export function notebookOf(cells) {
  return {
    cells: cells.map(({ id, program }) => ({
      cell_type: "code",
      execution_count: null,
      id,
      metadata: {},
      outputs: [],
      source: lines(program),
    })),
    metadata: {
      kernelspec: { display_name: "Python 3", language: "python", name: "python3" },
      language_info: { name: "python" },
    },
    nbformat: 4,
    nbformat_minor: 5,
  };
}
