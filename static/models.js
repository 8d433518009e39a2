// The list of models, which chat.js loads when somebody opens it for the first time.

import { translated } from "app";

const field = document.querySelector("select#model");
const button = document.querySelector("#model-button");
const panel = document.createElement("div");
const PAGE = 8;

let fresh = false;
let options = [];
let texts = new Map();
let active = null;

const find = (selector) => panel.querySelector(selector);
const shown = () => options.filter((option) => !option.hidden);
const chosen = () => options.find((option) => option.dataset.model === field.value);
const onTouch = () => matchMedia("(pointer: coarse)").matches;
// Without accents and case: what somebody types is seldom exact.
const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

function addPanel() {
  Object.assign(panel, { id: "models", className: "options models", popover: "auto", role: "dialog", tabIndex: -1 });
  panel.ariaLabel = translated("Choose a model");
  document.body.append(panel);
}

/* The list comes when it is opened for the first time, and again after a message, which changes what is recent. */

async function style(sheet) {
  if (document.head.querySelector(`link[href="${sheet.getAttribute("href")}"]`)) return sheet.remove();
  await new Promise((done) => {
    for (const end of ["load", "error"]) sheet.addEventListener(end, done);
    document.head.append(sheet);
  });
}

async function load() {
  button.ariaBusy = "true";
  try {
    await htmx.ajax("GET", field.dataset.list, { target: panel, swap: "innerHTML" });
    const sheet = find("link");
    if (!sheet) return false;
    await style(sheet);
  } catch {
    // What went wrong is told by app.js.
    return false;
  } finally {
    button.ariaBusy = null;
  }
  setUp();
  return true;
}

function setUp() {
  options = [...panel.querySelectorAll("[role=option]")];
  texts = new Map(options.map((option) => [option, plain(`${option.textContent} ${option.dataset.model}`)]));
  options.forEach((option, index) => (option.id = `model-${index}`));
  find("input").addEventListener("input", filter);
  // On a touch screen the keyboard would cover the list before anything is typed.
  (onTouch() ? panel : find("input")).autofocus = true;
  fresh = true;
}

async function open(event) {
  if (fresh || panel.matches(":popover-open")) return;
  event.preventDefault();
  if (button.ariaBusy) return;
  if (await load()) button.click();
  else button.dispatchEvent(new Event("unavailable"));
}

/* Searching and moving */

function activate(option) {
  active?.classList.remove("active");
  active = option ?? null;
  active?.classList.add("active");
  if (active) find("input").setAttribute("aria-activedescendant", active.id);
  else find("input").removeAttribute("aria-activedescendant");
  active?.scrollIntoView({ block: "nearest" });
}

const matchWords = (count, all) =>
  count ? translated("{count} of {all} match", { count, all }) : translated("None of {all} match", { all });

function filter() {
  const words = plain(find("input").value).split(/\s+/).filter(Boolean);
  for (const option of options) option.hidden = !words.every((word) => texts.get(option).includes(word));
  for (const group of panel.querySelectorAll("[role=group]")) {
    group.hidden = !group.querySelector("[role=option]:not([hidden])");
  }
  const found = shown();
  const all = options.length;
  find(".none").hidden = found.length > 0;
  find("[role=status]").textContent = words.length ? matchWords(found.length, all) : translated("{all} choices", { all });
  activate(words.length ? found[0] : (chosen() ?? found[0]));
}

function move(to) {
  const found = shown();
  const at = found.indexOf(active);
  const places = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + PAGE, PageUp: at - PAGE, Home: 0, End: Infinity };
  activate(found[Math.max(0, Math.min(places[to], found.length - 1))]);
}

/* Choosing */

function close() {
  panel.hidePopover();
  button.focus();
}

function choose(option) {
  const name = option.dataset.model;
  const isNew = name !== field.value;
  // A model that was connected after the page was loaded.
  if (![...field.options].some(({ value }) => value === name)) {
    field.add(new Option(option.querySelector("b").textContent, name));
  }
  field.value = name;
  close();
  if (isNew) field.dispatchEvent(new Event("change", { bubbles: true }));
}

function pressed(event) {
  if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Tab") {
    // The focus moves on from the button.
    close();
  } else if (event.key === "Enter" && !event.target.closest("button")) {
    event.preventDefault();
    if (active) choose(active);
  } else if (/^(Arrow(Down|Up)|Page(Down|Up)|Home|End)$/.test(event.key) && !event.shiftKey) {
    event.preventDefault();
    move(event.key);
  }
}

function toggled({ newState }) {
  const isOpen = newState === "open";
  button.ariaExpanded = String(isOpen);
  if (!isOpen) return;
  for (const option of options) option.ariaSelected = String(option === chosen());
  active?.scrollIntoView({ block: "center" });
}

function listen() {
  button.addEventListener("click", open);
  button.addEventListener("keydown", (event) => {
    if (!/^Arrow(Down|Up)$/.test(event.key)) return;
    event.preventDefault();
    button.click();
  });
  panel.addEventListener("beforetoggle", ({ newState }) => {
    if (newState !== "open") return;
    find("input").value = "";
    filter();
  });
  panel.addEventListener("toggle", toggled);
  panel.addEventListener("keydown", pressed);
  // The focus stays in the search field.
  panel.addEventListener("mousedown", (event) => event.target.closest("[role=option]") && event.preventDefault());
  panel.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) choose(option);
  });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (detail.elt.id === "composer") fresh = false;
  });
}

addPanel();
listen();
