/** Edits as the last part of an address: deflated, in the alphabet of addresses. */
import { checked, LINK } from "./saved.mjs";

/** @typedef {import("./saved.mjs").Edits} Edits */

const MOST_CHARACTERS = 200_000;

/**
 * @param {Edits} edits
 * @returns {Promise<string>} this page's address with `edits` in it
 */
export async function link({ cells, exercise }) {
  const text = JSON.stringify({ cells, exercise });
  const packed = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(packed).arrayBuffer());
  const letters = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  const address = new URL(location.href);
  address.hash = LINK + letters.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  return address.href;
}

/**
 * @param {string} hash the last part of an address
 * @returns {Promise<Edits | null>} the edits in it, or null where there are none that can be read
 */
export async function linked(hash) {
  if (!hash.startsWith(LINK)) return null;
  try {
    const letters = atob(hash.slice(LINK.length).replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream();
    return checked(JSON.parse(await unpacked(stream)));
  } catch {
    return null;
  }
}

/**
 * @param {ReadableStream<Uint8Array<ArrayBuffer>>} packed
 * @returns {Promise<string>} at most as much text as a page of edits can be
 */
async function unpacked(packed) {
  const reader = packed.pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text;
    text += decoder.decode(value, { stream: true });
    if (text.length > MOST_CHARACTERS) {
      await reader.cancel();
      throw new Error("more than a page of edits");
    }
  }
}
