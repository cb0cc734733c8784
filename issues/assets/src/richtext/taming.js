// HTML rewritten tag by tag, before anything parses it: no styles, scripts, frames or addresses to load are left, so the
// parser can neither run nor fetch nor report anything, and how it reads odd markup is no question of safety any more.
//
// Under our Content-Security-Policy every parser blanks `node.style`, which is why other editors paste Google Docs all in
// bold. Here styles survive as the text of another attribute.

/** The attribute in which a style stands. */
export const STYLE = "data-s";

const TAG = /(\/?)([a-z][^\s/>]*)/iy;
const ATTRIBUTE = /[\s/]*([^\s/>][^\s/>=]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]*)))?/y;
const NAME = /^[a-z][a-z0-9:-]*$/;
const WITH_ALL_INSIDE = new Set("script style title textarea xmp iframe noembed noframes noscript template".split(" "));
const UNWANTED = new Set("base link meta embed frame plaintext".split(" "));

/**
 * The same words in the same elements, which carry nothing but links, styles as text and what tells a clipboard's origin.
 * @param {string} html
 * @returns {string}
 */
export function tame(html) {
  const out = [];
  let at = 0;
  while (at < html.length) {
    const open = html.indexOf("<", at);
    if (open < 0) break;
    out.push(html.slice(at, open));
    at = tag(html, open, out);
  }
  return out.join("") + html.slice(at);
}

// What begins with "<" at `open` goes to `out`; returns where it ends.
function tag(html, open, out) {
  if (/[!?]/.test(html[open + 1])) return afterComment(html, open);
  TAG.lastIndex = open + 1;
  const [found, slash, written] = TAG.exec(html) ?? [];
  if (!found) {
    out.push("&lt;");
    return open + 1;
  }
  const name = written.toLowerCase();
  const { attributes, end } = attributesFrom(html, TAG.lastIndex, name);
  if (!slash && WITH_ALL_INSIDE.has(name)) return afterElement(html, name, end);
  if (NAME.test(name) && !UNWANTED.has(name) && !WITH_ALL_INSIDE.has(name)) out.push(`<${slash}${name}${slash ? "" : attributes}>`);
  return end;
}

function attributesFrom(html, from, tag) {
  let attributes = "";
  let end = from;
  for (;;) {
    ATTRIBUTE.lastIndex = end;
    const [found, name, ...values] = ATTRIBUTE.exec(html) ?? [];
    if (!found) break;
    const kept = keptAs(name.toLowerCase(), tag);
    if (kept) attributes += ` ${kept}="${(values.find((each) => each !== undefined) ?? "").replaceAll('"', "&quot;")}"`;
    end = ATTRIBUTE.lastIndex;
  }
  return { attributes, end: behind(html, ">", end) };
}

function keptAs(name, tag) {
  if (name === "style") return STYLE;
  if (name === "href") return tag === "a" ? name : "";
  return ["hidden", "class", "data-pm-slice"].includes(name) ? name : "";
}

// Comments are gone before a parser could take their end to be somewhere else.
function afterComment(html, open) {
  if (!html.startsWith("<!--", open)) return behind(html, ">", open);
  return /^<!--(?:-?>)/.test(html.slice(open, open + 6)) ? behind(html, ">", open) : behind(html, "-->", open + 4);
}

function afterElement(html, name, from) {
  const closing = new RegExp(`</${name}(?=[\\s/>])`, "gi");
  closing.lastIndex = from;
  const found = closing.exec(html);
  return found ? behind(html, ">", found.index) : html.length;
}

function behind(html, mark, from) {
  const at = html.indexOf(mark, from);
  return at < 0 ? html.length : at + mark.length;
}
