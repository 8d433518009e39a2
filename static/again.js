// The menu beside “Answer again”: the same question to another model, at another length, with or without documents.

import { all, find } from "app";

const NOBODY = "00000000-0000-0000-0000-000000000000";
const menu = find("#again");
const form = find("form", menu);
const patterns = { retry: menu.dataset.retry, fork: form.getAttribute("action") };
const items = all(".item", menu);

let reply = "";

export function open(button) {
  reply = button.dataset.again;
  form.action = patterns.fork.replace(NOBODY, reply);
}

function answer(item) {
  const values = JSON.parse(item.dataset.fields);
  if ("withModel" in item.dataset) values.model = find("#model")?.value ?? "";
  menu.hidePopover();
  const target = document.getElementById(`m-${reply}`);
  htmx.ajax("POST", patterns.retry.replace(NOBODY, reply), { source: target, target, swap: "outerHTML", values }).catch(() => {});
}

function move(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  items.at((items.indexOf(document.activeElement) + step) % items.length).focus();
}

menu.addEventListener("click", ({ target }) => target.closest("[data-fields]") && answer(target.closest("[data-fields]")));
menu.addEventListener("keydown", move);
menu.addEventListener("toggle", ({ newState }) => newState === "open" && items[0].focus());
if (menu.matches(":popover-open")) items[0].focus();
