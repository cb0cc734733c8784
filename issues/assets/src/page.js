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
