/** After the first start: let the page run without a network, too. */

/** @typedef {import("./runtime.mjs").Runtime} Runtime */

/**
 * Register the service worker and tell it what this page and its runtime are made of.
 * @param {string} base the address of the folder that holds the hashed files
 * @param {Runtime} runtime
 */
export async function keepForOffline(base, runtime) {
  if (!("serviceWorker" in navigator)) return;
  try {
    const address = new URL("../service_worker.js", base);
    await navigator.serviceWorker.register(address, { updateViaCache: "none" });
    const { active } = await navigator.serviceWorker.ready;
    const { assets, lazy = {} } = runtime.manifest;
    const later = new Set(Object.values(lazy));
    const needed = Object.keys(assets).filter((name) => !later.has(name));
    const loaded = performance
      .getEntriesByType("resource")
      .map(({ name }) => name)
      .filter((name) => new URL(name).origin === location.origin);
    active?.postMessage({
      op: "keep",
      version: runtime.manifest.hash,
      page: location.href.split("#")[0],
      loaded: [...new Set([...loaded, runtime.manifestAddress])],
      needed: needed.map((name) => new URL(assets[name].file, base).href),
      later: [...later].map((name) => new URL(assets[name].file, base).href),
    });
  } catch {
    // Without it everything works, as long as there is a network.
  }
}
