// The chat page: the composer, the socket, and what is loaded when it is first used (thoughts, passages, copying, the
// list of models).

import { all, drafts, find, tell } from "app";
import { announceEnded, pin, thread, toStart, watchThread } from "thread";

/* The composer */

const GROWS_ITSELF = CSS.supports("field-sizing", "content");

function measure(field) {
  const max = Number(field.dataset.max);
  const over = field.value.length - max;
  const count = find("#count");
  count.textContent = over > -max / 10 ? `${field.value.length} of ${max}` : "";
  count.classList.toggle("over", over > 0);
  field.setCustomValidity(over > 0 ? `Shorten the message by ${over} characters.` : "");
  if (GROWS_ITSELF) return;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}

function sayAsked() {
  const picker = find("#asked");
  if (!picker) return;
  const scope = find("[type=radio]:checked", picker)?.value;
  const boxes = all("[type=checkbox]", picker);
  const ticked = boxes.filter((box) => box.checked).length;
  const some = ticked ? `${ticked} of ${boxes.length} collections` : "No documents";
  find("#asked-words").textContent = { all: "All documents", some }[scope] ?? "No documents";
}

function setUpComposer() {
  const form = find("#composer");
  if (!form) return;
  const field = form.elements.text;
  field.value ||= drafts.read(form.dataset.draft);
  measure(field);
  field.addEventListener("input", () => {
    drafts.keep(form.dataset.draft, field.value);
    measure(field);
  });
  sayAsked();
  find("#asked")?.addEventListener("change", sayAsked);
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || matchMedia("(pointer: coarse)").matches) return;
    event.preventDefault();
    if (field.value.trim()) form.requestSubmit();
  });
}

function sent({ detail: { elt, xhr, requestConfig } }) {
  if (elt.id !== "composer" || !xhr.status || xhr.status >= 400 || xhr.getResponseHeader("HX-Retarget") === "#notices") return;
  pin();
  // Text that was typed meanwhile is the next draft.
  if (elt.elements.text.value !== requestConfig.parameters.text) return;
  drafts.drop(elt.dataset.draft);
  elt.elements.text.value = "";
  measure(elt.elements.text);
  find("#preview").replaceChildren();
}

// The preview's details stay open while somebody continues to write.
let explained = false;

function remember({ detail: { target } }) {
  if (target.id === "preview") explained = Boolean(find("details[open]", target));
}

function reopen({ detail: { target } }) {
  if (target.id === "preview" && explained) find("details", target)?.setAttribute("open", "");
}

document.addEventListener("htmx:afterRequest", sent);
document.addEventListener("htmx:beforeSwap", remember);
document.addEventListener("htmx:afterSwap", reopen);

/* Copying */

function addCopyButtons(within) {
  for (const block of all(".code", within)) {
    if (block.closest(".open") || find("button", block)) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "ghost copy-code";
    button.dataset.copy = "";
    button.ariaLabel = "Copy the code";
    button.innerHTML = '<svg><use href="#i-copy"/></svg>';
    block.append(button);
  }
}

/* Clicks and keys */

// What acts only after a click is loaded on the first one.
async function load(module) {
  try {
    return await import(module);
  } catch {
    tell("The server cannot be reached. Try again in a moment.");
  }
}

const openPanel = async (link) => (await load("panel"))?.open(link);
const closePanel = async () => (await load("panel"))?.close();
const copy = async (button) => (await load("copying"))?.copy(button);

document.addEventListener("click", (event) => {
  const plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button);
  const passage = event.target.closest("a.cite, a[data-panel]");
  const button = event.target.closest("[data-copy], [data-close]");
  if (passage && plain && find("#source")) {
    event.preventDefault();
    openPanel(passage);
  } else if (button?.matches("[data-close]")) {
    closePanel();
  } else if (button) {
    copy(button);
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing || find(":popover-open")) return;
  if (find("#source")?.childNodes.length) closePanel();
  else if (!event.repeat) all(".turn.live .stop").at(-1)?.click();
});

/* The socket: quick to come back. Where it cannot be opened, live answers are requested once a second. */

let connected = false;
let failures = 0;
let polling = null;
let opening = null;

const BACK_OFF = [200, 500, 1000, 2000];
const TRIES = 3;
const OPENS_WITHIN = 4000;
const RECONNECTED_BY_HTMX = [1006, 1011, 1012, 1013];
const REFUSED = 4400;
const SIGNED_OUT = 4401;
const NOT_YOURS = 4404;
const TOO_MANY = 4429;

const delay = (attempt) => BACK_OFF[Math.min(attempt, BACK_OFF.length - 1)] * (1 + Math.random() / 4);

function poll() {
  for (const turn of all(".turn.live[data-reply]")) {
    htmx.ajax("GET", turn.dataset.reply, { target: turn, swap: "outerHTML" }).catch(() => {});
  }
}

function startPolling() {
  polling ??= setInterval(poll, 1000);
  document.body.dataset.polling = "";
}

function stopPolling() {
  polling = clearInterval(polling) ?? null;
  delete document.body.dataset.polling;
}

function socketOpened() {
  connected = true;
  failures = 0;
  clearTimeout(opening);
  stopPolling();
}

// The end of watching is final: nothing is requested again, and the composer's text stays.
function watchingEnded(code) {
  stopPolling();
  // A page that caused this itself is already leaving and needs no notice.
  setTimeout(() => {
    if (code === SIGNED_OUT) {
      const href = `/accounts/login/?next=${encodeURIComponent(location.pathname)}`;
      tell("You are signed out here. What you were writing is kept.", "error", { href, words: "Sign in again" });
    } else {
      tell("This conversation was deleted, or is not yours.", "error", { href: "/", words: "Start a new chat" });
    }
  }, 1000);
}

function socketClosed({ detail: { event, socketWrapper } }) {
  connected = false;
  clearTimeout(opening);
  failures += 1;
  if (event.code === SIGNED_OUT || event.code === NOT_YOURS) return watchingEnded(event.code);
  if (failures >= TRIES || event.code === TOO_MANY) startPolling();
  if (event.code < REFUSED && !RECONNECTED_BY_HTMX.includes(event.code)) {
    setTimeout(socketWrapper.reconnect, delay(failures));
  }
}

// A socket says what the page shows now and gets what is missing, even an hour after the page was loaded.
function currentSocket(address) {
  const last = all(".turn", thread()).at(-1);
  const url = new URL(address);
  if (last) url.searchParams.set("shown", last.dataset.state ?? last.id.slice(2));
  return new WebSocket(url);
}

htmx.createWebSocket = currentSocket;
htmx.config.wsReconnectDelay = delay;
document.addEventListener("htmx:wsConnecting", () => {
  clearTimeout(opening);
  opening = setTimeout(startPolling, OPENS_WITHIN);
});
document.addEventListener("htmx:wsOpen", socketOpened);
document.addEventListener("htmx:wsClose", socketClosed);
// An open socket draws the response to a post; without a socket the post itself brings the new thread.
document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (connected) detail.headers["X-Socket"] = "open";
});

/* The choice of the model: a button that opens a list stands in for the plain field, which stays the form's own. */

const model = document.querySelector("select#model");
const chooser = document.querySelector("#model-button");

function nameModel() {
  chooser.querySelector(".words").textContent = model.selectedOptions[0]?.text ?? "";
}

function showChooser(isShown) {
  const place = model.parentElement;
  chooser.hidden = !isShown;
  place.className = isShown ? "unseen" : "pick";
  place.ariaHidden = isShown ? "true" : null;
  model.tabIndex = isShown ? -1 : 0;
}

// Where the list cannot be had, the plain field can still be used.
function useField() {
  showChooser(false);
  model.focus();
}

async function loadList(event) {
  event.preventDefault();
  try {
    await import("models");
    chooser.click();
  } catch {
    useField();
  }
}

if (chooser) {
  nameModel();
  showChooser(true);
  chooser.addEventListener("click", loadList, { once: true });
  chooser.addEventListener("unavailable", useField);
  model.addEventListener("change", nameModel);
  // Browsers put back what was chosen before a reload.
  addEventListener("pageshow", nameModel);
}

/* Start */

async function showThinking() {
  if (find(".thinking", thread())) (await load("thinking"))?.countThinking();
}

htmx.onLoad((loaded) => {
  addCopyButtons(loaded.parentElement ?? loaded);
  if (!loaded.matches(".thinking, .turn")) return;
  showThinking();
  announceEnded();
});
setUpComposer();
watchThread();
showThinking();
toStart();
