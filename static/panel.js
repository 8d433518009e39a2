// The panel beside the thread shows the passage behind a number. Where it lies over the thread, a tap beside it and the
// browser's Back close it too.

import { all, find } from "app";

const OVERLAID = matchMedia("(max-width: 78rem)");

let opener = null;
let isInHistory = false;

const panel = () => find("#source");
const isOpen = () => panel().childNodes.length > 0;

export async function open(link) {
  opener?.removeAttribute("aria-current");
  opener = link;
  await htmx.ajax("GET", link.href, { target: "#source", swap: "innerHTML" });
  link.setAttribute("aria-current", "true");
  if (link.closest(".otherwise")) unstrike(link);
  if (OVERLAID.matches && !isInHistory) {
    history.pushState({ panel: true }, "");
    isInHistory = true;
  }
  panel().scrollTop = 0;
  panel().focus({ preventScroll: true });
  showMark();
}

// A sentence is in several parts where it has emphasis or a citation; the note "says otherwise" ends it.
function unstrike(link) {
  let sentence = [];
  for (const part of all(".otherwise, .unfound:not(.unseen)", link.closest("p, li, td, th, dd, dt, div"))) {
    if (part.matches(".otherwise")) sentence.push(part);
    else if (sentence.some((each) => each.contains(link))) break;
    else sentence = [];
  }
  sentence.forEach((part) => part.classList.add("opened"));
}

// Below the head, which stays in view.
function showMark() {
  const mark = find("#source mark");
  if (!mark) return;
  const room = panel().clientHeight - find("#source .passage").offsetHeight;
  const top = mark.getBoundingClientRect().top - panel().getBoundingClientRect().bottom + room;
  panel().scrollTop += Math.max(0, top - Math.max(0, (room - mark.offsetHeight) / 2));
}

export function close() {
  if (isInHistory) history.back();
  else empty();
}

function empty() {
  panel().replaceChildren();
  opener?.removeAttribute("aria-current");
  opener?.focus({ preventScroll: true });
  opener = null;
}

addEventListener("popstate", () => {
  if (!isInHistory) return;
  isInHistory = false;
  empty();
});

// The tap only closes: it does not also press what lies under it.
document.addEventListener(
  "click",
  (event) => {
    if (!OVERLAID.matches || !isOpen() || event.target.closest("#source, a.cite, a[data-panel]")) return;
    event.preventDefault();
    event.stopPropagation();
    close();
  },
  true,
);
