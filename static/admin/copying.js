// A button beside each text that is meant to be copied.
for (const text of document.querySelectorAll("[data-copy]")) {
  const button = document.createElement("button")
  button.type = "button"
  button.className = "copy-button"
  button.textContent = "Copy link"
  const done = document.createElement("span")
  done.setAttribute("role", "status")
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text.textContent)
      done.textContent = " Copied"
    } catch {
      // Without HTTPS browsers give pages no clipboard: the text is selected, to be copied by hand.
      getSelection().selectAllChildren(text)
      done.textContent = " Selected: press Ctrl or ⌘ and C"
    }
  })
  text.after(" ", button, done)
}
