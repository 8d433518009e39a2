// Pages with a passkey: says what to do when the browser made or used none. allauth's own scripts ask the browser.

import { translated } from "app";

const WORDS = {
  NotAllowedError: translated("Nothing was confirmed in time. Try again, or use another way."),
  InvalidStateError: translated("This device has a passkey for your account already."),
  SecurityError: translated("Passkeys need an address with https. Ask an admin."),
};

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const problem = document.getElementById("passkey-problem");
  const known = WORDS[event.detail.exception?.name];
  problem.textContent = known ?? translated("This browser cannot use a passkey here. Use another way.");
});
