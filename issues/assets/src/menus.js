// Dialogs of the composer: which kind of block to add, and where to move one.

import { $, $$, make } from "./page.js";

/** The list of kinds, narrowed while somebody types (WAI-ARIA combobox with a listbox). */
export class AddMenu {
  constructor(root) {
    this.dialog = $("[data-add-menu]", root);
    this.search = $("input", this.dialog);
    this.options = $$("[role=option]", this.dialog);
    this.search.addEventListener("input", () => this.#narrow());
    this.dialog.addEventListener("keydown", (event) => this.#key(event));
    this.dialog.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.#take(option);
      else if (event.target === this.dialog) this.dialog.close();
    });
    this.dialog.addEventListener("close", () => {
      const { chosen, cancelled } = this;
      this.chosen = null;
      if (!chosen) cancelled();
    });
  }

  /** @param {(kind: string) => void} take @param {() => void} cancelled */
  open(take, cancelled) {
    Object.assign(this, { take, cancelled, chosen: null });
    this.search.value = "";
    this.#narrow();
    this.dialog.showModal();
    this.search.focus();
  }

  get #visible() {
    return this.options.filter((option) => !option.hidden);
  }

  #narrow() {
    const wanted = this.search.value.trim().toLowerCase();
    for (const option of this.options) option.hidden = !option.textContent.toLowerCase().includes(wanted);
    const starts = (option) => $("strong", option).textContent.toLowerCase().startsWith(wanted);
    this.#select(this.#visible.find(starts) ?? this.#visible[0]);
  }

  #select(chosen) {
    for (const option of this.options) option.setAttribute("aria-selected", String(option === chosen));
    if (chosen) {
      this.search.setAttribute("aria-activedescendant", chosen.id);
      chosen.scrollIntoView({ block: "nearest" });
    } else this.search.removeAttribute("aria-activedescendant");
  }

  #key(event) {
    const visible = this.#visible;
    const at = visible.findIndex((option) => option.getAttribute("aria-selected") === "true");
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      this.#select(visible[(to + visible.length) % visible.length]);
    } else if (event.key === "Enter" && visible[at]) {
      event.preventDefault();
      this.#take(visible[at]);
    }
  }

  #take(option) {
    this.chosen = option.dataset.kind;
    this.dialog.close();
    this.take(this.chosen);
  }
}

/** Places among the blocks, to choose one of them. */
export class MoveMenu {
  constructor(root) {
    this.dialog = $("[data-move-menu]", root);
    this.select = $("select", this.dialog);
    this.select.addEventListener("dblclick", () => this.dialog.close("move"));
    this.dialog.addEventListener("close", () => {
      if (this.dialog.returnValue === "move") this.take(this.select.value || null);
      this.dialog.returnValue = "";
    });
  }

  /** @param {HTMLElement} block @param {HTMLElement[]} blocks @param {(before: string | null) => void} take */
  open(block, blocks, take) {
    this.take = take;
    const others = blocks.filter((each) => each !== block);
    const named = (each) => `${each.dataset.label}${$("[data-gist]", each).textContent ? `: ${$("[data-gist]", each).textContent}` : ""}`;
    const place = (each, at) => make("option", { value: each.dataset.block }, at ? `before ${named(each)}` : `to the top, before ${named(each)}`);
    this.select.replaceChildren(...others.map(place), make("option", { value: "" }, "to the bottom"));
    this.select.selectedIndex = 0;
    this.dialog.showModal();
    this.select.focus();
  }
}
