// Pictures: dropped, pasted or chosen, shown at once, and uploaded beside the words.

import { Offline, Refused, ask } from "./desk.js";
import { $, $$, button, make, toast } from "./page.js";

const TYPES = /^image\/(jpeg|png|gif|webp)$/;
const AT_MOST = 8 * 1024 * 1024;

const pictureIn = (transfer) => [...(transfer?.files ?? [])].find((file) => file.type.startsWith("image/"));

export class Pictures {
  #addresses = new Map(); // id of a picture -> where it is

  /** @param {import("./composer.js").Composer} composer */
  constructor(composer) {
    this.composer = composer;
    for (const shown of $$("[data-image]", composer)) this.know(shown.dataset.image, shown.src);
    composer.form.addEventListener("change", (event) => this.#chosen(event.target));
    composer.canvas.addEventListener("dragover", (event) => event.dataTransfer.types.includes("Files") && event.preventDefault());
    composer.canvas.addEventListener("drop", (event) => this.#dropped(event));
    composer.canvas.addEventListener("paste", (event) => this.#pasted(event));
  }

  #chosen(input) {
    if (input.type !== "file" || !input.files.length) return;
    this.#take(input.closest(".block"), input.files[0]);
    input.value = "";
  }

  #dropped(event) {
    if (!event.dataTransfer.types.includes("Files") || event.defaultPrevented) return;
    event.preventDefault();
    const file = pictureIn(event.dataTransfer);
    if (file) this.#place(file, event.target.closest(".block"));
    else toast("Only pictures can be dropped here.");
  }

  #pasted(event) {
    const file = pictureIn(event.clipboardData);
    if (!file || event.target.closest(".ProseMirror")) return;
    event.preventDefault();
    this.#place(file, event.target.closest(".block"));
  }

  #place(file, block) {
    if (block?.dataset.kind === "image") this.#take(block, file);
    else this.addBlock(file, block?.dataset.block);
  }

  /** A new image block with this picture, behind the block `after`. */
  addBlock(file, after) {
    const { blocks } = this.composer;
    this.#take(blocks.add("image", after ? blocks.after(after) : null), file);
  }

  /** Remember where a picture is. */
  know(image, address) {
    if (image && address) this.#addresses.set(String(image), address);
  }

  /** Show the picture that the words of the block name. */
  follow(block) {
    const input = $('[name$="-image"]', block);
    if (!input) return;
    const address = this.#addresses.get(input.value);
    if (address) show(block, address, false);
    else $(".picture-shown", block)?.remove();
  }

  async #take(block, file) {
    const place = placeIn(block);
    if (!TYPES.test(file.type)) return place.replaceChildren("Only JPEG, PNG, GIF and WebP pictures can stand in a mail.");
    if (file.size > AT_MOST) return place.replaceChildren(`This picture has ${(file.size / 1048576).toFixed(1)} MB; at most 8 MB are accepted.`);
    show(block, URL.createObjectURL(file), true);
    const cancel = new AbortController();
    place.replaceChildren("Uploading… ", button("Cancel", () => cancel.abort(), { class: "small" }));
    try {
      const answer = await this.#upload(file, cancel.signal);
      place.replaceChildren(answer.said);
      this.#stored(block.dataset.block, answer);
    } catch (error) {
      this.follow(block);
      if (error === cancel.signal) return place.replaceChildren("Cancelled. The block is as it was before.");
      place.replaceChildren(`Not uploaded: ${why(error)} `, button("Try again", () => this.#take(block, file), { class: "small" }));
    }
  }

  async #upload(file, signal) {
    const body = new FormData();
    body.set("picture", file);
    const cancelled = new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal)));
    const { answer } = await Promise.race([ask(`${this.composer.at}pictures/`, body), cancelled]);
    return answer;
  }

  #stored(uid, { image, small }) {
    const before = this.composer.blocks.words(uid);
    this.know(image, small);
    this.composer.rewrite(uid, before, { ...before, image: String(image) }, "the picture");
  }
}

function why(error) {
  if (error instanceof Refused) return error.message;
  return error instanceof Offline ? "The desk cannot be reached." : "You may not do this, or you are signed out.";
}

function placeIn(block) {
  const known = $("[data-upload]", block);
  if (known) return known;
  const place = make("p", { class: "upload", role: "status", "data-upload": true });
  $("[type=file]", block).after(place);
  return place;
}

function show(block, address, pending) {
  let picture = $(".picture-shown", block);
  if (!picture) {
    picture = make("img", { class: "picture-shown", alt: "" });
    $("[type=file]", block).before(picture);
  }
  if (picture.src.startsWith("blob:")) URL.revokeObjectURL(picture.src);
  picture.src = address;
  picture.classList.toggle("pending", pending);
}
