/** The bar at the foot of the window: what happens, and what can be done with the page as a whole. */
import { button, element } from "./document.mjs";

/** @typedef {import("./runtime.mjs").Progress} Progress */

/**
 * @typedef {object} Actions
 * @property {() => void} stop
 * @property {() => void} restart
 * @property {() => void} reset
 * @property {() => void} share
 * @property {() => void} download
 */

const MEGABYTE = 1_000_000;
/** @type {Record<string, string>} what is waited for when a step is done */
const STEPS = {
  download: "Starting Python and PostgreSQL",
  python: "Python is here, starting PostgreSQL",
  postgresql: "PostgreSQL is here, starting Python",
  packages: "Loading SQLAlchemy",
};

export class Panel {
  /** @param {Actions} actions */
  constructor(actions) {
    this.text = element("span", { class: "live-text" });
    this.clock = element("span", { class: "live-clock" });
    this.extra = element("span", { class: "live-extra" });
    this.meter = /** @type {HTMLProgressElement} */ (
      element("progress", { class: "live-meter", max: "1", "aria-label": "Download", hidden: "" })
    );
    this.end = button("Restart", () => (this.isBusy ? actions.stop() : actions.restart()), {
      class: "live-button live-stop",
    });
    this.news = element("p", { class: "live-news", role: "status" });
    const hide = button("Hide", () => this.hide(), {
      "aria-label": "Hide this bar",
      class: "live-button live-hide",
    });
    const buttons = element(
      "span",
      { class: "live-buttons" },
      this.end,
      button("Reset page", actions.reset, { "aria-label": "Reset page to the stored code" }),
      button("Copy link", actions.share, { "aria-label": "Copy link with your edits" }),
      button("Download", actions.download, {
        "aria-label": "Download the notebook with your edits",
      }),
      hide,
    );
    this.root = element(
      "section",
      { class: "live-panel md-typeset", "aria-label": "Run in the page" },
      element("span", { class: "live-says" }, this.text, this.clock, this.extra),
      this.meter,
      buttons,
    );
    this.root.hidden = true;
    this.isBusy = false;
    this.timer = 0;
    this.steps = new Set();
    document.body.append(this.root, this.news);
  }

  show() {
    this.root.hidden = false;
    document.body.classList.add("live-has-panel");
  }

  hide() {
    this.root.hidden = true;
    document.body.classList.remove("live-has-panel");
  }

  /**
   * Something goes on that can be ended.
   * @param {string} text
   * @param {string} [end] how ending it is called
   */
  busy(text, end = "Stop") {
    this.show();
    this.set(text);
    this.isBusy = true;
    this.end.textContent = end;
    const began = performance.now();
    clearInterval(this.timer);
    this.timer = setInterval(() => {
      const seconds = Math.floor((performance.now() - began) / 1000);
      if (end === "Stop") this.clock.textContent = seconds ? ` ${seconds} s` : "";
    }, 500);
  }

  /**
   * Nothing goes on.
   * @param {string} text
   * @param {...Node} more
   */
  idle(text, ...more) {
    this.show();
    this.set(text, ...more);
    this.isBusy = false;
    this.end.textContent = "Restart";
    this.steps.clear();
  }

  /**
   * @param {string} text
   * @param {...Node} more what can be done about it
   */
  set(text, ...more) {
    clearInterval(this.timer);
    this.text.textContent = text;
    this.clock.textContent = "";
    this.extra.replaceChildren(...more);
    this.meter.hidden = true;
    if (!/\d of \d/.test(text)) this.announce(text);
  }

  /** @param {Progress} progress */
  progress({ step, loaded = 0, total = 0 }) {
    if (step === "download" && total && loaded < total) {
      if (this.steps.has("download")) return;
      this.meter.hidden = false;
      this.meter.value = loaded / total;
      this.text.textContent = `Downloading ${amount(loaded)} of ${amount(total)} MB`;
      return;
    }
    this.steps.add(step);
    const ready = this.steps.has("python") && this.steps.has("postgresql");
    const text = ready ? STEPS.packages : STEPS[step];
    this.meter.hidden = true;
    this.text.textContent = text;
    this.announce(text);
  }

  /**
   * Say it to a screen reader.
   * @param {string} text
   */
  announce(text) {
    this.news.textContent = text;
  }
}

/** @param {number} bytes */
function amount(bytes) {
  return (bytes / MEGABYTE).toFixed(1);
}
