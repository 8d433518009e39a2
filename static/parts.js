// Large files are sent in parts, so that an upload goes on where a broken connection left it: docs/api.md says how.

import { drafts } from "app";

// Bytes.
const PART = 4 * 1024 * 1024;
// Seconds until the next try; each part that arrives begins them again.
const PAUSES = [1, 2, 4, 8, 15, 30];
const ADDRESS = "/api/uploads";

// Returns the id of the complete upload, for the form that would take the file itself. Returns "" if the server does not
// take it in parts: that form then says why. Throws if the connection does not come back, or `signal` aborts it.
export async function sendParts(file, { collection, progress, signal }) {
  const place = `upload.${collection ?? ""}.${file.name}.${file.size}.${file.lastModified}`;
  // The same file, chosen again after a reload, goes on as well.
  const state = (await attempt(() => known(drafts.read(place), file, signal), signal)) ?? (await begun(file, collection, signal));
  if (!state) return "";
  drafts.keep(place, state.id);
  let at = state.received;
  for (let tries = 0; at < file.size; ) {
    const answer = await attempt(() => put(state.id, file, at, signal), signal);
    if (answer?.ok) [at, tries] = [(await answer.json()).received, 0];
    else if (tries === PAUSES.length || (answer && !isPassing(answer.status))) throw new Error(String(answer?.status));
    else {
      await pause(PAUSES[tries]);
      tries += 1;
      at = (await attempt(() => known(state.id, file, signal), signal))?.received ?? at;
    }
    progress(at / file.size);
  }
  drafts.drop(place);
  return state.id;
}

// What may pass by itself, and a part that the server has, or is still storing.
const isPassing = (status) => status === 409 || status === 429 || status >= 500;

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

// Returns nothing if the server cannot be reached.
async function attempt(work, signal) {
  try {
    return await work();
  } catch (error) {
    if (signal?.aborted) throw error;
  }
}

const token = () => JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];

async function known(id, file, signal) {
  if (!id) return null;
  const answer = await fetch(`${ADDRESS}/${id}`, { signal });
  const state = answer.ok ? await answer.json() : null;
  return state?.size === file.size ? state : null;
}

async function begun(file, collection, signal) {
  const body = JSON.stringify({ name: file.name, size: file.size, collection });
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token() };
  const answer = await attempt(() => fetch(ADDRESS, { method: "POST", headers, body, signal }), signal);
  return answer?.ok ? answer.json() : null;
}

function put(id, file, at, signal) {
  const end = Math.min(at + PART, file.size);
  const headers = {
    "Content-Type": "application/octet-stream",
    "Content-Range": `bytes ${at}-${end - 1}/${file.size}`,
    "X-CSRFToken": token(),
  };
  return fetch(`${ADDRESS}/${id}`, { method: "PUT", headers, body: file.slice(at, end), signal });
}
