// Lists of conversations with boxes to tick: a range with Shift, all that are shown, and how many are ticked.

import { all, find, translated } from "app";

const form = find("#talks");
const boxes = () => all(".talk-row > input", form);
let last = null;

function chosenWords(ticked, most) {
  if (ticked > most) return translated("{count} chosen, {most} are allowed", { count: ticked, most });
  return ticked ? translated("{count} chosen", { count: ticked }) : "";
}

function count() {
  const shown = boxes();
  const ticked = shown.filter((box) => box.checked).length;
  const most = Number(form.dataset.most);
  const every = find("#tick-all");
  every.checked = ticked > 0 && ticked === shown.length;
  every.indeterminate = ticked > 0 && ticked < shown.length;
  find("#ticked").textContent = chosenWords(ticked, most);
  for (const button of all(".deeds button", form)) button.disabled = ticked === 0 || ticked > most;
}

// Ticks everything between the box before and this one, as this one now is.
function tickRange(to) {
  const shown = boxes();
  const [from, end] = [shown.indexOf(last), shown.indexOf(to)].toSorted((one, other) => one - other);
  if (from < 0) return;
  for (const box of shown.slice(from, end + 1)) box.checked = to.checked;
}

function onTick(event) {
  const { target } = event;
  if (target.id === "tick-all") boxes().forEach((box) => (box.checked = target.checked));
  if (target.matches(".talk-row > input")) {
    if (event.shiftKey && last) tickRange(target);
    last = target;
  }
  count();
}

if (form) {
  form.addEventListener("click", (event) => event.target.matches("input[type=checkbox]") && onTick(event));
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !boxes().some((box) => box.checked)) return;
    boxes().forEach((box) => (box.checked = false));
    count();
  });
  // Further parts of the list come with their own boxes; browsers restore ticks after the page has loaded.
  htmx.onLoad(count);
  addEventListener("pageshow", count);
  count();
}
