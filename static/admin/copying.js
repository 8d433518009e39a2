// A button beside each text that is meant to be copied, in the language of the page; without it, in English.
const COPY_WORDS = JSON.parse(document.getElementById("words")?.textContent ?? "{}")
for (const text of document.querySelectorAll("[data-copy]")) {
  const button = document.createElement("button")
  button.type = "button"
  button.className = "copy-button"
  button.textContent = COPY_WORDS["Copy link"] ?? "Copy link"
  const done = document.createElement("span")
  done.setAttribute("role", "status")
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text.textContent)
      done.textContent = ` ${COPY_WORDS["Copied"] ?? "Copied"}`
    } catch {
      // Without HTTPS browsers give pages no clipboard: the text is selected, to be copied by hand.
      getSelection().selectAllChildren(text)
      done.textContent = ` ${COPY_WORDS["Selected: press Ctrl or ⌘ and C"] ?? "Selected: press Ctrl or ⌘ and C"}`
    }
  })
  text.after(" ", button, done)
}
