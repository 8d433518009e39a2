// Copying an answer (as markdown, with its formatting, as plain text), a block of code, or a table.

import { all, announce, find, tell, translated } from "app";

class UnreachableError extends Error {}

// The answer without what means nothing elsewhere. The boxes of tasks become signs.
function cleaned(answer) {
  const part = answer.cloneNode(true);
  // Of a chart its numbers are left, of a diagram its source.
  const extras = ".cite, .unfound, button, .tools, iframe, summary, .plot, .pie, .ranks, .legend";
  all(extras, part).forEach((extra) => extra.remove());
  all("details", part).forEach((folded) => folded.replaceWith(...folded.childNodes));
  all("input", part).forEach((box) => box.replaceWith(box.checked ? "☑" : "☐"));
  return part;
}

// The markers of lists are drawn by the browser: they are no text.
function withMarkers(part) {
  for (const item of all("li:not(.task-list-item)", part)) {
    const list = item.parentElement;
    const number = (list.start ?? 1) + [...list.children].indexOf(item);
    (item.firstElementChild?.matches("p") ? item.firstElementChild : item).prepend(list.matches("ol") ? `${number}. ` : "- ");
  }
  return part;
}

// Line breaks depend on how it is drawn, so it has to be in the page for a moment.
function plainText(answer) {
  const part = withMarkers(cleaned(answer));
  document.body.append(part);
  const text = part.innerText.trim();
  part.remove();
  return text;
}

function richText(answer) {
  const part = cleaned(answer);
  // Programs that know no style sheets: lines around cells, and nothing of ours.
  all("table", part).forEach((table) => Object.assign(table, { border: "1", cellPadding: "4" }));
  all(".framed, .table", part).forEach((frame) => frame.replaceWith(...frame.childNodes));
  all("[tabindex]", part).forEach((element) => element.removeAttribute("tabindex"));
  all("[class]", part).forEach((element) => element.removeAttribute("class"));
  return part.innerHTML;
}

async function markdown(address) {
  const response = await fetch(address, { headers: { Accept: "text/markdown" } }).catch(() => null);
  if (!response?.ok || response.redirected) throw new UnreachableError();
  return response.text();
}

const cellText = (cell) => cleaned(cell).textContent.replace(/\s+/g, " ").trim();

function tabbed(table) {
  return [...table.rows].map((row) => [...row.cells].map(cellText).join("\t")).join("\n");
}

// The code exactly, but for the end of its last line: pasted into a shell, that would run it.
const codeText = (block) => find("pre code", block).textContent.replace(/\n$/, "");

function contents(button) {
  const place = button.closest("[data-answer]");
  if (!place) {
    const block = button.closest(".code, .framed");
    const table = find("table", block);
    return { "text/plain": table ? tabbed(table) : codeText(block) };
  }
  const answer = find(place.dataset.answer);
  if (button.dataset.copy === "plain") return { "text/plain": plainText(answer) };
  if (button.dataset.copy === "rich") return { "text/html": richText(answer), "text/plain": plainText(answer) };
  return { "text/plain": markdown(place.dataset.source) };
}

const blob = async (text, type) => new Blob([await text], { type });

// Given as promises, because a browser may allow copying only at once after a click.
async function write(parts) {
  if (!globalThis.ClipboardItem) return navigator.clipboard.writeText(await parts["text/plain"]);
  const items = Object.entries(parts).map(([type, text]) => [type, blob(text, type)]);
  // An item that is refused hides why: what is asked of the server is awaited as well.
  const [, written] = await Promise.allSettled([parts["text/plain"], navigator.clipboard.write([new ClipboardItem(Object.fromEntries(items))])]);
  await parts["text/plain"];
  if (written.status === "rejected") throw written.reason;
}

function showDone(button) {
  const menu = button.closest("[popover]");
  menu?.hidePopover();
  announce(find(".corrected", button.closest(".turn") ?? button) ? translated("Copied, as edited by you.") : translated("Copied."));
  const icon = find("use", menu ? menu.parentElement : button);
  icon.setAttribute("href", "#i-tick");
  setTimeout(() => icon.setAttribute("href", "#i-copy"), 1500);
}

export async function copy(button) {
  try {
    await write(contents(button));
  } catch (error) {
    if (error instanceof UnreachableError) return tell(translated("The answer could not be fetched. Try again in a moment."));
    return tell(translated("The browser did not allow copying. Select the text and copy it by hand."));
  }
  showDone(button);
}
