/**
 * The worker of a page: Python and PostgreSQL in one thread.
 *
 * It blocks while a cell runs, so it never answers a request to stop: the page ends it instead.
 */
import { Downloads } from "./downloads.mjs";
import { LocalTime } from "./zone.mjs";

const EMPTY_MODULE = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
const FIRST = [
  "pyodide.mjs",
  "pyodide.asm.mjs",
  "pyodide.asm.wasm",
  "python_stdlib.zip",
  "core.zip",
  "pglite.mjs",
  "pglite.wasm",
  "pglite.data",
  "pgdata.tar",
];
const START = `
from tab.start import Tab
def start(raw, emit, clock, zone, switching):
    from pyodide.ffi import to_js
    def exchange(stream):
        return raw(to_js(stream)).to_bytes()
    def send(output):
        import json
        emit(json.dumps(output))
    stacks = None
    if switching:
        from tab.stacks import BrowserStacks
        stacks = BrowserStacks()
    return Tab(exchange, send, stacks=stacks, clock=clock, use_zone=zone)
start
`;

const PACKAGES = "/lib/packages";
const INSTALL = `
import importlib.util, sys
sys.path.insert(0, ${JSON.stringify(PACKAGES)} + "/core.zip")
class Lazy:
    def __init__(self, lazy, unpacked, fetch):
        self.lazy, self.unpacked, self.fetch = lazy.to_py(), unpacked.to_py(), fetch
    def find_spec(self, name, path=None, target=None):
        asset = self.lazy.get(name)
        place = f"${PACKAGES}/{asset}"
        if asset in self.unpacked:
            place = place.removesuffix(".zip")
        if asset is None or place in sys.path:
            return None
        self.fetch(asset, f"${PACKAGES}/{asset}")
        if asset in self.unpacked:
            unpack(f"${PACKAGES}/{asset}", place)
        sys.path.append(place)
        importlib.invalidate_caches()
        return importlib.util.find_spec(name)
def unpack(archive, folder):
    import os, zipfile
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder)
    os.unlink(archive)
lambda lazy, unpacked, fetch: sys.meta_path.append(Lazy(lazy, unpacked, fetch))
`;

/** @typedef {import("./downloads.mjs").Manifest} Manifest */

/** @type {any} */ let tab;
/** @type {any} */ let runCell;
/** @type {Promise<unknown>} */ let last = Promise.resolve();
let currentRun = 0;
const presentTime = Date.now;
const localTime = new LocalTime();

/** @param {any} message */
const post = (message) => self.postMessage(message);

/**
 * @param {Manifest} manifest
 * @param {string} base
 * @param {boolean} allowed whether stack switching may be used
 */
async function start(manifest, base, allowed) {
  const switching = allowed && "Suspending" in WebAssembly;
  const downloads = new Downloads(manifest, base, (loaded, total) =>
    post({ kind: "progress", step: "download", loaded, total }),
  );
  downloads.expect(FIRST);
  const packages = downloads.bytes("core.zip");
  const [python, postgresql] = await Promise.all([
    startPython(downloads),
    startPostgreSQL(downloads),
  ]);
  post({ kind: "progress", step: "packages" });
  installPackages(python, downloads, await packages);
  const globals = /** @type {any} */ (self);
  globals.startOnNewStack = (/** @type {any} */ f) =>
    void f.callPromising().then(() => f.destroy(), fail);
  const begin = python.runPython(START);
  tab = begin(
    (/** @type {Uint8Array} */ stream) => postgresql.execProtocolRawSync(stream),
    (/** @type {string} */ output) =>
      post({ kind: "output", run: currentRun, output: JSON.parse(output) }),
    setClock,
    (/** @type {string} */ zone) => localTime.choose(zone),
    switching,
  );
  const run = tab.run;
  runCell = switching ? run.callPromising.bind(run) : run;
  post({ kind: "started", jspi: switching, ...manifest.versions });
}

/** @param {Downloads} downloads */
async function startPython(downloads) {
  const wasm = downloads.response("pyodide.asm.wasm");
  const library = downloads.response("python_stdlib.zip");
  const [{ loadPyodide }, { default: createPyodideModule }] = await Promise.all([
    downloads.module("pyodide.mjs"),
    downloads.module("pyodide.asm.mjs"),
  ]);
  const here = new URL("pyodide/", downloads.base).href;
  const answers = { [`${here}pyodide.asm.wasm`]: wasm, [`${here}library.zip`]: library };
  const python = await withAnswers(answers, () =>
    loadPyodide({
      indexURL: here,
      stdLibURL: `${here}library.zip`,
      packageBaseUrl: here,
      createPyodideModule: localTime.within(createPyodideModule),
      lockFileContents: { info: downloads.manifest.pyodideLock, packages: {} },
      stdout: () => {},
      stderr: (/** @type {string} */ text) => console.error(text),
    }),
  );
  post({ kind: "progress", step: "python" });
  return python;
}

/**
 * Let PostgreSQL take `time` for the present one, or the present one again.
 *
 * A transaction that was closed for another connection begins a second time when it did before.
 * @param {number | undefined} time in milliseconds
 */
function setClock(time) {
  Date.now = time === undefined || time === null ? presentTime : () => time;
}

/**
 * @param {Downloads} downloads
 * @returns {Record<string, any>} what PGlite loads when a database asks for it
 */
function extensions({ manifest, base }) {
  return Object.fromEntries(
    Object.entries(manifest.extensions ?? {}).map(([name, asset]) => {
      const bundlePath = new URL(manifest.assets[asset].file, base);
      return [name, { name, setup: async () => ({ bundlePath }) }];
    }),
  );
}

/** @param {Downloads} downloads */
async function startPostgreSQL(downloads) {
  const wasm = downloads
    .response("pglite.wasm")
    .then((answer) => WebAssembly.compileStreaming(answer));
  const files = downloads.bytes("pglite.data");
  const cluster = downloads.bytes("pgdata.tar");
  const { PGlite } = await downloads.module("pglite.mjs");
  const database = await PGlite.create({
    pgliteWasmModule: await wasm,
    initdbWasmModule: new WebAssembly.Module(EMPTY_MODULE),
    fsBundle: new Blob([await files]),
    loadDataDir: new Blob([await cluster]),
    extensions: extensions(downloads),
    startParams: [...PGlite.defaultStartParams, ...downloads.manifest.startParams],
  });
  post({ kind: "progress", step: "postgresql" });
  return database;
}

/**
 * Run `load` while `fetch` gives the answers that are under way already.
 *
 * Pyodide asks for its files under names of its own; ours carry the hash of their content.
 * @param {Record<string, Promise<Response>>} answers by address
 * @param {() => Promise<any>} load
 */
async function withAnswers(answers, load) {
  const ask = self.fetch;
  self.fetch = (asked, options) => {
    const address = new URL(asked instanceof Request ? asked.url : asked, self.location.href).href;
    return answers[address] ?? ask(asked, options);
  };
  try {
    return await load();
  } finally {
    self.fetch = ask;
  }
}

/**
 * @param {any} python
 * @param {Downloads} downloads
 * @param {ArrayBuffer} core
 */
function installPackages(python, downloads, core) {
  python.FS.mkdirTree(PACKAGES);
  python.FS.writeFile(`${PACKAGES}/core.zip`, new Uint8Array(core));
  const install = python.runPython(INSTALL);
  // An import cannot wait for a promise, so the request blocks: this is what workers are for.
  const { lazy, unpacked } = downloads.manifest;
  install(lazy, unpacked, (/** @type {string} */ name, /** @type {string} */ file) => {
    const request = new XMLHttpRequest();
    request.open("GET", downloads.address(name), false);
    request.responseType = "arraybuffer";
    request.send();
    if (request.status !== 200) throw new Error(`${name}: ${request.status}`);
    python.FS.writeFile(file, new Uint8Array(request.response));
  });
}

/** @param {any} asked */
async function answer(asked) {
  if (asked.op === "start") {
    await start(asked.manifest, asked.base, asked.jspi);
  } else if (asked.op === "run") {
    currentRun = asked.run;
    const status = await runCell(asked.source, asked.cell ?? "");
    post({ kind: "finished", run: asked.run, status });
  } else if (asked.op === "reset") {
    tab.reset();
    post({ kind: "was_reset" });
  }
}

/** @param {any} error */
function wording(error) {
  // Python words its errors itself, and cannot where there is no memory left to do so in.
  return String(error?.message || `${error?.type ?? error}: no memory was left to say more`);
}

/** @param {any} error */
function fail(error) {
  post({ kind: "failed", message: wording(error) });
}

self.onmessage = ({ data }) => {
  last = last.then(() => answer(data)).catch(fail);
};

// A crash in a callback of the event loop: the cell that runs would wait for ever.
self.addEventListener("unhandledrejection", (event) => {
  if (event.reason instanceof WebAssembly.RuntimeError || event.reason?.pyodide_fatal_error)
    fail(event.reason);
});
