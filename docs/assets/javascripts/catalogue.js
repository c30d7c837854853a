// Filters the catalogue of snippets as a reader types: every word must occur.
const filter = document.getElementById("filter");
const snippets = [...document.querySelectorAll(".snippet")];
const texts = snippets.map((snippet) => snippet.textContent.toLowerCase());
const topics = [...document.querySelectorAll("article h2")];
const count = filter.parentElement.querySelector("output");

const topicOf = (snippet) =>
  topics.findLast(
    (topic) => topic.compareDocumentPosition(snippet) & Node.DOCUMENT_POSITION_FOLLOWING,
  );

function choose() {
  const words = filter.value.toLowerCase().split(/\s+/);
  const used = new Set();
  let shown = 0;
  snippets.forEach((snippet, index) => {
    snippet.hidden = !words.every((word) => texts[index].includes(word));
    if (!snippet.hidden) {
      used.add(topicOf(snippet));
      shown += 1;
    }
  });
  for (const topic of topics) topic.hidden = !used.has(topic);
  count.value = filter.value ? `${shown} of ${snippets.length}` : "";
}

filter.addEventListener("input", choose);
filter.parentElement.hidden = false;
// What a browser kept in the field when the reader comes back to the page.
choose();
