// Lists stay as the server keeps them, whatever was pasted, joined or indented: two levels deep, and no two of a kind side
// by side. So what somebody sees is what is stored, and no word hangs too deep to be written down.

import { NodeRange } from "prosemirror-model";
import { Plugin } from "prosemirror-state";
import { liftTarget } from "prosemirror-transform";

export const DEEPEST = 2;

const isList = (node) => node?.type.spec.group?.includes("list") ?? false;

/** Mends lists after every change, in the same step. */
export const tidyLists = () =>
  new Plugin({
    appendTransaction(transactions, _, { tr }) {
      if (!transactions.some((each) => each.docChanged)) return null;
      while (raiseOne(tr) || joinOne(tr));
      return tr.docChanged ? tr : null;
    },
  });

/** How many lists stand around a place. */
export function depthAt($pos) {
  let lists = 0;
  for (let depth = $pos.depth; depth > 0; depth -= 1) lists += isList($pos.node(depth));
  return lists;
}

// The last one that is too deep first: an item cannot be parted between its lists.
function raiseOne(tr) {
  const at = lastPlace(tr.doc, (node, pos) => isList(node) && depthAt(tr.doc.resolve(pos)) >= DEEPEST);
  if (at === null) return false;
  const range = new NodeRange(tr.doc.resolve(at + 1), tr.doc.resolve(at + tr.doc.nodeAt(at).nodeSize - 1), tr.doc.resolve(at + 1).depth);
  const target = liftTarget(range);
  if (target === null) return false;
  tr.lift(range, target);
  return true;
}

function joinOne(tr) {
  const at = lastPlace(tr.doc, (node, pos) => {
    const before = tr.doc.resolve(pos).nodeBefore;
    return isList(node) && before?.type === node.type;
  });
  if (at === null) return false;
  tr.join(at);
  return true;
}

function lastPlace(doc, wanted) {
  let found = null;
  doc.descendants((node, pos) => {
    if (wanted(node, pos)) found = pos;
    return !node.isTextblock;
  });
  return found;
}
