// The desk's own script: saving while typing, the preview, undo, and rows that grow. Everything works without it, too.

const PAUSE = 600; // ms of silence after which words are saved
const AGAIN = 3000; // ms after which words are offered again to a desk that did not answer
const forms = new Map(); // form -> {timer, saving: Promise | null, dirty: it has words that the desk has not}

// ---- saving while typing: one request in flight a form, the latest words win

function known(form) {
  if (!forms.has(form)) forms.set(form, { timer: 0, saving: null, dirty: false });
  return forms.get(form);
}

document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-autosave]");
  if (!form || event.target.type === "file") return;
  known(form).dirty = true;
  say("Saving…");
  later(form, PAUSE);
});

function later(form, pause) {
  const state = known(form);
  clearTimeout(state.timer);
  state.timer = setTimeout(() => form.isConnected && save(form), pause);
}

// Pictures are heavy: they go along with "Done", or with the whole form before its place is taken.
async function save(form, whole = false) {
  const state = known(form);
  clearTimeout(state.timer);
  while (state.saving) await state.saving;
  if (!state.dirty && !(whole && holdsFile(form))) return;
  state.dirty = false;
  state.saving = send(form, whole)
    .then((saved) => (state.dirty ||= !saved))
    .finally(() => (state.saving = null));
  await state.saving;
}

async function send(form, whole) {
  renewTokens();
  const body = new FormData(form);
  body.set("autosave", "1");
  if (!whole) for (const [name, value] of [...body]) if (value instanceof File) body.delete(name);
  try {
    const response = await fetch(form.action, { method: "POST", body, redirect: "manual" });
    if (response.type === "opaqueredirect" || response.status === 403) return missed(form, SIGNED_OUT);
    if (response.status === 404) return wrong("this is no longer here. Copy your words before you reload the page.");
    const answer = await response.json();
    if (!answer.saved) return wrong(answer.why);
    if (answer.rev) form.elements.rev.value = answer.rev;
    if (whole) for (const field of form.querySelectorAll("input[type=file]")) field.value = "";
    saved();
    retitle(form);
    refreshPreview();
    return true;
  } catch {
    return missed(form, "the desk cannot be reached. Keep this page open; it tries again.");
  }
}

const SIGNED_OUT = "you are signed out. Keep this page open and sign in again in another tab.";

function missed(form, why) {
  later(form, AGAIN);
  return wrong(why);
}

function wrong(why) {
  say(`Not saved: ${why}`, true);
  return false;
}

function saved() {
  const others = [...forms].some(([form, state]) => form.isConnected && state.dirty);
  if (!others) say(`Saved ${new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`);
}

const holdsFile = (form) => [...form.querySelectorAll("input[type=file]")].some((field) => field.files.length);
const unsaved = () => [...document.querySelectorAll("form[data-autosave]")].filter((form) => forms.get(form)?.dirty || forms.get(form)?.saving || holdsFile(form));
const flush = () => Promise.all(unsaved().map((form) => save(form, true)));

// Words that could not be saved hold back whatever would replace their form.
function heldBack() {
  const [form] = unsaved();
  if (!form) return false;
  toast("Your words in this block are not saved yet, so nothing else was done.");
  (form.closest(".card") ?? form).scrollIntoView({ block: "nearest" });
  return true;
}

// Signing in again in another tab changes the token, and the cookie has the one that counts.
function renewTokens() {
  const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];
  if (token) for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = token;
}

document.addEventListener("submit", (event) => {
  renewTokens();
  const { target: form, submitter } = event;
  if (form.matches(".describe")) {
    event.preventDefault();
    save(form);
  } else if (form.method === "post" && !form.matches("[hx-post]") && unsaved().length) {
    event.preventDefault();
    flush().then(() => heldBack() || form.requestSubmit(submitter));
  }
});

function say(words, wrong = false) {
  const place = document.querySelector("[data-saved]");
  if (!place) return;
  place.textContent = words;
  place.classList.toggle("wrong", wrong);
}

function retitle(form) {
  const title = form.elements.title?.value;
  if (title) document.querySelector("[data-title]").textContent = title;
}

// ---- the preview: the real rendering, put into the frame without a flash

let wanted = false;
let fetching = false;

async function refreshPreview() {
  const frame = document.querySelector(".preview iframe");
  if (!frame) return;
  if (fetching) return void (wanted = true);
  fetching = true;
  try {
    do {
      wanted = false;
      await show(frame);
    } while (wanted);
  } finally {
    fetching = false;
  }
}

// A frame that is still loading would replace what we put into it with what it was asked for before.
function loaded(frame) {
  const there = frame.contentDocument?.readyState === "complete" && frame.contentWindow.location.href !== "about:blank";
  return there ? null : new Promise((resolve) => frame.addEventListener("load", resolve, { once: true }));
}

async function show(frame) {
  await loaded(frame);
  const view = document.querySelector("[data-view][aria-pressed=true]")?.dataset.view ?? "desktop";
  const address = view === "text" ? frame.dataset.text : frame.dataset.frame + (view === "dark" ? "?scheme=dark" : "");
  frame.parentElement.dataset.showing = view;
  if (new URL(address, location.href).href !== frame.contentWindow.location.href || view === "text") {
    frame.contentWindow.location.replace(address);
    return;
  }
  const response = await fetch(address);
  if (!response.ok || response.redirected) return;
  const inside = frame.contentDocument;
  const parsed = new frame.contentWindow.DOMParser().parseFromString(await response.text(), "text/html");
  const top = frame.contentWindow.scrollY;
  inside.replaceChild(inside.adoptNode(parsed.documentElement), inside.documentElement);
  frame.contentWindow.scrollTo(0, top);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-view]");
  if (!button) return;
  for (const each of document.querySelectorAll("[data-view]")) each.setAttribute("aria-pressed", String(each === button));
  refreshPreview();
});

function quietLinks(frame) {
  frame.contentDocument?.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link) return;
    event.preventDefault();
    toast(link.getAttribute("href"));
  });
}

// ---- rows that grow, textareas that grow

function grow(area) {
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight + 2}px`;
}

document.addEventListener("input", (event) => {
  if (event.target.matches("textarea[data-grow]")) grow(event.target);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-add-row]");
  if (!button) return;
  const field = button.closest("[data-rows]");
  const total = field.querySelector("[name$=-TOTAL_FORMS]");
  const row = field.querySelector("template[data-blank]").content.cloneNode(true);
  for (const each of row.querySelectorAll("[name], [id], [for]"))
    for (const name of ["name", "id", "for"])
      if (each.hasAttribute(name)) each.setAttribute(name, each.getAttribute(name).replace("__prefix__", total.value));
  total.value = Number(total.value) + 1;
  button.before(row);
  button.previousElementSibling.querySelector("input").focus();
});

// ---- toast, with undo

let toastTimer = 0;

function toast(words, undo) {
  const place = document.getElementById("toast");
  place.textContent = words;
  if (undo) {
    const button = document.createElement("button");
    button.textContent = "Undo";
    button.addEventListener("click", () => {
      place.textContent = "";
      htmx.ajax("POST", undo, { target: "#workspace", swap: "outerHTML" });
    });
    place.append(" ", button);
  }
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => (place.textContent = ""), undo ? 12000 : 5000);
}

// ---- htmx: words are saved before anything moves; errors are said

document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRFToken"] = document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
});

document.addEventListener("htmx:confirm", (event) => {
  if (event.detail.verb === "get") return;
  event.preventDefault();
  renewTokens();
  const form = event.target.closest("form[data-autosave]");
  (form ? settled(form) : flush()).then(() => (!form && heldBack()) || event.detail.issueRequest());
});

// "Done" posts the words itself, after a save in flight has brought the new revision.
function settled(form) {
  clearTimeout(known(form).timer);
  return Promise.resolve(known(form).saving);
}

// What "Done" could not bring to the desk is offered again.
function undone(event) {
  const form = event.detail.requestConfig.elt.closest("form[data-autosave]");
  if (!form) return;
  known(form).dirty = true;
  later(form, AGAIN);
}

let place = 0; // of the block whose button was pressed, for the focus when that block is gone

document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, requestConfig } = event.detail;
  place = [...document.querySelectorAll(".card")].indexOf(requestConfig.elt.closest(".card"));
  if (xhr.status === 409 && xhr.getResponseHeader("Content-Type")?.startsWith("text/html")) Object.assign(event.detail, { shouldSwap: true, isError: false });
  if (!xhr.responseURL || new URL(xhr.responseURL).pathname === new URL(requestConfig.path, location.href).pathname) return;
  event.detail.shouldSwap = false;
  wrong(SIGNED_OUT);
  undone(event);
});

document.addEventListener("htmx:responseError", (event) => {
  const { xhr } = event.detail;
  undone(event);
  if (xhr.getResponseHeader("Content-Type")?.startsWith("text/plain")) return toast(xhr.responseText);
  toast(xhr.status === 403 ? "You may not do this, or you are signed out." : "That did not work. Nothing was changed.");
});
document.addEventListener("htmx:sendError", (event) => {
  undone(event);
  toast("The desk cannot be reached. Nothing was changed.");
});

document.addEventListener("htmx:afterSettle", (event) => {
  const { elt, requestConfig } = event.detail;
  ready(document);
  const said = document.querySelector("[data-said]");
  if (said) {
    toast(said.textContent, said.dataset.undo);
    said.remove();
  }
  const opened = document.querySelector("[data-open] [data-edit]");
  if (opened) opened.click();
  if (requestConfig?.verb === "post") unsaved().length ? wrong("look at what is marked.") : saved();
  const card = elt?.matches?.(".card.editing") ? elt : null;
  if (card) enter(card);
  else if (requestConfig) refocus(requestConfig.path);
  refreshPreview();
});

// The first field, or the first that is wrong, unless somebody was faster and has one of the fields already.
function enter(card) {
  const fields = "input:not([type=hidden]), textarea, select";
  const mistake = card.querySelector("[aria-invalid]");
  if (!mistake && document.activeElement.matches(fields) && card.contains(document.activeElement)) return;
  (mistake ?? card.querySelector(fields))?.focus();
}

// Whoever works without a mouse stays with the block, or with the one that took its place.
function refocus(path) {
  const cards = [...document.querySelectorAll(".card")];
  const uid = path.match(/blocks\/([0-9a-f-]{36})\//)?.[1];
  const card = document.getElementById(`block-${uid}`) ?? cards[Math.min(place, cards.length - 1)];
  if (document.activeElement === document.body) card?.focus({ preventScroll: true });
  if (uid) card?.scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  const open = event.key === "Escape" && event.target.closest("details.add[open]");
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
});

// ---- anything unsaved is worth a question

window.addEventListener("beforeunload", (event) => {
  if (unsaved().length) event.preventDefault();
});

function ready(root) {
  for (const area of root.querySelectorAll("textarea[data-grow]")) grow(area);
  for (const button of root.querySelectorAll("[data-add-row]")) button.hidden = false;
  for (const form of root.querySelectorAll("form[data-unsaved]")) known(form).dirty = true;
  for (const form of forms.keys()) if (!form.isConnected) forms.delete(form);
}

document.documentElement.classList.add("js");
ready(document);
for (const frame of document.querySelectorAll(".preview iframe")) {
  quietLinks(frame);
  frame.addEventListener("load", () => quietLinks(frame));
}
