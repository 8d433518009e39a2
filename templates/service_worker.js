{% comment %}Drawn by langai_site/web/installing.py. `known_json` is JSON of addresses.{% endcomment %}// Keeps static files and one page that is the same for everybody. Private pages are never kept.

const KNOWN = {{ known_json|safe }};
const CACHE = `langai-${KNOWN.version}`;

const keep = async () => (await caches.open(CACHE)).addAll([KNOWN.offline, ...KNOWN.needed]);

async function forgetOthers() {
  for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
}

addEventListener("install", (event) => event.waitUntil(keep().then(() => skipWaiting())));
addEventListener("activate", (event) => event.waitUntil(forgetOthers()));

// Their names change with their content, so what is kept is never old.
async function staticFile(request) {
  const kept = await caches.match(request);
  if (kept) return kept;
  const response = await fetch(request);
  if (response.ok && response.headers.get("Cache-Control")?.includes("immutable")) {
    const copy = response.clone();
    (await caches.open(CACHE)).put(request, copy);
  }
  return response;
}

async function page(request) {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await caches.match(KNOWN.offline);
    if (!kept) throw error;
    return kept;
  }
}

async function forgetAll() {
  await caches.delete(CACHE);
  await keep();
}

addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (origin !== location.origin) return;
  if (request.method === "POST" && KNOWN.sign_outs.includes(pathname)) return event.waitUntil(forgetAll());
  if (request.method !== "GET") return;
  if (pathname.startsWith(KNOWN.static)) event.respondWith(staticFile(request));
  else if (request.mode === "navigate") event.respondWith(page(request));
});

// A notice that an answer is ready leads to its tab.
async function show(address) {
  const tabs = await clients.matchAll({ type: "window" });
  const tab = tabs.find((each) => each.url === address);
  return tab ? tab.focus() : clients.openWindow(address);
}

addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(show(event.notification.data));
});
