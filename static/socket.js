// The socket of a conversation: it comes back quickly, and notices by itself when it is dead. Where it cannot be opened,
// live answers are requested once a second.

import { all, find, tell, translated } from "app";

const BACK_OFF = [200, 500, 1000, 2000];
const TRIES = 3;
const OPENS_WITHIN = 4000;
// A network that is gone closes no socket, so the page asks: not within ASKED_AFTER of anything heard, so that it stays
// within the limit of frames. Milliseconds.
const ASKED_EVERY = 5000;
const ASKED_AFTER = 3000;
const ANSWERS_WITHIN = 4000;
// After sleep a person waits, so a dead socket is given up sooner.
const WAKES_WITHIN = 2000;
const PING = "ping";
const PONG = "pong";
const RECONNECTED_BY_HTMX = [1006, 1011, 1012, 1013];
const REFUSED = 4400;
const SIGNED_OUT = 4401;
const NOT_YOURS = 4404;
const TOO_MANY = 4429;

let socket = null;
let wrapper = null;
let connected = false;
let isOver = false;
let failures = 0;
let polling = null;
let opening = null;
let unanswered = null;
let lastHeard = 0;
let shown = null;

const delay = (attempt) => BACK_OFF[Math.min(attempt, BACK_OFF.length - 1)] * (1 + Math.random() / 4);

/* Polling */

function poll() {
  for (const turn of all(".turn.live[data-reply]")) {
    htmx.ajax("GET", turn.dataset.reply, { target: turn, swap: "outerHTML" }).catch(() => {});
  }
}

function startPolling() {
  polling ??= setInterval(poll, 1000);
  document.body.dataset.polling = "";
}

function stopPolling() {
  polling = clearInterval(polling) ?? null;
  delete document.body.dataset.polling;
}

/* Opening and closing */

// A socket says what the page shows now and gets what is missing, even an hour after the page was loaded.
function currentSocket(address) {
  const last = all("#thread > .turn:not(.pending)").at(-1);
  const url = new URL(address);
  if (last) url.searchParams.set("shown", last.dataset.state ?? last.id.slice(2));
  socket = new WebSocket(url);
  socket.addEventListener("message", heard);
  return socket;
}

// Short breaks are nobody's concern.
function sayReconnecting() {
  shown ??= setTimeout(() => (find("#reconnecting").hidden = false), 1500);
}

function stopSaying() {
  shown = clearTimeout(shown) ?? null;
  find("#reconnecting").hidden = true;
}

function socketOpened({ detail }) {
  wrapper = detail.socketWrapper;
  connected = true;
  lastHeard = Date.now();
  failures = 0;
  clearTimeout(opening);
  stopPolling();
  stopSaying();
}

// The end of watching is final: nothing is requested again, and the composer's text stays.
function watchingEnded(code) {
  isOver = true;
  stopPolling();
  stopSaying();
  // A page that caused this itself is already leaving and needs no notice.
  setTimeout(() => {
    if (code === SIGNED_OUT) {
      const href = `/accounts/login/?next=${encodeURIComponent(location.pathname)}`;
      tell(translated("You are signed out here. What you were writing is kept."), "error", { href, words: translated("Sign in again") });
    } else {
      tell(translated("This conversation was deleted, or is not yours."), "error", { href: "/", words: translated("Start a new chat") });
    }
  }, 1000);
}

function lost() {
  connected = false;
  clearTimeout(opening);
  unanswered = clearTimeout(unanswered) ?? null;
  failures += 1;
}

function socketClosed({ detail: { event, socketWrapper } }) {
  // One that was given up before.
  if (event.target !== socket) return;
  lost();
  if (event.code === SIGNED_OUT || event.code === NOT_YOURS) return watchingEnded(event.code);
  sayReconnecting();
  if (failures >= TRIES || event.code === TOO_MANY) startPolling();
  if (event.code < REFUSED && !RECONNECTED_BY_HTMX.includes(event.code)) {
    setTimeout(socketWrapper.reconnect, delay(failures));
  }
}

/* Asking whether it is still alive */

function heard(event) {
  lastHeard = Date.now();
  unanswered = clearTimeout(unanswered) ?? null;
  // Nothing for htmx to draw.
  if (event.data === PONG) event.stopImmediatePropagation();
}

function ask(within) {
  if (!connected || unanswered || Date.now() - lastHeard < ASKED_AFTER) return;
  socket.send(PING);
  unanswered = setTimeout(dead, within);
}

// Its own end may come minutes later, or never. The next one begins now.
function dead() {
  lost();
  sayReconnecting();
  renew();
}

function renew() {
  const old = socket;
  wrapper.reconnect();
  old.close();
}

function woken() {
  if (document.visibilityState !== "visible" || isOver || !wrapper) return;
  unanswered = clearTimeout(unanswered) ?? null;
  if (connected) ask(WAKES_WITHIN);
  else renew();
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
setInterval(() => ask(ANSWERS_WITHIN), ASKED_EVERY);
document.addEventListener("visibilitychange", woken);
addEventListener("pageshow", woken);
addEventListener("online", woken);
