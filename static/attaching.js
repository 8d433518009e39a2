// The files of a message: chosen, dropped on the page or pasted, and texts that are too long to be pasted. They are
// uploaded at once; the server's chip of a file then asks for its state by itself.

import { all, announce, drafts, find, tell, translated } from "app";

const AT_ONCE = 2;
// Bytes. What is larger is sent in parts.
const LARGE = 10 * 1024 * 1024;
// As chat/pages/file_chips.py knows it.
const PASTED = translated("Pasted text");
const form = find("#composer");
const list = find("#attached");
const field = find("#text");
const most = Number(list.dataset.most);
const waiting = [];
const running = new Set();

if (!find(`link[href="${list.dataset.styles}"]`)) {
  document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: list.dataset.styles }));
}

const picker = Object.assign(document.createElement("input"), { type: "file", multiple: true, hidden: true });
// Phones offer their camera, and give a JPEG of what they keep in formats of their own.
picker.accept = "image/jpeg,image/png,image/webp,image/gif,*/*";
picker.addEventListener("change", () => {
  add([...picker.files]);
  picker.value = "";
});
// Not into the form, which would send it with every message.
document.body.append(picker);

export function choose() {
  picker.click();
}

export function add(files) {
  const room = most - all(".file:not(.failed)", list).length;
  if (files.length > room) tell(translated("A message can have {most} files. Send the others with another message.", { most }), "warning");
  for (const file of files.slice(0, Math.max(0, room))) begin(file);
  field.focus();
}

export function addText(text) {
  const names = all(".file b", list).map((name) => name.textContent);
  let name = `${PASTED}.txt`;
  for (let number = 2; names.includes(name); number += 1) name = `${PASTED} ${number}.txt`;
  add([new File([text], name, { type: "text/plain" })]);
}

/* Uploading */

function begin(file) {
  const row = drawn(file.name);
  const job = { file, row, request: new XMLHttpRequest(), parts: new AbortController(), isOver: false };
  find("button", row).addEventListener("click", () => {
    job.isOver = true;
    job.request.abort();
    job.parts.abort();
    row.remove();
    field.focus();
  });
  waiting.push(job);
  work();
}

function drawn(name) {
  const row = Object.assign(document.createElement("li"), { className: "file uploading" });
  const about = Object.assign(document.createElement("span"), { className: "about" });
  const title = Object.assign(document.createElement("b"), { dir: "auto", textContent: name, title: name });
  about.append(title, Object.assign(document.createElement("small"), { textContent: translated("Waiting to be uploaded") }));
  const button = Object.assign(document.createElement("button"), { type: "button", className: "ghost", title: translated("Remove") });
  button.ariaLabel = translated("Remove {name}", { name });
  button.append(icon("close"));
  row.append(icon("clip"), about, button);
  list.append(row);
  return row;
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

function work() {
  while (running.size < AT_ONCE && waiting.length) {
    const job = waiting.shift();
    if (job.isOver) continue;
    const done = upload(job).finally(() => {
      running.delete(done);
      work();
    });
    running.add(done);
  }
}

const say = (row, words) => (find("small", row).textContent = words);
const saySent = (row, share) => say(row, translated("Uploading, {share} %", { share: Math.floor(100 * share) }));

async function upload(job) {
  if (job.file.size <= LARGE) return sendFile(job, job.file);
  try {
    const { sendParts } = await import("parts");
    const id = await sendParts(job.file, { progress: (share) => saySent(job.row, share), signal: job.parts.signal });
    await sendFile(job, id || job.file);
  } catch {
    if (!job.isOver) fail(job.row, translated("The server cannot be reached. Attach it again."));
  }
}

// Sends a file, or the id of one whose parts are all there.
function sendFile({ file, row, request }, sent) {
  return new Promise((resolve) => {
    request.open("POST", list.dataset.upload);
    request.setRequestHeader("X-CSRFToken", JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"]);
    request.upload.addEventListener("progress", ({ loaded, total }) => saySent(row, loaded / total));
    request.addEventListener("load", () => {
      if (request.status === 200 && !request.responseURL.includes("/accounts/login/")) {
        htmx.swap(row, request.responseText, { swapStyle: "outerHTML" }, { eventInfo: { target: row } });
        changed();
      } else {
        fail(row, reason(request.status));
      }
    });
    request.addEventListener("error", () => fail(row, translated("The server cannot be reached. Attach it again.")));
    request.addEventListener("loadend", resolve);
    const body = new FormData();
    if (sent === file) body.append("file", file, file.name || "picture.png");
    else body.append("upload", sent);
    request.send(body);
  });
}

function reason(status) {
  if (status === 413) return translated("It is too large.");
  if (status === 429) return translated("You are uploading too much at once. Attach it again in a moment.");
  if (status === 401 || status === 200) return translated("You are signed out. Sign in, then attach it again.");
  return translated("It could not be uploaded. Attach it again.");
}

function fail(row, words) {
  row.className = "file failed";
  say(row, words);
  announce(`${find("b", row).textContent}: ${words}`);
}

// The preview counts files as well.
function changed() {
  form.dispatchEvent(new Event("change", { bubbles: true }));
}

/* What becomes of a chip */

list.addEventListener("click", async ({ target }) => {
  const back = target.closest("[data-put-back]");
  // One that was refused is known here alone.
  const remove = target.closest("[data-remove]:not([hx-post])");
  if (remove) {
    remove.closest(".file").remove();
    field.focus();
  }
  if (back) putBack(back);
});

async function putBack(button) {
  const response = await fetch(button.dataset.putBack);
  if (!response.ok) return tell(translated("This text is not there any more. Paste it again."));
  field.setRangeText(await response.text(), field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  find("[data-remove]", button.closest(".file")).click();
  field.focus();
}

document.addEventListener("htmx:afterSwap", ({ detail: { target, requestConfig } }) => {
  if (!requestConfig?.path?.includes("/attachments/")) return;
  const row = find(`#${CSS.escape(target.id)}`);
  if (row && !row.matches(".waiting")) {
    announce(`${find("b", row).textContent}: ${find("small", row).textContent}`);
  }
  // The button that was pressed is gone with its file.
  if (!row && requestConfig.path.endsWith("/remove/")) field.focus();
  changed();
});

/* Files that were not sent are there again after a reload, as unsent text is: this tab remembers their ids, and the server
   has the rest. What it does not have any more is forgotten. */

const place = `${form.dataset.draft}.files`;

function restore() {
  for (const id of drafts.read(place).split(" ").filter(Boolean)) {
    if (find(`#f-${CSS.escape(id)}`, list)) continue;
    const row = Object.assign(document.createElement("li"), { id: `f-${id}`, className: "file waiting", textContent: "…" });
    list.append(row);
    htmx.ajax("GET", `${list.dataset.upload}${id}/state/`, { target: row, swap: "outerHTML" });
  }
}

restore();
new MutationObserver(() => {
  const ids = all(".file[id]", list).map((row) => row.id.slice(2));
  if (ids.length) drafts.keep(place, ids.join(" "));
  else drafts.drop(place);
}).observe(list, { childList: true });

/* Sending: a message waits for its files, and stays here if one of them does not get through. */

let isHeld = false;

document.addEventListener("htmx:confirm", (event) => {
  if (event.detail.elt !== form || !(running.size || waiting.length)) return;
  event.preventDefault();
  if (!isHeld) hold(() => event.detail.issueRequest(true));
});

async function hold(send) {
  const hint = find("#hint");
  const before = hint.textContent;
  const known = all(".file.failed", list);
  isHeld = true;
  hint.className = "hint waits";
  hint.textContent = translated("Your message is sent once its files are uploaded.");
  announce(hint.textContent);
  await uploaded();
  isHeld = false;
  hint.className = "hint";
  hint.textContent = before;
  const failed = all(".file.failed", list).find((row) => !known.includes(row));
  if (failed) tell(translated("“{name}” was not attached, so nothing was sent. Send again to leave it out.", { name: find("b", failed).textContent }));
  else send();
}

async function uploaded() {
  while (running.size) await Promise.all(running);
}

document.addEventListener("htmx:afterRequest", ({ detail: { elt, xhr, requestConfig } }) => {
  if (elt !== form || xhr.status >= 400 || xhr.getResponseHeader("HX-Retarget") === "#notices") return;
  const sent = [requestConfig.parameters.attachments ?? []].flat();
  for (const id of sent) find(`#f-${CSS.escape(id)}`)?.remove();
  for (const row of all(".file.failed", list)) row.remove();
});

/* Dropping */

const brings = ({ dataTransfer }) => dataTransfer?.types.includes("Files");

document.addEventListener("dragover", (event) => {
  if (!brings(event)) return;
  event.preventDefault();
  document.body.classList.add("dropping");
});
document.addEventListener("dragleave", ({ relatedTarget }) => {
  if (!relatedTarget) document.body.classList.remove("dropping");
});
document.addEventListener("drop", (event) => {
  document.body.classList.remove("dropping");
  if (!brings(event)) return;
  event.preventDefault();
  add([...event.dataTransfer.files]);
});
