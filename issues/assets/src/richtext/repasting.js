// Other words in the place of what was pasted, whatever has been typed since.

import { Selection } from "prosemirror-state";

/**
 * @typedef {{step: import("prosemirror-transform").Step, undo: import("prosemirror-transform").Step}} Deed
 * @param {readonly import("prosemirror-state").Transaction[]} transactions
 * @returns {Deed[]} what they did, so that it can be taken back and done again
 */
export const deedsOf = (transactions) => transactions.flatMap(({ steps, docs }) => steps.map((step, at) => ({ step, undo: step.invert(docs[at]) })));

/**
 * Take back `since` and then the paste, put `slice` where it was pasted, and do again what was done since.
 * @param {import("prosemirror-state").EditorState} state
 * @param {{before: import("prosemirror-state").EditorState, deeds: Deed[], since: Deed[]}} pasted
 * @param {import("prosemirror-model").Slice} slice
 */
export function repaste({ tr }, { before, deeds, since }, slice) {
  for (const { undo } of [...deeds, ...since].reverse()) tr.step(undo);
  tr.setSelection(Selection.fromJSON(tr.doc, before.selection.toJSON())).replaceSelection(slice);
  since.forEach(({ step }, at) => {
    const from = since.length - at; // behind the taking back of this step
    const again = step.map(tr.mapping.slice(from));
    if (again && !tr.maybeStep(again).failed) tr.mapping.setMirror(from - 1, tr.steps.length - 1);
  });
  return tr.scrollIntoView();
}
