"use strict";
(() => {
  const form = document.getElementById("filters");
  const rows = Array.from(document.querySelectorAll("tbody tr"));
  const cells = Array.from(document.querySelectorAll(".cell"));
  const shown = document.getElementById("shown");
  const none = document.getElementById("none");
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  let technique = "";

  const has = (row, key, wanted) => !wanted || row.dataset[key].split(" ").includes(wanted);

  const apply = () => {
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const answers = new Set(
      Array.from(form.elements.answer, (box) => (box.checked ? box.value : null)),
    );
    let count = 0;
    for (const row of rows) {
      const fits =
        answers.has(row.dataset.answer) &&
        ["level", "service", "provenance"].every((key) => has(row, key, form.elements[key].value)) &&
        has(row, "technique", technique) &&
        words.every((word) => texts.get(row).includes(word));
      row.hidden = !fits;
      count += fits;
    }
    for (const cell of cells) {
      cell.setAttribute("aria-pressed", String(cell.dataset.technique === technique));
    }
    shown.textContent = `${count} of ${rows.length} rules${technique ? ` with ${technique}` : ""}`;
    none.hidden = count > 0;
  };

  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => {
    technique = "";
    setTimeout(apply);
  });
  for (const cell of cells) {
    cell.addEventListener("click", () => {
      technique = technique === cell.dataset.technique ? "" : cell.dataset.technique;
      apply();
    });
  }

  // A link such as #answer=unlikely,partial&technique=T1110 opens the page filtered.
  const open = () => {
    const wanted = new URLSearchParams(location.hash.slice(1));
    for (const key of ["text", "level", "service", "provenance"]) {
      if (wanted.has(key)) form.elements[key].value = wanted.get(key);
    }
    if (wanted.has("answer")) {
      const names = wanted.get("answer").split(",");
      for (const box of form.elements.answer) box.checked = names.includes(box.value);
    }
    if (wanted.has("technique")) technique = wanted.get("technique");
    apply();
  };

  addEventListener("hashchange", open);
  form.hidden = false;
  open();
})();
