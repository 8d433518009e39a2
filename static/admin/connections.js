// The choice of a connection's models: a field that finds one by a part of its name.
const field = document.getElementById("find-model");

if (field) {
  const rows = [...document.querySelectorAll(".connection-models li")];
  const words = JSON.parse(document.getElementById("words")?.textContent ?? "{}")["{count} of {all}"] ?? "{count} of {all}";
  const status = field.parentElement.querySelector("[role=status]");
  field.parentElement.hidden = rows.length < 10;
  field.addEventListener("input", () => {
    const wanted = field.value.trim().toLowerCase();
    for (const row of rows) {
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
    }
    const shown = rows.filter((row) => !row.hidden).length;
    status.textContent = wanted ? words.replace("{count}", shown).replace("{all}", rows.length) : "";
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
    }
  });
}
