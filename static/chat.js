// The chat page: its composer, and what is loaded on first use: thoughts, passages, copying, the list of models.

import { all, drafts, find, isComposing, keysAreOn, tell, translated } from "app";
import { announceEnded, pin, thread, toStart, watchThread } from "thread";

/* The composer */

// Characters.
const LONG_PASTE = 4000;
const GROWS_ITSELF = CSS.supports("field-sizing", "content");

const tooLong = (over) =>
  over === 1 ? translated("Shorten the message by 1 character.") : translated("Shorten the message by {over} characters.", { over });

function measure(field) {
  const max = Number(field.dataset.max);
  // As the server counts: characters, not the two halves in which JavaScript keeps an emoji.
  const { length } = [...field.value];
  const over = length - max;
  const count = find("#count");
  count.textContent = over > -max / 10 ? translated("{count} of {all}", { count: length, all: max }) : "";
  count.classList.toggle("over", over > 0);
  field.setCustomValidity(over > 0 ? tooLong(over) : "");
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
  const some = ticked ? translated("{count} of {all} collections", { count: ticked, all: boxes.length }) : translated("No documents");
  find("#asked-words").textContent = { all: translated("All documents"), some }[scope] ?? translated("No documents");
}

// Where the window is low, the choices of the composer are folded away.
function fold(button) {
  button.ariaExpanded = String(button.ariaExpanded !== "true");
}

/* Each message has a key: sent again because its response was lost, it is stored once. It changes once it got through. */

const keyPlace = (form) => `${form.dataset.draft}.once`;

function renewKey(form) {
  form.elements.once.value = [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16)).join("-");
  drafts.drop(keyPlace(form));
}

// Pictures and files become attachments, and so does a text that is too long to be read in the box.
function paste(event) {
  const { files, types } = event.clipboardData;
  const text = event.clipboardData.getData("text/plain");
  const pasted = [...files];
  if (text.length <= LONG_PASTE && (text || types.includes("text/plain") || !pasted.length)) return;
  event.preventDefault();
  attaching((module) => (text ? module.addText(text) : module.add(pasted)));
}

async function attaching(work) {
  const module = await load("attaching");
  if (module) work(module);
}

// The list is on its way: Enter is meant for it.
let isOffering = false;

async function offer() {
  isOffering = true;
  await (await load("completing"))?.offer();
  isOffering = false;
}

function setUpComposer() {
  const form = find("#composer");
  if (!form) return;
  const field = form.elements.text;
  field.value ||= drafts.read(form.dataset.draft);
  form.elements.once.value = (field.value && drafts.read(keyPlace(form))) || form.elements.once.value;
  // Behind what the address began the question with.
  if (field.value && document.activeElement === field) field.setSelectionRange(field.value.length, field.value.length);
  measure(field);
  field.addEventListener("input", () => {
    drafts.keep(form.dataset.draft, field.value);
    measure(field);
    // What these offer; once loaded, the module listens itself.
    if (/(?:^|\s)[/@]$/.test(field.value.slice(0, field.selectionStart))) offer();
  });
  sayAsked();
  find("#asked")?.addEventListener("change", sayAsked);
  field.addEventListener("paste", paste);
  form.addEventListener("submit", () => pending && tell(translated("Your last message is still being sent. Send this one once it is there."), "warning"));
  if (drafts.read(`${form.dataset.draft}.files`)) load("attaching");
}

// In the composer and where a message is edited. On a touch screen Enter begins a new line.
document.addEventListener("keydown", (event) => {
  const { target, key, shiftKey } = event;
  if (key !== "Enter" || shiftKey || !target.matches("#text, .editing textarea:not([data-long])")) return;
  if (isComposing(event) || matchMedia("(pointer: coarse)").matches) return;
  event.preventDefault();
  if (target.value.trim() && !(isOffering && /(?:^|\s)[/@]\S*$/.test(target.value))) target.form.requestSubmit();
});

/* A message is shown at once as being sent. If it does not get through, it stands in the composer again. */

let pending = null;

function sending({ detail: { elt, requestConfig } }) {
  if (elt.id !== "composer") return;
  const { text } = requestConfig.parameters;
  pending = document.createElement("article");
  pending.className = "turn mine pending";
  const said = Object.assign(document.createElement("div"), { className: "said", dir: "auto", textContent: text.trim() });
  pending.append(said, Object.assign(document.createElement("p"), { className: "state", textContent: translated("Sending…") }));
  thread().append(pending);
  elt.elements.text.value = "";
  measure(elt.elements.text);
  pin();
}

function isAccepted(xhr) {
  return xhr.status > 0 && xhr.status < 400 && xhr.getResponseHeader("HX-Retarget") !== "#notices";
}

function sent({ detail: { elt, xhr, requestConfig } }) {
  if (elt.id !== "composer") return;
  const field = elt.elements.text;
  if (!isAccepted(xhr)) return notSent(field, requestConfig.parameters.text);
  renewKey(elt);
  // Text that was typed meanwhile is the next draft.
  if (field.value) drafts.keep(elt.dataset.draft, field.value);
  else drafts.drop(elt.dataset.draft);
  find("#preview").replaceChildren();
}

function notSent(field, text) {
  // It was stored and drawn: only the response was lost.
  if (!pending) return renewKey(field.form);
  arrived();
  drafts.keep(keyPlace(field.form), field.form.elements.once.value);
  field.value = field.value ? `${text}\n\n${field.value}` : text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
}

function arrived() {
  pending?.remove();
  pending = null;
}

// The preview's details stay open while somebody continues to write.
let explained = false;

const isPreview = ({ detail: { target } }) => target.id === "preview";
const remember = (event) => isPreview(event) && (explained = Boolean(find("details[open]", event.detail.target)));
const reopen = (event) => isPreview(event) && explained && find("details", event.detail.target)?.setAttribute("open", "");

// The message follows what this page shows, whatever another tab has chosen meanwhile.
document.addEventListener("htmx:configRequest", ({ detail: { elt, parameters } }) => {
  const last = all("#thread > .turn:not(.pending)").at(-1);
  if (elt.id === "composer" && last) parameters.after = last.id.slice(2);
});
document.addEventListener("htmx:beforeRequest", sending);
document.addEventListener("htmx:afterRequest", sent);
document.addEventListener("htmx:beforeSwap", remember);
document.addEventListener("htmx:afterSwap", reopen);

/* Clicks and keys */

// What acts only after a click is loaded on the first one.
async function load(module) {
  try {
    return await import(module);
  } catch {
    tell(translated("The server cannot be reached. Try again in a moment."));
  }
}

const openPanel = async (link) => (await load("panel"))?.open(link);
const closePanel = async () => (await load("panel"))?.close();
const copy = async (button) => (await load("copying"))?.copy(button);

let again = null;

// A choice before the module is there would be lost: the first click waits for it.
async function openAgain(event, button) {
  if (again) return again.open(button);
  event.preventDefault();
  again = await load("again");
  // It may have been clicked twice.
  if (again && !find("#again:popover-open")) button.click();
}

// Above public, voices that are not on this device may not read.
const isPublic = () => Boolean(find("#label .label.public"));

function offerAloud() {
  const voices = globalThis.speechSynthesis?.getVoices() ?? [];
  thread()?.classList.toggle("speaks", voices.some((voice) => voice.localService || isPublic()));
}

const readAloud = async (button) => (await load("aloud"))?.toggle(button, isPublic());

// Buttons of code and tables.
async function equip(within) {
  if (find(".code, .table, math[display=block]", within)) (await load("code"))?.equip(within);
}

// Stops the newest answer; the button in the composer does it too, and goes away with that.
function stop() {
  all(".turn.live .stop").at(-1)?.click();
  find("#text")?.focus();
}

const ACTIONS = [
  ["[data-close]", closePanel],
  ["[data-copy]", copy],
  ["[data-again]", (button, event) => openAgain(event, button)],
  ["[data-aloud]", readAloud],
  ["#halt", stop],
  ["[data-drop]", async () => (await load("completing"))?.dropAssistant()],
  ["#compare", async () => (await load("comparing"))?.open()],
  ["#attach", () => attaching((module) => module.choose())],
  ["#fold", fold],
];

document.addEventListener("click", (event) => {
  const plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button);
  const passage = event.target.closest("a.cite, a[data-panel]");
  if (passage && plain && find("#source")) {
    event.preventDefault();
    return openPanel(passage);
  }
  const [selector, act] = ACTIONS.find(([one]) => event.target.closest(one)) ?? [];
  act?.(event.target.closest(selector), event);
});

// The module that takes what is dropped, and the styles of files that are there already, are loaded when needed.
document.addEventListener("dragenter", ({ dataTransfer }) => {
  if (dataTransfer?.types.includes("Files") && find("#attached")) load("attaching");
});

function escape({ target, repeat }) {
  // In other fields it does what the browser does with it.
  if (target.matches("input, textarea, select") && !target.matches("#text, .editing textarea")) return;
  const editing = target.closest(".editing") ?? find(".editing");
  if (find("#source")?.childNodes.length) closePanel();
  else if (editing) find(".cancel", editing).click();
  else if (!repeat && find(".turn.live .stop")) stop();
}

// Up in an empty message edits the last one.
function editLast(event) {
  const link = all("#thread .mine .edit").at(-1);
  if (!link) return;
  event.preventDefault();
  link.click();
}

async function switchVersion(event) {
  if (!find("#thread .siblings")) return;
  event.preventDefault();
  (await load("keys"))?.switchVersion(event.key);
}

document.addEventListener("keydown", (event) => {
  if (isComposing(event) || find(":popover-open") || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const isWriting = event.target.matches("input, textarea, select") && event.target.value !== "";
  if (event.key === "Escape") return escape(event);
  if (!keysAreOn) return;
  if (event.key === "ArrowUp" && !event.altKey && event.target.matches("#text") && !isWriting) editLast(event);
  else if (event.altKey && !isWriting && /^Arrow(Left|Right)$/.test(event.key)) switchVersion(event);
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

function toEnd(field) {
  field.focus();
  field.setSelectionRange(field.value.length, field.value.length);
}

const showThinking = async () => find(".thinking", thread()) && (await load("thinking"))?.countThinking();

htmx.onLoad((loaded) => {
  if (loaded.matches(".editing")) toEnd(find("textarea", loaded));
  equip(loaded.parentElement ?? loaded);
  offerAloud();
  if (!loaded.matches(".thinking, .turn")) return;
  showThinking();
  announceEnded();
});
setUpComposer();
globalThis.speechSynthesis?.addEventListener?.("voiceschanged", offerAloud);
if (find("#attached .file")) load("attaching");
if (thread()) {
  // What comes after the message that is being sent is that message, and its answer.
  new MutationObserver(() => pending?.nextElementSibling && arrived()).observe(thread(), { childList: true });
}
// Opened before this script could hear for which answer.
find("#again:popover-open")?.hidePopover();
watchThread();
showThinking();
toStart();
