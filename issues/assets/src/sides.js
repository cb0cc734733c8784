// What stands beside the issue: preview, checks, comments, history. One at a time.

import { ask } from "./desk.js";
import { $, $$ } from "./page.js";

export class Sides {
  #timer = 0;

  /** @param {{root: HTMLElement, at: string, shown: (side: string) => void}} parts */
  constructor(parts) {
    Object.assign(this, parts);
    this.pane = $(".side", this.root);
    for (const tab of $$("[data-side]", this.pane))
      tab.addEventListener("click", (event) => {
        event.preventDefault();
        this.show(tab.dataset.side);
      });
    this.show("preview");
  }

  /** @param {string} side @param {string} [query] what a panel is asked for, such as "?block=…" */
  show(side, query = "") {
    this.pane.dataset.showing = side;
    for (const tab of $$("[data-side]", this.pane)) tab.setAttribute("aria-pressed", String(tab.dataset.side === side));
    const panel = $(`[data-side="${side}"]`, this.pane).dataset.panel;
    if (panel) this.load(panel + query);
    this.shown(side);
  }

  load(address) {
    return window.htmx.ajax("GET", address, { target: "#panel", swap: "outerHTML" });
  }

  /** Ask again what readers would notice, a moment from now. */
  check() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#check(), 800);
  }

  async #check() {
    try {
      const { answer } = await ask(`${this.at}checks/`);
      const fresh = new DOMParser().parseFromString(answer, "text/html").getElementById("checks");
      if (fresh) $("#checks", this.pane).replaceWith(document.adoptNode(fresh));
      this.flag();
    } catch {
      // The saving says what is wrong; the checks are asked again with the next save.
    }
  }

  /** Carry what the checks say to the blocks and their lines in the outline. */
  flag() {
    const problems = $$("#checks li", this.pane);
    $("[data-check-count]", this.pane).textContent = problems.length || "";
    for (const block of $$("[data-blocks] > .block", this.root)) {
      const own = problems.filter((each) => each.dataset.about === block.dataset.block);
      const place = $("[data-problems]", block);
      place?.replaceChildren(...own.map(noted));
      const flag = $(`[data-of="${block.dataset.block}"] .flag`, this.root);
      if (flag) flag.hidden = own.length === 0;
    }
  }
}

function noted(problem) {
  const note = document.createElement("p");
  note.className = `problem ${problem.className}`;
  note.append($(".icon", problem).cloneNode(true), " ", $("[data-sentence]", problem).textContent);
  const settle = $("a:not([href^='#'])", problem);
  if (settle) note.append(" ", settle.cloneNode(true));
  const mend = $("button[name=act]", problem);
  if (mend) note.append(" ", mend.cloneNode(true));
  return note;
}
