// What rich text is made of: the contract with `issues.richtext` on the server, which accepts nothing else either.

import { Schema } from "prosemirror-model";
import { sound } from "./addresses.js";

const paragraph = {
  group: "block",
  content: "inline*",
  parseDOM: ["p", "h1", "h2", "h3", "h4", "h5", "h6"].map((tag) => ({ tag })),
  toDOM: () => ["p", 0],
};
const list = (tag) => ({ group: "block list", content: "list_item+", parseDOM: [{ tag }], toDOM: () => [tag, 0] });
const inline = {
  text: { group: "inline" },
  hard_break: { inline: true, group: "inline", selectable: false, parseDOM: [{ tag: "br" }], toDOM: () => ["br"] },
};
// In the order in which they stand around each other: a, strong, em.
const marks = {
  link: {
    attrs: { href: {} },
    inclusive: false,
    parseDOM: [{ tag: "a[href]", getAttrs: (element) => linked(element.getAttribute("href")) }],
    toDOM: (mark) => ["a", { href: mark.attrs.href }, 0],
  },
  strong: { parseDOM: [{ tag: "strong" }, { tag: "b" }], toDOM: () => ["strong", 0] },
  em: { parseDOM: [{ tag: "em" }, { tag: "i" }], toDOM: () => ["em", 0] },
};

function linked(address) {
  const href = sound(address);
  return href ? { href } : false;
}

/** Paragraphs and lists, in any order. */
export const story = new Schema({
  nodes: {
    doc: { content: "block+" },
    paragraph,
    bullet_list: list("ul"),
    ordered_list: list("ol"),
    list_item: { content: "paragraph list*", defining: true, parseDOM: [{ tag: "li" }], toDOM: () => ["li", 0] },
    ...inline,
  },
  marks,
});

/** Items: every paragraph is one. */
export const items = new Schema({ nodes: { doc: { content: "paragraph+" }, paragraph, ...inline }, marks });
