// A link to a shared conversation: its button copies it.

import { translated } from "app";

const link = document.getElementById("link");
const button = document.getElementById("copy-link");

button?.addEventListener("click", async () => {
  await navigator.clipboard.writeText(link.value);
  document.getElementById("announcer").textContent = translated("Copied");
  button.lastChild.textContent = translated("Copied");
});
