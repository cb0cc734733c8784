// What stands in the form of a block, as JSON, and back: the same words that `BlockForm.words` speaks on the server.

import { RichText } from "./richtext/editor.js";
import { $, $$ } from "./page.js";

const editors = new WeakMap(); // textarea -> RichText

/** Put an editor in the place of a rich textarea, when it is first needed. */
export function mount(textarea, hooks) {
  if (!editors.has(textarea)) editors.set(textarea, new RichText(textarea, hooks));
  return editors.get(textarea);
}

export const editorOf = (textarea) => editors.get(textarea);

const inputs = (root) => $$("input, textarea, select", root).filter((each) => each.name && !each.closest("template"));
const rich = (input) => input.dataset.rich !== undefined;

/** The value of one input. */
export function valueOf(input) {
  if (rich(input)) return editors.get(input)?.html ?? input.dataset.html ?? "";
  return input.type === "checkbox" ? input.checked : input.value;
}

/** The value that one plain input had when the page was loaded. */
export function loadedValueOf(input) {
  if (input.tagName === "SELECT") return ([...input.options].find((option) => option.defaultSelected) ?? input.options[0])?.value ?? "";
  return input.type === "checkbox" ? input.defaultChecked : input.defaultValue;
}

/** Set one input, without telling anybody. */
export function setValue(input, value) {
  if (rich(input)) {
    const editor = editors.get(input);
    if (editor) editor.setHTML(value);
    else input.dataset.html = value;
  } else if (input.type === "checkbox") input.checked = value;
  else {
    if (input.tagName === "SELECT" && ![...input.options].some((option) => option.value === value)) input.add(new Option(value, value));
    input.value = value;
    if (input.dataset.grow !== undefined) grow(input);
  }
}

/** A textarea as high as its words, in browsers whose styles do not see to it. */
export function grow(area) {
  if (CSS.supports("field-sizing", "content")) return;
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight + 2}px`;
}

const plain = (input) => input.type !== "file" && !/-(TOTAL|INITIAL|MIN_NUM|MAX_NUM)_FORMS$/.test(input.name) && input.name !== "uid" && !input.name.endsWith("-rev");

/**
 * The words of a block.
 * @param {HTMLElement} block
 * @returns {Record<string, any>}
 */
export function read(block) {
  const prefix = `${block.dataset.block}-`;
  const fields = $(".fields", block);
  const words = {};
  for (const field of $$("[data-rows]", fields)) words[field.dataset.rows.slice(prefix.length)] = readRows(field);
  for (const input of inputs(fields)) if (plain(input) && !input.closest("[data-row]")) words[input.name.slice(prefix.length)] = valueOf(input);
  return words;
}

const column = (input, field) => input.name.slice(field.dataset.rows.length + 1).replace(/^(\d+|__prefix__)-/, "");
/** The rows of a field, such as funding rounds. */
export const rowsOf = (field) => $$(":scope > [data-row]", field);
const rowWords = (row, field) => Object.fromEntries($$("input, textarea, select", row).map((input) => [column(input, field), valueOf(input)]));

function readRows(field) {
  const blank = JSON.stringify(rowWords($("template", field).content, field));
  return rowsOf(field)
    .map((row) => rowWords(row, field))
    .filter((row) => JSON.stringify(row) !== blank);
}

/** Let these words stand in a block's form, without telling anybody. */
export function fill(block, words) {
  const prefix = `${block.dataset.block}-`;
  for (const field of $$("[data-rows]", block)) fillRows(field, words[field.dataset.rows.slice(prefix.length)] ?? []);
  for (const input of inputs($(".fields", block))) {
    const name = input.name.slice(prefix.length);
    if (plain(input) && !input.closest("[data-row]") && name in words && valueOf(input) !== words[name]) setValue(input, words[name]);
  }
  showMistakes(block, {});
}

function fillRows(field, rows) {
  for (const row of rowsOf(field)) row.remove();
  $("[name$=-TOTAL_FORMS]", field).value = 0;
  for (const words of [...rows, null]) {
    const row = addRow(field);
    if (words) for (const input of $$("input, textarea, select", row)) setValue(input, words[column(input, field)] ?? "");
  }
}

/** A blank row at the end. */
export function addRow(field) {
  const total = $("[name$=-TOTAL_FORMS]", field);
  const row = $("template", field).content.firstElementChild.cloneNode(true);
  renumber(row, "__prefix__", total.value);
  total.value = Number(total.value) + 1;
  $("[data-add-row]", field).before(row);
  return row;
}

/** Put `value` in the place of a mark in everything that names things. */
export function renumber(root, mark, value) {
  for (const element of [root, ...$$("*", root)]) {
    for (const { name, value: text } of [...element.attributes]) if (text.includes(mark)) element.setAttribute(name, text.replaceAll(mark, value));
    if (element.tagName === "TEMPLATE") renumber(element.content.firstElementChild, mark, value);
  }
}

/** Say under each input what could not be read in it. */
export function showMistakes(block, mistakes) {
  const prefix = block.dataset.block ? `${block.dataset.block}-` : "";
  for (const old of $$("[data-mistake], .field-error", block)) {
    if (old.matches(".field-error") && !old.dataset.mistake && old.closest("[data-contest]")) continue;
    old.remove();
  }
  for (const input of $$("[aria-invalid]", block)) input.removeAttribute("aria-invalid");
  for (const [name, sentence] of Object.entries(mistakes)) {
    const input = $(`[name="${CSS.escape(prefix + name)}"]`, block);
    if (!input || input.type === "hidden") continue;
    const id = `${input.id}_mistake`;
    const note = document.createElement("p");
    note.className = "field-error";
    note.dataset.mistake = name;
    note.id = id;
    note.textContent = sentence;
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-errormessage", id);
    input.after(note);
  }
}

/** Whether anybody can type into the block; what stands there can still be read and copied. */
export function setReadOnly(block, locked) {
  for (const input of inputs($(".fields", block))) {
    if (rich(input)) {
      const editor = editors.get(input);
      if (editor) editor.readonly = locked;
    } else if (input.matches("select, [type=checkbox], [type=file]")) input.disabled = locked;
    else input.readOnly = locked;
  }
  for (const each of $$(".tools button, .aids button, [data-add-row]", block)) each.disabled = locked;
}
