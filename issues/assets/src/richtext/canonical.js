// Rich text as the server stores it, and back. One text has one form (`issues/richtext/model.py` has the same rules):
// spaces are single, none hangs on the edge of a paragraph, a link or bold words, and nothing is empty.

import { DOMParser as Reader } from "prosemirror-model";

/**
 * @typedef {{text: string, strong: boolean, em: boolean, href: string}} Run words in one dress
 * @typedef {{runs: Run[], depth: number, ordered: boolean}} Strip a flat piece of a text: `depth` counts the lists around it
 */

/**
 * The document that canonical HTML stands for.
 * @param {import("prosemirror-model").Schema} schema
 * @param {string} [html]
 */
export function read(schema, html) {
  const page = new DOMParser().parseFromString(html || "", "text/html");
  return Reader.fromSchema(schema).parse(page.body);
}

/**
 * The canonical HTML of a document; "" if it has no words.
 * @param {import("prosemirror-model").Node} doc
 * @returns {string}
 */
export const write = (doc) => written(compose(strips(doc)));

/** @returns {Strip[]} */
function strips(node, lists = []) {
  const out = [];
  node.forEach((child) => {
    const around = child.type.spec.group?.includes("list") ? [...lists, child.type.name === "ordered_list"] : lists;
    if (child.isTextblock) out.push({ runs: runsOf(child), depth: lists.length, ordered: lists.at(-1) ?? false });
    else out.push(...strips(child, around));
  });
  return out;
}

// Lists are nested two deep; what is deeper stands at the second level, and a list goes on with the next of its kind.
function compose(strips) {
  const blocks = [];
  for (const { runs, depth, ordered } of strips) {
    if (!depth) blocks.push(...parted(spaced(runs)).map((part) => ({ runs: dressed(part) })));
    else hang(blocks, depth, ordered, dressed(spaced(runs).map(unparted)));
  }
  return blocks;
}

function hang(blocks, depth, ordered, runs) {
  if (!runs.length) return;
  const outer = blocks.at(-1)?.items;
  const beside = depth > 1 && outer ? outer.at(-1).lists : blocks;
  if (beside.at(-1)?.ordered !== ordered) beside.push({ ordered, items: [] });
  beside.at(-1).items.push({ runs, lists: [] });
}

const written = (blocks) => blocks.map((block) => (block.items ? listed(block) : `<p>${inline(block.runs)}</p>`)).join("");

function listed({ ordered, items }) {
  const tag = ordered ? "ol" : "ul";
  return `<${tag}>${items.map(({ runs, lists }) => `<li>${inline(runs)}${written(lists)}</li>`).join("")}</${tag}>`;
}

/** @returns {Run[]} */
function runsOf(block) {
  const runs = [];
  block.forEach((node) => {
    const worn = (name) => node.marks.find((mark) => mark.type.name === name);
    runs.push({ text: node.isText ? node.text : "\n", strong: Boolean(worn("strong")), em: Boolean(worn("em")), href: worn("link")?.attrs.href ?? "" });
  });
  return runs;
}

const UNSEEN = /[\u0000-\u0008\u000e-\u001b\u007f-\u0084\u0086-\u009f\u200b\u2060\ufeff\ufff9-\ufffb\ufffe\uffff]/g;
const LINE_SPACE = "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u2028\u2029 ";
const SPACE = "[\\s\\x1c-\\x1f\\x85]";
const ODD_SPACE = new RegExp(`${SPACE}{2,}|[\\t\\v\\f\\r\\x1c-\\x1f\\x85\\u2028\\u2029]`, "g");
const LEADING = new RegExp(`^${SPACE}*`);
const WORD = /[^\s\x1c-\x1f\x85]/;
const LONE_HALF = /\p{Surrogate}/gu;
const alike = (a, b) => a.strong === b.strong && a.em === b.em && a.href === b.href;
const blank = (run) => !run.text.trim();

function joined(runs) {
  const out = [];
  for (const run of runs) {
    const last = out.at(-1);
    if (last && alike(last, run)) out[out.length - 1] = { ...last, text: last.text + run.text };
    else out.push(run);
  }
  return out;
}

// Words, and single spaces where runs meet; two line breaks ("\n\n") part paragraphs.
function spaced(runs) {
  const out = [];
  let space = "";
  for (const run of joined(runs.map((each) => ({ ...each, text: printable(each.text) })))) {
    const { before, core, after } = edges(run.text);
    space += before;
    if (!core) continue;
    if (space && out.length) out.push({ text: oneSpace(space), strong: false, em: false, href: "" });
    out.push({ ...run, text: core.replace(ODD_SPACE, oneSpace) });
    space = after;
  }
  return out;
}

const printable = (text) => text.replace(UNSEEN, "").replace(LONE_HALF, "\ufffd");

function edges(text) {
  const before = LEADING.exec(text)[0];
  let end = text.length;
  while (end > before.length && !WORD.test(text[end - 1])) end -= 1;
  return { before, core: text.slice(before.length, end), after: text.slice(end) };
}

function oneSpace(space) {
  const breaks = space.split("\n").length - 1;
  if (breaks) return breaks === 1 ? "\n" : "\n\n";
  return space.length === 1 && !LINE_SPACE.includes(space) ? space : " ";
}

const unparted = (run) => ({ ...run, text: run.text.replaceAll("\n\n", "\n") });

function parted(runs) {
  const parts = [[]];
  for (const run of runs) {
    const [first, ...more] = run.text.split("\n\n");
    if (first) parts.at(-1).push({ ...run, text: first });
    for (const text of more) parts.push(text ? [{ ...run, text }] : []);
  }
  return parts.filter((part) => part.length);
}

// A space wears only what both neighbours wear. Every word is bold, to those outside its link, only if the whole link is.
function dressed(runs) {
  const outside = seenFromOutside(runs);
  return joined(runs.map((run, at) => (blank(run) && at > 0 && at < runs.length - 1 ? between(runs, outside, at) : run)));
}

function seenFromOutside(runs) {
  const seen = [...runs];
  const words = runs.map((run, at) => [run, at]).filter(([run]) => !blank(run));
  for (let from = 0, to = 0; from < words.length; from = to) {
    while (to < words.length && words[to][0].href === words[from][0].href) to += 1;
    const link = words.slice(from, to);
    if (!link[0][0].href) continue;
    const strong = link.every(([run]) => run.strong);
    const em = link.every(([run]) => run.em);
    for (const [run, at] of link) seen[at] = { ...run, strong, em };
  }
  return seen;
}

function between(runs, outside, at) {
  const other = runs[at - 1].href !== runs[at + 1].href;
  const before = (other ? outside : runs)[at - 1];
  const after = (other ? outside : runs)[at + 1];
  return { text: runs[at].text, strong: before.strong && after.strong, em: before.em && after.em, href: before.href === after.href ? before.href : "" };
}

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

function inline(runs) {
  let html = "";
  let worn = [];
  for (const run of runs) {
    const wanted = [run.href && `a href="${escaped(run.href)}"`, run.strong && "strong", run.em && "em"].filter(Boolean);
    const kept = worn.findIndex((tag, at) => tag !== wanted[at]);
    const shared = kept < 0 ? Math.min(worn.length, wanted.length) : kept;
    html += closing(worn.slice(shared)) + wanted.slice(shared).map((tag) => `<${tag}>`).join("") + escaped(run.text).replaceAll("\n", "<br>");
    worn = wanted;
  }
  return html + closing(worn);
}

const closing = (tags) =>
  [...tags]
    .reverse()
    .map((tag) => `</${tag.split(" ")[0]}>`)
    .join("");
