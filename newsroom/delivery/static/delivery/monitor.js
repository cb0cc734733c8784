// The send monitor: quiet while nobody looks, honest while the desk is away, and heard only when something has changed.

const HIDDEN_EVERY = 30_000; // milliseconds between two questions of a page that nobody sees
const MARKS = [25, 50, 75, 100];

const figures = () => document.getElementById("progress");
const offline = document.querySelector("[data-offline]");
let asked = Date.now();
let seenAt = new Date();
let before = read();

function read() {
  const { state, label, percent, numbers } = figures()?.dataset ?? {};
  return { state, label, percent: Number(percent), numbers };
}

function say(words) {
  document.querySelector("[data-announce]").textContent = words;
}

/** Speaks when the state is another, or a quarter is passed; not with every figure. */
function announce() {
  const now = read();
  const passed = MARKS.filter((mark) => before.percent < mark && mark <= now.percent).at(-1);
  const words = [];
  if (now.state !== before.state) words.push(`${now.label}.`);
  if (passed) words.push(`${passed} %: ${now.numbers}.`);
  if (words.length) say(words.join(" "));
  before = now;
}

function lost() {
  if (!offline.hidden) return;
  offline.querySelector("[data-seen-at]").textContent = seenAt.toLocaleTimeString();
  offline.hidden = false;
  say("The desk cannot be reached. Sending continues without this page.");
}

const ours = (event) => event.target.id === "progress" || event.target.id === "monitor";

document.addEventListener("htmx:beforeRequest", (event) => {
  if (!ours(event)) return;
  if (document.hidden && Date.now() - asked < HIDDEN_EVERY) event.preventDefault();
  else asked = Date.now();
});

document.addEventListener("visibilitychange", () => {
  if (document.hidden || !figures()?.hasAttribute("hx-get")) return;
  asked = 0;
  htmx.ajax("GET", figures().getAttribute("hx-get"), { source: figures(), target: figures(), swap: "outerHTML" });
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (!ours(event)) return;
  seenAt = new Date();
  offline.hidden = true;
  announce();
});

for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  // Before the desk's own words, which are about something that somebody did.
  window.addEventListener(failure, (event) => {
    if (!ours(event)) return;
    event.stopImmediatePropagation();
    lost();
  }, { capture: true });
}
