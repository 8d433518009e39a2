// A field above each long list of boxes that shows only those with the typed words. Without it all are shown.
const MANY = 8
// In the language of the page; without it, in English.
const FILTER_WORDS = JSON.parse(document.getElementById("words")?.textContent ?? "{}")

for (const list of document.querySelectorAll("[data-check-list]")) {
  const items = [...list.querySelectorAll("li")]
  if (items.length <= MANY) continue
  const filter = document.createElement("input")
  filter.type = "search"
  filter.placeholder = FILTER_WORDS["Filter"] ?? "Filter"
  filter.setAttribute("aria-label", FILTER_WORDS["Filter the list"] ?? "Filter the list")
  filter.addEventListener("input", () => {
    const words = filter.value.trim().toLowerCase()
    for (const item of items) item.hidden = !item.textContent.toLowerCase().includes(words)
  })
  // Enter would send the form.
  filter.addEventListener("keydown", event => event.key === "Enter" && event.preventDefault())
  list.prepend(filter)
}
