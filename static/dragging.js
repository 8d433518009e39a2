// Conversations that are dragged onto a folder. Loaded with the first one that is dragged; the menus do the same.

import { all, find } from "app";

const place = (event) => event.target.closest?.("[data-folder]");
let ids = [];

const idOf = (link) => link.dataset.id ?? link.closest("li").id.slice(2);

// In a list with boxes, a ticked conversation takes the other ticked ones along.
export function begin(link) {
  const box = find("input[type=checkbox]", link.closest("li"));
  const others = box?.checked ? all("#talks .talk-row > input:checked").map((each) => each.value) : [];
  ids = others.length ? others : [idOf(link)];
}

function mark(event) {
  const folder = ids.length && place(event);
  for (const marked of all("[data-folder].over")) if (marked !== folder) marked.classList.remove("over");
  if (!folder) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "move";
  folder.classList.add("over");
}

function end() {
  ids = [];
  for (const marked of all("[data-folder].over")) marked.classList.remove("over");
}

// A page with the list is shown again, as after its button “Move”.
function moveInList(folder) {
  const form = find("#talks");
  for (const box of all(".talk-row > input", form)) box.checked = ids.includes(box.value);
  form.elements.folder.value = folder;
  const button = find("[value=move]", form);
  button.disabled = false;
  form.requestSubmit(button);
}

function drop(event) {
  const folder = place(event)?.dataset.folder;
  if (!folder || !ids.length) return;
  event.preventDefault();
  const listed = ids.every((id) => find(`#talks input[value="${id}"]`));
  if (listed) moveInList(folder);
  else htmx.ajax("POST", "/conversations/order/", { values: { ids, folder, action: "move" }, target: "#notices", swap: "beforeend" });
  end();
}

document.addEventListener("dragover", mark);
document.addEventListener("drop", drop);
document.addEventListener("dragend", end);
