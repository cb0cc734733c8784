// The composer: it brings outline, canvas and what stands beside them together around one draft and one stack of steps.

import { Answers } from "./answers.js";
import { Autosave } from "./autosave.js";
import { Blocks } from "./blocks.js";
import { ask } from "./desk.js";
import { Device } from "./device.js";
import { Draft } from "./draft.js";
import { listen } from "./keys.js";
import { first, leaveSafely } from "./leaving.js";
import { AddMenu, MoveMenu } from "./menus.js";
import { Notices } from "./notices.js";
import { Outline } from "./outline.js";
import { $, $$, announce, clock, make, toast, uuid } from "./page.js";
import { Pictures } from "./pictures.js";
import { Preview } from "./preview.js";
import { Recovery } from "./recovery.js";
import { Seats } from "./seats.js";
import { Sides } from "./sides.js";
import { Undo } from "./undo.js";
import { addRow, editorOf, fill, grow, loadedValueOf, mount, setReadOnly, setValue, valueOf } from "./words.js";

const NEAR = "600px"; // how far outside the canvas editors are readied

export class Composer extends HTMLElement {
  connectedCallback() {
    this.at = this.dataset.at;
    this.client = uuid();
    this.writable = this.dataset.writable !== undefined;
    this.canvas = $(".canvas", this);
    this.notices = new Notices(this);
    this.answers = new Answers(this);
    this.preview = new Preview({
      root: this,
      address: `${this.at}preview/`,
      changes: () => (this.draft ? this.draft.changes({ all: true }) : {}),
      select: (uid) => this.go(uid),
      say: toast,
    });
    this.sides = new Sides({ root: this, at: this.at, shown: (side) => side === "preview" && this.preview.refresh() });
    this.outline = new Outline({ root: this, go: (uid) => this.go(uid), move: (uid, before) => this.blocks.move(uid, before), say: announce });
    for (const tab of $$("[data-pane-of]", this)) tab.addEventListener("click", () => this.showPane(tab.dataset.paneOf));
    this.addEventListener("click", (event) => this.#follow(event));
    this.addEventListener("focusin", (event) => this.#entered(event));
    $("[data-test]", this)?.addEventListener("click", (event) => this.#test(event));
    if (this.writable) this.#begin();
    else this.seats = new Seats(this.#seatParts());
    listen(this);
  }

  // ---- writing

  #begin() {
    this.form = $("[data-writing]", this);
    this.undo = new Undo(() => this.#showUndo());
    this.draft = new Draft(this);
    this.device = new Device(this.dataset.person, this.dataset.issue);
    this.autosave = new Autosave({
      draft: this.draft,
      device: this.device,
      address: `${this.at}save/`,
      client: this.client,
      answered: (...told) => this.answers.saved(...told),
      state: (state, detail) => this.notices.saving(state, detail),
    });
    this.blocks = new Blocks(this);
    this.pictures = new Pictures(this);
    this.addMenu = new AddMenu(this);
    this.moveMenu = new MoveMenu(this);
    this.seats = new Seats(this.#seatParts());
    this.#readyEditors();
    this.values = new WeakMap(); // input -> the value it had before what is being typed
    this.form.addEventListener("input", (event) => this.#typed(event.target));
    this.form.addEventListener("click", (event) => this.#pressed(event));
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.#countLetters();
    leaveSafely(this.autosave);
    $("[data-undo]", this).addEventListener("click", () => this.step("undo"));
    $("[data-redo]", this).addEventListener("click", () => this.step("redo"));
    $("[data-keys]", this).addEventListener("click", () => $("[data-keys-sheet]", this).showModal());
    $("[data-checkpoint]", this).addEventListener("close", (event) => this.#checkpoint(event.target));
    document.addEventListener("issue-restored", () => location.reload());
    document.addEventListener("comments-changed", () => this.seats.beat());
    new Recovery(this).offer();
  }

  #readyEditors() {
    for (const area of $$("textarea[data-grow]:not([data-rich])", this.form)) grow(area);
    for (const button of $$("[data-add-row]", this.form)) button.hidden = false;
    this.near = new IntersectionObserver(
      (seen) => {
        for (const { target, isIntersecting } of seen) if (isIntersecting) this.ready(target);
      },
      { root: this.canvas, rootMargin: NEAR },
    );
    for (const block of this.draft.blocks) this.near.observe(block);
  }

  /** Put the editors of a block in their place; they cost too much to do so for blocks that nobody sees. */
  ready(block) {
    this.near.unobserve(block);
    for (const textarea of $$("textarea[data-rich]", block)) mount(textarea, this.#editorHooks(textarea));
    if (block.dataset.heldBy) setReadOnly(block, true);
  }

  // Whoever is faster than the observer stands in the plain textarea, which is about to be replaced.
  #readyWith(textarea) {
    this.ready(textarea.closest(".block"));
    editorOf(textarea).focus();
  }

  #editorHooks(textarea) {
    const uid = textarea.closest(".block").dataset.block;
    return {
      changed: (before, after, editor) => {
        this.beforeStroke = before;
        const put = (state) => () => {
          this.#bring(editor);
          editor.restore(state);
          this.changed(uid);
        };
        this.undo.push({ key: textarea.name, block: uid, label: "typing", undo: put(before), redo: put(after) });
        this.changed(uid);
      },
      escape: () => this.draft.block(uid).focus(),
      slash: (editor) => this.#slash(uid, editor),
      image: (file) => toast("A picture cannot stand inside a text.", [{ label: "Add it as a block", run: () => this.pictures.addBlock(file, uid) }]),
      say: toast,
    };
  }

  #bring(editor) {
    editor.element?.closest(".block")?.scrollIntoView({ block: "nearest" });
  }

  #slash(uid, editor) {
    const before = this.beforeStroke;
    const typed = editor.state; // with the caret behind the slash, wherever the dialog leaves it
    const after = this.blocks.after(uid);
    this.addMenu.open(
      (kind) => {
        editor.restore(before);
        this.changed(uid);
        this.blocks.add(kind, after);
      },
      () => editor.restore(typed),
    );
  }

  /** Something in a block (or above the blocks, without `uid`) has changed. */
  changed(uid) {
    if (uid) {
      this.draft.touch(uid);
      const block = this.draft.block(uid);
      if (block) {
        this.outline.sum(block);
        this.seats.edit(uid);
      }
    }
    this.autosave.changed();
    this.preview.refresh();
  }

  /** The blocks are other ones, or in another order. */
  rearranged(uid) {
    this.outline.arrange(this.draft.blocks);
    $("[data-nothing]", this).hidden = this.draft.blocks.length > 0;
    this.changed(uid);
  }

  #typed(input) {
    if (!input.name || input.dataset.rich !== undefined || input.type === "file") return;
    if (input.dataset.grow !== undefined) grow(input);
    const block = input.closest(".block");
    const uid = block?.dataset.block;
    const before = this.values.get(input) ?? loadedValueOf(input);
    const after = valueOf(input);
    this.values.set(input, after);
    const { name } = input;
    this.undo.push({ key: name, block: uid, label: "typing", undo: () => this.#put(uid, name, before), redo: () => this.#put(uid, name, after) });
    if (name === "title") $("[data-title]", this).textContent = after || "Untitled issue";
    this.changed(uid);
  }

  // How many letters a line above the blocks has, of those that inboxes show.
  #countLetters() {
    for (const input of $$("[data-advised]", this)) {
      const count = make("span", { class: "count", "aria-hidden": "true" });
      $(`label[for="${input.id}"]`, this).before(count);
      const show = () => {
        count.textContent = `${input.value.length}/${input.dataset.advised}`;
        count.classList.toggle("over", input.value.length > Number(input.dataset.advised));
      };
      input.addEventListener("input", show);
      show();
    }
  }

  #put(uid, name, value) {
    const input = $(`[name="${CSS.escape(name)}"]`, this.form);
    if (!input) return;
    setValue(input, value);
    this.values.set(input, value);
    if (name === "title") $("[data-title]", this).textContent = value || "Untitled issue";
    input.focus();
    input.scrollIntoView({ block: "nearest" });
    this.changed(uid);
  }

  /** Let other words stand in a block, as one step. */
  rewrite(uid, before, after, label) {
    const put = (words) => () => {
      const block = this.draft.block(uid);
      if (!block) return;
      this.refill(block, words);
      block.scrollIntoView({ block: "nearest" });
      this.changed(uid);
    };
    this.undo.push({ block: uid, label, undo: put(before), redo: put(after) });
    put(after)();
  }

  /** Let words stand in a block that did not come from somebody's fingers. */
  refill(block, words) {
    fill(block, words);
    for (const input of $$(".fields [name]", block)) this.values.set(input, valueOf(input));
    this.pictures.follow(block);
    this.outline.sum(block);
  }

  step(verb) {
    const step = verb === "undo" ? this.undo.undo() : this.undo.redo();
    announce(step ? `${verb === "undo" ? "Undone" : "Done again"}: ${step.label}.` : `There is nothing to ${verb}.`);
  }

  #showUndo() {
    $("[data-undo]", this).disabled = !this.undo.canUndo;
    $("[data-redo]", this).disabled = !this.undo.canRedo;
  }

  // ---- pressing buttons

  #pressed(event) {
    const pressed = event.target.closest("button, a");
    if (!pressed) return;
    const block = pressed.closest(".block");
    if (pressed.name === "act") {
      event.preventDefault();
      pressed.closest("details[open]")?.removeAttribute("open");
      const [verb, uid, what] = pressed.value.split(" ");
      this.act(verb, uid, what);
    } else if (pressed.dataset.addAt) this.openAdd(pressed.dataset.addAt === "end" ? null : pressed.dataset.addAt);
    else if (pressed.dataset.fold !== undefined) this.blocks.fold(block);
    else if (pressed.dataset.moveTo !== undefined) this.#moveTo(block, pressed);
    else if (pressed.dataset.talk !== undefined) {
      event.preventDefault();
      this.talk(block.dataset.block);
    } else if (pressed.dataset.addRow !== undefined) {
      $("input", addRow(pressed.closest("[data-rows]"))).focus();
    } else if (pressed.dataset.dropRow !== undefined) this.blocks.dropRow(block, pressed.closest("[data-row]"));
  }

  act(verb, uid, what) {
    if (verb === "move") this.blocks.moveBy(uid, Number(what));
    if (verb === "place") this.blocks.moveTo(uid, Number(what));
    if (verb === "copy") this.blocks.copy(uid);
    if (verb === "remove") this.blocks.remove(uid);
    if (verb === "aid") this.#aid(uid, what);
  }

  openAdd(before) {
    const from = document.activeElement;
    this.addMenu.open(
      (kind) => this.blocks.add(kind, before),
      () => from?.focus(),
    );
  }

  #moveTo(block, pressed) {
    pressed.closest("details").open = false;
    this.moveMenu.open(block, this.draft.blocks, (before) => this.blocks.move(block.dataset.block, before));
  }

  async #aid(uid, name) {
    const before = this.blocks.words(uid);
    try {
      const { answer } = await ask(`${this.at}aid/`, { uid, aid: name, ...this.draft.changes({ all: true }) });
      this.rewrite(uid, before, answer.words, "filling in");
      toast(answer.said, [{ label: "Undo", run: () => this.step("undo") }]);
    } catch (error) {
      toast(error.message || "The desk cannot be reached. Nothing was changed.");
    }
  }

  /** The comments on a block. */
  talk(uid) {
    this.showPane("side");
    this.sides.show("comments", `?block=${uid}`);
  }

  #seatParts() {
    return {
      root: this,
      address: `${this.at}seat/`,
      client: this.client,
      news: (answer) => this.answers.news(answer),
      lost: () => this.autosave.flush(),
      taken: (uid) => this.blocks.renew([uid]),
    };
  }

  // What is sent is what is stored.
  #test(event) {
    event.preventDefault();
    const open = () => $("[data-test-dialog]", this).showModal();
    this.autosave ? first(this.autosave, open) : open();
  }

  async #checkpoint(dialog) {
    const input = $("input", dialog);
    if (dialog.returnValue !== "save") return;
    dialog.returnValue = "";
    const name = input.value.trim() || `Version of ${clock()}`;
    input.value = "";
    if (await this.autosave.flush(name)) toast(`Saved as “${name}”.`);
  }

  // ---- getting about

  #entered(event) {
    const textarea = event.target.closest("textarea[data-rich]");
    if (textarea) this.#readyWith(textarea);
    const uid = event.target.closest(".block")?.dataset.block;
    if (!uid || uid === this.current) return;
    this.current = uid;
    this.outline.mark(uid);
    this.preview.reveal(uid);
  }

  #follow(event) {
    const link = event.target.closest('a[href^="#block-"]');
    if (!link || event.defaultPrevented) return;
    event.preventDefault();
    this.go(link.hash.slice("#block-".length));
  }

  /** Go to a block. */
  go(uid) {
    const block = $(`[data-blocks] > [data-block="${uid}"]`, this);
    if (!block) return;
    this.showPane("write");
    block.scrollIntoView({ block: "start" });
    block.focus({ preventScroll: true });
  }

  showPane(name) {
    this.dataset.pane = name;
    for (const tab of $$("[data-pane-of]", this)) tab.setAttribute("aria-pressed", String(tab.dataset.paneOf === name));
    if (name === "side" && this.sides.pane.dataset.showing === "preview") this.preview.refresh();
  }
}
