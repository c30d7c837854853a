/**
 * The part of "run it in the page" that every page loads: buttons, and what they fetch when used.
 *
 * The rest comes with the first sign of interest; Python and PostgreSQL with the first Run.
 */
import style from "./idle.css";

/** @typedef {import("./lesson.mjs").Lesson} Lesson */

const BASE = new URL("./", import.meta.url).href;
const MANIFEST = new URL(__MANIFEST__, BASE).href;
const PLAN = ".output-plan";
const PLAN_VIEWER = new URL(__PLAN_VIEWER__, BASE).href;

const canAdopt = "adoptedStyleSheets" in document;

/** @type {Promise<Lesson> | undefined} */
let lesson;

/** Fetch the rest of this program, once; a failed try can be repeated. */
function load() {
  lesson ??= import("./lesson.mjs")
    .then((module) => module.open({ base: BASE, manifest: MANIFEST }))
    .catch((error) => {
      lesson = undefined;
      const reason = navigator.onLine ? (error?.message ?? error) : "there is no network";
      say(`Run did not start: ${reason}. The stored outputs stay.`);
      throw error;
    });
  return lesson;
}

/** @param {string} sentence */
function say(sentence) {
  const note = document.querySelector(".live-note");
  if (!note) return;
  note.setAttribute("role", "status");
  note.textContent = sentence;
}

/** @returns {string} why this browser cannot run anything, or nothing */
function obstacle() {
  if (typeof WebAssembly !== "object") return "this browser has no WebAssembly";
  if (!("Tag" in WebAssembly)) return "this browser's WebAssembly is too old";
  if (typeof Worker !== "function") return "this browser has no workers";
  if (!canAdopt) return "this browser has no style sheets made by scripts";
  return "";
}

/** @returns {boolean} whether tasks of this page wait for one another, and cannot here */
function lacksStacks() {
  if (!document.querySelector(".live-note[data-stacks]")) return false;
  const isOff = new URLSearchParams(location.search).get("jspi") === "off";
  return isOff || !("Suspending" in WebAssembly);
}

/**
 * @param {Element} place
 * @param {string} label
 * @param {string} name what the button is called by a screen reader
 * @param {(lesson: Lesson) => void} then
 */
function offer(place, label, name, then) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = label === "Run" ? "live-button live-run" : "live-button";
  button.textContent = label;
  button.setAttribute("aria-label", name);
  button.addEventListener("click", () => load().then(then, () => {}));
  for (const sign of ["pointerenter", "focus"]) {
    button.addEventListener(sign, () => import("./lesson.mjs").catch(() => {}), { once: true });
  }
  place.append(button);
}

/** Let each plan of the page, now and later, be opened as a tree. */
function offerTrees() {
  const article = document.querySelector("article");
  if (!article) return;
  for (const plan of article.querySelectorAll(PLAN)) offerTree(plan);
  new MutationObserver((changes) => {
    for (const node of changes.flatMap(({ addedNodes }) => [...addedNodes])) {
      if (node instanceof Element && node.matches(PLAN)) offerTree(node);
    }
  }).observe(article, { childList: true, subtree: true });
}

/** @param {Element} plan */
function offerTree(plan) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "live-button";
  button.textContent = "Open as a tree";
  button.addEventListener("click", () => {
    const text = plan.querySelector("code")?.textContent ?? "";
    import("./plan_tree.mjs").then(
      ({ open }) => open(text, PLAN_VIEWER, button),
      () => {
        button.textContent = "The viewer did not arrive. Try again";
      },
    );
  });
  const tools = document.createElement("div");
  tools.className = "live-tools";
  tools.append(button);
  plan.querySelector(".highlight")?.append(tools);
}

/** @returns {boolean} whether the reader has written here before, or opens what somebody wrote */
function isWrittenIn() {
  // Not from saved.mjs: sharing it with the rest would make it a file of its own to load first.
  if (location.hash.startsWith("#edits=")) return true;
  try {
    return `edits:${location.pathname.replace(/index\.html$/, "")}` in localStorage;
  } catch {
    return false;
  }
}

function begin() {
  if (canAdopt) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(style);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    offerTrees();
  }
  const cells = [...document.querySelectorAll("[data-cell]")];
  if (!cells.length || document.querySelector(".needs-server")) return;
  const reason = obstacle();
  if (reason) return say(`Run is not here: ${reason}. The stored outputs stay.`);
  cells.forEach((cell, at) => {
    const id = cell.getAttribute("data-cell") ?? "";
    const tools = document.createElement("div");
    tools.className = "live-tools";
    offer(tools, "Edit", `Edit cell ${at + 1}`, (open) => open.edit(id));
    if (cell.classList.contains("sql")) {
      offer(tools, "Plan", `Show the plan of cell ${at + 1}`, (open) => open.plan(id));
    }
    offer(tools, "Run", `Run cell ${at + 1}`, (open) => open.run(id));
    cell.querySelector(".highlight")?.append(tools);
    cell.addEventListener("keydown", (event) => {
      const { key, shiftKey } = /** @type {KeyboardEvent} */ (event);
      if (key !== "Enter" || !shiftKey || event.defaultPrevented) return;
      event.preventDefault();
      load().then(
        (open) => open.run(id),
        () => {},
      );
    });
  });
  const hint = document.querySelector("details.hint");
  if (hint) {
    const place = document.createElement("p");
    place.className = "live-exercise-offer";
    offer(place, "Try it here", "Try it here: the exercise", (open) => open.exercise());
    hint.before(place);
  }
  say(
    lacksStacks()
      ? "Most examples run here: press Run. Some need a browser that can suspend WebAssembly " +
          "(Chrome or Edge from 137 on, Firefox from 153 on), and say so."
      : "Every example runs in this page: press Run.",
  );
  if (isWrittenIn()) load().catch(() => {});
}

// After the theme has set the page up: what changes under its hands it measures again.
function beginWhenIdle() {
  if (typeof requestIdleCallback === "function") requestIdleCallback(begin, { timeout: 1000 });
  else setTimeout(begin);
}
if (document.readyState === "complete") beginWhenIdle();
else addEventListener("load", beginWhenIdle);
