// Names for screen readers what Django's admin leaves unnamed: fields in lists, dates and times, and icons in labels.
const NAME_WORDS = JSON.parse(document.getElementById("words")?.textContent ?? "{}")

function textOf(element) {
  return element?.textContent.trim().replace(/:$/, "") ?? ""
}

function nameAll() {
  for (const field of document.querySelectorAll("#result_list :is(input, select):not([type=hidden], .action-select, #action-toggle)")) {
    const column = field.closest("td")?.className.match(/field-(\S+)/)?.[1]
    const heading = document.querySelector(`#result_list thead th.column-${column} .text`)
    field.setAttribute("aria-label", `${textOf(heading)}: ${textOf(field.closest("tr").querySelector("th"))}`)
  }
  for (const field of document.querySelectorAll(":is(.vDateField, .vTimeField):not([aria-label])")) {
    const kind = field.classList.contains("vDateField") ? NAME_WORDS["date"] ?? "date" : NAME_WORDS["time"] ?? "time"
    const row = field.closest(".form-row")
    field.setAttribute("aria-label", `${textOf(row?.querySelector("label, legend"))}, ${kind}`)
  }
  for (const icon of document.querySelectorAll("label .search-label-icon[aria-label]")) icon.setAttribute("role", "img")
}

addEventListener("load", nameAll)
