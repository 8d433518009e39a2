// The answers of a comparison: screen readers are told of each one that has ended, and of the last.

import { all, announce, find, translated } from "app";

const answers = find(".comparison .answers");
let live = new Set();

const names = () => new Set(all(".turn.live", answers).map((turn) => find("h2", turn.closest(".compared")).textContent.trim()));

function announceEnded() {
  const now = names();
  const ended = [...live].filter((name) => !now.has(name));
  live = now;
  if (!ended.length) return;
  announce(now.size ? translated("{name} is complete.", { name: ended.join(", ") }) : translated("All answers are complete."));
}

// A wide formula is scrolled by keyboard, too.
function reachFormulas() {
  for (const formula of all("math[display=block]", answers)) formula.tabIndex = 0;
}

function changed() {
  announceEnded();
  reachFormulas();
}

live = names();
reachFormulas();
new MutationObserver(changed).observe(answers, { childList: true, subtree: true });
