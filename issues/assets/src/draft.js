// What this tab knows of the issue on the desk, and how what stands in the page differs from it.

import { $, $$ } from "./page.js";
import { read } from "./words.js";

/**
 * @typedef {{uid: string, kind: string, rev: number, words?: object, removed?: true}} Change
 * @typedef {{blocks: Change[], order?: string[], head?: Record<string, {before: string, after: string}>}} Changes
 */
export class Draft {
  #known = new Map(); // uid -> {kind, rev, words: JSON, removed}
  #order;
  #head;
  #touched = new Set();
  #contested = new Set(); // uids of blocks about which a person has to decide first

  constructor(root) {
    this.root = root;
    for (const block of this.blocks) this.#known.set(block.dataset.block, { kind: block.dataset.kind, rev: Number(block.dataset.rev), words: JSON.stringify(read(block)) });
    this.#order = this.order;
    this.#head = this.head;
  }

  get blocks() {
    return $$("[data-blocks] > .block", this.root);
  }

  get order() {
    return this.blocks.map((block) => block.dataset.block);
  }

  get head() {
    const fields = $$("[data-head] input:not([type=hidden])", this.root);
    return Object.fromEntries(fields.map((input) => [input.name, input.value]));
  }

  block(uid) {
    return $(`[data-blocks] > [data-block="${uid}"]`, this.root);
  }

  rev(uid) {
    return this.#known.get(uid)?.rev ?? 0;
  }

  knows(uid) {
    return this.#known.has(uid);
  }

  /** Something in the block may have changed. */
  touch(uid) {
    this.#touched.add(uid);
  }

  /**
   * What the desk does not have yet; `all` with the blocks that are contested.
   * @returns {Changes}
   */
  changes({ all = false } = {}) {
    const blocks = [...this.#touched].filter((uid) => all || !this.#contested.has(uid)).map((uid) => this.#change(uid)).filter(Boolean);
    const changes = { blocks };
    if (this.#moved) changes.order = this.order;
    const head = Object.entries(this.head).filter(([name, value]) => value !== this.#head[name]);
    if (head.length) changes.head = Object.fromEntries(head.map(([name, after]) => [name, { before: this.#head[name], after }]));
    return changes;
  }

  // A block that only the desk knows of, or that was deleted here, makes no other order.
  get #moved() {
    const here = new Set(this.order);
    return String(this.order) !== String(this.#order.filter((uid) => here.has(uid)));
  }

  #change(uid) {
    const known = this.#known.get(uid);
    const block = this.block(uid);
    if (!block) return known && !known.removed ? { uid, kind: known.kind, rev: known.rev, removed: true } : this.#settle(uid);
    const words = read(block);
    if (known && !known.removed && JSON.stringify(words) === known.words) return this.#settle(uid);
    return { uid, kind: block.dataset.kind, rev: known?.rev ?? 0, words };
  }

  #settle(uid) {
    this.#touched.delete(uid);
    return null;
  }

  get dirty() {
    const { blocks, order, head } = this.changes({ all: true });
    return Boolean(blocks.length || order || head);
  }

  isDirty(uid) {
    return this.#touched.has(uid) && this.#change(uid) !== null;
  }

  /** The desk has stored these changes. */
  stored(changes, answer) {
    for (const change of changes.blocks) {
      const rev = answer.revs[change.uid];
      if (rev) this.learn(change.uid, { kind: change.kind, rev, words: change.words, removed: change.removed });
    }
    this.#order = answer.order;
    const { overtaken = {}, unreadable = {} } = answer.head;
    for (const [name, { after }] of Object.entries(changes.head ?? {})) if (!(name in overtaken) && !(name in unreadable)) this.#head[name] = after;
  }

  /** This is how the block stands on the desk. */
  learn(uid, { kind, rev, words, removed = false }) {
    this.#known.set(uid, { kind, rev, removed, words: JSON.stringify(words) });
    const block = this.block(uid);
    if (block) block.dataset.rev = rev;
  }

  /** This is the order on the desk. */
  learnOrder(order) {
    this.#order = order;
  }

  /** This is how a field above the blocks stands on the desk. */
  learnHead(name, value) {
    this.#head[name] = value;
  }

  contest(uid) {
    this.#contested.add(uid);
  }

  decide(uid) {
    this.#contested.delete(uid);
  }

  isContested(uid) {
    return this.#contested.has(uid);
  }
}
