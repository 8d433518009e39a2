// Keeps the state of documents on the page up to date while any of them is queued or being read.

const EVERY = 1500;
const SLOWEST = 15000;
let wait = EVERY;

const isBusy = () => document.querySelector("[data-busy]") !== null;

function plan() {
  if (isBusy()) setTimeout(refresh, wait);
}

async function refresh() {
  if (document.hidden) return plan();
  try {
    const response = await fetch(location.href, { headers: { Accept: "text/html", "X-Refresh": "1" } });
    if (!response.ok || response.redirected) return;
    take(new DOMParser().parseFromString(await response.text(), "text/html"));
    wait = EVERY;
  } catch {
    wait = Math.min(wait * 2, SLOWEST);
  }
  plan();
}

function take(fresh) {
  for (const piece of document.querySelectorAll("[data-live]")) {
    const next = fresh.querySelector(`[data-live="${CSS.escape(piece.dataset.live)}"]`);
    if (!next) piece.removeAttribute("data-busy");
    else if (next.outerHTML !== piece.outerHTML) piece.replaceWith(document.adoptNode(next));
  }
}

plan();
