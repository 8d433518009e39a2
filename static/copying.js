// Copying an answer or a block of code.

import { all, find, tell } from "app";

export async function copy(button) {
  const source = button.dataset.copy ? find(button.dataset.copy) : find("pre", button.parentElement);
  const part = source.cloneNode(true);
  all(".cite, .unfound, button", part).forEach((extra) => extra.remove());
  document.body.append(part);
  const text = part.innerText.trim();
  part.remove();
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    return tell("The browser did not allow copying. Select the text and copy it by hand.");
  }
  const icon = find("use", button);
  icon.setAttribute("href", "#i-tick");
  setTimeout(() => icon.setAttribute("href", "#i-copy"), 1500);
}
