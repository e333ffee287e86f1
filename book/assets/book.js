/* Equations that are wider than the page scroll in their own box; whoever uses the keyboard must be able to reach it. */
(() => {
  const update = () => {
    for (const box of document.querySelectorAll('mjx-container[display="true"], div.math')) {
      if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };
  addEventListener("load", update);
  addEventListener("resize", update);
})();

/* Tables that the reader sorts: the heads become buttons. */
(() => {
  const key = (row, column) => {
    const text = row.cells[column].textContent.trim();
    return text === "" || Number.isNaN(Number(text)) ? text : Number(text);
  };
  const sort = (table, column) => {
    const head = table.tHead.rows[0].cells[column];
    const down = head.getAttribute("aria-sort") !== "descending";
    for (const cell of table.tHead.rows[0].cells) cell.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const rows = [...table.tBodies[0].rows].sort((one, other) => {
      const [a, b] = [key(one, column), key(other, column)];
      return (a < b ? -1 : a > b ? 1 : 0) * (down ? -1 : 1);
    });
    table.tBodies[0].append(...rows);
  };
  const start = () => {
    for (const table of document.querySelectorAll("table.sortable")) {
      [...table.tHead.rows[0].cells].forEach((cell, column) => {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = cell.textContent;
        button.addEventListener("click", () => sort(table, column));
        cell.replaceChildren(button);
      });
    }
  };
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", start);
  else start();
})();
