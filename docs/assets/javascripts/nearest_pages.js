// Puts the pages whose addresses come nearest to the one asked for before the list of all pages.
const links = [...document.querySelectorAll(".all-pages a")];
const parts = (address) => {
  const text = decodeURIComponent(new URL(address, location.href).pathname.toLowerCase());
  return new Set(
    text
      .replace(/index\.html$|\.(html|md|ipynb|py)$/, "")
      .split(/[^\p{L}\p{N}]+/u)
      .filter((part) => part.length > 1)
      .flatMap((part) => [part, ...pairs(part)]),
  );
};
const pairs = (part) => Array.from({ length: part.length - 1 }, (_, at) => part.slice(at, at + 2));
const wanted = parts(location.href);
// What every address of the site begins with tells nothing.
for (const part of parts(document.querySelector(".all-pages").dataset.root)) wanted.delete(part);

const near = links
  .map((link) => {
    const found = parts(link.href);
    const shared = [...wanted].filter((part) => found.has(part));
    return { link, score: shared.join("").length / (found.size + wanted.size) };
  })
  .filter(({ score }) => score > 0.5)
  .sort((one, other) => other.score - one.score)
  .slice(0, 3);

if (near.length) {
  const list = document.createElement("ul");
  for (const { link } of near) {
    const item = document.createElement("li");
    item.append(link.cloneNode(true));
    list.append(item);
  }
  document.querySelector(".nearest-pages").append("Nearest to the address:", list);
}
