// Pictures: dropped, pasted or chosen, shown at once, and uploaded beside the words.

import { Offline, Refused, ask } from "./desk.js";
import { $, button, make } from "./page.js";

const TYPES = /^image\/(jpeg|png|gif|webp)$/;
const AT_MOST = 8 * 1024 * 1024;

/** The first picture among what was dropped or pasted. */
export const pictureIn = (transfer) => [...(transfer?.files ?? [])].find((file) => file.type.startsWith("image/"));

/**
 * Upload a picture into an image block; `stored` gets the id it has on the desk.
 * @param {HTMLElement} block @param {File} file @param {string} address @param {(image: number) => void} stored
 */
export async function takeIn(block, file, address, stored) {
  const place = placeIn(block);
  if (!TYPES.test(file.type)) return say(place, "Only JPEG, PNG, GIF and WebP pictures can stand in a mail.");
  if (file.size > AT_MOST) return say(place, `This picture has ${(file.size / 1048576).toFixed(1)} MB; at most 8 MB are accepted.`);
  show(block, URL.createObjectURL(file), true);
  const controller = new AbortController();
  say(place, "Uploading… ", button("Cancel", () => controller.abort(), { class: "small" }));
  const body = new FormData();
  body.set("picture", file);
  try {
    const { answer } = await Promise.race([ask(address, body), aborted(controller.signal)]);
    know(answer.image, answer.small);
    say(place, answer.said);
    stored(answer.image);
  } catch (error) {
    if (error === controller.signal) return say(place, "Cancelled. The block is as it was before.");
    const why = error instanceof Refused ? error.message : error instanceof Offline ? "The desk cannot be reached." : "You may not do this, or you are signed out.";
    say(place, `Not uploaded: ${why} `, button("Try again", () => takeIn(block, file, address, stored), { class: "small" }));
  }
}

function aborted(signal) {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal)));
}

function placeIn(block) {
  const known = $("[data-upload]", block);
  if (known) return known;
  const place = make("p", { class: "upload", role: "status", "data-upload": true });
  $("[type=file]", block).after(place);
  return place;
}

function say(place, ...words) {
  place.replaceChildren(...words);
}

const addresses = new Map(); // id of a picture -> where it is

/** Remember where a picture is. */
export function know(image, address) {
  if (image && address) addresses.set(String(image), address);
}

/** Remember where the pictures are that stand in the page. */
export function learn(root) {
  for (const shown of root.querySelectorAll("[data-image]")) know(shown.dataset.image, shown.src);
}

/** Show the picture that the words of the block name. */
export function follow(block) {
  const input = $('[name$="-image"]', block);
  if (!input) return;
  const address = addresses.get(input.value);
  if (address) show(block, address, false);
  else $(".picture-shown", block)?.remove();
}

/** The picture as it stands in the block. */
export function show(block, address, pending) {
  let picture = $(".picture-shown", block);
  if (!picture) {
    picture = make("img", { class: "picture-shown", alt: "" });
    $("[type=file]", block).before(picture);
  }
  if (picture.src.startsWith("blob:")) URL.revokeObjectURL(picture.src);
  picture.src = address;
  picture.classList.toggle("pending", pending);
}
