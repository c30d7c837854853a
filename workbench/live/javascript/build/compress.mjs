/**
 * Compress files as well as can be: `node compress.mjs JOBS`, a JSON list of `[file, br, gz]`.
 */
import { readFile, writeFile } from "node:fs/promises";
import { argv } from "node:process";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const brotli = promisify(brotliCompress);
const deflate = promisify(gzip);

/** @param {[string, string, string]} job */
async function compress([file, br, gz]) {
  const content = await readFile(file);
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
    [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
  };
  await Promise.all([
    brotli(content, { params }).then((bytes) => writeFile(br, bytes)),
    deflate(content, { level: constants.Z_BEST_COMPRESSION }).then((bytes) => writeFile(gz, bytes)),
  ]);
}

await Promise.all(JSON.parse(argv[2]).map(compress));
