/**
 * Local time for Python, in the zone that it chose instead of the browser's.
 *
 * Emscripten's C library asks JavaScript for local time, and its own answers come from `Date`,
 * which knows the reader's zone alone. These take their place, in Python's module and no other.
 *
 * @typedef {[offset: number, summer: boolean, name: string]} Kind offset in seconds, east positive
 * @typedef {{kinds: Kind[], changes: [moment: number, kind: number][], repeats: number}} Zone
 *   from the moment `repeats` on, every 400 years are like the first; the first change lies
 *   before all others
 */

const DAY = 86_400;
const CYCLE = 146_097 * DAY;
const LONGEST_NAME = 16;

/** @type {Zone} */
const UTC = {
  kinds: [[0, false, "UTC"]],
  changes: [[Number.MIN_SAFE_INTEGER, 0]],
  repeats: Number.MAX_SAFE_INTEGER,
};

export class LocalTime {
  constructor() {
    this.zone = UTC;
    /** Where C keeps the names of standard and summer time. */
    this.names = [0, 0];
  }

  /** @param {string} zone as JSON */
  choose(zone) {
    this.zone = JSON.parse(zone);
  }

  /**
   * Return `create`, which makes Emscripten's module, so that its local time comes from here.
   * @param {(module: any) => Promise<any>} create
   */
  within(create) {
    return (/** @type {any} */ module) => {
      const instantiate = module.instantiateWasm;
      module.instantiateWasm = (/** @type {any} */ imports, /** @type {any} */ done) => {
        Object.assign(imports.env, this.functions(module));
        return instantiate(imports, done);
      };
      return create(module);
    };
  }

  /** @param {any} module */
  functions(module) {
    return {
      _localtime_js: (/** @type {bigint} */ seconds, /** @type {number} */ at) =>
        this.write(module, at >>> 0, Number(seconds)),
      _mktime_js: (/** @type {number} */ at) => {
        const seconds = this.moment(fields(module, at >>> 0));
        if (Number.isNaN(seconds)) return -1n;
        this.write(module, at >>> 0, seconds);
        return BigInt(seconds);
      },
      _tzset_js: (
        /** @type {number} */ zone,
        /** @type {number} */ summer,
        /** @type {number[]} */ ...names
      ) => {
        // Asked once, before anything else. Of what it says Python reads its own copy.
        module.HEAP32[zone >>> 2] = module.HEAP32[summer >>> 2] = 0;
        this.names = names.map((at) => at >>> 0);
        for (const at of this.names) writeName(module, at, "UTC");
      },
    };
  }

  /**
   * Write a `struct tm`, and the name that C then finds for it.
   * @param {any} module
   * @param {number} at
   * @param {number} seconds since 1970
   */
  write(module, at, seconds) {
    const [offset, summer, name] = this.kind(this.index(seconds));
    const date = new Date((seconds + offset) * 1000);
    const newYear = new Date(date);
    newYear.setUTCMonth(0, 1);
    const tm = fields(module, at);
    tm[0] = date.getUTCSeconds();
    tm[1] = date.getUTCMinutes();
    tm[2] = date.getUTCHours();
    tm[3] = date.getUTCDate();
    tm[4] = date.getUTCMonth();
    tm[5] = date.getUTCFullYear() - 1900;
    tm[6] = date.getUTCDay();
    tm[7] = (date.getTime() - newYear.getTime()) / (DAY * 1000);
    tm[8] = Number(summer);
    tm[9] = offset;
    writeName(module, this.names[Number(summer)], name);
  }

  /**
   * Return the moment of a `struct tm` in seconds, or NaN. Of two moments it is the first; a time
   * that clocks leave out is told by the clock before. The flag for summer time may choose another
   * clock: that of the period, or of one beside it.
   * @param {Int32Array} tm
   */
  moment(tm) {
    const date = new Date(0);
    date.setUTCFullYear(tm[5] + 1900, tm[4], tm[3]);
    date.setUTCHours(tm[2], tm[1], tm[0]);
    const wall = date.getTime() / 1000;
    const [before, after] = [-DAY, DAY].map(
      (apart) => wall - this.kind(this.index(wall + apart))[0],
    );
    const found = [before, after].filter(
      (moment) => moment + this.kind(this.index(moment))[0] === wall,
    );
    const guess = found[0] ?? before;
    const flag = tm[8];
    if (flag < 0) return guess;
    const isAsked = (/** @type {number} */ index) => this.kind(index)[1] === flag > 0;
    const here = this.index(guess);
    const periods = [here, here + 1, here - 1].filter((index) => index in this.zone.changes);
    const period = periods.find(isAsked);
    return period === undefined ? guess : wall - this.kind(period)[0];
  }

  /** @param {number} index of the change that began it */
  kind(index) {
    return this.zone.kinds[this.zone.changes[index][1]];
  }

  /** @param {number} seconds */
  index(seconds) {
    const { changes } = this.zone;
    const moment = this.folded(seconds);
    let low = 0;
    let high = changes.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (changes[middle][0] <= moment) low = middle;
      else high = middle;
    }
    return low;
  }

  /** @param {number} seconds */
  folded(seconds) {
    const { repeats } = this.zone;
    return seconds < repeats ? seconds : repeats + ((seconds - repeats) % CYCLE);
  }
}

/**
 * @param {any} module
 * @param {number} at
 */
function fields(module, at) {
  return new Int32Array(module.HEAP32.buffer, at, 10);
}

/**
 * @param {any} module
 * @param {number} at
 * @param {string} name
 */
function writeName(module, at, name) {
  const bytes = new TextEncoder().encode(name).subarray(0, LONGEST_NAME);
  module.HEAPU8.set(bytes, at);
  module.HEAPU8[at + bytes.length] = 0;
}
