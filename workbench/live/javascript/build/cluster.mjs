/**
 * Make a cluster in a new folder and print its version: `node cluster.mjs FOLDER`.
 *
 * The clock and the random numbers are the same in every run, and so are the bytes of the cluster.
 */
import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import { argv, stdout } from "node:process";

const START = Date.UTC(2020, 0, 1);
let ticks = 0;
let seed = 1;

/** @type {(values: any) => any} */
function fill(values) {
  for (let index = 0; index < values.length; index++) {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    values[index] = seed >>> 16;
  }
  return values;
}

Date.now = () => START + ++ticks;
performance.now = () => ++ticks;
crypto.randomFillSync = fill;
syncBuiltinESMExports();

const { PGlite } = await import("@electric-sql/pglite");
const database = await PGlite.create(argv[2], { initDbStartParams: ["--wal-segsize=1"] });
const { rows } = await database.query("show server_version");
await database.exec("checkpoint");
await database.close();
stdout.write(/** @type {{server_version: string}} */ (rows[0]).server_version);
