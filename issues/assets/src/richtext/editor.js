// A text that is written in the browser, in the place of a textarea.

import { baseKeymap, chainCommands, createParagraphNear, liftEmptyBlock, splitBlock, toggleMark } from "prosemirror-commands";
import { ellipsis, emDash, inputRules, smartQuotes, wrappingInputRule } from "prosemirror-inputrules";
import { keymap } from "prosemirror-keymap";
import { liftListItem, sinkListItem, splitListItem, wrapInList } from "prosemirror-schema-list";
import { EditorState } from "prosemirror-state";
import { EditorView } from "prosemirror-view";
import { counted, make } from "../page.js";
import { sound } from "./addresses.js";
import * as canonical from "./canonical.js";
import { askForLink, leaveLink, linkAt } from "./linking.js";
import { DEEPEST, depthAt, tidyLists } from "./lists.js";
import * as pasting from "./pasting.js";
import * as plaintext from "./plaintext.js";
import { deedsOf, repaste } from "./repasting.js";
import * as schemas from "./schema.js";
import { tame } from "./taming.js";
import { toolbar } from "./toolbar.js";

const FOLLOWED = 500; // steps after a paste, which is more than anybody types before its notice is gone
const MAC = /Mac|iP(hone|ad)/.test(navigator.platform);

/**
 * @typedef {object} Hooks
 * @property {(before: EditorState, after: EditorState, editor: RichText) => void} changed the person changed the words
 * @property {(editor: RichText) => void} escape out of the text
 * @property {(editor: RichText) => void} slash "/" was typed into an empty paragraph
 * @property {(file: File, editor: RichText) => void} image a picture was pasted or dropped
 * @property {(words: string, actions?: {label: string, run: () => void}[]) => void} say
 */
export class RichText {
  #cleaned = null; // what was made of the clipboard, while it is read
  #fresh = null; // the same with its plain text, until the words are in
  #pasted = null; // the last paste that may become plain, or null once words were replaced around it

  /** @param {HTMLTextAreaElement} textarea its `data-rich` is "story" or "items", its `data-html` the words @param {Hooks} hooks */
  constructor(textarea, hooks) {
    this.hooks = hooks;
    this.textarea = textarea;
    this.schema = schemas[textarea.dataset.rich] ?? schemas.story;
    this.plugins = [inputRules({ rules: this.#rules() }), keymap(this.#keys()), keymap(baseKeymap), tidyLists()];
    this.gone = new AbortController();
    this.element = make("div", { class: `rich rich-${textarea.dataset.rich}` });
    textarea.hidden = true;
    textarea.after(this.element);
    this.bar = toolbar(`${textarea.id}-editor`, this.#tools(), () => this.focus());
    this.element.append(this.bar.element);
    this.view = new EditorView(this.element, this.#props());
    this.bar.refresh();
  }

  #props() {
    return {
      state: this.#stateOf(this.textarea.dataset.html),
      attributes: this.#attributes(),
      editable: () => !this.locked,
      dispatchTransaction: (transaction) => this.#dispatch(transaction),
      transformPastedHTML: (html) => this.#clean(html),
      clipboardTextParser: (text, _, plain) => (plain ? plaintext.unformatted(this.schema, text) : plaintext.parse(this.schema, text)),
      handlePaste: (_, event, slice) => this.#paste(event, slice),
      handleDrop: (_, event) => this.#drop(event),
      handleTextInput: (view, from, to, text) => this.#slash(view, text),
    };
  }

  #attributes() {
    const { textarea } = this;
    const label = document.querySelector(`label[for="${CSS.escape(textarea.id)}"]`);
    if (label) {
      label.id ||= `${textarea.id}-label`;
      label.addEventListener("click", () => this.focus(), { signal: this.gone.signal });
    }
    const said = textarea.getAttribute("aria-describedby");
    return {
      id: `${textarea.id}-editor`,
      role: "textbox",
      "aria-multiline": "true",
      ...(label ? { "aria-labelledby": label.id } : { "aria-label": "Words" }),
      ...(said ? { "aria-describedby": said } : {}),
    };
  }

  #stateOf(html) {
    return EditorState.create({ doc: canonical.read(this.schema, html), plugins: this.plugins });
  }

  // ---- words in and out

  /** The words as the server stores them. */
  get html() {
    this.written ??= canonical.write(this.view.state.doc);
    return this.written;
  }

  /** Let other words stand here, without telling anybody. */
  setHTML(html) {
    this.#replace(this.#stateOf(html));
  }

  get state() {
    return this.view.state;
  }

  /** Go back to a state, selection and all, without telling anybody. */
  restore(state) {
    this.#replace(state);
    this.view.focus();
  }

  #replace(state) {
    this.#pasted = null;
    this.#show(state);
  }

  #show(state) {
    if (state.doc !== this.view.state.doc) leaveLink(this.element); // the words it stands under may be gone
    this.written = null;
    this.view.updateState(state);
    this.bar.refresh();
  }

  #dispatch(transaction) {
    const before = this.view.state;
    const { state: after, transactions } = before.applyTransaction(transaction);
    this.#show(after);
    if (!transaction.docChanged) return;
    this.#follow(transactions);
    this.hooks.changed(before, after, this);
    if (transaction.getMeta("uiEvent") === "paste") this.#tellOfPaste(before, transactions);
  }

  focus() {
    this.view.focus();
  }

  set readonly(locked) {
    this.locked = locked;
    this.view.setProps({ editable: () => !locked });
    this.view.dom.setAttribute("aria-readonly", String(locked));
    leaveLink(this.element);
    this.bar.disable(locked);
  }

  destroy() {
    this.gone.abort();
    this.view.destroy();
    this.element.remove();
    this.textarea.hidden = false;
  }

  // ---- keys and tools

  #rules() {
    const { bullet_list: bullets, ordered_list: numbers } = this.schema.nodes;
    const lists = bullets ? [wrappingInputRule(/^\s*[-+*]\s$/, bullets), wrappingInputRule(/^1\.\s$/, numbers)] : [];
    return [...smartQuotes, ellipsis, emDash, ...lists];
  }

  #keys() {
    const { list_item: item, hard_break: line } = this.schema.nodes;
    const { strong, em } = this.schema.marks;
    const enter = [...(item ? [splitListItem(item)] : []), createParagraphNear, liftEmptyBlock, splitBlock];
    const breakLine = (state, dispatch) => {
      dispatch?.(state.tr.replaceSelectionWith(line.create()).scrollIntoView());
      return true;
    };
    return {
      "Mod-b": toggleMark(strong),
      "Mod-i": toggleMark(em),
      "Mod-k": () => this.#link(),
      "Mod-Shift-8": () => this.#list("bullet_list"),
      "Mod-Shift-7": () => this.#list("ordered_list"),
      "Mod-]": () => this.#shift(depthAt(this.view.state.selection.$from) < DEEPEST && sinkListItem),
      "Mod-[": () => this.#shift(liftListItem),
      Enter: chainCommands(...enter),
      "Shift-Enter": breakLine,
      Backspace: (state, dispatch) => this.#atStartOfItem(state) && liftListItem(item)(state, dispatch),
      "Alt-F10": () => {
        this.bar.focus();
        return true;
      },
      Escape: () => {
        this.hooks.escape(this);
        return true;
      },
    };
  }

  #tools() {
    const keys = (letters) => (MAC ? letters.replace("Ctrl", "⌘") : letters);
    const mark = (name) => () => {
      toggleMark(this.schema.marks[name])(this.view.state, this.view.dispatch);
      this.focus();
    };
    const tools = [
      { name: "strong", label: "Bold", icon: "bold", keys: keys("Ctrl+B"), run: mark("strong"), pressed: () => this.#wears("strong") },
      { name: "em", label: "Italic", icon: "italic", keys: keys("Ctrl+I"), run: mark("em"), pressed: () => this.#wears("em") },
      { name: "link", label: "Link", icon: "link", keys: keys("Ctrl+K"), run: () => this.#link(), pressed: () => this.#wears("link") },
    ];
    if (!this.schema.nodes.list_item) return tools;
    const list = (name) => () => {
      this.#list(name);
      this.focus();
    };
    return [
      ...tools,
      { name: "bullets", label: "Bullets", icon: "list", keys: keys("Ctrl+Shift+8"), run: list("bullet_list"), pressed: () => this.#inList("bullet_list") },
      { name: "numbers", label: "Numbers", icon: "numbers", keys: keys("Ctrl+Shift+7"), run: list("ordered_list"), pressed: () => this.#inList("ordered_list") },
    ];
  }

  #wears(name) {
    const { from, to, empty, $from } = this.view?.state.selection ?? { empty: true };
    if (!$from) return false;
    const type = this.schema.marks[name];
    return empty ? Boolean(type.isInSet(this.view.state.storedMarks ?? $from.marks())) : this.view.state.doc.rangeHasMark(from, to, type);
  }

  #listAround($from = this.view.state.selection.$from) {
    for (let depth = $from.depth; depth > 0; depth -= 1) if ($from.node(depth).type.spec.group?.includes("list")) return { node: $from.node(depth), pos: $from.before(depth) };
    return null;
  }

  #inList(name) {
    return this.view !== undefined && this.#listAround()?.node.type.name === name;
  }

  // Pressed once it makes a list, or the other kind of list; pressed again it takes the list away.
  #list(name) {
    const type = this.schema.nodes[name];
    if (!type) return false;
    const { state } = this.view;
    const around = this.#listAround();
    if (!around) wrapInList(type)(state, this.view.dispatch);
    else if (around.node.type === type) liftListItem(this.schema.nodes.list_item)(state, this.view.dispatch);
    else this.view.dispatch(state.tr.setNodeMarkup(around.pos, type));
    return true;
  }

  // Even where there is nothing to shift the key is ours: on a Mac it leaves the page.
  #shift(command) {
    const { list_item: item } = this.schema.nodes;
    if (item && command) command(item)(this.view.state, this.view.dispatch);
    return true;
  }

  #atStartOfItem(state) {
    const { empty, $from } = state.selection;
    return Boolean(this.schema.nodes.list_item) && empty && $from.parentOffset === 0 && $from.depth > 1 && $from.node(-1).type.name === "list_item" && $from.index(-1) === 0;
  }

  #link() {
    // Keys may be faster than the browser tells of a selection; then what is selected would be written over.
    this.view.domObserver.flush();
    const place = linkAt(this.view.state);
    if (place) askForLink(this.view, this.element, place, this.hooks.say);
    else this.hooks.say("Select the words that should become a link.");
    return true;
  }

  #slash(view, text) {
    const { $from, empty } = view.state.selection;
    if (text === "/" && empty && $from.parent.content.size === 0) queueMicrotask(() => this.hooks.slash(this));
    return false;
  }

  // ---- pasting

  #paste(event, slice) {
    const cleaned = this.#cleaned;
    this.#cleaned = null;
    if (this.#picture(event, event.clipboardData)) return true;
    const text = event.clipboardData.getData("text/plain");
    const { from, to, empty } = this.view.state.selection;
    this.#fresh = { text, cleaned, slice };
    const href = /^\S+$/.test(text.trim()) ? sound(text) : "";
    if (empty || !href) return false;
    this.view.dispatch(this.view.state.tr.addMark(from, to, this.schema.marks.link.create({ href })));
    return true;
  }

  #drop(event) {
    this.#cleaned = null;
    return this.#picture(event, event.dataTransfer);
  }

  #picture(event, transfer) {
    const file = [...(transfer?.files ?? [])].find((each) => each.type.startsWith("image/"));
    if (!file || tame(transfer.getData("text/html")).replace(/<[^>]*>/g, "").trim()) return false;
    event.preventDefault();
    this.hooks.image(file, this);
    return true;
  }

  #clean(html) {
    if (pasting.ours(html)) return tame(html); // the schema reads it
    this.#cleaned = pasting.clean(html);
    return this.#cleaned.html;
  }

  #tellOfPaste(before, transactions) {
    const { text, cleaned, slice } = this.#fresh;
    this.#fresh = null;
    this.#pasted = null;
    const words = cleaned && report(cleaned, slice);
    if (!words) return;
    const pasted = { text, before, deeds: deedsOf(transactions), since: [] };
    this.#pasted = pasted;
    this.hooks.say(words, [{ label: "Paste as plain text instead", run: () => this.#pastePlain(pasted) }]);
  }

  // What was done since the paste, to do it again on top of the plain words.
  #follow(transactions) {
    this.#pasted?.since.push(...deedsOf(transactions));
    if (this.#pasted?.since.length > FOLLOWED) this.#pasted = null;
  }

  #pastePlain(pasted) {
    this.view.focus();
    if (pasted !== this.#pasted) return this.hooks.say("What was pasted does not stand here any more.");
    this.#pasted = null;
    this.view.dispatch(repaste(this.view.state, pasted, plaintext.unformatted(this.schema, pasted.text)));
  }
}

// "Pasted from Google Docs: kept 12 paragraphs and 8 links; removed 1 picture." Only if there is something to tell.
function report({ source, removed }, slice) {
  const kept = countedIn(slice);
  const gone = [removed.pictures && counted(removed.pictures, "picture"), removed.tables && `the frame of ${counted(removed.tables, "table")}`].filter(Boolean);
  if (!gone.length && kept.paragraphs < 2 && !source) return "";
  const links = kept.links ? ` and ${counted(kept.links, "link")}` : "";
  return `Pasted${source ? ` from ${source}` : ""}: kept ${counted(kept.paragraphs, "paragraph")}${links}${gone.length ? `; removed ${gone.join(" and ")}` : ""}.`;
}

// A slice is blocks, or words that go into the midst of one.
function countedIn({ content }) {
  const kept = { paragraphs: 0, links: 0 };
  const count = (words) => {
    kept.paragraphs += words.textBetween(0, words.size).trim() !== "";
    kept.links += linksIn(words);
  };
  if (content.firstChild?.isInline) count(content);
  else content.descendants((node) => void (node.isTextblock && count(node.content)));
  return kept;
}

function linksIn(words) {
  let links = 0;
  let before = "";
  words.forEach(({ marks }) => {
    const href = marks.find((mark) => mark.type.name === "link")?.attrs.href ?? "";
    links += href !== "" && href !== before;
    before = href;
  });
  return links;
}
