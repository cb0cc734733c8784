// What can be done with whole blocks; each of it can be undone.

import { ask } from "./desk.js";
import { $, $$, announce, toast, uuid } from "./page.js";
import { read, renumber, rowsOf, setReadOnly } from "./words.js";

const FOLDED = "newsroom-folded";

export class Blocks {
  /** @param {import("./composer.js").Composer} composer */
  constructor(composer) {
    this.composer = composer;
    this.place = $("[data-blocks]", composer);
    for (const block of this.all) if (folded().has(block.dataset.block)) this.fold(block, true);
  }

  get all() {
    return this.composer.draft.blocks;
  }

  block(uid) {
    return this.composer.draft.block(uid);
  }

  words(uid) {
    return read(this.block(uid));
  }

  /** The uid of the block behind this one, or null at the end. */
  after(uid) {
    return this.block(uid).nextElementSibling?.dataset.block ?? null;
  }

  #insert(block, before) {
    this.place.insertBefore(block, before ? this.block(before) : null);
    this.composer.rearranged(block.dataset.block);
  }

  #named(block) {
    return block.dataset.label;
  }

  #position(block) {
    return `position ${this.all.indexOf(block) + 1} of ${this.all.length}`;
  }

  // ---- adding

  #blank(kind, uid) {
    const block = $(`[data-blank-block="${kind}"]`, this.composer).content.firstElementChild.cloneNode(true);
    renumber(block, "__uid__", uid);
    for (const button of $$("[data-add-row]", block)) button.hidden = false;
    return block;
  }

  /** A new block before another one (or at the end), with words if it is a copy. */
  add(kind, before = null, words = null) {
    const uid = uuid();
    const block = this.#blank(kind, uid);
    this.#put(block, before, words);
    this.composer.undo.push({
      label: `adding ${this.#named(block)}`,
      undo: () => this.#take(block),
      redo: () => this.#insert(block, before && this.block(before) ? before : null),
    });
    announce(`${this.#named(block)} ${words ? "duplicated" : "added"} at ${this.#position(block)}.`);
    block.scrollIntoView({ block: "nearest" });
    if (words) block.focus({ preventScroll: true });
    else this.enter(block);
    return block;
  }

  #put(block, before, words) {
    this.place.insertBefore(block, before ? this.block(before) : null);
    if (words) this.composer.refill(block, words);
    this.composer.ready(block);
    this.composer.rearranged(block.dataset.block);
  }

  /** The first field of a block. */
  enter(block) {
    this.composer.ready(block);
    const first = $$('.fields input:not([type="hidden"]), .fields textarea, .fields select, .fields [contenteditable="true"]', block).find((each) => each.offsetParent);
    (first ?? block).focus();
  }

  copy(uid) {
    const block = this.block(uid);
    this.add(block.dataset.kind, this.after(uid), read(block));
  }

  // ---- removing

  // Whoever was in the block goes on in the one that takes its place.
  #take(block) {
    const next = block.nextElementSibling ?? block.previousElementSibling ?? this.composer.canvas;
    const inside = block.contains(document.activeElement);
    block.remove();
    if (inside) next.focus({ preventScroll: true });
    this.composer.rearranged(block.dataset.block);
  }

  remove(uid) {
    const block = this.block(uid);
    const behind = this.after(uid);
    block.focus({ preventScroll: true });
    this.#take(block);
    this.composer.undo.push({
      label: `deleting ${this.#named(block)}`,
      undo: () => {
        this.#insert(block, behind && this.block(behind) ? behind : null);
        block.focus();
        block.scrollIntoView({ block: "nearest" });
      },
      redo: () => this.#take(block),
    });
    announce(`${this.#named(block)} deleted. Control Z brings it back.`);
    toast(`${this.#named(block)} deleted.`, [{ label: "Undo", run: () => this.composer.step("undo") }]);
  }

  /** A row of a block, such as a funding round. */
  dropRow(block, row) {
    const { composer } = this;
    const uid = block.dataset.block;
    const before = read(block);
    const field = row.parentElement;
    const at = rowsOf(field).indexOf(row);
    row.remove();
    composer.rewrite(uid, before, read(block), "deleting a row");
    $("input", rowsOf(field)[at] ?? field).focus();
  }

  // ---- moving

  moveBy(uid, by) {
    const at = this.all.indexOf(this.block(uid));
    const to = at + by;
    if (to < 0 || to >= this.all.length) return announce(`${this.#named(this.block(uid))} is already ${by < 0 ? "first" : "last"}.`);
    this.move(uid, this.all[by < 0 ? to : to + 1]?.dataset.block ?? null);
  }

  /** Move a block to a place counted without the block itself. */
  moveTo(uid, place) {
    const rest = this.all.filter((each) => each.dataset.block !== uid);
    this.move(uid, rest[place]?.dataset.block ?? null);
  }

  /** Move a block before another one, or to the end; the focus stays where it was. */
  move(uid, before) {
    const block = this.block(uid);
    const back = this.after(uid);
    if (before === uid || before === back) return;
    this.#shift(block, before);
    this.composer.undo.push({ label: `moving ${this.#named(block)}`, undo: () => this.#shift(block, back), redo: () => this.#shift(block, before) });
    announce(`${this.#named(block)} moved to ${this.#position(block)}.`);
  }

  #shift(block, before) {
    const focused = block.contains(document.activeElement) ? document.activeElement : block;
    this.place.insertBefore(block, before ? this.block(before) : null);
    this.composer.rearranged(block.dataset.block);
    focused.focus({ preventScroll: true });
    block.scrollIntoView({ block: "nearest" });
  }

  // ---- folding

  fold(block, fold = !block.classList.contains("folded")) {
    block.classList.toggle("folded", fold);
    $("[data-fold]", block).setAttribute("aria-expanded", String(!fold));
    const remembered = folded();
    fold ? remembered.add(block.dataset.block) : remembered.delete(block.dataset.block);
    remember(remembered);
  }

  // ---- what others did meanwhile

  /** Let the page follow what the desk has, wherever nobody is writing here. */
  follow({ revs, order }) {
    const { draft } = this.composer;
    const mine = (uid) => draft.isDirty(uid) || draft.isContested(uid);
    const news = Object.keys(revs).filter((uid) => revs[uid] !== draft.rev(uid) && !mine(uid));
    const moved = draft.changes().order;
    for (const uid of draft.order) if (!(uid in revs) && draft.rev(uid) && !mine(uid)) this.letGo(uid);
    if (news.length) this.renew(news).then(() => moved || this.arrange(order));
    else if (!moved) this.arrange(order);
  }

  /** Take over how these blocks stand on the desk. */
  async renew(uids) {
    const query = uids.map((uid) => `uid=${uid}`).join("&");
    const { answer } = await ask(`${this.composer.at}blocks/?${query}`);
    for (const fresh of answer.blocks) this.#renew(fresh);
    this.composer.preview.refresh();
    this.composer.sides.check();
  }

  #renew(fresh) {
    const { draft, undo } = this.composer;
    const { uid, kind, rev, words, removed } = fresh;
    if (draft.isDirty(uid) && draft.knows(uid)) return this.#showCard(fresh);
    const other = draft.rev(uid) !== rev;
    if (removed) return;
    const block = this.block(uid) ?? this.#appended(kind, uid);
    this.composer.pictures.know(words.image, fresh.picture);
    if (JSON.stringify(read(block)) !== JSON.stringify(words)) this.composer.refill(block, words);
    draft.learn(uid, { kind, rev, words: read(block) });
    if (other) undo.forget(uid);
    this.#showCard(fresh);
    setReadOnly(block, Boolean(block.dataset.heldBy));
  }

  #appended(kind, uid) {
    const block = this.#blank(kind, uid);
    this.place.append(block);
    this.composer.near.observe(block);
    this.composer.outline.arrange(this.all);
    return block;
  }

  #showCard({ uid, card }) {
    const place = this.block(uid) && $("[data-card]", this.block(uid));
    if (place && card) place.replaceChildren(...new DOMParser().parseFromString(card, "text/html").body.childNodes);
  }

  /** Somebody else has removed the block. */
  letGo(uid) {
    const { draft, outline, undo } = this.composer;
    const block = this.block(uid);
    if (!block) return;
    draft.learn(uid, { kind: block.dataset.kind, rev: draft.rev(uid), words: {}, removed: true });
    undo.forget(uid);
    block.remove();
    outline.arrange(this.all);
    this.composer.preview.refresh();
  }

  /** We deleted a block that somebody else has changed meanwhile: it stands again, with their words. */
  bringBack({ uid, kind, rev, words, by }) {
    const block = this.#blank(kind, uid);
    this.place.append(block);
    this.composer.refill(block, words);
    this.composer.ready(block);
    this.composer.draft.learn(uid, { kind, rev, words: read(block) });
    this.composer.undo.forget(uid);
    this.composer.outline.arrange(this.all);
    toast(`${this.#named(block)} is back: ${by} changed it while you deleted it.`);
  }

  /** Put the blocks in the order on the desk; those that it does not know yet stay behind the one before them. */
  arrange(order) {
    const { draft, outline } = this.composer;
    draft.learnOrder(order);
    const wanted = order.filter((uid) => this.block(uid));
    draft.order.forEach((uid, at) => {
      if (!order.includes(uid)) wanted.splice(at ? wanted.indexOf(draft.order[at - 1]) + 1 : 0, 0, uid);
    });
    if (String(wanted) === String(draft.order)) return;
    const focused = document.activeElement;
    for (const uid of wanted) this.place.append(this.block(uid));
    if (this.place.contains(focused)) focused.focus({ preventScroll: true });
    outline.arrange(this.all);
  }

  /** The words of a block as text, to be copied. */
  asText(uid) {
    const words = Object.values(this.words(uid)).flatMap((value) => (Array.isArray(value) ? value.map((row) => Object.values(row).join(" ")) : [String(value)]));
    return words
      .map((text) => new DOMParser().parseFromString(text.replaceAll(/<\/(p|li)>/g, "\n"), "text/html").body.textContent.trim())
      .filter(Boolean)
      .join("\n");
  }
}

// Which blocks are folded is nobody else's business: this browser remembers it.
function folded() {
  try {
    return new Set(JSON.parse(localStorage.getItem(FOLDED) ?? "[]"));
  } catch {
    return new Set();
  }
}

function remember(uids) {
  try {
    localStorage.setItem(FOLDED, JSON.stringify([...uids].slice(-500)));
  } catch {
    // A browser that keeps nothing shows every block unfolded next time.
  }
}
