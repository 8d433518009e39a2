// What this device does beside showing pages: it keeps static files, tells of answers that are ready, and fetches what is
// about to be used.

import { find, translated } from "app";

// Choices of one person in this browser; nothing else is kept here.
const KEY = "answer-notices";
const person = document.body.dataset.drafts.split(".")[1] ?? "";

export function register() {
  // A network that meddles with the worker is no reason to complain: pages work without it.
  navigator.serviceWorker?.register("/service-worker.js").catch(() => {});
}

/* Who comes near one of these is about to use it, and some browsers refuse to copy long after the click. */

const NEAR = { "[data-copy]": "copying", "a.cite, a[data-panel]": "panel", "[data-aloud]": "aloud" };

function prepare({ target }) {
  for (const [what, module] of Object.entries(NEAR)) if (target.closest?.(what)) import(module).catch(() => {});
}

if (find("#thread") && find("#source")) for (const sign of ["pointerover", "focusin"]) document.addEventListener(sign, prepare);

/* Notices of answers */

const isAllowed = () => globalThis.Notification?.permission === "granted";
const isOn = () => isAllowed() && person !== "" && localStorage.getItem(KEY) === person;

export async function tellReady() {
  if (!document.hidden || !isOn()) return;
  // Anybody may look at the screen: it says nothing of what was asked.
  const said = { body: translated("An answer is ready"), tag: location.pathname, data: location.href };
  const worker = await navigator.serviceWorker?.getRegistration();
  if (worker) return worker.showNotification("LangAI", said);
  new Notification("LangAI", said).addEventListener("click", () => focus());
}

function showSwitch(button) {
  const words = find("#notices-words");
  button.ariaChecked = String(isOn());
  button.disabled = !("Notification" in globalThis);
  if (button.disabled) words.textContent = translated("This browser cannot show notifications.");
  else if (Notification.permission === "denied") {
    words.textContent = translated("This browser blocks notifications of this site. Allow them in the browser’s settings for this site first.");
  }
}

async function toggle(button) {
  if (isOn()) localStorage.removeItem(KEY);
  else if (isAllowed() || (await Notification.requestPermission()) === "granted") localStorage.setItem(KEY, person);
  showSwitch(button);
}

export function setUpSwitch() {
  const button = find("#answer-notices");
  if (!button) return;
  showSwitch(button);
  button.addEventListener("click", () => toggle(button));
}
