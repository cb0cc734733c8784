// Two versions of one block: a person decides, and nothing is lost meanwhile.

import { $, button, clock, copy, icon, make } from "./page.js";

const WHY = {
  changed: (by, at) => `Changed by ${by}${at} while you were editing`,
  held: (by) => `${by} is editing this block`,
  removed: (by, at) => `Removed by ${by}${at} while you were editing`,
  device: (_, at) => `Unsaved words of this device${at}`,
};

/**
 * Show both versions of a block in its place.
 * @param {HTMLElement} block
 * @param {{why: string, by: string, at: string | null, diff: {label: string, pieces: [string, string][]}[], removed: boolean}} contested
 * @param {{mine: () => void, theirs: () => void, words: () => string}} choose
 */
export function show(block, contested, choose) {
  const { why, by, at, diff, removed } = contested;
  const device = why === "device";
  const when = at ? `${device ? ", of" : " at"} ${clock(new Date(at))}` : "";
  const place = $("[data-contest]", block);
  const theirs = device ? "Keep what is saved" : removed ? "Let it go" : `Use ${by}’s`;
  place.replaceChildren(
    make("h3", {}, icon("warn"), ` ${WHY[why](by, when)}`),
    ...diff.map(compared),
    make("p", { class: "help" }, legend(device, by, removed)),
    make(
      "div",
      { class: "actions" },
      button(device ? "Use these words" : "Use mine", choose.mine, { class: "small primary" }),
      button(theirs, choose.theirs, { class: "small" }),
      button("Copy mine", () => copy(choose.words()), { class: "small" }),
    ),
  );
  place.setAttribute("role", "group");
  place.setAttribute("aria-label", `${block.dataset.label}: two versions`);
  place.hidden = false;
}

export function hide(block) {
  const place = $("[data-contest]", block);
  place.hidden = true;
  place.replaceChildren();
}

function legend(device, by, removed) {
  if (removed) return "Your words are kept: under History, and here until you decide.";
  return `− stands on the desk${device ? "" : ` (${by})`}, + is yours. Everything else is saved.`;
}

/** One field, word by word. Signs and words tell what colours tell. */
export function compared({ label, pieces }) {
  const shown = pieces.map(([step, text]) => {
    if (step === "same") return text;
    const sign = step === "gone" ? "−" : "+";
    const spoken = make("span", { class: "sr" }, step === "gone" ? " gone: " : " new: ");
    return make(step === "gone" ? "del" : "ins", {}, spoken, make("span", { "aria-hidden": "true" }, sign), text);
  });
  return make("p", { class: "compared" }, make("strong", {}, `${label} `), ...shown);
}
