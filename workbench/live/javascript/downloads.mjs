/**
 * The files of the runtime, fetched once each, with what has arrived so far.
 *
 * @typedef {{file: string, raw: number, br: number, gz: number}} Asset
 * @typedef {{assets: Record<string, Asset>, lazy: Record<string, string>,
 *   unpacked: string[], extensions?: Record<string, string>, startParams: string[],
 *   versions: Record<string, string>, pyodideLock: Record<string, string>}} Manifest
 */

const REPORT_EVERY = 100; // milliseconds

export class Downloads {
  /**
   * @param {Manifest} manifest
   * @param {string} base the address of the folder that holds the files
   * @param {(loaded: number, total: number) => void} report gets bytes as transferred
   */
  constructor(manifest, base, report) {
    this.manifest = manifest;
    this.base = base;
    this.report = report;
    /** @type {Map<string, {size: number, done: number}>} */
    this.parts = new Map();
    this.reported = 0;
  }

  /** @param {string} name */
  address(name) {
    const asset = this.manifest.assets[name];
    if (!asset) throw new Error(`the manifest has no ${name}`);
    return new URL(asset.file, this.base).href;
  }

  /**
   * Count `names` in the total before the first byte arrives.
   * @param {string[]} names
   */
  expect(names) {
    for (const name of names) {
      const asset = this.manifest.assets[name];
      this.parts.set(name, { size: asset.br || asset.gz || asset.raw, done: 0 });
    }
  }

  /**
   * Fetch one file; its body is counted while somebody else reads it.
   * @param {string} name
   * @returns {Promise<Response>}
   */
  async response(name) {
    const response = await fetch(this.address(name));
    if (!response.ok) throw new Error(`${name}: ${response.status} ${response.statusText}`);
    const asset = this.manifest.assets[name];
    const coding = response.headers.get("content-encoding");
    const size = (coding === "br" && asset.br) || (coding && asset.gz) || asset.raw;
    this.parts.set(name, { size, done: 0 });
    this.count(name, response.clone());
    return response;
  }

  /**
   * @param {string} name
   * @returns {Promise<ArrayBuffer>}
   */
  async bytes(name) {
    return (await this.response(name)).arrayBuffer();
  }

  /**
   * @param {string} name
   * @returns {Promise<any>} the module
   */
  async module(name) {
    const loaded = await import(this.address(name));
    this.finish(name);
    return loaded;
  }

  /**
   * @param {string} name
   * @param {Response} copy
   */
  async count(name, copy) {
    const part = this.parts.get(name);
    const reader = copy.body?.getReader();
    if (!part || !reader) return;
    const raw = this.manifest.assets[name].raw;
    let read = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      read += value.length;
      part.done = Math.min(1, read / raw);
      this.tell(false);
    }
    this.finish(name);
  }

  /** @param {string} name */
  finish(name) {
    const part = this.parts.get(name);
    if (part) part.done = 1;
    this.tell(true);
  }

  /** @param {boolean} always */
  tell(always) {
    const now = performance.now();
    if (!always && now - this.reported < REPORT_EVERY) return;
    this.reported = now;
    let loaded = 0;
    let total = 0;
    for (const { size, done } of this.parts.values()) {
      loaded += size * done;
      total += size;
    }
    this.report(Math.round(loaded), total);
  }
}
