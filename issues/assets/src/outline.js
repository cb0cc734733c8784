// The list of blocks beside the canvas: one line each, always in step, and where blocks are dragged.

import { draggable } from "./dragging.js";
import { $, $$ } from "./page.js";
import { renumber, valueOf } from "./words.js";

const SHORT = 60;

export class Outline {
  /** @param {{root: HTMLElement, go: (uid: string) => void, move: (uid: string, before: string | null) => void, say: (words: string) => void}} parts */
  constructor(parts) {
    Object.assign(this, parts);
    this.list = $("[data-outline]", this.root);
    this.list.addEventListener("click", (event) => {
      const link = event.target.closest("a");
      if (!link) return;
      event.preventDefault();
      this.go(link.parentElement.dataset.of);
    });
    draggable(this.list, {
      drop: (item, before) => this.move(item.dataset.of, before?.dataset.of ?? null),
      cancelled: () => this.say("The move was cancelled."),
    });
  }

  line(uid) {
    return $(`[data-of="${uid}"]`, this.list);
  }

  /** As many lines as blocks, in their order. */
  arrange(blocks) {
    const lines = blocks.map((block) => this.line(block.dataset.block) ?? this.#made(block));
    if (lines.length !== this.list.children.length || lines.some((line, at) => this.list.children[at] !== line)) this.list.replaceChildren(...lines);
  }

  #made(block) {
    const line = $("[data-outlined]", this.root).content.firstElementChild.cloneNode(true);
    renumber(line, "__uid__", block.dataset.block);
    $(".kind", line).textContent = block.dataset.label;
    $("a > .icon use", line).setAttribute("href", $("h2 use", block).getAttribute("href"));
    return line;
  }

  /** The first words of a block, here and in its head. */
  sum(block) {
    const words = summary(block);
    $("[data-gist]", block).textContent = words;
    const line = this.line(block.dataset.block);
    if (line) $(".summary", line).textContent = words;
  }

  /** Which block somebody works in. */
  mark(uid) {
    for (const link of $$("a[aria-current]", this.list)) link.removeAttribute("aria-current");
    const link = this.line(uid)?.querySelector("a");
    link?.setAttribute("aria-current", "true");
    link?.scrollIntoView({ block: "nearest" });
  }
}

function summary(block) {
  const chosen = $('select[name$="-contributor"]', block);
  if (chosen?.value) return chosen.selectedOptions[0].text;
  for (const input of $$("input[type=text], textarea", $(".fields", block))) {
    const value = valueOf(input);
    if (value) return short(input.dataset.rich === undefined ? value : bare(value));
  }
  return $("[data-card]", block)?.textContent.trim().split("\n")[0].slice(0, SHORT) ?? "";
}

const bare = (html) => new DOMParser().parseFromString(html.replaceAll("</p>", "</p> ").replaceAll("</li>", "</li> "), "text/html").body.textContent.trim();
const short = (words) => (words.length > SHORT ? `${words.slice(0, SHORT - 1).trimEnd()}…` : words);
