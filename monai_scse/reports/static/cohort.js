"use strict";
(() => {
  const table = document.getElementById("cases");
  if (!table) return;
  const body = table.tBodies[0];
  const value = (row, column, text) => {
    const found = row.cells[column].dataset.value;
    return text ? found : found === "" ? NaN : Number(found);
  };
  const compare = (a, b, text) => {
    if (text) return a.localeCompare(b, undefined, { numeric: true });
    return Number.isNaN(a) ? 1 : Number.isNaN(b) ? -1 : a - b;
  };
  table.querySelectorAll(".sort").forEach((button) => button.addEventListener("click", () => {
    const head = button.closest("th");
    const text = button.dataset.kind === "text";
    const before = head.getAttribute("aria-sort");
    const down = before === null ? !text : before === "ascending";
    table.querySelectorAll("th[aria-sort]").forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const rows = [...body.rows];
    rows.sort((a, b) => {
      const [first, second] = [value(a, head.cellIndex, text), value(b, head.cellIndex, text)];
      const order = compare(first, second, text);
      return down && !Number.isNaN(first) && !Number.isNaN(second) ? -order : order;
    });
    body.append(...rows);
  }));
  document.getElementById("find")?.addEventListener("input", (event) => {
    const wanted = event.target.value.toLowerCase();
    for (const row of body.rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  });
})();
