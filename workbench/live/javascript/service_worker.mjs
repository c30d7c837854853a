/**
 * Keeps what a page needs, so that Run works without a network.
 *
 * Files under live/ carry the hash of their content: what is kept of them is right for ever. All
 * else is asked for again each time, and what is kept serves only where the network does not
 * answer. When a newer version of the runtime is in use, everything kept before it goes, so that
 * no page of one version meets files of another.
 */

const worker = /** @type {any} */ (self);
const PREFIX = "database-patterns:";
const VERSION = "version";
const here = () => worker.registration.scope;
const hashedName = () => `${PREFIX}${here()}live`;
const pagesName = () => `${PREFIX}${here()}pages`;

worker.addEventListener("install", () => worker.skipWaiting());

worker.addEventListener("activate", (/** @type {any} */ event) => {
  event.waitUntil(worker.clients.claim());
});

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(here())) return;
  const isHashed = request.url.startsWith(new URL("live/", here()).href);
  event.respondWith(isHashed ? keptFirst(request) : networkFirst(request));
});

worker.addEventListener("message", (/** @type {any} */ event) => {
  if (event.data?.op === "keep") event.waitUntil(keep(event.data));
});

/** @param {Request} request */
async function keptFirst(request) {
  const cache = await caches.open(hashedName());
  const kept = await cache.match(request.url);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.status === 200) await store(cache, request.url, answer.clone());
  return answer;
}

/** @param {Request} request */
async function networkFirst(request) {
  const cache = await caches.open(pagesName());
  const address = request.url.split("#")[0];
  try {
    const answer = await fetch(request);
    if (answer.status === 200 && answer.type === "basic") {
      await store(cache, address, answer.clone());
    }
    return answer;
  } catch (error) {
    const kept = await cache.match(address, { ignoreSearch: request.mode === "navigate" });
    if (kept) return kept;
    throw error;
  }
}

/**
 * Keep a file; a full disk is no reason to fail a request.
 * @param {Cache} cache
 * @param {string} address
 * @param {Response} answer
 */
async function store(cache, address, answer) {
  try {
    await cache.put(address, answer);
  } catch {
    // The next request goes to the network again.
  }
}

/**
 * @typedef {object} Kept
 * @property {string} version
 * @property {string} page
 * @property {string[]} loaded what the page has fetched itself
 * @property {string[]} needed the runtime's files
 * @property {string[]} later files that some pages need: kept where they have been fetched
 */

/** @param {Kept} kept */
async function keep({ version, page, loaded, needed, later }) {
  await forgetOthers(version);
  const folder = new URL("live/", here()).href;
  const hashed = await caches.open(hashedName());
  const pages = await caches.open(pagesName());
  const add = async (/** @type {string} */ address, /** @type {RequestCache} */ mode) => {
    const cache = address.startsWith(folder) ? hashed : pages;
    if (!address.startsWith(here()) || (await cache.match(address))) return;
    // The browser has just fetched it: its own cache answers.
    const answer = await fetch(address, { cache: mode, mode: "same-origin" });
    if (answer.status === 200) await store(cache, address, answer);
  };
  const all = [page, ...loaded, ...needed].map((address) => add(address, "force-cache"));
  const some = later.map((address) => add(address, "only-if-cached"));
  await Promise.allSettled([...all, ...some]);
}

/**
 * Drop what was kept of any version but `version`.
 * @param {string} version
 */
async function forgetOthers(version) {
  const mark = new URL(`live/${VERSION}`, here()).href;
  const before = await (await caches.open(hashedName())).match(mark);
  if (before && (await before.text()) === version) return;
  await Promise.all([caches.delete(hashedName()), caches.delete(pagesName())]);
  await store(await caches.open(hashedName()), mark, new Response(version));
}
