/**
 * Compile archives of Python files with the Python of the tab: `node bytecode.mjs PROGRAM JOBS`.
 *
 * PROGRAM is the file of Python that compiles; JOBS is a JSON list of
 * `{source, target, root, keep, unpacked}`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { argv } from "node:process";
import { loadPyodide } from "pyodide";

/** @type {{source: string, target: string, root: string, keep: string[], unpacked: boolean}[]} */
const jobs = JSON.parse(argv[3]);
// Sets of strings are stored in the order of their hashes; columns of code are shown to nobody.
const env = { HOME: "/home", PYTHONHASHSEED: "0", PYTHONNODEBUGRANGES: "1" };
const python = await loadPyodide({ env });
python.runPython(readFileSync(argv[2], "utf8"));
const compiled = python.globals.get("compiled");
for (const { source, target, root, keep, unpacked } of jobs) {
  const given = new Uint8Array(readFileSync(source));
  const archive = compiled(given, root, python.toPy(keep), unpacked);
  writeFileSync(target, archive.toJs());
  archive.destroy();
}
