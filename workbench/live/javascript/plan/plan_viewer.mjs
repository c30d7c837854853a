/** A page that shows one plan as a tree: the page around it sends the plan, once this is ready. */
import "./settings.mjs";
import icons from "@fortawesome/fontawesome-svg-core/styles.css";
import bootstrap from "bootstrap/dist/css/bootstrap.min.css";
import { Plan } from "pev2";
import tree from "pev2/dist/pev2.css";
import { createApp } from "vue";
import { mend } from "./accessible.mjs";
import own from "./plan_viewer.css";

/** @param {{plan: string, theme: string}} asked `plan` is EXPLAIN's text */
function show({ plan, theme }) {
  document.documentElement.dataset.bsTheme = theme;
  const title = document.createElement("h1");
  title.className = "visually-hidden";
  title.textContent = document.title;
  const viewer = document.createElement("div");
  viewer.id = "viewer";
  const main = document.createElement("main");
  main.append(title, viewer);
  document.body.replaceChildren(main);
  createApp(Plan, { planSource: plan, planQuery: "" }).mount(viewer);
  mend(viewer);
}

document.adoptedStyleSheets = [bootstrap, icons, tree, own].map((text) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  return sheet;
});
addEventListener("message", ({ data, origin, source }) => {
  if (origin === location.origin && source === parent) show(data);
});
parent.postMessage("ready", location.origin);
