// What htmx cannot do: keys, growing fields, scrolling, copying, and polling where sockets are blocked.

/* What somebody has written and not sent, in this tab's storage. The page says whose drafts may be in it: the beginning
   of their names, "generation.person." or, where nobody is signed in, "generation."; langai_site/accounts/drafts.py.
   First of all, so that nothing that fails on a page keeps another person's drafts there. */

const drafts = (() => {
  const DRAFT = "draft:";
  // Under this name tabs of this browser tell one another whom their page is for.
  const OWNER = "drafts-of";
  const owner = document.body.dataset.drafts;
  let isOver = false;

  // Whoever is signed out may be either's person, or will be asked who they are.
  const isSame = (other) => owner.startsWith(other) || other.startsWith(owner);

  function forgetAllBut(kept) {
    for (const name of Object.keys(sessionStorage)) {
      if (name.startsWith(DRAFT) && !name.startsWith(DRAFT + kept)) sessionStorage.removeItem(name);
    }
  }

  // Somebody signed out, or another person signed in: this page is not for those who sit here now.
  function leave(now) {
    if (isOver) return;
    isOver = true;
    forgetAllBut(now);
    const field = document.querySelector("#composer [name=text]");
    if (field) field.value = "";
    location.reload();
  }

  addEventListener("storage", ({ key, newValue }) => {
    if (key === OWNER && newValue !== null && !isSame(newValue)) leave(newValue);
  });
  // A page that the browser had put aside missed what was told meanwhile.
  addEventListener("pageshow", ({ persisted }) => {
    const now = localStorage.getItem(OWNER);
    if (persisted && now !== null && !isSame(now)) leave(now);
  });
  forgetAllBut(owner);
  localStorage.setItem(OWNER, owner);

  return {
    read: (place) => sessionStorage.getItem(DRAFT + owner + place) ?? "",
    drop: (place) => sessionStorage.removeItem(DRAFT + owner + place),
    keep(place, text) {
      if (!isOver) sessionStorage.setItem(DRAFT + owner + place, text);
    },
  };
})();

const find = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const thread = () => find("#thread");

let connected = false;
let failures = 0;
let polling = null;
let opening = null;

/* Notices */

const STAY = 10_000;

function dismissible(toast) {
  const close = document.createElement("button");
  close.type = "button";
  close.className = "ghost";
  close.ariaLabel = "Close this notice";
  close.innerHTML = '<svg><use href="#i-close"/></svg>';
  close.addEventListener("click", () => toast.remove());
  toast.append(close);
  if (toast.matches(".error, .warning")) return;
  const leave = () => (toast.matches(":hover, :focus-within") ? setTimeout(leave, STAY) : toast.remove());
  setTimeout(leave, STAY);
}

function tell(text, kind = "error", link = null) {
  const said = link ? `${text} ${link.words}` : text;
  if (all("#notices p").some((shown) => shown.textContent === said)) return;
  const toast = document.createElement("div");
  toast.className = `toast ${kind}`;
  const paragraph = Object.assign(document.createElement("p"), { textContent: text });
  if (link) paragraph.append(" ", Object.assign(document.createElement("a"), { href: link.href, textContent: link.words }));
  toast.append(paragraph);
  find("#notices").append(toast);
  dismissible(toast);
}

/* The thread stays at its end unless somebody scrolled up. */

let pinned = true;
let live = new Set();

function toEnd() {
  const scroller = find("#scroller");
  if (scroller) scroller.scrollTop = scroller.scrollHeight;
}

// A page of an earlier part offers no jump to the end of the thread, which is on another page.
function offerJump() {
  const jump = find("#jump");
  if (jump) jump.hidden = pinned;
}

function grown() {
  if (pinned) toEnd();
  offerJump();
}

function scrolled({ target }) {
  pinned = target.scrollHeight - target.scrollTop - target.clientHeight < 60;
  offerJump();
}

// If the address names a message, scroll to it.
function toStart() {
  const wanted = location.hash.startsWith("#m-") && document.getElementById(location.hash.slice(1));
  if (!wanted) return toEnd();
  pinned = false;
  wanted.scrollIntoView();
}

/* Earlier messages come in above what somebody reads, which stays where it is. */

let reading = null;

function beforeEarlier({ detail: { target, shouldSwap } }) {
  const first = shouldSwap && target.id === "earlier" && find("#earlier ~ .turn", thread());
  reading = first && { first, top: first.getBoundingClientRect().top };
}

function afterEarlier() {
  if (!reading) return;
  const { first, top } = reading;
  reading = null;
  if (pinned) toEnd();
  else find("#scroller").scrollTop += first.getBoundingClientRect().top - top;
  find("#announcer").textContent = "Earlier messages were loaded above.";
}

/* What a frame puts after a message stands in place of all that was shown after it. */

function cutThread(event) {
  const { fragment } = event.detail;
  const after = fragment.dataset?.after;
  if (!after) return;
  const last = document.getElementById(after);
  if (last) {
    while (last.nextSibling) last.nextSibling.remove();
  } else {
    event.detail.shouldSwap = false;
    location.reload();
  }
}

function announceEnded() {
  const now = new Set(all(".turn.live", thread()).map((turn) => turn.id));
  const ended = [...live].map((id) => !now.has(id) && document.getElementById(id)).filter(Boolean).at(-1);
  live = now;
  if (ended) return announce(find(".problem", ended) ? "The answer ended early." : "Answer complete.");
  if (now.size) announce(find(".thinking .running", thread()) ? "The model is thinking." : "");
}

// Screen readers need not hear the same words twice.
function announce(words) {
  const announcer = find("#announcer");
  if (announcer.textContent !== words) announcer.textContent = words;
}

function watchThread() {
  if (!thread()) return;
  find("#scroller").addEventListener("scroll", scrolled, { passive: true });
  find("#jump")?.addEventListener("click", () => {
    pinned = true;
    grown();
    find("#text").focus();
  });
  new ResizeObserver(grown).observe(thread());
  new MutationObserver(announceEnded).observe(thread(), { childList: true });
  announceEnded();
}

/* What the model thinks: a folded line that counts the seconds by itself. Its text is asked for when it is opened. */

const REFRESH = 3000;
// Long thoughts take the server longer to draw, so they are requested less often: one second per this many characters.
const PACE = 20_000;

let counting = null;

function spoken(seconds) {
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

function countThinking() {
  const running = all(".thinking .running");
  const now = performance.now();
  for (const line of running) {
    line.began ??= now - 1000 * Number(line.dataset.seconds);
    const words = spoken(Math.floor((now - line.began) / 1000));
    const shown = find(".seconds", line);
    if (shown.textContent !== words) shown.textContent = words;
    refreshThoughts(line.closest(".thinking"), now);
  }
  if (running.length) counting ??= setInterval(countThinking, 1000);
  else counting = clearInterval(counting) ?? null;
}

// While somebody reads the thoughts, new ones come through separate requests, not through the socket.
function refreshThoughts(thinking, now) {
  if (!thinking.open) return;
  const thought = find(".thought", thinking);
  thinking.asked ??= now;
  if (now - thinking.asked < Math.max(REFRESH, (1000 * thought.textContent.length) / PACE)) return;
  thinking.asked = now;
  htmx.ajax("GET", thought.getAttribute("hx-get"), { target: thought, swap: "innerHTML" }).catch(() => {});
}

// Thoughts are requested when the line is opened; complete ones are requested only once.
function askThoughts(event) {
  const { elt } = event.detail;
  if (!elt.matches(".thought")) return;
  if (elt.isWhole || !elt.closest(".thinking").open) event.preventDefault();
}

function gotThoughts({ detail: { target } }) {
  if (target.matches(".thinking .thought")) target.isWhole = !find(".running", target.closest(".thinking"));
}

// A reply that is drawn again keeps its thoughts open, and their text until they are requested again.
function keepOpen(before, after) {
  const shown = before?.querySelector(".thinking[open]");
  const next = after?.querySelector(".thinking");
  if (!shown || !next) return;
  find(".thought", next).replaceChildren(...find(".thought", shown).childNodes);
  next.open = true;
}

let replaced = null;

function beforeReply({ detail: { target, shouldSwap } }) {
  replaced = shouldSwap && target.matches(".turn.reply") ? target : null;
}

function afterReply() {
  if (!replaced) return;
  keepOpen(replaced, document.getElementById(replaced.id));
  replaced = null;
}

/* The composer */

const GROWS_ITSELF = CSS.supports("field-sizing", "content");

function measure(field) {
  const max = Number(field.dataset.max);
  const over = field.value.length - max;
  const count = find("#count");
  count.textContent = over > -max / 10 ? `${field.value.length} of ${max}` : "";
  count.classList.toggle("over", over > 0);
  field.setCustomValidity(over > 0 ? `Shorten the message by ${over} characters.` : "");
  if (GROWS_ITSELF) return;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}

function sayAsked() {
  const picker = find("#asked");
  if (!picker) return;
  const scope = find("[type=radio]:checked", picker)?.value;
  const boxes = all("[type=checkbox]", picker);
  const ticked = boxes.filter((box) => box.checked).length;
  const some = ticked ? `${ticked} of ${boxes.length} collections` : "No documents";
  find("#asked-words").textContent = { all: "All documents", some }[scope] ?? "No documents";
}

function setUpComposer() {
  const form = find("#composer");
  if (!form) return;
  const field = form.elements.text;
  field.value ||= drafts.read(form.dataset.draft);
  measure(field);
  field.addEventListener("input", () => {
    drafts.keep(form.dataset.draft, field.value);
    measure(field);
  });
  sayAsked();
  find("#asked")?.addEventListener("change", sayAsked);
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || matchMedia("(pointer: coarse)").matches) return;
    event.preventDefault();
    if (field.value.trim()) form.requestSubmit();
  });
}

function sent({ detail: { elt, xhr, requestConfig } }) {
  if (elt.id !== "composer" || !xhr.status || xhr.status >= 400 || xhr.getResponseHeader("HX-Retarget") === "#notices") return;
  pinned = true;
  toEnd();
  // Text that was typed meanwhile is the next draft.
  if (elt.elements.text.value !== requestConfig.parameters.text) return;
  drafts.drop(elt.dataset.draft);
  elt.elements.text.value = "";
  measure(elt.elements.text);
  find("#preview").replaceChildren();
}

// The preview's details stay open while somebody continues to write.
let explained = false;

function remember({ detail: { target } }) {
  if (target.id === "preview") explained = Boolean(find("details[open]", target));
}

function reopen({ detail: { target } }) {
  if (target.id === "preview" && explained) find("details", target)?.setAttribute("open", "");
}

/* The panel beside the thread shows the passage behind a number. */

let opener = null;

async function openPanel(link) {
  closePanel();
  opener = link;
  await htmx.ajax("GET", link.href, { target: "#source", swap: "innerHTML" });
  link.setAttribute("aria-current", "true");
  find("#source").focus({ preventScroll: true });
  find("#source mark")?.scrollIntoView({ block: "center" });
}

function closePanel() {
  if (!find("#source")?.childNodes.length) return false;
  find("#source").replaceChildren();
  opener?.removeAttribute("aria-current");
  opener?.focus({ preventScroll: true });
  opener = null;
  return true;
}

/* Copying */

async function copy(button) {
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

function addCopyButtons(within) {
  for (const block of all(".code", within)) {
    if (block.closest(".open") || find("button", block)) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "ghost copy-code";
    button.dataset.copy = "";
    button.ariaLabel = "Copy the code";
    button.innerHTML = '<svg><use href="#i-copy"/></svg>';
    block.append(button);
  }
}

/* Clicks and keys */

document.addEventListener("click", (event) => {
  const plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button);
  const passage = event.target.closest("a.cite, a[data-panel]");
  const button = event.target.closest("[data-copy], [data-close]");
  if (passage && plain && find("#source")) {
    event.preventDefault();
    openPanel(passage);
  } else if (button?.matches("[data-close]")) {
    closePanel();
  } else if (button) {
    copy(button);
  }
});

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    find("[data-shortcut=k]")?.click();
  } else if (event.key === "Escape" && !event.isComposing && !find(":popover-open")) {
    if (!closePanel() && !event.repeat) all(".turn.live .stop").at(-1)?.click();
  }
});

/* The socket: quick to come back. Where it cannot be opened, live answers are asked for once a second. */

const BACK_OFF = [200, 500, 1000, 2000];
const TRIES = 3;
const OPENS_WITHIN = 4000;
const RECONNECTED_BY_HTMX = [1006, 1011, 1012, 1013];
const REFUSED = 4400;
const SIGNED_OUT = 4401;
const NOT_YOURS = 4404;
const TOO_MANY = 4429;

const delay = (attempt) => BACK_OFF[Math.min(attempt, BACK_OFF.length - 1)] * (1 + Math.random() / 4);

function poll() {
  for (const turn of all(".turn.live[data-reply]")) {
    htmx.ajax("GET", turn.dataset.reply, { target: turn, swap: "outerHTML" }).catch(() => {});
  }
}

function startPolling() {
  polling ??= setInterval(poll, 1000);
}

function socketOpened() {
  connected = true;
  failures = 0;
  clearTimeout(opening);
  clearInterval(polling);
  polling = null;
}

// The end of watching is final: nothing is requested again, and the composer's text stays.
function watchingEnded(code) {
  clearInterval(polling);
  polling = null;
  // A page that caused this itself is already leaving and needs no notice.
  setTimeout(() => {
    if (code === SIGNED_OUT) {
      const href = `/accounts/login/?next=${encodeURIComponent(location.pathname)}`;
      tell("You are signed out here. What you were writing is kept.", "error", { href, words: "Sign in again" });
    } else {
      tell("This conversation was deleted, or is not yours.", "error", { href: "/", words: "Start a new chat" });
    }
  }, 1000);
}

function socketClosed({ detail: { event, socketWrapper } }) {
  connected = false;
  clearTimeout(opening);
  failures += 1;
  if (event.code === SIGNED_OUT || event.code === NOT_YOURS) return watchingEnded(event.code);
  if (failures >= TRIES || event.code === TOO_MANY) startPolling();
  if (event.code < REFUSED && !RECONNECTED_BY_HTMX.includes(event.code)) {
    setTimeout(socketWrapper.reconnect, delay(failures));
  }
}

// A socket says what the page shows now and gets what is missing, even an hour after the page was loaded.
function currentSocket(address) {
  const last = all(".turn", thread()).at(-1);
  const url = new URL(address);
  if (last) url.searchParams.set("shown", last.dataset.state ?? last.id.slice(2));
  return new WebSocket(url);
}

htmx.createWebSocket = currentSocket;
htmx.config.wsReconnectDelay = delay;
document.addEventListener("htmx:wsConnecting", () => {
  clearTimeout(opening);
  opening = setTimeout(startPolling, OPENS_WITHIN);
});
document.addEventListener("htmx:wsOpen", socketOpened);
document.addEventListener("htmx:wsClose", socketClosed);
// An open socket draws the response to a post; without a socket the post itself brings the new thread.
document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (connected) detail.headers["X-Socket"] = "open";
});

/* Requests that went wrong */

document.addEventListener("htmx:beforeSwap", (event) => {
  const landed = new URL(event.detail.xhr.responseURL || location.href).pathname;
  if (!landed.startsWith("/accounts/login/")) return;
  // Signed out meanwhile: the reload asks for a sign-in, and the draft is still there afterwards.
  event.detail.shouldSwap = false;
  location.reload();
});
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  // The response itself says that something was sent too often.
  if (detail.xhr.status !== 429 || detail.xhr.getResponseHeader("HX-Retarget") !== "#notices") return;
  detail.shouldSwap = true;
  detail.isError = false;
});
document.addEventListener("htmx:sendError", () => {
  if (!polling) tell("The server cannot be reached. Your text is kept; try again in a moment.");
});
document.addEventListener("htmx:responseError", ({ detail: { xhr } }) => {
  if (xhr.status === 403) tell("This page was open for too long. Reload it and try again.");
  else if (xhr.status === 404) tell("This is no longer here. Reload the page.");
  else tell("That did not work. Try again in a moment.");
});
document.addEventListener("htmx:afterRequest", sent);
document.addEventListener("htmx:beforeSwap", remember);
document.addEventListener("htmx:beforeSwap", beforeEarlier);
document.addEventListener("htmx:afterSwap", reopen);
document.addEventListener("htmx:afterSwap", afterEarlier);
document.addEventListener("htmx:beforeRequest", askThoughts);
document.addEventListener("htmx:afterSwap", gotThoughts);
document.addEventListener("htmx:beforeSwap", beforeReply);
document.addEventListener("htmx:afterSwap", afterReply);
document.addEventListener("htmx:oobBeforeSwap", cutThread);
document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => keepOpen(detail.target, detail.fragment));
document.addEventListener("htmx:afterSettle", () => thread() && announceEnded());

/* Start */

htmx.onLoad((loaded) => {
  addCopyButtons(loaded.parentElement ?? loaded);
  if (loaded.matches(".toast")) dismissible(loaded);
  if (!loaded.matches(".thinking, .turn")) return;
  countThinking();
  announceEnded();
});
if (navigator.platform.startsWith("Mac")) all(".new kbd").forEach((hint) => (hint.textContent = "⌘K"));
all(".toast").forEach(dismissible);
setUpComposer();
watchThread();
countThinking();
toStart();

/* The choice of the model: a button that opens a list stands in for the plain field, which stays the form's own. */

const model = document.querySelector("select#model");
const chooser = document.querySelector("#model-button");

function nameModel() {
  chooser.querySelector(".words").textContent = model.selectedOptions[0]?.text ?? "";
}

function showChooser(isShown) {
  const place = model.parentElement;
  chooser.hidden = !isShown;
  place.className = isShown ? "unseen" : "pick";
  place.ariaHidden = isShown ? "true" : null;
  model.tabIndex = isShown ? -1 : 0;
}

// Where the list cannot be had, the plain field can still be used.
function useField() {
  showChooser(false);
  model.focus();
}

async function loadList(event) {
  event.preventDefault();
  try {
    await import(chooser.dataset.script);
    chooser.click();
  } catch {
    useField();
  }
}

if (chooser) {
  nameModel();
  showChooser(true);
  chooser.addEventListener("click", loadList, { once: true });
  chooser.addEventListener("unavailable", useField);
  model.addEventListener("change", nameModel);
  // Browsers put back what was chosen before a reload.
  addEventListener("pageshow", nameModel);
}
