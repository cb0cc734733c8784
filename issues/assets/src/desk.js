// Talking with the desk: JSON over fetch, and what its answers mean.

/** The desk could not be reached. */
export class Offline extends Error {}
/** Nobody is signed in any more. */
export class SignedOut extends Error {}
/** The person may not do this (any more). */
export class Forbidden extends Error {}
/** The desk refused, and `message` says why; `status` is the HTTP status. */
export class Refused extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

// Signing in again in another tab changes the token, and the cookie has the one that counts.
function token() {
  const cookie = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];
  return cookie ?? document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
}

/**
 * Ask the desk; `body` is JSON or a FormData, and makes it a POST.
 * @returns {Promise<{status: number, answer: any}>} for 2xx and for what is contested (409, 423)
 */
export async function ask(address, body, { keepalive = false } = {}) {
  const response = await reach(address, body, keepalive);
  if (response.type === "opaqueredirect") throw new SignedOut();
  if (response.status === 403) throw (await signedOut()) ? new SignedOut() : new Forbidden();
  const json = response.headers.get("Content-Type")?.startsWith("application/json");
  const answer = json ? await response.json() : await response.text();
  if (response.ok || (json && [409, 423].includes(response.status) && answer.contested)) return { status: response.status, answer };
  throw new Refused(json ? answer.why : `The desk answered with an error (${response.status}).`, response.status);
}

// A browser that has lost its cookies is refused before anybody asks who it is.
async function signedOut() {
  const response = await fetch(location.pathname, { method: "HEAD", redirect: "manual" }).catch(() => null);
  return response?.type === "opaqueredirect";
}

async function reach(address, body, keepalive) {
  const form = body instanceof FormData;
  const headers = { Accept: "application/json", "X-CSRFToken": token() };
  if (body && !form) headers["Content-Type"] = "application/json";
  try {
    return await fetch(address, {
      method: body ? "POST" : "GET",
      headers,
      body: form || !body ? body : JSON.stringify(body),
      redirect: "manual",
      credentials: "same-origin",
      keepalive,
    });
  } catch {
    throw new Offline();
  }
}
