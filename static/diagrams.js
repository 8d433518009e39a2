// Mermaid diagrams: drawn in a frame that has no origin, above their source.

import { find, translated } from "app";

// Longer ones, and more than so many on a page, stay source.
const MOST_CHARACTERS = 20_000;
const MOST = 12;
const PATIENCE = 20_000;
const HIGHEST = 1600;

const frames = new Map();

function looks() {
  const { theme = "" } = document.documentElement.dataset;
  const isDark = theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  return { scheme: isDark ? "dark" : "light", theme: isDark ? "dark" : theme === "contrast" ? "neutral" : "default" };
}

function fail(window, reason) {
  const { frame, block, timer } = frames.get(window);
  frames.delete(window);
  clearTimeout(timer);
  frame.remove();
  const words = translated("This diagram cannot be drawn: {reason}", { reason });
  block.after(Object.assign(document.createElement("p"), { className: "notice", textContent: words }));
}

// Its source is folded below it.
function show(window, height) {
  const { frame, block, timer } = frames.get(window);
  clearTimeout(timer);
  // With its edges.
  frame.height = String(Math.min(height + 2, HIGHEST));
  if (frame.classList.contains("drawn")) return;
  frame.classList.add("drawn");
  const details = document.createElement("details");
  details.className = "diagram-source";
  details.append(Object.assign(document.createElement("summary"), { textContent: translated("Source of the diagram") }));
  block.before(details);
  details.append(block);
}

addEventListener("message", ({ source, data }) => {
  const known = frames.get(source);
  if (!known) return;
  if (data.ready === true) source.postMessage({ source: known.text, ...looks() }, "*");
  else if (data.ready === false) fail(source, translated("the program that draws it could not be loaded."));
  else if (typeof data.problem === "string") fail(source, data.problem);
  else if (data.height > 0) show(source, Number(data.height));
});

export function draw(block) {
  const text = find("pre code", block).textContent;
  for (const [window, { frame }] of frames) if (!frame.isConnected) frames.delete(window);
  if (text.length > MOST_CHARACTERS || frames.size >= MOST) return;
  const frame = document.createElement("iframe");
  frame.className = "diagram";
  frame.title = translated("Diagram: {name}", { name: text.trim().split("\n")[0].slice(0, 80) });
  frame.setAttribute("sandbox", "allow-scripts");
  frame.src = "/diagram";
  block.before(frame);
  const window = frame.contentWindow;
  const timer = setTimeout(() => frames.has(window) && fail(window, translated("it takes too long.")), PATIENCE);
  frames.set(window, { frame, block, text, timer });
}
