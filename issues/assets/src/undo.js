// One stack for everything an editor does: words, fields, moves, additions and deletions.

const AT_MOST = 500;
const ONE_STROKE = 600; // ms within which typing in one place is one step

/**
 * @typedef {{label: string, block?: string, key?: string, at?: number, undo: () => void, redo: () => void}} Step
 * `block` is the uid of the block it is about; steps with the same `key` in quick succession are one.
 */
export class Undo {
  #done = [];
  #undone = [];

  /** @param {() => void} changed called whenever what can be undone has changed */
  constructor(changed) {
    this.changed = changed;
  }

  get canUndo() {
    return this.#done.length > 0;
  }

  get canRedo() {
    return this.#undone.length > 0;
  }

  /** @param {Step} step something that has just been done */
  push(step) {
    const last = this.#done.at(-1);
    step.at = Date.now();
    this.#undone = [];
    if (last?.key && last.key === step.key && step.at - last.at < ONE_STROKE) Object.assign(last, { redo: step.redo, at: step.at });
    else this.#done.push(step);
    if (this.#done.length > AT_MOST) this.#done.shift();
    this.changed();
  }

  undo() {
    return this.#step(this.#done, this.#undone, "undo");
  }

  redo() {
    return this.#step(this.#undone, this.#done, "redo");
  }

  #step(from, to, verb) {
    const step = from.pop();
    if (!step) return null;
    step[verb]();
    step.at = 0; // what comes next is a stroke of its own
    to.push(step);
    this.changed();
    return step;
  }

  /** Somebody else has changed a block: steps about its words would bring back what they replaced. */
  forget(block) {
    const others = (step) => step.block !== block;
    this.#done = this.#done.filter(others);
    this.#undone = this.#undone.filter(others);
    this.changed();
  }
}
