// Pasted plain text: blank lines part paragraphs, dashes and numbers make lists, bare addresses become links.

import { Fragment, Slice } from "prosemirror-model";
import { bareIn } from "./addresses.js";

const ITEM = /^\s*(?:([-*•–·])|(\d{1,2})[.)])\s+(.*\S)\s*$/;

/**
 * @param {import("prosemirror-model").Schema} schema
 * @param {string} text
 * @returns {Slice}
 */
export function parse(schema, text) {
  if (!/[\r\n]/.test(text) && !ITEM.test(text)) return amid([schema.nodes.paragraph.create(null, linked(schema, text))]);
  const blocks = schema.nodes.list_item ? blocksOf(schema, text) : itemsOf(schema, text);
  const open = (block) => (block?.type.name === "paragraph" ? 1 : 0);
  return new Slice(Fragment.from(blocks), open(blocks[0]), open(blocks.at(-1)));
}

function blocksOf(schema, text) {
  const { paragraph, bullet_list, ordered_list, list_item, hard_break } = schema.nodes;
  const blocks = [];
  let lines = [];
  let list = null;
  const flush = () => {
    if (lines.length) blocks.push(paragraph.create(null, lines.flatMap((line, at) => [...(at ? [hard_break.create()] : []), ...linked(schema, line)])));
    lines = [];
  };
  for (const line of linesOf(text)) {
    const item = ITEM.exec(line);
    if (!item) {
      if (line.trim()) list = null;
      if (line.trim()) lines.push(line.trim());
      else flush();
      continue;
    }
    flush();
    const type = item[1] ? bullet_list : ordered_list;
    if (list?.type !== type) blocks.push((list = { type, items: [] }));
    list.items.push(list_item.create(null, paragraph.create(null, linked(schema, item[3]))));
  }
  flush();
  return blocks.map((block) => (block.items ? block.type.create(null, block.items) : block));
}

// One item a paragraph, or a line that begins like one.
function itemsOf(schema, text) {
  const parts = text.replace(/\r\n?/g, "\n").split(/\n\s*\n|\n(?=\s*[-*•–·]\s)/);
  const words = parts.map((part) => part.replace(/^\s*[-*•–·]\s+/, "").replace(/\s*\n\s*/g, " ").trim()).filter(Boolean);
  return words.map((part) => schema.nodes.paragraph.create(null, linked(schema, part)));
}

const linesOf = (text) => text.replace(/\r\n?/g, "\n").split("\n");

/** Words with their bare addresses as links. */
function linked(schema, text) {
  const nodes = [];
  let at = 0;
  for (const { index, words, href } of bareIn(text)) {
    if (index > at) nodes.push(schema.text(text.slice(at, index)));
    nodes.push(schema.text(words, [schema.marks.link.create({ href })]));
    at = index + words.length;
  }
  if (at < text.length) nodes.push(schema.text(text.slice(at)));
  return nodes;
}

/**
 * The words alone, a paragraph for each line.
 * @param {import("prosemirror-model").Schema} schema
 * @param {string} text
 * @returns {Slice}
 */
export function unformatted(schema, text) {
  const lines = linesOf(text).filter((line) => line.trim());
  const words = lines.length > 1 ? lines.map((line) => line.trim()) : lines; // a single line may end in a space that counts
  return amid(words.map((line) => schema.nodes.paragraph.create(null, schema.text(line))));
}

// Paragraphs of which the first and the last join what stands around them.
const amid = (paragraphs) => (paragraphs.length ? new Slice(Fragment.from(paragraphs), 1, 1) : Slice.empty);
