// Words that were left on this device: shown when the issue is opened again, and put back only when somebody says so.

import * as contest from "./contest.js";
import { ask } from "./desk.js";
import { $, button, clock, counted } from "./page.js";
import { read } from "./words.js";

export class Recovery {
  constructor(composer) {
    this.composer = composer;
  }

  async offer() {
    const kept = await this.composer.device.kept();
    if (!kept) return;
    const { draft } = this.composer;
    this.blocks = kept.blocks.filter((change) => change.words && this.#differs(change));
    this.head = Object.entries(kept.head ?? {}).filter(([name, { after }]) => draft.head[name] !== after);
    if (!this.blocks.length && !this.head.length) return this.composer.device.forget();
    this.#show(new Date(kept.at));
  }

  #differs({ uid, words }) {
    const block = this.composer.draft.block(uid);
    return !block || JSON.stringify(read(block)) !== JSON.stringify(words);
  }

  #show(at) {
    const { notices, draft } = this.composer;
    const names = this.blocks.map(({ uid }) => draft.block(uid)?.dataset.label).filter(Boolean);
    const fresh = this.blocks.length - names.length;
    const what = [...names, fresh && counted(fresh, "block that is not here"), this.head.length && "the lines above the blocks"].filter(Boolean).join(", ");
    const day = at.toDateString() === new Date().toDateString() ? "" : `${at.toLocaleDateString()}, `;
    notices.say(
      "recovery",
      "warning",
      `This device has words of ${day}${clock(at)} that were never saved: ${what}. `,
      button("Compare", () => this.#compare(at), { class: "small" }),
      button("Put them back", () => this.#putBack(), { class: "small" }),
      button("Discard them", () => this.#end(), { class: "small" }),
    );
  }

  async #compare(at) {
    const { composer } = this;
    const known = this.blocks.filter(({ uid }) => composer.draft.block(uid));
    const { answer } = await ask(`${composer.at}compare/`, { blocks: known });
    for (const each of answer.blocks) {
      const block = composer.draft.block(each.uid);
      const words = this.blocks.find(({ uid }) => uid === each.uid).words;
      contest.show(block, { ...each, why: "device", by: "", at: at.toISOString() }, {
        mine: () => this.#settle(block, () => composer.rewrite(each.uid, read(block), words, "putting words back")),
        theirs: () => this.#settle(block, () => {}),
        words: () => JSON.stringify(words),
      });
    }
    if (known.length) composer.go(known[0].uid);
  }

  #settle(block, act) {
    contest.hide(block);
    act();
    this.blocks = this.blocks.filter(({ uid }) => uid !== block.dataset.block);
    if (!this.blocks.length && !this.head.length) this.#end();
  }

  #putBack() {
    const { composer } = this;
    for (const { uid, kind, words } of this.blocks) {
      const block = composer.draft.block(uid);
      if (block) contest.hide(block), composer.rewrite(uid, read(block), words, "putting words back");
      else composer.blocks.add(kind, null, words);
    }
    for (const [name, { after }] of this.head) {
      const input = composer.form.elements[name];
      input.value = after;
      input.dispatchEvent(new Event("input", { bubbles: true }));
    }
    this.#end();
  }

  // What was put back is a change like any other, and kept here until it is saved; the rest goes.
  #end() {
    const { composer } = this;
    composer.notices.clear("recovery");
    for (const { uid } of this.blocks) {
      const block = composer.draft.block(uid);
      if (block && $("[data-contest]", block)) contest.hide(block);
    }
    if (composer.autosave.unsaved) composer.autosave.keep();
    else composer.device.forget();
  }
}
