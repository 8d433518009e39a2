// What every page needs beyond htmx: drafts, notices, requests that went wrong, and the key for a new chat.
// The chat page has more: chat.js, and what that loads when it is first used.

/* What somebody has written and not sent, in this tab's storage. The page says whose drafts may be in it: the beginning
   of their names, "generation.person." or, where nobody is signed in, "generation."; langai_site/accounts/drafts.py.
   First of all, so that nothing that fails on a page keeps another person's drafts there. */

export const drafts = (() => {
  const DRAFT = "draft:";
  // Under this name tabs of this browser tell one another whom their page is for.
  const OWNER = "drafts-of";
  const owner = document.body.dataset.drafts;
  let isOver = false;

  // Whoever is signed out may be either's person, or will be asked who they are.
  const isSame = (other) => owner.startsWith(other) || other.startsWith(owner);

  function forgetAllBut(kept) {
    for (const name of Object.keys(sessionStorage)) {
      if (name.startsWith(DRAFT) && !name.startsWith(DRAFT + kept)) sessionStorage.removeItem(name);
    }
  }

  // Somebody signed out, or another person signed in: this page is not for those who sit here now.
  function leave(now) {
    if (isOver) return;
    isOver = true;
    forgetAllBut(now);
    const field = document.querySelector("#composer [name=text]");
    if (field) field.value = "";
    location.reload();
  }

  addEventListener("storage", ({ key, newValue }) => {
    if (key === OWNER && newValue !== null && !isSame(newValue)) leave(newValue);
  });
  // A page that the browser had put aside missed what was told meanwhile.
  addEventListener("pageshow", ({ persisted }) => {
    const now = localStorage.getItem(OWNER);
    if (persisted && now !== null && !isSame(now)) leave(now);
  });
  forgetAllBut(owner);
  localStorage.setItem(OWNER, owner);

  return {
    read: (place) => sessionStorage.getItem(DRAFT + owner + place) ?? "",
    drop: (place) => sessionStorage.removeItem(DRAFT + owner + place),
    keep(place, text) {
      if (!isOver) sessionStorage.setItem(DRAFT + owner + place, text);
    },
  };
})();

export const find = (selector, within = document) => within.querySelector(selector);
export const all = (selector, within = document) => [...within.querySelectorAll(selector)];

// Safari ends a composition before the key that ended it comes, and names that key 229.
export const isComposing = (event) => event.isComposing || event.keyCode === 229;

/* What scripts show. Pages in English bring no words, because they are in the scripts: langai_site/web/script_words.py. */

const WORDS = JSON.parse(find("#words")?.textContent ?? "{}");

// Values stand in braces: translated("{count} of {all}", { count, all }).
export function translated(text, values = {}) {
  return (WORDS[text] ?? text).replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// Screen readers need not hear the same words twice.
export function announce(words) {
  const announcer = find("#announcer");
  if (announcer.textContent !== words) announcer.textContent = words;
}

/* Notices */

const STAY = 10_000;

function dismissible(toast) {
  const close = document.createElement("button");
  close.type = "button";
  close.className = "ghost";
  close.ariaLabel = translated("Close this notice");
  close.innerHTML = '<svg><use href="#i-close"/></svg>';
  close.addEventListener("click", () => toast.remove());
  toast.append(close);
  if (toast.matches(".error, .warning")) return;
  const leave = () => (toast.matches(":hover, :focus-within") ? setTimeout(leave, STAY) : toast.remove());
  setTimeout(leave, STAY);
}

export function tell(text, kind = "error", link = null) {
  const said = link ? `${text} ${link.words}` : text;
  if (all("#notices p").some((shown) => shown.textContent === said)) return;
  const toast = document.createElement("div");
  toast.className = `toast ${kind}`;
  const paragraph = Object.assign(document.createElement("p"), { textContent: text });
  if (link) paragraph.append(" ", Object.assign(document.createElement("a"), { href: link.href, textContent: link.words }));
  toast.append(paragraph);
  find("#notices").append(toast);
  dismissible(toast);
}

/* Requests that went wrong */

document.addEventListener("htmx:beforeSwap", (event) => {
  const landed = new URL(event.detail.xhr.responseURL || location.href).pathname;
  if (!landed.startsWith("/accounts/login/")) return;
  // Signed out meanwhile: the reload asks for a sign-in, and the draft is still there afterwards.
  event.detail.shouldSwap = false;
  location.reload();
});
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  // The response itself says that something was sent too often.
  if (detail.xhr.status !== 429 || detail.xhr.getResponseHeader("HX-Retarget") !== "#notices") return;
  detail.shouldSwap = true;
  detail.isError = false;
});
document.addEventListener("htmx:sendError", () => {
  // Whoever polls is told by what they see that nothing comes.
  if (!("polling" in document.body.dataset)) tell(translated("The server cannot be reached. Your text is kept; try again in a moment."));
});
document.addEventListener("htmx:responseError", ({ detail: { xhr } }) => {
  if (xhr.status === 403) tell(translated("This page was open for too long. Reload it and try again."));
  else if (xhr.status === 404) tell(translated("This is no longer here. Reload the page."));
  else tell(translated("That did not work. Try again in a moment."));
});

/* What somebody was at may be replaced or go: the focus moves to what stands in its place, never to the page's body. */

const FOCUSABLE = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]";

let focused = null;

const nameOf = (element) => element.ariaLabel ?? element.textContent.trim();

function holdFocus() {
  const element = document.activeElement;
  if (!element || element === document.body) return;
  const places = [];
  for (let place = element; place; place = place.parentElement) if (place.id) places.push(place.id);
  focused = { name: nameOf(element), places };
}

function takeFocus(element) {
  if (!element.matches(FOCUSABLE)) element.tabIndex = -1;
  element.focus({ preventScroll: true });
}

function successor({ name, places }) {
  const toast = all("#notices .toast:has(form)").at(-1);
  if (toast) return toast;
  for (const place of places.map((id) => document.getElementById(id))) {
    if (!place?.checkVisibility()) continue;
    const seen = [place, ...all(FOCUSABLE, place)].filter((each) => each.matches(FOCUSABLE) && each.checkVisibility());
    const same = seen.find((each) => nameOf(each) === name);
    if (same || place.matches("li")) return same ?? seen[0];
    if (place.matches("#thread, #notices, main")) break;
  }
  const text = find("#text");
  return text && !matchMedia("(pointer: coarse)").matches ? text : find("#main");
}

function returnFocus() {
  if (document.activeElement === document.body && focused) takeFocus(successor(focused));
  focused = null;
}

for (const name of ["htmx:beforeSwap", "htmx:oobBeforeSwap"]) document.addEventListener(name, () => (focused ?? holdFocus()));
for (const name of ["htmx:afterSettle", "htmx:wsAfterMessage"]) document.addEventListener(name, returnFocus);

// The button that was pressed is gone: the focus goes to what stands in its place, or back to writing.
document.addEventListener("htmx:afterSettle", ({ target }) => {
  if (document.activeElement !== document.body || !target.matches(".feedback, #next")) return;
  (find("[aria-pressed=true]", target) ?? find("button", target))?.focus();
});
document.addEventListener("htmx:beforeRequest", ({ detail: { elt } }) => elt.matches("#next form[hx-target='#thread']") && find("#text").focus());

/* Conversations are dragged onto folders */

document.addEventListener("dragstart", async ({ target }) => {
  const link = target.closest?.(".row[id] > a, .talk-row > a");
  if (link) (await import("dragging").catch(() => null))?.begin(link);
});

/* Keys: what they do is loaded on first use. */

export const keysAreOn = !("keysOff" in document.body.dataset);
const isMac = navigator.platform.startsWith("Mac");
const FIELDS = "input, textarea, select, [contenteditable]";

// In layouts of other scripts the place of the key counts: there “k” cannot be typed.
const letterOf = ({ key, code }) => (/^[\x20-\x7e]$/.test(key) ? key : code.replace("Key", "")).toLowerCase();

const withCommand = { k: "palette" };
const withCommandAndShift = { o: "startNew", c: "copyLast" };

// What a key asks for; nothing while somebody writes, composes a character, or chooses one with AltGr.
function wished(event) {
  const { key, ctrlKey, metaKey, shiftKey, altKey, target } = event;
  if (!keysAreOn || isComposing(event) || event.getModifierState("AltGraph")) return null;
  const other = isMac ? ctrlKey : metaKey;
  if (isMac ? metaKey : ctrlKey) return altKey || other ? null : (shiftKey ? withCommandAndShift : withCommand)[letterOf(event)];
  const field = target.closest(FIELDS);
  if (other || (field && !(altKey && field.matches("#text") && !field.value)) || find("dialog[open], :popover-open")) return null;
  if (altKey) return shiftKey || !find("#thread .turn") ? null : { ArrowUp: "turnUp", ArrowDown: "turnDown" }[key];
  return { "/": find("#text") && "write", "?": "showKeys" }[key];
}

// What is typed before the list is there, which would stand in the message otherwise; null at any other time.
let early = null;

function toList() {
  const field = find("#go");
  if (field && early) {
    field.value += early;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  early = null;
}

async function press(name) {
  if (early !== null) return;
  if (name === "palette" && !find("#go")) early = "";
  try {
    await (await import("keys"))[name]();
  } catch {
    tell(translated("The server cannot be reached. Try again in a moment."));
  }
  toList();
}

document.addEventListener(
  "keydown",
  (event) => {
    if (early === null || event.ctrlKey || event.metaKey || event.key === "Tab") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (event.key.length === 1) early += event.key;
    else if (event.key === "Backspace") early = early.slice(0, -1);
  },
  true,
);

document.addEventListener("keydown", (event) => {
  const name = wished(event);
  if (!name) return;
  event.preventDefault();
  press(name);
});
document.addEventListener("click", ({ target }) => target.closest("[data-go]") && press("palette"));

/* Start */
// Long after the page is there: nobody waits for it.
addEventListener("load", () => setTimeout(async () => (await import("device")).register(), 5000));
htmx.onLoad((loaded) => loaded.matches(".toast") && dismissible(loaded));
if (isMac && keysAreOn) all(".go kbd").forEach((hint) => (hint.textContent = "⌘K"));
all(".toast").forEach(dismissible);
