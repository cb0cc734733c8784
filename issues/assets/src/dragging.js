// Moving a list item with mouse, pen or finger. The list itself is never changed here: `drop` is told where it should go.

const SLACK = 5; // px before a press becomes a drag
const EDGE = 32; // px from the edge of the list within which it scrolls

/**
 * @param {HTMLElement} list
 * @param {{drop: (item: HTMLElement, before: HTMLElement | null) => void, cancelled: () => void}} told
 */
export function draggable(list, told) {
  list.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest("[data-grip]");
    if (grip && event.button === 0) drag(list, grip, event, told);
  });
}

function drag(list, grip, start, { drop, cancelled }) {
  const item = grip.closest("li");
  const mark = Object.assign(document.createElement("li"), { className: "drop-mark", ariaHidden: "true" });
  const scroller = list.parentElement;
  let before;
  let dragging = false;
  grip.setPointerCapture(start.pointerId); // the drag goes on over the preview, which is a page of its own

  function move(event) {
    if (!dragging && Math.abs(event.clientY - start.clientY) < SLACK) return;
    dragging = true;
    item.classList.add("dragged");
    before = [...list.children].find((each) => each !== item && each !== mark && event.clientY < middle(each)) ?? null;
    list.insertBefore(mark, before);
    const { top, bottom } = scroller.getBoundingClientRect();
    if (event.clientY > bottom - EDGE) scroller.scrollTop += 12;
    if (event.clientY < top + EDGE) scroller.scrollTop -= 12;
  }

  function end(dropped) {
    ending.abort();
    item.classList.remove("dragged");
    mark.remove();
    if (dragging) dropped ? drop(item, before) : cancelled();
  }

  const ending = new AbortController();
  const until = { signal: ending.signal };
  grip.addEventListener("pointermove", move, until);
  grip.addEventListener("pointerup", () => end(true), until);
  grip.addEventListener("pointercancel", () => end(false), until);
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      end(false);
    },
    { ...until, capture: true },
  );
}

function middle(item) {
  const { top, height } = item.getBoundingClientRect();
  return top + height / 2;
}
