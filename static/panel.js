// The panel beside the thread shows the passage behind a number.

import { find } from "app";

let opener = null;

export async function open(link) {
  close();
  opener = link;
  await htmx.ajax("GET", link.href, { target: "#source", swap: "innerHTML" });
  link.setAttribute("aria-current", "true");
  find("#source").focus({ preventScroll: true });
  find("#source mark")?.scrollIntoView({ block: "center" });
}

export function close() {
  find("#source").replaceChildren();
  opener?.removeAttribute("aria-current");
  opener?.focus({ preventScroll: true });
  opener = null;
}
