// The menu beside “Answer again”: the same question to another model, at another length, with or without documents; and
// what else can be done with the answer.

import { all, announce, find, tell, translated } from "app";

const NOBODY = "00000000-0000-0000-0000-000000000000";
const menu = find("#again");
const form = find("form", menu);
const patterns = { retry: menu.dataset.retry, fork: form.getAttribute("action") };
const items = all(".item", menu);

let reply = "";

export function open(button) {
  reply = button.dataset.again;
  form.action = patterns.fork.replace(NOBODY, reply);
  const turn = document.getElementById(`m-${reply}`);
  const verify = find("[data-verify]", menu);
  if (verify) {
    verify.href = verify.dataset.verify.replace(NOBODY, reply);
    verify.hidden = !find(".sources", turn) || Boolean(find(".verified", turn));
    const keep = find("[data-keep]", menu);
    keep.action = keep.dataset.keep.replace(NOBODY, reply);
    keep.hidden = verify.hidden;
  }
  find("[data-edit]", menu).hidden = !find(".answer", turn);
  find("[data-delete]", menu).hidden = !find(".siblings", turn);
}

function answer(item) {
  const values = JSON.parse(item.dataset.fields);
  if ("withModel" in item.dataset) values.model = find("#model")?.value ?? "";
  menu.hidePopover();
  const target = document.getElementById(`m-${reply}`);
  htmx.ajax("POST", patterns.retry.replace(NOBODY, reply), { source: target, target, swap: "outerHTML", values }).catch(() => {});
}

function edit(item) {
  const target = document.getElementById(`m-${reply}`);
  menu.hidePopover();
  htmx.ajax("GET", item.dataset.edit.replace(NOBODY, reply), { source: target, target, swap: "outerHTML" }).catch(() => {});
}

function remove(item) {
  menu.hidePopover();
  const source = document.getElementById(`m-${reply}`);
  htmx.ajax("POST", item.dataset.delete.replace(NOBODY, reply), { source, swap: "none" }).catch(() => {});
}

// It opens the conversation in the branch of this answer.
async function copyLink() {
  menu.hidePopover();
  try {
    await navigator.clipboard.writeText(`${location.origin}${location.pathname}?reply=${reply}`);
    announce(translated("Copied."));
  } catch {
    tell(translated("The browser did not allow copying. Select the text and copy it by hand."));
  }
}

function clicked({ target }) {
  const item = target.closest("[data-fields], [data-link], [data-edit], [data-delete]");
  if (!item) return;
  if (item.dataset.fields) answer(item);
  else if ("link" in item.dataset) copyLink();
  else if (item.dataset.edit) edit(item);
  else remove(item);
}

function move(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const shown = items.filter((item) => item.checkVisibility());
  shown.at((shown.indexOf(document.activeElement) + step) % shown.length).focus();
}

menu.addEventListener("click", clicked);
menu.addEventListener("keydown", move);
menu.addEventListener("toggle", ({ newState }) => newState === "open" && items[0].focus());
