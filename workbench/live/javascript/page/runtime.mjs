/**
 * The worker of this page: started, asked for one cell at a time, ended when it must stop.
 *
 * @typedef {import("./outputs.mjs").Output} Output
 * @typedef {{step: string, loaded?: number, total?: number}} Progress
 * @typedef {{resolve: (value: any) => void, reject: (reason: Error) => void}} Waiting
 */

/** Says why there is nothing to run on; `stopped` where the reader wanted it so. */
export class Ended extends Error {
  /**
   * @param {string} message
   * @param {boolean} [stopped]
   */
  constructor(message, stopped = false) {
    super(message);
    this.stopped = stopped;
  }
}

export class Runtime {
  /**
   * @param {{base: string, manifest: string, jspi: boolean}} place
   * @param {(progress: Progress) => void} report
   */
  constructor({ base, manifest, jspi }, report) {
    this.base = base;
    this.manifestAddress = manifest;
    this.jspi = jspi;
    this.report = report;
    /** @type {any} */
    this.manifest = null;
    /** @type {Worker | null} */
    this.worker = null;
    /** @type {Promise<any> | null} */
    this.starting = null;
    /** @type {Waiting | null} */
    this.waiting = null;
    /** @type {(output: Output) => void} */
    this.show = () => {};
    this.runs = 0;
    this.life = 0;
  }

  /**
   * Start, unless that is done or under way. Rejects with Ended.
   * @returns {Promise<any>} the versions of what runs
   */
  start() {
    this.starting ??= this.begin(this.life);
    return this.starting;
  }

  /** @param {number} life */
  async begin(life) {
    try {
      this.manifest ??= await fetched(this.manifestAddress);
      if (life !== this.life) throw new Ended("Cancelled.", true);
      const file = this.manifest.assets["worker.mjs"].file;
      const worker = new Worker(new URL(file, this.base), { type: "module" });
      this.worker = worker;
      // A worker that was ended can still be heard: what it said last is on its way.
      worker.onmessage = ({ data }) => {
        if (worker === this.worker) this.hear(data);
      };
      worker.onerror = (event) => {
        event.preventDefault();
        if (worker !== this.worker) return;
        this.end(new Ended(event.message || "its program did not load"));
      };
      return await this.ask({
        op: "start",
        manifest: this.manifest,
        base: this.base,
        jspi: this.jspi,
      });
    } catch (error) {
      if (life === this.life) this.end(asEnded(error));
      throw asEnded(error);
    }
  }

  /**
   * Run one cell. Rejects with Ended where the worker ends before the cell does.
   * @param {string} source
   * @param {string} cell its name in tracebacks
   * @param {(output: Output) => void} show
   * @returns {Promise<"ok" | "error">}
   */
  async run(source, cell, show) {
    await this.start();
    this.show = show;
    this.runs += 1;
    return this.ask({ op: "run", run: this.runs, source, cell });
  }

  /** End the worker at once, whatever it does. */
  stop() {
    this.end(new Ended("Stopped.", true));
  }

  /** @param {any} message */
  ask(message) {
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.worker?.postMessage(message);
    });
  }

  /** @param {any} said */
  hear(said) {
    if (said.kind === "progress") this.report(said);
    else if (said.kind === "output") {
      if (said.run === this.runs) this.show(said.output);
    } else if (said.kind === "failed") this.end(new Ended(said.message));
    else {
      const { waiting } = this;
      this.waiting = null;
      waiting?.resolve(said.kind === "finished" ? said.status : said);
    }
  }

  /** @param {Ended} reason */
  end(reason) {
    this.life += 1;
    this.worker?.terminate();
    this.worker = null;
    this.starting = null;
    const { waiting } = this;
    this.waiting = null;
    waiting?.reject(reason);
  }
}

/** @param {unknown} error */
function asEnded(error) {
  return error instanceof Ended
    ? error
    : new Ended(String(/** @type {any} */ (error)?.message ?? error));
}

/** @param {string} address */
export async function fetched(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address.split("/").at(-1)}: ${answer.status}`);
  return answer.json();
}
