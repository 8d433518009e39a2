// Names what Swagger leaves unnamed for screen readers, each time that it draws.
const NAMES = [
  [".opblock-summary-control", control => words(control, ".opblock-summary-description") || words(control, ".opblock-summary-path")],
  [".expand-operation", button => `Show or hide ${words(button.closest(".opblock-tag"), "a") || "the operations"}`],
  [".opblock-control-arrow", button => `Show or hide ${words(button.closest(".opblock-summary"), ".opblock-summary-path")}`],
  ["select:not([id])", () => "Choose one"],
  [".copy-to-clipboard button", () => "Copy"],
  ["textarea.body-param__text", () => "Body of the request"],
  ["input[type=text]:not([id])", input => input.placeholder || "Value"],
]

function words(within, selector) {
  return within?.querySelector(selector)?.textContent.trim() ?? ""
}

function name() {
  for (const [selector, nameOf] of NAMES) {
    for (const element of page.querySelectorAll(`${selector}:not([aria-label])`)) element.setAttribute("aria-label", nameOf(element))
  }
  // A link inside a button: the button opens the operation, and its address is in the address bar then.
  for (const link of page.querySelectorAll(".opblock-summary-control a[href]")) link.removeAttribute("href")
  for (const heading of page.querySelectorAll(":is(h3.opblock-tag, .models > h4):not([aria-level])")) heading.setAttribute("aria-level", "2")
  for (const heading of page.querySelectorAll(".opblock-section-header h4:not([aria-level])")) heading.setAttribute("aria-level", "3")
  // Text that scrolls can be reached with the keyboard.
  for (const code of page.querySelectorAll("pre.microlight:not([tabindex])")) code.tabIndex = 0
}

const page = document.getElementById("swagger-ui")
new MutationObserver(name).observe(page, { childList: true, subtree: true })
name()
