/**
 * Bundle modules for the browser: `node bundle.mjs OPTIONS`, which are esbuild's, in JSON.
 */
import { argv } from "node:process";
import { build } from "esbuild";

try {
  await build({
    bundle: true,
    format: "esm",
    platform: "browser",
    // The oldest that have WebAssembly's exceptions, which both runtimes are compiled with.
    target: ["chrome95", "firefox100", "safari15.2"],
    minify: true,
    legalComments: "none",
    logLevel: "silent",
    ...JSON.parse(argv[2]),
  });
} catch (error) {
  const { text, location } = /** @type {any} */ (error).errors?.[0] ?? {};
  throw text ? new Error(location ? `${location.file}:${location.line}: ${text}` : text) : error;
}
