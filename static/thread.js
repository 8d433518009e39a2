// The thread of a conversation: where it is scrolled to, what comes in above or goes, and what screen readers are told.

import { all, announce, find, translated } from "app";

export const thread = () => find("#thread");

/* The thread stays at its end unless somebody scrolled up: by wheel, touch, key or pointer. Nothing else moves it away. */

// Milliseconds in which a key may still be scrolling.
const KEY_SCROLLS = 1000;

let pinned = true;
let lastTop = 0;
let touched = null;
let isPressed = false;
let pressedKey = -Infinity;

function toEnd() {
  const scroller = find("#scroller");
  if (scroller) scroller.scrollTop = scroller.scrollHeight;
}

// A page of an earlier part offers no jump to the end of the thread, which is on another page.
function offerJump() {
  const jump = find("#jump");
  if (jump) jump.hidden = pinned;
}

export function unpin() {
  const { scrollHeight, clientHeight } = find("#scroller");
  if (!pinned || scrollHeight <= clientHeight) return;
  pinned = false;
  offerJump();
}

function scrolled({ target }) {
  const isUpwards = target.scrollTop < lastTop;
  lastTop = target.scrollTop;
  const isAtEnd = target.scrollHeight - lastTop - target.clientHeight < 60;
  if (isUpwards && (isPressed || performance.now() - pressedKey < KEY_SCROLLS)) unpin();
  else if (isAtEnd && !isUpwards && !pinned) {
    pinned = true;
    offerJump();
  }
}

const listen = (target, name, handle) => target.addEventListener(name, handle, { passive: true });

function watchHands(scroller) {
  listen(scroller, "wheel", ({ deltaY }) => deltaY < 0 && unpin());
  listen(scroller, "touchstart", ({ touches }) => (touched = touches[0].clientY));
  listen(scroller, "touchmove", ({ touches }) => {
    if (touches[0].clientY > touched + 3) unpin();
    touched = touches[0].clientY;
  });
  // The scroll bar, and a selection that is drawn upwards.
  listen(scroller, "pointerdown", () => (isPressed = true));
  for (const end of ["pointerup", "pointercancel"]) listen(window, end, () => (isPressed = false));
  listen(window, "keydown", ({ target }) => {
    if (!target.closest("textarea, input, select")) pressedKey = performance.now();
  });
}

export const isAtEnd = () => pinned;

// Whoever sends a message wants to see what comes of it.
export function pin() {
  pinned = true;
  toEnd();
}

function grown() {
  if (pinned) toEnd();
  offerJump();
}

// If the address names a message, scroll to it.
export function toStart() {
  const wanted = location.hash.startsWith("#m-") && document.getElementById(location.hash.slice(1));
  if (!wanted) return toEnd();
  pinned = false;
  wanted.scrollIntoView();
}

/* Earlier messages come in above what somebody reads, which stays where it is. */

let reading = null;

function beforeEarlier({ detail: { target, shouldSwap } }) {
  const first = shouldSwap && target.id === "earlier" && find("#earlier ~ .turn", thread());
  reading = first && { first, top: first.getBoundingClientRect().top };
}

function keepPlace() {
  if (!reading) return;
  const { first, top } = reading;
  if (pinned) toEnd();
  else find("#scroller").scrollTop += first.getBoundingClientRect().top - top;
}

/* What a frame puts after a message stands in place of all that was shown after it. */

function cutThread(event) {
  const { fragment } = event.detail;
  if (fragment.dataset?.gone) {
    event.detail.shouldSwap = false;
    // A page that deleted it itself is already leaving.
    if (document.getElementById(fragment.dataset.gone)) setTimeout(() => location.reload(), 1000);
    return;
  }
  const after = fragment.dataset?.after;
  if (!after) return;
  const last = document.getElementById(after);
  if (last) {
    while (last.nextSibling) last.nextSibling.remove();
  } else {
    event.detail.shouldSwap = false;
    location.reload();
  }
}

let live = new Set();

export function announceEnded() {
  const now = new Set(all(".turn.live", thread()).map((turn) => turn.id));
  const ended = [...live].map((id) => !now.has(id) && document.getElementById(id)).filter(Boolean).at(-1);
  live = now;
  if (ended && document.hidden) import("device").then(({ tellReady }) => tellReady());
  if (ended) return announce(find(".problem", ended) ? translated("The answer ended early.") : translated("Answer complete."));
  if (now.size) announce(find(".thinking .running", thread()) ? translated("The model is thinking.") : "");
}

export function watchThread() {
  if (!thread()) return;
  const scroller = find("#scroller");
  scroller.addEventListener("scroll", scrolled, { passive: true });
  watchHands(scroller);
  find("#jump")?.addEventListener("click", () => {
    pinned = true;
    grown();
    find("#text").focus();
  });
  new ResizeObserver(grown).observe(thread());
  new MutationObserver(announceEnded).observe(thread(), { childList: true });
  announceEnded();
}

// It moves with each line: by the release it may be elsewhere.
document.addEventListener("mousedown", ({ target, button }) => button === 0 && target.closest(".turn.live .stop")?.click());
document.addEventListener("htmx:beforeSwap", beforeEarlier);
document.addEventListener("htmx:afterSwap", keepPlace);
// Buttons that scripts add to what came in move it once more.
document.addEventListener("htmx:afterSettle", () => {
  if (!reading) return;
  keepPlace();
  reading = null;
  announce(translated("Earlier messages were loaded above."));
});
document.addEventListener("htmx:oobBeforeSwap", cutThread);
document.addEventListener("htmx:afterSettle", () => thread() && announceEnded());
