// The desk's own script: a few comforts of every page. Everything works without it, too.

const toast = (words) => document.getElementById("toast").replaceChildren(words);

// ---- textareas as high as their words, in browsers whose styles do not see to it

function grow(area) {
  if (CSS.supports("field-sizing", "content")) return;
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight + 2}px`;
}

document.addEventListener("input", (event) => {
  if (event.target.matches("textarea[data-grow]")) grow(event.target);
});

// ---- htmx: the token that counts, and errors in words

// Signing in again in another tab changes the token, and the cookie has the one that counts.
document.addEventListener("htmx:configRequest", (event) => {
  const cookie = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];
  event.detail.headers["X-CSRFToken"] = cookie ?? document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
});

// Whoever is signed out is sent to the page where one signs in, which has no place inside another.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, requestConfig } = event.detail;
  if (!xhr.responseURL || new URL(xhr.responseURL).pathname === new URL(requestConfig.path, location.href).pathname) return;
  event.detail.shouldSwap = false;
  toast("You are signed out. Sign in again in another tab.");
});

document.addEventListener("htmx:responseError", (event) => {
  const { xhr } = event.detail;
  if (xhr.getResponseHeader("Content-Type")?.startsWith("text/plain")) toast(xhr.responseText);
  else toast(xhr.status === 403 ? "You may not do this, or you are signed out." : "That did not work. Nothing was changed.");
});

document.addEventListener("htmx:sendError", () => toast("The desk cannot be reached. Nothing was changed."));

document.documentElement.classList.add("js");
for (const area of document.querySelectorAll("textarea[data-grow]:not([data-rich])")) grow(area);

// ---- on a phone the navigation is wider than the page: show where one is

const here = document.querySelector(".bar [aria-current]");
if (here) here.parentElement.scrollLeft = here.offsetLeft + here.offsetWidth / 2 - here.parentElement.clientWidth / 2;
