// The buttons of code (wrap, download, copy, show all of it) and of tables. Blocks that are still being written get them
// once they are finished.

import { all, announce, find, translated } from "app";
import { isAtEnd } from "thread";

// Longer code is folded.
const FOLDED = 25;
const ENDINGS = {
  bash: "sh", c: "c", "c#": "cs", "c++": "cpp", clojure: "clj", cpp: "cpp", cs: "cs", csharp: "cs", css: "css", csv: "csv",
  dart: "dart", diff: "diff", elixir: "ex", erlang: "erl", go: "go", golang: "go", graphql: "graphql", haskell: "hs",
  html: "html", ini: "ini", java: "java", javascript: "js", js: "js", json: "json", jsx: "jsx", julia: "jl", kotlin: "kt",
  latex: "tex", lua: "lua", markdown: "md", md: "md", mermaid: "mmd", perl: "pl", php: "php", powershell: "ps1", py: "py",
  python: "py", python3: "py", r: "r", rb: "rb", rs: "rs", ruby: "rb", rust: "rs", scala: "scala", scss: "scss", sh: "sh",
  shell: "sh", sql: "sql", svg: "svg", swift: "swift", terraform: "tf", tex: "tex", toml: "toml", ts: "ts", tsx: "tsx",
  typescript: "ts", vue: "vue", xml: "xml", yaml: "yaml", yml: "yml", zsh: "sh",
};
const WHOLE_NAMES = { docker: "Dockerfile", dockerfile: "Dockerfile", make: "Makefile", makefile: "Makefile" };
// Many models begin code with a comment that names the file. In a long line, looking for it would take seconds.
const LONGEST_NAMING = 200;
const NAMED = /^\s*(?:#|\/\/|--|;|%|<!--|\/\*)+\s*(?:file(?:name)?:\s*)?((?:[\w.-]+\/)*[\w-][\w.-]*\.\w{1,8})\b\s*(?:-->|\*\/)?\s*$/i;

/* What somebody did with a block stays when its answer is drawn again. */

const chosen = new Map();

function choicesOf(block) {
  const turn = block.closest(".turn");
  const key = `${turn?.id}:${turn ? all(".code", turn).indexOf(block) : ""}`;
  if (!chosen.has(key)) chosen.set(key, {});
  return chosen.get(key);
}

const textOf = (block) => find("pre code", block).textContent;

function fileName(block) {
  const language = (block.dataset.language ?? "").toLowerCase();
  const named = NAMED.exec(textOf(block).split("\n", 1)[0].slice(0, LONGEST_NAMING));
  return named?.[1].split("/").at(-1) ?? WHOLE_NAMES[language] ?? `code.${ENDINGS[language] ?? "txt"}`;
}

function iconButton(icon, words) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "ghost";
  button.ariaLabel = words;
  button.title = words;
  button.innerHTML = `<svg><use href="#i-${icon}"/></svg>`;
  return button;
}

function copyButton(words) {
  const button = iconButton("copy", words);
  button.dataset.copy = "";
  return button;
}

function download(block) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([textOf(block)], { type: "text/plain;charset=utf-8" }));
  link.download = fileName(block);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  announce(translated("Downloaded as {name}.", { name: link.download }));
}

function wrapButton(block, choices) {
  const button = iconButton("wrap", translated("Wrap long lines"));
  const show = () => {
    block.classList.toggle("wrapped", Boolean(choices.isWrapped));
    button.ariaPressed = String(Boolean(choices.isWrapped));
  };
  button.addEventListener("click", () => {
    choices.isWrapped = !choices.isWrapped;
    show();
  });
  show();
  return button;
}

// Nobody's lines disappear while they read them.
function isRead(block) {
  const { top, bottom } = block.getBoundingClientRect();
  return Boolean(block.closest(".live")) && !isAtEnd() && bottom > 0 && top < innerHeight;
}

function foldButton(block, lines, choices) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button unfold";
  const show = () => {
    block.classList.toggle("folded", !choices.isUnfolded);
    button.ariaExpanded = String(choices.isUnfolded);
    button.textContent = choices.isUnfolded ? translated("Show fewer lines") : translated("Show all {lines} lines", { lines });
  };
  button.addEventListener("click", () => {
    choices.isUnfolded = !choices.isUnfolded;
    show();
    if (!choices.isUnfolded) block.scrollIntoView({ block: "nearest" });
  });
  choices.isUnfolded ??= isRead(block);
  show();
  return button;
}

function equipCode(block) {
  const choices = choicesOf(block);
  const tools = document.createElement("div");
  tools.className = "tools";
  const save = iconButton("download", translated("Download as {name}", { name: fileName(block) }));
  save.addEventListener("click", () => download(block));
  tools.append(wrapButton(block, choices), save, copyButton(translated("Copy the code")));
  const lines = textOf(block).replace(/\n$/, "").split("\n").length;
  if (lines > FOLDED) {
    block.classList.add("folds");
    block.append(foldButton(block, lines, choices));
  }
  // Before the code, as they are seen.
  block.prepend(tools);
}

// A table scrolls in itself; its button does not scroll with it.
function equipTable(table) {
  const frame = document.createElement("div");
  frame.className = "framed";
  table.replaceWith(frame);
  frame.append(table, copyButton(translated("Copy the table")));
}

// What is wider than its place is reached by keyboard, to scroll it: code and formulas on a narrow screen.
const widths = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});

const loaded = new Map();

function loadStyles(name) {
  if (!loaded.has(name)) {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: find("#thread").dataset[name] });
    const { promise, resolve } = Promise.withResolvers();
    link.addEventListener("load", resolve);
    link.addEventListener("error", resolve);
    document.head.append(link);
    loaded.set(name, promise);
  }
  return loaded.get(name);
}

export async function equip(within) {
  if (find(".chart", within)) loadStyles("chartStyles");
  for (const wide of all(".prose pre, .prose math[display=block]", within)) widths.observe(wide);
  await loadStyles("codeStyles");
  for (const block of all(".code, .table", within)) {
    if (!block.isConnected || block.closest(".open") || find(".tools", block) || block.closest(".framed")) continue;
    if (block.matches(".code")) equipCode(block);
    else equipTable(block);
    if (block.dataset.language === "mermaid") import("diagrams").then(({ draw }) => draw(block));
  }
}
