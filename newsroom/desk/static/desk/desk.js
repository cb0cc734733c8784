// The desk's own script: saving while typing, the preview, undo, and rows that grow. Everything works without it, too.

const PAUSE = 600; // ms of silence after which words are saved
const forms = new Map(); // form -> {timer, saving: Promise | null, dirty}

// ---- saving while typing: one request in flight a form, the latest words win

document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-autosave]");
  if (!form || event.target.type === "file") return;
  if (!forms.has(form)) forms.set(form, { timer: 0, saving: null, dirty: false });
  const state = forms.get(form);
  state.dirty = true;
  say("Saving…");
  clearTimeout(state.timer);
  state.timer = setTimeout(() => save(form), PAUSE);
});

async function save(form) {
  const state = forms.get(form);
  if (!state || !state.dirty) return state?.saving;
  if (state.saving) {
    await state.saving;
    return save(form);
  }
  state.dirty = false;
  state.saving = send(form).finally(() => (state.saving = null));
  return state.saving;
}

async function send(form) {
  const body = new FormData(form);
  body.set("autosave", "1");
  for (const [name, value] of [...body]) if (value instanceof File) body.delete(name);
  try {
    const response = await fetch(form.action, { method: "POST", body, redirect: "manual" });
    if (response.type === "opaqueredirect" || response.status === 403) return say("Not saved: you are signed out. Sign in again in another tab.", true);
    const answer = await response.json();
    if (!answer.saved) return say(`Not saved: ${answer.why}`, true);
    if (answer.rev) form.elements.rev.value = answer.rev;
    say(`Saved ${new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`);
    retitle(form);
    refreshPreview();
  } catch {
    forms.get(form).dirty = true;
    say("Not saved: the desk cannot be reached. Keep this page open.", true);
  }
}

const flush = () => Promise.all([...forms.keys()].filter((form) => form.isConnected).map(save));

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
  if (!response.ok) return;
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
  settled(event.target.closest("form[data-autosave]")).then(() => event.detail.issueRequest());
});

// "Done" posts the words itself, after a save in flight has brought the new revision; anything else saves all words first.
function settled(form) {
  const state = forms.get(form);
  if (!form) return flush();
  clearTimeout(state?.timer);
  if (state) state.dirty = false;
  return Promise.resolve(state?.saving);
}

document.addEventListener("htmx:responseError", (event) => {
  const { xhr } = event.detail;
  toast(xhr.getResponseHeader("Content-Type")?.startsWith("text/plain") ? xhr.responseText : "That did not work. Reload the page and try again.");
});
document.addEventListener("htmx:sendError", () => toast("The desk cannot be reached. Nothing was changed."));

document.addEventListener("htmx:afterSettle", (event) => {
  ready(document);
  const said = document.querySelector("[data-said]");
  if (said) {
    toast(said.textContent, said.dataset.undo);
    said.remove();
  }
  const opened = document.querySelector("[data-open] [data-edit]");
  if (opened) opened.click();
  const card = event.detail.elt?.matches?.(".card.editing") ? event.detail.elt : null;
  card?.querySelector("input:not([type=hidden]), textarea, select")?.focus();
  refreshPreview();
});

// ---- anything unsaved is worth a question

window.addEventListener("beforeunload", (event) => {
  if ([...forms].some(([form, state]) => form.isConnected && (state.dirty || state.saving))) event.preventDefault();
});

function ready(root) {
  for (const area of root.querySelectorAll("textarea[data-grow]")) grow(area);
  for (const button of root.querySelectorAll("[data-add-row]")) button.hidden = false;
}

document.documentElement.classList.add("js");
ready(document);
for (const frame of document.querySelectorAll(".preview iframe")) {
  quietLinks(frame);
  frame.addEventListener("load", () => quietLinks(frame));
}
