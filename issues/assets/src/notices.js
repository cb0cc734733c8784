// What the page says about saving, in one line at its foot; and above the panes what a person has to know or decide.

import { $, button, clock, copy, icon, make } from "./page.js";

const PATIENCE = { unsaved: 5000, saving: 800 }; // ms before a state that passes by itself is worth words

export class Notices {
  #timer = 0;

  constructor(composer) {
    this.composer = composer;
    this.line = $("[data-saving]", composer);
    this.place = $("[data-notices]", composer);
  }

  /** @param {string} state @param {any} [detail] */
  saving(state, detail) {
    clearTimeout(this.#timer);
    if (state === "saved") this.clear("trouble");
    const show = () => this.#show(state, detail);
    if (PATIENCE[state]) this.#timer = setTimeout(show, PATIENCE[state]);
    else show();
  }

  #show(state, detail) {
    const [name, words] = {
      saved: ["ok", `Saved ${clock(detail ? new Date(detail) : new Date())}`],
      unsaved: ["pen", "Not saved yet"],
      saving: ["clock", "Saving…"],
      offline: ["warn", "Offline: kept on this device"],
      "signed-out": ["warn", "Signed out: kept on this device"],
      forbidden: ["stop", "Not saved: you may not write here any more"],
      closed: ["lock", "Read only"],
      refused: ["stop", `Not saved: ${detail}`],
      contested: ["stop", `Not saved: ${detail} has two versions`],
    }[state];
    this.line.replaceChildren(icon(name), make("span", {}, words));
    this.line.classList.toggle("wrong", name === "warn" || name === "stop");
    if (state === "signed-out") this.#signedOut();
    if (state === "forbidden") this.#forbidden();
    if (state === "closed") this.closed(detail);
  }

  #signedOut() {
    const link = make("a", { href: this.composer.dataset.signIn, target: "_blank", rel: "opener" }, "Sign in in another tab");
    this.say("trouble", "warning", "You are signed out. Your words are kept on this device, and saved as soon as you are back. ", link);
  }

  #forbidden() {
    const copy = button("Copy my words", () => this.#copyAll(), { class: "small" });
    this.say("trouble", "error", "You may not write in this issue any more. Your words are kept on this device. ", copy);
  }

  /** The issue was approved, sent or removed while somebody wrote in it. */
  closed(why = "This issue has been approved, so its words do not change any more.") {
    if ($('[data-about="closed"]', this.place)) return;
    if (this.composer.draft.dirty) {
      const copy = button("Copy my words", () => this.#copyAll(), { class: "small" });
      this.say("closed", "warning", `${why} Your last words are kept on this device. `, copy);
    } else this.say("closed", "info", `${why} `, button("Show it as it is now", () => location.reload(), { class: "small" }));
    this.composer.autosave.stopped = true;
  }

  #copyAll() {
    const { draft, blocks } = this.composer;
    const words = draft.changes({ all: true }).blocks.filter((change) => !change.removed).map((change) => blocks.asText(change.uid));
    copy(words.join("\n\n"));
  }

  /** Somebody else changed a field above the blocks. */
  overtaken(name, theirs) {
    const { draft, autosave, form } = this.composer;
    const input = form.elements[name];
    const label = $(`label[for="${input.id}"]`, form).textContent;
    const decide = (value) => () => {
      draft.learnHead(name, theirs);
      input.value = value;
      this.clear(name);
      autosave.flush();
      this.composer.preview.refresh();
    };
    const mine = input.value;
    this.say(name, "warning", `${label}: somebody else wrote “${theirs}”, you wrote “${mine}”. `, button("Use theirs", decide(theirs), { class: "small" }), button("Use mine", decide(mine), { class: "small" }));
  }

  /** Say something above the panes; the same `about` takes the place of what was said before. */
  say(about, level, ...words) {
    const old = $(`[data-about="${about}"]`, this.place);
    const notice = make("div", { class: `notice ${level}`, role: level === "info" ? "status" : "alert", "data-about": about }, ...words);
    if (old?.textContent === notice.textContent) return;
    old?.remove();
    this.place.append(notice);
  }

  /** What was said about something is settled. */
  clear(about) {
    $(`[data-about="${about}"]`, this.place)?.remove();
  }
}
