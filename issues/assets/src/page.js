// Small things that every module needs of the page.

export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

/** An element with attributes and children; text is never parsed as HTML. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** An icon of the sprite (templates/desk/icons.svg). */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** A button with words, and what it does. */
export function button(words, run, attributes = {}) {
  const element = make("button", { type: "button", ...attributes }, words);
  element.addEventListener("click", run);
  return element;
}

/** The clock, as this browser's owner reads it. */
export const clock = (at = new Date()) => at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

/** "1 block", "3 blocks". */
export const counted = (number, one, many = `${one}s`) => `${number.toLocaleString()} ${number === 1 ? one : many}`;

/** A new identifier. Browsers keep their own way of making one from pages without https, such as a desk in the house. */
export function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** Put words on the clipboard, or say where they are. */
export async function copy(words) {
  try {
    await navigator.clipboard.writeText(words);
    toast("Copied.");
  } catch {
    toast("This browser does not let us copy. The words stand in the block: select them there.");
  }
}

let toastTimer = 0;

/** Words that pass, with something to do about them: `actions` are `{label, run}`. */
export function toast(words, actions = []) {
  const place = document.getElementById("toast");
  place.replaceChildren(words);
  for (const { label, run } of actions)
    place.append(
      button(label, () => {
        place.replaceChildren();
        run();
      }),
    );
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => place.replaceChildren(), actions.length ? 12000 : 6000);
}

/** Say something to those who listen, once. */
export function announce(words) {
  const place = $("[data-announce]");
  place.textContent = "";
  requestAnimationFrame(() => (place.textContent = words));
}
