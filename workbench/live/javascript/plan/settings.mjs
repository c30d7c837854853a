/**
 * What PEV2 reads while it loads. Plans here have rows and no times, so rows are what it shows
 * first; what a reader chooses instead stays chosen.
 */

// Its icons would put their style sheet into the page themselves, where the policy refuses it.
/** @type {any} */ (window).FontAwesomeConfig = { autoAddCss: false };

const isNarrow = window.innerWidth < 600;
/** @type {Record<string, unknown>} */
const chosen = {
  gridIsNotNew: true,
  diagramViewOptions: { metric: "rows" },
  viewOptions: { highlightType: "rows", diagramWidth: isNarrow ? 0 : 25 },
};
for (const [name, value] of Object.entries(chosen)) {
  if (localStorage.getItem(name) === null) localStorage.setItem(name, JSON.stringify(value));
}
