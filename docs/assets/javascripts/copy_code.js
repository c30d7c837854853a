// Puts a copy button on each block of code. The theme's own buttons measure one block after the
// other, which kept a phone from answering for longer than anything else on a lesson. These come
// when it has set the page up: what changes under its hands it measures again.
const LABEL = "Copy to clipboard";

function begin() {
  for (const code of document.querySelectorAll("article pre > code")) {
    const output = code.closest(".evidence, .cell > .output");
    if (output && !output.matches(".output-sql, .output-plan")) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "md-code__button";
    button.title = LABEL;
    button.dataset.mdType = "copy";
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(code.textContent);
      } catch {
        getSelection()?.selectAllChildren(code);
        return;
      }
      button.title = "Copied";
      button.classList.add("md-code__button--active");
      setTimeout(() => {
        button.title = LABEL;
        button.classList.remove("md-code__button--active");
      }, 1500);
    });
    const place = document.createElement("div");
    place.className = "md-code__nav";
    place.append(button);
    code.before(place);
  }
}

function beginWhenIdle() {
  if (typeof requestIdleCallback === "function") requestIdleCallback(begin, { timeout: 1000 });
  else setTimeout(begin);
}
if (document.readyState === "complete") beginWhenIdle();
else addEventListener("load", beginWhenIdle);
