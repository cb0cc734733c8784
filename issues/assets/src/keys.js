// The keyboard: what each key does where (the sheet behind Ctrl+/ says the same).

import { $, $$, announce, toast } from "./page.js";

const PANES = ["outline", "write", "side"];

/** @param {import("./composer.js").Composer} composer */
export function listen(composer) {
  // The document listens, not the composer: when what had the focus is gone, Ctrl+Z must not reach the browser's own undo.
  document.addEventListener("keydown", (event) => anywhere(composer, event), true);
  composer.addEventListener("keydown", (event) => composer.writable && inBlock(composer, event), true);
  composer.addEventListener("keydown", (event) => onShell(composer, event));
}

const mod = (event) => event.ctrlKey || event.metaKey;

function done(event) {
  event.preventDefault();
  event.stopPropagation();
  return true;
}

function anywhere(composer, event) {
  if (document.querySelector("dialog[open]")) return false;
  if (event.key === "F6") return done(event) && cycle(composer, event.shiftKey ? -1 : 1);
  if (!mod(event)) return false;
  const key = event.key.toLowerCase();
  if (event.altKey) return withAlt(composer, event);
  if (!composer.writable) return false;
  if (key === "z") return done(event) && composer.step(event.shiftKey ? "redo" : "undo"), true;
  if (key === "y") return done(event) && composer.step("redo"), true;
  if (key === "s") return done(event) && save(composer), true;
  if (key === "/") return done(event) && $("[data-keys-sheet]", composer).showModal(), true;
  return false;
}

// By the place of the key: with Alt, macOS types other letters.
function withAlt(composer, event) {
  const uid = event.target.closest(".block")?.dataset.block;
  if (event.code === "KeyP") composer.showPane("side"), composer.sides.show("preview");
  else if (event.code === "KeyC") composer.showPane("side"), composer.sides.show("checks");
  else if (event.code === "KeyO") composer.showPane("outline"), $("[data-outline] a", composer)?.focus();
  else if (event.code === "KeyM" && uid) composer.talk(uid);
  else return false;
  return done(event);
}

async function save(composer) {
  const saved = await composer.autosave.flush();
  if (saved) toast("Everything is saved.", [{ label: "Name this version…", run: () => $("[data-checkpoint]", composer).showModal() }]);
}

function cycle(composer, by) {
  const at = PANES.indexOf(document.activeElement.closest("[data-pane-name]")?.dataset.paneName ?? "write");
  const name = PANES[(at + by + PANES.length) % PANES.length];
  composer.showPane(name);
  const pane = $(`[data-pane-name="${name}"]`, composer);
  const first = $$("a[href], button, input, [tabindex]", pane).find((each) => each.offsetParent && !each.disabled && each.tabIndex >= 0);
  (name === "write" ? (composer.draft?.block(composer.current) ?? first) : first)?.focus();
  announce({ outline: "Outline", write: "Blocks", side: "Beside the issue" }[name]);
  return true;
}

// Inside a block, in its fields too.
function inBlock(composer, event) {
  const block = event.target.closest(".block");
  if (!block || event.target.closest("dialog")) return false;
  const uid = block.dataset.block;
  if (event.altKey && !mod(event) && ["ArrowUp", "ArrowDown"].includes(event.key)) {
    if (event.target !== block && /Mac/.test(navigator.platform)) return false; // there it moves the caret by paragraphs
    const by = event.key === "ArrowUp" ? -1 : 1;
    if (event.shiftKey) composer.blocks.move(uid, by < 0 ? composer.draft.order[0] : null);
    else composer.blocks.moveBy(uid, by);
    return done(event);
  }
  if (event.key === "Escape" && event.target !== block && !event.target.closest(".rich")) {
    event.target.closest("details[open]")?.removeAttribute("open");
    block.focus();
    return done(event);
  }
  if (event.key === "Enter" && event.target.matches("input:not([type=file])") && !event.target.closest(".link-popover")) return enterInRow(composer, event);
  return false;
}

// Enter in the last row makes the next one; nowhere does it send the form.
function enterInRow(composer, event) {
  const row = event.target.closest("[data-row]");
  if (row) {
    const next = row.nextElementSibling.matches("[data-row]") ? row.nextElementSibling : null;
    if (next) $("input", next).focus();
    else $("[data-add-row]", row.parentElement).click();
  }
  return done(event);
}

// On the block itself, when none of its fields has the focus.
function onShell(composer, event) {
  const block = event.target;
  if (!block.matches?.(".block") || event.altKey) return;
  const blocks = $$("[data-blocks] > .block", composer);
  const at = blocks.indexOf(block);
  const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: blocks.length - 1 }[event.key];
  if (to !== undefined && blocks[to]) return done(event) && composer.go(blocks[to].dataset.block);
  if (!composer.writable) return;
  const uid = block.dataset.block;
  if ((event.key === "/" && !mod(event)) || (event.key === "Enter" && mod(event))) composer.openAdd(composer.blocks.after(uid));
  else if (event.key === "Enter") composer.blocks.enter(block);
  else if (event.key === "d" && mod(event)) composer.blocks.copy(uid);
  else if (["Delete", "Backspace"].includes(event.key)) composer.blocks.remove(uid);
  else return;
  done(event);
}
