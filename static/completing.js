// The lists that "/" and "@" open while somebody writes a message: their prompts, and assistants. chat.js loads it
// with the first of them. The focus stays in the message; one option is marked.

import { all, announce, find, isComposing, translated } from "app";

const field = find("#text");
const list = document.createElement("div");
const dialog = document.createElement("dialog");
const NAMES = { "/": translated("Prompts"), "@": translated("Assistants") };
const ADDRESSES = { "/": "/prompts/offered/", "@": "/assistants/offered/" };
const PAGE = 8;
// The sign stands where a word begins, and ends where the caret is: not within a path or an address.
const TYPED = /(?:^|\s)([/@])([\p{L}\p{N}_-]*)$/u;

// The sign whose list is there or on its way, and where the sign stands that Escape has closed the list of.
let listed = { sign: "", ready: Promise.resolve() };
let dismissed = -1;
let active = null;
// What the chosen option replaces.
let place = null;

const options = () => all("[role=option]", list);
const shown = () => options().filter((option) => !option.hidden);
const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

function addElements() {
  Object.assign(list, { id: "offers", className: "offers", hidden: true, role: "listbox", tabIndex: -1 });
  Object.assign(dialog, { className: "use" });
  dialog.setAttribute("aria-labelledby", "use-title");
  field.before(list);
  document.body.append(dialog);
}

/* What is typed, and what fits it */

function typed() {
  const { value, selectionStart: end, selectionEnd } = field;
  const found = end === selectionEnd && /^(?:\s|$)/.test(value.slice(end)) ? TYPED.exec(value.slice(0, end)) : null;
  if (!found) return null;
  return { sign: found[1], word: plain(found[2]), start: end - found[2].length - 1, end };
}

function isMatch(option, word) {
  return plain(`${option.dataset.word} ${option.textContent}`).split(/[^\p{L}\p{N}_-]+/u).some((part) => part.startsWith(word));
}

export async function offer() {
  const now = typed();
  if (!now) dismissed = -1;
  if (!now || now.start === dismissed) return close();
  // Somebody may type on meanwhile.
  if (await load(now.sign)) show(typed());
}

async function style(sheet) {
  if (document.head.querySelector(`link[href="${sheet.getAttribute("href")}"]`)) return sheet.remove();
  await new Promise((done) => {
    for (const end of ["load", "error"]) sheet.addEventListener(end, done);
    document.head.append(sheet);
  });
}

function load(sign) {
  if (listed.sign !== sign) listed = { sign, ready: listed.ready.then(() => fill(sign)) };
  return listed.ready;
}

async function fill(sign) {
  await htmx.ajax("GET", ADDRESSES[sign], { target: list, swap: "innerHTML" }).catch(() => {});
  const sheet = find("link", list);
  // What went wrong is told by app.js.
  if (!sheet) {
    listed.sign = "";
    return false;
  }
  await style(sheet);
  list.ariaLabel = NAMES[sign];
  options().forEach((option, index) => (option.id = `offer-${index}`));
  return true;
}

function show(now) {
  if (!now || now.sign !== listed.sign) return close();
  for (const option of options()) option.hidden = !isMatch(option, now.word);
  const found = shown();
  found.forEach((option, index) => Object.assign(option, { ariaPosInSet: index + 1, ariaSetSize: found.length }));
  find(".none", list).hidden = found.length > 0;
  // With nothing to choose, whatever follows the sign is meant as it is written.
  if (!found.length && now.word) return close();
  place = now;
  list.hidden = false;
  for (const [name, value] of [["aria-controls", list.id], ["aria-autocomplete", "list"], ["aria-haspopup", "listbox"]]) {
    field.setAttribute(name, value);
  }
  mark(found.find((option) => plain(option.dataset.word).startsWith(now.word)) ?? found[0]);
}

function close() {
  list.hidden = true;
  mark(null);
  for (const name of ["aria-controls", "aria-autocomplete", "aria-haspopup"]) field.removeAttribute(name);
}

function mark(option) {
  if (active) active.ariaSelected = "false";
  active = option ?? null;
  if (!active) return field.removeAttribute("aria-activedescendant");
  active.ariaSelected = "true";
  active.scrollIntoView({ block: "nearest" });
  field.setAttribute("aria-activedescendant", active.id);
  announce(translated("{name}, {place} of {all}", {
    name: active.textContent.replace(/\s+/g, " ").trim(), place: active.ariaPosInSet, all: active.ariaSetSize,
  }));
}

function move(step) {
  const found = shown();
  const at = found.indexOf(active) + step;
  // By pages it stops at the ends; by single steps it goes round.
  mark(Math.abs(step) > 1 ? found[Math.max(0, Math.min(at, found.length - 1))] : found.at(at % found.length));
}

/* Choosing */

function choose(option) {
  close();
  if (place.sign === "@") return useAssistant(option);
  usePrompt(option.dataset.use);
}

function insert(text) {
  const sign = field.value.slice(place.start, place.end);
  const isThere = plain(sign.slice(1)) === place.word && sign[0] === place.sign;
  const [start, end] = isThere ? [place.start, place.end] : [field.selectionStart, field.selectionEnd];
  field.setRangeText(text, start, end, "end");
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

async function usePrompt(address) {
  // Escape closes the form and forgets nothing that was filled in.
  if (dialog.dataset.use === address && find("form", dialog)) return dialog.showModal();
  dialog.dataset.use = address;
  dialog.replaceChildren();
  await htmx.ajax("GET", address, { target: dialog, swap: "innerHTML settle:0ms" }).catch(() => {});
}

function filled({ target }) {
  if (target !== dialog) return;
  const text = find("[data-filled]", dialog);
  if (!text) {
    if (!dialog.open) dialog.showModal();
    return (find("[aria-invalid]", dialog) ?? find("[autofocus]", dialog))?.focus();
  }
  const { value } = text;
  dialog.replaceChildren();
  dialog.close();
  insert(value);
}

// Made here where the page has none, like templates/chat/assistant_chip.html.
function chip() {
  const known = find("#assistant");
  if (known) return known;
  const made = Object.assign(document.createElement("div"), { id: "assistant", className: "chip" });
  made.append(Object.assign(document.createElement("input"), { type: "hidden", name: "assistant" }));
  field.closest(".box").before(made);
  return made;
}

function setAssistant(id, ...parts) {
  const made = chip();
  const input = find("input", made);
  input.value = id;
  made.replaceChildren(input, ...parts);
  made.hidden = !id;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

function useAssistant({ dataset }) {
  insert("");
  const link = Object.assign(document.createElement("a"), { href: dataset.page, textContent: dataset.title, dir: "auto" });
  const button = Object.assign(document.createElement("button"), { type: "button", className: "ghost", title: translated("Answer without this assistant") });
  button.ariaLabel = button.title;
  button.dataset.drop = "";
  button.innerHTML = '<svg><use href="#i-close"/></svg>';
  setAssistant(dataset.id, link, button);
  announce(translated("{name} answers your next messages.", { name: dataset.title }));
}

export function dropAssistant() {
  setAssistant("");
  announce(translated("The next messages are answered without an assistant."));
  field.focus();
}

/* Keys and clicks */

function pressed(event) {
  if (list.hidden || isComposing(event) || event.ctrlKey || event.metaKey || event.altKey) return;
  const step = { ArrowDown: 1, ArrowUp: -1, PageDown: PAGE, PageUp: -PAGE }[event.key];
  if (event.key === "Escape") {
    dismissed = place.start;
    close();
  } else if (step && active && !event.shiftKey) {
    move(step);
  } else if (["Enter", "Tab"].includes(event.key) && active && !event.shiftKey) {
    choose(active);
  } else {
    return;
  }
  event.preventDefault();
  event.stopPropagation();
}

field.addEventListener("keydown", pressed);
field.addEventListener("input", (event) => event.isComposing || offer());
field.addEventListener("compositionend", offer);
field.addEventListener("click", offer);
field.addEventListener("blur", close);
list.addEventListener("mousedown", (event) => event.preventDefault());
list.addEventListener("click", ({ target }) => target.closest("[role=option]") && choose(target.closest("[role=option]")));
// Not before htmx has settled: it would still move the focus, away from where somebody writes by then.
dialog.addEventListener("htmx:afterSettle", filled);
dialog.addEventListener("click", ({ target }) => (target === dialog || target.closest("[data-shut]")) && dialog.close());
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  // A prompt or an assistant may be new.
  if (detail.elt.id === "composer") listed.sign = "";
});

addElements();
