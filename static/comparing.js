// Picks models to compare, in the composer. Loaded when somebody opens the choice for the first time.

import { all, find, translated } from "app";

const button = find("#compare");
const panel = document.createElement("div");

function sayCount() {
  const count = all("[name=compare]:checked", panel).length;
  button.ariaPressed = String(count > 0);
  find(".words", button).textContent = count ? translated("{count} compared", { count }) : "";
}

function clear() {
  for (const box of all("input:checked", panel)) box.checked = false;
  panel.hidePopover();
  button.focus();
  panel.dispatchEvent(new Event("change", { bubbles: true }));
}

async function load() {
  await htmx.ajax("GET", button.dataset.list, { target: panel, swap: "innerHTML" });
  const sheet = find("link", panel);
  if (sheet) document.head.append(sheet);
  return Boolean(sheet);
}

export async function open() {
  try {
    if (!panel.children.length && !(await load())) return;
  } catch {
    // What went wrong is told by app.js.
    return;
  }
  panel.showPopover({ source: button });
  find("input", panel)?.focus();
}

Object.assign(panel, { id: "comparing", className: "options comparing", popover: "auto", role: "dialog" });
panel.ariaLabel = translated("Compare models");
panel.addEventListener("change", sayCount);
panel.addEventListener("click", ({ target }) => target.closest("[data-clear]") && clear());
panel.addEventListener("toggle", ({ newState }) => (button.ariaExpanded = String(newState === "open")));
button.after(panel);
