// Saving while somebody writes: one request in flight, the same one again until it is answered, and every word kept on
// this device until then.

import { Forbidden, Offline, Refused, SignedOut, ask } from "./desk.js";

const SILENCE = 1500; // ms without a change after which words are saved
const AT_LAST = 10000; // ms after which they are saved all the same
const AGAIN = [1, 2, 5, 15, 30]; // s until the next try
const DEVICE = 400; // ms until words are kept on this device

export class Autosave {
  #timer = 0;
  #first = 0; // when the oldest change that is not on its way was made
  #pending = null; // {body, changes}: sent, and not answered yet
  #flying = null;
  #tries = 0;
  #seq = 0;
  #keeping = 0;

  /**
   * @param {{draft: import("./draft.js").Draft, device: import("./device.js").Device, address: string, client: string,
   *   answered: (changes: object, answer: object, arranged: boolean) => void, state: (state: string, detail?: any) => void}} parts
   */
  constructor(parts) {
    Object.assign(this, parts);
    this.stopped = false;
    addEventListener("online", () => this.#pending && this.flush());
    document.addEventListener("visibilitychange", () => document.hidden && this.flush());
    addEventListener("beforeunload", (event) => this.unsaved && event.preventDefault());
  }

  get unsaved() {
    return !this.stopped && (this.#pending !== null || this.draft.dirty);
  }

  /** Whether a save is on its way. */
  get busy() {
    return this.#pending !== null;
  }

  /** Something was changed. */
  changed() {
    if (this.stopped) return;
    this.#first ||= Date.now();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), Math.max(0, Math.min(SILENCE, this.#first + AT_LAST - Date.now())));
    this.state("unsaved");
    this.keep();
  }

  /** Keep what is not stored yet on this device, soon. */
  keep() {
    this.#keeping ||= setTimeout(() => {
      this.#keeping = 0;
      this.#keepNow();
    }, DEVICE);
  }

  #keepNow() {
    if (!this.unsaved && !this.stopped) return this.device.forget();
    return this.device.keep({ at: new Date().toISOString(), ...this.draft.changes({ all: true }) });
  }

  /** Save now; resolves to whether the desk has everything. With a name, the version is kept under it. */
  async flush(name = "") {
    clearTimeout(this.#timer);
    while (this.#flying) await this.#flying;
    if (this.stopped) return false;
    if (!this.#pending && !this.#collect(name)) {
      if (!this.draft.dirty) this.state("saved");
      return !this.draft.dirty;
    }
    this.#flying = this.#send().finally(() => (this.#flying = null));
    const sent = await this.#flying;
    return sent && (name || this.draft.changes().blocks.length ? this.flush() : !this.draft.dirty);
  }

  #collect(name) {
    const changes = this.draft.changes();
    if (!name && !changes.blocks.length && !changes.order && !changes.head) return false;
    this.#seq += 1;
    this.#first = 0;
    this.#pending = { changes, shown: String(this.draft.order), body: { client: this.client, seq: this.#seq, name, ...changes } };
    return true;
  }

  async #send() {
    const { body, changes, shown } = this.#pending;
    this.state("saving");
    await this.#keepNow();
    try {
      const { answer } = await ask(this.address, body);
      this.#pending = null;
      this.#tries = 0;
      const arranged = shown === String(this.draft.order); // nobody has moved a block meanwhile
      this.draft.stored(changes, answer);
      this.answered(changes, answer, arranged);
      await this.#keepNow();
      if (!this.draft.dirty) this.state("saved", answer.at);
      return true;
    } catch (error) {
      return this.#failed(error);
    }
  }

  #failed(error) {
    if (error instanceof Offline || (error instanceof Refused && error.status >= 500)) {
      this.#again();
      this.state("offline");
    } else if (error instanceof SignedOut) {
      this.#again();
      this.state("signed-out");
    } else if (error instanceof Forbidden) {
      this.#stop("forbidden");
    } else if (error instanceof Refused && [404, 409].includes(error.status)) {
      this.#stop("closed", error.message);
    } else if (error instanceof Refused) {
      this.#pending = null;
      this.state("refused", error.message);
    } else throw error;
    return false;
  }

  #again() {
    const pause = AGAIN[Math.min(this.#tries, AGAIN.length - 1)];
    this.#tries += 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), pause * 1000);
  }

  #stop(state, detail) {
    this.stopped = true;
    this.#pending = null;
    this.state(state, detail);
    this.#keepNow();
  }
}
