"""``make bench-composer``: how soon the preview follows the keys, in a real browser with the real renderer.

The newsroom runs as ``make run`` starts it, with its demo. The limits are those of issue 3.
"""

import statistics
import time
from collections.abc import Sequence

from playwright.sync_api import Page

from tests.demo import demo, paste_draft

KEYS, A_SECOND = 200, 10
WORDS = ("the quay is open and the ferry waits for the late train " * 20)[:KEYS]

WATCH = """() => {
  const typed = [], seen = [];
  const frame = document.querySelector(".preview iframe").contentDocument;
  const composer = document.querySelector("desk-composer");
  document.addEventListener("beforeinput", (event) => typed.push([event.data, performance.now()]), true);
  new MutationObserver(() => {
    const text = frame.body.textContent;
    let words = typed.map(([letter]) => letter).join("");
    while (words.length > seen.length && !text.includes(words)) words = words.slice(0, -1);
    while (seen.length < words.length) seen.push(performance.now() - typed[seen.length][1]);
  }).observe(frame, { subtree: true, childList: true, characterData: true });
  window.latencies = seen;
}"""
SERVER = """async (count) => {
  const times = [];
  const uid = document.querySelector(".block[data-kind=lead_story]").dataset.block;
  const csrf = document.cookie.match(/csrftoken=([^;]+)/)[1];
  for (let turn = 0; turn < count; turn += 1) {
    const words = { heading: `Turn ${turn}`, body: `<p>Words of turn ${turn}.</p>`, byline: "" };
    const body = JSON.stringify({ view: "desktop", blocks: [{ uid, kind: "lead_story", rev: 1, words }] });
    const begun = performance.now();
    const headers = { "X-CSRFToken": csrf, "Content-Type": "application/json" };
    const response = await fetch(location.pathname + "preview/", { method: "POST", body, headers });
    await response.json();
    times.push(performance.now() - begun);
  }
  return times;
}"""


def figure(name: str, times: Sequence[float], *, at_most: float | None = None) -> None:
    """One line: median, 95th percentile and worst, in ms."""
    ordered = sorted(times)
    p95 = ordered[int(len(ordered) * 0.95) - 1]
    limit = "" if at_most is None else f"   p95 at most {at_most:g}: {'kept' if p95 <= at_most else 'BROKEN'}"
    print(f"  {name:<44}{statistics.median(ordered):>8.1f}{p95:>8.1f}{ordered[-1]:>8.1f}{limit}")  # noqa: T201


def key_to_preview(page: Page) -> list[float]:
    """Ten keys a second into the lead story, each until the preview shows it.

    Spaces are typed and not counted: at the end of a paragraph nobody sees one before the next letter.
    """
    story = page.locator(".block[data-kind=lead_story] .ProseMirror")
    story.click()
    page.keyboard.press("Control+End")
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)
    page.evaluate(WATCH)
    begun = time.monotonic()
    for at, letter in enumerate(WORDS):
        page.keyboard.type(letter)
        page.wait_for_timeout(max(0, (begun + (at + 1) / A_SECOND - time.monotonic()) * 1000))
    page.wait_for_timeout(1500)
    latencies: list[float] = page.evaluate("window.latencies")
    assert len(latencies) >= KEYS * 0.95, f"only {len(latencies)} of {KEYS} keys were seen"
    return [took for letter, took in zip(WORDS, latencies, strict=False) if letter != " "]


def opening(page: Page) -> list[float]:
    """From the address until the composer works, warm."""
    times = []
    for _ in range(5):
        begun = time.monotonic()
        page.reload()
        page.locator(".ProseMirror").first.wait_for()
        times.append((time.monotonic() - begun) * 1000)
    return times


def measure(page: Page) -> None:
    count = page.locator("[data-blocks] > .block").count()
    print(f"\nThe composer, an issue of {count} blocks (ms)\n{'':<46}{'median':>8}{'p95':>8}{'worst':>8}")  # noqa: T201
    figure(f"key to preview, {A_SECOND} keys a second, {KEYS} keys", key_to_preview(page), at_most=300)
    figure("preview, answered by the desk", page.evaluate(SERVER, 200), at_most=40)
    figure("opened until an editor can write", opening(page), at_most=1000)


if __name__ == "__main__":
    with demo() as (page, address):
        paste_draft(page, address)
        measure(page)
