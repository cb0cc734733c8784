// Addresses that may stand in a link: the same rules as `issues.richtext.pages.address` on the server.

const SOUND = /^(?:https?:\/\/[^/?#]|mailto:[^@?]+@)/i;
const UNSEEN = /[\u0000-\u0008\u000e-\u001b\u007f-\u0084\u0086-\u009f\u200b\u2060\ufeff]/g;
const UNSAFE = /[\s"'<>\\`{}|^]/g;
const AT_MOST = 2000;

/**
 * An address fit for a link, or "" if it is of any other kind. Google's redirects are unwrapped.
 * @param {string | null} href
 * @returns {string}
 */
export function sound(href) {
  const trimmed = (href ?? "").replace(UNSEEN, "").trim();
  const address = trimmed.replace(UNSAFE, (odd) => (odd.charCodeAt(0) < 128 ? `%${odd.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}` : ""));
  if (address.length > AT_MOST || !SOUND.test(address) || !URL.canParse(address)) return "";
  const inner = behindGoogle(address);
  return inner ? sound(inner) || address : address;
}

function behindGoogle(address) {
  try {
    const url = new URL(address);
    return /^www\.google\.[a-z.]+$/.test(url.hostname) && url.pathname === "/url" ? (url.searchParams.get("q") ?? url.searchParams.get("url")) : null;
  } catch {
    return null;
  }
}

/**
 * What somebody typed as an address: the scheme may be missing, an email address may stand alone.
 * @param {string} words
 * @returns {string} "" if it is none
 */
export function typed(words) {
  const text = words.trim();
  if (/^[^\s@/:]+@[^\s@/]+\.[^\s@/]+$/.test(text)) return sound(`mailto:${text}`);
  if (/^[a-z][a-z0-9+.-]*:/i.test(text) && !/^[^/:]+:\d/.test(text)) return sound(text);
  return /^[^\s/]+\.[^\s/]+/.test(text) ? sound(`https://${text}`) : "";
}

const BARE = /\bhttps?:\/\/[^\s<>"'\\]+/g;
const AFTER = ".,;:!?)'_…”’»]";

/**
 * Bare web addresses among words, without the full stop or bracket that follows them.
 * @param {string} text
 * @returns {{index: number, words: string, href: string}[]}
 */
export const bareIn = (text) =>
  [...text.matchAll(BARE)].map(({ 0: found, index }) => ({ index, words: withoutTail(found) })).map((each) => ({ ...each, href: sound(each.words) })).filter(({ href }) => href);

function withoutTail(address) {
  let end = address.length;
  while (AFTER.includes(address[end - 1]) && !(address[end - 1] === ")" && balanced(address.slice(0, end)))) end -= 1;
  return address.slice(0, end);
}

const balanced = (words) => words.split("(").length >= words.split(")").length;
