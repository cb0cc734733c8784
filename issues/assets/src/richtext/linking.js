// The address of a link: asked for below the words it stands under.

import { button, make } from "../page.js";
import { typed } from "./addresses.js";

/** The link around the selection or the caret: `{from, to, href}`, or null if there is neither link nor selection. */
export function linkAt(state) {
  const { from, to, empty, $from } = state.selection;
  const type = state.schema.marks.link;
  if (!empty) {
    let href = "";
    state.doc.nodesBetween(from, to, (node) => void (href ||= type.isInSet(node.marks)?.attrs.href ?? ""));
    return { from, to, href };
  }
  const mark = type.isInSet($from.marks()) ?? type.isInSet($from.nodeAfter?.marks ?? []);
  return mark ? { ...around($from, mark), href: mark.attrs.href } : null;
}

function around($pos, mark) {
  const { parent } = $pos;
  let from = $pos.start();
  let found = null;
  parent.forEach((node, offset) => {
    const start = $pos.start() + offset;
    if (!mark.isInSet(node.marks)) from = start + node.nodeSize;
    else if (start + node.nodeSize >= $pos.pos && from <= $pos.pos) found = { from, to: Math.max(found?.to ?? 0, start + node.nodeSize) };
  });
  return found;
}

/** Ask no longer. */
export const leaveLink = (host) => host.querySelector(".link-popover")?.remove();

/** Ask for the address of `place` and put it there. */
export function askForLink(view, host, place, say) {
  leaveLink(host);
  const field = make("input", { type: "text", inputmode: "url", value: place.href, placeholder: "https://", "aria-label": "Address of the link", autocomplete: "off" });
  const trouble = make("p", { class: "field-error", role: "alert" });
  const open = make("a", { class: "button small", target: "_blank", rel: "noopener noreferrer", href: place.href || false }, "Open");
  const apply = button("Apply", put, { class: "small primary" });
  const remove = button("Remove", () => close(clear()), { class: "small" });
  const popover = make("div", { class: "link-popover", role: "group", "aria-label": "Link" }, field, apply, ...(place.href ? [open, remove] : []), trouble);

  function clear() {
    view.dispatch(view.state.tr.removeMark(place.from, place.to, view.state.schema.marks.link));
  }

  function put() {
    const href = typed(field.value);
    if (!field.value.trim()) return close(clear());
    if (!href) {
      trouble.textContent = "This is no web or email address. A link begins with https://, http:// or mailto:.";
      field.setAttribute("aria-invalid", "true");
      return field.focus();
    }
    view.dispatch(view.state.tr.removeMark(place.from, place.to, view.state.schema.marks.link).addMark(place.from, place.to, view.state.schema.marks.link.create({ href })));
    if (/[?&]utm_/.test(href)) say("This address carries tracking of its own (utm_…); it stays as it is.");
    close();
  }

  function close() {
    popover.remove();
    view.focus();
  }

  popover.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    else if (event.key === "Enter" && event.target === field) put();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  popover.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !popover.contains(event.relatedTarget)) popover.remove();
  });
  host.append(popover);
  placeBelow(view, host, popover, place);
  field.select();
  field.focus();
}

// Inside the frame of `host`, however narrow.
function placeBelow(view, host, popover, place) {
  const at = view.coordsAtPos(place.from);
  const box = host.getBoundingClientRect();
  const left = at.left - box.left - host.clientLeft;
  popover.style.top = `${at.bottom - box.top - host.clientTop + 4}px`;
  popover.style.left = `${Math.max(0, Math.min(left, host.clientWidth - popover.offsetWidth))}px`;
}
