// Copies a page as Markdown. Without this the link leads to the same text.
for (const link of document.querySelectorAll("a.page-markdown")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = link.className;
  button.append(...link.childNodes);
  const label = button.textContent;
  // A promise in the item, since Safari has forgotten the click once the text has arrived.
  const text = async () => {
    const response = await fetch(link.href);
    if (!response.ok) throw new Error(String(response.status));
    return new Blob([await response.text()], { type: "text/plain" });
  };
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.write([new ClipboardItem({ "text/plain": text() })]);
      button.textContent = "Copied";
    } catch {
      location.assign(link.href);
      return;
    }
    setTimeout(() => {
      button.textContent = label;
    }, 2000);
  });
  link.replaceWith(button);
}
