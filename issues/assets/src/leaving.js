// Whoever leaves in mid-word leaves nothing behind: what is not saved yet is saved first.

import { toast } from "./page.js";

/** @param {import("./autosave.js").Autosave} autosave */
export function leaveSafely(autosave) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!autosave.unsaved || !link || event.defaultPrevented || staysHere(event, link)) return;
    event.preventDefault();
    first(autosave, () => location.assign(link.href));
  });
  document.addEventListener("submit", (event) => {
    const { target: form, submitter } = event;
    if (!autosave.unsaved || event.defaultPrevented || form.method !== "post" || form.matches("[hx-post]")) return;
    event.preventDefault();
    first(autosave, () => form.requestSubmit(submitter));
  });
  document.addEventListener("htmx:confirm", (event) => {
    if (!autosave.unsaved || event.detail.verb === "get") return;
    event.preventDefault();
    first(autosave, () => event.detail.issueRequest());
  });
}

const staysHere = (event, link) =>
  event.ctrlKey || event.metaKey || link.target || link.hash || link.origin !== location.origin || link.closest("#panel");

/** Do something once everything is saved, or say that it was not done. */
export async function first(autosave, then) {
  if (await autosave.flush()) then();
  else toast("Your words are not saved yet, so nothing else was done.");
}
