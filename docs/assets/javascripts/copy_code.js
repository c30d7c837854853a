// Puts a copy button on each block of code, and lets every such button copy the code beside it. The
// theme's own buttons measure one block after the other, which kept a phone from answering for longer
// than anything else on a lesson. These come when it has set the page up: what changes under its
// hands it measures again.
const SHOWN = 2000;

function begin() {
  for (const code of document.querySelectorAll("article pre > code")) {
    const output = code.closest(".evidence, .cell > .output");
    if (output && !output.matches(".output-sql, .output-plan")) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "md-code__button";
    button.title = "Copy to clipboard";
    button.dataset.mdType = "copy";
    const place = document.createElement("div");
    place.className = "md-code__nav";
    place.append(button);
    code.before(place);
  }
}

// Also for the buttons of outputs that come later.
addEventListener("click", async ({ target }) => {
  const code = target.closest?.(".md-code__button")?.closest("pre").querySelector("code");
  if (!code) return;
  try {
    await navigator.clipboard.writeText(code.textContent);
  } catch {
    getSelection()?.selectAllChildren(code);
    return;
  }
  // The theme's own place for a notice, which is read aloud.
  const dialog = document.querySelector(".md-dialog");
  dialog.firstElementChild.textContent = "Copied to clipboard";
  dialog.classList.add("md-dialog--active");
  setTimeout(() => dialog.classList.remove("md-dialog--active"), SHOWN);
});

function beginWhenIdle() {
  if (typeof requestIdleCallback === "function") requestIdleCallback(begin, { timeout: 1000 });
  else setTimeout(begin);
}
if (document.readyState === "complete") beginWhenIdle();
else addEventListener("load", beginWhenIdle);
