// What the keyboard shortcuts do, and the list of places and actions; app.js loads it with the first of them.

import { all, announce, find, tell, translated } from "app";

const address = find("[data-go]").dataset.go;
const dialog = document.createElement("dialog");
// By itself htmx waits 20 ms before it hears what is typed into a new field.
const AT_ONCE = "innerHTML settle:0ms";

Object.assign(dialog, { id: "palette", className: "palette" });
document.body.append(dialog);

/* The dialog: its content comes from the server, with its style sheet. */

async function style(sheet) {
  if (document.head.querySelector(`link[href="${sheet.getAttribute("href")}"]`)) return sheet.remove();
  await new Promise((done) => {
    for (const end of ["load", "error"]) sheet.addEventListener(end, done);
    document.head.append(sheet);
  });
}

async function open(url, label) {
  dialog.ariaLabel = label;
  await htmx.ajax("GET", url, { target: dialog, swap: AT_ONCE }).catch(() => {});
  const sheet = find("link", dialog);
  if (!sheet) return;
  await style(sheet);
  if (!dialog.open) dialog.showModal();
  find("[autofocus]", dialog)?.focus();
}

export async function palette() {
  if (find("#go", dialog) && dialog.open) return dialog.close();
  await open(address, translated("Go to"));
  mark(options()[0], { isQuiet: true });
}

export function showKeys() {
  open(`${address}keys/`, translated("Keyboard shortcuts"));
}

dialog.addEventListener("close", () => {
  // What is still being looked up would find no list to go into.
  if (find("#go", dialog)) htmx.trigger(find("#go", dialog), "htmx:abort");
  dialog.replaceChildren();
});

/* The list: the field keeps the focus, and one option is marked. */

const options = () => all("[role=option]", dialog);
const marked = () => find("[aria-selected=true]", dialog);

function mark(option, { isQuiet = false } = {}) {
  if (marked()) marked().ariaSelected = "false";
  const field = find("#go", dialog);
  if (!option) return field?.removeAttribute("aria-activedescendant");
  option.ariaSelected = "true";
  option.scrollIntoView({ block: "nearest" });
  field.setAttribute("aria-activedescendant", option.id);
  if (!isQuiet) find("#go-count", dialog).textContent = translated("{count} of {all}", {
    count: option.ariaPosInSet, all: option.ariaSetSize,
  });
}

function move(step) {
  const list = options();
  const at = list.indexOf(marked());
  mark(list.at((at + step + (at < 0 && step < 0 ? 1 : 0)) % list.length));
}

async function setTheme({ dataset: { theme } }) {
  const done = await fetch(dialog.querySelector("[data-theme-url]").dataset.themeUrl, {
    method: "POST",
    headers: { "X-CSRFToken": JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"], "HX-Request": "true" },
    body: new URLSearchParams({ theme }),
  }).catch(() => null);
  if (done?.status !== 204) return tell(translated("The theme could not be stored. Try again in a moment."));
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  announce(translated("The theme is changed."));
}

async function choose(option) {
  if (option.matches("a")) return;
  dialog.close();
  if ("theme" in option.dataset) await setTheme(option);
  else showKeys();
}

dialog.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229 || !find("#go", dialog)) return;
  const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
  if (step && options().length) {
    event.preventDefault();
    move(step);
  } else if (event.key === "Enter") {
    event.preventDefault();
    const option = marked();
    // With Ctrl or ⌘ a place opens in another tab, as a click would.
    option?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, ctrlKey: event.ctrlKey, metaKey: event.metaKey }));
  }
});
dialog.addEventListener("click", (event) => {
  const option = event.target.closest("[role=option]:not(a)");
  if (option) choose(option);
  else if (event.target === dialog || event.target.closest("[data-shut]")) dialog.close();
});
dialog.addEventListener("htmx:afterSwap", ({ target }) => target.id === "go-list" && mark(options()[0], { isQuiet: true }));

/* The other keys */

export function startNew() {
  location.assign("/");
}

export function copyLast() {
  const button = all("#thread [data-copy=markdown]").filter((each) => !each.closest("[popover]")).at(-1);
  if (button) button.click();
  else tell(translated("There is no answer to copy here."), "warning");
}

export function write() {
  find("#text").focus();
}

async function toTurn(step) {
  const turns = all("#thread .turn:not(.pending)");
  const top = find("#scroller").getBoundingClientRect().top;
  const focused = turns.indexOf(document.activeElement?.closest(".turn"));
  // Without a focus among them: from the one that the window begins with.
  const shown = turns.findLastIndex((turn) => turn.getBoundingClientRect().top <= top + 24);
  const from = focused < 0 ? shown + (step < 0 && turns[shown]?.getBoundingClientRect().top < top - 24 ? 1 : 0) : focused;
  const turn = turns[Math.min(Math.max(from + step, 0), turns.length - 1)];
  (await import("thread")).unpin();
  turn.tabIndex = -1;
  turn.focus({ preventScroll: true });
  turn.scrollIntoView({ block: "start" });
}

export const turnUp = () => toTurn(-1);
export const turnDown = () => toTurn(1);

// Where the focus is, or else the last message that has versions.
export function switchVersion(key) {
  const here = document.activeElement?.closest(".turn");
  const versions = (here && find(".siblings", here)) ?? all("#thread .siblings").at(-1);
  // By their icons: their names are in the page's language.
  find(`use[href="#i-${key === "ArrowLeft" ? "left" : "right"}"]`, versions ?? document.createElement("p"))?.closest("a, button").click();
}
