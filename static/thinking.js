// What a model thinks: a folded line that counts the seconds by itself. Its text is requested when the line is opened.

import { all, find } from "app";

const REFRESH = 3000;
// Long thoughts take the server longer to draw, so they are requested less often: one second per this many characters.
const PACE = 20_000;

let counting = null;

function spoken(seconds) {
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

export function countThinking() {
  const running = all(".thinking .running");
  const now = performance.now();
  for (const line of running) {
    line.began ??= now - 1000 * Number(line.dataset.seconds);
    const words = spoken(Math.floor((now - line.began) / 1000));
    const shown = find(".seconds", line);
    if (shown.textContent !== words) shown.textContent = words;
    refreshThoughts(line.closest(".thinking"), now);
  }
  if (running.length) counting ??= setInterval(countThinking, 1000);
  else counting = clearInterval(counting) ?? null;
}

// While somebody reads the thoughts, new ones come through separate requests, not through the socket.
function refreshThoughts(thinking, now) {
  if (!thinking.open) return;
  const thought = find(".thought", thinking);
  thinking.asked ??= now;
  if (now - thinking.asked < Math.max(REFRESH, (1000 * thought.textContent.length) / PACE)) return;
  thinking.asked = now;
  htmx.ajax("GET", thought.getAttribute("hx-get"), { target: thought, swap: "innerHTML" }).catch(() => {});
}

// Thoughts are requested when the line is opened; complete ones are requested only once.
function askThoughts(event) {
  const { elt } = event.detail;
  if (!elt.matches(".thought")) return;
  if (elt.isWhole || !elt.closest(".thinking").open) event.preventDefault();
}

function gotThoughts({ detail: { target } }) {
  if (target.matches(".thinking .thought")) target.isWhole = !find(".running", target.closest(".thinking"));
}

// A reply that is drawn again keeps its thoughts open, and their text until they are requested again.
function keepOpen(before, after) {
  const shown = before?.querySelector(".thinking[open]");
  const next = after?.querySelector(".thinking");
  if (!shown || !next) return;
  find(".thought", next).replaceChildren(...find(".thought", shown).childNodes);
  next.open = true;
}

let replaced = null;

function beforeReply({ detail: { target, shouldSwap } }) {
  replaced = shouldSwap && target.matches(".turn.reply") ? target : null;
}

function afterReply() {
  if (!replaced) return;
  keepOpen(replaced, document.getElementById(replaced.id));
  replaced = null;
}

document.addEventListener("htmx:beforeRequest", askThoughts);
document.addEventListener("htmx:afterSwap", gotThoughts);
document.addEventListener("htmx:beforeSwap", beforeReply);
document.addEventListener("htmx:afterSwap", afterReply);
document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => keepOpen(detail.target, detail.fragment));
