// Lets the keyboard scroll a table that is wider than its place, and no other.
const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});

// The theme has wrapped its tables by then; those of lessons scroll in the output that they are.
addEventListener("load", () => {
  for (const place of document.querySelectorAll(".output-table, .md-typeset__scrollwrap")) {
    sizes.observe(place);
  }
});
