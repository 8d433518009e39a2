// A collection that somebody manages: files are uploaded one by one with their progress, whether they are chosen, are a
// folder, or are dropped on the page; and documents can be ticked, many at once.

import { all, announce, find, tell, translated } from "app";

const AT_ONCE = 3;
const MB = 1024 * 1024;
// What is larger is sent in parts.
const LARGE = 10 * MB;
const form = find("#upload");
const jobs = find("#jobs");
const rows = find(".job-rows", jobs);
const waiting = [];
const running = new Set();
const count = { done: 0, failed: 0, all: 0 };
let filesLeft = form.dataset.filesLeft === undefined ? Infinity : Number(form.dataset.filesLeft);
let sizeLeft = form.dataset.sizeLeft === undefined ? Infinity : Number(form.dataset.sizeLeft);

/* Uploading */

// Each entry is a file with its path in the folder that it came from.
function add(entries) {
  const wanted = entries.filter(({ file }) => !file.name.startsWith("."));
  if (!wanted.length) return tell(translated("There is no file in it that can be uploaded."), "warning");
  jobs.hidden = false;
  find("#uploads").open = false;
  count.all += wanted.length;
  for (const entry of wanted) {
    const job = { ...entry, row: drawn(entry), label: form.elements.label.value, replace: form.elements.replace.checked };
    const reason = refusal(job);
    if (reason) fail(job, reason);
    else waiting.push(job);
  }
  sum();
  work();
}

// What does not fit is refused before it is sent.
function refusal({ file, replace }) {
  const largest = Number(form.dataset.largest);
  if (file.size > largest) return translated("It is larger than {size} MB. Split it, or ask an admin to allow more.", { size: Math.floor(largest / MB) });
  if (!file.size) return translated("It is empty.");
  if (!replace && filesLeft < 1) return translated("You have as many files as one person may have. Delete some, or ask an admin for more room.");
  if (file.size > sizeLeft) return translated("There is not enough room for it. Delete files that you do not need, or ask an admin for more.");
  filesLeft -= 1;
  sizeLeft -= file.size;
  return "";
}

function drawn({ path, file }) {
  const row = document.createElement("li");
  row.append(
    Object.assign(document.createElement("b"), { dir: "auto", textContent: path || file.name }),
    Object.assign(document.createElement("progress"), { max: 100, value: 0, ariaLabel: translated("Upload of {name}", { name: file.name }) }),
    Object.assign(document.createElement("small"), { textContent: translated("Waiting to be uploaded") }),
  );
  rows.append(row);
  return row;
}

const say = (job, words) => (find("small", job.row).textContent = words);

function work() {
  while (running.size < AT_ONCE && waiting.length) {
    const job = waiting.shift();
    const done = upload(job).finally(() => {
      running.delete(done);
      sum();
      work();
    });
    running.add(done);
  }
}

function saySent(job, share) {
  find("progress", job.row).value = 100 * share;
  say(job, translated("Uploading, {share} %", { share: Math.floor(100 * share) }));
}

async function upload(job) {
  if (job.file.size <= LARGE) return sendFile(job, job.file);
  try {
    const { sendParts } = await import("parts");
    const progress = (share) => saySent(job, share);
    await sendFile(job, (await sendParts(job.file, { collection: Number(form.dataset.collection), progress })) || job.file);
  } catch {
    fail(job, translated("The server cannot be reached. Upload it again."));
  }
}

// Sends a file, or the id of one whose parts are all there.
function sendFile(job, sent) {
  const request = new XMLHttpRequest();
  return new Promise((resolve) => {
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", form.elements.csrfmiddlewaretoken.value);
    request.upload.addEventListener("progress", ({ loaded, total }) => saySent(job, loaded / total));
    request.addEventListener("load", () => answered(job, request));
    request.addEventListener("error", () => fail(job, translated("The server cannot be reached. Upload it again.")));
    request.addEventListener("loadend", resolve);
    const body = new FormData();
    if (sent === job.file) body.append("files", job.file, job.file.name);
    else body.append("upload", sent);
    body.append("paths", job.path);
    body.append("label", job.label);
    if (job.replace) body.append("replace", "1");
    request.send(body);
  });
}

function answered(job, request) {
  const { words, is_accepted: isAccepted } = answerOf(request);
  if (!isAccepted) return fail(job, words || failureOf(request.status));
  count.done += 1;
  find("progress", job.row).remove();
  say(job, words);
}

// What refuses a request before it gets to the upload answers with a page.
function answerOf(request) {
  try {
    return JSON.parse(request.responseText);
  } catch {
    return {};
  }
}

function failureOf(status) {
  if (status === 413) return translated("There is no room for it, or it is too large.");
  if (status === 429) return translated("You are uploading too much at once. Upload it again in a moment.");
  if (status === 401 || status === 200) return translated("You are signed out. Sign in, then upload it again.");
  return translated("It could not be uploaded. Upload it again.");
}

function fail(job, words) {
  count.failed += 1;
  job.row.className = "failed";
  find("progress", job.row).remove();
  say(job, words);
}

function uploadedWords() {
  if (count.all === 1) {
    return count.failed
      ? translated("{done} of {all} file uploaded, {failed} not accepted.", count)
      : translated("{done} of {all} file uploaded.", count);
  }
  return count.failed
    ? translated("{done} of {all} files uploaded, {failed} not accepted.", count)
    : translated("{done} of {all} files uploaded.", count);
}

function sum() {
  const left = count.all - count.done - count.failed;
  const words = uploadedWords();
  find("#jobs-sum").textContent = words;
  if (left) return;
  announce(words);
  refresh();
}

function refresh() {
  htmx.ajax("GET", location.pathname + location.search, { target: "#documents", swap: "outerHTML" });
}

addEventListener("beforeunload", (event) => {
  if (running.size || waiting.length) event.preventDefault();
});

/* Choosing and dropping */

const plain = (files) => [...files].map((file) => ({ file, path: file.webkitRelativePath ?? "" }));

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const fields = [find("#files"), find("#folder")];
  const entries = fields.flatMap((field) => plain(field.files));
  if (!entries.length) return tell(translated("Choose files or a folder first."), "warning");
  for (const field of fields) field.value = "";
  add(entries);
});

const brings = ({ dataTransfer }) => dataTransfer?.types.includes("Files");

document.addEventListener("dragover", (event) => {
  if (!brings(event)) return;
  event.preventDefault();
  document.body.classList.add("dropping");
});
document.addEventListener("dragleave", ({ relatedTarget }) => {
  if (!relatedTarget) document.body.classList.remove("dropping");
});
document.addEventListener("drop", async (event) => {
  document.body.classList.remove("dropping");
  if (!brings(event)) return;
  event.preventDefault();
  // Both are gone once the event is over.
  const items = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const files = plain(event.dataTransfer.files);
  add(items.length ? (await Promise.all(items.map(inside))).flat() : files);
});

// All files below what was dropped, each with its path.
async function inside(entry) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ file, path: entry.fullPath.slice(1) }];
  }
  const reader = entry.createReader();
  const found = [];
  // A reader gives a hundred at most each time, and none when there are no more.
  for (let some = [null]; some.length; found.push(...some)) {
    some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
  }
  return (await Promise.all(found.map(inside))).flat();
}

/* Ticking */

const boxes = () => all(".items .tick input");
let last = null;

function show() {
  const deeds = find("#chosen");
  if (!deeds) return;
  const shown = boxes();
  const ticked = shown.filter((box) => box.checked).length;
  const every = find("#tick-all");
  every.checked = ticked > 0 && ticked === shown.length;
  every.indeterminate = ticked > 0 && ticked < shown.length;
  find("#ticked").textContent = ticked ? translated("{count} ticked", { count: ticked }) : "";
  for (const button of all("button", deeds)) button.disabled = ticked === 0;
}

document.addEventListener("click", ({ target, shiftKey }) => {
  if (target.id === "tick-all") boxes().forEach((box) => (box.checked = target.checked));
  else if (!target.matches?.(".items .tick input")) return;
  else if (shiftKey && boxes().includes(last)) {
    const [from, end] = [boxes().indexOf(last), boxes().indexOf(target)].toSorted((one, other) => one - other);
    for (const box of boxes().slice(from, end + 1)) box.checked = target.checked;
  }
  last = target;
  show();
});
// The list keeps itself up to date, but not while somebody is about to do something with it.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt.id === "documents" && boxes().some((box) => box.checked)) event.preventDefault();
});
htmx.onLoad(show);
addEventListener("pageshow", show);
show();
