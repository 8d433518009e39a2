// Pages with a passkey: says what to do when the browser made or used none. allauth's own scripts ask the browser.

const WORDS = {
  NotAllowedError: "Nothing was confirmed in time. Try again, or use another way.",
  InvalidStateError: "This device has a passkey for your account already.",
  SecurityError: "Passkeys need an address with https. Ask an admin.",
};

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const problem = document.getElementById("passkey-problem");
  const known = WORDS[event.detail.exception?.name];
  problem.textContent = known ?? "This browser cannot use a passkey here. Use another way.";
});
