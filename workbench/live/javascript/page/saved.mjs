/**
 * What a reader has written on this page, kept by the browser.
 *
 * An edit carries the mark of the stored source that it began from: where the lesson has changed
 * since, the edit is kept and said to be of an earlier version.
 *
 * @typedef {{source: string, from: string}} Edit
 * @typedef {{cells: Record<string, Edit>, exercise?: Edit, done?: string}} Edits
 */

export const LINK = "#edits=";

/** @returns {string} the name under which this page's edits are kept */
export function slot() {
  const page = location.pathname.replace(/index\.html$/, "");
  const link = location.hash.startsWith(LINK) ? mark(location.hash) : "";
  return link ? `edits:${page}:${link}` : `edits:${page}`;
}

/** @returns {Edits | null} what is kept for this page */
export function saved() {
  try {
    return checked(JSON.parse(localStorage.getItem(slot()) ?? "null"));
  } catch {
    return null; // the browser keeps nothing for us, or it is not what we wrote
  }
}

/**
 * @param {Edits} edits
 * @returns {boolean} whether the browser keeps them
 */
export function save(edits) {
  try {
    if (isEmpty(edits)) localStorage.removeItem(slot());
    else localStorage.setItem(slot(), JSON.stringify(edits));
    return true;
  } catch {
    return false;
  }
}

/** @param {Edits} edits */
export function isEmpty({ cells, exercise, done }) {
  return !Object.keys(cells).length && !exercise && !done;
}

/**
 * @param {any} value
 * @returns {Edits | null} `value` if it has the form of edits
 */
export function checked(value) {
  const isEdit = (/** @type {any} */ edit) =>
    typeof edit?.source === "string" && typeof edit.from === "string";
  if (typeof value?.cells !== "object" || value.cells === null) return null;
  if (!Object.values(value.cells).every(isEdit)) return null;
  if (value.exercise !== undefined && !isEdit(value.exercise)) return null;
  if (value.done !== undefined && typeof value.done !== "string") return null;
  return value;
}

/**
 * @param {string} text
 * @returns {string} a short mark that another text hardly has (FNV-1a)
 */
export function mark(text) {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return (hash >>> 0).toString(36);
}
