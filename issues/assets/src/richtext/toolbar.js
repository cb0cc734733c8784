// The buttons above a text (WAI-ARIA toolbar: one tab stop, arrows inside).

import { icon, make } from "../page.js";

/**
 * @typedef {{name: string, label: string, icon: string, keys: string, run: () => void, pressed: () => boolean}} Tool
 * @param {string} controls id of the editable
 * @param {Tool[]} tools
 * @param {() => void} leave back to the text
 */
export function toolbar(controls, tools, leave) {
  const bar = make("div", { class: "toolbar", role: "toolbar", "aria-label": "Formatting", "aria-controls": controls });
  const buttons = tools.map((tool, at) => {
    const title = `${tool.label} (${tool.keys})`;
    const button = make("button", { type: "button", class: "quiet", title, "aria-label": tool.label, "aria-pressed": "false", tabindex: at ? "-1" : "0" }, icon(tool.icon));
    button.addEventListener("mousedown", (event) => event.preventDefault()); // the text keeps its selection
    button.addEventListener("click", tool.run);
    return button;
  });
  bar.append(...buttons);
  bar.addEventListener("keydown", (event) => {
    const at = buttons.indexOf(event.target);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (event.key === "Escape") leave();
    else if (to !== undefined) focusOn(buttons, (to + buttons.length) % buttons.length);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  return {
    element: bar,
    focus: () => buttons.find((button) => button.tabIndex === 0).focus(),
    refresh: () => tools.forEach((tool, at) => buttons[at].setAttribute("aria-pressed", String(tool.pressed()))),
    disable: (off) => buttons.forEach((button) => (button.disabled = off)),
  };
}

function focusOn(buttons, to) {
  buttons.forEach((button, at) => (button.tabIndex = at === to ? 0 : -1));
  buttons[to].focus();
}
