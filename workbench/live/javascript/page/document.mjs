/** Elements made from text only: nothing that a cell shows is ever read as HTML. */

/**
 * @param {string} tag
 * @param {Record<string, string> | null} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
export function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * @param {string} label what is read on it
 * @param {(event: Event) => void} press
 * @param {Record<string, string>} [attributes]
 * @returns {HTMLButtonElement}
 */
export function button(label, press, attributes) {
  const made = /** @type {HTMLButtonElement} */ (
    element("button", { type: "button", class: "live-button", ...attributes }, label)
  );
  made.addEventListener("click", press);
  return made;
}

/**
 * Apply a style sheet to the page. As an element the page's policy would refuse it.
 * @param {string} text
 */
export function adopt(text) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}
