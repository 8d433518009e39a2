// The one way in which scripts bring HTML into a page, for htmx, the admin and all others: as it is, but for what
// could run. Scripts made of text have no way in at all, and of
// addresses only that of the service worker.
(() => {
  if (!globalThis.trustedTypes?.createPolicy) return;

  // Only to be looked at: in a document of a parser nothing runs and nothing is loaded.
  const inert = trustedTypes.createPolicy("langai-inert", { createHTML: (html) => html });
  const parser = new DOMParser();
  const parsed = (html) => parser.parseFromString(inert.createHTML(html), "text/html");
  // Most pieces have nothing that even looks like it, and are not parsed twice.
  const SUSPECT = /\bon\w+\s*=|script|srcdoc|&(#|tab|newline|colon)/i;
  const ADDRESSES = ["href", "src", "action", "formaction", "xlink:href", "data"];

  const runs = ({ name, value }) =>
    /^on/i.test(name) ||
    name === "srcdoc" ||
    (ADDRESSES.includes(name) && /^\s*javascript:/i.test(value.replace(/[\t\n\r\0]/g, "")));

  function isHarmful(root) {
    return [...root.querySelectorAll("*")].some(
      (element) => [...element.attributes].some(runs) || (element.localName === "template" && isHarmful(element.content)),
    );
  }

  // Rows and cells are understood in a template only, a page's body outside of one only.
  const mayRun = (html) => SUSPECT.test(html) && (isHarmful(parsed(html)) || isHarmful(parsed(`<template>${html}`)));

  trustedTypes.createPolicy("default", {
    createHTML: (html) => (mayRun(html) ? null : html),
    createScriptURL: (address) => (address === "/service-worker.js" ? address : null),
  });
})();
