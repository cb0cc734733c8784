// The calendar as a grid: one tab stop, arrow keys, a range by Shift or by dragging. Without this script its boxes are ticked.

const form = document.querySelector("[data-calendar]");
const table = form.querySelector("table");
const CELL = "[role=gridcell], [role=rowheader]";
const rows = [...table.tBodies].flatMap((body) => [...body.rows]).filter((row) => row.querySelector("td:not(.none)")).map(cellsOf);
const cells = rows.flat();
const count = form.querySelector("[data-count]");
let anchor = null;
let dragged = null;

table.setAttribute("role", "grid");
table.setAttribute("aria-multiselectable", "true");
for (const [row, line] of rows.entries()) {
  for (const [column, cell] of line.entries()) {
    Object.assign(cell, { row, column, tabIndex: -1 });
    cell.setAttribute("role", cell.tagName === "TH" ? "rowheader" : "gridcell");
    for (const inside of cell.querySelectorAll("a, input")) inside.tabIndex = -1;
    if (box(cell)) cell.setAttribute("aria-selected", box(cell).checked);
  }
}
if (cells.length) rows[0][1].tabIndex = 0;
tell();

// A day with its link to the issue, its slots, and what is to be settled.
function cellsOf(row) {
  return [...row.cells].filter((cell) => !cell.matches(".fill") || cell.querySelector("a"));
}

function isSlot(cell) {
  return cell.matches("td:not(.fill)");
}

function box(cell) {
  return cell.querySelector("input[name=slot]");
}

function pick(cell, chosen) {
  if (!box(cell)) return;
  box(cell).checked = chosen;
  cell.setAttribute("aria-selected", chosen);
}

function clear() {
  for (const cell of cells) pick(cell, false);
}

function between(from, to) {
  const [top, bottom] = [from.row, to.row].sort((a, b) => a - b);
  const [left, right] = [from.column, to.column].sort((a, b) => a - b);
  return cells.filter((cell) => cell.row >= top && cell.row <= bottom && cell.column >= left && cell.column <= right);
}

function range(to) {
  clear();
  for (const cell of between(anchor ?? to, to)) pick(cell, true);
  tell();
}

function tell() {
  if (!count) return;
  const chosen = cells.filter((cell) => box(cell)?.checked).length;
  count.textContent = chosen ? `${chosen} slot${chosen === 1 ? "" : "s"} chosen` : "Choose slots to hold or book them.";
}

function focus(cell) {
  if (!cell) return;
  for (const each of cells) each.tabIndex = each === cell ? 0 : -1;
  cell.focus();
}

function press(letter, cell) {
  if (!cells.some((each) => box(each)?.checked)) pick(cell, true);
  if (cells.some((each) => box(each)?.checked)) form.querySelector(`[data-do=${letter}]`)?.click();
}

function step(cell, key) {
  const line = rows[cell.row];
  const to = {
    ArrowLeft: line[cell.column - 1],
    ArrowRight: line[cell.column + 1],
    ArrowUp: rows[cell.row - 1]?.[cell.column],
    ArrowDown: rows[cell.row + 1]?.[cell.column],
    Home: line.find(isSlot),
    End: line.findLast(isSlot),
    PageUp: rows[Math.max(0, cell.row - 5)][cell.column],
    PageDown: rows[Math.min(rows.length - 1, cell.row + 5)][cell.column],
  };
  return key in to ? (to[key] ?? cell) : null;
}

table.addEventListener("keydown", (event) => {
  const cell = event.target.closest(CELL);
  if (!cell || event.ctrlKey || event.metaKey || event.altKey) return;
  const to = step(cell, event.key);
  if (to) {
    if (event.shiftKey) anchor ??= cell;
    else anchor = null;
    focus(to);
    if (event.shiftKey) range(to);
  } else if (event.key === " ") {
    pick(cell, !box(cell)?.checked);
    tell();
  } else if (event.key === "Enter") {
    const link = cell.querySelector("a");
    if (link) link.click();
    else press("b", cell);
  } else if (event.key === "Escape") {
    anchor = null;
    clear();
    tell();
  } else if (["h", "b"].includes(event.key.toLowerCase())) press(event.key.toLowerCase(), cell);
  else if (event.key.toLowerCase() === "m") move(cell);
  else return;
  event.preventDefault();
});

// A booking is moved from its own page, which knows what is free.
function move(cell, to = null) {
  const link = cell.querySelector("a[href*='/insertions/']");
  if (link) location.href = `${link.pathname}${to ? `?to=${box(to).value}` : ""}#move`;
}

// ---- dragging: over open slots it selects them; from a booking to an open slot it moves the booking

table.addEventListener("pointerdown", (event) => {
  const cell = event.target.closest(CELL);
  if (!cell || event.button || event.pointerType === "touch") return;
  if (event.shiftKey && anchor) range(cell);
  else {
    dragged = cell;
    if (!event.target.closest("a")) anchor = cell;
  }
});

table.addEventListener("pointerover", (event) => {
  const cell = event.target.closest(CELL);
  if (!dragged || !cell || cell === dragged || !box(dragged)) return;
  table.classList.add("dragging");
  range(cell);
});

document.addEventListener("pointerup", (event) => {
  const cell = event.target.closest?.(CELL);
  if (dragged && cell && cell !== dragged && !box(dragged) && box(cell)) move(dragged, cell);
  dragged = null;
  table.classList.remove("dragging");
});

table.addEventListener("dragstart", (event) => event.preventDefault());

table.addEventListener("click", (event) => {
  const cell = event.target.closest(CELL);
  if (!cell || event.target.closest("a") || table.matches(".dragging") || event.shiftKey) return;
  if (cell === anchor || event.pointerType === "touch") pick(cell, !box(cell)?.checked);
  tell();
  focus(cell);
});
