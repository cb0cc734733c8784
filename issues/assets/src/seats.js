// Who else is here, and which block somebody is editing.

import { ask } from "./desk.js";
import { $, $$, button, icon, make } from "./page.js";
import { setReadOnly } from "./words.js";

const ALONE = 15000; // ms between two beats
const TOGETHER = 4000;
const IDLE = 60000; // ms without a change after which a block is let go

export class Seats {
  #timer = 0;
  #holding = null;
  #typed = 0;
  #left = false;

  /** @param {{root: HTMLElement, address: string, client: string, news: (answer: object) => void, lost: (uid: string) => void, taken: (uid: string) => void}} parts */
  constructor(parts) {
    Object.assign(this, parts);
    document.addEventListener("visibilitychange", () => this.beat());
    addEventListener("pagehide", () => this.#leave());
    addEventListener("pageshow", (event) => event.persisted && this.#comeBack());
    this.beat();
  }

  /** Somebody edits this block here: it is ours from now on, unless somebody else was first. */
  edit(uid) {
    this.#typed = Date.now();
    if (this.#holding === uid) return;
    this.#holding = uid;
    this.beat();
  }

  get #state() {
    if (document.hidden) return "away";
    return this.#holding ? "editing" : "viewing";
  }

  async beat({ takeOver = false } = {}) {
    clearTimeout(this.#timer);
    if (this.#left) return;
    if (document.hidden || Date.now() - this.#typed > IDLE) this.#holding = null;
    let people = [];
    try {
      const { answer } = await ask(this.address, { client: this.client, state: this.#state, block: this.#holding, take_over: takeOver });
      people = answer.people;
      this.#show(people);
      this.news(answer);
    } catch {
      // The saving says what is wrong; who is here is not known meanwhile.
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.beat(), people.length ? TOGETHER : ALONE);
  }

  #comeBack() {
    this.#left = false;
    this.beat();
  }

  // A page that is left is hidden, too: nothing of it may take the seat again.
  #leave() {
    this.#left = true;
    ask(this.address, { client: this.client, leaving: true }, { keepalive: true }).catch(() => {});
  }

  #show(people) {
    const place = $("[data-people]", this.root);
    place.replaceChildren(...people.map(chip));
    const held = new Map(people.filter((each) => each.block).map((each) => [each.block, each.name]));
    if (this.#holding && held.has(this.#holding)) {
      const lost = this.#holding;
      this.#holding = null;
      this.lost(lost);
    }
    for (const block of $$("[data-blocks] > .block", this.root)) this.#mark(block, held.get(block.dataset.block));
  }

  #mark(block, name) {
    if (block.dataset.heldBy === name) return;
    $(".held", block)?.remove();
    setReadOnly(block, Boolean(name));
    if (!name) return delete block.dataset.heldBy;
    block.dataset.heldBy = name;
    const words = make("span", {}, icon("person"), ` ${name} is editing this block.`);
    const take = button("Take over", () => this.take(block), { class: "small", title: `${name} keeps a copy of what is not saved yet` });
    $("header", block).after(make("p", { class: "held", role: "status" }, words, take));
  }

  /** Hold a block that somebody else holds. */
  async take(block) {
    this.#holding = block.dataset.block;
    this.#typed = Date.now();
    await this.beat({ takeOver: true });
    this.taken(block.dataset.block);
  }
}

function chip(person) {
  const initials = person.name
    .split(/\s+/)
    .map((word) => word[0])
    .slice(0, 2)
    .join("")
    .toUpperCase();
  const doing = { viewing: "is here", editing: "is editing", away: "is away" }[person.state];
  return make("li", { class: `person ${person.state}`, title: `${person.name} ${doing}` }, make("span", { "aria-hidden": "true" }, initials), make("span", { class: "sr" }, `${person.name} ${doing}`));
}
