// The search page by keyboard: / to the words, arrows through the results, Escape back to the words.

import { keysAreOn } from "app";

const field = document.querySelector("#q");
const hits = () => [...document.querySelectorAll("#found :is(h2 a, .hit, summary)")].filter((each) => each.checkVisibility());

function move(event, step) {
  const list = hits();
  const at = list.indexOf(document.activeElement);
  if (at < 0 && (event.target !== field || step < 0)) return;
  event.preventDefault();
  (list[at + step] ?? (step < 0 ? field : list.at(-1)))?.focus();
}

function toWords() {
  field.focus();
  field.select();
}

document.addEventListener("keydown", (event) => {
  const plain = !(event.ctrlKey || event.metaKey || event.altKey || event.isComposing);
  if (!plain) return;
  if (keysAreOn && event.key === "/" && !event.target.closest("input, textarea, select")) {
    event.preventDefault();
    toWords();
  } else if (event.key === "ArrowDown") {
    move(event, +1);
  } else if (event.key === "ArrowUp") {
    move(event, -1);
  } else if (event.key === "Escape" && hits().includes(event.target)) {
    toWords();
  }
});
