// Clean words out of any clipboard: paragraphs, lists, links, bold and italic, and nothing else. The result is the same with
// and without our Content-Security-Policy, without a word in the console.

import { STYLE, tame } from "./taming.js";

const GONE = "head, object, svg, math, input, select, video, audio, canvas, br.Apple-interchange-newline";
const NOT_OURS = /<(?!\/?(?:p|ul|ol|li|br|strong|em|a|meta)[\s/>])/i;
const BLOCKS = /^(P|DIV|UL|OL|LI|H[1-6]|TABLE|TR|BLOCKQUOTE|SECTION|ARTICLE|HEADER|FOOTER|MAIN|ASIDE|NAV|FIGURE|DL|DT|DD|PRE|HR)$/;

/**
 * @typedef {{html: string, source: string, removed: {pictures: number, tables: number}}} Cleaned
 * @param {string} html
 * @returns {Cleaned}
 */
export function clean(html) {
  const page = new DOMParser().parseFromString(tame(html), "text/html");
  const body = page.body;
  const removed = { pictures: body.querySelectorAll("img").length, tables: body.querySelectorAll("table").length };
  for (const each of body.querySelectorAll(GONE)) each.remove();
  dropHidden(body);
  listsOfWord(page);
  nestStrayLists(body);
  rowsToParagraphs(page);
  dropSpacers(body);
  flattenEmphasis(page);
  bare(body);
  return { html: body.innerHTML, source: sourceOf(html), removed };
}

/**
 * Whether the HTML was copied from one of our own texts, so that its spaces and its edges count. Other editors of the same
 * make have the same mark, but more elements.
 * @param {string} html
 */
export const ours = (html) => html.includes("data-pm-slice") && !NOT_OURS.test(html);

function sourceOf(html) {
  if (/id=["']?docs-internal-guid/i.test(html)) return "Google Docs";
  if (/urn:schemas-microsoft-com:office|class=["']?Mso/i.test(html)) return "Word";
  return "";
}

const styleOf = (element) => element.getAttribute(STYLE) ?? "";
const styled = (root) => root.querySelectorAll(`[${STYLE}]`);

function dropHidden(body) {
  for (const element of styled(body)) if (/display\s*:\s*none|mso-hide\s*:\s*all|visibility\s*:\s*hidden/i.test(styleOf(element))) element.remove();
  for (const element of body.querySelectorAll("[hidden]")) element.remove();
}

// Word has no lists in its clipboard: paragraphs say "level 2 of list 1" in their style, and the bullet is text.
function listsOfWord(page) {
  let open = []; // the lists around the next item, outermost first
  for (const paragraph of page.body.querySelectorAll("p, h1, h2, h3, h4, h5, h6, div")) {
    if (/^h/.test(paragraph.localName)) takeMarker(paragraph); // a numbered heading is a heading
    const level = paragraph.matches("p, div") && Number(/mso-list\s*:\s*[^;]*?level(\d)/i.exec(styleOf(paragraph))?.[1]);
    if (!level) {
      if (paragraph.textContent.trim() && !paragraph.querySelector("p")) open = [];
      continue;
    }
    const kind = /^\s*\(?(?:\d+|[a-z]{1,4})[.)]/i.test(takeMarker(paragraph)) ? "ol" : "ul";
    const item = page.createElement("li");
    item.append(...paragraph.childNodes);
    open.length = Math.min(open.length, level);
    if (open.length === level && open.at(-1).localName !== kind) open.pop();
    if (open.length < level) open.push(opened(page, kind, open.at(-1), paragraph));
    else paragraph.remove();
    open.at(-1).append(item);
  }
}

function takeMarker(paragraph) {
  let marker = "";
  for (const span of styled(paragraph)) {
    if (!/mso-list\s*:\s*ignore/i.test(styleOf(span))) continue;
    marker += span.textContent;
    span.remove();
  }
  return marker;
}

function opened(page, kind, outer, paragraph) {
  const list = page.createElement(kind);
  if (outer?.lastElementChild) {
    outer.lastElementChild.append(list);
    paragraph.remove();
  } else paragraph.replaceWith(list);
  return list;
}

// Google Docs hangs a nested list beside its item instead of into it; deeper than two levels nothing is nested.
function nestStrayLists(body) {
  for (const list of body.querySelectorAll("ul > ul, ul > ol, ol > ul, ol > ol")) {
    const item = list.previousElementSibling;
    if (item?.localName === "li") item.append(list);
    else list.replaceWith(...list.children);
  }
  for (const deep of body.querySelectorAll("li li ul, li li ol")) {
    deep.parentElement.closest("li").after(...deep.children);
    deep.remove();
  }
  for (const list of body.querySelectorAll("ul, ol")) if (!list.querySelector("li")) list.remove();
}

function rowsToParagraphs(page) {
  for (const table of page.body.querySelectorAll("table")) {
    if (table.querySelector("table")) continue; // laid out with tables: its cells are read one after the other
    const rows = [...table.querySelectorAll("tr")].map((row) => {
      const paragraph = page.createElement("p");
      for (const cell of row.cells) {
        const words = [...cell.querySelectorAll("p, div")];
        for (const block of words) block.replaceWith(...block.childNodes, " ");
        if (cell.textContent.trim()) paragraph.append(...(paragraph.hasChildNodes() ? [" "] : []), ...cell.childNodes);
      }
      return paragraph;
    });
    table.replaceWith(...rows);
  }
}

// A <br> beside a block is distance and no content; so are empty paragraphs.
function dropSpacers(body) {
  for (const line of body.querySelectorAll("br")) {
    const beside = [seen(line, "previousSibling"), seen(line, "nextSibling")];
    if (beside.some((each) => each && BLOCKS.test(each.nodeName)) || (line.parentElement === body && beside.every((each) => !each))) line.remove();
  }
  for (const block of body.querySelectorAll("p, div, h1, h2, h3, h4, h5, h6, li")) if (!block.textContent.replace(/[\s\u00a0\u200b]/g, "")) block.remove();
}

function seen(node, direction) {
  do node = node[direction];
  while (node && (node.nodeName === "BR" || (node.nodeType === Node.TEXT_NODE && !node.data.trim())));
  return node;
}

// What is bold is said by whoever stands nearest around the words: a style, or else a tag.
function flattenEmphasis(page) {
  const texts = [];
  const walker = page.createTreeWalker(page.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) texts.push(walker.currentNode);
  const worn = texts.map((text) => [
    says(text, /(?:^|;)\s*font-weight\s*:\s*([a-z]+|\d+)/i, (value) => /^bold/i.test(value) || Number(value) >= 600, /^(B|STRONG)$/),
    says(text, /(?:^|;)\s*font-style\s*:\s*([a-z]+)/i, (value) => /^(italic|oblique)/i.test(value), /^(I|EM|CITE)$/),
  ]);
  for (const element of page.body.querySelectorAll("b, strong, i, em, cite, span, font, u, s, strike, code, small, sub, sup, mark")) element.replaceWith(...element.childNodes);
  texts.forEach((text, at) => dress(page, text, worn[at]));
}

function says(text, style, strong, tag) {
  for (let element = text.parentElement; element && element.localName !== "body"; element = element.parentElement) {
    const value = style.exec(styleOf(element))?.[1];
    if (value && value !== "inherit") return strong(value);
    if (tag.test(element.tagName)) return true;
  }
  return false;
}

function dress(page, text, [strong, em]) {
  text.data = text.data.replace(/[\u200b\ufeff]/g, "").replace(/[ \t\n\r]*\u00a0[ \t\n\r\u00a0]*/g, " ");
  if (!text.data.trim()) return;
  let inner = text;
  for (const tag of [em && "em", strong && "strong"].filter(Boolean)) {
    const around = page.createElement(tag);
    inner.replaceWith(around);
    around.append(inner);
    inner = around;
  }
}

function bare(body) {
  for (const picture of body.querySelectorAll("img, hr, picture, source")) picture.remove();
  for (const element of body.querySelectorAll("*")) for (const { name } of [...element.attributes]) if (!(name === "href" && element.localName === "a")) element.removeAttribute(name);
}
