// Rich text as the server stores it, and back. One text has one form (`issues/richtext/model.py` has the same rules):
// spaces are single, none hangs on the edge of a paragraph, a link or bold words, and nothing is empty.

import { DOMParser as Reader } from "prosemirror-model";

/** @typedef {{text: string, strong: boolean, em: boolean, href: string}} Run */

/** The document that canonical HTML stands for. */
export function read(schema, html) {
  const page = new DOMParser().parseFromString(html || "", "text/html");
  return Reader.fromSchema(schema).parse(page.body);
}

/** The canonical HTML of a document; "" if it has no words. */
export function write(doc) {
  let html = "";
  doc.forEach((block) => (html += block.type.name === "paragraph" ? paragraphs(block) : listed(block, 1)));
  return html;
}

const paragraphs = (block) =>
  parted(spaced(runsOf(block)))
    .map((runs) => `<p>${inline(dressed(runs))}</p>`)
    .join("");

function listed(list, depth) {
  const tag = list.type.name === "ordered_list" ? "ol" : "ul";
  let html = "";
  list.forEach((item) => (html += itemOf(item, depth)));
  return html && `<${tag}>${html}</${tag}>`;
}

// An item without words is none; what hangs below it goes up in its place.
function itemOf(item, depth) {
  let inner = "";
  item.forEach((child) => {
    if (child.type.name !== "paragraph") inner += depth < 2 ? listed(child, depth + 1) : "";
  });
  const words = inline(dressed(spaced(runsOf(item.firstChild)).map(unparted)));
  return words ? `<li>${words}${inner}</li>` : inner.replace(/^<[uo]l>|<\/[uo]l>$/g, "");
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
const EDGES = new RegExp(`^(${SPACE}*)(.*?)(${SPACE}*)$`, "s");
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
  for (const run of joined(runs.map((each) => ({ ...each, text: each.text.replace(UNSEEN, "") })))) {
    const [, before, core, after] = EDGES.exec(run.text);
    space += before;
    if (!core) {
      space += after;
      continue;
    }
    if (space && out.length) out.push({ text: oneSpace(space), strong: false, em: false, href: "" });
    out.push({ ...run, text: core.replace(ODD_SPACE, oneSpace) });
    space = after;
  }
  return out;
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
  tags
    .toReversed()
    .map((tag) => `</${tag.split(" ")[0]}>`)
    .join("");
