// Makes the labels that open the menu and the search on a phone into buttons for the keyboard.
// Without this they open both to whoever points.
const focused = { __drawer: ".md-nav--primary a[href]", __search: ".md-search__input" };

for (const [id, first] of Object.entries(focused)) {
  const box = document.getElementById(id);
  const label = document.querySelector(`.md-header__button[for="${id}"]`);
  const button = document.createElement("button");
  // The theme's style sheet knows it by this attribute.
  button.setAttribute("for", id);
  button.type = "button";
  button.className = label.className;
  button.ariaLabel = box.ariaLabel;
  button.ariaExpanded = String(box.checked);
  button.append(...label.childNodes);
  button.addEventListener("click", () => {
    box.click();
    if (box.checked) document.querySelector(first)?.focus();
  });
  box.addEventListener("change", () => {
    button.ariaExpanded = String(box.checked);
  });
  label.replaceWith(button);
}

// Whoever leaves the menu with Escape is back at its button.
addEventListener("keydown", ({ key }) => {
  const box = document.getElementById("__drawer");
  if (key !== "Escape" || !box.checked) return;
  box.click();
  document.querySelector('.md-header__button[for="__drawer"]').focus();
});
