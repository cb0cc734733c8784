// What the desk answers, and what the page makes of it: what is stored, what somebody else did meanwhile, and what a person
// has to decide.

import * as contest from "./contest.js";
import { $, $$, announce } from "./page.js";
import { showMistakes } from "./words.js";

const EDITABLE = ["draft", "in_review"];

export class Answers {
  /** @param {import("./composer.js").Composer} composer */
  constructor(composer) {
    this.composer = composer;
  }

  /**
   * The answer to a save.
   * @param {import("./draft.js").Changes} changes what was sent
   * @param {boolean} arranged whether the blocks still stand as they did then
   */
  saved(changes, answer, arranged) {
    const { draft, blocks, notices, sides } = this.composer;
    for (const [uid, mistakes] of Object.entries(answer.mistakes)) if (draft.block(uid)) showMistakes(draft.block(uid), mistakes);
    showMistakes($("[data-head]", this.composer), answer.head.unreadable);
    for (const [name, theirs] of Object.entries(answer.head.overtaken)) notices.overtaken(name, theirs);
    for (const contested of answer.contested) this.#contest(contested);
    const cards = changes.blocks.map(({ uid }) => uid).filter((uid) => draft.block(uid) && $("[data-card]", draft.block(uid)));
    if (cards.length) blocks.renew(cards);
    if (arranged) blocks.arrange(answer.order);
    sides.check();
  }

  #contest(contested) {
    const { draft, blocks, notices } = this.composer;
    const { uid, by } = contested;
    const block = draft.block(uid);
    if (!block) return blocks.bringBack(contested);
    draft.contest(uid);
    contest.show(block, contested, {
      mine: () => this.#keepMine(block, contested),
      theirs: () => this.#takeTheirs(block, contested),
      words: () => blocks.asText(uid),
    });
    announce(`${block.dataset.label} was not saved: ${by} was faster. Both versions are shown.`);
    notices.saving("contested", block.dataset.label);
  }

  async #keepMine(block, contested) {
    const { draft, seats, autosave } = this.composer;
    this.#decided(block, contested);
    draft.touch(contested.uid);
    if (contested.why === "held") await seats.take(block);
    autosave.flush();
  }

  #takeTheirs(block, contested) {
    const { blocks, undo, autosave, preview } = this.composer;
    this.#decided(block, contested);
    undo.forget(contested.uid);
    if (contested.removed) blocks.letGo(contested.uid);
    else this.composer.refill(block, contested.words);
    autosave.flush();
    preview.refresh();
  }

  #decided(block, { uid, kind, rev, words, removed }) {
    const { draft } = this.composer;
    draft.decide(uid);
    draft.learn(uid, { kind, rev, words, removed });
    contest.hide(block);
    block.focus();
  }

  /** What a beat brought: who talks about what, and what has changed. */
  news(answer) {
    const { draft, autosave, blocks, notices } = this.composer;
    this.#showTalk(answer.talk);
    if (!draft) return;
    if (!EDITABLE.includes(answer.status)) notices.closed();
    else if (!autosave.busy) blocks.follow(answer);
  }

  #showTalk(talk) {
    const all = Object.values(talk).reduce((sum, each) => sum + each, 0);
    $("[data-comment-count]", this.composer).textContent = all || "";
    for (const place of $$("[data-blocks] > .block, [data-outline] > li", this.composer)) {
      const open = talk[place.dataset.block ?? place.dataset.of] ?? 0;
      const count = $(".talk span:last-child", place);
      if (count) count.textContent = open || "";
      const flag = $("a > .talk", place);
      if (flag) flag.hidden = !open;
    }
  }
}
