// The issue as readers will see it: rendered by the desk while somebody types, and put into the frame without a flash.

import { Idiomorph } from "idiomorph";
import { Offline, Refused, ask } from "./desk.js";
import { $, $$, counted } from "./page.js";

const AGAIN = 5000; // ms until a preview that failed is asked for again

export class Preview {
  #asking = false;
  #wanted = false;
  #shown = 0;

  /** @param {{root: HTMLElement, address: string, changes: () => object, select: (uid: string) => void, say: (words: string) => void}} parts */
  constructor(parts) {
    Object.assign(this, parts);
    this.pane = $(".preview", this.root);
    this.frame = $("iframe", this.pane);
    this.plain = $(".plain", this.pane);
    this.fresh = $("[data-fresh]", this.pane);
    this.view = "desktop";
    for (const button of $$("[data-view]", this.pane)) button.addEventListener("click", () => this.show(button.dataset.view));
    this.frame.addEventListener("load", () => this.#listen());
    this.#listen();
    addEventListener("online", () => this.refresh());
    new ResizeObserver(() => this.#fit()).observe($(".stage", this.pane));
  }

  get visible() {
    return this.pane.offsetParent !== null;
  }

  /** Desktop, phone, dark or text. */
  show(view) {
    this.view = view;
    this.pane.dataset.showing = view;
    for (const button of $$("[data-view]", this.pane)) button.setAttribute("aria-pressed", String(button.dataset.view === view));
    this.plain.hidden = view !== "text";
    this.frame.hidden = view === "text";
    this.#fit();
    this.refresh();
  }

  /** One request in flight; what changed meanwhile goes with the next. A preview that nobody sees is not asked for. */
  async refresh() {
    this.#wanted = true;
    if (this.#asking) return;
    this.#asking = true;
    while (this.#wanted) {
      this.#wanted = false;
      if (!this.visible && this.#shown) break;
      await this.#ask();
    }
    this.#asking = false;
  }

  async #ask() {
    try {
      const { answer } = await ask(this.address, { view: this.view, ...this.changes() });
      if (this.view === "text") this.plain.textContent = answer.shown;
      else await this.#morph(answer.shown);
      this.#shown += 1;
      this.#tell(answer);
    } catch (error) {
      this.#missed(error);
    }
  }

  #missed(error) {
    this.pane.dataset.stale = "";
    this.fresh.textContent = error instanceof Refused ? `Not shown: ${error.message}` : error instanceof Offline ? "Paused: the desk cannot be reached" : "Paused";
    setTimeout(() => this.refresh(), AGAIN);
  }

  async #morph(html) {
    await this.#loaded();
    const inside = this.frame.contentDocument;
    if (!inside?.body?.childElementCount) return; // the page is being left, and the frame is empty under our own policy
    // Parsed by the frame: only its own policy allows the inline styles of mail.
    const parsed = new this.frame.contentWindow.DOMParser().parseFromString(html, "text/html");
    Idiomorph.morph(inside.head, parsed.head, { morphStyle: "outerHTML" });
    Idiomorph.morph(inside.body, parsed.body, { morphStyle: "outerHTML" });
    this.#fit();
  }

  #loaded() {
    const inside = this.frame.contentDocument;
    if (inside?.readyState === "complete" && inside.body?.childElementCount) return null;
    return new Promise((resolve) => this.frame.addEventListener("load", resolve, { once: true }));
  }

  #tell({ words, minutes, bytes, bytes_at_most: most }) {
    delete this.pane.dataset.stale;
    this.fresh.textContent = "";
    const size = `${Math.ceil(bytes / 1024)} of ${Math.floor(most / 1024)} KB`;
    const line = $("[data-figures]", this.root);
    line.textContent = `${counted(words, "word")} · ${minutes} min · ${size}`;
    line.classList.toggle("over", bytes > most);
    line.title = "What Gmail shows of a mail before it cuts it off";
  }

  // A desktop mail is 640 px wide whatever the pane is: it is made smaller, as a whole.
  #fit() {
    const stage = $(".stage", this.pane);
    const scale = this.view === "phone" ? Math.min(1, stage.clientWidth / 375) : Math.min(1, stage.clientWidth / 640);
    const width = this.view === "phone" ? 375 : Math.max(640, stage.clientWidth);
    Object.assign(this.frame.style, {
      width: `${width}px`,
      height: `${stage.clientHeight / scale}px`,
      transform: scale < 1 ? `scale(${scale})` : "",
      marginLeft: this.view === "phone" ? `${Math.max(0, (stage.clientWidth - 375) / 2)}px` : "",
    });
  }

  // Nothing in the frame leads anywhere: a link shows its address, a block is selected.
  #listen() {
    const inside = this.frame.contentDocument;
    if (!inside || inside === this.listened) return;
    this.listened = inside;
    inside.addEventListener("click", (event) => {
      const link = event.target.closest?.("a[href]");
      event.preventDefault();
      if (link) this.say(link.getAttribute("href"));
      const block = event.target.closest?.("[data-block]");
      if (block) this.select(block.dataset.block);
    });
  }

  /** Bring a block into view. */
  reveal(uid) {
    if (this.visible) this.frame.contentDocument?.querySelector(`[data-block="${uid}"]`)?.scrollIntoView({ block: "nearest" });
  }
}
